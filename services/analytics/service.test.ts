import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { recorded } from '../../contracts/recorded.ts';
import { real_clock } from '../../platform/clock.ts';
import { open_pool, role_of } from '../../platform/database.ts';
import { append_statements, type LogReader, log_tail, type Marks, table_log } from '../../platform/log.ts';
import { migrate } from '../../platform/migrate.ts';
import { fresh_database } from '../../platform/postgres/test_database.ts';
import { seeded_random } from '../../platform/random.ts';
import type { Event, Logged } from '../../platform/service.ts';
import { fact_tables } from './facts.ts';
import type { Analytics } from './service.ts';
import { begin, caught_up, fresh_folder, readers_of, standing_clock, test_now } from './testing/analytics.ts';
import { type Logs, log_names, logs_of, memory_log, test_marks } from './testing/lives.ts';
import { tell_orders } from './testing/stories.ts';
import type { Answer } from './warehouses/warehouse.ts';

const ask = (analytics: Analytics, sql: string): Promise<Answer[]> => analytics.read(question => question(sql));
const watermark = (analytics: Analytics) => analytics.read(async (_, mark) => mark);

/** Everything the store holds, in an order of its own. */
async function contents(analytics: Analytics): Promise<Record<string, Answer[]>> {
  const all: Record<string, Answer[]> = {};
  for (const { name } of fact_tables) all[name] = await ask(analytics, `select * from ${name} order by all`);
  all['event_raw'] = await ask(analytics, 'select * from event_raw order by source, position');
  all['positions'] = await ask(analytics, 'select * from positions order by all');
  return all;
}

async function contents_at_once(logs: Logs): Promise<Record<string, Answer[]>> {
  const { folder, remove } = await fresh_folder();
  const analytics = await begin(readers_of(logs), folder);
  await caught_up(analytics);
  const all = await contents(analytics);
  await analytics.stop();
  await remove();
  return all;
}

function ingest_child(folder: string, seed: number, lives: number) {
  const program = join(import.meta.dirname, 'testing', 'ingest_child.ts');
  const child = spawn(process.execPath, [program, folder, String(seed), String(lives)], { stdio: ['ignore', 'pipe', 'pipe'] });
  return { child, ended: new Promise<number | null>(resolve => child.once('exit', resolve)) };
}

/** Waits for a condition, never for a duration; the test runner's own limit ends what never comes. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await real_clock.sleep(5);
}

describe('exactly once', () => {
  const [seed, lives] = [11, 100];
  const logs = logs_of(seed, tell_orders(lives));
  let expected: Record<string, Answer[]>;
  before(async () => {
    expected = await contents_at_once(logs);
  });

  test('every event is stored once, with what it said but nothing personal', () => {
    const events = [...logs.values()].flat();
    const raw = expected['event_raw'] ?? [];
    assert.equal(raw.length, events.length);
    assert.equal(
      raw.some(row => String(row['data']).includes('Ada')),
      false,
    );
    const first = raw.find(row => row['source'] === 'orders' && row['position'] === 1);
    const { id, key, type, time, subject, sequence } = logs.get('orders')?.[0] ?? recorded('order.placed');
    assert.deepEqual(
      [first?.['id'], first?.['key'], first?.['type'], first?.['time'], first?.['subject'], first?.['sequence']],
      [id, key, type, time, subject, sequence],
    );
  });

  for (const round of [1, 2]) {
    test(`in whatever order the logs come, however they are cut, handed over twice and interrupted (round ${round})`, async () => {
      const { next } = seeded_random(round);
      const shown = new Map<string, number>(log_names.map(name => [name, 0]));
      const readers: LogReader[] = [...logs].map(([source, events]) => {
        const reader = memory_log(source, events, { slice_max: 10 + Math.floor(next() * 150), upto: () => shown.get(source) ?? 0 });
        // Now and then a slice begins before what was asked for.
        return {
          ...reader,
          read: async (position, types) => reader.read(Math.max(0, position - (next() < 0.3 ? Math.floor(next() * 30) : 0)), types),
        };
      });
      const { folder, remove } = await fresh_folder();
      const start = () => begin(readers, folder, { batching: { events_max: 20 + Math.floor(next() * 400), batch_ms: 0 } });
      let analytics = await start();
      while ([...logs].some(([source, events]) => (shown.get(source) ?? 0) < events.length)) {
        for (const [source, events] of logs)
          if (next() < 0.5) shown.set(source, Math.min(events.length, (shown.get(source) ?? 0) + Math.floor(next() * 120)));
        analytics.poke();
        await caught_up(analytics);
        if (next() < 0.2) {
          await analytics.stop();
          analytics = await start();
        }
      }
      assert.deepEqual(await contents(analytics), expected);
      await analytics.stop();
      await remove();
    });
  }

  test('however often the process is killed', async t => {
    const { folder, remove } = await fresh_folder();
    const { next } = seeded_random(5);
    let kills = 0;
    while (true) {
      const { child, ended } = ingest_child(folder, seed, lives);
      await new Promise<void>(resolve => {
        child.stdout.once('data', () => resolve());
        child.once('exit', () => resolve());
      });
      if (kills < 4) {
        await real_clock.sleep(next() * 150);
        child.kill('SIGKILL');
      }
      const code = await ended;
      if (code === 0) break;
      assert.equal(code, null, 'the child failed by itself');
      kills += 1;
    }
    const analytics = await begin(readers_of(logs), folder);
    await caught_up(analytics);
    assert.deepEqual(await contents(analytics), expected);
    await analytics.stop();
    await remove();
    t.diagnostic(`${kills} kills`);
  });

  test('a batch that fails leaves nothing of it', async () => {
    const { folder, remove } = await fresh_folder();
    const wrong = new Set(log_names.map(name => `${name} 40`));
    const readers = [...logs].map(([source, events]): LogReader => {
      const reader = memory_log(source, events);
      return {
        ...reader,
        async read(position, types) {
          const slice = await reader.read(position, types);
          // The first time, a version that no integer holds.
          const spoiled = slice.events.map(event =>
            wrong.delete(`${source} ${event.position}`) ? { ...event, sequence: 2 ** 40, time: 'never' } : event,
          );
          return { ...slice, events: spoiled };
        },
      };
    });
    const analytics = await begin(readers, folder);
    await caught_up(analytics);
    assert.equal(wrong.size, 1, 'suppliers say nothing here');
    assert.deepEqual(await contents(analytics), expected);
    await analytics.stop();
    await remove();
  });
});

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
    const readers = [...tails].map(([source, tail]) => tail.wrap(table_log(source, pool)));
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
