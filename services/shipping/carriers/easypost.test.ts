/** The EasyPost adapter against its stand-in, whose ledger says how many labels were really bought. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Operation, Outcome, Row } from '../../../platform/service.ts';
import { type EasyPostOptions, start_easypost } from '../../../sandbox/easypost/easypost.ts';
import { listener, until } from '../../../sandbox/easypost/listener.ts';
import { official_client } from '../../../sandbox/easypost/official_client.ts';
import type { StandIn } from '../../../sandbox/stand_in.ts';
import { no_scanner, scanned } from '../testing/scanner.ts';
import { easypost_carrier } from './easypost.ts';
import type { Carrier, Label, OperationKind, Rate, VerifiedWebhook } from './port.ts';

const api_key = 'EZTK_test';
const secret = 'ｗebhook-secret-\u00e9';
const ship_from = {
  name: 'Depot',
  line1: '417 Montgomery Street',
  city: 'San Francisco',
  region: 'CA',
  postal_code: '94104',
  country: 'US',
};
const ship_to = { name: 'Ada Byron', line1: '179 N Harbor Dr', city: 'Redondo Beach', region: 'CA', postal_code: '90277', country: 'US' };

async function open(t: TestContext, options: EasyPostOptions = {}): Promise<{ sim: StandIn; carrier: Carrier }> {
  const sim = await start_easypost({ deliver_after_ms: 60_000, refund_after_ms: 5, ...options });
  t.after(() => sim.stop());
  return { sim, carrier: easypost_carrier({ api_key, base_url: `${sim.url}/v2/` }) };
}
async function fault(sim: StandIn, rule: object): Promise<void> {
  const answer = await fetch(`${sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify(rule) });
  assert.equal(answer.status, 201);
}
function operation(kind: OperationKind, request: Row): Operation {
  const at = '2026-03-01T12:00:00.000Z';
  const row = { op_id: 'op_1', kind, provider: 'easypost', subject: 'shp_1', key: 'ord_1', state: 'sent', attempts: 1 } as const;
  return { ...row, request, requested_at: at, sent_at: at, learned: {} };
}
/** The operation's row, as far as it is remembered: what a query knows of a process that died. */
const remembered = new WeakMap<Row, Row>();
const remembering = (request: Row) => async (learned: Row) => {
  remembered.set(request, { ...remembered.get(request), ...learned });
  return true;
};
const perform = (carrier: Carrier, kind: OperationKind, request: Row, signal = AbortSignal.timeout(5_000)) =>
  carrier.adapter.perform(operation(kind, request), signal, remembering(request));
const query = (carrier: Carrier, request: Row, learned: Row = remembered.get(request) ?? {}) =>
  carrier.adapter.query({ ...operation('buy_label', request), learned }, AbortSignal.timeout(5_000), remembering(request));

const quote_of = (parcel_ids: readonly string[], weight_grams = 400): Row => ({
  shipment_id: 'shp_1',
  order_id: 'ord_1',
  parcels: parcel_ids.map(parcel_id => ({ parcel_id, weight_grams, dimensions_mm: [254, 200, 100] })),
  ship_to,
  ship_from,
  service: 'standard',
});
/** What an outcome tells; `undefined` for the outcomes that carry nothing. */
function value_of(outcome: Outcome): Row {
  assert.ok('value' in outcome && outcome.value !== undefined, JSON.stringify(outcome));
  return outcome.value;
}
// The port says what the values of these outcomes hold.
const rates_of = (outcome: Outcome) => value_of(outcome)['rates'] as unknown as Rate[];
const labels_of = (outcome: Outcome) => value_of(outcome)['labels'] as unknown as Label[];

