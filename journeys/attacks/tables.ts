/** "Nothing changed", checked: one hash over all rows of each table of every service and of the gateway. What differs between two looks has a name. */
import type pg from 'pg';

/** Heartbeats, readers' positions and sign-ins move by themselves. */
const restless = new Set(['members', 'positions', 'attempts', 'sessions']);

export type Look = ReadonlyMap<string, string>;

/** A refusal kept under its own idempotency key is no change, nor is one that the audit log keeps: only what was done counts, and what may have been. */
const counted: Readonly<Record<string, string>> = {
  idempotency: 'status < 400',
  audit_log: `outcome <> 'unchanged' and not exists (select from gateway.audit_log its_end where its_end.attempt = t.seq and its_end.outcome = 'unchanged')`,
};

/** Looks at all tables that there are now. */
export async function tables(pool: pg.Pool): Promise<() => Promise<Look>> {
  const { rows } = await pool.query<{ schema: string; name: string }>(
    `select schemaname as schema, tablename as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema', 'cartwright') order by 1, 2`,
  );
  const looked_at = rows.filter(({ name }) => !restless.has(name));
  const hashes = looked_at.map(({ schema, name }) => {
    const kept = counted[name] === undefined ? '' : ` where ${counted[name]}`;
    return `select '${schema}.${name}' as name, (select md5(coalesce(string_agg(t::text, e'\\n' order by t::text), '')) from ${schema}.${name} t${kept}) as hash`;
  });
  const text = hashes.join(' union all ');
  return async () => {
    const { rows: found } = await pool.query<{ name: string; hash: string }>({ name: 'attacks.look', text });
    return new Map(found.map(({ name, hash }) => [name, hash]));
  };
}

/** The tables whose rows are not the same in both. */
export function changed(before: Look, after: Look): string[] {
  return [...after].flatMap(([name, hash]) => (before.get(name) === hash ? [] : [name]));
}
