import assert from 'node:assert/strict';
import { test } from 'node:test';
import { event_contracts } from '../../../contracts/index.ts';
import { recorded } from '../../../contracts/recorded.ts';
import type { Event, Logged } from '../../../platform/service.ts';
import { reactions } from '../reactions.ts';
import {
  at,
  authorized,
  capture,
  captured,
  days,
  desk,
  fact,
  held,
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

const by_hand = { gateway: 'manual', method_kind: 'manual' } as const;

// --- the gateway `manual`

test('manual: the payment is authorized in the decision that starts it, without a call or a payment.started', () => {
  const shop = desk().run(start(by_hand));
  assert.deepEqual(shop.told, ['payment.authorized']);
  assert.equal(shop.memory.operations.size, 0);
  assert.equal(shop.memory.timers.size, 0);
  const { amount, late, tender_no, intent, attempt_no, state, sums } = shop.last('payment.authorized');
  assert.deepEqual([amount, late, tender_no, intent, attempt_no, state], [8400, false, 1, 'authorize', 1, 'authorized']);
  assert.deepEqual(sums, { amount: 8400, authorized: 8400, captured: 0, voided: 0, refunded: 0 });
});

test('manual: a charge is captured at once, and sets authorized and captured', () => {
  const shop = desk().run(start({ ...by_hand, intent: 'charge' }));
  assert.deepEqual(shop.told, ['payment.captured']);
  const { amount, final, released_amount, sums } = shop.last('payment.captured');
  assert.deepEqual([amount, final, released_amount, sums.authorized, sums.captured], [8400, true, 0, 8400, 8400]);
});

test('manual: captures, a final one that releases the rest, and refunds are one event each', () => {
  const shop = desk().run(start(by_hand));
  assert.deepEqual(shop.run(capture(1, 5000)).told, ['payment.captured']);
  assert.deepEqual([shop.last('payment.captured').state, shop.last('payment.captured').shipment_id], ['partially_captured', 'shp_1']);
  assert.deepEqual(shop.run(capture(2, 3000, true)).told, ['payment.captured']);
  const { amount, final, released_amount, state } = shop.last('payment.captured');
  assert.deepEqual([amount, final, released_amount, state], [3000, true, 400, 'captured']);
  assert.deepEqual(shop.run(refund('rfd_1', 1000)).told, ['payment.refunded']);
  assert.equal(shop.last('payment.refunded').state, 'partially_refunded');
  assert.deepEqual(shop.run(refund('rfd_2', 7000)).told, ['payment.refunded']);
  assert.equal(shop.payment().status, 'refunded');
});

test('manual: a release voids what is left at once', () => {
  const shop = desk().run(start(by_hand)).run(capture(1, 5000)).run(release());
  assert.deepEqual(shop.told, ['payment.voided']);
  assert.deepEqual([shop.last('payment.voided').amount, shop.payment().status], [3400, 'captured']);
  assert.deepEqual(desk().run(start(by_hand)).run(release()).payment().status, 'voided');
});

// --- start

test('a card payment is processing, its authorization asked for, and a timer waits for the answer', () => {
  const shop = desk().run(start());
  assert.deepEqual(shop.told, ['payment.started']);
  assert.deepEqual([shop.payment().status, shop.timer('payment_deadline')], ['processing', at(minutes(10))]);
  const { request, kind, provider, subject, key } = [...shop.memory.operations.values()][0] ?? assert.fail();
  assert.deepEqual([kind, provider, subject, key], ['authorize', 'stripe', pay, 'ord_1']);
  assert.deepEqual(
    [request['amount'], request['currency'], request['intent'], request['method']],
    [8400, 'GBP', 'authorize', 'pm_card_visa'],
  );
});

test('what orders asked for once is not asked again', () => {
  assert.deepEqual(desk().run(start()).run(start()).told, []);
  assert.deepEqual(authorized().run(capture(1, 100)).run(capture(1, 100)).told, []);
  assert.deepEqual(authorized().run(release()).run(release()).told, []);
  const shop = captured().run(refund('rfd_1', 100));
  assert.equal(shop.memory.operations.size, 3);
  assert.deepEqual(shop.run(refund('rfd_1', 100)).told, []);
  assert.equal(shop.memory.operations.size, 3);
});

test('a payment without a token of a gateway fails without a call', () => {
  for (const personal of [undefined, {}, { method_token: '4242424242424242' }]) {
    const shop = desk().run(start({ personal }));
    assert.deepEqual([shop.told, shop.memory.operations.size], [['payment.failed'], 0]);
    assert.equal(shop.last('payment.failed').decline_code, 'card_invalid');
  }
  assert.deepEqual(desk().run(start({ gateway: 'nobody' })).told, ['payment.failed']);
});

test('commands about a payment that never started change nothing', () => {
  for (const command of [capture(1, 100), release(), refund('rfd_1', 100)]) assert.deepEqual(desk().run(command).told, []);
});

// --- capture

test('a capture is asked for with its amount, and told when the gateway did it', () => {
  const shop = authorized().run(capture(1, 5850));
  assert.deepEqual([shop.told, shop.payment().capture_pending], [[], 5850]);
  shop.answer('capture', ok(held, fact('captured', 5850)), at(240));
  assert.deepEqual(shop.told, ['payment.captured']);
  const { kind, elapsed_ms, capture_no, amount, final, state, shipment_id } = shop.last('payment.captured');
  assert.deepEqual(
    [kind, elapsed_ms, capture_no, amount, final, state, shipment_id],
    ['capture', 240, 1, 5850, false, 'partially_captured', 'shp_1'],
  );
});

test('captures go to the gateway one at a time, so equal ones stay two', () => {
  const shop = authorized().run(capture(1, 4000)).run(capture(2, 4000));
  assert.deepEqual(
    [...shop.memory.operations.values()].map(each => each.kind),
    ['authorize', 'capture'],
  );
  assert.equal(shop.payment().capture_pending, 8000);
});

test('the second of two equal captures is a fact of its own: amounts are cumulative', () => {
  const shop = authorized().run(capture(1, 4000)).run(capture(2, 4000));
  shop.webhook([fact('captured', 4000)]);
  assert.deepEqual([shop.told, shop.payment().captured, shop.payment().capture_pending], [['payment.captured'], 4000, 4000]);
  assert.deepEqual(shop.webhook([fact('captured', 4000)], 'evt_again').told, []);
  shop.webhook([fact('captured', 8000)]);
  assert.deepEqual([shop.told, shop.last('payment.captured').capture_no, shop.payment().captured], [['payment.captured'], 2, 8000]);
});

const too_much = [
  { what: 'more than is authorized', given: authorized(), asked: capture(1, 8401) },
  { what: 'more than is left', given: authorized().run(capture(1, 5000)), asked: capture(2, 3401) },
  { what: 'while all is being voided', given: authorized().run(release()), asked: capture(1, 1) },
  { what: 'in the last ten minutes', given: authorized({ authorization_expires_at: at(minutes(9)) }), asked: capture(1, 100) },
  { what: 'before there is any money', given: desk().run(start()), asked: capture(1, 100) },
  {
    what: 'of a declined payment',
    given: desk().run(start()).answer('authorize', { outcome: 'declined', code: 'do_not_honor', retryable: true }),
    asked: capture(1, 100),
  },
];
for (const { what, given, asked } of too_much) {
  test(`a capture is refused without a call: ${what}`, () => {
    const [before, calls] = [given.payment(), given.memory.operations.size];
    assert.deepEqual(given.run(asked).told, ['payment.capture_failed']);
    assert.equal(given.memory.operations.size, calls);
    assert.equal(given.payment().status, before.status);
    assert.deepEqual(given.run(asked).told, [], 'and told once');
  });
}

test('a capture just before the last ten minutes still goes', () => {
  assert.deepEqual(authorized({ authorization_expires_at: at(minutes(10)) }).run(capture(1, 100)).told, []);
});

test('a refused capture leaves the authorization as it was', () => {
  const shop = authorized()
    .run(capture(1, 8400, true))
    .answer('capture', { outcome: 'declined', code: 'card_expired', retryable: false });
  assert.deepEqual([shop.told, shop.last('payment.capture_failed').decline_code], [['payment.capture_failed'], 'card_expired']);
  assert.deepEqual([shop.payment().status, shop.payment().capture_pending], ['authorized', 0]);
});

test('a capture after a refused one is told as itself, also when it takes more', () => {
  const no = { outcome: 'declined', code: 'card_expired', retryable: false } as const;
  for (const amount of [3000, 5000]) {
    const shop = authorized().run(capture(1, 3000)).answer('capture', no).run(capture(2, amount));
    shop.webhook([fact('captured', amount)]);
    assert.deepEqual(
      [shop.told, shop.last('payment.captured').capture_no, shop.last('payment.captured').amount],
      [['payment.captured'], 2, amount],
    );
  }
});

test('a final capture of less releases the rest, also when the gateway tells it as a fact of its own', () => {
  for (const facts of [[fact('captured', 5850)], [fact('captured', 5850), fact('voided', 2550)]]) {
    const shop = authorized()
      .run(capture(1, 5850, true))
      .answer('capture', ok(...facts));
    assert.deepEqual(shop.told, ['payment.captured']);
    assert.deepEqual(
      [shop.last('payment.captured').released_amount, shop.payment().status, shop.payment().voided],
      [2550, 'captured', 2550],
    );
    assert.equal(shop.timer('authorization_expiry'), undefined);
  }
});

// --- gathering: a gateway or card that takes one capture

test('without multi_capture captures are gathered into one, asked for with the final one, and each is told', () => {
  const shop = authorized({ multi_capture: false }).run(capture(1, 1000)).run(capture(2, 2000));
  assert.deepEqual([shop.memory.operations.size, shop.payment().capture_pending], [1, 3000]);
  shop.run(capture(3, 3000, true));
  const request = [...shop.memory.operations.values()][1]?.request;
  assert.deepEqual([request?.['amount'], request?.['final'], request?.['capture_no']], [6000, true, 3]);
  shop.answer('capture', ok(fact('captured', 6000), fact('voided', 2400)));
  assert.deepEqual(shop.told, ['payment.captured', 'payment.captured', 'payment.captured']);
  const events = shop.memory.log.filter(event => event.type === 'payment.captured').map(event => event.data as Record<string, unknown>);
  assert.deepEqual(
    events.map(data => [data['capture_no'], data['amount'], data['final'], data['released_amount']]),
    [
      [1, 1000, false, 0],
      [2, 2000, false, 0],
      [3, 3000, true, 2400],
    ],
  );
});

test('a gathered capture of all that is left does not wait', () => {
  assert.equal(authorized({ multi_capture: false }).run(capture(1, 8400)).memory.operations.size, 2);
});

test('what a gateway never said of a payment counts as no: captures are gathered', () => {
  const { multi_capture: _, ...silent } = held;
  const shop = desk().run(start()).answer('authorize', ok(silent)).run(capture(1, 1000));
  assert.deepEqual([shop.memory.operations.size, shop.payment().capture_pending], [1, 1000]);
  assert.equal(
    desk()
      .run(start({ gateway: 'once' }))
      .payment().gateway,
    'once',
  );
});

test('gathered captures are taken a day before the authorization ends, which they end', () => {
  const shop = authorized({ multi_capture: false }).run(capture(1, 1000)).fire('authorization_expiry');
  assert.deepEqual([shop.memory.operations.size, shop.exceptions], [2, []]);
  shop.answer('capture', ok(fact('captured', 1000), fact('voided', 7400)), at(days(6)));
  assert.deepEqual([shop.told, shop.payment().status, shop.payment().voided], [['payment.captured'], 'captured', 7400]);
});

test('a release takes what was gathered first, and that lets the rest go', () => {
  const shop = authorized({ multi_capture: false }).run(capture(1, 1000)).run(release());
  assert.deepEqual(
    [...shop.memory.operations.values()].map(each => [each.kind, each.request['final']]),
    [
      ['authorize', undefined],
      ['capture', true],
    ],
  );
  shop.answer('capture', ok(fact('captured', 1000), fact('voided', 7400)));
  assert.deepEqual([shop.told, shop.payment().status], [['payment.captured'], 'captured']);
});

// --- release

test('a release voids what is authorized, after the captures that are open', () => {
  const shop = authorized().run(capture(1, 5000)).run(release());
  assert.deepEqual([shop.told, shop.payment().void_pending, shop.memory.operations.size], [[], 3400, 2]);
  shop.answer('capture', ok(held, fact('captured', 5000)));
  assert.equal(shop.memory.operations.size, 3);
  shop.answer('void', ok(held, fact('captured', 5000), fact('voided', 3400)));
  assert.deepEqual([shop.told, shop.last('payment.voided').amount, shop.payment().status], [['payment.voided'], 3400, 'captured']);
  assert.deepEqual(
    authorized()
      .run(release())
      .answer('void', ok(fact('voided', 8400)))
      .payment().status,
    'voided',
  );
});

test('a release while the payment is in progress is remembered, and done once it is authorized', () => {
  const shop = desk().run(start()).run(release());
  assert.deepEqual([shop.told, shop.memory.operations.size], [[], 1]);
  shop.answer('authorize', ok(held));
  assert.deepEqual(
    [shop.told, [...shop.memory.operations.values()].map(each => each.kind)],
    [['payment.authorized'], ['authorize', 'void']],
  );
  shop.answer('void', ok(fact('voided', 8400)));
  assert.deepEqual([shop.told, shop.payment().status], [['payment.voided'], 'voided']);
});

test('there is nothing to release of what holds nothing', () => {
  assert.deepEqual(captured().run(release()).payment().release_requested, false);
});

test('a void that the gateway refuses is an exception, and is asked again when a person says so', () => {
  const shop = authorized().run(release()).answer('void', { outcome: 'permanent_error', code: 'x', detail: 'y' });
  assert.deepEqual([shop.told, shop.exceptions], [['exception.raised'], ['void_failed']]);
  const [exception] = shop.payment().exceptions;
  shop.run({ type: 'resolve_exception', exception_id: exception?.exception_id ?? '', subject: pay, note: 'called them' });
  assert.deepEqual([shop.told, shop.operation('void').state], [['exception.resolved'], 'open']);
  assert.deepEqual(shop.answer('void', ok(fact('voided', 8400))).told, ['payment.voided']);
});

// --- refund

test('a refund is asked for once, reserved before the call, and told when done', () => {
  const shop = captured().run(refund('rfd_1', 510));
  assert.deepEqual([shop.told, shop.payment().refund_pending], [[], 510]);
  shop.answer('refund', ok(refund_fact('refunded', 're_1', 510, { refund_id: 'rfd_1' })));
  const { origin, amount, reason, state } = shop.last('payment.refunded');
  assert.deepEqual([shop.told, origin, amount, reason, state], [['payment.refunded'], 'ours', 510, 'return', 'partially_refunded']);
});

test('refunds never exceed what was captured, whatever is under way', () => {
  const shop = captured().run(refund('rfd_1', 8000)).run(refund('rfd_2', 401));
  assert.deepEqual([shop.told, shop.last('payment.refund_failed').code], [['payment.refund_failed'], 'refund_exceeds_capture']);
  assert.deepEqual(shop.run(refund('rfd_3', 400)).told, []);
  assert.deepEqual(authorized().run(refund('rfd_1', 1)).told, ['payment.refund_failed']);
});

test('a refused refund frees what it had reserved', () => {
  const shop = captured().run(refund('rfd_1', 510)).answer('refund', { outcome: 'declined', code: 'charge_disputed', retryable: false });
  assert.deepEqual(
    [shop.told, shop.last('payment.refund_failed').code, shop.payment().refund_pending],
    [['payment.refund_failed'], 'charge_disputed', 0],
  );
});

test('a pending refund waits for its fact, and for a person after ten days', () => {
  const pending = { outcome: 'pending', value: value(refund_fact('pending', 're_1', 510, { refund_id: 'rfd_1' })) } as const;
  const shop = captured().run(refund('rfd_1', 510)).answer('refund', pending);
  const overdue = `${pay}/${shop.operation('refund').op_id}`;
  assert.deepEqual([shop.told, shop.payment().refund_pending, shop.timer('operation_overdue', overdue)], [[], 510, at(days(10))]);
  assert.deepEqual(shop.fire('operation_overdue', overdue).exceptions, ['refund_overdue']);
  shop.webhook([refund_fact('refunded', 're_1', 510, { refund_id: 'rfd_1' })]);
  assert.deepEqual(
    [shop.told, shop.exceptions, shop.timer('operation_overdue', overdue)],
    [['payment.refunded', 'exception.resolved'], [], undefined],
  );
});

// --- hearing

test('every event that payments hears becomes a command, and that command is decided', () => {
  const heard = Object.values(event_contracts).filter(contract => contract.heard_by.includes('payments' as never));
  assert.deepEqual(Object.keys(reactions).sort(), heard.map(contract => contract.type).sort());
  for (const { type } of heard) {
    const shop = desk();
    // Read from the contracts as any reader of JSON would.
    shop.memory.hear(recorded(type) as unknown as Logged<Event>);
    assert.equal(shop.memory.log.length, type === 'payment.requested' ? 1 : 0, type);
  }
});

test('an unknown capture blocks the next until it is resolved', () => {
  const shop = authorized().run(capture(1, 4000)).answer('capture', unknown).run(capture(2, 4000));
  assert.equal(shop.memory.operations.size, 2);
  shop.webhook([fact('captured', 4000)]);
  assert.deepEqual([shop.told, shop.memory.operations.size], [['payment.outcome_resolved', 'payment.captured'], 3]);
});
