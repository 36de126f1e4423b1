/** Payments, its operation runner and its inbox against the Stripe stand-in: whatever the line does, the stand-in's own ledger shows each deed once. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, beforeEach, test } from 'node:test';
import { start_stripe } from '../../sandbox/stripe/stripe.ts';
import { capture, refund, release } from './test_payments.ts';
import { habits, in_state, stripe_desk, webhook_secret } from './testing/stripe.ts';

const { stand_in, reader, run, payment, until, deeds, told, deliver, webhooks_on, post, fault, heal, begin } = await stripe_desk(
  { after },
  await start_stripe(habits),
);
beforeEach(heal);

test('authorize, capture and refund, each answered at once: five events, three deeds', async () => {
  const { payment_id, order_id, start: go } = begin('plain');
  await go();
  await until(payment_id, in_state('authorized'));
  await run(capture(1, 5850, true, { payment_id, order_id }));
  await until(payment_id, in_state('captured'));
  await run(refund('rfd_plain', 510, { payment_id, order_id }));
  const { facts, authorization_expires_at, multi_capture } = await until(payment_id, in_state('partially_refunded'));
  assert.deepEqual(await told(order_id), ['payment.started', 'payment.authorized', 'payment.captured', 'payment.refunded']);
  assert.deepEqual(deeds(order_id), [
    ['authorized', 8400],
    ['captured', 5850],
    ['voided', 2550],
    ['refunded', 510],
  ]);
  assert.ok(authorization_expires_at !== null && multi_capture === true && facts.every(each => each.drift === null));
});

for (const [what, times] of [
  ['a line cut after the effect', 1],
  ['a line cut after the effect and again at the repeat', 2],
] as const) {
  test(`${what}: one authorization, one capture, one refund`, async () => {
    const { payment_id, order_id, start: go } = begin(`cut_${times}`);
    await fault('reset_after', '/v1/payment_intents', times);
    await go();
    await until(payment_id, in_state('authorized'));
    await fault('reset_after', '/v1/payment_intents/*/capture', times);
    await run(capture(1, 8400, true, { payment_id, order_id }));
    await until(payment_id, in_state('captured'));
    await fault('reset_after', '/v1/refunds', times);
    await run(refund(`rfd_cut_${times}`, 8400, { payment_id, order_id }));
    await until(payment_id, in_state('refunded'));
    assert.deepEqual(deeds(order_id), [
      ['authorized', 8400],
      ['captured', 8400],
      ['refunded', 8400],
    ]);
    const unknowns = times === 1 ? [] : ['payment.outcome_unknown', 'payment.outcome_resolved'];
    const events = ['payment.started', ...unknowns, 'payment.authorized', ...unknowns, 'payment.captured', ...unknowns, 'payment.refunded'];
    assert.deepEqual(await told(order_id), events);
  });
}

test('a reply that lies about the amount is drift and unknown; the question brings the truth', async () => {
  const { payment_id, order_id, start: go } = begin('lie');
  await fault('lie_amount', '/v1/payment_intents');
  await go();
  const { exceptions, authorized } = await until(payment_id, in_state('authorized'));
  assert.deepEqual([authorized, exceptions.map(exception => exception.reason)], [8400, ['gateway_drift']]);
  const first = ['payment.started', 'payment.outcome_unknown', 'payment.drift_detected', 'exception.raised'];
  assert.deepEqual(await told(order_id), [...first, 'payment.outcome_resolved', 'payment.authorized']);
  await run(capture(1, 8400, true, { payment_id, order_id }));
  assert.deepEqual(deeds(order_id), [['authorized', 8400]], 'no capture while a person has not looked');
});

