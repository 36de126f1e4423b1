/** Numbers as trade documents write them: decimals become whole units and minor units, or nothing. */

/** ISO 4217: currencies of another number of decimals than two. */
const no_decimals = new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '));
const three_decimals = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '));
export function decimals_of(currency: string): number {
  return no_decimals.has(currency) ? 0 : three_decimals.has(currency) ? 3 : 2;
}

/** Whole units, `12` or `12.00`; undefined for anything else. */
export function units_in(text: string): number | undefined {
  const [, whole = ''] = /^\+?(\d{1,10})(?:\.0*)?$/.exec(text) ?? [];
  const units = Number(whole);
  return whole === '' || units > 2_147_483_647 ? undefined : units;
}

/** `4.5` of a currency with two decimals is 450. Undefined when it is no number, negative, or finer than the currency. */
export function money_in(text: string, currency: string): number | undefined {
  const [, whole, fraction] = /^\+?(\d{0,16})(?:\.(\d{0,10}))?$/.exec(text) ?? [];
  if (whole === undefined || (whole === '' && (fraction ?? '') === '')) return undefined;
  return scaled(`${whole}${fraction ?? ''}`, decimals_of(currency) - (fraction ?? '').length);
}

/** `digits` times ten to the `power`, if that is whole and a number can carry it. */
function scaled(digits: string, power: number): number | undefined {
  const value = BigInt(digits === '' ? '0' : digits);
  const divisor = 10n ** BigInt(Math.max(0, -power));
  if (value % divisor !== 0n) return undefined;
  const result = (value / divisor) * 10n ** BigInt(Math.max(0, power));
  return result > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(result);
}

/** Minor units as a decimal: 450 of GBP is `4.50`. */
export function decimal_of(amount: number, currency: string): string {
  const decimals = decimals_of(currency);
  const digits = String(amount).padStart(decimals + 1, '0');
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
