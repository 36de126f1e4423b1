/** From a command to the reply: submit, and with `Prefer: wait` stay until the order has come to rest or waits for the shopper. */
import type { OrdersEvent } from '../../contracts/index.ts';
import { not_found } from '../../platform/http.ts';
import type { Desk, Reply, RouteRequest } from '../../platform/route.ts';
import type { View } from '../../platform/service.ts';
import type { OrdersCommand } from './commands.ts';
import type { Contact, OrdersStates } from './model.ts';
import { read_order, type StoredOrder } from './reads.ts';
import type { OrdersRejection } from './rejections.ts';
import { render_order } from './views.ts';

export type OrdersDesk = Desk<OrdersStates, OrdersCommand, OrdersEvent, OrdersRejection>;

/** Another process may have changed the order: nothing tells this one, so it looks. */
const look_again_ms = 1_000;

/** The order object inside a batch. `contact`: of an order that this batch places, whose row cannot be read yet. */
export function order_reply(view: View<OrdersStates>, order_id: string, status: number, contact?: Contact): Reply {
  const order = view('order', order_id);
  if (order === undefined) throw new Error(`the decision left no order ${order_id}`);
  const beside = {
    version: view.version('order', order_id),
    contact: contact ?? view('contact', order_id),
    shipments: contact === undefined ? view('shipments', order_id) : [],
  };
  return { status, body: render_order(order, beside) };
}

type Respond = (view: View<OrdersStates>, events: readonly OrdersEvent[]) => Reply;

/** A command of a person; the reply is made in its batch. Errors: those of the desk. */
export async function answer(desk: OrdersDesk, command: OrdersCommand, request: RouteRequest, respond: Respond): Promise<Reply> {
  const { reply } = await submit(desk, command, request, respond);
  return reply;
}

/** The same, honouring `Prefer: wait`. `last_word`: the reply that takes the place of the first. */
export async function answer_and_wait(
  desk: OrdersDesk,
  command: OrdersCommand & { readonly order_id: string },
  request: RouteRequest,
  respond: Respond,
  last_word: (stored: StoredOrder, first: Reply) => Reply,
): Promise<Reply> {
  const { reply, decided } = await submit(desk, command, request, respond);
  const wait_ms = (request.wait_s ?? 0) * 1000;
  if (!decided || wait_ms === 0) return reply;
  const stored = await settled_order(desk, command.order_id, wait_ms, request.signal);
  const last = stored === undefined ? reply : last_word(stored, reply);
  if (request.idempotency !== undefined) await desk.amend_reply(request.idempotency, last);
  return last;
}

async function submit(
  desk: OrdersDesk,
  command: OrdersCommand,
  request: RouteRequest,
  respond: Respond,
): Promise<{ reply: Reply; decided: boolean }> {
  const outcome = await desk.submit(command, { request, respond });
  const { reply } = outcome;
  if (reply === undefined) throw new Error(`${command.type} was answered without a reply`);
  if (outcome.result !== 'rejected') return { reply, decided: outcome.result === 'decided' };
  // A rejection is final at once: the record must not go on saying that the request runs.
  if (request.idempotency !== undefined && (request.wait_s ?? 0) > 0) await desk.amend_reply(request.idempotency, reply);
  return { reply, decided: false };
}

async function settled_order(desk: OrdersDesk, order_id: string, wait_ms: number, signal: AbortSignal): Promise<StoredOrder | undefined> {
  const until = Date.parse(desk.now()) + wait_ms;
  for (;;) {
    const rest = until - Date.parse(desk.now());
    // Listens before it looks: what changes in between is heard.
    const changed = desk.heard(order_id, Math.max(0, Math.min(rest, look_again_ms)));
    const stored = await read_order(desk, order_id);
    if (stored === undefined || is_at_rest(stored) || rest <= 0 || signal.aborted) return stored;
    await changed;
  }
}

/** It has left what passes by itself, or waits for the shopper (api.md 1), as no order does that is being cancelled. A tender that waits for stock is about to be tried. */
export function is_at_rest({ order }: Pick<StoredOrder, 'order'>): boolean {
  const { status, payment_status } = order.axes;
  if (status === 'cancelling') return false;
  if (payment_status === 'action_required' || (payment_status === 'declined' && order.tender === null)) return true;
  return status !== 'placed' && status !== 'awaiting_payment';
}

/** An order token is for its order; any other is as good as missing. */
export function check_order_access(request: RouteRequest, order_id: string): void {
  if (request.principal.type === 'order' && request.principal.order_id !== order_id) throw not_found();
}

export function line_no_of(line_id: string): number {
  return Number(line_id);
}
