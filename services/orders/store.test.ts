/** What is stored is what was decided: every step of the stories on real PostgreSQL, the row compared with the fold of the log. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { OrdersEvent } from '../../contracts/index.ts';
import type { Row } from '../../platform/service.ts';
import { type Harness, service_on_postgres } from '../../platform/testing/harness.ts';
import type { OrdersCommand } from './commands.ts';
import { evolve_order, evolve_quote } from './evolve.ts';
import type { Order, Quote } from './model.ts';
import { migrations_folder, orders_service } from './service.ts';
import { order_rows, order_select } from './store.ts';
import { contact_kind, quote_kind, shipments_kind } from './store_references.ts';
import { at, cancel, cancel_line, hold, pay } from './testing/beginnings.ts';
import { placing, products, type Story, story } from './testing/story.ts';

let harness: Harness;
before(async () => {
  harness = await service_on_postgres({ service: orders_service, folder: migrations_folder });
  await query(
    `insert into orders.product (sku, name, prices, stocked, tax_class, weight_grams, active, created_at, updated_at)
     select sku, name, prices, stocked, tax_class, weight_grams, active, now(), now() from json_populate_recordset(null::orders.product, $1)`,
    [JSON.stringify(products)],
  );
});
after(() => harness.stop());

async function query<T extends object>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
  const { rows } = await harness.runtime.pool.query<T>(sql, [...values]);
  return rows;
}
async function submit(command: OrdersCommand, cause: string) {
  const result = await harness.runtime.front.submit({ command, cause, actor: 'test' });
  if (result.result === 'failed') throw result.error;
  return result;
}

async function stored_order(order_id: string): Promise<Order | undefined> {
  const [read] = await query<{ row: Row }>(
    `select row_to_json(r) as row from (select ${order_select} from orders.orders o where o.id = $1) r`,
    [order_id],
  );
  return read === undefined ? undefined : order_rows.from_row(read.row);
}
/** Through JSON, as the log and the rows go: undefined and absent are the same. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/** Runs what the story ran; after each command the row must be the fold of the log. */
async function tell(it: Story): Promise<void> {
  let folded: Order | undefined;
  let told = 0;
  for (const { command, cause } of it.steps) {
    await submit(command, cause);
    const events = await query<{ type: string; data: OrdersEvent['data']; sequence: number }>(
      'select type, data, sequence from orders.events where key = $1 order by position offset $2',
      [it.order_id, told],
    );
    told += events.length;
    // The log of orders holds its events.
    for (const { type, data } of events) folded = evolve_order(folded, { type, data } as OrdersEvent);
    assert.deepEqual(plain(await stored_order(it.order_id)), plain(folded), `${command.type} (${cause})`);
    if (events.length > 0) assert.equal(events.at(-1)?.sequence, told);
  }
  assert.equal(told, it.memory.log.length, 'the database and the story say the same events');
  assert.deepEqual(timeless(await stored_order(it.order_id)), timeless(it.order()));
}

/** A story has its own clock, and no sequence of numbers. */
function timeless(order: Order | undefined): unknown {
  return JSON.parse(JSON.stringify({ ...order, number: 1 }), (name, value) =>
    /_at$|^deadline$/.test(name) && value !== null ? 'some time' : value,
  );
}

