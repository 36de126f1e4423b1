/**
 * What follows. A handler notes what happened; this looks at the order as it is now and does whatever became possible or due:
 * pay, confirm, ship, take and give back money, end. It knows states, not events, so facts may come late, twice, or in another order.
 */
import { type Draft, has_news, news, nothing, type OrdersDecision, say, set_status } from './draft.ts';
import { tell_exceptions } from './exceptions.ts';
import { ask_shipping, ship_unstocked } from './fulfill.ts';
import { has_shipped, held, is_in_progress, is_settled } from './money.ts';
import { settle_payment } from './pay.ts';
import { settle } from './settle.ts';
import { is_done, live } from './units.ts';
import { arm } from './waits.ts';

/** Ends a decision: what follows, then whatever no event has told yet, exceptions and timers. `cause`: what happened, for people. */
export function conclude(draft: Draft, cause: string): OrdersDecision {
  follow(draft);
  close(draft, cause);
  if (has_news(draft)) {
    say(draft, { type: 'order.updated', data: { ...news(draft), cause, reservation_state: draft.order.reservation_state } });
  }
  tell_exceptions(draft);
  forget_tender(draft);
  arm(draft);
  const { facts, records, timers } = draft;
  if (facts.length === 0 && records.length === 0 && timers.length === 0) return nothing;
  return { facts, records, timers };
}

/** A tender that waited and is not asked for any more leaves no token behind. */
function forget_tender({ before, order, facts, records }: Draft): void {
  if (before.tender === null || order.tender !== null || facts.some(({ event }) => event.type === 'payment.requested')) return;
  records.push({ table: 'contact_token', row: { id: order.order_id, method_token: null } });
}

function follow(draft: Draft): void {
  if (draft.order.axes.status === 'awaiting_payment') settle_payment(draft);
  const { status } = draft.order.axes;
  if (status === 'confirmed' || status === 'in_fulfillment') {
    if (nothing_left(draft)) set_status(draft, 'cancelling');
    else {
      ship_unstocked(draft);
      ask_shipping(draft);
    }
  }
  settle(draft);
}

/** No live unit, and none ever left. */
function nothing_left(draft: Draft): boolean {
  return !has_shipped(draft.order) && draft.order.lines.every(line => live(line) === 0);
}

function close(draft: Draft, cause: string): void {
  const { status } = draft.order.axes;
  if (status === 'in_fulfillment' && is_completed(draft)) {
    end(draft, 'completed');
    say(draft, { type: 'order.completed', data: { ...news(draft), cause, reservation_state: draft.order.reservation_state } });
  }
  if (status === 'cancelling' && is_undone(draft)) {
    end(draft, 'cancelled');
    say(draft, { type: 'order.cancelled', data: { ...news(draft), reason: draft.order.end_reason ?? cause } });
  }
}

function end(draft: Draft, status: 'completed' | 'cancelled'): void {
  set_status(draft, status);
  draft.order = { ...draft.order, closed_at: draft.given.at };
}

/** Every live unit arrived or was credited, the money is settled, and nobody was asked for anything. */
function is_completed({ order }: Draft): boolean {
  if (order.cancellations.length > 0 || order.releases_open > 0) return false;
  return is_settled(order) && order.lines.every(is_done);
}

/** No live unit, the stock is back, no money is ours or kept for us. */
function is_undone({ order }: Draft): boolean {
  if (order.releases_open > 0 || order.cancellations.length > 0 || order.lines.some(line => live(line) > 0)) return false;
  if (order.refund_pending > 0 || order.captured !== order.refunded) return false;
  return !order.payments.some(payment => is_in_progress(payment) || held(payment) > 0 || payment.capture_pending > 0);
}
