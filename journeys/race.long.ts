/** Many at once: whoever comes first wins, and everybody else is told so; whatever the order, stock and money come out right. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { seeded_random } from '../platform/random.ts';
import { type Answer, basket, by_stripe, london, type Order, type PlacedOrder, problem_of, type Quote, type Refund } from './api.ts';
import { ended, open_shop, reached, type Shop, sound, until } from './shop.ts';

const rounds = Number(process.env['ROUNDS'] ?? 150);
const wave_size = 100;
const head_start_first_ms = 60;
const waves_max = Math.ceil(rounds / wave_size) + 12;
const shop = await open_shop({ after });
const one_lamp = [{ sku: 'LAMP', quantity: 1 }];

/** So many at the same moment; `ordinal` tells them apart. */
function at_once<T>(count: number, deed: (ordinal: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, ordinal) => deed(ordinal)));
}
async function rows<T extends object>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
  return (await shop.pool.query<T>(sql, [...values])).rows;
}
const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);

test('500 buyers of 10 units in two locations, many of them twice in one order: exactly 10 are sold, and only their buyers are charged', async () => {
  await shop.stock([{ sku: 'HOT', amount: 5_000, on_hand: { north: 6, south: 4 } }]);
  const hot = { sku: 'HOT', quantity: 1 };
  const answered = await at_once(500, ordinal =>
    shop.post<PlacedOrder>(
      '/v1/orders',
      basket(ordinal % 3 === 0 ? [hot, hot] : [hot], { customer: { id: `buyer-${ordinal}` }, payment: by_stripe() }),
      { wait: 30 },
    ),
  );
  // A machine that is busy with something else may need longer than anybody waits.
  const answers = await Promise.all(answered.map(decided));
  const sold = answers.filter(order => order.status !== 'rejected');
  assert.equal(sum(sold.flatMap(order => order.lines.map(line => line.quantity))), 10);
  assert.ok(
    sold.every(order => ['confirmed', 'in_fulfillment', 'completed'].includes(order.status)),
    sold.map(order => order.status).join(),
  );
  assert.ok(
    answers
      .filter(order => order.status === 'rejected')
      .every(order => order.rejection?.reason === 'out_of_stock' && order.payments.length === 0),
  );
  await sound(shop);
  const stock = await rows(`select id, on_hand, held, allocated, backordered from inventory.stock_item where sku = 'HOT' order by id`);
  assert.deepEqual(
    stock,
    ['north', 'south'].map(location => ({ id: `HOT@${location}`, on_hand: 0, held: 0, allocated: 0, backordered: 0 })),
  );
  const ended = await Promise.all(sold.map(order => shop.order(order.id)));
  assert.deepEqual(
    ended.map(order => [order.status, order.captured_total]),
    sold.map(order => ['completed', order.total]),
  );
  const charged = (kind: string) =>
    shop.stripe
      .ledger(kind)
      .map(entry => [entry.reference, entry.amount])
      .toSorted();
  const owed = sold.map(order => [order.id, order.total]).toSorted();
  assert.deepEqual([charged('authorized'), charged('captured')], [owed, owed]);
});

async function decided(order: PlacedOrder): Promise<Order> {
  const open = ['placed', 'awaiting_payment'];
  return open.includes(order.status)
    ? until(`${order.id} is decided`, async () => {
        const now = await shop.order(order.id);
        return !open.includes(now.status) && now;
      })
    : order;
}

