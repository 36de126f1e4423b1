/** The metrics over again, plainly: loops over the whole story, one event at a time, sharing nothing with projections and SQL but the definitions of domain.md 11. */
import type { AnyEvent } from '../../../contracts/index.ts';
import type { Logged } from '../../../platform/service.ts';
import type { Logs } from './lives.ts';

type Told = Logged<AnyEvent>;
interface Line {
  readonly sku: string;
  readonly unit_price: number;
  readonly subtotal: number;
  readonly net: number;
  readonly quantity: number;
  readonly promises: string[];
}
interface Order {
  readonly placed_at: string;
  readonly currency: string;
  readonly country: string;
  readonly quote_id: string | null;
  readonly lines: Map<number, Line>;
  confirmed_at?: string;
  status: string;
  readonly dispatched: string[];
}
export interface Story {
  readonly events: readonly Told[];
  readonly orders: Map<string, Order>;
}

export function told(logs: Logs): readonly Told[] {
  // The generator says only what the contracts have; it was checked when it said it.
  return [...logs.values()].flat().sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0)) as unknown as readonly Told[];
}

export function story_of(logs: Logs): Story {
  const events = told(logs);
  const orders = new Map<string, Order>();
  for (const event of events) if (event.type === 'order.placed') orders.set(event.data.order_id, order_of(event.data));
  for (const event of events) {
    const order = orders.get(event.key);
    if (order === undefined) continue;
    if (event.type === 'order.confirmed') {
      order.confirmed_at = event.data.confirmed_at;
      for (const { line_no, promise_at } of event.data.lines)
        if (typeof promise_at === 'string') order.lines.get(line_no)?.promises.push(promise_at);
    }
    if (event.type === 'order.promise_changed') {
      for (const { line_no, new_at } of event.data.lines) if (typeof new_at === 'string') order.lines.get(line_no)?.promises.push(new_at);
    }
    if (event.type === 'shipment.dispatched') order.dispatched.push(event.data.dispatched_at);
    if (event.source === 'orders' && 'axes' in event.data) order.status = event.data.axes.status;
  }
  return { events, orders };
}

function order_of(data: Extract<AnyEvent, { type: 'order.placed' }>['data']): Order {
  return {
    placed_at: data.placed_at,
    currency: data.currency,
    country: data.destination?.country ?? '',
    quote_id: data.quote_id ?? null,
    status: 'placed',
    dispatched: [],
    lines: new Map(
      data.lines.map(line => [
        line.line_no,
        {
          sku: line.sku,
          unit_price: line.unit_price,
          subtotal: line.line_subtotal,
          net: line.line_total - line.line_tax,
          quantity: line.quantity,
          promises: typeof line.promise_at === 'string' ? [line.promise_at] : [],
        },
      ]),
    ),
  };
}