test('a shopper who never comes back: asked, cancelled there, abandoned', async () => {
  const { payment_id, order_id, start: go } = begin('gone', 'pm_card_threeDSecure2Required');
  await go();
  await until(payment_id, found => found.status === 'action_required');
  await run({ type: 'pass_deadline', payment_id });
  await until(payment_id, found => found.status === 'abandoned');
  assert.deepEqual(await told(order_id), ['payment.started', 'payment.action_required', 'payment.abandoned']);
  assert.deepEqual(deeds(order_id), []);
  const { rows } = await reader.query(`select kind, state from payments.operations where subject = $1 order by op_id`, [payment_id]);
  assert.ok(
    rows.every(row => row.state === 'succeeded' || row.state === 'failed'),
    JSON.stringify(rows),
  );
});

test('a shopper who authenticated a moment before the deadline keeps the payment', async () => {
  const { payment_id, order_id, start: go } = begin('back', 'pm_card_threeDSecure2Required');
  await go();
  const { gateway_ref } = await until(payment_id, found => found.status === 'action_required');
  await reader.query(`update payments.operations set next_at = now() + interval '1 hour' where subject = $1`, [payment_id]);
  await fetch(`${stand_in.url}/3d-secure/${gateway_ref}?outcome=success`, { method: 'POST', redirect: 'manual' });
  await run({ type: 'pass_deadline', payment_id });
  await until(payment_id, found => found.status === 'authorized');
  assert.deepEqual(deeds(order_id), [['authorized', 8400]]);
});

test('a hold cancelled behind our back is found when the authorization should end: it has lapsed', async () => {
  const { payment_id, order_id, start: go } = begin('lapsed');
  await go();
  const { gateway_ref } = await until(payment_id, in_state('authorized'));
  const headers = { authorization: 'Bearer sk_test_somebody', 'idempotency-key': 'by-hand' };
  await fetch(`${stand_in.url}/v1/payment_intents/${gateway_ref}/cancel`, { method: 'POST', headers });
  await reader.query(`update payments.payment set authorization_expires_at = now() - interval '1 minute' where id = $1`, [payment_id]);
  await run({ type: 'pass_expiry', payment_id });
  await until(payment_id, found => found.status === 'lapsed');
  assert.deepEqual((await told(order_id)).slice(-1), ['payment.authorization_expired']);
  assert.deepEqual(deeds(order_id), [
    ['authorized', 8400],
    ['voided', 8400],
  ]);
});

test('a released payment is voided at the gateway, once, also when the reply is lost', async () => {
  const { payment_id, order_id, start: go } = begin('void');
  await go();
  await until(payment_id, in_state('authorized'));
  await fault('reset_after', '/v1/payment_intents/*/cancel', 2);
  await run(release(payment_id));
  await until(payment_id, in_state('voided'));
  assert.deepEqual((await told(order_id)).slice(-3), ['payment.outcome_unknown', 'payment.outcome_resolved', 'payment.voided']);
  assert.deepEqual(deeds(order_id), [
    ['authorized', 8400],
    ['voided', 8400],
  ]);
});

test('a declined card is declined with its code', async () => {
  const { payment_id, order_id, start: go } = begin('declined', 'pm_card_visa_chargeDeclinedInsufficientFunds');
  await go();
  const { decline_code } = await until(payment_id, found => found.status === 'declined');
  assert.deepEqual(
    [decline_code, await told(order_id), deeds(order_id)],
    ['insufficient_funds', ['payment.started', 'payment.declined'], []],
  );
});

test('a card that can be captured once: its captures are gathered into one', async () => {
  const { payment_id, order_id, start: go } = begin('once', 'pm_card_jcb');
  await go();
  await until(payment_id, in_state('authorized'));
  await run(capture(1, 1000, false, { payment_id, order_id }));
  await run(capture(2, 2000, true, { payment_id, order_id }));
  await until(payment_id, in_state('captured'));
  assert.deepEqual(deeds(order_id), [
    ['authorized', 8400],
    ['captured', 3000],
    ['voided', 5400],
  ]);
  assert.deepEqual((await told(order_id)).slice(-2), ['payment.captured', 'payment.captured']);
});

