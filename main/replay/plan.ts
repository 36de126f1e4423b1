/** What each row of the file becomes (decisions.md 4 to 7). Pure: the same file gives the same plan. */
import { type FileRow, type Invoice, is_goods } from './rows.ts';

/** Every row is of one kind; values in thousandths. */
export const row_kinds = [
  'sale',
  'sale of no goods',
  'zero-priced line',
  'return',
  'unmatched return',
  'found',
  'stock movement',
  'bad debt',
  'rejected sale',
] as const;
export type RowKind = (typeof row_kinds)[number];

export interface OrderLine {
  readonly sku: string;
  readonly quantity: number;
  readonly unit_price: number;
}
/** Units of one earlier order's line that a credit row gives back. */
export interface Match {
  readonly order: string;
  readonly line_no: number;
  readonly quantity: number;
}
export type Step =
  | {
      readonly kind: 'order';
      readonly at: string;
      readonly invoice: string;
      readonly customer: string | null;
      readonly country: string;
      readonly lines: readonly OrderLine[];
    }
  | { readonly kind: 'return'; readonly at: string; readonly invoice: string; readonly matches: readonly Match[] }
  | {
      readonly kind: 'adjustment';
      readonly at: string;
      readonly invoice: string;
      readonly sku: string;
      readonly quantity: number;
      readonly reason: string;
    };

export interface Tally {
  readonly rows: number;
  readonly mills: number;
}
export interface Plan {
  readonly steps: readonly Step[];
  readonly tallies: Readonly<Record<RowKind, Tally>>;
  /** Fractions of a penny that unit prices in pence cannot carry. */
  readonly rounding_mills: number;
  readonly rows: number;
  readonly mills: number;
  /** Per invoice that becomes an order: its rows' tallies, so that a rejected order can be moved to its own kind. */
  readonly by_invoice: ReadonlyMap<string, Tally>;
  /** SKU to the first name the file gives it. */
  readonly products: ReadonlyMap<string, string>;
  /** SKU to the first price it was sold at, in pence. */
  readonly prices: ReadonlyMap<string, number>;
}

const mills_per_penny = 10;

export async function plan(invoices: AsyncIterable<Invoice>): Promise<Plan> {
  const book = new TallyBook();
  const steps: Step[] = [];
  const bought = new Purchases();
  const by_invoice = new Map<string, Tally>();
  const products = new Map<string, string>();
  const prices = new Map<string, number>();
  for await (const invoice of invoices) {
    for (const row of invoice.rows) {
      if (!products.has(row.sku)) products.set(row.sku, row.name || row.sku);
      const pence = Math.trunc(row.price_mills / mills_per_penny);
      if (pence > 0 && !prices.has(row.sku)) prices.set(row.sku, pence);
    }
    if (invoice.number.startsWith('C')) steps.push(...credit(invoice, bought, book));
    else if (invoice.number.startsWith('A')) for (const row of invoice.rows) book.add('bad debt', row);
    else steps.push(...sale(invoice, bought, book, by_invoice));
  }
  const { tallies, rounding_mills, rows, mills } = book;
  return { steps, tallies, rounding_mills, rows, mills, by_invoice, products, prices };
}

function sale(invoice: Invoice, bought: Purchases, book: TallyBook, by_invoice: Map<string, Tally>): Step[] {
  const steps: Step[] = [];
  const lines: OrderLine[] = [];
  const priced = invoice.rows.some(row => row.quantity > 0 && row.price_mills > 0);
  let tally: Tally = { rows: 0, mills: 0 };
  const [first] = invoice.rows;
  if (first === undefined) return [];
  for (const row of invoice.rows) {
    const in_order = row.quantity > 0 && priced;
    if (in_order) {
      const unit_price = Math.trunc(row.price_mills / mills_per_penny);
      lines.push({ sku: row.sku, quantity: row.quantity, unit_price });
      bought.add(row.customer, row.sku, { order: invoice.number, line_no: lines.length, quantity: row.quantity });
      book.rounding_mills += row.quantity * (row.price_mills - unit_price * mills_per_penny);
      tally = { rows: tally.rows + 1, mills: tally.mills + row.quantity * row.price_mills };
      book.add(row.price_mills === 0 ? 'zero-priced line' : is_goods(row.sku) ? 'sale' : 'sale of no goods', row);
      continue;
    }
    book.add(row.quantity > 0 ? 'found' : 'stock movement', row);
    if (is_goods(row.sku))
      steps.push({
        kind: 'adjustment',
        at: invoice.at,
        invoice: invoice.number,
        sku: row.sku,
        quantity: row.quantity,
        reason: row.quantity > 0 ? 'found' : row.name.slice(0, 100) || 'counted',
      });
  }
  if (lines.length > 0) {
    by_invoice.set(invoice.number, tally);
    steps.unshift({ kind: 'order', at: invoice.at, invoice: invoice.number, customer: first.customer, country: first.country, lines });
  }
  return steps;
}

