/**
 * CyberSource's Simple Order API as a gateway (integrations.md 5). It has no idempotency key: each message that may have an effect has a name of its
 * own (a function of the operation and its round), an authorization that nobody answered is reversed by that name before the next one goes out,
 * a capture is repeated once, a credit never.
 */
import { Compile } from 'typebox/compile';
import { call } from '../../../platform/adapters/call.ts';
import type { Operation, Outcome, Remember, Row } from '../../../platform/service.ts';
import type { XmlNode } from '../../../platform/xml/write.ts';
import { check_cybersource } from './cybersource_check.ts';
import { authorize_outcome, capture_outcome, is_undone, name, not_ours, refund_outcome, void_outcome } from './cybersource_outcomes.ts';
import { is_unavailable, type Told, told } from './cybersource_reply.ts';
import {
  type Authentication,
  authorize_message,
  capture_message,
  credit_message,
  lost_reversal_message,
  lost_void_message,
  namespace_of,
  reversal_message,
  validate_message,
} from './cybersource_requests.ts';
import { type Signer, signed_envelope } from './cybersource_signature.ts';
import {
  type AuthorizeRequest,
  AuthorizeSchema,
  type CaptureRequest,
  CaptureSchema,
  type Gateway,
  type RefundRequest,
  RefundSchema,
  type VoidRequest,
  VoidSchema,
} from './port.ts';

export const in_flight_max = 16;
export const reply_bytes_max = 256 * 1_024;
export const path = '/commerce/1.x/transactionProcessor';
/** The vendor's word: so long nobody knows whether a message without an answer is still at work. */
export const lost_wait_default_ms = 60_000;
/** Until an issuer who was away is asked once more. */
export const again_default_ms = 120_000;
/** Processors hold an authorization for five to seven days. */
export const hold_default_ms = 5 * 24 * 3_600_000;
/** Authorizations under new names after lost ones were reversed; the vendor forbids endless resends. */
export const rounds_max = 3;
/** A query may have to void, to reverse and to authorize anew. */
const calls_max = 3;

export interface CybersourceSettings {
  /** Without the path. */
  readonly base_url: string;
  readonly merchant_id: string;
  readonly signer: Signer;
  /** Of the XSD: `1.224`. */
  readonly schema_version: string;
  /** Of one call. */
  readonly timeout_ms: number;
  readonly lost_wait_ms?: number;
  readonly again_ms?: number;
  /** How long the processor holds an authorization at least. */
  readonly hold_ms?: number;
  /** Where the payer of an authorization goes on to his bank, and comes back to. */
  payer_url(op_id: string): string;
  now_ms(): number;
}

