/** Trackers: magic codes stand still at their status; a label that was bought here moves to `delivered` by itself. */
import { is_record } from '../faults.ts';
import { parse_json, type StandInReply, type StandInRequest, type Webhook } from '../stand_in.ts';
import { page, webhook } from './events.ts';
import { type EasyPost, missing, not_found, reply, type Scan, type Shipment, second, type Tracker, text } from './objects.ts';

/** The way of a parcel; each step is one scan. */
const way = ['pre_transit', 'in_transit', 'out_for_delivery', 'delivered'] as const;
const scans: Readonly<Record<string, { readonly status_detail: string; readonly message: string; readonly city: string | null }>> = {
  pre_transit: { status_detail: 'label_created', message: 'Pre-Shipment Info Sent to USPS', city: null },
  in_transit: { status_detail: 'arrived_at_facility', message: 'Arrived at USPS Origin Facility', city: 'HOUSTON' },
  out_for_delivery: { status_detail: 'out_for_delivery', message: 'Out for Delivery', city: 'CHARLESTON' },
  delivered: { status_detail: 'arrived_at_destination', message: 'Delivered, Front Door/Porch', city: 'CHARLESTON' },
  return_to_sender: { status_detail: 'return', message: 'Returned to Sender', city: 'CHARLESTON' },
  failure: { status_detail: 'failure', message: 'Unable to Deliver', city: 'CHARLESTON' },
  lost: { status_detail: 'lost', message: 'Declared Lost', city: null },
};
/** Cities that labels bought here do not reach (a magic value), and how their way goes. */
const magic_cities: Readonly<Record<string, readonly string[]>> = {
  'return to sender': ['pre_transit', 'in_transit', 'return_to_sender'],
  'nobody home': ['pre_transit', 'in_transit', 'failure'],
  'lost in transit': ['pre_transit', 'in_transit', 'lost'],
};

/** EasyPost's own test codes. */
const magic_ways: Readonly<Record<string, readonly string[]>> = {
  EZ1000000001: way.slice(0, 1),
  EZ2000000002: way.slice(0, 2),
  EZ3000000003: way.slice(0, 3),
  EZ4000000004: way,
  EZ5000000005: ['pre_transit', 'in_transit', 'return_to_sender'],
  EZ6000000006: ['pre_transit', 'in_transit', 'failure'],
  EZ7000000007: [],
};
const receiver = 'John Tester';
const day_ms = 86_400_000;

function scan(status: string, at_ms: number): Scan {
  const { status_detail = 'unknown', message = '', city = null } = scans[status] ?? {};
  // Lost is no status there but a detail of failure.
  return { status: status === 'lost' ? 'failure' : status, status_detail, message, datetime: second(at_ms), city };
}

/** What a label that was bought here will be scanned as, one after the other. */
function way_of({ shipments }: EasyPost, { shipment_id }: Tracker): readonly string[] {
  const city =
    shipments
      .get(shipment_id ?? '')
      ?.to_address.city?.trim()
      .toLowerCase() ?? '';
  return (Object.hasOwn(magic_cities, city) ? magic_cities[city] : undefined) ?? way;
}

function new_tracker(
  easypost: EasyPost,
  about: { tracking_code: string; carrier: string; shipment?: Shipment },
  past: readonly string[],
): Tracker {
  const now_ms = easypost.sim.now_ms();
  const seen = past.map((status, index) => scan(status, now_ms - (past.length - index) * day_ms));
  const last = seen.at(-1);
  const tracker: Tracker = {
    id: easypost.sim.id('trk_'),
    tracking_code: about.tracking_code,
    carrier: about.carrier,
    status: last?.status ?? 'unknown',
    status_detail: last?.status_detail ?? 'unknown',
    created_at: second(now_ms),
    updated_at: second(now_ms),
    shipment_id: about.shipment?.id ?? null,
    weight: about.shipment?.parcel.weight ?? null,
    signed_by: last?.status === 'delivered' ? receiver : null,
    est_delivery_date: last === undefined ? null : second(now_ms),
    scans: seen,
  };
  easypost.trackers.put(tracker.id, tracker);
  easypost.tracker_ids.put(tracker.tracking_code, [tracker.id, ...(easypost.tracker_ids.get(tracker.tracking_code) ?? [])]);
  return tracker;
}

export function tracker_on_wire(tracker: Tracker): object {
  const { scans: seen, ...fields } = tracker;
  return {
    ...fields,
    object: 'Tracker',
    mode: 'test',
    tracking_details: seen.map(({ city, ...each }) => ({
      object: 'TrackingDetail',
      description: null,
      source: tracker.carrier,
      carrier_code: null,
      est_delivery_date: null,
      ...each,
      tracking_location: { object: 'TrackingLocation', city, state: city === null ? null : 'TX', country: null, zip: null },
    })),
    fees: [],
    carrier_detail: null,
    finalized: true,
    is_return: false,
    public_url: `https://track.easypost.com/${Buffer.from(`v1:${tracker.id}`).toString('base64url')}`,
  };
}

// --- labels under way

