/** Lists over HTTP: what sells most, what to reorder and why, what does not sell, which orders stand behind a number, which metrics there are. */
import Type from 'typebox';
import { page_body, paging, read_page, text_part } from '../../platform/pages.ts';
import type { Reply, Route, RouteRequest } from '../../platform/route.ts';
import { duckdb_dialect } from './dialect.ts';
import { type Drilled, drill } from './drill.ts';
import { behinds } from './metric.ts';
import { metrics } from './metrics.ts';
import { bucket_of, grains, period_of } from './period.ts';
import {
  asked_group,
  asked_moment,
  asked_period,
  Instant,
  instant_of,
  invalid,
  metric_named,
  NumberOrNull,
  of_now_query,
  period_fields,
  period_query,
  Watermark,
} from './route_parts.ts';
import type { Analytics } from './service.ts';
import { list_rows_max, reorder_of, reorder_reasons, slow_movers_of, slow_reasons } from './stock_lists.ts';
import { type Top, top_dimensions, top_of, top_orders } from './top.ts';

const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const IntegerOrNull = Type.Union([Type.Integer(), Type.Null()]);
const choice = (values: readonly string[], description: string) => Type.Optional(Type.Enum([...values], { type: 'string', description }));
const Limit = (rows_default: number) => Type.Optional(Type.Integer({ minimum: 1, maximum: list_rows_max, default: rows_default }));
const rows_default = 100;
const top_default = 10;

const metric_list_reply = Type.Object({
  data: Type.Array(
    Type.Object({
      metric: Type.String(),
      summary: Type.String(),
      unit: Type.String(),
      measures: Type.Array(Type.String(), { description: 'What each point has; `value` first' }),
      group_by: Type.Array(Type.String()),
      per_currency: Type.Boolean(),
      of_now: Type.Boolean({ description: 'One point: stock as it is, sales up to `to`, at most the watermark' }),
      drills_to: Type.Enum([...behinds], { type: 'string' }),
    }),
  ),
});
const top_reply = Type.Object({
  ...period_fields,
  dimension: Type.Enum([...top_dimensions], { type: 'string' }),
  data: Type.Array(
    Type.Object({
      key: TextOrNull,
      name: TextOrNull,
      currency: Type.String(),
      net: Type.Integer(),
      gross: Type.Integer(),
      units: Type.Integer(),
      orders: Type.Integer(),
    }),
    { description: 'The first of each currency, one currency after the other; amounts are never added across' },
  ),
});
const slow_reply = Type.Object({
  watermark: Watermark,
  data: Type.Array(
    Type.Object({
      sku: Type.String(),
      name: TextOrNull,
      available: Type.Integer(),
      units_28_days: Type.Integer(),
      days_of_cover: NumberOrNull,
      last_sold_at: TextOrNull,
      reason: Type.Enum([...slow_reasons], { type: 'string' }),
    }),
  ),
});
const reorder_reply = Type.Object({
  watermark: Watermark,
  data: Type.Array(
    Type.Object({
      sku: Type.String(),
      name: TextOrNull,
      location_id: Type.String(),
      available: Type.Integer(),
      backordered: Type.Integer(),
      incoming: Type.Integer({ description: 'On purchase orders and not here yet' }),
      incoming_at: TextOrNull,
      position: Type.Integer({ description: 'What is there and comes, less what is promised; without open proposals' }),
      reorder_point: IntegerOrNull,
      target: IntegerOrNull,
      units_per_day: Type.Number({ description: 'Shipped from there in 28 days' }),
      days_left: NumberOrNull,
      lead_days: NumberOrNull,
      supplier_id: TextOrNull,
      quantity: Type.Integer({
        description: 'To order: the open proposal’s, what the policy asks for, or what sells until it is here and four weeks more',
      }),
      proposal_id: TextOrNull,
      reasons: Type.Array(Type.Enum([...reorder_reasons], { type: 'string' })),
    }),
  ),
});
const drill_reply = Type.Object({
  metric: Type.String(),
  unit: Type.String(),
  kind: Type.Enum([...behinds], { type: 'string', description: 'What `id` is of' }),
  ...period_fields,
  data: Type.Array(Type.Object({ id: Type.String(), number: IntegerOrNull, currency: TextOrNull, value: NumberOrNull, at: Type.String() })),
  next_cursor: TextOrNull,
});
const drill_query = Type.Object(
  {
    metric: Type.String({ pattern: '^[a-z_]{1,64}$' }),
    ...period_query,
    at: Instant('Any moment of the bucket; then from and to are the bucket’s'),
    grain: choice(grains, 'Of `at`; day when absent'),
    currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$' })),
    group_by: Type.Optional(Type.String({ pattern: '^[a-z_]{1,64}$' })),
    group: Type.Optional(Type.String({ maxLength: 200, description: 'Of group_by; when absent, what has none' })),
    ...paging,
  },
  { additionalProperties: false },
);

