/** Rows 55 to 63 of the catalogue: the same request again, another one under its key, both at once, and one that nobody waited for. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { basket, by_stripe, type PlacedOrder, type Quote } from '../api.ts';
import { rest, secret_key, until } from '../shop.ts';
import { open_house, two_lamps } from './house.ts';
import { check_problem, fresh_key, type Sent, verdict } from './send.ts';
import { type Address, type Body, refused } from './target.ts';

const house = await open_house();
const { target } = house;
const { shop, must } = target;
const other_key = (await must<{ secret: string }>('POST /v1/keys', { type: 'secret', name: 'another shop' })).secret;
const order_of = (one: { id: string }, deed: string): Address => `POST /v1/orders/${one.id}/${deed}`;
const payment_of = (one: PlacedOrder, deed: string): Address => `POST /v1/payments/${one.payments[0]?.id}/${deed}`;
const captured = await house.dispatched();
const confirmed = await house.confirmed();
const unpaid = await house.unpaid();
await must('PUT /v1/suppliers/acme', { name: 'Acme', channel: { kind: 'manual' }, currency: 'GBP' });
await must('PUT /v1/suppliers/acme/items/LAMP', { supplier_sku: 'A-1', cost: 400, minimum_quantity: 1, pack_size: 1, lead_time_days: 3 });
await target.calm();

/** What each does, with a body that may be asked once and again. */
const deeds: readonly [what: string, to: Address, body: Body][] = [
  ['a quote', 'POST /v1/quotes', { currency: 'GBP', lines: two_lamps }],
  ['an order', 'POST /v1/orders', basket(two_lamps)],
  ['a payment', order_of(unpaid, 'payments'), { gateway: 'manual', amount: 1 }],
  ['a hold', order_of(confirmed, 'holds'), { reason: 'address' }],
  ['a refund', payment_of(captured, 'refunds'), { amount: 1, reason: 'goodwill' }],
  ['a change of stock', 'POST /v1/stock/adjustments', { sku: 'LAMP', location: 'north', kind: 'received', quantity: 1, reason: 'found' }],
  ['a purchase order', 'POST /v1/purchase-orders', { supplier: 'acme', location: 'north', lines: [{ sku: 'LAMP', quantity: 1 }] }],
  ['a key', 'POST /v1/keys', { type: 'secret', name: 'for a till' }],
  ['a refusal', order_of(captured, 'cancel'), { reason: 'too late' }],
  ['a refusal of shipping', `POST /v1/shipments/${captured.shipments[0]?.id}/dispatch`, undefined],
];

