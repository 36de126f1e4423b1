/** What waits has a timer, and what waits too long a person (domain.md 3.6). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cancellation_requested, fulfillment_requested, hold, open_shop, said, minute as t } from './testing/shop.ts';

const lines = [
  { line_no: 1, quantity: 6, weight_grams: 120 },
  { line_no: 2, quantity: 3, weight_grams: 1_500 },
];

describe('timers', () => {
  test('a label that does not come is an exception, said once, and the timer goes on', () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested(lines));
    const { shipment_id } = shop.shipment();
    assert.equal(shop.timers.get(`shipment ${shipment_id}`)?.due_at, '2026-03-01T10:10:00.000Z');
    const ran = shop.fire('shipment', shipment_id);
    assert.deepEqual(ran.types, ['exception.raised']);
    assert.equal(said(ran, 'exception.raised').reason, 'label_overdue');
    assert.deepEqual(shop.fire('shipment', shipment_id).types, []);
    assert.equal(shop.timers.get(`shipment ${shipment_id}`)?.due_at, '2026-03-01T10:30:00.000Z');
    shop.rates();
    assert.deepEqual(shop.labels().types, ['parcel.label_purchased', 'shipment.dispatched', 'exception.resolved']);
  });
  test('labeled and still here after two days is an exception; on hold it is not', () => {
    const shop = open_shop({ sellers: [], fulfillment: 'manual' });
    shop.hear(fulfillment_requested(lines));
    const { shipment_id } = shop.shipment();
    assert.equal(shop.timers.get(`shipment ${shipment_id}`)?.due_at, '2026-03-03T10:00:00.000Z');
    shop.hear(hold('order.held'));
    assert.deepEqual(shop.fire('shipment', shipment_id).types, []);
    shop.hear(hold('order.hold_released'));
    assert.deepEqual(shop.fire('shipment', shipment_id).types, ['exception.raised']);
    assert.deepEqual(shop.ask('dispatch_shipment').types, ['shipment.dispatched', 'exception.resolved']);
  });
  test('on its way a shipment is asked about every four hours until it has ended', () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested(lines));
    shop.rates();
    shop.labels();
    const { shipment_id } = shop.shipment();
    assert.deepEqual(shop.fire('shipment', shipment_id).types, []);
    const { parcel_id, tracking_number } = shop.parcel();
    assert.deepEqual(shop.op('track').request, { parcels: [{ parcel_id, tracking_number, carrier: 'RoyalMail' }] });
    assert.equal(shop.timers.get(`shipment ${shipment_id}`)?.due_at, '2026-03-01T18:00:00.000Z');
    const facts = [{ carrier: 'RoyalMail', tracking_number, parcel_id, status: 'delivered', carrier_at: t(9), signed_by: 'A. Lovelace' }];
    const ran = shop.answer('track', { outcome: 'ok', value: { facts } });
    assert.deepEqual(ran.types, ['parcel.delivered']);
    assert.deepEqual(said(ran, 'parcel.delivered').personal, { signed_by: 'A. Lovelace' });
    assert.equal(shop.timers.size, 0);
  });
  test('every shipment that waits has a timer', () => {
    const shop = open_shop();
    const has = () => shop.timers.has(`shipment ${shop.shipment().shipment_id}`);
    shop.hear(fulfillment_requested(lines));
    assert.ok(has());
    shop.rates();
    assert.ok(has());
    shop.labels();
    assert.ok(has());
    const other = open_shop({ fulfillment: 'manual' });
    other.hear(fulfillment_requested(lines));
    other.hear(cancellation_requested(1, lines));
    assert.equal(other.timers.size, 0);
  });
});

test('an exception is resolved by a person, once', () => {
  const shop = open_shop();
  const { exception_id, subject } = said(shop.hear(fulfillment_requested(lines, { personal: null })), 'exception.raised');
  const resolve = () => shop.ask('resolve_exception', { exception_id, subject, note: 'asked the customer' });
  const ran = resolve();
  assert.equal(said(ran, 'exception.resolved').note, 'asked the customer');
  assert.equal(resolve().rejection?.rejection, 'invalid_transition');
});

test('a version that moved on is a conflict', () => {
  const shop = open_shop({ sellers: [], fulfillment: 'manual' });
  shop.hear(fulfillment_requested(lines));
  const command = (if_match: number) => shop.ask('dispatch_shipment', { if_match });
  assert.equal(command(2).rejection?.rejection, 'version_conflict');
  assert.deepEqual(command(1).types, ['shipment.dispatched']);
});
