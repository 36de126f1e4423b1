/** What the shop reads of the API's objects: a part of what `/openapi.json` says. More may come; clients ignore what they do not know. */

export interface Config {
  readonly publishable_key: string;
  readonly currency: string;
  /** `/v1` */
  readonly api: string;
}
export interface Product {
  readonly sku: string;
  readonly name: string;
  /** Integers in minor units: 795 is £7.95. */
  readonly prices: readonly { readonly currency: string; readonly amount: number }[];
  readonly weight_grams: number;
  readonly active: boolean;
}

export interface QuoteLine {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unit_price: number;
  readonly discount: number;
  readonly total: number;
}
export interface ShippingOption {
  readonly service: string;
  readonly carrier: string | null;
  /** What the option adds to the order's total. */
  readonly total: number;
  readonly estimated_delivery: string | null;
}
export interface Quote {
  readonly id: string;
  readonly currency: string;
  readonly lines: readonly QuoteLine[];
  readonly shipping_options: readonly ShippingOption[];
  readonly discount_codes: readonly string[];
  readonly subtotal: number;
  readonly discount_total: number;
  readonly tax_total: number;
  /** Without shipping. */
  readonly total: number;
  readonly expires_at: string;
}

export interface Address {
  readonly name: string;
  readonly line1: string;
  readonly line2: string | null;
  readonly city: string;
  readonly region: string | null;
  readonly postal_code: string;
  readonly country: string;
  readonly phone: string | null;
}
export interface PaymentChoice {
  readonly gateway: 'stripe' | 'manual';
  readonly method?: string;
  readonly method_kind?: 'bank';
}
export interface OrderAsked {
  readonly quote_id: string;
  readonly currency: string;
  readonly customer: { readonly email: string; readonly name: string };
  readonly shipping_address: Address;
  readonly shipping?: { readonly service: string };
  /** The total the shopper was shown. */
  readonly expected_total: number;
  readonly payment: PaymentChoice & { readonly return_url: string };
}

export interface OrderLine {
  readonly id: string;
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly total: number;
  readonly quantity_backordered: number;
  readonly quantity_shipped: number;
  readonly quantity_delivered: number;
  readonly quantity_cancelled: number;
  readonly promise_date: string | null;
}
export interface Parcel {
  readonly tracking_number: string | null;
  readonly tracking_url: string | null;
  readonly status: string;
}
export interface Shipment {
  readonly status: string;
  readonly carrier: string | null;
  readonly parcels: readonly Parcel[];
}
export interface Payment {
  readonly id: string;
  readonly status: string;
  readonly action: { readonly type: string; readonly url: string; readonly expires_at?: string } | null;
}
export type OrderStatus =
  | 'placed'
  | 'awaiting_payment'
  | 'confirmed'
  | 'in_fulfillment'
  | 'completed'
  | 'rejected'
  | 'expired'
  | 'cancelling'
  | 'cancelled';
export interface Order {
  readonly id: string;
  readonly number: number;
  readonly version: number;
  readonly status: OrderStatus;
  readonly payment_status: string;
  readonly fulfillment_status: string;
  readonly currency: string;
  readonly shipping_address: Address | null;
  readonly lines: readonly OrderLine[];
  readonly subtotal: number;
  readonly discount_total: number;
  readonly shipping_total: number;
  readonly tax_total: number;
  readonly total: number;
  readonly refunded_total: number;
  readonly payments: readonly Payment[];
  readonly shipments: readonly Shipment[];
  readonly rejection: {
    readonly reason: string;
    readonly short_lines: readonly { readonly sku: string; readonly wanted: number; readonly available: number }[];
  } | null;
  /** Until then the goods are kept for whoever pays; null once that is settled. */
  readonly expires_at: string | null;
  readonly placed_at: string;
}
/** Both tokens stand in this one reply and nowhere else. */
export interface PlacedOrder extends Order {
  readonly order_token: string;
  readonly track_token: string;
}

export interface Tracked {
  readonly number: number;
  readonly status: OrderStatus;
  readonly fulfillment_status: string;
  readonly placed_at: string;
  readonly shipping_city: string | null;
  readonly lines: readonly Omit<OrderLine, 'id' | 'sku' | 'total' | 'quantity_backordered'>[];
  readonly shipments: readonly Shipment[];
}
export interface OrderStory {
  readonly data: readonly TimelineEntry[];
  /** What is no longer kept where it can be read at once. */
  readonly archived?: { readonly events: number; readonly since: string };
}
export interface TimelineEntry {
  readonly id: string;
  readonly at: string;
  readonly service: string;
  readonly type: string;
  readonly summary: string;
}
