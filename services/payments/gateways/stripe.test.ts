/** The adapter against the stand-in, which the official client has judged (sandbox/stripe). */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Operation, Outcome, Row } from '../../../platform/service.ts';
import type { StandIn } from '../../../sandbox/stand_in.ts';
import { type StripeOptions, start_stripe } from '../../../sandbox/stripe/stripe.ts';
import type { AuthorizeRequest, Gateway, GatewayFact } from './port.ts';
import { stripe_gateway } from './stripe.ts';

const start_ms = 1_800_000_000_000;
const at = (ms: number) => new Date(ms).toISOString();

interface Setup {
  readonly sim: StandIn;
  readonly gateway: Gateway;
  /** Theirs and ours. */
  readonly clock: { ms: number };
  perform(operation: Operation): Promise<Outcome>;
  query(operation: Operation): Promise<Outcome>;
  fault(rule: object): Promise<void>;
}
async function open(t: TestContext, options: StripeOptions & { timeout_ms?: number; secret?: string } = {}): Promise<Setup> {
  const clock = { ms: start_ms };
  const sim = await start_stripe({ secret_key: 'sk_test_1', now_ms: () => clock.ms, later_ms: 5, ...options });
  t.after(() => sim.stop());
  const timeout_ms = options.timeout_ms ?? 4_000;
  const gateway = stripe_gateway({
    base_url: `${sim.url}/`,
    secret_key: options.secret ?? 'sk_test_1',
    webhook_secret: 'whsec_1',
    timeout_ms,
    now_ms: () => clock.ms,
  });
  return {
    sim,
    gateway,
    clock,
    perform: operation => gateway.adapter.perform(operation, AbortSignal.timeout(timeout_ms)),
    query: operation => gateway.adapter.query(operation, AbortSignal.timeout(timeout_ms)),
    fault: async rule => {
      assert.equal((await fetch(`${sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify(rule) })).status, 201);
    },
  };
}

function operation(kind: string, request: Row, more: Partial<Operation> = {}): Operation {
  const op_id = `op_${kind}_${request['capture_no'] ?? 1}`;
  const base = {
    op_id,
    kind,
    provider: 'stripe',
    subject: 'pay_1',
    key: 'ord_1',
    request,
    state: 'requested',
    attempts: 1,
    learned: {},
  } as const;
  return { ...base, requested_at: at(start_ms), sent_at: at(start_ms), ...more };
}
const order: AuthorizeRequest = {
  payment_id: 'pay_1',
  order_id: 'ord_1',
  amount: 10_000,
  currency: 'EUR',
  intent: 'authorize',
  method: 'pm_card_visa',
};
const authorize = (more: Partial<AuthorizeRequest> = {}, row: Partial<Operation> = {}) =>
  operation('authorize', { ...order, ...more }, row);
const reference = { payment_id: 'pay_1', order_id: 'ord_1', currency: 'EUR' };
const capture = (gateway_ref: string, capture_no: number, amount: number, final: boolean, row: Partial<Operation> = {}) =>
  operation('capture', { ...reference, gateway_ref, capture_no, amount, final }, row);
const cancel = (gateway_ref: string, row: Partial<Operation> = {}) => operation('void', { ...reference, gateway_ref, amount: 10_000 }, row);
const refund = (gateway_ref: string, amount: number, row: Partial<Operation> = {}) =>
  operation('refund', { ...reference, refund_id: 'rfd_1', gateway_ref, amount, reason: 'goodwill' }, row);

/** Boundary: the adapter's values are LearnedValues, rows only by their outer type. */
const facts_of = (outcome: Outcome): readonly GatewayFact[] =>
  'value' in outcome ? ((outcome.value?.['facts'] ?? []) as unknown as GatewayFact[]) : [];
const told = (outcome: Outcome) => facts_of(outcome).map(fact => `${fact.fact} ${fact.amount}`);
const learned = (outcome: Outcome, name: string): string => ('value' in outcome ? String(outcome.value?.[name]) : '');
const movements = (sim: StandIn) => sim.ledger().map(entry => `${entry.kind} ${entry.amount}`);
async function authorized(setup: Setup, more: Partial<AuthorizeRequest> = {}): Promise<string> {
  const outcome = await setup.perform(authorize(more));
  assert.equal(outcome.outcome, 'ok');
  return learned(outcome, 'gateway_ref');
}
async function until(condition: () => boolean): Promise<void> {
  for (let round = 0; round < 300 && !condition(); round += 1) await new Promise(resolve => setTimeout(resolve, 10));
  assert.ok(condition(), 'the awaited condition never came');
}

test('an authorization tells its amount, its end, and whose it is', async t => {
  const setup = await open(t);
  const outcome = await setup.perform(authorize());
  assert.equal(outcome.outcome, 'ok');
  const [fact] = facts_of(outcome);
  const { raw, ...rest } = fact ?? assert.fail('no fact');
  const gateway_ref = learned(outcome, 'gateway_ref');
  assert.deepEqual(rest, {
    gateway: 'stripe',
    object_ref: gateway_ref,
    fact: 'authorized',
    amount: 10_000,
    currency: 'EUR',
    gateway_ref,
    order_id: 'ord_1',
    payment_id: 'pay_1',
    operation_id: 'op_authorize_1',
    authorization_expires_at: at(start_ms + 7 * 24 * 3_600_000),
    multi_capture: true,
  });
  assert.equal(raw['last4'], '4242');
  assert.doesNotMatch(JSON.stringify(raw), /secret/);
});

test('a charge is captured at once; a capture of less lets the rest go', async t => {
  const setup = await open(t);
  assert.deepEqual(told(await setup.perform(authorize({ intent: 'charge' }))), ['captured 10000']);
  const other = await open(t);
  const ref = await authorized(other);
  assert.deepEqual(told(await other.perform(capture(ref, 1, 7_000, true))), ['authorized 10000', 'captured 7000', 'voided 3000']);
});

test('a card without multicapture says so, and a capture that is not the last is not for it', async t => {
  const setup = await open(t);
  const outcome = await setup.perform(authorize({ method: 'pm_card_jcb' }));
  assert.equal(facts_of(outcome)[0]?.multi_capture, false);
  assert.equal((await setup.perform(capture(learned(outcome, 'gateway_ref'), 1, 1_000, false))).outcome, 'permanent_error');
});

test('two equal captures stay two: facts are cumulative', async t => {
  const setup = await open(t);
  const ref = await authorized(setup);
  assert.deepEqual(told(await setup.perform(capture(ref, 1, 2_500, false))), ['authorized 10000', 'captured 2500']);
  assert.deepEqual(told(await setup.perform(capture(ref, 2, 2_500, false))), ['authorized 10000', 'captured 5000']);
  assert.deepEqual(told(await setup.perform(capture(ref, 3, 1_000, true))), ['authorized 10000', 'captured 6000', 'voided 4000']);
  assert.deepEqual(movements(setup.sim), ['authorized 10000', 'captured 2500', 'captured 2500', 'captured 1000', 'voided 4000']);
});

test('a void lets go what is held; after the capture it is a conflict that tells what is', async t => {
  const setup = await open(t);
  assert.deepEqual(told(await setup.perform(cancel(await authorized(setup)))), ['authorized 10000', 'voided 10000']);
  const other = await open(t);
  const ref = await authorized(other);
  await other.perform(capture(ref, 1, 10_000, true));
  const late = await other.perform(cancel(ref));
  assert.deepEqual([late.outcome, learned(late, 'conflict'), told(late)], ['declined', 'true', ['authorized 10000', 'captured 10000']]);
});

test('a void after a part was captured lets the rest go, whether Stripe cancels such a payment or not', async t => {
  for (const cancel_after_capture of [true, false]) {
    const setup = await open(t, { cancel_after_capture });
    const ref = await authorized(setup);
    await setup.perform(capture(ref, 1, 2_500, false));
    const outcome = await setup.perform(cancel(ref));
    assert.deepEqual([outcome.outcome, told(outcome)], ['ok', ['authorized 10000', 'captured 2500', 'voided 7500']]);
    assert.deepEqual(movements(setup.sim), ['authorized 10000', 'captured 2500', 'voided 7500']);
  }
});

test('a capture of a lapsed authorization is refused, and the lapse is told', async t => {
  const setup = await open(t);
  const ref = await authorized(setup);
  setup.clock.ms += 8 * 24 * 3_600_000;
  const now = { requested_at: at(setup.clock.ms), sent_at: at(setup.clock.ms) };
  const late = await setup.perform(capture(ref, 1, 10_000, true, now));
  assert.deepEqual([late.outcome, told(late)], ['declined', ['authorized 10000', 'lapsed 10000']]);
});

test('a refund succeeds, waits, or is refused beyond what was captured', async t => {
  const setup = await open(t);
  const ref = await authorized(setup, { intent: 'charge' });
  const outcome = await setup.perform(refund(ref, 4_000));
  assert.deepEqual([outcome.outcome, told(outcome), facts_of(outcome)[0]?.refund_id], ['ok', ['refunded 4000'], 'rfd_1']);
  const too_much = await setup.perform(refund(ref, 6_001, { op_id: 'op_refund_2' }));
  assert.deepEqual(too_much, { outcome: 'declined', code: 'other', retryable: false });
  const slow = await open(t);
  const waiting = await slow.perform(refund(await authorized(slow, { intent: 'charge', method: 'pm_card_pendingRefund' }), 4_000));
  assert.deepEqual([waiting.outcome, told(waiting)], ['pending', ['pending 4000']]);
  await until(() => slow.sim.ledger().length === 3);
  const asked = {
    state: 'sent',
    learned: { gateway_ref: learned(waiting, 'gateway_ref'), object_ref: learned(waiting, 'object_ref') },
  } as const;
  assert.deepEqual(told(await slow.query(refund('pi_any', 4_000, asked))), ['refunded 4000']);
});

const declines = [
  ['pm_card_visa_chargeDeclined', 'do_not_honor', true],
  ['pm_card_visa_chargeDeclinedInsufficientFunds', 'insufficient_funds', true],
  ['pm_card_visa_chargeDeclinedLostCard', 'lost_or_stolen', false],
  ['pm_card_visa_chargeDeclinedStolenCard', 'lost_or_stolen', false],
  ['pm_card_chargeDeclinedExpiredCard', 'card_expired', true],
  ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', true],
  ['pm_card_chargeDeclinedProcessingError', 'processing_error', true],
  ['pm_card_chargeDeclinedFraudulent', 'suspected_fraud', false],
  ['pm_card_chargeCustomerFail', 'do_not_honor', true],
] as const;
for (const [method, code, retryable] of declines) {
  test(`${method} is declined as ${code}`, async t => {
    const setup = await open(t);
    const outcome = await setup.perform(authorize({ method }));
    assert.deepEqual(
      [outcome.outcome, 'code' in outcome && outcome.code, 'retryable' in outcome && outcome.retryable],
      ['declined', code, retryable],
    );
    assert.deepEqual([told(outcome), facts_of(outcome)[0]?.decline_code], [['declined 10000'], code]);
    assert.deepEqual(movements(setup.sim), []);
  });
}

test('3D Secure asks the payer; afterwards the question by id tells what came of it', async t => {
  for (const [answer, outcome, facts] of [
    ['success', 'ok', 'authorized 10000'],
    ['fail', 'declined', 'declined 10000'],
  ] as const) {
    const setup = await open(t);
    const asked = await setup.perform(authorize({ method: 'pm_card_threeDSecure2Required', return_url: 'https://shop.example/back' }));
    assert.equal(asked.outcome, 'action_required');
    const url = 'url' in asked ? asked.url : '';
    assert.deepEqual([told(asked), facts_of(asked)[0]?.url], [['action_required 10000'], url]);
    await fetch(`${url}?outcome=${answer}`, { method: 'POST', redirect: 'manual' });
    const after = await setup.query(authorize({}, { state: 'sent', learned: { gateway_ref: learned(asked, 'gateway_ref') } }));
    assert.deepEqual([after.outcome, told(after)], [outcome, [facts]]);
  }
  const shop = await open(t);
  const by_script = await shop.perform(authorize({ method: 'pm_card_threeDSecure2Required' }));
  assert.match('url' in by_script ? by_script.url : '', /^stripe-js:pi_.*_secret_/);
});

// --- faults: whatever happens on the wire, one effect, and never "failed"

const once_lost = ['reset_after', 'garbage', 'truncate'] as const;
for (const fault of once_lost) {
  test(`${fault}: the one repeat with the same key finds the effect of create, capture and refund`, async t => {
    const setup = await open(t);
    await setup.fault({ fault, match: { method: 'POST', path: '/v1/*' } });
    const ref = await authorized(setup);
    await setup.fault({ fault, match: { method: 'POST', path: '*/capture' } });
    assert.equal((await setup.perform(capture(ref, 1, 10_000, true))).outcome, 'ok');
    await setup.fault({ fault, match: { method: 'POST', path: '/v1/refunds' } });
    assert.equal((await setup.perform(refund(ref, 10_000))).outcome, 'ok');
    assert.deepEqual(movements(setup.sim), ['authorized 10000', 'captured 10000', 'refunded 10000']);
  });

  test(`${fault} twice: unknown, and the question finds the one effect`, async t => {
    const setup = await open(t);
    const lost = async (made: Operation): Promise<Outcome> => {
      await setup.fault({ fault, times: 2, match: { method: 'POST' } });
      assert.equal((await setup.perform(made)).outcome, 'unknown');
      const outcome = await setup.query({ ...made, state: 'unknown', attempts: 2 });
      assert.equal(outcome.outcome, 'ok');
      return outcome;
    };
    const ref = learned(await lost(authorize()), 'gateway_ref');
    await lost(capture(ref, 1, 10_000, true));
    await lost(refund(ref, 10_000));
    assert.deepEqual(movements(setup.sim), ['authorized 10000', 'captured 10000', 'refunded 10000']);
    const held = await open(t);
    const other = await authorized(held);
    await held.fault({ fault, times: 2, match: { method: 'POST' } });
    assert.equal((await held.perform(cancel(other))).outcome, 'unknown');
    assert.deepEqual(told(await held.query(cancel(other, { state: 'unknown' }))), ['authorized 10000', 'voided 10000']);
  });
}

test('a reply later than half the time-out is asked for again; both late is unknown, and one effect', async t => {
  const setup = await open(t, { timeout_ms: 300 });
  await setup.fault({ fault: 'reply_late', delay_ms: 5_000, match: { method: 'POST' } });
  assert.equal((await setup.perform(authorize())).outcome, 'ok');
  await setup.fault({ fault: 'reply_late', delay_ms: 5_000, times: 2, match: { method: 'POST' } });
  assert.equal((await setup.perform(authorize({}, { op_id: 'op_2' }))).outcome, 'unknown');
  assert.equal((await setup.query(authorize({}, { op_id: 'op_2', state: 'unknown' }))).outcome, 'ok');
  assert.deepEqual(movements(setup.sim), ['authorized 10000', 'authorized 10000']);
});

test('a 500 is kept under its key, so only the question resolves it; a proxy’s 503 is repeated at once', async t => {
  const setup = await open(t);
  await setup.fault({ fault: 'status', status: 500, executed: true, match: { method: 'POST' } });
  assert.deepEqual(await setup.perform(authorize()), { outcome: 'unknown', detail: 'HTTP 500, then HTTP 500' });
  assert.deepEqual(told(await setup.query(authorize({}, { state: 'unknown' }))), ['authorized 10000']);
  await setup.fault({ fault: 'status', status: 503, match: { method: 'POST' } });
  assert.equal((await setup.perform(authorize({}, { op_id: 'op_2' }))).outcome, 'ok');
});

test('429 and a key in use are retryable, a refused connection, too: certainly not executed', async t => {
  const setup = await open(t, { processing_ms: 60 });
  await setup.fault({ fault: 'status', status: 429, match: { method: 'POST' } });
  assert.deepEqual(await setup.perform(authorize()), { outcome: 'retryable', detail: 'rate_limit', after_ms: 1_000 });
  const running = setup.perform(authorize());
  await new Promise(resolve => setTimeout(resolve, 20));
  assert.deepEqual(await setup.perform(authorize()), { outcome: 'retryable', detail: 'idempotency_key_in_use' });
  assert.equal((await running).outcome, 'ok');
  await setup.fault({ fault: 'refuse', delay_ms: 200 });
  assert.deepEqual(await setup.perform(authorize({}, { op_id: 'op_2' })), { outcome: 'retryable', detail: 'ECONNREFUSED' });
  assert.deepEqual(movements(setup.sim), ['authorized 10000']);
});

test('what Stripe does not know is unknown for 15 minutes, then sent again, and only asked about after 23 hours', async t => {
  const setup = await open(t);
  const asked = authorize({}, { state: 'unknown', attempts: 2 });
  assert.match(detail(await setup.query(asked)), /does not know this authorize yet/);
  setup.clock.ms += 24 * 3_600_000;
  assert.match(detail(await setup.query(asked)), /too old/);
  assert.match(detail(await setup.perform(authorize({}, { attempts: 2 }))), /too old/);
  assert.deepEqual(movements(setup.sim), []);
  setup.clock.ms = start_ms + 16 * 60_000;
  assert.equal((await setup.query(asked)).outcome, 'ok');
  assert.equal((await setup.query(asked)).outcome, 'ok');
  assert.deepEqual(movements(setup.sim), ['authorized 10000']);
});
const detail = (outcome: Outcome): string => ('detail' in outcome ? (outcome.detail ?? '') : outcome.outcome);

test('a call whose process died is repeated with its key: one effect, whether it had happened or not', async t => {
  const setup = await open(t);
  const died = { state: 'sent', attempts: 2 } as const;
  const ref = learned(await setup.query(authorize({}, died)), 'gateway_ref');
  assert.equal(learned(await setup.query(authorize({}, died)), 'gateway_ref'), ref);
  for (let round = 0; round < 2; round += 1) assert.equal((await setup.query(capture(ref, 1, 10_000, true, died))).outcome, 'ok');
  assert.deepEqual(movements(setup.sim), ['authorized 10000', 'captured 10000']);
});

test('a lie about the amount is passed on as a fact, for the payment to compare', async t => {
  const setup = await open(t);
  await setup.fault({ fault: 'lie_amount', match: { method: 'POST' } });
  assert.deepEqual(told(await setup.perform(authorize())), ['authorized 10001']);
});

test('our own mistakes are permanent errors: a wrong key, other parameters under a key, a form that is none, a card number', async t => {
  const setup = await open(t);
  const code = (outcome: Outcome) => (outcome.outcome === 'permanent_error' ? outcome.code : outcome.outcome);
  assert.equal(code(await (await open(t, { secret: 'sk_test_2' })).perform(authorize())), 'invalid_request_error');
  await setup.perform(authorize());
  assert.equal(code(await setup.perform(authorize({ amount: 9_999 }))), 'idempotency_error');
  assert.equal(code(await setup.perform(authorize({ method: '4242424242424242' }))), 'malformed_request');
  assert.equal(code(await setup.perform(authorize({ method: 'pm_none' }, { op_id: 'op_2' }))), 'resource_missing');
  assert.equal(code(await setup.perform(authorize({ amount: 1_234, currency: 'KWD' }, { op_id: 'op_3' }))), 'amount_not_expressible');
  assert.equal(code(await setup.perform(operation('transfer', {}))), 'malformed_request');
});
