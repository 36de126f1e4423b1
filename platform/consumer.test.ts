import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { type Clock, real_clock } from './clock.ts';
import { event_lane } from './consumer.ts';
import { open_pool, role_of } from './database.ts';
import { append_statements, table_log } from './log.ts';
import { silent_logger } from './logger.ts';
import { migrate } from './migrate.ts';
import { all_partitions, partition_of } from './partition.ts';
import { fresh_database } from './postgres/test_database.ts';
import { real_random } from './random.ts';
import { type Runtime, start_runtime } from './runtime.ts';
import type { Tail } from './tail.ts';
import { toy, toy_table } from './testing/toy.ts';
import { test_vault } from './testing/vault.ts';
import { heard_only } from './write.ts';

let url: string;
let drop: () => Promise<void>;
let client: pg.Client;
const running: Runtime[] = [];

async function start(clock: Clock = real_clock): Promise<Runtime> {
  const runtime = await start_runtime({
    service: toy,
    url,
    source_urls: { source: url },
    heard: { source: ['toy.added'] },
    vault: test_vault(url),
    tails: new Map<string, Tail>(),
    adapters: {},
    clock,
    waiting: real_clock,
    random: real_random,
    logger: silent_logger,
    problem_reply: () => ({ status: 409, body: null }),
    freeze: true,
  });
  running.push(runtime);
  return runtime;
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < 400; round++) {
    if (await condition()) return;
    await sleep(25);
  }
  assert.fail(`not within 10 s: ${what}`);
}

/** Appends events of the source, as another service would. */
async function publish(events: { key: string; amount: number; type?: string }[]): Promise<void> {
  const rows = events.map(({ key, amount, type }, index) => ({
    partition: partition_of(key),
    key,
    type: type ?? 'toy.added',
    id: `evt_${key}_${index}`,
    subject: key,
    sequence: null,
    time: new Date().toISOString(),
    cause: 'test',
    data: { id: key, amount },
  }));
  await client.query('begin');
  for (const statement of append_statements('source', rows)) await client.query(statement.text, statement.values);
  await client.query('commit');
}
const sum = async (): Promise<number> => Number((await client.query('select coalesce(sum(total), 0) as sum from toy.counter')).rows[0].sum);

before(async () => {
  ({ url, drop } = await fresh_database());
  await migrate(url, [
    { name: 'source', has_log: true },
    { name: 'toy', has_log: true },
  ]);
  client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(toy_table);
});
after(async () => {
  await Promise.all(running.map(runtime => runtime.stop()));
  await client.end();
  await drop();
});

test('every event has its effect once, whatever nobody hears is passed, and a restart goes on where it stood', async () => {
  const first = await start();
  await publish(
    Array.from({ length: 1_200 }, (_, index) => ({
      key: `k${index % 50}`,
      amount: 1,
      type: index % 3 === 0 ? 'toy.unheard' : 'toy.added',
    })),
  );
  await until('800 effects', async () => (await sum()) === 800);
  await running.splice(running.indexOf(first), 1)[0]?.stop();
  await publish(Array.from({ length: 100 }, (_, index) => ({ key: `k${index % 50}`, amount: 1 })));
  await start();
  await until('900 effects', async () => (await sum()) === 900);
  assert.deepEqual(
    (await running[0]?.lags())?.map(lag => lag.events),
    [0],
  );
});

test('an event that comes after a quiet hour is late from now on, not by an hour', async () => {
  for (const runtime of running.splice(0)) await runtime.stop();
  const before_sum = await sum();
  let ahead_ms = 0;
  const now_ms = () => real_clock.now_ms() + ahead_ms;
  const quiet = await start({ ...real_clock, now_ms, now: () => new Date(now_ms()).toISOString() });
  await until('all was read', async () => (await quiet.lags()).every(lag => lag.events === 0));
  ahead_ms = 3_600_000;
  await until('the log was read to its end since', async () => (quiet.events.sources[0]?.handled_time_ms ?? 0) > now_ms() - 60_000);
  const blocker = new pg.Client({ connectionString: url });
  await blocker.connect();
  await blocker.query('begin; lock table toy.positions in access exclusive mode');
  await publish([{ key: 'late', amount: 1 }]);
  const [lag] = await quiet.lags();
  await blocker.end();
  assert.ok(lag?.events === 1 && lag.seconds < 60, JSON.stringify(lag));
  await until('it is handled', async () => (await sum()) === before_sum + 1);
  await running.splice(running.indexOf(quiet), 1)[0]?.stop();
  await start();
});

