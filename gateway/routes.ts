/** The gateway's own routes: keys, staff, the audit log; sessions are in sessions.ts. */
import type pg from 'pg';
import Type, { type Static } from 'typebox';
import type { Clock } from '../platform/clock.ts';
import { not_found } from '../platform/http.ts';
import { Problem, type Reply, type Route, type RouteRequest } from '../platform/route.ts';
import type { Row } from '../platform/service.ts';
import { type AuditRow, append_audit, audit_entry } from './audit_log.ts';
import { type Authority, all_scopes } from './authorize.ts';
import { derived_key, password_hash, secret_hash } from './keys.ts';
import { create_once, key_of } from './once.ts';
import { session_routes } from './sessions.ts';
import * as store from './store.ts';

export interface GatewayRoutesGiven {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly authority: Authority;
  readonly server_secret: string;
  /** Cookies are marked Secure when the public address is https. */
  readonly secure: boolean;
  fresh_id(prefix: string): string;
}

const page_max = 200;
const page_default = 50;

const one_of = <const T extends string>(values: readonly T[]) => Type.Union(values.map(value => Type.Literal(value)));
const scope_schema = one_of(all_scopes);
const role_schema = one_of(store.roles);
const password_schema = Type.String({ minLength: 12, maxLength: 200 });
const username_schema = Type.String({ minLength: 1, maxLength: 100, pattern: '^\\S+$' });
const paging = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: page_max })),
  cursor: Type.Optional(Type.String({ maxLength: 200 })),
});
const page_of = (name: string, item: ReturnType<typeof Type.Object>) =>
  Type.Object(
    { data: Type.Array(item), next_cursor: Type.Union([Type.String(), Type.Null()]) },
    { description: `A page of ${name}, newest first.` },
  );

const key_body = Type.Object({
  type: Type.Union([Type.Literal('secret'), Type.Literal('publishable')]),
  name: Type.String({ minLength: 1, maxLength: 100 }),
  scopes: Type.Optional(Type.Union([Type.Array(scope_schema, { minItems: 1, uniqueItems: true }), Type.Null()])),
});
const key_schema = Type.Object({
  id: Type.String(),
  type: Type.String(),
  name: Type.String(),
  last4: Type.String(),
  scopes: Type.Union([Type.Array(Type.String()), Type.Null()], { description: 'null: all.' }),
  created_at: Type.String(),
  created_by: Type.String(),
  revoked_at: Type.Union([Type.String(), Type.Null()]),
  secret: Type.Optional(Type.String({ description: 'Only in the reply that created it.' })),
});
const staff_body = Type.Object({ username: username_schema, password: password_schema, role: role_schema });
const staff_changes = Type.Object({
  role: Type.Optional(role_schema),
  active: Type.Optional(Type.Boolean()),
  password: Type.Optional(password_schema),
});
const staff_schema = Type.Object({
  id: Type.String(),
  username: Type.String(),
  role: Type.String(),
  active: Type.Boolean(),
  version: Type.Integer(),
  created_at: Type.String(),
});
const audit_schema = Type.Object({
  seq: Type.Integer(),
  at: Type.String(),
  actor: Type.String(),
  actor_type: Type.String(),
  action: Type.String(),
  object: Type.String(),
  reason: Type.Union([Type.String(), Type.Null()]),
  request_id: Type.String(),
  outcome: Type.Union([Type.Literal('done'), Type.Literal('attempted')], {
    description: 'attempted: nothing tells how it ended. It is under way, or its process died, or its answer was a 5xx: look at the object',
  }),
  hash: Type.String(),
});

export function gateway_routes(given: GatewayRoutesGiven): readonly Route[] {
  return [...key_routes(given), ...staff_routes(given), ...session_routes(given), audit_route(given)];
}

function key_routes(given: GatewayRoutesGiven): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/keys',
      summary: 'Create a key; its secret is shown this once',
      audit: { action: 'key.created', by_itself: true },
      scope: 'admin',
      body: key_body,
      replies: { 201: key_schema },
      rejections: [],
      handle: request => create_key(given, request),
    },
    {
      method: 'GET',
      path: '/v1/keys',
      summary: 'List keys',
      scope: 'admin',
      query: paging,
      replies: { 200: page_of('keys', key_schema) },
      rejections: [],
      handle: request =>
        list(
          request,
          (after, limit) => store.list_keys(given.pool, after, limit),
          key => ({ ...key }),
        ),
    },
    {
      method: 'DELETE',
      path: '/v1/keys/:id',
      summary: 'Revoke a key',
      audit: { action: 'key.revoked', by_itself: true },
      scope: 'admin',
      replies: { 204: Type.Null() },
      rejections: [],
      handle: request => revoke_key(given, request),
    },
  ];
}

async function create_key(given: GatewayRoutesGiven, request: RouteRequest): Promise<Reply> {
  // Validated against key_body.
  const body = request.body as Static<typeof key_body>;
  const secret = derived_key(given.server_secret, body.type, key_of(request));
  const reply = await create_once(given, request, async client => {
    const key: store.KeyRow = {
      id: given.fresh_id('key'),
      type: body.type,
      name: body.name,
      last4: secret.slice(-4),
      scopes: body.scopes ?? null,
      created_at: given.clock.now(),
      created_by: request.principal.id,
      revoked_at: null,
    };
    await store.insert_key(client, key, secret_hash(secret));
    await append_audit(client, audit_entry(given.clock, request, 'key.created', key.id, { after: { ...key } }));
    return { ...key };
  });
  return { ...reply, body: { ...reply.body, secret } };
}

