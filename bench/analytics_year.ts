/**
 * A shop's year of orders, made by SQL inside the store: as many rows as the events of so many orders would have left, in the order of their time, as they
 * would have come. event_raw stays empty: no metric reads it.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { derive_all_statements } from '../services/analytics/warehouses/duckdb_derived.ts';

export const skus_max = 10_000;
const customers_max = 150_000;
const begin = `timestamp '2025-03-01'`;
const year_s = 365 * 86_400;

/** A number of 0 to `below`, by a name and the row. */
const chance = (name: string, below: number) => `(hash(i, '${name}') % ${below})::bigint`;
/** Most of what is sold are a few products, most customers come a few times. */
const skewed = (name: string, below: number) => `floor(${below} * pow(${chance(name, 1_000_000)} / 1e6, 2.5))::bigint`;
const id = (prefix: string, number: string) => `'${prefix}_' || lpad((${number})::varchar, 26, '0')`;
const after_s = (instant: string, seconds: string) => `${instant} + to_seconds(${seconds})`;

/** Rows by table, each a select with the table's columns by name. */
function rows_of(orders: number): readonly (readonly [table: string, select: string])[] {
  const placed = after_s(begin, `i * ${year_s} // ${orders}`);
  const order = `select i, ${id('ord', 'i')} as order_id, ${placed} as placed_at, ${chance('fate', 100)} as fate,
      case when ${chance('currency', 5)} = 0 then 'EUR' else 'GBP' end as currency,
      (['GB', 'GB', 'GB', 'GB', 'GB', 'DE', 'FR', 'IE', 'NL', 'ES', 'US', 'AU'])[1 + ${chance('country', 12)}] as country,
      ${id('cus', skewed('customer', customers_max))} as customer_ref
    from range(${orders}) as r(i)`;
  const line = `select o.*, line_no, 'SKU-' || ${skewed("sku' || line_no || '", skus_max)} as sku, 1 + ${chance("quantity' || line_no || '", 5)} as quantity,
      100 + ${chance("price' || line_no || '", 5_000)} as unit_price
    from (${order}) o, range(1, 4) as n(line_no)`;
  const is_confirmed = 'fate < 85';
  const dispatched = after_s('placed_at', `7200 + ${chance('dispatch', 172_800)}`);
  const delivered = after_s(dispatched, `43200 + ${chance('arrival', 345_600)}`);
  return [
    [
      'orders',
      `select order_id, 1000 + i as number, case when fate % 3 = 0 then ${id('quo', 'i')} end as quote_id, customer_ref, currency, country,
         'standard' as service, 12000 as grand_total, placed_at, ${after_s('placed_at', '1')} as reserved_at, ${after_s('placed_at', '2')} as payment_requested_at,
         case when ${is_confirmed} then ${after_s('placed_at', '4')} end as paid_at, case when ${is_confirmed} then ${after_s('placed_at', '5')} end as confirmed_at,
         case when ${is_confirmed} then ${dispatched} end as first_dispatched_at,
         case when ${is_confirmed} then ${after_s(dispatched, `case when fate < 8 then 86400 else 0 end`)} end as last_dispatched_at,
         case when ${is_confirmed} then ${delivered} end as delivered_at, ${after_s('placed_at', '864000')} as closed_at, 9 as sequence,
         case when ${is_confirmed} then 'completed' when fate < 95 then 'expired' else 'rejected' end as status from (${order})`,
    ],
    [
      'quote',
      `select ${id('quo', 'i')} as quote_id, placed_at - interval 5 minute as created_at, placed_at + interval 25 minute as expires_at, customer_ref, currency, country,
         12000 as grand_total from (${order}) where fate % 3 = 0 or fate > 97`,
    ],
    [
      'order_line',
      `select order_id, line_no, sku, true as stocked, quantity, unit_price, quantity * unit_price as line_subtotal, 0 as line_discount,
         quantity * unit_price // 5 as line_tax, quantity * unit_price + quantity * unit_price // 5 as line_total,
         case when fate % 2 = 0 then placed_at + interval 4 day end as promise_at from (${line})`,
    ],
    ['product', `select 'SKU-' || i as sku, i as sequence, 'Product number ' || i as name from range(${skus_max}) as r(i)`],
    [
      'line_promise',
      `select order_id, line_no, 3 as sequence, placed_at + interval 5 day as promise_at from (${line}) where fate % 4 = 0 and ${is_confirmed}`,
    ],
    [
      'cancellation',
      `select order_id, line_no, placed_at + interval 1 hour as happened_at, quantity, quantity * unit_price as net, quantity * unit_price // 5 as tax, 'changed_mind' as reason
         from (${line}) where fate in (81, 82, 83) and line_no = 1`,
    ],
    [
      'return_line',
      `select ${id('ret', 'i')} as return_id, order_id, line_no, placed_at + interval 12 day as happened_at, 1 as quantity, 'too_small' as reason
         from (${line}) where fate in (11, 12, 13, 14) and line_no = 2`,
    ],
    [
      'refund',
      `select ${id('rfd', 'i')} as refund_id, line_no, ${id('pay', 'i')} as payment_id, order_id, 'stripe' as gateway, currency, 'return' as reason, 1 as quantity,
         unit_price + unit_price // 5 as amount, unit_price // 5 as tax, placed_at + interval 13 day as refunded_at, 7 as sequence, true as succeeded
         from (${line}) where fate in (11, 12, 13, 14) and line_no = 2`,
    ],
    [
      'payment',
      `select ${id('pay', 'i')} as payment_id, order_id, (['stripe', 'stripe', 'cybersource', 'manual'])[1 + fate % 4] as gateway, 'card' as method_kind, currency,
         12000 as amount, ${after_s('placed_at', '2')} as requested_at, case when ${is_confirmed} then ${after_s('placed_at', '4')} end as ok_at,
         case when not ${is_confirmed} then ${after_s('placed_at', '4')} end as refused_at, case when not ${is_confirmed} then ${after_s('placed_at', '4')} end as declined_at,
         case when not ${is_confirmed} then (['insufficient_funds', 'do_not_honor', 'card_expired'])[1 + fate % 3] end as decline_code, 5 as sequence,
         case when ${is_confirmed} then 'captured' else 'declined' end as state from (${order})`,
    ],
    [
      'operation',
      `select ${id('pay', 'i')} as payment_id, order_id, (['stripe', 'stripe', 'cybersource', 'manual'])[1 + fate % 4] as gateway, kind, 'payment.' || kind as outcome,
         ${after_s('placed_at', '4')} as happened_at, 50 + ${chance('elapsed', 900)} as elapsed_ms
         from (${order}), (select unnest(['authorize', 'capture']) as kind) where ${is_confirmed}`,
    ],
    [
      'shipment',
      `select ${id('shp', 'i * 2 + part')} as shipment_id, order_id, (['near', 'far'])[1 + fate % 2] as location_id, 'easypost' as carrier, placed_at as planned_at,
         ${after_s(dispatched, 'part * 86400')} as dispatched_at, 6 as sequence, 'delivered' as status
         from (${order}), range(2) as p(part) where ${is_confirmed} and (part = 0 or fate < 8)`,
    ],
    [
      'parcel',
      `select ${id('pcl', 'i')} as parcel_id, order_id, ${id('shp', 'i * 2')} as shipment_id, (['near', 'far'])[1 + fate % 2] as location_id,
         (['easypost', 'purolator', 'manual'])[1 + fate % 3] as carrier, 412 as label_cost, currency, placed_at as labelled_at, ${dispatched} as dispatched_at,
         ${delivered} as delivered_at, 5 as sequence, 'delivered' as carrier_status from (${order}) where ${is_confirmed}`,
    ],
    [
      'parcel_line',
      `select ${id('pcl', 'i')} as parcel_id, order_id, line_no, quantity, 'delivered' as outcome, ${delivered} as happened_at from (${line}) where ${is_confirmed}`,
    ],
    [
      'lost_demand',
      `select order_id, customer_ref, sku, placed_at as happened_at, quantity as wanted, 0 as available from (${line}) where fate >= 95 and line_no = 1`,
    ],
    [
      'movement',
      `select sku, (['near', 'far'])[1 + fate % 2] as location_id, 'shipped' as kind, 'sellable' as from_account, 'customer' as to_account, quantity, order_id,
         ${dispatched} as happened_at from (${line}) where ${is_confirmed}`,
    ],
    [
      'backorder',
      `select order_id, line_no, sku, 'near' as location_id, outcome, quantity, placed_at as requested_at,
         placed_at + case when outcome = 'queued' then interval 0 day else interval 3 day end as happened_at
         from (${line}), (select unnest(['queued', 'filled']) as outcome) where fate = 5 and line_no = 1`,
    ],
    ...stock_rows(),
    ...purchase_rows(),
    [
      'exception',
      `select ${id('exc', 'i')} as exception_id, 'orders' as source, order_id as subject, (['dispatch_overdue', 'capture_failed'])[1 + i % 2] as reason, 'support' as owner,
         placed_at as deadline_at, placed_at as raised_at, case when i % 7 > 0 then placed_at + interval 5 hour end as resolved_at from (${order}) where i % 200 = 0`,
    ],
  ];
}

