/** Inventory on real PostgreSQL: what is written is what was decided, and what the database itself refuses. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { InventoryEvent } from '../../contracts/index.ts';
import type { Row } from '../../platform/service.ts';
import { type Harness, service_on_postgres } from '../../platform/testing/harness.ts';
import type { Result } from '../../platform/write.ts';
import type { InventoryCommand } from './commands.ts';
import { evolve_reservation } from './evolve_reservation.ts';
import { empty_stock_item, new_reservation, type Reservation, type StockItem } from './model.ts';
import { inventory_service, migrations_folder } from './service.ts';
import { records, reservation_rows, stock_item_rows } from './store.ts';

let harness: Harness;
let causes = 0;
const service = inventory_service();

before(async () => {
  harness = await service_on_postgres({ service, folder: migrations_folder });
  await sql(
    "insert into inventory.location values ('near', 1, 'Near', '{\"country\":\"GB\"}', 1, true), ('far', 1, 'Far', '{}', 2, true), ('old', 1, 'Old', '{}', 0, false)",
  );
});
after(() => harness.stop());

async function sql<T extends object = Row>(text: string, values: readonly unknown[] = []): Promise<T[]> {
  return (await harness.runtime.pool.query(text, [...values])).rows as T[];
}
const item_of = (command: InventoryCommand) => ({ command, cause: `evt_store${++causes}`, actor: 'system' });
/** Together: what is submitted in one turn shares a batch. */
const submit = (commands: readonly InventoryCommand[]): Promise<Result[]> =>
  Promise.all(commands.map(command => harness.runtime.front.submit(item_of(command))));
const events_of = (results: readonly Result[]): InventoryEvent[] =>
  results.flatMap(result => {
    if (result.result === 'failed') throw result.error;
    return result.result === 'decided' ? (result.events as InventoryEvent[]) : [];
  });
const types_of = (results: readonly Result[]) => events_of(results).map(event => event.type);

const stock = (sku: string, location_id: string, on_hand: number, backorder_limit = 0): InventoryCommand => ({
  type: 'import_stock',
  lines: [{ sku, location_id, on_hand, safety: null, backorder_limit }],
});
const reserve = (order_id: string, lines: readonly [string, number][], more: object = {}): InventoryCommand => ({
  type: 'reserve_stock',
  order_id,
  customer_ref: null,
  destination: { country: 'GB', region: null },
  priority: 5,
  replaces_order_id: null,
  lines: lines.map(([sku, quantity], index) => ({ line_no: index + 1, sku, quantity, accept_backorder: true })),
  ...more,
});
const allocate = (order_id: string): InventoryCommand => ({ type: 'allocate_stock', order_id });
const release = (order_id: string): InventoryCommand => ({
  type: 'release_stock',
  order_id,
  cause: 'order.expired',
  cancellation_no: null,
  answers: null,
  lines: null,
});
const receive = (receipt_id: string, sku: string, accepted: number): InventoryCommand => ({
  type: 'receive_stock',
  receipt_id,
  po_id: null,
  location_id: 'near',
  lines: [{ line_no: 1, sku, accepted, damaged: 0, inspect: false }],
});
const consume = (order_id: string, line_no: number, quantity: number, shipment_id = `shp_${order_id}`): InventoryCommand => ({
  type: 'consume_stock',
  order_id,
  shipment_id,
  parcels: [{ parcel_id: `pcl_${shipment_id}`, lines: [{ line_no, location_id: 'near', quantity }] }],
});

async function reservation(order_id: string): Promise<Reservation | undefined> {
  const [row] = await sql<{ rows: Row[] }>(reservation_rows.load, [[order_id]]);
  return row?.rows[0] === undefined ? undefined : reservation_rows.from_row(row.rows[0]);
}
async function stock_item(id: string): Promise<StockItem> {
  const [row] = await sql<{ rows: Row[] }>(stock_item_rows.load, [[id]]);
  return row?.rows[0] === undefined ? empty_stock_item(id) : stock_item_rows.from_row(row.rows[0]);
}

