/** What inventory says of orders' reservations and backorders (domain.md 4, Inventory). Of stock items: inventory_stock.ts. */
import Type from 'typebox';
import { At, type EventOf, event, Id, optional, Quantity, Text } from './envelope.ts';
import { ids, places } from './examples.ts';
import { Destination, Item, LineNo, Ordinal, Priority, ShortfallCause, ShortLine, Sku, StockPromise } from './shapes.ts';

const by_order = { service: 'inventory', key: 'order_id' } as const;
const reservation = { order_id: Id() };
const item = Item.properties;
/** An Item and the counter its units leave: an event alone must tell how the stock item changes. */
const leaving = { ...item, from: optional(StockPromise) };

const ornament = { line_no: 1, location_id: ids.near, sku: '85123A' };
const cake_stand = { line_no: 2, location_id: ids.near, sku: '22423' };

/** What the reservation keeps to be made again after it lapsed, without asking orders back. */
const wanted = { destination: optional(Destination), priority: Priority(), requested_at: At() };
/** What the next backorder.queued puts in the queue, and where: a line cancelled in between must name the place. */
const queued_next = { waiting: optional(Type.Array(Item)) };
const reserved_line = { ...item, quantity_held: Quantity(), quantity_backordered: Quantity(), accept_backorder: Type.Boolean() };

export type StockReserved = EventOf<typeof stock_reserved>;
export const stock_reserved = event({
  type: 'stock.reserved',
  ...by_order,
  heard_by: ['orders'],
  description:
    'Every stocked line is held, or on backorder where that is allowed, until expires_at. One line per location; lines travel whole.',
  data: Type.Object({
    ...reservation,
    reservation_id: Id(),
    reservation_no: Ordinal(),
    expires_at: At(),
    reasons: Type.Array(Text()), // why these locations (5.5)
    ...wanted,
    lines: Type.Array(Type.Object(reserved_line)),
  }),
  example: {
    order_id: ids.order,
    reservation_id: ids.reservation,
    reservation_no: 1,
    expires_at: '2026-05-04T09:32:00.020Z',
    reasons: ['one_location_covers_all'],
    ...places,
    priority: 5,
    requested_at: '2026-05-04T09:12:00.020Z',
    lines: [
      { ...ornament, quantity: 6, quantity_held: 6, quantity_backordered: 0, accept_backorder: true },
      { ...cake_stand, quantity: 5, quantity_held: 3, quantity_backordered: 2, accept_backorder: true },
    ],
  },
});
export type StockReservationFailed = EventOf<typeof stock_reservation_failed>;
export const stock_reservation_failed = event({
  type: 'stock.reservation_failed',
  ...by_order,
  heard_by: ['orders', 'suppliers'],
  description: 'Not all lines fit, so nothing is held.',
  data: Type.Object({
    ...reservation,
    reservation_id: Id(),
    reservation_no: Ordinal(),
    customer_ref: optional(Id()),
    short_lines: Type.Array(ShortLine, { minItems: 1 }),
    ...wanted,
    lines: Type.Array(Type.Object({ line_no: LineNo(), sku: Sku(), quantity: Quantity(), accept_backorder: Type.Boolean() })),
  }),
  example: {
    order_id: ids.order,
    reservation_id: ids.reservation,
    reservation_no: 1,
    customer_ref: ids.customer,
    short_lines: [{ sku: '22423', wanted: 5, available: 3 }],
    ...places,
    priority: 5,
    requested_at: '2026-05-04T09:12:00.020Z',
    lines: [
      { line_no: 1, sku: '85123A', quantity: 6, accept_backorder: true },
      { line_no: 2, sku: '22423', quantity: 5, accept_backorder: false },
    ],
  },
});
export type StockReservationExtended = EventOf<typeof stock_reservation_extended>;
export const stock_reservation_extended = event({
  type: 'stock.reservation_extended',
  ...by_order,
  heard_by: [],
  description: 'A payment is on its way: the reservation is kept longer.',
  data: Type.Object({ ...reservation, reservation_no: Ordinal(), expires_at: At() }),
  example: { order_id: ids.order, reservation_no: 1, expires_at: '2026-05-04T09:47:00.000Z' },
});
export type StockReservationExpired = EventOf<typeof stock_reservation_expired>;
export const stock_reservation_expired = event({
  type: 'stock.reservation_expired',
  ...by_order,
  heard_by: ['orders'],
  description: 'Not paid in time, or taken away by a forced adjustment: the units are free again.',
  data: Type.Object({
    ...reservation,
    reservation_no: Ordinal(),
    expires_at: At(),
    lines: Type.Array(Type.Object({ ...item, quantity_held: Quantity(), quantity_backordered: Quantity() })), // what the stock items lose
  }),
  example: {
    order_id: ids.order,
    reservation_no: 1,
    expires_at: '2026-05-04T09:32:00.020Z',
    lines: [
      { ...ornament, quantity: 6, quantity_held: 6, quantity_backordered: 0 },
      { ...cake_stand, quantity: 5, quantity_held: 3, quantity_backordered: 2 },
    ],
  },
});

