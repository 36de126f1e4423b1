/**
 * Money follows the order (domain.md 6.6, 6.7): after every decision this takes what is owed, gives back what is held and not
 * needed, and returns what was captured beyond the due. All from the state, so no order of arrival matters.
 */
import type { RefundReason } from '../../../contracts/index.ts';
import type { Order, Payment } from '../model.ts';
import { value_of_units } from '../pricing/units.ts';
import { type Draft, news, say } from './draft.ts';
import { raise } from './exceptions.ts';
import {
  amount_due,
  beyond_due,
  capturable,
  has_shipped,
  has_unsettled,
  held,
  is_dead,
  is_in_progress,
  kept,
  owed,
  refundable,
  with_payment,
} from './money.ts';
import { live } from './units.ts';

export function settle(draft: Draft): void {
  ask_captures(draft);
  ask_releases(draft);
  ask_refunds(draft);
}

/** Owed by now and neither captured nor asked for: asked for, first tender first. Not while the order is on hold. */
function ask_captures(draft: Draft): void {
  const { status } = draft.order.axes;
  if ((status !== 'confirmed' && status !== 'in_fulfillment') || draft.order.holds.length > 0) return;
  let missing = owed(draft.order) - kept(draft.order) - draft.order.capture_pending;
  if (missing <= 0) return;
  const final = draft.order.capture_policy === 'on_confirm' || !has_unsettled(draft.order);
  for (const payment of draft.order.payments) {
    const amount = Math.min(missing, capturable(payment));
    if (amount <= 0) continue;
    ask_capture(draft, payment, { amount, final });
    missing -= amount;
  }
}

export function ask_capture(draft: Draft, payment: Payment, { amount, final }: { amount: number; final: boolean }): void {
  draft.order = with_payment(draft.order, { ...payment, capture_pending: payment.capture_pending + amount });
  say(draft, {
    type: 'payment.capture_requested',
    data: {
      ...news(draft),
      payment_id: payment.payment_id,
      capture_no: payment.captures + 1,
      amount,
      final,
      ...(draft.shipment_id === undefined ? {} : { shipment_id: draft.shipment_id }),
    },
  });
}

/** The gateway keeps money that the order will not need: asked to be given back, once per payment. */
function ask_releases(draft: Draft): void {
  const payments = is_over(draft.order) ? draft.order.payments.filter(has_anything) : unneeded(draft.order);
  const payment_ids = payments
    .filter(payment => !payment.release_requested && !ends_with_capture(payment))
    .map(payment => payment.payment_id);
  if (payment_ids.length > 0) ask_release(draft, payment_ids, release_reason(draft.order));
}

export function ask_release(draft: Draft, payment_ids: readonly string[], reason: string): void {
  say(draft, { type: 'payment.release_requested', data: { ...news(draft), payment_ids, reason } });
}

/** Nothing of it will be delivered: it ended without, or every unit was cancelled before any left. */
function is_over(order: Order): boolean {
  if (is_dead(order)) return true;
  return order.axes.status === 'cancelling' && !has_shipped(order) && order.lines.every(line => live(line) === 0);
}
function has_anything(payment: Payment): boolean {
  return is_in_progress(payment) || held(payment) > 0;
}
/** The gateway releases the rest with the capture that is on its way. */
function ends_with_capture(payment: Payment): boolean {
  return payment.final_requested && payment.capture_pending > 0;
}

/** Tenders held beyond the due, the last ones first; one that failed to be captured only when the others cover. */
function unneeded(order: Order): readonly Payment[] {
  if (order.axes.status === 'cancelling') return [];
  let need = amount_due(order) - kept(order) - order.capture_pending;
  const payments: Payment[] = [];
  for (const payment of order.payments) {
    const amount = capturable(payment);
    if (amount > 0 && need <= 0) payments.push(payment);
    need -= amount;
  }
  if (need <= 0) payments.push(...order.payments.filter(payment => payment.blocked && held(payment) > 0));
  return payments;
}

function release_reason(order: Order): string {
  const { status } = order.axes;
  if (status === 'cancelling') return 'cancelled';
  return is_dead(order) ? status : 'not_needed';
}

/** Captured beyond the due goes back, last tender first. What a refund failed to give back waits for a person. */
function ask_refunds(draft: Draft): void {
  let excess = kept(draft.order) - amount_due(draft.order) - left_by_failed(draft);
  if (excess <= 0) return;
  for (const payment of draft.order.payments.toReversed()) {
    const amount = Math.min(excess, refundable(payment));
    if (amount <= 0) continue;
    const cause = draft.refund ?? { reason: refund_reason(draft, payment), lines: [] };
    // A second payment gives the rest back; the units were told with the first.
    draft.refund = { reason: cause.reason, lines: [] };
    ask_refund(draft, payment, amount, cause);
    excess -= amount;
  }
}

export function ask_refund(draft: Draft, payment: Payment, amount: number, cause: NonNullable<Draft['refund']>): void {
  draft.order = with_payment(draft.order, { ...payment, refund_pending: payment.refund_pending + amount });
  const lines = worth(cause.lines) <= amount ? cause.lines : [];
  say(draft, {
    type: 'payment.refund_requested',
    data: {
      ...news(draft),
      refund_id: draft.new_id('rfd'),
      payment_id: payment.payment_id,
      amount,
      tax: tax_of_refund(draft.order, amount, lines),
      reason: cause.reason,
      lines,
    },
  });
}

function worth(lines: NonNullable<Draft['refund']>['lines']): number {
  let sum = 0;
  for (const line of lines) sum += line.amount;
  return sum;
}

/** The tax of the units, and the order's average of what is no unit's. */
function tax_of_refund(order: Order, amount: number, lines: NonNullable<Draft['refund']>['lines']): number {
  let tax = 0;
  let rest = amount;
  for (const line of lines) {
    tax += line.tax;
    rest -= line.amount;
  }
  return order.grand_total === 0 ? tax : tax + value_of_units(order.tax_total, order.grand_total, 0, rest);
}

/**
 * Of the excess, what failed refunds left: what stood before this decision, which settled everything else, and what fails with it. Not the sum of
 * all that ever failed: what a person gave back after all would be withheld from the next refund.
 */
function left_by_failed({ before, order }: Draft): number {
  const failed = failed_refunds(order);
  return Math.min(failed, beyond_due(before) + failed - failed_refunds(before));
}

function failed_refunds(order: Order): number {
  let sum = 0;
  for (const refund of order.refunds) if (refund.status === 'failed') sum += refund.amount;
  return sum;
}

/** Why money goes back that no handler expected. */
function refund_reason(draft: Draft, payment: Payment): RefundReason {
  const { status } = draft.order.axes;
  if (status === 'cancelling') return 'cancelled';
  if (status === 'rejected') return 'shortfall';
  if (is_dead(draft.order)) return payment.late ? 'late_payment' : 'cancelled';
  raise(draft, 'captured_too_much', `More than the due was captured of ${payment.payment_id}.`);
  return 'overpaid';
}
