/** Orders paid through CyberSource's SOAP, through the door with all services: to the end, without an answer, with the payer's bank; and its ledger agrees. */
import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { basket, type Order, type PlacedOrder } from './api.ts';
import { ended, fresh, open_shop, reached, sound, until } from './shop.ts';
import { asked_until, becomes_unknown, type Effect, told } from './unknown/operations.ts';

/** With 4.95 for shipping the totals end in the cents that decide at the stand-in. */
const products = [
  { sku: 'LAMP', amount: 1_000, on_hand: { north: 1_000 } },
  { sku: 'BANK', amount: 1_080, on_hand: { north: 1_000 } },
  { sku: 'HELD', amount: 1_035, on_hand: { north: 1_000 } },
];
/** domain.md 3.6: the payer's own time. */
const action_ms = 10 * 60_000 + 1_000;
const shop = await open_shop({ after }, { products, third_party_timeout_ms: 2_000 });
afterEach(() => shop.cybersource.heal());

function order_of(sku: string, payment: Readonly<Record<string, unknown>> = {}): Promise<PlacedOrder> {
  const lines = [{ sku, quantity: 1 }];
  const by_soap = { gateway: 'cybersource', method: 'sim_visa', ...payment };
  return shop.post(
    '/v1/orders',
    basket(lines, { customer: { id: fresh('soap'), name: 'Ada Lovelace', email: 'ada@example.com' }, payment: by_soap }),
  );
}
const moved = (id: string) => shop.cybersource.ledger(undefined, id).map(({ kind, amount }) => `${kind} ${amount}`);
const lose_answers = (times = 1) => shop.cybersource.fail({ fault: 'reset_after', match: { path: '/commerce/*' }, times });

test('paid when it ships, once, and completed', async () => {
  const { id } = await order_of('LAMP');
  await ended(shop, id, 'completed');
  assert.deepEqual(moved(id), ['authorized 1495', 'captured 1495']);
  await sound(shop);
});

test('a transient token pays, a card number is refused at the door', async () => {
  const { id } = await order_of('LAMP', { method: `eyJhbGciOiJSUzI1NiJ9.${'e'.repeat(1_600)}.c2lnbmF0dXJl`, capture: 'on_confirm' });
  await ended(shop, id, 'completed');
  assert.deepEqual(moved(id), ['authorized 1495', 'captured 1495']);
  const refused = await shop.refused(
    'POST',
    '/v1/orders',
    basket([{ sku: 'LAMP', quantity: 1 }], { payment: { gateway: 'cybersource', method: '4111111111111111' } }),
  );
  assert.equal(refused.code, 'card_data_forbidden');
});

test('an authorization that nobody answered is reversed, asked for again, and the order is completed', async () => {
  await lose_answers();
  const { id } = await order_of('LAMP');
  const effect: Effect = { service: 'payments', kind: 'authorize', key: id };
  await becomes_unknown(shop, effect);
  assert.deepEqual(moved(id), ['authorized 1495']);
  await asked_until(shop, effect, `${id} is completed`, async () => (await shop.order(id)).status === 'completed');
  assert.deepEqual(moved(id), ['authorized 1495', 'voided 1495', 'authorized 1495', 'captured 1495']);
  assert.deepEqual(
    (await told(shop, 'payments', id)).filter(type => type.startsWith('payment.outcome_')),
    ['payment.outcome_unknown', 'payment.outcome_resolved'],
  );
  await sound(shop);
});

test('cancelled while nobody knows: no money is held for a dead order', async () => {
  await lose_answers();
  const { id } = await order_of('LAMP');
  const effect: Effect = { service: 'payments', kind: 'authorize', key: id };
  await becomes_unknown(shop, effect);
  await shop.post(`/v1/orders/${id}/cancel`, { reason: 'changed my mind' });
  await asked_until(shop, effect, `${id} is cancelled`, async () => (await shop.order(id)).status === 'cancelled');
  await sound(shop);
  const held = shop.cybersource
    .ledger(undefined, id)
    .reduce((sum, { kind, amount = 0 }) => sum + (kind === 'authorized' ? amount : -amount), 0);
  assert.deepEqual([held, moved(id)[0]], [0, 'authorized 1495']);
});

