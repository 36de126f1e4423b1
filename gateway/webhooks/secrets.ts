/** Signing secrets of endpoints: how they are made, kept and used (Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes). */
import { createHmac, hkdfSync } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import type { Random } from '../../platform/random.ts';
import type { Idempotency } from '../../platform/route.ts';
import { type Key, key_bytes, key_of, seal, unseal } from '../../platform/vault/sealing.ts';

/** After a rotation both secrets sign for so long: receivers change theirs within it. */
export const both_sign_hours = 24;

/**
 * Like a key of the API it follows from the server's secret and the request's Idempotency-Key: the repeated request gets it again, byte for byte, although
 * the stored reply is without it.
 */
export function derived_secret(server_secret: string, idempotency: Idempotency): string {
  const { principal, route, key, body_hash } = idempotency;
  const bytes = createHmac('sha256', server_secret).update(JSON.stringify(['webhook', principal, route, key, body_hash]));
  return `whsec_${bytes.digest('base64')}`;
}

/** A key of its own, so that nothing sealed for one purpose opens for another. */
export function sealing_key(master_key: Uint8Array): Key {
  return key_of(new Uint8Array(hkdfSync('sha256', master_key, '', 'cartwright webhook secrets', key_bytes)));
}

export function seal_secret(random: Random, key: Key, secret: string, endpoint_id: string): string {
  return seal(random, key, secret, place_of(endpoint_id));
}

/** Throws Unsealable: another master key, or a row that was changed. */
export function open_secret(key: Key, sealed: string, endpoint_id: string): string {
  return unseal(key, sealed, place_of(endpoint_id)).toString('utf8');
}

function place_of(endpoint_id: string): string {
  return `gateway.webhook_endpoints/${endpoint_id}/secret`;
}

/** Headers of one attempt. `secrets`: the first is the newer; each signs. */
export function signed_headers(id: string, at_ms: number, body: string, secrets: readonly string[]): Record<string, string> {
  const at = new Date(at_ms);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at_ms / 1_000)),
    'webhook-signature': secrets.map(secret => new Webhook(secret).sign(id, at, body)).join(' '),
  };
}
