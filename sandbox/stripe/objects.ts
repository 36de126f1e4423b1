/** Stripe's objects as this stand-in keeps them, and as they look on the wire. Kept objects are replaced, never changed. */
import { type Card, card_of } from './cards.ts';

export type IntentStatus =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'processing'
  | 'requires_capture'
  | 'succeeded'
  | 'canceled';
export type CancellationReason = 'duplicate' | 'fraudulent' | 'requested_by_customer' | 'abandoned' | 'expired';
export type Metadata = Readonly<Record<string, string>>;

export interface ChargeError {
  readonly code: string;
  readonly decline_code: string | null;
  readonly message: string;
}
export interface Charge {
  readonly id: string;
  readonly created: number;
  readonly amount_captured: number;
  readonly amount_refunded: number;
  readonly captured: boolean;
  readonly disputed: boolean;
  readonly error: ChargeError | null;
  readonly multicapture: boolean;
  /** Seconds; only while an authorization is open. */
  readonly capture_before: number | null;
}
export interface Intent {
  readonly id: string;
  readonly created: number;
  readonly amount: number;
  readonly currency: string;
  readonly capture_method: 'automatic' | 'automatic_async' | 'manual';
  readonly status: IntentStatus;
  readonly amount_capturable: number;
  readonly amount_received: number;
  readonly client_secret: string;
  readonly payment_method: string | null;
  readonly multicapture_requested: boolean;
  readonly redirects_allowed: boolean;
  readonly return_url: string | null;
  readonly description: string | null;
  readonly receipt_email: string | null;
  readonly statement_descriptor_suffix: string | null;
  /** As it came, for the reply. */
  readonly shipping: object | null;
  readonly metadata: Metadata;
  readonly charge: Charge | null;
  readonly charges_made: number;
  readonly last_payment_error: ChargeError | null;
  readonly canceled_at: number | null;
  readonly cancellation_reason: CancellationReason | null;
}
export interface Refund {
  readonly id: string;
  readonly created: number;
  readonly payment_intent: string;
  readonly charge: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: 'pending' | 'succeeded' | 'failed';
  readonly reason: string | null;
  readonly failure_reason: string | null;
  readonly metadata: Metadata;
  /** What the issuer will still do with it, and when. */
  readonly next: { readonly status: 'succeeded' | 'failed'; readonly at_ms: number } | null;
}
export interface Dispute {
  readonly id: string;
  readonly created: number;
  readonly payment_intent: string;
  readonly charge: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: 'needs_response' | 'warning_needs_response' | 'lost' | 'won' | 'warning_closed';
  readonly reason: string;
}

/** A charge is found through its intent: its id is the intent's, and the number of the attempt in two digits. */
export function charge_id(intent_id: string, attempt: number): string {
  return `ch_${intent_id.slice(3)}${String(attempt).padStart(2, '0')}`;
}
export function intent_id_of_charge(id: string): string {
  return `pi_${id.slice(3, -2)}`;
}
export const charges_per_intent_max = 99;

export function intent_on_wire(intent: Intent, page_url: string, expand: ReadonlySet<string> = new Set()): object {
  const { charge } = intent;
  return {
    id: intent.id,
    object: 'payment_intent',
    amount: intent.amount,
    amount_capturable: intent.amount_capturable,
    amount_received: intent.amount_received,
    automatic_payment_methods: { allow_redirects: intent.redirects_allowed ? 'always' : 'never', enabled: true },
    canceled_at: intent.canceled_at,
    cancellation_reason: intent.cancellation_reason,
    capture_method: intent.capture_method,
    client_secret: intent.client_secret,
    confirmation_method: 'automatic',
    created: intent.created,
    currency: intent.currency,
    customer: null,
    description: intent.description,
    last_payment_error:
      intent.last_payment_error === null ? null : { type: 'card_error', charge: charge?.id ?? null, ...intent.last_payment_error },
    latest_charge: charge === null ? null : expand.has('latest_charge') ? charge_on_wire(intent, charge) : charge.id,
    livemode: false,
    metadata: intent.metadata,
    next_action: intent.status === 'requires_action' ? next_action(intent, page_url) : null,
    payment_method: intent.status === 'requires_payment_method' ? null : intent.payment_method,
    payment_method_options: {
      card: { request_three_d_secure: 'automatic', ...(intent.multicapture_requested && { request_multicapture: 'if_available' }) },
    },
    payment_method_types: ['card'],
    processing: null,
    receipt_email: intent.receipt_email,
    setup_future_usage: null,
    shipping: intent.shipping,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: intent.status,
  };
}

