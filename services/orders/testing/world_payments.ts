/** Payments, small: authorizes, captures, voids and refunds what it is asked, or does not; money given up may come late. */
import type { PaymentRequested } from '../../../contracts/index.ts';
import { type Choose, type Part, speaker } from './world_parts.ts';

interface Paid {
  readonly asked: PaymentRequested['data'];
  status:
    | 'processing'
    | 'action_required'
    | 'unknown'
    | 'declined'
    | 'abandoned'
    | 'authorized'
    | 'partially_captured'
    | 'captured'
    | 'voided'
    | 'partially_refunded'
    | 'refunded';
  authorized: number;
  captured: number;
  voided: number;
  refunded: number;
  release_requested: boolean;
  late: number;
  readonly captures: { readonly capture_no: number; readonly amount: number; readonly final: boolean }[];
  readonly refunds: { readonly refund_id: string; readonly amount: number; readonly reason: string }[];
}

export interface Payments extends Part {
  readonly payments: ReadonlyMap<string, Paid>;
}

/** `faults`: captures and refunds fail now and then, money comes late. */
export function payments_of(order_id: string, choose: Choose, faults: boolean): Payments {
  const { log, say: speak } = speaker('payments', order_id);
  const payments = new Map<string, Paid>();

  const say = (type: string, one: Paid, data: object = {}) => {
    const { payment_id, gateway, method_kind, currency, amount } = one.asked;
    const { authorized, captured, voided, refunded, status } = one;
    const common = {
      order_id,
      payment_id,
      gateway,
      method_kind,
      currency,
      state: status,
      sums: { amount, authorized, captured, voided, refunded },
    };
    speak({ type, data: { ...common, ...data } }, payment_id);
  };
  const pay = (one: Paid, late: boolean) => {
    one.authorized = one.asked.amount;
    if (one.asked.intent === 'charge') {
      one.captured = one.asked.amount;
      one.status = 'captured';
      return say('payment.captured', one, { amount: one.captured, final: true, released_amount: 0, late });
    }
    one.status = 'authorized';
    return say('payment.authorized', one, { amount: one.authorized, late });
  };
  const answer = (one: Paid) => {
    const what = choose(faults ? 8 : 4);
    if (what === 6 && one.status === 'processing') {
      one.status = 'action_required';
      return say('payment.action_required', one, { deadline: '2026-03-01T10:10:00.000Z', reserve_until: '2026-03-01T10:35:00.000Z' });
    }
    if (what === 7 && one.status === 'processing') {
      one.status = 'unknown';
      return say('payment.outcome_unknown', one, { op_id: 'op_1', kind: 'authorize' });
    }
    if (what === 5 && one.status !== 'unknown') {
      one.status = 'abandoned';
      return say('payment.abandoned', one, { retryable: true });
    }
    if (what === 4) {
      one.status = 'declined';
      return say('payment.declined', one, { decline_code: 'do_not_honor', retryable: true });
    }
    return pay(one, false);
  };
  const capture = (one: Paid) => {
    const asked = one.captures.shift();
    if (asked === undefined) return undefined;
    if (faults && choose(12) === 0) {
      return say('payment.capture_failed', one, { capture_no: asked.capture_no, amount: asked.amount, decline_code: 'card_expired' });
    }
    one.captured += asked.amount;
    const released = asked.final
      ? one.authorized - one.voided - one.captured - one.captures.reduce((sum, open) => sum + open.amount, 0)
      : 0;
    one.voided += released;
    one.status = asked.final ? 'captured' : 'partially_captured';
    return say('payment.captured', one, { ...asked, released_amount: released, late: false });
  };
  const refund = (one: Paid) => {
    const asked = one.refunds.shift();
    if (asked === undefined) return undefined;
    const data = { ...asked, tax: 0, origin: 'ours', lines: [] };
    if (faults && choose(12) === 0) return say('payment.refund_failed', one, { ...data, code: 'account_closed' });
    one.refunded += asked.amount;
    one.status = one.refunded < one.captured ? 'partially_refunded' : 'refunded';
    return say('payment.refunded', one, data);
  };
  const give_back = (one: Paid) => {
    const amount = one.authorized - one.voided - one.captured;
    one.voided += amount;
    if (one.captured === 0) one.status = 'voided';
    return say('payment.voided', one, { amount });
  };

  return {
    log,
    payments,
    hear(event) {
      switch (event.type) {
        case 'payment.requested': {
          const none = { authorized: 0, captured: 0, voided: 0, refunded: 0, release_requested: false, late: faults ? choose(2) : 0 };
          payments.set(event.data.payment_id, { asked: event.data, status: 'processing', ...none, captures: [], refunds: [] });
          return;
        }
        case 'payment.capture_requested':
          payments.get(event.data.payment_id)?.captures.push(event.data);
          return;
        case 'payment.refund_requested':
          payments.get(event.data.payment_id)?.refunds.push(event.data);
          return;
        case 'payment.release_requested':
          for (const id of event.data.payment_ids) {
            const one = payments.get(id);
            if (one !== undefined) one.release_requested = true;
          }
          return;
        default:
          return;
      }
    },
    moves() {
      const moves: (() => void)[] = [];
      for (const one of payments.values()) {
        if (one.status === 'processing' || one.status === 'action_required' || one.status === 'unknown') moves.push(() => answer(one));
        if (one.captures.length > 0) moves.push(() => capture(one));
        if (one.refunds.length > 0) moves.push(() => refund(one));
        const held = one.authorized - one.voided - one.captured;
        if (one.release_requested && held > 0 && one.captures.length === 0) moves.push(() => give_back(one));
        if (one.status === 'abandoned' && one.late > 0) {
          moves.push(() => {
            one.late = 0;
            pay(one, true);
          });
        }
      }
      return moves;
    },
  };
}
