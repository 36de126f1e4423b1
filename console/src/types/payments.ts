/** Payments as the API tells them (api.md 4). */
import type { OpenException } from './purchasing.ts';

export interface Payment {
  readonly id: string;
  readonly order_id: string;
  readonly version: number;
  readonly tender_no: number;
  readonly attempt_no: number;
  readonly gateway: string;
  readonly method_kind: string;
  readonly intent: string;
  readonly status: string;
  readonly currency: string;
  readonly amount: number;
  readonly authorized: number;
  readonly captured: number;
  readonly voided: number;
  readonly refunded: number;
  readonly capture_pending: number;
  readonly void_pending: number;
  readonly refund_pending: number;
  readonly decline_code: string | null;
  readonly deadline: string;
  readonly authorization_expires_at: string | null;
  readonly gateway_ref: string | null;
  readonly release_requested: boolean;
  readonly exceptions: readonly (Omit<OpenException, 'id'> & { readonly exception_id: string })[];
}
export interface PaymentOperation {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly amount: number;
  readonly capture_nos: readonly number[] | null;
  readonly refund_id: string | null;
  readonly code: string | null;
  readonly evidence: string | null;
  readonly attempts: number;
  readonly requested_at: string;
  readonly sent_at: string | null;
  readonly ended_at: string | null;
}
export interface GatewayFact {
  readonly fact: string;
  readonly object_ref: string;
  readonly amount: number;
  readonly currency: string;
  readonly refund_id: string | null;
  readonly decline_code: string | null;
  readonly drift: string | null;
  readonly provider_event_ref: string | null;
  readonly received_at: string;
  readonly raw: Readonly<Record<string, unknown>>;
}
export interface PaymentDetail extends Payment {
  readonly operations: readonly PaymentOperation[];
  readonly facts: readonly GatewayFact[];
}
export const payment_states = [
  'processing',
  'action_required',
  'pending',
  'unknown',
  'authorized',
  'partially_captured',
  'captured',
  'declined',
  'failed',
  'abandoned',
  'voided',
  'lapsed',
  'partially_refunded',
  'refunded',
];