describe('every step of a story is stored as it was decided', () => {
  const stories: readonly [string, (it: Story) => void][] = [
    ['from Pay to parcel', it => completed(it)],
    [
      'a decline, a second card, 3-D Secure',
      it => {
        it.place();
        it.stock.reserved();
        it.pay.declined();
        pay(it);
        it.pay.action_required();
        it.pay.authorized();
      },
    ],
    [
      'backorder, holds, partial captures, a promise',
      it => {
        it.place();
        it.stock.reserved();
        it.pay.authorized();
        it.stock.allocated([[1, 2]]);
        it.stock.queued([[2, 5]]);
        hold(it);
        it.hear('backorder.pegged', {
          pegs: [{ line_no: 2, sku: 'BULB', location_id: 'loc_far', quantity: 5, expected_at: '2026-04-01T00:00:00.000Z' }],
        });
        it.ask({ type: 'release_hold', order_id: it.order_id, hold_id: it.order().holds[0]?.hold_id ?? '' });
        it.ship.dispatched([[1, 2]]);
        it.pay.captured({ final: false });
        it.stock.filled([[2, 5]]);
        it.ship.dispatched([[2, 5]], 'shp_2');
      },
    ],
    [
      'cancelled with shipping, money back',
      it => {
        it.place({ capture_policy: 'on_confirm' });
        it.stock.reserved();
        it.pay.authorized();
        it.pay.captured();
        it.stock.allocated();
        cancel(it);
        it.ship.answered(1, [
          [1, 2],
          [2, 5],
        ]);
        it.stock.released();
        it.pay.refunded();
      },
    ],
    [
      'a return, a lost parcel, a failed refund',
      it => {
        completed(it);
        const { order_id } = it;
        it.ask({ type: 'request_return', order_id, lines: [{ line_no: 2, quantity: 3, reason: 'broken' }] });
        const return_id = it.order().returns[0]?.return_id ?? '';
        it.ask({ type: 'receive_return', order_id, return_id, lines: [{ line_no: 2, quantity: 1, condition: 'damaged' }] });
        it.pay.refunded();
        it.ask({ type: 'receive_return', order_id, return_id, lines: [{ line_no: 2, quantity: 2, condition: 'sellable' }] });
        it.pay.refund_failed();
      },
    ],
    [
      'no stock',
      it => {
        it.place({ customer: null, contact: {}, tender: null });
        it.stock.failed();
      },
    ],
    [
      'expired, with late money',
      it => {
        it.place();
        it.stock.reserved();
        for (let attempt = 1; attempt < 5; attempt++) {
          it.pay.abandoned();
          pay(it);
        }
        it.pay.abandoned();
        it.pay.charged({ late: true });
        it.pay.refunded();
      },
    ],
    [
      'lines cancelled and a short pick',
      it => {
        it.place();
        it.stock.reserved();
        it.pay.authorized();
        it.stock.allocated();
        cancel_line(it, 2, 2);
        it.ship.answered(1, [[2, 2]]);
        it.stock.short([[1, 1]], { quantity_short: 1 });
      },
    ],
  ];
  for (const [place, [name, live]] of stories.entries()) {
    test(name, async () => {
      const it = story(`stored${place}`);
      live(it);
      await tell(it);
    });
  }
});

function completed(it: Story): void {
  it.place();
  it.stock.reserved();
  it.pay.authorized();
  it.stock.allocated();
  it.ship.dispatched();
  it.pay.captured();
  it.ship.delivered();
}

describe('the tables', () => {
  test('have no column that is not written, and no row a field that has no column', async () => {
    const it = at.allocated();
    it.ask({ type: 'refund_order', order_id: it.order_id, payment_id: it.payment().payment_id, amount: 1, reason: 'goodwill', lines: [] });
    completed(it);
    const placed = at.placed();
    const order = { ...it.order(), refunds: [some_refund], returns: [some_return] };
    const children = (order_rows.children ?? []).map(child => child.diff(undefined, order).added[0] ?? {});
    const written: readonly [string, Row][] = [
      ['orders', { ...order_rows.to_row(placed.order(), ''), id: '', version: 1 }],
      ['order_line', children[0] ?? {}],
      ['order_payment', children[1] ?? {}],
      ['refund', children[2] ?? {}],
      ['order_return', children[3] ?? {}],
    ];
    for (const [table, row] of written) {
      const columns = await query<{ column_name: string }>(
        `select column_name from information_schema.columns where table_schema = 'orders' and table_name = $1`,
        [table],
      );
      assert.deepEqual(Object.keys(row).sort(), columns.map(column => column.column_name).sort(), table);
    }
  });

  test('keep whom an order is for, and forget the token of a tender that was asked for', async () => {
    const it = story('contact');
    it.place();
    await tell(it);
    const read = async () => {
      const [{ rows } = { rows: [] }] = await query<{ rows: Row[] }>(contact_kind.rows.load, [[it.order_id]]);
      return contact_kind.rows.from_row(rows[0] ?? {});
    };
    assert.deepEqual([(await read())?.email, (await read())?.method_token], ['ada@example.com', 'tok_1']);
    it.stock.reserved();
    const asked = it.steps.at(-1);
    assert.ok(asked !== undefined);
    await submit(asked.command, asked.cause);
    assert.equal((await read())?.method_token, null);
  });

  test('number orders without a gap in a quiet database, and let a customer keep one random name', async () => {
    const first = story('first');
    const second = story('second');
    first.place({ customer: 'c-quiet' });
    second.place({ customer: 'c-quiet' });
    for (const it of [first, second]) for (const { command, cause } of it.steps) await submit(command, cause);
    const [one, two] = [await stored_order('ord_first'), await stored_order('ord_second')];
    assert.equal((one?.number ?? 0) + 1, two?.number);
    assert.equal(one?.customer_ref, two?.customer_ref);
  });
});

