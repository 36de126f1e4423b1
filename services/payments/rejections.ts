/** The business noes of payments to people. Orders is answered with events instead: payment.capture_failed, payment.refund_failed. */
import type { Rejection } from '../../platform/service.ts';

export const rejection_codes = ['not_found', 'invalid_transition', 'gateway_reference_needed'] as const;
export interface PaymentsRejection extends Rejection {
  readonly rejection: (typeof rejection_codes)[number];
}
