/** What suppliers say (domain.md 3.5): newer only, each document once, whatever the order; what does not fit waits for a person. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { SuppliersEvent } from '../../../contracts/index.ts';
import type { SupplierFact } from '../channels/port.ts';
import { evolve_purchase_order } from '../evolve_purchase_order.ts';
import { in_transit, on_order, position, receiving } from '../model.ts';
import { new_purchase_order, outstanding, type PurchaseOrder } from '../model_order.ts';
import { acme, assert_contracts, days_later, po, said, shop, type Told } from '../testing/shop.ts';

const about = { po_id: po, if_version: null };
const decide = (decision: 'accept' | 'refuse') => ({ type: 'decide_acknowledgment', ...about, decision }) as const;
const lines = (...told: readonly object[]) =>
  told.map((line, place) => ({ line_no: place + 1, confirmed: 10, backordered: 0, rejected: 0, ...line }));
const ack = (ack_no: number, ...told: readonly object[]): Told => ({ kind: 'acknowledgment', ack_no, lines: lines(...told) });
const notice = (quantity: number, more: object = {}): Told => ({
  kind: 'ship_notice',
  notice_ref: 'SN-1',
  expected_at: days_later(2),
  lines: [{ line_no: 1, quantity }],
  ...more,
});
const invoice = (quantity: number, cost: number, more: object = {}): Told => ({
  kind: 'invoice',
  invoice_ref: 'INV-1',
  amount: quantity * cost,
  currency: 'GBP',
  lines: [{ line_no: 1, quantity, cost }],
  ...more,
});
const sent = (skus: readonly string[] = ['A']) => {
  const one = shop();
  for (const sku of skus) one.policy(sku);
  one.order(skus, 'sent');
  return one;
};

describe('an acknowledgment', () => {
  test('promises dates: the last of them is the order’s, the first is remembered', () => {
    const { fact, purchase_order } = sent(['A', 'B']);
    const told = said(fact(ack(1, { promised_at: days_later(3) }, { promised_at: days_later(5) })), 'purchase_order.acknowledged');
    assert.equal(told.expected_at, days_later(5));
    fact(ack(2, { promised_at: days_later(6) }, { promised_at: days_later(5) }));
    const [line] = purchase_order().lines;
    assert.deepEqual(
      [line?.promised_at, line?.first_promised_at, purchase_order().expected_at],
      [days_later(6), days_later(3), days_later(6)],
    );
  });
  test('counts when it is newer: an older or repeated one changes nothing', () => {
    const { fact, purchase_order } = sent();
    fact({ ...ack(2, { confirmed: 8, backordered: 2 }), document_ref: 'DOC-X' });
    assert.deepEqual(fact(ack(1, {})).types, []);
    assert.deepEqual(fact(ack(2, {})).types, []);
    assert.deepEqual(fact({ ...ack(3, {}), document_ref: 'DOC-X' }).types, []);
    assert.deepEqual([purchase_order().ack_no, purchase_order().lines[0]?.confirmed], [2, 8]);
  });
  test('takes rejected units off the order; rejected for good they may be proposed again', () => {
    const { fact, purchase_order, item } = sent(['A', 'B']);
    fact(ack(1, { confirmed: 4, rejected: 6 }, {}));
    const [line] = purchase_order().lines;
    assert.deepEqual([line?.rejected, line?.refused, line && outstanding(line), on_order(item('A'))], [6, 6, 4, 4]);
    fact(ack(2, { confirmed: 10, rejected: 0 }, {}));
    assert.equal(on_order(item('A')), 4);
    fact(ack(3, { confirmed: 0, rejected: 9 }, {}));
    assert.equal(on_order(item('A')), 1);
  });
  test('with no line accepted ends the order', () => {
    const { fact, purchase_order, item, timer } = sent();
    assert.deepEqual(fact(ack(1, { confirmed: 0, rejected: 10 })).types, ['purchase_order.rejected', 'exception.raised']);
    assert.deepEqual([purchase_order().status, position(item('A')), timer('purchase_order', po)], ['rejected', 0, undefined]);
  });
  test('a newer one that takes everything back ends the order, too', () => {
    const { fact, purchase_order } = sent();
    fact(ack(1, {}));
    assert.equal(purchase_order().status, 'acknowledged');
    assert.deepEqual(fact(ack(2, { confirmed: 0, rejected: 10 })).types, ['purchase_order.rejected', 'exception.raised']);
    assert.equal(purchase_order().status, 'rejected');
  });
  test('of a line, or of units, that were not ordered is a person’s', () => {
    const { fact, purchase_order } = sent();
    const raised = said(
      fact({ kind: 'acknowledgment', ack_no: 1, lines: [{ line_no: 7, confirmed: 1, backordered: 0, rejected: 0 }] }),
      'exception.raised',
    );
    assert.equal(raised.reason, 'acknowledgment_wrong');
    assert.deepEqual(fact(ack(2, { confirmed: 8, backordered: 8 })).types, []);
    assert.equal(purchase_order().ack_no, 0);
  });
  test('of a price within tolerance is taken, and so is a lower one', () => {
    const { fact, purchase_order } = sent(['A', 'B']);
    assert.deepEqual(fact(ack(1, { cost: 102 }, { cost: 90 })).types, ['purchase_order.acknowledged']);
    assert.deepEqual(
      purchase_order().lines.map(line => line.cost),
      [102, 90],
    );
  });
  for (const [what, line] of [
    ['a price beyond tolerance', { cost: 103 }],
    ['a substitute', { substitute_sku: 'S-1-ALT' }],
  ] as const) {
    test(`with ${what} waits for a person`, () => {
      const { fact, purchase_order, run } = sent();
      assert.equal(said(fact(ack(1, line)), 'exception.raised').reason, 'acknowledgment_to_decide');
      assert.equal(purchase_order().status, 'sent');
      assert.deepEqual(fact(ack(1, {})).types, []);
      const refused = run(decide('refuse'));
      assert.deepEqual(refused.types, ['purchase_order.cancellation_requested', 'exception.resolved']);
      assert.equal(refused.operations[0]?.kind, 'cancel_order');
    });
  }
  test('accepted by a person brings the price; a substitute is not bought yet, so its line does not come', () => {
    const { fact, purchase_order, run } = sent(['A', 'B']);
    fact(ack(1, { cost: 150 }, { substitute_sku: 'S-2-ALT' }));
    assert.deepEqual(run(decide('accept')).types, ['purchase_order.acknowledged', 'exception.raised', 'exception.resolved']);
    const [a, b] = purchase_order().lines;
    assert.deepEqual([a?.cost, b?.cost, b?.refused], [150, 100, 10]);
    assert.equal(run(decide('accept')).rejection?.rejection, 'invalid_transition');
  });
  test('that is newer and in order takes the place of one that waits', () => {
    const { fact, purchase_order } = sent();
    fact(ack(1, { cost: 150 }));
    assert.deepEqual(fact(ack(2, {})).types, ['purchase_order.acknowledged', 'exception.resolved']);
    assert.equal(purchase_order().pending_acknowledgment, null);
  });
  test('that waited while goods were announced takes nothing back that is in transit', () => {
    const { fact, purchase_order, run } = sent();
    fact(ack(1, { confirmed: 4, rejected: 6, cost: 150 }));
    fact(notice(8));
    run(decide('accept'));
    const [line] = purchase_order().lines;
    assert.deepEqual([line?.refused, line?.in_transit, line && outstanding(line)], [2, 8, 8]);
  });
  test('of the channel manual is a person’s word', () => {
    const manual = [{ ...acme, channel: 'manual' as const }];
    const yes = shop({}, manual);
    yes.order(['A'], 'sent');
    assert.deepEqual(said(yes.run(decide('accept')), 'purchase_order.acknowledged').lines, [
      { line_no: 1, confirmed: 10, backordered: 0, rejected: 0, promised_at: days_later(4) },
    ]);
    const no = shop({}, manual);
    no.order(['A'], 'sent');
    assert.deepEqual(no.run(decide('refuse')).types, ['purchase_order.rejected']);
    assert.equal(sent().run(decide('accept')).rejection?.rejection, 'invalid_transition');
  });
  test('of goods that were billed or received before it counts no more', () => {
    const { run, fact } = sent();
    run({ type: 'post_receipt', ...about, lines: [{ sku: 'A', accepted: 3, rejected: 0, reason: null }], force: false });
    assert.deepEqual(fact(ack(1, {})).types, []);
  });
});

describe('a ship notice', () => {
  test('puts units in transit; a line that is whole takes its date', () => {
    const { fact, purchase_order, item } = sent();
    fact(ack(1, { promised_at: days_later(3) }));
    assert.deepEqual(fact(notice(4)).types, ['purchase_order.shipment_notified']);
    const ran = fact(notice(6, { notice_ref: 'SN-2', expected_at: days_later(7) }));
    assert.deepEqual(ran.types, ['purchase_order.shipment_notified', 'purchase_order.eta_changed']);
    assert.deepEqual(said(ran, 'purchase_order.eta_changed').lines, [{ line_no: 1, old_at: days_later(3), new_at: days_later(7) }]);
    assert.deepEqual(
      [on_order(item('A')), in_transit(item('A')), position(item('A')), purchase_order().expected_at],
      [0, 10, 10, days_later(7)],
    );
  });
  test('counts once, under whatever document it comes again', () => {
    const { fact, purchase_order, memory } = sent();
    fact(notice(4));
    assert.deepEqual(fact(notice(4)).types, []);
    assert.equal(purchase_order().lines[0]?.in_transit, 4);
    assert.equal(memory.records.filter(record => record.table === 'ship_notice').length, 1);
  });
  test('of too much, or of what was not ordered, is taken as far as it goes and shown to a person', () => {
    const { fact, purchase_order } = sent();
    const ran = fact(notice(12));
    assert.deepEqual(ran.types, ['exception.raised', 'purchase_order.shipment_notified', 'purchase_order.eta_changed']);
    assert.equal(said(ran, 'exception.raised').reason, 'shipped_too_much');
    assert.equal(purchase_order().lines[0]?.in_transit, 10);
    const strange = fact(notice(1, { notice_ref: 'SN-3', lines: [{ line_no: 9, quantity: 1 }] }));
    assert.equal(said(strange, 'exception.raised').reason, 'unknown_line');
  });
  test('of an order that is not ours is kept once, for a person', () => {
    const { fact, memory, run } = shop();
    const told = { ...notice(3), document_ref: 'DOC-S' };
    const raised = said(fact(told), 'exception.raised');
    assert.deepEqual([raised.reason, raised.subject], ['unknown_purchase_order', 'doc_DOC-S']);
    assert.deepEqual(fact(told).types, []);
    assert.equal(memory.rows.get('purchase_order')?.size, 0);
    assert.deepEqual(run({ type: 'resolve_exception', exception_id: raised.exception_id, subject: raised.subject, note: 'theirs' }).types, [
      'exception.resolved',
    ]);
  });
});

describe('a new date', () => {
  test('moves the lines that are still to come', () => {
    const { fact, run, purchase_order } = sent(['A', 'B']);
    run({ type: 'post_receipt', ...about, lines: [{ sku: 'B', accepted: 10, rejected: 0, reason: null }], force: false });
    const moved = fact({
      kind: 'eta',
      cause: 'storm',
      lines: [
        { line_no: 1, new_at: days_later(9) },
        { line_no: 2, new_at: days_later(9) },
      ],
    });
    assert.deepEqual(said(moved, 'purchase_order.eta_changed').lines, [{ line_no: 1, old_at: days_later(4), new_at: days_later(9) }]);
    assert.equal(purchase_order().expected_at, days_later(9));
    assert.deepEqual(fact({ kind: 'eta', cause: 'storm', lines: [{ line_no: 1, new_at: days_later(9) }] }).types, []);
  });
});

describe('an invoice', () => {
  const rows: readonly { readonly what: string; readonly bill: Told; readonly difference: RegExp | undefined }[] = [
    { what: 'as ordered and announced', bill: invoice(10, 100), difference: undefined },
    { what: 'within tolerance', bill: invoice(10, 102), difference: undefined },
    { what: 'dearer', bill: invoice(10, 103), difference: /costs 103 GBP minor units, not 100 GBP minor units/ },
    { what: 'of more than came', bill: invoice(11, 100), difference: /11 units billed, 10 came/ },
    {
      what: 'that does not add up',
      bill: invoice(10, 100, { amount: 1_001 }),
      difference: /add up to 1000 GBP minor units, not to 1001 GBP minor units/,
    },
    { what: 'in another currency', bill: invoice(10, 100, { currency: 'EUR' }), difference: /billed in EUR/ },
    {
      what: 'of a line we never ordered',
      bill: invoice(10, 100, { lines: [{ line_no: 4, quantity: 10, cost: 100 }] }),
      difference: /no line 4/,
    },
  ];
  for (const { what, bill, difference } of rows) {
    test(what, () => {
      const { fact } = sent();
      fact(notice(10));
      const ran = fact(bill);
      const { differences } = said(ran, 'purchase_order.invoiced');
      if (difference === undefined) assert.deepEqual([differences, ran.types], [[], ['purchase_order.invoiced']]);
      else {
        assert.match(differences.join(), difference);
        assert.equal(said(ran, 'exception.raised').reason, 'invoice_differs');
      }
    });
  }
  test('comes after the end, too, and once', () => {
    const { fact, run } = sent();
    run({ type: 'post_receipt', ...about, lines: [{ sku: 'A', accepted: 10, rejected: 0, reason: null }], force: false });
    assert.deepEqual(fact(invoice(10, 100)).types, ['purchase_order.invoiced']);
    assert.equal(said(fact(invoice(10, 100)), 'exception.raised').reason, 'invoice_twice');
  });
  test('that is delivered twice counts once; the same bill as another document is a person’s', () => {
    const { fact, purchase_order } = sent();
    const bill = { ...invoice(10, 100), document_ref: 'DOC-BILL' };
    fact(notice(10));
    fact(bill);
    assert.deepEqual(fact(bill).types, []);
    assert.equal(said(fact({ ...bill, document_ref: 'DOC-BILL-2' }), 'exception.raised').reason, 'invoice_twice');
    assert.equal(purchase_order().lines[0]?.invoiced, 10);
  });
  test('waits for its goods, and is approved with them', () => {
    const { fact, run, purchase_order } = sent();
    const asked = fact(invoice(10, 100));
    assert.equal(said(asked, 'exception.raised').reason, 'invoice_before_goods');
    const states = () => purchase_order().invoices.map(({ state }) => state);
    assert.deepEqual(states(), ['waits']);
    const receipt = (accepted: number) =>
      run({ type: 'post_receipt', ...about, lines: [{ sku: 'A', accepted, rejected: 0, reason: null }], force: false });
    assert.deepEqual([receipt(4).types, states()], [['goods.received'], ['waits']]);
    assert.deepEqual(receipt(6).types, ['goods.received', 'purchase_order.closed', 'exception.resolved']);
    assert.deepEqual(states(), ['approved']);
  });
  test('of goods that never come differs when the order is closed', () => {
    const { fact, run, purchase_order } = sent();
    fact(invoice(10, 100));
    run({ type: 'close_purchase_order', ...about, reason: 'never came' });
    assert.deepEqual(
      purchase_order().invoices.map(({ state }) => state),
      ['differs'],
    );
    assert.deepEqual(
      purchase_order().exceptions.map(({ reason }) => reason),
      ['invoiced_too_much'],
    );
  });
  test('with freight and taxes beside the goods adds up, and they are a person’s', () => {
    const { fact, purchase_order } = sent();
    fact(notice(10));
    const charges = [
      { kind: 'freight', amount: 500 },
      { kind: 'tax', amount: 200 },
      { kind: 'other', amount: -100 },
    ] as const;
    const ran = fact(invoice(10, 100, { amount: 1_600, charges }));
    assert.match(said(ran, 'exception.raised').detail, /freight 500 GBP minor units, tax 200 GBP minor units, other -100 GBP/);
    assert.equal(said(ran, 'exception.raised').reason, 'invoice_charges');
    assert.deepEqual(
      purchase_order().invoices.map(({ state }) => state),
      ['differs'],
    );
  });
  test('of what was cancelled is a person’s', () => {
    const { fact } = sent();
    fact(ack(1, { confirmed: 0, rejected: 10 }));
    assert.equal(said(fact(invoice(10, 100)), 'exception.raised').reason, 'document_after_end');
  });
});

test('a supplier that writes without end is not listened to', () => {
  const { fact } = sent();
  for (let day = 1; day <= 500; day++) fact({ kind: 'eta', cause: 'x', lines: [{ line_no: 1, new_at: days_later(day) }] });
  assert.equal(said(fact(ack(1, {})), 'exception.raised').reason, 'too_many_documents');
});

// --- whatever is said in whatever order, the units add up (O11) and the items know what the order knows (D2)

const units = fc.nat(14);
const line = fc.record({
  line_no: fc.integer({ min: 1, max: 3 }),
  confirmed: units,
  backordered: fc.nat(3),
  rejected: fc.nat(6),
  cost: fc.constantFrom(100, 101, 150),
});
const acknowledgments = fc.record({
  kind: fc.constant('acknowledgment' as const),
  ack_no: fc.integer({ min: 1, max: 4 }),
  lines: fc.uniqueArray(line, { maxLength: 3, selector: each => each.line_no }),
});
const shipped = fc.record({ line_no: fc.integer({ min: 1, max: 3 }), quantity: units });
const notices = fc.record({
  kind: fc.constant('ship_notice' as const),
  notice_ref: fc.constantFrom('a', 'b', 'c'),
  expected_at: fc.constantFrom(days_later(1), days_later(8)),
  lines: fc.uniqueArray(shipped, { maxLength: 3, selector: each => each.line_no }),
});
const answers = fc.record({
  kind: fc.constant('cancellation_answer' as const),
  answer: fc.constantFrom('agreed' as const, 'refused' as const),
});
const told: fc.Arbitrary<Told> = fc.oneof({ weight: 3, arbitrary: acknowledgments }, { weight: 3, arbitrary: notices }, answers);
const counted = fc.record({
  sku: fc.constantFrom('A', 'B'),
  accepted: units,
  rejected: fc.nat(4),
  reason: fc.constantFrom(null, 'damaged'),
});
const deeds = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('fact' as const), fact: told }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('post_receipt' as const),
      lines: fc.array(counted, { minLength: 1, maxLength: 3 }),
      force: fc.boolean(),
    }),
  },
  fc.record({ type: fc.constantFrom('cancel_purchase_order' as const, 'approve_purchase_order' as const), reason: fc.constant('r') }),
  fc.record({ type: fc.constant('decide_acknowledgment' as const), decision: fc.constantFrom('accept' as const, 'refuse' as const) }),
  fc.record({ type: fc.constant('close_purchase_order' as const), reason: fc.constant('r') }),
  fc.record({ type: fc.constant('outcome' as const), kind: fc.constantFrom('send_order', 'cancel_order'), ok: fc.boolean() }),
);

test('after anything said and done, the units of every line add up and its supply item knows the same', () => {
  fc.assert(
    fc.property(fc.array(deeds, { maxLength: 25 }), steps => {
      const one = shop();
      for (const sku of ['A', 'B']) one.policy(sku);
      one.order(['A', 'B'], 'approved');
      for (const step of steps) {
        if (step.type === 'fact') one.fact(step.fact as Omit<SupplierFact, 'po_id'> as Told);
        else if (step.type === 'outcome') answer(one, step.kind, step.ok);
        else one.run({ ...about, ...step } as Parameters<typeof one.run>[0]);
        check(one, one.purchase_order());
      }
      assert.deepEqual(told_part(one.purchase_order()), told_part(folded(one)));
      assert_contracts(one);
    }),
    { numRuns: 200 },
  );
});

/** The order as its events alone make it. */
function folded({ memory }: ReturnType<typeof shop>): PurchaseOrder {
  const of_order = memory.log.filter(event => event.subject === po);
  assert.deepEqual(
    of_order.map(event => event.sequence),
    of_order.map((_event, place) => place + 1),
  );
  // Only suppliers wrote into this log.
  return of_order.reduce((order, event) => evolve_purchase_order(order, event as SuppliersEvent), new_purchase_order(po));
}
/** Without the bookkeeping that no event tells. */
function told_part(order: PurchaseOrder) {
  const {
    channel,
    lead_time_days,
    send_op_id,
    cancel_op_id,
    pending_acknowledgment,
    held,
    documents,
    created_at,
    sent_at,
    closed_at,
    ...told
  } = order;
  return told;
}

function answer(one: ReturnType<typeof shop>, kind: string, ok: boolean): void {
  const open = [...one.memory.operations.values()].find(
    operation => operation.kind === kind && !['failed', 'succeeded'].includes(operation.state),
  );
  if (open !== undefined)
    one.memory.outcome(open.op_id, ok ? { outcome: 'ok', value: {} } : { outcome: 'declined', code: 'no', retryable: false });
}

function check(one: ReturnType<typeof shop>, order: PurchaseOrder): void {
  for (const each of order.lines) {
    assert.equal(each.received + each.rejected + each.cancelled + outstanding(each), each.quantity);
    assert.ok(
      outstanding(each) >= each.in_transit &&
        each.in_transit >= 0 &&
        each.refused <= each.rejected &&
        each.rejected >= 0 &&
        each.cancelled >= 0,
    );
    const item = one.item(each.sku);
    assert.equal(on_order(item) + in_transit(item), outstanding(each));
    assert.equal(in_transit(item), each.in_transit);
    assert.equal(receiving(item), each.received + each.over);
  }
}
