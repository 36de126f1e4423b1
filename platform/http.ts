/** How a process speaks HTTP: its limits, and one shape for every error (RFC 9457), the framework's and the parser's own included. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import Type, { type TSchema } from 'typebox';
import type { Clock } from './clock.ts';
import { is_outage, sqlstate } from './database.ts';
import type { Logger } from './logger.ts';
import { not_found, problem_document, problem_headers } from './rejections.ts';
import { type Principal, Problem } from './route.ts';
import { holds_card_number } from './strict_json.ts';

export { not_found } from './rejections.ts';

export const body_bytes_max = 256 * 1024;
export const uri_bytes_max = 8 * 1024;
/** The request line and all headers: the parser's limit. */
export const head_bytes_max = 24 * 1024;
export const parameter_characters_max = 200;
/** Above any wait and heartbeat: a connection on which nothing moves this long is cut. */
const idle_timeout_ms = 60_000;
const close_grace_ms = 5_000;

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null;
  }
}

export interface ServerOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  fresh_id(prefix: string): string;
  /** Longest time for the head and for the whole of a request; an import's body is exempt. */
  readonly head_timeout_ms?: number;
  readonly request_timeout_ms?: number;
}
export interface HttpServer {
  readonly fastify: FastifyInstance;
  readonly options: ServerOptions;
  /** Aborted when the server closes: streams end. */
  readonly closing: AbortController;
  /** What is mounted, for 405. */
  readonly paths: { readonly method: string; readonly pattern: RegExp }[];
  /** Connections whose request may take as long as it moves. */
  readonly importing: WeakSet<Socket>;
  /** Ends streams, lets running requests finish for five seconds, then cuts. */
  close(): Promise<void>;
}

/** A body schema for routes that verify a signature: the handler gets the bytes (Uint8Array) as they came, of any content type. */
export const raw_body: TSchema = Type.Unsafe<Uint8Array>({ contentMediaType: 'application/octet-stream' });

export function create_server(options: ServerOptions): HttpServer {
  const importing = new WeakSet<Socket>();
  const head_timeout = options.head_timeout_ms ?? 4_000;
  const request_timeout = options.request_timeout_ms ?? 9_000;
  const app = fastify({
    logger: false,
    bodyLimit: body_bytes_max,
    trustProxy: false,
    connectionTimeout: idle_timeout_ms,
    requestTimeout: request_timeout,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    routerOptions: { maxParamLength: parameter_characters_max * 3 },
    http: {
      maxHeaderSize: head_bytes_max,
      headersTimeout: head_timeout,
      requestTimeout: request_timeout,
      connectionsCheckingInterval: Math.min(500, head_timeout / 4),
      requireHostHeader: false,
    },
    genReqId: request => request_id(request, options),
    // RFC 9112 3.2.2: a whole URL is an address, too. Whoever it names, it is asked here, and it is the same address for an Idempotency-Key.
    rewriteUrl: request => (request.url ?? '/').replace(/^https?:\/\/[^/?#]*(?=([/?#]|$))/i, '') || '/',
    frameworkErrors: (error, request, reply) => send_problem(reply, request.id, problem_of(error)),
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && importing.has(socket)) return;
      refuse(socket, client_problem(error), options);
    },
  });
  const closing = new AbortController();
  const server: HttpServer = { fastify: app, options, closing, paths: [], importing, close: () => close(server) };
  app.decorateRequest('principal', null);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addContentTypeParser(['application/x-ndjson', 'application/ndjson'], (_request, _payload, done) => done(null));
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    if (request.headers.host === undefined && request.raw.httpVersion === '1.1')
      done(new Problem(400, 'malformed_request', 'The Host header is missing.'));
    else if (request.url.length > uri_bytes_max) done(uri_too_long());
    else if (request.is404) done(nowhere(server, request));
    else done();
  });
  app.setErrorHandler((error, request, reply) => {
    const problem = problem_of(error, request.routeOptions.bodyLimit);
    // Orders that are shed arrive by the thousand, and a line for each would cost more than the order.
    if (problem.status >= 500 && problem.code !== 'overloaded') options.logger.error({ error, request_id: request.id }, problem.code);
    // Fastify would close; bytes still on their way would then reset the connection before the reply is read. They are read and dropped.
    reply.removeHeader('connection');
    send_problem(reply, request.id, problem);
  });
  app.setNotFoundHandler(() => {
    throw not_found();
  });
  app.server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const problem = new Problem(417, 'expectation_failed', 'Only Expect: 100-continue is understood.');
    const id = request_id(request, options);
    const body = Buffer.from(problem_body(problem, id));
    response
      .writeHead(417, { ...problem_headers(problem), 'x-request-id': id, connection: 'close', 'content-length': body.length })
      .end(body);
  });
  return server;
}

