/** What the auditor leaves out, by name: stories that were taken out of the logs whole, and are in the archive alone (docs/decisions/0020). */
import type { AuditGiven } from './auditor.ts';
import { publishers } from './waiting.ts';

/** Condition on `<log>.events e`: the log holds the events of its key from the first on. */
export function is_whole(log: string): string {
  return `not exists (select 1 from ${log}.dropped_key d where d.key = e.key)`;
}

/** For who asks every few seconds: the lines are made again only when something was dropped since, for the keys of years are many to count. */
export function remembered_left_out(): (given: Pick<AuditGiven, 'pool_of'>) => Promise<readonly string[]> {
  let known = '';
  let lines: readonly string[] = [];
  return async given => {
    const dropped = JSON.stringify(await dropped_until_now(given));
    if (dropped !== known) {
      lines = await left_out(given);
      known = dropped;
    }
    return lines;
  };
}

function dropped_until_now({ pool_of }: Pick<AuditGiven, 'pool_of'>): Promise<unknown[]> {
  return Promise.all(
    publishers.map(async log => {
      const { rows } = await pool_of(log).query(
        `select count(*)::int as drops, sum(keys)::float8 as keys, sum(events)::float8 as events from ${log}.log_drop`,
      );
      return rows;
    }),
  );
}

/** A line per log that lost something. */
export async function left_out({ pool_of }: Pick<AuditGiven, 'pool_of'>): Promise<string[]> {
  const found = await Promise.all(
    publishers.map(async log => {
      const { rows } = await pool_of(log).query<{ keys: number; events: number; last_at: string | null; upto: number | null }>(
        `select count(*)::int as keys, coalesce(sum(cardinality(positions)), 0)::float8 as events, max(dropped_at) as last_at, (select max(upto) from ${log}.log_drop)::float8 as upto
           from ${log}.dropped_key`,
      );
      return rows.flatMap(({ keys, events, last_at, upto }) =>
        keys === 0
          ? []
          : [
              `${log}: ${keys} keys, whose ${events} events up to position ${upto} are in the archive since ${last_at?.slice(0, 10)}, are left out of E1, E6, E13, P8; E4 counts where they stood`,
            ],
      );
    }),
  );
  return found.flat();
}
