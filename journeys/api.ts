/** The public API as a client speaks it: JSON over HTTP with a key, each POST with an idempotency key of its own. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Static } from 'typebox';
import type {
  order_schema,
  placed_order_schema,
  quote_schema,
  refund_schema,
  return_schema,
  track_schema,
} from '../services/orders/schemas_replies.ts';

export type Order = Static<typeof order_schema>;
export type PlacedOrder = Static<typeof placed_order_schema>;
export type Quote = Static<typeof quote_schema>;
export type Refund = Static<typeof refund_schema>;
export type Return = Static<typeof return_schema>;
export type Track = Static<typeof track_schema>;
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { readonly pointer: string; readonly code: string }[];
  readonly [field: string]: unknown;
}
export interface TimelineEntry {
  readonly id: string;
  readonly at: string;
  readonly service: string;
  readonly type: string;
  readonly summary: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly caused_by: string;
}

const request_timeout_ms = 120_000;
const busy_pause_ms = 200;

export interface How {
  /** Absent: the shop's secret key. Empty: nobody asks. */
  readonly key?: string;
  readonly idempotency_key?: string;
  /** Seconds of `Prefer: wait`. */
  readonly wait?: number;
  readonly headers?: Readonly<Record<string, string>>;
}
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The exact bytes, as text. */
  readonly text: string;
}

export interface Api {
  readonly url: string;
  /** Whatever the answer is, but 503: that is asked again, with the same key. */
  ask(method: string, path: string, body?: unknown, how?: How): Promise<Answer>;
  /** These throw when the answer is a problem. */
  get<T>(path: string, how?: How): Promise<T>;
  put<T>(path: string, body: unknown, how?: How): Promise<T>;
  post<T>(path: string, body?: unknown, how?: How): Promise<T>;
  delete(path: string, how?: How): Promise<void>;
  import(path: string, lines: readonly unknown[]): Promise<void>;
  /** The problem that an answer must be. */
  refused(method: string, path: string, body?: unknown, how?: How): Promise<Problem>;
  order(id: string): Promise<Order>;
  timeline(id: string): Promise<TimelineEntry[]>;
}

export function api_of(url: string, secret_key: string): Api {
  const ask = async (method: string, path: string, body?: unknown, how: How = {}): Promise<Answer> => {
    const asked = request_of(secret_key, method, body, how);
    for (;;) {
      const response = await fetch(url + path, { ...asked, signal: AbortSignal.timeout(request_timeout_ms) });
      const text = await response.text();
      const comes_later = response.status === 503 || (response.status === 409 && text.includes('"idempotency_in_progress"'));
      // As the reply's Retry-After asks of every client.
      if (!comes_later) return { status: response.status, headers: response.headers, text };
      await pause(busy_pause_ms);
    }
  };
  const must = async <T>(method: string, path: string, body?: unknown, how: How = {}): Promise<T> => {
    const answer = await ask(method, path, body, how);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    // Replies of our own API, in the form their schemas give.
    return (answer.text === '' ? null : JSON.parse(answer.text)) as T;
  };
  return {
    url,
    ask,
    get: (path, how) => must('GET', path, undefined, how),
    put: (path, body, how) => must('PUT', path, body, how),
    post: (path, body = {}, how) => must('POST', path, body, how),
    delete: (path, how) => must('DELETE', path, undefined, how),
    async import(path, lines) {
      const { rejected } = await must<{ rejected: unknown[] }>('POST', path, lines);
      if (rejected.length > 0) throw new Error(`${path}: ${JSON.stringify(rejected)}`);
    },
    async refused(method, path, body, how) {
      const answer = await ask(method, path, body, how);
      if (answer.status < 400) throw new Error(`${method} ${path} was not refused: ${answer.status} ${answer.text}`);
      return problem_of(answer);
    },
    order: id => must('GET', `/v1/orders/${id}`),
    timeline: async id => (await must<{ data: TimelineEntry[] }>('GET', `/v1/orders/${id}/timeline`)).data,
  };
}

function request_of(secret_key: string, method: string, body: unknown, how: How): RequestInit {
  const key = how.key ?? secret_key;
  const lines = Array.isArray(body);
  return {
    method,
    headers: {
      ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': lines ? 'application/x-ndjson' : 'application/json' }),
      ...(method === 'POST' ? { 'idempotency-key': how.idempotency_key ?? randomUUID() } : {}),
      ...(how.wait === undefined ? {} : { prefer: `wait=${how.wait}` }),
      ...how.headers,
    },
    ...(body === undefined ? {} : { body: lines ? body.map(line => JSON.stringify(line)).join('\n') : JSON.stringify(body) }),
  };
}

export function problem_of(answer: Answer): Problem {
  // The door answers every error as application/problem+json (RFC 9457).
  return JSON.parse(answer.text) as Problem;
}

export const ada = { id: 'c-ada', email: 'ada@example.com', name: 'Ada Lovelace' };
export const london = { name: 'Ada Lovelace', line1: "12 St James's Square", city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' };

/** An order as a shop sends it: paid by hand unless the test says how. */
export function basket(
  lines: readonly { sku: string; quantity: number }[],
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    currency: 'GBP',
    lines,
    customer: ada,
    shipping_address: london,
    shipping: { service: 'standard', amount: 495 },
    payment: { gateway: 'manual' },
    ...more,
  };
}
export const by_stripe = (method = 'pm_card_visa', more: Readonly<Record<string, unknown>> = {}) => ({
  gateway: 'stripe',
  method,
  ...more,
});
