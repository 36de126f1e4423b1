/** Amounts between our minor units (ISO 4217) and Stripe's (docs.stripe.com/currencies): integers only. */

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
