/** P1 and P14 (domain.md 8, reliability.md 1) under anything that orders, gateways, time and people may do, in any order. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Outcome } from '../../../platform/service.ts';
import type { GatewayFact } from '../gateways/port.ts';
import { has_ended } from '../model.ts';
import { at, capture, type Desk, desk, fact, held, pay, refund, refund_fact, release, start, unknown, value } from '../test_payments.ts';

const runs = 250;
const amount = fc.constantFrom(0, 1, 1000, 4000, 4400, 5000, 7400, 8000, 8399, 8400, 8401);
const refund_id = fc.constantFrom('rfd_1', 'rfd_2', 'rfd_3');
const own_names = ['authorized', 'captured', 'voided', 'lapsed', 'declined', 'action_required', 'pending'] as const;
const own_fact = fc.tuple(fc.constantFrom(...own_names), amount).map(([name, units]) => fact(name, units));
const plausible = fc.constantFrom(
  held,
  { ...held, multi_capture: false },
  fact('captured', 4000),
  fact('captured', 8400),
  fact('voided', 8400),
  fact('voided', 4400),
  fact('voided', 0),
  fact('lapsed', 8400),
);
const their_refund = fc
  .tuple(
    fc.constantFrom('refunded', 'refund_failed', 'pending'),
    fc.constantFrom('re_1', 're_2', 're_3'),
    amount,
    fc.option(refund_id, { nil: undefined }),
  )
  .map(([name, object_ref, units, ours]) => refund_fact(name, object_ref, units, ours === undefined ? {} : { refund_id: ours }));
const dispute = amount.map(units => fact('disputed', units, { object_ref: `dp_1/needs_response` }));
const any_fact = fc.oneof({ arbitrary: plausible, weight: 3 }, own_fact, their_refund, dispute);
const facts = fc.array(any_fact, { maxLength: 3 });

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { arbitrary: facts.map(list => ({ outcome: 'ok' as const, value: value(...list) })), weight: 3 },
  facts.map(list => ({ outcome: 'declined' as const, code: 'other', retryable: true, value: value(...list) })),
  facts.map(list => ({ outcome: 'pending' as const, value: value(...list) })),
  facts.map(list => ({ outcome: 'action_required' as const, url: 'https://bank.example', value: value(...list) })),
  fc.constant<Outcome>(unknown),
  fc.constant<Outcome>({ outcome: 'permanent_error', code: 'x', detail: 'y' }),
);

type Deed = (shop: Desk, when: string) => void;
const pick = fc.nat({ max: 20 });
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    arbitrary: fc.tuple(pick, outcome).map(
      ([index, told]): Deed =>
        (shop, when) =>
          answer(shop, index, told, when),
    ),
    weight: 5,
  },
  {
    arbitrary: fc.tuple(facts, pick).map(
      ([list, id]): Deed =>
        (shop, when) =>
          void shop.webhook(list, `evt_${id}_${list.length}`, when),
    ),
    weight: 3,
  },
  {
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 4 }), amount, fc.boolean()).map(
      ([no, units, final]): Deed =>
        (shop, when) =>
          void shop.run(capture(no, units, final), when),
    ),
    weight: 3,
  },
  fc.constant<Deed>((shop, when) => void shop.run(release(), when)),
  {
    arbitrary: fc.tuple(refund_id, amount).map(
      ([id, units]): Deed =>
        (shop, when) =>
          void shop.run(refund(id, units), when),
    ),
    weight: 2,
  },
  pick.map(
    (index): Deed =>
      shop =>
        fire(shop, index),
  ),
  fc.tuple(pick, fc.constantFrom('succeeded', 'failed')).map(
    ([index, end]): Deed =>
      (shop, when) =>
        settle(shop, index, end, when),
  ),
  fc.constant<Deed>((shop, when) => resolve(shop, when)),
);

function answer(shop: Desk, index: number, told: Outcome, when: string): void {
  const asked = [...shop.memory.operations.values()];
  const operation = asked[index % Math.max(1, asked.length)];
  if (operation === undefined) return;
  shop.run({ type: 'record_gateway_fact', payment_id: pay, op_id: operation.op_id, outcome: told }, when);
}
function fire(shop: Desk, index: number): void {
  const timers = [...shop.memory.timers.values()];
  const timer = timers[index % Math.max(1, timers.length)];
  if (timer !== undefined) shop.fire(timer.kind, timer.id);
}
function settle(shop: Desk, index: number, end: 'succeeded' | 'failed', when: string): void {
  const { operations } = shop.payment();
  const operation = operations[index % Math.max(1, operations.length)];
  if (operation !== undefined)
    shop.run({ type: 'settle_operation', subject: pay, op_id: operation.op_id, outcome: end, evidence: 'pi_1' }, when);
}
function resolve(shop: Desk, when: string): void {
  const [exception] = shop.payment().exceptions;
  if (exception !== undefined)
    shop.run({ type: 'resolve_exception', exception_id: exception.exception_id, subject: pay, note: 'seen' }, when);
}

const started = fc.record({ gateway: fc.constantFrom('stripe', 'once', 'manual'), intent: fc.constantFrom('authorize', 'charge') });

test('P1: never more taken and let go than authorized, never more given back than taken, whatever is under way', () => {
  fc.assert(
    fc.property(started, fc.array(deed, { maxLength: 25, size: 'max' }), (asked, deeds) => {
      // The desk checks P1, and that what was told is where the payment stands, after each deed.
      const shop = desk().run(start({ ...asked, method_kind: asked.gateway === 'manual' ? 'manual' : 'card' }));
      for (const [index, each] of deeds.entries()) each(shop, at(index * 1_000));
      one_at_a_time(shop);
      requests_add_up(shop);
    }),
    { numRuns: runs, seed: 20_260_301 },
  );
});

/** At most one capture or void is at the gateway, and every ended operation is none of the runner's business any more. */
function one_at_a_time(shop: Desk): void {
  const { operations } = shop.payment();
  const open = operations.filter(
    each => (each.kind === 'capture' || each.kind === 'void') && (each.state === 'open' || each.state === 'unknown'),
  );
  assert.ok(open.length <= 1, 'two at a time');
  const keys = [...shop.memory.operations.keys()];
  assert.equal(new Set(keys).size, keys.length);
}

