/** The service against a supplier that speaks X12, over HTTP and over a folder, through the platform's runner; its ledger says what it really took. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { Row } from '../../platform/service.ts';
import type { StandIn } from '../../sandbox/stand_in.ts';
import { type Policy, start_x12_supplier, type X12SupplierOptions } from '../../sandbox/x12_supplier/x12_supplier.ts';
import { suppliers_adapters } from './adapters.ts';
import { write_interchange } from './channels/x12/write.ts';
import { x12_presets } from './model_partners.ts';
import { type Afterwards, type Office, office, stocked, until, x12_secret } from './testing/desk.ts';

const stops: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});
const keep: Afterwards = { after: stop => void stops.push(stop) };
const quick: X12SupplierOptions = {
  acknowledge_after_ms: 5,
  ship_after_ms: 5,
  invoice_after_ms: 5,
  ship_backorders_after_ms: 5,
  late_ms: 100,
};
const password = 'what the supplier gave us';

const folder = mkdtempSync(join(tmpdir(), 'cartwright-x12-'));
keep.after(() => rmSync(folder, { recursive: true, force: true }));
const over_http = await start_x12_supplier({ ...quick, password });
const over_files = await start_x12_supplier({ ...quick, folder, poll_ms: 20 });
const desk = await office(
  keep,
  { x12: { ...x12_presets, receipt_wait_ms: 300, poll_ms: 20 } },
  suppliers_adapters({
    rest: { base_url: 'http://127.0.0.1:1', api_key: 'none' },
    x12_http: { url: `${over_http.url}/x12`, user: 'us', password, timeout_ms: 2_000 },
    x12_files: { folder },
    now_ms: Date.now,
  }),
);
keep.after(() => over_http.stop());
keep.after(() => over_files.stop());
await speaks_to(over_http, desk);
const skus = ['TEA', 'CUP', 'PART-1', 'BO-1', 'SUB-1', 'PRICE-1', 'REJ-1', 'MUTE-1', 'OVER-1', 'DUP-1'];
await stocked(desk, 'x12_http', skus, 'acme');
await stocked(desk, 'x12_files', skus, 'filer');
await stocked(desk, 'x12_http', skus, 'other');

/** The door, as far as the supplier knows it. */
async function speaks_to(sim: StandIn, { call }: Office): Promise<void> {
  const door = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const reply = await call('POST', '/inbound/supplier/x12_http', Buffer.concat(chunks), {
      headers: request.headers as Record<string, string>,
    });
    response.writeHead(reply.status).end(String(reply.body['text'] ?? ''));
  });
  await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve));
  keep.after(() => {
    door.closeAllConnections();
    door.close();
  });
  const bound = door.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('no port');
  await fetch(`${sim.url}/__sim/webhook`, {
    method: 'POST',
    body: JSON.stringify({ url: `http://127.0.0.1:${bound.port}`, secret: x12_secret }),
  });
}

