/** Analytics in this process: it reads every log, and what of it is in the archive, and keeps its own store. */
import { join } from 'node:path';
import type pg from 'pg';
import { type Clock, real_clock } from '../platform/clock.ts';
import { open_pool, role_of } from '../platform/database.ts';
import { type LogReader, table_log } from '../platform/log.ts';
import type { Logger } from '../platform/logger.ts';
import { tail_of } from '../platform/runtime.ts';
import type { Tail } from '../platform/tail.ts';
import type { Batching } from '../services/analytics/batch.ts';
import { type Analytics, start_analytics } from '../services/analytics/service.ts';
import { archived_log } from './archive/reader.ts';
import { publishers } from './compose.ts';
import type { Settings } from './settings.ts';

const analytics_pool_max = 3;

export interface OlapGiven {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly tails: Map<string, Tail>;
  readonly batching: Partial<Batching> | undefined;
  url_of(service: string): string;
}

export async function start_olap(given: OlapGiven, stops: (() => Promise<unknown>)[]): Promise<Analytics> {
  const { settings, clock, logger, tails } = given;
  const pools = new Map<string, pg.Pool>();
  const readers = publishers.map(source => {
    const url = given.url_of(source);
    const pool = pools.get(url) ?? open_pool(url, role_of('analytics'), analytics_pool_max);
    pools.set(url, pool);
    const reader = whole_log(source, pool, settings.data_folder);
    return tails.has(source) ? tail_of(tails, source).wrap(reader, real_clock.now_ms) : reader;
  });
  const analytics = await start_analytics({
    readers,
    folder: join(settings.data_folder, 'analytics'),
    ...(settings.clickhouse_url === undefined ? {} : { clickhouse_url: settings.clickhouse_url }),
    clock,
    waiting: real_clock,
    logger,
    batching: given.batching,
  });
  const unlisten = [...tails.values()].map(tail => tail.on_append(() => analytics.poke()));
  stops.push(async () => {
    for (const stop_listening of unlisten) stop_listening();
    await analytics.stop();
    await Promise.all([...pools.values()].map(pool => pool.end()));
  });
  return analytics;
}

/** From its first event on, also when the table begins later, or has lost stories that ended. */
export function whole_log(source: string, pool: pg.Pool, data_folder: string): LogReader {
  // An epoch begins above the one before it: nothing was taken from between.
  const text = `select greatest(
      case when exists (select 1 from ${source}.log_epoch e where e.floor = m.position - 1) then 0 else coalesce(m.position, 0) end,
      (select coalesce(max(upto) + 1, 0) from ${source}.log_drop))::float8 as first
    from (select min(position) as position from ${source}.events) m`;
  return archived_log(table_log(source, pool), data_folder, async () => {
    const { rows } = await pool.query<{ first: number }>({ name: `${source}.log.first`, text });
    return rows[0]?.first ?? 0;
  });
}
