/** What a supplier refused (docs/decisions/0010): not again by itself for a day, doubled each time; others are asked; people do as they like. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { later } from '../../../platform/service.ts';
import { item_id, type Offer, type Refusal, type SuppliersSettings, unknown_item } from '../model.ts';
import { acme, assert_contracts, at, days_later, depot, offer, po, type Shop, said, shop } from '../testing/shop.ts';
import { after_refusal, asked_again_at, refuses, willing } from './refusals.ts';

const sku = 'TEA';
const id = item_id(sku, depot);
const other: Offer = { ...offer, supplier_id: 'other', cost: 300 };

describe('after a refusal', () => {
  const rows: readonly { readonly refused: number; readonly days: number }[] = [
    { refused: 1, days: 1 },
    { refused: 2, days: 2 },
    { refused: 3, days: 4 },
    { refused: 4, days: 8 },
    { refused: 5, days: 16 },
    { refused: 6, days: 16 },
    { refused: 5_000, days: 16 },
  ];
  for (const { refused, days } of rows)
    test(`number ${refused} in a row the supplier is not asked for ${days} days`, () => {
      const before: Refusal[] = refused === 1 ? [] : [{ supplier_id: 'acme', times: refused - 1, until: at }];
      assert.deepEqual(after_refusal(before, 'acme', at), [{ supplier_id: 'acme', times: refused, until: days_later(days) }]);
    });

  test('the others are asked, and the refusing one from its time on', () => {
    const item = { ...unknown_item, refusals: after_refusal([], 'acme', at) };
    assert.deepEqual(willing(item, [offer, other], at), [other]);
    assert.equal(refuses(item, 'acme', later(days_later(1), -1)), true);
    assert.deepEqual(willing(item, [offer, other], days_later(1)), [offer, other]);
  });

  test('all are asked again when the first of those comes that the policy allows', () => {
    const refusals = [...after_refusal([], 'acme', at), { supplier_id: 'other', times: 3, until: days_later(4) }];
    const item = { ...unknown_item, refusals };
    assert.equal(asked_again_at(item, [offer, other]), days_later(1));
    assert.equal(asked_again_at({ ...item, supplier_id: 'other' }, [offer, other]), days_later(4));
    assert.equal(asked_again_at(item, []), null);
  });
});

/** An order of 60 by hand that acme has; the shelf is empty. */
function ordered(settings: Partial<SuppliersSettings>, offers: readonly Offer[], policy: Parameters<Shop['policy']>[1] = {}): Shop {
  const one = shop(settings, [acme, { ...acme, id: 'other' }]);
  one.memory.seed('offers', sku, offers);
  one.order([sku], 'sent', 60);
  one.policy(sku, policy);
  one.levels(sku, { on_hand: 0 });
  return one;
}
const answer = (one: Shop, rejected: number, ack_no = 1, when = at) =>
  one.fact({ kind: 'acknowledgment', ack_no, lines: [{ line_no: 1, confirmed: 60 - rejected, backordered: 0, rejected }] }, when);

