/** Days and times as Purolator writes them: without a zone, by the clock of its head office. */

const zone = 'America/Toronto';
const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
const clock = new Intl.DateTimeFormat('en-CA', {
  timeZone: zone,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** yyyy-mm-dd. At midnight of UTC it is still yesterday there, and a date before today is refused. */
export function date_in_toronto(at_ms: number): string {
  return day.format(at_ms);
}

/** `2026-03-01`, `070000` → RFC 3339 UTC; undefined for what is no time. */
export function instant_of_scan(date: string | undefined, time: string | undefined): string | undefined {
  const digits = (time ?? '').replace(/:/g, '').padStart(6, '0');
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date ?? '') || !/^([01]\d|2[0-3])[0-5]\d[0-5]\d$/.test(digits)) return undefined;
  const local_ms = Date.parse(`${date}T${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4)}.000Z`);
  if (Number.isNaN(local_ms)) return undefined;
  // Twice: the first guess may lie on the other side of a change of the clocks.
  const once = local_ms - offset_ms(local_ms);
  return new Date(local_ms - offset_ms(once)).toISOString();
}

function offset_ms(at_ms: number): number {
  const parts = Object.fromEntries(clock.formatToParts(at_ms).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day: of_month = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, of_month, hour, minute, second) - at_ms;
}
