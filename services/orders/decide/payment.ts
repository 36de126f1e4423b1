/** What payments said of one payment. Its sums are copied, not added up; what the order does about it follows from the state. */
import type { PaymentDisputed, PaymentRefunded, PaymentRefundFailed } from '../../../contracts/index.ts';
import { later } from '../../../platform/service.ts';
import type { NotePayment, PaymentFact } from '../commands.ts';
import type { Payment } from '../model.ts';
import { noted_of_order } from './about.ts';
import { type Draft, news, say } from './draft.ts';
import { raise, resolve } from './exceptions.ts';
import { amount_due, cover, kept, with_payment } from './money.ts';
import { attempts_left, can_still_be_paid, expire } from './pay.ts';
import { payment_wait_ms } from './waits.ts';

/** New money lets units be asked of shipping; a capture only turns one kind of cover into another. */
const may_ask = ({ fact }: NotePayment) =>
  fact.type === 'payment.authorized' || (fact.type === 'payment.captured' && !fact.data.capture_no);

export const note_payment = noted_of_order<NotePayment>(may_ask, (draft, { fact }) => {
  const payment = draft.order.payments.find(known => known.payment_id === fact.data.payment_id);
  if (payment === undefined) return;
  if (fact.type === 'payment.refunded' || fact.type === 'payment.refund_failed') note_refund(draft, fact);
  draft.order = with_payment(draft.order, learned(draft, payment, fact));
  switch (fact.type) {
    case 'payment.declined':
    case 'payment.failed':
    case 'payment.abandoned':
      return came_to_nothing(draft, fact);
    case 'payment.authorization_expired':
    case 'payment.capture_failed':
      return fell_through(draft, fact);
    case 'payment.refund_failed':
      return raise(
        draft,
        'refund_failed',
        `${amount_text(draft, fact.data.amount)} could not be given back: ${fact.data.code ?? fact.data.reason}.`,
      );
    case 'payment.disputed':
      return disputed(draft, fact.data);
    default:
      return;
  }
});

/** Absolute after the fact. What was asked for and is done, or refused, is pending no more. */
function learned(draft: Draft, payment: Payment, fact: PaymentFact): Payment {
  const { state, sums } = fact.data;
  const { amount, ...moved } = sums;
  return {
    ...payment,
    ...moved,
    status: state,
    action: fact.type === 'payment.action_required' ? (fact.data.action ?? null) : state === 'action_required' ? payment.action : null,
    late: payment.late || ((fact.type === 'payment.authorized' || fact.type === 'payment.captured') && fact.data.late),
    capture_pending: capture_pending(payment, fact),
    refund_pending: payment.refund_pending - refund_answered(draft, fact),
  };
}

function capture_pending(payment: Payment, fact: PaymentFact): number {
  if (fact.type === 'payment.capture_failed') return Math.max(0, payment.capture_pending - fact.data.amount);
  if (fact.type !== 'payment.captured') return payment.capture_pending;
  return fact.data.final ? 0 : Math.max(0, payment.capture_pending - (fact.data.sums.captured - payment.captured));
}

/** Of a refund that was pending until now; `note_refund` has marked it already. */
function refund_answered(draft: Draft, fact: PaymentFact): number {
  if (fact.type !== 'payment.refunded' && fact.type !== 'payment.refund_failed') return 0;
  const before = draft.before.refunds.find(refund => refund.refund_id === fact.data.refund_id);
  return before?.status === 'requested' ? before.amount : 0;
}

/** Ours, or one that the gateway began by itself: that one is a credit, as far as no excess explains it. */
function note_refund(draft: Draft, { type, data }: Extract<PaymentFact, { type: 'payment.refunded' | 'payment.refund_failed' }>): void {
  const status = type === 'payment.refunded' ? ('succeeded' as const) : ('failed' as const);
  const { refunds } = draft.order;
  const place = refunds.findIndex(refund => refund.refund_id === data.refund_id);
  const known = refunds[place];
  if (known !== undefined) {
    draft.order = { ...draft.order, refunds: refunds.with(place, { ...known, status }) };
    return;
  }
  draft.order = { ...draft.order, refunds: [...refunds, foreign_refund(data, status)] };
  if (status === 'failed') return;
  const due = Math.max(0, amount_due(draft.order));
  const credit = data.amount - Math.max(0, kept(draft.order) - due);
  if (credit > 0) draft.order = { ...draft.order, credited_value: draft.order.credited_value + Math.min(credit, due) };
}

