/** Random lives of orders over few units: what must hold after every batch, and that batches do not change the outcome. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { later } from '../../platform/service.ts';
import { type InMemory, test_time } from '../../platform/testing/in_memory.ts';
import type { InventoryCommand } from './commands.ts';
import { available, item_id, keeps_units, type Reservation, type StockItem, sellable } from './model.ts';
import { far, near, type Shop, shop } from './test_shop.ts';

const skus = ['A', 'B', 'C'] as const;
const runs = 300;

const quantity = fc.integer({ min: 1, max: 4 });
const order_id = fc.integer({ min: 1, max: 8 }).map(number => `ord_${number}`);
const location_id = fc.constantFrom(near, far);
const sku = fc.constantFrom(...skus);
const wanted = fc
  .array(fc.record({ sku, quantity, accept_backorder: fc.boolean() }), { minLength: 1, maxLength: 4 })
  .map(lines => lines.map((line, index) => ({ line_no: index + 1, ...line })));
const units_at = fc.array(fc.record({ line_no: fc.integer({ min: 1, max: 4 }), location_id, quantity }), { minLength: 1, maxLength: 3 });

let causes = 0;
const fresh = (prefix: string) => `${prefix}_${++causes}`;

const reserve = fc.record({
  order_id,
  priority: fc.integer({ min: 0, max: 9 }),
  lines: wanted,
  replaces_order_id: fc.option(order_id, { freq: 8 }),
});
const reserve_stock = reserve.map(
  (asked): InventoryCommand => ({ type: 'reserve_stock', customer_ref: null, destination: null, ...asked }),
);
const release = fc.record({ order_id, lines: fc.option(units_at) });

const command: fc.Arbitrary<InventoryCommand> = fc.oneof(
  { weight: 8, arbitrary: reserve_stock },
  { weight: 6, arbitrary: order_id.map((id): InventoryCommand => ({ type: 'allocate_stock', order_id: id })) },
  {
    weight: 2,
    arbitrary: order_id.map(
      (id): InventoryCommand => ({
        type: 'extend_reservation',
        order_id: id,
        customer_ref: null,
        reserve_until: later(test_time, 3_600_000),
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: release.map(
      ({ order_id: id, lines }): InventoryCommand => ({
        type: 'release_stock',
        order_id: id,
        cause: 'test',
        cancellation_no: null,
        answers: lines === null ? null : fresh('evt'),
        lines: lines?.map(line => ({ ...line, quantity_backordered: null })) ?? null,
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({ order_id, lines: units_at }).map(
      ({ order_id: id, lines }): InventoryCommand => ({
        type: 'consume_stock',
        order_id: id,
        shipment_id: fresh('shp'),
        parcels: [{ parcel_id: fresh('pcl'), lines }],
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.record({ order_id, lines: units_at }).map(
      ({ order_id: id, lines }): InventoryCommand => ({
        type: 'replace_short_units',
        order_id: id,
        shipment_id: null,
        answers: fresh('evt'),
        reason: 'test',
        lines,
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.record({ location_id, sku, accepted: quantity, damaged: fc.integer({ min: 0, max: 1 }), inspect: fc.boolean() }).map(
      ({ location_id: at, ...line }): InventoryCommand => ({
        type: 'receive_stock',
        receipt_id: fresh('rcp'),
        po_id: null,
        location_id: at,
        lines: [{ line_no: 1, ...line }],
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        sku,
        location_id,
        quantity: fc.integer({ min: -4, max: 4 }).filter(change => change !== 0),
        kind: fc.constantFrom('adjusted', 'damaged', 'received', 'counted'),
        force: fc.boolean(),
      })
      .map((asked): InventoryCommand => ({ type: 'adjust_stock', reason: 'test', ...asked })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ sku, location_id, sellable: quantity, damaged: quantity })
      .map((asked): InventoryCommand => ({ type: 'inspect_stock', reason: 'test', ...asked })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ sku, location_id, safety: fc.integer({ min: 0, max: 3 }), backorder_limit: fc.integer({ min: 0, max: 6 }) })
      .map((asked): InventoryCommand => ({ type: 'set_stock_policy', low_threshold: 2, if_version: null, ...asked })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ sku, location_id })
      .map((at): InventoryCommand => ({ type: 'fill_backorders', item_id: item_id(at.sku, at.location_id) })),
  },
);

function opened(): Shop {
  const stock = skus.flatMap((one, index) => [
    [`${one}@near`, { on_hand: 4 + index, backorder_limit: 6, low_threshold: 1 }] as const,
    [`${one}@far`, { on_hand: 3, safety: 1 }] as const,
  ]);
  return shop(Object.fromEntries(stock));
}

const states = <T>(memory: InMemory, kind: string) => [...(memory.rows.get(kind)?.values() ?? [])].map(row => row.state as T);

/** S3 to S5, S7, S8 and S12 of the design, on the rows themselves. */
function check(given: Shop, at: string): void {
  const items = states<StockItem>(given.memory, 'stock_item');
  const reservations = states<Reservation>(given.memory, 'reservation');
  for (const item of items) {
    const { reorder_point: _reorder_point, sku: _sku, location_id: _location_id, ...numbers } = item;
    for (const [name, value] of Object.entries(numbers)) assert(value >= 0, `${name} of ${item.sku}@${item.location_id} is ${value}`);
    assert(item.held + item.allocated <= sellable(item), `${item.sku}@${item.location_id} promises more than is there`);
    assert(item.backorder_held + item.backordered <= item.backorder_limit, 'more backorders than allowed');
    const lines = reservations.flatMap(one => one.lines).filter(line => line.sku === item.sku && line.location_id === item.location_id);
    for (const counter of ['held', 'backorder_held', 'allocated', 'backordered'] as const) {
      assert.equal(
        item[counter],
        lines.reduce((sum, line) => sum + line[counter], 0),
        `${counter} of ${item.sku}@${item.location_id} is the sum of its lines`,
      );
    }
    if (item.backordered > 0 && available(item) > 0)
      assert(given.memory.timers.has(`backorders ${item_id(item.sku, item.location_id)}`), 'a queue that can be served has a timer');
  }
  for (const one of reservations) {
    for (const line of one.lines) {
      const { quantity: all, held, backorder_held, allocated, backordered, consumed, released } = line;
      assert.equal(all, held + backorder_held + allocated + backordered + consumed + released);
      assert(Math.min(held, backorder_held, allocated, backordered, consumed, released) >= 0);
      if (line.reservation_no < one.reservation_no) assert.equal(all, consumed + released, 'only the last attempt keeps units');
    }
    const places = one.lines.map(line => `${line.reservation_no} ${line.line_no} ${line.location_id}`);
    assert.equal(new Set(places).size, places.length, 'one line per order line, attempt and location');
    if (['released', 'closed', 'failed', 'expired'].includes(one.status)) assert(!keeps_units(one), `${one.status} keeps nothing`);
    assert.equal(one.status === 'held', given.memory.timers.has(`reservation ${one.order_id}`), 'exactly the unpaid have a timer');
    if (one.status === 'held') assert(one.expires_at !== null && one.expires_at >= at);
  }
}

