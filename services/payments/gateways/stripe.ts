/** Stripe PaymentIntents as a gateway (integrations.md 4). The stand-in and the live host are reached by the same code: the base URL differs. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import type { Operation, Outcome } from '../../../platform/service.ts';
import {
  type AuthorizeRequest,
  AuthorizeSchema,
  type CaptureRequest,
  CaptureSchema,
  type Gateway,
  type LearnedValue,
  type RefundRequest,
  RefundSchema,
  type VoidRequest,
  VoidSchema,
} from './port.ts';
import { permanent, type StripeApi, type StripeFailure, type StripeSettings, stripe_api, type Told } from './stripe_api.ts';
import { check_stripe } from './stripe_check.ts';
import {
  action_url,
  decline_of,
  facts_of_intent,
  facts_of_refund,
  read_intent,
  read_refund,
  type StripeIntent,
  type StripeRefund,
} from './stripe_facts.ts';
import { list_made } from './stripe_lists.ts';
import { cancel_form, capture_form, capture_mark, create_form, refund_form, release_form } from './stripe_requests.ts';
import { list_recent, parse_webhook } from './stripe_webhook.ts';

export const in_flight_max = 32;
/** Before that, "not found" may only mean that Stripe's lists lag. */
export const settle_ms = 15 * 60_000;
/** Stripe forgets keys after 24 h: an older one is never sent again, only asked about. */
export const key_age_max_ms = 23 * 3_600_000;
/** Clocks of Stripe and ours may differ by so much when we look for a payment by its time. */
const clock_skew_ms = 10_000;
const list_page = 100;
const list_pages_max = 100;

const checks = {
  authorize: Compile(AuthorizeSchema),
  capture: Compile(CaptureSchema),
  void: Compile(VoidSchema),
  refund: Compile(RefundSchema),
};

export function stripe_gateway(settings: StripeSettings): Gateway & Required<Pick<Gateway, 'parse_webhook'>> {
  const api = stripe_api(settings);
  const live = !/^(sk|rk)_test_/.test(settings.secret_key);
  return {
    name: 'stripe',
    immediate: false,
    capabilities: { multi_capture: settings.multi_capture ?? true },
    adapter: {
      timeout_ms: settings.timeout_ms,
      in_flight_max,
      settle_ms: settle_ms_of(api),
      perform: (operation, signal) => perform(api, operation, signal),
      query: (operation, signal) => query(api, operation, signal),
    },
    takes_method,
    parse_webhook: (raw, headers, now_ms, secret) => parse_webhook(raw, headers, now_ms, secret, live),
    list_recent: (since, signal) => list_recent(api, since, signal),
    list_made: (between, signal) => list_made(api, between, signal),
    check: signal => check_stripe(settings, signal),
  };
}

const takes_method = (method: string): boolean => /^[A-Za-z][A-Za-z0-9]*_[A-Za-z0-9_]+$/.test(method);

// --- perform: the effect, under the operation's id as idempotency key

async function perform(api: StripeApi, operation: Operation, signal: AbortSignal): Promise<Outcome> {
  if (operation.attempts > 1 && key_age_ms(api, operation) > key_age_max_ms)
    return { outcome: 'unknown', detail: 'the idempotency key is too old to be sent again', answered: true };
  const { kind, request } = operation;
  if (kind === 'authorize' && checks.authorize.Check(request) && takes_method(request.method))
    return authorize(api, operation, request, signal);
  if (kind === 'capture' && checks.capture.Check(request)) return capture(api, operation, request, signal);
  if (kind === 'void' && checks.void.Check(request)) return cancel(api, operation, request, signal);
  if (kind === 'refund' && checks.refund.Check(request)) return refund(api, operation, request, signal);
  return malformed(operation);
}

async function authorize(api: StripeApi, operation: Operation, request: AuthorizeRequest, signal: AbortSignal): Promise<Outcome> {
  const form = create_form(operation, request, api.settings.multi_capture ?? true);
  if (form === undefined) return inexpressible(request.currency);
  const told = await api.post('/v1/payment_intents', form, operation.op_id, read_intent, signal);
  if ('outcome' in told) return told.outcome;
  if ('object' in told) return authorize_outcome(operation, told.object);
  return told.error.type === 'card_error' ? declined(operation, told.error) : permanent(told.error);
}

