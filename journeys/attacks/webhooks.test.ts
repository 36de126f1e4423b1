/** Rows 84 to 92 of the catalogue: what comes to /inbound of a gateway, a carrier and a supplier, and is not what it says. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { sandbox_secrets } from '../../main/sandbox.ts';
import { basket, by_stripe, type PlacedOrder } from '../api.ts';
import { until } from '../shop.ts';
import { open_house, two_lamps } from './house.ts';
import { check_problem, type Sent, verdict } from './send.ts';
import { type Address, refused } from './target.ts';

const house = await open_house({ CARRIER: 'easypost' });
const { target } = house;
const { shop, must } = target;

type Json = Record<string, unknown>;
interface Inbox {
  readonly to: Address;
  readonly secret: string;
  sign(body: string, secret: string, at_s: number): Record<string, string>;
}
const now_s = () => Math.floor(Date.parse(shop.clock.now()) / 1_000);
const hmac = (secret: string, text: string | Buffer) => createHmac('sha256', secret).update(text).digest('hex');
const timed = (name: string) => (body: string, secret: string, at_s: number) => ({
  [name]: `t=${at_s},v1=${hmac(secret, `${at_s}.${body}`)}`,
});
const stripe: Inbox = { to: 'POST /inbound/stripe', secret: sandbox_secrets.stripe_webhook, sign: timed('stripe-signature') };
const supplier: Inbox = { to: 'POST /inbound/supplier', secret: sandbox_secrets.supplier, sign: timed('supplier-signature') };
const easypost: Inbox = {
  to: 'POST /inbound/easypost',
  secret: sandbox_secrets.easypost_webhook,
  sign: (body, secret) => ({ 'x-hmac-signature': `hmac-sha256-hex=${hmac(secret, body)}` }),
};

/** As the third party sends it, or as somebody else does. */
function deliver(
  inbox: Inbox,
  body: string,
  how: { secret?: string; at_s?: number; headers?: Record<string, string>; sent?: string } = {},
): Promise<Sent> {
  const headers = how.headers ?? inbox.sign(body, how.secret ?? inbox.secret, how.at_s ?? now_s());
  return target.ask(inbox.to, how.sent ?? body, { key: '', headers });
}
async function accepted(inbox: Inbox, body: Json): Promise<void> {
  const sent = await deliver(inbox, JSON.stringify(body));
  assert.equal(sent.status, 200, sent.text);
}

// Nothing comes by itself: the parcel would be delivered within seconds.
for (const party of [shop.easypost, shop.stripe, shop.supplier]) await party.fail({ fault: 'webhook_drop', times: 1_000_000 });
// One order paid by card and labeled by the carrier, and one purchase order that its supplier knows.
await must('PUT /v1/suppliers/acme', { name: 'Acme', channel: { kind: 'rest' }, currency: 'GBP' });
await must('PUT /v1/suppliers/acme/items/LAMP', { supplier_sku: 'A-1', cost: 400, minimum_quantity: 1, pack_size: 1, lead_time_days: 3 });
const bought = await must<{ id: string }>('POST /v1/purchase-orders', {
  supplier: 'acme',
  location: 'north',
  lines: [{ sku: 'LAMP', quantity: 5 }],
});
await must(`POST /v1/purchase-orders/${bought.id}/approve`);
const placed = await must<PlacedOrder>('POST /v1/orders', { ...basket(two_lamps), payment: by_stripe() });
const order = await until('it is paid', async () => {
  const now = await house.read(placed.id);
  return now.payment_status === 'authorized' && now.shipments.length > 0 && now;
});
const shipment_id = order.shipments[0]?.id ?? '';
await must(`POST /v1/shipments/${shipment_id}/label`);
const tracking_number = await until(
  'it is labeled',
  async () => (await house.read(order.id)).shipments[0]?.parcels[0]?.tracking_number ?? undefined,
);
const payment_id = order.payments[0]?.id ?? '';
const { gateway_ref } = await must<{ gateway_ref: string }>(`GET /v1/payments/${payment_id}`);
const intent: Json = await fetch(`${shop.stripe.url}/v1/payment_intents/${gateway_ref}`, {
  headers: { authorization: `Bearer ${sandbox_secrets.stripe_key}` },
}).then(reply => reply.json() as Promise<Json>);
await target.calm();

let events = 0;
const event = (type: string, object: Json, more: Json = {}): Json => ({
  id: `evt_${++events}`,
  object: 'event',
  type,
  livemode: false,
  data: { object },
  ...more,
});
const paid = (more: Json = {}) =>
  event('payment_intent.succeeded', { ...intent, status: 'succeeded', amount_received: intent['amount'], amount_capturable: 0, ...more });
