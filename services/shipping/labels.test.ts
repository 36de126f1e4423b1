/** Labels that are refused, unknown, found, bought in part (domain.md U9, O10). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cancellation_requested, fulfillment_requested, hold, label_of, open_shop, order_id, said, minute as t } from './testing/shop.ts';

const lines = [
  { line_no: 1, quantity: 6, weight_grams: 120 },
  { line_no: 2, quantity: 3, weight_grams: 1_500 },
];

describe('labels', () => {
  const labeling = () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested([{ line_no: 1, quantity: 100, weight_grams: 500 }]));
    shop.rates();
    return shop;
  };
  const asked = (shop: ReturnType<typeof labeling>) =>
    shop.op('buy_label').request['parcels'] as { parcel_id: string; provider_shipment_ref: string }[];

  test('refused, the shipment is planned again and waits for a person, who may try once more', () => {
    const shop = labeling();
    const [first, second] = asked(shop);
    const failed = [{ parcel_id: first?.parcel_id ?? '', code: 'address_invalid', detail: 'no such house' }];
    const ran = shop.answer('buy_label', { outcome: 'declined', code: 'address_invalid', retryable: false, value: { labels: [], failed } });
    assert.deepEqual(ran.types, ['parcel.label_failed', 'exception.raised']);
    assert.deepEqual([shop.shipment().status, shop.shipment().label_error], ['planned', 'address_invalid']);
    assert.deepEqual(
      shop.shipment().parcels.map(parcel => parcel.label_status),
      ['failed', 'none'],
    );
    assert.equal(ran.operations.length, 0);
    shop.ask('buy_labels');
    assert.deepEqual(shop.rates().types, ['shipment.carrier_chosen']);
    assert.deepEqual(
      asked(shop).map(parcel => parcel.parcel_id),
      [first?.parcel_id, second?.parcel_id],
    );
    assert.deepEqual(shop.labels().types, ['parcel.label_purchased', 'shipment.dispatched', 'exception.resolved']);
  });
  test('a price that changed is asked for anew by itself, a few times', () => {
    const shop = labeling();
    for (const left of [2, 1, 0]) {
      const ran = shop.answer('buy_label', { outcome: 'declined', code: 'rate_unavailable', retryable: true });
      assert.deepEqual(ran.types, left > 0 ? ['parcel.label_failed'] : ['parcel.label_failed', 'exception.raised']);
      assert.deepEqual(
        ran.operations.map(operation => operation.kind),
        left > 0 ? ['quote_rates'] : [],
      );
      if (left > 0) shop.rates();
    }
  });
  test('bought before one was refused, they are kept and only the rest is asked for', () => {
    const shop = labeling();
    const [first, second] = asked(shop);
    const labels = [label_of(first?.parcel_id ?? '', first?.provider_shipment_ref)];
    const failed = [{ parcel_id: second?.parcel_id ?? '', code: 'refused', detail: '' }];
    const ran = shop.answer('buy_label', { outcome: 'declined', code: 'refused', retryable: false, value: { labels, failed } });
    assert.deepEqual(ran.types, ['parcel.label_purchased', 'parcel.label_failed', 'exception.raised']);
    assert.equal(said(ran, 'parcel.label_purchased').shipment_status, 'labeling');
    shop.ask('buy_labels');
    assert.equal(said(shop.rates(), 'shipment.carrier_chosen').cost, 800);
    assert.deepEqual(
      asked(shop).map(parcel => parcel.parcel_id),
      [second?.parcel_id],
    );
    shop.labels();
    assert.equal(shop.shipment().status, 'dispatched');
  });
  test('without rates the shipment waits for a person', () => {
    const shop = open_shop();
    shop.hear(fulfillment_requested(lines));
    const ran = shop.answer('quote_rates', {
      outcome: 'ok',
      value: { rates: [], messages: [{ parcel_id: 'x', carrier: 'RoyalMail', message: 'too heavy' }] },
    });
    assert.deepEqual(ran.types, ['parcel.label_failed', 'exception.raised']);
    assert.equal(said(ran, 'parcel.label_failed').code, 'no_rates');
    assert.match(said(ran, 'exception.raised').detail, /too heavy/);
  });
  test('unknown is said once, asked about, and never bought again by itself', () => {
    const shop = labeling();
    const missing = asked(shop).map(parcel => parcel.parcel_id);
    const first = shop.answer('buy_label', { outcome: 'unknown', detail: 'reset', value: { labels: [], missing } });
    assert.deepEqual(first.types, ['parcel.label_outcome_unknown', 'parcel.label_outcome_unknown']);
    assert.deepEqual(shop.answer('buy_label', { outcome: 'unknown', detail: 'not found' }).types, []);
    assert.equal(shop.ask('buy_labels').rejection?.rejection, 'invalid_transition');
    const found = shop.labels({ adopted: true });
    assert.deepEqual(found.types, ['parcel.label_purchased', 'shipment.dispatched']);
    assert.equal(said(found, 'parcel.label_purchased').parcels[0]?.adopted, true);
  });
  test('unknown for long, a person is called; the cause gone, the call is taken back', () => {
    const shop = labeling();
    const { op_id } = shop.op('buy_label');
    const parcel_ids = asked(shop).map(parcel => parcel.parcel_id);
    const outcome = { outcome: 'unknown', detail: 'not found' };
    const { shipment_id } = shop.shipment();
    const command = (attempts: number, at: string) => {
      const record = {
        type: 'record_labels',
        order_id,
        shipment_id,
        op_id,
        provider: 'easypost',
        attempts,
        sent_at: t(0),
        parcel_ids,
        outcome,
      };
      return shop.run(record, { at }).types;
    };
    assert.deepEqual(command(1, t(1)), ['parcel.label_outcome_unknown', 'parcel.label_outcome_unknown']);
    assert.deepEqual(command(2, t(20)), []);
    assert.deepEqual(command(3, t(14)), []);
    assert.deepEqual(command(3, t(15)), ['exception.raised']);
    assert.deepEqual(command(4, t(59)), []);
    assert.deepEqual(shop.labels({ adopted: true }).types, ['parcel.label_purchased', 'shipment.dispatched', 'exception.resolved']);
  });
  test('the operator decides: bought, with the numbers on the labels', () => {
    const shop = labeling();
    shop.answer('buy_label', { outcome: 'unknown', detail: 'reset' });
    const { op_id } = shop.op('buy_label');
    const settle = (evidence: string) =>
      shop.ask('settle_operation', { op_id, subject: shop.shipment().shipment_id, outcome: 'succeeded', evidence });
    assert.equal(settle('RM1').rejection?.rejection, 'evidence_incomplete');
    const ran = settle('RM1, RM2');
    assert.deepEqual(ran.types, ['parcel.label_purchased']);
    assert.deepEqual(
      said(ran, 'parcel.label_purchased').parcels.map(parcel => [parcel.tracking_number, parcel.cost, parcel.adopted]),
      [
        ['RM1', 400, true],
        ['RM2', 400, true],
      ],
    );
    assert.equal(shop.shipment().status, 'labeled');
    assert.equal(shop.operations.get(op_id)?.state, 'succeeded');
  });
  test('the operator decides: not bought, and the next attempt is a person’s', () => {
    const shop = labeling();
    shop.answer('buy_label', { outcome: 'unknown', detail: 'reset' });
    const { op_id } = shop.op('buy_label');
    const ran = shop.ask('settle_operation', {
      op_id,
      subject: shop.shipment().shipment_id,
      outcome: 'failed',
      evidence: 'not in their books',
    });
    assert.deepEqual(ran.types, ['parcel.label_failed', 'exception.raised']);
    assert.deepEqual([shop.shipment().status, ran.operations.length, shop.operations.get(op_id)?.state], ['planned', 0, 'failed']);
  });
  test('voided at the carrier, but not by us: planned again, and a person is told', () => {
    const shop = open_shop({ fulfillment: 'manual' });
    shop.hear(fulfillment_requested(lines));
    shop.ask('buy_labels');
    shop.rates();
    shop.labels();
    const { tracking_number } = shop.parcel();
    const label_facts = [{ carrier: 'RoyalMail', tracking_number, status: 'voided' }];
    const ran = shop.ask('record_carrier_facts', { facts: [], label_facts });
    assert.deepEqual(ran.types, ['parcel.label_voided', 'exception.raised']);
    assert.equal(shop.shipment().status, 'planned');
  });
  test('refused for a plan that was given up meanwhile, the present plan goes on', () => {
    const shop = labeling();
    const late = shop.op('buy_label').op_id;
    shop.hear(cancellation_requested(1, [{ line_no: 1, quantity: 50 }]));
    shop.rates();
    assert.equal(shop.shipment().status, 'labeling');
    const ran = shop.outcome(late, { outcome: 'declined', code: 'rate_unavailable', retryable: true });
    assert.deepEqual([ran.types, ran.operations], [['parcel.label_failed'], []]);
    const { status, label_error } = shop.shipment();
    assert.deepEqual([status, label_error], ['labeling', null]);
    assert.deepEqual(shop.labels().types, ['parcel.label_purchased', 'shipment.dispatched']);
  });
  test('a price that changed while the order is on hold is for a person, too', () => {
    const shop = labeling();
    shop.hear(hold('order.held'));
    const ran = shop.answer('buy_label', { outcome: 'declined', code: 'rate_unavailable', retryable: true });
    assert.deepEqual([ran.types, ran.operations], [['parcel.label_failed', 'exception.raised'], []]);
  });
});
