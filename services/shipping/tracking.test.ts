/** A parcel's status is a function of the set of facts (domain.md 3.4; architecture.md 4.4). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type CarrierStatus, carrier_statuses } from './carriers/port.ts';
import { fulfillment_requested, open_shop, type Shop, said, minute as t } from './testing/shop.ts';
import { telling_fact } from './tracking.ts';

const lines = [{ line_no: 1, quantity: 6 }];
type Told = { readonly status: CarrierStatus; readonly carrier_at: string };
const status_of = (facts: readonly Told[]) => telling_fact(facts)?.status;
const at = (minutes: number, status: CarrierStatus): Told => ({ status, carrier_at: t(minutes) });
/** A shop whose shipment has left by hand. */
function under_way(): Shop {
  const shop = open_shop();
  shop.hear(fulfillment_requested(lines));
  shop.rates();
  shop.labels();
  return shop;
}

describe('the status that facts tell', () => {
  const table: readonly (readonly [string, readonly Told[], CarrierStatus | undefined])[] = [
    ['nothing said', [], undefined],
    ['the latest counts', [at(1, 'in_transit'), at(2, 'out_for_delivery')], 'out_for_delivery'],
    ['heard late it does not', [at(2, 'out_for_delivery'), at(1, 'in_transit')], 'out_for_delivery'],
    ['at one time the higher rank', [at(1, 'delivered'), at(1, 'in_transit')], 'delivered'],
    ['back on its way after a failed delivery', [at(1, 'delivery_failed'), at(2, 'in_transit')], 'in_transit'],
    ['delivered stays against later scans', [at(1, 'delivered'), at(2, 'in_transit')], 'delivered'],
    ['delivered yields to a later way back', [at(1, 'delivered'), at(2, 'returning')], 'returning'],
    ['but not to an earlier one', [at(1, 'returning'), at(2, 'delivered')], 'delivered'],
    ['nor to one at the same time', [at(1, 'returning'), at(1, 'delivered')], 'delivered'],
    ['back at our dock is the end', [at(1, 'sent_back'), at(2, 'delivered'), at(3, 'returning')], 'sent_back'],
    ['lost and found again', [at(1, 'lost'), at(2, 'in_transit')], 'in_transit'],
  ];
  for (const [name, facts, expected] of table) test(name, () => assert.equal(status_of(facts), expected));

  const any_fact = fc.record({ status: fc.constantFrom(...carrier_statuses), carrier_at: fc.integer({ min: 0, max: 5 }).map(t) });
  test('is the same in any order and however often a fact is heard', () => {
    fc.assert(
      fc.property(fc.array(any_fact, { maxLength: 8 }), fc.infiniteStream(fc.nat()), (facts, chance) => {
        const shuffled = [...facts, ...facts].map(fact => ({ fact, key: chance.next().value ?? 0 })).sort((a, b) => a.key - b.key);
        assert.equal(status_of(shuffled.map(each => each.fact)), status_of(facts));
      }),
      { seed: 1, numRuns: 500 },
    );
  });
  test('every order of a parcel’s life ends in the same row', () => {
    const life = [at(1, 'label_created'), at(2, 'in_transit'), at(3, 'out_for_delivery'), at(4, 'delivery_failed'), at(5, 'delivered')];
    for (const order of permutations(life)) {
      const shop = under_way();
      for (const fact of order) shop.scan(fact.status, fact.carrier_at);
      const { carrier_status, ended, delivered_at, facts } = shop.parcel();
      assert.deepEqual(
        [carrier_status, ended, delivered_at, facts.length, shop.shipment().status],
        ['delivered', 'delivered', t(5), 5, 'delivered'],
      );
      assert.equal(shop.log.filter(event => event.type === 'parcel.delivered').length, 1);
    }
  });
  test('in one webhook or in five, the row is the same', () => {
    const shop = under_way();
    const { tracking_number } = shop.parcel();
    const facts = [at(1, 'label_created'), at(2, 'in_transit'), at(5, 'delivered')].map(fact => ({
      carrier: 'RoyalMail',
      tracking_number,
      ...fact,
    }));
    assert.deepEqual(shop.ask('record_carrier_facts', { facts: [...facts, ...facts], label_facts: [] }).types, ['parcel.delivered']);
    assert.equal(shop.parcel().facts.length, 3);
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, place) => permutations(items.toSpliced(place, 1)).map(rest => [item, ...rest]));
}

describe('what carriers say', () => {
  test('a fact heard again changes nothing', () => {
    const shop = under_way();
    const ran = shop.scan('in_transit', t(2), { eta_at: t(60) });
    assert.deepEqual([ran.types, said(ran, 'parcel.tracked').eta_at], [['parcel.tracked'], t(60)]);
    assert.deepEqual(shop.scan('in_transit', t(2)).types, []);
    assert.deepEqual(shop.scan('in_transit', t(3)).types, []);
    assert.deepEqual([shop.parcel().facts.length, shop.parcel().eta_at], [2, t(60)]);
  });
  test('a number that is not ours is no fact of ours', () => {
    const shop = under_way();
    assert.deepEqual(shop.scan('in_transit', t(2), { tracking_number: 'other' }).types, []);
    assert.equal(shop.parcel().facts.length, 0);
  });
  test('delivered says who signed, to orders alone', () => {
    const ran = under_way().scan('delivered', t(9), { signed_by: 'A. Lovelace' });
    const { delivered_at, assumed, shipment_status, lines: units, personal } = said(ran, 'parcel.delivered');
    assert.deepEqual([delivered_at, assumed, shipment_status, personal], [t(9), false, 'delivered', { signed_by: 'A. Lovelace' }]);
    assert.deepEqual(units, [{ line_no: 1, location_id: 'leeds', quantity: 6 }]);
  });
  test('before the reply to the purchase: kept, and told when the label is known', () => {
    const shop = open_shop({ fulfillment: 'manual' });
    shop.hear(fulfillment_requested(lines));
    shop.ask('buy_labels');
    shop.rates();
    const provider_shipment_ref = shop.parcel().label_ref ?? '';
    for (const [minutes, status] of [
      [2, 'in_transit'],
      [3, 'delivered'],
    ] as const)
      assert.deepEqual(shop.scan(status, t(minutes), { provider_shipment_ref }).types, []);
    assert.deepEqual(shop.labels().types, ['parcel.label_purchased', 'shipment.dispatched', 'parcel.delivered']);
    assert.equal(shop.shipment().dispatched_at, t(2));
  });
  test('on the way back to us a delivery is none', () => {
    const shop = under_way();
    const ran = shop.scan('delivered', t(9), { is_return: true });
    assert.equal(said(ran, 'parcel.tracked').carrier_status, 'returning');
    assert.equal(shop.parcel().ended, null);
  });
  test('a parcel given up ends, and one that turns up again is for a person', () => {
    const shop = under_way();
    const lost = shop.scan('lost', t(5));
    assert.deepEqual([lost.types, said(lost, 'parcel.lost').shipment_status], [['parcel.lost'], 'closed']);
    const found = shop.scan('delivered', t(9));
    assert.deepEqual(found.types, ['parcel.tracked', 'exception.raised']);
    assert.deepEqual([shop.shipment().status, shop.parcel().ended, shop.parcel().carrier_status], ['closed', 'lost', 'delivered']);
  });
  test('with several parcels the shipment ends with the last, delivered only if all were', () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested([{ line_no: 1, quantity: 150 }]));
    shop.rates();
    shop.labels();
    assert.equal(said(shop.scan('delivered', t(2), { parcel: 0 }), 'parcel.delivered').shipment_status, 'dispatched');
    assert.equal(said(shop.scan('lost', t(3), { parcel: 1 }), 'parcel.lost').shipment_status, 'dispatched');
    assert.equal(said(shop.scan('delivered', t(4), { parcel: 2 }), 'parcel.delivered').shipment_status, 'closed');
    assert.equal(shop.timers.size, 0);
  });
});

