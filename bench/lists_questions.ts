/** What somebody asks of the lists of a shop with a past: every filter by itself, and what a person puts together. */
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
    ...by('status', [
      'placed',
      'awaiting_payment',
      'confirmed',
      'in_fulfillment',
      'completed',
      'rejected',
      'expired',
      'cancelling',
      'cancelled',
    ]),
    ...by('payment_status', [
      'none',
      'action_required',
      'pending',
      'unknown',
      'authorized',
      'partially_captured',
      'captured',
      'partially_refunded',
      'refunded',
      'declined',
      'voided',
    ]),
    ...by('fulfillment_status', [
      'unfulfilled',
      'backordered',
      'partially_shipped',
      'shipped',
      'partially_delivered',
      'delivered',
      'returned',
    ]),
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

/** The lists behind the console's other pages, by path. */
export const other_paths = (count: number): readonly string[] => [
  '/v1/payments',
  `/v1/payments?cursor=pay_${String(Math.floor(count / 2)).padStart(26, '0')}`,
  '/v1/payments?status=processing',
  '/v1/payments?status=declined',
  '/v1/payments?status=action_required',
  '/v1/payments?status=partially_captured',
  '/v1/payments?gateway=manual',
  '/v1/payments?gateway=stripe&status=refunded',
  '/v1/shipments',
  '/v1/shipments?status=labeled',
  '/v1/shipments?status=dispatched',
  '/v1/shipments?status=cancelled',
  '/v1/shipments?location=south',
  '/v1/stock',
  '/v1/stock?below_reorder_point=true',
  '/v1/stock?location=south',
  '/v1/returns',
  '/v1/returns?status=requested',
  '/v1/exceptions',
];
