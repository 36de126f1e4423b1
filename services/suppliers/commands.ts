/** Everything suppliers can be asked: by people, by what inventory says, by suppliers' answers, by timers. */
import type { Levels, ShortLine } from '../../contracts/index.ts';
import type { Outcome } from '../../platform/service.ts';
import type { ListedOrder, SupplierFact } from './channels/port.ts';
import type { InboundInterchange } from './inbound.ts';
import type { PartnerChannel } from './model_partners.ts';

// --- people
export interface SetReorderPolicy {
  readonly type: 'set_reorder_policy';
  readonly sku: string;
  readonly location_id: string;
  readonly method: 'fixed' | 'demand';
  /** null: as it is; the method `demand` computes them. */
  readonly reorder_point: number | null;
  readonly target: number | null;
  readonly review_days: number;
  readonly safety_days: number;
  readonly supplier_id: string | null;
  readonly auto: boolean;
  readonly if_version: number | null;
}
export interface AcceptProposal {
  readonly type: 'accept_proposal';
  readonly proposal_id: string;
  readonly item_id: string;
  /** Of the order it becomes. */
  readonly po_id: string;
  readonly if_version: number | null;
}
export interface DismissProposal {
  readonly type: 'dismiss_proposal';
  readonly proposal_id: string;
  readonly item_id: string;
  readonly if_version: number | null;
}
export interface CreatePurchaseOrder {
  readonly type: 'create_purchase_order';
  readonly po_id: string;
  readonly supplier_id: string;
  readonly location_id: string;
  /** Each SKU once. */
  readonly lines: readonly { readonly sku: string; readonly quantity: number }[];
}
interface AboutOrder {
  readonly po_id: string;
  readonly if_version: number | null;
}
export interface ApprovePurchaseOrder extends AboutOrder {
  readonly type: 'approve_purchase_order';
}
export interface CancelPurchaseOrder extends AboutOrder {
  readonly type: 'cancel_purchase_order';
  readonly reason: string;
}
export interface ClosePurchaseOrder extends AboutOrder {
  readonly type: 'close_purchase_order';
  readonly reason: string;
}
export interface DecideAcknowledgment extends AboutOrder {
  readonly type: 'decide_acknowledgment';
  readonly decision: 'accept' | 'refuse';
}
export interface ReceivedUnits {
  readonly sku: string;
  readonly accepted: number;
  readonly rejected: number;
  /** `damaged`: the rejected units stay here, as damaged stock. */
  readonly reason: string | null;
}
export interface PostReceipt extends AboutOrder {
  readonly type: 'post_receipt';
  /** A SKU may repeat: units rejected for different reasons. */
  readonly lines: readonly ReceivedUnits[];
  /** Takes what is beyond the supplier's tolerance. */
  readonly force: boolean;
}
export interface ResolveException {
  readonly type: 'resolve_exception';
  readonly exception_id: string;
  readonly subject: string;
  readonly note: string;
}
/** An operator with evidence decides an operation whose outcome nobody knows. */
export interface SettleOperation {
  readonly type: 'settle_operation';
  readonly op_id: string;
  /** The purchase order. */
  readonly subject: string;
  readonly outcome: 'succeeded' | 'failed';
  readonly evidence: string;
}

// --- what inventory says
export interface NoteLevels {
  readonly type: 'note_levels';
  readonly levels: readonly Levels[];
}
export interface NoteReceived {
  readonly type: 'note_received';
  readonly receipt_id: string;
  readonly quantity: number;
  readonly levels: Levels;
}
export interface NoteDemand {
  readonly type: 'note_demand';
  readonly at: string;
  readonly units: readonly { readonly item_id: string; readonly quantity: number }[];
}
export interface NoteLostDemand {
  readonly type: 'note_lost_demand';
  readonly at: string;
  /** Who asked: the customer, or else the order. */
  readonly ref: string;
  readonly short_lines: readonly ShortLine[];
}
export interface NotedBackorderLine {
  readonly line_no: number;
  readonly sku: string;
  readonly location_id: string;
  readonly quantity: number;
  readonly priority: number;
  readonly requested_at: string;
}
export interface NoteBackorder {
  readonly type: 'note_backorder';
  readonly order_id: string;
  /** Of the order's reservation: what is not newer than the last one is known. */
  readonly sequence: number | null;
  readonly at: string;
  readonly change: 'queued' | 'filled' | 'cancelled';
  readonly lines: readonly NotedBackorderLine[];
}

