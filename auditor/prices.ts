/** Prices, taxes and the worth of units, reckoned anew from what the lines hold (domain.md 6.2, 6.3, 6.5). */
import type { Invariant } from './auditor.ts';
import { of_newest_orders, type SqlCheck, sql_invariant } from './sql.ts';

/** round(a * b / c), half up; none is negative. */
const round_ratio = (a: string, b: string, c: string) => `div(2 * ${a}::numeric * ${b} + ${c}, 2 * (${c}))`;
const floor_ratio = (a: string, b: string, c: string) => `div(${a}::numeric * ${b}, ${c})`;

const sums: SqlCheck = {
  service: 'orders',
  sql: incremental => `with lines as (
      select l.order_id, sum(l.line_subtotal) as subtotal, sum(l.line_discount) as discount, sum(l.line_tax) as tax, sum(l.line_total) as total,
             array_agg(l.line_no) filter (
               where l.line_subtotal <> l.unit_price::numeric * l.quantity
                  or l.line_total <> l.line_subtotal - l.line_discount + case o.tax_mode when 'exclusive' then l.line_tax else 0 end) as wrong
        from orders.orders o join orders.order_line l on l.order_id = o.id where ${of_newest_orders(incremental)} group by l.order_id)
    select array[o.id] as ids, format('subtotal %s, discount %s, shipping %s, tax %s, total %s; the lines sum to %s, %s, tax %s, total %s; lines that do not add up: %s',
             o.subtotal, o.discount_total, o.shipping_total, o.tax_total, o.grand_total, l.subtotal, l.discount, l.tax, l.total, coalesce(l.wrong::text, 'none')) as detail
      from orders.orders o left join lines l on l.order_id = o.id
     where ${of_newest_orders(incremental)}
       and (l.order_id is null or l.wrong is not null or o.subtotal <> l.subtotal or o.discount_total < l.discount
            or o.tax_total <> l.tax + o.shipping_tax or o.grand_total <> l.total + o.shipping_total)`,
};

/** Largest remainder on line_subtotal: floors, then one spare unit each to the largest fractions, ties to the lower line. */
const discount_spread: SqlCheck = {
  service: 'orders',
  sql: incremental => `with shares as (
      select l.order_id, l.line_no, l.line_discount, l.line_subtotal, sum(l.line_discount) over of_order as discount, sum(l.line_subtotal) over of_order as subtotal
        from orders.orders o join orders.order_line l on l.order_id = o.id
       where o.discount_total > 0 and ${of_newest_orders(incremental)} window of_order as (partition by l.order_id)),
    floors as (
      select *, ${floor_ratio('discount', 'line_subtotal', 'subtotal')} as share,
             row_number() over (partition by order_id order by discount::numeric * line_subtotal % subtotal desc, line_no) as place
        from shares where discount > 0 and subtotal > 0),
    spread as (select *, share + (place <= discount - sum(share) over (partition by order_id))::int as expected from floors)
    select array[order_id] as ids, format('line %s bears %s of the discount of %s, its share is %s', line_no, line_discount, discount, expected) as detail
      from spread where line_discount <> expected`,
};

/** Exclusive: each component of the net. Inclusive: all of them out of the price, then spread by largest remainder. */
const taxes: SqlCheck = {
  service: 'orders',
  sql: incremental => `with components as (
      select l.order_id, l.line_no, o.tax_mode, l.line_tax, (l.line_subtotal - l.line_discount)::numeric as net, t.amount, t.rate_ppm, t.place,
             sum(t.rate_ppm) over of_line as rates
        from orders.orders o join orders.order_line l on l.order_id = o.id
             cross join lateral rows from (json_to_recordset(l.taxes) as (rate_ppm bigint, amount bigint)) with ordinality as t(rate_ppm, amount, place)
       where json_array_length(l.taxes) > 0 and ${of_newest_orders(incremental)} window of_line as (partition by l.order_id, l.line_no)),
    taxed as (
      select *, case tax_mode when 'inclusive' then net - ${round_ratio('net', '1000000', '1000000 + rates')} end as tax from components),
    floors as (
      select *, case when rates > 0 then ${floor_ratio('tax', 'rate_ppm', 'nullif(rates, 0)')} else 0 end as share,
             row_number() over (partition by order_id, line_no order by tax * rate_ppm % nullif(rates, 0) desc, place) as spare_place from taxed),
    expected as (
      select *, case tax_mode when 'exclusive' then ${round_ratio('net', 'rate_ppm', '1000000')}
                else share + (spare_place <= tax - sum(share) over (partition by order_id, line_no))::int end as expected from floors)
    select array[order_id] as ids, format('line %s: taxes %s of %s %s, reckoned %s', line_no, array_agg(amount order by place), net, tax_mode, array_agg(expected order by place)) as detail
      from expected group by order_id, line_no, net, tax_mode, line_tax
    having bool_or(amount <> expected) or sum(amount) <> line_tax
    union all
    select array[l.order_id], format('line %s has a tax of %s and no rate', l.line_no, l.line_tax)
      from orders.orders o join orders.order_line l on l.order_id = o.id where json_array_length(l.taxes) = 0 and l.line_tax <> 0 and ${of_newest_orders(incremental)}`,
};

/** cum(k) = floor(line_total * k / quantity): whatever the order in which units settled, their worth so far is cum(settled). */
const worth_of_units: SqlCheck = {
  service: 'orders',
  sql: incremental => `select array[l.order_id] as ids, format('line %s of %s units, %s (tax %s): shipped %s worth %s (%s), cancelled %s worth %s (%s), credited %s (%s)',
               line_no, quantity, line_total, line_tax, quantity_shipped, shipped_value, shipped_tax, quantity_cancelled, l.cancelled_value, cancelled_tax,
               l.credited_value, credited_tax) as detail
          from orders.orders o join orders.order_line l on l.order_id = o.id
         where ${of_newest_orders(incremental)}
           and (shipped_value + l.cancelled_value <> ${floor_ratio('line_total', '(quantity_shipped + quantity_cancelled)', 'quantity')}
                or shipped_tax + cancelled_tax <> ${floor_ratio('line_tax', '(quantity_shipped + quantity_cancelled)', 'quantity')}
                or l.credited_value not between 0 and shipped_value or credited_tax not between 0 and shipped_tax)`,
};

/** Nothing dispatched and no live unit: the carriage falls with the goods; else it stands. */
const carriage: SqlCheck = {
  service: 'orders',
  sql: incremental => `with lines as (
      select l.order_id, bool_and(l.quantity_cancelled = l.quantity) as nothing_left
        from orders.orders o join orders.order_line l on l.order_id = o.id where o.shipping_total > 0 and ${of_newest_orders(incremental)} group by l.order_id)
    select array[o.id] as ids, format('carriage %s (tax %s), of it cancelled %s (%s); %s left', shipping_total, shipping_tax, shipping_cancelled, shipping_tax_cancelled,
                                      case when nothing_left then 'nothing is' else 'something is' end) as detail
      from orders.orders o join lines l on l.order_id = o.id
     where (shipping_cancelled, shipping_tax_cancelled) <> (case when nothing_left then shipping_total else 0 end, case when nothing_left then shipping_tax else 0 end)`,
};

export const price_invariants: readonly Invariant[] = [
  sql_invariant(
    { name: 'P9', says: 'prices, discounts, taxes and the worth of units are what the rules make of the lines' },
    sums,
    discount_spread,
    taxes,
    worth_of_units,
    carriage,
  ),
];
