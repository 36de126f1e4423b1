/** The `rest` channel against the supplier's stand-in, whose ledger says how many orders it really took. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import type { Operation, Outcome, Row } from '../../../platform/service.ts';
import { type Letter, listener, until } from '../../../sandbox/easypost/listener.ts';
import type { StandIn } from '../../../sandbox/stand_in.ts';
import { type SupplierOptions, start_supplier } from '../../../sandbox/supplier/supplier.ts';
import type { OperationKind, ReceivedDocument, SupplierChannel, SupplierFact } from './port.ts';
import { rest_channel } from './rest.ts';

const secret = 'supplier-secret';
const fast = { acknowledge_after_ms: 2, ship_after_ms: 2, invoice_after_ms: 2 };
const still = { acknowledge_after_ms: 60_000 };
const requested_at = '2026-03-01T12:00:00.000Z';
const now = { ms: Date.parse(requested_at) };

async function open(t: TestContext, options: SupplierOptions = {}) {
  const { url, letters } = await listener(t);
  const sim = await start_supplier({ ...fast, webhook: { url, secret }, ...options });
  t.after(() => sim.stop());
  now.ms = Date.parse(requested_at);
  const channel = rest_channel({ name: 'rest', base_url: sim.url, api_key: 'key', now_ms: () => now.ms });
  return { sim, letters, channel };
}
async function fault(sim: StandIn, rule: object): Promise<void> {
  const answer = await fetch(`${sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify(rule) });
  assert.equal(answer.status, 201);
}
function operation(kind: OperationKind, request: Row): Operation {
  const row = { op_id: `op_${kind}`, kind, provider: 'rest', subject: 'po_1', key: 'po_1', state: 'sent', attempts: 1 } as const;
  return { ...row, request, requested_at, sent_at: requested_at, learned: {} };
}
const order = (...skus: string[]): Operation =>
  operation('send_order', {
    po_id: 'po_1',
    supplier_code: 'acme',
    reference: 'po_1',
    currency: 'EUR',
    location: { code: 'MAIN', line1: '1 Dock Road', city: 'Leeds', postal_code: 'LS1', country: 'GB' },
    lines: skus.map((supplier_sku, index) => ({ line_no: index + 1, supplier_sku, sku: `OUR-${index}`, quantity: 10, cost: 105 })),
    requested_at,
  });
const cancellation = operation('cancel_order', { po_id: 'po_1', reference: 'po_1' });
const perform = (channel: SupplierChannel, asked: Operation, signal = AbortSignal.timeout(5_000)) => channel.adapter.perform(asked, signal);
const query = (channel: SupplierChannel, asked: Operation) => channel.adapter.query(asked, AbortSignal.timeout(5_000));
const accepted = (sim: StandIn) => sim.ledger().filter(entry => entry.kind === 'purchase_order_accepted').length;

function received(channel: SupplierChannel, letter: Letter): ReceivedDocument {
  const result = channel.receive(letter.body, letter.headers, Date.now(), secret);
  assert.ok(!('invalid' in result), JSON.stringify(result));
  return result;
}
function fact_of<K extends SupplierFact['kind']>(facts: readonly SupplierFact[], kind: K): Extract<SupplierFact, { kind: K }> {
  const found = facts.find((fact): fact is Extract<SupplierFact, { kind: K }> => fact.kind === kind);
  return found ?? assert.fail(`no ${kind}`);
}

test('an order is sent, and its acknowledgment, ship notice and invoice come as facts', async t => {
  const { sim, letters, channel } = await open(t);
  const outcome = await perform(channel, order('A', 'PART-1', 'REJ-1', 'SUB-1', 'PRICE-1'));
  assert.ok(outcome.outcome === 'ok');
  assert.equal(outcome.value['channel'], 'rest');
  assert.match(String(outcome.value['supplier_reference']), /^SO-/);
  await until(() => letters.length === 3);
  const facts = letters.flatMap(letter => received(channel, letter).facts);
  const acknowledgment = fact_of(facts, 'acknowledgment');
  assert.deepEqual([acknowledgment.po_id, acknowledgment.ack_no], ['po_1', 1]);
  const lines = acknowledgment.lines.map(({ promised_at, ...line }) => line);
  assert.deepEqual(lines, [
    { line_no: 1, confirmed: 10, backordered: 0, rejected: 0 },
    { line_no: 2, confirmed: 5, backordered: 5, rejected: 0 },
    { line_no: 3, confirmed: 0, backordered: 0, rejected: 10 },
    { line_no: 4, confirmed: 10, backordered: 0, rejected: 0, substitute_sku: 'SUB-1-ALT' },
    { line_no: 5, confirmed: 10, backordered: 0, rejected: 0, cost: 116 },
  ]);
  const [whole, split, none] = acknowledgment.lines.map(line => line.promised_at);
  assert.ok(whole !== undefined && split !== undefined && whole < split, 'the last of a split line comes later');
  assert.equal(none, undefined);
  const notice = fact_of(facts, 'ship_notice');
  assert.deepEqual(notice.lines, [
    { line_no: 1, quantity: 10 },
    { line_no: 2, quantity: 5 },
    { line_no: 5, quantity: 10 },
  ]);
  assert.match(notice.tracking_number ?? '', /^TRK-/);
  const invoice = fact_of(facts, 'invoice');
  assert.equal(invoice.amount, 10 * 105 + 5 * 105 + 10 * 116);
  assert.deepEqual(invoice.lines[2], { line_no: 5, quantity: 10, cost: 116 });
  assert.equal(new Set(facts.map(fact => fact.document_ref)).size, 3);
  assert.equal(accepted(sim), 1);
});

/** Faults of sending: what the adapter says, what the ledger says, and what asking finds. */
const faults: readonly {
  readonly fault: object;
  readonly outcome: Outcome['outcome'];
  readonly orders: 0 | 1;
  readonly asked: Outcome['outcome'];
}[] = [
  { fault: { fault: 'reset_after' }, outcome: 'unknown', orders: 1, asked: 'ok' },
  { fault: { fault: 'garbage' }, outcome: 'unknown', orders: 1, asked: 'ok' },
  { fault: { fault: 'truncate' }, outcome: 'unknown', orders: 1, asked: 'ok' },
  { fault: { fault: 'status', status: 500, executed: true }, outcome: 'unknown', orders: 1, asked: 'ok' },
  { fault: { fault: 'status', status: 500 }, outcome: 'unknown', orders: 0, asked: 'unknown' },
  { fault: { fault: 'reset_before' }, outcome: 'unknown', orders: 0, asked: 'unknown' },
  { fault: { fault: 'status', status: 429 }, outcome: 'retryable', orders: 0, asked: 'unknown' },
  { fault: { fault: 'status', status: 401 }, outcome: 'permanent_error', orders: 0, asked: 'unknown' },
  { fault: { fault: 'status', status: 422 }, outcome: 'unknown', orders: 0, asked: 'unknown' },
];
for (const row of faults)
  test(`sending meets ${JSON.stringify(row.fault)}: ${row.outcome}, ${row.orders} orders, asked ${row.asked}, repeated still one`, async t => {
    const { sim, channel } = await open(t, still);
    await fault(sim, { match: { method: 'POST', path: '/purchase-orders' }, ...row.fault });
    assert.equal((await perform(channel, order('A'))).outcome, row.outcome);
    assert.equal(accepted(sim), row.orders);
    assert.equal((await query(channel, order('A'))).outcome, row.asked);
    assert.equal((await perform(channel, order('A'))).outcome, 'ok');
    assert.equal(accepted(sim), 1);
  });

