/** What EasyPost's stand-in says of parcels, by webhook and by poll, read by the adapter. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { Operation } from '../../../platform/service.ts';
import { type EasyPostOptions, start_easypost } from '../../../sandbox/easypost/easypost.ts';
import { listener, until } from '../../../sandbox/easypost/listener.ts';
import { type OfficialClient, official_client } from '../../../sandbox/easypost/official_client.ts';
import type { StandIn } from '../../../sandbox/stand_in.ts';
import { easypost_carrier } from './easypost.ts';
import type { Carrier, Track, TrackingFact, VerifiedWebhook } from './port.ts';

const secret = 'ｗebhook-secret-\u00e9';

/** A stand-in whose webhooks go to a listener; labels are bought by the official client, so that only reading is ours. */
async function open(t: TestContext, options: EasyPostOptions = {}) {
  const { url, letters } = await listener(t);
  const sim = await start_easypost({ deliver_after_ms: 60_000, webhook: { url, secret }, ...options });
  t.after(() => sim.stop());
  const carrier = easypost_carrier({ api_key: 'EZTK_test', base_url: `${sim.url}/v2/` });
  return { sim, carrier, letters, client: official_client(sim.url) };
}
async function fault(sim: StandIn, rule: object): Promise<void> {
  const answer = await fetch(`${sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify(rule) });
  assert.equal(answer.status, 201);
}
async function buy(client: OfficialClient, city = 'Austin'): Promise<string> {
  const address = { name: 'Ada', street1: '1 Main St', city, state: 'TX', zip: '78701', country: 'US' };
  const shipment = await client.Shipment.create({ to_address: address, from_address: address, parcel: { weight: 16 } });
  return (await client.Shipment.buy(shipment.id, shipment.lowestRate())).tracking_code;
}
async function track(carrier: Carrier, parcels: Track['parcels']): Promise<readonly TrackingFact[]> {
  const at = '2026-03-01T12:00:00.000Z';
  const row = { op_id: 'op_1', kind: 'track', provider: 'easypost', subject: 'shp_1', key: 'ord_1', state: 'sent', attempts: 1 } as const;
  const operation: Operation = { ...row, request: { parcels }, requested_at: at, sent_at: at, learned: {} };
  const outcome = await carrier.adapter.perform(operation, AbortSignal.timeout(5_000));
  assert.ok(outcome.outcome === 'ok', JSON.stringify(outcome));
  // The port says what the value of this outcome holds.
  return outcome.value['facts'] as unknown as TrackingFact[];
}
function verified(result: ReturnType<Carrier['parse_webhook']>): VerifiedWebhook {
  assert.ok(!('invalid' in result), JSON.stringify(result));
  return result;
}

test('webhooks and polls tell the same facts, in ranked statuses', async t => {
  const { carrier, letters, client } = await open(t, { deliver_after_ms: 40 });
  const tracking_number = await buy(client);
  await until(() => letters.length === 5);
  const events = letters.map(letter => verified(carrier.parse_webhook(letter.body, letter.headers, secret)));
  const key = (fact: { tracking_number: string; carrier_at: string; status: string }) =>
    `${fact.tracking_number} ${fact.carrier_at} ${fact.status}`;
  const told = new Set(events.flatMap(event => event.facts).map(key));
  const facts = await track(carrier, [{ parcel_id: 'pcl_1', tracking_number, carrier: 'USPS' }]);
  assert.deepEqual(new Set(facts.map(key)), told);
  assert.deepEqual(
    facts.map(fact => fact.status),
    ['label_created', 'in_transit', 'out_for_delivery', 'delivered'],
  );
  for (const fact of facts) assert.match(fact.carrier_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
  const delivered = facts.at(-1);
  assert.deepEqual([delivered?.parcel_id, delivered?.carrier, delivered?.signed_by], ['pcl_1', 'USPS', 'John Tester']);
  assert.equal(facts[0]?.signed_by, undefined);
  assert.equal(new Set(events.map(event => event.event_ref)).size, 5);
});

test('labels that do not arrive end as returning, failed or lost', async t => {
  const { carrier, client } = await open(t, { deliver_after_ms: 4 });
  for (const [city, status] of [
    ['Return To Sender', 'returning'],
    ['Nobody Home', 'delivery_failed'],
    ['Lost In Transit', 'lost'],
  ] as const) {
    const tracking_number = await buy(client, city);
    const facts = async () => (await track(carrier, [{ parcel_id: 'pcl_1', tracking_number, carrier: 'USPS' }])).map(fact => fact.status);
    await until(async () => (await facts()).length === 3);
    assert.deepEqual(await facts(), ['label_created', 'in_transit', status]);
  }
});

test('a tracker that EasyPost does not know is made, and every magic code has its status', async t => {
  const { carrier } = await open(t);
  const codes = ['EZ1000000001', 'EZ2000000002', 'EZ3000000003', 'EZ4000000004', 'EZ5000000005', 'EZ6000000006', 'EZ7000000007'];
  const parcels = codes.map(tracking_number => ({ parcel_id: tracking_number, tracking_number, carrier: 'USPS' }));
  const facts = await track(carrier, parcels);
  const last = codes.map(code => facts.filter(fact => fact.parcel_id === code).at(-1)?.status);
  const expected = ['label_created', 'in_transit', 'out_for_delivery', 'delivered', 'returning', 'delivery_failed', undefined];
  assert.deepEqual(last, expected);
});

test('a webhook counts only with the signature of its raw bytes; a duplicate has the same event', async t => {
  const { sim, carrier, letters, client } = await open(t);
  await fault(sim, { match: { type: 'tracker.created' }, fault: 'webhook_bad_signature' });
  await client.Tracker.create({ tracking_code: 'EZ1000000001', carrier: 'USPS' });
  await until(() => letters.length === 1);
  const [forged] = letters.splice(0);
  assert.ok(forged);
  assert.deepEqual(carrier.parse_webhook(forged.body, forged.headers, secret), { invalid: 'invalid_signature' });
  await fault(sim, { match: { type: 'tracker.created' }, fault: 'webhook_duplicate' });
  await client.Tracker.create({ tracking_code: 'EZ2000000002', carrier: 'USPS' });
  await until(() => letters.length === 2);
  const twins = letters.map(letter => verified(carrier.parse_webhook(letter.body, letter.headers, secret)));
  assert.deepEqual(twins[0], twins[1]);
  const [letter] = letters;
  assert.ok(letter);
  const spaced = Buffer.from(JSON.stringify(JSON.parse(letter.body.toString()), null, 1));
  const rejected: readonly [Uint8Array, Record<string, string | undefined>, string][] = [
    [spaced, letter.headers, secret],
    [letter.body, {}, secret],
    [letter.body, { 'x-hmac-signature': 'hmac-sha256-hex=00' }, secret],
    [letter.body, letter.headers, 'another'],
  ];
  for (const [raw, headers, key] of rejected) assert.deepEqual(carrier.parse_webhook(raw, headers, key), { invalid: 'invalid_signature' });
});

const recorded = new URL('../../../../shared/third-party/easypost/docs-responses/trackers-create.json', import.meta.url);
test('EasyPost’s own documented tracker is understood', {
  skip: existsSync(recorded) ? false : 'EasyPost’s documentation replies are not here',
}, async t => {
  const { sim, carrier } = await open(t);
  const tracker = JSON.parse(readFileSync(recorded, 'utf8'));
  const body = Buffer.from(JSON.stringify({ id: 'evt_1', description: 'tracker.updated', result: tracker }));
  const signature = `hmac-sha256-hex=${createHmac('sha256', secret.normalize('NFKD')).update(body).digest('hex')}`;
  const { facts } = verified(carrier.parse_webhook(body, { 'x-hmac-signature': signature }, secret));
  assert.equal(sim.ledger().length, 0);
  assert.deepEqual(
    facts.map(({ status, carrier_at, location }) => ({ status, carrier_at, location })),
    [
      { status: 'label_created', carrier_at: '2025-04-09T20:40:17.000Z', location: undefined },
      { status: 'label_created', carrier_at: '2025-04-10T09:17:17.000Z', location: 'HOUSTON, TX' },
    ],
  );
  assert.equal(facts.at(-1)?.eta_at, '2025-05-09T20:40:17.000Z');
});