function stock_rows(): readonly (readonly [string, string])[] {
  const items = `select i, 'SKU-' || (i // 2) as sku, (['near', 'far'])[1 + i % 2] as location_id from range(${skus_max * 2}) as r(i)`;
  return [
    [
      'stock_span',
      `select sku, location_id, version, ${begin} + to_hours((version * 437 + i % 400)::bigint) as from_at, version % 2 = 0 as is_out, case when version % 2 = 0 then 0 else 9 end as available
         from (${items}), range(1, 20) as v(version)`,
    ],
    [
      'stock_item',
      `select sku, location_id, 99 as sequence, ${begin} as happened_at, 5 + ${chance('stock', 200)} as on_hand, 0 as damaged, 0 as held, 2 as allocated, 0 as backordered,
         3 + ${chance('stock', 200)} as available from (${items})`,
    ],
    [
      'reorder_policy',
      `select sku, location_id, 1 as sequence, 'fixed' as method, 20 as reorder_point, 60 as target, 1 as review_days, 3 as safety_days from (${items})`,
    ],
  ];
}

function purchase_rows(): readonly (readonly [string, string])[] {
  const purchases = 40_000;
  const po = `select i, ${id('po', 'i')} as po_id, ${begin} + to_seconds(i * ${year_s} // ${purchases}) as sent_at, 'sup_' || i % 50 as supplier_id from range(${purchases}) as r(i)`;
  const line = `select p.*, line_no, 'SKU-' || ${skewed("bought' || line_no || '", skus_max)} as sku, (['near', 'far'])[1 + i % 2] as location_id from (${po}) p, range(1, 4) as n(line_no)`;
  const is_open = `i > ${purchases - 1_000}`;
  return [
    [
      'purchase_order',
      `select po_id, supplier_id, (['near', 'far'])[1 + i % 2] as location_id, 'GBP' as currency, sent_at as created_at, sent_at as approved_at, sent_at,
         case when not ${is_open} then sent_at + interval 20 day end as ended_at, 6 as sequence, 'closed' as status from (${po})`,
    ],
    ['po_line', `select po_id, line_no, sku, 50 as quantity, 610 as cost, 3 as sequence, 0 as refused from (${line})`],
    ['po_promise', `select po_id, line_no, 3 as sequence, sent_at + interval 7 day as promised_at from (${line})`],
    [
      'receipt_line',
      `select po_id, line_no, ${id('rcp', 'i')} as receipt_id, 5 as sequence, sku, location_id, sent_at + to_days((4 + ${chance('late', 6)})::integer) as received_at, 50 as accepted,
         0 as rejected, 0 as damaged, 0 as over, 0 as short from (${line}) where not ${is_open}`,
    ],
  ];
}

/** Into a store that has its tables and nothing in them. */
export async function store_year(connection: DuckDBConnection, orders: number): Promise<void> {
  for (const [table, select] of rows_of(orders)) await connection.run(`insert into ${table} by name (${select})`);
  for (const statement of derive_all_statements()) await connection.run(statement);
  await connection.run('checkpoint');
}
