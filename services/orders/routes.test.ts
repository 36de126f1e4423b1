import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Problem, type RouteRequest } from '../../platform/route.ts';
import {
  address,
  browser_key,
  code_of,
  keyed,
  open_shop,
  order_bearer,
  paid,
  type Shop,
  type ShownOrder,
  server_key,
} from './testing/shop.ts';

let shop: Shop;
before(async () => {
  shop = await open_shop();
});
after(() => shop.harness.stop());

const manual = { payment: { gateway: 'manual' } };
async function refused(status: number, code: string, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, error => error instanceof Problem && error.status === status && error.code === code);
}
/** The rejection's code, when nothing at all changed. */
async function rejected(body: object, more: Partial<RouteRequest> = {}): Promise<unknown> {
  const before = await shop.fingerprint();
  const reply = await shop.call('POST /v1/orders', {}, body, more);
  assert.equal(await shop.fingerprint(), before, 'something changed');
  return code_of(reply);
}

describe('placing an order', () => {
  test('answers 201 with the whole order, where it is, and its tokens; reading it shows the same without them', async () => {
    const body = {
      reference: 'WEB-1',
      currency: 'GBP',
      customer: { id: 'c-17850', email: 'ada@example.com', name: 'Ada Lovelace' },
      shipping_address: address,
      lines: [{ sku: 'MUG', quantity: 6, unit_price: 255 }],
      shipping: { service: 'standard', amount: 495 },
      expected_total: 2025,
      metadata: { channel: 'web' },
      ...manual,
    };
    const reply = await shop.call('POST /v1/orders', {}, body);
    const { order_token, track_token, ...order } = reply.body as unknown as ShownOrder;
    assert.deepEqual([reply.status, reply.headers], [201, { Location: `/v1/orders/${order.id}` }]);
    assert.deepEqual([order_token, track_token], [`ot_${order.id.slice(4)}`, `tt_${order.id.slice(4)}`]);
    assert.deepEqual([order.status, order.payment_status, order.total, order.version], ['placed', 'none', 2025, 1]);
    assert.deepEqual((await shop.call('GET /v1/orders/:id', { id: order.id })).body, order);
  });
  test('with the same key and body answers the same bytes, and places one order; another body is refused', async () => {
    const body = { currency: 'GBP', lines: [{ sku: 'MUG', quantity: 1 }], shipping_address: address };
    const first = await shop.call('POST /v1/orders', {}, body, keyed('twice', body));
    const again = await Promise.all(Array.from({ length: 10 }, () => shop.call('POST /v1/orders', {}, body, keyed('twice', body))));
    for (const reply of again) {
      assert.equal(JSON.stringify(reply.body), JSON.stringify(first.body));
      assert.equal(reply.headers?.['Idempotency-Replayed'], 'true');
    }
    await refused(422, 'idempotency_key_reused', shop.call('POST /v1/orders', {}, body, keyed('twice', { ...body, currency: 'EUR' })));
  });
  test('for what cannot be sold is refused, and changes nothing', async () => {
    const lines = [{ sku: 'MUG', quantity: 1 }];
    const base = { currency: 'GBP', lines, shipping_address: address };
    assert.equal(await rejected({ ...base, lines: [{ sku: 'NONE', quantity: 1 }] }), 'unknown_sku');
    assert.equal(await rejected({ ...base, currency: 'EUR' }), 'currency_mismatch');
    assert.equal(await rejected({ ...base, expected_total: 999 }), 'price_changed');
    assert.equal(await rejected({ ...base, discount_codes: ['NONE'] }), 'discount_code_invalid');
    assert.equal(await rejected({ currency: 'GBP', lines }), 'destination_required');
    assert.equal(await rejected({ ...base, lines: [{ sku: 'MUG', quantity: 1_000_000, unit_price: 2 ** 53 - 1 }] }), 'total_too_large');
  });
  test('with a reference that the key has used is refused; another key may use it', async () => {
    const body = { currency: 'GBP', lines: [{ sku: 'MUG', quantity: 1 }], shipping_address: address, reference: 'R-1' };
    await shop.place(body);
    assert.equal(await rejected(body), 'reference_taken');
    await shop.place(body, { principal: { ...server_key, id: 'key_other' } });
  });
  test('needs no address for what is not shipped', async () => {
    const order = await shop.place({ shipping_address: null, lines: [{ sku: 'VOUCHER', quantity: 1 }] });
    assert.equal(order.total, 1000);
  });
  test('a discount code comes off the price, as often as it may be used', async () => {
    await shop.call('PUT /v1/discounts/:code', { code: 'ONCE' }, { kind: 'percent', rate_ppm: 100_000, uses_max: 1 });
    const order = await shop.place({ discount_codes: [' once'] });
    assert.equal(order.total, 1800);
    assert.equal(
      await rejected({ currency: 'GBP', lines: [{ sku: 'MUG', quantity: 1 }], shipping_address: address, discount_codes: ['ONCE'] }),
      'discount_code_used',
    );
  });
});

