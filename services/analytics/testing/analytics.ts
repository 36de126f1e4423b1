/** Analytics on logs in memory, in a folder of its own, at a time that stands still. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, real_clock } from '../../../platform/clock.ts';
import type { LogReader } from '../../../platform/log.ts';
import { silent_logger } from '../../../platform/logger.ts';
import { type Analytics, type AnalyticsPorts, start_analytics } from '../service.ts';
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
