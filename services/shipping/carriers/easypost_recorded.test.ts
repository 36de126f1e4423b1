/**
 * Every reply of EasyPost that was recorded or documented, given to the adapter as an answer: what it is about is understood, and what is spoiled or about
 * something else is never a label, a fact or a crash.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import type { Operation, Outcome, Row } from '../../../platform/service.ts';
import { listener } from '../../../sandbox/easypost/listener.ts';
import { easypost_carrier } from './easypost.ts';
import type { OperationKind, TrackingFact } from './port.ts';

const folder = new URL('../../../../shared/third-party/easypost/', import.meta.url);
const skip = existsSync(folder) ? false : 'the recordings of EasyPost are not here (../shared/third-party/easypost)';

interface Recorded {
  readonly name: string;
  readonly status: number;
  readonly body: string;
}
// Files of the provider, here and below: read as far as the test needs them.
interface Har {
  readonly log: {
    readonly entries: readonly { readonly response: { readonly status: number; readonly content: { readonly text: string } } }[];
  };
}
function recordings(): Recorded[] {
  if (skip !== false) return [];
  const read = (path: string) => readFileSync(new URL(path, folder), 'utf8');
  const documented = readdirSync(new URL('docs-responses/', folder)).map(file => {
    const body = read(`docs-responses/${file}`);
    return { name: file.replace('.json', ''), status: body.includes('"error"') ? 422 : 200, body };
  });
  const recorded = readdirSync(new URL('cassettes/', folder)).flatMap(file =>
    (JSON.parse(read(`cassettes/${file}`)) as Har).log.entries.map(({ response }, place) => ({
      name: `${file.split('_')[0]} ${place}`,
      status: response.status,
      body: response.content.text,
    })),
  );
  return [...documented, ...recorded];
}

const address = { name: 'Ada', line1: '1 Main St', city: 'Austin', region: 'TX', postal_code: '78701', country: 'US' };
const parcel = { parcel_id: 'pcl_1', weight_grams: 400, dimensions_mm: [254, 200, 100] };
const asking: Readonly<Record<OperationKind, (body: Row) => Row>> = {
  verify_address: () => ({ shipment_id: 'shp_1', address }),
  quote_rates: () => ({ shipment_id: 's', order_id: 'o', parcels: [parcel], ship_to: address, ship_from: address, service: 'standard' }),
  buy_label: body => ({
    shipment_id: 's',
    order_id: 'o',
    parcels: [
      { parcel_id: String(body['reference'] ?? 'pcl_1'), provider_shipment_ref: String(body['id'] ?? 'shp_x'), rate_ref: 'rate_1' },
    ],
  }),
  list_labels: () => ({ since: '2026-01-01T00:00:00.000Z', until: '2026-03-01T00:00:00.000Z', parcels: [] }),
  void_label: body => ({
    shipment_id: 's',
    parcels: [{ parcel_id: 'pcl_1', provider_shipment_ref: String(body['id'] ?? 'shp_x'), tracking_number: '1' }],
  }),
  track: body => ({
    parcels: [
      { parcel_id: 'pcl_1', tracking_number: String(body['tracking_code'] ?? 'EZ1000000001'), carrier: String(body['carrier'] ?? 'USPS') },
    ],
  }),
};
type Asking = keyof typeof asking;

/** The adapter's outcome when every call is answered with this. A label is asked after, not bought. */
async function outcome_of(t: TestContext, kind: Asking, { status, body }: Omit<Recorded, 'name'>): Promise<Outcome> {
  // A tracker is made when the list has none.
  const is_listing = (method: string) => kind === 'track' && method === 'GET' && body.includes('"Tracker"') && !body.includes('"trackers"');
  const { url } = await listener(t, ({ method }) => (is_listing(method) ? { status: 200, body: '{"trackers":[]}' } : { status, body }));
  const { adapter } = easypost_carrier({ api_key: 'EZTK_test', base_url: url });
  const parsed = body.startsWith('{') && is_json(body) ? (JSON.parse(body) as Row) : {};
  const at = '2026-03-01T12:00:00.000Z';
  const operation: Operation = {
    op_id: 'op_1',
    kind,
    provider: 'easypost',
    subject: 's',
    key: 'o',
    state: 'unknown',
    attempts: 2,
    request: asking[kind](parsed),
    requested_at: at,
    sent_at: at,
    learned:
      kind === 'buy_label'
        ? { doubtful: asking.buy_label(parsed)['parcels'] === undefined ? null : String(parsed['reference'] ?? 'pcl_1') }
        : {},
  };
  const signal = AbortSignal.timeout(5_000);
  return kind === 'buy_label' ? adapter.query(operation, signal, async () => true) : adapter.perform(operation, signal);
}
function is_json(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
const value_of = (outcome: Outcome): Row => {
  assert.ok(outcome.outcome === 'ok', JSON.stringify(outcome));
  return outcome.value;
};
const count = (value: Row, name: string) => (value[name] as readonly unknown[]).length;

/** What is understood of a file: the kind of question it answers, and what comes out. */
type Check = (outcome: Outcome, body: Row) => void;
const rated: Check = (outcome, body) => assert.equal(count(value_of(outcome), 'rates'), (body['rates'] as Row[]).length);
const bought: Check = (outcome, body) => {
  const [label] = value_of(outcome)['labels'] as Row[];
  assert.deepEqual([label?.['tracking_number'], label?.['label_ref'], label?.['adopted']], [body['tracking_code'], body['id'], true]);
};
const verdict =
  (expected: string): Check =>
  outcome =>
    assert.equal(value_of(outcome)['verdict'], expected);
const tracked: Check = (outcome, body) => {
  const facts = value_of(outcome)['facts'] as unknown as TrackingFact[];
  const [first] = (body['trackers'] ?? [body]) as Row[];
  assert.ok(facts.length > 0 && facts.every(fact => fact.tracking_number === first?.['tracking_code']), JSON.stringify(facts));
};
const understood: readonly (readonly [RegExp, Asking, Check])[] = [
  [/^(shipments-(create|retrieve|buy|one-call-buy|label)|shipping-refund-refund|Shipment-Service.*)/, 'quote_rates', rated],
  [/^(shipments-(buy|one-call-buy|label)|Shipment-Service--buys-a-shipment 1)/, 'buy_label', bought],
  [/^(shipments-create|Shipment-Service--creates)/, 'buy_label', outcome => assert.equal(outcome.outcome, 'unknown')],
  [/^shipping-refund-refund/, 'void_label', outcome => assert.deepEqual(value_of(outcome)['submitted'], ['pcl_1'])],
  [
    /^shipments-list/,
    'list_labels',
    // The documented page says that there is more, and is answered again and again: such a list proves nothing.
    (outcome, body) => {
      assert.ok(count(value_of(outcome), 'labels') > 0);
      assert.equal(value_of(outcome)['is_complete'], body['has_more'] === false);
    },
  ],
  [/^(addresses-(create|retrieve))$/, 'verify_address', verdict('not_checked')],
  [/^addresses-verify-param/, 'verify_address', outcome => assert.notEqual(value_of(outcome)['verdict'], 'ok')],
  [/^(addresses-create-and-verify|addresses-verify-strict-param)/, 'verify_address', verdict('not_checked')],
  [/^(trackers-(create|retrieve)|Tracker-Service)/, 'track', tracked],
  [/^Error-Service/, 'quote_rates', outcome => assert.equal(outcome.outcome, 'permanent_error')],
];

describe('recorded replies', { skip }, () => {
  for (const recorded of recordings()) {
    for (const [pattern, kind, check] of understood)
      if (pattern.test(recorded.name))
        test(`${recorded.name} answers ${kind}`, async t => check(await outcome_of(t, kind, recorded), JSON.parse(recorded.body) as Row));

    test(`${recorded.name}: about something else, cut short, or without its fields, it is no label and no crash`, async t => {
      const is_about = (kind: Asking) => understood.some(([pattern, asked]) => asked === kind && pattern.test(recorded.name));
      for (const kind of ['buy_label', 'track', 'void_label'] as const) {
        if (!is_about(kind) && !/^(shipments|shipping|Shipment|trackers)/.test(recorded.name))
          assert.notEqual((await outcome_of(t, kind, recorded)).outcome, 'ok', kind);
        const half = recorded.body.slice(0, Math.floor(recorded.body.length / 2));
        const outcome = await outcome_of(t, kind, { status: 200, body: half });
        assert.notEqual(outcome.outcome, 'ok', `${kind}, half of it`);
        if (kind === 'buy_label') assert.equal(outcome.outcome, 'unknown');
      }
    });
  }

  test('documented events are webhooks, whatever they are about', () => {
    const carrier = easypost_carrier({ api_key: 'EZTK_test', base_url: 'http://127.0.0.1:9/' });
    for (const { name, body } of recordings().filter(each => each.name.startsWith('events-'))) {
      const parsed = JSON.parse(body) as { readonly events?: readonly Row[] };
      for (const event of parsed.events ?? [parsed as Row]) {
        const raw = Buffer.from(JSON.stringify(event));
        const signature = createHmac('sha256', 'secret').update(raw).digest('hex');
        const heard = carrier.parse_webhook(raw, { 'x-hmac-signature': `hmac-sha256-hex=${signature}` }, 'secret');
        // The list of events carries no results: a tracker event without its tracker is malformed.
        if ('invalid' in heard) assert.ok(heard.invalid === 'malformed' && String(event['description']).startsWith('tracker.'), name);
        else assert.equal(heard.event_ref, event['id']);
      }
    }
  });
});
