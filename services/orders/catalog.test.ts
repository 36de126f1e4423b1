import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Problem, type Reply, type Route, type RouteRequest } from '../../platform/route.ts';
import type { Service } from '../../platform/service.ts';
import { validator } from '../../platform/strict_json.ts';
import { type Harness, service_on_postgres, test_request } from '../../platform/testing/harness.ts';
import { nowhere, product_kind, shipping_table_kind, tax_table_kind } from './catalog.ts';
import { catalog_routes } from './routes_catalog.ts';
import { discount_routes } from './routes_discounts.ts';

/** Only what the catalog adds to the service. */
const catalog_only: Service<
  {
    product: ReturnType<typeof product_kind.initial>;
    tax_table: ReturnType<typeof tax_table_kind.initial>;
    shipping_table: ReturnType<typeof shipping_table_kind.initial>;
  },
  never,
  never,
  never,
  never
> = {
  name: 'orders',
  kinds: { product: product_kind, tax_table: tax_table_kind, shipping_table: shipping_table_kind },
  commands: {},
  reactions: {},
};

let harness: Harness;
let routes: readonly Route[];
before(async () => {
  harness = await service_on_postgres({ service: catalog_only, folder: new URL('./migrations', import.meta.url).pathname });
  routes = [...catalog_routes(harness.runtime.desk), ...discount_routes(harness.runtime.desk)];
});
after(() => harness.stop());

/** As the door does it: the body is checked, the handler called, the reply checked against what the route documents. */
async function call(address: string, body?: unknown, more: Partial<RouteRequest> = {}): Promise<Reply> {
  const [method, path] = address.split(' ');
  const route = routes.find(known => known.method === method && known.path === path);
  assert.ok(route, `no route ${address}`);
  if (route.body !== undefined) validator(route.body).check(body);
  const reply = await route.handle(test_request(body, more));
  assert.ok('body' in reply);
  validator(route.replies[reply.status] ?? {}).check(reply.body);
  return reply;
}
function lines(texts: readonly string[]): RouteRequest['lines'] {
  return async function* () {
    for (const [index, text] of texts.entries()) yield { line: index + 1, text };
  };
}
async function refused(status: number, code: string, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, error => error instanceof Problem && error.status === status && error.code === code);
}
/** What a decision would see. */
async function loaded<S>(kind: { initial(id: string): S; rows: { load: string; from_row(row: never): S } }, id: string): Promise<S> {
  const { rows } = await harness.runtime.pool.query<{ rows: never[] }>(kind.rows.load, [[id]]);
  const [row] = rows[0]?.rows ?? [];
  return row === undefined ? kind.initial(id) : kind.rows.from_row(row);
}

