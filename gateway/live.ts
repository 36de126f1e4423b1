/**
 * GET /v1/live: the shop every second, as Server-Sent Events. However many listen, one sampler asks: it runs while somebody does, and each listener gets
 * the newest sample, so a slow one skips.
 */
import type pg from 'pg';
import Type, { type Static } from 'typebox';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Route, RouteRequest, StreamReply } from '../platform/route.ts';
import { too_many_streams } from './upstream.ts';
import { type Stuck, stuck_max, stuck_schema, type VitalsOf, vitals_schema } from './vitals.ts';

export const sample_every_ms = 1_000;
export const listeners_max = 64;
const captured_span_ms = 60_000;
/** A first look goes back so far in a log for the minute's money, and no further. */
const look_back_events = 20_000;

const sample_schema = Type.Object({
  at: Type.String(),
  services: Type.Array(Type.Interface([vitals_schema], { events_per_s: Type.Number() })),
  orders_per_s: Type.Number(),
  captured_per_minute: Type.Array(Type.Object({ currency: Type.String(), amount: Type.Integer() }), {
    description: 'Of the last 60 seconds, in minor units',
  }),
  stuck: Type.Array(stuck_schema, { description: `What does not move and should, the oldest first, at most ${stuck_max}` }),
  unavailable: Type.Array(Type.String(), { description: 'Services that did not answer' }),
});
export type Sample = Static<typeof sample_schema>;

export interface LivePorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Per service with a log, a pool that may read it. */
  readonly logs: ReadonlyMap<string, pg.Pool>;
  vitals(): Promise<{ readonly found: readonly VitalsOf[]; readonly unavailable: readonly string[] }>;
}

export function live_route(ports: LivePorts): Route {
  const feed = feed_of(ports);
  return {
    method: 'GET',
    path: '/v1/live',
    summary: 'The shop every second, as Server-Sent Events: `event: live`',
    scope: 'operations:read',
    replies: { 200: sample_schema },
    rejections: [],
    handle: async (request): Promise<StreamReply> => ({
      status: 200,
      content_type: 'text/event-stream',
      stream: feed.join(request),
    }),
  };
}

interface Feed {
  /** Counted until the client is gone, however it goes. Throws 503. */
  join(request: RouteRequest): AsyncGenerator<string>;
}

function feed_of(ports: LivePorts): Feed {
  /** Each with what wakes it, while it waits for the next sample. */
  const listeners = new Map<RouteRequest, () => void>();
  let newest: { readonly no: number; readonly text: string } | undefined;
  let running: AbortController | undefined;

  const tell = (sample: Sample) => {
    newest = { no: (newest?.no ?? 0) + 1, text: `event: live\ndata: ${JSON.stringify(sample)}\n\n` };
    for (const wake of listeners.values()) wake();
  };
  const leave = (request: RouteRequest) => {
    listeners.get(request)?.();
    listeners.delete(request);
    if (listeners.size > 0) return;
    running?.abort();
    running = undefined;
    newest = undefined;
  };
  async function* follow(request: RouteRequest): AsyncGenerator<string> {
    for (let seen = 0; listeners.has(request); ) {
      if (newest !== undefined && newest.no !== seen) {
        seen = newest.no;
        yield newest.text;
        continue;
      }
      await new Promise<void>(resolve => listeners.set(request, resolve));
    }
  }
  return {
    join(request) {
      if (listeners.size >= listeners_max) throw too_many_streams();
      if (request.signal.aborted) return follow(request);
      listeners.set(request, () => undefined);
      request.signal.addEventListener('abort', () => leave(request), { once: true });
      if (running === undefined) {
        running = new AbortController();
        void sample_until(running.signal, ports, tell);
      }
      return follow(request);
    },
  };
}

async function sample_until(over: AbortSignal, ports: LivePorts, tell: (sample: Sample) => void): Promise<void> {
  const sampler = sampler_of(ports);
  while (!over.aborted) {
    const started = ports.clock.now_ms();
    try {
      const sample = await sampler();
      if (over.aborted) return;
      tell(sample);
    } catch (error) {
      ports.logger.warn({ error }, 'a sample for /v1/live could not be taken');
    }
    await ports.clock.sleep(Math.max(0, sample_every_ms - (ports.clock.now_ms() - started)), over);
  }
}

