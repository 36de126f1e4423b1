/** What the shopper and time do while nobody knows whether the money is there: he cancels, his reservation ends, somebody else buys the last unit. */
import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { basket, by_stripe, type Order, type PlacedOrder } from '../api.ts';
import { ended, fresh, open_shop, reached, rest, sound, until } from '../shop.ts';
import { asked_until, becomes_unknown, type Effect, operation_of, told } from './operations.ts';

const tries = 2;
const always = 1_000;
const day_ms = 86_400_000;
/** Labels stay where they are: they can be given back. */
const shop = await open_shop({ after }, { env: { CARRIER: 'easypost', FULFILLMENT: 'auto' }, deliver_after_ms: 600_000 });
afterEach(() => Promise.all([shop.stripe.heal(), shop.easypost.heal()]));

const intents = '/v1/payment_intents';
const entries_of = (order_id: string) => shop.stripe.ledger(undefined, order_id).map(({ kind, amount }) => [kind, amount]);
function order_of(sku: string, more: Readonly<Record<string, unknown>> = {}): Promise<PlacedOrder> {
  return shop.post('/v1/orders', basket([{ sku, quantity: 1 }], { customer: { id: fresh('shopper') }, ...more }));
}
async function cancel({ id }: Order): Promise<void> {
  await shop.post(`/v1/orders/${id}/cancel`, { reason: 'changed my mind' });
}
interface Stock {
  readonly on_hand: number;
  readonly held: number;
  readonly allocated: number;
}
async function stock_of(sku: string): Promise<Stock | undefined> {
  const { rows } = await shop.pool.query<Stock>(`select on_hand, held, allocated from inventory.stock_item where id = $1`, [
    `${sku}@north`,
  ]);
  return rows[0];
}

/** One unit, and an order whose authorization happened, or did not, behind a line that says nothing. */
async function unknown_order(fault: 'reset_after' | 'reset_before'): Promise<{ sku: string; order: PlacedOrder; effect: Effect }> {
  const sku = fresh('LAST');
  await shop.stock([{ sku, on_hand: { north: 1 } }]);
  await shop.stripe.fail({ fault, match: { method: 'POST', path: intents }, times: tries });
  await shop.stripe.fail({ fault: 'webhook_drop', match: { path: intents }, times: always });
  const order = await order_of(sku, { payment: by_stripe() });
  const effect = { service: 'payments', kind: 'authorize', key: order.id } as const;
  await becomes_unknown(shop, effect);
  await reached(shop, order.id, 'unknown', ({ payment_status }) => payment_status === 'unknown');
  return { sku, order, effect };
}

for (const fault of ['reset_after', 'reset_before'] as const) {
  test(`${fault}, and the shopper cancels: cancelled when it is known, nothing is held, his unit is free`, async () => {
    const { sku, order, effect } = await unknown_order(fault);
    await cancel(order);
    await rest(shop);
    assert.equal((await shop.order(order.id)).status, 'cancelling', 'what may be held is not given up');
    await asked_until(shop, effect, 'the order is cancelled', async () => (await shop.order(order.id)).status === 'cancelled');
    const { total } = order;
    assert.deepEqual(entries_of(order.id), [
      ['authorized', total],
      ['voided', total],
    ]);
    assert.deepEqual(await stock_of(sku), { on_hand: 1, held: 0, allocated: 0 });
    await sound(shop);
  });
}

test('another card is refused while the first one may have paid', async () => {
  const { order, effect } = await unknown_order('reset_after');
  const refused = await shop.refused('POST', `/v1/orders/${order.id}/payments`, by_stripe());
  assert.deepEqual([refused.status, refused.code], [409, 'payment_in_progress']);
  await asked_until(shop, effect, 'it is known', async () => (await shop.order(order.id)).confirmed_at !== null);
  assert.equal(shop.stripe.ledger('authorized', order.id).length, 1);
  // Its label would meet the next test's fault.
  await rest(shop);
});

