import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../../platform/service.ts';
import type { GatewayFact } from '../gateways/port.ts';
import {
  at,
  authorized,
  capture,
  captured,
  days,
  desk,
  fact,
  held,
  hours,
  minutes,
  ok,
  order,
  pay,
  pi,
  refund,
  refund_fact,
  release,
  start,
  unknown,
  value,
} from '../test_payments.ts';

const declined = (...facts: GatewayFact[]): Outcome => ({
  outcome: 'declined',
  code: 'insufficient_funds',
  retryable: true,
  value: value(...facts),
});
const declined_fact = fact('declined', 8400, { decline_code: 'insufficient_funds', retryable: true });
const action: Outcome = {
  outcome: 'action_required',
  url: 'https://bank.example/3ds',
  value: value(fact('action_required', 8400, { url: 'https://bank.example/3ds' })),
};
const pending: Outcome = { outcome: 'pending', value: value(fact('pending', 8400)) };
const permanent: Outcome = { outcome: 'permanent_error', code: 'resource_missing', detail: 'no such payment method' };

// --- the answer to an authorization

const answers: { what: string; outcome: Outcome; told: string[]; status: string }[] = [
  { what: 'ok', outcome: ok(held), told: ['payment.authorized'], status: 'authorized' },
  { what: 'action required', outcome: action, told: ['payment.action_required'], status: 'action_required' },
  { what: 'pending', outcome: pending, told: ['payment.pending'], status: 'pending' },
  { what: 'unknown', outcome: unknown, told: ['payment.outcome_unknown'], status: 'unknown' },
  { what: 'declined', outcome: declined(declined_fact), told: ['payment.declined'], status: 'declined' },
  { what: 'declined without a fact', outcome: declined(), told: ['payment.declined'], status: 'declined' },
  { what: 'permanent error', outcome: permanent, told: ['payment.failed', 'exception.raised'], status: 'failed' },
  { what: 'cancelled at the gateway', outcome: declined(fact('voided', 0)), told: ['payment.abandoned'], status: 'abandoned' },
];
for (const { what, outcome, told, status } of answers) {
  test(`in progress, ${what}: ${told.join(', ')}`, () => {
    const shop = desk().run(start()).answer('authorize', outcome, at(412));
    assert.deepEqual([shop.told, shop.payment().status], [told, status]);
  });
  test(`unknown, then ${what}: resolved first`, () => {
    const shop = desk().run(start()).answer('authorize', unknown).answer('authorize', outcome, at(35_200));
    if (what === 'unknown') return assert.deepEqual(shop.told, [], 'still unknown: nothing to tell');
    assert.deepEqual([shop.told, shop.payment().status], [['payment.outcome_resolved', ...told], status]);
    const { state, elapsed_ms, kind } = shop.last('payment.outcome_resolved');
    assert.deepEqual([state, elapsed_ms, kind], ['processing', 35_200, 'authorize']);
  });
}

test('a charge that succeeds is captured at once', () => {
  const shop = desk()
    .run(start({ intent: 'charge' }))
    .answer('authorize', ok(fact('captured', 8400)), at(412));
  const { amount, final, kind, elapsed_ms, late } = shop.last('payment.captured');
  assert.deepEqual([shop.told, amount, final, kind, elapsed_ms, late], [['payment.captured'], 8400, true, 'authorize', 412, false]);
});

test('the authorization tells its end, its reference, and how long the gateway took', () => {
  const shop = desk().run(start()).answer('authorize', ok(held), at(412));
  const { authorization_expires_at, gateway_ref, kind, elapsed_ms, amount } = shop.last('payment.authorized');
  assert.deepEqual([authorization_expires_at, gateway_ref, kind, elapsed_ms, amount], [at(days(7)), pi, 'authorize', 412, 8400]);
  assert.deepEqual([shop.timer('payment_deadline'), shop.timer('authorization_expiry')], [undefined, at(days(6))]);
});