test('reply, webhook and poll report one capture: captured once', async () => {
  await webhooks_on();
  const { payment_id, order_id, start: go } = begin('thrice');
  await post('/__sim/faults', { match: { path: '*' }, fault: 'webhook_duplicate', times: 50 });
  await go();
  await until(payment_id, in_state('authorized'));
  await fault('reset_after', '/v1/payment_intents/*/capture', 2);
  await run(capture(1, 8400, true, { payment_id, order_id }));
  await until(payment_id, in_state('captured'));
  await reader.query(`update payments.operations set state = 'unknown', next_at = now() where subject = $1`, [payment_id]);
  await until_asked(payment_id);
  const events = (await told(order_id)).filter(type => type === 'payment.captured' || type === 'payment.authorized');
  assert.deepEqual(events, ['payment.authorized', 'payment.captured']);
  assert.deepEqual(deeds(order_id), [
    ['authorized', 8400],
    ['captured', 8400],
  ]);
  assert.equal((await payment(payment_id)).captured, 8400);
  const { rows } = await reader.query(`select count(*)::int as count from payments.webhook_inbox`);
  assert.ok(rows[0].count >= 2, 'webhooks came');
});
async function until_asked(id: string): Promise<void> {
  for (let round = 0; round < 200; round++) {
    const { rows } = await reader.query(`select 1 from payments.operations where subject = $1 and state = 'unknown'`, [id]);
    if (rows.length === 0) return;
    await new Promise(resolve => setTimeout(resolve, 25));
  }
  assert.fail('the runner did not ask');
}

test('what the gateway does by itself comes by webhook: a refund that fails later', async () => {
  const { payment_id, order_id, start: go } = begin('fails', 'pm_card_refundFail');
  await go();
  await until(payment_id, in_state('authorized'));
  await run(capture(1, 8400, true, { payment_id, order_id }));
  await until(payment_id, in_state('captured'));
  await run(refund('rfd_fails', 1000, { payment_id, order_id }));
  await until(
    payment_id,
    found => found.status === 'captured' && found.operations.some(each => each.kind === 'refund' && each.state === 'failed'),
  );
  const events = await told(order_id);
  assert.deepEqual(events.slice(-2), ['payment.refunded', 'payment.refund_failed']);
});

// --- the inbox (reliability.md 6.3, 84 to 92)

const signed = (body: string, secret = webhook_secret, at_s = Math.floor(Date.now() / 1_000)) => ({
  'stripe-signature': `t=${at_s},v1=${createHmac('sha256', secret).update(`${at_s}.${body}`).digest('hex')}`,
});
const event = (type: string, object: object, id = 'evt_inbox_1') =>
  JSON.stringify({ id, object: 'event', type, livemode: false, created: 1, data: { object } });

async function rows_of(table: string): Promise<string> {
  const { rows } = await reader.query(
    `select md5(coalesce(string_agg(t::text, '' order by t::text), '')) as hash from payments.${table} t`,
  );
  return rows[0].hash;
}

const unsigned = event('payment_intent.succeeded', {});
const forgeries: [what: string, body: string, headers: Record<string, string>][] = [
  ['without a signature', unsigned, {}],
  ['with a wrong one', unsigned, { 'stripe-signature': `t=1,v1=${'0'.repeat(64)}` }],
  ['signed by another endpoint', unsigned, signed(unsigned, 'whsec_other')],
  ['five minutes old', unsigned, signed(unsigned, webhook_secret, Math.floor(Date.now() / 1_000) - 301)],
  ['from the future', unsigned, signed(unsigned, webhook_secret, Math.floor(Date.now() / 1_000) + 330)],
  ['with whitespace altered', `${unsigned} `, signed(unsigned)],
  ['of the live mode', unsigned.replace('false', 'true'), signed(unsigned.replace('false', 'true'))],
];
for (const [what, body, headers] of forgeries) {
  test(`a webhook ${what} is 401 invalid_signature, and nothing changed`, async () => {
    const before_it = [await rows_of('webhook_inbox'), await rows_of('gateway_fact'), await rows_of('payment')];
    assert.deepEqual(await deliver(Buffer.from(body), headers), { status: 401, code: 'invalid_signature' });
    assert.deepEqual([await rows_of('webhook_inbox'), await rows_of('gateway_fact'), await rows_of('payment')], before_it);
  });
}

