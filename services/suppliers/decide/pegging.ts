/** Who gets which purchase order's units, and when (domain.md 7.5): a promise, not a claim; receipts serve the queue. */
import type { SuppliersEvent } from '../../../contracts/index.ts';
import type { Fact } from '../../../platform/service.ts';
import type { PegBackorders } from '../commands.ts';
import {
  item_id,
  type OpenLine,
  type Peg,
  type Queue,
  queue_rows_max,
  type States,
  type SuppliersHandler,
  type SupplyItem,
} from '../model.ts';

export const peg_backorders: SuppliersHandler<PegBackorders> = {
  touches: ({ item_id }) => [
    { kind: 'supply_item', id: item_id },
    { kind: 'queue', id: item_id },
  ],
  then_touches: ({ item_id }, view) => orders_of(view('queue', item_id)).map(id => ({ kind: 'peg_book', id })),
  decide({ item_id: id }, view) {
    const item = view('supply_item', id);
    const queue = view('queue', id);
    const pegs = peg(item, queue);
    const facts: Fact<States, SuppliersEvent>[] = [];
    for (const order_id of orders_of(queue)) {
      const known = view('peg_book', order_id).pegs;
      const elsewhere = known.filter(one => item_id(one.sku, one.location_id) !== id);
      const next = [...elsewhere, ...(pegs.get(order_id) ?? [])];
      // An order that nothing is ordered for hears nothing; one that had a date hears that it has gone.
      if (same_pegs(known, next) || !(has_date(known) || has_date(next))) continue;
      facts.push({
        event: { type: 'backorder.pegged', data: { order_id, pegs: next } },
        key: order_id,
        subject: { kind: 'peg_book', id: order_id },
      });
    }
    const queued = queue.entries.reduce((sum, entry) => sum + entry.quantity, 0);
    if (!item.policy || queued === item.queued) return { facts };
    return { facts, notes: [{ kind: 'supply_item', id, change: known => ({ ...known, queued }) }] };
  },
};

/** Those that wait, the first first, and those that had a promise of this item and wait no more. */
function orders_of({ entries, pegged }: Queue): readonly string[] {
  const waiting = entries.map(entry => entry.order_id);
  // Beyond the end of what was read orders keep what they were told.
  return [...new Set(entries.length < queue_rows_max ? [...waiting, ...pegged] : waiting)];
}

/** Queue order meets the open lines by (expected_at, po_id, line_no). */
function peg(item: SupplyItem, { entries }: Queue): ReadonlyMap<string, readonly Peg[]> {
  const supply = promised_lines(item).map(line => ({ line, left: line.outstanding }));
  const pegs = new Map<string, Peg[]>();
  let next = 0;
  for (const { order_id, line_no, sku, location_id, quantity } of entries) {
    const of_order = pegs.get(order_id) ?? [];
    pegs.set(order_id, of_order);
    let missing = quantity;
    while (missing > 0) {
      const from = supply[next];
      const units = from === undefined ? missing : Math.min(missing, from.left);
      const source = from === undefined ? no_source : source_of(from.line);
      if (units > 0) of_order.push({ line_no, sku, location_id, quantity: units, ...source });
      missing -= units;
      if (from !== undefined) from.left -= units;
      if (from?.left === 0) next += 1;
    }
  }
  return pegs;
}

const no_source = { po_id: null, po_line_no: null, expected_at: null };
function source_of({ po_id, line_no, expected_at }: OpenLine) {
  return { po_id, po_line_no: line_no, expected_at };
}

/** Lines the supplier has and is not asked to drop. */
function promised_lines(item: SupplyItem): readonly OpenLine[] {
  return item.open_lines
    .filter(line => line.expected_at !== null && !line.withdrawn)
    .sort((a, b) => compare(a.expected_at ?? '', b.expected_at ?? '') || compare(a.po_id, b.po_id) || a.line_no - b.line_no);
}
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function has_date(pegs: readonly Peg[]): boolean {
  return pegs.some(one => one.po_id !== null);
}
function same_pegs(a: readonly Peg[], b: readonly Peg[]): boolean {
  const text = (pegs: readonly Peg[]) => pegs.map(peg_text).sort().join();
  return a.length === b.length && text(a) === text(b);
}
function peg_text({ line_no, sku, location_id, quantity, po_id, po_line_no, expected_at }: Peg): string {
  return `${line_no} ${sku} ${location_id} ${quantity} ${po_id} ${po_line_no} ${expected_at}`;
}
