/** Series of a metric over the buckets of a period: gaps filled, groups added up, before laid over now. */
import type { MetricReply, Point } from '../../types/analytics.ts';
import type { Series, Unit } from '../../units.ts';
import { buckets_of, type Period, type Span } from './spans.ts';

export function unit_of(unit: string, currency: string): Unit {
  if (unit === 'minor') return { kind: 'money', currency };
  if (unit === 'ratio') return { kind: 'share' };
  if (unit === 'ms') return { kind: 'milliseconds' };
  return unit === 'days' ? { kind: 'days' } : { kind: 'count' };
}

/** Of nothing there is no mean. */
const means: ReadonlySet<string> = new Set(['aov']);

const number_of = (value: Point[string]): number | null => (typeof value === 'number' ? value : null);

/** Of one currency, where points have one. */
export function in_currency(points: readonly Point[], currency: string): readonly Point[] {
  return points.filter(point => point.currency === undefined || point.currency === null || point.currency === currency);
}

/** One number for each bucket. Where nothing happened: 0 of what is counted, nothing of a share or a time. */
export function filled(
  reply: MetricReply | undefined,
  span: Span,
  { grain }: Period,
  measure: string,
  currency: string,
): readonly (number | null)[] {
  const unit = reply?.unit ?? 'count';
  const empty = (unit === 'minor' || unit === 'count') && !means.has(reply?.metric ?? '') ? 0 : null;
  const by_bucket = new Map(in_currency(reply?.series ?? [], currency).map(point => [Date.parse(point.at), number_of(point[measure])]));
  return buckets_of(span, grain).map(at => by_bucket.get(Date.parse(at)) ?? empty);
}

/** The same places of the period before, the first below the first. */
export function compared(now: readonly (number | null)[], past: readonly (number | null)[], name: string): readonly Series[] {
  return [
    { name, values: now },
    { name: 'Period before', values: now.map((_value, place) => past[place] ?? null), is_past: true },
  ];
}

export interface Group {
  readonly name: string | null;
  /** Each measure over the whole period. */
  sum(measure: string): number;
}

/** Groups of a metric whose measures may be added up. */
export function groups_of(points: readonly Point[]): readonly Group[] {
  const by_name = new Map<string | null, Point[]>();
  for (const point of points) {
    const name = point.group ?? null;
    const known = by_name.get(name);
    if (known === undefined) by_name.set(name, [point]);
    else known.push(point);
  }
  return [...by_name].map(([name, own]) => ({
    name,
    sum: measure => own.reduce((total, point) => total + (number_of(point[measure]) ?? 0), 0),
  }));
}

export interface Change {
  readonly text: string;
  readonly direction: 'up' | 'down' | 'same';
}

/** null: there is nothing to compare with. Shares change by points, everything else by percents. */
export function change_of(now: number | null, past: number | null, is_share: boolean): Change | null {
  if (now === null || past === null || (!is_share && past === 0)) return null;
  const by = is_share ? (now - past) * 100 : ((now - past) / Math.abs(past)) * 100;
  const rounded = Math.round(by * 10) / 10;
  if (rounded === 0) return { text: 'as before', direction: 'same' };
  const direction = rounded > 0 ? 'up' : 'down';
  if (!is_share && rounded >= 1_000) return { text: `${Math.round(now / past)} times as much`, direction };
  return { text: `${rounded > 0 ? '+' : '−'}${Math.abs(rounded)} ${is_share ? 'points' : '%'}`, direction };
}
