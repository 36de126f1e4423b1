/** The end of every decision about a payment: what follows from the change, what is told, what is asked of the gateway, what waits how long. */
import type { PaymentsEvent } from '../../../contracts/index.ts';
import { type Decision, later, type NewOperation, type NewRecord, type Note, type TimerChange } from '../../../platform/service.ts';
import {
  action_required_ms,
  end_unknown_ms,
  expiry_warning_ms,
  has_ended,
  in_progress,
  is_at_gateway,
  type OwnOperation,
  overdue_ms,
  type Payment,
  type PaymentsStates,
  pending_ms,
  processing_ms,
  rest_of,
} from '../model.ts';
import { type Contradiction, spelled_out } from './asked.ts';
import { type Context, end_of, is_immediate } from './context.ts';
import {
  dispute_raises,
  drift_reason,
  is_drift_explained,
  type Raise,
  raise_facts,
  refusal_raises,
  resolved_facts,
  without_drift,
} from './exceptions.ts';
import { proceed } from './proceed.ts';
import { request_of, type StartRequest } from './requests.ts';
import { type Standing, standing_of } from './standing.ts';
import { type Dispute, type PaymentsFact, type ShopperAction, tell } from './tell.ts';

export type PaymentsDecision = Decision<PaymentsStates, PaymentsEvent>;
export const nothing: PaymentsDecision = { facts: [] };

export interface More {
  readonly drifts?: readonly Contradiction[];
  readonly disputes?: readonly Dispute[];
  readonly action?: ShopperAction;
  readonly raises?: readonly Raise[];
  readonly timers?: readonly TimerChange[];
  readonly records?: readonly NewRecord[];
  /** Exception events decided by the command itself; they come first. */
  readonly facts?: readonly PaymentsFact[];
  /** What only the start of a payment knows: method, payer. */
  readonly start?: StartRequest;
}

export function conclude(context: Context, id: string, before: Payment, changed: Payment, more: More = {}): PaymentsDecision {
  const { given } = context;
  // Captures wait for a drift: explained, it holds them no longer.
  const proceeded = proceed(context, is_drift_explained(changed) ? without_drift(changed) : changed);
  const { drifts = [], disputes = [] } = more;
  if (proceeded === before && drifts.length === 0) {
    const facts = [...(more.facts ?? []), ...raise_facts(context, id, before, more.raises ?? [])];
    return facts.length === 0 && more.timers === undefined ? nothing : { facts, timers: more.timers ?? [] };
  }
  const standing = standing_of(proceeded);
  const after = { ...with_deadline(proceeded, before, standing, given.at, more.action), ...pending_of(standing) };
  const standing_before = standing_of(before);
  const facts = tell({ ...more, id, at: given.at, before, after, standing, standing_before, drifts, disputes });
  const raises = [
    ...(more.raises ?? []),
    ...drifts.map(drift => ({ reason: drift_reason, detail: drift_detail(drift, after.currency) }) as const),
    ...dispute_raises(after, disputes),
    ...refusal_raises(before, after, standing),
  ];
  return {
    facts: [
      ...(more.facts ?? []),
      ...facts,
      ...raise_facts(context, id, after, raises),
      ...resolved_facts(id, { ...after, exceptions: changed.exceptions }, standing),
    ],
    notes: [bookkeeping(id, after)],
    ...(more.records === undefined ? {} : { records: more.records }),
    ...(is_immediate(context, after)
      ? {}
      : {
          operations: new_operations(id, before, after, more.start),
          timers: [...timers_of(context, id, before, after, standing, standing_before), ...(more.timers ?? [])],
          settled: settled_of(before, after),
        }),
  };
}

/** Several payments, one decision. */
export function together(decisions: readonly PaymentsDecision[]): PaymentsDecision {
  const [only] = decisions;
  if (decisions.length === 1 && only !== undefined) return only;
  return {
    facts: decisions.flatMap(decision => decision.facts),
    notes: decisions.flatMap(decision => decision.notes ?? []),
    operations: decisions.flatMap(decision => decision.operations ?? []),
    timers: decisions.flatMap(decision => decision.timers ?? []),
    settled: decisions.flatMap(decision => decision.settled ?? []),
    records: decisions.flatMap(decision => decision.records ?? []),
  };
}

function drift_detail(drift: Contradiction, currency: string): string {
  const { ours, theirs } = spelled_out(drift, currency);
  return `${drift.measure}: we have ${ours}, the gateway says ${theirs}. Captures wait until somebody has looked.`;
}

function pending_of({ capture_pending, void_pending, refund_pending }: Standing) {
  return { capture_pending, void_pending, refund_pending };
}

