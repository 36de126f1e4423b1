/** Routes as data become routes that answer: who asks, what may come in, one handler, one reply. */
import { hash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type, { type TSchema } from 'typebox';
import type { HttpServer } from '../platform/http.ts';
import { body_bytes_max, not_found, parameter_characters_max, raw_body, too_large, unsupported_media_type } from '../platform/http.ts';
import { type Idempotency, type Principal, Problem, type Reply, type Route, type RouteRequest } from '../platform/route.ts';
import { card_data_forbidden, holds_card_number, parse_json, validator } from '../platform/strict_json.ts';
import { lines_of, send_stream } from './streams.ts';

export const wait_seconds_max = 30;
export const idempotency_key_characters_max = 255;

export interface Mounting {
  /** Who asks. Throws the Problem when nobody may. Before the body is read, and again and again while a stream runs. */
  authorize(route: Route, request: FastifyRequest): Principal | Promise<Principal>;
  /** After authorization, before the body is read: throws 429 or 503. */
  admit(route: Route, request: FastifyRequest, principal: Principal): void;
  /** Routes that another process serves: gives the whole reply. Undefined: the route's own handler does. */
  forward?(handing: Handing): Promise<void> | undefined;
  /** After every reply of these routes. */
  observe(route: Route, request: FastifyRequest, status: number, milliseconds: number): void;
}

/** A request that was let in, and whose body is here, or comes line by line. */
export interface Handing {
  readonly server: HttpServer;
  readonly route: Route;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly wait_s: number | undefined;
  still_allowed(): Promise<void>;
}

interface Mounted {
  readonly route: Route;
  readonly body: ReturnType<typeof validator>;
  readonly query: ((query: Readonly<Record<string, string>>) => void) | undefined;
  /** POST /v1/…: needs an Idempotency-Key. */
  readonly keyed: boolean;
}

/** Mounts routes; all before the server listens. */
export function mount(server: HttpServer, routes: readonly Route[], mounting: Mounting): void {
  for (const route of routes) {
    const mounted: Mounted = {
      route,
      body: validator(route.body ?? Type.Object({})),
      query: query_check(route),
      keyed: needs_idempotency_key(route),
    };
    server.paths.push({ method: route.method, pattern: pattern_of(route.path) });
    server.fastify.route({
      method: route.method,
      url: route.path,
      ...(route.body_bytes_max !== undefined && { bodyLimit: route.body_bytes_max }),
      onRequest: (request, _reply, done) => enter(mounting, mounted, request, done),
      handler: (request, reply) => answer(server, mounting, mounted, request, reply),
      onResponse: (request, reply, done) => {
        mounting.observe(route, request, reply.statusCode, reply.elapsedTime);
        done();
      },
    });
  }
}

/** Paths that are of this form: `/v1/orders/:id`. */
export function pattern_of(path: string): RegExp {
  return new RegExp(`^${path.replace(/:[a-z_]+/gi, '[^/]+')}$`);
}

export function needs_idempotency_key(route: Route): boolean {
  return route.method === 'POST' && route.path.startsWith('/v1/') && route.not_idempotent !== true && route.ndjson !== true;
}

/** Before the body is read. Without a promise when the principal is known, as it is for all but the first request of a key. */
function enter(mounting: Mounting, mounted: Mounted, request: FastifyRequest, done: (error?: Error) => void): void {
  const admitted = (principal: Principal) => {
    request.principal = principal;
    mounting.admit(mounted.route, request, principal);
    check_accept(mounted.route, request.headers.accept);
    check_content_type(mounted.route, request);
    if (mounted.keyed) check_idempotency_key(request.headers['idempotency-key']);
  };
  try {
    const principal = mounting.authorize(mounted.route, request);
    if (principal instanceof Promise) {
      principal.then(admitted).then(() => done(), done);
      return;
    }
    admitted(principal);
  } catch (error) {
    done(error instanceof Error ? error : new Error('not an error was thrown', { cause: error }));
    return;
  }
  done();
}

async function answer(
  server: HttpServer,
  mounting: Mounting,
  mounted: Mounted,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { route } = mounted;
  const still_allowed = async () => void (await mounting.authorize(route, request));
  if (route.ndjson) server.importing.add(request.raw.socket);
  try {
    const forwarded = mounting.forward?.({ server, route, request, reply, wait_s: read_wait(request.headers['prefer']), still_allowed });
    if (forwarded !== undefined) {
      await forwarded;
      return reply;
    }
    const result = await route.handle(read(mounted, request, reply));
    if ('stream' in result) {
      await send_stream(server, request, reply, result, still_allowed);
      return reply;
    }
    return send(server, request, reply, result);
  } finally {
    if (route.ndjson) server.importing.delete(request.raw.socket);
  }
}

function send(server: HttpServer, request: FastifyRequest, reply: FastifyReply, result: Reply): FastifyReply {
  const { status, body, headers } = result;
  reply.code(status).header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  if (headers !== undefined) reply.headers(headers);
  if (server.closing.signal.aborted) reply.header('connection', 'close');
  if (status === 204) return reply.send();
  if (status < 400) return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(body));
  // A rejection is a reply: it was decided, and is stored. As bytes: Fastify adds a charset to texts of this type.
  const fields = typeof body === 'object' && body !== null && !('request_id' in body) ? { ...body, request_id: request.id } : body;
  return reply.header('content-type', 'application/problem+json').send(Buffer.from(JSON.stringify(fields)));
}

