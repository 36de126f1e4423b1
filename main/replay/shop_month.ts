/**
 * A month of a small shop, made up: for `demo` without a retailer's file. The same seed and last day give the same file, in the columns that replay reads:
 * orders of a few lines, busier at noon and before the weekend, customers who come back, credits for what they had bought, and a count of the shelf now and then.
 */
import { type Random, seeded_random } from '../../platform/random.ts';

export interface Good {
  readonly sku: string;
  readonly name: string;
  readonly pence: number;
}
export interface ShopMonth {
  readonly goods: readonly Good[];
  /** RFC 3339 date of its last day. */
  readonly last_day: string;
  readonly seed: number;
  readonly days?: number;
  readonly orders_a_day?: number;
}
interface Sale {
  readonly good: Good;
  readonly quantity: number;
}

const day_ms = 86_400_000;
const customers = 420;
/** Sunday first. */
const weekday_weights = [0.6, 0.9, 0.95, 1, 1.1, 1.35, 1.1];
const hour_weights = [0, 0, 0, 0, 0, 0, 1, 2, 5, 8, 9, 10, 12, 11, 9, 8, 8, 9, 11, 12, 10, 7, 4, 1];
const countries = [
  'United Kingdom',
  'United Kingdom',
  'United Kingdom',
  'United Kingdom',
  'EIRE',
  'France',
  'Germany',
  'Canada',
  'Netherlands',
];
const credit_share = 0.04;
const counted_share = 0.02;
const header = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country';

/** The lines of a CSV file, header first. */
export function shop_month({ goods, last_day, seed, days = 31, orders_a_day = 45 }: ShopMonth): string[] {
  const random = seeded_random(seed);
  const bought = new Map<number, Sale[]>();
  const lines = [header];
  let invoice = 100_000;
  for (let day = 0; day < days; day++) {
    const midnight_ms = Date.parse(last_day) - (days - 1 - day) * day_ms;
    // A shop that grows by a quarter in a month.
    const orders = Math.round(orders_a_day * (weekday_weights[new Date(midnight_ms).getUTCDay()] ?? 1) * (0.9 + (0.25 * day) / days));
    for (const at_ms of times(random, midnight_ms, orders)) {
      const customer = 1_000 + Math.floor(customers * random.next() ** 1.6);
      const country = countries[customer % countries.length] ?? 'United Kingdom';
      const row = (number: string, { good, quantity }: Sale, pence: number) =>
        void lines.push(row_of([number, good.sku, good.name, quantity, time_of(at_ms), (pence / 100).toFixed(2), customer, country]));
      const earlier = bought.get(customer);
      if (earlier !== undefined && random.next() < credit_share) {
        bought.delete(customer);
        for (const sale of earlier.slice(0, 1)) row(`C${++invoice}`, { ...sale, quantity: -1 }, sale.good.pence);
        continue;
      }
      const sales = basket(random, goods);
      bought.set(customer, sales);
      invoice += 1;
      for (const sale of sales) row(String(invoice), sale, sale.good.pence);
      const [first] = sales;
      if (first !== undefined && random.next() < counted_share) row(String(++invoice), { good: first.good, quantity: -2 }, 0);
    }
  }
  return lines;
}

/** One to five goods, the first in the list far more often than the last. */
function basket(random: Random, goods: readonly Good[]): Sale[] {
  const chosen = new Map<Good, number>();
  const size = 1 + Math.floor(4 * random.next() ** 1.5);
  for (let line = 0; line < size; line++) {
    const good = goods[Math.floor(goods.length * random.next() ** 1.8)];
    if (good !== undefined) chosen.set(good, 1 + Math.floor(3 * random.next() ** 3));
  }
  return [...chosen].map(([good, quantity]) => ({ good, quantity }));
}

function times(random: Random, midnight_ms: number, count: number): number[] {
  const all = hour_weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length: count }, () => {
    const wanted = random.next() * all;
    let sum = 0;
    const hour = hour_weights.findIndex(weight => {
      sum += weight;
      return wanted < sum;
    });
    return midnight_ms + hour * 3_600_000 + Math.floor(random.next() * 3_600) * 1_000;
  }).toSorted((a, b) => a - b);
}

function time_of(at_ms: number): string {
  return new Date(at_ms).toISOString().slice(0, 19).replace('T', ' ');
}

function row_of(cells: readonly (string | number)[]): string {
  return cells.map(cell => (typeof cell === 'string' && /[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : String(cell))).join(',');
}
