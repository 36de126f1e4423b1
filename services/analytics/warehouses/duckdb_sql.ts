/** The SQL of the DuckDB warehouse, made from the lists of facts: tables, set-based loads and upserts; and the views that metrics read. */
import type { AnyFactTable, Entity, FactColumn } from '../fact_shapes.ts';
import { fact_tables } from '../facts.ts';
import { stock_span } from '../facts_supply.ts';
import { derived_schema } from './duckdb_derived.ts';

/** A file made by another version is refused: facts change their shape only by a rebuild from the logs. */
export const warehouse_version = 2;
export const version_statements = [
  'create table if not exists warehouse (version integer not null)',
  `insert into warehouse select ${warehouse_version} where not exists (select 1 from warehouse)`,
] as const;

/** A column of a load: its name and the type its JSON is read as. */
export interface LoadColumn {
  readonly name: string;
  readonly sql: string;
}
const columns_of = (columns: Readonly<Record<string, string>>): LoadColumn[] =>
  Object.entries(columns).map(([name, sql]) => ({ name, sql }));
export const raw_columns = columns_of({
  source: 'varchar',
  position: 'bigint',
  partition: 'utinyint',
  key: 'varchar',
  type: 'varchar',
  id: 'varchar',
  subject: 'varchar',
  sequence: 'integer',
  time: 'timestamp',
  cause: 'varchar',
  data: 'json',
});
export const position_columns = columns_of({
  source: 'varchar',
  partition: 'utinyint',
  position: 'bigint',
  time: 'timestamp',
  system_identifier: 'varchar',
  timeline: 'varchar',
});

/** Runs at every start; creates what is missing. */
export function schema_statements(): string[] {
  const raw = raw_columns.map(
    ({ name, sql }) => `${name} ${sql} ${name === 'sequence' ? '' : 'not null'} ${name === 'data' ? 'using compression zstd' : ''}`,
  );
  return [
    // No key: an index of every event cost more than the event, and positions already keep a second copy out.
    `create table if not exists event_raw (${raw.join(', ')})`,
    `create table if not exists positions (${position_columns.map(({ name, sql }) => `${name} ${sql}`).join(', ')}, primary key (source, partition))`,
    ...fact_tables.map(create_table),
    ...derived_schema,
    ...common_views,
    calendar,
  ];
}

/** Between the events' data, which are JSON already: a control character, which stands nowhere in JSON. */
export const data_separator = '\u001f';
/** As `loaded`, but for `data`: to take texts apart costs less than to read JSON of JSON and write it again. */
export const load_events = `insert into event_raw select * from (select ${raw_columns
  .map(({ name, sql }, index) =>
    name === 'data' ? `unnest(string_split($${index + 1}::varchar, chr(31)))::json as data` : cells_of(name, sql, index),
  )
  .join(', ')})`;
export const load_positions = `insert or replace into positions select * from ${loaded(position_columns)}`;
/** A batch's rows of one table, set-based: parameter n is column n as a JSON array. */
export function load_facts(table: AnyFactTable): string {
  if (table === stock_span) return keep_new_spans(table.columns);
  const insert = `insert into ${table.name} select * from ${loaded(table.columns)}`;
  return table.kind === 'entity' ? `${insert} ${fold_on_conflict(table)}` : insert;
}

/**
 * The parameters as a relation. Strict: what is not of its type fails the batch instead of becoming null. JSON by column costs the calling thread a third
 * of what an appender does cell by cell, and the flush of an appender, which runs on the calling thread, another 0.4 ms a table.
 */
function loaded(columns: readonly LoadColumn[]): string {
  return `(select ${columns.map(({ name, sql }, index) => cells_of(name, sql, index)).join(', ')})`;
}

function cells_of(name: string, sql: string, index: number): string {
  return `unnest(from_json_strict($${index + 1}::varchar, '["${sql}"]')) as ${name}`;
}

function create_table(table: AnyFactTable): string {
  const columns = table.columns.map(column => `${column.name} ${column.sql}`);
  const key = table.kind === 'entity' ? [`primary key (${table.keys.join(', ')})`] : [];
  return `create table if not exists ${table.name} (${[...columns, ...key].join(', ')})`;
}

