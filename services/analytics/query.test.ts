import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import Value from 'typebox/value';
import { test_request } from '../../platform/testing/harness.ts';
import { gallery } from './gallery.ts';
import { analyst_routes } from './routes_analyst.ts';
import type { Analytics } from './service.ts';
import { ask, begin, caught_up, fresh_folder, readers_of } from './testing/analytics.ts';
import { logs_of } from './testing/lives.ts';
import { tell_orders } from './testing/stories.ts';
import { without_paths } from './warehouses/duckdb_query.ts';

const logs = logs_of(4_711, tell_orders(150));
let analytics: Analytics;
let folder: string;
let remove: () => Promise<void>;
before(async () => {
  ({ folder, remove } = await fresh_folder());
  analytics = await begin(readers_of(logs), folder);
  await caught_up(analytics);
});
after(async () => {
  await analytics.stop();
  await remove();
});

interface QueryReply {
  readonly watermark: string | null;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly truncated: boolean;
}
async function query(sql: string): Promise<QueryReply> {
  const route = analyst_routes(analytics, { note: async () => undefined }).find(one => one.path === '/v1/analytics/query');
  assert.ok(route !== undefined);
  const reply = await route.handle(test_request({ sql }));
  assert.ok('body' in reply && reply.status === 200);
  const body: unknown = JSON.parse(JSON.stringify(reply.body));
  const declared = route.replies[200];
  assert.ok(declared !== undefined);
  assert.deepEqual([...Value.Errors(declared, body)], []);
  // As declared.
  return body as QueryReply;
}
const refused = (sql: string, code = 'query_refused') => assert.rejects(query(sql), { status: 422, code }, sql);