test('the shopper has ten minutes, or what the gateway gives; stock is kept as long as the order waits', () => {
  const shop = desk().run(start()).answer('authorize', action, at(1_000));
  const { action: asked, deadline, reserve_until } = shop.last('payment.action_required');
  assert.deepEqual(asked, { type: 'redirect', url: 'https://bank.example/3ds', expires_at: at(minutes(10) + 1_000) });
  assert.deepEqual(
    [deadline, reserve_until, shop.timer('payment_deadline')],
    [at(minutes(10) + 1_000), at(minutes(35)), at(minutes(10) + 1_000)],
  );
  const hurried = desk()
    .run(start())
    .answer('authorize', { ...action, expires_at: at(minutes(2)) });
  assert.equal(hurried.last('payment.action_required').deadline, at(minutes(2)));
});

test('pending may take three days, and stock is kept five minutes longer', () => {
  const shop = desk().run(start()).answer('authorize', pending);
  const { deadline, reserve_until } = shop.last('payment.pending');
  assert.deepEqual([deadline, reserve_until, shop.timer('payment_deadline')], [at(days(3)), at(days(3) + minutes(5)), at(days(3))]);
});

test('an unknown authorization keeps the stock for a day; an unknown capture concerns no stock', () => {
  const shop = desk().run(start()).answer('authorize', unknown);
  assert.equal(shop.last('payment.outcome_unknown').reserve_until, at(hours(24)));
  const taken = authorized().run(capture(1, 100)).answer('capture', unknown);
  assert.deepEqual([taken.told, taken.payment().status], [['payment.outcome_unknown'], 'authorized']);
  assert.equal(taken.last('payment.outcome_unknown').reserve_until, undefined);
});

test('what only the gateway’s own pages tell is a person’s at once, and ends when he has looked', () => {
  const lost = { ...unknown, detail: 'look into the Business Center', for_person: true } as const;
  const shop = authorized().run(capture(1, 8400)).answer('capture', unknown);
  assert.deepEqual(shop.told, ['payment.outcome_unknown'], 'it is asked about first');
  const waiting = shop.answer('capture', lost);
  assert.deepEqual(waiting.told, ['exception.raised']);
  const { reason, detail } = waiting.last('exception.raised');
  assert.equal(reason, 'outcome_unknown');
  assert.match(detail, /look into the Business Center/);
  assert.deepEqual(waiting.answer('capture', lost).told, [], 'once');
  assert.deepEqual(waiting.webhook([fact('captured', 8400)]).told, ['payment.outcome_resolved', 'payment.captured', 'exception.resolved']);
});

test('a poll that could not ask does not make a known state unknown', () => {
  const shop = desk().run(start()).answer('authorize', action).answer('authorize', unknown);
  assert.deepEqual([shop.told, shop.payment().status], [[], 'action_required']);
});

test('a permanent error alarms, and the shopper may try again', () => {
  const shop = desk().run(start()).answer('authorize', permanent);
  const { decline_code, retryable } = shop.last('payment.failed');
  assert.deepEqual([decline_code, retryable, shop.exceptions], ['processing_error', true, ['operation_refused']]);
});

// --- three ways to one fact

test('reply, webhook and poll report one authorization and one capture: each is told once', () => {
  const shop = desk().run(start()).webhook([held]);
  assert.deepEqual(shop.told, ['payment.authorized']);
  assert.equal(shop.memory.operations.get(shop.operation('authorize').op_id)?.state, 'succeeded', 'the runner stops asking');
  assert.deepEqual(shop.answer('authorize', ok(held)).told, []);
  assert.deepEqual(shop.answer('authorize', ok(held)).told, []);
  shop.run(capture(1, 8400, true)).answer('capture', ok(held, fact('captured', 8400)));
  assert.deepEqual(shop.told, ['payment.captured']);
  assert.deepEqual(shop.webhook([held, fact('captured', 8400)]).told, []);
  assert.deepEqual(shop.webhook([fact('captured', 8400)]).told, []);
  assert.equal(shop.payment().captured, 8400);
});