const json_types = ['*/*', 'application/*', 'application/json', 'application/problem+json'];
const stream_types = [
  'text/*',
  'text/event-stream',
  'text/csv',
  'text/plain',
  'application/x-ndjson',
  'application/pdf',
  'application/vnd.apache.parquet',
  'application/octet-stream',
];

/** RFC 9110 12.5.1. Which routes stream is known only from their reply: all that read, and imports, may be asked for a stream's type. */
function check_accept(route: Route, accept: string | undefined): void {
  if (accept === undefined || accept === '*/*' || accept === 'application/json') return;
  const streams = route.method === 'GET' || route.ndjson === true || route.not_idempotent === true;
  const acceptable = accept.split(',').some(range => {
    const [type = '', ...parameters] = range.split(';').map(part => part.trim().toLowerCase());
    return (
      !parameters.some(parameter => /^q=0(\.0*)?$/.test(parameter)) &&
      (json_types.includes(type) || (streams && stream_types.includes(type)))
    );
  });
  if (!acceptable) throw new Problem(406, 'not_acceptable', 'This address answers in application/json.');
}

function check_content_type(route: Route, request: FastifyRequest): void {
  const { headers } = request;
  const length = headers['content-length'];
  if (route.method === 'GET' || (headers['transfer-encoding'] === undefined && (length === undefined || length === '0'))) return;
  const encoding = headers['content-encoding'];
  const type = headers['content-type'];
  if (route.ndjson) {
    if (type === undefined || !/^application\/(x-)?ndjson *(;|$)/i.test(type) || encoding !== undefined)
      throw unsupported_media_type('application/x-ndjson');
    return;
  }
  if (encoding !== undefined && encoding !== 'identity' && encoding !== 'gzip') throw unsupported_media_type('application/json');
  if (route.body === raw_body || type === 'application/json') return;
  if (type === undefined || !/^application\/json *(; *charset="?utf-8"? *)?$/i.test(type)) throw unsupported_media_type('application/json');
}

function check_idempotency_key(key: string | string[] | undefined): void {
  if (key === undefined) throw new Problem(400, 'idempotency_key_required', 'Every POST needs an Idempotency-Key header.');
  if (typeof key !== 'string' || !/^[\x20-\x7e]{1,255}$/.test(key)) {
    throw new Problem(
      400,
      'idempotency_key_malformed',
      `An Idempotency-Key has 1 to ${idempotency_key_characters_max} printable ASCII characters.`,
    );
  }
  if (holds_card_number(key)) throw card_data_forbidden();
}

function read(mounted: Mounted, request: FastifyRequest, reply: FastifyReply): RouteRequest {
  const { route } = mounted;
  const { headers, principal } = request;
  if (principal === null) throw new Error('a request reached its handler without a principal');
  const params = read_params(request.params);
  const query = read_query(request.query);
  mounted.query?.(query);
  const bytes = read_body(request, route.body_bytes_max ?? body_bytes_max);
  const body = route.body === raw_body ? bytes : read_json(mounted, bytes);
  const key = headers['idempotency-key'];
  const if_match = read_if_match(headers['if-match']);
  const wait_s = read_wait(headers['prefer']);
  return new AskedRequest(
    {
      principal,
      request_id: request.id,
      params,
      query,
      body,
      // Node joins repeated headers that are not lists; only Set-Cookie comes as an array, and that is no request header.
      headers: headers as Readonly<Record<string, string | undefined>>,
      ...(mounted.keyed && typeof key === 'string' ? { idempotency: idempotency(route, request.url, principal, key, bytes) } : {}),
      ...(if_match === undefined ? {} : { if_match }),
      ...(wait_s === undefined ? {} : { wait_s }),
    },
    request,
    reply,
    route.ndjson === true,
  );
}

/**
 * The hash is of the bytes sent, not of a canonical form: a client repeats a request by sending it again, and sorting the keys of every order
 * would cost more than everything else here. A key belongs to the path asked for, so one key may serve two orders' cancellations.
 */
function idempotency(route: Route, url: string, principal: Principal, key: string, bytes: Uint8Array): Idempotency {
  const end = url.indexOf('?');
  return {
    principal: principal.id,
    route: `${route.method} ${end < 0 ? url : url.slice(0, end)}`,
    key,
    body_hash: hash('sha256', bytes, 'base64url'),
  };
}

