/**
 * Pages of other origins (the Fetch standard, CORS). What they may ask is what a browser's credentials open: a publishable key, and for origins
 * that are named an order's token and what is anybody's. Never with cookies, never with a secret key; without the setting nothing.
 */
import type { FastifyReply } from 'fastify';
import { type HttpServer, nowhere } from '../platform/http.ts';
import type { Route } from '../platform/route.ts';
import { pattern_of } from './mount.ts';

export const preflight_max_age_s = 600;
const headers_taken = 'Authorization, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, Prefer, X-Request-Id';
const headers_shown = 'ETag, Idempotency-Replayed, Location, Retry-After, X-Request-Id';

/** `origins` as browsers write them (`https://shop.example`), or `*`. Before the routes are mounted. */
export function allow_origins(server: HttpServer, routes: readonly Route[], origins: readonly string[]): void {
  const open = routes.map(route => ({ route, pattern: pattern_of(route.path) }));
  const by_address = new Map(routes.map(route => [`${route.method} ${route.path}`, route]));
  const allowed = (route: Route | undefined, origin: string): boolean => {
    if (route === undefined) return false;
    if (origins.includes(origin) && is_for_browsers(route)) return true;
    return origins.includes('*') && route.also?.includes('pk') === true;
  };
  server.fastify.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    if (!request.url.startsWith('/v1/')) return done();
    reply.raw.setHeader('vary', 'Origin');
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (origin !== undefined && allowed(by_address.get(`${method} ${request.routeOptions.url}`), origin)) admit(reply, origin, origins);
    done();
  });
  server.fastify.options('/v1/*', (request, reply) => {
    const { origin } = request.headers;
    const path = request.url.split('?', 1)[0] ?? '';
    const wanted = request.headers['access-control-request-method'];
    const methods = new Set(
      origin === undefined
        ? []
        : open.filter(({ route, pattern }) => pattern.test(path) && allowed(route, origin)).map(({ route }) => String(route.method)),
    );
    if (origin === undefined || wanted === undefined || !methods.has(wanted)) throw nowhere(server, request);
    admit(reply, origin, origins);
    reply
      .code(204)
      .header('access-control-allow-methods', [...methods].join(', '))
      .header('access-control-allow-headers', headers_taken)
      .header('access-control-max-age', String(preflight_max_age_s))
      .send();
  });
}

/** On the raw reply: streams and what is handed back from other processes keep it, too. */
function admit(reply: FastifyReply, origin: string, origins: readonly string[]): void {
  reply.raw.setHeader('access-control-allow-origin', origins.includes(origin) ? origin : '*');
  reply.raw.setHeader('access-control-expose-headers', headers_shown);
}

function is_for_browsers(route: Route): boolean {
  // A session is a cookie, and cookies are for pages of this server.
  return (route.also ?? []).length > 0 || (route.scope === 'public' && route.path !== '/v1/session');
}