test('one idempotency key fifty times at once: one order, one reply, the other forty-nine are its bytes', async () => {
  const body = basket(one_lamp, { reference: 'fifty' });
  for (const [name, wait] of [
    ['at once', undefined],
    ['waited for', 10],
  ] as const) {
    const answers = await at_once(50, () =>
      patient('/v1/orders', { ...body, reference: name }, { idempotency_key: name, ...(wait && { wait }) }),
    );
    assert.deepEqual(new Set(answers.map(answer => answer.status)), new Set([201]));
    assert.equal(new Set(answers.map(answer => answer.text)).size, 1);
    assert.equal(answers.filter(answer => answer.headers.get('idempotency-replayed') === 'true').length, 49);
    assert.equal(new Set(answers.map(answer => answer.headers.get('location'))).size, 1);
    assert.equal((await rows(`select id from orders.orders where reference = $1`, [name])).length, 1);
  }
  const reused = await shop.refused('POST', '/v1/orders', basket([{ sku: 'LAMP', quantity: 2 }]), { idempotency_key: 'at once' });
  assert.deepEqual([reused.status, reused.code], [422, 'idempotency_key_reused']);
});

/** As the door asks clients to: while the first of them runs, the others come again. */
async function patient(path: string, body: unknown, how: { idempotency_key: string; wait?: number }): Promise<Answer> {
  return until(`${path} is answered`, async () => {
    const answer = await shop.ask('POST', path, body, how);
    return !(answer.status === 409 && problem_of(answer).code === 'idempotency_in_progress') && answer;
  });
}

test('two tabs on one quote: one order', async () => {
  const quote = await shop.post<Quote>('/v1/quotes', { currency: 'GBP', lines: one_lamp, shipping_address: london });
  const body = { currency: 'GBP', quote_id: quote.id, customer: { id: 'tabs' }, shipping_address: london, payment: { gateway: 'manual' } };
  const answers = await at_once(20, () => shop.ask('POST', '/v1/orders', body));
  const placed = answers.filter(answer => answer.status === 201).map(answer => JSON.parse(answer.text).id);
  const refused = answers.filter(answer => answer.status !== 201).map(problem_of);
  assert.equal(new Set(placed).size, 1);
  assert.ok(
    refused.every(problem => problem.code === 'quote_invalid' && problem['order_id'] === placed[0]),
    JSON.stringify(refused[0]),
  );
  assert.equal((await rows(`select id from orders.orders where quote_id = $1`, [quote.id])).length, 1);
});

test('a discount code for one use, fifty baskets: one has it', async () => {
  await shop.put('/v1/discounts/ONCE', { kind: 'percent', rate_ppm: 100_000, uses_max: 1 });
  const answers = await at_once(50, ordinal =>
    shop.ask('POST', '/v1/orders', basket(one_lamp, { customer: { id: `d-${ordinal}` }, discount_codes: ['ONCE'] })),
  );
  assert.deepEqual(answers.map(answer => (answer.status === 201 ? 'placed' : problem_of(answer).code)).toSorted(), [
    ...Array(49).fill('discount_code_used'),
    'placed',
  ]);
  assert.equal((await shop.get<{ uses: number }>('/v1/discounts/ONCE')).uses, 1);
});

test('fifty refunds at once give back no more than was captured', async () => {
  const { id, total } = await shop.post<PlacedOrder>('/v1/orders', basket(one_lamp, { payment: by_stripe() }));
  const order = await ended(shop, id, 'completed');
  const path = `/v1/payments/${order.payments[0]?.id}/refunds`;
  const answers = await at_once(50, () => shop.ask('POST', path, { amount: 100, reason: 'goodwill' }));
  const given: Refund[] = answers.filter(answer => answer.status === 201).map(answer => JSON.parse(answer.text));
  assert.equal(given.length, Math.floor(total / 100));
  assert.ok(
    answers
      .filter(answer => answer.status !== 201)
      .every(answer => answer.status === 409 && problem_of(answer).code === 'refund_exceeds_capture'),
  );
  await reached(shop, id, 'refunded', ({ refunds }) => refunds.every(refund => refund.status === 'succeeded'));
  assert.equal(sum(shop.stripe.ledger('refunded', id).map(entry => entry.amount ?? 0)), given.length * 100);
  await sound(shop);
});

