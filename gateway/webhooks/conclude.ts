/** What becomes of a delivery after an attempt, and of its endpoint. Pure: time and chance come in. */
import { type Answer, redacted } from './post.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Before each attempt, counted from the one before it (Standard Webhooks). The length is how often is tried. */
export const waits_ms: readonly number[] = [
  0,
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];
/** A wait is made longer by up to this part, by chance, so that what failed together does not come back together. */
export const jitter = 0.2;
/** An endpoint that has taken nothing for so long is disabled. */
export const failing_max_ms = 72 * hour;
/** A busy receiver that does not say for how long. */
export const pause_ms = 5 * second;
/** Of a Retry-After: the endpoint rests as a whole for this long at most. */
export const pause_max_ms = hour;

const busy_statuses: readonly number[] = [429, 502, 504];

export interface Concluded {
  readonly state: 'delivered' | 'waiting' | 'given_up';
  /** Of `waiting`: how long. */
  readonly wait_ms?: number;
  readonly status?: number;
  /** A code for people; absent when delivered. */
  readonly error?: string;
  readonly reply?: string;
  /** 410: whoever was there does not want to hear any more. */
  readonly gone?: true;
  /** The receiver is busy: nothing is sent to it for so long. */
  readonly pause_ms?: number;
}

/** `attempts`: how many were made, this one included. `chance`: in [0, 1). */
export function conclude(answer: Answer, attempts: number, chance: number): Concluded {
  if (answer.answer === 'none') return { ...failed(attempts, chance, 0), error: answer.detail };
  const { status, text, retry_after_ms } = answer;
  const seen = { status, ...(text === '' ? {} : { reply: redacted(text) }) };
  if (status >= 200 && status < 300) return { state: 'delivered', ...seen };
  if (status === 410) return { state: 'given_up', ...seen, error: 'gone', gone: true };
  if (!busy_statuses.includes(status)) return { ...failed(attempts, chance, 0), ...seen, error: error_of(status) };
  const rest_ms = retry_after_ms ?? pause_ms;
  return { ...failed(attempts, chance, rest_ms), ...seen, error: 'busy', pause_ms: Math.min(rest_ms, pause_max_ms) };
}

function failed(attempts: number, chance: number, at_least_ms: number): Pick<Concluded, 'state' | 'wait_ms'> {
  const wait_ms = waits_ms[attempts];
  if (wait_ms === undefined) return { state: 'given_up' };
  return { state: 'waiting', wait_ms: Math.max(at_least_ms, Math.round(wait_ms * (1 + jitter * chance))) };
}

function error_of(status: number): string {
  return status >= 300 && status < 400 ? 'redirect_not_followed' : 'refused_by_receiver';
}
