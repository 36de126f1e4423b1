/** From Pay to parcel: what is logged, what the shop's owner and the shopper see, by every way of looking. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { after, test } from 'node:test';
import { ada, basket, by_stripe, london, type Order, type PlacedOrder, type Quote, type TimelineEntry, type Track } from './api.ts';
import { ended, open_shop, publishable_key, reached, type Shop, sound } from './shop.ts';

const day_ms = 86_400_000;
const stream_timeout_ms = 20_000;
const by_hand = await open_shop({ after }, { env: { MANUAL_DELIVERY_MS: String(2 * day_ms) } });
const by_carrier = await open_shop({ after }, { env: { CARRIER: 'easypost' } });
const two_lamps = [{ sku: 'LAMP', quantity: 2 }];

/** An order paid and delivered by hand; the two days of its way are put behind us once its money is in. */
async function delivered(shop: Shop, body = basket(two_lamps)): Promise<PlacedOrder> {
  const placed = await shop.post<PlacedOrder>('/v1/orders', body);
  await reached(shop, placed.id, 'captured', order => order.payment_status === 'captured');
  shop.clock.move(2 * day_ms);
  await ended(shop, placed.id, 'completed');
  return placed;
}

/** Each event with the one that caused it; `-` where it was a request, a timer or an operation. */
function causes(entries: readonly TimelineEntry[]): string[] {
  const types = new Map(entries.map(entry => [entry.id, entry.type]));
  return entries.map(entry => `${entry.type} < ${types.get(entry.caused_by) ?? '-'}`);
}

test('an order with the manual gateway and carrier logs exactly fifteen events, each caused by the one that decisions.md 16 says', async () => {
  const { id } = await delivered(by_hand);
  assert.deepEqual(causes(await by_hand.timeline(id)).toSorted(), [
    'fulfillment.requested < stock.allocated',
    'order.completed < parcel.delivered',
    'order.confirmed < payment.authorized',
    'order.placed < -',
    'order.updated < payment.captured',
    'parcel.delivered < -',
    'payment.authorized < payment.requested',
    'payment.capture_requested < shipment.dispatched',
    'payment.captured < payment.capture_requested',
    'payment.requested < stock.reserved',
    'shipment.dispatched < fulfillment.requested',
    'shipment.planned < fulfillment.requested',
    'stock.allocated < order.confirmed',
    'stock.consumed < shipment.dispatched',
    'stock.reserved < order.placed',
  ]);
  await sound(by_hand);
});

test('with Stripe and EasyPost it logs these twenty and no more', async () => {
  const placed = await by_carrier.post<PlacedOrder>('/v1/orders', basket(two_lamps, { payment: by_stripe() }));
  await ended(by_carrier, placed.id, 'completed');
  assert.deepEqual(causes(await by_carrier.timeline(placed.id)).toSorted(), [
    'fulfillment.requested < stock.allocated',
    'order.completed < parcel.delivered',
    'order.confirmed < payment.authorized',
    'order.placed < -',
    'order.updated < payment.captured',
    'parcel.delivered < -',
    'parcel.label_purchased < -',
    'parcel.tracked < -',
    'parcel.tracked < -',
    'payment.authorized < -',
    'payment.capture_requested < shipment.dispatched',
    'payment.captured < -',
    'payment.requested < stock.reserved',
    'payment.started < payment.requested',
    'shipment.carrier_chosen < -',
    'shipment.dispatched < -',
    'shipment.planned < fulfillment.requested',
    'stock.allocated < order.confirmed',
    'stock.consumed < shipment.dispatched',
    'stock.reserved < order.placed',
  ]);
  const [authorized, captured, ...others] = by_carrier.stripe.ledger(undefined, placed.id);
  assert.deepEqual(
    [authorized?.kind, authorized?.amount, captured?.kind, captured?.amount, others],
    ['authorized', placed.total, 'captured', placed.total, []],
  );
  assert.equal(by_carrier.easypost.ledger('label_purchased').length, 1);
  await sound(by_carrier);
});

test('the timeline is in the order of causes, says each event in words, and shows nothing personal', async () => {
  const { id } = await delivered(by_hand);
  const entries = await by_hand.timeline(id);
  const known = new Set<string>();
  const ids = new Set(entries.map(entry => entry.id));
  for (const entry of entries) {
    assert.ok(!ids.has(entry.caused_by) || known.has(entry.caused_by), `${entry.type} stands before its cause`);
    known.add(entry.id);
    assert.ok(entry.summary.length > 0);
  }
  assert.deepEqual(
    entries.map(entry => entry.at),
    entries.map(entry => entry.at).toSorted(),
  );
  const text = JSON.stringify(entries);
  for (const secret of [ada.email, ada.name, london.line1, london.postal_code]) assert.ok(!text.includes(secret), secret);
});

