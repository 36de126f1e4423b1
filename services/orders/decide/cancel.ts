/**
 * Cancelling: units that shipping has not are out at once, the others are asked back and shipping's answer decides (domain.md U6).
 * Backordered units go first, then those inventory gave no word of, then allocated ones, then those with shipping.
 */
import type { Line, OrderLinesCancelled } from '../../../contracts/index.ts';
import type { AskedUnits, CancelLines, CancelOrder } from '../commands.ts';
import type { Order, OrderLine, Refund } from '../model.ts';
import { not_in_status, type OrdersRejection, reject } from '../rejections.ts';
import { asked_of_order } from './about.ts';
import { type Draft, news, put_lines, say, set_status } from './draft.ts';
import { has_shipped, is_closed } from './money.ts';
import { cancel_units, live, move_allocation, unasked, unplaced, unsettled } from './units.ts';

/**
 * Units of one line that leave the order: allocated or waiting at a location, or `open`: inventory has not said where they are.
 * Of open ones it frees those that wait first, as is done here.
 */
export interface Part {
  readonly line_no: number;
  readonly location_id: string | null;
  readonly quantity: number;
  readonly was: 'allocated' | 'backordered' | 'open';
}

export const cancel_order = asked_of_order<CancelOrder>((draft, { reason }) => {
  const refusal = not_now(draft.order, ['placed', 'awaiting_payment', 'confirmed', 'in_fulfillment']);
  return refusal ?? cancel(draft, { reason, lines: undefined });
});

export const cancel_lines = asked_of_order<CancelLines>((draft, { reason, lines }) => {
  const refusal = not_now(draft.order, ['confirmed', 'in_fulfillment']);
  return refusal ?? cancel(draft, { reason, lines });
});

function not_now(order: Order, allowed: readonly string[]): OrdersRejection | undefined {
  const { status } = order.axes;
  if (allowed.includes(status)) return undefined;
  if (status === 'completed') return not_cancellable(order);
  return not_in_status(status, 'cancelled so', allowed);
}

function not_cancellable(order: Order): OrdersRejection {
  const dispatched = order.lines.filter(line => line.shipped > 0).map(line => ({ line_id: String(line.line_no), quantity: line.shipped }));
  return reject('not_cancellable', 'These units have left, or are being asked back already.', { dispatched });
}

/** Lines absent: every unit that has not left. */
export function cancel(
  draft: Draft,
  { reason, lines }: { reason: string; lines: readonly AskedUnits[] | undefined },
): OrdersRejection | undefined {
  const { order } = draft;
  const wanted = lines === undefined ? all_units(order) : summed(lines);
  const asked: (Line & { readonly location_id: string })[] = [];
  const parts: Part[] = [];
  const known = { allocated: order.reservation_state === 'allocated', returning: units_asked_back(order) };
  for (const [line_no, quantity] of wanted) {
    const line = order.lines[line_no - 1];
    if (line === undefined) return reject('line_not_found', `The order has no line ${line_no}.`);
    const split = split_units(line, quantity, known);
    if (split === undefined) return not_cancellable(order);
    parts.push(...split.parts);
    asked.push(...split.asked);
  }
  if (parts.length === 0 && asked.length === 0) return not_cancellable(order);
  const scope = lines === undefined ? 'all' : 'lines';
  const cancellation_no = order.cancellation_no + 1;
  if (scope === 'all' && (asked.length > 0 || !has_shipped(order))) set_status(draft, 'cancelling');
  say(draft, {
    type: 'order.cancellation_requested',
    data: { ...news(draft), cancellation_no, scope, reason, actor: draft.given.actor, lines: asked },
  });
  if (parts.length > 0) drop_units(draft, parts, { cancellation_no, reason });
  return undefined;
}

function all_units(order: Order): Map<number, number> {
  const returning = units_asked_back(order);
  const wanted = new Map<number, number>();
  for (const line of order.lines) {
    const quantity = unsettled(line) - (returning.get(String(line.line_no)) ?? 0);
    if (quantity > 0) wanted.set(line.line_no, quantity);
  }
  return wanted;
}

function summed(lines: readonly AskedUnits[]): Map<number, number> {
  const wanted = new Map<number, number>();
  for (const { line_no, quantity } of lines) wanted.set(line_no, (wanted.get(line_no) ?? 0) + quantity);
  return wanted;
}

/** Units that shipping was asked back for and has not answered, by `line_no` and by `line_no location`. */
function units_asked_back(order: Order): ReadonlyMap<string, number> {
  const units = new Map<string, number>();
  const add = (key: string, quantity: number) => units.set(key, (units.get(key) ?? 0) + quantity);
  for (const { lines } of order.cancellations) {
    for (const { line_no, location_id, quantity } of lines) {
      add(String(line_no), quantity);
      add(`${line_no} ${location_id}`, quantity);
    }
  }
  return units;
}

/** Units of a line on their way out: those that are out at once, those to be asked of shipping, and how many are still to be found. */
interface Split {
  readonly parts: Part[];
  readonly asked: (Line & { readonly location_id: string })[];
  rest: number;
}

