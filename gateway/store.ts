/** All SQL of the gateway's own tables but the audit log's. */
import type pg from 'pg';
import { is_outage, sqlstate } from '../platform/database.ts';
import { database_unavailable } from '../platform/http.ts';
import type { Reply, Scope } from '../platform/route.ts';
import type { KeyType } from './keys.ts';

export const roles = ['admin', 'operator', 'support', 'analyst'] as const;
export type Role = (typeof roles)[number];

export interface KeyRow {
  readonly id: string;
  readonly type: KeyType;
  readonly name: string;
  readonly last4: string;
  readonly scopes: Scope[] | null;
  readonly created_at: string;
  readonly created_by: string;
  readonly revoked_at: string | null;
}
export interface StaffRow {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly active: boolean;
  readonly version: number;
  readonly created_at: string;
}
export interface Session {
  readonly staff_id: string;
  readonly username: string;
  readonly role: Role;
  readonly expires_at: string;
}

const key_columns = 'id, type, name, last4, scopes, created_at, created_by, revoked_at';
const staff_columns = 'id, username, role, active, version, created_at';
export const session_idle_hours = 2;
const reply_days = 30;

/** A query outside a transaction. The database being away becomes 503. */
export async function ask<T extends object>(pool: pg.Pool, name: string, text: string, values: readonly unknown[]): Promise<T[]> {
  try {
    const { rows } = await pool.query<T>({ name, text, values: [...values] });
    return rows;
  } catch (error) {
    throw is_outage(error) ? database_unavailable(error) : error;
  }
}

export async function transaction<T>(pool: pg.Pool, work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw database_unavailable(error);
  }
  let broken = false;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    // Only a connection that lives can roll back: that tells a lost database from everything else that is thrown.
    await client.query('rollback').catch(() => {
      broken = true;
    });
    throw broken || (sqlstate(error) !== undefined && is_outage(error)) ? database_unavailable(error) : error;
  } finally {
    client.release(broken);
  }
}

export async function key_by_hash(pool: pg.Pool, hash: Buffer): Promise<Pick<KeyRow, 'id' | 'type' | 'scopes'> | undefined> {
  const rows = await ask<Pick<KeyRow, 'id' | 'type' | 'scopes'>>(
    pool,
    'gateway_key_by_hash',
    'select id, type, scopes from gateway.keys where hash = $1 and revoked_at is null',
    [hash],
  );
  return rows[0];
}

/** The living session with this hash. Seen at most once a minute, so that reading does not become writing. */
export async function session_by_hash(pool: pg.Pool, hash: Buffer, now: string): Promise<Session | undefined> {
  const rows = await ask<Session & { stale: boolean }>(
    pool,
    'gateway_session_by_hash',
    `select staff.id as staff_id, staff.username, staff.role, sessions.expires_at, sessions.last_seen_at < $2::timestamptz - interval '1 minute' as stale
       from gateway.sessions join gateway.staff on staff.id = sessions.staff_id
      where sessions.hash = $1 and staff.active and sessions.expires_at > $2
        and sessions.last_seen_at > $2::timestamptz - $3 * interval '1 hour'`,
    [hash, now, session_idle_hours],
  );
  const session = rows[0];
  if (session?.stale)
    await ask(pool, 'gateway_session_seen', 'update gateway.sessions set last_seen_at = $2 where hash = $1 and last_seen_at < $2', [
      hash,
      now,
    ]);
  return session;
}

export async function insert_key(client: pg.ClientBase, key: KeyRow, hash: Buffer): Promise<void> {
  await client.query(
    'insert into gateway.keys (id, type, name, last4, scopes, created_at, created_by, hash) values ($1, $2, $3, $4, $5, $6, $7, $8)',
    [key.id, key.type, key.name, key.last4, key.scopes, key.created_at, key.created_by, hash],
  );
}

/** Newest first (ids are ordered by time), after the cursor. */
export function list_keys(pool: pg.Pool, after: string | undefined, limit: number): Promise<KeyRow[]> {
  return ask(
    pool,
    'gateway_list_keys',
    `select ${key_columns} from gateway.keys where $1::text is null or id < $1 order by id desc limit $2`,
    [after, limit],
  );
}

