/** The routes of stock and locations, on real PostgreSQL: what they answer, and that it is what their schemas say. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Problem, type Reply, type Route, type RouteRequest } from '../../platform/route.ts';
import type { Row } from '../../platform/service.ts';
import { validator } from '../../platform/strict_json.ts';
import { type Harness, service_on_postgres, test_request } from '../../platform/testing/harness.ts';
import { rejection_status } from './rejections.ts';
import { inventory_routes } from './routes.ts';
import { inventory_service, migrations_folder } from './service.ts';
import type { InventoryDesk } from './views.ts';

let harness: Harness;
let routes: Route[];

before(async () => {
  harness = await service_on_postgres({ service: inventory_service(), folder: migrations_folder });
  // The runtime runs every service without its types.
  routes = inventory_routes(harness.runtime.desk as unknown as InventoryDesk);
  await put_location('near', { priority: 1 });
  await put_location('far', { priority: 2, active: false });
});
after(() => harness.stop());

type Body = Row;
/** The schemas of the routes say that these are lists; `call` validates against them. */
const rows_in = (body: Body, name: string) => body[name] as readonly Body[];
/** Validates what goes in as the door does, and what comes out against the route's own schema. */
async function call(
  method: string,
  path: string,
  body?: unknown,
  more: Partial<RouteRequest> = {},
): Promise<{ status: number; body: Body }> {
  const route = routes.find(one => one.method === method && one.path === path);
  assert(route !== undefined, `${method} ${path}`);
  try {
    if (route.body !== undefined) validator(route.body).check(body);
    const reply = (await route.handle(test_request(body, more))) as Reply;
    const schema = route.replies[reply.status];
    if (schema !== undefined) validator(schema).check(reply.body);
    return { status: reply.status, body: reply.body as Body };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { status: error.status, body: { code: error.code } };
  }
}
const code_of = async (called: Promise<{ status: number; body: Body }>) => {
  const { status, body } = await called;
  return `${status} ${body['code']}`;
};
const put_location = (code: string, body: object, more: Partial<RouteRequest> = {}) =>
  call(
    'PUT',
    '/v1/locations/:code',
    { name: code, address: { country: 'GB', city: 'Hull' }, priority: 5, ...body },
    { params: { code }, ...more },
  );
const adjust = (body: object) =>
  call('POST', '/v1/stock/adjustments', { sku: 'A', location: 'near', kind: 'received', reason: 'delivery', ...body });
const stock = (sku: string) => call('GET', '/v1/stock/:sku', undefined, { params: { sku } });
async function* lines_of(lines: readonly unknown[]) {
  for (const [index, line] of lines.entries()) yield { line: index + 1, text: typeof line === 'string' ? line : JSON.stringify(line) };
}
const import_stock = (lines: readonly unknown[]) => call('POST', '/v1/stock/import', undefined, { lines: () => lines_of(lines) });

describe('locations', () => {
  test('are put whole; the same again changes nothing, another version is refused', async () => {
    const first = await put_location('shop-1', {});
    assert.deepEqual(first, {
      status: 200,
      body: { code: 'shop-1', name: 'shop-1', address: { country: 'GB', city: 'Hull' }, priority: 5, active: true, version: 1 },
    });
    assert.deepEqual(await put_location('shop-1', {}), first);
    assert.equal((await put_location('shop-1', { priority: 6 }, { if_match: 1 })).body['version'], 2);
    assert.equal(await code_of(put_location('shop-1', { priority: 7 }, { if_match: 1 })), '409 version_conflict');
    assert.equal(await code_of(put_location('shop 1', {})), '422 format');
    assert.equal(await code_of(put_location('shop-2', { priority: -1 })), '422 out_of_range');
  });

  test('are listed page by page', async () => {
    const page = await call('GET', '/v1/locations', undefined, { query: { limit: '2' } });
    assert.deepEqual(
      rows_in(page.body, 'data'),
      (await call('GET', '/v1/locations')).body['data'] ? [...(await all_locations())].slice(0, 2) : [],
    );
    const rest = await call('GET', '/v1/locations', undefined, { query: { cursor: String(page.body['next_cursor']) } });
    assert.equal(rows_in(rest.body, 'data').length + 2, (await all_locations()).length);
    assert.equal(await code_of(call('GET', '/v1/locations', undefined, { query: { cursor: 'Kg' } })), '422 format');
  });
  const all_locations = async () => rows_in((await call('GET', '/v1/locations')).body, 'data');
});

