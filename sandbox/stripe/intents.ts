/** What can happen to a PaymentIntent: confirmed, authenticated, captured, canceled, expired. */
import { type Answer, card_error, invalid, ok, unexpected_state } from './answers.ts';
import { type Books, by_itself, type Cause, emit, emit_charge, emit_intent, now_s, record } from './books.ts';
import { type Card, card_of } from './cards.ts';
import {
  type CancellationReason,
  type ChargeError,
  charge_id,
  charges_per_intent_max,
  type Dispute,
  dispute_on_wire,
  type Intent,
  intent_on_wire,
} from './objects.ts';

export type Expand = ReadonlySet<string>;
/** Shorter ones end by a timer, longer ones when somebody looks: a timer per open authorization would be too many. */
const timed_expiry_max_ms = 60_000;

export function reply(books: Books, intent: Intent, expand: Expand): Answer {
  return ok(intent_on_wire(intent, books.page_url(), expand));
}

/** The intent as it is now: an authorization that nobody captured in time is over. */
export function find_intent(books: Books, id: string): Intent | undefined {
  const intent = books.intents.get(id);
  const capture_before = intent?.charge?.capture_before ?? null;
  if (intent?.status !== 'requires_capture' || capture_before === null || now_s(books) < capture_before) return intent;
  const cause = by_itself(`/v1/payment_intents/${id}/expire`);
  const expired = expire(books, cause, intent);
  books.sim.after(0, cause, () => cause.webhooks);
  return expired;
}

/** Tries to charge or authorize with the intent's payment method. */
export function confirm(books: Books, cause: Cause, intent: Intent, expand: Expand): Answer {
  const card = card_of(intent.payment_method ?? '');
  if (card === undefined || intent.charges_made >= charges_per_intent_max)
    return invalid('The PaymentIntent cannot be confirmed: it has no usable payment method.', 'payment_method');
  if (card.authentication === 'required') {
    const waiting: Intent = { ...intent, status: 'requires_action', last_payment_error: null };
    books.intents.put(intent.id, waiting);
    emit_intent(books, cause, 'payment_intent.requires_action', waiting);
    return reply(books, waiting, expand);
  }
  if (card.processing !== undefined) {
    if (intent.capture_method === 'manual')
      return invalid('The payment method type provided: us_bank_account does not support manual capture.', 'capture_method');
    const waiting: Intent = { ...intent, status: 'processing', last_payment_error: null };
    books.intents.put(intent.id, waiting);
    emit_intent(books, cause, 'payment_intent.processing', waiting);
    arm_processing(books, intent.id);
    return reply(books, waiting, expand);
  }
  if (card.decline !== undefined) {
    const refused = refuse(books, cause, intent, card.decline);
    return card_error(refused, card.decline, books.page_url(), expand);
  }
  return reply(books, charge(books, cause, intent, card), expand);
}

/** The bank's answer, days later at the real one. */
export function arm_processing(books: Books, id: string): void {
  const cause = by_itself(`/v1/payment_intents/${id}/settle`);
  books.sim.after(books.settings.bank_ms, cause, () => {
    const intent = books.intents.get(id);
    if (intent !== undefined) answer_of_bank(books, cause, intent);
    return cause.webhooks;
  });
}
/** False: no bank is at work on it. */
export function answer_of_bank(books: Books, cause: Cause, intent: Intent): boolean {
  const card = card_of(intent.payment_method ?? '');
  if (intent.status !== 'processing' || card === undefined) return false;
  if (card.processing === 'fails') refuse(books, cause, intent, bank_refusal);
  else charge(books, cause, intent, card);
  return true;
}
const bank_refusal: ChargeError = {
  code: 'payment_intent_payment_attempt_failed',
  decline_code: 'insufficient_funds',
  message: "The customer's account has insufficient funds to cover this payment.",
};

function refuse(books: Books, cause: Cause, intent: Intent, error: ChargeError): Intent {
  const attempt = intent.charges_made + 1;
  const failed = {
    id: charge_id(intent.id, attempt),
    created: now_s(books),
    amount_captured: 0,
    amount_refunded: 0,
    captured: false,
    disputed: false,
    error,
    multicapture: false,
    capture_before: null,
  };
  const refused: Intent = {
    ...intent,
    status: 'requires_payment_method',
    charges_made: attempt,
    charge: failed,
    last_payment_error: error,
  };
  books.intents.put(intent.id, refused);
  emit_charge(books, cause, 'charge.failed', refused);
  emit_intent(books, cause, 'payment_intent.payment_failed', refused);
  return refused;
}

