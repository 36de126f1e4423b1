/** /v1/webhook-endpoints (api.md 8): who wants to hear what, and what became of each delivery. */
import type pg from 'pg';
import Type, { type Static } from 'typebox';
import type { Clock } from '../../platform/clock.ts';
import { not_found } from '../../platform/http.ts';
import { page_reply, page_schema, paging, read_page, text_part } from '../../platform/pages.ts';
import type { Random } from '../../platform/random.ts';
import { Problem, type Reply, type Route, type RouteRequest } from '../../platform/route.ts';
import type { Key } from '../../platform/vault/sealing.ts';
import { append_audit, audit_entry } from '../audit_log.ts';
import { change_once, create_once, key_of } from '../once.ts';
import { transaction } from '../store.ts';
import { type Guard, type Refusal, refusal_of } from './guard.ts';
import { heads_of, read_heads } from './heads.ts';
import { delivery_schema, endpoint_body, endpoint_schema, endpoints_max, shown_delivery, shown_endpoint } from './schemas.ts';
import { both_sign_hours, derived_secret, seal_secret } from './secrets.ts';
import * as store from './store.ts';

export interface WebhookRoutesGiven {
  readonly pool: pg.Pool;
  readonly logs: ReadonlyMap<string, pg.Pool>;
  readonly guard: Guard;
  readonly sealing_key: Key;
  readonly server_secret: string;
  readonly clock: Clock;
  readonly random: Random;
  fresh_id(prefix: string): string;
  /** The workers may have something to do. */
  changed(): void;
}

const at = '/v1/webhook-endpoints';
const id_part = [text_part];
/** In the reply that made it, and nowhere else. */
const with_secret = Type.Object({ ...endpoint_schema.properties, secret: Type.String() });

export function webhook_routes(given: WebhookRoutesGiven): readonly Route[] {
  return [...endpoint_routes(given), ...changing_routes(given), ...delivery_routes(given)];
}

function endpoint_routes(given: WebhookRoutesGiven): readonly Route[] {
  const { pool, clock } = given;
  return [
    {
      method: 'POST',
      path: at,
      summary: 'Have events sent to an address; the secret that signs them is shown this once',
      audit: { action: 'webhook_endpoint.created', by_itself: true },
      scope: 'admin',
      body: endpoint_body,
      replies: { 201: with_secret },
      rejections: ['webhook_url_refused', 'too_many_webhook_endpoints'],
      handle: request => create(given, request),
    },
    {
      method: 'GET',
      path: at,
      summary: 'List webhook endpoints',
      scope: 'operations:read',
      query: Type.Object(paging),
      replies: { 200: page_schema(endpoint_schema) },
      rejections: [],
      async handle(request) {
        const page = read_page(request, id_part);
        const rows = await store.list_endpoints(pool, page);
        return page_reply(
          rows,
          page,
          row => [row.id],
          row => shown_endpoint(row, clock.now()),
        );
      },
    },
    {
      method: 'GET',
      path: `${at}/:id`,
      summary: 'A webhook endpoint, and how it does',
      scope: 'operations:read',
      replies: { 200: endpoint_schema },
      rejections: ['not_found'],
      async handle(request) {
        const row = await store.endpoint_named(pool, id_of(request));
        return { status: 200, body: shown_endpoint(known(row), clock.now()) };
      },
    },
    {
      method: 'DELETE',
      path: `${at}/:id`,
      summary: 'Send it nothing more; its deliveries are forgotten',
      audit: { action: 'webhook_endpoint.deleted', by_itself: true },
      scope: 'admin',
      replies: { 204: Type.Null() },
      rejections: ['not_found'],
      handle: request => remove(given, request),
    },
  ];
}

function id_of({ params }: RouteRequest): string {
  return params['id'] ?? '';
}
function known<T>(row: T | undefined): T {
  if (row === undefined) throw not_found();
  return row;
}

async function create(given: WebhookRoutesGiven, request: RouteRequest): Promise<Reply> {
  // Validated against endpoint_body.
  const { url, events, description = '' } = request.body as Static<typeof endpoint_body>;
  if (events.length > 1 && events.includes('*')) throw field_problem('invalid', '/events', '"*" stands alone.');
  // Before the transaction: a name server may take its time. A repeated request gets its first reply, whatever the name server says by now.
  const refusal = await refusal_of(url, given.guard);
  const secret = derived_secret(given.server_secret, key_of(request));
  const reply = await create_once(given, request, async client => {
    if (refusal !== undefined) throw url_refused(refusal);
    await store.lock_positions(client, [...given.logs.keys()]);
    if ((await store.count_endpoints(client)) >= endpoints_max)
      throw new Problem(409, 'too_many_webhook_endpoints', `There are ${endpoints_max} endpoints, which is as many as there may be.`);
    const marks = await read_heads(given.logs, given.pool, client);
    await store.endpoints_changed(client, marks);
    const id = given.fresh_id('whe');
    const sealed = seal_secret(given.random, given.sealing_key, secret, id);
    const made = { id, url, events, description, secret: sealed, since: heads_of(marks), created_at: given.clock.now() };
    const row = known(await store.insert_endpoint(client, { ...made, created_by: request.principal.id }));
    const shown = shown_endpoint(row, given.clock.now());
    await append_audit(client, audit_entry(given.clock, request, 'webhook_endpoint.created', id, { after: shown }));
    return shown;
  });
  given.changed();
  return { ...reply, body: { ...reply.body, secret } };
}

