/** POST /v1/stock/import: a stream of lines, set in batches. Lines are absolute, so a repeated import changes nothing. */
import { Problem, type Reply, type RouteRequest } from '../../platform/route.ts';
import { parse_json_text, validator } from '../../platform/strict_json.ts';
import type { ImportLine } from './commands.ts';
import { import_problem } from './decide/policy.ts';
import { knows_location } from './decide/touched.ts';
import { item_id } from './model.ts';
import { type ImportLineBody, import_line } from './schemas.ts';
import type { InventoryDesk } from './views.ts';

export const import_batch_lines_max = 500;
export const rejected_lines_listed_max = 1_000;

interface Numbered {
  readonly line: number;
  readonly asked: ImportLine;
}
interface Rejected {
  readonly line: number;
  readonly code: string;
  readonly detail: string;
}

const check = validator(import_line);

export async function import_stock_lines(desk: InventoryDesk, request: RouteRequest): Promise<Reply> {
  const rejected: Rejected[] = [];
  let rejected_total = 0;
  let imported = 0;
  let batch = new Map<string, Numbered>();
  const reject = (no: Rejected) => {
    rejected_total += 1;
    if (rejected.length < rejected_lines_listed_max) rejected.push(no);
  };
  const flush = async () => {
    const noes = await import_batch(desk, request, [...batch.values()]);
    noes.forEach(reject);
    imported += batch.size - noes.length;
    batch = new Map();
  };
  for await (const { line, text } of request.lines?.() ?? []) {
    const asked = line_in(text);
    if (asked instanceof Problem) {
      reject({ line, code: asked.code, detail: asked.detail });
      continue;
    }
    const id = item_id(asked.sku, asked.location_id);
    // A stock item named twice is set twice, in order.
    if (batch.has(id) || batch.size >= import_batch_lines_max) await flush();
    batch.set(id, { line, asked });
  }
  if (batch.size > 0) await flush();
  return { status: 200, body: { imported, rejected: rejected.map(no => ({ ...no })), rejected_total } };
}

function line_in(text: string): ImportLine | Problem {
  try {
    const value = parse_json_text(text);
    check.check(value);
    // Checked in the line above.
    const { sku, location, on_hand, safety, backorder_limit } = value as ImportLineBody;
    return { sku, location_id: location, on_hand, safety: safety ?? null, backorder_limit: backorder_limit ?? null };
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

/** Lines that broke a rule and were not applied. A line that was applied breaks none afterwards. */
async function import_batch(desk: InventoryDesk, request: RouteRequest, batch: readonly Numbered[]): Promise<Rejected[]> {
  let noes: Rejected[] = [];
  await desk.submit(
    { type: 'import_stock', lines: batch.map(one => one.asked) },
    {
      request,
      respond(view) {
        // A batch that lost a race is decided again: its last answer counts.
        noes = batch.flatMap(({ line, asked }) => {
          const item = view('stock_item', item_id(asked.sku, asked.location_id));
          const no = import_problem(asked, item, knows_location(view, asked.location_id));
          return no === undefined ? [] : [{ line, code: no.rejection, detail: no.detail ?? no.rejection }];
        });
        return { status: 200, body: {} };
      },
    },
  );
  return noes;
}
