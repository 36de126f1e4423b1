/** Facts come in, by reply, webhook or poll alike: judged, kept once, and what they mean for our operations. */
import type { NewRecord, Outcome } from '../../../platform/service.ts';
import { type DeclineCode, decline_codes, type GatewayFact, type LearnedValue, type Step } from '../gateways/port.ts';
import { type AuthorizeOperation, fact_key, has_ended, is_at_gateway, type OwnOperation, type Payment, type StoredFact } from '../model.ts';
import { type Asked, asked_of, type Contradiction, contradiction } from './asked.ts';
import { replace_operation } from './proceed.ts';
import { contradicts_itself, evidence_of } from './standing.ts';
import type { Dispute, ShopperAction } from './tell.ts';

export interface Learned {
  readonly payment: Payment;
  readonly drifts: readonly Contradiction[];
  readonly disputes: readonly Dispute[];
  /** Some of what was said contradicts us, told before or not. */
  readonly drifted: boolean;
  /** The new facts with all that the gateway said, for the table beside the payment. */
  readonly records: readonly NewRecord[];
  readonly action?: ShopperAction;
}

/** What an adapter said beside its outcome. */
export function value_of(outcome: Outcome): Partial<LearnedValue> {
  // The boundary to our own adapters: every `value` of an outcome has this form (gateways/port.ts).
  return 'value' in outcome && outcome.value !== undefined ? (outcome.value as Partial<LearnedValue>) : {};
}

export function learn_facts(id: string, before: Payment, facts: readonly GatewayFact[], at: string): Learned {
  const drifts: Contradiction[] = [];
  const disputes: Dispute[] = [];
  const records: NewRecord[] = [];
  const known = new Set(before.facts.map(fact => fact_key(fact, fact.drift)));
  let payment = before;
  let action: ShopperAction | undefined;
  let drifted = false;
  for (const fact of facts) {
    const asked = asked_of(id, payment);
    const drift = contradiction(asked, fact);
    drifted ||= drift !== undefined;
    if (drift === undefined) payment = with_details(payment, fact);
    const key = fact_key(fact, drift?.measure ?? null);
    if (known.has(key)) continue;
    known.add(key);
    const kept = stored(asked, fact, at, drift?.measure ?? null);
    payment = { ...payment, facts: [...payment.facts, kept] };
    records.push({ table: 'gateway_fact', row: { ...kept, payment_id: id, drift: kept.drift ?? '', raw: fact.raw } });
    if (drift !== undefined) {
      drifts.push(drift);
      continue;
    }
    if (fact.gateway_ref !== '' && payment.gateway_ref === null) payment = { ...payment, gateway_ref: fact.gateway_ref };
    if (fact.fact === 'disputed') disputes.push(dispute_of(fact));
    if (fact.fact === 'action_required' && fact.url !== undefined) action = { url: fact.url, expires_at: undefined };
  }
  const contradicted = contradicts_itself(before) ? undefined : contradicts_itself(payment);
  if (contradicted !== undefined) drifts.push(contradicted);
  return { payment, drifts, disputes, drifted, records, ...(action && { action }) };
}

/** A refund that we did not ask for stays the gateway's own, whatever name of ours it bears. */
function stored(asked: Asked, fact: GatewayFact, received_at: string, drift: string | null): StoredFact {
  const { url: _url, multi_capture: _multi_capture, payment_id: _payment_id, order_id: _order_id, raw, refund_id, ...told } = fact;
  const reason = raw['failure_reason'] ?? raw['reason'];
  const ours = asked.refunds.some(refund => refund.refund_id === refund_id);
  return {
    ...told,
    ...(ours && { refund_id }),
    ...(typeof reason === 'string' && { reason: reason.slice(0, 200) }),
    received_at,
    drift,
  };
}

/** What a second telling of a known fact may add: of several ends of an authorization the earliest counts, of several answers the no. */
function with_details(payment: Payment, fact: GatewayFact): Payment {
  if (fact.fact !== 'authorized') return payment;
  const { authorization_expires_at: ends_at, multi_capture } = fact;
  const earlier = ends_at !== undefined && (payment.authorization_expires_at === null || ends_at < payment.authorization_expires_at);
  const said = multi_capture !== undefined && payment.multi_capture !== false && payment.multi_capture !== multi_capture;
  if (!earlier && !said) return payment;
  return { ...payment, ...(earlier && { authorization_expires_at: ends_at }), ...(said && { multi_capture }) };
}

