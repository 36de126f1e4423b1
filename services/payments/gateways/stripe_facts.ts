/** Stripe's objects, as far as they matter to us, and the facts they prove (integrations.md 4, state map). */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Row } from '../../../platform/service.ts';
import { from_stripe_amount } from './currencies.ts';
import type { DeclineCode, GatewayFact } from './port.ts';

/** What no payment is proves nothing: the polls find out. Some currencies' amounts become a hundred times as large (currencies.ts). */
const Amount = () => Type.Integer({ minimum: 0, maximum: Math.floor(Number.MAX_SAFE_INTEGER / 100) });
/** The end of the year 9999. */
const unix_seconds_max = 253_402_300_799;
const maybe = <T extends Type.TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
const Metadata = maybe(Type.Record(Type.String(), Type.String()));
const PaymentError = Type.Object({ code: maybe(Type.String()), decline_code: maybe(Type.String()), advice_code: maybe(Type.String()) });

const ChargeSchema = Type.Object({
  id: Type.String(),
  amount: Amount(),
  amount_captured: Amount(),
  currency: Type.String(),
  payment_intent: maybe(Type.String()),
  metadata: Metadata,
  refunds: maybe(Type.Object({ data: Type.Array(Type.Unknown()) })),
  payment_method_details: maybe(
    Type.Object({
      card: maybe(
        Type.Object({
          brand: maybe(Type.String()),
          last4: maybe(Type.String()),
          capture_before: maybe(Type.Integer({ minimum: 0, maximum: unix_seconds_max })),
          multicapture: maybe(Type.Object({ status: Type.String() })),
        }),
      ),
    }),
  ),
});
const IntentSchema = Type.Object({
  id: Type.String({ pattern: '^pi_' }),
  object: Type.Literal('payment_intent'),
  status: Type.String(),
  amount: Amount(),
  amount_capturable: Amount(),
  amount_received: Amount(),
  currency: Type.String(),
  capture_method: Type.String(),
  client_secret: maybe(Type.String()),
  cancellation_reason: maybe(Type.String()),
  last_payment_error: maybe(PaymentError),
  // An id, or the charge itself when it was asked for; old webhooks carry neither.
  latest_charge: Type.Optional(Type.Unknown()),
  next_action: maybe(Type.Object({ type: Type.String(), redirect_to_url: maybe(Type.Object({ url: maybe(Type.String()) })) })),
  metadata: Metadata,
});
const RefundSchema = Type.Object({
  id: Type.String(),
  object: Type.Literal('refund'),
  status: maybe(Type.String()),
  amount: Amount(),
  currency: Type.String(),
  payment_intent: maybe(Type.String()),
  failure_reason: maybe(Type.String()),
  metadata: Metadata,
});
const DisputeSchema = Type.Object({
  id: Type.String(),
  object: Type.Literal('dispute'),
  status: Type.String(),
  amount: Amount(),
  currency: Type.String(),
  reason: maybe(Type.String()),
  payment_intent: maybe(Type.String()),
});
export type StripeError = Static<typeof PaymentError>;
export type StripeCharge = Static<typeof ChargeSchema>;
export type StripeIntent = Static<typeof IntentSchema>;
export type StripeRefund = Static<typeof RefundSchema>;
export type StripeDispute = Static<typeof DisputeSchema>;

const checks = {
  charge: Compile(ChargeSchema),
  intent: Compile(IntentSchema),
  refund: Compile(RefundSchema),
  dispute: Compile(DisputeSchema),
};
export const read_intent = (value: unknown): StripeIntent | undefined => (checks.intent.Check(value) ? value : undefined);
export const read_refund = (value: unknown): StripeRefund | undefined => (checks.refund.Check(value) ? value : undefined);
export const read_charge = (value: unknown): StripeCharge | undefined => (checks.charge.Check(value) ? value : undefined);
export const read_dispute = (value: unknown): StripeDispute | undefined => (checks.dispute.Check(value) ? value : undefined);

// --- facts

