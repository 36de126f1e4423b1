/** The metrics of stock and purchasing (domain.md 11). */
import { in_days, ratio } from './dialect.ts';
import type { Metric } from './metric.ts';
import type { Period } from './period.ts';
import { units_sold } from './stock_lists.ts';

export const supply_metrics: Readonly<Record<string, Metric>> = {
  stockout_rate: {
    summary: 'Time that stock items had nothing available, of all their time',
    unit: 'ratio',
    group_by: ['sku', 'location_id'],
    rows: stockout_rows,
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
    }) => `select ${sql.arg_max('d.happened_at', 'd.missing')} as counted_at, d.currency as currency, d.sku as sku, any_value(d.country) as country,
        any_value(d.region) as region, ${sql.arg_max('d.order_id', 'd.missing')} as order_id,
        max(d.missing) as missing, max(d.missing) * ${sql.arg_max('d.unit_price', 'd.missing')} as amount
      from missed_demand d group by coalesce(d.customer_ref, d.order_id), d.currency, d.sku, ${sql.begin_of('day', 'd.happened_at')}`,
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
      case when outcome = 'filled' then ${sql.elapsed_ms('requested_at', 'happened_at')} end as ms from backorder`,
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
    rows: ({
      sql,
    }) => `select first_received_at as counted_at, supplier_id, location_id, sku, po_id, ${sql.elapsed_ms('sent_at', 'first_received_at')} as ms
      from purchase_line where sent_at is not null and first_received_at is not null`,
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

/**
 * Time by bucket without a row per item and bucket (a year of 20,000 items has seven million): a span that begins at t adds the rest of its bucket and
 * all later ones, one that ends takes that away again. So sums of beginnings and endings by bucket are enough.
 */
function stockout_rows({ sql, buckets, from, until, bucket }: Period, group_by: string | undefined): string {
  const by = group_by === 'stock_item' ? ['sku', 'location_id'] : group_by === undefined ? [] : [group_by];
  const named = group_by === 'stock_item' ? ["g.sku || '@' || g.location_id as stock_item"] : [];
  const key = [...by, 'is_out'];
  const of = (alias: string) => key.map(name => `${alias}.${name} as ${name}`).join(', ');
  // States alternate: where one begins the other ends, but for an item's first.
  const first = `(select sku, location_id, ${sql.arg_min('from_at', 'version')} as began_at, ${sql.arg_min('is_out', 'version')} as was_out
      from stock_span group by sku, location_id)`;
  const turn = (state: string, at: string, n: number, spans: string) =>
    `select ${[...by, `${state} as out_now`, `greatest(${at}, ${from}) as t`, `${n} as n`].join(', ')} from ${spans} s where ${at} < ${until}`;
  const turns = [
    turn('is_out', 'from_at', 1, 'stock_span'),
    turn('not is_out', 'from_at', -1, 'stock_span'),
    turn('not was_out', 'began_at', 1, first),
  ];
  const sums = `select ${[...by, 'out_now as is_out', `${bucket('t')} as starts`].join(', ')}, sum(n) as turns, sum(n * ${sql.epoch_ms('t')}) as turns_ms
      from (${turns.join(' union all ')}) t group by ${[...key, 'starts'].map((_, index) => index + 1).join(', ')}`;
  return `with sums as (${sums})
    select w.*, carried * length_ms + here as ms from (
      select ${[...named, of('g')].join(', ')}, b.starts as counted_at, ${sql.elapsed_ms('b.starts', 'b.ends')} as length_ms,
             coalesce(s.turns * ${sql.epoch_ms('b.ends')} - s.turns_ms, 0) as here,
             coalesce(sum(s.turns) over (partition by ${key.map(name => `g.${name}`).join(', ')} order by b.starts rows between unbounded preceding and 1 preceding), 0) as carried
        from ${buckets} b cross join (select distinct ${key.join(', ')} from sums) g
        left join sums s on s.starts = b.starts and ${key.map(name => `s.${name} = g.${name}`).join(' and ')}) w`;
}
