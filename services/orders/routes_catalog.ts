/** Products, tax rates and shipping rates (api.md 2). PUT replaces the whole of what its address names. */

import Type from 'typebox';
import { import_reply } from '../../contracts/imports.ts';
import { not_found } from '../../platform/http.ts';
import { page_reply, page_schema, paging, read_page, text_part } from '../../platform/pages.ts';
import { Problem, type Reply, type Route, type RouteRequest } from '../../platform/route.ts';
import type { Row } from '../../platform/service.ts';
import { parse_json_text, validator } from '../../platform/strict_json.ts';
import {
  type CatalogDesk,
  get_product,
  list_products,
  list_shipping_rates,
  list_tax_rates,
  type ProductRow,
  put_products,
  replace_shipping_rates,
  replace_tax_rates,
  type StoredProduct,
} from './catalog_store.ts';
import { instant_of, invalid } from './fields.ts';
import { canonical_postal_code } from './pricing/tax.ts';
import {
  type ProductBody,
  type ProductLine,
  product_body,
  product_line,
  product_schema,
  type ShippingTableBody,
  shipping_table_body,
  type TaxTableBody,
  tax_table_body,
} from './schemas_catalog.ts';

export const import_batch_lines_max = 500;
export const rejected_lines_listed_max = 1_000;
const weight_grams_default = 500;
const tax_class_default = 'standard';
const always = '1970-01-01T00:00:00.000Z';

export function catalog_routes(desk: CatalogDesk): Route[] {
  return [...product_routes(desk), ...tax_routes(desk), ...shipping_routes(desk)];
}

function product_routes(desk: CatalogDesk): Route[] {
  return [
    {
      method: 'PUT',
      path: '/v1/products/:sku',
      summary: 'Put a product into the catalog',
      audit: { action: 'product.changed' },
      scope: 'catalog:write',
      body: product_body,
      replies: { 200: product_schema },
      rejections: [],
      async handle(request) {
        const sku = sku_of(request);
        // Validated against `body`.
        await put_products(desk, [product_row(sku, request.body as ProductBody)]);
        return show_product(desk, sku);
      },
    },
    {
      method: 'GET',
      path: '/v1/products/:sku',
      summary: 'A product',
      scope: 'catalog:read',
      also: ['pk'],
      replies: { 200: product_schema },
      rejections: ['not_found'],
      handle: request => show_product(desk, request.params['sku'] ?? ''),
    },
    {
      method: 'GET',
      path: '/v1/products',
      summary: 'All products',
      scope: 'catalog:read',
      also: ['pk'],
      query: Type.Object(paging),
      replies: { 200: page_schema(product_schema) },
      rejections: [],
      async handle(request) {
        const page = read_page(request, ['instant', text_part]);
        return page_reply(await list_products(desk, page), page, row => [row.created_at, row.sku], shown);
      },
    },
    {
      method: 'POST',
      path: '/v1/products/import',
      summary: 'Put many products, one a line',
      audit: { action: 'products.imported' },
      scope: 'catalog:write',
      ndjson: true,
      not_idempotent: true,
      replies: { 200: import_reply },
      rejections: [],
      handle: request => import_products(desk, request),
    },
  ];
}

function tax_routes(desk: CatalogDesk): Route[] {
  const show = async (): Promise<Reply> => ({ status: 200, body: { data: (await list_tax_rates(desk)).map(row => ({ ...row })) } });
  const common = { path: '/v1/tax-rates', replies: { 200: tax_table_body }, rejections: [] };
  return [
    { ...common, method: 'GET', summary: 'The whole table of tax rates', scope: 'catalog:read', handle: show },
    {
      ...common,
      method: 'PUT',
      summary: 'Replace the whole table of tax rates',
      audit: { action: 'tax_rates.changed' },
      scope: 'catalog:write',
      body: tax_table_body,
      async handle(request) {
        // Validated against `body`.
        const { data } = request.body as TaxTableBody;
        const rows = data.map((row, index) => ({
          country: row.country,
          region: row.region ?? null,
          postal_prefix: canonical_postal_code(row.postal_prefix ?? null),
          tax_class: row.tax_class,
          jurisdiction: row.jurisdiction,
          rate_ppm: row.rate_ppm,
          valid_from_at: instant_of(row.valid_from_at, `/data/${index}/valid_from_at`) ?? always,
          valid_until: instant_of(row.valid_until, `/data/${index}/valid_until`),
        }));
        refuse_twins(rows.map(row => [row.country, row.region, row.postal_prefix, row.tax_class, row.jurisdiction, row.valid_from_at]));
        await replace_tax_rates(desk, rows);
        return show();
      },
    },
  ];
}

