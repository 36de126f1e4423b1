/** One service in one process: its two lanes, its readers of other logs, its timers and operations, its share of the partitions. */
import type pg from 'pg';
import type { ProviderState } from './adapters/guard.ts';
import type { AnyService } from './batch.ts';
import { aggregate_cache } from './cache.ts';
import type { Clock } from './clock.ts';
import { type EventLane, event_lane } from './consumer.ts';
import { is_outage, open_pool, open_wire, role_of, type Wire } from './database.ts';
import { database_unavailable } from './http.ts';
import { type Ids, ids } from './ids.ts';
import { type FrontLane, front_lane } from './lanes.ts';
import { cluster_marks, table_log } from './log.ts';
import type { Logger } from './logger.ts';
import { operation_runner, type Runner } from './operations.ts';
import { all_partitions } from './partition.ts';
import type { Random } from './random.ts';
import { type Desk, Problem, type Reply, type Submitted } from './route.ts';
import type { Adapter, Command, Event, Rejection, States } from './service.ts';
import { log_tail, type Tail } from './tail.ts';
import type { ServiceVault } from './vault/vault.ts';
import { create_writer, type Result } from './write.ts';

export const member_beat_ms = 1_000;
export const member_gone_s = 5;
/** A stop waits so long for calls to third parties that are under way. */
export const flights_finish_ms = 5_000;
export const operations_poll_ms = 200;
export const operations_poll_idle_ms = 500;
const read_pool_max = 4;

export interface RuntimePorts {
  readonly service: AnyService;
  readonly url: string;
  /** Where the other services' logs are, and which of their events this one hears. */
  readonly source_urls: Readonly<Record<string, string>>;
  readonly heard: Readonly<Record<string, readonly string[]>>;
  readonly vault: ServiceVault;
  /** Shared by the services of a process: what one appends the others may read from memory. */
  readonly tails: Map<string, Tail>;
  readonly adapters: Readonly<Record<string, Adapter>>;
  readonly clock: Clock;
  /** Real waiting; the domain's clock may be simulated. */
  readonly waiting: Clock;
  readonly random: Random;
  readonly logger: Logger;
  problem_reply(rejection: Rejection, request_id: string): Reply;
  readonly freeze?: boolean;
  readonly timers_poll_ms?: number;
  /** Divides the times after which a provider is asked what became of an operation. */
  readonly haste?: number;
}

export interface Lag {
  readonly source: string;
  readonly position: number;
  readonly head: number;
  readonly events: number;
  readonly seconds: number;
}

export interface Runtime {
  readonly service: AnyService;
  readonly pool: pg.Pool;
  readonly desk: Desk<States, Command, Event, Rejection>;
  readonly front: FrontLane;
  readonly events: EventLane;
  readonly tail: Tail;
  readonly partitions: () => readonly number[];
  lags(): Promise<Lag[]>;
  /** How this process finds the third parties that the service calls. */
  providers(): ReadonlyMap<string, ProviderState>;
  /** True when this process has nothing under way and has heard all that this process said; from memory. */
  idle(): boolean;
  /** Finishes what was taken, within the lanes' own limits, and closes every connection. */
  stop(): Promise<void>;
}

export function tail_of(tails: Map<string, Tail>, source: string): Tail {
  const tail = tails.get(source) ?? log_tail(source);
  tails.set(source, tail);
  return tail;
}

