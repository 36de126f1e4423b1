/**
 * Two stores at one watermark, row by row: each row is a hash, hashes are summed in buckets, and where two sums differ the rows behind them are looked
 * at one by one. So equal stores, which is what they should be, cost one pass each, and a single differing row is found and shown.
 */
import type { FactColumn } from './fact_shapes.ts';
import { fact_tables } from './facts.ts';
import { laid_out } from './warehouses/duckdb_derived.ts';
import type { Answer, Warehouse } from './warehouses/warehouse.ts';

export const buckets = 1_024;
/** Of one table; hashing all events of a year takes minutes, and nobody waits for it. */
export const compare_timeout_ms = 30 * 60_000;
const shown_max = 3;

export interface Compared {
  readonly table: string;
  readonly rows: number;
  readonly rebuilt_rows: number;
  /** Rows that are in one and not in the other; one that changed counts once. */
  readonly differing: number;
  /** Some of them, as they are and as they were made again. */
  readonly examples: readonly { readonly live: string | null; readonly rebuilt: string | null }[];
}

interface CompareTable {
  readonly name: string;
  readonly columns: readonly Pick<FactColumn, 'name'>[];
  /** What an example is known by. */
  readonly keys: readonly string[];
}

const event_raw_columns = ['source', 'position', 'partition', 'key', 'type', 'id', 'subject', 'sequence', 'time', 'cause', 'data'];
/** Facts first: what differs there says more than a differing event, and than what is laid out of them. */
export const compared_tables: readonly CompareTable[] = [
  ...fact_tables.map(table => ({
    name: table.name,
    columns: table.columns,
    keys: table.kind === 'entity' ? table.keys : [],
  })),
  ...laid_out.map(({ name, columns }) => ({ name, columns: columns.map(column => ({ name: column })), keys: [] })),
  { name: 'event_raw', columns: event_raw_columns.map(name => ({ name })), keys: ['source', 'position'] },
];

/** Errors: what `signal` was aborted with. */
export async function compare_table(stores: Stores, table: CompareTable, signal: AbortSignal): Promise<Compared> {
  const ask = asking(signal);
  const { live, rebuilt } = stores;
  const [is, should_be] = [await sums_of(ask(live), table), await sums_of(ask(rebuilt), table)];
  const differing = [...new Set([...is.keys(), ...should_be.keys()])].filter(bucket => is.get(bucket)?.sum !== should_be.get(bucket)?.sum);
  const only = { live: [] as string[], rebuilt: [] as string[] };
  // A bucket holds a thousandth of the table: what is in memory stays small, however many differ.
  for (const bucket of differing) {
    const [here, there] = [await hashes_of(ask(live), table, bucket), await hashes_of(ask(rebuilt), table, bucket)];
    only.live.push(...left_over(here, there));
    only.rebuilt.push(...left_over(there, here));
  }
  return {
    table: table.name,
    rows: rows_in(is),
    rebuilt_rows: rows_in(should_be),
    differing: Math.max(only.live.length, only.rebuilt.length),
    examples: await examples_of({ live: ask(live), rebuilt: ask(rebuilt) }, table, only),
  };
}

export interface Stores {
  readonly live: Warehouse;
  readonly rebuilt: Warehouse;
}

/** A store as it is asked here: patiently, until nobody wants to know any more. */
interface Asked {
  readonly dialect: Warehouse['dialect'];
  ask(sql: string): Promise<Answer[]>;
}
function asking(signal: AbortSignal): (store: Warehouse) => Asked {
  return store => ({ dialect: store.dialect, ask: sql => store.read(ask => ask(sql), { timeout_ms: compare_timeout_ms, signal }) });
}

type Sums = ReadonlyMap<number, { readonly rows: number; readonly sum: string }>;

function rows_in(sums: Sums): number {
  return [...sums.values()].reduce((total, { rows }) => total + rows, 0);
}

const row_hash = ({ dialect }: Asked, { columns }: CompareTable) => dialect.row_hash(columns.map(({ name }) => name));

async function sums_of(store: Asked, table: CompareTable): Promise<Sums> {
  const sql = `select hashed % ${buckets} as bucket, count(*) as counted, ${store.dialect.exact_sum('hashed')} as summed
    from (select ${row_hash(store, table)} as hashed from ${table.name}) hashes group by 1`;
  const rows = await store.ask(sql);
  return new Map(rows.map(row => [Number(row['bucket']), { rows: Number(row['counted']), sum: `${row['counted']} ${row['summed']}` }]));
}

/** How many rows have a hash. */
async function hashes_of(store: Asked, table: CompareTable, bucket: number): Promise<Map<string, number>> {
  const sql = `select cast(hashed as varchar) as hashed, count(*) as counted from (select ${row_hash(store, table)} as hashed from ${table.name}) hashes
    where hashed % ${buckets} = ${bucket} group by 1`;
  const rows = await store.ask(sql);
  return new Map(rows.map(row => [String(row['hashed']), Number(row['counted'])]));
}

/** Hashes that are here more often than there, as often as that. */
function left_over(here: ReadonlyMap<string, number>, there: ReadonlyMap<string, number>): string[] {
  return [...here].flatMap(([hashed, count]) => Array<string>(Math.max(0, count - (there.get(hashed) ?? 0))).fill(hashed));
}

/** The same key on both sides is one row that changed. */
async function examples_of(
  { live, rebuilt }: { readonly live: Asked; readonly rebuilt: Asked },
  table: CompareTable,
  only: { readonly live: readonly string[]; readonly rebuilt: readonly string[] },
): Promise<Compared['examples']> {
  const [is, should_be] = [await rows_with(live, table, only.live), await rows_with(rebuilt, table, only.rebuilt)];
  const key_of = (row: Answer) => JSON.stringify(table.keys.map(name => row[name] ?? null));
  const keys = table.keys.length === 0 ? [] : [...new Set([...is, ...should_be].map(key_of))];
  const text = (row: Answer | undefined) => (row === undefined ? null : JSON.stringify(row));
  const found = (rows: readonly Answer[], key: string) => text(rows.find(row => key_of(row) === key));
  const pairs =
    table.keys.length === 0
      ? [...is.map(row => ({ live: text(row), rebuilt: null })), ...should_be.map(row => ({ live: null, rebuilt: text(row) }))]
      : keys.map(key => ({ live: found(is, key), rebuilt: found(should_be, key) }));
  return pairs.slice(0, shown_max);
}

async function rows_with(store: Asked, table: CompareTable, hashes: readonly string[]): Promise<Answer[]> {
  if (hashes.length === 0) return [];
  const wanted = [...new Set(hashes)].slice(0, shown_max).map(hashed => store.dialect.text(hashed));
  const columns = table.columns.map(({ name }) => name).join(', ');
  const sql = `select ${columns} from ${table.name} where cast(${row_hash(store, table)} as varchar) in (${wanted.join(', ')}) order by ${columns} limit ${shown_max}`;
  return store.ask(sql);
}
