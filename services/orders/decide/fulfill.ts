/** Which units go to shipping, and when (domain.md 3.1: no hold, ship_policy met, money covers all units asked for so far). */
import type { FulfillmentRequested } from '../../../contracts/index.ts';
import type { Order, OrderLine } from '../model.ts';
import { value_of_units } from '../pricing/units.ts';
import { type Draft, news, put_lines, say, set_status } from './draft.ts';
import { amount_due, cover, has_shipped } from './money.ts';
import { live, ship_units, surplus, unasked, unsettled } from './units.ts';

type AskedLine = FulfillmentRequested['data']['lines'][number];

/** Asks shipping for every allocated unit that it was not asked for yet. */
export function ask_shipping(draft: Draft): void {
  const { order, asking } = draft;
  if (asking === undefined || order.holds.length > 0) return;
  const ready = order.lines.filter(line => unasked(line) > 0 && surplus(line) === 0);
  if (ready.length === 0 || !policy_met(order) || !covers(order, ready)) return;
  const lines = ready.flatMap(asked_lines);
  put_lines(draft, ready.map(asked_of_shipping));
  const ship_to = asking.contact?.shipping_address;
  say(draft, {
    type: 'fulfillment.requested',
    data: {
      ...news(draft),
      fulfillment_no: order.fulfillment_no + 1,
      service: order.shipping_service,
      ...(order.shipping_carrier === null ? {} : { carrier: order.shipping_carrier }),
      promise_at: last_promise(ready),
      lines,
      ...(ship_to ? { personal: { ship_to } } : {}),
    },
  });
}

/** `complete` waits until every live stocked unit is allocated. */
function policy_met(order: Order): boolean {
  if (order.ship_policy === 'split') return true;
  return order.lines.every(line => !line.stocked || line.allocated + line.shipped >= live(line));
}

/** The whole due is covered, or at least the units asked for so far, with these, and the carriage. */
function covers(order: Order, ready: readonly OrderLine[]): boolean {
  const money = cover(order);
  if (money >= amount_due(order)) return true;
  const more = new Set(ready);
  let worth = order.shipping_total - order.shipping_cancelled - order.credited_value;
  for (const line of order.lines) {
    const asked = line.in_fulfillment + (more.has(line) ? unasked(line) : 0);
    worth += line.shipped_value + value_of_units(line.line_total, line.quantity, line.shipped + line.cancelled, asked);
  }
  return money >= worth;
}

function asked_lines(line: OrderLine): AskedLine[] {
  const { line_no, sku, name, weight_grams, unit_price } = line;
  return line.allocations
    .filter(at => at.quantity > at.in_fulfillment)
    .map(at => ({ line_no, location_id: at.location_id, quantity: at.quantity - at.in_fulfillment, sku, name, weight_grams, unit_price }));
}

function asked_of_shipping(line: OrderLine): OrderLine {
  const allocations = line.allocations.map(at => (at.quantity > at.in_fulfillment ? { ...at, in_fulfillment: at.quantity } : at));
  return { ...line, in_fulfillment: line.allocated, allocations };
}

function last_promise(lines: readonly OrderLine[]): string | null {
  let last: string | null = null;
  for (const { promise_at } of lines) if (promise_at !== null && (last === null || promise_at > last)) last = promise_at;
  return last;
}

/**
 * Unstocked lines are neither reserved nor shipped: they count as shipped and delivered with the first dispatch, or as soon as
 * no stocked unit is left that a dispatch could come from.
 */
export function ship_unstocked(draft: Draft): void {
  const { order } = draft;
  if (!order.lines.some(line => !line.stocked && unsettled(line) > 0)) return;
  if (!has_shipped(order) && order.lines.some(line => line.stocked && unsettled(line) > 0)) return;
  put_lines(draft, order.lines.filter(line => !line.stocked && unsettled(line) > 0).map(arrived));
  if (order.axes.status === 'confirmed') set_status(draft, 'in_fulfillment');
}

function arrived(line: OrderLine): OrderLine {
  const quantity = unsettled(line);
  return { ...ship_units(line, quantity), delivered: line.delivered + quantity };
}