export async function start_runtime(ports: RuntimePorts): Promise<Runtime> {
  const { service, logger } = ports;
  const role = role_of(service.name);
  const pool = open_pool(ports.url, role, read_pool_max);
  const source_pools = open_source_pools(ports, pool, role);
  const tail = tail_of(ports.tails, service.name);
  const fresh = ids(ports.clock, ports.random);
  /** First no operation is started any more, then no event is taken. */
  const finishing = new AbortController();
  const stopping = new AbortController();
  const runner_wake = { wake: (): void => undefined };
  await claim_log(pool, service.name);

  const cache = aggregate_cache();
  const writer_of = (wire: () => Promise<Wire>) =>
    create_writer({
      service,
      wire,
      tail,
      vault: ports.vault,
      cache,
      now: ports.clock.now,
      event_id: () => fresh.fresh('evt'),
      on_commit: written => {
        if (written.operations > 0) runner_wake.wake();
      },
      ...(ports.freeze === true ? { freeze: true } : {}),
    });
  const front_wire = kept_wire(ports.url, role);
  const event_wire = kept_wire(ports.url, role);
  const front = front_lane(writer_of(front_wire.get));
  const members = membership(pool, service.name, fresh.fresh('prc'), logger);
  await members.beat();
  const readers = Object.keys(ports.heard).map(source => {
    const reader = table_log(source, source_pools.get(source) ?? pool);
    return ports.tails.has(source) || ports.url === ports.source_urls[source]
      ? tail_of(ports.tails, source).wrap(reader, ports.waiting.now_ms)
      : reader;
  });
  const events = event_lane({
    service,
    writer: writer_of(event_wire.get),
    pool,
    readers,
    heard: ports.heard,
    logger,
    opener: events => ports.vault.opener(source_pools, events),
    now: ports.clock.now,
    now_ms: ports.clock.now_ms,
    pace_ms: ports.waiting.now_ms,
    wait: ports.waiting.sleep,
    partitions: members.partitions,
    ...(ports.timers_poll_ms === undefined ? {} : { timers_poll_ms: ports.timers_poll_ms }),
  });
  const unlisten = Object.keys(ports.heard).map(source => tail_of(ports.tails, source).on_append(() => events.poke()));
  const runner = Object.keys(ports.adapters).length === 0 ? undefined : runner_of(ports, pool, events);

  const loops = [
    events.run(stopping.signal),
    beat_loop(members, ports.waiting, stopping.signal),
    ...(runner === undefined ? [] : [runner_loop(runner, runner_wake, ports, finishing.signal)]),
  ];
  return {
    service,
    pool,
    front,
    events,
    tail,
    partitions: members.partitions,
    desk: desk_of(ports, pool, front, tail, fresh),
    lags: () => lags_of(events, readers, ports.clock),
    providers: () => runner?.providers() ?? new Map(),
    idle: () =>
      front.waiting === 0 && !events.busy && events.sources.every(source => source.looked_at >= tail_of(ports.tails, source.source).head()),
    async stop() {
      await front.close();
      finishing.abort();
      runner_wake.wake();
      if (runner !== undefined) await within(ports.waiting, flights_finish_ms, runner.idle());
      stopping.abort();
      events.poke();
      await Promise.all(loops);
      // What is still under way finds nobody to tell: it is unknown, and asked about after its deadline.
      await runner?.idle();
      for (const stop_listening of unlisten) stop_listening();
      await members.leave();
      await Promise.all([front_wire.close(), event_wire.close(), ...[...new Set([pool, ...source_pools.values()])].map(one => one.end())]);
    },
  };
}

/** Resolves with the promise, or after so long. */
async function within(waiting: Clock, milliseconds: number, promise: Promise<void>): Promise<void> {
  const over = new AbortController();
  await Promise.race([promise, waiting.sleep(milliseconds, over.signal)]);
  over.abort();
}

function open_source_pools(ports: RuntimePorts, own: pg.Pool, role: string): Map<string, pg.Pool> {
  const by_url = new Map<string, pg.Pool>([[ports.url, own]]);
  return new Map(
    Object.keys(ports.heard).map(source => {
      const url = ports.source_urls[source] ?? ports.url;
      const pool = by_url.get(url) ?? open_pool(url, role, read_pool_max);
      by_url.set(url, pool);
      return [source, pool];
    }),
  );
}

/** The log says which cluster it was written in; after a failover or a restore nothing is appended until an operator adopts it. */
async function claim_log(pool: pg.Pool, schema: string): Promise<void> {
  const marks = await cluster_marks(pool);
  await pool.query(
    `insert into ${schema}.log_epoch (epoch, system_identifier, timeline, floor) select 1, $1, $2, 0 where not exists (select 1 from ${schema}.log_epoch) on conflict do nothing`,
    [marks.system_identifier, marks.timeline],
  );
  const { rows } = await pool.query<{ system_identifier: string; timeline: string }>(
    `select system_identifier, timeline from ${schema}.log_epoch order by epoch desc limit 1`,
  );
  const [known] = rows;
  if (known?.system_identifier === marks.system_identifier && known.timeline === marks.timeline) return;
  throw Object.assign(
    new Error(
      `the log of ${schema} belongs to cluster ${known?.system_identifier}/${known?.timeline}, this is ${marks.system_identifier}/${marks.timeline}: a failover or restore happened. Run: node main.ts adopt ${schema}`,
    ),
    { code: 'foreign_log' },
  );
}

/** One connection, opened again when it broke. A connection to another cluster than the log's is refused. */
function kept_wire(url: string, role: string): { get(): Promise<Wire>; close(): Promise<void> } {
  let wire: Wire | undefined;
  return {
    async get() {
      if (wire === undefined || wire.broken) {
        await wire?.close().catch(() => undefined);
        wire = await open_wire(url, role);
      }
      return wire;
    },
    async close() {
      await wire?.close().catch(() => undefined);
    },
  };
}

interface Membership {
  beat(): Promise<void>;
  leave(): Promise<void>;
  partitions(): readonly number[];
}

