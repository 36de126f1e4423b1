/** The service against a supplier that speaks Peppol BIS 3, through the platform's runner; its ledger says what it really took. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, describe, test } from 'node:test';
import type { Row } from '../../platform/service.ts';
import { type Policy, start_peppol_supplier } from '../../sandbox/peppol_supplier/peppol_supplier.ts';
import { suppliers_adapters } from './adapters.ts';
import { despatch_line, despatch_paper, response_paper } from './channels/peppol/testing/papers.ts';
import { peppol_presets } from './model_partners.ts';
import { type Afterwards, office, peppol_secret, stocked, until } from './testing/desk.ts';

const stops: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});
const keep: Afterwards = { after: stop => void stops.push(stop) };
const password = 'what the supplier gave us';
const sim = await start_peppol_supplier({ password, acknowledge_after_ms: 5, ship_after_ms: 5, ship_backorders_after_ms: 5, late_ms: 600 });
const desk = await office(
  keep,
  { peppol: { ...peppol_presets, receipt_wait_ms: 300 } },
  suppliers_adapters({
    rest: { base_url: 'http://127.0.0.1:1', api_key: 'none' },
    peppol: { url: `${sim.url}/peppol`, user: 'us', password, timeout_ms: 2_000 },
    now_ms: Date.now,
  }),
);
keep.after(() => sim.stop());
const door = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = request.headers as Record<string, string>;
  const reply = await desk.call('POST', '/inbound/supplier/peppol', Buffer.concat(chunks), { headers });
  response.writeHead(reply.status).end();
});
await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve));
keep.after(() => {
  door.closeAllConnections();
  door.close();
});
const bound = door.address();
if (typeof bound !== 'object' || bound === null) throw new Error('no port');
const webhook = { url: `http://127.0.0.1:${bound.port}`, secret: peppol_secret };
await fetch(`${sim.url}/__sim/webhook`, { method: 'POST', body: JSON.stringify(webhook) });
const skus = ['TEA', 'CUP', 'PART-1', 'BO-1', 'SUB-1', 'PRICE-1', 'REJ-1', 'MUTE-1', 'OVER-1', 'DUP-1'];
await stocked(desk, 'peppol', skus, 'acme');
await stocked(desk, 'peppol', skus, 'other');

async function follows(...policies: readonly Policy[]): Promise<void> {
  await fetch(`${sim.url}/clerk/policies`, { method: 'POST', body: JSON.stringify({ policies }) });
}
async function order(...wanted: readonly string[]): Promise<string> {
  const lines = wanted.map(sku => ({ sku, quantity: 20 }));
  const { body } = await desk.call('POST', '/v1/purchase-orders', { supplier: 'acme', location: 'depot', lines });
  const approved = await desk.call('POST', `/v1/purchase-orders/${body['id']}/approve`);
  assert.equal(approved.status, 200, JSON.stringify(approved.body));
  return `/v1/purchase-orders/${body['id']}`;
}
async function when(address: string, what: string, looks_so: (order: Row) => boolean): Promise<Row> {
  let last: Row = {};
  try {
    return await until(what, async () => {
      last = await desk.get(address);
      return looks_so(last) ? last : undefined;
    });
  } catch (cause) {
    throw new Error(JSON.stringify(last), { cause });
  }
}
const rows_in = (of: Row, name: string) => of[name] as Row[];
const line_of = (of: Row): Row => rows_in(of, 'lines')[0] ?? {};
const reasons_of = (of: Row) => rows_in(of, 'exceptions').map(exception => exception['reason']);
const taken = (of: Row) =>
  sim.ledger().filter(({ kind, reference }) => kind === 'purchase_order_accepted' && reference === of['reference']);
async function kept(reason: string): Promise<readonly Row[]> {
  const { rows } = await desk.harness.runtime.pool.query<Row>(
    `select * from suppliers.interchange i where exists (select 1 from json_array_elements(i.exceptions) e where e ->> 'reason' = $1)`,
    [reason],
  );
  return rows;
}

test('half now and half later: sent, answered, announced twice, received', async () => {
  await follows('received_first');
  const address = await order('PART-1');
  const both = await when(address, 'both', of => line_of(of)['quantity_in_transit'] === 20 && of['status'] === 'acknowledged');
  assert.deepEqual([both['receipt'], line_of(both)['quantity_confirmed'], reasons_of(both)], ['accepted', 10, []]);
  assert.deepEqual(
    rows_in(both, 'ship_notices').map(({ lines }) => (lines as Row[])[0]?.['quantity']),
    [10, 10],
  );
  assert.deepEqual(
    taken(both).map(({ amount, currency }) => [amount, currency]),
    [[2_000, 'GBP']],
  );
  for (const half of [10, 10]) {
    const lines = [{ sku: 'PART-1', accepted: half, rejected: 0 }];
    assert.ok((await desk.call('POST', `${address}/receipts`, { lines })).status < 300);
  }
  assert.equal((await desk.get(address))['status'], 'closed');
});

describe('magic SKUs', () => {
  for (const [sku, looks_so] of [
    ['TEA', of => of['status'] === 'acknowledged' && line_of(of)['quantity_confirmed'] === 20 && line_of(of)['quantity_in_transit'] === 20],
    ['BO-1', of => line_of(of)['promised_at'] !== null && line_of(of)['quantity_confirmed'] === 0 && of['status'] === 'acknowledged'],
    ['REJ-1', of => of['status'] === 'rejected' && line_of(of)['quantity_rejected'] === 20],
    ['SUB-1', of => reasons_of(of).includes('acknowledgment_to_decide')],
    ['PRICE-1', of => reasons_of(of).includes('acknowledgment_to_decide')],
    ['OVER-1', of => reasons_of(of).includes('shipped_too_much') && line_of(of)['quantity_in_transit'] === 20],
    ['DUP-1', of => line_of(of)['quantity_in_transit'] === 20 && rows_in(of, 'ship_notices').length === 1],
    ['MUTE-1', of => of['status'] === 'sent' && reasons_of(of).includes('receipt_overdue')],
  ] as const satisfies readonly (readonly [string, (of: Row) => boolean])[])
    test(sku, async () => {
      await follows();
      await when(await order(sku), sku, looks_so);
    });
});

test('a line cut after the supplier took it: the identical document again, and one order there', async () => {
  await follows('silent');
  await fetch(`${sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify({ match: { path: '/peppol' }, fault: 'reset_after' }) });
  const address = await order('BO-1');
  await until('nobody knows', async () => {
    const { rows } = await desk.harness.runtime.pool.query("select 1 from suppliers.operations where state = 'unknown' and subject = $1", [
      address.split('/').at(-1),
    ]);
    return rows.length > 0 ? true : undefined;
  });
  await desk.harness.runtime.pool.query("update suppliers.operations set next_at = now() where state = 'unknown'");
  assert.equal(taken(await when(address, 'sent', of => of['status'] === 'sent')).length, 1);
});

describe('policies', () => {
  test('late: what comes after all takes the exception away', async () => {
    await follows('late');
    const address = await order('TEA');
    await when(address, 'overdue', of => reasons_of(of).includes('receipt_overdue'));
    await when(address, 'late', of => of['status'] === 'acknowledged' && !reasons_of(of).includes('receipt_overdue'));
  });
  test('notice_first: what overtakes is taken as it comes', async () => {
    await follows('notice_first');
    await when(await order('TEA'), 'both', of => of['status'] === 'acknowledged' && line_of(of)['quantity_in_transit'] === 20);
  });
  test('duplicate: every document twice, each counts once', async () => {
    await follows('duplicate');
    const both = await when(await order('CUP'), 'both', of => of['status'] === 'acknowledged' && line_of(of)['quantity_in_transit'] === 20);
    assert.deepEqual([rows_in(both, 'ship_notices').length, reasons_of(both)], [1, []]);
  });
  for (const policy of ['corrupt', 'foreign'] as const)
    test(`${policy}: a document that cannot be used is kept whole for a person, and the right one counts`, async () => {
      const before = (await kept('transmission_unreadable')).length;
      await follows(policy);
      await when(await order('CUP'), 'both', of => of['status'] === 'acknowledged' && line_of(of)['quantity_in_transit'] === 20);
      const all = await kept('transmission_unreadable');
      assert.equal(all.length, before + 2);
      assert.ok(all.every(({ status }) => status === 'quarantined'));
    });
});

describe('what comes in', () => {
  const [acme, us] = [{ qualifier: '9930', id: 'ACME' }, peppol_presets.sender];
  const post = (text: string, secret = peppol_secret) =>
    desk.call('POST', '/inbound/supplier/peppol', Buffer.from(text), { headers: { authorization: `Basic ${btoa(`x:${secret}`)}` } });
  const sent = async () => {
    await follows('silent');
    const address = await order('TEA');
    return { address, reference: String((await when(address, 'sent', of => of['status'] === 'sent'))['reference']) };
  };
  test('without the password is not even read', async () => {
    assert.deepEqual([(await post('<a/>', 'wrong')).status, (await post('<a/>', '')).status], [401, 401]);
    assert.equal((await desk.call('POST', '/inbound/supplier/peppol', Buffer.from('<a/>'))).status, 401);
  });
  test('and names nobody is sent back, and kept for a person, once', async () => {
    for (let round = 0; round < 2; round += 1) assert.deepEqual((await post('no XML')).body, { code: 'malformed_document' });
    const all = await kept('transmission_unreadable');
    assert.equal(all.filter(({ raw }) => raw === btoa('no XML')).length, 1);
  });
  test('of nobody we know, or for somebody else, counts for nothing', async () => {
    const stranger = response_paper('AP', { id: 'N-1', from: { qualifier: '9930', id: 'STRANGER' }, to: us });
    const elsewhere = response_paper('AP', { id: 'N-2', from: acme, to: { qualifier: '0088', id: '1' } });
    for (const text of [stranger, elsewhere]) assert.deepEqual((await post(text)).body, { status: 'quarantined' });
    assert.equal((await kept('unknown_partner')).length, 2);
  });
  test('about an order of another supplier changes nothing', async () => {
    const { address, reference } = await sent();
    const other = { qualifier: '9930', id: 'OTHER' };
    assert.deepEqual((await post(response_paper('RE', { id: 'N-3', from: other, to: us, order: reference }))).body, { status: 'taken' });
    assert.equal((await desk.get(address))['status'], 'sent');
    const { rows } = await desk.harness.runtime.pool.query('select 1 from suppliers.stray_document where po_id = $1', [reference]);
    assert.equal(rows.length, 1);
  });
  test('again changes nothing; another under its id is refused and kept', async () => {
    const { address, reference } = await sent();
    const said = (code: string) => response_paper(code, { id: 'N-4', from: acme, to: us, order: reference });
    const first = await post(said('AP'));
    const { version } = await desk.get(address);
    assert.deepEqual([first.body, await post(said('AP'))], [{ status: 'taken' }, first]);
    assert.equal((await desk.get(address))['version'], version);
    for (let round = 0; round < 2; round += 1) assert.deepEqual((await post(said('RE'))).body, { status: 'quarantined' });
    const [reused, ...more] = await kept('interchange_number_reused');
    assert.deepEqual([(await desk.get(address))['status'], more], ['acknowledged', []]);
    assert.equal(Buffer.from(String(reused?.['raw']), 'base64').toString(), said('RE'));
  });
  test('broken, and then as it should have been, under the same id: it counts', async () => {
    const { address, reference } = await sent();
    const paper = despatch_paper({ id: 'N-5', from: acme, to: us, order: reference, lines: [despatch_line(1, '20')] });
    assert.deepEqual((await post(paper.replace('>20<', '>2.5<'))).body, { status: 'quarantined' });
    assert.deepEqual((await post(paper)).body, { status: 'taken' });
    assert.equal(line_of(await desk.get(address))['quantity_in_transit'], 20);
  });
});

test('a partner is scheme and id of its endpoint', async () => {
  const put = (partner?: string) =>
    desk.call('PUT', '/v1/suppliers/new', { name: 'New', channel: { kind: 'peppol', ...(partner && { partner }) }, currency: 'GBP' });
  assert.deepEqual([(await put()).status, (await put('ZZ/NEW')).status, (await put('0088/7300010000001')).status], [422, 422, 200]);
});

test('a channel without cancellations: the order stays, and a person may close it', async () => {
  await follows('silent');
  const address = await order('TEA');
  await when(address, 'sent', of => of['status'] === 'sent');
  await desk.call('POST', `${address}/cancel`, { reason: 'not needed' });
  await when(address, 'refused', of => of['status'] === 'acknowledged');
  await desk.call('POST', `${address}/close`, { reason: 'told them' });
  assert.equal((await desk.get(address))['status'], 'closed');
});
