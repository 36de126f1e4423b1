/** From a request of orders to a parcel on its way (domain.md 3.4, decisions.md 16). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { manual_tracking_number } from './carriers/manual.ts';
import { fulfillment_requested, open_shop, type Shop, said, ship_to, minute as t } from './testing/shop.ts';

const lines = [
  { line_no: 1, quantity: 6, weight_grams: 120 },
  { line_no: 2, quantity: 3, weight_grams: 1_500 },
];

describe('with the carrier manual', () => {
  test('the happy path is three events in two decisions', () => {
    const shop = open_shop({ sellers: [] });
    const planned = shop.hear(fulfillment_requested(lines, { promise_at: t(60) }));
    assert.deepEqual(planned.types, ['shipment.planned', 'shipment.dispatched']);
    assert.deepEqual(planned.operations, []);
    const [shipment_id = ''] = shop.shipment_ids();
    const delivered = shop.fire('shipment', shipment_id);
    assert.deepEqual(delivered.types, ['parcel.delivered']);
    assert.equal(said(delivered, 'parcel.delivered').assumed, true);
    assert.equal(shop.shipment().status, 'delivered');
    assert.equal(shop.timers.size, 0);
  });
  test('the plan carries carrier, service, parcels and their numbers; the dispatch repeats what orders needs', () => {
    const shop = open_shop({ sellers: [] });
    const ran = shop.hear(fulfillment_requested(lines));
    const planned = said(ran, 'shipment.planned');
    const parcel = planned.parcels?.[0];
    const at = (line_no: number, quantity: number) => ({ line_no, location_id: 'leeds', quantity });
    assert.deepEqual(parcel, {
      parcel_id: parcel?.parcel_id,
      weight_grams: 5_220,
      dimensions_mm: [400, 300, 300],
      lines: [at(1, 6), at(2, 3)],
      tracking_number: manual_tracking_number(parcel?.parcel_id ?? ''),
    });
    assert.deepEqual(
      [
        planned.shipment_status,
        planned.carrier,
        planned.service,
        planned.cost,
        planned.currency,
        planned.fulfillment_no,
        planned.revision_no,
      ],
      ['labeled', 'manual', 'standard', 0, 'GBP', 1, 1],
    );
    const tracking_number = parcel?.tracking_number;
    assert.deepEqual(said(ran, 'shipment.dispatched').parcels, [
      { parcel_id: parcel?.parcel_id, tracking_number, lines: [at(1, 6), at(2, 3)] },
    ]);
  });
  test('each location ships by itself, and each shipment has its own delivery', () => {
    const shop = open_shop({ sellers: [] });
    const ran = shop.hear(fulfillment_requested([...lines, { line_no: 2, quantity: 4, location_id: 'london' }]));
    assert.deepEqual(ran.types, ['shipment.planned', 'shipment.dispatched', 'shipment.planned', 'shipment.dispatched']);
    assert.deepEqual([shop.shipment(0).location_id, shop.shipment(1).location_id], ['leeds', 'london']);
    assert.equal(shop.timers.size, 2);
  });
  test('weight is the sum of the weights and at least a gram, and splits nothing', () => {
    const shop = open_shop({ sellers: [] });
    const light = shop.hear(fulfillment_requested([{ line_no: 1, quantity: 9, weight_grams: 0 }]));
    assert.equal(said(light, 'shipment.planned').parcels?.[0]?.weight_grams, 1);
    const heavy = open_shop({ sellers: [] }).hear(fulfillment_requested([{ line_no: 1, quantity: 10_000 }]));
    assert.deepEqual(
      said(heavy, 'shipment.planned').parcels?.map(parcel => parcel.weight_grams),
      [5_000_000],
    );
  });
  test('people dispatch where people fulfill', () => {
    const shop = open_shop({ sellers: [], fulfillment: 'manual' });
    assert.deepEqual(shop.hear(fulfillment_requested(lines)).types, ['shipment.planned']);
    const { shipment_id } = shop.shipment();
    assert.deepEqual(shop.ask('dispatch_shipment').types, ['shipment.dispatched']);
    assert.equal(shop.fire('shipment', shipment_id).types[0], 'parcel.delivered');
  });
});

test('heard twice, a request plans once', () => {
  const shop = open_shop({ sellers: [] });
  const event = fulfillment_requested(lines);
  shop.hear(event);
  assert.deepEqual(shop.hear(event).types, []);
  assert.equal(shop.shipment_ids().length, 1);
});

test('a second request of the same order is a second shipment', () => {
  const shop = open_shop({ sellers: [] });
  shop.hear(fulfillment_requested(lines));
  shop.hear(fulfillment_requested([{ line_no: 2, quantity: 2 }], { fulfillment_no: 2 }));
  assert.deepEqual(shop.shipment_ids().length, 2);
  assert.equal(shop.shipment(1).fulfillment_no, 2);
});

describe('with a carrier that sells labels', () => {
  test('the happy path is seven events', () => {
    const shop = open_shop();
    const types = [
      ...shop.hear(fulfillment_requested(lines)).types,
      ...shop.rates().types,
      ...shop.labels().types,
      ...shop.scan('label_created', t(1)).types,
      ...shop.scan('in_transit', t(2)).types,
      ...shop.scan('in_transit', t(3)).types,
      ...shop.scan('out_for_delivery', t(4)).types,
      ...shop.scan('delivered', t(5)).types,
    ];
    assert.deepEqual(types, [
      'shipment.planned',
      'shipment.carrier_chosen',
      'parcel.label_purchased',
      'shipment.dispatched',
      'parcel.tracked',
      'parcel.tracked',
      'parcel.delivered',
    ]);
    assert.equal(shop.shipment().status, 'delivered');
    assert.equal(shop.timers.size, 0);
  });
  test('rates are asked for with both addresses, the promise and what the parcel weighs', () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested(lines, { promise_at: t(60) }));
    const { request } = shop.op('quote_rates');
    const { parcel_id } = shop.parcel();
    assert.deepEqual(request['parcels'], [{ parcel_id, weight_grams: 5_220, dimensions_mm: [400, 300, 300] }]);
    assert.deepEqual([request['service'], request['promise_at'], request['ship_to']], ['standard', t(60), ship_to]);
    assert.deepEqual(
      shop.shipment().asked.map(each => each.op_id),
      [shop.op('quote_rates').op_id],
    );
  });
  test('what is heavier than a parcel may be becomes several, each with its label', () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested([{ line_no: 1, quantity: 100, weight_grams: 700 }]));
    assert.deepEqual(
      shop.shipment().parcels.map(parcel => [parcel.weight_grams, parcel.lines[0]?.quantity]),
      [
        [29_400, 42],
        [29_400, 42],
        [11_200, 16],
      ],
    );
    const chosen = shop.rates();
    assert.equal(said(chosen, 'shipment.carrier_chosen').cost, 1_200);
    const bought = shop.labels();
    assert.deepEqual(bought.types, ['parcel.label_purchased', 'shipment.dispatched']);
    assert.equal(said(bought, 'parcel.label_purchased').parcels.length, 3);
    for (const [parcel, expected] of ['dispatched', 'dispatched', 'delivered'].entries()) {
      shop.scan('delivered', t(10 + parcel), { parcel });
      assert.equal(shop.shipment().status, expected);
    }
  });
  test('the choice says why, and which label will be bought where', () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested(lines, { promise_at: '2026-03-03T10:00:00.000Z' }));
    const ran = shop.rates(
      { amount: 900, service: 'Special', delivery_days: 1 },
      { amount: 410 },
      { amount: 200, service: 'Slow', delivery_days: 6 },
    );
    const { parcel_id } = shop.parcel();
    const chosen = said(ran, 'shipment.carrier_chosen');
    assert.deepEqual(
      [chosen.carrier, chosen.service, chosen.cost, chosen.reasons, chosen.shipment_status],
      ['easypost', 'RoyalMail Tracked48', 410, ['cheapest_within_promise'], 'labeling'],
    );
    assert.deepEqual(chosen.parcels, [{ parcel_id, label_ref: `ep_${parcel_id}`, carrier: 'RoyalMail', cost: 410 }]);
    const refs = { parcel_id, provider_shipment_ref: `ep_${parcel_id}`, rate_ref: 'rate_1' };
    const measures = { weight_grams: 5_220, dimensions_mm: [400, 300, 300], amount: 410, currency: 'GBP' };
    assert.deepEqual(shop.op('buy_label').request['parcels'], [{ ...refs, ...measures }]);
  });
  test('people start the labels and dispatch where people fulfill', () => {
    const shop = open_shop({ fulfillment: 'manual' });
    const asked = shop.hear(fulfillment_requested(lines));
    assert.deepEqual([asked.types, asked.operations.length], [['shipment.planned'], 0]);
    assert.equal(shop.ask('dispatch_shipment').rejection?.rejection, 'not_labeled');
    assert.equal(shop.ask('buy_labels').operations.length, 1);
    assert.equal(shop.ask('buy_labels').operations.length, 0);
    shop.rates();
    assert.equal(shop.ask('dispatch_shipment').rejection?.rejection, 'not_labeled');
    assert.deepEqual(shop.labels().types, ['parcel.label_purchased']);
    assert.equal(shop.shipment().status, 'labeled');
    assert.deepEqual(shop.ask('dispatch_shipment').types, ['shipment.dispatched']);
    assert.equal(shop.ask('dispatch_shipment').rejection?.rejection, 'already_dispatched');
    assert.equal(shop.ask('buy_labels').rejection?.rejection, 'already_dispatched');
  });
  test('without an address nothing is asked, and a person is', () => {
    const shop = open_shop();
    const ran = shop.hear(fulfillment_requested(lines, { personal: null }));
    assert.deepEqual(ran.types, ['shipment.planned', 'exception.raised']);
    assert.equal(said(ran, 'exception.raised').reason, 'address_missing');
    assert.equal(ran.operations.length, 0);
  });
});

describe('packing by hand', () => {
  type Packed = { readonly weight_grams: number; readonly lines: readonly { readonly line_no: number; readonly quantity: number }[] };
  const pack = (shop: Shop, ...parcels: readonly Packed[]) => shop.ask('pack_shipment', { parcels });
  test('takes the place of the plan, with parcels of its own', () => {
    const shop = open_shop({ fulfillment: 'manual' });
    shop.hear(fulfillment_requested(lines));
    const ran = pack(
      shop,
      { weight_grams: 800, lines: [{ line_no: 1, quantity: 6 }] },
      { weight_grams: 4_700, lines: [{ line_no: 2, quantity: 3 }] },
    );
    assert.deepEqual(ran.types, ['shipment.planned']);
    assert.equal(said(ran, 'shipment.planned').revision_no, 2);
    assert.deepEqual(
      shop.shipment().parcels.map(parcel => [parcel.revision_no, parcel.weight_grams]),
      [
        [1, 5_220],
        [2, 800],
        [2, 4_700],
      ],
    );
  });
  test('must hold every unit once', () => {
    const shop = open_shop({ fulfillment: 'manual' });
    shop.hear(fulfillment_requested(lines));
    for (const wrong of [
      [{ line_no: 1, quantity: 6 }],
      [
        { line_no: 1, quantity: 7 },
        { line_no: 2, quantity: 3 },
      ],
      [
        { line_no: 1, quantity: 6 },
        { line_no: 2, quantity: 3 },
        { line_no: 3, quantity: 1 },
      ],
    ])
      assert.equal(pack(shop, { weight_grams: 1, lines: wrong }).rejection?.rejection, 'units_mismatch');
  });
  test('gives labels that cost nothing new numbers, and leaves those of a carrier alone', () => {
    const all = {
      weight_grams: 900,
      lines: [
        { line_no: 1, quantity: 6 },
        { line_no: 2, quantity: 3 },
      ],
    };
    const manual = open_shop({ fulfillment: 'manual', sellers: [] });
    manual.hear(fulfillment_requested(lines));
    assert.deepEqual(pack(manual, all).types, ['shipment.planned', 'parcel.label_voided']);
    const shop = open_shop({ fulfillment: 'manual' });
    shop.hear(fulfillment_requested(lines));
    shop.ask('buy_labels');
    shop.rates();
    assert.equal(pack(shop, all).rejection?.rejection, 'invalid_transition');
  });
});
