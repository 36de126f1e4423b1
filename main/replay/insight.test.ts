import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences } from './insight.ts';

test('a penny more, a day less and a currency too many are differences', () => {
  const books = new Map([
    ['gross 2010-12-01 GBP', 100],
    ['gross 2010-12-02 GBP', 50],
  ]);
  const analytics = new Map([
    ['gross 2010-12-01 GBP', 101],
    ['gross 2010-12-03 EUR', 7],
  ]);
  assert.deepEqual(differences(books, analytics), [
    { name: 'gross 2010-12-01 GBP', books: 100, analytics: 101 },
    { name: 'gross 2010-12-02 GBP', books: 50, analytics: 0 },
    { name: 'gross 2010-12-03 EUR', books: 0, analytics: 7 },
  ]);
  assert.deepEqual(differences(books, books), []);
});
