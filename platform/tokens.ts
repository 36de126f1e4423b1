/** Tokens that name one order and prove themselves: a keyed hash of the order's id, so that nothing is stored and a replayed reply is byte-equal. */
import { createHmac, timingSafeEqual } from 'node:crypto';

const order_prefix = 'ord_';
type Purpose = 'ot' | 'tt';

/** `ot_…`: reads, follows, pays and cancels one order. `order_id` is `ord_…`; `secret` the server's. */
export function order_token(secret: string, order_id: string): string {
  return token('ot', secret, order_id);
}
/** `tt_…`: only shows where the parcel is (GET /v1/track). */
export function track_token(secret: string, order_id: string): string {
  return token('tt', secret, order_id);
}

/** The order a token is for; undefined when it is not one of this server's. */
export function order_of_order_token(secret: string, text: string): string | undefined {
  return order_of('ot', secret, text);
}
export function order_of_track_token(secret: string, text: string): string | undefined {
  return order_of('tt', secret, text);
}

function token(purpose: Purpose, secret: string, order_id: string): string {
  if (!order_id.startsWith(order_prefix)) throw new Error(`not the id of an order: ${order_id}`);
  return `${purpose}_${order_id.slice(order_prefix.length)}_${createHmac('sha256', secret).update(`${purpose} ${order_id}`).digest('base64url')}`;
}

function order_of(purpose: Purpose, secret: string, text: string): string | undefined {
  const id = /^[a-z]{2}_([0-9a-z]{1,64})_/.exec(text)?.[1];
  if (id === undefined) return undefined;
  const order_id = order_prefix + id;
  const given = Buffer.from(text);
  const expected = Buffer.from(token(purpose, secret, order_id));
  return given.length === expected.length && timingSafeEqual(given, expected) ? order_id : undefined;
}