/** What was asked of the gateway in captures, less what it refused, never exceeds the authorization. */
function requests_add_up(shop: Desk): void {
  const payment = shop.payment();
  const asked = payment.operations.filter(each => each.kind === 'capture' && !(has_ended(each) && each.state === 'failed'));
  const total = asked.reduce((sum, each) => sum + each.amount, 0);
  assert.ok(total <= payment.amount, `captures of ${total} for ${payment.amount}`);
}

test('an honest gateway that answers late, twice and out of order ends with its own books', () => {
  const step = fc.record({
    deed: fc.constantFrom('capture', 'refund', 'release', 'deliver', 'nothing'),
    refuses: fc.boolean(),
    amount: fc.integer({ min: 1, max: 5000 }),
    final: fc.boolean(),
    pick,
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30, size: 'max' }), steps => {
      const shop = desk().run(start());
      const books = { authorized: 8400, captured: 0, voided: 0, refunded: 0 };
      const done = new Set<string>();
      const told: GatewayFact[] = [];
      const work = (refuses: boolean) => {
        for (const { op_id, kind, request } of [...shop.memory.operations.values()]) {
          if (done.has(op_id)) continue;
          done.add(op_id);
          if (refuses && (kind === 'capture' || kind === 'refund'))
            shop.run({
              type: 'record_gateway_fact',
              payment_id: pay,
              op_id,
              outcome: { outcome: 'declined', code: 'other', retryable: false },
            });
          else told.push(...execute(books, kind, request));
        }
      };
      for (const [index, { deed: what, amount: units, final, refuses, pick: place }] of steps.entries()) {
        work(refuses);
        const when = at(index * 1_000);
        if (what === 'capture') shop.run(capture(index + 1, units, final), when);
        else if (what === 'refund') shop.run(refund(`rfd_${index}`, units), when);
        else if (what === 'release') shop.run(release(), when);
        else if (told.length > 0) shop.webhook([told[place % told.length] ?? held], `evt_${index}`, when);
      }
      for (let round = 0; round < steps.length + 2; round++) {
        work(false);
        shop.webhook(told.toReversed(), `evt_last_${round}`, at(1_000_000));
      }
      const { authorized, captured, voided, refunded, exceptions } = shop.payment();
      assert.deepEqual({ authorized, captured, voided, refunded }, books);
      assert.deepEqual(exceptions, []);
      each_capture_is_answered_once(shop, books.captured);
    }),
    { numRuns: runs, seed: 20_260_302 },
  );
});

function each_capture_is_answered_once(shop: Desk, captured: number): void {
  const parts = shop.payment().operations.flatMap(each => (each.kind === 'capture' ? each.parts : []));
  const answers = shop.memory.log.filter(event => event.type === 'payment.captured' || event.type === 'payment.capture_failed');
  // Both have these fields.
  const told = answers.map(({ type, data }) => ({ type, ...(data as { capture_no: number; amount: number }) }));
  for (const { capture_no, amount: units } of parts)
    assert.deepEqual(
      told.filter(each => each.capture_no === capture_no).map(each => each.amount),
      [units],
      `capture ${capture_no}`,
    );
  assert.equal(
    told.reduce((sum, each) => sum + (each.type === 'payment.captured' ? each.amount : 0), 0),
    captured,
  );
}

interface Books {
  authorized: number;
  captured: number;
  voided: number;
  refunded: number;
}
/** What a gateway does that does what it is asked, and the facts it then tells. */
function execute(books: Books, kind: string, request: { readonly [field: string]: unknown }): GatewayFact[] {
  const units = Number(request['amount']);
  if (kind === 'authorize') return [held];
  if (kind === 'refund') {
    books.refunded += units;
    assert.ok(books.refunded <= books.captured, 'a refund of more than was captured was asked for');
    const ref = String(request['refund_id']);
    return [refund_fact('refunded', `re_${ref}`, units, { refund_id: ref })];
  }
  if (kind === 'capture') books.captured += units;
  if (kind === 'void' || request['final'] === true) books.voided = books.authorized - books.captured;
  assert.ok(books.captured + books.voided <= books.authorized, 'more than was authorized was asked for');
  return [...(books.captured > 0 ? [fact('captured', books.captured)] : []), ...(books.voided > 0 ? [fact('voided', books.voided)] : [])];
}
