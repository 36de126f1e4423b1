/** The `rest` channel: purchase orders to a supplier's own server, as JSON of ours (README.md is the protocol's page). */
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { Id, optional, Text } from '../../../contracts/envelope.ts';
import { call_json, type JsonAnswer, json_body, outcome_of } from '../../../platform/adapters/call.ts';
import type { Operation, Outcome, Row } from '../../../platform/service.ts';
import { type CancelOrder, CancelOrderSchema, type SendOrder, SendOrderSchema, type SupplierChannel, type SupplierFact } from './port.ts';
import { check_rest } from './rest_check.ts';
import { read_document, receive } from './rest_documents.ts';

export const timeout_ms = 30_000;
export const in_flight_max = 8;
export const reply_bytes_max = 2 * 1024 * 1024;
/** A supplier's own query may lag behind what it took: before this, "not found" proves nothing. */
export const settle_default_ms = 15 * 60_000;
/** Suppliers keep idempotency keys for a day. */
export const key_age_max_ms = 23 * 3_600_000;

export interface RestSettings {
  /** The provider's name in operations and in `/inbound/{name}`. */
  readonly name: string;
  readonly base_url: string;
  readonly api_key: string;
  readonly settle_ms?: number;
  readonly timeout_ms?: number;
  now_ms(): number;
}

const FunctionalReceipt = Type.Object({ reference: Id(), supplier_reference: Id(), expected_at: optional(Text(40)) });
const Answered = Type.Union([Type.Literal('agreed'), Type.Literal('refused'), Type.Literal('pending')]);
const OrderState = Type.Object({
  reference: Id(),
  supplier_reference: Id(),
  state: Text(100),
  cancellation: optional(Type.Object({ answer: Answered, reason: optional(Text()) })),
  documents: Type.Array(Type.Unknown()),
});
const functional_receipt = Compile(FunctionalReceipt);
const cancellation_reply = Compile(Type.Object({ reference: Id(), answer: Answered, reason: optional(Text()) }));
const order_state = Compile(OrderState);
const problem = Compile(Type.Object({ code: Text(100), detail: optional(Text()) }));
const requests = { send_order: Compile(SendOrderSchema), cancel_order: Compile(CancelOrderSchema) };

export function rest_channel(settings: RestSettings): SupplierChannel {
  return {
    name: settings.name,
    adapter: {
      timeout_ms: settings.timeout_ms ?? timeout_ms,
      in_flight_max,
      settle_ms: settings.settle_ms ?? settle_default_ms,
      perform: (operation, signal) => perform(settings, operation, signal),
      query: (operation, signal) => query(settings, operation, signal),
    },
    receive,
    check: signal => check_rest(settings, signal),
  };
}

async function perform(settings: RestSettings, operation: Operation, signal: AbortSignal): Promise<Outcome> {
  const { kind, request } = operation;
  if (kind === 'reconcile') return list_orders(settings, signal);
  if (kind === 'send_order' && requests.send_order.Check(request)) return send_order(settings, operation, request, signal);
  if (kind === 'cancel_order' && requests.cancel_order.Check(request)) return cancel_order(settings, operation, request, signal);
  return { outcome: 'permanent_error', code: 'malformed_request', detail: `${settings.name} does not understand this ${kind}` };
}

async function send_order(settings: RestSettings, operation: Operation, order: SendOrder, signal: AbortSignal): Promise<Outcome> {
  const { reference, supplier_code, currency, requested_at, location, lines } = order;
  const document = { document: 'purchase_order', reference, supplier: supplier_code, currency, requested_at, ship_to: location, lines };
  const answer = await post(settings, 'purchase-orders', operation.op_id, document, signal);
  const refused = refusal(answer);
  if (refused !== undefined) return refused;
  const receipt = body_of(answer);
  if (!functional_receipt.Check(receipt) || receipt.reference !== reference)
    return { outcome: 'unknown', detail: 'the reply is no functional receipt for this order' };
  const expected = receipt.expected_at ? { expected_at: receipt.expected_at } : {};
  return { outcome: 'ok', value: { channel: settings.name, supplier_reference: receipt.supplier_reference, ...expected } };
}

async function cancel_order(
  settings: RestSettings,
  operation: Operation,
  { reference }: CancelOrder,
  signal: AbortSignal,
): Promise<Outcome> {
  const path = `purchase-orders/${encodeURIComponent(reference)}/cancel`;
  const answer = await post(settings, path, operation.op_id, { document: 'cancellation_request', reference }, signal);
  const refused = refusal(answer);
  if (refused !== undefined) return refused;
  const reply = body_of(answer);
  if (!cancellation_reply.Check(reply) || reply.reference !== reference)
    return { outcome: 'unknown', detail: 'the reply is no answer to this cancellation' };
  return cancellation_outcome(reply);
}

function cancellation_outcome({ answer, reason }: NonNullable<Static<typeof OrderState>['cancellation']>): Outcome {
  if (answer === 'pending') return { outcome: 'pending' };
  if (answer === 'agreed') return { outcome: 'ok', value: { answer } };
  return { outcome: 'declined', code: 'cancellation_refused', retryable: false, value: { reason: reason ?? null } };
}

