/**
 * `npm run bench -- --analytics [--orders 1000000]`: how many events a second analytics takes in, and how long each question of a dashboard takes over
 * a year of a million orders. Both on this machine, whatever else it does: where other work shares
 * the cores, what a question takes of the processor says more than how long one waits. One at a time, as the service asks them, and beside each what
 * a look through its rows takes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, DuckDBTimestampValue } from '@duckdb/node-api';
import { real_clock } from '../platform/clock.ts';
import { silent_logger } from '../platform/logger.ts';
import type { Event, Logged } from '../platform/service.ts';
import { start_analytics } from '../services/analytics/service.ts';
import { type Logs, logs_of, memory_log } from '../services/analytics/testing/lives.ts';
import { tell_orders } from '../services/analytics/testing/stories.ts';
import { open_duckdb } from '../services/analytics/warehouses/duckdb.ts';
import { schema_statements, version_statements } from '../services/analytics/warehouses/duckdb_sql.ts';
import type { Warehouse } from '../services/analytics/warehouses/warehouse.ts';
import { type BenchQuestion, questions } from './analytics_questions.ts';
import { store_year } from './analytics_year.ts';

const rounds = 5;
const wanted_ms = 200;

function report(name: string, text: string): void {
  console.log(`  ${name.padEnd(52)} ${text}`);
}

export async function bench_analytics({ orders, lives }: { readonly orders: number; readonly lives: number }): Promise<void> {
  console.log(`\n  analytics: ${cpus().length} × ${cpus()[0]?.model}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}\n`);
  if (lives > 0) await ingest(lives);
  if (orders > 0) await ask_all(orders);
}

/** From logs in memory to facts on the disk: what reading a table adds is not in it. */
async function ingest(lives: number): Promise<void> {
  const logs = logs_of(7, tell_orders(lives));
  const events = [...logs.values()].reduce((sum, log) => sum + log.length, 0);
  const characters = [...logs.values()].flat().reduce((sum, event) => sum + JSON.stringify(event.data).length, 0);
  const folder = await mkdtemp(join(tmpdir(), 'cartwright-bench-'));
  const before = process.cpuUsage();
  const own = process.threadCpuUsage();
  const started = performance.now();
  const waited_ms = await heard(logs, folder);
  const seconds = (performance.now() - started) / 1_000;
  const all_us = used_us(process.cpuUsage(before));
  const own_us = used_us(process.threadCpuUsage(own));
  await rm(folder, { recursive: true });
  const alone_us = await appended_us([...logs.values()].flat());
  report(
    'how many events a second are taken in?',
    `${Math.round(events / seconds).toLocaleString('en-GB')}/s: ${events.toLocaleString('en-GB')} events of ${lives.toLocaleString('en-GB')} orders, ${Math.round(characters / events)} characters each`,
  );
  report(
    '    where the time goes, an event',
    `${(own_us / events).toFixed(1)} µs of processor on the calling thread, ${(all_us / events).toFixed(1)} µs in all; by the clock ${((seconds * 1e6) / events).toFixed(1)} µs; longest pause ${waited_ms.toFixed(0)} ms`,
  );
  report(
    '    the events alone, by the appender of DuckDB',
    `${Math.round(1e6 / alone_us).toLocaleString('en-GB')}/s; with all that they say it takes ${((seconds * 1e6) / events / alone_us).toFixed(1)} times as long`,
  );
}

