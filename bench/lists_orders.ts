/**
 * A shop's year of orders as rows, made by SQL: few open, a few per cent that ended otherwise, 10,000 SKUs of which a few are most of what is sold,
 * three lines an order, each with its payment and its shipment. No log has them: lists read rows.
 */
import type pg from 'pg';

/** What the bench asks for by name, and how few there are. */
export const rare = { sku: 'RARE-1', orders: 3 } as const;
/** Sold on every 13th order, and the like. */
export const common_sku = 'B0';
export const wholesale_customer = 'c-0';

const skus = 10_000;
const customers = 150_000;
const begin = `timestamptz '2025-03-01'`;
const year_s = 365 * 86_400;
const slice = 50_000;

/** 0 to `below`, by a name and the order. */
const chance = (name: string, below: number) => `(abs(hashint8extended(i, ${hash_of(name)})) % ${below})`;
const hash_of = (name: string) => [...name].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 1_000_003, 7);
/** Few are most. */
const skewed = (name: string, below: number, power = 2.5) => `floor(${below} * pow(${chance(name, 1_000_000)} / 1e6, ${power}))::int`;
const id = (prefix: string, number = 'i') => `'${prefix}_' || lpad((${number})::text, 26, '0')`;

/** One row an order: how it went. `i` rises with time; the last hundredth is on its way. */
function orders_from(count: number): string {
  return `select r.*, case when on_way then null when fate < 20 then 'rejected' when fate < 45 then 'expired' when fate < 65 then 'cancelled' else 'completed' end as ended_as,
      ${begin} + interval '1 millisecond' * (i * ${year_s * 1_000} / ${count}) as at
    from (select i, ${chance('fate', 1_000)} as fate, ${chance('way', 1_000)} as way, i >= ${count} * 0.99 or ${chance('stuck', 1_000)} < 2 as on_way,
            ${skewed('customer', customers)} as customer, ${count} as count from generate_series($1::bigint, $2::bigint) as g(i)) r`;
}
const status = `coalesce(ended_as, case when i % 100000 = 99999 then 'cancelling' when i < count * 0.99 then 'confirmed' when way < 100 then 'placed' when way < 350 then 'awaiting_payment' when way < 700 then 'confirmed' else 'in_fulfillment' end)`;
const payment_status = `case when i % 200000 = 199999 then 'unknown' when ended_as = 'rejected' then 'none' when ended_as = 'expired' then case when way < 600 then 'declined' when way < 800 then 'voided' else 'none' end
      when ended_as = 'cancelled' then case when way < 700 then 'voided' else 'refunded' end
      when i % 250000 = 77 then 'declined' when fate < 75 and ended_as = 'completed' then 'refunded' when fate < 95 and ended_as = 'completed' then 'partially_refunded' when ended_as = 'completed' then 'captured'
      when i < count * 0.99 then 'authorized' when way < 100 then 'none' when way < 130 then 'declined' when way < 160 then 'action_required' when way < 350 then 'pending' when way < 900 then 'authorized' else 'captured' end`;
const fulfillment_status = `case when ended_as = 'completed' then case when fate < 75 then 'returned' else 'delivered' end when ended_as is null and i < count * 0.99 then 'backordered'
      when ended_as is null and way >= 950 then 'shipped' when ended_as is null and way >= 900 then 'partially_shipped' else 'unfulfilled' end`;

