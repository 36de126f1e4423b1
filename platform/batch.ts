/**
 * The batch's memory and the pure middle of the write path: decide each command against the current state, evolve as you go.
 * No database here: `write.ts` fills it from PostgreSQL, the simulation from maps. Both run exactly this code.
 */
import { derived_id } from './ids.ts';
import { partition_of } from './partition.ts';
import type {
  Command,
  Decision,
  Event,
  Fact,
  Given,
  Kind,
  Logged,
  NewOperation,
  NewRecord,
  Ref,
  ReferenceKind,
  Rejection,
  Service,
  States,
  TimerChange,
  View,
} from './service.ts';

/** One aggregate of the batch: what was loaded and what it is by now. */
export interface Entry {
  readonly kind: string;
  readonly id: string;
  readonly stored: boolean;
  readonly before: unknown;
  readonly before_version: number;
  state: unknown;
  version: number;
  changed: boolean;
}

/** An event ready to be appended: all of Logged but its position. */
export type NewEvent<E extends Event = Event> = Omit<Logged<E>, 'position' | 'source'>;

export interface Collected<E extends Event = Event> {
  readonly events: NewEvent<E>[];
  readonly operations: NewOperation[];
  readonly timers: TimerChange[];
  readonly records: NewRecord[];
  readonly settled: { readonly op_id: string; readonly state: 'succeeded' | 'failed' }[];
}

export interface Memory {
  readonly entries: Map<string, Map<string, Entry>>;
  readonly collected: Collected;
}

/** A service whose types the platform does not need to know. The one place where they are forgotten. */
// biome-ignore lint/suspicious/noExplicitAny: the platform runs every service; each service was checked under its own types.
export type AnyService = Service<any, any, any, any, any>;
type AnyKind = Kind<unknown, Event> | ReferenceKind<unknown>;

export function empty_memory(service: AnyService): Memory {
  return {
    entries: new Map(Object.keys(service.kinds).map(kind => [kind, new Map()])),
    collected: { events: [], operations: [], timers: [], records: [], settled: [] },
  };
}

export function kind_of(service: AnyService, name: string): AnyKind {
  const kind: AnyKind | undefined = service.kinds[name];
  if (kind === undefined) throw new Error(`${service.name} has no kind ${name}`);
  return kind;
}

export function is_reference(kind: AnyKind): kind is ReferenceKind<unknown> {
  return 'reference' in kind;
}

/** Puts what load brought, or the initial state when it brought nothing. */
export function put(
  memory: Memory,
  service: AnyService,
  kind_name: string,
  id: string,
  loaded?: { state: unknown; version: number },
): void {
  const state = loaded === undefined ? kind_of(service, kind_name).initial(id) : loaded.state;
  const version = loaded?.version ?? 0;
  memory.entries.get(kind_name)?.set(id, {
    kind: kind_name,
    id,
    stored: loaded !== undefined,
    before: state,
    before_version: version,
    state,
    version,
    changed: false,
  });
}

function entry_of(memory: Memory, kind: string, id: string): Entry | undefined {
  return memory.entries.get(kind)?.get(id);
}

/** Refs of `refs` that the memory does not hold yet, by kind. */
export function missing(memory: Memory, refs: Iterable<Ref<States>>): Map<string, Set<string>> {
  const wanted = new Map<string, Set<string>>();
  for (const ref of refs as Iterable<{ kind: string; id: string }>) {
    if (entry_of(memory, ref.kind, ref.id) !== undefined) continue;
    const ids = wanted.get(ref.kind);
    if (ids === undefined) wanted.set(ref.kind, new Set([ref.id]));
    else ids.add(ref.id);
  }
  return wanted;
}

/** The entries one command declared. Most name a handful, which are looked through; a map of joined names cost a tenth of all decisions. */
interface Declared {
  readonly entries: readonly Entry[];
  /** By `kind id`, when they are many. */
  readonly by_name: ReadonlyMap<string, Entry> | undefined;
}
const looked_through_max = 16;

function declare(memory: Memory, refs: readonly { kind: string; id: string }[]): Declared {
  const entries: Entry[] = [];
  for (const ref of refs) {
    const entry = entry_of(memory, ref.kind, ref.id);
    if (entry !== undefined) entries.push(entry);
  }
  const by_name = entries.length > looked_through_max ? new Map(entries.map(entry => [`${entry.kind} ${entry.id}`, entry])) : undefined;
  return { entries, by_name };
}

function declared_entry({ entries, by_name }: Declared, kind: string, id: string): Entry {
  const entry = by_name === undefined ? entries.find(one => one.id === id && one.kind === kind) : by_name.get(`${kind} ${id}`);
  if (entry === undefined) throw new Error(`undeclared ref: ${kind} ${id} (a decision sees only what touches and then_touches name)`);
  return entry;
}

/** What one command may see: its declared refs and nothing else. */
export function view_of(memory: Memory, refs: readonly { kind: string; id: string }[]): View<States> {
  return view_over(declare(memory, refs));
}

