/** The SQL of partners: what decisions read of them, and what they keep. */
import { instant, type Json, type ReferenceRows, type Rows } from '../../platform/service.ts';
import {
  type ControlNumber,
  type KnownOrder,
  type NamedOrder,
  type OpenOrder,
  open_orders_max,
  type Partner,
  type ReceivedInterchange,
  type Watch,
} from './model_partners.ts';

// The parsed boundary: each from_row reads the columns of the migration, or those that the statement beside it selects.

export const partner_rows: ReferenceRows<Partner | undefined> = {
  load: `select coalesce(json_agg(p), '[]'::json) as rows
           from (select partner as id, id as supplier_id, channel from suppliers.supplier where partner = any($1)) p`,
  from_row: row => row as unknown as Partner,
};

export const named_order_rows: ReferenceRows<NamedOrder | undefined> = {
  load: `with asked as (select a.id, split_part(a.id, ' ', 2) as name, s.id as supplier_id
                          from unnest($1::text[]) as a(id) join suppliers.supplier s on s.partner = split_part(a.id, ' ', 1)),
              found as (select a.id, o.id as po_id, o.supplier_id, o.location_id
                          from asked a join suppliers.purchase_order o on o.reference = a.name and o.supplier_id = a.supplier_id
                         where a.name not like '#%'
                        union all
                        select a.id, o.po_id, o.supplier_id, o.location_id
                          from asked a cross join lateral (select id as po_id, supplier_id, location_id from suppliers.purchase_order p
                                 where p.supplier_id = a.supplier_id and p.control_number = substr(a.name, 2)::integer order by created_at desc limit 1) o
                         where a.name ~ '^#[0-9]{1,9}$')
         select coalesce(json_agg(f), '[]'::json) as rows
           from (select f.*, (select coalesce(json_agg(l.sku), '[]'::json) from suppliers.purchase_order_line l where l.po_id = f.po_id) as skus from found f) f`,
  from_row: row => row as unknown as NamedOrder,
};

export const open_orders_rows: ReferenceRows<readonly OpenOrder[]> = {
  load: `select coalesce(json_agg(c), '[]'::json) as rows
           from (select asked.id, (select coalesce(json_agg(o), '[]'::json)
                                     from (select id as po_id, sent_at from suppliers.purchase_order
                                            where channel = asked.id and sending = 'done' and status in ('sent', 'acknowledged', 'partially_received')
                                            order by sent_at limit ${open_orders_max}) o) as orders
                   from unnest($1::text[]) as asked(id)) c`,
  from_row: row => (row['orders'] as unknown as OpenOrder[]).map(({ po_id, sent_at }) => ({ po_id, sent_at: instant(sent_at) })),
};

export const known_order_rows: ReferenceRows<KnownOrder | undefined> = {
  load: `select coalesce(json_agg(o), '[]'::json) as rows from (select id, status, sending from suppliers.purchase_order where id = any($1)) o`,
  from_row: row => row as unknown as KnownOrder,
};

export const control_number_rows: Rows<ControlNumber> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select * from suppliers.control_number where id = any($1) order by id for update) r`,
  insert: 'insert into suppliers.control_number select * from json_populate_recordset(null::suppliers.control_number, $1)',
  update: `update suppliers.control_number c set version = r.version, last = r.last
             from json_populate_recordset(null::suppliers.control_number, $1) r where c.id = r.id`,
  from_row: ({ last }) => ({ last: Number(last) }),
  to_row: ({ last }) => ({ last }),
};

export const interchange_rows: Rows<ReceivedInterchange> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select * from suppliers.interchange where id = any($1) order by id for update) r`,
  insert: 'insert into suppliers.interchange select * from json_populate_recordset(null::suppliers.interchange, $1)',
  // What came is never another.
  update: `update suppliers.interchange i set version = r.version, exceptions = r.exceptions
             from json_populate_recordset(null::suppliers.interchange, $1) r where i.id = r.id`,
  from_row: ({ id: _id, version: _version, received_at, ...state }) =>
    ({ ...state, received_at: instant(received_at) }) as unknown as ReceivedInterchange,
  to_row: ({ exceptions, ...state }) => ({ ...state, exceptions: exceptions as unknown as Json }),
};

export const watch_rows: Rows<Watch> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select * from suppliers.watch where id = any($1) order by id for update) r`,
  insert: 'insert into suppliers.watch select * from json_populate_recordset(null::suppliers.watch, $1)',
  update: `update suppliers.watch w set version = r.version, op_id = r.op_id, settle = r.settle
             from json_populate_recordset(null::suppliers.watch, $1) r where w.id = r.id`,
  from_row: ({ op_id, settle }) => ({ op_id, settle }) as unknown as Watch,
  to_row: ({ op_id, settle }) => ({ op_id, settle: settle as unknown as Json }),
};
