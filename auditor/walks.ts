/** One walk through a log's keys for every check that reads their events: an event's text is read and parsed once, whatever it is compared with. */
import type pg from 'pg';
import { type AuditGiven, type Finding, findings_max, type Invariant } from './auditor.ts';
import { is_whole } from './dropped.ts';
import type { FoldedEvent } from './kinds.ts';
import { recent_aggregates_max } from './limits.ts';
import { look_after } from './sql.ts';

export const keys_per_page = 250;

export type Found = Omit<Finding, 'invariant'>;

/** A check of what the events of some keys say, all of a key at once and in the order of their positions. */
export interface KeyCheck {
  readonly name: string;
  readonly says: string;
  /** A condition on the log's columns: which events are looked at; absent: all. */
  readonly those?: string;
  /** In a transaction that sees one moment, the events' own. */
  check(client: pg.PoolClient, events: readonly FoldedEvent[]): Promise<readonly Found[]>;
}

/** Whichever is asked first walks; the others have their findings from it, as long as they are asked with the same `given`. */
export function walk_invariants(log: string, checks: readonly KeyCheck[]): Invariant[] {
  const walks = new WeakMap<AuditGiven, Promise<ReadonlyMap<KeyCheck, readonly Finding[]>>>();
  const walked = (given: AuditGiven) => {
    const walking = walks.get(given) ?? walk(given, log, checks);
    walks.set(given, walking);
    return walking;
  };
  return checks.map(check => ({
    name: check.name,
    says: check.says,
    shares: log,
    check: async given => (await walked(given)).get(check) ?? [],
  }));
}

/** Pages of a log's keys, each in a transaction of its own: memory stays small, and the shop goes on meanwhile. */
async function walk(given: AuditGiven, log: string, checks: readonly KeyCheck[]): Promise<ReadonlyMap<KeyCheck, readonly Finding[]>> {
  const findings = new Map<KeyCheck, Finding[]>(checks.map(check => [check, []]));
  const is_enough = () => [...findings.values()].some(found => found.length > findings_max);
  const from = given.incremental ? await look_after(given, log) : undefined;
  const client = await given.pool_of(log).connect();
  try {
    let keys = await next_keys(client, log, from, '');
    while (keys.length > 0 && !is_enough()) {
      await client.query('begin transaction isolation level repeatable read read only');
      const events = await events_of(client, log, keys, checks);
      for (const [place, check] of checks.entries()) {
        const found = await check.check(
          client,
          events.filter(event => (event.looked_at_by & (1 << place)) !== 0),
        );
        findings.get(check)?.push(...found.map(one => ({ ...one, invariant: check.name })));
      }
      await client.query('commit');
      if (from !== undefined || keys.length < keys_per_page) break;
      keys = await next_keys(client, log, from, keys.at(-1) ?? '');
    }
  } finally {
    await client.query('rollback').then(
      () => client.release(),
      () => client.release(true),
    );
  }
  return findings;
}

/** Of the newest events those with the newest keys; else page by page. Those whose first events are in the archive are left out (dropped.ts). */
async function next_keys(client: pg.PoolClient, log: string, from: number | undefined, after: string): Promise<string[]> {
  const { rows } =
    from === undefined
      ? await client.query<{ key: string }>(
          `select key from ${log}.events e where key > $1 and ${is_whole(log)} group by key order by key limit ${keys_per_page}`,
          [after],
        )
      : await client.query<{ key: string }>(
          `select key from ${log}.events e where position > $1 and ${is_whole(log)} group by key order by max(position) desc limit ${recent_aggregates_max}`,
          [from],
        );
  return rows.map(row => row.key);
}

/** A bit for each check that looks at it. */
type Looked = FoldedEvent & { readonly looked_at_by: number };

async function events_of(client: pg.PoolClient, log: string, keys: readonly string[], checks: readonly KeyCheck[]): Promise<Looked[]> {
  const bits = checks.map(({ those = 'true' }, place) => `(${those})::integer * ${1 << place}`).join(' + ');
  const { rows } = await client.query<Looked>(
    `select * from (select position::float8 as position, key, type, subject, sequence, data, ${bits} as looked_at_by from ${log}.events where key = any($1)) e
      where looked_at_by > 0 order by position`,
    [keys],
  );
  return rows;
}
