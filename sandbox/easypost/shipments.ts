/** Shipments: rated, bought, converted, refunded. EasyPost has no idempotency key, and neither has this. */
import { is_record } from '../faults.ts';
import { parse_json, type StandInReply, type StandInRequest, type Webhook } from '../stand_in.ts';
import { make_address, make_parcel } from './addresses.ts';
import { page, tell, webhook } from './events.ts';
import { label_format, label_on_wire } from './labels.ts';
import { decimal, type EasyPost, error_reply, missing, not_found, type Rate, reply, type Shipment, second, text } from './objects.ts';
import { make_rates, rate_messages, rate_on_wire } from './rates.ts';
import { cancel_tracker, follow_label, is_under_way, tracker_on_wire } from './trackers.ts';

export async function create_shipment(easypost: EasyPost, request: StandInRequest): Promise<StandInReply> {
  const body = parse_json(request.body);
  if (!is_record(body) || !is_record(body['shipment'])) return missing('shipment');
  const given = body['shipment'];
  const to_address = make_address(easypost, given['to_address']);
  const from_address = make_address(easypost, given['from_address']);
  const parcel = make_parcel(easypost, given['parcel']);
  if (to_address === undefined) return missing('shipment.to_address');
  if (from_address === undefined) return missing('shipment.from_address');
  if (parcel === undefined) return missing('shipment.parcel.weight');
  const options = is_record(given['options']) ? given['options'] : {};
  if (label_format(options['label_format']) === undefined)
    return error_reply(422, 'SHIPMENT.POSTAGE.INVALID_FORMAT', 'The label format is not supported.');
  const at = second(easypost.sim.now_ms());
  const shipment: Shipment = {
    id: easypost.sim.id('shp_'),
    created_at: at,
    updated_at: at,
    reference: text(given['reference']),
    to_address,
    from_address,
    parcel,
    options,
    rates: make_rates(easypost, parcel, from_address, to_address, text(options['currency']) ?? 'USD'),
    messages: rate_messages(parcel),
    rerated: false,
    selected_rate: null,
    insurance: null,
    tracking_code: null,
    tracker_id: null,
    label: null,
    refund_status: null,
  };
  easypost.shipments.put(shipment.id, shipment);
  await arm_magic_reference(easypost, shipment);
  return reply(201, on_wire(easypost, shipment));
}

/** Some references promise trouble when the label is bought. */
async function arm_magic_reference(easypost: EasyPost, { id, reference }: Shipment): Promise<void> {
  const match = { method: 'POST', path: `/v2/shipments/${id}/buy` };
  if (reference?.startsWith('SLOW-')) await tell(easypost, '/__sim/faults', { match, fault: 'reply_late', delay_ms: easypost.slow_ms });
  if (reference?.startsWith('DROP-AFTER-')) await tell(easypost, '/__sim/faults', { match, fault: 'reset_after' });
}

export function on_wire(easypost: EasyPost, shipment: Shipment): object {
  const { rates, selected_rate, tracker_id, label, rerated, options, ...fields } = shipment;
  const tracker = easypost.trackers.get(tracker_id ?? '');
  const amount = selected_rate === null ? [] : [{ object: 'Fee', type: 'PostageFee', amount: `${decimal(selected_rate.cents)}000` }];
  return {
    ...fields,
    object: 'Shipment',
    is_return: false,
    mode: 'test',
    // It stays so after buying, as the real one does for a while.
    status: 'unknown',
    options: { ...options, currency: text(options['currency']) ?? 'USD', payment: { type: 'SENDER' }, date_advance: 0 },
    batch_id: null,
    batch_status: null,
    batch_message: null,
    customs_info: null,
    order_id: null,
    postage_label: label_on_wire(easypost, shipment),
    rates: rates.map(rate => rate_on_wire(rate, shipment)),
    scan_form: null,
    selected_rate: selected_rate === null ? null : rate_on_wire(selected_rate, shipment),
    tracker: tracker === undefined ? null : tracker_on_wire(tracker),
    usps_zone: 4,
    return_address: shipment.from_address,
    buyer_address: shipment.to_address,
    forms: [],
    fees: amount.map(fee => ({ ...fee, charged: true, refunded: shipment.refund_status === 'refunded' })),
  };
}

