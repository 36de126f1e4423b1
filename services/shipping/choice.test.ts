/** Several carriers are asked, and one of them about the address: when the choice is made, from what, and what is kept of it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Outcome } from '../../platform/service.ts';
import type { Carrier, Rate } from './carriers/port.ts';
import { answers_id, answers_timer } from './decide/quote.ts';
import { fulfillment_requested, open_shop, type Shop, said, settings_of, ship_to } from './testing/shop.ts';

const { carriers } = settings_of();
const silent = (name: string, checks_addresses_in?: readonly string[]): Carrier => {
  const { easypost } = carriers;
  assert.ok(easypost);
  return { ...easypost, name, ...(checks_addresses_in && { checks_addresses_in }) };
};
const open_two = (checks: { easypost?: readonly string[]; purolator?: readonly string[] } = {}, label_currency = 'CAD'): Shop => {
  const shop = open_shop({
    sellers: ['easypost', 'purolator'],
    carriers: { easypost: silent('easypost', checks.easypost), purolator: silent('purolator', checks.purolator) },
    label_currency,
  });
  shop.hear(fulfillment_requested([{ line_no: 1, quantity: 2 }], { promise_at: '2026-03-05T10:00:00.000Z' }));
  return shop;
};
const op_of = (shop: Shop, kind: string, provider: string) =>
  [...shop.operations.values()].filter(op => op.kind === kind && op.provider === provider).at(-1)?.op_id ?? assert.fail(`no ${kind}`);
const rates = (shop: Shop, provider: string, ...prices: readonly Partial<Rate>[]) =>
  shop.outcome(op_of(shop, 'quote_rates', provider), {
    outcome: 'ok',
    value: {
      messages: prices.length === 0 ? [{ parcel_id: shop.parcel().parcel_id, carrier: provider, message: 'too heavy' }] : [],
      rates: prices.map(price => ({
        parcel_id: shop.parcel().parcel_id,
        provider_shipment_ref: `${provider}_${shop.parcel().parcel_id}`,
        rate_ref: 'rate_1',
        carrier: provider,
        service: 'Ground',
        amount: 1_000,
        currency: 'CAD',
        delivery_days: 3,
        ...price,
      })),
    },
  });
const verdict = (shop: Shop, outcome: Outcome) =>
  shop.outcome([...shop.operations.values()].filter(op => op.kind === 'verify_address').at(-1)?.op_id ?? '', outcome);
const time_is_over = (shop: Shop) => shop.fire(answers_timer, answers_id(shop.shipment()));

describe('the carriers that are asked', () => {
  test('the choice waits for all of them, and the cheaper one sells the label with all that it needs', () => {
    const shop = open_two();
    assert.deepEqual(rates(shop, 'easypost', { amount: 1_200 }, { amount: 3_000, service: 'Express', delivery_days: 1 }).types, []);
    const ran = rates(shop, 'purolator', { amount: 1_100 }, { amount: 900, service: 'Slow', delivery_days: 9 });
    const chosen = said(ran, 'shipment.carrier_chosen');
    assert.deepEqual([chosen.carrier, chosen.service, chosen.cost, chosen.currency], ['purolator', 'purolator Ground', 1_100, 'CAD']);
    const { request } = shop.op('buy_label');
    assert.deepEqual([request['ship_to'], request['service']], [ship_to, 'Ground']);
    assert.equal((request['ship_from'] as { city: string }).city, 'Leeds');
    const { parcel_id } = shop.parcel();
    assert.deepEqual(request['parcels'], [
      {
        parcel_id,
        provider_shipment_ref: `purolator_${parcel_id}`,
        rate_ref: 'rate_1',
        weight_grams: 1_000,
        dimensions_mm: [400, 300, 300],
        amount: 1_100,
        currency: 'CAD',
      },
    ]);
    assert.equal(shop.operations.get(chosen.op_id ?? '')?.provider, 'purolator');
    assert.deepEqual(
      shop
        .shipment()
        .considered?.candidates.map(({ provider, service, cost, delivery_days, verdict }) => [
          provider,
          service,
          cost,
          delivery_days,
          verdict,
        ]),
      [
        ['purolator', 'Ground', 1_100, 3, 'chosen'],
        ['purolator', 'Slow', 900, 9, 'late'],
        ['easypost', 'Ground', 1_200, 3, 'dearer'],
        ['easypost', 'Express', 3_000, 1, 'dearer'],
      ],
    );
    assert.equal(shop.timers.has(`${answers_timer} ${answers_id(shop.shipment())}`), false, 'nobody waits any more');
  });
  test('one that has no rates is left out with its own words, one that fails with its error', () => {
    const shop = open_two();
    rates(shop, 'purolator');
    const ran = shop.outcome(op_of(shop, 'quote_rates', 'easypost'), {
      outcome: 'permanent_error',
      code: 'credentials_refused',
      detail: '401',
    });
    assert.match(said(ran, 'exception.raised').detail, /credentials_refused: 401.*purolator: too heavy/);
    assert.deepEqual(shop.shipment().considered?.left_out, [
      { provider: 'easypost', carrier: '', message: 'credentials_refused: 401' },
      { provider: 'purolator', carrier: 'purolator', message: 'too heavy' },
    ]);
  });
  test('one that does not answer in time is left out, and its answer comes too late', () => {
    const shop = open_two();
    rates(shop, 'easypost', { amount: 1_200 });
    assert.equal(said(time_is_over(shop), 'shipment.carrier_chosen').carrier, 'easypost');
    assert.deepEqual(shop.shipment().considered?.left_out, [{ provider: 'purolator', carrier: '', message: 'no_answer' }]);
    assert.deepEqual(rates(shop, 'purolator', { amount: 1 }).types, []);
  });
  test('while nobody answers, they are waited for', () => {
    const shop = open_two();
    assert.deepEqual(time_is_over(shop).types, []);
    assert.ok(shop.timers.has(`${answers_timer} ${answers_id(shop.shipment())}`));
    rates(shop, 'easypost', { amount: 1_200 });
    assert.equal(said(rates(shop, 'purolator', { amount: 1 }), 'shipment.carrier_chosen').carrier, 'purolator');
  });
  test('one that answers with nothing is no reason to give up the other', () => {
    const shop = open_two();
    shop.outcome(op_of(shop, 'quote_rates', 'purolator'), { outcome: 'ok', value: { rates: [], messages: [] } });
    assert.deepEqual(time_is_over(shop).types, []);
    assert.ok(shop.timers.has(`${answers_timer} ${answers_id(shop.shipment())}`));
    assert.equal(said(rates(shop, 'easypost', { amount: 1_200 }), 'shipment.carrier_chosen').carrier, 'easypost');
  });
  test('an amount of another currency is neither compared nor converted, however small', () => {
    const shop = open_two();
    rates(shop, 'easypost', { amount: 1, currency: 'USD' });
    assert.equal(said(rates(shop, 'purolator', { amount: 1_100 }), 'shipment.carrier_chosen').carrier, 'purolator');
    assert.deepEqual(
      shop.shipment().considered?.candidates.map(each => [each.currency, each.verdict]),
      [
        ['CAD', 'chosen'],
        ['USD', 'other_currency'],
      ],
    );
  });
});

describe('the address', () => {
  const checks = { easypost: ['*'], purolator: ['CA', 'GB'] };
  const bought = (shop: Shop) => [...shop.operations.values()].some(op => op.kind === 'buy_label');
  test('is looked at by who knows the country, and the choice waits for it', () => {
    const shop = open_two(checks);
    assert.equal(shop.operations.get(op_of(shop, 'verify_address', 'purolator'))?.request['shipment_id'], shop.shipment().shipment_id);
    rates(shop, 'easypost', {});
    rates(shop, 'purolator', {});
    assert.ok(!bought(shop));
    const ran = verdict(shop, {
      outcome: 'ok',
      value: { verdict: 'corrected', detail: 'city', suggestion: { ...ship_to, city: 'LONDON' } },
    });
    assert.ok(ran.types.includes('shipment.carrier_chosen'));
    assert.deepEqual(shop.shipment().address_check, {
      verdict: 'corrected',
      provider: 'purolator',
      detail: 'city',
      suggestion: { ...ship_to, city: 'LONDON' },
    });
  });
  test('that nobody can be reached at holds the shipment for a person, who may have the label bought all the same', () => {
    const shop = open_two(checks);
    rates(shop, 'easypost', {});
    verdict(shop, { outcome: 'ok', value: { verdict: 'undeliverable', detail: 'no such city' } });
    const ran = rates(shop, 'purolator', {});
    const { reason, owner, detail } = said(ran, 'exception.raised');
    assert.deepEqual([reason, owner, detail], ['address_undeliverable', 'support', 'no such city']);
    assert.ok(!bought(shop));
    assert.deepEqual([shop.shipment().status, shop.shipment().label_error], ['planned', 'address_undeliverable']);
    shop.ask('buy_labels');
    rates(shop, 'easypost', {});
    const again = rates(shop, 'purolator', {});
    assert.ok(again.types.includes('shipment.carrier_chosen'));
  });
  test('that could not be looked at stops nothing', () => {
    for (const outcome of [
      { outcome: 'ok', value: { verdict: 'not_checked', detail: 'ECONNREFUSED' } },
      { outcome: 'permanent_error', code: 'credentials_refused', detail: '401' },
      { outcome: 'ok', value: { verdict: 'a word of tomorrow' } },
    ] as const) {
      const shop = open_two(checks);
      rates(shop, 'easypost', {});
      rates(shop, 'purolator', {});
      assert.ok(verdict(shop, outcome).types.includes('shipment.carrier_chosen'));
      assert.equal(shop.shipment().address_check?.verdict, 'not_checked');
    }
    const shop = open_two(checks);
    rates(shop, 'easypost', {});
    rates(shop, 'purolator', {});
    assert.ok(time_is_over(shop).types.includes('shipment.carrier_chosen'), 'nor one that is never answered');
  });
});
