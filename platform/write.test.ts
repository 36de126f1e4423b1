import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { aggregate_cache } from './cache.ts';
import { open_wire, type Wire } from './database.ts';
import { write_apart } from './lanes.ts';
import { migrate } from './migrate.ts';
import { fresh_database } from './postgres/test_database.ts';
import { Problem } from './route.ts';
import { toy, toy_table } from './testing/toy.ts';
import { test_vault } from './testing/vault.ts';
import { create_writer, type Item, Superseded, type Writer } from './write.ts';

let url: string;
let drop: () => Promise<void>;
let wire: Wire;
let writer: Writer;
let sent: string[] = [];
let client: pg.Client;
let ordinal = 0;

before(async () => {
  ({ url, drop } = await fresh_database());
  await migrate(url, [
    { name: 'toy', has_log: true },
    { name: 'source', has_log: true },
  ]);
  client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(toy_table);
  wire = await open_wire(url, 'cartwright_toy');
  const counted: Wire = { ...wire, broken: false, send: (name, text, values) => count(name) ?? wire.send(name, text, values) };
  writer = create_writer({
    service: toy,
    cache: aggregate_cache(),
    vault: test_vault(url),
    wire: async () => counted,
    now: () => '2026-03-01T10:00:00.000Z',
    event_id: () => `evt_${++ordinal}`,
    freeze: true,
  });
});
after(async () => {
  await wire.close();
  await client.end();
  await drop();
});

/** Only counts: the wire sends. */
const count = (name: string): undefined => void sent.push(name);
const add = (id: string, amount: number, more: Partial<Item> = {}): Item => ({
  command: command({ type: 'add', id, amount }),
  cause: `req_${++ordinal}`,
  actor: 'test',
  ...more,
});
/** The writer takes any service's command; the toy's have ids and amounts. */
const command = (value: Item['command'] & { id: string; amount?: number; other?: string }): Item['command'] => value;
const total = async (id: string): Promise<number> =>
  Number((await client.query('select total from toy.counter where id = $1', [id])).rows[0]?.total ?? 0);
const events_of = async (key: string) =>
  (await client.query('select sequence, data from toy.events where key = $1 order by position', [key])).rows;

describe('a batch', () => {
  test('of 1 and of 500 commands sends the same number of statements', async () => {
    // The first batch of a writer also asks for the tables' columns.
    await writer.write([add('first', 1)], []);
    sent = [];
    await writer.write([add('one', 1)], []);
    const for_one = sent.length;
    sent = [];
    await writer.write(
      Array.from({ length: 500 }, (_, index) => add(`many_${index}`, 1)),
      [],
    );
    assert.equal(sent.length, for_one);
  });

  test('lets two commands on one aggregate see each other, and numbers their events', async () => {
    const results = await writer.write([add('pair', 5), add('pair', -3), add('pair', -3)], []);
    assert.deepEqual(
      results.map(result => result.result),
      ['decided', 'decided', 'rejected'],
    );
    assert.equal(await total('pair'), 2);
    assert.deepEqual(
      (await events_of('pair')).map(event => event.sequence),
      [1, 2],
    );
  });

  test('is not changed by rejected commands in it', async () => {
    await writer.write([add('calm', 4), add('calm', -100), add('calm', -100)], []);
    assert.equal(await total('calm'), 4);
    assert.equal((await events_of('calm')).length, 1);
  });

  test('refuses to look at an aggregate that was not declared', async () => {
    const [result] = await writer.write(
      [{ command: command({ type: 'peek', id: 'a', other: 'b' }), cause: 'req_peek', actor: 'test' }],
      [],
    );
    assert.equal(result?.result, 'failed');
    assert.match(result?.result === 'failed' ? result.error.message : '', /undeclared ref: counter b/);
  });

  test('shows a command what those before it made, when the state that they left names it', async () => {
    const follow: Item = { command: command({ type: 'follow', id: 'way' }), cause: 'req_follow', actor: 'test' };
    const results = await writer.write([add('way_3', 5), add('way', 3), follow], []);
    assert.deepEqual(
      results.map(result => result.result),
      ['decided', 'decided', 'decided'],
    );
    assert.equal(await total('way_3'), 10);
    // Nobody loaded it: it is for the next batch.
    const [, unknown] = await writer.write([add('way', 1), { ...follow, cause: 'req_follow_2' }], []);
    assert.match(unknown?.result === 'failed' ? unknown.error.message : '', /undeclared ref: counter way_4/);
  });

  test('whose save fails tells nobody of success', async () => {
    await assert.rejects(writer.write([add('fine', 1), add('too_much', 2_000_000)], []), { code: '23514' });
    assert.equal(await total('fine'), 0);
    assert.deepEqual(await events_of('fine'), []);
  });

  test('is halved until the culprit stands alone; the rest commit', async () => {
    const items = [add('h1', 1), add('h2', 1), add('culprit', 2_000_000), add('h3', 1), add('h4', 1)];
    const results = await write_apart(writer, items);
    assert.deepEqual(
      results.map(result => result.result),
      ['decided', 'decided', 'failed', 'decided', 'decided'],
    );
    assert.equal((await total('h1')) + (await total('h2')) + (await total('h3')) + (await total('h4')), 4);
  });
});

