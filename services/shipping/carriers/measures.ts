/** Money and measures as carriers write them. Money goes from text to integer minor units by its digits, never through a float. */
import type { Address, AddressVerdict } from './port.ts';

/** ISO 4217; every other currency has two decimals. */
const no_decimals = new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '));
const three_decimals = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '));

/** `'8.20', 'USD'` → 820. More digits than the currency has are rounded half up; undefined for what is not a plain decimal. */
export function minor_units(text: string, currency: string): number | undefined {
  const match = /^(\d{1,12})(?:\.(\d{1,12}))?$/.exec(text);
  if (match === null) return undefined;
  const decimals = no_decimals.has(currency) ? 0 : three_decimals.has(currency) ? 3 : 2;
  const [, whole = '', fraction = ''] = match;
  const kept = BigInt(whole + fraction.padEnd(decimals, '0').slice(0, decimals));
  const half_up = fraction.charAt(decimals) >= '5' ? 1n : 0n;
  return Number(kept + half_up);
}

// Carriers charge for what they measure, so both are rounded up, to the one decimal that EasyPost reads.
/** Tenths first: 28.3 g must not become 1.1 oz by the noise of a division. */
export function ounces(weight_grams: number): number {
  return Math.ceil(Number(((weight_grams * 10) / 28.349523125).toFixed(6))) / 10;
}
export function inches(length_mm: number): number {
  return Math.ceil(Number(((length_mm * 10) / 25.4).toFixed(6))) / 10;
}

const compared_parts = ['line1', 'line2', 'city', 'region', 'postal_code', 'country'] as const;
/**
 * What a carrier made of an address. Letters of another case, blanks and signs are no correction, nor are more digits after a postal code. `detail`
 * names what differs.
 */
export function compared(asked: Address, found: Address): AddressVerdict {
  const plain = (text: string | null | undefined) =>
    (text ?? '')
      .normalize('NFKD')
      .replace(/[^\p{Letter}\p{Number}]/gu, '')
      .toLowerCase();
  const differs = compared_parts.filter(part =>
    part === 'postal_code' ? !plain(found[part]).startsWith(plain(asked[part])) : plain(found[part]) !== plain(asked[part]),
  );
  return differs.length === 0 ? { verdict: 'ok' } : { verdict: 'corrected', detail: differs.join(', '), suggestion: found };
}