test('a reply past the deadline is unknown, asking finds the order, and there is one', async t => {
  const { sim, channel } = await open(t, still);
  await fault(sim, { match: { path: '/purchase-orders' }, fault: 'reply_late', delay_ms: 60_000 });
  const deadline = new AbortController();
  const outcome = perform(channel, order('A'), deadline.signal);
  await until(() => accepted(sim) === 1);
  deadline.abort();
  assert.equal((await outcome).outcome, 'unknown');
  assert.equal((await query(channel, order('A'))).outcome, 'ok');
  assert.equal((await perform(channel, order('A'))).outcome, 'ok');
  assert.equal(accepted(sim), 1);
});

test('an order that is not there may be sent again once settled, while its key lives', async t => {
  const { sim, channel } = await open(t, still);
  const minute_ms = 60_000;
  const asked_after = async (milliseconds: number) => {
    now.ms = Date.parse(requested_at) + milliseconds;
    return (await query(channel, order('A'))).outcome;
  };
  assert.equal(await asked_after(14 * minute_ms), 'unknown');
  assert.equal(await asked_after(23 * 60 * minute_ms), 'unknown');
  assert.equal(accepted(sim), 0);
  assert.equal(await asked_after(15 * minute_ms), 'ok');
  assert.equal(await asked_after(22 * 60 * minute_ms), 'ok');
  assert.equal(accepted(sim), 1);
});

