/** Decimal text and minor units, of this third party's own making. */

const places: Readonly<Record<string, number>> = { JPY: 0, KRW: 0, VND: 0, CLP: 0, ISK: 0, KWD: 3, BHD: 3, TND: 3, JOD: 3, OMR: 3 };

/** `undefined`: no amount of this currency. */
export function minor_units(text: string | undefined, currency: string): number | undefined {
  const digits = places[currency] ?? 2;
  const match = /^(\d{1,13})(?:\.(\d{1,3}))?$/.exec(text ?? '');
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  return fraction.length > digits ? undefined : Number(whole + fraction.padEnd(digits, '0'));
}

export function decimal_text(amount: number, currency: string): string {
  const digits = places[currency] ?? 2;
  const text = String(amount).padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}
