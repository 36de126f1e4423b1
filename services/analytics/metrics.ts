/**
 * The metrics (domain.md 11). Each is one definition: `rows`, what is counted and when (`counted_at`) and by which dimensions; `measures`, how rows become
 * numbers, `value` first. Amounts stay integers of minor units and are never added across currencies; ratios and days are numbers.
 */
import { type Dialect, milliseconds, ratio, rounded_share } from './dialect.ts';
import type { Grain, Period } from './period.ts';

export type Unit = 'minor' | 'count' | 'ratio' | 'ms' | 'days';

export interface Metric {
  readonly summary: string;
  readonly unit: Unit;
  /** Its points are per currency, asked for or not. */
  readonly is_money?: true;
  /** One point at the watermark: it has no history. */
  readonly is_of_now?: true;
  /** Columns of `rows` it may be grouped by. */
  readonly group_by: readonly string[];
  rows(period: Period): string;
  measures(sql: Dialect): Readonly<Record<string, string>>;
}

const of_orders = ['country', 'region'];

export const metrics: Readonly<Record<string, Metric>> = {
  gmv: {
    summary: 'Line subtotals of confirmed orders, on the day they were placed',
    unit: 'minor',
    is_money: true,
    group_by: ['sku', ...of_orders],
    rows: () => `select counted_at, currency, sku, country, region, gross from money_change where kind = 'sale'`,
    measures: () => ({ value: 'sum(gross)' }),
  },
  net_sales: {
    summary: 'Net without tax and carriage: sold when placed, less what was cancelled and credited, each on its own day',
    unit: 'minor',
    is_money: true,
    group_by: ['sku', ...of_orders],
    rows: () => `select counted_at, currency, sku, country, region, kind, net from money_change`,
    measures: () => ({
      value: 'sum(net)',
      sold: `coalesce(sum(net) filter (where kind = 'sale'), 0)`,
      cancelled: `-coalesce(sum(net) filter (where kind = 'cancel'), 0)`,
      credited: `-coalesce(sum(net) filter (where kind = 'credit'), 0)`,
    }),
  },
  aov: {
    summary: 'Net at confirmation per confirmed order, on the day they were placed',
    unit: 'minor',
    is_money: true,
    group_by: of_orders,
    rows: () => `select counted_at, currency, country, region, order_id, net from money_change where kind = 'sale'`,
    measures: sql => ({ value: rounded_share(sql, 'sum(net)', 'count(distinct order_id)'), orders: 'count(distinct order_id)' }),
  },
  units: {
    summary: 'Units confirmed less units cancelled later; returned ones apart',
    unit: 'count',
    group_by: ['sku', ...of_orders],
    rows: () => `select counted_at, sku, country, region, quantity, 0 as returned from money_change where kind <> 'credit'
      union all select r.happened_at, l.sku, o.country, o.region, 0, r.quantity
        from return_line r join orders o on o.order_id = r.order_id left join order_line l on l.order_id = r.order_id and l.line_no = r.line_no`,
    measures: () => ({ value: 'sum(quantity)', returned: 'sum(returned)' }),
  },
  orders: {
    summary: 'Orders placed, and how many of them were confirmed',
    unit: 'count',
    group_by: ['currency', ...of_orders],
    rows: () => 'select placed_at as counted_at, currency, country, region, confirmed_at from orders where placed_at is not null',
    measures: () => ({ value: 'count(*)', confirmed: 'count(confirmed_at)' }),
  },
  refunds: {
    summary: 'Money given back, for whatever reason, on the day it went',
    unit: 'minor',
    is_money: true,
    group_by: ['gateway', 'reason'],
    rows: () => 'select refunded_at as counted_at, currency, gateway, reason, refund_id, amount, tax from refund where succeeded',
    measures: () => ({ value: 'sum(amount)', tax: 'sum(tax)', refunds: 'count(distinct refund_id)' }),
  },
  conversion: {
    summary: 'Confirmed orders per checkout: per quote, or order placed without one, on its day',
    unit: 'ratio',
    group_by: ['currency', 'country'],
    rows: () => 'select began_at as counted_at, currency, country, confirmed_at from checkout',
    measures: () => ({ value: ratio('count(confirmed_at)', 'count(*)'), confirmed: 'count(confirmed_at)', cohort: 'count(*)' }),
  },
  payment_success: {
    summary: 'Payments authorized or captured in time, of those that came to an end, on the day they were asked for; unknown ones apart',
    unit: 'ratio',
    group_by: ['gateway', 'method_kind', 'currency'],
    rows: () => `select requested_at as counted_at, gateway, method_kind, currency, ok_at is not null as is_ok, state = 'unknown' and ok_at is null as is_unknown,
      ok_at is null and refused_at is not null as is_refused from payment where requested_at is not null`,
    measures: () => ({
      value: ratio('count(*) filter (where is_ok)', 'count(*) filter (where is_ok or is_refused)'),
      succeeded: 'count(*) filter (where is_ok)',
      refused: 'count(*) filter (where is_refused)',
      unknown: 'count(*) filter (where is_unknown)',
    }),
  },
  payment_declines: {
    summary: 'Declined payments, and by code their share of all declined',
    unit: 'count',
    group_by: ['decline_code', 'gateway', 'method_kind', 'currency'],
    rows: () => `select requested_at as counted_at, coalesce(decline_code, 'other') as decline_code, gateway, method_kind, currency
      from payment where requested_at is not null and declined_at is not null and ok_at is null`,
    measures: () => ({ value: 'count(*)', share: 'count(*) / sum(count(*)) over (partition by bucket)' }),
  },
  payment_operation_time: {
    summary: 'How long calls to gateways took until their outcome was known: p50, p99',
    unit: 'ms',
    group_by: ['gateway', 'kind', 'outcome'],
    rows: () => 'select happened_at as counted_at, gateway, kind, outcome, elapsed_ms from operation',
    measures: sql => ({ value: sql.quantile('elapsed_ms', 0.5), p99: sql.quantile('elapsed_ms', 0.99), calls: 'count(*)' }),
  },
  click_to_ship: {
    summary: 'From placed to the first dispatch: p50, p90; and to the last; on the day of the first',
    unit: 'ms',
    group_by: of_orders,
    rows: ({
      sql,
    }) => `select first_dispatched_at as counted_at, country, region, ${milliseconds(sql, 'placed_at', 'first_dispatched_at')} as first_ms,
      ${milliseconds(sql, 'placed_at', 'last_dispatched_at')} as last_ms from orders where placed_at is not null and first_dispatched_at is not null`,
    measures: sql => ({
      value: sql.quantile('first_ms', 0.5),
      p90: sql.quantile('first_ms', 0.9),
      last_p50: sql.quantile('last_ms', 0.5),
      last_p90: sql.quantile('last_ms', 0.9),
      orders: 'count(*)',
    }),
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
  },
  split_rate: {
    summary: 'Orders with more than one dispatched shipment, of those with any, on the day of the first',
    unit: 'ratio',
    group_by: of_orders,
    rows: () => `select s.counted_at, o.country, o.region, s.shipments
      from (select order_id, min(dispatched_at) as counted_at, count(*) as shipments from shipment where dispatched_at is not null group by order_id) s
      left join orders o on o.order_id = s.order_id`,
    measures: () => ({
      value: ratio('count(*) filter (where shipments > 1)', 'count(*)'),
      split: 'count(*) filter (where shipments > 1)',
      orders: 'count(*)',
    }),
  },
  stockout_rate: {
    summary: 'Time that stock items had nothing available, of all their time',
    unit: 'ratio',
    group_by: ['sku', 'location_id'],
    rows: ({ sql, buckets, now }) => `select b.starts as counted_at, s.sku, s.location_id, s.is_out,
        ${milliseconds(sql, 'greatest(b.starts, s.from_at)', `least(b.ends, coalesce(s.until_at, ${now}))`)} as ms
      from ${buckets} b join stock_period s on s.from_at < b.ends and coalesce(s.until_at, ${now}) > b.starts`,
    measures: () => ({
      value: ratio('coalesce(sum(ms) filter (where is_out), 0)', 'sum(ms)'),
      out_ms: 'coalesce(sum(ms) filter (where is_out), 0)',
      ms: 'sum(ms)',
    }),
  },
  lost_demand: {
    summary: 'Units wanted and not there: per customer, SKU and day the most that was missing at once; and what they would have cost',
    unit: 'count',
    is_money: true,
    group_by: ['sku', ...of_orders],
    rows: ({
      sql,
    }) => `select ${sql.arg_max('d.happened_at', 'd.missing')} as counted_at, o.currency, d.sku, any_value(o.country) as country, any_value(o.region) as region,
        max(d.missing) as missing, max(d.missing) * ${sql.arg_max('l.unit_price', 'd.missing')} as amount
      from (select *, wanted - greatest(available, 0) as missing from lost_demand) d
      join orders o on o.order_id = d.order_id
      left join (select order_id, sku, max(unit_price) as unit_price from order_line group by order_id, sku) l on l.order_id = d.order_id and l.sku = d.sku
      group by coalesce(d.customer_ref, d.order_id), o.currency, d.sku, ${sql.begin_of('day', 'd.happened_at')}`,
    measures: () => ({ value: 'sum(missing)', amount: 'sum(amount)' }),
  },
  days_of_cover: {
    summary:
      'How long the available units last at the rate of the last 28 days; none: nothing was sold. Slow: over 180 days, or no sale in 90',
    unit: 'days',
    is_of_now: true,
    group_by: ['sku'],
    rows: ({ now }) => `select ${now} as counted_at, s.sku, greatest(s.available, 0) as available, coalesce(u.units, 0) as units,
        s.available > 0 and (coalesce(u.units_90, 0) = 0 or s.available * 28 > 180 * u.units) as is_slow
      from (select sku, sum(available) as available from stock_item group by sku) s
      left join (select l.sku, sum(l.quantity) filter (where o.confirmed_at > ${now} - interval 28 day) as units, sum(l.quantity) as units_90
                   from orders o join order_line l on l.order_id = o.order_id
                  where o.confirmed_at > ${now} - interval 90 day and o.confirmed_at <= ${now} group by l.sku) u on u.sku = s.sku`,
    measures: () => ({
      value: ratio('sum(available) * 28', 'sum(units)'),
      available: 'sum(available)',
      units_28_days: 'sum(units)',
      slow_movers: 'count(*) filter (where is_slow)',
    }),
  },
};

