/** One process of services, as the gateway reaches it: deadlines for everything, bounds for everything, nothing sent twice. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { Pool } from 'undici';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type Principal, Problem } from '../platform/route.ts';
import { internal_header, sign_call } from './internal_token.ts';

export const connect_timeout_ms = 1_000;
/** A stream that not even a heartbeat comes over (every 15 s) is dead. */
export const silence_timeout_ms = 45_000;
export interface UpstreamLimits {
  /** Above the deadlines of a service's own statements, so that its answer comes first when there is one. `Prefer: wait` is added. */
  readonly answer_timeout_ms: number;
  /** A process that hangs takes so many calls with it, and no other process's. */
  readonly calls_max: number;
  readonly streams_max: number;
}
export const upstream_limits: UpstreamLimits = { answer_timeout_ms: 25_000, calls_max: 512, streams_max: 1_024 };
const keep_alive_ms = 20_000;
const answer_head_bytes_max = 64 * 1024;

export interface UpstreamCall {
  readonly method: string;
  /** Path and query, as they are on the wire. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | Readable;
  readonly principal: Principal;
  readonly request_id: string;
  /** Of all the process's services the one that is to answer; absent: any, when the process itself is asked. */
  readonly service?: string;
  /** Seconds of `Prefer: wait`. */
  readonly wait_s?: number;
  /** The client went away. */
  readonly signal: AbortSignal;
}
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}
export interface Upstream {
  readonly url: string;
  /** Which services the process at this address serves. */
  readonly services: readonly string[];
  /** Throws Problem 503: `service_unavailable` when nothing reached it, `service_no_answer` when it may have happened. */
  call(call: UpstreamCall): Promise<UpstreamAnswer>;
  close(): Promise<void>;
}
export interface UpstreamGiven {
  readonly url: string;
  readonly services: readonly string[];
  /** Signs the tokens. */
  readonly secret: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: UpstreamLimits;
}

export function upstream(given: UpstreamGiven): Upstream {
  const { url, services, secret, clock, logger } = given;
  const { answer_timeout_ms, calls_max, streams_max } = given.limits ?? upstream_limits;
  const [first = ''] = services;
  const pool = new Pool(url, {
    connections: calls_max + streams_max,
    pipelining: 1,
    connect: { timeout: connect_timeout_ms },
    keepAliveTimeout: keep_alive_ms,
    maxHeaderSize: answer_head_bytes_max,
  });
  const open = { calls: 0, streams: 0 };
  return {
    url,
    services,
    async call(call) {
      if (open.calls >= calls_max) throw unavailable(first, undefined);
      const { method, principal, request_id, service = first } = call;
      const token = sign_call(secret, call, { audience: service, principal, request_id }, clock.now_ms());
      const is_import = call.body !== undefined && !(call.body instanceof Uint8Array);
      open.calls += 1;
      let counted: keyof typeof open | undefined = 'calls';
      const over = () => {
        if (counted !== undefined) open[counted] -= 1;
        counted = undefined;
      };
      try {
        const { statusCode, headers, body } = await pool.request({
          method,
          path: call.url,
          headers: { ...call.headers, 'x-request-id': request_id, [internal_header]: token },
          body: call.body ?? null,
          signal: call.signal,
          // An import is answered as its client sends it: a silence is the client's, whose own connection is cut when it lasts.
          headersTimeout: is_import ? 0 : answer_timeout_ms + (call.wait_s ?? 0) * 1_000,
          bodyTimeout: is_import ? 0 : silence_timeout_ms,
        });
        body.once('close', over);
        if (headers[internal_header] === 'refused') {
          body.destroy();
          logger.error({ service, request_id }, 'a service refuses our tokens: compare CARTWRIGHT_INTERNAL_SECRET and the clocks');
          throw unavailable(service, undefined);
        }
        if (String(headers['content-type']).startsWith('text/event-stream')) {
          if (open.streams >= streams_max) {
            body.destroy();
            throw too_many_streams();
          }
          over();
          counted = 'streams';
          open.streams += 1;
        }
        return { status: statusCode, headers, body };
      } catch (error) {
        over();
        if (error instanceof Problem || call.signal.aborted) throw error;
        logger.warn({ error, service, request_id }, 'a service does not answer');
        throw problem_of_call(service, error);
      }
    },
    close: () => pool.destroy(),
  };
}

/** Nothing of the request had left us. */
const never_sent = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EMFILE',
]);

function problem_of_call(service: string, error: unknown): Problem {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (never_sent.has(code)) return unavailable(service, error);
  return new Problem(
    503,
    'service_no_answer',
    `No answer came from ${service}; it may have happened. Send it again with the same Idempotency-Key.`,
    {
      cause: error,
      headers: { 'retry-after': '1' },
    },
  );
}

function unavailable(service: string, cause: unknown): Problem {
  return new Problem(503, 'service_unavailable', `The process that serves ${service} cannot be reached; nothing happened. Try again.`, {
    cause,
    headers: { 'retry-after': '2' },
  });
}

export function too_many_streams(): Problem {
  return new Problem(503, 'too_many_streams', 'Too many streams are open; try again.', { headers: { 'retry-after': '10' } });
}