/** Undefined when there is no such key; a key that was revoked before stays as it is. */
export async function revoke_key(client: pg.ClientBase, id: string, now: string): Promise<KeyRow | undefined> {
  const { rows } = await client.query<KeyRow>(
    `update gateway.keys set revoked_at = coalesce(revoked_at, $2) where id = $1 returning ${key_columns}`,
    [id, now],
  );
  return rows[0];
}

/** False when the name is taken. */
export async function insert_staff(client: pg.ClientBase, staff: StaffRow, password: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `insert into gateway.staff (id, username, role, password_hash, created_at) values ($1, $2, $3, $4, $5)
     on conflict (lower(username)) do nothing`,
    [staff.id, staff.username, staff.role, password, staff.created_at],
  );
  return rowCount === 1;
}

export function list_staff(pool: pg.Pool, after: string | undefined, limit: number): Promise<StaffRow[]> {
  return ask(
    pool,
    'gateway_list_staff',
    `select ${staff_columns} from gateway.staff where $1::text is null or id < $1 order by id desc limit $2`,
    [after, limit],
  );
}

export async function staff_for_update(client: pg.ClientBase, id: string): Promise<StaffRow | undefined> {
  const { rows } = await client.query<StaffRow>(`select ${staff_columns} from gateway.staff where id = $1 for update`, [id]);
  return rows[0];
}

export async function update_staff(client: pg.ClientBase, staff: StaffRow, password: string | undefined): Promise<void> {
  await client.query(
    'update gateway.staff set role = $2, active = $3, version = $4, password_hash = coalesce($5, password_hash) where id = $1',
    [staff.id, staff.role, staff.active, staff.version, password],
  );
  // Whatever changed, they sign in again under the new terms.
  await client.query('delete from gateway.sessions where staff_id = $1', [staff.id]);
}

export async function staff_by_username(pool: pg.Pool, username: string): Promise<(StaffRow & { password_hash: string }) | undefined> {
  const rows = await ask<StaffRow & { password_hash: string }>(
    pool,
    'gateway_staff_by_username',
    `select ${staff_columns}, password_hash from gateway.staff where lower(username) = lower($1) and active`,
    [username],
  );
  return rows[0];
}

export async function insert_session(
  client: pg.ClientBase,
  hash: Buffer,
  staff_id: string,
  now: string,
  expires_at: string,
): Promise<void> {
  await client.query('delete from gateway.sessions where expires_at < $1', [now]);
  await client.query('insert into gateway.sessions (hash, staff_id, created_at, expires_at, last_seen_at) values ($1, $2, $3, $4, $3)', [
    hash,
    staff_id,
    now,
    expires_at,
  ]);
}

export async function delete_session(client: pg.ClientBase, hash: Buffer): Promise<void> {
  await client.query('delete from gateway.sessions where hash = $1', [hash]);
}

/** Locks the request's place until the transaction ends, and gives the first reply when there was one. */
export async function first_reply(
  client: pg.ClientBase,
  principal: string,
  route: string,
  key: string,
): Promise<(Pick<Reply, 'status'> & { body: string; body_hash: string }) | undefined> {
  await client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [JSON.stringify(['gateway', principal, route, key])]);
  const { rows } = await client.query<{ status: number; body: string; body_hash: string }>(
    'select status, body, body_hash from gateway.replies where principal = $1 and route = $2 and key = $3',
    [principal, route, key],
  );
  return rows[0];
}

export async function keep_reply(
  client: pg.ClientBase,
  row: { principal: string; route: string; key: string; body_hash: string; status: number; body: string; now: string },
): Promise<void> {
  await client.query(`delete from gateway.replies where created_at < $1::timestamptz - interval '${reply_days} days'`, [row.now]);
  await client.query(
    'insert into gateway.replies (principal, route, key, body_hash, status, body, created_at) values ($1, $2, $3, $4, $5, $6, $7)',
    [row.principal, row.route, row.key, row.body_hash, row.status, row.body, row.now],
  );
}
