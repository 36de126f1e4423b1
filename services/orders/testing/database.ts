/** For tests: orders on a real database, its commands given to the write path directly, under causes of the test's choosing. */
import { type Harness, service_on_postgres } from '../../../platform/testing/harness.ts';
import type { OrdersCommand } from '../commands.ts';
import { migrations_folder, orders_service } from '../service.ts';
import { products } from './story.ts';

export interface Database {
  query<T extends object>(sql: string, values?: readonly unknown[]): Promise<T[]>;
  submit(command: OrdersCommand, cause: string): ReturnType<Harness['runtime']['front']['submit']>;
  stop(): Promise<void>;
}

/** With the products of the stories. */
export async function orders_database(): Promise<Database> {
  const harness = await service_on_postgres({ service: orders_service, folder: migrations_folder });
  const query = async <T extends object>(sql: string, values: readonly unknown[] = []): Promise<T[]> => {
    const { rows } = await harness.runtime.pool.query<T>(sql, [...values]);
    return rows;
  };
  await query(
    `insert into orders.product (sku, name, prices, stocked, tax_class, weight_grams, active, created_at, updated_at)
     select sku, name, prices, stocked, tax_class, weight_grams, active, now(), now() from json_populate_recordset(null::orders.product, $1)`,
    [JSON.stringify(products)],
  );
  return { query, submit: (command, cause) => harness.runtime.front.submit({ command, cause, actor: 'test' }), stop: () => harness.stop() };
}
