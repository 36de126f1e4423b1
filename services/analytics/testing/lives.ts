/** Generated lives of orders, as the logs would hold them: every event by its contract's type, in position order, from a seed. For tests and measurements. */
import type { EventOf, EventType, event_contracts } from '../../../contracts/index.ts';
import type { LogReader, Marks } from '../../../platform/log.ts';
import { partition_of } from '../../../platform/partition.ts';
import { seeded_random } from '../../../platform/random.ts';
import type { Event, Logged } from '../../../platform/service.ts';

type DataOf<T extends EventType> = EventOf<(typeof event_contracts)[T]>['data'];
export type Logs = ReadonlyMap<string, readonly Logged<Event>[]>;
export const log_names = ['orders', 'inventory', 'payments', 'shipping', 'suppliers'] as const;
type LogName = (typeof log_names)[number];

export interface World {
  readonly chance: () => number;
  readonly whole: (below: number) => number;
  readonly pick: <T>(from: readonly T[]) => T;
  say<T extends EventType>(log: LogName, type: T, at_ms: number, key: string, subject: string, data: DataOf<T>): void;
}

export const begin_ms = Date.parse('2026-03-01T00:00:00.000Z');
export const hour_ms = 3_600_000;
export const minute_ms = 60_000;
export const shop_days = 12;
export const skus = Array.from({ length: 15 }, (_, index) => `SKU-${index + 1}`);
export const locations = ['loc_near', 'loc_far'];
export const at = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Runs the stories, then puts what they said in the order of its time, as each service would have appended it. */
export function logs_of(seed: number, tell: (world: World) => void): Logs {
  const chance = seeded_random(seed).next;
  const whole = (below: number) => Math.floor(chance() * below);
  const said: { log: LogName; at_ms: number; no: number; type: EventType; key: string; subject: string; data: unknown }[] = [];
  tell({
    chance,
    whole,
    pick: from => {
      const picked = from[whole(from.length)];
      if (picked === undefined) throw new Error('nothing to pick from');
      return picked;
    },
    say: (log, type, at_ms, key, subject, data) =>
      void said.push({ log, at_ms: Math.floor(at_ms), no: said.length, type, key, subject, data }),
  });
  said.sort((a, b) => a.at_ms - b.at_ms || a.no - b.no);
  const logs = new Map<string, Logged<Event>[]>(log_names.map(name => [name, []]));
  const versions = new Map<string, number>();
  for (const [no, one] of said.entries()) {
    const log = logs.get(one.log) ?? [];
    const stream = `${one.log} ${one.subject}`;
    const sequence = (versions.get(stream) ?? 0) + 1;
    versions.set(stream, sequence);
    log.push({
      id: `evt_${String(no).padStart(26, '0')}`,
      type: one.type,
      key: one.key,
      partition: partition_of(one.key),
      source: one.log,
      position: log.length + 1,
      subject: one.subject,
      sequence: one.type === 'stock.levels_changed' ? null : sequence,
      time: at(one.at_ms),
      cause: 'req_00000000000000000000000000',
      data: one.data,
    });
  }
  return logs;
}

export const test_marks: Marks = { system_identifier: '7000000000000000001', timeline: '00000001' };

/** A log in memory. `upto` hides what comes after a position, as if it had not been appended yet. */
export function memory_log(
  source: string,
  events: readonly Logged<Event>[],
  options: { slice_max?: number; marks?: () => Marks; upto?: () => number } = {},
): LogReader {
  const head = () => Math.min(events.length, options.upto?.() ?? events.length);
  return {
    source,
    async read(after, types) {
      const slice = events.slice(after, Math.min(after + (options.slice_max ?? 500), head()));
      return { events: slice.filter(event => types.includes(event.type)), upto: after + slice.length };
    },
    head: async () => head(),
    marks: async () => options.marks?.() ?? test_marks,
  };
}
