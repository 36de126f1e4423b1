/** What every decision of payments has at hand. */
import { type Given, later } from '../../../platform/service.ts';
import { authorize_of, capture_margin_ms, type Payment, type PaymentsSettings } from '../model.ts';

export interface Context {
  readonly settings: PaymentsSettings;
  readonly given: Given;
  /** A new id of this decision: the first `op`, the second … */
  next_id(prefix: string): string;
}

export function context_of(settings: PaymentsSettings, given: Given): Context {
  let ordinal = 0;
  return { settings, given, next_id: prefix => given.id(prefix, ordinal++) };
}

/** Every operation of the payment's gateway succeeds in the decision that starts it. */
export function is_immediate({ settings }: Context, payment: Payment): boolean {
  return settings.gateways[payment.gateway]?.immediate === true;
}

/**
 * Whether captures must be gathered into one. Only what the gateway said of this payment counts: a capture in parts that it then
 * refuses would send the shopper to pay again, while gathering merely takes the money later.
 */
export function gathers_captures(context: Context, payment: Payment): boolean {
  if (is_immediate(context, payment)) return false;
  return context.settings.gateways[payment.gateway]?.capabilities.multi_capture !== true || payment.multi_capture !== true;
}

/**
 * When the money that the gateway keeps is no longer ours to take: as it was told or, where the gateway never tells, assumed. An assumption warns people; it
 * forbids no capture. `undefined`: the gateway is to be asked.
 */
export function end_of({ settings }: Context, payment: Payment): string | undefined {
  if (payment.authorization_expires_at !== null) return payment.authorization_expires_at;
  const hold_ms = settings.gateways[payment.gateway]?.capabilities.hold_ms;
  const asked_at = authorize_of(payment)?.requested_at;
  return hold_ms === undefined || asked_at === undefined ? undefined : later(asked_at, hold_ms);
}

/** The last minutes of an authorization are not for captures: they could arrive after its end. */
export function is_too_late({ given }: Context, payment: Payment): boolean {
  const expires_at = payment.authorization_expires_at;
  return expires_at !== null && Date.parse(given.at) > Date.parse(expires_at) - capture_margin_ms;
}
