/** Own operations: what the facts prove of them, and which may start now. Captures and the void of a payment go to the gateway one at a time. */

import {
  type AuthorizeOperation,
  authorize_of,
  type CaptureOperation,
  in_progress,
  is_active,
  is_at_gateway,
  type OwnOperation,
  type Payment,
  rest_of,
  type VoidOperation,
} from '../model.ts';
import { type Context, gathers_captures, is_immediate, is_too_late } from './context.ts';
import { drift_reason } from './exceptions.ts';
import { type Evidence, evidence_of, type Standing, standing_of } from './standing.ts';

/** Ends what the facts prove, lets go what is to be let go, starts what may start. The same payment when nothing changed. */
export function proceed(context: Context, payment: Payment): Payment {
  let current = settle_by_facts(payment);
  current = with_void(context, current);
  for (;;) {
    const next = start_next(context, current);
    if (next === current) return current;
    current = next;
  }
}

export function replace_operation(payment: Payment, operation: OwnOperation): Payment {
  return { ...payment, operations: payment.operations.map(each => (each.op_id === operation.op_id ? operation : each)) };
}

// --- what the facts prove

export function settle_by_facts(payment: Payment): Payment {
  if (payment.facts.length === 0) return payment;
  const standing = standing_of(payment);
  const evidence = evidence_of(payment.facts);
  const captures = proven_captures(payment);
  const operations = payment.operations.map(operation => settled(operation, standing, evidence, captures));
  return operations.some((operation, index) => operation !== payment.operations[index]) ? { ...payment, operations } : payment;
}

function settled(operation: OwnOperation, standing: Standing, evidence: Evidence, captures: ReadonlySet<string>): OwnOperation {
  switch (operation.kind) {
    case 'authorize':
      return settled_authorize(operation, evidence);
    case 'capture':
      if (operation.state === 'succeeded' || !captures.has(operation.op_id)) return operation;
      return { ...operation, state: 'succeeded', refusal: null };
    case 'void':
      if (!is_at_gateway(operation) || evidence.let_go === 0 || rest_of(standing) > 0) return operation;
      return { ...operation, state: 'succeeded' };
    case 'refund': {
      const refund = standing.refunds.find(each => each.refund_id === operation.refund_id);
      if (refund === undefined || refund.fact === undefined) return operation;
      if (refund.state === 'pending') return at_work(operation, 'pending');
      const state = refund.state === 'refunded' ? 'succeeded' : 'failed';
      return operation.state === state ? operation : { ...operation, state, refusal: state === 'failed' ? 'declined' : null };
    }
    case 'abandon':
      if (!is_at_gateway(operation) || in_progress.has(standing.status)) return operation;
      return { ...operation, state: standing.status === 'abandoned' ? 'succeeded' : 'failed' };
    case 'ask':
      return operation;
  }
}

/** A capture is proven by the total it leads to; of several that lead to it, those before the last one were refused. */
function proven_captures({ operations, facts }: Payment): ReadonlySet<string> {
  const totals = new Set<number | null>(facts.filter(fact => fact.fact === 'captured' && fact.drift === null).map(fact => fact.amount));
  const by_total = new Map<number | null, string>();
  for (const operation of operations) if (operation.kind === 'capture') by_total.set(operation.expected, operation.op_id);
  return new Set([...by_total].filter(([total]) => totals.has(total)).map(([, op_id]) => op_id));
}

/** Pending or waiting for the shopper is an answer, too: it is not unknown any more. */
function at_work<T extends Extract<OwnOperation, { readonly progress: unknown }>>(operation: T, progress: T['progress']): T {
  if (!is_at_gateway(operation) || (operation.state === 'open' && operation.progress === progress)) return operation;
  return { ...operation, state: 'open', progress };
}

function settled_authorize(operation: AuthorizeOperation, evidence: Evidence): AuthorizeOperation {
  const money = evidence.authorized > 0 || evidence.captured > 0 || evidence.let_go > 0;
  if (money && operation.held === 0) {
    return operation.state === 'succeeded' ? operation : { ...operation, state: 'succeeded', refusal: null };
  }
  if (!is_at_gateway(operation)) return operation;
  const { declined } = evidence;
  if (declined !== undefined) {
    const { decline_code: code = 'other', retryable = true } = declined;
    return { ...operation, state: 'failed', refusal: 'declined', code, retryable };
  }
  if (evidence.cancelled) return { ...operation, state: 'failed', refusal: 'cancelled' };
  return evidence.progress === null ? operation : at_work(operation, evidence.progress);
}

// --- what may start

/** A release, or a hold on a declined payment, ends in a void of what is left after the captures; a gathered capture lets it go itself. */
function with_void(context: Context, payment: Payment): Payment {
  const held = (authorize_of(payment)?.held ?? 0) > 0;
  if (!payment.release_requested && !held) return payment;
  const standing = standing_of(payment);
  if (in_progress.has(standing.status) || rest_of(standing) === 0) return payment;
  const gathered = payment.operations.find(each => each.kind === 'capture' && each.state === 'waiting');
  if (gathered?.kind === 'capture' && gathers_captures(context, payment)) {
    return gathered.final ? payment : replace_operation(payment, { ...gathered, final: true });
  }
  if (payment.operations.some(operation => operation.kind === 'void')) return payment;
  return { ...payment, operations: [...payment.operations, new_void(context, standing)] };
}

export function new_void(context: Context, standing: Standing): VoidOperation {
  const amount = rest_of(standing);
  return { kind: 'void', op_id: context.next_id('op'), state: 'waiting', amount, requested_at: context.given.at, refusal: null };
}

function start_next(context: Context, payment: Payment): Payment {
  const waiting = payment.operations.filter(operation => operation.state === 'waiting');
  if (waiting.length === 0) return payment;
  if (payment.operations.some(each => (each.kind === 'capture' || each.kind === 'void') && is_at_gateway(each))) return payment;
  const standing = standing_of(payment);
  const capture = waiting.find(operation => operation.kind === 'capture');
  if (capture?.kind === 'capture') return start_capture(context, payment, standing, capture);
  const [only] = waiting;
  return only?.kind === 'void' ? start_void(context, payment, standing, only) : payment;
}

function start_capture(context: Context, payment: Payment, standing: Standing, capture: CaptureOperation): Payment {
  const rest = rest_of(standing);
  if (capture.amount > rest || is_too_late(context, payment))
    return replace_operation(payment, { ...capture, state: 'failed', refusal: 'declined', code: 'other' });
  // Nobody takes money while the gateway contradicts itself or us: a person looks first.
  if (payment.exceptions.some(exception => exception.reason === drift_reason)) return payment;
  const gathers = gathers_captures(context, payment);
  if (gathers && !capture.final && capture.amount < rest) return payment;
  return replace_operation(payment, {
    ...capture,
    state: is_immediate(context, payment) ? 'succeeded' : 'open',
    // Where a gateway takes one capture, that one ends the authorization.
    final: capture.final || gathers,
    expected: standing.captured + capture.amount,
    requested_at: context.given.at,
  });
}

function start_void(context: Context, payment: Payment, standing: Standing, operation: VoidOperation): Payment {
  const amount = rest_of(standing);
  const state = amount === 0 || is_immediate(context, payment) ? 'succeeded' : 'open';
  return replace_operation(payment, { ...operation, state, amount, requested_at: context.given.at });
}

/** Whether a capture or void is still to come: what is left of the authorization is not free. */
export function is_ending(payment: Payment): boolean {
  return payment.operations.some(operation => (operation.kind === 'capture' || operation.kind === 'void') && is_active(operation));
}
