/** What a readable reply means for the operation that was asked: by content where it accepts, by reason where it refuses, else unknown. */
import type { Operation, Outcome, Row } from '../../../platform/service.ts';
import { from_decimal_text } from './currencies.ts';
import {
  type CybersourceReply,
  is_conflict,
  is_held,
  is_our_fault,
  is_repeat,
  needs_payer,
  our_fault,
  refusal_of,
  type ServiceReply,
} from './cybersource_reply.ts';
import type { AuthorizeRequest, CaptureRequest, GatewayFact, LearnedValue, RefundRequest, Step, VoidRequest } from './port.ts';

export const name = 'cybersource';

type Judged = Outcome;
const unknown = (detail: string): Outcome => ({ outcome: 'unknown', detail });
const of_reason = ({ decision, reason_code }: CybersourceReply): string => `${decision} ${reason_code}`.slice(0, 80);

/** `reference`: under which it was asked. Undefined: the reply may be believed. */
export function not_ours(reply: CybersourceReply, reference: string): Outcome | undefined {
  if (reply.reference !== undefined && reply.reference !== reference) return unknown('the reply names another message');
  if (reply.decision === 'ERROR') return unknown(of_reason(reply));
  return undefined;
}

// --- authorize

/** `gateway_ref`: what the payment is called since its enrollment; else it is this reply's. */
export function authorize_outcome(operation: Operation, request: AuthorizeRequest, reply: CybersourceReply, url: string): Judged {
  const gateway_ref = known_ref(operation) ?? reply.request_id;
  const told = teller(operation, request, reply, gateway_ref);
  const { decision, auth, capture } = reply;
  if (needs_payer(reply)) return asks_payer(told, reply, url);
  if (decision === 'REVIEW') return { outcome: 'pending', value: told.value([told.fact('pending', request.amount)], step_of(reply)) };
  if (decision === 'ACCEPT' && reply.reason_code !== '110') {
    const held = amount_of(auth, reply, request);
    if (held === undefined || auth?.reason_code === '110') return unknown(`${of_reason(reply)} without an authorization that can be read`);
    if (request.intent === 'authorize') return { outcome: 'ok', value: told.value([told.fact('authorized', held)], step_of(reply)) };
    const taken = amount_of(capture, reply, request);
    if (taken === undefined) return unknown(`${of_reason(reply)} without a capture that can be read`);
    return { outcome: 'ok', value: told.value([told.fact('captured', taken)], step_of(reply)) };
  }
  if (decision !== 'REJECT' && decision !== 'ACCEPT') return unknown(of_reason(reply));
  if (is_our_fault(reply)) return our_fault(reply);
  if (is_repeat(reply)) return unknown(of_reason(reply));
  return refused(told, request, reply);
}

/** Refused, and where the issuer had approved, held all the same: the fact says so, and the payment voids it. */
function refused(told: Teller, request: AuthorizeRequest, reply: CybersourceReply): Judged {
  const { code, retryable } = refusal_of(reply);
  if (!is_held(reply))
    return {
      outcome: 'declined',
      code,
      retryable,
      value: told.value([told.fact('declined', request.amount, { decline_code: code, retryable })]),
    };
  const held = amount_of(reply.auth, reply, request) ?? request.amount;
  return { outcome: 'declined', code, retryable, value: told.value([told.fact('authorized', held)], step_of(reply)) };
}

function asks_payer(told: Teller, reply: CybersourceReply, url: string): Judged {
  const { transaction_id, action, access_token, pa_req } = reply.enrollment ?? {};
  if (transaction_id === undefined || action === undefined || !/^https?:/.test(action) || !URL.canParse(action))
    return unknown(`${of_reason(reply)} without the bank's address`);
  const authentication = { transaction_id, action, ...(access_token && { access_token }), ...(pa_req && { pa_req }) };
  const value = { ...told.value([told.fact('action_required', told.amount, { url })]), authentication };
  return { outcome: 'action_required', url, value };
}

/** What the payment has been called since it first had a name. */
export function known_ref({ learned }: Operation): string | undefined {
  const ref = learned['gateway_ref'];
  return typeof ref === 'string' ? ref : undefined;
}

// --- the steps that follow

/** `repeated`: the same was asked before and nobody answered, so that "it was done" is the answer to that. */
export function capture_outcome(operation: Operation, request: CaptureRequest, reply: CybersourceReply, repeated: boolean): Judged {
  const told = teller(operation, request, reply, request.gateway_ref);
  const happened = (step?: Step): Judged => ({ outcome: 'ok', value: told.value([told.fact('captured', request.amount)], step) });
  if (reply.decision === 'ACCEPT') {
    const taken = amount_of(reply.capture, reply, request);
    if (taken === undefined) return unknown(`${of_reason(reply)} without a capture that can be read`);
    return { outcome: 'ok', value: told.value([told.fact('captured', taken)], step_of(reply)) };
  }
  if (reply.decision !== 'REJECT') return unknown(of_reason(reply));
  if (is_our_fault(reply)) return our_fault(reply);
  // Without the requestID that the lost reply had: a refund of it is for a person.
  if (repeated && (is_repeat(reply) || captured_before.has(reply.reason_code))) return happened();
  return is_repeat(reply) ? unknown(of_reason(reply)) : follow_up_refused(told, reply);
}
const captured_before: ReadonlySet<string> = new Set(['238', '239', '242']);

