/** What a batch of events says, folded in memory by the rules of fact_shapes.ts. */
import type { AnyFactTable, Columns, Entity, EntityRow, Entry, EntryColumns, EntryRow, FactTable, Merge } from './fact_shapes.ts';
import { fact_tables } from './facts.ts';

export type Cell = string | number | boolean | undefined;
type Loose = Readonly<Record<string, Cell | null>>;

/** What a batch of events says, folded. */
export interface FactBatch {
  put<C extends Columns>(table: Entity<C>, row: EntityRow<C>): void;
  add<C extends EntryColumns>(table: Entry<C>, row: EntryRow<C>): void;
  /** A table's rows, column by column: as many arrays as it has columns, all of one length. */
  columns(table: AnyFactTable): readonly (readonly Cell[])[];
  /** One column of them. */
  column(table: AnyFactTable, name: string): readonly Cell[];
  /** Of a stock item, whether the batch's last observation was out of stock. */
  readonly last_out: Map<string, boolean>;
}

/** Rows as columns: so they are written, and a row of an entity is its place in each. */
interface Staged {
  readonly columns: Cell[][];
  /** Where the row of a key stands; of entities only. */
  readonly places: Map<string, number>;
}

export function fact_batch(): FactBatch {
  const staged = new Map<FactTable, Staged>(fact_tables.map(table => [table, { columns: table.columns.map(() => []), places: new Map() }]));
  const of = (table: FactTable): Staged => {
    const known = staged.get(table);
    if (known === undefined) throw new Error(`${table.name} is none of fact_tables`);
    return known;
  };
  return {
    last_out: new Map(),
    put(table, row) {
      const { columns, places } = of(table);
      // Typed at the call; from here on a row is its cells.
      const loose = row as Loose;
      const key = key_of(table, loose);
      const place = places.get(key);
      if (place === undefined) places.set(key, append(table, columns, loose));
      else fold_into(table, columns, place, loose);
    },
    add: (table, row) => void append(table, of(table).columns, row as Loose),
    columns: table => of(table).columns,
    column: (table, name) => of(table).columns[table.by_name[name]?.place ?? -1] ?? [],
  };
}

function key_of({ keys }: Entity, row: Loose): string {
  const [first = '', second] = keys;
  return second === undefined ? String(row[first]) : `${row[first]}\0${row[second]}`;
}

/** Answers where the row stands. */
function append({ columns: shape }: FactTable, columns: Cell[][], row: Loose): number {
  const place = columns[0]?.length ?? 0;
  for (let at = 0; at < shape.length; at++) columns[at]?.push(row[shape[at]?.name ?? ''] ?? undefined);
  return place;
}

function fold_into(table: Entity, columns: Cell[][], place: number, row: Loose): void {
  const known_sequence = columns[table.sequence_place]?.[place];
  const { sequence } = row;
  const is_newer = typeof sequence === 'number' && (typeof known_sequence !== 'number' || sequence > known_sequence);
  for (const name in row) {
    const column = table.by_name[name];
    const value = row[name] ?? undefined;
    if (column === undefined || column.merge === 'key' || value === undefined) continue;
    const cells = columns[column.place] ?? [];
    const known = cells[place];
    if (known === undefined || replaces(column.merge, value, known, is_newer)) cells[place] = value;
  }
}

function replaces(merge: Merge, value: string | number | boolean, known: string | number | boolean, is_newer: boolean): boolean {
  switch (merge) {
    case 'key':
    case 'once':
      return false;
    case 'first':
      return value < known;
    case 'last':
      return value > known;
    case 'latest':
    case 'sequence':
      return is_newer;
  }
}
