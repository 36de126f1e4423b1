/** The operations desk (api.md 7): what every service's own tables say about what waits, what failed, what is unknown. Read and redriven by staff. */

import type pg from 'pg';
import Type from 'typebox';
import type { ProviderState } from '../platform/adapters/guard.ts';
import { not_found } from '../platform/http.ts';
import { Problem, type Reply, type Route, type RouteRequest } from '../platform/route.ts';
import type { Lag } from '../platform/runtime.ts';
import type { Row } from '../platform/service.ts';
import { operation_routes } from './desk_operations.ts';
import { without_secrets } from './without_secrets.ts';

export interface DeskService {
  readonly name: string;
  readonly pool: pg.Pool;
  lags(): Promise<Lag[]>;
  providers(): ReadonlyMap<string, ProviderState>;
  /**
   * Commands of people that the desk may give: resolve an exception, settle an unknown operation. `done` is the reply when it is decided so; what is
   * given back is the reply that was stored: this one, a refusal, or the first of the same Idempotency-Key.
   */
  resolve_exception?(request: RouteRequest, exception_id: string, subject: string, note: string, done: Reply): Promise<Reply>;
  resolve_operation?(request: RouteRequest, op_id: string, outcome: 'succeeded' | 'failed', evidence: string, done: Reply): Promise<Reply>;
}

export interface DeskPorts {
  readonly services: readonly DeskService[];
  /** The last findings of the auditor that runs beside the services. */
  findings(): {
    readonly at: string | null;
    readonly checked: number;
    readonly findings: readonly { readonly invariant: string; readonly detail: string; readonly ids: readonly string[] }[];
    /** What it does not look at, for it is in the archive alone: a line a log. */
    readonly left_out: readonly string[];
  };
  now(): string;
  /** Who hears and has no tables of the platform's: analytics. */
  readonly listeners?: readonly Pick<DeskService, 'name' | 'lags'>[];
  /** Cases of the gateway's own. */
  exceptions?(): Promise<readonly (Row & { readonly deadline: string })[]>;
}

const any_object = Type.Object({});
const list = Type.Object({ data: Type.Array(any_object) });
const reason_body = Type.Object({ reason: Type.String({ minLength: 1, maxLength: 2_000 }) }, { additionalProperties: false });
const list_max = 500;
const events_shown_max = 50;

export function desk_routes(ports: DeskPorts): Route[] {
  return [...exception_routes(ports), ...dead_letter_routes(ports), ...operation_routes(ports.services), ...watch_routes(ports)];
}

async function each<T>(ports: DeskPorts, read: (service: DeskService) => Promise<T[]>): Promise<T[]> {
  return (await Promise.all(ports.services.map(service => read(service)))).flat();
}

export function ok(data: unknown): Reply {
  // Rows of our own queries: JSON by construction.
  return { status: 200, body: data as Reply['body'] };
}

/** What the service has stored under the request's Idempotency-Key. Throws 422 when it came with another body. */
export async function first_reply(service: DeskService, on: pg.Pool | pg.ClientBase, request: RouteRequest): Promise<Reply | undefined> {
  const { idempotency } = request;
  if (idempotency === undefined) throw new Error('a POST reached the desk without an idempotency key');
  const { rows } = await on.query<{ body_hash: string; status: number; body: string }>(
    `select body_hash, status, body from ${service.name}.idempotency where principal = $1 and route = $2 and key = $3`,
    [idempotency.principal, idempotency.route, idempotency.key],
  );
  const [first] = rows;
  if (first === undefined) return undefined;
  if (first.body_hash !== idempotency.body_hash)
    throw new Problem(422, 'idempotency_key_reused', 'This Idempotency-Key came with another body.');
  return { status: first.status, body: JSON.parse(first.body), headers: { 'Idempotency-Replayed': 'true' } };
}

