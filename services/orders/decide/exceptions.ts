/** What waits for a person (domain.md 0.4): raised once per reason, resolved by a person or when its cause has gone. */
import { later } from '../../../platform/service.ts';
import type { OpenException, Order } from '../model.ts';
import type { Draft } from './draft.ts';
import { amount_due, beyond_due, cover } from './money.ts';
import { uncredited } from './units.ts';
import { day_ms, type Wait, wait_of } from './waits.ts';

export type ExceptionReason =
  | `${Wait}_overdue`
  | 'authorization_expired'
  | 'capture_failed'
  | 'payment_declined'
  | 'refund_failed'
  | 'payment_disputed'
  | 'captured_too_much'
  | 'parcel_lost'
  | 'parcel_sent_back'
  | 'dispatched_after_end';

/** Who looks, and within how many days. */
const owners: Readonly<Record<ExceptionReason, { readonly owner: string; readonly days: number }>> = {
  reservation_overdue: { owner: 'operator', days: 1 },
  payment_overdue: { owner: 'operator', days: 1 },
  allocation_overdue: { owner: 'operator', days: 1 },
  cancellation_overdue: { owner: 'operator', days: 1 },
  dispatch_overdue: { owner: 'warehouse', days: 1 },
  backorder_overdue: { owner: 'purchasing', days: 2 },
  delivery_overdue: { owner: 'support', days: 2 },
  authorization_expired: { owner: 'support', days: 3 },
  capture_failed: { owner: 'support', days: 3 },
  payment_declined: { owner: 'support', days: 3 },
  refund_failed: { owner: 'support', days: 1 },
  payment_disputed: { owner: 'support', days: 7 },
  captured_too_much: { owner: 'support', days: 1 },
  parcel_lost: { owner: 'support', days: 2 },
  parcel_sent_back: { owner: 'support', days: 2 },
  dispatched_after_end: { owner: 'operator', days: 1 },
};

/** Once per reason as long as it is open. Said with the decision's last events (`tell_exceptions`). */
export function raise(draft: Draft, reason: ExceptionReason, detail: string): void {
  if (draft.order.exceptions.some(open => open.reason === reason) || draft.raised.some(known => known.reason === reason)) return;
  const { owner, days } = owners[reason];
  draft.raised.push({ exception_id: draft.new_id('exc'), reason, owner, deadline: later(draft.given.at, days * day_ms), detail });
}

/** Raises what the decision found, resolves what has gone by it. */
export function tell_exceptions(draft: Draft): void {
  for (const open of draft.order.exceptions) if (has_gone(draft.order, open)) resolve(draft, open, 'Its cause has gone.');
  for (const exception of draft.raised) say_exception(draft, 'exception.raised', exception);
}

export function resolve(draft: Draft, open: OpenException, note: string): void {
  say_exception(draft, 'exception.resolved', open, note);
}

/** An exception event carries nothing of the order: what was not told yet stays to be told. */
function say_exception(draft: Draft, type: 'exception.raised' | 'exception.resolved', exception: OpenException, note?: string): void {
  const { order } = draft;
  const data = { ...exception, subject: order.order_id, ...(note === undefined ? {} : { note }) };
  const others = order.exceptions.filter(open => open.exception_id !== exception.exception_id);
  const exceptions = type === 'exception.raised' ? [...others, exception] : others;
  draft.facts.push({ event: { type, data }, key: order.order_id, subject: { kind: 'order', id: order.order_id } });
  draft.said = { ...draft.said, exceptions };
  draft.order = { ...order, exceptions };
}

function has_gone(order: Order, open: OpenException): boolean {
  if (open.reason.endsWith('_overdue')) return open.reason !== `${wait_of(order)?.wait}_overdue`;
  switch (open.reason) {
    case 'authorization_expired':
    case 'capture_failed':
    case 'payment_declined':
      return cover(order) >= amount_due(order);
    case 'refund_failed':
    case 'captured_too_much':
      return beyond_due(order) === 0;
    case 'parcel_lost':
    case 'parcel_sent_back':
      return order.lines.every(line => uncredited(line) === 0);
    default:
      return false;
  }
}
