/**
 * The facts: which tables there are, what their columns hold, and how two rows of one key become one. Folding a row is commutative and
 * idempotent column by column, so what the five logs say of one order may come in any order between the logs. The warehouse makes its SQL
 * from these lists, the batch below folds in memory by the same rules: one order's events of a batch are one row to write.
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
interface FactTable {
  readonly name: string;
  /** `entity`: one row per key, folded. `entry`: one row per event and line, written once and never again. */
  readonly kind: 'entity' | 'entry';
  readonly columns: readonly FactColumn[];
}
export interface Entity<C extends Columns = Columns> extends FactTable {
  readonly kind: 'entity';
  readonly shape: C;
  readonly by_name: Readonly<Record<string, FactColumn>>;
  readonly keys: readonly string[];
  readonly sequence_place: number;
}
export interface Entry<C extends EntryColumns = EntryColumns> extends FactTable {
  readonly kind: 'entry';
  readonly shape: C;
}
export type AnyFactTable = Entity | Entry;

function entity<const C extends Columns>(name: string, shape: C): Entity<C> {
  const columns = Object.entries(shape).map(([column, [sql, merge]], place) => ({ name: column, sql, merge, place }));
  return {
    name,
    kind: 'entity',
    shape,
    columns,
    by_name: Object.fromEntries(columns.map(column => [column.name, column])),
    keys: columns.filter(column => column.merge === 'key').map(column => column.name),
    sequence_place: columns.findIndex(column => column.merge === 'sequence'),
  };
}

function entry<const C extends EntryColumns>(name: string, shape: C): Entry<C> {
  const columns = Object.entries(shape).map(([column, sql], place) => ({ name: column, sql, merge: 'once' as const, place }));
  return { name, kind: 'entry', shape, columns };
}

export const quote = entry('quote', {
  quote_id: 'varchar',
  created_at: 'timestamp',
  expires_at: 'timestamp',
  customer_ref: 'varchar',
  currency: 'varchar',
  country: 'varchar',
  region: 'varchar',
  grand_total: 'bigint',
});
/** One row per order: what was placed, when each step came first, how it stands. */
export const orders = entity('orders', {
  order_id: ['varchar', 'key'],
  number: ['bigint', 'once'],
  quote_id: ['varchar', 'once'],
  customer_ref: ['varchar', 'once'],
  currency: ['varchar', 'once'],
  country: ['varchar', 'once'],
  region: ['varchar', 'once'],
  grand_total: ['bigint', 'once'],
  placed_at: ['timestamp', 'once'],
  reserved_at: ['timestamp', 'first'],
  payment_requested_at: ['timestamp', 'first'],
  paid_at: ['timestamp', 'first'],
  confirmed_at: ['timestamp', 'first'],
  first_dispatched_at: ['timestamp', 'first'],
  last_dispatched_at: ['timestamp', 'last'],
  delivered_at: ['timestamp', 'first'],
  closed_at: ['timestamp', 'first'],
  sequence: ['integer', 'sequence'],
  status: ['varchar', 'latest'],
});
export const order_line = entry('order_line', {
  order_id: 'varchar',
  line_no: 'integer',
  sku: 'varchar',
  stocked: 'boolean',
  quantity: 'integer',
  unit_price: 'bigint',
  line_subtotal: 'bigint',
  line_discount: 'bigint',
  line_tax: 'bigint',
  line_total: 'bigint',
  promise_at: 'timestamp',
});
/** Each time a line was promised for; the least sequence is the first promise, the greatest the current one. */
export const line_promise = entry('line_promise', {
  order_id: 'varchar',
  line_no: 'integer',
  sequence: 'integer',
  promise_at: 'timestamp',
});
export const cancellation = entry('cancellation', {
  order_id: 'varchar',
  line_no: 'integer',
  happened_at: 'timestamp',
  quantity: 'integer',
  net: 'bigint',
  tax: 'bigint',
  reason: 'varchar',
});
export const return_line = entry('return_line', {
  return_id: 'varchar',
  order_id: 'varchar',
  line_no: 'integer',
  happened_at: 'timestamp',
  quantity: 'integer',
  reason: 'varchar',
});
export const payment = entity('payment', {
  payment_id: ['varchar', 'key'],
  order_id: ['varchar', 'once'],
  gateway: ['varchar', 'once'],
  method_kind: ['varchar', 'once'],
  currency: ['varchar', 'once'],
  amount: ['bigint', 'once'],
  requested_at: ['timestamp', 'once'],
  /** First authorized or captured in time; money that came late is `late_at`. */
  ok_at: ['timestamp', 'first'],
  late_at: ['timestamp', 'first'],
  /** Declined, failed or abandoned. */
  refused_at: ['timestamp', 'first'],
  declined_at: ['timestamp', 'first'],
  decline_code: ['varchar', 'once'],
  sequence: ['integer', 'sequence'],
  state: ['varchar', 'latest'],
});
/** A refund by line; line 0 is what no line names (carriage, goodwill). A refund that failed later is no longer succeeded. */
export const refund = entity('refund', {
  refund_id: ['varchar', 'key'],
  line_no: ['integer', 'key'],
  payment_id: ['varchar', 'once'],
  order_id: ['varchar', 'once'],
  gateway: ['varchar', 'once'],
  currency: ['varchar', 'once'],
  reason: ['varchar', 'once'],
  quantity: ['integer', 'once'],
  amount: ['bigint', 'once'],
  tax: ['bigint', 'once'],
  refunded_at: ['timestamp', 'first'],
  sequence: ['integer', 'sequence'],
  succeeded: ['boolean', 'latest'],
});
/** Calls to gateways that ended, and how long they took. */
export const operation = entry('operation', {
  payment_id: 'varchar',
  gateway: 'varchar',
  kind: 'varchar',
  outcome: 'varchar',
  happened_at: 'timestamp',
  elapsed_ms: 'bigint',
});
export const shipment = entity('shipment', {
  shipment_id: ['varchar', 'key'],
  order_id: ['varchar', 'once'],
  location_id: ['varchar', 'once'],
  carrier: ['varchar', 'once'],
  planned_at: ['timestamp', 'first'],
  dispatched_at: ['timestamp', 'first'],
  sequence: ['integer', 'sequence'],
  status: ['varchar', 'latest'],
});
/** Units whose way ended: `delivered`, `lost` or `sent_back`. */
export const parcel_line = entry('parcel_line', {
  parcel_id: 'varchar',
  order_id: 'varchar',
  line_no: 'integer',
  quantity: 'integer',
  outcome: 'varchar',
  happened_at: 'timestamp',
});
export const lost_demand = entry('lost_demand', {
  order_id: 'varchar',
  customer_ref: 'varchar',
  sku: 'varchar',
  happened_at: 'timestamp',
  wanted: 'integer',
  available: 'integer',
});
/**
 * Where a stock item's availability began to be above 0, or not. Staged rows are all that a batch saw; the warehouse keeps those that differ
 * from the one before (keeping every level would be nine rows an order). Written before stock_item, which holds the one before.
 */
