/** Where labels are bought from: the location's address as inventory told it last, and no label without one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { test_time } from '../../platform/testing/in_memory.ts';
import { address_check_ms, exception_ms } from './model.ts';
import { place_of_location, ship_from_of } from './place.ts';
import { reactions } from './reactions.ts';
import {
  cancellation_requested,
  fulfillment_requested,
  hold,
  location_changed,
  minute,
  open_shop,
  order_id,
  type Shop,
  said,
} from './testing/shop.ts';

const lines = [{ line_no: 1, quantity: 2 }];
const leeds = { line1: '1 Dock Road', city: 'Leeds', postal_code: 'LS1 1AA', country: 'GB' };
const lille = { name: 'Chez Ada', line1: '1 rue du Port', city: 'Lille', postal_code: '59000', country: 'FR' };
const from = (shop: Shop) => shop.op('quote_rates').request['ship_from'];
const quotes = (shop: Shop) => [...shop.operations.values()].filter(operation => operation.kind === 'quote_rates').length;
const open_reasons = (shop: Shop, place = 0) => shop.shipment(place).exceptions.map(open => open.reason);
const check = (shop: Shop) => shop.timers.get('location leeds')?.due_at;

describe('rates are asked for', () => {
  test('from the address of the shipment’s own location', () => {
    const shop = open_shop({}, ['leeds', 'london']);
    shop.hear(location_changed('leeds', leeds, 1));
    shop.hear(location_changed('london', lille, 1));
    const ran = shop.hear(fulfillment_requested([...lines, { line_no: 2, quantity: 1, location_id: 'london' }]));
    assert.deepEqual(
      ran.operations.map(({ request }) => request['ship_from']),
      [{ name: 'At leeds', ...leeds }, lille],
    );
  });

  test('from where the location is now: a change counts for later labels only', () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested(lines));
    const asked = from(shop);
    assert.deepEqual(shop.hear(location_changed('leeds', lille, 2)).types, []);
    assert.deepEqual([from(shop), quotes(shop)], [asked, 1]);
    shop.answer('quote_rates', { outcome: 'declined', code: 'rate_unavailable', retryable: false });
    shop.ask('buy_labels');
    assert.deepEqual([from(shop), quotes(shop)], [lille, 2]);
  });

  test('from the latest address, in whatever order they are heard', () => {
    const shop = open_shop({}, ['leeds']);
    shop.hear(location_changed('leeds', lille, 3));
    shop.hear(location_changed('leeds', leeds, 2));
    shop.hear(location_changed('leeds', leeds, 3));
    shop.hear(fulfillment_requested(lines));
    assert.deepEqual(from(shop), lille);
  });

  test('with the carrier `manual` without an address: nobody is told it', () => {
    const shop = open_shop({ sellers: [] }, ['leeds']);
    assert.deepEqual(shop.hear(fulfillment_requested(lines)).types, ['shipment.planned', 'shipment.dispatched']);
  });
});

describe('an address', () => {
  const located = (address: object) => ({ sequence: 1, name: 'Leeds', address });
  for (const [what, address, usable] of [
    ['of a line, a city and a country', { line1: '1 Dock Road', city: 'Leeds', country: 'GB' }, true],
    ['without a line', { ...leeds, line1: null }, false],
    ['with a blank city', { ...leeds, city: '  ' }, false],
    ['without a country', { ...leeds, country: undefined }, false],
    ['of nothing', {}, false],
  ] as const)
    test(`${what} is ${usable ? '' : 'not '}one to send from`, () => {
      assert.equal(ship_from_of(located(address)) !== undefined, usable);
    });
  test('nobody told is none', () => assert.equal(ship_from_of(undefined), undefined));
  test('carries the location’s name when it has none of its own', () => {
    assert.equal(place_of_location(located(leeds)).name, 'Leeds');
    assert.equal(place_of_location(located(lille)).name, 'Chez Ada');
  });
});

describe('a shipment from a location without an address', () => {
  const waiting = (more: Parameters<typeof open_shop>[0] = {}) => {
    const shop = open_shop(more, ['leeds']);
    shop.hear(location_changed('leeds', { country: 'GB' }, 1));
    return { shop, ran: shop.hear(fulfillment_requested(lines)) };
  };

  test('is an exception with owner and deadline, and no label is asked for', () => {
    const { shop, ran } = waiting();
    assert.deepEqual(ran.types, ['shipment.planned', 'exception.raised']);
    const { reason, owner, deadline, detail, subject } = said(ran, 'exception.raised');
    assert.deepEqual([reason, owner, subject], ['location_address_missing', 'warehouse', shop.shipment().shipment_id]);
    assert.equal(Date.parse(deadline) - Date.parse(test_time), exception_ms);
    assert.match(detail, /leeds/);
    assert.deepEqual([quotes(shop), shop.shipment().status], [0, 'planned']);
  });

  test('goes on when the address comes: the exception is resolved and the label bought from there', () => {
    const { shop } = waiting();
    assert.deepEqual(shop.hear(location_changed('leeds', leeds, 2), minute(3)).types, []);
    assert.equal(check(shop), minute(3));
    const ran = shop.fire('location', 'leeds');
    assert.deepEqual(ran.types, ['exception.resolved']);
    assert.deepEqual(from(shop), { name: 'At leeds', ...leeds });
    assert.deepEqual(shop.rates().types, ['shipment.carrier_chosen']);
    assert.deepEqual(shop.labels().types, ['parcel.label_purchased', 'shipment.dispatched']);
    assert.equal(check(shop), undefined);
  });

  test('that is still missing is looked for again, and raised once', () => {
    const { shop } = waiting();
    for (let time = 1; time <= 3; time++) {
      assert.equal(check(shop), minute((time * address_check_ms) / 60_000));
      assert.deepEqual(shop.fire('location', 'leeds').types, []);
    }
    assert.deepEqual(open_reasons(shop), ['location_address_missing']);
    assert.deepEqual([...open_reasons(shop), shop.ask('buy_labels').types], ['location_address_missing', []]);
  });

  test('goes on although the address came in the moment it was planned', () => {
    const told = reactions['location.changed'](location_changed('leeds', leeds, 1));
    const asked = reactions['fulfillment.requested'](fulfillment_requested(lines));
    assert.ok(told !== undefined && asked !== undefined);
    for (const batch of [
      [told, asked],
      [asked, told],
    ]) {
      const shop = open_shop({}, ['leeds']);
      // The addresses are read before the batch, and so are those who wait.
      assert.deepEqual(shop.run(batch).types, ['shipment.planned', 'exception.raised']);
      shop.fire('location', 'leeds');
      assert.deepEqual([open_reasons(shop), quotes(shop)], [[], 1]);
    }
  });

  test('is not overdue besides: who is asked for the address knows', () => {
    const { shop } = waiting();
    assert.deepEqual(shop.fire('shipment', shop.shipment().shipment_id).types, []);
    assert.deepEqual(open_reasons(shop), ['location_address_missing']);
    shop.hear(location_changed('leeds', leeds, 2));
    shop.fire('location', 'leeds', minute(25));
    assert.equal(shop.timers.get(`shipment ${shop.shipment().shipment_id}`)?.due_at, minute(35));
    assert.deepEqual(said(shop.fire('shipment', shop.shipment().shipment_id), 'exception.raised').reason, 'label_overdue');
  });

  test('on hold has its exception resolved, and goes on with the release', () => {
    const { shop } = waiting();
    shop.hear(hold('order.held'));
    shop.hear(location_changed('leeds', leeds, 2));
    assert.deepEqual(shop.fire('location', 'leeds').types, ['exception.resolved']);
    assert.equal(quotes(shop), 0);
    shop.hear(hold('order.hold_released'));
    assert.equal(quotes(shop), 1);
  });

  test('that is cancelled waits for nothing any more', () => {
    const { shop } = waiting();
    const ran = shop.hear(cancellation_requested(1, lines));
    assert.deepEqual(ran.types, ['shipment.cancelled', 'exception.resolved', 'fulfillment.cancellation_answered']);
    assert.deepEqual(shop.fire('location', 'leeds').types, []);
    assert.equal(check(shop), undefined);
  });

  test('where people fulfill waits once somebody asked for its label, and then it is bought by itself', () => {
    const { shop, ran } = waiting({ fulfillment: 'manual' });
    assert.deepEqual(ran.types, ['shipment.planned']);
    assert.deepEqual(shop.ask('buy_labels').types, ['exception.raised']);
    shop.hear(location_changed('leeds', leeds, 2));
    assert.deepEqual(shop.fire('location', 'leeds').types, ['exception.resolved']);
    assert.equal(quotes(shop), 1);
  });

  test('does not keep the others of its order waiting', () => {
    const shop = open_shop({}, ['leeds']);
    shop.hear(fulfillment_requested([...lines, { line_no: 2, quantity: 1, location_id: 'london' }]));
    assert.deepEqual([open_reasons(shop, 0), open_reasons(shop, 1), quotes(shop)], [['location_address_missing'], [], 1]);
    assert.equal(shop.op('quote_rates').request['order_id'], order_id);
  });
});
