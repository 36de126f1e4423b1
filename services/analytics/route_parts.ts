/** What the routes of analytics share: periods in the query, the watermark in the reply. */
import Type from 'typebox';
import { not_found } from '../../platform/rejections.ts';
import { Problem, type RouteRequest } from '../../platform/route.ts';
import { later } from '../../platform/service.ts';
import type { Metric } from './metric.ts';
import { metrics } from './metrics.ts';

const day_ms = 86_400_000;
const default_days = 28;

export const Instant = (description: string) =>
  Type.Optional(
    Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2}))?$', description }),
  );
export const period_query = {
  from: Instant('RFC 3339, or a day (UTC); 28 days before `to` when absent'),
  to: Instant('RFC 3339, or a day (UTC), itself not included; now when absent'),
};
export const NumberOrNull = Type.Union([Type.Number(), Type.Null()]);
export const Watermark = Type.Union([Type.String(), Type.Null()], {
  description: 'Complete up to here; null while a log was not read yet',
});
export const period_fields = { from: Type.String(), to: Type.String(), watermark: Watermark };

/** Errors: Problem 404. */
export function metric_named(name: string | undefined): Metric {
  const metric = name !== undefined && Object.hasOwn(metrics, name) ? metrics[name] : undefined;
  if (metric === undefined) throw not_found();
  return metric;
}

/** Errors: Problem 422 for a column that the metric does not have. */
export function asked_group({ query: { group_by } }: RouteRequest, name: string, metric: Metric): string | undefined {
  if (group_by === undefined || metric.group_by.includes(group_by)) return group_by;
  throw invalid('group_by', 'unknown_value', `${name} can be grouped by ${metric.group_by.join(', ')}.`);
}

export function asked_period({ query }: RouteRequest, now: string): { from: string; to: string } {
  const to = instant_of(query['to'], 'to') ?? now;
  const from = instant_of(query['from'], 'from') ?? later(to, -default_days * day_ms);
  if (from >= to) throw invalid('to', 'out_of_range', '`to` must be after `from`.');
  return { from, to };
}

export const of_now_query = { at: Instant('Sales are looked at up to here; up to the watermark when absent. Stock is what is there now') };

/** Of what is told of now: the moment asked for, if that is over. */
export function asked_moment({ query }: RouteRequest, now: string): string {
  const at = instant_of(query['at'], 'at');
  return at === undefined || at > now ? now : at;
}

/** A day is its first moment in UTC. */
export function instant_of(text: string | undefined, name: string): string | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  const at = Number.isNaN(time) ? undefined : new Date(time).toISOString();
  // Years of more than four digits have another form, and no shop.
  if (at === undefined || at.length !== 24) throw invalid(name, 'format', 'This is no time of RFC 3339.');
  return at;
}

export function invalid(name: string, code: string, detail: string): Problem {
  return new Problem(422, code, detail, { errors: [{ pointer: `/query/${name}`, code, detail }] });
}
