/** What keeps a story in the logs although its row says that it has ended: each reason by itself, on real rows. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { type AuditedShop, audited_shop } from '../../auditor/testing/shop.ts';
import { consumer_positions, hearers_of } from '../../auditor/waiting.ts';
import { staying, stories } from './stories.ts';

const day = '2126-01-01T00:00:00.000Z';
let shop: AuditedShop;
let pool: pg.Pool;

before(async () => {
  shop = await audited_shop();
  pool = new pg.Pool({ connectionString: shop.url, max: 1, options: '-c timezone=UTC' });
});
after(async () => {
  await pool.end();
  await shop.drop();
});

describe('orders that are at their end', () => {
  const id = (name: 'cancelled' | 'discounted') => `'${shop.ids[name]}'`;
  const told_in = (log: string, order: string) => `(select max(position) from ${log}.events where key = ${order})`;
  const subject_in = (log: string, order: string) =>
    `(select min(subject) from ${log}.events where key = ${order} and subject <> ${order})`;
  for (const [reason, why, log, sql, wanted] of [
    ['1 recent', 'something was told of them since', 'shipping', () => '', { day: '2026-01-01T00:00:00Z' }],
    ['2 unread', 'the archive has not all of them', 'payments', () => '', { upto: 0 }],
    ['3 unheard', 'somebody has not heard them', 'payments', () => `update orders.positions set position = 0 where source = 'payments'`],
    [
      '4 exception',
      'an exception is open',
      'shipping',
      () =>
        `update shipping.events set type = 'exception.raised', data = '{"exception_id": "exc_1"}' where position = ${told_in('shipping', id('discounted'))}`,
    ],
    [
      '5 parked',
      'an event of theirs is parked',
      'suppliers',
      () => `insert into suppliers.parked values ('orders', 1, ${id('discounted')}, '{}')`,
    ],
    [
      '5 parked',
      'their key is blocked',
      'shipping',
      () => `insert into shipping.blocked values ('orders', ${id('discounted')}, 1, 1, now(), now(), false, 'test')`,
    ],
    [
      '6 operation',
      'a call has not ended',
      'payments',
      () => `update payments.operations set state = 'unknown' where key = ${id('cancelled')}`,
    ],
    [
      '7 timer',
      'a timer runs under their key',
      'inventory',
      () => `insert into inventory.timers values ('reservation', ${id('discounted')}, now(), 0)`,
    ],
    [
      '7 timer',
      'a timer runs of what they are about',
      'payments',
      () => `insert into payments.timers select 'operation_overdue', ${subject_in('payments', id('cancelled'))} || '/op_1', now(), 0`,
    ],
    [
      '7 timer',
      'a timer names them first',
      'shipping',
      () => `insert into shipping.timers select 'answers', ${id('discounted')} || ' shp_1', now(), 0`,
    ],
    [
      '8 open',
      'goods are on their way back',
      'orders',
      () =>
        `insert into orders.order_return (id, order_id, place, status, lines, receipts) values ('ret_1', ${id('discounted')}, 1, 'requested', '[]', 0)`,
    ],
    [
      '8 open',
      'stock is kept for them',
      'inventory',
      () => `update inventory.reservation_line set allocated = consumed, consumed = 0 where order_id = ${id('discounted')}`,
    ],
    ['8 open', 'money is held for them', 'payments', () => `update payments.payment set voided = 0 where order_id = ${id('cancelled')}`],
    [
      '8 open',
      'a parcel has not arrived',
      'shipping',
      () => `update shipping.shipment set status = 'dispatched' where order_id = ${id('discounted')}`,
    ],
    [
      '8 open',
      'somebody waits for goods',
      'suppliers',
      () => `insert into suppliers.backorder_line values (${id('discounted')}, 1, 'near', 1, 'LATE', 1, 5, now())`,
    ],
  ] as const)
    test(`stay when ${why}`, async () => {
      const [story] = stories;
      assert.ok(story !== undefined);
      const client = await pool.connect();
      const reasons_now = async (given: { readonly day?: string; readonly upto?: number } = {}) => {
        const positions = await consumer_positions({ pool_of: () => client as unknown as pg.Pool });
        const { rows } = await client.query<{ key: string; reason: string }>(staying(story, log), [
          [shop.ids.discounted, shop.ids.cancelled],
          given.day ?? day,
          given.upto ?? Number.MAX_SAFE_INTEGER,
          JSON.stringify(hearers_of(log, positions)),
        ]);
        return rows.map(row => row.reason);
      };
      try {
        await client.query('begin');
        assert.deepEqual(await reasons_now(), []);
        await client.query(sql());
        assert.ok((await reasons_now(wanted)).includes(reason), `${await reasons_now(wanted)}`);
      } finally {
        await client.query('rollback');
        client.release();
      }
    });
});
