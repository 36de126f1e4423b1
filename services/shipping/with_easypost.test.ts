/** Shipping on PostgreSQL with EasyPost's stand-in, whose ledger says what really was bought: from orders' event to the door. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import type { AnyEvent, LocationAddress } from '../../contracts/index.ts';
import { partition_of } from '../../platform/partition.ts';
import { Problem, type Reply, type RouteRequest, type StreamReply } from '../../platform/route.ts';
import type { Adapter, Event, Logged, Operation, Outcome } from '../../platform/service.ts';
import { service_on_postgres, test_request } from '../../platform/testing/harness.ts';
import type { ServiceVault } from '../../platform/vault/vault.ts';
import { start_easypost } from '../../sandbox/easypost/easypost.ts';
import { type Letter, listener, until } from '../../sandbox/easypost/listener.ts';
import type { StandIn } from '../../sandbox/stand_in.ts';
import { easypost_carrier } from './carriers/easypost.ts';
import { manual_carrier } from './carriers/manual.ts';
import type { ShippingCommand } from './commands.ts';
import { shipping_routes } from './routes.ts';
import { migrations_folder, shipping_adapters, shipping_service } from './service.ts';
import { cancellation_requested, fulfillment_requested, location_changed, settings_of } from './testing/shop.ts';

const secret = 'webhook-secret';
const lines = [{ line_no: 1, quantity: 6 }];
const us = { name: 'Ada', line1: '179 N Harbor Dr', city: 'Redondo Beach', region: 'CA', postal_code: '90277', country: 'US' };

interface Place {
  readonly sim: StandIn;
  readonly adapters: Readonly<Record<string, Adapter>>;
  readonly orders: pg.Client;
  readonly letters: Letter[];
  readonly vault: ServiceVault;
  /** What became of each label operation in the process that claimed it first. */
  readonly performed: Map<string, Outcome>;
  call(route: string, more?: Partial<RouteRequest>): Promise<Reply | StreamReply>;
  submit(command: ShippingCommand): Promise<unknown>;
}
let auto: Place;
let by_hand: Place;
const stops: (() => unknown)[] = [];

before(async () => {
  auto = await open('auto', 40);
  // Labels that are under way cannot be voided: here they stay where they are.
  by_hand = await open('manual', 60_000);
});
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

function observed(adapter: Adapter, performed: Map<string, Outcome>): Adapter {
  return {
    ...adapter,
    async perform(operation, signal, remember) {
      const outcome = await adapter.perform(operation, signal, remember);
      performed.set(operation.op_id, outcome);
      return outcome;
    },
  };
}

async function open(fulfillment: 'auto' | 'manual', deliver_after_ms: number): Promise<Place> {
  // The listener asks of a test only when to close.
  const { url, letters } = await listener({ after: (stop: () => void) => stops.push(stop) } as never);
  const sim = await start_easypost({ deliver_after_ms, refund_after_ms: 20, webhook: { url, secret } });
  stops.push(() => sim.stop());
  const easypost = easypost_carrier({ api_key: 'EZTK_test', base_url: `${sim.url}/v2/` });
  const settings = settings_of({
    fulfillment,
    carriers: { manual: manual_carrier({ currency: 'USD' }), easypost },
    label_currency: 'USD',
  });
  const service = shipping_service(settings);
  const performed = new Map<string, Outcome>();
  const adapters = shipping_adapters({
    ...settings,
    carriers: { ...settings.carriers, easypost: { ...easypost, adapter: observed(easypost.adapter, performed) } },
  });
  const harness = await service_on_postgres({
    service,
    folder: migrations_folder,
    adapters,
    heard: { orders: Object.keys(service.reactions).filter(type => type !== 'location.changed'), inventory: ['location.changed'] },
    opens: ['fulfillment.requested', 'parcel.delivered'],
  });
  const orders = new pg.Client({ connectionString: harness.url });
  await orders.connect();
  stops.push(
    () => harness.stop(),
    () => orders.end(),
  );
  await tell_location(orders, 'leeds', us, 1);
  await until(async () => (await orders.query('select 1 from shipping.location')).rowCount === 1);
  const routes = shipping_routes(harness.runtime.desk as never, { settings, webhook_secrets: { easypost: secret } });
  return {
    sim,
    adapters,
    orders,
    letters,
    vault: harness.vault,
    performed,
    submit: command => harness.runtime.desk.submit(command as never, { request: test_request({}) }),
    async call(name, more = {}) {
      const route = routes.find(each => `${each.method} ${each.path}` === name);
      assert.ok(route, name);
      return route.handle(test_request(more.body ?? {}, more));
    },
  };
}