/** Everything the intent's present state proves, in the order it must have happened. `event_ref`: the webhook's id. */
export function facts_of_intent(intent: StripeIntent, event_ref?: string): GatewayFact[] {
  const fact = (name: GatewayFact['fact'], amount: number, more: Partial<GatewayFact> = {}) =>
    intent_fact(intent, name, amount, event_ref, more);
  const manual = intent.capture_method === 'manual';
  const held = manual && was_authorized(intent);
  const let_go = intent.amount - intent.amount_received;
  const authorized = (amount: number) => fact('authorized', amount, authorization_of(intent));
  const captured = intent.amount_received > 0 ? [fact('captured', intent.amount_received)] : [];
  switch (intent.status) {
    case 'requires_payment_method':
      return intent.last_payment_error ? [fact('declined', intent.amount, decline_of(intent.last_payment_error))] : [];
    case 'requires_confirmation':
      return [];
    case 'requires_action':
      return [fact('action_required', intent.amount, { url: action_url(intent) })];
    case 'requires_capture':
      return [authorized(intent.amount_capturable + intent.amount_received), ...captured];
    case 'succeeded':
      return [...(manual ? [authorized(intent.amount)] : []), ...captured, ...(manual && let_go > 0 ? [fact('voided', let_go)] : [])];
    case 'canceled': {
      const lapsed = intent.cancellation_reason === 'expired' || intent.cancellation_reason === 'automatic';
      return [...(held ? [authorized(intent.amount)] : []), ...captured, fact(lapsed ? 'lapsed' : 'voided', held ? let_go : 0)];
    }
    default:
      // `processing`, and whatever Stripe will call it one day: it is not over, ask again.
      return [fact('pending', intent.amount)];
  }
}

export function facts_of_refund(refund: StripeRefund, event_ref?: string): GatewayFact[] {
  const currency = refund.currency.toUpperCase();
  const failed = refund.status === 'failed' || refund.status === 'canceled';
  return [
    {
      gateway: 'stripe',
      object_ref: refund.id,
      fact: refund.status === 'succeeded' ? 'refunded' : failed ? 'refund_failed' : 'pending',
      amount: from_stripe_amount(refund.amount, currency),
      currency,
      gateway_ref: refund.payment_intent ?? '',
      ...ours(refund.metadata),
      ...(event_ref !== undefined && { provider_event_ref: event_ref }),
      raw: {
        id: refund.id,
        status: refund.status ?? null,
        amount: refund.amount,
        currency: refund.currency,
        failure_reason: refund.failure_reason ?? null,
      },
    },
  ];
}

/** A charge tells less than its intent: what was captured, refunds in it (old API versions), and that the hold ran out. */
export function facts_of_charge(charge: StripeCharge, type: string, event_ref?: string): GatewayFact[] {
  const gateway_ref = charge.payment_intent ?? '';
  if (gateway_ref === '') return [];
  const currency = charge.currency.toUpperCase();
  const fact = (name: GatewayFact['fact'], amount: number): GatewayFact => ({
    gateway: 'stripe',
    object_ref: gateway_ref,
    fact: name,
    amount: from_stripe_amount(amount, currency),
    currency,
    gateway_ref,
    ...ours(charge.metadata),
    ...(event_ref !== undefined && { provider_event_ref: event_ref }),
    raw: { id: charge.id, amount: charge.amount, amount_captured: charge.amount_captured, currency: charge.currency },
  });
  if (type === 'charge.captured') return charge.amount_captured > 0 ? [fact('captured', charge.amount_captured)] : [];
  if (type === 'charge.expired') return [fact('lapsed', charge.amount - charge.amount_captured)];
  return (charge.refunds?.data ?? []).flatMap(each => {
    const refund = read_refund(each);
    return refund === undefined ? [] : facts_of_refund({ ...refund, payment_intent: refund.payment_intent ?? gateway_ref }, event_ref);
  });
}

/** Every status of a dispute is a fact of its own. `warning_*` is an inquiry: no money moved (raw.status). */
export function facts_of_dispute(dispute: StripeDispute, event_ref?: string): GatewayFact[] {
  const currency = dispute.currency.toUpperCase();
  return [
    {
      gateway: 'stripe',
      object_ref: `${dispute.id}/${dispute.status}`,
      fact: 'disputed',
      amount: from_stripe_amount(dispute.amount, currency),
      currency,
      gateway_ref: dispute.payment_intent ?? '',
      ...(event_ref !== undefined && { provider_event_ref: event_ref }),
      raw: { id: dispute.id, status: dispute.status, reason: dispute.reason ?? null, amount: dispute.amount, currency: dispute.currency },
    },
  ];
}

// --- parts

