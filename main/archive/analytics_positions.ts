/** Up to where analytics has read each log: asked of the process that runs on this folder, else read from its store. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { real_clock } from '../../platform/clock.ts';
import type { Lag } from '../../platform/runtime.ts';
import { open_clickhouse } from '../../services/analytics/warehouses/clickhouse.ts';
import { open_duckdb } from '../../services/analytics/warehouses/duckdb.ts';
import { demo_key } from '../demo_keys.ts';
import { running_url } from '../rebuild.ts';
import type { Settings } from '../settings.ts';

const request_timeout_ms = 30_000;

/** A log that is not named has not been read. Errors: `warehouse_unavailable` when another process than `up` has the store open: stop it meanwhile. */
export async function positions_of_analytics(settings: Settings): Promise<ReadonlyMap<string, number>> {
  const url = await running_url(settings);
  return url === undefined ? stored_positions(settings) : told_positions(url, await demo_key(settings));
}

async function told_positions(url: string, key: string): Promise<ReadonlyMap<string, number>> {
  const reply = await fetch(`${url}/v1/consumers`, {
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(request_timeout_ms),
  });
  // The API's own reply, or a problem.
  const answer = (await reply.json()) as { data: readonly (Lag & { readonly service: string })[]; code?: string; detail?: string };
  if (!reply.ok) throw Object.assign(new Error(answer.detail), { code: answer.code });
  return new Map(answer.data.flatMap(({ service, source, position }) => (service === 'analytics' ? [[source, position]] : [])));
}

async function stored_positions({ data_folder, clickhouse_url }: Settings): Promise<ReadonlyMap<string, number>> {
  const folder = join(data_folder, 'analytics');
  if (clickhouse_url === undefined && !existsSync(folder)) return new Map();
  const warehouse =
    clickhouse_url === undefined
      ? await open_duckdb({ folder, breathe: () => real_clock.sleep(0), sleep: real_clock.sleep })
      : await open_clickhouse({ url: clickhouse_url });
  try {
    const lowest = new Map<string, number>();
    for (const { source, position } of await warehouse.positions())
      lowest.set(source, Math.min(position, lowest.get(source) ?? Number.POSITIVE_INFINITY));
    return lowest;
  } finally {
    await warehouse.close();
  }
}
