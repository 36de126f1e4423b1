/**
 * The services in one process under a seeded scheduler and a simulated clock: the real decisions, reactions and timers, with a log whose
 * deliveries are delayed, doubled and reordered between topics (never within a key of one topic), and effects that crash before or after they happened.
 * A seed and a commit give the same run again.
 */

import { createHash } from 'node:crypto';
import type { AnyService } from '../platform/batch.ts';
import { type SimulatedClock, simulated_clock } from '../platform/clock.ts';
import { next_query_ms } from '../platform/operations.ts';
import { partition_of } from '../platform/partition.ts';
import { type Random, seeded_random } from '../platform/random.ts';
import type { Command, Event, Logged, Operation, Outcome } from '../platform/service.ts';
import { type InMemory, in_memory } from '../platform/testing/in_memory.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly services: readonly AnyService[];
  /** Which service publishes an event type; reactions name types only. */
  source_of(type: string): string;
  /** The third parties: performs or answers what became of an operation, at a simulated time. */
  readonly provider: SimulatedProvider;
  readonly faults: Faults;
  refresh?(service: string, kind: string, id: string, world: World): unknown;
}

export interface SimulatedProvider {
  perform(operation: Operation, at: string): Outcome;
  query(operation: Operation, at: string): Outcome;
}

/** Probabilities, 0 to 1, and the longest delay of a delivery. */
export interface Faults {
  readonly duplicate: number;
  readonly delay_ms_max: number;
  readonly crash_before_effect: number;
  readonly crash_after_effect: number;
  readonly reply_lost: number;
}

export const no_faults: Faults = { duplicate: 0, delay_ms_max: 5, crash_before_effect: 0, crash_after_effect: 0, reply_lost: 0 };

interface Planned {
  readonly at_ms: number;
  readonly order: number;
  run(): void;
}

export interface World {
  readonly clock: SimulatedClock;
  readonly random: Random;
  readonly services: ReadonlyMap<string, InMemory>;
  /** Runs a command of a person, now. */
  ask(service: string, command: Command): ReturnType<InMemory['run']>;
  /** Plans something in the future (a shopper's next click, a webhook). */
  plan(delay_ms: number, run: () => void): void;
  /** Runs everything up to a simulated time; returns the number of steps. */
  run_until(at_ms: number): number;
  /** Every (service, transition) that was taken: `orders order placed → awaiting_payment`. */
  readonly seen_events: ReadonlyMap<string, number>;
  readonly log: readonly Logged<Event>[];
}

/** Of a whole run: every event with its id, time, cause and data, in the order in which they were published. */
export function hash_of(log: readonly Logged<Event>[]): string {
  const hash = createHash('sha256');
  for (const event of log) hash.update(`${JSON.stringify(event)}\n`);
  return hash.digest('hex').slice(0, 16);
}

const start_ms = Date.parse('2026-03-01T10:00:00.000Z');

