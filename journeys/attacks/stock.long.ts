/** Rows 38 to 46 of the catalogue: stock that is not there, discount codes, and what the catalog, the stock and the suppliers must not be told. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ada, basket, london, type PlacedOrder, type Quote } from '../api.ts';
import { rest } from '../shop.ts';
import { open_house } from './house.ts';
import { verdict } from './send.ts';
import { browser, type Case, refused, refuses } from './target.ts';

const house = await open_house();
const { target } = house;
const { shop, must } = target;
await must('PUT /v1/discounts/TENTH', { kind: 'percent', rate_ppm: 100_000 });
await must('PUT /v1/discounts/ONCE', { kind: 'percent', rate_ppm: 100_000, uses_max: 1 });
await must('PUT /v1/discounts/EACH', { kind: 'percent', rate_ppm: 100_000, uses_per_customer: 1 });
await must('PUT /v1/discounts/OVER', { kind: 'amount', amount: 500, currency: 'GBP', minimum_subtotal: 10_000 });
await must('PUT /v1/discounts/PAST', {
  kind: 'percent',
  rate_ppm: 1,
  valid_from_at: '2020-01-01T00:00:00Z',
  valid_until: '2021-01-01T00:00:00Z',
});
await must('PUT /v1/discounts/LATER', { kind: 'percent', rate_ppm: 1, valid_from_at: '2099-01-01T00:00:00Z' });
await must('PUT /v1/suppliers/acme', { name: 'Acme', channel: { kind: 'manual' }, currency: 'GBP' });
await must('PUT /v1/suppliers/acme/items/LAMP', { supplier_sku: 'A-1', cost: 400, minimum_quantity: 10, pack_size: 10, lead_time_days: 3 });
const buy = { supplier: 'acme', location: 'north', lines: [{ sku: 'LAMP', quantity: 20 }] };
const bought = await must<{ id: string }>('POST /v1/purchase-orders', buy);
const sent = await must<{ id: string }>('POST /v1/purchase-orders', buy);
await must(`POST /v1/purchase-orders/${sent.id}/approve`);
await house.confirmed({ lines: [{ sku: 'RARE', quantity: 6 }] });
const lamp = [{ sku: 'LAMP', quantity: 1 }];
const with_code = (code: string, more: object = {}) => ({ ...basket(lamp), discount_codes: [code], ...more });
await target.calm();

const stock_of = async (sku: string) =>
  must<{ available: number; locations: { on_hand: number; held: number; allocated: number }[] }>(`GET /v1/stock/${sku}`);

describe('stock', () => {
  it('38: one SKU on 100 lines is summed: all or nothing', async () => {
    const lines = (count: number) => Array.from({ length: count }, () => ({ sku: 'RARE', quantity: 1 }));
    const too_many = await must<PlacedOrder>('POST /v1/orders', basket(lines(100)));
    await rest(shop);
    assert.deepEqual([(await house.read(too_many.id)).status, (await stock_of('RARE')).available], ['rejected', 4]);
    const enough = await must<PlacedOrder>('POST /v1/orders', basket(lines(4)));
    await rest(shop);
    assert.deepEqual([(await house.read(enough.id)).status, (await stock_of('RARE')).available], ['confirmed', 0]);
    await target.calm();
  });

  const adjust = (more: object) => ({ sku: 'RARE', location: 'north', kind: 'adjusted', quantity: -1, reason: 'counted', ...more });
  refuses(target, [
    [38, 'a location that is not there', 'POST /v1/stock/adjustments', adjust({ location: 'nowhere' }), '422 unknown_location'],
    [38, 'units that are promised', 'POST /v1/stock/adjustments', adjust({ quantity: -1 }), '409 would_break_promises'],
    [
      38,
      'units that are paid for, by force',
      'POST /v1/stock/adjustments',
      adjust({ quantity: -10, force: true }),
      '409 would_break_promises',
    ],
    [
      38,
      'damaged units that are not there',
      'POST /v1/stock/adjustments',
      adjust({ kind: 'damaged', quantity: -1 }),
      '409 not_enough_units',
    ],
    [38, 'more than counters can carry', 'POST /v1/stock/adjustments', adjust({ quantity: 2_147_483_647 }), '409 too_many_units'],
    [38, 'a kind of ours', 'POST /v1/stock/adjustments', adjust({ kind: 'consumed' }), '422 unknown_value'],
    [
      38,
      'units that nobody inspects',
      'POST /v1/stock/inspections',
      { sku: 'RARE', location: 'north', sellable: 1, damaged: 0 },
      '409 not_enough_units',
    ],
    [
      38,
      'an inspection of nothing',
      'POST /v1/stock/inspections',
      { sku: 'RARE', location: 'north', sellable: 0, damaged: 0 },
      '422 required',
    ],
    [38, 'a policy for a location that is not there', 'PUT /v1/stock/RARE/nowhere/policy', { safety: 1 }, '422 unknown_location'],
    [
      38,
      'a policy of another version',
      'PUT /v1/stock/RARE/north/policy',
      { safety: 1 },
      '412 version_conflict',
      { headers: { 'if-match': '"1"' } },
    ],
    [
      38,
      'a location of another version',
      'PUT /v1/locations/north',
      { name: 'x', priority: 1, address: {} },
      '412 version_conflict',
      { headers: { 'if-match': '"99"' } },
    ],
    [
      38,
      'a version that is none',
      'PUT /v1/locations/north',
      { name: 'x', priority: 1, address: {} },
      '400 malformed_request',
      { headers: { 'if-match': 'W/"1"' } },
    ],
    [
      38,
      'a version without quotes',
      'PUT /v1/locations/north',
      { name: 'x', priority: 1, address: {} },
      '400 malformed_request',
      { headers: { 'if-match': '1' } },
    ],
  ]);
});

describe('what is sold', () => {
  refuses(target, [
    [38, 'a product that is not there', 'POST /v1/orders', basket([{ sku: 'NONE', quantity: 1 }]), '422 unknown_sku'],
    [38, 'a product of another case', 'POST /v1/orders', basket([{ sku: 'lamp', quantity: 1 }]), '422 unknown_sku'],
    [38, 'no address for goods', 'POST /v1/orders', basket(lamp, { shipping_address: undefined }), '422 destination_required'],
    [38, 'an address without a country', 'POST /v1/orders', basket(lamp, { shipping_address: { city: 'London' } }), '422 required'],
    [38, 'a country that is none', 'POST /v1/orders', basket(lamp, { shipping_address: { country: 'ZZ' } }), '422 unknown_value'],
    [39, 'no lines', 'POST /v1/orders', basket([]), '422 too_few'],
    [
      39,
      '2,001 lines',
      'POST /v1/orders',
      basket(Array.from({ length: 2_001 }, () => lamp[0] ?? { sku: '', quantity: 0 })),
      '422 too_many',
    ],
    [39, 'two discount codes', 'POST /v1/orders', { ...basket(lamp), discount_codes: ['TENTH', 'ONCE'] }, '422 too_many'],
  ]);

  it('40: a browser’s customer holds five unpaid orders, and no sixth, however often it is asked', async () => {
    const customer = { email: 'hoarder@example.com' };
    const place = async () => {
      const { id } = await must<Quote>('POST /v1/quotes', { currency: 'GBP', lines: lamp, shipping_address: london }, browser);
      return target.ask('POST /v1/orders', { currency: 'GBP', quote_id: id, customer, shipping_address: london }, browser);
    };
    const verdicts = [];
    for (let attempt = 0; attempt < 7; attempt++) verdicts.push(verdict(await place()));
    assert.deepEqual(verdicts, [
      ...Array.from({ length: 5 }, () => '201'),
      ...Array.from({ length: 2 }, () => '429 too_many_unpaid_orders'),
    ]);
    const at_once = await Promise.all(Array.from({ length: 10 }, place));
    assert.deepEqual(new Set(at_once.map(verdict)), new Set(['429 too_many_unpaid_orders']));
    await target.calm();
  });
});

describe('discount codes', () => {
  refuses(target, [
    ...['NONE', 'PAST', 'LATER', 'OVER', '', ' ', "' or 1=1", 'ТENTH', 'TEN\u200bTH', '%', '*', '_____'].map(
      (code): Case => [42, `"${code}"`, 'POST /v1/orders', with_code(code), '422 discount_code_invalid'],
    ),
    [
      43,
      'a guess in a quote',
      'POST /v1/quotes',
      { currency: 'GBP', lines: lamp, discount_codes: ['GUESS'] },
      '422 discount_code_invalid',
      browser,
    ],
    [45, 'a percentage that has an amount', 'PUT /v1/discounts/NEW', { kind: 'percent', rate_ppm: 1, amount: 1 }, '422 unknown_field'],
    [45, 'a percentage without one', 'PUT /v1/discounts/NEW', { kind: 'percent' }, '422 required'],
    [45, 'more than 100 %', 'PUT /v1/discounts/NEW', { kind: 'percent', rate_ppm: 1_000_001 }, '422 out_of_range'],
    [45, 'an amount below zero', 'PUT /v1/discounts/NEW', { kind: 'amount', amount: -1, currency: 'GBP' }, '422 out_of_range'],
    [45, 'an amount without a currency', 'PUT /v1/discounts/NEW', { kind: 'amount', amount: 1 }, '422 required'],
    [
      45,
      'a day that no month has',
      'PUT /v1/discounts/NEW',
      { kind: 'percent', rate_ppm: 1, valid_until: '2026-02-31T00:00:00Z' },
      '422 format',
    ],
    [
      45,
      'a time before all years',
      'PUT /v1/discounts/NEW',
      { kind: 'percent', rate_ppm: 1, valid_from_at: '0000-01-01T00:00:00Z' },
      '422 format',
    ],
    [
      45,
      'a time after all years',
      'PUT /v1/discounts/NEW',
      { kind: 'percent', rate_ppm: 1, valid_until: '9999-12-31T23:59:59-14:00' },
      '422 format',
    ],
    [45, 'a code that is none', 'PUT /v1/discounts/a%20b', { kind: 'percent', rate_ppm: 1 }, '422 format'],
  ]);

  it('42: case, spaces and typographic forms are one code', async () => {
    for (const code of ['tenth', ' TENTH ', 'ＴＥＮＴＨ', 'Tenth\t']) {
      assert.equal(
        (await must<Quote>('POST /v1/quotes', { currency: 'GBP', lines: lamp, discount_codes: [code] })).discount_total,
        100,
        code,
      );
    }
    await target.calm();
  });

  it('41: of 50 orders at once one has the code that may be used once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => target.ask('POST /v1/orders', with_code('once', { customer: ada }))),
    );
    const verdicts = answers.map(verdict);
    assert.equal(verdicts.filter(one => one === '201').length, 1);
    assert.equal(verdicts.filter(one => one === '409 discount_code_used').length, 49);
    await target.calm();
  });

  it('41: of 50 orders of one customer at once one has the code that each customer may use once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => target.ask('POST /v1/orders', with_code('EACH', { customer: { id: 'c-greedy' } }))),
    );
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    await must('PUT /v1/discounts/TWICE', { kind: 'percent', rate_ppm: 1 });
    for (const customer of ['c-one', 'c-two']) await must('POST /v1/orders', with_code('TWICE', { customer: { id: customer } }));
    await target.calm();
    await refused(target, '409 uses_max_below_uses', 'PUT /v1/discounts/TWICE', { kind: 'percent', rate_ppm: 1, uses_max: 1 });
  });
});

describe('what is bought', () => {
  const order = (more: object = {}) => ({ ...buy, ...more });
  const receive = (lines: object[], more: object = {}) => ({ lines, ...more });
  const of_sent = `POST /v1/purchase-orders/${sent.id}` as const;
  const policy = (more: object = {}) => ({ reorder_point: 5, target: 10, supplier: 'acme', ...more });
  refuses(target, [
    [25, 'a purchase of 0', 'POST /v1/purchase-orders', order({ lines: [{ sku: 'LAMP', quantity: 0 }] }), '422 quantity_out_of_range'],
    [25, 'a purchase of -1', 'POST /v1/purchase-orders', order({ lines: [{ sku: 'LAMP', quantity: -1 }] }), '422 quantity_out_of_range'],
    [25, 'a purchase of 1.5', 'POST /v1/purchase-orders', order({ lines: [{ sku: 'LAMP', quantity: 1.5 }] }), '422 type'],
    [26, 'a price', 'POST /v1/purchase-orders', order({ lines: [{ sku: 'LAMP', quantity: 1, cost: 1 }] }), '422 unknown_field'],
    [38, 'a SKU twice', 'POST /v1/purchase-orders', order({ lines: [...buy.lines, ...buy.lines] }), '422 invalid'],
    [38, 'a supplier that is not there', 'POST /v1/purchase-orders', order({ supplier: 'nobody' }), '422 unknown_supplier'],
    [38, 'a SKU that it does not sell', 'POST /v1/purchase-orders', order({ lines: [{ sku: 'RARE', quantity: 1 }] }), '422 unknown_sku'],
    [
      35,
      'a total above 2^53',
      'PUT /v1/suppliers/acme/items/RARE',
      { supplier_sku: 'x', cost: 2 ** 53, minimum_quantity: 1, pack_size: 1, lead_time_days: 1 },
      '422 out_of_range',
    ],
    [
      38,
      'a channel of partners without a partner',
      'PUT /v1/suppliers/new',
      { name: 'x', channel: { kind: 'x12_http' }, currency: 'GBP' },
      '422 required',
    ],
    [
      38,
      'a channel that nobody knows',
      'PUT /v1/suppliers/new',
      { name: 'x', channel: { kind: 'pigeon' }, currency: 'GBP' },
      '422 unknown_value',
    ],
    [
      38,
      'an item of a supplier that is not there',
      'PUT /v1/suppliers/nobody/items/LAMP',
      { supplier_sku: 'x', cost: 1, minimum_quantity: 1, pack_size: 1, lead_time_days: 1 },
      '404 not_found',
    ],
    [
      38,
      'a policy with a supplier that is not there',
      'PUT /v1/reorder-policies/LAMP/north',
      policy({ supplier: 'nobody' }),
      '422 unknown_supplier',
    ],
    [38, 'a target below the reorder point', 'PUT /v1/reorder-policies/LAMP/north', policy({ target: 4 }), '422 out_of_range'],
    [38, 'a fixed policy without a target', 'PUT /v1/reorder-policies/LAMP/north', policy({ target: undefined }), '422 required'],
    [
      48,
      'goods of an order that was not sent',
      `POST /v1/purchase-orders/${bought.id}/receipts`,
      receive([{ sku: 'LAMP', accepted: 1 }]),
      '409 invalid_transition',
    ],
    [
      48,
      'an answer to an order that was not sent',
      `POST /v1/purchase-orders/${bought.id}/acknowledgment`,
      { decision: 'accept' },
      '409 invalid_transition',
    ],
    [48, 'a second approval', `${of_sent}/approve`, {}, '409 invalid_transition'],
    [48, 'another version', `${of_sent}/close`, {}, '412 version_conflict', { headers: { 'if-match': '"99"' } }],
    [48, 'more than ordered', `${of_sent}/receipts`, receive([{ sku: 'LAMP', accepted: 1_000 }]), '409 over_receipt'],
    [48, 'what was not ordered', `${of_sent}/receipts`, receive([{ sku: 'RARE', accepted: 1 }]), '422 unknown_sku'],
    [48, 'a receipt of nothing', `${of_sent}/receipts`, receive([{ sku: 'LAMP', accepted: 0 }]), '422 required'],
    [48, 'less than nothing', `${of_sent}/receipts`, receive([{ sku: 'LAMP', accepted: -1 }]), '422 out_of_range'],
  ]);
});