export function void_outcome(operation: Operation, request: VoidRequest, reply: CybersourceReply): Judged {
  const told = teller(operation, request, reply, request.gateway_ref);
  // A payment given up had held nothing that we counted.
  const let_go = 'authorize_op_id' in operation.request ? 0 : request.amount;
  const done = (): Judged => ({ outcome: 'ok', value: told.value([told.fact('voided', let_go)]) });
  if (reply.decision === 'ACCEPT') return reply.reversal === undefined ? unknown(`${of_reason(reply)} without a reversal`) : done();
  if (reply.decision !== 'REJECT') return unknown(of_reason(reply));
  if (reply.reason_code === '237') return done();
  if (is_our_fault(reply)) return our_fault(reply);
  return is_repeat(reply) ? unknown(of_reason(reply)) : follow_up_refused(told, reply);
}

export function refund_outcome(operation: Operation, request: RefundRequest, reply: CybersourceReply): Judged {
  const told = teller(operation, request, reply, request.gateway_ref);
  if (reply.decision === 'ACCEPT') {
    const given = amount_of(reply.credit, reply, request);
    if (given === undefined) return unknown(`${of_reason(reply)} without a credit that can be read`);
    const fact = { ...told.fact('refunded', given), object_ref: reply.request_id, refund_id: request.refund_id };
    return { outcome: 'ok', value: { ...told.value([fact], step_of(reply)), object_ref: reply.request_id } };
  }
  if (reply.decision !== 'REJECT') return unknown(of_reason(reply));
  if (is_our_fault(reply)) return our_fault(reply);
  return is_repeat(reply) ? unknown(of_reason(reply)) : follow_up_refused(told, reply);
}

/** Too late, too much, or not possible any more: the facts that are known say what is. */
function follow_up_refused(told: Teller, reply: CybersourceReply): Judged {
  const { code, retryable } = refusal_of(reply);
  const value = told.value([]);
  return { outcome: 'declined', code, retryable, value: is_conflict(reply) ? { ...value, conflict: true } : value };
}

// --- time-out reversals

/** Of a lost message: gone for certain, or not known. */
export function is_undone(reply: CybersourceReply, what: 'reversal' | 'void'): boolean {
  if (reply.decision === 'ACCEPT') return reply[what] !== undefined;
  return reply.decision === 'REJECT' && undone.has(reply.reason_code);
}
/** Reversed before; nothing under that name; nothing to void, or voided before. */
const undone: ReadonlySet<string> = new Set(['237', '241', '246', '247']);

// --- facts

interface Teller {
  readonly amount: number;
  fact(fact: GatewayFact['fact'], amount: number, more?: Partial<GatewayFact>): GatewayFact;
  value(facts: readonly GatewayFact[], step?: Step): LearnedValue & Row;
}

interface Named {
  readonly payment_id: string;
  readonly order_id: string;
  readonly amount: number;
  readonly currency: string;
}

function teller(operation: Operation, request: Named, reply: CybersourceReply, gateway_ref: string): Teller {
  const { payment_id, order_id, amount } = request;
  const raw = { request_id: reply.request_id, decision: reply.decision, reason_code: reply.reason_code };
  // What created the object, never what follows it.
  const made_it = operation.kind === 'authorize' || operation.kind === 'refund';
  return {
    amount,
    fact: (fact, sum, more = {}) => ({
      gateway: name,
      object_ref: gateway_ref,
      fact,
      amount: sum,
      currency: reply.currency ?? request.currency,
      gateway_ref,
      payment_id,
      order_id,
      ...(made_it && { operation_id: operation.op_id }),
      raw,
      ...more,
    }),
    value: (facts, step) => ({ gateway_ref, facts, ...(step && { step }) }),
  };
}

function step_of({ request_id, request_token }: CybersourceReply): Step {
  return { ref: request_id, ...(request_token !== undefined && { token: request_token }) };
}

/** In our minor units; undefined when the service is not in the reply, or its amount cannot be read. A reply may leave out what was asked. */
function amount_of(found: ServiceReply | undefined, reply: CybersourceReply, request: Named): number | undefined {
  if (found === undefined) return undefined;
  return found.amount === undefined ? request.amount : from_decimal_text(found.amount, reply.currency ?? request.currency);
}
