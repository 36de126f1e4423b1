import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { provider_guard } from '../platform/adapters/guard.ts';
import { migrate } from '../platform/migrate.ts';
import { fresh_database } from '../platform/postgres/test_database.ts';
import type { Row } from '../platform/service.ts';
import { test_request } from '../platform/testing/harness.ts';
import type { DeskService } from './desk.ts';
import { operation_routes, operations_page } from './desk_operations.ts';

let drop: () => Promise<void>;
let pool: pg.Pool;
const guard = provider_guard({}, () => 1_772_359_200_000);
const services = (): DeskService[] =>
  ['payments', 'shipping'].map(name => ({
    name,
    pool,
    lags: async () => [],
    providers: () => new Map([[name === 'payments' ? 'stripe' : 'easypost', guard.state()]]),
  }));

before(async () => {
  const database = await fresh_database();
  drop = database.drop;
  await migrate(database.url, [
    { name: 'payments', has_log: true },
    { name: 'shipping', has_log: true },
  ]);
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
  const last_outcome = JSON.stringify({ outcome: 'unknown', detail: 'the deadline passed' });
  await pool.query(
    `insert into payments.operations (op_id, kind, provider, subject, key, request, state, attempts, queries, next_at, requested_at, sent_at, last_outcome)
       select 'op_' || lpad(n::text, 3, '0'), 'authorize', 'stripe', 'pay_1', 'ord_1', '{}', case when n % 10 = 0 then 'unknown' else 'succeeded' end, 2, 1, '2026-03-01T10:00:30Z', '2026-03-01T10:00:00Z', '2026-03-01T10:00:00Z', $1
         from generate_series(1, 30) n`,
    [last_outcome],
  );
  await pool.query(
    `insert into shipping.operations (op_id, kind, provider, subject, key, request, state, next_at, requested_at)
       select 'op_' || lpad(n::text, 3, '0'), 'buy_label', 'easypost', 'shp_1', 'ord_1', '{}', 'requested', '2026-03-01T10:00:00Z', '2026-03-01T10:00:00Z' from generate_series(31, 33) n`,
  );
});
after(async () => {
  await pool.end();
  await drop();
});

async function get(path: string, query: Readonly<Record<string, string>> = {}): Promise<{ data: Row[]; next_cursor: string | null }> {
  const route = operation_routes(services()).find(each => each.method === 'GET' && each.path === path);
  assert.ok(route);
  const reply = await route.handle(test_request(undefined, { query }));
  assert.ok('body' in reply);
  // Replies of the desk's lists.
  return reply.body as { data: Row[]; next_cursor: string | null };
}

describe('GET /v1/operations', () => {
  test('shows those of all services, newest first, page by page, each once', async () => {
    const seen: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page = await get('/v1/operations', { limit: '7', ...(cursor === null ? {} : { cursor }) });
      assert.ok(page.data.length <= 7);
      seen.push(...page.data.map(row => row['id']));
      cursor = page.next_cursor;
    } while (cursor !== null);
    assert.deepEqual(
      seen,
      Array.from({ length: 33 }, (_, index) => `op_${String(33 - index).padStart(3, '0')}`),
    );
  });
  test('shows of an unknown one its attempts, the reason, and how long it is asked about before a person decides', async () => {
    const { data } = await get('/v1/operations', { state: 'unknown' });
    assert.deepEqual(
      data.map(row => row['id']),
      ['op_030', 'op_020', 'op_010'],
    );
    const [row] = data;
    assert.deepEqual(
      [row?.['attempts'], row?.['queries'], row?.['last_outcome']],
      [2, 1, { outcome: 'unknown', detail: 'the deadline passed' }],
    );
    assert.equal(new Date(String(row?.['asked_until'])).toISOString(), '2026-03-02T10:00:00.000Z');
  });
  test('can be asked for one provider or one kind', async () => {
    assert.equal((await get('/v1/operations', { provider: 'easypost' })).data.length, 3);
    assert.equal((await get('/v1/operations', { kind: 'capture' })).data.length, 0);
    assert.equal((await get('/v1/operations', { provider: 'stripe', kind: 'authorize', state: 'unknown' })).data.length, 3);
    assert.equal((await get('/v1/operations', { provider: 'easypost', state: 'unknown' })).data.length, 0);
  });
  test('refuses a cursor that is none of its own', () => assert.rejects(get('/v1/operations', { cursor: 'nonsense' })));
});

describe('GET /v1/operations/:id', () => {
  const named = async (id: string): Promise<Row> => {
    const route = operation_routes(services()).find(each => each.method === 'GET' && each.path === '/v1/operations/:id');
    const reply = await route?.handle(test_request(undefined, { params: { id } }));
    assert.ok(reply !== undefined && 'body' in reply);
    // The desk's reply: an object.
    return reply.body as Row;
  };
  test('shows what was asked and what was learned, without the person and the token', async () => {
    await pool.query(
      `update payments.operations set request = '{"amount": 500, "method_token": "pm_1", "billing": {"name": "Ada"}}', learned = '{"ref": "pi_1"}' where op_id = 'op_007'`,
    );
    const { id, service, state, request, learned } = await named('op_007');
    assert.deepEqual(
      { id, service, state, request, learned },
      {
        id: 'op_007',
        service: 'payments',
        state: 'succeeded',
        request: { amount: 500, method_token: '(hidden)', billing: '(hidden)' },
        learned: { ref: 'pi_1' },
      },
    );
  });
  test('knows no other', () => assert.rejects(named('op_999'), { status: 404 }));
});

test('pages of several processes are one page, and its last row is where the next begins', () => {
  const rows = ['op_1', 'op_5', 'op_3'].map(id => ({ id }));
  const { body } = operations_page(rows, test_request(undefined, { query: { limit: '2' } }));
  assert.deepEqual((body as { data: Row[] }).data, [{ id: 'op_5' }, { id: 'op_3' }]);
  assert.notEqual((body as { next_cursor: string | null }).next_cursor, null);
});

test('GET /v1/providers shows how each is, by service', async () => {
  for (let index = 0; index < 20; index += 1)
    guard.begin({ state: 'requested', attempts: 1 }).end({ outcome: 'retryable', after_ms: 60_000 });
  const { data } = await get('/v1/providers');
  assert.deepEqual(
    data.map(row => [row['service'], row['provider'], row['breaker'], row['reason'], row['outcomes']]),
    [
      ['payments', 'stripe', 'open', 'failing', { retryable: 20 }],
      ['shipping', 'easypost', 'open', 'failing', { retryable: 20 }],
    ],
  );
  assert.equal(data[0]?.['paused_until'], new Date(1_772_359_260_000).toISOString());
});
