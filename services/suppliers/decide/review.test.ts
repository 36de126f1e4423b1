/** Replenishment (domain.md 7.1-7.4): one proposal per item, contained in the position. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { later } from '../../../platform/service.ts';
import { computed_policy, demand_milli } from '../demand.ts';
import { day_ms, item_id, type Proposal, position, unknown_item } from '../model.ts';
import { assert_contracts, at, days_later, depot, heard, levels_of, offer, po, said, shop } from '../testing/shop.ts';
import { choose_offer, order_quantity } from './need.ts';

const sku = 'TEA';
const id = item_id(sku, depot);

describe('the position', () => {
  const item = { ...unknown_item, sku, location_id: depot, policy: true };
  const line = { po_id: po, line_no: 1, outstanding: 30, in_transit: 12, refused: 0, expected_at: null, withdrawn: false };
  test('is what is there, on order, in transit, being received and proposed, less what is promised', () => {
    const counters = { on_hand: 50, damaged: 3, allocated: 7, backordered: 5, proposed: 20 };
    const whole = { ...item, ...counters, open_lines: [line], receipts: [{ receipt_id: 'rcp_1', quantity: 4 }] };
    assert.equal(position(whole), 50 - 3 + 18 + 12 + 4 + 20 - 7 - 5);
  });
});

describe('a review', () => {
  const rows: readonly {
    readonly what: string;
    readonly on_hand: number;
    readonly allocated?: number;
    readonly proposed: number | undefined;
  }[] = [
    { what: 'position above the reorder point: nothing', on_hand: 16, proposed: undefined },
    { what: 'position at the reorder point: up to the target', on_hand: 15, proposed: 45 },
    { what: 'the need goes up to whole packs', on_hand: 12, proposed: 50 },
    { what: 'allocated units count as gone', on_hand: 30, allocated: 20, proposed: 50 },
    { what: 'nothing there', on_hand: 0, proposed: 60 },
  ];
  for (const row of rows) {
    test(row.what, () => {
      const { memory, policy, levels, review, timer } = shop();
      policy(sku);
      levels(sku, { on_hand: row.on_hand, allocated: row.allocated ?? 0 });
      assert.equal(timer('review', id), row.proposed === undefined ? undefined : at);
      if (row.proposed === undefined) return;
      const proposed = said(review(sku), 'replenishment.proposed');
      const without = row.on_hand - (row.allocated ?? 0);
      assert.deepEqual(
        [proposed.quantity, proposed.position, proposed.reorder_point, proposed.target, proposed.supplier_id],
        [row.proposed, without, 15, 60, 'acme'],
      );
      assert.equal(memory.version('proposal', proposed.proposal_id), 1);
      assert.equal(timer('review', id), undefined);
    });
  }

  test('waits for levels that were never heard, but not beyond the daily review', () => {
    const { memory, policy, timer, review } = shop();
    policy(sku);
    assert.equal(timer('review', id), undefined);
    assert.equal(timer('review_day', 'review_day'), '2026-03-02T00:00:00.000Z');
    memory.fire('review_day', 'review_day');
    assert.equal(timer('review', id), undefined);
    memory.fire('review_day', 'review_day');
    assert.equal(said(review(sku), 'replenishment.proposed').quantity, 60);
  });

  test('ignores levels that are older than those it knows', () => {
    const { policy, levels, item } = shop();
    policy(sku);
    levels(sku, { version: 7, on_hand: 40 });
    levels(sku, { version: 6, on_hand: 3 });
    assert.equal(item(sku).on_hand, 40);
    levels(sku, { version: 7, on_hand: 39 });
    assert.equal(item(sku).on_hand, 39);
  });

  test('keeps nothing of an item without a policy', () => {
    const { memory, levels } = shop();
    levels(sku, { on_hand: 0 });
    memory.hear(heard('stock.allocated', { order_id: 'ord_1', lines: [{ line_no: 1, sku, location_id: depot, quantity: 3 }] }));
    assert.equal(memory.rows.get('supply_item')?.size, 0);
  });

  test('a hundred of them make one proposal', () => {
    const { memory, policy, levels, review, run } = shop();
    policy(sku);
    levels(sku, { on_hand: 0 });
    review(sku);
    for (let round = 0; round < 100; round++) run({ type: 'review_supply', item_id: id });
    assert.equal(memory.log.filter(event => event.type === 'replenishment.proposed').length, 1);
    assert.equal(memory.rows.get('proposal')?.size, 1);
  });

  test('a hundred in one batch make one proposal', () => {
    const { memory, policy, levels } = shop();
    policy(sku);
    levels(sku, { on_hand: 0 });
    memory.run(Array.from({ length: 100 }, () => ({ type: 'review_supply', item_id: id })));
    assert.equal(memory.log.filter(event => event.type === 'replenishment.proposed').length, 1);
  });

  test('names why: minimum, packs, waiting backorders, whose offer', () => {
    const { policy, levels, review, memory } = shop();
    memory.seed('offers', sku, [{ ...offer, minimum_quantity: 100, pack_size: 30 }]);
    policy(sku);
    levels(sku, { on_hand: 0, backordered: 2 });
    const { quantity, reasons } = said(review(sku), 'replenishment.proposed');
    assert.equal(quantity, 120);
    assert.deepEqual(reasons, [
      'position_at_reorder_point',
      'backorders_wait',
      'at_least_minimum_quantity',
      'up_to_pack_size',
      'cheapest_supplier',
    ]);
  });

  test('without a supplier raises an exception once, resolves it when there is one', () => {
    const { policy, levels, review, memory, timer } = shop();
    memory.seed('offers', sku, []);
    policy(sku);
    levels(sku, { on_hand: 0 });
    assert.deepEqual(review(sku).types, ['exception.raised']);
    levels(sku, { on_hand: 1 });
    assert.equal(timer('review', id), undefined);
    memory.seed('offers', sku, [offer]);
    memory.fire('review_day', 'review_day');
    assert.deepEqual(review(sku).types, ['exception.resolved', 'replenishment.proposed']);
  });
});

describe('an open proposal', () => {
  const opened = (settings = {}) => {
    const one = shop(settings);
    one.policy(sku);
    one.levels(sku, { on_hand: 10 });
    one.review(sku);
    return one;
  };

  test('is revised when the need has changed, an hour later at most', () => {
    const { levels, review, timer, proposal, memory } = opened();
    levels(sku, { on_hand: 4 });
    assert.equal(timer('review', id), later(at, 3_600_000));
    assert.equal(said(review(sku), 'replenishment.revised').quantity, 60);
    assert.equal(memory.version('proposal', proposal(sku).proposal_id), 2);
  });

  test('stays when the need rounds to the same, and is not looked at for it again', () => {
    const { levels, review, timer } = opened();
    levels(sku, { on_hand: 11 });
    assert.deepEqual(review(sku).types, []);
    assert.equal(timer('review', id), undefined);
  });

  test('is superseded when the need has gone', () => {
    const { levels, review, item, proposal } = opened();
    const { proposal_id } = proposal(sku);
    levels(sku, { on_hand: 40 });
    assert.equal(said(review(sku), 'replenishment.superseded').proposal_id, proposal_id);
    assert.deepEqual([item(sku).proposal_id, item(sku).proposed], [null, 0]);
  });

  test('dismissed there is no other for 7 days, then there is', () => {
    const { run, proposal, item, memory, review, timer } = opened();
    const { proposal_id } = proposal(sku);
    const ran = run({ type: 'dismiss_proposal', proposal_id, item_id: id, if_version: null });
    assert.equal(said(ran, 'replenishment.dismissed').dismissed_until, days_later(7));
    assert.equal(timer('review', id), undefined);
    assert.equal(run({ type: 'dismiss_proposal', proposal_id, item_id: id, if_version: null }).rejection?.rejection, 'invalid_transition');
    memory.fire('review_day', 'review_day', days_later(3));
    assert.deepEqual(review(sku, days_later(3)).types, []);
    memory.fire('review_day', 'review_day', days_later(8));
    assert.deepEqual(review(sku, days_later(8)).types, ['replenishment.proposed']);
    assert.notEqual(item(sku).proposal_id, proposal_id);
  });

  test('accepted becomes a draft; the position stays', () => {
    const { run, proposal, item, purchase_order } = opened();
    const before = position(item(sku));
    const { proposal_id } = proposal(sku);
    const ran = run({ type: 'accept_proposal', proposal_id, item_id: id, po_id: po, if_version: 1 });
    assert.deepEqual(ran.types, ['purchase_order.created', 'replenishment.accepted']);
    assert.equal(position(item(sku)), before);
    assert.deepEqual([purchase_order().status, purchase_order().lines[0]?.quantity, purchase_order().lines[0]?.cost], ['draft', 50, 100]);
    assert.equal(
      run({ type: 'accept_proposal', proposal_id, item_id: id, po_id: 'po_2', if_version: null }).rejection?.rejection,
      'invalid_transition',
    );
    assert.equal(
      run({ type: 'accept_proposal', proposal_id: 'prp_none', item_id: id, po_id: 'po_2', if_version: null }).rejection?.rejection,
      'not_found',
    );
  });

  test('is not accepted by who saw another version, or when nobody sells it any more', () => {
    const { run, proposal, memory } = opened();
    const { proposal_id } = proposal(sku);
    const accept = { type: 'accept_proposal', proposal_id, item_id: id, po_id: po } as const;
    assert.equal(run({ ...accept, if_version: 7 }).rejection?.rejection, 'version_conflict');
    memory.seed('offers', sku, []);
    assert.equal(run({ ...accept, if_version: 1 }).rejection?.rejection, 'unknown_sku');
  });
});

describe('replenishment auto', () => {
  const other = 'COFFEE';
  const automatic = (settings = {}) => {
    const one = shop({ replenishment: 'auto', ...settings });
    for (const each of [sku, other]) {
      one.policy(each);
      one.levels(each, { on_hand: 0 });
      one.review(each);
    }
    return one;
  };

  test('accepts and approves daily, one order per supplier and location, as the need is then', () => {
    const { memory, timer, levels } = automatic();
    assert.equal(timer('accept', `acme@${depot}`), '2026-03-02T00:00:00.000Z');
    levels(sku, { on_hand: 11 });
    assert.equal(timer('review', id), undefined);
    const ran = memory.fire('accept', `acme@${depot}`);
    assert.deepEqual(ran.types, [
      'replenishment.revised',
      'purchase_order.created',
      'replenishment.accepted',
      'replenishment.accepted',
      'purchase_order.approved',
    ]);
    const quantities = said(ran, 'purchase_order.created').lines.map(line => [line.sku, line.quantity]);
    assert.deepEqual(quantities, [
      [other, 60],
      [sku, 50],
    ]);
    assert.equal(ran.operations[0]?.kind, 'send_order');
  });

  test('leaves to people what a policy or the approval limit reserves', () => {
    const { memory, policy } = automatic({ approval_limits: { GBP: 5_000 } });
    policy(other, { auto: false });
    const ran = memory.fire('accept', `acme@${depot}`);
    assert.deepEqual(
      said(ran, 'purchase_order.created').lines.map(line => line.sku),
      [sku],
    );
    assert.equal(said(ran, 'exception.raised').reason, 'approval_limit_exceeded');
    assert.ok(!ran.types.includes('purchase_order.approved'));
  });

  test('takes up what was proposed before it was automatic, and stops when it is no more', () => {
    const { memory, policy, levels, review, timer } = shop({ replenishment: 'auto' });
    policy(sku, { auto: false });
    levels(sku, { on_hand: 0 });
    review(sku);
    assert.equal(timer('accept', `acme@${depot}`), undefined);
    policy(sku, { auto: true });
    memory.fire('review_day', 'review_day');
    review(sku);
    assert.ok(memory.fire('accept', `acme@${depot}`).types.includes('purchase_order.approved'));
    const by_hand = automatic().memory;
    const manual = shop();
    for (const [kind, rows] of by_hand.rows) for (const [each, row] of rows) manual.memory.seed(kind, each, row.state, row.version);
    const accept = { type: 'accept_proposals', supplier_id: 'acme', location_id: depot, po_id: po } as const;
    assert.deepEqual(manual.run(accept).types, []);
  });

  test('a person who was faster leaves nothing to accept', () => {
    const { memory, run, proposal } = automatic();
    for (const each of [sku, other]) {
      const { proposal_id } = proposal(each);
      run({ type: 'dismiss_proposal', proposal_id, item_id: item_id(each, depot), if_version: null });
    }
    assert.deepEqual(memory.fire('accept', `acme@${depot}`).types, []);
  });

  test('in the sandbox it is a matter of seconds', () => {
    const { timer } = automatic({ accept_every_ms: 1_000 });
    assert.equal(timer('accept', `acme@${depot}`), later(at, 1_000));
  });
});

describe('a reorder policy', () => {
  test('is told when it changes, and only then', () => {
    const { policy, memory } = shop();
    assert.deepEqual(policy(sku, { supplier_id: 'acme' }).types, ['reorder_policy.changed']);
    assert.deepEqual(policy(sku, { supplier_id: 'acme' }).types, []);
    assert.equal(said(policy(sku, { target: 61 }), 'reorder_policy.changed').target, 61);
    assert.equal(memory.version('supply_item', id), 2);
    assert.equal(policy(sku, { if_version: 1 }).rejection?.rejection, 'version_conflict');
    assert.equal(policy(sku, { supplier_id: 'nobody' }).rejection?.rejection, 'unknown_supplier');
  });

  test('asks for a review when the levels are known already', () => {
    const { policy, levels, timer } = shop();
    policy(sku, { reorder_point: 0, target: 60 });
    levels(sku, { on_hand: 20 });
    assert.equal(timer('review', id), undefined);
    policy(sku, { reorder_point: 20, target: 60 });
    assert.equal(timer('review', id), at);
  });

  test('of the method demand follows 28 days of what was asked for', () => {
    const { policy, levels, memory, item } = shop();
    policy(sku, { method: 'demand', reorder_point: null, target: null });
    levels(sku, { on_hand: 100 });
    const line = { line_no: 1, sku, location_id: depot };
    memory.hear(heard('stock.allocated', { order_id: 'ord_1', lines: [{ ...line, quantity: 60 }] }));
    memory.hear(heard('backorder.queued', { order_id: 'ord_2', lines: [{ ...line, quantity: 8, priority: 5, requested_at: at }] }));
    memory.hear(
      heard('stock.reservation_failed', { order_id: 'ord_3', customer_ref: 'cus_1', short_lines: [{ sku, wanted: 5, available: 3 }] }),
    );
    const changed = said(memory.fire('review_day', 'review_day', days_later(1)), 'reorder_policy.changed');
    // 70 units in at least 7 days: 10 a day; 4 days of lead time, 3 of safety, 7 until the next review.
    assert.equal(item(sku).demand_milli, 10_000);
    assert.deepEqual([changed.reorder_point, changed.target], [70, 140]);
    assert.deepEqual(memory.fire('review_day', 'review_day', days_later(2)).types, []);
  });

  test('counts days in stock: what was sold out for half the time sells twice as fast', () => {
    const units = [0, 0, 28, ...Array.from({ length: 25 }, () => 0)];
    assert.equal(demand_milli({ day: 100, units, stocked: 0x0fffffff }), 1_000);
    assert.equal(demand_milli({ day: 100, units, stocked: 0x00003fff }), 2_000);
    assert.equal(demand_milli({ day: 100, units, stocked: 1 }), 4_000);
    assert.deepEqual(computed_policy({ ...unknown_item, safety_days: 3, review_days: 7 }, 4, 1_001), { reorder_point: 8, target: 16 });
  });

  test('counts a shopper who tries again once', () => {
    const { policy, levels, memory, item } = shop();
    policy(sku);
    levels(sku, { on_hand: 1 });
    const fail = (ref: string, wanted: number) =>
      memory.hear(
        heard('stock.reservation_failed', { order_id: 'ord_3', customer_ref: ref, short_lines: [{ sku, wanted, available: 1 }] }),
      );
    fail('cus_1', 3);
    fail('cus_1', 2);
    fail('cus_1', 6);
    fail('cus_2', 2);
    assert.equal(item(sku).demand.units[0], 6);
  });
});

describe('the supplier', () => {
  const item = { ...unknown_item, policy: true };
  const offers = [
    { ...offer, supplier_id: 'a', cost: 90 },
    { ...offer, supplier_id: 'b', cost: 120, preferred: true },
    { ...offer, supplier_id: 'c', cost: 70 },
  ];
  test("is the policy's, else the preferred, else the cheapest", () => {
    assert.deepEqual(
      [choose_offer({ ...item, supplier_id: 'a' }, offers)?.offer.supplier_id, choose_offer(item, offers)?.offer.supplier_id],
      ['a', 'b'],
    );
    assert.equal(
      choose_offer(
        item,
        offers.filter(one => !one.preferred),
      )?.offer.supplier_id,
      'c',
    );
    assert.equal(choose_offer({ ...item, supplier_id: 'd' }, offers), undefined);
  });
  test('sells at least the minimum, in whole packs, never fewer than needed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer({ min: 1, max: 500 }),
        (need, minimum_quantity, pack_size) => {
          const quantity = order_quantity(need, { minimum_quantity, pack_size });
          assert.ok(quantity >= need && quantity >= minimum_quantity && quantity % pack_size === 0);
          assert.ok(quantity - pack_size < Math.max(need, minimum_quantity));
        },
      ),
    );
  });
});

test('whatever happens to the levels, there is at most one open proposal, and it covers the need', () => {
  const step = fc.record({ on_hand: fc.nat(80), allocated: fc.nat(20), review: fc.boolean(), hours: fc.integer({ min: 0, max: 40 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), steps => {
      const { policy, levels, memory, item, run } = shop();
      policy(sku);
      let now = at;
      for (const { on_hand, allocated, review, hours } of steps) {
        now = later(now, (hours * day_ms) / 24);
        levels(sku, { on_hand, allocated: Math.min(on_hand, allocated) }, now);
        if (review) run({ type: 'review_supply', item_id: id }, { at: now });
        const open = [...(memory.rows.get('proposal')?.values() ?? [])].filter(row => (row.state as Proposal).status === 'proposed');
        assert.ok(open.length <= 1);
        assert.equal(open.length === 1, item(sku).proposal_id !== null);
        if (!review) continue;
        const { proposed, reorder_point } = item(sku);
        const without = position(item(sku)) - proposed;
        assert.equal(open.length === 1, without <= reorder_point);
        if (open.length === 1) assert.ok(position(item(sku)) >= item(sku).target);
      }
      assert_contracts({ memory });
    }),
    { numRuns: 60 },
  );
});

test('a batch of levels arms one review per item that needs it', () => {
  const { policy, memory } = shop();
  for (const each of ['A', 'B', 'C']) policy(each);
  memory.hear(
    heard('stock.levels_changed', { levels: ['A', 'B', 'C', 'D'].map((each, place) => levels_of(each, { on_hand: place * 10 })) }),
  );
  const reviews = [...memory.timers.values()].filter(timer => timer.kind === 'review').map(timer => timer.id);
  assert.deepEqual(reviews, [item_id('A', depot), item_id('B', depot)]);
});
