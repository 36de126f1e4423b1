/**
 * What each event says, as facts (domain.md 11): pure, one row per type. Every event is kept whole in event_raw besides; a type listed as
 * `raw_only` says nothing that the facts of this version hold. A new event type does not compile until it stands here.
 */
import type { EventType } from '../../contracts/index.ts';
import type { Event, Logged } from '../../platform/service.ts';
import type { FactBatch } from './fact_batch.ts';
import type { Told } from './fact_shapes.ts';
import {
  cancellation,
  exception,
  line_promise,
  operation,
  order_line,
  orders,
  parcel,
  parcel_line,
  payment,
  product,
  quote,
  refund,
  return_line,
  shipment,
} from './facts.ts';
import { location } from './facts_supply.ts';
import { type Of, type Projection, raw_only } from './projection.ts';
import { stock_projections } from './projections_stock.ts';
import { supplier_projections } from './projections_supply.ts';

type OrderEvent = Extract<Of<EventType>, { readonly data: { readonly axes: unknown } }>;
type PaymentEvent = Extract<Of<EventType>, { readonly data: { readonly sums: unknown } }>;
type ShipmentEvent = Extract<Of<EventType>, { readonly data: { readonly shipment_status?: unknown } }>;

const projections: { readonly [T in EventType]: Projection<T> } = {
  'quote.created': quote_created,
  'order.placed': order_placed,
  'order.confirmed': order_confirmed,
  'order.updated': order_stands,
  'order.completed': order_stands,
  'order.rejected': order_stands,
  'order.expired': order_stands,
  'order.cancelled': order_stands,
  'order.cancellation_requested': order_stands,
  'order.cancellation_refused': order_stands,
  'order.lines_cancelled': order_lines_cancelled,
  'order.held': order_stands,
  'order.hold_released': order_stands,
  'order.promise_changed': order_promise_changed,
  'stock.reservation_requested': order_stands,
  'payment.requested': payment_requested,
  'payment.retry_opened': order_stands,
  'payment.capture_requested': order_stands,
  'payment.release_requested': order_stands,
  'payment.refund_requested': order_stands,
  'fulfillment.requested': order_stands,
  'return.requested': order_stands,
  'return.received': return_received,
  'return.cancelled': order_stands,
  'personal_data.erased': raw_only,

  ...stock_projections,

  'payment.started': payment_stands,
  'payment.action_required': payment_stands,
  'payment.pending': payment_stands,
  'payment.authorized': money_came,
  'payment.declined': (event, facts) =>
    payment_stands(event, facts, { refused_at: event.time, declined_at: event.time, decline_code: event.data.decline_code }),
  'payment.failed': (event, facts) => payment_stands(event, facts, { refused_at: event.time, decline_code: event.data.decline_code }),
  'payment.abandoned': (event, facts) => payment_stands(event, facts, { refused_at: event.time }),
  'payment.outcome_unknown': payment_stands,
  'payment.outcome_resolved': payment_stands,
  'payment.captured': money_came,
  'payment.capture_failed': payment_stands,
  'payment.voided': payment_stands,
  'payment.authorization_expired': payment_stands,
  'payment.refunded': payment_refunded,
  'payment.refund_failed': payment_refunded,
  'payment.disputed': payment_stands,
  'payment.drift_detected': payment_stands,

  'location.changed': location_changed,

  'shipment.planned': (event, facts) => shipment_stands(event, facts, { planned_at: event.time }),
  'shipment.carrier_chosen': shipment_stands,
  'parcel.label_purchased': parcel_label_purchased,
  'parcel.label_failed': shipment_stands,
  'parcel.label_outcome_unknown': shipment_stands,
  'parcel.label_voided': shipment_stands,
  'shipment.dispatched': shipment_dispatched,
  'shipment.shorted': shipment_stands,
  'shipment.cancelled': shipment_stands,
  'fulfillment.cancellation_answered': raw_only,
  'parcel.tracked': parcel_tracked,
  'parcel.delivered': (event, facts) => parcel_ended(event, facts, 'delivered', event.data.delivered_at),
  'parcel.lost': (event, facts) => parcel_ended(event, facts, 'lost', event.time),
  'parcel.sent_back': (event, facts) => parcel_ended(event, facts, 'sent_back', event.time),

  ...supplier_projections,

  'exception.raised': (event, facts) => facts.put(exception, { ...exception_row(event), raised_at: event.time }),
  'exception.resolved': (event, facts) => facts.put(exception, { ...exception_row(event), resolved_at: event.time }),
};

