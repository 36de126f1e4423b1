import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { event_contracts } from '../../contracts/index.ts';
import { recorded } from '../../contracts/recorded.ts';
import { open_pool, role_of } from '../../platform/database.ts';
import { append_statements, type LogReader, type Marks, table_log } from '../../platform/log.ts';
import { migrate } from '../../platform/migrate.ts';
import { fresh_database } from '../../platform/postgres/test_database.ts';
import type { Event, Logged } from '../../platform/service.ts';
import { log_tail } from '../../platform/tail.ts';
import type { Analytics } from './service.ts';
import {
  ask,
  begin,
  caught_up,
  contents,
  contents_at_once,
  fresh_folder,
  ingest_child,
  readers_of,
  standing_clock,
  test_now,
  until,
} from './testing/analytics.ts';
import { log_names, logs_of, memory_log, test_marks } from './testing/lives.ts';
import { tell_orders } from './testing/stories.ts';
import type { Answer } from './warehouses/warehouse.ts';

const watermark = (analytics: Analytics) => analytics.read(async (_, mark) => mark);

describe('analytics', () => {
  let folder: string;
  let remove: () => Promise<void>;
  before(async () => {
    ({ folder, remove } = await fresh_folder());
  });
  after(() => remove());
  const some = logs_of(3, tell_orders(20));
  const orders_log = some.get('orders') ?? [];

  test('says up to when its numbers are complete: each log’s last event, or now at its end; the least of all', async () => {
    const shown = { upto: 10 };
    const payments = some.get('payments') ?? [];
    const is_slow = { value: true };
    const slow: LogReader = {
      ...memory_log('payments', payments),
      // Never at its end: there is always one more.
      read: async position =>
        is_slow.value && position >= 5
          ? { events: [], upto: 5 }
          : { events: payments.slice(position, 5), upto: is_slow.value ? 5 : payments.length },
    };
    const nothing = await fresh_folder();
    const analytics = await begin(
      [memory_log('orders', orders_log, { upto: () => shown.upto }), memory_log('shipping', []), slow],
      nothing.folder,
    );
    await until(async () => (await watermark(analytics)).logs.every(log => log.at !== null));
    const mark = await watermark(analytics);
    assert.deepEqual(
      mark.logs.find(log => log.log === 'orders'),
      { log: 'orders', position: 10, at: test_now },
    );
    assert.deepEqual(
      mark.logs.find(log => log.log === 'shipping'),
      { log: 'shipping', position: 0, at: test_now },
    );
    const lags = await analytics.lags();
    assert.deepEqual(
      lags.map(({ source, position, events }) => [source, position, events]),
      [
        ['orders', 10, 0],
        ['shipping', 0, 0],
        ['payments', 5, payments.length - 5],
      ],
    );
    await analytics.stop();
    // After a start the store knows its positions and their times; that a log is at its end is learned anew.
    const opened = Promise.withResolvers<void>();
    const reader = memory_log('orders', orders_log, { upto: () => shown.upto });
    const again = await begin(
      [{ ...reader, read: (position, types) => opened.promise.then(() => reader.read(position, types)) }],
      nothing.folder,
    );
    assert.deepEqual((await watermark(again)).logs, [{ log: 'orders', position: 10, at: orders_log[9]?.time }]);
    opened.resolve();
    await again.stop();
    await nothing.remove();
  });

  test('outlives an outage of its logs', async () => {
    let failures = 3;
    const reader = memory_log('orders', orders_log);
    const flaky: LogReader = {
      ...reader,
      read: (position, types) => (failures-- > 0 ? Promise.reject(new Error('connection lost')) : reader.read(position, types)),
    };
    const own = await fresh_folder();
    const analytics = await begin([flaky], own.folder);
    await caught_up(analytics);
    assert.equal(Number((await ask(analytics, 'select count(*) as events from event_raw'))[0]?.['events']), orders_log.length);
    await analytics.stop();
    await own.remove();
  });

  test('stops, and says so, when a log is no longer the one it was: at the start', async () => {
    const first = await begin([memory_log('orders', orders_log)], folder);
    await caught_up(first);
    await first.stop();
    const other: Marks = { ...test_marks, timeline: '00000002' };
    await assert.rejects(begin([memory_log('orders', orders_log, { marks: () => other })], folder), {
      code: 'foreign_log',
      message: /orders log.*00000001.*00000002.*remove/,
    });
    await assert.rejects(begin([memory_log('orders', orders_log.slice(0, 3))], folder), { code: 'foreign_log', message: /ends at 3/ });
  });

  test('and while it runs, after the connection was lost; what it has is still answered', async () => {
    let marks = test_marks;
    let is_lost = false;
    const reader = memory_log('orders', orders_log, { marks: () => marks });
    const failing: LogReader = {
      ...reader,
      read: (position, types) => (is_lost ? Promise.reject(new Error('connection lost')) : reader.read(position, types)),
    };
    const analytics = await begin([failing], folder);
    await caught_up(analytics);
    marks = { ...test_marks, system_identifier: '8' };
    is_lost = true;
    analytics.poke();
    await until(() => analytics.failure !== undefined);
    assert.match(String(analytics.failure), /another orders log/);
    assert.equal(Number((await ask(analytics, 'select count(*) as events from event_raw'))[0]?.['events']), orders_log.length);
    await analytics.stop();
  });

  test('stops at an event that is not as its contract has it, and names it', async () => {
    const poisoned: Logged<Event> = { ...recorded('order.placed'), data: { order_id: 'ord_1' } };
    const own = await fresh_folder();
    const analytics = await begin(
      [
        memory_log('orders', [
          { ...recorded('order.updated'), position: 1 },
          { ...poisoned, position: 2 },
        ]),
      ],
      own.folder,
    );
    await until(() => analytics.failure !== undefined);
    assert.match(String(analytics.failure), /order\.placed evt_\w+ at position 2 of orders/);
    await analytics.stop();
    await own.remove();
  });

  test('stores what other readers choke on: half a surrogate pair, a NUL, an order of a thousand lines', async () => {
    const placed = { ...recorded('order.placed'), data: event_contracts['order.placed'].example };
    const [line] = placed.data.lines;
    assert.ok(line !== undefined);
    const lines = Array.from({ length: 1_114 }, (_, index) => ({ ...line, line_no: index + 1, name: 'n'.repeat(400) }));
    const odd = { a: 'half \ud83d', b: 'spelled \\ud83d', c: 'whole \u{1f600}', d: 'zero \0' };
    const events: Logged<Event>[] = [
      { ...placed, data: { ...placed.data, metadata: odd } },
      ...Array.from({ length: 12 }, (_, index) => ({
        ...placed,
        position: index + 2,
        data: { ...placed.data, order_id: `ord_${index}`, lines },
      })),
    ];
    const own = await fresh_folder();
    const analytics = await begin([memory_log('orders', events)], own.folder);
    await caught_up(analytics);
    const [first] = await ask(analytics, `select data from event_raw where position = 1`);
    assert.deepEqual(JSON.parse(String(first?.['data'])).metadata, { ...odd, a: 'half \ufffd' });
    const [counted] = await ask(analytics, 'select count(*) as lines, (select count(*) from event_raw) as events from order_line');
    assert.deepEqual(counted, { lines: 2 + 12 * 1_114, events: 13 });
    await analytics.stop();
    await own.remove();
  });

  test('refuses a file of another version, and says what to do', async () => {
    const own = await fresh_folder();
    await mkdir(own.folder, { recursive: true });
    const instance = await DuckDBInstance.create(join(own.folder, 'analytics.duckdb'));
    const connection = await instance.connect();
    await connection.run('create table warehouse as select 999 as version');
    connection.closeSync();
    instance.closeSync();
    await assert.rejects(begin([], own.folder), { code: 'warehouse_unavailable', message: /version 999.*Remove/ });
    await own.remove();
  });

  test('answers 503 when too many wait', async () => {
    const analytics = await begin(readers_of(some), folder);
    const gate = Promise.withResolvers<void>();
    const asked = Array.from({ length: 60 }, () =>
      analytics
        .read(() => gate.promise)
        .then(
          () => 200,
          (error: { status?: number }) => error.status,
        ),
    );
    gate.resolve();
    const statuses = await Promise.all(asked);
    assert.deepEqual([statuses.filter(status => status === 200).length, statuses.filter(status => status === 503).length], [50, 10]);
    await analytics.stop();
  });

  test('is the only process at its file', async () => {
    const analytics = await begin(readers_of(some), folder);
    const { child, ended } = ingest_child(folder, 3, 1);
    let complaint = '';
    child.stderr.on('data', text => {
      complaint += text;
    });
    assert.equal(await ended, 1);
    assert.match(complaint, /One process at a time may hold it/);
    await analytics.stop();
  });

  test('lets no question read or write another file', async () => {
    const analytics = await begin(readers_of(some), folder);
    for (const sql of [
      `select * from read_csv('/etc/hostname')`,
      `copy event_raw to '${folder}/out.csv'`,
      'delete from event_raw',
      `attach '${folder}/other.duckdb'`,
      `set enable_external_access = true`,
    ]) {
      await assert.rejects(ask(analytics, sql), sql);
    }
    await analytics.stop();
  });
});

