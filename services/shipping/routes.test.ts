/** The routes of shipping on PostgreSQL, with the carrier manual and people who fulfill (api.md 4). */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Problem, type Reply, type Route, type RouteRequest } from '../../platform/route.ts';
import { validator } from '../../platform/strict_json.ts';
import { type Harness, service_on_postgres, test_request } from '../../platform/testing/harness.ts';
import { reactions } from './reactions.ts';
import { shipping_routes } from './routes.ts';
import { migrations_folder, shipping_service } from './service.ts';
import { fulfillment_requested, settings_of } from './testing/shop.ts';

const settings = settings_of({ fulfillment: 'manual', sellers: [] });
const lines = [
  { line_no: 1, quantity: 6 },
  { line_no: 2, quantity: 3 },
];
let harness: Harness;
let routes: readonly Route[];
before(async () => {
  harness = await service_on_postgres({ service: shipping_service(settings), folder: migrations_folder });
  routes = shipping_routes(harness.runtime.desk as never, { settings, webhook_secrets: {} });
});
after(() => harness.stop());

interface Shown {
  readonly id: string;
  readonly status: string;
  readonly version: number;
  readonly order_id: string;
  readonly lines: readonly {
    readonly line_id: string;
    readonly quantity: number;
    readonly quantity_shorted: number;
    readonly quantity_cancelled: number;
  }[];
  readonly parcels: readonly {
    readonly id: string;
    readonly tracking_number: string;
    readonly weight_grams: number;
    readonly status: string;
  }[];
}

