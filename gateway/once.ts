/** POSTs that the gateway itself decides: once per Idempotency-Key, the first reply stored with the decision. */
import type pg from 'pg';
import type { Clock } from '../platform/clock.ts';
import { Problem, type Reply, type RouteRequest } from '../platform/route.ts';
import type { Row } from '../platform/service.ts';
import * as store from './store.ts';

export type Created = Row & { readonly id: string };
export type CreatedReply = Omit<Reply, 'body'> & { readonly body: Created };
export interface OnceGiven {
  readonly pool: pg.Pool;
  readonly clock: Clock;
}

/** 201 with the new object and its Location. */
export async function create_once(
  given: OnceGiven,
  request: RouteRequest,
  decide: (client: pg.ClientBase) => Promise<Created>,
): Promise<CreatedReply> {
  const reply = await decide_once(given, request, 201, decide);
  const { route } = key_of(request);
  return { ...reply, headers: { location: `${route.slice(route.indexOf(' ') + 1)}/${reply.body.id}`, ...reply.headers } };
}

/** 200 with the object as it is now. */
export function change_once(
  given: OnceGiven,
  request: RouteRequest,
  decide: (client: pg.ClientBase) => Promise<Created>,
): Promise<CreatedReply> {
  return decide_once(given, request, 200, decide);
}

async function decide_once(
  given: OnceGiven,
  request: RouteRequest,
  status: number,
  decide: (client: pg.ClientBase) => Promise<Created>,
): Promise<CreatedReply> {
  const { principal, route, key, body_hash } = key_of(request);
  return store.transaction(given.pool, async client => {
    const first = await store.first_reply(client, principal, route, key);
    if (first === undefined) {
      const body = await decide(client);
      await store.keep_reply(client, { principal, route, key, body_hash, status, body: JSON.stringify(body), now: given.clock.now() });
      return { status, body };
    }
    if (first.body_hash !== body_hash) throw new Problem(422, 'idempotency_key_reused', 'This Idempotency-Key came with another body.');
    // Written above: the text of an object.
    return { status, body: JSON.parse(first.body) as Created, headers: { 'idempotency-replayed': 'true' } };
  });
}

export function key_of({ idempotency }: RouteRequest): NonNullable<RouteRequest['idempotency']> {
  if (idempotency === undefined) throw new Error('a POST reached its handler without an idempotency key');
  return idempotency;
}
