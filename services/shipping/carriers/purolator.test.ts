/** The Purolator adapter against its stand-in, whose ledger says how many labels were really bought. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Operation, Outcome, Row } from '../../../platform/service.ts';
import { until } from '../../../sandbox/easypost/listener.ts';
import { type PurolatorOptions, start_purolator } from '../../../sandbox/purolator/purolator.ts';
import type { StandIn } from '../../../sandbox/stand_in.ts';
import { no_scanner, scanned } from '../testing/scanner.ts';
import type { Carrier, Label, OperationKind, Rate, TrackingFact } from './port.ts';
import { purolator_carrier } from './purolator.ts';
import type { PurolatorVersions } from './purolator_api.ts';

const credentials = { key: 'key', password: 'pass word' };
const ship_from = {
  name: 'Depot',
  line1: '88 Queens Quay W',
  city: 'Toronto',
  region: 'ON',
  postal_code: 'M5J 0B8',
  country: 'CA',
  phone: '+1 416 555 0100',
};
const ship_to = {
  name: 'Ada Byron',
  line1: '302-1234A Main St',
  line2: 'Back door',
  city: 'Ottawa',
  region: 'CA-ON',
  postal_code: 'k0a 1a0',
  country: 'CA',
};
/** Noon in Toronto: the stand-in's clock and ours. */
const start_ms = Date.parse('2026-03-02T17:00:00.000Z');

