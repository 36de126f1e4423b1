/** What payments knows of one payment: what its events told, what it asked the gateway, and the set of facts the gateway told. */
import type {
  DeclineCode,
  ExceptionRaised,
  MethodKind,
  PaymentIntent,
  PaymentRefundRequested,
  PaymentState,
  PaymentSums,
} from '../../contracts/index.ts';
import type { Gateway, GatewayFact, Step } from './gateways/port.ts';

/** Timers and margins of domain.md 3.6 and 3.2. */
const minute_ms = 60_000;
const hour_ms = 60 * minute_ms;
const day_ms = 24 * hour_ms;
export const processing_ms = 10 * minute_ms;
export const action_required_ms = 10 * minute_ms;
export const pending_ms = 3 * day_ms;
/** Stock is kept this much longer than the payment may take. */
export const reserve_margin_ms = 5 * minute_ms;
export const unknown_ms = day_ms;
/** A refund may be on its way for days; then a person asks the gateway. */
export const refund_pending_ms = 10 * day_ms;
export const expiry_warning_ms = day_ms;
/** No capture in the last minutes of an authorization: it could arrive after its end. */
export const capture_margin_ms = 10 * minute_ms;
/** An authorization may be learned by a webhook that does not tell its end; a reply that does is mostly there sooner. */
export const end_unknown_ms = minute_ms;
/** After its end an authorization is asked about at once, then so often; one without a known end, too. */
export const ask_again_ms = hour_ms;
export const exception_deadline_ms = day_ms;
/** A webhook about a payment we do not know is tried again so long after it came; then it is an exception. */
export const unclaimed_tries_ms: readonly number[] = [10_000, minute_ms, 10 * minute_ms, hour_ms];

export interface PaymentsSettings {
  readonly gateways: Readonly<Record<string, Gateway>>;
}

// --- own operations

/** `waiting`: decided, not yet given to the runner. `open`: the gateway is being asked, or works on it. */
export type OwnState = 'waiting' | 'open' | 'unknown' | 'succeeded' | 'failed';
/** Why it failed: the gateway said no; it could not be asked so; the payment was cancelled meanwhile. */
export type Refusal = 'declined' | 'permanent_error' | 'cancelled';
export type Progress = 'action_required' | 'pending';

interface Operation {
  readonly op_id: string;
  readonly state: OwnState;
  readonly amount: number;
  /** When it was given to the runner; while it waits, when it was decided. */
  readonly requested_at: string;
  readonly refusal: Refusal | null;
  /** What an operator knew who ended it. */
  readonly evidence?: string;
  /** What the gateway called it, where later steps must name it. */
  readonly step?: Step;
}
export interface AuthorizeOperation extends Operation {
  readonly kind: 'authorize';
  readonly progress: Progress | null;
  readonly reserve_until: string;
  readonly code: DeclineCode | null;
  readonly retryable: boolean;
  /** Declined, and the gateway keeps this much all the same. */
  readonly held: number;
}
export interface CapturePart {
  readonly capture_no: number;
  readonly amount: number;
  readonly final: boolean;
  readonly shipment_id: string | null;
}
export interface CaptureOperation extends Operation {
  readonly kind: 'capture';
  /** All that is captured when it succeeded; null while it waits. One at a time, so each has its own. */
  readonly expected: number | null;
  /** What it leaves is let go. */
  readonly final: boolean;
  /** Several where a gateway takes only one capture: they were gathered. */
  readonly parts: readonly CapturePart[];
  readonly code: DeclineCode | null;
}
export interface VoidOperation extends Operation {
  readonly kind: 'void';
}
export type RefundLines = PaymentRefundRequested['data']['lines'];
export interface RefundOperation extends Operation {
  readonly kind: 'refund';
  readonly refund_id: string;
  readonly tax: number;
  readonly reason: string;
  readonly lines: RefundLines;
  readonly progress: 'pending' | null;
  readonly code: string | null;
}
/** `ask`: what the gateway has of the payment. `abandon`: ask; not done: cancel it there. */
export interface CheckOperation extends Operation {
  readonly kind: 'ask' | 'abandon';
}
export type OwnOperation = AuthorizeOperation | CaptureOperation | VoidOperation | RefundOperation | CheckOperation;

export const is_active = ({ state }: OwnOperation): boolean => state === 'waiting' || state === 'open' || state === 'unknown';
export const is_at_gateway = ({ state }: OwnOperation): boolean => state === 'open' || state === 'unknown';
export const has_ended = ({ state }: OwnOperation): boolean => state === 'succeeded' || state === 'failed';

/** How long it may stay so before a person looks; undefined: it is not waiting in that way. */
export function overdue_ms(operation: OwnOperation | undefined): number | undefined {
  if (operation?.state === 'unknown') return unknown_ms;
  return operation?.kind === 'refund' && operation.state === 'open' && operation.progress === 'pending' ? refund_pending_ms : undefined;
}

// --- facts

/** A fact of the gateway as the payment keeps it. Those as asked are unique by (gateway, object_ref, fact, amount). */
export interface StoredFact extends Omit<GatewayFact, 'raw' | 'url' | 'multi_capture' | 'payment_id' | 'order_id'> {
  readonly received_at: string;
  /** What of it contradicts what we asked: kept, never applied. */
  readonly drift: string | null;
  /** The gateway's own word for why; told with the fact, not kept: it stands in `raw`. */
  readonly reason?: string;
}

