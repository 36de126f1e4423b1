/**
 * What a table of facts is: what its columns hold, and how two rows of one key become one. Folding a row is commutative and idempotent column
 * by column, so what the five logs say of one order may come in any order between the logs. The warehouse makes its SQL from the lists in
 * facts.ts and facts_supply.ts, fact_batch.ts folds in memory by the same rules: one order's events of a batch are one row to write.
 */
export type Sql = 'varchar' | 'bigint' | 'integer' | 'boolean' | 'timestamp';
/**
 * How a column folds: `key`; `once`, the first value stays (only one event type says it); `first`, the least; `last`, the greatest;
 * `latest`, that of the greatest `sequence`, which is the subject's version. Times are RFC 3339 UTC, so text order is time order.
 */
export type Merge = 'key' | 'once' | 'first' | 'last' | 'latest' | 'sequence';
export type Columns = { readonly [name: string]: readonly [Sql, Merge] };
export type EntryColumns = { readonly [name: string]: Sql };

type ValueOf<S extends Sql> = S extends 'varchar' | 'timestamp' ? string : S extends 'boolean' ? boolean : number;
type Named<C extends Columns, M extends Merge> = { [N in keyof C & string]: C[N][1] extends M ? N : never }[keyof C & string];
type Stamped<C extends Columns> = { readonly [N in Named<C, 'latest' | 'sequence'>]: ValueOf<C[N][0]> };
type Unstamped<C extends Columns> = { readonly [N in Named<C, 'latest' | 'sequence'>]?: undefined };
/** What one event adds to an entity, whatever its version. */
export type Told<C extends Columns> = { readonly [N in Named<C, 'once' | 'first' | 'last'>]?: ValueOf<C[N][0]> | null | undefined };
/** What one event says of an entity: its key, and `latest` columns only all together and with their sequence. */
export type EntityRow<C extends Columns> = { readonly [N in Named<C, 'key'>]: ValueOf<C[N][0]> } & Told<C> & (Stamped<C> | Unstamped<C>);
export type EntryRow<C extends EntryColumns> = { readonly [N in keyof C]: ValueOf<C[N]> | null | undefined };

export interface FactColumn {
  readonly name: string;
  readonly sql: Sql;
  readonly merge: Merge;
  readonly place: number;
}
export interface FactTable {
  readonly name: string;
  /** `entity`: one row per key, folded. `entry`: one row per event and line, written once and never again. */
  readonly kind: 'entity' | 'entry';
  readonly columns: readonly FactColumn[];
  readonly by_name: Readonly<Record<string, FactColumn>>;
}
export interface Entity<C extends Columns = Columns> extends FactTable {
  readonly kind: 'entity';
  readonly shape: C;
  readonly keys: readonly string[];
  readonly sequence_place: number;
}
export interface Entry<C extends EntryColumns = EntryColumns> extends FactTable {
  readonly kind: 'entry';
  readonly shape: C;
}
export type AnyFactTable = Entity | Entry;

export function entity<const C extends Columns>(name: string, shape: C): Entity<C> {
  const columns = Object.entries(shape).map(([column, [sql, merge]], place) => ({ name: column, sql, merge, place }));
  return {
    name,
    kind: 'entity',
    shape,
    columns,
    by_name: by_name(columns),
    keys: columns.filter(column => column.merge === 'key').map(column => column.name),
    sequence_place: columns.findIndex(column => column.merge === 'sequence'),
  };
}

export function entry<const C extends EntryColumns>(name: string, shape: C): Entry<C> {
  const columns = Object.entries(shape).map(([column, sql], place) => ({ name: column, sql, merge: 'once' as const, place }));
  return { name, kind: 'entry', shape, columns, by_name: by_name(columns) };
}

const by_name = (columns: readonly FactColumn[]) => Object.fromEntries(columns.map(column => [column.name, column]));