export function cybersource_gateway(settings: CybersourceSettings): Gateway {
  return {
    name,
    immediate: false,
    // Several captures of one authorization depend on the processor: they are gathered into one. So does its end, which no reply tells.
    capabilities: { multi_capture: false, hold_ms: settings.hold_ms ?? hold_default_ms },
    adapter: {
      timeout_ms: calls_max * settings.timeout_ms,
      in_flight_max,
      perform: (operation, signal, remember) => perform({ settings, operation, signal, remember }),
      query: (operation, signal, remember) => query({ settings, operation, signal, remember }),
    },
    needs_billing: true,
    takes_method: method => /^([A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+|[A-Za-z0-9_]{1,60})$/.test(method),
    payer_page: { form: payer_form, returned },
    check: signal => check_cybersource({ ...settings, send: (message, until) => send({ settings, signal: until }, message) }, signal),
  };
}

/** One turn of an operation. */
interface Turn {
  readonly settings: CybersourceSettings;
  readonly operation: Operation;
  readonly signal: AbortSignal;
  readonly remember: Remember | undefined;
}

const checks = {
  authorize: Compile(AuthorizeSchema),
  capture: Compile(CaptureSchema),
  void: Compile(VoidSchema),
  refund: Compile(RefundSchema),
};

async function perform(turn: Turn): Promise<Outcome> {
  const { kind, request } = turn.operation;
  if (kind === 'authorize' && checks.authorize.Check(request)) return authorize(turn, request, round_of(turn));
  if (kind === 'capture' && checks.capture.Check(request)) return capture(turn, request, false);
  if (kind === 'void' && checks.void.Check(request)) return reverse(turn, request);
  if (kind === 'refund' && checks.refund.Check(request)) return credit(turn, request);
  return malformed(turn);
}

async function query(turn: Turn): Promise<Outcome> {
  const { kind, request, state } = turn.operation;
  if (kind === 'authorize') return checks.authorize.Check(request) ? ask_authorize(turn, request) : ask_without_request(turn);
  if (kind === 'capture' && checks.capture.Check(request)) return repeat_capture(turn, request);
  // To reverse again is answered by "was reversed".
  if (kind === 'void' && checks.void.Check(request)) return reverse(turn, request);
  if (kind === 'refund' && checks.refund.Check(request))
    return for_person(
      `a credit without an answer (${state}) is never sent again: look for ${reference_of(turn, 1)} in the Business Center`,
    );
  return malformed(turn);
}

// --- authorize

async function authorize(turn: Turn, request: AuthorizeRequest, round: number): Promise<Outcome> {
  if (!(await begins(turn, { round, sent_ms: turn.settings.now_ms() }))) return taken_over;
  const { settings, operation } = turn;
  const url = settings.payer_url(operation.op_id);
  const return_url = request.return_url ? url : undefined;
  const reference = reference_of(turn, round);
  const answer = await send(turn, authorize_message({ merchant_id: settings.merchant_id, reference }, request, return_url));
  if ('outcome' in answer) return answer.outcome;
  const { reply } = answer;
  if (reply.decision === 'REJECT' && is_unavailable(reply) && round === 1 && turn.remember !== undefined)
    return (await turn.remember({ round: 2 }))
      ? { outcome: 'retryable', detail: reply.reason_code, after_ms: settings.again_ms ?? again_default_ms }
      : taken_over;
  return not_ours(reply, reference) ?? authorize_outcome(operation, request, reply, url);
}

/** The payer came back: his bank's word is checked, and the money asked for in the same message. */
async function validate(turn: Turn, request: AuthorizeRequest, authentication: Authentication): Promise<Outcome> {
  const round = round_of(turn) + 1;
  if (!(await begins(turn, { round, sent_ms: turn.settings.now_ms(), validating: true }))) return taken_over;
  const { settings, operation } = turn;
  const reference = reference_of(turn, round);
  const answer = await send(turn, validate_message({ merchant_id: settings.merchant_id, reference }, request, authentication));
  if ('outcome' in answer) return answer.outcome;
  return not_ours(answer.reply, reference) ?? authorize_outcome(operation, request, answer.reply, settings.payer_url(operation.op_id));
}

async function ask_authorize(turn: Turn, request: AuthorizeRequest): Promise<Outcome> {
  const { settings, operation } = turn;
  const { learned } = operation;
  // In review: nothing tells what became of it but a person.
  if (learned['step'] !== undefined) return { outcome: 'pending' };
  const authentication = authentication_in(learned);
  if (authentication === undefined || learned['validating'] === true) return undo_lost(turn, request);
  if (learned['returned'] === undefined) return { outcome: 'action_required', url: settings.payer_url(operation.op_id) };
  return validate(turn, request, authentication);
}

/** Nobody answered: what may have been held is given back by its name, and only then it is asked for again. */
async function undo_lost(turn: Turn, request: AuthorizeRequest): Promise<Outcome> {
  const { settings, operation } = turn;
  const wait_ms = lost_since_ms(turn) + (settings.lost_wait_ms ?? lost_wait_default_ms) - settings.now_ms();
  if (wait_ms > 0) return { outcome: 'retryable', after_ms: wait_ms, detail: 'the lost message may still be at work' };
  const round = round_of(turn);
  const envelope = { merchant_id: settings.merchant_id, reference: reference_of(turn, round) };
  if (request.intent === 'charge') {
    const left = await undone(turn, lost_void_message(envelope, request), envelope.reference, 'void');
    if (left !== undefined) return left;
  }
  const left = await undone(turn, lost_reversal_message(envelope, request), envelope.reference, 'reversal');
  if (left !== undefined) return left;
  // The bank's word is used up, or it was tried often enough: the payer may begin anew.
  if (operation.learned['validating'] === true || round >= rounds_max)
    return { outcome: 'declined', code: 'processing_error', retryable: true };
  return authorize(turn, request, round + 1);
}

/** `undefined`: there is nothing of it any more. */
async function undone(turn: Turn, message: XmlNode, reference: string, what: 'reversal' | 'void'): Promise<Outcome | undefined> {
  const answer = await send(turn, message);
  if ('outcome' in answer)
    return answer.outcome.outcome === 'retryable' ? answer.outcome : unknown(`its ${what}: ${detail_of(answer.outcome)}`);
  const { reply } = answer;
  const doubt = not_ours(reply, reference);
  if (doubt !== undefined) return doubt;
  return is_undone(reply, what) ? undefined : unknown(`its ${what} is answered by ${reply.decision} ${reply.reason_code}`.slice(0, 200));
}

/** `ask` and `abandon` have no request to pay with: what is known of the payment is what they were given. */
function ask_without_request({ settings, operation }: Turn): Outcome {
  const { earlier, authorize_op_id } = operation.request;
  if (typeof earlier === 'object' && earlier !== null && 'authorize' in earlier) return { outcome: 'pending' };
  return { outcome: 'action_required', url: settings.payer_url(String(authorize_op_id)) };
}

// --- the steps that follow

async function capture(turn: Turn, request: CaptureRequest, repeated: boolean): Promise<Outcome> {
  const reference = reference_of(turn, 1);
  const answer = await send(turn, capture_message({ ...envelope_of(turn), reference }, request));
  if ('outcome' in answer) return answer.outcome;
  return not_ours(answer.reply, reference) ?? capture_outcome(turn.operation, request, answer.reply, repeated);
}

async function repeat_capture(turn: Turn, request: CaptureRequest): Promise<Outcome> {
  const { settings, operation } = turn;
  if (operation.learned['repeated'] === true) return for_person('a capture is repeated once only: look for it in the Business Center');
  const wait_ms = lost_since_ms(turn) + (settings.lost_wait_ms ?? lost_wait_default_ms) - settings.now_ms();
  if (wait_ms > 0) return { outcome: 'retryable', after_ms: wait_ms, detail: 'the lost message may still be at work' };
  if (!(await begins(turn, { repeated: true }))) return taken_over;
  const outcome = await capture(turn, request, true);
  if (outcome.outcome === 'retryable' && turn.remember !== undefined) await turn.remember({ repeated: false });
  return outcome;
}

async function reverse(turn: Turn, request: VoidRequest): Promise<Outcome> {
  const { operation } = turn;
  const holds_nothing = 'authorize_op_id' in operation.request && request.earlier?.authorize === undefined;
  // A payer who never finished at his bank: no money was ever asked for.
  if (holds_nothing) return { outcome: 'ok', value: nothing_held(request) };
  const reference = reference_of(turn, operation.attempts);
  const answer = await send(turn, reversal_message({ ...envelope_of(turn), reference }, request));
  if ('outcome' in answer) return answer.outcome;
  return not_ours(answer.reply, reference) ?? void_outcome(operation, request, answer.reply);
}

function nothing_held({ gateway_ref, payment_id, order_id, currency }: VoidRequest): Row {
  const fact = { gateway: name, object_ref: gateway_ref, fact: 'voided', amount: 0, currency, gateway_ref, payment_id, order_id, raw: {} };
  return { gateway_ref, facts: [fact] };
}

async function credit(turn: Turn, request: RefundRequest): Promise<Outcome> {
  const { ref, token } = request.earlier?.capture ?? {};
  if (ref === undefined)
    return {
      outcome: 'permanent_error',
      code: 'capture_reference_unknown',
      detail: 'the reply to its capture was lost: refund it in the Business Center',
    };
  const reference = reference_of(turn, 1);
  const answer = await send(turn, credit_message({ ...envelope_of(turn), reference }, request, ref, token));
  if ('outcome' in answer) return answer.outcome;
  return not_ours(answer.reply, reference) ?? refund_outcome(turn.operation, request, answer.reply);
}

// --- one message

async function send({ settings, signal }: Pick<Turn, 'settings' | 'signal'>, message: XmlNode): Promise<Told> {
  const namespaces = { '': namespace_of(settings.schema_version) };
  const request = {
    method: 'POST',
    url: `${settings.base_url.replace(/\/+$/, '')}${path}`,
    headers: { soapaction: '"runTransaction"' },
    body: { content_type: 'text/xml; charset=utf-8', content: signed_envelope(message, namespaces, settings.signer) },
    reply_bytes_max,
  } as const;
  return told(await call(request, AbortSignal.any([signal, AbortSignal.timeout(settings.timeout_ms)])));
}

function envelope_of({ settings }: Turn): { readonly merchant_id: string } {
  return { merchant_id: settings.merchant_id };
}

/** The name of one message: the same operation and round give the same. */
function reference_of({ operation }: Turn, round: number): string {
  return `${operation.op_id}-${round}`;
}

function round_of({ operation }: Turn): number {
  const round = operation.learned['round'];
  return typeof round === 'number' ? round : 1;
}

function lost_since_ms({ operation }: Turn): number {
  const sent_ms = operation.learned['sent_ms'];
  return typeof sent_ms === 'number' ? sent_ms : Date.parse(operation.sent_at ?? operation.requested_at);
}

/** What a query must know, before the effect. The runner always gives `remember`. */
async function begins({ remember }: Turn, learned: Row): Promise<boolean> {
  return remember === undefined || (await remember(learned));
}

const unknown = (detail: string): Outcome => ({ outcome: 'unknown', detail });
/** What no query finds: only the vendor's own pages tell. */
const for_person = (detail: string): Outcome => ({ outcome: 'unknown', detail, for_person: true });
const taken_over = unknown('another process has taken it over');
const detail_of = (outcome: Outcome): string => ('detail' in outcome ? String(outcome.detail) : outcome.outcome);
function malformed({ operation }: Turn): Outcome {
  return { outcome: 'permanent_error', code: 'malformed_request', detail: `no ${operation.kind} can be read from the operation's row` };
}

// --- the payer's way to his bank

function authentication_in(learned: Row): Authentication | undefined {
  const { authentication, returned: brought } = learned;
  if (!is_row(authentication) || typeof authentication['transaction_id'] !== 'string') return undefined;
  const signed_pares = is_row(brought) ? brought['signed_pares'] : undefined;
  return { transaction_id: authentication['transaction_id'], ...(typeof signed_pares === 'string' && { signed_pares }) };
}

function payer_form(learned: Row): { readonly action: string; readonly fields: Readonly<Record<string, string>> } | undefined {
  const { authentication } = learned;
  if (!is_row(authentication) || learned['returned'] !== undefined) return undefined;
  const { action, access_token, pa_req, transaction_id } = authentication;
  if (typeof action !== 'string' || typeof transaction_id !== 'string') return undefined;
  if (typeof access_token === 'string') return { action, fields: { JWT: access_token } };
  return typeof pa_req === 'string' ? { action, fields: { PaReq: pa_req, MD: transaction_id } } : undefined;
}

/** Only 3-D Secure 1 brings something that we do not have: the bank's signed word. */
function returned(body: Uint8Array): Row {
  const signed_pares = new URLSearchParams(Buffer.from(body).toString('utf8')).get('PaRes') ?? '';
  return { returned: /^[\w+/=\s-]{1,40000}$/.test(signed_pares) ? { signed_pares: signed_pares.replace(/\s/g, '+') } : {} };
}

function is_row(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
