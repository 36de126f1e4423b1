/** The workers: claim what is due, post it with no transaction open, write down what came of it; all three in batches that form by themselves. */
import type pg from 'pg';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Random } from '../../platform/random.ts';
import type { Key } from '../../platform/vault/sealing.ts';
import { type Concluded, conclude, failing_max_ms } from './conclude.ts';
import type { Guard } from './guard.ts';
import { type Claimed, claim, claim_ms, disable, type Ended, write_ended } from './ledger.ts';
import { post } from './post.ts';
import { open_secret, signed_headers } from './secrets.ts';

/** Under way at a time to one endpoint: a receiver that hangs holds so many lines of this process, and nobody else's (reliability.md 105). Of all together 200, by `endpoints_max`. */
export const per_endpoint_max = 4;
/** Claimed by this process. */
export const held_max = 1_024;
/** A claimed delivery that did not get its turn within it is given back: with its attempt it would outlive its claim. */
export const turn_max_ms = 10_000;
export const attempt_timeout_ms = 15_000;
if (turn_max_ms + attempt_timeout_ms >= claim_ms) throw new Error('an attempt may outlive its claim, and then be made twice at once');
/** What ends within it is written down together. */
export const gather_ms = 3;
export const poll_ms = 250;
export const outage_backoff_ms = 1_000;
/** At the end what is under way gets so long to come to its own. */
export const stop_grace_ms = 5_000;

export interface DeliveryPorts {
  readonly pool: pg.Pool;
  readonly guard: Guard;
  readonly sealing_key: Key;
  readonly clock: Clock;
  /** Real time, also under a simulated clock. */
  readonly waiting: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** For tests in which a receiver never answers. */
  readonly timeout_ms?: number;
  /** After each attempt, for the metrics. */
  observe?(outcome: Concluded, milliseconds: number): void;
}

export interface Deliveries {
  /** Something may be due. */
  poke(): void;
  run(signal: AbortSignal): Promise<void>;
}

/** Of one endpoint. */
interface Lane {
  running: number;
  readonly queue: { readonly claimed: Claimed; readonly at_ms: number }[];
}

interface State {
  readonly ports: DeliveryPorts;
  readonly lanes: Map<string, Lane>;
  held: number;
  readonly finished: Ended[];
  readonly gone: Set<string>;
  /** Aborts what is under way when the grace is over. */
  readonly giving_up: AbortController;
  is_stopping: boolean;
  /** Called when nothing is held any more. */
  emptied: (() => void) | undefined;
  writing: Promise<void> | undefined;
  wake: (() => void) | undefined;
  poked: boolean;
}

export function deliveries(ports: DeliveryPorts): Deliveries {
  const state: State = {
    ports,
    lanes: new Map(),
    held: 0,
    finished: [],
    gone: new Set(),
    giving_up: new AbortController(),
    is_stopping: false,
    emptied: undefined,
    writing: undefined,
    wake: undefined,
    poked: false,
  };
  return { poke: () => poke(state), run: signal => run(state, signal) };
}

function poke(state: State): void {
  state.poked = true;
  state.wake?.();
}

async function run(state: State, signal: AbortSignal): Promise<void> {
  const { ports } = state;
  while (!signal.aborted) {
    state.poked = false;
    let pause_ms = poll_ms;
    try {
      const free = held_max - state.held;
      const claimed = free > 0 ? await claim(ports.pool, ports.clock.now(), free) : [];
      for (const one of claimed) take(state, one);
    } catch (error) {
      ports.logger.warn({ error }, 'webhooks: deliveries could not be claimed');
      pause_ms = outage_backoff_ms;
    }
    await until_poked(state, pause_ms, signal);
  }
  await finish(state);
}

async function until_poked(state: State, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (state.poked) return;
  const waking = new AbortController();
  state.wake = () => waking.abort();
  await state.ports.waiting.sleep(milliseconds, AbortSignal.any([waking.signal, signal]));
  state.wake = undefined;
}

function take(state: State, claimed: Claimed): void {
  const lane = state.lanes.get(claimed.endpoint_id) ?? { running: 0, queue: [] };
  state.lanes.set(claimed.endpoint_id, lane);
  lane.queue.push({ claimed, at_ms: state.ports.waiting.now_ms() });
  state.held += 1;
  advance(state, claimed.endpoint_id, lane);
}

function advance(state: State, endpoint_id: string, lane: Lane): void {
  const { waiting, clock } = state.ports;
  while (lane.running < per_endpoint_max) {
    const next = lane.queue.shift();
    if (next === undefined) break;
    if (state.is_stopping || waiting.now_ms() - next.at_ms > turn_max_ms) {
      settle(state, given_back(next.claimed, clock.now()));
      continue;
    }
    lane.running += 1;
    void attempted(state, next.claimed).then(ended => {
      lane.running -= 1;
      settle(state, ended);
      advance(state, endpoint_id, lane);
    });
  }
  if (lane.running === 0 && lane.queue.length === 0) state.lanes.delete(endpoint_id);
}

