/** The period that the address names. */
import { useFilters } from '../../location.ts';
import { now_ms } from '../../ports.ts';
import { useGet } from '../../queries.ts';
import type { MetricReply } from '../../types/analytics.ts';
import { day_ms, next_of, type Period, type Preset, period_of, presets } from './spans.ts';

/** Older than this, the last order is where the shop's time ends: a replayed year is looked at as it was. */
const quiet_days = 45;
const first_year = '2005-01-01';
const minute_ms = 60_000;

export interface Chosen {
  readonly preset: Preset;
  readonly custom: { readonly from: string; readonly to: string };
  readonly period: Period;
  /** The last month with orders, when it is long ago. */
  readonly long_ago: string | null;
  /** The end of the last day with orders, then: stock is looked at at the rate of its last weeks. */
  readonly sales_end: string | undefined;
  set(changes: { period?: string; from?: string; to?: string }): void;
}

/** From the address; undefined until it is known when the shop had its orders. */
export function useChosenPeriod(): Chosen | undefined {
  const [{ period, from, to }, set] = useFilters(['period', 'from', 'to']);
  const months = useGet<MetricReply>('/v1/analytics/metrics/orders', { from: first_year, grain: 'month' });
  const last = months.data?.series.at(-1)?.at;
  const is_known = months.data !== undefined || months.error !== null;
  // To the end of the minute, so that one page asks for one period, and what was just placed is in it.
  const now = (Math.floor(now_ms() / minute_ms) + 1) * minute_ms;
  const last_ends = last === undefined ? now : next_of(Date.parse(last), 'month');
  const long_ago = last !== undefined && now - last_ends > quiet_days * day_ms ? last : null;
  const days = useGet<MetricReply>(
    '/v1/analytics/metrics/orders',
    { from: long_ago ?? undefined, grain: 'day', to: new Date(last_ends).toISOString() },
    { enabled: long_ago !== null },
  );
  if (!is_known || (long_ago !== null && days.isPending)) return undefined;
  const last_day = long_ago === null ? undefined : days.data?.series.at(-1)?.at;
  const sales_end = last_day === undefined ? undefined : new Date(next_of(Date.parse(last_day), 'day')).toISOString();
  const preset = presets.find(one => one === period) ?? (long_ago === null ? '28_days' : '12_months');
  const end_ms = long_ago === null ? now : last_ends - 1;
  return { preset, custom: { from, to }, period: period_of(preset, end_ms, { from, to }), long_ago, sales_end, set };
}
