/**
 * How a batch gets into DuckDB: as one transaction, whose statements stand one behind the other. The calling thread reads on and makes their parameters while
 * they run on a thread of libuv's. Large batches are cheap: an order whose whole life is in one is written once, and rows beyond a row group go to their place
 * in the file at once, not into the write-ahead log first.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { FactBatch } from '../fact_batch.ts';
import { fact_tables } from '../facts.ts';
import { derived_work } from './duckdb_derived.ts';
import { cell_separator, load_events, load_facts, load_positions, raw_columns } from './duckdb_sql.ts';
import { in_pieces, json_of, type Piece, position_json, raw_cells } from './pieces.ts';
import type { Writing } from './warehouse.ts';

/** Parameters that may wait to be written, in characters, before whoever reads has to wait. */
export const waiting_characters_max = 32 * 1024 * 1024;

export interface DuckDBWriting extends Writing {
  /** Resolves when the transaction is over, one way or the other; fails when its commit did. */
  readonly ended: Promise<void>;
}

/** Its first statement runs when `before` is over. `breathe` lets other work of this thread run. */
export function begin_writing(writer: DuckDBConnection, before: Promise<void>, breathe: () => Promise<void>): DuckDBWriting {
  const pieces = in_pieces();
  const statements = in_transaction(writer, before);
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => undefined);
  const load = (piece: Piece) => statements.push(load_events, columns_of(piece));
  return {
    ended: ended.promise,
    async events(events) {
      for (const piece of pieces.filled(events)) await load(piece);
    },
    async commit(facts, positions) {
      try {
        for (const piece of pieces.rest()) await load(piece);
        await push_facts(facts, statements, breathe);
        await statements.push(load_positions, position_json(positions));
        await statements.end('commit');
        ended.resolve();
      } catch (error) {
        await statements.end('rollback').catch(() => undefined);
        ended.reject(error);
        throw error;
      }
    },
    async abandon() {
      await statements.end('rollback').catch(() => undefined);
      ended.resolve(before);
    },
  };
}

async function push_facts(facts: FactBatch, statements: Statements, breathe: () => Promise<void>): Promise<void> {
  for (const table of fact_tables) {
    const columns = facts.columns(table);
    if (columns[0]?.length === 0) continue;
    const texts: string[] = [];
    for (const cells of columns) {
      texts.push(json_of(cells));
      await breathe();
    }
    await statements.push(load_facts(table), texts);
  }
  for (const { sql, ids } of derived_work(facts)) {
    await statements.push(sql, ids === undefined ? [] : [json_of(ids)]);
    await breathe();
  }
}

/** Statements of one transaction in their order; the first begins it. */
interface Statements {
  /** Returns when there is room for more. Errors: those of a statement before. */
  push(sql: string, texts: readonly string[]): Promise<void>;
  /** After all of them. Errors: theirs, and its own. */
  end(how: 'commit' | 'rollback'): Promise<void>;
}

function in_transaction(writer: DuckDBConnection, before: Promise<void>): Statements {
  const unfinished: Promise<void>[] = [];
  let last: Promise<void> | undefined;
  let waiting = 0;
  const begin = async () => {
    await before;
    await writer.run('begin transaction');
  };
  const run = async (turn: Promise<void>, sql: string, texts: readonly string[]) => {
    await turn;
    // Planned for each: a plan is made by the statistics of tables as they were, and DuckDB 1.5.5 fails on texts that have become longer since.
    const prepared = await writer.prepare(sql);
    for (const [index, text] of texts.entries()) prepared.bindVarchar(index + 1, text);
    await prepared.run();
    prepared.destroySync();
  };
  return {
    async push(sql, texts) {
      const characters = texts.reduce((sum, text) => sum + text.length, 0);
      last ??= begin();
      const mine = run(last, sql, texts).finally(() => {
        waiting -= characters;
        unfinished.shift();
      });
      // Whoever waits for it, or for one behind it, hears of its failure.
      mine.catch(() => undefined);
      waiting += characters;
      unfinished.push(mine);
      last = mine;
      while (waiting > waiting_characters_max) await unfinished[0];
    },
    async end(how) {
      if (last === undefined) return;
      if (how === 'commit') await last;
      else await last.catch(() => undefined);
      await writer.run(how);
    },
  };
}

/** The cells of each column, apart by the separator. */
function columns_of({ events, data }: Piece): string[] {
  return raw_columns.map(({ name }) => {
    const cell = raw_cells[name];
    if (cell === undefined) return data.join(cell_separator);
    const cells = events.map(cell);
    return (named_outside.has(name) ? cells.map(without_separator) : cells).join(cell_separator);
  });
}

/** What a third party may have named: its separator must not shift the cells behind it. All else is of our own making. */
const named_outside: ReadonlySet<string> = new Set(['key', 'subject', 'cause']);
const without_separator = (cell: string | number | null) =>
  typeof cell === 'string' && cell.includes(cell_separator) ? cell.replaceAll(cell_separator, '\ufffd') : cell;
