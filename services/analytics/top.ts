/** Who and what sells most: per currency the first by net, beside it gross, units and orders. */
import type { Period } from './period.ts';
import type { Answer, Ask } from './warehouses/warehouse.ts';

export const top_dimensions = ['sku', 'country', 'customer'] as const;
export type TopDimension = (typeof top_dimensions)[number];
export const top_orders = ['net', 'gross', 'units', 'orders'] as const;
export type TopOrder = (typeof top_orders)[number];

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

export async function top_of(ask: Ask, period: Period, question: TopQuestion): Promise<Top[]> {
  const currencies = await ask(`select distinct currency from order_change where ${within(period)} order by 1`);
  const rows: Top[] = [];
  // One statement a currency: grouped by one column instead of two, and the first found without putting all in order.
  for (const { currency } of currencies) {
    const first = await ask(statements[question.dimension](period, String(currency), question));
    rows.push(...first.map(row => top_row(row, String(currency))));
  }
  return rows;
}

const within = ({ from, to }: Period) => `counted_at >= ${from} and counted_at < ${to}`;

function sums_by(column: string, table: string, orders: string, period: Period, currency: string): string {
  return `select ${column} as key, sum(net) as net, sum(gross) as gross, sum(quantity) as units, ${orders} as orders
    from ${table} where ${within(period)} and currency = ${period.sql.text(currency)} group by 1`;
}

const sales = `sum(case when kind = 'sale' then 1 else 0 end)`;
const statements: Readonly<Record<TopDimension, (period: Period, currency: string, question: TopQuestion) => string>> = {
  sku: (period, currency, { by, limit }) => `select t.*, p.name as name
    from (select * from (${sums_by('sku', 'money_change', 'sum(orders)', period, currency)}) s order by ${by} desc, key limit ${limit}) t
    left join product p on p.sku = t.key order by ${by} desc, key`,
  country: (period, currency, { by, limit }) =>
    `select *, null as name from (${sums_by('country', 'order_change', sales, period, currency)}) s order by ${by} desc, key limit ${limit}`,
  // By their numbers, and only those by name that may be among the first: as many as are wanted, and who has as much as the last of these.
  customer: (
    period,
    currency,
    { by, limit },
  ) => `with s as ${period.sql.kept} (${sums_by('customer_key', 'order_change', sales, period, currency)})
    select c.customer_ref as key, null as name, t.net as net, t.gross as gross, t.units as units, t.orders as orders
      from (select * from s where ${by} >= (select min(${by}) from (select ${by} from s order by ${by} desc limit ${limit}) first)) t
      left join customer_first c on c.customer_key = t.key order by ${by} desc, key limit ${limit}`,
};

function top_row(row: Answer, currency: string): Top {
  const text = (name: string) => (typeof row[name] === 'string' ? row[name] : null);
  return {
    key: text('key'),
    name: text('name'),
    currency,
    net: Number(row['net']),
    gross: Number(row['gross']),
    units: Number(row['units']),
    orders: Number(row['orders']),
  };
}
