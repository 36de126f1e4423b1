/**
 * What metrics read most, laid out for them: rows of an order made from its facts, again whenever a batch told something of it. A join of a year's orders
 * with their lines takes a second, and sums of these tables tens of milliseconds. Made from facts alone, so they are the same whatever came first.
 */
import type { FactBatch } from '../fact_batch.ts';
import type { AnyFactTable } from '../fact_shapes.ts';
import { cancellation, line_promise, orders, parcel_line, refund, shipment } from '../facts.ts';

interface Derived {
  readonly name: string;
  readonly columns: readonly string[];
  /** Its rows of the orders in a relation of one column, `order_id`. */
  rows(touched: string): string;
}

const money_columns = ['order_id varchar', 'kind varchar', 'counted_at timestamp', 'currency varchar', 'country varchar', 'region varchar'];
const uncredited = `'cancelled', 'shortfall', 'overpaid', 'late_payment'`;

/** Sales on the day of placed_at, cancellations and credits on their own; of confirmed orders only, net without tax and carriage. */
const money_change: Derived = {
  name: 'money_change',
  columns: [
    ...money_columns,
    'line_no integer',
    'sku varchar',
    'quantity bigint',
    'gross bigint',
    'net bigint',
    'tax bigint',
    'orders integer',
    'customer_ref varchar',
    // Of sales.
    'confirmed_at timestamp',
  ],
  rows: touched => `
    with t as ${touched},
         o as (select o.* from orders o join t on t.order_id = o.order_id where o.confirmed_at is not null and o.placed_at is not null),
         l as (select l.* from order_line l join t on t.order_id = l.order_id)
    select o.order_id as order_id, 'sale' as kind, o.placed_at as counted_at, o.currency as currency, o.country as country, o.region as region, l.line_no as line_no, l.sku as sku,
           l.quantity as quantity, l.line_subtotal as gross, l.line_total - l.line_tax as net, l.line_tax as tax,
           case when row_number() over (partition by o.order_id, l.sku order by l.line_no) = 1 then 1 else 0 end as orders, o.customer_ref as customer_ref,
           o.confirmed_at as confirmed_at
      from o join l on l.order_id = o.order_id
    union all
    select o.order_id, 'cancel', c.happened_at, o.currency, o.country, o.region, c.line_no, l.sku, -c.quantity, 0, -c.net, -c.tax, 0, o.customer_ref, null
      from cancellation c join o on o.order_id = c.order_id left join l on l.order_id = c.order_id and l.line_no = c.line_no
    union all
    select o.order_id, 'credit', r.refunded_at, r.currency, o.country, o.region, r.line_no, l.sku, 0, 0, r.tax - r.amount, -r.tax, 0, o.customer_ref, null
      from refund r join o on o.order_id = r.order_id left join l on l.order_id = r.order_id and l.line_no = r.line_no
     where r.succeeded and r.reason not in (${uncredited})`,
};

/** The same without lines: one row for an order's sale, and for what changed of it at one time. */
const order_change: Derived = {
  name: 'order_change',
  columns: [...money_columns, 'customer_ref varchar', 'quantity bigint', 'gross bigint', 'net bigint', 'tax bigint'],
  rows: touched => `
    select m.order_id as order_id, m.kind as kind, m.counted_at as counted_at, m.currency as currency, any_value(m.country) as country,
           any_value(m.region) as region, any_value(m.customer_ref) as customer_ref, sum(m.quantity) as quantity, sum(m.gross) as gross, sum(m.net) as net, sum(m.tax) as tax
      from money_change m join ${touched} t on t.order_id = m.order_id group by m.order_id, m.kind, m.counted_at, m.currency`,
};

/** Promised units: those delivered, when they came; and those still open, with what they were promised for. */
const promise_kept: Derived = {
  name: 'promise_kept',
  columns: [
    'order_id varchar',
    'country varchar',
    'region varchar',
    'service varchar',
    'counted_at timestamp',
    'delivered bigint',
    'on_time bigint',
    'on_time_current bigint',
    'open bigint',
    'first_promise_at timestamp',
    'promise_at timestamp',
  ],
  rows: touched => `
    with t as ${touched},
         o as (select o.* from orders o join t on t.order_id = o.order_id),
         told as (select l.order_id, l.line_no, 0 as sequence, l.promise_at from order_line l join t on t.order_id = l.order_id where l.promise_at is not null
                  union all select p.order_id, p.line_no, p.sequence, p.promise_at from line_promise p join t on t.order_id = p.order_id),
         promise as (select order_id, line_no, arg_min(promise_at, sequence) as first_promise_at, arg_max(promise_at, sequence) as promise_at from told group by all),
         ended as (select e.order_id, e.line_no, e.parcel_id, max(e.quantity) as quantity, min(e.quantity) filter (where e.outcome = 'delivered') as delivered,
                          min(e.happened_at) filter (where e.outcome = 'delivered') as counted_at
                     from parcel_line e join t on t.order_id = e.order_id group by all),
         gone as (select order_id, line_no, sum(quantity) as quantity from (
                    select order_id, line_no, quantity from ended
                    union all select c.order_id, c.line_no, c.quantity from cancellation c join t on t.order_id = c.order_id) group by all)
    select o.order_id as order_id, any_value(o.country) as country, any_value(o.region) as region, any_value(o.service) as service, e.counted_at as counted_at,
           sum(e.delivered) as delivered, coalesce(sum(e.delivered) filter (where e.counted_at <= p.first_promise_at), 0) as on_time,
           coalesce(sum(e.delivered) filter (where e.counted_at <= p.promise_at), 0) as on_time_current, 0 as open, null as first_promise_at, null as promise_at
      from ended e join promise p on p.order_id = e.order_id and p.line_no = e.line_no join o on o.order_id = e.order_id
     where e.counted_at is not null group by o.order_id, e.counted_at
    union all
    select o.order_id, o.country, o.region, o.service, null, 0, 0, 0, l.quantity - coalesce(g.quantity, 0), p.first_promise_at, p.promise_at
      from order_line l join o on o.order_id = l.order_id join promise p on p.order_id = l.order_id and p.line_no = l.line_no
      left join gone g on g.order_id = l.order_id and g.line_no = l.line_no
     where o.confirmed_at is not null and coalesce(o.status, '') <> 'cancelled' and l.quantity > coalesce(g.quantity, 0)`,
};

