/**
 * Invariants as queries: each row that comes back is a finding. A query may name rows of another service; where that one has a database of
 * its own they are copied into a temporary table, so that a query is written once for every deployment.
 */
import type pg from 'pg';
import { type AuditGiven, type Finding, findings_max, type Invariant } from './auditor.ts';
import { recent_events_max } from './limits.ts';

export interface ForeignRows {
  readonly service: string;
  /** As in `create table`: `order_id text, quantity bigint`. */
  readonly columns: string;
  readonly sql: string;
}
export interface SqlCheck {
  /** In whose database the query runs. */
  readonly service: string;
  /**
   * Returns `ids text[]` and `detail text`, a row per finding; beside running services it may be another query. `{now}` is the audit's time,
   * `{after}` the position of the service's log from which to look, `{name}` the rows of `foreign`. Braces, not parameters: the planner sees the values.
   */
  readonly sql: string | ((incremental: boolean) => string);
  readonly foreign?: Readonly<Record<string, ForeignRows>>;
}
export type About = Pick<Invariant, 'name' | 'says' | 'only_at_rest' | 'thorough'>;

const copied_rows_max = 10_000;

export function sql_invariant(about: About, ...checks: readonly SqlCheck[]): Invariant {
  return {
    ...about,
    async check(given) {
      const findings: Finding[] = [];
      for (const check of checks) findings.push(...(await run(given, about.name, check)));
      return findings;
    },
  };
}

async function run(given: AuditGiven, invariant: string, check: SqlCheck): Promise<Finding[]> {
  const pool = given.pool_of(check.service);
  const foreign = Object.entries(check.foreign ?? {});
  const sql = typeof check.sql === 'string' ? check.sql : check.sql(given.incremental);
  const values: Record<string, string> = { now: `${literal(given.now)}::timestamptz` };
  if (sql.includes('{after}')) values['after'] = String(await look_after(given, check.service));
  const far = foreign.filter(([, rows]) => given.pool_of(rows.service) !== pool);
  for (const [name, rows] of foreign) values[name] = `(${filled(rows.sql, values)})`;
  if (far.length === 0) return findings_of(invariant, await pool.query(limited(filled(sql, values))));
  const client = await pool.connect();
  try {
    await client.query('begin');
    for (const [name, rows] of far) {
      await copy(given.pool_of(rows.service), client, name, { ...rows, sql: filled(rows.sql, values) });
      values[name] = `pg_temp.${name}`;
    }
    return findings_of(invariant, await client.query(limited(filled(sql, values))));
  } finally {
    // The temporary tables go with it.
    await client.query('rollback').then(
      () => client.release(),
      () => client.release(true),
    );
  }
}

/** 0, or so many events before the end of the log that the newest are looked at. */
export async function look_after(given: AuditGiven, log: string): Promise<number> {
  if (!given.incremental) return 0;
  const { rows } = await given.pool_of(log).query<{ head: number }>(`select coalesce(max(position), 0)::float8 as head from ${log}.events`);
  return Math.max(0, (rows[0]?.head ?? 0) - recent_events_max);
}

async function copy(source: pg.Pool, target: pg.PoolClient, name: string, { columns, sql }: ForeignRows): Promise<void> {
  await target.query(`create temporary table ${name} (${columns}) on commit drop`);
  const reader = await source.connect();
  try {
    await reader.query('begin transaction isolation level repeatable read read only');
    await reader.query(`declare copied no scroll cursor for select row_to_json(r)::text as row from (${sql}) r`);
    for (;;) {
      const { rows } = await reader.query<{ row: string }>(`fetch forward ${copied_rows_max} from copied`);
      if (rows.length === 0) break;
      await target.query(`insert into ${name} select * from json_populate_recordset(null::pg_temp.${name}, $1)`, [
        `[${rows.map(one => one.row).join()}]`,
      ]);
    }
  } finally {
    await reader.query('rollback').then(
      () => reader.release(),
      () => reader.release(true),
    );
  }
  await target.query(`analyze ${name}`);
}

function filled(sql: string, values: Readonly<Record<string, string>>): string {
  return sql.replace(/\{([a-z_]+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`{${name}} is not known here`);
    return value;
  });
}

/** One more than is shown, so that the line can say that there are others. */
function limited(sql: string): string {
  return `select * from (${sql}) finding limit ${findings_max + 1}`;
}

export function findings_of(invariant: string, { rows }: pg.QueryResult<{ ids: string[]; detail: string }>): Finding[] {
  return rows.map(({ ids, detail }) => ({ invariant, ids, detail }));
}

/** Condition on `orders.orders o`: beside running services the orders that the newest events are about, else all. */
export function of_newest_orders(incremental: boolean): string {
  return incremental ? 'o.id in (select e.key from orders.events e where e.position > {after})' : 'true';
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** True while a process of the service has been running for a while: what a stopped service left undone is nobody's fault. */
export function runs_for(service: string, seconds: number): string {
  return `exists (select 1 from ${service}.members
                   where started_at < now() - interval '${seconds} seconds' and seen_at > now() - interval '${member_gone_seconds} seconds')`;
}
const member_gone_seconds = 10;
