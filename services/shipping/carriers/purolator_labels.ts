/**
 * Labels at Purolator, which has no idempotency and keeps no quote. What is in doubt is remembered before it is asked for; an unknown purchase is looked up by
 * our reference: found once is adopted, found twice is for a person, and not found stays unknown until a person is called. Nothing here buys after a doubt.
 */

import type { Operation, Outcome, Remember, Row } from '../../../platform/service.ts';
import { child, children, text_at } from '../../../platform/xml/parse.ts';
import type { Address, BuyLabel, FailedLabel, Label, LabelDocument, PrintedLabel, VoidLabel } from './port.ts';
import { type Answered, document_bytes_max, type PurolatorApi, p } from './purolator_api.ts';
import { shipment_element } from './purolator_shipment.ts';
import { date_in_toronto } from './purolator_time.ts';
import { repeatable, type Stop } from './stop.ts';

const day_ms = 86_400_000;
/** How far around the request the search by reference looks. */
const searched_before_days = 1;
const searched_after_days = 10;
export const exists_twice = '2800002';
const no_longer = '1100429';

type Parcel = BuyLabel['parcels'][number];
/** With all that this carrier needs. */
export interface Purchase {
  readonly parcels: readonly (Parcel & {
    readonly weight_grams: number;
    readonly dimensions_mm: [number, number, number];
    readonly amount: number;
    readonly currency: string;
  })[];
  readonly ship_to: Address;
  readonly ship_from: Address;
  readonly service: string;
}
type Asked = Purchase['parcels'][number];
interface Purchasing {
  readonly api: PurolatorApi;
  readonly purchase: Purchase;
  readonly now_ms: number;
  readonly signal: AbortSignal;
  readonly remember: Remember;
  /** PINs by parcel_id, as far as they are known. */
  readonly pins: Map<string, string>;
  /** Of which parcels the label was found and not bought by this call. */
  readonly adopted: Set<string>;
}

/** undefined: the request lacks what this carrier needs. */
export function purchase_of({ parcels, ship_to, ship_from, service }: BuyLabel): Purchase | undefined {
  if (!ship_to || !ship_from || !service) return undefined;
  const complete = parcels.flatMap(({ weight_grams, dimensions_mm, amount, currency, ...refs }): Asked[] =>
    weight_grams && dimensions_mm && typeof amount === 'number' && currency
      ? [{ ...refs, weight_grams, dimensions_mm, amount, currency }]
      : [],
  );
  return complete.length < parcels.length ? undefined : { parcels: complete, ship_to, ship_from, service };
}

/** One label per parcel, in turn; those that an earlier attempt bought and remembered are taken as they are. */
export async function buy_label(purchasing: Purchasing): Promise<Outcome> {
  for (const parcel of purchasing.purchase.parcels) {
    if (purchasing.pins.has(parcel.parcel_id)) continue;
    const stop = await buy_one(purchasing, parcel);
    if (stop !== undefined) return stopped(purchasing, parcel, stop);
  }
  return { outcome: 'ok', value: { labels: labels_of(purchasing) } };
}

async function buy_one({ api, purchase, now_ms, signal, remember, pins }: Purchasing, parcel: Asked): Promise<Stop | undefined> {
  const { ship_from, ship_to, service } = purchase;
  const { account } = api;
  const shipment = shipment_element({ ...parcel, ship_from, ship_to, service, account, shipment_date: date_in_toronto(now_ms) });
  // Costs nothing, and what it refuses leaves no doubt.
  const valid = await api.ask('ValidateShipment', [shipment], signal);
  if (!valid.ok) return repeatable(valid.stop);
  if (text_at(valid.value, 'ValidShipment') !== 'true')
    return { outcome: 'permanent_error', code: 'refused', detail: 'The shipment is not valid.' };
  if (!(await remember({ doubtful: parcel.parcel_id })))
    return { outcome: 'retryable', detail: 'another process has taken this operation over' };
  const created = await api.ask('CreateShipment', [shipment, p('PrinterType', 'Thermal')], signal);
  if (!created.ok) {
    // Certainly not bought: whoever is asked next need not doubt it.
    if (created.stop.outcome === 'retryable') await remember({ doubtful: null });
    return created.stop;
  }
  const pin = text_at(created.value, 'ShipmentPIN', 'Value');
  if (pin === undefined) return { outcome: 'unknown', detail: 'a shipment without a PIN' };
  pins.set(parcel.parcel_id, pin);
  // Should this be lost, the reference finds it.
  await remember({ pins: Object.fromEntries(pins) });
  return undefined;
}