/** How many shipments of an order have left, and when the first did. */
const order_dispatch: Derived = {
  name: 'order_dispatch',
  columns: ['order_id varchar', 'counted_at timestamp', 'shipments integer'],
  rows: touched => `
    select s.order_id as order_id, min(s.dispatched_at) as counted_at, count(*) as shipments from shipment s join ${touched} t on t.order_id = s.order_id
     where s.dispatched_at is not null group by s.order_id`,
};

const of_money: readonly Derived[] = [money_change, order_change];
const all_derived: readonly Derived[] = [...of_money, promise_kept, order_dispatch];

export const derived_tables: readonly string[] = [...all_derived.map(table => table.name), 'customer_first'];

export const derived_schema: readonly string[] = [
  ...all_derived.map(({ name, columns }) => `create table if not exists ${name} (${columns.join(', ')})`),
  // A customer of the shop is one with a confirmed order.
  'create table if not exists customer_first (customer_ref varchar primary key, first_order_at timestamp)',
];

/** The same as views, for an engine that is quick enough without. */
export const derived_views: readonly string[] = [
  ...all_derived.map(({ name, rows }) => `create or replace view ${name} as ${rows('(select order_id from orders)')}`),
  `create or replace view customer_first as select customer_ref, min(counted_at) as first_order_at from order_change
     where kind = 'sale' and customer_ref is not null group by customer_ref`,
];

/** All orders at once, for stores that are filled by SQL. */
export function derive_all_statements(): string[] {
  return [
    ...all_derived.map(({ name, rows }) => `insert into ${name} ${rows('(select order_id from orders)')}`),
    `insert into customer_first select customer_ref, min(counted_at) from order_change where kind = 'sale' and customer_ref is not null group by customer_ref`,
  ];
}

export interface DerivedWork {
  readonly sql: string;
  /** Parameter 1, JSON. */
  readonly orders: readonly string[];
}

/** What a batch makes anew, after its facts are in. */
export function derived_work(facts: FactBatch): DerivedWork[] {
  const money = new Set<string>();
  const promises = new Set<string>();
  const ids = facts.column(orders, 'order_id');
  const [confirmed_at, status] = [facts.column(orders, 'confirmed_at'), facts.column(orders, 'status')];
  for (const [row, id] of ids.entries()) {
    if (confirmed_at[row] !== undefined) money.add(String(id));
    if (confirmed_at[row] !== undefined || status[row] === 'cancelled') promises.add(String(id));
  }
  const add = (table: AnyFactTable, to: readonly Set<string>[]) => {
    for (const id of facts.column(table, 'order_id')) for (const set of to) set.add(String(id));
  };
  add(cancellation, [money, promises]);
  add(refund, [money]);
  add(line_promise, [promises]);
  add(parcel_line, [promises]);
  const dispatched_at = facts.column(shipment, 'dispatched_at');
  const dispatched = new Set(
    facts
      .column(shipment, 'order_id')
      .filter((_, row) => dispatched_at[row] !== undefined)
      .map(String),
  );
  return [
    ...of_money.flatMap(derived => anew(derived, money)),
    ...new_customers(money),
    ...anew(promise_kept, promises),
    ...anew(order_dispatch, dispatched),
  ];
}

const touched = `(select unnest(from_json_strict($1::varchar, '["varchar"]')) as order_id)`;

function anew({ name, rows }: Derived, ids: ReadonlySet<string>): DerivedWork[] {
  if (ids.size === 0) return [];
  const given = [...ids];
  return [
    { sql: `delete from ${name} where order_id in ${touched}`, orders: given },
    { sql: `insert into ${name} ${rows(touched)}`, orders: given },
  ];
}

function new_customers(ids: ReadonlySet<string>): DerivedWork[] {
  if (ids.size === 0) return [];
  const sql = `insert into customer_first select m.customer_ref, min(m.counted_at) from order_change m join ${touched} t on t.order_id = m.order_id
      where m.kind = 'sale' and m.customer_ref is not null group by m.customer_ref
    on conflict (customer_ref) do update set first_order_at = least(customer_first.first_order_at, excluded.first_order_at)`;
  return [{ sql, orders: [...ids] }];
}
