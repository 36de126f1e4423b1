/**
 * One HTTP call to a third party, and what it proves (integrations.md 2): an answer, certainly nothing, or that it may have happened.
 * The last two are told apart by when the call broke, never by the name of the error: ECONNRESET, ETIMEDOUT, EHOSTUNREACH and TLS alerts come before the
 * first byte of the request as well as after it. `fetch` does not say when; node:http shows the socket. It follows no redirect: whoever redirects
 * a request about money is not the provider we configured.
 */
import { type ClientRequest, type IncomingMessage, Agent as PlainAgent, request as plain_request } from 'node:http';
import { Agent as SecureAgent, request as secure_request } from 'node:https';
import { setImmediate as turn_of_the_loop } from 'node:timers/promises';
import type { Outcome } from '../service.ts';
import { holds_unstorable_text } from '../strict_json.ts';

/** Until the line stands, TLS included; the call's own deadline may be shorter. */
export const connect_timeout_ms = 10_000;
/** An idle line is left before the other side leaves it: a request that meets a closing line is lost, and a lost purchase is looked up for long. */
export const idle_line_ms = 4_000;
export const retry_after_max_ms = 300_000;

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body;
  readonly reply_bytes_max: number;
}
export interface Body {
  readonly content_type: string;
  /** Sent as it is; text as UTF-8. */
  readonly content: string | Uint8Array;
}
export interface Reply {
  readonly answer: 'reply';
  readonly status: number;
  /** Names in lower case; of a name that came several times the values are joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  readonly retry_after_ms?: number;
}
export type NoReply =
  /** Not one byte of the request left: no such host, no connection, no valid certificate, a deadline before all that. */
  | { readonly answer: 'not_sent'; readonly detail: string }
  /** Time-out, cut line, endless body: it may have been executed. */
  | { readonly answer: 'lost'; readonly detail: string };
export type Answer = Reply | NoReply;
/** `json`: as `json_in` gives it. */
export type JsonAnswer = (Reply & { readonly json: unknown }) | NoReply;

/** `signal`: the deadline, for connecting, sending and reading together. */
export async function call(request: Call, signal: AbortSignal): Promise<Answer> {
  await ends_are_seen();
  if (signal.aborted) return { answer: 'not_sent', detail: 'the deadline had passed' };
  const sending = send(request, signal);
  try {
    const reply = await sending.reply;
    const bytes = await read(reply, request.reply_bytes_max);
    if (bytes === undefined) return { answer: 'lost', detail: `a reply over ${request.reply_bytes_max} bytes` };
    return {
      answer: 'reply',
      status: reply.statusCode ?? 0,
      headers: headers_of(reply),
      bytes,
      ...retry_after(reply.headers['retry-after']),
    };
  } catch (error) {
    return { answer: sending.may_have_left() ? 'lost' : 'not_sent', detail: signal.aborted ? 'the deadline passed' : code_of(error) };
  }
}

export async function call_json(request: Call, signal: AbortSignal): Promise<JsonAnswer> {
  const answer = await call({ ...request, headers: { accept: 'application/json', ...request.headers } }, signal);
  return answer.answer === 'reply' ? { ...answer, json: json_in(answer.bytes) } : answer;
}

export function json_body(content: object): Body {
  return { content_type: 'application/json', content: JSON.stringify(content) };
}

/** What having no reply means for an effect. */
export function outcome_of({ answer, detail }: NoReply): Extract<Outcome, { outcome: 'retryable' | 'unknown' }> {
  return { outcome: answer === 'not_sent' ? 'retryable' : 'unknown', detail };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** `undefined` for what is not JSON in UTF-8, or holds a character that cannot be stored. */
export function json_in(bytes: Uint8Array): unknown {
  try {
    const text = utf8.decode(bytes);
    return holds_unstorable_text(text) ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * A kept line that the other side has left already is seen left only when the loop looks at its sockets, and a purchase sent into it is lost.
 * Between two turns lies a whole look: of 120 calls right after the end of a line 120 were lost without it, as with one turn, and none with two.
 */
async function ends_are_seen(): Promise<void> {
  await turn_of_the_loop();
  await turn_of_the_loop();
}

const agents = {
  'http:': new PlainAgent({ keepAlive: true, timeout: idle_line_ms }),
  'https:': new SecureAgent({ keepAlive: true, timeout: idle_line_ms }),
};

function send(request: Call, signal: AbortSignal): { readonly reply: Promise<IncomingMessage>; may_have_left(): boolean } {
  const { promise: reply, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const url = new URL(request.url);
  const secure = url.protocol === 'https:';
  const options = { method: request.method, headers: headers_for(request), signal, timeout: connect_timeout_ms };
  const outgoing: ClientRequest = secure
    ? secure_request(url, { ...options, agent: agents['https:'] })
    : plain_request(url, { ...options, agent: agents['http:'] });
  let line_stands = false;
  outgoing.on('socket', socket => {
    const stands = () => {
      line_stands = true;
    };
    // A line kept from an earlier call is not connecting: nothing holds the request back.
    if (socket.connecting) socket.once(secure ? 'secureConnect' : 'connect', stands);
    else stands();
  });
  outgoing.on('timeout', () => {
    if (!line_stands) outgoing.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' }));
  });
  outgoing.on('response', resolve);
  outgoing.on('error', reject);
  outgoing.end(request.body?.content);
  return { reply, may_have_left: () => line_stands };
}

/** Not compressed: what cannot be read is an unknown, and then somebody has to be asked. */
function headers_for({ headers, body }: Call): Record<string, string> {
  const type = body && { 'content-type': body.content_type };
  return { 'user-agent': 'cartwright', accept: '*/*', 'accept-encoding': 'identity', ...type, ...headers };
}

function headers_of({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value.toString()]])));
}

async function read(reply: IncomingMessage, bytes_max: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of reply) {
    length += chunk.length;
    // Leaving the loop closes the line.
    if (length > bytes_max) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** Seconds only: a date would need a clock that agrees with theirs. */
function retry_after(header: string | undefined): { retry_after_ms?: number } {
  if (header === undefined || !/^\d{1,9}$/.test(header)) return {};
  return { retry_after_ms: Math.min(Number(header) * 1_000, retry_after_max_ms) };
}

function code_of(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