const scan = (more: Json = {}, details: Json = {}) => ({
  id: `evt_${++events}`,
  object: 'Event',
  description: 'tracker.updated',
  result: {
    id: 'trk_1',
    object: 'Tracker',
    mode: 'test',
    carrier: 'USPS',
    tracking_code: tracking_number,
    status: 'in_transit',
    updated_at: '2026-01-01T00:00:00Z',
    tracking_details: [{ status: 'in_transit', datetime: '2026-01-01T00:00:00Z', ...details }],
    ...more,
  },
});
const answer = (more: Json = {}) => ({
  document: 'eta',
  document_ref: `doc_${++events}`,
  reference: bought.id,
  lines: [{ line_no: 1, promised_at: '2027-01-01T00:00:00Z' }],
  ...more,
});
const bodies = new Map<Inbox, () => Json>([
  [stripe, paid],
  [easypost, scan],
  [supplier, answer],
]);
const name_of = ({ to }: Inbox) => to.slice('POST '.length);

type Forged = [row: number, what: string, send: () => Promise<Sent>];

describe('signatures', () => {
  for (const [inbox, body_of] of bodies) {
    const body = JSON.stringify(body_of());
    const right = () => Object.entries(inbox.sign(body, inbox.secret, now_s()))[0] ?? ['', ''];
    const forged: readonly Forged[] = [
      [84, 'no signature', () => deliver(inbox, body, { headers: {} })],
      [84, 'a signature that is none', () => deliver(inbox, body, { headers: { [right()[0]]: 'sha256=x' } })],
      [84, 'an empty HMAC', () => deliver(inbox, body, { headers: { [right()[0]]: right()[1].replace(/=[0-9a-f]{64}/, '=') } })],
      [84, 'half an HMAC', () => deliver(inbox, body, { headers: { [right()[0]]: right()[1].slice(0, -32) } })],
      [84, 'another secret', () => deliver(inbox, body, { secret: 'whsec_wrong' })],
      [84, 'no secret', () => deliver(inbox, body, { secret: '' })],
      [
        84,
        'another body',
        () => deliver(inbox, body, { sent: body.replace('updated', 'deleted').replace('succeeded', 'canceled').replace('eta', 'ETA') }),
      ],
      ...[...bodies.keys()]
        .filter(other => other !== inbox)
        .map(other => [85, `the secret of ${name_of(other)}`, () => deliver(inbox, body, { secret: other.secret })] satisfies Forged),
      [87, 'a space more', () => deliver(inbox, body, { sent: `${body} ` })],
      [
        87,
        'another order of fields',
        () => deliver(inbox, body, { sent: JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(body)).toReversed())) }),
      ],
      [84, 'no body', () => deliver(inbox, body, { sent: '' })],
      [84, 'broken JSON, unsigned', () => deliver(inbox, '{', { headers: {} })],
    ];
    for (const [row, what, attempt] of forged) {
      it(`${row}: ${name_of(inbox)}, ${what}: 401 invalid_signature`, async () => {
        const sent = await attempt();
        assert.equal(verdict(sent), '401 invalid_signature', sent.text);
        check_problem(sent);
        assert.deepEqual(await target.changes(), []);
      });
    }

    it(`1, 7, 20: ${name_of(inbox)}: nothing else is taken there`, async () => {
      await refused(target, '405 method_not_allowed', inbox.to.replace('POST', 'GET') as Address, undefined, { key: '' });
      await refused(target, '413 too_large', inbox.to, 'x'.repeat(300_000), { key: '' });
      for (const text of ['{', '[]', 'null', '7', '""', '{}', '{"id": 7}', '\u0000', '{"__proto__": {}}', '{"a":'.repeat(10_000)]) {
        const sent = await deliver(inbox, text);
        assert.equal(sent.status, 400, `${text.slice(0, 20)} ${sent.text}`);
        check_problem(sent);
      }
      assert.deepEqual(await target.changes(), []);
    });
  }

  for (const inbox of [stripe, supplier]) {
    const body = JSON.stringify(bodies.get(inbox)?.());
    for (const [what, seconds] of [
      ['old', -301],
      ['of the future', 301],
      ['of 1970', -1e9],
    ] as const) {
      it(`84: ${name_of(inbox)}, ${what}: 401 invalid_signature`, async () => {
        const sent = await deliver(inbox, body, { at_s: now_s() + seconds });
        assert.equal(verdict(sent), '401 invalid_signature', sent.text);
        assert.deepEqual(await target.changes(), []);
      });
    }
    it(`84: ${name_of(inbox)}, a time that is none, or not the signed one: 401 invalid_signature`, async () => {
      const [name = '', value = ''] = Object.entries(inbox.sign(body, inbox.secret, now_s()))[0] ?? [];
      for (const header of [
        value.replace(/t=\d+/, 't=now'),
        value.replace(/t=\d+/, 't='),
        value.replace(/t=\d+,/, ''),
        value.replace(/t=\d+/, `t=${now_s() + 1}`),
        value.replace('v1=', 'v0='),
      ]) {
        const sent = await deliver(inbox, body, { headers: { [name]: header } });
        assert.equal(verdict(sent), '401 invalid_signature', header);
      }
      assert.deepEqual(await target.changes(), []);
    });
    it(`88: ${name_of(inbox)}, two signatures, one of them right: taken`, async () => {
      const unknown = JSON.stringify(inbox === stripe ? event('customer.created', { object: 'customer' }) : answer({ document: 'news' }));
      const [name = '', value = ''] = Object.entries(inbox.sign(unknown, inbox.secret, now_s()))[0] ?? [];
      assert.equal((await deliver(inbox, unknown, { headers: { [name]: value.replace('v1=', `v1=${'0'.repeat(64)},v1=`) } })).status, 200);
      assert.deepEqual(await target.changes(), []);
    });
  }

  it('85: an event of the live mode in a test shop: 401 invalid_signature', async () => {
    const sent = await deliver(stripe, JSON.stringify({ ...paid(), livemode: true }));
    assert.equal(verdict(sent), '401 invalid_signature');
    assert.deepEqual(await target.changes(), []);
  });
});