describe('stock', () => {
  test('is adjusted, and the reply is the movement that the ledger shows', async () => {
    const { status, body } = await adjust({ quantity: 12 });
    assert.equal(status, 201);
    assert.deepEqual(
      [body['sku'], body['location'], body['kind'], body['quantity'], body['to_account'], body['actor']],
      ['A', 'near', 'received', 12, 'sellable', 'sk:key_test'],
    );
    await adjust({ quantity: -2, kind: 'counted', reason: 'count' });
    const ledger = rows_in((await call('GET', '/v1/stock/:sku/movements', undefined, { params: { sku: 'A' } })).body, 'data');
    assert.deepEqual(ledger[1], body);
    assert.deepEqual([ledger[0]?.['to_account'], ledger[0]?.['reason']], ['loss', 'count']);
  });

  test('shows every location with its units for sale; of an unknown SKU there is nothing', async () => {
    await adjust({ sku: 'SHOWN', quantity: 5 });
    await adjust({ sku: 'SHOWN', location: 'far', quantity: 3 });
    const { body } = await stock('SHOWN');
    assert.deepEqual(
      {
        ...body,
        locations: rows_in(body, 'locations').map(one => [one['location'], one['on_hand'], one['available'], one['incoming']]),
      },
      {
        sku: 'SHOWN',
        locations: [
          ['far', 3, 3, 0],
          ['near', 5, 5, 0],
        ],
        available: 5,
        backordered: 0,
      },
    );
    assert.equal(await code_of(stock('SHOW')), '404 not_found');
    assert.equal(await code_of(stock('A@near')), '422 format');
  });

  test('refusals name their reason and change nothing', async () => {
    await adjust({ sku: 'R', quantity: 5 });
    assert.deepEqual((await adjust({ sku: 'R', quantity: -6 })).body['code'], 'would_break_promises');
    assert.deepEqual((await adjust({ sku: 'R', quantity: -1, kind: 'damaged' })).body['code'], 'not_enough_units');
    assert.deepEqual((await adjust({ sku: 'R', quantity: 1, location: 'moon' })).body['code'], 'unknown_location');
    assert.deepEqual(
      (await call('POST', '/v1/stock/inspections', { sku: 'R', location: 'near', sellable: 1, damaged: 0 })).body['code'],
      'not_enough_units',
    );
    assert.equal(rows_in((await stock('R')).body, 'locations')[0]?.['on_hand'], 5);
    for (const [wrong, code] of [
      [{ quantity: 0 }, 'quantity_out_of_range'],
      [{ quantity: 1.5 }, 'type'],
      [{ quantity: '1' }, 'type'],
      [{ quantity: 3_000_000_000 }, 'quantity_out_of_range'],
      [{ quantity: 1, kind: 'shipped' }, 'unknown_value'],
      [{ quantity: 1, sku: 'A B' }, 'format'],
      [{ quantity: 1, reason: '' }, 'too_short'],
      [{ quantity: 1, colour: 'red' }, 'unknown_field'],
    ] as const) {
      assert.equal(await code_of(adjust({ sku: 'R', ...wrong })), `422 ${code}`);
    }
  });

  test('quality control is left by inspection', async () => {
    await harness.runtime.front.submit({
      command: {
        type: 'receive_stock',
        receipt_id: 'rcp_1',
        po_id: null,
        location_id: 'near',
        lines: [{ line_no: 1, sku: 'QC', accepted: 6, damaged: 0, inspect: true }],
      } as never,
      cause: 'evt_1',
      actor: 'system',
    });
    const { status, body } = await call('POST', '/v1/stock/inspections', { sku: 'QC', location: 'near', sellable: 4, damaged: 1 });
    assert.equal(status, 201);
    assert.deepEqual(
      rows_in(body, 'data').map(one => [one['from_account'], one['to_account'], one['quantity']]),
      [
        ['quality_control', 'sellable', 4],
        ['quality_control', 'damaged', 1],
      ],
    );
    assert.equal((await stock('QC')).body['available'], 4);
    assert.equal(
      await code_of(call('POST', '/v1/stock/inspections', { sku: 'QC', location: 'near', sellable: 0, damaged: 0 })),
      '422 required',
    );
  });

  test('a policy is set in part, by whoever saw the last version', async () => {
    const put = (body: object, more: Partial<RouteRequest> = {}) =>
      call('PUT', '/v1/stock/:sku/:location/policy', body, { params: { sku: 'POLICY', location: 'near' }, ...more });
    await adjust({ sku: 'POLICY', quantity: 10 });
    const { body } = await put({ safety: 3, backorder_limit: 20 });
    assert.deepEqual(
      [body['available'], body['safety'], body['backorder_limit'], body['low_threshold'], body['version']],
      [7, 3, 20, 0, 2],
    );
    assert.deepEqual((await put({ low_threshold: 4 }, { if_match: 2 })).body['safety'], 3);
    assert.deepEqual((await put({ low_threshold: 5 }, { if_match: 2 })).body['code'], 'version_conflict');
    assert.deepEqual((await put({})).body['version'], 3);
    assert.equal(await code_of(put({ safety: -1 })), '422 out_of_range');
  });

  test('the list is filtered by location, SKU prefix and reorder point, and paged', async () => {
    const list = async (query: Record<string, string>) => {
      const { body } = await call('GET', '/v1/stock', undefined, { query });
      return {
        ids: rows_in(body, 'data').map(one => `${one['sku']}@${one['location']}`),
        cursor: body['next_cursor'] as string | null,
      };
    };
    for (const [sku, location] of [
      ['L-1', 'near'],
      ['L-1', 'far'],
      ['L-2', 'near'],
      ['L-10', 'near'],
      ['M-1', 'near'],
    ] as const)
      await adjust({ sku, location, quantity: 5 });
    assert.deepEqual((await list({ sku_prefix: 'L-' })).ids, ['L-10@near', 'L-1@far', 'L-1@near', 'L-2@near']);
    assert.deepEqual((await list({ sku_prefix: 'L-1', location: 'near' })).ids, ['L-10@near', 'L-1@near']);
    const first = await list({ sku_prefix: 'L-', limit: '3' });
    assert.equal(first.ids.length, 3);
    assert.deepEqual((await list({ sku_prefix: 'L-', limit: '3', cursor: first.cursor ?? '' })).ids, ['L-2@near']);
    await harness.runtime.front.submit({
      command: { type: 'hear_reorder_policy', sku: 'L-2', location_id: 'near', reorder_point: 5 } as never,
      cause: 'evt_2',
      actor: 'system',
    });
    assert.deepEqual((await list({ below_reorder_point: 'true' })).ids, ['L-2@near']);
    assert.deepEqual((await list({ below_reorder_point: 'true', location: 'far' })).ids, []);
    await adjust({ sku: 'L-2', location: 'near', quantity: 1 });
    assert.deepEqual((await list({ below_reorder_point: 'true' })).ids, []);
  });

  test('an import sets what its good lines say and names the others, again and again with one outcome', async () => {
    const lines = [
      { sku: 'I-1', location: 'near', on_hand: 10, safety: 2, backorder_limit: 5 },
      '{ not json',
      { sku: 'I-2', location: 'moon', on_hand: 1 },
      { sku: 'I-3', location: 'near', on_hand: -1 },
      { sku: 'I-1', location: 'far', on_hand: 4 },
      { sku: 'I-1', location: 'near', on_hand: 11 },
    ];
    const once = await import_stock(lines);
    assert.deepEqual(once.body, await import_stock(lines).then(reply => reply.body));
    const { imported, rejected_total } = once.body;
    const rejected = rows_in(once.body, 'rejected');
    assert.deepEqual([imported, rejected_total], [3, 3]);
    assert.deepEqual(
      rejected.map(no => [no['line'], no['code']]),
      [
        [2, 'malformed_json'],
        [4, 'out_of_range'],
        [3, 'unknown_location'],
      ],
    );
    assert.equal((await stock('I-1')).body['available'], 9);
  });

  test('a long import goes in batches', async () => {
    const lines = Array.from({ length: 1_203 }, (_, number) => ({ sku: `BULK-${number}`, location: 'near', on_hand: number }));
    assert.deepEqual((await import_stock(lines)).body, { imported: 1_203, rejected: [], rejected_total: 0 });
    assert.equal((await stock('BULK-1202')).body['available'], 1_202);
  });
});

test('a repeated request is answered with the first reply and moves nothing', async () => {
  const idempotency = { principal: 'key_test', route: 'POST /v1/stock/adjustments', key: 'k1', body_hash: 'h1' };
  const body = { sku: 'TWICE', location: 'near', kind: 'received', quantity: 5, reason: 'delivery' };
  const replies = await Promise.all(Array.from({ length: 20 }, () => call('POST', '/v1/stock/adjustments', body, { idempotency })));
  for (const reply of replies) assert.deepEqual(reply, replies[0]);
  assert.equal((await stock('TWICE')).body['available'], 5);
});

test('every rejection of a route is one that inventory has, or the door', () => {
  const known = new Set([...Object.keys(rejection_status), 'not_found']);
  for (const route of routes) for (const code of route.rejections) assert(known.has(code), `${route.path}: ${code}`);
});
