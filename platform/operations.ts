/**
 * Effects. A call to the outside is a row written by the transaction that decided it; this runner claims rows, calls with no transaction
 * open, and feeds what became of it back as a command. A crash after claiming, a time-out after the first byte, an unreadable reply: unknown, never failed.
 */
import type pg from 'pg';
import type { Logger } from './logger.ts';
import type { Adapter, Operation, Outcome, Remember, Row } from './service.ts';
import type { Item, OperationChange, Result } from './write.ts';

export const claim_max = 64;
export const in_flight_default_max = 32;
export const retry_base_ms = 500;
export const retry_max_ms = 300_000;
/** Asking what became of an unknown or pending operation: after 5 s, 30 s, 2 min, 10 min, then hourly to a day, then a person decides. */
export const query_schedule_ms: readonly number[] = [5_000, 30_000, 120_000, 600_000, ...Array.from({ length: 24 }, () => 3_600_000)];
/** A claim outlives the adapter's own time-out by this much before another process calls it unknown. */
export const claim_grace_ms = 10_000;

export interface RunnerPorts {
  readonly schema: string;
  readonly pool: pg.Pool;
  readonly logger: Logger;
  readonly adapters: Readonly<Record<string, Adapter>>;
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
}

type Claimed = Operation & { readonly queries: number; readonly asking: boolean };

export function operation_runner(ports: RunnerPorts): Runner {
  const in_flight = new Map<string, Set<Promise<void>>>();
  const breakers = new Map<string, Breaker>();
  const breaker = (provider: string): Breaker => {
    const known = breakers.get(provider) ?? create_breaker(ports.now_ms);
    breakers.set(provider, known);
    return known;
  };
  const flights = (provider: string): Set<Promise<void>> => {
    const known = in_flight.get(provider) ?? new Set();
    in_flight.set(provider, known);
    return known;
  };
  const free = (): Record<string, number> =>
    Object.fromEntries(
      Object.entries(ports.adapters).map(([provider, adapter]) => [
        provider,
        breaker(provider).allows() ? Math.max(0, (adapter.in_flight_max ?? in_flight_default_max) - flights(provider).size) : 0,
      ]),
    );

  return {
    async turn() {
      const slots = free();
      const claimed = await claim(ports, slots);
      for (const operation of claimed) {
        const flight = run(ports, breaker(operation.provider), operation)
          .catch(error =>
            ports.logger.error({ error, op_id: operation.op_id }, 'an operation could not be recorded; it is unknown after its deadline'),
          )
          .finally(() => flights(operation.provider).delete(flight));
        flights(operation.provider).add(flight);
      }
      return claimed.length;
    },
    async idle() {
      await Promise.all([...in_flight.values()].flatMap(set => [...set]));
    },
  };
}

/** Marks due rows as sent, with a deadline, in one statement; what another process holds is skipped. */
async function claim(ports: RunnerPorts, slots: Record<string, number>): Promise<Claimed[]> {
  const providers = Object.entries(slots).filter(([, free]) => free > 0);
  if (providers.length === 0) return [];
  const now_ms = ports.now_ms();
  const deadlines = Object.fromEntries(
    Object.entries(ports.adapters).map(([name, adapter]) => [name, adapter.timeout_ms + claim_grace_ms]),
  );
  const { rows } = await ports.pool.query({
    name: `${ports.schema}.operations.claim`,
    text: `with slots as (select key as provider, value::int as free from json_each_text($1)),
      due as (select o.op_id, o.state as was, o.waiting as was_waiting,
                     row_number() over (partition by o.provider order by o.next_at) as place, s.free
                from ${ports.schema}.operations o join slots s using (provider)
               where o.state in ('requested', 'sent', 'unknown') and o.next_at <= $2),
      taken as (select o.op_id from ${ports.schema}.operations o where o.op_id in (select op_id from due where place <= free limit ${claim_max})
                   and o.state in ('requested', 'sent', 'unknown') and o.next_at <= $2 for update skip locked)
      update ${ports.schema}.operations o set
             state = case when o.state = 'unknown' then 'unknown' else 'sent' end,
             attempts = o.attempts + 1,
             queries = case when o.state = 'requested' then o.queries else o.queries + 1 end,
             sent_at = coalesce(o.sent_at, $2),
             next_at = $2::timestamptz + (select value::int from json_each_text($3) d where d.key = o.provider) * interval '1 millisecond'
        from due where due.op_id = o.op_id and o.op_id in (select op_id from taken)
      returning o.op_id, o.kind, o.provider, o.subject, o.key, o.request, due.was as state, o.attempts, o.queries, o.requested_at, o.sent_at, o.learned, due.was_waiting`,
    values: [JSON.stringify(Object.fromEntries(providers)), new Date(now_ms).toISOString(), JSON.stringify(deadlines)],
  });
  // A row that was `sent` and not waiting passed its deadline: its process died or hung in the call.
  return rows.map(row => ({ ...row, asking: row.state !== 'requested' }) as Claimed);
}

