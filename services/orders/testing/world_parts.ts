/** What the small services of world.ts share: a log of their own, read by orders (and by each other) at the reader's pace. */
import type { OrdersEvent } from '../../../contracts/index.ts';
import type { Event, Logged } from '../../../platform/service.ts';
import { test_time } from '../../../platform/testing/in_memory.ts';

/** A choice from 0 to n - 1. */
export type Choose = (n: number) => number;

export interface Speaker {
  readonly log: readonly Logged<Event>[];
  say(event: Event, subject: string): void;
}
export function speaker(source: string, order_id: string): Speaker {
  const log: Logged<Event>[] = [];
  const sequences = new Map<string, number>();
  return {
    log,
    say(event, subject) {
      const sequence = (sequences.get(subject) ?? 0) + 1;
      sequences.set(subject, sequence);
      const position = log.length + 1;
      const id = `evt_${source}_${order_id}_${position}`;
      log.push({ ...event, id, key: order_id, partition: 0, source, position, subject, sequence, time: test_time, cause: 'world' });
    },
  };
}

/** One of the small services: what it hears of orders, and what it may do of its own accord. */
export interface Part {
  readonly log: readonly Logged<Event>[];
  hear(event: OrdersEvent): void;
  /** What another part said; most ignore most of it. */
  overhear?(event: Event): void;
  /** Things it could do now; empty: it waits for others. */
  moves(): readonly (() => void)[];
}