describe('products', () => {
  test('a product is put, shown as it is, and replaced as a whole', async () => {
    const prices = [
      { currency: 'EUR', amount: 299 },
      { currency: 'GBP', amount: 255 },
    ];
    const put = await call(
      'PUT /v1/products/:sku',
      { name: 'T-light holder', prices, tax_class: 'reduced', weight_grams: 120 },
      { params: { sku: '85123A' } },
    );
    assert.equal(put.status, 200);
    const shown = await call('GET /v1/products/:sku', undefined, { params: { sku: '85123A' } });
    assert.deepEqual(shown.body, put.body);
    assert.deepEqual(
      { ...(shown.body as object), created_at: '', updated_at: '' },
      {
        sku: '85123A',
        name: 'T-light holder',
        prices,
        stocked: true,
        tax_class: 'reduced',
        weight_grams: 120,
        active: true,
        created_at: '',
        updated_at: '',
      },
    );
    await call(
      'PUT /v1/products/:sku',
      { name: 'Holder', prices: [{ currency: 'GBP', amount: 260 }], stocked: false },
      { params: { sku: '85123A' } },
    );
    assert.deepEqual(await loaded(product_kind, '85123A'), {
      sku: '85123A',
      name: 'Holder',
      prices: { GBP: 260 },
      stocked: false,
      tax_class: 'standard',
      weight_grams: 500,
      active: true,
    });
    assert.equal(await loaded(product_kind, 'NONE'), null);
  });
  test('the list is newest first, and its cursor stays good while products are added', async () => {
    for (const sku of ['L1', 'L2', 'L3']) await call('PUT /v1/products/:sku', { name: sku, prices: [] }, { params: { sku } });
    const first = (await call('GET /v1/products', undefined, { query: { limit: '2' } })).body as {
      data: { sku: string }[];
      next_cursor: string;
    };
    assert.deepEqual(
      first.data.map(product => product.sku),
      ['L3', 'L2'],
    );
    await call('PUT /v1/products/:sku', { name: 'L4', prices: [] }, { params: { sku: 'L4' } });
    const second = (await call('GET /v1/products', undefined, { query: { limit: '1', cursor: first.next_cursor } })).body as typeof first;
    assert.deepEqual(
      second.data.map(product => product.sku),
      ['L1'],
    );
  });
  test('a cursor that is none of ours is refused', async () => {
    for (const cursor of [
      'x',
      Buffer.from('["a","b"]').toString('base64url'),
      Buffer.from('["2026-01-01T00:00:00.000Z"]').toString('base64url'),
    ]) {
      await refused(422, 'format', call('GET /v1/products', undefined, { query: { cursor } }));
    }
  });
  test('a missing product is not found, a SKU that cannot be is refused, and so is a price told twice', async () => {
    await refused(404, 'not_found', call('GET /v1/products/:sku', undefined, { params: { sku: 'NONE' } }));
    await refused(422, 'format', call('PUT /v1/products/:sku', { name: 'x', prices: [] }, { params: { sku: 'a b' } }));
    const twice = [
      { currency: 'GBP', amount: 1 },
      { currency: 'GBP', amount: 2 },
    ];
    await refused(422, 'invalid', call('PUT /v1/products/:sku', { name: 'x', prices: twice }, { params: { sku: 'X' } }));
    await refused(
      422,
      'unknown_value',
      call('PUT /v1/products/:sku', { name: 'x', prices: [{ currency: 'gbp', amount: 1 }] }, { params: { sku: 'X' } }),
    );
    await refused(
      422,
      'type',
      call('PUT /v1/products/:sku', { name: 'x', prices: [{ currency: 'GBP', amount: 1.5 }] }, { params: { sku: 'X' } }),
    );
  });
  test('an import takes what is valid, says what is not, and changes nothing when repeated', async () => {
    const texts = [
      ...Array.from({ length: 1200 }, (_, n) =>
        JSON.stringify({ sku: `I${n}`, name: `Item ${n}`, prices: [{ currency: 'GBP', amount: n }] }),
      ),
      '{',
      '{"sku":"I1","name":"x","prices":[],"colour":"red"}',
      '{"sku":"I0","name":"Last","prices":[]}',
    ];
    const once = await call('POST /v1/products/import', undefined, { lines: lines(texts) });
    assert.deepEqual(once.body, {
      imported: 1201,
      rejected_total: 2,
      rejected: [
        { line: 1201, code: 'malformed_json', detail: 'The body is not JSON.' },
        { line: 1202, code: 'unknown_field', detail: '/colour is not valid (unknown_field).' },
      ],
    });
    assert.equal((await loaded(product_kind, 'I0'))?.name, 'Last');
    const states = () =>
      harness.runtime.pool.query("select sku, xmin, updated_at from orders.product where sku like 'I%' and sku <> 'I0' order by sku");
    const stored = (await states()).rows;
    assert.deepEqual((await call('POST /v1/products/import', undefined, { lines: lines(texts) })).body, once.body);
    assert.deepEqual((await states()).rows, stored);
  });
});

