/**
 * The queue of a stock item (domain.md 5.6). It is read without a lock, the reservations that may be served are locked before the stock item, and
 * both are compared. When they disagree nobody is served now: the timer asks again at once, with the queue read anew, and until then nobody new
 * gets the units (`free`). Running the whole batch again, as ChangedMeanwhile does, would not help when a command of the same batch joined the
 * queue, and would cost its neighbours five runs or more.
 */
import type { InventoryEvent } from '../../../contracts/index.ts';
import { type Handler, later, type Ref, type View } from '../../../platform/service.ts';
import type { FillBackorders } from '../commands.ts';
import { available, type BackorderQueue, current_lines, type Reservation, type States } from '../model.ts';
import type { InventoryRejection } from '../rejections.ts';
import { backorders_timer, type Draft, draft } from './draft.ts';

/** Orders served in one decision; the timer serves the next ones. */
export const served_orders_max = 100;
const retry_ms = 1_000;

export const fill_backorders: Handler<FillBackorders, States, InventoryEvent, InventoryRejection> = {
  touches: ({ item_id: id }) => [{ kind: 'backorder_queue', id }],
  then_touches: ({ item_id: id }, view) => [...served_refs(view, id, 0), { kind: 'stock_item', id }],
  decide({ item_id: id }, view, given) {
    const plan = draft(view, given);
    serve_queue(id, 0, view, plan);
    const decision = plan.decision();
    const item = plan.item(id);
    if (decision.facts.length > 0 || item.backordered === 0 || available(item) <= 0) return decision;
    return { facts: [], timers: [{ kind: backorders_timer, id, due_at: later(given.at, retry_ms) }] };
  },
};

/** The head of the queue that the units can reach which were free when it was read, and those that arrive. */
function head_of(
  queue: BackorderQueue,
  arriving: number,
): { readonly order_id: string; readonly line_no: number; readonly backordered: number }[] {
  const head = [];
  const orders = new Set<string>();
  const units = arriving + Math.max(0, queue.available);
  let reached = 0;
  for (const one of queue.waiting) {
    if (reached >= units || (orders.size >= served_orders_max && !orders.has(one.order_id))) break;
    orders.add(one.order_id);
    head.push(one);
    reached += one.backordered;
  }
  return head;
}

/** Reservations to lock when so many units arrive. */
export function served_refs(view: View<States>, id: string, arriving: number): Ref<States>[] {
  const orders = new Set(head_of(view('backorder_queue', id), arriving).map(one => one.order_id));
  return [...orders].map(order_id => ({ kind: 'reservation', id: order_id }));
}

/** Allocates free units to the queue's head, in part if need be. `arriving` as in `served_refs`; what it does not reach the timer serves. */
export function serve_queue(id: string, arriving: number, view: View<States>, plan: Draft): void {
  const queue = view('backorder_queue', id);
  const item = plan.item(id);
  let left = Math.min(available(item), item.backordered);
  if (left <= 0) return;
  const head = head_of(queue, arriving).map(one => ({
    ...one,
    now: waiting_now(view('reservation', one.order_id), one.line_no, item.location_id),
  }));
  const gone = head.reduce((sum, one) => sum + one.backordered - one.now, 0);
  if (item.backordered !== queue.backordered - gone) return;
  const served = new Map<string, { line_no: number; quantity: number }[]>();
  for (const { order_id, line_no, now } of head) {
    const quantity = Math.min(left, now);
    if (quantity <= 0) continue;
    left -= quantity;
    served.set(order_id, [...(served.get(order_id) ?? []), { line_no, quantity }]);
  }
  for (const [order_id, lines] of served) say_filled(view('reservation', order_id), id, lines, plan);
}

function waiting_now(reservation: Reservation, line_no: number, location_id: string): number {
  return current_lines(reservation).find(line => line.line_no === line_no && line.location_id === location_id)?.backordered ?? 0;
}

function say_filled(reservation: Reservation, id: string, lines: readonly { line_no: number; quantity: number }[], plan: Draft): void {
  const { order_id, priority, requested_at } = reservation;
  const { sku, location_id } = plan.item(id);
  const filled = lines.map(line => ({ ...line, location_id, sku, priority, requested_at }));
  plan.say_of_order(order_id, { type: 'backorder.filled', data: { order_id, lines: filled } }, [id]);
}
