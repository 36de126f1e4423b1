/** Hands a request on to the process that serves it, and its answer back, both as streams. Nothing a client says about itself is handed on. */
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Route } from '../platform/route.ts';
import type { Handing } from './mount.ts';
import { watch } from './streams.ts';
import type { Upstream, UpstreamAnswer } from './upstream.ts';

/** RFC 9110 7.6.1, and the old ones that some still send. What `Connection` names goes as well. */
const hop_by_hop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** What the gateway has dealt with: credentials stay here, the body is framed anew, the address is in the call. */
const dealt_with = new Set([
  'authorization',
  'cookie',
  'x-csrf-token',
  'host',
  'content-length',
  'expect',
  'origin',
  'forwarded',
  'via',
  'x-request-id',
]);
/** No service believes them; a service of tomorrow might. */
const claims = /^x-(?:forwarded|user|real|client|original|cartwright|auth|remote)-/;

/** Headers for the service: lower case, each once. */
export function handed_on(headers: IncomingHttpHeaders): Record<string, string> {
  const named = named_by_connection(headers);
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hop_by_hop.has(name) || named.has(name) || dealt_with.has(name) || claims.test(name)) continue;
    kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return kept;
}

/** Nobody here has dealt with them. */
function own_credentials(route: Route, { authorization }: IncomingHttpHeaders): { authorization?: string } {
  return route.own_credentials === true && authorization !== undefined ? { authorization } : {};
}

/** Headers for the client. */
export function handed_back(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = named_by_connection(headers);
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hop_by_hop.has(name) || named.has(name) || name === 'set-cookie' || claims.test(name)) continue;
    kept[name] = value;
  }
  return kept;
}

function named_by_connection({ connection = '' }: IncomingHttpHeaders): Set<string> {
  return new Set(connection.split(',').map(name => name.trim().toLowerCase()));
}

/** Throws the Problem when no answer has begun; an answer that breaks off is broken off. */
export async function forward(to: Upstream, handing: Handing): Promise<void> {
  const { route, request, reply, wait_s } = handing;
  if (request.principal === null) throw new Error('a request is handed on without a principal');
  const over = new AbortController();
  if (reply.raw.destroyed) over.abort();
  else reply.raw.once('close', () => over.abort());
  const body = body_of(handing);
  let answer: UpstreamAnswer;
  try {
    answer = await to.call({
      method: request.method,
      url: request.url,
      headers: { ...handed_on(request.headers), ...own_credentials(route, request.headers) },
      ...(body === undefined ? {} : { body }),
      principal: request.principal,
      request_id: request.id,
      ...(route.service === undefined ? {} : { service: route.service }),
      ...(wait_s === undefined ? {} : { wait_s }),
      signal: over.signal,
    });
  } catch (error) {
    if (!over.signal.aborted) throw error;
    // Nobody is there to be answered.
    reply.hijack();
    return;
  }
  await send_back(handing, answer, over);
}

/** The bytes as they came. An import is read as the service reads it; a service that goes away must not take the client's connection, and so its answer, with it. */
function body_of({ route, request }: Handing): Uint8Array | Readable | undefined {
  if (route.ndjson) return Readable.from(request.raw.iterator({ destroyOnReturn: false }), { objectMode: false });
  return request.body instanceof Uint8Array && request.body.length > 0 ? request.body : undefined;
}

async function send_back(handing: Handing, answer: UpstreamAnswer, over: AbortController): Promise<void> {
  const { server, request, reply } = handing;
  const { signal: closing } = server.closing;
  reply.hijack();
  const headers = { ...handed_back(answer.headers), 'x-request-id': request.id, ...(closing.aborted ? { connection: 'close' } : {}) };
  reply.raw.writeHead(answer.status, headers);
  if (String(answer.headers['content-type']).startsWith('text/event-stream')) return send_events(handing, answer, over);
  try {
    await pipeline(answer.body, reply.raw, { signal: over.signal });
  } catch {
    // Client or service is gone. What was begun is cut off, so that nobody takes it for whole.
    reply.raw.destroy();
  }
}

/** To their end, the client's, the server's, or until the reader may no longer read. */
async function send_events({ server, reply, still_allowed }: Handing, { body }: UpstreamAnswer, over: AbortController): Promise<void> {
  const response = reply.raw;
  const { signal: closing } = server.closing;
  const end = () => over.abort();
  over.signal.addEventListener('abort', () => body.destroy(), { once: true });
  closing.addEventListener('abort', end, { once: true });
  if (closing.aborted) end();
  response.flushHeaders();
  // Heartbeats come from the service: one of ours might fall into the middle of an event.
  void watch(server, over, still_allowed, () => undefined);
  body.on('error', () => undefined);
  const closed = new Promise(resolve => body.once('close', resolve));
  body.pipe(response, { end: false });
  await closed;
  closing.removeEventListener('abort', end);
  end();
  response.end();
}
