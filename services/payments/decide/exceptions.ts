/** What waits for a person: raised once per reason while it is open, resolved by itself when its cause has gone. */
import { later } from '../../../platform/service.ts';
import { authorize_of, exception_deadline_ms, in_progress, type OpenException, type Payment, rest_of } from '../model.ts';
import type { Context } from './context.ts';
import type { Standing } from './standing.ts';
import type { Dispute, PaymentsFact } from './tell.ts';

export const drift_reason = 'gateway_drift';
export const exception_reasons = [
  drift_reason,
  'gateway_silent',
  'outcome_unknown',
  'operation_refused',
  'void_failed',
  'not_abandoned',
  'authorization_expires',
  'refund_overdue',
  'disputed',
] as const;
export type ExceptionReason = (typeof exception_reasons)[number];

export interface Raise {
  readonly reason: ExceptionReason;
  readonly detail: string;
}

export function raise_facts(context: Context, id: string, payment: Payment, raises: readonly Raise[]): PaymentsFact[] {
  const open = new Set<string>(payment.exceptions.map(exception => exception.reason));
  return raises.flatMap(({ reason, detail }) => {
    if (open.has(reason)) return [];
    open.add(reason);
    return [exception_fact(id, payment, 'exception.raised', new_exception(context, reason, detail))];
  });
}

export function new_exception(context: Context, reason: string, detail: string): OpenException {
  const owner = reason === 'disputed' ? 'support' : 'operator';
  return { exception_id: context.next_id('exc'), reason, owner, deadline: later(context.given.at, exception_deadline_ms), detail };
}

export function resolve_fact(id: string, payment: Payment, exception: OpenException, note: string): PaymentsFact {
  return exception_fact(id, payment, 'exception.resolved', { ...exception, note });
}

function exception_fact(
  id: string,
  payment: Payment,
  type: 'exception.raised' | 'exception.resolved',
  exception: OpenException & { readonly note?: string },
): PaymentsFact {
  return { event: { type, data: { ...exception, subject: id } }, key: payment.order_id, subject: { kind: 'payment', id } };
}

/** Exceptions whose cause has gone. Drift, refusals and open disputes are ended by people alone. */
export function resolved_facts(id: string, after: Payment, standing: Standing): PaymentsFact[] {
  if (after.exceptions.length === 0) return [];
  const rest = rest_of(standing);
  const gone: Readonly<Record<string, boolean>> = {
    gateway_silent: standing.status !== 'processing',
    not_abandoned: !in_progress.has(standing.status),
    outcome_unknown: !after.operations.some(operation => operation.state === 'unknown'),
    void_failed: rest === 0,
    authorization_expires: rest === 0,
    refund_overdue: standing.refund_pending === 0,
  };
  return after.exceptions
    .filter(exception => gone[exception.reason] === true)
    .map(exception => resolve_fact(id, after, exception, 'its cause has gone'));
}

const dispute_closed: ReadonlySet<string> = new Set(['won', 'lost', 'warning_closed', 'prevented']);

/** An open dispute is an exception; a closed one is not, whichever was told first. */
export function dispute_raises(payment: Payment, disputes: readonly Dispute[]): Raise[] {
  return disputes
    .filter(dispute => !is_closed(payment, dispute.dispute_ref))
    .map(({ dispute_ref, amount, reason, status }) => ({
      reason: 'disputed',
      detail: `${dispute_ref}: ${amount} ${payment.currency} minor units, ${reason}, ${status}`,
    }));
}
export function is_closed(payment: Payment, dispute_ref: string): boolean {
  return payment.facts.some(fact => {
    const [ref = '', status = ''] = fact.object_ref.split('/');
    return fact.fact === 'disputed' && ref === dispute_ref && dispute_closed.has(status);
  });
}

/** What the gateway refused in this decision and nobody else is told: our own fault, or money that stays held. */
export function refusal_raises(before: Payment, after: Payment, standing: Standing): Raise[] {
  const raises: Raise[] = [];
  for (const operation of after.operations) {
    const known = before.operations.find(each => each.op_id === operation.op_id);
    if (operation.state !== 'failed' || known === undefined || known.state === 'failed') continue;
    // An operator who ended it knows.
    if (operation.evidence !== undefined && operation.kind !== 'void') continue;
    if (operation.kind === 'void' && rest_of(standing) > 0)
      raises.push({ reason: 'void_failed', detail: `${rest_of(standing)} ${after.currency} minor units are still held` });
    else if (operation.kind === 'abandon' && in_progress.has(standing.status))
      raises.push({ reason: 'not_abandoned', detail: 'The gateway did not cancel the payment; it is asked again.' });
    else if (operation.refusal === 'permanent_error')
      raises.push({ reason: 'operation_refused', detail: `The gateway cannot be asked so: ${operation.kind} ${operation.op_id}.` });
  }
  return raises;
}

export function silent_detail(payment: Payment): string {
  return `No answer from ${payment.gateway} to ${authorize_of(payment)?.op_id ?? 'the authorization'}; it is asked on.`;
}
