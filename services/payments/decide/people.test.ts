import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Desk } from '../test_payments.ts';
import { at, authorized, capture, captured, desk, fact, held, pay, refund, start, unknown } from '../test_payments.ts';

const settle = (
  shop: Desk,
  kind: 'authorize' | 'capture' | 'refund',
  outcome: 'succeeded' | 'failed',
  evidence = 'seen in their dashboard',
) => shop.run({ type: 'settle_operation', subject: pay, op_id: shop.operation(kind).op_id, outcome, evidence }, at(1_000));

test('an operator who saw the authorization settles it with its reference', () => {
  const shop = desk().run(start()).answer('authorize', unknown);
  assert.deepEqual(settle(shop, 'authorize', 'succeeded').told, ['gateway_reference_needed']);
  assert.deepEqual(settle(shop, 'authorize', 'succeeded', 'pi_1').told, ['payment.outcome_resolved', 'payment.authorized']);
  assert.equal(shop.memory.operations.get(shop.operation('authorize').op_id)?.state, 'succeeded');
  assert.deepEqual([shop.payment().gateway_ref, shop.operation('authorize').evidence], ['pi_1', 'pi_1']);
  assert.deepEqual(shop.webhook([held]).told, [], 'the fact itself, later, adds nothing');
});

const settlements = [
  {
    kind: 'authorize',
    outcome: 'failed',
    given: () => desk().run(start()).answer('authorize', unknown),
    told: 'payment.failed',
    status: 'failed',
  },
  {
    kind: 'capture',
    outcome: 'succeeded',
    given: () => authorized().run(capture(1, 8400)).answer('capture', unknown),
    told: 'payment.captured',
    status: 'captured',
  },
  {
    kind: 'capture',
    outcome: 'failed',
    given: () => authorized().run(capture(1, 8400)).answer('capture', unknown),
    told: 'payment.capture_failed',
    status: 'authorized',
  },
  {
    kind: 'refund',
    outcome: 'succeeded',
    given: () => captured().run(refund('rfd_1', 8400)).answer('refund', unknown),
    told: 'payment.refunded',
    status: 'refunded',
  },
  {
    kind: 'refund',
    outcome: 'failed',
    given: () => captured().run(refund('rfd_1', 8400)).answer('refund', unknown),
    told: 'payment.refund_failed',
    status: 'captured',
  },
] as const;
for (const { kind, outcome, given, told, status } of settlements) {
  test(`an unknown ${kind} that an operator knows to have ${outcome}: ${told}`, () => {
    const shop = settle(given(), kind, outcome);
    assert.deepEqual([shop.told, shop.payment().status], [['payment.outcome_resolved', told], status]);
    assert.equal(shop.memory.operations.get(shop.operation(kind).op_id)?.state, outcome);
  });
}

test('a capture settled as failed that happened all the same counts when its fact comes', () => {
  const shop = settle(authorized().run(capture(1, 8400)).answer('capture', unknown), 'capture', 'failed').webhook([fact('captured', 8400)]);
  assert.deepEqual([shop.told, shop.payment().captured], [['payment.captured'], 8400]);
});

test('what has ended is not settled, and what is not there neither', () => {
  assert.deepEqual(settle(authorized(), 'authorize', 'failed').told, ['invalid_transition']);
  const shop = authorized().run({ type: 'settle_operation', subject: pay, op_id: 'op_x', outcome: 'failed', evidence: '' });
  assert.deepEqual(shop.told, ['not_found']);
});

test('an exception is resolved once, with a note', () => {
  const shop = desk().run(start()).answer('authorize', { outcome: 'permanent_error', code: 'x', detail: 'y' });
  const resolve = {
    type: 'resolve_exception',
    exception_id: shop.payment().exceptions[0]?.exception_id ?? '',
    subject: pay,
    note: 'key renewed',
  } as const;
  assert.deepEqual(
    [shop.run(resolve).told, shop.last('exception.resolved').note, shop.exceptions],
    [['exception.resolved'], 'key renewed', []],
  );
  assert.deepEqual(shop.run(resolve).told, ['not_found']);
  assert.deepEqual(shop.run({ ...resolve, subject: 'stripe/evt_1' }).told, ['not_found']);
});
