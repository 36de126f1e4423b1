/** Shipments as the API tells them (api.md 4). */
import type { OpenException } from './purchasing.ts';

export interface ShipmentLine {
  readonly line_id: string;
  readonly sku: string;
  readonly name?: string | null;
  readonly quantity: number;
  readonly quantity_shorted: number;
  readonly quantity_cancelled: number;
}
export interface Parcel {
  readonly id: string;
  readonly weight_grams: number;
  readonly dimensions_mm: readonly number[];
  readonly lines: readonly { readonly line_id: string; readonly quantity: number }[];
  readonly label_status: string;
  readonly carrier?: string | null;
  readonly tracking_number?: string | null;
  readonly tracking_url?: string | null;
  readonly status: string;
  readonly eta_at?: string | null;
  readonly delivered_at?: string | null;
  readonly tracking: readonly { readonly at: string; readonly status: string }[];
}
export interface Candidate {
  readonly provider: string;
  readonly carrier: string;
  readonly service: string;
  readonly cost: number;
  readonly currency: string;
  readonly delivery_days?: number | null;
  readonly verdict: string;
}
export interface Shipment {
  readonly id: string;
  readonly version: number;
  readonly order_id: string;
  readonly location: string;
  readonly status: string;
  readonly held: boolean;
  readonly carrier?: string | null;
  readonly service?: string | null;
  readonly cost?: number | null;
  readonly currency?: string | null;
  readonly reasons: readonly string[];
  readonly promise_at?: string | null;
  readonly candidates: readonly Candidate[];
  readonly left_out: readonly { readonly provider: string; readonly carrier: string; readonly message: string }[];
  readonly address_check?: {
    readonly verdict: string;
    readonly provider: string;
    readonly detail?: string | null;
    readonly suggestion?: Readonly<Record<string, string>> | null;
  } | null;
  readonly label_error?: string | null;
  readonly dispatched_at?: string | null;
  readonly lines: readonly ShipmentLine[];
  readonly parcels: readonly Parcel[];
  readonly exceptions: readonly OpenException[];
}
export const shipment_statuses = ['planned', 'labeling', 'labeled', 'dispatched', 'delivered', 'closed', 'cancelled'];
