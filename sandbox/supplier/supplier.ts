/**
 * A supplier's stand-in: it takes purchase orders by the protocol of the `rest` channel (services/suppliers/channels/README.md),
 * acknowledges, ships and invoices them within seconds by signed documents, and keeps a ledger
 * (`purchase_order_accepted`, `purchase_order_cancelled`, `purchase_order_shipped`).
 *
 *   POST /purchase-orders                      GET  /purchase-orders/{reference}   GET /purchase-orders?after=
 *   POST /purchase-orders/{reference}/cancel   POST /clerk/documents  { reference, document, … }: what a person there would send
 *
 * Magic SKUs, the supplier's or the buyer's: BO- backordered for 14 days, PART- half now, SUB- a substitute, PRICE- ten per
 * cent dearer, REJ- rejected, MUTE- the whole order is never answered, OVER- too much is shipped, DUP- the ship notice comes twice.
 */
import { createHmac } from 'node:crypto';
import { is_record } from '../faults.ts';
import {
  json_reply,
  parse_json,
  type Sign,
  type StandIn,
  type StandInReply,
  type StandInRequest,
  type StandInRoute,
  start_stand_in,
  type ThirdParty,
  type WebhookTarget,
} from '../stand_in.ts';
import { has_magic } from './documents.ts';
import { content_of, type Order, parse_order } from './orders.ts';
import { answer_cancellation, arm, keep, make_document, type Pace, record, type Supplier, total } from './steps.ts';

export interface SupplierOptions extends Partial<Pace> {
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** Takes no orders: 422 account_on_hold. */
  readonly on_hold?: boolean;
  /** Absent: any key is taken, none is not. */
  readonly api_key?: string;
  readonly webhook?: WebhookTarget;
  readonly ledger_file?: string;
  readonly seed?: number;
  readonly profile?: unknown;
  now_ms?(): number;
}
/** Each after the step before. `lead_ms`: from the acknowledgment to the promised date. */
export const default_pace: Pace = {
  acknowledge_after_ms: 500,
  ship_after_ms: 1_000,
  invoice_after_ms: 500,
  /** Absent: never. */
  ship_backorders_after_ms: undefined,
  /** Absent: in the reply. */
  answer_cancellations_after_ms: undefined,
  lead_ms: 2 * 86_400_000,
};
const orders_max = 100_000;
const key_length_max = 255;

export function start_supplier(options: SupplierOptions = {}): Promise<StandIn> {
  return start_stand_in({
    name: 'supplier',
    port: options.port,
    webhook: options.webhook,
    ledger_file: options.ledger_file,
    seed: options.seed,
    ...(options.now_ms && { now_ms: options.now_ms }),
    sign,
    ...(options.profile !== undefined && { profile: options.profile }),
    not_found: () => problem(404, 'not_found', 'there is nothing here'),
    open: sim => {
      const limits = { size_max: orders_max, when_full: 'refuse' } as const;
      const orders = sim.collection<Order>('orders', limits);
      const references = sim.collection<string>('references', limits);
      return third_party({ sim, pace: pace_of(options), orders, references }, options);
    },
  });
}

function pace_of(options: SupplierOptions): Pace {
  return {
    acknowledge_after_ms: options.acknowledge_after_ms ?? default_pace.acknowledge_after_ms,
    ship_after_ms: options.ship_after_ms ?? default_pace.ship_after_ms,
    invoice_after_ms: options.invoice_after_ms ?? default_pace.invoice_after_ms,
    ship_backorders_after_ms: options.ship_backorders_after_ms,
    answer_cancellations_after_ms: options.answer_cancellations_after_ms,
    lead_ms: options.lead_ms ?? default_pace.lead_ms,
  };
}

/** `Supplier-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">` */
const sign: Sign = ({ body, secret, at_ms }) => {
  const t = Math.floor(at_ms / 1_000);
  return { 'supplier-signature': `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}` };
};

type Handle = (supplier: Supplier, request: StandInRequest, options: SupplierOptions) => StandInReply;

function third_party(supplier: Supplier, options: SupplierOptions): ThirdParty {
  const route = (method: 'GET' | 'POST', path: string, handle: Handle): StandInRoute => ({
    method,
    path,
    handle: request => refused(request, options.api_key) ?? handle(supplier, request, options),
  });
  return {
    routes: [
      route('POST', '/purchase-orders', take_order),
      route('GET', '/purchase-orders', list_orders),
      route('GET', '/purchase-orders/:reference', show_order),
      route('POST', '/purchase-orders/:reference/cancel', take_cancellation),
      { method: 'POST', path: '/clerk/documents', handle: request => send_by_hand(supplier, request) },
    ],
    resume: () => {
      for (const order of supplier.orders.values()) arm(supplier, order);
    },
  };
}

function refused(request: StandInRequest, api_key: string | undefined): StandInReply | undefined {
  const [, key] = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '') ?? [];
  if (key !== undefined && (api_key === undefined || key === api_key)) return undefined;
  return problem(401, 'credentials_refused', 'a known bearer token is needed');
}

