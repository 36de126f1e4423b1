/**
 * What this process appended itself, served to its own consumers from memory; everything else is read from the table. The lanes of a service may learn of
 * their commits in another order than they committed in, and other processes append in between: so stretches of positions are kept as they come and joined
 * where they touch. Most reads of the table were by readers that had everything already: they ask it less often.
 */
import type { NewEvent } from './batch.ts';
import { type LogReader, read_events_max, read_looked_at_max, type Slice } from './log.ts';
import type { Event, Logged } from './service.ts';

/** What a process remembers of its own appends, per log. */
export const tail_events_max = 10_000;
export const tail_stretches_max = 64;
/** A reader that has all this process appended asks the table no more often: only other processes can have added something. */
export const others_poll_ms = 50;

export interface Tail {
  push(first_position: number, events: readonly NewEvent[]): void;
  /** Position of the last event this process appended; 0 before the first. */
  head(): number;
  /** `pace_ms`: real time. */
  wrap(reader: LogReader, pace_ms: () => number): LogReader;
  /** Calls back after every append of this process; returns how to stop. */
  on_append(listener: (events: readonly Logged<Event>[]) => void): () => void;
}

/** Events of consecutive positions. */
interface Stretch {
  first: number;
  events: Logged<Event>[];
}
const end_of = ({ first, events }: Stretch): number => first + events.length;

export function log_tail(source: string): Tail {
  /** By position, none touching the next. Most of the time one. */
  const stretches: Stretch[] = [];
  const listeners = new Set<(events: readonly Logged<Event>[]) => void>();
  let newest = 0;
  return {
    push(first_position, appended) {
      const events = appended.map((event, index) => ({ ...event, source, position: first_position + index }));
      newest = Math.max(newest, first_position + events.length - 1);
      insert(stretches, { first: first_position, events });
      forget(stretches);
      for (const listener of listeners) listener(events);
    },
    head: () => newest,
    on_append(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    wrap: (reader, pace_ms) => wrapped(stretches, reader, pace_ms),
  };
}

function wrapped(stretches: readonly Stretch[], reader: LogReader, pace_ms: () => number): LogReader {
  let ended_at = 0;
  let ended_ms = Number.NEGATIVE_INFINITY;
  return {
    ...reader,
    async read(after, types) {
      const stretch = stretches.findLast(({ first }) => first <= after + 1);
      if (stretch !== undefined && after + 1 < end_of(stretch)) return slice_of(stretch.events, after + 1 - stretch.first, types);
      const is_last = stretch !== undefined && stretch === stretches.at(-1);
      if (is_last && ended_at === after && pace_ms() - ended_ms < others_poll_ms) return { events: [], upto: after };
      const slice = await reader.read(after, types);
      if (slice.upto === after) {
        ended_at = after;
        ended_ms = pace_ms();
      }
      return slice;
    },
  };
}

function insert(stretches: Stretch[], added: Stretch): void {
  const before = stretches.findLastIndex(({ first }) => first < added.first);
  const left = stretches[before];
  const right = stretches[before + 1];
  if (left !== undefined && end_of(left) === added.first) {
    for (const event of added.events) left.events.push(event);
    if (right !== undefined && right.first === end_of(left)) {
      left.events = [...left.events, ...right.events];
      stretches.splice(before + 1, 1);
    }
  } else if (right !== undefined && right.first === end_of(added)) {
    right.first = added.first;
    right.events = [...added.events, ...right.events];
  } else {
    stretches.splice(before + 1, 0, added);
  }
}

/** Above a limit the oldest go, down to half of it: seldom, and then much. */
function forget(stretches: Stretch[]): void {
  let surplus = -tail_events_max;
  for (const { events } of stretches) surplus += events.length;
  if (surplus <= 0 && stretches.length <= tail_stretches_max) return;
  surplus += tail_events_max / 2;
  while (stretches[0] !== undefined && (stretches[0].events.length <= surplus || stretches.length > tail_stretches_max))
    surplus -= stretches.shift()?.events.length ?? 0;
  const [oldest] = stretches;
  if (oldest === undefined || surplus <= 0) return;
  oldest.first += surplus;
  oldest.events = oldest.events.slice(surplus);
}

function slice_of(events: readonly Logged<Event>[], offset: number, types: readonly string[]): Slice {
  const heard: Logged<Event>[] = [];
  let upto = 0;
  for (let i = offset; i < events.length && heard.length < read_events_max && i - offset < read_looked_at_max; i++) {
    const event = events[i];
    if (event === undefined) break;
    upto = event.position;
    if (types.includes(event.type)) heard.push(event);
  }
  return { events: heard, upto };
}
