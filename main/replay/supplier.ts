/** The wholesaler of the replay: it accepts what was sent to it, and delivers it complete after days, mostly on the day it promised. */
import { type Api, all_of } from './client.ts';

const day_ms = 86_400_000;
const lead_time_ms = 4 * day_ms;
/** About one order in so many comes two days late. */
const late_every = 8;
const late_ms = 2 * day_ms;
const receipts_at_once = 48;
const page = 200;

interface PurchaseOrder {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly sent_at?: string | null;
  readonly created_at?: string;
  readonly lines: readonly {
    readonly sku: string;
    readonly quantity: number;
    readonly quantity_received: number;
    readonly quantity_cancelled: number;
  }[];
}

/** Returns how many purchase orders are on their way or arrived today. */
export async function deliver_purchase_orders(api: Api, now: string): Promise<number> {
  const [sent, accepted] = await Promise.all([orders_in(api, 'sent'), orders_in(api, 'acknowledged')]);
  await all_of(sent, receipts_at_once, async order => {
    await api.call('POST', `/v1/purchase-orders/${order.id}/acknowledgment`, { decision: 'accept' });
  });
  const due = [...sent, ...accepted].filter(order => arrives_ms(order, now) <= Date.parse(now));
  await all_of(due, receipts_at_once, async order => {
    const lines = order.lines
      .map(line => ({ sku: line.sku, accepted: line.quantity - line.quantity_received - line.quantity_cancelled }))
      .filter(line => line.accepted > 0);
    if (lines.length > 0) await api.call('POST', `/v1/purchase-orders/${order.id}/receipts`, { lines });
  });
  return sent.length + accepted.length;
}

/** Which of them are late follows from what was ordered: the same file gives the same year. */
function arrives_ms({ sent_at, created_at, total }: PurchaseOrder, now: string): number {
  const is_late = Math.trunc(total / 100) % late_every === 0;
  return Date.parse(sent_at ?? created_at ?? now) + lead_time_ms + (is_late ? late_ms : 0);
}

async function orders_in(api: Api, status: string): Promise<PurchaseOrder[]> {
  const found: PurchaseOrder[] = [];
  let cursor: string | null = null;
  do {
    const list: { data: PurchaseOrder[]; next_cursor: string | null } = await api.call(
      'GET',
      `/v1/purchase-orders?status=${status}&limit=${page}${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    found.push(...list.data);
    cursor = list.next_cursor;
  } while (cursor !== null);
  return found;
}
