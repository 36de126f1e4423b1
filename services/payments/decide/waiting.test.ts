import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../../platform/service.ts';
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
  pay,
  refund,
  refund_fact,
  release,
  start,
  unknown,
  value,
} from '../test_payments.ts';

const action: Outcome = { outcome: 'action_required', url: 'https://bank.example/3ds', value: value(fact('action_required', 8400)) };
const waits_for_shopper = () => desk().run(start()).answer('authorize', action);

test('a gateway that does not answer for ten minutes is an exception, and is asked on', () => {
  const shop = desk().run(start()).fire('payment_deadline');
  assert.deepEqual(
    [shop.told, shop.exceptions, shop.timer('payment_deadline')],
    [['exception.raised'], ['gateway_silent'], at(minutes(20))],
  );
  assert.deepEqual(shop.fire('payment_deadline').told, [], 'raised once');
  shop.answer('authorize', ok(held), at(minutes(31)));
  assert.deepEqual([shop.told, shop.exceptions], [['payment.authorized', 'exception.resolved'], []]);
});

test('a shopper who never finished: the gateway is asked and cancels, then the payment is abandoned', () => {
  const shop = waits_for_shopper().fire('payment_deadline');
  assert.deepEqual([shop.told, shop.operation('abandon').state, shop.payment().status], [[], 'open', 'action_required']);
  shop.answer('abandon', ok(fact('voided', 0)), at(minutes(10) + 300));
  assert.deepEqual([shop.told, shop.payment().status, shop.timer('payment_deadline')], [['payment.abandoned'], 'abandoned', undefined]);
  assert.equal(shop.memory.operations.get(shop.operation('authorize').op_id)?.state, 'failed', 'the runner stops asking');
});

test('a shopper who was faster keeps the payment', () => {
  const shop = waits_for_shopper()
    .fire('payment_deadline')
    .answer('abandon', ok(held), at(minutes(10)));
  assert.deepEqual([shop.told, shop.payment().status], [['payment.authorized'], 'authorized']);
  const paid = waits_for_shopper().webhook([held]);
  assert.equal(paid.timer('payment_deadline'), undefined);
});

test('a decline found at the deadline is a decline', () => {
  const shop = waits_for_shopper().fire('payment_deadline');
  shop.answer('abandon', ok(fact('declined', 8400, { decline_code: 'authentication_failed', retryable: true })));
  assert.deepEqual([shop.told, shop.last('payment.declined').decline_code], [['payment.declined'], 'authentication_failed']);
});

test('a cancellation without an answer is asked on, and a person is told', () => {
  const shop = waits_for_shopper().fire('payment_deadline').answer('abandon', unknown).fire('payment_deadline');
  assert.deepEqual([shop.told, shop.exceptions], [['exception.raised'], ['not_abandoned']]);
  shop.answer('abandon', ok(fact('voided', 0)));
  assert.deepEqual([shop.told, shop.exceptions], [['payment.abandoned', 'exception.resolved'], []]);
});

test('a cancellation that cannot be asked for is an exception, and is tried again', () => {
  const shop = waits_for_shopper().fire('payment_deadline').answer('abandon', { outcome: 'permanent_error', code: 'x', detail: 'y' });
  assert.deepEqual([shop.exceptions, shop.payment().status], [['not_abandoned'], 'action_required']);
  assert.equal(shop.fire('payment_deadline').operation('abandon').state, 'open');
});

test('money that comes while the payment is being abandoned stops the cancellation', () => {
  const shop = waits_for_shopper().fire('payment_deadline').webhook([held]);
  assert.deepEqual([shop.told, shop.memory.operations.get(shop.operation('abandon').op_id)?.state], [['payment.authorized'], 'failed']);
});

test('a hold that was cancelled without our asking has lapsed: orders looks for other money', () => {
  const shop = waits_for_shopper()
    .fire('payment_deadline')
    .webhook([held])
    .webhook([fact('voided', 8400)]);
  assert.deepEqual([shop.told, shop.payment().status], [['payment.authorization_expired'], 'lapsed']);
});

