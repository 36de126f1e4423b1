/**
 * Effects. A call to the outside is a row written by the transaction that decided it; this runner claims rows, calls with no transaction
 * open, and feeds what became of it back as a command. A crash after claiming, a time-out after the first byte, an unreadable reply: unknown, never failed.
 */
import type pg from 'pg';
import { type Guard, type ProviderState, provider_guard, type Room } from './adapters/guard.ts';
import type { Logger } from './logger.ts';
import type { Adapter, Operation, Outcome, Remember, Row } from './service.ts';
import type { Item, OperationChange, Result } from './write.ts';

export const retry_base_ms = 500;
export const retry_max_ms = 300_000;
/** After the effect was asked for; then a person decides. An adapter's `settle_ms` is one more. */
export const query_offsets_ms: readonly number[] = [
  ...[5_000, 30_000, 120_000, 600_000],
  ...Array.from({ length: 24 }, (_, index) => (index + 1) * 3_600_000),
];
/** A claim outlives the adapter's own time-out by this much before another process calls it unknown. */
export const claim_grace_ms = 10_000;

export interface RunnerPorts {
  readonly schema: string;
  readonly pool: pg.Pool;
  readonly logger: Logger;
  readonly adapters: Readonly<Record<string, Adapter>>;
  /** Divides the query offsets; 1 in earnest. */
  readonly haste?: number;
  now_ms(): number;
  random(): number;
  submit(item: Item): Promise<Result>;
  command_of(operation: Operation, outcome: Outcome): Item['command'];
}

export interface Runner {
  /** Claims what is due and starts it; returns how many it started. */
  turn(): Promise<number>;
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>;
  /** How this process finds its providers. */
  providers(): ReadonlyMap<string, ProviderState>;
}

type Claimed = Operation & { readonly asking: boolean };

export function operation_runner(ports: RunnerPorts): Runner {
  const in_flight = new Set<Promise<void>>();
  const guards = new Map(Object.entries(ports.adapters).map(([name, adapter]) => [name, provider_guard(adapter, ports.now_ms)]));
  return {
    async turn() {
      const claimed = await claim(ports, guards);
      for (const operation of claimed) {
        const guard = guards.get(operation.provider);
        if (guard === undefined) continue;
        const flight = run(ports, guard, operation)
          .catch(error =>
            ports.logger.error({ error, op_id: operation.op_id }, 'an operation could not be recorded; it is unknown after its deadline'),
          )
          .finally(() => in_flight.delete(flight));
        in_flight.add(flight);
      }
      return claimed.length;
    },
    async idle() {
      await Promise.all(in_flight);
    },
    providers: () => new Map([...guards].map(([name, guard]) => [name, guard.state()])),
  };
}

/** Marks due rows as sent, with a deadline, in one statement, as many as there is room; what another process holds is skipped. */
async function claim(ports: RunnerPorts, guards: ReadonlyMap<string, Guard>): Promise<Claimed[]> {
  const rooms = [...guards].flatMap(([provider, guard]): (Room & { provider: string; patience_ms: number })[] => {
    const room = guard.room();
    return room.all === 0 ? [] : [{ provider, ...room, patience_ms: (ports.adapters[provider]?.timeout_ms ?? 0) + claim_grace_ms }];
  });
  if (rooms.length === 0) return [];
  const due = `o.provider = room.provider and o.state in ('requested', 'sent', 'unknown') and o.next_at <= $2`;
  const is_repeat = `o.state = 'requested' and o.attempts > 0`;
  const locked = (which: string, limit: string) =>
    `(select coalesce(json_agg(l), '[]') as rows from (select o.op_id, o.state as was from ${ports.schema}.operations o where ${due} and ${which} order by o.next_at limit ${limit} for update skip locked) l)`;
  const { rows } = await ports.pool.query({
    name: `${ports.schema}.operations.claim`,
    text: `with room as (select * from json_to_recordset($1) as r(provider text, "all" integer, repeats integer, patience_ms integer)),
      taken as materialized (
        select t.op_id, t.was, room.patience_ms
          from room cross join lateral ${locked(is_repeat, 'least(room.repeats, room."all")')} repeated
                    cross join lateral ${locked(`not (${is_repeat})`, 'room."all" - json_array_length(repeated.rows)')} others
                    cross join lateral (select * from json_to_recordset(repeated.rows) as r(op_id text, was text) union all
                                        select * from json_to_recordset(others.rows) as r(op_id text, was text)) t)
      update ${ports.schema}.operations o set
             state = case when taken.was = 'unknown' then 'unknown' else 'sent' end,
             attempts = o.attempts + 1,
             queries = case when taken.was = 'requested' then o.queries else o.queries + 1 end,
             sent_at = coalesce(o.sent_at, $2),
             next_at = $2::timestamptz + taken.patience_ms * interval '1 millisecond'
        from taken where o.op_id = taken.op_id
      returning o.op_id, o.kind, o.provider, o.subject, o.key, o.request, taken.was as state, o.attempts, o.requested_at, o.sent_at, o.learned`,
    values: [JSON.stringify(rooms), new Date(ports.now_ms()).toISOString()],
  });
  // A row that was `sent` and not waiting passed its deadline: its process died or hung in the call.
  return rows.map(row => ({ ...row, asking: row.state !== 'requested' }) as Claimed);
}