/** The money is held, and taken at once unless capture is manual. */
function charge(books: Books, cause: Cause, intent: Intent, card: Card): Intent {
  const attempt = intent.charges_made + 1;
  const manual = intent.capture_method === 'manual';
  const authorized: Intent = {
    ...intent,
    status: 'requires_capture',
    amount_capturable: intent.amount,
    last_payment_error: null,
    charges_made: attempt,
    charge: {
      id: charge_id(intent.id, attempt),
      created: now_s(books),
      amount_captured: 0,
      amount_refunded: 0,
      captured: false,
      disputed: false,
      error: null,
      multicapture: manual && intent.multicapture_requested && card.multicapture && books.settings.multicapture,
      capture_before: manual ? Math.floor((books.sim.now_ms() + books.settings.authorization_ms) / 1_000) : null,
    },
  };
  record(books, cause, 'authorized', authorized, intent.amount);
  emit_charge(books, cause, 'charge.succeeded', authorized);
  if (!manual) return take(books, cause, authorized, intent.amount, true);
  books.intents.put(intent.id, authorized);
  emit_intent(books, cause, 'payment_intent.amount_capturable_updated', authorized);
  if (books.settings.authorization_ms <= timed_expiry_max_ms) arm_expiry(books, intent.id);
  return authorized;
}

export function arm_expiry(books: Books, id: string): void {
  const cause = by_itself(`/v1/payment_intents/${id}/expire`);
  books.sim.after(books.settings.authorization_ms, cause, () => {
    const intent = books.intents.get(id);
    if (intent?.status === 'requires_capture') expire(books, cause, intent);
    return cause.webhooks;
  });
}

/** The payer came back from 3D Secure. */
export function authenticate(books: Books, cause: Cause, intent: Intent, outcome: 'success' | 'fail'): Intent {
  if (intent.status !== 'requires_action') return intent;
  if (outcome === 'success') {
    const card = card_of(intent.payment_method ?? '');
    return card === undefined ? intent : charge(books, cause, intent, card);
  }
  const error: ChargeError = {
    code: 'payment_intent_authentication_failure',
    decline_code: null,
    message:
      'The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.',
  };
  const failed: Intent = { ...intent, status: 'requires_payment_method', last_payment_error: error };
  books.intents.put(intent.id, failed);
  emit_intent(books, cause, 'payment_intent.payment_failed', failed);
  return failed;
}

export interface CaptureRequest {
  /** Absent: all that is left. 0 with `final` only lets the rest go. */
  readonly amount: number | undefined;
  readonly final: boolean;
  readonly metadata: Intent['metadata'];
}
export function capture(books: Books, cause: Cause, intent: Intent, request: CaptureRequest, expand: Expand): Answer {
  if (intent.status !== 'requires_capture') {
    const message = `This PaymentIntent could not be captured because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.`;
    return unexpected_state(intent, message, books.page_url());
  }
  const amount = request.amount ?? intent.amount_capturable;
  if (amount > intent.amount_capturable) {
    return invalid(
      `The amount_to_capture (${amount}) is greater than what is capturable (${intent.amount_capturable}).`,
      'amount_to_capture',
      'amount_too_large',
    );
  }
  if (!request.final && intent.charge?.multicapture !== true)
    return invalid('final_capture can only be false when multicapture is available for this PaymentIntent.', 'final_capture');
  if (amount === 0 && !(request.final && intent.amount_received > 0))
    return invalid('Invalid positive integer', 'amount_to_capture', 'parameter_invalid_integer');
  const taken = take(books, cause, { ...intent, metadata: request.metadata }, amount, request.final || amount === intent.amount_capturable);
  return reply(books, taken, expand);
}

