/**
 * Analytics: decides nothing, hears everything. One loop reads the logs of the deciding services in position order and writes what they say into the
 * warehouse; how far it has read is stored in the same transaction as the facts, so every event counts exactly once, whatever is killed when.
 */
import type { Clock } from '../../platform/clock.ts';
import type { LogReader } from '../../platform/log.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Lag } from '../../platform/runtime.ts';
import { type Batching, breathing, type Source } from './batch.ts';
import type { Dialect } from './dialect.ts';
import { type Exported, type ExportWanted, exporter } from './exports.ts';
import { start_hearing } from './hearing.ts';
import { type Rebuild, rebuild_of } from './rebuild.ts';
import { open_clickhouse } from './warehouses/clickhouse.ts';
import { open_duckdb } from './warehouses/duckdb.ts';
import type { Ask, Relation, Table, Warehouse } from './warehouses/warehouse.ts';
import { type Watermark, watermark_of } from './watermark.ts';

export interface AnalyticsPorts {
  /** The logs to hear, by `table_log` and the tails of this process where there are any. */
  readonly readers: readonly LogReader[];
  /** Where the store's file lives; one process at a time. With ClickHouse, where files wait that are being sent. */
  readonly folder: string;
  /** Absent: DuckDB in the folder. */
  readonly clickhouse_url?: string;
  /** The shop's time: watermarks and lag. */
  readonly clock: Clock;
  /** Real waiting, also under a simulated clock. */
  readonly waiting: Clock;
  readonly logger: Logger;
  /** Smaller batches, for tests; longer ones where nobody looks meanwhile. */
  readonly batching?: Partial<Batching> | undefined;
}

export interface Analytics {
  /** Questions that see one moment, the watermark of that moment, and how the engine spells them. Errors: Problem 503. */
  read<T>(work: (ask: Ask, watermark: Watermark, sql: Dialect) => Promise<T>): Promise<T>;
  /** A question in a person's own words, and the watermark of its moment. Errors: Problem 422, 503, as the warehouse has them. */
  query(sql: string): Promise<{ readonly table: Table; readonly watermark: Watermark }>;
  tables(): Promise<Relation[]>;
  /** A dataset as the bytes of a file. Errors: Problem 503 before the first byte; later the stream breaks. */
  export_file(wanted: ExportWanted): Promise<Exported>;
  /** The facts made again from the logs, compared, and put in place. */
  readonly rebuild: Rebuild;
  /** Something was appended to a log. */
  poke(): void;
  lags(): Promise<Lag[]>;
  /** Why it stopped hearing; undefined while it hears. What was applied is still answered, with a watermark that stands still. */
  readonly failure: Error | undefined;
  stop(): Promise<void>;
}

/**
 * Opens the store and begins to hear. Errors: `warehouse_unavailable`, `foreign_log` when a log is no longer the one that the stored positions
 * belong to (later, while running, it stops and says so in `failure` and the log).
 */
export async function start_analytics(ports: AnalyticsPorts): Promise<Analytics> {
  const { waiting, folder, clickhouse_url } = ports;
  const warehouse =
    clickhouse_url === undefined
      ? await open_duckdb({ folder, breathe: breathing(waiting), sleep: waiting.sleep })
      : await open_clickhouse({ url: clickhouse_url });
  try {
    return await begin(ports, warehouse);
  } catch (error) {
    await warehouse.close();
    throw error;
  }
}

async function begin(ports: AnalyticsPorts, warehouse: Warehouse): Promise<Analytics> {
  const { clock } = ports;
  const stopping = new AbortController();
  const batching: Batching = { events_max: 250_000, batch_ms: 1_000, ...ports.batching };
  const hearing = await start_hearing({ ...ports, warehouse, batching });
  const given = { ...ports, warehouse, hearing, batching, stopping: stopping.signal };
  const files = await exporter({ ...given, sources: hearing.sources });
  const rebuild = rebuild_of(given);
  return {
    read: work => warehouse.read(async ask => work(ask, await watermark_of(ask, hearing.sources()), warehouse.dialect)),
    async query(sql) {
      const { table, beside } = await warehouse.query(sql, ask => watermark_of(ask, hearing.sources()));
      return { table, watermark: beside };
    },
    tables: () => warehouse.tables(),
    export_file: wanted => files.begin(wanted),
    rebuild,
    poke: hearing.poke,
    lags: () => Promise.all(hearing.sources().map(source => lag_of(source, clock))),
    get failure() {
      return hearing.failure;
    },
    async stop() {
      stopping.abort();
      await rebuild.ended();
      await hearing.stop();
      await warehouse.close();
    },
  };
}

async function lag_of({ reader, position, at }: Source, clock: Clock): Promise<Lag> {
  const head = await reader.head();
  const events = Math.max(0, head - position);
  const seconds = events === 0 || at === null ? 0 : Math.max(0, (clock.now_ms() - Date.parse(at)) / 1_000);
  return { source: reader.source, position, head, events, seconds };
}