async function capture(api: StripeApi, operation: Operation, request: CaptureRequest, signal: AbortSignal): Promise<Outcome> {
  const form = capture_form(operation, request);
  if (form === undefined) return inexpressible(request.currency);
  const told = await api.post(intent_path(request, '/capture'), form, operation.op_id, read_intent, signal);
  if ('outcome' in told) return told.outcome;
  if ('object' in told)
    return (
      capture_outcome(operation, request, told.object) ?? { outcome: 'unknown', detail: 'the reply does not bear the mark of this capture' }
    );
  if (!is_conflict(told.error)) return refused(told.error);
  return on_intent(api, request, signal, intent => capture_outcome(operation, request, intent) ?? conflict(intent));
}

async function cancel(api: StripeApi, operation: Operation, request: VoidRequest, signal: AbortSignal): Promise<Outcome> {
  const told = await api.post(intent_path(request, '/cancel'), cancel_form(), operation.op_id, read_intent, signal);
  if ('outcome' in told) return told.outcome;
  if ('object' in told)
    return void_outcome(told.object) ?? { outcome: 'unknown', detail: `the payment is ${told.object.status} after its cancellation` };
  if (!is_conflict(told.error)) return permanent(told.error);
  const now = await api.get(intent_path(request, ''), [['expand[0]', 'latest_charge']], read_intent, signal);
  if (!('object' in now)) return not_answered(now);
  if (now.object.status === 'requires_capture') return release(api, operation, request, signal);
  return void_outcome(now.object) ?? conflict(now.object);
}

/** Part of the money was taken before and Stripe does not cancel such a payment: a last capture of nothing lets the rest go. */
async function release(api: StripeApi, operation: Operation, request: VoidRequest, signal: AbortSignal): Promise<Outcome> {
  const told = await api.post(intent_path(request, '/capture'), release_form(), `${operation.op_id}_release`, read_intent, signal);
  if ('outcome' in told) return told.outcome;
  if ('object' in told)
    return void_outcome(told.object) ?? { outcome: 'unknown', detail: `the payment is ${told.object.status} after its release` };
  return permanent(told.error);
}

async function refund(api: StripeApi, operation: Operation, request: RefundRequest, signal: AbortSignal): Promise<Outcome> {
  const form = refund_form(operation, request);
  if (form === undefined) return inexpressible(request.currency);
  const told = await api.post('/v1/refunds', form, operation.op_id, read_refund, signal);
  if ('outcome' in told) return told.outcome;
  return 'object' in told ? refund_outcome(operation, told.object) : refused(told.error);
}

// --- query: what became of it

/**
 * A call whose process died (`sent`, nothing learned) gets the one repeat it never had. Else Stripe is asked: by id, or by time and
 * metadata. What it does not know counts as not happened only after settle_ms: then the same bytes go out under the same key.
 */
async function query(api: StripeApi, operation: Operation, signal: AbortSignal): Promise<Outcome> {
  const { kind, learned } = operation;
  const fresh = key_age_ms(api, operation) < key_age_max_ms;
  if (operation.state === 'sent' && learned['gateway_ref'] === undefined && learned['object_ref'] === undefined && fresh)
    return perform(api, operation, signal);
  const found = await ask(api, operation, signal);
  if (found !== undefined) return found;
  if (!fresh)
    return { outcome: 'unknown', detail: `Stripe does not know this ${kind}, and its key is too old to be sent again`, answered: true };
  if (key_age_ms(api, operation) < settle_ms_of(api))
    return { outcome: 'unknown', detail: `Stripe does not know this ${kind} yet`, answered: true };
  return perform(api, operation, signal);
}

/** `undefined`: it did not happen, as far as Stripe knows now. */
async function ask(api: StripeApi, operation: Operation, signal: AbortSignal): Promise<Outcome | undefined> {
  const { kind, request } = operation;
  if (kind === 'authorize') return ask_authorize(api, operation, signal);
  if (kind === 'capture' && checks.capture.Check(request))
    return on_intent(
      api,
      request,
      signal,
      intent => capture_outcome(operation, request, intent) ?? (intent.status === 'requires_capture' ? undefined : conflict(intent)),
    );
  if (kind === 'void' && checks.void.Check(request))
    return on_intent(
      api,
      request,
      signal,
      intent => void_outcome(intent) ?? (intent.status === 'succeeded' ? conflict(intent) : undefined),
    );
  if (kind === 'refund' && checks.refund.Check(request)) return ask_refund(api, operation, request, signal);
  return malformed(operation);
}