// --- what suppliers say
export interface RecordSupplierFact {
  readonly type: 'record_supplier_fact';
  readonly po_id: string;
  /** Under which it is kept when the order is not ours. */
  readonly stray_id: string;
  readonly fact: SupplierFact;
}
/** What came by a channel of partners, in one piece. */
export interface TakeTransmission {
  readonly type: 'take_transmission';
  readonly channel: PartnerChannel;
  readonly interchanges: readonly InboundInterchange[];
}
/** A look into a folder has ended. */
export interface NoteCollected {
  readonly type: 'note_collected';
  readonly channel: PartnerChannel;
  readonly op_id: string;
  readonly outcome: 'done' | 'failed' | 'waits';
  /** Of the file that was found; null: none. */
  readonly name: string | null;
  readonly interchanges: readonly InboundInterchange[];
}
/** What a supplier's own list says of our orders. */
export interface NoteReconciled {
  readonly type: 'note_reconciled';
  readonly channel: 'rest';
  readonly op_id: string;
  readonly asked_at: string;
  readonly outcome: 'done' | 'failed' | 'waits';
  readonly whole: boolean;
  readonly orders: readonly ListedOrder[];
}
/** Written, or to be written again by whoever asks after it: nothing to decide. */
export interface NoteReplySent {
  readonly type: 'note_reply_sent';
}
export interface RecordSending {
  readonly type: 'record_sending';
  readonly po_id: string;
  readonly op_id: string;
  readonly outcome: Exclude<Outcome, { outcome: 'retryable' }>;
}
export interface RecordCancelling {
  readonly type: 'record_cancelling';
  readonly po_id: string;
  readonly op_id: string;
  readonly outcome: Exclude<Outcome, { outcome: 'retryable' }>;
}

// --- timers
export interface ReviewSupply {
  readonly type: 'review_supply';
  readonly item_id: string;
}
export interface ReviewDay {
  readonly type: 'review_day';
  /** Days since 1970-01-01 UTC. */
  readonly day: number;
}
export interface AcceptProposals {
  readonly type: 'accept_proposals';
  readonly supplier_id: string;
  readonly location_id: string;
  readonly po_id: string;
}
export interface PegBackorders {
  readonly type: 'peg_backorders';
  readonly item_id: string;
}
export interface CheckPurchaseOrder {
  readonly type: 'check_purchase_order';
  readonly po_id: string;
}
export interface CheckReceipt {
  readonly type: 'check_receipt';
  readonly po_id: string;
}
export interface WatchChannel {
  readonly type: 'watch_channel';
  readonly channel: PartnerChannel | 'rest';
}
/** The announced units, or without a notice all that is outstanding. */
export interface ReceiveAnnounced {
  readonly type: 'receive_announced';
  readonly po_id: string;
  readonly notice_id: string | null;
}

export type SuppliersCommand =
  | SetReorderPolicy
  | AcceptProposal
  | DismissProposal
  | CreatePurchaseOrder
  | ApprovePurchaseOrder
  | CancelPurchaseOrder
  | ClosePurchaseOrder
  | DecideAcknowledgment
  | PostReceipt
  | ResolveException
  | SettleOperation
  | NoteLevels
  | NoteReceived
  | NoteDemand
  | NoteLostDemand
  | NoteBackorder
  | RecordSupplierFact
  | TakeTransmission
  | NoteCollected
  | NoteReplySent
  | NoteReconciled
  | RecordSending
  | RecordCancelling
  | ReviewSupply
  | ReviewDay
  | AcceptProposals
  | PegBackorders
  | CheckPurchaseOrder
  | CheckReceipt
  | WatchChannel
  | ReceiveAnnounced;
