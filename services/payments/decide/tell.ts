/** The difference between what the payment's events told so far and where it stands now, as events, in the order it must have happened. */
import type { PaymentOperationKind, PaymentOutcome, PaymentState, PaymentSums, PaymentsEvent } from '../../../contracts/index.ts';
import { type Fact, later } from '../../../platform/service.ts';
import {
  type AuthorizeOperation,
  authorize_of,
  type CaptureOperation,
  has_ended,
  type OwnOperation,
  type Payment,
  type PaymentsStates,
  reserve_margin_ms,
  rest_of,
  terminal,
  unknown_ms,
} from '../model.ts';
import type { Contradiction } from './asked.ts';
import { given_back_of, money_status, type RefundStanding, type Standing, was_let_go_by_us } from './standing.ts';

export type PaymentsFact = Fact<PaymentsStates, PaymentsEvent>;

/** What the shopper has to do, when the gateway just said so. */
export interface ShopperAction {
  readonly url: string;
  readonly expires_at: string | undefined;
}
export interface Dispute {
  readonly dispute_ref: string;
  readonly amount: number;
  readonly reason: string;
  readonly status: string;
}
export interface Story {
  readonly id: string;
  readonly at: string;
  readonly before: Payment;
  /** Its deadline is already the one of its new state. */
  readonly after: Payment;
  readonly standing: Standing;
  readonly standing_before: Standing;
  readonly action?: ShopperAction;
  readonly drifts: readonly Contradiction[];
  readonly disputes: readonly Dispute[];
}

interface Teller extends Story {
  readonly facts: PaymentsFact[];
  sums: PaymentSums;
  state: PaymentState;
  /** Refunds told by now, also those whose capture is still to be told. */
  given_back: number;
}

export function tell(story: Story): PaymentsFact[] {
  const { before, after, standing } = story;
  const { amount } = after;
  const { authorized, captured, voided, refunded } = before;
  const state = before.status === 'new' ? 'processing' : before.status;
  const given_back = given_back_of(story.standing_before.refunds);
  const teller: Teller = { ...story, facts: [], sums: { amount, authorized, captured, voided, refunded }, state, given_back };
  if (before.status === 'new' && standing.status === 'processing') tell_started(teller);
  tell_resolved(teller);
  if (standing.status !== before.status) tell_without_money(teller);
  tell_authorized(teller);
  tell_captured(teller);
  for (const refund of standing.refunds) tell_refund(teller, refund);
  tell_let_go(teller);
  tell_failed_captures(teller);
  tell_unknown(teller);
  for (const drift of story.drifts) push(teller, { type: 'payment.drift_detected', data: { ...common(teller), ...drift } });
  for (const dispute of story.disputes) push(teller, { type: 'payment.disputed', data: { ...common(teller), ...dispute } });
  return teller.facts;
}

function push(teller: Teller, event: PaymentsEvent): void {
  teller.facts.push({ event, key: teller.after.order_id, subject: { kind: 'payment', id: teller.id } });
}

/** What all payment events carry. Only the first tells what does not change. */
function common(teller: Teller) {
  const { after, before, facts } = teller;
  const first = before.status === 'new' && facts.length === 0;
  return {
    order_id: after.order_id,
    payment_id: teller.id,
    gateway: after.gateway,
    method_kind: after.method_kind,
    currency: after.currency,
    state: teller.state,
    sums: teller.sums,
    ...(first ? { tender_no: after.tender_no, intent: after.intent, attempt_no: after.attempt_no } : {}),
    ...(after.gateway_ref === null ? {} : { gateway_ref: after.gateway_ref }),
  };
}

/** Kind and time of an operation that ended, for analytics. */
function ended(teller: Teller, operation: OwnOperation | undefined): { kind?: PaymentOperationKind; elapsed_ms?: number } {
  if (operation === undefined) return {};
  return { kind: kind_of(operation), elapsed_ms: elapsed_ms(teller, operation) };
}
function elapsed_ms({ at }: Teller, { requested_at }: OwnOperation): number {
  return Math.max(0, Date.parse(at) - Date.parse(requested_at));
}
/** To the outside, giving a payment up is a void. */
function kind_of({ kind }: OwnOperation): PaymentOperationKind {
  return kind === 'ask' || kind === 'abandon' ? 'void' : kind;
}
function before_of(teller: Teller, { op_id }: OwnOperation): OwnOperation | undefined {
  return teller.before.operations.find(operation => operation.op_id === op_id);
}
function just_succeeded(teller: Teller, operation: OwnOperation): boolean {
  return operation.state === 'succeeded' && before_of(teller, operation)?.state !== 'succeeded';
}
function just_failed(teller: Teller, operation: OwnOperation): boolean {
  return operation.state === 'failed' && before_of(teller, operation)?.state !== 'failed';
}
function set_money(teller: Teller, sums: Partial<PaymentSums>): void {
  const next = { ...teller.sums, ...sums };
  teller.sums = { ...next, refunded: Math.min(next.captured, teller.given_back) };
  const held = (authorize_of(teller.after)?.held ?? 0) > 0 && teller.sums.captured === 0;
  if (!held) teller.state = money_status(teller.sums, was_let_go_by_us(teller.after)) ?? teller.state;
}
function is_late({ before }: Teller): boolean {
  return terminal.has(before.status);
}

