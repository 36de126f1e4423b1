/**
 * From rows to states: the parsed boundary of orders. What the load statements select and the checks of the migrations hold to,
 * the casts below repeat; a test compares every column with what is written.
 */
import type { Address, QuoteCreated } from '../../contracts/index.ts';
import { instant, type Json, type Row } from '../../platform/service.ts';
import type { Contact, Discount, Order, OrderLine, Payment, Quote, Refund, Return, Shipment } from './model.ts';

/** What a state has under the same name and in the same form as its row. */
type Same<S> = { readonly [F in keyof S]: S[F] };

/** PostgreSQL's JSON writes UTC as `2026-05-04T09:12:00.5+00:00`; an order has many of these, so the common form is cut, not parsed. */
export function at(value: Json | undefined): string {
  if (typeof value !== 'string' || !value.endsWith('+00:00') || value.length > 29 || value[10] !== 'T') return instant(value);
  return `${value.slice(0, 19)}.${value.slice(20, -6).padEnd(3, '0')}Z`;
}
export function at_or_null(value: Json | undefined): string | null {
  return value === null || value === undefined ? null : at(value);
}

export function order_of_row(row: Row): Order {
  const { id, version, country, region, status, payment_status, fulfillment_status, refund_count, return_count, ...others } = row;
  // For lists alone (migrations/009).
  const { unusual_status, unusual_payment_status, unusual_fulfillment_status, ...columns } = others;
  const order = columns as unknown as Same<Order>;
  return {
    ...order,
    order_id: id as string,
    destination: country === null ? null : { country: country as string, region: region as string | null },
    axes: { status, payment_status, fulfillment_status } as Order['axes'],
    placed_at: at(row['placed_at']),
    confirmed_at: at_or_null(row['confirmed_at']),
    closed_at: at_or_null(row['closed_at']),
    expires_at: at(row['expires_at']),
    lines: ((row['lines'] ?? []) as unknown as readonly LineValues[]).map(line_of_values),
    payments: (row['payments'] as readonly Row[]).map(payment_of_row),
    refunds: ((row['refunds'] ?? []) as readonly Row[]).map(refund_of_row),
    returns: ((row['returns'] ?? []) as readonly Row[]).map(return_of_row),
  };
}

/** In the order of `line_columns` (store.ts). */
export type LineValues = readonly [
  line_no: number,
  sku: string,
  name: string,
  stocked: boolean,
  tax_class: string,
  weight_grams: number,
  quantity: number,
  unit_price: number,
  line_subtotal: number,
  line_discount: number,
  line_tax: number,
  line_total: number,
  taxes: OrderLine['taxes'],
  accept_backorder: boolean,
  first_promise_at: string | null,
  promise_at: string | null,
  cancelled: number,
  backordered: number,
  allocated: number,
  in_fulfillment: number,
  shipped: number,
  delivered: number,
  lost: number,
  sent_back: number,
  returned: number,
  credited: number,
  shipped_value: number,
  cancelled_value: number,
  credited_value: number,
  shipped_tax: number,
  cancelled_tax: number,
  credited_tax: number,
  allocations: OrderLine['allocations'],
];

function line_of_values(values: LineValues): OrderLine {
  return {
    line_no: values[0],
    sku: values[1],
    name: values[2],
    stocked: values[3],
    tax_class: values[4],
    weight_grams: values[5],
    quantity: values[6],
    unit_price: values[7],
    line_subtotal: values[8],
    line_discount: values[9],
    line_tax: values[10],
    line_total: values[11],
    taxes: values[12],
    accept_backorder: values[13],
    first_promise_at: at_or_null(values[14]),
    promise_at: at_or_null(values[15]),
    cancelled: values[16],
    backordered: values[17],
    allocated: values[18],
    in_fulfillment: values[19],
    shipped: values[20],
    delivered: values[21],
    lost: values[22],
    sent_back: values[23],
    returned: values[24],
    credited: values[25],
    shipped_value: values[26],
    cancelled_value: values[27],
    credited_value: values[28],
    shipped_tax: values[29],
    cancelled_tax: values[30],
    credited_tax: values[31],
    allocations: values[32],
  };
}

function payment_of_row(row: Row): Payment {
  const { order_id, ...payment } = row;
  return payment as unknown as Same<Payment>;
}
function refund_of_row(row: Row): Refund {
  const { id, order_id, place, ...refund } = row;
  return { ...(refund as unknown as Same<Refund>), refund_id: id as string };
}
function return_of_row(row: Row): Return {
  const { id, order_id, place, ...known } = row;
  return { ...(known as unknown as Same<Return>), return_id: id as string, deadline: at_or_null(row['deadline']) };
}

export function quote_of_row(row: Row): Quote {
  const { id, version, ...quote } = row;
  return {
    ...(quote as unknown as Same<QuoteCreated['data']>),
    quote_id: id as string,
    expires_at: at(row['expires_at']),
    order_id: row['order_id'] as string | null,
  };
}
export function discount_of_row(row: Row): Discount {
  return {
    code: row['id'] as string,
    kind: row['kind'] as Discount['kind'],
    rate_ppm: row['rate_ppm'] as number | null,
    amount: row['amount'] as number | null,
    currency: row['currency'] as string | null,
    minimum_subtotal: row['minimum_subtotal'] as number,
    valid_from_at: at(row['valid_from_at']),
    valid_until: at(row['valid_until']),
    uses: row['uses'] as number,
    uses_max: row['uses_max'] as number | null,
    uses_per_customer: row['uses_per_customer'] as number | null,
    redeemed: row['redeemed'] as number,
    lately: [],
  };
}
export function contact_of_row(row: Row): Contact {
  return {
    customer: row['customer'] as string | null,
    name: row['name'] as string | null,
    email: row['email'] as string | null,
    phone: row['phone'] as string | null,
    shipping_address: row['shipping_address'] as Address | null,
    billing_address: row['billing_address'] as Address | null,
    method_token: row['method_token'] as string | null,
    token_hash: row['token_hash'] as string | null,
  };
}
export function shipments_of_row(row: Row): readonly Shipment[] {
  return (row['shipments'] ?? []) as unknown as readonly Shipment[];
}
