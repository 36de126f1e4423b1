/**
 * DuckDB in this process, one file that one process owns. A batch goes in as statements of one text per column (duckdb_load.ts): the calling thread
 * only makes texts, the rest is done on a thread of libuv's. Survives kill -9: a batch is one transaction, its positions included.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, DuckDBTimestampValue, type DuckDBValue } from '@duckdb/node-api';
import { Problem } from '../../../platform/route.ts';
import { duckdb_dialect } from '../dialect.ts';
import { write_csv, write_parquet } from './duckdb_export.ts';
import { begin_writing } from './duckdb_load.ts';
import { answer_query, tables_of } from './duckdb_query.ts';
import { schema_statements, version_statements, warehouse_version } from './duckdb_sql.ts';
import { in_line } from './line.ts';
import { too_expensive } from './query_problems.ts';
import type { Answer, Ask, StoredPosition, Warehouse } from './warehouse.ts';

export const query_timeout_ms = 10_000;
export const queries_waiting_max = 50;
/** Questions that people write themselves wait in a line of their own: nobody's numbers wait behind one of ten seconds. */
export const own_queries_waiting_max = 8;
export const exports_waiting_max = 4;
export const export_timeout_ms = 10 * 60_000;
const configuration = {
  // The statement's own thread does the work; more would take the cores of the services: with two, an event took a fifth more of the processor.
  threads: '1',
  memory_limit: '192MB',
  allocator_flush_threshold: '16MB',
  // A checkpoint rewrites the half-full ends of tables: at 64 MB they cost as much as the commits themselves. After a kill so much is read again at most.
  checkpoint_threshold: '256MB',
  // Needed for zstd, which stores events in an eighth of the space at half the work of the default for texts.
  storage_compatibility_version: 'latest',
  // What does not fit into memory is put there: a question may not fill the disk.
  max_temp_directory_size: '2GB',
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
  await rm(shadow_folder(options), { recursive: true, force: true });
  let open: OpenFile | undefined = await open_file(options);
  /** The last batch's end. */
  let written: Promise<void> = Promise.resolve();
  const questions = in_line(queries_waiting_max);
  const own_questions = in_line(own_queries_waiting_max);
  const exporting = in_line(exports_waiting_max);
  const { sleep } = options;
  const opened = (): OpenFile => {
    if (open === undefined)
      throw new Problem(503, 'database_unavailable', 'The analytics store is being opened again.', { headers: { 'retry-after': '5' } });
    return open;
  };
  /** Nobody asks meanwhile: who comes waits until it is done. */
  const nobody_asking = <T>(work: () => Promise<T>) => questions.closed(() => own_questions.closed(() => exporting.closed(work)));
  const close = async () => {
    const closing = open;
    open = undefined;
    // Off this thread; closing would do it on this one.
    await closing?.writer.run('checkpoint').catch(() => undefined);
    if (closing !== undefined) close_file(closing);
  };

  return {
    dialect: duckdb_dialect,
    positions: async () => stored_positions(opened().writer),
    begin() {
      const writing = begin_writing(opened().writer, written, options.breathe);
      written = writing.ended;
      return writing;
    },
    // One at a time: a connection answers one question, and each takes two cores while it does.
    read: (work, { timeout_ms = query_timeout_ms, signal } = {}) =>
      questions.next(() => {
        const { reader } = opened();
        return by_two_threads(reader, () => at_one_moment(reader, { sleep, timeout_ms, signal, late: too_late }, work));
      }),
    query: (sql, beside) =>
      own_questions.next(() => {
        const { analyst } = opened();
        return at_one_moment(analyst, { sleep, timeout_ms: query_timeout_ms, late: too_expensive_in_time }, async ask => {
          const told = await beside(ask);
          return { table: await answer_query(analyst, sql, options), beside: told };
        });
      }),
    tables: () => questions.next(() => at_one_moment(opened().reader, { sleep, timeout_ms: query_timeout_ms, late: too_late }, tables_of)),
    write_file: ({ sql, format, file, signal }, begun) =>
      exporting.next(() => {
        const { exporter } = opened();
        return at_one_moment(exporter, { sleep, timeout_ms: export_timeout_ms, signal, late: too_late }, async ask => {
          await begun(ask);
          if (format === 'csv') await write_csv(exporter, sql, file, signal);
          else await write_parquet(exporter, sql, file, { folder: options.folder, signal });
        });
      }),
    async shadow() {
      await rm(shadow_folder(options), { recursive: true, force: true });
      return open_duckdb({ ...options, folder: shadow_folder(options) });
    },
    replace_by_shadow: () =>
      nobody_asking(async () => {
        await close();
        await put_in_place(options.folder, shadow_folder(options)).finally(async () => {
          open = await open_file(options);
        });
      }),
    recover: () =>
      nobody_asking(async () => {
        await close();
        open = await open_file(options);
        written = Promise.resolve();
      }),
    close: () => nobody_asking(close),
  };
}

