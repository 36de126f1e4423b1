import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { metrics } from './metrics.ts';
import type { Analytics } from './service.ts';
import { begin, caught_up, fresh_folder, readers_of } from './testing/analytics.ts';
import { logs_of, type World } from './testing/lives.ts';
import { ask_route, series_of } from './testing/questions.ts';
import { tell_reasons, tell_small_shop } from './testing/small_shop.ts';

/** A shop whose numbers were worked out by hand (testing/small_shop.ts says what happens); the watermark is the 25th of March 2026. */
const quarter = { from: '2026-01-01', to: '2026-04-01' };
interface List {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly next_cursor?: string | null;
}

async function opened(tell: (world: World) => void): Promise<{ analytics: Analytics; close(): Promise<void> }> {
  const { folder, remove } = await fresh_folder();
  const analytics = await begin(readers_of(logs_of(1, tell)), folder);
  await caught_up(analytics);
  return {
    analytics,
    async close() {
      await analytics.stop();
      await remove();
    },
  };
}

describe('a small shop', () => {
  let analytics: Analytics;
  let close: () => Promise<void>;
  before(async () => {
    ({ analytics, close } = await opened(tell_small_shop));
  });
  after(() => close());
  const list = (name: string, query: Readonly<Record<string, string>> = {}) => ask_route<List>(analytics, `/v1/analytics/${name}`, query);
  /** Some measures of each point of a series, by month. */
  const months = async (metric: string, measures: readonly string[], group_by?: string) => {
    const series = await series_of(analytics, metric, { ...quarter, grain: 'month', ...(group_by === undefined ? {} : { group_by }) });
    return series.map(point => [
      point.at.slice(0, 7),
      ...(group_by === undefined ? [] : [point.group]),
      ...measures.map(name => point[name]),
    ]);
  };

  test('knows who comes again, by the month they first came', async () => {
    const measures = ['value', 'orders', 'customers', 'new_customers', 'net'];
    assert.deepEqual(await months('repeat_orders', measures), [
      ['2026-01', 0, 2, 2, 2, 6_500],
      ['2026-02', 1, 1, 1, 0, 2_000],
      ['2026-03', 1, 2, 2, 1, 33_000],
    ]);
    assert.deepEqual(await months('repeat_orders', measures, 'cohort'), [
      ['2026-01', '2026-01', 0, 2, 2, 2, 6_500],
      ['2026-02', '2026-01', 1, 1, 1, 0, 2_000],
      ['2026-03', '2026-01', 1, 1, 1, 0, 5_000],
      ['2026-03', '2026-03', 0, 1, 1, 1, 28_000],
    ]);
  });

  test('judges its supplier by what was promised first: one of three in time and in full', async () => {
    assert.deepEqual(await months('supplier_otif', ['value', 'on_time_in_full', 'in_full', 'lines'], 'supplier_id'), [
      ['2026-02', 'sup_one', 1 / 3, 1, 2, 3],
    ]);
  });

  test('knows how long its supplier takes, and how surely', async () => {
    const [month] = await months('lead_time', ['value', 'p90', 'deviation', 'lines']);
    const [at, p50, p90, deviation, lines] = month ?? [];
    assert.deepEqual([at, p50, p90, lines], ['2026-02', 3, 5, 3]);
    assert.ok(Math.abs(Number(deviation) - 1.247_219) < 1e-6);
  });

  test('counts its parcels, by carrier, and the days they take', async () => {
    assert.deepEqual(await months('parcels', ['value', 'delivered', 'days_p50', 'days_p90'], 'carrier'), [
      ['2026-01', 'manual', 2, 2, 1, 2],
      ['2026-02', 'manual', 1, 1, 3, 3],
      ['2026-03', 'manual', 1, 1, 4, 4],
      ['2026-03', 'purolator', 1, 0, null, null],
    ]);
  });

  test('counts what waited for a person, and how long', async () => {
    assert.deepEqual(await months('exceptions', ['value', 'resolved', 'hours_p50', 'hours_p90'], 'reason'), [
      ['2026-03', 'dispatch_overdue', 2, 2, 2, 10],
    ]);
  });

  test('names its best sellers, countries and customers', async () => {
    const lamp = { key: 'LAMP', name: 'Desk lamp', currency: 'GBP', net: 32_000, gross: 34_000, units: 17, orders: 3 };
    const mug = { key: 'MUG', name: 'Blue mug', currency: 'GBP', net: 9_500, gross: 9_500, units: 19, orders: 3 };
    assert.deepEqual((await list('top', quarter)).data, [lamp, mug]);
    assert.deepEqual((await list('top', { ...quarter, by: 'units', limit: '1' })).data, [mug]);
    const keys = async (dimension: string) =>
      (await list('top', { ...quarter, dimension })).data.map(row => [row['key'], row['net'], row['orders']]);
    assert.deepEqual(await keys('country'), [
      ['GB', 39_000, 4],
      ['DE', 2_500, 1],
    ]);
    assert.deepEqual(await keys('customer'), [
      ['cus_cy', 28_000, 1],
      ['cus_ada', 11_000, 3],
      ['cus_bob', 2_500, 1],
    ]);
  });

  test('says what to reorder: the lamp, of which 3 are here and 6 come, below the 15 of its policy', async () => {
    assert.deepEqual((await list('reorder')).data, [
      {
        sku: 'LAMP',
        name: 'Desk lamp',
        location_id: 'loc_near',
        available: 3,
        backordered: 0,
        incoming: 6,
        incoming_at: '2026-03-30T09:00:00.000Z',
        position: 9,
        reorder_point: 15,
        target: 40,
        units_per_day: 0.5,
        days_left: 6,
        lead_days: 3,
        supplier_id: 'sup_one',
        quantity: 31,
        proposal_id: null,
        reasons: ['position_at_reorder_point'],
      },
    ]);
  });

  test('says what does not sell, and why it thinks so', async () => {
    assert.deepEqual((await list('slow-movers')).data, [
      {
        sku: 'MUG',
        name: 'Blue mug',
        available: 400,
        units_28_days: 10,
        days_of_cover: 1_120,
        last_sold_at: '2026-03-02T08:01:00.000Z',
        reason: 'over_180_days_of_cover',
      },
      { sku: 'VASE', name: null, available: 30, units_28_days: 0, days_of_cover: null, last_sold_at: null, reason: 'no_sale_in_90_days' },
    ]);
  });

  test('looks at sales up to an earlier moment where one is asked for', async () => {
    const before = '2026-03-02T08:00:00.000Z';
    const [mug] = (await list('slow-movers', { at: before })).data;
    assert.deepEqual([mug?.['sku'], mug?.['units_28_days'], mug?.['reason']], ['MUG', 4, 'over_180_days_of_cover']);
    const cover = await series_of(analytics, 'days_of_cover', { from: '2026-01-01', to: before });
    assert.deepEqual(
      cover.map(point => [point.at, point['units_28_days']]),
      [[before, 5]],
    );
  });

  test('shows the orders behind March’s sales, the newest first, and the next page', async () => {
    const march = { metric: 'net_sales', at: '2026-03-10', grain: 'month', currency: 'GBP' };
    const fifth = { id: 'ord_5', number: 1_005, currency: 'GBP', value: 28_000, at: '2026-03-20T08:00:00.000Z' };
    const fourth = { id: 'ord_4', number: 1_004, currency: 'GBP', value: 5_000, at: '2026-03-02T08:00:00.000Z' };
    assert.deepEqual((await list('drill', march)).data, [fifth, fourth]);
    assert.deepEqual((await list('drill', { ...march, group_by: 'sku', group: 'MUG' })).data, [fourth]);
    const first = await list('drill', { ...march, limit: '1' });
    assert.deepEqual(first.data, [fifth]);
    assert.deepEqual((await list('drill', { ...march, limit: '1', cursor: first.next_cursor ?? '' })).data, [fourth]);
    assert.deepEqual(
      (await list('drill', { metric: 'lead_time', ...quarter })).data.map(row => [row['id'], row['value']]),
      [
        ['po_2', 5],
        ['po_1', 3],
        ['po_3', 2],
      ],
    );
  });

  test('lists its metrics with what they can be asked for', async () => {
    const described = (await list('metrics')).data;
    assert.deepEqual(
      described.map(one => one['metric']),
      Object.keys(metrics),
    );
    for (const one of described) assert.equal((one['measures'] as string[])[0], 'value');
  });
});

test('each reason to reorder is said where it holds, what runs out first comes first', async () => {
  const { analytics, close } = await opened(tell_reasons);
  const { data } = await ask_route<List>(analytics, '/v1/analytics/reorder');
  assert.deepEqual(
    data.map(row => [row['sku'], row['days_left'], row['quantity'], row['reasons']]),
    [
      ['OUT', 0, 42, ['out_of_stock', 'runs_out_before_delivery']],
      // 10 a day for the 14 days until something comes and four weeks more, of which 20 are here; its policy's target says 10.
      ['SMALL', 2, 400, ['runs_out_before_delivery']],
      ['SOON', 5, 74, ['runs_out_before_delivery']],
      ['PROPOSED', null, 24, ['proposal_waits']],
      ['WAIT', null, 4, ['backorders_uncovered']],
    ],
  );
  await close();
});