test('asking brings the documents that were missed', async t => {
  const { sim, letters, channel } = await open(t);
  await fault(sim, { match: { type: 'acknowledgment' }, fault: 'webhook_drop' });
  await perform(channel, order('A'));
  await until(() => letters.length === 2);
  const outcome = await query(channel, order('A'));
  assert.ok(outcome.outcome === 'ok');
  const facts = outcome.value['facts'] as unknown as SupplierFact[];
  assert.deepEqual(facts.map(fact => fact.kind).sort(), ['acknowledgment', 'invoice', 'ship_notice']);
});

test('a refusal of the supplier is a decline with its reason; a refused connection was never sent', async t => {
  const { sim, channel } = await open(t, { on_hold: true });
  const declined = await perform(channel, order('A'));
  assert.deepEqual(declined, {
    outcome: 'declined',
    code: 'account_on_hold',
    retryable: false,
    value: { detail: 'we take no orders of yours for now' },
  });
  await sim.stop();
  assert.equal((await perform(channel, order('A'))).outcome, 'retryable');
});

test('another order under a reference that was used is our bug', async t => {
  const { sim, channel } = await open(t, still);
  await perform(channel, order('A'));
  const outcome = await perform(channel, order('B'));
  assert.ok(outcome.outcome === 'permanent_error');
  assert.equal(outcome.code, 'reference_reused');
  assert.equal(accepted(sim), 1);
  const nonsense = await perform(channel, operation('send_order', { po_id: 'po_1' }));
  assert.ok(nonsense.outcome === 'permanent_error');
});

test('a cancellation is agreed, refused once shipped, or answered later by a document', async t => {
  const early = await open(t, still);
  await perform(early.channel, order('A'));
  assert.deepEqual(await perform(early.channel, cancellation), { outcome: 'ok', value: { answer: 'agreed' } });
  await until(() => early.letters.length === 1);
  const [letter] = early.letters;
  assert.ok(letter);
  assert.equal(fact_of(received(early.channel, letter).facts, 'cancellation_answer').answer, 'agreed');

  const late = await open(t);
  await perform(late.channel, order('A'));
  await until(() => late.letters.length === 3);
  const refused = await perform(late.channel, cancellation);
  assert.deepEqual(refused, {
    outcome: 'declined',
    code: 'cancellation_refused',
    retryable: false,
    value: { reason: 'the goods have left' },
  });

  const slow = await open(t, { ...still, answer_cancellations_after_ms: 20 });
  await perform(slow.channel, order('A'));
  assert.equal((await perform(slow.channel, cancellation)).outcome, 'pending');
  assert.equal((await query(slow.channel, cancellation)).outcome, 'pending');
  await until(() => slow.letters.length === 1);
  assert.equal((await query(slow.channel, cancellation)).outcome, 'ok');
});

test('a cancellation whose reply is lost is found by asking, and cancels once', async t => {
  const { sim, channel } = await open(t, still);
  await perform(channel, order('A'));
  await fault(sim, { match: { path: '/purchase-orders/*/cancel' }, fault: 'reset_before' });
  assert.equal((await perform(channel, cancellation)).outcome, 'unknown');
  assert.equal((await query(channel, cancellation)).outcome, 'unknown');
  await fault(sim, { match: { path: '/purchase-orders/*/cancel' }, fault: 'reset_after' });
  assert.equal((await perform(channel, cancellation)).outcome, 'unknown');
  assert.equal((await query(channel, cancellation)).outcome, 'ok');
  assert.equal((await perform(channel, cancellation)).outcome, 'ok');
  assert.equal(sim.ledger().filter(entry => entry.kind === 'purchase_order_cancelled').length, 1);
});

test('documents count only with a fresh signature of their raw bytes; a duplicate has the same reference', async t => {
  const { sim, letters, channel } = await open(t);
  await fault(sim, { match: { type: 'acknowledgment' }, fault: 'webhook_bad_signature' });
  await fault(sim, { match: { type: 'ship_notice' }, fault: 'webhook_duplicate' });
  await perform(channel, order('A'));
  await until(() => letters.length >= 4);
  const results = letters.map(letter => channel.receive(letter.body, letter.headers, Date.now(), secret));
  assert.deepEqual(
    results.filter(result => 'invalid' in result),
    [{ invalid: 'invalid_signature' }],
  );
  const notices = results.filter(result => !('invalid' in result) && result.facts[0]?.kind === 'ship_notice');
  assert.equal(notices.length, 2);
  assert.deepEqual(notices[0], notices[1]);
});

