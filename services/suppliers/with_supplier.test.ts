/** The service against the supplier's stand-in, through the platform's runner of operations; its ledger says what it really took. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, type TestContext, test } from 'node:test';
import type { Row } from '../../platform/service.ts';
import type { StandIn } from '../../sandbox/stand_in.ts';
import { type SupplierOptions, start_supplier } from '../../sandbox/supplier/supplier.ts';
import { suppliers_adapters } from './adapters.ts';
import type { SuppliersSettings } from './model.ts';
import { type Afterwards, inbound_secret, type Office, office, stocked, until } from './testing/desk.ts';

const ordered = 20;
const never_ms = 600_000;
/** Suppliers by their ways; tests that need the same one share it. */
const ways = {
  quick: { options: {}, settings: { auto_receive: true } },
  ships_never: { options: { ship_after_ms: never_ms }, settings: {} },
  says_nothing: { options: { acknowledge_after_ms: never_ms, answer_cancellations_after_ms: 10 }, settings: {} },
  takes_nothing: { options: { on_hold: true }, settings: {} },
  bought_by_itself: { options: { ship_after_ms: never_ms }, settings: { replenishment: 'auto', accept_every_ms: 20 } },
} as const satisfies Record<string, { options: SupplierOptions; settings: Partial<SuppliersSettings> }>;
type Way = keyof typeof ways;

const known = new Map<Way, Promise<Trade>>();
const stops: (() => Promise<void> | void)[] = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});
async function trade(t: TestContext, way: Way): Promise<Trade> {
  const opened = known.get(way) ?? open(way);
  known.set(way, opened);
  const { sim } = await opened;
  t.after(() => fetch(`${sim.url}/__sim/faults`, { method: 'DELETE' }));
  return opened;
}

interface Trade {
  readonly desk: Office;
  readonly sim: StandIn;
  fault(rule: object): Promise<void>;
  /** Drafts and approves; returns the order's address. */
  order(...skus: string[]): Promise<string>;
  /** The order once it looks so. */
  when(address: string, looks_so: (order: Row) => boolean): Promise<Row>;
}