describe('a quote', () => {
  const quote_body = { currency: 'GBP', lines: [{ sku: 'MUG', quantity: 2 }], shipping_address: address };
  const customer = { email: 'grace@example.com' };
  const quote = async () =>
    (await shop.call('POST /v1/quotes', {}, quote_body, { principal: browser_key })).body as { id: string; total: number; lines: unknown };
  const with_quote = (quote_id: string) => ({ currency: 'GBP', quote_id, shipping_address: address, customer });
  test('fixes the prices that a browser’s order has, also when the catalog changes', async () => {
    const quoted = await quote();
    assert.deepEqual(
      [quoted.total, quoted.lines],
      [2000, [{ sku: 'MUG', name: 'mug', quantity: 2, unit_price: 1000, discount: 0, tax: 0, total: 2000 }]],
    );
    await shop.call('PUT /v1/products/:sku', { sku: 'MUG' }, { name: 'mug', prices: [{ currency: 'GBP', amount: 1_200 }] });
    const reply = await shop.call('POST /v1/orders', {}, { ...with_quote(quoted.id), expected_total: 2000 }, { principal: browser_key });
    assert.deepEqual([reply.status, (reply.body as unknown as ShownOrder).total], [201, 2000]);
    await shop.call('PUT /v1/products/:sku', { sku: 'MUG' }, { name: 'mug', prices: [{ currency: 'GBP', amount: 1_000 }] });
  });
  test('is used once, by who asked for it, for where it was asked for', async () => {
    const quoted = await quote();
    const by_browser = { principal: browser_key };
    assert.equal(await rejected(with_quote('quo_forged'), by_browser), 'quote_invalid');
    assert.equal(await rejected(with_quote(quoted.id)), 'quote_invalid', 'another key');
    assert.equal(await rejected({ ...with_quote(quoted.id), shipping_address: { country: 'FR' } }, by_browser), 'quote_invalid');
    assert.equal(await rejected({ ...with_quote(quoted.id), currency: 'EUR' }, by_browser), 'currency_mismatch');
    assert.equal((await shop.call('POST /v1/orders', {}, with_quote(quoted.id), by_browser)).status, 201);
    assert.equal(await rejected(with_quote(quoted.id), by_browser), 'quote_invalid', 'used');
  });
  test('a browser without a quote is refused before anything is looked up', async () => {
    await refused(
      422,
      'unknown_field',
      shop.call('POST /v1/orders', {}, { currency: 'GBP', lines: [{ sku: 'MUG', quantity: 1 }] }, { principal: browser_key }),
    );
    await refused(422, 'required', shop.call('POST /v1/orders', {}, { currency: 'GBP' }, { principal: browser_key }));
  });
});

describe('who may see and change an order', () => {
  test('an order token is for its order: any other is as good as missing', async () => {
    const mine = await shop.place();
    const other = await shop.place();
    const principal = order_bearer(mine.id);
    assert.equal((await shop.call('GET /v1/orders/:id', { id: mine.id }, undefined, { principal })).status, 200);
    for (const id of [other.id, 'ord_missing', "1' or '1'='1"]) {
      await refused(404, 'not_found', shop.call('GET /v1/orders/:id', { id }, undefined, { principal }));
      await refused(404, 'not_found', shop.call('POST /v1/orders/:id/cancel', { id }, { reason: 'x' }, { principal }));
      await refused(404, 'not_found', shop.call('POST /v1/orders/:id/payments', { id }, { gateway: 'manual' }, { principal }));
      await refused(404, 'not_found', shop.stream('GET /v1/orders/:id/stream', { id }, { principal }));
    }
  });
  test('a guest tracks with number and token, and learns nothing from a wrong one', async () => {
    const order = await shop.place(manual);
    const track = (number: number | string, token: string) =>
      shop.call('GET /v1/track', {}, undefined, { query: { number: String(number), token } });
    const { body } = await track(order.number, order.track_token);
    assert.deepEqual([(body as { shipping_city: string }).shipping_city, JSON.stringify(body).includes('Ada')], ['London', false]);
    const other = await shop.place();
    for (const [number, token] of [
      [order.number, 'tt_x'],
      [order.number, other.track_token],
      [999_999_999, order.track_token],
      [order.number, 'x'],
    ] as const) {
      await refused(404, 'not_found', track(number, token));
    }
  });
});

