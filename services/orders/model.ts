/**
 * What orders knows while it decides: one type per kind of row, in lock order. `Order` is the fold of the order's events (evolve.ts),
 * and its tables are this type's columns (store.ts, migrations/001_orders.sql). Rows of the catalog: catalog.ts.
 */
import type {
  Action,
  Address,
  Axes,
  CancellationScope,
  CapturePolicy,
  Condition,
  Destination,
  MethodKind,
  OrderRejectionReason,
  PaymentState,
  QuoteCreated,
  RefundReason,
  RefundStatus,
  ReservationState,
  ReturnStatus,
  ShipmentStatus,
  ShipPolicy,
  ShortLine,
  Tax,
  TaxMode,
  Tender,
} from '../../contracts/index.ts';
import type { DiscountRule } from './pricing/discount.ts';
import type { Product } from './pricing/price_order.ts';
import type { ShippingTable } from './pricing/shipping.ts';
import type { TaxTable } from './pricing/tax.ts';

/** The kinds, in lock order. Marked (reference): read without a lock, never changed by a decision. undefined, null: there is no such row. */
export interface OrdersStates {
  /** (reference) Id: SKU. */
  readonly product: Product | null;
  /** (reference) Id: country, or `nowhere`. */
  readonly tax_table: TaxTable;
  /** (reference) Id: country, or `nowhere`. */
  readonly shipping_table: ShippingTable;
  /** (reference) Id: the order to be placed. The next number of the sequence; one that is lost with its transaction stays a gap. */
  readonly order_number: OrderNumber;
  /** (reference) Id: `reference_id(principal, reference)`. Which order has it. */
  readonly reference: ReferenceTaken;
  /** Id: the caller's own id of a customer. Locked, so that one customer's orders are counted one after the other. */
  readonly customer: Customer;
  /** (reference) Id: the caller's own id of a customer. Read after the customer's lock. */
  readonly unpaid: Unpaid;
  /** (reference) Id: customer_ref, or the order of a guest. What a person has with us, read after the customer's lock. */
  readonly person: Person;
  /** Id: `erasure_id(subject)`. */
  readonly erasure: Erasure;
  readonly quote: Quote | undefined;
  readonly order: Order | undefined;
  /** (reference) Id: order. Who gets and who pays: personal, so no event tells it and the row is no fold. Read after the order's lock. */
  readonly contact: Contact | undefined;
  /** (reference) Id: order. What shipping told of its parcels, for replies alone: no decision looks at it. */
  readonly shipments: readonly Shipment[];
  /** Id: canonical code. */
  readonly discount: Discount | undefined;
  /** (reference) Id: `redemptions_id(code, customer)`. Read after the discount's lock. */
  readonly redemptions: Redemptions;
}

export interface OrderNumber {
  readonly number: number;
}
export interface ReferenceTaken {
  readonly order_id: string | null;
}
export function reference_id(principal: string, reference: string): string {
  return `${principal}\n${reference}`;
}
export interface Customer {
  /** Random, made with the customer's first order; events know nothing else of a person. */
  readonly customer_ref: string | null;
  /** Orders ever placed with a publishable key: those that `unpaid` does not know yet are of the same batch. */
  readonly placed: number;
}
export interface Unpaid {
  /** Of the customer, as stored; and how many were placed by then. */
  readonly orders: number;
  readonly placed: number;
}
export interface Redemptions {
  /** Live ones of the customer, as stored; and how often anybody had redeemed the code by then. */
  readonly uses: number;
  readonly redeemed: number;
}
export function redemptions_id(code: string, customer: string): string {
  return `${code}\n${customer}`;
}

export interface Person {
  readonly order_ids: readonly string[];
  /** Orders that still need the person. */
  readonly waits: readonly { readonly order_id: string; readonly reason: 'open_order' | 'open_dispute' }[];
}
export interface Erasure {
  readonly subject: string | null;
  readonly erased_at: string | null;
}
/** Its events stand under the person's key; a guest's is his order, whose versions are its own. */
export function erasure_id(subject: string): string {
  return `${subject}/erasure`;
}