/** Those that were bought, of some days, the newest first. */
export function list_shipments(easypost: EasyPost, request: StandInRequest): StandInReply {
  const [start, end] = ['start_datetime', 'end_datetime'].map(name => Date.parse(request.query.get(name) ?? ''));
  const is_asked = ({ created_at, label }: Shipment) => {
    const at = Date.parse(created_at);
    return (request.query.get('purchased') !== 'true' || label !== null) && !(at < (start ?? Number.NaN)) && !(at > (end ?? Number.NaN));
  };
  const found = [...easypost.shipments.newest_first()].filter(is_asked);
  return reply(
    200,
    page(found, request.query, 'shipments', shipment => on_wire(easypost, shipment)),
  );
}

export function retrieve_shipment(easypost: EasyPost, request: StandInRequest): StandInReply {
  const shipment = easypost.shipments.get(request.params['id'] ?? '');
  return shipment === undefined ? not_found() : reply(200, on_wire(easypost, shipment));
}

export function rerate_shipment(easypost: EasyPost, request: StandInRequest): StandInReply {
  const shipment = easypost.shipments.get(request.params['id'] ?? '');
  if (shipment === undefined) return not_found();
  const currency = text(shipment.options['currency']) ?? 'USD';
  const rates = make_rates(easypost, shipment.parcel, shipment.from_address, shipment.to_address, currency);
  const rerated: Shipment = { ...shipment, rates, rerated: true, updated_at: second(easypost.sim.now_ms()) };
  easypost.shipments.put(rerated.id, rerated);
  return reply(200, { rates: rates.map(rate => rate_on_wire(rate, rerated)) });
}

// --- buying

/** One label a shipment, whoever asks how often. */
export function buy_shipment(easypost: EasyPost, request: StandInRequest): StandInReply {
  const shipment = easypost.shipments.get(request.params['id'] ?? '');
  if (shipment === undefined) return not_found();
  const body = parse_json(request.body);
  const rate_id = is_record(body) && is_record(body['rate']) ? text(body['rate']['id']) : null;
  if (!is_record(body) || rate_id === null) return missing('rate.id');
  if (shipment.label !== null) return error_reply(422, 'SHIPMENT.POSTAGE.EXISTS', 'Postage already exists for this shipment.');
  const rate = shipment.rates.find(each => each.id === rate_id);
  if (rate === undefined) return error_reply(422, 'SHIPMENT.MISSING_RATE', 'The rate is not one of this shipment.');
  if (shipment.reference?.startsWith('RATE-EXPIRED-') && !shipment.rerated)
    return error_reply(422, 'SHIPMENT.RATE.EXPIRED', 'The rate has expired. Rerate the shipment.');
  const { bought, webhooks } = purchase(easypost, shipment, rate, body['insurance']);
  return reply(200, on_wire(easypost, bought), webhooks);
}

function purchase(easypost: EasyPost, shipment: Shipment, rate: Rate, insurance: unknown): { bought: Shipment; webhooks: Webhook[] } {
  const at = second(easypost.sim.now_ms());
  const tracking_code = new_tracking_code(easypost);
  const { tracker, webhooks } = follow_label(easypost, shipment, tracking_code, rate.carrier);
  const bought: Shipment = {
    ...shipment,
    updated_at: at,
    selected_rate: rate,
    insurance: text(insurance),
    tracking_code,
    tracker_id: tracker.id,
    label: { id: easypost.sim.id('pl_'), at, format: label_format(shipment.options['label_format']) ?? 'pdf', converted: [] },
  };
  easypost.shipments.put(bought.id, bought);
  easypost.sim.record({
    kind: 'label_purchased',
    id: bought.id,
    reference: bought.reference,
    amount: rate.cents,
    currency: rate.currency,
    tracking_code,
  });
  return { bought, webhooks };
}

