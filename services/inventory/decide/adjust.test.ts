import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AdjustStock } from '../commands.ts';
import { counters, far, near, said, shop, steps } from '../test_shop.ts';

type Given = ReturnType<typeof shop>;
const adjust = (given: Given, kind: AdjustStock['kind'], quantity: number, more: Partial<AdjustStock> = {}) =>
  given.ask(
    { type: 'adjust_stock', sku: 'A', location_id: near, kind, quantity, reason: 'test', force: false, ...more },
    { actor: 'staff:1' },
  );

describe('an adjustment moves units between accounts', () => {
  const table = [
    ['received', 4, 'supplier', 'sellable', { on_hand: 14, damaged: 2, available: 12 }],
    ['received', -4, 'sellable', 'supplier', { on_hand: 6, damaged: 2, available: 4 }],
    ['adjusted', 4, 'found', 'sellable', { on_hand: 14, damaged: 2, available: 12 }],
    ['adjusted', -4, 'sellable', 'loss', { on_hand: 6, damaged: 2, available: 4 }],
    ['counted', 4, 'found', 'sellable', { on_hand: 14, damaged: 2, available: 12 }],
    ['counted', -4, 'sellable', 'loss', { on_hand: 6, damaged: 2, available: 4 }],
    ['damaged', 4, 'sellable', 'damaged', { on_hand: 10, damaged: 6, available: 4 }],
    ['damaged', -2, 'damaged', 'loss', { on_hand: 8, available: 8 }],
  ] as const;
  for (const [kind, quantity, from, to, after] of table) {
    test(`${kind} ${quantity}: ${from} to ${to}`, () => {
      const given = shop({ 'A@near': { on_hand: 10, damaged: 2 } });
      const ran = adjust(given, kind, quantity);
      const { adjustment_id, levels, from_account, to_account, actor, reason } = said(ran, 'stock.adjusted');
      assert.deepEqual([from_account, to_account, actor, reason], [from, to, 'staff:1', 'test']);
      assert.deepEqual(counters(levels), after);
      assert.deepEqual(counters(given.item('A')), after);
      assert.deepEqual(
        ran.records.map(record => [record.row['cause_type'], record.row['cause_id'], record.row['quantity'], record.row['actor']]),
        [['adjustment', adjustment_id, Math.abs(quantity), 'staff:1']],
      );
    });
  }

  test('what comes in serves the queue first', () => {
    const given = shop({ 'A@near': { backorder_limit: 5 } });
    given.placed('ord_1', [{ line_no: 1, sku: 'A', quantity: 2, accept_backorder: true }]);
    given.confirmed('ord_1');
    assert.deepEqual(steps(adjust(given, 'adjusted', 5)), ['stock.adjusted', 'backorder.filled']);
    assert.deepEqual(counters(given.item('A')), { on_hand: 5, allocated: 2, backorder_limit: 5, available: 3 });
  });

  test('an unknown location, units an account does not have, and more than can be counted are refused', () => {
    const given = shop({ 'A@near': { on_hand: 10, damaged: 2 } });
    assert.equal(adjust(given, 'adjusted', 1, { location_id: 'nowhere' }).rejection?.rejection, 'unknown_location');
    assert.equal(adjust(given, 'damaged', -3).rejection?.rejection, 'not_enough_units');
    assert.equal(adjust(given, 'adjusted', 2_147_483_640).rejection?.rejection, 'too_many_units');
  });
});

describe('promised units', () => {
  /** Ten units: four paid, two held by the older order, three by the younger, which holds two of B, too. */
  const promised = () => {
    const given = shop({ 'A@near': { on_hand: 10, safety: 1 }, 'B@near': { on_hand: 2 } });
    given.placed('ord_paid', [{ line_no: 1, sku: 'A', quantity: 4 }]);
    given.confirmed('ord_paid');
    given.placed('ord_old', [{ line_no: 1, sku: 'A', quantity: 2 }], {}, { at: '2026-03-01T10:01:00.000Z' });
    given.placed(
      'ord_young',
      [
        { line_no: 1, sku: 'A', quantity: 3 },
        { line_no: 2, sku: 'B', quantity: 2 },
      ],
      {},
      { at: '2026-03-01T10:02:00.000Z' },
    );
    assert.deepEqual([given.item('A').held, given.item('A').allocated], [5, 4]);
    return given;
  };

  test('the safety stock may go, a promised unit may not', () => {
    const given = promised();
    assert.equal(adjust(given, 'counted', -2).rejection?.rejection, 'would_break_promises');
    assert.equal(adjust(given, 'damaged', 2).rejection?.rejection, 'would_break_promises');
    assert.deepEqual(steps(adjust(given, 'counted', -1)), ['stock.adjusted']);
    assert.equal(counters(given.item('A'))['available'], -1);
  });

  test('forced, the youngest unpaid reservation ends first, with all its lines, and no more than must', () => {
    const given = promised();
    const ran = adjust(given, 'counted', -3, { force: true });
    assert.deepEqual(steps(ran), ['stock.reservation_expired', 'stock.adjusted']);
    assert.equal(said(ran, 'stock.reservation_expired').order_id, 'ord_young');
    assert.deepEqual([given.reservation('ord_young').status, given.reservation('ord_old').status], ['expired', 'held']);
    assert.deepEqual(counters(given.item('A')), { on_hand: 7, held: 2, allocated: 4, safety: 1 });
    assert.deepEqual(counters(given.item('B')), { on_hand: 2, available: 2 });
    assert.equal(given.timers().length, 1);
  });

  test('forced, allocated units stay all the same', () => {
    const given = promised();
    assert.deepEqual(steps(adjust(given, 'counted', -6, { force: true })), [
      'stock.reservation_expired',
      'stock.reservation_expired',
      'stock.adjusted',
    ]);
    const refused = adjust(given, 'counted', -1, { force: true });
    assert.equal(refused.rejection?.rejection, 'would_break_promises');
    assert.deepEqual(counters(given.item('A')), { on_hand: 4, allocated: 4, safety: 1, available: -1 });
  });

  test('a refused force ends nobody', () => {
    const given = promised();
    assert.equal(adjust(given, 'counted', -7, { force: true }).rejection?.rejection, 'would_break_promises');
    assert.deepEqual([given.reservation('ord_young').status, given.item('A').held], ['held', 5]);
  });
});