/** What the supplier has under our reference; the documents it sent until now come along, so none is missed. */
async function query(settings: RestSettings, operation: Operation, signal: AbortSignal): Promise<Outcome> {
  const { kind, request } = operation;
  if (kind === 'reconcile') return list_orders(settings, signal);
  const known =
    (kind === 'send_order' && requests.send_order.Check(request)) || (kind === 'cancel_order' && requests.cancel_order.Check(request));
  if (!known) return { outcome: 'permanent_error', code: 'malformed_request', detail: `${settings.name} does not understand this ${kind}` };
  const url = endpoint(settings, `purchase-orders/${encodeURIComponent(request.reference)}`);
  const answer = await call_json({ method: 'GET', url, headers: authorization(settings), reply_bytes_max }, signal);
  const state = answer.answer === 'reply' && answer.status === 200 ? answer.json : undefined;
  if (order_state.Check(state) && state.reference === request.reference) {
    if (kind === 'send_order') {
      const { supplier_reference } = state;
      return { outcome: 'ok', value: { channel: settings.name, supplier_reference, facts: facts_of(state.documents, request.reference) } };
    }
    if (state.cancellation) return cancellation_outcome(state.cancellation);
    return not_there(settings, operation, 'no cancellation is known there', signal);
  }
  const absent =
    answer.answer === 'reply' && answer.status === 404 && problem.Check(answer.json) && answer.json.code === 'unknown_purchase_order';
  return absent
    ? not_there(settings, operation, 'the supplier does not know it', signal)
    : { outcome: 'unknown', detail: describe(answer) };
}

/**
 * Settled and still not there: the same bytes with the same key, which a supplier of this protocol takes once, however often they arrive.
 * They are sent here and now: a question answered `retryable` is one that could not be asked, and the runner would only ask it again.
 */
async function not_there(settings: RestSettings, operation: Operation, detail: string, signal: AbortSignal): Promise<Outcome> {
  const now_ms = settings.now_ms();
  const since_sent_ms = now_ms - Date.parse(operation.sent_at ?? operation.requested_at);
  const settled = since_sent_ms >= (settings.settle_ms ?? settle_default_ms);
  const key_lives = now_ms - Date.parse(operation.requested_at) < key_age_max_ms;
  return settled && key_lives ? perform(settings, operation, signal) : { outcome: 'unknown', detail, answered: true };
}

/** More are not compared one by one: then `whole` is false, and what is missing proves nothing. */
export const list_pages_max = 20;
const order_list = Compile(
  Type.Object({
    orders: Type.Array(Type.Object({ reference: Id(), state: Text(100) }), { maxItems: 1_000 }),
    next: optional(Type.Union([Id(), Type.Null()])),
  }),
);

/** Which orders of ours the supplier has. A look that fails is over: tomorrow there is another. */
async function list_orders(settings: RestSettings, signal: AbortSignal): Promise<Outcome> {
  const listed: Row[] = [];
  let after: string | null = '';
  for (let page = 0; page < list_pages_max && after !== null; page += 1) {
    const url: string = endpoint(settings, `purchase-orders?after=${encodeURIComponent(after)}`);
    const answer = await call_json({ method: 'GET', url, headers: authorization(settings), reply_bytes_max }, signal);
    const list = answer.answer === 'reply' && answer.status === 200 ? answer.json : undefined;
    if (!order_list.Check(list)) return { outcome: 'permanent_error', code: 'list_unavailable', detail: describe(answer) };
    listed.push(...list.orders.map(({ reference, state }) => ({ reference, cancelled: state === 'cancelled' })));
    after = list.next ?? null;
  }
  return { outcome: 'ok', value: { facts: listed, whole: after === null } };
}

function facts_of(documents: readonly unknown[], po_id: string): readonly SupplierFact[] {
  return documents.flatMap(document => {
    const read = read_document(document);
    return 'invalid' in read ? [] : read.facts.filter(fact => fact.po_id === po_id);
  });
}

// --- one call

function post(settings: RestSettings, path: string, key: string, body: object, signal: AbortSignal): Promise<JsonAnswer> {
  const headers = { ...authorization(settings), 'idempotency-key': key };
  return call_json({ method: 'POST', url: endpoint(settings, path), headers, body: json_body(body), reply_bytes_max }, signal);
}

function endpoint({ base_url }: RestSettings, path: string): string {
  return new URL(path, base_url.endsWith('/') ? base_url : `${base_url}/`).href;
}

function authorization({ api_key }: RestSettings): { authorization: string } {
  return { authorization: `Bearer ${api_key}` };
}

function body_of(answer: JsonAnswer): unknown {
  return answer.answer === 'reply' ? answer.json : undefined;
}

/** Why there is nothing to read; undefined for a 2xx reply. */
function refusal(answer: JsonAnswer): Outcome | undefined {
  if (answer.answer !== 'reply') return outcome_of(answer);
  const detail = describe(answer);
  const { status, json, retry_after_ms: after_ms } = answer;
  if (status >= 200 && status <= 299) return undefined;
  if (status === 429) return { outcome: 'retryable', after_ms, detail };
  if (status === 401 || status === 403) return { outcome: 'permanent_error', code: 'credentials_refused', detail };
  if (status >= 500 || status < 400 || status === 408 || !problem.Check(json)) return { outcome: 'unknown', detail };
  // Of this key alone: it does not speak for the others.
  if (status === 409 && json.code === 'in_progress') return { outcome: 'retryable', detail };
  if (status === 422) return { outcome: 'declined', code: json.code, retryable: false, value: { detail: json.detail ?? null } };
  return { outcome: 'permanent_error', code: json.code, detail };
}

const detail_length_max = 500;
function describe(answer: JsonAnswer): string {
  if (answer.answer !== 'reply') return answer.detail;
  const text = problem.Check(answer.json) ? `${answer.json.code}: ${answer.json.detail ?? ''}` : 'without a readable reply';
  return `${answer.status} ${text}`.slice(0, detail_length_max);
}
