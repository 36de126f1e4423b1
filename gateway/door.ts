/** The public door: everything a stranger can reach, in the order in which it meets them. */
import type pg from 'pg';
import type { Clock } from '../platform/clock.ts';
import { create_server, type HttpServer } from '../platform/http.ts';
import type { Logger } from '../platform/logger.ts';
import { type Principal, Problem, type Route } from '../platform/route.ts';
import { anonymous, authority } from './authorize.ts';
import { type Behind, believe } from './behind.ts';
import { allow_origins } from './cors.ts';
import { document_routes, health_routes, mount_reference } from './documents.ts';
import { type Buckets, buckets } from './limits.ts';
import { type Mounting, mount } from './mount.ts';
import { gateway_routes } from './routes.ts';
import { ask } from './store.ts';

export interface DoorSettings {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Where clients reach it, when that is not http://host:port. */
  readonly base_url?: string;
  /** Order tokens and new keys follow from it: it must stay the same. */
  readonly server_secret: string;
  /** Requests per second of one secret key; absent: unlimited. */
  readonly secret_key_rate?: number;
  /** Of one address with publishable keys, order tokens, sessions or none. */
  readonly public_rate?: number;
  /** False in processes that show no reference page. */
  readonly reference?: boolean;
  /** Other origins whose pages may ask (cors.ts); `*`: any, and only what a publishable key opens. */
  readonly cors_origins?: readonly string[];
}
export interface DoorGiven {
  /** Of all services in this process. */
  readonly routes: readonly Route[];
  /** On the gateway's schema. */
  readonly pool: pg.Pool;
  readonly settings: DoorSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  fresh_id(prefix: string): string;
  /** Asked before each new quote and order: when the consumers lag, nobody is let in. */
  admit(): { readonly admitted: boolean; readonly retry_after_s: number };
  /** What is missing to serve, besides the gateway's database. */
  not_ready?(): Promise<readonly string[]>;
  /** After every reply, for metrics. `path` is the route's, not the request's. */
  observe?(reply: { readonly method: string; readonly path: string; readonly status: number; readonly milliseconds: number }): void;
  /** In a gateway: hands on the routes that other processes serve. */
  readonly forward?: Mounting['forward'];
  /** In a process behind a gateway: only its tokens open a route, and it has counted and limited already. */
  readonly behind?: Behind;
  /** Anything that is not a Route: the console's and the shop's files. Before the door listens. */
  extend?(server: HttpServer): void;
}
export interface Door {
  /** http://host:port, or the settings' base_url. */
  readonly url: string;
  readonly port: number;
  readonly routes: readonly Route[];
  close(): Promise<void>;
}

const public_rate_default = 500;
const inbound_rate = 2_000;
/** Wrong passwords and wrong guesses at an order: five, then one every three minutes (reliability.md 66). */
const misses_per_second = 5 / (15 * 60);
const misses_burst = 5;
const guessed_paths = new Set(['POST /v1/session', 'GET /v1/track']);
const admitted_paths = new Set(['POST /v1/orders', 'POST /v1/quotes']);

/** Listens when it returns. Throws the system's error when the port is taken. */
export async function open_door(given: DoorGiven): Promise<Door> {
  const { settings, clock, logger, fresh_id } = given;
  const server = create_server({ clock, logger, fresh_id });
  // Known once it listens: the port may be any free one.
  let url = settings.base_url ?? '';
  const routes = given.behind === undefined ? public_face(given, server, () => url) : inner_face(given, server, given.behind);
  if (given.behind === undefined && settings.reference !== false) await mount_reference(server.fastify);
  given.extend?.(server);
  await server.fastify.listen({ host: settings.host, port: settings.port });
  const address = server.fastify.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : settings.port;
  if (url === '') url = `http://${settings.host}:${port}`;
  return { url, port, routes, close: server.close };
}

/** What strangers meet: keys, tokens and sessions, limits, the routes of accounts, the documents. */
function public_face(given: DoorGiven, server: HttpServer, base_url: () => string): readonly Route[] {
  const { pool, settings, clock, fresh_id } = given;
  const { server_secret } = settings;
  const who = authority({ pool, clock, server_secret });
  const secure = settings.base_url?.startsWith('https:') === true;
  const routes = [...given.routes, ...gateway_routes({ pool, clock, fresh_id, authority: who, server_secret, secure })];
  const documents = document_routes({ routes, base_url, not_ready: () => missing(given) });
  if (settings.cors_origins !== undefined) allow_origins(server, routes, settings.cors_origins);
  mount(server, [...routes, ...documents], mounting(given, who.authorize));
  return routes;
}

/** What a gateway meets. Only health is anybody's to ask. */
function inner_face(given: DoorGiven, server: HttpServer, behind: Behind): readonly Route[] {
  const health = health_routes(() => missing(given));
  const { admit, observe } = given;
  const common = { observe: observe_by(observe) };
  mount(server, health, { ...common, authorize: (_route, request) => anonymous(request.ip), admit: () => undefined });
  mount(server, given.routes, {
    ...common,
    authorize: believe(behind, given),
    admit: route => check_admission(route, admit),
  });
  return given.routes;
}

async function missing(given: DoorGiven): Promise<readonly string[]> {
  const others = (await given.not_ready?.()) ?? [];
  try {
    await ask(given.pool, 'gateway_ready', 'select 1', []);
    return others;
  } catch {
    return ['database', ...others];
  }
}

function mounting(given: DoorGiven, authorize: Mounting['authorize']): Mounting {
  const { settings, clock, forward } = given;
  const limited = limits(settings, clock);
  const misses = buckets(clock, 'too_many_attempts', misses_per_second, misses_burst);
  const observe = observe_by(given.observe);
  return {
    authorize,
    ...(forward === undefined ? {} : { forward }),
    admit(route, request, principal) {
      limited(route, principal, request.ip);
      const path = `${route.method} ${route.path}`;
      if (guessed_paths.has(path)) misses.take(`${path} ${request.ip}`);
      check_admission(route, given.admit);
    },
    observe(route, request, status, milliseconds) {
      const path = `${route.method} ${route.path}`;
      // Counted when they came, so that fifty at once count fifty; given back when it was no miss.
      if (guessed_paths.has(path) && status !== 401 && status !== 404 && status !== 429) misses.give_back(`${path} ${request.ip}`);
      observe(route, request, status, milliseconds);
    },
  };
}

function observe_by(observe: DoorGiven['observe']): Mounting['observe'] {
  return (route, _request, status, milliseconds) => observe?.({ method: route.method, path: route.path, status, milliseconds });
}

function limits(settings: DoorSettings, clock: Clock): (route: Route, principal: Principal, ip: string) => void {
  const make = (rate: number): Buckets => buckets(clock, 'rate_limited', rate, 2 * rate);
  const secret = settings.secret_key_rate === undefined ? undefined : make(settings.secret_key_rate);
  const others = make(settings.public_rate ?? public_rate_default);
  const inbound = make(inbound_rate);
  return (route, principal, ip) => {
    if (principal.type === 'sk') secret?.take(principal.id);
    else if (route.path.startsWith('/inbound/')) inbound.take(route.path);
    else if (route.path.startsWith('/v1/')) others.take(`${principal.id} ${ip}`);
  };
}

function check_admission(route: Route, admit: DoorGiven['admit']): void {
  if (!admitted_paths.has(`${route.method} ${route.path}`)) return;
  const { admitted, retry_after_s } = admit();
  if (!admitted)
    throw new Problem(503, 'overloaded', 'Orders come in faster than they are worked off; try again.', {
      headers: { 'retry-after': String(retry_after_s) },
    });
}
