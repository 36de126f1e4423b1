/** A process behind a gateway: it believes the gateway's tokens and nothing else. Keys, sessions, cookies and X- headers open nothing here. */
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { type Principal, Problem, type Route } from '../platform/route.ts';
import { permitted } from './authorize.ts';
import { internal_header, read_call } from './internal_token.ts';

export interface Behind {
  /** The first signs at the gateway; all are believed, so that one may follow another without a pause. */
  readonly secrets: readonly string[];
  /** The services that this process serves. */
  readonly audiences: readonly string[];
}

/** Who asks, by the gateway's word. The route's scope is looked at again: a gateway that is wrong about a route is not believed. */
export function believe(
  { secrets, audiences }: Behind,
  given: { readonly clock: Clock; readonly logger: Logger },
): (route: Route, request: FastifyRequest) => Principal {
  // A stream outlives its token: that its reader may still read is the gateway's to watch.
  const let_in = new WeakMap<FastifyRequest, Principal>();
  return (route, request) => {
    const known = let_in.get(request);
    if (known !== undefined) return known;
    const token = request.headers[internal_header];
    const claims =
      typeof token === 'string' ? read_call(secrets, { method: request.method, url: request.url }, token, given.clock.now_ms()) : undefined;
    const wanted = route.service === undefined ? audiences : [route.service];
    if (claims === undefined || !wanted.includes(claims.audience) || claims.request_id !== request.id) {
      given.logger.warn(
        { request_id: request.id, route: route.path, with_token: token !== undefined },
        'a call without a valid internal token',
      );
      throw refused();
    }
    const principal = route.scope === 'public' ? claims.principal : permitted(route, request, claims.principal);
    let_in.set(request, principal);
    return principal;
  };
}

/** Marked for the gateway, which must not hand this on: a client can do nothing about it. */
function refused(): Problem {
  return new Problem(401, 'internal_token_invalid', 'This process answers its gateway only.', {
    headers: { [internal_header]: 'refused' },
  });
}