/** Sums by name. */
export function sums(): { add(name: string, amount: number): void; all(): Record<string, number> } {
  const held = new Map<string, number>();
  return {
    add: (name, amount) => void held.set(name, (held.get(name) ?? 0) + amount),
    all: () => Object.fromEntries([...held].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}
const day = (time: string) => time.slice(0, 10);

/** `<day> <currency>` → amount. */
export function gmv({ orders }: Story): Record<string, number> {
  const total = sums();
  for (const order of orders.values()) {
    if (order.confirmed_at === undefined) continue;
    for (const line of order.lines.values()) total.add(`${day(order.placed_at)} ${order.currency}`, line.subtotal);
  }
  return total.all();
}

export function net_sales({ orders, events }: Story): Record<string, number> {
  const total = sums();
  for (const order of orders.values()) {
    if (order.confirmed_at === undefined) continue;
    for (const line of order.lines.values()) total.add(`${day(order.placed_at)} ${order.currency}`, line.net);
  }
  const failed = new Set(events.flatMap(event => (event.type === 'payment.refund_failed' ? [event.data.refund_id] : [])));
  for (const event of events) {
    const order = orders.get(event.key);
    if (order?.confirmed_at === undefined) continue;
    if (event.type === 'order.lines_cancelled')
      for (const line of event.data.lines) total.add(`${day(event.time)} ${order.currency}`, -line.net);
    if (event.type === 'payment.refunded' && event.data.reason !== 'overpaid' && !failed.has(event.data.refund_id)) {
      total.add(`${day(event.time)} ${order.currency}`, event.data.tax - event.data.amount);
    }
  }
  return total.all();
}

export function refunds({ events }: Story): Record<string, number> {
  const total = sums();
  const failed = new Set(events.flatMap(event => (event.type === 'payment.refund_failed' ? [event.data.refund_id] : [])));
  for (const event of events) {
    if (event.type === 'payment.refunded' && !failed.has(event.data.refund_id))
      total.add(`${day(event.time)} ${event.data.currency}`, event.data.amount);
  }
  return total.all();
}

/** `<sku>` → units confirmed less cancelled. */
export function units({ orders, events }: Story): Record<string, number> {
  const total = sums();
  for (const order of orders.values()) {
    if (order.confirmed_at !== undefined) for (const line of order.lines.values()) total.add(line.sku, line.quantity);
  }
  for (const event of events) {
    if (event.type !== 'order.lines_cancelled') continue;
    const order = orders.get(event.key);
    if (order?.confirmed_at !== undefined)
      for (const line of event.data.lines) total.add(order.lines.get(line.line_no)?.sku ?? '', -line.quantity);
  }
  return total.all();
}

export interface Payments {
  readonly succeeded: number;
  readonly refused: number;
  readonly unknown: number;
}
/** `<gateway>` → what became of its payments. */
export function payments({ events }: Story): Record<string, Payments> {
  const gateways: Record<string, { succeeded: number; refused: number; unknown: number }> = {};
  for (const asked of events) {
    if (asked.type !== 'payment.requested') continue;
    const { gateway, payment_id } = asked.data;
    gateways[gateway] ??= { succeeded: 0, refused: 0, unknown: 0 };
    const own = events.filter(event => event.source === 'payments' && event.subject === payment_id);
    if (own.some(event => (event.type === 'payment.authorized' || event.type === 'payment.captured') && !event.data.late))
      gateways[gateway].succeeded += 1;
    else if (own.some(event => ['payment.declined', 'payment.failed', 'payment.abandoned'].includes(event.type)))
      gateways[gateway].refused += 1;
    else if (own.at(-1)?.type === 'payment.outcome_unknown') gateways[gateway].unknown += 1;
  }
  return gateways;
}

export function click_to_ship({ orders }: Story): number[] {
  return [...orders.values()]
    .filter(order => order.dispatched.length > 0)
    .map(order => Date.parse(order.dispatched.toSorted()[0] ?? '') - Date.parse(order.placed_at))
    .sort((a, b) => a - b);
}
/** Nearest rank. */
export function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}

export function split({ orders }: Story): { readonly any: number; readonly several: number } {
  const dispatched = [...orders.values()].filter(order => order.dispatched.length > 0);
  return { any: dispatched.length, several: dispatched.filter(order => order.dispatched.length > 1).length };
}

export function on_time(
  { orders, events }: Story,
  now: string,
): { readonly on_time: number; readonly delivered: number; readonly overdue: number } {
  const total = { on_time: 0, delivered: 0, overdue: 0 };
  for (const [order_id, order] of orders) {
    const own = events.filter(event => event.key === order_id);
    for (const [line_no, line] of order.lines) {
      const [first] = line.promises;
      if (first === undefined) continue;
      let open = line.quantity;
      for (const event of own) {
        if (event.type !== 'order.lines_cancelled' && event.type !== 'parcel.delivered' && event.type !== 'parcel.lost') continue;
        const quantity = event.data.lines.filter(one => one.line_no === line_no).reduce((sum, one) => sum + one.quantity, 0);
        open -= quantity;
        if (event.type !== 'parcel.delivered') continue;
        total.delivered += quantity;
        if (event.data.delivered_at <= first) total.on_time += quantity;
      }
      if (order.confirmed_at !== undefined && order.status !== 'cancelled' && first < now) total.overdue += open;
    }
  }
  return total;
}

/** Milliseconds out of stock and in all, of every stock item from its first level on. */
export function stockout({ events }: Story, now: string): { readonly out_ms: number; readonly ms: number } {
  const last = new Map<string, { at_ms: number; available: number }>();
  const total = { out_ms: 0, ms: 0 };
  const close = (item: string, until_ms: number) => {
    const span = last.get(item);
    if (span === undefined) return;
    total.ms += until_ms - span.at_ms;
    if (span.available <= 0) total.out_ms += until_ms - span.at_ms;
  };
  for (const event of events) {
    if (event.type !== 'stock.levels_changed') continue;
    for (const { sku, location_id, available } of event.data.levels) {
      close(`${sku}@${location_id}`, Date.parse(event.time));
      last.set(`${sku}@${location_id}`, { at_ms: Date.parse(event.time), available });
    }
  }
  for (const item of last.keys()) close(item, Date.parse(now));
  return total;
}

/** `<sku>` → units missing. */
export function lost_demand({ events }: Story): Record<string, number> {
  const most = new Map<string, number>();
  for (const event of events) {
    if (event.type !== 'stock.reservation_failed') continue;
    for (const { sku, wanted, available } of event.data.short_lines) {
      const name = `${event.data.customer_ref} ${day(event.time)} ${sku}`;
      most.set(name, Math.max(most.get(name) ?? 0, wanted - Math.max(0, available)));
    }
  }
  const total = sums();
  for (const [name, missing] of most) total.add(name.split(' ')[2] ?? '', missing);
  return total.all();
}

/** Where every checkout is. */
export function checkout_buckets({ orders, events }: Story, now: string): Record<string, number> {
  const total = sums();
  const quoted = new Set([...orders.values()].map(order => order.quote_id));
  for (const order of orders.values())
    total.add(['rejected', 'expired', 'cancelled', 'completed'].includes(order.status) ? order.status : 'open', 1);
  for (const event of events) {
    if (event.type === 'quote.created' && !quoted.has(event.data.quote_id)) total.add(event.data.expires_at < now ? 'no_order' : 'open', 1);
  }
  return total.all();
}