export function create_world(options: WorldOptions): World {
  const random = seeded_random(options.seed);
  const clock = simulated_clock(start_ms);
  const planned: Planned[] = [];
  const seen_events = new Map<string, number>();
  const log: Logged<Event>[] = [];
  let ordinal = 0;

  const plan_at = (at_ms: number, run: () => void): void => {
    const entry = { at_ms: Math.max(at_ms, clock.now_ms()), order: ordinal++, run };
    // Sorted by time, then by the order of planning: the whole run is a function of the seed.
    let low = 0;
    let high = planned.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = planned[middle];
      if (other !== undefined && (other.at_ms < entry.at_ms || (other.at_ms === entry.at_ms && other.order < entry.order)))
        low = middle + 1;
      else high = middle;
    }
    planned.splice(low, 0, entry);
  };
  const chance = (probability: number) => random.next() < probability;
  const delay = () => Math.floor(random.next() * options.faults.delay_ms_max) + 1;

  const services = new Map(
    options.services.map(service => [
      service.name,
      in_memory(service, { refresh: (kind, id) => options.refresh?.(service.name, kind, id, world) }),
    ]),
  );
  const published = new Map([...services.keys()].map(name => [name, 0]));
  const armed = new Map<string, string>();
  const started = new Set<string>();
  const turns = new Map<string, number>();

  /** What a command left behind becomes the world's future. */
  const harvest = (name: string): void => {
    const service = services.get(name);
    if (service === undefined) return;
    for (const event of service.log.slice(published.get(name))) publish(name, event);
    published.set(name, service.log.length);
    for (const timer of service.timers.values()) arm(name, service, timer);
    for (const operation of service.operations.values())
      if (!started.has(`${name} ${operation.op_id}`)) start_operation(name, service, operation);
  };

  const publish = (source: string, event: Logged<Event>): void => {
    seen_events.set(event.type, (seen_events.get(event.type) ?? 0) + 1);
    log.push(event);
    for (const consumer of options.services) {
      if (consumer.reactions[event.type] === undefined || options.source_of(event.type) !== source) continue;
      deliver(consumer.name, event, chance(options.faults.duplicate) ? 2 : 1);
    }
  };

  /** In order within (consumer, source, partition); each delivery no earlier than the one before it. */
  const deliver = (consumer: string, event: Logged<Event>, times: number): void => {
    const lane = `${consumer} ${event.source} ${partition_of(event.key)}`;
    for (let time = 0; time < times; time++) {
      const at_ms = Math.max(turns.get(lane) ?? 0, clock.now_ms() + delay());
      turns.set(lane, at_ms);
      plan_at(at_ms, () => {
        services.get(consumer)?.hear(event, clock.now());
        harvest(consumer);
      });
    }
  };

  const arm = (name: string, service: InMemory, timer: { kind: string; id: string; due_at: string }): void => {
    const id = `${name} ${timer.kind} ${timer.id}`;
    if (armed.get(id) === timer.due_at) return;
    armed.set(id, timer.due_at);
    plan_at(Date.parse(timer.due_at), () => {
      if (service.timers.get(`${timer.kind} ${timer.id}`)?.due_at !== timer.due_at) return;
      armed.delete(id);
      service.fire(timer.kind, timer.id, clock.now());
      harvest(name);
    });
  };

  const start_operation = (name: string, service: InMemory, operation: Operation): void => {
    started.add(`${name} ${operation.op_id}`);
    plan_at(clock.now_ms() + delay(), () => {
      if (chance(options.faults.crash_before_effect))
        return learn(name, service, operation, { outcome: 'unknown', detail: 'crashed before the call' }, clock.now_ms());
      const outcome = options.provider.perform(operation, clock.now());
      const lost = chance(options.faults.crash_after_effect) || chance(options.faults.reply_lost);
      learn(name, service, operation, lost ? { outcome: 'unknown', detail: 'the reply was lost' } : outcome, clock.now_ms());
    });
  };

  const learn = (name: string, service: InMemory, operation: Operation, outcome: Outcome, asked_ms: number): void => {
    const current = service.operations.get(operation.op_id);
    if (current === undefined || current.state === 'succeeded' || current.state === 'failed') return;
    if (outcome.outcome === 'retryable') {
      plan_at(clock.now_ms() + 1_000, () => learn(name, service, current, options.provider.perform(current, clock.now()), clock.now_ms()));
      return;
    }
    service.outcome(operation.op_id, outcome, { at: clock.now() });
    harvest(name);
    if (outcome.outcome === 'unknown' || outcome.outcome === 'pending' || outcome.outcome === 'action_required') {
      // Nobody is here to decide after a day: it is asked on.
      plan_at(next_query_ms(asked_ms, clock.now_ms(), {}) ?? clock.now_ms() + 3_600_000, () => {
        const open = service.operations.get(operation.op_id);
        if (open !== undefined) learn(name, service, open, options.provider.query(open, clock.now()), asked_ms);
      });
    }
  };

  const world: World = {
    clock,
    random,
    services,
    seen_events,
    log,
    ask(name, command) {
      const ran = services.get(name)?.run(command, { at: clock.now(), cause: `req_${options.seed}_${ordinal++}` });
      if (ran === undefined) throw new Error(`no service ${name}`);
      harvest(name);
      return ran;
    },
    plan: (delay_ms, run) => plan_at(clock.now_ms() + delay_ms, run),
    run_until(at_ms) {
      let steps = 0;
      for (let next = planned[0]; next !== undefined && next.at_ms <= at_ms; next = planned[0]) {
        planned.shift();
        clock.advance_to(next.at_ms);
        next.run();
        steps += 1;
      }
      clock.advance_to(at_ms);
      return steps;
    },
  };
  return world;
}
