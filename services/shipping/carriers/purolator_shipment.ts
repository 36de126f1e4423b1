/** A shipment in the words and the order of Purolator's schema, and the splitting that it asks for: numbers from streets, phones in three, weights twice. */
import type { XmlNode } from '../../../platform/xml/write.ts';
import type { Address } from './port.ts';
import { p, p_if, p_nil } from './purolator_api.ts';

export interface Street {
  readonly number: string | null;
  readonly suffix: string | null;
  readonly name: string;
  readonly suite: string | null;
}
/** `302-1234A King St W` → suite 302, number 1234, suffix A. What begins with no number is a name alone. */
export function street_of(line: string): Street {
  const match = /^\s*(?:#?(\w{1,6})\s*-\s*)?(\d{1,6})([A-Za-z]|\s*[¼½¾])?(?:\s*,\s*|\s+)(\S.*)$/u.exec(line);
  if (match === null) return { number: null, suffix: null, name: line.trim(), suite: null };
  const [, suite, number, suffix, name = ''] = match;
  return { number: number ?? null, suffix: suffix?.trim() ?? null, name: name.trim(), suite: suite ?? null };
}

export interface Phone {
  readonly country: string;
  readonly area: string;
  readonly number: string;
  readonly extension: string | null;
}
/** `+1 416-555-0100 x12` → 1, 416, 5550100, 12. Of other countries the first two groups; undefined when it cannot be told apart. */
export function phone_of(text: string | null | undefined): Phone | undefined {
  const [, main = '', extension] = /^(.*?)(?:\s*(?:ext\.?|x|#)\s*(\d{1,6}))?$/i.exec((text ?? '').trim()) ?? [];
  const digits = main.replace(/\D/g, '');
  const is_foreign = /^(\+|00)/.test(main) && !/^(\+|00)\s*1/.test(main);
  const told = { extension: extension ?? null };
  if (!is_foreign) {
    const national = digits.replace(/^(00)?1(?=\d{10}$)/, '');
    return national.length === 10 ? { country: '1', area: national.slice(0, 3), number: national.slice(3), ...told } : undefined;
  }
  const [country, area, ...rest] = main
    .replace(/^(\+|00)\s*/, '')
    .split(/\D+/)
    .filter(group => group !== '');
  return country === undefined || area === undefined || rest.length === 0 ? undefined : { country, area, number: rest.join(''), ...told };
}

/** `CA-ON`, `on` → `ON`. */
export const province_of = (region: string | null | undefined) => (region ?? '').trim().toUpperCase().replace(/^CA-/, '');
export const postal_code_of = (code: string) => code.replace(/\s/g, '').toUpperCase();

/** `fallback`: whose phone is given when this one has none; a driver must reach somebody. */
function address(from: Address, fallback?: Address): XmlNode {
  const street = street_of(from.line1);
  const phone = phone_of(from.phone) ?? phone_of(fallback?.phone);
  return p('Address', [
    p('Name', from.name),
    street.number === null ? p_nil('StreetNumber') : p('StreetNumber', street.number),
    p_if('StreetSuffix', street.suffix),
    p('StreetName', street.name),
    p_if('Suite', street.suite),
    p_if('StreetAddress2', from.line2),
    p('City', from.city),
    p('Province', province_of(from.region)),
    p('Country', from.country),
    p('PostalCode', postal_code_of(from.postal_code)),
    phone === undefined
      ? p_nil('PhoneNumber')
      : p('PhoneNumber', [
          p('CountryCode', phone.country),
          p('AreaCode', phone.area),
          p('Phone', phone.number),
          p_if('Extension', phone.extension),
        ]),
  ]);
}

export function short_address({ city, region, country, postal_code }: Address): XmlNode {
  return p('ShortAddress', [
    p('City', city),
    p('Province', province_of(region)),
    p('Country', country),
    p('PostalCode', postal_code_of(postal_code)),
  ]);
}

/** By its digits: 1250 g → `1.25`. */
function thousandths(value: number, of: 10 | 1_000): string {
  const digits = String(of).length - 1;
  const fraction = String(value % of)
    .padStart(digits, '0')
    .replace(/0+$/, '');
  return fraction === '' ? String(Math.floor(value / of)) : `${Math.floor(value / of)}.${fraction}`;
}

export interface ShipmentAsked {
  readonly parcel_id: string;
  readonly ship_from: Address;
  readonly ship_to: Address;
  readonly weight_grams: number;
  readonly dimensions_mm: readonly [number, number, number];
  readonly service: string;
  /** yyyy-mm-dd, where the carrier is. */
  readonly shipment_date: string;
  readonly account: string;
}

/** One parcel is one shipment there, under our parcel_id as its reference: that is how it is found again. */
export function shipment_element(asked: ShipmentAsked): XmlNode {
  const { ship_from, ship_to, weight_grams, dimensions_mm } = asked;
  const [length, width, height] = dimensions_mm;
  const side = (name: string, millimetres: number) => p(name, [p('Value', thousandths(millimetres, 10)), p('DimensionUnit', 'cm')]);
  return p('Shipment', [
    p('SenderInformation', [address(ship_from)]),
    p('ReceiverInformation', [address(ship_to, ship_from)]),
    p('ShipmentDate', asked.shipment_date),
    p('PackageInformation', [
      p('ServiceID', asked.service),
      // Whole kilograms here, and never none; the piece has the exact weight.
      p('TotalWeight', [p('Value', Math.max(1, Math.ceil(weight_grams / 1_000))), p('WeightUnit', 'kg')]),
      p('TotalPieces', 1),
      p('PiecesInformation', [
        p('Piece', [
          p('Weight', [p('Value', thousandths(weight_grams, 1_000)), p('WeightUnit', 'kg')]),
          side('Length', length),
          side('Width', width),
          side('Height', height),
        ]),
      ]),
    ]),
    p('PaymentInformation', [
      p('PaymentType', 'Sender'),
      p('RegisteredAccountNumber', asked.account),
      p('BillingAccountNumber', asked.account),
    ]),
    p('PickupInformation', [p('PickupType', 'DropOff')]),
    p('TrackingReferenceInformation', [p('Reference1', asked.parcel_id)]),
  ]);
}
