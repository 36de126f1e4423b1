/** The SQL that writes supply items and what hangs on them. Of purchase orders: store_orders.ts; of what is only read: store_references.ts. */
import { type Children, instant, instant_or_null, type Json, type Row, type Rows } from '../../platform/service.ts';
import {
  type Backorder,
  type BackorderLine,
  in_transit,
  item_id,
  on_order,
  type PegBook,
  type Proposal,
  receiving,
  type StrayDocument,
  type SupplyItem,
} from './model.ts';

// The parsed boundary, here and in the other stores: columns are those of the migration, which holds them to these types.

export const supply_item_rows: Rows<SupplyItem> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select * from suppliers.supply_item where id = any($1) order by id for update) r`,
  insert: 'insert into suppliers.supply_item select * from json_populate_recordset(null::suppliers.supply_item, $1)',
  update: `update suppliers.supply_item i
              set version = r.version, policy = r.policy, method = r.method, reorder_point = r.reorder_point, target = r.target, review_days = r.review_days,
                  safety_days = r.safety_days, supplier_id = r.supplier_id, auto = r.auto, stock_version = r.stock_version, on_hand = r.on_hand,
                  damaged = r.damaged, allocated = r.allocated, backordered = r.backordered, on_order = r.on_order, in_transit = r.in_transit,
                  receiving = r.receiving, open_lines = r.open_lines, receipts = r.receipts, proposals_made = r.proposals_made, proposal_id = r.proposal_id, proposed = r.proposed,
                  proposed_need = r.proposed_need, dismissed_until = r.dismissed_until, refusals = r.refusals, refused_until = r.refused_until, queued = r.queued, demand_milli = r.demand_milli,
                  demand = r.demand, lost = r.lost, review_at = r.review_at, reviewed_day = r.reviewed_day, exceptions = r.exceptions
             from json_populate_recordset(null::suppliers.supply_item, $1) r where i.id = r.id`,
  from_row({ id: _id, version: _version, on_order: _on_order, in_transit: _in_transit, receiving: _receiving, ...row }) {
    const { dismissed_until, refused_until, review_at, ...state } = row;
    return {
      ...(state as unknown as Omit<SupplyItem, 'dismissed_until' | 'refused_until' | 'review_at'>),
      dismissed_until: instant_or_null(dismissed_until),
      refused_until: instant_or_null(refused_until),
      review_at: instant_or_null(review_at),
    };
  },
  to_row(item) {
    const sums = { on_order: on_order(item), in_transit: in_transit(item), receiving: receiving(item) };
    // States are JSON all the way down; the compiler wants index signatures to believe it.
    const { open_lines, receipts, refusals, demand, lost, exceptions, ...columns } = item;
    const lists = { open_lines, receipts, refusals, demand, lost, exceptions } as unknown as Row;
    return { ...columns, ...sums, ...lists };
  },
};

export const proposal_rows: Rows<Proposal> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select * from suppliers.proposal where id = any($1) order by id for update) r`,
  insert: 'insert into suppliers.proposal select * from json_populate_recordset(null::suppliers.proposal, $1)',
  update: `update suppliers.proposal p
              set version = r.version, quantity = r.quantity, position = r.position, reorder_point = r.reorder_point, target = r.target, status = r.status,
                  reasons = r.reasons, po_id = r.po_id, actor = r.actor, dismissed_until = r.dismissed_until
             from json_populate_recordset(null::suppliers.proposal, $1) r where p.id = r.id`,
  from_row({ id, version: _version, dismissed_until, created_at, ...state }) {
    return {
      ...(state as unknown as Omit<Proposal, 'proposal_id' | 'dismissed_until' | 'created_at'>),
      proposal_id: String(id),
      dismissed_until: instant_or_null(dismissed_until),
      created_at: instant_or_null(created_at),
    };
  },
  to_row: ({ proposal_id: _proposal_id, ...state }) => state,
};

const backorder_lines: Children<Backorder> = {
  insert: 'insert into suppliers.backorder_line select * from json_populate_recordset(null::suppliers.backorder_line, $1)',
  update: `update suppliers.backorder_line l set quantity = r.quantity, priority = r.priority, requested_at = r.requested_at
             from json_populate_recordset(null::suppliers.backorder_line, $1) r
            where l.order_id = r.order_id and l.line_no = r.line_no and l.location_id = r.location_id`,
  diff(before, { order_id, lines }) {
    const known = before?.lines ?? [];
    const rows = lines.map((line, place): Row => ({ order_id, place, ...line }));
    return {
      added: rows.slice(known.length),
      changed: rows.filter((_row, place) => place < known.length && lines[place] !== known[place]),
    };
  },
};

export const backorder_rows: Rows<Backorder> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows
           from (select b.*, (select coalesce(json_agg(l order by l.place), '[]'::json) from suppliers.backorder_line l where l.order_id = b.id) as lines
                   from suppliers.backorder b where b.id = any($1) order by b.id for update of b) r`,
  insert: 'insert into suppliers.backorder select * from json_populate_recordset(null::suppliers.backorder, $1)',
  update: `update suppliers.backorder b set version = r.version, heard = r.heard
             from json_populate_recordset(null::suppliers.backorder, $1) r where b.id = r.id`,
  children: [backorder_lines],
  from_row: row => ({
    order_id: String(row['id']),
    heard: Number(row['heard']),
    lines: (row['lines'] as unknown as BackorderLine[]).map(({ line_no, sku, location_id, quantity, priority, requested_at }) => ({
      line_no,
      sku,
      location_id,
      quantity,
      priority,
      requested_at: instant(requested_at),
    })),
  }),
  to_row: ({ heard }) => ({ heard }),
};

export const peg_book_rows: Rows<PegBook> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select * from suppliers.peg_book where id = any($1) order by id for update) r`,
  insert: 'insert into suppliers.peg_book select * from json_populate_recordset(null::suppliers.peg_book, $1)',
  update: `update suppliers.peg_book b set version = r.version, pegs = r.pegs, item_ids = r.item_ids
             from json_populate_recordset(null::suppliers.peg_book, $1) r where b.id = r.id`,
  from_row: row => ({ order_id: String(row['id']), pegs: row['pegs'] as unknown as PegBook['pegs'] }),
  to_row: ({ pegs }) => ({
    pegs: pegs.map(peg => ({ ...peg })),
    item_ids: [...new Set(pegs.map(peg => item_id(peg.sku, peg.location_id)))],
  }),
};

export const stray_document_rows: Rows<StrayDocument> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows from (select * from suppliers.stray_document where id = any($1) order by id for update) r`,
  insert: 'insert into suppliers.stray_document select * from json_populate_recordset(null::suppliers.stray_document, $1)',
  update: `update suppliers.stray_document d
              set version = r.version, document_ref = r.document_ref, po_id = r.po_id, kind = r.kind, exceptions = r.exceptions
             from json_populate_recordset(null::suppliers.stray_document, $1) r where d.id = r.id`,
  from_row: ({ id: _id, version: _version, ...state }) => state as unknown as StrayDocument,
  to_row: ({ exceptions, ...state }) => ({ ...state, exceptions: exceptions as unknown as Json }),
};

export const records: Readonly<Record<string, string>> = {
  ship_notice: 'insert into suppliers.ship_notice select * from json_populate_recordset(null::suppliers.ship_notice, $1)',
  receipt: 'insert into suppliers.receipt select * from json_populate_recordset(null::suppliers.receipt, $1)',
};
