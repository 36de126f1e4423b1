import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import type { Static } from 'typebox';
import { PaymentState } from '../../contracts/index.ts';
import { real_clock } from '../../platform/clock.ts';
import type { Route, RouteRequest } from '../../platform/route.ts';
import { validator } from '../../platform/strict_json.ts';
import { type Harness, service_on_postgres, test_request } from '../../platform/testing/harness.ts';
import type { PaymentsCommand } from './commands.ts';
import { learn_facts } from './decide/learn.ts';
import type { GatewayFact } from './gateways/port.ts';
import { no_payment, no_webhook, type Payment, type RefundOperation } from './model.ts';
import { type PaymentsDesk, payments_routes } from './routes.ts';
import { migrations_folder, payments_service } from './service.ts';
import { bookkeeping_columns, gateway_object_rows, payment_rows, records, webhook_rows } from './store.ts';
import { capture, fact, held, ok, pay, refund, start, test_gateways, test_time, webhook } from './test_payments.ts';
import { PaymentDetail, type PaymentDetailRow, type PaymentList } from './views.ts';

let harness: Harness;
let reader: pg.Client;
before(async () => {
  const clock = { ...real_clock, now: () => test_time, now_ms: () => Date.parse(test_time) };
  harness = await service_on_postgres({ service: payments_service({ gateways: test_gateways }), folder: migrations_folder, clock });
  reader = new pg.Client({ connectionString: harness.url });
  await reader.connect();
});
after(async () => {
  await reader.end();
  await harness.stop();
});

// The harness runs any service; these tests know which.
const desk = () => harness.runtime.desk as unknown as PaymentsDesk;
const run = (command: PaymentsCommand) => desk().submit(command, { request: test_request({}) });

async function columns_of(table: string): Promise<string[]> {
  const { rows } = await reader.query<{ name: string }>(
    `select column_name as name from information_schema.columns where table_schema = 'payments' and table_name = $1 order by 1`,
    [table],
  );
  return rows.map(row => row.name);
}

async function load(id: string): Promise<Payment> {
  const { rows } = await reader.query(payment_rows.load, [[id]]);
  return payment_rows.from_row(rows[0].rows[0]);
}

test('every column is in its row, so none is silently null', async () => {
  const rows = {
    payment: Object.keys(payment_rows.to_row(no_payment, '')),
    webhook_inbox: Object.keys(webhook_rows.to_row(no_webhook, '')),
  };
  for (const [table, names] of Object.entries(rows)) assert.deepEqual([...names, 'id', 'version'].sort(), await columns_of(table), table);
  for (const column of bookkeeping_columns) assert.ok(column in no_payment, column);
  const told = { refund_id: 'rfd_1', operation_id: 'op_1', decline_code: 'other', retryable: true, provider_event_ref: 'evt_1' } as const;
  const facts = [{ ...held, ...told, object_ref: 're_1', fact: 'refunded' } as const];
  const { records: written } = learn_facts(pay, { ...no_payment, operations: [own_refund] }, facts, '2026-03-01T10:00:00.000Z');
  const names = Object.keys(written[0]?.row ?? {}).sort();
  assert.deepEqual(names, await columns_of('gateway_fact'));
  for (const name of names) assert.match(records.gateway_fact, new RegExp(`\\b${name}\\b`));
});
const own_refund: RefundOperation = {
  kind: 'refund',
  op_id: 'op_1',
  refund_id: 'rfd_1',
  state: 'open',
  amount: 8400,
  tax: 0,
  reason: 'return',
  lines: [],
  requested_at: '2026-03-01T10:00:00.000Z',
  refusal: null,
  progress: null,
  code: null,
};

