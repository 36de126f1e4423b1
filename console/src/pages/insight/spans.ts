/** Spans of time: what is looked at, what it is compared with, and its buckets. Days are the shop's, UTC. */
import type { Grain } from '../../format.ts';

const hour_ms = 3_600_000;
export const day_ms = 24 * hour_ms;

export const presets = ['today', '7_days', '28_days', '90_days', '12_months', 'custom'] as const;
export type Preset = (typeof presets)[number];
const days_of: Readonly<Record<'today' | '7_days' | '28_days' | '90_days', number>> = {
  today: 1,
  '7_days': 7,
  '28_days': 28,
  '90_days': 90,
};
export const preset_words: Readonly<Record<Preset, string>> = {
  today: 'Today',
  '7_days': '7 days',
  '28_days': '28 days',
  '90_days': '90 days',
  '12_months': '12 months',
  custom: 'From, to',
};

export interface Span {
  /** RFC 3339; `to` itself is not in it. */
  readonly from: string;
  readonly to: string;
}
export interface Period extends Span {
  readonly grain: Grain;
  /** As long, directly before; of twelve months the year before. */
  readonly before: Span;
}

const iso = (at_ms: number): string => new Date(at_ms).toISOString();
const midnight = (at_ms: number): number => at_ms - (at_ms % day_ms);

export function period_of(preset: Preset, end_ms: number, custom: { readonly from: string; readonly to: string }): Period {
  if (preset === 'custom') {
    const from = Date.parse(custom.from);
    const to = Date.parse(custom.to) + day_ms;
    // Not two days yet: shown as the last four weeks until they are.
    return Number.isNaN(from) || Number.isNaN(to) || from >= to ? period_of('28_days', end_ms, custom) : whole(from, to);
  }
  if (preset === '12_months') {
    const end = new Date(end_ms);
    const from = Date.UTC(end.getUTCFullYear(), end.getUTCMonth() - 11, 1);
    const year_ago = (at_ms: number) => new Date(at_ms).setUTCFullYear(new Date(at_ms).getUTCFullYear() - 1);
    return { from: iso(from), to: iso(end_ms), grain: 'month', before: { from: iso(year_ago(from)), to: iso(year_ago(end_ms)) } };
  }
  return whole(midnight(end_ms) - (days_of[preset] - 1) * day_ms, end_ms);
}

function whole(from: number, to: number): Period {
  // A day that has not ended is compared with as much of the other.
  const length = Math.ceil((to - from) / day_ms) * day_ms;
  return { from: iso(from), to: iso(to), grain: grain_of(to - from), before: { from: iso(from - length), to: iso(to - length) } };
}

function grain_of(length_ms: number): Grain {
  if (length_ms <= 2 * day_ms) return 'hour';
  if (length_ms <= 100 * day_ms) return 'day';
  return length_ms <= 400 * day_ms ? 'week' : 'month';
}

/** Where each bucket begins, the first with `from` in it. As the API cuts them. */
export function buckets_of({ from, to }: Span, grain: Grain): readonly string[] {
  const end = Date.parse(to);
  const found: string[] = [];
  for (let at = begin_of(Date.parse(from), grain); at < end; at = next_of(at, grain)) found.push(iso(at));
  return found;
}
function begin_of(at_ms: number, grain: Grain): number {
  if (grain === 'hour') return at_ms - (at_ms % hour_ms);
  const day = midnight(at_ms);
  if (grain === 'day') return day;
  const date = new Date(day);
  return grain === 'week' ? day - ((date.getUTCDay() + 6) % 7) * day_ms : Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}
export function next_of(at_ms: number, grain: Grain): number {
  const date = new Date(at_ms);
  if (grain === 'month') return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  return at_ms + (grain === 'hour' ? hour_ms : grain === 'day' ? day_ms : 7 * day_ms);
}