function tell_started(teller: Teller): void {
  const { amount, attempt_no, deadline } = teller.after;
  push(teller, { type: 'payment.started', data: { ...common(teller), amount, attempt_no, deadline } });
}

/** Evidence about what was unknown comes first; what it means follows as an event of its own. */
function tell_resolved(teller: Teller): void {
  for (const operation of teller.after.operations) {
    if (operation.kind === 'ask' || operation.kind === 'abandon') continue;
    if (before_of(teller, operation)?.state !== 'unknown' || operation.state === 'unknown') continue;
    if (operation.kind === 'authorize' && teller.state === 'unknown') teller.state = 'processing';
    push(teller, {
      type: 'payment.outcome_resolved',
      data: {
        ...common(teller),
        op_id: operation.op_id,
        kind: operation.kind,
        outcome: outcome_of(operation),
        elapsed_ms: elapsed_ms(teller, operation),
      },
    });
  }
}
function outcome_of(operation: OwnOperation): PaymentOutcome {
  if (operation.state === 'succeeded') return 'ok';
  if (operation.state === 'failed') return operation.refusal === 'permanent_error' ? 'permanent_error' : 'declined';
  return 'progress' in operation && operation.progress !== null ? operation.progress : 'pending';
}

/** The states a payment has before, or instead of, money. */
function tell_without_money(teller: Teller): void {
  const { standing, after } = teller;
  const authorize = authorize_of(after);
  switch (standing.status) {
    case 'action_required':
    case 'pending':
      teller.state = standing.status;
      tell_waiting(teller, standing.status, authorize);
      break;
    case 'declined':
    case 'failed': {
      teller.state = standing.status;
      // Declined, though the gateway keeps some: it is told, and let go.
      teller.sums = { ...teller.sums, authorized: standing.authorized };
      const decline_code = standing.decline_code ?? 'other';
      const data = { ...common(teller), ...ended(teller, authorize), decline_code, retryable: authorize?.retryable ?? true };
      push(teller, { type: `payment.${standing.status}`, data });
      break;
    }
    case 'abandoned':
      teller.state = 'abandoned';
      push(teller, { type: 'payment.abandoned', data: { ...common(teller), retryable: true } });
      break;
    default:
  }
}

function tell_waiting(teller: Teller, state: 'action_required' | 'pending', authorize: AuthorizeOperation | undefined): void {
  const { deadline } = teller.after;
  const after_deadline = later(deadline, reserve_margin_ms);
  const reserve_until = authorize !== undefined && authorize.reserve_until > after_deadline ? authorize.reserve_until : after_deadline;
  const { action } = teller;
  push(teller, {
    type: `payment.${state}`,
    data: {
      ...common(teller),
      ...(action === undefined ? {} : { action: { type: 'redirect', url: action.url, expires_at: action.expires_at ?? deadline } }),
      deadline,
      reserve_until,
    },
  });
}

function tell_authorized(teller: Teller): void {
  const { standing, after } = teller;
  const amount = standing.authorized - teller.sums.authorized;
  const held = authorize_of(after)?.held ?? 0;
  // A charge is authorized by being captured, unless it was declined and is held all the same.
  if (amount <= 0 || (after.intent === 'charge' && held === 0)) return;
  set_money(teller, { authorized: standing.authorized });
  const authorization_expires_at = after.authorization_expires_at;
  push(teller, {
    type: 'payment.authorized',
    data: {
      ...common(teller),
      ...ended(teller, authorize_of(after)),
      amount,
      ...(authorization_expires_at === null ? {} : { authorization_expires_at }),
      late: is_late(teller),
    },
  });
}