/** The unique key of a fact that is as asked; `drift` tells apart what contradicts it. */
export const fact_key = (fact: Pick<GatewayFact, 'gateway' | 'object_ref' | 'fact' | 'amount'>, drift: string | null): string =>
  `${fact.gateway} ${fact.object_ref} ${fact.fact} ${fact.amount} ${drift ?? ''}`;
/** A refund's facts are about the refund at the gateway, all others about the payment. */
export const is_about_refund = (fact: Pick<GatewayFact, 'fact' | 'object_ref' | 'gateway_ref' | 'refund_id'>): boolean =>
  fact.fact === 'refunded' || fact.fact === 'refund_failed' || (fact.fact === 'pending' && fact.object_ref !== fact.gateway_ref);

// --- the payment

export type Status = PaymentState | 'new';
export type OpenException = Omit<ExceptionRaised['data'], 'subject' | 'note'>;

/** Told by events: all but the block of bookkeeping, which notes keep (README.md). */
export interface Payment extends PaymentSums {
  readonly order_id: string;
  readonly tender_no: number;
  readonly attempt_no: number;
  readonly gateway: string;
  readonly method_kind: MethodKind;
  readonly intent: PaymentIntent;
  readonly currency: string;
  readonly status: Status;
  readonly decline_code: DeclineCode | null;
  readonly gateway_ref: string | null;
  readonly exceptions: readonly OpenException[];
  // Bookkeeping.
  readonly deadline: string;
  readonly authorization_expires_at: string | null;
  /** Whether the gateway said that this payment may be captured several times. */
  readonly multi_capture: boolean | null;
  readonly release_requested: boolean;
  readonly capture_pending: number;
  readonly void_pending: number;
  readonly refund_pending: number;
  readonly operations: readonly OwnOperation[];
  readonly facts: readonly StoredFact[];
}

export const no_payment: Payment = {
  order_id: '',
  tender_no: 1,
  attempt_no: 1,
  gateway: '',
  method_kind: 'manual',
  intent: 'authorize',
  currency: '',
  amount: 0,
  authorized: 0,
  captured: 0,
  voided: 0,
  refunded: 0,
  status: 'new',
  decline_code: null,
  gateway_ref: null,
  exceptions: [],
  deadline: '',
  authorization_expires_at: null,
  multi_capture: null,
  release_requested: false,
  capture_pending: 0,
  void_pending: 0,
  refund_pending: 0,
  operations: [],
  facts: [],
};

export const in_progress: ReadonlySet<Status> = new Set(['processing', 'action_required', 'pending', 'unknown']);
/** Final but for late money. */
export const terminal: ReadonlySet<Status> = new Set(['declined', 'failed', 'abandoned', 'voided', 'lapsed']);

/** What the gateway still keeps for us, neither taken nor let go. */
export const rest_of = ({ authorized, captured, voided }: Pick<PaymentSums, 'authorized' | 'captured' | 'voided'>): number =>
  authorized - captured - voided;
export const authorize_of = (payment: Pick<Payment, 'operations'>): AuthorizeOperation | undefined =>
  payment.operations.find(operation => operation.kind === 'authorize');

// --- the inbox

/** A verified webhook, once per (provider, event_ref); `facts` are those whose payment nobody here knows yet. */
export interface Webhook {
  readonly provider: string;
  readonly event_ref: string;
  readonly event_type: string;
  readonly received_at: string;
  readonly state: 'new' | 'applied' | 'waiting' | 'unclaimed' | 'given_up';
  readonly facts: readonly GatewayFact[];
  readonly exception: OpenException | null;
}
export const no_webhook: Webhook = {
  provider: '',
  event_ref: '',
  event_type: '',
  received_at: '',
  state: 'new',
  facts: [],
  exception: null,
};

/** Whose a gateway's object is; `id` is `gateway/object_ref`. Read without a lock. */
export interface GatewayObject {
  readonly payment_id: string | null;
}

// --- the watch of a gateway

/** Its events are listed so often while webhooks miss some; twice as seldom each time that they missed none. */
export const recent_pause_min_ms = 10 * minute_ms;
export const recent_pause_max_ms = 4 * hour_ms;
/** A list begins this much before the last one, when there is no cursor: events may come late into it. */
export const recent_overlap_ms = 5 * minute_ms;
export const compare_every_ms = day_ms;
/** What was made in the last minutes may not be listed yet, nor known here. */
export const compare_margin_ms = 15 * minute_ms;
export const compare_span_max_ms = hour_ms;
export const compare_span_min_ms = 1_000;

/** How far we have read what a gateway lists; `id` is its name. */
export interface Watch {
  /** Of its events; null: none yet. */
  readonly cursor: string | null;
  readonly listed_until: string;
  readonly pause_ms: number;
  /** What was made there before this is compared with ours. */
  readonly compared_until: string;
  /** Of one comparison; shorter when so many were made that they do not fit into one. */
  readonly span_ms: number;
}
export const no_watch: Watch = {
  cursor: null,
  listed_until: '',
  pause_ms: recent_pause_min_ms,
  compared_until: '',
  span_ms: compare_span_max_ms,
};

/** Ours of a stretch of time; `id` is `gateway first_id last_id`. Read without a lock. */
export interface MadePayments {
  readonly payments: readonly { readonly id: string; readonly gateway_ref: string }[];
}

export interface PaymentsStates {
  readonly made_payments: MadePayments;
  readonly watch: Watch;
  readonly gateway_object: GatewayObject;
  readonly webhook: Webhook;
  readonly payment: Payment;
}