function foreign_refund(data: PaymentRefunded['data'] | PaymentRefundFailed['data'], status: 'succeeded' | 'failed') {
  const { refund_id, payment_id, amount, tax } = data;
  return { refund_id, payment_id, amount, tax, reason: 'goodwill' as const, lines: [], status };
}

/** In a detail for people: whoever shows it can tell an amount by this form. */
function amount_text({ order }: Draft, amount: number): string {
  return `${amount} ${order.currency} minor units`;
}

/** Closed, and the money stays ours. A lost one is closed, too, but a person says what follows. */
const dispute_ended: ReadonlySet<string> = new Set(['won', 'warning_closed', 'prevented']);

function disputed(draft: Draft, { dispute_ref, amount, reason, status }: PaymentDisputed['data']): void {
  if (!dispute_ended.has(status)) {
    raise(draft, 'payment_disputed', `${amount_text(draft, amount)} is disputed (${reason}, ${dispute_ref}).`);
    return;
  }
  const open = draft.order.exceptions.find(each => each.reason === 'payment_disputed' && each.detail.includes(`, ${dispute_ref})`));
  if (open !== undefined) resolve(draft, open, `The dispute is ${status}.`);
}

/** Another tender may be tried until the attempts or the time run out; a confirmed order waits for a person, too. */
function came_to_nothing(
  draft: Draft,
  { type, data }: Extract<PaymentFact, { type: 'payment.declined' | 'payment.failed' | 'payment.abandoned' }>,
): void {
  const { order, given } = draft;
  const { status } = order.axes;
  const reason = type === 'payment.declined' ? 'declined' : type === 'payment.failed' ? 'failed' : 'abandoned';
  const code = data.decline_code ?? null;
  if (cover(order) >= amount_due(order)) return;
  if (status === 'confirmed' || status === 'in_fulfillment') {
    open_retry(draft, { payment_id: data.payment_id, reason, decline_code: code, deadline: later(given.at, payment_wait_ms) });
    raise(
      draft,
      'payment_declined',
      `The new payment came to nothing (${code ?? reason}); ${amount_text(draft, amount_due(draft.order) - cover(draft.order))} is uncovered.`,
    );
  }
  if (status !== 'awaiting_payment') return;
  if (!can_still_be_paid(order, given.at)) {
    expire(draft, attempts_left(order) === 0 ? 'attempts_exhausted' : 'payment_deadline');
  } else if (attempts_left(order) > 0 && given.at < order.expires_at) {
    open_retry(draft, { payment_id: data.payment_id, reason, decline_code: code, deadline: order.expires_at });
  }
}

/** Money that was there is not: units not asked for yet wait for new money, and a person looks. */
function fell_through(
  draft: Draft,
  { type, data }: Extract<PaymentFact, { type: 'payment.authorization_expired' | 'payment.capture_failed' }>,
): void {
  const { order, given } = draft;
  const { status } = order.axes;
  const uncaptured = amount_due(order) - kept(order) - order.capture_pending;
  if ((status !== 'confirmed' && status !== 'in_fulfillment') || uncaptured <= 0) return;
  const reason = type === 'payment.capture_failed' ? 'capture_failed' : 'authorization_expired';
  const decline_code = type === 'payment.capture_failed' ? data.decline_code : null;
  open_retry(draft, { payment_id: data.payment_id, reason, decline_code, deadline: later(given.at, payment_wait_ms) });
  raise(draft, reason, `${amount_text(draft, uncaptured)} of the due is not captured.`);
}

interface Retry {
  readonly payment_id: string;
  readonly reason: 'declined' | 'failed' | 'abandoned' | 'authorization_expired' | 'capture_failed';
  readonly decline_code: string | null;
  readonly deadline: string;
}

function open_retry(draft: Draft, retry: Retry): void {
  say(draft, { type: 'payment.retry_opened', data: { ...news(draft), ...retry, attempts_left: attempts_left(draft.order) } });
}
