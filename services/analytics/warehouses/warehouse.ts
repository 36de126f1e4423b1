/** The one way to an OLAP store: batches go in whole or not at all, questions are asked of one moment. DuckDB is the first engine behind it. */
import type { Event, Json, Logged } from '../../../platform/service.ts';
import type { Dialect } from '../dialect.ts';
import type { FactBatch } from '../fact_batch.ts';

/** How far a log's partition is applied, and in which cluster that log was; stored in the transaction of the facts. */
export interface StoredPosition {
  readonly source: string;
  readonly partition: number;
  readonly position: number;
  /** Time of the last event applied; null before the first. */
  readonly at: string | null;
  readonly system_identifier: string;
  readonly timeline: string;
}

/** A batch on its way in: its events while more of them are read, then what they say. Nothing of it is there before `commit` returns, and then all is. */
export interface Writing {
  /** Returns when more may come: what waits to be written is bounded. Errors: whatever befell the batch, or the one before it. */
  events(events: readonly Logged<Event>[]): Promise<void>;
  /** Durable when it returns. `positions`: only those that moved. After a throw nothing of the batch is there; call `recover`. */
  commit(facts: FactBatch, positions: readonly StoredPosition[]): Promise<void>;
  /** Nothing of it stays. */
  abandon(): Promise<void>;
}

/** Integers beyond 2^53 - 1 throw; instants are RFC 3339 UTC. */
export type Answer = Readonly<Record<string, string | number | boolean | null>>;
export type Ask = (sql: string) => Promise<Answer[]>;

/** The answer to a question that a person wrote. */
export interface Table {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Instants are RFC 3339 UTC; what a number does not carry exactly is a text. */
  readonly rows: readonly (readonly Json[])[];
  /** There was more than a reply holds. */
  readonly truncated: boolean;
}

/** A table or view that may be asked. */
export interface Relation {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export const file_formats = ['csv', 'parquet'] as const;
export interface FileWanted {
  readonly sql: string;
  readonly format: (typeof file_formats)[number];
  readonly file: string;
  readonly signal: AbortSignal;
}

export const query_rows_max = 10_000;
export const query_bytes_max = 8 * 1024 * 1024;

/** How long an answer may take (10 s when absent), and until when anybody wants it. */
export interface Patience {
  readonly timeout_ms?: number;
  readonly signal?: AbortSignal;
}

export interface Warehouse {
  /** How its engine spells what metrics ask. */
  readonly dialect: Dialect;
  positions(): Promise<StoredPosition[]>;
  /** May be begun while the batch before is being committed: it waits for that one, and fails with it. */
  begin(): Writing;
  /** Every question of `work` sees the same moment. Errors: Problem 503 `overloaded` when too many wait or it takes too long. */
  read<T>(work: (ask: Ask) => Promise<T>, patience?: Patience): Promise<T>;
  /**
   * A question in the words of whoever asks: one SELECT over the tables and views, and nothing else. `beside` sees the same moment.
   * Errors: Problem 422 `query_refused`, `query_invalid`, `query_too_expensive`; 503 `overloaded` when too many wait.
   */
  query<T>(sql: string, beside: (ask: Ask) => Promise<T>): Promise<{ readonly table: Table; readonly beside: T }>;
  tables(): Promise<Relation[]>;
  /**
   * Writes what a SELECT of ours says into a new file, as it comes, in memory that does not grow with it. `begun` sees the same moment, before the first
   * row. Errors: Problem 503 `overloaded`; whatever the signal was aborted with.
   */
  write_file(what: FileWanted, begun: (ask: Ask) => Promise<void>): Promise<void>;
  /** An empty store beside this one; what an earlier one left is gone. The next start removes what is left. */
  shadow(): Promise<Warehouse>;
  /** The shadow, closed before, takes the place of this store; who asks meanwhile waits. Nobody may apply. */
  replace_by_shadow(): Promise<void>;
  recover(): Promise<void>;
  close(): Promise<void>;
}
