/** Rows on PostgreSQL: written and read again they are the same, and what must not be cannot be stored. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Row } from '../../platform/service.ts';
import { type Harness, service_on_postgres } from '../../platform/testing/harness.ts';
import { all_locations, type Fulfillment, type KnownLocation, type Shipment, waiting_max } from './model.ts';
import { migrations_folder, shipping_service } from './service.ts';
import { fulfillment_rows, location_rows, locations_rows, shipment_rows, waiting_rows } from './store.ts';
import { fulfillment_requested, minute, open_shop, order_id, type Shop, settings_of } from './testing/shop.ts';

const settings = settings_of({ fulfillment: 'manual', sellers: [] });
let harness: Harness;
before(async () => {
  harness = await service_on_postgres({ service: shipping_service(settings), folder: migrations_folder });
});
after(() => harness.stop());

const sql = async <T extends object>(text: string, values: unknown[] = []) => (await harness.runtime.pool.query<T>(text, values)).rows;
async function columns(table: string): Promise<string[]> {
  const rows = await sql<{ name: string }>(
    `select column_name as name from information_schema.columns where table_schema = 'shipping' and table_name = $1`,
    [table],
  );
  return rows.map(row => row.name).sort();
}

/** A shipment that has been through everything: every field of every row holds something. */
function full_shop(): Shop {
  const shop = open_shop({ fulfillment: 'manual' });
  shop.hear(
    fulfillment_requested(
      [
        { line_no: 1, quantity: 100 },
        { line_no: 2, quantity: 2 },
      ],
      { promise_at: minute(9_000) },
    ),
  );
  shop.ask('buy_labels');
  shop.rates();
  shop.answer('buy_label', { outcome: 'unknown', detail: 'reset' });
  shop.labels({ tracking_url: 'https://carrier.example/1' });
  shop.ask('report_short_pick', { lines: [{ line_no: 2, quantity: 1 }], reason: 'not_on_shelf' });
  shop.ask('dispatch_shipment');
  shop.scan('in_transit', minute(1), { eta_at: minute(60) });
  shop.scan('lost', minute(2));
  shop.scan('in_transit', minute(3));
  shop.scan('delivered', minute(4), { parcel: 1 });
  return shop;
}

