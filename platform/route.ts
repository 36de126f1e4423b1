/** A route of a service as data: the door mounts it, authorizes it, validates it and documents it (OpenAPI) from this one object. */
import type { TSchema } from 'typebox';
import type { Command, Event, Json, Rejection, Row, States, View } from './service.ts';

export type Scope =
  | 'catalog:read'
  | 'catalog:write'
  | 'stock:read'
  | 'stock:write'
  | 'quotes:write'
  | 'orders:read'
  | 'orders:write'
  | 'orders:import'
  | 'payments:read'
  | 'payments:write'
  | 'shipments:read'
  | 'shipments:write'
  | 'suppliers:read'
  | 'suppliers:write'
  | 'analytics:read'
  | 'operations:read'
  | 'operations:write'
  | 'admin';

/** Who asks. `sk` secret key, `pk` publishable key, `order` an order_token (reads, pays and cancels one order), `staff` a signed-in person. */
export interface Principal {
  readonly type: 'sk' | 'pk' | 'order' | 'staff';
  readonly id: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Only for `order`. */
  readonly order_id?: string;
}

/** Same principal, route, key and body: the first reply again. */
export interface Idempotency {
  readonly principal: string;
  readonly route: string;
  readonly key: string;
  readonly body_hash: string;
}

export interface Reply {
  readonly status: number;
  readonly body: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whose object a reply shows; null: none. */
export function shown_in({ status, body }: Reply): string | null {
  if (status >= 400 || typeof body !== 'object' || body === null) return null;
  const { id, order_id } = body as Row;
  if (typeof order_id === 'string') return order_id;
  return typeof id === 'string' ? id : null;
}

export interface RouteRequest {
  readonly principal: Principal;
  readonly request_id: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Validated against the route's `body` schema: the parsed boundary. */
  readonly body: unknown;
  readonly idempotency?: Idempotency;
  /** The number in `If-Match: "7"`, when sent. */
  readonly if_match?: number;
  /** Seconds of `Prefer: wait=n`, at most 30. */
  readonly wait_s?: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
  /** The body of an import, line by line, for routes with `ndjson: true`. */
  lines?(): AsyncIterable<{ readonly line: number; readonly text: string }>;
}

/** A stream reply: Server-Sent Events, newline-delimited JSON, or a file. */
export interface StreamReply {
  readonly status: number;
  readonly content_type:
    | 'text/event-stream'
    | 'application/x-ndjson'
    | 'application/pdf'
    | 'text/plain'
    | 'text/html'
    | 'text/csv'
    | 'application/vnd.apache.parquet'
    | 'application/octet-stream';
  readonly headers?: Readonly<Record<string, string>>;
  readonly stream: AsyncIterable<string | Uint8Array>;
}

/**
 * What the audit log calls the deed of a route when staff or a secret key did it, and the parameter that names its object (absent: all of them, or what
 * the reply shows). `by_itself`: the route writes the entry in the transaction of its deed. `none`: nothing is written, for this reason.
 */
export type Audited = { readonly action: string; readonly object?: string; readonly by_itself?: true } | { readonly none: string };

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Fastify form: `/v1/orders/:id`. */
  readonly path: string;
  readonly summary: string;
  /** Who serves it, set by the composition root: a gateway hands it on to there, with a token for nobody else. Absent: whoever is asked. */
  readonly service?: string;
  /** It is shown the caller's Authorization, which the door does not look at (scope `public`): a third party that knows only that way. */
  readonly own_credentials?: true;
  /** Any of these lets in an `sk` or staff; `pk` and `order` are listed in `also`. `public`: nobody is asked. */
  readonly scope: Scope | 'public';
  readonly also?: readonly ('pk' | 'order')[];
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** Absent: the door's own limit (http.ts). */
  readonly body_bytes_max?: number;
  readonly ndjson?: true;
  /** POST without an Idempotency-Key (analytics/query, imports, inbound webhooks). */
  readonly not_idempotent?: true;
  readonly replies: Readonly<Record<number, TSchema>>;
  /** Codes of docs/rejections.md this route may answer beside the door's own. */
  readonly rejections: readonly string[];
  /** Of every route but GET that staff may call: an audit entry, or why there is none. */
  readonly audit?: Audited;
  handle(request: RouteRequest): Promise<Reply | StreamReply>;
}

/** Throw it anywhere in a route: the door turns it into application/problem+json (RFC 9457). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { readonly pointer: string; readonly code: string; readonly detail?: string }[];
  readonly extra: Row;
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    status: number,
    code: string,
    detail: string,
    more: { errors?: Problem['errors']; extra?: Row; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(`${status} ${code}: ${detail}`, { cause: more.cause });
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.errors = more.errors ?? [];
    this.extra = more.extra ?? {};
    this.headers = more.headers ?? {};
  }
}

/** The result of a command: what was decided, and the reply made in the same transaction (or replayed). */
export type Submitted<E extends Event, R extends Rejection> =
  | { readonly result: 'decided'; readonly events: readonly E[]; readonly reply?: Reply }
  | { readonly result: 'rejected'; readonly rejection: R; readonly reply?: Reply }
  | { readonly result: 'replayed'; readonly reply: Reply };

/** What a service's routes are given: the write path's front lane and reads of the own schema. */
export interface Desk<S extends States, C extends Command, E extends Event, R extends Rejection> {
  /**
   * Runs one command through the write path, batched with whatever else waits. `respond` makes the reply inside the batch from the states after
   * the decision; it is stored under the idempotency key in the same transaction. Durable when it returns.
   * Errors: Problem 503 `overloaded` or `database_unavailable`, 422 `idempotency_key_reused`, 409 `idempotency_in_progress`.
   */
  submit(
    command: C,
    how: { readonly request: RouteRequest; respond?(view: View<S>, events: readonly E[]): Reply; reject?(rejection: R): Reply },
  ): Promise<Submitted<E, R>>;
  /** Reads of the own schema, on a pool of their own, with a deadline. Rows as the driver gives them. */
  query<T extends object>(name: string, sql: string, values?: readonly unknown[]): Promise<T[]>;
  /** Prefer: wait — the bytes finally sent replace the stored reply. */
  amend_reply(idempotency: Idempotency, reply: Reply): Promise<void>;
  /** Resolves when an event with this key was appended by this process, or after `milliseconds`. */
  heard(key: string, milliseconds: number): Promise<void>;
  now(): string;
  /** A fresh id that is not derived from a cause (a request's). */
  fresh_id(prefix: string): string;
}
