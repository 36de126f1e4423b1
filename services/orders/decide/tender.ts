/** What people do with money: pay, or pay again; capture, give up, refund. */
import type { CaptureOrder, PayOrder, RefundOrder, VoidPayment } from '../commands.ts';
import type { Order, OrderLine, Refund } from '../model.ts';
import { credit_for } from '../pricing/units.ts';
import { not_in_status, type OrdersRejection, reject } from '../rejections.ts';
import { asked_of_order } from './about.ts';
import { type Draft, put_lines } from './draft.ts';
import { amount_due, cover, held, is_in_progress, kept, open_amount, refundable } from './money.ts';
import { attempts_left, request_payment } from './pay.ts';
import { ask_capture, ask_refund, ask_release } from './settle.ts';
import { uncredited } from './units.ts';

/** The order's statuses in which each may be asked. */
const payable: readonly string[] = ['placed', 'awaiting_payment', 'confirmed', 'in_fulfillment'];
const capturable: readonly string[] = ['confirmed', 'in_fulfillment'];
const releasable: readonly string[] = ['awaiting_payment', ...capturable, 'completed'];
const refunding: readonly string[] = [...capturable, 'completed', 'cancelling', 'cancelled', 'expired', 'rejected'];
/** Of the payment, for a refund. */
const captured_states: readonly string[] = ['partially_captured', 'captured'];

/** The first tender, or another. While the stock is not there the tender waits for it; `conclude` asks for the stock. */
export const pay_order = asked_of_order<PayOrder>((draft, { tender }) => {
  const { order } = draft;
  const refusal = cannot_pay(draft, tender.amount ?? null);
  if (refusal !== undefined) return refusal;
  const { gateway, method_kind, amount, return_url } = tender;
  const asked = { gateway, method_kind, amount: amount ?? null, return_url: return_url ?? null };
  const method_token = tender.method_token ?? null;
  const contact = draft.asking?.contact;
  if (order.reservation_state === 'held' || order.confirmed_at !== null) {
    request_payment(draft, asked, contact === undefined ? undefined : { ...contact, method_token });
    return undefined;
  }
  draft.order = { ...order, tender: asked };
  draft.records.push({ table: 'contact_token', row: { id: order.order_id, method_token } });
  return undefined;
});

function cannot_pay({ order, given }: Draft, amount: number | null): OrdersRejection | undefined {
  const { status } = order.axes;
  if (!payable.includes(status)) return not_in_status(status, 'paid', payable);
  if (order.payments.some(payment => payment.status === 'unknown')) {
    return reject('payment_in_progress', 'It is not known yet what became of the last payment.');
  }
  if (cover(order) >= amount_due(order)) return reject('already_paid', 'Nothing is due.');
  const open = open_amount(order);
  if (order.tender !== null || open === 0) return reject('payment_in_progress', 'A payment is on its way.');
  if (amount !== null && amount > open) return reject('already_paid', `Only ${open} is due.`, { due: open });
  if (attempts_left(order) === 0) return reject('attempts_exhausted', 'Every attempt to pay this order was used.');
  if (order.confirmed_at === null && given.at >= order.expires_at) return not_in_status('expired', 'paid', payable);
  return undefined;
}

export const capture_order = asked_of_order<CaptureOrder>((draft, { payment_id, amount, final }) => {
  const { order } = draft;
  if (order.holds.length > 0) return reject('order_held', 'The order is on hold.');
  const { status } = order.axes;
  if (!capturable.includes(status)) return not_in_status(status, 'captured', capturable);
  if (order.reservation_state !== 'allocated')
    return reject('invalid_transition', 'Money is taken when the units are allocated.', { reservation_state: order.reservation_state });
  const payment = order.payments.find(known => known.payment_id === payment_id);
  if (payment === undefined) return reject('not_found', 'The order has no such payment.');
  const due = amount_due(order) - kept(order) - order.capture_pending;
  // A person may try a payment again whose capture failed.
  const most = Math.min(due, payment.release_requested ? 0 : held(payment));
  const asked = amount ?? most;
  if (asked > most || asked <= 0)
    return reject('capture_exceeds_authorized', `At most ${Math.max(0, most)} can be captured.`, { capturable: Math.max(0, most) });
  ask_capture(draft, payment, { amount: asked, final });
  return undefined;
});

