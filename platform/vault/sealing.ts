/** AES-256-GCM (NIST SP 800-38D): a text under a key, bound to where it stands. Base64 of nonce, ciphertext and tag. */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { Random } from '../random.ts';

export const key_bytes = 32;
const algorithm = 'aes-256-gcm';
const nonce_bytes = 12;
const tag_bytes = 16;

/** As bytes a key is prepared at every use: that took 20 µs of the 33 that sealing cost. */
export type Key = KeyObject;
export function key_of(bytes: Uint8Array): Key {
  if (bytes.length !== key_bytes) throw new Error(`a key has ${key_bytes} bytes, not ${bytes.length}`);
  return createSecretKey(bytes);
}

/** Thrown when a text was not sealed with this key for this place, or was changed since. */
export class Unsealable extends Error {}

/** `place` is authenticated, not kept: who opens must name the same. Nonces are random: one key seals far fewer than 2^32 texts. */
export function seal(random: Random, key: Key, text: string | Uint8Array, place: string): string {
  const nonce = new Uint8Array(nonce_bytes);
  random.fill(nonce);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tag_bytes });
  cipher.setAAD(Buffer.from(place));
  const body = typeof text === 'string' ? cipher.update(text, 'utf8') : cipher.update(text);
  // GCM is a stream: `final` has no bytes left, only the tag to make.
  cipher.final();
  return Buffer.concat([nonce, body, cipher.getAuthTag()]).toString('base64');
}

/** Throws Unsealable. */
export function unseal(key: Key, sealed: string, place: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length < nonce_bytes + tag_bytes) throw new Unsealable('too short to be sealed');
  const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonce_bytes), { authTagLength: tag_bytes });
  decipher.setAAD(Buffer.from(place));
  decipher.setAuthTag(bytes.subarray(-tag_bytes));
  const body = decipher.update(bytes.subarray(nonce_bytes, -tag_bytes));
  try {
    decipher.final();
  } catch (cause) {
    throw new Unsealable('not sealed with this key for this place, or changed since', { cause });
  }
  return body;
}
