/**
 * What every stand-in of a third party shares: a small HTTP server on 127.0.0.1 with raw bodies, a ledger of what really
 * happened, faults on demand, and signed webhooks. It knows nothing of Cartwright: a stand-in is somebody else's system.
 *
 *   GET    /__sim/health    { name, status, ledger_entries, faults, webhooks: { queued, delivered, dropped, given_up } }
 *   GET    /__sim/ledger    { entries: [{ at, kind, id, reference, amount?, currency?, idempotency_key?, … }], next }; ?after=0&limit=1000 pages
 *   GET    /__sim/faults    { faults, profile }
 *   POST   /__sim/faults    { match: { method?, path?, type? }, fault, times?, delay_ms?, status?, retry_after_s?, executed?, probability?, deed?, skew_ms?, field? }
 *   DELETE /__sim/faults    the profile and the skew of its clock, too
 *   POST   /__sim/profile   { seed?, shares: { fault: share | { share, match?, … } | [ … ] } }; null ends it
 *   POST   /__sim/deeds     { deed, id }: what happens there without our asking
 *   POST   /__sim/webhook   { url, secret?, old_secret?, new_secret? }
 *
 * README.md says what each fault does; a request that has `sim_<fault>` anywhere in it meets that fault.
 */

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { control, do_deed } from './control.ts';
import { parse_profile } from './fault_rules.ts';
import { delay_ms_max, FaultBook, type FaultRule, magic_fault, magic_rule, type Profile, request_faults } from './faults.ts';
import { type Collection, type CollectionLimits, type LedgerEntry, Memory, type NewLedgerEntry } from './memory.ts';
import { json_reply, parse_json, status_reply } from './replies.ts';
import { address, type CompiledRoute, listen, type Running, wait } from './running.ts';
import { spoil } from './spoil.ts';
import { type Cause, type Delivery, type Sign, type Webhook, Webhooks, type WebhookTarget, webhook_queue_max } from './webhooks.ts';

export type { Collection, CollectionLimits, LedgerEntry, NewLedgerEntry } from './memory.ts';
export { json_reply, parse_json } from './replies.ts';
export type { Cause, Sign, Webhook, WebhookTarget } from './webhooks.ts';

export const body_bytes_max = 1024 * 1024;
export const connections_max = 2_000;
const wait_default_ms = 1_000;
const reply_late_default_ms = 30_000;
const tail_default_ms = 50;
/** A twentieth takes over twelve times as long as the quickest, a hundredth over forty-six. */
const tail_exponent = 1.2;
const drip_default_ms = 60_000;
const drip_pieces = 20;

