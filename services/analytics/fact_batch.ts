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

export function fact_batch(): FactBatch {
  const folded = new Map<FactTable, Map<string, Cell[]>>();
  const entries = new Map<FactTable, Cell[][]>();
  for (const table of fact_tables) {
    if (table.kind === 'entity') folded.set(table, new Map());
    else
      entries.set(
        table,
        table.columns.map(() => []),
      );
  }
  return {
    last_out: new Map(),
    put(table, row) {
      // Typed at the call; from here on a row is its cells.
      const loose = row as Loose;
      const key = table.keys.length === 1 ? String(loose[table.keys[0] ?? '']) : table.keys.map(name => loose[name]).join('\0');
      const rows = folded.get(table);
      const known = rows?.get(key);
      if (known === undefined) rows?.set(key, cells_of(table, loose));
      else fold_into(table, known, loose);
    },
    add(table, row) {
      const loose = row as Loose;
      const columns = entries.get(table) ?? [];
      for (const { name, place } of table.columns) columns[place]?.push(loose[name] ?? undefined);
    },
    columns(table) {
      if (table.kind === 'entry') return entries.get(table) ?? [];
      const rows = [...(folded.get(table)?.values() ?? [])];
      return table.columns.map(({ place }) => rows.map(cells => cells[place]));
    },
    column(table, name) {
      const place = table.columns.findIndex(column => column.name === name);
      if (table.kind === 'entry') return entries.get(table)?.[place] ?? [];
      return [...(folded.get(table)?.values() ?? [])].map(cells => cells[place]);
    },
  };
}

function cells_of(table: FactTable, row: Loose): Cell[] {
  const { columns } = table;
  const cells: Cell[] = [];
  for (let place = 0; place < columns.length; place++) cells.push(row[columns[place]?.name ?? ''] ?? undefined);
  return cells;
}

function fold_into(table: Entity, cells: Cell[], row: Loose): void {
  const known_sequence = cells[table.sequence_place];
  const { sequence } = row;
  const is_newer = typeof sequence === 'number' && (typeof known_sequence !== 'number' || sequence > known_sequence);
  for (const name in row) {
    const column = table.by_name[name];
    const value = row[name] ?? undefined;
    if (column === undefined || value === undefined) continue;
    const known = cells[column.place];
    if (known === undefined || replaces(column.merge, value, known, is_newer)) cells[column.place] = value;
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
