/**
 * Each aggregate's row is the fold of its events (domain.md 8, O6; reliability.md, E13). The one place where a service's own evolve is used:
 * what is judged here is whether the rows are what the log says, not whether the log is right.
 */
import type pg from 'pg';
import { is_reference, kind_of } from '../platform/batch.ts';
import type { Event, Kind, Row } from '../platform/service.ts';
import { type AuditGiven, type Finding, findings_max, type Invariant } from './auditor.ts';
import { is_whole } from './dropped.ts';
import { type Fold, type FoldedEvent, type State, services, subject_kinds } from './kinds.ts';
import { recent_aggregates_max } from './limits.ts';
import { look_after } from './sql.ts';

export const keys_per_page = 250;

/** One line per kind; beside running services only what the newest events changed. */
export const fold_invariants: readonly Invariant[] = subject_kinds.flatMap(({ service, fold }) =>
  fold === undefined
    ? []
    : [
        {
          name: 'E13',
          says: `each ${fold.kind} is the fold of its events`,
          check: given => each_page(given, service, 'E13', (client, keys) => compare_page(client, service, fold, keys)),
        },
      ],
);

/**
 * Pages of a log's keys, each in a transaction of its own that sees one moment: memory stays small, and the shop goes on meanwhile.
 * `work` returns what it found.
 */
export async function each_page(
  given: AuditGiven,
  log: string,
  invariant: string,
  work: (client: pg.PoolClient, keys: readonly string[]) => Promise<readonly Omit<Finding, 'invariant'>[]>,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const from = given.incremental ? await look_after(given, log) : undefined;
  const client = await given.pool_of(log).connect();
  try {
    let keys = await next_keys(client, log, from, '');
    while (keys.length > 0 && findings.length <= findings_max) {
      await client.query('begin transaction isolation level repeatable read read only');
      findings.push(...(await work(client, keys)).map(found => ({ ...found, invariant })));
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

/** The events of these keys, of all or some types, in the order of their positions. */
export async function events_of(
  client: pg.PoolClient,
  log: string,
  keys: readonly string[],
  those = 'true',
): Promise<readonly FoldedEvent[]> {
  const { rows } = await client.query<FoldedEvent>(
    `select position::float8 as position, key, type, subject, sequence, data from ${log}.events where key = any($1) and ${those} order by events.position`,
    [keys],
  );
  return rows;
}

async function compare_page(
  client: pg.PoolClient,
  service: string,
  fold: Fold,
  keys: readonly string[],
): Promise<Omit<Finding, 'invariant'>[]> {
  const kind = kind_to_fold(service, fold.kind);
  const states = new Map<string, unknown>();
  const broken = new Map<string, string>();
  for (const event of await events_of(client, service, keys, fold.those)) {
    for (const id of fold.ids(event)) {
      if (broken.has(id)) continue;
      try {
        // The log's events are the service's own, checked against its contracts when they were written.
        states.set(id, kind.evolve(states.has(id) ? states.get(id) : kind.initial(id), event as Event, id));
      } catch (error) {
        broken.set(
          id,
          `${event.type} at position ${event.position} cannot be folded: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
    }
  }
  const { rows } = await client.query<{ row: Row & { readonly id: string } }>(`select row_to_json(r) as row from (${fold.select}) r`, [
    [...states.keys()],
  ]);
  // Every state is a record of its fields.
  const stored = new Map(rows.map(({ row }) => [row.id, kind.rows.from_row(row) as State]));
  const folded = states as ReadonlyMap<string, State>;
  return [...folded.keys(), ...broken.keys()].flatMap(id => {
    const detail = broken.get(id) ?? compare(fold, stored.get(id), folded.get(id));
    return detail === undefined ? [] : [{ ids: [id], detail }];
  });
}

function compare(fold: Fold, stored: State | undefined, folded: State | undefined): string | undefined {
  if (stored === undefined || folded === undefined) return `no ${fold.kind} is stored`;
  return difference(fold.told(stored), fold.told(folded));
}

export function kind_to_fold(service: string, name: string): Kind<unknown, Event> {
  const known = services[service];
  const kind = known === undefined ? undefined : kind_of(known, name);
  if (kind === undefined || is_reference(kind)) throw new Error(`${service} folds no ${name}`);
  return kind;
}

const shown_length_max = 200;

/** Which fields differ, and how; undefined: none. Absent and null are the same. */
export function difference(stored: State, folded: State): string | undefined {
  const fields = [...new Set([...Object.keys(stored), ...Object.keys(folded)])].filter(field => !same(stored[field], folded[field]));
  if (fields.length === 0) return undefined;
  return fields.map(field => `${field}: ${differing(stored[field], folded[field])}`).join('; ');
}

/** Of two lists only the first places that differ: an order has many lines. */
function differing(stored: unknown, folded: unknown): string {
  if (Array.isArray(stored) && Array.isArray(folded) && stored.length === folded.length) {
    const place = stored.findIndex((one, index) => !same(one, folded[index]));
    return `[${place}] ${differing(stored[place], folded[place])}`;
  }
  if (is_record(stored) && is_record(folded)) return difference(stored, folded) ?? '';
  return `stored ${shown(stored)}, the log says ${shown(folded)}`;
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, shown_length_max);
}

function same(a: unknown, b: unknown): boolean {
  if (a === b || ((a === null || a === undefined) && (b === null || b === undefined))) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, place) => same(one, b[place]));
  if (!is_record(a) || !is_record(b)) return false;
  for (const field of Object.keys(a)) if (!same(a[field], b[field])) return false;
  for (const field of Object.keys(b)) if (!(field in a) && !same(undefined, b[field])) return false;
  return true;
}

function is_record(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
