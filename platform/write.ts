/**
 * The one write path. A batch of commands, whatever their source, in three round trips:
 * open (begin, move positions, idempotency records, load and lock), a second load when a command could not name all it touches,
 * close (rows, operations, timers, replies, append, commit — sent together). docs/decisions/0001 has the interface, kernel.md the measurements.
 */
import type pg from 'pg';
import type { AnyService, Memory } from './batch.ts';
import { changed_entries, empty_memory, execute, given_for, missing, summarize, view_of } from './batch.ts';
import type { AggregateCache } from './cache.ts';
import { rows_statements, side_statements } from './close.ts';
import { type RowsStatement, read_catalog, rows_statement, type Statement } from './columns.ts';
import type { Wire } from './database.ts';
import { forget_states, load, remember_states } from './load.ts';
import { append_statements } from './log.ts';
import type { Idempotency, Reply } from './route.ts';
import { Problem, shown_in } from './route.ts';
import {
  ChangedMeanwhile,
  type Command,
  type Event,
  type Logged,
  type OperationState,
  type Rejection,
  type Row,
  type States,
  type View,
} from './service.ts';
import type { Tail } from './tail.ts';
import type { Sealing, Vault } from './vault/vault.ts';

/** A position this service holds of another's log, moved from `old` to `new` or nothing happens at all. */
export interface Move {
  readonly source: string;
  readonly partition: number;
  readonly old: number;
  readonly new: number;
}

export interface OperationChange {
  readonly op_id: string;
  readonly attempts: number;
  readonly state: OperationState;
  readonly next_at: string | null;
  readonly waiting: boolean;
  readonly learned: Row;
  readonly last_outcome: Row;
}

/** A command type of the platform's own: the event asks nothing of this service, only its position (or its parked row) moves. */
export const heard_only = 'heard_only';

/** One command and where it came from. */
export interface Item {
  readonly command: Command;
  readonly cause: string;
  readonly actor: string;
  readonly idempotency?: Idempotency;
  /** The stored reply is not final yet (Prefer: wait). */
  readonly waiting?: boolean;
  respond?(view: View<States>, events: readonly Event[]): Reply;
  reject?(rejection: Rejection): Reply;
  readonly event?: Logged<Event>;
  /** The event waits in `parked`; when it is handled its row goes. */
  readonly parked?: true;
  /** Handling failed outside decide (a constraint, say): park it without trying. */
  readonly poison?: string;
  readonly operation?: OperationChange;
  readonly timer?: { readonly kind: string; readonly id: string; readonly due_at: string };
}

export type Result =
  | { readonly result: 'decided'; readonly events: readonly Event[]; readonly reply?: Reply }
  | { readonly result: 'rejected'; readonly rejection: Rejection; readonly reply?: Reply }
  | { readonly result: 'replayed'; readonly reply: Reply }
  | { readonly result: 'parked'; readonly reason: string }
  | { readonly result: 'failed'; readonly error: Error };

/** Another process moved a position first: this one stops before it works. */
export class Superseded extends Error {}

export interface Writer {
  readonly service: AnyService;
  /** All or nothing: throws on any database error, and nothing of the batch happened (or, when the connection broke in commit, it is unknown). */
  write(items: readonly Item[], moves: readonly Move[]): Promise<Result[]>;
}

export interface WriterPorts {
  readonly service: AnyService;
  wire(): Promise<Wire>;
  now(): string;
  event_id(): string;
  readonly tail?: Tail;
  /** Seals what is personal in the events before they are appended. */
  readonly vault: Pick<Vault, 'seal'>;
  /** Shared by the lanes of a service in one process. */
  readonly cache: AggregateCache;
  /** After commit: operations were written, timers changed. */
  on_commit?(written: { operations: number; timers: number; events: number }): void;
  /** States are frozen, so that an evolve that mutates throws. Tests. */
  readonly freeze?: boolean;
}

export function create_writer(ports: WriterPorts): Writer {
  let statement: RowsStatement | undefined;
  return {
    service: ports.service,
    async write(items, moves) {
      const wire = await ports.wire();
      statement ??= rows_statement(await read_catalog(wire, ports.service.name));
      return write({ ports, wire, statement }, items, moves);
    },
  };
}

