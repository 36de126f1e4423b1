/**
 * Where a payment stands: a pure function of the set of facts the gateway told and of our own operations, whatever their order
 * and however often each was told (domain.md 3.2). Everything else in this folder tells the difference between two standings.
 */
import type { DeclineCode, PaymentState } from '../../../contracts/index.ts';
import { derived_id } from '../../../platform/ids.ts';
import {
  type AuthorizeOperation,
  authorize_of,
  is_about_refund,
  is_active,
  type Payment,
  type Progress,
  type RefundOperation,
  type StoredFact,
} from '../model.ts';
import type { Contradiction } from './asked.ts';

export type Reckoned = Pick<Payment, 'amount' | 'intent' | 'release_requested' | 'operations' | 'facts'>;

export interface RefundStanding {
  readonly refund_id: string;
  readonly amount: number;
  readonly state: 'pending' | 'refunded' | 'failed';
  /** Absent: the gateway began it. */
  readonly operation?: RefundOperation;
  readonly fact?: StoredFact;
}
export interface Standing {
  readonly authorized: number;
  readonly captured: number;
  readonly voided: number;
  readonly refunded: number;
  readonly capture_pending: number;
  readonly void_pending: number;
  readonly refund_pending: number;
  readonly status: PaymentState;
  readonly decline_code: DeclineCode | null;
  readonly refunds: readonly RefundStanding[];
}

/** What the facts say of the payment itself. Amounts are the greatest told: they are cumulative. */
export interface Evidence {
  readonly authorized: number;
  readonly captured: number;
  readonly let_go: number;
  /** It ended before it held money. */
  readonly cancelled: boolean;
  readonly declined: StoredFact | undefined;
  readonly progress: Progress | null;
}

export function evidence_of(facts: readonly StoredFact[]): Evidence {
  let [authorized, captured, let_go, cancelled] = [0, 0, 0, false];
  let declined: StoredFact | undefined;
  let progress: Progress | null = null;
  for (const fact of facts) {
    if (fact.drift !== null || is_about_refund(fact)) continue;
    if (fact.fact === 'authorized') authorized = Math.max(authorized, fact.amount);
    else if (fact.fact === 'captured') captured = Math.max(captured, fact.amount);
    else if (fact.fact === 'voided' || fact.fact === 'lapsed') {
      let_go = Math.max(let_go, fact.amount);
      cancelled ||= fact.amount === 0;
    } else if (fact.fact === 'declined') declined = declined === undefined || fact.object_ref < declined.object_ref ? fact : declined;
    else if (fact.fact === 'pending') progress = 'pending';
    else if (fact.fact === 'action_required') progress ??= 'action_required';
  }
  return { authorized, captured, let_go, cancelled, declined, progress };
}

export function standing_of(payment: Reckoned): Standing {
  const { operations, facts } = payment;
  const authorize = authorize_of(payment);
  const evidence = evidence_of(facts);
  const captured = captured_of(payment, authorize, evidence);
  const authorized = Math.max(authorized_of(payment, authorize, evidence, captured), captured);
  const voided = Math.min(authorized - captured, let_go_of(payment, evidence, authorized, captured));
  const rest = authorized - captured - voided;
  const refunds = refunds_of(payment);
  // One told before its capture waits for it.
  const refunded = Math.min(captured, given_back_of(refunds));
  let [capturing, refunding, voiding] = [0, 0, false];
  for (const operation of operations) {
    if (!is_active(operation)) continue;
    if (operation.kind === 'capture') capturing += operation.amount;
    else if (operation.kind === 'void') voiding = true;
  }
  for (const refund of refunds) if (refund.state === 'pending' && refund.operation !== undefined) refunding += refund.amount;
  const capture_pending = Math.min(rest, capturing);
  const sums = { authorized, captured, voided, refunded };
  return {
    ...sums,
    capture_pending,
    void_pending: voiding ? rest - capture_pending : 0,
    refund_pending: Math.min(captured - refunded, refunding),
    refunds,
    ...status_of(payment, authorize, evidence, sums),
  };
}

function captured_of(payment: Reckoned, authorize: AuthorizeOperation | undefined, evidence: Evidence): number {
  let captured = evidence.captured;
  if (payment.intent === 'charge' && authorize?.state === 'succeeded') captured = Math.max(captured, payment.amount);
  for (const operation of payment.operations) {
    if (operation.kind === 'capture' && operation.state === 'succeeded') captured = Math.max(captured, operation.expected ?? 0);
  }
  return captured;
}

/** Money that was taken or let go proves that it had been held. */
function authorized_of(payment: Reckoned, authorize: AuthorizeOperation | undefined, evidence: Evidence, captured: number): number {
  const held = authorize?.held ?? 0;
  if (payment.intent === 'charge') return Math.max(captured, held);
  const implied = captured > 0 || evidence.let_go > 0 || authorize?.state === 'succeeded';
  return Math.max(evidence.authorized, held, implied && held === 0 ? payment.amount : 0);
}

