/** What inventory's routes read. */
import type { InventoryEvent } from '../../contracts/index.ts';
import type { Page } from '../../platform/pages.ts';
import type { Desk } from '../../platform/route.ts';
import type { Row } from '../../platform/service.ts';
import type { InventoryCommand } from './commands.ts';
import { available, type States, type StockItem, type WholeLocation } from './model.ts';
import type { InventoryRejection } from './rejections.ts';

export type InventoryDesk = Desk<States, InventoryCommand, InventoryEvent, InventoryRejection>;
type Reads = Pick<InventoryDesk, 'query'>;

export interface LocationRow extends WholeLocation {
  readonly id: string;
  readonly version: number;
}

export function list_locations(desk: Reads, page: Page): Promise<LocationRow[]> {
  return desk.query<LocationRow>('location.list', 'select * from inventory.location where id > $1 order by id limit $2', [
    page.after?.[0] ?? '',
    page.limit + 1,
  ]);
}

export type StockRow = StockItem & { readonly id: string; readonly version: number; readonly active: boolean };

const stock_columns = `i.*, coalesce((select l.active from inventory.location l where l.id = i.location_id), false) as active`;

/** Of one SKU, location by location. Ids are compared byte by byte and `@` comes before every letter, so a SKU's items are one range. */
export function stock_of(desk: Reads, sku: string): Promise<StockRow[]> {
  return desk.query<StockRow>(
    'stock.of_sku',
    `select ${stock_columns} from inventory.stock_item i where i.id > $1 || '@' and i.id < $1 || 'A' order by i.id`,
    [sku],
  );
}

export interface StockFilter {
  readonly location: string | null;
  readonly sku_prefix: string | null;
  /** Only items whose available units are at or below their reorder point. */
  readonly below_reorder_point: boolean;
}

export function list_stock(desk: Reads, filter: StockFilter, page: Page): Promise<StockRow[]> {
  const prefix = filter.sku_prefix ?? '';
  return desk.query<StockRow>(
    'stock.list',
    // Every character of a SKU comes before the tilde.
    `select ${stock_columns} from inventory.stock_item i
      where i.id > $1 and i.id >= $2 and ($2 = '' or i.id < $2 || '~') and ($3::text is null or i.location_id = $3)
        and (not $4 or i.below_reorder_point)
      order by i.id limit $5`,
    [page.after?.[0] ?? '', prefix, filter.location, filter.below_reorder_point, page.limit + 1],
  );
}

export interface MovementRow {
  readonly no: number;
  readonly kind: string;
  readonly sku: string;
  readonly location_id: string;
  readonly from_account: string;
  readonly to_account: string;
  readonly quantity: number;
  readonly cause_type: string;
  readonly cause_id: string;
  readonly reason: string | null;
  readonly actor: string;
  readonly moved_at: string;
}

/** The ledger of one SKU, newest first. */
export function list_movements(desk: Reads, sku: string, page: Page): Promise<MovementRow[]> {
  return desk.query<MovementRow>(
    'movement.list',
    'select * from inventory.stock_movement where sku = $1 and no < $2 order by no desc limit $3',
    [sku, page.after?.[0] ?? Number.MAX_SAFE_INTEGER, page.limit + 1],
  );
}

export function shown_location({ id, name, address, priority, active, version }: LocationRow): Row {
  return { code: id, name, address, priority, active, version };
}

export function shown_stock_item(item: StockItem, version: number): Row {
  const {
    sku,
    location_id,
    on_hand,
    held,
    allocated,
    damaged,
    quality_control,
    safety,
    backorder_limit,
    backordered,
    low_threshold,
    reorder_point,
  } = item;
  return {
    sku,
    location: location_id,
    on_hand,
    held,
    allocated,
    damaged,
    quality_control,
    safety,
    // What is on its way is suppliers' knowledge; inventory hears of goods when they arrive.
    incoming: 0,
    backorder_limit,
    available: available(item),
    backordered,
    low_threshold,
    reorder_point,
    version,
  };
}

export function shown_stock(sku: string, rows: readonly StockRow[]): Row {
  return {
    sku,
    locations: rows.map(row => {
      const { sku: _sku, ...shown } = shown_stock_item(row, row.version);
      return shown;
    }),
    available: rows.reduce((sum, row) => sum + (row.active ? available(row) : 0), 0),
    backordered: rows.reduce((sum, row) => sum + row.backordered, 0),
  };
}

export function shown_movement(row: Omit<MovementRow, 'no'>): Row {
  const { sku, location_id, kind, quantity, from_account, to_account, cause_type, cause_id, reason, actor, moved_at } = row;
  return {
    sku,
    location: location_id,
    kind,
    quantity,
    from_account,
    to_account,
    cause: { type: cause_type, id: cause_id },
    reason,
    actor,
    moved_at,
  };
}