test('a payment comes back as it went, with its operations and facts', async () => {
  const mine = { payment_id: 'pay_s', order_id: 'ord_s' };
  const of_mine = (told: GatewayFact): GatewayFact => ({ ...told, ...mine, object_ref: 'pi_s', gateway_ref: 'pi_s' });
  await run(start(mine));
  const [authorize] = (await load('pay_s')).operations;
  assert.ok(authorize);
  await run({ type: 'record_gateway_fact', payment_id: 'pay_s', op_id: authorize.op_id, outcome: ok(of_mine(held)) });
  await run(webhook([of_mine(fact('authorized', 1)), of_mine(held)], 'evt_s'));
  const payment = await load('pay_s');
  assert.deepEqual([payment.status, payment.authorized, payment.gateway_ref, payment.multi_capture], ['authorized', 8400, 'pi_s', true]);
  assert.deepEqual(
    new Map(payment.facts.map(({ drift, amount }) => [amount, drift])),
    new Map([
      [8400, null],
      [1, 'authorized'],
    ]),
  );
  assert.deepEqual(
    payment.exceptions.map(exception => exception.reason),
    ['gateway_drift'],
  );
  assert.equal(payment.authorization_expires_at, held.authorization_expires_at);
});

test('the database refuses to take or give back more than there is (P1)', async () => {
  await run(start({ payment_id: 'pay_k', gateway: 'manual', method_kind: 'manual' }));
  const broken = [
    'captured = 8401',
    'capture_pending = 8401',
    'voided = 1, captured = 8400',
    'void_pending = 8401',
    'refunded = 1',
    'refund_pending = 1',
    'authorized = 8401',
    "status = 'paid'",
    'amount = 0',
  ];
  for (const change of broken)
    await assert.rejects(reader.query(`update payments.payment set ${change} where id = 'pay_k'`), { code: '23514' }, change);
});

test('a fact counts once, also when two transactions bring it', async () => {
  await run(start({ payment_id: 'pay_2', order_id: 'ord_2' }));
  const told = { ...held, payment_id: 'pay_2', order_id: 'ord_2', object_ref: 'pi_2', gateway_ref: 'pi_2' };
  await Promise.all(Array.from({ length: 20 }, (_, index) => run(webhook([told], `evt_2_${index % 10}`))));
  const { rows } = await reader.query(`select type from payments.events where key = 'ord_2' order by position`);
  assert.deepEqual(
    rows.map(row => row.type),
    ['payment.started', 'payment.authorized'],
  );
  const { rows: facts } = await reader.query(`select count(*)::int as count from payments.gateway_fact where payment_id = 'pay_2'`);
  assert.equal(facts[0].count, 1);
  const { rows: inbox } = await reader.query(`select count(*)::int as count from payments.webhook_inbox where event_ref like 'evt_2%'`);
  assert.equal(inbox[0].count, 10);
});

test('an object claimed for a second payment stays the first one’s', async () => {
  await run(start({ payment_id: 'pay_3', order_id: 'ord_3' }));
  await run(webhook([{ ...held, payment_id: 'pay_3', order_id: 'ord_3', object_ref: 'pi_2', gateway_ref: 'pi_2' }], 'evt_3'));
  const { rows } = await reader.query(`select payment_id from payments.gateway_fact where object_ref = 'pi_2'`);
  assert.deepEqual(rows, [{ payment_id: 'pay_2' }]);
});

test('a dispute finds its payment by the object alone; one about nothing known waits in the inbox', async () => {
  const {
    payment_id: _,
    order_id: __,
    ...anonymous
  } = fact('disputed', 8400, { object_ref: 'dp_1/needs_response', gateway_ref: 'pi_2', raw: { reason: 'general' } });
  const { rows: owners } = await reader.query(gateway_object_rows.load, [['stripe/pi_2', 'stripe/pi_none']]);
  assert.deepEqual(owners[0].rows, [{ id: 'stripe/pi_2', payment_id: 'pay_2' }]);
  await run(webhook([anonymous], 'evt_dispute'));
  assert.deepEqual(
    (await load('pay_2')).exceptions.map(exception => exception.reason),
    ['disputed'],
  );

  await run(webhook([{ ...anonymous, object_ref: 'dp_2/needs_response', gateway_ref: 'pi_later' }], 'evt_waits'));
  const { rows: timers } = await reader.query(`select id from payments.timers where kind = 'unclaimed_webhook'`);
  assert.deepEqual(timers, [{ id: 'stripe/evt_waits stripe/pi_later' }]);
  await run(start({ payment_id: 'pay_4', order_id: 'ord_4' }));
  await run(webhook([{ ...held, payment_id: 'pay_4', order_id: 'ord_4', object_ref: 'pi_later', gateway_ref: 'pi_later' }], 'evt_4'));
  await run({ type: 'claim_webhook', id: 'stripe/evt_waits', objects: ['stripe/pi_later'] });
  assert.deepEqual(
    (await load('pay_4')).exceptions.map(exception => exception.reason),
    ['disputed'],
  );
  const { rows: claimed } = await reader.query(`select state, facts::text from payments.webhook_inbox where id = 'stripe/evt_waits'`);
  assert.deepEqual(claimed, [{ state: 'applied', facts: '[]' }]);
});

