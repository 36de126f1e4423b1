/** Giving back what is kept for an order that is cancelled, expired or rejected, whole or in part (domain.md 3.3). */
import type { InventoryEvent, StockPromise } from '../../../contracts/index.ts';
import type { Handler } from '../../../platform/service.ts';
import type { CancelledLine, ReleaseStock } from '../commands.ts';
import { current_lines, type Reservation, type ReservationLine, type States } from '../model.ts';
import type { InventoryRejection } from '../rejections.ts';
import { type Draft, draft, items_at, nothing, reservation_timer } from './draft.ts';
import { first_touched, locked_reservation, then_touched } from './touched.ts';

interface Freed {
  readonly line_no: number;
  readonly location_id: string;
  readonly sku: string;
  readonly quantity: number;
  readonly from: Exclude<StockPromise, 'available'>;
}

export const release_stock: Handler<ReleaseStock, States, InventoryEvent, InventoryRejection> = {
  touches: first_touched,
  then_touches: then_touched,
  decide(command, view, given) {
    const reservation = locked_reservation(command, view);
    const { lines } = command;
    if (reservation.status === 'new' || heard_before(reservation, command)) return nothing;
    const plan = draft(view, given);
    if (lines === null) release_everything(reservation, command, plan);
    else say_freed(reservation, freed_of(lines, current_lines(reservation)), command, plan);
    return plan.decision();
  },
};

/** A cancellation is answered once; an order ends once. */
function heard_before({ status, answered }: Reservation, { answers }: ReleaseStock): boolean {
  return answers === null ? status === 'released' || status === 'closed' : answered.includes(answers);
}

type Why = Pick<ReleaseStock, 'cause' | 'cancellation_no' | 'answers'>;

export function release_everything(reservation: Reservation, why: Why, plan: Draft): void {
  const freed = current_lines(reservation).flatMap(line =>
    counters.flatMap(from => (line[from] > 0 ? [freed_line(line, from, line[from])] : [])),
  );
  say_freed(reservation, freed, why, plan);
}

const counters = ['held', 'backorder_held', 'allocated', 'backordered'] as const;

function freed_line({ line_no, location_id, sku }: ReservationLine, from: Freed['from'], quantity: number): Freed {
  return { line_no, location_id, sku, quantity, from };
}

/** Units of the queue are cancelled backorders; all others are released, which is said even when nothing was left. */
function say_freed(reservation: Reservation, freed: readonly Freed[], { cause, cancellation_no, answers }: Why, plan: Draft): void {
  const { order_id, priority, requested_at, status } = reservation;
  const waiting = freed.filter(line => line.from === 'backordered').map(line => ({ ...line, priority, requested_at }));
  if (waiting.length > 0)
    plan.say_of_order(order_id, { type: 'backorder.cancelled', data: { order_id, lines: waiting } }, items_at(waiting));
  const lines = freed.filter(line => line.from !== 'backordered');
  plan.say_of_order(order_id, { type: 'stock.released', data: { order_id, lines, cause, cancellation_no, answers } }, items_at(lines));
  const kept = current_lines(reservation).reduce((sum, line) => sum + line.held + line.backorder_held, 0);
  const freed_unpaid = freed.reduce((sum, line) => sum + (line.from === 'held' || line.from === 'backorder_held' ? line.quantity : 0), 0);
  if (status === 'held' && kept === freed_unpaid) plan.timer(reservation_timer, order_id, null);
}

/** What is left to free of a line while a cancellation is worked through. */
interface Left {
  readonly line: ReservationLine;
  readonly units: Record<Freed['from'], number>;
}

/**
 * The units orders names. It may see a backorder that was filled meanwhile, or the other way round: first what it named, then whatever the line
 * still keeps, so that the number of units is right.
 */
function freed_of(cancelled: readonly CancelledLine[], lines: readonly ReservationLine[]): Freed[] {
  const left = Map.groupBy(lines.map(left_of), one => one.line.line_no);
  const freed: Freed[] = [];
  const take = (from: readonly Left[], which: readonly Freed['from'][], quantity: number): number => {
    let rest = quantity;
    for (const { line, units } of from) {
      for (const counter of which) {
        const taken = Math.min(rest, units[counter]);
        if (taken === 0) continue;
        units[counter] -= taken;
        rest -= taken;
        freed.push(freed_line(line, counter, taken));
      }
    }
    return quantity - rest;
  };
  for (const { line_no, location_id, quantity, quantity_backordered } of cancelled) {
    const all = left.get(line_no) ?? [];
    const there = location_id === null ? all : all.filter(one => one.line.location_id === location_id);
    let rest = quantity;
    const waits = Math.min(rest, quantity_backordered ?? (location_id === null ? rest : 0));
    const waited = take(there, waiting_units, waits);
    rest -= waited + take(all, waiting_units, waits - waited);
    rest -= take(there, kept_units, rest);
    rest -= take(all, kept_units, rest);
    take(all, waiting_units, rest);
  }
  return merged(freed);
}
const waiting_units = ['backordered', 'backorder_held'] as const;
const kept_units = ['allocated', 'held'] as const;

function left_of(line: ReservationLine): Left {
  const { held, backorder_held, allocated, backordered } = line;
  return { line, units: { held, backorder_held, allocated, backordered } };
}

/** One entry per line, location and counter. */
function merged(freed: readonly Freed[]): Freed[] {
  const by_place = new Map<string, Freed>();
  for (const one of freed) {
    const place = `${one.line_no} ${one.location_id} ${one.from}`;
    by_place.set(place, { ...one, quantity: one.quantity + (by_place.get(place)?.quantity ?? 0) });
  }
  return [...by_place.values()];
}
