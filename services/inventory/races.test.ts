/** Inventory's races on real PostgreSQL: many buyers, two lanes, the queue and its timers. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { InventoryCommand } from './commands.ts';
import { allocate, events_of, item_of, receive, release, reserve, stock, type TestStore, test_store, types_of } from './test_store.ts';

let store: TestStore;
before(async () => {
  store = await test_store();
});
after(() => store.harness.stop());

describe('many at once', () => {
  test('500 buyers, 10 units at two locations, lines that repeat a SKU: exactly 10 are sold', async () => {
    events_of(await store.submit([stock('HOT', 'near', 6), stock('HOT', 'far', 4)]));
    const no_wait = (order_id: string): InventoryCommand => {
      const command = reserve(order_id, [
        ['HOT', 1],
        ['HOT', 1],
      ]);
      return command.type === 'reserve_stock'
        ? { ...command, lines: command.lines.map(line => ({ ...line, accept_backorder: false })) }
        : command;
    };
    const buyers = Array.from({ length: 500 }, (_, buyer) => no_wait(`ord_hot_${buyer}`));
    const results = await Promise.all(
      buyers.map((command, buyer) =>
        buyer % 2 === 0 ? store.harness.runtime.front.submit(item_of(command)) : store.harness.runtime.events.submit(item_of(command)),
      ),
    );
    const types = types_of(results);
    assert.equal(types.filter(type => type === 'stock.reserved').length, 5);
    assert.equal(types.filter(type => type === 'stock.reservation_failed').length, 495);
    assert.deepEqual([(await store.stock_item('HOT@near')).held, (await store.stock_item('HOT@far')).held], [6, 4]);
    const [kept] = await store.sql("select sum(held) as held from inventory.reservation_line where sku = 'HOT'");
    assert.deepEqual(kept, { held: '10' });
  });

  test('buyers, payers, cancellers and a warehouse in two lanes: sums and ledger agree, and nobody waits while units are free', async () => {
    const sku = 'RACE';
    events_of(await store.submit([stock(sku, 'near', 20, 1_000)]));
    const orders = Array.from({ length: 120 }, (_, number) => `ord_race_${number}`);
    const { front, events } = store.harness.runtime;
    events_of(
      await store.submit(
        orders.map(order_id =>
          reserve(order_id, [
            [sku, 1],
            [sku, 1],
          ]),
        ),
      ),
    );
    const second: InventoryCommand[] = orders.map((order_id, number) => (number % 5 === 4 ? release(order_id) : allocate(order_id)));
    const goods = Array.from({ length: 40 }, (_, number) => receive(`rcp_race_${number}`, sku, 1 + (number % 3)));
    const third = orders.filter((_, number) => number % 7 === 0).map(release);
    const work = [second, goods, third].flatMap((commands, lane) =>
      commands.map(command => (lane === 1 ? front : events).submit(item_of(command))),
    );
    for (const result of await Promise.all(work)) assert.equal(result.result, 'decided', JSON.stringify(result));
    await settled(sku);
    const item = await store.stock_item(`${sku}@near`);
    const [sums] = await store.sql(
      'select sum(held)::int as held, sum(allocated)::int as allocated, sum(backorder_held)::int as backorder_held, sum(backordered)::int as backordered from inventory.reservation_line where sku = $1',
      [sku],
    );
    const { held, allocated, backorder_held, backordered } = item;
    assert.deepEqual({ held, allocated, backorder_held, backordered }, sums);
    const [ledger] = await store.sql(
      "select sum(case when to_account in ('sellable', 'quality_control', 'damaged') then quantity else 0 end - case when from_account in ('sellable', 'quality_control', 'damaged') then quantity else 0 end)::int as units from inventory.stock_movement where sku = $1",
      [sku],
    );
    assert.deepEqual(ledger, { units: item.on_hand });
    assert(backordered === 0 || item.on_hand === held + allocated, 'units are free and somebody waits');
  });

  /** Until no timer of the queue is left: a condition, with a bound. */
  async function settled(sku: string): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const [left] = await store.sql("select 1 from inventory.timers where kind = 'backorders' and id = $1", [`${sku}@near`]);
      if (left === undefined) return;
      await store.sql('select pg_sleep(0.1)');
    }
    assert.fail('the queue was not served');
  }

  test('a batch of one and a batch of hundreds come to the same rows', async () => {
    const orders = (prefix: string) =>
      Array.from({ length: 100 }, (_, number) =>
        reserve(`ord_${prefix}_${number}`, [
          [`${prefix}1`, 1],
          [`${prefix}2`, 2],
        ]),
      );
    events_of(await store.submit(['ONE1', 'ONE2', 'ALL1', 'ALL2'].map(sku => stock(sku, 'near', 60, 20))));
    for (const order of orders('ONE')) events_of(await store.submit([order]));
    events_of(await store.submit(orders('ALL')));
    for (const number of [1, 2]) {
      const { sku: _one, ...one } = await store.stock_item(`ONE${number}@near`);
      const { sku: _all, ...all } = await store.stock_item(`ALL${number}@near`);
      assert.deepEqual(all, one);
    }
  });
});

test('units that are freed serve the queue by timer', async () => {
  const sku = 'FREED';
  events_of(await store.submit([stock(sku, 'near', 2, 5)]));
  events_of(await store.submit([reserve('ord_holds', [[sku, 2]])]));
  events_of(await store.submit([reserve('ord_waits', [[sku, 1]])]));
  events_of(await store.submit([allocate('ord_waits')]));
  events_of(await store.submit([release('ord_holds')]));
  for (let attempt = 0; attempt < 100 && (await store.stock_item(`${sku}@near`)).backordered > 0; attempt++)
    await store.sql('select pg_sleep(0.05)');
  const { allocated, backordered, held } = await store.stock_item(`${sku}@near`);
  assert.deepEqual({ allocated, backordered, held }, { allocated: 1, backordered: 0, held: 0 });
});

test('a forced adjustment finds the youngest unpaid reservations by their timers', async () => {
  const sku = 'FORCED';
  events_of(await store.submit([stock(sku, 'near', 4), stock('BESIDE', 'near', 2)]));
  events_of(await store.submit([reserve('ord_old', [[sku, 2]])]));
  events_of(
    await store.submit([
      reserve('ord_young', [
        [sku, 2],
        ['BESIDE', 2],
      ]),
    ]),
  );
  const take: InventoryCommand = {
    type: 'adjust_stock',
    sku,
    location_id: 'near',
    kind: 'counted',
    quantity: -1,
    reason: 'count',
    force: true,
  };
  assert.deepEqual(types_of(await store.submit([take])), [
    'stock.reservation_expired',
    'stock.adjusted',
    'stock.replenished',
    'stock.replenished',
  ]);
  assert.deepEqual([(await store.reservation('ord_old'))?.status, (await store.reservation('ord_young'))?.status], ['held', 'expired']);
  assert.equal((await store.stock_item('BESIDE@near')).held, 0);
});