/** The body of a route's reply. */
async function body_of<T>(route: Route | undefined, more: Partial<RouteRequest>): Promise<T> {
  const reply = await route?.handle(test_request(undefined, more));
  assert.ok(reply !== undefined && 'body' in reply);
  // The test names what it asked for.
  return reply.body as T;
}

test('payments are listed newest first, in pages, and shown with operations and facts but no requests', async () => {
  const of_z = { order_id: 'ord_z', gateway: 'manual', method_kind: 'manual' } as const;
  for (const payment_id of ['pay_z1', 'pay_z2', 'pay_z3']) await run(start({ ...of_z, payment_id }));
  await run(capture(1, 8400, true, { payment_id: 'pay_z3', order_id: 'ord_z' }));
  await run(refund('rfd_z', 400, { payment_id: 'pay_z3', order_id: 'ord_z' }));
  const [list, detail] = payments_routes(desk(), { gateways: {}, webhook_secrets: {} });
  const first = await body_of<Static<typeof PaymentList>>(list, { query: { gateway: 'manual', limit: '2' } });
  assert.deepEqual([first.data.map(payment => payment.id), first.next_cursor], [['pay_z3', 'pay_z2'], 'pay_z2']);
  const held_ones = { gateway: 'manual', status: 'authorized', cursor: 'pay_z2', limit: '1' };
  const second = await body_of<Static<typeof PaymentList>>(list, { query: held_ones });
  assert.deepEqual([second.data.map(payment => payment.id), second.next_cursor], [['pay_z1'], 'pay_z1']);
  const refunded = await body_of<Static<typeof PaymentList>>(list, { query: { status: 'partially_refunded' } });
  assert.deepEqual(
    refunded.data.map(payment => [payment.id, payment.refunded]),
    [['pay_z3', 400]],
  );
  const { data: all } = await body_of<Static<typeof PaymentList>>(list, { query: { limit: '200' } });
  for (const status of PaymentState.enum)
    for (const gateway of [undefined, 'manual', 'stripe']) {
      const asked = { status, limit: '200', ...(gateway && { gateway }) };
      const those = all.filter(each => each.status === status && (gateway === undefined || each.gateway === gateway));
      assert.deepEqual((await body_of<Static<typeof PaymentList>>(list, { query: asked })).data, those, `${status} ${gateway}`);
    }

  const shown = await body_of<PaymentDetailRow>(detail, { params: { id: 'pay_s' } });
  assert.ok(validator(PaymentDetail).accepts(shown), 'as documented');
  assert.deepEqual(
    shown.operations.map(({ kind, amount, attempts }) => [kind, amount, attempts]),
    [['authorize', 8400, 0]],
  );
  assert.deepEqual(
    shown.facts.map(each => [each.fact, each.drift]).sort(),
    [
      ['authorized', null],
      ['authorized', 'authorized'],
    ].sort(),
  );
  assert.match(shown.facts[0]?.received_at ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(!/pm_card_visa|ada@example/.test(JSON.stringify(shown)), 'no request is shown');
  const captured = await body_of<PaymentDetailRow>(detail, { params: { id: 'pay_z3' } });
  assert.deepEqual(
    captured.operations.map(({ kind, state, capture_nos, refund_id }) => [kind, state, capture_nos, refund_id]),
    [
      ['authorize', 'succeeded', null, null],
      ['capture', 'succeeded', [1], null],
      ['refund', 'succeeded', null, 'rfd_z'],
    ],
  );
  await assert.rejects(body_of(detail, { params: { id: 'pay_none' } }), { code: 'not_found' });
});