test('browser, reply, webhook and poll report one capture, in every order: captured once', async () => {
  const ways = [
    [{ fault: 'webhook_early' }],
    [{ fault: 'webhook_duplicate', times: 3 }],
    [{ fault: 'webhook_reorder' }, { fault: 'webhook_duplicate' }],
    [{ fault: 'reset_after' }],
    [{ fault: 'reset_after' }, { fault: 'webhook_drop', times: 9 }],
    [{ fault: 'reply_late', delay_ms: 300 }],
    [
      { fault: 'status', status: 503, executed: true },
      { fault: 'webhook_drop', times: 9 },
    ],
  ];
  const orders = await at_once(ways.length, () =>
    shop.post<PlacedOrder>('/v1/orders', basket(one_lamp, { payment: by_stripe('pm_card_visa', { capture: 'manual' }) }), { wait: 20 }),
  );
  await Promise.all(
    orders.map(async (order, ordinal) => {
      await reached(shop, order.id, 'delivered', ({ fulfillment_status }) => fulfillment_status === 'delivered');
      const payment = order.payments[0]?.id ?? '';
      const { gateway_ref } = await shop.get<{ gateway_ref: string }>(`/v1/payments/${payment}`);
      for (const fault of ways[ordinal] ?? [])
        await shop.stripe.fail({ ...fault, match: { path: `/v1/payment_intents/${gateway_ref}/capture` } });
      const clicks = await at_once(10, () => shop.ask('POST', `/v1/payments/${payment}/capture`, {}));
      const refused = clicks.filter(answer => answer.status !== 200).map(answer => problem_of(answer).code);
      assert.deepEqual([refused.length, ...new Set(refused)], [9, 'capture_exceeds_authorized']);
    }),
  );
  await Promise.all(
    orders.map(order =>
      until(`${order.id} is completed`, async () => {
        const now = await shop.order(order.id);
        // Who lost both reply and webhook asks again after seconds; the shop's clock need not wait for them.
        if (now.status !== 'completed') shop.clock.move(100);
        return now.status === 'completed';
      }),
    ),
  );
  await sound(shop);
  for (const { id, total } of orders) {
    assert.deepEqual(
      shop.stripe.ledger('captured', id).map(entry => entry.amount),
      [total],
    );
    const told = (await shop.timeline(id)).filter(entry => entry.type === 'payment.captured');
    assert.deepEqual(
      told.map(entry => entry.data['amount']),
      [total],
    );
  }
});

type Winner = 'cancelled' | 'dispatched';
interface Wave {
  readonly size: number;
  /** Cancellations are asked for up to so much earlier: about as long as one takes to reach shipping. */
  readonly head_start_ms: number;
}

/** Rounds side by side: the orders are planned and labelled; their buyers cancel while the warehouse hands them over. Who comes first is up to chance. */
async function cancel_against_dispatch(warehouse: Shop, wave: number, { size, head_start_ms }: Wave): Promise<Winner[]> {
  const random = seeded_random(wave);
  const customer = { id: `wave-${wave}` };
  const placed = await at_once(size, ordinal =>
    warehouse.post<Order>('/v1/orders', basket(one_lamp, { customer, payment: ordinal % 5 === 0 ? by_stripe() : { gateway: 'manual' } })),
  );
  const ids = placed.map(order => order.id);
  // Counted where the services keep it: a hundred orders shown a hundred times over would take longer than the races.
  const all = async (what: string, count: string, is: (order: Order) => boolean) => {
    await until(`all of ${customer.id} are ${what}`, async () => (await warehouse.pool.query(count, [ids])).rows[0].count === size);
    return until(`all of ${customer.id} are shown ${what}`, async () => {
      const { data } = await warehouse.get<{ data: Order[] }>(`/v1/orders?customer=${customer.id}&limit=${size}`);
      return data.every(is) && data;
    });
  };
  const labelled = await all(
    'labelled',
    `select count(*)::int as count from shipping.shipment where order_id = any($1) and status = 'labeled'`,
    order => order.shipments[0]?.status === 'labeled',
  );
  const answers = await Promise.all(
    labelled.map(async ({ id, shipments }) => {
      const cancelled = warehouse.ask('POST', `/v1/orders/${id}/cancel`, { reason: 'changed my mind' });
      await pause(random.next() * head_start_ms);
      const dispatched = await warehouse.ask('POST', `/v1/shipments/${shipments[0]?.id}/dispatch`);
      return [id, { cancelled: await cancelled, dispatched }] as const;
    }),
  );
  const answered = new Map(answers);
  const at_their_end = await all(
    'at their end',
    `select count(*)::int as count from orders.orders where id = any($1) and status in ('cancelled', 'completed')`,
    ({ status, shipments }) => shipments[0]?.status === (status === 'completed' ? 'delivered' : 'cancelled'),
  );
  return at_their_end.map(order => {
    const { cancelled, dispatched } = answered.get(order.id) ?? assert.fail(order.id);
    return winner(warehouse, order, cancelled, dispatched);
  });
}

