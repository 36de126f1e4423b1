/** What EasyPost says happened to parcels and labels: its trackers, polled or sent by webhook, as facts. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { json_in } from '../../../platform/adapters/call.ts';
import type { Outcome } from '../../../platform/service.ts';
import { type EasyPostApi, type EasyPostTracker, event_body, refund_body, tracker_reply, trackers_reply } from './easypost_api.ts';
import type { CarrierStatus, InboundHeaders, InvalidWebhook, LabelFact, Track, TrackingFact, VerifiedWebhook } from './port.ts';
import { repeatable } from './stop.ts';

/** Of one tracker; the newest are kept. */
export const facts_max = 100;

const statuses: Readonly<Record<string, CarrierStatus>> = {
  pre_transit: 'label_created',
  in_transit: 'in_transit',
  out_for_delivery: 'out_for_delivery',
  delivered: 'delivered',
  available_for_pickup: 'awaiting_pickup',
  return_to_sender: 'returning',
  failure: 'delivery_failed',
};
/** While a parcel is under way, the detail says more than the status. */
const under_way_details: Readonly<Record<string, CarrierStatus>> = {
  received_at_origin_facility: 'picked_up',
  delayed: 'delayed',
  weather_delay: 'delayed',
  lost: 'lost',
};

/** `unknown`, `error` and words that EasyPost may add say nothing of where a parcel is: they make no fact, and so undo none. */
function status_of(status: string, detail: string | null | undefined): CarrierStatus | undefined {
  if (status === 'in_transit' && detail) return under_way_details[detail] ?? 'in_transit';
  // Under which status this detail comes is written nowhere. One that only failed would be waited for without end.
  if (status === 'failure' && detail === 'lost') return 'lost';
  return Object.hasOwn(statuses, status) ? statuses[status] : undefined;
}

/** One fact per scan; the tracker's own status is one more when no scan shows it. */
function facts_of(tracker: EasyPostTracker, also: { parcel_id?: string; provider_event_ref?: string }): TrackingFact[] {
  const about = {
    carrier: tracker.carrier,
    tracking_number: tracker.tracking_code,
    ...(tracker.shipment_id && { provider_shipment_ref: tracker.shipment_id }),
    ...(tracker.is_return && { is_return: true }),
    ...also,
  };
  const facts: TrackingFact[] = [];
  for (const scan of tracker.tracking_details) {
    const status = status_of(scan.status, scan.status_detail);
    const carrier_at = instant(scan.datetime);
    if (status === undefined || carrier_at === undefined) continue;
    const { city, state, country } = scan.tracking_location ?? {};
    const location = [city, state, country].filter(Boolean).join(', ');
    facts.push({ ...about, status, carrier_at, ...(location !== '' && { location }) });
  }
  const shown = tracker.tracking_details.some(scan => scan.status === tracker.status);
  const status = shown ? undefined : status_of(tracker.status, undefined);
  const carrier_at = instant(tracker.updated_at);
  if (status !== undefined && carrier_at !== undefined) facts.push({ ...about, status, carrier_at });
  facts.sort((a, b) => (a.carrier_at < b.carrier_at ? -1 : a.carrier_at > b.carrier_at ? 1 : 0));
  const eta_at = instant(tracker.est_delivery_date);
  return facts.slice(-facts_max).map((fact, index, kept) => ({
    ...fact,
    ...(fact.status === 'delivered' && tracker.signed_by && { signed_by: tracker.signed_by }),
    ...(eta_at !== undefined && index === kept.length - 1 && fact.status !== 'delivered' && { eta_at }),
  }));
}

/** Of the years 1 to 9999: others are a mistake, and PostgreSQL and JavaScript write them differently. */
function instant(text: string | null | undefined): string | undefined {
  const milliseconds = text ? Date.parse(text) : Number.NaN;
  const at = Number.isNaN(milliseconds) ? '' : new Date(milliseconds).toISOString();
  return /^(?!0000)\d{4}-/.test(at) ? at : undefined;
}

/** Asks for all trackers at once, and has those made that EasyPost does not know yet (asking twice gives the same tracker). */
export async function track(api: EasyPostApi, request: Track, signal: AbortSignal): Promise<Outcome> {
  const query = new URLSearchParams({ page_size: '100' });
  for (const parcel of request.parcels) query.append('tracking_codes[]', parcel.tracking_number);
  const listed = await api.get(`trackers?${query}`, trackers_reply, signal);
  if (!listed.ok) return repeatable(listed.stop);
  const facts: TrackingFact[] = [];
  for (const { parcel_id, tracking_number, carrier } of request.parcels) {
    let tracker = listed.value.trackers.find(each => each.tracking_code === tracking_number && each.carrier === carrier);
    if (tracker === undefined) {
      const made = await api.post('trackers', { tracker: { tracking_code: tracking_number, carrier } }, tracker_reply, signal);
      if (!made.ok) return repeatable(made.stop);
      tracker = made.value;
    }
    facts.push(...facts_of(tracker, { parcel_id }));
  }
  return { outcome: 'ok', value: { facts } };
}

/** Over the raw bytes, before parsing: JSON that was read and written again loses the `.0` of whole floats and no longer matches. */
export function parse_webhook(raw: Uint8Array, headers: InboundHeaders, secret: string): VerifiedWebhook | InvalidWebhook {
  if (!is_signed(raw, headers['x-hmac-signature'], secret)) return { invalid: 'invalid_signature' };
  const event = json_in(raw);
  if (!event_body.Check(event)) return { invalid: 'malformed' };
  const { id: event_ref, description: type, result } = event;
  const nothing: VerifiedWebhook = { facts: [], label_facts: [], event_ref, type };
  if (type === 'tracker.created' || type === 'tracker.updated') {
    if (!tracker_reply.Check(result)) return { invalid: 'malformed' };
    const label_facts = result.status === 'cancelled' ? [label_fact(result, 'voided', event_ref)] : [];
    return { ...nothing, facts: facts_of(result, { provider_event_ref: event_ref }), label_facts };
  }
  if (!type.startsWith('refund.')) return nothing;
  if (!refund_body.Check(result)) return { invalid: 'malformed' };
  if (result.status === 'refunded') return { ...nothing, label_facts: [label_fact(result, 'voided', event_ref)] };
  return result.status === 'rejected' ? { ...nothing, label_facts: [label_fact(result, 'void_refused', event_ref)] } : nothing;
}

function label_fact(
  of: { carrier: string; tracking_code: string; shipment_id?: string | null },
  status: LabelFact['status'],
  provider_event_ref: string,
): LabelFact {
  const about = { carrier: of.carrier, tracking_number: of.tracking_code, status, provider_event_ref };
  return of.shipment_id ? { ...about, provider_shipment_ref: of.shipment_id } : about;
}

/** `hmac-sha256-hex=` and HMAC-SHA256 in hex; the secret NFKD-normalized, as EasyPost's own clients do. */
function is_signed(raw: Uint8Array, header: string | undefined, secret: string): boolean {
  const digest = createHmac('sha256', secret.normalize('NFKD')).update(raw).digest('hex');
  const expected = Buffer.from(`hmac-sha256-hex=${digest}`);
  const given = Buffer.from(header ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
