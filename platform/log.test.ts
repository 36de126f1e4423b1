import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { append_statements, table_log } from './log.ts';
import { migrate } from './migrate.ts';
import { partition_of } from './partition.ts';
import { fresh_database } from './postgres/test_database.ts';

let url: string;
let drop: () => Promise<void>;
const clients: pg.Client[] = [];

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  clients.push(client);
  return client;
}

before(async () => {
  ({ url, drop } = await fresh_database());
  await migrate(url, [{ name: 'toy', has_log: true }]);
  const client = await connect();
  // The naive log: positions from a sequence, the transaction id beside them.
  await client.query(`create table naive (position bigint generated always as identity primary key, xid xid8 not null default pg_current_xact_id(), subject text, version int);
                      create table other (id int)`);
});
after(async () => {
  await Promise.all(clients.map(client => client.end()));
  await drop();
});

function event(subject: string, sequence: number) {
  return {
    partition: partition_of(subject),
    key: subject,
    type: 'toy.happened',
    id: `evt_${subject}_${sequence}`,
    subject,
    sequence,
    time: '2026-01-01T00:00:00.000Z',
    cause: 'test',
    data: {},
  };
}

async function append(client: pg.Client, events: ReturnType<typeof event>[]): Promise<void> {
  for (const statement of append_statements('toy', events)) await client.query(statement.text, statement.values);
}

describe('the naive logs', () => {
  test('a reader with a plain sequence cursor never sees an event that commits late', async () => {
    const [a, b, reader] = [await connect(), await connect(), await connect()];
    await a.query('begin');
    await a.query(`insert into naive (subject, version) values ('first', 1)`);
    await b.query(`insert into naive (subject, version) values ('second', 1)`);
    const seen = (await reader.query('select position, subject from naive where position > 0 order by position')).rows;
    await a.query('commit');
    const cursor = seen.at(-1)?.position;
    const later = (await reader.query('select subject from naive where position > $1', [cursor])).rows;
    assert.deepEqual(
      seen.map(row => row.subject),
      ['second'],
    );
    assert.deepEqual(later, [], 'the first event is lost: its position is behind the cursor');
  });

  test('ordering by (xid, position) delivers version 2 before version 1 of one aggregate', async () => {
    const [a, b, reader] = [await connect(), await connect(), await connect()];
    await a.query('begin');
    await a.query('insert into other values (1)');
    await b.query(`insert into naive (subject, version) values ('S', 1)`);
    await a.query(`insert into naive (subject, version) values ('S', 2)`);
    await a.query('commit');
    const order = (await reader.query(`select version from naive where subject = 'S' order by xid, position`)).rows.map(row => row.version);
    assert.deepEqual(order, [2, 1]);
  });
});

describe('the log', () => {
  test('a later append waits for an earlier one, so position order is commit order', async () => {
    const [a, b] = [await connect(), await connect()];
    await a.query('begin');
    await append(a, [event('late', 1)]);
    const waiting = b
      .query('begin')
      .then(() => append(b, [event('early', 1)]))
      .then(() => b.query('commit'));
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const reader = table_log('toy', pool);
    assert.deepEqual((await reader.read(0, ['toy.happened'])).events, [], 'nothing is visible before its turn');
    await a.query('commit');
    await waiting;
    const { events } = await reader.read(0, ['toy.happened']);
    assert.deepEqual(
      events.map(logged => [logged.subject, logged.position]),
      [
        ['late', 1],
        ['early', 2],
      ],
    );
    await pool.end();
  });

  test('16 adversarial writers: nothing lost, doubled or out of order, positions dense', async () => {
    const writers = await Promise.all(Array.from({ length: 16 }, connect));
    const pool = new pg.Pool({ connectionString: url, max: 2 });
    const reader = table_log('toy', pool);
    const start = await reader.head();
    const seen: { subject: string; sequence: number | null; position: number }[] = [];
    let cursor = start;
    let writing = true;
    const read = async () => {
      const slice = await reader.read(cursor, ['toy.happened']);
      cursor = slice.upto;
      seen.push(...slice.events);
    };
    const reading = (async () => {
      while (writing) await read();
    })();
    const rounds = 40;
    const committed = (await Promise.all(writers.map((client, writer) => write_rounds(client, writer, rounds)))).flat();
    writing = false;
    await reading;
    while (cursor < (await reader.head())) await read();
    await pool.end();
    assert.equal(seen.length, committed.length, 'none lost, none doubled');
    assert.deepEqual(
      seen.map(logged => logged.position),
      Array.from({ length: seen.length }, (_, index) => start + 1 + index),
    );
    for (const [subject, list] of Map.groupBy(seen, logged => logged.subject)) {
      assert.deepEqual(
        list.map(logged => logged.sequence),
        list.map((_, index) => index + 1),
        `${subject} in order`,
      );
    }
  });

  test('nobody may update or delete an event, and others may only read', async () => {
    await migrate(url, [
      { name: 'toy', has_log: true },
      { name: 'neighbour', has_log: true },
    ]);
    const client = await connect();
    await client.query('set role cartwright_toy');
    await assert.rejects(client.query('delete from toy.events'), { code: '42501' });
    await assert.rejects(client.query(`update toy.events set type = 'x'`), { code: '42501' });
    await client.query('set role cartwright_neighbour');
    await client.query('select count(*) from toy.events');
    await assert.rejects(client.query('select count(*) from toy.timers'), { code: '42501' });
    await client.query('reset role');
  });
});

/** Other work before the append, a tenth rolled back; versions of a writer's own subject only count what committed. */
async function write_rounds(client: pg.Client, writer: number, rounds: number): Promise<string[]> {
  const committed: string[] = [];
  let version = 0;
  for (let round = 0; round < rounds; round++) {
    await client.query('begin');
    if (round % 3 === 0) await client.query('insert into other values ($1)', [round]);
    await append(client, [event(`w${writer}`, version + 1)]);
    if ((round + writer) % 10 === 0) {
      await client.query('rollback');
      continue;
    }
    await client.query('commit');
    version += 1;
    committed.push(`w${writer}/${version}`);
  }
  return committed;
}