/** As the door does it: the body and the reply are those of the schemas. */
async function call<T = Shown>(name: string, id?: string, more: Partial<RouteRequest> = {}): Promise<{ status: number; body: T }> {
  const route = routes.find(each => `${each.method} ${each.path}` === name);
  assert.ok(route, name);
  if (route.body !== undefined) validator(route.body).check(more.body);
  const reply = (await route.handle(test_request(more.body ?? {}, { ...(id === undefined ? {} : { params: { id } }), ...more }))) as Reply;
  const schema = route.replies[reply.status];
  if (schema !== undefined) validator(schema).check(reply.body);
  return reply as unknown as { status: number; body: T };
}
/** A planned shipment. */
async function planned(order_id: string, wanted = lines): Promise<Shown> {
  const event = fulfillment_requested(wanted, { order_id });
  const command = reactions['fulfillment.requested'](event);
  assert.ok(command !== undefined);
  await harness.runtime.desk.submit(command, { request: test_request({}) });
  const { body } = await call<{ data: Shown[] }>('GET /v1/shipments', undefined, { query: { order: order_id } });
  return body.data[0] ?? assert.fail();
}
const code_of = async (reply: Promise<{ body: unknown }>) => ((await reply).body as { code: string }).code;
async function document(id: string, format: string): Promise<string> {
  const route = routes.find(each => each.path === '/v1/parcels/:id/label') ?? assert.fail();
  const reply = await route.handle(test_request({}, { params: { id }, query: { format } }));
  assert.ok('stream' in reply);
  const chunks: Uint8Array[] = [];
  for await (const chunk of reply.stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('latin1');
}

describe('a shipment', () => {
  test('is read, packed, picked short, dispatched, and received back', async () => {
    const { id, version } = await planned('ord_life');
    const packed = await call('POST /v1/shipments/:id/pack', id, {
      if_match: version,
      body: {
        parcels: [
          { weight_grams: 900, dimensions_mm: [300, 200, 100], lines: [{ line_id: '1', quantity: 6 }] },
          { weight_grams: 700, lines: [{ line_id: '2', quantity: 3 }] },
        ],
      },
    });
    assert.deepEqual([packed.status, packed.body.parcels.map(parcel => parcel.weight_grams)], [200, [900, 700]]);
    const shorted = await call('POST /v1/shipments/:id/short-pick', id, {
      body: { lines: [{ line_id: '1', quantity: 1 }], reason: 'not_on_shelf' },
    });
    assert.deepEqual(
      shorted.body.lines.map(line => [line.line_id, line.quantity, line.quantity_shorted]),
      [
        ['1', 5, 1],
        ['2', 3, 0],
      ],
    );
    assert.equal((await call('POST /v1/shipments/:id/dispatch', id)).body.status, 'dispatched');
    const [parcel] = packed.body.parcels;
    assert.ok(parcel !== undefined);
    const received = await call('POST /v1/parcels/:id/receive', parcel.id, {
      body: { lines: [{ line_id: '1', quantity: 5, condition: 'sellable' }] },
    });
    assert.deepEqual([received.body.parcels[0]?.status, received.body.status], ['sent_back', 'dispatched']);
    assert.deepEqual((await call('GET /v1/shipments/:id', id)).body, received.body);
  });
  test('given up hands its units to another one', async () => {
    const { id, order_id } = await planned('ord_given_up');
    const { body } = await call('POST /v1/shipments/:id/cancel', id, { body: {} });
    assert.deepEqual([body.status, body.lines.map(line => line.quantity_cancelled)], ['cancelled', [6, 3]]);
    const list = await call<{ data: Shown[] }>('GET /v1/shipments', undefined, { query: { order: order_id, status: 'labeled' } });
    assert.deepEqual(
      list.body.data[0]?.lines.map(line => line.quantity),
      [6, 3],
    );
  });
  test('says no with a code, and changes nothing', async () => {
    const { id, parcels, version } = await planned('ord_no');
    assert.equal(await code_of(call('POST /v1/shipments/:id/label', id)), 'invalid_transition');
    assert.equal(await code_of(call('POST /v1/shipments/:id/dispatch', id, { if_match: version + 1 })), 'version_conflict');
    const wrong = { parcels: [{ weight_grams: 1, lines: [{ line_id: '1', quantity: 1 }] }] };
    assert.equal(await code_of(call('POST /v1/shipments/:id/pack', id, { body: wrong })), 'units_mismatch');
    const receive = { lines: [{ line_id: '1', quantity: 1, condition: 'damaged' }] };
    assert.equal(await code_of(call('POST /v1/parcels/:id/receive', parcels[0]?.id, { body: receive })), 'invalid_transition');
    assert.equal((await call('GET /v1/shipments/:id', id)).body.version, version);
    await call('POST /v1/shipments/:id/dispatch', id);
    for (const deed of ['dispatch', 'label']) assert.equal(await code_of(call(`POST /v1/shipments/:id/${deed}`, id)), 'already_dispatched');
    assert.equal(await code_of(call('POST /v1/shipments/:id/cancel', id, { body: { reason: 'x' } })), 'already_dispatched');
  });
  test('that is not there is not found', async () => {
    const missing = (error: unknown) => error instanceof Problem && error.status === 404;
    for (const route of routes.filter(each => each.path.includes(':id')))
      await assert.rejects(route.handle(test_request({ lines: [], parcels: [] }, { params: { id: 'none' } })), missing, route.path);
  });
});

test('the list is the newest first, by pages that stay while shipments are added', async () => {
  for (const order of ['ord_p1', 'ord_p2', 'ord_p3'])
    await planned(order, [{ line_no: 1, quantity: 1, ...(order === 'ord_p2' ? { location_id: 'london' } : {}) }] as never);
  const page = async (query: Record<string, string>) =>
    (await call<{ data: Shown[]; next_cursor: string | null }>('GET /v1/shipments', undefined, { query })).body;
  const first = await page({ limit: '2' });
  assert.equal(first.data.length, 2);
  await planned('ord_p4');
  const all: string[] = [];
  for (let cursor: string | null = first.next_cursor; cursor !== null; ) {
    const next = await page({ limit: '2', cursor });
    all.push(...next.data.map(shipment => shipment.id));
    cursor = next.next_cursor;
  }
  const ids = [...first.data.map(shipment => shipment.id), ...all];
  assert.deepEqual(ids, [...new Set(ids)].sort().reverse());
  assert.deepEqual(
    (await page({ location: 'london' })).data.map(shipment => shipment.order_id),
    ['ord_p2'],
  );
});

test('the label of the carrier manual is drawn here', async () => {
  const { parcels, id } = await planned('ord_label');
  const [parcel] = parcels;
  assert.ok(parcel !== undefined);
  assert.ok((await document(parcel.id, 'pdf')).startsWith('%PDF-'));
  assert.ok((await document(parcel.id, 'zpl')).includes(parcel.tracking_number));
  await call('POST /v1/shipments/:id/cancel', id, { body: {} });
  await assert.rejects(document(parcel.id, 'pdf'), (error: unknown) => error instanceof Problem && error.code === 'not_labeled');
});
