/** Rows 25 to 37 of the catalogue: quantities, prices, totals and currencies, on the routes that sell and give money back. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ada, basket, by_stripe, london, type PlacedOrder, type Quote } from '../api.ts';
import { rest, until } from '../shop.ts';
import { open_house } from './house.ts';
import { verdict } from './send.ts';
import { type Address, browser, type Case, refused, refuses } from './target.ts';

const house = await open_house({ FULFILLMENT: 'manual' });
const { target } = house;
const { shop, must } = target;
await must('PUT /v1/shipping-rates', {
  data: [
    { service: 'standard', country: 'GB', currency: 'GBP', amount: 495 },
    { service: 'express', country: 'GB', currency: 'GBP', amount: 995 },
  ],
});
await must('PUT /v1/tax-rates', { data: [{ country: 'GB', tax_class: 'standard', jurisdiction: 'VAT', rate_ppm: 175_000 }] });
await must('PUT /v1/discounts/FREE', { kind: 'percent', rate_ppm: 1_000_000 });
await must('PUT /v1/discounts/THIRD', { kind: 'percent', rate_ppm: 333_333 });

const delivered = await house.delivered();
const captured = await house.dispatched();
const confirmed = await house.confirmed();
const unpaid = await house.unpaid();
const line = { sku: 'LAMP', quantity: 1 };
const order = (more: object = {}) => ({ ...basket([line]), ...more });
const quote = (more: object = {}) => ({ currency: 'GBP', lines: [line], shipping_address: london, ...more });
const quoted = await must<Quote>('POST /v1/quotes', quote(), browser);
const by_quote = (more: object = {}) => ({ currency: 'GBP', quote_id: quoted.id, shipping_address: london, customer: ada, ...more });
const of_order = (one: { id: string }, deed: string): Address => `POST /v1/orders/${one.id}/${deed}`;
const of_payment = (one: PlacedOrder, deed: string): Address => `POST /v1/payments/${one.payments[0]?.id}/${deed}`;
const of_shipment = (one: PlacedOrder, deed: string): Address => `POST /v1/shipments/${one.shipments[0]?.id}/${deed}`;
await target.calm();

describe('quantities', () => {
  const units = (quantity: unknown, more: object = {}) => [{ line_id: '1', quantity, ...more }];
  const places: readonly [to: Address, body: (quantity: unknown) => object][] = [
    ['POST /v1/orders', quantity => order({ lines: [{ sku: 'LAMP', quantity }] })],
    ['POST /v1/quotes', quantity => quote({ lines: [{ sku: 'LAMP', quantity }] })],
    [of_order(confirmed, 'cancel'), quantity => ({ reason: 'x', lines: units(quantity) })],
    [of_order(delivered, 'returns'), quantity => ({ lines: units(quantity, { reason: 'x' }) })],
    [of_payment(captured, 'refunds'), quantity => ({ amount: 1, reason: 'goodwill', lines: units(quantity) })],
    [of_shipment(confirmed, 'pack'), quantity => ({ parcels: [{ weight_grams: 1, lines: units(quantity) }] })],
    [of_shipment(confirmed, 'short-pick'), quantity => ({ reason: 'x', lines: units(quantity) })],
    ['POST /v1/stock/adjustments', quantity => ({ sku: 'LAMP', location: 'north', kind: 'adjusted', reason: 'x', quantity })],
  ];
  const wrong: readonly [what: string, quantity: string, expected: string][] = [
    ['0', '0', '422 quantity_out_of_range'],
    ['-0', '-0', '422 quantity_out_of_range'],
    ['2^31', '2147483648', '422 quantity_out_of_range'],
    ['2^53 + 1', '9007199254740993', '422 quantity_out_of_range'],
    ['a thousand million', '1e9', '422 quantity_out_of_range'],
    ['1.5', '1.5', '422 type'],
    ['a text', '"2"', '422 type'],
    ['true', 'true', '422 type'],
    ['NaN', 'NaN', '400 malformed_json'],
    ['hexadecimal', '0x10', '400 malformed_json'],
    ['a leading zero', '007', '400 malformed_json'],
  ];
  const with_digits = (body: (quantity: unknown) => object, text: string) =>
    JSON.stringify(body('<quantity>')).replace('"<quantity>"', text);
  const cases = places.flatMap(([to, body]) =>
    wrong.map(([what, text, expected]): Case => [25, `quantity ${what}`, to, with_digits(body, text), expected]),
  );
  // A change of stock may be as large as the counters, and below zero; nothing else is counted so.
  refuses(
    target,
    cases.filter(([, what, to]) => !(to.endsWith('/adjustments') && what.endsWith('million'))),
  );
  refuses(
    target,
    places.slice(0, -1).map(([to, body]): Case => [25, 'quantity -1', to, body(-1), '422 quantity_out_of_range']),
  );
});

describe('what is not the client’s to say', () => {
  refuses(target, [
    ...['tax', 'total', 'paid', 'status', 'customer_id', 'role', 'discount', 'subtotal', 'id', 'number', 'version'].map(
      (field): Case => [26, field, 'POST /v1/orders', order({ [field]: 1 }), '422 unknown_field'],
    ),
    ...['tax', 'total', 'discount', 'name', 'id'].map(
      (field): Case => [26, `${field} of a line`, 'POST /v1/orders', order({ lines: [{ ...line, [field]: 1 }] }), '422 unknown_field'],
    ),
    [26, 'an amount paid', of_order(unpaid, 'payments'), { gateway: 'manual', paid: true }, '422 unknown_field'],
    [26, 'a status', of_order(unpaid, 'cancel'), { reason: 'x', status: 'cancelled' }, '422 unknown_field'],
    [
      26,
      'an amount with units that come back',
      of_order(delivered, 'returns'),
      { lines: [{ line_id: '1', quantity: 1, reason: 'x', amount: 99 }] },
      '422 unknown_field',
    ],
    [26, 'a browser’s lines', 'POST /v1/orders', order(), '422 unknown_field', browser],
    [26, 'a browser’s price of a line', 'POST /v1/orders', by_quote({ lines: [{ ...line, unit_price: 1 }] }), '422 unknown_field', browser],
    [
      26,
      'a browser’s shipping charge',
      'POST /v1/orders',
      by_quote({ shipping: { service: 'standard', amount: 0 } }),
      '422 unknown_field',
      browser,
    ],
    [26, 'a browser’s price in a quote', 'POST /v1/quotes', quote({ lines: [{ ...line, unit_price: 1 }] }), '422 unknown_field', browser],
    [
      26,
      'a browser’s discount code beside the quote',
      'POST /v1/orders',
      by_quote({ discount_codes: ['FREE'] }),
      '422 unknown_field',
      browser,
    ],
    [26, 'a browser’s tax mode', 'POST /v1/orders', by_quote({ tax_mode: 'inclusive' }), '422 unknown_field', browser],
    [26, 'a browser’s tax mode in a quote', 'POST /v1/quotes', quote({ tax_mode: 'inclusive' }), '422 unknown_field', browser],
    [26, 'a browser’s priority', 'POST /v1/orders', by_quote({ priority: 0 }), '422 unknown_field', browser],
    [
      26,
      'a browser’s capture',
      'POST /v1/orders',
      by_quote({ payment: { gateway: 'stripe', method: 'pm_card_visa', capture: 'manual' } }),
      '422 unknown_field',
      browser,
    ],
    [26, 'a price beside the quote', 'POST /v1/orders', by_quote({ lines: [{ ...line, unit_price: 1 }] }), '422 unknown_field'],
    [26, 'a browser without a quote', 'POST /v1/orders', { currency: 'GBP', customer: ada }, '422 required', browser],
    [26, 'a browser without a customer', 'POST /v1/orders', by_quote({ customer: undefined }), '422 customer_required', browser],
  ]);
});

describe('totals and currencies', () => {
  refuses(target, [
    [27, 'expected_total of another day', 'POST /v1/orders', order({ expected_total: 1 }), '409 price_changed'],
    [27, 'expected_total beside a quote', 'POST /v1/orders', by_quote({ expected_total: 1 }), '409 price_changed', browser],
    ...['EUR', 'JPY', 'KWD', 'GBP'].flatMap((currency): Case[] => [
      [28, `10.50 ${currency}`, 'POST /v1/orders', order({ currency, lines: [{ ...line, unit_price: 10.5 }] }), '422 type'],
      [28, `10.50 ${currency} as a text`, 'POST /v1/orders', order({ currency, lines: [{ ...line, unit_price: '10.50' }] }), '422 type'],
      [28, `10.50 ${currency} in the catalog`, 'PUT /v1/products/LAMP', { name: 'Lamp', prices: [{ currency, amount: 10.5 }] }, '422 type'],
    ]),
    [28, 'half a penny back', of_payment(captured, 'refunds'), { amount: 0.5, reason: 'goodwill' }, '422 type'],
    ...['gbp', 'Gbp', 'XXX', 'XAU', 'BTC', '£', 'GB', 'GBPP', 'EUR'].flatMap((currency): Case[] => [
      [29, `currency ${currency}`, 'POST /v1/orders', order({ currency }), '422 currency_mismatch'],
      [29, `currency ${currency}`, 'POST /v1/quotes', quote({ currency }), '422 currency_mismatch'],
      [29, `currency ${currency} beside the quote`, 'POST /v1/orders', by_quote({ currency }), '422 currency_mismatch', browser],
    ]),
    [
      29,
      'currency gbp in the catalog',
      'PUT /v1/products/LAMP',
      { name: 'Lamp', prices: [{ currency: 'gbp', amount: 1 }] },
      '422 unknown_value',
    ],
    [
      29,
      'a currency twice',
      'PUT /v1/products/LAMP',
      {
        name: 'Lamp',
        prices: [
          { currency: 'GBP', amount: 1 },
          { currency: 'GBP', amount: 2 },
        ],
      },
      '422 invalid',
    ],
    [
      35,
      'a price of 2^63',
      'POST /v1/orders',
      JSON.stringify(order({ lines: [{ ...line, unit_price: 77 }] })).replace('77', '9223372036854775808'),
      '422 out_of_range',
    ],
    [
      35,
      'a total above 2^53',
      'POST /v1/orders',
      order({ lines: [{ sku: 'LAMP', quantity: 1_000_000, unit_price: 9_007_199_254 }] }),
      '422 total_too_large',
    ],
    [
      35,
      'a sum above 2^53',
      'POST /v1/orders',
      order({ lines: Array.from({ length: 2 }, () => ({ ...line, unit_price: 9_007_199_254_740_000 })) }),
      '422 total_too_large',
    ],
  ]);

  it('27: the new total is in the body', async () => {
    const problem = await refused(target, '409 price_changed', 'POST /v1/orders', order({ expected_total: 1 }));
    assert.equal(problem['total'], 1_175 + 495);
  });
});

describe('quotes', () => {
  refuses(target, [
    [30, 'a forged quote', 'POST /v1/orders', by_quote({ quote_id: 'quo_00000000000000000000000000' }), '409 quote_invalid', browser],
    [30, 'a quote that is no id', 'POST /v1/orders', by_quote({ quote_id: "' or 1=1" }), '409 quote_invalid', browser],
    [30, 'a foreign quote', 'POST /v1/orders', by_quote(), '409 quote_invalid'],
    [
      30,
      'another service than quoted',
      'POST /v1/orders',
      by_quote({ shipping: { service: 'balloon' } }),
      '422 unknown_shipping_service',
      browser,
    ],
    [
      47,
      'another tax region than quoted',
      'POST /v1/orders',
      by_quote({ shipping_address: { ...london, country: 'FR' } }),
      '409 quote_invalid',
      browser,
    ],
    [
      47,
      'another region than quoted',
      'POST /v1/orders',
      by_quote({ shipping_address: { ...london, region: 'Kent' } }),
      '409 quote_invalid',
      browser,
    ],
    [47, 'no address beside the quote', 'POST /v1/orders', by_quote({ shipping_address: undefined }), '409 quote_invalid', browser],
  ]);

  it('30: a foreign quote, a forged one and one of nobody are refused with the same bytes', async () => {
    const same = { headers: { 'x-request-id': 'same' } };
    const foreign = await target.ask('POST /v1/orders', by_quote(), same);
    const forged = await target.ask('POST /v1/orders', by_quote({ quote_id: 'quo_00000000000000000000000000' }), same);
    assert.equal(foreign.text, forged.text);
  });
});

describe('money and units that come back', () => {
  const back = (quantity: number, line_id = '1') => ({ lines: [{ line_id, quantity, reason: 'x' }] });
  refuses(target, [
    [31, 'more than delivered', of_order(delivered, 'returns'), back(3), '409 return_exceeds_delivered'],
    [
      31,
      'more than delivered, on two lines',
      of_order(delivered, 'returns'),
      { lines: [...back(1).lines, ...back(2).lines] },
      '409 return_exceeds_delivered',
    ],
    [31, 'what has not arrived', of_order(captured, 'returns'), back(1), '409 return_exceeds_delivered'],
    [31, 'what has not left', of_order(confirmed, 'returns'), back(1), '409 invalid_transition'],
    [31, 'a line that is not there', of_order(delivered, 'returns'), back(1, '2'), '422 line_not_found'],
    [
      32,
      'more than captured',
      of_payment(captured, 'refunds'),
      { amount: captured.total + 1, reason: 'goodwill' },
      '409 refund_exceeds_capture',
    ],
    [32, 'nothing', of_payment(captured, 'refunds'), { amount: 0, reason: 'goodwill' }, '422 out_of_range'],
    [32, 'less than nothing', of_payment(captured, 'refunds'), { amount: -1, reason: 'goodwill' }, '422 out_of_range'],
    [33, 'more than authorized', of_payment(confirmed, 'capture'), { amount: confirmed.total + 1 }, '409 capture_exceeds_authorized'],
    [33, 'nothing', of_payment(confirmed, 'capture'), { amount: 0 }, '422 out_of_range'],
    [34, 'more than is due', of_order(unpaid, 'payments'), { gateway: 'manual', amount: unpaid.total + 1 }, '409 already_paid'],
  ]);

  it('31: what is on its way back does not come back twice', async () => {
    await must(of_order(delivered, 'returns'), back(2));
    await target.calm();
    await refused(target, '409 return_exceeds_delivered', of_order(delivered, 'returns'), back(1));
  });

  it('32: of 50 refunds at once those pass that fit: 49 of 50 parts, and no more', async () => {
    const part = Math.ceil(captured.total / 49.5);
    const sent = await Promise.all(
      Array.from({ length: 50 }, () => target.ask(of_payment(captured, 'refunds'), { amount: part, reason: 'goodwill' })),
    );
    const passed = sent.filter(({ status }) => status === 201).length;
    assert.equal(passed, Math.floor(captured.total / part));
    assert.deepEqual(new Set(sent.map(verdict)), new Set(['201', '409 refund_exceeds_capture']));
    await rest(shop);
    const { refunded_total } = await house.read(captured.id);
    assert.equal(refunded_total, passed * part);
    assert.ok(refunded_total <= captured.total);
  });

  it('33: of 20 captures at once one passes', async () => {
    const sent = await Promise.all(
      Array.from({ length: 20 }, () => target.ask(of_payment(confirmed, 'capture'), { amount: confirmed.total })),
    );
    assert.equal(sent.filter(({ status }) => status === 200).length, 1);
    await rest(shop);
    assert.equal((await house.read(confirmed.id)).captured_total, confirmed.total);
  });

  it('34: tenders below the due confirm nothing; the last one does', async () => {
    const open = await house.unpaid();
    const pay = (amount: number) => must(of_order(open, 'payments'), { gateway: 'manual', amount });
    await pay(1);
    await rest(shop);
    assert.deepEqual([(await house.read(open.id)).status, (await house.read(open.id)).shipments], ['awaiting_payment', []]);
    await pay(open.total - 1);
    await until('it is confirmed', async () => (await house.read(open.id)).status === 'confirmed');
  });
});

describe('arithmetic', () => {
  it('36: what is free by a discount code asks no gateway', async () => {
    const free = await must<PlacedOrder>(
      'POST /v1/orders',
      order({ lines: [{ sku: 'VOUCHER', quantity: 1 }], shipping: undefined, discount_codes: ['FREE'], payment: by_stripe() }),
    );
    await until('it has left awaiting payment', async () => !['placed', 'awaiting_payment'].includes((await house.read(free.id)).status));
    await rest(shop);
    const now = await house.read(free.id);
    assert.deepEqual([now.total, now.payments.length, now.status], [0, 0, 'completed']);
    assert.deepEqual(shop.stripe.ledger(), []);
  });

  it('37: many half pence: the order’s tax and discount are the sums of its lines’, never below them', async () => {
    const lines = Array.from({ length: 200 }, (_, index) => ({ sku: 'LAMP', quantity: 1 + (index % 3), unit_price: 1 + (index % 7) }));
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
    for (const codes of [[], ['THIRD']]) {
      const many = await must<PlacedOrder>(
        'POST /v1/orders',
        order({ lines, shipping: { service: 'standard', amount: 0 }, discount_codes: codes }),
      );
      assert.equal(many.tax_total, sum(many.lines.map(one => one.tax)));
      assert.equal(many.discount_total, sum(many.lines.map(one => one.discount)));
      assert.equal(many.total, sum(many.lines.map(one => one.total)));
      for (const one of many.lines) {
        const net = one.quantity * one.unit_price - one.discount;
        assert.ok(
          one.discount >= 0 && net >= 0 && one.tax >= Math.floor(net * 0.175) && one.tax <= Math.ceil(net * 0.175),
          JSON.stringify(one),
        );
      }
    }
  });
});

describe('a quote', () => {
  it('30: a quote is used once, and not after it has expired', async () => {
    await must('POST /v1/orders', by_quote(), browser);
    await target.calm();
    await refused(target, '409 quote_invalid', 'POST /v1/orders', by_quote(), browser);
    const late = await must<Quote>('POST /v1/quotes', quote(), browser);
    shop.clock.move(31 * 60_000);
    await target.calm();
    await refused(target, '409 quote_invalid', 'POST /v1/orders', by_quote({ quote_id: late.id }), browser);
  });
});
