/** What somebody asks of the lists of a shop with a past: every filter by itself, and what a person puts together. */
import { FulfillmentStatus, OrderStatus, PaymentState, PaymentStatus, ReturnStatus } from '../contracts/index.ts';
import { common_sku, rare, wholesale_customer } from './lists_orders.ts';

export interface ListQuestion {
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
}

const by = (field: string, values: readonly string[]): ListQuestion[] =>
  values.map(value => ({ name: `${field}=${value}`, query: { [field]: value } }));

/** A cursor as the API makes it. */
const after = (...key: readonly string[]) => ({ cursor: Buffer.from(JSON.stringify(key)).toString('base64url') });

/** Of GET /v1/orders, at so many orders (lists_orders.ts). */
export function order_questions(count: number): readonly ListQuestion[] {
  const middle = after(`ord_${String(Math.floor(count / 2)).padStart(26, '0')}`);
  const month = { placed_from: '2025-06-01T00:00:00Z', placed_to: '2025-07-01T00:00:00Z' };
  const quarter = { placed_from: '2025-03-01T00:00:00Z', placed_to: '2025-06-01T00:00:00Z' };
  const usual_sku = { sku: 'B3000' };
  const common = { sku: common_sku };
  return [
    { name: 'no filter', query: {} },
    { name: 'no filter, from the middle on', query: middle },
    ...by('status', OrderStatus.enum),
    ...by('payment_status', PaymentStatus.enum),
    ...by('fulfillment_status', FulfillmentStatus.enum),
    ...by('number', [String(1_000_000_000 + Math.floor(count / 3))]),
    ...by('reference', ['WEB-NONE']),
    ...by('customer', [wholesale_customer, 'c-77777', 'nobody']),
    ...by('sku', [common.sku, usual_sku.sku, rare.sku, 'NEVER-SOLD']),
    { name: 'sku, common, from the middle on', query: { ...common, ...middle } },
    { name: 'a month', query: month },
    { name: 'a month, from its middle on', query: { ...month, ...after('2025-06-15T00:00:00.000Z', 'ord_') } },
    { name: 'the first quarter', query: quarter },
    { name: 'since a day', query: { placed_from: '2026-02-20T00:00:00Z' } },
    { name: 'cancelled, a month', query: { status: 'cancelled', ...month } },
    { name: 'completed, a month', query: { status: 'completed', ...month } },
    { name: 'rejected, the first quarter', query: { status: 'rejected', ...quarter } },
    { name: 'cancelled, from the middle on', query: { status: 'cancelled', ...middle } },
    { name: 'declined, unfulfilled', query: { payment_status: 'declined', fulfillment_status: 'unfulfilled' } },
    { name: 'declined, completed: hardly any', query: { payment_status: 'declined', status: 'completed' } },
    { name: 'captured, returned: none', query: { payment_status: 'captured', fulfillment_status: 'returned' } },
    { name: 'completed, unfulfilled: none', query: { status: 'completed', fulfillment_status: 'unfulfilled' } },
    { name: 'confirmed, backordered', query: { status: 'confirmed', fulfillment_status: 'backordered' } },
    { name: 'wholesale customer, cancelled', query: { customer: wholesale_customer, status: 'cancelled' } },
    { name: 'wholesale customer, common SKU', query: { customer: wholesale_customer, ...common } },
    { name: 'common SKU, cancelled', query: { ...common, status: 'cancelled' } },
    { name: 'common SKU, completed', query: { ...common, status: 'completed' } },
    { name: 'common SKU, a month', query: { ...common, ...month } },
    { name: 'usual SKU, a month', query: { ...usual_sku, ...month } },
    { name: 'usual SKU, declined', query: { ...usual_sku, payment_status: 'declined' } },
    { name: 'usual SKU, cancelled, a month', query: { ...usual_sku, status: 'cancelled', ...month } },
    { name: 'rare SKU, a month', query: { sku: rare.sku, ...month } },
    { name: 'rare SKU, completed', query: { sku: rare.sku, status: 'completed' } },
  ];
}

/** The lists behind the console's other pages, by path: what is most, what is rare (lists_desk.ts), and what there is none of. */
export const other_paths = (count: number): readonly string[] => [
  '/v1/payments',
  `/v1/payments?cursor=pay_${String(Math.floor(count / 2)).padStart(26, '0')}`,
  ...PaymentState.enum.map(status => `/v1/payments?status=${status}`),
  ...['manual', 'none'].map(gateway => `/v1/payments?gateway=${gateway}`),
  ...['unknown', 'declined', 'refunded'].map(status => `/v1/payments?gateway=stripe&status=${status}`),
  '/v1/payments?gateway=none&status=refunded',
  '/v1/shipments',
  ...['planned', 'labeled', 'dispatched', 'delivered', 'cancelled'].map(status => `/v1/shipments?status=${status}`),
  ...['south', 'attic'].flatMap(location => ['', '&status=delivered'].map(status => `/v1/shipments?location=${location}${status}`)),
  '/v1/stock',
  ...['below_reorder_point=true', 'location=south', 'location=attic'].map(query => `/v1/stock?${query}`),
  '/v1/returns',
  ...ReturnStatus.enum.map(status => `/v1/returns?status=${status}`),
  '/v1/exceptions',
  '/v1/dead-letters',
  '/v1/operations',
  ...['unknown', 'failed', 'requested'].map(state => `/v1/operations?state=${state}`),
  ...['provider=cybersource', 'provider=none', 'kind=void', 'kind=buy_label', 'provider=stripe&state=failed&kind=refund'].map(
    query => `/v1/operations?${query}`,
  ),
  ...['purchase-orders', 'replenishment-proposals'].flatMap(list =>
    [
      '',
      'supplier=acme-0',
      'supplier=acme-rare',
      'location=attic',
      'sku=B0',
      'sku=RARE',
      'sku=NEVER',
      'status=cancelled&supplier=acme-rare',
    ]
      .filter(query => list === 'purchase-orders' || !query.startsWith('status=cancelled'))
      .map(query => `/v1/${list}?${query}`),
  ),
  ...['rejected', 'acknowledged', 'draft'].map(status => `/v1/purchase-orders?status=${status}`),
  ...['dismissed', 'proposed'].map(status => `/v1/replenishment-proposals?status=${status}`),
  ...['', 'partner=ZZ/RARE', 'partner=none', 'status=quarantined'].map(query => `/v1/interchanges?${query}`),
  ...['', 'sku=RARE', 'location=attic'].map(query => `/v1/backorders?${query}`),
  ...['', 'actor=staff_rare', 'action=key.created', 'action=none'].map(query => `/v1/audit-log?${query}`),
];
