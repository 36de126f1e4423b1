/** Collects what the logs say until it is worth a transaction: many events share one commit, so that reading keeps up on part of a core. */
import { contracts_of } from '../../contracts/index.ts';
import type { Clock } from '../../platform/clock.ts';
import { type LogReader, type Marks, read_events_max } from '../../platform/log.ts';
import { all_partitions } from '../../platform/partition.ts';
import type { Event, Logged } from '../../platform/service.ts';
import { type FactBatch, fact_batch } from './fact_batch.ts';
import { project } from './projections.ts';
import type { StoredPosition } from './warehouses/warehouse.ts';

export interface Batching {
  /** A batch ends after this many events (and the rest of the slice), or this long after its first. */
  readonly events_max: number;
  readonly batch_ms: number;
}

/** One log, and how far it is applied. */
export interface Source {
  readonly reader: LogReader;
  readonly marks: Marks;
  position: number;
  /** Time of the last event applied. */
  at: string | null;
  /** At this time nothing stood after this position. */
  caught_up: { readonly position: number; readonly at: string } | undefined;
}

export interface Moved {
  readonly source: Source;
  readonly position: number;
  readonly at: string | null;
}

export interface Collected {
  /** How many. */
  readonly events: number;
  readonly facts: FactBatch;
  readonly moved: readonly Moved[];
  readonly caught_up: readonly { readonly source: Source; readonly at: string }[];
}

/** Where one source stands in the batch being collected. */
interface Cursor {
  readonly source: Source;
  readonly types: readonly string[];
  readonly from: number;
  position: number;
  at: string | null;
  /** When it was asked and had nothing more; undefined once it had. */
  ended_at: string | undefined;
}

/** While a batch is collected its logs are looked at this often: what was just appended is still in memory, and later it is not. */
export const nap_ms = 250;
/** Other work of this thread waits so long at most; to let it run costs a millisecond. */
const breathe_after_ms = 10;

export interface Collecting {
  readonly batching: Batching;
  readonly clock: Clock;
  readonly waiting: Clock;
  readonly signal: AbortSignal;
  /** Where the sources will stand once the batch before this one is written. */
  readonly before?: readonly Moved[] | undefined;
  /** What was read, as it is read: the batch itself keeps only what it says. */
  hand_over(events: readonly Logged<Event>[]): Promise<void>;
}

/** From where the sources stand. Empty at once when no log has anything new. Errors: the readers', those of `hand_over`, and `unreadable_event`. */
export async function collect(sources: readonly Source[], collecting: Collecting): Promise<Collected> {
  const { batching, waiting, signal, before = [] } = collecting;
  const cursors = sources.map(source => cursor_of(source, before.find(moved => moved.source === source) ?? source));
  const facts = fact_batch();
  const breathe = breathing(waiting);
  let events = 0;
  let began_ms: number | undefined;
  while (events < batching.events_max) {
    const round = await read_round(cursors, facts, { ...collecting, breathe });
    events += round.events;
    if (events > 0) began_ms ??= waiting.now_ms();
    if (round.more) continue;
    const left_ms = began_ms === undefined ? 0 : began_ms + batching.batch_ms - waiting.now_ms();
    if (left_ms <= 0 || signal.aborted) break;
    await waiting.sleep(Math.min(left_ms, nap_ms), signal);
  }
  return {
    events,
    facts,
    moved: cursors.filter(({ position, from }) => position > from),
    caught_up: cursors.flatMap(({ source, ended_at }) => (ended_at === undefined ? [] : [{ source, at: ended_at }])),
  };
}

/** Lets other work of this thread run, when it has waited long enough. */
export function breathing(waiting: Clock): () => Promise<void> {
  let last_ms = waiting.now_ms();
  return async () => {
    if (waiting.now_ms() - last_ms < breathe_after_ms) return;
    await waiting.sleep(0);
    last_ms = waiting.now_ms();
  };
}

function cursor_of(source: Source, { position, at }: Pick<Moved, 'position' | 'at'>): Cursor {
  return { source, types: types_of(source.reader.source), from: position, position, at, ended_at: undefined };
}

/** One slice of each log; `more` when one of them was full, so that there is likely more. */
async function read_round(
  cursors: readonly Cursor[],
  facts: FactBatch,
  { clock, hand_over, breathe }: Collecting & { breathe(): Promise<void> },
): Promise<{ events: number; more: boolean }> {
  const asked_at = clock.now();
  const slices = await Promise.all(cursors.map(({ source, types, position }) => source.reader.read(position, types)));
  const round = { events: 0, more: false };
  for (const [index, slice] of slices.entries()) {
    const cursor = cursors[index];
    if (cursor === undefined) continue;
    cursor.ended_at = slice.upto === cursor.position ? asked_at : undefined;
    round.more ||= slice.events.length >= read_events_max;
    const events: Logged<Event>[] = [];
    for (const event of slice.events) {
      // A position is applied once, whatever a reader hands over twice.
      if (event.position <= cursor.position) continue;
      take(event, facts);
      events.push(event);
      cursor.position = event.position;
      cursor.at = event.time;
    }
    await hand_over(events);
    round.events += events.length;
    cursor.position = Math.max(cursor.position, slice.upto);
    await breathe();
  }
  return round;
}

function take(event: Logged<Event>, facts: FactBatch): void {
  try {
    project(event, facts);
  } catch (cause) {
    throw Object.assign(new Error(`${event.type} ${event.id} at position ${event.position} of ${event.source} cannot be read`, { cause }), {
      code: 'unreadable_event',
    });
  }
}

const types_by_log = new Map(Object.entries(contracts_of).map(([log, contracts]) => [log, Object.keys(contracts)]));
/** Every type a log may hold. */
function types_of(source: string): readonly string[] {
  const types = types_by_log.get(source);
  if (types === undefined) throw new Error(`no contract says what stands in the log of ${source}`);
  return types;
}

export function stored_positions_of({ source, position, at }: Moved): StoredPosition[] {
  return all_partitions.map(partition => ({ source: source.reader.source, partition, position, at, ...source.marks }));
}