async function run(ports: RunnerPorts, guard: Guard, operation: Claimed): Promise<void> {
  const adapter = ports.adapters[operation.provider];
  if (adapter === undefined) return;
  const flight = guard.begin(operation);
  const outcome = await call(adapter, operation, learned => remember(ports, operation, learned));
  flight.end(outcome);
  if (outcome.outcome === 'retryable') return void (await put_back(ports, operation, outcome));
  const change = change_of(operation, outcome, next_query_at(ports, adapter, operation));
  const result = await ports.submit({
    command: ports.command_of(operation, outcome),
    cause: `${operation.op_id}#${operation.attempts}`,
    actor: `provider:${operation.provider}`,
    operation: change,
  });
  if (result.result === 'failed') throw result.error;
}

async function call(adapter: Adapter, operation: Claimed, keep: Remember): Promise<Outcome> {
  const signal = AbortSignal.timeout(adapter.timeout_ms);
  try {
    return operation.asking ? await adapter.query(operation, signal, keep) : await adapter.perform(operation, signal, keep);
  } catch (error) {
    return { outcome: 'unknown', detail: error instanceof Error ? error.message.slice(0, 300) : 'the adapter threw' };
  }
}

async function remember({ pool, schema }: RunnerPorts, { op_id, attempts }: Claimed, learned: Row): Promise<boolean> {
  const { rowCount } = await pool.query({
    name: `${schema}.operations.remember`,
    text: `update ${schema}.operations set learned = (learned::jsonb || $3::jsonb)::json where op_id = $1 and attempts = $2 and state in ('sent', 'unknown')`,
    values: [op_id, attempts, JSON.stringify(learned)],
  });
  return rowCount === 1;
}

/** Certainly not executed, so never sent: the same bytes again, later, with full jitter. An unknown that could not be asked stays unknown. */
async function put_back(ports: RunnerPorts, operation: Claimed, outcome: Extract<Outcome, { outcome: 'retryable' }>): Promise<void> {
  const ceiling_ms = Math.min(retry_max_ms, retry_base_ms * 2 ** Math.min(operation.attempts, 12));
  const wait_ms = Math.min(retry_max_ms, outcome.after_ms ?? Math.ceil(ports.random() * ceiling_ms));
  await ports.pool.query({
    name: `${ports.schema}.operations.put_back`,
    text: `update ${ports.schema}.operations set state = $2, next_at = $3, last_outcome = $5, sent_at = case when $2 = 'requested' then null else sent_at end where op_id = $1 and attempts = $4 and state in ('sent', 'unknown')`,
    values: [
      operation.op_id,
      operation.asking ? 'unknown' : 'requested',
      new Date(ports.now_ms() + wait_ms).toISOString(),
      operation.attempts,
      JSON.stringify(outcome),
    ],
  });
}

/** Measured from when the effect was asked for, so that a late question does not put off the next. `undefined`: no more; a person decides. */
export function next_query_ms(
  asked_ms: number,
  now_ms: number,
  { settle_ms, haste = 1 }: { settle_ms?: number; haste?: number },
): number | undefined {
  const offsets_ms = [...query_offsets_ms.map(offset_ms => Math.ceil(offset_ms / haste)), ...(settle_ms === undefined ? [] : [settle_ms])];
  const due_ms = offsets_ms.map(offset_ms => asked_ms + offset_ms).filter(at_ms => at_ms > now_ms);
  return due_ms.length === 0 ? undefined : Math.min(...due_ms);
}

function next_query_at(ports: RunnerPorts, adapter: Adapter, { sent_at, requested_at }: Claimed): string | null {
  const asked_ms = new Date(sent_at ?? requested_at).getTime();
  const next_ms = next_query_ms(asked_ms, ports.now_ms(), { settle_ms: adapter.settle_ms, haste: ports.haste });
  return next_ms === undefined ? null : new Date(next_ms).toISOString();
}

function change_of(operation: Claimed, outcome: Exclude<Outcome, { outcome: 'retryable' }>, ask_at: string | null): OperationChange {
  const learned: Row = 'value' in outcome && outcome.value !== undefined ? learned_of(outcome.value) : {};
  const base = { op_id: operation.op_id, attempts: operation.attempts, learned, last_outcome: outcome as unknown as Row };
  switch (outcome.outcome) {
    case 'ok':
      return { ...base, state: 'succeeded', next_at: null, waiting: false };
    case 'declined':
    case 'permanent_error':
      return { ...base, state: 'failed', next_at: null, waiting: false };
    case 'action_required':
    case 'pending':
      return { ...base, state: 'sent', next_at: ask_at ?? far_future, waiting: true };
    case 'unknown':
      return { ...base, state: 'unknown', next_at: ask_at ?? far_future, waiting: false };
  }
}
const far_future = '9999-01-01T00:00:00.000Z';

/** Facts are the service's business; the rest (a provider's own id, labels already paid) is what later calls may need. */
function learned_of({ facts: _facts, ...learned }: Row): Row {
  return learned;
}
