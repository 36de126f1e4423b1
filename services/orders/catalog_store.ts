/** The catalog's tables as its routes read and write them: whole rows, many at a time. */
import type { Page } from '../../platform/pages.ts';
import type { Desk } from '../../platform/route.ts';
import type { Command, Event, Rejection, States } from '../../platform/service.ts';

export type CatalogDesk = Pick<Desk<States, Command, Event, Rejection>, 'query' | 'now'>;

export interface ProductRow {
  readonly sku: string;
  readonly name: string;
  readonly prices: Readonly<Record<string, number>>;
  readonly stocked: boolean;
  readonly tax_class: string;
  readonly weight_grams: number;
  readonly active: boolean;
}
export type StoredProduct = ProductRow & { readonly created_at: string; readonly updated_at: string };

/** Each SKU at most once. A product that is as it was keeps its row. */
export async function put_products(desk: CatalogDesk, products: readonly ProductRow[]): Promise<void> {
  await desk.query(
    'product.put',
    `insert into orders.product as p (sku, name, prices, stocked, tax_class, weight_grams, active, created_at, updated_at)
     select sku, name, prices, stocked, tax_class, weight_grams, active, $2, $2 from json_populate_recordset(null::orders.product, $1) order by sku
         on conflict (sku) do update
        set name = excluded.name, prices = excluded.prices, stocked = excluded.stocked, tax_class = excluded.tax_class,
            weight_grams = excluded.weight_grams, active = excluded.active, updated_at = excluded.updated_at
      where (p.name, p.prices, p.stocked, p.tax_class, p.weight_grams, p.active)
            is distinct from (excluded.name, excluded.prices, excluded.stocked, excluded.tax_class, excluded.weight_grams, excluded.active)`,
    [JSON.stringify(products), desk.now()],
  );
}

export async function get_product(desk: CatalogDesk, sku: string): Promise<StoredProduct | undefined> {
  const [product] = await desk.query<StoredProduct>('product.get', 'select * from orders.product where sku = $1', [sku]);
  return product;
}

/** One more than the page holds, when there is more. */
export function list_products(desk: CatalogDesk, page: Page): Promise<StoredProduct[]> {
  const [created_at = 'infinity', sku = ''] = page.after ?? [];
  return desk.query<StoredProduct>(
    'product.list',
    'select * from orders.product where (created_at, sku) < ($1, $2) order by created_at desc, sku desc limit $3',
    [created_at, sku, page.limit + 1],
  );
}

export interface TaxRow {
  readonly country: string;
  readonly region: string | null;
  readonly postal_prefix: string | null;
  readonly tax_class: string;
  readonly jurisdiction: string;
  readonly rate_ppm: number;
  readonly valid_from_at: string;
  readonly valid_until: string | null;
}
export interface ShippingRow {
  readonly service: string;
  readonly carrier: string | null;
  readonly country: string | null;
  readonly region: string | null;
  readonly postal_prefix: string | null;
  readonly currency: string;
  readonly amount: number;
  readonly banded_by: string | null;
  readonly bands: readonly { readonly from: number; readonly amount: number }[];
  readonly free_from: number | null;
  readonly transit_days: number | null;
}

/** The rows as given, in their order. No two may have the same place, class, jurisdiction and start. */
export async function replace_tax_rates(desk: CatalogDesk, rows: readonly TaxRow[]): Promise<void> {
  await desk.query('tax_rate.replace', 'select orders.replace_tax_rates($1)', [JSON.stringify(numbered(rows))]);
}
export function list_tax_rates(desk: CatalogDesk): Promise<TaxRow[]> {
  return desk.query<TaxRow>(
    'tax_rate.list',
    `select country, region, postal_prefix, tax_class, jurisdiction, rate_ppm, valid_from_at, valid_until from orders.tax_rate order by row_no`,
  );
}

/** No two may have the same service, place and currency. */
export async function replace_shipping_rates(desk: CatalogDesk, rows: readonly ShippingRow[]): Promise<void> {
  await desk.query('shipping_rate.replace', 'select orders.replace_shipping_rates($1)', [JSON.stringify(numbered(rows))]);
}
export function list_shipping_rates(desk: CatalogDesk): Promise<ShippingRow[]> {
  return desk.query<ShippingRow>(
    'shipping_rate.list',
    `select service, carrier, country, region, postal_prefix, currency, amount, banded_by, bands, free_from, transit_days
       from orders.shipping_rate order by row_no`,
  );
}

function numbered<R extends object>(rows: readonly R[]): readonly (R & { row_no: number })[] {
  return rows.map((row, index) => ({ ...row, row_no: index + 1 }));
}
