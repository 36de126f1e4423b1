/** Pegging (domain.md 7.5): queue order meets open purchase order lines; orders hear of it only when it changes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { event_contracts } from '../../../contracts/index.ts';
import { recorded } from '../../../contracts/recorded.ts';
import { later } from '../../../platform/service.ts';
import { item_id, type PegBook, position } from '../model.ts';
import { reactions } from '../reactions.ts';
import { assert_contracts, at, days_later, depot, heard, levels_of, po, said, shop } from '../testing/shop.ts';

const sku = 'TEA';
const id = item_id(sku, depot);
const about = { po_id: po, if_version: null };

interface Waiting {
  readonly quantity: number;
  readonly line_no?: number;
  readonly sku?: string;
  readonly priority?: number;
  readonly requested_at?: string;
}
const told = ({ quantity, ...more }: Waiting) => ({
  line_no: 1,
  sku,
  location_id: depot,
  priority: 5,
  requested_at: at,
  ...more,
  quantity,
});

function queued_shop(settings = {}) {
  const one = shop(settings);
  let sequence = 0;
  const say = (
    type: 'backorder.queued' | 'backorder.filled' | 'backorder.cancelled',
    order_id: string,
    lines: readonly Waiting[],
    at_sequence?: number,
  ) => one.memory.hear(heard(type, { order_id, lines: lines.map(told) }, { sequence: at_sequence ?? ++sequence }));
  const peg = (of = id, when?: string) => one.memory.fire('peg', of, when);
  const pegs = (order_id: string) =>
    one.memory.state<PegBook>('peg_book', order_id).pegs.map(each => [each.line_no, each.quantity, each.po_id, each.expected_at]);
  return { ...one, say, peg, pegs };
}

describe('a backorder', () => {
  test('hears nothing as long as nothing is ordered', () => {
    const { policy, say, peg } = queued_shop();
    policy(sku);
    say('backorder.queued', 'ord_1', [{ quantity: 3 }]);
    assert.deepEqual(peg().types, []);
  });

  test('is promised units of what was sent, of drafts nothing; what is beyond them has no date', () => {
    const { policy, order, run, say, peg, pegs, open_operation, memory, timer } = queued_shop();
    policy(sku);
    peg();
    say('backorder.queued', 'ord_1', [{ quantity: 12 }]);
    order([sku], 'approved');
    assert.deepEqual(peg().types, []);
    memory.outcome(open_operation('send_order'), { outcome: 'ok', value: {} });
    assert.equal(timer('peg', id), at);
    const { pegs: all } = said(peg(), 'backorder.pegged');
    assert.deepEqual(
      all.map(each => [each.quantity, each.po_id, each.po_line_no, each.expected_at]),
      [
        [10, po, 1, days_later(4)],
        [2, null, null, null],
      ],
    );
    assert.equal(pegs('ord_1').length, 2);
    assert.deepEqual(run({ type: 'peg_backorders', item_id: id }).types, []);
  });

  test('waits by priority, then by age, then by order and line', () => {
    const { policy, order, say, peg, pegs } = queued_shop();
    policy(sku);
    order([sku], 'sent');
    say('backorder.queued', 'ord_c', [{ quantity: 4 }]);
    say('backorder.queued', 'ord_b', [{ quantity: 4, requested_at: later(at, -1_000) }]);
    say('backorder.queued', 'ord_a', [{ quantity: 4, requested_at: later(at, 1_000) }]);
    say('backorder.queued', 'ord_d', [{ quantity: 4, priority: 1, requested_at: later(at, 9_000) }]);
    const ran = peg();
    const dated = Object.fromEntries(
      ['ord_a', 'ord_b', 'ord_c', 'ord_d'].map(each => [
        each,
        pegs(each)
          .filter(([, , po_id]) => po_id !== null)
          .map(([, units]) => units),
      ]),
    );
    assert.deepEqual(dated, { ord_d: [4], ord_b: [4], ord_c: [2], ord_a: [] });
    assert.equal(ran.types.length, 3);
  });

  test('follows the dates: acknowledgment, slip, cancellation asked, refused, order closed', () => {
    const { policy, order, run, say, peg, fact, memory, open_operation } = queued_shop();
    policy(sku);
    order([sku], 'sent');
    say('backorder.queued', 'ord_1', [{ quantity: 3 }]);
    const expected = () => said(peg(), 'backorder.pegged').pegs[0]?.expected_at;
    assert.equal(expected(), days_later(4));
    fact({
      kind: 'acknowledgment',
      ack_no: 1,
      lines: [{ line_no: 1, confirmed: 10, backordered: 0, rejected: 0, promised_at: days_later(6) }],
    });
    assert.equal(expected(), days_later(6));
    fact({ kind: 'eta', cause: 'storm', lines: [{ line_no: 1, new_at: days_later(8) }] });
    assert.equal(expected(), days_later(8));
    run({ type: 'cancel_purchase_order', ...about, reason: 'r' });
    assert.equal(expected(), null);
    memory.outcome(open_operation('cancel_order'), { outcome: 'declined', code: 'no', retryable: false });
    assert.equal(expected(), days_later(8));
    run({ type: 'close_purchase_order', ...about, reason: 'r' });
    assert.equal(expected(), null);
    assert.equal(memory.version('peg_book', 'ord_1'), 6);
  });

  test('filled or cancelled it leaves the book, and the next moves up', () => {
    const { policy, order, say, peg, pegs } = queued_shop();
    policy(sku);
    order([sku], 'sent');
    say('backorder.queued', 'ord_1', [{ quantity: 8 }]);
    say('backorder.queued', 'ord_2', [{ quantity: 8 }]);
    peg();
    say('backorder.cancelled', 'ord_1', [{ quantity: 5 }]);
    peg();
    assert.deepEqual(
      [pegs('ord_1'), pegs('ord_2')],
      [
        [[1, 3, po, days_later(4)]],
        [
          [1, 7, po, days_later(4)],
          [1, 1, null, null],
        ],
      ],
    );
    say('backorder.filled', 'ord_1', [{ quantity: 3 }]);
    const ran = peg();
    assert.deepEqual([pegs('ord_1'), pegs('ord_2')], [[], [[1, 8, po, days_later(4)]]]);
    assert.equal(ran.types.length, 2);
  });

  test('heard again, or late, it counts once', () => {
    const { policy, say, item } = queued_shop();
    policy(sku);
    say('backorder.queued', 'ord_1', [{ quantity: 8 }], 5);
    say('backorder.queued', 'ord_1', [{ quantity: 8 }], 5);
    say('backorder.filled', 'ord_1', [{ quantity: 8 }], 4);
    assert.equal(item(sku).queued, 8);
  });

  test('goods at the dock change no promise before inventory has counted them', () => {
    const { policy, order, run, say, peg, memory, timer, pegs } = queued_shop();
    policy(sku);
    order([sku], 'sent');
    say('backorder.queued', 'ord_1', [{ quantity: 3 }]);
    peg();
    const received = said(
      run({ type: 'post_receipt', ...about, lines: [{ sku, accepted: 4, rejected: 0, reason: null }], force: false }),
      'goods.received',
    );
    assert.equal(timer('peg', id), undefined);
    memory.hear(
      heard('stock.received', {
        receipt_id: received.receipt_id,
        quantity_sellable: 4,
        quantity_quality_control: 0,
        levels: levels_of(sku, { on_hand: 4, allocated: 3 }),
      }),
    );
    assert.equal(timer('peg', id), later(at, 1_000));
    say('backorder.filled', 'ord_1', [{ quantity: 3 }]);
    peg();
    assert.deepEqual(pegs('ord_1'), []);
  });

  test('of an order with lines of two items keeps the pegs of both', () => {
    const { policy, order, say, peg, pegs } = queued_shop();
    for (const each of [sku, 'MUG']) policy(each);
    order([sku, 'MUG'], 'sent');
    say('backorder.queued', 'ord_1', [{ quantity: 2 }, { quantity: 3, line_no: 2, sku: 'MUG' }]);
    peg();
    assert.equal(said(peg(item_id('MUG', depot)), 'backorder.pegged').pegs.length, 2);
    assert.deepEqual(
      pegs('ord_1').map(([line_no]) => line_no),
      [1, 2],
    );
  });

  test('of an item that only a purchase order knows is promised, too', () => {
    const { order, say, peg, pegs } = queued_shop();
    say('backorder.queued', 'ord_1', [{ quantity: 2 }]);
    order([sku], 'sent');
    peg();
    assert.deepEqual(pegs('ord_1'), [[1, 2, po, days_later(4)]]);
  });
});

test('the whole way of goods keeps the position where it is: proposed, on order, in transit, at the dock, in stock', () => {
  const { policy, levels, review, run, memory, proposal, item, fact, open_operation } = queued_shop();
  policy(sku);
  levels(sku, { on_hand: 10 });
  review(sku);
  const here = () => position(item(sku));
  assert.equal(here(), 60);
  run({ type: 'accept_proposal', proposal_id: proposal(sku).proposal_id, item_id: id, po_id: po, if_version: null });
  assert.equal(here(), 60);
  run({ type: 'approve_purchase_order', ...about });
  memory.outcome(open_operation('send_order'), { outcome: 'ok', value: {} });
  assert.equal(here(), 60);
  fact({ kind: 'ship_notice', notice_ref: 'SN-1', expected_at: days_later(2), lines: [{ line_no: 1, quantity: 50 }] });
  assert.equal(here(), 60);
  const received = said(
    run({ type: 'post_receipt', ...about, lines: [{ sku, accepted: 50, rejected: 0, reason: null }], force: false }),
    'goods.received',
  );
  assert.equal(here(), 60);
  memory.hear(
    heard('stock.received', {
      receipt_id: received.receipt_id,
      quantity_sellable: 50,
      quantity_quality_control: 0,
      levels: levels_of(sku, { on_hand: 60, version: 9 }),
    }),
  );
  assert.equal(here(), 60);
  levels(sku, { on_hand: 60, version: 9 });
  assert.equal(here(), 60);
  assert_contracts({ memory });
});

test('every event that suppliers hear has a reaction that takes its recorded example', () => {
  const listed = Object.values(event_contracts)
    .filter(contract => (contract.heard_by as readonly string[]).includes('suppliers'))
    .map(contract => contract.type);
  assert.deepEqual(Object.keys(reactions).sort(), listed.sort());
  const { memory } = shop();
  for (const type of listed) {
    const ran = memory.hear(recorded(type));
    assert.equal(ran.rejection, undefined, type);
    memory.hear(recorded(type));
  }
});
