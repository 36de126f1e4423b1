/** Money, times and weights as people read them, in their browser's language. */

/** `amount` in minor units; how many digits those are is the currency's own matter: 2 of GBP, 0 of JPY, 3 of KWD. */
export function money(amount: number, currency: string): string {
  const format = new Intl.NumberFormat(undefined, { style: 'currency', currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

export function day(at: string): string {
  return new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' }).format(new Date(at));
}
export function moment(at: string): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at));
}
export function time_of_day(at: string): string {
  return new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' }).format(new Date(at));
}

/** `12:05`, and `0:00` once it is over. */
export function countdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export function weight(grams: number): string {
  return grams < 1_000
    ? new Intl.NumberFormat(undefined, { style: 'unit', unit: 'gram' }).format(grams)
    : new Intl.NumberFormat(undefined, { style: 'unit', unit: 'kilogram', maximumFractionDigits: 1 }).format(grams / 1_000);
}

export function units(count: number): string {
  return count === 1 ? '1 item' : `${count} items`;
}
/** Words of the API as words: `out_for_delivery`. */
export function words(name: string): string {
  const text = name.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
export function country_name(code: string): string {
  return new Intl.DisplayNames(undefined, { type: 'region' }).of(code) ?? code;
}
