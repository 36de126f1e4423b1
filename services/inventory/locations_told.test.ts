/** A deployment from before `location.changed`: its locations are told once, by the timers that the migration leaves. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { migrate } from '../../platform/migrate.ts';
import { type Harness, service_on_postgres } from '../../platform/testing/harness.ts';
import { inventory_service, migrations_folder } from './service.ts';

let harness: Harness;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cartwright-migrations-'));
  await cp(join(migrations_folder, '001_inventory.sql'), join(folder, '001_inventory.sql'));
  harness = await service_on_postgres({ service: inventory_service(), folder });
});
after(async () => {
  await harness.stop();
  await rm(folder, { recursive: true });
});

const sql = async (text: string) => (await harness.runtime.pool.query<Record<string, unknown>>(text)).rows;
const told = () => sql(`select key, subject, sequence, data from inventory.events where type = 'location.changed' order by key, sequence`);
async function until_no_timer(): Promise<void> {
  while ((await sql('select 1 from inventory.timers')).length > 0) await sleep(20);
}
const migrated = () => migrate(harness.url, [{ name: 'inventory', folder: migrations_folder, has_log: true }]);

test('locations that were stored before are told once, as they stand, and then are the fold of their events', async () => {
  await sql(`insert into inventory.location values
    ('leeds', 7, 'Leeds', '{"line1":"1 Dock Road","city":"Leeds","country":"GB"}', 1, true), ('old', 1, 'Old', '{}', 0, false)`);
  assert.equal((await migrated())[0], 'inventory/002_locations_told.sql');
  await until_no_timer();
  const leeds = { name: 'Leeds', address: { line1: '1 Dock Road', city: 'Leeds', country: 'GB' }, priority: 1, active: true };
  const events = [
    { key: 'leeds', subject: 'leeds', sequence: 2, data: { location_id: 'leeds', ...leeds } },
    {
      key: 'old',
      subject: 'old',
      sequence: 2,
      data: { location_id: 'old', name: 'Old', address: {}, priority: 0, active: false },
    },
  ];
  assert.deepEqual(await told(), events);
  assert.deepEqual(await sql(`select * from inventory.location where id = 'leeds'`), [{ id: 'leeds', version: 2, ...leeds }]);

  assert.deepEqual(await migrated(), []);
  // A timer that fires once more, as after a restore, finds that all was said.
  await sql(`insert into inventory.timers (kind, id, due_at, partition) select 'location', id, now(), 0 from inventory.location`);
  await until_no_timer();
  assert.deepEqual(await told(), events);
});
