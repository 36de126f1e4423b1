/** The objects of the API (api.md 5) from what suppliers knows: one function per object, for replies made inside a batch and for reads alike. */
import type { GoodsReceived, SuppliersEvent } from '../../contracts/index.ts';
import type { KeyPart, Page } from '../../platform/pages.ts';
import type { Desk } from '../../platform/route.ts';
import type { Json, Row } from '../../platform/service.ts';
import type { SuppliersCommand } from './commands.ts';
import type { Proposal, States, Supplier, SupplyItem } from './model.ts';
import { outstanding, type PurchaseOrder, type PurchaseOrderLine, total_of } from './model_order.ts';
import type { SuppliersRejection } from './rejections.ts';
import { purchase_order_of_row } from './store_orders.ts';
import { interchange_rows } from './store_partners.ts';

export type SuppliersDesk = Desk<States, SuppliersCommand, SuppliersEvent, SuppliersRejection>;
type Reads = Pick<SuppliersDesk, 'query'>;

// --- reference data: no decision changes it, so it is written here and not by a command

export type SupplierRow = Supplier & { readonly version: number };
export async function get_supplier(desk: Reads, code: string): Promise<SupplierRow | undefined> {
  const [row] = await desk.query<SupplierRow>('supplier.get', 'select * from suppliers.supplier where id = $1', [code]);
  return row;
}
/** Another supplier that is this partner. */
export async function supplier_of_partner(desk: Reads, partner: string, but: string): Promise<string | undefined> {
  const [row] = await desk.query<{ id: string }>(
    'supplier.of_partner',
    'select id from suppliers.supplier where partner = $1 and id <> $2',
    [partner, but],
  );
  return row?.id;
}
/** Undefined when the row has another version than `if_version`. null: whatever it has. What is as it was keeps its version. */
export async function put_supplier(desk: Reads, row: Supplier, if_version: number | null): Promise<SupplierRow | undefined> {
  const [stored] = await desk.query<SupplierRow>(
    'supplier.put',
    `insert into suppliers.supplier as s (id, version, name, channel, partner, currency, over_receipt_ppm, price_tolerance_ppm)
     select $1, 1, $2, $3, $4, $5, $6, $7 where $8::integer is null or $8 = coalesce((select version from suppliers.supplier where id = $1), 0)
         on conflict (id) do update
        set version = s.version + ((s.name, s.channel, s.partner, s.currency, s.over_receipt_ppm, s.price_tolerance_ppm)
                          is distinct from (excluded.name, excluded.channel, excluded.partner, excluded.currency, excluded.over_receipt_ppm, excluded.price_tolerance_ppm))::integer,
            name = excluded.name, channel = excluded.channel, partner = excluded.partner, currency = excluded.currency,
            over_receipt_ppm = excluded.over_receipt_ppm, price_tolerance_ppm = excluded.price_tolerance_ppm
      where $8::integer is null or s.version = $8
     returning *`,
    [row.id, row.name, row.channel, row.partner, row.currency, row.over_receipt_ppm, row.price_tolerance_ppm, if_version],
  );
  return stored;
}
export function shown_supplier({ id, name, channel, partner, currency, over_receipt_ppm, price_tolerance_ppm, version }: SupplierRow): Row {
  return {
    code: id,
    name,
    channel: { kind: channel, ...(partner !== null && { partner }) },
    currency,
    over_receipt_ppm,
    price_tolerance_ppm,
    version,
  };
}

export interface SupplierItemRow {
  readonly supplier_id: string;
  readonly sku: string;
  readonly version: number;
  readonly supplier_sku: string;
  readonly cost: number;
  readonly minimum_quantity: number;
  readonly pack_size: number;
  readonly lead_time_days: number;
  readonly preferred: boolean;
  readonly inspect: boolean;
}
const item_columns = 'supplier_sku, cost, minimum_quantity, pack_size, lead_time_days, preferred, inspect';
const own_item = item_columns.replaceAll(/\w+/g, name => `i.${name}`);
const excluded_item = item_columns.replaceAll(/\w+/g, name => `excluded.${name}`);
export async function put_supplier_item(
  desk: Reads,
  row: Omit<SupplierItemRow, 'version'>,
  if_version: number | null,
): Promise<SupplierItemRow | undefined> {
  const [stored] = await desk.query<SupplierItemRow>(
    'supplier_item.put',
    `insert into suppliers.supplier_item as i (supplier_id, sku, version, ${item_columns})
     select $1, $2, 1, $3, $4, $5, $6, $7, $8, $9
      where $10::integer is null or $10 = coalesce((select version from suppliers.supplier_item where supplier_id = $1 and sku = $2), 0)
         on conflict (sku, supplier_id) do update
        set version = i.version + ((${own_item}) is distinct from (${excluded_item}))::integer, (${item_columns}) = row (${excluded_item})
      where $10::integer is null or i.version = $10
     returning *`,
    [
      ...[row.supplier_id, row.sku, row.supplier_sku, row.cost, row.minimum_quantity],
      ...[row.pack_size, row.lead_time_days, row.preferred, row.inspect, if_version],
    ],
  );
  return stored;
}
/** Each SKU once, whatever version it has; what is as it was keeps its version. */
export async function put_supplier_items(
  desk: Reads,
  supplier_id: string,
  rows: readonly Omit<SupplierItemRow, 'supplier_id' | 'version'>[],
): Promise<void> {
  await desk.query(
    'supplier_item.import',
    `insert into suppliers.supplier_item as i (supplier_id, sku, version, ${item_columns})
     select $1, sku, 1, ${item_columns} from json_populate_recordset(null::suppliers.supplier_item, $2) order by sku
         on conflict (sku, supplier_id) do update set version = i.version + 1, (${item_columns}) = row (${excluded_item})
      where (${own_item}) is distinct from (${excluded_item})`,
    [supplier_id, JSON.stringify(rows)],
  );
}
export function shown_supplier_item({ supplier_id, ...row }: SupplierItemRow, currency: string): Row {
  return { supplier: supplier_id, currency, ...row };
}

