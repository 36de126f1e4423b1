/**
 * What stands before one provider, in each process: how many operations may be under way there, how many of them may be repeats, and whether it is called at
 * all. The rows wait in the table, not here: what is claimed is begun at once, so a process that dies leaves no row that looks sent and was not.
 */
import type { Operation, Outcome } from '../service.ts';
import { create_breaker, type Ill } from './breaker.ts';

export const in_flight_default_max = 32;
/** Whatever an adapter says of itself: no process has more operations claimed at one provider. */
export const claimed_max = 64;
/** Every first attempt earns a tenth of a repeat, and one that is answered costs nothing: who waited through an outage need not wait on. A provider that nobody calls gives one back each second, so that nothing waits for ever. */
export const repeat_share_ppt = 100;
export const repeats_per_s_min = 1;
export const repeats_saved_max = 32;
/** `Retry-After` is obeyed so long, by every operation of the provider. */
export const pause_max_ms = 300_000;

export interface Room {
  readonly all: number;
  /** Of them: effects that were asked for before and certainly did not happen. Questions have a schedule of their own and are not counted. */
  readonly repeats: number;
}
export interface Guard {
  room(): Room;
  /** An operation that was claimed; `end` it once. */
  begin(operation: Pick<Operation, 'state' | 'attempts'>): { end(outcome: Outcome): void };
  state(): ProviderState;
}
export interface ProviderState {
  readonly breaker: 'closed' | 'open';
  readonly reason: Ill | null;
  readonly open_since: string | null;
  readonly paused_until: string | null;
  readonly in_flight: number;
  readonly in_flight_max: number;
  readonly repeats_left: number;
  readonly p95_ms: number | null;
  readonly normal_ms: number | null;
  /** Since this process started. */
  readonly outcomes: Readonly<Partial<Record<Outcome['outcome'], number>>>;
}

export function provider_guard(options: { readonly in_flight_max?: number }, now_ms: () => number): Guard {
  const in_flight_max = Math.min(options.in_flight_max ?? in_flight_default_max, claimed_max);
  const breaker = create_breaker(now_ms);
  const budget = repeat_budget(now_ms);
  const outcomes: Partial<Record<Outcome['outcome'], number>> = {};
  let in_flight = 0;
  let paused_until_ms = 0;
  return {
    room() {
      if (now_ms() < paused_until_ms) return nowhere;
      const allowed = breaker.allows();
      if (allowed === 'none') return nowhere;
      // A probe may be any operation, or a provider that only repeats wait for would never be tried.
      if (allowed === 'one') return { all: 1, repeats: 1 };
      return { all: Math.max(0, in_flight_max - in_flight), repeats: budget.left() };
    },
    begin({ state, attempts }) {
      in_flight += 1;
      const is_repeat = state === 'requested' && attempts > 1;
      if (is_repeat) budget.spend();
      else if (state === 'requested') budget.earn();
      const call = breaker.begin();
      return {
        end(outcome) {
          in_flight -= 1;
          outcomes[outcome.outcome] = (outcomes[outcome.outcome] ?? 0) + 1;
          if (outcome.outcome === 'retryable' && outcome.after_ms !== undefined)
            paused_until_ms = Math.max(paused_until_ms, now_ms() + Math.min(outcome.after_ms, pause_max_ms));
          const failed = is_failure(outcome);
          if (is_repeat && !failed) budget.give_back();
          call.end(failed);
        },
      };
    },
    state() {
      const { ill, since_ms, p95_ms, normal_ms } = breaker.state();
      return {
        breaker: ill === null ? 'closed' : 'open',
        reason: ill,
        open_since: since_ms === null ? null : at(since_ms),
        paused_until: paused_until_ms > now_ms() ? at(paused_until_ms) : null,
        in_flight,
        in_flight_max,
        repeats_left: budget.left(),
        p95_ms,
        normal_ms: normal_ms === null ? null : Math.round(normal_ms),
        outcomes: { ...outcomes },
      };
    },
  };
}
const nowhere: Room = { all: 0, repeats: 0 };
const at = (ms: number): string => new Date(ms).toISOString();

/** A provider that answered "I do not know it", or a lie, is there all the same. */
function is_failure(outcome: Outcome): boolean {
  return outcome.outcome === 'retryable' || (outcome.outcome === 'unknown' && outcome.answered !== true);
}

/** In thousandths of a repeat: whole numbers. */
function repeat_budget(now_ms: () => number): { left(): number; earn(): void; spend(): void; give_back(): void } {
  let saved = repeats_saved_max * 1_000;
  let counted_at = now_ms();
  const add = (thousandths: number): void => {
    saved = Math.max(0, Math.min(repeats_saved_max * 1_000, saved + thousandths));
  };
  return {
    left() {
      const now = now_ms();
      add((now - counted_at) * repeats_per_s_min);
      counted_at = now;
      return Math.floor(saved / 1_000);
    },
    earn: () => add(repeat_share_ppt),
    spend: () => add(-1_000),
    give_back: () => add(1_000),
  };
}