test('a second delivery of a webhook changes nothing', () => {
  const shop = desk().run(start()).webhook([held], 'evt_1').webhook([held], 'evt_1');
  assert.deepEqual([shop.told, shop.memory.version('webhook', 'stripe/evt_1')], [[], 1]);
});

test('a later telling may add when the authorization ends and whether it takes several captures', () => {
  const { multi_capture: _, authorization_expires_at: __, ...bare } = held;
  const shop = desk().run(start()).webhook([bare]);
  assert.deepEqual([shop.payment().authorization_expires_at, shop.timer('authorization_expiry')], [null, at(minutes(1))]);
  shop.answer('authorize', ok(held));
  assert.deepEqual([shop.told, shop.payment().authorization_expires_at, shop.payment().multi_capture], [[], at(days(7)), true]);
  assert.equal(shop.timer('authorization_expiry'), at(days(6)));
});

test('a void that came too late brings the facts that are', () => {
  const shop = authorized().run(capture(1, 8000)).run(release());
  shop.answer('capture', ok(fact('captured', 8000)));
  const conflict = {
    outcome: 'declined',
    code: 'other',
    retryable: false,
    value: value(held, fact('captured', 8000), fact('lapsed', 400)),
  } as const;
  shop.answer('void', conflict);
  assert.deepEqual([shop.told, shop.payment().status, shop.exceptions], [['payment.voided'], 'captured', []]);
});

// --- declined, and yet money is held

test('a decline that holds money is told with it, and the hold is voided', () => {
  const shop = desk().run(start()).answer('authorize', declined(held));
  assert.deepEqual(
    [shop.told, shop.payment().status, shop.payment().authorized, shop.payment().void_pending],
    [['payment.declined'], 'declined', 8400, 8400],
  );
  assert.equal(shop.last('payment.declined').sums.authorized, 8400);
  shop.answer('void', ok(held, fact('voided', 8400)));
  assert.deepEqual([shop.told, shop.payment().status, shop.payment().voided], [['payment.voided'], 'declined', 8400]);
});

test('a partial approval is declined, and what was approved is voided', () => {
  const partial = { outcome: 'declined', code: 'partial_approval', retryable: true, value: value(fact('authorized', 5000)) } as const;
  const shop = desk().run(start()).answer('authorize', partial);
  assert.deepEqual(
    [shop.told, shop.last('payment.declined').decline_code, shop.exceptions],
    [['payment.declined'], 'partial_approval', []],
  );
  const voiding = [...shop.memory.operations.values()][1];
  assert.deepEqual([voiding?.kind, voiding?.request['amount']], ['void', 5000]);
  assert.deepEqual(shop.answer('void', ok(fact('voided', 5000))).told, ['payment.voided']);
  assert.deepEqual([shop.payment().status, shop.payment().authorized, shop.payment().voided], ['declined', 5000, 5000]);
});

// --- drift

const lies: { what: string; told: GatewayFact }[] = [
  { what: 'amount', told: fact('authorized', 8401) },
  { what: 'less than asked, without a decline', told: fact('authorized', 840) },
  { what: 'currency', told: { ...held, currency: 'EUR' } },
  { what: 'order', told: { ...held, order_id: 'ord_2' } },
  { what: 'payment', told: { ...held, payment_id: 'pay_2' } },
  { what: 'operation', told: { ...held, operation_id: 'op_2' } },
  { what: 'a capture nobody asked for', told: fact('captured', 8400) },
  { what: 'more let go than was asked for', told: fact('voided', 9000) },
];
for (const { what, told } of lies) {
  test(`drift, ${what}: told, an exception, and never applied`, () => {
    const shop = desk().run(start()).answer('authorize', ok(told));
    assert.deepEqual([shop.told, shop.payment().status], [['payment.drift_detected', 'exception.raised'], 'processing']);
    assert.deepEqual([shop.payment().authorized, shop.payment().captured, shop.payment().gateway_ref], [0, 0, null]);
    assert.deepEqual(shop.answer('authorize', ok(told)).told, [], 'and told once');
    shop.webhook([held]);
    assert.equal(shop.payment().status, 'authorized', 'the truth still counts');
  });
}

