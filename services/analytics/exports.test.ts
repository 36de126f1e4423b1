import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { test_request } from '../../platform/testing/harness.ts';
import { type DatasetName, dataset_names } from './datasets.ts';
import { analyst_routes } from './routes_analyst.ts';
import type { Analytics } from './service.ts';
import { ask, begin, caught_up, fresh_folder, readers_of, until } from './testing/analytics.ts';
import { logs_of } from './testing/lives.ts';
import { tell_orders } from './testing/stories.ts';
import type { Answer } from './warehouses/warehouse.ts';

const logs = logs_of(99, tell_orders(300));
let analytics: Analytics;
let folder: string;
let remove: () => Promise<void>;
before(async () => {
  ({ folder, remove } = await fresh_folder());
  analytics = await begin(readers_of(logs), folder);
  await caught_up(analytics);
});
after(async () => {
  await analytics.stop();
  await remove();
});

const noted: unknown[] = [];
async function exported(body: unknown, signal = new AbortController().signal) {
  const route = analyst_routes(analytics, {
    note: async (_request, ...what) => void noted.push(what),
  }).find(one => one.path === '/v1/analytics/exports');
  const reply = await route?.handle(test_request(body, { signal }));
  assert.ok(reply !== undefined && 'stream' in reply);
  return reply;
}
async function bytes_of(stream: AsyncIterable<string | Uint8Array>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}
/** As a reader of Parquet sees it: another database, that knows nothing of ours. */
async function rows_of_parquet(bytes: Buffer, name: string): Promise<Record<string, unknown>[]> {
  const file = join(folder, name);
  await writeFile(file, bytes);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(`select * from read_parquet('${file}')`);
  const rows = reader.getRowObjectsJson();
  connection.closeSync();
  instance.closeSync();
  return rows;
}
const counted = async (sql: string) => Number((await ask(analytics, sql))[0]?.['counted']);
const lines_of = (bytes: Buffer) => bytes.toString('utf8').split('\r\n').slice(0, -1);

describe('an export', () => {
  for (const dataset of dataset_names)
    test(`of ${dataset} has the same rows as CSV and as Parquet`, async () => {
      const csv = await bytes_of((await exported({ dataset, format: 'csv' })).stream);
      const parquet = await bytes_of((await exported({ dataset, format: 'parquet' })).stream);
      assert.equal(parquet.subarray(0, 4).toString(), 'PAR1');
      assert.equal(parquet.subarray(-4).toString(), 'PAR1');
      const rows = await rows_of_parquet(parquet, `${dataset}.parquet`);
      assert.ok(rows.length > 0);
      const [head = '', ...lines] = lines_of(csv);
      assert.equal(head, Object.keys(rows[0] ?? {}).join(','));
      assert.equal(lines.length, rows.length);
    });

  test('adds up to what the store says, to the penny', async () => {
    const rows = await rows_of_parquet(await bytes_of((await exported({ dataset: 'money', format: 'parquet' })).stream), 'money.parquet');
    const sum = rows.reduce((total, row) => total + Number(row['net']), 0);
    assert.equal(sum, await counted('select sum(net) as counted from money_change'));
    const csv = lines_of(await bytes_of((await exported({ dataset: 'money', format: 'csv' })).stream));
    const place = (csv[0] ?? '').split(',').indexOf('net');
    assert.equal(
      csv.slice(1).reduce((total, line) => total + Number(line.split(',')[place]), 0),
      sum,
    );
  });

  test('is of a period when asked, and is named after it', async () => {
    const { stream, headers, content_type } = await exported({ dataset: 'orders', format: 'csv', from: '2026-03-03', to: '2026-03-05' });
    const within = `placed_at >= timestamp '2026-03-03' and placed_at < timestamp '2026-03-05'`;
    assert.equal(lines_of(await bytes_of(stream)).length - 1, await counted(`select count(*) as counted from orders where ${within}`));
    assert.equal(content_type, 'text/csv');
    assert.equal(headers?.['content-disposition'], 'attachment; filename="cartwright-orders-2026-03-03-2026-03-05.csv"');
    assert.match(headers?.['x-watermark'] ?? '', /^2026-/);
  });

  test('is written into the audit log before it is sent', async () => {
    noted.length = 0;
    const { stream } = await exported({ dataset: 'refunds', format: 'parquet', from: '2026-03-01' });
    assert.deepEqual(noted, [['analytics.exported', 'refunds', { format: 'parquet', from: '2026-03-01T00:00:00.000Z' }]]);
    await bytes_of(stream);
  });

  test('refuses a period that ends before it begins, and times that are none', async () => {
    await assert.rejects(exported({ dataset: 'orders', format: 'csv', from: '2026-03-05', to: '2026-03-05' }), { code: 'out_of_range' });
    await assert.rejects(exported({ dataset: 'orders', format: 'csv', from: '2026-13-45' }), { code: 'format' });
  });

  test('leaves no file behind: read to its end, left in the middle, or never begun', async () => {
    const left = () => readdir(join(folder, 'exports'));
    await bytes_of((await exported({ dataset: 'events', format: 'csv' })).stream);
    assert.deepEqual(await left(), []);
    for (const format of ['csv', 'parquet']) {
      for await (const _ of (await exported({ dataset: 'events', format })).stream) break;
      await until(async () => (await left()).length === 0);
    }
    const gone = new AbortController();
    gone.abort();
    await assert.rejects(exported({ dataset: 'events', format: 'csv' }, gone.signal), { name: 'AbortError' });
    await until(async () => (await left()).length === 0);
    assert.ok((await ask(analytics, 'select 1 as one')).length === 1, 'the store is whole');
  });

  test('does not wait for the reader: the store goes on while a client takes its time', async () => {
    const { stream } = await exported({ dataset: 'events' satisfies DatasetName, format: 'csv' });
    const chunks = stream[Symbol.asyncIterator]();
    await chunks.next();
    const other = await bytes_of((await exported({ dataset: 'orders', format: 'csv' })).stream);
    assert.ok(other.length > 0);
    let rest: IteratorResult<string | Uint8Array>;
    do rest = await chunks.next();
    while (rest.done !== true);
  });

  test('of personal data knows nothing', async () => {
    const text = (await bytes_of((await exported({ dataset: 'events', format: 'csv' })).stream)).toString('utf8');
    assert.doesNotMatch(text, /Ada|personal/);
  });
});

test('texts that a spreadsheet would run are texts in the file', async () => {
  const own = await fresh_folder();
  const evil = logs_of(7, tell_orders(20));
  const events = (evil.get('orders') ?? []).map(event =>
    event.type === 'order.placed' ? { ...event, data: { ...(event.data as object), currency: 'EUR', region: '=cmd|calc' } } : event,
  );
  const store = await begin(readers_of(new Map([...evil, ['orders', events]])), own.folder);
  await caught_up(store);
  const { stream } = await store.export_file({ dataset: 'events', format: 'csv', signal: new AbortController().signal });
  const text = (await bytes_of(stream)).toString('utf8');
  assert.doesNotMatch(text, /(^|,)"?[=@]/m);
  const rows: Answer[] = await store.read(question => question('select count(*) as counted from event_raw'));
  assert.equal(Number(rows[0]?.['counted']) > 0, true);
  await store.stop();
  await own.remove();
});
