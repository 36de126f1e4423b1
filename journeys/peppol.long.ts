/** What a shopper waits for is bought over Peppol, half now and half later: ordered, answered with a backorder, announced, received, shipped. */
import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { sandbox_secrets } from '../main/sandbox.ts';
import { basket, type PlacedOrder } from './api.ts';
import { ended, fresh, open_shop, sound, until } from './shop.ts';
import { asked_until, becomes_unknown, type Effect, operation_of, patience_ms, told } from './unknown/operations.ts';

const units = 20;
const skus = ['PART-CUP', 'PART-JUG'];
const shop = await open_shop(
  { after },
  {
    third_party_timeout_ms: patience_ms,
    products: skus.map(sku => ({ sku, amount: 1_000, on_hand: { north: 0 }, backorder_limit: 100 })),
  },
);
afterEach(() => shop.peppol_supplier.heal());
await shop.put('/v1/suppliers/acme', { name: 'Acme & Söhne', channel: { kind: 'peppol', partner: '9930/DE123456789' }, currency: 'GBP' });
for (const sku of skus)
  await shop.put(`/v1/suppliers/acme/items/${sku}`, {
    supplier_sku: sku,
    cost: 400,
    minimum_quantity: 10,
    pack_size: 10,
    lead_time_days: 3,
  });

interface PurchaseOrder {
  readonly id: string;
  readonly status: string;
  readonly reference: string;
  readonly receipt: string;
  readonly lines: readonly { readonly quantity_confirmed: number; readonly quantity_in_transit: number }[];
  readonly exceptions: readonly { readonly reason: string }[];
}
const read = (id: string) => shop.get<PurchaseOrder>(`/v1/purchase-orders/${id}`);
async function bought(sku: string): Promise<PurchaseOrder> {
  const lines = [{ sku, quantity: units }];
  const order = await shop.post<PurchaseOrder>('/v1/purchase-orders', { supplier: 'acme', location: 'north', lines });
  await shop.post(`/v1/purchase-orders/${order.id}/approve`);
  return order;
}

test('order out, a conditional acceptance with a backorder, two despatches, two receipts, the parcel', async () => {
  const waits = basket([{ sku: 'PART-CUP', quantity: units }], { customer: { id: fresh('waits') } });
  const waiting = await shop.post<PlacedOrder>('/v1/orders', waits);
  const { id } = await bought('PART-CUP');
  const announced = await until(`${id} is on its way`, async () => {
    const order = await read(id);
    return order.status === 'acknowledged' && order.lines[0]?.quantity_in_transit === units && order;
  });
  assert.deepEqual([announced.receipt, announced.exceptions, announced.lines[0]?.quantity_confirmed], ['accepted', [], units / 2]);
  await until('the shopper has a date', async () => (await told(shop, 'suppliers', waiting.id)).includes('backorder.pegged'));
  for (const half of [units / 2, units / 2])
    await shop.post(`/v1/purchase-orders/${id}/receipts`, { lines: [{ sku: 'PART-CUP', accepted: half }] });
  const closed = await until(`${id} is closed`, async () => {
    const order = await read(id);
    return order.status === 'closed' && order;
  });
  await ended(shop, waiting.id, 'completed');
  const taken = shop.peppol_supplier.ledger('purchase_order_accepted', closed.reference);
  assert.deepEqual(
    taken.map(({ amount, currency }) => [amount, currency]),
    [[units * 400, 'GBP']],
  );
  await sound(shop);
});

test('the supplier took it, and its answer came too late: the identical document again, one purchase order there', async () => {
  await shop.peppol_supplier.fail({ fault: 'reply_late', match: { method: 'POST', path: '/peppol' }, delay_ms: 2 * patience_ms });
  // Its papers are lost, too: they would prove that it has the order.
  await shop.peppol_supplier.fail({ fault: 'webhook_drop', times: 20 });
  const { id } = await bought('PART-JUG');
  const effect: Effect = { service: 'suppliers', kind: 'send_order', key: id };
  await becomes_unknown(shop, effect);
  await asked_until(shop, effect, `${id} is sent`, async () => (await operation_of(shop, effect))?.state === 'succeeded');
  const { reference, status } = await read(id);
  assert.equal(status, 'sent');
  assert.equal(shop.peppol_supplier.ledger('purchase_order_accepted', reference).length, 1);
  await sound(shop);
});

test('what is no document of Peppol is sent back at the door, and nothing breaks', async () => {
  const post = (body: string, password: string) =>
    fetch(`${shop.url}/inbound/supplier/peppol`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`x:${password}`)}`, 'content-type': 'application/xml' },
      body,
    });
  const bomb = '<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>';
  const answers = await Promise.all([
    post(bomb, sandbox_secrets.peppol),
    post(bomb, 'guessed'),
    post('x'.repeat(1_048_577), sandbox_secrets.peppol),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [400, 401, 413],
  );
});
