import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { later } from '../../../platform/service.ts';
import { test_time } from '../../../platform/testing/in_memory.ts';
import { type AskedLine, counters, far, first_order, near, said, shop, steps } from '../test_shop.ts';

const minute = 60_000;
const in_twenty = later(test_time, 20 * minute);
const one_of = (sku: string, quantity: number, more: Partial<AskedLine> = {}): AskedLine => ({ line_no: 1, sku, quantity, ...more });

describe('an order is placed', () => {
  test('all lines fit: its units are held for twenty minutes, at the one location that has them all', () => {
    const given = shop({ 'A@near': { on_hand: 5 }, 'B@near': { on_hand: 5 }, 'A@far': { on_hand: 50 } });
    const ran = given.placed(first_order, [one_of('A', 2), { line_no: 2, sku: 'B', quantity: 5 }]);
    assert.deepEqual(ran.types, ['stock.reserved', 'stock.depleted', 'stock.levels_changed', 'stock.levels_changed']);
    const reserved = said(ran, 'stock.reserved');
    assert.deepEqual(
      reserved.lines.map(line => [line.line_no, line.location_id, line.quantity_held, line.quantity_backordered]),
      [
        [1, near, 2, 0],
        [2, near, 5, 0],
      ],
    );
    assert.deepEqual(reserved.reasons, ['one_location_covers_all']);
    assert.match(reserved.reservation_id, /^res_/);
    assert.deepEqual([reserved.reservation_no, reserved.expires_at], [1, in_twenty]);
    assert.deepEqual(counters(given.item('A')), { on_hand: 5, held: 2, available: 3 });
    assert.equal(given.reservation(first_order).status, 'held');
    assert.deepEqual(given.timers(), [`reservation ${first_order} ${in_twenty}`]);
  });

  test('one line does not fit: nothing is held, and every short SKU is named with what there is', () => {
    const given = shop({ 'A@near': { on_hand: 5 }, 'B@near': { on_hand: 1 }, 'B@far': { on_hand: 1 } });
    const ran = given.placed(first_order, [one_of('A', 2), { line_no: 2, sku: 'B', quantity: 3 }, { line_no: 3, sku: 'C', quantity: 1 }]);
    assert.deepEqual(ran.types, ['stock.reservation_failed']);
    const failed = said(ran, 'stock.reservation_failed');
    assert.deepEqual(failed.short_lines, [
      { sku: 'B', wanted: 3, available: 2 },
      { sku: 'C', wanted: 1, available: 0 },
    ]);
    assert.equal(failed.customer_ref, 'cus_1');
    assert.deepEqual(counters(given.item('A')), { on_hand: 5, available: 5 });
    assert.deepEqual(given.timers(), []);
  });

  test('two lines of one SKU are one demand', () => {
    const given = shop({ 'A@near': { on_hand: 5 } });
    assert.deepEqual(steps(given.placed('ord_1', [one_of('A', 3), { line_no: 2, sku: 'A', quantity: 3 }])), ['stock.reservation_failed']);
    assert.deepEqual(steps(given.placed('ord_2', [one_of('A', 3), { line_no: 2, sku: 'A', quantity: 2 }])), ['stock.reserved']);
    assert.deepEqual(counters(given.item('A')), { on_hand: 5, held: 5 });
  });

  test('damaged, uninspected, safety, held and allocated units are not for sale', () => {
    const given = shop({ 'A@near': { on_hand: 20, damaged: 1, quality_control: 2, safety: 4, held: 5, allocated: 6 } });
    assert.deepEqual(steps(given.placed('ord_1', [one_of('A', 3)])), ['stock.reservation_failed']);
    assert.deepEqual(steps(given.placed('ord_2', [one_of('A', 2)])), ['stock.reserved']);
  });

  test('unstocked lines are not reserved; an order of nothing else is answered all the same', () => {
    const given = shop({});
    const ran = given.placed(first_order, [one_of('GIFT-WRAP', 1, { stocked: false })]);
    assert.deepEqual(ran.types, ['stock.reserved']);
    assert.deepEqual(said(ran, 'stock.reserved').lines, []);
    const confirmed = given.confirmed(first_order);
    assert.deepEqual(confirmed.types, ['stock.allocated']);
    assert.equal(given.reservation(first_order).status, 'closed');
    assert.deepEqual(given.timers(), []);
    assert.deepEqual(given.hear('order.lines_cancelled', { order_id: first_order }).types, ['stock.released']);
  });

  test('heard twice it is reserved once', () => {
    const given = shop({ 'A@near': { on_hand: 5 } });
    given.placed(first_order, [one_of('A', 2)]);
    assert.deepEqual(given.placed(first_order, [one_of('A', 2)]).types, []);
    assert.equal(given.item('A').held, 2);
  });

  test('inactive locations are not asked', () => {
    const given = shop({ 'A@near': { on_hand: 5 } }, [{ id: near, country: null, priority: 1, active: false }]);
    assert.deepEqual(steps(given.placed(first_order, [one_of('A', 1)])), ['stock.reservation_failed']);
  });

  test('an unpaid order that it replaces gives way, whichever of the two events is heard first', () => {
    for (const cancelled_first of [true, false]) {
      const given = shop({ 'A@near': { on_hand: 2 } });
      given.placed('ord_old', [one_of('A', 2)]);
      const cancel = () =>
        given.hear('order.lines_cancelled', { order_id: 'ord_old', lines: [{ line_no: 1, quantity: 2, net: 0, tax: 0, total: 0 }] });
      if (cancelled_first) assert.deepEqual(steps(cancel()), ['stock.released']);
      const ran = given.placed('ord_new', [one_of('A', 2)], { replaces_order_id: 'ord_old' });
      assert.deepEqual(steps(ran), cancelled_first ? ['stock.reserved'] : ['stock.released', 'stock.reserved']);
      if (!cancelled_first) assert.deepEqual(said(cancel(), 'stock.released').lines, []);
      assert.deepEqual([given.reservation('ord_old').status, given.reservation('ord_new').status], ['released', 'held']);
      assert.deepEqual(counters(given.item('A')), { on_hand: 2, held: 2 });
      assert.equal(given.timers().length, 1);
    }
  });

  test('a paid order is not replaced', () => {
    const given = shop({ 'A@near': { on_hand: 2 } });
    given.placed('ord_old', [one_of('A', 2)]);
    given.confirmed('ord_old');
    assert.deepEqual(steps(given.placed('ord_new', [one_of('A', 2)], { replaces_order_id: 'ord_old' })), ['stock.reservation_failed']);
    assert.equal(given.item('A').allocated, 2);
  });
});

