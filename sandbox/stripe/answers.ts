/** Stripe's answers, good and bad. `stored`: kept under the idempotency key (execution had begun). */
import { type ChargeError, type Intent, intent_on_wire } from './objects.ts';

export interface Answer {
  readonly status: number;
  readonly body: object;
  readonly stored: boolean;
}

export function ok(body: object): Answer {
  return { status: 200, body, stored: true };
}
/** Failed validation: never stored. */
export function invalid(message: string, param?: string, code?: string): Answer {
  return refusal(400, {
    type: 'invalid_request_error',
    message,
    ...(code !== undefined && { code }),
    ...(param !== undefined && { param }),
  });
}
export function missing(what: string, id: string, param: string): Answer {
  const body = { type: 'invalid_request_error', code: 'resource_missing', message: `No such ${what}: '${id}'`, param };
  return refusal(param === 'payment_method' ? 400 : 404, body);
}
export function unauthorized(message: string): Answer {
  return refusal(401, { type: 'invalid_request_error', message });
}
export function key_reused(key: string): Answer {
  const message = `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`;
  return refusal(400, { type: 'idempotency_error', message });
}
export function key_in_use(key: string): Answer {
  const message = `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`;
  return refusal(409, { type: 'idempotency_error', code: 'idempotency_key_in_use', message });
}
export function rate_limited(): Answer {
  return refusal(429, { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many requests hit the API too quickly.' });
}
export function broken(status: number): Answer {
  return { status, body: { error: { type: 'api_error', message: 'An unknown error occurred' } }, stored: true };
}
/** The intent is not in a state for this: execution had begun. */
export function unexpected_state(intent: Intent, message: string, page_url: string): Answer {
  const error = {
    type: 'invalid_request_error',
    code: 'payment_intent_unexpected_state',
    message,
    payment_intent: intent_on_wire(intent, page_url),
  };
  return { status: 400, body: { error }, stored: true };
}
export function card_error(intent: Intent, error: ChargeError, page_url: string, expand?: ReadonlySet<string>): Answer {
  const body = {
    type: 'card_error',
    code: error.code,
    ...(error.decline_code !== null && { decline_code: error.decline_code }),
    ...(advice(error.decline_code) && { advice_code: advice(error.decline_code) }),
    message: error.message,
    doc_url: `https://stripe.com/docs/error-codes/${error.code.replaceAll('_', '-')}`,
    charge: intent.charge?.id ?? null,
    payment_intent: intent_on_wire(intent, page_url, expand),
  };
  return { status: 402, body: { error: body }, stored: true };
}

function refusal(status: number, error: object): Answer {
  return { status, body: { error }, stored: false };
}
function advice(decline_code: string | null): string | undefined {
  if (decline_code === 'lost_card' || decline_code === 'stolen_card' || decline_code === 'fraudulent') return 'do_not_try_again';
  return decline_code === 'insufficient_funds' || decline_code === 'processing_error' ? 'try_again_later' : undefined;
}
