/**
 * The tables of the ClickHouse warehouse. Rows are only ever added, each with the number of its batch; a view over them folds by the rules of
 * fact_shapes.ts. A batch counts when its positions are there, which are written last.
 */
import type { AnyFactTable, Entity, FactColumn, Sql } from '../fact_shapes.ts';
import { fact_tables } from '../facts.ts';
import { stock_span } from '../facts_supply.ts';
import { derived_views } from './duckdb_derived.ts';
import { common_views, position_columns, raw_columns, warehouse_version } from './duckdb_sql.ts';

/** Where the rows of a table are; its own name is the view. */
export const rows_of = (name: string): string => `${name}_rows`;
export const batch_column = '_batch';

const types: Readonly<Record<Sql, string>> = {
  varchar: 'String',
  bigint: 'Int64',
  integer: 'Int32',
  boolean: 'Bool',
  timestamp: "DateTime64(3, 'UTC')",
};
const type_of = (sql: string): string => types[sql as Sql] ?? (sql === 'utinyint' ? 'UInt8' : 'String');

/** Runs at every start; creates what is missing. */
export function clickhouse_schema(): string[] {
  const raw = raw_columns.map(({ name, sql }) => `${name} ${name === 'sequence' ? nullable(sql) : type_of(sql)}`);
  const positions = position_columns.map(({ name, sql }) => `${name} ${name === 'time' ? nullable(sql) : type_of(sql)}`);
  return [
    'create table if not exists warehouse (version Int32) engine = MergeTree order by version',
    table('event_raw', raw, 'source, position'),
    table('positions', positions, 'source, partition'),
    ...fact_tables.map(create_table),
    view('event_raw', raw_columns.map(({ name }) => name).join(', ')),
    view(
      'positions',
      `source, partition, ${position_columns
        .slice(2)
        .map(({ name }) => newest(name))
        .join(', ')}`,
      'group by source, partition',
    ),
    ...fact_tables.map(create_view),
    ...[...derived_views, checkout, ...common_views].map(translated),
    calendar,
  ];
}
export const version_insert = `insert into warehouse values (${warehouse_version})`;

const nullable = (sql: string) => `Nullable(${type_of(sql)})`;
const newest = (column: string) => `tupleElement(argMax(tuple(r.${column}), r.${batch_column}), 1) as ${column}`;

function table(name: string, columns: readonly string[], order_by: string): string {
  return `create table if not exists ${rows_of(name)} (${columns.join(', ')}, ${batch_column} UInt64) engine = MergeTree order by (${order_by})`;
}

/** Rows of batches whose positions are not there yet do not count. */
function view(name: string, columns: string, rest = ''): string {
  return `create or replace view ${name} as select ${columns} from ${rows_of(name)} r where r.${batch_column} <= (select max(${batch_column}) from ${rows_of('positions')}) ${rest}`;
}

function create_table({ name, kind, columns, ...more }: AnyFactTable): string {
  const keys = kind === 'entity' ? (more as Entity).keys : [];
  const cells = columns.map(column => `${column.name} ${keys.includes(column.name) ? type_of(column.sql) : nullable(column.sql)}`);
  return table(name, cells, keys.length === 0 ? 'tuple()' : keys.join(', '));
}

function create_view(fact_table: AnyFactTable): string {
  const { name, columns } = fact_table;
  if (fact_table === stock_span) return spans(columns);
  if (fact_table.kind === 'entry') return view(name, columns.map(column => column.name).join(', '));
  return view(name, columns.map(folded).join(', '), `group by ${fact_table.keys.join(', ')}`);
}

function folded({ name, merge }: FactColumn): string {
  switch (merge) {
    case 'key':
      return name;
    case 'once':
      return `argMin(r.${name}, r.${batch_column}) as ${name}`;
    case 'first':
      return `min(r.${name}) as ${name}`;
    case 'last':
    case 'sequence':
      return `max(r.${name}) as ${name}`;
    case 'latest':
      return `argMax(r.${name}, r.sequence) as ${name}`;
  }
}

/** Of all that was seen of an item, where it came to be out of stock or not. */
function spans(columns: readonly FactColumn[]): string {
  const names = columns.map(({ name }) => name).join(', ');
  return `create or replace view stock_span as select ${names} from (
    select ${names}, lagInFrame(is_out) over (partition by sku, location_id order by version rows between unbounded preceding and current row) as before
      from stock_span_rows r where r.${batch_column} <= (select max(${batch_column}) from ${rows_of('positions')})) seen
   where before is null or before <> is_out`;
}

/** Joined for each question: rows here are never changed, so none could say where its checkout began. */
const checkout = `create or replace view checkout as
   select q.created_at as began_at, q.quote_id as checkout_id, q.expires_at, q.currency, q.country, o.* exclude (quote_id, currency, country)
     from quote q left join orders o on o.quote_id = q.quote_id and o.placed_at is not null
   union all
   select o.placed_at, o.order_id, null, o.currency, o.country, o.* exclude (quote_id, currency, country)
     from orders o where o.quote_id is null and o.placed_at is not null`;

/** The same definitions, where the spelling differs. */
function translated(view_of_duckdb: string): string {
  return view_of_duckdb
    .replaceAll('arg_min(', 'argMin(')
    .replaceAll('arg_max(', 'argMax(')
    .replaceAll('strftime(', 'formatDateTime(')
    .replaceAll('md5_number_lower(', '(')
    .replaceAll(' exclude (', ' except (');
}

const calendar = `create or replace view calendar as
  select day, date_trunc('week', day) as week, date_trunc('month', day) as month, date_trunc('quarter', day) as quarter, toYear(day) as year, toDayOfWeek(day) as weekday
    from (select arrayJoin(arrayMap(step -> first + interval step day, range(0, toUInt64(days + 1)))) as day
            from (select date_trunc('day', min(time)) as first, date_diff('day', min(time), max(time)) as days from event_raw) span) listed`;