describe('an idempotency key', () => {
  const key = (name: string, body_hash = 'same') => ({
    idempotency: { principal: 'p', route: 'r', key: name, body_hash },
    respond: () => ({ status: 201, body: { ordinal: ++ordinal } }),
  });

  test('50 times in one batch and again later: one execution, equal replies', async () => {
    const results = await writer.write(
      Array.from({ length: 50 }, () => add('once', 7, key('k1'))),
      [],
    );
    const later = await writer.write([add('once', 7, key('k1'))], []);
    const bodies = [...results, ...later].map(result => ('reply' in result ? JSON.stringify(result.reply?.body) : 'none'));
    assert.equal(new Set(bodies).size, 1);
    assert.equal([...results, ...later].filter(result => result.result === 'replayed').length, 50);
    assert.equal(await total('once'), 7);
  });

  test('with another body is refused and changes nothing', async () => {
    await writer.write([add('other_body', 1, key('k2', 'first'))], []);
    const [result] = await writer.write([add('other_body', 9, key('k2', 'second'))], []);
    assert.ok(result?.result === 'failed' && result.error instanceof Problem && result.error.code === 'idempotency_key_reused');
    assert.equal(await total('other_body'), 1);
  });
});

describe('positions', () => {
  const place = (position: number) =>
    client.query(
      `insert into toy.positions values ('source', 3, $1, 'c', 't') on conflict (source, partition) do update set position = $1`,
      [position],
    );

  test('move with the effects, or neither happens', async () => {
    await place(10);
    await writer.write([add('moved', 1)], [{ source: 'source', partition: 3, old: 10, new: 15 }]);
    assert.equal((await client.query('select position from toy.positions')).rows[0].position, 15);
    await assert.rejects(writer.write([add('moved', 1)], [{ source: 'source', partition: 3, old: 10, new: 15 }]), Superseded);
    assert.equal(await total('moved'), 1);
  });

  test('an event that throws parks its key in the same transaction; later events of the key wait, other keys flow', async () => {
    await place(20);
    const event = (position: number, key: string, amount: number) => ({
      type: 'toy.added',
      data: { id: key, amount },
      id: `evt_${position}`,
      key,
      partition: 3,
      source: 'source',
      position,
      subject: key,
      sequence: 1,
      time: '2026-03-01T10:00:00.000Z',
      cause: 'x',
    });
    const heard = (position: number, key: string, amount: number): Item => ({
      command: amount === 666 ? command({ type: 'explode', id: key }) : command({ type: 'add', id: key, amount }),
      cause: `evt_${position}`,
      actor: 'system',
      event: event(position, key, amount),
    });
    const results = await writer.write(
      [heard(21, 'poisoned', 666), heard(22, 'healthy', 1), heard(23, 'poisoned', 1)],
      [{ source: 'source', partition: 3, old: 20, new: 23 }],
    );
    assert.deepEqual(
      results.map(result => result.result),
      ['parked', 'decided', 'parked'],
    );
    assert.equal(await total('healthy'), 1);
    assert.equal(await total('poisoned'), 0);
    const parked = (await client.query('select position, key from toy.parked order by position')).rows;
    assert.deepEqual(parked, [
      { position: 21, key: 'poisoned' },
      { position: 23, key: 'poisoned' },
    ]);
    const blocked = (await client.query('select key, attempts, reason from toy.blocked')).rows;
    assert.deepEqual(blocked, [{ key: 'poisoned', attempts: 1, reason: 'poison' }]);
    // The cause is mended: the parked events run in order and the block goes with the last.
    const mended = (position: number, amount: number): Item => ({
      ...heard(position, 'poisoned', amount),
      command: command({ type: 'add', id: 'poisoned', amount }),
      parked: true,
    });
    await writer.write([mended(21, 2), mended(23, 1)], [{ source: 'source', partition: 3, old: 23, new: 23 }]);
    assert.equal(await total('poisoned'), 3);
    assert.equal((await client.query('select 1 from toy.blocked')).rowCount, 0);
    assert.equal((await client.query('select 1 from toy.parked')).rowCount, 0);
  });
});
