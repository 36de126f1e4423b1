/**
 * (a) The limit: the same rows of an order's life written by plain set-based SQL from one client, a hundred orders at a time. The rows are the ones that
 * our own run has just written, copied into twins of the tables with the same keys, checks and indexes: every insert, every update, every event, in as many transactions as the flow has steps.
 */
import type pg from 'pg';

export const limit_batch_orders = 100;

/** How often the life of an order writes each table: inserted in a step, updated in steps. `of`: which rows belong to an order. */
interface Twin {
  readonly table: string;
  readonly of: string;
  readonly inserted: number;
  readonly updated: readonly number[];
}
/** place 0, reserve 1, request 2, authorize 3, confirm 4, allocate 5, fulfill 6, ship and consume 7, capture 8, settle 9, deliver and complete 10 */
const steps = 11;
const of_order = 'order_id = any($1)';
const twins: readonly Twin[] = [
  { table: 'orders.orders', of: 'id = any($1)', inserted: 0, updated: [2, 4, 6, 7, 9, 10] },
  { table: 'orders.order_line', of: of_order, inserted: 0, updated: [5, 6, 7, 10] },
  { table: 'orders.order_payment', of: of_order, inserted: 2, updated: [4, 7, 9] },
  { table: 'orders.order_contact', of: 'id = any($1)', inserted: 0, updated: [] },
  { table: 'orders.order_shipment', of: of_order, inserted: 6, updated: [10] },
  { table: 'orders.order_parcel', of: of_order, inserted: 6, updated: [10] },
  { table: 'inventory.reservation', of: 'id = any($1)', inserted: 1, updated: [5, 7] },
  { table: 'inventory.reservation_line', of: of_order, inserted: 1, updated: [5, 7] },
  { table: 'payments.payment', of: of_order, inserted: 3, updated: [8] },
  { table: 'shipping.fulfillment', of: 'id = any($1)', inserted: 6, updated: [] },
  { table: 'shipping.shipment', of: of_order, inserted: 6, updated: [10] },
  {
    table: 'shipping.parcel',
    of: 'shipment_id in (select id from shipping.shipment where order_id = any($1))',
    inserted: 6,
    updated: [10],
  },
];
/** Which events each step logs. */
const logged: Readonly<Record<number, readonly [log: string, types: readonly string[]]>> = {
  0: ['orders', ['order.placed']],
  1: ['inventory', ['stock.reserved']],
  2: ['orders', ['payment.requested']],
  3: ['payments', ['payment.authorized']],
  4: ['orders', ['order.confirmed']],
  5: ['inventory', ['stock.allocated']],
  6: ['shipping', ['shipment.planned', 'shipment.dispatched']],
  7: ['orders', ['fulfillment.requested', 'payment.capture_requested']],
  8: ['payments', ['payment.captured']],
  9: ['inventory', ['stock.consumed']],
  10: ['orders', ['order.updated', 'order.completed']],
};

const twin_of = (table: string) => `bench_limit.${table.replace('.', '_')}`;

/** Orders per second, and how many orders were written. */
export async function measure_limit(pool: pg.Pool, orders: number): Promise<{ per_second: number; orders: number; events: number }> {
  const client = await pool.connect();
  try {
    await client.query('drop schema if exists bench_limit cascade; create schema bench_limit');
    for (const table of [
      ...twins.map(twin => twin.table),
      'orders.events',
      'inventory.events',
      'payments.events',
      'shipping.events',
      'inventory.stock_item',
      'orders.timers',
      'orders.idempotency',
    ]) {
      await client.query(`create table ${twin_of(table)} (like ${table} including all excluding generated)`);
    }
    await client.query(`insert into ${twin_of('inventory.stock_item')} select * from inventory.stock_item`);
    const { rows } = await client.query<{ id: string }>(`select id from orders.orders where status = 'completed' order by id limit $1`, [
      orders,
    ]);
    const ids = rows.map(row => row.id);
    const started = performance.now();
    for (let from = 0; from < ids.length; from += limit_batch_orders) await one_batch(client, ids.slice(from, from + limit_batch_orders));
    const seconds = (performance.now() - started) / 1_000;
    const counted = await client.query<{ events: number }>(
      `select ((select count(*) from ${twin_of('orders.events')}) + (select count(*) from ${twin_of('inventory.events')}) + (select count(*) from ${twin_of('payments.events')}) + (select count(*) from ${twin_of('shipping.events')}))::int as events`,
    );
    await client.query('drop schema bench_limit cascade');
    return { per_second: ids.length / seconds, orders: ids.length, events: counted.rows[0]?.events ?? 0 };
  } finally {
    client.release();
  }
}