describe('backorders are promised', () => {
  const short_of_three = { 'A@near': { on_hand: 2, backorder_limit: 3 }, 'A@far': { on_hand: 0, backorder_limit: 9 } };

  test('what is missing waits at the first location that allows all of it, and counts against its limit', () => {
    const given = shop(short_of_three);
    const first = said(given.placed('ord_1', [one_of('A', 4, { accept_backorder: true })]), 'stock.reserved');
    assert.deepEqual(
      first.lines.map(line => [line.location_id, line.quantity, line.quantity_held, line.quantity_backordered]),
      [[near, 4, 2, 2]],
    );
    assert.deepEqual(first.reasons, ['one_location_has_what_there_is', 'backordered_at_first_location_that_allows']);
    assert.deepEqual(counters(given.item('A')), { on_hand: 2, held: 2, backorder_held: 2, backorder_limit: 3 });
    const second = said(given.placed('ord_2', [one_of('A', 2, { accept_backorder: true })]), 'stock.reserved');
    assert.deepEqual(
      second.lines.map(line => [line.location_id, line.quantity_backordered]),
      [[far, 2]],
    );
    assert.deepEqual(steps(given.placed('ord_3', [one_of('A', 8, { accept_backorder: true })])), ['stock.reservation_failed']);
  });

  test('a line that cannot wait takes the units that are there, whatever its place', () => {
    const given = shop(short_of_three);
    const ran = given.placed(first_order, [one_of('A', 2, { accept_backorder: true }), { line_no: 2, sku: 'A', quantity: 2 }]);
    assert.deepEqual(
      said(ran, 'stock.reserved').lines.map(line => [line.line_no, line.quantity_held, line.quantity_backordered]),
      [
        [1, 0, 2],
        [2, 2, 0],
      ],
    );
  });

  test('lines that cannot wait and are not covered fail the order, whatever the limit', () => {
    const given = shop(short_of_three);
    const ran = given.placed(first_order, [one_of('A', 3), { line_no: 2, sku: 'A', quantity: 1, accept_backorder: true }]);
    assert.deepEqual(said(ran, 'stock.reservation_failed').short_lines, [{ sku: 'A', wanted: 4, available: 2 }]);
  });
});

