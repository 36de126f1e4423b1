/** The facts made again from the logs, seen and begun over HTTP. */
import Type from 'typebox';
import type { Reply, Route } from '../../platform/route.ts';
import type { RebuildProgress } from './rebuild.ts';
import type { AnalystGiven } from './routes_analyst.ts';
import type { Analytics } from './service.ts';

const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const rebuild_body = Type.Object(
  { force: Type.Optional(Type.Boolean({ description: 'After a rebuild that ended with a difference: put it in place all the same' })) },
  { additionalProperties: false },
);
const rebuild_reply = Type.Object({
  state: Type.String({ description: 'none, reading, comparing, replacing, done, diverged, failed' }),
  started_at: TextOrNull,
  ended_at: TextOrNull,
  events: Type.Integer(),
  events_per_second: Type.Integer(),
  logs: Type.Array(Type.Object({ log: Type.String(), position: Type.Integer(), head: Type.Integer() })),
  tables: Type.Array(
    Type.Object({
      table: Type.String(),
      rows: Type.Integer(),
      rebuilt_rows: Type.Integer(),
      differing: Type.Integer(),
      examples: Type.Array(Type.Object({ live: TextOrNull, rebuilt: TextOrNull })),
    }),
  ),
  differing: Type.Union([Type.Integer(), Type.Null()], { description: 'Rows, over all tables; null until all are compared' }),
  detail: TextOrNull,
});

export function rebuild_routes(analytics: Analytics, given: AnalystGiven): Route[] {
  return [
    {
      method: 'POST',
      path: '/v1/analytics/rebuild',
      summary: 'Make all facts again from the logs, compare them row by row, and put them in place when none differs',
      audit: { action: 'analytics.rebuild_begun', by_itself: true },
      scope: 'operations:write',
      // While one runs, asking again shows it: there is no second one to keep a key for.
      not_idempotent: true,
      body: rebuild_body,
      replies: { 200: rebuild_reply },
      rejections: ['nothing_diverged'],
      async handle(request): Promise<Reply> {
        // Validated by `body`.
        const force = (request.body as { force?: boolean | null }).force === true;
        const before = analytics.rebuild.progress();
        const progress = analytics.rebuild.begin({ force });
        if (progress !== before) await given.note(request, force ? 'analytics.rebuild_forced' : 'analytics.rebuild_begun', 'analytics', {});
        return shown(progress);
      },
    },
    {
      method: 'GET',
      path: '/v1/analytics/rebuild',
      summary: 'How far the rebuild is, and what differed',
      scope: 'operations:read',
      replies: { 200: rebuild_reply },
      rejections: [],
      handle: async () => shown(analytics.rebuild.progress()),
    },
  ];
}

function shown(progress: RebuildProgress): Reply {
  return { status: 200, body: { ...progress, tables: progress.tables.map(table => ({ ...table })) } };
}
