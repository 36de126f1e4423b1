/** The only door to chance. */
import { randomFillSync } from 'node:crypto';

export interface Random {
  /** In [0, 1). */
  next(): number;
  fill(bytes: Uint8Array): void;
}

const pool = new Uint8Array(4_096);
let used = pool.length;

export const real_random: Random = {
  next: () => Math.random(),
  fill(bytes) {
    // Asking the system for 10 bytes at a time cost more than the rest of an id.
    if (used + bytes.length > pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    bytes.set(pool.subarray(used, used + bytes.length));
    used += bytes.length;
  },
};

/** Mulberry32: a small generator whose every run can be repeated from its printed seed. */
export function seeded_random(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    fill(bytes) {
      for (let i = 0; i < bytes.length; i++) bytes[i] = Math.floor(next() * 256);
    },
  };
}