describe('back at our dock', () => {
  const receive = (shop: Shop, ...units: readonly (readonly [number, 'sellable' | 'damaged'])[]) =>
    shop.ask('receive_sent_back', {
      parcel_id: shop.parcel().parcel_id,
      lines: units.map(([quantity, condition]) => ({ line_no: 1, quantity, condition })),
    });
  test('each unit has its condition', () => {
    const shop = under_way();
    shop.scan('returning', t(5));
    const ran = receive(shop, [4, 'sellable'], [2, 'damaged']);
    assert.deepEqual(ran.types, ['parcel.sent_back']);
    const { lines: units, location_id, shipment_status } = said(ran, 'parcel.sent_back');
    assert.deepEqual(
      [units.map(line => [line.quantity, line.condition]), location_id, shipment_status],
      [
        [
          [4, 'sellable'],
          [2, 'damaged'],
        ],
        'leeds',
        'closed',
      ],
    );
    assert.equal(receive(shop, [1, 'sellable']).rejection?.rejection, 'invalid_transition');
    assert.deepEqual(shop.scan('in_transit', t(9)).types, []);
  });
  test('what was in it and did not come back is lost', () => {
    const shop = under_way();
    const ran = receive(shop, [4, 'sellable']);
    assert.deepEqual(ran.types, ['parcel.lost', 'parcel.sent_back']);
    assert.deepEqual(said(ran, 'parcel.lost').lines, [{ line_no: 1, location_id: 'leeds', quantity: 2 }]);
    assert.deepEqual([shop.shipment().status, shop.parcel().ended], ['closed', 'sent_back']);
  });
  test('what had been delivered and did not come back was kept', () => {
    const shop = under_way();
    shop.scan('delivered', t(5));
    shop.scan('returning', t(6));
    assert.deepEqual(receive(shop, [4, 'damaged']).types, ['parcel.sent_back']);
    assert.equal(shop.shipment().status, 'delivered');
  });
  test('no more than was in it, and only what left', () => {
    assert.equal(receive(under_way(), [4, 'sellable'], [3, 'damaged']).rejection?.rejection, 'units_mismatch');
    const here = open_shop({ fulfillment: 'manual', sellers: [] });
    here.hear(fulfillment_requested(lines));
    assert.equal(receive(here, [6, 'sellable']).rejection?.rejection, 'invalid_transition');
  });
});