export function list_routes(analytics: Analytics, clock: { now(): string }): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/analytics/metrics',
      summary: 'Which metrics there are, how each may be grouped, and what stands behind its numbers',
      scope: 'analytics:read',
      replies: { 200: metric_list_reply },
      rejections: [],
      handle: async () => ({ status: 200, body: { data: described } }),
    },
    {
      method: 'GET',
      path: '/v1/analytics/top',
      summary: 'Best sellers, countries, customers',
      scope: 'analytics:read',
      query: Type.Object(
        {
          ...period_query,
          dimension: choice(top_dimensions, 'sku when absent'),
          by: choice(top_orders, 'net when absent'),
          limit: Limit(top_default),
        },
        { additionalProperties: false },
      ),
      replies: { 200: top_reply },
      rejections: [],
      handle: request => answer_top(analytics, request, clock.now()),
    },
    {
      method: 'GET',
      path: '/v1/analytics/reorder',
      summary: 'What to reorder now, and why',
      scope: 'analytics:read',
      query: Type.Object({ ...of_now_query, limit: Limit(rows_default) }, { additionalProperties: false }),
      replies: { 200: reorder_reply },
      rejections: [],
      handle: request =>
        analytics.read(async (ask, { at }, sql) => {
          const moment = asked_moment(request, at ?? clock.now());
          const data = await reorder_of(ask, period_of(sql, moment, moment, moment, undefined), limit_of(request, rows_default));
          return { status: 200, body: { watermark: at, data } };
        }),
    },
    {
      method: 'GET',
      path: '/v1/analytics/slow-movers',
      summary: 'What is there and does not sell',
      scope: 'analytics:read',
      query: Type.Object({ ...of_now_query, limit: Limit(rows_default) }, { additionalProperties: false }),
      replies: { 200: slow_reply },
      rejections: [],
      handle: request =>
        analytics.read(async (ask, { at }, sql) => {
          const moment = asked_moment(request, at ?? clock.now());
          const data = await slow_movers_of(ask, period_of(sql, moment, moment, moment, undefined), limit_of(request, rows_default));
          return { status: 200, body: { watermark: at, data } };
        }),
    },
    {
      method: 'GET',
      path: '/v1/analytics/drill',
      summary: 'The orders behind a number, the newest first, and what each adds to it',
      scope: 'analytics:read',
      query: drill_query,
      replies: { 200: drill_reply },
      rejections: ['not_found'],
      handle: request => answer_drill(analytics, request, clock.now()),
    },
  ];
}

const described = Object.entries(metrics).map(([name, metric]) => ({
  metric: name,
  summary: metric.summary,
  unit: metric.unit,
  // Their names are the same in every dialect.
  measures: Object.keys(metric.measures(duckdb_dialect)),
  group_by: [...metric.group_by],
  per_currency: metric.is_money === true,
  of_now: metric.is_of_now === true,
  drills_to: metric.behind.kind,
}));

const limit_of = ({ query: { limit } }: RouteRequest, absent: number): number => (limit === undefined ? absent : Number(limit));

async function answer_top(analytics: Analytics, request: RouteRequest, now: string): Promise<Reply> {
  const { from, to } = asked_period(request, now);
  const dimension = top_dimensions.find(one => one === request.query['dimension']) ?? 'sku';
  const by = top_orders.find(one => one === request.query['by']) ?? 'net';
  return analytics.read(async (ask, { at }, sql) => {
    const data: Top[] = await top_of(ask, period_of(sql, from, to, at ?? now, undefined), {
      dimension,
      by,
      limit: limit_of(request, top_default),
    });
    return { status: 200, body: { from, to, watermark: at, dimension, data } };
  });
}

async function answer_drill(analytics: Analytics, request: RouteRequest, now: string): Promise<Reply> {
  const name = request.query['metric'] ?? '';
  const metric = metric_named(name);
  const group_by = asked_group(request, name, metric);
  const { currency, group } = request.query;
  if (currency !== undefined && metric.is_money !== true && !metric.group_by.includes('currency')) {
    throw invalid('currency', 'unknown_value', `${name} has no currency.`);
  }
  const { from, to } = drilled_period(request, now);
  const page = read_page(request, ['instant', text_part]);
  const [after_at, after_id] = page.after ?? [];
  return analytics.read(async (ask, { at }, sql) => {
    const rows = await drill(ask, metric, {
      period: period_of(sql, from, to, at ?? now, undefined),
      currency,
      group: group_by === undefined ? undefined : { by: group_by, value: group ?? null },
      limit: page.limit,
      after: after_at === undefined || after_id === undefined ? undefined : { at: after_at, id: after_id },
    });
    const shown = page_body<Drilled>(
      rows,
      page,
      row => [row.at, row.id],
      row => row,
    );
    const told = { metric: name, unit: metric.unit, kind: metric.behind.kind, from, to, watermark: at };
    return { status: 200, body: { ...told, ...shown } };
  });
}

function drilled_period(request: RouteRequest, now: string): { readonly from: string; readonly to: string } {
  const at = instant_of(request.query['at'], 'at');
  if (at === undefined) return asked_period(request, now);
  const grain = grains.find(one => one === request.query['grain']) ?? 'day';
  return bucket_of(at, grain);
}