describe('a reservation runs out', () => {
  const held = () => {
    const given = shop({ 'A@near': { on_hand: 5, backorder_limit: 5 } });
    given.placed(first_order, [one_of('A', 7, { accept_backorder: true })]);
    return given;
  };
  const pay = (given: ReturnType<typeof shop>, reserve_until: string, at = test_time) =>
    given.hear('payment.requested', { order_id: first_order, customer_ref: 'cus_1', reserve_until }, { at });

  test('a payment that ends later extends it, one that ends sooner does not', () => {
    const given = held();
    assert.deepEqual(pay(given, later(test_time, 15 * minute)).types, []);
    const until = later(test_time, 35 * minute);
    assert.deepEqual(said(pay(given, until), 'stock.reservation_extended'), {
      order_id: first_order,
      reservation_no: 1,
      expires_at: until,
    });
    assert.deepEqual(given.timers(), [`reservation ${first_order} ${until}`]);
    for (const type of ['payment.action_required', 'payment.pending', 'payment.outcome_unknown'] as const) {
      const longer = later(given.reservation(first_order).expires_at ?? '', minute);
      assert.deepEqual(given.hear(type, { order_id: first_order, reserve_until: longer }).types, ['stock.reservation_extended']);
    }
    assert.deepEqual(given.hear('payment.outcome_unknown', { order_id: first_order, reserve_until: null }).types, []);
  });

  test('unpaid at its end, it expires and its units are free', () => {
    const given = held();
    const ran = given.memory.fire('reservation', first_order);
    assert.deepEqual(steps(ran), ['stock.reservation_expired']);
    assert.deepEqual(
      said(ran, 'stock.reservation_expired').lines.map(line => [line.quantity_held, line.quantity_backordered]),
      [[5, 2]],
    );
    assert.deepEqual(counters(given.item('A')), { on_hand: 5, backorder_limit: 5, available: 5 });
    assert.deepEqual([given.reservation(first_order).status, given.timers()], ['expired', []]);
  });

  test('a timer that fires before the end of an extended reservation is put back', () => {
    const given = held();
    const ran = given.ask({ type: 'expire_reservation', order_id: first_order }, { at: later(test_time, minute) });
    assert.deepEqual(ran.types, []);
    assert.deepEqual(given.timers(), [`reservation ${first_order} ${in_twenty}`]);
  });

  test('expired, a payment under way gets the stock again under the next number', () => {
    const given = held();
    given.memory.fire('reservation', first_order);
    const reserved = said(pay(given, later(in_twenty, 60 * minute), in_twenty), 'stock.reserved');
    assert.deepEqual([reserved.reservation_no, reserved.expires_at], [2, later(in_twenty, 60 * minute)]);
    assert.deepEqual([reserved.requested_at, reserved.lines.length], [test_time, 1]);
    const { lines } = given.reservation(first_order);
    assert.deepEqual(
      lines.map(line => [line.reservation_no, line.held, line.backorder_held, line.released]),
      [
        [1, 0, 0, 7],
        [2, 5, 2, 0],
      ],
    );
  });

  test('expired, and the stock is gone: the attempt fails, with the customer who asked', () => {
    const given = held();
    given.memory.fire('reservation', first_order);
    given.placed('ord_2', [one_of('A', 5)]);
    const failed = said(pay(given, in_twenty, in_twenty), 'stock.reservation_failed');
    assert.deepEqual([failed.reservation_no, failed.customer_ref], [2, 'cus_1']);
    assert.equal(given.reservation(first_order).status, 'failed');
    given.hear('order.expired', { order_id: 'ord_2' });
    assert.deepEqual(steps(pay(given, in_twenty, in_twenty)), ['stock.reserved']);
  });

  test('orders asks again with the lines that still live', () => {
    const given = held();
    given.memory.fire('reservation', first_order);
    const ask = () =>
      given.hear('stock.reservation_requested', {
        order_id: first_order,
        lines: [{ line_no: 1, sku: 'A', quantity: 3, accept_backorder: true }],
      });
    const reserved = said(ask(), 'stock.reserved');
    assert.deepEqual(
      reserved.lines.map(line => [line.quantity, line.quantity_held]),
      [[3, 3]],
    );
    assert.deepEqual(ask().types, []);
  });

  test('nothing extends what is allocated, released or unknown', () => {
    const given = held();
    given.confirmed(first_order);
    assert.deepEqual(pay(given, later(test_time, 90 * minute)).types, []);
    given.hear('order.expired', { order_id: first_order });
    assert.deepEqual(pay(given, later(test_time, 90 * minute)).types, []);
    assert.deepEqual(given.hear('payment.pending', { order_id: 'ord_9', reserve_until: later(test_time, 90 * minute) }).types, []);
    assert.deepEqual(given.confirmed('ord_9').types, []);
  });
});

test('two locations together when neither has all, the one with most first', () => {
  const given = shop({ 'A@near': { on_hand: 1 }, 'A@far': { on_hand: 3 }, 'B@far': { on_hand: 1 } });
  const ran = given.placed(first_order, [one_of('A', 4), { line_no: 2, sku: 'B', quantity: 1 }]);
  const { lines, reasons } = said(ran, 'stock.reserved');
  assert.deepEqual(
    lines.map(line => [line.line_no, line.location_id, line.quantity_held]),
    [
      [1, far, 3],
      [1, near, 1],
      [2, far, 1],
    ],
  );
  assert.deepEqual(reasons, ['split_over_locations']);
});