async function revoke_key(given: GatewayRoutesGiven, request: RouteRequest): Promise<Reply> {
  await store.transaction(given.pool, async client => {
    const key = await store.revoke_key(client, request.params['id'] ?? '', given.clock.now());
    if (key === undefined) throw not_found();
    await append_audit(client, audit_entry(given.clock, request, 'key.revoked', key.id, { after: { ...key } }));
  });
  given.authority.forget();
  return { status: 204, body: null };
}

function staff_routes(given: GatewayRoutesGiven): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/staff',
      summary: 'Add a member of staff',
      audit: { action: 'staff.created', by_itself: true },
      scope: 'admin',
      body: staff_body,
      replies: { 201: staff_schema },
      rejections: ['username_taken'],
      handle: request => create_staff(given, request),
    },
    {
      method: 'GET',
      path: '/v1/staff',
      summary: 'List staff',
      scope: 'admin',
      query: paging,
      replies: { 200: page_of('staff', staff_schema) },
      rejections: [],
      handle: request =>
        list(
          request,
          (after, limit) => store.list_staff(given.pool, after, limit),
          staff => ({ ...staff }),
        ),
    },
    {
      method: 'PATCH',
      path: '/v1/staff/:id',
      summary: 'Change role or password, or end the account; their sessions end',
      audit: { action: 'staff.changed', by_itself: true },
      scope: 'admin',
      body: staff_changes,
      replies: { 200: staff_schema },
      rejections: ['own_account', 'version_conflict'],
      handle: request => change_staff(given, request),
    },
  ];
}

async function create_staff(given: GatewayRoutesGiven, request: RouteRequest): Promise<Reply> {
  // Validated against staff_body.
  const { username, password, role } = request.body as Static<typeof staff_body>;
  const hashed = await password_hash(password);
  return create_once(given, request, async client => {
    const staff: store.StaffRow = { id: given.fresh_id('stf'), username, role, active: true, version: 1, created_at: given.clock.now() };
    if (!(await store.insert_staff(client, staff, hashed))) throw new Problem(409, 'username_taken', 'There is an account with this name.');
    await append_audit(client, audit_entry(given.clock, request, 'staff.created', staff.id, { after: { ...staff } }));
    return { ...staff };
  });
}

async function change_staff(given: GatewayRoutesGiven, request: RouteRequest): Promise<Reply> {
  // Validated against staff_changes.
  const { role, active, password } = request.body as Static<typeof staff_changes>;
  const id = request.params['id'] ?? '';
  // Nobody makes themselves more, and the last admin cannot lock the door from inside.
  if (id === request.principal.id && (role !== undefined || active !== undefined)) {
    throw new Problem(422, 'own_account', 'Somebody else changes your role.');
  }
  const hashed = password === undefined ? undefined : await password_hash(password);
  const staff = await store.transaction(given.pool, async client => {
    const before = await store.staff_for_update(client, id);
    if (before === undefined) throw not_found();
    if (request.if_match !== undefined && request.if_match !== before.version) throw version_conflict(before.version);
    const after = { ...before, role: role ?? before.role, active: active ?? before.active, version: before.version + 1 };
    await store.update_staff(client, after, hashed);
    await append_audit(client, audit_entry(given.clock, request, 'staff.changed', id, { before: { ...before }, after: { ...after } }));
    return after;
  });
  given.authority.forget();
  return { status: 200, body: { ...staff } };
}

function version_conflict(version: number): Problem {
  return new Problem(412, 'version_conflict', 'It was changed in the meantime: read it again.', { extra: { version } });
}

const audit_word = Type.Optional(Type.String({ minLength: 1, maxLength: 200 }));
const audit_query = Type.Object({ ...paging.properties, actor: audit_word, action: audit_word, object: audit_word });
/** Of an attempt that has ended only its end is shown, and that only when something changed. */
const audit_list_sql = `
  select * from gateway.audit_log entry
   where outcome <> 'unchanged' and not (outcome = 'attempted' and exists (select from gateway.audit_log its_end where its_end.attempt = entry.seq))
     and ($1::bigint is null or seq < $1) and ($3::text is null or actor = $3) and ($4::text is null or action = $4) and ($5::text is null or object = $5)
   order by seq desc limit $2`;

function audit_route(given: GatewayRoutesGiven): Route {
  return {
    method: 'GET',
    path: '/v1/audit-log',
    summary: 'Who did what, newest first',
    scope: 'admin',
    query: audit_query,
    replies: { 200: page_of('entries', audit_schema) },
    rejections: [],
    handle: request =>
      list(
        request,
        (after, limit) => {
          const seq = after === undefined ? null : Number(after);
          if (seq !== null && !Number.isSafeInteger(seq)) throw bad_cursor();
          const { actor = null, action = null, object = null } = request.query;
          return store.ask<AuditRow>(given.pool, 'gateway_list_audit', audit_list_sql, [seq, limit, actor, action, object]);
        },
        ({ seq, at, actor, actor_type, action, object, reason, request_id, outcome, hash }) => ({
          id: String(seq),
          seq,
          at,
          actor,
          actor_type,
          action,
          object,
          reason,
          request_id,
          outcome,
          hash,
        }),
      ),
  };
}

function bad_cursor(): Problem {
  return new Problem(422, 'format', '/query/cursor is not valid (format).', { errors: [{ pointer: '/query/cursor', code: 'format' }] });
}

/** One page; the cursor is the last id shown. */
async function list<T>(
  request: RouteRequest,
  read: (after: string | undefined, limit: number) => Promise<T[]>,
  show: (item: T) => Row & { id: string },
): Promise<Reply> {
  const limit = Number(request.query['limit'] ?? page_default);
  const rows = await read(request.query['cursor'], limit + 1);
  const data = rows.slice(0, limit).map(show);
  return { status: 200, body: { data, next_cursor: rows.length > limit ? (data.at(-1)?.id ?? null) : null } };
}