describe('rows', () => {
  const columns = async (table: string) =>
    (
      await sql<{ name: string }>(
        "select column_name as name from information_schema.columns where table_schema = 'inventory' and table_name = $1 and is_identity = 'NO'",
        [table],
      )
    )
      .map(row => row.name)
      .sort();

  test('every column has its field, every field its column', async () => {
    const state = { ...new_reservation('ord_1'), requested_at: '2026-03-01T10:00:00.000Z' };
    const line = {
      reservation_no: 1,
      line_no: 1,
      location_id: 'near',
      sku: 'A',
      accept_backorder: true,
      quantity: 0,
      held: 0,
      backorder_held: 0,
      allocated: 0,
      backordered: 0,
      consumed: 0,
      released: 0,
    };
    const [child] = reservation_rows.children?.[0]?.diff(undefined, { ...state, lines: [line] }).added ?? [];
    assert.deepEqual([...Object.keys(reservation_rows.to_row(state, 'ord_1')), 'id', 'version'].sort(), await columns('reservation'));
    assert.deepEqual(Object.keys(child ?? {}).sort(), await columns('reservation_line'));
    assert.deepEqual(
      [...Object.keys(stock_item_rows.to_row(empty_stock_item('A@near'), 'A@near')), 'id', 'version'].sort(),
      await columns('stock_item'),
    );
    for (const name of await columns('stock_movement')) assert.match(records['stock_movement'] ?? '', new RegExp(`\\b${name}\\b`));
  });

  test('a stored reservation is the fold of its events, through every step of its life', async () => {
    const sku = 'LIFE';
    events_of(await submit([stock(sku, 'near', 5, 9), stock(sku, 'far', 2)]));
    const steps: InventoryCommand[][] = [
      [
        reserve('ord_life', [
          [sku, 6],
          [sku, 3],
        ]),
      ],
      [{ type: 'extend_reservation', order_id: 'ord_life', customer_ref: null, reserve_until: '2099-01-01T00:00:00.000Z' }],
      [allocate('ord_life')],
      [receive('rcp_life', sku, 1)],
      [consume('ord_life', 1, 3)],
      [
        {
          type: 'replace_short_units',
          order_id: 'ord_life',
          shipment_id: 'shp_2',
          answers: 'evt_short',
          reason: 'test',
          lines: [{ line_no: 1, location_id: 'near', quantity: 1 }],
        },
      ],
      [
        {
          type: 'release_stock',
          order_id: 'ord_life',
          cause: 'order.lines_cancelled',
          cancellation_no: 1,
          answers: 'evt_cancel',
          lines: [{ line_no: 2, location_id: null, quantity: 1, quantity_backordered: 1 }],
        },
      ],
      [release('ord_life')],
    ];
    let folded = new_reservation('ord_life');
    let version = 0;
    for (const step of steps) {
      for (const event of events_of(await submit(step))) {
        if (!('order_id' in event.data)) continue;
        folded = evolve_reservation(folded, event);
        version += 1;
      }
      const stored = await reservation('ord_life');
      const in_order = (lines: Reservation['lines']) =>
        lines.toSorted((a, b) => a.line_no - b.line_no || (a.location_id < b.location_id ? -1 : 1));
      assert.deepEqual({ ...stored, lines: in_order(stored?.lines ?? []) }, { ...folded, lines: in_order(folded.lines) });
      const [row] = await sql<{ version: number }>("select version from inventory.reservation where id = 'ord_life'");
      assert.equal(row?.version, version);
    }
    assert.equal(folded.status, 'closed');
    const said = await sql<{ type: string }>("select type from inventory.events where subject = 'ord_life' order by position");
    assert.equal(said.length, version);
  });

  test('a stock item is what the last stock.levels_changed says', async () => {
    const events = await sql<{ data: { levels: Row[] } }>(
      "select data from inventory.events where type = 'stock.levels_changed' order by position",
    );
    const last = new Map(events.flatMap(event => event.data.levels.map(level => [`${level['sku']}@${level['location_id']}`, level])));
    for (const [id, level] of last) {
      const [row] = await sql<{ version: number }>('select version from inventory.stock_item where id = $1', [id]);
      const { available: _available, version, ...counters } = level;
      assert.deepEqual({ ...(await stock_item(id)), version: row?.version }, { ...counters, version });
    }
  });

  test('a failed reservation keeps what it wanted, an expired one finds it in its lines', async () => {
    events_of(await submit([stock('AGAIN', 'near', 1)]));
    assert.deepEqual(types_of(await submit([reserve('ord_again', [['AGAIN', 2]])])), ['stock.reservation_failed']);
    assert.deepEqual((await reservation('ord_again'))?.wanted, [{ line_no: 1, sku: 'AGAIN', quantity: 2, accept_backorder: true }]);
    const again: InventoryCommand = {
      type: 'extend_reservation',
      order_id: 'ord_again',
      customer_ref: 'cus_1',
      reserve_until: '2026-01-01T00:00:00.000Z',
    };
    assert.deepEqual(types_of(await submit([again])), ['stock.reservation_failed']);
    events_of(await submit([stock('AGAIN', 'near', 2)]));
    assert.deepEqual(types_of(await submit([again])), ['stock.reserved', 'stock.depleted']);
    assert.equal((await reservation('ord_again'))?.reservation_no, 3);
  });
});