async function close(server: HttpServer): Promise<void> {
  server.closing.abort();
  const done = new AbortController();
  const cut = server.options.clock.sleep(close_grace_ms, done.signal).then(() => server.fastify.server.closeAllConnections());
  await server.fastify.close();
  done.abort();
  await cut;
}

function request_id(request: IncomingMessage, options: ServerOptions): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) && !holds_card_number(given) ? given : options.fresh_id('req');
}

/** 405 with Allow when other methods know the path, 404 otherwise. */
export function nowhere(server: HttpServer, request: FastifyRequest): Problem {
  const path = request.url.split('?', 1)[0] ?? '';
  const allowed = new Set(server.paths.filter(known => known.pattern.test(path)).map(known => known.method));
  if (allowed.size === 0) return not_found();
  if (allowed.has('GET')) allowed.add('HEAD');
  return new Problem(405, 'method_not_allowed', 'This address does not know this method.', { headers: { allow: [...allowed].join(', ') } });
}

/** Any error as the Problem a stranger may see. What is not known to be harmless becomes a 500 that says nothing. */
export function problem_of(error: unknown, limit: number = body_bytes_max): Problem {
  if (error instanceof Problem) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return too_large(limit);
  if (code.startsWith('FST_ERR_CTP_INVALID_MEDIA') || code === 'FST_ERR_CTP_EMPTY_TYPE') return unsupported_media_type('application/json');
  if (code === 'FST_ERR_BAD_URL') return new Problem(400, 'malformed_request', 'The address is not well-formed.');
  if (code === 'FST_ERR_MAX_PARAM_LENGTH' || code === 'FST_ERR_NOT_FOUND') return not_found();
  // Fastify marks with 400 what went wrong while the body was read: the client went away.
  const unread = error instanceof Error && 'statusCode' in error && error.statusCode === 400;
  if (unread) return new Problem(400, 'malformed_request', 'The body ended early.');
  const away = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE'].includes(code) || (sqlstate(error) !== undefined && is_outage(error));
  if (away) return database_unavailable(error);
  return new Problem(500, 'internal', 'Something broke on our side; the request id tells us what.', { cause: error });
}

export function database_unavailable(cause: unknown): Problem {
  return new Problem(503, 'database_unavailable', 'The database does not answer; try again.', { cause, headers: { 'retry-after': '2' } });
}
function uri_too_long(): Problem {
  return new Problem(414, 'uri_too_long', `The address is longer than ${uri_bytes_max} bytes.`);
}
export function too_large(limit: number): Problem {
  return new Problem(413, 'too_large', `The body, or a line of an import, is larger than ${limit} bytes.`);
}
export function unsupported_media_type(expected: string): Problem {
  return new Problem(415, 'unsupported_media_type', `Content-Type must be ${expected}, without a Content-Encoding but gzip.`);
}

export function problem_body(problem: Problem, request_id: string): string {
  return JSON.stringify(problem_document(problem, request_id));
}

function send_problem(reply: FastifyReply, request_id: string, problem: Problem): void {
  // As bytes: Fastify adds a charset to texts whose type names JSON, and this type has none.
  reply
    .code(problem.status)
    .headers(problem_headers(problem))
    .header('x-request-id', request_id)
    .send(Buffer.from(problem_body(problem, request_id)));
}

/** What the parser refused never became a request: the reply is written to the socket. */
function client_problem(error: Error & { code?: string; rawPacket?: unknown }): Problem {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Problem(408, 'request_timeout', 'The request did not arrive in time.');
  if (error.code === 'HPE_HEADER_OVERFLOW') {
    const packet = Buffer.isBuffer(error.rawPacket) ? error.rawPacket.toString('latin1') : '';
    const line_end = packet.indexOf('\n');
    if (/^[A-Z]+ \//.test(packet) && (line_end < 0 || line_end > uri_bytes_max)) return uri_too_long();
    return new Problem(431, 'headers_too_large', `The headers are larger than ${head_bytes_max} bytes.`);
  }
  return new Problem(400, 'malformed_request', 'This is not HTTP/1.1 as RFC 9112 has it.');
}

function refuse(socket: Socket, problem: Problem, options: ServerOptions): void {
  // As Node's own handler looks: a reply that has begun must not be followed by another.
  const current = (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage;
  if (!socket.writable || current?.headersSent === true) return void socket.destroy();
  const id = options.fresh_id('req');
  const body = problem_body(problem, id);
  const headers = {
    ...problem_headers(problem),
    'x-request-id': id,
    connection: 'close',
    'content-length': String(Buffer.byteLength(body)),
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${head.join('')}\r\n${body}`);
  // Destroyed at once, unread bytes would turn the reply into a reset.
  void options.clock.sleep(500).then(() => socket.destroy());
}
