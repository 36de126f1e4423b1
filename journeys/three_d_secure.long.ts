/** 3-D Secure at the Stripe stand-in as a person does it, through the door: the page of his bank, its buttons, the way back to the shop. CyberSource's: cybersource.long.ts. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { basket, by_stripe } from './api.ts';
import { ended, open_shop, reached, sound } from './shop.ts';

const shop_page = 'https://shop.example/thanks?basket=7';
/** domain.md 3.6: the payer's own time, and then the order's. */
const action_ms = 10 * 60_000 + 1_000;
const payment_wait_ms = 31 * 60_000;
const shop = await open_shop({ after });
const moved = (id: string) => shop.stripe.ledger(undefined, id).map(({ kind, amount }) => `${kind} ${amount}`);

/** What a browser shows. */
async function opened(url: string, init: RequestInit = {}): Promise<string> {
  const reply = await fetch(url, { redirect: 'manual', ...init });
  assert.equal(reply.status, 200);
  assert.match(reply.headers.get('content-type') ?? '', /^text\/html/);
  return reply.text();
}
async function to_the_bank(): Promise<{ id: string; bank: string }> {
  const payment = by_stripe('pm_card_threeDSecure2Required', { return_url: shop_page });
  const { id } = await shop.post<{ id: string }>('/v1/orders', basket([{ sku: 'LAMP', quantity: 1 }], { payment }));
  const { payments } = await reached(shop, id, 'waiting for its payer', seen => seen.payment_status === 'action_required');
  const action = payments[0]?.action ?? assert.fail('there is nothing to do');
  assert.equal(action.type, 'redirect');
  return { id, bank: 'url' in action && typeof action.url === 'string' ? action.url : assert.fail('nowhere to go') };
}
/** Presses the button with this label: submits its form as a browser does, and follows to where it leads. */
async function press(bank: string, label: string): Promise<URL> {
  const page = await opened(bank);
  const form = page.split('<form').find(each => each.includes(`<button>${label}</button>`)) ?? assert.fail(`no ${label} in ${page}`);
  const [, method = ''] = /method="(\w+)"/.exec(form) ?? [];
  const [, action = ''] = /action="([^"]*)"/.exec(form) ?? [];
  const reply = await fetch(new URL(action, bank), { method, redirect: 'manual' });
  assert.equal(reply.status, 303);
  return new URL(reply.headers.get('location') ?? assert.fail('no way back'));
}
function came_back(to: URL, status: string): void {
  assert.equal(`${to.origin}${to.pathname}`, 'https://shop.example/thanks');
  assert.deepEqual([to.searchParams.get('basket'), to.searchParams.get('redirect_status')], ['7', status]);
}

test('he says yes: back at the shop, and the order is completed', async () => {
  const { id, bank } = await to_the_bank();
  assert.deepEqual(moved(id), [], 'nothing is held before he has');
  came_back(await press(bank, 'Complete authentication'), 'succeeded');
  await ended(shop, id, 'completed');
  assert.deepEqual(moved(id), ['authorized 1495', 'captured 1495']);
  // Who opens the page again is led back at once, and nothing happens.
  assert.equal((await fetch(bank, { redirect: 'manual' })).status, 303);
  assert.equal((await fetch(`${bank}?outcome=fail`, { method: 'POST', redirect: 'manual' })).status, 303);
  await sound(shop);
  assert.equal((await shop.order(id)).status, 'completed');
});

test('he says yes and no webhook comes: the poll finds it', async () => {
  const { id, bank } = await to_the_bank();
  await shop.stripe.fail({ fault: 'webhook_drop', match: { path: '*' }, times: 100 });
  came_back(await press(bank, 'Complete authentication'), 'succeeded');
  shop.clock.move(60_000);
  await ended(shop, id, 'completed');
  await shop.stripe.heal();
  assert.deepEqual(moved(id), ['authorized 1495', 'captured 1495']);
  await sound(shop);
});

test('he is not who he says: declined, nothing held, and he may pay by other means', async () => {
  const { id, bank } = await to_the_bank();
  came_back(await press(bank, 'Fail authentication'), 'failed');
  const { status, payments } = await reached(shop, id, 'declined', seen => seen.payment_status === 'declined');
  assert.deepEqual([status, payments[0]?.status, moved(id)], ['awaiting_payment', 'declined', []]);
  await shop.post(`/v1/orders/${id}/payments`, by_stripe());
  await ended(shop, id, 'completed');
  assert.deepEqual(moved(id), ['authorized 1495', 'captured 1495']);
  await sound(shop);
});

test('he never comes: given up after his time, expired, nothing held; and his click a day later changes nothing', async () => {
  const { id, bank } = await to_the_bank();
  shop.clock.move(action_ms);
  await reached(shop, id, 'given up', ({ payments }) => payments[0]?.status === 'abandoned');
  shop.clock.move(payment_wait_ms);
  await ended(shop, id, 'expired');
  await fetch(`${bank}?outcome=success`, { method: 'POST', redirect: 'manual' });
  await sound(shop);
  assert.deepEqual([(await shop.order(id)).status, moved(id)], ['expired', []]);
});

test('he cancels the order instead: cancelled, and what he still clicks holds nothing', async () => {
  const { id, bank } = await to_the_bank();
  await shop.post(`/v1/orders/${id}/cancel`, { reason: 'changed my mind' });
  await fetch(`${bank}?outcome=success`, { method: 'POST', redirect: 'manual' });
  await ended(shop, id, 'cancelled');
  await sound(shop);
  const held = shop.stripe.ledger(undefined, id).reduce((sum, { kind, amount = 0 }) => sum + (kind === 'authorized' ? amount : -amount), 0);
  assert.equal(held, 0);
});

test('a page of nobody’s payment is 404', async () => {
  assert.equal((await fetch(`${shop.stripe.url}/3d-secure/pi_nobody`)).status, 404);
});