interface Place {
  readonly sim: StandIn;
  readonly carrier: Carrier;
  readonly clock: { at_ms: number; now_ms(): number };
}
async function open(t: TestContext, options: PurolatorOptions = {}, versions: PurolatorVersions = {}): Promise<Place> {
  const clock = { at_ms: start_ms, now_ms: () => clock.at_ms };
  const sim = await start_purolator({ credentials, now_ms: clock.now_ms, deliver_after_ms: 30_000, ...options });
  t.after(() => sim.stop());
  return { sim, clock, carrier: purolator_carrier({ ...credentials, account: '9999999999', base_url: sim.url, clock, versions }) };
}
async function fault(sim: StandIn, operation: string, rule: object): Promise<void> {
  const answer = await fetch(`${sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify({ match: { type: operation }, ...rule }) });
  assert.equal(answer.status, 201);
}
/** The row of one operation, with what was remembered in it. */
interface Running {
  readonly operation: Operation;
  learned: Row;
}
function running(kind: OperationKind, request: Row): Running {
  const at = new Date(start_ms).toISOString();
  const row = { op_id: 'op_1', kind, provider: 'purolator', subject: 'shp_1', key: 'ord_1', state: 'sent', attempts: 1 } as const;
  return { operation: { ...row, request, requested_at: at, sent_at: at, learned: {} }, learned: {} };
}
function run(carrier: Carrier, row: Running, how: 'perform' | 'query' = 'perform', signal = AbortSignal.timeout(5_000)): Promise<Outcome> {
  return carrier.adapter[how]({ ...row.operation, learned: row.learned }, signal, async learned => {
    row.learned = { ...row.learned, ...learned };
    return true;
  });
}
const perform = (carrier: Carrier, kind: OperationKind, request: Row) => run(carrier, running(kind, request));

const parcel = (parcel_id: string) => ({ parcel_id, weight_grams: 1_250, dimensions_mm: [305, 200, 99] });
const quote_of = (...parcel_ids: string[]): Row => ({
  shipment_id: 'shp_1',
  order_id: 'ord_1',
  parcels: parcel_ids.map(parcel),
  ship_to,
  ship_from,
  service: 'standard',
});
const purchase_of = (...parcel_ids: string[]): Row => ({
  ...quote_of(),
  service: 'PurolatorGround',
  parcels: parcel_ids.map(id => ({
    ...parcel(id),
    provider_shipment_ref: id,
    rate_ref: 'PurolatorGround',
    amount: 1_840,
    currency: 'CAD',
  })),
});
function value_of(outcome: Outcome): Row {
  assert.ok('value' in outcome && outcome.value !== undefined, JSON.stringify(outcome));
  return outcome.value;
}
// The port says what the values of these outcomes hold.
const labels_of = (outcome: Outcome) => value_of(outcome)['labels'] as unknown as Label[];
const bought = (sim: StandIn) => sim.ledger().filter(entry => entry.kind === 'label_purchased');

test('an estimate gives every service, in minor units of its text, with the days of the calendar', async t => {
  const { carrier } = await open(t);
  const rates = value_of(await perform(carrier, 'quote_rates', quote_of('pcl_1')))['rates'] as unknown as Rate[];
  assert.deepEqual(
    rates.map(({ service, amount, currency, delivery_days }) => [service, amount, currency, delivery_days]),
    [
      ['PurolatorExpress10:30AM', 6_203, 'CAD', 1],
      ['PurolatorExpress', 4_400, 'CAD', 1],
      ['PurolatorGround', 1_840, 'CAD', 3],
    ],
    'rural: not before nine',
  );
  assert.deepEqual([rates[0]?.provider_shipment_ref, rates[2]?.rate_ref], ['pcl_1', 'PurolatorGround']);
});

test('from or to another country it offers nothing, and nobody is called', async t => {
  const { carrier, sim } = await open(t);
  await sim.stop();
  for (const abroad of [{ ship_from: { ...ship_from, country: 'GB' } }, { ship_to: { ...ship_to, country: 'US' } }]) {
    const { rates, messages } = value_of(await perform(carrier, 'quote_rates', { ...quote_of('pcl_1'), ...abroad })) as {
      rates: Row[];
      messages: Row[];
    };
    assert.deepEqual([rates.length, messages[0]?.['carrier']], [0, 'Purolator']);
  }
});

test('a label is validated, bought, and found in the ledger under our parcel', async t => {
  const { carrier, sim } = await open(t);
  const outcome = await perform(carrier, 'buy_label', purchase_of('pcl_1', 'pcl_2'));
  const labels = labels_of(outcome);
  assert.deepEqual(
    bought(sim).map(({ reference, id, amount }) => [reference, id, amount]),
    labels.map(label => [label.parcel_id, label.tracking_number, label.cost]),
  );
  assert.deepEqual(
    labels.map(({ carrier: name, service, currency, adopted, label_ref }) => [name, service, currency, adopted, label_ref]),
    ['pcl_1', 'pcl_2'].map(ref => ['Purolator', 'PurolatorGround', 'CAD', false, ref]),
  );
});

describe('what goes wrong while a label is bought', () => {
  const table = [
    { operation: 'CreateShipment', rule: { fault: 'reset_after' }, outcome: 'unknown', asked: 'ok', adopted: true },
    { operation: 'CreateShipment', rule: { fault: 'garbage' }, outcome: 'unknown', asked: 'ok', adopted: true },
    { operation: 'CreateShipment', rule: { fault: 'truncate' }, outcome: 'unknown', asked: 'ok', adopted: true },
    { operation: 'CreateShipment', rule: { fault: 'status', status: 500, executed: true }, outcome: 'unknown', asked: 'ok', adopted: true },
    { operation: 'CreateShipment', rule: { fault: 'status', status: 500 }, outcome: 'unknown', asked: 'unknown' },
    { operation: 'CreateShipment', rule: { fault: 'reset_before' }, outcome: 'unknown', asked: 'unknown' },
    { operation: 'CreateShipment', rule: { fault: 'status', status: 429 }, outcome: 'retryable', again: true },
    { operation: 'ValidateShipment', rule: { fault: 'reset_after' }, outcome: 'retryable', again: true },
    { operation: 'ValidateShipment', rule: { fault: 'status', status: 503 }, outcome: 'retryable', again: true },
    { operation: 'ValidateShipment', rule: { fault: 'status', status: 401 }, outcome: 'permanent_error' },
  ] as const;
  for (const row of table)
    test(`${row.operation} meets ${JSON.stringify(row.rule)}: ${row.outcome}, never a second label`, async t => {
      const { carrier, sim } = await open(t);
      await fault(sim, row.operation, row.rule);
      const buying = running('buy_label', purchase_of('pcl_1'));
      assert.equal((await run(carrier, buying)).outcome, row.outcome);
      if ('asked' in row) {
        const found = await run(carrier, buying, 'query');
        assert.equal(found.outcome, row.asked);
        if ('adopted' in row) assert.equal(labels_of(found)[0]?.adopted, true);
        // Asked again and again, nothing more is bought.
        await run(carrier, buying, 'query');
      }
      if ('again' in row) assert.equal((await run(carrier, buying)).outcome, 'ok');
      assert.equal(bought(sim).length, 'adopted' in row || 'again' in row ? 1 : 0);
    });

  test('a reference of the sandbox: shipped, then the line is cut', async t => {
    const { carrier, sim } = await open(t);
    const buying = running('buy_label', purchase_of('DROP-AFTER-1'));
    assert.equal((await run(carrier, buying)).outcome, 'unknown');
    assert.equal(labels_of(await run(carrier, buying, 'query'))[0]?.tracking_number, bought(sim)[0]?.id);
    assert.equal(bought(sim).length, 1);
  });

  test('a reply past the deadline is unknown, and asking finds the label', async t => {
    const { carrier, sim } = await open(t);
    await fault(sim, 'CreateShipment', { fault: 'reply_late', delay_ms: 20_000 });
    const buying = running('buy_label', purchase_of('pcl_1'));
    const deadline = new AbortController();
    const outcome = run(carrier, buying, 'perform', deadline.signal);
    await until(() => bought(sim).length === 1);
    deadline.abort();
    assert.equal((await outcome).outcome, 'unknown');
    assert.equal((await run(carrier, buying, 'query')).outcome, 'ok');
    assert.equal(bought(sim).length, 1);
  });

  test('a parcel that exists twice is for a person at once', async t => {
    const { carrier, sim } = await open(t);
    await perform(carrier, 'buy_label', purchase_of('pcl_1'));
    await fault(sim, 'CreateShipment', { fault: 'reset_after' });
    const buying = running('buy_label', purchase_of('pcl_1'));
    await run(carrier, buying);
    const found = await run(carrier, buying, 'query');
    assert.equal(found.outcome, 'unknown');
    assert.match(String(value_of(found)['for_operator']), /pcl_1.*2800002/);
  });

  test('when the second of two fails, the one that was bought is told, remembered, and not bought again', async t => {
    const { carrier, sim } = await open(t);
    const both = purchase_of('pcl_1', 'pcl_2');
    const heavy = {
      ...both,
      parcels: (both['parcels'] as Row[]).map((each, place) => ({ ...each, weight_grams: place === 0 ? 1_000 : 90_000 })),
    };
    const refused = await perform(carrier, 'buy_label', heavy);
    assert.equal(refused.outcome, 'declined');
    assert.deepEqual([labels_of(refused).length, (value_of(refused)['failed'] as Row[])[0]?.['parcel_id']], [1, 'pcl_2']);
    const buying = running('buy_label', purchase_of('pcl_3', 'pcl_4'));
    await fault(sim, 'CreateShipment', { fault: 'status', status: 429, times: 1 });
    assert.equal((await run(carrier, buying)).outcome, 'retryable');
    await fault(sim, 'ValidateShipment', { fault: 'delay', delay_ms: 1, times: 1 });
    await fault(sim, 'ValidateShipment', { fault: 'status', status: 503, times: 1 });
    assert.equal((await run(carrier, buying)).outcome, 'retryable', 'the first is bought, the second is not');
    assert.equal((await run(carrier, buying)).outcome, 'ok');
    assert.deepEqual(
      bought(sim)
        .map(({ reference }) => reference)
        .sort(),
      ['pcl_1', 'pcl_3', 'pcl_4'],
    );
  });

  test('refusals: of the schema, of the carrier, of the key, and of a request of ours that lacks something', async t => {
    const { carrier, clock, sim } = await open(t);
    const to = (more: object) => ({ ...purchase_of('pcl_1'), ship_to: { ...ship_to, ...more } });
    const rows = [
      [await perform(carrier, 'buy_label', to({ postal_code: 'V0V 0V0' })), 'invalid_request', /PostalCode is invalid/],
      [await perform(carrier, 'buy_label', { ...purchase_of('pcl_1'), service: 'PurolatorExpress9AM' }), 'refused', /1100555/],
      [await perform(carrier, 'buy_label', { ...purchase_of('pcl_1'), ship_to: null }), 'malformed_request', /does not understand/],
    ] as const;
    for (const [outcome, code, detail] of rows) {
      assert.ok(outcome.outcome === 'permanent_error', JSON.stringify(outcome));
      assert.equal(outcome.code, code);
      assert.match(outcome.detail, detail);
    }
    const theirs = purolator_carrier({ ...credentials, password: 'no', account: '1', base_url: sim.url, clock });
    const outcome = await perform(theirs, 'buy_label', purchase_of('pcl_1'));
    assert.ok(outcome.outcome === 'permanent_error' && outcome.code === 'credentials_refused');
    // Ours a day behind theirs.
    const late = purolator_carrier({ ...credentials, account: '1', base_url: sim.url, clock: { now_ms: () => clock.at_ms - 86_400_000 } });
    const past = await perform(late, 'buy_label', purchase_of('pcl_1'));
    assert.ok(past.outcome === 'permanent_error' && past.detail.includes('1100759'));
    assert.equal(bought(sim).length, 0);
  });
});

test('a label is voided on its day, and not after it', async t => {
  const { carrier, clock, sim } = await open(t);
  const labels = labels_of(await perform(carrier, 'buy_label', purchase_of('pcl_1', 'pcl_2', 'NO-VOID-3')));
  const request = (...numbers: readonly Label[]): Row => ({
    shipment_id: 'shp_1',
    parcels: numbers.map(({ parcel_id, tracking_number }) => ({ parcel_id, tracking_number, provider_shipment_ref: parcel_id })),
  });
  const [first, second, third] = labels;
  assert.ok(first && second && third);
  assert.deepEqual(value_of(await perform(carrier, 'void_label', request(first, third))), {
    voided: ['pcl_1'],
    refused: ['NO-VOID-3'],
    submitted: [],
  });
  clock.at_ms += 86_400_000;
  assert.deepEqual(value_of(await perform(carrier, 'void_label', request(second)))['refused'], ['pcl_2']);
  assert.equal(sim.ledger().filter(entry => entry.kind === 'label_voided').length, 1);
});

test('scans become facts in UTC, the newest last, and an unknown PIN has none', async t => {
  const { carrier, clock } = await open(t);
  const [label] = labels_of(await perform(carrier, 'buy_label', purchase_of('pcl_1')));
  assert.ok(label);
  const request: Row = { parcels: [{ parcel_id: 'pcl_1', tracking_number: label.tracking_number, carrier: 'Purolator' }] };
  const facts = async (of = request) => value_of(await perform(carrier, 'track', of))['facts'] as unknown as TrackingFact[];
  assert.deepEqual(
    (await facts()).map(fact => [fact.status, fact.carrier_at]),
    [['label_created', '2026-03-02T17:00:00.000Z']],
  );
  clock.at_ms += 60_000;
  const all = await facts();
  assert.deepEqual(
    all.map(fact => [fact.status, fact.carrier_at.slice(11, 19), fact.signed_by]),
    [
      ['label_created', '17:00:00', undefined],
      ['picked_up', '17:00:10', undefined],
      ['out_for_delivery', '17:00:20', undefined],
      ['delivered', '17:00:30', 'J TESTER'],
    ],
  );
  assert.deepEqual([all[0]?.carrier, all[0]?.location], ['Purolator', 'TORONTO SORT CTR/CTR TRIE, ON']);
  assert.deepEqual(await facts({ parcels: [{ parcel_id: 'p', tracking_number: '1', carrier: 'Purolator' }] }), []);
});

for (const documents of ['url', 'data'] as const)
  test(`a label is a PDF that scans, given as ${documents}; there is no ZPL`, { skip: no_scanner }, async t => {
    const { carrier } = await open(t, { documents });
    const [label] = labels_of(await perform(carrier, 'buy_label', purchase_of('pcl_1')));
    assert.ok(label && carrier.label_document);
    const pdf = await carrier.label_document(label, 'pdf', AbortSignal.timeout(5_000));
    assert.ok(pdf);
    const { codes, text } = scanned(pdf.bytes);
    assert.deepEqual(codes, [`CODE-128:${label.tracking_number}`]);
    assert.ok(text.includes('Ada Byron') && text.includes('1234 A Main St'), text);
    assert.equal(await carrier.label_document(label, 'zpl', AbortSignal.timeout(5_000)), undefined);
    assert.equal(await carrier.label_document({ ...label, tracking_number: '1' }, 'pdf', AbortSignal.timeout(5_000)), undefined);
  });

test('towns and postal codes are checked', async t => {
  const { carrier, sim } = await open(t);
  const verdict = async (more: object) =>
    value_of(await perform(carrier, 'verify_address', { shipment_id: 's', address: { ...ship_to, region: 'ON', ...more } }));
  assert.deepEqual(await verdict({}), { verdict: 'ok' });
  const wrong = await verdict({ region: 'QC' });
  assert.deepEqual([wrong['verdict'], wrong['detail'], (wrong['suggestion'] as Row)['region']], ['corrected', 'region', 'ON']);
  assert.equal((await verdict({ city: 'Not A City' }))['verdict'], 'undeliverable');
  await sim.stop();
  assert.equal((await verdict({}))['verdict'], 'not_checked');
});

test('each service may be of either version, and version 2 may answer in the namespace of version 1', async t => {
  const v1 = { availability: 'v1', estimating: 'v1', shipping: 'v1', documents: 'v1', tracking: 'v1' } as const;
  for (const [options, versions] of [
    [{}, v1],
    [{}, { documents: 'v2', tracking: 'v2' }],
    [{ answers_in_v1: true }, {}],
  ] as const) {
    const { carrier } = await open(t, options, versions);
    assert.equal((value_of(await perform(carrier, 'quote_rates', quote_of('pcl_1')))['rates'] as Row[]).length, 3);
    const [label] = labels_of(await perform(carrier, 'buy_label', purchase_of('pcl_1')));
    assert.ok(label);
    const tracked = await perform(carrier, 'track', { parcels: [{ ...label, carrier: 'Purolator' }] as unknown as Row[] });
    assert.equal((value_of(tracked)['facts'] as Row[]).length, 1);
  }
});