const IntentList = Compile(Type.Object({ data: Type.Array(Type.Unknown()), has_more: Type.Boolean() }));
const read_list = (value: unknown) => (IntentList.Check(value) ? value : undefined);

async function ask_authorize(api: StripeApi, operation: Operation, signal: AbortSignal): Promise<Outcome | undefined> {
  const known = operation.learned['gateway_ref'];
  if (typeof known === 'string') return on_intent(api, { gateway_ref: known }, signal, intent => authorize_outcome(operation, intent));
  const sent_ms = sent_at_ms(operation);
  const [from, until] = [sent_ms - clock_skew_ms, sent_ms + api.settings.timeout_ms + clock_skew_ms].map(each => Math.floor(each / 1_000));
  let after: string | undefined;
  for (let page = 0; page < list_pages_max; page += 1) {
    const fields = [
      ['created[gte]', from],
      ['created[lte]', until],
      ['limit', list_page],
      ['starting_after', after],
      ['expand[0]', 'data.latest_charge'],
    ] as const;
    const told = await api.get('/v1/payment_intents', fields, read_list, signal);
    if (!('object' in told)) return not_answered(told);
    const intents = told.object.data.map(read_intent);
    const ours = intents.find(each => each?.metadata?.['operation_id'] === operation.op_id);
    if (ours !== undefined) return authorize_outcome(operation, ours);
    after = intents.at(-1)?.id;
    if (!told.object.has_more || after === undefined) return undefined;
  }
  return { outcome: 'unknown', detail: `not among the ${list_page * list_pages_max} payments of that time` };
}

async function ask_refund(api: StripeApi, operation: Operation, request: RefundRequest, signal: AbortSignal): Promise<Outcome | undefined> {
  const known = operation.learned['object_ref'];
  if (typeof known === 'string') {
    const told = await api.get(`/v1/refunds/${encodeURIComponent(known)}`, [], read_refund, signal);
    return 'object' in told ? refund_outcome(operation, told.object) : not_answered(told);
  }
  const told = await api.get(
    '/v1/refunds',
    [
      ['payment_intent', request.gateway_ref],
      ['limit', list_page],
    ],
    read_list,
    signal,
  );
  if (!('object' in told)) return not_answered(told);
  const ours = told.object.data.map(read_refund).find(each => each?.metadata?.['refund_id'] === request.refund_id);
  if (ours !== undefined) return refund_outcome(operation, ours);
  return told.object.has_more ? { outcome: 'unknown', detail: `not among the newest ${list_page} refunds of the payment` } : undefined;
}

/** Reads the payment and judges; "no such payment" right after one was made is a lagging replica. */
async function on_intent<T extends Outcome | undefined>(
  api: StripeApi,
  request: { readonly gateway_ref: string },
  signal: AbortSignal,
  judge: (intent: StripeIntent) => T,
): Promise<T | Outcome> {
  const told = await api.get(intent_path(request, ''), [['expand[0]', 'latest_charge']], read_intent, signal);
  return 'object' in told ? judge(told.object) : not_answered(told);
}
/** A question that failed leaves the operation as unknown as it was. */
function not_answered(told: Exclude<Told<unknown>, { object: unknown }>): Outcome {
  if ('error' in told)
    return {
      outcome: 'unknown',
      detail: `asking: HTTP ${told.error.status} ${told.error.code || told.error.type}`,
      answered: true,
      ...absent(told.error),
    };
  return told.outcome.outcome === 'retryable' ? told.outcome : { outcome: 'unknown', detail: 'asking: no answer' };
}

function absent(failure: StripeFailure): { value?: LearnedValue } {
  return failure.status === 404 && failure.code === 'resource_missing' ? { value: { absent: true, facts: [] } } : {};
}

// --- what an object or an error means for the operation

