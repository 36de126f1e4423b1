import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import Value from 'typebox/value';
import { test_request } from '../../platform/testing/harness.ts';
import { metrics } from './metrics.ts';
import { analytics_routes } from './routes.ts';
import type { Analytics } from './service.ts';
import { begin, caught_up, fresh_folder, readers_of, test_now } from './testing/analytics.ts';
import * as fold from './testing/fold.ts';
import { logs_of } from './testing/lives.ts';
import { tell_orders } from './testing/stories.ts';

const seed = 20_260_301;
const logs = logs_of(seed, tell_orders(600));
const story = fold.story_of(logs);
const whole_month = { from: '2026-03-01', to: '2026-04-01' };

let analytics: Analytics;
let remove: () => Promise<void>;
before(async () => {
  const fresh = await fresh_folder();
  remove = fresh.remove;
  analytics = await begin(readers_of(logs), fresh.folder);
  await caught_up(analytics);
});
after(async () => {
  await analytics.stop();
  await remove();
});

interface Point {
  readonly at: string;
  readonly currency?: string;
  readonly group?: string | null;
  readonly value: number | null;
  readonly [measure: string]: unknown;
}

async function ask<T>(path: string, query: Readonly<Record<string, string>>, params: Readonly<Record<string, string>> = {}): Promise<T> {
  const route = analytics_routes(analytics, { now: () => test_now }).find(one => one.path === path);
  assert.ok(route !== undefined);
  const reply = await route.handle(test_request(undefined, { query, params }));
  assert.ok('body' in reply && reply.status === 200);
  const body: unknown = JSON.parse(JSON.stringify(reply.body));
  const declared = route.replies[200];
  assert.ok(declared !== undefined);
  assert.deepEqual([...Value.Errors(declared, body)], [], path);
  // As declared: the test names the part it looks at.
  return body as T;
}
const series_of = async (metric: string, query: Readonly<Record<string, string>> = {}): Promise<readonly Point[]> =>
  (await ask<{ series: readonly Point[] }>('/v1/analytics/metrics/:metric', { ...whole_month, ...query }, { metric })).series;
const by_day = (series: readonly Point[]) =>
  Object.fromEntries(series.map(point => [`${point.at.slice(0, 10)} ${point.currency}`, point.value]));
const by_group = (series: readonly Point[]) => {
  const totals = fold.sums();
  for (const point of series) totals.add(String(point.group), point.value ?? 0);
  return totals.all();
};
const total = (series: readonly Point[], measure = 'value') => series.reduce((sum, point) => sum + Number(point[measure] ?? 0), 0);
/** Buckets in which everything was undone sum to 0; a plain fold may not have begun them. */
const without_zeros = (values: Record<string, number | null>) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 0));

