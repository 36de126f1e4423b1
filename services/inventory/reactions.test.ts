import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EventType, event_contracts } from '../../contracts/index.ts';
import type { AnyService } from '../../platform/batch.ts';
import { reactions } from './reactions.ts';
import { inventory_service } from './service.ts';
import { first_order, heard, near, said, shop, steps } from './test_shop.ts';

/** Asked as the platform asks: without the types. */
const service: AnyService = inventory_service();
const contracts = Object.values(event_contracts);

test('inventory reacts to every event whose contract says so, and to no other', () => {
  const named = contracts.filter(contract => contract.heard_by.some(name => name === 'inventory')).map(contract => contract.type);
  assert.deepEqual(Object.keys(reactions).sort(), named.sort());
});

describe('the recorded example of each becomes a command that can be run', () => {
  for (const type of Object.keys(reactions) as EventType[]) {
    test(type, () => {
      const command = service.reactions[type]?.(heard(type, {}));
      if (command === undefined) return assert.equal(type, 'payment.outcome_unknown');
      assert(service.commands[command.type] !== undefined, command.type);
      assert.equal(shop({}).hear(type, {}).rejection, undefined);
    });
  }
});

test('in the happy path inventory says three things of an order, and levels once per transaction', () => {
  const given = shop({ 'A@near': { on_hand: 10 } });
  const said_of_order = [
    given.placed(first_order, [{ line_no: 1, sku: 'A', quantity: 2 }]),
    given.hear('payment.requested', { order_id: first_order, reserve_until: '2026-03-01T10:15:00.000Z' }),
    given.confirmed(first_order),
    given.hear('shipment.dispatched', {
      order_id: first_order,
      location_id: near,
      parcels: [{ parcel_id: 'pcl_1', lines: [{ line_no: 1, quantity: 2 }] }],
    }),
  ].map(ran => [...steps(ran), ran.types.filter(type => type === 'stock.levels_changed').length]);
  assert.deepEqual(said_of_order, [['stock.reserved', 1], [0], ['stock.allocated', 1], ['stock.consumed', 1]]);
});

test('an event about units names the shipment’s place where a line names none', () => {
  const given = shop({ 'A@near': { on_hand: 10 } });
  given.placed(first_order, [{ line_no: 1, sku: 'A', quantity: 2 }]);
  given.confirmed(first_order);
  const ran = given.hear('shipment.shorted', { order_id: first_order, location_id: near, lines: [{ line_no: 1, quantity: 1 }] });
  assert.equal(said(ran, 'stock.shortfall_detected').lines[0]?.location_id, near);
});