function next_action(intent: Intent, page_url: string): object {
  const url = `${page_url}/${intent.id}`;
  if (intent.return_url === null) return { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url } };
  return { type: 'redirect_to_url', redirect_to_url: { url, return_url: intent.return_url } };
}

export function charge_on_wire(intent: Intent, charge: Charge): object {
  const card = card_of(intent.payment_method ?? '');
  return {
    id: charge.id,
    object: 'charge',
    amount: intent.amount,
    amount_captured: charge.amount_captured,
    amount_refunded: charge.amount_refunded,
    captured: charge.captured,
    created: charge.created,
    currency: intent.currency,
    description: intent.description,
    disputed: charge.disputed,
    failure_code: charge.error?.code ?? null,
    failure_message: charge.error?.message ?? null,
    livemode: false,
    metadata: intent.metadata,
    outcome: outcome(charge),
    paid: charge.error === null,
    payment_intent: intent.id,
    payment_method: intent.payment_method,
    payment_method_details: { type: 'card', card: card_details(intent, charge, card) },
    receipt_email: intent.receipt_email,
    refunded: charge.error === null && charge.amount_captured > 0 && charge.amount_refunded === charge.amount_captured,
    shipping: intent.shipping,
    status: charge.error === null ? 'succeeded' : 'failed',
  };
}

function outcome({ error }: Charge): object {
  if (error === null)
    return { network_status: 'approved_by_network', reason: null, seller_message: 'Payment complete.', type: 'authorized' };
  return { network_status: 'declined_by_network', reason: error.decline_code, seller_message: error.message, type: 'issuer_declined' };
}

function card_details(intent: Intent, charge: Charge, card: Card | undefined): object {
  return {
    amount_authorized: charge.error === null ? intent.amount : null,
    brand: card?.brand ?? 'unknown',
    ...(charge.capture_before !== null && { capture_before: charge.capture_before }),
    checks: {
      address_line1_check: null,
      address_postal_code_check: null,
      cvc_check: charge.error?.code === 'incorrect_cvc' ? 'fail' : 'pass',
    },
    country: 'US',
    exp_month: 12,
    exp_year: 2034,
    funding: 'credit',
    last4: card?.last4 ?? '0000',
    multicapture: { status: charge.multicapture ? 'available' : 'unavailable' },
  };
}

export function refund_on_wire(refund: Refund): object {
  return {
    id: refund.id,
    object: 'refund',
    amount: refund.amount,
    charge: refund.charge,
    created: refund.created,
    currency: refund.currency,
    destination_details: { card: { type: 'refund' }, type: 'card' },
    ...(refund.failure_reason !== null && { failure_reason: refund.failure_reason }),
    metadata: refund.metadata,
    payment_intent: refund.payment_intent,
    reason: refund.reason,
    status: refund.status,
  };
}

export function dispute_on_wire(dispute: Dispute): object {
  return {
    id: dispute.id,
    object: 'dispute',
    amount: dispute.amount,
    charge: dispute.charge,
    created: dispute.created,
    currency: dispute.currency,
    is_charge_refundable: dispute.status === 'warning_needs_response',
    livemode: false,
    metadata: {},
    payment_intent: dispute.payment_intent,
    reason: dispute.reason,
    status: dispute.status,
  };
}