/** What no event tells; everything else of the row comes through evolve. */
function bookkeeping(id: string, after: Payment): Note<PaymentsStates> {
  return {
    kind: 'payment',
    id,
    change: told => ({
      ...told,
      deadline: after.deadline,
      authorization_expires_at: after.authorization_expires_at,
      multi_capture: after.multi_capture,
      release_requested: after.release_requested,
      capture_pending: after.capture_pending,
      void_pending: after.void_pending,
      refund_pending: after.refund_pending,
      operations: after.operations,
      facts: after.facts,
    }),
  };
}

/** The shopper's own time, from when the gateway asked for it. */
function with_deadline(payment: Payment, before: Payment, standing: Standing, at: string, action: ShopperAction | undefined): Payment {
  if (standing.status === before.status) return payment;
  if (standing.status === 'pending') return { ...payment, deadline: later(at, pending_ms) };
  if (standing.status !== 'action_required') return payment;
  const latest = later(at, action_required_ms);
  const { expires_at } = action ?? {};
  return { ...payment, deadline: expires_at !== undefined && expires_at < latest ? expires_at : latest };
}

function of_before(before: Payment, { op_id }: OwnOperation): OwnOperation | undefined {
  return before.operations.find(operation => operation.op_id === op_id);
}

function new_operations(id: string, before: Payment, after: Payment, start: StartRequest | undefined): NewOperation[] {
  return after.operations.flatMap(operation => {
    const known = of_before(before, operation);
    if (operation.state !== 'open' || (known !== undefined && known.state !== 'waiting')) return [];
    const { op_id, kind } = operation;
    return [{ op_id, kind, provider: after.gateway, subject: id, key: after.order_id, request: request_of(id, after, operation, start) }];
  });
}

/** Another way than its own reply brought it to its end: the runner stops asking. */
function settled_of(before: Payment, after: Payment): NonNullable<PaymentsDecision['settled']> {
  return after.operations.flatMap(operation => {
    const known = of_before(before, operation);
    if (known === undefined || !is_at_gateway(known) || !has_ended(operation)) return [];
    return [{ op_id: operation.op_id, state: operation.state === 'succeeded' ? ('succeeded' as const) : ('failed' as const) }];
  });
}

function timers_of(context: Context, id: string, before: Payment, after: Payment, standing: Standing, was: Standing): TimerChange[] {
  const { at } = context.given;
  return [
    ...deadline_timer(id, before, after, standing, at),
    ...expiry_timer(context, id, before, after, standing, was),
    ...overdue_timers(id, before, after, at),
  ];
}

function deadline_timer(id: string, before: Payment, after: Payment, standing: Standing, at: string): TimerChange[] {
  if (standing.status === before.status) return [];
  const timer = { kind: 'payment_deadline', id };
  if (standing.status === 'processing') return [{ ...timer, due_at: later(at, processing_ms) }];
  if (standing.status === 'action_required' || standing.status === 'pending') return [{ ...timer, due_at: after.deadline }];
  return in_progress.has(before.status) ? [{ ...timer, due_at: null }] : [];
}

/** A day before its end, or half of a shorter life: time to take what was gathered, and for a person to look. Money without an end is asked about soon. */
function expiry_timer(context: Context, id: string, before: Payment, after: Payment, standing: Standing, was: Standing): TimerChange[] {
  const { at } = context.given;
  const timer = { kind: 'authorization_expiry', id };
  if (rest_of(standing) === 0) return rest_of(was) === 0 ? [] : [{ ...timer, due_at: null }];
  if (rest_of(was) > 0 && before.authorization_expires_at === after.authorization_expires_at) return [];
  const expires_at = end_of(context, after);
  if (expires_at === undefined) return [{ ...timer, due_at: later(at, end_unknown_ms) }];
  const half = later(at, Math.max(0, Math.floor((Date.parse(expires_at) - Date.parse(at)) / 2)));
  const warning = later(expires_at, -expiry_warning_ms);
  return [{ ...timer, due_at: warning > half ? warning : half }];
}

/** What stays unknown, or a refund pending, for too long is for a person. */
function overdue_timers(id: string, before: Payment, after: Payment, at: string): TimerChange[] {
  return after.operations.flatMap(operation => {
    if (operation.kind === 'ask' || operation.kind === 'abandon') return [];
    const [limit_ms, known_ms] = [overdue_ms(operation), overdue_ms(of_before(before, operation))];
    if (limit_ms === known_ms) return [];
    const due_at = limit_ms === undefined ? null : later(at, limit_ms);
    return [{ kind: 'operation_overdue', id: `${id}/${operation.op_id}`, due_at }];
  });
}
