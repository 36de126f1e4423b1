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
  readonly events: readonly Logged<Event>[];
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

/** From where the sources stand, or will once the batch before this one is written. Empty at once when no log has anything new. Errors: the readers', and `unreadable_event`. */
export async function collect(
  sources: readonly Source[],
  { events_max, batch_ms }: Batching,
  { clock, waiting }: { readonly clock: Clock; readonly waiting: Clock },
  signal: AbortSignal,
  before: readonly Moved[] = [],
): Promise<Collected> {
  const cursors = sources.map(source => cursor_of(source, before.find(moved => moved.source === source) ?? source));
  const events: Logged<Event>[] = [];
  const facts = fact_batch();
  let began_ms: number | undefined;
  while (events.length < events_max) {
    const more = await read_round(cursors, events, facts, clock);
    if (events.length > 0) began_ms ??= waiting.now_ms();
    if (more) {
      // Slices from memory come without a pause: other work of this thread gets its turn.
      await waiting.sleep(0);
      continue;
    }
    const left_ms = began_ms === undefined ? 0 : began_ms + batch_ms - waiting.now_ms();
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

function cursor_of(source: Source, { position, at }: Pick<Moved, 'position' | 'at'>): Cursor {
  return { source, types: types_of(source.reader.source), from: position, position, at, ended_at: undefined };
}

/** One slice of each log; true when one of them was full, so that there is likely more. */
async function read_round(cursors: readonly Cursor[], events: Logged<Event>[], facts: FactBatch, clock: Clock): Promise<boolean> {
  const asked_at = clock.now();
  const slices = await Promise.all(cursors.map(({ source, types, position }) => source.reader.read(position, types)));
  let more = false;
  for (const [index, slice] of slices.entries()) {
    const cursor = cursors[index];
    if (cursor === undefined) continue;
    cursor.ended_at = slice.upto === cursor.position ? asked_at : undefined;
    more ||= slice.events.length >= read_events_max;
    for (const event of slice.events) {
      // A position is applied once, whatever a reader hands over twice.
      if (event.position <= cursor.position) continue;
      take(event, facts);
      events.push(event);
      cursor.position = event.position;
      cursor.at = event.time;
    }
    cursor.position = Math.max(cursor.position, slice.upto);
  }
  return more;
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