/** One transaction's memory, from open to close. */
export interface Batch {
  readonly ports: WriterPorts;
  readonly wire: Wire;
  readonly statement: RowsStatement;
  readonly at: string;
  readonly memory: Memory;
  readonly items: readonly Item[];
  readonly refs: (readonly { kind: string; id: string }[])[];
  readonly results: (Result | undefined)[];
  readonly xids: Map<string, string>;
  readonly replies: Map<string, StoredReply>;
  readonly new_replies: Row[];
  readonly blocked: Set<string>;
  readonly newly_blocked: Map<string, Row>;
  readonly parked: Row[];
  readonly unparked: Row[];
}

interface StoredReply {
  readonly body_hash: string;
  readonly reply: Reply;
  readonly waiting: boolean;
}

async function write(by: Pick<Batch, 'ports' | 'wire' | 'statement'>, items: readonly Item[], moves: readonly Move[]): Promise<Result[]> {
  const { ports, wire } = by;
  const batch: Batch = {
    ...by,
    items,
    at: ports.now(),
    memory: empty_memory(ports.service),
    refs: [],
    results: items.map(() => undefined),
    xids: new Map(),
    replies: new Map(),
    new_replies: [],
    blocked: new Set(),
    newly_blocked: new Map(),
    parked: [],
    unparked: [],
  };
  let sealing: Sealing;
  let closing: readonly Statement[];
  try {
    await open(batch, moves);
    await load_second(batch);
    decide_all(batch);
    sealing = await ports.vault.seal(wire, batch.memory.collected.events);
    closing = closing_statements(batch, sealing);
  } catch (error) {
    await wire.send('rollback', 'rollback').catch(() => undefined);
    throw error;
  }
  await close(batch, closing, sealing);
  return batch.results.map(result => result ?? { result: 'failed', error: new Error('not decided') });
}

async function open(batch: Batch, moves: readonly Move[]): Promise<void> {
  const { wire, items, ports, memory } = batch;
  const name = ports.service.name;
  const answers: Promise<void>[] = [wire.send('begin', 'begin').then(() => undefined)];
  if (moves.length > 0) answers.push(move_positions(wire, name, moves), read_blocked(batch));
  if (items.some(item => item.idempotency !== undefined)) answers.push(read_replies(batch));
  for (const [index, item] of items.entries()) batch.refs[index] = touched(batch, index, item);
  answers.push(...load(batch, missing(memory, batch.refs.flat() as never)));
  await settled(answers);
}

/** What a command names by itself; a throw is the command's own fault. */
function touched(batch: Batch, index: number, item: Item): readonly { kind: string; id: string }[] {
  if (item.command.type === heard_only || item.poison !== undefined) return [];
  try {
    const handler = batch.ports.service.commands[item.command.type];
    if (handler === undefined) throw new Error(`${batch.ports.service.name} has no command ${item.command.type}`);
    return handler.touches(item.command) as readonly { kind: string; id: string }[];
  } catch (error) {
    batch.results[index] = { result: 'failed', error: as_error(error) };
    return [];
  }
}

async function load_second(batch: Batch): Promise<void> {
  const { service } = batch.ports;
  const more: { kind: string; id: string }[] = [];
  for (const [index, item] of batch.items.entries()) {
    const handler = service.commands[item.command.type];
    if (handler?.then_touches === undefined || batch.results[index] !== undefined) continue;
    const refs = batch.refs[index] ?? [];
    try {
      const second = handler.then_touches(item.command, view_of(batch.memory, refs)) as readonly { kind: string; id: string }[];
      batch.refs[index] = [...refs, ...second];
      more.push(...second);
    } catch (error) {
      if (error instanceof ChangedMeanwhile) throw error;
      batch.results[index] = { result: 'failed', error: as_error(error) };
    }
  }
  await settled(load(batch, missing(batch.memory, more as never)));
}

async function move_positions(wire: Wire, schema: string, moves: readonly Move[]): Promise<void> {
  const { rows } = await wire.send(
    `${schema}.positions.move`,
    `with moves as (select * from json_to_recordset($1) as m(source text, partition smallint, old bigint, new bigint)),
          moved as (update ${schema}.positions p set position = m.new from moves m
                     where p.source = m.source and p.partition = m.partition and p.position = m.old returning 1)
     select count(*)::int as moved from moved`,
    [JSON.stringify(moves)],
  );
  if (rows[0]?.moved !== moves.length)
    throw new Superseded(`${schema}: ${moves.length - (rows[0]?.moved ?? 0)} of ${moves.length} positions were moved by another process`);
}

async function read_blocked(batch: Batch): Promise<void> {
  const schema = batch.ports.service.name;
  const { rows } = await batch.wire.send(`${schema}.blocked`, `select source, key from ${schema}.blocked`);
  for (const row of rows as { source: string; key: string }[]) batch.blocked.add(`${row.source} ${row.key}`);
}

