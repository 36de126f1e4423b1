/** The SQL of everything beside the order: quotes, customers, discounts; and what decisions read without a lock. */
import type { OrdersEvent } from '../../contracts/index.ts';
import type { Kind, ReferenceKind } from '../../platform/service.ts';
import { evolve_customer, evolve_discount, evolve_quote } from './evolve.ts';
import type { Contact, Customer, Discount, OrderNumber, Quote, Redemptions, ReferenceTaken, Shipment, Unpaid } from './model.ts';
import { contact_of_row, discount_of_row, quote_of_row, shipments_of_row } from './store_parse.ts';

/** A sequence needs no lock: a number that is drawn and not used stays a gap. */
export const order_number_kind: ReferenceKind<OrderNumber> = {
  reference: true,
  // Where no sequence is (tables of decisions, the simulation), every order has the same number.
  initial: () => ({ number: 1 }),
  rows: {
    load: `select coalesce(json_agg(n), '[]'::json) as rows
             from (select id, nextval('orders.order_number') as number from unnest($1::text[]) as id) n`,
    from_row: row => ({ number: row['number'] as number }),
  },
};

/** Two of one batch do not see each other: the unique index does, and the batch runs again in halves. */
export const reference_kind: ReferenceKind<ReferenceTaken> = {
  reference: true,
  initial: () => ({ order_id: null }),
  rows: {
    load: `select coalesce(json_agg(r), '[]'::json) as rows
             from (select principal || chr(10) || reference as id, id as order_id from orders.orders
                    where reference is not null and principal || chr(10) || reference = any($1)) r`,
    from_row: row => ({ order_id: row['order_id'] as string }),
  },
};

export const customer_kind: Kind<Customer, OrdersEvent> = {
  initial: () => ({ customer_ref: null, placed: 0 }),
  evolve: evolve_customer,
  rows: {
    load: `select coalesce(json_agg(c), '[]'::json) as rows
             from (select id, version, customer_ref, placed from orders.customer where id = any($1) order by id for update) c`,
    insert: `insert into orders.customer (id, version, customer_ref, placed)
             select id, version, customer_ref, placed from json_populate_recordset(null::orders.customer, $1)`,
    update: `update orders.customer t set version = r.version, placed = r.placed from json_populate_recordset(null::orders.customer, $1) r where t.id = r.id`,
    from_row: row => ({ customer_ref: row['customer_ref'] as string, placed: row['placed'] as number }),
    to_row: ({ customer_ref, placed }) => ({ customer_ref, placed }),
  },
};

export const unpaid_kind: ReferenceKind<Unpaid> = {
  reference: true,
  initial: () => ({ orders: 0, placed: 0 }),
  rows: {
    load: `select coalesce(json_agg(u), '[]'::json) as rows
             from (select c.id, c.placed, (select count(*) from orders.orders o where o.customer_ref = c.customer_ref and o.closed_at is null
                                              and o.status in ('placed', 'awaiting_payment')) as orders
                     from orders.customer c where c.id = any($1)) u`,
    from_row: row => ({ orders: row['orders'] as number, placed: row['placed'] as number }),
  },
};

const quote_columns =
  'principal, customer_ref, currency, tax_mode, destination, lines, discount, shipping_options, totals, expires_at, order_id';
export const quote_kind: Kind<Quote | undefined, OrdersEvent> = {
  initial: () => undefined,
  evolve: evolve_quote,
  rows: {
    load: `select coalesce(json_agg(q), '[]'::json) as rows
             from (select id, version, ${quote_columns} from orders.quote where id = any($1) order by id for update) q`,
    insert: `insert into orders.quote (id, version, ${quote_columns})
             select id, version, ${quote_columns} from json_populate_recordset(null::orders.quote, $1)`,
    update: `update orders.quote t set version = r.version, order_id = r.order_id from json_populate_recordset(null::orders.quote, $1) r where t.id = r.id`,
    from_row: quote_of_row,
    to_row(quote) {
      if (quote === undefined) return {};
      const { quote_id, ...columns } = quote;
      return columns;
    },
  },
};

/** `uses` alone is decided here: the rule is PUT /v1/discounts's. */
export const discount_kind: Kind<Discount | undefined, OrdersEvent> = {
  initial: () => undefined,
  evolve: evolve_discount,
  rows: {
    load: `select coalesce(json_agg(d), '[]'::json) as rows
             from (select * from orders.discount where id = any($1) order by id for update) d`,
    insert: 'select 1 from json_array_elements($1) as nobody_inserts_a_discount_here where false',
    update: `update orders.discount t set version = r.version, uses = r.uses, redeemed = r.redeemed from json_populate_recordset(null::orders.discount, $1) r where t.id = r.id`,
    from_row: discount_of_row,
    to_row: discount => ({ uses: discount?.uses ?? 0, redeemed: discount?.redeemed ?? 0 }),
  },
};

export const redemptions_kind: ReferenceKind<Redemptions> = {
  reference: true,
  initial: () => ({ uses: 0, redeemed: 0 }),
  rows: {
    load: `select coalesce(json_agg(u), '[]'::json) as rows
             from (select asked.id, d.redeemed,
                          (select count(*) from orders.customer c join orders.redemption r on r.customer_ref = c.customer_ref and r.code = d.id
                            where c.id = substr(asked.id, strpos(asked.id, chr(10)) + 1)) as uses
                     from unnest($1::text[]) as asked(id) join orders.discount d on d.id = split_part(asked.id, chr(10), 1)) u`,
    from_row: row => ({ uses: row['uses'] as number, redeemed: row['redeemed'] as number }),
  },
};

export const contact_kind: ReferenceKind<Contact | undefined> = {
  reference: true,
  initial: () => undefined,
  rows: {
    load: `select coalesce(json_agg(c), '[]'::json) as rows from (select * from orders.order_contact where id = any($1)) c`,
    from_row: contact_of_row,
  },
};

export const shipments_kind: ReferenceKind<readonly Shipment[]> = {
  reference: true,
  initial: () => [],
  rows: {
    load: `select coalesce(json_agg(o), '[]'::json) as rows
             from (select s.order_id as id, json_agg(json_build_object('shipment_id', s.shipment_id, 'location_id', s.location_id, 'status', s.status, 'carrier', s.carrier,
                          'parcels', (select coalesce(json_agg(json_build_object('parcel_id', p.parcel_id, 'tracking_number', p.tracking_number,
                                                                                 'tracking_url', p.tracking_url, 'status', p.status) order by p.parcel_id), '[]'::json)
                                        from orders.order_parcel p
                                       where p.order_id = s.order_id and p.shipment_id = s.shipment_id and coalesce(p.revision_no, s.revision_no) >= s.revision_no))
                          order by s.shipment_id) as shipments
                     from orders.order_shipment s where s.order_id = any($1) group by s.order_id) o`,
    from_row: shipments_of_row,
  },
};

/** Rows beside the aggregates (Decision.records). */
export const orders_records = {
  order_contact: `insert into orders.order_contact
                  select * from json_populate_recordset(null::orders.order_contact, $1) on conflict (id) do nothing`,
  contact_token: `update orders.order_contact t set method_token = r.method_token
                    from (select distinct on (id) id, method_token from rows from (json_to_recordset($1) as (id text, method_token text)) with ordinality as a(id, method_token, n)
                           order by id, n desc) r
                   where t.id = r.id`,
};