/** Columns and what stands in them, by table. */
function tables(): readonly { readonly table: string; readonly each: string; readonly columns: Readonly<Record<string, string>> }[] {
  const paid = `payment_status not in ('none', 'declined', 'voided', 'action_required', 'pending', 'unknown')`;
  const refunded = `case payment_status when 'refunded' then 12000 when 'partially_refunded' then 500 else 0 end`;
  const sums = {
    authorized: `case when ${paid} then 12000 else 0 end`,
    captured: `case when payment_status in ('captured', 'refunded', 'partially_refunded') then 12000 else 0 end`,
    refunded,
    voided: '0',
    capture_pending: '0',
    refund_pending: '0',
  };
  /** As orders and payments both have it. */
  const tender = { order_id: id('ord'), tender_no: '1', method_kind: `'card'`, status: 'payment_status', amount: '12000', ...sums };
  const left = `fulfillment_status not in ('unfulfilled', 'backordered')`;
  const sku = `case when line_no = 1 and i in (count / 20, count / 10, count / 2) then '${rare.sku}' else 'B' || case line_no when 1 then ${skewed('sku1', skus)} when 2 then ${skewed('sku2', skus)} else ${skewed('sku3', skus)} end end`;
  return [
    {
      table: 'orders.orders',
      each: '',
      columns: {
        id: id('ord'),
        version: '9',
        number: '1000000000 + i',
        principal: `'key_web'`,
        reference: `case when fate % 3 = 0 then 'WEB-' || i end`,
        customer_ref: `case when fate % 20 > 0 then ${id('cus', 'customer')} end`,
        currency: `'GBP'`,
        tax_mode: `'exclusive'`,
        country: `'GB'`,
        status: 'status',
        payment_status: 'payment_status',
        fulfillment_status: 'fulfillment_status',
        subtotal: '10000',
        discount_total: '0',
        shipping_total: '0',
        shipping_tax: '0',
        tax_total: '2000',
        grand_total: '12000',
        shipping_cancelled: '0',
        shipping_tax_cancelled: '0',
        cancelled_value: `case when ended_as = 'cancelled' then 12000 else 0 end`,
        credited_value: refunded.replace('12000', `case when ended_as = 'cancelled' then 0 else 12000 end`),
        ...sums,
        capture_policy: `'on_shipment'`,
        ship_policy: `'split'`,
        priority: '5',
        shipping_service: `'standard'`,
        metadata: `'{}'`,
        reservation_state: `'allocated'`,
        attempts: '1',
        rejection: `case when ended_as = 'rejected' then '{"reason":"out_of_stock","short_lines":[]}'::json end`,
        end_reason: `case ended_as when 'expired' then 'payment_deadline' when 'cancelled' then 'changed their mind' end`,
        placed_at: 'at',
        confirmed_at: `case when ${paid} then at + interval '5 s' end`,
        closed_at: `case when ended_as is not null then at + interval '5 days' end`,
        expires_at: `at + interval '1 h'`,
        fulfillment_no: '1',
        cancellation_no: '0',
        releases_open: '0',
        cancellations: `'[]'`,
        holds: `'[]'`,
        exceptions: `'[]'`,
        refund_count: `case when payment_status in ('refunded', 'partially_refunded') then 1 else 0 end`,
        return_count: `case when fulfillment_status = 'returned' then 1 else 0 end`,
        heard: `json_build_object('inventory/' || ${id('ord')}, 3, 'payments/' || ${id('pay')}, 2, 'shipping/' || ${id('shp')}, 3)`,
      },
    },
    {
      table: 'orders.order_line',
      each: 'cross join generate_series(1, 3) as n(line_no)',
      columns: {
        order_id: id('ord'),
        line_no: 'line_no',
        sku,
        name: `'Product number ' || ${skewed('sku1', skus)}`,
        stocked: 'true',
        tax_class: `'standard'`,
        weight_grams: '300',
        quantity: '2',
        unit_price: '1666',
        line_subtotal: '3332',
        line_discount: '0',
        line_tax: '666',
        line_total: '3998',
        taxes: `'[{"jurisdiction":"GB","rate_ppm":200000,"amount":666}]'`,
        accept_backorder: 'false',
        promise_at: `at + interval '4 days'`,
        allocations: `'[{"location_id":"north","quantity":2,"in_fulfillment":0,"backordered":0}]'`,
        quantity_shipped: `case when ${left} then 2 else 0 end`,
        quantity_delivered: `case when fulfillment_status in ('delivered', 'returned') then 2 else 0 end`,
        quantity_returned: `case when fulfillment_status = 'returned' then 2 else 0 end`,
        ...Object.fromEntries(
          'quantity_cancelled quantity_backordered quantity_allocated quantity_in_fulfillment quantity_lost quantity_sent_back quantity_credited shipped_value cancelled_value credited_value shipped_tax cancelled_tax credited_tax'
            .split(' ')
            .map(name => [name, '0']),
        ),
      },
    },
    {
      table: 'orders.order_payment',
      each: `where payment_status <> 'none'`,
      columns: {
        ...tender,
        payment_id: id('pay'),
        gateway: `'stripe'`,
        late: 'false',
        captures: '1',
        final_requested: 'true',
        release_requested: 'false',
        blocked: 'false',
      },
    },
    {
      table: 'orders.order_contact',
      each: '',
      columns: {
        id: id('ord'),
        customer: `case when fate % 20 > 0 then 'c-' || customer end`,
        name: `'Ada Lovelace ' || customer`,
        email: `'ada' || customer || '@example.com'`,
        shipping_address: `'{"name":"Ada Lovelace","line1":"12 St James''s Square","city":"London","postal_code":"SW1Y 4JH","country":"GB"}'`,
      },
    },
    {
      table: 'orders.order_shipment',
      each: `where ${left}`,
      columns: {
        order_id: id('ord'),
        shipment_id: id('shp'),
        revision_no: '1',
        location_id: `'north'`,
        status: `'delivered'`,
        carrier: `'manual'`,
      },
    },
    {
      table: 'orders.order_parcel',
      each: `where ${left}`,
      columns: {
        order_id: id('ord'),
        parcel_id: id('pcl'),
        shipment_id: id('shp'),
        revision_no: '1',
        tracking_number: `'T' || i`,
        status: `'delivered'`,
      },
    },
    {
      table: 'orders.order_return',
      each: `where fulfillment_status = 'returned'`,
      columns: {
        id: id('ret'),
        order_id: id('ord'),
        place: '0',
        status: `case when i >= count * 0.98 then 'requested' when way < 1 then 'partially_received' when way < 50 then 'cancelled' else 'received' end`,
        lines: `'[]'`,
        receipts: '1',
      },
    },
    {
      table: 'payments.payment',
      each: `where payment_status <> 'none'`,
      columns: {
        id: id('pay'),
        version: '5',
        ...tender,
        attempt_no: '1',
        gateway: `(array['stripe', 'stripe', 'cybersource', 'manual'])[1 + fate % 4]`,
        listed_as: `case when payment_status in ('action_required', 'pending', 'unknown', 'authorized') then 'open' when payment_status <> 'captured' then payment_status end`,
        intent: `'authorize'`,
        currency: `'GBP'`,
        void_pending: '0',
        deadline: `at + interval '1 h'`,
        gateway_ref: `'pi_' || md5(i::text)`,
        release_requested: 'false',
        exceptions: `'[]'`,
        operations: `'[]'`,
      },
    },
    {
      table: 'shipping.shipment',
      each: `where ${left} or status = 'confirmed'`,
      columns: {
        id: id('shp'),
        version: '4',
        order_id: id('ord'),
        fulfillment_no: '1',
        revision_no: '1',
        location_id: `(array['north', 'south'])[1 + fate % 2]`,
        status: `case when not (${left}) then 'labeled' when fulfillment_status in ('delivered', 'returned') then 'delivered' else 'dispatched' end`,
        held: 'false',
        carrier: `'manual'`,
        service: `'standard'`,
        reasons: `'[]'`,
        choices: '1',
        dispatched_at: `case when ${left} then at + interval '1 day' end`,
        lines: `'[{"line_no":1,"sku":"B1","name":"Product number 1","quantity":2,"quantity_shorted":0,"quantity_cancelled":0}]'`,
        exceptions: `'[]'`,
      },
    },
  ];
}

