/** Sealed with a key per person, opened by whom it is meant for, gone with the key. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import pg from 'pg';
import { aggregate_cache } from '../cache.ts';
import { open_pool, open_wire, role_of, type Wire } from '../database.ts';
import { write_apart } from '../lanes.ts';
import { type LogReader, table_log } from '../log.ts';
import { migrate } from '../migrate.ts';
import { fresh_database } from '../postgres/test_database.ts';
import { real_random } from '../random.ts';
import type { Event, Logged, Service } from '../service.ts';
import { log_tail, type Tail } from '../tail.ts';
import { test_vault_ports } from '../testing/vault.ts';
import { create_writer, type Item, type Writer } from '../write.ts';
import { vault_schema } from './schema.ts';
import { key_of, seal, Unsealable, unseal } from './sealing.ts';
import { create_vault, key_cached_max_ms, opener, service_vault, type Vault, type VaultPorts } from './vault.ts';

const key = key_of(new Uint8Array(32).fill(1));
const place = 'evt_1 data.personal';

describe('a sealed text', () => {
  const sealed = seal(real_random, key, 'Ada Lovelace', place);

  test('is the text again under its key, in its place', () => {
    assert.equal(unseal(key, sealed, place).toString(), 'Ada Lovelace');
    assert.equal(unseal(key, seal(real_random, key, '', place), place).length, 0);
    assert.notEqual(seal(real_random, key, 'Ada Lovelace', place), sealed, 'the same text twice looks the same');
    assert.doesNotMatch(Buffer.from(sealed, 'base64').toString('latin1'), /Ada/);
  });

  const changed = (at: number) => {
    const bytes = Buffer.from(sealed, 'base64');
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    return bytes.toString('base64');
  };
  for (const [what, open] of [
    ['under another key', () => unseal(key_of(new Uint8Array(32).fill(2)), sealed, place)],
    ['in another event', () => unseal(key, sealed, 'evt_2 data.personal')],
    ['in another field', () => unseal(key, sealed, 'evt_1 data.other')],
    ['with another nonce', () => unseal(key, changed(0), place)],
    ['with a changed letter', () => unseal(key, changed(12), place)],
    ['with another tag', () => unseal(key, changed(12 + 'Ada Lovelace'.length), place)],
    ['cut short', () => unseal(key, sealed.slice(0, 16), place)],
  ] as const)
    test(`is refused ${what}`, () => assert.throws(open, Unsealable));
});

interface Visit extends Event {
  readonly type: 'visit.noted';
  readonly data: { readonly order_id: string; readonly customer_ref: string; readonly personal: { readonly name: string } };
}
interface NoteVisit {
  readonly type: 'note_visit';
  readonly order_id: string;
  readonly customer_ref: string;
  readonly name: string;
}
/** A service that says something personal: which customer came, by name. */
const hotel: Service<{ visit: number }, NoteVisit, Visit, { rejection: 'never' }, Visit> = {
  name: 'hotel',
  kinds: {
    visit: {
      initial: () => 0,
      evolve: visits => visits + 1,
      rows: {
        load: `select coalesce(json_agg(v), '[]'::json) as rows from (select * from hotel.visit where id = any($1) order by id for update) v`,
        insert: 'insert into hotel.visit select * from json_populate_recordset(null::hotel.visit, $1)',
        update: 'update hotel.visit t set version = r.version from json_populate_recordset(null::hotel.visit, $1) r where t.id = r.id',
        from_row: row => Number(row['version']),
        to_row: () => ({}),
      },
    },
  },
  commands: {
    note_visit: {
      touches: ({ order_id }) => [{ kind: 'visit', id: order_id }],
      decide: ({ order_id, customer_ref, name }) => ({
        facts: [
          {
            event: { type: 'visit.noted', data: { order_id, customer_ref, personal: { name } } },
            key: order_id,
            subject: { kind: 'visit', id: order_id },
          },
        ],
      }),
    },
  },
  reactions: { 'visit.noted': () => undefined },
};

/** A process with a cache of keys of its own, and what it sent. */
interface Process {
  readonly vault: Vault;
  readonly tail: Tail;
  readonly writer: Writer;
  readonly sent: string[];
}

let url: string;
let drop: () => Promise<void>;
let pool: pg.Pool;
const wires: Wire[] = [];
let ordinal = 0;
let now_ms = 1_000_000;

