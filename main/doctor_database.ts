/** A database for `doctor`: can it be reached and used, is it one we run on, does its clock agree, is the schema there. */
import pg from 'pg';
import { type Checked, clock_skew_max_s } from '../platform/adapters/check.ts';
import { real_clock } from '../platform/clock.ts';
import { sqlstate } from '../platform/database.ts';

export const server_version_min = 15;

/** `setting`: which one names it. */
export async function check_database(url: string, setting: string, timeout_ms: number): Promise<Checked> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: timeout_ms, query_timeout: timeout_ms });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return judge((await client.query<Seen>(look)).rows[0], setting);
  } catch (error) {
    return { ok: false, detail: `${place(url)}: ${why_not(error)}, or mend ${setting}` };
  } finally {
    await client.end().catch(() => undefined);
  }
}

interface Seen {
  readonly version: number;
  readonly name: string;
  readonly now_ms: string;
  readonly read_only: boolean;
  readonly may_create: boolean;
  readonly makes_roles: boolean;
  readonly has_schemas: boolean;
  readonly fsync: string;
  readonly commit: string;
}
const look = `select current_setting('server_version_num')::int / 10000 as version, current_database() as name, extract(epoch from clock_timestamp()) * 1000 as now_ms,
    pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on' as read_only, has_database_privilege(current_database(), 'create') as may_create,
    (select rolsuper or rolcreaterole from pg_roles where rolname = current_user) as makes_roles, to_regclass('cartwright.migration') is not null as has_schemas,
    current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`;

function judge(seen: Seen | undefined, setting: string): Checked {
  if (seen === undefined) return { ok: false, detail: `it said nothing; look at ${setting}` };
  const wrong = complaint(seen, setting);
  if (wrong !== undefined) return { ok: false, detail: wrong };
  const schemas = seen.has_schemas ? 'schemas are there' : 'no schemas yet: `migrate`, `up` and `start` make them';
  return { ok: true, detail: `PostgreSQL ${seen.version}, database ${seen.name}; ${schemas}` };
}

function complaint(seen: Seen, setting: string): string | undefined {
  const skew_s = Math.round((real_clock.now_ms() - Number(seen.now_ms)) / 1_000);
  if (seen.version < server_version_min) return `PostgreSQL ${seen.version} is too old: ${server_version_min} or later`;
  if (seen.read_only) return `it is read-only, a standby perhaps: ${setting} must name the primary`;
  if (seen.fsync !== 'on' || seen.commit === 'off')
    return 'it does not wait for the disk (fsync, synchronous_commit): what was accepted could be lost; set both to on';
  if (!seen.has_schemas && !(seen.may_create && seen.makes_roles))
    return `the user may not make schemas and roles: alter role … createrole; grant create on database ${seen.name} to …`;
  if (Math.abs(skew_s) > clock_skew_max_s) return `its clock and this machine's differ by ${Math.abs(skew_s)} s: set both (NTP)`;
  return undefined;
}

function why_not(error: unknown): string {
  const state = sqlstate(error);
  if (state === '28P01' || state === '28000') return `user or password is refused (${state}); give it the right ones`;
  if (state === '3D000') return `there is no such database (${state}); create it`;
  if (state === '53300') return `it has no connection left (${state}); raise max_connections`;
  if (state !== undefined) return `it refuses (${state}); look at its log`;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `no such host can be found (${code}); look at DNS`;
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return `nobody listens there (${code}); start it`;
  return `no answer${code === '' ? ' in time' : ` (${code})`}; look at routes and firewalls`;
}

/** Without user and password. */
function place(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