function view_over(declared: Declared): View<States> {
  const find = (kind: string, id: string) => declared_entry(declared, kind, id);
  // The states' types are known to the service that declared the kinds, not here.
  return Object.assign((kind: string, id: string) => find(kind, id).state, {
    version: (kind: string, id: string) => find(kind, id).version,
  }) as unknown as View<States>;
}

export function given_for(service_name: string, at: string, cause: string, actor: string): Given {
  return { at, cause, actor, id: (prefix, ordinal = 0) => derived_id(prefix, `${service_name}/${cause}`, ordinal) };
}

export function is_rejection(outcome: Decision<States, Event> | Rejection): outcome is Rejection {
  return 'rejection' in outcome;
}

/** Decides one command and, unless it is rejected or throws, evolves the memory. A throw leaves no trace. */
export function execute(
  service: AnyService,
  memory: Memory,
  command: Command,
  refs: readonly { kind: string; id: string }[],
  given: Given,
  event_id: () => string,
): { events: NewEvent[] } | Rejection {
  const handler = service.commands[command.type];
  if (handler === undefined) throw new Error(`${service.name} has no command ${command.type}`);
  const declared = declare(memory, refs);
  const outcome: Decision<States, Event> | Rejection = handler.decide(command, view_over(declared), given);
  if (is_rejection(outcome)) return outcome;
  const draft = new Map<Entry, { state: unknown; version: number }>();
  const events = outcome.facts.map(fact => evolve_fact(service, declared, draft, fact, given, event_id));
  for (const note of (outcome.notes ?? []) as readonly { kind: string; id: string; change(state: unknown): unknown }[]) {
    const entry = declared_entry(declared, note.kind, note.id);
    const current = draft.get(entry) ?? entry;
    // A row that only notes ever touched still needs a version to be stored under.
    draft.set(entry, { state: note.change(current.state), version: Math.max(current.version, 1) });
  }
  for (const [entry, next] of draft) {
    entry.state = next.state;
    entry.version = next.version;
    entry.changed = true;
  }
  const { collected } = memory;
  collected.events.push(...events);
  if (outcome.operations !== undefined) collected.operations.push(...outcome.operations);
  if (outcome.timers !== undefined) collected.timers.push(...outcome.timers);
  if (outcome.records !== undefined) collected.records.push(...outcome.records);
  if (outcome.settled !== undefined) collected.settled.push(...outcome.settled);
  return { events };
}

function evolve_fact(
  service: AnyService,
  declared: Declared,
  draft: Map<Entry, { state: unknown; version: number }>,
  fact: Fact<States, Event>,
  given: Given,
  event_id: () => string,
): NewEvent {
  const subject = fact.subject as { kind: string; id: string };
  let sequence: number | null = null;
  for (const ref of [subject, ...((fact.also_changes ?? []) as readonly { kind: string; id: string }[])]) {
    const kind = kind_of(service, ref.kind);
    const entry = declared_entry(declared, ref.kind, ref.id);
    if (is_reference(kind)) throw new Error(`${fact.event.type} changes reference rows: ${ref.kind} ${ref.id}`);
    const current = draft.get(entry) ?? entry;
    const version = kind.summary === undefined ? (ref === subject ? current.version + 1 : current.version) : entry.before_version + 1;
    if (ref === subject && kind.summary === undefined) sequence = version;
    draft.set(entry, { state: kind.evolve(current.state, fact.event, ref.id), version });
  }
  return {
    ...fact.event,
    id: event_id(),
    key: fact.key,
    partition: partition_of(fact.key),
    subject: subject.id,
    sequence,
    time: given.at,
    cause: given.cause,
  };
}

/** Adds the summary events (stock levels) of everything that changed: at most one per kind and partition. Call once, last. */
export function summarize(service: AnyService, memory: Memory, at: string, event_id: () => string): void {
  for (const [kind_name, entries] of memory.entries) {
    const kind = kind_of(service, kind_name);
    if (is_reference(kind) || kind.summary === undefined) continue;
    const { summary } = kind;
    const by_partition = new Map<number, { key: string; rows: Map<string, { state: unknown; version: number }> }>();
    for (const entry of entries.values()) {
      if (!entry.changed) continue;
      const key = summary.key(entry.id);
      const partition = partition_of(key);
      const group = by_partition.get(partition) ?? { key, rows: new Map() };
      group.rows.set(entry.id, { state: entry.state, version: entry.version });
      by_partition.set(partition, group);
    }
    for (const [partition, { key, rows }] of by_partition) {
      memory.collected.events.push({
        ...summary.event(rows),
        id: event_id(),
        key,
        partition,
        subject: key,
        sequence: null,
        time: at,
        cause: memory.collected.events[0]?.cause ?? '',
      });
    }
  }
}

/** Everything that must be written, kind by kind in lock order. */
export function changed_entries(memory: Memory): Map<string, Entry[]> {
  const changed = new Map<string, Entry[]>();
  for (const [kind, entries] of memory.entries) {
    const rows = [...entries.values()].filter(entry => entry.changed);
    if (rows.length > 0) changed.set(kind, rows);
  }
  return changed;
}