/** Where the units to be cancelled are; undefined: so many are not there. */
function split_units(
  line: OrderLine,
  quantity: number,
  { allocated, returning }: { allocated: boolean; returning: ReadonlyMap<string, number> },
) {
  const split: Split = { parts: [], asked: [], rest: quantity };
  take_waiting(split, line);
  // Once inventory has allocated, open units are in a shelf's doubt (a short pick whose backorder is not told yet): the last to be named.
  if (!allocated) take_open(split, line);
  take_unasked(split, line);
  for (const { location_id, in_fulfillment } of line.allocations) {
    const units = take(split, in_fulfillment - (returning.get(`${line.line_no} ${location_id}`) ?? 0));
    if (units > 0) split.asked.push({ line_no: line.line_no, location_id, quantity: units });
  }
  if (allocated) take_open(split, line);
  return split.rest > 0 ? undefined : split;
}

function take(split: Split, most: number): number {
  const units = Math.max(0, Math.min(split.rest, most));
  split.rest -= units;
  return units;
}
function take_waiting(split: Split, { line_no, allocations }: OrderLine): void {
  for (const { location_id, backordered } of allocations) {
    const quantity = take(split, backordered);
    if (quantity > 0) split.parts.push({ line_no, location_id, quantity, was: 'backordered' });
  }
}
function take_open(split: Split, line: OrderLine): void {
  const quantity = take(split, line.stocked ? unplaced(line) : unsettled(line));
  if (quantity > 0) split.parts.push({ line_no: line.line_no, location_id: null, quantity, was: 'open' });
}
function take_unasked(split: Split, line: OrderLine): void {
  let spare = unasked(line);
  for (const at of line.allocations) {
    const quantity = take(split, Math.min(spare, at.quantity - at.in_fulfillment));
    spare -= quantity;
    if (quantity > 0) split.parts.push({ line_no: line.line_no, location_id: at.location_id, quantity, was: 'allocated' });
  }
}

interface Drop {
  readonly cancellation_no: number;
  readonly reason: string;
  /** Shipping gave them back: they were with it. */
  readonly answered?: boolean;
  /** They are not there, so inventory has nothing to release. */
  readonly short?: boolean;
}

/** The units are out of the order, with their share of the money (domain.md 6.5), and of the carriage if nothing is left. */
export function drop_units(draft: Draft, parts: readonly Part[], { cancellation_no, reason, answered = false, short = false }: Drop): void {
  const lines = new Map<number, OrderLine>();
  const told: OrderLinesCancelled['data']['lines'][number][] = [];
  let value = 0;
  for (const part of parts) {
    const line = lines.get(part.line_no) ?? draft.order.lines[part.line_no - 1];
    if (line === undefined) continue;
    const after = drop_part(line, part, answered);
    lines.set(part.line_no, after);
    const total = after.cancelled_value - line.cancelled_value;
    const tax = after.cancelled_tax - line.cancelled_tax;
    value += total;
    const { line_no, location_id, quantity, was } = part;
    const waited = was === 'open' ? {} : { quantity_backordered: was === 'backordered' ? quantity : 0 };
    told.push({ line_no, location_id, quantity, ...waited, net: total - tax, tax, total });
  }
  put_lines(draft, lines.values());
  const carriage = carriage_falls(draft.order);
  const cancelled_value = draft.order.cancelled_value + value + carriage.total;
  // A goodwill credit was a part of what is cancelled now: it is not given twice.
  const credited_value = Math.min(draft.order.credited_value, draft.order.grand_total - cancelled_value);
  draft.order = { ...draft.order, cancelled_value, credited_value };
  draft.refund = { reason: short ? 'shortfall' : 'cancelled', lines: refunded_units(told) };
  if (is_empty(draft.order)) set_status(draft, 'cancelling');
  say(draft, {
    type: 'order.lines_cancelled',
    data: {
      ...news(draft),
      cancellation_no,
      reason,
      release_stock: !short && (is_empty(draft.order) || told.some(part => draft.order.lines[part.line_no - 1]?.stocked === true)),
      shipping_total: carriage.total,
      shipping_tax: carriage.tax,
      ...(answered ? { answered } : {}),
      lines: told,
    },
  });
}

/** Allocated units stay where inventory keeps them until it says that they are released (units.ts, surplus). */
function drop_part(line: OrderLine, { quantity, location_id, was }: Part, answered: boolean): OrderLine {
  const after = cancel_units(line, quantity);
  if (was === 'open' || location_id === null) return after;
  if (was === 'backordered') return move_allocation(after, location_id, { backordered: -quantity });
  const moved = answered ? move_allocation(after, location_id, { in_fulfillment: -quantity }) : after;
  return { ...moved, allocated: Math.max(0, line.allocated - quantity) };
}

/** Nothing dispatched and no live unit. */
function is_empty(order: Order): boolean {
  return !is_closed(order) && !has_shipped(order) && order.lines.every(line => live(line) === 0);
}

function carriage_falls(order: Order): { total: number; tax: number } {
  if (!is_empty(order)) return { total: 0, tax: 0 };
  return { total: order.shipping_total - order.shipping_cancelled, tax: order.shipping_tax - order.shipping_tax_cancelled };
}

function refunded_units(told: OrderLinesCancelled['data']['lines']): Refund['lines'] {
  const units = new Map<number, Refund['lines'][number]>();
  for (const { line_no, quantity, total, tax } of told) {
    const known = units.get(line_no) ?? { line_no, quantity: 0, amount: 0, tax: 0 };
    units.set(line_no, { line_no, quantity: known.quantity + quantity, amount: known.amount + total, tax: known.tax + tax });
  }
  return [...units.values()];
}