const some_refund = {
  refund_id: 'rfd_1',
  payment_id: 'pay_1',
  amount: 1,
  tax: 0,
  reason: 'goodwill',
  lines: [],
  status: 'requested',
} as const;
const some_return = { return_id: 'ret_1', status: 'requested', lines: [], receipts: 0, deadline: null } as const;

describe('one row decides', () => {
  test('a reference is taken once, whoever asks at the same time', async () => {
    const commands = Array.from({ length: 20 }, (_, n) => ({
      ...placing,
      order_id: `ord_ref${n}`,
      reference: 'WEB-1',
      customer: `c-ref${n}`,
    }));
    const results = await Promise.all(
      commands.map((command, n) => harness.runtime.front.submit({ command, cause: `req_ref${n}`, actor: 'test' })),
    );
    assert.equal(results.filter(result => result.result === 'decided').length, 1);
    const refused = results.flatMap(result => (result.result === 'rejected' ? [result.rejection.rejection] : []));
    assert.deepEqual(new Set(refused), new Set(['reference_taken']));
    assert.equal(refused.length, 19);
  });

  test('a code with one use is used once; given back, it can be used again', async () => {
    await put_discount({ code: 'ONCE', uses_max: 1, uses_per_customer: null });
    const commands = Array.from({ length: 20 }, (_, n) => ({
      ...placing,
      order_id: `ord_once${n}`,
      discount_code: 'ONCE',
      customer: `c-once${n}`,
    }));
    const results = await Promise.all(
      commands.map((command, n) => harness.runtime.front.submit({ command, cause: `req_once${n}`, actor: 'test' })),
    );
    assert.deepEqual(outcomes(results), { decided: 1, discount_code_used: 19 });
    const winner = commands[results.findIndex(result => result.result === 'decided')]?.order_id ?? '';
    assert.deepEqual(await uses_of('ONCE'), { uses: 1, live: 1 });
    const failed = { type: 'stock.reservation_failed', data: { order_id: winner, short_lines: [] } } as never;
    await submit({ type: 'note_stock', order_id: winner, fact: failed, heard: { stream: 'inventory/x', sequence: 1 } }, 'evt_once');
    assert.deepEqual(await uses_of('ONCE'), { uses: 0, live: 0 });
  });

  test('a code is used so often by one customer, within a batch and later', async () => {
    await put_discount({ code: 'TWICE', uses_max: null, uses_per_customer: 2 });
    const place = (n: number) => ({ ...placing, order_id: `ord_twice${n}`, discount_code: 'TWICE', customer: 'c-twice' });
    const results = await Promise.all(
      [0, 1, 2, 3].map(n => harness.runtime.front.submit({ command: place(n), cause: `req_twice${n}`, actor: 'test' })),
    );
    assert.deepEqual(outcomes(results), { decided: 2, discount_code_used: 2 });
    assert.deepEqual(outcomes([await harness.runtime.front.submit({ command: place(9), cause: 'req_twice9', actor: 'test' })]), {
      discount_code_used: 1,
    });
  });

  test('a customer has five unpaid orders with a publishable key, however many are placed at once', async () => {
    const quotes = await Promise.all(Array.from({ length: 9 }, (_, n) => create_quote(`quo_five${n}`)));
    const place = (n: number) => ({
      ...placing,
      order_id: `ord_five${n}`,
      asker: { principal: 'pk_1', is_browser: true },
      lines: [],
      quote_id: quotes[n] ?? '',
      shipping: null,
      customer: 'c-five',
    });
    const results = await Promise.all(
      quotes.map((_, n) => harness.runtime.front.submit({ command: place(n), cause: `req_five${n}`, actor: 'test' })),
    );
    assert.deepEqual(outcomes(results), { decided: 5, too_many_unpaid_orders: 4 });
  });

  test('a quote is used once, and stored as it was told', async () => {
    const quote_id = await create_quote('quo_once');
    const command = (n: number) => ({
      ...placing,
      order_id: `ord_quo${n}`,
      asker: { principal: 'pk_1', is_browser: true },
      lines: [],
      quote_id,
      shipping: null,
      customer: `c-quo${n}`,
    });
    const results = await Promise.all(
      [0, 1, 2].map(n => harness.runtime.front.submit({ command: command(n), cause: `req_quo${n}`, actor: 'test' })),
    );
    assert.deepEqual(outcomes(results), { decided: 1, quote_invalid: 2 });
    const events = await query<OrdersEvent>(
      `select type, data from orders.events where key = $1 or data->>'quote_id' = $1 order by position`,
      [quote_id],
    );
    const [{ rows } = { rows: [] }] = await query<{ rows: Row[] }>(quote_kind.rows.load.replace(' for update', ''), [[quote_id]]);
    const folded = events.reduce((quote: Quote | undefined, event) => evolve_quote(quote, event), undefined);
    assert.deepEqual(plain(quote_kind.rows.from_row(rows[0] ?? {})), plain(folded));
  });
});

