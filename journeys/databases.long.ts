/** Settings alone put each service on a database of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { fresh_database } from '../platform/postgres/test_database.ts';
import { basket, type PlacedOrder } from './api.ts';
import { ended, open_shop } from './shop.ts';

const apart = ['orders', 'inventory', 'payments', 'shipping', 'suppliers'] as const;

test('a database for every service: an order goes from Pay to parcel, and its timeline is whole', async t => {
  const databases = await Promise.all(apart.map(async service => ({ service, ...(await fresh_database()) })));
  // Hooks run in the order they are given: the shop that uses the databases is closed first.
  const shop = await open_shop(t, {
    env: Object.fromEntries(databases.map(({ service, url }) => [`${service.toUpperCase()}_DATABASE_URL`, url])),
  });
  t.after(() => Promise.all(databases.map(database => database.drop())));
  const placed = await shop.post<PlacedOrder>('/v1/orders', basket([{ sku: 'LAMP', quantity: 2 }], { payment: { gateway: 'manual' } }));
  assert.equal((await ended(shop, placed.id, 'completed')).payment_status, 'captured');
  const heard = new Set((await shop.timeline(placed.id)).map(entry => entry.service));
  assert.deepEqual([...heard].sort(), ['inventory', 'orders', 'payments', 'shipping']);
  for (const { service, url } of databases) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query(`select nspname from pg_namespace where nspname = any($1)`, [apart]);
    await client.end();
    assert.deepEqual(
      rows.map(row => row.nspname),
      [service],
      'nobody else keeps anything there',
    );
  }
});
