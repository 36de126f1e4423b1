/** Lists for people: suppliers and what they offer, policies, interchanges, and who waits for which purchase order. */
import type { Page } from '../../platform/pages.ts';
import type { Row } from '../../platform/service.ts';
import { item_id, type Peg, type SupplyItem } from './model.ts';
import { type SupplierItemRow, type SupplierRow, type SuppliersDesk, shown_policy } from './views.ts';

type Reads = Pick<SuppliersDesk, 'query'>;

export function list_suppliers(desk: Reads, page: Page): Promise<SupplierRow[]> {
  return desk.query<SupplierRow>('supplier.list', 'select * from suppliers.supplier where id > $1 order by id limit $2', [
    page.after?.[0] ?? '',
    page.limit + 1,
  ]);
}

export function list_supplier_items(desk: Reads, supplier_id: string, page: Page): Promise<SupplierItemRow[]> {
  return desk.query<SupplierItemRow>(
    'supplier_item.list',
    'select * from suppliers.supplier_item where supplier_id = $1 and sku > $2 order by sku limit $3',
    [supplier_id, page.after?.[0] ?? '', page.limit + 1],
  );
}

export type PolicyRow = SupplyItem & { readonly id: string; readonly version: number };
export interface PlaceFilter {
  readonly sku: string | null;
  readonly location: string | null;
}
/** Of items that somebody has a policy for. */
export function list_policies(desk: Reads, { sku, location }: PlaceFilter, page: Page): Promise<PolicyRow[]> {
  return desk.query<PolicyRow>(
    'policy.list',
    `select * from suppliers.supply_item
      where policy and id > $1 and ($2::text is null or sku = $2) and ($3::text is null or location_id = $3)
      order by id limit $4`,
    [page.after?.[0] ?? '', sku, location, page.limit + 1],
  );
}
export function shown_policy_row(row: PolicyRow): Row {
  return shown_policy(row, row.version);
}

export interface InterchangeRow {
  readonly id: string;
  readonly channel: string;
  readonly partner: string;
  readonly control: string;
  readonly status: string;
  readonly received_at: string;
  readonly waits_for_person: boolean;
}
export interface InterchangeFilter {
  readonly partner: string | null;
  readonly status: string | null;
}
/** Without what stands in them: that is a page of its own. */
export function list_interchanges(desk: Reads, { partner, status }: InterchangeFilter, page: Page): Promise<InterchangeRow[]> {
  return desk.query<InterchangeRow>(
    'interchange.list',
    `select id, channel, partner, control, status, received_at, json_array_length(exceptions) > 0 as waits_for_person
       from suppliers.interchange
      where ($1::text is null or partner = $1) and ($2::text is null or status = $2) and ($3::timestamptz is null or (received_at, id) < ($3, $4))
      order by received_at desc, id desc limit $5`,
    [partner, status, page.after?.[0] ?? null, page.after?.[1] ?? null, page.limit + 1],
  );
}
export function shown_interchange_row({ partner, control, ...row }: InterchangeRow): Row {
  // Who gives no name is kept as `/`.
  return { ...row, partner: partner === '/' ? '' : partner, control_number: control };
}

export interface BackorderRow {
  readonly order_id: string;
  readonly line_no: number;
  readonly sku: string;
  readonly location_id: string;
  readonly quantity: number;
  readonly priority: number;
  readonly requested_at: string;
  /** Of the whole order; null: nobody has looked yet. */
  readonly pegs: readonly Peg[] | null;
}
/** The queue in its order (domain.md 5.6). Pegs are of the order, so those of the line are picked out below. */
export function list_backorders(desk: Reads, { sku, location }: PlaceFilter, limit: number): Promise<BackorderRow[]> {
  return desk.query<BackorderRow>(
    'backorder.list',
    `select b.order_id, b.line_no, b.sku, b.location_id, b.quantity, b.priority, b.requested_at, p.pegs
       from suppliers.backorder_line b left join suppliers.peg_book p on p.id = b.order_id
      where b.quantity > 0 and ($1::text is null or b.sku = $1) and ($2::text is null or b.location_id = $2)
      order by b.priority, b.requested_at, b.order_id, b.line_no limit $3`,
    [sku, location, limit],
  );
}
export function shown_backorder({ order_id, line_no, sku, location_id, quantity, priority, requested_at, pegs }: BackorderRow): Row {
  const own = (pegs ?? []).filter(peg => peg.line_no === line_no && item_id(peg.sku, peg.location_id) === item_id(sku, location_id));
  return {
    order_id,
    line_id: String(line_no),
    sku,
    location: location_id,
    quantity,
    priority,
    requested_at,
    pegs: own.map(peg => ({
      quantity: peg.quantity,
      purchase_order_id: peg.po_id,
      line_id: peg.po_line_no === null ? null : String(peg.po_line_no),
      expected_at: peg.expected_at,
    })),
  };
}
