import assert from 'node:assert/strict';
import { test } from 'node:test';
import { event_contracts } from '../../contracts/index.ts';
import { recorded } from '../../contracts/recorded.ts';
import { given_for } from '../../platform/batch.ts';
import { reactions } from './reactions.ts';
import { fulfillment_requested, open_shop, order_id, said } from './testing/shop.ts';

test('shipping reacts to what is meant for it, and to nothing else', () => {
  const meant = Object.values(event_contracts).filter(({ heard_by }) => (heard_by as readonly string[]).includes('shipping'));
  assert.deepEqual(Object.keys(reactions).sort(), meant.map(contract => contract.type).sort());
});

test('every recorded event is taken, one after the other', () => {
  const shop = open_shop({ sellers: [], fulfillment: 'manual' });
  const types = (
    ['location.changed', 'order.held', 'fulfillment.requested', 'order.hold_released', 'order.cancellation_requested'] as const
  ).map(type => shop.hear(recorded(type)).types);
  assert.deepEqual(types, [
    [],
    [],
    ['shipment.planned'],
    [],
    ['shipment.cancelled', 'parcel.label_voided', 'fulfillment.cancellation_answered'],
  ]);
});

test('a plan is named by the event: what the command names is what its decision would', () => {
  const event = fulfillment_requested([
    { line_no: 1, quantity: 1 },
    { line_no: 2, quantity: 1, location_id: 'london' },
  ]);
  const command = reactions['fulfillment.requested'](event);
  assert.ok(command?.type === 'plan_shipments');
  const given = given_for('shipping', event.time, event.id, 'system');
  assert.deepEqual(
    command.shipments.map(shipment => shipment.shipment_id),
    [given.id('shp', 0), given.id('shp', 1)],
  );
});

test('erased personal data leaves a plan without an address', () => {
  const shop = open_shop({ sellers: [] });
  const ran = shop.hear(fulfillment_requested([{ line_no: 1, quantity: 1 }], { personal: null }));
  assert.deepEqual(ran.types, ['shipment.planned', 'shipment.dispatched']);
  assert.equal(said(ran, 'shipment.planned').order_id, order_id);
  assert.equal(shop.state<{ ship_to: unknown }>('fulfillment', order_id).ship_to, null);
});
