/** What a buyer has in a spreadsheet: items of a supplier and reorder policies, one JSON object a line, set in batches. The same lines again change nothing. */
import { import_reply } from '../../contracts/imports.ts';
import { not_found } from '../../platform/http.ts';
import { Problem, type Reply, type Route, type RouteRequest } from '../../platform/route.ts';
import { parse_json_text, validator } from '../../platform/strict_json.ts';
import { code_in } from './answers.ts';
import type { SetReorderPolicy } from './commands.ts';
import { policy_command } from './policy.ts';
import { type PolicyLine, policy_line, type SupplierItemLine, supplier_item_line } from './schemas.ts';
import { get_supplier, put_supplier_items, type SuppliersDesk } from './views.ts';

export const import_batch_lines_max = 500;
export const rejected_lines_listed_max = 1_000;

interface Rejected {
  readonly line: number;
  readonly code: string;
  readonly detail: string;
}
interface Numbered<T> {
  readonly line: number;
  readonly asked: T;
}

export function import_routes(desk: SuppliersDesk): Route[] {
  const about = { method: 'POST', scope: 'suppliers:write', ndjson: true, not_idempotent: true, replies: { 200: import_reply } } as const;
  return [
    {
      ...about,
      path: '/v1/suppliers/:code/items/import',
      audit: { action: 'supplier_items.imported' },
      summary: 'Put what a supplier asks for many SKUs, one JSON object a line: { sku, and what PUT …/items/{sku} takes }',
      rejections: ['not_found'],
      handle: request => import_items(desk, request),
    },
    {
      ...about,
      path: '/v1/reorder-policies/import',
      audit: { action: 'reorder_policies.imported' },
      summary: 'Put many reorder policies, one JSON object a line: { sku, location, and what PUT /v1/reorder-policies/… takes }',
      rejections: ['unknown_supplier', 'required', 'out_of_range'],
      handle: request => import_policies(desk, request),
    },
  ];
}

const item_check = validator(supplier_item_line);
const policy_check = validator(policy_line);

/** Errors: 404 for an unknown supplier; what is wrong with a line is in the reply. */
async function import_items(desk: SuppliersDesk, request: RouteRequest): Promise<Reply> {
  const code = code_in(request, 'code');
  return in_batches<SupplierItemLine>(request, {
    read: reading(item_check),
    name_of: ({ sku }) => sku,
    async put(batch) {
      if ((await get_supplier(desk, code)) === undefined) throw not_found();
      const rows = batch.map(({ asked: { preferred, inspect, ...item } }) => ({
        ...item,
        preferred: preferred ?? false,
        inspect: inspect ?? false,
      }));
      if (rows.length > 0) await put_supplier_items(desk, code, rows);
      return [];
    },
  });
}

function import_policies(desk: SuppliersDesk, request: RouteRequest): Promise<Reply> {
  const read = reading<PolicyLine>(policy_check);
  const command_of = ({ sku, location, ...body }: PolicyLine) => policy_command(sku, location, body, null);
  return in_batches<SetReorderPolicy>(request, {
    read: text => command_of(read(text)),
    name_of: ({ sku, location_id }) => `${sku}@${location_id}`,
    async put(batch) {
      // Submitted together they share a transaction.
      const noes = await Promise.all(
        batch.map(async ({ line, asked }) => {
          const { rejection } = { rejection: undefined, ...(await desk.submit(asked, { request })) };
          return rejection === undefined ? [] : [{ line, code: rejection.rejection, detail: rejection.detail ?? rejection.rejection }];
        }),
      );
      return noes.flat();
    },
  });
}

/** Checked against its schema: what comes out is of its type. */
function reading<T>({ check }: Pick<ReturnType<typeof validator>, 'check'>): (text: string) => T {
  return text => {
    const value = parse_json_text(text);
    check(value);
    return value as T;
  };
}

interface Importing<T> {
  /** Errors: a Problem about the line. */
  read(text: string): T;
  /** What is named twice is set twice, in order: it begins a batch of its own. */
  name_of(asked: T): string;
  /** Returns what it refused. It is called at least once, the last time with what is left. Errors: a Problem about all. */
  put(batch: readonly Numbered<T>[]): Promise<readonly Rejected[]>;
}

async function in_batches<T>(request: RouteRequest, { read, name_of, put }: Importing<T>): Promise<Reply> {
  const rejected: Rejected[] = [];
  let [imported, rejected_total] = [0, 0];
  let batch = new Map<string, Numbered<T>>();
  const reject = (no: Rejected) => {
    rejected_total += 1;
    if (rejected.length < rejected_lines_listed_max) rejected.push(no);
  };
  const flush = async () => {
    const noes = await put([...batch.values()]);
    noes.forEach(reject);
    imported += batch.size - noes.length;
    batch = new Map();
  };
  for await (const { line, text } of request.lines?.() ?? []) {
    const asked = attempt(() => read(text));
    if (asked instanceof Problem) {
      reject({ line, code: asked.code, detail: asked.detail });
      continue;
    }
    const name = name_of(asked);
    if (batch.has(name) || batch.size >= import_batch_lines_max) await flush();
    batch.set(name, { line, asked });
  }
  await flush();
  return { status: 200, body: { imported, rejected: rejected.map(no => ({ ...no })), rejected_total } };
}

function attempt<T>(work: () => T): T | Problem {
  try {
    return work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}
