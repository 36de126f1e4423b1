/** The operations desk and the vitals of services in other processes: their lists are joined, their commands go to who knows the id. */
import { not_found } from '../platform/http.ts';
import type { Logger } from '../platform/logger.ts';
import { type Principal, Problem, type Reply, type Route, type RouteRequest } from '../platform/route.ts';
import type { Json, Row } from '../platform/service.ts';
import { type DeskPorts, desk_routes, ok, own_case, refuse_own_case } from './desk.ts';
import { operations_page } from './desk_operations.ts';
import type { Upstream } from './upstream.ts';
import { type VitalsOf, vitals_path } from './vitals.ts';

const answer_bytes_max = 8 * 1024 * 1024;
/** A sample is of now or of no use. */
const vitals_timeout_ms = 2_000;

export interface RemoteDeskPorts {
  readonly upstreams: readonly Upstream[];
  readonly logger: Logger;
  /** What the gateway knows itself: the auditor's findings. */
  findings: DeskPorts['findings'];
  /** And its own cases. */
  readonly exceptions?: DeskPorts['exceptions'];
  now(): string;
}

/** The desk's own routes, with another way to answer. */
export function remote_desk_routes(ports: RemoteDeskPorts): Route[] {
  return desk_routes({ services: [], findings: ports.findings, now: ports.now }).map(route => {
    if (route.path === '/v1/audit') return route;
    return {
      ...route,
      handle: request =>
        route.method === 'GET' && !route.path.includes(':') ? joined(ports, route, request) : first_that_knows(ports, route, request),
    };
  });
}

/** One list of all. A process that is away must not hide what the others wait for: it is named. */
async function joined({ upstreams, exceptions }: RemoteDeskPorts, route: Route, request: RouteRequest): Promise<Reply> {
  const answers = await Promise.all(
    upstreams.map(async one => {
      try {
        return { one, reply: await ask(one, route, request) };
      } catch (error) {
        if (!(error instanceof Problem) || error.status !== 503) throw error;
        return { one, away: error };
      }
    }),
  );
  const refused = answers.find(({ reply }) => reply !== undefined && reply.status >= 400)?.reply;
  if (refused !== undefined) return refused;
  const away = answers.filter(({ reply }) => reply === undefined);
  if (away.length === answers.length && away[0]?.away !== undefined) throw away[0].away;
  const data = answers.flatMap(({ reply }) => list_of(reply));
  if (route.path === '/v1/exceptions') data.push(...((await exceptions?.()) ?? []));
  if (route.path === '/v1/exceptions') data.sort((a, b) => String(a['deadline']).localeCompare(String(b['deadline'])));
  const unavailable = away.flatMap(({ one }) => one.services);
  if (route.path === '/v1/operations') {
    const { body, ...page } = operations_page(data, request);
    // A process with more than a page of its own filled this one, so its last row is where the next begins.
    const next_cursor = rest_of(body) ?? answers.map(({ reply }) => rest_of(reply?.body)).find(cursor => cursor !== null) ?? null;
    return { ...page, body: { ...list_body(body), next_cursor, ...(unavailable.length === 0 ? {} : { unavailable }) } };
  }
  return { status: 200, body: { data, next_cursor: null, ...(unavailable.length === 0 ? {} : { unavailable }) } };
}

function rest_of(body: Reply['body'] | undefined): string | null {
  const { next_cursor } = list_body(body);
  return typeof next_cursor === 'string' ? next_cursor : null;
}
function list_body(body: Reply['body'] | undefined): Row {
  // The desk of our own services: an object with `data` and `next_cursor`.
  return (body ?? {}) as Row;
}
function list_of(reply: Reply | undefined): Row[] {
  // The desk of our own services: a list of rows.
  return [...((reply?.body as { data?: readonly Row[] } | undefined)?.data ?? [])];
}

/** Not found is nobody's decision and changes nothing; anything else is the answer. A process that does not answer may be the one: then nobody else is asked. */
async function first_that_knows({ upstreams, exceptions }: RemoteDeskPorts, route: Route, request: RouteRequest): Promise<Reply> {
  const own = route.path === '/v1/exceptions/:id' ? await own_case({ ...(exceptions && { exceptions }) }, request) : undefined;
  if (own !== undefined) return ok(own);
  if (route.path === '/v1/exceptions/:id/resolve') await refuse_own_case({ ...(exceptions && { exceptions }) }, request);
  for (const one of upstreams) {
    const reply = await ask(one, route, request);
    if (reply.status !== 404) return reply;
  }
  throw not_found();
}

async function ask(one: Upstream, route: Route, request: RouteRequest): Promise<Reply> {
  const path = route.path.replace(/:([a-z_]+)/g, (_, name: string) => encodeURIComponent(request.params[name] ?? ''));
  const query = new URLSearchParams(request.query).toString();
  const body = request.body === undefined || route.method === 'GET' ? undefined : Buffer.from(JSON.stringify(request.body));
  const answer = await one.call({
    method: route.method,
    url: query === '' ? path : `${path}?${query}`,
    headers: {
      ...kept(request.headers, ['idempotency-key', 'if-match']),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
    principal: request.principal,
    request_id: request.request_id,
    signal: request.signal,
  });
  const headers = kept(answer.headers, ['idempotency-replayed', 'retry-after']);
  return { status: answer.status, body: await json_of(answer.body), headers };
}

function kept(headers: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap(name => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])));
}

/** What our own services answer is of the form that their routes declare: the parsed boundary. */
async function json_of<T = Json>(body: AsyncIterable<Buffer>): Promise<T> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > answer_bytes_max) throw new Error(`a desk's answer is larger than ${answer_bytes_max} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

const gateway_itself: Principal = { type: 'sk', id: 'gateway', scopes: new Set(['operations:read']) };

/** How the services are, as far as they answer. */
export async function remote_vitals(
  { upstreams, logger }: Pick<RemoteDeskPorts, 'upstreams' | 'logger'>,
  fresh_id: (prefix: string) => string,
): Promise<{ found: readonly VitalsOf[]; unavailable: readonly string[] }> {
  const answers = await Promise.all(
    upstreams.map(async one => {
      try {
        const { status, body } = await one.call({
          method: 'GET',
          url: vitals_path,
          headers: {},
          principal: gateway_itself,
          request_id: fresh_id('req'),
          signal: AbortSignal.timeout(vitals_timeout_ms),
        });
        const read = await json_of<{ data: VitalsOf[] }>(body);
        // Our own services' answer, in the form of vitals_route.
        return status === 200 ? { found: read.data, unavailable: [] } : { found: [], unavailable: one.services };
      } catch (error) {
        logger.debug({ error, services: one.services }, 'no vitals');
        return { found: [], unavailable: one.services };
      }
    }),
  );
  return { found: answers.flatMap(answer => answer.found), unavailable: answers.flatMap(answer => answer.unavailable) };
}
