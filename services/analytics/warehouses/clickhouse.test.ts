import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { fact_tables } from '../facts.ts';
import { gallery } from '../gallery.ts';
import type { Analytics } from '../service.ts';
import { ask, begin, caught_up, fresh_folder, readers_of, until } from '../testing/analytics.ts';
import { no_clickhouse, start_clickhouse, type TestClickHouse } from '../testing/clickhouse.ts';
import { logs_of, memory_log } from '../testing/lives.ts';
import { tell_orders } from '../testing/stories.ts';
import type { Answer } from './warehouse.ts';

const logs = logs_of(77, tell_orders(60));

describe('ClickHouse', { skip: no_clickhouse() ?? false }, () => {
  let server: TestClickHouse;
  let folder: string;
  let remove: () => Promise<void>;
  let whole: Analytics;
  let expected: Record<string, Answer[]>;
  const open = (database: string, batching = { events_max: 10_000, batch_ms: 0 }, readers = readers_of(logs)) =>
    begin(readers, folder, { clickhouse_url: server.url_of(database), batching });
  before(async () => {
    server = await start_clickhouse();
    ({ folder, remove } = await fresh_folder());
    whole = await open('whole');
    await caught_up(whole);
    expected = await facts_of(whole);
  });
  after(async () => {
    await whole?.stop();
    await server?.stop();
    await remove?.();
  });
  async function facts_of(analytics: Analytics): Promise<Record<string, Answer[]>> {
    const all: Record<string, Answer[]> = {};
    for (const { name } of fact_tables) all[name] = await ask(analytics, `select * from ${name} order by all`);
    all['event_raw'] = await ask(analytics, 'select * from event_raw order by source, position');
    all['positions'] = await ask(analytics, 'select * from positions order by source, partition');
    return all;
  }

  test('holds the same however the logs are cut, and after a start in between', async () => {
    let analytics = await open('in_pieces', { events_max: 400, batch_ms: 0 }, readers_of(logs, 90));
    await caught_up(analytics);
    await analytics.stop();
    analytics = await open('in_pieces');
    await caught_up(analytics);
    assert.deepEqual(await facts_of(analytics), expected);
    await analytics.stop();
  });

  test('counts nothing of a batch that broke off, at whatever table, and removes it before the next', async () => {
    for (const breaks_at of ['orders', 'positions']) {
      const database = `broken_${breaks_at}`;
      const shown = { upto: 0 };
      const readers = [...logs].map(([source, events]) => memory_log(source, events, { upto: () => shown.upto }));
      const breaking = await open(database, undefined, readers);
      await command(server, `rename table ${database}.${breaks_at}_rows to ${database}.away`);
      shown.upto = 100_000;
      breaking.poke();
      await until(async () => (await rows_at(database, breaks_at)) > 0);
      await command(server, `rename table ${database}.away to ${database}.${breaks_at}_rows`);
      await caught_up(breaking);
      assert.deepEqual(await facts_of(breaking), expected, breaks_at);
      await breaking.stop();
    }
  });
  /** Of the first table that is written: a batch has begun. */
  async function rows_at(database: string, breaks_at: string): Promise<number> {
    return Number(await command(server, `select count() from ${database}.${breaks_at === 'positions' ? 'exception' : 'event_raw'}_rows`));
  }

  test('answers questions in SQL, and only of the facts', async () => {
    const { table, watermark } = await whole.query('select count(*) as orders, min(placed_at) as first from orders');
    assert.deepEqual(
      table.columns.map(({ name }) => name),
      ['orders', 'first'],
    );
    assert.equal(table.rows[0]?.[0], expected['orders']?.length);
    assert.match(String(table.rows[0]?.[1]), /^2026-03-\d{2}T.*Z$/);
    assert.notEqual(watermark.at, null);
    const many = await whole.query('select number from numbers(20000)');
    assert.deepEqual([many.table.rows.length, many.table.truncated], [10_000, true]);
    assert.equal((await whole.query('with mine as (select 1 as one) select one from mine;')).table.rows.length, 1);
    for (const sql of [
      'select 1; select 2',
      'drop table orders_rows',
      'insert into orders_rows (order_id) values (1)',
      'select * from orders_rows',
      'select * from system.users',
      'select * from information_schema.tables',
      'select * from whole.orders',
      `select * from file('/etc/passwd')`,
      `select * from url('http://127.0.0.1:1/x', 'CSV')`,
      `select * from remote('127.0.0.1', system.one)`,
      `select file('/etc/passwd')`,
      'select * from executable(x)',
      `select getSetting('max_threads')`,
      'select 1 settings readonly = 0',
      'select 1 format CSV',
      `select 1 into outfile '/tmp/out.csv'`,
      'select 1) union all (select 2',
      'set readonly = 0',
      'show tables',
      'describe orders',
      'explain select 1',
      'create table mine (a Int8) engine = Memory',
      'system shutdown',
      'select hostName()',
      'select no_such_column from orders',
      'selec 1',
      `select repeat('x', 1000000000)`,
    ])
      await assert.rejects(
        whole.query(sql),
        (error: { status?: number; code?: string }) => error.status === 422 && /^query_(refused|invalid)$/.test(String(error.code)),
        sql,
      );
  });

  test('lists the tables that may be asked, and not the rows behind them', async () => {
    const names = (await whole.tables()).map(({ name }) => name);
    assert.ok(names.includes('orders') && names.includes('money_change'));
    assert.deepEqual(
      names.filter(name => /_rows$|warehouse/.test(name)),
      [],
    );
  });

  test('writes files as DuckDB does', async () => {
    const bytes = async (format: 'csv' | 'parquet') => {
      const { stream } = await whole.export_file({ dataset: 'order_lines', format, signal: new AbortController().signal });
      const parts: Uint8Array[] = [];
      for await (const part of stream) parts.push(part);
      return Buffer.concat(parts);
    };
    const lines = (await bytes('csv')).toString().split('\r\n');
    assert.equal(lines.length - 2, expected['order_line']?.length);
    assert.match(lines[0] ?? '', /^order_id,line_no,placed_at/);
    const parquet = await bytes('parquet');
    const file = join(folder, 'lines.parquet');
    await writeFile(file, parquet);
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const counted = await connection.runAndReadAll(`select count(*) from read_parquet('${file}')`);
    assert.equal(Number(counted.getRows()[0]?.[0]), expected['order_line']?.length);
    connection.closeSync();
    instance.closeSync();
  });

  test('is rebuilt beside itself, compared and replaced', async () => {
    whole.rebuild.begin({ force: false });
    await whole.rebuild.ended();
    const { state, differing, detail } = whole.rebuild.progress();
    assert.deepEqual([state, differing, detail], ['done', 0, null]);
    await caught_up(whole);
    assert.deepEqual(await facts_of(whole), expected);
  });

  test('takes the examples that are in common SQL', async () => {
    for (const id of ['best_sellers', 'countries', 'declines', 'events_by_type']) {
      const sql = gallery.find(example => example.id === id)?.sql ?? '';
      assert.ok((await whole.query(sql)).table.rows.length > 0, id);
    }
  });
});

/** What only the owner of the server does. */
async function command(server: TestClickHouse, sql: string): Promise<string> {
  const reply = await fetch(new URL('/?database=default', server.url_of('default')), { method: 'POST', body: sql });
  const text = await reply.text();
  assert.ok(reply.ok, text);
  return text;
}
