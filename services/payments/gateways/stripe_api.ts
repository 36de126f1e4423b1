/** Stripe's API as we call it: keys, one repeat, and what an answer proves (integrations.md 2 and 4). */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { call_json, type JsonAnswer, outcome_of } from '../../../platform/adapters/call.ts';
import type { Outcome } from '../../../platform/service.ts';
import { read_intent, type StripeIntent } from './stripe_facts.ts';

export const api_version = '2026-10-28.endive';
export const reply_bytes_max = 1024 * 1024;

export interface StripeSettings {
  /** STRIPE_BASE_URL, `https://api.stripe.com` when live. */
  readonly base_url: string;
  /** STRIPE_SECRET_KEY */
  readonly secret_key: string;
  /** STRIPE_WEBHOOK_SECRET; the door hands it to parse_webhook. */
  readonly webhook_secret: string;
  /** Of a whole operation: a call and its one repeat. */
  readonly timeout_ms: number;
  /** The platform's clock: keys age. */
  now_ms(): number;
  /** What Stripe does not know so long after it was sent has not happened; presets to `settle_ms`. */
  readonly settle_ms?: number;
  /** False for accounts without multicapture: it is then not asked for. */
  readonly multi_capture?: boolean;
}

/** What a call came to. `outcome`: what the table of integrations.md says about an answer that is no object. */
export type Told<T> = { readonly object: T } | { readonly error: StripeFailure } | { readonly outcome: Outcome };
export interface StripeFailure {
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly decline_code?: string;
  readonly advice_code?: string;
  readonly message: string;
  readonly intent?: StripeIntent;
}

export interface StripeApi {
  readonly settings: StripeSettings;
  get<T>(path: string, query: Fields, read: (value: unknown) => T | undefined, signal: AbortSignal): Promise<Told<T>>;
  /** Sends the same bytes with the same key once more, at once, when the first try may have happened. */
  post<T>(path: string, body: Fields, key: string, read: (value: unknown) => T | undefined, signal: AbortSignal): Promise<Told<T>>;
}
export type Fields = readonly (readonly [string, string | number | boolean | null | undefined])[];

export function stripe_api(settings: StripeSettings): StripeApi {
  const headers = { authorization: `Bearer ${settings.secret_key}`, 'stripe-version': api_version };
  const base = settings.base_url.replace(/\/+$/, '');
  return {
    settings,
    get: async (path, query, read, signal) => {
      const url = `${base}${path}?${form(query)}`;
      return told(await call_json({ method: 'GET', url, headers, reply_bytes_max }, deadline(settings, signal)), read);
    },
    post: async (path, body, key, read, signal) => {
      const request = {
        method: 'POST',
        url: `${base}${path}`,
        headers: { ...headers, 'idempotency-key': key },
        body: { content_type: 'application/x-www-form-urlencoded', content: form(body) },
        reply_bytes_max,
      } as const;
      const first = await call_json(request, deadline(settings, signal));
      if (!perhaps_executed(first, read) || signal.aborted || should_retry(first) === false) return told(first, read);
      const second = await call_json(request, deadline(settings, signal));
      // The first may have happened; only an answer about the effect itself says more.
      return perhaps_executed(second, read) || !definite(second)
        ? { outcome: { outcome: 'unknown', detail: `${describe(first)}, then ${describe(second)}` } }
        : told(second, read);
    },
  };
}

/** Half of the operation's time each, so that the repeat fits in. */
function deadline(settings: StripeSettings, signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, Math.floor(settings.timeout_ms / 2)))]);
}

export function form(fields: Fields): string {
  const present = new URLSearchParams();
  for (const [name, value] of fields) if (value !== null && value !== undefined) present.append(name, String(value));
  return present.toString();
}

function perhaps_executed<T>(answer: JsonAnswer, read: (value: unknown) => T | undefined): boolean {
  if (answer.answer !== 'reply') return answer.answer === 'lost';
  if (answer.status >= 500) return true;
  return answer.status < 300 ? read(answer.json) === undefined : read_failure(answer) === undefined;
}
/** An answer about the effect: not "later", not "still running". */
function definite(answer: JsonAnswer): boolean {
  return answer.answer === 'reply' && answer.status !== 409 && answer.status !== 429;
}
function describe(answer: JsonAnswer): string {
  return answer.answer === 'reply' ? `HTTP ${answer.status}` : answer.detail;
}

function told<T>(answer: JsonAnswer, read: (value: unknown) => T | undefined): Told<T> {
  if (answer.answer !== 'reply') return { outcome: outcome_of(answer) };
  if (answer.status >= 500) return { outcome: { outcome: 'unknown', detail: `HTTP ${answer.status}` } };
  if (answer.status < 300) {
    const object = read(answer.json);
    return object === undefined ? { outcome: { outcome: 'unknown', detail: 'an unreadable reply' } } : { object };
  }
  const failure = read_failure(answer);
  if (failure === undefined) return { outcome: { outcome: 'unknown', detail: `HTTP ${answer.status} with an unreadable body` } };
  return later(answer, failure) ?? { error: failure };
}

/** 409 and 429: nothing was executed for this request. Stripe's own word overrides the table. */
function later(answer: Extract<JsonAnswer, { answer: 'reply' }>, failure: StripeFailure): { outcome: Outcome } | undefined {
  const asked = should_retry(answer);
  const by_table = answer.status === 409 || answer.status === 429 || failure.code === 'lock_timeout' || failure.code === 'rate_limit';
  if (!(asked ?? by_table)) return undefined;
  // A key in use says nothing about anybody else.
  const after_ms = answer.status === 409 ? undefined : answer.retry_after_ms;
  return { outcome: { outcome: 'retryable', detail: failure.code || failure.type, ...(after_ms !== undefined && { after_ms }) } };
}
function should_retry(answer: JsonAnswer): boolean | undefined {
  const word = answer.answer === 'reply' ? answer.headers['stripe-should-retry'] : undefined;
  return word === 'true' ? true : word === 'false' ? false : undefined;
}

const text = Type.Optional(Type.Union([Type.String(), Type.Null()]));
const error_body = Compile(
  Type.Object({
    error: Type.Object({
      type: Type.String(),
      code: text,
      decline_code: text,
      advice_code: text,
      message: text,
      payment_intent: Type.Optional(Type.Unknown()),
    }),
  }),
);
function read_failure(answer: Extract<JsonAnswer, { answer: 'reply' }>): StripeFailure | undefined {
  if (!error_body.Check(answer.json)) return undefined;
  const { error } = answer.json;
  const intent = read_intent(error.payment_intent);
  return {
    status: answer.status,
    type: error.type,
    code: error.code ?? '',
    ...(error.decline_code && { decline_code: error.decline_code }),
    ...(error.advice_code && { advice_code: error.advice_code }),
    message: (error.message ?? '').slice(0, 300),
    ...(intent && { intent }),
  };
}

/** Our fault, or the account's: an operator has to look. */
export function permanent(failure: StripeFailure): Outcome {
  return { outcome: 'permanent_error', code: failure.code || failure.type, detail: `HTTP ${failure.status}: ${failure.message}` };
}
