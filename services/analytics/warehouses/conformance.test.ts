import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fact_tables } from '../facts.ts';
import { metrics } from '../metrics.ts';
import type { Analytics } from '../service.ts';
import { ask, begin, caught_up, fresh_folder, readers_of } from '../testing/analytics.ts';
import { no_clickhouse, start_clickhouse, type TestClickHouse } from '../testing/clickhouse.ts';
import { logs_of } from '../testing/lives.ts';
import { ask_route } from '../testing/questions.ts';
import { tell_orders } from '../testing/stories.ts';

const logs = logs_of(20_261_128, tell_orders(150));
const skip = no_clickhouse() ?? false;
const month = { from: '2026-03-01', to: '2026-04-01' };

describe('DuckDB and ClickHouse hold the same facts and give the same numbers', { skip }, () => {
  let server: TestClickHouse;
  let duckdb: Analytics;
  let clickhouse: Analytics;
  const removes: (() => Promise<void>)[] = [];
  before(async () => {
    server = await start_clickhouse();
    const folders = [await fresh_folder(), await fresh_folder()];
    removes.push(...folders.map(({ remove }) => remove));
    duckdb = await begin(readers_of(logs), folders[0]?.folder ?? '');
    await caught_up(duckdb);
    clickhouse = await begin(readers_of(logs), folders[1]?.folder ?? '', { clickhouse_url: server.url_of('same_numbers') });
    await caught_up(clickhouse);
  });
  after(async () => {
    await duckdb?.stop();
    await clickhouse?.stop();
    await server?.stop();
    for (const remove of removes) await remove();
  });
  const both = async (work: (analytics: Analytics) => Promise<unknown>): Promise<void> =>
    assert.deepEqual(rounded(await work(clickhouse)), rounded(await work(duckdb)));

  for (const { name, columns } of fact_tables)
    test(`table ${name}`, () =>
      both(analytics => ask(analytics, `select ${columns.map(column => column.name).join(', ')} from ${name} order by all nulls last`)));
  test('every event, once', () =>
    both(analytics => ask(analytics, 'select source, position, type, id, key, time, sequence from event_raw order by source, position')));
  test('positions', () =>
    both(analytics => ask(analytics, 'select source, partition, position, time from positions order by source, partition')));

  for (const [metric, { group_by }] of Object.entries(metrics)) {
    test(`metric ${metric}`, async () => {
      for (const grain of ['day', 'week', 'month'])
        await both(analytics => ask_route(analytics, '/v1/analytics/metrics/:metric', { ...month, grain }, { metric }));
      for (const group of group_by)
        await both(analytics =>
          ask_route(analytics, '/v1/analytics/metrics/:metric', { ...month, grain: 'month', group_by: group }, { metric }),
        );
    });
  }
  for (const path of ['/v1/analytics/overview', '/v1/analytics/funnel', '/v1/analytics/top'])
    test(path, () => both(analytics => ask_route(analytics, path, month)));
  for (const path of ['/v1/analytics/reorder', '/v1/analytics/slow-movers'])
    test(path, () => both(analytics => ask_route(analytics, path)));
  for (const metric of ['net_sales', 'lead_time', 'stockout_rate'])
    test(`what stands behind ${metric}`, () => both(analytics => ask_route(analytics, '/v1/analytics/drill', { ...month, metric })));
});

/** Fractions to twelve digits: engines add them up in another order. */
function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, one: unknown) =>
    typeof one === 'number' && !Number.isInteger(one) ? Number(one.toPrecision(12)) : one,
  );
}