export interface StandInRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The exact bytes. */
  readonly body: Buffer;
  /** A `status` fault, for stand-ins with `own_status_faults` only. */
  readonly status_fault?: { readonly status: number; readonly executed: boolean; readonly retry_after_s?: number };
}
export interface StandInReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** Sent after the reply. */
  readonly webhooks?: readonly Webhook[];
  /** The effect stays, the line is cut instead of the reply. */
  readonly cut?: true;
}
export interface StandInRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/v1/refunds/:id`; a parameter is one segment. */
  readonly path: string;
  handle(request: StandInRequest): StandInReply | Promise<StandInReply>;
}

/** What the shared part offers to one third party's stand-in. */
export interface Sim {
  now_ms(): number;
  /** `prefix` and 24 letters and digits, never given before. */
  id(prefix: string): string;
  /** Objects by id, kept in the journal when there is one. Declare them in `open`, before anything is put. */
  collection<T>(name: string, limits: CollectionLimits): Collection<T>;
  record(entry: NewLedgerEntry): void;
  /** Later, while the stand-in lives; what it records is kept and the webhooks it returns are sent. `cause`: what webhook faults match on. */
  after(milliseconds: number, cause: Cause, deed: () => readonly Webhook[]): void;
  url(): string;
}
export type Deeds = Readonly<Record<string, (id: string) => readonly Webhook[] | undefined>>;
export interface ThirdParty {
  readonly routes: readonly StandInRoute[];
  /** What happens there without our asking, by name: done to an object, it gives the webhooks that tell of it; undefined: it cannot be done now. */
  readonly deeds?: Deeds;
  /** The journal is back in the collections: arm again what was to happen later. */
  resume?(): void;
}

export interface StandInOptions {
  readonly name: string;
  /** 0 or absent: a free one. */
  readonly port?: number;
  /** Builds the third party; called once, synchronously. */
  open(sim: Sim): ThirdParty;
  /** An append-only file from which a restarted stand-in gets its ledger and collections back. */
  readonly ledger_file?: string;
  readonly webhook?: WebhookTarget;
  /** Used when POST /__sim/webhook names no secret. */
  readonly webhook_secret_default?: string;
  readonly webhook_content_type?: string;
  /** What is answered to a delivered webhook, for protocols in which that says something. */
  webhook_reply?(reply: string): void;
  readonly sign?: Sign;
  /** The routes see `status` faults and answer them (Stripe stores a 500 under its idempotency key). */
  readonly own_status_faults?: true;
  not_found?(request: StandInRequest): StandInReply;
  /** What a fault's `match.type` means for a request, where one path serves several deeds. */
  request_type?(request: StandInRequest): string | undefined;
  /** What `revoke` answers; default: 401 and a JSON error. */
  unauthorized?(request: StandInRequest): StandInReply;
  /** What `lag` answers to a GET; default: `not_found`. A list would be empty. */
  absent?(request: StandInRequest): StandInReply;
  /** Of which object a reply is, for `behind_back`; default: its JSON field `id`. */
  object_id?(reply: StandInReply): string | undefined;
  /** What POST /__sim/profile takes, from the start. */
  readonly profile?: unknown;
  /** How `lie_amount` changes a body. Default: numbers and decimal texts in fields named like amounts. */
  lie?(body: string): string;
  /** Of faults with a probability. */
  readonly seed?: number;
  now_ms?(): number;
}
export interface StandIn {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /** The ledger without HTTP, for tests in the same process. */
  ledger(): readonly LedgerEntry[];
  /** Closes the port and every open connection; keeps the ledger file. */
  stop(): Promise<void>;
}

export async function start_stand_in(options: StandInOptions): Promise<StandIn> {
  const running = assemble(options);
  const third_party = options.open(sim_of(running));
  running.routes = third_party.routes.map(compile);
  running.deeds = third_party.deeds ?? {};
  running.server.on('request', (request, response) => {
    serve(running, request, response).catch(error => {
      // A caller who left before his request was complete is no news. Else it is a bug of the stand-in: say so where a person sees it, and leave the caller without an answer, as a broken third party would.
      if (request.complete) console.error(`stand-in ${options.name}: ${request.method} ${request.url}:`, error);
      response.destroy();
    });
  });
  running.port = await listen(running.server, options.port ?? 0);
  try {
    running.memory.open();
  } catch (error) {
    running.server.close();
    throw error;
  }
  third_party.resume?.();
  running.webhooks.resume();
  return {
    name: options.name,
    url: `http://${address}:${running.port}`,
    port: running.port,
    ledger: () => running.memory.ledger,
    stop: () => stop(running),
  };
}

function assemble(options: StandInOptions): Running {
  const clock = options.now_ms ?? Date.now;
  const now_ms = () => clock() + running.skew_ms;
  const memory = new Memory({ file: options.ledger_file, now_ms });
  const faults = new FaultBook(options.seed ?? 1, profile_of(options));
  const webhooks = new Webhooks({
    deliveries: memory.collection<Delivery>('webhook_deliveries', { size_max: webhook_queue_max, when_full: 'drop_oldest' }),
    faults,
    sign: options.sign ?? (() => ({})),
    now_ms,
    heard: options.webhook_reply,
    content_type: options.webhook_content_type ?? 'application/json; charset=utf-8',
  });
  webhooks.target = options.webhook;
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 30_000 });
  server.maxConnections = connections_max;
  const running: Running = {
    options,
    memory,
    faults,
    webhooks,
    server,
    timers: new Set(),
    now_ms,
    routes: [],
    deeds: {},
    port: 0,
    skew_ms: 0,
    stopped: false,
  };
  return running;
}

function profile_of({ profile }: StandInOptions): Profile | undefined {
  const parsed = profile === undefined ? undefined : parse_profile(profile);
  if (typeof parsed === 'string') throw new Error(`the profile of a stand-in: ${parsed}`);
  return parsed;
}