test('another payment at the gateway under the same name is drift', () => {
  const shop = authorized().webhook([fact('authorized', 8400, { object_ref: 'pi_2', gateway_ref: 'pi_2' })]);
  assert.deepEqual(
    [shop.told, shop.last('payment.drift_detected').measure],
    [['payment.drift_detected', 'exception.raised'], 'gateway_ref'],
  );
});

test('no capture while a drift waits for a person; then it goes', () => {
  const shop = authorized().webhook([fact('captured', 8400)]);
  assert.deepEqual([shop.payment().captured, shop.exceptions], [0, ['gateway_drift']]);
  shop.run(capture(1, 5000));
  assert.deepEqual([shop.told, shop.memory.operations.size, shop.payment().capture_pending], [[], 1, 5000]);
  const exception_id = shop.payment().exceptions[0]?.exception_id ?? '';
  shop.run({ type: 'resolve_exception', exception_id, subject: pay, note: 'their mistake' });
  assert.deepEqual([shop.told, shop.memory.operations.size], [['exception.resolved'], 2]);
});

test('money taken and let go that together exceed what was held is drift, and the money taken counts', () => {
  const shop = authorized()
    .run(capture(1, 5000))
    .answer('capture', ok(fact('captured', 5000)));
  shop.webhook([fact('voided', 8400)]);
  assert.deepEqual(shop.told, ['payment.authorization_expired', 'payment.drift_detected', 'exception.raised']);
  assert.deepEqual([shop.payment().captured, shop.payment().voided], [5000, 3400]);
});

test('drift of a capture leaves it open', () => {
  const shop = authorized()
    .run(capture(1, 5000))
    .answer('capture', ok(fact('captured', 5001)));
  assert.deepEqual(
    [shop.told, shop.payment().captured, shop.payment().capture_pending],
    [['payment.drift_detected', 'exception.raised'], 0, 5000],
  );
});

// --- what gateways do by themselves

test('a refund begun at the gateway is told with an id of its own', () => {
  const shop = captured().webhook([refund_fact('refunded', 're_9', 1000)]);
  const { origin, refund_id, amount, tax, lines } = shop.last('payment.refunded');
  assert.deepEqual([shop.told, origin, amount, tax, lines], [['payment.refunded'], 'gateway', 1000, 0, []]);
  assert.match(refund_id, /^rfd_/);
  assert.deepEqual(shop.webhook([refund_fact('refund_failed', 're_9', 1000)]).told, ['payment.refund_failed']);
  assert.equal(shop.last('payment.refund_failed').refund_id, refund_id);
  assert.deepEqual([shop.payment().status, shop.payment().refunded], ['captured', 0]);
});

test('a refund at the gateway leaves less for ours', () => {
  const shop = captured()
    .webhook([refund_fact('refunded', 're_9', 8000)])
    .run(refund('rfd_1', 401));
  assert.deepEqual(shop.told, ['payment.refund_failed']);
  const refunded = captured().webhook([refund_fact('refunded', 're_9', 8401)]);
  assert.deepEqual(refunded.told, ['payment.drift_detected', 'exception.raised']);
  assert.match(refunded.last('exception.raised').detail, /^refunded: we have \d+ GBP minor units, the gateway says 8401 GBP minor units/);
});

