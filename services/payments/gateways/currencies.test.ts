import assert from 'node:assert/strict';
import { test } from 'node:test';
import { from_stripe_amount, to_stripe_amount } from './currencies.ts';

const rows: readonly (readonly [number, string, number | undefined])[] = [
  [1_999, 'EUR', 1_999],
  [500, 'JPY', 500],
  [500, 'KRW', 500],
  [5_120, 'KWD', 5_120],
  [5_123, 'KWD', undefined],
  [5, 'ISK', 500],
  [5, 'UGX', 500],
  [1_200, 'MGA', 12],
  [1_250, 'MGA', undefined],
];
for (const [ours, currency, theirs] of rows) {
  test(`${ours} minor units of ${currency} are ${theirs ?? 'not expressible'} at Stripe`, () => {
    assert.equal(to_stripe_amount(ours, currency), theirs);
    if (theirs !== undefined) assert.equal(from_stripe_amount(theirs, currency), ours);
  });
}
