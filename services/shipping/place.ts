/** Addresses as orders states them, and as carriers take them. */
import type { Address } from '../../contracts/index.ts';
import type { Address as Place } from './carriers/port.ts';

/** undefined: nobody knows where to. What is missing is left to the carrier to refuse. */
export function place_of(address: Address | null): Place | undefined {
  if (address === null) return undefined;
  const { name, line1, line2, city, region, postal_code, country, phone } = address;
  return {
    name: name ?? '',
    line1: line1 ?? '',
    city: city ?? '',
    postal_code: postal_code ?? '',
    country,
    ...(line2 ? { line2 } : {}),
    ...(region ? { region } : {}),
    ...(phone ? { phone } : {}),
  };
}
