/** Files of DuckDB's rows. The store itself reaches no file, so Parquet is written by a second database that holds the rows of the one file and nothing else. */
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { csv_line } from '../csv.ts';
import { rows_of } from './duckdb_values.ts';

const parquet_rows_a_group = 100_000;

export async function write_csv(connection: DuckDBConnection, sql: string, file: string, signal: AbortSignal): Promise<void> {
  const result = await connection.stream(sql);
  const out = await open(file, 'wx');
  try {
    await out.write(csv_line(result.columnNames()));
    for await (const rows of rows_of(result)) {
      signal.throwIfAborted();
      await out.write(rows.map(csv_line).join(''));
    }
  } finally {
    await out.close();
  }
}

export async function write_parquet(
  connection: DuckDBConnection,
  sql: string,
  file: string,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<void> {
  const copy = `${file}.duckdb`;
  const instance = await DuckDBInstance.create(copy, parquet_configuration(folder));
  const into = await instance.connect();
  const stop = () => into.interrupt();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await copy_rows(connection, sql, into, signal);
    signal.throwIfAborted();
    await into.run(
      `copy rows_wanted to '${file.replaceAll("'", "''")}' (format parquet, compression zstd, row_group_size ${parquet_rows_a_group}, use_tmp_file false)`,
    );
  } finally {
    signal.removeEventListener('abort', stop);
    into.closeSync();
    instance.closeSync();
    await Promise.all([rm(copy, { force: true }), rm(`${copy}.wal`, { force: true })]);
  }
}

/** For a database that lives as long as its file is written. */
export function parquet_configuration(folder: string): Record<string, string> {
  return {
    threads: '1',
    memory_limit: '128MB',
    temp_directory: join(folder, 'temporary'),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  };
}

async function copy_rows(from: DuckDBConnection, sql: string, into: DuckDBConnection, signal: AbortSignal): Promise<void> {
  const result = await from.stream(sql);
  const columns = result.columnNames().map((name, index) => `"${name}" ${result.columnType(index)}`);
  await into.run(`create table rows_wanted (${columns.join(', ')})`);
  const appender = await into.createAppender('rows_wanted');
  try {
    for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
      signal.throwIfAborted();
      appender.appendDataChunk(chunk);
    }
  } finally {
    appender.closeSync();
  }
}