/** Changes of the platform's own tables, which no command of the service makes: with their reply in one transaction, once per Idempotency-Key. */
async function once(
  service: DeskService,
  request: RouteRequest,
  now: string,
  change: (client: pg.ClientBase) => Promise<Reply>,
): Promise<Reply> {
  const client = await service.pool.connect();
  try {
    await client.query('begin');
    // One at a time: a repetition waits for the first and gets its reply.
    await client.query(`select pg_advisory_xact_lock(hashtextextended($1, 0))`, [`desk ${service.name} ${request.idempotency?.key}`]);
    const first = await first_reply(service, client, request);
    const reply = first ?? (await change(client));
    if (first === undefined) {
      const { principal, route, key, body_hash } = request.idempotency ?? {};
      await client.query(
        `insert into ${service.name}.idempotency (principal, route, key, body_hash, status, body, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
        [principal, route, key, body_hash, reply.status, JSON.stringify(reply.body), now],
      );
    }
    await client.query('commit');
    return reply;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

interface ExceptionRow {
  readonly exception_id: string;
  readonly service: string;
  readonly subject: string;
  readonly deadline: string;
}

/** Open or not: whether it still is, its service decides. */
async function exception_named(service: DeskService, exception_id: string): Promise<ExceptionRow[]> {
  const { rows } = await service.pool.query<ExceptionRow>(
    `select ${exception_columns(service)}, r.time as resolved_at, r.data->>'note' as note
       from ${service.name}.exceptions x join ${service.name}.events e on e.position = x.raised left join ${service.name}.events r on r.position = x.resolved
      where x.exception_id = $1 order by x.raised desc limit 1`,
    [exception_id],
  );
  return rows;
}

interface ArchivedException {
  readonly service: string;
  readonly key: string;
  readonly since: string;
}

async function archived_exception({ name, pool }: DeskService, exception_id: string): Promise<ArchivedException[]> {
  const { rows } = await pool.query<ArchivedException>(
    `select '${name}' as service, key, dropped_at as since from ${name}.dropped_key where exceptions @> array[$1]`,
    [exception_id],
  );
  return rows;
}

/** What is known of it. Throws 410 `archived`, with its key, when its story was taken out of the log, which only happens when it was resolved. */
async function known_exception(ports: DeskPorts, exception_id: string): Promise<ExceptionRow> {
  const [raised] = await each(ports, service => exception_named(service, exception_id));
  if (raised !== undefined) return raised;
  const [archived] = await each(ports, service => archived_exception(service, exception_id));
  if (archived === undefined) throw not_found();
  const { service, key, since } = archived;
  const detail = `It was resolved, and with all of ${key} it is in the archive of ${service} alone, since ${since}.`;
  throw new Problem(410, 'archived', detail, { extra: { archived: { service, key, since } } });
}

function exception_columns({ name }: DeskService): string {
  return `'${name}' as service, e.data->>'exception_id' as exception_id, e.data->>'subject' as subject, e.data->>'reason' as reason, e.data->>'owner' as owner,
            e.data->>'deadline' as deadline, e.data->>'detail' as detail, e.key, e.time as raised_at`;
}

async function open_exceptions(service: DeskService): Promise<ExceptionRow[]> {
  const { rows } = await service.pool.query<ExceptionRow>(
    `select ${exception_columns(service)}
       from ${service.name}.exceptions x join ${service.name}.events e on e.position = x.raised
      where x.resolved is null order by x.raised desc limit ${list_max}`,
  );
  return rows;
}

/** The gateway's own cases are no rows: they are there as long as their cause. */
export async function own_case({ exceptions }: Pick<DeskPorts, 'exceptions'>, { params }: RouteRequest): Promise<Row | undefined> {
  return (await exceptions?.())?.find(each => each['exception_id'] === params['id']);
}

/** No note ends one. */
export async function refuse_own_case(ports: Pick<DeskPorts, 'exceptions'>, request: RouteRequest): Promise<void> {
  const own = await own_case(ports, request);
  if (own !== undefined) throw new Problem(409, 'exception_ends_by_itself', String(own['detail']));
}

function exception_routes(ports: DeskPorts): Route[] {
  const body = Type.Object({ note: Type.String({ minLength: 1, maxLength: 2_000 }) }, { additionalProperties: false });
  return [
    {
      method: 'GET',
      path: '/v1/exceptions',
      summary: 'Business cases that need a person, with owner and deadline',
      scope: 'operations:read',
      replies: { 200: list },
      rejections: [],
      async handle() {
        const [own, found] = await Promise.all([ports.exceptions?.() ?? [], each(ports, open_exceptions)]);
        return ok({ data: [...own, ...found].sort((a, b) => a.deadline.localeCompare(b.deadline)), next_cursor: null });
      },
    },
    {
      method: 'GET',
      path: '/v1/exceptions/:id',
      summary: 'One of them, open or resolved, and then how it was dealt with',
      scope: 'operations:read',
      replies: { 200: any_object },
      rejections: ['not_found', 'archived'],
      handle: async request => ok((await own_case(ports, request)) ?? (await known_exception(ports, request.params['id'] ?? ''))),
    },
    {
      method: 'POST',
      path: '/v1/exceptions/:id/resolve',
      summary: 'Say how an exception was dealt with',
      audit: { action: 'exception.resolved' },
      scope: 'operations:write',
      body,
      replies: { 200: any_object },
      rejections: ['not_found', 'archived', 'invalid_transition', 'exception_ends_by_itself'],
      async handle(request) {
        await refuse_own_case(ports, request);
        const raised = await known_exception(ports, request.params['id'] ?? '');
        const service = ports.services.find(one => one.name === raised.service);
        if (service?.resolve_exception === undefined) throw not_found();
        // Validated against `body` above.
        const { note } = request.body as { note: string };
        return service.resolve_exception(
          request,
          raised.exception_id,
          raised.subject,
          note,
          ok({ ...raised, note, resolved_at: ports.now() }),
        );
      },
    },
  ];
}

interface DeadLetter {
  readonly id: string;
  readonly service: string;
  readonly source: string;
  readonly key: string;
}

async function dead_letters(service: DeskService, on: pg.Pool | pg.ClientBase = service.pool): Promise<DeadLetter[]> {
  const { rows } = await on.query<DeadLetter>(
    `select '${service.name}.' || b.source || '.' || b.first_position as id, '${service.name}' as service, b.source, b.key, b.attempts, b.quarantined, b.reason, b.since, b.next_at, b.redrives,
            p.event->>'type' as type, p.event->>'id' as event_id, (select count(*)::int from ${service.name}.parked q where q.source = b.source and q.key = b.key) as waiting
       from (select * from ${service.name}.blocked order by since limit ${list_max}) b
       left join ${service.name}.parked p on p.source = b.source and p.position = b.first_position
      order by b.since`,
  );
  return rows;
}

interface WaitingEvent {
  readonly position: number;
  readonly event: Row;
}

/** The event that could not be handled, and those that wait behind it. */
async function dead_letter(ports: DeskPorts, id: string): Promise<DeadLetter & { readonly events: readonly WaitingEvent[] }> {
  const service = ports.services.find(one => one.name === id.split('.')[0]);
  const letter = service === undefined ? undefined : (await dead_letters(service)).find(one => one.id === id);
  if (service === undefined || letter === undefined) throw not_found();
  const { rows } = await service.pool.query<WaitingEvent>(
    `select position, event from ${service.name}.parked where source = $1 and key = $2 order by position limit ${events_shown_max}`,
    [letter.source, letter.key],
  );
  return { ...letter, events: rows.map(({ position, event }) => ({ position, event: without_secrets(event) })) };
}

type Deed = (client: pg.ClientBase, letter: DeadLetter, service: DeskService) => Promise<Reply>;

async function with_dead_letter(ports: DeskPorts, request: RouteRequest, deed: Deed): Promise<Reply> {
  const id = request.params['id'] ?? '';
  const service = ports.services.find(one => one.name === id.split('.')[0]);
  if (service === undefined) throw not_found();
  return once(service, request, ports.now(), async client => {
    const letter = (await dead_letters(service, client)).find(one => one.id === id);
    if (letter === undefined) throw not_found();
    return deed(client, letter, service);
  });
}

function dead_letter_routes(ports: DeskPorts): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/dead-letters',
      summary: 'Events that could not be handled; their keys wait',
      scope: 'operations:read',
      replies: { 200: list },
      rejections: [],
      handle: async () => ok({ data: await each(ports, dead_letters), next_cursor: null }),
    },
    {
      method: 'GET',
      path: '/v1/dead-letters/:id',
      summary: 'One of them, with the event and what waits behind it; persons and secrets are left out',
      scope: 'operations:read',
      replies: { 200: any_object },
      rejections: ['not_found'],
      handle: async request => ok(await dead_letter(ports, request.params['id'] ?? '')),
    },
    {
      method: 'POST',
      path: '/v1/dead-letters/:id/redrive',
      summary: 'Try a parked key again now',
      audit: { action: 'dead_letter.redriven' },
      scope: 'operations:write',
      replies: { 200: any_object },
      rejections: ['not_found'],
      handle: request =>
        with_dead_letter(ports, request, async (client, letter, service) => {
          await client.query(
            `update ${service.name}.blocked set next_at = $3, attempts = 0, quarantined = false, redrives = redrives + 1, since = $3 where source = $1 and key = $2`,
            [letter.source, letter.key, ports.now()],
          );
          return ok({ ...letter, redriven_at: ports.now() });
        }),
    },
    {
      method: 'POST',
      path: '/v1/dead-letters/:id/discard',
      summary: 'Give one event up, with the reason; what waits behind it goes on',
      audit: { action: 'dead_letter.discarded' },
      scope: 'operations:write',
      body: reason_body,
      replies: { 200: any_object },
      rejections: ['not_found'],
      handle: request =>
        with_dead_letter(ports, request, (client, letter, service) => discard(ports, request, { client, letter, service })),
    },
  ];
}

interface Discarding {
  readonly client: pg.ClientBase;
  readonly letter: DeadLetter;
  readonly service: DeskService;
}

async function discard(ports: DeskPorts, request: RouteRequest, { client, letter, service }: Discarding): Promise<Reply> {
  // Validated against reason_body.
  const { reason } = request.body as { reason: string };
  const position = Number(letter.id.split('.')[2]);
  const actor = `${request.principal.type}:${request.principal.id}`;
  // One statement: the event moves to `discarded`, the key is due again.
  await client.query(
    `with gone as (delete from ${service.name}.parked where source = $1 and position = $3 and key = $2 returning *),
          kept as (insert into ${service.name}.discarded (source, position, key, event, reason, actor, discarded_at) select source, position, key, event, $4, $5, $6 from gone)
     update ${service.name}.blocked set next_at = $6, attempts = 0, quarantined = false where source = $1 and key = $2`,
    [letter.source, letter.key, position, reason, actor, ports.now()],
  );
  await client.query(
    `delete from ${service.name}.blocked b where source = $1 and key = $2 and not exists (select 1 from ${service.name}.parked p where p.source = b.source and p.key = b.key)`,
    [letter.source, letter.key],
  );
  return ok({ ...letter, discarded_at: ports.now(), reason });
}

function watch_routes(ports: DeskPorts): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/consumers',
      summary: 'Per service and log: position, head, lag in events and seconds',
      scope: 'operations:read',
      replies: { 200: list },
      rejections: [],
      handle: async () => {
        const hearing = [...ports.services, ...(ports.listeners ?? [])];
        const lags = await Promise.all(hearing.map(async one => (await one.lags()).map(lag => ({ service: one.name, ...lag }))));
        return ok({ data: lags.flat(), next_cursor: null });
      },
    },
    {
      method: 'GET',
      path: '/v1/audit',
      summary: 'The last findings of the auditor, and what it leaves out because it is in the archive alone',
      scope: 'operations:read',
      replies: { 200: any_object },
      rejections: [],
      handle: async () => ok(ports.findings()),
    },
  ];
}