async function open(way: Way): Promise<Trade> {
  const { options, settings } = ways[way];
  const sim = await start_supplier({ acknowledge_after_ms: 5, ship_after_ms: 5, invoice_after_ms: 5, api_key: 'key', ...options });
  stops.push(() => sim.stop());
  const adapters = suppliers_adapters({ rest: { base_url: sim.url, api_key: 'key' }, now_ms: Date.now });
  const afterwards = { after: (stop: () => Promise<void> | void) => void stops.push(stop) };
  const desk = await office(afterwards, settings, adapters);
  await sim_speaks_to(afterwards, sim, desk);
  return {
    desk,
    sim,
    async fault(rule) {
      const answer = await fetch(`${sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify(rule) });
      assert.equal(answer.status, 201);
    },
    async order(...skus) {
      await stocked(desk, 'rest', skus);
      const lines = skus.map(sku => ({ sku, quantity: ordered }));
      const { body } = await desk.call('POST', '/v1/purchase-orders', { supplier: 'acme', location: 'depot', lines });
      await desk.call('POST', `/v1/purchase-orders/${body['id']}/approve`);
      return `/v1/purchase-orders/${body['id']}`;
    },
    when(address, looks_so) {
      return until(address, async () => {
        const order = await desk.get(address);
        return looks_so(order) ? order : undefined;
      });
    },
  };
}

/** The door, as far as the supplier knows it. */
async function sim_speaks_to(t: Afterwards, sim: StandIn, desk: Office): Promise<void> {
  const door = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = request.headers as Record<string, string>;
    const reply = await desk.call('POST', '/inbound/supplier', Buffer.concat(chunks), { headers });
    response.writeHead(reply.status).end();
  });
  await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    door.closeAllConnections();
    door.close();
  });
  const bound = door.address();
  if (typeof bound !== 'object' || bound === null) throw new Error('no port');
  const target = { url: `http://127.0.0.1:${bound.port}/inbound/supplier`, secret: inbound_secret };
  await fetch(`${sim.url}/__sim/webhook`, { method: 'POST', body: JSON.stringify(target) });
}

const line_of = (order: Row, place = 0): Row => (order['lines'] as Row[])[place] ?? {};
const reasons_of = (order: Row) => (order['exceptions'] as Row[]).map(exception => exception['reason']);
const is = (status: string) => (order: Row) => order['status'] === status;
const taken = (sim: StandIn, address: string) =>
  sim.ledger().filter(entry => entry.kind === 'purchase_order_accepted' && entry.reference === address.split('/').at(-1)).length;
/** The runner asks at once what it would ask in some seconds. */
const ask_now = (desk: Office) =>
  desk.harness.runtime.pool.query("update suppliers.operations set next_at = now() where state = 'unknown'");

test('approved, sent, acknowledged, shipped, billed, received by itself: closed', async t => {
  const { desk, sim, order, when } = await trade(t, 'quick');
  const address = await order('TEA');
  const billed = await when(address, each => line_of(each)['quantity_invoiced'] === ordered);
  assert.deepEqual(
    [billed['status'], line_of(billed)['quantity_confirmed'], line_of(billed)['quantity_in_transit'], reasons_of(billed)],
    ['acknowledged', ordered, ordered, []],
  );
  assert.equal((billed['ship_notices'] as Row[]).length, 1);
  await desk.harness.runtime.pool.query("update suppliers.timers set due_at = now() where kind = 'receive'");
  const closed = await when(address, is('closed'));
  assert.equal(line_of(closed)['quantity_received'], ordered);
  assert.equal(taken(sim, address), 1);
});

test('the supplier takes the order and the line is cut: asked, it is sent, and there is one order', async t => {
  const { desk, sim, fault, order, when } = await trade(t, 'says_nothing');
  await fault({ match: { method: 'POST', path: '/purchase-orders' }, fault: 'reset_after' });
  const address = await order('TEA');
  const id = address.split('/').at(-1) ?? '';
  await until('unknown', async () => ((await desk.events(id)).includes('purchase_order.outcome_unknown') ? true : undefined));
  assert.deepEqual([(await desk.get(address))['status'], taken(sim, address)], ['approved', 1]);
  await ask_now(desk);
  await when(address, is('sent'));
  assert.equal(taken(sim, address), 1);
  assert.deepEqual(await desk.events(id), [
    'purchase_order.created',
    'purchase_order.approved',
    'purchase_order.outcome_unknown',
    'purchase_order.sent',
  ]);
});

test('the line is cut, and the acknowledgment comes before we asked: it proves the order', async t => {
  const { desk, sim, fault, order, when } = await trade(t, 'ships_never');
  await fault({ match: { method: 'POST', path: '/purchase-orders' }, fault: 'reset_after' });
  const address = await order('TEA');
  await when(address, is('acknowledged'));
  assert.equal(taken(sim, address), 1);
  const { rows } = await desk.harness.runtime.pool.query<{ state: string }>('select state from suppliers.operations where subject = $1', [
    address.split('/').at(-1),
  ]);
  assert.deepEqual(rows, [{ state: 'succeeded' }]);
});

test('documents that were lost come with the answer to our question', async t => {
  const { desk, fault, order, when } = await trade(t, 'ships_never');
  await fault({ match: { type: 'acknowledgment' }, fault: 'webhook_drop' });
  await fault({ match: { method: 'POST', path: '/purchase-orders' }, fault: 'reset_after' });
  const address = await order('TEA');
  await until('unknown', async () => {
    const { rows } = await desk.harness.runtime.pool.query("select 1 from suppliers.operations where state = 'unknown'");
    return rows[0];
  });
  const told = async () => {
    await ask_now(desk);
    const each = await desk.get(address);
    return each['status'] === 'acknowledged' ? each : undefined;
  };
  assert.equal(line_of(await until('the acknowledgment', told))['quantity_confirmed'], ordered);
  assert.equal((await when(address, is('acknowledged')))['status'], 'acknowledged');
});

test('every magic of the supplier ends in its state', async t => {
  const { order, when, desk, sim } = await trade(t, 'quick');
  const [bo, part, rej, over, dup, mixed] = await Promise.all([
    order('BO-1'),
    order('PART-1'),
    order('REJ-1'),
    order('OVER-1'),
    order('DUP-1'),
    order('A', 'REJ-2'),
  ]);
  const backordered = await when(bo, is('acknowledged'));
  assert.deepEqual(
    [line_of(backordered)['quantity_confirmed'], line_of(backordered)['quantity_outstanding'], line_of(backordered)['quantity_in_transit']],
    [0, ordered, 0],
  );
  const days = (Date.parse(String(line_of(backordered)['promised_at'])) - Date.now()) / 86_400_000;
  assert.ok(days > 13 && days < 15);
  const half = await when(part, each => line_of(each)['quantity_in_transit'] === ordered / 2);
  assert.equal(line_of(half)['quantity_confirmed'], ordered / 2);
  assert.equal(line_of(await when(rej, is('rejected')))['quantity_rejected'], ordered);
  const too_much = await when(over, each => line_of(each)['quantity_invoiced'] !== 0);
  assert.deepEqual([line_of(too_much)['quantity_in_transit'], reasons_of(too_much)], [ordered, ['shipped_too_much', 'invoice_differs']]);
  const doubled = await when(dup, each => line_of(each)['quantity_invoiced'] === ordered);
  assert.deepEqual(
    [line_of(doubled)['quantity_in_transit'], (doubled['ship_notices'] as Row[]).length, reasons_of(doubled)],
    [ordered, 1, []],
  );
  const some = await when(mixed, each => line_of(each)['quantity_in_transit'] === ordered);
  assert.deepEqual(
    [some['status'], line_of(some, 1)['quantity_outstanding'], line_of(some, 1)['quantity_rejected']],
    ['acknowledged', 0, ordered],
  );
  for (const address of [bo, part, rej, over, dup, mixed]) assert.equal(taken(sim, address), 1);
  const { rows } = await desk.harness.runtime.pool.query<{ sku: string }>("select sku from suppliers.proposal where status = 'proposed'");
  assert.deepEqual(rows, []);
});

test('a dearer price waits for a person: accepted it is paid, a substitute is refused and the order cancelled', async t => {
  const { desk, sim, order, when } = await trade(t, 'ships_never');
  const dear = await order('PRICE-1');
  const asked = await when(dear, each => each['acknowledgment_to_decide'] !== null);
  assert.deepEqual([asked['status'], line_of(asked)['cost'], reasons_of(asked)], ['sent', 100, ['acknowledgment_to_decide']]);
  const accepted = (await desk.call('POST', `${dear}/acknowledgment`, { decision: 'accept' })).body;
  assert.deepEqual(
    [accepted['status'], line_of(accepted)['cost'], accepted['total'], reasons_of(accepted)],
    ['acknowledged', 110, 2_200, []],
  );
  const other = await order('SUB-1');
  await when(other, each => each['acknowledgment_to_decide'] !== null);
  assert.equal((await desk.call('POST', `${other}/acknowledgment`, { decision: 'refuse' })).body['status'], 'cancelling');
  await when(other, is('cancelled'));
  const cancelled = sim.ledger().filter(entry => entry.kind === 'purchase_order_cancelled');
  assert.deepEqual(
    cancelled.map(entry => entry.reference),
    [other.split('/').at(-1)],
  );
});

test('a cancellation is agreed before the goods have left and refused after, whichever way the answer comes', async t => {
  const early = await trade(t, 'says_nothing');
  const first = await early.order('TEA');
  await early.when(first, is('sent'));
  assert.equal((await early.desk.call('POST', `${first}/cancel`)).body['status'], 'cancelling');
  await early.when(first, is('cancelled'));
  const late = await trade(t, 'quick');
  const second = await late.order('TEA');
  await late.when(second, each => line_of(each)['quantity_in_transit'] === ordered);
  await late.desk.call('POST', `${second}/cancel`);
  const refused = await late.when(second, is('acknowledged'));
  assert.equal(line_of(refused)['quantity_in_transit'], ordered);
});

test('a supplier that takes no orders: refused, an exception, sent again when approved again', async t => {
  const { desk, order, when, sim } = await trade(t, 'takes_nothing');
  const address = await order('TEA');
  const refused = await when(address, each => reasons_of(each).includes('send_failed'));
  assert.equal(refused['status'], 'approved');
  assert.equal((await desk.call('POST', `${address}/cancel`)).body['status'], 'cancelled');
  assert.equal(taken(sim, address), 0);
});

test('what the supplier refuses is not ordered again by itself until a day later, but of another supplier, and by a person at once', async t => {
  const { desk, sim, order, when } = await trade(t, 'bought_by_itself');
  await stocked(desk, 'rest', ['REJ-9']);
  await desk.levels('REJ-9', { version: 1, on_hand: 0 });
  const review = async () => {
    const text = "select due_at from suppliers.timers where kind = 'review' and id = 'REJ-9@depot'";
    const { rows } = await desk.harness.runtime.pool.query<{ due_at: string }>(text);
    return rows.find(({ due_at }) => Date.parse(due_at) > Date.now() + 23 * 3_600_000);
  };
  const orders = async () => (await desk.get('/v1/purchase-orders?sku=REJ-9'))['data'] as Row[];
  await until('a review on the next day', review);
  assert.deepEqual(
    (await orders()).map(each => each['status']),
    ['rejected'],
  );
  await order('REJ-9');
  await until('the order by hand', async () => ((await orders()).filter(is('rejected')).length === 2 ? true : undefined));
  assert.equal(sim.ledger().filter(entry => entry.kind === 'purchase_order_accepted').length, 2);
  // Its number at the other supplier is no magic; the SKU is ours and goes along, so it must be none either.
  await desk.call('PUT', '/v1/suppliers/other', { name: 'Other', channel: { kind: 'rest' }, currency: 'GBP' });
  const item = { cost: 300, minimum_quantity: 10, pack_size: 5, lead_time_days: 4 };
  await desk.call('PUT', '/v1/suppliers/acme/items/MUG', { ...item, cost: 100, supplier_sku: 'REJ-MUG' });
  await desk.call('PUT', '/v1/suppliers/other/items/MUG', { ...item, supplier_sku: 'O-MUG' });
  await desk.call('PUT', '/v1/reorder-policies/MUG/depot', { reorder_point: 15, target: 60 });
  await desk.levels('MUG', { version: 1, on_hand: 0 });
  const mugs = async () => (await desk.get('/v1/purchase-orders?sku=MUG'))['data'] as Row[];
  const taken_over = async () => ((await mugs()).some(is('acknowledged')) ? mugs() : undefined);
  assert.deepEqual(
    (await until('the other supplier', taken_over)).map(each => [each['supplier'], each['status']]),
    [
      ['other', 'acknowledged'],
      ['acme', 'rejected'],
    ],
  );
  await when(`/v1/purchase-orders/${(await mugs())[0]?.['id']}`, is('acknowledged'));
});

test('the same acknowledgment fifty times at once counts once', async t => {
  const { desk, order, when, fault } = await trade(t, 'ships_never');
  await fault({ match: { type: 'acknowledgment' }, fault: 'webhook_duplicate', times: 50 });
  const address = await order('TEA');
  const { id } = await when(address, is('acknowledged'));
  const fact = {
    kind: 'acknowledgment',
    document_ref: 'D-X',
    po_id: String(id),
    ack_no: 2,
    lines: [{ line_no: 1, confirmed: 20, backordered: 0, rejected: 0 }],
  } as const;
  const command = { type: 'record_supplier_fact', po_id: String(id), stray_id: 'doc_x', fact };
  await Promise.all(
    Array.from({ length: 50 }, (_each, place) => desk.harness.runtime.front.submit({ command, cause: `req_${place}`, actor: 'test' })),
  );
  const acknowledged = (await desk.events(String(id))).filter(type => type === 'purchase_order.acknowledged');
  assert.equal(acknowledged.length, 2);
});

test('once a day both lists are compared: an order there that is none of ours is a person’s', async t => {
  const { desk, sim, order, when } = await trade(t, 'ships_never');
  const address = await order('TEA');
  await when(address, is('acknowledged'));
  const stranger = {
    ...{ document: 'purchase_order', reference: 'po_of_nobody', currency: 'GBP' },
    lines: [{ line_no: 1, supplier_sku: 'A', sku: 'B', quantity: 1, cost: 1 }],
  };
  const headers = { authorization: 'Bearer key', 'idempotency-key': 'theirs' };
  await fetch(`${sim.url}/purchase-orders`, { method: 'POST', headers, body: JSON.stringify(stranger) });
  await desk.harness.runtime.pool.query("update suppliers.timers set due_at = now() where kind = 'watch' and id = 'rest'");
  const found = await until('the stray is kept', async () => {
    const { rows } = await desk.harness.runtime.pool.query<{ po_id: string }>(
      "select po_id from suppliers.stray_document where kind = 'list'",
    );
    return rows.length > 0 ? rows : undefined;
  });
  assert.deepEqual(found, [{ po_id: 'po_of_nobody' }]);
  assert.deepEqual(reasons_of(await desk.get(address)), []);
});
