/** What can be taken away as a file: each a SELECT in the order people read it, by the time that a period means for it. */
import type { Dialect } from './dialect.ts';

export const dataset_names = ['orders', 'order_lines', 'money', 'payments', 'refunds', 'shipments', 'stock', 'events'] as const;
export type DatasetName = (typeof dataset_names)[number];

interface Dataset {
  readonly columns: string;
  readonly from: string;
  /** Which time `from` and `to` speak of. */
  readonly time: string;
  readonly order_by: string;
}

const datasets: Readonly<Record<DatasetName, Dataset>> = {
  orders: {
    columns: `order_id, number, customer_ref, currency, country, region, status, grand_total, placed_at, reserved_at, paid_at, confirmed_at,
      first_dispatched_at, last_dispatched_at, delivered_at, closed_at`,
    from: 'orders',
    time: 'placed_at',
    order_by: 'placed_at, order_id',
  },
  order_lines: {
    columns: `l.order_id, l.line_no, o.placed_at, o.confirmed_at, l.sku, l.stocked, l.quantity, o.currency, l.unit_price, l.line_subtotal, l.line_discount, l.line_tax,
      l.line_total, l.promise_at`,
    from: 'order_line l join orders o on o.order_id = l.order_id',
    time: 'o.placed_at',
    order_by: 'o.placed_at, l.order_id, l.line_no',
  },
  money: {
    columns: 'kind, counted_at, order_id, line_no, sku, quantity, currency, gross, net, tax, country, region',
    from: 'money_change',
    time: 'counted_at',
    order_by: 'counted_at, order_id, line_no, kind',
  },
  payments: {
    columns:
      'payment_id, order_id, gateway, method_kind, currency, amount, state, requested_at, ok_at, late_at, declined_at, decline_code, refused_at',
    from: 'payment',
    time: 'requested_at',
    order_by: 'requested_at, payment_id',
  },
  refunds: {
    columns: 'refund_id, line_no, payment_id, order_id, gateway, currency, reason, quantity, amount, tax, refunded_at, succeeded',
    from: 'refund',
    time: 'refunded_at',
    order_by: 'refunded_at, refund_id, line_no',
  },
  shipments: {
    columns: 'shipment_id, order_id, location_id, carrier, status, planned_at, dispatched_at',
    from: 'shipment',
    time: 'planned_at',
    order_by: 'planned_at, shipment_id',
  },
  stock: {
    columns: 'sku, location_id, on_hand, available, happened_at as changed_at',
    from: 'stock_item',
    time: 'happened_at',
    order_by: 'sku, location_id',
  },
  events: {
    columns: 'source, position, partition, key, type, id, subject, sequence, time, cause, cast(data as varchar) as data',
    from: 'event_raw',
    time: 'time',
    order_by: 'source, position',
  },
};

/** Both RFC 3339 UTC as `toISOString` gives it; `to` itself is not included. Without them what has no time yet is there, too. */
export function dataset_statement(sql: Dialect, name: DatasetName, { from, to }: { readonly from?: string; readonly to?: string }): string {
  const { columns, from: source, time, order_by } = datasets[name];
  const within = [
    ...(from === undefined ? [] : [`${time} >= ${sql.instant(checked_instant(from))}`]),
    ...(to === undefined ? [] : [`${time} < ${sql.instant(checked_instant(to))}`]),
  ];
  return `select ${columns} from ${source} ${within.length === 0 ? '' : `where ${within.join(' and ')}`} order by ${order_by}`;
}

/** Nothing but digits and marks reaches the SQL. */
function checked_instant(at: string): string {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(at)) throw new Error(`not an instant: ${at}`);
  return at;
}
