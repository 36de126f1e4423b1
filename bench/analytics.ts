/**
 * `npm run bench -- --analytics [--orders 1000000]`: how many events a second analytics takes in, and how long each question of a dashboard takes over
 * a year of a million orders. Both on this machine, whatever else it does: where other work shares
 * the cores, what a question takes of the processor says more than how long one waits. One at a time, one thread, as the service asks them.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { real_clock } from '../platform/clock.ts';
import { silent_logger } from '../platform/logger.ts';
import { drill } from '../services/analytics/drill.ts';
import { funnel_of } from '../services/analytics/funnel.ts';
import { metric_statement } from '../services/analytics/metric.ts';
import { metrics } from '../services/analytics/metrics.ts';
import { overview_of } from '../services/analytics/overview.ts';
import { type Period, period_of } from '../services/analytics/period.ts';
import { start_analytics } from '../services/analytics/service.ts';
import { reorder_of, slow_movers_of } from '../services/analytics/stock_lists.ts';
import { type Logs, logs_of, memory_log } from '../services/analytics/testing/lives.ts';
import { tell_orders } from '../services/analytics/testing/stories.ts';
import { top_dimensions, top_of } from '../services/analytics/top.ts';
import { open_duckdb } from '../services/analytics/warehouses/duckdb.ts';
import { schema_statements, version_statements } from '../services/analytics/warehouses/duckdb_sql.ts';
import type { Ask, Warehouse } from '../services/analytics/warehouses/warehouse.ts';
import { store_year } from './analytics_year.ts';

const now = '2026-03-01T00:00:00.000Z';
const year_ago = '2025-03-01T00:00:00.000Z';
const month_ago = '2026-02-01T00:00:00.000Z';
const rounds = 3;
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
  report(
    'how many events a second are taken in?',
    `${Math.round(events / seconds).toLocaleString('en-GB')}/s: ${events.toLocaleString('en-GB')} events of ${lives.toLocaleString('en-GB')} orders, ${Math.round(characters / events)} characters each`,
  );
  report(
    '    where the time goes, an event',
    `${(own_us / events).toFixed(1)} µs of processor on the calling thread, ${(all_us / events).toFixed(1)} µs in all; by the clock ${((seconds * 1e6) / events).toFixed(1)} µs; longest pause ${waited_ms.toFixed(0)} ms`,
  );
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
  console.log(`\n  how long does a question take, the median of ${rounds}? wanted: at most ${wanted_ms} ms\n`);
  for (const [name, question] of questions(warehouse)) {
    const times: { wall_ms: number; processor_ms: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      const [asked, used] = [performance.now(), process.cpuUsage()];
      await warehouse.read(question);
      const { user, system } = process.cpuUsage(used);
      times.push({ wall_ms: performance.now() - asked, processor_ms: (user + system) / 1_000 });
    }
    const [wall_ms, processor_ms] = [median(times.map(one => one.wall_ms)), median(times.map(one => one.processor_ms))];
    report(
      name,
      `${wall_ms.toFixed(0).padStart(6)} ms, ${processor_ms.toFixed(0).padStart(5)} ms of processor${processor_ms > wanted_ms ? '  over' : ''}`,
    );
  }
  await warehouse.close();
  await rm(folder, { recursive: true });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function questions({ dialect }: Warehouse): readonly (readonly [string, (ask: Ask) => Promise<unknown>])[] {
  const year = period_of(dialect, year_ago, now, now, 'day');
  const whole_year = period_of(dialect, year_ago, now, now, undefined);
  const month = period_of(dialect, month_ago, now, now, undefined);
  const grouped = (name: string, group_by: string, period: Period) => (ask: Ask) =>
    ask(metric_statement(metric_of(name), { period, grain: 'month', group_by }));
  return [
    ...Object.entries(metrics).map(
      ([name, metric]) =>
        [
          `${name}, by day over a year`,
          (ask: Ask) => ask(metric_statement(metric, { period: year, grain: 'day', group_by: undefined })),
        ] as const,
    ),
    ['net_sales by country and month over a year', grouped('net_sales', 'country', year)],
    ['repeat_orders by cohort and month over a year', grouped('repeat_orders', 'cohort', year)],
    ['overview of a year', ask => overview_of(ask, whole_year)],
    ['overview of a month', ask => overview_of(ask, month)],
    ['funnel of a year', ask => funnel_of(ask, whole_year)],
    ...top_dimensions.map(
      dimension => [`top of a year by ${dimension}`, (ask: Ask) => top_of(ask, whole_year, { dimension, by: 'net', limit: 10 })] as const,
    ),
    ['what to reorder', ask => reorder_of(ask, whole_year, 100)],
    ['slow movers', ask => slow_movers_of(ask, whole_year, 100)],
    [
      'orders behind a day of net_sales',
      ask =>
        drill(ask, metric_of('net_sales'), {
          ...drill_of_day,
          period: period_of(dialect, '2025-12-01T00:00:00.000Z', '2025-12-02T00:00:00.000Z', now, undefined),
        }),
    ],
  ];
}

const drill_of_day = { currency: 'GBP', group: undefined, limit: 50, after: undefined };

function metric_of(name: string) {
  const metric = metrics[name];
  if (metric === undefined) throw new Error(`no metric ${name}`);
  return metric;
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
