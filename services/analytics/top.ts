/** Who and what sells most: per currency the first by net, beside it gross, units and orders. */
import type { Period } from './period.ts';
import type { Answer, Ask } from './warehouses/warehouse.ts';

export const top_dimensions = ['sku', 'country', 'customer'] as const;
export type TopDimension = (typeof top_dimensions)[number];
export const top_orders = ['net', 'gross', 'units', 'orders'] as const;
export type TopOrder = (typeof top_orders)[number];
const columns: Readonly<Record<TopDimension, string>> = { sku: 'sku', country: 'country', customer: 'customer_ref' };

/** A type, not an interface: it is replied as JSON. */
export type Top = {
  /** Null: orders without a country or a customer, credits that no line names. */
  readonly key: string | null;
  /** Of a SKU, as it was last sold. */
  readonly name: string | null;
  readonly currency: string;
  readonly net: number;
  readonly gross: number;
  readonly units: number;
  readonly orders: number;
};

export interface TopQuestion {
  readonly dimension: TopDimension;
  readonly by: TopOrder;
  readonly limit: number;
}

export async function top_of(ask: Ask, { sql, from, to }: Period, { dimension, by, limit }: TopQuestion): Promise<Top[]> {
  const column = columns[dimension];
  const name = dimension === 'sku' ? 'p.name' : 'null';
  const named = dimension === 'sku' ? 'left join product p on p.sku = t.key' : '';
  const table = dimension === 'sku' ? 'money_change' : 'order_change';
  const within = `counted_at >= ${from} and counted_at < ${to}`;
  const currencies = await ask(`select distinct currency from order_change where ${within} order by 1`);
  const rows: Answer[] = [];
  // One statement a currency: the first of each are found without putting all in order.
  for (const { currency } of currencies) {
    rows.push(
      ...(await ask(`select t.*, ${name} as name from (
        select * from (select ${column} as key, currency, sum(net) as net, sum(gross) as gross, sum(quantity) as units,
               ${dimension === 'sku' ? 'sum(orders)' : `count(*) filter (where kind = 'sale')`} as orders
          from ${table} where ${within} and currency = ${sql.text(String(currency))} group by 1, 2) s order by ${by} desc, key limit ${limit}) t ${named}
        order by ${by} desc, key`)),
    );
  }
  return rows.map(top_row);
}

function top_row(row: Answer): Top {
  const text = (name: string) => (typeof row[name] === 'string' ? row[name] : null);
  return {
    key: text('key'),
    name: text('name'),
    currency: text('currency') ?? '',
    net: Number(row['net']),
    gross: Number(row['gross']),
    units: Number(row['units']),
    orders: Number(row['orders']),
  };
}
