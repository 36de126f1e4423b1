/** Secrets: how keys, session ids and passwords are made, stored and compared. */
import { argon2, createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Idempotency } from '../platform/route.ts';

export type KeyType = 'secret' | 'publishable';
const prefixes: Readonly<Record<KeyType, string>> = { secret: 'sk_', publishable: 'pk_' };
const given_key_characters_min = 11;

export function random_key(type: KeyType): string {
  return prefixes[type] + random_secret();
}

/** 256 bits. */
export function random_secret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * A key made by a request. It follows from the server's secret and the request's Idempotency-Key, so the repeated request gets the same key again,
 * byte for byte, although only its hash is stored.
 */
export function derived_key(server_secret: string, type: KeyType, idempotency: Idempotency): string {
  const { principal, route, key, body_hash } = idempotency;
  return (
    prefixes[type] +
    createHmac('sha256', server_secret)
      .update(JSON.stringify(['key', principal, route, key, body_hash]))
      .digest('base64url')
  );
}

/** A key from the environment. Throws what the operator should do. */
export function check_given_key(type: KeyType, key: string): string {
  if (!key.startsWith(prefixes[type]) || key.length < given_key_characters_min || !/^[\x21-\x7e]+$/.test(key)) {
    throw new Error(
      `a ${type} key begins with ${prefixes[type]} and has at least ${given_key_characters_min} printable characters, no spaces`,
    );
  }
  return key;
}

/** What is stored of a key or session id: they are random, so a plain hash cannot be guessed back. */
export function secret_hash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

export function same_secret(a: string, b: string): boolean {
  return timingSafeEqual(secret_hash(a), secret_hash(b));
}

/** Bound to its session and stored nowhere; knowing it does not give the session away. */
export function csrf_token(session_id: string): string {
  return createHmac('sha256', session_id).update('csrf').digest('base64url');
}

/** OWASP's second choice for argon2id: 19 MiB, 2 passes; about 30 ms. */
const argon2_memory_kib = 19_456;
const argon2_passes = 2;
const salt_bytes = 16;

/** In the PHC string format, so that the parameters can grow. */
export async function password_hash(password: string): Promise<string> {
  const salt = randomBytes(salt_bytes);
  const digest = await argon2id(password, salt, argon2_memory_kib, argon2_passes);
  return `$argon2id$v=19$m=${argon2_memory_kib},t=${argon2_passes},p=1$${salt.toString('base64url')}$${digest.toString('base64url')}`;
}

/** Takes as long for a user who does not exist (`stored` undefined) as for a wrong password. */
export async function password_fits(password: string, stored: string | undefined): Promise<boolean> {
  const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=1\$([\w-]+)\$([\w-]+)$/.exec(stored ?? '');
  const [, memory = argon2_memory_kib, passes = argon2_passes, salt = 'A'.repeat(22), expected = ''] = parts ?? [];
  const digest = await argon2id(password, Buffer.from(salt, 'base64url'), Number(memory), Number(passes));
  return same_secret(digest.toString('base64url'), expected);
}

function argon2id(password: string, salt: Buffer, memory: number, passes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message: password, nonce: salt, parallelism: 1, tagLength: 32, memory, passes }, (error, digest) => {
      if (error === null) resolve(digest);
      else reject(error);
    });
  });
}