test('after every command: counters are sums, no unit is promised twice, nothing keeps what has ended', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ command, expires: fc.integer({ min: 0, max: 9 }) }), { minLength: 10, maxLength: 60, size: 'max' }),
      history => {
        const given = opened();
        for (const { command: asked, expires } of history) {
          const before = given.memory.rows.get('reservation')?.get('order_id' in asked ? asked.order_id : '')?.state as
            | Reservation
            | undefined;
          const ran = given.ask(asked);
          check(given, test_time);
          if (asked.type === 'reserve_stock' && before === undefined) all_or_nothing(given, asked);
          if (ran.rejection !== undefined) assert.deepEqual(ran.events, []);
          const timer = [...given.memory.timers.values()][0];
          if (expires === 0 && timer !== undefined) given.memory.fire(timer.kind, timer.id);
          check(given, test_time);
        }
      },
    ),
    { numRuns: runs },
  );
});

function all_or_nothing(given: Shop, asked: Extract<InventoryCommand, { type: 'reserve_stock' }>): void {
  const { lines, status } = given.reservation(asked.order_id);
  const kept = lines.reduce((sum, line) => sum + line.held + line.backorder_held, 0);
  const all = asked.lines.reduce((sum, line) => sum + line.quantity, 0);
  assert.equal(kept, status === 'held' ? all : 0);
  for (const line of lines) if (line.backorder_held > 0) assert(line.accept_backorder, 'a line that cannot wait does not');
}

/** Orders and goods that do not name the same rows twice in one batch may be decided alone or together. */
test('one at a time and all at once give the same reservations and the same stock', () => {
  const independent = fc
    .array(reserve_stock, { minLength: 2, maxLength: 12, size: 'max' })
    .map(commands => commands.map((one, index) => ({ ...one, order_id: `ord_${index}`, replaces_order_id: null })));
  fc.assert(
    fc.property(independent, fc.array(fc.nat({ max: 3 }), { maxLength: 12, size: 'max' }), (commands, then) => {
      const follow = then.map((what, index): InventoryCommand => {
        const id = `ord_${index}`;
        return what === 0
          ? { type: 'release_stock', order_id: id, cause: 'test', cancellation_no: null, answers: null, lines: null }
          : what === 1
            ? { type: 'expire_reservation', order_id: id }
            : { type: 'allocate_stock', order_id: id };
      });
      const rejected: InventoryCommand = {
        type: 'adjust_stock',
        sku: 'A',
        location_id: near,
        kind: 'counted',
        quantity: -99,
        reason: 'test',
        force: false,
      };
      const apart = opened();
      for (const one of [...(commands as InventoryCommand[]), ...follow]) apart.ask(one, { at: test_time });
      const together = opened();
      together.ask([rejected, ...(commands as InventoryCommand[])], { at: test_time });
      together.ask([...follow, rejected], { at: test_time });
      assert.deepEqual(summary(together), summary(apart));
    }),
    { numRuns: runs },
  );
});

/** All but derived ids. */
function summary(given: Shop) {
  const reservations = states<Reservation>(given.memory, 'reservation').map(({ reservation_id: _reservation_id, ...rest }) => rest);
  const items = [...(given.memory.rows.get('stock_item') ?? [])].map(([id, row]) => [id, row.state]);
  return { reservations, items: items.sort() };
}
