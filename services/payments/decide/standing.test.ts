/** E16: one payment's facts in any order, each told once or more often, end in one state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { in_memory } from '../../../platform/testing/in_memory.ts';
import type { GatewayFact } from '../gateways/port.ts';
import { no_payment, type Payment, type StoredFact } from '../model.ts';
import { payments_service } from '../service.ts';
import {
  capture,
  check_payments,
  type Desk,
  desk,
  fact,
  held,
  ok,
  pay,
  refund,
  refund_fact,
  release,
  start,
  test_gateways,
  test_time,
  webhook,
} from '../test_payments.ts';
import { settle_by_facts } from './proceed.ts';
import { standing_of } from './standing.ts';

const ours = { refund_id: 'rfd_1' };
const dispute = fact('disputed', 8400, { object_ref: 'dp_1/needs_response' });
const declined = fact('declined', 8400, { decline_code: 'do_not_honor', retryable: true });
const processing = () => desk().run(start());
const capturing = () =>
  processing()
    .answer('authorize', ok(held))
    .run(capture(1, 5850, true));

const stories: { what: string; given: () => Desk; facts: GatewayFact[]; status: string }[] = [
  {
    what: 'a shopper acts, the bank works, the hold lapses',
    given: processing,
    facts: [
      fact('action_required', 8400, { url: 'https://bank.example' }),
      fact('pending', 8400),
      held,
      fact('lapsed', 8400),
      declined,
      dispute,
    ],
    status: 'lapsed',
  },
  {
    what: 'a final capture, what it let go, and refunds of the gateway’s own',
    given: capturing,
    facts: [
      fact('captured', 5850),
      fact('voided', 2550),
      refund_fact('refunded', 're_9', 1000),
      refund_fact('refunded', 're_8', 500),
      refund_fact('refund_failed', 're_8', 500),
      dispute,
    ],
    status: 'partially_refunded',
  },
  {
    what: 'a charge and a refund of ours that failed later',
    given: () =>
      desk()
        .run(start({ intent: 'charge' }))
        .answer('authorize', ok(fact('captured', 8400)))
        .run(refund('rfd_1', 400)),
    facts: [
      fact('pending', 8400),
      fact('captured', 8400),
      refund_fact('pending', 're_1', 400, ours),
      refund_fact('refunded', 're_1', 400, ours),
      refund_fact('refund_failed', 're_1', 400, ours),
      refund_fact('refunded', 're_9', 8400),
    ],
    status: 'refunded',
  },
  {
    what: 'released while it was authorized',
    given: () => processing().run(release()),
    facts: [fact('action_required', 8400), fact('pending', 8400), declined, held, fact('voided', 8400), fact('lapsed', 8400)],
    status: 'voided',
  },
  {
    what: 'a dispute is opened, answered and won while two refunds fail',
    given: () =>
      capturing()
        .answer('capture', ok(held, fact('captured', 5850), fact('voided', 2550)))
        .run(refund('rfd_1', 400)),
    facts: [
      dispute,
      fact('disputed', 8400, { object_ref: 'dp_1/under_review' }),
      fact('disputed', 8400, { object_ref: 'dp_1/won' }),
      refund_fact('refunded', 're_1', 400, ours),
      refund_fact('refund_failed', 're_1', 400, ours),
      refund_fact('refund_failed', 're_9', 1000),
    ],
    status: 'captured',
  },
  {
    what: 'a dispute is lost, another one is a closed inquiry, the capture and a refund are told meanwhile',
    given: capturing,
    facts: [
      fact('captured', 5850),
      fact('voided', 2550),
      dispute,
      fact('disputed', 8400, { object_ref: 'dp_1/lost' }),
      fact('disputed', 100, { object_ref: 'dp_2/warning_closed' }),
      refund_fact('refunded', 're_9', 1000),
    ],
    status: 'partially_refunded',
  },
  {
    what: 'two refunds, each of nearly everything, because the first of them failed',
    given: capturing,
    facts: [
      fact('captured', 5850),
      fact('voided', 2550),
      refund_fact('refunded', 're_8', 5000),
      refund_fact('refund_failed', 're_8', 5000),
      refund_fact('refunded', 're_9', 5500),
      dispute,
    ],
    status: 'partially_refunded',
  },
  {
    what: 'nothing came of it',
    given: processing,
    facts: [fact('action_required', 8400), fact('pending', 8400), declined, fact('voided', 0), fact('lapsed', 0), dispute],
    status: 'declined',
  },
];

for (const { what, given, facts, status } of stories) {
  test(`all ${factorial(facts.length)} orders of six facts, each told twice, end in one state: ${what}`, () => {
    const before = given();
    const ends = new Set(permutations(facts).map(order => end_of(before, [...order, ...order.toReversed()])));
    assert.deepEqual([...ends], [end_of(before, facts)]);
    assert.match([...ends][0] ?? '', new RegExp(`"status":"${status}"`));
  });
}

test('all sequences of six tellings of four facts end in one state', () => {
  const before = capturing();
  const facts = [
    fact('captured', 5850),
    fact('voided', 2550),
    refund_fact('refunded', 're_9', 1000),
    refund_fact('refund_failed', 're_9', 1000),
  ];
  const all = sequences(facts, 6).filter(sequence => new Set(sequence).size === facts.length);
  assert.equal(all.length, 1560);
  assert.equal(new Set(all.map(sequence => end_of(before, sequence))).size, 1);
});

test('the state is a function of the set of facts and of our operations alone', () => {
  const { operations } = capturing().payment();
  const facts = [held, fact('captured', 5850), fact('voided', 2550), fact('pending', 8400), refund_fact('refunded', 're_9', 1000), dispute];
  const stored = facts.map(
    ({ raw: _raw, payment_id: _payment_id, order_id: _order_id, ...told }): StoredFact => ({
      ...told,
      received_at: test_time,
      drift: null,
    }),
  );
  const states = permutations(stored).map(order => {
    const payment: Payment = { ...no_payment, amount: 8400, operations, facts: order };
    const { refunds: _, ...standing } = standing_of(payment);
    return JSON.stringify([standing, settle_by_facts(payment).operations]);
  });
  assert.equal(new Set(states).size, 1);
  assert.match(states[0] ?? '', /"authorized":8400,"captured":5850,"voided":2550,"refunded":1000/);
});

/** Where the payment ends when the facts come as webhooks, one after the other, as text. */
function end_of(before: Desk, facts: readonly GatewayFact[]): string {
  const memory = in_memory(payments_service({ gateways: test_gateways }));
  memory.seed('payment', pay, before.payment(), before.memory.version('payment', pay));
  for (const [index, told] of facts.entries()) memory.run(webhook([told], `evt_${index}`), { at: test_time, cause: `req_${index}` });
  check_payments(memory);
  const {
    status,
    decline_code,
    amount,
    authorized,
    captured,
    voided,
    refunded,
    capture_pending,
    void_pending,
    refund_pending,
    gateway_ref,
    exceptions,
  } = memory.state<Payment>('payment', pay);
  return JSON.stringify({
    status,
    decline_code,
    amount,
    authorized,
    captured,
    voided,
    refunded,
    capture_pending,
    void_pending,
    refund_pending,
    gateway_ref,
    exceptions: exceptions.map(({ reason }) => reason).sort(),
  });
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) => permutations([...items.slice(0, index), ...items.slice(index + 1)]).map(rest => [item, ...rest]));
}
function sequences<T>(items: readonly T[], length: number): T[][] {
  return length === 0 ? [[]] : sequences(items, length - 1).flatMap(sequence => items.map(item => [...sequence, item]));
}
function factorial(count: number): number {
  return count <= 1 ? 1 : count * factorial(count - 1);
}