function settle(state: State, ended: Ended): void {
  state.held -= 1;
  state.finished.push(ended);
  state.writing ??= write_down(state);
  if (state.held === 0) state.emptied?.();
}

/** Never rejects: whatever goes wrong here is an attempt that failed. */
async function attempted({ ports, giving_up, gone }: State, claimed: Claimed): Promise<Ended> {
  const { clock, waiting, random, timeout_ms = attempt_timeout_ms } = ports;
  const started_ms = waiting.now_ms();
  const headers = headers_of(ports, claimed);
  const signal = AbortSignal.any([giving_up.signal, AbortSignal.timeout(timeout_ms)]);
  const answer =
    headers === undefined
      ? ({ answer: 'none', detail: 'secret_unreadable' } as const)
      : await post({ url: claimed.url, headers, body: claimed.body }, ports.guard, signal);
  if (answer.answer === 'none' && giving_up.signal.aborted) return given_back(claimed, clock.now());
  const concluded = conclude(answer, claimed.attempts, random.next());
  ports.observe?.(concluded, waiting.now_ms() - started_ms);
  if (concluded.gone) gone.add(claimed.endpoint_id);
  return ended_of(claimed, concluded, clock.now_ms());
}

function headers_of({ sealing_key, clock, logger }: DeliveryPorts, claimed: Claimed): Record<string, string> | undefined {
  const { endpoint_id, event_id, secret, previous_secret, body } = claimed;
  try {
    const secrets = [secret, ...(previous_secret === null ? [] : [previous_secret])].map(one => open_secret(sealing_key, one, endpoint_id));
    return { 'content-type': 'application/cloudevents+json; charset=utf-8', ...signed_headers(event_id, clock.now_ms(), body, secrets) };
  } catch (error) {
    logger.error({ error, endpoint_id }, 'webhooks: the secret of an endpoint cannot be opened; rotate it');
    return undefined;
  }
}

const later = (now_ms: number, milliseconds: number | undefined): string | null =>
  milliseconds === undefined ? null : new Date(now_ms + milliseconds).toISOString();

function ended_of({ id, endpoint_id, attempts }: Claimed, concluded: Concluded, now_ms: number): Ended {
  const { state, wait_ms, status = null, error = null, reply = null } = concluded;
  return {
    id,
    endpoint_id,
    attempts,
    state,
    next_at: later(now_ms, wait_ms),
    ended_at: state === 'waiting' ? null : later(now_ms, 0),
    status,
    error,
    reply,
    pause_until: later(now_ms, concluded.pause_ms),
    given_back: false,
  };
}

function given_back({ id, endpoint_id, attempts }: Claimed, now: string): Ended {
  const nothing = { ended_at: null, status: null, error: null, reply: null, pause_until: null };
  return { id, endpoint_id, attempts, state: 'waiting', next_at: now, ...nothing, given_back: true };
}

/** While one batch is written the next gathers. With the database away the claims lapse, and everything is sent once more. */
async function write_down(state: State): Promise<void> {
  const { pool, clock, waiting, logger } = state.ports;
  await waiting.sleep(gather_ms);
  while (state.finished.length > 0 || state.gone.size > 0) {
    const ended = state.finished.splice(0);
    const gone = [...state.gone];
    state.gone.clear();
    try {
      const limit = new Date(clock.now_ms() - failing_max_ms).toISOString();
      const failing = ended.length === 0 ? [] : await write_ended(pool, ended, clock.now(), limit);
      for (const id of gone) await disabled(state, id, 'gone');
      for (const id of failing) await disabled(state, id, 'failing');
    } catch (error) {
      logger.warn({ error }, 'webhooks: what became of deliveries could not be written; they are sent again');
    }
    poke(state);
  }
  state.writing = undefined;
}

/** Seldom, and each has its own transaction with the audit log. */
async function disabled({ ports }: State, id: string, reason: 'gone' | 'failing'): Promise<void> {
  if (await disable(ports.pool, id, reason, ports.clock.now()))
    ports.logger.error({ endpoint_id: id, reason }, 'a webhook endpoint was disabled; see GET /v1/exceptions');
}

async function finish(state: State): Promise<void> {
  state.is_stopping = true;
  for (const [endpoint_id, lane] of state.lanes) {
    for (const { claimed } of lane.queue.splice(0)) settle(state, given_back(claimed, state.ports.clock.now()));
    advance(state, endpoint_id, lane);
  }
  const calm = new AbortController();
  const all = new Promise<void>(resolve => {
    state.emptied = resolve;
    if (state.held === 0) resolve();
  }).then(() => calm.abort());
  await state.ports.waiting.sleep(stop_grace_ms, calm.signal);
  state.giving_up.abort();
  await all;
  await state.writing;
}