describe('an inspection', () => {
  const inspect = (given: Given, sellable: number, damaged: number, location_id = near) =>
    given.ask({ type: 'inspect_stock', sku: 'A', location_id, sellable, damaged, reason: 'inspection' });

  test('takes units out of quality control, one movement per condition, and serves the queue', () => {
    const given = shop({ 'A@near': { on_hand: 6, quality_control: 6, backorder_limit: 5 } });
    given.placed('ord_1', [{ line_no: 1, sku: 'A', quantity: 2, accept_backorder: true }]);
    given.confirmed('ord_1');
    const ran = inspect(given, 3, 2);
    assert.deepEqual(steps(ran), ['stock.adjusted', 'stock.adjusted', 'backorder.filled']);
    assert.deepEqual(counters(given.item('A')), {
      on_hand: 6,
      quality_control: 1,
      damaged: 2,
      allocated: 2,
      backorder_limit: 5,
      available: 1,
    });
    assert.deepEqual(
      ran.records.map(record => [record.row['kind'], record.row['to_account'], record.row['quantity']]),
      [
        ['inspected', 'sellable', 3],
        ['inspected', 'damaged', 2],
      ],
    );
  });

  test('of no more units than are there', () => {
    const given = shop({ 'A@near': { on_hand: 6, quality_control: 2 } });
    assert.equal(inspect(given, 2, 1).rejection?.rejection, 'not_enough_units');
    assert.equal(inspect(given, 1, 0, 'nowhere').rejection?.rejection, 'unknown_location');
    assert.deepEqual(steps(inspect(given, 2, 0)), ['stock.adjusted']);
  });
});

describe('a policy', () => {
  const set = (given: Given, more: object) =>
    given.ask({
      type: 'set_stock_policy',
      sku: 'A',
      location_id: near,
      safety: null,
      backorder_limit: null,
      low_threshold: null,
      if_version: null,
      ...more,
    });

  test('changes only what it names, and says what that does to the units for sale', () => {
    const given = shop({ 'A@near': { on_hand: 10, safety: 1 } });
    const ran = set(given, { safety: 4, low_threshold: 5 });
    assert.deepEqual(ran.types, ['stock.adjusted', 'stock.levels_changed']);
    const { quantity, reason, from_account } = said(ran, 'stock.adjusted');
    assert.deepEqual([quantity, reason, from_account], [-3, 'policy', undefined]);
    assert.deepEqual(counters(given.item('A')), { on_hand: 10, safety: 4, low_threshold: 5, available: 6 });
    assert.deepEqual(ran.records, []);
    assert.deepEqual(set(given, { safety: 4 }).types, []);
  });

  test('a limit below what waits already is refused; freed safety stock serves the queue', () => {
    const given = shop({ 'A@near': { on_hand: 2, safety: 2, backorder_limit: 5 } });
    given.placed('ord_1', [{ line_no: 1, sku: 'A', quantity: 3, accept_backorder: true }]);
    assert.equal(set(given, { backorder_limit: 2 }).rejection?.rejection, 'limit_below_backordered');
    given.confirmed('ord_1');
    assert.equal(set(given, { backorder_limit: 2 }).rejection?.rejection, 'limit_below_backordered');
    set(given, { safety: 0 });
    assert.deepEqual(steps(given.memory.fire('backorders', 'A@near')), ['backorder.filled']);
    assert.deepEqual(counters(given.item('A')), { on_hand: 2, allocated: 2, backordered: 1, backorder_limit: 5 });
  });

  test('of a version that has passed, or at an unknown location, is refused', () => {
    const given = shop({ 'A@near': { on_hand: 2 } });
    assert.equal(set(given, { safety: 1, if_version: 7 }).rejection?.rejection, 'version_conflict');
    assert.equal(set(given, { safety: 1, location_id: 'nowhere' }).rejection?.rejection, 'unknown_location');
    assert.deepEqual(steps(set(given, { safety: 1, if_version: 1 })), ['stock.adjusted']);
  });

  test('the reorder point is what suppliers said last', () => {
    const given = shop({ 'A@near': { on_hand: 2 } });
    const ran = given.hear('reorder_policy.changed', { sku: 'A', location_id: near, reorder_point: 12 });
    assert.deepEqual([said(ran, 'stock.adjusted').quantity, given.item('A').reorder_point], [0, 12]);
    assert.deepEqual(given.hear('reorder_policy.changed', { sku: 'A', location_id: near, reorder_point: 12 }).types, []);
  });
});

