/**
 * Analytics: decides nothing, hears everything. One loop reads the logs of the deciding services in position order and writes what they say into the
 * warehouse; how far it has read is stored in the same transaction as the facts, so every event counts exactly once, whatever is killed when.
 */
import type { Clock } from '../../platform/clock.ts';
import type { LogReader } from '../../platform/log.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Lag } from '../../platform/runtime.ts';
import { type Batching, type Collected, collect, type Source, stored_positions_of } from './batch.ts';
import type { Dialect } from './dialect.ts';
import { type Verified, verify_logs } from './verify.ts';
import { open_duckdb } from './warehouses/duckdb.ts';
import type { Ask, Warehouse } from './warehouses/warehouse.ts';
import { type Watermark, watermark_of } from './watermark.ts';

export const poll_idle_ms = 500;
export const outage_backoff_max_ms = 5_000;

export interface AnalyticsPorts {
  /** The logs to hear, by `table_log` and the tails of this process where there are any. */
  readonly readers: readonly LogReader[];
  /** Where the store's file lives; one process at a time. */
  readonly folder: string;
  /** The shop's time: watermarks and lag. */
  readonly clock: Clock;
  /** Real waiting, also under a simulated clock. */
  readonly waiting: Clock;
  readonly logger: Logger;
  /** Smaller batches, for tests. */
  readonly batching?: Partial<Batching>;
}

export interface Analytics {
  /** Questions that see one moment, the watermark of that moment, and how the engine spells them. Errors: Problem 503. */
  read<T>(work: (ask: Ask, watermark: Watermark, sql: Dialect) => Promise<T>): Promise<T>;
  /** Something was appended to a log. */
  poke(): void;
  lags(): Promise<Lag[]>;
  /** Why it stopped hearing; undefined while it hears. What was applied is still answered, with a watermark that stands still. */
  readonly failure: Error | undefined;
  stop(): Promise<void>;
}

interface State {
  readonly ports: AnalyticsPorts;
  readonly warehouse: Warehouse;
  readonly batching: Batching;
  readonly stopping: AbortController;
  sources: Source[];
  /** False after an outage: what comes back may be another cluster. */
  is_verified: boolean;
  /** After a batch failed: the store is opened anew before anything else. */
  is_broken: boolean;
  failures: number;
  failure: Error | undefined;
  wake: (() => void) | undefined;
  poked: boolean;
}

/**
 * Opens the store and begins to hear. Errors: `warehouse_unavailable`, `foreign_log` when a log is no longer the one that the stored positions
 * belong to (later, while running, it stops and says so in `failure` and the log).
 */
export async function start_analytics(ports: AnalyticsPorts): Promise<Analytics> {
  const { waiting } = ports;
  const warehouse = await open_duckdb({ folder: ports.folder, breathe: () => waiting.sleep(0), sleep: waiting.sleep });
  const state: State = {
    ports,
    warehouse,
    batching: { events_max: 25_000, batch_ms: 1_000, ...ports.batching },
    stopping: new AbortController(),
    sources: [],
    is_verified: false,
    is_broken: false,
    failures: 0,
    failure: undefined,
    wake: undefined,
    poked: false,
  };
  try {
    await verify(state);
  } catch (error) {
    await warehouse.close();
    throw error;
  }
  const running = run(state);
  return {
    read: work => warehouse.read(async ask => work(ask, await watermark_of(ask, state.sources), warehouse.dialect)),
    poke: () => poke(state),
    lags: () => Promise.all(state.sources.map(source => lag_of(source, ports.clock))),
    get failure() {
      return state.failure;
    },
    async stop() {
      state.stopping.abort();
      poke(state);
      await running;
      await warehouse.close();
    },
  };
}

/** Reads where the store stands in each log, and makes sure that these are the logs it stands in. */
async function verify(state: State): Promise<void> {
  const verified: Verified[] = await verify_logs(state.ports.readers, await state.warehouse.positions(), state.ports.folder);
  state.sources = verified.map(({ reader, marks, position, at }) => ({ reader, marks, position, at, caught_up: undefined }));
  state.is_verified = true;
}

function poke(state: State): void {
  state.poked = true;
  state.wake?.();
}

async function run(state: State): Promise<void> {
  const { logger, waiting } = state.ports;
  const { signal } = state.stopping;
  while (!signal.aborted && state.failure === undefined) {
    try {
      await turn(state);
      state.failures = 0;
    } catch (error) {
      if (is_final(error)) {
        state.failure = error;
        logger.error({ error }, 'analytics stopped; its numbers stand still at their watermark');
        return;
      }
      state.is_verified = false;
      state.failures += 1;
      logger.warn({ error }, 'analytics backs off');
      await waiting.sleep(Math.min(outage_backoff_max_ms, 50 * 2 ** Math.min(state.failures, 7)), signal);
    }
  }
}

/** Trying again does not help: another log, or an event that no projection takes. Readers that need total order stop (reliability.md 2.4). */
function is_final(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && (error.code === 'foreign_log' || error.code === 'unreadable_event');
}

async function turn(state: State): Promise<void> {
  const { ports, batching, stopping } = state;
  if (state.is_broken) await state.warehouse.recover();
  state.is_broken = false;
  if (!state.is_verified) await verify(state);
  state.poked = false;
  const collected = await collect(state.sources, batching, ports, stopping.signal);
  if (collected.moved.length > 0) await write(state, collected);
  for (const { source, at } of collected.caught_up) source.caught_up = { position: source.position, at };
  if (collected.events.length === 0) await until_poked(state);
}

async function write(state: State, collected: Collected): Promise<void> {
  const { events, facts, moved } = collected;
  const positions = moved.flatMap(stored_positions_of);
  state.is_broken = true;
  await state.warehouse.apply({ events, facts, positions });
  state.is_broken = false;
  for (const { source, position, at } of moved) {
    source.position = position;
    source.at = at;
  }
}

async function until_poked(state: State): Promise<void> {
  if (state.poked) return;
  const waking = new AbortController();
  state.wake = () => waking.abort();
  await state.ports.waiting.sleep(poll_idle_ms, AbortSignal.any([waking.signal, state.stopping.signal]));
  state.wake = undefined;
}

async function lag_of({ reader, position, at }: Source, clock: Clock): Promise<Lag> {
  const head = await reader.head();
  const events = Math.max(0, head - position);
  const seconds = events === 0 || at === null ? 0 : Math.max(0, (clock.now_ms() - Date.parse(at)) / 1_000);
  return { source: reader.source, position, head, events, seconds };
}