test('the order object adds up, from the first reply to the end', async () => {
  const body = basket(
    [
      { sku: 'LAMP', quantity: 2 },
      { sku: 'LAMP', quantity: 1 },
    ],
    { reference: 'WEB-1', metadata: { channel: 'web' } },
  );
  const placed = await delivered(by_hand, body);
  assert.equal(placed.status, 'placed');
  assert.deepEqual([placed.subtotal, placed.shipping_total, placed.total, placed.captured_total], [3_000, 495, 3_495, 0]);
  const order = await by_hand.order(placed.id);
  assert.deepEqual(
    [order.status, order.payment_status, order.fulfillment_status, order.captured_total, order.refunded_total, order.amount_due],
    ['completed', 'captured', 'delivered', 3_495, 0, 3_495],
  );
  assert.deepEqual(
    order.lines.map(line => [line.quantity, line.quantity_shipped, line.quantity_delivered, line.quantity_allocated, line.total]),
    [
      [2, 2, 2, 0, 2_000],
      [1, 1, 1, 0, 1_000],
    ],
  );
  assert.deepEqual(
    order.payments.map(({ status, amount, authorized, captured, refunded }) => ({ status, amount, authorized, captured, refunded })),
    [{ status: 'captured', amount: 3_495, authorized: 3_495, captured: 3_495, refunded: 0 }],
  );
  assert.deepEqual(
    order.shipments.map(shipment => [shipment.location, shipment.status, shipment.carrier, shipment.parcels.map(parcel => parcel.status)]),
    [['north', 'delivered', 'manual', ['delivered']]],
  );
  assert.deepEqual(
    [order.reference, order.metadata, order.customer?.email, order.shipping_address?.city],
    ['WEB-1', { channel: 'web' }, ada.email, 'London'],
  );
  assert.ok(order.version > placed.version && order.confirmed_at !== null && order.completed_at !== null && order.expires_at === null);
  const { data } = await by_hand.get<{ data: Order[] }>('/v1/orders?reference=WEB-1');
  assert.deepEqual(data, [order]);
});

test('Prefer: wait answers when the order is confirmed, declined or waits for the shopper, and the reply is kept byte for byte', async () => {
  const confirmed = await by_hand.ask('POST', '/v1/orders', basket(two_lamps), { wait: 10, idempotency_key: 'waited' });
  const order: PlacedOrder = JSON.parse(confirmed.text);
  assert.deepEqual([confirmed.status, ['confirmed', 'in_fulfillment'].includes(order.status)], [201, true]);
  const again = await by_hand.ask('POST', '/v1/orders', basket(two_lamps), { wait: 10, idempotency_key: 'waited' });
  assert.deepEqual([again.status, again.text, again.headers.get('idempotency-replayed')], [201, confirmed.text, 'true']);
  const declined = await by_hand.post<PlacedOrder>('/v1/orders', basket(two_lamps, { payment: by_stripe('pm_card_visa_chargeDeclined') }), {
    wait: 10,
  });
  assert.deepEqual([declined.status, declined.payment_status], ['awaiting_payment', 'declined']);
  const asked = await by_hand.post<PlacedOrder>(
    '/v1/orders',
    basket(two_lamps, { payment: by_stripe('pm_card_threeDSecure2Required', { return_url: 'https://shop.example/back' }) }),
    { wait: 10 },
  );
  assert.deepEqual(
    [asked.status, asked.payment_status, asked.payments[0]?.action?.type],
    ['awaiting_payment', 'action_required', 'redirect'],
  );
  const out = await by_hand.post<PlacedOrder>('/v1/orders', basket([{ sku: 'LAMP', quantity: 1_000_000 }]), { wait: 10 });
  assert.deepEqual([out.status, out.rejection?.reason], ['rejected', 'out_of_stock']);
});

interface Told {
  readonly id: string;
  readonly event: string;
  readonly order: Order;
}
/** Server-Sent Events as they arrive, until enough is told. */
async function stream(shop: Shop, id: string, headers: Record<string, string>, enough: (told: Told) => boolean): Promise<Told[]> {
  const asked = request(`${shop.url}/v1/orders/${id}/stream`, { headers, timeout: stream_timeout_ms }).end();
  const [response]: IncomingMessage[] = await once(asked, 'response');
  assert.match(response?.headers['content-type'] ?? '', /^text\/event-stream/);
  const told: Told[] = [];
  let text = '';
  for await (const bytes of response?.setEncoding('utf8') ?? []) {
    text += bytes;
    const messages = text.split('\n\n');
    text = messages.pop() ?? '';
    for (const message of messages.filter(one => one.startsWith('id:'))) {
      const field = (name: string) =>
        message
          .split('\n')
          .find(line => line.startsWith(`${name}: `))
          ?.slice(name.length + 2) ?? '';
      const one = { id: field('id'), event: field('event'), order: JSON.parse(field('data')) };
      told.push(one);
      if (enough(one)) return told;
    }
  }
  return told;
}