/** Into orders' log, as orders would. */
const say = ({ orders }: Place, event: Logged<AnyEvent>) => append(orders, event, null);
/** Into inventory's log, as inventory would. */
const tell_location = (client: pg.Client, location_id: string, address: LocationAddress, sequence: number) =>
  append(client, location_changed(location_id, address, sequence), sequence);
async function append(client: pg.Client, event: Logged<AnyEvent>, sequence: number | null): Promise<void> {
  const { key, type, id, subject, time, cause, data, source } = event;
  await client.query(
    `insert into ${source}.events (position, partition, key, type, id, subject, sequence, time, cause, data)
     select coalesce(max(position), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9 from ${source}.events`,
    [partition_of(key), key, type, id, subject, sequence, time, cause, JSON.stringify(data)],
  );
}
async function events(place: Place, key: string): Promise<Event[]> {
  const { rows } = await place.orders.query<Logged<Event>>(
    `select *, 'shipping' as source from shipping.events where key = $1 order by position`,
    [key],
  );
  return rows.map(await place.vault.opener(new Map([['shipping', place.orders]]), rows));
}
const types = async (place: Place, key: string) => (await events(place, key)).map(event => event.type);
const said = (place: Place, key: string, type: string) => until(async () => (await types(place, key)).includes(type));
const shipment_of = async (place: Place, key: string) =>
  (
    await place.orders.query<{ id: string; status: string; parcel: string }>(
      'select s.id, s.status, p.id as parcel from shipping.shipment s join shipping.parcel p on p.shipment_id = s.id where order_id = $1',
      [key],
    )
  ).rows[0] ?? assert.fail();
const ledger = ({ sim }: Place, kind: string, reference: string) =>
  sim.ledger().filter(entry => entry.kind === kind && entry.reference === reference).length;