/** Microseconds an event by the clock, for the same rows of event_raw and nothing else, in the way that DuckDB's documentation has for many rows. */
async function appended_us(events: readonly Logged<Event>[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'cartwright-bench-'));
  const instance = await DuckDBInstance.create(join(folder, 'analytics.duckdb'), { threads: '1', storage_compatibility_version: 'latest' });
  const connection = await instance.connect();
  for (const statement of schema_statements()) await connection.run(statement);
  const started = performance.now();
  const appender = await connection.createAppender('event_raw');
  for (const { source, position, partition, key, type, id, subject, sequence, time, cause, data } of events) {
    appender.appendVarchar(source);
    appender.appendBigInt(BigInt(position));
    appender.appendUTinyInt(partition);
    for (const text of [key, type, id, subject]) appender.appendVarchar(text);
    if (sequence === null) appender.appendNull();
    else appender.appendInteger(sequence);
    appender.appendTimestamp(new DuckDBTimestampValue(BigInt(Date.parse(time)) * 1_000n));
    appender.appendVarchar(cause);
    appender.appendVarchar(JSON.stringify(data));
    appender.endRow();
  }
  appender.closeSync();
  const us = ((performance.now() - started) * 1_000) / events.length;
  connection.closeSync();
  instance.closeSync();
  await rm(folder, { recursive: true });
  return us;
}

const used_us = ({ user, system }: NodeJS.CpuUsage): number => user + system;

/** Milliseconds that other work of this thread had to wait at most. */
async function heard(logs: Logs, folder: string): Promise<number> {
  const readers = [...logs].map(([source, events]) => memory_log(source, events));
  let [longest, last] = [0, performance.now()];
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last - 1);
    last = performance.now();
  }, 1);
  const analytics = await start_analytics({
    readers,
    folder,
    clock: real_clock,
    waiting: real_clock,
    logger: silent_logger,
    batching: { batch_ms: 0 },
  });
  while ((await analytics.lags()).some(lag => lag.events > 0)) await real_clock.sleep(5);
  clearInterval(watch);
  await analytics.stop();
  return longest;
}

async function ask_all(orders: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cartwright-bench-'));
  const started = performance.now();
  await make_year(folder, orders);
  report(`${orders.toLocaleString('en-GB')} orders of a year made`, `in ${((performance.now() - started) / 1_000).toFixed(0)} s`);
  const warehouse = await open_duckdb({ folder, breathe: () => real_clock.sleep(0), sleep: real_clock.sleep });
  console.log(
    `\n  how long does a question take, the median of ${rounds}? wanted: at most ${wanted_ms} ms; beside it, what a look through the same rows takes\n`,
  );
  for (const { name, answer, scan } of questions(warehouse)) {
    const [asked, scanned] = [await taken(warehouse, answer), await taken(warehouse, scan)];
    const ratio = asked.processor_ms / Math.max(1, scanned.processor_ms);
    report(
      name,
      `${shown(asked.wall_ms)} ms, ${shown(asked.processor_ms)} ms of processor; the rows alone ${shown(scanned.wall_ms)} ms, ${shown(scanned.processor_ms)} ms: ${ratio.toFixed(1)} times${asked.wall_ms > wanted_ms ? '  over' : ''}`,
    );
  }
  await warehouse.close();
  await rm(folder, { recursive: true });
}

const shown = (ms: number) => ms.toFixed(0).padStart(5);

async function taken(warehouse: Warehouse, work: BenchQuestion['answer']): Promise<{ wall_ms: number; processor_ms: number }> {
  const times: { wall_ms: number; processor_ms: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const [began, used] = [performance.now(), process.cpuUsage()];
    await warehouse.read(work);
    times.push({ wall_ms: performance.now() - began, processor_ms: used_us(process.cpuUsage(used)) / 1_000 });
  }
  return { wall_ms: median(times.map(one => one.wall_ms)), processor_ms: median(times.map(one => one.processor_ms)) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function make_year(folder: string, orders: number): Promise<void> {
  const instance = await DuckDBInstance.create(join(folder, 'analytics.duckdb'), {
    threads: '2',
    memory_limit: '2GB',
    storage_compatibility_version: 'latest',
  });
  const connection = await instance.connect();
  for (const statement of [...version_statements, ...schema_statements()]) await connection.run(statement);
  await store_year(connection, orders);
  connection.closeSync();
  instance.closeSync();
}
