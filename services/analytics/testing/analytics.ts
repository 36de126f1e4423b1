/** Analytics on logs in memory, in a folder of its own, at a time that stands still. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, real_clock } from '../../../platform/clock.ts';
import type { LogReader } from '../../../platform/log.ts';
import { silent_logger } from '../../../platform/logger.ts';
import { fact_tables } from '../facts.ts';
import { type Analytics, type AnalyticsPorts, start_analytics } from '../service.ts';
import { derived_tables } from '../warehouses/duckdb_derived.ts';
import type { Answer } from '../warehouses/warehouse.ts';
import { type Logs, memory_log } from './lives.ts';

export const test_now = '2026-03-25T00:00:00.000Z';
export const standing_clock: Clock = { ...real_clock, now_ms: () => Date.parse(test_now), now: () => test_now };

export async function fresh_folder(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'cartwright-analytics-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

export const readers_of = (logs: Logs, slice_max?: number): LogReader[] =>
  [...logs].map(([source, events]) => memory_log(source, events, slice_max === undefined ? {} : { slice_max }));

export function begin(readers: readonly LogReader[], folder: string, more: Partial<AnalyticsPorts> = {}): Promise<Analytics> {
  return start_analytics({
    readers,
    folder,
    clock: standing_clock,
    waiting: real_clock,
    logger: silent_logger,
    batching: { batch_ms: 0 },
    ...more,
  });
}

/** Resolves when every log is applied up to its head. */
export async function caught_up(analytics: Analytics): Promise<void> {
  while (true) {
    if (analytics.failure !== undefined) throw analytics.failure;
    const lags = await analytics.lags();
    if (lags.every(lag => lag.events === 0)) return;
    await real_clock.sleep(5);
  }
}

export const ask = (analytics: Analytics, sql: string): Promise<Answer[]> => analytics.read(question => question(sql));

/** Everything the store holds, in an order of its own. */
export async function contents(analytics: Analytics): Promise<Record<string, Answer[]>> {
  const all: Record<string, Answer[]> = {};
  for (const { name } of fact_tables) all[name] = await ask(analytics, `select * from ${name} order by all`);
  // As texts: a customer's number is beyond what a number carries here.
  for (const name of derived_tables) all[name] = await ask(analytics, `select columns(*)::varchar from ${name} order by all`);
  all['event_raw'] = await ask(analytics, 'select * from event_raw order by source, position');
  all['positions'] = await ask(analytics, 'select * from positions order by all');
  return all;
}

export async function contents_at_once(logs: Logs): Promise<Record<string, Answer[]>> {
  const { folder, remove } = await fresh_folder();
  const analytics = await begin(readers_of(logs), folder);
  await caught_up(analytics);
  const all = await contents(analytics);
  await analytics.stop();
  await remove();
  return all;
}

export function ingest_child(folder: string, seed: number, lives: number) {
  const program = join(import.meta.dirname, 'ingest_child.ts');
  const child = spawn(process.execPath, [program, folder, String(seed), String(lives)], { stdio: ['ignore', 'pipe', 'pipe'] });
  return { child, ended: new Promise<number | null>(resolve => child.once('exit', resolve)) };
}

/** Waits for a condition, never for a duration; the test runner's own limit ends what never comes. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await real_clock.sleep(5);
}
