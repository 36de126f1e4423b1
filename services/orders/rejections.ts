/** The business noes of orders (domain.md 3.6) and the status of their problem replies (api.md 1). */
import type { Rejection } from '../../platform/service.ts';
import type { PricingRejection } from './pricing/price_order.ts';

export const rejection_status = {
  // What was asked for cannot be, whatever the state.
  unknown_sku: 422,
  unknown_shipping_service: 422,
  total_too_large: 422,
  currency_mismatch: 422,
  discount_code_invalid: 422,
  destination_required: 422,
  customer_required: 422,
  line_not_found: 422,
  // It collides with the state.
  quote_invalid: 409,
  price_changed: 409,
  reference_taken: 409,
  discount_code_used: 409,
  payment_in_progress: 409,
  attempts_exhausted: 409,
  already_paid: 409,
  not_cancellable: 409,
  order_held: 409,
  capture_exceeds_authorized: 409,
  refund_exceeds_capture: 409,
  return_exceeds_delivered: 409,
  invalid_transition: 409,
  erasure_deferred: 409,
  not_found: 404,
  version_conflict: 412,
  too_many_unpaid_orders: 429,
} as const;

export type RejectionCode = keyof typeof rejection_status;
export interface OrdersRejection extends Rejection {
  readonly rejection: RejectionCode;
}

/** Every price rejection is one of ours. */
export function pricing_rejected(rejection: PricingRejection): OrdersRejection {
  return rejection;
}

/** The body names the order's status, and those in which it could be done. */
export function not_in_status(order_status: string, deed: string, allowed: readonly string[]): OrdersRejection {
  return reject('invalid_transition', `An order that is ${order_status} cannot be ${deed}.`, { order_status, allowed });
}

export function reject(rejection: RejectionCode, detail: string, extra?: Rejection['extra']): OrdersRejection {
  return extra === undefined ? { rejection, detail } : { rejection, detail, extra };
}
