/**
 * ClickHouse, for shops whose facts outgrow one process's file. It has no transactions: a batch's rows carry its number and count from the moment its
 * positions are there, which are written last, in one block. What a failed batch left is removed before the next one; one process writes.
 */
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { Problem } from '../../../platform/route.ts';
import { csv_line } from '../csv.ts';
import { fact_tables } from '../facts.ts';
import { clickhouse_dialect } from './clickhouse_dialect.ts';
import { type Asked, answer_query, cells_of, is_known_error, rows_answered, tables_of } from './clickhouse_query.ts';
import { batch_column, clickhouse_schema, rows_of, version_insert } from './clickhouse_sql.ts';
import { position_columns, raw_columns, warehouse_version } from './duckdb_sql.ts';
import { in_line } from './line.ts';
import { in_pieces, json_of, type Piece, position_json, raw_cells } from './pieces.ts';
import type { Answer, Ask, FileWanted, Patience, Warehouse, Writing } from './warehouse.ts';

export const query_timeout_ms = 10_000;
export const write_timeout_ms = 60_000;
export const export_timeout_ms = 10 * 60_000;
const request_timeout_ms = 31 * 60_000;
export const questions_waiting_max = 50;
export const own_queries_waiting_max = 8;
export const exports_waiting_max = 4;

export interface ClickHouseOptions {
  /** `http://user:password@host:8123/database`; the database is made when it is not there. */
  readonly url: string;
}

const settings = {
  // As the standard has it: what a left join does not find is null, and so is the sum of nothing.
  join_use_nulls: 1,
  aggregate_functions_null_for_empty: 1,
  prefer_column_name_to_alias: 1,
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_denormals: 0,
  date_time_input_format: 'best_effort',
  input_format_json_read_objects_as_strings: 1,
} as const;

/** What goes wrong is thrown, and logged by whoever deals with it. */
const quiet = { level: ClickHouseLogLevel.OFF };

/** Errors carry `code` `warehouse_unavailable` and what to do. */
export async function open_clickhouse(options: ClickHouseOptions): Promise<Warehouse> {
  const { server, database } = address_of(options.url);
  const client = createClient({
    url: server,
    database,
    request_timeout: request_timeout_ms,
    clickhouse_settings: settings,
    application: 'cartwright',
    log: quiet,
  });
  const state = { committed: 0, writes: 0 };
  /** The last batch's end. */
  let written: Promise<void> = Promise.resolve();
  const questions = in_line(questions_waiting_max);
  const own_questions = in_line(own_queries_waiting_max);
  const exporting = in_line(exports_waiting_max);
  const asked = (patience: Patience = {}, more: Asked['settings'] = {}): Asked => ({
    client,
    settings: { ...more, max_execution_time: Math.ceil((patience.timeout_ms ?? query_timeout_ms) / 1_000) },
    signal: AbortSignal.any([
      AbortSignal.timeout(patience.timeout_ms ?? query_timeout_ms),
      ...(patience.signal === undefined ? [] : [patience.signal]),
    ]),
  });
  const ask_with =
    (one: Asked): Ask =>
    sql =>
      answers_of(one, sql);
  const begin = async () => {
    state.committed = await settle(client, database);
    written = Promise.resolve();
  };
  try {
    await make_database(server, database);
    await make_schema(client);
    await begin();
  } catch (cause) {
    await client.close();
    throw unavailable(`${server.replace(/\/\/[^@/]*@/, '//')} does not serve: ${(cause as Error).message}`, cause);
  }

  return {
    dialect: clickhouse_dialect,
    async positions() {
      const rows = await answers_of(asked(), 'select source, partition, position, time, system_identifier, timeline from positions');
      return rows.map(row => ({
        source: String(row['source']),
        partition: Number(row['partition']),
        position: Number(row['position']),
        at: row['time'] === null ? null : String(row['time']),
        system_identifier: String(row['system_identifier']),
        timeline: String(row['timeline']),
      }));
    },
    begin() {
      const writing = begin_writing({
        before: written,
        async insert(inserted) {
          state.writes += 1;
          await insert(client, { ...inserted, database, query: state.writes, batch: state.committed + 1 });
        },
        // Questions that are being answered see the moment they began at.
        counted: insert_positions => questions.closed(insert_positions),
        committed() {
          state.committed += 1;
        },
        remove: async () => void (await settle(client, database)),
      });
      written = writing.ended;
      return writing;
    },
    read: (work, patience) => questions.next(() => late_as_problem(() => work(ask_with(asked(patience))))),
    query: (sql, beside) =>
      own_questions.next(async () => {
        const told = await beside(ask_with(asked()));
        return { table: await answer_query(asked({}, { readonly: '1' }), sql), beside: told };
      }),
    tables: () => questions.next(() => tables_of(asked())),
    write_file: (what, begun) =>
      exporting.next(() =>
        late_as_problem(async () => {
          await begun(ask_with(asked()));
          await write_file(asked({ timeout_ms: export_timeout_ms, signal: what.signal }), what);
        }),
      ),
    async shadow() {
      const beside = new URL(options.url);
      beside.pathname = `/${database}_shadow`;
      await client.command({ query: `drop database if exists ${database}_shadow sync` });
      return open_clickhouse({ url: beside.href });
    },
    replace_by_shadow: () =>
      questions.closed(() =>
        own_questions.closed(() =>
          exporting.closed(async () => {
            await swap(server, database);
            // Views name the database that they were made in.
            await make_views(client);
            await begin();
          }),
        ),
      ),
    recover: begin,
    close: () => questions.closed(() => client.close()),
  };
}

