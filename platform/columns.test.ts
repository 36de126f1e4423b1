import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { by_columns, read_catalog, rows_statement } from './columns.ts';
import { open_wire, type Wire } from './database.ts';
import { fresh_database } from './postgres/test_database.ts';
import type { Row } from './service.ts';

let wire: Wire;
let drop: () => Promise<void>;
const columns =
  'id text, n integer, small smallint, big bigint, yes boolean, at timestamptz, doc json, docb jsonb, tags text[], sizes integer[], rate double precision';

before(async () => {
  const database = await fresh_database();
  drop = database.drop;
  wire = await open_wire(database.url);
  await wire.send('schema', 'create schema toy');
  await wire.send('table', `create table toy.thing (${columns})`);
});
after(async () => {
  await wire.close();
  await drop();
});

const rows: readonly Row[] = [
  {
    id: 'a "quoted" \\ {text}, ünïcode 🎉',
    n: -2147483648,
    small: -1,
    big: Number.MAX_SAFE_INTEGER,
    yes: true,
    at: '2026-02-28T23:59:59.123Z',
    doc: { a: [1, null, 'x'] },
    docb: 'text',
    tags: ['a', 'b,"c"\\', ''],
    sizes: [1, 2, 3],
    rate: 0.25,
  },
  {
    id: 'b',
    n: 0,
    small: 32767,
    big: -4294967297,
    yes: false,
    at: '1999-12-31T00:00:00.000Z',
    doc: 7,
    docb: [],
    tags: [],
    sizes: [],
    rate: -1e-9,
  },
  { id: 'c' },
  { id: '', n: null, small: null, big: null, yes: null, at: null, doc: null, docb: null, tags: null, sizes: null, rate: null },
];

async function stored_by(text: string, by_json: boolean): Promise<unknown[]> {
  const statement = rows_statement(by_json ? new Map() : await read_catalog(wire, 'toy'))('write', text, rows, 'later');
  await wire.send('', 'truncate toy.thing');
  await wire.send('', statement.text, statement.values);
  const { rows: stored } = await wire.send('', 'select * from toy.thing order by id');
  return stored as unknown[];
}

describe('rows by columns', () => {
  for (const [name, text] of [
    ['a whole table', 'insert into toy.thing select * from json_populate_recordset(null::toy.thing, $1) where $2::text is not null'],
    [
      'some columns, aliased',
      'insert into toy.thing (id, n, at) select r.id, r.n, r.at from json_populate_recordset(null::toy.thing, $1) r where $2::text is not null',
    ],
    [
      'a list of columns',
      'insert into toy.thing (id, big, doc, at) select id, big, doc, at from json_to_recordset($1) as r(id text, big bigint, doc json, at timestamptz) where $2::text is not null',
    ],
  ] as const) {
    test(`${name}: the same rows as by JSON`, async () => {
      // Without the catalog a table's statement keeps its JSON; a list of columns is always exchanged, so its JSON is written out here.
      const json = { name: 'json', text, values: [JSON.stringify(rows), 'later'] };
      await wire.send('', 'truncate toy.thing');
      await wire.send('', json.text, json.values);
      const { rows: expected } = await wire.send('', 'select * from toy.thing order by id');
      assert.deepEqual(await stored_by(text, false), expected);
    });
  }

  test('in the order they were given', async () => {
    const text =
      'select id, ordinal from rows from (json_to_recordset($1) as (id text, n integer)) with ordinality as e(id, n, ordinal) order by ordinal';
    const statement = rows_statement(new Map())('ordered', text, rows);
    assert.notEqual(statement.text, text);
    const { rows: read } = await wire.send('', statement.text, statement.values);
    assert.deepEqual(
      read.map(row => row.id),
      rows.map(row => row['id']),
    );
  });

  test('as many as there are: what is being encoded grows', async () => {
    const many = Array.from({ length: 30_000 }, (_, n) => ({
      n,
      small: n % 100,
      yes: n % 2 === 0,
      at: '2026-01-01T00:00:00.000Z',
      big: n,
    }));
    const text =
      'select count(*)::int as rows, sum(n)::float8 as n, sum(small)::float8 as small, sum(big)::float8 as big, count(*) filter (where yes)::int as yes from json_to_recordset($1) as r(n integer, small smallint, yes boolean, at timestamptz, big bigint)';
    const statement = rows_statement(new Map())('many', text, many);
    const { rows: read } = await wire.send('', statement.text, statement.values);
    const sum = (30_000 * 29_999) / 2;
    assert.deepEqual(read, [{ rows: 30_000, n: sum, small: 300 * 4_950, big: sum, yes: 15_000 }]);
  });

  test('a statement of another form keeps its JSON', () => {
    assert.equal(by_columns('select json_array_elements($1)', new Map()), undefined);
    assert.equal(by_columns('insert into toy.other select * from json_populate_recordset(null::toy.other, $1)', new Map()), undefined);
  });

  for (const [cell, column] of [
    [1.5, 'n integer'],
    [2 ** 31, 'n integer'],
    [40_000, 'n smallint'],
    [2 ** 53, 'n bigint'],
    ['soon', 'n timestamptz'],
    ['yes', 'n boolean'],
  ] as const) {
    test(`${cell} is no ${column.split(' ')[1]}: refused with the server's code, before anything is sent`, () =>
      assert.throws(() => rows_statement(new Map())('bad', `select * from json_to_recordset($1) as r(${column})`, [{ n: cell }]), {
        code: '22P02',
      }));
  }
});
