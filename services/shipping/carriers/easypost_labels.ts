/**
 * Buying and voiding labels at EasyPost, which has no idempotency key: one shipment there holds at most one label, so each
 * purchase reads that shipment first, and an unknown one is resolved by reading it again. Nothing here buys after a doubt; what is in doubt is
 * remembered before it is asked for, so that a process that dies leaves no more doubt than there is.
 */
import type { Outcome, Remember } from '../../../platform/service.ts';
import {
  type EasyPostApi,
  type EasyPostRate,
  type EasyPostShipment,
  type Result,
  rates_reply,
  shipment_reply,
  stale_rate_codes,
} from './easypost_api.ts';
import { minor_units } from './measures.ts';
import type { BuyLabel, FailedLabel, Label, LabelDocument, VoidLabel } from './port.ts';
import { repeatable, type Stop } from './stop.ts';

export const label_bytes_max = 4 * 1024 * 1024;
type Parcel = BuyLabel['parcels'][number];

/** Buys one label per parcel, in turn; stops at the first that cannot be had and tells what was bought until then. */
export async function buy_label(api: EasyPostApi, request: BuyLabel, signal: AbortSignal, remember?: Remember): Promise<Outcome> {
  if (remember === undefined) throw new Error('labels are bought only where what is in doubt can be remembered');
  const labels: Label[] = [];
  for (const parcel of request.parcels) {
    const bought = await buy_one(api, parcel, signal, remember);
    if (bought.ok) labels.push(bought.value);
    else return stopped(bought.stop, parcel, request, labels);
  }
  return { outcome: 'ok', value: { labels } };
}

/**
 * What became of an unknown purchase: a shipment with postage is bought; one without may still be, so it stays unknown. Labels are
 * bought in turn: with the `doubtful` one found, those after it were never asked for and may be; with none in doubt, none was.
 */
export async function find_labels(
  api: EasyPostApi,
  request: BuyLabel,
  doubtful: string | undefined,
  signal: AbortSignal,
): Promise<Outcome> {
  const labels: Label[] = [];
  const missing: string[] = [];
  for (const parcel of request.parcels) {
    const found = await read_shipment(api, parcel.provider_shipment_ref, signal);
    const label = found.ok && found.value.postage_label ? label_of(found.value, parcel, 'adopted') : undefined;
    if (label?.ok) labels.push(label.value);
    else missing.push(parcel.parcel_id);
  }
  if (missing.length === 0) return { outcome: 'ok', value: { labels } };
  if (doubtful === undefined || !missing.includes(doubtful))
    return { outcome: 'retryable', detail: `${missing.join(', ')} not asked for yet` };
  return { outcome: 'unknown', detail: `no label found for ${missing.join(', ')}`, value: { labels, missing }, answered: true };
}

async function buy_one(api: EasyPostApi, parcel: Parcel, signal: AbortSignal, remember: Remember): Promise<Result<Label>> {
  const before = await read_shipment(api, parcel.provider_shipment_ref, signal);
  if (!before.ok) return { ok: false, stop: repeatable(before.stop) };
  if (before.value.postage_label) return label_of(before.value, parcel, 'adopted');
  const rate = before.value.rates.find(each => each.id === parcel.rate_ref);
  if (rate === undefined) return stale_rate('the rate is no longer offered');
  const bought = await buy_at(api, parcel, rate, signal, remember);
  if (bought.ok || !stale_rate_codes.has(bought.provider_code ?? '')) return bought;
  return buy_renewed(api, parcel, rate, signal, remember);
}

async function buy_at(
  api: EasyPostApi,
  parcel: Parcel,
  rate: EasyPostRate,
  signal: AbortSignal,
  remember: Remember,
): Promise<Result<Label>> {
  if (!(await remember({ doubtful: parcel.parcel_id })))
    return { ok: false, stop: { outcome: 'retryable', detail: 'another process has taken this operation over' } };
  const path = `shipments/${encodeURIComponent(parcel.provider_shipment_ref)}/buy`;
  const reply = await api.post(path, { rate: { id: rate.id } }, shipment_reply, signal);
  if (reply.ok) return label_of(reply.value, parcel, 'bought', rate);
  // Certainly not bought: whoever is asked next need not doubt it.
  if (reply.stop.outcome === 'retryable') await remember({ doubtful: null });
  if (reply.provider_code !== 'SHIPMENT.POSTAGE.EXISTS') return reply;
  const found = await read_shipment(api, parcel.provider_shipment_ref, signal);
  return found.ok && found.value.postage_label ? label_of(found.value, parcel, 'adopted') : reply;
}

/** Rates expire: the same carrier and service at today's price, once. */
async function buy_renewed(
  api: EasyPostApi,
  parcel: Parcel,
  stale: EasyPostRate,
  signal: AbortSignal,
  remember: Remember,
): Promise<Result<Label>> {
  const path = `shipments/${encodeURIComponent(parcel.provider_shipment_ref)}/rerate`;
  const renewed = await api.post(path, {}, rates_reply, signal);
  if (!renewed.ok) return { ok: false, stop: repeatable(renewed.stop) };
  const rate = renewed.value.rates.find(each => each.carrier === stale.carrier && each.service === stale.service);
  return rate === undefined
    ? stale_rate(`${stale.carrier} ${stale.service} is no longer offered`)
    : buy_at(api, parcel, rate, signal, remember);
}

function stale_rate(detail: string): Result<Label> {
  return { ok: false, stop: { outcome: 'declined', code: 'rate_unavailable', retryable: true, value: { detail } } };
}