/** What no id of ours could be is not found, rather than an error of the database. */
function read_params(given: unknown): Readonly<Record<string, string>> {
  // Fastify's router gives texts only.
  const params = given as Readonly<Record<string, string>>;
  for (const name in params) {
    const value = params[name] ?? '';
    if (value.length > parameter_characters_max || /\p{C}/u.test(value)) throw not_found();
    if (holds_card_number(value)) throw card_data_forbidden();
  }
  return params;
}

function read_query(given: unknown): Readonly<Record<string, string>> {
  // Fastify's parser gives a text, or texts when a name repeats.
  const query = given as Readonly<Record<string, string | string[]>>;
  for (const name in query) {
    const value = query[name];
    if (typeof value !== 'string') throw new Problem(400, 'duplicate_parameter', 'A query parameter is given twice.');
    if (/^(?:sk|pk|ot)_/.test(value))
      throw new Problem(400, 'key_in_query', 'Keys belong into the Authorization header: addresses end up in logs.');
    if (/[\0\uFFFD]/.test(value)) throw new Problem(400, 'malformed_request', 'A query parameter holds a character that cannot be stored.');
    if (holds_card_number(value)) throw card_data_forbidden();
  }
  return query as Readonly<Record<string, string>>;
}

/** Query schemas name numbers and booleans; on the wire they are texts. Unknown parameters are refused under /v1. */
function query_check(route: Route): Mounted['query'] {
  const schema = route.query ?? (route.path.startsWith('/v1/') ? Type.Object({}) : undefined);
  if (schema === undefined) return undefined;
  const check = validator(schema);
  const properties: Readonly<Record<string, TSchema>> = Type.IsObject(schema) ? schema.properties : {};
  const typed = Object.keys(properties).filter(name => /"type":"(integer|number|boolean)"/.test(JSON.stringify(properties[name])));
  return query => {
    const value: Record<string, unknown> = { ...query };
    for (const name of typed) {
      const text = query[name] ?? '';
      if (/^-?\d{1,15}$/.test(text)) value[name] = Number(text);
      else if (text === 'true' || text === 'false') value[name] = text === 'true';
    }
    check.check(value, '/query');
  };
}

const no_bytes = new Uint8Array();

function read_body(request: FastifyRequest, limit: number): Uint8Array {
  const body = request.body;
  if (!(body instanceof Uint8Array)) return no_bytes;
  if (request.headers['content-encoding'] !== 'gzip') return body;
  try {
    return gunzipSync(body, { maxOutputLength: limit });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') throw too_large(limit);
    throw new Problem(400, 'malformed_request', 'The body is not gzip.');
  }
}

/** No body is an empty object to a route that asks for nothing, and malformed to all others. */
function read_json(mounted: Mounted, bytes: Uint8Array): unknown {
  const { route } = mounted;
  if (route.method === 'GET' || route.ndjson) return undefined;
  if (bytes.length === 0 && mounted.body.accepts({})) return {};
  const value = parse_json(bytes);
  mounted.body.check(value);
  return value;
}

function read_if_match(header: string | undefined): number | undefined {
  if (header === undefined || header === '*') return undefined;
  const version = /^"(\d{1,15})"$/.exec(header)?.[1];
  if (version === undefined) throw new Problem(400, 'malformed_request', 'If-Match holds one version in quotes: "7".');
  return Number(version);
}

/** `Prefer: wait=10` (RFC 7240). A preference that is not understood is ignored, as the RFC asks. */
function read_wait(header: string | string[] | undefined): number | undefined {
  if (typeof header !== 'string') return undefined;
  const seconds = /(?:^|,) *wait *= *"?(\d{1,6})"? *(?:[,;]|$)/i.exec(header)?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), wait_seconds_max);
}

/** A class for its lazy signal: few handlers want one, and making one for each order costs more than reading the order's headers. */
class AskedRequest implements RouteRequest {
  declare readonly principal: Principal;
  declare readonly request_id: string;
  declare readonly params: RouteRequest['params'];
  declare readonly query: RouteRequest['query'];
  declare readonly body: unknown;
  declare readonly headers: RouteRequest['headers'];
  declare readonly idempotency?: Idempotency;
  declare readonly if_match?: number;
  declare readonly wait_s?: number;
  declare lines?: () => AsyncIterable<{ readonly line: number; readonly text: string }>;
  readonly #reply: FastifyReply;
  #gone: AbortController | undefined;

  constructor(fields: Omit<RouteRequest, 'signal' | 'lines'>, request: FastifyRequest, reply: FastifyReply, ndjson: boolean) {
    Object.assign(this, fields);
    this.#reply = reply;
    if (ndjson) this.lines = () => lines_of(request.raw);
  }

  get signal(): AbortSignal {
    if (this.#gone === undefined) {
      const gone = new AbortController();
      if (this.#reply.raw.destroyed) gone.abort();
      else this.#reply.raw.once('close', () => gone.abort());
      this.#gone = gone;
    }
    return this.#gone.signal;
  }
}
