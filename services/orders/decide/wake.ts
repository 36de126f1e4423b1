/** The order's timers: an unpaid order expires, anything else that waits too long becomes an exception, and the timer is set again. */
import type { Wake } from '../commands.ts';
import { type Draft, nothing, type OrdersHandler, open_draft } from './draft.ts';
import { raise } from './exceptions.ts';
import { conclude } from './follow.ts';
import { is_in_progress } from './money.ts';
import { attempts_left, expire } from './pay.ts';
import { drop_return } from './returns.ts';
import { due_of, wait_of } from './waits.ts';

export const wake: OrdersHandler<Wake> = {
  touches: ({ order_id }) => [
    { kind: 'order', id: order_id },
    { kind: 'contact', id: order_id },
  ],
  then_touches({ order_id }, view) {
    const code = view('order', order_id)?.discount_code ?? null;
    return code === null ? [] : [{ kind: 'discount', id: code }];
  },
  decide({ order_id, timer }, view, given) {
    const order = view('order', order_id);
    if (order === undefined) return nothing;
    const draft = open_draft(order, given, { asking: { contact: view('contact', order_id) } });
    if (timer === 'return') lapse_returns(draft);
    else overdue(draft);
    return conclude(draft, `timer.${timer}`);
  },
};

function overdue(draft: Draft): void {
  const { order, given } = draft;
  const waiting = wait_of(order);
  if (waiting === undefined) return;
  const early = waiting.due_at !== undefined && waiting.due_at > given.at;
  // A timer that fires goes; `arm` sees no change of the wait, so it is set again here.
  draft.timers.push({ kind: 'order', id: order.order_id, due_at: due_of(waiting, given.at) });
  if (early) return;
  if (waiting.wait !== 'payment') {
    raise(draft, `${waiting.wait}_overdue`, `It has waited too long for its ${waiting.wait}.`);
  } else if (!order.payments.some(payment => is_in_progress(payment) && !payment.release_requested)) {
    expire(draft, attempts_left(order) === 0 ? 'attempts_exhausted' : 'payment_deadline');
  }
}

function lapse_returns(draft: Draft): void {
  const { order, given } = draft;
  for (const known of order.returns) {
    if (known.status === 'requested' && known.deadline !== null && known.deadline <= given.at) drop_return(draft, known);
  }
}
