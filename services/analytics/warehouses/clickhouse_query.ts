/** Questions to ClickHouse: its answers as plain JSON, and what a question in a person's own words may read. */
import { type ClickHouseClient, ClickHouseError, type ClickHouseSettings } from '@clickhouse/client';
import type { Json } from '../../../platform/service.ts';
import { invalid_sql, refused, too_expensive } from './query_problems.ts';
import { query_bytes_max, query_rows_max, type Relation, type Table } from './warehouse.ts';

export interface Asked {
  readonly client: ClickHouseClient;
  readonly settings: ClickHouseSettings;
  readonly signal: AbortSignal;
}
interface Answered {
  readonly columns: Table['columns'];
  readonly rows: readonly (readonly Json[])[];
}

export async function rows_answered({ client, settings, signal }: Asked, sql: string): Promise<Answered> {
  const result = await client.query({ query: sql, format: 'JSONCompact', clickhouse_settings: settings, abort_signal: signal });
  // As the format has it.
  const { meta, data } = (await result.json()) as unknown as { meta: { name: string; type: string }[]; data: unknown[][] };
  const types = meta.map(({ type }) => type);
  return { columns: meta.map(({ name, type }) => ({ name, type: type.toLowerCase() })), rows: data.map(row => cells_of(row, types)) };
}

/** Whole numbers come as texts, which they stay when no number carries them; instants in the API's one form. */
export function cells_of(row: readonly unknown[], types: readonly string[]): Json[] {
  return row.map((value, place) => {
    const type = (types[place] ?? '').replace(/^LowCardinality\((.*)\)$/, '$1').replace(/^Nullable\((.*)\)$/, '$1');
    // JSON by the driver.
    if (typeof value !== 'string') return value as Json;
    if (/^U?Int(64|128|256)$/.test(type)) return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    if (/^DateTime/.test(type)) return new Date(`${value.replace(' ', 'T')}Z`).toISOString();
    return value;
  });
}

/** Not the rows of ours that views fold, nor anything of the server's. */
export async function tables_of(asked: Asked): Promise<Relation[]> {
  const { rows } = await rows_answered(
    asked,
    `select table, name, type from system.columns where database = currentDatabase() and not endsWith(table, '_rows') and table <> 'warehouse' order by table, position`,
  );
  return [...Map.groupBy(rows, row => String(row[0]))].map(([name, columns]) => ({
    name,
    columns: columns.map(([, column, type]) => ({ name: String(column), type: String(type).toLowerCase() })),
  }));
}

const table_functions = new Set(['numbers', 'range', 'generate_series', 'generateseries', 'values', 'view']);
/** Functions that read something that is not in the facts, or tell of the server. */
const functions_refused =
  /^(file|url|remote|dictget\w*|dicthas\w*|joinget\w*|getsetting\w*|getserversetting|getmacro|hostname|fqdn|uptime|version|tcpport|serveruuid|currentuser|user|catboostevaluate|evalmlmethod|executable|sleep\w*|throwif|showcertificate|filesystem\w*|displayname|initialquery\w*|connectionid|getosKernelversion|addresstoline|addresstosymbol|demangle|repeat|space|leftpad\w*|rightpad\w*|range|arrayresize|format|randomstring\w*)$/i;

/**
 * Behind `readonly`, which the server keeps, ClickHouse's own parse is looked at: only the tables and views of the facts, no function that reads
 * elsewhere. The question stands in brackets, so that settings and formats after it are no part of it.
 */
export async function answer_query(asked: Asked, sql: string): Promise<Table> {
  try {
    const tree = await rows_answered(asked, `explain ast ${sql}\n`);
    const names = (await tables_of(asked)).map(({ name }) => name);
    check_tree(
      tree.rows.map(row => String(row[0])),
      new Set(names),
    );
    const limits: ClickHouseSettings = { max_result_bytes: String(4 * query_bytes_max), max_memory_usage: String(1024 ** 3) };
    const { columns, rows } = await rows_answered(
      { ...asked, settings: { ...asked.settings, ...limits } },
      `select * from (\n${sql.replace(/;\s*$/, '')}\n) limit ${query_rows_max + 1}`,
    );
    return { columns, rows: rows.slice(0, query_rows_max), truncated: rows.length > query_rows_max };
  } catch (error) {
    throw problem_of(error);
  }
}

/** The tree is text, a node a line: `TableIdentifier orders`, `Function file (children 1)`. */
export function check_tree(lines: readonly string[], relations: ReadonlySet<string>): void {
  if (!/^\s*SelectWithUnionQuery/.test(lines[0] ?? '')) throw refused('Only SELECT, also after WITH, may be asked here.');
  const known = new Set(relations);
  for (const line of lines) {
    const named = /WithElement|CTE|\(alias (\w+)\)/.exec(line)?.[1];
    if (named !== undefined && /Subquery/.test(line)) known.add(named.toLowerCase());
  }
  for (const [index, line] of lines.entries()) {
    const table = /^\s*TableIdentifier (\S+)/.exec(line)?.[1];
    if (table !== undefined && !known.has(table.toLowerCase()))
      throw refused(`There is no table ${table.slice(0, 64)} to ask: GET /v1/analytics/queries lists them, with their columns.`);
    const called = /^\s*Function (\S+)/.exec(line)?.[1]?.toLowerCase();
    if (called === undefined) continue;
    const is_table = /^\s*TableExpression/.test(lines[index - 1] ?? '');
    if (is_table ? !table_functions.has(called) : functions_refused.test(called))
      throw refused(`${called.slice(0, 64)}() may not be used here.`);
    if (/^\s*(Set|ShowTables|Explain|Describe)/.test(line)) throw refused('Only SELECT, also after WITH, may be asked here.');
  }
  if (lines.some(line => /^\s*(Set|ShowTablesQuery|ExplainQuery|DescribeQuery)\b/.test(line))) throw refused('A question has no settings.');
}

const late_codes = ['159', '160'];
const memory_codes = ['241', '396', '307', '158'];

export function is_known_error(error: unknown, kind: 'late' | 'memory'): boolean {
  if (kind === 'late' && error instanceof Error && error.name === 'TimeoutError') return true;
  return error instanceof ClickHouseError && (kind === 'late' ? late_codes : memory_codes).includes(error.code);
}

function problem_of(error: unknown): unknown {
  if (is_known_error(error, 'late') || (error instanceof Error && /abort/i.test(error.message)))
    return too_expensive('It takes more than 10 s. Ask for a shorter period, or for fewer rows.', error);
  if (is_known_error(error, 'memory')) return too_expensive('It needs more memory, or gives more, than a question may.', error);
  if (!(error instanceof ClickHouseError)) return error;
  // Readonly, or no right to.
  if (['164', '497'].includes(error.code)) return refused('It asks for something outside of the facts.');
  const text = error.message.split('\n')[0] ?? '';
  return invalid_sql(text, error);
}