/** Stripe does not answer for a day: the reservation, extended for the unknown payment, ends. */
async function silent_for_a_day(effect: Effect, order: Order): Promise<void> {
  await shop.stripe.fail({ fault: 'reset_before', times: always });
  shop.clock.move(day_ms + 60_000);
  await until('the reservation has ended', async () => (await told(shop, 'inventory', order.id)).includes('stock.reservation_expired'));
  await rest(shop);
  assert.equal((await operation_of(shop, effect))?.state, 'unknown');
  assert.equal((await shop.order(order.id)).status, 'awaiting_payment', 'an order whose money may be there does not expire');
}

test('the reservation ends meanwhile and the unit is still there: reserved again, confirmed, captured once', async () => {
  const { sku, order, effect } = await unknown_order('reset_after');
  await silent_for_a_day(effect, order);
  assert.deepEqual(await stock_of(sku), { on_hand: 1, held: 0, allocated: 0 });
  await shop.stripe.heal();
  await asked_until(shop, effect, 'the order is shipped', async () => (await shop.order(order.id)).captured_total === order.total);
  assert.deepEqual((await told(shop, 'inventory', order.id)).slice(-4), [
    'stock.reservation_expired',
    'stock.reserved',
    'stock.allocated',
    'stock.consumed',
  ]);
  assert.deepEqual(entries_of(order.id), [
    ['authorized', order.total],
    ['captured', order.total],
  ]);
  await sound(shop);
});

test('the reservation ends meanwhile and somebody else buys the unit: rejected, and the money is let go', async () => {
  const { sku, order, effect } = await unknown_order('reset_after');
  await silent_for_a_day(effect, order);
  const other = await order_of(sku);
  await reached(shop, other.id, 'shipped', ({ captured_total, total }) => captured_total === total);
  await shop.stripe.heal();
  const rejected = await asked_until(shop, effect, 'the order is rejected', async () => {
    const now = await shop.order(order.id);
    return now.status === 'rejected' && now;
  });
  assert.equal(rejected.rejection?.reason, 'out_of_stock');
  await until('the money is let go', () => entries_of(order.id).length === 2);
  assert.deepEqual(entries_of(order.id), [
    ['authorized', order.total],
    ['voided', order.total],
  ]);
  assert.deepEqual(await stock_of(sku), { on_hand: 0, held: 0, allocated: 0 });
  await sound(shop);
});

test('nobody knows for a day: a person is called and settles it with Stripe’s reference, and the order goes on', async () => {
  const { order, effect } = await unknown_order('reset_after');
  await silent_for_a_day(effect, order);
  await until('a person is called', async () => (await told(shop, 'payments', order.id)).includes('exception.raised'));
  const [entry] = shop.stripe.ledger('authorized', order.id);
  const { op_id } = (await operation_of(shop, effect)) ?? assert.fail();
  await shop.post(`/v1/operations/${op_id}/resolve`, { outcome: 'succeeded', evidence: String(entry?.['payment_intent']) });
  await shop.stripe.heal();
  await reached(shop, order.id, 'shipped', ({ captured_total, total }) => captured_total === total);
  assert.deepEqual(entries_of(order.id), [
    ['authorized', order.total],
    ['captured', order.total],
  ]);
  await sound(shop);
});

test('the shopper cancels while nobody knows whether there is a label: it is found, given back, and he has his money', async () => {
  await shop.easypost.fail({ fault: 'reset_after', match: { method: 'POST', path: '/v2/shipments/*/buy' } });
  const order = await order_of('LAMP', { payment: by_stripe() });
  const effect = { service: 'shipping', kind: 'buy_label', key: order.id } as const;
  await becomes_unknown(shop, effect);
  await cancel(order);
  await asked_until(shop, effect, 'the label is found', async () => (await operation_of(shop, effect))?.state === 'succeeded');
  await ended(shop, order.id, 'cancelled');
  await until('the label is given back', async () => (await told(shop, 'shipping', order.id)).includes('parcel.label_voided'));
  const [parcel] = (await shop.order(order.id)).shipments.flatMap(shipment => shipment.parcels);
  const labels = shop.easypost.ledger(undefined, parcel?.id).map(({ kind }) => kind);
  assert.deepEqual(labels, ['label_purchased', 'label_refunded']);
  assert.deepEqual(
    entries_of(order.id).map(([kind]) => kind),
    ['authorized', 'voided'],
  );
  await sound(shop);
});