function intent_fact(
  intent: StripeIntent,
  fact: GatewayFact['fact'],
  amount: number,
  event_ref: string | undefined,
  more: Partial<GatewayFact>,
): GatewayFact {
  const currency = intent.currency.toUpperCase();
  return {
    gateway: 'stripe',
    object_ref: intent.id,
    fact,
    amount: from_stripe_amount(amount, currency),
    currency,
    gateway_ref: intent.id,
    ...ours(intent.metadata),
    ...(event_ref !== undefined && { provider_event_ref: event_ref }),
    ...more,
    raw: redacted(intent),
  };
}

function ours(metadata: StripeIntent['metadata']): Partial<GatewayFact> {
  const { payment_id, order_id, refund_id, operation_id } = metadata ?? {};
  return {
    ...(payment_id && { payment_id }),
    ...(order_id && { order_id }),
    ...(refund_id && { refund_id }),
    ...(operation_id && { operation_id }),
  };
}

/** No names, addresses, e-mails, and not the client secret. */
function redacted(intent: StripeIntent): Row {
  const card = read_charge(intent.latest_charge)?.payment_method_details?.card;
  return {
    id: intent.id,
    status: intent.status,
    amount: intent.amount,
    amount_capturable: intent.amount_capturable,
    amount_received: intent.amount_received,
    currency: intent.currency,
    cancellation_reason: intent.cancellation_reason ?? null,
    ...(intent.last_payment_error && {
      error_code: intent.last_payment_error.code ?? null,
      decline_code: intent.last_payment_error.decline_code ?? null,
    }),
    ...(card && { brand: card.brand ?? null, last4: card.last4 ?? null }),
  };
}

function was_authorized(intent: StripeIntent): boolean {
  return intent.latest_charge !== null && intent.latest_charge !== undefined && !intent.last_payment_error;
}

function authorization_of(intent: StripeIntent): Partial<GatewayFact> {
  const card = read_charge(intent.latest_charge)?.payment_method_details?.card;
  return {
    ...(card?.capture_before && { authorization_expires_at: new Date(card.capture_before * 1_000).toISOString() }),
    ...(card?.multicapture && { multi_capture: card.multicapture.status === 'available' }),
  };
}

/** A page to go to; for shops with Stripe's own script on their page, what that script's `handleNextAction` needs. */
export function action_url(intent: StripeIntent): string {
  return intent.next_action?.redirect_to_url?.url ?? `stripe-js:${intent.client_secret ?? intent.id}`;
}

const codes = new Map<string, DeclineCode>([
  ['insufficient_funds', 'insufficient_funds'],
  ['expired_card', 'card_expired'],
  ...named(
    'card_invalid',
    'incorrect_number invalid_number invalid_account invalid_expiry_month invalid_expiry_year card_not_supported currency_not_supported',
  ),
  ...named('incorrect_cvc', 'incorrect_cvc invalid_cvc'),
  ...named('lost_or_stolen', 'lost_card stolen_card pickup_card restricted_card'),
  ...named('suspected_fraud', 'fraudulent merchant_blacklist security_violation stop_payment_order'),
  ...named(
    'do_not_honor',
    'do_not_honor generic_decline call_issuer no_action_taken not_permitted transaction_not_allowed do_not_try_again',
  ),
  ...named('do_not_honor', 'revocation_of_authorization revocation_of_all_authorizations service_not_allowed'),
  ...named(
    'authentication_failed',
    'authentication_required payment_intent_authentication_failure offline_pin_required online_or_offline_pin_required',
  ),
  ...named('limit_exceeded', 'card_velocity_exceeded withdrawal_count_limit_exceeded'),
  ...named('processing_error', 'processing_error reenter_transaction try_again_later approve_with_id'),
  ['issuer_not_available', 'issuer_unavailable'],
]);
function named(code: DeclineCode, theirs: string): [string, DeclineCode][] {
  return theirs.split(' ').map(each => [each, code]);
}
const never_again = new Set(['lost_card', 'stolen_card', 'pickup_card', 'fraudulent']);

/** Stripe's decline code is the finer one; its error code stands in where it is missing. */
export function decline_of(error: StripeError): { readonly decline_code: DeclineCode; readonly retryable: boolean } {
  const theirs = error.decline_code ?? error.code ?? '';
  const decline_code = codes.get(theirs) ?? codes.get(error.code ?? '') ?? 'other';
  return { decline_code, retryable: error.advice_code !== 'do_not_try_again' && !never_again.has(theirs) };
}
