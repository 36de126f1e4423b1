/** The SQL of the DuckDB warehouse, made from the lists of facts: tables, set-based loads and upserts; and the views that metrics read. */
import type { AnyFactTable, Entity, FactColumn } from '../fact_shapes.ts';
import { fact_tables } from '../facts.ts';
import { stock_span } from '../facts_supply.ts';
import { columns_beside, derived_schema } from './duckdb_derived.ts';

/** A file made by another version is refused: facts change their shape only by a rebuild from the logs. */
export const warehouse_version = 4;
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
    checkout,
    'create or replace view customer_change as select * from order_change',
    ...common_views,
    calendar,
  ];
}

/** Between an event's cells of one column: a control character, which stands nowhere in JSON. */
export const cell_separator = '\u001f';
/**
 * Parameter n is column n of many events as one text, cells apart by the separator: to take texts apart costs half of reading JSON, on both sides. The empty
 * text is null.
 */
export const load_events = `insert into event_raw select ${raw_columns
  .map(({ name, sql }) => `${name === 'sequence' ? `nullif(${name}, '')` : name}${sql === 'varchar' ? '' : `::${sql}`}`)
  .join(', ')} from (select ${raw_columns
  .map(({ name }, index) => `unnest(string_split($${index + 1}::varchar, chr(31))) as ${name}`)
  .join(', ')})`;
export const load_positions = `insert or replace into positions select * from ${loaded(position_columns)}`;
/** A batch's rows of one table, set-based: parameter n is column n as a JSON array. */
export function load_facts(table: AnyFactTable): string {
  if (table === stock_span) return keep_new_spans(table.columns);
  return table.kind === 'entity' ? merge(table) : `insert into ${table.name} by name select * from ${loaded(table.columns)}`;
}

/**
 * The parameters as a relation. Strict: what is not of its type fails the batch instead of becoming null. JSON by column costs the calling thread a third
 * of what an appender does cell by cell, and the flush of an appender, which runs on the calling thread, another 0.4 ms a table. As columns of a relation
 * they are read once, when it runs; as constants the planner made a value of every cell.
 */
function loaded(columns: readonly LoadColumn[]): string {
  const given = columns.map((_, index) => `$${index + 1}::varchar as given_${index}`);
  return `(select ${columns.map(({ name, sql }, index) => `unnest(from_json_strict(given_${index}, '["${sql}"]')) as ${name}`).join(', ')} from (select ${given.join(', ')}))`;
}

/** Without a primary key: its index cost as much as the facts, and `merge` finds rows as quickly by the bounds of their keys, which grow with time. */
function create_table({ name, columns }: AnyFactTable): string {
  const cells = columns.map(column => `${column.name} ${column.sql}`);
  return `create table if not exists ${name} (${[...cells, ...(columns_beside[name] ?? [])].join(', ')})`;
}

/** Folds by the rules of facts.ts: the same that the batch was folded by in memory, so it has one row of a key. */
function merge(table: Entity): string {
  const names = table.columns.map(column => column.name);
  const changes = table.columns.filter(column => column.merge !== 'key').map(column => `${column.name} = ${folded(table.name, column)}`);
  return `merge into ${table.name} using ${loaded(table.columns)} said on ${table.keys.map(key => `${table.name}.${key} = said.${key}`).join(' and ')}
    when matched then update set ${changes.join(', ')}
    when not matched then insert (${names.join(', ')}) values (${names.map(name => `said.${name}`).join(', ')})`;
}

function folded(table: string, { name, merge }: FactColumn): string {
  const [known, said] = [`${table}.${name}`, `said.${name}`];
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
      return `case when said.sequence > coalesce(${table}.sequence, -1) then ${said} else ${known} end`;
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

/** One row per quote, and per order placed without one. */
const checkout = `create or replace view checkout as
   select began_at, coalesce(quote_id, order_id) as checkout_id, quote_expires_at as expires_at, currency, began_country as country,
          * exclude (began_at, quote_id, quote_expires_at, currency, began_country, country)
     from orders where began_at is not null
   union all by name
   select created_at as began_at, quote_id as checkout_id, expires_at, currency, country from quote where is_ordered is null`;

/** ClickHouse takes these too, but for the names of a few functions (clickhouse_sql.ts). */
export const common_views: readonly string[] = [
  // With the cohort.
  `create or replace view customer as select customer_ref, first_order_at, cohort from customer_first`,
  `create or replace view stock_period as
   select sku, location_id, is_out, from_at, lead(from_at) over (partition by sku, location_id order by version) as until_at from stock_span`,
];

/** Every day from the first to the last event, for questions of one's own. */
const calendar = `create or replace view calendar as
   select day, date_trunc('week', day) as week, date_trunc('month', day) as month, date_trunc('quarter', day) as quarter, year(day) as year, isodow(day) as weekday
     from (select unnest(generate_series(date_trunc('day', min(time)), date_trunc('day', max(time)), interval 1 day)) as day from event_raw)`;
