/** From when until when, in buckets of which length. Times are UTC, the shop's time zone (decisions.md 15). */
export const grains = ['hour', 'day', 'week', 'month'] as const;
export type Grain = (typeof grains)[number];

/** All as SQL: instants as literals, `buckets` as a relation (starts, ends) that ends at the latest now. */
export interface Period {
  readonly from: string;
  readonly to: string;
  readonly now: string;
  readonly buckets: string;
}

/** Instants are RFC 3339 UTC in the one form that `toISOString` gives, so nothing but digits and marks reaches the SQL. */
export function period_of(from: string, to: string, now: string, grain: Grain | undefined): Period {
  const [start, end, moment] = [instant_literal(from), instant_literal(to), instant_literal(now)];
  const ends = `least(${end}, ${moment})`;
  const starts =
    grain === undefined
      ? `select ${start} as starts, ${ends} as ends`
      : `select greatest(t, ${start}) as starts, least(t + interval 1 ${grain}, ${ends}) as ends
           from generate_series(date_trunc('${grain}', ${start}), ${ends}, interval 1 ${grain}) as series(t)`;
  return { from: start, to: end, now: moment, buckets: `(select * from (${starts}) where starts < ends)` };
}

function instant_literal(at: string): string {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(at)) throw new Error(`not an instant: ${at}`);
  return `timestamp '${at.slice(0, -1).replace('T', ' ')}'`;
}
