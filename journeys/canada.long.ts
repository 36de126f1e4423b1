/** A shop in Canada: two carriers are asked, the one that speaks SOAP sells the label and is asked where the parcel is. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { basket, by_stripe, london, type PlacedOrder } from './api.ts';
import { ended, open_shop, rest, type Shop, sound, until } from './shop.ts';

const env = { CARRIER: 'easypost,purolator', LABEL_CURRENCY: 'CAD' };
const patience_ms = 700;
const shop = await open_shop({ after }, { env, products: [], third_party_timeout_ms: patience_ms });
const toronto = {
  line1: '88 Queens Quay W',
  city: 'Toronto',
  region: 'ON',
  postal_code: 'M5J 0B8',
  country: 'CA',
  phone: '+1 416 555 0100',
};
await shop.put('/v1/locations/north', { name: 'Toronto', priority: 1, address: toronto });
await shop.stock([{ sku: 'LAMP', amount: 1_000, on_hand: { north: 1_000 } }]);
const ottawa = { ...london, line1: '12 Main St', city: 'Ottawa', region: 'ON', postal_code: 'K1A 0B1', country: 'CA' };

interface ShownShipment {
  readonly id: string;
  readonly status: string;
  readonly carrier: string | null;
  readonly label_error: string | null;
  readonly candidates: readonly { readonly provider: string; readonly currency: string; readonly cost: number; readonly verdict: string }[];
  readonly address_check: { readonly verdict: string; readonly provider: string } | null;
  readonly parcels: readonly { readonly id: string; readonly tracking_number: string | null; readonly status: string }[];
  readonly exceptions: readonly { readonly reason: string }[];
}
async function shipment_of({ get }: Shop, order_id: string): Promise<ShownShipment | undefined> {
  return (await get<{ data: ShownShipment[] }>(`/v1/shipments?order=${order_id}`)).data[0];
}
const order = (to = ottawa) =>
  shop.post<PlacedOrder>('/v1/orders', basket([{ sku: 'LAMP', quantity: 2 }], { payment: by_stripe(), shipping_address: to }));
const labels = (parcel_id: string | undefined) => shop.purolator.ledger('label_purchased', parcel_id);

test('an order within Canada is shipped by the cheaper of two carriers, and polled to the door', async () => {
  const { id } = await order();
  const shipped = await until('it is shipped', async () => {
    const shipment = await shipment_of(shop, id);
    return shipment?.status === 'dispatched' && shipment;
  });
  assert.equal(shipped.carrier, 'purolator');
  assert.deepEqual([shipped.address_check?.verdict, shipped.address_check?.provider], ['ok', 'purolator']);
  assert.deepEqual(
    new Set(shipped.candidates.map(({ provider, currency }) => `${provider} ${currency}`)),
    new Set(['easypost CAD', 'purolator CAD']),
  );
  const [parcel] = shipped.parcels;
  assert.deepEqual(
    labels(parcel?.id).map(entry => entry.id),
    [parcel?.tracking_number],
  );
  assert.equal(shop.easypost.ledger('label_purchased').length, 0);
  const pdf = await shop.ask('GET', `/v1/parcels/${parcel?.id}/label`);
  assert.deepEqual([pdf.status, pdf.text.slice(0, 5)], [200, '%PDF-']);
  // Nobody tells us of scans: time passes, and we ask.
  await until('the carrier was asked and said delivered', async () => {
    shop.clock.move(4 * 3_600_000);
    await rest(shop);
    return (await shipment_of(shop, id))?.status === 'delivered';
  });
  await ended(shop, id, 'completed');
  await sound(shop);
});

test('the line is cut after Purolator has shipped: one label in its ledger, and it is ours', async () => {
  await shop.purolator.fail({ fault: 'reset_after', match: { type: 'CreateShipment' } });
  const { id } = await order();
  const shipped = await until('the label is found', async () => {
    const shipment = await shipment_of(shop, id);
    if (shipment?.status !== 'dispatched') shop.clock.move(10_000);
    return shipment?.status === 'dispatched' && shipment;
  });
  const [parcel] = shipped.parcels;
  assert.deepEqual(
    labels(parcel?.id).map(entry => entry.id),
    [parcel?.tracking_number],
  );
  assert.ok((await shop.timeline(id)).some(({ type }) => type === 'parcel.label_outcome_unknown'));
  await shop.purolator.heal();
  await sound(shop);
});

test('nobody can be reached at the address: the shipment waits for a person, and nothing is bought', async () => {
  const { id } = await order({ ...ottawa, city: 'Not A City' });
  const held = await until('the exception is there', async () => {
    const shipment = await shipment_of(shop, id);
    return shipment !== undefined && shipment.exceptions.length > 0 && shipment;
  });
  assert.deepEqual(
    [held.exceptions[0]?.reason, held.status, held.label_error],
    ['address_undeliverable', 'planned', 'address_undeliverable'],
  );
  assert.equal(labels(held.parcels[0]?.id).length, 0);
  await shop.post(`/v1/shipments/${held.id}/label`);
  const parcel_id = held.parcels[0]?.id;
  await until('the person has it bought all the same', () => labels(parcel_id).length === 1);
});

test('Purolator does not answer: the other sells the label', async () => {
  await shop.purolator.fail({ fault: 'status', status: 503, match: { type: 'GetFullEstimate' }, times: 1_000 });
  const { id } = await order();
  const shipped = await until('the time for answers is over', async () => {
    const shipment = await shipment_of(shop, id);
    if (shipment?.status !== 'dispatched' && shipment?.status !== 'delivered') shop.clock.move(5_000);
    return (shipment?.status === 'dispatched' || shipment?.status === 'delivered') && shipment;
  });
  assert.equal(shipped.carrier, 'easypost');
  await shop.purolator.heal();
  await sound(shop);
});
