/** Analytics against the books: what the public API says was sold, cancelled and refunded, by day and currency, and what the order tables say. */
import pg from 'pg';
import { real_clock } from '../../platform/clock.ts';
import type { Api } from './client.ts';

/** Minor units or units by name: `gross 2010-12-01 GBP`, `refunded GBP`. */
export type Figures = ReadonlyMap<string, number>;
export interface Difference {
  readonly name: string;
  readonly books: number;
  readonly analytics: number;
}

const caught_up_timeout_ms = 120_000;
const poll_ms = 50;

/** What one side has and the other has not, or has otherwise. */
export function differences(books: Figures, analytics: Figures): Difference[] {
  return [...new Set([...books.keys(), ...analytics.keys()])]
    .map(name => ({ name, books: books.get(name) ?? 0, analytics: analytics.get(name) ?? 0 }))
    .filter(row => row.books !== row.analytics)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** From the order tables: nothing of it came by way of an event. */
export async function figures_of_books(url: string): Promise<Figures> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; value: number }>(
      `with lines as (select to_char(o.placed_at at time zone 'UTC', 'YYYY-MM-DD') || ' ' || o.currency as day, o.currency, l.*
                        from orders.orders o join orders.order_line l on l.order_id = o.id where o.confirmed_at is not null),
            refunds as (select o.currency, r.amount, r.tax, r.reason from orders.refund r join orders.orders o on o.id = r.order_id where r.status = 'succeeded')
       select name, value::float8 as value from (
         select 'gross ' || day as name, sum(line_subtotal) as value from lines group by day
         union all select 'net ' || day, sum(line_total - line_tax) from lines group by day
         union all select 'units ' || day, sum(quantity) from lines group by day
         union all select 'cancelled ' || currency, sum(cancelled_value - cancelled_tax) from lines group by currency
         union all select 'units cancelled ' || currency, sum(quantity_cancelled) from lines group by currency
         union all select 'credited ' || currency, sum(amount - tax) from refunds where reason not in ('cancelled', 'shortfall', 'overpaid', 'late_payment') group by currency
         union all select 'refunded ' || currency, sum(amount) from refunds group by currency) f where value <> 0`,
    );
    return new Map(rows.map(row => [row.name, row.value]));
  } finally {
    await client.end();
  }
}

interface Point {
  readonly at: string;
  readonly currency?: string;
  readonly group?: string | null;
  readonly [measure: string]: string | number | null | undefined;
}

/** From the public API, once everything up to `until` is heard. */
export async function figures_of_analytics(api: Api, from: string, until: string): Promise<Figures> {
  await heard_until(api, until);
  const period = `from=${from}&to=${encodeURIComponent(until)}&grain=day`;
  const figures = new Map<string, number>();
  const add = (name: string, value: Point[string]) => {
    if (typeof value === 'number' && value !== 0) figures.set(name, (figures.get(name) ?? 0) + value);
  };
  const each = async (metric: string, more: string, tell: (point: Point, currency: string, day: string) => void) => {
    const { series } = await api.call<{ series: readonly Point[] }>('GET', `/v1/analytics/metrics/${metric}?${period}${more}`);
    for (const point of series) {
      const currency = point.currency ?? point.group ?? '';
      tell(point, currency, `${point.at.slice(0, 10)} ${currency}`);
    }
  };
  await each('gmv', '', (point, _, day) => add(`gross ${day}`, point['value']));
  await each('net_sales', '', (point, currency, day) => {
    add(`net ${day}`, point['sold']);
    add(`cancelled ${currency}`, point['cancelled']);
    add(`credited ${currency}`, point['credited']);
  });
  await each('units', '&group_by=currency', (point, currency, day) => {
    add(`units ${day}`, point['sold']);
    add(`units cancelled ${currency}`, point['cancelled']);
  });
  await each('refunds', '', (point, currency) => add(`refunded ${currency}`, point['value']));
  return figures;
}

/** Under a clock that stands, the end of every log is heard when the watermark is now. */
async function heard_until(api: Api, until: string): Promise<void> {
  const give_up_ms = real_clock.now_ms() + caught_up_timeout_ms;
  while (true) {
    const { watermark } = await api.call<{ watermark: string | null }>('GET', '/v1/analytics/overview');
    if (watermark !== null && watermark >= until) return;
    if (real_clock.now_ms() > give_up_ms)
      throw new Error(`analytics is at ${watermark} and not at ${until} after ${caught_up_timeout_ms / 1_000} s`);
    await real_clock.sleep(poll_ms);
  }
}

/** The sum of all figures whose name begins so. */
export function sum_of(figures: Figures, prefix: string): number {
  return [...figures].reduce((sum, [name, value]) => (name.startsWith(prefix) ? sum + value : sum), 0);
}