/** quote.created, and the order that used it. */
export type Quote = QuoteCreated['data'] & { readonly order_id: string | null };

/** The rule is written by PUT /v1/discounts, the uses by the orders that redeem it. */
export interface Discount extends DiscountRule {
  /** Live redemptions: orders with this code that are not rejected, expired or cancelled. */
  readonly uses: number;
  readonly uses_max: number | null;
  readonly uses_per_customer: number | null;
  /** How often it was ever redeemed. */
  readonly redeemed: number;
  /** Who redeemed it lately, as far as this process saw: tells those of the same batch, whom `redemptions` does not count yet. Not stored. */
  readonly lately: readonly { readonly no: number; readonly customer_ref: string }[];
}

export interface Contact {
  /** The caller's id of the customer, as given. */
  readonly customer: string | null;
  readonly name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly shipping_address: Address | null;
  readonly billing_address: Address | null;
  /** Of the tender that waits. */
  readonly method_token: string | null;
  /** Hash of the order_token. */
  readonly token_hash: string | null;
}

export interface Shipment {
  readonly shipment_id: string;
  readonly location_id: string | null;
  readonly status: ShipmentStatus;
  readonly carrier: string | null;
  readonly parcels: readonly Parcel[];
}
export interface Parcel {
  readonly parcel_id: string;
  readonly tracking_number: string | null;
  readonly tracking_url: string | null;
  /** The carrier's, or the label's as long as no carrier saw the parcel. */
  readonly status: string;
}

export interface Order {
  readonly order_id: string;
  readonly number: number;
  readonly principal: string | null;
  readonly reference: string | null;
  readonly quote_id: string | null;
  readonly customer_ref: string | null;
  readonly currency: string;
  readonly tax_mode: TaxMode;
  readonly destination: Destination | null;
  readonly axes: Axes;
  readonly subtotal: number;
  readonly discount_total: number;
  readonly shipping_total: number;
  readonly shipping_tax: number;
  readonly tax_total: number;
  readonly grand_total: number;
  readonly discount_code: string | null;
  /** Of the shipping charge, what fell away with the goods. Part of cancelled_value. */
  readonly shipping_cancelled: number;
  readonly shipping_tax_cancelled: number;
  readonly cancelled_value: number;
  readonly credited_value: number;
  /** Sums over the payments. */
  readonly authorized: number;
  readonly captured: number;
  readonly voided: number;
  readonly refunded: number;
  readonly capture_pending: number;
  readonly refund_pending: number;
  readonly capture_policy: CapturePolicy;
  readonly ship_policy: ShipPolicy;
  readonly priority: number;
  readonly shipping_service: string;
  /** Wanted by who placed it; shipping takes another when this one offers nothing. */
  readonly shipping_carrier: string | null;
  readonly metadata: { readonly [field: string]: string | number | boolean | null };
  readonly tender: Tender | null;
  readonly reservation_state: ReservationState;
  /** How often a payment was requested. */
  readonly attempts: number;
  readonly rejection: OrderRejection | null;
  /** Why it is being cancelled, or was, or expired. */
  readonly end_reason: string | null;
  readonly replaces_order_id: string | null;
  readonly placed_at: string;
  readonly confirmed_at: string | null;
  readonly closed_at: string | null;
  /** When it expires unless it is paid. */
  readonly expires_at: string;
  /** Last number given. */
  readonly fulfillment_no: number;
  readonly cancellation_no: number;
  /** order.lines_cancelled that asked for their stock back, less the stock.released that answered. */
  readonly releases_open: number;
  /** Asked of shipping and not answered yet. */
  readonly cancellations: readonly Cancellation[];
  readonly holds: readonly Hold[];
  readonly exceptions: readonly OpenException[];
  readonly refunds: readonly Refund[];
  readonly returns: readonly Return[];
  /** By tender_no. */
  readonly payments: readonly Payment[];
  /** Line n stands at n - 1. */
  readonly lines: readonly OrderLine[];
  /** Per stream of another service's events about this order, the last sequence heard: what comes again is known. */
  readonly heard: { readonly [stream: string]: number };
}

