/**
 * One attempt: a POST to a stranger's address, on a line of its own to an address that was looked at for this attempt. No redirect is followed; of the
 * reply as much is read as is kept. Not `platform/adapters/call.ts`: there a reply that is too long leaves the outcome open, here its status is the outcome.
 */
import { type IncomingMessage, request as plain_request } from 'node:http';
import { request as secure_request } from 'node:https';
import { type Guard, guarded_lookup, read_url } from './guard.ts';

export const reply_bytes_max = 4 * 1024;
export const retry_after_max_ms = 24 * 3_600_000;

export interface Posting {
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
export type Answer =
  | { readonly answer: 'reply'; readonly status: number; readonly text: string; readonly retry_after_ms?: number }
  /** `detail`: a code, `timeout`, or why the address is refused. */
  | { readonly answer: 'none'; readonly detail: string };

/** Never rejects. `signal`: the deadline of connecting, sending and reading together. */
export async function post(posting: Posting, guard: Guard, signal: AbortSignal): Promise<Answer> {
  const url = read_url(posting.url, guard.allow_private);
  if (typeof url === 'string') return { answer: 'none', detail: `address_refused: ${url}` };
  try {
    const reply = await send(url, posting, guard, signal);
    return { answer: 'reply', status: reply.statusCode ?? 0, text: await beginning(reply), ...retry_after(reply.headers['retry-after']) };
  } catch (error) {
    return { answer: 'none', detail: signal.aborted ? 'timeout' : code_of(error) };
  }
}

function send(url: URL, { headers, body }: Posting, guard: Guard, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const content = Buffer.from(body);
  const options = {
    method: 'POST',
    headers: { 'user-agent': 'cartwright-webhooks/1', ...headers, 'content-length': content.length },
    signal,
    // A kept line was looked at for an earlier attempt: the name may have moved since.
    agent: false as const,
    lookup: guarded_lookup(guard),
  };
  const outgoing = url.protocol === 'https:' ? secure_request(url, options) : plain_request(url, options);
  outgoing.on('response', resolve);
  outgoing.on('error', reject);
  outgoing.end(content);
  return promise;
}

/** The status has said what became of it: a reply that breaks, drips or never ends takes nothing back. */
async function beginning(reply: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of reply as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      // Leaving the loop closes the line.
      if (length >= reply_bytes_max) break;
    }
  } catch {
    // What came is shown.
  }
  return Buffer.concat(chunks).subarray(0, reply_bytes_max).toString('utf8');
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

const reply_characters_max = 500;

/** Of a stranger's reply, for staff: no control characters, nothing that looks like a secret, an address of a person or a number of a card. */
export function redacted(text: string): string {
  return text
    .replace(/[\p{C}\s\uFFFD]+/gu, ' ')
    .replace(/[^\s@"'<>]+@[^\s@"'<>]+/g, '[address]')
    .replace(/[\w+/=-]{24,}/g, '[token]')
    .replace(/\d(?:[ -]?\d){11,}/g, '[number]')
    .trim()
    .slice(0, reply_characters_max);
}
