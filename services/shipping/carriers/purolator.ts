/** Purolator E-Ship as a carrier (integrations.md 7): labels within Canada, in Canadian dollars. The stand-in and the live host differ by the base URL. */
import { Compile } from 'typebox/compile';
import type { Operation, Outcome, Remember } from '../../../platform/service.ts';
import { child, children, text_at, type XmlElement } from '../../../platform/xml/parse.ts';
import { compared, minor_units } from './measures.ts';
import {
  type AddressVerdict,
  BuyLabelSchema,
  type Carrier,
  ListLabelsSchema,
  type QuoteRates,
  QuoteRatesSchema,
  type Rate,
  type RateMessage,
  TrackSchema,
  type VerifyAddress,
  VerifyAddressSchema,
  VoidLabelSchema,
} from './port.ts';
import { described, errors_in, type PurolatorApi, type PurolatorApiSettings, p, purolator_api } from './purolator_api.ts';
import { check_purolator } from './purolator_check.ts';
import { buy_label, find_labels, known_pins, label_document, purchase_of, void_label } from './purolator_labels.ts';
import { list_labels } from './purolator_list.ts';
import { shipment_element, short_address } from './purolator_shipment.ts';
import { date_in_toronto } from './purolator_time.ts';
import { track } from './purolator_tracking.ts';
import { repeatable } from './stop.ts';

export const timeout_ms = 45_000;
export const in_flight_max = 16;
export const poll_first_ms = 15 * 60_000;
const currency = 'CAD';
const day_ms = 86_400_000;
/** What an estimate is asked about; the indicator beside it brings the others. */
const service_asked = 'PurolatorGround';

const requests = {
  verify_address: Compile(VerifyAddressSchema),
  quote_rates: Compile(QuoteRatesSchema),
  buy_label: Compile(BuyLabelSchema),
  void_label: Compile(VoidLabelSchema),
  track: Compile(TrackSchema),
  list_labels: Compile(ListLabelsSchema),
};

export interface PurolatorSettings extends PurolatorApiSettings {
  readonly clock: { now_ms(): number };
  /** Of a whole operation, with its calls. */
  readonly timeout_ms?: number;
  readonly poll_first_ms?: number;
}
interface Given {
  readonly api: PurolatorApi;
  readonly now_ms: number;
  readonly signal: AbortSignal;
}

export function purolator_carrier(settings: PurolatorSettings): Carrier {
  const api = purolator_api(settings);
  const given = (signal: AbortSignal): Given => ({ api, now_ms: settings.clock.now_ms(), signal });
  return {
    name: 'purolator',
    checks_addresses_in: ['CA'],
    lists_labels: true,
    poll_first_ms: settings.poll_first_ms ?? poll_first_ms,
    adapter: {
      timeout_ms: settings.timeout_ms ?? timeout_ms,
      in_flight_max,
      perform: (operation, signal, remember) => perform(given(signal), operation, remember),
      query: (operation, signal, remember) => query(given(signal), operation, remember),
    },
    parse_webhook: () => ({ invalid: 'not_supported' }),
    check: signal => check_purolator(api, settings.base_url, signal),
    label_document: (label, format, signal) => label_document(api, label, format, signal),
  };
}

async function perform(given: Given, operation: Operation, remember?: Remember): Promise<Outcome> {
  const { kind, request } = operation;
  const { api, signal } = given;
  if (kind === 'verify_address' && requests.verify_address.Check(request)) return verify_address(given, request);
  if (kind === 'quote_rates' && requests.quote_rates.Check(request)) return quote_rates(given, request);
  if (kind === 'buy_label') {
    const purchasing = purchasing_of(given, operation, remember);
    if (purchasing !== undefined) return buy_label(purchasing);
  }
  if (kind === 'void_label' && requests.void_label.Check(request)) return void_label(api, request, signal);
  if (kind === 'track' && requests.track.Check(request)) return track(api, request, signal);
  if (kind === 'list_labels' && requests.list_labels.Check(request)) return list_labels(api, request, signal);
  return { outcome: 'permanent_error', code: 'malformed_request', detail: `purolator does not understand this ${kind}` };
}

/** Only a label costs money. The other kinds may be performed again, and that is all there is to ask about them. */
async function query(given: Given, operation: Operation, remember?: Remember): Promise<Outcome> {
  if (operation.kind !== 'buy_label') return { outcome: 'retryable', detail: `${operation.kind} may be repeated` };
  const purchasing = purchasing_of(given, operation, remember);
  return purchasing === undefined ? { outcome: 'unknown', detail: 'the request is not understood' } : find_labels(purchasing, operation);
}

