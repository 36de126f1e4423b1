/** What waits for a person: raised once per reason while it is open, resolved by itself when its cause has gone. */
import { later } from '../../../platform/service.ts';
import { authorize_of, exception_deadline_ms, in_progress, type OpenException, type Payment, rest_of } from '../model.ts';
import type { Context } from './context.ts';
import { contradicts_itself, type Standing } from './standing.ts';
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
  'absent_at_gateway',
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

/**
 * Facts contradicted each other until another one came (a refund was told before the failure of the one it replaces): nobody has to look, whatever their order was.
 * A fact that contradicts what we asked stays a person's.
 */
export function is_drift_explained({ exceptions, ...payment }: Payment): boolean {
  if (!exceptions.some(({ reason }) => reason === drift_reason)) return false;
  return payment.facts.every(({ drift }) => drift === null) && contradicts_itself(payment) === undefined;
}
export function without_drift(payment: Payment): Payment {
  return { ...payment, exceptions: payment.exceptions.filter(({ reason }) => reason !== drift_reason) };
}

/** Exceptions whose cause has gone. Refusals and lost disputes are ended by people alone. */
export function resolved_facts(id: string, after: Payment, standing: Standing): PaymentsFact[] {
  if (after.exceptions.length === 0) return [];
  const rest = rest_of(standing);
  const gone: Readonly<Record<string, boolean>> = {
    [drift_reason]: is_drift_explained(after),
    gateway_silent: standing.status !== 'processing',
    not_abandoned: !in_progress.has(standing.status),
    outcome_unknown: !after.operations.some(operation => operation.state === 'unknown'),
    void_failed: rest === 0,
    authorization_expires: rest === 0,
    refund_overdue: standing.refund_pending === 0,
    disputed: disputes_ended(after),
  };
  return after.exceptions
    .filter(exception => gone[exception.reason] === true)
    .map(exception => resolve_fact(id, after, exception, 'its cause has gone'));
}

/** Lost, it is closed, too, but somebody has to say what follows. */
const dispute_closed: ReadonlySet<string> = new Set(['won', 'lost', 'warning_closed', 'prevented']);

/** A dispute that is open, or lost, is an exception; another closed one is not, whichever was told first. */
export function dispute_raises(payment: Payment, disputes: readonly Dispute[]): Raise[] {
  return disputes
    .filter(dispute => needs_a_person(payment, dispute.dispute_ref))
    .map(({ dispute_ref, amount, reason, status }) => ({
      reason: 'disputed',
      detail: `${dispute_ref}: ${amount} ${payment.currency} minor units, ${reason}, ${status}`,
    }));
}
function needs_a_person(payment: Payment, dispute_ref: string): boolean {
  const statuses = disputes_of(payment).get(dispute_ref) ?? [];
  return statuses.includes('lost') || !statuses.some(status => dispute_closed.has(status));
}
/** All that was told of each. */
function disputes_of({ facts }: Payment): Map<string, string[]> {
  const told = new Map<string, string[]>();
  for (const { fact, object_ref, drift } of facts) {
    if (fact !== 'disputed' || drift !== null) continue;
    const [ref = '', status = ''] = object_ref.split('/');
    told.set(ref, [...(told.get(ref) ?? []), status]);
  }
  return told;
}
function disputes_ended(payment: Payment): boolean {
  return [...disputes_of(payment).keys()].every(ref => !needs_a_person(payment, ref));
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
