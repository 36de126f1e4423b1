/** How a batch gets into DuckDB: one statement per table, each column one JSON text; all of it one transaction. */
import type { DuckDBConnection, DuckDBPreparedStatement } from '@duckdb/node-api';
import type { Event, Logged } from '../../../platform/service.ts';
import type { AnyFactTable } from '../fact_shapes.ts';
import { fact_tables } from '../facts.ts';
import { stock_span } from '../facts_supply.ts';
import { derived_work } from './duckdb_derived.ts';
import { data_separator, load_events, load_facts, load_positions, position_columns, raw_columns } from './duckdb_sql.ts';
import type { Batch, StoredPosition } from './warehouse.ts';

/** What is handed over before other work of this thread gets its turn. */
const events_at_once_max = 4_000;
const characters_at_once_max = 4 * 1024 * 1024;

export interface Loads {
  readonly events: DuckDBPreparedStatement;
  readonly positions: DuckDBPreparedStatement;
  readonly facts: ReadonlyMap<AnyFactTable, DuckDBPreparedStatement>;
}

/**
 * Planned once: planning the widest upsert takes as long as running it. Not stock_span, which reads a table: DuckDB 1.5.5 runs a plan that was made
 * by the statistics of a table as it was, and fails on texts that have become longer since.
 */
export async function prepare_loads(writer: DuckDBConnection): Promise<Loads> {
  const facts = new Map<AnyFactTable, DuckDBPreparedStatement>();
  for (const table of fact_tables) if (table !== stock_span) facts.set(table, await writer.prepare(load_facts(table)));
  return { events: await writer.prepare(load_events), positions: await writer.prepare(load_positions), facts };
}

/** While one statement runs on its own thread, this one writes the next one's JSON: half the time, where there are two cores. */
export async function apply(
  { writer, loads }: { readonly writer: DuckDBConnection; readonly loads: Loads },
  batch: Batch,
  breathe: () => Promise<void>,
): Promise<void> {
  await writer.run('begin transaction');
  let running: Promise<unknown> = Promise.resolve();
  const load = async (columns: readonly string[], statement: () => DuckDBPreparedStatement | Promise<DuckDBPreparedStatement>) => {
    await Promise.all([running, breathe()]);
    const prepared = await statement();
    for (const [index, json] of columns.entries()) prepared.bindVarchar(index + 1, json);
    running = prepared.run();
    // Awaited before the next one; a failure in between is that one's to throw.
    running.catch(() => undefined);
  };
  try {
    for (const piece of pieces_of(batch.events))
      await load(
        raw_json(piece, data => data.join(data_separator)),
        () => loads.events,
      );
    for (const table of fact_tables) {
      const columns = batch.facts.columns(table);
      if (columns[0]?.length === 0) continue;
      await load(columns.map(json_of), () => loads.facts.get(table) ?? writer.prepare(load_facts(table)));
    }
    for (const { sql, orders } of derived_work(batch.facts)) await load([json_of(orders)], () => writer.prepare(sql));
    await load(position_json(batch.positions), () => loads.positions);
    await running;
    await writer.run('commit');
  } catch (error) {
    await running.catch(() => undefined);
    await writer.run('rollback').catch(() => undefined);
    throw error;
  }
}

/** Some of a batch's events, and their data as JSON. */
interface Piece {
  readonly events: Logged<Event>[];
  readonly data: string[];
}

/** Orders reach a thousand lines: what one statement holds is bounded by bytes too. */
export function* pieces_of(events: readonly Logged<Event>[]): Generator<Piece> {
  let piece: Piece = { events: [], data: [] };
  let characters = 0;
  for (const event of events) {
    const json = well_formed(JSON.stringify(without_personal(event.data)));
    piece.events.push(event);
    piece.data.push(json);
    characters += json.length;
    if (piece.events.length < events_at_once_max && characters < characters_at_once_max) continue;
    yield piece;
    piece = { events: [], data: [] };
    characters = 0;
  }
  if (piece.events.length > 0) yield piece;
}

const raw_cells: Readonly<Record<string, (event: Logged<Event>) => unknown>> = {
  source: event => event.source,
  position: event => event.position,
  partition: event => event.partition,
  key: event => event.key,
  type: event => event.type,
  id: event => event.id,
  subject: event => event.subject,
  sequence: event => event.sequence,
  time: event => event.time,
  cause: event => event.cause,
};

/** Columns as the engine takes them; `data` as it says, of events' data that are JSON already. */
export function raw_json({ events, data }: Piece, joined: (data: readonly string[]) => string): string[] {
  return raw_columns.map(({ name }) => (name === 'data' ? joined(data) : json_of(events.map(event => raw_cells[name]?.(event)))));
}

export function position_json(positions: readonly StoredPosition[]): string[] {
  const rows = positions.map(({ source, partition, position, at, system_identifier, timeline }) => [
    source,
    partition,
    position,
    at,
    system_identifier,
    timeline,
  ]);
  return position_columns.map((_, index) => json_of(rows.map(row => row[index])));
}

/** Personal data stands only under `personal` at the top (domain.md 4; a test reads the contracts). */
export function without_personal(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('personal' in data)) return data;
  const { personal: _, ...rest } = data;
  return rest;
}

export function json_of(cells: readonly unknown[]): string {
  return well_formed(JSON.stringify(cells));
}

/** JSON that every reader takes: half a surrogate pair, which JavaScript's texts may hold and others' may not, becomes the replacement character. */
function well_formed(json: string): string {
  return json.includes('\\ud') ? json.replace(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, '$1\\ufffd') : json;
}