let ordinal = 0;
/** 22 digits, never given before: the time, and a count within it. */
function new_tracking_code(easypost: EasyPost): string {
  ordinal = (ordinal + 1) % 10_000;
  return `94001${easypost.sim.now_ms()}${String(ordinal).padStart(4, '0')}`;
}

export function convert_label(easypost: EasyPost, request: StandInRequest): StandInReply {
  const shipment = easypost.shipments.get(request.params['id'] ?? '');
  if (shipment === undefined) return not_found();
  if (shipment.label === null) return error_reply(422, 'SHIPMENT.POSTAGE.REQUIRED', 'The shipment has no postage.');
  const format = label_format(request.query.get('file_format'));
  if (format === undefined) return error_reply(422, 'SHIPMENT.POSTAGE.INVALID_FORMAT', 'The label format is not supported.');
  const { label } = shipment;
  const converted: Shipment = { ...shipment, label: { ...label, converted: [...new Set([...label.converted, format])] } };
  easypost.shipments.put(converted.id, converted);
  return reply(200, on_wire(easypost, converted));
}

// --- the money back

/** Asked for now, answered later by `refund.successful`; not once the parcel was scanned. */
export function refund_shipment(easypost: EasyPost, request: StandInRequest): StandInReply {
  const shipment = easypost.shipments.get(request.params['id'] ?? '');
  if (shipment === undefined) return not_found();
  if (shipment.label === null) return error_reply(422, 'SHIPMENT.POSTAGE.REQUIRED', 'The shipment has no postage.');
  if (shipment.refund_status !== null) return reply(200, on_wire(easypost, shipment));
  if (is_under_way(easypost.trackers.get(shipment.tracker_id ?? '')))
    return error_reply(422, 'SHIPMENT.REFUND.UNAVAILABLE', 'Unable to request refund. The parcel has been shipped.');
  const asked: Shipment = { ...shipment, refund_status: 'submitted', updated_at: second(easypost.sim.now_ms()) };
  easypost.shipments.put(asked.id, asked);
  await_refund(easypost, asked);
  return reply(200, on_wire(easypost, asked));
}

/** Arms the answer to a refund that was asked for; after a restart, too. */
export function await_refund(easypost: EasyPost, shipment: Shipment): void {
  if (shipment.refund_status !== 'submitted') return;
  const cause = { method: 'POST', path: `/v2/shipments/${shipment.id}/refund` };
  const is_rejected = shipment.to_address.city?.trim().toLowerCase() === magic_refund_city;
  easypost.sim.after(easypost.refund_after_ms, cause, () =>
    is_rejected ? (reject_refund(easypost, shipment.id) ?? []) : pay_back(easypost, shipment.id),
  );
}
/** For a label to this city there is no money back (a magic value). */
const magic_refund_city = 'refund rejected';

/** The carrier says no: the label counts as used. No event tells it. */
export function reject_refund(easypost: EasyPost, id: string): readonly Webhook[] | undefined {
  const shipment = easypost.shipments.get(id);
  if (shipment?.refund_status !== 'submitted') return undefined;
  easypost.shipments.put(id, { ...shipment, refund_status: 'rejected', updated_at: second(easypost.sim.now_ms()) });
  return [];
}

function pay_back(easypost: EasyPost, id: string): readonly Webhook[] {
  const shipment = easypost.shipments.get(id);
  const rate = shipment?.selected_rate;
  if (shipment === undefined || !rate || shipment.refund_status !== 'submitted') return [];
  const at = second(easypost.sim.now_ms());
  easypost.shipments.put(id, { ...shipment, refund_status: 'refunded', updated_at: at });
  const { reference, tracking_code } = shipment;
  easypost.sim.record({ kind: 'label_refunded', id, reference, amount: rate.cents, currency: rate.currency, tracking_code });
  const refund = {
    id: easypost.sim.id('rfnd_'),
    object: 'Refund',
    created_at: at,
    updated_at: at,
    mode: 'test',
    tracking_code,
    confirmation_number: null,
    status: 'refunded',
    carrier: rate.carrier,
    shipment_id: id,
  };
  return [...webhook(easypost, 'refund.successful', refund), ...cancel_tracker(easypost, shipment.tracker_id ?? '')];
}
