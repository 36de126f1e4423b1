/** Every row of the file by kind, in rows and value; the sum equals the file's to the penny, and the orders' totals equal their rows'. */
import pg from 'pg';
import { differences, type Figures, figures_of_books, sum_of } from './insight.ts';
import type { Plan, RowKind, Tally } from './plan.ts';
import { row_kinds } from './plan.ts';
import { money } from './progress.ts';
import type { Outcome } from './replay.ts';

const shown_differences_max = 10;

export interface AccountingGiven extends Outcome {
  readonly planned: Plan;
  /** What analytics says. */
  readonly figures: Figures;
  readonly url: string;
  readonly seconds: number;
}

/** True when everything adds up. */
export async function print_accounting(given: AccountingGiven): Promise<boolean> {
  const { planned, rejected, orders, returns, seconds } = given;
  const tallies = with_rejected(planned, rejected);
  const sum = row_kinds.reduce((total, kind) => ({ rows: total.rows + tallies[kind].rows, mills: total.mills + tallies[kind].mills }), {
    rows: 0,
    mills: 0,
  });
  console.log('\n  what became of every row\n');
  for (const kind of row_kinds)
    console.log(
      `    ${kind.padEnd(20)} ${tallies[kind].rows.toLocaleString('en-GB').padStart(9)} rows ${money(tallies[kind].mills).padStart(18)}`,
    );
  console.log(
    `    ${'all'.padEnd(20)} ${sum.rows.toLocaleString('en-GB').padStart(9)} rows ${money(sum.mills).padStart(18)}   of the file: ${planned.rows.toLocaleString('en-GB')} rows ${money(planned.mills)}`,
  );
  const booked = await booked_totals(given.url);
  const sales_mills = tallies.sale.mills + tallies['sale of no goods'].mills - planned.rounding_mills;
  const rows_agree = sum.rows === planned.rows && sum.mills === planned.mills;
  const orders_agree = booked.grand_total * 10 === sales_mills && booked.orders === orders.size;
  console.log(
    `\n    ${orders.size.toLocaleString('en-GB')} orders, their totals ${money(booked.grand_total * 10)} ${orders_agree ? '=' : '≠'} their rows ${money(sales_mills)} (rounding ${money(planned.rounding_mills)})`,
  );
  console.log(
    `    captured ${money(booked.captured * 10)}, refunded ${money(booked.refunded * 10)}; ${returns.returned.units.toLocaleString('en-GB')} units came back, ${returns.returned.cancelled_units.toLocaleString('en-GB')} were cancelled before dispatch`,
  );
  for (const [why, units] of returns.returned.refused)
    console.log(`    credits the platform refused: ${units.toLocaleString('en-GB')} units, ${why}`);
  for (const [code, count] of counted(rejected)) console.log(`    orders refused: ${count}, ${code}`);
  console.log(`    by status: ${booked.by_status.map(row => `${row.status} ${row.count.toLocaleString('en-GB')}`).join(', ')}`);
  console.log(
    `    ${seconds.toFixed(0)} s in all, ${Math.round(orders.size / seconds)} orders/s, ${Math.round(process.resourceUsage().maxRSS / 1_024)} MB at most in this process`,
  );
  return (await print_insight(given, sales_mills)) && rows_agree && orders_agree;
}

/** Day by day and currency by currency the order tables and analytics say the same, and all of it is what the file's rows add up to. */
async function print_insight({ figures, url }: AccountingGiven, sales_mills: number): Promise<boolean> {
  const different = differences(await figures_of_books(url), figures);
  const gross = sum_of(figures, 'gross ');
  const is_files = gross * 10 === sales_mills;
  console.log(
    `    analytics: ${figures.size.toLocaleString('en-GB')} numbers by day and currency, ${different.length} unlike the order tables; gross ${money(gross * 10)} ${is_files ? '=' : '≠'} the rows', net ${money(sum_of(figures, 'net ') * 10)}, less ${money(sum_of(figures, 'cancelled ') * 10)} cancelled and ${money(sum_of(figures, 'credited ') * 10)} credited`,
  );
  for (const { name, books, analytics } of different.slice(0, shown_differences_max))
    console.log(`      ${name}: ${books} in the order tables, ${analytics} in analytics`);
  return different.length === 0 && is_files;
}

/** Rows of an order that was refused are their own kind (decisions.md 7). */
function with_rejected(planned: Plan, rejected: ReadonlyMap<string, string>): Record<RowKind, Tally> {
  const tallies = { ...planned.tallies };
  for (const invoice of rejected.keys()) {
    const tally = planned.by_invoice.get(invoice) ?? { rows: 0, mills: 0 };
    tallies.sale = { rows: tallies.sale.rows - tally.rows, mills: tallies.sale.mills - tally.mills };
    tallies['rejected sale'] = { rows: tallies['rejected sale'].rows + tally.rows, mills: tallies['rejected sale'].mills + tally.mills };
  }
  return tallies;
}

function counted(rejected: ReadonlyMap<string, string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const code of rejected.values()) counts.set(code, (counts.get(code) ?? 0) + 1);
  return counts;
}

interface Booked {
  readonly orders: number;
  readonly grand_total: number;
  readonly captured: number;
  readonly refunded: number;
  readonly by_status: readonly { status: string; count: number }[];
}

/** From the platform's own tables: what it believes it sold. */
async function booked_totals(url: string): Promise<Booked> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Booked>(
      `select count(*)::int as orders, coalesce(sum(grand_total), 0)::float8 as grand_total, coalesce(sum(captured), 0)::float8 as captured, coalesce(sum(refunded), 0)::float8 as refunded,
              (select coalesce(json_agg(s), '[]'::json) from (select status, count(*)::int as count from orders.orders group by status order by count(*) desc) s) as by_status
         from orders.orders`,
    );
    const [booked] = rows;
    if (booked === undefined) throw new Error('the orders table does not answer');
    return booked;
  } finally {
    await client.end();
  }
}
