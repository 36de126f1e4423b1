import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Problem, type RouteRequest } from '../../platform/route.ts';
import { address, open_shop, paid, type Shop, type ShownOrder, server_key, units_of } from './testing/shop.ts';

let shop: Shop;
before(async () => {
  shop = await open_shop();
});
after(() => shop.harness.stop());

type Listed = { data: ShownOrder[]; next_cursor: string | null };
async function list(query: Record<string, string> = {}): Promise<Listed> {
  // Checked against the reply's schema in `call`.
  return (await shop.call('GET /v1/orders', {}, undefined, { query })).body as unknown as Listed;
}
/** Of four orders each, so that most lists have more than one. */
async function every_page(query: Record<string, string>): Promise<string[]> {
  const first = await list({ ...query, limit: '4' });
  const shown = ids(first.data);
  for (let next = first.next_cursor; next !== null; ) {
    const page = await list({ ...query, limit: '4', cursor: next });
    shown.push(...ids(page.data));
    next = page.next_cursor;
  }
  return shown;
}
const ids = (orders: readonly { readonly id: string }[]) => orders.map(order => order.id);

describe('the list of orders', () => {
  test('is newest first, page by page, and stays whole while orders are placed', async () => {
    const placed: ShownOrder[] = [];
    for (let n = 0; n < 5; n++) placed.push(await shop.place());
    const expected = ids(placed).reverse();
    const first = await list({ limit: '2' });
    assert.deepEqual(ids(first.data), expected.slice(0, 2));
    await shop.place();
    const second = await list({ limit: '2', cursor: first.next_cursor ?? '' });
    assert.deepEqual(ids(second.data), expected.slice(2, 4));
    const last = await list({ limit: '2', cursor: second.next_cursor ?? '' });
    assert.deepEqual([ids(last.data), last.next_cursor], [expected.slice(4), null]);
  });
  test('shows each order as it shows itself', async () => {
    const order = await shop.place({ payment: { gateway: 'manual' }, customer: { id: 'c-list', name: 'Ada' } });
    await shop.confirm(order);
    await shop.dispatch(order);
    assert.deepEqual((await list({ limit: '1' })).data[0], await shop.read(order.id));
  });
  test('is filtered by every field, alone and together', async () => {
    const lines = [{ sku: 'LAMP', quantity: 1 }];
    const order = await shop.place({ reference: 'LIST-1', customer: { id: 'c-17850' }, lines, payment: { gateway: 'manual' } });
    await shop.place({ customer: { id: 'c-17850' } });
    await shop.confirm(order);
    const only = [order.id];
    assert.deepEqual(ids((await list({ reference: 'LIST-1' })).data), only);
    assert.deepEqual(ids((await list({ number: String(order.number) })).data), only);
    assert.deepEqual((await list({ number: String(order.number), sku: 'MUG' })).data, []);
    assert.deepEqual(ids((await list({ sku: 'LAMP' })).data), only);
    assert.equal((await list({ customer: 'c-17850' })).data.length, 2);
    assert.deepEqual(ids((await list({ customer: 'c-17850', status: 'confirmed' })).data), only);
    assert.deepEqual(
      ids((await list({ customer: 'c-17850', payment_status: 'authorized', fulfillment_status: 'unfulfilled', sku: 'LAMP' })).data),
      only,
    );
    assert.deepEqual((await list({ customer: 'nobody' })).data, []);
    const all = await list({ placed_from: '2026-01-01T00:00:00Z', limit: '200' });
    assert.deepEqual(ids(all.data), ids((await list({ limit: '200' })).data));
    assert.deepEqual((await list({ placed_to: '2026-01-01T00:00:00Z' })).data, []);
  });
  test('by a value is of exactly the orders that show it, however they ended', async () => {
    const payment = { gateway: 'manual' };
    const rejected = await shop.place();
    await shop.hear('stock.reservation_failed', { order_id: rejected.id, short_lines: [], lines: [] });
    const cancelled = await shop.place();
    await shop.call('POST /v1/orders/:id/cancel', { id: cancelled.id }, { reason: 'changed their mind' });
    await shop.hear('stock.released', { order_id: cancelled.id, lines: [], cause: 'order.lines_cancelled' });
    const returned = await shop.place({ payment });
    await shop.confirm(returned);
    await shop.dispatch(returned);
    await shop.deliver(returned);
    const lines = units_of(returned).map(({ line_no, quantity }) => ({ line_id: String(line_no), quantity, reason: 'colour' }));
    const { id } = (await shop.call('POST /v1/orders/:id/returns', { id: returned.id }, { lines })).body as { id: string };
    const back = lines.map(({ line_id, quantity }) => ({ line_id, quantity, condition: 'sellable' }));
    await shop.call('POST /v1/returns/:id/receive', { id }, { lines: back });
    const [paid_by] = (await shop.read(returned.id)).payments;
    // The whole order object is more than the tests' ShownOrder.
    const [refund] = ((await shop.read(returned.id)) as unknown as { refunds: { id: string; amount: number }[] }).refunds;
    const sums = { authorized: returned.total, captured: returned.total, refunded: refund?.amount };
    await shop.hear('payment.refunded', {
      ...paid(returned, paid_by?.id ?? '', sums, 'refunded'),
      refund_id: refund?.id,
      amount: refund?.amount,
    });
    const { data: all } = await list({ limit: '200' });
    for (const field of ['status', 'payment_status', 'fulfillment_status'] as const) {
      const seen = [...new Set(all.map(order => order[field]))];
      for (const value of seen) {
        const shown = all.filter(order => order[field] === value);
        assert.deepEqual(ids((await list({ [field]: value, limit: '200' })).data), ids(shown), `${field}=${value}`);
      }
    }
    const of = (one: ShownOrder) => all.find(order => order.id === one.id);
    assert.deepEqual(
      [of(rejected)?.status, of(cancelled)?.status, of(returned)?.fulfillment_status, of(returned)?.payment_status],
      ['rejected', 'cancelled', 'returned', 'refunded'],
    );
  });
  test('by any two filters, and any SKU beside them, is what a look at every order finds, page by page', async () => {
    const twice = [
      { sku: 'MUG', quantity: 1 },
      { sku: 'LAMP', quantity: 1 },
      { sku: 'MUG', quantity: 2 },
    ];
    const payment = { gateway: 'manual' };
    const customer = { id: 'c-often' };
    // Those of the past come later than others: their ids and their days disagree.
    for (const day_no of [3, 1, 2, 2]) await shop.place({ placed_at: `2026-01-0${day_no}T09:00:00.123Z`, lines: twice, customer });
    for (const end of ['stays', 'is cancelled', 'stays']) {
      const declined = await shop.place({ lines: twice, payment, customer });
      await shop.hear('stock.reserved', { order_id: declined.id, lines: [] });
      const [tender] = (await shop.read(declined.id)).payments;
      await shop.hear('payment.declined', paid(declined, tender?.id ?? '', {}, 'declined'));
      if (end === 'stays') continue;
      await shop.call('POST /v1/orders/:id/cancel', { id: declined.id }, { reason: 'changed their mind' });
      await shop.hear('stock.released', { order_id: declined.id, lines: [], cause: 'order.lines_cancelled' });
    }
    const completed = await shop.place({ lines: twice, payment, customer });
    await shop.confirm(completed);
    await shop.dispatch(completed);
    await shop.deliver(completed);
    const all = (await list({ limit: '200' })).data as (ShownOrder & { placed_at: string; customer: { id: string } | null })[]; // as the reply's schema says
    const skus = (order: ShownOrder) => order.lines.map(line => line.sku);
    const day = '2026-01-02T09:00:00.123Z';
    const filters: readonly (readonly [string, string, (order: (typeof all)[number]) => boolean])[] = [
      ...(['status', 'payment_status', 'fulfillment_status'] as const).flatMap(field =>
        [...new Set(all.map(order => order[field]))].map(
          value => [field, value, (order: ShownOrder) => order[field] === value] satisfies [string, string, unknown],
        ),
      ),
      ['customer', 'c-often', order => order.customer?.id === 'c-often'],
      ['placed_from', day, order => order.placed_at >= day],
      ['placed_to', '2026-06-01T00:00:00Z', order => order.placed_at < '2026-06-01'],
    ];
    assert.ok(['declined', 'captured', 'refunded', 'none'].every(value => filters.some(([, seen]) => seen === value)));
    const newest_first = (keys: readonly (readonly string[])[]) =>
      keys
        .map(key => key.join(' '))
        .sort()
        .reverse();
    let found = 0;
    for (const [place, first] of filters.entries()) {
      for (const second of filters.slice(place)) {
        for (const sku of [undefined, 'LAMP']) {
          const query = { [second[0]]: second[1], [first[0]]: first[1], ...(sku === undefined ? {} : { sku }) };
          if (Object.keys(query).length === 1 + Number(sku !== undefined) && first !== second) continue;
          const by_day = 'placed_from' in query || 'placed_to' in query;
          const wanted = all.filter(order => first[2](order) && second[2](order) && (sku === undefined || skus(order).includes(sku)));
          const key = (order: (typeof all)[number]) => (by_day ? [order.placed_at, order.id] : [order.id]);
          const shown = await every_page(query);
          assert.deepEqual(
            shown.map(id => key(all.find(order => order.id === id) ?? assert.fail(id)).join(' ')),
            newest_first(wanted.map(key)),
            JSON.stringify(query),
          );
          found += shown.length;
        }
      }
    }
    assert.ok(found > 100, `${found} in all`);
  });
  test('refuses a time that is none, and a cursor of another list', async () => {
    const { next_cursor } = await list({ limit: '1' });
    const by_id: Record<string, string> = { placed_from: '2026-02-01T00:00:00Z', cursor: next_cursor ?? '' };
    const queries: readonly Record<string, string>[] = [{ placed_from: '2026-02-30T99:00:00Z' }, { cursor: 'x' }, by_id];
    for (const query of queries) {
      await assert.rejects(list(query), error => error instanceof Problem && error.code === 'format');
    }
  });
});

