/**
 * The books of an order, event by event (domain.md 6.9): every posting's debits are its credits. Reckoned from what the events say, without
 * the service's fold: what an event says of the order's sums must be what it says of payments and lines.
 */
import type { FoldedEvent } from './kinds.ts';
import type { KeyCheck } from './walks.ts';

/** Fields that the contracts give orders' events, as far as books need them; absent or null: unchanged. */
interface Told {
  readonly currency?: string;
  readonly shipping_total?: number;
  readonly shipping_tax?: number | null;
  readonly lines?: readonly { readonly line_no: number }[];
  readonly money?: {
    readonly cancelled: number;
    readonly credited: number;
    readonly authorized: number;
    readonly captured: number;
    readonly voided: number;
    readonly refunded: number;
  } | null;
  readonly payments?:
    | readonly {
        readonly payment_id: string;
        readonly authorized: number;
        readonly captured: number;
        readonly voided: number;
        readonly refunded: number;
      }[]
    | null;
  readonly quantities?: readonly ({ readonly line_no: number } & { readonly [F in keyof Worth]?: number | null })[] | null;
}
interface Worth {
  readonly shipped_value: number;
  readonly cancelled_value: number;
  readonly credited_value: number;
  readonly shipped_tax: number;
  readonly cancelled_tax: number;
  readonly credited_tax: number;
}
const nothing: Worth = { shipped_value: 0, cancelled_value: 0, credited_value: 0, shipped_tax: 0, cancelled_tax: 0, credited_tax: 0 };

interface Books {
  currency: string;
  carriage: number;
  carriage_cancelled: number;
  money: NonNullable<Told['money']>;
  readonly payments: Map<string, NonNullable<Told['payments']>[number]>;
  readonly lines: Map<number, Worth>;
}

export const postings: KeyCheck = {
  name: 'P8',
  says: 'each posting balances: an event says of an order what it says of its payments and lines',
  those: `type not in ('quote.created', 'personal_data.erased') and type not like 'exception.%'`,
  async check(_client, events) {
    const books = new Map<string, Books>();
    const unbalanced = new Map<string, string>();
    for (const event of events) {
      if (unbalanced.has(event.key)) continue;
      const wrong = post(event, books);
      if (wrong !== undefined) unbalanced.set(event.key, `${event.type} at position ${event.position}: ${wrong}`);
    }
    return [...unbalanced].map(([id, detail]) => ({ ids: [id], detail }));
  },
};

function post(event: FoldedEvent, all: Map<string, Books>): string | undefined {
  const told = event.data as Told;
  const book = all.get(event.key) ?? opened(told);
  all.set(event.key, book);
  if (told.currency !== book.currency) return `${told.currency} in an order of ${book.currency}`;
  if (told.money) book.money = told.money;
  for (const payment of told.payments ?? []) book.payments.set(payment.payment_id, payment);
  for (const { line_no, ...change } of told.quantities ?? []) {
    const known = book.lines.get(line_no) ?? nothing;
    const changed = Object.entries(change).filter(([field, value]) => field in nothing && typeof value === 'number');
    book.lines.set(line_no, { ...known, ...Object.fromEntries(changed) });
  }
  // What falls away of the carriage is said by the event that cancels.
  if (event.type === 'order.lines_cancelled') book.carriage_cancelled += told.shipping_total ?? 0;
  return unbalanced(book);
}

function opened({ currency = '', shipping_total = 0 }: Told): Books {
  const money = { cancelled: 0, credited: 0, authorized: 0, captured: 0, voided: 0, refunded: 0 };
  return { currency, carriage: shipping_total, carriage_cancelled: 0, money, payments: new Map(), lines: new Map() };
}

/** Two sides of each account: the order's word, and the sum of its parts. */
function unbalanced({ money, payments, lines, carriage, carriage_cancelled }: Books): string | undefined {
  for (const sum of ['authorized', 'captured', 'voided', 'refunded'] as const) {
    const parts = payments.values().reduce((total, payment) => total + payment[sum], 0);
    if (parts !== money[sum]) return `${sum} ${money[sum]}, the payments sum to ${parts}`;
  }
  let [cancelled, credited] = [carriage_cancelled, 0];
  for (const [line_no, worth] of lines) {
    cancelled += worth.cancelled_value;
    credited += worth.credited_value;
    const net = [
      worth.shipped_value - worth.shipped_tax,
      worth.cancelled_value - worth.cancelled_tax,
      worth.credited_value - worth.credited_tax,
    ];
    if (Math.min(...net) < 0) return `line ${line_no} has more tax than value`;
  }
  if (carriage_cancelled > carriage) return `carriage of ${carriage_cancelled} cancelled, of ${carriage}`;
  if (cancelled !== money.cancelled) return `cancelled ${money.cancelled}, the lines and the carriage sum to ${cancelled}`;
  return credited > money.credited ? `credited ${money.credited}, the lines sum to ${credited}` : undefined;
}