/** Processes seen lately share the partitions by rank. This only avoids waste: safety is the compare-and-swap of positions. */
function membership(pool: pg.Pool, schema: string, process_id: string, logger: Logger): Membership {
  let mine: readonly number[] = [];
  return {
    partitions: () => mine,
    async beat() {
      try {
        const { rows } = await pool.query<{ process_id: string }>({
          name: `${schema}.members.beat`,
          text: `with me as (insert into ${schema}.members (process_id, started_at, seen_at) values ($1, now(), now()) on conflict (process_id) do update set seen_at = now()),
                      gone as (delete from ${schema}.members where seen_at < now() - interval '${member_gone_s * 12} seconds')
                 select $1 as process_id union select process_id from ${schema}.members where seen_at > now() - interval '${member_gone_s} seconds' order by 1`,
          values: [process_id],
        });
        const rank = rows.findIndex(row => row.process_id === process_id);
        mine = all_partitions.filter(partition => partition % rows.length === rank);
      } catch (error) {
        logger.warn({ error }, `${schema}: the members table does not answer`);
      }
    },
    async leave() {
      await pool.query(`delete from ${schema}.members where process_id = $1`, [process_id]).catch(() => undefined);
    },
  };
}

async function beat_loop(members: Membership, waiting: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await waiting.sleep(member_beat_ms, signal);
    if (!signal.aborted) await members.beat();
  }
}

function runner_of(ports: RuntimePorts, pool: pg.Pool, events: EventLane): Runner {
  return operation_runner({
    schema: ports.service.name,
    pool,
    logger: ports.logger,
    adapters: ports.adapters,
    now_ms: ports.clock.now_ms,
    random: ports.random.next,
    submit: events.submit,
    ...(ports.haste === undefined ? {} : { haste: ports.haste }),
    command_of(operation, outcome) {
      const command_of = ports.service.outcomes?.[operation.kind];
      if (command_of === undefined) throw new Error(`${ports.service.name} has no outcome for operation kind ${operation.kind}`);
      return command_of(operation, outcome);
    },
  });
}

async function runner_loop(runner: Runner, poke: { wake: () => void }, ports: RuntimePorts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let started = 0;
    try {
      started = await runner.turn();
    } catch (error) {
      ports.logger.warn({ error }, `${ports.service.name}: operations could not be claimed`);
    }
    const woken = new Promise<void>(resolve => {
      poke.wake = resolve;
    });
    const waking = new AbortController();
    await Promise.race([woken, ports.waiting.sleep(started > 0 ? 10 : operations_poll_ms, AbortSignal.any([waking.signal, signal]))]);
    waking.abort();
  }
}

function desk_of(ports: RuntimePorts, pool: pg.Pool, front: FrontLane, tail: Tail, fresh: Ids): Runtime['desk'] {
  const { service, clock } = ports;
  return {
    async submit(command, { request, respond, reject }) {
      const result = await front.submit({
        command,
        cause: fresh.fresh('req'),
        actor: `${request.principal.type}:${request.principal.id}`,
        ...(request.idempotency === undefined ? {} : { idempotency: request.idempotency, waiting: (request.wait_s ?? 0) > 0 }),
        ...(respond === undefined ? {} : { respond }),
        reject: reject ?? (rejection => ports.problem_reply(rejection, request.request_id)),
      });
      return submitted(result);
    },
    async query<T extends object>(name: string, text: string, values: readonly unknown[] = []) {
      const { rows } = await answered(pool.query<T>({ name: `${service.name}.${name}`, text, values: [...values] }));
      return rows;
    },
    async amend_reply({ principal, route, key }, reply) {
      const amend = pool.query({
        name: `${service.name}.idempotency.amend`,
        text: `update ${service.name}.idempotency set status = $4, body = $5, waiting = false where principal = $1 and route = $2 and key = $3`,
        values: [principal, route, key, reply.status, JSON.stringify(reply.body)],
      });
      await answered(amend);
    },
    heard: (key, milliseconds) => heard(tail, ports.waiting, key, milliseconds),
    now: clock.now,
    fresh_id: fresh.fresh,
  };
}

/** A database that is away is the caller's 503, whatever form the driver's error has. */
async function answered<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw is_outage(error) ? database_unavailable(error) : error;
  }
}

function submitted(result: Result): Submitted<Event, Rejection> {
  if (result.result === 'failed') throw result.error;
  if (result.result === 'parked') throw new Problem(500, 'internal', 'The command could not be handled.');
  return result;
}

function heard(tail: Tail, waiting: Clock, key: string, milliseconds: number): Promise<void> {
  return new Promise(resolve => {
    const done = new AbortController();
    const stop = tail.on_append(events => {
      if (events.some(event => event.key === key)) finish();
    });
    const finish = () => {
      stop();
      done.abort();
      resolve();
    };
    void waiting.sleep(milliseconds, done.signal).then(finish);
  });
}

async function lags_of(events: EventLane, readers: readonly { source: string; head(): Promise<number> }[], clock: Clock): Promise<Lag[]> {
  return Promise.all(
    events.sources.map(async source => {
      const head = (await readers.find(reader => reader.source === source.source)?.head()) ?? 0;
      const behind = Math.max(0, head - source.looked_at);
      const seconds =
        behind === 0 || source.handled_time_ms === undefined ? 0 : Math.max(0, (clock.now_ms() - source.handled_time_ms) / 1000);
      return { source: source.source, position: source.looked_at, head, events: behind, seconds };
    }),
  );
}
