/** The only door to time. Real in production; a simulated clock moves when the simulation or a replay says so. */
export interface Clock {
  now_ms(): number;
  /** RFC 3339, UTC, milliseconds. */
  now(): string;
  /** Resolves after `milliseconds` of this clock, or at once when the signal aborts. Never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export const real_clock: Clock = {
  now_ms: () => Date.now(),
  now: () => iso(Date.now()),
  sleep: (milliseconds, signal) =>
    new Promise(resolve => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal?.addEventListener('abort', done, { once: true });
    }),
};

export interface SimulatedClock extends Clock {
  /** Moves time forward (never back) and wakes the sleepers that are due, earliest first. */
  advance_to(milliseconds: number): void;
}

/** Real waiting is cut to nothing: sleepers wake when the driver moves the time. */
export function simulated_clock(start_ms: number): SimulatedClock {
  let now_ms = start_ms;
  const sleepers: { due_ms: number; wake: () => void }[] = [];
  return {
    now_ms: () => now_ms,
    now: () => iso(now_ms),
    sleep: (milliseconds, signal) =>
      new Promise(resolve => {
        if (signal?.aborted) return resolve();
        sleepers.push({ due_ms: now_ms + milliseconds, wake: resolve });
        signal?.addEventListener('abort', () => resolve(), { once: true });
      }),
    advance_to(to_ms) {
      now_ms = Math.max(now_ms, to_ms);
      sleepers.sort((a, b) => a.due_ms - b.due_ms);
      while (sleepers[0] !== undefined && sleepers[0].due_ms <= now_ms) sleepers.shift()?.wake();
    },
  };
}

let last_ms = Number.NaN;
let last_text = '';
/** Most calls of one batch fall into one millisecond: the text is made once. */
function iso(ms: number): string {
  if (ms !== last_ms) {
    last_ms = ms;
    last_text = new Date(ms).toISOString();
  }
  return last_text;
}
