/**
 * The lane of events: what a service hears from the logs of the others, its timers that are due and the outcomes of its operations,
 * through the same write path. Its positions move in the transaction of the effects, by compare-and-swap, so effects happen exactly once and a
 * paused, superseded process changes nothing when it wakes.
 */
import type pg from 'pg';
import type { AnyService } from './batch.ts';
import { is_outage, is_race } from './database.ts';
import { write_apart } from './lanes.ts';
import type { LogReader, Marks, Slice } from './log.ts';
import type { Logger } from './logger.ts';
import { all_partitions } from './partition.ts';
import { ChangedMeanwhile, type Event, type Logged } from './service.ts';
import { command_of, commands_of } from './vault/hearing.ts';
import type { Opener } from './vault/vault.ts';
import { heard_only, type Item, type Move, type Result, Superseded, type Writer } from './write.ts';

export const poll_busy_ms = 10;
export const poll_idle_ms = 100;
export const timers_poll_ms = 200;
export const timers_max = 500;
export const blocked_poll_ms = 1_000;
export const outage_backoff_max_ms = 5_000;
/** A batch that three processes in a row began and none ended holds an event that kills: it is looked for one by one. */
export const starts_max = 3;
/** Positions of logs nobody here hears move at least this often, so that lag stays true and a restart does not read far back. */
export const silent_move_events = 5_000;

export interface LaneState {
  readonly source: string;
  /** Next read starts after this position. */
  looked_at: number;
  head: number;
  /** Time of the newest event handled, or when the log was last seen read to its end: what lag in seconds is measured from. */
  handled_time_ms: number | undefined;
}

export interface EventLanePorts {
  readonly service: AnyService;
  readonly writer: Writer;
  readonly pool: pg.Pool;
  readonly readers: readonly LogReader[];
  readonly heard: Readonly<Record<string, readonly string[]>>;
  readonly logger: Logger;
  /** Opens what these events hold sealed for this service; what is parked stays sealed. */
  opener(events: readonly Logged<Event>[]): Promise<Opener>;
  now(): string;
  now_ms(): number;
  /** Real time and waiting, also under a simulated clock: how often tables are asked does not depend on the shop's time. */
  pace_ms(): number;
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  partitions(): readonly number[];
  /** How often the table of timers is asked; often under a simulated clock, which makes a day's timers due at once. */
  readonly timers_poll_ms?: number;
}

export interface EventLane {
  /** Timers, outcomes and parked events join the next batch. */
  submit(item: Item): Promise<Result>;
  poke(): void;
  readonly sources: readonly LaneState[];
  readonly failures: number;
  /** In the middle of a batch, or with something taken and not yet decided. */
  readonly busy: boolean;
  run(signal: AbortSignal): Promise<void>;
}

