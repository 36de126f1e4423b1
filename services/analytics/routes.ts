/** Questions over HTTP (api.md 6). Each reply carries the watermark up to which its numbers are complete. */
import Type from 'typebox';
import type { Problem, Route, RouteRequest } from '../../platform/route.ts';
import { buckets, funnel_of } from './funnel.ts';
import { type Metric, metric_statement, points_max } from './metric.ts';
import { metrics } from './metrics.ts';
import { overview_of } from './overview.ts';
import { grain_ms, grains, period_of } from './period.ts';
import { asked_group, asked_period, invalid, metric_named, NumberOrNull, period_fields, period_query, Watermark } from './route_parts.ts';
import { list_routes } from './routes_lists.ts';
import type { Analytics } from './service.ts';
import type { Answer } from './warehouses/warehouse.ts';

const metric_reply = Type.Object({
  metric: Type.String(),
  unit: Type.String({ description: 'minor: minor units of the point’s currency' }),
  ...period_fields,
  series: Type.Array(
    Type.Object(
      {
        at: Type.String(),
        currency: Type.Optional(Type.String()),
        group: Type.Optional(Type.Union([Type.String(), Type.Null()])),
        value: NumberOrNull,
      },
      { additionalProperties: NumberOrNull, description: 'Beside value, the metric’s other measures. Empty buckets are left out' },
    ),
  ),
});
const overview_reply = Type.Object({
  ...period_fields,
  logs: Type.Array(Type.Object({ log: Type.String(), position: Type.Integer(), at: Watermark })),
  money: Type.Array(
    Type.Object({ currency: Type.String(), gross: Type.Integer(), net: Type.Integer(), aov: NumberOrNull, refunds: Type.Integer() }),
  ),
  orders: Type.Integer(),
  confirmed: Type.Integer(),
  units: Type.Integer(),
  returned: Type.Integer(),
  conversion: NumberOrNull,
  payment_success: NumberOrNull,
  click_to_ship: Type.Object({ p50_ms: NumberOrNull, p90_ms: NumberOrNull }),
  open_exceptions: Type.Integer(),
});
const funnel_reply = Type.Object({
  ...period_fields,
  cohort: Type.Integer(),
  conversion: NumberOrNull,
  steps: Type.Array(Type.Object({ step: Type.String(), checkouts: Type.Integer(), p50_ms: NumberOrNull, p90_ms: NumberOrNull })),
  buckets: Type.Object(Object.fromEntries(buckets.map(bucket => [bucket, Type.Integer()]))),
});

export function analytics_routes(analytics: Analytics, { now }: { now(): string }): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/analytics/overview',
      summary: 'The shop at a glance',
      scope: 'analytics:read',
      query: Type.Object(period_query, { additionalProperties: false }),
      replies: { 200: overview_reply },
      rejections: [],
      async handle(request) {
        const { from, to } = asked_period(request, now());
        return analytics.read(async (ask, { at, logs }, sql) => {
          const overview = await overview_of(ask, period_of(sql, from, to, at ?? now(), undefined));
          return { status: 200, body: { from, to, watermark: at, logs: logs.map(log => ({ ...log })), ...overview } };
        });
      },
    },
    {
      method: 'GET',
      path: '/v1/analytics/metrics/:metric',
      summary: `A metric over time: ${Object.keys(metrics).join(', ')}`,
      scope: 'analytics:read',
      query: Type.Object(
        {
          ...period_query,
          grain: Type.Optional(Type.Enum([...grains], { type: 'string', description: 'day when absent' })),
          group_by: Type.Optional(Type.String({ pattern: '^[a-z_]{1,64}$' })),
        },
        { additionalProperties: false },
      ),
      replies: { 200: metric_reply },
      rejections: ['not_found'],
      handle: request => answer_metric(analytics, request, now()),
    },
    {
      method: 'GET',
      path: '/v1/analytics/funnel',
      summary: 'How far checkouts come, and how long each step takes',
      scope: 'analytics:read',
      query: Type.Object(period_query, { additionalProperties: false }),
      replies: { 200: funnel_reply },
      rejections: [],
      async handle(request) {
        const { from, to } = asked_period(request, now());
        return analytics.read(async (ask, { at }, sql) => {
          const funnel = await funnel_of(ask, period_of(sql, from, to, at ?? now(), undefined));
          return { status: 200, body: { from, to, watermark: at, ...funnel } };
        });
      },
    },
    ...list_routes(analytics, { now }),
  ];
}

async function answer_metric(analytics: Analytics, request: RouteRequest, now: string) {
  const name = request.params['metric'] ?? '';
  const metric = metric_named(name);
  const group_by = asked_group(request, name, metric);
  const { from, to } = asked_period(request, now);
  const grain = grains.find(one => one === (request.query['grain'] ?? 'day')) ?? 'day';
  if ((Date.parse(to) - Date.parse(from)) / grain_ms[grain] > points_max) throw too_many_points();
  return analytics.read(async (ask, { at }, sql) => {
    const latest = at ?? now;
    const moment = metric.is_of_now === true && to < latest ? to : latest;
    const rows = await ask(metric_statement(metric, { period: period_of(sql, from, to, moment, grain), grain, group_by }));
    if (rows.length > points_max) throw too_many_points();
    const series = rows.map(row => point_of(metric, row, metric.is_of_now === true ? moment : String(row['bucket'])));
    return { status: 200, body: { metric: name, unit: metric.unit, from, to, watermark: at, series } };
  });
}

const not_measures = new Set(['bucket', 'currency', 'grouped']);

function point_of(metric: Metric, row: Answer, at: string): Answer {
  return {
    at,
    ...(metric.is_money === true ? { currency: row['currency'] ?? null } : {}),
    ...('grouped' in row ? { group: row['grouped'] ?? null } : {}),
    ...Object.fromEntries(Object.entries(row).filter(([name]) => !not_measures.has(name))),
  };
}

function too_many_points(): Problem {
  return invalid('from', 'out_of_range', `More than ${points_max} points: ask for a shorter period, a coarser grain or no grouping.`);
}