interface Pulse {
  readonly head: number;
  readonly events: number;
  readonly orders: number;
  readonly captured: readonly { readonly at: string; readonly currency: string; readonly amount: number }[];
}

/** Rates are differences between two looks, so the first sample has none; money is of the last minute from the start. */
function sampler_of({ logs, clock, vitals }: LivePorts): () => Promise<Sample> {
  const heads = new Map<string, number>();
  let captured: Pulse['captured'] = [];
  let before_ms: number | undefined;
  return async () => {
    const now_ms = clock.now_ms();
    const since = new Date(now_ms - captured_span_ms).toISOString();
    const [{ found, unavailable }, ...pulses] = await Promise.all([
      vitals(),
      ...[...logs].map(async ([service, pool]) => ({
        service,
        pulse: await pulse_of(service, pool, heads.get(service), since).catch(() => undefined),
      })),
    ]);
    const elapsed_s = before_ms === undefined ? undefined : Math.max(0.001, (now_ms - before_ms) / 1_000);
    const rate = (count: number) => (elapsed_s === undefined ? 0 : Math.round((count / elapsed_s) * 10) / 10);
    const events = new Map<string, number>();
    let orders = 0;
    for (const { service, pulse } of pulses) {
      if (pulse === undefined) continue;
      if (heads.has(service)) {
        events.set(service, pulse.events);
        orders += pulse.orders;
      }
      heads.set(service, pulse.head);
      captured = [...captured, ...pulse.captured];
    }
    captured = captured.filter(({ at }) => Date.parse(at) > now_ms - captured_span_ms);
    before_ms = now_ms;
    return {
      at: new Date(now_ms).toISOString(),
      services: found.map(one => ({ ...one.vitals, events_per_s: rate(events.get(one.vitals.service) ?? 0) })),
      orders_per_s: rate(orders),
      captured_per_minute: sums(captured),
      stuck: oldest(found.flatMap(one => one.stuck)),
      unavailable: [
        ...new Set([...unavailable, ...pulses.filter(({ pulse }) => pulse === undefined).map(({ service }) => service)]),
      ].sort(),
    };
  };
}

/** What was appended after a position; without one, the last minute's money and the head. Money of one second and currency comes as one. */
async function pulse_of(service: string, pool: pg.Pool, after: number | undefined, since: string): Promise<Pulse> {
  const { rows } = await pool.query<Pulse>({
    name: `live.${service}`,
    text: `with seen as materialized (
        select position, type, time, data from ${service}.events
         where position > coalesce($1::bigint, (select coalesce(max(position), 0) - ${look_back_events} from ${service}.events)))
      select coalesce((select max(position) from seen), $1, 0) as head,
             (select count(*)::int from seen) as events,
             (select count(*)::int from seen where type = 'order.placed') as orders,
             coalesce((select json_agg(c) from (
               select date_trunc('second', max(time)) as at, data->>'currency' as currency, sum((data->>'amount')::bigint) as amount
                 from seen where type = 'payment.captured' and time > $2 group by date_trunc('second', time), data->>'currency') c), '[]') as captured`,
    values: [after ?? null, since],
  });
  const [pulse] = rows;
  if (pulse === undefined) throw new Error('a statement without a from gave no row');
  return pulse;
}

function sums(captured: Pulse['captured']): Sample['captured_per_minute'] {
  const by_currency = new Map<string, number>();
  for (const { currency, amount } of captured) by_currency.set(currency, (by_currency.get(currency) ?? 0) + amount);
  return [...by_currency].map(([currency, amount]) => ({ currency, amount })).sort((a, b) => a.currency.localeCompare(b.currency));
}

function oldest(stuck: readonly Stuck[]): Stuck[] {
  return stuck.toSorted((a, b) => a.since.localeCompare(b.since)).slice(0, stuck_max);
}