const file_name = 'analytics.duckdb';
const shadow_folder = ({ folder }: Pick<DuckDBOptions, 'folder'>) => join(folder, 'shadow');

/** Both are closed. A file goes with what was written ahead of it: beside another it would be taken for that one's. */
async function put_in_place(folder: string, shadow: string): Promise<void> {
  const [file, made_again] = [join(folder, file_name), join(shadow, file_name)];
  if (existsSync(`${file}.wal`) || existsSync(`${made_again}.wal`) || !existsSync(made_again))
    throw unavailable('the rebuilt store could not be put in place: one of the two did not close. Begin the rebuild again.');
  await rename(made_again, file);
  await rm(shadow, { recursive: true, force: true });
}

interface OpenFile {
  readonly instance: DuckDBInstance;
  readonly writer: DuckDBConnection;
  readonly reader: DuckDBConnection;
  /** For questions in people's own words. */
  readonly analyst: DuckDBConnection;
  readonly exporter: DuckDBConnection;
}

async function open_file({ folder }: DuckDBOptions): Promise<OpenFile> {
  const file = join(folder, file_name);
  const instance = await DuckDBInstance.create(file, { ...configuration, temp_directory: join(folder, 'temporary') }).catch(
    (cause: unknown) => {
      throw unavailable(
        `${file} does not open. One process at a time may hold it: is another one running? If the file is damaged, remove ${folder}; it is made again from the logs.`,
        cause,
      );
    },
  );
  const writer = await instance.connect();
  const connections = {
    instance,
    writer,
    reader: await instance.connect(),
    analyst: await instance.connect(),
    exporter: await instance.connect(),
  };
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
    // What a question by somebody else may not do either: it is one SELECT.
    await writer.run(`set allowed_configs = ['threads']`);
    await writer.run('set lock_configuration = true');
    return connections;
  } catch (error) {
    close_file(connections);
    throw error;
  }
}

function unavailable(message: string, cause?: unknown): Error {
  return Object.assign(new Error(`analytics: ${message}`, { cause }), { code: 'warehouse_unavailable' });
}

function close_file({ instance, ...connections }: OpenFile): void {
  for (const connection of [connections.exporter, connections.analyst, connections.reader, connections.writer]) connection.closeSync();
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

/**
 * Who asks over a year's orders waits little more than half as long by two, for the same work. It takes a second core from the services while somebody
 * waits, for a tenth of a second or two; the two settings take a millisecond or so.
 */
async function by_two_threads<T>(reader: DuckDBConnection, answer: () => Promise<T>): Promise<T> {
  await reader.run('set threads = 2');
  try {
    return await answer();
  } finally {
    await reader.run('set threads = 1');
  }
}

interface Deadline {
  readonly timeout_ms: number;
  /** Nobody wants the answer any more. */
  readonly signal?: AbortSignal | undefined;
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  late(timeout_ms: number, cause: unknown): Problem;
}

async function at_one_moment<T>(
  connection: DuckDBConnection,
  { sleep, timeout_ms, signal, late }: Deadline,
  work: (ask: Ask) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const answered = new AbortController();
  let is_late = false;
  const interrupt = () => connection.interrupt();
  const deadline = sleep(timeout_ms, answered.signal).then(() => {
    if (answered.signal.aborted) return;
    is_late = true;
    interrupt();
  });
  signal?.addEventListener('abort', interrupt, { once: true });
  await connection.run('begin transaction read only');
  try {
    return await work(async sql => answers_of(await connection.runAndReadAll(sql)));
  } catch (cause) {
    if (!is_late) throw cause;
    throw late(timeout_ms, cause);
  } finally {
    signal?.removeEventListener('abort', interrupt);
    answered.abort();
    await deadline;
    await connection.run('rollback').catch(() => undefined);
  }
}

function too_late(timeout_ms: number, cause: unknown): Problem {
  return new Problem(503, 'overloaded', `The question took more than ${timeout_ms / 1_000} s. Ask for less.`, {
    headers: { 'retry-after': '10' },
    cause,
  });
}

function too_expensive_in_time(timeout_ms: number, cause: unknown): Problem {
  return too_expensive(`It takes more than ${timeout_ms / 1_000} s. Ask for a shorter period, or for fewer rows.`, cause);
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
