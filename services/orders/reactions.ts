/** What orders makes of what it hears. Order between logs is not assumed: a decision looks at the order's state, and knows what it heard before. */
import type { BackorderPegged } from '../../contracts/index.ts';
import type { Logged, Service } from '../../platform/service.ts';
import type {
  NotePayment,
  NoteShipment,
  NoteStock,
  OrdersCommand,
  PaymentFact,
  ProjectShipment,
  ShipmentFact,
  StockFact,
} from './commands.ts';
import { no_shipments, rows_of_shipment, type ShipmentEvent } from './projections.ts';

export type OrdersHeard = StockFact | PaymentFact | ShipmentFact | ShipmentEvent | BackorderPegged;
type Reactions = Service<object, OrdersCommand, never, never, OrdersHeard>['reactions'];

/** What one service says about one thing stands in order: about the order as a whole, about one payment, about one shipment. */
function heard<E extends OrdersHeard>(event: Logged<E>) {
  return { stream: event.subject === event.key ? event.source : `${event.source}/${event.subject}`, sequence: event.sequence };
}

function note_stock(event: Logged<StockFact>): NoteStock {
  return { type: 'note_stock', order_id: event.data.order_id, fact: event, heard: heard(event) };
}
function note_payment(event: Logged<PaymentFact>): NotePayment {
  return { type: 'note_payment', order_id: event.data.order_id, fact: event, heard: heard(event) };
}
function note_shipment(event: Logged<Exclude<ShipmentFact, { type: 'fulfillment.cancellation_answered' }>>): NoteShipment {
  return { type: 'note_shipment', order_id: event.data.order_id, fact: event, heard: heard(event), rows: rows_of_shipment(event) };
}
function project(event: Logged<ShipmentEvent>): ProjectShipment {
  return { type: 'project_shipment', rows: rows_of_shipment(event) };
}

export const orders_reactions: Reactions = {
  'stock.reserved': note_stock,
  'stock.reservation_failed': note_stock,
  'stock.reservation_expired': note_stock,
  'stock.allocated': note_stock,
  'stock.released': note_stock,
  'stock.shortfall_detected': note_stock,
  'backorder.queued': note_stock,
  'backorder.filled': note_stock,

  'payment.action_required': note_payment,
  'payment.pending': note_payment,
  'payment.authorized': note_payment,
  'payment.declined': note_payment,
  'payment.failed': note_payment,
  'payment.abandoned': note_payment,
  'payment.outcome_unknown': note_payment,
  'payment.outcome_resolved': note_payment,
  'payment.captured': note_payment,
  'payment.capture_failed': note_payment,
  'payment.voided': note_payment,
  'payment.authorization_expired': note_payment,
  'payment.refunded': note_payment,
  'payment.refund_failed': note_payment,
  'payment.disputed': note_payment,

  'shipment.dispatched': note_shipment,
  'parcel.delivered': note_shipment,
  'parcel.lost': note_shipment,
  'parcel.sent_back': note_shipment,
  'fulfillment.cancellation_answered': event => ({
    type: 'note_shipment',
    order_id: event.data.order_id,
    fact: event,
    heard: heard(event),
    rows: no_shipments,
  }),

  'backorder.pegged': event => ({ type: 'note_peg', order_id: event.data.order_id, fact: event, heard: heard(event) }),

  'shipment.planned': project,
  'shipment.carrier_chosen': project,
  'parcel.label_purchased': project,
  'shipment.cancelled': project,
  'parcel.tracked': project,
};
