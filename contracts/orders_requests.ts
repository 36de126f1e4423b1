/** What orders asks of inventory, payments and shipping: a "please do" is a fact (domain.md 0.1 and 4, Orders). */
import Type from 'typebox';
import { Amount, At, type EventOf, event, Id, optional, Quantity, Text } from './envelope.ts';
import { axes, counters, ids, money, order_at, pays, places } from './examples.ts';
import {
  Address,
  Destination,
  LineNo,
  MethodKind,
  Ordinal,
  order_fields,
  PaymentIntent,
  Priority,
  personal,
  RefundReason,
  RetryReason,
  Sku,
} from './shapes.ts';

export type StockReservationRequested = EventOf<typeof stock_reservation_requested>;
export const stock_reservation_requested = event({
  type: 'stock.reservation_requested',
  service: 'orders',
  key: 'order_id',
  heard_by: ['inventory'],
  description: 'The reservation lapsed and the order is being paid: reserve its live units again.',
  data: Type.Object({
    ...order_fields,
    destination: optional(Destination),
    priority: Priority(),
    lines: Type.Array(Type.Object({ line_no: LineNo(), sku: Sku(), quantity: Quantity(), accept_backorder: Type.Boolean() })),
  }),
  example: {
    ...order_at(axes.awaiting),
    reservation_state: 'asked',
    tender: { gateway: 'stripe', method_kind: 'card' },
    ...places,
    priority: 5,
    lines: [
      { line_no: 1, sku: '85123A', quantity: 6, accept_backorder: true },
      { line_no: 2, sku: '22423', quantity: 5, accept_backorder: true },
    ],
  },
});