async function create_quote(quote_id: string): Promise<string> {
  await submit(
    {
      type: 'create_quote',
      quote_id,
      asker: { principal: 'pk_1', is_browser: true },
      currency: 'GBP',
      tax_mode: 'inclusive',
      lines: [{ sku: 'LAMP', quantity: 1 }],
      place: placing.place,
      discount_code: null,
    },
    `req_${quote_id}`,
  );
  return quote_id;
}

async function put_discount(discount: { code: string; uses_max: number | null; uses_per_customer: number | null }): Promise<void> {
  await query(
    `insert into orders.discount (id, version, kind, rate_ppm, minimum_subtotal, valid_from_at, valid_until, uses, uses_max, uses_per_customer, created_at)
     values ($1, 1, 'percent', 100000, 0, '2020-01-01', '2099-01-01', 0, $2, $3, now())`,
    [discount.code, discount.uses_max, discount.uses_per_customer],
  );
}
async function uses_of(code: string): Promise<unknown> {
  const [row] = await query(
    `select uses, (select count(*)::int from orders.redemption where code = id) as live from orders.discount where id = $1`,
    [code],
  );
  return row;
}

function outcomes(
  results: readonly { readonly result: string; readonly rejection?: { readonly rejection: string } }[],
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { result, rejection } of results) {
    const name = rejection?.rejection ?? result;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

test('the projection of shipments keeps what each event said, whatever shares a batch', async () => {
  const planned = (revision_no: number, parcel_id: string) => ({ order_id: 'ord_p', shipment_id: 'shp_p', revision_no, parcel_id });
  const write = (rows: { shipments: Row[]; parcels: Row[] }, n: number) =>
    harness.runtime.front.submit({ command: { type: 'project_shipment', rows } as OrdersCommand, cause: `evt_p${n}`, actor: 'test' });
  const shipment = { order_id: 'ord_p', shipment_id: 'shp_p' };
  await Promise.all([
    write(
      {
        shipments: [{ ...shipment, revision_no: 1, location_id: 'loc_1', status: 'planned' }],
        parcels: [{ ...planned(1, 'pcl_1'), status: 'planned' }],
      },
      1,
    ),
    write(
      {
        shipments: [{ ...shipment, revision_no: 2, status: 'labeled', carrier: 'manual' }],
        parcels: [{ ...planned(2, 'pcl_2'), tracking_number: 'T2', status: 'label_created' }],
      },
      2,
    ),
    write({ shipments: [{ ...shipment, status: 'dispatched' }], parcels: [{ ...shipment, parcel_id: 'pcl_2' }] }, 3),
  ]);
  await write(
    { shipments: [{ ...shipment, status: 'delivered' }], parcels: [{ ...shipment, parcel_id: 'pcl_2', status: 'delivered' }] },
    4,
  );
  const [{ rows } = { rows: [] }] = await query<{ rows: Row[] }>(shipments_kind.rows.load, [['ord_p']]);
  assert.deepEqual(shipments_kind.rows.from_row(rows[0] ?? {}), [
    {
      shipment_id: 'shp_p',
      location_id: 'loc_1',
      status: 'delivered',
      carrier: 'manual',
      parcels: [{ parcel_id: 'pcl_2', tracking_number: 'T2', tracking_url: null, status: 'delivered' }],
    },
  ]);
});
