/**
 * DuckDB in this process, one file that one process owns. Rows go in by appenders, which take about 0.2 µs a cell; what folds is staged and
 * upserted by one statement per table, on a thread of libuv's: the caller's thread only hands rows over. Survives kill -9: a batch is one
 * transaction, its positions included.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBAppender, type DuckDBConnection, DuckDBInstance, DuckDBTimestampValue, type DuckDBValue } from '@duckdb/node-api';
import { Problem } from '../../../platform/route.ts';
import type { Event, Logged } from '../../../platform/service.ts';
import { type AnyFactTable, type Cell, type Cells, type FactColumn, fact_tables } from '../facts.ts';
import { is_staged, schema_statements, warehouse_version, write_positions, write_statements } from './duckdb_sql.ts';
import type { Answer, Ask, Batch, StoredPosition, Warehouse } from './warehouse.ts';

export const query_timeout_ms = 10_000;
export const queries_waiting_max = 50;
/** Rows handed over before other work of this thread gets its turn. */
const rows_at_once_max = 500;

const configuration = {
  // The statement's own thread does the work; more would take the cores of the services.
  threads: '1',
  memory_limit: '192MB',
  allocator_flush_threshold: '16MB',
  // Each checkpoint compresses what the write-ahead log holds; a larger one cost more memory and longer pauses for no fewer cycles.
  checkpoint_threshold: '16MB',
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
  let open = await open_file(options);
  let waiting = 0;
  let last_read: Promise<unknown> = Promise.resolve();

  return {
    positions: () => stored_positions(open.writer),
    apply: batch => apply(open.writer, batch, options.breathe),
    async read(work) {
      if (waiting >= queries_waiting_max)
        throw new Problem(503, 'overloaded', 'Too many questions wait for an answer.', { headers: { 'retry-after': '2' } });
      waiting += 1;
      // One at a time: a connection answers one question, and each takes a core while it does.
      const mine = last_read.then(() => read_at_one_moment(open.reader, work, options));
      last_read = mine.catch(() => undefined);
      try {
        return await mine;
      } finally {
        waiting -= 1;
      }
    },
    async recover() {
      await last_read;
      close_file(open);
      open = await open_file(options);
    },
    async close() {
      await last_read;
      // Off this thread; closing would do it on this one.
      await open.writer.run('checkpoint').catch(() => undefined);
      close_file(open);
    },
  };
}

interface OpenFile {
  readonly instance: DuckDBInstance;
  readonly writer: DuckDBConnection;
  readonly reader: DuckDBConnection;
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
  for (const statement of schema_statements()) await writer.run(statement);
  const [row] = answers_of(await writer.runAndReadAll('select version from warehouse'));
  if (row?.['version'] !== warehouse_version) {
    close_file({ instance, writer, reader });
    throw unavailable(
      `${file} was made by version ${row?.['version']} of the facts, this is ${warehouse_version}. Remove ${folder}; it is made again from the logs.`,
    );
  }
  // From here on SQL reaches no file but this one.
  await writer.run('set enable_external_access = false');
  await writer.run('set lock_configuration = true');
  return { instance, writer, reader };
}

function unavailable(message: string, cause?: unknown): Error {
  return Object.assign(new Error(`analytics: ${message}`, { cause }), { code: 'warehouse_unavailable' });
}

function close_file({ instance, writer, reader }: OpenFile): void {
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

async function apply(writer: DuckDBConnection, batch: Batch, breathe: () => Promise<void>): Promise<void> {
  await writer.run('begin transaction');
  try {
    await append(writer, 'event_raw', 'analytics', batch.events, append_event, breathe);
    for (const table of fact_tables) await write_facts(writer, table, [...batch.facts.rows(table)], breathe);
    await append(writer, 'stage_positions', 'temp', batch.positions, append_position, breathe);
    for (const statement of write_positions) await writer.run(statement);
    await writer.run('commit');
  } catch (error) {
    await writer.run('rollback').catch(() => undefined);
    throw error;
  }
}

async function write_facts(
  writer: DuckDBConnection,
  table: AnyFactTable,
  rows: readonly Cells[],
  breathe: () => Promise<void>,
): Promise<void> {
  if (rows.length === 0) return;
  const { columns } = table;
  const staged = is_staged(table);
  const append_row = (appender: DuckDBAppender, cells: Cells) => {
    for (const column of columns) append_cell(appender, column, cells[column.place]);
  };
  await append(writer, staged ? `stage_${table.name}` : table.name, staged ? 'temp' : 'analytics', rows, append_row, breathe);
  if (staged) for (const statement of write_statements(table)) await writer.run(statement);
}

async function append<R>(
  writer: DuckDBConnection,
  table: string,
  catalog: 'analytics' | 'temp',
  rows: readonly R[],
  append_row: (appender: DuckDBAppender, row: R) => void,
  breathe: () => Promise<void>,
): Promise<void> {
  if (rows.length === 0) return;
  const appender = await writer.createAppender(table, 'main', catalog);
  try {
    for (const [index, row] of rows.entries()) {
      append_row(appender, row);
      appender.endRow();
      if (index % rows_at_once_max === rows_at_once_max - 1) await breathe();
    }
  } catch (error) {
    // Otherwise the rows it holds would go into whatever transaction is open when it is closed.
    appender.clear();
    appender.closeSync();
    throw error;
  }
  appender.closeSync();
}

function append_event(appender: DuckDBAppender, event: Logged<Event>): void {
  appender.appendVarchar(event.source);
  appender.appendBigInt(BigInt(event.position));
  appender.appendUTinyInt(event.partition);
  appender.appendVarchar(event.key);
  appender.appendVarchar(event.type);
  appender.appendVarchar(event.id);
  appender.appendVarchar(event.subject);
  if (event.sequence === null) appender.appendNull();
  else appender.appendInteger(event.sequence);
  appender.appendVarchar(event.time);
  appender.appendVarchar(event.cause);
  appender.appendVarchar(json_without_personal(event.data));
}

/** Personal data stands only under `personal` at the top (domain.md 4; a test reads the contracts). */
export function json_without_personal(data: unknown): string {
  if (typeof data !== 'object' || data === null || !('personal' in data)) return JSON.stringify(data);
  const { personal: _, ...rest } = data;
  return JSON.stringify(rest);
}

function append_position(appender: DuckDBAppender, row: StoredPosition): void {
  appender.appendVarchar(row.source);
  appender.appendUTinyInt(row.partition);
  appender.appendBigInt(BigInt(row.position));
  if (row.at === null) appender.appendNull();
  else appender.appendVarchar(row.at);
  appender.appendVarchar(row.system_identifier);
  appender.appendVarchar(row.timeline);
}

function append_cell(appender: DuckDBAppender, column: FactColumn, value: Cell): void {
  if (value === undefined) appender.appendNull();
  // A timestamp's text is cast by the appender.
  else if (typeof value === 'string') appender.appendVarchar(value);
  else if (typeof value === 'boolean') appender.appendBoolean(value);
  else if (column.sql === 'bigint') appender.appendBigInt(BigInt(value));
  else appender.appendInteger(value);
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