function problem(status: number, code: string, detail: string): StandInReply {
  return json_reply(status, { code, detail });
}

/** Once per reference, for ever; and once per key. */
function take_order(supplier: Supplier, request: StandInRequest, options: SupplierOptions): StandInReply {
  const key = request.headers['idempotency-key']?.toString() ?? '';
  if (key === '' || key.length > key_length_max)
    return problem(400, 'idempotency_key_required', `Idempotency-Key has 1 to ${key_length_max} characters`);
  const body = parse_json(request.body);
  const parsed = parse_order(body);
  if (typeof parsed === 'string') return problem(400, 'invalid_document', parsed);
  const content = content_of(body);
  const known = supplier.orders.get(parsed.reference);
  if (known !== undefined && known.content !== content) return problem(409, 'reference_reused', 'this reference names another order');
  if (known !== undefined) return json_reply(200, receipt(known), { 'idempotent-replayed': 'true' });
  if (supplier.references.get(key) !== undefined) return problem(409, 'idempotency_key_reused', 'this key was sent with another order');
  if (options.on_hold) return problem(422, 'account_on_hold', 'we take no orders of yours for now');
  const order: Order = {
    ...parsed,
    supplier_reference: supplier.sim.id('SO-'),
    idempotency_key: key,
    content,
    state: 'received',
    cancellation: null,
    backorders_shipped: false,
    to_invoice: [],
    documents: [],
  };
  supplier.orders.put(order.reference, order);
  supplier.references.put(key, order.reference);
  record(supplier, 'purchase_order_accepted', order, total(order.lines));
  arm(supplier, order);
  return json_reply(202, receipt(order));
}

/** We have it and can read it; that promises nothing. */
function receipt({ reference, supplier_reference }: Order): object {
  return { document: 'functional_receipt', document_ref: `FR-${supplier_reference}`, reference, supplier_reference };
}

function unknown_order(): StandInReply {
  return problem(404, 'unknown_purchase_order', 'we have no order of this reference');
}

function named(supplier: Supplier, request: StandInRequest): Order | undefined {
  const reference = request.params['reference'] ?? '';
  return supplier.orders.get(reference.includes('%') ? decoded(reference) : reference);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function show_order(supplier: Supplier, request: StandInRequest): StandInReply {
  const order = named(supplier, request);
  if (order === undefined) return unknown_order();
  const { reference, supplier_reference, state, cancellation, documents } = order;
  return json_reply(200, { reference, supplier_reference, state, cancellation, documents });
}

const page_size = 500;

/** As they came; `after`: the last reference of the page before. */
function list_orders(supplier: Supplier, request: StandInRequest): StandInReply {
  const all = [...supplier.orders.values()];
  const after = request.query.get('after') ?? '';
  const start = after === '' ? 0 : all.findIndex(order => order.reference === after) + 1;
  const page = all.slice(start, start + page_size);
  const orders = page.map(({ reference, supplier_reference, state }) => ({ reference, supplier_reference, state }));
  return json_reply(200, { orders, next: start + page.length < all.length ? (page.at(-1)?.reference ?? null) : null });
}

/** An agreed cancellation stays agreed, a refused one is judged anew; asking twice while it is pending asks once. */
function take_cancellation(supplier: Supplier, request: StandInRequest): StandInReply {
  const order = named(supplier, request);
  if (order === undefined) return unknown_order();
  const { reference } = order;
  if (order.cancellation?.answer === 'agreed' || order.cancellation?.answer === 'pending')
    return json_reply(order.cancellation.answer === 'agreed' ? 200 : 202, {
      document: 'cancellation_answer',
      reference,
      ...order.cancellation,
    });
  const muted = order.lines.some(line => has_magic(line, 'MUTE'));
  if (muted || supplier.pace.answer_cancellations_after_ms !== undefined) {
    const pending: Order = { ...order, cancellation: { answer: 'pending' } };
    supplier.orders.put(reference, pending);
    arm(supplier, pending);
    return json_reply(202, { document: 'cancellation_answer', reference, answer: 'pending' });
  }
  const { document, webhooks } = answer_cancellation(supplier, order);
  return { ...json_reply(200, document), webhooks };
}

/** Late, early, doubled, contradictory: whatever the body says is sent. A document_ref that is given is kept. */
function send_by_hand(supplier: Supplier, request: StandInRequest): StandInReply {
  const body = parse_json(request.body);
  if (!is_record(body) || typeof body['reference'] !== 'string' || typeof body['document'] !== 'string')
    return problem(400, 'invalid_document', 'reference and document are needed');
  const order = supplier.orders.get(body['reference']);
  if (order === undefined) return unknown_order();
  const document = make_document(supplier, order, body['document'], body);
  const { webhook } = keep(supplier, order, document);
  return { ...json_reply(201, document), webhooks: [webhook] };
}
