/** Orders paid from a bank account, through the door: they wait while the bank works, nothing ships before the money is there, and nobody keeps money for a dead order. */
import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { basket, by_stripe } from './api.ts';
import { ended, open_shop, reached, rest, sound } from './shop.ts';

const hour_ms = 3_600_000;
/** domain.md 3.6: three days, and a little. */
const bank_ms = 72 * hour_ms + 60_000;
const shop = await open_shop({ after });
afterEach(() => shop.stripe.heal());

const methods = { pays: 'pm_usBankAccount_success', cannot: 'pm_usBankAccount_insufficientFunds' } as const;
const moved = (id: string) => shop.stripe.ledger(undefined, id).map(({ kind, amount }) => `${kind} ${amount}`);
const told = async (id: string) => (await shop.timeline(id)).map(({ type }) => type);

interface Paid {
  readonly gateway_ref: string;
}
/** Where the bank is at work on it: the order waits, its stock is kept, nothing is taken and nothing on its way. */
async function at_the_bank(what: keyof typeof methods) {
  const { id } = await shop.post<{ id: string }>(
    '/v1/orders',
    basket([{ sku: 'LAMP', quantity: 1 }], { payment: by_stripe(methods[what], { method_kind: 'bank' }) }),
  );
  const order = await reached(shop, id, 'waiting for the bank', ({ payments }) => payments[0]?.status === 'pending');
  await rest(shop);
  assert.deepEqual([order.status, order.payment_status, order.captured_total], ['awaiting_payment', 'pending', 0]);
  assert.deepEqual(moved(id), []);
  const pay = order.payments[0]?.id ?? assert.fail();
  const { gateway_ref } = await shop.get<Paid>(`/v1/payments/${pay}`);
  return { id, bank_answers: () => shop.stripe.deed('bank_answers', gateway_ref) };
}
const drop_webhooks = () => shop.stripe.fail({ fault: 'webhook_drop', match: { path: '*' }, times: 100 });

test('the bank pays: the order goes on, and ships only then', async () => {
  const { id, bank_answers } = await at_the_bank('pays');
  const before = await told(id);
  assert.ok(!before.includes('stock.allocated') && !before.includes('fulfillment.requested'), before.join());
  await bank_answers();
  await ended(shop, id, 'completed');
  assert.deepEqual(moved(id), ['authorized 1495', 'captured 1495']);
  const types = await told(id);
  assert.ok(types.indexOf('payment.captured') < types.indexOf('fulfillment.requested'), types.join());
  assert.equal(types.filter(type => type === 'payment.captured').length, 1);
  await sound(shop);
});

test('the bank pays and no webhook comes: the poll finds it', async () => {
  const { id, bank_answers } = await at_the_bank('pays');
  await drop_webhooks();
  await bank_answers();
  assert.equal((await shop.order(id)).status, 'awaiting_payment');
  shop.clock.move(hour_ms);
  await ended(shop, id, 'completed');
  assert.deepEqual(moved(id), ['authorized 1495', 'captured 1495']);
  await sound(shop);
});

test('the bank does not pay: declined, may be paid again, and expires without', async () => {
  const { id, bank_answers } = await at_the_bank('cannot');
  await bank_answers();
  const { status } = await reached(shop, id, 'declined', seen => seen.payment_status === 'declined');
  assert.equal(status, 'awaiting_payment');
  shop.clock.move(bank_ms);
  await ended(shop, id, 'expired');
  assert.deepEqual(moved(id), []);
  await sound(shop);
});

test('cancelled while the bank works: what it pays all the same goes back, and nothing ships', async () => {
  const { id, bank_answers } = await at_the_bank('pays');
  await shop.post(`/v1/orders/${id}/cancel`, { reason: 'changed my mind' });
  await bank_answers();
  const order = await ended(shop, id, 'cancelled');
  await reached(shop, id, 'given back', seen => seen.refunded_total === 1495);
  assert.equal(order.shipments.length, 0);
  assert.deepEqual(moved(id), ['authorized 1495', 'captured 1495', 'refunded 1495']);
  await sound(shop);
});

test('cancelled while the bank works, and it does not pay: cancelled, nothing was ever held', async () => {
  const { id, bank_answers } = await at_the_bank('cannot');
  await shop.post(`/v1/orders/${id}/cancel`, { reason: 'changed my mind' });
  await bank_answers();
  await ended(shop, id, 'cancelled');
  assert.deepEqual(moved(id), []);
  await sound(shop);
});

test('the bank says nothing for three days: expired; what it pays afterwards goes back', async () => {
  const { id, bank_answers } = await at_the_bank('pays');
  shop.clock.move(bank_ms);
  await ended(shop, id, 'expired');
  assert.deepEqual(moved(id), []);
  await bank_answers();
  await reached(shop, id, 'given back', seen => seen.refunded_total === 1495);
  assert.equal((await shop.order(id)).status, 'expired');
  assert.deepEqual(moved(id), ['authorized 1495', 'captured 1495', 'refunded 1495']);
  await sound(shop);
});