/** Adds what one event says to the batch. A type without contract says nothing. Throws when the event is not as its contract has it. */
export function project(event: Logged<Event>, facts: FactBatch): void {
  // The parsed boundary: the log holds what the contracts describe, and the table above has a function for each type.
  const projection = (projections as { readonly [type: string]: ((event: Logged<Event>, facts: FactBatch) => void) | undefined })[
    event.type
  ];
  projection?.(event, facts);
}

function quote_created({ data, time }: Of<'quote.created'>, facts: FactBatch): void {
  facts.add(quote, {
    quote_id: data.quote_id,
    created_at: time,
    expires_at: data.expires_at,
    customer_ref: data.customer_ref,
    currency: data.currency,
    country: data.destination?.country,
    region: data.destination?.region,
    grand_total: data.totals.grand_total,
  });
}

function order_placed(event: Of<'order.placed'>, facts: FactBatch): void {
  const { data } = event;
  order_stands(event, facts, {
    number: data.number,
    quote_id: data.quote_id,
    customer_ref: data.customer_ref,
    currency: data.currency,
    country: data.destination?.country,
    region: data.destination?.region,
    service: data.shipping_service,
    grand_total: data.grand_total,
    placed_at: data.placed_at,
  });
  const { order_id } = data;
  for (const line of data.lines) {
    facts.put(product, { sku: line.sku, sequence: data.number, name: line.name });
    const { line_no, sku, stocked, quantity, unit_price, line_subtotal, line_discount, line_tax, line_total, promise_at } = line;
    facts.add(order_line, {
      order_id,
      line_no,
      sku,
      stocked,
      quantity,
      unit_price,
      line_subtotal,
      line_discount,
      line_tax,
      line_total,
      promise_at,
    });
  }
}

/** Each order event carries the axes after it, so the greatest version tells how the order stands. */
function order_stands(event: OrderEvent, facts: FactBatch, told: Told<typeof orders.shape> = {}): void {
  const { order_id, axes, closed_at } = event.data;
  const is_delivered = axes.fulfillment_status === 'delivered' || axes.fulfillment_status === 'returned';
  const delivered_at = is_delivered ? event.time : undefined;
  // A return or a refund with a version of its own says nothing of the order's.
  if (event.subject !== order_id || event.sequence === null) facts.put(orders, { ...told, order_id, closed_at, delivered_at });
  else facts.put(orders, { ...told, order_id, closed_at, delivered_at, sequence: event.sequence, status: axes.status });
}

function order_confirmed(event: Of<'order.confirmed'>, facts: FactBatch): void {
  const { data } = event;
  order_stands(event, facts, { confirmed_at: data.confirmed_at });
  for (const { line_no, promise_at } of data.lines) promised(event, facts, line_no, promise_at);
}

function order_promise_changed(event: Of<'order.promise_changed'>, facts: FactBatch): void {
  order_stands(event, facts);
  for (const { line_no, new_at } of event.data.lines) promised(event, facts, line_no, new_at);
}

function promised({ data, sequence }: OrderEvent, facts: FactBatch, line_no: number, promise_at: string | null | undefined): void {
  if (promise_at === null || promise_at === undefined) return;
  facts.add(line_promise, { order_id: data.order_id, line_no, sequence: sequence ?? 0, promise_at });
}

function order_lines_cancelled(event: Of<'order.lines_cancelled'>, facts: FactBatch): void {
  order_stands(event, facts);
  const { order_id, reason } = event.data;
  for (const { line_no, quantity, net, tax } of event.data.lines) {
    facts.add(cancellation, { order_id, line_no, happened_at: event.time, quantity, net, tax, reason });
  }
}

function return_received(event: Of<'return.received'>, facts: FactBatch): void {
  order_stands(event, facts);
  const { order_id, return_id } = event.data;
  for (const { line_no, quantity, reason } of event.data.lines) {
    facts.add(return_line, { return_id, order_id, line_no, happened_at: event.time, quantity, reason });
  }
}

function payment_requested(event: Of<'payment.requested'>, facts: FactBatch): void {
  const { order_id, payment_id, gateway, method_kind, currency, amount } = event.data;
  order_stands(event, facts, { payment_requested_at: event.time });
  facts.put(payment, { payment_id, order_id, gateway, method_kind, currency, amount, requested_at: event.time });
}

/** Each payment event carries state and sums after it; those that end a call to the gateway, how long it took. */
function payment_stands(event: PaymentEvent, facts: FactBatch, told: Told<typeof payment.shape> = {}): void {
  const { order_id, payment_id, gateway, method_kind, currency, state, sums, kind, elapsed_ms } = event.data;
  const known = { payment_id, order_id, gateway, method_kind, currency, amount: sums.amount, ...told };
  if (event.sequence === null) facts.put(payment, known);
  else facts.put(payment, { ...known, state, sequence: event.sequence });
  if (typeof elapsed_ms === 'number' && typeof kind === 'string') {
    facts.add(operation, { payment_id, order_id, gateway, kind, outcome: event.type, happened_at: event.time, elapsed_ms });
  }
}

