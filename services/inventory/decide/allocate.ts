/** A paid order's stock: kept becomes its own, what is missing waits in the queue, what leaves is consumed (domain.md 3.3). */
import type { InventoryEvent } from '../../../contracts/index.ts';
import type { Decision, Given, Handler, View } from '../../../platform/service.ts';
import type { AllocateStock, ConsumeStock } from '../commands.ts';
import {
  all_locations,
  available,
  current_lines,
  free,
  in_order,
  item_id,
  type Reservation,
  type States,
  type WantedLine,
  wanted_again,
} from '../model.ts';
import type { InventoryRejection } from '../rejections.ts';
import { type PlacedLine, plan_sources } from '../sourcing.ts';
import { type Draft, draft, items_at, nothing, reservation_timer, waiting_of } from './draft.ts';
import { shelves_of } from './reserve.ts';
import { first_touched, locked_reservation, then_touched } from './touched.ts';

type Decides<C> = Handler<C, States, InventoryEvent, InventoryRejection>;

export const allocate_stock: Decides<AllocateStock> = {
  touches: first_touched,
  then_touches: then_touched,
  decide(command, view, given) {
    const reservation = locked_reservation(command, view);
    switch (reservation.status) {
      case 'held':
        return allocate_held(reservation, view, given);
      case 'expired':
      case 'failed':
        return allocate_lapsed(reservation, view, given);
      default:
        return nothing;
    }
  },
};

/** Backorders queue now that they are paid; those whose units came in meanwhile, while nobody waits, are served at once: one shipment, not two. */
function allocate_held(reservation: Reservation, view: View<States>, given: Given): Decision<States, InventoryEvent> {
  const { order_id, priority, requested_at } = reservation;
  const plan = draft(view, given);
  const allocated = [];
  const queued = [];
  const taken = new Map<string, number>();
  for (const { line_no, location_id, sku, held, backorder_held } of current_lines(reservation)) {
    const at = { line_no, location_id, sku };
    if (held > 0) allocated.push({ ...at, quantity: held });
    if (backorder_held === 0) continue;
    const id = item_id(sku, location_id);
    const before = taken.get(id) ?? 0;
    const quantity = Math.min(backorder_held, Math.max(0, free(plan.item(id)) - before));
    taken.set(id, before + quantity);
    if (quantity > 0) allocated.push({ ...at, quantity, from: 'backorder_held' as const });
    if (quantity < backorder_held) queued.push({ ...at, quantity: backorder_held - quantity, priority, requested_at });
  }
  const data = { order_id, lines: allocated, ...waiting_of(queued) };
  plan.say_of_order(order_id, { type: 'stock.allocated', data }, items_at(allocated));
  if (queued.length > 0) plan.say_of_order(order_id, { type: 'backorder.queued', data: { order_id, lines: queued } }, items_at(queued));
  plan.timer(reservation_timer, order_id, null);
  return plan.decision();
}

/** Paid, but the reservation is gone: takes what is free, lets the rest wait where that is allowed, and says what is short. */
function allocate_lapsed(reservation: Reservation, view: View<States>, given: Given): Decision<States, InventoryEvent> {
  const { order_id, priority, requested_at, destination } = reservation;
  const wanted = wanted_again(reservation);
  const plan = draft(view, given);
  const { placed } = plan_sources(wanted, in_order(view('locations', all_locations), destination), shelves_of(plan));
  const allocated = placed.flatMap(line =>
    line.quantity_held > 0 ? [{ ...at(line), quantity: line.quantity_held, from: 'available' as const }] : [],
  );
  const queued = placed.flatMap(line =>
    line.quantity_backordered > 0
      ? [{ ...at(line), quantity: line.quantity_backordered, from: 'available' as const, priority, requested_at }]
      : [],
  );
  const data = { order_id, lines: allocated, ...waiting_of(queued) };
  plan.say_of_order(order_id, { type: 'stock.allocated', data }, items_at(allocated));
  const missing = missing_of(wanted, placed);
  if (missing.length > 0) {
    plan.say_of_order(order_id, { type: 'stock.shortfall_detected', data: { order_id, cause: 'reservation_lost', lines: missing } }, []);
  }
  if (queued.length > 0) plan.say_of_order(order_id, { type: 'backorder.queued', data: { order_id, lines: queued } }, items_at(queued));
  return plan.decision();
}