describe('the life of an order', () => {
  test('paid, shipped, delivered, returned, refunded: the order object tells it', async () => {
    const order = await shop.place(manual);
    await shop.confirm(order);
    const confirmed = await shop.read(order.id);
    assert.deepEqual([confirmed.status, confirmed.payment_status, confirmed.payments.length], ['confirmed', 'authorized', 1]);
    await shop.dispatch(order);
    const shipped = await shop.read(order.id);
    assert.deepEqual([shipped.status, shipped.payment_status, shipped.fulfillment_status], ['in_fulfillment', 'captured', 'shipped']);
    assert.deepEqual(
      shipped.shipments.map(one => [one.status, one.parcels.map(parcel => parcel.tracking_number)]),
      [['dispatched', [`T${order.number}`]]],
    );
    assert.equal(code_of(await shop.call('POST /v1/orders/:id/cancel', { id: order.id }, { reason: 'late' })), 'not_cancellable');
    await shop.deliver(order);
    assert.equal((await shop.read(order.id)).status, 'completed');

    const lines = [{ line_id: '1', quantity: 1, reason: 'colour' }];
    assert.equal(
      code_of(await shop.call('POST /v1/orders/:id/returns', { id: order.id }, { lines: [{ line_id: '1', quantity: 3, reason: 'x' }] })),
      'return_exceeds_delivered',
    );
    const asked = await shop.call('POST /v1/orders/:id/returns', { id: order.id }, { lines });
    const { id } = asked.body as { id: string };
    assert.deepEqual([asked.status, asked.headers?.['Location']], [201, `/v1/returns/${id}`]);
    const received = await shop.call(
      'POST /v1/returns/:id/receive',
      { id },
      { lines: [{ line_id: '1', quantity: 1, condition: 'sellable' }] },
    );
    assert.equal((received.body as { status: string }).status, 'received');
    assert.deepEqual((await shop.call('GET /v1/returns/:id', { id })).body, received.body);
    assert.deepEqual((await shop.call('GET /v1/returns', {}, undefined, { query: { order_id: order.id } })).body, {
      data: [received.body],
      next_cursor: null,
    });
    assert.equal((await shop.read(order.id)).lines[0]?.quantity_returned, 1);
  });
  test('money is captured, voided and refunded by the payment’s name, within what there is', async () => {
    const order = await shop.place({ payment: { gateway: 'manual', capture: 'manual' } });
    await shop.confirm(order);
    const [payment] = (await shop.read(order.id)).payments;
    assert.ok(payment !== undefined);
    const at_payment = (deed: string, body: object = {}) => shop.call(`POST /v1/payments/:id/${deed}`, { id: payment.id }, body);
    assert.equal(code_of(await at_payment('refunds', { amount: 1, reason: 'goodwill' })), 'invalid_transition', 'nothing was captured');
    assert.equal(code_of(await at_payment('capture', { amount: order.total + 1 })), 'capture_exceeds_authorized');
    assert.equal((await at_payment('capture', { amount: 500 })).status, 200);
    await shop.hear('payment.captured', {
      ...paid(order, payment.id, { authorized: order.total, captured: 500 }, 'partially_captured'),
      capture_no: 1,
      final: false,
    });
    const refund = await at_payment('refunds', { amount: 200, reason: 'scratched' });
    assert.deepEqual(
      [refund.status, (refund.body as { reason: string }).reason, (refund.body as { status: string }).status],
      [201, 'goodwill', 'requested'],
    );
    assert.equal(code_of(await at_payment('refunds', { amount: 301, reason: 'goodwill' })), 'refund_exceeds_capture');
    await refused(404, 'not_found', shop.call('POST /v1/payments/:id/void', { id: 'pay_missing' }, {}));
  });
  test('a hold stops it, is shown, and can be released once', async () => {
    const order = await shop.place(manual);
    await shop.confirm(order);
    const held = await shop.call('POST /v1/orders/:id/holds', { id: order.id }, { reason: 'address' });
    const { id: hold_id } = held.body as { id: string };
    assert.equal(held.status, 201);
    assert.deepEqual(
      (await shop.read(order.id)).holds.map(hold => hold.id),
      [hold_id],
    );
    const release = () => shop.call('DELETE /v1/orders/:id/holds/:hold_id', { id: order.id, hold_id });
    assert.equal((await release()).status, 204);
    assert.equal(code_of(await release()), 'not_found');
  });
  test('a change that names a version that is no longer is refused', async () => {
    const order = await shop.place();
    const cancel = (if_match: number) => shop.call('POST /v1/orders/:id/cancel', { id: order.id }, { reason: 'x' }, { if_match });
    assert.equal(code_of(await cancel(2)), 'version_conflict');
    const cancelled = await cancel(1);
    assert.equal((cancelled.body as unknown as ShownOrder).status, 'cancelling');
  });
});

