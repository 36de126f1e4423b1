/** Bodies that are not held in memory: imports line by line in, Server-Sent Events and files out. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type HttpServer, problem_body, problem_of } from '../platform/http.ts';
import { Problem, type StreamReply } from '../platform/route.ts';

export const line_bytes_max = 256 * 1024;
/** A stream ends within five seconds of its reader's key being revoked (reliability.md 71): looked at twice in that time. */
const allowed_check_ms = 2_500;
/** A comment every 15 seconds keeps proxies from cutting a quiet stream. */
const checks_per_heartbeat = 6;

/** What no JSON text is: a line that is not UTF-8 arrives as this, and is rejected alone. */
const not_utf8 = '\uFFFD';

/** Lines of a body, numbered from 1, empty ones left out. Reads on only as the caller does. Throws 413 for a line over 256 KiB. */
export async function* lines_of(request: IncomingMessage): AsyncGenerator<{ line: number; text: string }> {
  let line = 0;
  let rest = Buffer.alloc(0);
  // Leaving early must not destroy the request: that would cut off its own reply.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    // A request without an encoding set gives buffers.
    rest = rest.length === 0 ? (chunk as Buffer<ArrayBuffer>) : Buffer.concat([rest, chunk as Buffer<ArrayBuffer>]);
    let start = 0;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
      const text = text_of(rest.subarray(start, end), ++line);
      start = end + 1;
      if (text !== '') yield { line, text };
    }
    rest = rest.subarray(start);
    check_length(rest, line + 1);
  }
  const last = text_of(rest, ++line);
  if (last !== '') yield { line, text: last };
}

function text_of(bytes: Buffer, line: number): string {
  check_length(bytes, line);
  return isUtf8(bytes) ? bytes.toString('utf8').trim() : not_utf8;
}

function check_length(bytes: Buffer, line: number): void {
  if (bytes.length > line_bytes_max)
    throw new Problem(413, 'too_large', `Line ${line} is longer than ${line_bytes_max} bytes.`, { extra: { line } });
}

/**
 * Sends a stream to its end, to the client's, to the server's, or until `still_allowed` throws. A stream that fails before its first byte is answered with
 * a problem and its status; later, events and ndjson end with the problem as their last message, and everything else is cut off, so that nobody takes it for whole.
 */
export async function send_stream(
  server: HttpServer,
  request: FastifyRequest,
  reply: FastifyReply,
  answer: StreamReply,
  still_allowed: () => Promise<void>,
): Promise<void> {
  const events = answer.content_type === 'text/event-stream';
  const chunks = answer.stream[Symbol.asyncIterator]();
  // Events may be long in coming: their head is sent at once.
  const first = events ? undefined : await chunks.next();
  reply.hijack();
  const response = reply.raw;
  const over = new AbortController();
  const end = () => over.abort();
  response.once('close', end);
  server.closing.signal.addEventListener('abort', end, { once: true });
  if (server.closing.signal.aborted) end();
  response.writeHead(answer.status, { ...headers_of(answer), 'x-request-id': request.id });
  try {
    if (request.method === 'HEAD') return;
    if (events) {
      response.flushHeaders();
      void watch(server, over, still_allowed, checks => {
        if (checks % checks_per_heartbeat === 0) response.write(':\n\n');
      });
    }
    await pump(chunks, first, response, over.signal);
  } catch (error) {
    if (!over.signal.aborted) last_words(server, request.id, response, answer, error);
  } finally {
    server.closing.signal.removeEventListener('abort', end);
    response.end();
    end();
    // A generator that waits hears of it by the request's signal; nobody waits for it here.
    void Promise.resolve(chunks.return?.()).catch(() => undefined);
  }
}

const binary_types = ['application/pdf', 'application/vnd.apache.parquet', 'application/octet-stream'];

function headers_of(answer: StreamReply): Record<string, string> {
  return {
    'content-type': binary_types.includes(answer.content_type) ? answer.content_type : `${answer.content_type}; charset=utf-8`,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...answer.headers,
  };
}

async function pump(
  chunks: AsyncIterator<string | Uint8Array>,
  first: IteratorResult<string | Uint8Array> | undefined,
  response: ServerResponse,
  over: AbortSignal,
): Promise<void> {
  let next = first ?? (await unless(over, chunks.next()));
  while (next !== undefined && next.done !== true && !over.aborted) {
    if (!response.write(next.value)) await unless(over, new Promise<void>(resolve => response.once('drain', resolve)));
    next = await unless(over, chunks.next());
  }
}

/** What the promise gives, or undefined once it is over. A race against one long-lived promise would keep every chunk's reaction until the end. */
function unless<T>(over: AbortSignal, promise: Promise<T>): Promise<T | undefined> {
  if (over.aborted) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const end = () => resolve(undefined);
    over.addEventListener('abort', end, { once: true });
    promise.then(resolve, reject).finally(() => over.removeEventListener('abort', end));
  });
}

/** Ends a stream when its reader may no longer read. `each_check` hears how often that was looked at. */
export async function watch(
  server: HttpServer,
  over: AbortController,
  still_allowed: () => Promise<void>,
  each_check: (checks: number) => void,
): Promise<void> {
  for (let checks = 1; ; checks++) {
    await server.options.clock.sleep(allowed_check_ms, over.signal);
    if (over.signal.aborted) return;
    try {
      await still_allowed();
    } catch {
      return over.abort();
    }
    each_check(checks);
  }
}

function last_words(server: HttpServer, request_id: string, response: ServerResponse, answer: StreamReply, error: unknown): void {
  const problem = problem_of(error);
  if (problem.status >= 500) server.options.logger.error({ error, request_id }, problem.code);
  if (answer.content_type === 'text/event-stream') response.write(`event: problem\ndata: ${problem_body(problem, request_id)}\n\n`);
  else if (answer.content_type === 'application/x-ndjson') response.write(`${problem_body(problem, request_id)}\n`);
  else response.destroy();
}
