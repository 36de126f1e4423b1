/** The SQL of an order: its row, and its lines, payments, refunds and returns as children, of which only those that changed are written. */
import type { Row, Rows } from '../../platform/service.ts';
import type { Order, OrderLine, Payment, Refund, Return } from './model.ts';
import { order_of_row } from './store_parse.ts';

/**
 * Lines travel as arrays, in this order: names would be two thirds of the bytes, and an order is loaded six times in its life
 * (300 orders of 3 lines: 12 instead of 18 µs of this thread an order, 45 instead of 60 µs in all).
 */
const line_columns = [
  'line_no',
  'sku',
  'name',
  'stocked',
  'tax_class',
  'weight_grams',
  'quantity',
  'unit_price',
  'line_subtotal',
  'line_discount',
  'line_tax',
  'line_total',
  'taxes',
  'accept_backorder',
  'first_promise_at',
  'promise_at',
  'quantity_cancelled',
  'quantity_backordered',
  'quantity_allocated',
  'quantity_in_fulfillment',
  'quantity_shipped',
  'quantity_delivered',
  'quantity_lost',
  'quantity_sent_back',
  'quantity_returned',
  'quantity_credited',
  'shipped_value',
  'cancelled_value',
  'credited_value',
  'shipped_tax',
  'cancelled_tax',
  'credited_tax',
  'allocations',
] as const;
// What can change after an order was placed, and its type: updates read nothing else.
const line_changing = {
  first_promise_at: 'timestamptz',
  promise_at: 'timestamptz',
  quantity_cancelled: 'integer',
  quantity_backordered: 'integer',
  quantity_allocated: 'integer',
  quantity_in_fulfillment: 'integer',
  quantity_shipped: 'integer',
  quantity_delivered: 'integer',
  quantity_lost: 'integer',
  quantity_sent_back: 'integer',
  quantity_returned: 'integer',
  quantity_credited: 'integer',
  shipped_value: 'bigint',
  cancelled_value: 'bigint',
  credited_value: 'bigint',
  shipped_tax: 'bigint',
  cancelled_tax: 'bigint',
  credited_tax: 'bigint',
  allocations: 'json',
} as const;

/** An order's row and children as one JSON object, from `orders.orders o`. Reads use it, too. */
export const order_select = `o.*,
         (select json_agg(json_build_array(${line_columns.map(column => `l.${column}`).join(', ')}) order by l.line_no)
            from orders.order_line l where l.order_id = o.id) as lines,
         (select coalesce(json_agg(p order by p.tender_no), '[]'::json) from orders.order_payment p where p.order_id = o.id) as payments,
         case when o.refund_count > 0 then (select json_agg(f order by f.place) from orders.refund f where f.order_id = o.id) end as refunds,
         case when o.return_count > 0 then (select json_agg(b order by b.place) from orders.order_return b where b.order_id = o.id) end as returns`;

const order_columns = [
  'id',
  'number',
  'principal',
  'reference',
  'quote_id',
  'customer_ref',
  'currency',
  'tax_mode',
  'country',
  'region',
  'subtotal',
  'discount_total',
  'shipping_total',
  'shipping_tax',
  'tax_total',
  'grand_total',
  'discount_code',
  'capture_policy',
  'ship_policy',
  'priority',
  'shipping_service',
  'shipping_carrier',
  'metadata',
  'replaces_order_id',
  'placed_at',
] as const;
const order_changing = {
  version: 'integer',
  status: 'text',
  payment_status: 'text',
  fulfillment_status: 'text',
  shipping_cancelled: 'bigint',
  shipping_tax_cancelled: 'bigint',
  cancelled_value: 'bigint',
  credited_value: 'bigint',
  authorized: 'bigint',
  captured: 'bigint',
  voided: 'bigint',
  refunded: 'bigint',
  capture_pending: 'bigint',
  refund_pending: 'bigint',
  tender: 'json',
  reservation_state: 'text',
  attempts: 'integer',
  rejection: 'json',
  end_reason: 'text',
  confirmed_at: 'timestamptz',
  closed_at: 'timestamptz',
  expires_at: 'timestamptz',
  fulfillment_no: 'integer',
  cancellation_no: 'integer',
  releases_open: 'integer',
  cancellations: 'json',
  holds: 'json',
  exceptions: 'json',
  refund_count: 'integer',
  return_count: 'integer',
  heard: 'json',
} as const;
const payment_columns = ['order_id', 'payment_id', 'tender_no', 'gateway', 'method_kind', 'amount'] as const;
const payment_changing = {
  status: 'text',
  action: 'json',
  authorized: 'bigint',
  captured: 'bigint',
  voided: 'bigint',
  refunded: 'bigint',
  capture_pending: 'bigint',
  refund_pending: 'bigint',
  late: 'boolean',
  captures: 'integer',
  final_requested: 'boolean',
  release_requested: 'boolean',
  blocked: 'boolean',
} as const;
const refund_columns = ['id', 'order_id', 'place', 'payment_id', 'amount', 'tax', 'reason', 'lines', 'status'] as const;
const return_columns = ['id', 'order_id', 'place', 'status', 'lines', 'receipts', 'deadline'] as const;