function tell_captured(teller: Teller): void {
  const { standing, after } = teller;
  const captures = after.operations.filter(operation => operation.kind === 'capture' && just_succeeded(teller, operation));
  for (const capture of captures) if (capture.kind === 'capture') tell_capture(teller, capture);
  const amount = standing.captured - teller.sums.captured;
  if (amount <= 0) return;
  // A charge; or, of an authorization, a capture whose own operation had been told before.
  const authorized = Math.max(standing.authorized, teller.sums.authorized);
  set_money(teller, { authorized, captured: standing.captured, voided: Math.min(teller.sums.voided, authorized - standing.captured) });
  const charged = after.intent === 'charge' ? ended(teller, authorize_of(after)) : {};
  push(teller, {
    type: 'payment.captured',
    data: { ...common(teller), ...charged, amount, final: rest_of(teller.sums) === 0, released_amount: 0, late: is_late(teller) },
  });
}

/** One event per capture that orders asked for, also where they were gathered into one. The last of a final one lets the rest go. */
function tell_capture(teller: Teller, capture: CaptureOperation): void {
  for (const [index, part] of capture.parts.entries()) {
    const last = index === capture.parts.length - 1;
    const captured = teller.sums.captured + part.amount;
    if (captured > teller.standing.captured) return;
    const voided_before = Math.min(teller.sums.voided, teller.standing.authorized - captured);
    const voided = last && capture.final ? teller.standing.authorized - captured : voided_before;
    set_money(teller, { captured, voided });
    push(teller, {
      type: 'payment.captured',
      data: {
        ...common(teller),
        ...ended(teller, capture),
        capture_no: part.capture_no,
        amount: part.amount,
        final: last && capture.final,
        released_amount: voided - voided_before,
        ...(part.shipment_id === null ? {} : { shipment_id: part.shipment_id }),
        late: is_late(teller),
      },
    });
  }
}

function tell_refund(teller: Teller, refund: RefundStanding): void {
  const known = teller.standing_before.refunds.find(each => each.refund_id === refund.refund_id);
  const { operation, fact } = refund;
  const about = {
    refund_id: refund.refund_id,
    amount: refund.amount,
    tax: operation?.tax ?? 0,
    origin: operation === undefined ? ('gateway' as const) : ('ours' as const),
    reason: operation?.reason ?? fact?.reason ?? 'gateway',
    lines: operation?.lines ?? [],
  };
  const end = operation !== undefined && has_ended(operation) ? ended(teller, operation) : {};
  if (refund.state === 'refunded' && known?.state !== 'refunded') {
    teller.given_back += refund.amount;
    set_money(teller, {});
    push(teller, { type: 'payment.refunded', data: { ...common(teller), ...end, ...about } });
  } else if (refund.state === 'failed' && known?.state !== 'failed') {
    if (known?.state === 'refunded') teller.given_back -= refund.amount;
    set_money(teller, {});
    const code = operation?.code ?? fact?.reason ?? 'other';
    push(teller, { type: 'payment.refund_failed', data: { ...common(teller), ...end, ...about, code: code.slice(0, 64) } });
  }
}
function tell_let_go(teller: Teller): void {
  const { standing, after } = teller;
  const amount = standing.voided - teller.sums.voided;
  if (amount <= 0) return;
  set_money(teller, { voided: standing.voided });
  const operation = after.operations.find(each => each.kind === 'void' && just_succeeded(teller, each));
  const type = was_let_go_by_us(after) ? 'payment.voided' : 'payment.authorization_expired';
  push(teller, { type, data: { ...common(teller), ...ended(teller, operation), amount } });
}

function tell_failed_captures(teller: Teller): void {
  for (const capture of teller.after.operations) {
    if (capture.kind !== 'capture' || !just_failed(teller, capture)) continue;
    const asked = capture.expected === null ? {} : ended(teller, capture);
    for (const { capture_no, amount } of capture.parts) {
      const decline_code = capture.code ?? 'other';
      push(teller, { type: 'payment.capture_failed', data: { ...common(teller), ...asked, capture_no, amount, decline_code } });
    }
  }
}

function tell_unknown(teller: Teller): void {
  for (const operation of teller.after.operations) {
    if (operation.kind === 'ask' || operation.kind === 'abandon') continue;
    if (operation.state !== 'unknown' || before_of(teller, operation)?.state === 'unknown') continue;
    const of_stock = operation.kind === 'authorize';
    if (of_stock && teller.standing.status === 'unknown') teller.state = 'unknown';
    push(teller, {
      type: 'payment.outcome_unknown',
      data: {
        ...common(teller),
        op_id: operation.op_id,
        kind: operation.kind,
        ...(of_stock ? { reserve_until: later(teller.at, unknown_ms) } : {}),
      },
    });
  }
}