async function start_process(more: Partial<VaultPorts> = {}): Promise<Process> {
  const vault = create_vault({ ...test_vault_ports, now_ms: () => now_ms, ...more });
  const wire = await open_wire(url, role_of('hotel'));
  wires.push(wire);
  const sent: string[] = [];
  const tail = log_tail('hotel');
  const send: Wire['send'] = (name, text, values) => {
    sent.push(name);
    return wire.send(name, text, values);
  };
  const writer = create_writer({
    service: hotel,
    vault,
    tail,
    cache: aggregate_cache(),
    wire: async () => ({ ...wire, broken: false, send }),
    now: () => '2026-03-01T10:00:00.000Z',
    event_id: () => `evt_${++ordinal}`,
  });
  return { vault, tail, writer, sent };
}
const visit = (order_id: string, customer_ref: string, name = 'Ada Lovelace'): Item => {
  // The writer takes any service's command.
  const command: Item['command'] & NoteVisit = { type: 'note_visit', order_id, customer_ref, name };
  return { command, cause: `req_${++ordinal}`, actor: 'test' };
};
async function logged(order_id: string): Promise<Logged<Event>[]> {
  const { rows } = await pool.query<Logged<Event>>(`select *, 'hotel' as source from hotel.events where key = $1 order by position`, [
    order_id,
  ]);
  return rows;
}
/** What a hearer that may open the type finds in the order's events. */
async function heard(process: Process, order_id: string, opens = ['visit.noted']): Promise<unknown[]> {
  const events = await logged(order_id);
  return events.map(opener(opens, await process.vault.keys_for(pool, events))).map(event => event.data);
}
const keys = async (subject: string) =>
  (await pool.query<{ wrapped: string | null }>('select wrapped from vault.data_key where subject = $1', [subject])).rows;
const destroy = (subject: string) => pool.query('select vault.destroy_keys($1)', [JSON.stringify([{ subject }])]);

before(async () => {
  ({ url, drop } = await fresh_database());
  await migrate(url, [
    vault_schema(
      new Map([
        ['hotel', 'make'],
        ['guide', 'open'],
      ]),
    ),
    ...['hotel', 'guide', 'stranger'].map(name => ({ name, has_log: true })),
  ]);
  pool = new pg.Pool({ connectionString: url, max: 4 });
  await pool.query(
    'create table hotel.visit (id text primary key, version integer not null); grant all on hotel.visit to cartwright_hotel',
  );
});
after(async () => {
  await Promise.all(wires.map(wire => wire.close()));
  await pool.end();
  await drop();
});

describe('an event with something personal', () => {
  test('stands sealed in the log and in the tail alike, and is opened for whom it is meant', async () => {
    const one = await start_process();
    const other = await start_process();
    await one.writer.write([visit('ord_1', 'cus_1')], []);
    const [event] = await logged('ord_1');
    assert.doesNotMatch(JSON.stringify(event), /Ada|Lovelace/);
    assert.deepEqual(Object.keys(Object(Object(event?.data).personal)), ['key', 'sealed']);
    const table = table_log('hotel', pool);
    const nobody: LogReader = { ...table, read: () => assert.fail('the tail must have it') };
    assert.deepEqual((await one.tail.wrap(nobody, () => 0).read(0, ['visit.noted'])).events, (await table.read(0, ['visit.noted'])).events);
    const clear = { order_id: 'ord_1', customer_ref: 'cus_1', personal: { name: 'Ada Lovelace' } };
    for (const process of [one, other]) assert.deepEqual(await heard(process, 'ord_1'), [clear]);
    assert.deepEqual(
      await heard(other, 'ord_1', []),
      [{ order_id: 'ord_1', customer_ref: 'cus_1' }],
      'nobody else sees that there was something',
    );
  });

  test('takes a key per person: one statement for all new ones of a batch, none and no round trip when all are known', async () => {
    const { writer, sent } = await start_process();
    await writer.write([visit('ord_2', 'cus_2'), visit('ord_3', 'cus_3'), visit('ord_4', 'cus_2')], []);
    assert.deepEqual(
      sent.filter(name => name.startsWith('vault.')),
      ['vault.read', 'vault.make'],
    );
    sent.length = 0;
    await writer.write([visit('ord_5', 'cus_2'), visit('ord_6', 'cus_3')], []);
    assert.deepEqual(
      sent.filter(name => name.startsWith('vault.')),
      [],
    );
    assert.equal((await keys('cus_2')).length, 1);
  });

  test('is not sealed with a key whose transaction came to nothing', async () => {
    const one = await start_process();
    await pool.query(`alter table hotel.visit add constraint refused check (id <> 'ord_refused')`);
    const [refused] = await write_apart(one.writer, [visit('ord_refused', 'cus_7')]);
    assert.equal(refused?.result, 'failed');
    assert.deepEqual(await keys('cus_7'), []);
    await one.writer.write([visit('ord_7', 'cus_7')], []);
    assert.deepEqual(await heard(await start_process(), 'ord_7'), [
      { order_id: 'ord_7', customer_ref: 'cus_7', personal: { name: 'Ada Lovelace' } },
    ]);
  });

  test('two processes make the first key of one person at once: one key, and both events are read with it', async () => {
    let made = 0;
    for (let round = 0; round < 20; round++) {
      const [one, other] = [await start_process(), await start_process()];
      const customer = `cus_race_${round}`;
      const outcomes = await Promise.all(
        [one, other].map((process, index) => write_apart(process.writer, [visit(`ord_race_${round}_${index}`, customer)])),
      );
      assert.deepEqual(
        outcomes.flat().map(outcome => outcome.result),
        ['decided', 'decided'],
      );
      assert.equal((await keys(customer)).length, 1);
      const reader = await start_process();
      for (const index of [0, 1]) {
        const [data] = await heard(reader, `ord_race_${round}_${index}`);
        assert.deepEqual(Object(data).personal, { name: 'Ada Lovelace' });
      }
      for (const { sent } of [one, other]) made += sent.filter(name => name === 'vault.make').length;
      await Promise.all(wires.splice(-3).map(wire => wire.close()));
    }
    assert.ok(made > 20, 'in no round did both try');
  });

  test('that was moved to another event, or changed, is refused, and not taken for erased', async () => {
    const process = await start_process();
    await process.writer.write([visit('ord_8', 'cus_8')], []);
    const [event] = await logged('ord_8');
    assert.ok(event !== undefined);
    const known = await process.vault.keys_for(pool, [event]);
    assert.throws(() => opener(['visit.noted'], known)({ ...event, id: 'evt_other' }), Unsealable);
  });
});

