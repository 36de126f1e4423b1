/** Questions to begin with, for those who ask in SQL. Each is asked in a test, so none outlives the tables it names. */
export interface Example {
  readonly id: string;
  readonly title: string;
  readonly about: string;
  readonly sql: string;
}

/** Amounts are minor units; a period is a condition on a column of time, in UTC. */
export const gallery: readonly Example[] = [
  {
    id: 'sales_by_month',
    title: 'Net sales by month',
    about: 'Sold, cancelled and credited, each on its own day, without tax and carriage.',
    sql: `select date_trunc('month', counted_at) as month, currency,
       sum(net) filter (where kind = 'sale') as sold, sum(net) filter (where kind = 'cancel') as cancelled,
       sum(net) filter (where kind = 'credit') as credited, sum(net) as net
  from money_change
 group by all
 order by all`,
  },
  {
    id: 'best_sellers',
    title: 'Best sellers',
    about: 'SKUs by units of confirmed orders, with what they brought.',
    sql: `select sku, currency, sum(quantity) as units, sum(net) as net, count(distinct order_id) as orders
  from money_change
 where kind <> 'credit'
 group by all
 order by units desc, sku
 limit 50`,
  },
  {
    id: 'countries',
    title: 'Where orders go',
    about: 'Orders, confirmed ones and their total by country.',
    sql: `select country, currency, count(*) as orders, count(confirmed_at) as confirmed,
       sum(grand_total) filter (where confirmed_at is not null) as total
  from orders
 where placed_at is not null
 group by all
 order by total desc nulls last`,
  },
  {
    id: 'returning_customers',
    title: 'Cohorts: who comes back',
    about: 'Customers by the month of their first confirmed order, and how many ordered again how many months later.',
    sql: `with bought as (
  select customer_ref, date_trunc('month', confirmed_at) as month
    from orders where confirmed_at is not null and customer_ref is not null),
first_bought as (select customer_ref, min(month) as cohort from bought group by customer_ref)
select cohort, date_diff('month', cohort, month) as months_later, count(distinct b.customer_ref) as customers
  from bought b join first_bought using (customer_ref)
 group by all
 order by all`,
  },
  {
    id: 'bought_together',
    title: 'Bought together',
    about: 'Pairs of SKUs that stand in one order most often.',
    sql: `select a.sku, b.sku as with_sku, count(distinct a.order_id) as orders
  from order_line a join order_line b on b.order_id = a.order_id and b.sku > a.sku
  join orders o on o.order_id = a.order_id and o.confirmed_at is not null
 group by all
 order by orders desc, a.sku, with_sku
 limit 50`,
  },
  {
    id: 'declines',
    title: 'Why payments are declined',
    about: 'By gateway and code, with the amount that was at stake.',
    sql: `select gateway, coalesce(decline_code, 'other') as decline_code, currency, count(*) as payments, sum(amount) as amount,
       count(*) filter (where ok_at is not null) as paid_after_all
  from payment
 where declined_at is not null
 group by all
 order by payments desc`,
  },
  {
    id: 'slow_orders',
    title: 'Orders that took longest to leave',
    about: 'From placed to the first dispatch; not yet dispatched ones first.',
    sql: `select order_id, number, status, placed_at, first_dispatched_at,
       date_diff('hour', placed_at, first_dispatched_at) as hours
  from orders
 where confirmed_at is not null and status <> 'cancelled'
 order by first_dispatched_at is null desc, hours desc, order_id
 limit 100`,
  },
  {
    id: 'carriers',
    title: 'Carriers: how many shipments, how fast',
    about: 'Shipments by carrier, and hours from planned to dispatched.',
    sql: `select coalesce(carrier, 'none yet') as carrier, count(*) as shipments, count(dispatched_at) as dispatched,
       median(date_diff('minute', planned_at, dispatched_at)) / 60 as median_hours
  from shipment
 group by all
 order by shipments desc`,
  },
  {
    id: 'returns',
    title: 'What comes back, and why',
    about: 'Returned units by SKU and reason, beside the units that were sold.',
    sql: `with sold as (select sku, sum(quantity) as units from money_change where kind <> 'credit' group by sku)
select l.sku, r.reason, sum(r.quantity) as returned, any_value(s.units) as sold
  from return_line r join order_line l on l.order_id = r.order_id and l.line_no = r.line_no
  left join sold s on s.sku = l.sku
 group by all
 order by returned desc, l.sku`,
  },
  {
    id: 'stockouts',
    title: 'Out of stock now',
    about: 'Items with nothing available, since when, and what was wanted and not there.',
    sql: `select i.sku, i.location_id, i.available, max(p.from_at) as since,
       (select sum(d.wanted - greatest(d.available, 0)) from lost_demand d where d.sku = i.sku) as units_missed
  from stock_item i left join stock_period p on p.sku = i.sku and p.location_id = i.location_id and p.is_out and p.until_at is null
 where i.available <= 0
 group by all
 order by units_missed desc nulls last, i.sku`,
  },
  {
    id: 'open_exceptions',
    title: 'What waits for a person',
    about: 'Open exceptions by reason and owner, and how many are past their deadline by the last event heard.',
    sql: `select reason, owner, count(*) as open, min(raised_at) as oldest,
       count(*) filter (where deadline_at < (select max(time) from event_raw)) as overdue
  from exception
 where resolved_at is null
 group by all
 order by open desc`,
  },
  {
    id: 'events_by_type',
    title: 'What the services say',
    about: 'Events by log and type, with the last time of each. Every event is in event_raw, its data as JSON.',
    sql: `select source, type, count(*) as events, max(time) as last
  from event_raw
 group by all
 order by events desc`,
  },
  {
    id: 'one_event',
    title: 'Inside an event',
    about: 'Fields of the data of an event: why orders were cancelled.',
    sql: `select json_extract_string(data, '$.reason') as reason, count(*) as orders
  from event_raw
 where type = 'order.cancelled'
 group by all
 order by orders desc`,
  },
];
