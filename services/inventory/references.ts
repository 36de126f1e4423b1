/** What the reference kinds would read, from maps instead of tables: for tables of decisions and the simulation (`in_memory`'s `refresh`). */
import type { NewRecord } from '../../platform/service.ts';
import {
  available,
  type BackorderQueue,
  booked_id,
  type CauseType,
  current_lines,
  footprint_of,
  item_id,
  type Location,
  queue_rows_max,
  type Reservation,
  type StockItem,
  type UnpaidHolders,
  unpaid_rows_max,
  type WholeLocation,
} from './model.ts';

interface Tables {
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, { state: unknown; version: number }>>;
  readonly records: readonly NewRecord[];
}

/** `tables` is asked at every read. Locations may be seeded: `seed('locations', 'all', […])`. */
export function inventory_references(tables: () => Tables): (kind: string, id: string) => unknown {
  return (kind, id) => {
    switch (kind) {
      case 'locations':
        return locations(tables());
      case 'footprint':
        return footprint(tables(), id);
      case 'backorder_queue':
        return backorder_queue(tables(), id);
      case 'unpaid':
        return unpaid(tables(), id);
      case 'booked':
        return tables().records.some(
          ({ row }) => booked_id(row['cause_type'] as CauseType, String(row['cause_id']), row['kind'] as 'received') === id,
        );
      default:
        return undefined;
    }
  };
}

function reservations({ rows }: Tables): Reservation[] {
  // The kind's own states, as evolve left them.
  return [...(rows.get('reservation')?.values() ?? [])].map(row => row.state as Reservation);
}

/** Undefined when none was given by a command: then those that the test seeded count. */
function locations({ rows }: Tables): readonly Location[] | undefined {
  const given = [...(rows.get('location') ?? [])].map(([id, { state }]): Location => {
    const { address, priority, active } = state as WholeLocation;
    return { id, country: address.country ?? null, priority, active };
  });
  return given.length === 0 ? undefined : given;
}

function footprint({ rows }: Tables, order_id: string): unknown {
  const row = rows.get('reservation')?.get(order_id);
  return row === undefined ? undefined : footprint_of(row.state as Reservation, row.version);
}

function backorder_queue(tables: Tables, id: string): BackorderQueue | undefined {
  const item = tables.rows.get('stock_item')?.get(id)?.state as StockItem | undefined;
  if (item === undefined || item.backordered === 0) return undefined;
  const waiting = reservations(tables).flatMap(reservation => {
    const { order_id, priority, requested_at } = reservation;
    const lines = current_lines(reservation).filter(line => line.backordered > 0 && item_id(line.sku, line.location_id) === id);
    return lines.map(({ line_no, backordered }) => ({ order_id, line_no, backordered, priority, requested_at }));
  });
  waiting.sort(
    (a, b) =>
      a.priority - b.priority || compare(a.requested_at, b.requested_at) || compare(a.order_id, b.order_id) || a.line_no - b.line_no,
  );
  return { available: available(item), backordered: item.backordered, waiting: waiting.slice(0, queue_rows_max) };
}

function unpaid(tables: Tables, id: string): UnpaidHolders {
  const holders = reservations(tables).flatMap(reservation => {
    const lines = current_lines(reservation);
    const held = lines.reduce((sum, line) => sum + (item_id(line.sku, line.location_id) === id ? line.held : 0), 0);
    const { order_id, requested_at } = reservation;
    return held === 0 ? [] : [{ order_id, requested_at, held, items: lines.map(line => item_id(line.sku, line.location_id)) }];
  });
  holders.sort((a, b) => compare(b.requested_at, a.requested_at) || compare(b.order_id, a.order_id));
  return { holders: holders.slice(0, unpaid_rows_max) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
