/** For the console's browser tests: a shop with a little of everything that an operator meets, and staff of every role. */
import { partition_of } from '../../platform/partition.ts';
import { basket, by_stripe, type PlacedOrder } from '../api.ts';
import { ended, fresh, open_shop, publishable_key, reached, type Shop, secret_key, until } from '../shop.ts';
import { becomes_unknown, patience_ms } from '../unknown/operations.ts';
import { hostile_texts, type Installation } from './browser.ts';

export const password = 'correct horse battery staple';
/** A line of the auditor's. */
export const left_out = 'orders: 12 keys, whose 96 events up to position 400 are in the archive since 2026-05-02, are left out of E1';
export const roles = ['admin', 'operator', 'support', 'analyst'] as const;
export type Role = (typeof roles)[number];

export interface ConsoleShop {
  readonly shop: Shop;
  /** Delivered and paid: 25.00 of goods and 4.95 of carriage. */
  readonly paid: PlacedOrder;
  /** Its customer, its product, its metadata and its hold are hostile. */
  readonly hostile: PlacedOrder;
  /** Paid, and waits for goods that are not there. */
  readonly backordered: PlacedOrder;
  /** Its authorization's outcome is unknown. */
  readonly unknown: PlacedOrder;
}

/** As a visitor meets it. Who opened it ends it. */
export function as_installation(shop: Shop): Installation {
  return { url: shop.url, secret_key, publishable_key, admin_password: password, api: shop, stop: async () => undefined };
}

export async function open_console_shop(t: { after(stop: () => Promise<void>): void }): Promise<ConsoleShop> {
  const shop = await open_shop(t, {
    third_party_timeout_ms: patience_ms,
    findings: () => ({ at: '2026-05-12T09:12:00.000Z', checked: 60, findings: [], left_out: [left_out] }),
    env: { CARTWRIGHT_ADMIN_PASSWORD: password, CARRIER: 'manual' },
    products: [
      { sku: 'MUG', amount: 250, on_hand: { north: 500 } },
      { sku: 'LAMP', amount: 1_000, on_hand: { north: 200, south: 40 } },
      { sku: 'RARE', amount: 9_900, on_hand: { north: 0 }, backorder_limit: 10 },
    ],
  });
  for (const role of roles) if (role !== 'admin') await shop.post('/v1/staff', { username: role, password, role });
  const paid = await place(shop, [{ sku: 'MUG', quantity: 10 }], { reference: 'WEB-1' });
  await ended(shop, paid.id, 'completed');
  const hostile = await place_hostile(shop);
  const backordered = await place(shop, [{ sku: 'RARE', quantity: 2 }]);
  await place(shop, [{ sku: 'LAMP', quantity: 1 }], { payment: by_stripe('pm_card_chargeDeclined') });
  const by_card = await place(shop, [{ sku: 'LAMP', quantity: 2 }], { payment: by_stripe() });
  await ended(shop, by_card.id, 'completed');
  await fail_refund(shop);
  const unknown = await place_unknown(shop);
  await poison(shop);
  return { shop, paid, hostile, backordered, unknown };
}

function place(shop: Shop, lines: readonly { sku: string; quantity: number }[], more: object = {}): Promise<PlacedOrder> {
  return shop.post<PlacedOrder>(
    '/v1/orders',
    basket(lines, { customer: { id: fresh('c'), email: 'ada@example.com', name: 'Ada Lovelace' }, ...more }),
  );
}

async function place_hostile(shop: Shop): Promise<PlacedOrder> {
  const all = hostile_texts.join(' ');
  const prices = [{ currency: 'GBP', amount: 1_000 }];
  await shop.put('/v1/products/HOSTILE', { name: all.slice(0, 200), prices });
  await shop.import('/v1/stock/import', [{ sku: 'HOSTILE', location: 'north', on_hand: 10 }]);
  const order = await place(shop, [{ sku: 'HOSTILE', quantity: 1 }], {
    customer: { id: hostile_texts[0], name: all.slice(0, 200) },
    metadata: Object.fromEntries(hostile_texts.map((text, index) => [`${index} ${text}`.slice(0, 64), text])),
    // What waits stays to be looked at.
    payment: by_stripe('pm_card_visa', { capture: 'manual' }),
  });
  await reached(shop, order.id, 'confirmed', now => ['confirmed', 'in_fulfillment'].includes(now.status));
  await shop.post(`/v1/orders/${order.id}/holds`, { reason: all.slice(0, 400) });
  return order;
}

/** A refund that succeeds and fails later at the bank: a case for support. */
async function fail_refund(shop: Shop): Promise<void> {
  const { id } = await place(shop, [{ sku: 'LAMP', quantity: 1 }], { payment: by_stripe('pm_card_refundFail') });
  const order = await ended(shop, id, 'completed');
  await shop.post(`/v1/payments/${order.payments[0]?.id}/refunds`, { amount: 300, reason: 'goodwill' });
  await until('somebody is called', async () => (await shop.get<{ data: unknown[] }>('/v1/exceptions')).data.length > 0);
}

async function place_unknown(shop: Shop): Promise<PlacedOrder> {
  // The client of the gateway tries twice by itself; no webhook and no question may tell it meanwhile, nor later.
  const path = '/v1/payment_intents';
  await shop.stripe.fail({ fault: 'reset_after', match: { method: 'POST', path }, times: 2 });
  await shop.stripe.fail({ fault: 'webhook_drop', match: { path }, times: 50 });
  for (const asked of ['/v1/payment_intents/*', '/v1/payment_intents', '/v1/events'])
    await shop.stripe.fail({ fault: 'reset_before', match: { method: 'GET', path: asked }, times: 10_000 });
  const order = await place(shop, [{ sku: 'LAMP', quantity: 1 }], { payment: by_stripe() });
  await becomes_unknown(shop, { service: 'payments', kind: 'authorize', key: order.id });
  return order;
}

/** An event as a bug of ours would write it: its hearer cannot read it, and its key waits. */
export async function poison(shop: Shop, key = fresh('ord')): Promise<string> {
  const data = JSON.stringify({ order_id: key, lines: null });
  await shop.pool.query(
    `insert into orders.events (position, partition, key, type, id, subject, sequence, time, cause, data)
     select max(position) + 1, $2, $1, 'order.cancellation_requested', $3, $1, 1, $4, 'a bug', $5 from orders.events`,
    [key, partition_of(key), fresh('evt'), shop.clock.now(), data],
  );
  await until('the event is a dead letter', async () => {
    const { data: letters } = await shop.get<{ data: { key: string }[] }>('/v1/dead-letters');
    return letters.some(letter => letter.key === key);
  });
  return key;
}
