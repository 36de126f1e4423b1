/** Bank payments at the Stripe stand-in: nobody knows for days whether the money comes; it is asked for once, and what is not wanted any more goes back. */
import assert from 'node:assert/strict';
import { after, beforeEach, test } from 'node:test';
import { start_stripe } from '../../sandbox/stripe/stripe.ts';
import { refund, release } from './test_payments.ts';
import { habits, in_state, stripe_desk } from './testing/stripe.ts';

const { reader, run, payment, until, deeds, told, webhooks_on, post, deed, heal, begin } = await stripe_desk(
  { after },
  await start_stripe(habits),
);
beforeEach(heal);

const methods = { pays: 'pm_usBankAccount_success', cannot: 'pm_usBankAccount_insufficientFunds' } as const;
/** Where the bank is at work on it. */
async function at_the_bank(name: string, what: keyof typeof methods) {
  const { payment_id, order_id, start } = begin(name, methods[what], { intent: 'charge', method_kind: 'bank' });
  await start();
  const { gateway_ref, captured } = await until(payment_id, in_state('pending'));
  assert.deepEqual([captured, deeds(order_id)], [0, []], 'nothing is taken before the bank says so');
  return { payment_id, order_id, bank_answers: () => deed('bank_answers', gateway_ref) };
}
/** No poll comes to the help of the webhook. */
async function not_asked(id: string): Promise<void> {
  await reader.query(`update payments.operations set next_at = now() + interval '1 hour' where subject = $1`, [id]);
}
async function becomes(id: string, status: string): Promise<void> {
  for (let round = 0; round < 400; round++) {
    if ((await payment(id)).status === status) return;
    await new Promise(resolve => setTimeout(resolve, 25));
  }
  assert.fail(`${id} is ${(await payment(id)).status}, not ${status}`);
}
const paid = [
  ['authorized', 8400],
  ['captured', 8400],
];
const paid_and_back = [...paid, ['refunded', 8400]];

for (const [what, name, end, happened] of [
  ['came', 'pays', 'captured', paid],
  ['did not come', 'cannot', 'declined', []],
] as const) {
  test(`no webhook comes: the poll finds that the money ${what}`, async () => {
    const { payment_id, order_id, bank_answers } = await at_the_bank(`poll_${name}`, name);
    await bank_answers();
    const { decline_code } = await until(payment_id, in_state(end));
    assert.equal(decline_code, name === 'cannot' ? 'insufficient_funds' : null);
    assert.deepEqual(await told(order_id), ['payment.started', 'payment.pending', `payment.${end}`]);
    assert.deepEqual(deeds(order_id), happened);
  });
}

test('while the bank works, every poll says the same, and nothing is told twice', async () => {
  const { payment_id, order_id } = await at_the_bank('patient', 'pays');
  for (let round = 0; round < 3; round++) {
    await reader.query(`update payments.operations set next_at = now() where subject = $1`, [payment_id]);
    await asked_again(payment_id);
  }
  assert.deepEqual(await told(order_id), ['payment.started', 'payment.pending']);
  assert.equal((await payment(payment_id)).status, 'pending');
});
async function asked_again(id: string): Promise<void> {
  for (let round = 0; round < 400; round++) {
    const { rows } = await reader.query(`select 1 from payments.operations where subject = $1 and next_at > now()`, [id]);
    if (rows.length === 1) return;
    await new Promise(resolve => setTimeout(resolve, 25));
  }
  assert.fail('the runner did not ask');
}

test('the payer’s time is over while his bank works: given up, and money that comes later is told as late and can be given back', async () => {
  const { payment_id, order_id, bank_answers } = await at_the_bank('late', 'pays');
  await run({ type: 'pass_deadline', payment_id });
  await until(payment_id, in_state('abandoned'));
  assert.deepEqual(deeds(order_id), []);
  await webhooks_on();
  await bank_answers();
  await becomes(payment_id, 'captured');
  const { rows } = await reader.query(`select data from payments.events where key = $1 and type = 'payment.captured'`, [order_id]);
  assert.deepEqual([rows.length, rows[0].data.late], [1, true]);
  await run(refund('rfd_late', 8400, { payment_id, order_id }));
  await until(payment_id, in_state('refunded'));
  assert.deepEqual(deeds(order_id), paid_and_back);
});

for (const [what, name, end, happened] of [
  ['came', 'pays', 'captured', paid],
  ['did not come', 'cannot', 'declined', []],
] as const) {
  test(`the webhook, delivered twice, says that the money ${what}; it is told once, and the runner stops asking`, async () => {
    await webhooks_on();
    await post('/__sim/faults', { match: { path: '*' }, fault: 'webhook_duplicate', times: 50 });
    const { payment_id, order_id, bank_answers } = await at_the_bank(`hook_${name}`, name);
    await not_asked(payment_id);
    await bank_answers();
    await becomes(payment_id, end);
    assert.deepEqual(await told(order_id), ['payment.started', 'payment.pending', `payment.${end}`]);
    assert.deepEqual(deeds(order_id), happened);
    const { rows } = await reader.query(`select state from payments.operations where subject = $1`, [payment_id]);
    assert.deepEqual(rows, [{ state: end === 'captured' ? 'succeeded' : 'failed' }]);
  });
}

test('released while the bank works: Stripe cannot cancel it, so what comes all the same is captured, for orders to give back', async () => {
  const { payment_id, order_id, bank_answers } = await at_the_bank('released', 'pays');
  await run(release(payment_id));
  assert.equal((await payment(payment_id)).status, 'pending');
  await bank_answers();
  const { authorized, captured, voided, operations } = await until(payment_id, in_state('captured'));
  assert.deepEqual([authorized, captured, voided], [8400, 8400, 0]);
  assert.deepEqual(
    operations.map(({ kind, state }) => [kind, state]),
    [['authorize', 'succeeded']],
    'there is nothing to void',
  );
  await run(refund('rfd_released', 8400, { payment_id, order_id }));
  await until(payment_id, in_state('refunded'));
  assert.deepEqual(deeds(order_id), paid_and_back);
});

test('released while the bank works, and there was no money: declined, nothing was ever held', async () => {
  const { payment_id, order_id, bank_answers } = await at_the_bank('released_fails', 'cannot');
  await run(release(payment_id));
  await bank_answers();
  await until(payment_id, in_state('declined'));
  assert.deepEqual(deeds(order_id), []);
});
