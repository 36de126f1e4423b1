/** The one way to an OLAP store: batches go in whole or not at all, questions are asked of one moment. DuckDB is the first engine behind it. */
import type { Event, Logged } from '../../../platform/service.ts';
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

export interface Batch {
  readonly events: readonly Logged<Event>[];
  readonly facts: FactBatch;
  /** Only those that moved. */
  readonly positions: readonly StoredPosition[];
}

/** Integers beyond 2^53 - 1 throw; instants are RFC 3339 UTC. */
export type Answer = Readonly<Record<string, string | number | boolean | null>>;
export type Ask = (sql: string) => Promise<Answer[]>;

export interface Warehouse {
  /** How its engine spells what metrics ask. */
  readonly dialect: Dialect;
  positions(): Promise<StoredPosition[]>;
  /** Events, facts and positions in one transaction, durable when it returns. After a throw nothing of it is there; call `recover`. */
  apply(batch: Batch): Promise<void>;
  /** Every question of `work` sees the same moment. Errors: Problem 503 `overloaded` when too many wait or it takes too long. */
  read<T>(work: (ask: Ask) => Promise<T>): Promise<T>;
  recover(): Promise<void>;
  close(): Promise<void>;
}
