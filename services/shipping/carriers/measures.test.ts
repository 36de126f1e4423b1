import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inches, minor_units, ounces } from './measures.ts';

test('prices go from text to minor units by their digits', () => {
  const cases: readonly (readonly [string, string, number | undefined])[] = [
    ['8.20', 'USD', 820],
    ['8.2', 'USD', 820],
    ['8', 'USD', 800],
    ['0.29', 'USD', 29],
    ['1.005', 'USD', 101],
    ['1.24995', 'USD', 125],
    ['8.20000', 'USD', 820],
    ['0.07', 'EUR', 7],
    ['1200', 'JPY', 1_200],
    ['1200.50', 'JPY', 1_201],
    ['1.234', 'KWD', 1_234],
    ['999999999999.99', 'USD', 99_999_999_999_999],
    ['', 'USD', undefined],
    ['-1.00', 'USD', undefined],
    ['1e3', 'USD', undefined],
    ['0x10', 'USD', undefined],
    [' 1.00', 'USD', undefined],
    ['1,00', 'USD', undefined],
    ['NaN', 'USD', undefined],
  ];
  for (const [text, currency, amount] of cases) assert.equal(minor_units(text, currency), amount, `${text} ${currency}`);
});

test('weights and lengths are rounded up to a tenth, and a whole number stays whole', () => {
  assert.deepEqual([1, 28, 29, 454, 2_834_923].map(ounces), [0.1, 1, 1.1, 16.1, 99_999]);
  assert.deepEqual([1, 254, 255, 508].map(inches), [0.1, 10, 10.1, 20]);
});