describe('what is signed and not so', () => {
  const state = async () => {
    const { status, payment_status, captured_total, refunded_total, version } = await house.read(order.id);
    return { status, payment_status, captured_total, refunded_total, version };
  };
  const reasons = async () =>
    (await must<{ data: { reason: string; subject: string }[] }>('GET /v1/exceptions')).data.map(
      ({ reason, subject }) => `${reason} ${subject}`,
    );

  it('90: types that nobody knows: 200, no change', async () => {
    for (const type of ['customer.created', 'payment_intent.invented', 'x', ''])
      await accepted(stripe, event(type, { object: 'customer', id: 'cus_1' }));
    await accepted(easypost, { ...scan(), description: 'batch.updated' });
    await accepted(supplier, answer({ document: 'greeting' }));
    assert.deepEqual(await target.changes(), []);
  });

  it('89, 92: another amount, currency, order or payment: 200, kept, not applied, an exception', async () => {
    const before = await state();
    const metadata = intent['metadata'] as Json;
    const lies: readonly Json[] = [
      // Nobody has asked for a capture yet: even the right amount is a lie.
      paid(),
      paid({ amount_received: 1 }),
      paid({ currency: 'usd' }),
      paid({ metadata: { ...metadata, order_id: 'ord_00000000000000000000000000' } }),
      paid({ id: 'pi_another' }),
      event('payment_intent.amount_capturable_updated', { ...intent, amount: 1, amount_capturable: 1 }),
      event('charge.refunded', {
        ...intent,
        object: 'charge',
        id: 'ch_1',
        payment_intent: gateway_ref,
        amount_refunded: intent['amount'],
        refunded: true,
      }),
    ];
    for (const lie of lies) await accepted(stripe, lie);
    await target.calm();
    const after = await state();
    assert.deepEqual({ ...after, version: 0 }, { ...before, version: 0 });
    assert.ok(
      (await reasons()).some(reason => reason.endsWith(payment_id)),
      (await reasons()).join(),
    );
  });

  it('89: a payment that nobody knows: 200, kept until it is claimed or an hour has passed, then an exception', async () => {
    await accepted(stripe, paid({ id: 'pi_nobody', metadata: {} }));
    const open = async () => (await reasons()).filter(reason => reason.startsWith('unclaimed_fact'));
    assert.deepEqual(await open(), []);
    for (let minute = 0; minute < 70; minute += 10) {
      shop.clock.move(600_000);
      await target.calm();
    }
    assert.equal((await open()).length, 1);
  });

  it('89: a parcel that is not ours: 200, no change', async () => {
    await target.calm();
    await accepted(easypost, scan({ tracking_code: 'EZ9000000009' }));
    await accepted(easypost, scan({ tracking_code: "' or 1=1" }));
    assert.deepEqual(await target.changes(), []);
  });

  it('86: the same delivery again: 200, no change; whatever order and repetition', async () => {
    const first = JSON.stringify(scan());
    const eta = JSON.stringify(answer());
    for (const [inbox, body] of [
      [easypost, first],
      [supplier, eta],
    ] as const)
      assert.equal((await deliver(inbox, body)).status, 200);
    await target.calm();
    for (let again = 0; again < 3; again++) {
      for (const [inbox, body] of [
        [easypost, first],
        [supplier, eta],
      ] as const)
        assert.equal((await deliver(inbox, body)).status, 200);
    }
    await target.calm();
    const same = await Promise.all(Array.from({ length: 10 }, () => deliver(easypost, first)));
    assert.deepEqual(new Set(same.map(({ status }) => status)), new Set([200]));
    assert.deepEqual(await target.changes(), []);
  });

  it('17, 108: characters, numbers and times that no column takes: 200 or 400, never 500, and the shop goes on', async () => {
    const odd = ['a\0b', 'a\ud800b', "'; drop table payments.payment; --", 'x'.repeat(20_000), '\u202e', '{{7*7}}', '=1+1'];
    const times = [
      '0000-01-01T00:00:00Z',
      '+010000-01-01T00:00:00Z',
      '9999-12-31T23:59:59-14:00',
      'yesterday',
      '2026-02-31T00:00:00Z',
      '-271821-04-20T00:00:00Z',
    ];
    const numbers = [1e21, -1, 1.5, 2 ** 53, '7', null];
    const documents: [Inbox, Json][] = [
      ...odd.flatMap((text): [Inbox, Json][] => [
        [stripe, paid({ last_payment_error: { code: text, decline_code: text, message: text } })],
        [stripe, paid({ id: text })],
        [stripe, paid({ metadata: { payment_id: text, order_id: text, operation_id: text } })],
        [stripe, { ...paid(), id: text }],
        [stripe, { ...paid(), type: text }],
        [easypost, scan({ tracking_code: text })],
        [easypost, scan({ carrier: text, signed_by: text, shipment_id: text })],
        [
          easypost,
          scan({ status: 'delivered', signed_by: text }, { status: text, tracking_location: { city: text, state: text, country: text } }),
        ],
        [easypost, { ...scan(), id: text }],
        [supplier, answer({ reference: text })],
        [supplier, answer({ document_ref: text, cause: text })],
        [
          supplier,
          answer({
            document: 'ship_notice',
            notice_ref: text,
            expected_at: '2027-01-01T00:00:00Z',
            tracking_number: text,
            lines: [{ line_no: 1, quantity: 1 }],
          }),
        ],
      ]),
      ...times.flatMap((time): [Inbox, Json][] => [
        [easypost, scan({ updated_at: time, status: 'out_for_delivery', est_delivery_date: time }, { datetime: time })],
        [supplier, answer({ lines: [{ line_no: 1, promised_at: time }] })],
        [
          supplier,
          answer({ document: 'ship_notice', notice_ref: `n${++events}`, expected_at: time, lines: [{ line_no: 1, quantity: 1 }] }),
        ],
      ]),
      ...numbers.flatMap((number): [Inbox, Json][] => [
        [stripe, paid({ amount: number, amount_received: number, amount_capturable: number })],
        [
          stripe,
          event('charge.refund.updated', {
            object: 'refund',
            id: 're_1',
            payment_intent: gateway_ref,
            amount: number,
            currency: 'gbp',
            status: 'succeeded',
          }),
        ],
        [
          supplier,
          answer({
            document: 'invoice',
            invoice_ref: `i${++events}`,
            amount: number,
            currency: 'GBP',
            lines: [{ line_no: 1, quantity: number, cost: number }],
          }),
        ],
        [
          supplier,
          answer({ document: 'acknowledgment', ack_no: number, lines: [{ line_no: 1, confirmed: number, backordered: 0, rejected: 0 }] }),
        ],
      ]),
    ];
    const charge = { object: 'charge', id: 'ch_1', payment_intent: gateway_ref, amount: 2_495, amount_captured: 0, currency: 'gbp' };
    documents.push([stripe, event('charge.captured', { ...charge, payment_method_details: { card: { capture_before: 1e15 } } })]);
    documents.push([stripe, paid({ currency: 'isk', amount: 9e15, amount_received: 9e15 })]);
    const broken: string[] = [];
    for (const [inbox, document] of documents) {
      const { status, text } = await deliver(inbox, JSON.stringify(document));
      if (status !== 200 && status !== 400) broken.push(`${name_of(inbox)} ${status} ${text} ${JSON.stringify(document).slice(0, 300)}`);
    }
    assert.deepEqual(broken, []);
    await target.calm();
    const { captured_total, refunded_total } = await house.read(order.id);
    assert.deepEqual([captured_total, refunded_total], [0, 0]);
  });

  it('92: after all of that the true capture is taken once', async () => {
    await must(`POST /v1/shipments/${shipment_id}/dispatch`).catch(() => undefined);
    await target.calm();
    const { captured_total, total } = await house.read(order.id);
    const taken = shop.stripe.ledger('captured', order.id).reduce((sum, entry) => sum + Number(entry.amount), 0);
    assert.ok(captured_total === taken && [0, total].includes(taken), `${captured_total} ${taken} of ${total}`);
  });
});