describe('a question in SQL', () => {
  test('is answered by columns and rows, with the watermark', async () => {
    const { columns, rows, truncated, watermark } = await query(
      `select 1 as one, 'text' as two, null as three, true as four, 0.5::double as five, 1.25 as six, timestamp '2026-03-01 10:00:00.123' as seven,
              9007199254740993 as eight, [1, 2] as nine, 1 as one`,
    );
    assert.deepEqual(rows, [[1, 'text', null, true, 0.5, '1.25', '2026-03-01T10:00:00.123Z', '9007199254740993', [1, 2], 1]]);
    assert.deepEqual(
      columns.map(column => column.name),
      ['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'one'],
    );
    assert.equal(truncated, false);
    assert.notEqual(watermark, null);
  });

  test('may be a WITH, a FROM, a union, a subquery, over tables, views and its own names', async () => {
    const { rows } = await query('with confirmed as (select * from orders where confirmed_at is not null) select count(*) from confirmed');
    const [counted] = await ask(analytics, 'select count(confirmed_at) as confirmed from orders');
    assert.deepEqual(rows, [[counted?.['confirmed']]]);
    assert.equal((await query('from money_change limit 3;')).rows.length, 3);
    assert.equal((await query('select (select count(*) from main.orders) union all select 2 -- a comment')).rows.length, 2);
    assert.equal((await query('select * from range(5) r, unnest([1, 2]) u')).rows.length, 10);
  });

  test('gets at most 10,000 rows, and is told that there were more', async () => {
    const all = await query('select * from range(10000)');
    assert.deepEqual([all.rows.length, all.truncated], [10_000, false]);
    const more = await query('select * from range(100000000)');
    assert.deepEqual([more.rows.length, more.truncated], [10_000, true]);
  });

  test('is told what is wrong with it, in the words of the engine', async () => {
    await assert.rejects(query('selec 1'), { status: 422, code: 'query_invalid', message: /syntax error/ });
    await assert.rejects(query('select no_such_column from orders'), { status: 422, code: 'query_invalid', message: /no_such_column/ });
    await assert.rejects(query(`select 'x'::integer`), { status: 422, code: 'query_invalid', message: /Could not convert/ });
    await refused('select * from no_such_table');
  });

  test('leaves the connection fit for the next one', async () => {
    await refused('select 1; select 2');
    assert.deepEqual((await query('select 1')).rows, [[1]]);
  });
});

describe('a question in SQL reaches nothing but the facts:', () => {
  const attacks: Readonly<Record<string, readonly string[]>> = {
    'two statements': ['select 1; select 2', 'select 1; drop table orders', 'select 1;; commit'],
    'nothing at all': ['', ';', '-- nothing', '/* */'],
    writing: [
      'delete from orders',
      'insert into orders select * from orders',
      'update orders set number = 1',
      'drop table orders',
      'create table mine as select 1',
      'create temporary table mine as select 1',
      'create macro one() as 1',
      'truncate orders',
      'with gone as (delete from orders returning *) select * from gone',
      'alter table orders add column mine integer',
    ],
    'transactions and settings': [
      'begin',
      'commit',
      'rollback',
      'set threads = 64',
      "set memory_limit = '100GB'",
      'reset threads',
      'set enable_external_access = true',
      'pragma threads = 64',
      'pragma database_list',
      'call pragma_version()',
      'checkpoint',
      'vacuum',
      'prepare mine as select 1',
      'execute mine',
      'use memory',
    ],
    files: [
      `select * from read_csv('/etc/passwd')`,
      `select * from read_text('/etc/passwd')`,
      `select * from read_blob('/etc/passwd')`,
      `select * from read_parquet('x.parquet')`,
      `select * from glob('/etc/*')`,
      `select * from '/etc/passwd'`,
      `from 'orders.csv'`,
      `select * from "/etc/passwd"`,
      `with "/etc/passwd" as (select 1) select * from '/etc/passwd'`,
      `copy orders to '/tmp/orders.csv'`,
      `copy (select 1) to '/tmp/one.csv'`,
      `copy orders from '/etc/passwd'`,
      `export database '/tmp/out'`,
      `import database '/tmp/out'`,
      `select * from sniff_csv('/etc/passwd')`,
      `select * from parquet_metadata('x.parquet')`,
      `select * from read_duckdb('x.duckdb')`,
    ],
    'other databases and extensions': [
      `attach '/tmp/other.duckdb'`,
      `detach analytics`,
      `install httpfs`,
      `load httpfs`,
      `load '/tmp/evil.duckdb_extension'`,
      `select * from read_csv('https://example.com/x.csv')`,
      `select * from postgres_scan('host=localhost', 'orders', 'events')`,
      `create secret mine (type s3)`,
    ],
    'the catalog, which knows paths and settings': [
      'select * from duckdb_settings()',
      'select * from duckdb_databases()',
      'select * from duckdb_databases',
      'select * from duckdb_secrets()',
      'select * from duckdb_extensions()',
      'select * from duckdb_temporary_files()',
      'select * from pragma_database_list',
      'select * from pragma_database_list()',
      'select * from information_schema.tables',
      'select * from pg_catalog.pg_tables',
      'select * from sqlite_master',
      'select * from system.main.duckdb_databases',
      'select * from temp.main.orders',
      `select current_setting('temp_directory')`,
      `select getenv('HOME')`,
      `select getvariable('x')`,
      'show tables',
      'describe orders',
      'summarize orders',
      'show databases',
      'select * from (show databases)',
      'select * from (describe orders)',
      'with pragma_database_list as (select 1) select * from pragma_database_list',
      'with a as (with duckdb_settings as (select 1) select 1) select * from duckdb_settings',
    ],
    'SQL in texts': [
      `select * from query('select * from duckdb_settings()')`,
      `select * from query_table('duckdb_settings')`,
      `select * from json_execute_serialized_sql(json_serialize_sql('select 1'))`,
      `pragma json_execute_serialized_sql('x')`,
      `select json_serialize_sql('select 1')`,
    ],
    'plans and profiles': ['explain select 1', 'explain analyze select 1', 'pragma enable_profiling'],
    'texts and lists as long as asked for': [
      `select repeat('x', 2000000000)`,
      `select 'x'.repeat(2000000000)`,
      `select lpad('x', 2000000000, 'y')`,
      `select format('{:>2000000000}', 'x')`,
      `select printf('%2000000000d', 1)`,
      `select range(1000000000)`,
      `select list_resize([1], 1000000000)`,
      `select list_transform([1], x -> repeat('x', 2000000000))`,
      `select * from orders order by repeat('x', 2000000000)`,
      `select * from range(length(repeat('x', 2000000000)))`,
    ],
    parameters: ['select $1', 'select ?', 'select $name'],
  };
  for (const [what, statements] of Object.entries(attacks)) {
    test(what, async () => {
      for (const sql of statements) {
        await assert.rejects(
          query(sql),
          (error: { status?: number; code?: string; detail?: string }) => {
            assert.equal(error.status, 422, `${sql}: ${error}`);
            assert.match(String(error.code), /^query_(refused|invalid)$/, sql);
            assert.doesNotMatch(String(error.detail), /cartwright-analytics|root:/, sql);
            return true;
          },
          sql,
        );
      }
      assert.deepEqual((await query('select count(*) > 0 from orders')).rows, [[true]]);
    });
  }

  test('and nothing of the files it asked for was made', async () => {
    await assert.rejects(readFile('/tmp/orders.csv'), { code: 'ENOENT' });
  });

  test('one that takes too long, or too much memory, is ended; others are answered meanwhile', async () => {
    const long = query('select sum(hash(a.range + b.range)) from range(1000000) a, range(1000000) b');
    const refusal = assert.rejects(long, { status: 422, code: 'query_too_expensive', message: /10 s/ });
    assert.equal((await ask(analytics, 'select 1 as one'))[0]?.['one'], 1);
    await refusal;
    await refused('select list(a.range) from range(100000) a, range(100000) b', 'query_too_expensive');
    assert.deepEqual((await query('select 1')).rows, [[1]]);
  });

  test('paths are not told', () => {
    assert.equal(without_paths(`Cannot open file "${'/srv/data/x.duckdb'}": no`, '/nowhere'), 'Cannot open file "…": no');
    assert.equal(without_paths('a file of /srv/shop data', '/srv/shop data'), 'a file of …');
    assert.equal(without_paths('LINE 1: select a/b/c', '/nowhere'), 'LINE 1: select a/b/c');
  });
});

describe('the examples', () => {
  for (const { id, sql } of gallery)
    test(`${id} finds something in the stories`, async () => {
      const { rows } = await query(sql);
      assert.ok(rows.length > 0, id);
    });

  test('are listed with the tables they may ask', async () => {
    const route = analyst_routes(analytics, { note: async () => undefined }).find(one => one.path === '/v1/analytics/queries');
    const reply = await route?.handle(test_request(undefined));
    assert.ok(reply !== undefined && 'body' in reply);
    const { data, tables } = reply.body as { data: unknown[]; tables: { name: string; columns: { name: string }[] }[] };
    assert.equal(data.length, gallery.length);
    assert.equal(new Set(gallery.map(one => one.id)).size, gallery.length);
    const orders = tables.find(table => table.name === 'orders');
    assert.ok(orders?.columns.some(column => column.name === 'placed_at'));
    assert.ok(tables.some(table => table.name === 'money_change'));
  });
});
