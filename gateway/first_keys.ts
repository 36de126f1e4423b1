/** What a fresh installation needs to let its owner in. */
import type pg from 'pg';
import type { Clock } from '../platform/clock.ts';
import { append_audit } from './audit_log.ts';
import { check_given_key, type KeyType, password_fits, password_hash, random_key, random_secret, secret_hash } from './keys.ts';
import { transaction } from './store.ts';

export interface FirstKeysGiven {
  readonly clock: Clock;
  fresh_id(prefix: string): string;
  /** From the environment: these work from now on, and what the environment gave before no longer does. */
  readonly secret_key?: string;
  readonly publishable_key?: string;
  readonly admin_password?: string;
}
/** In plain, to be printed once; absent when it existed before or came from the environment. */
export interface FirstKeys {
  readonly secret_key?: string;
  readonly publishable_key?: string;
  readonly admin_password?: string;
}

export const admin_username = 'admin';
const from_environment = 'from the environment';
const first = 'first start';
const admin_password_characters_min = 8;

/** One secret key, one publishable key and the account `admin`, unless there are some. Safe to call at every start, by several processes at once. */
export async function ensure_first_keys(pool: pg.Pool, given: FirstKeysGiven): Promise<FirstKeys> {
  const password = given.admin_password;
  if (password !== undefined && password.length < admin_password_characters_min) {
    throw new Error(`CARTWRIGHT_ADMIN_PASSWORD needs at least ${admin_password_characters_min} characters`);
  }
  return transaction(pool, async client => {
    await client.query("select pg_advisory_xact_lock(hashtext('gateway.first_keys'))");
    const secret_key = await ensure_key(client, given, 'secret', given.secret_key);
    const publishable_key = await ensure_key(client, given, 'publishable', given.publishable_key);
    const admin_password = await ensure_admin(client, given, password);
    return {
      ...(secret_key === undefined ? {} : { secret_key }),
      ...(publishable_key === undefined ? {} : { publishable_key }),
      ...(admin_password === undefined ? {} : { admin_password }),
    };
  });
}

async function ensure_key(
  client: pg.ClientBase,
  given: FirstKeysGiven,
  type: KeyType,
  wanted: string | undefined,
): Promise<string | undefined> {
  const now = given.clock.now();
  if (wanted === undefined) {
    const { rowCount } = await client.query('select 1 from gateway.keys where type = $1 and revoked_at is null limit 1', [type]);
    if (rowCount !== 0) return undefined;
    const key = random_key(type);
    await add_key(client, given, type, first, key);
    return key;
  }
  const hash = secret_hash(check_given_key(type, wanted));
  await client.query('update gateway.keys set revoked_at = $4 where type = $1 and name = $2 and hash <> $3 and revoked_at is null', [
    type,
    from_environment,
    hash,
    now,
  ]);
  // A key that was given before, then another, then the first again: it lives again, and whoever set it meant so.
  const { rowCount } = await client.query('update gateway.keys set revoked_at = null where hash = $1 and type = $2', [hash, type]);
  if (rowCount === 0) await add_key(client, given, type, from_environment, wanted);
  return undefined;
}

async function add_key(client: pg.ClientBase, given: FirstKeysGiven, type: KeyType, name: string, key: string): Promise<void> {
  const id = given.fresh_id('key');
  const at = given.clock.now();
  await client.query(
    'insert into gateway.keys (id, type, name, hash, last4, scopes, created_at, created_by) values ($1, $2, $3, $4, $5, null, $6, $7)',
    [id, type, name, secret_hash(key), key.slice(-4), at, 'system'],
  );
  await append_audit(client, {
    at,
    actor: 'system',
    actor_type: 'system',
    action: 'key.created',
    object: id,
    reason: name,
    request_id: 'start',
  });
}

async function ensure_admin(client: pg.ClientBase, given: FirstKeysGiven, wanted: string | undefined): Promise<string | undefined> {
  const { rows } = await client.query<{ id: string; password_hash: string; active: boolean; role: string }>(
    'select id, password_hash, active, role from gateway.staff where lower(username) = $1',
    [admin_username],
  );
  const admin = rows[0];
  const at = given.clock.now();
  if (admin === undefined) {
    const password = wanted ?? random_secret().slice(0, 20);
    const id = given.fresh_id('stf');
    await client.query("insert into gateway.staff (id, username, role, password_hash, created_at) values ($1, $2, 'admin', $3, $4)", [
      id,
      admin_username,
      await password_hash(password),
      at,
    ]);
    await append_audit(client, {
      at,
      actor: 'system',
      actor_type: 'system',
      action: 'staff.created',
      object: id,
      reason: first,
      request_id: 'start',
    });
    return wanted === undefined ? password : undefined;
  }
  if (wanted === undefined || (admin.active && admin.role === 'admin' && (await password_fits(wanted, admin.password_hash))))
    return undefined;
  await client.query("update gateway.staff set password_hash = $2, active = true, role = 'admin', version = version + 1 where id = $1", [
    admin.id,
    await password_hash(wanted),
  ]);
  await client.query('delete from gateway.sessions where staff_id = $1', [admin.id]);
  await append_audit(client, {
    at,
    actor: 'system',
    actor_type: 'system',
    action: 'staff.changed',
    object: admin.id,
    reason: from_environment,
    request_id: 'start',
  });
  return undefined;
}
