/** The closed lists and shapes that events share (domain.md 2 to 4). `Foo` is a schema (a list's values: `Foo.enum`), the type `Foo` what it describes. */
import Type, { type Static, type TSchema } from 'typebox';
import { Amount, At, Currency, type Frozen, Id, optional, Quantity, type ServiceName, Text } from './envelope.ts';

type Shape<T extends TSchema> = Frozen<Static<T>>;
const one_of = <const V extends readonly string[]>(values: V) => Type.Enum<[...V]>([...values], { type: 'string' });

// Closed lists of orders (3.1, 3.6, 6.7)
export type OrderStatus = Shape<typeof OrderStatus>;
export const OrderStatus = one_of([
  'placed',
  'awaiting_payment',
  'confirmed',
  'in_fulfillment',
  'completed',
  'rejected',
  'expired',
  'cancelling',
  'cancelled',
]);
/** The order's summary of its payments; a single payment has a `PaymentState`. */
export type PaymentStatus = Shape<typeof PaymentStatus>;
export const PaymentStatus = one_of([
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
]);
export type FulfillmentStatus = Shape<typeof FulfillmentStatus>;
export const FulfillmentStatus = one_of([
  'unfulfilled',
  'backordered',
  'partially_shipped',
  'shipped',
  'partially_delivered',
  'delivered',
  'returned',
]);
export type ReservationState = Shape<typeof ReservationState>;
export const ReservationState = one_of(['none', 'held', 'lapsed', 'asked', 'allocated', 'failed']);
export type CapturePolicy = Shape<typeof CapturePolicy>;
export const CapturePolicy = one_of(['on_shipment', 'on_confirm', 'manual']);
export type ShipPolicy = Shape<typeof ShipPolicy>;
export const ShipPolicy = one_of(['split', 'complete']);
export type TaxMode = Shape<typeof TaxMode>;
export const TaxMode = one_of(['exclusive', 'inclusive']);
export type OrderRejectionReason = Shape<typeof OrderRejectionReason>;
export const OrderRejectionReason = one_of(['out_of_stock']);
export type RetryReason = Shape<typeof RetryReason>;
export const RetryReason = one_of(['declined', 'failed', 'abandoned', 'authorization_expired', 'capture_failed']);
export type RefundReason = Shape<typeof RefundReason>;
export const RefundReason = one_of(['cancelled', 'shortfall', 'overpaid', 'late_payment', 'lost', 'sent_back', 'goodwill', 'return']);
export type RefundStatus = Shape<typeof RefundStatus>;
export const RefundStatus = one_of(['requested', 'succeeded', 'failed']);
export type ReturnStatus = Shape<typeof ReturnStatus>;
export const ReturnStatus = one_of(['requested', 'partially_received', 'received', 'cancelled']);
export type Condition = Shape<typeof Condition>;
export const Condition = one_of(['sellable', 'damaged']);
export type CancellationScope = Shape<typeof CancellationScope>;
export const CancellationScope = one_of(['all', 'lines']);

// Closed lists of payments (2, 3.2)
export type MethodKind = Shape<typeof MethodKind>;
export const MethodKind = one_of(['card', 'wallet', 'bank', 'voucher', 'manual']);
export type PaymentIntent = Shape<typeof PaymentIntent>;
export const PaymentIntent = one_of(['authorize', 'charge']);
export type PaymentState = Shape<typeof PaymentState>;
export const PaymentState = one_of([
  'processing',
  'action_required',
  'pending',
  'unknown',
  'authorized',
  'partially_captured',
  'captured',
  'declined',
  'failed',
  'abandoned',
  'voided',
  'lapsed',
  'partially_refunded',
  'refunded',
]);
export type PaymentOperationKind = Shape<typeof PaymentOperationKind>;
export const PaymentOperationKind = one_of(['authorize', 'capture', 'void', 'refund']);
export type PaymentOutcome = Shape<typeof PaymentOutcome>;
export const PaymentOutcome = one_of(['ok', 'declined', 'action_required', 'pending', 'permanent_error']);
export type DeclineCode = Shape<typeof DeclineCode>;
export const DeclineCode = one_of([
  'insufficient_funds',
  'card_expired',
  'card_invalid',
  'incorrect_cvc',
  'lost_or_stolen',
  'suspected_fraud',
  'do_not_honor',
  'authentication_failed',
  'limit_exceeded',
  'processing_error',
  'issuer_unavailable',
  'partial_approval',
  'other',
]);
export type RefundOrigin = Shape<typeof RefundOrigin>;
export const RefundOrigin = one_of(['ours', 'gateway']);