describe('a destroyed key', () => {
  test('leaves the event without its personal part; what comes later is left out, not sealed anew', async () => {
    const before_it = await start_process();
    await before_it.writer.write([visit('ord_10', 'cus_10')], []);
    await destroy('cus_10');
    const later = await start_process();
    assert.deepEqual(await heard(later, 'ord_10'), [{ order_id: 'ord_10', customer_ref: 'cus_10' }]);
    await later.writer.write([visit('ord_11', 'cus_10')], []);
    assert.deepEqual(
      (await logged('ord_11')).map(event => event.data),
      [{ order_id: 'ord_11', customer_ref: 'cus_10' }],
    );
    assert.deepEqual(await keys('cus_10'), [{ wrapped: null }]);
  });

  test('is used by a process that remembers it for half a minute at most', async () => {
    const process = await start_process();
    await process.writer.write([visit('ord_12', 'cus_12')], []);
    await destroy('cus_12');
    now_ms += key_cached_max_ms;
    assert.equal(Object((await heard(process, 'ord_12'))[0]).personal?.name, 'Ada Lovelace');
    now_ms += 1;
    assert.deepEqual(await heard(process, 'ord_12'), [{ order_id: 'ord_12', customer_ref: 'cus_12' }]);
  });

  test('can be destroyed again, and before it was made', async () => {
    await destroy('cus_12');
    await destroy('cus_never');
    const process = await start_process();
    await process.writer.write([visit('ord_13', 'cus_never')], []);
    assert.deepEqual(
      (await logged('ord_13')).map(event => event.data),
      [{ order_id: 'ord_13', customer_ref: 'cus_never' }],
    );
  });
});

describe('the keys', () => {
  test('are wrapped: another master key opens none, and says so before anything is sealed', async () => {
    const stranger = await start_process({ master_key: new Uint8Array(32).fill(9) });
    await assert.rejects(stranger.vault.check(pool), { code: 'wrong_master_key' });
    await assert.rejects(heard(stranger, 'ord_1'), { code: 'wrong_master_key' });
    await (await start_process()).vault.check(pool);
  });

  test('are wrapped for one person: in the row of another they are worth nothing', async () => {
    await pool.query(
      `insert into vault.data_key (subject, wrapped) select 'cus_thief', wrapped from vault.data_key where subject = 'cus_1'`,
    );
    const process = await start_process();
    await assert.rejects(process.writer.write([visit('ord_14', 'cus_thief')], []), { code: 'wrong_master_key' });
    await pool.query(`delete from vault.data_key where subject = 'cus_thief'`);
  });

  test('are read by whom they are meant for, changed by nobody, destroyed by who makes them', async () => {
    const allowed = async (service: string) => {
      const own = open_pool(url, role_of(service), 1);
      const can = async (sql: string) =>
        own.query(sql).then(
          () => true,
          (error: pg.DatabaseError) => {
            assert.equal(error.code, '42501');
            return false;
          },
        );
      const answers = [
        await can('select * from vault.data_key'),
        await can(`insert into vault.data_key (subject, wrapped) values ('cus_${service}', 'x')`),
        await can(`update vault.data_key set wrapped = 'y'`),
        await can('delete from vault.data_key'),
        await can(`select vault.destroy_keys('[{"subject": "cus_hotel"}]')`),
      ];
      await own.end();
      return answers;
    };
    assert.deepEqual(await allowed('hotel'), [true, true, false, false, true]);
    assert.deepEqual(await allowed('guide'), [true, false, false, false, false]);
    assert.deepEqual(await allowed('stranger'), [false, false, false, false, false]);
  });

  test('are asked for by a hearer only when it may open what it heard', async () => {
    const { vault } = await start_process();
    const events = await logged('ord_1');
    let asked = 0;
    const counting = Object.assign(Object.create(pool), {
      query(...given: Parameters<pg.Pool['query']>) {
        asked += 1;
        return pool.query(...given);
      },
    });
    const of_service = (opens: string[]) => service_vault({ url, source_urls: {}, opens, vault_of: () => vault });
    await of_service([]).opener(new Map([['hotel', counting]]), events);
    assert.equal(asked, 0);
    await of_service(['visit.noted']).opener(new Map([['hotel', counting]]), events);
    assert.equal(asked, 1);
    await of_service(['visit.noted']).opener(new Map([['hotel', counting]]), events);
    assert.equal(asked, 1, 'known by now');
  });
});
