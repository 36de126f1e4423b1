/** Orders as they are: one, many, as a stream, and for a guest with a link (api.md 3). */
import { not_found } from '../../platform/http.ts';
import { page_reply, page_schema, read_page, text_part } from '../../platform/pages.ts';
import type { Route, RouteRequest, StreamReply } from '../../platform/route.ts';
import { check_order_access, type OrdersDesk } from './answers.ts';
import { instant_of } from './fields.ts';
import { is_by_day } from './list_statement.ts';
import { list_orders, read_order, type StoredOrder } from './reads.ts';
import { orders_query, track_query } from './schemas.ts';
import { order_schema, track_schema } from './schemas_replies.ts';
import { render_order, render_track } from './views.ts';

/** What orders does not hear itself (another process, a parcel's tracking) is seen this often. */
const stream_look_again_ms = 2_000;

export function reading_routes(desk: OrdersDesk, given: { order_of_track_token(token: string): string | undefined }): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/orders',
      summary: 'Orders, newest first; with placed_from or placed_to by when they were placed',
      scope: 'orders:read',
      query: orders_query,
      replies: { 200: page_schema(order_schema) },
      rejections: [],
      async handle(request) {
        const { query } = request;
        const filters = {
          ...query,
          placed_from: instant_of(query['placed_from'], '/query/placed_from'),
          placed_to: instant_of(query['placed_to'], '/query/placed_to'),
        };
        const by_day = is_by_day(filters);
        const page = read_page(request, by_day ? ['instant', text_part] : [text_part]);
        return page_reply(
          await list_orders(desk, filters, page),
          page,
          ({ order }) => (by_day ? [order.placed_at, order.order_id] : [order.order_id]),
          row => render_order(row.order, row),
        );
      },
    },
    {
      method: 'GET',
      path: '/v1/orders/:id',
      summary: 'An order',
      scope: 'orders:read',
      also: ['order'],
      replies: { 200: order_schema },
      rejections: ['not_found'],
      async handle(request) {
        const stored = await asked_order(desk, request);
        return { status: 200, body: render_order(stored.order, stored) };
      },
    },
    {
      method: 'GET',
      path: '/v1/orders/:id/stream',
      summary: 'The order object on each change, as Server-Sent Events',
      scope: 'orders:read',
      also: ['order'],
      replies: { 200: order_schema },
      rejections: ['not_found'],
      async handle(request): Promise<StreamReply> {
        const { order } = await asked_order(desk, request);
        return { status: 200, content_type: 'text/event-stream', stream: changes_of(desk, order.order_id, request) };
      },
    },
    {
      method: 'GET',
      path: '/v1/track',
      summary: 'Where a guest’s parcels are',
      scope: 'public',
      query: track_query,
      replies: { 200: track_schema },
      rejections: ['not_found'],
      async handle(request) {
        const { number = '', token = '' } = request.query;
        const order_id = given.order_of_track_token(token);
        const stored = order_id === undefined ? undefined : await read_order(desk, order_id);
        // One answer for an unknown order, another's token and a made-up one.
        if (stored === undefined || String(stored.order.number) !== number) throw not_found();
        return { status: 200, body: render_track(stored.order, stored) };
      },
    },
  ];
}

async function asked_order(desk: OrdersDesk, request: RouteRequest): Promise<StoredOrder> {
  const order_id = request.params['id'] ?? '';
  check_order_access(request, order_id);
  const stored = await read_order(desk, order_id);
  if (stored === undefined) throw not_found();
  return stored;
}

/**
 * The order now, unless the client has seen this version, then on each change. The event's id is the version, so that a client resumes after the last it has
 * seen; what lies between is left out: each event is the whole order.
 */
async function* changes_of(desk: OrdersDesk, order_id: string, request: RouteRequest): AsyncGenerator<string> {
  const seen = request.headers['last-event-id'];
  let last: string | undefined;
  while (!request.signal.aborted) {
    // Listens before it looks: what changes in between is heard.
    const changed = desk.heard(order_id, stream_look_again_ms);
    const stored = await read_order(desk, order_id);
    if (stored === undefined) return;
    const data = JSON.stringify(render_order(stored.order, stored));
    const is_known = last === undefined ? seen === String(stored.version) : last === data;
    last = data;
    if (!is_known) yield `id: ${stored.version}\nevent: order\ndata: ${data}\n\n`;
    await changed;
  }
}
