/** What this stand-in keeps, and the events it tells about. */
import type { Collection, Sim, Webhook } from '../stand_in.ts';
import { charge_on_wire, type Dispute, type Intent, intent_on_wire, type Refund } from './objects.ts';

export const intents_max = 200_000;
export const refunds_max = 200_000;
export const disputes_max = 20_000;
/** Stripe keeps events for 30 days; here the newest so many. */
export const events_kept = 50_000;
export const stored_replies_max = 500_000;
export const api_version = '2026-10-28.endive';

export interface StoredEvent {
  readonly id: string;
  readonly type: string;
  readonly created: number;
  /** The whole event as it is sent and listed. */
  readonly body: string;
}
export interface StoredReply {
  readonly at_ms: number;
  readonly fingerprint: string;
  readonly request_id: string;
  /** Absent while the first request is still being executed. */
  readonly reply?: { readonly status: number; readonly body: string };
}
export interface Settings {
  /** Absent: any `sk_…` or `rk_…` key is taken. */
  readonly secret_key?: string;
  /** What the webhook endpoint is subscribed to. */
  readonly webhook_events: ReadonlySet<string>;
  /** Whether this account may capture several times. */
  readonly multicapture: boolean;
  /** Whether a payment of which a part was captured may be canceled (not certain of the real one). */
  readonly cancel_after_capture: boolean;
  /** How long a request is being executed; others with its key get 409 meanwhile. */
  readonly processing_ms: number;
  /** After which a pending refund succeeds, a failing one fails, a dispute is opened. */
  readonly later_ms: number;
  /** After which a bank says whether the money comes. */
  readonly bank_ms: number;
  readonly authorization_ms: number;
}
export interface Books {
  readonly sim: Sim;
  readonly settings: Settings;
  readonly intents: Collection<Intent>;
  readonly refunds: Collection<Refund>;
  readonly disputes: Collection<Dispute>;
  readonly events: Collection<StoredEvent>;
  readonly replies: Collection<StoredReply>;
  page_url(): string;
}
/** One request, or one thing that happens by itself: who asked, and what is told because of it. */
export interface Cause {
  readonly method: string;
  readonly path: string;
  readonly request_id: string | null;
  readonly idempotency_key: string | undefined;
  readonly webhooks: Webhook[];
}
export const by_itself = (path: string): Cause => ({ method: 'POST', path, request_id: null, idempotency_key: undefined, webhooks: [] });

export const now_s = (books: Books): number => Math.floor(books.sim.now_ms() / 1_000);

export function emit(books: Books, cause: Cause, type: string, object: object): void {
  const id = books.sim.id('evt_');
  const created = now_s(books);
  const request = { id: cause.request_id, idempotency_key: cause.idempotency_key ?? null };
  const body = JSON.stringify({
    id,
    object: 'event',
    api_version,
    created,
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request,
    type,
  });
  books.events.put(id, { id, type, created, body });
  if (books.settings.webhook_events.has(type)) cause.webhooks.push({ id, type, body });
}
export function emit_intent(books: Books, cause: Cause, type: string, intent: Intent): void {
  emit(books, cause, type, intent_on_wire(intent, books.page_url()));
}
export function emit_charge(books: Books, cause: Cause, type: string, intent: Intent): void {
  if (intent.charge !== null) emit(books, cause, type, charge_on_wire(intent, intent.charge));
}

export type Money = 'authorized' | 'captured' | 'voided' | 'lapsed' | 'refunded' | 'refund_failed' | 'disputed';
/** `amount` is of this one movement. `reference`: the order id in the metadata, if the caller put one there. */
export function record(
  books: Books,
  cause: Cause,
  kind: Money,
  intent: Intent,
  amount: number,
  more: { readonly id?: string; readonly metadata?: Intent['metadata'] } = {},
): void {
  books.sim.record({
    kind,
    id: more.id ?? intent.id,
    reference: intent.metadata['order_id'] ?? null,
    amount,
    currency: intent.currency.toUpperCase(),
    idempotency_key: cause.idempotency_key,
    payment_intent: intent.id,
    metadata: more.metadata ?? intent.metadata,
  });
}