async function fault(rule: object): Promise<void> {
  assert.equal((await fetch(`${auto.sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify(rule) })).status, 201);
}
const buy = { method: 'POST', path: '/v2/shipments/*/buy' };

/** Hands the webhooks that came to the route, as the door would, until an event was said. */
async function deliver_until(place: Place, key: string, type: string): Promise<void> {
  await until(async () => {
    for (const { body, headers } of place.letters.splice(0))
      assert.deepEqual(await place.call('POST /inbound/easypost', { body, headers }), { status: 200, body: { received: true } });
    return (await types(place, key)).includes(type);
  });
}

describe('with EasyPost', () => {
  test('from orders’ event to the door: seven events, one paid label, every webhook taken', async () => {
    await say(auto, fulfillment_requested(lines, { order_id: 'ord_door' }));
    await deliver_until(auto, 'ord_door', 'parcel.delivered');
    const told = await types(auto, 'ord_door');
    assert.deepEqual(told.slice(0, 4), ['shipment.planned', 'shipment.carrier_chosen', 'parcel.label_purchased', 'shipment.dispatched']);
    assert.equal(told.at(-1), 'parcel.delivered');
    assert.deepEqual(
      told.slice(4, -1).filter(type => type !== 'parcel.tracked'),
      [],
    );
    const { status, parcel } = await shipment_of(auto, 'ord_door');
    assert.deepEqual([status, ledger(auto, 'label_purchased', parcel)], ['delivered', 1]);
    const delivered = (await events(auto, 'ord_door')).at(-1)?.data as { personal: unknown } | undefined;
    assert.deepEqual(delivered?.personal, { signed_by: 'John Tester' });
  });

  test('the line is cut after the purchase: found and adopted, one paid label', async () => {
    await fault({ match: buy, fault: 'reset_after' });
    await say(auto, fulfillment_requested(lines, { order_id: 'ord_cut' }));
    await said(auto, 'ord_cut', 'parcel.label_outcome_unknown');
    // The runner asks after 5 s; no test waits for it.
    await auto.orders.query(`update shipping.operations set next_at = now() where state = 'unknown'`);
    await deliver_until(auto, 'ord_cut', 'parcel.delivered');
    const purchased = (await events(auto, 'ord_cut')).find(event => event.type === 'parcel.label_purchased')?.data as {
      parcels: { parcel_id: string; adopted: boolean }[];
    };
    assert.deepEqual(
      purchased.parcels.map(parcel => parcel.adopted),
      [true],
    );
    assert.equal(ledger(auto, 'label_purchased', purchased.parcels[0]?.parcel_id ?? ''), 1);
  });

  test('webhooks that never came are made up for by the poll', async () => {
    await fault({ match: buy, fault: 'webhook_drop', times: 100 });
    await say(auto, fulfillment_requested(lines, { order_id: 'ord_poll' }));
    await said(auto, 'ord_poll', 'shipment.dispatched');
    await fetch(`${auto.sim.url}/__sim/faults`, { method: 'DELETE' });
    const { id } = await shipment_of(auto, 'ord_poll');
    await until(async () => {
      auto.letters.length = 0;
      await auto.orders.query(`update shipping.timers set due_at = now() where id = $1`, [id]);
      return (await types(auto, 'ord_poll')).includes('parcel.delivered');
    });
  });

  test('a label operation that is taken over from a process that hangs is bought once: who wakes up too late buys nothing', async () => {
    // It reads that there is no label yet, and hears so only when another has bought it.
    const late = { match: { method: 'GET', path: '/v2/shipments/*' }, fault: 'reply_late', delay_ms: 1_500, times: 1 };
    await fetch(`${by_hand.sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify(late) });
    await say(by_hand, fulfillment_requested(lines, { order_id: 'ord_hangs' }));
    await said(by_hand, 'ord_hangs', 'shipment.planned');
    const { id, parcel } = await shipment_of(by_hand, 'ord_hangs');
    await by_hand.call('POST /v1/shipments/:id/label', { params: { id } });
    const sent = `key = 'ord_hangs' and kind = 'buy_label' and state = 'sent'`;
    const take_over = async () => {
      const text = `update shipping.operations set next_at = now() where ${sent} returning op_id`;
      return (await by_hand.orders.query<{ op_id: string }>(text)).rows[0]?.op_id;
    };
    let op_id: string | undefined;
    await until(async () => {
      op_id = await take_over();
      return op_id !== undefined;
    });
    await said(by_hand, 'ord_hangs', 'parcel.label_purchased');
    await until(() => by_hand.performed.has(op_id ?? ''));
    const outcome = by_hand.performed.get(op_id ?? '');
    assert.deepEqual(outcome, { outcome: 'retryable', detail: 'another process has taken this operation over' });
    assert.equal(ledger(by_hand, 'label_purchased', parcel), 1);
  });

  test('rates that a process died over are asked for again: only a label must not be', async () => {
    const { adapters, orders } = auto;
    const { rows } = await orders.query<Operation>(`select * from shipping.operations where key = 'ord_door' and kind = 'quote_rates'`);
    const [operation] = rows;
    assert.ok(operation !== undefined);
    const outcome = await adapters['easypost']?.query(operation, AbortSignal.timeout(5_000));
    assert.equal(outcome?.outcome, 'ok');
  });

  test('cancelled before it left, the label is given back', async () => {
    await say(by_hand, fulfillment_requested(lines, { order_id: 'ord_back' }));
    await said(by_hand, 'ord_back', 'shipment.planned');
    const { id, parcel } = await shipment_of(by_hand, 'ord_back');
    await by_hand.call('POST /v1/shipments/:id/label', { params: { id } });
    await said(by_hand, 'ord_back', 'parcel.label_purchased');
    await say(by_hand, cancellation_requested(1, lines, 'ord_back'));
    await deliver_until(by_hand, 'ord_back', 'parcel.label_voided');
    assert.deepEqual([ledger(by_hand, 'label_purchased', parcel), ledger(by_hand, 'label_refunded', parcel)], [1, 1]);
    const told = await types(by_hand, 'ord_back');
    assert.ok(told.includes('shipment.cancelled') && told.includes('fulfillment.cancellation_answered'));
    assert.equal((await shipment_of(by_hand, 'ord_back')).status, 'cancelled');
  });
});

