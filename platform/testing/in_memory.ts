/**
 * A service in memory: the same pure middle (batch.ts) as the write path, with maps for tables. For tables of decisions
 * (given, when, then) and for the simulation. States are frozen, so an evolve that mutates throws.
 */
import {
  type AnyService,
  changed_entries,
  empty_memory,
  execute,
  given_for,
  is_reference,
  kind_of,
  missing,
  type NewEvent,
  put,
  summarize,
  view_of,
} from '../batch.ts';
import type { Command, Event, Logged, NewOperation, NewRecord, Operation, Outcome, Rejection } from '../service.ts';

/** What one command made of one aggregate that it declared. Unchanged: `before` is `after`. */
export interface Step {
  readonly service: string;
  readonly command: Command;
  readonly kind: string;
  readonly id: string;
  readonly before: unknown;
  readonly after: unknown;
  /** Nothing was stored of it before. */
  readonly is_new: boolean;
}
let watcher: ((step: Step) => void) | undefined;
/** Shows every step of every service in memory of this process: how the coverage of the design sees what was really taken. */
export function watch_steps(watch: (step: Step) => void): void {
  watcher = watch;
}

export interface Ran {
  readonly events: readonly NewEvent[];
  readonly types: readonly string[];
  readonly rejection?: Rejection;
  readonly operations: readonly NewOperation[];
  readonly records: readonly NewRecord[];
}

export interface InMemory {
  /** Runs commands as one batch; the outcome of the last is returned, with everything the batch wrote. */
  run(commands: Command | readonly Command[], how?: { at?: string; cause?: string; actor?: string }): Ran;
  /** Runs what the service's reaction makes of a heard event. */
  hear(event: Logged<Event>, at?: string): Ran;
  /** What an operation's outcome becomes. */
  outcome(op_id: string, outcome: Outcome, how?: { at?: string }): Ran;
  /** Fires one timer as if it were due; its row goes unless the decision re-arms it. */
  fire(kind: string, id: string, at?: string): Ran;
  state<T>(kind: string, id: string): T;
  version(kind: string, id: string): number;
  /** Puts a row as if it had been stored; reference rows (prices, locations) come this way. */
  seed(kind: string, id: string, state: unknown, version?: number): void;
  readonly log: readonly Logged<Event>[];
  readonly timers: ReadonlyMap<string, { kind: string; id: string; due_at: string }>;
  readonly operations: ReadonlyMap<string, Operation>;
  readonly records: readonly NewRecord[];
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, { state: unknown; version: number }>>;
}

export const test_time = '2026-03-01T10:00:00.000Z';

