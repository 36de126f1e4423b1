/** Holds of the order (domain.md 3.4, 0.4; O9). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fulfillment_requested, hold, open_shop, said, minute as t } from './testing/shop.ts';

const lines = [
  { line_no: 1, quantity: 6, weight_grams: 120 },
  { line_no: 2, quantity: 3, weight_grams: 1_500 },
];

describe('on hold', () => {
  test('nothing is asked, labeled or dispatched; with the last release it goes on', () => {
    const shop = open_shop({ sellers: [] });
    shop.hear(hold('order.held', 'hld_1'));
    shop.hear(hold('order.held', 'hld_2'));
    assert.deepEqual(shop.hear(fulfillment_requested(lines)).types, ['shipment.planned']);
    const { held } = shop.shipment();
    assert.equal(held, true);
    assert.equal(shop.ask('dispatch_shipment').rejection?.rejection, 'order_held');
    assert.deepEqual(shop.hear(hold('order.hold_released', 'hld_1')).types, []);
    assert.deepEqual(shop.hear(hold('order.hold_released', 'hld_2')).types, ['shipment.dispatched']);
    assert.deepEqual(shop.hear(hold('order.hold_released', 'hld_2')).types, []);
  });
  test('rates that come in buy nothing, and are asked for anew after the release', () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested(lines));
    shop.hear(hold('order.held'));
    const ran = shop.rates();
    assert.deepEqual([ran.types, ran.operations.length], [[], 0]);
    assert.equal(shop.ask('buy_labels').rejection?.rejection, 'order_held');
    const released = shop.hear(hold('order.hold_released'));
    assert.deepEqual([released.types, released.operations.map(operation => operation.kind)], [[], ['quote_rates']]);
    shop.rates();
    assert.deepEqual(shop.labels().types, ['parcel.label_purchased', 'shipment.dispatched']);
  });
  test('a label that was being bought is kept, and the shipment stays', () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested(lines));
    shop.rates();
    shop.hear(hold('order.held'));
    assert.deepEqual(shop.labels().types, ['parcel.label_purchased']);
    assert.deepEqual(shop.hear(hold('order.hold_released')).types, ['shipment.dispatched']);
  });
  test('a scan is a fact and is never refused', () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested(lines));
    shop.rates();
    shop.hear(hold('order.held'));
    shop.labels();
    const ran = shop.scan('in_transit', t(7));
    assert.deepEqual(ran.types, ['shipment.dispatched', 'parcel.tracked']);
    const { origin, dispatched_at } = said(ran, 'shipment.dispatched');
    assert.deepEqual([origin, dispatched_at], ['scan', t(7)]);
  });
  test('a shipment that left is none of its business', () => {
    const shop = open_shop({ sellers: [] });
    shop.hear(fulfillment_requested(lines));
    assert.deepEqual(shop.hear(hold('order.held')).types, []);
    assert.equal(shop.shipment().held, false);
  });
});
