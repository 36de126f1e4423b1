import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { contracts_of, type EventType, event_contracts } from '../../contracts/index.ts';
import { recorded } from '../../contracts/recorded.ts';
import { seeded_random } from '../../platform/random.ts';
import type { Event, Logged } from '../../platform/service.ts';
import { type Cell, type FactBatch, fact_batch } from './fact_batch.ts';
import type { AnyFactTable } from './fact_shapes.ts';
import { exception, fact_tables, orders, payment, refund, shipment } from './facts.ts';
import { stock_span } from './facts_supply.ts';
import { project } from './projections.ts';
import { logs_of } from './testing/lives.ts';
import { tell_orders } from './testing/stories.ts';
import { without_personal } from './warehouses/pieces.ts';

// The keys of the contracts are the event types.
const types = Object.keys(event_contracts) as EventType[];

function rows_of(facts: FactBatch, table: AnyFactTable): Cell[][] {
  const columns = facts.columns(table);
  return (columns[0] ?? []).map((_, row) => columns.map(column => column[row]));
}
function rows_after(events: readonly Logged<Event>[], table: AnyFactTable): Cell[][] {
  const facts = fact_batch();
  for (const event of events) project(event, facts);
  return rows_of(facts, table);
}
const named = (table: AnyFactTable, cells: Cell[] | undefined) =>
  Object.fromEntries(table.columns.map(column => [column.name, cells?.[column.place]]));

function shuffled<T>(values: readonly T[], chance: () => number): T[] {
  const rest = [...values];
  return values.map(() => rest.splice(Math.floor(chance() * rest.length), 1)[0] as T);
}

describe('projections', () => {
  test('take every recorded event, and what reads as none of ours says nothing', () => {
    const facts = fact_batch();
    for (const type of types) project(recorded(type), facts);
    project({ ...recorded('order.placed'), type: 'order.placed.v2', data: null }, facts);
    for (const table of fact_tables) assert.ok(rows_of(facts, table).length > 0, `no event said anything for ${table.name}`);
  });

  test('put only what their table can hold', () => {
    const kinds = { varchar: 'string', timestamp: 'string', boolean: 'boolean', bigint: 'number', integer: 'number' };
    for (const type of types) {
      for (const table of fact_tables) {
        for (const cells of rows_after([recorded(type)], table)) {
          for (const column of table.columns) {
            const value = cells[column.place];
            assert.ok(
              value === undefined || typeof value === kinds[column.sql],
              `${type}: ${table.name}.${column.name} is ${typeof value}`,
            );
          }
        }
      }
    }
  });

  test('fold entities to the same rows in whatever order and however often their events come', () => {
    const events = [...logs_of(7, tell_orders(80)).values()].flat();
    const entities = fact_tables.filter(table => table.kind === 'entity');
    const expected = entities.map(table => rows_after(events, table).sort());
    const chance = seeded_random(1).next;
    for (let round = 0; round < 5; round++) {
      const again = shuffled([...events, ...events.filter(() => chance() < 0.3)], chance);
      for (const [index, table] of entities.entries()) assert.deepEqual(rows_after(again, table).sort(), expected[index], table.name);
    }
  });

  test('a version below the one known changes no status, and keeps what only it tells', () => {
    const of = (type: EventType, sequence: number): Logged<Event> => ({ ...recorded(type), sequence });
    const [row] = rows_after([of('order.completed', 9), of('order.confirmed', 4), of('order.placed', 1)], orders);
    const { status, sequence, confirmed_at, placed_at } = named(orders, row);
    assert.deepEqual(
      { status, sequence, confirmed_at, placed_at },
      { status: 'completed', sequence: 9, confirmed_at: '2026-05-04T09:12:01.900Z', placed_at: '2026-05-04T09:12:00.000Z' },
    );
  });

  test('an event of a subject of its own says nothing of the order’s status', () => {
    const [row] = rows_after([{ ...recorded('return.requested'), subject: 'ret_1', sequence: 99 }], orders);
    assert.equal(named(orders, row)['status'], undefined);
  });

  test('money that comes late is no success', () => {
    const late = { ...recorded('payment.authorized'), data: { ...event_contracts['payment.authorized'].example, late: true } };
    const [row] = rows_after([recorded('payment.abandoned'), late], payment);
    const { ok_at, late_at, refused_at } = named(payment, row);
    assert.deepEqual([ok_at, late_at, refused_at], [undefined, late.time, late.time]);
  });

  test('a refund is its lines and what none of them names; a failure later takes it back', () => {
    const example = event_contracts['payment.refunded'].example;
    const refunded = { ...recorded('payment.refunded'), sequence: 5, data: { ...example, amount: 600, tax: 85 } };
    const rows = () => rows_after([refunded], refund).map(cells => named(refund, cells));
    assert.deepEqual(
      rows().map(row => [row['line_no'], row['amount'], row['succeeded']]),
      [
        [1, 510, true],
        [0, 90, true],
      ],
    );
    const failed = {
      ...recorded('payment.refund_failed'),
      sequence: 6,
      data: { ...event_contracts['payment.refund_failed'].example, amount: 600, tax: 85 },
    };
    assert.deepEqual(
      rows_after([failed, refunded], refund).map(cells => named(refund, cells)['succeeded']),
      [false, false],
    );
  });

  test('a shipment event without a status leaves the one known', () => {
    const [row] = rows_after(
      [
        { ...recorded('shipment.planned'), sequence: 1 },
        { ...recorded('parcel.tracked'), sequence: 2 },
      ],
      shipment,
    );
    assert.deepEqual([named(shipment, row)['status'], named(shipment, row)['sequence']], ['labeled', 1]);
  });

  test('an exception says which log it stands in', () => {
    const [row] = rows_after([{ ...recorded('exception.raised'), source: 'shipping' }], exception);
    assert.equal(named(exception, row)['source'], 'shipping');
  });

  test('of stock levels a batch keeps the first and those that cross zero', () => {
    const [level] = event_contracts['stock.levels_changed'].example.levels;
    assert.ok(level !== undefined);
    const seen = [5, 3, 0, -1, 2].map((available, index) => ({
      ...recorded('stock.levels_changed'),
      data: { levels: [{ ...level, available, version: index + 1 }] },
    }));
    assert.deepEqual(
      rows_after(seen, stock_span).map(cells => named(stock_span, cells)['version']),
      [1, 3, 5],
    );
  });
});

describe('personal data', () => {
  /** Where a schema says `x-personal`. */
  function personal_paths(schema: unknown, path = ''): string[] {
    if (typeof schema !== 'object' || schema === null) return [];
    const own = 'x-personal' in schema ? [path] : [];
    return [...own, ...Object.entries(schema).flatMap(([name, inner]) => personal_paths(inner, `${path}/${name}`))];
  }
  test('stands nowhere but at the top of an event, where it is left out of what is stored', () => {
    const told = Object.values(contracts_of).flatMap(contracts => Object.values(contracts));
    const personal = told.filter(contract => personal_paths(contract.data).length > 0);
    assert.deepEqual(personal.map(contract => contract.type).sort(), ['fulfillment.requested', 'parcel.delivered', 'payment.requested']);
    for (const { type, data, example } of personal) {
      for (const path of personal_paths(data)) assert.match(path, /^\/properties\/personal\b/, type);
      const stored = JSON.parse(JSON.stringify(without_personal(example)));
      const { personal: left_out, ...rest } = example as { personal?: unknown };
      assert.ok(left_out !== undefined, `${type} has no personal data in its example`);
      assert.deepEqual(stored, JSON.parse(JSON.stringify(rest)));
    }
  });
});