function authorize_outcome(operation: Operation, intent: StripeIntent): Outcome {
  const theirs = intent.metadata?.['operation_id'];
  if (theirs !== undefined && theirs !== operation.op_id)
    return { outcome: 'unknown', detail: 'the reply names another operation', answered: true };
  const value = learned(intent);
  switch (intent.status) {
    case 'requires_capture':
    case 'succeeded':
      return { outcome: 'ok', value };
    case 'requires_action':
      return { outcome: 'action_required', url: action_url(intent), value };
    case 'canceled':
      return { outcome: 'declined', code: 'other', retryable: true, value };
    case 'requires_payment_method': {
      if (!intent.last_payment_error) return { outcome: 'pending', value };
      const { decline_code, retryable } = decline_of(intent.last_payment_error);
      return { outcome: 'declined', code: decline_code, retryable, value };
    }
    default:
      return { outcome: 'pending', value };
  }
}

/** `undefined`: the payment does not bear this capture's mark. */
function capture_outcome(operation: Operation, request: CaptureRequest, intent: StripeIntent): Outcome | undefined {
  return intent.metadata?.[capture_mark(request)] === operation.op_id ? { outcome: 'ok', value: learned(intent) } : undefined;
}

/** `undefined`: the money is still held, or all of it was taken. */
function void_outcome(intent: StripeIntent): Outcome | undefined {
  const let_go = intent.status === 'canceled' || (intent.status === 'succeeded' && intent.amount_received < intent.amount);
  return let_go ? { outcome: 'ok', value: learned(intent) } : undefined;
}

function refund_outcome(operation: Operation, made: StripeRefund): Outcome {
  const theirs = made.metadata?.['operation_id'];
  if (theirs !== undefined && theirs !== operation.op_id)
    return { outcome: 'unknown', detail: 'the reply names another operation', answered: true };
  const facts = facts_of_refund(made);
  const value: LearnedValue = { ...(made.payment_intent && { gateway_ref: made.payment_intent }), object_ref: made.id, facts };
  if (made.status === 'succeeded') return { outcome: 'ok', value };
  return made.status === 'failed' || made.status === 'canceled'
    ? { outcome: 'declined', code: 'other', retryable: false, value }
    : { outcome: 'pending', value };
}

/** 402: an answer of the card's bank. Money may be asked for again with another card, that is another operation. */
function declined(operation: Operation, failure: StripeFailure): Outcome {
  const { decline_code, retryable } = decline_of(failure);
  const intent = failure.intent;
  if (intent?.status === 'requires_action') return authorize_outcome(operation, intent);
  return { outcome: 'declined', code: decline_code, retryable, ...(intent && { value: learned(intent) }) };
}

/** Too late, or too much: the payment's facts say what is, and the operation has its answer. */
function conflict(intent: StripeIntent): Outcome {
  return { outcome: 'declined', code: 'other', retryable: false, value: { ...learned(intent), conflict: true } };
}
function is_conflict(failure: StripeFailure): boolean {
  return ['payment_intent_unexpected_state', 'charge_expired_for_capture', 'charge_already_captured', 'amount_too_large'].includes(
    failure.code,
  );
}
/** A refund or capture that cannot be: already given back in full, or a decline. */
function refused(failure: StripeFailure): Outcome {
  const answer =
    failure.type === 'card_error' ||
    ['charge_already_refunded', 'amount_too_large', 'charge_disputed', 'insufficient_funds'].includes(failure.code);
  return answer ? { outcome: 'declined', code: decline_of(failure).decline_code, retryable: false } : permanent(failure);
}

function learned(intent: StripeIntent): LearnedValue {
  return { gateway_ref: intent.id, facts: facts_of_intent(intent) };
}
function intent_path(request: { readonly gateway_ref: string }, deed: string): string {
  return `/v1/payment_intents/${encodeURIComponent(request.gateway_ref)}${deed}`;
}
function malformed(operation: Operation): Outcome {
  return { outcome: 'permanent_error', code: 'malformed_request', detail: `the request of this ${operation.kind} is not one for Stripe` };
}
function inexpressible(currency: string): Outcome {
  return { outcome: 'permanent_error', code: 'amount_not_expressible', detail: `Stripe cannot express this amount in ${currency}` };
}
/** When the key was first sent. */
function sent_at_ms(operation: Operation): number {
  return new Date(operation.sent_at ?? operation.requested_at).getTime();
}
function settle_ms_of({ settings }: StripeApi): number {
  return settings.settle_ms ?? settle_ms;
}
function key_age_ms(api: StripeApi, operation: Operation): number {
  return api.settings.now_ms() - sent_at_ms(operation);
}
