/** What goes over the wire: our requests as the official client makes them, Stripe's own words about repeats, its webhooks and its list of events. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import Stripe from 'stripe';
import type { Operation, Outcome } from '../../../platform/service.ts';
import { start_stripe } from '../../../sandbox/stripe/stripe.ts';
import type { AuthorizeRequest, Gateway, GatewayFact } from './port.ts';
import { stripe_gateway } from './stripe.ts';
import { facts_of_intent, read_intent } from './stripe_facts.ts';

const start_ms = 1_800_000_000_000;
const at = new Date(start_ms).toISOString();
const secret = 'whsec_1';

function gateway_at(port: number): ReturnType<typeof stripe_gateway> {
  return stripe_gateway({
    base_url: `http://127.0.0.1:${port}`,
    secret_key: 'sk_test_1',
    webhook_secret: secret,
    timeout_ms: 2_000,
    now_ms: () => start_ms,
  });
}
async function listen(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  assert.ok(typeof bound === 'object' && bound !== null);
  return bound.port;
}
const reference = { payment_id: 'pay_1', order_id: 'ord_1', currency: 'EUR' };
const order: AuthorizeRequest = { ...reference, amount: 10_000, intent: 'authorize', method: 'pm_card_visa' };
function operation(kind: string, request: Operation['request']): Operation {
  const op_id = `op_${kind}_1`;
  return {
    op_id,
    kind,
    provider: 'stripe',
    subject: 'pay_1',
    key: 'ord_1',
    request,
    state: 'requested',
    attempts: 1,
    requested_at: at,
    sent_at: at,
    learned: {},
  };
}
const perform = (gateway: Gateway, made: Operation) => gateway.adapter.perform(made, AbortSignal.timeout(2_000));
/** Boundary: the adapter's values are LearnedValues, rows only by their outer type. */
const facts_of = (outcome: Outcome): readonly GatewayFact[] =>
  'value' in outcome ? ((outcome.value?.['facts'] ?? []) as unknown as GatewayFact[]) : [];
const learned = (outcome: Outcome, name: string): string => ('value' in outcome ? String(outcome.value?.[name]) : '');

test('Stripe-Should-Retry overrides the table', async t => {
  const replies = [
    { status: 400, retry: 'true' },
    { status: 500, retry: 'false' },
  ];
  const port = await listen(t, (request, response) => {
    request.resume();
    const { status, retry } = replies.shift() ?? { status: 599, retry: 'false' };
    response.writeHead(status, { 'content-type': 'application/json', 'stripe-should-retry': retry });
    response.end('{"error":{"type":"api_error"}}');
  });
  assert.equal((await perform(gateway_at(port), operation('authorize', order))).outcome, 'retryable');
  assert.deepEqual(await perform(gateway_at(port), operation('authorize', order)), { outcome: 'unknown', detail: 'HTTP 500' });
});

/** Writes down what matters of each request, fields in a fixed order. */
async function recorder(t: TestContext): Promise<{ port: number; seen: string[] }> {
  const seen: string[] = [];
  const port = await listen(t, async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const fields = [...new URLSearchParams(body)].map(([name, value]) => `${name}=${value}`).sort();
    const { 'stripe-version': version, 'content-type': type, 'idempotency-key': key, authorization } = request.headers;
    seen.push([request.method, request.url, version, type, key, authorization, ...fields].join('\n'));
    response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":{"type":"invalid_request_error"}}');
  });
  return { port, seen };
}

