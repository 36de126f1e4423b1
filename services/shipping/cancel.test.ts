/** Units that shall not leave (domain.md U6, 3.4, 9), and units that were not found. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cancellation_requested, fulfillment_requested, open_shop, type Shop, said, minute as t } from './testing/shop.ts';

const lines = [
  { line_no: 1, quantity: 6 },
  { line_no: 2, quantity: 3 },
];
const at = (line_no: number, quantity: number, location_id = 'leeds') => ({ line_no, location_id, quantity });
const answer_of = (ran: ReturnType<Shop['hear']>) => {
  const { cancelled, refused } = said(ran, 'fulfillment.cancellation_answered');
  return { cancelled, refused };
};
/** A shop whose one shipment has come as far as that. */
function shop_at(status: 'planned' | 'labeling' | 'labeled' | 'dispatched'): Shop {
  const shop = open_shop({ fulfillment: 'manual' });
  shop.hear(fulfillment_requested(lines));
  if (status === 'planned') return shop;
  shop.ask('buy_labels');
  shop.rates();
  if (status === 'labeling') return shop;
  shop.labels();
  if (status === 'dispatched') shop.ask('dispatch_shipment');
  return shop;
}

describe('cancelling before dispatch', () => {
  for (const status of ['planned', 'labeling', 'labeled'] as const) {
    test(`all units of a shipment that is ${status}: it is cancelled and every unit answered`, () => {
      const shop = shop_at(status);
      const ran = shop.hear(cancellation_requested(1, lines));
      assert.deepEqual(ran.types, ['shipment.cancelled', 'fulfillment.cancellation_answered']);
      assert.deepEqual(answer_of(ran), { cancelled: [at(1, 6), at(2, 3)], refused: [] });
      assert.deepEqual(
        ran.operations.map(operation => operation.kind),
        status === 'labeled' ? ['void_label'] : [],
      );
      assert.equal(shop.shipment().status, 'cancelled');
    });
    test(`some units of a shipment that is ${status}: it is planned anew, with a parcel of its own`, () => {
      const shop = shop_at(status);
      const [before] = shop.shipment().parcels;
      const ran = shop.hear(cancellation_requested(1, [{ line_no: 1, quantity: 2 }]));
      assert.deepEqual(ran.types, ['shipment.planned', 'fulfillment.cancellation_answered']);
      const planned = said(ran, 'shipment.planned');
      assert.deepEqual([planned.revision_no, planned.shipment_status, planned.lines.map(line => line.quantity)], [2, 'planned', [4, 3]]);
      assert.notEqual(planned.parcels?.[0]?.parcel_id, before?.parcel_id);
      assert.deepEqual(answer_of(ran), { cancelled: [at(1, 2)], refused: [] });
      assert.deepEqual(
        shop.shipment().lines.map(({ quantity, quantity_cancelled }) => [quantity, quantity_cancelled]),
        [
          [4, 2],
          [3, 0],
        ],
      );
    });
  }
  test('the label of a cancelled shipment is voided, and the money back is one event', () => {
    const shop = shop_at('labeled');
    shop.hear(cancellation_requested(1, lines));
    const { parcel_id, label_ref, tracking_number, label_status } = shop.parcel();
    assert.equal(label_status, 'void_requested');
    assert.deepEqual(shop.op('void_label').request['parcels'], [{ parcel_id, provider_shipment_ref: label_ref, tracking_number }]);
    const ran = shop.answer('void_label', { outcome: 'ok', value: { voided: [parcel_id], refused: [], submitted: [] } });
    assert.deepEqual(ran.types, ['parcel.label_voided']);
    assert.equal(shop.timers.size, 0);
  });
  test('a void that the carrier answers later comes as a fact; until then it is asked once a day', () => {
    const shop = shop_at('labeled');
    shop.hear(cancellation_requested(1, lines));
    const { parcel_id, tracking_number } = shop.parcel();
    const submitted = { outcome: 'ok', value: { voided: [], refused: [], submitted: [parcel_id] } } as const;
    assert.deepEqual(shop.answer('void_label', submitted).types, []);
    const { shipment_id } = shop.shipment();
    assert.equal(shop.timers.get(`voids ${shipment_id}`)?.due_at, '2026-03-02T10:00:00.000Z');
    assert.deepEqual(
      shop.fire('voids', shipment_id).operations.map(operation => operation.kind),
      ['void_label'],
    );
    const label_facts = [{ carrier: 'RoyalMail', tracking_number, status: 'voided' }];
    assert.deepEqual(shop.ask('record_carrier_facts', { facts: [], label_facts }).types, ['parcel.label_voided']);
    assert.deepEqual(shop.ask('record_carrier_facts', { facts: [], label_facts }).types, []);
    assert.deepEqual(shop.answer('void_label', submitted).types, []);
    assert.equal(shop.timers.size, 0);
  });
  test('a void that is refused costs money: a person is told', () => {
    const shop = shop_at('labeled');
    shop.hear(cancellation_requested(1, lines));
    const refused = { outcome: 'ok', value: { voided: [], refused: [shop.parcel().parcel_id], submitted: [] } } as const;
    assert.deepEqual(shop.answer('void_label', refused).types, ['exception.raised']);
    assert.equal(shop.parcel().label_status, 'void_refused');
  });
  test('a label that comes after the cancellation is told and voided', () => {
    const shop = shop_at('labeling');
    shop.hear(cancellation_requested(1, lines));
    const ran = shop.labels();
    assert.deepEqual(ran.types, ['parcel.label_purchased']);
    assert.deepEqual(
      ran.operations.map(operation => operation.kind),
      ['void_label'],
    );
    assert.equal(shop.shipment().status, 'cancelled');
  });
  test('a label of the plan before is voided, the new plan gets its own', () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested(lines));
    shop.rates();
    const first = shop.op('buy_label').op_id;
    const [old] = shop.shipment().parcels;
    assert.deepEqual(
      shop.hear(cancellation_requested(1, [{ line_no: 2, quantity: 1 }])).operations.map(operation => operation.kind),
      ['quote_rates'],
    );
    const late = shop.outcome(first, {
      outcome: 'ok',
      value: {
        labels: [
          {
            parcel_id: old?.parcel_id,
            tracking_number: 'RM0',
            tracking_url: null,
            cost: 400,
            currency: 'GBP',
            label_ref: 'ep_0',
            carrier: 'RoyalMail',
            service: 'x',
            adopted: false,
          },
        ],
      },
    } as never);
    assert.deepEqual([late.types, late.operations.map(operation => operation.kind)], [['parcel.label_purchased'], ['void_label']]);
    assert.equal(said(late, 'parcel.label_purchased').shipment_status, 'planned');
    shop.rates();
    assert.deepEqual(shop.labels().types, ['parcel.label_purchased', 'shipment.dispatched']);
    assert.deepEqual(
      shop.shipment().parcels.map(parcel => parcel.label_status),
      ['void_requested', 'purchased'],
    );
  });
  test('labels that cost nothing are voided in the same decision', () => {
    const shop = open_shop({ fulfillment: 'manual', sellers: [] });
    shop.hear(fulfillment_requested(lines));
    const ran = shop.hear(cancellation_requested(1, lines));
    assert.deepEqual([ran.types, ran.operations], [['shipment.cancelled', 'parcel.label_voided', 'fulfillment.cancellation_answered'], []]);
  });
  test('rates that come after it buy nothing', () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested(lines));
    shop.hear(cancellation_requested(1, lines));
    const ran = shop.rates();
    assert.deepEqual([ran.types, ran.operations], [[], []]);
  });
});