async function run(ports: RunnerPorts, breaker: Breaker, operation: Claimed): Promise<void> {
  const adapter = ports.adapters[operation.provider];
  if (adapter === undefined) return;
  const outcome = await call(adapter, operation, learned => remember(ports, operation, learned));
  breaker.record(outcome);
  if (outcome.outcome === 'retryable') return void (await put_back(ports, operation, outcome));
  const change = change_of(ports, operation, outcome);
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

/** Certainly not executed: the same bytes again, later, with full jitter. An unknown that could not be asked stays unknown. */
async function put_back(ports: RunnerPorts, operation: Claimed, outcome: Extract<Outcome, { outcome: 'retryable' }>): Promise<void> {
  const ceiling_ms = Math.min(retry_max_ms, retry_base_ms * 2 ** Math.min(operation.attempts, 12));
  const wait_ms = outcome.after_ms ?? Math.ceil(ports.random() * ceiling_ms);
  await ports.pool.query({
    name: `${ports.schema}.operations.put_back`,
    text: `update ${ports.schema}.operations set state = $2, next_at = $3, last_outcome = $5 where op_id = $1 and attempts = $4 and state in ('sent', 'unknown')`,
    values: [
      operation.op_id,
      operation.asking ? 'unknown' : 'requested',
      new Date(ports.now_ms() + wait_ms).toISOString(),
      operation.attempts,
      JSON.stringify(outcome),
    ],
  });
}

function change_of(ports: RunnerPorts, operation: Claimed, outcome: Exclude<Outcome, { outcome: 'retryable' }>): OperationChange {
  const learned: Row = 'value' in outcome && outcome.value !== undefined ? learned_of(outcome.value) : {};
  const base = { op_id: operation.op_id, attempts: operation.attempts, learned, last_outcome: outcome as unknown as Row };
  const ask_in_ms = query_schedule_ms[operation.queries];
  const ask_at = ask_in_ms === undefined ? null : new Date(ports.now_ms() + ask_in_ms).toISOString();
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

export const breaker_window_ms = 10_000;
export const breaker_calls_min = 20;
export const breaker_failure_share = 0.5;
export const breaker_probe_ms = 5_000;

interface Breaker {
  allows(): boolean;
  record(outcome: Outcome): void;
}

/** Opens at half of at least 20 calls failing within 10 s; then one probe every 5 s. A decline is an answer and never counts. */
export function create_breaker(now_ms: () => number): Breaker {
  let window = { since_ms: now_ms(), calls: 0, failures: 0 };
  let probe_at: number | undefined;
  return {
    allows() {
      if (probe_at === undefined) return true;
      if (now_ms() < probe_at) return false;
      probe_at = now_ms() + breaker_probe_ms;
      return true;
    },
    record(outcome) {
      const failed = outcome.outcome === 'unknown' || outcome.outcome === 'retryable';
      const at = now_ms();
      if (probe_at !== undefined) {
        if (failed) return;
        probe_at = undefined;
        window = { since_ms: at, calls: 0, failures: 0 };
      }
      if (at - window.since_ms > breaker_window_ms) window = { since_ms: at, calls: 0, failures: 0 };
      window.calls += 1;
      if (failed) window.failures += 1;
      if (window.calls >= breaker_calls_min && window.failures / window.calls >= breaker_failure_share) probe_at = at + breaker_probe_ms;
    },
  };
}
