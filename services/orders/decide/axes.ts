/** The two axes that are computed, payment_status and fulfillment_status: first match wins (domain.md 3.1). */
import type { Axes, FulfillmentStatus, PaymentStatus } from '../../../contracts/index.ts';
import type { Order } from '../model.ts';
import { amount_due } from './money.ts';

export function axes_of(order: Order): Axes {
  return { status: order.axes.status, payment_status: payment_status(order), fulfillment_status: fulfillment_status(order) };
}

export function payment_status(order: Order): PaymentStatus {
  const { payments, captured, refunded } = order;
  if (payments.length === 0) return 'none';
  const some = (...statuses: readonly string[]) => payments.some(payment => statuses.includes(payment.status));
  const due = amount_due(order);
  if (some('unknown')) return 'unknown';
  if (captured > 0 && refunded >= captured) return 'refunded';
  if (refunded > 0) return 'partially_refunded';
  if (captured > 0) return captured >= due ? 'captured' : 'partially_captured';
  if (order.authorized > order.voided && order.authorized - order.voided - refunded >= due) return 'authorized';
  if (some('action_required')) return 'action_required';
  if (some('pending', 'processing')) return 'pending';
  const last = payments.at(-1)?.status;
  if (last === 'declined' || last === 'failed' || last === 'abandoned') return 'declined';
  return some('voided', 'lapsed') ? 'voided' : 'none';
}

export function fulfillment_status(order: Order): FulfillmentStatus {
  let units = 0;
  let shipped = 0;
  let delivered = 0;
  let returned = 0;
  let backordered = 0;
  for (const line of order.lines) {
    units += line.quantity - line.cancelled - line.lost - line.sent_back;
    shipped += line.shipped - line.lost - line.sent_back;
    delivered += line.delivered;
    returned += line.returned;
    backordered += line.backordered;
  }
  if (units === 0) return 'unfulfilled';
  if (returned >= units) return 'returned';
  if (delivered >= units) return 'delivered';
  if (delivered > 0) return 'partially_delivered';
  if (shipped >= units) return 'shipped';
  if (shipped > 0) return 'partially_shipped';
  return backordered > 0 ? 'backordered' : 'unfulfilled';
}
