/**
 * What the gateway gives with every call it hands on: who asks, and that it was let in. Signed, for one call of one service, for seconds.
 * Not a JWT: one algorithm, one form, nothing in the token that says how to check it (docs/decisions/0009).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Principal, Scope } from '../platform/route.ts';

export const internal_header = 'x-cartwright-internal';
/** A call is checked when its head arrives: half of what is accepted leaves both clocks half a minute to differ. */
export const token_life_ms = 30_000;
export const token_life_max_ms = 60_000;
export const internal_secret_characters_min = 32;
const token_characters_max = 4_096;

/** What a token is good for: this method and this address, as they are on the wire. */
export interface Call {
  readonly method: string;
  readonly url: string;
}
export interface Claims {
  /** The service that is to answer. */
  readonly audience: string;
  readonly principal: Principal;
  readonly request_id: string;
}

interface Payload {
  readonly aud: string;
  /** Milliseconds since 1970. */
  readonly exp: number;
  readonly rid: string;
  readonly typ: Principal['type'];
  readonly sub: string;
  readonly scp: readonly Scope[];
  readonly ord?: string;
}

export function sign_call(secret: string, call: Call, { audience, principal, request_id }: Claims, now_ms: number): string {
  const payload: Payload = {
    aud: audience,
    exp: now_ms + token_life_ms,
    rid: request_id,
    typ: principal.type,
    sub: principal.id,
    scp: [...principal.scopes],
    ...(principal.order_id === undefined ? {} : { ord: principal.order_id }),
  };
  const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
  return `${text}.${seal(secret, call, text).toString('base64url')}`;
}

/** Undefined when it is altered, for another call, of no secret of ours, expired, or valid for longer than any of ours. The audience is the caller's to compare. */
export function read_call(secrets: readonly string[], call: Call, token: string, now_ms: number): Claims | undefined {
  if (token.length > token_characters_max) return undefined;
  const [text = '', given = '', more] = token.split('.');
  if (more !== undefined) return undefined;
  const mac = Buffer.from(given, 'base64url');
  // Decoding forgives what encoding would not write: only the one form is taken.
  if (mac.toString('base64url') !== given) return undefined;
  const known = secrets.some(secret => {
    const expected = seal(secret, call, text);
    return mac.length === expected.length && timingSafeEqual(mac, expected);
  });
  if (!known) return undefined;
  // Under our seal: written by sign_call.
  const { aud, exp, rid, typ, sub, scp, ord } = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Payload;
  if (exp <= now_ms || exp > now_ms + token_life_max_ms) return undefined;
  const principal: Principal = { type: typ, id: sub, scopes: new Set(scp), ...(ord === undefined ? {} : { order_id: ord }) };
  return { audience: aud, principal, request_id: rid };
}

function seal(secret: string, { method, url }: Call, text: string): Buffer {
  return createHmac('sha256', secret).update(`cartwright internal 1\n${method} ${url}\n${text}`).digest();
}