describe('Prefer: wait', () => {
  const body = { currency: 'GBP', lines: [{ sku: 'MUG', quantity: 1 }], shipping_address: address, ...manual };
  /** Does what the other services would as soon as there is an order to do it for. */
  async function meanwhile(reference: string, deed: (order: ShownOrder) => Promise<void>): Promise<void> {
    for (;;) {
      const list = await shop.call('GET /v1/orders', {}, undefined, { query: { reference } });
      const [order] = (list.body as unknown as { data: ShownOrder[] }).data;
      if (order !== undefined) return deed(order);
    }
  }
  test('answers when the order is confirmed, and that is what the key answers from then on', async () => {
    const asked = { ...body, reference: 'WAIT-1' };
    const waiting = shop.call('POST /v1/orders', {}, asked, { ...keyed('wait', asked), wait_s: 10 });
    await meanwhile('WAIT-1', order => shop.confirm(order));
    const reply = await waiting;
    assert.deepEqual([reply.status, (reply.body as unknown as ShownOrder).status], [201, 'confirmed']);
    assert.ok((reply.body as unknown as ShownOrder).order_token);
    const again = await shop.call('POST /v1/orders', {}, asked, keyed('wait', asked));
    assert.equal(JSON.stringify(again.body), JSON.stringify(reply.body));
  });
  test('answers when the shopper’s card was declined', async () => {
    const waiting = shop.call('POST /v1/orders', {}, { ...body, reference: 'WAIT-2' }, { wait_s: 10 });
    await meanwhile('WAIT-2', async order => {
      await shop.hear('stock.reserved', { order_id: order.id, lines: [] });
      const [payment] = (await shop.read(order.id)).payments;
      await shop.hear('payment.declined', paid(order, payment?.id ?? '', {}, 'declined'));
    });
    const order = (await waiting).body as unknown as ShownOrder;
    assert.deepEqual([order.status, order.payment_status], ['awaiting_payment', 'declined']);
  });
  test('gives up after its seconds with the state so far, and a rejection is not waited for', async () => {
    const order = (await shop.call('POST /v1/orders', {}, body, { ...keyed('short', body), wait_s: 0.05 })).body as unknown as ShownOrder;
    assert.equal(order.status, 'placed');
    const wrong = { ...body, lines: [{ sku: 'NONE', quantity: 1 }] };
    const ask = () => shop.call('POST /v1/orders', {}, wrong, { ...keyed('wrong', wrong), wait_s: 10 });
    assert.equal(code_of(await ask()), 'unknown_sku');
    assert.equal(code_of(await ask()), 'unknown_sku', 'the key answers at once');
  });
});

test('the stream tells the order now and on each change, and resumes after the version last seen', async () => {
  const order = await shop.place(manual);
  const read_stream = async (last: string | undefined, change: () => Promise<unknown>) => {
    const closing = new AbortController();
    const reply = await shop.stream(
      'GET /v1/orders/:id/stream',
      { id: order.id },
      { signal: closing.signal, headers: { 'last-event-id': last } },
    );
    const events: string[] = [];
    for await (const chunk of reply.stream) {
      events.push(String(chunk));
      if (events.length === 1 && last === undefined) await change();
      else break;
    }
    closing.abort();
    return events.map(text => {
      const [id, event, data] = text.trim().split('\n');
      return [id, event, (JSON.parse(data?.slice('data: '.length) ?? '') as ShownOrder).status];
    });
  };
  const reserve = () => shop.hear('stock.reserved', { order_id: order.id, lines: [] });
  assert.deepEqual(await read_stream(undefined, reserve), [
    ['id: 1', 'event: order', 'placed'],
    ['id: 2', 'event: order', 'awaiting_payment'],
  ]);
  const resumed = read_stream('2', reserve);
  await shop.call('POST /v1/orders/:id/cancel', { id: order.id }, { reason: 'x' });
  const [[id, event] = []] = await resumed;
  assert.ok(id !== 'id: 2' && event === 'event: order', `${id}`);
});