/** Who won by what both were told, and whether the order, its parcel and its money agree. */
function winner(warehouse: Shop, order: Order, cancelled: Answer, dispatched: Answer): Winner {
  const won = dispatched.status === 200 ? 'dispatched' : 'cancelled';
  const { id, status, captured_total, refunded_total, total, fulfillment_status, shipments, payments } = order;
  const seen = [status, fulfillment_status, captured_total, refunded_total, ...shipments.map(one => one.status)];
  if (won === 'dispatched') {
    assert.deepEqual(seen, ['completed', 'delivered', total, 0, 'delivered']);
    assert.ok(cancelled.status === 200 || ['not_cancellable', 'invalid_transition'].includes(problem_of(cancelled).code), cancelled.text);
  } else {
    assert.deepEqual(seen, ['cancelled', 'unfulfilled', 0, 0, 'cancelled']);
    assert.deepEqual([cancelled.status, problem_of(dispatched).code], [200, 'invalid_transition']);
  }
  if (payments[0]?.gateway === 'stripe') {
    const told = warehouse.stripe.ledger(undefined, id).map(entry => [entry.kind, entry.amount]);
    assert.deepEqual(told, [
      ['authorized', total],
      [won === 'dispatched' ? 'captured' : 'voided', total],
    ]);
  }
  return won;
}

/** A race that one side wins nine times of ten tells nothing of the other. */
function is_one_sided(winners: readonly Winner[]): boolean {
  const cancelled = winners.filter(who => who === 'cancelled').length;
  return Math.min(cancelled, winners.length - cancelled) < winners.length / 10;
}

test(`cancel against dispatch, ${rounds} rounds: one winner each, and the money goes with it`, async t => {
  const warehouse = await open_shop(t, { env: { FULFILLMENT: 'manual' } });
  const winners: Winner[] = [];
  let head_start_ms = head_start_first_ms;
  // A machine on which one side has hardly won yet needs another head start, and another wave.
  for (let wave = 0; winners.length < rounds || (is_one_sided(winners) && wave < waves_max); wave++) {
    const size = Math.min(wave_size, rounds, Math.max(rounds - winners.length, Math.ceil(rounds / 4)));
    const won = await cancel_against_dispatch(warehouse, wave, { size, head_start_ms });
    // How long a cancellation takes is the machine's business: the head start follows, so that both sides win many.
    const step = is_one_sided(won) ? 4 : 1.5;
    head_start_ms *= won.filter(who => who === 'dispatched').length > size / 2 ? step : 1 / step;
    winners.push(...won);
  }
  const count = (who: Winner) => winners.filter(winner => winner === who).length;
  t.diagnostic(`cancelled ${count('cancelled')}, dispatched ${count('dispatched')}`);
  assert.ok(winners.length >= rounds);
  assert.ok(!is_one_sided(winners), 'a race that one side always wins is none');
  await sound(warehouse);
  const [stock] = (await warehouse.pool.query(`select on_hand, held, allocated from inventory.stock_item where id = 'LAMP@north'`)).rows;
  assert.deepEqual(stock, { on_hand: 100_000 - count('dispatched'), held: 0, allocated: 0 });
});