function shipping_routes(desk: CatalogDesk): Route[] {
  const show = async (): Promise<Reply> => {
    const rows = await list_shipping_rates(desk);
    return { status: 200, body: { data: rows.map(row => ({ ...row, bands: row.bands.map(band => ({ ...band })) })) } };
  };
  const common = { path: '/v1/shipping-rates', replies: { 200: shipping_table_body }, rejections: [] };
  return [
    { ...common, method: 'GET', summary: 'The whole table of shipping rates', scope: 'catalog:read', handle: show },
    {
      ...common,
      method: 'PUT',
      summary: 'Replace the whole table of shipping rates',
      audit: { action: 'shipping_rates.changed' },
      scope: 'catalog:write',
      body: shipping_table_body,
      async handle(request) {
        // Validated against `body`.
        const { data } = request.body as ShippingTableBody;
        const rows = data.map((row, index) => shipping_row(row, index));
        refuse_twins(rows.map(row => [row.service, row.country, row.region, row.postal_prefix, row.currency]));
        await replace_shipping_rates(desk, rows);
        return show();
      },
    },
  ];
}

function shipping_row(row: ShippingTableBody['data'][number], index: number) {
  const bands = row.bands ?? [];
  const banded_by = row.banded_by ?? null;
  if ((banded_by === null) !== (bands.length === 0))
    throw invalid(`/data/${index}/bands`, 'required', 'Bands need banded_by, and banded_by needs bands.');
  if ((row.country ?? null) === null && ((row.region ?? null) !== null || (row.postal_prefix ?? null) !== null))
    throw invalid(`/data/${index}/country`, 'required', 'A region or postal prefix needs its country.');
  return {
    service: row.service,
    carrier: row.carrier ?? null,
    country: row.country ?? null,
    region: row.region ?? null,
    postal_prefix: canonical_postal_code(row.postal_prefix ?? null),
    currency: row.currency,
    amount: row.amount,
    banded_by,
    bands: [...bands].sort((a, b) => a.from - b.from),
    free_from: row.free_from ?? null,
    transit_days: row.transit_days ?? null,
  };
}

async function show_product(desk: CatalogDesk, sku: string): Promise<Reply> {
  const product = await get_product(desk, sku);
  if (product === undefined) throw not_found();
  return { status: 200, body: shown(product) };
}

function shown(product: StoredProduct): Row {
  const prices = Object.entries(product.prices).map(([currency, amount]) => ({ currency, amount }));
  const { sku, name, stocked, tax_class, weight_grams, active, created_at, updated_at } = product;
  return { sku, name, prices, stocked, tax_class, weight_grams, active, created_at, updated_at };
}

function product_row(sku: string, body: ProductBody): ProductRow {
  const prices = Object.fromEntries(body.prices.map(price => [price.currency, price.amount]));
  if (Object.keys(prices).length !== body.prices.length) throw invalid('/prices', 'invalid', 'A currency is named twice.');
  return {
    sku,
    name: body.name,
    prices,
    stocked: body.stocked ?? true,
    tax_class: body.tax_class ?? tax_class_default,
    weight_grams: body.weight_grams ?? weight_grams_default,
    active: body.active ?? true,
  };
}

function sku_of(request: RouteRequest): string {
  const sku = request.params['sku'] ?? '';
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(sku)) throw invalid('/sku', 'format', 'A SKU has 1 to 64 letters, digits and - _ . characters.');
  return sku;
}

function refuse_twins(keys: readonly (readonly (string | null)[])[]): void {
  const seen = new Set<string>();
  for (const [index, key] of keys.entries()) {
    const text = JSON.stringify(key);
    if (seen.has(text)) throw invalid(`/data/${index}`, 'invalid', 'Another row says the same with another value.');
    seen.add(text);
  }
}

const product_check = validator(product_line);

/** Line by line: what is valid is in, repeated lines change nothing. */
async function import_products(desk: CatalogDesk, request: RouteRequest): Promise<Reply> {
  const rejected: { line: number; code: string; detail: string }[] = [];
  let rejected_total = 0;
  let imported = 0;
  // A SKU named twice in a batch: the later line counts.
  let batch = new Map<string, ProductRow>();
  let taken = 0;
  const flush = async () => {
    await put_products(desk, [...batch.values()]);
    imported += taken;
    batch = new Map();
    taken = 0;
  };
  for await (const { line, text } of request.lines?.() ?? []) {
    try {
      const product = product_in(text);
      batch.set(product.sku, product);
      taken += 1;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      rejected_total += 1;
      if (rejected.length < rejected_lines_listed_max) rejected.push({ line, code: error.code, detail: error.detail });
    }
    if (taken >= import_batch_lines_max) await flush();
  }
  if (taken > 0) await flush();
  return { status: 200, body: { imported, rejected, rejected_total } };
}

function product_in(text: string): ProductRow {
  const value = parse_json_text(text);
  product_check.check(value);
  // Checked in the line above.
  const product = value as ProductLine;
  return product_row(product.sku, product);
}