/** Only the very shipment, reference, rate and price we asked for count as an answer; anything else is a contradiction to be looked up. */
function label_of(shipment: EasyPostShipment, parcel: Parcel, how: 'bought' | 'adopted', asked?: EasyPostRate): Result<Label> {
  const contradiction = (detail: string): Result<Label> => ({ ok: false, stop: { outcome: 'unknown', detail } });
  if (shipment.id !== parcel.provider_shipment_ref)
    return contradiction(`asked for ${parcel.provider_shipment_ref}, told of another shipment`);
  if (shipment.reference && shipment.reference !== parcel.parcel_id) return contradiction(`${shipment.id} is not of ${parcel.parcel_id}`);
  const { selected_rate: rate, tracking_code, tracker } = shipment;
  if (!shipment.postage_label || !tracking_code || !rate) return contradiction('a label without rate, tracking code or document');
  if (asked && (rate.id !== asked.id || rate.rate !== asked.rate || rate.currency !== asked.currency))
    return contradiction(`asked for rate ${asked.id} at ${asked.rate}, told of ${rate.id} at ${rate.rate}`);
  const cost = minor_units(rate.rate, rate.currency);
  if (cost === undefined) return contradiction(`unreadable price ${rate.rate.slice(0, 20)}`);
  const label: Label = {
    parcel_id: parcel.parcel_id,
    tracking_number: tracking_code,
    tracking_url: tracker?.public_url ?? null,
    cost,
    currency: rate.currency,
    label_ref: shipment.id,
    carrier: rate.carrier,
    service: rate.service,
    adopted: how === 'adopted',
  };
  return { ok: true, value: label };
}

function stopped(stop: Stop, parcel: Parcel, request: BuyLabel, labels: readonly Label[]): Outcome {
  switch (stop.outcome) {
    case 'retryable': // The repetition finds the labels bought until here, and adopts them.
      return stop;
    case 'unknown': {
      const missing = request.parcels.map(each => each.parcel_id).filter(id => !labels.some(label => label.parcel_id === id));
      return { ...stop, value: { labels, missing, doubtful: parcel.parcel_id } };
    }
    case 'permanent_error': {
      if (labels.length === 0) return stop;
      const failed: FailedLabel[] = [{ parcel_id: parcel.parcel_id, code: stop.code, detail: stop.detail }];
      // A permanent error carries no value, and labels that were paid for must not be forgotten.
      return { outcome: 'declined', code: stop.code, retryable: false, value: { labels, failed } };
    }
    case 'declined': {
      const detail = typeof stop.value?.['detail'] === 'string' ? stop.value['detail'] : stop.code;
      return { ...stop, value: { labels, failed: [{ parcel_id: parcel.parcel_id, code: stop.code, detail }] } };
    }
  }
}

function read_shipment(api: EasyPostApi, ref: string, signal: AbortSignal): Promise<Result<EasyPostShipment>> {
  return api.get(`shipments/${encodeURIComponent(ref)}`, shipment_reply, signal);
}

type Void = 'voided' | 'refused' | 'submitted';
/** Asks for a refund of each label that has none yet. A label that is under way is refused. */
export async function void_label(api: EasyPostApi, request: VoidLabel, signal: AbortSignal): Promise<Outcome> {
  const answers: Record<Void, string[]> = { voided: [], refused: [], submitted: [] };
  for (const { parcel_id, provider_shipment_ref } of request.parcels) {
    const answer = await void_one(api, provider_shipment_ref, signal);
    if (!answer.ok) return repeatable(answer.stop);
    answers[answer.value].push(parcel_id);
  }
  return { outcome: 'ok', value: answers };
}

async function void_one(api: EasyPostApi, ref: string, signal: AbortSignal): Promise<Result<Void>> {
  const before = await read_shipment(api, ref, signal);
  if (!before.ok) return before;
  if (before.value.refund_status) return { ok: true, value: refund_answer(before.value.refund_status) };
  const reply = await api.post(`shipments/${encodeURIComponent(ref)}/refund`, {}, shipment_reply, signal);
  if (reply.ok) return { ok: true, value: refund_answer(reply.value.refund_status ?? 'submitted') };
  return reply.stop.outcome === 'declined' ? { ok: true, value: 'refused' } : reply;
}

/** An unknown text counts as asked for: the refund's own event will tell. */
function refund_answer(status: string): Void {
  if (status === 'refunded') return 'voided';
  return status === 'rejected' || status === 'not_applicable' ? 'refused' : 'submitted';
}

/** The label in the format asked for; EasyPost converts it on the first request. */
export async function label_document(
  api: EasyPostApi,
  label_ref: string,
  format: 'pdf' | 'zpl',
  signal: AbortSignal,
): Promise<LabelDocument | undefined> {
  const path = `shipments/${encodeURIComponent(label_ref)}/label?file_format=${format.toUpperCase()}`;
  const converted = await api.get(path, shipment_reply, signal);
  if (!converted.ok || !converted.value.postage_label) return undefined;
  const { label_pdf_url, label_zpl_url, label_url, label_file_type } = converted.value.postage_label;
  const native = label_file_type?.includes(format) ? label_url : undefined;
  const url = (format === 'pdf' ? label_pdf_url : label_zpl_url) ?? native;
  const bytes = url ? await api.file(url, label_bytes_max, signal) : undefined;
  const begins = Buffer.from(bytes?.subarray(0, 5) ?? []).toString('latin1');
  if (bytes === undefined || !begins.startsWith(format === 'pdf' ? '%PDF-' : '^XA')) return undefined;
  return { content_type: format === 'pdf' ? 'application/pdf' : 'text/plain', bytes };
}