function sim_of(running: Running): Sim {
  const { memory, options } = running;
  return {
    now_ms: running.now_ms,
    id: prefix => `${prefix}${letters(24)}`,
    collection: (name, limits) => memory.collection(name, limits),
    record: entry => memory.record(entry),
    after: (milliseconds, cause, deed) => {
      const timer = setTimeout(() => {
        running.timers.delete(timer);
        try {
          const queued = running.webhooks.queue(deed(), cause);
          memory.flush();
          void running.webhooks.deliver(queued);
        } catch (error) {
          // A bug of this stand-in must not end the process that hosts it.
          console.error(`stand-in ${options.name}: after ${cause.method} ${cause.path}:`, error);
        }
      }, milliseconds);
      timer.unref();
      running.timers.add(timer);
    },
    url: () => `http://${address}:${running.port}`,
  };
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const chance_pool_bytes = 8_192;
let chance_pool = Buffer.alloc(0);
/** Chance is drawn in bulk: one call per id was 4 % of a loaded stand-in. */
function letters(count: number): string {
  if (chance_pool.length < count) chance_pool = randomBytes(chance_pool_bytes);
  let text = '';
  for (const byte of chance_pool.subarray(0, count)) text += alphabet.charAt(byte % alphabet.length);
  chance_pool = chance_pool.subarray(count);
  return text;
}

async function stop(running: Running): Promise<void> {
  if (running.stopped) return;
  running.stopped = true;
  running.webhooks.stop();
  for (const timer of running.timers) clearTimeout(timer);
  const closed = Promise.withResolvers<void>();
  running.server.close(() => closed.resolve());
  running.server.closeAllConnections();
  await closed.promise;
  running.memory.close();
}

// --- one request

async function serve(running: Running, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await read_body(incoming);
  if (body === undefined) return write(running, response, json_reply(413, { error: { message: `at most ${body_bytes_max} bytes` } }));
  const url = new URL(incoming.url ?? '/', `http://${address}`);
  const request: StandInRequest = {
    method: incoming.method ?? 'GET',
    path: url.pathname,
    params: {},
    query: url.searchParams,
    headers: incoming.headers,
    body,
  };
  if (request.path.startsWith('/__sim/')) return write(running, response, control(running, request));
  const magic = magic_fault(`${url.href} ${body.toString('latin1')}`);
  const named = request_faults.find(each => each === magic);
  const type = running.options.request_type?.(request);
  const rule = running.faults.take(request_faults, request.method, request.path, type) ?? (named && magic_rule(named));
  if (rule?.fault === 'reset_before') return cut(incoming);
  if (rule?.fault === 'delay') await wait(running, rule.delay_ms ?? wait_default_ms);
  if (rule?.fault === 'delay_tail') await wait(running, long_tailed(rule.delay_ms ?? tail_default_ms, running.faults.draw()));
  if (running.stopped) return;
  const reply = await answer(running, request, rule);
  const cause: Cause = { method: request.method, path: request.path, ...(magic && { magic }) };
  const queued = running.webhooks.queue(reply.webhooks ?? [], cause);
  running.memory.flush();
  if (rule?.fault === 'behind_back') behind_back(running, reply, rule);
  if (rule?.fault === 'reply_late') await wait(running, rule.delay_ms ?? reply_late_default_ms);
  const early = queued.length > 0 ? running.faults.take(['webhook_early'], cause.method, cause.path) : undefined;
  if (early !== undefined || (magic === 'webhook_early' && queued.length > 0))
    await Promise.race([running.webhooks.deliver(queued), wait(running, early?.delay_ms ?? wait_default_ms)]);
  if (rule?.fault === 'reset_after' || reply.cut) cut(incoming);
  else if (rule?.fault === 'truncate') write_half(response, reply);
  else if (rule?.fault === 'drip') void drip(running, response, reply, rule.delay_ms ?? drip_default_ms);
  else write(running, response, spoil(reply, rule, running.options.lie));
  if (early === undefined && magic !== 'webhook_early') void running.webhooks.deliver(queued);
}

/** Most are quick, a few take many times as long: a Pareto distribution that begins at `from_ms`. */
export function long_tailed(from_ms: number, chance: number): number {
  return Math.min(delay_ms_max, Math.round(from_ms * (1 - chance) ** (-1 / tail_exponent)));
}

/** The object of a reply changes there a little later, and nobody asked. */
function behind_back(running: Running, reply: StandInReply, { deed = '', delay_ms = wait_default_ms }: FaultRule): void {
  const id = running.options.object_id?.(reply) ?? id_in(reply);
  if (id !== undefined) void wait(running, delay_ms).then(() => do_deed(running, deed, id));
}
function id_in({ body }: StandInReply): string | undefined {
  const value = parse_json(Buffer.from(body));
  return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string' ? value.id : undefined;
}

/** The third party's own answer, or what keeps it from answering. */
async function answer(running: Running, request: StandInRequest, rule: FaultRule | undefined): Promise<StandInReply> {
  const { options } = running;
  const { retry_after_s } = rule ?? {};
  const status_fault =
    rule?.fault === 'status'
      ? { status: rule.status ?? 500, executed: rule.executed, ...(retry_after_s !== undefined && { retry_after_s }) }
      : undefined;
  if (status_fault !== undefined && !options.own_status_faults && !status_fault.executed)
    return status_reply(status_fault.status, retry_after_s);
  if (rule?.fault === 'revoke')
    return options.unauthorized?.(request) ?? json_reply(401, { error: { message: 'these credentials were revoked' } });
  if (rule?.fault === 'lag' && request.method === 'GET') return options.absent?.(request) ?? not_found(options, request);
  if (request.method !== 'GET' && running.memory.full)
    return json_reply(507, { error: { message: 'the stand-in is full: it forgets nothing, restart it with a new ledger file' } });
  const found = find_route(running.routes, request);
  if (found === undefined) return not_found(options, request);
  const asked = { ...request, params: found.params, status_fault: options.own_status_faults ? status_fault : undefined };
  const reply = await found.route.handle(asked);
  if (rule?.fault === 'execute_twice') {
    const { 'idempotency-key': _key, ...headers } = request.headers;
    const again = await found.route.handle({ ...asked, headers });
    return { ...reply, webhooks: [...(reply.webhooks ?? []), ...(again.webhooks ?? [])] };
  }
  if (status_fault === undefined || options.own_status_faults) return reply;
  return { ...status_reply(status_fault.status, retry_after_s), webhooks: reply.webhooks };
}

function not_found(options: StandInOptions, request: StandInRequest): StandInReply {
  return options.not_found?.(request) ?? json_reply(404, { error: { message: `no such resource: ${request.method} ${request.path}` } });
}

/** `undefined`: too large. The rest is read and thrown away, so that the caller hears why. */
async function read_body(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += chunk.length;
    if (length <= body_bytes_max) chunks.push(chunk);
    else chunks.length = 0;
  }
  return length > body_bytes_max ? undefined : Buffer.concat(chunks, length);
}

