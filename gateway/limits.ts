/** Token buckets, in memory: how often one caller may ask. Several processes each count their own share. */
import type { Clock } from '../platform/clock.ts';
import { Problem } from '../platform/route.ts';

export interface Buckets {
  /** Takes one token. Throws 429 with Retry-After when there is none. */
  take(caller: string): void;
  /** Gives one back: what was counted turned out to be harmless. */
  give_back(caller: string): void;
}

const callers_max = 50_000;

/** `burst` at once, then `per_second` (a fraction for slow ones). */
export function buckets(clock: Clock, code: 'rate_limited' | 'too_many_attempts', per_second: number, burst: number): Buckets {
  const callers = new Map<string, { tokens: number; at_ms: number }>();
  const bucket_of = (caller: string) => {
    const now_ms = clock.now_ms();
    const known = callers.get(caller);
    if (known !== undefined) {
      known.tokens = Math.min(burst, known.tokens + ((now_ms - known.at_ms) / 1_000) * per_second);
      known.at_ms = now_ms;
      return known;
    }
    if (callers.size >= callers_max) forget_oldest(callers);
    const fresh = { tokens: burst, at_ms: now_ms };
    callers.set(caller, fresh);
    return fresh;
  };
  return {
    take(caller) {
      const bucket = bucket_of(caller);
      if (bucket.tokens < 1) {
        const wait_s = Math.max(1, Math.ceil((1 - bucket.tokens) / per_second));
        throw new Problem(429, code, `Too many requests; try again in ${wait_s} s.`, { headers: { 'retry-after': String(wait_s) } });
      }
      bucket.tokens -= 1;
    },
    give_back(caller) {
      const bucket = bucket_of(caller);
      bucket.tokens = Math.min(burst, bucket.tokens + 1);
    },
  };
}

/** A tenth of the callers, first come first forgotten: memory stays bounded, and a flood of new ones costs little each. */
function forget_oldest(callers: Map<string, unknown>): void {
  let left = callers_max / 10;
  for (const caller of callers.keys()) {
    if (left-- <= 0) return;
    callers.delete(caller);
  }
}
