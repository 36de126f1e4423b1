import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, type TestContext, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { real_clock } from '../../platform/clock.ts';
import type { LogReader } from '../../platform/log.ts';
import type { Event, Logged } from '../../platform/service.ts';
import { compared_tables } from './compare.ts';
import type { Analytics } from './service.ts';
import { ask, begin, caught_up, contents, contents_at_once, fresh_folder, readers_of, until } from './testing/analytics.ts';
import { logs_of, memory_log } from './testing/lives.ts';
import { tell_orders } from './testing/stories.ts';

const logs = logs_of(31, tell_orders(60));
let at_once: ReturnType<typeof contents_at_once> | undefined;
/** What a store has that heard all of it in one batch. */
const all_contents = () => (at_once ??= contents_at_once(logs));
/** Stopped and removed, however the test ends. */
async function store(t: TestContext, readers: readonly LogReader[], batching?: { events_max: number; batch_ms: number }) {
  const { folder, remove } = await fresh_folder();
  const analytics = await begin(readers, folder, batching === undefined ? {} : { batching });
  t.after(async () => {
    await analytics.stop();
    await remove();
  });
  return { folder, analytics };
}
const ended = (analytics: Analytics) => analytics.rebuild.ended();

/** Logs of which the first reading hears something else than what stands in them. */
function readers_misheard(mishear: (event: Logged<Event>) => Logged<Event> | undefined, is_misheard: () => boolean): LogReader[] {
  return [...logs].map(([source, events]) => {
    const reader = memory_log(source, events);
    return {
      ...reader,
      async read(after, types) {
        const slice = await reader.read(after, types);
        return is_misheard() ? { ...slice, events: slice.events.flatMap(event => mishear(event) ?? []) } : slice;
      },
    };
  });
}

/** Seen once, on a busy machine: all tests over, every store closed, and the process stayed. Why is not known yet; a landing does not wait for it. */
after(() => void setTimeout(() => process.exit(), 10_000).unref());

