/** The metrics of stock and purchasing (domain.md 11). */
import { in_days, milliseconds, ratio } from './dialect.ts';
import type { Metric } from './metric.ts';
import { units_sold } from './stock_lists.ts';

export const supply_metrics: Readonly<Record<string, Metric>> = {
  stockout_rate: {
    summary: 'Time that stock items had nothing available, of all their time',
    unit: 'ratio',
    group_by: ['sku', 'location_id'],
    rows: ({
      sql,
      buckets,
      now,
    }) => `select b.starts as counted_at, s.sku, s.location_id, s.sku || '@' || s.location_id as stock_item, s.is_out,
        ${milliseconds(sql, 'greatest(b.starts, s.from_at)', `least(b.ends, coalesce(s.until_at, ${now}))`)} as ms
      from ${buckets} b join stock_period s on s.from_at < b.ends and coalesce(s.until_at, ${now}) > b.starts`,
    measures: () => ({
      value: ratio('coalesce(sum(ms) filter (where is_out), 0)', 'sum(ms)'),
      out_ms: 'coalesce(sum(ms) filter (where is_out), 0)',
      ms: 'sum(ms)',
    }),
    behind: { kind: 'stock_item', id: 'stock_item', value: 'coalesce(sum(ms) filter (where is_out), 0)' },
  },
  lost_demand: {
    summary: 'Units wanted and not there: per customer, SKU and day the most that was missing at once; and what they would have cost',
    unit: 'count',
    is_money: true,
    group_by: ['sku', 'country', 'region'],
    rows: ({
      sql,
    }) => `select ${sql.arg_max('d.happened_at', 'd.missing')} as counted_at, o.currency, d.sku as sku, any_value(o.country) as country, any_value(o.region) as region,
        ${sql.arg_max('d.order_id', 'd.missing')} as order_id,
        max(d.missing) as missing, max(d.missing) * ${sql.arg_max('l.unit_price', 'd.missing')} as amount
      from (select *, wanted - greatest(available, 0) as missing from lost_demand) d
      join orders o on o.order_id = d.order_id
      left join (select order_id, sku, max(unit_price) as unit_price from order_line group by order_id, sku) l on l.order_id = d.order_id and l.sku = d.sku
      group by coalesce(d.customer_ref, d.order_id), o.currency, d.sku, ${sql.begin_of('day', 'd.happened_at')}`,
    measures: () => ({ value: 'sum(missing)', amount: 'sum(amount)' }),
    behind: { kind: 'order', id: 'order_id', value: 'sum(missing)' },
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
      left join ${units_sold(now)} u on u.sku = s.sku`,
    measures: () => ({
      value: ratio('sum(available) * 28', 'sum(units)'),
      available: 'sum(available)',
      units_28_days: 'sum(units)',
      slow_movers: 'count(*) filter (where is_slow)',
    }),
    behind: { kind: 'product', id: 'sku', value: 'sum(available)' },
  },
  backorders: {
    summary:
      'Paid units that began to wait for stock, that were filled and that were cancelled, each on its day; days from order to filled: p50, p90',
    unit: 'count',
    group_by: ['sku', 'location_id'],
    rows: ({ sql }) => `select happened_at as counted_at, sku, location_id, order_id, outcome, quantity,
      case when outcome = 'filled' then ${milliseconds(sql, 'requested_at', 'happened_at')} end as ms from backorder`,
    measures: sql => ({
      value: sum_of('queued'),
      filled: sum_of('filled'),
      cancelled: sum_of('cancelled'),
      days_p50: in_days(sql.quantile('ms', 0.5)),
      days_p90: in_days(sql.quantile('ms', 0.9)),
    }),
    behind: { kind: 'order', id: 'order_id', value: sum_of('queued') },
  },
  supplier_otif: {
    summary:
      'Purchase order lines received in full by the end of the day first promised, of those promised for that day; less those we cancelled before it ended',
    unit: 'ratio',
    group_by: ['supplier_id', 'location_id', 'sku'],
    rows: ({
      now,
    }) => `select first_promised_at as counted_at, supplier_id, location_id, sku, po_id, received_in_time >= quantity as is_in_time,
        received >= quantity as is_full from purchase_line
      where due_at <= ${now} and (cancelled_at is null or cancelled_at >= due_at or received_in_time >= quantity)`,
    measures: () => ({
      value: ratio('count(*) filter (where is_in_time)', 'count(*)'),
      on_time_in_full: 'count(*) filter (where is_in_time)',
      in_full: 'count(*) filter (where is_full)',
      lines: 'count(*)',
    }),
    behind: { kind: 'purchase_order', id: 'po_id', value: 'count(*) filter (where is_in_time)' },
  },
  lead_time: {
    summary: 'From sent to the first receipt of a purchase order line, on the day it came: p50, p90, standard deviation',
    unit: 'days',
    group_by: ['supplier_id', 'location_id', 'sku'],
    rows: ({ sql }) => `select first_received_at as counted_at, supplier_id, location_id, sku, po_id,
      ${milliseconds(sql, 'sent_at', 'first_received_at')} as ms from purchase_line where sent_at is not null and first_received_at is not null`,
    measures: sql => ({
      value: in_days(sql.quantile('ms', 0.5)),
      p90: in_days(sql.quantile('ms', 0.9)),
      deviation: in_days('stddev_pop(ms)'),
      lines: 'count(*)',
    }),
    behind: { kind: 'purchase_order', id: 'po_id', value: in_days('max(ms)') },
  },
};

function sum_of(outcome: string): string {
  return `coalesce(sum(quantity) filter (where outcome = '${outcome}'), 0)`;
}
