/** The official client is the judge: what it accepts is Stripe. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import Stripe from 'stripe';
import type { StandIn } from '../stand_in.ts';
import { type StripeOptions, start_stripe } from './stripe.ts';

async function open(t: TestContext, options: StripeOptions = {}): Promise<{ sim: StandIn; stripe: Stripe }> {
  const sim = await start_stripe({ later_ms: 30, ...options });
  t.after(() => sim.stop());
  return { sim, stripe: client(sim) };
}
function client(sim: StandIn, key = 'sk_test_123'): Stripe {
  return new Stripe(key, { host: '127.0.0.1', port: sim.port, protocol: 'http', telemetry: false, maxNetworkRetries: 0 });
}
const order = (more: Partial<Stripe.PaymentIntentCreateParams> = {}): Stripe.PaymentIntentCreateParams => ({
  amount: 10_000,
  currency: 'eur',
  capture_method: 'manual',
  confirm: true,
  payment_method: 'pm_card_visa',
  automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
  metadata: { order_id: 'ord_1' },
  expand: ['latest_charge'],
  ...more,
});
async function refusal(call: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error;
    throw error;
  }
  assert.fail('it was accepted');
}
async function fault(sim: StandIn, rule: object): Promise<void> {
  assert.equal((await fetch(`${sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify(rule) })).status, 201);
}
const movements = (sim: StandIn) => sim.ledger().map(entry => `${entry.kind} ${entry.amount}`);
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 300; round += 1) {
    if (await condition()) return;
    await pause(10);
  }
  assert.fail('the awaited condition never came');
}
function charge_of(intent: Stripe.PaymentIntent): Stripe.Charge {
  assert.ok(typeof intent.latest_charge === 'object' && intent.latest_charge !== null);
  return intent.latest_charge;
}

test('a payment is authorized, captured in part, and the rest is let go', async t => {
  const { sim, stripe } = await open(t);
  const made = await stripe.paymentIntents.create(order());
  assert.equal(made.status, 'requires_capture');
  assert.equal(made.amount_capturable, 10_000);
  assert.ok((charge_of(made).payment_method_details?.card?.capture_before ?? 0) > made.created);
  const taken = await stripe.paymentIntents.capture(made.id, { amount_to_capture: 7_000 });
  assert.deepEqual([taken.status, taken.amount_received, taken.amount_capturable], ['succeeded', 7_000, 0]);
  assert.deepEqual(movements(sim), ['authorized 10000', 'captured 7000', 'voided 3000']);
  assert.equal(sim.ledger()[0]?.reference, 'ord_1');
  const again = await refusal(stripe.paymentIntents.capture(made.id));
  assert.equal(again.code, 'payment_intent_unexpected_state');
});

test('with multicapture an authorization is captured several times, the last one ends it', async t => {
  const { sim, stripe } = await open(t);
  const made = await stripe.paymentIntents.create(order({ payment_method_options: { card: { request_multicapture: 'if_available' } } }));
  assert.equal(charge_of(made).payment_method_details?.card?.multicapture?.status, 'available');
  const first = await stripe.paymentIntents.capture(made.id, {
    amount_to_capture: 2_500,
    final_capture: false,
    metadata: { capture_1: 'op_1' },
  });
  assert.deepEqual([first.status, first.amount_received, first.amount_capturable], ['requires_capture', 2_500, 7_500]);
  const second = await stripe.paymentIntents.capture(made.id, { amount_to_capture: 2_500, final_capture: true });
  assert.deepEqual([second.status, second.amount_received, second.amount_capturable], ['succeeded', 5_000, 0]);
  assert.deepEqual(second.metadata, { order_id: 'ord_1', capture_1: 'op_1' });
  assert.deepEqual(movements(sim), ['authorized 10000', 'captured 2500', 'captured 2500', 'voided 5000']);
});

test('without multicapture a second capture cannot be promised', async t => {
  const { stripe } = await open(t);
  for (const more of [
    {},
    { payment_method: 'pm_card_jcb', payment_method_options: { card: { request_multicapture: 'if_available' as const } } },
  ]) {
    const made = await stripe.paymentIntents.create(order(more));
    assert.equal(charge_of(made).payment_method_details?.card?.multicapture?.status, 'unavailable');
    assert.equal(
      (await refusal(stripe.paymentIntents.capture(made.id, { amount_to_capture: 1, final_capture: false }))).param,
      'final_capture',
    );
  }
});

test('a charge takes the money at once', async t => {
  const { sim, stripe } = await open(t);
  const made = await stripe.paymentIntents.create(order({ capture_method: 'automatic' }));
  assert.deepEqual([made.status, made.amount_received], ['succeeded', 10_000]);
  assert.deepEqual(movements(sim), ['authorized 10000', 'captured 10000']);
});

test('an authorization is canceled, and what was captured stays captured', async t => {
  const { sim, stripe } = await open(t);
  const made = await stripe.paymentIntents.create(order());
  const ended = await stripe.paymentIntents.cancel(made.id, { cancellation_reason: 'requested_by_customer' });
  assert.deepEqual([ended.status, ended.cancellation_reason, ended.amount_capturable], ['canceled', 'requested_by_customer', 0]);
  const several = await stripe.paymentIntents.create(order({ payment_method_options: { card: { request_multicapture: 'if_available' } } }));
  await stripe.paymentIntents.capture(several.id, { amount_to_capture: 4_000, final_capture: false });
  assert.equal((await stripe.paymentIntents.cancel(several.id)).status, 'succeeded');
  assert.deepEqual(movements(sim), ['authorized 10000', 'voided 10000', 'authorized 10000', 'captured 4000', 'voided 6000']);
  assert.equal((await refusal(stripe.paymentIntents.cancel(several.id))).code, 'payment_intent_unexpected_state');
});

const declines = [
  ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
  ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
  ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'],
  ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'],
  ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
  ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', 'incorrect_cvc'],
  ['pm_card_chargeDeclinedProcessingError', 'processing_error', 'processing_error'],
  ['pm_card_chargeDeclinedFraudulent', 'card_declined', 'fraudulent'],
  ['pm_card_chargeCustomerFail', 'card_declined', 'generic_decline'],
] as const;
for (const [payment_method, code, decline_code] of declines) {
  test(`${payment_method} is declined with ${code}, ${decline_code}, and holds no money`, async t => {
    const { sim, stripe } = await open(t);
    const error = await refusal(stripe.paymentIntents.create(order({ payment_method })));
    assert.deepEqual([error.statusCode, error.type, error.code, error.decline_code], [402, 'StripeCardError', code, decline_code]);
    assert.equal(error.payment_intent?.status, 'requires_payment_method');
    assert.equal(error.payment_intent?.last_payment_error?.decline_code, decline_code);
    assert.deepEqual(movements(sim), []);
  });
}

test('after a decline another card can be confirmed on the same intent', async t => {
  const { sim, stripe } = await open(t);
  const error = await refusal(stripe.paymentIntents.create(order({ payment_method: 'pm_card_visa_chargeDeclined' })));
  const confirmed = await stripe.paymentIntents.confirm(error.payment_intent?.id ?? '', { payment_method: 'pm_card_visa' });
  assert.equal(confirmed.status, 'requires_capture');
  assert.equal(confirmed.last_payment_error, null);
  assert.deepEqual(movements(sim), ['authorized 10000']);
});

for (const payment_method of ['pm_card_threeDSecure2Required', 'pm_card_authenticationRequired']) {
  test(`${payment_method} asks the payer first; the page decides`, async t => {
    const { sim, stripe } = await open(t);
    for (const [outcome, status] of [
      ['success', 'requires_capture'],
      ['fail', 'requires_payment_method'],
    ] as const) {
      const made = await stripe.paymentIntents.create(
        order({ payment_method, return_url: 'https://shop.example/back', automatic_payment_methods: { enabled: true } }),
      );
      assert.equal(made.status, 'requires_action');
      const url = made.next_action?.redirect_to_url?.url ?? '';
      assert.match(await (await fetch(url)).text(), /<form method="post" action="\?outcome=success">/);
      const back = await fetch(`${url}?outcome=${outcome}`, { method: 'POST', redirect: 'manual' });
      assert.match(
        back.headers.get('location') ?? '',
        new RegExp(`^https://shop.example/back\\?payment_intent=${made.id}.*redirect_status=`),
      );
      const after = await stripe.paymentIntents.retrieve(made.id);
      assert.equal(after.status, status);
      assert.equal(after.last_payment_error?.code, outcome === 'fail' ? 'payment_intent_authentication_failure' : undefined);
    }
    assert.deepEqual(movements(sim), ['authorized 10000']);
  });
}

test('confirming without an address to come back to is refused when redirects are allowed', async t => {
  const { stripe } = await open(t);
  assert.equal((await refusal(stripe.paymentIntents.create(order({ automatic_payment_methods: { enabled: true } })))).param, 'return_url');
});

test('a refund is made in parts, never beyond what was captured', async t => {
  const { sim, stripe } = await open(t);
  const made = await stripe.paymentIntents.create(order({ capture_method: 'automatic' }));
  const part = await stripe.refunds.create({
    payment_intent: made.id,
    amount: 4_000,
    reason: 'requested_by_customer',
    metadata: { refund_id: 'rfd_1' },
  });
  assert.deepEqual([part.status, part.amount, part.metadata], ['succeeded', 4_000, { refund_id: 'rfd_1' }]);
  assert.equal((await refusal(stripe.refunds.create({ payment_intent: made.id, amount: 6_001 }))).param, 'amount');
  const rest = await stripe.refunds.create({ charge: charge_of(made).id });
  assert.equal(rest.amount, 6_000);
  assert.equal((await refusal(stripe.refunds.create({ payment_intent: made.id }))).code, 'charge_already_refunded');
  assert.equal((await stripe.refunds.retrieve(part.id)).id, part.id);
  assert.deepEqual(
    (await stripe.refunds.list({ payment_intent: made.id })).data.map(each => each.id),
    [rest.id, part.id],
  );
  assert.equal((await stripe.charges.retrieve(charge_of(made).id)).refunded, true);
  assert.deepEqual(movements(sim), ['authorized 10000', 'captured 10000', 'refunded 4000', 'refunded 6000']);
});

test('a refund of pm_card_refundFail succeeds, then fails; one of pm_card_pendingRefund waits, then succeeds', async t => {
  const { sim, stripe } = await open(t);
  for (const [payment_method, first, last] of [
    ['pm_card_refundFail', 'succeeded', 'failed'],
    ['pm_card_pendingRefund', 'pending', 'succeeded'],
  ] as const) {
    const made = await stripe.paymentIntents.create(order({ capture_method: 'automatic', payment_method }));
    const refund = await stripe.refunds.create({ payment_intent: made.id });
    assert.equal(refund.status, first);
    await until(async () => (await stripe.refunds.retrieve(refund.id)).status === last);
  }
  const kinds = sim.ledger().map(entry => entry.kind);
  assert.deepEqual(kinds, ['authorized', 'captured', 'refunded', 'refund_failed', 'authorized', 'captured', 'refunded']);
});

test('a disputed payment tells so, an inquiry takes no money', async t => {
  const { stripe } = await open(t);
  for (const [payment_method, status] of [
    ['pm_card_createDispute', 'needs_response'],
    ['pm_card_createDisputeInquiry', 'warning_needs_response'],
  ] as const) {
    const made = await stripe.paymentIntents.create(order({ capture_method: 'automatic', payment_method }));
    await until(async () => (await stripe.disputes.list({ payment_intent: made.id })).data.length === 1);
    const [dispute] = (await stripe.disputes.list({ payment_intent: made.id })).data;
    assert.equal(dispute?.status, status);
    assert.equal((await stripe.disputes.close(dispute?.id ?? '')).status, status === 'needs_response' ? 'lost' : 'warning_closed');
  }
});

test('an authorization that nobody captures lapses', async t => {
  const { sim, stripe } = await open(t, { authorization_ms: 40 });
  const made = await stripe.paymentIntents.create(order());
  await until(async () => (await stripe.paymentIntents.retrieve(made.id)).status === 'canceled');
  assert.equal((await stripe.paymentIntents.retrieve(made.id)).cancellation_reason, 'expired');
  assert.deepEqual(movements(sim), ['authorized 10000', 'lapsed 10000']);
});

test('the same key gives the first reply again, other parameters are refused, declines are kept, refused forms are not', async t => {
  const { sim, stripe } = await open(t);
  const key = { idempotencyKey: 'op_1' };
  const first = await stripe.paymentIntents.create(order(), key);
  const again = await stripe.paymentIntents.create(order(), key);
  assert.equal(again.id, first.id);
  assert.equal(again.lastResponse.headers['idempotent-replayed'], 'true');
  assert.equal(again.lastResponse.headers['original-request'], first.lastResponse.headers['request-id']);
  assert.equal((await refusal(stripe.paymentIntents.create(order({ amount: 1 }), key))).type, 'StripeIdempotencyError');
  assert.deepEqual(movements(sim), ['authorized 10000']);
  const declined = order({ payment_method: 'pm_card_visa_chargeDeclined' });
  const one = await refusal(stripe.paymentIntents.create(declined, { idempotencyKey: 'op_2' }));
  const two = await refusal(stripe.paymentIntents.create(declined, { idempotencyKey: 'op_2' }));
  assert.equal(two.payment_intent?.id, one.payment_intent?.id);
  await refusal(stripe.paymentIntents.create(order({ currency: 'euro' }), { idempotencyKey: 'op_3' }));
  assert.equal((await stripe.paymentIntents.create(order(), { idempotencyKey: 'op_3' })).status, 'requires_capture');
});

test('a key whose request is still running gets 409', async t => {
  const { sim, stripe } = await open(t, { processing_ms: 80 });
  const first = stripe.paymentIntents.create(order(), { idempotencyKey: 'op_1' });
  await pause(20);
  const second = await refusal(stripe.paymentIntents.create(order(), { idempotencyKey: 'op_1' }));
  assert.deepEqual([second.statusCode, second.code, second.headers?.['stripe-should-retry']], [409, 'idempotency_key_in_use', 'true']);
  assert.equal((await first).status, 'requires_capture');
  assert.deepEqual(movements(sim), ['authorized 10000']);
});

test('a 500 is kept under its key, a 503 of the proxy and a 429 are not', async t => {
  const { sim, stripe } = await open(t);
  await fault(sim, { fault: 'status', status: 500, executed: true, match: { path: '/v1/payment_intents' } });
  for (let round = 0; round < 2; round += 1)
    assert.equal((await refusal(stripe.paymentIntents.create(order(), { idempotencyKey: 'op_1' }))).statusCode, 500);
  assert.equal((await stripe.paymentIntents.list()).data.length, 1);
  for (const status of [503, 429]) {
    await fault(sim, { fault: 'status', status, match: { path: '/v1/payment_intents' } });
    await refusal(stripe.paymentIntents.create(order(), { idempotencyKey: `op_${status}` }));
    assert.equal((await stripe.paymentIntents.create(order(), { idempotencyKey: `op_${status}` })).status, 'requires_capture');
  }
  assert.equal(sim.ledger().length, 3);
});

test('a line cut after the effect leaves one effect, and the same key finds it', async t => {
  const { sim, stripe } = await open(t);
  for (const path of ['/v1/payment_intents', '/v1/payment_intents/*/capture', '/v1/refunds'])
    await fault(sim, { fault: 'reset_after', match: { method: 'POST', path }, times: 2 });
  const key = (name: string) => ({ idempotencyKey: name });
  // The client repeats a reset once by itself, with the same key: so each is cut twice.
  const twice = async <T>(call: () => Promise<T>): Promise<T> => {
    assert.equal((await refusal(call())).type, 'StripeConnectionError');
    return call();
  };
  const made = await twice(() => stripe.paymentIntents.create(order(), key('a')));
  await twice(() => stripe.paymentIntents.capture(made.id, {}, key('b')));
  await twice(() => stripe.refunds.create({ payment_intent: made.id }, key('c')));
  assert.deepEqual(movements(sim), ['authorized 10000', 'captured 10000', 'refunded 10000']);
  assert.deepEqual(
    sim.ledger().map(entry => entry.idempotency_key),
    ['a', 'b', 'c'],
  );
});

