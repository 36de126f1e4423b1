/**
 * A question that a person wrote, on a connection of its own: no settings, no files, nothing written. DuckDB's own parser says what it is and what it
 * reads; who may only read the facts sees no path and no setting either. What one question may use has limits.
 */
import {
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBResult,
  JsonDuckDBValueConverter,
  StatementType,
} from '@duckdb/node-api';
import { Problem } from '../../../platform/route.ts';
import type { Json } from '../../../platform/service.ts';
import { check_reads } from './duckdb_guard.ts';
import { cell_of } from './duckdb_values.ts';
import { invalid_sql, refused, too_expensive } from './query_problems.ts';
import { type Answer, type Ask, query_bytes_max, query_rows_max, type Relation, type Table } from './warehouse.ts';

/** Lists and texts that a function makes are not under DuckDB's own memory limit: when the process grows by more, the question is ended. */
export const memory_growth_bytes_max = 512 * 1024 * 1024;
const memory_look_every_ms = 50;

export interface QueryGiven {
  readonly folder: string;
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** In the transaction of `connection`. Errors: Problem 422. Ending it after its time is the caller's. */
export async function answer_query(connection: DuckDBConnection, sql: string, given: QueryGiven): Promise<Table> {
  const memory = watch_memory(connection, given.sleep);
  try {
    const statement = await only_select(connection, sql);
    return await table_of(await statement.stream());
  } catch (error) {
    if (memory.is_over) throw too_expensive('It needs more memory than a question may have.', error);
    throw problem_of(error, given.folder);
  } finally {
    await memory.stop();
  }
}

/** Prepared, not run: planning it finds tables and functions that do not exist. */
async function only_select(connection: DuckDBConnection, sql: string): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(sql);
  if (statements.count !== 1) throw refused('Ask one statement at a time.');
  const names = (await relations_of(connection)).map(({ name }) => name);
  check_reads(await parsed(connection, sql), new Set(names));
  const statement = await statements.prepare(0);
  if (statement.statementType !== StatementType.SELECT) throw refused('Only SELECT, also after WITH or FROM, may be asked here.');
  if (statement.parameterCount > 0) throw refused('A question has no parameters: write the values into it.');
  return statement;
}

/** DuckDB's parse of a SELECT as JSON; of anything else, why there is none. */
async function parsed(connection: DuckDBConnection, sql: string): Promise<unknown> {
  const reader = await connection.runAndReadAll('select json_serialize_sql($1::varchar)::varchar', [sql]);
  return JSON.parse(String(reader.getRows()[0]?.[0]));
}

/** Tables and views of ours, as the catalog has them. */
export async function tables_of(ask: Ask): Promise<Relation[]> {
  const rows = await ask(`select table_name, column_name, data_type from duckdb_columns()
    where not internal and database_name = current_database() and schema_name = 'main' and table_name <> 'warehouse' order by table_name, column_index`);
  return [...Map.groupBy(rows, row => String(row['table_name']))].map(([name, columns]) => ({ name, columns: columns.map(column_of) }));
}

async function relations_of(connection: DuckDBConnection): Promise<Relation[]> {
  // Names are texts.
  return tables_of(async sql => (await connection.runAndReadAll(sql)).getRowObjectsJson() as Answer[]);
}

function column_of(row: Answer): Relation['columns'][number] {
  return { name: String(row['column_name']), type: String(row['data_type']).toLowerCase() };
}

async function table_of(result: DuckDBResult): Promise<Table> {
  const columns = result.columnNames().map((name, index) => ({ name, type: result.columnType(index).toString().toLowerCase() }));
  const types = columns.map((_, index) => result.columnTypeId(index));
  const rows: Json[][] = [];
  let bytes = 0;
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    for (let index = 0; index < chunk.rowCount; index++) {
      if (rows.length === query_rows_max || bytes > query_bytes_max) return { columns, rows, truncated: true };
      const row = chunk.convertRowValues(index, JsonDuckDBValueConverter).map((value, place) => cell_of(value, types[place]));
      bytes += row.reduce((sum: number, cell) => sum + (typeof cell === 'string' ? cell.length : 8), 0);
      rows.push(row);
    }
  }
  return { columns, rows, truncated: false };
}

function watch_memory(connection: DuckDBConnection, sleep: QueryGiven['sleep']): { readonly is_over: boolean; stop(): Promise<void> } {
  const answered = new AbortController();
  const before = process.memoryUsage.rss();
  let is_over = false;
  const watching = (async () => {
    while (!answered.signal.aborted) {
      await sleep(memory_look_every_ms, answered.signal);
      if (answered.signal.aborted || process.memoryUsage.rss() - before < memory_growth_bytes_max) continue;
      is_over = true;
      connection.interrupt();
    }
  })();
  return {
    get is_over() {
      return is_over;
    },
    async stop() {
      answered.abort();
      await watching;
    },
  };
}

function problem_of(error: unknown, folder: string): unknown {
  if (error instanceof Problem || !(error instanceof Error)) return error;
  const text = without_paths(error.message, folder);
  // Interrupted: by the deadline, whose reason the caller gives.
  if (text.startsWith('INTERRUPT')) return error;
  if (text.startsWith('Out of Memory')) return too_expensive('It needs more memory than a question may have.', error);
  if (text.startsWith('Permission Error')) return refused('It asks for something outside of the facts.');
  return invalid_sql(text, error);
}

/** A database speaks of its files; nobody here is to learn where they are. */
export function without_paths(text: string, folder: string): string {
  return text.replaceAll(folder, '…').replace(/(?<![\w.)])\/(?:[\w.@-]+\/)+[\w.@-]*/g, '…');
}
