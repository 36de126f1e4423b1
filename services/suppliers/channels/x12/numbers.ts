/** Numbers and dates of X12 that other documents do not have. */

/** N2, as TDS01 and SAC05 have it: `10500` is `105.00`, whatever the currency. What is no number stays as it is, and is none for whoever reads on. */
export function with_implied_decimals(text: string): string {
  const [, sign, digits] = /^(-?)(\d{1,18})$/.exec(text) ?? [];
  if (digits === undefined) return text;
  const padded = digits.padStart(3, '0');
  return `${sign}${padded.slice(0, -2)}.${padded.slice(-2)}`;
}

/** Midnight UTC of CCYYMMDD (or YYMMDD, this century); undefined for what is no day. `time`: HHMM, HHMMSS or nothing. */
export function instant_in(date: string, time = ''): string | undefined {
  const [, century = '20', year, month, day] = /^(\d{2})?(\d{2})(\d{2})(\d{2})$/.exec(date) ?? [];
  const [, hour = '00', minute = '00', second = '00'] = /^(\d{2})(\d{2})(\d{2})?\d{0,2}$/.exec(time) ?? [];
  if (year === undefined) return undefined;
  const text = `${century}${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const parsed = Date.parse(text);
  // The thirty-first of June is no day, though Date.parse may say it is the first of July.
  return Number.isNaN(parsed) || new Date(parsed).toISOString() !== text ? undefined : text;
}
