/** One short line about an event, for people: the order's timeline, `npm run order`, the console. */
interface Data {
  readonly [field: string]: unknown;
}

export function summary_of(type: string, data: Data): string {
  const parts = [amount_text(data), lines_text(data['lines']), parcels_text(data['parcels']), ...named.map(name => field_text(data, name))];
  return [...new Set(parts.filter(part => part !== ''))].slice(0, 4).join(' · ') || fallback(type);
}

const named = [
  'carrier',
  'service',
  'location_id',
  'gateway',
  'carrier_status',
  'reason',
  'decline_code',
  'promise_at',
  'expected_at',
  'detail',
] as const;

function field_text(data: Data, name: (typeof named)[number]): string {
  const value = data[name];
  if (typeof value !== 'string' || value === '') return '';
  if (name === 'promise_at') return `promised ${value.slice(0, 10)}`;
  if (name === 'expected_at') return `expected ${value.slice(0, 10)}`;
  if (name === 'location_id') return `at ${value}`;
  return value.replaceAll('_', ' ').slice(0, 80);
}

function amount_text(data: Data): string {
  const amount = data['amount'] ?? data['grand_total'];
  const { currency } = data;
  if (typeof amount !== 'number' || typeof currency !== 'string') return '';
  const format = new Intl.NumberFormat('en-GB', { style: 'currency', currency });
  return format.format(amount / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
}

function lines_text(lines: unknown): string {
  if (!Array.isArray(lines) || lines.length === 0) return '';
  const units = lines.reduce(
    (sum: number, line: Data) => sum + number_of(line, ['quantity', 'quantity_held', 'accepted', 'confirmed', 'wanted']),
    0,
  );
  const backordered = lines.reduce((sum: number, line: Data) => sum + number_of(line, ['quantity_backordered', 'backordered']), 0);
  if (units + backordered === 0) return '';
  return `${units} unit${units === 1 ? '' : 's'}${backordered > 0 ? `, ${backordered} backordered` : ''}`;
}

function number_of(line: Data, names: readonly string[]): number {
  const found = names.map(name => line[name]).find(value => typeof value === 'number');
  return typeof found === 'number' ? found : 0;
}

function parcels_text(parcels: unknown): string {
  if (!Array.isArray(parcels)) return '';
  return parcels
    .flatMap((parcel: Data) => (typeof parcel['tracking_number'] === 'string' ? [parcel['tracking_number']] : []))
    .slice(0, 3)
    .join(', ');
}

function fallback(type: string): string {
  const [noun, verb] = type.split('.');
  return `${noun?.replaceAll('_', ' ')} ${verb?.replaceAll('_', ' ')}`;
}
