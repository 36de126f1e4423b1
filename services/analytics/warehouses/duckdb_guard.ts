/**
 * What a question may read, judged on DuckDB's own parse of it: the tables and views of the store and what the question itself names in WITH.
 * The connection could open no file all the same; this keeps the catalog, which knows paths and settings, out of sight as well.
 */
import type { Problem } from '../../../platform/route.ts';
import { invalid_sql, refused } from './query_problems.ts';

/** Rows out of nothing. */
const table_functions = new Set(['range', 'generate_series', 'unnest', 'json_each', 'json_tree', 'regexp_split_to_table']);
/**
 * Functions that tell of the process, or make a text or list as long as asked for: memory for those is not under the engine's limit, and one of
 * them is enough to end the process.
 */
const functions_refused = new Set([
  'current_setting',
  'getenv',
  'getvariable',
  'set_config',
  'write_log',
  'sleep_ms',
  'repeat',
  'lpad',
  'rpad',
  'format',
  'printf',
  'range',
  'generate_series',
  'list_resize',
  'array_resize',
  'bar',
  'nextval',
  'currval',
  'json_serialize_sql',
  'json_serialize_plan',
  'json_deserialize_sql',
]);
/** What the engine has under these names is not the store's. */
const foreign_name = /^(duckdb_|pragma_|pg_|sqlite_|information_schema)|[^a-z0-9_]/i;

interface Node {
  readonly [name: string]: unknown;
}

/** Throws Problem 422 `query_refused`, or `query_invalid` for what does not parse. */
export function check_reads(parse: unknown, relations: ReadonlySet<string>): void {
  if (!is_node(parse) || parse['error'] !== false) throw not_parsed(parse);
  const known = new Set([...relations, ...named_in_with(parse)]);
  each_node(parse, node => {
    const { type } = node;
    if (type === 'BASE_TABLE') check_table(node, known);
    else if (type === 'TABLE_FUNCTION') check_table_function(node);
    else if (type === 'SHOW_REF' || type === 'COLUMN_DATA') throw refused('GET /v1/analytics/queries lists the tables and their columns.');
    else if (node['class'] === 'FUNCTION') check_function(node);
  });
}

function check_table({ table_name, schema_name, catalog_name }: Node, known: ReadonlySet<string>): void {
  const name = String(table_name).toLowerCase();
  const is_ours = ['', 'main'].includes(String(schema_name ?? '')) && String(catalog_name ?? '') === '';
  if (!is_ours || !known.has(name))
    throw refused(`There is no table ${name.slice(0, 64)} to ask: GET /v1/analytics/queries lists them, with their columns.`);
}

function check_table_function(node: Node): void {
  const called = node['function'];
  const name = is_node(called) ? String(called['function_name']).toLowerCase() : '';
  if (!table_functions.has(name)) throw refused(`${name.slice(0, 64)}() may not be read from here.`);
  // Its arguments are looked at like everything else; its own name is not that of a function in an expression.
}

function check_function({ function_name, schema, catalog }: Node): void {
  const name = String(function_name).toLowerCase();
  if (
    functions_refused.has(name) ||
    ![undefined, '', 'main'].includes(schema as string | undefined) ||
    !['', undefined].includes(catalog as string | undefined)
  )
    throw refused(`${name.slice(0, 64)}() may not be used here.`);
}

/** Names under WITH, wherever: a name is allowed in the whole question, so none may be one of the engine's own. */
function named_in_with(parse: Node): string[] {
  const names: string[] = [];
  each_node(parse, node => {
    const map = is_node(node['cte_map']) ? node['cte_map']['map'] : undefined;
    if (Array.isArray(map)) names.push(...map.filter(is_node).map(entry => String(entry['key']).toLowerCase()));
  });
  const foreign = names.find(name => foreign_name.test(name));
  if (foreign !== undefined) throw refused(`WITH may not name anything ${foreign.slice(0, 64)}: use letters, digits and _.`);
  return names;
}

function each_node(value: unknown, look: (node: Node) => void, is_table_function = false): void {
  if (Array.isArray(value)) {
    for (const one of value) each_node(one, look);
    return;
  }
  if (!is_node(value)) return;
  if (!is_table_function) look(value);
  for (const [name, child] of Object.entries(value)) each_node(child, look, value['type'] === 'TABLE_FUNCTION' && name === 'function');
}

function is_node(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function not_parsed(parse: unknown): Problem {
  const told = is_node(parse) ? String(parse['error_message'] ?? '') : '';
  if (told.startsWith('Only SELECT') || told === '') return refused('Only SELECT, also after WITH or FROM, may be asked here.');
  const place = is_node(parse) && parse['position'] !== undefined ? `, at character ${Number(parse['position']) + 1}` : '';
  return invalid_sql(`${told}${place}`);
}
