/** A label that was paid for, and a purchase order that was taken, while the line said nothing: through the door with all services. No second one, ever. */
import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';
import { basket, type PlacedOrder } from '../api.ts';
import { ended, fresh, open_shop, sound, until } from '../shop.ts';
import { asked_until, becomes_unknown, type Effect, lines, operation_of, patience_ms, told } from './operations.ts';

const shop = await open_shop({ after }, { env: { CARRIER: 'easypost' }, third_party_timeout_ms: patience_ms });
afterEach(() => Promise.all([shop.easypost.heal(), shop.supplier.heal()]));
await shop.put('/v1/suppliers/acme', { name: 'Acme', channel: { kind: 'rest' }, currency: 'GBP' });
await shop.put('/v1/suppliers/acme/items/LAMP', { supplier_sku: 'A-1', cost: 400, minimum_quantity: 10, pack_size: 10, lead_time_days: 3 });

const buying = { method: 'POST', path: '/v2/shipments/*/buy' };
/** With what lies about the price: it is no answer either. */
const label_lines = [...lines, { fault: 'lie_amount' } as const];

async function buy(): Promise<{ order: PlacedOrder; effect: Effect }> {
  const order = await shop.post<PlacedOrder>('/v1/orders', basket([{ sku: 'LAMP', quantity: 1 }], { customer: { id: fresh('parcel') } }));
  return { order, effect: { service: 'shipping', kind: 'buy_label', key: order.id } };
}
async function labels_of(order_id: string): Promise<string[]> {
  const { shipments } = await shop.order(order_id);
  const parcels = new Set(shipments.flatMap(shipment => shipment.parcels.map(parcel => parcel.id)));
  return shop.easypost.ledger().flatMap(entry => (parcels.has(entry.reference ?? '') ? [entry.kind] : []));
}

describe('a label, and no word from EasyPost', () => {
  for (const line of label_lines.filter(({ fault }) => fault !== 'reset_before')) {
    test(`${line.fault}: unknown, asked, adopted; one paid label, and the parcel arrives`, async () => {
      await shop.easypost.fail({ ...line, match: buying });
      const { order, effect } = await buy();
      const { op_id } = await becomes_unknown(shop, effect);
      assert.deepEqual(await labels_of(order.id), ['label_purchased']);
      await asked_until(shop, effect, 'the label is found', async () => (await operation_of(shop, effect))?.state === 'succeeded');
      await ended(shop, order.id, 'completed');
      assert.equal((await operation_of(shop, effect))?.op_id, op_id);
      assert.deepEqual(await labels_of(order.id), ['label_purchased']);
      const history = (await told(shop, 'shipping', order.id)).filter(type => type.startsWith('parcel.label_'));
      assert.deepEqual(history, ['parcel.label_outcome_unknown', 'parcel.label_purchased']);
      await sound(shop);
    });
  }

  // EasyPost keeps no idempotency key: what it does not know may still be under way, so none is bought by itself.
  test('reset_before: nothing was bought and nothing is by itself; a person says so, asks again, and there is one label', async () => {
    await shop.easypost.fail({ fault: 'reset_before', match: buying });
    const { order, effect } = await buy();
    const { op_id } = await becomes_unknown(shop, effect);
    await asked_until(shop, effect, 'a person is called', async () =>
      (await told(shop, 'shipping', order.id)).includes('exception.raised'),
    );
    assert.deepEqual(await labels_of(order.id), []);
    await shop.post(`/v1/operations/${op_id}/resolve`, { outcome: 'failed', evidence: 'EasyPost has no label of it' });
    const [shipment] = (await shop.order(order.id)).shipments;
    await shop.post(`/v1/shipments/${shipment?.id}/label`);
    await ended(shop, order.id, 'completed');
    assert.deepEqual(await labels_of(order.id), ['label_purchased']);
    await sound(shop);
  });
});

interface PurchaseOrder {
  readonly id: string;
  readonly status: string;
}

describe('a purchase order, and no word from the supplier', () => {
  const ordered = 20;
  const taken = (po_id: string) => shop.supplier.ledger('purchase_order_accepted', po_id).length;
  const draft = () =>
    shop.post<PurchaseOrder>('/v1/purchase-orders', { supplier: 'acme', location: 'north', lines: [{ sku: 'LAMP', quantity: ordered }] });
  const read = (po_id: string) => shop.get<PurchaseOrder>(`/v1/purchase-orders/${po_id}`);

  for (const line of lines) {
    test(`${line.fault}, and its documents are lost: unknown, asked, sent; the supplier has it once, and it is received`, async () => {
      await shop.supplier.fail({ ...line, match: { method: 'POST', path: '/purchase-orders' } });
      await shop.supplier.fail({ fault: 'webhook_drop', times: 20 });
      const { id } = await draft();
      const effect: Effect = { service: 'suppliers', kind: 'send_order', key: id };
      await shop.post(`/v1/purchase-orders/${id}/approve`);
      await becomes_unknown(shop, effect);
      assert.deepEqual([(await read(id)).status, taken(id)], ['approved', line.fault === 'reset_before' ? 0 : 1]);
      await asked_until(shop, effect, `${id} is sent`, async () => (await operation_of(shop, effect))?.state === 'succeeded');
      const sent = await read(id);
      assert.ok(['sent', 'acknowledged'].includes(sent.status), sent.status);
      await shop.post(`/v1/purchase-orders/${id}/receipts`, { lines: [{ sku: 'LAMP', accepted: ordered }] });
      await until(`${id} is closed`, async () => (await read(id)).status === 'closed');
      assert.equal(taken(id), 1);
      const history = (await told(shop, 'suppliers', id)).slice(0, 4);
      assert.deepEqual(history, [
        'purchase_order.created',
        'purchase_order.approved',
        'purchase_order.outcome_unknown',
        'purchase_order.sent',
      ]);
      await sound(shop);
    });
  }
});

test('the acknowledgment comes while the sending is unknown: it proves the order, and nobody needs to ask', async () => {
  await shop.supplier.fail({ fault: 'reset_after', match: { method: 'POST', path: '/purchase-orders' } });
  const { id } = await shop.post<PurchaseOrder>('/v1/purchase-orders', {
    supplier: 'acme',
    location: 'north',
    lines: [{ sku: 'LAMP', quantity: 10 }],
  });
  await shop.post(`/v1/purchase-orders/${id}/approve`);
  await until(`${id} is acknowledged`, async () => (await shop.get<PurchaseOrder>(`/v1/purchase-orders/${id}`)).status === 'acknowledged');
  const effect: Effect = { service: 'suppliers', kind: 'send_order', key: id };
  await until('nobody asks', async () => (await operation_of(shop, effect))?.state === 'succeeded');
  assert.equal(shop.supplier.ledger('purchase_order_accepted', id).length, 1);
  await sound(shop);
});