describe('the same key', () => {
  for (const [what, to, body] of deeds) {
    it(`61, 63: ${what}, asked 50 times at once, is done once, with equal bytes`, async () => {
      const idempotency_key = fresh_key();
      const sent = await Promise.all(Array.from({ length: 50 }, () => target.ask(to, body, { idempotency_key })));
      assert.deepEqual([...new Set(sent.map(one => one.text))].length, 1, JSON.stringify([...new Set(sent.map(verdict))]));
      assert.equal(new Set(sent.map(one => one.status)).size, 1);
      assert.equal(sent.filter(one => one.headers['idempotency-replayed'] === 'true').length, 49);
      assert.ok(sent.every(one => one.headers['set-cookie'] === undefined));
      await target.calm();
      const again = await target.ask(to, body, { idempotency_key });
      assert.deepEqual(
        [again.text, again.status, again.headers['idempotency-replayed'], again.headers['location']],
        [sent[0]?.text, sent[0]?.status, 'true', sent[0]?.headers['location']],
      );
      assert.deepEqual(await target.changes(), []);
    });

    it(`57: ${what} under a key that came with another body: 422 idempotency_key_reused`, async () => {
      const idempotency_key = fresh_key();
      await target.ask(to, body, { idempotency_key });
      await target.calm();
      const other = body === undefined ? ' {}' : JSON.stringify(body).replace(/^\{/, '{ ');
      await refused(target, '422 idempotency_key_reused', to, other, { idempotency_key });
    });

    it(`59: ${what} of another principal under the same key is its own`, async () => {
      const idempotency_key = fresh_key();
      const mine = await target.ask(to, body, { idempotency_key });
      const theirs = await target.ask(to, body, { idempotency_key, key: other_key });
      assert.equal(theirs.headers['idempotency-replayed'], undefined);
      if (mine.status < 300 && what !== 'a payment') assert.notEqual(theirs.text, mine.text);
      await target.calm();
    });
  }

  it('57: the same body on another address is another request', async () => {
    const idempotency_key = fresh_key();
    const first = await target.ask(order_of(confirmed, 'holds'), { reason: 'x' }, { idempotency_key });
    const second = await target.ask(order_of(captured, 'holds'), { reason: 'x' }, { idempotency_key });
    assert.deepEqual([first.status, second.status, second.headers['idempotency-replayed']], [201, 201, undefined]);
    await target.calm();
  });

  it('63: a refusal is repeated as it was, also when it would be done by now', async () => {
    const idempotency_key = fresh_key();
    const order = await house.unpaid();
    const first = await target.ask(order_of(order, 'holds'), { reason: 'x' }, { idempotency_key });
    assert.equal(verdict(first), '409 invalid_transition');
    await must(order_of(order, 'payments'), { gateway: 'manual' });
    await until('it is confirmed', async () => (await house.read(order.id)).status === 'confirmed');
    await target.calm();
    const again = await target.ask(order_of(order, 'holds'), { reason: 'x' }, { idempotency_key });
    assert.deepEqual([again.text, again.headers['idempotency-replayed']], [first.text, 'true']);
    assert.deepEqual(await target.changes(), []);
    assert.equal((await target.ask(order_of(order, 'holds'), { reason: 'x' })).status, 201, 'a new intent');
    await target.calm();
  });

  it('55: what the door refuses is not kept: mended, the same key does it', async () => {
    const idempotency_key = fresh_key();
    await refused(target, '422 unknown_field', 'POST /v1/orders', { ...basket(two_lamps), paid: true }, { idempotency_key });
    await refused(target, '415 unsupported_media_type', 'POST /v1/orders', basket(two_lamps), {
      idempotency_key,
      headers: { 'content-type': 'text/plain' },
    });
    await refused(target, '401 unauthenticated', 'POST /v1/orders', basket(two_lamps), { idempotency_key, key: 'sk_nobody' });
    const { rows } = await shop.pool.query('select from orders.idempotency where key = $1', [idempotency_key]);
    assert.equal(rows.length, 0);
    assert.equal((await target.ask('POST /v1/orders', basket(two_lamps), { idempotency_key })).status, 201);
    await target.calm();
  });
});

describe('the first still running', () => {
  it('58: 409 idempotency_in_progress with Retry-After, and in the end the bytes that were sent', async () => {
    const how = { idempotency_key: fresh_key(), headers: { prefer: 'wait=2' } };
    // Nobody pays it: the request waits as long as it prefers.
    const order = { ...basket(two_lamps), payment: undefined };
    const waiting = target.ask('POST /v1/orders', order, how);
    let second: Sent | undefined;
    await until('the first is seen running', async () => {
      second = await target.ask('POST /v1/orders', order, how);
      return second.status === 409;
    });
    assert.equal(second === undefined ? '' : verdict(second), '409 idempotency_in_progress');
    if (second !== undefined) check_problem(second);
    assert.ok(Number(second?.headers['retry-after']) >= 1);
    const first = await waiting;
    const again = await target.ask('POST /v1/orders', order, how);
    assert.deepEqual([first.status, again.text, again.headers['idempotency-replayed']], [201, first.text, 'true']);
    await target.calm();
  });
});

describe('after the record is gone', () => {
  /** As after 30 days. */
  const forget = (key: string) => shop.pool.query({ text: 'delete from orders.idempotency where key = $1', values: [key] });

  it('60: natural keys prevent a second order, a second payment of an order, a second use of a quote', async () => {
    const idempotency_key = fresh_key();
    const quoted = await must<Quote>('POST /v1/quotes', { currency: 'GBP', lines: two_lamps, shipping_address: { country: 'GB' } });
    const requests: readonly [to: Address, body: object, expected: string][] = [
      ['POST /v1/orders', { ...basket(two_lamps), reference: 'WEB-60' }, '409 reference_taken'],
      ['POST /v1/orders', { currency: 'GBP', quote_id: quoted.id, shipping_address: { country: 'GB' } }, '409 quote_invalid'],
      [order_of(await house.unpaid(), 'payments'), { gateway: 'manual' }, '409 already_paid'],
    ];
    for (const [to, body, expected] of requests) {
      assert.ok((await target.ask(to, body, { idempotency_key })).status < 300, to);
      await rest(shop);
      await forget(idempotency_key);
      await target.calm();
      await refused(target, expected, to, body, { idempotency_key });
      await forget(idempotency_key);
    }
  });
});

describe('nobody waited', () => {
  /** Sends the whole request and hangs up at once. */
  async function send_and_leave(body: string, idempotency_key: string): Promise<void> {
    const socket = connect(target.port, '127.0.0.1');
    await once(socket, 'connect');
    const head = `POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret_key}\r\nContent-Type: application/json\r\n`;
    socket.write(`${head}Idempotency-Key: ${idempotency_key}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () =>
      socket.destroy(),
    );
    await once(socket, 'close');
  }

  it('62: 20 clients that hang up and ask again have one order each, charged once', async () => {
    const keys = Array.from({ length: 20 }, fresh_key);
    const bodies = keys.map((_, index) => JSON.stringify({ ...basket(two_lamps), payment: by_stripe(), metadata: { index } }));
    await Promise.all(keys.map((key, index) => send_and_leave(bodies[index] ?? '', key)));
    const answers = await Promise.all(
      keys.map((idempotency_key, index) => target.ask('POST /v1/orders', bodies[index], { idempotency_key })),
    );
    assert.deepEqual(new Set(answers.map(verdict)), new Set(['201']));
    const ids = answers.map(({ text }) => String(JSON.parse(text).id));
    await rest(shop);
    const { rows } = await shop.pool.query("select id from orders.orders where metadata->>'index' is not null");
    assert.deepEqual(rows.map(({ id }) => id).toSorted(), ids.toSorted());
    for (const id of ids) assert.equal(shop.stripe.ledger('authorized', id).length, 1, id);
    await target.calm();
  });

  it('62: a body that ends early is no request: nothing is kept', async () => {
    const idempotency_key = fresh_key();
    const socket = connect(target.port, '127.0.0.1');
    await once(socket, 'connect');
    const head = `POST /v1/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${secret_key}\r\nContent-Type: application/json\r\n`;
    socket.write(`${head}Idempotency-Key: ${idempotency_key}\r\nContent-Length: 1000\r\n\r\n${JSON.stringify(basket(two_lamps))}`, () =>
      socket.destroy(),
    );
    await once(socket, 'close');
    await rest(shop);
    assert.deepEqual(await target.changes(), []);
    assert.equal((await target.ask('POST /v1/orders', basket(two_lamps), { idempotency_key })).status, 201);
    await target.calm();
  });
});
