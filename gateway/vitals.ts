/** How a service is right now, for the console's live page: what waits, since when, what does not move. One statement a service. */
import type pg from 'pg';
import Type, { type Static } from 'typebox';
import type { Route } from '../platform/route.ts';
import type { Lag } from '../platform/runtime.ts';
import { instant_or_null } from '../platform/service.ts';

const Instant = Type.String({ description: 'RFC 3339' });
export const stuck_schema = Type.Object({
  service: Type.String(),
  kind: Type.Union([Type.Literal('dead_letter'), Type.Literal('operation'), Type.Literal('timer'), Type.Literal('exception')]),
  id: Type.String({ description: 'As the desk knows it: /v1/dead-letters, /v1/operations, /v1/exceptions' }),
  subject: Type.String(),
  since: Instant,
  detail: Type.String(),
});
export type Stuck = Static<typeof stuck_schema>;

export const vitals_schema = Type.Object({
  service: Type.String(),
  lag: Type.Object({ events: Type.Integer(), seconds: Type.Number() }, { description: 'The worst of the logs that it hears' }),
  parked: Type.Integer({ description: 'Keys that wait because an event of theirs could not be handled' }),
  quarantined: Type.Integer({ description: 'Of those: given up until somebody redrives them' }),
  unknown_operations: Type.Integer(),
  oldest_waiting_at: Type.Union([Instant, Type.Null()], { description: 'Since when the oldest of what should move has not moved' }),
});
export type Vitals = Static<typeof vitals_schema>;

export interface VitalsOf {
  readonly vitals: Vitals;
  readonly stuck: readonly Stuck[];
}
/** A service of this process. Analytics has a lag and no schema of its own. */
export interface Patient {
  readonly name: string;
  readonly pool?: pg.Pool;
  lags(): Promise<Lag[]>;
}

export const stuck_max = 50;
/** A timer is looked for every second or so; past this it is late. */
const timer_late_s = 10;

export async function vitals_of({ name, pool, lags }: Patient, now: string): Promise<VitalsOf> {
  const [seen, rows] = await Promise.all([lags(), pool === undefined ? undefined : signs_of(name, pool, now)]);
  const lag = { events: Math.max(0, ...seen.map(one => one.events)), seconds: Math.max(0, ...seen.map(one => one.seconds)) };
  const { stuck = [], oldest_operation_at = null, ...counts } = rows ?? { parked: 0, quarantined: 0, unknown_operations: 0 };
  const since = [oldest_operation_at, ...stuck.filter(({ kind }) => kind !== 'exception').map(one => one.since)].filter(at => at !== null);
  return { vitals: { service: name, lag, ...counts, oldest_waiting_at: since.sort()[0] ?? null }, stuck };
}

interface Signs extends Pick<Vitals, 'parked' | 'quarantined' | 'unknown_operations'> {
  readonly oldest_operation_at: string | null;
  readonly stuck: readonly Stuck[];
}

async function signs_of(name: string, pool: pg.Pool, now: string): Promise<Signs> {
  const { rows } = await pool.query<Signs>({
    name: `${name}.vitals`,
    text: `with stuck as (
        (select 'dead_letter' as kind, '${name}.' || source || '.' || first_position as id, key as subject, since, reason as detail from ${name}.blocked order by since limit ${stuck_max})
        union all
        (select 'operation', op_id, subject, requested_at, kind || ', ' || provider from ${name}.operations where state = 'unknown' and not waiting order by requested_at limit ${stuck_max})
        union all
        (select 'timer', kind || ' ' || id, id, due_at, kind from ${name}.timers where due_at < $1::timestamptz - interval '${timer_late_s} seconds' order by due_at limit ${stuck_max})
        union all
        (select 'exception', e.data->>'exception_id', e.data->>'subject', e.time, coalesce(e.data->>'reason', '') from ${name}.exceptions x join ${name}.events e on e.position = x.raised
          where x.resolved is null order by x.raised desc limit ${stuck_max}))
      select (select count(*)::int from ${name}.blocked) as parked,
             (select count(*)::int from ${name}.blocked where quarantined) as quarantined,
             (select count(*)::int from ${name}.operations where state = 'unknown') as unknown_operations,
             (select min(requested_at) from ${name}.operations where state in ('requested', 'sent')) as oldest_operation_at,
             coalesce((select json_agg(json_build_object('service', '${name}', 'kind', kind, 'id', id, 'subject', subject, 'since', since, 'detail', left(detail, 200))) from stuck), '[]') as stuck`,
    values: [now],
  });
  const [signs] = rows;
  if (signs === undefined) throw new Error('a statement without a from gave no row');
  return { ...signs, stuck: signs.stuck.map(one => ({ ...one, since: instant_or_null(one.since) ?? '' })) };
}

export const vitals_path = '/internal/vitals';

/** For the gateway of a process behind one; mounted nowhere else. */
export function vitals_route(read: () => Promise<readonly VitalsOf[]>): Route {
  return {
    method: 'GET',
    path: vitals_path,
    summary: 'How the services of this process are',
    scope: 'operations:read',
    replies: { 200: Type.Object({ data: Type.Array(Type.Object({ vitals: vitals_schema, stuck: Type.Array(stuck_schema) })) }) },
    rejections: [],
    handle: async () => ({
      status: 200,
      body: { data: (await read()).map(({ vitals, stuck }) => ({ vitals: { ...vitals }, stuck: [...stuck] })) },
    }),
  };
}
