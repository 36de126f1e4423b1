/** Purchase orders: their states, and the arithmetic of their lines (domain.md O11). */
import type { SupplierFact } from './channels/port.ts';
import type { Supplier } from './model.ts';

export type OrderStatus =
  | 'new'
  | 'draft'
  | 'approved'
  | 'sent'
  | 'acknowledged'
  | 'rejected'
  | 'partially_received'
  | 'received'
  | 'cancelling'
  | 'closed'
  | 'cancelled';
export const order_statuses = [
  'draft',
  'approved',
  'sent',
  'acknowledged',
  'rejected',
  'partially_received',
  'received',
  'cancelling',
  'closed',
  'cancelled',
] as const satisfies readonly OrderStatus[];

/** received + rejected + cancelled + outstanding = quantity; 0 <= in_transit <= outstanding. */
export interface PurchaseOrderLine {
  readonly line_no: number;
  readonly sku: string;
  readonly supplier_sku: string;
  /** Of one unit. */
  readonly cost: number;
  readonly quantity: number;
  readonly confirmed: number;
  /** Announced by ship notices and not yet here. */
  readonly in_transit: number;
  readonly received: number;
  /** Refused by the supplier, or by us at the dock. */
  readonly rejected: number;
  /** Of rejected: by the supplier. Only grows: whoever takes a refusal back sends more than is outstanding. */
  readonly refused: number;
  readonly cancelled: number;
  /** Accepted beyond what was ordered. */
  readonly over: number;
  readonly invoiced: number;
  readonly promised_at: string | null;
  readonly first_promised_at: string | null;
  /** Accepted units are looked at before they are sold. */
  readonly inspect: boolean;
}

export interface OpenException {
  readonly exception_id: string;
  readonly reason: string;
  readonly owner: string;
  readonly deadline: string;
  readonly detail: string;
}

/** `waits`: for goods. `approved`: order, receipts and bill agree. `differs`: a person decides. */
export interface KnownInvoice {
  readonly invoice_ref: string;
  readonly amount: number;
  readonly lines: readonly { readonly line_no: number; readonly quantity: number }[];
  readonly state: 'waits' | 'approved' | 'differs';
}

/** Of the last operation of a kind. `none`: never asked, or it needs no call. */
export type Asking = 'none' | 'open' | 'unknown' | 'failed' | 'done';
export type AcknowledgmentFact = Extract<SupplierFact, { kind: 'acknowledgment' }>;

export interface PurchaseOrder {
  readonly po_id: string;
  readonly supplier_id: string;
  readonly location_id: string;
  readonly currency: string;
  readonly status: OrderStatus;
  /** When the last of it is expected; null: not sent. */
  readonly expected_at: string | null;
  readonly sending: Asking;
  readonly cancelling: Asking;
  readonly ack_no: number;
  readonly lines: readonly PurchaseOrderLine[];
  readonly exceptions: readonly OpenException[];
  // Bookkeeping that no event tells (notes).
  /** Chosen with the approval. */
  readonly channel: string | null;
  readonly lead_time_days: number;
  /** As its supplier knows it, when that is not its id; and the number of the interchange in which it was sent. */
  readonly reference: string | null;
  readonly control_number: number | null;
  /** Whether its supplier says that it could read it. */
  readonly receipt: 'none' | 'awaited' | 'accepted' | 'rejected';
  readonly invoices: readonly KnownInvoice[];
  readonly send_op_id: string | null;
  readonly cancel_op_id: string | null;
  /** Waits for a person: a price beyond tolerance, or a substitute. */
  readonly pending_acknowledgment: AcknowledgmentFact | null;
  /** Came while the supplier was asked to cancel; taken up with its answer. */
  readonly held: readonly SupplierFact[];
  /** References of the documents that were recorded. */
  readonly documents: readonly string[];
  readonly created_at: string | null;
  readonly sent_at: string | null;
  readonly closed_at: string | null;
}
/** A supplier that writes more than this about one order is not listened to any more; a person looks. */
export const documents_max = 500;
/** Of tracking numbers and foreign SKUs, as events carry them. */
export const reference_length_max = 100;

export function new_purchase_order(po_id: string): PurchaseOrder {
  return {
    po_id,
    supplier_id: '',
    location_id: '',
    currency: '',
    status: 'new',
    expected_at: null,
    sending: 'none',
    cancelling: 'none',
    ack_no: 0,
    lines: [],
    exceptions: [],
    channel: null,
    lead_time_days: 0,
    reference: null,
    control_number: null,
    receipt: 'none',
    invoices: [],
    send_op_id: null,
    cancel_op_id: null,
    pending_acknowledgment: null,
    held: [],
    documents: [],
    created_at: null,
    sent_at: null,
    closed_at: null,
  };
}

export function outstanding({ quantity, received, rejected, cancelled }: PurchaseOrderLine): number {
  return quantity - received - rejected - cancelled;
}
export function is_outstanding(line: PurchaseOrderLine): boolean {
  return outstanding(line) > 0;
}
export function line_of(order: PurchaseOrder, line_no: number): PurchaseOrderLine | undefined {
  const at_place = order.lines[line_no - 1];
  return at_place?.line_no === line_no ? at_place : order.lines.find(line => line.line_no === line_no);
}

/** With the supplier, and goods may still come. */
export function is_underway({ status }: PurchaseOrder): boolean {
  return status === 'sent' || status === 'acknowledged' || status === 'partially_received';
}
export function has_ended({ status }: PurchaseOrder): boolean {
  return status === 'rejected' || status === 'closed' || status === 'cancelled';
}

/** When a line's units are expected. */
export function expected_of(order: PurchaseOrder, line: PurchaseOrderLine): string | null {
  return line.promised_at ?? order.expected_at;
}
/** Of what is outstanding: the first and the last expected date. */
export function expected_range(order: PurchaseOrder): { readonly first: string | null; readonly last: string | null } {
  let first: string | null = null;
  let last: string | null = null;
  for (const line of order.lines) {
    if (!is_outstanding(line)) continue;
    const at = expected_of(order, line);
    if (at === null) continue;
    if (first === null || at < first) first = at;
    if (last === null || at > last) last = at;
  }
  return { first, last };
}

/** When the last of what is outstanding is expected, once these lines have moved. */
export function last_expected(
  order: PurchaseOrder,
  moved: readonly { readonly line_no: number; readonly new_at: string | null }[],
): string | null {
  const new_at = new Map(moved.map(line => [line.line_no, line.new_at]));
  const dates = order.lines.filter(is_outstanding).flatMap(line => new_at.get(line.line_no) ?? expected_of(order, line) ?? []);
  return dates.length === 0 ? order.expected_at : dates.reduce((last, at) => (at > last ? at : last));
}

export function total_of(lines: readonly Pick<PurchaseOrderLine, 'quantity' | 'cost'>[]): bigint {
  return lines.reduce((sum, { quantity, cost }) => sum + BigInt(quantity) * BigInt(cost), 0n);
}

/** A price that may rise so far without asking a person. */
export function dearest(cost: number, supplier: Supplier | undefined): number {
  return with_tolerance(cost, supplier?.price_tolerance_ppm ?? 0);
}

/** `amount` and a share of it in millionths, rounded down. */
export function with_tolerance(amount: number, ppm: number): number {
  return amount + Number((BigInt(amount) * BigInt(ppm)) / 1_000_000n);
}
