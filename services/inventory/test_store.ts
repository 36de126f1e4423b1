/** Inventory on a PostgreSQL of its own, with two active locations, and the commands that store tests are made of. */
import type { InventoryEvent } from '../../contracts/index.ts';
import type { Row } from '../../platform/service.ts';
import { type Harness, service_on_postgres } from '../../platform/testing/harness.ts';
import type { Item, Result } from '../../platform/write.ts';
import type { InventoryCommand } from './commands.ts';
import { empty_stock_item, type Reservation, type StockItem } from './model.ts';
import { inventory_service, migrations_folder } from './service.ts';
import { reservation_rows, stock_item_rows } from './store.ts';

export interface TestStore {
  readonly harness: Harness;
  sql<T extends object = Row>(text: string, values?: readonly unknown[]): Promise<T[]>;
  /** Together: what is submitted in one turn shares a batch. */
  submit(commands: readonly InventoryCommand[]): Promise<Result[]>;
  reservation(order_id: string): Promise<Reservation | undefined>;
  stock_item(id: string): Promise<StockItem>;
}

export async function test_store(): Promise<TestStore> {
  const harness = await service_on_postgres({ service: inventory_service(), folder: migrations_folder });
  const sql: TestStore['sql'] = async <T extends object>(text: string, values: readonly unknown[] = []) =>
    // The test names the columns that it selects.
    (await harness.runtime.pool.query(text, [...values])).rows as T[];
  const loaded = async (load: string, id: string) => (await sql<{ rows: Row[] }>(load, [[id]]))[0]?.rows[0];
  await sql(
    `insert into inventory.location values
       ('near', 1, 'Near', '{"country":"GB"}', 1, true), ('far', 1, 'Far', '{}', 2, true), ('old', 1, 'Old', '{}', 0, false)`,
  );
  return {
    harness,
    sql,
    submit: commands => Promise.all(commands.map(command => harness.runtime.front.submit(item_of(command)))),
    async reservation(order_id) {
      const row = await loaded(reservation_rows.load, order_id);
      return row === undefined ? undefined : reservation_rows.from_row(row);
    },
    async stock_item(id) {
      const row = await loaded(stock_item_rows.load, id);
      return row === undefined ? empty_stock_item(id) : stock_item_rows.from_row(row);
    },
  };
}

let causes = 0;
export const item_of = (command: InventoryCommand): Item => ({ command, cause: `evt_store${++causes}`, actor: 'system' });

export const events_of = (results: readonly Result[]): InventoryEvent[] =>
  results.flatMap(result => {
    if (result.result === 'failed') throw result.error;
    // Inventory's runtime decides inventory's events.
    return result.result === 'decided' ? (result.events as InventoryEvent[]) : [];
  });
export const types_of = (results: readonly Result[]): string[] => events_of(results).map(event => event.type);

export const stock = (sku: string, location_id: string, on_hand: number, backorder_limit = 0): InventoryCommand => ({
  type: 'import_stock',
  lines: [{ sku, location_id, on_hand, safety: null, backorder_limit }],
});
export const reserve = (order_id: string, lines: readonly [string, number][], more: object = {}): InventoryCommand => ({
  type: 'reserve_stock',
  order_id,
  customer_ref: null,
  destination: { country: 'GB', region: null },
  priority: 5,
  replaces_order_id: null,
  lines: lines.map(([sku, quantity], index) => ({ line_no: index + 1, sku, quantity, accept_backorder: true })),
  ...more,
});
export const allocate = (order_id: string): InventoryCommand => ({ type: 'allocate_stock', order_id });
export const release = (order_id: string): InventoryCommand => ({
  type: 'release_stock',
  order_id,
  cause: 'order.expired',
  cancellation_no: null,
  answers: null,
  lines: null,
});
export const receive = (receipt_id: string, sku: string, accepted: number): InventoryCommand => ({
  type: 'receive_stock',
  receipt_id,
  po_id: null,
  location_id: 'near',
  lines: [{ line_no: 1, sku, accepted, damaged: 0, inspect: false }],
});
export const consume = (order_id: string, line_no: number, quantity: number, shipment_id = `shp_${order_id}`): InventoryCommand => ({
  type: 'consume_stock',
  order_id,
  shipment_id,
  parcels: [{ parcel_id: `pcl_${shipment_id}`, lines: [{ line_no, location_id: 'near', quantity }] }],
});
