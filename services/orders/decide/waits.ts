/**
 * What an order that is not at its end waits for, and until when (domain.md 3.6): every such order owns one timer, and with it
 * somebody who looks. Times count from the decision, never from a placed_at in the past.
 */
import { later } from '../../../platform/service.ts';
import type { Order } from '../model.ts';
import type { Draft } from './draft.ts';
import { unplaced } from './units.ts';

const second_ms = 1_000;
const minute_ms = 60 * second_ms;
const hour_ms = 60 * minute_ms;
export const day_ms = 24 * hour_ms;

export const payment_wait_ms = 30 * minute_ms;
export const bank_wait_ms = 3 * day_ms;
/** So long an attempt to pay may take; and so long an order waits for a payment that is in progress at its end. */
export const payment_progress_ms = 10 * minute_ms;
/** Stock is kept this much longer than the payment it waits for. */
export const reserve_margin_ms = 5 * minute_ms;
export const return_wait_ms = 30 * day_ms;
/** Handling before a parcel leaves, and its way where the carriage says none. */
export const handling_ms = day_ms;
export const transit_default_ms = 3 * day_ms;

export type Wait = 'reservation' | 'payment' | 'allocation' | 'cancellation' | 'dispatch' | 'backorder' | 'delivery';
const wait_ms: Readonly<Record<Exclude<Wait, 'payment'>, number>> = {
  reservation: 60 * second_ms,
  allocation: 60 * second_ms,
  cancellation: 10 * minute_ms,
  dispatch: 72 * hour_ms,
  backorder: 48 * hour_ms,
  delivery: 21 * day_ms,
};

export interface Waiting {
  readonly wait: Wait;
  /** Changes when the wait begins anew. */
  readonly mark: string;
  /** Absent: so long from now. */
  readonly due_at?: string;
}

/** Of an order that was just placed. */
export const first_wait: Waiting = { wait: 'reservation', mark: '' };

export function wait_of(order: Order): Waiting | undefined {
  switch (order.axes.status) {
    case 'placed':
      return first_wait;
    case 'awaiting_payment':
      return { wait: 'payment', mark: order.expires_at, due_at: order.expires_at };
    case 'cancelling':
      return { wait: 'cancellation', mark: '' };
    case 'confirmed':
    case 'in_fulfillment':
      return wait_for_units(order);
    default:
      return undefined;
  }
}

/** The nearest of what its units wait for. */
function wait_for_units(order: Order): Waiting {
  let open = 0;
  let allocated = 0;
  let backordered = 0;
  let shipped = 0;
  let promise_at: string | null = null;
  for (const line of order.lines) {
    if (line.stocked) open += unplaced(line);
    allocated += line.allocated;
    backordered += line.backordered;
    shipped += line.shipped;
    if (line.backordered > 0 && line.promise_at !== null && (promise_at === null || line.promise_at > promise_at))
      promise_at = line.promise_at;
  }
  if (open > 0) return { wait: 'allocation', mark: '' };
  if (allocated > 0) return { wait: 'dispatch', mark: String(order.fulfillment_no) };
  if (backordered === 0) return { wait: 'delivery', mark: String(shipped) };
  if (promise_at === null) return { wait: 'backorder', mark: '' };
  return { wait: 'backorder', mark: promise_at, due_at: later(promise_at, wait_ms.backorder) };
}

/** Puts, moves or removes the order's timers as its state asks. */
export function arm(draft: Draft): void {
  const { before, order, given } = draft;
  const was = wait_of(before);
  const is = wait_of(order);
  if (is === undefined) {
    if (was !== undefined) draft.timers.push({ kind: 'order', id: order.order_id, due_at: null });
  } else if (was?.wait !== is.wait || was.mark !== is.mark) {
    draft.timers.push({ kind: 'order', id: order.order_id, due_at: due_of(is, given.at) });
  }
  if (before.returns !== order.returns) arm_returns(draft);
}

/** Of a wait that begins, or goes on after its timer fired. */
export function due_of(waiting: Waiting, at: string): string {
  if (waiting.due_at !== undefined && waiting.due_at > at) return waiting.due_at;
  return later(at, waiting.wait === 'payment' ? payment_progress_ms : wait_ms[waiting.wait]);
}

function arm_returns(draft: Draft): void {
  const { before, order } = draft;
  const due_at = next_return(order);
  if (due_at !== next_return(before)) draft.timers.push({ kind: 'return', id: order.order_id, due_at });
}

/** When the first return lapses of which nothing came. */
function next_return(order: Order): string | null {
  let next: string | null = null;
  for (const { status, deadline } of order.returns) {
    if (status === 'requested' && deadline !== null && (next === null || deadline < next)) next = deadline;
  }
  return next;
}