// What the rows keep as JSON is a type, not an interface: only types are known to be JSON.
export type OrderRejection = {
  readonly reason: OrderRejectionReason;
  readonly short_lines: readonly ShortLine[];
};

export interface OrderLine {
  readonly line_no: number;
  readonly sku: string;
  readonly name: string;
  readonly stocked: boolean;
  readonly tax_class: string;
  readonly weight_grams: number;
  readonly quantity: number;
  readonly unit_price: number;
  readonly line_subtotal: number;
  readonly line_discount: number;
  readonly line_tax: number;
  readonly line_total: number;
  readonly taxes: readonly Tax[];
  readonly accept_backorder: boolean;
  readonly first_promise_at: string | null;
  readonly promise_at: string | null;
  // Units: cancelled + backordered + allocated + shipped <= quantity; the rest waits for inventory's word.
  readonly cancelled: number;
  readonly backordered: number;
  readonly allocated: number;
  /** Of the allocated ones, those asked of shipping. */
  readonly in_fulfillment: number;
  readonly shipped: number;
  readonly delivered: number;
  readonly lost: number;
  readonly sent_back: number;
  readonly returned: number;
  readonly credited: number;
  // What they are worth with taxes, and the taxes in it.
  readonly shipped_value: number;
  readonly cancelled_value: number;
  readonly credited_value: number;
  readonly shipped_tax: number;
  readonly cancelled_tax: number;
  readonly credited_tax: number;
  /** Where inventory keeps allocated units and lets others wait; entries stay with 0, so a return knows where its units came from. */
  readonly allocations: readonly LineAllocation[];
}
/** `quantity` is inventory's word. Its sum is above the line's `allocated` while units that were cancelled meanwhile are still to be released. */
export type LineAllocation = {
  readonly location_id: string;
  readonly quantity: number;
  readonly in_fulfillment: number;
  readonly backordered: number;
};

export interface Payment {
  readonly payment_id: string;
  readonly tender_no: number;
  readonly gateway: string;
  readonly method_kind: MethodKind;
  readonly status: PaymentState;
  readonly action: Action | null;
  readonly amount: number;
  readonly authorized: number;
  readonly captured: number;
  readonly voided: number;
  readonly refunded: number;
  readonly capture_pending: number;
  readonly refund_pending: number;
  readonly late: boolean;
  /** Last capture_no given. */
  readonly captures: number;
  /** The last capture asked for is the last one: the gateway releases the rest with it. */
  readonly final_requested: boolean;
  /** What it holds was asked to be given back: it covers nothing any more. */
  readonly release_requested: boolean;
  /** A capture failed: nothing more is asked of it by itself. */
  readonly blocked: boolean;
}

export interface Refund {
  readonly refund_id: string;
  readonly payment_id: string;
  readonly amount: number;
  readonly tax: number;
  readonly reason: RefundReason;
  readonly lines: readonly { readonly line_no: number; readonly quantity: number; readonly amount: number; readonly tax: number }[];
  readonly status: RefundStatus;
}

export interface Return {
  readonly return_id: string;
  readonly status: ReturnStatus;
  readonly lines: readonly ReturnLine[];
  /** Last receipt_no given. */
  readonly receipts: number;
  /** When it lapses if nothing came. */
  readonly deadline: string | null;
}
export type ReturnLine = {
  readonly line_no: number;
  readonly quantity: number;
  readonly reason: string;
  readonly received: number;
  readonly condition: Condition | null;
};

export type Cancellation = {
  readonly cancellation_no: number;
  readonly scope: CancellationScope;
  readonly reason: string;
  readonly lines: readonly { readonly line_no: number; readonly location_id: string; readonly quantity: number }[];
};
export type Hold = {
  readonly hold_id: string;
  readonly reason: string;
  readonly actor: string;
};
export type OpenException = {
  readonly exception_id: string;
  readonly reason: string;
  readonly owner: string;
  readonly deadline: string;
  readonly detail: string;
};