/** Folds by the rules of facts.ts: the same that the batch was folded by in memory. */
function fold_on_conflict(table: Entity): string {
  const changes = table.columns.filter(column => column.merge !== 'key').map(column => `${column.name} = ${folded(table.name, column)}`);
  return `on conflict (${table.keys.join(', ')}) do update set ${changes.join(', ')}`;
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

/** Of what a batch saw of stock items, where one came to be out of stock or not; stock_item still holds what was seen before. */
function keep_new_spans(columns: readonly LoadColumn[]): string {
  return `insert into stock_span
  select s.sku, s.location_id, s.version, s.from_at, s.is_out, s.available
    from (select *, lag(is_out) over (partition by sku, location_id order by version) as before from ${loaded(columns)}) s
    left join stock_item i on i.sku = s.sku and i.location_id = s.location_id
   where (i.sequence is null or s.version > i.sequence) and s.is_out is distinct from coalesce(s.before, i.available <= 0)`;
}

/** ClickHouse takes these too, but for the names of a few functions (clickhouse_sql.ts). */
export const common_views: readonly string[] = [
  // One row per quote, and per order placed without one.
  `create or replace view checkout as
   select q.created_at as began_at, q.quote_id as checkout_id, q.expires_at, q.currency, q.country, o.* exclude (quote_id, currency, country)
     from quote q left join orders o on o.quote_id = q.quote_id and o.placed_at is not null
   union all
   select o.placed_at, o.order_id, null, o.currency, o.country, o.* exclude (quote_id, currency, country)
     from orders o where o.quote_id is null and o.placed_at is not null`,
  // The month of the first confirmed order is the cohort.
  `create or replace view customer as select customer_ref, first_order_at, strftime(first_order_at, '%Y-%m') as cohort from customer_first`,
  `create or replace view stock_period as
   select sku, location_id, is_out, from_at, lead(from_at) over (partition by sku, location_id order by version) as until_at from stock_span`,
  // A purchase order line with what was promised first, what came of it and what is still to come.
  `create or replace view purchase_line as
   with promise as (select po_id, line_no, arg_min(promised_at, sequence) as first_promised_at, arg_max(promised_at, sequence) as promised_at
                      from po_promise group by po_id, line_no),
        cancelled as (select po_id, line_no, min(happened_at) as cancelled_at from po_cancellation group by po_id, line_no),
        received as (select t.po_id as po_id, t.line_no as line_no, min(t.received_at) as first_received_at, sum(t.accepted) as received, arg_max(t.short, t.sequence) as short,
                            sum(t.accepted) filter (where t.received_at < date_trunc('day', p.first_promised_at) + interval 1 day) as received_in_time
                       from receipt_line t left join promise p on p.po_id = t.po_id and p.line_no = t.line_no group by t.po_id, t.line_no)
   select l.po_id as po_id, l.line_no as line_no, l.sku as sku, o.supplier_id as supplier_id, o.location_id as location_id, o.currency as currency, l.cost as cost,
          l.quantity as quantity, o.sent_at as sent_at, o.ended_at as ended_at, p.first_promised_at as first_promised_at, p.promised_at as promised_at,
          date_trunc('day', p.first_promised_at) + interval 1 day as due_at, c.cancelled_at as cancelled_at,
          r.first_received_at as first_received_at, coalesce(r.received, 0) as received, coalesce(r.received_in_time, 0) as received_in_time,
          case when o.ended_at is null then coalesce(r.short, greatest(l.quantity - coalesce(l.refused, 0), 0)) else 0 end as outstanding
     from po_line l
     join purchase_order o on o.po_id = l.po_id
     left join promise p on p.po_id = l.po_id and p.line_no = l.line_no
     left join cancelled c on c.po_id = l.po_id and c.line_no = l.line_no
     left join received r on r.po_id = l.po_id and r.line_no = l.line_no`,
];

/** Every day from the first to the last event, for questions of one's own. */
const calendar = `create or replace view calendar as
   select day, date_trunc('week', day) as week, date_trunc('month', day) as month, date_trunc('quarter', day) as quarter, year(day) as year, isodow(day) as weekday
     from (select unnest(generate_series(date_trunc('day', min(time)), date_trunc('day', max(time)), interval 1 day)) as day from event_raw)`;
