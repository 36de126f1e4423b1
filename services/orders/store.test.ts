/** What is stored is what was decided: every step of the stories on real PostgreSQL, the row compared with the fold of the log. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { OrdersEvent } from '../../contracts/index.ts';
import type { Row } from '../../platform/service.ts';
import type { OrdersCommand } from './commands.ts';
import { evolve_order } from './evolve.ts';
import type { Order } from './model.ts';
import { order_rows, order_select } from './store.ts';
import { contact_kind, shipments_kind } from './store_references.ts';
import { at, cancel, cancel_line, hold, pay } from './testing/beginnings.ts';
import { type Database, orders_database } from './testing/database.ts';
import { type Story, story } from './testing/story.ts';

let database: Database;
before(async () => {
  database = await orders_database();
});
after(() => database.stop());

const query: Database['query'] = (sql, values) => database.query(sql, values);
async function submit(command: OrdersCommand, cause: string) {
  const result = await database.submit(command, cause);
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
        `select column_name from information_schema.columns where table_schema = 'orders' and table_name = $1 and is_generated = 'NEVER'`,
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

test('the projection of shipments keeps what each event said, whatever shares a batch', async () => {
  const planned = (revision_no: number, parcel_id: string) => ({ order_id: 'ord_p', shipment_id: 'shp_p', revision_no, parcel_id });
  const write = (rows: { shipments: Row[]; parcels: Row[] }, n: number) => submit({ type: 'project_shipment', rows }, `evt_p${n}`);
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
