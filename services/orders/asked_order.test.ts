import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Principal, Problem, type Scope } from '../../platform/route.ts';
import { validator } from '../../platform/strict_json.ts';
import { type OrderSettings, order_command, quote_command, tender_command } from './asked_order.ts';
import { type OrderBody, order_body, quote_body } from './schemas.ts';

const settings: OrderSettings = { tax_mode: 'inclusive', browser_gateways: new Set(['stripe']) };
const now = '2026-05-04T09:12:00.000Z';
const principal = (type: Principal['type'], ...scopes: Scope[]): Principal => ({ type, id: `key_${type}`, scopes: new Set(scopes) });
const asked = (by: Principal) => ({ order_id: 'ord_1', principal: by, token: 'ot_1', now, settings });
const secret = asked(principal('sk'));
const browser = asked(principal('pk'));

const body: OrderBody = { currency: 'GBP', lines: [{ sku: '85123A', quantity: 6, unit_price: 255 }] };
const quoted: OrderBody = { currency: 'GBP', quote_id: 'quo_1' };

function problem(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof Problem, String(error));
    return error;
  }
  assert.fail('it was accepted');
}
const codes = (work: () => unknown) => problem(work).errors.map(error => `${error.pointer} ${error.code}`);

describe('the body of an order', () => {
  const example = {
    reference: 'WEB-10023',
    currency: 'GBP',
    customer: { id: 'c-17850', email: 'ada@example.com', name: 'Ada Lovelace' },
    shipping_address: {
      name: 'Ada Lovelace',
      line1: "12 St James's Square",
      line2: null,
      city: 'London',
      region: null,
      postal_code: 'SW1Y 4JH',
      country: 'GB',
      phone: null,
    },
    lines: [{ sku: '85123A', quantity: 6, unit_price: 255 }],
    shipping: { service: 'standard', amount: 495 },
    discount_codes: [],
    expected_total: 2025,
    payment: { gateway: 'stripe', method: 'pm_card_visa', capture: 'on_shipment' },
    metadata: { channel: 'web' },
  };
  const check = validator(order_body);
  test('as the API documents it is accepted, and becomes the command', () => {
    check.check(example);
    const command = order_command(example as OrderBody, secret);
    assert.equal(command.customer, 'c-17850');
    assert.deepEqual(command.place, { country: 'GB', region: null, postal_code: 'SW1Y 4JH' });
    assert.deepEqual(command.tender, { gateway: 'stripe', method_kind: 'card', return_url: null, method_token: 'pm_card_visa' });
    assert.deepEqual(
      [command.tax_mode, command.ship_policy, command.priority, command.capture_policy],
      ['inclusive', 'split', 5, 'on_shipment'],
    );
    assert.deepEqual(command.lines, [{ sku: '85123A', quantity: 6, unit_price: 255, accept_backorder: true }]);
    assert.equal(command.token_hash?.length, 43);
  });
  const refused: readonly [string, object, string][] = [
    ['no line', { lines: [] }, 'too_few'],
    ['2,001 lines', { lines: Array.from({ length: 2001 }, () => example.lines[0]) }, 'too_many'],
    ['quantity 0', { lines: [{ sku: 'A', quantity: 0 }] }, 'quantity_out_of_range'],
    ['quantity above a million', { lines: [{ sku: 'A', quantity: 1_000_001 }] }, 'quantity_out_of_range'],
    ['quantity in parts', { lines: [{ sku: 'A', quantity: 1.5 }] }, 'type'],
    ['quantity as text', { lines: [{ sku: 'A', quantity: '2' }] }, 'type'],
    ['a price below 0', { lines: [{ sku: 'A', quantity: 1, unit_price: -1 }] }, 'out_of_range'],
    ['a price that numbers do not carry', { lines: [{ sku: 'A', quantity: 1, unit_price: 2 ** 53 }] }, 'out_of_range'],
    ['a total of its own', { total: 1 }, 'unknown_field'],
    ['a status', { status: 'completed' }, 'unknown_field'],
    ['a tax of its own', { lines: [{ sku: 'A', quantity: 1, tax: 0 }] }, 'unknown_field'],
    ['a country that is none', { shipping_address: { country: 'QX' } }, 'unknown_value'],
    ['no country', { shipping_address: { city: 'London' } }, 'required'],
    ['an unknown gateway', { payment: { gateway: 'bitcoin' } }, 'unknown_value'],
    ['two discount codes', { discount_codes: ['A', 'B'] }, 'too_many'],
    ['metadata in depth', { metadata: { a: { b: 1 } } }, 'type'],
    ['too much metadata', { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, n])) }, 'too_many'],
    ['a long text', { customer: { name: 'x'.repeat(201) } }, 'too_long'],
  ];
  for (const [name, changed, code] of refused) {
    test(`with ${name} is refused: ${code}`, () => {
      assert.equal(problem(() => check.check({ ...example, ...changed })).code, code);
    });
  }
  test('pays by card unless it says bank, and never by a kind that its gateway does not take', () => {
    const kind = (payment: OrderBody['payment']) => order_command({ ...body, payment }, secret).tender?.method_kind;
    assert.equal(kind({ gateway: 'stripe' }), 'card');
    assert.equal(kind({ gateway: 'stripe', method_kind: 'bank' }), 'bank');
    assert.equal(kind({ gateway: 'manual' }), 'manual');
    for (const gateway of ['manual', 'cybersource'] as const)
      assert.equal(problem(() => kind({ gateway, method_kind: 'bank' })).code, 'unknown_value');
    assert.equal(
      problem(() => tender_command({ gateway: 'manual', method_kind: 'card' }, secret.principal, secret.settings)).code,
      'unknown_value',
    );
  });
  test('needs lines or a quote, and not both', () => {
    assert.deepEqual(
      codes(() => order_command({ currency: 'GBP' }, secret)),
      ['/lines required'],
    );
    assert.deepEqual(
      codes(() => order_command({ ...body, ...quoted, discount_codes: ['MAY'], tax_mode: 'inclusive', shipping: { amount: 1 } }, secret)),
      ['/lines unknown_field', '/discount_codes unknown_field', '/tax_mode unknown_field', '/shipping/amount unknown_field'],
    );
    assert.equal(order_command(quoted, secret).quote_id, 'quo_1');
  });
  test('has a currency in circulation', () => {
    for (const currency of ['gbp', 'XTS', 'DEM', ''])
      assert.equal(problem(() => order_command({ ...body, currency }, secret)).code, 'currency_mismatch');
  });
  test('lies in the past only by who may import, and never in the future', () => {
    const importing = asked(principal('sk', 'orders:import'));
    const past: OrderBody = { ...body, placed_at: '2011-12-09T12:50:00+01:00' };
    assert.equal(order_command(past, importing).placed_at, '2011-12-09T11:50:00.000Z');
    for (const by of [secret, browser]) {
      const refusal = problem(() => order_command(past, by));
      assert.deepEqual([refusal.status, refusal.code], [403, 'insufficient_scope']);
    }
    assert.equal(problem(() => order_command({ ...body, placed_at: '2026-05-04T09:12:00.001Z' }, importing)).code, 'out_of_range');
  });
  test('names a discount code in its canonical form', () => {
    assert.equal(order_command({ ...body, discount_codes: [' may10'] }, secret).discount_code, 'MAY10');
    assert.equal(problem(() => order_command({ ...body, discount_codes: ['MАY'] }, secret)).code, 'discount_code_invalid');
  });
});