// Closed lists of inventory (3.3, 5.7)
export type MovementKind = Shape<typeof MovementKind>;
export const MovementKind = one_of(['received', 'adjusted', 'counted', 'damaged', 'inspected', 'shipped', 'sent_back', 'returned']);
export type StockAccount = Shape<typeof StockAccount>;
export const StockAccount = one_of(['supplier', 'sellable', 'quality_control', 'damaged', 'customer', 'loss', 'found']);
/** The counter that promised units leave; `available`: nobody had been promised them. */
export type StockPromise = Shape<typeof StockPromise>;
export const StockPromise = one_of(['available', 'held', 'allocated', 'backorder_held', 'backordered']);
export type ShortfallCause = Shape<typeof ShortfallCause>;
export const ShortfallCause = one_of(['short_pick', 'reservation_lost']);

// Closed lists of shipping (3.4)
export type ShipmentStatus = Shape<typeof ShipmentStatus>;
export const ShipmentStatus = one_of(['planned', 'labeling', 'labeled', 'dispatched', 'delivered', 'closed', 'cancelled']);
/** By rank, the least first. */
export type CarrierStatus = Shape<typeof CarrierStatus>;
export const CarrierStatus = one_of([
  'unknown',
  'label_created',
  'picked_up',
  'in_transit',
  'delayed',
  'out_for_delivery',
  'awaiting_pickup',
  'delivery_failed',
  'returning',
  'lost',
  'delivered',
  'sent_back',
]);
export type DispatchOrigin = Shape<typeof DispatchOrigin>;
export const DispatchOrigin = one_of(['warehouse', 'scan']);

// Closed lists of suppliers (2, 3.5)
export type ReorderMethod = Shape<typeof ReorderMethod>;
export const ReorderMethod = one_of(['fixed', 'demand']);
export type PurchaseOrderOperationKind = Shape<typeof PurchaseOrderOperationKind>;
export const PurchaseOrderOperationKind = one_of(['send_order', 'cancel_order']);

// Lines (decisions.md 19)
export const LineNo = () => Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
export const Sku = () => Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' });
/** Counts from 1 within its parent: attempts, tenders, captures, revisions. */
export const Ordinal = () => Type.Integer({ minimum: 1, maximum: 2_147_483_647 });
/** 0 to 9, the small first. */
export const Priority = () => Type.Integer({ minimum: 0, maximum: 9 });

const line = { line_no: LineNo(), location_id: optional(Id()), quantity: Quantity() };
export type Line = Shape<typeof Line>;
export const Line = Type.Object(line);
export type Item = Shape<typeof Item>;
export const Item = Type.Object({ ...line, sku: Sku() });

// Places and people
/** All that events say of a place outside `personal`. */
export type Destination = Shape<typeof Destination>;
export const Destination = Type.Object({ country: Type.String({ pattern: '^[A-Z]{2}$' }), region: optional(Text(100)) });
/** As in POST /v1/orders (api.md 3). Only ever under `personal`. */
export type Address = Shape<typeof Address>;
export const Address = Type.Object({
  name: optional(Text(200)),
  line1: optional(Text(200)),
  line2: optional(Text(200)),
  city: optional(Text(200)),
  region: optional(Text(100)),
  postal_code: optional(Text(40)),
  country: Type.String({ pattern: '^[A-Z]{2}$' }),
  phone: optional(Text(40)),
});
/** Of a place where the shop keeps stock; what is not known of it, people add later. */
export type LocationAddress = Shape<typeof LocationAddress>;
export const LocationAddress = Type.Object({ ...Address.properties, country: optional(Address.properties.country) });
/**
 * Sealed in the log with the person's key (docs/decisions/0008), opened for the hearers named here alone, absent for everyone else and once
 * erased: a hearer must live without it.
 */
