/**
 * What staff and secret keys change is written to the audit log here, in one place, by what each route declares (`Route.audit`). The deed's transaction is of
 * another schema and maybe of another database, so the entry cannot share it; it follows the deed, and the reply follows the entry. Who died between the two
 * left a deed without an entry. A client with an Idempotency-Key has no reply, asks again, and the entry is written then. What has no such key (PUT, DELETE, an
 * import) is written before, too, as attempted: then the log says that its outcome is not known, rather than nothing. What changed nothing (it was refused, of
 * an import no line was taken) has no entry that a reader sees; nor has what shoppers do with a publishable key or the token of their order.
 */
import type pg from 'pg';
import type { Clock } from '../platform/clock.ts';
import { type Audited, Problem, type Reply, type Route, type RouteRequest, type StreamReply } from '../platform/route.ts';
import type { Row } from '../platform/service.ts';
import { type AuditOutcome, append_audits, audit_entry, type Noted } from './audit_log.ts';
import { needs_idempotency_key } from './mount.ts';
import { transaction } from './store.ts';

export interface AuditedGiven {
  /** On the gateway's schema. */
  readonly pool: pg.Pool;
  readonly clock: Clock;
}

type Deed = Extract<Audited, { action: string }>;
type Answer = Reply | StreamReply;

/** The same routes, whose deeds leave an entry. */
export function audited(routes: readonly Route[], { pool, clock }: AuditedGiven): Route[] {
  const write = writer(pool);
  return routes.map(route => {
    const { audit } = route;
    if (audit === undefined || 'none' in audit || audit.by_itself) return route;
    const is_asked_again = needs_idempotency_key(route);
    return {
      ...route,
      async handle(request) {
        const { type } = request.principal;
        if (type !== 'sk' && type !== 'staff') return route.handle(request);
        const about = { clock, route, audit, request };
        const attempt = is_asked_again ? undefined : await write(noted(about, { outcome: 'attempted' }));
        return ending(route, request, async (outcome, reply) => {
          if (outcome === 'done' || attempt !== undefined) await write(noted(about, { outcome, attempt, reply }));
        });
      },
    };
  });
}

type End = (outcome: 'done' | 'unchanged', reply?: Answer) => Promise<unknown>;

/** Does the deed, and tells how it ended; says nothing when that is not known. */
async function ending(route: Route, request: RouteRequest, end: End): Promise<Answer> {
  const { asked, has_begun } = watched(request);
  let reply: Answer;
  try {
    reply = await route.handle(asked);
  } catch (error) {
    if (error instanceof Problem && is_refusal(error.status, has_begun())) await end('unchanged');
    throw error;
  }
  // What streams is done when its stream has ended, or was cut off.
  if ('stream' in reply) return { ...reply, stream: told_at_end(reply.stream, has_begun, outcome => end(outcome, reply)) };
  const has_changed = reply.status < 400 && row_of(reply.body)['imported'] !== 0;
  if (reply.status < 500) await end(has_changed ? 'done' : 'unchanged', reply);
  return reply;
}

/** What broke may have changed something before it did; so may an import that has begun, unless what it would change is not there. */
function is_refusal(status: number, has_begun: boolean): boolean {
  return status < 500 && (!has_begun || status === 404);
}

/** `has_begun`: a line of an import was read. Lines are done one after the other. */
function watched(request: RouteRequest): { asked: RouteRequest; has_begun(): boolean } {
  if (request.lines === undefined) return { asked: request, has_begun: () => false };
  const lines = request.lines();
  let begun = false;
  const watched_lines = async function* () {
    for await (const line of lines) {
      begun = true;
      yield line;
    }
  };
  return { asked: { ...request, signal: request.signal, lines: watched_lines }, has_begun: () => begun };
}

/** Of an import: what POST would have answered with 201. */
const made_line = /"status":201\b/;

async function* told_at_end(stream: StreamReply['stream'], has_begun: () => boolean, end: End): StreamReply['stream'] {
  let [has_changed, has_ended] = [false, false];
  try {
    for await (const chunk of stream) {
      has_changed ||= typeof chunk === 'string' && made_line.test(chunk);
      yield chunk;
    }
    has_ended = true;
  } finally {
    if (has_changed) await end('done');
    else if (has_ended || !has_begun()) await end('unchanged');
  }
}

interface About {
  readonly clock: Clock;
  readonly route: Route;
  readonly audit: Deed;
  readonly request: RouteRequest;
}
interface Told {
  readonly outcome: AuditOutcome;
  readonly attempt?: number | undefined;
  readonly reply?: Answer | undefined;
}

function noted({ clock, route, audit, request }: About, { outcome, attempt, reply }: Told): Noted {
  const repeated = reply?.headers?.['Idempotency-Replayed'] !== undefined;
  const more = {
    outcome,
    ...(attempt === undefined ? {} : { attempt }),
    ...(outcome !== 'done' || reply === undefined || 'stream' in reply || reply.status === 204 ? {} : { after: reply.body }),
  };
  return { entry: audit_entry(clock, request, audit.action, object_of(route, audit, request, reply), more), repeated };
}

/** By the address; else the id that the reply shows; else the stock that the body names; else the table that is changed as a whole. */
function object_of({ path }: Route, { object }: Deed, { params, body }: RouteRequest, reply: Answer | undefined): string {
  if (object !== undefined) return params[object] ?? '';
  const named = Object.values(params);
  if (named.length > 0) return named.join('/');
  const id = reply === undefined || 'stream' in reply ? undefined : row_of(reply.body)['id'];
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
  readonly written: PromiseWithResolvers<number | undefined>;
}

/** The log has one writer at a time: what comes while one commit runs shares the next. Returns the entry's `seq`. */
function writer(pool: pg.Pool): (noted: Noted) => Promise<number | undefined> {
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
    const written = Promise.withResolvers<number | undefined>();
    waiting.push({ ...noted, written });
    if (!is_writing) void write_all();
    return written.promise;
  };
}

async function write_batch(pool: pg.Pool, batch: readonly Waiting[]): Promise<void> {
  try {
    const seqs = await transaction(pool, client => append_audits(client, batch));
    batch.forEach(({ written }, index) => {
      written.resolve(seqs[index]);
    });
  } catch (error) {
    for (const { written } of batch) written.reject(error);
  }
}
