/** The small demo shop of a fresh directory: 30 products, 2 locations, carriage, a discount code, 2 suppliers, reorder policies; put through the public API like anybody's. */

import { demo_key } from './demo_keys.ts';
import type { Up } from './platform_up.ts';

const goods: readonly (readonly [sku: string, name: string, pence: number, grams: number])[] = [
  ['TEA-ASSAM', 'Assam loose leaf, 250 g', 795, 280],
  ['TEA-SENCHA', 'Sencha, 100 g', 1150, 130],
  ['TEA-ROOIBOS', 'Rooibos, 200 g', 640, 230],
  ['COFFEE-HOUSE', 'House espresso, 1 kg', 1890, 1040],
  ['COFFEE-DECAF', 'Decaf, 250 g', 725, 270],
  ['MUG-BLUE', 'Stoneware mug, blue', 1200, 410],
  ['MUG-SAND', 'Stoneware mug, sand', 1200, 410],
  ['TEAPOT-CAST', 'Cast iron teapot', 4900, 1650],
  ['KETTLE-STEEL', 'Steel kettle', 3600, 1120],
  ['CUP-ESPRESSO', 'Espresso cup, pair', 1450, 330],
  ['FILTER-100', 'Paper filters, 100', 450, 160],
  ['GRINDER-HAND', 'Hand grinder', 5900, 760],
  ['SCALE-BREW', 'Brewing scale', 4200, 520],
  ['JUG-MILK', 'Milk jug, 350 ml', 1800, 240],
  ['TIN-SMALL', 'Tea tin, small', 850, 120],
  ['TIN-LARGE', 'Tea tin, large', 1250, 190],
  ['HONEY-HEATHER', 'Heather honey, 340 g', 980, 560],
  ['BISCUIT-OAT', 'Oat biscuits', 420, 260],
  ['CHOC-70', 'Dark chocolate 70 %', 390, 105],
  ['CHOC-MILK', 'Milk chocolate', 350, 105],
  ['TOWEL-LINEN', 'Linen tea towel', 1100, 90],
  ['APRON-BLACK', 'Canvas apron', 2900, 430],
  ['SPOON-MEASURE', 'Measuring spoon', 560, 60],
  ['STRAINER', 'Tea strainer', 890, 70],
  ['TRAY-OAK', 'Oak tray', 3400, 1240],
  ['CANDLE-FIG', 'Candle, fig', 1600, 380],
  ['CARD-GIFT', 'Greeting card', 300, 15],
  ['BAG-COTTON', 'Cotton bag', 650, 110],
  ['BOOK-BREW', 'The Brewing Book', 2200, 690],
  ['GLASS-ICED', 'Iced tea glass, set of 4', 2600, 980],
];
const locations = [
  {
    code: 'london',
    name: 'London warehouse',
    priority: 1,
    address: { line1: '1 Wharf Road', city: 'London', postal_code: 'N1 7AA', country: 'GB' },
  },
  {
    code: 'toronto',
    name: 'Toronto shop',
    // The same as London's: of equal ones an order's own country comes first.
    priority: 1,
    address: { line1: '60 Spadina Avenue', city: 'Toronto', region: 'ON', postal_code: 'M5V 2H8', country: 'CA', phone: '+1 416 555 0100' },
  },
] as const;
/** Nobody has one: what a shop says then can be seen. Nobody reorders it either. */
const sold_out = 'CANDLE-FIG';
/** None is there, and the supplier sends some: ordered, it is promised for a day. */
const on_order = 'TEAPOT-CAST';
const shipping_rates = [
  { service: 'standard', country: 'GB', currency: 'GBP', amount: 395, free_from: 4_000, transit_days: 2 },
  { service: 'express', country: 'GB', currency: 'GBP', amount: 795, transit_days: 1 },
  { service: 'standard', country: 'CA', currency: 'GBP', amount: 695, free_from: 8_000, transit_days: 3 },
  { service: 'express', country: 'CA', currency: 'GBP', amount: 1_295, transit_days: 1 },
  { service: 'standard', currency: 'GBP', amount: 995, transit_days: 6 },
];
const request_timeout_ms = 20_000;

/** Does nothing when there are products already. */
export async function seed_demo(running: Up): Promise<void> {
  const key = await demo_key(running.settings).catch(() => undefined);
  if (key === undefined || running.door === undefined) return;
  const call = caller(running.door.url, key);
  const products = await call<{ data: unknown[] }>('GET', '/v1/products?limit=1');
  if (products.data.length > 0) return;
  await Promise.all(locations.map(({ code, ...location }) => call('PUT', `/v1/locations/${code}`, location)));
  await call(
    'POST',
    '/v1/products/import',
    goods.map(([sku, name, amount, weight_grams]) => ({ sku, name, weight_grams, prices: [{ currency: 'GBP', amount }] })),
  );
  await call(
    'POST',
    '/v1/stock/import',
    goods.flatMap(([sku], index) => {
      if (sku === sold_out) return [{ sku, location: 'london', on_hand: 0 }];
      if (sku === on_order) return [{ sku, location: 'london', on_hand: 0, backorder_limit: 20 }];
      return [
        { sku, location: 'london', on_hand: 40 + ((index * 7) % 60), backorder_limit: 20 },
        { sku, location: 'toronto', on_hand: 5 + ((index * 3) % 12) },
      ];
    }),
  );
  await call('PUT', '/v1/shipping-rates', { data: shipping_rates });
  await call('PUT', '/v1/discounts/WELCOME10', { kind: 'percent', rate_ppm: 100_000 });
  await seed_suppliers(call);
}

async function seed_suppliers(call: Caller): Promise<void> {
  const suppliers = [
    ['hill-and-son', 'Hill & Son, importers'],
    ['northern-goods', 'Northern Goods'],
  ] as const;
  await Promise.all(
    suppliers.map(([code, name]) => call('PUT', `/v1/suppliers/${code}`, { name, channel: { kind: 'rest' }, currency: 'GBP' })),
  );
  const supplier_of = (index: number) => suppliers[index % suppliers.length]?.[0] ?? suppliers[0][0];
  await Promise.all(
    goods.map(([sku, , pence], index) =>
      call('PUT', `/v1/suppliers/${supplier_of(index)}/items/${sku}`, {
        supplier_sku: `S-${sku}`,
        cost: Math.floor(pence / 2),
        minimum_quantity: 10,
        pack_size: 5,
        lead_time_days: 3 + (index % 5),
        preferred: true,
      }),
    ),
  );
  await Promise.all(
    goods.flatMap(([sku], index) =>
      sku === sold_out
        ? []
        : [call('PUT', `/v1/reorder-policies/${sku}/london`, { reorder_point: 15, target: 60, supplier: supplier_of(index) })],
    ),
  );
}

type Caller = ReturnType<typeof caller>;

function caller(url: string, key: string) {
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const lines = Array.isArray(body);
    const response = await fetch(url + path, {
      method,
      signal: AbortSignal.timeout(request_timeout_ms),
      headers: {
        authorization: `Bearer ${key}`,
        'content-type': lines ? 'application/x-ndjson' : 'application/json',
        ...(method === 'POST' ? { 'idempotency-key': `seed ${path}` } : {}),
      },
      ...(body === undefined ? {} : { body: lines ? body.map(line => JSON.stringify(line)).join('\n') : JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`the demo catalog could not be seeded: ${method} ${path} answered ${text.slice(0, 500)}`);
    // Replies of our own API.
    return (text === '' ? {} : JSON.parse(text)) as T;
  };
}
