/** Inventory's tables on real PostgreSQL: what is written is what was decided, and what the database itself refuses. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Row } from '../../platform/service.ts';
import type { InventoryCommand } from './commands.ts';
import { evolve_reservation } from './evolve_reservation.ts';
import { empty_stock_item, new_reservation, type Reservation } from './model.ts';
import { records, reservation_rows, stock_item_rows } from './store.ts';
import { allocate, consume, events_of, receive, release, reserve, stock, type TestStore, test_store, types_of } from './test_store.ts';

let store: TestStore;
before(async () => {
  store = await test_store();
});
after(() => store.harness.stop());

describe('rows', () => {
  const columns = async (table: string) =>
    (
      await store.sql<{ name: string }>(
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
    events_of(await store.submit([stock(sku, 'near', 5, 9), stock(sku, 'far', 2)]));
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
      for (const event of events_of(await store.submit(step))) {
        if (!('order_id' in event.data)) continue;
        folded = evolve_reservation(folded, event);
        version += 1;
      }
      const stored = await store.reservation('ord_life');
      const in_order = (lines: Reservation['lines']) =>
        lines.toSorted((a, b) => a.line_no - b.line_no || (a.location_id < b.location_id ? -1 : 1));
      assert.deepEqual({ ...stored, lines: in_order(stored?.lines ?? []) }, { ...folded, lines: in_order(folded.lines) });
      const [row] = await store.sql<{ version: number }>("select version from inventory.reservation where id = 'ord_life'");
      assert.equal(row?.version, version);
    }
    assert.equal(folded.status, 'closed');
    const said = await store.sql<{ type: string }>("select type from inventory.events where subject = 'ord_life' order by position");
    assert.equal(said.length, version);
  });

  test('a stock item is what the last stock.levels_changed says', async () => {
    const events = await store.sql<{ data: { levels: Row[] } }>(
      "select data from inventory.events where type = 'stock.levels_changed' order by position",
    );
    const last = new Map(events.flatMap(event => event.data.levels.map(level => [`${level['sku']}@${level['location_id']}`, level])));
    for (const [id, level] of last) {
      const [row] = await store.sql<{ version: number }>('select version from inventory.stock_item where id = $1', [id]);
      const { available: _available, version, ...counters } = level;
      assert.deepEqual({ ...(await store.stock_item(id)), version: row?.version }, { ...counters, version });
    }
  });

  test('a failed reservation keeps what it wanted, an expired one finds it in its lines', async () => {
    events_of(await store.submit([stock('AGAIN', 'near', 1)]));
    assert.deepEqual(types_of(await store.submit([reserve('ord_again', [['AGAIN', 2]])])), ['stock.reservation_failed']);
    assert.deepEqual((await store.reservation('ord_again'))?.wanted, [{ line_no: 1, sku: 'AGAIN', quantity: 2, accept_backorder: true }]);
    const again: InventoryCommand = {
      type: 'extend_reservation',
      order_id: 'ord_again',
      customer_ref: 'cus_1',
      reserve_until: '2026-01-01T00:00:00.000Z',
    };
    assert.deepEqual(types_of(await store.submit([again])), ['stock.reservation_failed']);
    events_of(await store.submit([stock('AGAIN', 'near', 2)]));
    assert.deepEqual(types_of(await store.submit([again])), ['stock.reserved', 'stock.depleted']);
    assert.equal((await store.reservation('ord_again'))?.reservation_no, 3);
  });
});

test('who waited for the lock of a reservation reads its lines as they are then', async () => {
  events_of(await store.submit([stock('LOCKED', 'near', 5)]));
  events_of(await store.submit([reserve('ord_locked', [['LOCKED', 2]])]));
  const [first, second] = [await store.harness.runtime.pool.connect(), await store.harness.runtime.pool.connect()];
  try {
    await first.query('begin');
    await first.query("update inventory.reservation set version = version + 1 where id = 'ord_locked'");
    await first.query("update inventory.reservation_line set held = 0, allocated = 2 where order_id = 'ord_locked'");
    await second.query('begin');
    const {
      rows: [backend],
    } = await second.query<{ pid: number }>('select pg_backend_pid() as pid');
    const pid = backend?.pid ?? 0;
    const waiting = second.query<{ rows: Row[] }>(reservation_rows.load, [['ord_locked']]);
    while (!(await blocked(pid))) await store.sql('select pg_sleep(0.01)');
    await first.query('commit');
    const [row] = (await waiting).rows;
    await second.query('rollback');
    const loaded = reservation_rows.from_row(row?.rows[0] ?? {});
    assert.deepEqual(
      loaded.lines.map(line => [line.held, line.allocated]),
      [[0, 2]],
    );
  } finally {
    first.release();
    second.release();
  }
});

async function blocked(pid: number): Promise<boolean> {
  const [row] = await store.sql<{ blocked: boolean }>('select cardinality(pg_blocking_pids($1)) > 0 as blocked', [pid]);
  return row?.blocked === true;
}

describe('the database refuses', () => {
  const refused = async (text: string, constraint: RegExp) => assert.rejects(store.sql(text), constraint);

  test('a promise of units that are not there, a backorder beyond the limit, a counter below zero', async () => {
    events_of(await store.submit([stock('CHECKED', 'near', 5, 2)]));
    const change = (set: string) => `update inventory.stock_item set ${set} where id = 'CHECKED@near'`;
    await refused(change('held = 6'), /promises_are_units/);
    await refused(change('allocated = 3, damaged = 3'), /promises_are_units/);
    await refused(change('backordered = 3'), /backorders_within_limit/);
    await refused(change('held = -1'), /stock_item_held_check/);
    await refused(change("sku = 'OTHER'"), /check/);
    await store.submit([reserve('ord_checked', [['CHECKED', 1]])]);
    await refused("update inventory.reservation_line set held = 0 where order_id = 'ord_checked'", /check/);
    await refused("update inventory.reservation set expires_at = null where id = 'ord_checked'", /check/);
  });

  test('the same cause to move the same units twice, though a decision would', async () => {
    events_of(await store.submit([receive('rcp_once', 'ONCE', 3)]));
    assert.deepEqual(types_of(await store.submit([receive('rcp_once', 'ONCE', 3)])), []);
    assert.deepEqual((await store.stock_item('ONCE@near')).on_hand, 3);
    await refused(
      "insert into inventory.stock_movement (kind, sku, location_id, from_account, to_account, quantity, cause_type, cause_id, actor, moved_at) select kind, sku, location_id, from_account, to_account, quantity, cause_type, cause_id, actor, moved_at from inventory.stock_movement where sku = 'ONCE'",
      /movement_once/,
    );
  });
});
