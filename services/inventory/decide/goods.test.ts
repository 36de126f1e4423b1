import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { test_time } from '../../../platform/testing/in_memory.ts';
import { counters, far, first_order, near, said, shop, steps } from '../test_shop.ts';

type Given = ReturnType<typeof shop>;
const receipt_line = { line_no: 1, sku: 'A', accepted: 0, rejected: 0, damaged: 0, over: 0, short: 0, inspect: false };
const receive = (given: Given, accepted: number, more: object = {}, receipt_id = 'rcp_1') =>
  given.hear('goods.received', { receipt_id, po_id: 'po_1', location_id: near, lines: [{ ...receipt_line, accepted, ...more }] });
const backordered = (given: Given, order_id: string, quantity: number, priority = 5, at = test_time) => {
  given.placed(order_id, [{ line_no: 1, sku: 'A', quantity, accept_backorder: true }], { priority }, { at });
  given.confirmed(order_id);
};
const filled = (ran: ReturnType<Given['confirmed']>) =>
  ran.events.flatMap(event =>
    event.type === 'backorder.filled'
      ? [[event.key, (event.data as { lines: { quantity: number }[] }).lines.map(line => line.quantity)]]
      : [],
  );

describe('goods come in', () => {
  test('accepted units can be sold, damaged ones are kept apart, what needs inspection waits for it', () => {
    const given = shop({});
    const ran = receive(given, 40, { rejected: 6, damaged: 4 });
    assert.deepEqual(ran.types, ['stock.received', 'stock.replenished', 'stock.levels_changed']);
    const { levels, ...received } = said(ran, 'stock.received');
    assert.deepEqual(received, {
      sku: 'A',
      location_id: near,
      receipt_id: 'rcp_1',
      po_id: 'po_1',
      quantity_sellable: 40,
      quantity_quality_control: 0,
      quantity_damaged: 4,
    });
    assert.deepEqual(counters(levels), { on_hand: 44, damaged: 4, available: 40 });
    assert.deepEqual(
      ran.records.map(record => [record.row['cause_id'], record.row['to_account'], record.row['quantity']]),
      [
        ['rcp_1/1', 'sellable', 40],
        ['rcp_1/1', 'damaged', 4],
      ],
    );
    receive(given, 10, { inspect: true }, 'rcp_2');
    assert.deepEqual(counters(given.item('A')), { on_hand: 54, damaged: 4, quality_control: 10, available: 40 });
  });

  test('a receipt heard twice moves its units once', () => {
    const given = shop({});
    receive(given, 40);
    assert.deepEqual(receive(given, 40).types, []);
    assert.equal(given.item('A').on_hand, 40);
  });

  test('lines of one SKU arrive in one event, booked line by line', () => {
    const given = shop({});
    const ran = given.hear('goods.received', {
      receipt_id: 'rcp_1',
      location_id: near,
      lines: [
        { ...receipt_line, accepted: 1 },
        { ...receipt_line, line_no: 2, accepted: 2 },
      ],
    });
    assert.equal(said(ran, 'stock.received').quantity_sellable, 3);
    assert.deepEqual(
      ran.records.map(record => record.row['cause_id']),
      ['rcp_1/1', 'rcp_1/2'],
    );
  });
});

