/** EasyPost's API v2 as the adapter uses it: what its replies must contain, and what its errors mean. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { optional } from '../../../contracts/envelope.ts';
import { call, call_json, type JsonAnswer, json_body, outcome_of } from '../../../platform/adapters/call.ts';
import type { Stop } from './stop.ts';

export const reply_bytes_max = 2 * 1024 * 1024;
const detail_length_max = 500;

/** Of each object only what is used; more is ignored, and enums stay texts. */
const RateReply = Type.Object({
  id: Type.String({ minLength: 1 }),
  carrier: Type.String(),
  service: Type.String(),
  rate: Type.String(),
  currency: Type.String(),
  delivery_days: optional(Type.Number()),
});
const PostageLabel = Type.Object({
  label_url: optional(Type.String()),
  label_file_type: optional(Type.String()),
  label_pdf_url: optional(Type.String()),
  label_zpl_url: optional(Type.String()),
});
const ShipmentReply = Type.Object({
  id: Type.String({ minLength: 1 }),
  reference: optional(Type.String()),
  rates: Type.Array(RateReply),
  messages: optional(Type.Array(Type.Object({ carrier: optional(Type.String()), message: optional(Type.Unknown()) }))),
  tracking_code: optional(Type.String()),
  selected_rate: optional(RateReply),
  postage_label: optional(PostageLabel),
  tracker: optional(Type.Object({ public_url: optional(Type.String()) })),
  refund_status: optional(Type.String()),
});
const TrackerReply = Type.Object({
  id: Type.String(),
  tracking_code: Type.String({ minLength: 1 }),
  status: Type.String(),
  carrier: Type.String(),
  updated_at: optional(Type.String()),
  signed_by: optional(Type.String()),
  est_delivery_date: optional(Type.String()),
  shipment_id: optional(Type.String()),
  is_return: optional(Type.Boolean()),
  tracking_details: Type.Array(
    Type.Object({
      status: Type.String(),
      status_detail: optional(Type.String()),
      datetime: Type.String(),
      tracking_location: optional(
        Type.Object({ city: optional(Type.String()), state: optional(Type.String()), country: optional(Type.String()) }),
      ),
    }),
  ),
});
export type EasyPostRate = Type.Static<typeof RateReply>;
export type EasyPostShipment = Type.Static<typeof ShipmentReply>;
export type EasyPostTracker = Type.Static<typeof TrackerReply>;

export const shipment_reply = Compile(ShipmentReply);
export const rates_reply = Compile(Type.Object({ rates: Type.Array(RateReply) }));
export const shipments_reply = Compile(Type.Object({ shipments: Type.Array(ShipmentReply), has_more: Type.Boolean() }));
export const tracker_reply = Compile(TrackerReply);
export const trackers_reply = Compile(Type.Object({ trackers: Type.Array(TrackerReply) }));
export const event_body = Compile(
  Type.Object({ id: Type.String({ minLength: 1 }), description: Type.String(), result: optional(Type.Unknown()) }),
);
export const refund_body = Compile(
  Type.Object({
    tracking_code: Type.String({ minLength: 1 }),
    carrier: Type.String(),
    status: Type.String(),
    shipment_id: optional(Type.String()),
  }),
);
const error_body = Compile(
  Type.Object({ error: Type.Object({ code: Type.String(), message: optional(Type.Unknown()), errors: optional(Type.Unknown()) }) }),
);

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly stop: Stop; readonly provider_code?: string };
/** A compiled schema. */
interface Reader<T> {
  Check(value: unknown): value is T;
}

