/** Purchase orders from draft to end (domain.md 3.5), their timers (3.6) and what people may do with them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { item_id, position, type SuppliersSettings } from '../model.ts';
import { acme, at, days_later, depot, offer, po, said, shop, type Told } from '../testing/shop.ts';

const one_day = days_later(1);
const manual = [{ ...acme, channel: 'manual' as const }];
const about = { po_id: po, if_version: null };
const approve = { type: 'approve_purchase_order', ...about } as const;
const cancel = { type: 'cancel_purchase_order', ...about, reason: 'not_needed' } as const;
const close = { type: 'close_purchase_order', ...about, reason: 'supplier_short' } as const;
const receipt = (lines: readonly { sku: string; accepted: number; rejected?: number; reason?: string }[], force = false) => {
  const counted = lines.map(line => ({ ...line, rejected: line.rejected ?? 0, reason: line.reason ?? null }));
  return { type: 'post_receipt', ...about, lines: counted, force } as const;
};
const acknowledged = (ack_no = 1, line: object = {}): Told => ({
  kind: 'acknowledgment',
  ack_no,
  lines: [{ line_no: 1, confirmed: 10, backordered: 0, rejected: 0, promised_at: days_later(3), ...line }],
});

describe('a draft', () => {
  test('is for one supplier and location; its units are on order at once', () => {
    const { order, purchase_order, item, timer, policy } = shop();
    policy('A');
    order(['A', 'B']);
    const { status, currency, lines } = purchase_order();
    assert.deepEqual(
      [status, currency, lines.map(line => [line.line_no, line.sku, line.quantity, line.cost])],
      [
        'draft',
        'GBP',
        [
          [1, 'A', 10, 100],
          [2, 'B', 10, 100],
        ],
      ],
    );
    assert.equal(position(item('A')), 10);
    assert.equal(timer('purchase_order', po), one_day);
  });
  test('needs a supplier who sells it, and a total that a number carries', () => {
    const { run, memory } = shop();
    const create = {
      type: 'create_purchase_order',
      po_id: po,
      supplier_id: 'acme',
      location_id: depot,
      lines: [{ sku: 'A', quantity: 10 }],
    } as const;
    assert.equal(run(create).rejection?.rejection, 'unknown_sku');
    assert.equal(run({ ...create, supplier_id: 'nobody' }).rejection?.rejection, 'unknown_supplier');
    memory.seed('offers', 'A', [{ ...offer, cost: Number.MAX_SAFE_INTEGER }]);
    assert.equal(run(create).rejection?.rejection, 'total_too_large');
    assert.equal(memory.rows.get('purchase_order')?.size, 0);
  });
  test('is approved up to the limit, and sent by the channel', () => {
    const { order, run, open_operation, memory } = shop({ approval_limits: { GBP: 1_000 } });
    order(['A']);
    const ran = run(approve, { actor: 'staff:7' });
    assert.equal(said(ran, 'purchase_order.approved').actor, 'staff:7');
    const operation = memory.operations.get(open_operation('send_order'));
    assert.deepEqual([operation?.provider, operation?.subject, operation?.request['reference']], ['rest', po, po]);
    const dear = shop({ approval_limits: { GBP: 999 } });
    dear.order(['A']);
    assert.equal(dear.run(approve).rejection?.rejection, 'over_limit');
  });
  test('of the channel manual is sent when printed: at approval, without a call', () => {
    const { order, run, memory, purchase_order } = shop({}, manual);
    order(['A']);
    const ran = run(approve);
    assert.deepEqual(ran.types, ['purchase_order.approved', 'purchase_order.sent']);
    assert.deepEqual([said(ran, 'purchase_order.sent').channel, said(ran, 'purchase_order.sent').expected_at], ['manual', days_later(4)]);
    assert.equal(memory.operations.size, 0);
    assert.equal(purchase_order().sent_at, at);
  });
  test('can be dropped', () => {
    const { order, run, item, policy } = shop();
    policy('A');
    order(['A']);
    assert.deepEqual(said(run(cancel), 'purchase_order.cancelled').lines, [{ line_no: 1, cancelled: 10 }]);
    assert.deepEqual([position(item('A')), item('A').open_lines], [0, []]);
  });
});

describe('sending', () => {
  const approved = (settings: Partial<SuppliersSettings> = {}) => {
    const one = shop(settings);
    one.order(['A'], 'approved');
    return { ...one, op_id: one.open_operation('send_order') };
  };
  test('ok: sent, expected by the supplier’s word or its lead time', () => {
    const { memory, op_id } = approved();
    const sent = said(
      memory.outcome(op_id, { outcome: 'ok', value: { channel: 'rest', expected_at: days_later(2) } }),
      'purchase_order.sent',
    );
    assert.deepEqual([sent.channel, sent.expected_at], ['rest', days_later(2)]);
    const other = approved();
    assert.equal(said(other.memory.outcome(other.op_id, { outcome: 'ok', value: {} }), 'purchase_order.sent').expected_at, days_later(4));
  });
  test('unknown is said once; found by asking it is sent, with what the supplier wrote meanwhile', () => {
    const { memory, op_id, purchase_order } = approved();
    const unknown = { outcome: 'unknown', detail: 'time-out' } as const;
    assert.deepEqual(memory.outcome(op_id, unknown).types, ['purchase_order.outcome_unknown']);
    assert.deepEqual(memory.outcome(op_id, unknown).types, []);
    const facts = [{ ...acknowledged(), po_id: po, document_ref: 'DOC-A' }];
    const ran = memory.outcome(op_id, { outcome: 'ok', value: { channel: 'rest', facts: JSON.parse(JSON.stringify(facts)) } });
    assert.deepEqual(ran.types, ['purchase_order.sent', 'purchase_order.acknowledged']);
    assert.equal(purchase_order().lines[0]?.confirmed, 10);
  });
  for (const outcome of [
    { outcome: 'permanent_error', code: 'credentials_refused', detail: '401' },
    { outcome: 'declined', code: 'account_on_hold', retryable: false },
  ] as const) {
    test(`${outcome.outcome}: an exception; approved again it is sent again, and the exception goes`, () => {
      const { memory, op_id, run, open_operation } = approved();
      const ran = memory.outcome(op_id, outcome);
      assert.deepEqual(ran.types, ['purchase_order.send_failed', 'exception.raised']);
      assert.equal(said(ran, 'purchase_order.send_failed').code, outcome.code);
      assert.deepEqual(run(approve).types, ['purchase_order.approved', 'exception.resolved']);
      assert.notEqual(open_operation('send_order'), op_id);
    });
  }
  test('refused it can be dropped; on its way or unknown it cannot', () => {
    const { run, memory, op_id } = approved();
    assert.equal(run(cancel).rejection?.rejection, 'already_sent');
    memory.outcome(op_id, { outcome: 'unknown', detail: 'time-out' });
    assert.equal(run(cancel).rejection?.rejection, 'already_sent');
    memory.outcome(op_id, { outcome: 'permanent_error', code: 'x', detail: '' });
    assert.deepEqual(run(cancel).types, ['purchase_order.cancelled', 'exception.resolved']);
  });
  test('a document proves it, whatever became of the call; the reply changes nothing then', () => {
    const { memory, op_id, fact } = approved();
    memory.outcome(op_id, { outcome: 'unknown', detail: 'reset' });
    const ran = fact(acknowledged());
    assert.deepEqual(ran.types, ['purchase_order.sent', 'purchase_order.acknowledged']);
    assert.equal(memory.operations.get(op_id)?.state, 'succeeded');
    assert.deepEqual(memory.outcome(op_id, { outcome: 'ok', value: {} }).types, []);
  });
  test('an operator’s evidence settles it, once', () => {
    const settle = { type: 'settle_operation', subject: po, evidence: 'they rang' } as const;
    const found = approved();
    assert.deepEqual(found.run({ ...settle, op_id: found.op_id, outcome: 'succeeded' }).types, ['purchase_order.sent']);
    assert.equal(found.memory.operations.get(found.op_id)?.state, 'succeeded');
    assert.deepEqual(found.run({ ...settle, op_id: found.op_id, outcome: 'succeeded' }).types, []);
    const lost = approved();
    assert.deepEqual(lost.run({ ...settle, op_id: lost.op_id, outcome: 'failed' }).types, [
      'purchase_order.send_failed',
      'exception.raised',
    ]);
    assert.equal(lost.run({ ...settle, op_id: 'op_none', outcome: 'failed' }).rejection?.rejection, 'not_found');
  });
});

describe('cancelling a sent order', () => {
  const cancelling = () => {
    const one = shop();
    one.policy('A');
    one.order(['A'], 'sent');
    one.run(cancel);
    return { ...one, op_id: one.open_operation('cancel_order') };
  };
  test('asks the supplier', () => {
    const { purchase_order, memory, op_id } = cancelling();
    assert.equal(purchase_order().status, 'cancelling');
    assert.deepEqual(memory.operations.get(op_id)?.request, { po_id: po, reference: po });
  });
  test('agreed in the reply: nothing of it will come', () => {
    const { memory, op_id, item } = cancelling();
    const ran = memory.outcome(op_id, { outcome: 'ok', value: { answer: 'agreed' } });
    assert.deepEqual(said(ran, 'purchase_order.cancelled').lines, [{ line_no: 1, cancelled: 10 }]);
    assert.equal(position(item('A')), 0);
  });
  test('refused: it goes on', () => {
    const { memory, op_id, purchase_order, run } = cancelling();
    const refused = {
      outcome: 'declined',
      code: 'cancellation_refused',
      retryable: false,
      value: { reason: 'the goods have left' },
    } as const;
    assert.equal(said(memory.outcome(op_id, refused), 'purchase_order.cancellation_refused').reason, 'the goods have left');
    assert.equal(purchase_order().status, 'acknowledged');
    assert.deepEqual(run(cancel).types, ['purchase_order.cancellation_requested']);
  });
  test('answered later by a document, once; the reply of a late question changes nothing', () => {
    const { memory, op_id, fact } = cancelling();
    assert.deepEqual(memory.outcome(op_id, { outcome: 'pending' }).types, []);
    assert.deepEqual(fact({ kind: 'cancellation_answer', answer: 'agreed' }).types, ['purchase_order.cancelled']);
    assert.equal(memory.operations.get(op_id)?.state, 'succeeded');
    assert.deepEqual(memory.outcome(op_id, { outcome: 'ok', value: {} }).types, []);
    assert.deepEqual(fact({ kind: 'cancellation_answer', answer: 'agreed' }).types, []);
  });
  test('what comes meanwhile waits for the answer', () => {
    const { memory, op_id, fact, purchase_order } = cancelling();
    assert.deepEqual(fact(acknowledged()).types, []);
    const ran = memory.outcome(op_id, { outcome: 'declined', code: 'cancellation_refused', retryable: false });
    assert.deepEqual(ran.types, ['purchase_order.cancellation_refused', 'purchase_order.acknowledged']);
    assert.deepEqual([purchase_order().held, purchase_order().ack_no], [[], 1]);
  });
  test('goods announced for what was cancelled are a person’s', () => {
    const { memory, op_id, fact } = cancelling();
    fact({ kind: 'ship_notice', notice_ref: 'SN-1', expected_at: one_day, lines: [{ line_no: 1, quantity: 10 }] });
    const ran = memory.outcome(op_id, { outcome: 'ok', value: {} });
    assert.deepEqual(ran.types, ['purchase_order.cancelled', 'exception.raised']);
    assert.equal(said(ran, 'exception.raised').reason, 'document_after_end');
  });
  test('unknown is said once; a refused call can be made again', () => {
    const { memory, op_id, run, open_operation } = cancelling();
    const unknown = { outcome: 'unknown', detail: 'reset' } as const;
    assert.equal(said(memory.outcome(op_id, unknown), 'purchase_order.outcome_unknown').kind, 'cancel_order');
    assert.deepEqual(memory.outcome(op_id, unknown).types, []);
    assert.deepEqual(memory.outcome(op_id, { outcome: 'permanent_error', code: 'x', detail: '' }).types, [
      'purchase_order.send_failed',
      'exception.raised',
    ]);
    assert.deepEqual(run(cancel).types, ['purchase_order.cancellation_requested', 'exception.resolved']);
    assert.notEqual(open_operation('cancel_order'), op_id);
  });
  test('an operator’s evidence settles it', () => {
    const { run, op_id } = cancelling();
    assert.deepEqual(run({ type: 'settle_operation', subject: po, op_id, outcome: 'failed', evidence: 'they never heard' }).types, [
      'purchase_order.cancellation_refused',
    ]);
  });
  test('of the channel manual is agreed by whoever cancels', () => {
    const { order, run, purchase_order } = shop({}, manual);
    order(['A'], 'sent');
    assert.deepEqual(run(cancel).types, ['purchase_order.cancellation_requested', 'purchase_order.cancelled']);
    assert.equal(purchase_order().status, 'cancelled');
  });
  test('is not possible once goods have come, nor once it has ended', () => {
    const { order, run } = shop();
    order(['A'], 'sent');
    run(receipt([{ sku: 'A', accepted: 4 }]));
    assert.equal(run(cancel).rejection?.rejection, 'already_sent');
    run(close);
    assert.equal(run(cancel).rejection?.rejection, 'invalid_transition');
  });
  test('agreed without having been asked is a person’s', () => {
    const { order, fact } = shop();
    order(['A'], 'sent');
    assert.equal(said(fact({ kind: 'cancellation_answer', answer: 'agreed' }), 'exception.raised').reason, 'cancellation_contradicted');
    assert.deepEqual(fact({ kind: 'cancellation_answer', answer: 'refused' }).types, []);
  });
});

describe('closing', () => {
  test('cancels what is outstanding', () => {
    const { order, run, purchase_order, timer } = shop();
    order(['A'], 'sent');
    run(receipt([{ sku: 'A', accepted: 4 }]));
    assert.deepEqual(said(run(close), 'purchase_order.closed').lines, [{ line_no: 1, cancelled: 6 }]);
    assert.equal(purchase_order().status, 'closed');
    assert.equal(purchase_order().closed_at, at);
    assert.equal(timer('purchase_order', po), undefined);
    assert.equal(run(close).rejection?.rejection, 'nothing_outstanding');
  });
  test('is not for drafts, and not for strangers', () => {
    const { order, run } = shop();
    order(['A']);
    assert.equal(run(close).rejection?.rejection, 'invalid_transition');
    assert.equal(run({ ...close, po_id: 'po_none' }).rejection?.rejection, 'not_found');
    assert.equal(run({ ...close, if_version: 9 }).rejection?.rejection, 'version_conflict');
  });
  test('shows what was billed and never came', () => {
    const { order, run, fact } = shop();
    order(['A'], 'sent');
    fact({ kind: 'ship_notice', notice_ref: 'SN-1', expected_at: one_day, lines: [{ line_no: 1, quantity: 10 }] });
    fact({ kind: 'invoice', invoice_ref: 'INV-1', amount: 1_000, currency: 'GBP', lines: [{ line_no: 1, quantity: 10, cost: 100 }] });
    run(receipt([{ sku: 'A', accepted: 4 }]));
    assert.equal(said(run(close), 'exception.raised').reason, 'invoiced_too_much');
  });
});

describe('a receipt', () => {
  const sent = (settings: Partial<SuppliersSettings> = {}, quantity = 100) => {
    const one = shop(settings);
    one.policy('A');
    one.order(['A'], 'sent', quantity);
    return one;
  };
  test('short, damaged, wrong: 100 = 90 received + 6 rejected + 4 outstanding (U11)', () => {
    const { run, purchase_order, item, memory } = sent();
    const ran = run(
      receipt([
        { sku: 'A', accepted: 90, rejected: 4, reason: 'damaged' },
        { sku: 'A', accepted: 0, rejected: 2, reason: 'wrong_item' },
      ]),
    );
    const received = said(ran, 'goods.received');
    assert.deepEqual(received.lines, [
      { line_no: 1, sku: 'A', accepted: 90, rejected: 6, damaged: 4, over: 0, short: 4, reason: 'damaged, wrong_item', inspect: false },
    ]);
    const [line] = purchase_order().lines;
    assert.deepEqual([line?.received, line?.rejected, line?.cancelled, purchase_order().status], [90, 6, 0, 'partially_received']);
    // 90 are being received, 4 are still on order: the position never dips.
    assert.equal(position(item('A')), 94);
    const levels = { sku: 'A', location_id: depot, version: 3, on_hand: 94, damaged: 4 };
    const heard_levels = {
      held: 0,
      allocated: 0,
      backordered: 0,
      backorder_held: 0,
      quality_control: 0,
      safety: 0,
      backorder_limit: 0,
      low_threshold: 0,
      available: 90,
    };
    run({ type: 'note_received', receipt_id: received.receipt_id, quantity: 90, levels: { ...levels, ...heard_levels } });
    assert.deepEqual([position(item('A')), item('A').receipts, memory.version('supply_item', item_id('A', depot))], [94, [], 1]);
    run({ type: 'note_received', receipt_id: received.receipt_id, quantity: 90, levels: { ...levels, ...heard_levels } });
    assert.equal(position(item('A')), 94);
  });
  test('complete closes at once', () => {
    const { run, purchase_order } = sent();
    assert.deepEqual(run(receipt([{ sku: 'A', accepted: 100 }])).types, ['goods.received', 'purchase_order.closed']);
    assert.equal(purchase_order().status, 'closed');
    assert.equal(run(receipt([{ sku: 'A', accepted: 1 }])).rejection?.rejection, 'nothing_outstanding');
  });
  test('over: within 5 % it is taken, beyond only when forced', () => {
    const { run, purchase_order } = sent();
    assert.equal(run(receipt([{ sku: 'A', accepted: 106 }])).rejection?.rejection, 'over_receipt');
    const line = said(run(receipt([{ sku: 'A', accepted: 105 }])), 'goods.received').lines[0];
    assert.deepEqual([line?.accepted, line?.over, line?.short], [105, 5, 0]);
    assert.deepEqual([purchase_order().lines[0]?.received, purchase_order().lines[0]?.over], [100, 5]);
    const forced = sent();
    assert.equal(said(forced.run(receipt([{ sku: 'A', accepted: 150 }], true)), 'goods.received').lines[0]?.over, 50);
  });
  test('over tolerance counts over all receipts of a line', () => {
    const one = shop();
    one.order(['A', 'B'], 'sent', 100);
    one.run(receipt([{ sku: 'A', accepted: 103 }]));
    assert.equal(one.run(receipt([{ sku: 'A', accepted: 3 }])).rejection?.rejection, 'over_receipt');
    assert.deepEqual(one.run(receipt([{ sku: 'A', accepted: 2 }])).types, ['goods.received']);
  });
  test('names only what was ordered, of an order that is underway', () => {
    const { run } = sent();
    assert.equal(run(receipt([{ sku: 'Z', accepted: 1 }])).rejection?.rejection, 'unknown_sku');
    const draft = shop();
    draft.order(['A']);
    assert.equal(draft.run(receipt([{ sku: 'A', accepted: 1 }])).rejection?.rejection, 'invalid_transition');
    run(cancel);
    assert.equal(run(receipt([{ sku: 'A', accepted: 1 }])).rejection?.rejection, 'invalid_transition');
  });
  test('by itself takes what a notice announced, when it is expected, and nothing twice', () => {
    const { fact, memory, run, purchase_order } = sent({ auto_receive: true });
    const notice = said(
      fact({ kind: 'ship_notice', notice_ref: 'SN-1', expected_at: one_day, lines: [{ line_no: 1, quantity: 60 }] }),
      'purchase_order.shipment_notified',
    );
    fact({ kind: 'ship_notice', notice_ref: 'SN-2', expected_at: days_later(2), lines: [{ line_no: 1, quantity: 30 }] });
    run(receipt([{ sku: 'A', accepted: 80 }]));
    const received = said(memory.fire('receive', `${po} ${notice.notice_id}`), 'goods.received');
    assert.deepEqual(
      received.lines.map(line => [line.accepted, line.short]),
      [[10, 10]],
    );
    assert.equal(received.received_at, one_day);
    assert.equal(purchase_order().lines[0]?.in_transit, 0);
  });
  test('of the channel manual comes by itself after the lead time, in a sandbox', () => {
    const one = shop({ auto_receive: true }, manual);
    one.order(['A'], 'sent', 100);
    assert.equal(one.timer('receive', po), days_later(4));
    assert.deepEqual(one.memory.fire('receive', po).types, ['goods.received', 'purchase_order.closed']);
  });
});

describe('nothing happens for too long', () => {
  const fire = (one: ReturnType<typeof shop>, when?: string) => one.memory.fire('purchase_order', po, when);
  test('a draft, a sending, a missing acknowledgment, a missing answer: an exception once, looked at again daily', () => {
    const draft = shop();
    draft.order(['A']);
    assert.equal(said(fire(draft), 'exception.raised').reason, 'draft_overdue');
    assert.equal(draft.timer('purchase_order', po), days_later(2));
    assert.deepEqual(fire(draft).types, []);
    assert.deepEqual(draft.run(approve).types, ['purchase_order.approved', 'exception.resolved']);
    assert.equal(said(fire(draft), 'exception.raised').reason, 'sending_overdue');
    const sent = shop();
    sent.order(['A'], 'sent');
    assert.equal(said(fire(sent), 'exception.raised').reason, 'acknowledgment_overdue');
    assert.deepEqual(sent.fact(acknowledged()).types, ['purchase_order.acknowledged', 'exception.resolved']);
    sent.run(cancel);
    assert.equal(said(fire(sent), 'exception.raised').reason, 'cancellation_overdue');
  });
  test('goods are a day late: an exception, gone with the goods', () => {
    const one = shop();
    one.order(['A'], 'sent');
    one.fact(acknowledged());
    assert.equal(one.timer('purchase_order', po), days_later(4));
    assert.equal(said(fire(one), 'exception.raised').reason, 'delivery_overdue');
    assert.equal(one.timer('purchase_order', po), days_later(5));
    assert.deepEqual(one.run(receipt([{ sku: 'A', accepted: 10 }]), { at: days_later(5) }).types, [
      'goods.received',
      'purchase_order.closed',
      'exception.resolved',
    ]);
  });
  test('a new date moves the look', () => {
    const one = shop();
    one.order(['A'], 'sent');
    one.fact(acknowledged());
    one.fact({ kind: 'eta', cause: 'storm', lines: [{ line_no: 1, new_at: days_later(9) }] });
    assert.equal(one.timer('purchase_order', po), days_later(10));
  });
  test('a person resolves what they dealt with', () => {
    const one = shop();
    one.order(['A']);
    const { exception_id, subject } = said(fire(one), 'exception.raised');
    const resolve = { type: 'resolve_exception', exception_id, subject, note: 'rang them' } as const;
    assert.equal(said(one.run(resolve), 'exception.resolved').note, 'rang them');
    assert.equal(one.run(resolve).rejection?.rejection, 'not_found');
  });
});