test('our create, capture, cancel and refund are what the official client sends for the same intent', async t => {
  const { port, seen } = await recorder(t);
  const ours = (kind: string, request: Operation['request']) => perform(gateway_at(port), operation(kind, request));
  const official = new Stripe('sk_test_1', {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    telemetry: false,
    maxNetworkRetries: 0,
  });
  const key = (idempotencyKey: string) => ({ idempotencyKey });
  const expand = ['latest_charge'];
  const pairs: readonly (readonly [() => Promise<unknown>, () => Promise<unknown>])[] = [
    [
      () =>
        ours('authorize', {
          ...order,
          attempt_no: 2,
          description: 'Order 1 & more',
          receipt_email: 'a+b@shop.example',
          shipping: { name: 'Ann Ö', line1: 'Way 1', city: 'Ulm', postal_code: '89073', country: 'DE' },
        }),
      () =>
        official.paymentIntents.create(
          {
            amount: 10_000,
            currency: 'eur',
            capture_method: 'manual',
            confirm: true,
            payment_method: 'pm_card_visa',
            expand,
            automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
            payment_method_options: { card: { request_multicapture: 'if_available' } },
            metadata: { order_id: 'ord_1', payment_id: 'pay_1', operation_id: 'op_authorize_1', attempt: 2 },
            description: 'Order 1 & more',
            receipt_email: 'a+b@shop.example',
            shipping: { name: 'Ann Ö', address: { line1: 'Way 1', city: 'Ulm', postal_code: '89073', country: 'DE' } },
          },
          key('op_authorize_1'),
        ),
    ],
    [
      () => ours('capture', { ...reference, gateway_ref: 'pi_1', capture_no: 2, amount: 500, final: false }),
      () =>
        official.paymentIntents.capture(
          'pi_1',
          { amount_to_capture: 500, final_capture: false, metadata: { capture_2: 'op_capture_1' }, expand },
          key('op_capture_1'),
        ),
    ],
    [
      () => ours('void', { ...reference, gateway_ref: 'pi_1', amount: 10_000 }),
      () => official.paymentIntents.cancel('pi_1', { cancellation_reason: 'requested_by_customer', expand }, key('op_void_1')),
    ],
    [
      () => ours('refund', { ...reference, refund_id: 'rfd_1', gateway_ref: 'pi_1', amount: 700, reason: 'goodwill' }),
      () =>
        official.refunds.create(
          {
            payment_intent: 'pi_1',
            amount: 700,
            reason: 'requested_by_customer',
            metadata: { refund_id: 'rfd_1', payment_id: 'pay_1', order_id: 'ord_1', operation_id: 'op_refund_1', reason: 'goodwill' },
          },
          key('op_refund_1'),
        ),
    ],
  ];
  for (const [mine, theirs] of pairs) {
    seen.length = 0;
    await mine();
    await theirs().catch(() => undefined);
    assert.equal(seen.length, 2);
    assert.equal(seen[0], seen[1]);
  }
});

interface Delivered {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}
/** A gateway, its stand-in, and what the stand-in's webhooks bring. */
async function open(
  t: TestContext,
): Promise<{ gateway: ReturnType<typeof stripe_gateway>; got: Delivered[]; facts(): GatewayFact[]; until(count: number): Promise<void> }> {
  const got: Delivered[] = [];
  const hook = await listen(t, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    got.push({ body: Buffer.concat(chunks), headers: { 'stripe-signature': request.headers['stripe-signature']?.toString() ?? '' } });
    response.end();
  });
  const sim = await start_stripe({ now_ms: () => start_ms, later_ms: 5, webhook: { url: `http://127.0.0.1:${hook}/`, secret } });
  t.after(() => sim.stop());
  const gateway = gateway_at(sim.port);
  const parsed = ({ body, headers }: Delivered): readonly GatewayFact[] => {
    const webhook = gateway.parse_webhook(body, headers, start_ms, secret);
    return 'facts' in webhook ? webhook.facts : assert.fail(webhook.invalid);
  };
  return {
    gateway,
    got,
    facts: () => got.flatMap(each => parsed(each)),
    until: async count => {
      for (let round = 0; round < 300 && got.length < count; round += 1) await new Promise(resolve => setTimeout(resolve, 10));
      assert.equal(got.length, count);
    },
  };
}
const identity = (fact: GatewayFact): string =>
  [
    fact.gateway,
    fact.object_ref,
    fact.fact,
    fact.amount,
    fact.currency,
    fact.payment_id,
    fact.order_id,
    fact.refund_id,
    fact.operation_id,
  ].join(' ');
const identities = (facts: readonly GatewayFact[]): string[] => [...new Set(facts.map(identity))].sort();