describe('cancelling against a dispatch', () => {
  test('what has left is refused, what is here is cancelled, and each number is answered once', () => {
    const shop = shop_at('dispatched');
    shop.hear(fulfillment_requested([{ line_no: 2, quantity: 2 }], { fulfillment_no: 2 }));
    const event = cancellation_requested(1, [lines[0] ?? at(1, 6), { line_no: 2, quantity: 5 }]);
    const ran = shop.hear(event);
    assert.deepEqual(ran.types, ['shipment.cancelled', 'fulfillment.cancellation_answered']);
    assert.deepEqual(answer_of(ran), { cancelled: [at(2, 2)], refused: [at(1, 6), at(2, 3)] });
    assert.deepEqual(shop.hear(event).types, []);
    assert.deepEqual(shop.hear(cancellation_requested(1, lines)).types, []);
  });
  for (const first of ['cancel', 'dispatch'] as const) {
    test(`in one batch the first wins: ${first}`, () => {
      const shop = shop_at('labeled');
      const { shipment_id, order_id } = shop.shipment();
      const cancel = { type: 'cancel_fulfillment', order_id, cancellation_no: 1, reason: 'x', lines: [at(1, 6), at(2, 3)] };
      const dispatch = { type: 'dispatch_shipment', order_id, shipment_id, if_match: null };
      const ran = shop.run(first === 'cancel' ? [cancel, dispatch] : [dispatch, cancel]);
      assert.deepEqual(
        ran.types,
        first === 'cancel'
          ? ['shipment.cancelled', 'fulfillment.cancellation_answered']
          : ['shipment.dispatched', 'fulfillment.cancellation_answered'],
      );
      assert.deepEqual(answer_of(ran)[first === 'cancel' ? 'refused' : 'cancelled'], []);
    });
  }
  test('a scan of a cancelled shipment is told, is an exception, and changes nothing else', () => {
    const shop = shop_at('labeled');
    shop.hear(cancellation_requested(1, lines));
    const ran = shop.scan('in_transit', t(3));
    assert.deepEqual(ran.types, ['parcel.tracked', 'exception.raised']);
    assert.equal(said(ran, 'exception.raised').reason, 'scan_after_cancellation');
    assert.deepEqual(shop.scan('delivered', t(4)).types, ['parcel.tracked']);
    assert.equal(shop.shipment().status, 'cancelled');
  });
  test('units that a picker did not find will not leave either', () => {
    const shop = shop_at('labeled');
    shop.ask('report_short_pick', { lines: [{ line_no: 1, quantity: 4 }], reason: 'not_on_shelf' });
    const ran = shop.hear(cancellation_requested(1, lines));
    assert.deepEqual(answer_of(ran), { cancelled: [at(1, 2), at(1, 4), at(2, 3)], refused: [] });
  });
  test('units refused before are not refused for others', () => {
    const shop = shop_at('dispatched');
    assert.deepEqual(answer_of(shop.hear(cancellation_requested(1, [{ line_no: 1, quantity: 6 }]))).refused, [at(1, 6)]);
    shop.hear(fulfillment_requested([{ line_no: 1, quantity: 3 }], { fulfillment_no: 2 }));
    shop.ask('report_short_pick', { lines: [{ line_no: 1, quantity: 3 }], reason: 'not_on_shelf' }, 1);
    assert.deepEqual(answer_of(shop.hear(cancellation_requested(2, [{ line_no: 1, quantity: 3 }]))), {
      cancelled: [at(1, 3)],
      refused: [],
    });
  });
  test('a number that names no units is not answered', () => {
    assert.deepEqual(shop_at('planned').hear(cancellation_requested(1, [])).types, []);
  });
});