test('two processes share the partitions and no event has its effect twice', async () => {
  await start();
  const before_sum = await sum();
  for (let round = 0; round < 20; round++) await publish(Array.from({ length: 50 }, (_, index) => ({ key: `s${index}`, amount: 1 })));
  await until('1000 more', async () => (await sum()) === before_sum + 1_000);
  await sleep(300);
  assert.equal(await sum(), before_sum + 1_000);
  await until('both have partitions', async () => running.every(runtime => runtime.partitions().length === 8));
});

test('a poisoned event makes only its key wait, is tried again, and the rest flows', async () => {
  const before_sum = await sum();
  await publish([
    { key: 'bad', amount: 666 },
    { key: 'bad', amount: 1 },
    ...Array.from({ length: 50 }, (_, index) => ({ key: `p${index}`, amount: 1 })),
  ]);
  await until('the others', async () => (await sum()) === before_sum + 50);
  await until(
    'a second try',
    async () => Number((await client.query(`select attempts from toy.blocked where key = 'bad'`)).rows[0]?.attempts) >= 2,
  );
  assert.equal((await client.query('select 1 from toy.parked')).rowCount, 2);
  // The operator discards the poison: what waited behind it runs.
  await client.query(`delete from toy.parked where event->'data'->>'amount' = '666'`);
  await until('the key flows again', async () => (await sum()) === before_sum + 51);
});

test('an event the database refuses is found by halving and parks its key', async () => {
  const before_sum = await sum();
  await publish([{ key: 'big', amount: 2_000_000 }, ...Array.from({ length: 20 }, (_, index) => ({ key: `d${index}`, amount: 1 }))]);
  await until('the others', async () => (await sum()) === before_sum + 20);
  await until('parked', async () => (await client.query(`select 1 from toy.blocked where key = 'big'`)).rowCount === 1);
});

test('a timer that is due becomes a command once', async () => {
  await client.query(`insert into toy.timers values ('tick', 'clocked', now(), $1)`, [partition_of('clocked')]);
  await until('fired', async () => (await client.query(`select 1 from toy.counter where id = 'clocked' and total = 1`)).rowCount === 1);
  await sleep(400);
  assert.equal((await client.query('select total from toy.counter where id = $1', ['clocked'])).rows[0].total, 1);
  assert.equal((await client.query('select 1 from toy.timers')).rowCount, 0);
});

test('what was taken beside a log that cannot be written is not lost: it waits for the next turn', async () => {
  for (const runtime of running.splice(0)) await runtime.stop();
  await publish([{ key: 'outage', amount: 1 }]);
  const pool = open_pool(url, role_of('toy'), 2);
  const stopping = new AbortController();
  let away = true;
  const lane = event_lane({
    service: toy,
    // The database is away for the log's batch, and back for what comes then.
    writer: {
      service: toy,
      write(items) {
        if (away) {
          away = false;
          return Promise.reject(new Error('Connection terminated'));
        }
        return Promise.resolve(items.map(() => ({ result: 'decided' as const, events: [] })));
      },
    },
    pool,
    readers: [table_log('source', pool)],
    heard: { source: ['toy.added'] },
    logger: silent_logger,
    opener: () => Promise.resolve(event => event),
    now: real_clock.now,
    now_ms: real_clock.now_ms,
    pace_ms: real_clock.now_ms,
    wait: real_clock.sleep,
    partitions: () => all_partitions,
  });
  const answer = lane.submit({ command: { type: heard_only }, cause: 'test', actor: 'test' });
  const run = lane.run(stopping.signal);
  assert.equal((await answer).result, 'decided');
  assert.equal(away, false);
  stopping.abort();
  await run;
  // An answer of a third party that comes after the end must not wait for ever: nobody would stop.
  await assert.rejects(lane.submit({ command: { type: heard_only }, cause: 'test', actor: 'late' }), /stopping/);
  await pool.end();
});

test('a connection that dies between two statements of a transaction fails the next one, and not the process', async () => {
  const pool = open_pool(url, role_of('toy'), 1);
  const taken = await pool.connect();
  await taken.query('begin');
  const { rows } = await taken.query<{ pid: number }>('select pg_backend_pid() as pid');
  const ended = new Promise(resolve => taken.once('end', resolve));
  await client.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  await ended;
  await assert.rejects(taken.query('select 1'));
  taken.release(true);
  assert.equal((await pool.query('select 1 as one')).rows[0].one, 1);
  await pool.end();
});

test('positions of another cluster stop the consumer instead of skipping silently', async () => {
  for (const runtime of running.splice(0)) await runtime.stop();
  await client.query(`update toy.positions set timeline = '0000FFFF'`);
  const before_sum = await sum();
  const runtime = await start();
  await publish([{ key: 'after_failover', amount: 1 }]);
  await until('it notices', async () => runtime.events.failures > 0);
  assert.equal(await sum(), before_sum);
});
