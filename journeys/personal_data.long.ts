/** A person in the shop: where his data stands, that it is nowhere else, that he gets all of it and only his, and that he can be forgotten (reliability.md L3, L4, 116 to 118). */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { basket, by_stripe, type PlacedOrder } from './api.ts';
import { changed, tables } from './attacks/tables.ts';
import { ended, fresh, open_shop, publishable_key, reached, rest, sound, until } from './shop.ts';

/** The only rows that may hold a person in the clear: who works with him needs him. */
const meant_to_hold = [
  'orders.customer', // the caller's own id, which may be an e-mail address
  'orders.order_contact',
  'orders.idempotency', // the first reply, byte for byte
  'shipping.fulfillment',
  'shipping.operations', // the request for rates has the address, what tracking answered has who signed
  'payments.operations', // the receipt's e-mail address, for some gateways who pays
];

const shop = await open_shop({ after }, { env: { CARRIER: 'easypost' } });
const lamps = [{ sku: 'LAMP', quantity: 2 }];

interface Somebody {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly phone: string;
  readonly line1: string;
}
let people = 0;
/** Nobody else's letters. */
function somebody(): Somebody {
  const mark = `${++people}${fresh('').replaceAll('-', '').slice(0, 12)}`;
  return {
    id: `c-${mark}`,
    email: `${mark}@example.com`,
    name: `Grace ${mark} Hopper`,
    phone: `+44 ${mark}`,
    line1: `${mark} Compiler Row`,
  };
}
const secrets_of = ({ email, name, phone, line1 }: Somebody) => [email, name, phone, line1];
const address_of = ({ name, line1, phone }: Somebody) => ({ name, line1, phone, city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' });
function body_of(person: Somebody, more: Readonly<Record<string, unknown>> = {}) {
  const { id, email, name, phone } = person;
  return basket(lamps, {
    customer: { id, email, name, phone },
    shipping_address: address_of(person),
    billing_address: address_of(person),
    ...more,
  });
}
async function completed(person: Somebody, more: Readonly<Record<string, unknown>> = { payment: by_stripe() }): Promise<PlacedOrder> {
  const placed = await shop.post<PlacedOrder>('/v1/orders', body_of(person, more));
  await ended(shop, placed.id, 'completed');
  return placed;
}

/** Tables of all schemas, and files of the data folder, that hold one of these texts. */
async function places_with(texts: readonly string[]): Promise<string[]> {
  const { rows } = await shop.pool.query<{ name: string }>(
    `select schemaname || '.' || tablename as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const found: string[] = [];
  for (const { name } of rows) {
    const dump = await shop.pool.query<{ text: string | null }>(`select string_agg(t::text, chr(10)) as text from ${name} t`);
    if (texts.some(text => dump.rows[0]?.text?.includes(text))) found.push(name);
  }
  const folder = shop.up.settings.data_folder;
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const bytes = await readFile(join(file.parentPath, file.name));
    if (texts.some(text => bytes.includes(text))) found.push(file.name);
  }
  return found;
}
const path_of = (ref: string) => `/v1/customers/${encodeURIComponent(ref)}`;
const forget = (ref: string) => shop.ask('DELETE', `${path_of(ref)}/personal-data`);
async function customer_ref_of(order_id: string): Promise<string> {
  const { rows } = await shop.pool.query<{ customer_ref: string }>('select customer_ref from orders.orders where id = $1', [order_id]);
  return rows[0]?.customer_ref ?? '';
}

describe('what stands where', () => {
  test('after an order’s life no log and no other table holds the person, and each hearer got what it needed', async () => {
    const person = somebody();
    const { id } = await completed(person);
    await rest(shop);
    const places = await places_with(secrets_of(person));
    assert.deepEqual(
      places.filter(place => !meant_to_hold.includes(place)),
      [],
    );
    assert.ok(places.includes('shipping.fulfillment') && places.includes('payments.operations'), 'nobody got the address or the e-mail');
    const { rows } = await shop.pool.query<{ type: string; personal: Record<string, unknown> }>(
      `select type, data->'personal' as personal from (select * from orders.events union all select * from shipping.events) e where key = $1 and data::jsonb ? 'personal' order by type`,
      [id],
    );
    assert.deepEqual(
      rows.map(row => row.type),
      ['fulfillment.requested', 'parcel.delivered', 'payment.requested'],
    );
    for (const { personal } of rows) assert.deepEqual(Object.keys(personal), ['key', 'sealed']);
  });

  test('a parked event stays sealed, and is opened when it is tried again', async () => {
    const person = somebody();
    await shop.pool.query('alter table payments.payment add constraint refused check (amount <> 12345)');
    const { id } = await shop.post<PlacedOrder>(
      '/v1/orders',
      body_of(person, { shipping: { service: 'standard', amount: 12_345 - 2_000 }, payment: by_stripe() }),
    );
    await until(
      'its payment is parked',
      async () => (await shop.pool.query('select 1 from payments.parked where key = $1', [id])).rows.length > 0,
    );
    assert.deepEqual(
      (await places_with(secrets_of(person))).filter(place => !meant_to_hold.includes(place)),
      [],
    );
    await shop.pool.query('alter table payments.payment drop constraint refused');
    await ended(shop, id, 'completed');
    await sound(shop);
  });
});

describe('a person who is forgotten', () => {
  const person = somebody();
  let first: PlacedOrder;
  let customer_ref = '';

  test('is in no table, no log and no file any more; his orders, money and stock are what they were', async () => {
    first = await completed(person, { payment: by_stripe(), reference: fresh('WEB') });
    // CyberSource is given the address of who pays.
    const by_soap = { payment: { gateway: 'cybersource', method: 'sim_visa' } };
    await completed({ ...person, name: `${person.name} Jr`, line1: `${person.line1}, rear` }, by_soap);
    customer_ref = await customer_ref_of(first.id);
    await rest(shop);
    const before = await shop.order(first.id);
    const answer = await forget(person.id);
    assert.deepEqual([answer.status, answer.text], [204, '']);
    await rest(shop);
    assert.deepEqual(await places_with([...secrets_of(person), person.id]), []);
    assert.deepEqual(await shop.order(first.id), { ...before, customer: null, shipping_address: null });
    await sound(shop);
  });

  test('leaves one event that names nobody, a destroyed key, and a record of who asked', async () => {
    const { rows } = await shop.pool.query(
      `select key, subject, sequence, data from orders.events where type = 'personal_data.erased' and key = $1`,
      [customer_ref],
    );
    assert.equal(rows.length, 1);
    assert.deepEqual([rows[0]?.subject, rows[0]?.sequence, rows[0]?.data.order_ids.length], [`${customer_ref}/erasure`, 1, 2]);
    const keys = await shop.pool.query('select wrapped from vault.data_key where subject = any($1)', [[customer_ref, first.id]]);
    assert.deepEqual(keys.rows, [{ wrapped: null }, { wrapped: null }]);
    const log = await shop.get<{ data: { action: string; object: string; actor_type: string }[] }>('/v1/audit-log');
    assert.deepEqual(
      log.data.filter(entry => entry.object === customer_ref).map(({ action, actor_type }) => [action, actor_type]),
      [['personal_data.erased', 'sk']],
    );
  });

  test('is forgotten once: the random reference says so again, his own id is unknown', async () => {
    assert.equal((await forget(customer_ref)).status, 204);
    assert.equal((await forget(person.id)).status, 404);
    assert.equal((await shop.ask('GET', `${path_of(customer_ref)}/export`)).status, 404);
    const { rows } = await shop.pool.query(`select 1 from orders.events where type = 'personal_data.erased' and key = $1`, [customer_ref]);
    assert.equal(rows.length, 1);
  });

  test('gets the first reply of his order again, without himself', async () => {
    const other = somebody();
    const how = { idempotency_key: fresh('key') };
    const body = body_of(other, { payment: { gateway: 'manual' } });
    const placed = await shop.post<PlacedOrder>('/v1/orders', body, how);
    await ended(shop, placed.id, 'completed');
    assert.equal((await forget(other.id)).status, 204);
    const again = await shop.ask('POST', '/v1/orders', body, how);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    const replayed = JSON.parse(again.text);
    assert.deepEqual([replayed.id, replayed.total, replayed.customer, replayed.shipping_address], [placed.id, placed.total, null, null]);
  });

  test('is somebody new when he comes back', async () => {
    const again = await completed(person, { payment: { gateway: 'manual' } });
    assert.notEqual(await customer_ref_of(again.id), customer_ref);
    const { data } = await shop.get<{ data: { id: string }[] }>(`/v1/orders?customer=${person.id}`);
    assert.deepEqual(
      data.map(order => order.id),
      [again.id],
    );
  });

  test('may be a guest, named by his order', async () => {
    const guest = somebody();
    const placed = await completed(guest, { customer: undefined, payment: { gateway: 'manual' } });
    assert.equal((await forget(placed.id)).status, 204);
    await rest(shop);
    assert.deepEqual(await places_with(secrets_of(guest)), []);
    assert.equal((await forget(placed.id)).status, 204);
    await sound(shop);
  });
});

describe('a person whom an order still needs', () => {
  /** What differs after the deed; the refusal itself is no change. */
  async function nothing_changes(what: () => Promise<void>): Promise<void> {
    await rest(shop);
    const look = await tables(shop.pool);
    const before = await look();
    await what();
    assert.deepEqual(changed(before, await look()), []);
  }

  test('is not forgotten while an order is open: 409 with the reason, and nothing has changed', async () => {
    const person = somebody();
    await completed(person, { payment: { gateway: 'manual' } });
    const open = await shop.post<PlacedOrder>('/v1/orders', body_of(person, { payment: undefined }));
    await reached(shop, open.id, 'waiting for money', order => order.status === 'awaiting_payment');
    await nothing_changes(async () => {
      const { status, code, ...more } = await shop.refused('DELETE', `${path_of(person.id)}/personal-data`);
      assert.deepEqual([status, code], [409, 'erasure_deferred']);
      assert.deepEqual(Object(more).reason, 'open_order');
      assert.deepEqual(Object(more).orders, [{ id: open.id, reason: 'open_order' }]);
    });
    await shop.post(`/v1/orders/${open.id}/cancel`, { reason: 'changed my mind' });
    await ended(shop, open.id, 'cancelled');
    assert.equal((await forget(person.id)).status, 204);
  });

  test('is not forgotten while a dispute is open', async () => {
    const person = somebody();
    const { id } = await completed(person, { payment: by_stripe('pm_card_createDispute') });
    await until('orders knows the dispute', async () => {
      const { rows: known } = await shop.pool.query(
        `select 1 from orders.orders where id = $1 and exceptions::text like '%payment_disputed%'`,
        [id],
      );
      return known.length > 0;
    });
    await nothing_changes(async () => {
      const { status, code, ...more } = await shop.refused('DELETE', `${path_of(person.id)}/personal-data`);
      assert.deepEqual([status, code, Object(more).reason], [409, 'erasure_deferred', 'open_dispute']);
    });
    const { data } = await shop.get<{ data: { exception_id: string; subject: string }[] }>('/v1/exceptions');
    for (const { exception_id } of data.filter(({ subject }) => subject === id))
      await shop.post(`/v1/exceptions/${exception_id}/resolve`, { note: 'won' });
    assert.equal((await forget(person.id)).status, 204);
  });

  test('forgotten and ordering at once is one after the other: no order is left without its person', async () => {
    const rounds = Array.from({ length: 15 }, async () => {
      const person = somebody();
      const by_hand = { payment: { gateway: 'manual' } };
      const before = await completed(person, by_hand);
      const [answer, placed] = await Promise.all([forget(person.id), shop.post<PlacedOrder>('/v1/orders', body_of(person, by_hand))]);
      assert.ok(answer.status === 204 || answer.status === 409, answer.text);
      await ended(shop, placed.id, 'completed');
      assert.equal(Object((await shop.order(placed.id)).customer).email, person.email);
      assert.equal((await shop.order(before.id)).customer === null, answer.status === 204);
    });
    await Promise.all(rounds);
    await sound(shop);
  });
});

describe('a person’s export', () => {
  interface Export {
    readonly customer: { readonly id: string; readonly customer_ref: string };
    readonly orders: readonly { readonly id: string }[];
    readonly payments: readonly { readonly order_id: string; readonly receipt_email: string | null }[];
    readonly shipments: readonly { readonly order_id: string; readonly ship_to: { readonly line1: string } }[];
    readonly events: readonly { readonly type: string; readonly order_id: string; readonly personal: Record<string, unknown> }[];
  }

  test('is all that is held of him, and nothing of anybody else', async () => {
    const [person, other] = [somebody(), somebody()];
    const mine = [await completed(person), await completed({ ...person, line1: `${person.line1}, rear` })].map(order => order.id);
    const theirs = await completed(other);
    const document = await shop.get<Export>(`${path_of(person.id)}/export`);
    assert.deepEqual(document.customer, { id: person.id, customer_ref: await customer_ref_of(mine[0] ?? '') });
    for (const list of [
      document.orders.map(order => order.id),
      document.payments.map(one => one.order_id),
      document.shipments.map(one => one.order_id),
    ])
      assert.deepEqual(list.toSorted(), mine.toSorted());
    assert.deepEqual(
      document.payments.map(payment => payment.receipt_email),
      [person.email, person.email],
    );
    assert.deepEqual(document.shipments.map(one => one.ship_to.line1).toSorted(), [person.line1, `${person.line1}, rear`]);
    assert.deepEqual([...new Set(document.events.map(event => event.type))].toSorted(), [
      'fulfillment.requested',
      'parcel.delivered',
      'payment.requested',
    ]);
    assert.ok(document.events.every(event => event.personal !== null && mine.includes(event.order_id)));
    const text = JSON.stringify(document);
    for (const secret of secrets_of(person)) assert.ok(text.includes(secret), secret);
    for (const secret of [...secrets_of(other), theirs.id, await customer_ref_of(theirs.id)]) assert.ok(!text.includes(secret), secret);
    const log = await shop.get<{ data: { action: string; object: string }[] }>('/v1/audit-log');
    assert.ok(log.data.some(({ action, object }) => action === 'personal_data.exported' && object === document.customer.customer_ref));
  });

  test('of nobody is what any missing object is', async () => {
    const without_id = (text: string) => ({ ...JSON.parse(text), request_id: '' });
    const [nobody, missing] = await Promise.all([shop.ask('GET', `${path_of('nobody')}/export`), shop.ask('GET', '/v1/orders/ord_nobody')]);
    assert.deepEqual([nobody.status, without_id(nobody.text)], [missing.status, without_id(missing.text)]);
    assert.deepEqual(without_id((await forget('nobody')).text), without_id(missing.text));
  });

  test('and his erasure take an administrator: no browser’s key, no order’s token, no narrower key', async () => {
    const person = somebody();
    const placed = await completed(person, { payment: { gateway: 'manual' } });
    const narrow = await shop.post<{ secret: string }>('/v1/keys', {
      type: 'secret',
      name: 'shipping desk',
      scopes: ['orders:read', 'orders:write'],
    });
    for (const key of [publishable_key, placed.order_token, narrow.secret]) {
      for (const [method, path] of [
        ['GET', 'export'],
        ['DELETE', 'personal-data'],
      ] as const)
        assert.equal(
          (await shop.ask(method, `${path_of(person.id)}/${path}`, undefined, { key })).status,
          403,
          `${method} ${key.slice(0, 3)}`,
        );
    }
    assert.equal((await shop.ask('GET', `${path_of(person.id)}/export`, undefined, { key: '' })).status, 401);
  });
});
