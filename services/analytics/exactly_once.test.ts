import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { recorded } from '../../contracts/recorded.ts';
import { real_clock } from '../../platform/clock.ts';
import type { LogReader } from '../../platform/log.ts';
import { seeded_random } from '../../platform/random.ts';
import type { Analytics } from './service.ts';
import { ask, begin, caught_up, contents, contents_at_once, fresh_folder, ingest_child, readers_of } from './testing/analytics.ts';
import { type Logs, log_names, logs_of, memory_log } from './testing/lives.ts';
import { tell_small_shop } from './testing/small_shop.ts';
import { tell_orders } from './testing/stories.ts';
import type { Answer } from './warehouses/warehouse.ts';

const placed_in = (told: Logs) =>
  new Set((told.get('orders') ?? []).filter(event => event.type === 'order.placed').map(event => event.key));

describe('exactly once', () => {
  const [seed, lives] = [11, 40];
  const logs = logs_of(seed, tell_orders(lives));
  let whole: Analytics | undefined;
  let home: Awaited<ReturnType<typeof fresh_folder>> | undefined;
  let expected: Record<string, Answer[]>;
  before(async () => {
    home = await fresh_folder();
    whole = await begin(readers_of(logs), home.folder);
    await caught_up(whole);
    expected = await contents(whole);
  });
  // Also when that failed: a store that hears keeps its process.
  after(async () => {
    await whole?.stop();
    await home?.remove();
  });

  test('every event is stored once, with what it said but nothing personal', () => {
    const events = [...logs.values()].flat();
    const raw = expected['event_raw'] ?? [];
    assert.equal(raw.length, events.length);
    assert.equal(
      raw.some(row => String(row['data']).includes('Ada')),
      false,
    );
    const first = raw.find(row => row['source'] === 'orders' && row['position'] === 1);
    const { id, key, type, time, subject, sequence } = logs.get('orders')?.[0] ?? recorded('order.placed');
    assert.deepEqual(
      [first?.['id'], first?.['key'], first?.['type'], first?.['time'], first?.['subject'], first?.['sequence']],
      [id, key, type, time, subject, sequence],
    );
  });

  for (const round of [1, 2]) {
    test(`in whatever order the logs come, however they are cut, handed over twice and interrupted (round ${round})`, async t => {
      const { next } = seeded_random(round);
      const shown = new Map<string, number>(log_names.map(name => [name, 0]));
      const readers: LogReader[] = [...logs].map(([source, events]) => {
        const reader = memory_log(source, events, { slice_max: 10 + Math.floor(next() * 150), upto: () => shown.get(source) ?? 0 });
        // Now and then a slice begins before what was asked for, or holds each event twice.
        return {
          ...reader,
          read: async (position, types) => {
            const slice = await reader.read(Math.max(0, position - (next() < 0.3 ? Math.floor(next() * 30) : 0)), types);
            return next() < 0.3 ? { ...slice, events: slice.events.flatMap(event => [event, event]) } : slice;
          },
        };
      });
      const { folder, remove } = await fresh_folder();
      const start = () => begin(readers, folder, { batching: { events_max: 20 + Math.floor(next() * 400), batch_ms: 0 } });
      let analytics = await start();
      t.after(async () => {
        await analytics.stop();
        await remove();
      });
      while ([...logs].some(([source, events]) => (shown.get(source) ?? 0) < events.length)) {
        for (const [source, events] of logs)
          if (next() < 0.5) shown.set(source, Math.min(events.length, (shown.get(source) ?? 0) + Math.floor(next() * 120)));
        analytics.poke();
        await caught_up(analytics);
        if (next() < 0.2) {
          await analytics.stop();
          analytics = await start();
        }
      }
      assert.deepEqual(await contents(analytics), expected);
    });
  }

  test('however often the process is killed', async t => {
    const { folder, remove } = await fresh_folder();
    const { next } = seeded_random(5);
    let kills = 0;
    while (true) {
      const { child, ended } = ingest_child(folder, seed, lives);
      t.after(() => child.kill('SIGKILL'));
      await new Promise<void>(resolve => {
        child.stdout.once('data', () => resolve());
        child.once('exit', () => resolve());
      });
      if (kills < 3) {
        await real_clock.sleep(next() * 150);
        child.kill('SIGKILL');
      }
      const code = await ended;
      if (code === 0) break;
      assert.equal(code, null, 'the child failed by itself');
      kills += 1;
    }
    const analytics = await begin(readers_of(logs), folder);
    t.after(async () => {
      await analytics.stop();
      await remove();
    });
    await caught_up(analytics);
    assert.deepEqual(await contents(analytics), expected);
    t.diagnostic(`${kills} kills`);
  });

  test('a customer whose first order is confirmed after later ones came first with that one, whenever it was heard', async t => {
    const told = logs_of(1, tell_small_shop);
    const said = told.get('orders') ?? [];
    const is_late = (event: (typeof said)[number]) => event.type === 'order.confirmed' && event.key === 'ord_1';
    const moved = [...said.filter(event => !is_late(event)), ...said.filter(is_late)].map((event, index) => ({
      ...event,
      position: index + 1,
    }));
    const late = new Map([...told, ['orders', moved]]);
    const { folder, remove } = await fresh_folder();
    const analytics = await begin(readers_of(late, 1), folder, { batching: { events_max: 1, batch_ms: 0 } });
    t.after(async () => {
      await analytics.stop();
      await remove();
    });
    await caught_up(analytics);
    const cohorts = await ask(analytics, `select distinct cohort from order_change where customer_ref = 'cus_ada'`);
    assert.deepEqual(cohorts, [{ cohort: '2026-01' }]);
    assert.deepEqual(await contents(analytics), await contents_at_once(late));
  });

  for (const [what, slice_max, events_max] of [
    ['alone', 500, 100_000],
    ['while the next one is read', 20, 100],
  ] as const)
    test(`a batch that fails leaves nothing of it: ${what}`, async t => {
      const { folder, remove } = await fresh_folder();
      const wrong = new Set(log_names.map(name => `${name} 25`));
      const readers = [...logs].map(([source, events]): LogReader => {
        const reader = memory_log(source, events, { slice_max });
        return {
          ...reader,
          async read(position, types) {
            const slice = await reader.read(position, types);
            // The first time, a version that no integer holds.
            const spoiled = slice.events.map(event =>
              wrong.delete(`${source} ${event.position}`) ? { ...event, sequence: 2 ** 40, time: 'never' } : event,
            );
            return { ...slice, events: spoiled };
          },
        };
      });
      const analytics = await begin(readers, folder, { batching: { events_max, batch_ms: 0 } });
      t.after(async () => {
        await analytics.stop();
        await remove();
      });
      await caught_up(analytics);
      assert.equal(wrong.size, 0, 'each log was spoiled once');
      assert.deepEqual(await contents(analytics), expected);
    });

  test('a subject with a control character, as a partner may name it, shifts nobody’s cells', async t => {
    const told = [...(logs.get('payments') ?? [])].map((event, index) =>
      index === 3 ? { ...event, subject: 'pay\u001f1', cause: '\u001f' } : event,
    );
    const { folder, remove } = await fresh_folder();
    const analytics = await begin(readers_of(new Map([...logs, ['payments', told]])), folder);
    t.after(async () => {
      await analytics.stop();
      await remove();
    });
    await caught_up(analytics);
    const raw = (await contents(analytics))['event_raw'] ?? [];
    const [strange] = raw.filter(row => row['source'] === 'payments' && row['position'] === 4);
    assert.deepEqual([strange?.['subject'], strange?.['cause']], ['pay\ufffd1', '\ufffd']);
    assert.deepEqual(
      raw.filter(row => row !== strange),
      (expected['event_raw'] ?? []).filter(row => row['source'] !== 'payments' || row['position'] !== 4),
    );
  });

  test('a log that cannot be read for a moment, when a part of the batch is already on its way', async t => {
    // More than one piece.
    const many = logs_of(seed, tell_orders(450));
    const failing = new Set(many.keys());
    const readers = [...many].map(([source, events]): LogReader => {
      const reader = memory_log(source, events);
      return {
        ...reader,
        async read(position, types) {
          if (position > events.length * 0.9 && failing.delete(source)) throw new Error('the database is not there');
          return reader.read(position, types);
        },
      };
    });
    const { folder, remove } = await fresh_folder();
    const analytics = await begin(readers, folder);
    t.after(async () => {
      await analytics.stop();
      await remove();
    });
    await caught_up(analytics);
    assert.equal(failing.size, 0, 'each log failed once');
    const [{ length: events }, { size: placed }] = [[...many.values()].flat(), placed_in(many)];
    assert.deepEqual(await ask(analytics, 'select count(*) as events, count(distinct id) as different from event_raw'), [
      { events, different: events },
    ]);
    assert.deepEqual(await ask(analytics, 'select count(*) as placed from orders where placed_at is not null'), [{ placed }]);
  });
});
