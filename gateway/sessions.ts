/** Signing in and out: the console's cookie and its CSRF token. */
import Type, { type Static } from 'typebox';
import { Problem, type Reply, type Route, type RouteRequest } from '../platform/route.ts';
import type { Row } from '../platform/service.ts';
import { append_audit, audit_entry } from './audit_log.ts';
import { from_own_origin, scopes_of_role, session_cookie } from './authorize.ts';
import { csrf_token, password_fits, random_secret, secret_hash } from './keys.ts';
import type { GatewayRoutesGiven } from './routes.ts';
import * as store from './store.ts';

export const session_hours = 12;

const session_body = Type.Object({ username: Type.String({ maxLength: 200 }), password: Type.String({ maxLength: 200 }) });
const session_schema = Type.Object({
  staff: Type.Object({ id: Type.String(), username: Type.String(), role: Type.String(), scopes: Type.Array(Type.String()) }),
  csrf_token: Type.String({ description: 'Sent back as X-CSRF-Token with every request that changes something.' }),
  expires_at: Type.String(),
});
export function session_routes(given: GatewayRoutesGiven): readonly Route[] {
  const common = { path: '/v1/session', scope: 'public', rejections: [] } as const;
  return [
    {
      ...common,
      method: 'POST',
      summary: 'Sign in: sets the session cookie and gives the CSRF token',
      audit: { action: 'session.created', by_itself: true },
      not_idempotent: true,
      body: session_body,
      replies: { 201: session_schema },
      rejections: ['invalid_credentials'],
      handle: request => sign_in(given, request),
    },
    {
      ...common,
      method: 'GET',
      summary: 'Who is signed in',
      replies: { 200: session_schema },
      handle: async request => {
        const session = await given.authority.session(request.headers, 'GET', request.principal.id);
        return { status: 200, body: shown(session, session.id) };
      },
    },
    {
      ...common,
      method: 'DELETE',
      summary: 'Sign out',
      audit: { action: 'session.ended', by_itself: true },
      replies: { 204: Type.Null() },
      handle: request => sign_out(given, request),
    },
  ];
}

/** The same answer, after the same time, for a wrong name and a wrong password. Always a new session id. */
async function sign_in(given: GatewayRoutesGiven, request: RouteRequest): Promise<Reply> {
  // Validated against session_body.
  const { username, password } = request.body as Static<typeof session_body>;
  if (request.headers['origin'] !== undefined && !from_own_origin(request.headers))
    throw new Problem(403, 'csrf_failed', 'Sign in from a page of this server.');
  const staff = await store.staff_by_username(given.pool, username);
  const fits = await password_fits(password, staff?.password_hash);
  if (staff === undefined || !fits) {
    throw new Problem(401, 'invalid_credentials', 'Name or password is wrong.');
  }
  const id = random_secret();
  const now = given.clock.now();
  const expires_at = new Date(given.clock.now_ms() + session_hours * 3_600_000).toISOString();
  await store.transaction(given.pool, async client => {
    await store.insert_session(client, secret_hash(id), staff.id, now, expires_at);
    await append_audit(client, {
      ...audit_entry(given.clock, request, 'session.created', staff.id, {}),
      actor: staff.id,
      actor_type: 'staff',
    });
  });
  const session = { staff_id: staff.id, username: staff.username, role: staff.role, expires_at };
  return { status: 201, body: shown(session, id), headers: { 'set-cookie': cookie(given, id, session_hours * 3_600) } };
}

async function sign_out(given: GatewayRoutesGiven, request: RouteRequest): Promise<Reply> {
  const session = await given.authority.session(request.headers, 'DELETE', request.principal.id);
  await store.transaction(given.pool, async client => {
    await store.delete_session(client, secret_hash(session.id));
    await append_audit(client, {
      ...audit_entry(given.clock, request, 'session.ended', session.staff_id, {}),
      actor: session.staff_id,
      actor_type: 'staff',
    });
  });
  given.authority.forget();
  return { status: 204, body: null, headers: { 'set-cookie': cookie(given, '', 0) } };
}

function cookie(given: GatewayRoutesGiven, value: string, seconds: number): string {
  return `${session_cookie}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${given.secure ? '; Secure' : ''}`;
}

function shown(session: store.Session, id: string): Row {
  const { staff_id, username, role, expires_at } = session;
  return { staff: { id: staff_id, username, role, scopes: [...scopes_of_role[role]] }, csrf_token: csrf_token(id), expires_at };
}
