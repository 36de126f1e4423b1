/** Shipments: validated for nothing, created for money, voided on their first day. Asked twice, it ships twice: there is no idempotency. */
import { at, elements, text_at } from '../soap.ts';
import type { StandInReply } from '../stand_in.ts';
import { refusals, total_cents, wanted } from './estimates.ts';
import { type Asked, date_of, type Purolator, pin_tag, reply, type Shipment, tag } from './objects.ts';

const voided_never = '0000';

export function validate_shipment(purolator: Purolator, asked: Asked): StandInReply {
  const errors = refusals(purolator, wanted(purolator, at(asked.content, 'Shipment') ?? asked.content));
  return reply(asked, tag('ValidShipment', String(errors.length === 0)), errors);
}

export function create_shipment(purolator: Purolator, asked: Asked): StandInReply {
  const want = wanted(purolator, at(asked.content, 'Shipment') ?? asked.content);
  const none = '<ShipmentPIN i:nil="true"/><PiecePINs i:nil="true"/>';
  const rest = '<ReturnShipmentPINs i:nil="true"/><ExpressChequePIN i:nil="true"/>';
  const errors = refusals(purolator, want);
  if (errors.length > 0) return reply(asked, none + rest, errors);
  const reference = text_at(want.shipment, 'TrackingReferenceInformation', 'Reference1') ?? null;
  const pin = new_pin(purolator, reference);
  const created: Shipment = {
    pin,
    reference,
    service: want.service,
    created_ms: purolator.sim.now_ms(),
    cents: total_cents(want),
    account: text_at(want.shipment, 'PaymentInformation', 'BillingAccountNumber') ?? '',
    sender: lines_of(at(want.shipment, 'SenderInformation', 'Address')),
    receiver: lines_of(at(want.shipment, 'ReceiverInformation', 'Address')),
    postal_code: want.postal_code,
    is_voided: false,
  };
  purolator.shipments.put(pin, created);
  purolator.sim.record({ kind: 'label_purchased', id: pin, reference, amount: created.cents, currency: 'CAD', tracking_code: pin });
  const answer = reply(asked, `<ShipmentPIN>${tag('Value', pin)}</ShipmentPIN><PiecePINs>${pin_tag(pin)}</PiecePINs>${rest}`);
  return reference?.startsWith('DROP-AFTER-') ? { ...answer, cut: true } : answer;
}

let ordinal = 0;
/** 12 digits, never given before: the time, and a count within it. A reference NO-VOID-… gets one that is never voided. */
function new_pin({ sim }: Purolator, reference: string | null): string {
  ordinal = (ordinal + 1) % 1_000;
  const digits = `${String(sim.now_ms()).slice(-9)}${String(ordinal).padStart(3, '0')}`;
  return reference?.startsWith('NO-VOID-') ? digits.slice(0, 8) + voided_never : digits;
}

function lines_of(address: Element | undefined): string[] {
  const part = (...names: string[]) => names.flatMap(name => text_at(address, name) ?? []).join(' ');
  return [
    part('Name'),
    part('StreetNumber', 'StreetSuffix', 'StreetName'),
    part('Suite', 'StreetAddress2'),
    part('City', 'Province', 'PostalCode'),
    part('Country'),
  ].filter(line => line !== '');
}

export function void_shipment(purolator: Purolator, asked: Asked): StandInReply {
  const pin = text_at(asked.content, 'PIN', 'Value') ?? '';
  const shipment = purolator.shipments.get(pin);
  const refused = (code: string, description: string) => reply(asked, tag('ShipmentVoided', 'false'), [{ code, description }]);
  if (shipment === undefined || shipment.is_voided) return refused('1100451', 'The shipment does not exist');
  const is_of_today = date_of(shipment.created_ms) === date_of(purolator.sim.now_ms());
  if (!is_of_today || pin.endsWith(voided_never)) return refused('1100429', 'You can only cancel shipments created today.');
  purolator.shipments.put(pin, { ...shipment, is_voided: true });
  purolator.sim.record({
    kind: 'label_voided',
    id: pin,
    reference: shipment.reference,
    amount: shipment.cents,
    currency: 'CAD',
    tracking_code: pin,
  });
  return reply(asked, tag('ShipmentVoided', 'true'));
}

/** Towns and postal codes: it knows of which province a code is, and that nobody lives in Not A City. */
export function validate_city(_purolator: Purolator, asked: Asked): StandInReply {
  const suggested = elements(at(asked.content, 'Addresses') ?? asked.content, 'ShortAddress').map(address => {
    const [city = '', province = '', country = '', code = ''] = ['City', 'Province', 'Country', 'PostalCode'].map(
      name => text_at(address, name) ?? '',
    );
    const is_known = city.toLowerCase() !== 'not a city' && (country !== 'CA' || /^[A-Z]\d[A-Z]\d[A-Z]\d$/.test(code));
    const right = country === 'CA' ? (province_of[code.charAt(0)] ?? province) : province;
    const errors = is_known
      ? ''
      : `<Error>${tag('Code', '1100548')}${tag('Description', 'The city and the postal code do not exist')}<AdditionalInformation i:nil="true"/></Error>`;
    const found = is_known
      ? `<Address>${tag('City', city)}${tag('Province', right)}${tag('Country', country)}${tag('PostalCode', code)}</Address>`
      : '<Address i:nil="true"/>';
    return `<SuggestedAddress>${found}<ResponseInformation><Errors>${errors}</Errors><InformationalMessages i:nil="true"/></ResponseInformation></SuggestedAddress>`;
  });
  return reply(asked, `<SuggestedAddresses>${suggested.join('')}</SuggestedAddresses>`);
}
const province_of: Readonly<Record<string, string>> = {
  ...{ A: 'NL', B: 'NS', C: 'PE', E: 'NB', G: 'QC', H: 'QC', J: 'QC', K: 'ON', L: 'ON', M: 'ON' },
  ...{ N: 'ON', P: 'ON', R: 'MB', S: 'SK', T: 'AB', V: 'BC', Y: 'YT' },
};