function insert_into(table: string, columns: readonly string[]): string {
  return `insert into orders.${table} (${columns.join(', ')}) select ${columns.join(', ')} from json_populate_recordset(null::orders.${table}, $1)`;
}
type Columns = Readonly<Record<string, 'text' | 'integer' | 'bigint' | 'boolean' | 'json' | 'timestamptz'>>;

function update_of(table: string, key: Columns, columns: Columns): string {
  const set = Object.keys(columns).map(column => `${column} = r.${column}`);
  const read = Object.entries({ ...key, ...columns }).map(([column, type]) => `${column} ${type}`);
  const same = Object.keys(key).map(column => `t.${column} = r.${column}`);
  return `update orders.${table} t set ${set.join(', ')} from json_to_recordset($1) as r(${read.join(', ')}) where ${same.join(' and ')}`;
}

export const order_rows: Rows<Order | undefined> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows
           from (select ${order_select} from orders.orders o where o.id = any($1) order by o.id for update of o) r`,
  insert: insert_into('orders', [...order_columns, ...Object.keys(order_changing)]),
  update: update_of('orders', { id: 'text' }, order_changing),
  children: [
    {
      insert: insert_into('order_line', ['order_id', ...line_columns]),
      update: update_of('order_line', { order_id: 'text', line_no: 'integer' }, line_changing),
      diff: (before, after) => diff_of(before, after, order => order.lines, { added: line_row, changed: line_changes }),
    },
    {
      insert: insert_into('order_payment', [...payment_columns, ...Object.keys(payment_changing)]),
      update: update_of('order_payment', { order_id: 'text', payment_id: 'text' }, payment_changing),
      diff: (before, after) => diff_of(before, after, order => order.payments, { added: payment_row, changed: payment_row }),
    },
    {
      insert: insert_into('refund', refund_columns),
      update: update_of('refund', { id: 'text' }, { status: 'text' }),
      diff: (before, after) => diff_of(before, after, order => order.refunds, { added: refund_row, changed: refund_row }),
    },
    {
      insert: insert_into('order_return', return_columns),
      update: update_of('order_return', { id: 'text' }, { status: 'text', lines: 'json', receipts: 'integer' }),
      diff: (before, after) => diff_of(before, after, order => order.returns, { added: return_row, changed: return_row }),
    },
  ],
  from_row: order_of_row,
  to_row: order => (order === undefined ? {} : order_row(order)),
};

type ToRow<C> = (child: C, order: Order, place: number) => Row;

/** What is new and what changed of a list that only grows, by identity: evolve keeps what it does not change. */
function diff_of<C>(
  before: Order | undefined,
  after: Order | undefined,
  list: (order: Order) => readonly C[],
  row: { readonly added: ToRow<C>; readonly changed: ToRow<C> },
): { added: Row[]; changed: Row[] } {
  const added: Row[] = [];
  const changed: Row[] = [];
  if (after === undefined) return { added, changed };
  const known = before === undefined ? [] : list(before);
  const children = list(after);
  if (children === known) return { added, changed };
  for (const [place, child] of children.entries()) {
    if (place >= known.length) added.push(row.added(child, after, place));
    else if (child !== known[place]) changed.push(row.changed(child, after, place));
  }
  return { added, changed };
}

/**
 * Only an order that is still `placed` can be new, and only a new one needs the columns that never change: half of the bytes.
 * (Were one placed and moved on in one batch, the insert would fail on its NOT NULLs, and the batch run again in halves.)
 */
function order_row(order: Order): Row {
  const changes = order_changes(order);
  return order.axes.status === 'placed' ? { ...placed_columns(order), ...changes } : changes;
}

function placed_columns(order: Order): Row {
  const { destination } = order;
  return {
    number: order.number,
    principal: order.principal,
    reference: order.reference,
    quote_id: order.quote_id,
    customer_ref: order.customer_ref,
    currency: order.currency,
    tax_mode: order.tax_mode,
    country: destination?.country ?? null,
    region: destination?.region ?? null,
    subtotal: order.subtotal,
    discount_total: order.discount_total,
    shipping_total: order.shipping_total,
    shipping_tax: order.shipping_tax,
    tax_total: order.tax_total,
    grand_total: order.grand_total,
    discount_code: order.discount_code,
    capture_policy: order.capture_policy,
    ship_policy: order.ship_policy,
    priority: order.priority,
    shipping_service: order.shipping_service,
    shipping_carrier: order.shipping_carrier,
    metadata: order.metadata,
    replaces_order_id: order.replaces_order_id,
    placed_at: order.placed_at,
  };
}

function order_changes(order: Order): Row {
  const { axes } = order;
  return {
    status: axes.status,
    payment_status: axes.payment_status,
    fulfillment_status: axes.fulfillment_status,
    shipping_cancelled: order.shipping_cancelled,
    shipping_tax_cancelled: order.shipping_tax_cancelled,
    cancelled_value: order.cancelled_value,
    credited_value: order.credited_value,
    authorized: order.authorized,
    captured: order.captured,
    voided: order.voided,
    refunded: order.refunded,
    capture_pending: order.capture_pending,
    refund_pending: order.refund_pending,
    tender: order.tender,
    reservation_state: order.reservation_state,
    attempts: order.attempts,
    rejection: order.rejection,
    end_reason: order.end_reason,
    confirmed_at: order.confirmed_at,
    closed_at: order.closed_at,
    expires_at: order.expires_at,
    fulfillment_no: order.fulfillment_no,
    cancellation_no: order.cancellation_no,
    releases_open: order.releases_open,
    cancellations: order.cancellations,
    holds: order.holds,
    exceptions: order.exceptions,
    refund_count: order.refunds.length,
    return_count: order.returns.length,
    heard: order.heard,
  };
}

function line_row(line: OrderLine, order: Order): Row {
  return {
    ...line_changes(line, order),
    sku: line.sku,
    name: line.name,
    stocked: line.stocked,
    tax_class: line.tax_class,
    weight_grams: line.weight_grams,
    quantity: line.quantity,
    unit_price: line.unit_price,
    line_subtotal: line.line_subtotal,
    line_discount: line.line_discount,
    line_tax: line.line_tax,
    line_total: line.line_total,
    taxes: line.taxes,
    accept_backorder: line.accept_backorder,
  };
}
function line_changes(line: OrderLine, { order_id }: Order): Row {
  return {
    order_id,
    line_no: line.line_no,
    first_promise_at: line.first_promise_at,
    promise_at: line.promise_at,
    quantity_cancelled: line.cancelled,
    quantity_backordered: line.backordered,
    quantity_allocated: line.allocated,
    quantity_in_fulfillment: line.in_fulfillment,
    quantity_shipped: line.shipped,
    quantity_delivered: line.delivered,
    quantity_lost: line.lost,
    quantity_sent_back: line.sent_back,
    quantity_returned: line.returned,
    quantity_credited: line.credited,
    shipped_value: line.shipped_value,
    cancelled_value: line.cancelled_value,
    credited_value: line.credited_value,
    shipped_tax: line.shipped_tax,
    cancelled_tax: line.cancelled_tax,
    credited_tax: line.credited_tax,
    allocations: line.allocations,
  };
}
function payment_row(payment: Payment, { order_id }: Order): Row {
  return { ...payment, order_id };
}
function refund_row({ refund_id, ...refund }: Refund, { order_id }: Order, place: number): Row {
  return { ...refund, id: refund_id, order_id, place };
}
function return_row({ return_id, ...known }: Return, { order_id }: Order, place: number): Row {
  return { ...known, id: return_id, order_id, place };
}
