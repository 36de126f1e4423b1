/**
 * The interface of a service to the platform (docs/decisions/0001). A service is data and pure functions:
 * kinds of aggregates, commands that decide, reactions that turn heard events into commands. Everything
 * that waits, locks, retries or talks is the platform's.
 */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json | undefined };
export type Row = { readonly [field: string]: Json | undefined };

/** contracts/ narrows it to a union. */
export interface Event {
  readonly type: string;
  readonly data: unknown;
}
/** A business no: a value of the service's closed list, not an exception. `extra` travels in the problem reply. */
export interface Rejection {
  readonly rejection: string;
  readonly detail?: string;
  readonly extra?: Row;
}
/** `{ reservation: Reservation; stock_item: StockItem }` */
export type States = object;
export type Ref<S extends States> = { [N in keyof S & string]: { readonly kind: N; readonly id: string } }[keyof S & string];

/** An event, its subject (whose version becomes the event's sequence), and every other aggregate it changes. */
export interface Fact<S extends States, E extends Event> {
  readonly event: E;
  /** Partition key: order id, purchase order id or SKU. */
  readonly key: string;
  readonly subject: Ref<S>;
  readonly also_changes?: readonly Ref<S>[];
}

export interface NewOperation {
  /** From `given.id('op', ordinal)`: a repeated decision repeats the id, and so the idempotency key. */
  readonly op_id: string;
  readonly kind: string;
  readonly provider: string;
  /** The aggregate that waits for it, and its partition key. */
  readonly subject: string;
  readonly key: string;
  readonly request: Row;
  /** Not before this time (RFC 3339); absent: now. */
  readonly not_before?: string;
}
/** `due_at: null` removes it. One timer per (kind, id). */
export interface TimerChange {
  readonly kind: string;
  readonly id: string;
  readonly due_at: string | null;
}
/** A row of an insert-only table beside the aggregates (ledger entries, facts of providers). */
export interface NewRecord {
  readonly table: string;
  readonly row: Row;
}

/**
 * A change of a row that no event tells: bookkeeping outside the fold (sums of open operations, counters heard from another service,
 * personal fields). Applied after the decision's facts; the version does not move. What an event could say belongs in an event.
 */
export type Note<S extends States> = {
  [N in keyof S & string]: { readonly kind: N; readonly id: string; change(state: S[N]): S[N] };
}[keyof S & string];

export interface Decision<S extends States, E extends Event> {
  /** Empty: heard before, or nothing to do. */
  readonly facts: readonly Fact<S, E>[];
  readonly operations?: readonly NewOperation[];
  readonly timers?: readonly TimerChange[];
  readonly records?: readonly NewRecord[];
  readonly notes?: readonly Note<S>[];
  /** Operations that another way (webhook, poll, person) brought to their end: the runner stops asking. */
  readonly settled?: readonly { readonly op_id: string; readonly state: 'succeeded' | 'failed' }[];
}

/** What a decision may know beyond its command and its view: all of it comes from outside, so `decide` stays pure. */
export interface Given {
  /** Now, RFC 3339 UTC with milliseconds, from the platform's clock. */
  readonly at: string;
  /** Id of the event, operation, timer or request that caused the command. */
  readonly cause: string;
  /** Who asked: a key id, a staff id, or `system`. */
  readonly actor: string;
  /** A new id, derived from the cause: the same cause, prefix and ordinal give the same id (`pay_…`). */
  id(prefix: string, ordinal?: number): string;
}

/** The batch's memory: what load brought, changed by the commands before this one. An undeclared ref throws. */
export interface View<S extends States> {
  <N extends keyof S & string>(kind: N, id: string): S[N];
  /** 0 when no row is stored yet. */
  version(kind: keyof S & string, id: string): number;
}

/** Rows a child table gained or changed between two states of its parent. */
export interface Children<S> {
  readonly insert: string;
  readonly update: string;
  diff(before: S | undefined, after: S): { readonly added: readonly Row[]; readonly changed: readonly Row[] };
}
/**
 * All the SQL that writes an aggregate, one statement each; lives in store.ts.
 * `load`: $1 text[] of ids → one row, one column `rows`: a JSON array of objects with `id`, `version` and the columns (children nested);
 * rows locked in the order of their id (`order by id for update`). `insert`, `update`: $1 JSON array of rows (`to_row` plus `id`, `version`).
 */
export interface Rows<S> {
  readonly load: string;
  readonly insert: string;
  readonly update: string;
  readonly children?: readonly Children<S>[];
  from_row(row: Row): S;
  to_row(state: S, id: string): Row;
}
/** Reference rows that decisions read and never change (prices, locations): `load` without a lock. */
export interface ReferenceRows<S> {
  readonly load: string;
  from_row(row: Row): S;
}

/** One kind of aggregate: one row with id and version. Kinds are locked in the order they are listed. */
export interface Kind<S, E extends Event> {
  /** What decide sees when no row is stored. */
  initial(id: string): S;
  /** Pure; must not change `state`. */
  evolve(state: S, event: E, id: string): S;
  /** Versions move once per transaction and one event tells of all changed rows of a partition (stock levels). */
  readonly summary?: { key(id: string): string; event(rows: ReadonlyMap<string, { state: S; version: number }>): E };
  readonly rows: Rows<S>;
}
export interface ReferenceKind<S> {
  readonly reference: true;
  initial(id: string): S;
  readonly rows: ReferenceRows<S>;
}