test('declined after the issuer approved: the hold is given back', async () => {
  const { id } = await order_of('HELD');
  await until('the hold is reversed', () => moved(id).length === 2);
  assert.deepEqual(moved(id), ['authorized 1530', 'voided 1530']);
  await reached(shop, id, 'declined', seen => seen.payments[0]?.status === 'declined');
  await sound(shop);
});

// --- 3-D Secure, as a browser does it

const attribute = (html: string, name: string): string =>
  (new RegExp(`${name}="([^"]*)"`).exec(html)?.[1] ?? assert.fail(`no ${name} in ${html}`)).replaceAll('&amp;', '&');
const at_the_door = (url: string): string => new URL(new URL(url).pathname, shop.url).href;
async function page(url: string, init: RequestInit = {}): Promise<string> {
  const reply = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }, ...init });
  assert.equal(reply.status, 200);
  assert.match(reply.headers.get('content-type') ?? '', /^text\/html/);
  return reply.text();
}
const post = (url: string, fields: Record<string, string>) => page(url, { method: 'POST', body: new URLSearchParams(fields) });

async function to_the_bank(): Promise<{ order: Order; door: string; bank: string; token: string }> {
  const { id } = await order_of('BANK', { return_url: 'https://shop.example/thanks' });
  const order = await reached(
    shop,
    id,
    'waiting for its payer',
    seen => seen.payments[0]?.action !== null && seen.payments[0] !== undefined,
  );
  const action = order.payments[0]?.action ?? assert.fail('there is nothing to do');
  assert.equal(action.type, 'redirect');
  const door = at_the_door('url' in action && typeof action.url === 'string' ? action.url : '');
  const form = await page(door);
  return { order, door, bank: attribute(form, 'action'), token: attribute(form, 'value') };
}
/** The bank's answer is a form that goes back to our door. */
async function say(bank: string, token: string, outcome: 'success' | 'fail'): Promise<Response> {
  assert.match(await post(bank, { JWT: token }), /Complete authentication/);
  const thanks = await page(`${bank}?outcome=${outcome}`, { method: 'POST' });
  const fields = new URLSearchParams({ TransactionId: attribute(thanks, 'value') });
  return fetch(at_the_door(attribute(thanks, 'action')), { method: 'POST', body: fields, redirect: 'manual' });
}

test('the payer is led to his bank and back, and the order is completed', async () => {
  const { order, door, bank, token } = await to_the_bank();
  const back = await say(bank, token, 'success');
  assert.deepEqual([back.status, back.headers.get('location')], [303, 'https://shop.example/thanks']);
  await ended(shop, order.id, 'completed');
  assert.deepEqual(moved(order.id), ['authorized 1575', 'captured 1575']);
  // Who comes back twice is sent on, and nothing happens.
  for (const init of [{ method: 'POST', body: 'x' }, {}]) assert.equal((await fetch(door, { ...init, redirect: 'manual' })).status, 303);
  await sound(shop);
});

test('a payer whom his bank does not know is declined, and may pay again', async () => {
  const { order, bank, token } = await to_the_bank();
  assert.equal((await say(bank, token, 'fail')).status, 303);
  await reached(shop, order.id, 'declined', seen => seen.payments[0]?.status === 'declined');
  assert.deepEqual(moved(order.id), []);
});

test('a payer who never comes back: given up after his time, and nothing was ever held', async () => {
  const { order, door, bank, token } = await to_the_bank();
  shop.clock.move(action_ms);
  await reached(shop, order.id, 'given up', seen => seen.payments[0]?.status === 'abandoned');
  // He comes too late: there is nothing to go on with.
  assert.equal((await say(bank, token, 'success')).status, 303);
  assert.equal((await fetch(door, { redirect: 'manual' })).status, 303);
  assert.deepEqual(moved(order.id), []);
  await sound(shop);
});

test('there are no webhooks of CyberSource, and pages of nobody’s payment', async () => {
  const nowhere = ['/inbound/cybersource', '/inbound/cybersource/payer/op_nobody'];
  for (const path of nowhere) assert.equal((await fetch(shop.url + path, { method: 'POST', body: '<x/>' })).status, 404);
  assert.equal((await fetch(`${shop.url}/inbound/cybersource/payer/op_nobody`)).status, 404);
});
