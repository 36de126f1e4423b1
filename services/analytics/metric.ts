/**
 * What a metric is (domain.md 11): `rows`, what is counted and when (`counted_at`) and by which dimensions; `measures`, how rows become numbers, `value`
 * first. Amounts stay integers of minor units and are never added across currencies; ratios and days are numbers.
 */
import type { Dialect } from './dialect.ts';
import type { Grain, Period } from './period.ts';

export type Unit = 'minor' | 'count' | 'ratio' | 'ms' | 'days';

export interface Metric {
  readonly summary: string;
  readonly unit: Unit;
  /** Its points are per currency, asked for or not. */
  readonly is_money?: true;
  /** One point at the watermark: it has no history. */
  readonly is_of_now?: true;
  /** Columns of `rows` it may be grouped by. */
  readonly group_by: readonly string[];
  rows(period: Period, group_by: string | undefined): string;
  measures(sql: Dialect): Readonly<Record<string, string>>;
  /** What stands behind its numbers: which column of `rows` names it, and what each adds, an aggregate of its rows. */
  readonly behind: { readonly kind: Behind; readonly id: string; readonly value: string };
}

/** What a number drills down to; a checkout is an order, or the quote that never became one. */
export const behinds = ['order', 'checkout', 'purchase_order', 'stock_item', 'product', 'exception'] as const;
export type Behind = (typeof behinds)[number];

export interface Question {
  readonly period: Period;
  /** Undefined: the whole period is one bucket. */
  readonly grain: Grain | undefined;
  readonly group_by: string | undefined;
  /** Undefined: all its measures. */
  readonly measures?: readonly string[];
}

export const points_max = 10_000;

/** One statement: `bucket`, `currency` and `grouped` where they apply, then the measures; one row more than a reply holds. */
export function metric_statement(metric: Metric, { period, grain, group_by, measures: wanted }: Question): string {
  const is_whole = grain === undefined || metric.is_of_now === true;
  const columns = [
    `${is_whole ? period.from : period.sql.begin_of(grain, 'counted_at')} as bucket`,
    ...(metric.is_money === true ? ['currency'] : []),
    ...(group_by === undefined ? [] : [`${group_by} as grouped`]),
  ];
  const measures = Object.entries(metric.measures(period.sql)).flatMap(([name, sql]) =>
    wanted?.includes(name) === false ? [] : [`${sql} as ${name}`],
  );
  const within = metric.is_of_now === true ? '' : `where counted_at >= ${period.from} and counted_at < ${period.to}`;
  return `select ${[...columns, ...measures].join(', ')} from (${metric.rows(period, group_by)}) ${within}
    group by ${columns.map((_, index) => index + 1).join(', ')} order by all limit ${points_max + 1}`;
}
