import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { counters, far, first_order, near, said, shop, steps } from '../test_shop.ts';

const lines = [
  { line_no: 1, sku: 'A', quantity: 4, accept_backorder: true },
  { line_no: 2, sku: 'B', quantity: 2 },
];
const confirmed_shop = () => {
  const given = shop({ 'A@near': { on_hand: 3, backorder_limit: 5 }, 'B@near': { on_hand: 5 } });
  given.placed(first_order, lines);
  return { given, ran: given.confirmed(first_order) };
};
type Given = ReturnType<typeof shop>;
const dispatched = (given: Given, parcels: Record<string, [number, string, number][]>, shipment_id = 'shp_1') =>
  given.hear('shipment.dispatched', {
    order_id: first_order,
    shipment_id,
    location_id: near,
    parcels: Object.entries(parcels).map(([parcel_id, of_parcel]) => ({
      parcel_id,
      lines: of_parcel.map(([line_no, location_id, quantity]) => ({ line_no, location_id, quantity })),
    })),
  });

describe('an order is confirmed', () => {
  test('held units become its own, what it waits for queues with its priority and time', () => {
    const { given, ran } = confirmed_shop();
    assert.deepEqual(steps(ran), ['stock.allocated', 'backorder.queued']);
    assert.deepEqual(said(ran, 'stock.allocated').lines, [
      { line_no: 1, location_id: near, sku: 'A', quantity: 3 },
      { line_no: 2, location_id: near, sku: 'B', quantity: 2 },
    ]);
    const [waiting] = said(ran, 'backorder.queued').lines;
    assert.deepEqual([waiting?.quantity, waiting?.priority, waiting?.requested_at], [1, 5, given.reservation(first_order).requested_at]);
    assert.deepEqual(counters(given.item('A')), { on_hand: 3, allocated: 3, backordered: 1, backorder_limit: 5 });
    assert.deepEqual([given.reservation(first_order).status, given.timers()], ['allocated', []]);
    assert.deepEqual(given.confirmed(first_order).types, []);
  });

  test('units that came in before it was paid are its own at once: one shipment, not two', () => {
    const given = shop({ 'A@near': { on_hand: 3, backorder_limit: 5 }, 'B@near': { on_hand: 5 } });
    given.placed(first_order, lines);
    given.hear('goods.received', {
      location_id: near,
      lines: [{ line_no: 1, sku: 'A', accepted: 9, rejected: 0, damaged: 0, over: 0, short: 0, inspect: false }],
    });
    const ran = given.confirmed(first_order);
    assert.deepEqual(steps(ran), ['stock.allocated']);
    assert.deepEqual(
      said(ran, 'stock.allocated').lines.map(line => [line.line_no, line.quantity, line.from ?? 'held']),
      [
        [1, 3, 'held'],
        [1, 1, 'backorder_held'],
        [2, 2, 'held'],
      ],
    );
    assert.deepEqual(counters(given.item('A')), { on_hand: 12, allocated: 4, backorder_limit: 5, available: 8 });
  });

  for (const lapse of ['expired', 'failed'] as const) {
    test(`paid though its reservation is ${lapse}: it takes what is free, waits where it may, and the rest is short`, () => {
      const given = shop({ 'A@near': { on_hand: 9, backorder_limit: 5 }, 'B@near': { on_hand: lapse === 'failed' ? 1 : 2 } });
      given.placed(first_order, [
        { line_no: 1, sku: 'A', quantity: 4, accept_backorder: true },
        { line_no: 2, sku: 'B', quantity: 2 },
      ]);
      if (lapse === 'expired') given.memory.fire('reservation', first_order);
      assert.equal(given.reservation(first_order).status, lapse);
      given.placed('ord_2', [
        { line_no: 1, sku: 'A', quantity: 8 },
        { line_no: 2, sku: 'B', quantity: lapse === 'failed' ? 0 : 1 },
      ]);
      const ran = given.confirmed(first_order);
      assert.deepEqual(steps(ran), ['stock.allocated', 'stock.shortfall_detected', 'backorder.queued']);
      assert.deepEqual(
        said(ran, 'stock.allocated').lines.map(line => [line.line_no, line.quantity, line.from]),
        [
          [1, 1, 'available'],
          [2, 1, 'available'],
        ],
      );
      const shortfall = said(ran, 'stock.shortfall_detected');
      assert.equal(shortfall.cause, 'reservation_lost');
      assert.deepEqual(
        shortfall.lines.map(line => [line.line_no, line.quantity, line.quantity_backordered, line.quantity_short]),
        [
          [1, 3, 3, 0],
          [2, 1, 0, 1],
        ],
      );
      assert.deepEqual(
        said(ran, 'backorder.queued').lines.map(line => [line.line_no, line.quantity, line.from]),
        [[1, 3, 'available']],
      );
      assert.deepEqual(said(ran, 'stock.allocated').waiting, [{ line_no: 1, location_id: near, sku: 'A', quantity: 3 }]);
      assert.equal(given.reservation(first_order).status, 'allocated');
      assert.deepEqual(counters(given.item('A')), { on_hand: 9, held: 8, allocated: 1, backordered: 3, backorder_limit: 5 });
    });
  }

  test('paid, and nothing at all is left', () => {
    const given = shop({});
    given.placed(first_order, [{ line_no: 1, sku: 'A', quantity: 1 }]);
    const ran = given.confirmed(first_order);
    assert.deepEqual(steps(ran), ['stock.allocated', 'stock.shortfall_detected']);
    assert.deepEqual(said(ran, 'stock.allocated').lines, []);
    assert.equal(given.reservation(first_order).status, 'closed');
  });
});

