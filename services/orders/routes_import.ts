/** POST /v1/orders/import: many orders of the past, one a line; the results stream back while the lines still come in. */
import Type from 'typebox';
import { Problem, type Route, type RouteRequest } from '../../platform/route.ts';
import type { Row } from '../../platform/service.ts';
import { parse_json_text, validator } from '../../platform/strict_json.ts';
import type { OrdersDesk } from './answers.ts';
import { type OrderSettings, order_command } from './asked_order.ts';
import { type OrderBody, order_body } from './schemas.ts';

/** Lines on their way at once: enough to fill the write path's batches, few enough not to crowd out others. */
export const import_lines_in_flight_max = 500;

const result_schema = Type.Object({
  line: Type.Integer(),
  status: Type.Integer({ description: 'As POST /v1/orders would answer; 200 when the reference was imported before' }),
  id: Type.Optional(Type.String()),
  code: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
});

export function import_route(desk: OrdersDesk, given: { order_token(order_id: string): string }, settings: OrderSettings): Route {
  return {
    method: 'POST',
    path: '/v1/orders/import',
    summary: 'Place many orders, one a line; one result a line, in the same order',
    audit: { action: 'orders.imported' },
    scope: 'orders:import',
    ndjson: true,
    not_idempotent: true,
    replies: { 200: result_schema },
    rejections: [],
    handle: async request => ({
      status: 200,
      content_type: 'application/x-ndjson',
      stream: results(request, line => place(desk, given, settings, request, line)),
    }),
  };
}

interface Line {
  readonly line: number;
  readonly text: string;
}

/** In the order of the lines. Reading waits for the oldest result when too many are on their way. */
async function* results(request: RouteRequest, work: (line: Line) => Promise<Row>): AsyncGenerator<string> {
  const running: Promise<Row>[] = [];
  let broken: unknown;
  try {
    for await (const line of request.lines?.() ?? []) {
      running.push(work(line));
      if (running.length >= import_lines_in_flight_max) yield written(await running.shift());
    }
  } catch (error) {
    broken = error;
  }
  // What was taken is answered, also when the lines end badly.
  for (const result of running) yield written(await result);
  if (broken !== undefined) throw broken;
}

function written(result: Row | undefined): string {
  return `${JSON.stringify(result)}\n`;
}

/** Never throws: what is wrong with a line is its result. */
async function place(
  desk: OrdersDesk,
  given: { order_token(order_id: string): string },
  settings: OrderSettings,
  request: RouteRequest,
  { line, text }: Line,
): Promise<Row> {
  try {
    const order_id = desk.fresh_id('ord');
    const { principal } = request;
    const command = order_command(body_in(text), { order_id, principal, token: given.order_token(order_id), now: desk.now(), settings });
    const outcome = await desk.submit(command, { request });
    if (outcome.result !== 'rejected') return { line, status: 201, id: order_id };
    const { rejection, detail, extra } = outcome.rejection;
    const known = extra?.['order_id'];
    if (rejection === 'reference_taken' && typeof known === 'string') return { line, status: 200, id: known };
    return { line, status: outcome.reply?.status ?? 409, code: rejection, ...(detail === undefined ? {} : { detail }) };
  } catch (error) {
    if (error instanceof Problem) return { line, status: error.status, code: error.code, detail: error.detail };
    return { line, status: 500, code: 'internal' };
  }
}

const body_check = validator(order_body);

function body_in(text: string): OrderBody {
  const value = parse_json_text(text);
  body_check.check(value);
  // Checked in the line above.
  return value as OrderBody;
}