export const stock_span = entry('stock_span', {
  sku: 'varchar',
  location_id: 'varchar',
  version: 'integer',
  from_at: 'timestamp',
  is_out: 'boolean',
  available: 'bigint',
});
export const stock_item = entity('stock_item', {
  sku: ['varchar', 'key'],
  location_id: ['varchar', 'key'],
  sequence: ['integer', 'sequence'],
  happened_at: ['timestamp', 'latest'],
  on_hand: ['bigint', 'latest'],
  available: ['bigint', 'latest'],
});
export const exception = entity('exception', {
  exception_id: ['varchar', 'key'],
  source: ['varchar', 'once'],
  subject: ['varchar', 'once'],
  reason: ['varchar', 'once'],
  owner: ['varchar', 'once'],
  deadline_at: ['timestamp', 'once'],
  raised_at: ['timestamp', 'first'],
  resolved_at: ['timestamp', 'first'],
});

/** Every fact table, in the order the warehouse writes them. */
export const fact_tables: readonly AnyFactTable[] = [
  quote,
  orders,
  order_line,
  line_promise,
  cancellation,
  return_line,
  payment,
  refund,
  operation,
  shipment,
  parcel_line,
  lost_demand,
  stock_span,
  stock_item,
  exception,
];

export type Cell = string | number | boolean | undefined;
type Loose = Readonly<Record<string, Cell | null>>;

/** What a batch of events says, folded. */
export interface FactBatch {
  put<C extends Columns>(table: Entity<C>, row: EntityRow<C>): void;
  add<C extends EntryColumns>(table: Entry<C>, row: EntryRow<C>): void;
  /** A table's rows, column by column: as many arrays as it has columns, all of one length. */
  columns(table: AnyFactTable): readonly (readonly Cell[])[];
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
  };
}

function cells_of(table: FactTable, row: Loose): Cell[] {
  return table.columns.map(({ name }) => row[name] ?? undefined);
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
