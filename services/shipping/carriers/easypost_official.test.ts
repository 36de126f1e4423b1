/** EasyPost's own client and our adapter, for the same intent, send the same requests: method, address, authorization and body. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Operation, Row } from '../../../platform/service.ts';
import { type Letter, listener } from '../../../sandbox/easypost/listener.ts';
import { type OfficialClient, official_client } from '../../../sandbox/easypost/official_client.ts';
import { easypost_carrier } from './easypost.ts';
import type { OperationKind } from './port.ts';

const api_key = 'EZTK_test';
const rate = { id: 'rate_1', carrier: 'USPS', service: 'Priority', rate: '8.10', currency: 'USD' };
const shipment = { id: 'shp_1', object: 'Shipment', reference: 'pcl_1', rates: [rate], tracking_code: null, postage_label: null };
const address = { name: 'Ada', line1: '179 N Harbor Dr', city: 'Redondo Beach', region: 'CA', postal_code: '90277', country: 'US' };
const their_address = {
  name: 'Ada',
  street1: '179 N Harbor Dr',
  street2: null,
  city: 'Redondo Beach',
  state: 'CA',
  zip: '90277',
  country: 'US',
  phone: null,
};
const parcels = [{ parcel_id: 'pcl_1', weight_grams: 400, dimensions_mm: [254, 200, 100] }];
const bought = [{ parcel_id: 'pcl_1', provider_shipment_ref: 'shp_1', rate_ref: 'rate_1', tracking_number: '9400' }];

const at = '2026-03-01T12:00:00.000Z';
async function ours(url: string, kind: OperationKind, request: Row): Promise<void> {
  const operation: Operation = {
    op_id: 'op_1',
    kind,
    provider: 'easypost',
    subject: 'shp_1',
    key: 'ord_1',
    state: 'sent',
    attempts: 1,
    request,
    requested_at: at,
    sent_at: at,
    learned: {},
  };
  await easypost_carrier({ api_key, base_url: `${url}/v2/` }).adapter.perform(operation, AbortSignal.timeout(5_000), async () => true);
}

interface Intent {
  readonly kind: OperationKind;
  readonly request: Row;
  readonly theirs: (client: OfficialClient) => Promise<unknown>;
  readonly only?: string;
  /** What is answered to both. */
  readonly answer?: (letter: Letter) => { readonly status: number; readonly body: string };
}
const json = (status: number, body: object) => ({ status, body: JSON.stringify(body) });
const intents: Readonly<Record<string, Intent>> = {
  'a quote': {
    kind: 'quote_rates',
    request: { shipment_id: 's', order_id: 'ord_1', parcels, ship_to: address, ship_from: address, service: 'standard', currency: 'USD' },
    theirs: client =>
      client.Shipment.create({
        to_address: their_address,
        from_address: their_address,
        parcel: { length: 10, width: 7.9, height: 4, weight: 14.2 },
        options: { label_format: 'PDF', currency: 'USD', invoice_number: 'ord_1' },
        reference: 'pcl_1',
      }),
  },
  'the check of an address': {
    kind: 'verify_address',
    request: { shipment_id: 's', address },
    theirs: client => client.Address.create({ ...their_address, verify: true }),
  },
  'a purchase: the shipment is read, then bought': {
    kind: 'buy_label',
    request: { shipment_id: 's', order_id: 'ord_1', parcels: bought },
    theirs: async client => {
      await client.Shipment.retrieve('shp_1');
      await client.Shipment.buy('shp_1', 'rate_1');
    },
  },
  'a purchase at an expired rate': {
    kind: 'buy_label',
    request: { shipment_id: 's', order_id: 'ord_1', parcels: bought },
    answer: ({ path }) =>
      path.endsWith('/buy')
        ? json(422, { error: { code: 'SHIPMENT.RATE.EXPIRED', message: 'expired' } })
        : json(200, path.endsWith('/rerate') ? { rates: [rate] } : shipment),
    theirs: async client => {
      await client.Shipment.retrieve('shp_1');
      await client.Shipment.buy('shp_1', 'rate_1').catch(() => undefined);
      await client.Shipment.regenerateRates('shp_1');
      await client.Shipment.buy('shp_1', 'rate_1').catch(() => undefined);
    },
  },
  'a refund': {
    kind: 'void_label',
    request: { shipment_id: 's', parcels: bought },
    theirs: async client => {
      await client.Shipment.retrieve('shp_1');
      await client.Shipment.refund('shp_1');
    },
  },
  'the list of what was bought': {
    kind: 'list_labels',
    request: { since: '2026-02-28T12:00:00.000Z', until: '2026-03-01T11:00:00.000Z', parcels: [] },
    answer: () => json(200, { shipments: [], has_more: false }),
    theirs: client =>
      client.Shipment.all({
        purchased: true,
        page_size: 100,
        start_datetime: '2026-02-28T12:00:00.000Z',
        end_datetime: '2026-03-01T11:00:00.000Z',
      }),
  },
  'a tracker that is not there yet': {
    kind: 'track',
    request: { parcels: [{ parcel_id: 'pcl_1', tracking_number: '9400', carrier: 'USPS' }] },
    answer: ({ method }) => json(200, method === 'GET' ? { trackers: [] } : {}),
    // Its list takes one code only; ours asks for all at once.
    only: 'POST',
    theirs: client => client.Tracker.create({ tracking_code: '9400', carrier: 'USPS' }).catch(() => undefined),
  },
};

const absent = new Set<unknown>([undefined, null]);
/** Without what only says that nothing is meant, and with queries in one order. */
function normalized({ method, path, headers, body }: Letter): object {
  const url = new URL(path, 'http://easypost');
  const query = [...url.searchParams].map(([name, value]) => [name.replace(/\[\d*\]$/, '[]'), value]).sort();
  const content: unknown =
    body.length === 0 ? {} : JSON.parse(body.toString(), (_name, value: unknown) => (absent.has(value) ? undefined : value));
  return {
    method,
    path: url.pathname,
    query,
    authorization: headers['authorization'],
    type: method === 'GET' ? undefined : headers['content-type']?.split(';')[0],
    content,
  };
}

for (const [name, { kind, request, theirs, only, answer = () => json(200, shipment) }] of Object.entries(intents))
  test(`${name}: our requests are those of the official client`, async (t: TestContext) => {
    const { url, letters } = await listener(t, answer);
    await ours(url, kind, request);
    const mine = letters
      .splice(0)
      .filter(({ method }) => only === undefined || method === only)
      .map(normalized);
    await theirs(official_client(url, api_key));
    assert.ok(mine.length > 0);
    assert.deepEqual(mine, letters.map(normalized));
  });