function address_of(url: string): { server: string; database: string } {
  const parsed = new URL(url);
  const database = parsed.pathname.replace(/^\//, '') || 'cartwright';
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(database))
    throw unavailable(`${database} is no name of a database: use lower case letters, digits and _`);
  parsed.pathname = '';
  return { server: parsed.href, database };
}

async function make_database(server: string, database: string): Promise<void> {
  const client = createClient({ url: server, database: 'default', request_timeout: write_timeout_ms, log: quiet });
  try {
    await client.command({ query: `create database if not exists ${database} engine = Atomic` });
  } finally {
    await client.close();
  }
}

/** Once: the version is written last, so where it stands everything is there. */
async function make_schema(client: ClickHouseClient): Promise<void> {
  const [there] = await answers_of(
    plain_asked(client),
    `select count(*) as counted from system.tables where database = currentDatabase() and name = 'warehouse'`,
  );
  const [known] = Number(there?.['counted']) === 0 ? [] : await answers_of(plain_asked(client), 'select version from warehouse');
  if (known === undefined) {
    await make_views(client);
    await client.command({ query: version_insert });
    return;
  }
  if (known['version'] !== warehouse_version)
    throw new Error(
      `it was made by version ${known['version']} of the facts, this is ${warehouse_version}. Drop the database; it is made again from the logs.`,
    );
}

/** Tables that are missing, and all views. */
async function make_views(client: ClickHouseClient): Promise<void> {
  for (const query of clickhouse_schema()) await client.command({ query });
}

const plain_asked = (client: ClickHouseClient): Asked => ({ client, settings: {}, signal: AbortSignal.timeout(write_timeout_ms) });

/**
 * The last batch that counts, after what stands behind it is gone: first the writes that may still be running there, of this process or of one that was
 * killed, then their rows.
 */
async function settle(client: ClickHouseClient, database: string): Promise<number> {
  await client.command({ query: `kill query where query_id like 'cartwright-${database}-%' and query_id != queryID() sync` });
  const [row] = await answers_of(plain_asked(client), `select max(${batch_column}) as committed from positions_rows`);
  const committed = Number(row?.['committed'] ?? 0);
  const tables = ['event_raw', ...fact_tables.map(table => table.name)];
  const counts = tables.map(
    name => `select '${name}' as name, count(*) as counted from ${rows_of(name)} where ${batch_column} > ${committed}`,
  );
  for (const { name, counted } of await answers_of(plain_asked(client), counts.join(' union all ')))
    if (Number(counted) > 0)
      await client.command({
        query: `alter table ${rows_of(String(name))} delete where ${batch_column} > ${committed} settings mutations_sync = 2`,
      });
  return committed;
}

interface WritingGiven {
  readonly before: Promise<void>;
  insert(rows: Rows): Promise<void>;
  counted(insert_positions: () => Promise<void>): Promise<void>;
  committed(): void;
  /** What stands there of a batch that is given up. */
  remove(): Promise<void>;
}