/** A credit row matches the customer's newest earlier order first; what the customer never bought stays an accounting kind of its own. */
function credit(invoice: Invoice, bought: Purchases, book: TallyBook): Step[] {
  const matches: Match[] = [];
  for (const row of invoice.rows) {
    const found = row.quantity < 0 ? bought.take(row.customer, row.sku, -row.quantity) : undefined;
    book.add(found === undefined ? 'unmatched return' : 'return', row);
    if (found !== undefined) matches.push(...found);
  }
  return matches.length === 0 ? [] : [{ kind: 'return', at: invoice.at, invoice: invoice.number, matches }];
}

/** What each customer bought and has not given back, newest last. */
class Purchases {
  private readonly lines = new Map<string, { order: string; line_no: number; quantity: number }[]>();

  add(customer: string | null, sku: string, line: { order: string; line_no: number; quantity: number }): void {
    if (customer === null) return;
    const key = `${customer} ${sku}`;
    const known = this.lines.get(key);
    if (known === undefined) this.lines.set(key, [line]);
    else known.push(line);
  }

  /** All of the quantity, or undefined and nothing is taken. */
  take(customer: string | null, sku: string, quantity: number): Match[] | undefined {
    const stack = customer === null ? undefined : this.lines.get(`${customer} ${sku}`);
    if (stack === undefined || stack.reduce((sum, line) => sum + line.quantity, 0) < quantity) return undefined;
    const matches: Match[] = [];
    let rest = quantity;
    while (rest > 0) {
      const line = stack.at(-1);
      if (line === undefined) break;
      const taken = Math.min(rest, line.quantity);
      matches.push({ order: line.order, line_no: line.line_no, quantity: taken });
      rest -= taken;
      line.quantity -= taken;
      if (line.quantity === 0) stack.pop();
    }
    return matches;
  }
}

class TallyBook {
  readonly tallies = Object.fromEntries(row_kinds.map(kind => [kind, { rows: 0, mills: 0 }])) as Record<
    RowKind,
    { rows: number; mills: number }
  >;
  rounding_mills = 0;
  rows = 0;
  mills = 0;

  add(kind: RowKind, row: FileRow): void {
    const value = row.quantity * row.price_mills;
    this.tallies[kind].rows += 1;
    this.tallies[kind].mills += value;
    this.rows += 1;
    this.mills += value;
  }
}

export interface OpeningStock {
  readonly sku: string;
  readonly on_hand: number;
  readonly reorder_point: number;
  readonly target: number;
}

const weeks_watched_ms = 84 * 86_400_000;

/** Opening stock and reorder policies from each product’s first twelve weeks (decisions.md 7). */
export function opening_stock(steps: readonly Step[]): OpeningStock[] {
  const first = new Map<string, number>();
  const sold = new Map<string, number>();
  for (const step of steps) {
    if (step.kind !== 'order') continue;
    const at = Date.parse(step.at);
    for (const line of step.lines) {
      if (!is_goods(line.sku)) continue;
      const start = first.get(line.sku) ?? at;
      first.set(line.sku, start);
      if (at - start <= weeks_watched_ms) sold.set(line.sku, (sold.get(line.sku) ?? 0) + line.quantity);
    }
  }
  return [...sold].map(([sku, units]) => ({
    sku,
    on_hand: 2 * units + 10,
    reorder_point: units,
    target: 2 * units + 10,
  }));
}