async function follows(sim: StandIn, ...policies: readonly Policy[]): Promise<void> {
  await fetch(`${sim.url}/clerk/policies`, { method: 'POST', body: JSON.stringify({ policies }) });
}
async function order(supplier: string, ...wanted: readonly string[]): Promise<string> {
  const lines = wanted.map(sku => ({ sku, quantity: 20 }));
  const { body } = await desk.call('POST', '/v1/purchase-orders', { supplier, location: 'depot', lines });
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
const line_of = (of: Row, place = 0): Row => rows_in(of, 'lines')[place] ?? {};
const reasons_of = (of: Row) => rows_in(of, 'exceptions').map(exception => exception['reason']);
const invoices_of = (of: Row) => rows_in(of, 'invoices').map(invoice => invoice['state']);
const taken = (sim: StandIn, of: Row) =>
  sim.ledger().filter(entry => entry.kind === 'purchase_order_accepted' && entry.reference === of['reference']).length;
const ask_now = () => desk.harness.runtime.pool.query("update suppliers.operations set next_at = now() where state = 'unknown'");
async function interchanges(reason: string): Promise<readonly Row[]> {
  const { rows } = await desk.harness.runtime.pool.query<Row>(
    `select * from suppliers.interchange i where exists (select 1 from json_array_elements(i.exceptions) e where e ->> 'reason' = $1)`,
    [reason],
  );
  return rows;
}
async function receive(address: string, of: Row, units: number): Promise<void> {
  const sku = line_of(of)['sku'];
  const { status, body } = await desk.call('POST', `${address}/receipts`, { lines: [{ sku, accepted: units, rejected: 0 }] });
  assert.ok(status < 300, JSON.stringify(body));
}

for (const [way, supplier, sim] of [
  ['over HTTP', 'acme', over_http],
  ['over files', 'filer', over_files],
] as const)
  test(`half now and half later, ${way}: sent, read, acknowledged, announced, billed, received, matched`, async () => {
    await follows(sim);
    const address = await order(supplier, 'PART-1');
    const billed = await when(
      address,
      'both halves are billed',
      of => line_of(of)['quantity_invoiced'] === 20 && of['status'] === 'acknowledged',
    );
    const { status, receipt, reference } = billed;
    assert.deepEqual([status, receipt, String(reference).length], ['acknowledged', 'accepted', 22]);
    assert.deepEqual([line_of(billed)['quantity_confirmed'], line_of(billed)['quantity_in_transit'], taken(sim, billed)], [10, 20, 1]);
    assert.deepEqual([rows_in(billed, 'ship_notices').length, invoices_of(billed), reasons_of(billed)], [2, ['waits', 'waits'], []]);
    await receive(address, billed, 10);
    assert.deepEqual(invoices_of(await desk.get(address)), ['waits', 'waits']);
    await receive(address, billed, 10);
    const closed = await when(address, 'closed', of => of['status'] === 'closed');
    assert.deepEqual(invoices_of(closed), ['approved', 'approved']);
    // Five papers, each answered by a 997: 855, and twice 856 and 810.
    await until('our receipts are heard', async () =>
      sim.ledger().filter(({ kind, verdict }) => kind === 'receipt_heard' && verdict === 'A').length >= 5 ? true : undefined,
    );
  });

describe('magic SKUs', () => {
  for (const [sku, looks_so] of [
    ['BO-1', of => line_of(of)['promised_at'] !== null && line_of(of)['quantity_confirmed'] === 0 && of['status'] === 'acknowledged'],
    ['REJ-1', of => of['status'] === 'rejected' && line_of(of)['quantity_rejected'] === 20],
    ['SUB-1', of => reasons_of(of).includes('acknowledgment_to_decide')],
    ['PRICE-1', of => reasons_of(of).includes('acknowledgment_to_decide') && reasons_of(of).includes('invoice_differs')],
    ['OVER-1', of => reasons_of(of).includes('shipped_too_much') && line_of(of)['quantity_in_transit'] === 20],
    [
      'DUP-1',
      of =>
        line_of(of)['quantity_in_transit'] === 20 && line_of(of)['quantity_invoiced'] === 20 && rows_in(of, 'ship_notices').length === 1,
    ],
    ['MUTE-1', of => of['status'] === 'sent' && reasons_of(of).includes('receipt_overdue')],
  ] as const satisfies readonly (readonly [string, (of: Row) => boolean])[])
    test(sku, async () => {
      await follows(over_http);
      await when(await order('acme', sku), sku, looks_so);
    });
});

test('a line cut after the supplier took it: the identical interchange again, and one order there', async () => {
  await follows(over_http);
  await fetch(`${over_http.url}/__sim/faults`, { method: 'POST', body: JSON.stringify({ match: { path: '/x12' }, fault: 'reset_after' }) });
  const address = await order('acme', 'BO-1');
  await until('nobody knows', async () => {
    const { rows } = await desk.harness.runtime.pool.query(
      "select 1 from suppliers.operations where state = 'unknown' or subject = $1 and state = 'succeeded'",
      [address.split('/').at(-1)],
    );
    return rows.length > 0 ? true : undefined;
  });
  await ask_now();
  const sent = await when(address, 'sent', of => of['receipt'] === 'accepted');
  assert.equal(taken(over_http, sent), 1);
});

describe('policies', () => {
  test('silent: nobody says that it could be read, and a person is told', async () => {
    await follows(over_http, 'silent');
    const overdue = await when(await order('acme', 'TEA'), 'overdue', of => reasons_of(of).includes('receipt_overdue'));
    const [exception] = rows_in(overdue, 'exceptions');
    assert.deepEqual([exception?.['owner'], typeof exception?.['deadline'], overdue['status']], ['operator', 'string', 'sent']);
  });
  test('late: what comes after all takes the exception away', async () => {
    await follows(over_http, 'late');
    await when(await order('acme', 'TEA'), 'late', of => of['status'] === 'acknowledged' && !reasons_of(of).includes('receipt_overdue'));
  });
  test('reject: a 997 that says R is a person’s', async () => {
    await follows(over_http, 'reject');
    const refused = await when(await order('acme', 'TEA'), 'refused', of => reasons_of(of).includes('order_unreadable'));
    assert.deepEqual([refused['receipt'], taken(over_http, refused)], ['rejected', 0]);
  });
  test('notice_first: what overtakes is taken as it comes', async () => {
    await follows(over_http, 'notice_first');
    await when(await order('acme', 'TEA'), 'both', of => of['status'] === 'acknowledged' && line_of(of)['quantity_in_transit'] === 20);
  });
  test('duplicate: every interchange twice, each counts once', async () => {
    await follows(over_http, 'duplicate');
    const billed = await when(await order('acme', 'CUP'), 'billed', of => line_of(of)['quantity_invoiced'] === 20);
    assert.deepEqual([rows_in(billed, 'ship_notices').length, invoices_of(billed), reasons_of(billed)], [1, ['waits'], []]);
  });
  test('corrupt: a broken interchange is kept for a person and refused whole; the right one counts', async () => {
    await follows(over_http, 'corrupt');
    await when(await order('acme', 'CUP'), 'billed', of => line_of(of)['quantity_invoiced'] === 20);
    const [broken] = await interchanges('transmission_unreadable');
    assert.equal(broken?.['status'], 'quarantined');
    assert.match(String(broken?.['reply']), /AK5\*R\*4~\nAK9\*R\*/);
    assert.match(Buffer.from(String(broken?.['raw']), 'base64').toString(), /^ISA\|/);
  });
  test('wrong_group: a set in a group of others is refused, and shown', async () => {
    await follows(over_http, 'wrong_group');
    await order('acme', 'TEA');
    await until('shown', async () => ((await interchanges('document_unreadable')).length > 0 ? true : undefined));
  });
});

describe('what comes in', () => {
  const us = x12_presets.sender;
  const post = (text: string, secret = x12_secret) =>
    desk.call('POST', '/inbound/supplier/x12_http', Buffer.from(text), { headers: { authorization: `Basic ${btoa(`x:${secret}`)}` } });
  const said = (id: string, control_number: number, reference: string, bak = 'AK') =>
    write_interchange({ sender: { qualifier: 'ZZ', id }, receiver: us, control_number, at: '2026-03-02T10:00:00.000Z', usage: 'T' }, 'PR', [
      { code: '855', segments: [['BAK', '00', bak, reference, '20260302']] },
    ]);
  test('and waits for a person can be read by him: why, and what came', async () => {
    await post('ISA, but of no use');
    const [{ id = '' } = {}] = (await interchanges('transmission_unreadable')).filter(({ raw }) => raw === btoa('ISA, but of no use'));
    const { status, body } = await desk.call('GET', `/v1/interchanges/${id}`);
    const [exception] = rows_in(body, 'exceptions');
    assert.deepEqual(
      [status, body['status'], body['partner'], body['text'], exception?.['reason'], exception?.['owner']],
      [200, 'quarantined', '', 'ISA, but of no use', 'transmission_unreadable', 'operator'],
    );
    assert.match(String(exception?.['detail']), /\w/);
    const broken = said('STRANGER', 55, 'PO1');
    await post(broken);
    const strange = (await interchanges('unknown_partner')).find(({ control }) => control === '000000055');
    const shown = await desk.get(`/v1/interchanges/${strange?.['id']}`);
    assert.deepEqual(
      [shown['partner'], shown['control_number'], shown['text'], shown['reply']],
      ['ZZ/STRANGER', '000000055', broken, null],
    );
    assert.equal((await desk.call('GET', '/v1/interchanges/int_nobody')).status, 404);
  });
  test('without the password is not even read', async () => {
    assert.deepEqual([(await post('ISA', 'wrong')).status, (await post('ISA', '')).status], [401, 401]);
    assert.equal((await desk.call('POST', '/inbound/supplier/x12_http', Buffer.from('ISA'))).status, 401);
  });
  test('and is no interchange is kept for a person, once', async () => {
    for (let round = 0; round < 2; round += 1) assert.deepEqual((await post('no EDI')).body, { code: 'malformed_document' });
    assert.equal((await interchanges('transmission_unreadable')).filter(({ raw }) => raw === btoa('no EDI')).length, 1);
  });
  test('of nobody we know, or for somebody else, counts for nothing and is not answered', async () => {
    assert.deepEqual((await post(said('STRANGER', 1, 'PO1'))).body, { text: '' });
    assert.deepEqual((await post(said('ACME', 700, 'PO1').replace('CARTWRIGHT     ', 'SOMEBODY       '))).body, { text: '' });
    assert.equal((await interchanges('unknown_partner')).length, 3);
  });
  test('about an order of another supplier changes nothing', async () => {
    await follows(over_http, 'silent');
    const address = await order('acme', 'TEA');
    const { reference } = await when(address, 'sent', of => of['status'] === 'sent');
    const { body } = await post(said('OTHER', 2, String(reference)));
    assert.match(String(body['text']), /AK5\*A~/);
    assert.equal((await desk.get(address))['status'], 'sent');
    const { rows } = await desk.harness.runtime.pool.query('select 1 from suppliers.stray_document where po_id = $1', [reference]);
    assert.equal(rows.length, 1);
  });
  test('again is answered as before; another under its number is refused and kept', async () => {
    await follows(over_http, 'silent');
    const address = await order('acme', 'TEA');
    const { reference } = await when(address, 'sent', of => of['status'] === 'sent');
    const first = await post(said('ACME', 800, String(reference)));
    assert.match(String(first.body['text']), /AK9\*A\*1\*1\*1~/);
    assert.deepEqual(await post(said('ACME', 800, String(reference))), first);
    const other = await post(said('ACME', 800, String(reference), 'RJ'));
    assert.match(String(other.body['text']), /AK9\*R\*1\*1\*0~/);
    const { status } = await desk.get(address);
    assert.deepEqual([status, (await interchanges('interchange_number_reused')).length], ['acknowledged', 1]);
  });
  test('our numbers are each used once', async () => {
    const { rows } = await desk.harness.runtime.pool.query<{ number: string }>(
      `select control_number::text || supplier_id as number from suppliers.purchase_order where control_number is not null
        union all select substr(split_part(reply, '*', 14), 1) || case when partner = 'ZZ/ACME' then 'acme' when partner = 'ZZ/FILER' then 'filer' else partner end from suppliers.interchange where reply is not null`,
    );
    const numbers = rows.map(({ number }) => number.replace(/^0+/, ''));
    assert.equal(new Set(numbers).size, numbers.length);
  });
});

describe('files', () => {
  const lies = (name: string) => ['in', 'work', 'done', 'failed'].filter(where => existsSync(join(folder, where, name)));
  test('that cannot be read are put aside; those half written are left alone', async () => {
    writeFileSync(join(folder, 'in', 'broken.edi'), 'no EDI');
    writeFileSync(join(folder, 'in', '.half.edi'), 'ISA*');
    writeFileSync(join(folder, 'in', 'half.edi.part'), 'ISA*');
    await until('put aside', async () => (lies('broken.edi').includes('failed') ? true : undefined));
    assert.deepEqual([lies('.half.edi'), lies('half.edi.part')], [['in'], ['in']]);
  });
  test('that a process had taken when it died are taken again, and count once', async () => {
    await follows(over_files, 'silent');
    const { reference } = await when(await order('filer', 'TEA'), 'sent', of => of['status'] === 'sent');
    const text = write_interchange(
      {
        sender: { qualifier: 'ZZ', id: 'FILER' },
        receiver: x12_presets.sender,
        control_number: 900,
        at: '2026-03-02T10:00:00.000Z',
        usage: 'T',
      },
      'PR',
      [{ code: '855', segments: [['BAK', '00', 'AK', String(reference), '20260302']] }],
    );
    for (const name of ['died.edi', 'again.edi']) {
      writeFileSync(join(folder, 'work', name), text);
      await until(name, async () => (lies(name).includes('done') ? true : undefined));
    }
    const { rows } = await desk.harness.runtime.pool.query<{ count: number }>(
      "select count(*)::int as count from suppliers.interchange where partner = 'ZZ/FILER' and control = '000000900'",
    );
    assert.equal(rows[0]?.count, 1);
    assert.deepEqual(readdirSync(join(folder, 'work')), []);
  });
});

test('a channel without cancellations: the order stays, and a person may close it', async () => {
  await follows(over_http, 'silent');
  const address = await order('acme', 'TEA');
  await when(address, 'sent', of => of['status'] === 'sent');
  await desk.call('POST', `${address}/cancel`, { reason: 'not needed' });
  await when(address, 'refused', of => of['status'] === 'acknowledged');
  await desk.call('POST', `${address}/close`, { reason: 'told them' });
  assert.equal((await desk.get(address))['status'], 'closed');
});
