/**
 * What metrics read most, laid out for them: rows of an order made from its facts, again whenever a batch told something of it. A join of a year's orders
 * with their lines takes a second, and sums of these tables tens of milliseconds. Made from facts alone, so they are the same whatever came first.
 */
import type { FactBatch } from '../fact_batch.ts';
import type { AnyFactTable } from '../fact_shapes.ts';
import { cancellation, line_promise, orders, parcel_line, refund, shipment } from '../facts.ts';
import { lost_demand, po_cancellation, po_line, po_promise, purchase_order, receipt_line } from '../facts_supply.ts';

interface Derived {
  readonly name: string;
  readonly columns: readonly string[];
  /** Of what its rows are made anew: of an order, or of a purchase order. */
  readonly key: 'order_id' | 'po_id';
  /** Its rows of those in a relation of one column, named as the key. */
  rows(touched: string): string;
  /** What the table holds besides, of its rows as a relation; a view for another engine does without. */
  wider?(rows: string): string;
}

const money_columns = ['order_id varchar', 'kind varchar', 'counted_at timestamp', 'currency varchar', 'country varchar', 'region varchar'];
const uncredited = `'cancelled', 'shortfall', 'overpaid', 'late_payment'`;

/** Sales on the day of placed_at, cancellations and credits on their own; of confirmed orders only, net without tax and carriage. */
const money_change: Derived = {
  name: 'money_change',
  key: 'order_id',
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
    with t as (select * from ${touched}),
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

/**
 * A customer as a number: groups and joins by the texts took more than twice as long. Half an MD5, so it depends on nothing but the text: that two of a
 * million customers share one is a chance of 1 in 37 million. ClickHouse takes the text itself.
 */
const customer_key = (customer_ref: string) => `md5_number_lower(${customer_ref})`;

const of_customer = ['first_order_at timestamp', 'cohort varchar'];
/** The same without lines: one row for an order's sale, and for what changed of it at one time; and when its customer came first. */
const order_change: Derived = {
  name: 'order_change',
  key: 'order_id',
  columns: [
    ...money_columns,
    'customer_ref varchar',
    'customer_key ubigint',
    'quantity bigint',
    'gross bigint',
    'net bigint',
    'tax bigint',
    ...of_customer,
  ],
  rows: touched => `
    select m.order_id as order_id, m.kind as kind, m.counted_at as counted_at, m.currency as currency, any_value(m.country) as country,
           any_value(m.region) as region, any_value(m.customer_ref) as customer_ref, ${customer_key('any_value(m.customer_ref)')} as customer_key, sum(m.quantity) as quantity, sum(m.gross) as gross, sum(m.net) as net, sum(m.tax) as tax
      from money_change m join ${touched} t on t.order_id = m.order_id group by m.order_id, m.kind, m.counted_at, m.currency`,
  // Joined for each question, that was a third of the time of a year's returning customers.
  wider: rows => `select r.*, c.first_order_at, c.cohort from (${rows}) r left join customer_first c on c.customer_key = r.customer_key`,
};

/** Promised units: those delivered, when they came; and those still open, with what they were promised for. */
const promise_kept: Derived = {
  name: 'promise_kept',
  key: 'order_id',
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
    with t as (select * from ${touched}),
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
  key: 'order_id',
  columns: ['order_id varchar', 'counted_at timestamp', 'shipments integer'],
  rows: touched => `
    select s.order_id as order_id, min(s.dispatched_at) as counted_at, count(*) as shipments from shipment s join ${touched} t on t.order_id = s.order_id
     where s.dispatched_at is not null group by s.order_id`,
};

/** What a purchase order line was promised for first, what came of it and what is still to come: five tables of facts, which every question of purchasing would fold anew. */
const purchase_line: Derived = {
  name: 'purchase_line',
  key: 'po_id',
  columns: [
    'po_id varchar',
    'line_no integer',
    'sku varchar',
    'supplier_id varchar',
    'location_id varchar',
    'currency varchar',
    'cost bigint',
    'quantity bigint',
    'sent_at timestamp',
    'ended_at timestamp',
    'first_promised_at timestamp',
    'promised_at timestamp',
    'due_at timestamp',
    'cancelled_at timestamp',
    'first_received_at timestamp',
    'received bigint',
    'received_in_time bigint',
    'outstanding bigint',
  ],
  rows: touched => `
    with t as (select * from ${touched}),
         promise as (select p.po_id as po_id, p.line_no as line_no, arg_min(p.promised_at, p.sequence) as first_promised_at, arg_max(p.promised_at, p.sequence) as promised_at
                       from po_promise p join t on t.po_id = p.po_id group by p.po_id, p.line_no),
         cancelled as (select c.po_id as po_id, c.line_no as line_no, min(c.happened_at) as cancelled_at from po_cancellation c join t on t.po_id = c.po_id
                        group by c.po_id, c.line_no),
         received as (select r.po_id as po_id, r.line_no as line_no, min(r.received_at) as first_received_at, sum(r.accepted) as received, arg_max(r.short, r.sequence) as short,
                             sum(r.accepted) filter (where r.received_at < date_trunc('day', p.first_promised_at) + interval 1 day) as received_in_time
                        from receipt_line r join t on t.po_id = r.po_id left join promise p on p.po_id = r.po_id and p.line_no = r.line_no group by r.po_id, r.line_no)
    select l.po_id as po_id, l.line_no as line_no, l.sku as sku, o.supplier_id as supplier_id, o.location_id as location_id, o.currency as currency, l.cost as cost,
           l.quantity as quantity, o.sent_at as sent_at, o.ended_at as ended_at, p.first_promised_at as first_promised_at, p.promised_at as promised_at,
           date_trunc('day', p.first_promised_at) + interval 1 day as due_at, c.cancelled_at as cancelled_at,
           r.first_received_at as first_received_at, coalesce(r.received, 0) as received, coalesce(r.received_in_time, 0) as received_in_time,
           case when o.ended_at is null then coalesce(r.short, greatest(l.quantity - coalesce(l.refused, 0), 0)) else 0 end as outstanding
      from po_line l
      join t on t.po_id = l.po_id
      join purchase_order o on o.po_id = l.po_id
      left join promise p on p.po_id = l.po_id and p.line_no = l.line_no
      left join cancelled c on c.po_id = l.po_id and c.line_no = l.line_no
      left join received r on r.po_id = l.po_id and r.line_no = l.line_no`,
};

/** What was wanted and not there, with what an order's own facts say of it: its currency, its place, and the price of the SKU. */
const missed_demand: Derived = {
  name: 'missed_demand',
  key: 'order_id',
  columns: [
    'order_id varchar',
    'customer_ref varchar',
    'sku varchar',
    'happened_at timestamp',
    'missing bigint',
    'currency varchar',
    'country varchar',
    'region varchar',
    'unit_price bigint',
  ],
  rows: touched => `
    with t as (select * from ${touched}),
         d as (select m.* from lost_demand m join t on t.order_id = m.order_id),
         l as (select p.order_id as order_id, p.sku as sku, max(p.unit_price) as unit_price from order_line p join t on t.order_id = p.order_id
                where p.order_id in (select order_id from d) group by p.order_id, p.sku)
    select d.order_id as order_id, d.customer_ref as customer_ref, d.sku as sku, d.happened_at as happened_at, d.wanted - greatest(d.available, 0) as missing,
           o.currency as currency, o.country as country, o.region as region, l.unit_price as unit_price
      from d join orders o on o.order_id = d.order_id left join l on l.order_id = d.order_id and l.sku = d.sku
     where o.placed_at is not null`,
};

const all_derived: readonly Derived[] = [money_change, order_change, promise_kept, order_dispatch, missed_demand, purchase_line];
const all_keys = { order_id: '(select order_id from orders)', po_id: '(select po_id from purchase_order)' };

export const derived_tables: readonly string[] = [...all_derived.map(table => table.name), 'customer_first'];

const customer_first_columns = ['customer_ref varchar', 'customer_key ubigint', ...of_customer];

/** Columns that facts have besides: what other facts say of them, written beside them. */
export const columns_beside: Readonly<Record<string, readonly string[]>> = {
  orders: ['began_at timestamp', 'began_country varchar', 'quote_expires_at timestamp'],
  quote: ['is_ordered boolean'],
};

// Without a customer's number: it says no more than the text, and is beyond what a reply carries exactly.
const names_of = (columns: readonly string[]) => columns.map(column => column.split(' ')[0] ?? '').filter(name => name !== 'customer_key');
/** What is laid out, as relations of every engine: for a look at whether it is still what the facts say. */
export const laid_out: readonly { readonly name: string; readonly columns: readonly string[] }[] = [
  ...all_derived.map(({ name, columns }) => ({ name: name === 'order_change' ? 'customer_change' : name, columns: names_of(columns) })),
  { name: 'customer_first', columns: names_of(customer_first_columns) },
  { name: 'checkout', columns: ['began_at', 'checkout_id', 'expires_at', 'currency', 'country', 'order_id', 'confirmed_at'] },
];

export const derived_schema: readonly string[] = [
  ...all_derived.map(({ name, columns }) => `create table if not exists ${name} (${columns.join(', ')})`),
  // A customer of the shop is one with a confirmed order.
  `create table if not exists customer_first (${customer_first_columns.join(', ')}, primary key (customer_ref))`,
];

/** The same as views, for an engine that is quick enough without. */
export const derived_views: readonly string[] = [
  ...all_derived.map(({ name, key, rows }) => `create or replace view ${name} as ${rows(all_keys[key])}`),
  `create or replace view customer_first as ${first_orders('money_change m')}`,
  `create or replace view customer_change as select m.*, c.first_order_at as first_order_at, c.cohort as cohort
     from order_change m left join customer_first c on c.customer_key = m.customer_key`,
];

/** All orders at once, for stores that are filled by SQL. */
export function derive_all_statements(): string[] {
  return [
    insert_rows(money_change, all_keys.order_id),
    `insert into customer_first ${first_orders('money_change m')}`,
    ...all_derived.filter(table => table !== money_change).map(table => insert_rows(table, all_keys[table.key])),
    ...checkouts_began(all_keys.order_id),
  ];
}

function insert_rows({ name, rows, wider = same => same }: Derived, touched: string): string {
  return `insert into ${name} ${wider(rows(touched))}`;
}

/** A customer of the shop is one with a confirmed order; the month of the first is the cohort. */
function first_orders(sales: string): string {
  return `select m.customer_ref as customer_ref, ${customer_key('m.customer_ref')} as customer_key, min(m.counted_at) as first_order_at, strftime(min(m.counted_at), '%Y-%m') as cohort
      from ${sales} where m.kind = 'sale' and m.customer_ref is not null group by m.customer_ref`;
}

/**
 * Where a checkout began stands with its order, and that it became an order with its quote: joined for each question, that was four fifths of the time of a
 * year's conversion. A quote stands before its order in the log that tells of both, so telling it once, when the order is placed, is enough.
 */
function checkouts_began(touched: string): string[] {
  return [
    `update orders set began_at = b.began_at, began_country = b.country, quote_expires_at = b.expires_at
       from (select o.order_id, q.expires_at, case when o.quote_id is null then o.placed_at else q.created_at end as began_at,
                    case when o.quote_id is null then o.country else q.country end as country
               from orders o join ${touched} t on t.order_id = o.order_id left join quote q on q.quote_id = o.quote_id where o.placed_at is not null) b
      where b.order_id = orders.order_id`,
    `update quote set is_ordered = true
       from (select o.quote_id from orders o join ${touched} t on t.order_id = o.order_id where o.placed_at is not null and o.quote_id is not null) b
      where b.quote_id = quote.quote_id`,
  ];
}

/** Statements to run in their order, after a batch's facts are in. */
export interface DerivedWork {
  readonly sql: string;
  /** Parameter 1, JSON, where there is one. */
  readonly ids?: readonly string[];
}

/** What a batch makes anew; of a large one each step takes tens of milliseconds to say. */
export function* derived_work(facts: FactBatch): Generator<DerivedWork> {
  const { placed, confirmed, cancelled } = orders_in(facts);
  const money = told_in(facts, [cancellation, refund], 'order_id', confirmed);
  yield* touching('money', 'order_id', money, touched => [
    ...anew(money_change, touched),
    ...new_customers(touched),
    ...anew(order_change, touched),
  ]);
  const promises = told_in(facts, [cancellation, line_promise, parcel_line], 'order_id', confirmed, cancelled);
  yield* touching('promises', 'order_id', promises, touched => anew(promise_kept, touched));
  yield* touching('dispatched', 'order_id', dispatched_in(facts), touched => anew(order_dispatch, touched));
  yield* touching('demand', 'order_id', told_in(facts, [lost_demand], 'order_id', placed), touched => anew(missed_demand, touched));
  const purchases = told_in(facts, [purchase_order, po_line, po_promise, po_cancellation, receipt_line], 'po_id');
  yield* touching('purchases', 'po_id', purchases, touched => anew(purchase_line, touched));
  yield* touching('placed', 'order_id', placed, checkouts_began);
}

/** Keys that rows of these tables name, and others. */
function told_in(facts: FactBatch, tables: readonly AnyFactTable[], key: Derived['key'], ...others: readonly string[][]): Set<string> {
  const ids = new Set(others.flat());
  for (const table of tables) for (const id of facts.column(table, key)) ids.add(String(id));
  return ids;
}

/** The ids once, as a table of this connection's own: as constants of every statement the planner made a value of each, several times over. */
function touching(name: string, key: Derived['key'], ids: Iterable<string>, work: (touched: string) => string[]): DerivedWork[] {
  const [given, touched] = [[...ids], `touched_${name}`];
  if (given.length === 0) return [];
  const make = `create or replace temp table ${touched} as select unnest(from_json_strict(given, '["varchar"]')) as ${key} from (select $1::varchar as given)`;
  return [{ sql: make, ids: given }, ...work(touched).map(sql => ({ sql }))];
}

/** Ids of orders that a batch says so of. */
function orders_in(facts: FactBatch) {
  const ids = facts.column(orders, 'order_id').map(String);
  const [placed_at, confirmed_at, status] = [
    facts.column(orders, 'placed_at'),
    facts.column(orders, 'confirmed_at'),
    facts.column(orders, 'status'),
  ];
  return {
    placed: ids.filter((_, row) => placed_at[row] !== undefined),
    confirmed: ids.filter((_, row) => confirmed_at[row] !== undefined),
    cancelled: ids.filter((_, row) => status[row] === 'cancelled'),
  };
}

function dispatched_in(facts: FactBatch): Set<string> {
  const dispatched_at = facts.column(shipment, 'dispatched_at');
  return new Set(
    facts
      .column(shipment, 'order_id')
      .filter((_, row) => dispatched_at[row] !== undefined)
      .map(String),
  );
}

function anew(table: Derived, touched: string): string[] {
  return [`delete from ${table.name} where ${table.key} in (select ${table.key} from ${touched})`, insert_rows(table, touched)];
}

/** Before their orders are made anew. Where an order is heard of that was placed before the first one known, that customer's others learn of it. */
function new_customers(touched: string): string[] {
  const heard = first_orders(`(select c.* from money_change c join ${touched} t on t.order_id = c.order_id) m`);
  return [
    `update order_change set first_order_at = n.first_order_at, cohort = n.cohort
       from (select h.* from (${heard}) h join customer_first c on c.customer_key = h.customer_key where h.first_order_at < c.first_order_at) n
      where n.customer_key = order_change.customer_key`,
    `insert into customer_first ${heard} on conflict (customer_ref) do update
        set first_order_at = least(customer_first.first_order_at, excluded.first_order_at), cohort = least(customer_first.cohort, excluded.cohort)`,
  ];
}
