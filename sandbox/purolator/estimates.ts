/** What a parcel costs, what of it is known before, and whether the carrier takes it: the part of a request that quotes and purchases share. */
import { at, elements, text_at } from '../soap.ts';
import type { StandInReply } from '../stand_in.ts';
import { type Asked, date_of, decimal, type Failure, type Purolator, reply, tag } from './objects.ts';

interface Tariff {
  readonly service: string;
  readonly first_cents: number;
  readonly kilogram_cents: number;
  readonly days: number;
}
const tariffs: readonly Tariff[] = [
  { service: 'PurolatorExpress9AM', first_cents: 5_230, kilogram_cents: 320, days: 1 },
  { service: 'PurolatorExpress10:30AM', first_cents: 4_410, kilogram_cents: 290, days: 1 },
  { service: 'PurolatorExpress', first_cents: 3_120, kilogram_cents: 210, days: 1 },
  { service: 'PurolatorGround', first_cents: 1_290, kilogram_cents: 95, days: 3 },
];
const fuel_percent = 10;
const tax_percent = 13;
const day_ms = 86_400_000;
/** A receiver there is refused by the schema (a magic value). */
export const magic_postal_code = 'V0V0V0';
/** The second character of a rural code. */
const is_rural = (postal_code: string) => postal_code.charAt(1) === '0';

export interface Wanted {
  readonly shipment: Element;
  readonly service: string;
  readonly kilograms: number;
  readonly postal_code: string;
  readonly date: string;
}
export function wanted(purolator: Purolator, shipment: Element): Wanted {
  const pieces = elements(at(shipment, 'PackageInformation', 'PiecesInformation') ?? shipment, 'Piece');
  const kilograms = pieces.reduce((sum, piece) => sum + Number(text_at(piece, 'Weight', 'Value') ?? 0), 0);
  return {
    shipment,
    service: text_at(shipment, 'PackageInformation', 'ServiceID') ?? '',
    kilograms: kilograms || Number(text_at(shipment, 'PackageInformation', 'TotalWeight', 'Value') ?? 1),
    postal_code: text_at(shipment, 'ReceiverInformation', 'Address', 'PostalCode') ?? '',
    date: text_at(shipment, 'ShipmentDate') ?? date_of(purolator.sim.now_ms()),
  };
}

/** Why the carrier would not take it; empty: it would. */
export function refusals(purolator: Purolator, { service, postal_code, date, kilograms, shipment }: Wanted): readonly Failure[] {
  if (date < date_of(purolator.sim.now_ms())) return [{ code: '1100759', description: 'Invalid Shipment Date' }];
  const countries = ['SenderInformation', 'ReceiverInformation'].map(side => text_at(shipment, side, 'Address', 'Country'));
  if (countries.some(country => country !== 'CA')) return [{ code: '1100627', description: 'International information is required' }];
  if (kilograms > 68) return [{ code: '1100615', description: 'The weight exceeds the maximum of 68 kg' }];
  const is_offered = tariffs.some(tariff => tariff.service === service) && !(service === 'PurolatorExpress9AM' && is_rural(postal_code));
  return is_offered ? [] : [{ code: '1100555', description: `${service} is not available there` }];
}

interface Price {
  readonly base: number;
  readonly fuel: number;
  readonly tax: number;
  readonly total: number;
}
function price(tariff: Tariff, kilograms: number): Price {
  const base = tariff.first_cents + tariff.kilogram_cents * Math.ceil(kilograms);
  const fuel = Math.round((base * fuel_percent) / 100);
  const tax = Math.round(((base + fuel) * tax_percent) / 100);
  return { base, fuel, tax, total: base + fuel + tax };
}
export function total_cents({ service, kilograms }: Wanted): number {
  const tariff = tariffs.find(each => each.service === service);
  return tariff === undefined ? 0 : price(tariff, kilograms).total;
}

export function get_full_estimate(purolator: Purolator, asked: Asked): StandInReply {
  const shipment = at(asked.content, 'Shipment') ?? asked.content;
  const want = wanted(purolator, shipment);
  const errors = refusals(purolator, want).filter(({ code }) => code !== '1100555');
  if (errors.length > 0) return reply(asked, nothing, errors);
  const is_all = /^(true|1)$/.test(text_at(asked.content, 'ShowAlternativeServicesIndicator') ?? '');
  const offered = tariffs
    .filter(({ service }) => is_all || service === want.service)
    .filter(({ service }) => service !== 'PurolatorExpress9AM' || !is_rural(want.postal_code));
  return reply(
    asked,
    `<ShipmentEstimates>${offered.map(tariff => estimate(tariff, want)).join('')}</ShipmentEstimates><ReturnShipmentEstimates i:nil="true"/>`,
  );
}
const nothing = '<ShipmentEstimates i:nil="true"/><ReturnShipmentEstimates i:nil="true"/>';

function estimate(tariff: Tariff, { date, kilograms }: Wanted): string {
  const { base, fuel, tax, total } = price(tariff, kilograms);
  const expected = new Date(Date.parse(date) + tariff.days * day_ms).toISOString().slice(0, 10);
  const charge = (name: string, cents: number, type: string, text: string) =>
    `<${name}>${tag('Amount', decimal(cents))}${tag('Type', type)}${tag('Description', text)}</${name}>`;
  return `<ShipmentEstimate>${[
    tag('ServiceID', tariff.service),
    tag('ShipmentDate', date),
    tag('ExpectedDeliveryDate', expected),
    tag('EstimatedTransitDays', tariff.days),
    tag('BasePrice', decimal(base)),
    `<Surcharges>${charge('Surcharge', fuel, 'Fuel', 'Fuel')}</Surcharges>`,
    `<Taxes>${charge('Tax', 0, 'PSTQST', 'PST/QST')}${charge('Tax', tax, 'HST', 'HST')}${charge('Tax', 0, 'GST', 'GST')}</Taxes>`,
    '<OptionPrices/>',
    tag('TotalPrice', decimal(total)),
  ].join('')}</ShipmentEstimate>`;
}