// --- replenishment

export function shown_policy(item: SupplyItem, version: number): Row {
  const { sku, location_id, method, reorder_point, target, review_days, safety_days, supplier_id, auto, demand_milli } = item;
  const levels = { method, reorder_point, target, review_days, safety_days };
  return { sku, location: location_id, ...levels, supplier: supplier_id, auto, demand_milli, version };
}

export type ProposalRow = Omit<Proposal, 'proposal_id' | 'created_at'> & {
  readonly id: string;
  readonly version: number;
  readonly created_at: string;
};
/** Both lists are newest first. */
export const created_key: readonly KeyPart[] = ['instant', /^[a-z0-9_]{1,60}$/];
export function created_key_of({ created_at, id }: { readonly created_at: string; readonly id: string }): readonly string[] {
  return [created_at, id];
}

export interface ProposalFilter {
  readonly status: string | null;
  readonly supplier: string | null;
  readonly location: string | null;
  readonly sku: string | null;
}
export function list_proposals(desk: Reads, filter: ProposalFilter, { limit, after }: Page): Promise<ProposalRow[]> {
  return desk.query<ProposalRow>(
    'proposal.list',
    `select * from suppliers.proposal
      where ($1::text is null or status = $1) and ($2::text is null or supplier_id = $2) and ($3::text is null or location_id = $3)
        and ($4::text is null or sku = $4) and ($5::timestamptz is null or (created_at, id) < ($5, $6))
      order by created_at desc, id desc limit $7`,
    [filter.status, filter.supplier, filter.location, filter.sku, after?.[0] ?? null, after?.[1] ?? null, limit + 1],
  );
}
/** Where a proposal is for: it never changes, so it may be read before the command. */
export async function place_of_proposal(desk: Reads, id: string): Promise<{ sku: string; location_id: string } | undefined> {
  const [row] = await desk.query<{ sku: string; location_id: string }>(
    'proposal.place',
    'select sku, location_id from suppliers.proposal where id = $1',
    [id],
  );
  return row;
}
export function shown_proposal(proposal: Omit<Proposal, 'proposal_id'>, id: string, version: number): Row {
  const { sku, location_id, supplier_id, quantity, status, position, reorder_point, target, reasons } = proposal;
  const { po_id, dismissed_until, created_at } = proposal;
  const place = { sku, location: location_id, supplier: supplier_id };
  const why = { position, reorder_point, target, reasons: [...reasons] };
  return { id, version, ...place, quantity, status, ...why, purchase_order_id: po_id, dismissed_until, created_at };
}

// --- purchase orders