function cut(incoming: IncomingMessage): void {
  incoming.socket.resetAndDestroy();
}

function write(running: Running, response: ServerResponse, reply: StandInReply): void {
  if (response.destroyed) return;
  const bytes = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  const headers = { 'content-type': 'application/json', ...reply.headers, 'content-length': bytes.length };
  response.writeHead(reply.status, running.server.listening ? headers : { ...headers, connection: 'close' });
  response.end(bytes);
}

/** In so many pieces as it has, up to twenty, over the whole time. */
async function drip(running: Running, response: ServerResponse, reply: StandInReply, milliseconds: number): Promise<void> {
  const bytes = Buffer.from(reply.body);
  const step = Math.max(1, Math.ceil(bytes.length / drip_pieces));
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers, 'content-length': bytes.length });
  for (let from = 0; from < bytes.length && !response.destroyed; from += step) {
    response.write(bytes.subarray(from, from + step));
    await wait(running, milliseconds / drip_pieces);
  }
  response.end();
}

function write_half(response: ServerResponse, reply: StandInReply): void {
  const bytes = Buffer.from(reply.body);
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers, 'content-length': bytes.length });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
}

// --- routes

function compile(route: StandInRoute): CompiledRoute {
  return { route, segments: route.path.split('/') };
}
function find_route(
  routes: readonly CompiledRoute[],
  request: StandInRequest,
): { route: StandInRoute; params: Record<string, string> } | undefined {
  const segments = request.path.split('/');
  for (const { route, segments: pattern } of routes) {
    if (route.method !== request.method || pattern.length !== segments.length) continue;
    const params: Record<string, string> = {};
    const fits = pattern.every((part, index) => {
      const segment = segments[index] ?? '';
      if (!part.startsWith(':')) return part === segment;
      params[part.slice(1)] = segment;
      return segment !== '';
    });
    if (fits) return { route, params };
  }
  return undefined;
}