export const personal = <T extends Record<string, TSchema>>(opened_by: readonly [ServiceName, ...ServiceName[]], fields: T) =>
  optional(Type.Object(fields, { 'x-personal': true, 'x-opened-by': opened_by }));

// Orders
export type Axes = Shape<typeof Axes>;
export const Axes = Type.Object({ status: OrderStatus, payment_status: PaymentStatus, fulfillment_status: FulfillmentStatus });

/** Counters of an order line, absolute after the event. Values and taxes settle as in domain.md 6.5 and 6.7; absent: unchanged. */
export type Quantities = Shape<typeof Quantities>;
export const Quantities = Type.Object({
  line_no: LineNo(),
  cancelled: Quantity(),
  backordered: Quantity(),
  allocated: Quantity(),
  in_fulfillment: Quantity(),
  shipped: Quantity(),
  delivered: Quantity(),
  lost: Quantity(),
  sent_back: Quantity(),
  returned: Quantity(),
  credited: Quantity(),
  // Not in domain.md's shape, but on its order_line: the row is the fold of these events.
  shipped_value: optional(Amount()),
  cancelled_value: optional(Amount()),
  credited_value: optional(Amount()),
  shipped_tax: optional(Amount()),
  cancelled_tax: optional(Amount()),
  credited_tax: optional(Amount()),
});
/** Where a line's allocated and backordered units are: what a hold, a late payment or `ship_policy` complete keeps from being asked of shipping. */
export type Allocation = Shape<typeof Allocation>;
export const Allocation = Type.Object({
  line_no: LineNo(),
  location_id: Id(),
  quantity: Quantity(),
  in_fulfillment: Quantity(),
  backordered: optional(Quantity()), // units that wait for stock there; absent: 0
});

export type Money = Shape<typeof Money>;
export const Money = Type.Object({
  amount_due: Amount(),
  cancelled: Amount(),
  credited: Amount(),
  authorized: Amount(),
  captured: Amount(),
  voided: Amount(),
  refunded: Amount(),
  refund_pending: Amount(),
  capture_pending: optional(Amount()), // of the order's sums; absent: 0
});
/** What the shopper must do (api.md 3). */
export type Action = Shape<typeof Action>;
export const Action = Type.Object({ type: one_of(['redirect']), url: Text(4_000), expires_at: optional(At()) });
/** A payment as its order knows it, absolute after the event. */
export type Pay = Shape<typeof Pay>;
export const Pay = Type.Object({
  payment_id: Id(),
  gateway: Id(),
  method_kind: MethodKind,
  status: PaymentState,
  action: optional(Action),
  amount: Amount(),
  authorized: Amount(),
  captured: Amount(),
  voided: Amount(),
  refunded: Amount(),
  // Not in domain.md's shape, but on its order_payment.
  tender_no: Ordinal(),
  late: Type.Boolean(),
  capture_pending: Amount(),
  refund_pending: Amount(),
});
/** A refund's status after the event. The rest is told once, when payment.refund_requested did not: a refund that the gateway began. */
export type RefundChange = Shape<typeof RefundChange>;
export const RefundChange = Type.Object({
  refund_id: Id(),
  status: RefundStatus,
  payment_id: optional(Id()),
  amount: optional(Amount()),
  tax: optional(Amount()),
  reason: optional(RefundReason),
});
/** How the order will be paid, not yet a payment; payment.requested ends it. Without amount: what is due. */
export type Tender = Shape<typeof Tender>;
export const Tender = Type.Object({
  gateway: Id(),
  method_kind: MethodKind,
  amount: optional(Amount()),
  return_url: optional(Text(4_000)), // where a redirected shopper comes back
});
export type Tax = Shape<typeof Tax>;
export const Tax = Type.Object({ jurisdiction: Text(100), rate_ppm: Type.Integer({ minimum: 0 }), amount: Amount() });