/** Quotes, chooses the cheapest rate of each parcel, and gives the request that buys them. */
async function chosen(
  carrier: Carrier,
  ...parcel_ids: string[]
): Promise<Row & { parcels: { parcel_id: string; provider_shipment_ref: string; rate_ref: string }[] }> {
  const rates = rates_of(await perform(carrier, 'quote_rates', quote_of(parcel_ids)));
  const parcels = parcel_ids.map(parcel_id => {
    const [cheapest] = rates.filter(rate => rate.parcel_id === parcel_id).sort((a, b) => a.amount - b.amount);
    assert.ok(cheapest);
    return { parcel_id, provider_shipment_ref: cheapest.provider_shipment_ref, rate_ref: cheapest.rate_ref };
  });
  return { shipment_id: 'shp_1', order_id: 'ord_1', parcels };
}
/** The caller's deadline passes right after the effect, while the reply is held back. */
async function perform_too_late(sim: StandIn, carrier: Carrier, request: Row, labels: number): Promise<Outcome> {
  const deadline = new AbortController();
  const outcome = perform(carrier, 'buy_label', request, deadline.signal);
  await until(() => bought(sim) === labels);
  deadline.abort();
  return outcome;
}
const bought = (sim: StandIn) => sim.ledger().filter(entry => entry.kind === 'label_purchased').length;

test('rates come per parcel, in minor units, with the shipment to buy at', async t => {
  const { carrier } = await open(t);
  const rates = rates_of(await perform(carrier, 'quote_rates', quote_of(['pcl_1', 'pcl_2'])));
  assert.equal(rates.length, 6);
  const { provider_shipment_ref, rate_ref, ...rate } =
    rates.find(each => each.parcel_id === 'pcl_2' && each.service === 'GroundAdvantage') ?? assert.fail();
  assert.deepEqual(rate, {
    parcel_id: 'pcl_2',
    carrier: 'USPS',
    service: 'GroundAdvantage',
    amount: 593,
    currency: 'USD',
    delivery_days: 3,
  });
  assert.match(provider_shipment_ref, /^shp_/);
  assert.match(rate_ref, /^rate_/);
});

test('no carrier takes the parcel: no rates, and the reason', async t => {
  const { carrier } = await open(t);
  const outcome = await perform(carrier, 'quote_rates', quote_of(['pcl_1'], 2_834_923));
  assert.equal(outcome.outcome, 'ok');
  const message = { parcel_id: 'pcl_1', carrier: 'USPS', message: 'Shipment weight exceeds the maximum of 70 lb' };
  assert.deepEqual(value_of(outcome), { rates: [], messages: [message] });
});

test('one operation buys all labels of a shipment, and the ledger names each parcel', async t => {
  const { sim, carrier } = await open(t);
  const outcome = await perform(carrier, 'buy_label', await chosen(carrier, 'pcl_1', 'pcl_2'));
  assert.equal(outcome.outcome, 'ok');
  for (const label of labels_of(outcome)) {
    assert.match(label.tracking_number, /^\d{22}$/);
    assert.match(label.tracking_url ?? '', /^https:/);
    assert.deepEqual(
      [label.cost, label.currency, label.carrier, label.service, label.adopted],
      [593, 'USD', 'USPS', 'GroundAdvantage', false],
    );
  }
  assert.deepEqual(
    sim.ledger().map(entry => entry.reference),
    ['pcl_1', 'pcl_2'],
  );
});

test('performed again, labels that are there are adopted, not bought', async t => {
  const { sim, carrier } = await open(t);
  const request = await chosen(carrier, 'pcl_1');
  const first = labels_of(await perform(carrier, 'buy_label', request));
  const again = labels_of(await perform(carrier, 'buy_label', request));
  assert.deepEqual(
    again,
    first.map(label => ({ ...label, adopted: true })),
  );
  // Read before it is bought, not bought and refused: whether EasyPost always refuses is not ours to prove.
  await fault(sim, { match: { path: '/v2/shipments/*/buy' }, fault: 'status', status: 500 });
  assert.equal((await perform(carrier, 'buy_label', request)).outcome, 'ok');
  assert.equal(bought(sim), 1);
});