describe('the database refuses', () => {
  const refused = async (text: string, constraint: RegExp) => assert.rejects(sql(text), constraint);

  test('a promise of units that are not there, a backorder beyond the limit, a counter below zero', async () => {
    events_of(await submit([stock('CHECKED', 'near', 5, 2)]));
    const change = (set: string) => `update inventory.stock_item set ${set} where id = 'CHECKED@near'`;
    await refused(change('held = 6'), /promises_are_units/);
    await refused(change('allocated = 3, damaged = 3'), /promises_are_units/);
    await refused(change('backordered = 3'), /backorders_within_limit/);
    await refused(change('held = -1'), /stock_item_held_check/);
    await refused(change("sku = 'OTHER'"), /check/);
    await submit([reserve('ord_checked', [['CHECKED', 1]])]);
    await refused("update inventory.reservation_line set held = 0 where order_id = 'ord_checked'", /check/);
    await refused("update inventory.reservation set expires_at = null where id = 'ord_checked'", /check/);
  });

  test('the same cause to move the same units twice, though a decision would', async () => {
    events_of(await submit([receive('rcp_once', 'ONCE', 3)]));
    assert.deepEqual(types_of(await submit([receive('rcp_once', 'ONCE', 3)])), []);
    assert.deepEqual((await stock_item('ONCE@near')).on_hand, 3);
    await refused(
      "insert into inventory.stock_movement (kind, sku, location_id, from_account, to_account, quantity, cause_type, cause_id, actor, moved_at) select kind, sku, location_id, from_account, to_account, quantity, cause_type, cause_id, actor, moved_at from inventory.stock_movement where sku = 'ONCE'",
      /movement_once/,
    );
  });
});

