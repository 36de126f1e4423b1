/** The shop that buyers come to: plenty of most things, and a few of some, which are fought for. What is put on the shelf here is all there ever is. */

export interface Shelf {
  readonly skus: readonly string[];
  readonly scarce: readonly string[];
  readonly shelf: ReadonlyMap<string, { readonly units: number; readonly backorder_limit: number }>;
}
export interface ShopGiven {
  readonly key: string;
  readonly orders_port: number;
  readonly stock_port: number;
  /** A location in Canada, too, and shelves that suppliers fill. */
  readonly third_parties: boolean;
}
type Put = (method: string, path: string, body: unknown) => Promise<void>;

const england = { line1: '1 Road', city: 'London', postal_code: 'N1 7AA', country: 'GB' };
const canada = {
  line1: '88 Queens Quay W',
  city: 'Toronto',
  region: 'ON',
  postal_code: 'M5J 0B8',
  country: 'CA',
  phone: '+1 416 555 0100',
};

export async function open_shop({ key, orders_port, stock_port, third_parties }: ShopGiven): Promise<Shelf> {
  const skus = Array.from({ length: 40 }, (_, index) => `C${index}`);
  const scarce = Array.from({ length: 6 }, (_, index) => `RARE${index}`);
  const to =
    (port: number): Put =>
    async (method, path, body) => {
      const lines = Array.isArray(body);
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': lines ? 'application/x-ndjson' : 'application/json' },
        body: lines ? body.map(line => JSON.stringify(line)).join('\n') : JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    };
  const places = { north: england, south: england, ...(third_parties ? { west: canada } : {}) };
  const locations = Object.keys(places);
  for (const [index, [code, address]] of Object.entries(places).entries())
    await to(stock_port)('PUT', `/v1/locations/${code}`, { name: code, priority: index + 1, address });
  // Whole pounds: at CyberSource's stand-in the pence of a total decide what happens to it.
  const product = (sku: string, index: number) => ({
    sku,
    name: `Product ${sku}`,
    weight_grams: 300,
    prices: [{ currency: 'GBP', amount: 500 + index * 100 }],
  });
  await to(orders_port)('POST', '/v1/products/import', [...skus, ...scarce].map(product));
  const put = [
    ...skus.flatMap(sku => locations.map(location => ({ sku, location, on_hand: 50_000, backorder_limit: 0 }))),
    ...scarce.flatMap((sku, index) => locations.map(location => ({ sku, location, on_hand: 5 + index, backorder_limit: 0 }))),
  ];
  await to(stock_port)('POST', '/v1/stock/import', put);
  if (third_parties) await open_supply(skus, locations, to(stock_port));
  const units = (sku: string, field: 'on_hand' | 'backorder_limit') =>
    put.reduce((sum, line) => sum + (line.sku === sku ? line[field] : 0), 0);
  const shelf = new Map(
    [...skus, ...scarce].map(sku => [sku, { units: units(sku, 'on_hand'), backorder_limit: units(sku, 'backorder_limit') }]),
  );
  return { skus, scarce, shelf };
}

/** Shelves that count as too empty from the beginning, so that there are purchase orders, half of them over X12; what comes is never sold. */
async function open_supply(skus: readonly string[], locations: readonly string[], put: Put): Promise<void> {
  for (const [index, sku] of skus.entries()) {
    const supplier = `maker-${index % 8}`;
    const channel = index % 2 === 0 ? { kind: 'rest' } : { kind: 'x12_http', partner: `ZZ/MAKER${index}` };
    if (index < 8) await put('PUT', `/v1/suppliers/${supplier}`, { name: supplier, channel, currency: 'GBP' });
    const item = { supplier_sku: `M-${sku}`, cost: 200, minimum_quantity: 1, pack_size: 1, lead_time_days: 2 };
    await put('PUT', `/v1/suppliers/${supplier}/items/${sku}`, item);
    for (const location of locations)
      await put('PUT', `/v1/reorder-policies/${sku}/${location}`, { reorder_point: 50_500, target: 51_000, supplier });
  }
}
