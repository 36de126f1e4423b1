/** What banks do after all is done, through the door: a refund that succeeded fails days later, and a cardholder disputes what he paid. A person has it, with a deadline, and every sum stays right. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { basket, by_stripe, type Order } from './api.ts';
import { ended, open_shop, reached, rest, sound, until } from './shop.ts';

const shop = await open_shop({ after });
const moved = (id: string) => shop.stripe.ledger(undefined, id).map(({ kind, amount }) => `${kind} ${amount}`);

interface Exception {
  readonly exception_id: string;
  readonly service: string;
  readonly reason: string;
  readonly owner: string;
  readonly deadline: string;
  readonly key: string;
  readonly detail: string;
}
interface PaymentSeen {
  readonly status: string;
  readonly captured: number;
  readonly refunded: number;
  readonly refund_pending: number;
  readonly exceptions: readonly { readonly reason: string }[];
  readonly operations: readonly { readonly kind: string; readonly refund_id: string | null; readonly state: string }[];
  readonly facts: readonly { readonly fact: string; readonly object_ref: string; readonly amount: number }[];
}
async function exceptions_of({ id }: Pick<Order, 'id'>): Promise<Exception[]> {
  const { data } = await shop.get<{ data: Exception[] }>('/v1/exceptions');
  return data.filter(({ key }) => key === id);
}
const reasons_of = async (order: Pick<Order, 'id'>) =>
  (await exceptions_of(order)).map(({ service, reason }) => `${service} ${reason}`).sort();
const resolve = ({ exception_id }: Exception, note: string) => shop.post(`/v1/exceptions/${exception_id}/resolve`, { note });
const payment_of = ({ payments }: Order) => shop.get<PaymentSeen>(`/v1/payments/${payments[0]?.id}`);

async function completed(method: string): Promise<Order> {
  const { id } = await shop.post<{ id: string }>('/v1/orders', basket([{ sku: 'LAMP', quantity: 1 }], { payment: by_stripe(method) }));
  return ended(shop, id, 'completed');
}

test('a refund that succeeded and failed later: shown as failed, the sums are those before it, and a person has it until a deadline', async () => {
  const order = await completed('pm_card_refundFail');
  const { id: refund_id } = await shop.post<{ id: string }>(`/v1/payments/${order.payments[0]?.id}/refunds`, {
    amount: 300,
    reason: 'goodwill',
  });
  const failed = await reached(shop, order.id, 'with a failed refund', ({ refunds }) => refunds[0]?.status === 'failed');
  await rest(shop);
  assert.deepEqual(moved(order.id), ['authorized 1495', 'captured 1495', 'refunded 300', 'refund_failed 300']);
  assert.deepEqual([failed.refunds[0]?.id, failed.captured_total, failed.refunded_total], [refund_id, 1495, 0]);
  const payment = await payment_of(order);
  assert.deepEqual([payment.status, payment.captured, payment.refunded, payment.refund_pending], ['captured', 1495, 0, 0]);
  assert.deepEqual(
    payment.operations.filter(({ kind }) => kind === 'refund').map(each => [each.refund_id, each.state]),
    [[refund_id, 'failed']],
  );
  const [open, ...more] = await exceptions_of(order);
  assert.deepEqual([open?.service, open?.reason, open?.owner, more], ['orders', 'refund_failed', 'support', []]);
  assert.ok(open !== undefined && open.deadline > shop.clock.now());
  const types = (await shop.timeline(order.id)).map(({ type }) => type);
  assert.deepEqual([types.includes('payment.refunded'), types.filter(type => type === 'payment.refund_failed').length], [true, 1]);
  await sound(shop);
  await resolve(open, 'Sent by bank transfer.');
  assert.deepEqual(await reasons_of(order), []);
});

async function disputed(): Promise<{ order: Order; dispute_ref: string }> {
  const order = await completed('pm_card_createDispute');
  const fact = await until('the dispute is known', async () => (await payment_of(order)).facts.find(each => each.fact === 'disputed'));
  await rest(shop);
  const [dispute_ref = '', status] = fact.object_ref.split('/');
  assert.deepEqual([fact.amount, status], [1495, 'needs_response']);
  const payment = await payment_of(order);
  assert.deepEqual([payment.status, payment.captured, payment.refunded], ['captured', 1495, 0]);
  assert.deepEqual(
    payment.exceptions.map(({ reason }) => reason),
    ['disputed'],
  );
  const open = await exceptions_of(order);
  assert.deepEqual(await reasons_of(order), ['orders payment_disputed', 'payments disputed']);
  for (const { owner, deadline, detail } of open) {
    assert.deepEqual([owner, deadline > shop.clock.now()], ['support', true]);
    assert.match(detail, new RegExp(dispute_ref));
  }
  await sound(shop);
  return { order, dispute_ref };
}

test('a dispute that is won: nobody has anything to do any more, also where somebody said before that evidence was sent', async () => {
  const first = await disputed();
  await shop.stripe.deed('win_dispute', first.dispute_ref);
  await until('nobody has it', async () => (await reasons_of(first.order)).length === 0);
  const second = await disputed();
  for (const open of await exceptions_of(second.order)) await resolve(open, 'Evidence sent.');
  await shop.stripe.deed('win_dispute', second.dispute_ref);
  await until('it is known', async () => (await payment_of(second.order)).facts.some(({ object_ref }) => object_ref.endsWith('/won')));
  await rest(shop);
  assert.deepEqual(await reasons_of(second.order), []);
  assert.equal((await payment_of(second.order)).captured, 1495);
  await sound(shop);
});

test('a dispute that is lost: it stays with a person until he has said what follows', async () => {
  const { order, dispute_ref } = await disputed();
  await shop.stripe.deed('lose_dispute', dispute_ref);
  await until('it is known', async () => (await payment_of(order)).facts.some(({ object_ref }) => object_ref.endsWith('/lost')));
  await rest(shop);
  assert.deepEqual(await reasons_of(order), ['orders payment_disputed', 'payments disputed']);
  await sound(shop);
  for (const open of await exceptions_of(order)) await resolve(open, 'Written off.');
  assert.deepEqual(await reasons_of(order), []);
  await sound(shop);
});

test('a dispute that is lost after somebody had answered it comes back to him', async () => {
  const { order, dispute_ref } = await disputed();
  for (const open of await exceptions_of(order)) await resolve(open, 'Evidence sent.');
  await shop.stripe.deed('lose_dispute', dispute_ref);
  await until('somebody has it', async () => (await reasons_of(order)).length === 2);
  await sound(shop);
});
