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

interface OfSku {
  readonly sku: string;
}
interface Named {
  readonly line_no: number;
}

/** Stock items of these lines' SKUs wherever they may be reserved. */
export function items_anywhere(lines: readonly OfSku[], view: View<States>): string[] {
  const active = view('locations', all_locations).filter(location => location.active);
  const skus = new Set(lines.map(line => line.sku));
  return [...skus].flatMap(sku => active.map(location => item_id(sku, location.id)));
}

export function items_of(command: OrderCommand, seen: Footprint, view: View<States>): string[] {
  switch (command.type) {
    case 'reserve_again':
      return lapsed(seen) ? items_anywhere(command.lines, view) : [];
    case 'extend_reservation':
      return lapsed(seen) ? items_anywhere(wanted_of(seen), view) : [];
    case 'allocate_stock':
      if (lapsed(seen)) return items_anywhere(wanted_of(seen), view);
      return seen.status === 'held' ? items_kept(seen.lines) : [];
    case 'expire_reservation':
      return items_kept(seen.lines);
    case 'release_stock':
      return items_kept(command.lines === null ? seen.lines : named_lines(seen, command.lines));
    case 'consume_stock':
      return command.parcels.flatMap(parcel => items_said(seen, parcel.lines));
    case 'replace_short_units':
      return [...items_said(seen, command.lines), ...items_anywhere(named_lines(seen, command.lines), view)];
    default:
      return unreachable(command);
  }
}

function lapsed({ status }: Footprint): boolean {
  return status === 'expired' || status === 'failed';
}
function wanted_of(seen: Footprint): readonly OfSku[] {
  return seen.status === 'failed' ? seen.wanted : seen.lines;
}
function named_lines(seen: Footprint, named: readonly Named[]): Footprint['lines'] {
  const numbers = new Set(named.map(line => line.line_no));
  return seen.lines.filter(line => numbers.has(line.line_no));
}
function items_kept(lines: Footprint['lines']): string[] {
  return lines.map(line => item_id(line.sku, line.location_id));
}
/** Where these units are said to be, whether or not they were kept there. */
function items_said(seen: Footprint, said: readonly UnitsAt[]): string[] {
  const skus = new Map(seen.lines.map(line => [line.line_no, line.sku]));
  return said.flatMap(({ line_no, location_id }) => {
    const sku = skus.get(line_no);
    return sku === undefined ? [] : [item_id(sku, location_id)];
  });
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
