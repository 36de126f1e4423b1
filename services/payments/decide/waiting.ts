/** What happens when time passes: a payment's deadline, the end of an authorization, an operation that stays open too long. */
import { later } from '../../../platform/service.ts';
import { ask_again_ms, type CheckOperation, in_progress, is_active, overdue_ms, type Payment, processing_ms, rest_of } from '../model.ts';
import { conclude, nothing, type PaymentsDecision } from './conclude.ts';
import { type Context, end_of, gathers_captures } from './context.ts';
import { silent_detail } from './exceptions.ts';
import { is_ending, replace_operation } from './proceed.ts';

/** Nobody answered: a person looks. The shopper never finished: the gateway is asked, and the payment cancelled there. */
export function pass_deadline(context: Context, id: string, before: Payment): PaymentsDecision {
  if (!in_progress.has(before.status) || before.status === 'unknown') return nothing;
  const again = { kind: 'payment_deadline', id, due_at: later(context.given.at, processing_ms) };
  if (before.status === 'processing' || before.gateway_ref === null)
    return conclude(context, id, before, before, {
      raises: [{ reason: 'gateway_silent', detail: silent_detail(before) }],
      timers: [again],
    });
  if (before.operations.some(operation => operation.kind === 'abandon' && is_active(operation))) {
    const detail = 'The gateway does not answer whether the payment is cancelled; it is asked on.';
    return conclude(context, id, before, before, { raises: [{ reason: 'not_abandoned', detail }], timers: [again] });
  }
  return conclude(context, id, before, with_check(context, before, 'abandon'), { timers: [again] });
}

/** The gateway did not list it: it is asked for it by its reference. */
export function ask_about(context: Context, id: string, before: Payment): PaymentsDecision {
  const asking = before.status === 'new' || before.operations.some(operation => operation.kind === 'ask' && is_active(operation));
  return asking ? nothing : conclude(context, id, before, with_check(context, before, 'ask'));
}

function with_check(context: Context, payment: Payment, kind: CheckOperation['kind']): Payment {
  const { amount } = payment;
  const check: CheckOperation = {
    kind,
    op_id: context.next_id('op'),
    state: 'open',
    amount,
    requested_at: context.given.at,
    refusal: null,
  };
  // The last check of its kind is enough to remember.
  return { ...payment, operations: [...payment.operations.filter(each => each.kind !== kind || is_active(each)), check] };
}

/** Before the end: what was gathered is taken, and a person is told. At the end, or without one: the gateway is asked what is left. */
export function pass_expiry(context: Context, id: string, before: Payment): PaymentsDecision {
  if (rest_of(before) === 0) return nothing;
  const expires_at = end_of(context, before);
  const { at } = context.given;
  const timer = { kind: 'authorization_expiry', id };
  if (expires_at === undefined || at >= expires_at) {
    const again = { ...timer, due_at: later(at, ask_again_ms) };
    const asking = before.operations.some(operation => operation.kind === 'ask' && is_active(operation));
    return conclude(context, id, before, asking ? before : with_check(context, before, 'ask'), { timers: [again] });
  }
  const timers = [{ ...timer, due_at: expires_at }];
  const gathered = before.operations.find(each => each.kind === 'capture' && each.state === 'waiting');
  if (gathered?.kind === 'capture' && gathers_captures(context, before))
    return conclude(context, id, before, replace_operation(before, { ...gathered, final: true }), { timers });
  if (is_ending(before)) return { facts: [], timers };
  const detail = `${rest_of(before)} ${before.currency} minor units are authorized until ${expires_at} and not captured.`;
  return conclude(context, id, before, before, { raises: [{ reason: 'authorization_expires', detail }], timers });
}

/** Queries went on for a day, or a refund for days: a person asks the gateway and settles it. */
export function pass_overdue(context: Context, id: string, op_id: string, before: Payment): PaymentsDecision {
  const operation = before.operations.find(each => each.op_id === op_id);
  const limit_ms = overdue_ms(operation);
  if (operation === undefined || limit_ms === undefined) return nothing;
  const unknown = operation.state === 'unknown';
  const detail = `${operation.kind} ${op_id} of ${operation.amount} ${before.currency} minor units ${unknown ? 'has an unknown outcome' : 'is pending at the gateway'} since ${operation.requested_at}.`;
  return conclude(context, id, before, before, {
    raises: [{ reason: unknown ? 'outcome_unknown' : 'refund_overdue', detail }],
    timers: [{ kind: 'operation_overdue', id: `${id}/${op_id}`, due_at: later(context.given.at, limit_ms) }],
  });
}
