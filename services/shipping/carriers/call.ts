/** One call over HTTP and what it proves (integrations.md 2): an answer, certainly nothing, or that it may have happened. */
import { holds_unstorable_text } from '../../../platform/strict_json.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: object;
  readonly reply_bytes_max: number;
}
export type Answer =
  | {
      readonly answer: 'reply';
      readonly status: number;
      readonly content_type: string;
      readonly bytes: Uint8Array;
      /** As `parse` gives it. */
      readonly json: unknown;
      readonly retry_after_ms?: number;
    }
  /** Refused, no such host, no valid certificate: the request never left. */
  | { readonly answer: 'not_sent'; readonly detail: string }
  /** Time-out, cut line, endless body: it may have been executed. */
  | { readonly answer: 'lost'; readonly detail: string };

const retry_after_max_ms = 300_000;
const not_sent_codes = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'ERR_TLS_CERT_ALTNAME_INVALID']);
const certificate_code = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

export async function call(request: Call, signal: AbortSignal): Promise<Answer> {
  if (signal.aborted) return { answer: 'not_sent', detail: 'the deadline had passed' };
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: { ...request.headers, accept: 'application/json', ...(request.body && { 'content-type': 'application/json' }) },
      ...(request.body && { body: JSON.stringify(request.body) }),
      // A provider that redirects a paid request is not the provider we configured.
      redirect: 'manual',
      signal,
    });
    const bytes = await read_body(response, request.reply_bytes_max);
    if (bytes === undefined) return { answer: 'lost', detail: `reply over ${request.reply_bytes_max} bytes` };
    return {
      answer: 'reply',
      status: response.status,
      content_type: response.headers.get('content-type') ?? '',
      bytes,
      json: parse(bytes),
      ...retry_after(response.headers.get('retry-after')),
    };
  } catch (error) {
    return evidence(error);
  }
}

async function read_body(response: Response, bytes_max: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Counted after decompression, so a bomb ends here, too.
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > bytes_max) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** `undefined` for what is not JSON in UTF-8, or holds a character that cannot be stored. */
export function parse(bytes: Uint8Array): unknown {
  try {
    const text = utf8.decode(bytes);
    return holds_unstorable_text(text) ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds only: a date would need a clock that agrees with theirs. */
function retry_after(header: string | null): { retry_after_ms?: number } {
  if (header === null || !/^\d{1,9}$/.test(header)) return {};
  return { retry_after_ms: Math.min(Number(header) * 1_000, retry_after_max_ms) };
}

/** fetch wraps the socket's error as its cause; a broken body or an abort is thrown as it is. */
function evidence(error: unknown): Answer {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (!(cause instanceof Error)) return { answer: 'lost', detail: 'failed' };
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
  const connecting = 'syscall' in cause && cause.syscall === 'connect';
  return { answer: connecting || not_sent_codes.has(code) || certificate_code.test(code) ? 'not_sent' : 'lost', detail: code };
}