function dispute_of(fact: GatewayFact): Dispute {
  const [dispute_ref = '', status = ''] = fact.object_ref.split('/');
  const reason = fact.raw['reason'];
  return { dispute_ref, amount: fact.amount, reason: typeof reason === 'string' ? reason : 'unknown', status: status.slice(0, 64) };
}

// --- what an answer means for the operation that was asked

/** The operation after a reply or poll. Facts say more than words: what they prove is not undone here. */
export function answered(payment: Payment, operation: OwnOperation, outcome: Outcome, drifted: boolean): Payment {
  if (operation.kind === 'authorize') return answered_authorize(payment, operation, outcome, drifted);
  if (has_ended(operation)) return payment;
  switch (outcome.outcome) {
    case 'ok':
      // It speaks of something else than we asked for: nothing of it is believed.
      return drifted ? payment : replace_operation(payment, { ...operation, state: 'succeeded' });
    case 'declined':
      return replace_operation(payment, declined(operation, outcome.code));
    case 'permanent_error':
      return replace_operation(payment, { ...refused(operation, outcome.code), refusal: 'permanent_error' });
    case 'action_required':
    case 'pending':
      if (operation.kind !== 'refund' || (operation.state === 'open' && operation.progress === 'pending')) return payment;
      return replace_operation(payment, { ...operation, state: 'open', progress: 'pending' });
    case 'unknown':
      if (operation.state !== 'open' || ('progress' in operation && operation.progress !== null)) return payment;
      return replace_operation(payment, { ...operation, state: 'unknown' });
    case 'retryable':
      return payment;
  }
}

/** A cancellation that the gateway refuses does not keep the payment: it may still succeed one day, and is late then. */
function declined(operation: OwnOperation, code: string): OwnOperation {
  if (operation.kind === 'abandon') return { ...operation, state: 'succeeded' };
  return { ...refused(operation, code), refusal: 'declined' };
}
function refused(operation: OwnOperation, code: string): OwnOperation {
  if (operation.kind === 'capture') return { ...operation, state: 'failed', code: decline_code_of(code) };
  if (operation.kind === 'refund') return { ...operation, state: 'failed', code };
  return { ...operation, state: 'failed' };
}

function answered_authorize(payment: Payment, operation: AuthorizeOperation, outcome: Outcome, drifted: boolean): Payment {
  if (has_ended(operation)) return payment;
  switch (outcome.outcome) {
    case 'ok':
      return drifted ? payment : replace_operation(payment, { ...operation, state: 'succeeded' });
    case 'declined': {
      const cancelled = evidence_of(payment.facts).cancelled;
      if (cancelled && operation.held === 0) return replace_operation(payment, { ...operation, state: 'failed', refusal: 'cancelled' });
      const { retryable } = outcome;
      return replace_operation(payment, {
        ...operation,
        state: 'failed',
        refusal: 'declined',
        code: decline_code_of(outcome.code),
        retryable,
      });
    }
    case 'permanent_error':
      return replace_operation(payment, { ...operation, state: 'failed', refusal: 'permanent_error', code: 'processing_error' });
    case 'action_required':
    case 'pending': {
      const progress = operation.progress === 'pending' ? 'pending' : outcome.outcome;
      return replace_operation(payment, { ...operation, state: 'open', progress });
    }
    case 'unknown':
      if (operation.state !== 'open' || operation.progress !== null) return payment;
      return replace_operation(payment, { ...operation, state: 'unknown' });
    case 'retryable':
      return payment;
  }
}

/** Declined, and yet the gateway keeps money of this payment: the authorization then has so much `held`. */
export function with_held(id: string, payment: Payment, operation: OwnOperation, outcome: Outcome): Payment {
  if (operation.kind !== 'authorize' || outcome.outcome !== 'declined' || !is_at_gateway(operation)) return payment;
  const asked = asked_of(id, payment);
  const kept = (value_of(outcome).facts ?? []).filter(
    fact =>
      fact.fact === 'authorized' && fact.amount <= payment.amount && contradiction({ ...asked, held: fact.amount }, fact) === undefined,
  );
  const held = Math.max(0, ...kept.map(fact => fact.amount));
  return held === 0 ? payment : replace_operation(payment, { ...operation, held });
}

export function with_step(payment: Payment, op_id: string, step: Step | undefined): Payment {
  const operation = payment.operations.find(each => each.op_id === op_id);
  if (step === undefined || operation === undefined || operation.step?.ref === step.ref) return payment;
  return replace_operation(payment, { ...operation, step });
}

function decline_code_of(code: string): DeclineCode {
  return decline_codes.find(each => each === code) ?? 'other';
}
