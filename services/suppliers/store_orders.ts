/** The SQL that writes purchase orders and their lines. */
import { type Children, instant_or_null, type Json, type Row, type Rows } from '../../platform/service.ts';
import type { PurchaseOrder, PurchaseOrderLine } from './model_order.ts';

const lines: Children<PurchaseOrder> = {
  insert: 'insert into suppliers.purchase_order_line select * from json_populate_recordset(null::suppliers.purchase_order_line, $1)',
  update: `update suppliers.purchase_order_line l
              set cost = r.cost, confirmed = r.confirmed, in_transit = r.in_transit, received = r.received, rejected = r.rejected, refused = r.refused,
                  cancelled = r.cancelled, over = r.over, invoiced = r.invoiced, promised_at = r.promised_at, first_promised_at = r.first_promised_at
             from json_populate_recordset(null::suppliers.purchase_order_line, $1) r where l.po_id = r.po_id and l.line_no = r.line_no`,
  diff(before, { po_id, lines }) {
    if (before === undefined) return { added: lines.map(line => ({ po_id, ...line })), changed: [] };
    // No line is ever added to an order, and evolve keeps their places.
    const changed = lines.filter((line, place) => line !== before.lines[place]);
    return { added: [], changed: changed.map(line => ({ po_id, ...line })) };
  },
};

export const purchase_order_rows: Rows<PurchaseOrder> = {
  load: `select coalesce(json_agg(r), '[]'::json) as rows
           from (select o.*, (select coalesce(json_agg(l order by l.line_no), '[]'::json) from suppliers.purchase_order_line l where l.po_id = o.id) as lines
                   from suppliers.purchase_order o where o.id = any($1) order by o.id for update of o) r`,
  insert: 'insert into suppliers.purchase_order select * from json_populate_recordset(null::suppliers.purchase_order, $1)',
  update: `update suppliers.purchase_order o
              set version = r.version, status = r.status, expected_at = r.expected_at, sending = r.sending, cancelling = r.cancelling, ack_no = r.ack_no,
                  exceptions = r.exceptions, channel = r.channel, reference = r.reference, control_number = r.control_number, receipt = r.receipt, invoices = r.invoices,
                  send_op_id = r.send_op_id, cancel_op_id = r.cancel_op_id,
                  pending_acknowledgment = r.pending_acknowledgment, held = r.held, documents = r.documents, sent_at = r.sent_at, closed_at = r.closed_at
             from json_populate_recordset(null::suppliers.purchase_order, $1) r where o.id = r.id`,
  children: [lines],
  from_row: purchase_order_of_row,
  to_row({ po_id: _po_id, lines: _lines, exceptions, pending_acknowledgment, held, invoices, documents, ...columns }) {
    // States are JSON all the way down; the compiler wants index signatures to believe it.
    const lists = { exceptions, pending_acknowledgment, held, invoices } as unknown as { readonly [field: string]: Json };
    return { ...columns, ...lists, documents };
  },
};

/** Of a decision's load and of the API's reads alike: `lines` is a JSON array. */
export function purchase_order_of_row({ id, version: _version, lines: told, ...row }: Row): PurchaseOrder {
  const { expected_at, created_at, sent_at, closed_at, ...state } = row;
  // The parsed boundary: columns are those of the migration.
  const columns = state as unknown as Omit<PurchaseOrder, 'po_id' | 'lines' | 'expected_at' | 'created_at' | 'sent_at' | 'closed_at'>;
  return {
    ...columns,
    po_id: String(id),
    expected_at: instant_or_null(expected_at),
    created_at: instant_or_null(created_at),
    sent_at: instant_or_null(sent_at),
    closed_at: instant_or_null(closed_at),
    lines: (told as unknown as (PurchaseOrderLine & { readonly po_id: string })[]).map(line_of_row),
  };
}

function line_of_row({
  po_id: _po_id,
  promised_at,
  first_promised_at,
  ...line
}: PurchaseOrderLine & { readonly po_id: string }): PurchaseOrderLine {
  return { ...line, promised_at: instant_or_null(promised_at), first_promised_at: instant_or_null(first_promised_at) };
}