function let_go_of(payment: Reckoned, evidence: Evidence, authorized: number, captured: number): number {
  const all_of_it = payment.operations.some(
    operation =>
      operation.state === 'succeeded' &&
      (operation.kind === 'void' || (operation.kind === 'capture' && operation.final && captured === operation.expected)),
  );
  return all_of_it ? authorized - captured : evidence.let_go;
}

/** Ours first, then the gateway's own; each at most once, and failed for good once the gateway said so. */
function refunds_of(payment: Reckoned): RefundStanding[] {
  const own = payment.operations.filter(operation => operation.kind === 'refund');
  if (own.length === 0 && !payment.facts.some(is_about_refund)) return [];
  const told = payment.facts.filter(fact => fact.drift === null && is_about_refund(fact));
  const theirs = Map.groupBy(
    told.filter(fact => fact.refund_id === undefined),
    fact => derived_id('rfd', `${fact.gateway}/${fact.object_ref}`, 0),
  );
  const refunds: RefundStanding[] = own.map(operation => ({
    refund_id: operation.refund_id,
    amount: operation.amount,
    operation,
    ...refund_state(
      told.filter(fact => fact.refund_id === operation.refund_id),
      operation,
    ),
  }));
  for (const [refund_id, facts] of [...theirs].sort(([a], [b]) => (a < b ? -1 : 1)))
    refunds.push({ refund_id, amount: facts[0]?.amount ?? 0, ...refund_state(facts, undefined) });
  return refunds;
}

export function given_back_of(refunds: readonly RefundStanding[]): number {
  return refunds.reduce((sum, refund) => sum + (refund.state === 'refunded' ? refund.amount : 0), 0);
}

function refund_state(facts: readonly StoredFact[], operation: RefundOperation | undefined): Pick<RefundStanding, 'state' | 'fact'> {
  const failed = facts.find(fact => fact.fact === 'refund_failed');
  if (failed !== undefined) return { state: 'failed', fact: failed };
  const refunded = facts.find(fact => fact.fact === 'refunded');
  if (refunded !== undefined) return { state: 'refunded', fact: refunded };
  if (operation?.state === 'succeeded') return { state: 'refunded' };
  return operation?.state === 'failed' ? { state: 'failed' } : { state: 'pending', ...(facts[0] && { fact: facts[0] }) };
}

type Sums = Pick<Standing, 'authorized' | 'captured' | 'voided' | 'refunded'>;

/** The first that is true. Money says more than words; an answer more than a question. */
function status_of(
  payment: Reckoned,
  authorize: AuthorizeOperation | undefined,
  evidence: Evidence,
  sums: Sums,
): Pick<Standing, 'status' | 'decline_code'> {
  const held = (authorize?.held ?? 0) > 0;
  const by_money = held && sums.captured === 0 ? undefined : money_status(sums, was_let_go_by_us(payment));
  if (by_money !== undefined) return { status: by_money, decline_code: null };
  const refused = authorize?.refusal === 'declined';
  if (refused || evidence.declined !== undefined)
    return { status: 'declined', decline_code: (refused ? authorize.code : evidence.declined?.decline_code) ?? 'other' };
  if (authorize?.refusal === 'permanent_error') return { status: 'failed', decline_code: authorize.code ?? 'processing_error' };
  const abandoned = payment.operations.some(operation => operation.kind === 'abandon' && operation.state === 'succeeded');
  if (abandoned || evidence.cancelled || authorize?.refusal === 'cancelled') return { status: 'abandoned', decline_code: null };
  const progress = authorize?.progress === 'pending' ? 'pending' : (evidence.progress ?? authorize?.progress);
  return { status: progress ?? (authorize?.state === 'unknown' ? 'unknown' : 'processing'), decline_code: null };
}

/** `undefined`: there was never any. */
export function money_status({ authorized, captured, voided, refunded }: Sums, let_go_by_us: boolean): PaymentState | undefined {
  if (captured > 0) {
    if (refunded > 0) return refunded >= captured ? 'refunded' : 'partially_refunded';
    return authorized - captured - voided > 0 ? 'partially_captured' : 'captured';
  }
  if (authorized === 0) return undefined;
  if (voided < authorized) return 'authorized';
  return let_go_by_us ? 'voided' : 'lapsed';
}

/** What was let go without our asking has lapsed, whatever the gateway calls it: orders looks for other money. */
export function was_let_go_by_us(payment: Pick<Payment, 'release_requested' | 'operations'>): boolean {
  return (
    payment.release_requested ||
    payment.operations.some(operation => operation.kind === 'void' || (operation.kind === 'authorize' && operation.held > 0))
  );
}

/** More taken and let go than ever was held, or more given back than was taken: each fact could be, together they cannot. */
export function contradicts_itself(payment: Reckoned): Contradiction | undefined {
  const { captured, let_go } = evidence_of(payment.facts);
  const standing = standing_of(payment);
  if (captured + let_go > standing.authorized)
    return { measure: 'captured_and_voided', ours: String(standing.authorized), theirs: `${captured} and ${let_go}` };
  const given_back = given_back_of(standing.refunds);
  if (standing.captured === 0 || given_back <= standing.captured) return undefined;
  return { measure: 'refunded', ours: String(standing.captured), theirs: String(given_back) };
}