describe('rows', () => {
  test('hold exactly what the states hold', async () => {
    const shop = full_shop();
    const shipment = shop.shipment();
    const keys = (row: Row, ...more: string[]) => [...Object.keys(row), ...more].sort();
    assert.deepEqual(
      keys(fulfillment_rows.to_row(shop.state<Fulfillment>('fulfillment', order_id), order_id), 'id', 'version'),
      await columns('fulfillment'),
    );
    assert.deepEqual(keys(shipment_rows.to_row(shipment, shipment.shipment_id), 'id', 'version'), await columns('shipment'));
    assert.deepEqual(keys(location_rows.to_row(leeds, 'leeds'), 'id', 'version'), await columns('location'));
    const [parcels, facts] = shipment_rows.children ?? [];
    assert.deepEqual(keys(parcels?.diff(undefined, shipment).added[0] ?? {}), await columns('parcel'));
    assert.deepEqual(keys(facts?.diff(undefined, shipment).added[0] ?? {}), await columns('tracking_fact'));
  });

  test('written and read again are the same, as they were inserted and as they were changed', async () => {
    const shop = full_shop();
    const shipment = shop.shipment();
    const fulfillment = {
      ...shop.state<Fulfillment>('fulfillment', order_id),
      hold_ids: ['hld_1', 'hld_2'],
      answers: [{ cancellation_no: 1, refused: [{ line_no: 1, quantity: 2 }] }],
    };
    await store(undefined, { fulfillment, shipment });
    assert.deepEqual(await load(shipment.shipment_id), { fulfillment, shipment });
    const [first, ...others] = shipment.parcels;
    assert.ok(first !== undefined);
    const changed: Shipment = {
      ...shipment,
      revision_no: 2,
      status: 'closed',
      held: true,
      carrier: 'other',
      service: 's',
      cost: 9_007_199_254_740_991,
      currency: 'EUR',
      reasons: ['r'],
      label_error: 'e',
      choices: 3,
      asked: [{ op_id: 'op_1', provider: 'p', about: 'rates', answer: { rates: [], messages: [{ carrier: 'c', message: 'm' }] } }],
      address_check: { verdict: 'ok', provider: 'p', detail: null, suggestion: null },
      considered: { candidates: [], left_out: [{ provider: 'p', carrier: 'c', message: 'm' }] },
      dispatched_at: minute(77),
      lines: [],
      exceptions: [],
      parcels: [
        {
          ...first,
          lines: [],
          label_status: 'voided',
          provider: 'p',
          label_carrier: 'c',
          label_ref: 'ref',
          label_op_id: 'op_2',
          label_cost: 1,
          tracking_number: 'n',
          tracking_url: 'u',
          carrier_status: 'sent_back',
          eta_at: minute(1),
          delivered_at: minute(2),
          ended: 'sent_back',
          facts: [...first.facts, { carrier: 'x', tracking_number: 'n', carrier_at: minute(5), status: 'returning' }],
        },
        ...others,
        { ...first, parcel_id: 'pcl_added', label_ref: 'ref_added', facts: [] },
      ],
    };
    const fulfilled: Fulfillment = { hold_ids: [], service: 'express', ship_to: null, shipment_ids: ['a', 'b'], answers: [] };
    await store({ fulfillment, shipment }, { fulfillment: fulfilled, shipment: changed });
    assert.deepEqual(await load(shipment.shipment_id), { fulfillment: fulfilled, shipment: changed });
  });

  test('that break an invariant are refused by the database', async () => {
    const shipment = full_shop().shipment();
    const [first] = shipment.parcels;
    assert.ok(first !== undefined);
    const broken: readonly (readonly [string, Partial<Shipment>])[] = [
      ['left_when_dispatched', { dispatched_at: null }],
      ['left_when_dispatched', { status: 'planned' }],
      ['labels_have_a_seller', { carrier: null }],
      ['cost_has_a_currency', { currency: null }],
      ['shipment_cost_check', { cost: -1 }],
      [
        'bought_labels_have_numbers',
        { parcels: [{ ...first, parcel_id: 'pcl_x', label_ref: 'x', tracking_number: null, label_status: 'purchased' }] },
      ],
      ['delivered_when', { parcels: [{ ...first, parcel_id: 'pcl_x', label_ref: 'x', ended: 'delivered', delivered_at: null }] }],
      ['parcel_label', { parcels: ['pcl_x', 'pcl_y'].map(parcel_id => ({ ...first, parcel_id, label_ref: 'twice' })) }],
    ];
    for (const [constraint, change] of broken) {
      const state = { ...shipment, shipment_id: 'shp_broken', ...change };
      await assert.rejects(store(undefined, { shipment: state }), { constraint }, constraint);
    }
  });
});

const leeds: KnownLocation = { sequence: 2, name: 'Leeds', address: { line1: '1 Dock Road', city: 'Leeds', country: 'GB' } };
const written = (text: string, states: Readonly<Record<string, KnownLocation>>) =>
  sql(text, [JSON.stringify(Object.entries(states).map(([id, state]) => ({ ...location_rows.to_row(state, id), id, version: 1 })))]);
const read = async (load: string, id: string) => (await sql<{ rows: Row[] }>(load, [[id]]))[0]?.rows[0];

