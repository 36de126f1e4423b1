import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { choose_rate, type Offered } from './rates.ts';

const at = '2026-03-01T10:00:00.000Z';
const rate = (service: string, amount: number, delivery_days: number | null, more: Partial<Offered> = {}): Offered => ({
  provider: 'easypost',
  parcel_id: 'pcl_1',
  provider_shipment_ref: 'ep_1',
  rate_ref: `rate_${service}`,
  carrier: 'USPS',
  service,
  amount,
  currency: 'USD',
  delivery_days,
  ...more,
});
const choose = (
  rates: readonly Offered[],
  promise_at: string | null = null,
  currency = 'USD',
  parcel_ids = ['pcl_1'],
  wanted: string | null = null,
) => {
  const { choice } = choose_rate(rates, parcel_ids, { wanted, promise_at, at, currency });
  return choice === undefined ? undefined : [choice.service, choice.cost, choice.currency, ...choice.reasons];
};

describe('the rate that is taken', () => {
  const offers = [rate('Ground', 500, 5), rate('Express', 2_000, 1), rate('Priority', 900, 2), rate('Mystery', 100, null)];
  const table = [
    ['without a promise the cheapest', choose(offers), ['Mystery', 100, 'USD', 'cheapest']],
    [
      'the cheapest that keeps the promise',
      choose(offers, '2026-03-03T10:00:00.000Z'),
      ['Priority', 900, 'USD', 'cheapest_within_promise'],
    ],
    ['to the moment', choose(offers, '2026-03-03T09:59:59.999Z'), ['Express', 2_000, 'USD', 'cheapest_within_promise']],
    [
      'when none keeps it, the fastest',
      choose(offers, '2026-03-01T18:00:00.000Z'),
      ['Express', 2_000, 'USD', 'fastest', 'none_within_promise'],
    ],
    ['equal prices: the faster', choose([rate('A', 500, 3), rate('B', 500, 2)]), ['B', 500, 'USD', 'cheapest']],
    ['equal in all: by name, in whatever order they come', choose([rate('B', 500, 2), rate('A', 500, 2)]), ['A', 500, 'USD', 'cheapest']],
    ['nothing offered: nothing chosen', choose([]), undefined],
    [
      'the carrier that is wanted, though it is dearer',
      choose([...offers, rate('Ground', 2_500, 3, { carrier: 'Purolator' })], null, 'USD', ['pcl_1'], 'Purolator'),
      ['Ground', 2_500, 'USD', 'wanted_carrier', 'cheapest'],
    ],
    [
      'in the currency that the wanted seller has',
      choose([...offers, rate('Ground', 2_500, 3, { provider: 'purolator', currency: 'CAD' })], null, 'USD', ['pcl_1'], 'purolator'),
      ['Ground', 2_500, 'CAD', 'wanted_carrier', 'cheapest'],
    ],
    [
      'another when the wanted one offers nothing',
      choose(offers, null, 'USD', ['pcl_1'], 'Purolator'),
      ['Mystery', 100, 'USD', 'wanted_carrier_offers_nothing', 'cheapest'],
    ],
    [
      'amounts of two currencies are not compared',
      choose([rate('Ground', 500, 5), rate('Cheap', 1, 1, { currency: 'EUR' })]),
      ['Ground', 500, 'USD', 'cheapest'],
    ],
    [
      'none in ours: the first by name',
      choose([rate('A', 9, 5, { currency: 'SEK' }), rate('B', 99, 1, { currency: 'EUR' })], null, 'GBP'),
      ['B', 99, 'EUR', 'cheapest'],
    ],
  ] as const;
  for (const [name, chosen, expected] of table) test(name, () => assert.deepEqual(chosen, expected));

  test('several parcels take one service, and it must be offered for all', () => {
    const second = { parcel_id: 'pcl_2' };
    const rates = [rate('Ground', 500, 5), rate('Ground', 700, 6, second), rate('Express', 400, 1)];
    assert.deepEqual(choose(rates, null, 'USD', ['pcl_1', 'pcl_2']), ['Ground', 1_200, 'USD', 'cheapest']);
    assert.equal(choose([rate('Express', 400, 1)], null, 'USD', ['pcl_1', 'pcl_2']), undefined);
    // The slower parcel decides whether the promise is kept.
    assert.deepEqual(choose(rates, '2026-03-06T10:00:00.000Z', 'USD', ['pcl_1', 'pcl_2']), [
      'Ground',
      1_200,
      'USD',
      'fastest',
      'none_within_promise',
    ]);
  });
});