describe('an item whose only supplier refuses it', () => {
  test('is an exception with an owner and a deadline, and waits a day', () => {
    const one = ordered({ replenishment: 'auto' }, [offer]);
    const raised = said(answer(one, 60), 'exception.raised');
    assert.deepEqual(
      [raised.subject, raised.reason, raised.owner, raised.deadline],
      [id, 'refused_by_supplier', 'purchasing', days_later(1)],
    );
    assert.match(raised.detail, /^acme refuses 60 of TEA for depot in po_1\. .* before 2026-03-02T10:00:00\.000Z/);
    assert.deepEqual(one.review(sku).types, []);
    assert.deepEqual([one.timer('review', id), one.item(sku).proposal_id], [days_later(1), null]);
    // Nor do levels that change bring it forward.
    one.levels(sku, { on_hand: 0, backordered: 3 });
    assert.equal(one.timer('review', id), days_later(1));
    assert.equal(said(one.review(sku, days_later(1)), 'replenishment.proposed').supplier_id, 'acme');
    assert_contracts(one);
  });

  test('is refused in part: what is missing waits as well', () => {
    const one = ordered({ replenishment: 'auto' }, [offer]);
    assert.deepEqual(answer(one, 50).types, ['purchase_order.acknowledged', 'exception.raised']);
    assert.deepEqual(one.review(sku).types, []);
    assert.equal(one.timer('review', id), days_later(1));
    // The same answer again is not another refusal.
    answer(one, 50, 2);
    assert.equal(one.item(sku).refusals[0]?.times, 1);
  });

  test('can be ordered by a person at once; what is taken is forgotten', () => {
    const one = ordered({ replenishment: 'auto' }, [offer]);
    answer(one, 60);
    one.review(sku);
    one.run({ type: 'create_purchase_order', po_id: 'po_2', supplier_id: 'acme', location_id: depot, lines: [{ sku, quantity: 20 }] });
    one.run({ type: 'approve_purchase_order', po_id: 'po_2', if_version: null });
    one.memory.outcome(one.open_operation('send_order'), { outcome: 'ok', value: { channel: 'rest' } });
    const lines = [{ line_no: 1, confirmed: 20, backordered: 0, rejected: 0 }];
    const fact = { kind: 'acknowledgment', document_ref: 'D', po_id: 'po_2', ack_no: 1, lines } as const;
    const taken = one.run({ type: 'record_supplier_fact', po_id: 'po_2', stray_id: 'doc_D', fact });
    assert.deepEqual(taken.types, ['purchase_order.acknowledged', 'exception.resolved']);
    assert.deepEqual([one.item(sku).refusals, one.item(sku).refused_until], [[], null]);
  });

  test('is proposed to nobody else when its policy names the supplier', () => {
    const one = ordered({ replenishment: 'auto' }, [offer, other], { supplier_id: 'acme' });
    answer(one, 60);
    assert.deepEqual(one.review(sku).types, []);
    // Until the policy names another.
    one.policy(sku, { supplier_id: 'other' });
    assert.equal(said(one.review(sku), 'replenishment.proposed').supplier_id, 'other');
  });

  test('waits twice as long when it refuses again', () => {
    const one = ordered({ replenishment: 'auto' }, [offer]);
    const again = after_refusal(after_refusal([], 'acme', at), 'acme', days_later(1));
    answer(one, 60);
    one.review(sku);
    one.review(sku, days_later(1));
    const accept = one.timer('accept', `acme@${depot}`) ?? '';
    const created = said(one.memory.fire('accept', `acme@${depot}`, accept), 'purchase_order.created');
    one.memory.outcome(one.open_operation('send_order'), { outcome: 'ok', value: { channel: 'rest' } });
    const lines = [{ line_no: 1, confirmed: 0, backordered: 0, rejected: 60 }];
    const fact = { kind: 'acknowledgment', document_ref: 'D', po_id: created.po_id, ack_no: 1, lines } as const;
    one.run({ type: 'record_supplier_fact', po_id: created.po_id, stray_id: 'doc_D', fact }, { at: accept });
    assert.equal(one.item(sku).refusals[0]?.times, again[0]?.times);
    assert.deepEqual(one.review(sku, accept).types, []);
    assert.equal(one.timer('review', id), later(accept, 2 * 86_400_000));
  });
});

describe('an item that others sell, too', () => {
  test('is proposed to another supplier at once', () => {
    const one = ordered({ replenishment: 'auto' }, [{ ...offer, preferred: true }, other]);
    answer(one, 60);
    const proposed = said(one.review(sku), 'replenishment.proposed');
    assert.deepEqual([proposed.supplier_id, proposed.quantity], ['other', 60]);
    assert.notEqual(one.timer('accept', `other@${depot}`), undefined);
  });
});

describe('a proposal that was open when its supplier refused', () => {
  /** An order of ten on its way, and a proposal of what else is missing. */
  const opened = (settings: Partial<SuppliersSettings>, offers: readonly Offer[]) => {
    const one = shop(settings, [acme, { ...acme, id: 'other' }]);
    one.memory.seed('offers', sku, offers);
    one.order([sku], 'sent', 10);
    one.policy(sku);
    one.levels(sku, { on_hand: 0 });
    one.review(sku);
    one.fact({ kind: 'acknowledgment', ack_no: 1, lines: [{ line_no: 1, confirmed: 0, backordered: 0, rejected: 10 }] });
    return one;
  };
  test('is not accepted by itself: it goes, and another supplier is asked', () => {
    const one = opened({ replenishment: 'auto' }, [offer, other]);
    const due = one.timer('accept', `acme@${depot}`) ?? '';
    // Before the back-off ends.
    const ran = one.memory.fire('accept', `acme@${depot}`, later(at, 1_000));
    assert.ok(due > at);
    assert.deepEqual(ran.types, ['replenishment.superseded']);
    assert.deepEqual(said(ran, 'replenishment.superseded').reasons, ['refused_by_supplier']);
    assert.equal(said(one.review(sku, later(at, 1_000)), 'replenishment.proposed').supplier_id, 'other');
  });
  test('stays for the person who decides about it, and may be accepted at once', () => {
    const one = opened({}, [offer, other]);
    const { proposal_id } = one.item(sku);
    one.review(sku, later(at, 1_000));
    assert.equal(one.item(sku).proposal_id, proposal_id);
    const accepted = one.run({ type: 'accept_proposal', proposal_id: proposal_id ?? '', item_id: id, po_id: 'po_2', if_version: null });
    assert.deepEqual(accepted.types, ['purchase_order.created', 'replenishment.accepted']);
    assert.equal(one.purchase_order('po_2').supplier_id, 'acme');
    assert.equal(one.purchase_order(po).status, 'rejected');
  });
});