describe('a shipment given up by a person', () => {
  test('hands its units to another one, for the order still wants them', () => {
    const shop = shop_at('labeled');
    const ran = shop.ask('cancel_shipment', { reason: 'box_broken', replacement_id: 'shp_new' });
    assert.deepEqual(ran.types, ['shipment.cancelled', 'shipment.planned']);
    assert.deepEqual(
      said(ran, 'shipment.planned').lines.map(line => [line.line_no, line.quantity]),
      [
        [1, 6],
        [2, 3],
      ],
    );
    assert.deepEqual([shop.shipment(0).status, shop.shipment(1).status, shop.shipment(1).shipment_id], ['cancelled', 'planned', 'shp_new']);
    assert.deepEqual(answer_of(shop.hear(cancellation_requested(1, lines))), { cancelled: [at(1, 6), at(2, 3)], refused: [] });
  });
  test('cannot be taken back once it left', () => {
    const shop = shop_at('dispatched');
    assert.equal(shop.ask('cancel_shipment', { reason: 'x', replacement_id: 'shp_new' }).rejection?.rejection, 'already_dispatched');
    const cancelled = shop_at('planned');
    cancelled.hear(cancellation_requested(1, lines));
    assert.equal(cancelled.ask('cancel_shipment', { reason: 'x', replacement_id: 'shp_new' }).rejection?.rejection, 'invalid_transition');
    assert.equal(cancelled.ask('dispatch_shipment').rejection?.rejection, 'invalid_transition');
  });
});

