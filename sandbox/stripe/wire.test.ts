/** What leaves the stand-in: fields as in the official fixtures, webhooks as the official client verifies them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import Stripe from 'stripe';
import { type StripeOptions, start_stripe } from './stripe.ts';

async function open(t: TestContext, options: StripeOptions = {}): Promise<Stripe> {
  const sim = await start_stripe({ later_ms: 30, ...options });
  t.after(() => sim.stop());
  return new Stripe('sk_test_123', { host: '127.0.0.1', port: sim.port, protocol: 'http', telemetry: false, maxNetworkRetries: 0 });
}
const order = (more: Partial<Stripe.PaymentIntentCreateParams> = {}): Stripe.PaymentIntentCreateParams => ({
  amount: 10_000,
  currency: 'eur',
  capture_method: 'manual',
  confirm: true,
  payment_method: 'pm_card_visa',
  automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
  metadata: { order_id: 'ord_1' },
  expand: ['latest_charge'],
  ...more,
});
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 300; round += 1) {
    if (await condition()) return;
    await pause(10);
  }
  assert.fail('the awaited condition never came');
}

test('events are listed, and constructEvent accepts the webhook that carries one', async t => {
  const got: { body: Buffer; signature: string }[] = [];
  const hook = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    got.push({ body: Buffer.concat(chunks), signature: request.headers['stripe-signature']?.toString() ?? '' });
    response.end();
  });
  await new Promise<void>(resolve => hook.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    hook.closeAllConnections();
    hook.close();
  });
  const bound = hook.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  const stripe = await open(t, { webhook: { url: `http://127.0.0.1:${bound.port}/`, secret: 'whsec_1' } });
  const made = await stripe.paymentIntents.create(order());
  await stripe.paymentIntents.capture(made.id);
  await until(() => got.length === 3);
  const events = got.map(({ body, signature }) => stripe.webhooks.constructEvent(body, signature, 'whsec_1'));
  assert.deepEqual(events.map(event => event.type).sort(), [
    'charge.captured',
    'payment_intent.amount_capturable_updated',
    'payment_intent.succeeded',
  ]);
  assert.throws(
    () => stripe.webhooks.constructEvent(got[0]?.body ?? '', got[0]?.signature ?? '', 'whsec_2'),
    Stripe.errors.StripeSignatureVerificationError,
  );
  const listed = await stripe.events.list({ types: ['payment_intent.succeeded'] });
  assert.deepEqual(
    listed.data.map(event => event.type),
    ['payment_intent.succeeded'],
  );
  assert.equal((await stripe.events.retrieve(listed.data[0]?.id ?? '')).id, listed.data[0]?.id);
});

const fixtures = new URL('../../../shared/third-party/stripe/fixtures3.subset.json', import.meta.url);
test('the fields of its objects are fields of the official fixtures', {
  skip: !existsSync(fixtures) && 'the official fixtures are not here',
}, async t => {
  // Boundary: a published file of known form.
  const { resources } = JSON.parse(readFileSync(fixtures, 'utf8')) as { resources: Record<string, object> };
  const stripe = await open(t);
  const made = await stripe.paymentIntents.create(order({ capture_method: 'automatic', payment_method: 'pm_card_createDispute' }));
  const refund = await stripe.refunds.create({ payment_intent: made.id });
  await until(async () => (await stripe.disputes.list()).data.length === 1);
  const [dispute] = (await stripe.disputes.list()).data;
  const [event] = (await stripe.events.list()).data;
  for (const [name, object] of Object.entries({ payment_intent: made, charge: made.latest_charge, refund, dispute, event })) {
    const known = Object.keys(resources[name] ?? {});
    assert.deepEqual(
      Object.keys(object ?? {}).filter(field => field !== 'lastResponse' && !known.includes(field)),
      [],
      name,
    );
  }
});
