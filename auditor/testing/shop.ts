/** For tests: a small shop that ran through the real services, the door and the stand-ins, and then came to rest: a bit of everything the auditor looks at. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bring_up } from '../../main/platform_up.ts';
import { read_settings, service_list } from '../../main/settings.ts';
import { fresh_database } from '../../platform/postgres/test_database.ts';
import type { LedgerEntry } from '../auditor.ts';
import { read_ledgers } from '../watch.ts';

const key = 'sk_audit_0123456789abcdef';
const poll_ms = 50;
const deadline_ms = 60_000;
const canada = { name: 'Ada Lovelace', region: 'ON', country: 'CA', phone: '+1 416 555 0100' };
const toronto = { ...canada, line1: '88 Queens Quay W', city: 'Toronto', postal_code: 'M5J 0B8' };
const ottawa = { ...canada, line1: '12 Main St', city: 'Ottawa', postal_code: 'K1A 0B1' };
const address = { name: 'Ada Lovelace', line1: "12 St James's Square", city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' };

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly fulfillment_status: string;
  readonly refunded_total?: number;
  readonly payments: readonly { readonly id: string; readonly status: string }[];
}
type Call = <T>(method: string, path: string, body?: unknown) => Promise<T>;

/** Names of what tests look at. */
export interface Ids {
  /** Paid by card in full, delivered; one unit came back and was refunded. */
  readonly completed: string;
  /** Of a quote, with the discount of a code and two taxes; paid without a gateway. */
  readonly discounted: string;
  /** Cancelled after its card was authorized. */
  readonly cancelled: string;
  /** The same, by CyberSource. */
  readonly cancelled_soap: string;
  readonly rejected: string;
  /** Not paid: its stock is held. */
  readonly unpaid: string;
  /** On hold: its stock is allocated. */
  readonly held: string;
  /** Half of it waits for goods. */
  readonly backordered: string;
  readonly purchase_order: string;
  /** Two lines, over X12: taken, shipped and billed. */
  readonly purchase_order_x12: string;
  /** Delivered by Purolator. */
  readonly snow: string;
  /** Cancelled after Purolator had sold its label. */
  readonly thaw: string;
}

export interface AuditedShop {
  readonly url: string;
  readonly ids: Ids;
  readonly ledgers: ReadonlyMap<string, readonly LedgerEntry[]>;
  drop(): Promise<void>;
}

