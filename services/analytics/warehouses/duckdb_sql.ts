/** The SQL of the DuckDB warehouse, made from the lists of facts: tables, staging, set-based upserts; and the views that metrics read. */
import { type AnyFactTable, type Entity, type FactColumn, fact_tables, stock_span } from '../facts.ts';

/** A file made by another version is refused: facts change their shape only by a rebuild from the logs. */
export const warehouse_version = 1;

const raw_columns = `source varchar not null, position bigint not null, partition utinyint not null, key varchar not null, type varchar not null,
  id varchar not null, subject varchar not null, sequence integer, time timestamp not null, cause varchar not null, data json not null using compression zstd`;
const position_columns = `source varchar, partition utinyint, position bigint not null, time timestamp, system_identifier varchar not null, timeline varchar not null`;

/** Runs at every start; creates what is missing. */
export function schema_statements(): string[] {
  return [
    'create table if not exists warehouse (version integer not null)',
    `insert into warehouse select ${warehouse_version} where not exists (select 1 from warehouse)`,
    // No key: an index of every event cost more than the event, and positions already keep a second copy out.
    `create table if not exists event_raw (${raw_columns})`,
    `create table if not exists positions (${position_columns}, primary key (source, partition))`,
    `create temp table stage_positions (${position_columns})`,
    ...fact_tables.flatMap(table => [
      create_table(table, 'table if not exists'),
      ...(is_staged(table) ? [create_table(table, 'temp table')] : []),
    ]),
    ...views,
  ];
}

/** Rows of these go to a temporary table first, then by `write_statements` to their own; the others are appended where they belong. */
export function is_staged(table: AnyFactTable): boolean {
  return table.kind === 'entity' || table === stock_span;
}

/** What moves a batch's staged rows to their table. */
export function write_statements(table: AnyFactTable): string[] {
  return [table.kind === 'entity' ? upsert(table) : keep_new_spans, `delete from temp.stage_${table.name}`];
}

export const write_positions = [
  'insert or replace into positions select * from temp.stage_positions',
  'delete from temp.stage_positions',
] as const;

function create_table(table: AnyFactTable, what: 'table if not exists' | 'temp table'): string {
  const columns = table.columns.map(column => `${column.name} ${column.sql}`);
  const key = table.kind === 'entity' && what !== 'temp table' ? [`primary key (${table.keys.join(', ')})`] : [];
  return `create ${what} ${what === 'temp table' ? 'stage_' : ''}${table.name} (${[...columns, ...key].join(', ')})`;
}

/** Folds by the rules of facts.ts: the same that the batch was folded by in memory. */
function upsert(table: Entity): string {
  const changes = table.columns.filter(column => column.merge !== 'key').map(column => `${column.name} = ${folded(table.name, column)}`);
  return `insert into ${table.name} select * from temp.stage_${table.name}
    on conflict (${table.keys.join(', ')}) do update set ${changes.join(', ')}`;
}

function folded(table: string, { name, merge }: FactColumn): string {
  const [known, said] = [`${table}.${name}`, `excluded.${name}`];
  switch (merge) {
    case 'key':
      return known;
    case 'once':
      return `coalesce(${known}, ${said})`;
    case 'first':
      return `least(${known}, ${said})`;
    case 'last':
      return `greatest(${known}, ${said})`;
    case 'sequence':
      return `greatest(${known}, ${said})`;
    case 'latest':
      return `case when excluded.sequence > coalesce(${table}.sequence, -1) then ${said} else ${known} end`;
  }
}

const keep_new_spans = `
  insert into stock_span
  select s.sku, s.location_id, s.version, s.from_at, s.is_out, s.available
    from (select *, lag(is_out) over (partition by sku, location_id order by version) as before from temp.stage_stock_span) s
    left join stock_item i on i.sku = s.sku and i.location_id = s.location_id
   where (i.sequence is null or s.version > i.sequence) and s.is_out is distinct from coalesce(s.before, i.available <= 0)`;

const views = [
  // Sales on the day of placed_at, cancellations and credits on their own; of confirmed orders only, net without tax and carriage.
  `create or replace view money_change as
   select 'sale' as kind, o.placed_at as counted_at, o.order_id, l.line_no, l.sku, l.quantity, l.line_subtotal as gross, l.line_total - l.line_tax as net, l.line_tax as tax,
          o.currency, o.country, o.region
     from orders o join order_line l on l.order_id = o.order_id
    where o.confirmed_at is not null and o.placed_at is not null
   union all
   select 'cancel', c.happened_at, c.order_id, c.line_no, l.sku, -c.quantity, 0, -c.net, -c.tax, o.currency, o.country, o.region
     from cancellation c join orders o on o.order_id = c.order_id left join order_line l on l.order_id = c.order_id and l.line_no = c.line_no
    where o.confirmed_at is not null and o.placed_at is not null
   union all
   select 'credit', r.refunded_at, r.order_id, r.line_no, l.sku, 0, 0, r.tax - r.amount, -r.tax, r.currency, o.country, o.region
     from refund r join orders o on o.order_id = r.order_id left join order_line l on l.order_id = r.order_id and l.line_no = r.line_no
    where r.succeeded and o.confirmed_at is not null and r.reason not in ('cancelled', 'shortfall', 'overpaid', 'late_payment')`,
  // One row per quote, and per order placed without one.
  `create or replace view checkout as
   select q.created_at as began_at, q.quote_id as checkout_id, q.expires_at, q.currency, q.country, o.* exclude (quote_id, currency, country)
     from quote q left join orders o on o.quote_id = q.quote_id and o.placed_at is not null
   union all
   select o.placed_at, o.order_id, null, o.currency, o.country, o.* exclude (quote_id, currency, country)
     from orders o where o.quote_id is null and o.placed_at is not null`,
  `create or replace view stock_period as
   select sku, location_id, is_out, from_at, lead(from_at) over (partition by sku, location_id order by version) as until_at from stock_span`,
  `create or replace view promise as
   select order_id, line_no, arg_min(promise_at, sequence) as first_promise_at, arg_max(promise_at, sequence) as promise_at
     from (select order_id, line_no, 0 as sequence, promise_at from order_line where promise_at is not null
           union all select order_id, line_no, sequence, promise_at from line_promise)
    group by order_id, line_no`,
];
