/**
 * Where engines differ in what metrics ask: each piece of SQL by its name. All else in metrics is what both DuckDB and ClickHouse take: lower case names,
 * `filter (where …)`, `/` of two integers as a fraction, `count(distinct …)`, `stddev_pop`, `interval 28 day`, joins, window functions.
 */
import type { Grain } from './period.ts';

export const shares = [0.5, 0.9, 0.99] as const;
export type Share = (typeof shares)[number];

export interface Dialect {
  /** An instant as a literal; of RFC 3339 UTC with milliseconds, checked before. */
  instant(at: string): string;
  /** A text as a literal, whatever it holds. */
  text(value: string): string;
  /** Milliseconds since 1970 of an instant, as an integer. */
  epoch_ms(instant: string): string;
  /** Milliseconds from one instant to another, as an integer. */
  elapsed_ms(from: string, until: string): string;
  /** The instant at which the bucket began that holds one; weeks begin on Monday. */
  begin_of(grain: Grain, instant: string): string;
  /** A relation of one column `t`: the beginnings of all buckets from one instant to another, both as SQL. */
  begins_between(grain: Grain, from: string, until: string): string;
  /** Nearest rank, an aggregate; null of no rows. */
  quantile(value: string, share: Share): string;
  /** How many different values there are in rows that are so, an aggregate. */
  different(value: string, condition: string): string;
  /** The value where the other is greatest, an aggregate. */
  arg_max(value: string, greatest: string): string;
  /** Behind `with … as`: evaluated once, however often it is named. */
  readonly kept: string;
  arg_min(value: string, least: string): string;
  /** Of integers that are not below 0, rounded down. */
  integer_quotient(part: string, whole: string): string;
  /** A whole number from 0 on that two rows share when they are equal in these columns, and hardly else. */
  row_hash(columns: readonly string[]): string;
  /** A sum of such numbers as a text: no number carries it. */
  exact_sum(value: string): string;
}

export const duckdb_dialect: Dialect = {
  instant: at => `timestamp '${at.slice(0, -1).replace('T', ' ')}'`,
  text: value => `'${value.replaceAll("'", "''")}'`,
  epoch_ms: instant => `epoch_ms(${instant})`,
  // A quantile of these takes three quarters of the time that it takes of a difference of two numbers.
  elapsed_ms: (from, until) => `date_diff('millisecond', ${from}, ${until})`,
  // Of a timestamp, day and longer grains would be dates.
  begin_of: (grain, instant) => `date_trunc('${grain}', ${instant})::timestamp`,
  begins_between: (grain, from, until) =>
    `(select t from generate_series(date_trunc('${grain}', ${from})::timestamp, ${until}, interval 1 ${grain}) as series(t))`,
  // All at once: several shares of one value are one aggregate, and one look at its rows.
  quantile: (value, share) => `(quantile_disc(${value}, [${shares.join(', ')}]))[${shares.indexOf(share) + 1}]`,
  // A list per group: a year by day takes a sixth less than by count(distinct …), by two threads a fifth.
  different: (value, condition) => `coalesce(list_unique(list(${value}) filter (where ${condition})), 0)`,
  arg_max: (value, greatest) => `arg_max(${value}, ${greatest})`,
  kept: 'materialized',
  arg_min: (value, least) => `arg_min(${value}, ${least})`,
  integer_quotient: (part, whole) => `(${part}) // (${whole})`,
  row_hash: columns => `hash(${columns.join(', ')})`,
  exact_sum: value => `cast(sum(cast(${value} as hugeint)) as varchar)`,
};

/** Half up, of amounts that are not below 0; null of no parts. */
export const rounded_share = (sql: Dialect, sum: string, parts: string): string =>
  sql.integer_quotient(`2 * ${sum} + ${parts}`, `nullif(2 * ${parts}, 0)`);
/** A fraction; null of nothing. */
export const ratio = (part: string, whole: string): string => `(${part}) / nullif(${whole}, 0)`;
export const in_days = (value: string): string => `${value} / 86400000`;