describe('an import', () => {
  const line = (sku: string, on_hand: number, more: object = {}) => ({
    sku,
    location_id: near,
    on_hand,
    safety: null,
    backorder_limit: null,
    ...more,
  });

  test('sets what is there and what may be promised; lines that break a rule change nothing', () => {
    const given = shop({
      'A@near': { on_hand: 5, held: 3 },
      'B@near': { on_hand: 5, damaged: 2 },
      'C@near': { backordered: 2, backorder_limit: 2 },
    });
    const ran = given.ask({
      type: 'import_stock',
      lines: [
        line('A', 2),
        line('B', 4, { safety: 1 }),
        line('C', 0, { backorder_limit: 1 }),
        line('D', 7, { location_id: far }),
        line('E', 1, { location_id: 'nowhere' }),
      ],
    });
    assert.deepEqual(
      ran.events.flatMap(event => (event.type === 'stock.adjusted' ? [event.key] : [])),
      ['B', 'D'],
    );
    assert.deepEqual(
      ran.records.map(record => [record.row['sku'], record.row['from_account'], record.row['to_account'], record.row['quantity']]),
      [
        ['B', 'sellable', 'loss', 1],
        ['D', 'found', 'sellable', 7],
      ],
    );
    assert.deepEqual(counters(given.item('B')), { on_hand: 4, damaged: 2, safety: 1, available: 1 });
    assert.deepEqual(counters(given.item('D', far)), { on_hand: 7, available: 7 });
  });

  test('repeated, it changes nothing', () => {
    const given = shop({});
    const again = () => given.ask({ type: 'import_stock', lines: [line('A', 5, { safety: 1, backorder_limit: 2 })] });
    assert.deepEqual(steps(again()), ['stock.adjusted']);
    assert.deepEqual(again().types, []);
    assert.deepEqual(steps(given.ask({ type: 'import_stock', lines: [line('A', 5, { safety: 0 })] })), ['stock.adjusted']);
  });
});

test('thresholds are said when units for sale cross them, with the levels after', () => {
  const given = shop({ 'A@near': { on_hand: 10, low_threshold: 5 } });
  const types = (ran: ReturnType<typeof adjust>) => ran.types.filter(type => !['stock.adjusted', 'stock.levels_changed'].includes(type));
  assert.deepEqual(types(adjust(given, 'counted', -4)), []);
  assert.deepEqual(types(adjust(given, 'counted', -1)), ['stock.low']);
  assert.deepEqual(types(adjust(given, 'counted', -1)), []);
  assert.deepEqual(types(adjust(given, 'counted', -4)), ['stock.depleted']);
  const back = adjust(given, 'counted', 1);
  assert.deepEqual(types(back), ['stock.replenished']);
  assert.deepEqual(counters(said(back, 'stock.replenished').levels), { on_hand: 1, low_threshold: 5, available: 1 });
});

test('levels are said once per partition and transaction, whatever happened in it', () => {
  const given = shop({ 'A@near': { on_hand: 10 } });
  const take = { type: 'adjust_stock', sku: 'A', location_id: near, kind: 'counted', quantity: -1, reason: 'test', force: false } as const;
  const ran = given.ask([take, take, take]);
  const { levels } = said(ran, 'stock.levels_changed');
  assert.deepEqual(
    levels.map(level => [level.on_hand, level.version]),
    [[7, 2]],
  );
  assert.equal(ran.types.at(-1), 'stock.levels_changed');
});

test('a drift is said by the auditor and changes nothing', () => {
  const given = shop({ 'A@near': { on_hand: 10 } });
  const ran = given.ask({ type: 'report_drift', sku: 'A', location_id: near, measure: 'on_hand', ledger: 9, balance: 10 });
  assert.deepEqual(said(ran, 'stock.drift_detected'), { sku: 'A', location_id: near, measure: 'on_hand', ledger: 9, balance: 10 });
  assert.deepEqual(counters(given.item('A')), { on_hand: 10, available: 10 });
});