export async function audited_shop(): Promise<AuditedShop> {
  const database = await fresh_database();
  const folder = await mkdtemp(join(tmpdir(), 'cartwright-audit-'));
  const settings = read_settings({
    DATABASE_URL: database.url,
    CARTWRIGHT_DATA: folder,
    PORT: '0',
    CARTWRIGHT_SECRET_KEY: key,
    FULFILLMENT: 'manual',
    REPLENISHMENT: 'manual',
    CARRIER: 'easypost,purolator',
    LABEL_CURRENCY: 'CAD',
    LOG_LEVEL: 'silent',
  });
  const up = await bring_up({
    settings,
    services: service_list.filter(name => name !== 'analytics'),
    with_sandbox: true,
    with_door: true,
    with_metrics: false,
  });
  try {
    const call = caller(up.door?.url ?? '');
    await open(call);
    const ids = await trade(call);
    return { url: database.url, ids, ledgers: await read_ledgers(up.sandbox?.stand_ins ?? []), drop: () => database.drop() };
  } finally {
    await up.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function open(call: Call): Promise<void> {
  for (const [index, code] of ['near', 'far', 'north'].entries())
    await call('PUT', `/v1/locations/${code}`, { name: code, priority: index + 1, address: code === 'north' ? toronto : address });
  const goods = [
    ['LAMP', 1000],
    ['BULB', 255],
    ['RARE', 5000],
    ['LATE', 700],
    ['SNOW', 900],
    ['CUP', 400],
    ['POT', 600],
  ] as const;
  await call(
    'POST',
    '/v1/products/import',
    goods.map(([sku, amount]) => ({ sku, name: sku, weight_grams: 300, prices: [{ currency: 'GBP', amount }] })),
  );
  await call('POST', '/v1/stock/import', [
    { sku: 'LAMP', location: 'near', on_hand: 20 },
    { sku: 'BULB', location: 'near', on_hand: 5 },
    { sku: 'BULB', location: 'far', on_hand: 50 },
    { sku: 'RARE', location: 'near', on_hand: 1 },
    { sku: 'LATE', location: 'near', on_hand: 2, backorder_limit: 10 },
    { sku: 'SNOW', location: 'north', on_hand: 9 },
  ]);
  const rate = { country: 'GB', tax_class: 'standard', valid_from_at: '2020-01-01T00:00:00.000Z' };
  await call('PUT', '/v1/tax-rates', {
    data: [
      { ...rate, jurisdiction: 'GB', rate_ppm: 200_000 },
      { ...rate, jurisdiction: 'GB-LND', rate_ppm: 12_500 },
    ],
  });
  await call('PUT', '/v1/shipping-rates', { data: [{ service: 'standard', currency: 'GBP', amount: 495 }] });
  await call('PUT', '/v1/discounts/SPRING', {
    kind: 'percent',
    rate_ppm: 150_000,
    valid_from_at: '2020-01-01T00:00:00.000Z',
    valid_until: '2099-01-01T00:00:00.000Z',
    uses_max: 10,
  });
  await call('PUT', '/v1/suppliers/hill', { name: 'Hill', channel: { kind: 'rest' }, currency: 'GBP' });
  await call('PUT', '/v1/suppliers/hill/items/LATE', {
    supplier_sku: 'S-LATE',
    cost: 300,
    minimum_quantity: 1,
    pack_size: 1,
    lead_time_days: 3,
    preferred: true,
  });
  await call('PUT', '/v1/reorder-policies/LATE/near', { reorder_point: 1, target: 4, supplier: 'hill' });
  await call('PUT', '/v1/suppliers/acme', { name: 'Acme', channel: { kind: 'x12_http', partner: 'ZZ/ACME' }, currency: 'GBP' });
  for (const [sku, cost] of Object.entries({ CUP: 120, POT: 240 }))
    await call('PUT', `/v1/suppliers/acme/items/${sku}`, {
      supplier_sku: `S-${sku}`,
      cost,
      minimum_quantity: 1,
      pack_size: 1,
      lead_time_days: 3,
    });
}

async function trade(call: Call): Promise<Ids> {
  const place = (body: object) =>
    call<Shown>('POST', '/v1/orders', {
      currency: 'GBP',
      customer: { id: 'ada' },
      shipping_address: address,
      shipping: { service: 'standard', amount: 495 },
      ...body,
    });
  const card = { payment: { gateway: 'stripe', method: 'pm_card_visa' } };
  const soap = { payment: { gateway: 'cybersource', method: 'sim_visa' } };
  const manual = { payment: { gateway: 'manual' } };
  const [completed, discounted, unpaid, held, backordered, cancelled, cancelled_soap] = await Promise.all([
    place({
      lines: [
        { sku: 'LAMP', quantity: 2 },
        { sku: 'BULB', quantity: 7 },
      ],
      ...card,
    }),
    by_quote(call, place, manual),
    place({ lines: [{ sku: 'BULB', quantity: 2 }] }),
    place({ lines: [{ sku: 'BULB', quantity: 4 }], ...card }),
    place({ lines: [{ sku: 'LATE', quantity: 4 }], ...manual }),
    place({ lines: [{ sku: 'RARE', quantity: 1 }], ...card }),
    place({ lines: [{ sku: 'LAMP', quantity: 1 }], ...soap }),
  ]);
  const rejected = await place({ lines: [{ sku: 'RARE', quantity: 9 }], customer: { id: 'gone' }, ...manual });
  const until = (order: Shown, done: (now: Shown) => boolean) => wait_for(call, `/v1/orders/${order.id}`, done);
  await until(rejected, now => now.status === 'rejected');
  await call('DELETE', '/v1/customers/gone/personal-data');
  for (const order of [cancelled, cancelled_soap]) {
    await until(order, now => now.status === 'confirmed');
    await call('POST', `/v1/orders/${order.id}/cancel`, { reason: 'changed my mind' });
    await until(order, now => now.status === 'cancelled');
  }
  for (const order of [completed, discounted, backordered]) await ship(call, order);
  const [snow, thaw] = await by_purolator(call, place, manual);
  const purchase_order = await replenish(call);
  const purchase_order_x12 = await order_by_x12(call);
  await until(completed, now => now.status === 'completed');
  await until(discounted, now => now.status === 'completed');
  await until(snow, now => now.status === 'completed');
  await until(held, now => now.status === 'confirmed');
  await call('POST', `/v1/orders/${held.id}/holds`, { reason: 'address to be checked' });
  const returned = await call<{ id: string }>('POST', `/v1/orders/${completed.id}/returns`, {
    lines: [{ line_id: '1', quantity: 1, reason: 'too bright' }],
  });
  await call('POST', `/v1/returns/${returned.id}/receive`, { lines: [{ line_id: '1', quantity: 1, condition: 'sellable' }] });
  await until(completed, now => now.payments[0]?.status === 'partially_refunded');
  // Until the last hearer has its word.
  await sleep(500);
  return {
    completed: completed.id,
    discounted: discounted.id,
    cancelled: cancelled.id,
    cancelled_soap: cancelled_soap.id,
    rejected: rejected.id,
    unpaid: unpaid.id,
    held: held.id,
    backordered: backordered.id,
    purchase_order,
    purchase_order_x12,
    snow: snow.id,
    thaw: thaw.id,
  };
}

async function by_quote(call: Call, place: (body: object) => Promise<Shown>, payment: object): Promise<Shown> {
  const lines = [
    { sku: 'LAMP', quantity: 3 },
    { sku: 'BULB', quantity: 3 },
    { sku: 'BULB', quantity: 1 },
  ];
  const quote = await call<{ id: string }>('POST', '/v1/quotes', {
    currency: 'GBP',
    lines,
    shipping_address: address,
    discount_codes: ['SPRING'],
    tax_mode: 'exclusive',
  });
  return place({ quote_id: quote.id, ...payment, shipping: undefined });
}

/** All shipments that are planned now: labels bought of the carrier, parcels handed over. */
async function ship(call: Call, order: Shown): Promise<void> {
  const { data } = await wait_for<{ data: readonly { id: string }[] }>(
    call,
    `/v1/shipments?order=${order.id}`,
    found => found.data.length > 0,
  );
  for (const { id } of data) {
    await call('POST', `/v1/shipments/${id}/label`, {});
    await wait_for<{ status: string }>(call, `/v1/shipments/${id}`, now => now.status === 'labeled');
    await call('POST', `/v1/shipments/${id}/dispatch`, {});
  }
}

/** Within Canada: one that arrives, and one whose label was bought for nothing. */
async function by_purolator(
  call: Call,
  place: (body: object) => Promise<Shown>,
  payment: object,
): Promise<readonly [snow: Shown, thaw: Shown]> {
  const order = () =>
    place({
      lines: [{ sku: 'SNOW', quantity: 1 }],
      shipping_address: ottawa,
      shipping: { service: 'standard', amount: 495, carrier: 'purolator' },
      ...payment,
    });
  const [snow, thaw] = [await order(), await order()];
  await ship(call, snow);
  const { data } = await wait_for<{ data: readonly { id: string }[] }>(
    call,
    `/v1/shipments?order=${thaw.id}`,
    found => found.data.length > 0,
  );
  const shipment = `/v1/shipments/${data[0]?.id}`;
  await call('POST', `${shipment}/label`, {});
  await wait_for<{ status: string }>(call, shipment, now => now.status === 'labeled');
  await call('POST', `/v1/orders/${thaw.id}/cancel`, { reason: 'too cold' });
  await wait_for<{ parcels: readonly { label_status: string }[] }>(call, shipment, now =>
    now.parcels.every(({ label_status }) => label_status === 'voided'),
  );
  return [snow, thaw];
}

async function order_by_x12(call: Call): Promise<string> {
  const lines = [
    { sku: 'CUP', quantity: 6 },
    { sku: 'POT', quantity: 3 },
  ];
  const { id } = await call<{ id: string }>('POST', '/v1/purchase-orders', { supplier: 'acme', location: 'near', lines });
  await call('POST', `/v1/purchase-orders/${id}/approve`, {});
  await wait_for<{ receipt: string; lines: readonly { quantity_invoiced: number }[] }>(
    call,
    `/v1/purchase-orders/${id}`,
    now => now.receipt === 'accepted' && now.lines.every(({ quantity_invoiced }) => quantity_invoiced > 0),
  );
  return id;
}

async function replenish(call: Call): Promise<string> {
  const proposals = await wait_for<{ data: readonly { id: string }[] }>(
    call,
    '/v1/replenishment-proposals',
    found => found.data.length > 0,
  );
  const accepted = await call<{ purchase_order_id?: string; po_id?: string }>(
    'POST',
    `/v1/replenishment-proposals/${proposals.data[0]?.id}/accept`,
    {},
  );
  const orders = await call<{ data: readonly { id: string }[] }>('GET', '/v1/purchase-orders');
  const po_id = accepted.purchase_order_id ?? accepted.po_id ?? orders.data[0]?.id ?? '';
  await call('POST', `/v1/purchase-orders/${po_id}/approve`, {});
  await wait_for<{ status: string }>(call, `/v1/purchase-orders/${po_id}`, now => now.status === 'acknowledged');
  await call('POST', `/v1/purchase-orders/${po_id}/receipts`, { lines: [{ sku: 'LATE', accepted: 1, rejected: 1, reason: 'damaged' }] });
  return po_id;
}

async function wait_for<T>(call: Call, path: string, done: (now: T) => boolean): Promise<T> {
  const until = performance.now() + deadline_ms;
  for (;;) {
    const now = await call<T>('GET', path);
    if (done(now)) return now;
    assert.ok(performance.now() < until, `${path} did not get there: ${JSON.stringify(now)}`);
    await sleep(poll_ms);
  }
}

function caller(url: string): Call {
  let ordinal = 0;
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const lines = Array.isArray(body);
    const response = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': lines ? 'application/x-ndjson' : 'application/json',
        ...(method === 'POST' ? { 'idempotency-key': `audit-${++ordinal}` } : {}),
      },
      ...(body === undefined ? {} : { body: lines ? body.map(line => JSON.stringify(line)).join('\n') : JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    // Replies of our own API.
    return (text === '' ? {} : JSON.parse(text)) as T;
  };
}