function money_came(event: Of<'payment.authorized'> | Of<'payment.captured'>, facts: FactBatch): void {
  payment_stands(event, facts, event.data.late ? { late_at: event.time } : { ok_at: event.time });
  facts.put(orders, { order_id: event.data.order_id, paid_at: event.time });
}

/** By line, and as line 0 what is left; a failure names the same lines and so takes back the success it may follow. */
function payment_refunded(event: Of<'payment.refunded'> | Of<'payment.refund_failed'>, facts: FactBatch): void {
  payment_stands(event, facts);
  const { order_id, payment_id, refund_id, gateway, currency, reason, lines } = event.data;
  const succeeded = event.type === 'payment.refunded';
  let { amount, tax } = event.data;
  const put = (line_no: number, quantity: number, line_amount: number, line_tax: number) =>
    facts.put(refund, {
      refund_id,
      line_no,
      payment_id,
      order_id,
      gateway,
      currency,
      reason,
      quantity,
      amount: line_amount,
      tax: line_tax,
      refunded_at: succeeded ? event.time : undefined,
      sequence: event.sequence ?? 0,
      succeeded,
    });
  for (const line of lines) {
    put(line.line_no, line.quantity, line.amount, line.tax);
    amount -= line.amount;
    tax -= line.tax;
  }
  if (amount !== 0 || tax !== 0) put(0, 0, amount, tax);
}

function shipment_stands(event: ShipmentEvent, facts: FactBatch, told: Told<typeof shipment.shape> = {}): void {
  const { order_id, shipment_id, location_id, shipment_status } = event.data;
  if (typeof shipment_id !== 'string') return;
  const known = { shipment_id, order_id, location_id, ...told };
  // Absent: unchanged; then this version says nothing of the status, and an older one that does must stand.
  if (typeof shipment_status !== 'string' || event.sequence === null) facts.put(shipment, known);
  else facts.put(shipment, { ...known, sequence: event.sequence, status: shipment_status });
}

function shipment_dispatched(event: Of<'shipment.dispatched'>, facts: FactBatch): void {
  const { order_id, shipment_id, location_id, carrier, dispatched_at, parcels } = event.data;
  shipment_stands(event, facts, { dispatched_at, carrier });
  for (const { parcel_id } of parcels) facts.put(parcel, { parcel_id, order_id, shipment_id, location_id, carrier, dispatched_at });
  facts.put(orders, { order_id, first_dispatched_at: dispatched_at, last_dispatched_at: dispatched_at });
}

function parcel_label_purchased(event: Of<'parcel.label_purchased'>, facts: FactBatch): void {
  shipment_stands(event, facts);
  const { order_id, shipment_id, location_id, currency, parcels } = event.data;
  for (const { parcel_id, cost } of parcels) {
    facts.put(parcel, { parcel_id, order_id, shipment_id, location_id, labelled_at: event.time, label_cost: cost, currency });
  }
}

function parcel_tracked(event: Of<'parcel.tracked'>, facts: FactBatch): void {
  shipment_stands(event, facts);
  const { order_id, shipment_id, location_id, parcel_id, carrier_status } = event.data;
  const known = { parcel_id, order_id, shipment_id, location_id };
  if (event.sequence === null) facts.put(parcel, known);
  else facts.put(parcel, { ...known, sequence: event.sequence, carrier_status });
}

function parcel_ended(
  event: Of<'parcel.delivered' | 'parcel.lost' | 'parcel.sent_back'>,
  facts: FactBatch,
  outcome: 'delivered' | 'lost' | 'sent_back',
  happened_at: string,
): void {
  shipment_stands(event, facts);
  const { order_id, shipment_id, location_id, parcel_id } = event.data;
  facts.put(parcel, { parcel_id, order_id, shipment_id, location_id, [`${outcome}_at`]: happened_at });
  for (const { line_no, quantity } of event.data.lines)
    facts.add(parcel_line, { parcel_id, order_id, line_no, quantity, outcome, happened_at });
}

function location_changed({ data, sequence }: Of<'location.changed'>, facts: FactBatch): void {
  const { location_id, name, priority, active } = data;
  facts.put(location, sequence === null ? { location_id } : { location_id, sequence, name, priority, active });
}

function exception_row({ data, source }: Of<'exception.raised' | 'exception.resolved'>) {
  const { exception_id, subject, reason, owner, deadline } = data;
  return { exception_id, source, subject, reason, owner, deadline_at: deadline };
}