describe('a shipment leaves', () => {
  test('its units are consumed, booked parcel by parcel; the reservation closes when nothing is open', () => {
    const given = shop({ 'A@near': { on_hand: 5 }, 'B@far': { on_hand: 5 } });
    given.placed(first_order, [
      { line_no: 1, sku: 'A', quantity: 4 },
      { line_no: 2, sku: 'B', quantity: 2 },
    ]);
    given.confirmed(first_order);
    const ran = dispatched(given, { pcl_1: [[1, near, 3]], pcl_2: [[1, near, 1]] });
    assert.deepEqual(steps(ran), ['stock.consumed']);
    assert.deepEqual(said(ran, 'stock.consumed'), {
      order_id: first_order,
      shipment_id: 'shp_1',
      lines: [{ line_no: 1, location_id: near, sku: 'A', quantity: 4 }],
    });
    assert.deepEqual(counters(given.item('A')), { on_hand: 1, available: 1 });
    assert.deepEqual(
      ran.records.map(record => [record.row['cause_id'], record.row['from_account'], record.row['to_account'], record.row['quantity']]),
      [
        ['pcl_1/1', 'sellable', 'customer', 3],
        ['pcl_2/1', 'sellable', 'customer', 1],
      ],
    );
    assert.equal(given.reservation(first_order).status, 'allocated');
    dispatched(given, { pcl_3: [[2, far, 2]] }, 'shp_2');
    assert.equal(given.reservation(first_order).status, 'closed');
  });

  test('heard twice it leaves once, also when other units of the line are still there', () => {
    const { given } = confirmed_shop();
    dispatched(given, { pcl_1: [[1, near, 1]] });
    assert.deepEqual(dispatched(given, { pcl_1: [[1, near, 1]] }).types, []);
    assert.deepEqual(counters(given.item('A')), { on_hand: 2, allocated: 2, backordered: 1, backorder_limit: 5 });
  });

  test('a line that a parcel names twice is booked once, with all its units', () => {
    const { given } = confirmed_shop();
    const ran = dispatched(given, {
      pcl_1: [
        [1, near, 1],
        [1, near, 2],
      ],
    });
    assert.deepEqual(
      said(ran, 'stock.consumed').lines.map(line => line.quantity),
      [3],
    );
    assert.deepEqual(
      ran.records.map(record => [record.row['cause_id'], record.row['quantity']]),
      [['pcl_1/1', 3]],
    );
  });

  test('a dispatch is a fact: more than was allocated is taken from what nobody was promised', () => {
    const { given } = confirmed_shop();
    const ran = dispatched(given, { pcl_1: [[2, near, 9]] });
    assert.deepEqual(
      said(ran, 'stock.consumed').lines.map(line => [line.quantity, line.from ?? 'allocated']),
      [
        [2, 'allocated'],
        [3, 'available'],
      ],
    );
    assert.deepEqual(counters(given.item('B')), {});
    assert.deepEqual(dispatched(given, { pcl_2: [[9, near, 1]] }, 'shp_2').types, []);
  });
});

describe('the picker did not find units', () => {
  const shorted = (given: Given, quantity: number, id = 'evt_short') =>
    given.hear(
      'shipment.shorted',
      { order_id: first_order, shipment_id: 'shp_1', location_id: near, reason: 'not_on_shelf', lines: [{ line_no: 1, quantity }] },
      { id },
    );

  test('they are booked out, found elsewhere, else wait, else are short', () => {
    const given = shop({ 'A@near': { on_hand: 4, backorder_limit: 1 }, 'A@far': { on_hand: 1 } });
    given.placed(first_order, [{ line_no: 1, sku: 'A', quantity: 4, accept_backorder: true }]);
    given.confirmed(first_order);
    const ran = shorted(given, 2);
    assert.deepEqual(steps(ran), ['stock.shortfall_detected', 'backorder.queued']);
    const { lines: missing, ...about } = said(ran, 'stock.shortfall_detected');
    assert.deepEqual(about, {
      order_id: first_order,
      cause: 'short_pick',
      shipment_id: 'shp_1',
      answers: 'evt_short',
      waiting: [{ line_no: 1, location_id: near, sku: 'A', quantity: 1 }],
    });
    assert.deepEqual(missing, [
      {
        line_no: 1,
        location_id: near,
        sku: 'A',
        quantity: 2,
        resourced: [{ location_id: far, quantity: 1 }],
        quantity_backordered: 1,
        quantity_short: 0,
      },
    ]);
    assert.deepEqual(counters(given.item('A')), { on_hand: 2, allocated: 2, backordered: 1, backorder_limit: 1 });
    assert.deepEqual(counters(given.item('A', far)), { on_hand: 1, allocated: 1 });
    assert.deepEqual(
      ran.records.map(record => [record.row['kind'], record.row['to_account'], record.row['quantity'], record.row['reason']]),
      [['adjusted', 'loss', 2, 'not_on_shelf']],
    );
    assert.deepEqual(shorted(given, 2).types, []);
    const again = said(shorted(given, 1, 'evt_again'), 'stock.shortfall_detected');
    assert.deepEqual(
      again.lines.map(line => [line.quantity_backordered, line.quantity_short]),
      [[0, 1]],
    );
  });

  test('no more than is allocated there', () => {
    const given = shop({ 'A@near': { on_hand: 4 } });
    given.placed(first_order, [{ line_no: 1, sku: 'A', quantity: 2 }]);
    given.confirmed(first_order);
    assert.deepEqual(
      said(shorted(given, 9), 'stock.shortfall_detected').lines.map(line => [line.quantity, line.quantity_short]),
      [[2, 2]],
    );
    assert.equal(given.reservation(first_order).status, 'closed');
    assert.deepEqual(shorted(given, 1, 'evt_late').types, []);
  });
});
