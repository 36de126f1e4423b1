/**
 * DuckDB in this process, one file that one process owns. A batch goes in as one statement per table, each column one JSON text: the calling thread
 * only writes JSON, the rest is done on a thread of libuv's. Survives kill -9: a batch is one transaction, its positions included.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type DuckDBConnection,
  DuckDBInstance,
  type DuckDBPreparedStatement,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import { Problem } from '../../../platform/route.ts';
import type { Event, Logged } from '../../../platform/service.ts';
import { duckdb_dialect } from '../dialect.ts';
import type { AnyFactTable } from '../fact_shapes.ts';
import { fact_tables } from '../facts.ts';
import { stock_span } from '../facts_supply.ts';
import { derived_work } from './duckdb_derived.ts';
import {
  load_events,
  load_facts,
  load_positions,
  position_columns,
  raw_columns,
  schema_statements,
  version_statements,
  warehouse_version,
} from './duckdb_sql.ts';
import type { Answer, Ask, Batch, StoredPosition, Warehouse } from './warehouse.ts';

export const query_timeout_ms = 10_000;
export const queries_waiting_max = 50;
/** What is handed over before other work of this thread gets its turn. */
const events_at_once_max = 1_000;
const characters_at_once_max = 4 * 1024 * 1024;

const configuration = {
  // The statement's own thread does the work; more would take the cores of the services.
  threads: '1',
  memory_limit: '192MB',
  allocator_flush_threshold: '16MB',
  // A checkpoint rewrites the half-full ends of tables: at the default of 16 MB they cost half again as much as the commits themselves.
  checkpoint_threshold: '64MB',
  // Needed for zstd, which stores events in an eighth of the space at half the work of the default for texts.
  storage_compatibility_version: 'latest',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
};