const priced_line = {
  line_no: LineNo(),
  sku: Sku(),
  name: Text(500),
  stocked: Type.Boolean(),
  tax_class: Text(64),
  weight_grams: Quantity(),
  quantity: Quantity(),
  unit_price: Amount(),
  line_subtotal: Amount(),
  line_discount: Amount(),
  line_tax: Amount(),
  line_total: Amount(),
  taxes: Type.Array(Tax),
};
export type PricedLine = Shape<typeof PricedLine>;
export const PricedLine = Type.Object(priced_line);
export type OrderLine = Shape<typeof OrderLine>;
export const OrderLine = Type.Object({ ...priced_line, accept_backorder: Type.Boolean(), promise_at: optional(At()) });
export type Discount = Shape<typeof Discount>;
export const Discount = Type.Object({ code: Text(64), amount: Amount() });
export const totals = {
  subtotal: Amount(),
  discount_total: Amount(),
  shipping_total: Amount(),
  shipping_tax: Amount(), // part of tax_total; settles with the shipping charge
  tax_total: Amount(),
  grand_total: Amount(),
};
/** What the last reservation_failed lacked, per SKU. */
export type ShortLine = Shape<typeof ShortLine>;
export const ShortLine = Type.Object({ sku: Sku(), wanted: Quantity(), available: Type.Integer() });

/** Every order event but quote.created carries these; absent ones did not change. */
export const order_fields = {
  order_id: Id(),
  customer_ref: optional(Id()),
  currency: Currency(),
  axes: Axes,
  quantities: optional(Type.Array(Quantities)),
  money: optional(Money),
  payments: optional(Type.Array(Pay)),
  refunds: optional(Type.Array(RefundChange)),
  tender: optional(Tender),
  // The rest of the order's row, so that it is the fold of its events (domain.md 0.3).
  allocations: optional(Type.Array(Allocation)),
  reservation_state: optional(ReservationState),
  attempts: optional(Quantity()),
  expires_at: optional(At()),
  closed_at: optional(At()),
  releases_open: optional(Quantity()), // order.lines_cancelled whose stock.released is still to come
  // Which event of another service made the order say this: a stream's sequence is heard once, whatever comes again.
  heard: optional(Type.Object({ stream: Id(), sequence: Type.Integer({ minimum: 1 }) })),
};

// Inventory
/** Counters of a stock item after the transaction (5.1, 5.2). `available` can be below 0 where safety stock is promised. */
export type Levels = Shape<typeof Levels>;
export const Levels = Type.Object({
  sku: Sku(),
  location_id: Id(),
  version: Type.Integer({ minimum: 0 }), // moves once per transaction: of two events with the same version the later holds
  on_hand: Quantity(),
  damaged: Quantity(),
  quality_control: Quantity(),
  held: Quantity(),
  allocated: Quantity(),
  backorder_held: Quantity(),
  backordered: Quantity(),
  safety: Quantity(),
  backorder_limit: Quantity(),
  low_threshold: Quantity(),
  reorder_point: optional(Quantity()),
  available: Type.Integer(),
});

// Payments
/** A payment's sums, absolute after the event: two equal captures stay two (decisions.md 11). */
export type PaymentSums = Shape<typeof PaymentSums>;
export const PaymentSums = Type.Object({
  amount: Amount(),
  authorized: Amount(),
  captured: Amount(),
  voided: Amount(),
  refunded: Amount(),
});
