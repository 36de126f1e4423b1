/** What inventory hears and what it makes of it (domain.md 3.3, 4). Misspelling an event or a field does not compile. */
import type {
  Destination,
  GoodsReceived,
  OrderConfirmed,
  OrderExpired,
  OrderLinesCancelled,
  OrderPlaced,
  OrderRejected,
  ParcelSentBack,
  PaymentActionRequired,
  PaymentOutcomeUnknown,
  PaymentPending,
  PaymentRequested,
  ReorderPolicyChanged,
  ReturnReceived,
  ShipmentDispatched,
  ShipmentShorted,
  StockReservationRequested,
} from '../../contracts/index.ts';
import type { Logged } from '../../platform/service.ts';
import type { ExtendReservation, InventoryCommand, ReleaseStock, UnitsAt } from './commands.ts';

export type Heard =
  | OrderPlaced
  | StockReservationRequested
  | PaymentRequested
  | PaymentActionRequired
  | PaymentPending
  | PaymentOutcomeUnknown
  | OrderConfirmed
  | OrderLinesCancelled
  | OrderExpired
  | OrderRejected
  | ShipmentDispatched
  | ShipmentShorted
  | ParcelSentBack
  | ReturnReceived
  | GoodsReceived
  | ReorderPolicyChanged;

type Reactions = { readonly [T in Heard['type']]: (event: Logged<Extract<Heard, { type: T }>>) => InventoryCommand | undefined };

export const reactions: Reactions = {
  'order.placed': ({ data }) => ({
    type: 'reserve_stock',
    order_id: data.order_id,
    customer_ref: data.customer_ref ?? null,
    destination: place_of(data.destination),
    priority: data.priority,
    replaces_order_id: data.replaces_order_id ?? null,
    lines: data.lines.flatMap(({ line_no, sku, quantity, accept_backorder, stocked }) =>
      stocked ? [{ line_no, sku, quantity, accept_backorder }] : [],
    ),
  }),
  'stock.reservation_requested': ({ data }) => ({
    type: 'reserve_again',
    order_id: data.order_id,
    customer_ref: data.customer_ref ?? null,
    destination: place_of(data.destination),
    priority: data.priority,
    lines: data.lines,
  }),
  'payment.requested': ({ data }) => extend(data.order_id, data.reserve_until, data.customer_ref),
  'payment.action_required': ({ data }) => extend(data.order_id, data.reserve_until),
  'payment.pending': ({ data }) => extend(data.order_id, data.reserve_until),
  // Without reserve_until no stock depends on the answer: a capture, a void, a refund.
  'payment.outcome_unknown': ({ data }) =>
    data.reserve_until === undefined || data.reserve_until === null ? undefined : extend(data.order_id, data.reserve_until),
  'order.confirmed': ({ data }) => ({ type: 'allocate_stock', order_id: data.order_id }),
  'order.lines_cancelled': ({ id, data }) =>
    data.release_stock
      ? {
          type: 'release_stock',
          order_id: data.order_id,
          cause: 'order.lines_cancelled',
          cancellation_no: data.cancellation_no,
          answers: id,
          lines: data.lines.map(({ line_no, location_id, quantity, quantity_backordered }) => ({
            line_no,
            location_id: location_id ?? null,
            quantity,
            quantity_backordered: quantity_backordered ?? null,
          })),
        }
      : undefined,
  'order.expired': ({ data }) => end(data.order_id, 'order.expired'),
  'order.rejected': ({ data }) => end(data.order_id, 'order.rejected'),
  'shipment.dispatched': ({ id, data }) => ({
    type: 'consume_stock',
    order_id: data.order_id,
    shipment_id: data.shipment_id ?? id,
    parcels: data.parcels.map(({ parcel_id, lines }) => ({ parcel_id, lines: units_at(lines, data.location_id) })),
  }),
  'shipment.shorted': ({ id, data }) => ({
    type: 'replace_short_units',
    order_id: data.order_id,
    shipment_id: data.shipment_id ?? null,
    answers: id,
    reason: data.reason,
    lines: units_at(data.lines, data.location_id),
  }),
  'parcel.sent_back': ({ data }) => ({
    type: 'restock',
    order_id: data.order_id,
    kind: 'sent_back',
    cause_type: 'parcel',
    cause_id: data.parcel_id,
    reason: 'sent_back',
    lines: data.lines.map(({ line_no, location_id, quantity, condition }) => ({
      line_no,
      // Back at our dock, which need not be where it left.
      location_id: data.location_id ?? location_id ?? null,
      quantity,
      condition: condition ?? null,
    })),
  }),
  'return.received': ({ data }) => ({
    type: 'restock',
    order_id: data.order_id,
    kind: 'returned',
    cause_type: 'return',
    cause_id: `${data.return_id}/${data.receipt_no}`,
    reason: 'return',
    lines: data.lines.map(({ line_no, location_id, quantity, condition }) => ({
      line_no,
      location_id: location_id ?? null,
      quantity,
      condition: condition ?? null,
    })),
  }),
  'goods.received': ({ data }) => ({
    type: 'receive_stock',
    receipt_id: data.receipt_id,
    po_id: data.po_id,
    location_id: data.location_id,
    lines: data.lines.map(({ line_no, sku, accepted, damaged, inspect }) => ({ line_no, sku, accepted, damaged, inspect })),
  }),
  'reorder_policy.changed': ({ data }) => ({
    type: 'hear_reorder_policy',
    sku: data.sku,
    location_id: data.location_id,
    reorder_point: data.reorder_point,
  }),
};

function place_of(destination: Destination | null | undefined): Destination | null {
  return destination === null || destination === undefined ? null : { country: destination.country, region: destination.region ?? null };
}

function extend(order_id: string, reserve_until: string, customer_ref?: string | null): ExtendReservation {
  return { type: 'extend_reservation', order_id, customer_ref: customer_ref ?? null, reserve_until };
}

function end(order_id: string, cause: string): ReleaseStock {
  return { type: 'release_stock', order_id, cause, cancellation_no: null, answers: null, lines: null };
}

/** A line that names no place is at its shipment's. */
function units_at(
  lines: readonly { readonly line_no: number; readonly location_id?: string | null; readonly quantity: number }[],
  location_id: string | null | undefined,
): UnitsAt[] {
  return lines.map(line => ({ line_no: line.line_no, location_id: line.location_id ?? location_id ?? '', quantity: line.quantity }));
}
