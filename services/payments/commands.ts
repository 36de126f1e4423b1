/** What payments can be asked: by orders' events, by gateways' answers, by its timers, by people. */
import type { PaymentCaptureRequested, PaymentRefundRequested, PaymentReleaseRequested, PaymentRequested } from '../../contracts/index.ts';
import type { Outcome, Row } from '../../platform/service.ts';
import type { GatewayFact } from './gateways/port.ts';

export interface StartPayment {
  readonly type: 'start_payment';
  readonly asked: PaymentRequested['data'];
}
export interface CapturePayment {
  readonly type: 'capture_payment';
  readonly asked: PaymentCaptureRequested['data'];
}
export interface ReleasePayment {
  readonly type: 'release_payment';
  readonly asked: PaymentReleaseRequested['data'];
}
export interface RefundPayment {
  readonly type: 'refund_payment';
  readonly asked: PaymentRefundRequested['data'];
}
/** A reply to an operation, or a poll of it. */
export interface RecordGatewayFact {
  readonly type: 'record_gateway_fact';
  readonly payment_id: string;
  readonly op_id: string;
  readonly outcome: Outcome;
}
/** The payer came back from his bank: the authorization waits no longer. `learned`: what he brought. */
export interface PayerReturned {
  readonly type: 'payer_returned';
  readonly payment_id: string;
  readonly op_id: string;
  readonly learned: Row;
}
/** A verified webhook; `id` is `provider/event_ref`. */
export interface RecordWebhook {
  readonly type: 'record_webhook';
  readonly id: string;
  readonly provider: string;
  readonly event_ref: string;
  readonly event_type: string;
  readonly facts: readonly GatewayFact[];
}
export interface ClaimWebhook {
  readonly type: 'claim_webhook';
  readonly id: string;
  /** The gateway's objects (`gateway/object_ref`) that its facts name instead of a payment. */
  readonly objects: readonly string[];
}
/** Given at the start of every process; only the first counts. */
export interface StartWatch {
  readonly type: 'start_watch';
  readonly provider: string;
}
export interface PassWatch {
  readonly type: 'pass_watch';
  readonly provider: string;
  readonly what: 'list_recent' | 'compare';
}
/** What the gateway listed. */
export interface RecordRecent {
  readonly type: 'record_recent';
  readonly provider: string;
  readonly outcome: Outcome;
}
export interface RecordComparison {
  readonly type: 'record_comparison';
  readonly provider: string;
  readonly request: { readonly from: string; readonly until: string };
  readonly outcome: Outcome;
}
export interface PassDeadline {
  readonly type: 'pass_deadline';
  readonly payment_id: string;
}
export interface PassExpiry {
  readonly type: 'pass_expiry';
  readonly payment_id: string;
}
export interface PassOverdue {
  readonly type: 'pass_overdue';
  readonly payment_id: string;
  readonly op_id: string;
}
/** `subject`: a payment, or a webhook that nobody claims. */
export interface ResolveException {
  readonly type: 'resolve_exception';
  readonly exception_id: string;
  readonly subject: string;
  readonly note: string;
}
/** An operator knows what an unknown operation did. For an authorization whose payment at the gateway is not known, `evidence` is its reference. */
export interface SettleOperation {
  readonly type: 'settle_operation';
  readonly op_id: string;
  readonly subject: string;
  readonly outcome: 'succeeded' | 'failed';
  readonly evidence: string;
}
/** A person is forgotten: what requests hold of him goes. */
export interface ErasePersonalData {
  readonly type: 'erase_personal_data';
  readonly order_ids: readonly string[];
}
export type PaymentsCommand =
  | StartPayment
  | CapturePayment
  | ReleasePayment
  | RefundPayment
  | RecordGatewayFact
  | PayerReturned
  | RecordWebhook
  | ClaimWebhook
  | StartWatch
  | PassWatch
  | RecordRecent
  | RecordComparison
  | PassDeadline
  | PassExpiry
  | PassOverdue
  | ResolveException
  | SettleOperation
  | ErasePersonalData;
