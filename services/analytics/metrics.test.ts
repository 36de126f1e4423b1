import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { metrics } from './metrics.ts';
import type { Analytics } from './service.ts';
import { ask as ask_sql, begin, caught_up, fresh_folder, readers_of, test_now } from './testing/analytics.ts';
import * as fold from './testing/fold.ts';
import * as fold_supply from './testing/fold_supply.ts';
import { logs_of } from './testing/lives.ts';
import { ask_route, type Point, series_of as series_of_metric } from './testing/questions.ts';
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

const ask = <T>(path: string, query: Readonly<Record<string, string>>): Promise<T> => ask_route(analytics, path, query);
const series_of = (metric: string, query: Readonly<Record<string, string>> = {}): Promise<readonly Point[]> =>
  series_of_metric(analytics, metric, { ...whole_month, ...query });
interface DrillPage {
  readonly data: readonly {
    readonly id: string;
    readonly number: number | null;
    readonly currency: string | null;
    readonly value: number;
    readonly at: string;
  }[];
  readonly next_cursor: string | null;
}
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
  test('supplier on time and in full, of what was due and not ours to cancel', async () => {
    const { lines, on_time_in_full } = fold_supply.supplier_otif(story, test_now);
    const series = await series_of('supplier_otif');
    assert.deepEqual([total(series, 'lines'), total(series, 'on_time_in_full')], [lines, on_time_in_full]);
    assert.ok(on_time_in_full > 5 && lines > on_time_in_full + 5);
  });
  test('lead time, p50, p90 and deviation', async () => {
    const elapsed = fold_supply.lead_times(story);
    const days = (ms: number | null) => Number(ms) / 86_400_000;
    const [month] = await series_of('lead_time', { grain: 'month' });
    assert.deepEqual(
      [month?.value, month?.['p90'], month?.['lines']],
      [days(fold.quantile(elapsed, 0.5)), days(fold.quantile(elapsed, 0.9)), elapsed.length],
    );
    assert.ok(Math.abs(Number(month?.['deviation']) - days(fold_supply.deviation(elapsed))) < 1e-6);
  });
  test('orders of customers: all come for the first time once', async () => {
    const { orders, customers } = fold_supply.customers(story);
    const months = await series_of('repeat_orders', { grain: 'month', group_by: 'cohort' });
    assert.deepEqual([total(months, 'orders'), total(months, 'new_customers')], [orders, customers]);
    assert.equal(total(months), orders - customers);
    assert.equal(total(months, 'net'), total(await series_of('net_sales')));
  });
  test('backorders queued, filled and cancelled', async () => {
    const series = await series_of('backorders', { group_by: 'sku' });
    const { queued, filled, cancelled } = fold_supply.backorders(story);
    assert.deepEqual([total(series), total(series, 'filled'), total(series, 'cancelled')], [queued, filled, cancelled]);
    assert.ok(filled > 0 && cancelled > 0 && queued > filled + cancelled);
  });
  test('movements, from account to account', async () => {
    const rows = await ask_sql(
      analytics,
      'select from_account, to_account, sum(quantity) as units from movement where from_account is not null group by all',
    );
    assert.deepEqual(
      Object.fromEntries(rows.map(row => [`${row['from_account']} ${row['to_account']}`, row['units']])),
      fold_supply.moved(story),
    );
  });
  test('exceptions raised and resolved', async () => {
    const series = await series_of('exceptions', { group_by: 'reason' });
    const of = (type: string) => story.events.filter(event => event.type === type).length;
    assert.deepEqual([total(series), total(series, 'resolved')], [of('exception.raised'), of('exception.resolved')]);
  });
  test('parcels dispatched, delivered and lost', async () => {
    const series = await series_of('parcels', { group_by: 'carrier' });
    const of = (type: string) => story.events.filter(event => event.type === type).length;
    assert.deepEqual(
      [total(series), total(series, 'delivered'), total(series, 'lost')],
      [of('shipment.dispatched'), of('parcel.delivered'), of('parcel.lost')],
    );
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

describe('behind a number', () => {
  test('stand the orders that make it, page by page, with what each adds', async () => {
    for (const metric of ['gmv', 'net_sales', 'units', 'orders', 'refunds', 'lost_demand', 'backorders']) {
      const expected = total(await series_of(metric));
      const seen = new Set<string>();
      let [sum, cursor] = [0, ''];
      do {
        const page: DrillPage = await ask('/v1/analytics/drill', {
          ...whole_month,
          metric,
          limit: '50',
          ...(cursor === '' ? {} : { cursor }),
        });
        for (const row of page.data) seen.add(row.id);
        sum += page.data.reduce((part, row) => part + Number(row.value), 0);
        assert.ok(page.data.length <= 50);
        assert.deepEqual(
          page.data,
          page.data.toSorted((a, b) => (a.at === b.at ? (a.id < b.id ? 1 : -1) : a.at < b.at ? 1 : -1)),
        );
        cursor = page.next_cursor ?? '';
        if (cursor === '') assert.equal(sum, expected, metric);
      } while (cursor !== '');
      assert.ok(seen.size > 5, metric);
    }
  });
  test('of a bucket, a currency and a group, the same number', async () => {
    const point = (await series_of('net_sales', { group_by: 'country' })).find(one => Number(one.value) > 0);
    assert.ok(point !== undefined);
    const { at, currency = '', group } = point;
    const page: DrillPage = await ask('/v1/analytics/drill', {
      metric: 'net_sales',
      at,
      grain: 'day',
      currency,
      group_by: 'country',
      group: group ?? '',
      limit: '200',
    });
    assert.equal(
      page.data.reduce((sum, row) => sum + Number(row.value), 0),
      point.value,
    );
    assert.ok(page.data.every(row => row.currency === currency && typeof row.number === 'number'));
  });
  test('of every metric answers, whatever it is grouped by', async () => {
    for (const [metric, { group_by }] of Object.entries(metrics)) {
      for (const by of group_by) {
        const page: DrillPage = await ask('/v1/analytics/drill', { ...whole_month, metric, group_by: by, group: "it's none" });
        assert.deepEqual(page.data, [], `${metric} by ${by}`);
      }
      const page: DrillPage = await ask('/v1/analytics/drill', { ...whole_month, metric });
      assert.ok(page.data.length > 0, metric);
    }
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