function url_refused(refusal: Refusal): Problem {
  return new Problem(422, 'webhook_url_refused', `Nothing is sent to this URL: ${refusal}.`, {
    errors: [{ pointer: '/url', code: 'webhook_url_refused', detail: refusal }],
  });
}
function field_problem(code: 'invalid', pointer: string, detail: string): Problem {
  return new Problem(422, 'invalid', `${pointer} is not valid (${code}).`, { errors: [{ pointer, code, detail }] });
}

async function remove(given: WebhookRoutesGiven, request: RouteRequest): Promise<Reply> {
  await transaction(given.pool, async client => {
    await store.lock_positions(client, []);
    const row = known(await store.delete_endpoint(client, id_of(request)));
    await store.endpoints_changed(client, []);
    const before = shown_endpoint(row, given.clock.now());
    await append_audit(client, audit_entry(given.clock, request, 'webhook_endpoint.deleted', row.id, { before }));
  });
  return { status: 204, body: null };
}

function changing_routes(given: WebhookRoutesGiven): readonly Route[] {
  return [
    {
      method: 'POST',
      path: `${at}/:id/rotate-secret`,
      summary: `A new secret, shown this once; both sign for ${both_sign_hours} hours`,
      audit: { action: 'webhook_endpoint.secret_rotated', by_itself: true },
      scope: 'admin',
      replies: { 200: with_secret },
      rejections: ['not_found'],
      handle: request => rotate(given, request),
    },
    {
      method: 'POST',
      path: `${at}/:id/enable`,
      summary: 'Send to it again, from now on',
      audit: { action: 'webhook_endpoint.enabled', by_itself: true },
      scope: 'admin',
      replies: { 200: endpoint_schema },
      rejections: ['not_found', 'webhook_url_refused'],
      handle: request => enable(given, request),
    },
  ];
}

async function rotate(given: WebhookRoutesGiven, request: RouteRequest): Promise<Reply> {
  const secret = derived_secret(given.server_secret, key_of(request));
  const reply = await change_once(given, request, async client => {
    const id = id_of(request);
    const before = known(await store.endpoint_for_update(client, id));
    const until = new Date(given.clock.now_ms() + both_sign_hours * 3_600_000).toISOString();
    const sealed = seal_secret(given.random, given.sealing_key, secret, id);
    const row = known(await store.rotate_secret(client, before.id, sealed, until));
    const shown = shown_endpoint(row, given.clock.now());
    await append_audit(client, audit_entry(given.clock, request, 'webhook_endpoint.secret_rotated', id, { after: shown }));
    return shown;
  });
  return { ...reply, body: { ...reply.body, secret } };
}

/** What was logged while it was disabled it does not hear: `disabled_at` says from where on. Enabled already: nothing changes. */
async function enable(given: WebhookRoutesGiven, request: RouteRequest): Promise<Reply> {
  const { url } = known(await store.endpoint_named(given.pool, id_of(request)));
  const refusal = await refusal_of(url, given.guard);
  const reply = await change_once(given, request, async client => {
    if (refusal !== undefined) throw url_refused(refusal);
    const id = id_of(request);
    await store.lock_positions(client, [...given.logs.keys()]);
    const before = known(await store.endpoint_for_update(client, id));
    if (before.state === 'enabled') return shown_endpoint(before, given.clock.now());
    const marks = await read_heads(given.logs, given.pool, client);
    await store.endpoints_changed(client, marks);
    const shown = shown_endpoint(known(await store.enable_endpoint(client, id, heads_of(marks))), given.clock.now());
    const states = { before: shown_endpoint(before, given.clock.now()), after: shown };
    await append_audit(client, audit_entry(given.clock, request, 'webhook_endpoint.enabled', id, states));
    return shown;
  });
  given.changed();
  return reply;
}

const state_query = Type.Optional(Type.Union(store.delivery_states.map(state => Type.Literal(state))));

function delivery_routes(given: WebhookRoutesGiven): readonly Route[] {
  return [
    {
      method: 'GET',
      path: `${at}/:id/deliveries`,
      summary: 'What was sent to it or waits, newest events first; kept for 30 days after its end',
      scope: 'operations:read',
      query: Type.Object({ ...paging, state: state_query }),
      replies: { 200: page_schema(delivery_schema) },
      rejections: ['not_found'],
      async handle(request) {
        const page = read_page(request, id_part);
        const endpoint = known(await store.endpoint_named(given.pool, id_of(request)));
        const rows = await store.list_deliveries(given.pool, endpoint.id, request.query['state'], page);
        return page_reply(rows, page, row => [row.id], shown_delivery);
      },
    },
    {
      method: 'POST',
      path: `${at}/:id/deliveries/:delivery_id/redeliver`,
      summary: 'Send it once more, with the same webhook-id; it waits for nobody',
      audit: { action: 'webhook_delivery.repeated', by_itself: true },
      scope: 'operations:write',
      replies: { 200: delivery_schema },
      rejections: ['not_found', 'webhook_endpoint_disabled'],
      handle: request => redeliver(given, request),
    },
  ];
}

async function redeliver(given: WebhookRoutesGiven, request: RouteRequest): Promise<Reply> {
  const reply = await change_once(given, request, async client => {
    // In the order of the workers, who take the endpoint's row last.
    await store.lock_deliveries(client);
    const endpoint = known(await store.endpoint_for_update(client, id_of(request)));
    if (endpoint.state === 'disabled') throw new Problem(409, 'webhook_endpoint_disabled', 'The endpoint is disabled: enable it first.');
    const id = request.params['delivery_id'] ?? '';
    const shown = shown_delivery(known(await store.send_again(client, endpoint.id, id, given.clock.now())));
    await append_audit(client, audit_entry(given.clock, request, 'webhook_delivery.repeated', id, { after: shown }));
    return shown;
  });
  given.changed();
  return reply;
}