test('a refund that succeeded may fail later, and only once', () => {
  const done = refund_fact('refunded', 're_1', 510, { refund_id: 'rfd_1' });
  const failed = refund_fact('refund_failed', 're_1', 510, { refund_id: 'rfd_1', raw: { failure_reason: 'expired_or_canceled_card' } });
  const shop = captured().run(refund('rfd_1', 510)).answer('refund', ok(done)).webhook([failed]);
  const { code, amount, sums, state } = shop.last('payment.refund_failed');
  assert.deepEqual(
    [shop.told, code, amount, sums.refunded, state],
    [['payment.refund_failed'], 'expired_or_canceled_card', 510, 0, 'captured'],
  );
  assert.deepEqual(shop.webhook([done]).told, []);
  assert.deepEqual(shop.webhook([failed], 'evt_again').told, []);
});

test('a dispute is told with each status, and is an exception until it is closed', () => {
  const dispute = (status: string) =>
    fact('disputed', 8400, { object_ref: `dp_1/${status}`, payment_id: pay, raw: { reason: 'fraudulent' } });
  const shop = captured().webhook([dispute('needs_response')]);
  assert.deepEqual([shop.told, shop.exceptions], [['payment.disputed', 'exception.raised'], ['disputed']]);
  const { dispute_ref, status, reason, amount, state } = shop.last('payment.disputed');
  assert.deepEqual([dispute_ref, status, reason, amount, state], ['dp_1', 'needs_response', 'fraudulent', 8400, 'captured']);
  assert.deepEqual(shop.webhook([dispute('under_review')]).told, ['payment.disputed']);
  assert.deepEqual(
    captured()
      .webhook([dispute('won')])
      .webhook([dispute('needs_response')]).exceptions,
    [],
    'told late, it is closed',
  );
  const closed = shop.webhook([dispute('won')]);
  assert.deepEqual([closed.told, closed.exceptions], [['payment.disputed', 'exception.resolved'], []]);
});

for (const order of [
  ['needs_response', 'lost'],
  ['lost', 'needs_response'],
])
  test(`a dispute that is lost is a person’s, with a deadline, whichever is told first: ${order.join(', ')}`, () => {
    const shop = captured();
    for (const status of order) shop.webhook([fact('disputed', 8400, { object_ref: `dp_1/${status}`, raw: { reason: 'fraudulent' } })]);
    assert.deepEqual(
      shop.payment().exceptions.map(({ reason, owner, deadline }) => [reason, owner, deadline]),
      [['disputed', 'support', at(days(1))]],
    );
  });

test('an inquiry that closes leaves nothing; of two disputes the open one stays a person’s', () => {
  const told = (ref: string, status: string) => fact('disputed', 4200, { object_ref: `${ref}/${status}`, raw: {} });
  const shop = captured().webhook([told('dp_1', 'warning_needs_response'), told('dp_2', 'needs_response')]);
  assert.deepEqual(shop.webhook([told('dp_1', 'warning_closed')]).exceptions, ['disputed']);
  assert.deepEqual(shop.webhook([told('dp_2', 'won')]).exceptions, []);
});

test('a dispute names its payment by the gateway’s object alone', () => {
  const shop = captured();
  const {
    payment_id: _,
    order_id: __,
    ...anonymous
  } = fact('disputed', 8400, { object_ref: 'dp_1/needs_response', raw: { reason: 'general' } });
  shop.memory.seed('gateway_object', `stripe/${pi}`, { payment_id: pay });
  assert.deepEqual(shop.webhook([anonymous]).told, ['payment.disputed', 'exception.raised']);
});

// --- late money

const given_up: { what: string; shop: () => ReturnType<typeof desk> }[] = [
  { what: 'declined', shop: () => desk().run(start()).answer('authorize', declined(declined_fact)) },
  { what: 'failed', shop: () => desk().run(start()).answer('authorize', permanent) },
  {
    what: 'abandoned',
    shop: () =>
      desk()
        .run(start())
        .answer('authorize', declined(fact('voided', 0))),
  },
];
for (const { what, shop } of given_up) {
  test(`late money on a payment that was ${what} counts, and is told as late`, () => {
    const late = shop().webhook([held]);
    assert.deepEqual(
      [late.told, late.payment().status, late.last('payment.authorized').late],
      [['payment.authorized'], 'authorized', true],
    );
    assert.deepEqual(late.run(release()).answer('void', ok(fact('voided', 8400))).told, ['payment.voided']);
  });
  test(`words on a payment that was ${what} change nothing`, () => {
    assert.deepEqual(shop().webhook([fact('action_required', 8400), fact('pending', 8400)]).told, []);
  });
}

