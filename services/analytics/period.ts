/** From when until when, in buckets of which length. Times are UTC, the shop's time zone (decisions.md 15). */
import type { Dialect } from './dialect.ts';

export const grains = ['hour', 'day', 'week', 'month'] as const;
export type Grain = (typeof grains)[number];
const hour_ms = 3_600_000;
/** At least. */
export const grain_ms: Readonly<Record<Grain, number>> = {
  hour: hour_ms,
  day: 24 * hour_ms,
  week: 7 * 24 * hour_ms,
  month: 28 * 24 * hour_ms,
};

/** All as SQL of the dialect it carries: instants as literals, `buckets` as a relation (starts, ends) that ends at the latest now. */
export interface Period {
  readonly sql: Dialect;
  readonly from: string;
  readonly to: string;
  readonly now: string;
  readonly buckets: string;
  /** The end of the last bucket. */
  readonly until: string;
  /** The beginning of the bucket that holds an instant of the period. */
  bucket(instant: string): string;
}

/** Instants are RFC 3339 UTC in the one form that `toISOString` gives, so nothing but digits and marks reaches the SQL. */
export function period_of(sql: Dialect, from: string, to: string, now: string, grain: Grain | undefined): Period {
  const [start, end, moment] = [sql.instant(checked(from)), sql.instant(checked(to)), sql.instant(checked(now))];
  const ends = `least(${end}, ${moment})`;
  const starts =
    grain === undefined
      ? `select ${start} as starts, ${ends} as ends`
      : `select greatest(t, ${start}) as starts, least(t + interval 1 ${grain}, ${ends}) as ends from ${sql.begins_between(grain, start, ends)}`;
  return {
    sql,
    from: start,
    to: end,
    now: moment,
    buckets: `(select * from (${starts}) where starts < ends)`,
    until: ends,
    bucket: instant => (grain === undefined ? start : `greatest(${sql.begin_of(grain, instant)}, ${start})`),
  };
}

/** The bucket that holds an instant, from when until when. */
export function bucket_of(at: string, grain: Grain): { readonly from: string; readonly to: string } {
  const from = new Date(at);
  from.setUTCMinutes(0, 0, 0);
  if (grain !== 'hour') from.setUTCHours(0);
  if (grain === 'week') from.setUTCDate(from.getUTCDate() - ((from.getUTCDay() + 6) % 7));
  if (grain === 'month') from.setUTCDate(1);
  const to = new Date(from.getTime() + grain_ms[grain]);
  if (grain === 'month') to.setTime(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1));
  return { from: from.toISOString(), to: to.toISOString() };
}

function checked(at: string): string {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(at)) throw new Error(`not an instant: ${at}`);
  return at;
}
