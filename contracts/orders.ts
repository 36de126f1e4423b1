/** What orders says of an order's life (domain.md 4, Orders). What it asks of others: orders_requests.ts; cancellations, holds and returns: orders_changes.ts. */
import Type from 'typebox';
import { Amount, At, Currency, type EventOf, event, Id, optional, Text } from './envelope.ts';
import { axes, counters, ids, money, order_at, pays, places } from './examples.ts';
import {
  CapturePolicy,
  Destination,
  Discount,
  LineNo,
  OrderLine,
  OrderRejectionReason,
  order_fields,
  PricedLine,
  Priority,
  ReservationState,
  ShipPolicy,
  ShortLine,
  Tax,
  TaxMode,
  totals,
} from './shapes.ts';

const ornament = {
  line_no: 1,
  sku: '85123A',
  name: 'White hanging heart T-light holder',
  stocked: true,
  tax_class: 'standard',
  weight_grams: 120,
  quantity: 6,
  unit_price: 255,
  line_subtotal: 1530,
  line_discount: 0,
  line_tax: 255,
  line_total: 1530,
  taxes: [{ jurisdiction: 'GB', rate_ppm: 200_000, amount: 255 }],
};
const cake_stand = {
  ...ornament,
  line_no: 2,
  sku: '22423',
  name: 'Regency cakestand 3 tier',
  weight_grams: 1500,
  quantity: 5,
  unit_price: 1275,
  line_subtotal: 6375,
  line_tax: 1062,
  line_total: 6375,
  taxes: [{ jurisdiction: 'GB', rate_ppm: 200_000, amount: 1062 }],
};
const sums = { subtotal: 7905, discount_total: 0, shipping_total: 495, shipping_tax: 82, tax_total: 1399, grand_total: 8400 };

export type QuoteCreated = EventOf<typeof quote_created>;
export const quote_created = event({
  type: 'quote.created',
  service: 'orders',
  key: 'quote_id',
  heard_by: [],
  description: 'Prices, tax, discount and shipping charges are fixed until expires_at.',
  data: Type.Object({
    quote_id: Id(),
    principal: optional(Id()), // whose object it is (api.md 1)
    customer_ref: optional(Id()),
    currency: Currency(),
    tax_mode: TaxMode,
    destination: optional(Destination),
    lines: Type.Array(PricedLine),
    discount: optional(Discount),
    /** `totals` are without a shipping option, each option says what it adds. */
    shipping_options: Type.Array(
      Type.Object({
        service: Id(),
        carrier: optional(Id()),
        amount: Amount(),
        discount: optional(Amount()),
        tax: Amount(),
        taxes: Type.Array(Tax),
        estimated_delivery_at: optional(At()),
      }),
    ),
    totals: Type.Object(totals),
    expires_at: At(),
  }),
  example: {
    quote_id: ids.quote,
    principal: ids.key,
    customer_ref: ids.customer,
    currency: 'GBP',
    tax_mode: 'inclusive',
    ...places,
    lines: [ornament, cake_stand],
    shipping_options: [
      { service: 'standard', carrier: 'royal_mail', amount: 495, tax: 82, taxes: [{ jurisdiction: 'GB', rate_ppm: 200_000, amount: 82 }] },
    ],
    totals: { ...sums, shipping_total: 0, shipping_tax: 0, tax_total: 1317, grand_total: 7905 },
    expires_at: '2026-05-04T09:40:00.000Z',
  },
});

export type OrderPlaced = EventOf<typeof order_placed>;
export const order_placed = event({
  type: 'order.placed',
  service: 'orders',
  key: 'order_id',
  heard_by: ['inventory'],
  description: 'An order was accepted; its stock is asked for. Lines travel with all their fields here and never again.',
  data: Type.Object({
    ...order_fields,
    number: Type.Integer({ minimum: 1 }),
    principal: optional(Id()), // whose object it is (api.md 1); `reference` is unique for it
    reference: optional(Text(255)),
    quote_id: optional(Id()),
    placed_at: At(),
    destination: optional(Destination),
    tax_mode: TaxMode,
    ship_policy: ShipPolicy,
    capture_policy: CapturePolicy,
    priority: Priority(),
    shipping_service: Text(100),
    shipping_carrier: optional(Text(100)), // wanted, not promised
    metadata: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
    lines: Type.Array(OrderLine, { minItems: 1 }),
    discount: optional(Discount),
    ...totals,
    expires_at: At(),
    replaces_order_id: optional(Id()), // its stock is freed by the same decision, before this order's is reserved (3.1)
  }),
  example: {
    ...order_at(axes.placed),
    quantities: [counters(1, {}), counters(2, {})],
    money: money.unpaid,
    tender: { gateway: 'stripe', method_kind: 'card', return_url: 'https://shop.example/thanks' },
    reservation_state: 'asked',
    attempts: 0,
    number: 10023,
    principal: ids.key,
    reference: 'WEB-10023',
    quote_id: ids.quote,
    placed_at: '2026-05-04T09:12:00.000Z',
    ...places,
    tax_mode: 'inclusive',
    ship_policy: 'split',
    capture_policy: 'on_shipment',
    priority: 5,
    shipping_service: 'standard',
    metadata: { channel: 'web' },
    lines: [
      { ...ornament, accept_backorder: true, promise_at: '2026-05-07T18:00:00.000Z' },
      { ...cake_stand, accept_backorder: true, promise_at: null },
    ],
    ...sums,
    expires_at: '2026-05-04T09:42:00.000Z',
  },
});

