/** The metrics (domain.md 11), each as one definition. Those of stock and purchasing: metrics_supply.ts. */
import { in_days, ratio, rounded_share } from './dialect.ts';
import type { Metric } from './metric.ts';
import { supply_metrics } from './metrics_supply.ts';
import type { Period } from './period.ts';

const of_orders = ['country', 'region'];
/** By line only where a SKU is asked for: orders are a third of the rows. */
const changes = (group_by: string | undefined) => (group_by === 'sku' ? 'money_change' : 'order_change');

export const metrics: Readonly<Record<string, Metric>> = {
  gmv: {
    summary: 'Line subtotals of confirmed orders, on the day they were placed',
    unit: 'minor',
    is_money: true,
    group_by: ['sku', ...of_orders],
    rows: (_, group_by) => `select * from ${changes(group_by)} where kind = 'sale'`,
    measures: () => ({ value: 'sum(gross)' }),
    behind: { kind: 'order', id: 'order_id', value: 'sum(gross)' },
  },
  net_sales: {
    summary: 'Net without tax and carriage: sold when placed, less what was cancelled and credited, each on its own day',
    unit: 'minor',
    is_money: true,
    group_by: ['sku', ...of_orders],
    rows: (_, group_by) => `select * from ${changes(group_by)}`,
    measures: () => ({
      value: 'sum(net)',
      sold: `coalesce(sum(net) filter (where kind = 'sale'), 0)`,
      cancelled: `-coalesce(sum(net) filter (where kind = 'cancel'), 0)`,
      credited: `-coalesce(sum(net) filter (where kind = 'credit'), 0)`,
    }),
    behind: { kind: 'order', id: 'order_id', value: 'sum(net)' },
  },
  aov: {
    summary: 'Net at confirmation per confirmed order, on the day they were placed',
    unit: 'minor',
    is_money: true,
    group_by: of_orders,
    rows: () => `select counted_at, currency, country, region, order_id, net from order_change where kind = 'sale'`,
    measures: sql => ({ value: rounded_share(sql, 'sum(net)', 'count(*)'), orders: 'count(*)' }),
    behind: { kind: 'order', id: 'order_id', value: 'sum(net)' },
  },
  units: {
    summary: 'Units confirmed less units cancelled later; returned ones apart',
    unit: 'count',
    group_by: ['sku', 'currency', ...of_orders],
    rows: (_, group_by) => units_rows(group_by),
    measures: () => ({
      value: 'sum(quantity)',
      sold: 'coalesce(sum(quantity) filter (where quantity > 0), 0)',
      cancelled: '-coalesce(sum(quantity) filter (where quantity < 0), 0)',
      returned: 'sum(returned)',
    }),
    behind: { kind: 'order', id: 'order_id', value: 'sum(quantity)' },
  },
  orders: {
    summary: 'Orders placed, and how many of them were confirmed',
    unit: 'count',
    group_by: ['currency', ...of_orders],
    rows: () => 'select placed_at as counted_at, currency, country, region, order_id, confirmed_at from orders where placed_at is not null',
    measures: () => ({ value: 'count(*)', confirmed: 'count(confirmed_at)' }),
    behind: { kind: 'order', id: 'order_id', value: 'count(*)' },
  },
  refunds: {
    summary: 'Money given back, for whatever reason, on the day it went',
    unit: 'minor',
    is_money: true,
    group_by: ['gateway', 'reason'],
    rows: () => 'select refunded_at as counted_at, currency, gateway, reason, refund_id, order_id, amount, tax from refund where succeeded',
    measures: () => ({ value: 'sum(amount)', tax: 'sum(tax)', refunds: 'count(distinct refund_id)' }),
    behind: { kind: 'order', id: 'order_id', value: 'sum(amount)' },
  },
  conversion: {
    summary: 'Confirmed orders per checkout: per quote, or order placed without one, on its day',
    unit: 'ratio',
    group_by: ['currency', 'country'],
    rows: () => 'select began_at as counted_at, currency, country, checkout_id, confirmed_at from checkout',
    measures: () => ({ value: ratio('count(confirmed_at)', 'count(*)'), confirmed: 'count(confirmed_at)', cohort: 'count(*)' }),
    behind: { kind: 'checkout', id: 'checkout_id', value: 'count(confirmed_at)' },
  },
  payment_success: {
    summary: 'Payments authorized or captured in time, of those that came to an end, on the day they were asked for; unknown ones apart',
    unit: 'ratio',
    group_by: ['gateway', 'method_kind', 'currency'],
    rows: () => `select requested_at as counted_at, gateway, method_kind, currency, order_id, ok_at is not null as is_ok, state = 'unknown' and ok_at is null as is_unknown,
      ok_at is null and refused_at is not null as is_refused from payment where requested_at is not null`,
    measures: () => ({
      value: ratio('count(*) filter (where is_ok)', 'count(*) filter (where is_ok or is_refused)'),
      succeeded: 'count(*) filter (where is_ok)',
      refused: 'count(*) filter (where is_refused)',
      unknown: 'count(*) filter (where is_unknown)',
    }),
    behind: { kind: 'order', id: 'order_id', value: 'count(*) filter (where is_ok)' },
  },
  payment_declines: {
    summary: 'Declined payments, and by code their share of all declined',
    unit: 'count',
    group_by: ['decline_code', 'gateway', 'method_kind', 'currency'],
    rows: () => `select requested_at as counted_at, coalesce(decline_code, 'other') as decline_code, gateway, method_kind, currency, order_id
      from payment where requested_at is not null and declined_at is not null and ok_at is null`,
    measures: () => ({ value: 'count(*)', share: 'count(*) / sum(count(*)) over (partition by bucket)' }),
    behind: { kind: 'order', id: 'order_id', value: 'count(*)' },
  },
  payment_operation_time: {
    summary: 'How long calls to gateways took until their outcome was known: p50, p99',
    unit: 'ms',
    group_by: ['gateway', 'kind', 'outcome'],
    rows: () => 'select happened_at as counted_at, gateway, kind, outcome, order_id, elapsed_ms from operation',
    measures: sql => ({ value: sql.quantile('elapsed_ms', 0.5), p99: sql.quantile('elapsed_ms', 0.99), calls: 'count(*)' }),
    behind: { kind: 'order', id: 'order_id', value: 'max(elapsed_ms)' },
  },
  click_to_ship: {
    summary: 'From placed to the first dispatch: p50, p90; and to the last; on the day of the first',
    unit: 'ms',
    group_by: of_orders,
    rows: ({
      sql,
    }) => `select first_dispatched_at as counted_at, country, region, service, order_id, ${sql.elapsed_ms('placed_at', 'first_dispatched_at')} as first_ms,
      ${sql.elapsed_ms('placed_at', 'last_dispatched_at')} as last_ms from orders where placed_at is not null and first_dispatched_at is not null`,
    measures: sql => ({
      value: sql.quantile('first_ms', 0.5),
      p90: sql.quantile('first_ms', 0.9),
      last_p50: sql.quantile('last_ms', 0.5),
      last_p90: sql.quantile('last_ms', 0.9),
      orders: 'count(*)',
    }),
    behind: { kind: 'order', id: 'order_id', value: 'max(first_ms)' },
  },
  on_time_delivery: {
    summary:
      'Units delivered by the first promise, of those delivered or overdue; beside it, by the current promise. Units without a promise do not count',
    unit: 'ratio',
    group_by: of_orders,
    rows: period => on_time_rows(period),
    measures: () => ({
      value: ratio('sum(on_time)', 'sum(delivered) + sum(overdue)'),
      by_current_promise: ratio('sum(on_time_current)', 'sum(delivered) + sum(overdue_current)'),
      delivered: 'sum(delivered)',
      overdue: 'sum(overdue)',
    }),
    behind: { kind: 'order', id: 'order_id', value: 'sum(on_time)' },
  },
  split_rate: {
    summary: 'Orders with more than one dispatched shipment, of those with any, on the day of the first',
    unit: 'ratio',
    group_by: of_orders,
    rows: (_, group_by) =>
      group_by === undefined
        ? 'select * from order_dispatch'
        : 'select s.*, o.country, o.region from order_dispatch s left join orders o on o.order_id = s.order_id',
    measures: () => ({
      value: ratio('count(*) filter (where shipments > 1)', 'count(*)'),
      split: 'count(*) filter (where shipments > 1)',
      orders: 'count(*)',
    }),
    behind: { kind: 'order', id: 'order_id', value: 'max(shipments)' },
  },
  parcels: {
    summary: 'Parcels dispatched, on their day, and what became of them; days from dispatch to delivery: p50, p90',
    unit: 'count',
    group_by: ['carrier', 'location_id'],
    rows: ({ sql }) => `select dispatched_at as counted_at, carrier, location_id, order_id, delivered_at, lost_at, sent_back_at,
      ${sql.elapsed_ms('dispatched_at', 'delivered_at')} as ms from parcel where dispatched_at is not null`,
    measures: sql => ({
      value: 'count(*)',
      delivered: 'count(delivered_at)',
      lost: 'count(lost_at)',
      sent_back: 'count(sent_back_at)',
      days_p50: in_days(sql.quantile('ms', 0.5)),
      days_p90: in_days(sql.quantile('ms', 0.9)),
    }),
    behind: { kind: 'order', id: 'order_id', value: 'count(*)' },
  },
  repeat_orders: {
    summary:
      'Confirmed orders after a customer’s first, on the day they were placed; a cohort is the month of the customer’s first confirmed order',
    unit: 'count',
    is_money: true,
    group_by: ['cohort', 'country'],
    rows: () => `select *, kind = 'sale' and counted_at = first_order_at as is_first from customer_change where customer_key is not null`,
    measures: sql => ({
      value: `count(*) filter (where kind = 'sale' and not is_first)`,
      orders: `count(*) filter (where kind = 'sale')`,
      customers: sql.different('customer_key', `kind = 'sale'`),
      new_customers: sql.different('customer_key', 'is_first'),
      net: 'sum(net)',
    }),
    behind: { kind: 'order', id: 'order_id', value: 'sum(net)' },
  },
  exceptions: {
    summary: 'What waited for a person: raised, and resolved, each on its day; hours it waited: p50, p90',
    unit: 'count',
    group_by: ['reason', 'source', 'owner'],
    rows: ({ sql }) => `select raised_at as counted_at, reason, source, owner, exception_id, 1 as raised, 0 as resolved, null as ms
        from exception where raised_at is not null
      union all select resolved_at, reason, source, owner, exception_id, 0, 1, ${sql.elapsed_ms('raised_at', 'resolved_at')}
        from exception where resolved_at is not null`,
    measures: sql => ({
      value: 'sum(raised)',
      resolved: 'sum(resolved)',
      hours_p50: `${sql.quantile('ms', 0.5)} / 3600000`,
      hours_p90: `${sql.quantile('ms', 0.9)} / 3600000`,
    }),
    behind: { kind: 'exception', id: 'exception_id', value: 'sum(raised)' },
  },
  ...supply_metrics,
};

