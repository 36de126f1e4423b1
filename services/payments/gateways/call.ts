/** One HTTP call, and what it proves (integrations.md 2): an answer, certainly nothing, or that it may have happened. */
import { holds_unstorable_text } from '../../../platform/strict_json.ts';

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}
export type Answer =
  | { readonly answer: 'reply'; readonly status: number; readonly headers: Headers; readonly json: unknown }
  /** Refused, no such host, no valid certificate: the request never left. */
  | { readonly answer: 'not_sent'; readonly detail: string }
  /** Time-out, cut line, endless or unreadable body: it may have been executed. */
  | { readonly answer: 'lost'; readonly detail: string };

export const reply_bytes_max = 1024 * 1024;

const not_sent_codes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'EPROTO',
]);
const certificate_code = /^(CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

export async function call(request: Call, signal: AbortSignal): Promise<Answer> {
  try {
    const reply = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.body !== undefined && { body: request.body }),
      // Whoever redirects a request about money is not the gateway we configured.
      redirect: 'manual',
      signal,
    });
    const bytes = await read(reply);
    if (bytes === undefined) return { answer: 'lost', detail: `a reply over ${reply_bytes_max} bytes` };
    return { answer: 'reply', status: reply.status, headers: reply.headers, json: parse(bytes) };
  } catch (error) {
    return evidence(error);
  }
}

/** Counted after decompression: a bomb ends here, too. */
async function read(reply: Response): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of reply.body ?? []) {
    length += chunk.length;
    if (length > reply_bytes_max) return undefined;
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

function evidence(error: unknown): Answer {
  const code = code_of(error);
  if (code !== undefined && (not_sent_codes.has(code) || certificate_code.test(code))) return { answer: 'not_sent', detail: code };
  return { answer: 'lost', detail: code ?? (error instanceof Error ? error.name : 'no reply') };
}
/** fetch hides the reason in the cause. */
function code_of(error: unknown): string | undefined {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
}