/** Faults of the purchase: what the adapter says, what the ledger says, and what asking finds. */
const faults: readonly {
  readonly fault: object;
  readonly outcome: Outcome['outcome'];
  readonly labels: 0 | 1;
  readonly asked: Outcome['outcome'];
}[] = [
  { fault: { fault: 'reset_after' }, outcome: 'unknown', labels: 1, asked: 'ok' },
  { fault: { fault: 'garbage' }, outcome: 'unknown', labels: 1, asked: 'ok' },
  { fault: { fault: 'truncate' }, outcome: 'unknown', labels: 1, asked: 'ok' },
  { fault: { fault: 'lie_amount' }, outcome: 'unknown', labels: 1, asked: 'ok' },
  { fault: { fault: 'status', status: 500, executed: true }, outcome: 'unknown', labels: 1, asked: 'ok' },
  { fault: { fault: 'status', status: 500 }, outcome: 'unknown', labels: 0, asked: 'unknown' },
  { fault: { fault: 'status', status: 302 }, outcome: 'unknown', labels: 0, asked: 'unknown' },
  { fault: { fault: 'reset_before' }, outcome: 'unknown', labels: 0, asked: 'unknown' },
  { fault: { fault: 'status', status: 401 }, outcome: 'permanent_error', labels: 0, asked: 'unknown' },
  { fault: { fault: 'status', status: 402 }, outcome: 'permanent_error', labels: 0, asked: 'unknown' },
  { fault: { fault: 'status', status: 422 }, outcome: 'unknown', labels: 0, asked: 'unknown' },
];
for (const row of faults)
  test(`buying meets ${JSON.stringify(row.fault)}: ${row.outcome}, ${row.labels} label, asked ${row.asked}, never a second label`, async t => {
    const { sim, carrier } = await open(t);
    const request = await chosen(carrier, 'pcl_1');
    await fault(sim, { match: { method: 'POST', path: '/v2/shipments/*/buy' }, ...row.fault });
    const outcome = await perform(carrier, 'buy_label', request);
    assert.equal(outcome.outcome, row.outcome);
    assert.equal(bought(sim), row.labels);
    const found = await query(carrier, request);
    assert.equal(found.outcome, row.asked);
    assert.deepEqual(
      labels_of(found).map(label => [label.parcel_id, label.cost, label.adopted]),
      row.labels === 1 ? [['pcl_1', 593, true]] : [],
    );
    assert.equal(bought(sim), row.labels);
  });

test('a 429 tells when to come back', async t => {
  const { sim, carrier } = await open(t);
  const request = await chosen(carrier, 'pcl_1');
  await fault(sim, { match: { path: '/v2/shipments/*/buy' }, fault: 'status', status: 429 });
  const outcome = await perform(carrier, 'buy_label', request);
  assert.ok(outcome.outcome === 'retryable');
  assert.equal(outcome.after_ms, 1_000);
  // And leaves no doubt: should the process die now, the label is bought by who asks.
  assert.equal((await query(carrier, request)).outcome, 'ok');
  assert.equal(bought(sim), 1);
});

test('a refused connection was never sent', async t => {
  const { sim, carrier } = await open(t);
  const request = await chosen(carrier, 'pcl_1');
  await sim.stop();
  assert.equal((await perform(carrier, 'buy_label', request)).outcome, 'retryable');
  assert.equal((await query(carrier, request)).outcome, 'retryable');
});

test('a reply past the deadline is unknown, asking finds the label, and there is one', async t => {
  const { sim, carrier } = await open(t);
  const request = await chosen(carrier, 'pcl_1');
  await fault(sim, { match: { path: '/v2/shipments/*/buy' }, fault: 'reply_late', delay_ms: 60_000 });
  assert.equal((await perform_too_late(sim, carrier, request, 1)).outcome, 'unknown');
  assert.deepEqual(
    labels_of(await query(carrier, request)).map(label => label.adopted),
    [true],
  );
  assert.equal(bought(sim), 1);
});

test('the references of the sandbox: the line is cut after the purchase, the reply is late', async t => {
  const { sim, carrier } = await open(t, { slow_ms: 60_000 });
  const dropped = await chosen(carrier, 'DROP-AFTER-pcl_1');
  assert.equal((await perform(carrier, 'buy_label', dropped)).outcome, 'unknown');
  assert.equal((await query(carrier, dropped)).outcome, 'ok');
  const slow = await chosen(carrier, 'SLOW-pcl_2');
  assert.equal((await perform_too_late(sim, carrier, slow, 2)).outcome, 'unknown');
  assert.equal((await query(carrier, slow)).outcome, 'ok');
  assert.equal(bought(sim), 2);
});

test('an expired rate is renewed: the same carrier and service', async t => {
  const { sim, carrier } = await open(t);
  const [label] = labels_of(await perform(carrier, 'buy_label', await chosen(carrier, 'RATE-EXPIRED-pcl_1')));
  assert.deepEqual([label?.service, label?.cost], ['GroundAdvantage', 593]);
  assert.equal(bought(sim), 1);
});

