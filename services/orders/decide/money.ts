/** What the order owes and what its payments hold (domain.md 6.5 to 6.7). Sums, in minor units of the order's currency; nothing here decides. */
import type { Money, Pay } from '../../../contracts/index.ts';
import type { Order, Payment } from '../model.ts';
import { unsettled } from './units.ts';

const in_progress: ReadonlySet<string> = new Set(['processing', 'action_required', 'pending', 'unknown']);
const terminal: ReadonlySet<string> = new Set(['completed', 'rejected', 'expired', 'cancelled']);

export function is_in_progress(payment: Payment): boolean {
  return in_progress.has(payment.status);
}
export function is_closed(order: Order): boolean {
  return terminal.has(order.axes.status);
}
/** It came to nothing, or is coming to nothing: whatever it still has belongs to the payer. */
export function is_dead(order: Order): boolean {
  const { status } = order.axes;
  return status === 'rejected' || status === 'expired' || status === 'cancelled';
}

export function amount_due(order: Order): number {
  return is_dead(order) ? 0 : order.grand_total - order.cancelled_value - order.credited_value;
}
/** Held by the gateway for us: authorized, neither captured nor given back nor about to be captured. */
export function held(payment: Payment): number {
  return Math.max(0, payment.authorized - payment.captured - payment.voided - payment.capture_pending);
}
/** Of what is held, what may still be captured by itself. */
export function capturable(payment: Payment): number {
  return payment.release_requested || payment.blocked ? 0 : held(payment);
}
/** What can still be given back of a payment. */
export function refundable(payment: Payment): number {
  return Math.max(0, payment.captured - payment.refunded - payment.refund_pending);
}
/** Ours and kept: captured less what went or goes back. */
export function kept(order: Order): number {
  return order.captured - order.refunded - order.refund_pending;
}
/** What is kept beyond the due once the captures that are under way are through. */
export function beyond_due(order: Order): number {
  return Math.max(0, kept(order) + order.capture_pending - amount_due(order));
}
/** Kept, asked for, or held and not to be released: what stands against the due. */
export function cover(order: Order): number {
  let sum = kept(order) + order.capture_pending;
  for (const payment of order.payments) sum += capturable(payment);
  return sum;
}
/** Still uncovered, and not even on its way. */
export function open_amount(order: Order): number {
  let sum = amount_due(order) - cover(order);
  for (const payment of order.payments) if (is_in_progress(payment) && !payment.release_requested) sum -= payment.amount;
  return Math.max(0, sum);
}

/** Owed by now, by capture policy: capture on_shipment follows the units, on_confirm takes all, manual waits for a person. */
export function owed(order: Order): number {
  switch (order.capture_policy) {
    case 'on_shipment':
      return shipped_worth(order);
    case 'on_confirm':
      return amount_due(order);
    case 'manual':
      return 0;
  }
}

/** The units shipped and, from the first of them on, the carriage; less credits. */
function shipped_worth(order: Order): number {
  let any = false;
  let worth = order.shipping_total - order.shipping_cancelled - order.credited_value;
  for (const line of order.lines) {
    worth += line.shipped_value;
    any ||= line.shipped > 0;
  }
  return any ? worth : 0;
}

export function has_unsettled(order: Order): boolean {
  return order.lines.some(line => unsettled(line) > 0);
}
export function has_shipped(order: Order): boolean {
  return order.lines.some(line => line.shipped > 0);
}

/** Captured and not given back equals the due, and nothing is on its way or held. */
export function is_settled(order: Order): boolean {
  if (order.capture_pending > 0 || order.refund_pending > 0) return false;
  if (order.payments.some(payment => is_in_progress(payment) || held(payment) > 0)) return false;
  return order.captured - order.refunded === amount_due(order);
}

/** The order with a payment in its new form, and its sums. */
export function with_payment(order: Order, payment: Payment): Order {
  const place = order.payments.findIndex(known => known.payment_id === payment.payment_id);
  const payments = place < 0 ? [...order.payments, payment] : order.payments.with(place, payment);
  return { ...order, payments, ...sums_of(payments) };
}

function sums_of(payments: readonly Payment[]) {
  const sums = { authorized: 0, captured: 0, voided: 0, refunded: 0, capture_pending: 0, refund_pending: 0 };
  for (const payment of payments) {
    sums.authorized += payment.authorized;
    sums.captured += payment.captured;
    sums.voided += payment.voided;
    sums.refunded += payment.refunded;
    sums.capture_pending += payment.capture_pending;
    sums.refund_pending += payment.refund_pending;
  }
  return sums;
}

/** As events tell it. */
export function money_of(order: Order): Money {
  return {
    amount_due: order.grand_total - order.cancelled_value - order.credited_value,
    cancelled: order.cancelled_value,
    credited: order.credited_value,
    authorized: order.authorized,
    captured: order.captured,
    voided: order.voided,
    refunded: order.refunded,
    refund_pending: order.refund_pending,
    capture_pending: order.capture_pending,
  };
}
export function pay_of({ captures, final_requested, release_requested, blocked, ...pay }: Payment): Pay {
  return pay;
}
