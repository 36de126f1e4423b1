/** Who asks, and may they: keys, order tokens, sessions. Costs a hash and a look into memory; what is remembered is seconds old. */
import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type pg from 'pg';
import type { Clock } from '../platform/clock.ts';
import { not_found } from '../platform/http.ts';
import { type Principal, Problem, type Route, type Scope } from '../platform/route.ts';
import { order_of_order_token } from '../platform/tokens.ts';
import { csrf_token, same_secret, secret_hash } from './keys.ts';
import { type Buckets, buckets } from './limits.ts';
import { key_by_hash, type Role, type Session, session_by_hash } from './store.ts';

export const all_scopes: readonly Scope[] = [
  'catalog:read',
  'catalog:write',
  'stock:read',
  'stock:write',
  'quotes:write',
  'orders:read',
  'orders:write',
  'orders:import',
  'payments:read',
  'payments:write',
  'shipments:read',
  'shipments:write',
  'suppliers:read',
  'suppliers:write',
  'analytics:read',
  'operations:read',
  'operations:write',
  'admin',
];
const everything = new Set(all_scopes);
const nothing: ReadonlySet<Scope> = new Set();

/** What staff may do, by role. Support sees orders, not what goods cost; analysts see numbers. */
export const scopes_of_role: Readonly<Record<Role, ReadonlySet<Scope>>> = {
  admin: everything,
  operator: new Set(all_scopes.filter(scope => scope !== 'admin')),
  support: new Set<Scope>([
    'catalog:read',
    'stock:read',
    'quotes:write',
    'orders:read',
    'orders:write',
    'payments:read',
    'shipments:read',
    'operations:read',
  ]),
  analyst: new Set<Scope>(['catalog:read', 'stock:read', 'analytics:read']),
};

/** Older than this, what is remembered is read again behind the request that met it; older than the second, before it. A revoked key is out within 30 s. */
const fresh_ms = 2_000;
const usable_ms = 30_000;
/** With the database away a known key keeps working this long. */
const usable_in_outage_ms = 60_000;
const remembered_max = 10_000;
/** Keys nobody knows cost a read each: so many per address. */
const strangers_per_second = 10;
const strangers_burst = 100;
export const session_cookie = 'cartwright_session';

export interface Authority {
  authorize(route: Route, request: FastifyRequest): Principal | Promise<Principal>;
  /** The session of a request that came with its cookie, and for unsafe methods with its CSRF token from its own origin. */
  session(headers: Headers, method: string, ip: string): Promise<Session & { readonly id: string }>;
  /** Forgets what was remembered: a key was revoked, a session ended. */
  forget(): void;
}
type Headers = Readonly<Record<string, string | string[] | undefined>>;

export function authority(given: { pool: pg.Pool; clock: Clock; server_secret: string }): Authority {
  const { pool, clock, server_secret } = given;
  const strangers = buckets(clock, 'too_many_attempts', strangers_per_second, strangers_burst);
  const keys = remembered(clock, strangers, digest => key_principal(pool, digest));
  const sessions = remembered(clock, strangers, digest => session_by_hash(pool, digest, clock.now()));

  const principal_of = (request: FastifyRequest): Principal | Promise<Principal> => {
    const header = request.headers.authorization;
    if (header === undefined) return session_principal(request);
    const secret = /^bearer +([\x21-\x7e]{1,512})$/i.exec(header)?.[1] ?? '';
    if (secret.startsWith('ot_')) return order_principal(server_secret, secret);
    if (!secret.startsWith('sk_') && !secret.startsWith('pk_')) throw unauthenticated();
    if (secret.startsWith('sk_') && is_foreign(request.headers)) throw secret_key_in_browser();
    return then(keys.get(secret, request.ip), principal => principal ?? reject(unauthenticated()));
  };
  const session_principal = (request: FastifyRequest): Principal | Promise<Principal> => {
    const id = session_id_of(request.headers);
    if (id === undefined) throw unauthenticated();
    return then(sessions.get(id, request.ip), session => {
      if (session === undefined) throw unauthenticated();
      check_same_site(request.headers, request.method, id);
      return { type: 'staff', id: session.staff_id, scopes: scopes_of_role[session.role] };
    });
  };
  return {
    authorize(route, request) {
      if (route.scope === 'public') return anonymous(request.ip);
      return then(principal_of(request), principal => permitted(route, request, principal));
    },
    async session(headers, method, ip) {
      const id = session_id_of(headers);
      const session = id === undefined ? undefined : await sessions.get(id, ip);
      if (id === undefined || session === undefined) throw unauthenticated();
      check_same_site(headers, method, id);
      return { ...session, id };
    },
    forget() {
      keys.clear();
      sessions.clear();
    },
  };
}

/** A principal for routes that ask nobody: no scopes, and the caller's address as its id. */
export function anonymous(ip: string): Principal {
  return { type: 'pk', id: `anonymous:${ip}`, scopes: nothing };
}

/** The principal, when the route is open to it. Throws 403, or 404 for another's order. */
export function permitted(route: Route, request: FastifyRequest, principal: Principal): Principal {
  const { type } = principal;
  if (type === 'sk' || type === 'staff') {
    if (route.scope !== 'public' && !principal.scopes.has(route.scope)) throw insufficient_scope(route);
    return principal;
  }
  if (route.also?.includes(type) !== true) throw insufficient_scope(route);
  // Fastify's router gives texts only.
  const params = request.params as Readonly<Record<string, string>>;
  if (type === 'order' && route.path.startsWith('/v1/orders/:id') && params['id'] !== principal.order_id) throw not_found();
  return principal;
}