const ended = { key: 'order_id', service: 'orders' } as const;

export type OrderRejected = EventOf<typeof order_rejected>;
export const order_rejected = event({
  type: 'order.rejected',
  ...ended,
  heard_by: ['inventory'],
  description: 'The stock was not there; nothing is kept, nothing is charged.',
  data: Type.Object({ ...order_fields, reason: OrderRejectionReason, short_lines: optional(Type.Array(ShortLine)) }),
  example: {
    ...order_at({ status: 'rejected', payment_status: 'none', fulfillment_status: 'unfulfilled' }),
    reservation_state: 'failed',
    closed_at: '2026-05-04T09:12:00.040Z',
    reason: 'out_of_stock',
    short_lines: [{ sku: '22423', wanted: 5, available: 3 }],
  },
});

export type OrderExpired = EventOf<typeof order_expired>;
export const order_expired = event({
  type: 'order.expired',
  ...ended,
  heard_by: ['inventory'],
  description: 'Not paid in time, or no attempt left; its stock goes back.',
  data: Type.Object({ ...order_fields, reason: Text() }),
  example: {
    ...order_at({ status: 'expired', payment_status: 'declined', fulfillment_status: 'unfulfilled' }),
    closed_at: '2026-05-04T09:42:00.000Z',
    reason: 'payment_deadline',
  },
});

export type OrderCancelled = EventOf<typeof order_cancelled>;
export const order_cancelled = event({
  type: 'order.cancelled',
  ...ended,
  heard_by: [],
  description: 'No unit is live, the stock is back and the money settled.',
  data: Type.Object({ ...order_fields, reason: Text() }),
  example: {
    ...order_at({ status: 'cancelled', payment_status: 'voided', fulfillment_status: 'unfulfilled' }),
    reservation_state: 'none',
    closed_at: '2026-05-04T11:03:00.000Z',
    reason: 'customer_changed_mind',
  },
});

export type OrderConfirmed = EventOf<typeof order_confirmed>;
export const order_confirmed = event({
  type: 'order.confirmed',
  service: 'orders',
  key: 'order_id',
  heard_by: ['inventory'],
  description: 'Paid for and in stock, or on backorder: the reservation becomes an allocation.',
  data: Type.Object({
    ...order_fields,
    confirmed_at: At(),
    lines: Type.Array(Type.Object({ line_no: LineNo(), promise_at: optional(At()) })),
  }),
  example: {
    ...order_at(axes.confirmed),
    money: money.authorized,
    payments: [pays.authorized],
    confirmed_at: '2026-05-04T09:12:01.900Z',
    lines: [
      { line_no: 1, promise_at: '2026-05-07T18:00:00.000Z' },
      { line_no: 2, promise_at: null },
    ],
  },
});

export type OrderUpdated = EventOf<typeof order_updated>;
export const order_updated = event({
  type: 'order.updated',
  service: 'orders',
  key: 'order_id',
  heard_by: [],
  description: 'The order took note of something, and no other event of the same decision says so.',
  data: Type.Object({ ...order_fields, cause: Text(), reservation_state: ReservationState }),
  example: {
    ...order_at({ ...axes.shipped, payment_status: 'partially_captured' }),
    money: money.captured_in_part,
    payments: [pays.captured_in_part],
    cause: 'payment.captured',
    reservation_state: 'allocated',
  },
});
export type OrderCompleted = EventOf<typeof order_completed>;
export const order_completed = event({
  type: 'order.completed',
  service: 'orders',
  key: 'order_id',
  heard_by: [],
  description: 'Every live unit is delivered or credited, and the money is settled.',
  data: Type.Object({ ...order_fields, cause: Text(), reservation_state: ReservationState }),
  example: {
    ...order_at(axes.completed),
    quantities: [counters(2, { shipped: 5, delivered: 5, shipped_value: 6375 })],
    closed_at: '2026-05-14T13:20:00.000Z',
    cause: 'parcel.delivered',
    reservation_state: 'allocated',
  },
});

export const orders_contracts = {
  'quote.created': quote_created,
  'order.placed': order_placed,
  'order.confirmed': order_confirmed,
  'order.updated': order_updated,
  'order.completed': order_completed,
  'order.rejected': order_rejected,
  'order.expired': order_expired,
  'order.cancelled': order_cancelled,
};
