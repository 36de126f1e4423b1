/**
 * Stripe does it, or does not, and the line says nothing: for each thing we ask of it and each way a line can fail, through the door with all services.
 * The order ends right by itself, and Stripe's own ledger has the deed once.
 */
import assert from 'node:assert/strict';
import { after, afterEach, describe, test } from 'node:test';
import { basket, by_stripe, type Order, type PlacedOrder } from '../api.ts';
import { ended, fresh, open_shop, reached, sound, until } from '../shop.ts';
import { asked_until, becomes_unknown, type Effect, lines, operation_of, patience_ms, told } from './operations.ts';

/** A call, and its one repeat under the same key. */
const tries = 2;
const webhooks_max = 20;
const shop = await open_shop({ after }, { env: { FULFILLMENT: 'manual' }, third_party_timeout_ms: patience_ms });
afterEach(() => shop.stripe.heal());

function order_by_card(more: Readonly<Record<string, unknown>> = {}): Promise<PlacedOrder> {
  return shop.post(
    '/v1/orders',
    basket([{ sku: 'LAMP', quantity: 1 }], { customer: { id: fresh('card') }, payment: by_stripe('pm_card_visa', more) }),
  );
}
/** Paid, and its parcel is ready. */
async function ready(more: Readonly<Record<string, unknown>> = {}): Promise<Order> {
  const { id } = await order_by_card(more);
  const paid = more['capture'] === 'on_confirm' ? 'captured' : 'authorized';
  return reached(shop, id, 'labeled and paid', order => order.payment_status === paid && order.shipments[0]?.status === 'labeled');
}
async function dispatch({ id, shipments }: Order): Promise<string> {
  await shop.post(`/v1/shipments/${shipments[0]?.id}/dispatch`);
  return id;
}
async function cancel({ id }: Order): Promise<string> {
  await shop.post(`/v1/orders/${id}/cancel`, { reason: 'changed my mind' });
  return id;
}
async function path_of({ payments }: Order, deed: string): Promise<string> {
  const { gateway_ref } = await shop.get<{ gateway_ref: string }>(`/v1/payments/${payments[0]?.id}`);
  return `/v1/payment_intents/${gateway_ref}/${deed}`;
}

interface Deed {
  readonly kind: 'authorize' | 'capture' | 'void' | 'refund';
  /** Brings an order to where the deed is next, and says what sets it going: the path at Stripe, and the click. */
  stage(): Promise<{ readonly path: string; go(): Promise<string> }>;
  readonly ends: Order['status'];
  /** Kinds of the ledger's entries at the end, each over the whole total; `deed` is one of them. */
  readonly deed: string;
  readonly ledger: readonly string[];
}

async function before_capture() {
  const order = await ready();
  return { path: await path_of(order, 'capture'), go: () => dispatch(order) };
}
async function before_void() {
  const order = await ready();
  return { path: await path_of(order, 'cancel'), go: () => cancel(order) };
}
async function before_refund() {
  const order = await ready({ capture: 'on_confirm' });
  return { path: '/v1/refunds', go: () => cancel(order) };
}
const deeds: readonly Deed[] = [
  {
    kind: 'authorize',
    stage: async () => ({ path: '/v1/payment_intents', go: async () => (await order_by_card()).id }),
    ends: 'completed',
    deed: 'authorized',
    ledger: ['authorized', 'captured'],
  },
  { kind: 'capture', stage: before_capture, ends: 'completed', deed: 'captured', ledger: ['authorized', 'captured'] },
  { kind: 'void', stage: before_void, ends: 'cancelled', deed: 'voided', ledger: ['authorized', 'voided'] },
  { kind: 'refund', stage: before_refund, ends: 'cancelled', deed: 'refunded', ledger: ['authorized', 'captured', 'refunded'] },
];

/** The order at its end. Who was only to be authorized is sent on his way: a person hands over the parcel. */
async function at_its_end(effect: Effect, status: Order['status']): Promise<Order> {
  const order = await asked_until(shop, effect, `${effect.kind} of ${effect.key} has its answer`, async () => {
    const seen = await shop.order(effect.key);
    return (seen.status === status || seen.status === 'confirmed') && seen;
  });
  if (order.status === status) return order;
  await dispatch(await reached(shop, order.id, 'labeled', ({ shipments }) => shipments[0]?.status === 'labeled'));
  return ended(shop, order.id, status);
}

const entries_of = (order_id: string) => shop.stripe.ledger(undefined, order_id).map(({ kind, amount }) => [kind, amount]);
const kinds_of = (order_id: string) => shop.stripe.ledger(undefined, order_id).map(({ kind }) => kind);
const whole = (kinds: readonly string[], { total }: Order) => kinds.map(kind => [kind, total]);
const unknowns = async (order_id: string) => (await told(shop, 'payments', order_id)).filter(type => type.startsWith('payment.outcome_'));

for (const { kind, stage, ends, deed, ledger } of deeds) {
  describe(`${kind}, and no word from Stripe`, () => {
    for (const line of lines) {
      test(`${line.fault}, twice, and no webhook: unknown, asked, resolved; the order is ${ends} and was ${deed} once`, async () => {
        const { path, go } = await stage();
        await shop.stripe.fail({ ...line, match: { method: 'POST', path }, times: tries });
        await shop.stripe.fail({ fault: 'webhook_drop', match: { path }, times: webhooks_max });
        const key = await go();
        const effect: Effect = { service: 'payments', kind, key };
        const { op_id } = await becomes_unknown(shop, effect);
        const so_far = ledger.slice(0, ledger.indexOf(deed) + (line.fault === 'reset_before' ? 0 : 1));
        assert.deepEqual(kinds_of(key), so_far);
        assert.notEqual((await shop.order(key)).status, ends, 'what is unknown ends nothing');
        const order = await at_its_end(effect, ends);
        assert.deepEqual(entries_of(key), whole(ledger, order));
        const resolved = await operation_of(shop, effect);
        assert.deepEqual([resolved?.op_id, resolved?.state], [op_id, 'succeeded'], 'the same operation, and no second one');
        assert.deepEqual(await unknowns(key), ['payment.outcome_unknown', 'payment.outcome_resolved']);
        await sound(shop);
      });
    }

    test('reset_after, and the webhook comes: nobody needs to ask', async () => {
      const { path, go } = await stage();
      await shop.stripe.fail({ fault: 'reset_after', match: { method: 'POST', path }, times: tries });
      const effect: Effect = { service: 'payments', kind, key: await go() };
      // The clock stands still here and no question is due: what is learned is learned from the webhook.
      const { queries } = await until('the webhook has told', async () => {
        const operation = await operation_of(shop, effect);
        return operation?.state === 'succeeded' && operation;
      });
      assert.equal(queries, 0);
      const order = await at_its_end(effect, ends);
      assert.deepEqual(entries_of(effect.key), whole(ledger, order));
      await sound(shop);
    });
  });
}