export function in_memory(service: AnyService, options: { refresh?(kind: string, id: string): unknown } = {}): InMemory {
  const rows = new Map<string, Map<string, { state: unknown; version: number }>>(Object.keys(service.kinds).map(kind => [kind, new Map()]));
  const log: Logged<Event>[] = [];
  const timers = new Map<string, { kind: string; id: string; due_at: string }>();
  const operations = new Map<string, Operation>();
  const records: NewRecord[] = [];
  let counter = 0;
  const next = (prefix: string) => `${prefix}_test${String(++counter).padStart(6, '0')}`;

  const load = (memory: ReturnType<typeof empty_memory>, wanted: Map<string, Set<string>>) => {
    for (const kind_name of Object.keys(service.kinds)) {
      for (const id of wanted.get(kind_name) ?? []) {
        const refreshed = options.refresh?.(kind_name, id);
        put(memory, service, kind_name, id, refreshed === undefined ? rows.get(kind_name)?.get(id) : { state: refreshed, version: 0 });
      }
    }
  };

  const run_batch = (commands: readonly Command[], how: { at: string; cause: string; actor: string }): Ran => {
    const memory = empty_memory(service);
    const refs = commands.map(command => handler_of(service, command).touches(command) as readonly { kind: string; id: string }[]);
    load(memory, missing(memory, refs.flat() as never));
    for (const [index, command] of commands.entries()) {
      const second = handler_of(service, command).then_touches?.(command, view_of(memory, refs[index] ?? [])) as
        | readonly { kind: string; id: string }[]
        | undefined;
      if (second !== undefined) refs[index] = [...(refs[index] ?? []), ...second];
    }
    load(memory, missing(memory, refs.flat() as never));
    let rejection: Rejection | undefined;
    for (const [index, command] of commands.entries()) {
      const cause = commands.length === 1 ? how.cause : `${how.cause}-${index}`;
      const before = watcher === undefined ? [] : entries_of(memory, refs[index] ?? []);
      const outcome = execute(service, memory, command, refs[index] ?? [], given_for(service.name, how.at, cause, how.actor), () =>
        next('evt'),
      );
      rejection = 'rejection' in outcome ? outcome : undefined;
      for (const { kind, id, state, version } of 'rejection' in outcome ? [] : before) {
        const after = memory.entries.get(kind)?.get(id)?.state;
        watcher?.({ service: service.name, command, kind, id, before: state, after, is_new: version === 0 });
      }
    }
    summarize(service, memory, how.at, () => next('evt'));
    store(memory);
    const { collected } = memory;
    return {
      events: collected.events,
      types: collected.events.map(event => event.type),
      operations: collected.operations,
      records: collected.records,
      ...(rejection === undefined ? {} : { rejection }),
    };
  };

  const store = (memory: ReturnType<typeof empty_memory>) => {
    for (const [kind_name, entries] of changed_entries(memory)) {
      const kind = kind_of(service, kind_name);
      if (is_reference(kind)) continue;
      for (const entry of entries) {
        rows.get(kind_name)?.set(entry.id, { state: deep_freeze(entry.state), version: entry.version });
      }
    }
    const { collected } = memory;
    for (const event of collected.events) log.push({ ...event, source: service.name, position: log.length + 1 });
    for (const timer of collected.timers) {
      if (timer.due_at === null) timers.delete(`${timer.kind} ${timer.id}`);
      else timers.set(`${timer.kind} ${timer.id}`, { kind: timer.kind, id: timer.id, due_at: timer.due_at });
    }
    for (const operation of collected.operations) {
      if (operations.has(operation.op_id)) continue;
      operations.set(operation.op_id, {
        ...operation,
        state: 'requested',
        attempts: 0,
        requested_at: test_time,
        sent_at: null,
        learned: {},
      });
    }
    for (const { op_id, state } of collected.settled) {
      const operation = operations.get(op_id);
      if (operation !== undefined) operations.set(op_id, { ...operation, state });
    }
    records.push(...collected.records);
  };

  const self: InMemory = {
    run: (commands, how = {}) =>
      run_batch(Array.isArray(commands) ? commands : [commands as Command], {
        at: how.at ?? test_time,
        cause: how.cause ?? next('req'),
        actor: how.actor ?? 'system',
      }),
    hear(event, at = event.time) {
      const command = service.reactions[event.type]?.(event);
      return command === undefined
        ? { events: [], types: [], operations: [], records: [] }
        : run_batch([command], { at, cause: event.id, actor: 'system' });
    },
    outcome(op_id, outcome, how = {}) {
      const operation = operations.get(op_id);
      if (operation === undefined) throw new Error(`no operation ${op_id}`);
      const attempts = operation.attempts + 1;
      const state =
        outcome.outcome === 'ok'
          ? 'succeeded'
          : outcome.outcome === 'unknown'
            ? 'unknown'
            : outcome.outcome === 'pending' || outcome.outcome === 'action_required'
              ? 'sent'
              : 'failed';
      const learned = 'value' in outcome && outcome.value !== undefined ? { ...operation.learned, ...outcome.value } : operation.learned;
      const ended = { ...operation, attempts, state, learned } as Operation;
      const command = service.outcomes?.[operation.kind]?.(ended, outcome);
      if (command === undefined) throw new Error(`no outcome for operation kind ${operation.kind}`);
      operations.set(op_id, ended);
      return run_batch([command], { at: how.at ?? test_time, cause: `${op_id}#${attempts}`, actor: `provider:${operation.provider}` });
    },
    fire(kind, id, at) {
      const timer = timers.get(`${kind} ${id}`);
      const command = timer === undefined ? undefined : service.timers?.[kind]?.(timer);
      if (timer === undefined || command === undefined) throw new Error(`no timer ${kind} ${id}`);
      timers.delete(`${kind} ${id}`);
      return run_batch([command], { at: at ?? timer.due_at, cause: `timer/${kind}/${id}/${timer.due_at}`, actor: 'system' });
    },
    // The test names the type of the state it asks for.
    state: <T>(kind: string, id: string) => (rows.get(kind)?.get(id)?.state ?? kind_of(service, kind).initial(id)) as T,
    version: (kind, id) => rows.get(kind)?.get(id)?.version ?? 0,
    seed: (kind, id, state, version = 1) => void rows.get(kind)?.set(id, { state: deep_freeze(state), version }),
    log,
    timers,
    operations,
    records,
    rows,
  };
  return self;
}

function entries_of(memory: ReturnType<typeof empty_memory>, refs: readonly { kind: string; id: string }[]) {
  return refs.map(({ kind, id }) => {
    const entry = memory.entries.get(kind)?.get(id);
    return { kind, id, state: entry?.state, version: entry?.version ?? 0 };
  });
}

function handler_of(service: AnyService, command: Command): NonNullable<AnyService['commands'][string]> {
  const handler = service.commands[command.type];
  if (handler === undefined) throw new Error(`${service.name} has no command ${command.type}`);
  return handler;
}

function deep_freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deep_freeze(inner);
  return value;
}
