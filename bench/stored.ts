/** (f) A shop that has been open for years: the rows of completed orders, multiplied under new ids by plain SQL. Their logs are not multiplied: they are read from the end. */
import type pg from 'pg';

/** Seconds it took. */
export async function store_orders(pool: pg.Pool, count: number): Promise<number> {
  const started = performance.now();
  const client = await pool.connect();
  try {
    await client.query(`set statement_timeout = 0`);
    await client.query(
      `create temp table sample as select id, row_number() over (order by id) as place from orders.orders where status = 'completed' order by id limit 1000`,
    );
    const { rows } = await client.query<{ count: number }>('select count(*)::int as count from sample');
    const rounds = Math.ceil(count / Math.max(1, rows[0]?.count ?? 1));
    const tables = await copied_tables(client);
    for (let from = 0; from < rounds; from += 50) {
      const to = Math.min(rounds, from + 50) - 1;
      for (const table of tables) await client.query(copy_sql(table, from, to));
    }
    await client.query('analyze');
    await client.query('drop table sample');
  } finally {
    client.release();
  }
  return (performance.now() - started) / 1_000;
}

interface Copied {
  readonly table: string;
  readonly order_key: string;
  readonly columns: readonly string[];
}

/** Every table of an order's life with the column that names the order. */
async function copied_tables(client: pg.PoolClient): Promise<Copied[]> {
  const keys = [
    ['orders', 'orders', 'id'],
    ['orders', 'order_line', 'order_id'],
    ['orders', 'order_payment', 'order_id'],
    ['inventory', 'reservation', 'id'],
    ['inventory', 'reservation_line', 'order_id'],
    ['payments', 'payment', 'order_id'],
    ['shipping', 'shipment', 'order_id'],
  ] as const;
  const { rows } = await client.query<{ table_schema: string; table_name: string; columns: string[] }>(
    `select table_schema, table_name, array_agg(column_name::text order by ordinal_position) as columns from information_schema.columns where table_schema in ('orders', 'inventory', 'payments', 'shipping') and is_generated = 'NEVER' group by 1, 2`,
  );
  return keys.map(([schema, name, order_key]) => ({
    table: `${schema}.${name}`,
    order_key,
    columns: rows.find(row => row.table_schema === schema && row.table_name === name)?.columns ?? [],
  }));
}

/** Ids get the round in front; what is unique beside them is made new or left empty. */
function copy_sql({ table, order_key, columns }: Copied, from: number, to: number): string {
  const renamed = new Set([order_key, 'id', 'payment_id', 'shipment_id', 'reservation_id', 'fulfillment_id']);
  const value = (column: string): string => {
    if (table === 'orders.orders' && column === 'number') return '1000000000 + n.n * 1000 + s.place';
    if (column === 'reference' || column === 'quote_id' || column === 'gateway_ref') return 'null';
    return renamed.has(column) ? `'x' || n.n || '_' || t.${column}` : `t.${column}`;
  };
  return `insert into ${table} (${columns.join(', ')}) select ${columns.map(value).join(', ')} from ${table} t join sample s on s.id = t.${order_key} cross join generate_series(${from}, ${to}) n(n)`;
}