export type StockAllocated = EventOf<typeof stock_allocated>;
export const stock_allocated = event({
  type: 'stock.allocated',
  ...by_order,
  heard_by: ['orders', 'suppliers'],
  description: "Held units became the order's own. `from` absent: held.",
  data: Type.Object({ ...reservation, lines: Type.Array(Type.Object(leaving)), ...queued_next }),
  example: {
    order_id: ids.order,
    lines: [
      { ...ornament, quantity: 6 },
      { ...cake_stand, quantity: 3 },
    ],
    waiting: [{ ...cake_stand, quantity: 2 }],
  },
});
export type StockReleased = EventOf<typeof stock_released>;
export const stock_released = event({
  type: 'stock.released',
  ...by_order,
  heard_by: ['orders'],
  description:
    'Units that were kept for the order are free; said even when nothing was left to free. Not those that backorder.cancelled names.',
  data: Type.Object({
    ...reservation,
    lines: Type.Array(Type.Object({ ...item, from: StockPromise })),
    cause: Text(),
    cancellation_no: optional(Ordinal()), // of the order.lines_cancelled it answers
    answers: optional(Id()), // that event's id: one number may be cancelled in two events, and one event heard twice
  }),
  example: {
    order_id: ids.order,
    lines: [
      { ...ornament, quantity: 6, from: 'allocated' },
      { ...cake_stand, quantity: 3, from: 'allocated' },
    ],
    cause: 'order.lines_cancelled',
    cancellation_no: 1,
  },
});
export type StockConsumed = EventOf<typeof stock_consumed>;
export const stock_consumed = event({
  type: 'stock.consumed',
  ...by_order,
  heard_by: [],
  description: 'Allocated units left the building with a shipment. `from` absent: allocated.',
  data: Type.Object({ ...reservation, shipment_id: Id(), lines: Type.Array(Type.Object(leaving)) }),
  example: {
    order_id: ids.order,
    shipment_id: ids.shipment,
    lines: [
      { ...ornament, quantity: 6 },
      { ...cake_stand, quantity: 3 },
    ],
  },
});
export type StockShortfallDetected = EventOf<typeof stock_shortfall_detected>;
export const stock_shortfall_detected = event({
  type: 'stock.shortfall_detected',
  ...by_order,
  heard_by: ['orders'],
  description:
    'Promised units are not there: quantity = resourced elsewhere + backordered + short. After a short pick they are also booked out at their location.',
  data: Type.Object({
    ...reservation,
    cause: ShortfallCause,
    shipment_id: optional(Id()),
    answers: optional(Id()), // id of the shipment.shorted
    lines: Type.Array(
      Type.Object({
        ...item,
        resourced: Type.Array(Type.Object({ location_id: Id(), quantity: Quantity() })),
        quantity_backordered: Quantity(),
        quantity_short: Quantity(),
      }),
    ),
    ...queued_next,
  }),
  example: {
    order_id: ids.order,
    cause: 'short_pick',
    shipment_id: ids.shipment,
    lines: [{ ...cake_stand, quantity: 2, resourced: [{ location_id: ids.far, quantity: 1 }], quantity_backordered: 1, quantity_short: 0 }],
    waiting: [{ ...cake_stand, quantity: 1 }],
  },
});

const queued_line = { ...leaving, priority: Priority(), requested_at: At() };
const waiting = { ...cake_stand, quantity: 2, priority: 5, requested_at: '2026-05-04T09:12:00.020Z' };
export type BackorderQueued = EventOf<typeof backorder_queued>;
export const backorder_queued = event({
  type: 'backorder.queued',
  ...by_order,
  heard_by: ['orders', 'suppliers'],
  description: 'Paid units wait in the queue for stock. `from` absent: backorder_held.',
  data: Type.Object({ ...reservation, lines: Type.Array(Type.Object(queued_line)) }),
  example: { order_id: ids.order, lines: [waiting] },
});
export type BackorderFilled = EventOf<typeof backorder_filled>;
export const backorder_filled = event({
  type: 'backorder.filled',
  ...by_order,
  heard_by: ['orders', 'suppliers'],
  description: "Units came in or became free and are allocated to the queue's next, in part if need be.",
  data: Type.Object({ ...reservation, lines: Type.Array(Type.Object(queued_line)) }),
  example: { order_id: ids.order, lines: [waiting] },
});
export type BackorderCancelled = EventOf<typeof backorder_cancelled>;
export const backorder_cancelled = event({
  type: 'backorder.cancelled',
  ...by_order,
  heard_by: ['suppliers'],
  description: 'Units no longer wait.',
  data: Type.Object({ ...reservation, lines: Type.Array(Type.Object(queued_line)) }),
  example: { order_id: ids.order, lines: [waiting] },
});

export const inventory_contracts = {
  'stock.reserved': stock_reserved,
  'stock.reservation_failed': stock_reservation_failed,
  'stock.reservation_extended': stock_reservation_extended,
  'stock.reservation_expired': stock_reservation_expired,
  'stock.allocated': stock_allocated,
  'stock.released': stock_released,
  'stock.consumed': stock_consumed,
  'stock.shortfall_detected': stock_shortfall_detected,
  'backorder.queued': backorder_queued,
  'backorder.filled': backorder_filled,
  'backorder.cancelled': backorder_cancelled,
};