interface Queued {
  readonly item: Item;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

interface Source extends LaneState {
  readonly reader: LogReader;
  readonly types: readonly string[];
  stored: Map<number, number>;
  /** The first batch after a start is counted before it runs. */
  careful: boolean;
}

interface Lane {
  readonly ports: EventLanePorts;
  readonly sources: Source[];
  readonly queue: Queued[];
  failures: number;
  working: boolean;
  ended: boolean;
  loaded_for: string;
  next_timers_ms: number;
  next_blocked_ms: number;
  readonly timers_in_flight: Set<string>;
  wake: (() => void) | undefined;
}

export function event_lane(ports: EventLanePorts): EventLane {
  const lane: Lane = {
    ports,
    sources: ports.readers.map(reader => ({
      reader,
      source: reader.source,
      types: ports.heard[reader.source] ?? [],
      looked_at: 0,
      head: 0,
      handled_time_ms: undefined,
      stored: new Map(),
      careful: true,
    })),
    queue: [],
    failures: 0,
    working: false,
    ended: false,
    loaded_for: '',
    next_timers_ms: 0,
    next_blocked_ms: 0,
    timers_in_flight: new Set(),
    wake: undefined,
  };
  const poke = () => lane.wake?.();
  return {
    sources: lane.sources,
    get busy() {
      return lane.working || lane.queue.length > 0;
    },
    get failures() {
      return lane.failures;
    },
    poke,
    submit: item =>
      new Promise((resolve, reject) => {
        if (lane.ended) return reject(new Error('stopping'));
        lane.queue.push({ item, resolve, reject });
        poke();
      }),
    run: signal => run(lane, signal),
  };
}

async function run(lane: Lane, signal: AbortSignal): Promise<void> {
  let idle_ms = poll_busy_ms;
  while (!signal.aborted) {
    try {
      lane.working = true;
      const worked = await turn(lane).finally(() => {
        lane.working = false;
      });
      lane.failures = 0;
      idle_ms = worked ? poll_busy_ms : Math.min(poll_idle_ms, idle_ms * 2);
      if (!worked) await pause(lane, idle_ms, signal);
    } catch (error) {
      await after_failure(lane, error, signal);
    }
  }
  lane.ended = true;
  for (const queued of lane.queue.splice(0)) queued.reject(new Error('stopping'));
}

/** A superseded process reads again where the others stand; an outage is no event's fault. */
async function after_failure(lane: Lane, error: unknown, signal: AbortSignal): Promise<void> {
  const { logger, service } = lane.ports;
  lane.loaded_for = '';
  lane.failures += 1;
  if (error instanceof Superseded) return logger.info({ reason: error.message }, `${service.name}: another process moved on`);
  logger.warn({ error }, `${service.name}: the event lane backs off`);
  await pause(lane, Math.min(outage_backoff_max_ms, 50 * 2 ** Math.min(lane.failures, 7)), signal);
}

async function pause(lane: Lane, milliseconds: number, signal: AbortSignal): Promise<void> {
  const waking = new AbortController();
  const woken = new Promise<void>(resolve => {
    lane.wake = resolve;
  });
  await Promise.race([woken, lane.ports.wait(milliseconds, AbortSignal.any([waking.signal, signal]))]);
  waking.abort();
  lane.wake = undefined;
}

/** One batch; false when there was nothing to do. */
async function turn(lane: Lane): Promise<boolean> {
  const partitions = lane.ports.partitions();
  if (lane.loaded_for !== partitions.join()) await load_positions(lane, partitions);
  await due_timers(lane, partitions);
  await due_parked(lane, partitions);
  const slices = await Promise.all(
    lane.sources.map(source => (partitions.length === 0 ? empty_slice(source) : source.reader.read(source.looked_at, source.types))),
  );
  mark_caught_up(lane, slices);
  const queued = lane.queue.splice(0);
  const pieces = lane.sources.map((source, index) => piece_of(source, slices[index] ?? { events: [], upto: source.looked_at }, partitions));
  const heard = pieces.some(piece => piece.items.length > 0 || piece.upto - lowest(piece.source) >= silent_move_events);
  if (!heard && queued.length === 0) {
    for (const piece of pieces) piece.source.looked_at = Math.max(piece.source.looked_at, piece.upto);
    return false;
  }
  await write_pieces(
    lane,
    pieces.filter(piece => piece.upto > lowest(piece.source)),
    queued,
  );
  return true;
}

/** Nothing new is no lag, however long ago the last event was: what comes next is late only from now on. */
function mark_caught_up(lane: Lane, slices: readonly Slice[]): void {
  for (const [index, source] of lane.sources.entries())
    if ((slices[index]?.upto ?? source.looked_at) <= source.looked_at) source.handled_time_ms = lane.ports.now_ms();
}

function empty_slice(source: Source): Slice {
  return { events: [], upto: source.looked_at };
}

function lowest(source: Source): number {
  return Math.min(...source.stored.values(), Number.MAX_SAFE_INTEGER);
}

/** A stretch of one log: its commands, and the position up to which it was looked at. */
interface Piece {
  readonly source: Source;
  readonly items: readonly Item[];
  readonly upto: number;
}

function piece_of(source: Source, slice: Slice, partitions: readonly number[]): Piece {
  const items = slice.events.flatMap(event => {
    const stored = source.stored.get(event.partition);
    // Another process has the partition, or this one has handled the event before a lease came back.
    if (stored === undefined || stored >= event.position || !partitions.includes(event.partition)) return [];
    return [event];
  });
  return {
    source,
    upto: slice.upto,
    items: items.map(event => ({ command: { type: heard_only }, cause: event.id, actor: 'system', event })),
  };
}

function moves_of(piece: Piece): Move[] {
  return [...piece.source.stored]
    .filter(([, old]) => old < piece.upto)
    .map(([partition, old]) => ({ source: piece.source.source, partition, old, new: piece.upto }));
}

async function write_pieces(lane: Lane, pieces: readonly Piece[], queued: readonly Queued[]): Promise<void> {
  const { writer } = lane.ports;
  if (pieces.some(piece => piece.source.careful)) return write_in_turn(lane, pieces, queued, write_first);
  try {
    const items = await commands_of(
      lane.ports,
      pieces.flatMap(piece => piece.items),
    );
    const results = await writer.write([...items, ...queued.map(one => one.item)], pieces.flatMap(moves_of));
    for (const piece of pieces) moved(lane, piece);
    for (const [index, one] of queued.entries())
      one.resolve(results[items.length + index] ?? { result: 'failed', error: new Error('no result') });
  } catch (error) {
    if (error instanceof Superseded || (!(error instanceof ChangedMeanwhile) && is_outage(error))) {
      lane.queue.unshift(...queued);
      throw error;
    }
    // Somebody lost a race or broke a constraint: each log for itself, in order, and the rest apart.
    await write_in_turn(lane, pieces, queued, write_piece);
  }
}

/** What was taken beside the events is not lost when a log stops them: it waits for the next turn. */
async function write_in_turn(lane: Lane, pieces: readonly Piece[], queued: readonly Queued[], write: typeof write_piece): Promise<void> {
  try {
    for (const piece of pieces) await write(lane, piece);
  } catch (error) {
    lane.queue.unshift(...queued);
    throw error;
  }
  await write_queued(lane, queued);
}

async function write_queued(lane: Lane, queued: readonly Queued[]): Promise<void> {
  if (queued.length === 0) return;
  try {
    const results = await write_apart(
      lane.ports.writer,
      queued.map(one => one.item),
    );
    for (const [index, one] of queued.entries()) one.resolve(results[index] ?? { result: 'failed', error: new Error('no result') });
  } catch (error) {
    lane.queue.unshift(...queued);
    throw error;
  }
}

/** Of a log only a prefix by position may commit. Halves until the culprit stands alone; it parks its key. */
async function write_piece(lane: Lane, piece: Piece): Promise<void> {
  const attempts_max = 3;
  let last: unknown;
  for (let attempt = 0; attempt < attempts_max; attempt++) {
    try {
      await lane.ports.writer.write(await commands_of(lane.ports, piece.items), moves_of(piece));
      return moved(lane, piece);
    } catch (error) {
      last = error;
      if (error instanceof Superseded || (!(error instanceof ChangedMeanwhile) && is_outage(error))) throw error;
      if (!(error instanceof ChangedMeanwhile) && !is_race(error)) break;
    }
  }
  const [only] = piece.items;
  if (piece.items.length <= 1) {
    if (only === undefined) throw last;
    const reason = last instanceof Error ? last.message : String(last);
    lane.ports.logger.error(
      { error: last, event_id: only.event?.id, type: only.event?.type, key: only.event?.key },
      `${lane.ports.service.name}: an event cannot be handled; its key is parked`,
    );
    await lane.ports.writer.write([{ ...only, poison: reason }], moves_of(piece));
    return moved(lane, piece);
  }
  const middle = Math.ceil(piece.items.length / 2);
  const first = piece.items.slice(0, middle);
  await write_piece(lane, { source: piece.source, items: first, upto: first.at(-1)?.event?.position ?? piece.upto });
  await write_piece(lane, { source: piece.source, items: piece.items.slice(middle), upto: piece.upto });
}

function moved(lane: Lane, piece: Piece): void {
  const { source } = piece;
  for (const [partition, position] of source.stored) if (position < piece.upto) source.stored.set(partition, piece.upto);
  source.looked_at = Math.max(source.looked_at, piece.upto);
  const last = piece.items.at(-1)?.event;
  source.handled_time_ms = last === undefined ? lane.ports.now_ms() : Date.parse(last.time);
}

/** The first batch of a log after a start is counted before it runs; after three unfinished starts its events go one by one, each counted. */
async function write_first(lane: Lane, piece: Piece): Promise<void> {
  const first = piece.items[0]?.event;
  if (!piece.source.careful || first === undefined) return write_piece(lane, piece);
  // Negative: the count of the batch, beside the counts of single events.
  const starts = await count_start(lane, piece.source.source, -first.position);
  if (starts <= starts_max) {
    await write_piece(lane, piece);
  } else {
    for (const item of piece.items) {
      const position = item.event?.position ?? 0;
      const own_starts = await count_start(lane, piece.source.source, position);
      const counted = own_starts > starts_max ? { ...item, poison: 'the process died each time it was handled' } : item;
      await write_piece(lane, { source: piece.source, upto: position, items: [counted] });
    }
    await write_piece(lane, { source: piece.source, items: [], upto: piece.upto });
  }
  piece.source.careful = false;
  await lane.ports.pool.query(`delete from ${lane.ports.service.name}.attempts where source = $1`, [piece.source.source]);
}

async function count_start(lane: Lane, source: string, position: number): Promise<number> {
  const { rows } = await lane.ports.pool.query<{ starts: number }>(
    `insert into ${lane.ports.service.name}.attempts as a (source, position, starts) values ($1, $2, 1) on conflict (source, position) do update set starts = a.starts + 1 returning starts`,
    [source, position],
  );
  return rows[0]?.starts ?? 1;
}

/** Reads where this service stands in each log; stops when a log is no longer the one the positions belong to. */
async function load_positions(lane: Lane, partitions: readonly number[]): Promise<void> {
  const { pool, service } = lane.ports;
  for (const source of lane.sources) {
    const marks = await source.reader.marks();
    await pool.query(
      `insert into ${service.name}.positions (source, partition, position, system_identifier, timeline) select $1, p, 0, $3, $4 from unnest($2::smallint[]) p on conflict do nothing`,
      [source.source, all_partitions, marks.system_identifier, marks.timeline],
    );
    const { rows } = await pool.query<{ partition: number; position: number } & Marks>(
      `select partition, position, system_identifier, timeline from ${service.name}.positions where source = $1`,
      [source.source],
    );
    const foreign = rows.find(row => row.system_identifier !== marks.system_identifier || row.timeline !== marks.timeline);
    if (foreign !== undefined) {
      throw Object.assign(
        new Error(
          `${service.name} holds positions of another ${source.source} log (cluster ${foreign.system_identifier}/${foreign.timeline}, now ${marks.system_identifier}/${marks.timeline}): a failover or restore happened. Run: node main.ts adopt ${service.name}`,
        ),
        { code: 'foreign_log' },
      );
    }
    source.stored = new Map(rows.filter(row => partitions.includes(row.partition)).map(row => [row.partition, Number(row.position)]));
    source.looked_at = partitions.length === 0 ? 0 : lowest(source);
    source.careful = true;
  }
  lane.loaded_for = partitions.join();
}

/** A timer that is due becomes a command; it goes only with the transaction that handled it. */
async function due_timers(lane: Lane, partitions: readonly number[]): Promise<void> {
  const { service, pool, pace_ms, now, logger } = lane.ports;
  if (service.timers === undefined || pace_ms() < lane.next_timers_ms) return;
  lane.next_timers_ms = pace_ms() + (lane.ports.timers_poll_ms ?? timers_poll_ms);
  const { rows } = await pool.query<{ kind: string; id: string; due_at: string }>({
    name: `${service.name}.timers.due`,
    text: `select kind, id, due_at from ${service.name}.timers where due_at <= $1 and partition = any($2) order by due_at limit ${timers_max}`,
    values: [now(), partitions],
  });
  for (const timer of rows) {
    const name = `${timer.kind} ${timer.id} ${timer.due_at}`;
    const command_of = service.timers[timer.kind];
    if (lane.timers_in_flight.has(name) || command_of === undefined) continue;
    lane.timers_in_flight.add(name);
    lane.queue.push({
      item: { command: command_of(timer), cause: `timer/${timer.kind}/${timer.id}/${timer.due_at}`, actor: 'system', timer },
      resolve(result) {
        lane.timers_in_flight.delete(name);
        if (result.result === 'failed') logger.error({ error: result.error, timer }, `${service.name}: a timer failed and is tried again`);
      },
      reject: () => lane.timers_in_flight.delete(name),
    });
  }
  if (rows.length === timers_max) lane.next_timers_ms = 0;
}

/** Parked keys whose time has come: all events of a key, in order, as one piece of the next batch. */
async function due_parked(lane: Lane, partitions: readonly number[]): Promise<void> {
  const { service, pool, pace_ms, now, writer } = lane.ports;
  if (pace_ms() < lane.next_blocked_ms) return;
  lane.next_blocked_ms = pace_ms() + blocked_poll_ms;
  const { rows } = await pool.query<{ event: Logged<Event> }>(
    `select p.event from ${service.name}.blocked b join ${service.name}.parked p using (source, key)
      where b.next_at <= $1 and not b.quarantined order by p.source, p.position limit 500`,
    [now()],
  );
  const mine = rows.map(row => row.event).filter(event => partitions.includes(event.partition));
  if (mine.length === 0) return;
  const open = await lane.ports.opener(mine);
  const items = mine.map(event => {
    const item: Item = { command: { type: heard_only }, cause: event.id, actor: 'system', event, parked: true };
    return command_of(service, item, open) ?? item;
  });
  for (const keyed of Map.groupBy(items, item => `${item.event?.source} ${item.event?.key}`).values()) {
    try {
      await writer.write(keyed, guard(lane, keyed));
    } catch (error) {
      if (error instanceof Superseded || is_outage(error)) throw error;
      const [first] = keyed;
      if (first !== undefined)
        await writer.write([{ ...first, poison: error instanceof Error ? error.message : String(error) }], guard(lane, keyed));
    }
  }
}

/** A compare-and-swap that moves nothing: a superseded process may not redrive either. */
function guard(lane: Lane, items: readonly Item[]): Move[] {
  const { source = '', partition = -1 } = items[0]?.event ?? {};
  const position = lane.sources.find(one => one.source === source)?.stored.get(partition);
  return position === undefined ? [] : [{ source, partition, old: position, new: position }];
}