export interface DuckDBOptions {
  readonly folder: string;
  /** Lets other work of this thread run. */
  breathe(): Promise<void>;
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** Opens or makes `<folder>/analytics.duckdb`. Errors carry `code` `warehouse_unavailable` and what to do. */
export async function open_duckdb(options: DuckDBOptions): Promise<Warehouse> {
  await mkdir(options.folder, { recursive: true });
  let open: OpenFile | undefined = await open_file(options);
  let waiting = 0;
  let last_read: Promise<unknown> = Promise.resolve();
  const opened = (): OpenFile => {
    if (open === undefined)
      throw new Problem(503, 'database_unavailable', 'The analytics store is being opened again.', { headers: { 'retry-after': '5' } });
    return open;
  };
  const close = () => {
    const closing = open;
    open = undefined;
    if (closing !== undefined) close_file(closing);
  };

  return {
    dialect: duckdb_dialect,
    positions: async () => stored_positions(opened().writer),
    apply: async batch => apply(opened(), batch, options.breathe),
    async read(work) {
      if (waiting >= queries_waiting_max) {
        throw new Problem(503, 'overloaded', 'Too many questions wait for an answer.', { headers: { 'retry-after': '2' } });
      }
      waiting += 1;
      // One at a time: a connection answers one question, and each takes a core while it does.
      const mine = last_read.then(() => read_at_one_moment(opened().reader, work, options));
      last_read = mine.catch(() => undefined);
      try {
        return await mine;
      } finally {
        waiting -= 1;
      }
    },
    async recover() {
      await last_read;
      close();
      open = await open_file(options);
    },
    async close() {
      await last_read;
      // Off this thread; closing would do it on this one.
      await open?.writer.run('checkpoint').catch(() => undefined);
      close();
    },
  };
}

interface OpenFile {
  readonly instance: DuckDBInstance;
  readonly writer: DuckDBConnection;
  readonly reader: DuckDBConnection;
  readonly loads: Loads;
}
interface Loads {
  readonly events: DuckDBPreparedStatement;
  readonly positions: DuckDBPreparedStatement;
  readonly facts: ReadonlyMap<AnyFactTable, DuckDBPreparedStatement>;
}

async function open_file({ folder }: DuckDBOptions): Promise<OpenFile> {
  const file = join(folder, 'analytics.duckdb');
  const instance = await DuckDBInstance.create(file, { ...configuration, temp_directory: join(folder, 'temporary') }).catch(
    (cause: unknown) => {
      throw unavailable(
        `${file} does not open. One process at a time may hold it: is another one running? If the file is damaged, remove ${folder}; it is made again from the logs.`,
        cause,
      );
    },
  );
  const [writer, reader] = [await instance.connect(), await instance.connect()];
  try {
    for (const statement of version_statements) await writer.run(statement);
    const [row] = answers_of(await writer.runAndReadAll('select version from warehouse'));
    const version = row?.['version'];
    if (version !== warehouse_version) {
      throw unavailable(
        `${file} was made by version ${version} of the facts, this is ${warehouse_version}. Remove ${folder}; it is made again from the logs.`,
      );
    }
    for (const statement of schema_statements()) await writer.run(statement);
    // From here on SQL reaches no file but this one.
    await writer.run('set enable_external_access = false');
    await writer.run('set lock_configuration = true');
    return { instance, writer, reader, loads: await prepare_loads(writer) };
  } catch (error) {
    close_file({ instance, writer, reader });
    throw error;
  }
}

/**
 * Planned once: planning the widest upsert takes as long as running it. Not stock_span, which reads a table: DuckDB 1.5.5 runs a plan that was made
 * by the statistics of a table as it was, and fails on texts that have become longer since.
 */
async function prepare_loads(writer: DuckDBConnection): Promise<Loads> {
  const facts = new Map<AnyFactTable, DuckDBPreparedStatement>();
  for (const table of fact_tables) if (table !== stock_span) facts.set(table, await writer.prepare(load_facts(table)));
  return { events: await writer.prepare(load_events), positions: await writer.prepare(load_positions), facts };
}

function unavailable(message: string, cause?: unknown): Error {
  return Object.assign(new Error(`analytics: ${message}`, { cause }), { code: 'warehouse_unavailable' });
}

function close_file({ instance, writer, reader }: Omit<OpenFile, 'loads'>): void {
  reader.closeSync();
  writer.closeSync();
  instance.closeSync();
}

async function stored_positions(writer: DuckDBConnection): Promise<StoredPosition[]> {
  const rows = answers_of(
    await writer.runAndReadAll('select source, partition, position, time, system_identifier, timeline from positions'),
  );
  return rows.map(row => ({
    source: String(row['source']),
    partition: Number(row['partition']),
    position: Number(row['position']),
    at: row['time'] === null ? null : String(row['time']),
    system_identifier: String(row['system_identifier']),
    timeline: String(row['timeline']),
  }));
}

/** While one statement runs on its own thread, this one writes the next one's JSON: half the time, where there are two cores. */
async function apply({ writer, loads }: OpenFile, batch: Batch, breathe: () => Promise<void>): Promise<void> {
  await writer.run('begin transaction');
  let running: Promise<unknown> = Promise.resolve();
  const load = async (columns: readonly string[], statement: () => DuckDBPreparedStatement | Promise<DuckDBPreparedStatement>) => {
    await Promise.all([running, breathe()]);
    const prepared = await statement();
    for (const [index, json] of columns.entries()) prepared.bindVarchar(index + 1, json);
    running = prepared.run();
    // Awaited before the next one; a failure in between is that one's to throw.
    running.catch(() => undefined);
  };
  try {
    for (const piece of pieces_of(batch.events)) await load(raw_json(piece), () => loads.events);
    for (const table of fact_tables) {
      const columns = batch.facts.columns(table);
      if (columns[0]?.length === 0) continue;
      await load(columns.map(json_of), () => loads.facts.get(table) ?? writer.prepare(load_facts(table)));
    }
    for (const { sql, orders } of derived_work(batch.facts)) await load([json_of(orders)], () => writer.prepare(sql));
    await load(position_json(batch.positions), () => loads.positions);
    await running;
    await writer.run('commit');
  } catch (error) {
    await running.catch(() => undefined);
    await writer.run('rollback').catch(() => undefined);
    throw error;
  }
}

/** Some of a batch's events, and their data as JSON. */
interface Piece {
  readonly events: Logged<Event>[];
  readonly data: string[];
}

/** Orders reach a thousand lines: what one statement holds is bounded by bytes too. */
function* pieces_of(events: readonly Logged<Event>[]): Generator<Piece> {
  let piece: Piece = { events: [], data: [] };
  let characters = 0;
  for (const event of events) {
    const json = well_formed(JSON.stringify(without_personal(event.data)));
    piece.events.push(event);
    piece.data.push(json);
    characters += json.length;
    if (piece.events.length < events_at_once_max && characters < characters_at_once_max) continue;
    yield piece;
    piece = { events: [], data: [] };
    characters = 0;
  }
  if (piece.events.length > 0) yield piece;
}

const raw_cells: Readonly<Record<string, (event: Logged<Event>) => unknown>> = {
  source: event => event.source,
  position: event => event.position,
  partition: event => event.partition,
  key: event => event.key,
  type: event => event.type,
  id: event => event.id,
  subject: event => event.subject,
  sequence: event => event.sequence,
  time: event => event.time,
  cause: event => event.cause,
};

function raw_json({ events, data }: Piece): string[] {
  return raw_columns.map(({ name }) => (name === 'data' ? `[${data.join()}]` : json_of(events.map(event => raw_cells[name]?.(event)))));
}

function position_json(positions: readonly StoredPosition[]): string[] {
  const rows = positions.map(({ source, partition, position, at, system_identifier, timeline }) => [
    source,
    partition,
    position,
    at,
    system_identifier,
    timeline,
  ]);
  return position_columns.map((_, index) => json_of(rows.map(row => row[index])));
}

/** Personal data stands only under `personal` at the top (domain.md 4; a test reads the contracts). */
export function without_personal(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('personal' in data)) return data;
  const { personal: _, ...rest } = data;
  return rest;
}

