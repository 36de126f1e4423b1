/** Orders that ended leave the logs while the shop goes on: their story, their person's export and his being forgotten, money that goes back later. */
import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { audit_pools } from '../auditor/watch.ts';
import { archive_logs } from '../main/archive/archive.ts';
import { archived_events } from '../main/archive/by_key.ts';
import { drop_archived } from '../main/archive/drop.ts';
import { archive_folder } from '../main/archive/manifest.ts';
import { basket, by_stripe, type PlacedOrder } from './api.ts';
import { ended, fresh, open_shop, rest, secret_key, sound, until } from './shop.ts';

const shop = await open_shop({ after }, { env: { CARRIER: 'easypost' } });
const { data_folder } = shop.up.settings;
const person = { id: fresh('c'), email: `${fresh('ada')}@example.com`, name: 'Ada Archived', phone: '+44 20 7946 0999' };
const address = { name: person.name, line1: '7 Archive Row', city: 'London', postal_code: 'SW1Y 4JH', country: 'GB' };
const story_of = (id: string) =>
  shop.get<{ data: { service: string; type: string }[]; archived?: { events: number; services: string[]; since: string } }>(
    `/v1/orders/${id}/timeline`,
  );
const path = `/v1/customers/${person.id}`;
interface Export {
  readonly payments: readonly { readonly receipt_email: string | null }[];
  readonly events: readonly { readonly type: string; readonly order_id: string; readonly personal: unknown }[];
}
let id = '';
let before: Export;

async function buy(): Promise<string> {
  const placed = await shop.post<PlacedOrder>(
    '/v1/orders',
    basket([{ sku: 'LAMP', quantity: 2 }], { customer: person, shipping_address: address, billing_address: address, payment: by_stripe() }),
  );
  await ended(shop, placed.id, 'completed');
  return placed.id;
}

async function drop(): Promise<string> {
  const { url_of, analytics } = shop.up;
  const day = `${shop.clock.now().slice(0, 10)}T00:00:00.000Z`;
  await archive_logs({ data_folder, before: day, url_of, say: () => undefined });
  const pools = audit_pools(url_of);
  const said: string[] = [];
  const analytics_positions = async () => new Map((await analytics?.lags())?.map(({ source, position }) => [source, position]));
  await drop_archived({
    data_folder,
    before: day,
    clock: shop.clock,
    pool_of: pools.pool_of,
    analytics_positions,
    say: line => said.push(line),
  });
  await pools.end();
  return said.join('\n');
}

test('an order that ended long ago leaves the logs of a running shop, its timeline says so, and it is what it was', async () => {
  id = await buy();
  // Later than all of it: the newest event of a log always stays.
  await buy();
  await rest(shop);
  const [order, story] = [await shop.order(id), await story_of(id)];
  before = await shop.get<Export>(`${path}/export`);
  shop.clock.move(40 * 86_400_000);
  await rest(shop);
  assert.match(await drop(), /orders: 1 taken out of the logs/);
  const left = await story_of(id);
  assert.deepEqual(await shop.order(id), order);
  assert.equal((left.archived?.events ?? 0) + left.data.length, story.data.length);
  assert.deepEqual([...new Set(left.data.map(entry => entry.service))], ['inventory']);
  assert.deepEqual(left.archived?.services.toSorted(), ['orders', 'payments', 'shipping']);
  await sound(shop);
});

test('its person’s export still has everything, and is refused when the archive is not there', async () => {
  const by_id = (document: Export) => document.events.toSorted((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  const now = await shop.get<Export>(`${path}/export`);
  assert.deepEqual(by_id(now), by_id(before));
  assert.deepEqual(now.payments, before.payments);
  const folder = archive_folder(data_folder, 'shipping');
  await rename(folder, join(data_folder, 'away'));
  // Asked once: 503 is asked again by the shop's own client.
  const refused = await fetch(`${shop.url}${path}/export`, { headers: { authorization: `Bearer ${secret_key}` } });
  assert.deepEqual([refused.status, Object(await refused.json()).code], [503, 'archive_unavailable']);
  await rename(join(data_folder, 'away'), folder);
});

test('money may still go back: what is told then goes on from where the story was', async () => {
  const returned = await shop.post<{ id: string }>(`/v1/orders/${id}/returns`, {
    lines: [{ line_id: '1', quantity: 1, reason: 'too bright' }],
  });
  await shop.post(`/v1/returns/${returned.id}/receive`, { lines: [{ line_id: '1', quantity: 1, condition: 'sellable' }] });
  await until('it is refunded', async () => Number(Object(await shop.order(id)).refunded_total) > 0);
  await sound(shop);
  const { data, archived } = await story_of(id);
  assert.ok(data.some(({ type }) => type === 'payment.refunded') && archived !== undefined);
});

test('and who is forgotten is forgotten in the archive, too: keys are destroyed, rows found without their events', async () => {
  const sealed = async () => {
    const events = await archived_events({ data_folder, service: 'orders', on: shop.pool }, [id]);
    return events.flatMap(event => (JSON.parse(event.data) as { personal?: { key: string; sealed: string } }).personal ?? []);
  };
  const parts = await sealed();
  assert.ok(parts.length > 0 && parts.every(part => typeof part.sealed === 'string'));
  assert.equal((await shop.ask('DELETE', `${path}/personal-data`)).status, 204);
  await rest(shop);
  assert.deepEqual(await sealed(), parts, 'files are not written again');
  const keys = await shop.pool.query('select wrapped from vault.data_key where subject = any($1)', [parts.map(part => part.key)]);
  assert.ok(keys.rows.length > 0 && keys.rows.every(row => row.wrapped === null));
  for (const table of ['payments.operations', 'shipping.operations', 'shipping.fulfillment', 'orders.order_contact']) {
    const { rows } = await shop.pool.query<{ found: boolean }>(
      `select coalesce(bool_or(t::text like any($1)), false) as found from ${table} t`,
      [[person.email, address.line1, person.name].map(text => `%${text}%`)],
    );
    assert.equal(rows[0]?.found, false, table);
  }
  await sound(shop);
});
