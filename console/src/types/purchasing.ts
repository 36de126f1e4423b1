/** Suppliers and what is bought from them, as the API tells it (api.md 5). */

export interface Supplier {
  readonly code: string;
  readonly name: string;
  readonly channel: { readonly kind: string; readonly partner?: string };
  readonly currency: string;
  readonly over_receipt_ppm: number;
  readonly price_tolerance_ppm: number;
  readonly version: number;
}
export interface SupplierItem {
  readonly supplier: string;
  readonly sku: string;
  readonly supplier_sku: string;
  readonly cost: number;
  readonly currency: string;
  readonly minimum_quantity: number;
  readonly pack_size: number;
  readonly lead_time_days: number;
  readonly preferred: boolean;
  readonly inspect: boolean;
}
export interface ReorderPolicy {
  readonly sku: string;
  readonly location: string;
  readonly method: string;
  readonly reorder_point: number;
  readonly target: number;
  readonly review_days: number;
  readonly safety_days: number;
  readonly supplier: string | null;
  readonly auto: boolean;
  readonly demand_milli: number;
}
export interface Proposal {
  readonly id: string;
  readonly version: number;
  readonly sku: string;
  readonly location: string;
  readonly supplier: string;
  readonly quantity: number;
  readonly status: string;
  readonly position: number;
  readonly reorder_point: number;
  readonly target: number;
  readonly reasons: readonly string[];
  readonly purchase_order_id: string | null;
  readonly created_at: string;
}

export interface PurchaseLine {
  readonly id: string;
  readonly sku: string;
  readonly supplier_sku: string;
  readonly cost: number;
  readonly quantity: number;
  readonly quantity_confirmed: number;
  readonly quantity_in_transit: number;
  readonly quantity_received: number;
  readonly quantity_rejected: number;
  readonly quantity_cancelled: number;
  readonly quantity_outstanding: number;
  readonly quantity_over: number;
  readonly quantity_invoiced: number;
  readonly promised_at: string | null;
  readonly first_promised_at: string | null;
}
export interface OpenException {
  readonly id: string;
  readonly reason: string;
  readonly owner: string;
  readonly deadline: string;
  readonly detail: string;
}
export interface PurchaseOrder {
  readonly id: string;
  readonly version: number;
  readonly supplier: string;
  readonly location: string;
  readonly currency: string;
  readonly status: string;
  readonly channel: string | null;
  readonly reference: string;
  readonly receipt: string;
  readonly total: number;
  readonly lines: readonly PurchaseLine[];
  readonly expected_at: string | null;
  readonly acknowledgment_to_decide: Readonly<Record<string, unknown>> | null;
  readonly invoices: readonly { readonly reference: string; readonly amount: number; readonly state: string }[];
  readonly exceptions: readonly OpenException[];
  readonly created_at: string | null;
  readonly sent_at: string | null;
  readonly closed_at: string | null;
}
export interface Receipt {
  readonly id: string;
  readonly posted_at: string;
  readonly lines: readonly {
    readonly line_id: string;
    readonly sku: string;
    readonly accepted: number;
    readonly rejected: number;
    readonly damaged: number;
    readonly over: number;
    readonly outstanding: number;
    readonly reason: string | null;
  }[];
}
export interface ShipNotice {
  readonly id: string;
  readonly reference: string;
  readonly expected_at: string;
  readonly tracking_number: string | null;
  readonly noticed_at: string;
  readonly lines: readonly { readonly line_id: string; readonly sku: string; readonly quantity: number }[];
}
export interface PurchaseOrderDetail extends PurchaseOrder {
  readonly ship_notices: readonly ShipNotice[];
  readonly receipts: readonly Receipt[];
}
export const purchase_order_statuses = [
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
];

export interface Interchange {
  readonly id: string;
  readonly channel: string;
  readonly partner: string;
  readonly control_number: string;
  readonly status: string;
  readonly received_at: string;
  readonly waits_for_person: boolean;
}
export interface InterchangeDetail extends Omit<Interchange, 'waits_for_person'> {
  readonly exceptions: readonly OpenException[];
  readonly text: string;
  readonly reply: string | null;
}
