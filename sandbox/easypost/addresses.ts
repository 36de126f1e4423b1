/** Addresses with their verification, and parcels. */
import { is_record } from '../faults.ts';
import { parse_json, type StandInReply, type StandInRequest } from '../stand_in.ts';
import { type Address, type EasyPost, error_reply, missing, not_found, number, type Parcel, reply, second, text } from './objects.ts';

/** A city nobody finds. */
const magic_city = 'not a city';
const address_not_found = { code: 'E.ADDRESS.NOT_FOUND', field: 'address', message: 'Address not found', suggestion: null };

export function make_address(easypost: EasyPost, given: unknown): Address | undefined {
  if (!is_record(given)) return undefined;
  if (typeof given['id'] === 'string') return easypost.addresses.get(given['id']);
  const at = second(easypost.sim.now_ms()).replace('Z', '+00:00');
  return {
    id: easypost.sim.id('adr_'),
    object: 'Address',
    created_at: at,
    updated_at: at,
    name: text(given['name']),
    company: text(given['company']),
    street1: text(given['street1']),
    street2: text(given['street2']),
    city: text(given['city']),
    state: text(given['state']),
    zip: text(given['zip']),
    country: text(given['country']) ?? 'US',
    phone: text(given['phone']),
    email: text(given['email']),
    mode: 'test',
    carrier_facility: null,
    residential: null,
    federal_tax_id: null,
    state_tax_id: null,
    verifications: {},
  };
}

function is_found(address: Address): boolean {
  return address.city?.trim().toLowerCase() !== magic_city;
}

/** What the post office makes of it: capital letters, a verdict, a place on earth. */
function verified(address: Address): Address {
  if (!is_found(address)) {
    const failed = { success: false, errors: [address_not_found], details: null };
    return { ...address, verifications: { zip4: failed, delivery: failed } };
  }
  const upper = (value: string | null) => value?.toUpperCase() ?? null;
  return {
    ...address,
    name: upper(address.name),
    company: upper(address.company),
    street1: upper(address.street1),
    street2: upper(address.street2) ?? '',
    city: upper(address.city),
    residential: address.company === null,
    verifications: {
      zip4: { success: true, errors: [], details: null },
      delivery: { success: true, errors: [], details: { latitude: 37, longitude: -122, time_zone: 'America/Los_Angeles' } },
    },
  };
}

function verification_failure(): StandInReply {
  return error_reply(422, 'ADDRESS.VERIFY.FAILURE', 'Unable to verify address.', [address_not_found]);
}

/** `verify`: the address comes with a verdict; `verify_strict`: a bad one is refused. */
export function create_address(easypost: EasyPost, request: StandInRequest): StandInReply {
  const body = parse_json(request.body);
  const address = is_record(body) ? make_address(easypost, body['address']) : undefined;
  if (!is_record(body) || address === undefined) return missing('address');
  if (wanted(body['verify_strict']) && !is_found(address)) return verification_failure();
  const kept = wanted(body['verify']) || wanted(body['verify_strict']) ? verified(address) : address;
  easypost.addresses.put(kept.id, kept);
  return reply(201, kept);
}

/** True, the text, or a list of verifications. */
function wanted(value: unknown): boolean {
  return value === true || value === 'true' || (Array.isArray(value) && value.length > 0);
}

export function create_and_verify_address(easypost: EasyPost, request: StandInRequest): StandInReply {
  const body = parse_json(request.body);
  const address = is_record(body) ? make_address(easypost, body['address']) : undefined;
  if (address === undefined) return missing('address');
  if (!is_found(address)) return verification_failure();
  const kept = verified(address);
  easypost.addresses.put(kept.id, kept);
  return reply(201, { address: kept });
}

export function retrieve_address(easypost: EasyPost, request: StandInRequest): StandInReply {
  const address = easypost.addresses.get(request.params['id'] ?? '');
  return address === undefined ? not_found() : reply(200, address);
}

export function verify_address(easypost: EasyPost, request: StandInRequest): StandInReply {
  const address = easypost.addresses.get(request.params['id'] ?? '');
  if (address === undefined) return not_found();
  if (!is_found(address)) return verification_failure();
  const kept = verified(address);
  easypost.addresses.put(kept.id, kept);
  return reply(200, { address: kept });
}

/** Undefined without a weight above 0. */
export function make_parcel(easypost: EasyPost, given: unknown): Parcel | undefined {
  if (!is_record(given)) return undefined;
  if (typeof given['id'] === 'string') return easypost.parcels.get(given['id']);
  const weight = number(given['weight']);
  if (weight === null || weight <= 0) return undefined;
  const at = second(easypost.sim.now_ms());
  return {
    id: easypost.sim.id('prcl_'),
    object: 'Parcel',
    created_at: at,
    updated_at: at,
    length: number(given['length']),
    width: number(given['width']),
    height: number(given['height']),
    predefined_package: text(given['predefined_package']),
    weight,
    mode: 'test',
  };
}

export function create_parcel(easypost: EasyPost, request: StandInRequest): StandInReply {
  const body = parse_json(request.body);
  if (!is_record(body) || !is_record(body['parcel'])) return missing('parcel');
  const parcel = make_parcel(easypost, body['parcel']);
  if (parcel === undefined) return missing('parcel.weight');
  easypost.parcels.put(parcel.id, parcel);
  return reply(201, parcel);
}

export function retrieve_parcel(easypost: EasyPost, request: StandInRequest): StandInReply {
  const parcel = easypost.parcels.get(request.params['id'] ?? '');
  return parcel === undefined ? not_found() : reply(200, parcel);
}
