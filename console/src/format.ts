/** Numbers, money and times as people read them. Money comes in minor units of its currency, which knows its own digits. */

const locale = undefined; // the browser's own
const digits_default = 2;
const money_formats = new Map<string, Intl.NumberFormat | null>();

function money_format(currency: string): Intl.NumberFormat | null {
  const known = money_formats.get(currency);
  if (known !== undefined) return known;
  let made: Intl.NumberFormat | null = null;
  try {
    made = new Intl.NumberFormat(locale, { style: 'currency', currency });
  } catch {
    // Not a currency code that this browser knows: shown as a number with its code.
  }
  money_formats.set(currency, made);
  return made;
}

export function digits_of(currency: string): number {
  return money_format(currency)?.resolvedOptions().maximumFractionDigits ?? digits_default;
}

export function money(amount: number, currency: string): string {
  const format = money_format(currency);
  const major = amount / 10 ** digits_of(currency);
  return format === null ? `${major.toFixed(digits_default)} ${currency}` : format.format(major);
}

/** For axes: £1.2K. */
export function money_short(amount: number, currency: string): string {
  const major = amount / 10 ** digits_of(currency);
  try {
    return new Intl.NumberFormat(locale, { style: 'currency', currency, notation: 'compact', maximumFractionDigits: 1 }).format(major);
  } catch {
    return count_short(major);
  }
}

/** What a person typed, in minor units; null when it is no amount of this currency. */
export function read_money(text: string, currency: string): number | null {
  const digits = digits_of(currency);
  const found = /^(\d{1,12})(?:[.,](\d{1,4}))?$/.exec(text.trim());
  const [, whole = '', fraction = ''] = found ?? [];
  if (found === null || fraction.length > digits) return null;
  return Number(`${whole}${fraction.padEnd(digits, '0')}`);
}

/** As read_money reads it. */
export function money_plain(amount: number, currency: string): string {
  const digits = digits_of(currency);
  return (amount / 10 ** digits).toFixed(digits);
}

const counts = new Intl.NumberFormat(locale);
const counts_short = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
export const count = (value: number): string => counts.format(value);
export const count_short = (value: number): string => counts_short.format(value);

const instants = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
const minutes = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const minutes_with_year = new Intl.DateTimeFormat(locale, {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});
const days = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
const clock_times = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 });
const zoned = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long' });

export const instant = (at: string): string => instants.format(new Date(at));
export const day = (at: string): string => days.format(new Date(at));
export const clock_time = (at: string): string => clock_times.format(new Date(at));
const clock_times_short = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
/** For axes. */
export const clock_time_short = (at_ms: number): string => clock_times_short.format(at_ms);
/** For the title of a time: to the second, with the zone. */
export const exact = (at: string): string => zoned.format(new Date(at));
export function minute(at: string, now_ms: number): string {
  const time = new Date(at);
  return (time.getFullYear() === new Date(now_ms).getFullYear() ? minutes : minutes_with_year).format(time);
}

const relatives = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });
const spans: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];
export function relative(at: string, now_ms: number): string {
  const seconds = (Date.parse(at) - now_ms) / 1_000;
  for (const [unit, length] of spans) if (Math.abs(seconds) >= length) return relatives.format(Math.round(seconds / length), unit);
  return Math.abs(seconds) < 5 ? 'now' : relatives.format(Math.round(seconds), 'second');
}

/** 1.4 s, 3 min, 2 h. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${Math.round(milliseconds / 100) / 10} s`;
  if (milliseconds < 3_600_000) return `${Math.round(milliseconds / 60_000)} min`;
  if (milliseconds < 172_800_000) return `${Math.round(milliseconds / 3_600_000)} h`;
  return `${Math.round(milliseconds / 86_400_000)} d`;
}

const proper_names: Readonly<Record<string, string>> = {
  cybersource: 'CyberSource',
  easypost: 'EasyPost',
  rest: 'REST',
  x12_http: 'X12 over HTTPS',
  x12_files: 'X12 in files',
  sk: 'Key',
  pk: 'Publishable key',
};
/** `easypost` → EasyPost: third parties write themselves their own way. */
export const named = (code: string): string => proper_names[code] ?? words(code);

/** `awaiting_payment` → Awaiting payment. */
export function words(code: string): string {
  const text = code.replaceAll(/[_.]/g, ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export type Grain = 'hour' | 'day' | 'week' | 'month';
const utc = { timeZone: 'UTC' } as const;
const bucket_formats: Readonly<Record<Grain, Intl.DateTimeFormat>> = {
  hour: new Intl.DateTimeFormat(locale, { ...utc, day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }),
  day: new Intl.DateTimeFormat(locale, { ...utc, weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }),
  week: new Intl.DateTimeFormat(locale, { ...utc, day: 'numeric', month: 'short', year: 'numeric' }),
  month: new Intl.DateTimeFormat(locale, { ...utc, month: 'long', year: 'numeric' }),
};
const bucket_formats_short: Readonly<Record<Grain, Intl.DateTimeFormat>> = {
  hour: new Intl.DateTimeFormat(locale, { ...utc, hour: '2-digit', minute: '2-digit' }),
  day: new Intl.DateTimeFormat(locale, { ...utc, day: 'numeric', month: 'short' }),
  week: new Intl.DateTimeFormat(locale, { ...utc, day: 'numeric', month: 'short' }),
  month: new Intl.DateTimeFormat(locale, { ...utc, month: 'short', year: '2-digit' }),
};
/** The shop's days are UTC's, so what is counted by day is named in UTC. */
export const bucket = (at: string, grain: Grain): string =>
  `${grain === 'week' ? 'Week of ' : ''}${bucket_formats[grain].format(new Date(at))}`;
export const bucket_short = (at_ms: number, grain: Grain): string => bucket_formats_short[grain].format(at_ms);
