/**
 * Each aggregate's row is the fold of its events (domain.md 8, O6; reliability.md, E13). The one place where a service's own evolve is used:
 * what is judged here is whether the rows are what the log says, not whether the log is right.
 */
import type pg from 'pg';
import { is_reference, kind_of } from '../platform/batch.ts';
import type { Event, Kind, Row } from '../platform/service.ts';
import { type Fold, type FoldedEvent, type State, services, subject_kinds } from './kinds.ts';
import type { Found, KeyCheck } from './walks.ts';

/** One line per kind, those of a log in one walk with each other; beside running services only what the newest events changed. */
export function fold_checks(log: string): KeyCheck[] {
  return subject_kinds.flatMap(({ service, fold }) =>
    fold === undefined || service !== log
      ? []
      : [
          {
            name: 'E13',
            says: `each ${fold.kind} is the fold of its events`,
            ...(fold.those === undefined ? {} : { those: fold.those }),
            check: (client, events) => compare_folds(client, service, fold, events),
          },
        ],
  );
}

async function compare_folds(client: pg.PoolClient, service: string, fold: Fold, events: readonly FoldedEvent[]): Promise<Found[]> {
  const kind = kind_to_fold(service, fold.kind);
  const states = new Map<string, unknown>();
  const broken = new Map<string, string>();
  for (const event of events) {
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