test('a signed body that is no event is 400; an unknown type is 200 and not kept', async () => {
  assert.deepEqual(await deliver(Buffer.from('{"id":'), signed('{"id":')), { status: 400, code: 'malformed_json' });
  const other = event('customer.created', { id: 'cus_1', object: 'customer' });
  const before_it = await rows_of('webhook_inbox');
  assert.equal((await deliver(Buffer.from(other), signed(other))).status, 200);
  assert.equal(await rows_of('webhook_inbox'), before_it);
});

test('two signatures, one valid, are accepted; a replay in the window is 200 and changes nothing', async () => {
  const { payment_id, order_id, start: go } = begin('replay');
  await go();
  const { gateway_ref } = await until(payment_id, in_state('authorized'));
  const refund_made = {
    id: 're_replay',
    object: 'refund',
    status: 'succeeded',
    amount: 100,
    currency: 'gbp',
    payment_intent: gateway_ref,
    metadata: { payment_id, order_id },
  };
  const body = event('refund.created', refund_made, 'evt_replay');
  const good = signed(body)['stripe-signature'];
  const headers = { 'stripe-signature': `${good.split(',')[0]},v1=${'0'.repeat(64)},${good.split(',')[1]}` };
  assert.equal((await deliver(Buffer.from(body), headers)).status, 200);
  const once = [await rows_of('webhook_inbox'), await rows_of('gateway_fact'), await rows_of('payment'), (await told(order_id)).length];
  assert.equal((await deliver(Buffer.from(body), headers)).status, 200);
  assert.deepEqual(
    [await rows_of('webhook_inbox'), await rows_of('gateway_fact'), await rows_of('payment'), (await told(order_id)).length],
    once,
  );
});

test('another amount, currency or order is 200, stored, not applied, and an exception', async () => {
  const { payment_id, order_id, start: go } = begin('mismatch');
  await go();
  const { gateway_ref } = await until(payment_id, in_state('authorized'));
  const intent = {
    ...intent_object,
    id: gateway_ref,
    status: 'succeeded',
    amount_received: 8400,
    currency: 'eur',
    metadata: { payment_id, order_id: 'ord_other' },
  };
  const body = event('payment_intent.succeeded', intent, 'evt_mismatch');
  assert.equal((await deliver(Buffer.from(body), signed(body))).status, 200);
  const found = await payment(payment_id);
  assert.deepEqual([found.captured, found.exceptions.map(exception => exception.reason)], [0, ['gateway_drift']]);
  assert.ok(
    found.facts.some(each => each.drift === 'order_id'),
    'stored',
  );
  assert.equal((await told(order_id)).filter(type => type === 'exception.raised').length, 1);
});
const intent_object = { object: 'payment_intent', amount: 8400, amount_capturable: 0, amount_received: 0, capture_method: 'manual' };

test('a payment nobody knows is 200, and waits in the inbox', async () => {
  const intent = {
    ...intent_object,
    id: 'pi_nobody',
    status: 'requires_capture',
    amount_capturable: 8400,
    currency: 'gbp',
    metadata: { payment_id: 'pay_nobody' },
  };
  const body = event('payment_intent.amount_capturable_updated', intent, 'evt_nobody');
  assert.equal((await deliver(Buffer.from(body), signed(body))).status, 200);
  const { rows } = await reader.query(`select state from payments.webhook_inbox where event_ref = 'evt_nobody'`);
  assert.deepEqual(rows, [{ state: 'waiting' }]);
});