test('a day before an authorization ends a person is told; at its end the gateway is asked', () => {
  const shop = authorized().fire('authorization_expiry');
  assert.deepEqual(
    [shop.told, shop.exceptions, shop.timer('authorization_expiry')],
    [['exception.raised'], ['authorization_expires'], at(days(7))],
  );
  shop.fire('authorization_expiry');
  assert.deepEqual([shop.told, shop.operation('ask').state, shop.timer('authorization_expiry')], [[], 'open', at(days(7) + hours(1))]);
  shop.answer('ask', ok(held, fact('lapsed', 8400)), at(days(7)));
  assert.deepEqual([shop.told, shop.payment().status], [['payment.authorization_expired', 'exception.resolved'], 'lapsed']);
  assert.deepEqual([shop.last('payment.authorization_expired').amount, shop.timer('authorization_expiry')], [8400, undefined]);
});

test('an authorization that the gateway keeps longer is asked about every hour', () => {
  const shop = authorized()
    .fire('authorization_expiry')
    .fire('authorization_expiry')
    .answer('ask', ok(held), at(days(7)));
  assert.deepEqual([shop.told, shop.payment().status], [[], 'authorized']);
  const asked = shop.operation('ask').op_id;
  assert.notEqual(shop.fire('authorization_expiry').operation('ask').op_id, asked);
  assert.equal(shop.payment().operations.filter(operation => operation.kind === 'ask').length, 1, 'only the last is remembered');
});

test('of a part captured and lapsed the part stays captured', () => {
  const shop = authorized()
    .run(capture(1, 5000))
    .answer('capture', ok(fact('captured', 5000)))
    .webhook([fact('lapsed', 3400)]);
  assert.deepEqual(
    [shop.told, shop.last('payment.authorization_expired').amount, shop.payment().status],
    [['payment.authorization_expired'], 3400, 'captured'],
  );
});

test('captures that waited when the authorization lapsed have failed', () => {
  const shop = authorized({ multi_capture: false })
    .run(capture(1, 1000))
    .webhook([fact('lapsed', 8400)]);
  assert.deepEqual([shop.told, shop.payment().capture_pending], [['payment.authorization_expired', 'payment.capture_failed'], 0]);
});

test('a short authorization is looked after at half of its life', () => {
  assert.equal(authorized({ authorization_expires_at: at(hours(2)) }).timer('authorization_expiry'), at(hours(1)));
});

const { authorization_expires_at: _, ...endless } = held;

test('an authorization whose end nobody told is asked about after a minute, then every hour', () => {
  const shop = desk().run(start()).webhook([endless]);
  assert.equal(shop.timer('authorization_expiry'), at(minutes(1)));
  shop.fire('authorization_expiry');
  assert.deepEqual(
    [shop.told, shop.operation('ask').state, shop.timer('authorization_expiry')],
    [[], 'open', at(minutes(1) + hours(1))],
    'money without an end is no reason to call a person',
  );
  const silent = shop.answer('ask', unknown).fire('authorization_expiry');
  assert.deepEqual([silent.told, silent.timer('authorization_expiry')], [[], at(minutes(1) + hours(2))]);
  shop.answer('ask', ok(held), at(hours(3)));
  assert.deepEqual([shop.payment().authorization_expires_at, shop.timer('authorization_expiry')], [at(days(7)), at(days(6))]);
});

test('what is taken or let go is not asked about for its end', () => {
  const held_by_webhook = () => desk().run(start()).webhook([endless]);
  const taken = held_by_webhook()
    .run(capture(1, 8400, true))
    .answer('capture', ok(endless, fact('captured', 8400)));
  const released = held_by_webhook()
    .run(release())
    .answer('void', ok(endless, fact('voided', 8400)));
  assert.deepEqual([taken.timer('authorization_expiry'), released.timer('authorization_expiry')], [undefined, undefined]);
});

