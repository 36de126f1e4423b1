/** A person is forgotten: what is decided, and that on PostgreSQL nobody orders through it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { in_memory } from '../../platform/testing/in_memory.ts';
import { orders_per_event_max } from './decide/erase.ts';
import type { Person } from './model.ts';
import { orders_service } from './service.ts';
import { type Database, orders_database } from './testing/database.ts';
import { placing } from './testing/story.ts';

const erase = { type: 'erase_personal_data', subject: 'cus_1', customer: 'c-1' } as const;
const of_guest = { type: 'erase_personal_data', subject: 'ord_guest', customer: null } as const;

/** `person`: what he has with us. */
function decided(person: Person, command: typeof erase | typeof of_guest = erase) {
  const memory = in_memory(orders_service, { refresh: kind => (kind === 'person' ? person : undefined) });
  memory.seed('customer', 'c-1', { customer_ref: 'cus_1', placed: 0 });
  return { memory, ran: memory.run(command) };
}
const nothing_open = (...order_ids: string[]): Person => ({ order_ids, waits: [] });

describe('the decision', () => {
  test('says who is forgotten by a random reference, destroys his key and those of his orders, clears the rows', () => {
    const { ran } = decided(nothing_open('ord_1', 'ord_2'));
    const [event] = ran.events;
    assert.deepEqual(
      [event?.type, event?.key, event?.subject, event?.data],
      [
        'personal_data.erased',
        'cus_1',
        'cus_1/erasure',
        { subject: 'cus_1', customer_ref: 'cus_1', order_ids: ['ord_1', 'ord_2'], erased_at: event?.time },
      ],
    );
    assert.deepEqual(ran.records, [
      { table: 'erased_person', row: { subject: 'cus_1', order_ids: ['ord_1', 'ord_2'] } },
      ...['cus_1', 'ord_1', 'ord_2'].map(subject => ({ table: 'destroyed_key', row: { subject } })),
    ]);
    assert.doesNotMatch(JSON.stringify(ran.events), /c-1/);
  });

  test('of a guest names his order alone', () => {
    const { ran } = decided(nothing_open('ord_guest'), of_guest);
    assert.deepEqual(ran.events[0]?.data, {
      subject: 'ord_guest',
      customer_ref: null,
      order_ids: ['ord_guest'],
      erased_at: ran.events[0]?.time,
    });
    assert.deepEqual(
      ran.records.map(record => record.row['subject']),
      ['ord_guest', 'ord_guest'],
    );
  });

  test('is made once', () => {
    const { memory } = decided(nothing_open('ord_1'));
    assert.deepEqual(memory.run(erase).types, []);
  });

  test('of somebody with a thousand orders and one takes two events', () => {
    const { ran } = decided(nothing_open(...Array.from({ length: orders_per_event_max + 1 }, (_, place) => `ord_${place}`)));
    assert.deepEqual(
      ran.events.map(({ sequence, data }) => [sequence, Object(data).order_ids.length]),
      [
        [1, orders_per_event_max],
        [2, 1],
      ],
    );
  });

  for (const reason of ['open_order', 'open_dispute'] as const)
    test(`waits for ${reason}`, () => {
      const { ran } = decided({ order_ids: ['ord_1', 'ord_2'], waits: [{ order_id: 'ord_2', reason }] });
      assert.deepEqual(
        [ran.rejection?.rejection, ran.rejection?.extra, ran.events, ran.records],
        ['erasure_deferred', { reason, orders: [{ id: 'ord_2', reason }] }, [], []],
      );
    });

  test('knows nobody by a reference that is not his', () => {
    const memory = in_memory(orders_service);
    memory.seed('customer', 'c-1', { customer_ref: 'cus_other', placed: 0 });
    assert.equal(memory.run(erase).rejection?.rejection, 'not_found');
  });
});

describe('on PostgreSQL', () => {
  let database: Database;
  before(async () => {
    database = await orders_database();
  });
  after(() => database.stop());

  const place = (order_id: string, customer: string) =>
    database.submit(
      { ...placing, order_id, customer, reference: null, contact: { ...placing.contact, email: `${customer}@example.com` } },
      `req_${order_id}`,
    );
  const customer_of = async (order_id: string) =>
    (await database.query<{ customer_ref: string }>('select customer_ref from orders.orders where id = $1', [order_id]))[0]?.customer_ref ??
    '';
  /** A first order that has come to its end. */
  async function known_customer(customer: string): Promise<string> {
    assert.equal((await place(`ord_first_${customer}`, customer)).result, 'decided');
    const cancelled = await database.submit(
      { type: 'cancel_order', order_id: `ord_first_${customer}`, reason: 'no', if_match: null },
      `req_cancel_${customer}`,
    );
    assert.equal(cancelled.result, 'decided');
    await database.query(`update orders.orders set status = 'cancelled', closed_at = now() where id = $1`, [`ord_first_${customer}`]);
    return customer_of(`ord_first_${customer}`);
  }
  const forget = (customer: string, subject: string) =>
    database.submit({ type: 'erase_personal_data', customer, subject }, `req_erase_${customer}`);
  const contacts = async (customer: string) =>
    (await database.query<{ id: string }>('select id from orders.order_contact where customer = $1 order by id', [customer])).map(
      row => row.id,
    );

  test('an order in the same batch, before it, is seen after all: the person stays', async () => {
    const subject = await known_customer('before');
    const [placed, erased] = await Promise.all([place('ord_before', 'before'), forget('before', subject)]);
    assert.deepEqual([placed.result, erased.result], ['decided', 'rejected']);
    assert.equal(await customer_of('ord_before'), subject);
    assert.deepEqual(await contacts('before'), ['ord_before', 'ord_first_before']);
  });

  test('an order in the same batch, behind it, is somebody new’s', async () => {
    const subject = await known_customer('behind');
    const [erased, placed] = await Promise.all([forget('behind', subject), place('ord_behind', 'behind')]);
    assert.deepEqual([erased.result, placed.result], ['decided', 'decided']);
    assert.notEqual(await customer_of('ord_behind'), subject);
    assert.deepEqual(await contacts('behind'), ['ord_behind']);
    const keys = await database.query('select wrapped from vault.data_key where subject = $1', [subject]);
    assert.deepEqual(keys, [{ wrapped: null }]);
  });
});
