/** Of the operations desk: calls to the outside, what became of them, and how the providers are. */
import Type from 'typebox';
import { not_found } from '../platform/http.ts';
import { page_reply, page_schema, paging, read_page } from '../platform/pages.ts';
import { Problem, type Reply, type Route, type RouteRequest } from '../platform/route.ts';
import type { Row } from '../platform/service.ts';
import { type DeskService, first_reply, ok } from './desk.ts';
import { without_secrets } from './without_secrets.ts';

/** An unknown outcome is asked about so long; then it waits for a person (platform/operations.ts). */
const asked_hours = 24;
const any_object = Type.Object({});
const states = ['requested', 'sent', 'succeeded', 'failed', 'unknown'] as const;
const name = Type.String({ pattern: '^[a-z0-9_]{1,64}$' });
/** Ids begin with their time: newest first. */
const key = [/^[a-z0-9_]{1,64}$/];
const query = Type.Object(
  {
    state: Type.Optional(Type.Union(states.map(state => Type.Literal(state)))),
    provider: Type.Optional(name),
    kind: Type.Optional(name),
    ...paging,
  },
  { additionalProperties: false },
);
const body = Type.Object(
  { outcome: Type.Union([Type.Literal('succeeded'), Type.Literal('failed')]), evidence: Type.String({ minLength: 1, maxLength: 2_000 }) },
  { additionalProperties: false },
);

export function operation_routes(services: readonly DeskService[]): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/operations',
      summary:
        'Calls to the outside and what became of them, newest first: attempts, the last outcome with its reason, when it is asked about next',
      scope: 'operations:read',
      query,
      replies: { 200: page_schema(any_object) },
      rejections: [],
      async handle(request) {
        const page = read_page(request, key);
        const rows = (await Promise.all(services.map(service => operations_of(service, request, page)))).flat();
        return operations_page(rows, request);
      },
    },
    {
      method: 'GET',
      path: '/v1/operations/:id',
      summary: 'One of them, with what was asked and what was learned; persons and secrets are left out',
      scope: 'operations:read',
      replies: { 200: any_object },
      rejections: ['not_found'],
      handle: async ({ params }) => ok(await operation_named(services, params['id'] ?? '')),
    },
    {
      method: 'GET',
      path: '/v1/providers',
      summary:
        'How each third party is, as the processes that call it find it: whether it is called, why not, and its outcomes since their start',
      scope: 'operations:read',
      replies: { 200: Type.Object({ data: Type.Array(any_object) }) },
      rejections: [],
      handle: async () => ok({ data: services.flatMap(({ name: service, providers }) => providers_of(service, providers())) }),
    },
    {
      method: 'POST',
      path: '/v1/operations/:id/resolve',
      summary: 'A person has the evidence of what an unknown operation did',
      audit: { action: 'operation.resolved' },
      scope: 'operations:write',
      body,
      replies: { 200: any_object },
      rejections: ['not_found', 'invalid_transition', 'gateway_reference_needed', 'evidence_incomplete'],
      handle: request => resolve(services, request),
    },
  ];
}

function providers_of(service: string, providers: ReturnType<DeskService['providers']>): object[] {
  return [...providers].map(([provider, state]) => ({ service, provider, ...state }));
}

function operation_columns({ name: service }: DeskService): string {
  return `o.op_id as id, '${service}' as service, o.kind, o.provider, o.subject, o.key, o.state, o.attempts, o.queries, o.next_at, o.waiting, o.last_outcome,
            o.requested_at, o.sent_at, o.ended_at, case when o.state = 'unknown' then o.sent_at + interval '${asked_hours} hours' end as asked_until`;
}

async function operation_named(services: readonly DeskService[], id: string): Promise<Row> {
  const found = await Promise.all(
    services.map(async service => {
      const { rows } = await service.pool.query<Row>(
        `select ${operation_columns(service)}, o.request, o.learned from ${service.name}.operations o where o.op_id = $1`,
        [id],
      );
      return rows;
    }),
  );
  const [operation] = found.flat();
  if (operation === undefined) throw not_found();
  return without_secrets(operation);
}

/** Operations are of few sorts: each that is asked for is walked in the index over them, from its newest end. */
async function operations_of(service: DeskService, { query: asked }: RouteRequest, page: ReturnType<typeof read_page>): Promise<Row[]> {
  const table = `${service.name}.operations`;
  const { rows } = await service.pool.query<Row>(
    `with recursive sort as (
       (select provider, kind, state from ${table} order by provider, kind, state limit 1)
       union all
       select following.* from sort s, lateral (
         select o.provider, o.kind, o.state from ${table} o
          where (o.provider, o.kind, o.state) > (s.provider, s.kind, s.state) order by o.provider, o.kind, o.state limit 1) following)
     select ${operation_columns(service)}
       from sort s, lateral (
         select o.* from ${table} o
          where (o.provider, o.kind, o.state) = (s.provider, s.kind, s.state) and ($4::text is null or o.op_id < $4) order by o.op_id desc limit $5) o
      where ($1::text is null or s.state = $1) and ($2::text is null or s.provider = $2) and ($3::text is null or s.kind = $3)
      order by o.op_id desc limit $5`,
    [asked['state'] ?? null, asked['provider'] ?? null, asked['kind'] ?? null, page.after?.[0] ?? null, page.limit + 1],
  );
  return rows;
}

/** One page of what several services, or several processes, have: one row more than it shows says that there is a next. */
export function operations_page(rows: readonly Row[], request: RouteRequest): Reply {
  const sorted = rows.toSorted((a, b) => (String(a['id']) < String(b['id']) ? 1 : -1));
  return page_reply(
    sorted,
    read_page(request, key),
    row => [String(row['id'])],
    row => row,
  );
}

async function resolve(services: readonly DeskService[], request: RouteRequest): Promise<Reply> {
  const id = request.params['id'] ?? '';
  const found = await Promise.all(
    services.map(async service => {
      const { rows } = await service.pool.query<{ state: string }>(`select state from ${service.name}.operations where op_id = $1`, [id]);
      return rows.map(({ state }) => ({ service, state }));
    }),
  );
  const [operation] = found.flat();
  if (operation?.service.resolve_operation === undefined) throw not_found();
  const first = await first_reply(operation.service, operation.service.pool, request);
  if (first !== undefined) return first;
  if (operation.state !== 'unknown') throw new Problem(409, 'invalid_transition', `The operation is ${operation.state}, not unknown.`);
  // Validated against `body` above.
  const { outcome, evidence } = request.body as { outcome: 'succeeded' | 'failed'; evidence: string };
  return operation.service.resolve_operation(request, id, outcome, evidence, ok({ id, outcome, evidence }));
}
