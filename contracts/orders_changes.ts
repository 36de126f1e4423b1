/** What orders says of cancellations, holds, promises and returns (domain.md 4, Orders). */
import Type from 'typebox';
import { Amount, At, type EventOf, event, Id, optional, Quantity, Text } from './envelope.ts';
import { axes, counters, ids, money, order_at } from './examples.ts';
import { CancellationScope, Condition, Line, LineNo, Ordinal, order_fields, ReturnStatus } from './shapes.ts';

const by_order = { service: 'orders', key: 'order_id' } as const;
const cancelling = { status: 'cancelling', payment_status: 'authorized', fulfillment_status: 'backordered' } as const;

export type OrderCancellationRequested = EventOf<typeof order_cancellation_requested>;
export const order_cancellation_requested = event({
  type: 'order.cancellation_requested',
  ...by_order,
  heard_by: ['shipping'],
  description: 'Units shall not be shipped. The lines are those asked of shipping, which answers each number that names units once.',
  data: Type.Object({
    ...order_fields,
    cancellation_no: Ordinal(),
    scope: CancellationScope,
    reason: Text(),
    actor: Text(200),
    lines: Type.Array(Line),
  }),
  example: {
    ...order_at(cancelling),
    cancellation_no: 1,
    scope: 'all',
    reason: 'customer_changed_mind',
    actor: ids.key,
    lines: [
      { line_no: 1, location_id: ids.near, quantity: 6 },
      { line_no: 2, location_id: ids.near, quantity: 3 },
    ],
  },
});
export type OrderLinesCancelled = EventOf<typeof order_lines_cancelled>;
export const order_lines_cancelled = event({
  type: 'order.lines_cancelled',
  ...by_order,
  heard_by: ['inventory'],
  description: 'These units are out of the order, with their share of the money. Inventory frees them when release_stock is set.',
  data: Type.Object({
    ...order_fields,
    cancellation_no: Ordinal(),
    reason: Text(),
    release_stock: Type.Boolean(),
    shipping_total: Amount(), // of the shipping charge, what falls away with them
    shipping_tax: optional(Amount()),
    answered: optional(Type.Boolean()), // shipping answered this number with it
    lines: Type.Array(
      Type.Object({
        line_no: LineNo(),
        location_id: optional(Id()),
        quantity: Quantity(),
        quantity_backordered: optional(Quantity()), // of quantity, what waited for stock in orders' eyes; the rest was allocated or held
        net: Amount(),
        tax: Amount(),
        total: Amount(),
      }),
    ),
  }),
  example: {
    ...order_at(cancelling),
    quantities: [counters(2, { cancelled: 2, allocated: 3, in_fulfillment: 3, cancelled_value: 2550 })],
    money: { ...money.authorized, amount_due: 5850, cancelled: 2550 },
    cancellation_no: 1,
    reason: 'customer_changed_mind',
    release_stock: true,
    shipping_total: 0,
    lines: [{ line_no: 2, quantity: 2, quantity_backordered: 2, net: 2125, tax: 425, total: 2550 }],
  },
});
export type OrderCancellationRefused = EventOf<typeof order_cancellation_refused>;
export const order_cancellation_refused = event({
  type: 'order.cancellation_refused',
  ...by_order,
  heard_by: [],
  description: 'These units had left the warehouse; they stay in the order.',
  data: Type.Object({ ...order_fields, cancellation_no: Ordinal(), lines: Type.Array(Line) }),
  example: {
    ...order_at(axes.shipped),
    cancellation_no: 1,
    lines: [{ line_no: 1, location_id: ids.near, quantity: 6 }],
  },
});

const hold = { data: Type.Object({ ...order_fields, hold_id: Id(), reason: Text(), actor: Text(200) }) };
const held = { ...order_at(axes.confirmed), hold_id: ids.hold, reason: 'address_to_be_checked', actor: 'system' };
export type OrderHeld = EventOf<typeof order_held>;
export const order_held = event({
  type: 'order.held',
  ...by_order,
  heard_by: ['shipping'],
  description: 'Stop: nothing more is asked, labeled or dispatched until every hold is released.',
  ...hold,
  example: held,
});
export type OrderHoldReleased = EventOf<typeof order_hold_released>;
export const order_hold_released = event({
  type: 'order.hold_released',
  ...by_order,
  heard_by: ['shipping'],
  description: 'A hold is over; the order goes on when it was the last.',
  ...hold,
  example: held,
});

export type OrderPromiseChanged = EventOf<typeof order_promise_changed>;
export const order_promise_changed = event({
  type: 'order.promise_changed',
  ...by_order,
  heard_by: [],
  description: 'Lines are expected at another time than told before.',
  data: Type.Object({
    ...order_fields,
    lines: Type.Array(Type.Object({ line_no: LineNo(), old_at: optional(At()), new_at: optional(At()) })),
    cause: Text(),
  }),
  example: {
    ...order_at(axes.backordered),
    lines: [{ line_no: 2, old_at: null, new_at: '2026-05-14T18:00:00.000Z' }],
    cause: 'backorder.pegged',
  },
});

const returning = {
  ...order_fields,
  return_id: Id(),
  return_status: ReturnStatus, // after the event
  lines: Type.Array(
    Type.Object({ line_no: LineNo(), location_id: optional(Id()), quantity: Quantity(), reason: Text(), condition: optional(Condition) }),
  ),
};
export type ReturnRequested = EventOf<typeof return_requested>;
export const return_requested = event({
  type: 'return.requested',
  ...by_order,
  heard_by: [],
  description: 'The shopper sends delivered units back.',
  data: Type.Object({ ...returning, deadline: optional(At()) }), // when it lapses if nothing came
  example: {
    ...order_at(axes.completed),
    return_id: ids.returned,
    return_status: 'requested',
    lines: [{ line_no: 1, quantity: 2, reason: 'not_as_expected' }],
    deadline: '2026-06-15T10:00:00.000Z',
  },
});
export type ReturnReceived = EventOf<typeof return_received>;
export const return_received = event({
  type: 'return.received',
  ...by_order,
  heard_by: ['inventory'],
  description: 'Returned units arrived, in the condition and at the location stated; inventory takes them in.',
  data: Type.Object({
    ...returning,
    receipt_no: Ordinal(), // a return may arrive in parts: with return_id and line_no the cause of the movements (5.7)
  }),
  example: {
    ...order_at(axes.completed),
    quantities: [counters(1, { shipped: 6, delivered: 6, returned: 2, shipped_value: 1530 })],
    return_id: ids.returned,
    return_status: 'received',
    receipt_no: 1,
    lines: [{ line_no: 1, location_id: ids.near, quantity: 2, reason: 'not_as_expected', condition: 'sellable' }],
  },
});
export type ReturnCancelled = EventOf<typeof return_cancelled>;
export const return_cancelled = event({
  type: 'return.cancelled',
  ...by_order,
  heard_by: [],
  description: 'Nothing will come back: a person said so, or 30 days went by.',
  data: Type.Object(returning),
  example: {
    ...order_at(axes.completed),
    return_id: ids.returned,
    return_status: 'cancelled',
    lines: [{ line_no: 1, quantity: 2, reason: 'not_as_expected' }],
  },
});

export const orders_changes_contracts = {
  'order.cancellation_requested': order_cancellation_requested,
  'order.lines_cancelled': order_lines_cancelled,
  'order.cancellation_refused': order_cancellation_refused,
  'order.held': order_held,
  'order.hold_released': order_hold_released,
  'order.promise_changed': order_promise_changed,
  'return.requested': return_requested,
  'return.received': return_received,
  'return.cancelled': return_cancelled,
};