describe('on PostgreSQL', () => {
  test('it reads the logs by its own role, from the tables and from what this process appended', async () => {
    const { url, drop } = await fresh_database();
    await migrate(url, [...log_names.map(name => ({ name, has_log: true })), { name: 'analytics', has_log: false }]);
    const admin = open_pool(url, undefined, 2);
    const logs = logs_of(17, tell_orders(60));
    const tails = new Map(log_names.map(name => [name, log_tail(name)]));
    const append = async (source: string, events: readonly Logged<Event>[]) => {
      const client = await admin.connect();
      await client.query('begin');
      for (const { text, values } of append_statements(source, events)) await client.query(text, values);
      await client.query('commit');
      client.release();
    };
    const half = (events: readonly Logged<Event>[]) => Math.floor(events.length / 2);
    for (const [source, events] of logs) if (events.length > 0) await append(source, events.slice(0, half(events)));

    const pool = open_pool(url, role_of('analytics'), 3);
    const { folder, remove } = await fresh_folder();
    const readers = [...tails].map(([source, tail]) => tail.wrap(table_log(source, pool), standing_clock.now_ms));
    const analytics = await begin(readers, folder, { clock: standing_clock });
    await caught_up(analytics);
    for (const [source, events] of logs) {
      if (events.length === 0) continue;
      await append(source, events.slice(half(events)));
      tails.get(source as (typeof log_names)[number])?.push(half(events) + 1, events.slice(half(events)));
    }
    analytics.poke();
    await caught_up(analytics);
    const [positions, expected] = [await contents(analytics), await contents_at_once(logs)];
    const without_marks = (rows: readonly Answer[] = []) =>
      rows.map(({ system_identifier: _, timeline: __, ...row }) => row).filter(row => Number(row['position']) > 0);
    assert.deepEqual(
      { ...positions, positions: without_marks(positions['positions']) },
      { ...expected, positions: without_marks(expected['positions']) },
    );
    await analytics.stop();
    await remove();
    await Promise.all([pool.end(), admin.end()]);
    await drop();
  });
});
