/** EasyPost v2 as a carrier (integrations.md 6). The stand-in and the live host are reached by the same code: the base URL differs. */
import { Compile } from 'typebox/compile';
import type { Operation, Outcome, Remember } from '../../../platform/service.ts';
import { easypost_address, verify_address } from './easypost_addresses.ts';
import { type EasyPostApi, type EasyPostShipment, easypost_api, shipment_reply } from './easypost_api.ts';
import { check_easypost } from './easypost_check.ts';
import { buy_label, find_labels, label_document, void_label } from './easypost_labels.ts';
import { list_labels } from './easypost_list.ts';
import { parse_webhook, track } from './easypost_tracking.ts';
import { inches, minor_units, ounces } from './measures.ts';
import {
  BuyLabelSchema,
  type Carrier,
  ListLabelsSchema,
  type QuoteRates,
  QuoteRatesSchema,
  type Rate,
  type RateMessage,
  TrackSchema,
  VerifyAddressSchema,
  VoidLabelSchema,
} from './port.ts';
import { repeatable } from './stop.ts';

export const timeout_ms = 30_000;
export const in_flight_max = 32;

const requests = {
  verify_address: Compile(VerifyAddressSchema),
  quote_rates: Compile(QuoteRatesSchema),
  buy_label: Compile(BuyLabelSchema),
  void_label: Compile(VoidLabelSchema),
  track: Compile(TrackSchema),
  list_labels: Compile(ListLabelsSchema),
};

export interface EasyPostSettings {
  /** EASYPOST_API_KEY */
  readonly api_key: string;
  /** EASYPOST_BASE_URL, `https://api.easypost.com/v2/` when live. */
  readonly base_url: string;
  /** Of a whole operation, with its calls. */
  readonly timeout_ms?: number;
  /** For `doctor`: compared with the provider's. */
  now_ms?(): number;
}

export function easypost_carrier(settings: EasyPostSettings): Carrier {
  const api = easypost_api(settings);
  const { now_ms } = settings;
  return {
    name: 'easypost',
    checks_addresses_in: ['*'],
    lists_labels: true,
    adapter: {
      timeout_ms: settings.timeout_ms ?? timeout_ms,
      in_flight_max,
      perform: (operation, signal, remember) => perform(api, operation, signal, remember),
      query: (operation, signal, remember) => query(api, operation, signal, remember),
    },
    parse_webhook,
    ...(now_ms === undefined ? {} : { check: signal => check_easypost({ ...settings, now_ms }, signal) }),
    label_document: ({ label_ref }, format, signal) => label_document(api, label_ref, format, signal),
  };
}

async function perform(api: EasyPostApi, { kind, request }: Operation, signal: AbortSignal, remember?: Remember): Promise<Outcome> {
  if (kind === 'verify_address' && requests.verify_address.Check(request)) return verify_address(api, request, signal);
  if (kind === 'quote_rates' && requests.quote_rates.Check(request)) return quote_rates(api, request, signal);
  if (kind === 'buy_label' && requests.buy_label.Check(request)) return buy_label(api, request, signal, remember);
  if (kind === 'void_label' && requests.void_label.Check(request)) return void_label(api, request, signal);
  if (kind === 'track' && requests.track.Check(request)) return track(api, request, signal);
  if (kind === 'list_labels' && requests.list_labels.Check(request)) return list_labels(api, request, signal);
  return { outcome: 'permanent_error', code: 'malformed_request', detail: `easypost does not understand this ${kind}` };
}

/**
 * Only a label costs money. The other kinds may be performed again, and that is all there is to ask about them. `doubtful` is the last parcel whose
 * label may have been asked for, remembered before it was: an operation without one died before it bought anything.
 */
async function query(api: EasyPostApi, { kind, request, learned }: Operation, signal: AbortSignal, remember?: Remember): Promise<Outcome> {
  if (kind === 'buy_label' && requests.buy_label.Check(request)) {
    const { doubtful } = learned;
    const found = await find_labels(api, request, typeof doubtful === 'string' ? doubtful : undefined, signal);
    // Certainly not asked for yet: bought now, with those found adopted. A `retryable` would only make the runner ask again.
    return found.outcome === 'retryable' ? buy_label(api, request, signal, remember) : found;
  }
  return { outcome: 'retryable', detail: `${kind} may be repeated` };
}

/** One shipment there per parcel, unbought and free; its id goes into our events before anything is bought. */
async function quote_rates(api: EasyPostApi, request: QuoteRates, signal: AbortSignal): Promise<Outcome> {
  const rates: Rate[] = [];
  const messages: RateMessage[] = [];
  for (const parcel of request.parcels) {
    const [length_mm, width_mm, height_mm] = parcel.dimensions_mm;
    const shipment = {
      to_address: easypost_address(request.ship_to),
      from_address: easypost_address(request.ship_from),
      parcel: {
        length: inches(length_mm),
        width: inches(width_mm),
        height: inches(height_mm),
        weight: ounces(parcel.weight_grams),
      },
      options: { label_format: 'PDF', ...(request.currency && { currency: request.currency }), invoice_number: request.order_id },
      reference: parcel.parcel_id,
    };
    const created = await api.post('shipments', { shipment }, shipment_reply, signal);
    if (!created.ok) return repeatable(created.stop);
    rates.push(...readable_rates(created.value, parcel.parcel_id));
    for (const { carrier, message } of created.value.messages ?? [])
      messages.push({
        parcel_id: parcel.parcel_id,
        carrier: carrier ?? '',
        message: typeof message === 'string' ? message : JSON.stringify(message),
      });
  }
  return { outcome: 'ok', value: { rates, messages } };
}

/** A rate whose price cannot be read is not offered. */
function readable_rates(shipment: EasyPostShipment, parcel_id: string): Rate[] {
  return shipment.rates.flatMap(({ id, carrier, service, rate, currency, delivery_days }) => {
    const amount = minor_units(rate, currency);
    if (amount === undefined || !/^[A-Z]{3}$/.test(currency)) return [];
    const days = typeof delivery_days === 'number' && Number.isInteger(delivery_days) && delivery_days >= 0 ? { delivery_days } : {};
    return [{ parcel_id, provider_shipment_ref: shipment.id, rate_ref: id, carrier, service, amount, currency, ...days }];
  });
}