const now_ms = Date.parse('2026-03-01T12:00:00Z');
function signed(body: string, key = secret, at_ms = now_ms): Record<string, string> {
  const t = Math.floor(at_ms / 1_000);
  return { 'supplier-signature': `t=${t},v1=${createHmac('sha256', key).update(`${t}.${body}`).digest('hex')}` };
}
const channel = rest_channel({ name: 'rest', base_url: 'http://127.0.0.1:9', api_key: 'key', now_ms: () => now_ms });
const receive = (body: string, headers: Record<string, string>, at_ms = now_ms) =>
  channel.receive(Buffer.from(body), headers, at_ms, secret);

test('signatures: age, key, bytes, and two of them during an exchange of secrets', () => {
  const body = JSON.stringify({ document: 'greeting', document_ref: 'D-1', reference: 'po_1' });
  const taken = { facts: [], document_ref: 'D-1' };
  const bad = { invalid: 'invalid_signature' };
  assert.deepEqual(receive(body, signed(body)), taken);
  assert.deepEqual(receive(body, signed(body), now_ms + 300_000), taken);
  assert.deepEqual(receive(body, signed(body), now_ms + 301_000), bad);
  assert.deepEqual(receive(body, signed(body), now_ms - 301_000), bad);
  assert.deepEqual(receive(body, signed(body, 'another')), bad);
  assert.deepEqual(receive(`${body} `, signed(body)), bad);
  for (const value of ['', 't=1', 'v1=00', `t=x,v1=${'0'.repeat(64)}`, `t=${now_ms / 1_000},v1=${'0'.repeat(63)}`])
    assert.deepEqual(receive(body, { 'supplier-signature': value }), bad, value);
  assert.deepEqual(receive(body, {}), bad);
  const second = signed(body)['supplier-signature']?.split(',')[1];
  assert.deepEqual(receive(body, { 'supplier-signature': `${signed(body, 'old')['supplier-signature']},${second}` }), taken);
});

test('documents: what is missing or impossible is malformed, what is unknown is ignored', () => {
  const about = { document_ref: 'D-1', reference: 'po_1' };
  const line = { line_no: 1, confirmed: 1, backordered: 0, rejected: 0 };
  const read = (document: object) => {
    const body = JSON.stringify(document);
    return receive(body, signed(body));
  };
  const malformed: readonly object[] = [
    {},
    { ...about, document: 'acknowledgment', ack_no: 1, lines: [] },
    { ...about, document: 'acknowledgment', lines: [line] },
    { ...about, document: 'acknowledgment', ack_no: 1, lines: [line, line] },
    { ...about, document: 'acknowledgment', ack_no: 1, lines: [{ ...line, confirmed: -1 }] },
    { ...about, document: 'acknowledgment', ack_no: 1, lines: [{ ...line, cost: 1.5 }] },
    { ...about, document: 'ship_notice', notice_ref: 'N', expected_at: '2026-13-01T00:00:00Z', lines: [{ line_no: 1, quantity: 1 }] },
    { ...about, document: 'ship_notice', notice_ref: 'N', expected_at: 'soon', lines: [{ line_no: 1, quantity: 1 }] },
    { ...about, document: 'cancellation_answer', answer: 'maybe' },
    { document_ref: 'D-1', document: 'cancellation_answer', answer: 'agreed' },
  ];
  for (const document of malformed) assert.deepEqual(read(document), { invalid: 'malformed' }, JSON.stringify(document));
  assert.deepEqual(read({ ...about, document: 'newsletter' }), { facts: [], document_ref: 'D-1' });
  assert.deepEqual(read({ ...about, document: 'toString' }), { facts: [], document_ref: 'D-1' });
  const eta = { ...about, document: 'eta', lines: [{ line_no: 1, promised_at: '2026-04-01T02:00:00+02:00' }], weather: 'fine' };
  assert.deepEqual(read(eta), {
    facts: [
      { document_ref: 'D-1', po_id: 'po_1', kind: 'eta', cause: 'supplier', lines: [{ line_no: 1, new_at: '2026-04-01T00:00:00.000Z' }] },
    ],
    document_ref: 'D-1',
  });
  const large = JSON.stringify({ ...about, document: 'newsletter', text: 'x'.repeat(262_144) });
  assert.deepEqual(receive(large, signed(large)), { invalid: 'malformed' });
});
