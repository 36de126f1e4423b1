/** Refunds, which can fail days after they succeeded, and disputes. */
import { type Answer, invalid, missing, ok } from './answers.ts';
import { type Books, by_itself, type Cause, emit, emit_charge, now_s, record } from './books.ts';
import { card_of } from './cards.ts';
import { type Charge, type Dispute, dispute_on_wire, type Intent, type Refund, refund_on_wire } from './objects.ts';

export const refund_reasons: readonly string[] = ['duplicate', 'fraudulent', 'requested_by_customer'];

export interface RefundRequest {
  /** Absent: all that is left. */
  readonly amount: number | undefined;
  readonly reason: string | null;
  readonly metadata: Refund['metadata'];
}

export function refund(books: Books, cause: Cause, intent: Intent, request: RefundRequest): Answer {
  const { charge } = intent;
  if (charge === null || charge.amount_captured === 0)
    return invalid(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`, 'payment_intent');
  const left = charge.amount_captured - charge.amount_refunded;
  if (left === 0) return invalid(`Charge ${charge.id} has already been refunded.`, undefined, 'charge_already_refunded');
  const amount = request.amount ?? left;
  if (amount < 1) return invalid('Invalid positive integer', 'amount', 'parameter_invalid_integer');
  if (amount > left)
    return invalid(`Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`, 'amount', 'amount_too_large');
  return ok(refund_on_wire(give_back(books, cause, intent, charge, amount, request)));
}

function give_back(books: Books, cause: Cause, intent: Intent, charge: Charge, amount: number, request: RefundRequest): Refund {
  const habit = card_of(intent.payment_method ?? '')?.refund;
  const at_ms = books.sim.now_ms() + books.settings.later_ms;
  const made: Refund = {
    id: books.sim.id('re_'),
    created: now_s(books),
    payment_intent: intent.id,
    charge: charge.id,
    amount,
    currency: intent.currency,
    status: habit === 'pending' ? 'pending' : 'succeeded',
    reason: request.reason,
    failure_reason: null,
    metadata: request.metadata,
    next: habit === undefined ? null : { status: habit === 'pending' ? 'succeeded' : 'failed', at_ms },
  };
  const after: Intent = { ...intent, charge: { ...charge, amount_refunded: charge.amount_refunded + amount } };
  books.intents.put(intent.id, after);
  books.refunds.put(made.id, made);
  if (made.status === 'succeeded') record(books, cause, 'refunded', intent, amount, { id: made.id, metadata: made.metadata });
  emit(books, cause, 'refund.created', refund_on_wire(made));
  emit_charge(books, cause, 'charge.refunded', after);
  arm_refund(books, made);
  return made;
}

/** What the issuer will still do with a refund. */
export function arm_refund(books: Books, made: Refund): void {
  if (made.next === null) return;
  const cause = by_itself(`/v1/refunds/${made.id}/settle`);
  books.sim.after(Math.max(0, made.next.at_ms - books.sim.now_ms()), cause, () => {
    const refund_now = books.refunds.get(made.id);
    if (refund_now === undefined || refund_now.next === null) return [];
    settle(books, cause, refund_now, refund_now.next.status);
    return cause.webhooks;
  });
}
export function fail_refund(books: Books, cause: Cause, refund: Refund): boolean {
  if (refund.status === 'failed') return false;
  settle(books, cause, refund, 'failed');
  return true;
}
function settle(books: Books, cause: Cause, before: Refund, status: 'succeeded' | 'failed'): void {
  const failed = status === 'failed';
  const after: Refund = { ...before, status, next: null, failure_reason: failed ? 'expired_or_canceled_card' : null };
  books.refunds.put(after.id, after);
  const intent = books.intents.get(after.payment_intent);
  if (intent !== undefined) {
    const kind = failed ? 'refund_failed' : 'refunded';
    record(books, cause, kind, intent, after.amount, { id: after.id, metadata: after.metadata });
    if (failed && intent.charge !== null)
      books.intents.put(intent.id, {
        ...intent,
        charge: { ...intent.charge, amount_refunded: intent.charge.amount_refunded - after.amount },
      });
  }
  emit(books, cause, 'refund.updated', refund_on_wire(after));
  emit(books, cause, 'charge.refund.updated', refund_on_wire(after));
  if (failed) emit(books, cause, 'refund.failed', refund_on_wire(after));
}

export function end_dispute(books: Books, cause: Cause, dispute: Dispute, status: Dispute['status']): boolean {
  if (dispute.status !== 'needs_response' && dispute.status !== 'warning_needs_response') return false;
  const closed: Dispute = { ...dispute, status: dispute.status === 'needs_response' ? status : 'warning_closed' };
  books.disputes.put(dispute.id, closed);
  emit(books, cause, 'charge.dispute.closed', dispute_on_wire(closed));
  if (closed.status === 'won') emit(books, cause, 'charge.dispute.funds_reinstated', dispute_on_wire(closed));
  return true;
}

/** The merchant accepts a dispute: it is lost. */
export function close_dispute(books: Books, cause: Cause, id: string): Answer {
  const dispute = books.disputes.get(id);
  if (dispute === undefined) return missing('dispute', id, 'dispute');
  if (!end_dispute(books, cause, dispute, 'lost')) return invalid('This dispute is already closed');
  return ok(dispute_on_wire(books.disputes.get(id) ?? dispute));
}
