/** The routes on PostgreSQL: what they take, what they answer, and that timers and batches carry a need to a receipt. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Row } from '../../platform/service.ts';
import { proposal_schema, purchase_order_detail_schema, purchase_order_schema, receipt_schema } from './schemas.ts';
import { inbound_secret, type Office, office, stocked, until } from './testing/desk.ts';

const first_of = (list: Row): Row | undefined => (list['data'] as Row[])[0];
const line_of = (order: Row, place = 0): Row => (order['lines'] as Row[])[place] ?? {};
const stops: (() => Promise<void> | void)[] = [];
let desk: Office;
before(async () => {
  desk = await office({ after: stop => void stops.push(stop) });
});
after(async () => {
  for (const stop of stops) await stop();
});

async function* lines_of(lines: readonly unknown[]) {
  for (const [index, line] of lines.entries()) yield { line: index + 1, text: typeof line === 'string' ? line : JSON.stringify(line) };
}
const valid = (schema: TSchema, value: unknown) => assert.deepEqual([...Compile(schema).Errors(value)], []);

test('from a policy to the goods: proposal, order, receipt, closed', async () => {
  const { call, get, levels } = desk;
  await stocked(desk, 'manual', ['TEA'], 'printer');
  await levels('TEA', { version: 1, on_hand: 12 });
  const proposal = await until('a proposal', async () =>
    first_of(await get('/v1/replenishment-proposals?status=proposed&sku=TEA&location=depot&supplier=printer')),
  );
  valid(proposal_schema, proposal);
  assert.deepEqual([proposal['sku'], proposal['location'], proposal['quantity'], proposal['position']], ['TEA', 'depot', 50, 12]);

  const accepted = await call('POST', `/v1/replenishment-proposals/${proposal['id']}/accept`, {}, { if_match: 1 });
  assert.deepEqual([accepted.status, accepted.body['status']], [200, 'accepted']);
  const address = `/v1/purchase-orders/${accepted.body['purchase_order_id']}`;
  const approved = await call('POST', `${address}/approve`);
  valid(purchase_order_schema, approved.body);
  assert.deepEqual(
    [approved.status, approved.body['status'], approved.body['channel'], approved.body['total']],
    [200, 'sent', 'manual', 5_000],
  );
  assert.equal((await call('POST', `${address}/acknowledgment`, { decision: 'accept' })).body['status'], 'acknowledged');

  const received = await call('POST', `${address}/receipts`, { lines: [{ sku: 'TEA', accepted: 40, rejected: 2, reason: 'damaged' }] });
  valid(receipt_schema, received.body);
  assert.deepEqual([received.status, received.headers?.['Location']], [201, address]);
  assert.deepEqual([line_of(received.body)['damaged'], line_of(received.body)['outstanding']], [2, 8]);
  const detail = await get(address);
  valid(purchase_order_detail_schema, detail);
  assert.deepEqual(
    [detail['status'], line_of(detail)['quantity_received'], line_of(detail)['quantity_outstanding']],
    ['partially_received', 40, 8],
  );
  assert.equal((await call('POST', `${address}/close`, { reason: 'enough' })).body['status'], 'closed');
  assert.equal((await call('POST', `${address}/receipts`, { lines: [{ sku: 'TEA', accepted: 1 }] })).body['code'], 'nothing_outstanding');
  assert.deepEqual(await desk.events(String(detail['id'])), [
    'purchase_order.created',
    'purchase_order.approved',
    'purchase_order.sent',
    'purchase_order.acknowledged',
    'goods.received',
    'purchase_order.closed',
  ]);
});

test('replenishment auto in a sandbox does all of it by itself, goods included', async t => {
  const desk = await office(t, { replenishment: 'auto', accept_every_ms: 100, auto_receive: true });
  await desk.call('PUT', '/v1/suppliers/acme', { name: 'Acme', channel: { kind: 'manual' }, currency: 'GBP' });
  for (const sku of ['TEA', 'MUG']) {
    await desk.call('PUT', `/v1/suppliers/acme/items/${sku}`, {
      supplier_sku: sku,
      cost: 1,
      minimum_quantity: 1,
      pack_size: 1,
      lead_time_days: 0,
    });
    await desk.call('PUT', `/v1/reorder-policies/${sku}/depot`, { reorder_point: 5, target: 20, supplier: 'acme' });
    await desk.levels(sku, { version: 1, on_hand: 0 });
  }
  const received = await until('the goods', async () => {
    const { rows } = await desk.harness.runtime.pool.query<{ sku: string; receiving: number }>(
      'select sku, receiving from suppliers.supply_item where receiving > 0 order by sku',
    );
    return rows.length === 2 ? rows : undefined;
  });
  assert.deepEqual(received, [
    { sku: 'MUG', receiving: 20 },
    { sku: 'TEA', receiving: 20 },
  ]);
});

test('an order that waits hears when its units will come', async () => {
  await stocked(desk, 'manual', ['JAM'], 'dairy');
  const line = { line_no: 1, sku: 'JAM', location_id: 'depot', quantity: 3, priority: 5, requested_at: '2026-03-01T10:00:00.000Z' };
  const waits = { type: 'note_backorder', order_id: 'ord_jam', sequence: 4, at: line.requested_at, change: 'queued', lines: [line] };
  await desk.harness.runtime.events.submit({ command: waits, cause: 'evt_jam', actor: 'system' });
  const lines = [{ sku: 'JAM', quantity: 2 }];
  const { id } = (await desk.call('POST', '/v1/purchase-orders', { supplier: 'dairy', location: 'depot', lines })).body;
  await desk.call('POST', `/v1/purchase-orders/${id}/approve`);
  const { pool } = desk.harness.runtime;
  const pegs_said = async () => {
    const { rows } = await pool.query<{ data: { pegs: Row[] }; sequence: number }>(
      "select data, sequence from suppliers.events where key = 'ord_jam' and type = 'backorder.pegged' order by position desc limit 1",
    );
    return rows[0];
  };
  const first = await until('a promise', pegs_said);
  assert.deepEqual(
    [first.sequence, first.data.pegs.map(peg => [peg['quantity'], peg['po_id']])],
    [
      1,
      [
        [2, id],
        [1, null],
      ],
    ],
  );
  await desk.call('POST', `/v1/purchase-orders/${id}/cancel`);
  const taken_back = async () => ((await pegs_said())?.sequence === 2 ? pegs_said() : undefined);
  const last = await until('the end of the promise', taken_back);
  assert.deepEqual(
    last?.data.pegs.map(peg => [peg['quantity'], peg['po_id']]),
    [[3, null]],
  );
});

test('reference data: put, put again, put by somebody who saw another version', async () => {
  const { call } = desk;
  const supplier = { name: 'House', channel: { kind: 'rest' }, currency: 'GBP' };
  const first = await call('PUT', '/v1/suppliers/house', supplier);
  assert.deepEqual(first.body, { code: 'house', ...supplier, over_receipt_ppm: 50_000, price_tolerance_ppm: 20_000, version: 1 });
  assert.equal((await call('PUT', '/v1/suppliers/house', supplier)).body['version'], 1);
  assert.equal((await call('PUT', '/v1/suppliers/house', { ...supplier, name: 'House & Co' }, { if_match: 1 })).body['version'], 2);
  assert.equal((await call('PUT', '/v1/suppliers/house', supplier, { if_match: 1 })).status, 412);
  assert.equal((await call('PUT', '/v1/suppliers/new', supplier, { if_match: 3 })).status, 412);
  assert.equal((await call('PUT', '/v1/suppliers/a b', supplier)).body['code'], 'format');
  const channelled = async (code: string, channel: object) => (await call('PUT', `/v1/suppliers/${code}`, { ...supplier, channel })).body;
  for (const kind of ['x12_http', 'x12_files']) {
    assert.equal((await channelled('edi', { kind }))['code'], 'required');
    assert.equal((await channelled('edi', { kind, partner: 'ZZ/AN-ID-OF-TOO-MANY' }))['code'], 'required');
    assert.deepEqual((await channelled('edi', { kind, partner: 'ZZ/EDI' }))['channel'], { kind, partner: 'ZZ/EDI' });
    assert.equal((await channelled('second', { kind, partner: 'ZZ/EDI' }))['code'], 'partner_taken');
  }
  assert.equal((await channelled('edi', { kind: 'rest', partner: 'ZZ/EDI' }))['code'], 'invalid');
  assert.deepEqual((await channelled('edi', { kind: 'rest' }))['channel'], { kind: 'rest' });
  const item = { supplier_sku: 'S-1', cost: 100, minimum_quantity: 10, pack_size: 5, lead_time_days: 4 };
  const put = await call('PUT', '/v1/suppliers/house/items/TEA', item);
  assert.deepEqual(put.body, { supplier: 'house', currency: 'GBP', sku: 'TEA', ...item, preferred: false, inspect: false, version: 1 });
  assert.equal((await call('PUT', '/v1/suppliers/house/items/TEA', item)).body['version'], 1);
  assert.equal((await call('PUT', '/v1/suppliers/house/items/TEA', { ...item, cost: 101 }, { if_match: 1 })).body['version'], 2);
  assert.equal((await call('PUT', '/v1/suppliers/house/items/TEA', item, { if_match: 1 })).status, 412);
  assert.equal((await call('PUT', '/v1/suppliers/nobody/items/TEA', item)).status, 404);
});

test('an import puts what its good lines say and names the others; again it changes nothing', async () => {
  const { call, harness } = desk;
  await call('PUT', '/v1/suppliers/mill', { name: 'Mill', channel: { kind: 'manual' }, currency: 'GBP' });
  const said = (noes: unknown) => (noes as Row[]).map(({ line, code }) => `${line} ${code}`);
  const send = async (path: string, lines: readonly unknown[]) =>
    (await call('POST', path, undefined, { lines: () => lines_of(lines) })).body;
  const item = { supplier_sku: 'M-1', cost: 100, minimum_quantity: 10, pack_size: 5, lead_time_days: 4 };
  const items = [
    ...Array.from({ length: 501 }, (_, number) => ({ sku: `FLOUR-${number}`, ...item })),
    { sku: 'BRAN', ...item, cost: -1 },
    '{',
  ];
  const dearer = { sku: 'FLOUR-0', ...item, cost: 120, preferred: true };
  for (const _ of ['once', 'again']) {
    const { rejected: noes, ...counts } = await send('/v1/suppliers/mill/items/import', [...items, dearer]);
    assert.deepEqual(counts, { imported: 502, rejected_total: 2 });
    assert.deepEqual(said(noes), ['502 out_of_range', '503 malformed_json']);
  }
  const { rows } = await harness.runtime.pool.query(
    "select sku, cost::float8, preferred, version from suppliers.supplier_item where supplier_id = 'mill' and sku in ('FLOUR-0', 'FLOUR-500') order by sku",
  );
  // It was named twice in each import, dearer the second time.
  assert.deepEqual(rows, [
    { sku: 'FLOUR-0', cost: 120, preferred: true, version: 4 },
    { sku: 'FLOUR-500', cost: 100, preferred: false, version: 1 },
  ]);
  assert.equal((await send('/v1/suppliers/nobody/items/import', items))['code'], 'not_found');

  const policy = { location: 'depot', reorder_point: 5, target: 10, supplier: 'mill' };
  const policies = [
    { sku: 'FLOUR-0', ...policy },
    { sku: 'FLOUR-1', ...policy, supplier: 'nobody' },
    { sku: 'FLOUR-2', ...policy, target: 4 },
    { sku: 'FLOUR-3', location: 'depot', reorder_point: 5 },
    { sku: 'FLOUR-4' },
    { sku: 'FLOUR-0', ...policy, target: 12 },
  ];
  const put = await send('/v1/reorder-policies/import', policies);
  assert.deepEqual([put['imported'], put['rejected_total']], [2, 4]);
  assert.deepEqual(said(put['rejected']).toSorted(), ['2 unknown_supplier', '3 out_of_range', '4 required', '5 required']);
  const [stored] = (await desk.get('/v1/reorder-policies?sku=FLOUR-0'))['data'] as Row[];
  assert.deepEqual([stored?.['target'], stored?.['version']], [12, 2]);
});

test('a policy needs its levels, in order, and a supplier that is there', async () => {
  const put = (body: object, more = {}) => desk.call('PUT', '/v1/reorder-policies/RICE/depot', body, more);
  assert.equal((await put({ reorder_point: 5 })).body['code'], 'required');
  assert.equal((await put({ reorder_point: 5, target: 4 })).body['code'], 'out_of_range');
  assert.equal((await put({ reorder_point: 5, target: 10, supplier: 'nobody' })).body['code'], 'unknown_supplier');
  const { body } = await put({ reorder_point: 5, target: 10 });
  assert.deepEqual(body, {
    sku: 'RICE',
    location: 'depot',
    method: 'fixed',
    reorder_point: 5,
    target: 10,
    review_days: 7,
    safety_days: 3,
    supplier: null,
    auto: true,
    demand_milli: 0,
    version: 1,
  });
  assert.equal((await put({ reorder_point: 5, target: 10 }, { if_match: 9 })).body['code'], 'version_conflict');
  assert.equal((await put({ method: 'demand', auto: false })).body['method'], 'demand');
  assert.deepEqual(await desk.events('RICE'), ['reorder_policy.changed', 'reorder_policy.changed']);
});

test('purchase orders by hand: drafted, listed by page and filter, cancelled', async () => {
  await stocked(desk, 'rest', ['TEA', 'MUG'], 'hand');
  const { call, get } = desk;
  const draft = (lines: object[]) => call('POST', '/v1/purchase-orders', { supplier: 'hand', location: 'depot', lines });
  const ids: unknown[] = [];
  for (const sku of ['TEA', 'MUG', 'TEA']) {
    const made = await draft([{ sku, quantity: 12 }]);
    valid(purchase_order_schema, made.body);
    assert.deepEqual(
      [made.status, made.headers?.['Location'], made.body['status']],
      [201, `/v1/purchase-orders/${made.body['id']}`, 'draft'],
    );
    ids.unshift(made.body['id']);
  }
  assert.equal(
    (
      await draft([
        { sku: 'TEA', quantity: 1 },
        { sku: 'TEA', quantity: 2 },
      ])
    ).body['code'],
    'invalid',
  );
  assert.equal((await draft([{ sku: 'NONE', quantity: 1 }])).body['code'], 'unknown_sku');
  const ids_of = (list: Row) => (list['data'] as Row[]).map(order => order['id']);
  const page = await get('/v1/purchase-orders?supplier=hand&limit=2');
  const rest = await get(`/v1/purchase-orders?supplier=hand&limit=2&cursor=${page['next_cursor']}`);
  assert.deepEqual([...ids_of(page), ...ids_of(rest), rest['next_cursor']], [...ids, null]);
  assert.deepEqual(ids_of(await get('/v1/purchase-orders?sku=MUG&status=draft&supplier=hand&location=depot')), [ids[1]]);
  assert.deepEqual(ids_of(await get('/v1/purchase-orders?supplier=hand&status=sent')), []);
  assert.equal((await call('GET', '/v1/purchase-orders?cursor=nonsense')).body['code'], 'format');
  assert.equal((await call('POST', `/v1/purchase-orders/${ids[0]}/cancel`, {}, { if_match: 2 })).body['code'], 'version_conflict');
  assert.equal((await call('POST', `/v1/purchase-orders/${ids[0]}/cancel`)).body['status'], 'cancelled');
  assert.equal(
    (await call('POST', `/v1/purchase-orders/${ids[1]}/receipts`, { lines: [{ sku: 'MUG', accepted: 0 }] })).body['code'],
    'required',
  );
  assert.equal((await call('GET', '/v1/purchase-orders/po_none')).status, 404);
  assert.equal((await call('POST', '/v1/purchase-orders/po_none/approve')).body['code'], 'not_found');
  assert.equal((await call('POST', '/v1/replenishment-proposals/prp_none/accept')).status, 404);
});

test('documents are taken when they are signed, and twice change nothing', async () => {
  await stocked(desk, 'rest', ['TEA']);
  const { id } = (
    await desk.call('POST', '/v1/purchase-orders', { supplier: 'acme', location: 'depot', lines: [{ sku: 'TEA', quantity: 10 }] })
  ).body;
  await desk.call('POST', `/v1/purchase-orders/${id}/approve`);
  const post = (document: object | string, secret = inbound_secret) => {
    const body = typeof document === 'string' ? document : JSON.stringify(document);
    const seconds = Math.floor(Date.now() / 1_000);
    const v1 = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
    return desk.call('POST', '/inbound/supplier', Buffer.from(body), { headers: { 'supplier-signature': `t=${seconds},v1=${v1}` } });
  };
  const acknowledgment = {
    document: 'acknowledgment',
    document_ref: 'D-1',
    reference: id,
    ack_no: 1,
    lines: [{ line_no: 1, status: 'accept', confirmed: 10, backordered: 0, rejected: 0 }],
  };
  assert.deepEqual([(await post(acknowledgment, 'wrong')).status, (await post('{}')).body['code']], [401, 'malformed_json']);
  assert.equal((await post({ ...acknowledgment, reference: 'po_\u0000' })).body['code'], 'malformed_json');
  for (let round = 0; round < 3; round += 1) assert.equal((await post(acknowledgment)).status, 200);
  assert.deepEqual(await desk.events(String(id)), [
    'purchase_order.created',
    'purchase_order.approved',
    'purchase_order.sent',
    'purchase_order.acknowledged',
  ]);
  const stray = { ...acknowledgment, reference: 'po_of_somebody_else' };
  for (let round = 0; round < 3; round += 1) assert.equal((await post(stray)).status, 200);
  const { rows } = await desk.harness.runtime.pool.query<{ po_id: string; kind: string }>(
    'select po_id, kind from suppliers.stray_document',
  );
  assert.deepEqual(rows, [{ po_id: 'po_of_somebody_else', kind: 'acknowledgment' }]);
});