test('lists go by time and by cursor, in both directions', async t => {
  let now_ms = 1_800_000_000_000;
  const { stripe } = await open(t, { now_ms: () => now_ms });
  const ids: string[] = [];
  for (let number = 0; number < 5; number += 1) {
    ids.unshift((await stripe.paymentIntents.create(order({ confirm: false }))).id);
    now_ms += 1_000;
  }
  assert.deepEqual(
    (await stripe.paymentIntents.list({ created: { gte: 1_800_000_003 } })).data.map(each => each.id),
    ids.slice(0, 2),
  );
  const page = await stripe.paymentIntents.list({ limit: 2, starting_after: ids[1] });
  assert.deepEqual([page.data.map(each => each.id), page.has_more], [ids.slice(2, 4), true]);
  const before = await stripe.paymentIntents.list({ limit: 2, ending_before: ids[4] });
  assert.deepEqual([before.data.map(each => each.id), before.has_more], [ids.slice(2, 4), true]);
  const all: string[] = [];
  for await (const each of stripe.paymentIntents.list({ limit: 2 })) all.push(each.id);
  assert.deepEqual(all, ids);
  assert.equal((await refusal(stripe.paymentIntents.list({ starting_after: 'pi_none' }))).code, 'resource_missing');
});

test('keys are asked for, parameters checked', async t => {
  const { sim, stripe } = await open(t, { secret_key: 'sk_test_123' });
  assert.equal((await refusal(client(sim, 'sk_test_other').paymentIntents.list())).type, 'StripeAuthenticationError');
  assert.equal((await fetch(`${sim.url}/v1/payment_intents`)).status, 401);
  assert.equal((await fetch(`${sim.url}/v1/payment_intents`, { headers: { authorization: `Basic ${btoa('sk_test_123:')}` } })).status, 200);
  assert.equal((await refusal(stripe.paymentIntents.retrieve('pi_none'))).code, 'resource_missing');
  assert.equal((await refusal(stripe.paymentIntents.create(order({ payment_method: 'pm_none' })))).code, 'resource_missing');
  assert.equal((await refusal(stripe.paymentIntents.create(order({ amount: 1.5 })))).code, 'parameter_invalid_integer');
  assert.equal((await refusal(stripe.paymentIntents.create(order({ customer: 'cus_1' })))).code, 'parameter_unknown');
  assert.equal((await refusal(stripe.refunds.create({ amount: 5 }))).type, 'StripeInvalidRequestError');
  const made = await stripe.paymentIntents.create(order());
  assert.equal(made.lastResponse.headers['stripe-version'], Stripe.API_VERSION);
  assert.match(made.lastResponse.requestId, /^req_/);
});

test('a restarted stand-in still knows its payments and its keys', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'stripe-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const ledger_file = join(folder, 'ledger.jsonl');
  const first = await open(t, { ledger_file });
  const made = await first.stripe.paymentIntents.create(order(), { idempotencyKey: 'op_1' });
  await first.sim.stop();
  const second = await open(t, { ledger_file });
  assert.equal((await second.stripe.paymentIntents.create(order(), { idempotencyKey: 'op_1' })).id, made.id);
  assert.equal((await second.stripe.paymentIntents.capture(made.id)).status, 'succeeded');
  assert.deepEqual(movements(second.sim), ['authorized 10000', 'captured 10000']);
});