describe('the queue', () => {
  const queue_of_three = () => {
    const given = shop({ 'A@near': { backorder_limit: 50 } });
    backordered(given, 'ord_late', 3, 5, '2026-03-01T12:00:00.000Z');
    backordered(given, 'ord_early', 3, 5, '2026-03-01T11:00:00.000Z');
    backordered(given, 'ord_urgent', 2, 0, '2026-03-01T13:00:00.000Z');
    return given;
  };

  test('units serve it by priority, then age, in part if need be, before anybody else', () => {
    const given = queue_of_three();
    const ran = receive(given, 4);
    assert.deepEqual(steps(ran), ['stock.received', 'backorder.filled', 'backorder.filled']);
    assert.deepEqual(filled(ran), [
      ['ord_urgent', [2]],
      ['ord_early', [2]],
    ]);
    assert.deepEqual(counters(given.item('A')), { on_hand: 4, allocated: 4, backordered: 4, backorder_limit: 50 });
    assert.deepEqual(filled(receive(given, 9, {}, 'rcp_2')), [
      ['ord_early', [1]],
      ['ord_late', [3]],
    ]);
    assert.deepEqual(counters(given.item('A')), { on_hand: 13, allocated: 8, backorder_limit: 50, available: 5 });
    assert.deepEqual(given.timers(), []);
  });

  test('lines of one order in the queue are filled in one event', () => {
    const given = shop({ 'A@near': { backorder_limit: 50 } });
    given.placed(first_order, [
      { line_no: 1, sku: 'A', quantity: 1, accept_backorder: true },
      { line_no: 2, sku: 'A', quantity: 2, accept_backorder: true },
    ]);
    given.confirmed(first_order);
    assert.deepEqual(filled(receive(given, 3)), [[first_order, [1, 2]]]);
  });

  test('units that another order frees serve it by timer, and nobody new gets them meanwhile', () => {
    const given = shop({ 'A@near': { on_hand: 2, backorder_limit: 50 } });
    given.placed('ord_unpaid', [{ line_no: 1, sku: 'A', quantity: 2 }]);
    backordered(given, 'ord_waits', 1);
    given.hear('order.expired', { order_id: 'ord_unpaid' });
    assert.deepEqual(given.timers().filter(timer => timer.startsWith('backorders')).length, 1);
    assert.deepEqual(steps(given.placed('ord_new', [{ line_no: 1, sku: 'A', quantity: 2 }])), ['stock.reservation_failed']);
    assert.deepEqual(steps(given.placed('ord_small', [{ line_no: 1, sku: 'A', quantity: 1 }])), ['stock.reserved']);
    assert.deepEqual(filled(given.memory.fire('backorders', 'A@near')), [['ord_waits', [1]]]);
    assert.deepEqual(counters(given.item('A')), { on_hand: 2, held: 1, allocated: 1, backorder_limit: 50 });
  });

  test('somebody joined it after it was read: nobody is served now, the timer serves them in order', () => {
    const given = queue_of_three();
    given.placed('ord_first', [{ line_no: 1, sku: 'A', quantity: 1, accept_backorder: true }], { priority: 0 });
    const ran = given.ask([
      { type: 'allocate_stock', order_id: 'ord_first' },
      {
        type: 'receive_stock',
        receipt_id: 'rcp_1',
        po_id: null,
        location_id: near,
        lines: [{ line_no: 1, sku: 'A', accepted: 1, damaged: 0, inspect: false }],
      },
    ]);
    assert.deepEqual(steps(ran), ['stock.allocated', 'backorder.queued', 'stock.received']);
    assert.deepEqual(filled(given.memory.fire('backorders', 'A@near')), [['ord_first', [1]]]);
    assert.deepEqual(given.timers(), []);
  });

  test('a queue longer than one decision serves is served on', () => {
    const given = shop({ 'A@near': { backorder_limit: 500 } });
    for (let number = 1000; number < 1120; number++) backordered(given, `ord_${number}`, 1);
    assert.equal(filled(receive(given, 130)).length, 100);
    assert.equal(filled(given.memory.fire('backorders', 'A@near')).length, 20);
    assert.deepEqual(counters(given.item('A')), { on_hand: 130, allocated: 120, backorder_limit: 500, available: 10 });
  });

  test('a timer without anything to do does nothing', () => {
    const given = queue_of_three();
    assert.deepEqual(given.ask({ type: 'fill_backorders', item_id: 'A@near' }).types, []);
    assert.deepEqual(given.ask({ type: 'fill_backorders', item_id: 'B@near' }).types, []);
    assert.deepEqual(given.timers(), []);
  });
});

describe('units come back', () => {
  const shipped = () => {
    const given = shop({ 'A@near': { on_hand: 5 } });
    given.placed(first_order, [{ line_no: 1, sku: 'A', quantity: 3 }]);
    given.confirmed(first_order);
    given.hear('shipment.dispatched', {
      order_id: first_order,
      location_id: near,
      parcels: [{ parcel_id: 'pcl_1', lines: [{ line_no: 1, quantity: 3 }] }],
    });
    return given;
  };

  test('a return is restocked at its location in its condition, once', () => {
    const given = shipped();
    const back = (receipt_no: number) =>
      given.hear('return.received', {
        order_id: first_order,
        return_id: 'ret_1',
        receipt_no,
        lines: [
          { line_no: 1, location_id: far, quantity: 1, reason: 'too_small', condition: 'sellable' },
          { line_no: 7, quantity: 1, reason: 'service' },
        ],
      });
    const ran = back(1);
    const { levels, ...adjusted } = said(ran, 'stock.adjusted');
    assert.deepEqual(
      { ...adjusted, adjustment_id: adjusted.adjustment_id.slice(0, 4) },
      {
        sku: 'A',
        location_id: far,
        adjustment_id: 'adj_',
        kind: 'returned',
        reason: 'return',
        condition: 'sellable',
        actor: 'system',
        moved_at: '2026-03-01T10:00:00.000Z',
        quantity: 1,
        from_account: 'customer',
        to_account: 'sellable',
      },
    );
    assert.deepEqual(counters(levels), { on_hand: 1, available: 1 });
    assert.deepEqual(
      ran.records.map(record => record.row['cause_id']),
      ['ret_1/1/1'],
    );
    assert.deepEqual(back(1).types, []);
    assert.deepEqual(steps(back(2)), ['stock.adjusted']);
  });

  test('sent back: where the parcel is now; damaged, or to be looked at when nobody said', () => {
    const given = shipped();
    const ran = given.hear('parcel.sent_back', {
      order_id: first_order,
      parcel_id: 'pcl_1',
      location_id: far,
      lines: [{ line_no: 1, location_id: near, quantity: 2, condition: 'damaged' }],
    });
    assert.equal(said(ran, 'stock.adjusted').to_account, 'damaged');
    given.hear('parcel.sent_back', {
      order_id: first_order,
      parcel_id: 'pcl_2',
      location_id: null,
      lines: [{ line_no: 1, location_id: near, quantity: 1 }],
    });
    assert.deepEqual(counters(given.item('A', far)), { on_hand: 2, damaged: 2 });
    assert.deepEqual(counters(given.item('A')), { on_hand: 3, quality_control: 1, available: 2 });
  });
});
