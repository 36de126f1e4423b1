/** What was learned of a person's address goes when he is forgotten: on PostgreSQL, with a label that EasyPost's stand-in sold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import type { AnyEvent } from '../../contracts/index.ts';
import { partition_of } from '../../platform/partition.ts';
import type { Logged } from '../../platform/service.ts';
import { service_on_postgres, test_request } from '../../platform/testing/harness.ts';
import { start_easypost } from '../../sandbox/easypost/easypost.ts';
import { until } from '../../sandbox/easypost/listener.ts';
import { easypost_carrier } from './carriers/easypost.ts';
import { manual_carrier } from './carriers/manual.ts';
import { migrations_folder, shipping_adapters, shipping_service } from './service.ts';
import { fulfillment_requested, location_changed, settings_of } from './testing/shop.ts';

const street = '179 N Harbor Dr';
const us = { name: 'Ada', line1: street, city: 'Redondo Beach', region: 'CA', postal_code: '90277', country: 'US' };

test('a suggestion for an address, and what the carrier answered about it, are cleared with the person; the verdict stays', async t => {
  const sim = await start_easypost({ deliver_after_ms: 60_000 });
  const easypost = easypost_carrier({ api_key: 'EZTK_test', base_url: `${sim.url}/v2/` });
  const settings = settings_of({ carriers: { manual: manual_carrier({ currency: 'USD' }), easypost }, label_currency: 'USD' });
  const service = shipping_service(settings);
  const harness = await service_on_postgres({
    service,
    folder: migrations_folder,
    adapters: shipping_adapters(settings),
    heard: { orders: Object.keys(service.reactions).filter(type => type !== 'location.changed'), inventory: ['location.changed'] },
    opens: ['fulfillment.requested'],
  });
  const client = new pg.Client({ connectionString: harness.url });
  await client.connect();
  t.after(async () => {
    await client.end();
    await harness.stop();
    await sim.stop();
  });
  const say = ({ key, type, id, subject, time, cause, data, source }: Logged<AnyEvent>, sequence: number | null) =>
    client.query(
      `insert into ${source}.events (position, partition, key, type, id, subject, sequence, time, cause, data)
       select coalesce(max(position), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9 from ${source}.events`,
      [partition_of(key), key, type, id, subject, sequence, time, cause, JSON.stringify(data)],
    );
  const check_of = async (key: string) =>
    (
      await client.query<{ address_check: { verdict: string; suggestion: object | null; detail: string | null } | null }>(
        'select address_check from shipping.shipment where order_id = $1',
        [key],
      )
    ).rows[0]?.address_check;
  /** Of the shipments, and of the operations that asked. */
  const traces = async (key: string) =>
    (
      await client.query(
        `select s.address_check::text as held from shipping.shipment s where s.order_id = $1 and s.address_check::text ilike $2
         union all
         select concat(o.request, o.learned, o.last_outcome) from shipping.operations o
          where o.key = $1 and concat(o.request, o.learned, o.last_outcome) ilike $2`,
        [key, `%${street}%`],
      )
    ).rows.length;
  await say(location_changed('leeds', { ...us, line1: '1 Pier Ave' }, 1), 1);
  await until(async () => (await client.query('select 1 from shipping.location')).rowCount === 1);
  for (const order_id of ['ord_forgotten', 'ord_kept'])
    await say(fulfillment_requested([{ line_no: 1, quantity: 1 }], { order_id, personal: { ship_to: us } }), null);
  const labels = async () => (await client.query("select 1 from shipping.parcel where label_status = 'purchased'")).rowCount;
  await until(async () => (await labels()) === 2);
  // The stand-in finds nothing to correct; others write it so.
  const suggested = JSON.stringify({ verdict: 'corrected', detail: `${street} NORTH`, suggestion: { ...us, line1: street.toUpperCase() } });
  await client.query('update shipping.shipment set address_check = (address_check::jsonb || $1::jsonb)::json', [suggested]);
  await client.query(
    `update shipping.operations set last_outcome = json_build_object('outcome', 'ok', 'value', $1::json)::text::json where kind = 'verify_address'`,
    [suggested],
  );
  const before = await check_of('ord_forgotten');
  assert.equal(before?.verdict, 'corrected');
  assert.ok((await traces('ord_forgotten')) > 1);
  const kept = [await check_of('ord_kept'), await traces('ord_kept')];

  await harness.runtime.desk.submit({ type: 'erase_personal_data', order_ids: ['ord_forgotten'] } as never, { request: test_request({}) });
  assert.deepEqual(await check_of('ord_forgotten'), { ...before, suggestion: null, detail: null });
  assert.equal(await traces('ord_forgotten'), 0);
  assert.deepEqual([await check_of('ord_kept'), await traces('ord_kept')], kept);
});