export type PurchaseOrderRow = Row & { readonly id: string; readonly version: number; readonly created_at: string };
const lines_of_order = `(select json_agg(l order by l.line_no) from suppliers.purchase_order_line l where l.po_id = o.id) as lines`;
export interface PurchaseOrderFilter {
  readonly status: string | null;
  readonly supplier: string | null;
  readonly location: string | null;
  readonly sku: string | null;
}
export function list_purchase_orders(desk: Reads, filter: PurchaseOrderFilter, { limit, after }: Page): Promise<PurchaseOrderRow[]> {
  return desk.query<PurchaseOrderRow>(
    'purchase_order.list',
    `select o.*, ${lines_of_order} from suppliers.purchase_order o
      where ($1::text is null or o.status = $1) and ($2::text is null or o.supplier_id = $2) and ($3::text is null or o.location_id = $3)
        and ($4::text is null or o.id = any (array(select l.po_id from suppliers.purchase_order_line l where l.sku = $4)))
        and ($5::timestamptz is null or (o.created_at, o.id) < ($5, $6))
      order by o.created_at desc, o.id desc limit $7`,
    [filter.status, filter.supplier, filter.location, filter.sku, after?.[0] ?? null, after?.[1] ?? null, limit + 1],
  );
}
/** With its ship notices and receipts, oldest first. */
export async function get_purchase_order(desk: Reads, id: string): Promise<Row | undefined> {
  const [row] = await desk.query<PurchaseOrderRow>(
    'purchase_order.get',
    `select o.*, ${lines_of_order} from suppliers.purchase_order o where o.id = $1`,
    [id],
  );
  if (row === undefined) return undefined;
  const notices = await desk.query<NoticeRow>(
    'ship_notice.list',
    'select * from suppliers.ship_notice where po_id = $1 order by noticed_at, id',
    [id],
  );
  const receipts = await desk.query<ReceiptRow>('receipt.list', 'select * from suppliers.receipt where po_id = $1 order by posted_at, id', [
    id,
  ]);
  return { ...shown_row(row), ship_notices: notices.map(shown_notice), receipts: receipts.map(shown_receipt) };
}
/** Its bytes as text: what is no UTF-8 shows as �, and is kept as it came. */
export async function get_interchange(desk: Reads, id: string): Promise<Row | undefined> {
  const [row] = await desk.query<Row & { readonly id: string }>('interchange.get', 'select * from suppliers.interchange where id = $1', [
    id,
  ]);
  if (row === undefined) return undefined;
  const { channel, partner, control, status, raw, reply, received_at, exceptions } = interchange_rows.from_row(row);
  return {
    id: row.id,
    channel,
    // Who gives no name is kept as `/`.
    partner: partner === '/' ? '' : partner,
    control_number: control,
    status,
    received_at,
    exceptions: exceptions.map(({ exception_id, ...rest }) => ({ id: exception_id, ...rest })),
    text: Buffer.from(raw, 'base64').toString('utf8'),
    reply,
  };
}

export function shown_row(row: PurchaseOrderRow): Row {
  return shown_purchase_order(purchase_order_of_row(row), row.version);
}

export function shown_purchase_order(order: PurchaseOrder, version: number): Row {
  const { po_id, supplier_id, location_id, currency, status, channel, reference, receipt, invoices, expected_at } = order;
  const { created_at, sent_at, closed_at } = order;
  return {
    id: po_id,
    version,
    supplier: supplier_id,
    location: location_id,
    currency,
    status,
    channel,
    reference: reference ?? po_id,
    receipt,
    total: Number(total_of(order.lines)),
    lines: order.lines.map(shown_line),
    expected_at,
    // JSON all the way down; the compiler wants index signatures to believe it.
    acknowledgment_to_decide: order.pending_acknowledgment as unknown as Json,
    invoices: invoices.map(({ invoice_ref, amount, state }) => ({ reference: invoice_ref, amount, state })),
    exceptions: order.exceptions.map(({ exception_id, ...rest }) => ({ id: exception_id, ...rest })),
    created_at,
    sent_at,
    closed_at,
  };
}
function shown_line(line: PurchaseOrderLine): Row {
  return {
    id: String(line.line_no),
    sku: line.sku,
    supplier_sku: line.supplier_sku,
    cost: line.cost,
    quantity: line.quantity,
    quantity_confirmed: line.confirmed,
    quantity_in_transit: line.in_transit,
    quantity_received: line.received,
    quantity_rejected: line.rejected,
    quantity_cancelled: line.cancelled,
    quantity_outstanding: outstanding(line),
    quantity_over: line.over,
    quantity_invoiced: line.invoiced,
    promised_at: line.promised_at,
    first_promised_at: line.first_promised_at,
  };
}

interface NoticeRow {
  readonly id: string;
  readonly notice_ref: string;
  readonly expected_at: string;
  readonly tracking_number: string | null;
  readonly noticed_at: string;
  readonly lines: readonly { readonly line_no: number; readonly sku: string; readonly quantity: number }[];
}
function shown_notice({ id, notice_ref, expected_at, tracking_number, noticed_at, lines }: NoticeRow): Row {
  const shown = lines.map(({ line_no, sku, quantity }) => ({ line_id: String(line_no), sku, quantity }));
  return { id, reference: notice_ref, expected_at, tracking_number, noticed_at, lines: shown };
}

export interface ReceiptRow {
  readonly id: string;
  readonly po_id: string;
  readonly posted_at: string;
  readonly lines: GoodsReceived['data']['lines'];
}
export function shown_receipt({ id, po_id, posted_at, lines }: ReceiptRow): Row {
  const shown = lines.map(({ line_no, sku, accepted, rejected, damaged, over, short, reason }) => {
    return { line_id: String(line_no), sku, accepted, rejected, damaged, over, outstanding: short, reason: reason ?? null };
  });
  return { id, purchase_order_id: po_id, posted_at, lines: shown };
}
