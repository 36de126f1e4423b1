/**
 * A stand-in of Stripe: PaymentIntents with cards, refunds, disputes, events and signed webhooks, as the official client 23.1 speaks to
 * them. Magic payment methods are in cards.ts. What of it is not certain is listed in README.md.
 */
import { createHmac } from 'node:crypto';
import {
  json_reply,
  type Sign,
  type Sim,
  type StandIn,
  type StandInReply,
  type StandInRequest,
  type StandInRoute,
  start_stand_in,
  type ThirdParty,
  type WebhookTarget,
} from '../stand_in.ts';
import { type Answer, broken, invalid, missing, rate_limited, unauthorized } from './answers.ts';
import { api_version, type Books, type Cause, disputes_max, events_kept, intents_max, refunds_max, type Settings } from './books.ts';
import { calls } from './calls.ts';
import { card_of } from './cards.ts';
import { deeds_of } from './deeds.ts';
import { type Form, parse_form, text_of } from './form.ts';
import { type Kept, once, replies_limits } from './idempotency.ts';
import { arm_dispute, arm_expiry, arm_processing, authenticate } from './intents.ts';
import { page_reply } from './page.ts';
import { arm_refund } from './refunds.ts';

/** The events of integrations.md 4, as an operator would tick them in Stripe's dashboard. */
export const default_webhook_events: readonly string[] = [
  ...['amount_capturable_updated', 'succeeded', 'payment_failed', 'canceled', 'requires_action', 'processing'].map(
    each => `payment_intent.${each}`,
  ),
  ...['captured', 'refunded', 'expired', 'refund.updated'].map(each => `charge.${each}`),
  ...['created', 'updated', 'failed'].map(each => `refund.${each}`),
  ...['created', 'updated', 'closed', 'funds_withdrawn', 'funds_reinstated'].map(each => `charge.dispute.${each}`),
];

export interface StripeOptions {
  readonly port?: number;
  /** Absent: any key that looks like a secret key. */
  readonly secret_key?: string;
  readonly webhook?: WebhookTarget;
  readonly webhook_events?: readonly string[];
  readonly ledger_file?: string;
  /** Default true: `request_multicapture` is granted to brands that can. */
  readonly multicapture?: boolean;
  /** Default true. */
  readonly cancel_after_capture?: boolean;
  readonly processing_ms?: number;
  readonly later_ms?: number;
  /** Default: later_ms. */
  readonly bank_ms?: number;
  readonly authorization_ms?: number;
  readonly seed?: number;
  /** As POST /__sim/profile takes it. */
  readonly profile?: unknown;
  now_ms?(): number;
}

export function start_stripe(options: StripeOptions = {}): Promise<StandIn> {
  return start_stand_in({
    name: 'stripe',
    port: options.port,
    ledger_file: options.ledger_file,
    webhook: options.webhook,
    webhook_secret_default: 'whsec_sandbox',
    sign,
    own_status_faults: true,
    seed: options.seed,
    ...(options.now_ms && { now_ms: options.now_ms }),
    not_found: request =>
      json_reply(404, {
        error: { type: 'invalid_request_error', message: `Unrecognized request URL (${request.method}: ${request.path}).` },
      }),
    lie,
    unauthorized: request => sent(request, 'req_revoked', written(unauthorized('Expired API Key provided.'))),
    absent: request =>
      /^\/v1\/\w+$/.test(request.path)
        ? nothing_listed(request)
        : sent(request, 'req_lagging', written(missing('object', request.path.split('/')[3] ?? '', 'id'))),
    ...(options.profile !== undefined && { profile: options.profile }),
    open: sim => open(sim, options),
  });
}

function nothing_listed(request: StandInRequest): StandInReply {
  return json_reply(200, { object: 'list', data: [], has_more: false, url: request.path });
}

/** `Stripe-Signature`: HMAC-SHA256 over the time of the attempt and the raw body. */
const sign: Sign = ({ body, secret, at_ms }) => {
  const at = Math.floor(at_ms / 1_000);
  return {
    'stripe-signature': `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`,
    'user-agent': 'Stripe/1.0',
  };
};

/** The reply to a lie: one more unit of everything that was ever held or taken. */
function lie(body: string): string {
  return JSON.stringify(JSON.parse(body), (name, value: unknown) =>
    name.startsWith('amount') && typeof value === 'number' && value > 0 ? value + 1 : value,
  );
}

function open(sim: Sim, options: StripeOptions): ThirdParty {
  const settings: Settings = {
    secret_key: options.secret_key,
    webhook_events: new Set(options.webhook_events ?? default_webhook_events),
    multicapture: options.multicapture ?? true,
    cancel_after_capture: options.cancel_after_capture ?? true,
    processing_ms: options.processing_ms ?? 0,
    later_ms: options.later_ms ?? 500,
    bank_ms: options.bank_ms ?? options.later_ms ?? 500,
    authorization_ms: options.authorization_ms ?? 7 * 24 * 3_600_000,
  };
  const books: Books = {
    sim,
    settings,
    intents: sim.collection('intents', { size_max: intents_max, when_full: 'refuse' }),
    refunds: sim.collection('refunds', { size_max: refunds_max, when_full: 'refuse' }),
    disputes: sim.collection('disputes', { size_max: disputes_max, when_full: 'refuse' }),
    events: sim.collection('events', { size_max: events_kept, when_full: 'drop_oldest' }),
    replies: sim.collection('replies', replies_limits),
    page_url: () => `${sim.url()}/3d-secure`,
  };
  return {
    routes: [...calls.map(call => route_of(books, call)), page(books, 'GET'), page(books, 'POST')],
    deeds: deeds_of(books),
    resume: () => resume(books),
  };
}

