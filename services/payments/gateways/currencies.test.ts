import assert from 'node:assert/strict';
import { test } from 'node:test';
import { from_decimal_text, from_stripe_amount, to_decimal_text, to_stripe_amount } from './currencies.ts';

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

for (const [ours, currency, text] of [
  [6_912, 'USD', '69.12'],
  [5, 'EUR', '0.05'],
  [100, 'EUR', '1.00'],
  [1, 'JPY', '1'],
  [5_123, 'KWD', '5.123'],
  [7, 'KWD', '0.007'],
  [Number.MAX_SAFE_INTEGER, 'EUR', '90071992547409.91'],
] as const)
  test(`${ours} minor units of ${currency} are ${text} as decimal text`, () => {
    assert.equal(to_decimal_text(ours, currency), text);
    assert.equal(from_decimal_text(text, currency), ours);
  });

for (const [text, currency, ours] of [
  ['1', 'EUR', 100],
  ['1.5', 'EUR', 150],
  ['1.50000', 'EUR', 150],
  ['100.00', 'JPY', 100],
  ['0', 'EUR', 0],
  ['1.005', 'EUR', undefined],
  ['1.5', 'JPY', undefined],
  ['1e3', 'EUR', undefined],
  ['-1.00', 'EUR', undefined],
  ['1,00', 'EUR', undefined],
  ['.50', 'EUR', undefined],
  ['1.', 'EUR', undefined],
  ['', 'EUR', undefined],
  ['90071992547409.92', 'EUR', undefined],
] as const)
  test(`"${text}" is ${ours ?? 'no amount'} in ${currency}`, () => assert.equal(from_decimal_text(text, currency), ours));