describe(`the numbers of 600 generated lives (seed ${seed}) equal a plain fold of their events:`, () => {
  test('GMV, per day and currency', async () => assert.deepEqual(by_day(await series_of('gmv')), fold.gmv(story)));
  test('net sales, with cancellations and credits on their own days', async () => {
    assert.deepEqual(without_zeros(by_day(await series_of('net_sales'))), without_zeros(fold.net_sales(story)));
  });
  test('refunds, without those that failed after all', async () =>
    assert.deepEqual(by_day(await series_of('refunds')), fold.refunds(story)));
  test('units per SKU', async () =>
    assert.deepEqual(by_group(await series_of('units', { group_by: 'sku', grain: 'month' })), fold.units(story)));
  test('orders, placed and confirmed', async () => {
    const [month] = await series_of('orders', { grain: 'month' });
    const confirmed = [...story.orders.values()].filter(order => order.confirmed_at !== undefined).length;
    assert.deepEqual([month?.value, month?.['confirmed']], [story.orders.size, confirmed]);
  });
  test('AOV, half up', async () => {
    for (const { currency, value } of await series_of('aov', { grain: 'month' })) {
      const orders = [...story.orders.values()].filter(order => order.confirmed_at !== undefined && order.currency === currency);
      const net = orders.flatMap(order => [...order.lines.values()]).reduce((sum, line) => sum + line.net, 0);
      assert.equal(value, Math.floor(net / orders.length + 0.5));
    }
  });
  test('payment success per gateway; late money is none', async () => {
    const series = await series_of('payment_success', { group_by: 'gateway', grain: 'month' });
    const told = Object.fromEntries(series.map(({ group, succeeded, refused, unknown }) => [group, { succeeded, refused, unknown }]));
    assert.deepEqual(told, { ...fold.payments(story) });
    for (const { group, value } of series) {
      const { succeeded, refused } = fold.payments(story)[String(group)] ?? { succeeded: 0, refused: 0 };
      assert.equal(value, succeeded / (succeeded + refused));
    }
  });
  test('declines by code, whose shares make one', async () => {
    const series = await series_of('payment_declines', { group_by: 'decline_code', grain: 'month' });
    assert.deepEqual(series.map(point => point.group).sort(), ['do_not_honor', 'insufficient_funds']);
    const declined = story.events.filter(event => event.type === 'payment.declined').length;
    assert.equal(total(series), declined);
    assert.ok(Math.abs(total(series, 'share') - 1) < 1e-9);
  });
  test('time of calls to gateways', async () => {
    const elapsed = story.events
      .flatMap(event => ('elapsed_ms' in event.data && typeof event.data.elapsed_ms === 'number' ? [event.data.elapsed_ms] : []))
      .sort((a, b) => a - b);
    const [month] = await series_of('payment_operation_time', { grain: 'month' });
    assert.deepEqual(
      [month?.value, month?.['p99'], month?.['calls']],
      [fold.quantile(elapsed, 0.5), fold.quantile(elapsed, 0.99), elapsed.length],
    );
  });
  test('click to ship, p50 and p90', async () => {
    const elapsed = fold.click_to_ship(story);
    const [month] = await series_of('click_to_ship', { grain: 'month' });
    assert.deepEqual(
      [month?.value, month?.['p90'], month?.['orders']],
      [fold.quantile(elapsed, 0.5), fold.quantile(elapsed, 0.9), elapsed.length],
    );
  });
  test('on-time delivery by the first promise', async () => {
    const [month] = await series_of('on_time_delivery', { grain: 'month' });
    const { on_time, delivered, overdue } = fold.on_time(story, test_now);
    assert.ok(delivered > 100 && overdue > 0);
    assert.deepEqual([month?.['delivered'], month?.['overdue'], month?.value], [delivered, overdue, on_time / (delivered + overdue)]);
  });
  test('split rate', async () => {
    const { any, several } = fold.split(story);
    const series = await series_of('split_rate');
    assert.deepEqual([total(series, 'orders'), total(series, 'split')], [any, several]);
  });
  test('stockout rate: the same time, however it is cut', async () => {
    const expected = fold.stockout(story, test_now);
    for (const grain of ['hour', 'day', 'week', 'month']) {
      const series = await series_of('stockout_rate', { grain });
      assert.deepEqual({ out_ms: total(series, 'out_ms'), ms: total(series, 'ms') }, expected, grain);
    }
    assert.ok(expected.out_ms > 0);
  });
  test('lost demand: per customer, SKU and day once', async () => {
    assert.deepEqual(without_zeros(by_group(await series_of('lost_demand', { group_by: 'sku' }))), without_zeros(fold.lost_demand(story)));
  });
  test('days of cover', async () => {
    const series = await series_of('days_of_cover', { group_by: 'sku' });
    assert.ok(series.length > 5 && series.every(point => point.at === test_now));
    for (const point of series) {
      const [sold, available] = [Number(point['units_28_days']), Number(point['available'])];
      assert.equal(point.value, sold === 0 ? null : (available * 28) / sold);
    }
    const confirmed = [...story.orders.values()].filter(order => order.confirmed_at !== undefined);
    const stocked = new Set(series.map(point => point.group));
    const sold = confirmed
      .flatMap(order => [...order.lines.values()])
      .filter(line => stocked.has(line.sku))
      .reduce((sum, line) => sum + line.quantity, 0);
    assert.equal(total(series, 'units_28_days'), sold);
  });
  test('the funnel puts every checkout in one bucket', async () => {
    const funnel = await ask<{
      cohort: number;
      conversion: number;
      buckets: Record<string, number>;
      steps: { step: string; checkouts: number; p50_ms: number | null }[];
    }>('/v1/analytics/funnel', {
      ...whole_month,
      from: '2026-02-27',
    });
    assert.deepEqual(without_zeros(funnel.buckets), fold.checkout_buckets(story, test_now));
    assert.equal(
      Object.values(funnel.buckets).reduce((sum, count) => sum + count, 0),
      funnel.cohort,
    );
    const steps = new Map(funnel.steps.map(step => [step.step, step]));
    assert.equal(steps.get('placed')?.checkouts, story.orders.size);
    assert.equal(steps.get('dispatched')?.checkouts, fold.split(story).any);
    assert.ok(Number(steps.get('confirmed')?.p50_ms) > 0);
    assert.equal(funnel.conversion, Number(steps.get('confirmed')?.checkouts) / funnel.cohort);
  });
  test('the overview is the same numbers over the whole period', async () => {
    const overview = await ask<{
      money: { currency: string; gross: number; net: number; refunds: number }[];
      orders: number;
      units: number;
      open_exceptions: number;
      watermark: string;
    }>('/v1/analytics/overview', whole_month);
    for (const { currency, gross, net, refunds } of overview.money) {
      const of = (values: Record<string, number>) =>
        Object.entries(values)
          .filter(([name]) => name.endsWith(currency))
          .reduce((sum, [, value]) => sum + value, 0);
      assert.deepEqual([gross, net, refunds], [of(fold.gmv(story)), of(fold.net_sales(story)), of(fold.refunds(story))]);
    }
    assert.deepEqual(
      overview.money.map(one => one.currency),
      ['EUR', 'GBP'],
    );
    assert.equal(overview.orders, story.orders.size);
    assert.equal(
      overview.units,
      Object.values(fold.units(story)).reduce((sum, value) => sum + value, 0),
    );
    const resolved = story.events.filter(event => event.type === 'exception.resolved').length;
    assert.equal(overview.open_exceptions, story.events.filter(event => event.type === 'exception.raised').length - resolved);
    assert.equal(overview.watermark, test_now);
  });
});