export type PaymentRequested = EventOf<typeof payment_requested>;
export const payment_requested = event({
  type: 'payment.requested',
  service: 'orders',
  key: 'order_id',
  heard_by: ['payments', 'inventory'],
  description: 'Take this payment. Inventory keeps the stock until reserve_until.',
  data: Type.Object({
    ...order_fields,
    payment_id: Id(),
    tender_no: Ordinal(),
    attempt_no: Ordinal(),
    gateway: Id(),
    method_kind: MethodKind,
    intent: PaymentIntent,
    amount: Amount(),
    deadline: At(),
    reserve_until: At(),
    return_url: optional(Text(4_000)), // where a redirected shopper comes back
    personal: personal(['payments'], {
      payer: optional(Type.Object({ name: optional(Text(200)), email: optional(Text(320)), phone: optional(Text(40)) })),
      billing: optional(Address),
      method_token: optional(Text(4_000)) /* a JWT, of some gateways */,
    }),
  }),
  example: {
    ...order_at({ status: 'awaiting_payment', payment_status: 'pending', fulfillment_status: 'unfulfilled' }),
    payments: [pays.asked],
    reservation_state: 'held',
    attempts: 1,
    payment_id: ids.payment,
    tender_no: 1,
    attempt_no: 1,
    gateway: 'stripe',
    method_kind: 'card',
    intent: 'authorize',
    amount: 8400,
    deadline: '2026-05-04T09:42:00.000Z',
    reserve_until: '2026-05-04T09:47:00.000Z',
    return_url: 'https://shop.example/thanks',
    personal: {
      payer: { name: 'Ada Lovelace', email: 'ada@example.com' },
      billing: { name: 'Ada Lovelace', line1: "12 St James's Square", city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' },
      method_token: 'pm_card_visa',
    },
  },
});

export type PaymentRetryOpened = EventOf<typeof payment_retry_opened>;
export const payment_retry_opened = event({
  type: 'payment.retry_opened',
  service: 'orders',
  key: 'order_id',
  heard_by: [],
  description: 'A payment came to nothing; the shopper may pay again until the deadline, the stock stays.',
  data: Type.Object({
    ...order_fields,
    payment_id: Id(), // which one came to nothing
    reason: RetryReason,
    decline_code: optional(Text(64)),
    attempts_left: Quantity(),
    deadline: At(),
  }),
  example: {
    ...order_at({ status: 'awaiting_payment', payment_status: 'declined', fulfillment_status: 'unfulfilled' }),
    payments: [pays.declined],
    payment_id: ids.payment,
    reason: 'declined',
    decline_code: 'insufficient_funds',
    attempts_left: 4,
    deadline: '2026-05-04T09:42:00.000Z',
  },
});

export type FulfillmentRequested = EventOf<typeof fulfillment_requested>;
export const fulfillment_requested = event({
  type: 'fulfillment.requested',
  service: 'orders',
  key: 'order_id',
  heard_by: ['shipping'],
  description: 'Ship these units from where they are allocated. Shipping sees the lines here for the first time.',
  data: Type.Object({
    ...order_fields,
    fulfillment_no: Ordinal(),
    service: Text(100),
    carrier: optional(Text(100)), // preferred
    promise_at: optional(At()),
    lines: Type.Array(
      Type.Object({
        line_no: LineNo(),
        location_id: Id(), // never open here: allocated units are somewhere
        quantity: Quantity(),
        sku: Sku(),
        name: Text(500),
        weight_grams: Quantity(),
        unit_price: Amount(),
      }),
      { minItems: 1 },
    ),
    personal: personal(['shipping'], { ship_to: optional(Address) }),
  }),
  example: {
    ...order_at(axes.backordered),
    quantities: [counters(1, { allocated: 6, in_fulfillment: 6 }), counters(2, { allocated: 3, in_fulfillment: 3, backordered: 2 })],
    allocations: [
      { line_no: 1, location_id: ids.near, quantity: 6, in_fulfillment: 6 },
      { line_no: 2, location_id: ids.near, quantity: 3, in_fulfillment: 3 },
    ],
    reservation_state: 'allocated',
    fulfillment_no: 1,
    service: 'standard',
    promise_at: '2026-05-07T18:00:00.000Z',
    lines: [
      {
        line_no: 1,
        location_id: ids.near,
        quantity: 6,
        sku: '85123A',
        name: 'White hanging heart T-light holder',
        weight_grams: 120,
        unit_price: 255,
      },
      {
        line_no: 2,
        location_id: ids.near,
        quantity: 3,
        sku: '22423',
        name: 'Regency cakestand 3 tier',
        weight_grams: 1500,
        unit_price: 1275,
      },
    ],
    personal: {
      ship_to: { name: 'Ada Lovelace', line1: "12 St James's Square", city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' },
    },
  },
});

export type PaymentCaptureRequested = EventOf<typeof payment_capture_requested>;
export const payment_capture_requested = event({
  type: 'payment.capture_requested',
  service: 'orders',
  key: 'order_id',
  heard_by: ['payments'],
  description: 'Take this much of an authorization; final releases the rest.',
  data: Type.Object({
    ...order_fields,
    payment_id: Id(),
    capture_no: Ordinal(),
    amount: Amount(),
    final: Type.Boolean(),
    shipment_id: optional(Id()),
  }),
  example: {
    ...order_at(axes.shipped),
    quantities: [counters(1, { shipped: 6, shipped_value: 1530 }), counters(2, { backordered: 2, shipped: 3, shipped_value: 3825 })],
    money: money.capturing,
    payments: [pays.capturing],
    payment_id: ids.payment,
    capture_no: 1,
    amount: 5850,
    final: false,
    shipment_id: ids.shipment,
  },
});
export type PaymentReleaseRequested = EventOf<typeof payment_release_requested>;
export const payment_release_requested = event({
  type: 'payment.release_requested',
  service: 'orders',
  key: 'order_id',
  heard_by: ['payments'],
  description:
    'Give back what these payments hold and have not captured, after the captures that are open; what is still being authorized, once it is.',
  data: Type.Object({ ...order_fields, payment_ids: Type.Array(Id(), { minItems: 1 }), reason: Text() }),
  example: {
    ...order_at({ status: 'cancelling', payment_status: 'authorized', fulfillment_status: 'unfulfilled' }),
    payment_ids: [ids.payment],
    reason: 'cancelled',
  },
});
export type PaymentRefundRequested = EventOf<typeof payment_refund_requested>;
export const payment_refund_requested = event({
  type: 'payment.refund_requested',
  service: 'orders',
  key: 'order_id',
  heard_by: ['payments'],
  description:
    'Give this much of a captured payment back. The lines say for which units; what they leave of amount is carriage or goodwill.',
  data: Type.Object({
    ...order_fields,
    refund_id: Id(),
    payment_id: Id(),
    amount: Amount(),
    tax: Amount(),
    reason: RefundReason,
    lines: Type.Array(Type.Object({ line_no: LineNo(), quantity: Quantity(), amount: Amount(), tax: Amount() })),
  }),
  example: {
    ...order_at({ status: 'completed', payment_status: 'captured', fulfillment_status: 'delivered' }),
    quantities: [counters(1, { shipped: 6, delivered: 6, returned: 2, credited: 2 })],
    money: { ...money.captured, amount_due: 7890, credited: 510, refund_pending: 510 },
    refunds: [{ refund_id: ids.refund, status: 'requested' }],
    refund_id: ids.refund,
    payment_id: ids.payment,
    amount: 510,
    tax: 85,
    reason: 'return',
    lines: [{ line_no: 1, quantity: 2, amount: 510, tax: 85 }],
  },
});

export const orders_requests_contracts = {
  'stock.reservation_requested': stock_reservation_requested,
  'payment.requested': payment_requested,
  'payment.retry_opened': payment_retry_opened,
  'fulfillment.requested': fulfillment_requested,
  'payment.capture_requested': payment_capture_requested,
  'payment.release_requested': payment_release_requested,
  'payment.refund_requested': payment_refund_requested,
};