export function json_of(cells: readonly unknown[]): string {
  return well_formed(JSON.stringify(cells));
}

/** JSON that every reader takes: half a surrogate pair, which JavaScript's texts may hold and others' may not, becomes the replacement character. */
function well_formed(json: string): string {
  return json.includes('\\ud') ? json.replace(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, '$1\\ufffd') : json;
}

async function read_at_one_moment<T>(reader: DuckDBConnection, work: (ask: Ask) => Promise<T>, { sleep }: DuckDBOptions): Promise<T> {
  const answered = new AbortController();
  let is_late = false;
  const deadline = sleep(query_timeout_ms, answered.signal).then(() => {
    if (answered.signal.aborted) return;
    is_late = true;
    reader.interrupt();
  });
  await reader.run('begin transaction read only');
  try {
    return await work(async sql => answers_of(await reader.runAndReadAll(sql)));
  } catch (cause) {
    if (!is_late) throw cause;
    throw new Problem(503, 'overloaded', `The question took more than ${query_timeout_ms / 1_000} s. Ask for less.`, {
      headers: { 'retry-after': '10' },
      cause,
    });
  } finally {
    answered.abort();
    await deadline;
    await reader.run('rollback').catch(() => undefined);
  }
}

function answers_of(result: { getRowObjects(): Record<string, DuckDBValue>[] }): Answer[] {
  return result.getRowObjects().map(row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])));
}

function plain(value: DuckDBValue): Answer[string] {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') {
    const number = Number(value);
    if (!Number.isSafeInteger(number)) throw new Error(`${value} is beyond what a number carries exactly`);
    return number;
  }
  if (value instanceof DuckDBTimestampValue) return new Date(Number(value.micros / 1_000n)).toISOString();
  throw new Error(`a metric answers in plain values, not ${typeof value}`);
}