async function read_replies(batch: Batch): Promise<void> {
  const schema = batch.ports.service.name;
  const wanted = batch.items.flatMap(item => (item.idempotency === undefined ? [] : [item.idempotency]));
  const { rows } = await batch.wire.send(
    `${schema}.idempotency.read`,
    `select i.principal, i.route, i.key, i.body_hash, i.status, i.body, i.headers, i.waiting and i.created_at > $2::timestamptz - interval '40 seconds' as waiting
       from json_to_recordset($1) as w(principal text, route text, key text) join ${schema}.idempotency i using (principal, route, key)`,
    [JSON.stringify(wanted), batch.at],
  );
  for (const row of rows as StoredRow[]) {
    const headers = { ...(row.headers ?? {}), 'Idempotency-Replayed': 'true' };
    batch.replies.set(reply_id(row), {
      body_hash: row.body_hash,
      waiting: row.waiting,
      reply: { status: row.status, body: JSON.parse(row.body), headers },
    });
  }
}
type StoredRow = Idempotency & { status: number; body: string; headers: Record<string, string> | null; waiting: boolean };

function reply_id(idempotency: { principal: string; route: string; key: string }): string {
  return `${idempotency.principal}\n${idempotency.route}\n${idempotency.key}`;
}

function decide_all(batch: Batch): void {
  const { ports, memory, at } = batch;
  for (const [index, item] of batch.items.entries()) {
    batch.results[index] ??= replayed(batch, item) ?? held_back(batch, item) ?? decide_one(batch, index, item);
    const result = batch.results[index];
    if (item.event !== undefined && result?.result === 'failed') batch.results[index] = park(batch, item, result.error.message);
    if (item.parked === true && result?.result !== 'failed' && result?.result !== 'parked')
      batch.unparked.push({ source: item.event?.source, position: item.event?.position, key: item.event?.key });
  }
  summarize(ports.service, memory, at, ports.event_id);
}

function decide_one(batch: Batch, index: number, item: Item): Result {
  if (item.command.type === heard_only) return { result: 'decided', events: [] };
  try {
    const outcome = execute_item(batch, index, item);
    if (batch.ports.freeze === true) freeze_memory(batch.memory);
    if ('rejection' in outcome) {
      const reply = item.reject?.(outcome);
      remember(batch, item, reply);
      return { result: 'rejected', rejection: outcome, ...(reply === undefined ? {} : { reply }) };
    }
    const reply = item.respond?.(view_of(batch.memory, batch.refs[index] ?? []), outcome.events);
    remember(batch, item, reply);
    return { result: 'decided', events: outcome.events, ...(reply === undefined ? {} : { reply }) };
  } catch (error) {
    if (error instanceof ChangedMeanwhile) throw error;
    return { result: 'failed', error: as_error(error) };
  }
}

/** What throws has changed nothing: it may be decided again, once what commands before it made is declared. */
function execute_item(batch: Batch, index: number, item: Item): ReturnType<typeof execute> {
  const { ports, memory, at } = batch;
  const given = given_for(ports.service.name, at, item.cause, item.actor);
  try {
    return execute(ports.service, memory, item.command, batch.refs[index] ?? [], given, ports.event_id);
  } catch (error) {
    if (error instanceof ChangedMeanwhile || !made_meanwhile(batch, index, item)) throw error;
    return execute_item(batch, index, item);
  }
}

/** A command before this one may have made what `then_touches` names only now: it is in memory. False: nothing is new. */
function made_meanwhile({ ports, memory, refs }: Batch, index: number, { command }: Item): boolean {
  const known = refs[index] ?? [];
  const named = ports.service.commands[command.type]?.then_touches?.(command, view_of(memory, known)) as typeof known | undefined;
  refs[index] = [...known, ...(named ?? []).filter(({ kind, id }) => !known.some(ref => ref.kind === kind && ref.id === id))];
  return refs[index].length > known.length;
}

/** Same key: the first reply again, also when the first stands in this very batch. */
function replayed(batch: Batch, item: Item): Result | undefined {
  if (item.idempotency === undefined) return undefined;
  const known = batch.replies.get(reply_id(item.idempotency));
  if (known === undefined) return undefined;
  if (known.body_hash !== item.idempotency.body_hash) {
    return {
      result: 'failed',
      error: new Problem(
        422,
        'idempotency_key_reused',
        'This Idempotency-Key was used with another body. Use a new key for a new request.',
      ),
    };
  }
  if (known.waiting) {
    return {
      result: 'failed',
      error: new Problem(409, 'idempotency_in_progress', 'The first request with this Idempotency-Key is still running.', {
        headers: { 'Retry-After': '1' },
      }),
    };
  }
  return { result: 'replayed', reply: known.reply };
}

