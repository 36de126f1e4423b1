/** The metrics (domain.md 11), each as one definition. Those of stock and purchasing: metrics_supply.ts. */
import { in_days, milliseconds, ratio, rounded_share } from './dialect.ts';
import type { Metric } from './metric.ts';
import { supply_metrics } from './metrics_supply.ts';
import type { Period } from './period.ts';

const of_orders = ['country', 'region'];

export const metrics: Readonly<Record<string, Metric>> = {
  gmv: {
    summary: 'Line subtotals of confirmed orders, on the day they were placed',
    unit: 'minor',
    is_money: true,
    group_by: ['sku', ...of_orders],
    rows: () => `select counted_at, currency, sku, country, region, order_id, gross from money_change where kind = 'sale'`,
    measures: () => ({ value: 'sum(gross)' }),
    behind: { kind: 'order', id: 'order_id', value: 'sum(gross)' },
  },
  net_sales: {
    summary: 'Net without tax and carriage: sold when placed, less what was cancelled and credited, each on its own day',
    unit: 'minor',
    is_money: true,
    group_by: ['sku', ...of_orders],
    rows: () => `select counted_at, currency, sku, country, region, order_id, kind, net from money_change`,
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
    rows: () => `select counted_at, currency, country, region, order_id, net from money_change where kind = 'sale'`,
    measures: sql => ({ value: rounded_share(sql, 'sum(net)', 'count(distinct order_id)'), orders: 'count(distinct order_id)' }),
    behind: { kind: 'order', id: 'order_id', value: 'sum(net)' },
  },
  units: {
    summary: 'Units confirmed less units cancelled later; returned ones apart',
    unit: 'count',
    group_by: ['sku', 'currency', ...of_orders],
    rows: () => `select counted_at, currency, sku, country, region, order_id, quantity, 0 as returned from money_change where kind <> 'credit'
      union all select r.happened_at, o.currency, l.sku, o.country, o.region, r.order_id, 0, r.quantity
        from return_line r join orders o on o.order_id = r.order_id left join order_line l on l.order_id = r.order_id and l.line_no = r.line_no`,
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
    }) => `select first_dispatched_at as counted_at, country, region, service, order_id, ${milliseconds(sql, 'placed_at', 'first_dispatched_at')} as first_ms,
      ${milliseconds(sql, 'placed_at', 'last_dispatched_at')} as last_ms from orders where placed_at is not null and first_dispatched_at is not null`,
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
    rows: () => `select s.counted_at, o.country, o.region, s.order_id, s.shipments
      from (select order_id, min(dispatched_at) as counted_at, count(*) as shipments from shipment where dispatched_at is not null group by order_id) s
      left join orders o on o.order_id = s.order_id`,
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
      ${milliseconds(sql, 'dispatched_at', 'delivered_at')} as ms from parcel where dispatched_at is not null`,
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
    rows: () => `select m.counted_at, m.currency, m.country, m.order_id, m.customer_ref, m.kind, m.net, c.cohort,
        m.kind = 'sale' and m.counted_at = c.first_order_at as is_first
      from money_change m join customer c on c.customer_ref = m.customer_ref`,
    measures: () => ({
      value: `count(distinct order_id) filter (where kind = 'sale' and not is_first)`,
      orders: `count(distinct order_id) filter (where kind = 'sale')`,
      customers: `count(distinct customer_ref) filter (where kind = 'sale')`,
      new_customers: 'count(distinct customer_ref) filter (where is_first)',
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
      union all select resolved_at, reason, source, owner, exception_id, 0, 1, ${milliseconds(sql, 'raised_at', 'resolved_at')}
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

/** Delivered units on the day they arrived; overdue ones on the day they were promised for, until they arrive, are cancelled or given up. */
function on_time_rows({ now }: Period): string {
  const delivered = `(select order_id, line_no, parcel_id, min(quantity) as quantity, min(happened_at) as counted_at from parcel_line where outcome = 'delivered' group by all)`;
  const gone = `(select order_id, line_no, sum(quantity) as quantity from (
      select order_id, line_no, parcel_id, max(quantity) as quantity from parcel_line group by all
      union all select order_id, line_no, '', quantity from cancellation) group by all)`;
  const open = `(select l.order_id as order_id, l.line_no as line_no, p.first_promise_at, p.promise_at as promise_at, greatest(l.quantity - coalesce(g.quantity, 0), 0) as quantity
      from order_line l join promise p on p.order_id = l.order_id and p.line_no = l.line_no
      join orders f on f.order_id = l.order_id and f.confirmed_at is not null and f.status <> 'cancelled'
      left join ${gone} g on g.order_id = l.order_id and g.line_no = l.line_no)`;
  const counted = `
    select d.order_id, d.counted_at, d.quantity as delivered, case when d.counted_at <= p.first_promise_at then d.quantity else 0 end as on_time,
           case when d.counted_at <= p.promise_at then d.quantity else 0 end as on_time_current, 0 as overdue, 0 as overdue_current
      from ${delivered} d join promise p on p.order_id = d.order_id and p.line_no = d.line_no
    union all select order_id, first_promise_at, 0, 0, 0, quantity, 0 from ${open} where first_promise_at < ${now}
    union all select order_id, promise_at, 0, 0, 0, 0, quantity from ${open} where promise_at < ${now}`;
  return `select c.*, o.country, o.region, o.service from (${counted}) c left join orders o on o.order_id = c.order_id`;
}