export interface EasyPostApi {
  get<T>(path: string, reader: Reader<T>, signal: AbortSignal): Promise<Result<T>>;
  post<T>(path: string, body: object, reader: Reader<T>, signal: AbortSignal): Promise<Result<T>>;
  /** A label's file, from wherever the provider keeps it. */
  file(url: string, bytes_max: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
}

/** `base_url`: `https://api.easypost.com/v2/`, or the stand-in's. */
export function easypost_api(options: { readonly api_key: string; readonly base_url: string }): EasyPostApi {
  const base = new URL(options.base_url.endsWith('/') ? options.base_url : `${options.base_url}/`);
  const headers = { authorization: `Basic ${Buffer.from(`${options.api_key}:`).toString('base64')}`, 'user-agent': 'cartwright' };
  return {
    async get(path, reader, signal) {
      return read(await call_json({ method: 'GET', url: new URL(path, base).href, headers, reply_bytes_max }, signal), reader);
    },
    async post(path, body, reader, signal) {
      const request = { method: 'POST', url: new URL(path, base).href, headers, body: json_body(body), reply_bytes_max } as const;
      return read(await call_json(request, signal), reader);
    },
    async file(url, bytes_max, signal) {
      // The address comes from a reply: only the public web over TLS, or the host we were configured with; and never our key.
      if (!URL.canParse(url)) return undefined;
      const target = new URL(url);
      if (target.protocol !== 'https:' && target.origin !== base.origin) return undefined;
      const answer = await call({ method: 'GET', url: target.href, headers: {}, reply_bytes_max: bytes_max }, signal);
      return answer.answer === 'reply' && answer.status === 200 ? answer.bytes : undefined;
    },
  };
}

function read<T>(answer: JsonAnswer, reader: Reader<T>): Result<T> {
  if (answer.answer !== 'reply') return { ok: false, stop: outcome_of(answer) };
  if (answer.status < 200 || answer.status > 299) return refusal(answer.status, answer.json, answer.retry_after_ms);
  if (reader.Check(answer.json)) return { ok: true, value: answer.json };
  return { ok: false, stop: { outcome: 'unknown', detail: `unreadable reply, status ${answer.status}` } };
}

/** 422s that leave open whether the carrier acted. */
const uncertain_codes = new Set([
  'SHIPMENT.POSTAGE.EXISTS',
  'SHIPMENT.POSTAGE.NO_RESPONSE',
  'SHIPMENT.POSTAGE.TIMED_OUT',
  'SHIPMENT.PURCHASE.IN_PROGRESS',
  'REFUND.NO_RESPONSE',
]);
/** The rate can no longer be bought; other rates can. */
export const stale_rate_codes = new Set(['SHIPMENT.RATE.EXPIRED', 'SHIPMENT.RATE.UNAVAILABLE', 'SHIPMENT.MISSING_RATE']);

function refusal<T>(status: number, body: unknown, after_ms: number | undefined): Result<T> {
  if (status === 429) return { ok: false, stop: { outcome: 'retryable', after_ms, detail: 'rate limit' } };
  const error = error_body.Check(body) ? body.error : undefined;
  const detail = `${status} ${error === undefined ? 'without a readable error' : describe(error)}`.slice(0, detail_length_max);
  const stop = (outcome: Stop): Result<T> => ({ ok: false, stop: outcome, provider_code: error?.code });
  if (status === 401 || status === 403) return stop({ outcome: 'permanent_error', code: 'credentials_refused', detail });
  if (status === 402) return stop({ outcome: 'permanent_error', code: 'billing', detail });
  if (status === 404) return stop({ outcome: 'permanent_error', code: 'not_found', detail });
  if (error === undefined || status >= 500 || status < 400 || status === 408 || uncertain_codes.has(error.code))
    return stop({ outcome: 'unknown', detail });
  if (status !== 422 || error.code.startsWith('PARAMETER.')) return stop({ outcome: 'permanent_error', code: 'invalid_request', detail });
  return stop({ outcome: 'declined', ...declined(error.code), value: { provider_code: error.code, detail } });
}

function declined(provider_code: string): { code: string; retryable: boolean } {
  if (stale_rate_codes.has(provider_code) || provider_code.startsWith('SHIPMENT.RATE'))
    return { code: 'rate_unavailable', retryable: true };
  if (provider_code.startsWith('ADDRESS.')) return { code: 'address_invalid', retryable: false };
  return { code: 'refused', retryable: false };
}

/** `errors` holds texts or objects, `message` is sometimes a list. */
function describe(error: { code: string; message?: unknown; errors?: unknown }): string {
  const texts = [error.message, error.errors].filter(part => part !== undefined && part !== null);
  return `${error.code}: ${texts.map(part => (typeof part === 'string' ? part : JSON.stringify(part))).join(' ')}`;
}