test('a rate that is no longer offered is a decline that may be quoted anew', async t => {
  const { sim, carrier } = await open(t);
  const request = await chosen(carrier, 'pcl_1');
  const [parcel] = request.parcels;
  assert.ok(parcel);
  const outcome = await perform(carrier, 'buy_label', { ...request, parcels: [{ ...parcel, rate_ref: 'rate_gone' }] });
  assert.ok(outcome.outcome === 'declined');
  assert.deepEqual([outcome.code, outcome.retryable], ['rate_unavailable', true]);
  assert.equal(bought(sim), 0);
});

test('when the second of three labels fails, the outcome names the one that was paid', async t => {
  const { sim, carrier } = await open(t);
  const request = await chosen(carrier, 'pcl_1', 'pcl_2', 'pcl_3');
  const second = request.parcels[1]?.provider_shipment_ref;
  const buy = { method: 'POST', path: `/v2/shipments/${second}/buy` };
  await fault(sim, { match: buy, fault: 'status', status: 402 });
  const refused = await perform(carrier, 'buy_label', request);
  assert.ok(refused.outcome === 'declined');
  assert.equal(refused.code, 'billing');
  assert.deepEqual(
    labels_of(refused).map(label => label.parcel_id),
    ['pcl_1'],
  );
  await fault(sim, { match: buy, fault: 'reset_after' });
  const lost = await perform(carrier, 'buy_label', request);
  assert.equal(lost.outcome, 'unknown');
  assert.deepEqual(value_of(lost)['missing'], ['pcl_2', 'pcl_3']);
  assert.equal(bought(sim), 2);
  // The second was in doubt and is found: the third was certainly not asked for.
  const rest = labels_of(await query(carrier, request));
  assert.deepEqual(
    rest.map(label => label.adopted),
    [true, true, false],
  );
  assert.equal(bought(sim), 3);
});

test('a process died: before it asked for a label it is bought at once, after that it stays unknown until it is found', async t => {
  const { sim, carrier } = await open(t);
  const request = await chosen(carrier, 'pcl_1', 'pcl_2');
  assert.equal((await query(carrier, request, { doubtful: 'pcl_1' })).outcome, 'unknown');
  assert.equal(bought(sim), 0);
  assert.deepEqual(
    labels_of(await query(carrier, request, {})).map(label => label.adopted),
    [false, false],
  );
  assert.equal(bought(sim), 2);
});

test('what another process has taken over is not bought here, and nothing is bought where no doubt can be kept', async t => {
  const { sim, carrier } = await open(t);
  const asked = operation('buy_label', await chosen(carrier, 'pcl_1'));
  assert.equal((await carrier.adapter.perform(asked, AbortSignal.timeout(5_000), async () => false)).outcome, 'retryable');
  await assert.rejects(carrier.adapter.perform(asked, AbortSignal.timeout(5_000)), /remembered/);
  assert.equal(bought(sim), 0);
});

test('a shipment of another parcel is never adopted', async t => {
  const { carrier } = await open(t);
  const request = await chosen(carrier, 'pcl_1');
  await perform(carrier, 'buy_label', request);
  const foreign = { ...request, parcels: request.parcels.map(parcel => ({ ...parcel, parcel_id: 'pcl_other' })) };
  assert.equal((await perform(carrier, 'buy_label', foreign)).outcome, 'unknown');
  assert.equal((await query(carrier, foreign)).outcome, 'unknown');
});

test('what has no effect that a second time doubles may be repeated after any doubt', async t => {
  const { sim, carrier } = await open(t);
  const request = await chosen(carrier, 'pcl_1');
  const [label] = labels_of(await perform(carrier, 'buy_label', request));
  const parcels = [{ ...request.parcels[0], tracking_number: label?.tracking_number }];
  const track = { parcels: [{ parcel_id: 'pcl_1', tracking_number: label?.tracking_number, carrier: 'USPS' }] };
  const cases = [
    ['quote_rates', quote_of(['pcl_9'])],
    ['track', track],
    ['void_label', { shipment_id: 'shp_1', parcels }],
  ] as const;
  for (const [kind, row] of cases) {
    await fault(sim, { match: { path: '/v2/*' }, fault: 'reset_after' });
    assert.equal((await perform(carrier, kind, row)).outcome, 'retryable', kind);
    assert.equal((await carrier.adapter.query(operation(kind, row), AbortSignal.timeout(1_000))).outcome, 'retryable', kind);
    assert.equal((await perform(carrier, kind, row)).outcome, 'ok', kind);
  }
});

