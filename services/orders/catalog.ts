/** The catalog's SQL: what decisions read without a lock (ReferenceKind), and what the catalog's routes write, set-based. */
import { instant, instant_or_null, type Json, type ReferenceKind, type Row } from '../../platform/service.ts';
import type { Product } from './pricing/price_order.ts';
import type { ShippingRate, ShippingTable } from './pricing/shipping.ts';
import { type TaxRate, type TaxTable, tax_table } from './pricing/tax.ts';

/** The id of the tables of an order that goes nowhere. */
export const nowhere = '-';

/** Id: the SKU. null: there is no such product. */
export const product_kind: ReferenceKind<Product | null> = {
  reference: true,
  initial: () => null,
  rows: {
    load: `select coalesce(json_agg(p), '[]'::json) as rows
             from (select sku as id, sku, name, prices, stocked, tax_class, weight_grams, active from orders.product where sku = any($1)) p`,
    from_row: product_of,
  },
};

/** Id: the country, or `nowhere`. */
export const tax_table_kind: ReferenceKind<TaxTable> = {
  reference: true,
  initial: () => tax_table([]),
  rows: {
    load: `select coalesce(json_agg(t), '[]'::json) as rows
             from (select country as id, json_agg(r) as rates from orders.tax_rate r where country = any($1) group by country) t`,
    from_row: row => tax_table(rows_in(row['rates']).map(tax_rate_of)),
  },
};

/** Id: the country, or `nowhere`; rates for anywhere are in every one of these tables. */
export const shipping_table_kind: ReferenceKind<ShippingTable> = {
  reference: true,
  initial: () => [],
  rows: {
    load: `select coalesce(json_agg(t), '[]'::json) as rows
             from (select asked.id, (select json_agg(r) from orders.shipping_rate r where r.country = asked.id or r.country is null) as rates
                     from unnest($1::text[]) as asked(id)) t`,
    from_row: row => rows_in(row['rates']).map(shipping_rate_of),
  },
};

// The parsed boundary: what the load statements above select, whose columns the checks of 002_catalog.sql hold to these types.
function product_of(row: Row): Product {
  return {
    sku: row['sku'] as string,
    name: row['name'] as string,
    prices: row['prices'] as Readonly<Record<string, number>>,
    stocked: row['stocked'] as boolean,
    tax_class: row['tax_class'] as string,
    weight_grams: row['weight_grams'] as number,
    active: row['active'] as boolean,
  };
}
function tax_rate_of(row: Row): TaxRate {
  return {
    country: row['country'] as string,
    region: row['region'] as string | null,
    postal_prefix: row['postal_prefix'] as string | null,
    tax_class: row['tax_class'] as string,
    jurisdiction: row['jurisdiction'] as string,
    rate_ppm: row['rate_ppm'] as number,
    valid_from_at: instant(row['valid_from_at']),
    valid_until: instant_or_null(row['valid_until']),
  };
}
function shipping_rate_of(row: Row): ShippingRate {
  return {
    service: row['service'] as string,
    carrier: row['carrier'] as string | null,
    country: row['country'] as string | null,
    region: row['region'] as string | null,
    postal_prefix: row['postal_prefix'] as string | null,
    currency: row['currency'] as string,
    amount: row['amount'] as number,
    banded_by: row['banded_by'] as ShippingRate['banded_by'],
    bands: row['bands'] as ShippingRate['bands'],
    free_from: row['free_from'] as number | null,
    transit_days: row['transit_days'] as number | null,
  };
}
function rows_in(value: Json | undefined): readonly Row[] {
  return (value ?? []) as readonly Row[];
}
