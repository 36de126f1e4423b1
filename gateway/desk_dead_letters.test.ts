import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { migrate } from '../platform/migrate.ts';
import { fresh_database } from '../platform/postgres/test_database.ts';
import type { Row } from '../platform/service.ts';
import { test_request } from '../platform/testing/harness.ts';
import { desk_routes } from './desk.ts';

let drop: () => Promise<void>;
let pool: pg.Pool;
before(async () => {
  const database = await fresh_database();
  drop = database.drop;
  await migrate(database.url, [{ name: 'inventory', has_log: true }]);
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
  await pool.query(
    `insert into inventory.blocked (source, key, first_position, attempts, next_at, since, quarantined, reason) values ('orders', 'ord_1', 7, 9, now(), now(), true, 'no such line')`,
  );
  await pool.query(
    `insert into inventory.parked (source, position, key, event) values
       ('orders', 7, 'ord_1', '{"id": "evt_7", "type": "order.placed", "data": {"personal": "sealed", "currency": "GBP"}}'),
       ('orders', 9, 'ord_1', '{"id": "evt_9", "type": "order.confirmed", "data": {}}'),
       ('orders', 8, 'ord_2', '{"id": "evt_8", "type": "order.placed", "data": {}}')`,
  );
});
after(async () => {
  await pool.end();
  await drop();
});

describe('GET /v1/dead-letters/:id', () => {
  const named = async (id: string): Promise<Row> => {
    const service = { name: 'inventory', pool, lags: async () => [], providers: () => new Map() };
    const ports = {
      services: [service],
      now: () => '2026-03-01T10:00:00.000Z',
      findings: () => ({ at: null, checked: 0, findings: [], left_out: [] }),
    };
    const route = desk_routes(ports).find(each => each.method === 'GET' && each.path === '/v1/dead-letters/:id');
    const reply = await route?.handle(test_request(undefined, { params: { id } }));
    assert.ok(reply !== undefined && 'body' in reply);
    // The desk's reply: an object.
    return reply.body as Row;
  };
  test('shows the event, and what waits behind it under its key, without what is sealed', async () => {
    const { reason, waiting, events } = await named('inventory.orders.7');
    assert.deepEqual([reason, waiting], ['no such line', 2]);
    assert.deepEqual(events, [
      { position: 7, event: { id: 'evt_7', type: 'order.placed', data: { personal: '(hidden)', currency: 'GBP' } } },
      { position: 9, event: { id: 'evt_9', type: 'order.confirmed', data: {} } },
    ]);
  });
  test('knows no other, and no service that is not there', async () => {
    for (const id of ['inventory.orders.8', 'payments.orders.7', 'nonsense']) await assert.rejects(named(id), { status: 404 });
  });
});
