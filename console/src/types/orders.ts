/** Orders as the API tells them (openapi.json: GET /v1/orders/{id}). Unknown fields are ignored, unknown values are shown as they come. */

export interface OrderLine {
  readonly id: string;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unit_price: number;
  readonly discount: number;
  readonly tax: number;
  readonly total: number;
  readonly quantity_allocated: number;
  readonly quantity_backordered: number;
  readonly quantity_shipped: number;
  readonly quantity_delivered: number;
  readonly quantity_cancelled: number;
  readonly quantity_returned: number;
  readonly promise_date: string | null;
}
export interface OrderPayment {
  readonly id: string;
  readonly gateway: string;
  readonly status: string;
  readonly amount: number;
  readonly authorized: number;
  readonly captured: number;
  readonly voided: number;
  readonly refunded: number;
}
export interface OrderRefund {
  readonly id: string;
  readonly payment_id: string;
  readonly amount: number;
  readonly reason: string;
  readonly status: string;
}
export interface OrderShipment {
  readonly id: string;
  readonly location: string | null;
  readonly status: string;
  readonly carrier: string | null;
  readonly parcels: readonly {
    readonly id: string;
    readonly tracking_number: string | null;
    readonly tracking_url: string | null;
    readonly status: string;
  }[];
}
export interface Hold {
  readonly id: string;
  readonly reason: string;
  readonly actor: string;
}
export type OrderAddress = Readonly<
  Partial<Record<'name' | 'line1' | 'line2' | 'city' | 'region' | 'postal_code' | 'country' | 'phone', string | null>>
>;

export interface Order {
  readonly id: string;
  readonly number: number;
  readonly reference: string | null;
  readonly version: number;
  readonly status: string;
  readonly payment_status: string;
  readonly fulfillment_status: string;
  readonly currency: string;
  readonly customer: {
    readonly id: string | null;
    readonly email: string | null;
    readonly name: string | null;
    readonly phone: string | null;
  } | null;
  readonly shipping_address: OrderAddress | null;
  readonly lines: readonly OrderLine[];
  readonly shipping: { readonly service: string; readonly carrier: string | null };
  readonly discount_codes: readonly string[];
  readonly subtotal: number;
  readonly discount_total: number;
  readonly shipping_total: number;
  readonly tax_total: number;
  readonly total: number;
  readonly amount_due: number;
  readonly captured_total: number;
  readonly refunded_total: number;
  readonly payments: readonly OrderPayment[];
  readonly refunds: readonly OrderRefund[];
  readonly shipments: readonly OrderShipment[];
  readonly holds: readonly Hold[];
  readonly rejection: {
    readonly reason: string;
    readonly short_lines: readonly { readonly line_no?: number; readonly sku?: string }[];
  } | null;
  readonly replaces_order_id: string | null;
  readonly expires_at: string | null;
  readonly placed_at: string;
  readonly confirmed_at: string | null;
  readonly completed_at: string | null;
  readonly cancelled_at: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Return {
  readonly id: string;
  readonly order_id: string;
  readonly status: string;
  readonly lines: readonly {
    readonly line_id: string;
    readonly sku: string;
    readonly quantity: number;
    readonly reason: string;
    readonly received: number;
    readonly condition: string | null;
  }[];
}

export const order_statuses = [
  'placed',
  'awaiting_payment',
  'confirmed',
  'in_fulfillment',
  'completed',
  'rejected',
  'expired',
  'cancelling',
  'cancelled',
];
export const payment_statuses = [
  'none',
  'pending',
  'action_required',
  'authorized',
  'partially_captured',
  'captured',
  'partially_refunded',
  'refunded',
  'voided',
  'declined',
  'unknown',
];
export const fulfillment_statuses = [
  'unfulfilled',
  'backordered',
  'partially_shipped',
  'shipped',
  'partially_delivered',
  'delivered',
  'returned',
];
