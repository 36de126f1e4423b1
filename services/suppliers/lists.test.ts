/** What the office reads, on PostgreSQL: suppliers and offers by code, policies, interchanges, and who waits for which purchase order. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Compile } from 'typebox/compile';
import type { Row } from '../../platform/service.ts';
import { list_routes } from './routes_lists.ts';
import { type Office, office, stocked, until } from './testing/desk.ts';
import type { SuppliersDesk } from './views.ts';

const stops: (() => Promise<void> | void)[] = [];
let desk: Office;
before(async () => {
  desk = await office({ after: stop => void stops.push(stop) });
  await stocked(desk, 'manual', ['TEA', 'MUG', 'JAM'], 'acme');
  await stocked(desk, 'x12_http', [], 'wire');
});
after(async () => {
  for (const stop of stops) await stop();
});

const rows_of = (list: Row): Row[] => list['data'] as Row[];
/** Read, and compared with the schema that documents it. */
async function read(path: string, template = path.split('?')[0] ?? ''): Promise<Row> {
  const body = await desk.get(path);
  const route = list_routes(desk.harness.runtime.desk as unknown as SuppliersDesk).find(one => one.path === template);
  assert(route !== undefined, template);
  const schema = route.replies[200];
  assert(schema !== undefined);
  assert.deepEqual([...Compile(schema).Errors(body)], []);
  return body;
}

test('suppliers stand in the order of their codes, a page at a time', async () => {
  const first = await read('/v1/suppliers?limit=1');
  assert.deepEqual(
    rows_of(first).map(row => row['code']),
    ['acme'],
  );
  const second = await read(`/v1/suppliers?limit=1&cursor=${first['next_cursor']}`);
  assert.deepEqual([rows_of(second).map(row => row['code']), second['next_cursor']], [['wire'], null]);
  assert.deepEqual(rows_of(second)[0]?.['channel'], { kind: 'x12_http', partner: 'ZZ/WIRE' });
  assert.equal((await read('/v1/suppliers/acme', '/v1/suppliers/:code'))['name'], 'Acme');
  assert.equal((await desk.call('GET', '/v1/suppliers/nobody')).status, 404);
});

test('what a supplier offers stands by SKU, with its currency', async () => {
  const items = await read('/v1/suppliers/acme/items?limit=2', '/v1/suppliers/:code/items');
  assert.deepEqual(
    rows_of(items).map(row => [row['sku'], row['currency']]),
    [
      ['JAM', 'GBP'],
      ['MUG', 'GBP'],
    ],
  );
  const rest = await read(`/v1/suppliers/acme/items?limit=2&cursor=${items['next_cursor']}`, '/v1/suppliers/:code/items');
  assert.deepEqual(
    rows_of(rest).map(row => row['sku']),
    ['TEA'],
  );
  assert.equal((await desk.call('GET', '/v1/suppliers/nobody/items')).status, 404);
});

test('policies are found by SKU and by location', async () => {
  const found = await read('/v1/reorder-policies?sku=TEA');
  assert.deepEqual(
    rows_of(found).map(row => [row['sku'], row['location'], row['reorder_point'], row['target'], row['supplier']]),
    [['TEA', 'depot', 15, 60, 'acme']],
  );
  assert.deepEqual(rows_of(await read('/v1/reorder-policies?location=nowhere')), []);
});

test('who waits is told with the purchase order whose units it will get', async () => {
  const { call, levels, harness } = desk;
  await levels('TEA', { version: 1, on_hand: 0, backordered: 3 });
  const line = {
    line_no: 1,
    place: 1,
    sku: 'TEA',
    location_id: 'depot',
    quantity: 3,
    priority: 5,
    requested_at: harness.runtime.desk.now(),
  };
  const waits = { type: 'note_backorder', order_id: 'ord_tea', sequence: 4, at: line.requested_at, change: 'queued', lines: [line] };
  await harness.runtime.events.submit({ command: waits as never, cause: 'evt_waits', actor: 'system' });
  const unpegged = rows_of(await read('/v1/backorders?sku=TEA'))[0];
  assert.deepEqual([unpegged?.['order_id'], unpegged?.['quantity']], ['ord_tea', 3]);

  const made = await call('POST', '/v1/purchase-orders', { supplier: 'acme', location: 'depot', lines: [{ sku: 'TEA', quantity: 10 }] });
  const po_id = String(made.body['id']);
  await call('POST', `/v1/purchase-orders/${po_id}/approve`);
  const peg = await until('a peg', async () => {
    const [row] = rows_of(await read('/v1/backorders?sku=TEA&location=depot'));
    const pegs = (row?.['pegs'] ?? []) as Row[];
    return pegs.find(one => one['purchase_order_id'] === po_id);
  });
  assert.deepEqual([peg['quantity'], peg['line_id']], [3, '1']);
  assert.notEqual(peg['expected_at'], null);
  assert.deepEqual(rows_of(await read('/v1/backorders?sku=MUG')), []);
});

test('interchanges are listed without what stands in them', async () => {
  const { pool } = desk.harness.runtime;
  await pool.query(
    `insert into suppliers.interchange (id, version, channel, partner, control, digest, raw, status, reply, received_at, exceptions)
     values ('itc_1', 1, 'x12_http', 'ZZ/WIRE', '000000001', 'a', 'SVNB', 'taken', null, '2026-03-02T10:00:00Z', '[]'),
            ('itc_2', 1, 'x12_http', '/', '000000002', 'b', 'SVNB', 'quarantined', null, '2026-03-02T11:00:00Z', '[{"reason":"transmission_unreadable"}]')`,
  );
  const all = rows_of(await read('/v1/interchanges'));
  assert.deepEqual(
    all.map(row => [row['id'], row['partner'], row['waits_for_person'], row['text']]),
    [
      ['itc_2', '', true, undefined],
      ['itc_1', 'ZZ/WIRE', false, undefined],
    ],
  );
  assert.deepEqual(
    rows_of(await read('/v1/interchanges?partner=ZZ%2FWIRE')).map(row => row['id']),
    ['itc_1'],
  );
  const first = await read('/v1/interchanges?limit=1');
  assert.deepEqual(
    rows_of(await read(`/v1/interchanges?limit=1&cursor=${first['next_cursor']}`)).map(row => row['id']),
    ['itc_1'],
  );
});
