/** What goes into the rows of operations: the means of payment and who pays, and what later steps must name of earlier ones. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PaymentRequested } from '../../../contracts/index.ts';
import type { Row } from '../../../platform/service.ts';
import type { Gateway } from '../gateways/port.ts';
import {
  at,
  authorized,
  capture,
  type Desk,
  desk,
  fact,
  held,
  minutes,
  ok,
  order,
  pay,
  pi,
  refund,
  release,
  start,
  test_gateways,
  value,
} from '../test_payments.ts';
import { start_request } from './requests.ts';

type Personal = NonNullable<PaymentRequested['data']['personal']>;
const { stripe } = test_gateways;
const anything = stripe && ({ ...stripe, takes_method: undefined, needs_billing: true } as unknown as Gateway);
function asked_with(personal: Partial<Personal>): PaymentRequested['data'] {
  const command = start({ personal: { ...personal } });
  return command.type === 'start_payment' ? command.asked : assert.fail();
}

describe('the means of payment', () => {
  for (const [method, by_anyone, by_stripe] of [
    ['pm_card_visa', true, true],
    [`eyJhbGciOiJSUzI1NiJ9.${'e'.repeat(2_000)}.c2ln-_`, true, false],
    ['1234567890123456789012', true, false],
    ['9876543210123456', true, false],
    ['4111111111111111', false, false],
    ['4111-1111-1111-1111', false, false],
    ['pm_4111111111111111', false, false],
    ['tok.4111111111111111.x', false, false],
    ['<script>', false, false],
    ['', false, false],
    [' pm_card', false, false],
    ['e'.repeat(4_001), false, false],
  ] as const)
    test(`${method.slice(0, 40)}: ${by_anyone ? (by_stripe ? 'taken' : 'not by Stripe') : 'by nobody'}`, () => {
      const asked = asked_with({ method_token: method });
      assert.deepEqual([start_request(asked, anything) !== undefined, start_request(asked, stripe) !== undefined], [by_anyone, by_stripe]);
    });

  test('who pays goes along: name and telephone of the payer where the address has none', () => {
    const billing = { line1: '12 Square', city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' };
    const payer = { name: 'Ada Lovelace', email: 'ada@example.com', phone: '+44 20' };
    const request = start_request(asked_with({ method_token: 'pm_card_visa', payer, billing }), anything);
    assert.deepEqual(
      [request?.receipt_email, request?.billing?.name, request?.billing?.phone, request?.billing?.line1],
      ['ada@example.com', 'Ada Lovelace', '+44 20', '12 Square'],
    );
    assert.equal(start_request(asked_with({ method_token: 'pm_card_visa', payer }), anything)?.billing, null);
    // Who does not need it does not keep it.
    assert.equal(start_request(asked_with({ method_token: 'pm_card_visa', payer, billing }), stripe)?.billing, undefined);
  });
});

describe('what the gateway called the earlier steps', () => {
  const request_of = (made: Desk, kind: 'capture' | 'void' | 'refund'): Row =>
    made.memory.operations.get(made.operation(kind).op_id)?.request ?? assert.fail(`no ${kind} was asked`);
  const named = (ref: string, ...facts: Parameters<typeof ok>) =>
    ({ outcome: 'ok', value: { ...value(...facts), step: { ref, token: `token of ${ref}` } } }) as const;
  const paid = () => desk().run(start()).answer('authorize', named('auth_1', held));

  test('a capture and a void name the authorization', () => {
    const authorize = { ref: 'auth_1', token: 'token of auth_1' };
    assert.deepEqual(request_of(paid().run(capture(1, 8_400, true)), 'capture')['earlier'], { authorize });
    assert.deepEqual(request_of(paid().run(release()), 'void')['earlier'], { authorize });
  });
  test('a refund names the capture', () => {
    const refunded = paid()
      .run(capture(1, 8_400, true))
      .answer('capture', named('cap_1', held, fact('captured', 8_400)))
      .run(refund('rfd_1', 100));
    assert.deepEqual((request_of(refunded, 'refund')['earlier'] as Row)['capture'], { ref: 'cap_1', token: 'token of cap_1' });
  });
  test('the refund of a charge names the charge', () => {
    const charged = desk()
      .run(start({ intent: 'charge' }))
      .answer('authorize', named('sale_1', fact('captured', 8_400)));
    assert.deepEqual((request_of(charged.run(refund('rfd_1', 100)), 'refund')['earlier'] as Row)['capture'], {
      ref: 'sale_1',
      token: 'token of sale_1',
    });
  });
  test('a gateway that names nothing asks for nothing', () =>
    assert.equal(request_of(authorized().run(capture(1, 8_400, true)), 'capture')['earlier'], undefined));
});

test('a charge that is declined and held all the same is told as held, and let go', () => {
  const kept: Parameters<Desk['answer']>[1] = {
    outcome: 'declined',
    code: 'suspected_fraud',
    retryable: false,
    value: value(fact('authorized', 8_400)),
  };
  const made = desk()
    .run(start({ intent: 'charge' }))
    .answer('authorize', kept);
  assert.deepEqual([made.payment().status, made.payment().authorized], ['declined', 8_400]);
  assert.equal(made.operation('void').amount, 8_400);
  made.answer('void', ok(fact('voided', 8_400)));
  assert.deepEqual([made.payment().status, made.payment().voided], ['declined', 8_400]);
});

describe('the payer came back from his bank', () => {
  const returned = (op_id: string) => ({ type: 'payer_returned', payment_id: pay, op_id, learned: { returned: {} } }) as const;
  const waiting = () =>
    desk()
      .run(start())
      .answer('authorize', { outcome: 'action_required', url: 'https://bank.example', value: value(fact('action_required', 8_400)) });
  const records = (made: Desk, op_id: string) => made.memory.run(returned(op_id), { at: at(minutes(1)) }).records;

  test('his authorization is asked about at once', () => {
    const made = waiting();
    const { op_id } = made.operation('authorize');
    assert.deepEqual(records(made, op_id), [{ table: 'payer_returned', row: { op_id, learned: { returned: {} } } }]);
  });
  test('when nobody waits for him, or for somebody else’s operation, nothing happens', () => {
    assert.deepEqual(records(waiting(), 'op_nobody'), []);
    const done = authorized();
    assert.deepEqual(records(done, done.operation('authorize').op_id), []);
  });
  test('the payment is still that of its order', () =>
    assert.deepEqual([waiting().payment().order_id, waiting().payment().gateway_ref], [order, pi]));
});
