/** The questions of a dashboard, and beside each what it has to read at least: the same rows of the same period, looked through by plain SQL. */
import { drill } from '../services/analytics/drill.ts';
import { funnel_of } from '../services/analytics/funnel.ts';
import { type Metric, metric_statement } from '../services/analytics/metric.ts';
import { metrics } from '../services/analytics/metrics.ts';
import { overview_of } from '../services/analytics/overview.ts';
import { type Period, period_of } from '../services/analytics/period.ts';
import { reorder_of, slow_movers_of } from '../services/analytics/stock_lists.ts';
import { top_dimensions, top_of } from '../services/analytics/top.ts';
import type { Ask, Warehouse } from '../services/analytics/warehouses/warehouse.ts';

const now = '2026-03-01T00:00:00.000Z';
const year_ago = '2025-03-01T00:00:00.000Z';

export interface BenchQuestion {
  readonly name: string;
  answer(ask: Ask): Promise<unknown>;
  /** Of its rows the average of each column that it needs: the greatest would be known without looking at them. */
  scan(ask: Ask): Promise<unknown>;
}

/** A table, when its rows count, the columns that are needed. */
type Read = readonly [table: string, at: string, ...columns: string[]];

const changes = (...columns: string[]): Read => ['order_change', 'counted_at', ...columns];
const steps = ['placed_at', 'reserved_at', 'payment_requested_at', 'paid_at', 'confirmed_at', 'first_dispatched_at', 'delivered_at'];
const paid: Read = ['payment', 'requested_at', 'ok_at', 'refused_at'];
const shipped: Read = ['orders', 'first_dispatched_at', 'placed_at', 'last_dispatched_at'];
const refunded: Read = ['refund', 'refunded_at', 'amount', 'tax'];
const sold_lately: Read = ['money_change', 'confirmed_at', 'quantity'];

const reads: Readonly<Record<string, readonly Read[]>> = {
  gmv: [changes('gross')],
  net_sales: [changes('net')],
  aov: [changes('net')],
  units: [changes('quantity'), ['return_line', 'happened_at', 'quantity']],
  orders: [['orders', 'placed_at', 'confirmed_at']],
  refunds: [refunded],
  conversion: [
    ['orders', 'began_at', 'confirmed_at'],
    ['quote', 'created_at', 'is_ordered::integer'],
  ],
  payment_success: [paid],
  payment_declines: [['payment', 'requested_at', 'declined_at', 'ok_at']],
  payment_operation_time: [['operation', 'happened_at', 'elapsed_ms']],
  click_to_ship: [shipped],
  on_time_delivery: [['promise_kept', 'counted_at', 'delivered', 'on_time', 'on_time_current']],
  split_rate: [['order_dispatch', 'counted_at', 'shipments']],
  parcels: [['parcel', 'dispatched_at', 'delivered_at', 'lost_at', 'sent_back_at']],
  repeat_orders: [changes('net', 'customer_key % 1000', 'first_order_at')],
  exceptions: [['exception', 'raised_at', 'resolved_at']],
  stockout_rate: [['stock_span', 'from_at', 'version', 'is_out::integer']],
  lost_demand: [['missed_demand', 'happened_at', 'missing', 'unit_price']],
  days_of_cover: [sold_lately],
  backorders: [['backorder', 'happened_at', 'quantity', 'requested_at']],
  supplier_otif: [['purchase_line', 'first_promised_at', 'due_at', 'received_in_time', 'quantity']],
  lead_time: [['purchase_line', 'first_received_at', 'sent_at']],
};

export function questions({ dialect }: Warehouse): readonly BenchQuestion[] {
  const since = (from: string, to = now) => period_of(dialect, from, to, now, undefined);
  const days = period_of(dialect, year_ago, now, now, 'day');
  const [year, month, day] = [
    since(year_ago),
    since('2026-02-01T00:00:00.000Z'),
    since('2025-12-01T00:00:00.000Z', '2025-12-02T00:00:00.000Z'),
  ];
  const question = (name: string, answer: BenchQuestion['answer'], period: Period, ...read: readonly Read[]): BenchQuestion => ({
    name,
    answer,
    async scan(ask) {
      for (const one of read) await ask(scan_statement(period, one));
    },
  });
  const grouped = (name: string, group_by: string) =>
    question(
      `${name} by ${group_by} and month over a year`,
      ask => ask(metric_statement(metric_of(name), { period: days, grain: 'month', group_by })),
      year,
      ...(reads[name] ?? []),
    );
  const overview = [changes('gross', 'net', 'quantity'), refunded, ['orders', 'began_at', 'confirmed_at'], paid, shipped] as const;
  return [
    ...Object.entries(metrics).map(([name, metric]) =>
      question(
        `${name}, by day over a year`,
        ask => ask(metric_statement(metric, { period: days, grain: 'day', group_by: undefined })),
        name === 'days_of_cover' ? since('2025-12-01T00:00:00.000Z') : year,
        ...(reads[name] ?? []),
      ),
    ),
    grouped('net_sales', 'country'),
    grouped('repeat_orders', 'cohort'),
    question('overview of a year', ask => overview_of(ask, year), year, ...overview),
    question('overview of a month', ask => overview_of(ask, month), month, ...overview),
    question(
      'funnel of a year',
      ask => funnel_of(ask, year),
      year,
      ['orders', 'began_at', ...steps],
      ['quote', 'created_at', 'expires_at'],
    ),
    ...top_dimensions.map(dimension =>
      question(
        `top of a year by ${dimension}`,
        ask => top_of(ask, year, { dimension, by: 'net', limit: 10 }),
        year,
        dimension === 'sku'
          ? ['money_change', 'counted_at', 'net', 'gross', 'quantity']
          : changes('net', 'gross', 'quantity', 'customer_key % 1000'),
      ),
    ),
    question(
      'what to reorder',
      ask => reorder_of(ask, year, 100),
      month,
      ['movement', 'happened_at', 'quantity'],
      ['purchase_line', 'first_promised_at', 'outstanding'],
    ),
    question('slow movers', ask => slow_movers_of(ask, year, 100), since('2025-12-01T00:00:00.000Z'), sold_lately),
    question(
      'orders behind a day of net_sales',
      ask => drill(ask, metric_of('net_sales'), { currency: 'GBP', group: undefined, limit: 50, after: undefined, period: day }),
      day,
      changes('net'),
    ),
  ];
}

function scan_statement({ from, to }: Period, [table, at, ...columns]: Read): string {
  return `select ${columns.map(column => `avg(${column})`).join(', ')} from ${table} where ${at} >= ${from} and ${at} < ${to}`;
}

function metric_of(name: string): Metric {
  const metric = metrics[name];
  if (metric === undefined) throw new Error(`no metric ${name}`);
  return metric;
}
