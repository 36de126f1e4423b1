/** Quoting and placing: what an order becomes, and why it is refused. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CreateQuote, PlaceOrder } from '../commands.ts';
import type { Discount, Quote } from '../model.ts';
import { redemptions_id, reference_id } from '../model.ts';
import { far, order_id, placing, principal, type Story, story } from '../testing/story.ts';

const asking: CreateQuote = {
  type: 'create_quote',
  quote_id: 'quo_1',
  asker: { principal: 'pk_1', is_browser: true },
  currency: 'GBP',
  tax_mode: 'inclusive',
  lines: [{ sku: 'LAMP', quantity: 2 }],
  place: { country: 'GB', region: null, postal_code: 'EH1 1AA' },
  discount_code: null,
};
const rate = {
  service: 'standard',
  carrier: 'royal_mail',
  country: null,
  region: null,
  postal_prefix: null,
  currency: 'GBP',
  amount: 495,
  banded_by: null,
  bands: [],
  free_from: null,
  transit_days: 2,
};
const ten_percent: Discount = {
  code: 'TEN',
  kind: 'percent',
  rate_ppm: 100_000,
  amount: null,
  currency: null,
  minimum_subtotal: 0,
  valid_from_at: '2026-01-01T00:00:00.000Z',
  valid_until: '2027-01-01T00:00:00.000Z',
  uses: 0,
  uses_max: null,
  uses_per_customer: null,
  redeemed: 0,
  lately: [],
};

function quoted(): Story {
  const it = story();
  it.memory.seed('shipping_table', 'GB', [rate]);
  assert.deepEqual(it.ask(asking).types, ['quote.created']);
  return it;
}
const by_quote = { asker: asking.asker, lines: [], quote_id: 'quo_1', shipping: { service: 'standard' } };

describe('a quote', () => {
  test('fixes what the goods and each way of shipping cost, for half an hour', () => {
    const quote = quoted().memory.state<Quote>('quote', 'quo_1');
    assert.deepEqual(
      [quote.totals.grand_total, quote.shipping_options[0]?.amount, quote.expires_at],
      [2000, 495, '2026-03-01T10:30:00.000Z'],
    );
    assert.equal(quote.shipping_options[0]?.estimated_delivery_at, '2026-03-04T10:00:00.000Z');
  });

  test('is ordered at its prices, with its promise, once', () => {
    const it = quoted();
    it.memory.seed('product', 'LAMP', null);
    const placed = it.place({ ...by_quote, expected_total: 2495 }).said('order.placed');
    assert.deepEqual([placed.grand_total, placed.shipping_total, placed.lines[0]?.promise_at], [2495, 495, '2026-03-04T10:00:00.000Z']);
    assert.equal(it.memory.state<Quote>('quote', 'quo_1').order_id, order_id);
    const again = it.place({ ...by_quote, order_id: 'ord_again' });
    assert.deepEqual([again.rejection?.rejection, again.rejection?.extra], ['quote_invalid', { order_id }]);
  });

  const refusals: readonly [string, Partial<PlaceOrder>, string][] = [
    ['that is not there', { quote_id: 'quo_none' }, 'quote_invalid'],
    ['of another principal', { asker: { principal: 'pk_2', is_browser: true } }, 'quote_invalid'],
    ['for another country', { place: { country: 'FR' } }, 'quote_invalid'],
    ['for another region', { place: { country: 'GB', region: 'SCT' } }, 'quote_invalid'],
    ['in another currency', { currency: 'EUR' }, 'currency_mismatch'],
    ['by a way it does not offer', { shipping: { service: 'drone' } }, 'unknown_shipping_service'],
    ['at another total', { expected_total: 2494 }, 'price_changed'],
    ['without a customer', { customer: null }, 'customer_required'],
  ];
  for (const [name, changed, code] of refusals) {
    test(`${name} is refused`, () => assert.equal(quoted().place({ ...by_quote, ...changed }).rejection?.rejection, code));
  }
  test('is refused when its time is over', () => {
    const it = quoted();
    it.wait(30 * 60_000);
    assert.equal(it.place(by_quote).rejection?.rejection, 'quote_invalid');
  });
});

describe('an order', () => {
  test('keeps whom it is for out of its events and its row', () => {
    const it = story();
    const placed = it.place();
    assert.ok(!JSON.stringify(placed.said('order.placed')).includes('Ada'));
    assert.ok(!JSON.stringify(it.order()).includes('tok_1'));
    assert.equal(placed.records[0]?.row['email'], 'ada@example.com');
    assert.match(it.order().customer_ref ?? '', /^cus_/);
  });

  test('is placed in the past, but waits from now on', () => {
    const it = story();
    it.place({ placed_at: '2011-12-01T08:26:00.000Z' });
    assert.deepEqual([it.order().placed_at, it.order().expires_at], ['2011-12-01T08:26:00.000Z', '2026-03-01T10:30:00.000Z']);
    assert.equal(it.memory.timers.get(`order ${order_id}`)?.due_at, '2026-03-01T10:01:00.000Z');
  });

  const refusals: readonly [string, Partial<PlaceOrder>, string][] = [
    ['for an unknown SKU', { lines: [{ sku: 'NONE', quantity: 1 }] }, 'unknown_sku'],
    ['in a currency without a price', { currency: 'JPY' }, 'currency_mismatch'],
    ['at another total', { expected_total: 1 }, 'price_changed'],
    ['with an unknown code', { discount_code: 'NONE' }, 'discount_code_invalid'],
    ['for goods that go nowhere', { place: null }, 'destination_required'],
    ['in place of one that is not there', { replaces_order_id: 'ord_none' }, 'invalid_transition'],
  ];
  for (const [name, changed, code] of refusals) {
    test(`${name} is refused, and nothing is left`, () => {
      const it = story();
      assert.equal(it.place(changed).rejection?.rejection, code);
      assert.deepEqual([it.memory.log.length, it.memory.timers.size, it.memory.records.length], [0, 0, 0]);
    });
  }

  test('with a reference that is taken is refused, with the order that has it', () => {
    const it = story();
    it.memory.seed('reference', reference_id(principal, 'WEB-1'), { order_id: 'ord_first' });
    assert.deepEqual(it.place({ reference: 'WEB-1' }).rejection?.extra, { order_id: 'ord_first' });
  });

  test('that comes again under its id is the same order', () => {
    const it = story();
    it.place();
    assert.deepEqual(it.place().types, []);
  });

  test('replaces an unpaid one: the old is cancelled in the same decision', () => {
    const it = story();
    it.place();
    it.stock.reserved();
    const step = it.place({ order_id: 'ord_new', replaces_order_id: order_id });
    assert.deepEqual(step.types, ['order.cancellation_requested', 'order.lines_cancelled', 'payment.release_requested', 'order.placed']);
    assert.equal(step.said('order.placed').replaces_order_id, order_id);
    assert.equal(it.order().axes.status, 'cancelling');
    assert.deepEqual(it.memory.timers.get(`order ${order_id}`)?.due_at, '2026-03-01T10:10:00.000Z');
  });

  test('replaces nothing that is paid for, or somebody else’s', () => {
    const it = story();
    it.place();
    const asker = { principal: 'key_other', is_browser: false };
    assert.equal(it.place({ order_id: 'ord_new', replaces_order_id: order_id, asker }).rejection?.rejection, 'invalid_transition');
    it.stock.reserved();
    it.pay.authorized();
    assert.equal(it.place({ order_id: 'ord_new', replaces_order_id: order_id }).rejection?.rejection, 'invalid_transition');
  });
});

describe('a browser’s customer', () => {
  test('has at most five unpaid orders, those of the same batch included', () => {
    const it = story();
    it.memory.seed('unpaid', 'c-1', { orders: 3, placed: 0 });
    const commands = [1, 2, 3].map(n => {
      it.memory.seed('quote', `quo_${n}`, { ...quoted().memory.state<Quote>('quote', 'quo_1'), quote_id: `quo_${n}` });
      return { ...placing, ...by_quote, order_id: `ord_${n}`, quote_id: `quo_${n}`, customer: 'c-1' };
    });
    const ran = it.memory.run(commands);
    assert.deepEqual([ran.types.length, ran.rejection?.rejection], [2, 'too_many_unpaid_orders']);
  });

  test('may have one more in place of another', () => {
    const it = quoted();
    it.place({ ...by_quote, customer: 'c-1' });
    it.memory.seed('unpaid', 'c-1', { orders: 5, placed: 1 });
    it.memory.seed('quote', 'quo_2', { ...it.memory.state<Quote>('quote', 'quo_1'), quote_id: 'quo_2', order_id: null });
    const more = { ...by_quote, quote_id: 'quo_2', order_id: 'ord_2', customer: 'c-1' };
    assert.equal(it.place(more).rejection?.rejection, 'too_many_unpaid_orders');
    assert.equal(it.place({ ...more, replaces_order_id: order_id }).rejection, undefined);
  });
});

describe('a discount code', () => {
  const with_code = (discount: Partial<Discount>, uses = 0) => {
    const it = story();
    it.memory.seed('discount', 'TEN', { ...ten_percent, ...discount });
    it.memory.seed('redemptions', redemptions_id('TEN', 'c-story'), { uses, redeemed: uses });
    return it;
  };
  const uses = (it: Story) => it.memory.state<Discount>('discount', 'TEN').uses;

  test('takes its part off, and is counted', () => {
    const it = with_code({});
    assert.equal(it.place({ discount_code: 'TEN' }).said('order.placed').discount_total, 328);
    assert.equal(uses(it), 1);
  });

  const ends: readonly [string, (it: Story) => void][] = [
    ['rejected', it => void it.stock.failed()],
    [
      'expired',
      it => {
        it.stock.reserved();
        it.pay.declined();
        it.fire();
      },
    ],
    [
      'cancelled',
      it => {
        it.ask({ type: 'cancel_order', order_id, reason: '' });
        it.stock.released();
      },
    ],
  ];
  for (const [name, end] of ends) {
    test(`is given back by an order that is ${name}`, () => {
      const it = with_code({});
      it.place({ discount_code: 'TEN' });
      end(it);
      assert.equal(it.order().axes.status, name);
      assert.equal(uses(it), 0);
    });
  }

  test('that was used up is refused', () => {
    assert.equal(with_code({ uses: 3, uses_max: 3 }).place({ discount_code: 'TEN' }).rejection?.rejection, 'discount_code_used');
    assert.equal(with_code({ uses_per_customer: 1 }, 1).place({ discount_code: 'TEN' }).rejection?.rejection, 'discount_code_used');
  });

  test('of a quote is redeemed with the order, not with the quote', () => {
    const it = with_code({ uses_max: 1 });
    it.ask({ ...asking, discount_code: 'TEN' });
    assert.equal(uses(it), 0);
    assert.equal(it.place({ ...by_quote, shipping: null }).said('order.placed').discount_total, 200);
    assert.equal(uses(it), 1);
  });
});

test('a promise tells when backordered units are expected: the last date of a line, none while some have none', () => {
  const it = story();
  it.place();
  it.stock.reserved();
  it.pay.authorized();
  it.stock.allocated([[1, 2]]);
  it.stock.queued([[2, 5, far]]);
  const peg = (quantity: number, expected_at: string | null) => ({ line_no: 2, sku: 'BULB', location_id: far, quantity, expected_at });
  const told = it.hear('backorder.pegged', { pegs: [peg(2, '2026-03-20T00:00:00.000Z'), peg(3, '2026-03-10T00:00:00.000Z')] });
  assert.deepEqual(told.said('order.promise_changed').lines, [{ line_no: 2, old_at: null, new_at: '2026-03-24T00:00:00.000Z' }]);
  assert.deepEqual(it.hear('backorder.pegged', { pegs: [peg(5, '2026-03-20T00:00:00.000Z')] }).types, []);
  assert.equal(
    it.hear('backorder.pegged', { pegs: [peg(2, '2026-03-20T00:00:00.000Z'), peg(3, null)] }).said('order.promise_changed').lines[0]
      ?.new_at,
    null,
  );
});
