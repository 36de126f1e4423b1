/** Outgoing webhooks as main sees them: routes for the door, workers beside it, numbers for the metrics. Any process with a public door runs them; several share the work. */
import type pg from 'pg';
import type { Clock } from '../../platform/clock.ts';
import type { LogReader } from '../../platform/log.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import type { Route } from '../../platform/route.ts';
import type { Lag } from '../../platform/runtime.ts';
import type { Concluded } from './conclude.ts';
import { type Deliveries, deliveries } from './deliver.ts';
import type { Guard } from './guard.ts';
import { check_marks, hear, read_standing } from './hear.ts';
import { type Census, census, clean, kept_days } from './ledger.ts';
import { notices } from './notices.ts';
import { webhook_routes } from './routes.ts';
import { sealing_key } from './secrets.ts';

export const poll_busy_ms = 20;
export const poll_idle_ms = 250;
export const outage_backoff_max_ms = 5_000;
export const clean_every_ms = 600_000;
const day_ms = 86_400_000;

export interface WebhookPorts {
  /** On the gateway's schema. */
  readonly pool: pg.Pool;
  /** Per publisher, a pool that may read its log; and its reader, with the tail of this process where there is one. */
  readonly logs: ReadonlyMap<string, pg.Pool>;
  readonly readers: readonly LogReader[];
  readonly guard: Guard;
  readonly master_key: Uint8Array;
  readonly server_secret: string;
  readonly clock: Clock;
  readonly waiting: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly timeout_ms?: number;
  fresh_id(prefix: string): string;
  base_url(): string;
}

export interface Webhooks {
  readonly routes: readonly Route[];
  start(): void;
  /** Something was appended to a log. */
  poke(): void;
  /** Empty while nobody listens. */
  lags(): Promise<Lag[]>;
  census(): Promise<Census>;
  /** Endpoints that need a person. */
  exceptions(): ReturnType<typeof notices>;
  /** Attempts of this process by what became of them, since it started. */
  attempts(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

interface State {
  readonly ports: WebhookPorts;
  readonly workers: Deliveries;
  readonly stopping: AbortController;
  /** By log: until when everything that was wanted has been heard. */
  readonly heard_at: Map<string, number>;
  wake: (() => void) | undefined;
  poked: boolean;
  failures: number;
  /** False at the start and after a failure: what comes back may be another cluster. */
  is_verified: boolean;
}

export function webhooks(ports: WebhookPorts): Webhooks {
  const counted: Record<string, number> = { delivered: 0, waiting: 0, given_up: 0 };
  const observe = ({ state }: Concluded) => {
    counted[state] = (counted[state] ?? 0) + 1;
  };
  const key = sealing_key(ports.master_key);
  const state: State = {
    ports,
    workers: deliveries({ ...ports, sealing_key: key, observe }),
    stopping: new AbortController(),
    heard_at: new Map(),
    wake: undefined,
    poked: false,
    failures: 0,
    is_verified: false,
  };
  const poke_all = () => {
    poke(state);
    state.workers.poke();
  };
  let running: readonly Promise<void>[] = [];
  return {
    routes: webhook_routes({ ...ports, sealing_key: key, changed: poke_all }),
    start() {
      const { signal } = state.stopping;
      running = [hear_on(state, signal), state.workers.run(signal), clean_up(state, signal)];
    },
    poke: () => poke(state),
    lags: () => lags_of(state),
    census: () => census(ports.pool),
    exceptions: () => notices(ports.pool),
    attempts: () => counted,
    async stop() {
      state.stopping.abort();
      await Promise.all(running);
    },
  };
}

function poke(state: State): void {
  state.poked = true;
  state.wake?.();
}

async function hear_on(state: State, signal: AbortSignal): Promise<void> {
  const { ports } = state;
  while (!signal.aborted) {
    try {
      await turn(state, signal);
      state.failures = 0;
    } catch (error) {
      state.is_verified = false;
      if (error instanceof Error && 'code' in error && error.code === 'foreign_log') {
        // What was made goes on being delivered; trying again does not help.
        ports.logger.error({ error }, 'webhooks hear nothing more');
        return;
      }
      state.failures += 1;
      ports.logger.warn({ error }, 'webhooks: the hearing backs off');
      await ports.waiting.sleep(Math.min(outage_backoff_max_ms, 50 * 2 ** Math.min(state.failures, 7)), signal);
    }
  }
}

/** While nobody listens nothing is read and nothing moves. */
async function turn(state: State, signal: AbortSignal): Promise<void> {
  const { ports } = state;
  state.poked = false;
  const standing = await read_standing(ports.pool);
  if (standing.ears.length === 0) {
    state.is_verified = false;
    state.heard_at.clear();
    return until_poked(state, poll_idle_ms, signal);
  }
  if (!state.is_verified) await check_marks(ports, standing);
  state.is_verified = true;
  const { moved, deliveries: made } = await hear(ports, standing);
  note_lag(state, standing.positions, moved);
  if (made > 0) state.workers.poke();
  // A breath between batches lets events gather: one statement for many.
  if (moved.length > 0) await ports.waiting.sleep(poll_busy_ms, signal);
  else await until_poked(state, poll_idle_ms, signal);
}

function note_lag(
  { heard_at, ports }: State,
  positions: readonly { source: string }[],
  moved: readonly { source: string; at: string | undefined }[],
): void {
  const now_ms = ports.clock.now_ms();
  for (const { source } of positions) {
    const one = moved.find(move => move.source === source);
    // Nothing new is no lag, however long ago the last event was.
    heard_at.set(source, one?.at === undefined ? now_ms : Date.parse(one.at));
  }
}

/** Appends outnumber batches: once poked is as good as a hundred times. */
async function until_poked(state: State, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (state.poked) return;
  const waking = new AbortController();
  state.wake = () => waking.abort();
  await state.ports.waiting.sleep(milliseconds, AbortSignal.any([waking.signal, signal]));
  state.wake = undefined;
}

async function lags_of({ ports, heard_at }: State): Promise<Lag[]> {
  const { ears, positions } = await read_standing(ports.pool);
  if (ears.length === 0) return [];
  return Promise.all(
    positions.map(async ({ source, position }) => {
      const head = (await ports.readers.find(reader => reader.source === source)?.head()) ?? position;
      const events = Math.max(0, head - position);
      const heard_ms = heard_at.get(source);
      return {
        source,
        position,
        head,
        events,
        seconds: events === 0 || heard_ms === undefined ? 0 : Math.max(0, (ports.clock.now_ms() - heard_ms) / 1_000),
      };
    }),
  );
}

async function clean_up({ ports }: State, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const ended_before = new Date(ports.clock.now_ms() - kept_days * day_ms).toISOString();
      while (!signal.aborted && (await clean(ports.pool, ended_before))) await ports.waiting.sleep(poll_busy_ms, signal);
    } catch (error) {
      ports.logger.warn({ error }, 'webhooks: old deliveries could not be cleaned away');
    }
    await ports.waiting.sleep(clean_every_ms, signal);
  }
}