/** Delivered units on the day they arrived; overdue ones on the day they were promised for, until they arrive, are cancelled or given up. */
function on_time_rows({ now }: Period): string {
  const delivered = `(select order_id, line_no, parcel_id, min(quantity) as quantity, min(happened_at) as counted_at from parcel_line where outcome = 'delivered' group by all)`;
  const gone = `(select order_id, line_no, sum(quantity) as quantity from (
      select order_id, line_no, parcel_id, max(quantity) as quantity from parcel_line group by all
      union all select order_id, line_no, '', quantity from cancellation) group by all)`;
  const open = `(select l.order_id, l.line_no, p.first_promise_at, p.promise_at, greatest(l.quantity - coalesce(g.quantity, 0), 0) as quantity
      from order_line l join promise p on p.order_id = l.order_id and p.line_no = l.line_no
      join orders f on f.order_id = l.order_id and f.confirmed_at is not null and f.status <> 'cancelled'
      left join ${gone} g on g.order_id = l.order_id and g.line_no = l.line_no)`;
  const counted = `
    select d.order_id, d.counted_at, d.quantity as delivered, case when d.counted_at <= p.first_promise_at then d.quantity else 0 end as on_time,
           case when d.counted_at <= p.promise_at then d.quantity else 0 end as on_time_current, 0 as overdue, 0 as overdue_current
      from ${delivered} d join promise p on p.order_id = d.order_id and p.line_no = d.line_no
    union all select order_id, first_promise_at, 0, 0, 0, quantity, 0 from ${open} where first_promise_at < ${now}
    union all select order_id, promise_at, 0, 0, 0, 0, quantity from ${open} where promise_at < ${now}`;
  return `select c.*, o.country, o.region from (${counted}) c left join orders o on o.order_id = c.order_id`;
}

export interface Question {
  readonly period: Period;
  /** Undefined: the whole period is one bucket. */
  readonly grain: Grain | undefined;
  readonly group_by: string | undefined;
}

export const points_max = 10_000;

/** One statement: `bucket`, `currency` and `grouped` where they apply, then the measures; one row more than a reply holds. */
export function metric_statement(metric: Metric, { period, grain, group_by }: Question): string {
  const is_whole = grain === undefined || metric.is_of_now === true;
  const columns = [
    `${is_whole ? period.from : period.sql.begin_of(grain, 'counted_at')} as bucket`,
    ...(metric.is_money === true ? ['currency'] : []),
    ...(group_by === undefined ? [] : [`${group_by} as grouped`]),
  ];
  const measures = Object.entries(metric.measures(period.sql)).map(([name, sql]) => `${sql} as ${name}`);
  const within = metric.is_of_now === true ? '' : `where counted_at >= ${period.from} and counted_at < ${period.to}`;
  return `select ${[...columns, ...measures].join(', ')} from (${metric.rows(period)}) ${within}
    group by ${columns.map((_, index) => index + 1).join(', ')} order by all limit ${points_max + 1}`;
}