/** What came back is joined to its order and line only where they are asked for. */
function units_rows(group_by: string | undefined): string {
  const sold = `select counted_at, order_id, quantity, 0 as returned${group_by === undefined ? '' : `, ${group_by}`} from ${changes(group_by)} where kind <> 'credit'`;
  if (group_by === undefined) return `${sold} union all select happened_at, order_id, 0, quantity from return_line`;
  const [of, table, on] =
    group_by === 'sku'
      ? ['l.sku', 'order_line', 'l.order_id = r.order_id and l.line_no = r.line_no']
      : [`l.${group_by}`, 'orders', 'l.order_id = r.order_id'];
  return `${sold} union all select r.happened_at, r.order_id, 0, r.quantity, ${of} from return_line r left join ${table} l on ${on}`;
}

/** Delivered units on the day they arrived; overdue ones on the day they were promised for, until they arrive, are cancelled or given up. */
function on_time_rows({ now }: Period): string {
  const of_order = 'order_id, country, region, service';
  return `select ${of_order}, counted_at, delivered, on_time, on_time_current, 0 as overdue, 0 as overdue_current from promise_kept where counted_at is not null
    union all select ${of_order}, first_promise_at, 0, 0, 0, open, 0 from promise_kept where open > 0 and first_promise_at < ${now}
    union all select ${of_order}, promise_at, 0, 0, 0, 0, open from promise_kept where open > 0 and promise_at < ${now}`;
}
