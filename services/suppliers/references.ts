/** What the reference kinds would read, from maps instead of tables: for tables of decisions and the simulation (`in_memory`'s `refresh`). */
import type { NewRecord } from '../../platform/service.ts';
import {
  type Backorder,
  item_id,
  type Notice,
  type PegBook,
  type Proposal,
  position,
  type Queue,
  queue_rows_max,
  review_items_max,
  type SupplyItem,
} from './model.ts';

interface Tables {
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, { state: unknown; version: number }>>;
  readonly records: readonly NewRecord[];
}

/** `tables` is asked at every read. Suppliers and offers are seeded: `seed('supplier', code, …)`, `seed('offers', sku, […])`. */
export function suppliers_references(tables: () => Tables): (kind: string, id: string) => unknown {
  return (kind, id) => {
    switch (kind) {
      case 'planned':
        return planned(tables(), id);
      case 'open_proposals':
        return open_proposals(tables(), id);
      case 'due_items':
        return due_items(tables(), Number(id));
      case 'notice':
        return notice(tables(), id);
      case 'queue':
        return queue(tables(), id);
      default:
        return undefined;
    }
  };
}

/** The kind's own states, as evolve left them. */
function states<T>({ rows }: Tables, kind: string): readonly (readonly [string, T])[] {
  return [...(rows.get(kind) ?? [])].map(([id, row]) => [id, row.state as T] as const).sort(([a], [b]) => compare(a, b));
}
function compare(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function planned(tables: Tables, sku: string): readonly string[] {
  return states<SupplyItem>(tables, 'supply_item').flatMap(([, item]) => (item.policy && item.sku === sku ? [item.location_id] : []));
}

function open_proposals(tables: Tables, id: string) {
  const automatic = new Set(states<SupplyItem>(tables, 'supply_item').flatMap(([item, { auto }]) => (auto ? [item] : [])));
  return states<Proposal>(tables, 'proposal')
    .filter(([, { status, supplier_id, location_id }]) => status === 'proposed' && `${supplier_id}@${location_id}` === id)
    .map(([proposal_id, { sku, location_id }]) => ({ proposal_id, item_id: item_id(sku, location_id) }))
    .filter(open => automatic.has(open.item_id))
    .sort((a, b) => compare(a.item_id, b.item_id));
}

function due_items(tables: Tables, day: number): readonly string[] {
  const due = states<SupplyItem>(tables, 'supply_item').filter(
    ([, item]) =>
      item.policy &&
      item.reviewed_day < day &&
      (item.method === 'demand' || item.proposal_id !== null || position(item) <= item.reorder_point),
  );
  return due.map(([id]) => id).slice(0, review_items_max);
}

function notice({ records }: Tables, id: string): Notice | undefined {
  const row = records.find(record => record.table === 'ship_notice' && record.row['id'] === id)?.row;
  // The decision that made the record wrote these fields.
  const lines = row?.['lines'] as unknown as Notice['lines'];
  return row && { notice_id: id, po_id: String(row['po_id']), lines: lines.map(({ line_no, quantity }) => ({ line_no, quantity })) };
}

function queue(tables: Tables, id: string): Queue {
  const entries = states<Backorder>(tables, 'backorder')
    .flatMap(([order_id, { lines }]) => lines.map(line => ({ ...line, order_id })))
    .filter(line => line.quantity > 0 && item_id(line.sku, line.location_id) === id)
    .sort(
      (a, b) =>
        compare(a.priority, b.priority) ||
        compare(a.requested_at, b.requested_at) ||
        compare(a.order_id, b.order_id) ||
        compare(a.line_no, b.line_no),
    );
  const books = states<PegBook>(tables, 'peg_book').filter(([, { pegs }]) => pegs.some(peg => item_id(peg.sku, peg.location_id) === id));
  return { entries: entries.slice(0, queue_rows_max), pegged: books.map(([order_id]) => order_id) };
}
