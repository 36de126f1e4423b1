import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { listener, until } from '../easypost/listener.ts';
import type { StandIn } from '../stand_in.ts';
import { type SupplierOptions, start_supplier } from './supplier.ts';

const fast = { acknowledge_after_ms: 2, ship_after_ms: 2, invoice_after_ms: 2 };
const secret = 'supplier-secret';

async function open(t: TestContext, options: SupplierOptions = {}) {
  const { url, letters } = await listener(t);
  const sim = await start_supplier({ ...fast, webhook: { url, secret }, ...options });
  t.after(() => sim.stop());
  return { sim, letters, documents: () => letters.map(letter => JSON.parse(letter.body.toString())) };
}
function post(sim: StandIn, path: string, body: object, key = 'op_1', api_key = 'key'): Promise<Response> {
  const headers = { authorization: `Bearer ${api_key}`, 'idempotency-key': key };
  return fetch(`${sim.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}
async function state_of(sim: StandIn, reference: string): Promise<{ state: string; documents: { document: string }[] }> {
  const answer = await fetch(`${sim.url}/purchase-orders/${reference}`, { headers: { authorization: 'Bearer key' } });
  return JSON.parse(await answer.text());
}
const order = (...skus: string[]) => ({
  document: 'purchase_order',
  reference: 'po_1',
  supplier: 'acme',
  currency: 'EUR',
  requested_at: '2026-03-01T12:00:00.000Z',
  ship_to: { code: 'MAIN' },
  lines: skus.map((supplier_sku, index) => ({ line_no: index + 1, supplier_sku, sku: `OUR-${index}`, quantity: 21, cost: 105 })),
});

test('an order is taken, acknowledged, shipped and invoiced, each told by a signed document', async t => {
  const { sim, letters, documents } = await open(t);
  const reply = await post(sim, '/purchase-orders', order('A'));
  assert.equal(reply.status, 202);
  await until(() => letters.length === 3);
  assert.deepEqual(
    documents()
      .map(each => each.document)
      .sort(),
    ['acknowledgment', 'invoice', 'ship_notice'],
  );
  for (const { body, headers } of letters) {
    const [, time = ''] = /^t=(\d+),v1=[0-9a-f]{64}$/.exec(headers['supplier-signature'] ?? '') ?? [];
    const digest = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
    assert.equal(headers['supplier-signature'], `t=${time},v1=${digest}`);
  }
  assert.deepEqual(
    sim.ledger().map(({ kind, reference, amount, currency, idempotency_key }) => ({ kind, reference, amount, currency, idempotency_key })),
    [
      { kind: 'purchase_order_accepted', reference: 'po_1', amount: 2_205, currency: 'EUR', idempotency_key: 'op_1' },
      { kind: 'purchase_order_shipped', reference: 'po_1', amount: 2_205, currency: 'EUR', idempotency_key: 'op_1' },
    ],
  );
  const { state, documents: told } = await state_of(sim, 'po_1');
  assert.equal(state, 'invoiced');
  assert.equal(told.length, 3);
});

test('the same reference is one order, whatever the key; other contents under it are refused', async t => {
  const { sim } = await open(t, { acknowledge_after_ms: 60_000 });
  const first = await (await post(sim, '/purchase-orders', order('A'))).json();
  for (const key of ['op_1', 'op_2']) {
    const again = await post(sim, '/purchase-orders', order('A'), key);
    assert.equal(again.status, 200);
    assert.deepEqual(await again.json(), first);
  }
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(sim, '/purchase-orders', order('A'))));
  assert.ok(answers.every(answer => answer.status === 200));
  assert.equal((await post(sim, '/purchase-orders', order('B'))).status, 409);
  assert.equal((await post(sim, '/purchase-orders', { ...order('A'), reference: 'po_2' })).status, 409);
  assert.equal(sim.ledger().length, 1);
});

test('what is no order, or comes without a key, is refused and leaves no trace', async t => {
  const { sim } = await open(t, { api_key: 'key' });
  const [line] = order('A').lines;
  const bad = [
    {},
    { ...order('A'), lines: [] },
    { ...order('A'), currency: 'eur' },
    { ...order('A'), lines: [{ ...line, quantity: 0 }] },
    { ...order('A'), lines: [line, line] },
  ];
  for (const body of bad) assert.equal((await post(sim, '/purchase-orders', body)).status, 400);
  assert.equal((await post(sim, '/purchase-orders', order('A'), '')).status, 400);
  assert.equal((await post(sim, '/purchase-orders', order('A'), 'op_1', 'wrong')).status, 401);
  assert.equal((await fetch(`${sim.url}/purchase-orders/po_1`, { headers: { authorization: 'Bearer key' } })).status, 404);
  assert.equal((await fetch(`${sim.url}/purchase-orders/%`, { headers: { authorization: 'Bearer key' } })).status, 404);
  assert.deepEqual(sim.ledger(), []);
});

test('magic SKUs: each line gets its answer', async t => {
  const { sim, letters, documents } = await open(t, { now_ms: () => Date.parse('2026-03-01T12:00:00Z') });
  await post(sim, '/purchase-orders', order('A', 'BO-1', 'PART-1', 'SUB-1', 'PRICE-1', 'REJ-1', 'OVER-1', 'DUP-1'));
  await until(() => letters.length === 4);
  const soon = '2026-03-03T12:00:00.000Z';
  const late = '2026-03-15T12:00:00.000Z';
  const all = { confirmed: 21, backordered: 0, rejected: 0, promises: [{ quantity: 21, promised_at: soon }] };
  const acknowledgment = documents().find(each => each.document === 'acknowledgment');
  assert.deepEqual(acknowledgment.lines, [
    { line_no: 1, ...all, status: 'accept' },
    { line_no: 2, ...all, status: 'backorder', confirmed: 0, backordered: 21, promises: [{ quantity: 21, promised_at: late }] },
    {
      line_no: 3,
      ...all,
      status: 'partial',
      confirmed: 11,
      backordered: 10,
      promises: [
        { quantity: 11, promised_at: soon },
        { quantity: 10, promised_at: late },
      ],
    },
    { line_no: 4, ...all, status: 'substitute', substitute_sku: 'SUB-1-ALT' },
    { line_no: 5, ...all, status: 'price', cost: 116 },
    { line_no: 6, ...all, status: 'reject', confirmed: 0, rejected: 21, promises: [] },
    { line_no: 7, ...all, status: 'accept' },
    { line_no: 8, ...all, status: 'accept' },
  ]);
  const notices = documents().filter(each => each.document === 'ship_notice');
  assert.equal(notices.length, 2);
  assert.deepEqual(notices[0], notices[1]);
  assert.deepEqual(
    notices[0].lines.map((line: { line_no: number; quantity: number }) => [line.line_no, line.quantity]),
    [
      [1, 21],
      [3, 11],
      [5, 21],
      [7, 23],
      [8, 21],
    ],
  );
  const invoice = documents().find(each => each.document === 'invoice');
  assert.equal(invoice.amount, 21 * 105 + 11 * 105 + 21 * 116 + 23 * 105 + 21 * 105);
});

test('backordered units leave later when a pace for them is set', async t => {
  const { sim, letters } = await open(t, { ship_backorders_after_ms: 2 });
  await post(sim, '/purchase-orders', order('BO-1', 'PART-1'));
  await until(() => letters.length === 5);
  const shipped = sim
    .ledger()
    .filter(entry => entry.kind === 'purchase_order_shipped')
    .map(entry => entry['units']);
  assert.deepEqual(shipped, [11, 31]);
});

test('MUTE-: taken, and never heard of again', async t => {
  const { sim, letters } = await open(t);
  await post(sim, '/purchase-orders', order('A', 'MUTE-1'));
  await post(sim, '/purchase-orders', { ...order('A'), reference: 'po_2' }, 'op_2');
  await until(() => letters.length === 3);
  assert.equal((await state_of(sim, 'po_1')).state, 'received');
  assert.equal((await post(sim, '/purchase-orders/po_1/cancel', {}, 'op_3')).status, 202);
});

test('a cancellation is agreed before the goods leave, refused afterwards', async t => {
  const { sim, letters, documents } = await open(t, { ship_after_ms: 60_000 });
  await post(sim, '/purchase-orders', order('A'));
  await until(() => letters.length === 1);
  const agreed = await post(sim, '/purchase-orders/po_1/cancel', {}, 'op_2');
  assert.equal(agreed.status, 200);
  assert.equal(JSON.parse(await agreed.text()).answer, 'agreed');
  assert.equal(JSON.parse(await (await post(sim, '/purchase-orders/po_1/cancel', {}, 'op_2')).text()).answer, 'agreed');
  await until(() => letters.length === 2);
  assert.equal(documents()[1].answer, 'agreed');
  assert.deepEqual(
    sim.ledger().map(entry => entry.kind),
    ['purchase_order_accepted', 'purchase_order_cancelled'],
  );

  const late = await open(t);
  await post(late.sim, '/purchase-orders', order('A'));
  await until(() => late.letters.length === 3);
  assert.equal(JSON.parse(await (await post(late.sim, '/purchase-orders/po_1/cancel', {}, 'op_2')).text()).answer, 'refused');
  assert.equal((await post(late.sim, '/purchase-orders/po_none/cancel', {}, 'op_2')).status, 404);
});

test('a person at the supplier can send any document', async t => {
  const { sim, letters, documents } = await open(t, { acknowledge_after_ms: 60_000 });
  await post(sim, '/purchase-orders', order('A'));
  const eta = { reference: 'po_1', document: 'eta', document_ref: 'D-7', lines: [{ line_no: 1, promised_at: '2026-04-01T00:00:00Z' }] };
  assert.equal((await post(sim, '/clerk/documents', eta)).status, 201);
  await until(() => letters.length === 1);
  assert.equal(documents()[0].document_ref, 'D-7');
});

test('a restarted supplier goes on where it stopped', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'supplier-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const ledger_file = join(folder, 'ledger');
  const first = await open(t, { ledger_file, acknowledge_after_ms: 60_000 });
  await post(first.sim, '/purchase-orders', order('A'));
  await first.sim.stop();
  const second = await open(t, { ledger_file });
  await until(() => second.letters.length === 3);
  assert.equal(second.sim.ledger().length, 2);
  assert.equal((await post(second.sim, '/purchase-orders', order('A'))).status, 200);
});