function purchasing_of(given: Given, { request, learned }: Operation, remember?: Remember) {
  if (remember === undefined) throw new Error('labels are bought only where what is in doubt can be remembered');
  const purchase = requests.buy_label.Check(request) ? purchase_of(request) : undefined;
  const pins = known_pins(learned);
  // Known from an earlier attempt: adopted by this one.
  return purchase && { ...given, purchase, remember, pins, adopted: new Set(pins.keys()) };
}

/** One estimate per parcel, with every service that the carrier has there. */
async function quote_rates({ api, now_ms, signal }: Given, request: QuoteRates): Promise<Outcome> {
  const rates: Rate[] = [];
  const messages: RateMessage[] = [];
  const left_out = why_not(request);
  for (const { parcel_id, weight_grams, dimensions_mm } of request.parcels) {
    if (left_out !== undefined) {
      messages.push({ parcel_id, carrier: 'Purolator', message: left_out });
      continue;
    }
    const { ship_from, ship_to } = request;
    const shipment_date = date_in_toronto(now_ms);
    const asked = {
      parcel_id,
      ship_from,
      ship_to,
      weight_grams,
      dimensions_mm,
      service: service_asked,
      shipment_date,
      account: api.account,
    };
    const answer = await api.ask('GetFullEstimate', [shipment_element(asked), p('ShowAlternativeServicesIndicator', 'true')], signal);
    if (!answer.ok && answer.errors === undefined) return repeatable(answer.stop);
    if (answer.ok) rates.push(...rates_in(answer.value, parcel_id));
    else messages.push({ parcel_id, carrier: 'Purolator', message: described(answer.errors ?? []) });
  }
  return { outcome: 'ok', value: { rates, messages } };
}

/** Over a border it wants papers that shipping does not have. */
function why_not({ ship_from, ship_to }: QuoteRates): string | undefined {
  if (ship_from.country !== 'CA') return 'picks up in Canada only';
  return ship_to.country === 'CA' ? undefined : 'takes no parcels abroad without customs papers';
}

/** One whose price cannot be read is not offered. */
function rates_in(reply: XmlElement, parcel_id: string): Rate[] {
  return children(child(reply, 'ShipmentEstimates'), 'ShipmentEstimate').flatMap((estimate): Rate[] => {
    const service = text_at(estimate, 'ServiceID');
    const amount = minor_units(text_at(estimate, 'TotalPrice') ?? '', currency);
    if (service === undefined || amount === undefined) return [];
    const days = days_in(estimate);
    return [
      {
        parcel_id,
        // It keeps no quote: our own name of the parcel is its reference there.
        provider_shipment_ref: parcel_id,
        rate_ref: service,
        carrier: 'Purolator',
        service,
        amount,
        currency,
        ...(days === undefined ? {} : { delivery_days: days }),
      },
    ];
  });
}

function days_in(estimate: XmlElement): number | undefined {
  const [from, until] = ['ShipmentDate', 'ExpectedDeliveryDate'].map(name => Date.parse(text_at(estimate, name) ?? ''));
  const between = ((until ?? Number.NaN) - (from ?? Number.NaN)) / day_ms;
  // Days of the calendar; transit days do not count those of rest.
  if (Number.isInteger(between) && between >= 0) return between;
  const transit = text_at(estimate, 'EstimatedTransitDays') ?? '';
  return /^\d{1,3}$/.test(transit) ? Number(transit) : undefined;
}

async function verify_address({ api, signal }: Given, { address }: VerifyAddress): Promise<Outcome> {
  const answer = await api.ask('ValidateCityPostalCodeZip', [p('Addresses', [short_address(address)])], signal);
  if (!answer.ok) {
    const detail = 'detail' in answer.stop ? answer.stop.detail : answer.stop.outcome;
    return { outcome: 'ok', value: { verdict: 'not_checked', detail: detail ?? '' } };
  }
  const [suggested] = children(child(answer.value, 'SuggestedAddresses'), 'SuggestedAddress');
  return { outcome: 'ok', value: { ...verdict_of(suggested, address) } };
}

/** It knows towns and postal codes, no streets. */
function verdict_of(suggested: XmlElement | undefined, asked: VerifyAddress['address']): AddressVerdict {
  if (suggested === undefined) return { verdict: 'not_checked', detail: 'no word about the address' };
  const errors = errors_in(child(suggested, 'ResponseInformation'));
  if (errors.length > 0) return { verdict: 'undeliverable', detail: described(errors) };
  const found = child(suggested, 'Address');
  return compared(asked, {
    ...asked,
    city: text_at(found, 'City') ?? asked.city,
    region: text_at(found, 'Province') ?? asked.region ?? null,
    postal_code: text_at(found, 'PostalCode') ?? asked.postal_code,
    country: text_at(found, 'Country') ?? asked.country,
  });
}
