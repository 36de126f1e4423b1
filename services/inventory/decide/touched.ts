/**
 * Which rows a command about an order locks. The reservation is first read without a lock (its footprint), so that every lock of a batch is taken
 * in one round, reservations before stock items, each kind in the order of its ids: batches of inventory cannot deadlock with each other.
 */
import { ChangedMeanwhile, type Ref, unreachable, type View } from '../../../platform/service.ts';
import type { OrderCommand, ReleaseStock, ReserveStock, Restock, UnitsAt } from '../commands.ts';
import { all_locations, type Footprint, footprint_of, item_id, type Reservation, type States } from '../model.ts';

export const locations_ref = { kind: 'locations', id: all_locations } as const;

export function knows_location(view: View<States>, location_id: string): boolean {
  return view('locations', all_locations).some(location => location.id === location_id);
}

export function first_touched(command: OrderCommand): Ref<States>[] {
  return [locations_ref, { kind: 'footprint', id: command.order_id }];
}

export function then_touched(command: OrderCommand, view: View<States>): Ref<States>[] {
  const items = items_of(command, view('footprint', command.order_id), view);
  return [{ kind: 'reservation', id: command.order_id }, ...item_refs(items)];
}

/**
 * The reservation as it is locked. It may have moved on since its footprint was read, by another process or by a command of the same batch; when
 * that needs rows which nobody named, the batch runs again or in parts.
 */
export function locked_reservation(command: OrderCommand, view: View<States>): Reservation {
  const seen = view('footprint', command.order_id);
  const reservation = view('reservation', command.order_id);
  const version = view.version('reservation', command.order_id);
  if (version === seen.version) return reservation;
  const named = new Set(items_of(command, seen, view));
  if (items_of(command, footprint_of(reservation, version), view).every(id => named.has(id))) return reservation;
  throw new ChangedMeanwhile(`the reservation of ${command.order_id} moved on`);
}

export function item_refs(ids: Iterable<string>): Ref<States>[] {
  return [...new Set(ids)].map(id => ({ kind: 'stock_item', id }));
}

/** Stock items of these SKUs wherever they may be reserved. */
export function items_anywhere(skus: Iterable<string>, view: View<States>): string[] {
  const active = view('locations', all_locations).filter(location => location.active);
  return [...new Set(skus)].flatMap(sku => active.map(location => item_id(sku, location.id)));
}

export function items_of(command: OrderCommand, seen: Footprint, view: View<States>): string[] {
  switch (command.type) {
    case 'reserve_again':
      return lapsed(seen)
        ? items_anywhere(
            command.lines.map(line => line.sku),
            view,
          )
        : [];
    case 'extend_reservation':
      return lapsed(seen) ? items_anywhere(wanted_skus(seen), view) : [];
    case 'allocate_stock':
      return lapsed(seen) ? items_anywhere(wanted_skus(seen), view) : seen.status === 'held' ? items_of_lines(seen) : [];
    case 'expire_reservation':
      return items_of_lines(seen);
    case 'release_stock':
      return items_of_lines(seen, command.lines);
    case 'consume_stock':
      return items_said(
        seen,
        command.parcels.flatMap(parcel => parcel.lines),
      );
    case 'replace_short_units':
      return [...items_said(seen, command.lines), ...items_anywhere(skus_of(seen, command.lines), view)];
    default:
      return unreachable(command);
  }
}

function lapsed({ status }: Footprint): boolean {
  return status === 'expired' || status === 'failed';
}
function wanted_skus(seen: Footprint): readonly string[] {
  return seen.status === 'failed' ? seen.wanted_skus : seen.lines.map(line => line.sku);
}
interface Named {
  readonly line_no: number;
}
/** Where the order's lines are kept; of the named lines, when some are named. */
function items_of_lines(seen: Footprint, named: readonly Named[] | null = null): string[] {
  const numbers = named === null ? undefined : new Set(named.map(line => line.line_no));
  return seen.lines.flatMap(line => (numbers === undefined || numbers.has(line.line_no) ? [item_id(line.sku, line.location_id)] : []));
}
/** Where these units are said to be, whether or not they were kept there. */
function items_said(seen: Footprint, said: readonly UnitsAt[]): string[] {
  const skus = sku_by_line(seen);
  return said.flatMap(({ line_no, location_id }) => {
    const sku = skus.get(line_no);
    return sku === undefined ? [] : [item_id(sku, location_id)];
  });
}
function skus_of(seen: Footprint, named: readonly Named[]): string[] {
  const skus = sku_by_line(seen);
  return named.flatMap(line => skus.get(line.line_no) ?? []);
}
function sku_by_line({ lines }: Footprint): Map<number, string> {
  return new Map(lines.map(line => [line.line_no, line.sku]));
}

/** Freeing the order that a new one replaces. */
export function release_of_replaced(command: ReserveStock): ReleaseStock | undefined {
  const { replaces_order_id } = command;
  if (replaces_order_id === null || replaces_order_id === command.order_id) return undefined;
  return { type: 'release_stock', order_id: replaces_order_id, cause: 'order.placed', cancellation_no: null, answers: null, lines: null };
}

/** Returned units by the SKU of their line; lines that were never stocked have none. A SKU of a line never changes: no lock. */
export function restocked(
  command: Restock,
  seen: Footprint,
): { readonly line: Restock['lines'][number]; readonly sku: string; readonly location_id: string }[] {
  const by_line = new Map(seen.lines.map(line => [line.line_no, line]));
  return command.lines.flatMap(line => {
    const known = by_line.get(line.line_no);
    return known === undefined ? [] : [{ line, sku: known.sku, location_id: line.location_id ?? known.location_id }];
  });
}