test('a label is voided by a refund that is answered later; asking twice refunds once', async t => {
  const { sim, carrier } = await open(t);
  const { url, letters } = await listener(t);
  await official_client(sim.url, api_key).Webhook.create({ url, webhook_secret: secret });
  const request = await chosen(carrier, 'pcl_1');
  const [label] = labels_of(await perform(carrier, 'buy_label', request));
  const parcels = [{ ...request.parcels[0], tracking_number: label?.tracking_number }];
  const asked = value_of(await perform(carrier, 'void_label', { shipment_id: 'shp_1', parcels }));
  assert.deepEqual(asked, { voided: [], refused: [], submitted: ['pcl_1'] });
  await until(() => letters.length === 3);
  const facts = letters.flatMap(letter => verified(carrier.parse_webhook(letter.body, letter.headers, secret)).label_facts);
  for (const fact of facts) assert.deepEqual([fact.status, fact.tracking_number], ['voided', label?.tracking_number]);
  assert.equal(facts.length, 2);
  const again = value_of(await perform(carrier, 'void_label', { shipment_id: 'shp_1', parcels }));
  assert.deepEqual(again, { voided: ['pcl_1'], refused: [], submitted: [] });
  assert.equal(sim.ledger().filter(entry => entry.kind === 'label_refunded').length, 1);
});

test('a parcel under way is not voided', async t => {
  const { carrier } = await open(t, { deliver_after_ms: 4 });
  const request = await chosen(carrier, 'pcl_1');
  const [label] = labels_of(await perform(carrier, 'buy_label', request));
  const track = { parcels: [{ parcel_id: 'pcl_1', tracking_number: label?.tracking_number, carrier: 'USPS' }] };
  await until(async () => JSON.stringify(await perform(carrier, 'track', track)).includes('delivered'));
  const parcels = [{ ...request.parcels[0], tracking_number: label?.tracking_number }];
  const answer = value_of(await perform(carrier, 'void_label', { shipment_id: 'shp_1', parcels }));
  assert.deepEqual(answer, { voided: [], refused: ['pcl_1'], submitted: [] });
});

function verified(result: ReturnType<Carrier['parse_webhook']>): VerifiedWebhook {
  assert.ok(!('invalid' in result), JSON.stringify(result));
  return result;
}

test('labels are fetched as PDF and ZPL, a scanner reads their number, and nothing is fetched for a label that is not there', async t => {
  const { carrier } = await open(t);
  const [label] = labels_of(await perform(carrier, 'buy_label', await chosen(carrier, 'pcl_1')));
  assert.ok(label && carrier.label_document);
  const pdf = await carrier.label_document(label, 'pdf', AbortSignal.timeout(5_000));
  assert.equal(pdf?.content_type, 'application/pdf');
  assert.match(Buffer.from(pdf.bytes).toString('latin1'), /^%PDF-/);
  const zpl = await carrier.label_document(label, 'zpl', AbortSignal.timeout(5_000));
  assert.match(Buffer.from(zpl?.bytes ?? []).toString(), new RegExp(`\\^BC[^^]*\\^FD${label.tracking_number}\\^FS`));
  assert.equal(await carrier.label_document({ label_ref: 'shp_none', tracking_number: '1' }, 'pdf', AbortSignal.timeout(5_000)), undefined);
  await t.test('scanned', { skip: no_scanner }, () => {
    const { codes, text } = scanned(pdf.bytes);
    assert.deepEqual(codes, [`CODE-128:${label.tracking_number}`]);
    assert.ok(text.includes(label.tracking_number) && text.includes('Ada Byron'), text);
  });
});

test('a request that is none of ours is our bug, and nobody is called', async t => {
  const { carrier } = await open(t);
  const outcome = await perform(carrier, 'buy_label', { shipment_id: 'shp_1', order_id: 'ord_1', parcels: [] });
  assert.ok(outcome.outcome === 'permanent_error');
  assert.equal(outcome.code, 'malformed_request');
});