/** Seconds it took. Nothing else may use the tables meanwhile: their vacuum comes at the end. */
export async function store_lists(pool: pg.Pool, count: number, say: (line: string) => void): Promise<number> {
  const started = performance.now();
  const client = await pool.connect();
  try {
    await client.query('set statement_timeout = 0; set synchronous_commit = off');
    const orders = `(select a.*, ${status} as status, ${payment_status} as payment_status, ${fulfillment_status} as fulfillment_status from (${orders_from(count)}) a) o`;
    const inserts = tables().map(
      ({ table, each, columns }) =>
        `insert into ${table} (${Object.keys(columns).join(', ')}) select ${Object.values(columns).join(', ')} from ${orders} ${each}`,
    );
    for (let from = 0; from < count; from += slice) {
      for (const insert of inserts) await client.query(insert, [from, Math.min(count, from + slice) - 1]);
      say(`${from + slice} after ${((performance.now() - started) / 1_000).toFixed(0)} s`);
    }
    await client.query(
      `insert into orders.customer (id, version, customer_ref, placed) select 'c-' || i, 1, ${id('cus')}, 0 from generate_series(0, ${customers - 1}) as g(i)`,
    );
    const read = [...new Set([...tables().map(({ table }) => table), 'orders.customer'])];
    for (const table of read) await client.query(`vacuum analyze ${table}`);
  } finally {
    client.release();
  }
  return (performance.now() - started) / 1_000;
}
