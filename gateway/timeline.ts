/**
 * An order's whole story: every event of every service under its key, read from the logs by their key index; nothing is stored twice. What was taken out of
 * a log is in the archive, which a door does not read: then the story says so, and how much.
 */

import type pg from 'pg';
import Type from 'typebox';
import { not_found } from '../platform/http.ts';
import type { Reply, Route } from '../platform/route.ts';
import type { Row } from '../platform/service.ts';
import { summary_of } from './summary.ts';

export interface TimelinePorts {
  /** Per service with a log, a pool that may read it. */
  readonly logs: ReadonlyMap<string, pg.Pool>;
}

const events_max = 2_000;

interface TimelineRow {
  readonly id: string;
  readonly service: string;
  readonly position: number;
  readonly at: string;
  readonly type: string;
  /** JSON, as the log's column has it. */
  readonly data: Row;
  readonly caused_by: string;
}

interface ArchivedRow {
  readonly service: string;
  readonly events: number;
  readonly first_at: string;
  readonly last_at: string;
  /** Since when the archive alone has them. */
  readonly since: string;
}

/** What of a key is no longer in the logs; undefined: nothing. */
async function archived_of(ports: TimelinePorts, key: string) {
  const rows = await Promise.all(
    [...ports.logs].map(async ([service, pool]) => {
      const { rows: found } = await pool.query<ArchivedRow>({
        name: `timeline.${service}.archived`,
        text: `select '${service}' as service, cardinality(positions) as events, first_at, last_at, dropped_at as since from ${service}.dropped_key where key = $1`,
        values: [key],
      });
      return found;
    }),
  );
  const parts = rows.flat();
  const [first, ...others] = parts;
  if (first === undefined) return undefined;
  return others.reduce(
    (all, part) => ({
      events: all.events + part.events,
      first_at: part.first_at < all.first_at ? part.first_at : all.first_at,
      last_at: part.last_at > all.last_at ? part.last_at : all.last_at,
      since: part.since > all.since ? part.since : all.since,
      services: [...all.services, part.service],
    }),
    { events: first.events, first_at: first.first_at, last_at: first.last_at, since: first.since, services: [first.service] },
  );
}

/** Oldest first; at one instant in the order a cause precedes its effect. */
export async function timeline_of(ports: TimelinePorts, key: string): Promise<TimelineRow[]> {
  const rows = await Promise.all(
    [...ports.logs].map(async ([service, pool]) => {
      const { rows: found } = await pool.query<TimelineRow>({
        name: `timeline.${service}`,
        text: `select id, '${service}' as service, position, time as at, type, data, cause as caused_by from ${service}.events where key = $1 order by position limit ${events_max}`,
        values: [key],
      });
      return found;
    }),
  );
  return by_cause(rows.flat().sort((a, b) => a.at.localeCompare(b.at) || a.position - b.position));
}

/** Equal times are common (one batch): an event goes behind the event that caused it, and behind those before it in its own log. */
export function by_cause<Told extends Pick<TimelineRow, 'id' | 'service' | 'caused_by'>>(rows: readonly Told[]): Told[] {
  const of_id = new Map(rows.map(row => [row.id, row]));
  const before = new Map<Told, Told | undefined>();
  const last = new Map<string, Told>();
  for (const row of rows) {
    before.set(row, last.get(row.service));
    last.set(row.service, row);
  }
  const seen = new Set<Told>();
  const sorted: Told[] = [];
  const place = (row: Told | undefined) => {
    if (row === undefined || seen.has(row)) return;
    seen.add(row);
    place(before.get(row));
    place(of_id.get(row.caused_by));
    sorted.push(row);
  };
  rows.forEach(place);
  return sorted;
}

/** What travels sealed to one hearer is nobody else's to read. */
function without_personal(data: Row): Row {
  const { personal, ...rest } = data;
  return personal === undefined ? data : rest;
}

export function timeline_routes(ports: TimelinePorts): Route[] {
  const entry = Type.Object({
    id: Type.String(),
    at: Type.String(),
    service: Type.String(),
    type: Type.String(),
    summary: Type.String(),
    data: Type.Object({}),
    caused_by: Type.String(),
  });
  const archived = Type.Object(
    {
      since: Type.String({ description: 'RFC 3339: since when the archive alone has them' }),
      events: Type.Integer(),
      services: Type.Array(Type.String()),
      first_at: Type.String(),
      last_at: Type.String(),
    },
    { description: 'Absent while the logs have the whole story. What is in `data` then is what they still have' },
  );
  return [
    {
      method: 'GET',
      path: '/v1/orders/:id/timeline',
      summary: 'Every event of every service about this order, oldest first',
      scope: 'orders:read',
      also: ['order'],
      replies: { 200: Type.Object({ data: Type.Array(entry), archived: Type.Optional(archived) }) },
      rejections: ['not_found'],
      async handle(request): Promise<Reply> {
        const id = request.params['id'] ?? '';
        if (request.principal.type === 'order' && request.principal.order_id !== id) throw not_found();
        const [rows, in_archive] = await Promise.all([timeline_of(ports, id), archived_of(ports, id)]);
        if (rows.length === 0 && in_archive === undefined) throw not_found();
        const data = rows.map(({ id: event_id, at, service, type, data: payload, caused_by }) => ({
          id: event_id,
          at,
          service,
          type,
          summary: summary_of(type, payload),
          data: without_personal(payload),
          caused_by,
        }));
        return { status: 200, body: { data, ...(in_archive === undefined ? {} : { archived: in_archive }) } };
      },
    },
  ];
}