function begin_writing({ before, insert, counted, committed, remove }: WritingGiven): Writing & { readonly ended: Promise<void> } {
  const pieces = in_pieces();
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => undefined);
  let has_begun = false;
  const insert_piece = async (piece: Piece) => {
    await before;
    has_begun = true;
    await insert(rows_of_piece(piece));
  };
  return {
    ended: ended.promise,
    async events(events) {
      for (const piece of pieces.filled(events)) await insert_piece(piece);
    },
    async commit(facts, positions) {
      try {
        await before;
        for (const piece of pieces.rest()) await insert_piece(piece);
        for (const table of fact_tables) {
          const columns = facts.columns(table);
          const rows = columns[0]?.length ?? 0;
          if (rows > 0) await insert({ table: table.name, names: names_of(table.columns), columns: columns.map(json_of), rows });
        }
        const rows = { table: 'positions', names: names_of(position_columns), columns: position_json(positions), rows: positions.length };
        await counted(() => insert(rows));
        committed();
        ended.resolve();
      } catch (error) {
        ended.reject(error);
        throw error;
      }
    },
    async abandon() {
      try {
        await before;
        if (has_begun) await remove();
        ended.resolve();
      } catch (error) {
        ended.reject(error);
        throw error;
      }
    },
  };
}

const names_of = (columns: readonly { readonly name: string }[]) => columns.map(({ name }) => name);

function rows_of_piece({ events, data }: Piece): Rows {
  const columns = raw_columns.map(({ name }) => {
    const cell = raw_cells[name];
    return cell === undefined ? `[${data.join()}]` : json_of(events.map(cell));
  });
  return { table: 'event_raw', names: names_of(raw_columns), columns, rows: events.length };
}

interface Rows {
  readonly table: string;
  readonly names: readonly string[];
  readonly columns: readonly string[];
  readonly rows: number;
}

interface Inserted extends Rows {
  readonly database: string;
  readonly query: number;
  readonly batch: number;
}

async function insert(client: ClickHouseClient, { database, query, table, names, columns, rows, batch }: Inserted): Promise<void> {
  const numbers = `[${Array<number>(rows).fill(batch).join()}]`;
  await client.command({
    query: `insert into ${rows_of(table)} (${[...names, batch_column].join(', ')}) format JSONCompactColumns [${[...columns, numbers].join()}]`,
    query_id: `cartwright-${database}-${process.pid}-${query}`,
    clickhouse_settings: { max_execution_time: write_timeout_ms / 1_000 },
    abort_signal: AbortSignal.timeout(write_timeout_ms),
  });
}

async function answers_of(asked: Asked, sql: string): Promise<Answer[]> {
  const { columns, rows } = await rows_answered(asked, sql);
  return rows.map(row => Object.fromEntries(columns.map(({ name }, place) => [name, exact(row[place] ?? null)])));
}

function exact(value: unknown): Answer[string] {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value;
  throw new Error(`a metric answers in plain values, not ${typeof value}`);
}

async function write_file(asked: Asked, { sql, format, file, signal }: FileWanted): Promise<void> {
  const given = { clickhouse_settings: asked.settings, abort_signal: asked.signal };
  if (format === 'parquet') {
    const { stream } = await asked.client.exec({ query: `${sql} format Parquet`, ...given });
    await pipeline(stream, createWriteStream(file, { flags: 'wx' }), { signal });
    return;
  }
  const { stream } = await asked.client.exec({ query: `${sql} format JSONCompactEachRowWithNamesAndTypes`, ...given });
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  await pipeline(Readable.from(csv_of(lines)), createWriteStream(file, { flags: 'wx' }), { signal });
}

/** Names, types, then the rows, each a line of JSON. */
async function* csv_of(lines: AsyncIterable<string>): AsyncGenerator<string> {
  let types: string[] | undefined;
  let names: string[] | undefined;
  for await (const line of lines) {
    if (line === '') continue;
    const cells: unknown = JSON.parse(line);
    if (!Array.isArray(cells)) continue;
    if (names === undefined) {
      names = cells.map(String);
      yield csv_line(names);
    } else if (types === undefined) types = cells.map(String);
    else yield csv_line(cells_of(cells, types));
  }
}

async function swap(server: string, database: string): Promise<void> {
  const client = createClient({ url: server, database: 'default', request_timeout: write_timeout_ms, log: quiet });
  try {
    await client.command({ query: `drop database if exists ${database}_before sync` });
    // Killed in between, the next start finds no database, makes one, and reads the logs from the beginning.
    await client.command({ query: `rename database ${database} to ${database}_before` });
    await client.command({ query: `rename database ${database}_shadow to ${database}` });
    await client.command({ query: `drop database ${database}_before sync` });
  } finally {
    await client.close();
  }
}

async function late_as_problem<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!is_known_error(cause, 'late')) throw cause;
    throw new Problem(503, 'overloaded', 'The question took too long. Ask for less.', { headers: { 'retry-after': '10' }, cause });
  }
}

function unavailable(message: string, cause?: unknown): Error {
  return Object.assign(new Error(`analytics: ${message}`, { cause }), { code: 'warehouse_unavailable' });
}
