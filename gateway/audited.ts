/**
 * What staff and secret keys change is written to the audit log here, in one place, by what each route declares (`Route.audit`). The entry follows the deed,
 * whose transaction is of another schema and maybe of another database; the reply follows the entry. Who died between the two left a deed without an
 * entry: the client, who has no reply, asks again with the same Idempotency-Key, and the entry is written then. What failed is not written, for it
 * changed nothing, an import of which no line was taken included; nor is what shoppers do with a publishable key or the token of their order.
 */
import type pg from 'pg';
import type { Clock } from '../platform/clock.ts';
import type { Audited, Reply, Route, RouteRequest, StreamReply } from '../platform/route.ts';
import type { Row } from '../platform/service.ts';
import { append_audits, audit_entry, type Noted } from './audit_log.ts';
import { transaction } from './store.ts';

export interface AuditedGiven {
  /** On the gateway's schema. */
  readonly pool: pg.Pool;
  readonly clock: Clock;
}

type Deed = Extract<Audited, { action: string }>;

/** The same routes, whose deeds leave an entry. */
export function audited(routes: readonly Route[], { pool, clock }: AuditedGiven): Route[] {
  const write = writer(pool);
  return routes.map(route => {
    const { audit } = route;
    if (audit === undefined || 'none' in audit || audit.by_itself) return route;
    return {
      ...route,
      async handle(request) {
        const reply = await route.handle(request);
        const { type } = request.principal;
        if (reply.status >= 400 || (type !== 'sk' && type !== 'staff')) return reply;
        const note = () => write(noted(clock, route, audit, request, reply));
        // What streams is done when its stream has ended, or was cut off.
        if ('stream' in reply) return { ...reply, stream: noted_at_end(reply.stream, note) };
        if (row_of(reply.body)['imported'] !== 0) await note();
        return reply;
      },
    };
  });
}

/** Of an import: what POST would have answered with 201. */
const made_line = /"status":201\b/;

async function* noted_at_end(stream: StreamReply['stream'], note: () => Promise<void>): StreamReply['stream'] {
  let has_changed = false;
  try {
    for await (const chunk of stream) {
      has_changed ||= typeof chunk === 'string' && made_line.test(chunk);
      yield chunk;
    }
  } finally {
    if (has_changed) await note();
  }
}

function noted(clock: Clock, route: Route, audit: Deed, request: RouteRequest, reply: Reply | StreamReply): Noted {
  const after = 'stream' in reply || reply.status === 204 ? {} : { after: reply.body };
  const repeated = reply.headers?.['Idempotency-Replayed'] !== undefined;
  return { entry: audit_entry(clock, request, audit.action, object_of(route, audit, request, reply), after), repeated };
}

/** By the address; else the id that the reply shows; else the stock that the body names; else the table that is changed as a whole. */
function object_of({ path }: Route, { object }: Deed, { params, body }: RouteRequest, reply: Reply | StreamReply): string {
  if (object !== undefined) return params[object] ?? '';
  const named = Object.values(params);
  if (named.length > 0) return named.join('/');
  const id = 'stream' in reply ? undefined : row_of(reply.body)['id'];
  if (typeof id === 'string') return id;
  const { sku, location } = row_of(body);
  if (typeof sku === 'string' && typeof location === 'string') return `${sku}/${location}`;
  return path.replace(/^\/v1\//, '').replace(/\/import$/, '');
}

function row_of(value: unknown): Row {
  // Bodies are JSON, validated or made by us.
  return typeof value === 'object' && value !== null ? (value as Row) : {};
}

const batch_max = 500;

interface Waiting extends Noted {
  readonly written: PromiseWithResolvers<void>;
}

/** The log has one writer at a time: what comes while one commit runs shares the next. */
function writer(pool: pg.Pool): (noted: Noted) => Promise<void> {
  const waiting: Waiting[] = [];
  let is_writing = false;
  const write_all = async () => {
    is_writing = true;
    for (let batch = waiting.splice(0, batch_max); batch.length > 0; batch = waiting.splice(0, batch_max)) {
      await write_batch(pool, batch);
    }
    is_writing = false;
  };
  return noted => {
    const written = Promise.withResolvers<void>();
    waiting.push({ ...noted, written });
    if (!is_writing) void write_all();
    return written.promise;
  };
}

async function write_batch(pool: pg.Pool, batch: readonly Waiting[]): Promise<void> {
  try {
    await transaction(pool, client => append_audits(client, batch));
    for (const { written } of batch) written.resolve();
  } catch (error) {
    for (const { written } of batch) written.reject(error);
  }
}
