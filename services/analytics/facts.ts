/** The tables of facts: what was asked, sold, paid, shipped, given back. Of stock and purchasing: facts_supply.ts. */
import { type AnyFactTable, entity, entry } from './fact_shapes.ts';
import {
  backorder,
  location,
  lost_demand,
  movement,
  po_cancellation,
  po_line,
  po_promise,
  proposal,
  purchase_order,
  receipt_line,
  reorder_policy,
  stock_item,
  stock_span,
} from './facts_supply.ts';

export const quote = entry('quote', {
  quote_id: 'varchar',
  created_at: 'timestamp',
  expires_at: 'timestamp',
  customer_ref: 'varchar',
  currency: 'varchar',
  country: 'varchar',
  region: 'varchar',
  grand_total: 'bigint',
});
/** One row per order: what was placed, when each step came first, how it stands. */
export const orders = entity('orders', {
  order_id: ['varchar', 'key'],
  number: ['bigint', 'once'],
  quote_id: ['varchar', 'once'],
  customer_ref: ['varchar', 'once'],
  currency: ['varchar', 'once'],
  country: ['varchar', 'once'],
  region: ['varchar', 'once'],
  /** What the shopper chose: standard, express … */
  service: ['varchar', 'once'],
  grand_total: ['bigint', 'once'],
  placed_at: ['timestamp', 'once'],
  reserved_at: ['timestamp', 'first'],
  payment_requested_at: ['timestamp', 'first'],
  paid_at: ['timestamp', 'first'],
  confirmed_at: ['timestamp', 'first'],
  first_dispatched_at: ['timestamp', 'first'],
  last_dispatched_at: ['timestamp', 'last'],
  delivered_at: ['timestamp', 'first'],
  closed_at: ['timestamp', 'first'],
  sequence: ['integer', 'sequence'],
  status: ['varchar', 'latest'],
});
export const order_line = entry('order_line', {
  order_id: 'varchar',
  line_no: 'integer',
  sku: 'varchar',
  stocked: 'boolean',
  quantity: 'integer',
  unit_price: 'bigint',
  line_subtotal: 'bigint',
  line_discount: 'bigint',
  line_tax: 'bigint',
  line_total: 'bigint',
  promise_at: 'timestamp',
});
/** The product under a SKU, as the order of the greatest number named it. */
export const product = entity('product', {
  sku: ['varchar', 'key'],
  sequence: ['bigint', 'sequence'],
  name: ['varchar', 'latest'],
});
/** Each time a line was promised for; the least sequence is the first promise, the greatest the current one. */
export const line_promise = entry('line_promise', {
  order_id: 'varchar',
  line_no: 'integer',
  sequence: 'integer',
  promise_at: 'timestamp',
});
export const cancellation = entry('cancellation', {
  order_id: 'varchar',
  line_no: 'integer',
  happened_at: 'timestamp',
  quantity: 'integer',
  net: 'bigint',
  tax: 'bigint',
  reason: 'varchar',
});
export const return_line = entry('return_line', {
  return_id: 'varchar',
  order_id: 'varchar',
  line_no: 'integer',
  happened_at: 'timestamp',
  quantity: 'integer',
  reason: 'varchar',
});
export const payment = entity('payment', {
  payment_id: ['varchar', 'key'],
  order_id: ['varchar', 'once'],
  gateway: ['varchar', 'once'],
  method_kind: ['varchar', 'once'],
  currency: ['varchar', 'once'],
  amount: ['bigint', 'once'],
  requested_at: ['timestamp', 'once'],
  /** First authorized or captured in time; money that came late is `late_at`. */
  ok_at: ['timestamp', 'first'],
  late_at: ['timestamp', 'first'],
  /** Declined, failed or abandoned. */
  refused_at: ['timestamp', 'first'],
  declined_at: ['timestamp', 'first'],
  decline_code: ['varchar', 'once'],
  sequence: ['integer', 'sequence'],
  state: ['varchar', 'latest'],
});
/** A refund by line; line 0 is what no line names (carriage, goodwill). A refund that failed later is no longer succeeded. */
export const refund = entity('refund', {
  refund_id: ['varchar', 'key'],
  line_no: ['integer', 'key'],
  payment_id: ['varchar', 'once'],
  order_id: ['varchar', 'once'],
  gateway: ['varchar', 'once'],
  currency: ['varchar', 'once'],
  reason: ['varchar', 'once'],
  quantity: ['integer', 'once'],
  amount: ['bigint', 'once'],
  tax: ['bigint', 'once'],
  refunded_at: ['timestamp', 'first'],
  sequence: ['integer', 'sequence'],
  succeeded: ['boolean', 'latest'],
});
/** Calls to gateways that ended, and how long they took. */
export const operation = entry('operation', {
  payment_id: 'varchar',
  order_id: 'varchar',
  gateway: 'varchar',
  kind: 'varchar',
  outcome: 'varchar',
  happened_at: 'timestamp',
  elapsed_ms: 'bigint',
});
export const shipment = entity('shipment', {
  shipment_id: ['varchar', 'key'],
  order_id: ['varchar', 'once'],
  location_id: ['varchar', 'once'],
  carrier: ['varchar', 'once'],
  planned_at: ['timestamp', 'first'],
  dispatched_at: ['timestamp', 'first'],
  sequence: ['integer', 'sequence'],
  status: ['varchar', 'latest'],
});
/** A parcel's way; its carrier as the warehouse handed it over, its label's cost where one was bought. */
export const parcel = entity('parcel', {
  parcel_id: ['varchar', 'key'],
  order_id: ['varchar', 'once'],
  shipment_id: ['varchar', 'once'],
  location_id: ['varchar', 'once'],
  carrier: ['varchar', 'once'],
  label_cost: ['bigint', 'once'],
  currency: ['varchar', 'once'],
  labelled_at: ['timestamp', 'first'],
  dispatched_at: ['timestamp', 'first'],
  delivered_at: ['timestamp', 'first'],
  lost_at: ['timestamp', 'first'],
  sent_back_at: ['timestamp', 'first'],
  sequence: ['integer', 'sequence'],
  carrier_status: ['varchar', 'latest'],
});
/** Units whose way ended: `delivered`, `lost` or `sent_back`. */
export const parcel_line = entry('parcel_line', {
  parcel_id: 'varchar',
  order_id: 'varchar',
  line_no: 'integer',
  quantity: 'integer',
  outcome: 'varchar',
  happened_at: 'timestamp',
});
export const exception = entity('exception', {
  exception_id: ['varchar', 'key'],
  source: ['varchar', 'once'],
  subject: ['varchar', 'once'],
  reason: ['varchar', 'once'],
  owner: ['varchar', 'once'],
  deadline_at: ['timestamp', 'once'],
  raised_at: ['timestamp', 'first'],
  resolved_at: ['timestamp', 'first'],
});

/** Every fact table, in the order the warehouse writes them. */
export const fact_tables: readonly AnyFactTable[] = [
  quote,
  orders,
  order_line,
  product,
  line_promise,
  cancellation,
  return_line,
  payment,
  refund,
  operation,
  shipment,
  parcel,
  parcel_line,
  lost_demand,
  stock_span,
  stock_item,
  movement,
  backorder,
  location,
  reorder_policy,
  proposal,
  purchase_order,
  po_line,
  po_promise,
  po_cancellation,
  receipt_line,
  exception,
];