describe('tables of rates', () => {
  test('tax rates are replaced as a whole and read per country', async () => {
    const row = { country: 'GB', tax_class: 'standard', jurisdiction: 'GB', rate_ppm: 200_000 };
    await call('PUT /v1/tax-rates', { data: [row, { ...row, country: 'FR', jurisdiction: 'FR' }] });
    const put = await call('PUT /v1/tax-rates', {
      data: [{ ...row, postal_prefix: 'sw1 y', valid_from_at: '2026-01-01T01:00:00+01:00' }, row],
    });
    assert.deepEqual((await call('GET /v1/tax-rates')).body, put.body);
    assert.deepEqual((put.body as { data: unknown[] }).data[0], {
      ...row,
      region: null,
      postal_prefix: 'SW1Y',
      valid_from_at: '2026-01-01T00:00:00.000Z',
      valid_until: null,
    });
    assert.deepEqual(
      (await loaded(tax_table_kind, 'GB'))['standard']?.map(rate => rate.valid_from_at),
      ['2026-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z'],
    );
    assert.deepEqual(Object.keys(await loaded(tax_table_kind, 'FR')), []);
  });
  test('rows that contradict each other, or name no time, leave the table as it was', async () => {
    const { body } = await call('GET /v1/tax-rates');
    const row = { country: 'DE', tax_class: 'standard', jurisdiction: 'DE', rate_ppm: 190_000 };
    await refused(422, 'invalid', call('PUT /v1/tax-rates', { data: [row, { ...row, rate_ppm: 160_000 }] }));
    await refused(422, 'format', call('PUT /v1/tax-rates', { data: [{ ...row, valid_from_at: '2026-02-30T25:00:00Z' }] }));
    assert.deepEqual((await call('GET /v1/tax-rates')).body, body);
  });
  test('shipping rates are read with those for anywhere', async () => {
    const row = { service: 'standard', currency: 'GBP', amount: 495 };
    const bands = [
      { from: 2000, amount: 900 },
      { from: 1000, amount: 700 },
    ];
    await call('PUT /v1/shipping-rates', {
      data: [row, { ...row, country: 'GB', banded_by: 'weight', bands, free_from: 5000, transit_days: 2 }],
    });
    const table = await loaded(shipping_table_kind, 'GB');
    assert.deepEqual(
      table.map(rate => [rate.country, rate.bands.map(band => band.from), rate.free_from]),
      [
        [null, [], null],
        ['GB', [1000, 2000], 5000],
      ],
    );
    assert.deepEqual(
      (await loaded(shipping_table_kind, nowhere)).map(rate => rate.country),
      [null],
    );
    await refused(422, 'invalid', call('PUT /v1/shipping-rates', { data: [row, { ...row, amount: 1 }] }));
    await refused(422, 'required', call('PUT /v1/shipping-rates', { data: [{ ...row, bands }] }));
    await refused(422, 'required', call('PUT /v1/shipping-rates', { data: [{ ...row, region: 'SCT' }] }));
  });
});

describe('discount codes', () => {
  const put = (code: string, body: object) => call('PUT /v1/discounts/:code', body, { params: { code } });
  test('a code is put in its canonical form, shown whatever its case, and listed', async () => {
    const { body } = await put(' may10', { kind: 'percent', rate_ppm: 100_000, uses_max: 10, valid_from_at: '2026-05-01T00:00:00Z' });
    assert.deepEqual(body, {
      code: 'MAY10',
      kind: 'percent',
      rate_ppm: 100_000,
      amount: null,
      currency: null,
      minimum_subtotal: 0,
      uses_max: 10,
      uses: 0,
      uses_per_customer: null,
      valid_from_at: '2026-05-01T00:00:00.000Z',
      valid_until: null,
    });
    assert.deepEqual((await call('GET /v1/discounts/:code', undefined, { params: { code: 'May10' } })).body, body);
    assert.deepEqual((await call('GET /v1/discounts')).body, { data: [body], next_cursor: null });
  });
  test('is replaced as a whole, but never below the uses it had', async () => {
    await put('SPRING', { kind: 'amount', amount: 500, currency: 'GBP' });
    await harness.runtime.pool.query("update orders.discount set uses = 3 where id = 'SPRING'");
    await refused(409, 'uses_max_below_uses', put('SPRING', { kind: 'free_shipping', uses_max: 2 }));
    const { body } = await put('SPRING', { kind: 'free_shipping', uses_max: 3 });
    assert.deepEqual(
      [(body as { kind: string }).kind, (body as { amount: null }).amount, (body as { uses: number }).uses],
      ['free_shipping', null, 3],
    );
  });
  test('a rule that lacks what its kind needs, or says what it has not, is refused', async () => {
    await refused(422, 'required', put('A', { kind: 'percent' }));
    await refused(422, 'required', put('A', { kind: 'amount', amount: 1 }));
    await refused(422, 'required', put('A', { kind: 'free_shipping', minimum_subtotal: 1 }));
    await refused(422, 'unknown_field', put('A', { kind: 'free_shipping', amount: 1 }));
    await refused(422, 'out_of_range', put('A', { kind: 'percent', rate_ppm: 1_000_001 }));
    await refused(422, 'format', put('MАY', { kind: 'free_shipping' }));
    await refused(404, 'not_found', call('GET /v1/discounts/:code', undefined, { params: { code: 'A' } }));
  });
});
