/** The metrics of purchasing, customers and exceptions over again, plainly, as fold.ts does for the others. */
import type { Story } from './fold.ts';

const day_ms = 86_400_000;

/** Population standard deviation. */
export function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

interface Line {
  readonly quantity: number;
  readonly promises: string[];
  readonly receipts: { readonly at: string; readonly accepted: number }[];
  sent_at?: string;
  cancelled_at?: string;
}

function purchase_lines({ events }: Story): Line[] {
  const lines = new Map<string, Line>();
  const of = (po_id: string, line_no: number) => lines.get(`${po_id}/${line_no}`);
  for (const event of events) {
    if (event.type === 'purchase_order.created') {
      for (const { line_no, quantity } of event.data.lines)
        lines.set(`${event.data.po_id}/${line_no}`, { quantity, promises: [], receipts: [] });
    } else if (event.type === 'purchase_order.sent') {
      for (const [name, line] of lines) if (name.startsWith(`${event.data.po_id}/`)) line.sent_at = event.time;
    } else if (event.type === 'purchase_order.acknowledged') {
      for (const { line_no, promised_at } of event.data.lines)
        if (typeof promised_at === 'string') of(event.data.po_id, line_no)?.promises.push(promised_at);
    } else if (event.type === 'purchase_order.eta_changed') {
      for (const { line_no, new_at } of event.data.lines) of(event.data.po_id, line_no)?.promises.push(new_at);
    } else if (event.type === 'goods.received') {
      for (const { line_no, accepted } of event.data.lines)
        of(event.data.po_id, line_no)?.receipts.push({ at: event.data.received_at, accepted });
    } else if (event.type === 'purchase_order.closed' || event.type === 'purchase_order.cancelled') {
      for (const { line_no } of event.data.lines) {
        const line = of(event.data.po_id, line_no);
        if (line !== undefined) line.cancelled_at = event.time;
      }
    }
  }
  return [...lines.values()];
}

export function supplier_otif(story: Story, now: string): { readonly lines: number; readonly on_time_in_full: number } {
  let [lines, on_time_in_full] = [0, 0];
  for (const line of purchase_lines(story)) {
    const [first] = line.promises;
    if (first === undefined) continue;
    const due = new Date(Date.parse(first.slice(0, 10)) + day_ms).toISOString();
    if (due > now) continue;
    const in_time = line.receipts.filter(receipt => receipt.at < due).reduce((sum, receipt) => sum + receipt.accepted, 0);
    const is_in_full = in_time >= line.quantity;
    if (!is_in_full && line.cancelled_at !== undefined && line.cancelled_at < due) continue;
    lines += 1;
    if (is_in_full) on_time_in_full += 1;
  }
  return { lines, on_time_in_full };
}

/** Milliseconds from sent to the first receipt, the shortest first. */
export function lead_times(story: Story): number[] {
  return purchase_lines(story)
    .flatMap(({ sent_at, receipts: [first] }) =>
      sent_at === undefined || first === undefined ? [] : [Date.parse(first.at) - Date.parse(sent_at)],
    )
    .sort((a, b) => a - b);
}

/** Orders confirmed, customers who placed them, and how many of those came for the first time. */
export function customers({ orders, events }: Story): { readonly orders: number; readonly customers: number; readonly net: number } {
  const buyers = new Set<string>();
  let [count, net] = [0, 0];
  for (const event of events) {
    if (event.type !== 'order.placed') continue;
    const order = orders.get(event.data.order_id);
    if (order?.confirmed_at === undefined) continue;
    count += 1;
    buyers.add(event.data.customer_ref ?? '');
    for (const line of order.lines.values()) net += line.net;
  }
  return { orders: count, customers: buyers.size, net };
}

/** Units that began to wait, were filled, were given up. */
export function backorders({ events }: Story): { readonly queued: number; readonly filled: number; readonly cancelled: number } {
  const total = { queued: 0, filled: 0, cancelled: 0 };
  const add = (outcome: keyof typeof total, lines: readonly { readonly quantity: number }[]) => {
    total[outcome] += lines.reduce((sum, line) => sum + line.quantity, 0);
  };
  for (const event of events) {
    if (event.type === 'backorder.queued') add('queued', event.data.lines);
    if (event.type === 'backorder.filled') add('filled', event.data.lines);
    if (event.type === 'backorder.cancelled') add('cancelled', event.data.lines);
  }
  return total;
}

/** `<from> <to>` → units moved, of the kinds that name both accounts. */
export function moved({ events }: Story): Record<string, number> {
  const total: Record<string, number> = {};
  const add = (name: string, quantity: number) => {
    total[name] = (total[name] ?? 0) + quantity;
  };
  for (const event of events) {
    if (event.type === 'stock.consumed') for (const line of event.data.lines) add('sellable customer', line.quantity);
    if (event.type === 'stock.received') add('supplier sellable', event.data.quantity_sellable);
    if (event.type === 'stock.shortfall_detected') for (const line of event.data.lines) add('sellable loss', line.quantity);
  }
  return total;
}