describe('a short pick', () => {
  test('leaves the rest as it was, in smaller parcels', () => {
    const shop = shop_at('labeled');
    const ran = shop.ask('report_short_pick', { lines: [{ line_no: 2, quantity: 1 }], reason: 'not_on_shelf' });
    assert.deepEqual(ran.types, ['shipment.shorted']);
    assert.deepEqual([said(ran, 'shipment.shorted').lines, shop.shipment().status], [[at(2, 1)], 'labeled']);
    assert.deepEqual(shop.parcel().lines, [
      { line_no: 1, quantity: 6 },
      { line_no: 2, quantity: 2 },
    ]);
    assert.deepEqual(said(shop.ask('dispatch_shipment'), 'shipment.dispatched').parcels[0]?.lines, [at(1, 6), at(2, 2)]);
  });
  test('of everything cancels the shipment, whose label is voided', () => {
    const shop = shop_at('labeled');
    const ran = shop.ask('report_short_pick', { lines, reason: 'fire' });
    assert.deepEqual([ran.types, said(ran, 'shipment.shorted').shipment_status], [['shipment.shorted'], 'cancelled']);
    assert.deepEqual(
      ran.operations.map(operation => operation.kind),
      ['void_label'],
    );
    assert.equal([...shop.timers.values()].filter(timer => timer.kind === 'shipment').length, 0);
  });
  test('of everything while its label is being bought cancels the shipment, and the label is voided when it comes', () => {
    const shop = shop_at('labeling');
    const ran = shop.ask('report_short_pick', { lines, reason: 'fire' });
    assert.equal(said(ran, 'shipment.shorted').shipment_status, 'cancelled');
    assert.deepEqual(
      shop.labels().operations.map(operation => operation.kind),
      ['void_label'],
    );
  });
  test('that empties the parcel whose label is still to come leaves the others labeled', () => {
    const shop = open_shop({ fulfillment: 'manual' });
    shop.hear(fulfillment_requested([{ line_no: 1, quantity: 100 }]));
    shop.ask('buy_labels');
    shop.rates();
    const asked = shop.op('buy_label').request['parcels'] as { parcel_id: string }[];
    const labels = asked.slice(0, 1).map(({ parcel_id }) => ({
      parcel_id,
      tracking_number: 'RM1',
      tracking_url: null,
      cost: 400,
      currency: 'GBP',
      label_ref: 'ep_1',
      carrier: 'RoyalMail',
      service: 'x',
      adopted: false,
    }));
    shop.answer('buy_label', { outcome: 'unknown', detail: 'reset', value: { labels, missing: [asked[1]?.parcel_id ?? ''] } });
    const ran = shop.ask('report_short_pick', { lines: [{ line_no: 1, quantity: 40 }], reason: 'not_on_shelf' });
    assert.equal(said(ran, 'shipment.shorted').shipment_status, 'labeled');
    assert.deepEqual(shop.ask('dispatch_shipment').types, ['shipment.dispatched']);
    assert.deepEqual(
      shop.labels().operations.map(operation => operation.kind),
      ['void_label'],
    );
  });
  test('names units that are there, of a shipment that is here', () => {
    const shop = shop_at('planned');
    const short = (quantity: number) =>
      shop.ask('report_short_pick', { lines: [{ line_no: 1, quantity }], reason: 'x' }).rejection?.rejection;
    assert.equal(short(7), 'units_mismatch');
    assert.equal(short(6), undefined);
    assert.equal(short(1), 'units_mismatch');
    const gone = shop_at('dispatched');
    assert.equal(gone.ask('report_short_pick', { lines, reason: 'x' }).rejection?.rejection, 'already_dispatched');
  });
});
