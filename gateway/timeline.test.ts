import assert from 'node:assert/strict';
import { test } from 'node:test';
import { by_cause } from './timeline.ts';

/** Named by service and place; each is caused by the one named behind it. */
const told = (...rows: readonly [id: string, caused_by: string][]) =>
  by_cause(rows.map(([id, caused_by]) => ({ id, service: id.split('.')[0] ?? '', caused_by }))).map(row => row.id);

test('at one instant an event stands behind its cause, and what happened later stays later', () => {
  // As a day of a replay is: everything at its end, the parcel a day later.
  const day = told(
    ['inventory.1', 'orders.1'],
    ['orders.1', 'req'],
    ['inventory.2', 'orders.3'],
    ['payments.1', 'orders.2'],
    ['orders.2', 'inventory.1'],
    ['orders.3', 'payments.1'],
    ['shipping.1', 'timer'],
    ['orders.4', 'shipping.1'],
  );
  assert.deepEqual(day, ['orders.1', 'inventory.1', 'orders.2', 'payments.1', 'orders.3', 'inventory.2', 'shipping.1', 'orders.4']);
});

test('events of one log keep their order, whatever they were caused by', () => {
  assert.deepEqual(told(['inventory.1', 'orders.2'], ['orders.1', 'req'], ['orders.2', 'req']), ['orders.1', 'orders.2', 'inventory.1']);
});

test('causes that go round in a circle lose nothing', () => {
  assert.deepEqual(told(['orders.1', 'payments.1'], ['payments.1', 'orders.1']).toSorted(), ['orders.1', 'payments.1']);
});
