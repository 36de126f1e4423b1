import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChangedMeanwhile } from '../../../platform/service.ts';
import { reactions } from '../reactions.ts';
import { counters, far, first_order, heard, near, placed_data, said, shop, steps } from '../test_shop.ts';

const line = (line_no: number, quantity: number, more: object = {}) => ({ line_no, quantity, net: 0, tax: 0, total: 0, ...more });

/** Three units at near and two at far are held, two more wait at near. */
function waiting_shop() {
  const given = shop({ 'A@near': { on_hand: 3, backorder_limit: 5 }, 'A@far': { on_hand: 2 } });
  given.placed(first_order, [{ line_no: 1, sku: 'A', quantity: 7, accept_backorder: true }]);
  const cancel = (lines: object[], more: object = {}, how = {}) =>
    given.hear('order.lines_cancelled', { order_id: first_order, lines, ...more } as never, how);
  return { given, cancel };
}

describe('an unpaid order ends', () => {
  for (const type of ['order.expired', 'order.rejected'] as const) {
    test(`${type}: everything it kept is free, once`, () => {
      const { given } = waiting_shop();
      const ran = given.hear(type, { order_id: first_order });
      assert.deepEqual(steps(ran), ['stock.released']);
      const { lines, cause } = said(ran, 'stock.released');
      assert.deepEqual(
        lines.map(one => [one.location_id, one.from, one.quantity]),
        [
          [near, 'held', 3],
          [near, 'backorder_held', 2],
          [far, 'held', 2],
        ],
      );
      assert.equal(cause, type);
      assert.deepEqual(counters(given.item('A')), { on_hand: 3, backorder_limit: 5, available: 3 });
      assert.deepEqual([given.reservation(first_order).status, given.timers()], ['released', []]);
      assert.deepEqual(given.hear(type, { order_id: first_order }).types, []);
    });
  }

  test('a failed or expired reservation is released though nothing is left', () => {
    const given = shop({});
    given.placed(first_order, [{ line_no: 1, sku: 'A', quantity: 1 }]);
    const ran = given.hear('order.rejected', { order_id: first_order });
    assert.deepEqual(said(ran, 'stock.released').lines, []);
    assert.equal(given.reservation(first_order).status, 'released');
  });

  test('stock that went before its units were reserved in the same batch is named again', () => {
    const given = shop({ 'A@near': { on_hand: 3 } });
    const place = reactions['order.placed'](
      heard('order.placed', placed_data(first_order, [{ line_no: 1, sku: 'A', quantity: 1 }])) as never,
    );
    const cancel = reactions['order.lines_cancelled'](
      heard('order.lines_cancelled', { order_id: first_order, lines: [line(1, 1)] }) as never,
    );
    assert(place !== undefined && cancel !== undefined);
    assert.throws(() => given.ask([place, cancel]), ChangedMeanwhile);
    assert.equal(given.reservation(first_order).status, 'new');
  });
});