function insufficient_scope(route: Route): Problem {
  return new Problem(403, 'insufficient_scope', `This needs the scope ${route.scope}.`);
}

/** A secret key in a page is a secret key published: refused, so that it is found while the page is built. */
function secret_key_in_browser(): Problem {
  return new Problem(
    403,
    'secret_key_in_browser',
    'A page of another origin sent a secret key: use a publishable one, and revoke this one.',
  );
}

export function unauthenticated(): Problem {
  return new Problem(401, 'unauthenticated', 'Send a valid key as Authorization: Bearer.', {
    headers: { 'www-authenticate': 'Bearer realm="cartwright"' },
  });
}

async function key_principal(pool: pg.Pool, digest: Buffer): Promise<Principal | undefined> {
  const key = await key_by_hash(pool, digest);
  if (key === undefined) return undefined;
  if (key.type === 'publishable') return { type: 'pk', id: key.id, scopes: nothing };
  return { type: 'sk', id: key.id, scopes: key.scopes === null ? everything : new Set(key.scopes) };
}

function order_principal(server_secret: string, token: string): Principal {
  const order_id = order_of_order_token(server_secret, token);
  if (order_id === undefined) throw unauthenticated();
  return { type: 'order', id: `order:${order_id}`, scopes: nothing, order_id };
}

function session_id_of(headers: Headers): string | undefined {
  const cookie = headers['cookie'];
  return typeof cookie === 'string' ? /(?:^|; *)cartwright_session=([\w-]{43})(?:;|$)/.exec(cookie)?.[1] : undefined;
}

/** A cookie travels with any site's request: only our own pages know the token, and only they have our origin. Reading needs no token, and no other origin. */
function check_same_site(headers: Headers, method: string, session_id: string): void {
  if (method === 'GET' || method === 'HEAD') {
    if (is_foreign(headers)) throw unauthenticated();
    return;
  }
  const token = headers['x-csrf-token'];
  if (typeof token !== 'string' || !same_secret(token, csrf_token(session_id)) || !from_own_origin(headers)) {
    throw new Problem(403, 'csrf_failed', 'A session needs its X-CSRF-Token and the Origin of this server to change anything.');
  }
}

/** A page of another origin asks: browsers say so with every such request whose reply they would show it. */
function is_foreign(headers: Headers): boolean {
  return headers['origin'] !== undefined && !from_own_origin(headers);
}

export function from_own_origin(headers: Headers): boolean {
  const origin = headers['origin'];
  return typeof origin === 'string' && URL.canParse(origin) && new URL(origin).host === headers['host'];
}

function reject(problem: Problem): never {
  throw problem;
}

/** Without a promise when there is none: the common request is not made to wait for a turn of the queue. */
function then<A, B>(value: A | Promise<A>, next: (value: A) => B): B | Promise<B> {
  return value instanceof Promise ? value.then(next) : next(value);
}

interface Remembered<T> {
  get(secret: string, caller: string): T | undefined | Promise<T | undefined>;
  clear(): void;
}
interface Entry<T> {
  value: T | undefined;
  read_at_ms: number;
  reading: Promise<T | undefined> | undefined;
}

/** Found by the secret's hash, never by comparing secrets. One read at a time per secret. */
function remembered<T>(clock: Clock, strangers: Buckets, read: (digest: Buffer) => Promise<T | undefined>): Remembered<T> {
  const entries = new Map<string, Entry<T>>();
  const reread = (secret: string, digest: string, known: Entry<T> | undefined): Promise<T | undefined> => {
    if (known?.reading !== undefined) return known.reading;
    const entry = known ?? { value: undefined, read_at_ms: Number.NEGATIVE_INFINITY, reading: undefined };
    if (known === undefined) {
      if (entries.size >= remembered_max) entries.clear();
      entries.set(digest, entry);
    }
    entry.reading = read(secret_hash(secret))
      .then(
        value => {
          entry.value = value;
          entry.read_at_ms = clock.now_ms();
          return value;
        },
        error => {
          if (entry.value !== undefined && clock.now_ms() - entry.read_at_ms < usable_in_outage_ms) return entry.value;
          throw error;
        },
      )
      .finally(() => {
        entry.reading = undefined;
      });
    return entry.reading;
  };
  return {
    get(secret, caller) {
      const digest = hash('sha256', secret, 'base64');
      const entry = entries.get(digest);
      const age_ms = entry === undefined ? Number.POSITIVE_INFINITY : clock.now_ms() - entry.read_at_ms;
      if (entry !== undefined && age_ms < fresh_ms) return entry.value;
      // Who was refused is looked up again: the key may just have been made.
      if (entry?.value === undefined) {
        strangers.take(caller);
        return reread(secret, digest, entry).then(value => {
          if (value !== undefined) strangers.give_back(caller);
          return value;
        });
      }
      if (age_ms >= usable_ms) return reread(secret, digest, entry);
      reread(secret, digest, entry).catch(() => undefined);
      return entry.value;
    },
    clear: () => entries.clear(),
  };
}