describe('locations', () => {
  test('written, changed and read again are the same, one by one and all together', async () => {
    const moved = { sequence: 3, name: 'Leeds 2', address: { city: 'Leeds' } };
    await written(location_rows.insert, { leeds, lille: { sequence: 1, name: 'Lille', address: {} } });
    await written(location_rows.update, { leeds: moved });
    assert.deepEqual(location_rows.from_row((await read(location_rows.load, 'leeds')) ?? assert.fail()), moved);
    assert.deepEqual(locations_rows.from_row((await read(locations_rows.load, all_locations)) ?? assert.fail()), [
      { location_id: 'leeds', ...moved },
      { location_id: 'lille', sequence: 1, name: 'Lille', address: {} },
    ]);
    assert.equal(await read(location_rows.load, 'nowhere'), undefined);
  });

  test('name the shipments that wait for their address, the oldest first, as many as one decision takes', async () => {
    const shop = open_shop({}, ['leeds']);
    shop.hear(fulfillment_requested([{ line_no: 1, quantity: 1 }]));
    const waiting = { ...shop.shipment(), parcels: [] };
    const id = (place: number) => `shp_waiting_${String(place).padStart(4, '0')}`;
    const at = async (location: string) =>
      waiting_rows.from_row((await read(waiting_rows.load, location)) ?? assert.fail()).map(({ shipment_id }) => shipment_id);
    const row = (place: number, change: Partial<Shipment> = {}) =>
      store(undefined, { shipment: { ...waiting, shipment_id: id(place), ...change } });
    await row(3);
    await row(1);
    await row(2, { exceptions: [] });
    await row(4, { location_id: 'lille' });
    await row(5, { status: 'cancelled' });
    assert.deepEqual([await at('leeds'), await at('lille'), await at('nowhere')], [[id(1), id(3)], [id(4)], []]);
    for (let place = 10; place < 10 + waiting_max; place++) await row(place);
    assert.equal((await at('leeds')).length, waiting_max);
  });

  test('are kept as they were told last: an older event changes nothing', async () => {
    const told = { type: 'hear_location', location_id: 'york', ...leeds } as const;
    const submit = (command: object, cause: string) => harness.runtime.front.submit({ command: command as never, cause, actor: 'system' });
    await submit(told, 'evt_york_2');
    await submit({ ...told, sequence: 1, name: 'Older' }, 'evt_york_1');
    assert.deepEqual(await sql(`select * from shipping.location where id = 'york'`), [{ id: 'york', version: 1, ...leeds }]);
  });
});

interface States {
  readonly fulfillment?: Fulfillment;
  readonly shipment: Shipment;
}
/** As the write path does it, in one transaction. */
async function store(before: States | undefined, { fulfillment, shipment }: States): Promise<void> {
  const client = await harness.runtime.pool.connect();
  const kind = before === undefined ? 'insert' : 'update';
  try {
    await client.query('begin');
    if (fulfillment !== undefined)
      await client.query(fulfillment_rows[kind], [
        JSON.stringify([{ ...fulfillment_rows.to_row(fulfillment, order_id), id: order_id, version: 3 }]),
      ]);
    await client.query(shipment_rows[kind], [
      JSON.stringify([{ ...shipment_rows.to_row(shipment, ''), id: shipment.shipment_id, version: 7 }]),
    ]);
    for (const children of shipment_rows.children ?? []) {
      const { added, changed } = children.diff(before?.shipment, shipment);
      if (added.length > 0) await client.query(children.insert, [JSON.stringify(added)]);
      if (changed.length > 0) await client.query(children.update, [JSON.stringify(changed)]);
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}
async function load(shipment_id: string): Promise<{ fulfillment: Fulfillment; shipment: Shipment | undefined }> {
  const [fulfillment] = (await sql<{ rows: Row[] }>(fulfillment_rows.load, [[order_id]]))[0]?.rows ?? [];
  const [shipment] = (await sql<{ rows: Row[] }>(shipment_rows.load, [[shipment_id]]))[0]?.rows ?? [];
  assert.ok(fulfillment !== undefined && shipment !== undefined);
  return { fulfillment: fulfillment_rows.from_row(fulfillment), shipment: shipment_rows.from_row(shipment) };
}
