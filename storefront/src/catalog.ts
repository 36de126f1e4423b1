/** The products, asked for once a visit: prices at which somebody orders come from a quote. */
import type { Api } from './api.ts';
import type { Product } from './api_types.ts';

let asked: Promise<readonly Product[]> | undefined;

export function products_of(api: Api): Promise<readonly Product[]> {
  asked ??= api.products().then(
    products => products.toSorted((a, b) => place_of(a) - place_of(b) || (a.name < b.name ? -1 : 1)),
    (error: unknown) => {
      asked = undefined;
      throw error;
    },
  );
  return asked;
}

export function price_of(product: Product, currency: string): number | undefined {
  return product.prices.find(price => price.currency === currency)?.amount;
}

/** The aisles of the demo catalog, by what its SKUs begin with. Whatever else the catalog holds is in the last. */
const aisles: readonly (readonly [name: string, kinds: readonly string[]])[] = [
  ['Tea', ['TEA', 'TIN', 'STRAINER', 'TEAPOT', 'GLASS']],
  ['Coffee', ['COFFEE', 'FILTER', 'GRINDER', 'SCALE', 'CUP', 'JUG']],
  ['Pots & cups', ['MUG', 'TEAPOT', 'KETTLE', 'CUP', 'JUG', 'GLASS', 'TRAY']],
  ['Pantry', ['HONEY', 'BISCUIT', 'CHOC']],
  ['Home & gifts', ['TOWEL', 'APRON', 'SPOON', 'CANDLE', 'CARD', 'BAG', 'BOOK', 'TIN', 'TRAY']],
];
const kinds_in_order = [...new Set(aisles.flatMap(([, kinds]) => kinds))];
const known = new Set(kinds_in_order);
export const everything = 'Everything';
const others = 'More';

export function aisles_of(products: readonly Product[]): readonly string[] {
  const has_others = products.some(({ sku }) => !known.has(kind_of(sku)));
  return [everything, ...aisles.map(([name]) => name), ...(has_others ? [others] : [])];
}

export function in_aisle(products: readonly Product[], aisle: string): readonly Product[] {
  if (aisle === everything) return products;
  const kinds = aisles.find(([name]) => name === aisle)?.[1];
  return products.filter(({ sku }) => (kinds === undefined ? !known.has(kind_of(sku)) : kinds.includes(kind_of(sku))));
}

/** Aisle by aisle; what no aisle has comes last. */
function place_of({ sku }: Product): number {
  const place = kinds_in_order.indexOf(kind_of(sku));
  return place < 0 ? kinds_in_order.length : place;
}

function kind_of(sku: string): string {
  return sku.split('-')[0] ?? '';
}
