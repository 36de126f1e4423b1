/** From stock to money to confirmation: what an unpaid order does next (domain.md 0.2: a payment is requested only while a live reservation is known). */
import type { PaymentRequested, Tender } from '../../../contracts/index.ts';
import { later } from '../../../platform/service.ts';
import { attempts_max } from '../commands.ts';
import type { Contact, Order, Payment } from '../model.ts';
import { type Draft, news, say, set_status } from './draft.ts';
import { ship_unstocked } from './fulfill.ts';
import { amount_due, cover, is_in_progress, open_amount, with_payment } from './money.ts';
import { live } from './units.ts';
import { bank_wait_ms, payment_progress_ms, payment_wait_ms, reserve_margin_ms } from './waits.ts';

/** Covered and in stock: confirmed. Covered or about to pay, but the stock lapsed: reserved again. A tender waits and stock is there: asked for. */
export function settle_payment(draft: Draft): void {
  const { order } = draft;
  const covered = cover(order) >= amount_due(order);
  const held = order.reservation_state === 'held';
  if (covered && held) confirm(draft);
  else if (order.reservation_state === 'lapsed' && (covered || order.tender !== null)) reserve_again(draft);
  else if (held && order.tender !== null && draft.asking !== undefined) request_payment(draft, order.tender, draft.asking.contact);
}

function confirm(draft: Draft): void {
  set_status(draft, 'confirmed');
  ship_unstocked(draft);
  const { given, order } = draft;
  const delay_ms = delay_of(order, given.at);
  const lines = order.lines.map(({ line_no, promise_at }) => ({
    line_no,
    promise_at: promise_at === null || delay_ms === 0 ? promise_at : later(promise_at, delay_ms),
  }));
  say(draft, { type: 'order.confirmed', data: { ...news(draft), confirmed_at: given.at, lines } });
}

/** Promises are made for orders that are paid soon; by how much a bank transfer of days later moves them. (Imported orders are promised from their import on.) */
function delay_of(order: Order, at: string): number {
  const delay_ms = Date.parse(at) - Date.parse(order.placed_at);
  return delay_ms > payment_wait_ms && delay_ms <= bank_wait_ms + payment_wait_ms ? delay_ms : 0;
}

function reserve_again(draft: Draft): void {
  draft.order = { ...draft.order, reservation_state: 'asked' };
  const { order } = draft;
  const lines = order.lines
    .filter(line => line.stocked && live(line) > 0)
    .map(line => ({ line_no: line.line_no, sku: line.sku, quantity: live(line), accept_backorder: line.accept_backorder }));
  say(draft, {
    type: 'stock.reservation_requested',
    data: { ...news(draft), destination: order.destination, priority: order.priority, lines },
  });
}

/** Bank transfers and vouchers are charged at once; everything else is authorized first. */
export function request_payment(draft: Draft, tender: Tender, contact: Contact | undefined): void {
  const { given } = draft;
  const deadline = payment_deadline(tender, given.at);
  const payment = new_payment(draft, tender);
  if (tender.method_kind === 'bank') draft.order = { ...draft.order, expires_at: deadline };
  draft.order = { ...with_payment(draft.order, payment), attempts: draft.order.attempts + 1 };
  say(draft, {
    type: 'payment.requested',
    data: {
      ...news(draft),
      payment_id: payment.payment_id,
      tender_no: payment.tender_no,
      attempt_no: draft.order.attempts,
      gateway: payment.gateway,
      method_kind: payment.method_kind,
      intent: payment.method_kind === 'bank' || payment.method_kind === 'voucher' ? 'charge' : 'authorize',
      amount: payment.amount,
      deadline,
      reserve_until: later(deadline, reserve_margin_ms),
      ...(tender.return_url ? { return_url: tender.return_url } : {}),
      ...personal_of(contact),
    },
  });
  if (contact?.method_token) draft.records.push({ table: 'contact_token', row: { id: draft.order.order_id, method_token: null } });
}

function new_payment(draft: Draft, tender: Tender): Payment {
  const open = open_amount(draft.order);
  return {
    payment_id: draft.new_id('pay'),
    tender_no: draft.order.payments.length + 1,
    gateway: tender.gateway,
    method_kind: tender.method_kind,
    status: 'processing',
    action: null,
    amount: Math.min(tender.amount ?? open, open),
    authorized: 0,
    captured: 0,
    voided: 0,
    refunded: 0,
    capture_pending: 0,
    refund_pending: 0,
    late: false,
    captures: 0,
    final_requested: false,
    release_requested: false,
    blocked: false,
  };
}

/** How long this attempt may take. Short for all but transfers: stock is kept for it, and on the happy path no longer than it is reserved anyway. */
function payment_deadline(tender: Tender, at: string): string {
  return later(at, tender.method_kind === 'bank' ? bank_wait_ms : payment_progress_ms);
}

function personal_of(contact: Contact | undefined): Pick<PaymentRequested['data'], 'personal'> {
  if (contact === undefined) return {};
  const { name, email, phone, method_token } = contact;
  const billing = contact.billing_address ?? contact.shipping_address;
  return {
    personal: {
      payer: { name, email, phone },
      ...(billing === null ? {} : { billing }),
      ...(method_token === null ? {} : { method_token }),
    },
  };
}

export function attempts_left(order: Order): number {
  return Math.max(0, attempts_max - order.attempts);
}

/** Not paid in time, or no attempt left. */
export function expire(draft: Draft, reason: string): void {
  set_status(draft, 'expired');
  draft.order = { ...draft.order, closed_at: draft.given.at };
  say(draft, { type: 'order.expired', data: { ...news(draft), reason } });
}

/** Somebody may still pay, or is paying. */
export function can_still_be_paid(order: Order, at: string): boolean {
  return (
    order.payments.some(payment => is_in_progress(payment) && !payment.release_requested) ||
    (attempts_left(order) > 0 && at < order.expires_at)
  );
}
