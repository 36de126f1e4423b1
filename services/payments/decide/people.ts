/** What operators decide: an exception is dealt with, an unknown operation is settled with evidence. */
import type { View } from '../../../platform/service.ts';
import type { ResolveException, SettleOperation } from '../commands.ts';
import { has_ended, is_at_gateway, type OwnOperation, type Payment, type PaymentsStates, rest_of } from '../model.ts';
import type { PaymentsRejection } from '../rejections.ts';
import { conclude, type PaymentsDecision } from './conclude.ts';
import type { Context } from './context.ts';
import { drift_reason, resolve_fact } from './exceptions.ts';
import { webhook_exception } from './gateway.ts';
import { new_void, replace_operation } from './proceed.ts';
import { standing_of } from './standing.ts';

/** Webhooks have `provider/event_ref` for an id, payments never a slash. */
export const is_webhook_id = (subject: string): boolean => subject.includes('/');

export function resolve_exception(
  context: Context,
  view: View<PaymentsStates>,
  command: ResolveException,
): PaymentsDecision | PaymentsRejection {
  const { subject, exception_id, note } = command;
  if (is_webhook_id(subject)) {
    const { exception } = view('webhook', subject);
    if (exception?.exception_id !== exception_id) return { rejection: 'not_found', detail: 'This exception is not open.' };
    return {
      facts: [webhook_exception(subject, 'exception.resolved', { ...exception, note })],
      notes: [{ kind: 'webhook', id: subject, change: told => ({ ...told, state: 'given_up' }) }],
    };
  }
  const before = view('payment', subject);
  const exception = before.exceptions.find(each => each.exception_id === exception_id);
  if (exception === undefined) return { rejection: 'not_found', detail: 'This exception is not open.' };
  const facts = [resolve_fact(subject, before, exception, note)];
  const without = { ...before, exceptions: before.exceptions.filter(each => each !== exception) };
  if (exception.reason === 'void_failed') return conclude(context, subject, before, with_new_void(context, without), { facts });
  // Captures waited for this.
  if (exception.reason === drift_reason) return conclude(context, subject, before, without, { facts });
  return { facts };
}

function with_new_void(context: Context, payment: Payment): Payment {
  const standing = standing_of(payment);
  if (rest_of(standing) === 0) return payment;
  const operations = payment.operations.filter(operation => operation.kind !== 'void');
  return { ...payment, operations: [...operations, new_void(context, standing)] };
}

/** The same path as the gateway's answer. */
export function settle_operation(context: Context, before: Payment, command: SettleOperation): PaymentsDecision | PaymentsRejection {
  const operation = before.operations.find(each => each.op_id === command.op_id);
  if (operation === undefined) return { rejection: 'not_found', detail: 'This payment has no such operation.' };
  if (has_ended(operation) || !is_at_gateway(operation))
    return { rejection: 'invalid_transition', detail: `The operation has ${operation.state}.` };
  const evidence = command.evidence.trim();
  const needs_reference = operation.kind === 'authorize' && command.outcome === 'succeeded' && before.gateway_ref === null;
  if (needs_reference && !/^[\w.:-]{1,200}$/.test(evidence))
    return {
      rejection: 'gateway_reference_needed',
      detail: 'Give the payment’s reference at the gateway as the evidence: captures and refunds need it.',
    };
  const gateway_ref = needs_reference ? evidence : before.gateway_ref;
  const payment = replace_operation({ ...before, gateway_ref }, ended(operation, command.outcome, evidence));
  return conclude(context, command.subject, before, payment);
}

function ended(operation: OwnOperation, state: 'succeeded' | 'failed', evidence: string): OwnOperation {
  if (state === 'succeeded') return { ...operation, state, evidence };
  if (operation.kind === 'authorize') return { ...operation, state, evidence, refusal: 'permanent_error', code: 'processing_error' };
  if (operation.kind === 'capture' || operation.kind === 'refund')
    return { ...operation, state, evidence, refusal: 'declined', code: 'other' };
  return { ...operation, state, evidence, refusal: 'declined' };
}
