/** Periods and their buckets: as the API cuts them, and compared with as much time as they have. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buckets_of, period_of } from './spans.ts';

const noon = Date.parse('2026-03-18T12:00:00.000Z'); // a Wednesday
const none = { from: '', to: '' };

describe('a period', () => {
  test('of seven days begins at midnight and is compared with the same hours of the seven before', () => {
    assert.deepEqual(period_of('7_days', noon, none), {
      from: '2026-03-12T00:00:00.000Z',
      to: '2026-03-18T12:00:00.000Z',
      grain: 'day',
      before: { from: '2026-03-05T00:00:00.000Z', to: '2026-03-11T12:00:00.000Z' },
    });
  });
  test('of today is cut into hours', () => {
    const { from, grain, before } = period_of('today', noon, none);
    assert.deepEqual([from, grain, before.to], ['2026-03-18T00:00:00.000Z', 'hour', '2026-03-17T12:00:00.000Z']);
  });
  test('of twelve months is compared with the year before', () => {
    const { from, grain, before } = period_of('12_months', noon, none);
    assert.deepEqual(
      [from, grain, before.from, before.to],
      ['2025-04-01T00:00:00.000Z', 'month', '2024-04-01T00:00:00.000Z', '2025-03-18T12:00:00.000Z'],
    );
  });
  test('from one day to another holds both', () => {
    const { from, to, before } = period_of('custom', noon, { from: '2026-01-01', to: '2026-01-31' });
    assert.deepEqual([from, to, before.from], ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z', '2025-12-01T00:00:00.000Z']);
  });
  for (const custom of [
    { from: '2026-01-31', to: '2026-01-01' },
    { from: 'x', to: '2026-01-01' },
    { from: '2026-01-01', to: '' },
  ])
    test(`that is none (${custom.from}, ${custom.to}) is the last four weeks`, () =>
      assert.equal(period_of('custom', noon, custom).from, '2026-02-19T00:00:00.000Z'));
});

describe('buckets', () => {
  const cut = (from: string, to: string, grain: 'hour' | 'day' | 'week' | 'month') =>
    buckets_of({ from, to }, grain).map(at => at.slice(0, 13));
  test('of weeks begin on Mondays, the first before the period does', () =>
    assert.deepEqual(cut('2026-03-18T12:00:00.000Z', '2026-03-31T00:00:00.000Z', 'week'), [
      '2026-03-16T00',
      '2026-03-23T00',
      '2026-03-30T00',
    ]));
  test('of months follow the calendar over the turn of a year', () =>
    assert.deepEqual(cut('2025-11-30T23:00:00.000Z', '2026-02-01T00:00:00.001Z', 'month'), [
      '2025-11-01T00',
      '2025-12-01T00',
      '2026-01-01T00',
      '2026-02-01T00',
    ]));
  test('end before the end: an instant at midnight opens no day', () =>
    assert.deepEqual(cut('2026-03-17T00:00:00.000Z', '2026-03-19T00:00:00.000Z', 'day'), ['2026-03-17T00', '2026-03-18T00']));
  test('of hours', () => assert.equal(cut('2026-03-18T00:00:00.000Z', '2026-03-18T12:00:00.000Z', 'hour').length, 12));
});
