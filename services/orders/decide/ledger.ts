/**
 * The order's books, double entry, folded from its events and stored nowhere (domain.md 6.9). Every posting sums to 0; what the
 * customer owes is 0 when the order is completed. Amounts are minor units of the order's currency; + is a debit.
 */
import type { OrdersEvent } from '../../../contracts/index.ts';
import { evolve_order } from '../evolve.ts';
import type { Order } from '../model.ts';
import { has_shipped } from './money.ts';

export interface MoneyEntry {
  /** Place of the event among those given, from 0; the event's id where it has one. */
  readonly event_id: string;
  /** `clearing` stands for money at a gateway. */
  readonly account: `clearing(${string})` | 'customer' | 'sales' | 'tax' | 'shipping' | 'rounding';
  readonly amount: number;
  readonly currency: string;
}
type Account = MoneyEntry['account'];
type Posting = ReadonlyMap<Account, number>;

/** `events`: all of one order, oldest first. */
export function money_entries(events: readonly (OrdersEvent & { readonly id?: string })[]): readonly MoneyEntry[] {
  const entries: MoneyEntry[] = [];
  let order: Order | undefined;
  for (const [place, event] of events.entries()) {
    const after = evolve_order(order, event);
    if (after === undefined) continue;
    const event_id = event.id ?? String(place);
    for (const [account, amount] of posting_of(order, after)) {
      if (amount !== 0) entries.push({ event_id, account, amount, currency: after.currency });
    }
    order = after;
  }
  return entries;
}

function posting_of(before: Order | undefined, after: Order): Posting {
  const posting = new Map<Account, number>();
  const post = (account: Account, amount: number) => posting.set(account, (posting.get(account) ?? 0) + amount);
  post_money(before, after, post);
  const shipped = shipped_of(after);
  const shipped_before = before === undefined ? nothing_shipped : shipped_of(before);
  post('customer', shipped.value - shipped_before.value);
  post('sales', -(shipped.net - shipped_before.net));
  post('tax', -(shipped.tax - shipped_before.tax));
  post('shipping', -(shipped.carriage - shipped_before.carriage));
  let sum = 0;
  for (const amount of posting.values()) sum += amount;
  post('rounding', -sum);
  return posting;
}

/** Captured: the gateway owes us, the customer less. Refunded: the reverse. */
function post_money(before: Order | undefined, after: Order, post: (account: Account, amount: number) => void): void {
  for (const payment of after.payments) {
    const known = before?.payments.find(one => one.payment_id === payment.payment_id);
    const taken = payment.captured - payment.refunded - ((known?.captured ?? 0) - (known?.refunded ?? 0));
    post(`clearing(${payment.gateway})`, taken);
    post('customer', -taken);
  }
}

const nothing_shipped = { value: 0, net: 0, tax: 0, carriage: 0 };

/** Sold by now: units shipped and, from the first of them on, the carriage; less what was credited. */
function shipped_of(order: Order): typeof nothing_shipped {
  let value = -order.credited_value;
  let net = 0;
  let tax = 0;
  let unit_credits = 0;
  for (const line of order.lines) {
    value += line.shipped_value;
    tax += line.shipped_tax - line.credited_tax;
    net += line.shipped_value - line.credited_value - (line.shipped_tax - line.credited_tax);
    unit_credits += line.credited_value;
  }
  // Goodwill is no unit's: it lowers the sales.
  net -= order.credited_value - unit_credits;
  if (!has_shipped(order)) return { value, net, tax, carriage: 0 };
  const carriage_tax = order.shipping_tax - order.shipping_tax_cancelled;
  const carriage = order.shipping_total - order.shipping_cancelled;
  return { value: value + carriage, net, tax: tax + carriage_tax, carriage: carriage - carriage_tax };
}