export const void_payment = asked_of_order<VoidPayment>((draft, { payment_id }) => {
  const { order } = draft;
  const { status } = order.axes;
  if (!releasable.includes(status)) return not_in_status(status, 'released', releasable);
  const payment = order.payments.find(known => known.payment_id === payment_id);
  if (payment === undefined) return reject('not_found', 'The order has no such payment.');
  if (payment.release_requested || (!is_in_progress(payment) && held(payment) === 0)) {
    return reject('invalid_transition', 'This payment holds nothing to give back.', { payment_status: payment.status });
  }
  ask_release(draft, [payment_id], 'requested');
  return undefined;
});

/** Reasons that leave the due alone: the money was never ours to keep. */
const not_credited: ReadonlySet<Refund['reason']> = new Set(['cancelled', 'shortfall', 'overpaid', 'late_payment']);
/** Reasons whose units count as credited. */
const of_units: ReadonlySet<Refund['reason']> = new Set(['lost', 'sent_back', 'return']);

/** What is kept beyond the due goes back as it is; anything more is a credit, which lowers the due. */
export const refund_order = asked_of_order<RefundOrder>((draft, { payment_id, amount, reason, lines }) => {
  const { order } = draft;
  if (!refunding.includes(order.axes.status)) return not_in_status(order.axes.status, 'refunded', refunding);
  const payment = order.payments.find(known => known.payment_id === payment_id);
  if (payment === undefined) return reject('not_found', 'The order has no such payment.');
  if (payment.captured === 0)
    return reject('invalid_transition', 'Nothing of this payment was captured.', {
      payment_status: payment.status,
      allowed: captured_states,
    });
  const excess = Math.max(0, kept(order) - amount_due(order));
  const most = not_credited.has(reason) ? Math.min(excess, refundable(payment)) : refundable(payment);
  if (amount > most) return reject('refund_exceeds_capture', `At most ${most} can be refunded.`, { refundable: most });
  const units = credited_units(order, { amount, reason, lines });
  if ('rejection' in units) return units;
  put_lines(draft, units.lines);
  draft.order = { ...draft.order, credited_value: draft.order.credited_value + Math.max(0, amount - excess) };
  ask_refund(draft, payment, amount, { reason, lines: units.told });
  return undefined;
});

/** The units a refund is for, each line's at its value, as far as the amount goes. */
function credited_units(order: Order, { amount, reason, lines }: Pick<RefundOrder, 'amount' | 'reason' | 'lines'>) {
  const changed: OrderLine[] = [];
  const told: Refund['lines'][number][] = [];
  let rest = amount;
  for (const { line_no, quantity } of lines) {
    const line = changed.findLast(known => known.line_no === line_no) ?? order.lines[line_no - 1];
    if (line === undefined) return reject('line_not_found', `The order has no line ${line_no}.`);
    const counts = of_units.has(reason);
    if (quantity > (counts ? uncredited(line) : line.shipped)) {
      return reject('refund_exceeds_capture', `Line ${line_no} has not so many units to refund.`, { line_id: String(line_no) });
    }
    const worth = credit_of(line, quantity);
    const value = Math.min(rest, worth.amount);
    const tax = Math.min(worth.tax, value);
    rest -= value;
    told.push({ line_no, quantity, amount: value, tax });
    if (counts) changed.push(credit_line(line, quantity, { amount: value, tax }));
  }
  return { lines: changed, told };
}

export function credit_of(line: OrderLine, quantity: number): { amount: number; tax: number } {
  const part = { quantity_shipped: line.shipped, quantity_credited: line.credited };
  return {
    amount: credit_for({ ...part, shipped: line.shipped_value, credited: line.credited_value }, quantity),
    tax: credit_for({ ...part, shipped: line.shipped_tax, credited: line.credited_tax }, quantity),
  };
}

export function credit_line(line: OrderLine, quantity: number, { amount, tax }: { amount: number; tax: number }): OrderLine {
  return {
    ...line,
    credited: line.credited + quantity,
    credited_value: line.credited_value + amount,
    credited_tax: line.credited_tax + tax,
  };
}
