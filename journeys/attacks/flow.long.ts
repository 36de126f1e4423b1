/** Rows 48 to 54, 81 and 82 of the catalogue: the steps of an order out of their order, twice, or too late; and If-Match. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { basket, by_stripe, type PlacedOrder, type Quote } from '../api.ts';
import { rest, until } from '../shop.ts';
import { open_house, two_lamps } from './house.ts';
import { verdict } from './send.ts';
import { type Address, browser, type Case, refused, refuses } from './target.ts';

const house = await open_house();
const { target } = house;
const { shop, must } = target;
const order_of = (one: { id: string }, deed: string): Address => `POST /v1/orders/${one.id}/${deed}`;
const payment_of = (one: PlacedOrder, deed: string): Address => `POST /v1/payments/${one.payments[0]?.id}/${deed}`;
const shipment_of = (one: PlacedOrder, deed: string): Address => `POST /v1/shipments/${one.shipments[0]?.id}/${deed}`;
const parcel_of = (one: PlacedOrder): Address => `POST /v1/parcels/${one.shipments[0]?.parcels[0]?.id}/receive`;

const delivered = await house.delivered();
const returned = await must<{ id: string }>(order_of(delivered, 'returns'), { lines: [{ line_id: '1', quantity: 1, reason: 'colour' }] });
await must(`POST /v1/returns/${returned.id}/receive`, { lines: [{ line_id: '1', quantity: 1, condition: 'sellable' }] });
const dropped = await must<{ id: string }>(order_of(delivered, 'returns'), { lines: [{ line_id: '1', quantity: 1, reason: 'colour' }] });
await must(`POST /v1/returns/${dropped.id}/cancel`);
const dispatched = await house.dispatched();
const confirmed = await house.confirmed();
const held = await house.confirmed();
await must(order_of(held, 'holds'), { reason: 'address' });
const cancelled = await house.cancelled();
const unpaid = await house.unpaid();
const half_paid = await house.unpaid();
await must(order_of(half_paid, 'payments'), { gateway: 'manual', amount: 1 });
Object.assign(
  half_paid,
  await until('half of it is paid', async () => {
    const now = await house.read(half_paid.id);
    return now.payments[0]?.status === 'authorized' && now;
  }),
);
await target.calm();

const back = { lines: [{ line_id: '1', quantity: 1, condition: 'sellable' }] };
const reason = { reason: 'x' };
const refund = { amount: 1, reason: 'goodwill' };

describe('steps out of order', () => {
  refuses(target, [
    [48, 'capture on hold', payment_of(held, 'capture'), {}, '409 order_held'],
    [48, 'ship on hold', shipment_of(held, 'dispatch'), undefined, '409 order_held'],
    [48, 'capture of what is captured', payment_of(dispatched, 'capture'), {}, '409 capture_exceeds_authorized'],
    [48, 'capture before the order is confirmed', payment_of(half_paid, 'capture'), {}, '409 invalid_transition'],
    [48, 'refund before the order is confirmed', payment_of(half_paid, 'refunds'), refund, '409 invalid_transition'],
    [48, 'capture of a cancelled order', payment_of(cancelled, 'capture'), {}, '409 invalid_transition'],
    [48, 'refund before capture', payment_of(confirmed, 'refunds'), refund, '409 invalid_transition'],
    [48, 'refund of a cancelled order that took nothing', payment_of(cancelled, 'refunds'), refund, '409 invalid_transition'],
    [48, 'void of what is captured', payment_of(dispatched, 'void'), undefined, '409 invalid_transition'],
    [48, 'void of what is voided', payment_of(cancelled, 'void'), undefined, '409 invalid_transition'],
    [48, 'hold before confirmation', order_of(unpaid, 'holds'), reason, '409 invalid_transition'],
    [48, 'hold of a completed order', order_of(delivered, 'holds'), reason, '409 invalid_transition'],
    [
      48,
      'return before anything left',
      order_of(confirmed, 'returns'),
      { lines: [{ line_id: '1', quantity: 1, reason: 'x' }] },
      '409 invalid_transition',
    ],
    [
      48,
      'cancel a line before payment',
      order_of(unpaid, 'cancel'),
      { reason: 'x', lines: [{ line_id: '1', quantity: 1 }] },
      '409 invalid_transition',
    ],
    [48, 'ship twice', shipment_of(dispatched, 'dispatch'), undefined, '409 already_dispatched'],
    [48, 'a label for what has left', shipment_of(dispatched, 'label'), undefined, '409 already_dispatched'],
    [
      48,
      'pack what has left',
      shipment_of(dispatched, 'pack'),
      { parcels: [{ weight_grams: 1, lines: [{ line_id: '1', quantity: 2 }] }] },
      '409 already_dispatched',
    ],
    [
      48,
      'miss units of what has left',
      shipment_of(dispatched, 'short-pick'),
      { ...reason, lines: [{ line_id: '1', quantity: 1 }] },
      '409 already_dispatched',
    ],
    [48, 'give up what has left', shipment_of(dispatched, 'cancel'), {}, '409 already_dispatched'],
    [48, 'ship what is cancelled', shipment_of(cancelled, 'dispatch'), undefined, '409 invalid_transition'],
    [
      48,
      'pack units that are not of it',
      shipment_of(confirmed, 'pack'),
      { parcels: [{ weight_grams: 1, lines: [{ line_id: '1', quantity: 3 }] }] },
      '422 units_mismatch',
    ],
    [
      48,
      'pack a line that is not of it',
      shipment_of(confirmed, 'pack'),
      { parcels: [{ weight_grams: 1, lines: [{ line_id: '9', quantity: 1 }] }] },
      '422 units_mismatch',
    ],
    [
      48,
      'miss more units than it has',
      shipment_of(confirmed, 'short-pick'),
      { ...reason, lines: [{ line_id: '1', quantity: 3 }] },
      '422 units_mismatch',
    ],
    [48, 'take back a parcel that has not left', parcel_of(confirmed), back, '409 invalid_transition'],
    [48, 'receive a return twice', `POST /v1/returns/${returned.id}/receive`, back, '409 invalid_transition'],
    [48, 'receive a return that was dropped', `POST /v1/returns/${dropped.id}/receive`, back, '409 invalid_transition'],
    [48, 'drop a return that came', `POST /v1/returns/${returned.id}/cancel`, undefined, '409 invalid_transition'],
    [49, 'after dispatch', order_of(dispatched, 'cancel'), reason, '409 not_cancellable'],
    [
      49,
      'after dispatch, a line',
      order_of(dispatched, 'cancel'),
      { ...reason, lines: [{ line_id: '1', quantity: 1 }] },
      '409 not_cancellable',
    ],
    [49, 'when completed', order_of(delivered, 'cancel'), reason, '409 not_cancellable'],
    [49, 'when cancelled', order_of(cancelled, 'cancel'), reason, '409 invalid_transition'],
    [
      49,
      'more units than there are',
      order_of(confirmed, 'cancel'),
      { ...reason, lines: [{ line_id: '1', quantity: 3 }] },
      '409 not_cancellable',
    ],
    [
      49,
      'a line that is not there',
      order_of(confirmed, 'cancel'),
      { ...reason, lines: [{ line_id: '7', quantity: 1 }] },
      '422 line_not_found',
    ],
    [53, 'pay what is paid', order_of(confirmed, 'payments'), { gateway: 'manual' }, '409 already_paid'],
    [53, 'pay what is completed', order_of(delivered, 'payments'), { gateway: 'manual' }, '409 invalid_transition'],
    [53, 'pay what is cancelled', order_of(cancelled, 'payments'), { gateway: 'manual' }, '409 invalid_transition'],
    [
      53,
      'replace what is confirmed',
      'POST /v1/orders',
      { ...basket(two_lamps), replaces_order_id: confirmed.id },
      '409 invalid_transition',
    ],
    [53, 'replace what is not there', 'POST /v1/orders', { ...basket(two_lamps), replaces_order_id: 'ord_none' }, '409 invalid_transition'],
    [
      67,
      'release the hold of another order',
      `DELETE /v1/orders/${confirmed.id}/holds/${held.holds[0]?.id ?? 'hld_x'}`,
      undefined,
      '404 not_found',
    ],
  ]);

  it('48: nothing is shipped before the order is confirmed: there is no shipment', async () => {
    assert.deepEqual((await house.read(unpaid.id)).shipments, []);
    const { data } = await must<{ data: unknown[] }>(`GET /v1/shipments?order=${unpaid.id}`);
    assert.deepEqual(data, []);
  });

  it('48: the refusal names the state and what would be allowed', async () => {
    const list: readonly [to: Address, body: object | undefined, extra: object][] = [
      [payment_of(cancelled, 'capture'), {}, { order_status: 'cancelled', allowed: ['confirmed', 'in_fulfillment'] }],
      [payment_of(confirmed, 'refunds'), refund, { payment_status: 'authorized', allowed: ['partially_captured', 'captured'] }],
      [order_of(unpaid, 'holds'), reason, { order_status: 'awaiting_payment', allowed: ['confirmed', 'in_fulfillment'] }],
    ];
    for (const [to, body, extra] of list) assert.partialDeepStrictEqual(await refused(target, '409 invalid_transition', to, body), extra);
  });

  it('49: the refusal names what was dispatched', async () => {
    const problem = await refused(target, '409 not_cancellable', order_of(dispatched, 'cancel'), reason);
    assert.deepEqual(problem['dispatched'], [{ line_id: '1', quantity: 2 }]);
  });
});

describe('If-Match', () => {
  const stale = { headers: { 'if-match': '"1"' } };
  refuses(target, [
    ...(
      [
        [order_of(confirmed, 'cancel'), reason],
        [order_of(confirmed, 'holds'), reason],
        [order_of(unpaid, 'payments'), { gateway: 'manual' }],
        [order_of(delivered, 'returns'), { lines: [{ line_id: '1', quantity: 1, reason: 'x' }] }],
        [`DELETE /v1/orders/${held.id}/holds/any`, undefined],
      ] as const
    ).map(([to, body]): Case => [48, 'of another version', to, body, '412 version_conflict', stale]),
    ...['pack', 'label', 'dispatch', 'cancel', 'short-pick'].map((deed): Case => {
      const bodies: Readonly<Record<string, object>> = {
        pack: { parcels: [{ weight_grams: 1, lines: [{ line_id: '1', quantity: 2 }] }] },
        'short-pick': { ...reason, lines: [{ line_id: '1', quantity: 1 }] },
      };
      return [
        48,
        'of another version',
        shipment_of(confirmed, deed),
        bodies[deed] ?? {},
        '412 version_conflict',
        { headers: { 'if-match': '"99"' } },
      ];
    }),
    [48, 'weak', order_of(confirmed, 'cancel'), reason, '400 malformed_request', { headers: { 'if-match': 'W/"4"' } }],
    [48, 'a list', order_of(confirmed, 'cancel'), reason, '400 malformed_request', { headers: { 'if-match': '"3", "4"' } }],
    [48, 'below zero', order_of(confirmed, 'cancel'), reason, '400 malformed_request', { headers: { 'if-match': '"-4"' } }],
    [48, 'a date', order_of(confirmed, 'cancel'), reason, '400 malformed_request', { headers: { 'if-match': '2026-01-01' } }],
  ]);
});

describe('what a client says is no fact', () => {
  refuses(target, [
    [51, 'success in the address', `GET /v1/orders/${unpaid.id}?status=success&payment_status=captured`, undefined, '422 unknown_field'],
    [
      51,
      'success in the address of a payment',
      `POST /v1/orders/${unpaid.id}/payments?status=success`,
      { gateway: 'manual' },
      '422 unknown_field',
    ],
    [
      52,
      'a webhook on a return address',
      `POST /v1/orders/${unpaid.id}/payments/return`,
      { type: 'payment_intent.succeeded' },
      '404 not_found',
    ],
    [52, 'a webhook on an address of nobody', 'POST /inbound/paypal', { type: 'payment_intent.succeeded' }, '404 not_found'],
    [
      52,
      'a webhook where one pays',
      order_of(unpaid, 'payments'),
      { id: 'evt_1', object: 'event', type: 'payment_intent.succeeded' },
      '422 required',
    ],
    [54, 'a time of tomorrow', 'POST /v1/orders', { ...basket(two_lamps), placed_at: '2999-01-01T00:00:00Z' }, '422 out_of_range'],
    [54, 'a time that is none', 'POST /v1/orders', { ...basket(two_lamps), placed_at: '2025-02-29T00:00:00Z' }, '422 format'],
    [54, 'a time of the year 0', 'POST /v1/orders', { ...basket(two_lamps), placed_at: '0000-01-01T00:00:00Z' }, '422 format'],
    [
      54,
      'a browser’s time',
      'POST /v1/orders',
      { currency: 'GBP', quote_id: 'quo_x', placed_at: '2020-01-01T00:00:00Z' },
      '403 insufficient_scope',
      browser,
    ],
  ]);

  it('54: placed_at needs the scope orders:import', async () => {
    const { secret } = await must<{ secret: string }>('POST /v1/keys', {
      type: 'secret',
      name: 'shop',
      scopes: ['orders:write', 'orders:read'],
    });
    await target.calm();
    await refused(
      target,
      '403 insufficient_scope',
      'POST /v1/orders',
      { ...basket(two_lamps), placed_at: '2020-01-01T00:00:00Z' },
      { key: secret },
    );
  });

  it('51: a shopper who comes back without having paid has not paid', async () => {
    const order = await must<PlacedOrder>('POST /v1/orders', {
      ...basket(two_lamps),
      payment: by_stripe('pm_card_threeDSecure2Required', { return_url: 'https://shop.example/return?status=success' }),
    });
    await until('the shopper must act', async () => (await house.read(order.id)).payment_status === 'action_required');
    await rest(shop);
    assert.deepEqual([(await house.read(order.id)).status, (await house.read(order.id)).shipments], ['awaiting_payment', []]);
    await target.calm();
  });
});

describe('twice and too late', () => {
  it('53: a finished checkout is not finished again', async () => {
    const quoted = await must<Quote>(
      'POST /v1/quotes',
      { currency: 'GBP', lines: two_lamps, shipping_address: { country: 'GB' } },
      browser,
    );
    const body = {
      currency: 'GBP',
      quote_id: quoted.id,
      shipping_address: { country: 'GB' },
      customer: { email: 'once@example.com' },
      payment: by_stripe(),
    };
    const at_once = await Promise.all(Array.from({ length: 20 }, () => target.ask('POST /v1/orders', body, browser)));
    assert.deepEqual(
      [at_once.filter(({ status }) => status === 201).length, new Set(at_once.map(verdict))],
      [1, new Set(['201', '409 quote_invalid'])],
    );
    await target.calm();
    await refused(target, '409 quote_invalid', 'POST /v1/orders', body, browser);
    assert.equal(shop.stripe.ledger('authorize').length + shop.stripe.ledger('payment_intent').length <= 2, true);
  });

  it('53: of 20 tenders for the whole at once one is taken', async () => {
    const order = await house.unpaid();
    const sent = await Promise.all(Array.from({ length: 20 }, () => target.ask(order_of(order, 'payments'), { gateway: 'manual' })));
    assert.equal(sent.filter(({ status }) => status === 200).length, 1, sent.map(verdict).join());
    await rest(shop);
    const now = await house.read(order.id);
    assert.deepEqual([now.payments.length, now.payments[0]?.authorized], [1, order.total]);
    await target.calm();
  });

  it('50: of a cancellation and a dispatch at once one wins, 30 times', async () => {
    const orders = await Promise.all(Array.from({ length: 30 }, () => house.confirmed()));
    await Promise.all(
      orders.flatMap((order, index) => {
        const both = [() => target.ask(order_of(order, 'cancel'), reason), () => target.ask(shipment_of(order, 'dispatch'))];
        return (index % 2 === 0 ? both : both.toReversed()).map(deed => deed());
      }),
    );
    await rest(shop);
    for (const { id, total } of orders) {
      const now = await house.read(id);
      const left = now.lines[0]?.quantity_shipped === 2;
      assert.deepEqual([now.status, now.captured_total], left ? ['in_fulfillment', total] : ['cancelled', 0], id);
    }
    await target.calm();
  });

  it('82: a fifth decline is the last attempt', async () => {
    const order = await house.unpaid();
    const pay = () => target.ask(order_of(order, 'payments'), by_stripe('pm_card_visa_chargeDeclined'));
    for (let attempt = 1; attempt <= 5; attempt++) {
      assert.equal((await pay()).status, 200);
      await until(
        'it is declined',
        async () => (await house.read(order.id)).payments.filter(payment => payment.status === 'declined').length === attempt,
      );
      await rest(shop);
    }
    await target.calm();
    assert.match(verdict(await pay()), /^409 (attempts_exhausted|invalid_transition)$/);
    assert.deepEqual(await target.changes(), []);
  });

  it('81: an order that has expired, its stock released, is not paid', async () => {
    const order = await house.unpaid();
    shop.clock.move(7 * 86_400_000);
    await until('it has expired', async () => (await house.read(order.id)).status === 'expired');
    await target.calm();
    await refused(target, '409 invalid_transition', order_of(order, 'payments'), by_stripe());
  });
});
