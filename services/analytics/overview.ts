/** The shop at a glance: the whole period as one number per metric, amounts per currency. */
import { rounded_share } from './dialect.ts';
import { type Metric, metric_statement } from './metric.ts';
import { metrics } from './metrics.ts';
import type { Period } from './period.ts';
import type { Answer, Ask } from './warehouses/warehouse.ts';

export type Money = {
  readonly currency: string;
  readonly gross: number;
  readonly net: number;
  /** None without a confirmed order. */
  readonly aov: number | null;
  readonly refunds: number;
};

/** Types, not interfaces: they are replied as JSON. */
export type Overview = {
  readonly money: readonly Money[];
  readonly orders: number;
  readonly confirmed: number;
  readonly units: number;
  readonly returned: number;
  readonly conversion: number | null;
  readonly payment_success: number | null;
  readonly click_to_ship: { readonly p50_ms: number | null; readonly p90_ms: number | null };
  readonly open_exceptions: number;
};

const placed = `count(*) filter (where kind = 'sale')`;
const sold = `sum(net) filter (where kind = 'sale')`;
const units = `coalesce(sum(quantity) filter (where kind <> 'credit'), 0)`;

/** Gross, net, the average order and units as the metrics gmv, net_sales, aov and units have them, in one pass. */
export async function overview_of(ask: Ask, period: Period): Promise<Overview> {
  const { from, to, sql } = period;
  // A quantile that nobody looks at costs as much as one that is shown.
  const whole = async (name: string, measures: readonly string[]) =>
    ask(metric_statement(named(name), { period, grain: undefined, group_by: undefined, measures }));
  // One after the other: they share one connection, and so one moment.
  const sales =
    await ask(`select currency, sum(gross) as gross, sum(net) as net, ${rounded_share(sql, sold, placed)} as aov, ${units} as units
    from order_change where counted_at >= ${from} and counted_at < ${to} group by currency`);
  const [returns = {}] = await ask(
    `select sum(quantity) as returned from return_line where happened_at >= ${from} and happened_at < ${to}`,
  );
  const refunds = await whole('refunds', ['value']);
  const [orders = {}] = await whole('orders', ['value', 'confirmed']);
  const [conversion = {}] = await whole('conversion', ['value']);
  const [payment_success = {}] = await whole('payment_success', ['value']);
  const [click_to_ship = {}] = await whole('click_to_ship', ['value', 'p90']);
  const [exceptions = {}] = await ask('select count(*) as open from exception where raised_at is not null and resolved_at is null');
  const currencies = [...new Set([sales, refunds].flatMap(rows => rows.map(row => String(row['currency']))))].sort();
  const of = (rows: readonly Answer[], currency: string, measure: string) =>
    rows.find(row => row['currency'] === currency)?.[measure] ?? null;
  return {
    money: currencies.map(currency => ({
      currency,
      gross: Number(of(sales, currency, 'gross') ?? 0),
      net: Number(of(sales, currency, 'net') ?? 0),
      aov: number_or_null(of(sales, currency, 'aov')),
      refunds: Number(of(refunds, currency, 'value') ?? 0),
    })),
    orders: Number(orders['value'] ?? 0),
    confirmed: Number(orders['confirmed'] ?? 0),
    units: sales.reduce((sum, row) => sum + Number(row['units']), 0),
    returned: Number(returns['returned'] ?? 0),
    conversion: number_or_null(conversion['value']),
    payment_success: number_or_null(payment_success['value']),
    click_to_ship: { p50_ms: number_or_null(click_to_ship['value']), p90_ms: number_or_null(click_to_ship['p90']) },
    open_exceptions: Number(exceptions['open'] ?? 0),
  };
}

function named(name: string): Metric {
  const metric = metrics[name];
  if (metric === undefined) throw new Error(`no metric ${name}`);
  return metric;
}

function number_or_null(value: Answer[string] | undefined): number | null {
  return typeof value === 'number' ? value : null;
}