test('where a gateway never says how long, the shortest that it holds an authorization counts, but forbids no capture', () => {
  const shop = desk()
    .run(start({ gateway: 'silent' }))
    .answer('authorize', ok({ ...endless, gateway: 'silent' }));
  assert.equal(shop.timer('authorization_expiry'), at(days(4)));
  shop.fire('authorization_expiry');
  assert.deepEqual(
    [shop.told, shop.exceptions, shop.timer('authorization_expiry')],
    [['exception.raised'], ['authorization_expires'], at(days(5))],
  );
  assert.equal(shop.run(capture(1, 8400, true), at(days(5))).operation('capture').state, 'open');
});

test('nobody is told of an end that a release brings anyway', () => {
  assert.deepEqual(authorized().run(release()).fire('authorization_expiry').told, []);
});

test('what is unknown for a day is for a person, and resolves itself when evidence comes', () => {
  const shop = desk().run(start()).answer('authorize', unknown);
  const overdue = `${pay}/${shop.operation('authorize').op_id}`;
  assert.deepEqual([shop.timer('operation_overdue', overdue), shop.timer('payment_deadline')], [at(hours(24)), undefined]);
  shop.fire('operation_overdue', overdue);
  assert.deepEqual(
    [shop.told, shop.exceptions, shop.timer('operation_overdue', overdue)],
    [['exception.raised'], ['outcome_unknown'], at(hours(48))],
  );
  shop.webhook([held]);
  assert.deepEqual(shop.told, ['payment.outcome_resolved', 'payment.authorized', 'exception.resolved']);
  assert.equal(shop.timer('operation_overdue', overdue), undefined);
});

test('a shopper who is waited for is released: voided as soon as he has paid', () => {
  const shop = waits_for_shopper().run(release());
  assert.deepEqual([shop.told, shop.payment().status, shop.payment().release_requested], [[], 'action_required', true]);
  assert.deepEqual(shop.webhook([held]).operation('void').state, 'open');
});

test('a payment that the gateway no longer understands while the shopper is away is one of its operations refused, not money', () => {
  const shop = waits_for_shopper().answer('authorize', { outcome: 'permanent_error', code: 'x', detail: 'y' });
  assert.deepEqual([shop.payment().status, shop.payment().authorized], ['failed', 0]);
});

test('money taken although it was let go contradicts what we know: drift, for a person', () => {
  const shop = authorized()
    .run(release())
    .answer('void', ok(held, fact('voided', 8400)))
    .webhook([fact('captured', 8400)]);
  assert.deepEqual([shop.payment().status, shop.payment().captured, shop.exceptions], ['voided', 0, ['gateway_drift']]);
});

test('all that was taken of a part goes back: refunded; and when the bank sends it back, it is captured again', () => {
  const shop = authorized()
    .run(capture(1, 5000))
    .answer('capture', ok(held, fact('captured', 5000)))
    .run(refund('rfd_1', 5000));
  assert.equal(shop.payment().status, 'partially_captured');
  const done = refund_fact('refunded', 're_1', 5000, { refund_id: 'rfd_1' });
  assert.equal(shop.answer('refund', ok(done)).payment().status, 'refunded');
  assert.equal(shop.webhook([refund_fact('refund_failed', 're_1', 5000, { refund_id: 'rfd_1' })]).payment().status, 'partially_captured');
  const twice = captured();
  for (const [refund_id, object_ref, amount] of [
    ['rfd_3', 're_3', 4000],
    ['rfd_4', 're_4', 4400],
  ] as const)
    twice.run(refund(refund_id, amount)).answer('refund', ok(refund_fact('refunded', object_ref, amount, { refund_id })));
  assert.equal(twice.payment().status, 'refunded');
  twice.webhook([refund_fact('refund_failed', 're_3', 4000, { refund_id: 'rfd_3' })]);
  assert.deepEqual([twice.payment().status, twice.payment().refunded], ['partially_refunded', 4400]);
  const whole = captured()
    .run(refund('rfd_2', 8400))
    .answer('refund', ok(refund_fact('refunded', 're_2', 8400, { refund_id: 'rfd_2' })));
  assert.equal(whole.payment().status, 'refunded');
  assert.equal(whole.webhook([refund_fact('refund_failed', 're_2', 8400, { refund_id: 'rfd_2' })]).payment().status, 'captured');
});
