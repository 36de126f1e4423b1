/** Inventory: what there is, for whom it is kept, and who waits for it. */
import type { InventoryEvent } from '../../contracts/index.ts';
import type { Kind, ReferenceKind, Service } from '../../platform/service.ts';
import type { InventoryCommand } from './commands.ts';
import { adjust_stock, inspect_stock } from './decide/adjust.ts';
import { allocate_stock, consume_stock } from './decide/allocate.ts';
import { fill_backorders } from './decide/backorders.ts';
import { backorders_timer, reservation_timer } from './decide/draft.ts';
import { receive_stock, restock } from './decide/goods.ts';
import { location_timer, set_location, tell_location } from './decide/locations.ts';
import { hear_reorder_policy, import_stock, report_drift, set_stock_policy } from './decide/policy.ts';
import { release_stock } from './decide/release.ts';
import { expire_reservation, type ReserveSettings, reservation_ms_default, reserve_handlers } from './decide/reserve.ts';
import { replace_short_units } from './decide/shortfall.ts';
import { evolve_location } from './evolve_location.ts';
import { evolve_reservation } from './evolve_reservation.ts';
import { evolve_stock_item } from './evolve_stock_item.ts';
import {
  type BackorderQueue,
  empty_stock_item,
  type Footprint,
  type Location,
  levels_of,
  new_reservation,
  type Reservation,
  type States,
  type StockItem,
  sku_of,
  type UnpaidHolders,
  type WholeLocation,
} from './model.ts';
import { type Heard, reactions } from './reactions.ts';
import type { InventoryRejection } from './rejections.ts';
import {
  backorder_queue_rows,
  booked_rows,
  footprint_rows,
  location_rows,
  locations_rows,
  records,
  reservation_rows,
  stock_item_rows,
  unpaid_rows,
} from './store.ts';

export const migrations_folder = new URL('./migrations', import.meta.url).pathname;

const no_footprint: Footprint = { version: 0, status: 'new', lines: [], wanted: [] };
const no_queue: BackorderQueue = { available: 0, backordered: 0, waiting: [] };
const no_holders: UnpaidHolders = { holders: [] };

const locations: ReferenceKind<readonly Location[]> = { reference: true, initial: () => [], rows: locations_rows };
const footprint: ReferenceKind<Footprint> = { reference: true, initial: () => no_footprint, rows: footprint_rows };
const backorder_queue: ReferenceKind<BackorderQueue> = { reference: true, initial: () => no_queue, rows: backorder_queue_rows };
const unpaid: ReferenceKind<UnpaidHolders> = { reference: true, initial: () => no_holders, rows: unpaid_rows };
const booked: ReferenceKind<boolean> = { reference: true, initial: () => false, rows: booked_rows };
const location: Kind<WholeLocation | undefined, InventoryEvent> = {
  initial: () => undefined,
  evolve: evolve_location,
  rows: location_rows,
};
const reservation: Kind<Reservation, InventoryEvent> = { initial: new_reservation, evolve: evolve_reservation, rows: reservation_rows };
const stock_item: Kind<StockItem, InventoryEvent> = {
  initial: empty_stock_item,
  evolve: evolve_stock_item,
  summary: {
    key: sku_of,
    event: rows => ({
      type: 'stock.levels_changed',
      data: { levels: [...rows.values()].map(({ state, version }) => levels_of(state, version)) },
    }),
  },
  rows: stock_item_rows,
};

export function inventory_service(
  settings: ReserveSettings = { reservation_ms: reservation_ms_default },
): Service<States, InventoryCommand, InventoryEvent, InventoryRejection, Heard> {
  return {
    name: 'inventory',
    // The order in which rows are read and locked.
    kinds: { locations, footprint, backorder_queue, unpaid, booked, location, reservation, stock_item },
    commands: {
      ...reserve_handlers(settings),
      expire_reservation,
      allocate_stock,
      release_stock,
      consume_stock,
      replace_short_units,
      restock,
      receive_stock,
      fill_backorders,
      adjust_stock,
      inspect_stock,
      import_stock,
      set_stock_policy,
      hear_reorder_policy,
      set_location,
      tell_location,
      report_drift,
    },
    reactions,
    timers: {
      [location_timer]: ({ id }) => ({ type: 'tell_location', location_id: id }),
      [reservation_timer]: ({ id }) => ({ type: 'expire_reservation', order_id: id }),
      [backorders_timer]: ({ id }) => ({ type: 'fill_backorders', item_id: id }),
    },
    records,
  };
}