describe('a rebuild', () => {
  test('finds no difference in a store that heard everything, and takes its place', async t => {
    const { folder, analytics } = await store(t, readers_of(logs));
    await caught_up(analytics);
    const before = await contents(analytics);
    assert.equal(analytics.rebuild.progress().state, 'none');
    const begun = analytics.rebuild.begin({ force: false });
    assert.equal(begun.state, 'reading');
    // One at a time.
    assert.equal(analytics.rebuild.begin({ force: false }).started_at, begun.started_at);
    // It answers all the while.
    assert.ok((await ask(analytics, 'select count(*) as orders from orders')).length === 1);
    await ended(analytics);
    const { state, differing, tables, events, events_per_second, logs: read, detail } = analytics.rebuild.progress();
    assert.deepEqual([state, differing, detail], ['done', 0, null]);
    assert.deepEqual(
      tables.map(table => table.table),
      compared_tables.map(table => table.name),
    );
    assert.ok(tables.every(table => table.rows === table.rebuilt_rows && table.differing === 0 && table.examples.length === 0));
    assert.equal(tables.find(table => table.table === 'event_raw')?.rows, events);
    assert.equal(events, [...logs.values()].flat().length);
    assert.ok(events_per_second > 0);
    assert.ok(read.every(log => log.position === log.head));
    assert.deepEqual(await contents(analytics), before);
    assert.equal(existsSync(join(folder, 'shadow')), false);
  });

  test('of a store that goes on hearing meets it at one watermark, and goes on from there', async t => {
    const shown = { upto: 0 };
    const readers = [...logs].map(([source, events]) => memory_log(source, events, { slice_max: 50, upto: () => shown.upto }));
    const { analytics } = await store(t, readers, { events_max: 200, batch_ms: 0 });
    shown.upto = 150;
    await caught_up(analytics);
    analytics.rebuild.begin({ force: false });
    let is_over = false;
    void ended(analytics).then(() => {
      is_over = true;
    });
    while (!is_over) {
      shown.upto += 5;
      analytics.poke();
      await real_clock.sleep(1);
    }
    assert.deepEqual([analytics.rebuild.progress().state, analytics.rebuild.progress().differing], ['done', 0]);
    shown.upto = 1_000_000;
    analytics.poke();
    await caught_up(analytics);
    assert.deepEqual(await contents(analytics), await all_contents());
  });

  test('names the rows that differ, keeps the store as it was, and replaces it when told to', async t => {
    const orders = logs.get('orders') ?? [];
    const first = orders.find(event => event.type === 'order.placed');
    const declined = (logs.get('payments') ?? []).find(event => event.type === 'payment.declined');
    assert.ok(first !== undefined && declined !== undefined);
    let is_misheard = true;
    const readers = readers_misheard(
      event => {
        if (event.id === declined.id) return undefined;
        // The amount of one order was one penny more.
        if (event.id === first.id)
          return { ...event, data: { ...(event.data as object), grand_total: (first.data as { grand_total: number }).grand_total + 1 } };
        return event;
      },
      () => is_misheard,
    );
    const { analytics } = await store(t, readers);
    await caught_up(analytics);
    is_misheard = false;
    const before = await contents(analytics);
    analytics.rebuild.begin({ force: false });
    await ended(analytics);
    const { state, differing, tables, detail } = analytics.rebuild.progress();
    assert.equal(state, 'diverged');
    const found = Object.fromEntries(tables.filter(table => table.differing > 0).map(table => [table.table, table.differing]));
    assert.deepEqual(found, { orders: 1, payment: 1, operation: 1, event_raw: 2 });
    assert.equal(differing, 5);
    assert.match(String(detail), /5 rows differ/);
    const [example] = tables.find(table => table.table === 'orders')?.examples ?? [];
    const [live, rebuilt] = [JSON.parse(String(example?.live)), JSON.parse(String(example?.rebuilt))];
    assert.equal(live.order_id, rebuilt.order_id);
    assert.equal(live.grand_total, rebuilt.grand_total + 1);
    assert.deepEqual(await contents(analytics), before);

    analytics.rebuild.begin({ force: true });
    await ended(analytics);
    assert.equal(analytics.rebuild.progress().state, 'done');
    await caught_up(analytics);
    assert.deepEqual(await contents(analytics), await all_contents());
    assert.throws(() => analytics.rebuild.begin({ force: true }), { status: 409, code: 'nothing_diverged' });
  });

  test('finds what is laid out otherwise than the facts say', async t => {
    const { folder, remove } = await fresh_folder();
    const heard = await begin(readers_of(logs), folder);
    await caught_up(heard);
    await heard.stop();
    const instance = await DuckDBInstance.create(join(folder, 'analytics.duckdb'));
    const connection = await instance.connect();
    await connection.run(
      `update money_change set net = net + 1 where order_id = (select min(order_id) from money_change) and kind = 'sale' and line_no = 1`,
    );
    await connection.run(
      `update order_change set cohort = '1999-01' where order_id = (select min(order_id) from order_change) and kind = 'sale'`,
    );
    await connection.run('update orders set began_at = began_at + interval 1 day where order_id = (select min(order_id) from orders)');
    connection.closeSync();
    instance.closeSync();
    const analytics = await begin(readers_of(logs), folder);
    t.after(async () => {
      await analytics.stop();
      await remove();
    });
    analytics.rebuild.begin({ force: false });
    await ended(analytics);
    const { state, tables, detail } = analytics.rebuild.progress();
    const found = Object.fromEntries(tables.filter(table => table.differing > 0).map(table => [table.table, table.differing]));
    assert.deepEqual([state, found], ['diverged', { money_change: 1, customer_change: 1, checkout: 1 }], String(detail));
  });

  test('that was cut off is forgotten: the next start removes what it left', async () => {
    const { folder, remove } = await fresh_folder();
    await mkdir(join(folder, 'shadow'), { recursive: true });
    await writeFile(join(folder, 'shadow', 'analytics.duckdb'), 'half a file');
    const analytics = await begin(readers_of(logs), folder);
    assert.equal(existsSync(join(folder, 'shadow')), false);
    await caught_up(analytics);
    analytics.rebuild.begin({ force: false });
    await until(() => analytics.rebuild.progress().events > 0);
    await analytics.stop();
    assert.ok(['failed', 'done'].includes(analytics.rebuild.progress().state));
    const again = await begin(readers_of(logs), folder);
    assert.equal(existsSync(join(folder, 'shadow')), false);
    await caught_up(again);
    assert.deepEqual(await contents(again), await all_contents());
    await again.stop();
    await remove();
  });
});