describe('a metric', () => {
  test('sums to the same whatever the grain and the group', async () => {
    for (const name of ['gmv', 'net_sales', 'units', 'orders', 'refunds']) {
      const expected = total(await series_of(name));
      for (const grain of ['hour', 'week', 'month']) assert.equal(total(await series_of(name, { grain })), expected, `${name} by ${grain}`);
      for (const group_by of metrics[name]?.group_by ?? [])
        assert.equal(total(await series_of(name, { group_by })), expected, `${name} by ${group_by}`);
    }
  });
  test('answers by every grain and group it allows', async () => {
    for (const [name, metric] of Object.entries(metrics)) {
      for (const group_by of metric.group_by)
        assert.ok(Array.isArray(await series_of(name, { group_by, grain: 'week' })), `${name} by ${group_by}`);
    }
  });
  test('refuses a group it does not know, a period that ends before it begins, more points than a reply holds; and one nobody knows is not found', async () => {
    const refusals: readonly [string, Readonly<Record<string, string>>, number, string][] = [
      ['gmv', { group_by: 'gateway' }, 422, 'unknown_value'],
      ['gmv', { from: '2026-04-02' }, 422, 'out_of_range'],
      ['gmv', { from: '2026-02-31T25:00:00Z' }, 422, 'format'],
      ['gmv', { from: '1990-01-01', grain: 'hour' }, 422, 'out_of_range'],
      ['profit', {}, 404, 'not_found'],
      ['constructor', {}, 404, 'not_found'],
    ];
    for (const [metric, query, status, code] of refusals)
      await assert.rejects(series_of(metric, query), { status, code }, `${metric} ${JSON.stringify(query)}`);
  });
});
