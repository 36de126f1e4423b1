/** The loop that reads the logs in position order and writes what they say into a store; how far it is stands in the store, so it goes on where it was. */
import type { Clock } from '../../platform/clock.ts';
import type { LogReader } from '../../platform/log.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Event, Logged } from '../../platform/service.ts';
import { type Batching, type Collected, type Collecting, collect, type Source, stored_positions_of } from './batch.ts';
import { type Verified, verify_logs } from './verify.ts';
import type { Warehouse, Writing } from './warehouses/warehouse.ts';

export const poll_idle_ms = 500;
export const outage_backoff_max_ms = 5_000;

export interface HearingGiven {
  readonly warehouse: Warehouse;
  readonly readers: readonly LogReader[];
  /** Named in errors. */
  readonly folder: string;
  readonly clock: Clock;
  readonly waiting: Clock;
  readonly logger: Logger;
  readonly batching: Batching;
}

export interface Hearing {
  sources(): readonly Source[];
  /** Why it stopped; undefined while it hears. */
  readonly failure: Error | undefined;
  poke(): void;
  /** Does the work while nothing is written, then goes on from where the store stands. */
  while_still<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

interface State {
  readonly given: HearingGiven;
  readonly stopping: AbortController;
  sources: Source[];
  /** False after an outage: what comes back may be another cluster. */
  is_verified: boolean;
  /** The batch that is being written, while the next one is read; its failure is whoever's who waits for it. */
  writing: { readonly moved: Collected['moved']; readonly done: Promise<void> } | undefined;
  /** After a batch failed: the store is opened anew before anything else. */
  is_broken: boolean;
  failures: number;
  failure: Error | undefined;
  wake: (() => void) | undefined;
  poked: boolean;
  /** Who wants it to stand still; each is told when it does, and says when it need no longer. */
  still: { readonly reached: () => void; readonly over: Promise<void> }[];
}

/** Errors: `foreign_log` when a log is no longer the one that the stored positions belong to; later it is in `failure`, and logged. */
export async function start_hearing(given: HearingGiven): Promise<Hearing> {
  const state: State = {
    given,
    stopping: new AbortController(),
    sources: [],
    is_verified: false,
    writing: undefined,
    is_broken: false,
    failures: 0,
    failure: undefined,
    wake: undefined,
    poked: false,
    still: [],
  };
  await verify(state);
  const running = run(state);
  return {
    sources: () => state.sources,
    get failure() {
      return state.failure;
    },
    poke: () => poke(state),
    while_still: work => while_still(state, work),
    async stop() {
      state.stopping.abort();
      poke(state);
      await running;
    },
  };
}

async function while_still<T>(state: State, work: () => Promise<T>): Promise<T> {
  const [reached, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  // One that has stopped stands still.
  if (state.failure === undefined && !state.stopping.signal.aborted) {
    state.still.push({ reached: reached.resolve, over: over.promise });
    poke(state);
    await reached.promise;
  }
  try {
    return await work();
  } finally {
    over.resolve();
  }
}

/** Reads where the store stands in each log, and makes sure that these are the logs it stands in. */
async function verify(state: State): Promise<void> {
  const { readers, warehouse, folder } = state.given;
  const verified: Verified[] = await verify_logs(readers, await warehouse.positions(), folder);
  state.sources = verified.map(({ reader, marks, position, at }) => ({ reader, marks, position, at, caught_up: undefined }));
  state.is_verified = true;
}

function poke(state: State): void {
  state.poked = true;
  state.wake?.();
}

async function run(state: State): Promise<void> {
  const { signal } = state.stopping;
  while (!signal.aborted && state.failure === undefined) {
    try {
      await stand_still(state);
      await turn(state);
      state.failures = 0;
    } catch (error) {
      await after_failure(state, error);
    }
  }
  await written(state).catch(error => state.given.logger.warn({ error }, 'the last batch of analytics was not written; it is read again'));
  for (const { reached } of state.still.splice(0)) reached();
}

async function after_failure(state: State, error: unknown): Promise<void> {
  const { logger, waiting } = state.given;
  // What was read ahead is read again.
  await written(state).catch(() => undefined);
  if (is_final(error)) {
    state.failure = error;
    logger.error({ error }, 'analytics stopped; its numbers stand still at their watermark');
    return;
  }
  state.is_verified = false;
  state.failures += 1;
  logger.warn({ error }, 'analytics backs off');
  await waiting.sleep(Math.min(outage_backoff_max_ms, 50 * 2 ** Math.min(state.failures, 7)), state.stopping.signal);
}

/** Between two batches. The store may be another one afterwards. */
async function stand_still(state: State): Promise<void> {
  if (state.still.length === 0) return;
  await written(state);
  for (const { reached, over } of state.still.splice(0)) {
    if (state.is_broken) await state.given.warehouse.recover();
    state.is_broken = false;
    reached();
    await over;
    state.is_verified = false;
  }
}

/** Trying again does not help: another log, or an event that no projection takes. Readers that need total order stop (reliability.md 2.4). */
function is_final(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && (error.code === 'foreign_log' || error.code === 'unreadable_event');
}

async function turn(state: State): Promise<void> {
  const { given, stopping } = state;
  if (state.is_broken) await given.warehouse.recover();
  state.is_broken = false;
  if (!state.is_verified) await verify(state);
  state.poked = false;
  const { collected, commit } = await read_batch(given.warehouse, state.sources, {
    ...given,
    signal: stopping.signal,
    before: state.writing?.moved,
    broken: () => {
      state.is_broken = true;
    },
  });
  await written(state);
  state.writing = { moved: collected.moved, done: write(state, collected, commit) };
  // Where nothing comes behind it, nothing is read ahead.
  if (collected.events > 0) return;
  await written(state);
  if (state.still.length === 0) await until_poked(state);
}

/** The batch before is in the store. Errors: its own. */
async function written(state: State): Promise<void> {
  const { writing } = state;
  state.writing = undefined;
  await writing?.done;
}

function write(state: State, { caught_up }: Collected, commit: () => Promise<void>): Promise<void> {
  const done = (async () => {
    await commit();
    for (const { source, at } of caught_up) source.caught_up = { position: source.position, at };
  })();
  // Whoever waits for it hears of it, too.
  done.catch(() => {
    state.is_broken = true;
  });
  return done;
}

interface ReadGiven extends Omit<Collecting, 'hand_over'> {
  /** The store did not take it: `recover` before the next. */
  broken?(): void;
}

/** A batch whose events are already on their way into the store; `commit` writes what they say, and how far its sources are then. */
export async function read_batch(
  warehouse: Warehouse,
  sources: readonly Source[],
  { broken, ...collecting }: ReadGiven,
): Promise<{ readonly collected: Collected; commit(): Promise<void> }> {
  const writing = warehouse.begin();
  const hand_over = (events: readonly Logged<Event>[]) =>
    writing.events(events).catch(error => {
      broken?.();
      throw error;
    });
  try {
    const collected = await collect(sources, { ...collecting, hand_over });
    return { collected, commit: () => commit_batch(writing, collected) };
  } catch (error) {
    await writing.abandon().catch(() => broken?.());
    throw error;
  }
}

async function commit_batch(writing: Writing, { facts, moved }: Collected): Promise<void> {
  if (moved.length === 0) return writing.abandon();
  await writing.commit(facts, moved.flatMap(stored_positions_of));
  for (const { source, position, at } of moved) {
    source.position = position;
    source.at = at;
  }
}

async function until_poked(state: State): Promise<void> {
  if (state.poked) return;
  const waking = new AbortController();
  state.wake = () => waking.abort();
  await state.given.waiting.sleep(poll_idle_ms, AbortSignal.any([waking.signal, state.stopping.signal]));
  state.wake = undefined;
}