function remember(batch: Batch, item: Item, reply: Reply | undefined): void {
  if (item.idempotency === undefined || reply === undefined) return;
  const { principal, route, key, body_hash } = item.idempotency;
  const body = JSON.stringify(reply.body);
  batch.replies.set(reply_id(item.idempotency), {
    body_hash,
    waiting: item.waiting === true,
    reply: { status: reply.status, body: reply.body, headers: { ...reply.headers, 'Idempotency-Replayed': 'true' } },
  });
  batch.new_replies.push({
    principal,
    route,
    key,
    body_hash,
    status: reply.status,
    body,
    headers: reply.headers ?? null,
    waiting: item.waiting === true,
    created_at: batch.at,
    about: shown_in(reply),
  });
}

/** An event whose key waits behind a poisoned one waits too; other keys flow. */
function held_back(batch: Batch, item: Item): Result | undefined {
  if (item.event === undefined) return undefined;
  if (item.poison !== undefined) return park(batch, item, item.poison);
  const waits = batch.newly_blocked.has(block_id(item.event)) || (item.parked !== true && batch.blocked.has(block_id(item.event)));
  return waits ? park(batch, item, 'behind a parked event of its key') : undefined;
}

function block_id(event: Logged<Event>): string {
  return `${event.source} ${event.key}`;
}

function park(batch: Batch, item: Item, reason: string): Result {
  const { event } = item;
  if (event === undefined) return { result: 'failed', error: new Error(reason) };
  if (item.parked !== true)
    batch.parked.push({ source: event.source, position: event.position, key: event.key, event: event as unknown as Row });
  const fresh = !batch.newly_blocked.has(block_id(event)) && (item.parked === true || !batch.blocked.has(block_id(event)));
  if (fresh) {
    batch.newly_blocked.set(block_id(event), {
      source: event.source,
      key: event.key,
      first_position: event.position,
      reason: reason.slice(0, 500),
      at: batch.at,
    });
  }
  return { result: 'parked', reason };
}

function closing_statements(batch: Batch, sealing: Sealing): Statement[] {
  const { service } = batch.ports;
  return [
    ...rows_statements(service, changed_entries(batch.memory), batch.statement),
    ...side_statements(batch, service.name),
    ...sealing.statements,
    ...(sealing.events.length === 0 ? [] : append_statements(service.name, sealing.events)),
    { name: 'xid', text: 'select (pg_current_xact_id()::text::bigint & 4294967295)::text as xid', values: [] },
    { name: 'commit', text: 'commit', values: [] },
  ];
}

async function close(batch: Batch, statements: readonly Statement[], sealing: Sealing): Promise<void> {
  const { ports, wire, memory } = batch;
  const { events } = sealing;
  // Until the commit is known nothing of the batch is believed.
  forget_states(batch);
  const answers = await settled(statements.map(statement => wire.send(statement.name, statement.text, statement.values)));
  // After a failed statement a pipelined commit answers ROLLBACK without an error.
  const commit = answers.at(-1);
  if (commit?.command !== 'COMMIT') throw new Error(`the transaction ended with ${commit?.command ?? 'nothing'}`);
  sealing.remember();
  if (events.length > 0) ports.tail?.push(Number(answers.at(-3)?.rows[0]?.last) - events.length + 1, events);
  remember_states(batch, String(answers.at(-2)?.rows[0]?.xid));
  ports.on_commit?.({ operations: memory.collected.operations.length, timers: memory.collected.timers.length, events: events.length });
}

/** Waits for every answer, then throws the first error that is a cause and not its echo (25P02: the transaction is aborted). */
export async function settled<T>(answers: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(answers);
  const errors = outcomes.flatMap(outcome => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  if (errors.length > 0) throw errors.find(error => (error as pg.DatabaseError).code !== '25P02') ?? errors[0];
  return outcomes.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []));
}

function as_error(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function freeze_memory(memory: Memory): void {
  for (const entries of memory.entries.values()) for (const entry of entries.values()) if (entry.changed) deep_freeze(entry.state);
}

export function deep_freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deep_freeze(inner);
  return value;
}