export interface Command {
  readonly type: string;
}
export interface Handler<C, S extends States, E extends Event, R extends Rejection> {
  /** From the command alone. */
  touches(command: C): readonly Ref<S>[];
  /** What the command cannot name: one second load for the whole batch. Kinds of the same or a later place in the lock order. */
  then_touches?(command: C, view: View<S>): readonly Ref<S>[];
  /** Pure: no clock, no chance, no database, no await. */
  decide(command: C, view: View<S>, given: Given): Decision<S, E> | R;
}

/** An event as read from a log. `position` is dense within its source; `time` is when it was decided. */
export type Logged<E extends Event> = E & {
  readonly id: string;
  readonly key: string;
  readonly partition: number;
  readonly source: string;
  readonly position: number;
  readonly subject: string;
  readonly sequence: number | null;
  readonly time: string;
  readonly cause: string;
};

/** What became of a call to the outside (integrations.md 2). `after_ms`: the provider takes nothing from anybody so long (a rate limit). */
export type Outcome =
  | { readonly outcome: 'ok'; readonly value: Row }
  | { readonly outcome: 'declined'; readonly code: string; readonly retryable: boolean; readonly value?: Row }
  | { readonly outcome: 'action_required'; readonly url: string; readonly expires_at?: string; readonly value?: Row }
  | { readonly outcome: 'pending'; readonly value?: Row }
  | { readonly outcome: 'permanent_error'; readonly code: string; readonly detail: string }
  | { readonly outcome: 'retryable'; readonly after_ms?: number; readonly detail?: string }
  | {
      readonly outcome: 'unknown';
      readonly detail: string;
      readonly value?: Row /** By the provider: it is well. */;
      readonly answered?: true /** To ask again is of no use: somebody has to look it up at the provider. */;
      readonly for_person?: true;
    };

export type OperationState = 'requested' | 'sent' | 'succeeded' | 'failed' | 'unknown';
export interface Operation {
  readonly op_id: string;
  readonly kind: string;
  readonly provider: string;
  readonly subject: string;
  readonly key: string;
  readonly request: Row;
  readonly state: OperationState;
  readonly attempts: number;
  readonly requested_at: string;
  readonly sent_at: string | null;
  /** What earlier attempts learned (a provider's own id, say); merged from `value` of outcomes. */
  readonly learned: Row;
}
/**
 * How the platform reaches one provider. `perform` calls; `query` asks what became of an unknown or pending one. `retryable` from a query means that
 * it could not be asked, and it is asked again; what a query proves not to have happened, and may be done under the same key, it does itself.
 */
export interface Adapter {
  readonly timeout_ms: number;
  readonly in_flight_max: number;
  /** What the provider does not know so long after it was asked for has not happened: asked at this moment, too. */
  readonly settle_ms?: number;
  perform(operation: Operation, signal: AbortSignal, remember?: Remember): Promise<Outcome>;
  query(operation: Operation, signal: AbortSignal, remember?: Remember): Promise<Outcome>;
}
/**
 * Adds to `learned` before an effect what a query must know if this process dies in it. False: another process has taken the operation over,
 * and the effect must not happen here any more. The runner always gives it.
 */
export type Remember = (learned: Row) => Promise<boolean>;

export interface Service<S extends States, C extends Command, E extends Event, R extends Rejection, Heard extends Event> {
  readonly name: string;
  readonly kinds: { readonly [N in keyof S & string]: Kind<S[N], E> | ReferenceKind<S[N]> };
  readonly commands: { readonly [T in C['type']]: Handler<Extract<C, { type: T }>, S, E, R> };
  readonly reactions: { readonly [T in Heard['type']]: (event: Logged<Extract<Heard, { type: T }>>) => C | undefined };
  /** A timer that is due becomes a command; the decision re-arms it or lets it go. */
  readonly timers?: { readonly [kind: string]: (timer: { readonly id: string; readonly due_at: string }) => C };
  /** What an operation's outcome becomes, per operation kind. `retryable` never arrives here: the runner repeats it. */
  readonly outcomes?: { readonly [kind: string]: (operation: Operation, outcome: Outcome) => C };
  /** Insert statements of the insert-only tables: $1 JSON array of rows. */
  readonly records?: { readonly [table: string]: string };
}

/** A switch over a union ends here; the compiler refuses a forgotten case. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}

/**
 * Thrown by `decide` when rows read without a lock (a queue) no longer agree with the locked ones: the batch runs again,
 * and when that does not help, in halves.
 */
export class ChangedMeanwhile extends Error {}

/** A timestamptz as PostgreSQL's JSON gives it, in the one form states and events use (so text order is time order). */
export function instant(value: Json | undefined): string {
  if (typeof value !== 'string') throw new Error(`an instant is missing: ${JSON.stringify(value)}`);
  return value.length === 24 && value.endsWith('Z') ? value : new Date(Date.parse(value)).toISOString();
}
export function instant_or_null(value: Json | undefined): string | null {
  return value === null || value === undefined ? null : instant(value);
}

/** `at` plus milliseconds, in the same form. Pure. */
export function later(at: string, milliseconds: number): string {
  return new Date(Date.parse(at) + milliseconds).toISOString();
}