function at({ line_no, location_id, sku }: PlacedLine) {
  return { line_no, location_id, sku };
}

function missing_of(wanted: readonly WantedLine[], placed: readonly PlacedLine[]) {
  const by_line = Map.groupBy(placed, line => line.line_no);
  return wanted.flatMap(({ line_no, sku, quantity }) => {
    const lines = by_line.get(line_no) ?? [];
    const missing = quantity - sum(lines, line => line.quantity_held);
    const quantity_backordered = sum(lines, line => line.quantity_backordered);
    if (missing === 0) return [];
    return [{ line_no, sku, quantity: missing, resourced: [], quantity_backordered, quantity_short: missing - quantity_backordered }];
  });
}

function sum<T>(list: readonly T[], value: (one: T) => number): number {
  return list.reduce((total, one) => total + value(one), 0);
}

export const consume_stock: Decides<ConsumeStock> = {
  touches: first_touched,
  then_touches: then_touched,
  decide(command, view, given) {
    const reservation = locked_reservation(command, view);
    const { order_id, shipment_id } = command;
    if (reservation.reservation_no === 0 || reservation.answered.includes(shipment_id)) return nothing;
    const plan = draft(view, given);
    const lines = consumed_of(command, reservation, plan);
    if (lines.length === 0) return nothing;
    plan.say_of_order(order_id, { type: 'stock.consumed', data: { order_id, shipment_id, lines } }, items_at(lines));
    return plan.decision();
  },
};

interface Consumed {
  readonly line_no: number;
  readonly location_id: string;
  readonly sku: string;
  readonly quantity: number;
  readonly from?: 'available';
}

/**
 * What left the building, booked parcel by parcel. A dispatch is a fact: units that were not allocated there are taken from those nobody was
 * promised; what even these do not cover is not booked, a count will find it.
 */
function consumed_of(command: ConsumeStock, reservation: Reservation, plan: Draft): Consumed[] {
  const lines = current_lines(reservation);
  const skus = new Map(lines.map(line => [line.line_no, line.sku]));
  const allocated = new Map(lines.map(line => [`${line.line_no}@${line.location_id}`, line.allocated]));
  const unpromised = new Map<string, number>();
  const consumed = new Map<string, Consumed>();
  for (const { parcel_id, lines: packed } of command.parcels) {
    for (const { line_no, location_id, quantity } of packed) {
      const sku = skus.get(line_no);
      if (sku === undefined) continue;
      const place = `${line_no}@${location_id}`;
      const id = item_id(sku, location_id);
      if (!unpromised.has(id)) unpromised.set(id, not_promised(plan, id));
      const own = take(allocated, place, quantity);
      const other = take(unpromised, id, quantity - own);
      if (own > 0) add(consumed, place, { line_no, location_id, sku, quantity: own });
      if (other > 0) add(consumed, `${place} available`, { line_no, location_id, sku, quantity: other, from: 'available' });
      if (own + other > 0) book_parcel(plan, { sku, location_id }, own + other, `${parcel_id}/${line_no}`);
    }
  }
  return [...consumed.values()];
}

function take(left: Map<string, number>, key: string, quantity: number): number {
  const units = left.get(key) ?? 0;
  const taken = Math.min(units, quantity);
  left.set(key, units - taken);
  return taken;
}

function add(consumed: Map<string, Consumed>, key: string, line: Consumed): void {
  consumed.set(key, { ...line, quantity: line.quantity + (consumed.get(key)?.quantity ?? 0) });
}

/** Units at a stock item beyond every promise; the safety stock may leave, too. */
function not_promised(plan: Draft, id: string): number {
  const item = plan.item(id);
  return Math.max(0, available(item) + item.safety);
}

function book_parcel(plan: Draft, item: { sku: string; location_id: string }, quantity: number, cause_id: string): void {
  plan.book({
    kind: 'shipped',
    ...item,
    from_account: 'sellable',
    to_account: 'customer',
    quantity,
    cause_type: 'parcel',
    cause_id,
    reason: null,
  });
}
