/** The wholesaler of the replay: what was sent to it arrives complete, some days later. */
import { type Api, all_of } from './client.ts';

const lead_time_ms = 4 * 86_400_000;
const receipts_at_once = 48;
const page = 200;

interface PurchaseOrder {
  readonly id: string;
  readonly status: string;
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
  const open = await open_orders(api);
  const due = open.filter(order => Date.parse(order.sent_at ?? order.created_at ?? now) + lead_time_ms <= Date.parse(now));
  await all_of(due, receipts_at_once, async order => {
    const lines = order.lines
      .map(line => ({ sku: line.sku, accepted: line.quantity - line.quantity_received - line.quantity_cancelled }))
      .filter(line => line.accepted > 0);
    if (lines.length > 0) await api.call('POST', `/v1/purchase-orders/${order.id}/receipts`, { lines });
  });
  return open.length;
}

async function open_orders(api: Api): Promise<PurchaseOrder[]> {
  const found: PurchaseOrder[] = [];
  let cursor: string | null = null;
  do {
    const list: { data: PurchaseOrder[]; next_cursor: string | null } = await api.call(
      'GET',
      `/v1/purchase-orders?status=sent&limit=${page}${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    );
    found.push(...list.data);
    cursor = list.next_cursor;
  } while (cursor !== null);
  return found;
}