describe('lines are cancelled', () => {
  test('the whole unpaid order: stock.released answers with the number and the event', () => {
    const { given, cancel } = waiting_shop();
    const { lines, ...answer } = said(cancel([line(1, 7)], { cancellation_no: 1 }, { id: 'evt_cancel' }), 'stock.released');
    assert.deepEqual(answer, { order_id: first_order, cause: 'order.lines_cancelled', cancellation_no: 1, answers: 'evt_cancel' });
    assert.equal(
      lines.reduce((sum, one) => sum + one.quantity, 0),
      7,
    );
    assert.deepEqual([given.reservation(first_order).status, given.timers()], ['released', []]);
  });

  test('units of a paid order: first those that wait, which are cancelled backorders, then those at the named location', () => {
    const { given, cancel } = waiting_shop();
    given.confirmed(first_order);
    const ran = cancel([line(1, 3, { quantity_backordered: 2 }), line(1, 1, { location_id: far })]);
    assert.deepEqual(steps(ran), ['backorder.cancelled', 'stock.released']);
    assert.deepEqual(
      said(ran, 'backorder.cancelled').lines.map(one => [one.location_id, one.quantity]),
      [[near, 2]],
    );
    assert.deepEqual(
      said(ran, 'stock.released').lines.map(one => [one.location_id, one.from, one.quantity]),
      [
        [near, 'allocated', 1],
        [far, 'allocated', 1],
      ],
    );
    assert.equal(given.reservation(first_order).status, 'allocated');
    assert.deepEqual(counters(given.item('A')), { on_hand: 3, allocated: 2, backorder_limit: 5, available: 1 });
    assert.deepEqual(counters(given.item('A', far)), { on_hand: 2, allocated: 1, available: 1 });
  });

  test('of units that wait at several locations those at the named one', () => {
    const given = shop({ 'A@near': { on_hand: 2, backorder_limit: 1 }, 'A@far': { on_hand: 1, backorder_limit: 1 } });
    given.placed(first_order, [{ line_no: 1, sku: 'A', quantity: 4, accept_backorder: true }]);
    given.confirmed(first_order);
    const lines = [{ line_no: 1, quantity: 1 }];
    given.hear('shipment.shorted', { order_id: first_order, shipment_id: 'shp_1', location_id: near, reason: 'not_on_shelf', lines });
    assert.deepEqual([given.item('A').backordered, given.item('A', far).backordered], [1, 1]);
    const ran = given.hear('order.lines_cancelled', {
      order_id: first_order,
      cancellation_no: 1,
      reason: 'changed_mind',
      release_stock: true,
      lines: [line(1, 1, { location_id: far, quantity_backordered: 1 })],
    });
    assert.deepEqual(
      said(ran, 'backorder.cancelled').lines.map(one => [one.location_id, one.quantity]),
      [[far, 1]],
    );
  });

  test('a number whose units come in two events is answered twice, an event heard twice once', () => {
    const { given, cancel } = waiting_shop();
    given.confirmed(first_order);
    assert.deepEqual(steps(cancel([line(1, 2, { quantity_backordered: 2 })], { cancellation_no: 1 }, { id: 'evt_a' })), [
      'backorder.cancelled',
      'stock.released',
    ]);
    assert.deepEqual(steps(cancel([line(1, 1, { location_id: near })], { cancellation_no: 1 }, { id: 'evt_b' })), ['stock.released']);
    assert.deepEqual(cancel([line(1, 1, { location_id: near })], { cancellation_no: 1 }, { id: 'evt_b' }).types, []);
    assert.equal(given.item('A').allocated, 2);
  });

  test('the last unit closes the reservation', () => {
    const { given, cancel } = waiting_shop();
    given.confirmed(first_order);
    cancel([line(1, 7)]);
    assert.equal(given.reservation(first_order).status, 'closed');
    assert.deepEqual(said(cancel([line(1, 1)]), 'stock.released').lines, []);
  });

  test('units that orders believes to wait were filled meanwhile: as many are freed', () => {
    const { given, cancel } = waiting_shop();
    given.confirmed(first_order);
    given.hear('goods.received', {
      location_id: near,
      lines: [{ line_no: 1, sku: 'A', accepted: 2, rejected: 0, damaged: 0, over: 0, short: 0, inspect: false }],
    });
    assert.equal(given.item('A').allocated, 5);
    const ran = cancel([line(1, 2, { quantity_backordered: 2 })]);
    assert.deepEqual(steps(ran), ['stock.released']);
    assert.deepEqual(
      said(ran, 'stock.released').lines.map(one => [one.from, one.quantity]),
      [['allocated', 2]],
    );
  });

  test('without release_stock nothing is freed: the units were not there', () => {
    const { given, cancel } = waiting_shop();
    given.confirmed(first_order);
    assert.deepEqual(cancel([line(1, 1)], { release_stock: false }).types, []);
  });
});