describe('many at once', () => {
  test('500 buyers, 10 units at two locations, lines that repeat a SKU: exactly 10 are sold', async () => {
    events_of(await submit([stock('HOT', 'near', 6), stock('HOT', 'far', 4)]));
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
        buyer % 2 === 0 ? harness.runtime.front.submit(item_of(command)) : harness.runtime.events.submit(item_of(command)),
      ),
    );
    const types = types_of(results);
    assert.equal(types.filter(type => type === 'stock.reserved').length, 5);
    assert.equal(types.filter(type => type === 'stock.reservation_failed').length, 495);
    assert.deepEqual([(await stock_item('HOT@near')).held, (await stock_item('HOT@far')).held], [6, 4]);
    const [kept] = await sql("select sum(held) as held from inventory.reservation_line where sku = 'HOT'");
    assert.deepEqual(kept, { held: '10' });
  });

  test('buyers, payers, cancellers and a warehouse in two lanes: sums and ledger agree, and nobody waits while units are free', async () => {
    const sku = 'RACE';
    events_of(await submit([stock(sku, 'near', 20, 1_000)]));
    const orders = Array.from({ length: 120 }, (_, number) => `ord_race_${number}`);
    const { front, events } = harness.runtime;
    events_of(
      await submit(
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
    const item = await stock_item(`${sku}@near`);
    const [sums] = await sql(
      'select sum(held)::int as held, sum(allocated)::int as allocated, sum(backorder_held)::int as backorder_held, sum(backordered)::int as backordered from inventory.reservation_line where sku = $1',
      [sku],
    );
    const { held, allocated, backorder_held, backordered } = item;
    assert.deepEqual({ held, allocated, backorder_held, backordered }, sums);
    const [ledger] = await sql(
      "select sum(case when to_account in ('sellable', 'quality_control', 'damaged') then quantity else 0 end - case when from_account in ('sellable', 'quality_control', 'damaged') then quantity else 0 end)::int as units from inventory.stock_movement where sku = $1",
      [sku],
    );
    assert.deepEqual(ledger, { units: item.on_hand });
    assert(backordered === 0 || item.on_hand === held + allocated, 'units are free and somebody waits');
  });

  /** Until no timer of the queue is left: a condition, with a bound. */
  async function settled(sku: string): Promise<void> {
    for (let attempt = 0; attempt < 100; attempt++) {
      const [left] = await sql("select 1 from inventory.timers where kind = 'backorders' and id = $1", [`${sku}@near`]);
      if (left === undefined) return;
      await sql('select pg_sleep(0.1)');
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
    events_of(await submit(['ONE1', 'ONE2', 'ALL1', 'ALL2'].map(sku => stock(sku, 'near', 60, 20))));
    for (const order of orders('ONE')) events_of(await submit([order]));
    events_of(await submit(orders('ALL')));
    for (const number of [1, 2]) {
      const { sku: _one, ...one } = await stock_item(`ONE${number}@near`);
      const { sku: _all, ...all } = await stock_item(`ALL${number}@near`);
      assert.deepEqual(all, one);
    }
  });
});

test('units that are freed serve the queue by timer', async () => {
  const sku = 'FREED';
  events_of(await submit([stock(sku, 'near', 2, 5)]));
  events_of(await submit([reserve('ord_holds', [[sku, 2]])]));
  events_of(await submit([reserve('ord_waits', [[sku, 1]])]));
  events_of(await submit([allocate('ord_waits')]));
  events_of(await submit([release('ord_holds')]));
  for (let attempt = 0; attempt < 100 && (await stock_item(`${sku}@near`)).backordered > 0; attempt++) await sql('select pg_sleep(0.05)');
  const { allocated, backordered, held } = await stock_item(`${sku}@near`);
  assert.deepEqual({ allocated, backordered, held }, { allocated: 1, backordered: 0, held: 0 });
});

test('a forced adjustment finds the youngest unpaid reservations by their timers', async () => {
  const sku = 'FORCED';
  events_of(await submit([stock(sku, 'near', 4), stock('BESIDE', 'near', 2)]));
  events_of(await submit([reserve('ord_old', [[sku, 2]])]));
  events_of(
    await submit([
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
  assert.deepEqual(types_of(await submit([take])), [
    'stock.reservation_expired',
    'stock.adjusted',
    'stock.replenished',
    'stock.replenished',
  ]);
  assert.deepEqual([(await reservation('ord_old'))?.status, (await reservation('ord_young'))?.status], ['held', 'expired']);
  assert.equal((await stock_item('BESIDE@near')).held, 0);
});
