import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { open_pool, role_of } from '../../platform/database.ts';
import { append_statements } from '../../platform/log.ts';
import { migrate } from '../../platform/migrate.ts';
import { fresh_database } from '../../platform/postgres/test_database.ts';
import { begin, caught_up, contents, contents_at_once, fresh_folder, standing_clock } from '../../services/analytics/testing/analytics.ts';
import { log_names, logs_of } from '../../services/analytics/testing/lives.ts';
import { tell_orders } from '../../services/analytics/testing/stories.ts';
import type { Answer } from '../../services/analytics/warehouses/warehouse.ts';
import { whole_log } from '../olap.ts';
import { archive_logs } from './archive.ts';
import { archive_folder, read_manifest } from './manifest.ts';

const logs = logs_of(23, tell_orders(80));
const before_day = '2026-03-08T00:00:00.000Z';
let url: string;
let drop: () => Promise<void>;
let admin: pg.Pool;
let pool: pg.Pool;
let data_folder: string;
let remove: () => Promise<void>;

before(async () => {
  ({ url, drop } = await fresh_database());
  await migrate(url, [...log_names.map(name => ({ name, has_log: true })), { name: 'analytics', has_log: false }]);
  admin = open_pool(url, undefined, 2);
  pool = open_pool(url, role_of('analytics'), 3);
  ({ folder: data_folder, remove } = await fresh_folder());
  for (const [source, events] of logs) {
    if (events.length === 0) continue;
    const client = await admin.connect();
    await client.query('begin');
    for (const { text, values } of append_statements(source, events)) await client.query(text, values);
    await client.query('commit');
    client.release();
  }
});
after(async () => {
  await Promise.all([admin.end(), pool.end()]);
  await drop();
  await remove();
});

const archive = async (day: string) => {
  const said: string[] = [];
  await archive_logs({ data_folder, before: day, events_per_file: 60, url_of: () => url, say: line => said.push(line) });
  return said;
};
const without_marks = (all: Record<string, Answer[]>) => ({
  ...all,
  positions: (all['positions'] ?? [])
    .map(({ system_identifier: _, timeline: __, ...row }) => row)
    .filter(row => Number(row['position']) > 0),
});
async function facts_of_whole_logs(): Promise<Record<string, Answer[]>> {
  const { folder, remove: remove_store } = await fresh_folder();
  const readers = log_names.map(source => whole_log(source, pool, data_folder));
  const analytics = await begin(readers, folder, { clock: standing_clock });
  try {
    await caught_up(analytics);
    return without_marks(await contents(analytics));
  } finally {
    await analytics.stop();
    await remove_store();
  }
}

describe('an archive of the logs', () => {
  test('holds whole events from the first on, up to the day and never the newest; a manifest says which', async () => {
    await archive('2026-03-04T00:00:00.000Z');
    const folder = archive_folder(data_folder, 'orders');
    await writeFile(join(folder, 'half.parquet.partial'), 'what a killed process left');
    const said = await archive(before_day);
    assert.match(said.join('\n'), /orders: positions \d+ to \d+ archived/);
    for (const [service, events] of logs) {
      const manifest = await read_manifest(archive_folder(data_folder, service));
      const last = Math.min((events.find(event => event.time >= before_day)?.position ?? Number.POSITIVE_INFINITY) - 1, events.length - 1);
      if (last <= 0) {
        assert.equal(manifest, undefined);
        continue;
      }
      let next = 1;
      for (const file of manifest?.files ?? []) {
        assert.deepEqual([file.first_position, file.events], [next, file.last_position - file.first_position + 1]);
        assert.ok(file.last_at < before_day);
        next = file.last_position + 1;
      }
      assert.equal(next - 1, last);
    }
    assert.deepEqual(
      (await readdir(folder)).filter(name => name.endsWith('.partial')),
      [],
    );
  });

  test('grows only by what is new', async () => {
    const manifest = await readFile(join(archive_folder(data_folder, 'orders'), 'manifest.json'), 'utf8');
    assert.match((await archive(before_day)).join('\n'), /orders: nothing new/);
    assert.equal(await readFile(join(archive_folder(data_folder, 'orders'), 'manifest.json'), 'utf8'), manifest);
  });

  test('and the rest of the log give the same facts, when the archived part is gone from the table', async () => {
    const expected = without_marks(await contents_at_once(logs));
    assert.deepEqual(await facts_of_whole_logs(), expected);
    for (const service of log_names) {
      const last = (await read_manifest(archive_folder(data_folder, service)))?.files.at(-1)?.last_position ?? 0;
      // As its owner; the roles of services may not (auditor, E5).
      await admin.query(`delete from ${service}.events where position <= $1`, [last]);
    }
    assert.deepEqual(await facts_of_whole_logs(), expected);
  });

  test('of which a file was changed is refused, and named', async () => {
    const folder = archive_folder(data_folder, 'payments');
    const [name = ''] = (await readdir(folder)).filter(file => file.endsWith('.parquet'));
    const bytes = await readFile(join(folder, name));
    const changed = Buffer.from(bytes);
    changed[bytes.length >> 1] = (changed[bytes.length >> 1] ?? 0) ^ 1;
    await writeFile(join(folder, name), changed);
    const reader = whole_log('payments', pool, data_folder);
    await reader.marks();
    await assert.rejects(reader.read(0, ['payment.requested']), { code: 'archive_changed', message: new RegExp(name) });
    await writeFile(join(folder, name), bytes);
  });

  test('that is missing is missed: nobody reads on as if nothing had been before', async () => {
    await rm(archive_folder(data_folder, 'payments'), { recursive: true });
    const reader = whole_log('payments', pool, data_folder);
    await reader.marks();
    await assert.rejects(reader.read(0, ['payment.requested']), { code: 'archive_missing', message: /payments is whole from position/ });
  });
});