describe('an import', () => {
  const line = (n: number, more: object = {}) =>
    JSON.stringify({
      reference: `IMP-${n}`,
      currency: 'GBP',
      lines: [{ sku: 'MUG', quantity: n, unit_price: 255 }],
      shipping_address: address,
      placed_at: '2011-12-09T12:50:00Z',
      ...more,
    });
  async function run(
    texts: readonly string[],
    more: Partial<RouteRequest> = {},
  ): Promise<{ line: number; status: number; id?: string; code?: string }[]> {
    const lines = async function* () {
      for (const [index, text] of texts.entries()) yield { line: index + 1, text };
    };
    const { stream } = await shop.stream('POST /v1/orders/import', {}, { lines, ...more });
    let written = '';
    for await (const chunk of stream) written += String(chunk);
    return written
      .trim()
      .split('\n')
      .map(text => JSON.parse(text));
  }
  test('places each line in its own past, tells each line’s result in order, and repeated places nothing twice', async () => {
    const texts = [
      ...Array.from({ length: 600 }, (_, n) => line(n + 1)),
      '{',
      line(1, { colour: 'red' }),
      line(0),
      line(601, { lines: [{ sku: 'NONE', quantity: 1 }] }),
    ];
    const results = await run(texts);
    assert.deepEqual(
      results.map(result => result.line),
      texts.map((_, index) => index + 1),
    );
    assert.ok(results.slice(0, 600).every(result => result.status === 201 && result.id !== undefined));
    assert.deepEqual(
      results.slice(600).map(result => result.code),
      ['malformed_json', 'unknown_field', 'quantity_out_of_range', 'unknown_sku'],
    );
    const order = (await shop.read(results[599]?.id ?? '')) as ShownOrder & { placed_at: string };
    assert.deepEqual([order.placed_at, order.total], ['2011-12-09T12:50:00.000Z', 600 * 255]);
    const before = await shop.fingerprint();
    const again = await run(texts.slice(0, 600));
    assert.deepEqual(
      again.map(result => [result.status, result.id]),
      results.slice(0, 600).map(result => [200, result.id]),
    );
    assert.equal(await shop.fingerprint(), before);
    assert.equal((await list({ placed_to: '2012-01-01T00:00:00Z', limit: '200' })).data.length, 200);
  });
  test('a line with a reference twice in one import is placed once', async () => {
    const results = await run([line(900), line(900), line(900)]);
    assert.deepEqual(results.map(result => result.status).sort(), [200, 200, 201]);
    assert.equal(new Set(results.map(result => result.id)).size, 1);
  });
  test('lies in the past only for a key that may import', async () => {
    const [result] = await run([line(901)], { principal: { ...server_key, scopes: new Set(['orders:write']) } });
    assert.deepEqual([result?.status, result?.code], [403, 'insufficient_scope']);
  });
});