describe('what does not go well', () => {
  const to = (city: string) => ({ personal: { ship_to: { ...us, city } } });
  const parcel_of = async (key: string) =>
    (
      await auto.orders.query<{ label_status: string; carrier_status: string; ended: string | null; status: string }>(
        `select p.label_status, p.carrier_status, p.ended, s.status from shipping.shipment s join shipping.parcel p on p.shipment_id = s.id where order_id = $1`,
        [key],
      )
    ).rows[0];

  test('a refund that is rejected after it was taken: asked a day later we learn it, the money is spent and a person is told', async () => {
    await say(by_hand, fulfillment_requested(lines, { order_id: 'ord_kept', ...to('Refund Rejected') }));
    await said(by_hand, 'ord_kept', 'shipment.planned');
    const { id, parcel } = await shipment_of(by_hand, 'ord_kept');
    await by_hand.call('POST /v1/shipments/:id/label', { params: { id } });
    await said(by_hand, 'ord_kept', 'parcel.label_purchased');
    await say(by_hand, cancellation_requested(1, lines, 'ord_kept'));
    const label = async () =>
      (await by_hand.orders.query<{ label_status: string }>('select label_status from shipping.parcel where id = $1', [parcel])).rows[0]
        ?.label_status;
    await until(async () => (await label()) === 'void_requested');
    await until(async () => {
      await by_hand.orders.query(`update shipping.timers set due_at = now() where kind = 'voids' and id = $1`, [id]);
      return (await label()) === 'void_refused';
    });
    const [raised] = (await events(by_hand, 'ord_kept')).filter(({ type }) => type === 'exception.raised');
    assert.equal((raised?.data as { reason: string } | undefined)?.reason, 'label_void_refused');
    assert.deepEqual([ledger(by_hand, 'label_purchased', parcel), ledger(by_hand, 'label_refunded', parcel)], [1, 0]);
    assert.ok(!(await types(by_hand, 'ord_kept')).includes('parcel.label_voided'));
    assert.equal((await shipment_of(by_hand, 'ord_kept')).status, 'cancelled');
  });

  test('a parcel that comes back is returning until somebody has received it, then sent back', async () => {
    await say(auto, fulfillment_requested(lines, { order_id: 'ord_returns', ...to('Return To Sender') }));
    await deliver_until(auto, 'ord_returns', 'shipment.dispatched');
    await until(async () => {
      await deliver_until(auto, 'ord_returns', 'parcel.tracked');
      return (await parcel_of('ord_returns'))?.carrier_status === 'returning';
    });
    assert.deepEqual(await parcel_of('ord_returns'), {
      label_status: 'purchased',
      carrier_status: 'returning',
      ended: null,
      status: 'dispatched',
    });
    const { parcel } = await shipment_of(auto, 'ord_returns');
    const body = { lines: [{ line_id: '1', quantity: 6, condition: 'sellable' }] };
    await auto.call('POST /v1/parcels/:id/receive', { params: { id: parcel }, body });
    const { ended, status } = (await parcel_of('ord_returns')) ?? {};
    assert.deepEqual([ended, status, (await types(auto, 'ord_returns')).at(-1)], ['sent_back', 'closed', 'parcel.sent_back']);
  });

  test('a parcel that the carrier has lost has ended, and its shipment with it', async () => {
    await say(auto, fulfillment_requested(lines, { order_id: 'ord_lost', ...to('Lost In Transit') }));
    await deliver_until(auto, 'ord_lost', 'parcel.lost');
    const { ended, status } = (await parcel_of('ord_lost')) ?? {};
    assert.deepEqual([ended, status], ['lost', 'closed']);
    assert.ok(!(await types(auto, 'ord_lost')).includes('parcel.delivered'));
  });
});