test('webhooks bring the very facts of the replies, and so does the list of events', async t => {
  const { gateway, until, facts } = await open(t);
  const made = await perform(gateway, operation('authorize', order));
  const gateway_ref = learned(made, 'gateway_ref');
  const taken = await perform(gateway, operation('capture', { ...reference, gateway_ref, capture_no: 1, amount: 7_000, final: true }));
  const back = await perform(
    gateway,
    operation('refund', { ...reference, refund_id: 'rfd_1', gateway_ref, amount: 500, reason: 'goodwill' }),
  );
  await until(5);
  const replies = identities([made, taken, back].flatMap(facts_of));
  assert.deepEqual(identities(facts()), replies);
  assert.equal(replies.length, 4);
  const listed = await gateway.list_recent?.({ from: at }, AbortSignal.timeout(2_000));
  assert.deepEqual(identities(listed?.events.flatMap(event => event.facts) ?? []), replies);
});

test('the list of events goes on from its cursor', async t => {
  const { gateway } = await open(t);
  const recent = async (since: { cursor: string } | { from: string }) =>
    (await gateway.list_recent?.(since, AbortSignal.timeout(2_000))) ?? assert.fail('no list');
  const ref = learned(await perform(gateway, operation('authorize', order)), 'gateway_ref');
  const first = await recent({ from: at });
  assert.deepEqual(
    first.events.map(event => event.type),
    ['payment_intent.amount_capturable_updated'],
  );
  assert.deepEqual((await recent({ cursor: first.cursor ?? '' })).events, []);
  await perform(gateway, operation('void', { ...reference, gateway_ref: ref, amount: 10_000 }));
  const second = await recent({ cursor: first.cursor ?? '' });
  assert.deepEqual([second.events.map(event => event.type), second.more], [['payment_intent.canceled'], false]);
  await assert.rejects(recent({ cursor: 'evt_none' }), /start from a time/);
});

test('a refund that fails later, and a dispute, are told by webhook', async t => {
  const { gateway, until, facts } = await open(t);
  const charge = await perform(gateway, operation('authorize', { ...order, intent: 'charge', method: 'pm_card_refundFail' }));
  await perform(
    gateway,
    operation('refund', { ...reference, refund_id: 'rfd_1', gateway_ref: learned(charge, 'gateway_ref'), amount: 500, reason: 'goodwill' }),
  );
  await until(6);
  assert.ok(
    facts().some(
      fact => fact.fact === 'refund_failed' && fact.refund_id === 'rfd_1' && fact.raw['failure_reason'] === 'expired_or_canceled_card',
    ),
  );
  const other = await open(t);
  await perform(other.gateway, operation('authorize', { ...order, intent: 'charge', method: 'pm_card_createDispute' }));
  await other.until(3);
  const dispute = other.facts().find(fact => fact.fact === 'disputed');
  assert.match(dispute?.object_ref ?? '', /^dp_.*\/needs_response$/);
  assert.match(dispute?.gateway_ref ?? '', /^pi_/);
});

const body = Buffer.from('{"id":"evt_1","object":"event","type":"customer.created","livemode":false,"data":{"object":{}}}');
const signature = (bytes: Uint8Array, key = secret, seconds = start_ms / 1_000) =>
  createHmac('sha256', key).update(`${seconds}.`).update(bytes).digest('hex');
