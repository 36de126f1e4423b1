/** Amounts between our minor units (ISO 4217) and those of gateways: Stripe's integers (docs.stripe.com/currencies), decimal text. No floats. */

/** ISO 4217 currencies without, and with three, decimals; all others have two. */
const iso_zero = new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '));
const three = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '));
/** Stripe counts MGA in whole units, and ISK and UGX, which have no decimals, still in hundredths. */
const stripe_zero = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '));

function decimals(currency: string, zero: ReadonlySet<string>): number {
  if (zero.has(currency)) return 0;
  return three.has(currency) ? 3 : 2;
}

/** `undefined`: Stripe cannot express this amount (three-decimal currencies end in 0 there, MGA has whole units). */
export function to_stripe_amount(amount: number, currency: string): number | undefined {
  const shift = decimals(currency, stripe_zero) - decimals(currency, iso_zero);
  if (three.has(currency) && amount % 10 !== 0) return undefined;
  if (shift >= 0) return amount * 10 ** shift;
  const factor = 10 ** -shift;
  return amount % factor === 0 ? amount / factor : undefined;
}

/** Stripe's amount in our minor units; hundredths of a currency without decimals are rounded towards zero. */
export function from_stripe_amount(amount: number, currency: string): number {
  const shift = decimals(currency, iso_zero) - decimals(currency, stripe_zero);
  return shift >= 0 ? amount * 10 ** shift : Math.trunc(amount / 10 ** -shift);
}

/** Major units as decimal text, with the decimals of ISO 4217: `69.12`, JPY `1`, KWD `0.005`. */
export function to_decimal_text(amount: number, currency: string): string {
  const places = decimals(currency, iso_zero);
  if (places === 0) return String(amount);
  const digits = String(amount).padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** `undefined`: no amount, or one that the currency cannot have; more zeros than needed are none of it. */
export function from_decimal_text(text: string, currency: string): number | undefined {
  const places = decimals(currency, iso_zero);
  const [, whole = '', fraction = ''] = /^(\d{1,15})(?:\.(\d{1,10}))?$/.exec(text) ?? [];
  if (whole === '' || /[^0]/.test(fraction.slice(places))) return undefined;
  const amount = Number(whole + fraction.slice(0, places).padEnd(places, '0'));
  return Number.isSafeInteger(amount) ? amount : undefined;
}
