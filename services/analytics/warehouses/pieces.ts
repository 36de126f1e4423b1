/** What every engine is handed: events in pieces of a bounded size, and columns as JSON. */
import type { Event, Logged } from '../../../platform/service.ts';
import { position_columns } from './duckdb_sql.ts';
import type { StoredPosition } from './warehouse.ts';

/** What one statement holds at most; orders reach a thousand lines, so it is bounded by characters of their data, too. */
const piece_events_max = 4_000;
const piece_characters_max = 4 * 1024 * 1024;

/** Some of a batch's events, and their data as JSON. */
export interface Piece {
  readonly events: Logged<Event>[];
  readonly data: string[];
  characters: number;
}

export interface Pieces {
  /** Those that the events have filled. */
  filled(events: readonly Logged<Event>[]): Generator<Piece>;
  /** What is left, if anything. */
  rest(): Piece[];
}

export function in_pieces(): Pieces {
  let piece: Piece = { events: [], data: [], characters: 0 };
  const taken = () => {
    const full = piece;
    piece = { events: [], data: [], characters: 0 };
    return full;
  };
  return {
    *filled(events) {
      for (const event of events) {
        const json = well_formed(JSON.stringify(without_personal(event.data)));
        piece.events.push(event);
        piece.data.push(json);
        piece.characters += json.length;
        if (piece.events.length >= piece_events_max || piece.characters >= piece_characters_max) yield taken();
      }
    },
    rest: () => (piece.events.length === 0 ? [] : [taken()]),
  };
}

/** Columns of event_raw but for `data`. */
export const raw_cells: Readonly<Record<string, (event: Logged<Event>) => string | number | null>> = {
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