/** After a restart: what was to happen later still happens, and no key stays in progress. */
function resume(books: Books): void {
  for (const [key, record] of [...books.replies.entries()]) if (record.reply === undefined) books.replies.delete(key);
  for (const refund of books.refunds.values()) arm_refund(books, refund);
  for (const intent of books.intents.values()) {
    if (intent.status === 'processing') arm_processing(books, intent.id);
    if (intent.status === 'requires_capture' && books.settings.authorization_ms <= 60_000) arm_expiry(books, intent.id);
    if (intent.status === 'succeeded' && card_of(intent.payment_method ?? '')?.dispute !== undefined) arm_dispute(books, intent.id);
  }
}

/** One call of the API. A call with `writes` is a POST with an idempotency key. */
export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  run(books: Books, cause: Cause, form: Form, id: string): Answer;
}

function route_of(books: Books, call: Call): StandInRoute {
  return { method: call.method, path: call.path, handle: request => serve(books, call, request) };
}

async function serve(books: Books, call: Call, request: StandInRequest): Promise<StandInReply> {
  const request_id = books.sim.id('req_');
  const idempotency_key = request.headers['idempotency-key']?.toString();
  const refused = who_asks(books, request);
  if (refused !== undefined) return sent(request, request_id, { status: 401, body: JSON.stringify(refused.body) });
  const fault = request.status_fault;
  if (fault?.status === 429)
    return sent(request, request_id, { status: 429, body: JSON.stringify(rate_limited().body) }, fault.retry_after_s);
  if (fault !== undefined && fault.status !== 500 && !fault.executed) return proxy_page(fault.status, fault.retry_after_s);
  const form = parse_form(call.method === 'GET' ? request.query.toString() : request.body.toString('utf8'));
  const cause: Cause = { method: request.method, path: request.path, request_id, idempotency_key, webhooks: [] };
  const execute = async (): Promise<Answer> => {
    if (typeof form === 'string') return invalid(form);
    if (books.settings.processing_ms > 0) await new Promise(resolve => setTimeout(resolve, books.settings.processing_ms));
    if (fault?.status === 500 && !fault.executed) return broken(500);
    const answer = call.run(books, cause, form, request.params['id'] ?? '');
    return fault?.status === 500 ? broken(500) : answer;
  };
  const kept = call.method === 'POST' ? await once(books, request, idempotency_key, request_id, execute) : written(await execute());
  if (fault !== undefined && fault.status !== 500) return { ...proxy_page(fault.status, fault.retry_after_s), webhooks: cause.webhooks };
  return { ...sent(request, request_id, kept), webhooks: cause.webhooks };
}

function written(answer: Answer): Kept {
  return { status: answer.status, body: JSON.stringify(answer.body) };
}

function sent(request: StandInRequest, request_id: string, kept: Kept, retry_after_s = 1): StandInReply {
  const idempotency_key = request.headers['idempotency-key']?.toString();
  const headers: Record<string, string> = {
    'request-id': request_id,
    'stripe-version': request.headers['stripe-version']?.toString() ?? api_version,
    ...(idempotency_key !== undefined && { 'idempotency-key': idempotency_key }),
    ...(kept.original_request !== undefined && { 'idempotent-replayed': 'true', 'original-request': kept.original_request }),
    ...(kept.status === 409 && { 'stripe-should-retry': 'true' }),
    ...(kept.status === 429 && { 'retry-after': String(retry_after_s) }),
  };
  return { status: kept.status, headers, body: kept.body };
}

/** What a proxy in front of Stripe says when Stripe itself is away. */
function proxy_page(status: number, retry_after_s: number | undefined): StandInReply {
  const later: Record<string, string> = retry_after_s === undefined ? {} : { 'retry-after': String(retry_after_s) };
  return { status, headers: { 'content-type': 'text/html', ...later }, body: `<html><body><h1>${status}</h1></body></html>` };
}

function who_asks(books: Books, request: StandInRequest): Answer | undefined {
  const header = request.headers.authorization ?? '';
  const [scheme = '', credentials = ''] = header.split(' ');
  const key =
    scheme.toLowerCase() === 'basic'
      ? Buffer.from(credentials, 'base64').toString('utf8').split(':')[0]
      : scheme.toLowerCase() === 'bearer'
        ? credentials
        : '';
  if (key === undefined || key === '')
    return unauthorized('You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth.');
  const good = books.settings.secret_key === undefined ? /^(sk|rk)_/.test(key) : key === books.settings.secret_key;
  return good ? undefined : unauthorized(`Invalid API Key provided: ${key.slice(0, 8)}***`);
}

/** The bank's page: the payer says yes or no, and goes back to the shop. */
function page(books: Books, method: 'GET' | 'POST'): StandInRoute {
  return {
    method,
    path: '/3d-secure/:id',
    handle: request => {
      const intent = books.intents.get(request.params['id'] ?? '');
      const posted = parse_form(request.body.toString('utf8'));
      const outcome = request.query.get('outcome') ?? (typeof posted === 'string' ? undefined : text_of(posted, 'outcome'));
      if (intent === undefined || (outcome !== 'success' && outcome !== 'fail')) return page_reply(intent);
      const cause: Cause = { method, path: request.path, request_id: null, idempotency_key: undefined, webhooks: [] };
      return { ...page_reply(authenticate(books, cause, intent, outcome)), webhooks: cause.webhooks };
    },
  };
}
