/** What orders asks for: start, capture, release, refund. Each answer is an event; what was asked before changes nothing. */
import type { PaymentCaptureRequested, PaymentRefundRequested, PaymentRequested } from '../../../contracts/index.ts';
import {
  type AuthorizeOperation,
  authorize_of,
  type CaptureOperation,
  type CapturePart,
  in_progress,
  no_payment,
  type Payment,
  type RefundOperation,
  rest_of,
} from '../model.ts';
import { conclude, nothing, type PaymentsDecision } from './conclude.ts';
import { type Context, gathers_captures, is_immediate, is_too_late } from './context.ts';
import { replace_operation } from './proceed.ts';
import { start_request } from './requests.ts';

export function start_payment(context: Context, before: Payment, asked: PaymentRequested['data']): PaymentsDecision {
  if (before.status !== 'new') return nothing;
  const gateway = context.settings.gateways[asked.gateway];
  const start = start_request(asked, gateway);
  const impossible = gateway === undefined ? 'processing_error' : !gateway.immediate && start === undefined ? 'card_invalid' : undefined;
  const authorize: AuthorizeOperation = {
    kind: 'authorize',
    op_id: context.next_id('op'),
    state: impossible !== undefined ? 'failed' : gateway?.immediate === true ? 'succeeded' : 'open',
    amount: asked.amount,
    requested_at: context.given.at,
    refusal: impossible === undefined ? null : 'permanent_error',
    progress: null,
    reserve_until: asked.reserve_until,
    code: impossible ?? null,
    retryable: impossible !== 'card_invalid',
    held: 0,
  };
  const { order_id, tender_no, attempt_no, method_kind, intent, currency, amount, deadline } = asked;
  const asked_fields = { order_id, tender_no, attempt_no, gateway: asked.gateway, method_kind, intent, currency, amount, deadline };
  const payment = { ...no_payment, ...asked_fields, operations: [authorize] };
  return conclude(context, asked.payment_id, before, payment, start === undefined ? {} : { start });
}

export function capture_payment(context: Context, before: Payment, asked: PaymentCaptureRequested['data']): PaymentsDecision {
  if (before.status === 'new' || knows_capture(before, asked.capture_no)) return nothing;
  const { capture_no, amount, final, shipment_id = null } = asked;
  const part: CapturePart = { capture_no, amount, final, shipment_id };
  const free = rest_of(before) - before.capture_pending - before.void_pending;
  const held = (authorize_of(before)?.held ?? 0) > 0;
  if (amount < 1 || amount > free || held || is_too_late(context, before)) {
    const refused = { ...new_capture(context, part), state: 'failed', refusal: 'declined', code: 'other' } as const;
    return conclude(context, asked.payment_id, before, with_operation(before, refused));
  }
  const gathered = before.operations.find(each => each.kind === 'capture' && each.state === 'waiting');
  if (gathered?.kind !== 'capture' || !gathers_captures(context, before))
    return conclude(context, asked.payment_id, before, with_operation(before, new_capture(context, part)));
  const parts = [...gathered.parts, part];
  const joined = { ...gathered, parts, amount: gathered.amount + amount, final: gathered.final || final };
  return conclude(context, asked.payment_id, before, replace_operation(before, joined));
}

function knows_capture(payment: Payment, capture_no: number): boolean {
  return payment.operations.some(each => each.kind === 'capture' && each.parts.some(part => part.capture_no === capture_no));
}
function with_operation(payment: Payment, operation: CaptureOperation | RefundOperation): Payment {
  return { ...payment, operations: [...payment.operations, operation] };
}
function new_capture(context: Context, part: CapturePart): CaptureOperation {
  return {
    kind: 'capture',
    op_id: context.next_id('op'),
    state: 'waiting',
    amount: part.amount,
    requested_at: context.given.at,
    refusal: null,
    expected: null,
    final: part.final,
    parts: [part],
    code: null,
  };
}

/** What is still being authorized is let go once it is; what is not held needs nothing. */
export function release_payment(context: Context, id: string, before: Payment): PaymentsDecision {
  if (before.status === 'new' || before.release_requested) return nothing;
  if (!in_progress.has(before.status) && rest_of(before) === 0) return nothing;
  return conclude(context, id, before, { ...before, release_requested: true });
}

export function refund_payment(context: Context, before: Payment, asked: PaymentRefundRequested['data']): PaymentsDecision {
  const { refund_id, amount, tax, reason, lines } = asked;
  const known = before.operations.some(operation => operation.kind === 'refund' && operation.refund_id === refund_id);
  if (before.status === 'new' || known) return nothing;
  const possible = amount >= 1 && amount <= before.captured - before.refunded - before.refund_pending;
  const refund: RefundOperation = {
    kind: 'refund',
    op_id: context.next_id('op'),
    state: !possible ? 'failed' : is_immediate(context, before) ? 'succeeded' : 'open',
    amount,
    requested_at: context.given.at,
    refusal: possible ? null : 'declined',
    refund_id,
    tax,
    reason,
    lines,
    progress: null,
    code: possible ? null : 'refund_exceeds_capture',
  };
  return conclude(context, asked.payment_id, before, with_operation(before, refund));
}