test('a bank transfer that arrives after it was given up is captured, late', () => {
  const shop = desk()
    .run(start({ intent: 'charge', method_kind: 'bank' }))
    .answer('authorize', pending);
  shop.fire('payment_deadline').answer('abandon', { outcome: 'declined', code: 'other', retryable: false }, at(days(3)));
  assert.deepEqual([shop.told, shop.payment().status], [['payment.abandoned'], 'abandoned']);
  shop.webhook([fact('captured', 8400)], 'evt_late', at(days(4)));
  assert.deepEqual([shop.told, shop.last('payment.captured').late, shop.payment().status], [['payment.captured'], true, 'captured']);
});

test('a capture that arrives after the authorization had lapsed counts', () => {
  const shop = authorized()
    .run(capture(1, 8400, true))
    .answer('capture', unknown)
    .webhook([fact('lapsed', 8400)]);
  assert.deepEqual([shop.told, shop.payment().status], [['payment.authorization_expired'], 'lapsed']);
  shop.webhook([fact('captured', 8400)]);
  assert.deepEqual(
    [shop.told, shop.last('payment.captured').late, shop.payment().voided],
    [['payment.outcome_resolved', 'payment.captured', 'payment.drift_detected', 'exception.raised'], true, 0],
  );
});

// --- facts of payments that nobody here knows

test('facts of an unknown payment wait, are claimed when it appears, and are an exception after an hour', () => {
  const shop = desk().webhook([held], 'evt_1');
  assert.deepEqual([shop.told, shop.timer('unclaimed_webhook', 'stripe/evt_1')], [[], at(10_000)]);
  shop.run(start(), at(5_000)).fire('unclaimed_webhook', 'stripe/evt_1');
  assert.deepEqual(
    [shop.told, shop.payment().status, shop.timer('unclaimed_webhook', 'stripe/evt_1')],
    [['payment.authorized'], 'authorized', undefined],
  );

  const orphan = desk().webhook([held], 'evt_2');
  const tries = ['stripe/evt_2', 'stripe/evt_2', 'stripe/evt_2', 'stripe/evt_2'].map(id => orphan.fire('unclaimed_webhook', id).told);
  assert.deepEqual(tries, [[], [], [], ['exception.raised']]);
  const { exception_id, subject, reason } = orphan.last('exception.raised');
  assert.deepEqual([subject, reason, orphan.timer('unclaimed_webhook', 'stripe/evt_2')], ['stripe/evt_2', 'unclaimed_fact', undefined]);
  assert.equal(orphan.memory.log[0]?.time, at(hours(1)));
  assert.deepEqual(orphan.run({ type: 'resolve_exception', exception_id, subject, note: 'not ours' }).told, ['exception.resolved']);
});

test('one webhook about several payments reaches each', () => {
  const shop = desk()
    .run(start())
    .run(start({ payment_id: 'pay_2' }));
  shop.webhook([held, fact('authorized', 8400, { payment_id: 'pay_2', object_ref: 'pi_2', gateway_ref: 'pi_2' })]);
  assert.deepEqual([shop.told, shop.payment('pay_2').status], [['payment.authorized', 'payment.authorized'], 'authorized']);
});

test('an answer to an operation that nobody asked for changes nothing', () => {
  const shop = desk().run({ type: 'record_gateway_fact', payment_id: pay, op_id: 'op_x', outcome: ok(held) });
  assert.deepEqual([shop.told, shop.memory.version('payment', pay), order], [[], 0, 'ord_1']);
});
