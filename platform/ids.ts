/**
 * Ids are TypeIDs: a prefix, `_`, and a UUIDv7 in 26 characters of Crockford's base 32 (https://github.com/jetify-com/typeid).
 * A fresh id takes time and chance; a derived id is a pure function of its cause, so a repeated decision repeats its ids
 * and with them the idempotency keys that third parties saw.
 */
import { hash } from 'node:crypto';
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const suffix_length = 26;

export interface Ids {
  fresh(prefix: string): string;
}

export function ids(clock: Clock, random: Random): Ids {
  const bytes = new Uint8Array(16);
  return {
    fresh(prefix) {
      random.fill(bytes);
      write_time(bytes, clock.now_ms());
      return `${prefix}_${encode(bytes)}`;
    },
  };
}

/** The time of the cause when it is an id of ours, 74 bits of SHA-256 otherwise: sorted near its cause, equal for equal causes. */
export function derived_id(prefix: string, cause: string, ordinal: number): string {
  const bytes = hash('sha256', `${cause}/${prefix}/${ordinal}`, 'buffer').subarray(0, 16);
  const time = time_of(cause);
  if (time !== undefined) write_time(bytes, time);
  return `${prefix}_${encode(bytes)}`;
}

/** No id of this time or later sorts before it. */
export function first_id_of(prefix: string, ms: number): string {
  const bytes = new Uint8Array(16);
  write_time(bytes, ms);
  bytes[6] = 0;
  bytes[8] = 0;
  return `${prefix}_${encode(bytes)}`;
}

function write_time(bytes: Uint8Array, ms: number): void {
  bytes[0] = Math.floor(ms / 2 ** 40) & 0xff;
  bytes[1] = Math.floor(ms / 2 ** 32) & 0xff;
  bytes[2] = (ms >>> 24) & 0xff;
  bytes[3] = (ms >>> 16) & 0xff;
  bytes[4] = (ms >>> 8) & 0xff;
  bytes[5] = ms & 0xff;
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
}

/** 128 bits, the first character carries 3. */
function encode(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 2;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(buffer >> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  return text;
}

/** Milliseconds in a TypeID's first 48 bits; undefined for any other text. */
export function time_of(id: string): number | undefined {
  // `op_…#2` is the second outcome of an operation: as old as the operation.
  const suffix = id.slice(id.lastIndexOf('_') + 1).split('#', 1)[0] ?? '';
  if (suffix.length !== suffix_length) return undefined;
  let ms = 0;
  for (let i = 0; i < 10; i++) {
    const value = alphabet.indexOf(suffix[i] ?? '');
    if (value < 0) return undefined;
    ms = ms * 32 + value;
  }
  return ms;
}