const signed = (bytes: Uint8Array, key = secret, seconds = start_ms / 1_000) => `t=${seconds},v1=${signature(bytes, key, seconds)}`;
const seconds = start_ms / 1_000;
const live = Buffer.from(body.toString().replace('"livemode":false', '"livemode":true'));
const cases: readonly (readonly [string, Buffer, string | undefined, string])[] = [
  ['signed now', body, signed(body), 'taken'],
  ['of a type we do not know', body, signed(body), 'taken'],
  ['signed 300 s ago', body, signed(body, secret, seconds - 300), 'taken'],
  ['signed 301 s ago', body, signed(body, secret, seconds - 301), 'stale_signature'],
  ['signed 301 s ahead', body, signed(body, secret, seconds + 301), 'stale_signature'],
  ['without a signature', body, undefined, 'missing_signature'],
  ['with another secret', body, signed(body, 'whsec_2'), 'invalid_signature'],
  ['with one good and one bad signature', body, `${signed(body, 'whsec_2')},v1=${signature(body)}`, 'taken'],
  ['with only a v0 signature', body, `t=${seconds},v0=${signature(body)}`, 'invalid_signature'],
  ['with a changed space', Buffer.from(`${body.toString()} `), signed(body), 'invalid_signature'],
  ['with nonsense as signature', body, 't=1;v1=zz', 'invalid_signature'],
  ['that is not JSON', Buffer.from('{"id":'), signed(Buffer.from('{"id":')), 'malformed_body'],
  ['that is no event', Buffer.from('[]'), signed(Buffer.from('[]')), 'malformed_body'],
  ['of live mode at a test key', live, signed(live), 'wrong_mode'],
];
for (const [name, bytes, header, result] of cases) {
  test(`a webhook ${name}: ${result}`, () => {
    const parsed = gateway_at(1).parse_webhook(bytes, { 'stripe-signature': header }, start_ms, secret);
    assert.deepEqual(parsed, result === 'taken' ? { facts: [], event_ref: 'evt_1', type: 'customer.created' } : { invalid: result });
  });
}

const recorded = new URL('../../../../shared/third-party/stripe/recorded/payment_intents/', import.meta.url);
test('recorded replies of the live API are read', { skip: !existsSync(recorded) && 'the recorded replies are not here' }, () => {
  const read = (name: string) => {
    const intent = read_intent(JSON.parse(readFileSync(new URL(name, recorded), 'utf8')));
    return facts_of_intent(intent ?? assert.fail(`${name} is not read`)).map(fact => `${fact.fact} ${fact.amount} ${fact.currency}`);
  };
  assert.deepEqual(read('successful_create_intent_response.json'), ['authorized 2020 GBP']);
  assert.deepEqual(read('successful_create_3ds2_intent_response.json'), []);
});

const old_events = new URL('../../../../shared/third-party/stripe/webhook-events/', import.meta.url);
test('webhooks of years-old API versions are read as far as they go', {
  skip: !existsSync(old_events) && 'the old webhooks are not here',
}, () => {
  for (const name of ['charge.refunded.json', 'charge.succeeded.json', 'payment_intent.created.json']) {
    const bytes = readFileSync(new URL(name, old_events));
    const parsed = gateway_at(1).parse_webhook(bytes, { 'stripe-signature': signed(bytes) }, start_ms, secret);
    assert.ok('facts' in parsed, name);
  }
});

const fixtures = new URL('../../../../shared/third-party/stripe/fixtures3.subset.json', import.meta.url);
const objects: readonly (readonly [resource: string, type: string, told: readonly string[]])[] = [
  ['payment_intent', 'payment_intent.payment_failed', ['declined 1099 USD']],
  ['charge', 'charge.captured', []],
  ['refund', 'refund.updated', ['refunded 100 USD']],
  ['dispute', 'charge.dispute.created', ['disputed 1000 USD']],
  ...['payment_method', 'webhook_endpoint', 'setup_intent', 'customer', 'balance_transaction', 'review', 'mandate'].map(
    resource => [resource, 'payment_intent.succeeded', []] as const,
  ),
];
for (const [resource, type, told] of objects)
  test(`the official fixture of a ${resource}, signed as ${type}, tells ${told.join() || 'nothing'}`, {
    skip: !existsSync(fixtures) && 'the official fixtures are not here',
  }, () => {
    const { resources } = JSON.parse(readFileSync(fixtures, 'utf8'));
    const { livemode: _, ...event } = resources.event;
    const bytes = Buffer.from(JSON.stringify({ ...event, type, livemode: false, data: { object: resources[resource] } }));
    const parsed = gateway_at(1).parse_webhook(bytes, { 'stripe-signature': signed(bytes) }, start_ms, secret);
    assert.ok('facts' in parsed);
    assert.deepEqual(
      parsed.facts.map(({ fact, amount, currency }) => `${fact} ${amount} ${currency}`),
      told,
    );
  });