export function known_pins(learned: Row): Map<string, string> {
  const { pins } = learned;
  if (typeof pins !== 'object' || pins === null || Array.isArray(pins)) return new Map();
  return new Map(Object.entries(pins).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** What became of a purchase: of labels not known yet, the doubtful one is looked for; the ones after it were never asked for. */
export async function find_labels(purchasing: Purchasing, { requested_at, learned }: Operation): Promise<Outcome> {
  const doubtful = purchasing.purchase.parcels.find(
    ({ parcel_id }) => parcel_id === learned['doubtful'] && !purchasing.pins.has(parcel_id),
  );
  if (doubtful === undefined) return buy_label(purchasing);
  const found = await find(purchasing, doubtful, requested_at);
  if (found.outcome !== 'ok') return found.outcome === 'unknown' ? stopped(purchasing, doubtful, found, found.value) : found;
  purchasing.pins.set(doubtful.parcel_id, String(found.value['pin']));
  purchasing.adopted.add(doubtful.parcel_id);
  await purchasing.remember({ pins: Object.fromEntries(purchasing.pins) });
  return buy_label(purchasing);
}

async function find({ api, purchase, signal }: Purchasing, { parcel_id }: Asked, requested_at: string): Promise<Outcome> {
  const answer = await find_by_reference(api, parcel_id, purchase.ship_to, requested_at, signal);
  if (answer.ok) {
    const pins = [...new Set(pins_in(answer))];
    const [pin] = pins;
    if (pins.length === 1 && pin !== undefined) return { outcome: 'ok', value: { pin } };
    return pins.length === 0 ? { outcome: 'unknown', detail: `no shipment of ${parcel_id} is found` } : twice(parcel_id, pins.join(', '));
  }
  if (answer.errors?.some(({ code }) => code === exists_twice)) return twice(parcel_id, exists_twice);
  return answer.stop.outcome === 'permanent_error' ? { outcome: 'unknown', detail: answer.stop.detail } : repeatable(answer.stop);
}

function twice(parcel_id: string, detail: string): Outcome {
  const text = `Several shipments have the reference ${parcel_id} (${detail}): one of them is to be cancelled.`;
  return { outcome: 'unknown', detail: text, value: { for_operator: text } };
}

export function find_by_reference(
  api: PurolatorApi,
  reference: string,
  to: Address | undefined,
  around: string,
  signal: AbortSignal,
): Promise<Answered> {
  const at_ms = Date.parse(around);
  const criteria = p('TrackPackageByReferenceSearchCriteria', [
    p('Reference', reference),
    ...(to === undefined
      ? []
      : [p('DestinationPostalCode', to.postal_code.replace(/\s/g, '').toUpperCase()), p('DestinationCountryCode', to.country)]),
    p('BillingAccountNumber', api.account),
    p('ShipmentFromDate', date_in_toronto(at_ms - searched_before_days * day_ms)),
    p('ShipmentToDate', date_in_toronto(at_ms + searched_after_days * day_ms)),
  ]);
  return api.ask('TrackPackagesByReference', [criteria], signal);
}
export function pins_in(answer: Extract<Answered, { ok: true }>): string[] {
  return children(child(answer.value, 'TrackingInformationList'), 'TrackingInformation').flatMap(one => text_at(one, 'PIN', 'Value') ?? []);
}

/** The price is the one that was quoted: CreateShipment tells none. */
function labels_of({ purchase, pins, adopted }: Purchasing): Label[] {
  return purchase.parcels.flatMap(({ parcel_id, provider_shipment_ref, amount, currency }) => {
    const pin = pins.get(parcel_id);
    if (pin === undefined) return [];
    const about = { parcel_id, tracking_number: pin, tracking_url: tracking_url(pin), cost: amount, currency };
    return [
      { ...about, label_ref: provider_shipment_ref, carrier: 'Purolator', service: purchase.service, adopted: adopted.has(parcel_id) },
    ];
  });
}
const tracking_url = (pin: string) => `https://www.purolator.com/en/shipping/tracker?pins=${encodeURIComponent(pin)}`;

function stopped(purchasing: Purchasing, parcel: Asked, stop: Stop, more: Row = {}): Outcome {
  const labels = labels_of(purchasing);
  switch (stop.outcome) {
    case 'retryable':
      return stop;
    case 'unknown': {
      const missing = purchasing.purchase.parcels.map(each => each.parcel_id).filter(id => !purchasing.pins.has(id));
      return { ...stop, value: { labels, missing, doubtful: parcel.parcel_id, ...more } };
    }
    case 'permanent_error':
    case 'declined': {
      const detail = 'detail' in stop && typeof stop.detail === 'string' ? stop.detail : stop.code;
      const failed: FailedLabel[] = [{ parcel_id: parcel.parcel_id, code: stop.code, detail }];
      // A permanent error carries no value, and labels that were paid for must not be forgotten.
      return labels.length === 0 ? stop : { outcome: 'declined', code: stop.code, retryable: false, value: { labels, failed } };
    }
  }
}

/** Only on the day of the purchase. A refusal that says something else than that is told to a person. */
export async function void_label(api: PurolatorApi, request: VoidLabel, signal: AbortSignal): Promise<Outcome> {
  const answers: Record<'voided' | 'refused' | 'submitted', string[]> = { voided: [], refused: [], submitted: [] };
  for (const { parcel_id, tracking_number } of request.parcels) {
    const answer = await api.ask('VoidShipment', [p('PIN', [p('Value', tracking_number)])], signal);
    if (!answer.ok && !answer.errors?.some(({ code }) => code === no_longer)) return repeatable(answer.stop);
    const is_voided = answer.ok && text_at(answer.value, 'ShipmentVoided') === 'true';
    answers[is_voided ? 'voided' : 'refused'].push(parcel_id);
  }
  return { outcome: 'ok', value: answers };
}

/** As it was bought: on thermal paper of 4 by 6 inches. There is no ZPL. */
export async function label_document(
  api: PurolatorApi,
  label: PrintedLabel,
  format: 'pdf' | 'zpl',
  signal: AbortSignal,
): Promise<LabelDocument | undefined> {
  if (format === 'zpl') return undefined;
  const criteria = p('DocumentCriteria', [
    p('PIN', [p('Value', label.tracking_number)]),
    p('DocumentTypes', [p('DocumentType', 'DomesticBillOfLadingThermal')]),
  ]);
  const asked = [p('OutputType', 'PDF'), p('Synchronous', 'true'), p('DocumentCriterium', [criteria])];
  const answer = await api.ask('GetDocuments', asked, signal, document_bytes_max);
  if (!answer.ok) return undefined;
  const details = children(child(answer.value, 'Documents'), 'Document')
    .filter(document => text_at(document, 'PIN', 'Value') === label.tracking_number)
    .flatMap(document => children(child(document, 'DocumentDetails'), 'DocumentDetail'));
  const ready = details.find(detail => text_at(detail, 'DocumentStatus') === 'Completed');
  const data = text_at(ready, 'Data');
  const url = text_at(ready, 'URL');
  const bytes = data !== undefined ? Buffer.from(data, 'base64') : url !== undefined ? await api.file(url, signal) : undefined;
  if (bytes === undefined || !Buffer.from(bytes.subarray(0, 5)).toString('latin1').startsWith('%PDF-')) return undefined;
  return { content_type: 'application/pdf', bytes };
}
