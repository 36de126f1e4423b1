import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { contracts_of, type Publisher } from '../../contracts/index.ts';
import { open_pool, role_of } from '../../platform/database.ts';
import { append_statements } from '../../platform/log.ts';
import { migrate } from '../../platform/migrate.ts';
import { fresh_database } from '../../platform/postgres/test_database.ts';
import type { Event, Logged } from '../../platform/service.ts';
import { begin, caught_up, contents, contents_at_once, fresh_folder, standing_clock } from '../../services/analytics/testing/analytics.ts';
import { log_names, logs_of } from '../../services/analytics/testing/lives.ts';
import { tell_orders } from '../../services/analytics/testing/stories.ts';
import type { Answer } from '../../services/analytics/warehouses/warehouse.ts';
import { adopt } from '../maintenance.ts';
import { whole_log } from '../olap.ts';
import { read_settings } from '../settings.ts';
import { archive_logs } from './archive.ts';
import { archive_folder, read_manifest } from './manifest.ts';
import { spoil_a_file } from './testing/spoil.ts';

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

async function last_archived(service: string): Promise<number> {
  return (await read_manifest(archive_folder(data_folder, service)))?.files.at(-1)?.last_position ?? 0;
}
/** And of the form that manifests had before there could be parts. */
async function become_of_another_cluster(service: string): Promise<void> {
  const manifest = await read_manifest(archive_folder(data_folder, service));
  if (manifest === undefined) return;
  const former = { format: 1, service, system_identifier: 'another', timeline: '1', files: manifest.files };
  await writeFile(join(archive_folder(data_folder, service), 'manifest.json'), JSON.stringify(former));
}
/** As a rebuild reads it. */
async function everything_read(source: Publisher): Promise<Logged<Event>[]> {
  const reader = whole_log(source, pool, data_folder);
  await reader.marks();
  const types = Object.keys(contracts_of[source]);
  const events: Logged<Event>[] = [];
  for (let after = 0; ; ) {
    const slice = await reader.read(after, types);
    if (slice.upto === after) return events;
    events.push(...slice.events);
    after = slice.upto;
  }
}
/** As `archive --drop` leaves it that took everything. */
async function note_as_taken(service: string, first: number, last: number): Promise<void> {
  const manifest = await read_manifest(archive_folder(data_folder, service));
  const files = (manifest?.files ?? []).filter(file => file.first_position >= first && file.last_position <= last);
  const positions = files.flatMap(file => Array.from({ length: file.events }, (_, index) => file.last_position - index));
  await admin.query(`insert into ${service}.dropped_key values ($1, '{}', $2, now(), now(), now())`, [`up to ${last}`, positions]);
  await admin.query(`insert into ${service}.log_drop (before, upto, keys, events, began_at) values (now(), $1, 1, $2, now())`, [
    last,
    positions.length,
  ]);
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

  test('goes on in the log of another cluster when that was adopted and is the same log', async () => {
    for (const service of log_names) {
      await become_of_another_cluster(service);
      await admin.query(`insert into ${service}.log_epoch (epoch, system_identifier, timeline, floor) values (1, 'another', '1', 0)`);
    }
    await assert.rejects(archive(before_day), {
      code: 'foreign_log',
      message: /has not been adopted since: run node main.ts adopt orders/,
    });
    const settings = read_settings({ DATABASE_URL: url, CARTWRIGHT_DATA: data_folder });
    for (const service of log_names) await adopt(settings, service);
    const last = await last_archived('orders');
    for (const [change, undo] of [
      [
        `update orders.events set id = id || 'x' where position = ${last}`,
        `update orders.events set id = rtrim(id, 'x') where position = ${last}`,
      ],
      [
        `update orders.events set position = ${2 ** 45} where position = 7`,
        `update orders.events set position = 7 where position = ${2 ** 45}`,
      ],
      [`insert into orders.dropped_key values ('k', '{}', '{3}', now(), now(), now())`, `delete from orders.dropped_key where key = 'k'`],
    ] as const) {
      await admin.query(change);
      await assert.rejects(archive(before_day), { code: 'foreign_archive' }, change);
      await admin.query(undo);
    }
    assert.match((await archive(before_day)).join('\n'), /orders: nothing new/);
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

  test('has a part for each cluster that it was read in, read as one', async () => {
    await assert.rejects(archive(before_day), { code: 'foreign_archive', message: /the log 0, and 0 were taken out of it/ });
    for (const service of log_names) {
      const last = await last_archived(service);
      if (last > 0) await note_as_taken(service, 1, last);
    }
    const again = (logs.get('orders') ?? [])
      .slice(-150)
      .map(event => ({ ...event, id: `${event.id}_later`, sequence: (event.sequence ?? 0) + 1_000 }));
    for (const { text, values } of append_statements('orders', again)) await admin.query(text, values);
    const expected = await everything_read('orders');
    assert.equal(expected.length, (logs.get('orders') ?? []).length + again.length);
    const [old_end, later] = [await last_archived('orders'), '2027-01-01T00:00:00.000Z'];
    await archive(later);
    const manifest = await read_manifest(archive_folder(data_folder, 'orders'));
    assert.deepEqual(
      manifest?.parts.map(({ system_identifier, first_position }) => [system_identifier === 'another', first_position]),
      [
        [true, 1],
        [false, old_end + 1],
      ],
    );
    const end = await last_archived('orders');
    assert.ok(end > 2 ** 40, 'positions went on far above');
    await note_as_taken('orders', old_end + 1, end);
    await admin.query('delete from orders.events where position <= $1', [end]);
    assert.deepEqual(await everything_read('orders'), expected);
    assert.match((await archive(later)).join('\n'), /orders: nothing new/);
  });

  test('of which a file was changed is refused, and named', async () => {
    const { name, restore } = await spoil_a_file(data_folder, 'payments');
    const reader = whole_log('payments', pool, data_folder);
    await reader.marks();
    await assert.rejects(reader.read(0, ['payment.requested']), { code: 'archive_changed', message: new RegExp(name) });
    await restore();
  });

  test('that is missing is missed: nobody reads on as if nothing had been before', async () => {
    await rm(archive_folder(data_folder, 'payments'), { recursive: true });
    const reader = whole_log('payments', pool, data_folder);
    await reader.marks();
    await assert.rejects(reader.read(0, ['payment.requested']), { code: 'archive_missing', message: /payments is whole from position/ });
  });
});
