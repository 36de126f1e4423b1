/** Addresses as orders states them, and as carriers take them. */
import type { Address, LocationAddress } from '../../contracts/index.ts';
import type { Address as Place } from './carriers/port.ts';
import type { KnownLocation } from './model.ts';

/** undefined: nobody knows where to. What is missing is left to the carrier to refuse. */
export function place_of(address: Address | null): Place | undefined {
  return address === null ? undefined : stated(address);
}

/** A location as far as it is known, under its own name if its address has none. */
export function place_of_location({ name, address }: KnownLocation): Place {
  return stated({ ...address, name: address.name || name });
}

function stated({ name, line1, line2, city, region, postal_code, country, phone }: LocationAddress): Place {
  return {
    name: name ?? '',
    line1: line1 ?? '',
    city: city ?? '',
    postal_code: postal_code ?? '',
    country: country ?? '',
    ...(line2 ? { line2 } : {}),
    ...(region ? { region } : {}),
    ...(phone ? { phone } : {}),
  };
}

/**
 * Where parcels leave; undefined: nobody said, or a line, a city or a country is missing, without which a carrier would refuse or, worse, guess.
 * A postal code is left to the carrier, because many countries have none.
 */
export function ship_from_of(location: KnownLocation | undefined): Place | undefined {
  if (location === undefined) return undefined;
  const place = place_of_location(location);
  const is_usable = [place.line1, place.city, place.country].every(part => part.trim() !== '');
  return is_usable ? place : undefined;
}