describe('a publishable key', () => {
  test('orders what was quoted, and states no price', () => {
    assert.equal(order_command({ ...quoted, shipping: { service: 'express' }, expected_total: 1 }, browser).asker.is_browser, true);
    assert.deepEqual(
      codes(() => order_command(body, browser)),
      ['/lines unknown_field', '/quote_id required'],
    );
    assert.deepEqual(
      codes(() =>
        order_command(
          {
            ...quoted,
            priority: 0,
            ship_policy: 'split',
            replaces_order_id: 'ord_0',
            shipping: { amount: 0 },
            payment: { gateway: 'stripe', capture: 'manual' },
          },
          browser,
        ),
      ),
      [
        '/ship_policy unknown_field',
        '/priority unknown_field',
        '/replaces_order_id unknown_field',
        '/payment/capture unknown_field',
        '/shipping/amount unknown_field',
      ],
    );
  });
  test('pays only with the gateways a browser is offered, and so does an order token', () => {
    assert.equal(problem(() => order_command({ ...quoted, payment: { gateway: 'manual' } }, browser)).code, 'unknown_value');
    assert.equal(problem(() => tender_command({ gateway: 'manual' }, principal('order'), settings)).code, 'unknown_value');
    assert.deepEqual(tender_command({ gateway: 'manual', amount: 5 }, principal('sk'), settings), {
      gateway: 'manual',
      method_kind: 'manual',
      return_url: null,
      method_token: null,
      amount: 5,
    });
  });
  test('does not choose how taxes are counted', () => {
    const quote = { currency: 'GBP', lines: [{ sku: 'A', quantity: 1 }] };
    validator(quote_body).check(quote);
    const by = (type: 'pk' | 'sk') => ({ quote_id: 'quo_1', principal: principal(type), settings });
    assert.equal(quote_command(quote, by('pk')).tax_mode, 'inclusive');
    assert.deepEqual(
      codes(() => quote_command({ ...quote, tax_mode: 'exclusive' }, by('pk'))),
      ['/tax_mode unknown_field'],
    );
    assert.equal(quote_command({ ...quote, tax_mode: 'exclusive' }, by('sk')).tax_mode, 'exclusive');
  });
});
