/** What decisions read without a lock. */
import { instant, type ReferenceRows } from '../../platform/service.ts';
import { type Notice, type Offer, order_lines_max, type Queue, queue_rows_max, review_items_max, type Supplier } from './model.ts';

// The parsed boundary: each from_row reads the columns that the statement beside it selects.

export const supplier_rows: ReferenceRows<Supplier | undefined> = {
  load: `select coalesce(json_agg(s), '[]'::json) as rows
           from (select id, name, channel, currency, partner, over_receipt_ppm, price_tolerance_ppm from suppliers.supplier where id = any($1)) s`,
  from_row: row => row as unknown as Supplier,
};

/** By SKU. */
export const offers_rows: ReferenceRows<readonly Offer[]> = {
  load: `select coalesce(json_agg(o), '[]'::json) as rows
           from (select i.sku as id, json_agg(json_build_object('supplier_id', i.supplier_id, 'currency', s.currency, 'supplier_sku', i.supplier_sku, 'cost', i.cost,
                        'minimum_quantity', i.minimum_quantity, 'pack_size', i.pack_size, 'lead_time_days', i.lead_time_days, 'preferred', i.preferred,
                        'inspect', i.inspect) order by i.supplier_id) as offers
                   from suppliers.supplier_item i join suppliers.supplier s on s.id = i.supplier_id where i.sku = any($1) group by i.sku) o`,
  from_row: row => row['offers'] as unknown as Offer[],
};

/** By SKU. */
export const planned_rows: ReferenceRows<readonly string[]> = {
  load: `select coalesce(json_agg(p), '[]'::json) as rows
           from (select sku as id, json_agg(location_id order by location_id) as locations
                   from suppliers.supply_item where sku = any($1) and policy group by sku) p`,
  from_row: row => row['locations'] as unknown as string[],
};

/** By supplier@location: those that no policy reserves for a person. */
export const open_proposals_rows: ReferenceRows<readonly { readonly proposal_id: string; readonly item_id: string }[]> = {
  load: `select coalesce(json_agg(o), '[]'::json) as rows
           from (select asked.id, (select coalesce(json_agg(json_build_object('proposal_id', p.id, 'item_id', p.item_id) order by p.item_id), '[]'::json)
                                     from (select o.id, i.id as item_id from suppliers.proposal o
                                             join suppliers.supply_item i on i.id = o.sku || '@' || o.location_id and i.auto
                                            where o.status = 'proposed' and o.supplier_id = split_part(asked.id, '@', 1) and o.location_id = split_part(asked.id, '@', 2)
                                            order by i.id limit ${order_lines_max}) p) as proposals
                   from unnest($1::text[]) as asked(id)) o`,
  from_row: row => row['proposals'] as unknown as { proposal_id: string; item_id: string }[],
};

/** By day. Only items whose review may do something: a fixed policy with enough on hand and nothing open is left alone. */
export const due_items_rows: ReferenceRows<readonly string[]> = {
  load: `select coalesce(json_agg(d), '[]'::json) as rows
           from (select asked.id, (select coalesce(json_agg(i.id order by i.id), '[]'::json)
                                     from (select id from suppliers.supply_item
                                            where policy and reviewed_day < asked.id::integer
                                              and (method = 'demand' or proposal_id is not null
                                                   or on_hand - damaged + on_order + in_transit + receiving + proposed - allocated - backordered <= reorder_point)
                                            order by id limit ${review_items_max}) i) as items
                   from unnest($1::text[]) as asked(id)) d`,
  from_row: row => row['items'] as unknown as string[],
};

export const notice_rows: ReferenceRows<Notice | undefined> = {
  load: `select coalesce(json_agg(n), '[]'::json) as rows
           from (select id, id as notice_id, po_id, lines from suppliers.ship_notice where id = any($1)) n`,
  from_row: ({ notice_id, po_id, lines }) => ({
    notice_id: String(notice_id),
    po_id: String(po_id),
    lines: (lines as unknown as Notice['lines']).map(({ line_no, quantity }) => ({ line_no, quantity })),
  }),
};

/** By item. */
export const queue_rows: ReferenceRows<Queue> = {
  load: `select coalesce(json_agg(q), '[]'::json) as rows
           from (select asked.id,
                        (select coalesce(json_agg(w order by w.priority, w.requested_at, w.order_id, w.line_no), '[]'::json)
                           from (select order_id, line_no, sku, location_id, quantity, priority, requested_at from suppliers.backorder_line
                                  where sku = split_part(asked.id, '@', 1) and location_id = split_part(asked.id, '@', 2) and quantity > 0
                                  order by priority, requested_at, order_id, line_no limit ${queue_rows_max}) w) as entries,
                        (select coalesce(json_agg(b.id order by b.id), '[]'::json) from suppliers.peg_book b where b.item_ids @> array[asked.id]) as pegged
                   from unnest($1::text[]) as asked(id)) q`,
  from_row: ({ entries, pegged }) => ({
    entries: (entries as unknown as Queue['entries']).map(entry => ({ ...entry, requested_at: instant(entry.requested_at) })),
    pegged: pegged as unknown as string[],
  }),
};
