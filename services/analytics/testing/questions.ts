/** Questions as the HTTP layer asks them: through the route, its answer as JSON, of the shape it declares. */
import assert from 'node:assert/strict';
import Value from 'typebox/value';
import { test_request } from '../../../platform/testing/harness.ts';
import { analytics_routes } from '../routes.ts';
import type { Analytics } from '../service.ts';
import { test_now } from './analytics.ts';

type Query = Readonly<Record<string, string>>;

export interface Point {
  readonly at: string;
  readonly currency?: string;
  readonly group?: string | null;
  readonly value: number | null;
  readonly [measure: string]: unknown;
}

export async function ask_route<T>(analytics: Analytics, path: string, query: Query = {}, params: Query = {}): Promise<T> {
  const route = analytics_routes(analytics, { now: () => test_now }).find(one => one.path === path);
  assert.ok(route !== undefined);
  const reply = await route.handle(test_request(undefined, { query, params }));
  assert.ok('body' in reply && reply.status === 200);
  const body: unknown = JSON.parse(JSON.stringify(reply.body));
  const declared = route.replies[200];
  assert.ok(declared !== undefined);
  assert.deepEqual([...Value.Errors(declared, body)], [], path);
  // As declared: the test names the part it looks at.
  return body as T;
}

export async function series_of(analytics: Analytics, metric: string, query: Query): Promise<readonly Point[]> {
  return (await ask_route<{ series: readonly Point[] }>(analytics, '/v1/analytics/metrics/:metric', query, { metric })).series;
}
