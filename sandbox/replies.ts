/** Replies that every stand-in gives in the same form. */
import type { StandInReply } from './stand_in.ts';

export function json_reply(status: number, value: object, headers: Readonly<Record<string, string>> = {}): StandInReply {
  return { status, headers, body: JSON.stringify(value) };
}
/** `undefined` for what is not JSON. */
export function parse_json(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}
/** The error page of a proxy in front of the third party. */
export function status_reply(status: number, retry_after_s = 1): StandInReply {
  const headers: Record<string, string> = { 'content-type': 'text/html' };
  if (status === 429 || status === 503) headers['retry-after'] = String(retry_after_s);
  return { status, headers, body: `<html><body><h1>${status}</h1></body></html>` };
}