/** The tracker of a label just bought, and its first webhook; the scans follow one by one. */
export function follow_label(
  easypost: EasyPost,
  shipment: Shipment,
  tracking_code: string,
  carrier: string,
): { tracker: Tracker; webhooks: Webhook[] } {
  const tracker = new_tracker(easypost, { tracking_code, carrier, shipment }, []);
  schedule(easypost, tracker);
  return { tracker, webhooks: webhook(easypost, 'tracker.created', tracker_on_wire(tracker)) };
}

/** Arms the next scan of a parcel that is still under way; after a restart, too. */
export function schedule(easypost: EasyPost, tracker: Tracker): void {
  if (tracker.shipment_id === null || tracker.scans.length >= way_of(easypost, tracker).length || tracker.status === 'cancelled') return;
  const cause = { method: 'POST', path: `/v2/shipments/${tracker.shipment_id}/buy` };
  easypost.sim.after(easypost.deliver_after_ms / way.length, cause, () => advance(easypost, tracker.id));
}

function advance(easypost: EasyPost, id: string): readonly Webhook[] {
  const before = easypost.trackers.get(id);
  const coming = before && way_of(easypost, before)[before.scans.length];
  if (before === undefined || coming === undefined || before.status === 'cancelled') return [];
  const now_ms = easypost.sim.now_ms();
  const next = scan(coming, now_ms);
  const after: Tracker = {
    ...before,
    status: next.status,
    status_detail: next.status_detail,
    updated_at: second(now_ms),
    est_delivery_date: second(now_ms + easypost.deliver_after_ms),
    signed_by: coming === 'delivered' ? receiver : null,
    scans: [...before.scans, next],
  };
  easypost.trackers.put(id, after);
  schedule(easypost, after);
  return webhook(easypost, 'tracker.updated', tracker_on_wire(after), { status: before.status });
}

/** The label's money came back: nothing will move any more. */
export function cancel_tracker(easypost: EasyPost, id: string): Webhook[] {
  const before = easypost.trackers.get(id);
  if (before === undefined) return [];
  const after: Tracker = { ...before, status: 'cancelled', status_detail: 'cancelled', updated_at: second(easypost.sim.now_ms()) };
  easypost.trackers.put(id, after);
  return webhook(easypost, 'tracker.updated', tracker_on_wire(after), { status: before.status });
}

export function is_under_way(tracker: Tracker | undefined): boolean {
  return tracker !== undefined && tracker.scans.length > 1;
}

// --- routes

export function create_tracker(easypost: EasyPost, request: StandInRequest): StandInReply {
  const body = parse_json(request.body);
  const fields = is_record(body) && is_record(body['tracker']) ? body['tracker'] : {};
  const tracking_code = text(fields['tracking_code']);
  if (tracking_code === null || tracking_code === '') return missing('tracker.tracking_code');
  const carrier = text(fields['carrier']) ?? 'USPS';
  // Asking for the same tracker again gives the same one.
  const known = by_code(easypost, tracking_code).find(tracker => tracker.carrier === carrier);
  if (known !== undefined) return reply(200, tracker_on_wire(known));
  const past = Object.hasOwn(magic_ways, tracking_code) ? magic_ways[tracking_code] : undefined;
  const tracker = tracker_on_wire(new_tracker(easypost, { tracking_code, carrier }, past ?? []));
  return reply(200, tracker, webhook(easypost, 'tracker.created', tracker));
}

/** By one code, or several: `tracking_codes[]=`; clients write it also bare, or with an index. */
export function list_trackers(easypost: EasyPost, request: StandInRequest): StandInReply {
  const codes = new Set<string>();
  for (const [name, value] of request.query) if (name === 'tracking_code' || /^tracking_codes(\[\d*\])?$/.test(name)) codes.add(value);
  const carrier = request.query.get('carrier');
  const all = codes.size === 0 ? easypost.trackers.newest_first() : [...codes].flatMap(code => by_code(easypost, code));
  const found = carrier === null ? all : all.filter(tracker => tracker.carrier === carrier);
  return reply(200, page(found, request.query, 'trackers', tracker_on_wire));
}

function by_code(easypost: EasyPost, tracking_code: string): Tracker[] {
  const ids = easypost.tracker_ids.get(tracking_code) ?? [];
  return ids.map(id => easypost.trackers.get(id)).filter(tracker => tracker !== undefined);
}

export function retrieve_tracker(easypost: EasyPost, request: StandInRequest): StandInReply {
  const tracker = easypost.trackers.get(request.params['id'] ?? '');
  return tracker === undefined ? not_found() : reply(200, tracker_on_wire(tracker));
}

export function delete_tracker(easypost: EasyPost, request: StandInRequest): StandInReply {
  const tracker = easypost.trackers.get(request.params['id'] ?? '');
  if (tracker === undefined) return not_found();
  easypost.trackers.delete(tracker.id);
  const others = (easypost.tracker_ids.get(tracker.tracking_code) ?? []).filter(id => id !== tracker.id);
  easypost.tracker_ids.put(tracker.tracking_code, others);
  return reply(200, { success: true });
}