test('a stream tells each change of the order, and resumes after the last one seen', async () => {
  const placed = await by_carrier.post<PlacedOrder>('/v1/orders', basket(two_lamps, { payment: by_stripe() }));
  const headers = { authorization: `Bearer ${placed.order_token}` };
  const first = await stream(by_carrier, placed.id, headers, told => told.order.status === 'in_fulfillment');
  assert.ok(first.every(told => told.event === 'order' && told.id === String(told.order.version)));
  const last = first.at(-1);
  const rest = await stream(
    by_carrier,
    placed.id,
    { ...headers, 'last-event-id': last?.id ?? '' },
    told => told.order.status === 'completed',
  );
  const versions = [...first, ...rest].map(told => told.order.version);
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );
  assert.ok(
    rest.every(told => told.order.version > (last?.order.version ?? 0) || told.order.shipments.length > 0),
    'what was seen is not told again',
  );
  assert.equal(rest.at(-1)?.order.fulfillment_status, 'delivered');
});

test('an order token reads, follows, pays and cancels its own order and knows of no other', async () => {
  const mine = await by_hand.post<PlacedOrder>('/v1/orders', basket(two_lamps, { payment: undefined }));
  const other = await by_hand.post<PlacedOrder>('/v1/orders', basket(two_lamps));
  const how = { key: mine.order_token };
  assert.equal((await by_hand.get<Order>(`/v1/orders/${mine.id}`, how)).id, mine.id);
  await by_hand.get(`/v1/orders/${mine.id}/timeline`, how);
  const strange = await by_hand.refused('GET', `/v1/orders/${other.id}`, undefined, how);
  const unknown = await by_hand.refused('GET', '/v1/orders/ord_00000000000000000000000000', undefined, how);
  assert.deepEqual({ ...strange, request_id: '' }, { ...unknown, request_id: '' });
  for (const [method, path] of [
    ['GET', '/v1/orders'],
    ['GET', '/v1/products'],
    ['POST', `/v1/orders/${mine.id}/holds`],
  ] as const) {
    assert.equal((await by_hand.refused(method, path, method === 'POST' ? { reason: 'x' } : undefined, how)).status, 403, path);
  }
  const paid = await by_hand.post<Order>(`/v1/orders/${mine.id}/payments`, by_stripe('pm_card_visa_chargeDeclined'), { ...how, wait: 10 });
  assert.equal(paid.payment_status, 'declined');
  const cancelled = await by_hand.post<Order>(`/v1/orders/${mine.id}/cancel`, { reason: 'changed my mind' }, { ...how, wait: 10 });
  assert.equal(cancelled.status, 'cancelled');
});

test('a browser orders from a quote at its prices and nothing else', async () => {
  const how = { key: publishable_key };
  await by_hand.put('/v1/shipping-rates', { data: [{ service: 'standard', currency: 'GBP', amount: 495, country: 'GB' }] });
  const quote = await by_hand.post<Quote>('/v1/quotes', { currency: 'GBP', lines: two_lamps, shipping_address: london }, how);
  await by_hand.put('/v1/products/LAMP', { name: 'Lamp', prices: [{ currency: 'GBP', amount: 9_999 }] });
  const body = {
    currency: 'GBP',
    quote_id: quote.id,
    customer: ada,
    shipping_address: london,
    shipping: { service: 'standard' },
    payment: { gateway: 'manual' },
  };
  const order = await by_hand.post<PlacedOrder>('/v1/orders', { ...body, expected_total: quote.total + 495 }, how);
  assert.deepEqual([order.total, order.lines[0]?.unit_price], [2_495, 1_000]);
  const refused = await by_hand.refused('POST', '/v1/orders', basket([{ sku: 'LAMP', quantity: 2 }]), how);
  assert.equal(refused.status, 422);
  assert.deepEqual(
    refused.errors?.map(error => error.pointer),
    ['/lines', '/shipping/amount', '/quote_id'],
  );
  await by_hand.put('/v1/products/LAMP', { name: 'Lamp', prices: [{ currency: 'GBP', amount: 1_000 }] });
});

test('a guest with the link sees where the parcels are, and no more of a person than the city', async () => {
  const placed = await delivered(by_hand);
  const path = `/v1/track?number=${placed.number}&token=${placed.track_token}`;
  const track = await by_hand.get<Track>(path, { key: '' });
  assert.deepEqual([track.status, track.shipping_city, track.shipments[0]?.parcels[0]?.status], ['completed', 'London', 'delivered']);
  const text = JSON.stringify(track);
  for (const secret of [ada.email, ada.name, london.line1, london.postal_code, placed.id]) assert.ok(!text.includes(secret), secret);
  assert.equal(
    (await by_hand.refused('GET', `/v1/track?number=${placed.number + 1}&token=${placed.track_token}`, undefined, { key: '' })).status,
    404,
  );
  assert.equal((await by_hand.refused('GET', `/v1/orders/${placed.id}`, undefined, { key: placed.track_token })).status, 401);
  await sound(by_hand);
});
