/** An order's whole story: every event of every service under its key, read from the logs by their key index; nothing is stored twice. */

import type pg from 'pg';
import Type from 'typebox';
import { not_found } from '../platform/http.ts';
import type { Reply, Route } from '../platform/route.ts';
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
  readonly data: Record<string, unknown>;
  readonly caused_by: string;
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

/** Equal times are common (one batch): an event goes behind the event that caused it. */
function by_cause(rows: readonly TimelineRow[]): TimelineRow[] {
  const ids = new Set(rows.map(row => row.id));
  const placed = new Set<string>();
  const sorted: TimelineRow[] = [];
  let waiting = [...rows];
  while (waiting.length > 0) {
    const held: TimelineRow[] = [];
    for (const row of waiting) {
      if (ids.has(row.caused_by) && !placed.has(row.caused_by)) {
        held.push(row);
        continue;
      }
      placed.add(row.id);
      sorted.push(row);
    }
    if (held.length === waiting.length) return [...sorted, ...held];
    waiting = held;
  }
  return sorted;
}

/** What travels sealed to one hearer is nobody else's to read. */
function without_personal(data: Record<string, unknown>): Record<string, unknown> {
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
  return [
    {
      method: 'GET',
      path: '/v1/orders/:id/timeline',
      summary: 'Every event of every service about this order, oldest first',
      scope: 'orders:read',
      also: ['order'],
      replies: { 200: Type.Object({ data: Type.Array(entry) }) },
      rejections: ['not_found'],
      async handle(request): Promise<Reply> {
        const id = request.params['id'] ?? '';
        if (request.principal.type === 'order' && request.principal.order_id !== id) throw not_found();
        const rows = await timeline_of(ports, id);
        if (rows.length === 0) throw not_found();
        const data = rows.map(({ id: event_id, at, service, type, data: payload, caused_by }) => ({
          id: event_id,
          at,
          service,
          type,
          summary: summary_of(type, payload),
          data: without_personal(payload),
          caused_by,
        }));
        // Events are JSON by their contracts.
        return { status: 200, body: { data } as unknown as Reply['body'] };
      },
    },
  ];
}