async function one_batch(client: pg.PoolClient, ids: readonly string[]): Promise<void> {
  for (let step = 0; step < steps; step++) {
    await client.query('begin');
    for (const twin of twins) {
      const name = `${twin.table}.${step}`;
      if (twin.inserted === step)
        await client.query({
          name: `insert ${name}`,
          text: `insert into ${twin_of(twin.table)} overriding system value select * from ${twin.table} where ${twin.of}`,
          values: [ids],
        });
      if (twin.updated.includes(step)) await client.query({ name: `update ${twin.table}`, text: update_sql(twin), values: [ids] });
    }
    await beside(client, step, ids);
    const [log, types] = logged[step] ?? ['orders', []];
    await client.query({
      name: `events ${step}`,
      text: `insert into ${twin_of(`${log}.events`)} select (select coalesce(max(position), 0) from ${twin_of(`${log}.events`)}) + row_number() over (order by position), partition, key, type, id, subject, sequence, time, cause, data
               from ${log}.events where key = any($1) and type = any($2)`,
      values: [ids, types],
    });
    await client.query('commit');
  }
}

/** A new version of each row, with the same values: what an update costs. */
function update_sql(twin: Twin): string {
  const changing =
    twin.table === 'orders.order_line'
      ? 'quantity_allocated = quantity_allocated, quantity_shipped = quantity_shipped'
      : twin.table === 'orders.order_payment'
        ? 'authorized = authorized, captured = captured'
        : twin.table === 'inventory.reservation_line'
          ? 'held = held, allocated = allocated'
          : twin.table === 'orders.order_shipment' || twin.table === 'orders.order_parcel'
            ? 'status = status'
            : twin.table === 'shipping.parcel'
              ? 'lines = lines'
              : 'version = version + 1';
  return `update ${twin_of(twin.table)} set ${changing} where ${twin.of}`;
}

/** Stock counters, timers and the reply under the idempotency key. */
async function beside(client: pg.PoolClient, step: number, ids: readonly string[]): Promise<void> {
  if ([1, 5, 9].includes(step)) {
    await client.query({
      name: 'stock',
      text: `update ${twin_of('inventory.stock_item')} s set version = version + 1, held = held + 0 where id in (select sku || '@' || location_id from inventory.reservation_line where order_id = any($1))`,
      values: [ids],
    });
  }
  if ([0, 2, 4, 7].includes(step)) {
    await client.query({
      name: 'timers',
      text: `insert into ${twin_of('orders.timers')} select 'order', id, placed_at + interval '1 hour' * $2, 0 from orders.orders where id = any($1) on conflict (kind, id) do update set due_at = excluded.due_at`,
      values: [ids, step + 1],
    });
  }
  if (step === 10)
    await client.query({
      name: 'timers gone',
      text: `delete from ${twin_of('orders.timers')} where kind = 'order' and id = any($1)`,
      values: [ids],
    });
  if (step === 0) {
    await client.query({
      name: 'replies',
      text: `insert into ${twin_of('orders.idempotency')} select 'bench', '/v1/orders', o.id, 'hash', 201, i.body, null, false, o.placed_at from orders.orders o cross join (select body from orders.idempotency limit 1) i where o.id = any($1)`,
      values: [ids],
    });
  }
}