describe('the door for webhooks', () => {
  const refused = (status: number, code: string) => (error: unknown) =>
    error instanceof Problem && error.status === status && error.code === code;
  test('takes signed bytes only, and a duplicate changes nothing', async () => {
    await say(auto, fulfillment_requested(lines, { order_id: 'ord_hook' }));
    await said(auto, 'ord_hook', 'shipment.planned');
    const { id } = await shipment_of(auto, 'ord_hook');
    await said(auto, 'ord_hook', 'shipment.dispatched');
    await until(() => auto.letters.some(letter => letter.body.includes('"delivered"')));
    const letters = auto.letters.splice(0);
    const letter = letters.find(each => each.body.includes('"delivered"')) ?? assert.fail();
    const call = (body: unknown, headers: Letter['headers']) => auto.call('POST /inbound/easypost', { body, headers });
    await assert.rejects(call(Buffer.concat([letter.body, Buffer.from(' ')]), letter.headers), refused(401, 'invalid_signature'));
    await assert.rejects(call(letter.body, {}), refused(401, 'invalid_signature'));
    const stored = () =>
      auto.orders.query('select version, (select count(*) from shipping.tracking_fact) as facts from shipping.shipment where id = $1', [
        id,
      ]);
    assert.deepEqual((await types(auto, 'ord_hook')).slice(3), ['shipment.dispatched']);
    await call(letter.body, letter.headers);
    assert.deepEqual((await types(auto, 'ord_hook')).slice(3), ['shipment.dispatched', 'parcel.delivered']);
    const once = (await stored()).rows;
    await Promise.all([
      call(letter.body, letter.headers),
      call(letter.body, letter.headers),
      ...letters.map(each => call(each.body, each.headers)),
    ]);
    assert.deepEqual((await stored()).rows, once);
  });
  test('takes what is about nobody’s parcel, and keeps nothing of it', async () => {
    const { rows } = await auto.orders.query('select count(*)::int as events from shipping.events');
    await fetch(`${auto.sim.url}/v2/trackers`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('EZTK_test:').toString('base64')}` },
      body: JSON.stringify({ tracker: { tracking_code: 'EZ4000000004', carrier: 'USPS' } }),
    });
    await until(() => auto.letters.length > 0);
    for (const { body, headers } of auto.letters.splice(0))
      assert.equal((await auto.call('POST /inbound/easypost', { body, headers })).status, 200);
    assert.deepEqual((await auto.orders.query('select count(*)::int as events from shipping.events')).rows, rows);
  });
});

test('labels are handed out as the carrier draws them', async () => {
  const { parcel } = await shipment_of(auto, 'ord_door');
  for (const [format, begins] of [
    ['pdf', '%PDF-'],
    ['zpl', '^XA'],
  ] as const) {
    const reply = await auto.call('GET /v1/parcels/:id/label', { params: { id: parcel }, query: { format } });
    assert.ok('stream' in reply);
    const chunks: Uint8Array[] = [];
    for await (const chunk of reply.stream) chunks.push(Buffer.from(chunk));
    assert.ok(Buffer.concat(chunks).toString('latin1').startsWith(begins), format);
  }
});

describe('two locations in two countries', () => {
  const lille = { name: 'Chez Ada', line1: '1 rue du Port', city: 'Lille', postal_code: '59000', country: 'FR' };
  const moved = { ...us, line1: '1 Pier Ave', city: 'Hermosa Beach', postal_code: '90254' };
  const labels = async (key: string) =>
    (
      await auto.orders.query<{ location_id: string; label_ref: string }>(
        `select s.location_id, p.label_ref from shipping.shipment s join shipping.parcel p on p.shipment_id = s.id
          where s.order_id = $1 and p.label_status = 'purchased' order by s.location_id`,
        [key],
      )
    ).rows;
  /** What stands on the label, as the carrier keeps it. */
  async function sender({ label_ref }: { readonly label_ref: string }): Promise<object> {
    const headers = { authorization: `Basic ${Buffer.from('EZTK_test:').toString('base64')}` };
    const reply = await fetch(`${auto.sim.url}/v2/shipments/${label_ref}`, { headers });
    const { from_address } = (await reply.json()) as { from_address: Record<string, unknown> };
    const { name, street1, city, zip, country } = from_address;
    return { name, line1: street1, city, postal_code: zip, country };
  }
  const stated = ({ name, line1, city, postal_code, country }: typeof lille) => ({ name, line1, city, postal_code, country });

  test('each label is bought from its own; without an address there is an exception and no label until one comes', async () => {
    const wanted = [...lines, { line_no: 2, quantity: 1, location_id: 'lille' }];
    await say(auto, fulfillment_requested(wanted, { order_id: 'ord_two' }));
    await said(auto, 'ord_two', 'exception.raised');
    await said(auto, 'ord_two', 'shipment.dispatched');
    const bought = await labels('ord_two');
    assert.deepEqual(
      bought.map(label => label.location_id),
      ['leeds'],
    );
    assert.deepEqual(await Promise.all(bought.map(sender)), [stated(us)]);

    await tell_location(auto.orders, 'lille', lille, 1);
    await until(async () => (await labels('ord_two')).length === 2);
    assert.deepEqual(await Promise.all((await labels('ord_two')).map(sender)), [stated(us), stated(lille)]);
    const exceptions = (await events(auto, 'ord_two')).filter(event => event.type.startsWith('exception.'));
    assert.deepEqual(
      exceptions.map(({ type, data }) => `${type} ${(data as { reason: string }).reason}`),
      ['exception.raised location_address_missing', 'exception.resolved location_address_missing'],
    );
  });

  test('an address that changes is that of later labels', async () => {
    const before = (await labels('ord_two')).filter(label => label.location_id === 'leeds');
    await tell_location(auto.orders, 'leeds', moved, 2);
    await until(
      async () => (await auto.orders.query(`select 1 from shipping.location where id = 'leeds' and sequence = 2`)).rowCount === 1,
    );
    await say(auto, fulfillment_requested(lines, { order_id: 'ord_moved' }));
    await said(auto, 'ord_moved', 'shipment.dispatched');
    assert.deepEqual(await Promise.all((await labels('ord_moved')).map(sender)), [stated(moved)]);
    assert.deepEqual(await Promise.all(before.map(sender)), [stated(us)]);
  });
});

test('what EasyPost lists as bought is compared with ours: a label bought there by hand is for a person, ours are known', async () => {
  const key = 'ord_listed';
  await say(auto, fulfillment_requested(lines, { order_id: key }));
  await said(auto, key, 'parcel.label_purchased');
  const ask = async (path: string, body: object) => {
    const headers = { authorization: `Basic ${Buffer.from('EZTK_test:').toString('base64')}` };
    const reply = await fetch(`${auto.sim.url}/v2/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await reply.json()) as { id: string; tracking_code: string; rates: { id: string }[] };
  };
  const address = { name: 'x', street1: '1 Main St', city: 'Austin', state: 'TX', zip: '78701', country: 'US' };
  const made = await ask('shipments', { shipment: { to_address: address, from_address: address, parcel: { weight: 10 } } });
  const ghost = await ask(`shipments/${made.id}/buy`, { rate: { id: made.rates[0]?.id } });
  const { rows } = await auto.orders.query<{ now: string }>('select now()::text as now');
  // As if it were two hours later: what is just bought has settled.
  const due_at = new Date(Date.parse(rows[0]?.now ?? '') + 7_200_000).toISOString();
  await auto.submit({ type: 'watch_due', provider: 'easypost', due_at });
  await said(auto, 'easypost', 'exception.raised');
  const [found] = await events(auto, 'easypost');
  const { reason, detail } = (found?.data ?? {}) as { reason?: string; detail?: string };
  assert.deepEqual([reason, detail], ['label_not_ours', `1: ${ghost.tracking_code}`]);
  const watches = await auto.orders.query<{ version: number }>('select version from shipping.watch');
  assert.equal(watches.rows.length, 1);
});
