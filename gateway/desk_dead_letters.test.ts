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

async function get(path: string, params: Readonly<Record<string, string>> = {}): Promise<Row> {
  const service = { name: 'inventory', pool, lags: async () => [], providers: () => new Map() };
  const ports = {
    services: [service],
    now: () => '2026-03-01T10:00:00.000Z',
    findings: () => ({ at: null, checked: 0, findings: [], left_out: [] }),
  };
  const route = desk_routes(ports).find(each => each.method === 'GET' && each.path === path);
  const reply = await route?.handle(test_request(undefined, { params }));
  assert.ok(reply !== undefined && 'body' in reply);
  // The desk's reply: an object.
  return reply.body as Row;
}

describe('GET /v1/exceptions', () => {
  let position = 0;
  const tell = (type: 'raised' | 'resolved', exception_id: string) =>
    pool.query(
      `insert into inventory.events (position, partition, key, type, id, subject, sequence, time, cause, data) values ($1::bigint, 0, 'ord_1', $2, 'evt_1', 'ord_1', $1::bigint, now(), 'c', $3)`,
      [
        ++position,
        `exception.${type}`,
        JSON.stringify({ exception_id, subject: 'ord_1', deadline: '2026-03-01', note: `note ${position}` }),
      ],
    );
  const open = async () => ((await get('/v1/exceptions'))['data'] as Row[]).map(each => each['exception_id']).sort();
  const note_of = async (id: string) => (await get('/v1/exceptions/:id', { id }))['note'];

  test('shows what was raised until it is resolved, and again when it is raised again', async () => {
    await tell('raised', 'exc_1');
    await tell('raised', 'exc_2');
    assert.deepEqual(await open(), ['exc_1', 'exc_2']);
    await tell('resolved', 'exc_1');
    assert.deepEqual(await open(), ['exc_2']);
    assert.deepEqual([await note_of('exc_1'), await note_of('exc_2')], ['note 3', null]);
    await tell('raised', 'exc_1');
    assert.deepEqual([await open(), await note_of('exc_1')], [['exc_1', 'exc_2'], null]);
    await assert.rejects(get('/v1/exceptions/:id', { id: 'exc_3' }), { status: 404 });
  });
});

describe('GET /v1/dead-letters/:id', () => {
  const named = (id: string) => get('/v1/dead-letters/:id', { id });
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