function take(books: Books, cause: Cause, intent: Intent, amount: number, final: boolean): Intent {
  const released = final ? intent.amount_capturable - amount : 0;
  const amount_received = intent.amount_received + amount;
  const taken: Intent = {
    ...intent,
    status: final ? 'succeeded' : 'requires_capture',
    amount_capturable: final ? 0 : intent.amount_capturable - amount,
    amount_received,
    charge: intent.charge && {
      ...intent.charge,
      captured: final,
      amount_captured: amount_received,
      capture_before: final ? null : intent.charge.capture_before,
    },
  };
  books.intents.put(intent.id, taken);
  if (amount > 0) record(books, cause, 'captured', taken, amount);
  if (released > 0) record(books, cause, 'voided', taken, released);
  if (intent.capture_method === 'manual' && amount > 0) emit_charge(books, cause, 'charge.captured', taken);
  emit_intent(books, cause, final ? 'payment_intent.succeeded' : 'payment_intent.amount_capturable_updated', taken);
  if (final && card_of(intent.payment_method ?? '')?.dispute !== undefined) arm_dispute(books, intent.id);
  return taken;
}

const cancelable: readonly string[] = ['requires_payment_method', 'requires_confirmation', 'requires_action', 'requires_capture'];
export function cancel(books: Books, cause: Cause, intent: Intent, reason: CancellationReason | null, expand: Expand): Answer {
  const taken_in_part = intent.amount_received > 0 && !books.settings.cancel_after_capture;
  if (!cancelable.includes(intent.status) || taken_in_part) {
    const message = `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${cancelable.join(', ')}.`;
    return unexpected_state(intent, message, books.page_url());
  }
  return reply(books, release(books, cause, intent, reason, 'voided'), expand);
}

function expire(books: Books, cause: Cause, intent: Intent): Intent {
  const expired = release(books, cause, intent, 'expired', 'lapsed');
  emit_charge(books, cause, 'charge.expired', expired);
  return expired;
}

/** What is held goes back. What was captured before stays captured: the intent then ends as succeeded. */
function release(books: Books, cause: Cause, intent: Intent, reason: CancellationReason | null, kind: 'voided' | 'lapsed'): Intent {
  const ended: Intent = {
    ...intent,
    status: intent.amount_received > 0 ? 'succeeded' : 'canceled',
    amount_capturable: 0,
    canceled_at: intent.amount_received > 0 ? null : now_s(books),
    cancellation_reason: intent.amount_received > 0 ? null : reason,
    charge: intent.charge && { ...intent.charge, captured: intent.amount_received > 0, capture_before: null },
  };
  books.intents.put(intent.id, ended);
  if (intent.amount_capturable > 0) record(books, cause, kind, ended, intent.amount_capturable);
  emit_intent(books, cause, ended.status === 'canceled' ? 'payment_intent.canceled' : 'payment_intent.succeeded', ended);
  return ended;
}

/** The cardholder goes to the bank once the money was taken. */
export function arm_dispute(books: Books, id: string): void {
  const cause = by_itself(`/v1/payment_intents/${id}/dispute`);
  books.sim.after(books.settings.later_ms, cause, () => {
    const intent = books.intents.get(id);
    if (intent?.charge === null || intent === undefined || intent.charge.disputed) return [];
    open_dispute(books, cause, intent, intent.charge.id);
    return cause.webhooks;
  });
}
export function open_dispute(books: Books, cause: Cause, intent: Intent, charge_disputed: string): void {
  const inquiry = card_of(intent.payment_method ?? '')?.dispute === 'inquiry';
  const dispute: Dispute = {
    id: books.sim.id('dp_'),
    created: now_s(books),
    payment_intent: intent.id,
    charge: charge_disputed,
    amount: intent.amount_received,
    currency: intent.currency,
    status: inquiry ? 'warning_needs_response' : 'needs_response',
    reason: inquiry ? 'general' : 'fraudulent',
  };
  books.disputes.put(dispute.id, dispute);
  books.intents.put(intent.id, { ...intent, charge: intent.charge && { ...intent.charge, disputed: true } });
  record(books, cause, 'disputed', intent, dispute.amount, { id: dispute.id });
  emit(books, cause, 'charge.dispute.created', dispute_on_wire(dispute));
  if (!inquiry) emit(books, cause, 'charge.dispute.funds_withdrawn', dispute_on_wire(dispute));
}
