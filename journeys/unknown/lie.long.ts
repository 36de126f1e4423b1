/** A third party that answers with another amount than asked: nobody believes it, a person looks, and no money moves on its word. */
import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { basket, by_stripe, type PlacedOrder } from '../api.ts';
import { ended, open_shop, reached, rest, sound } from '../shop.ts';
import { asked_until, becomes_unknown, told } from './operations.ts';

const webhooks_max = 20;
const shop = await open_shop({ after }, { env: { FULFILLMENT: 'manual' } });
afterEach(() => shop.stripe.heal());
const one_lamp = [{ sku: 'LAMP', quantity: 1 }];
const entries_of = (order_id: string) => shop.stripe.ledger(undefined, order_id).map(({ kind, amount }) => [kind, amount]);

interface Raised {
  readonly exception_id: string;
  readonly subject: string;
  readonly reason: string;
}
async function drift_of(payment_id: string | undefined): Promise<Raised> {
  const { data } = await shop.get<{ data: Raised[] }>('/v1/exceptions');
  return data.find(one => one.subject === payment_id && one.reason === 'gateway_drift') ?? assert.fail(JSON.stringify(data));
}

test('Stripe says that it authorized another amount: drift, an exception, and nothing is captured until a person has looked', async () => {
  await shop.stripe.fail({ fault: 'lie_amount', match: { method: 'POST', path: '/v1/payment_intents' } });
  await shop.stripe.fail({ fault: 'webhook_drop', match: { path: '/v1/payment_intents' }, times: webhooks_max });
  const { id, total } = await shop.post<PlacedOrder>('/v1/orders', basket(one_lamp, { payment: by_stripe() }));
  const effect = { service: 'payments', kind: 'authorize', key: id } as const;
  await becomes_unknown(shop, effect);
  const order = await asked_until(shop, effect, 'the truth is known', async () => {
    const now = await shop.order(id);
    return now.shipments[0]?.status === 'labeled' && now;
  });
  await shop.post(`/v1/shipments/${order.shipments[0]?.id}/dispatch`);
  await reached(shop, id, 'delivered', now => now.fulfillment_status === 'delivered');
  await rest(shop);
  assert.deepEqual(entries_of(id), [['authorized', total]]);
  const history = await told(shop, 'payments', id);
  assert.deepEqual(history, [
    'payment.started',
    'payment.outcome_unknown',
    'payment.drift_detected',
    'exception.raised',
    'payment.outcome_resolved',
    'payment.authorized',
  ]);
  const { exception_id } = await drift_of(order.payments[0]?.id);
  await shop.post(`/v1/exceptions/${exception_id}/resolve`, { note: 'asked Stripe: the amount is ours' });
  await ended(shop, id, 'completed');
  assert.deepEqual(entries_of(id), [
    ['authorized', total],
    ['captured', total],
  ]);
  await sound(shop);
});

test('Stripe says that it took another amount: drift, an exception; the question brings the truth, and it was taken once', async () => {
  const { id, total } = await shop.post<PlacedOrder>('/v1/orders', basket(one_lamp, { payment: by_stripe() }));
  const order = await reached(shop, id, 'labeled', now => now.shipments[0]?.status === 'labeled');
  const path = '/v1/payment_intents/*/capture';
  await shop.stripe.fail({ fault: 'lie_amount', match: { method: 'POST', path } });
  await shop.stripe.fail({ fault: 'webhook_drop', match: { path }, times: webhooks_max });
  await shop.post(`/v1/shipments/${order.shipments[0]?.id}/dispatch`);
  const effect = { service: 'payments', kind: 'capture', key: id } as const;
  await becomes_unknown(shop, effect);
  await asked_until(shop, effect, 'the order is completed', async () => (await shop.order(id)).status === 'completed');
  assert.deepEqual(entries_of(id), [
    ['authorized', total],
    ['captured', total],
  ]);
  assert.ok((await told(shop, 'payments', id)).includes('payment.drift_detected'));
  const { exception_id } = await drift_of(order.payments[0]?.id);
  await shop.post(`/v1/exceptions/${exception_id}/resolve`, { note: 'asked Stripe: the amount is ours' });
  await sound(shop);
});
