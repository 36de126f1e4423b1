/** What a dashboard makes of the API's points. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MetricReply, Point } from '../../types/analytics.ts';
import { change_of, filled, groups_of } from './series.ts';
import type { Period } from './spans.ts';

const span = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-04T00:00:00.000Z' };
const period: Period = { ...span, grain: 'day', before: span };
const reply = (metric: string, unit: string, series: readonly Point[]): MetricReply => ({ ...span, watermark: null, metric, unit, series });
const of_day = (day: number, value: number, more: Partial<Point> = {}): Point => ({ at: `2026-03-0${day}T00:00:00.000Z`, value, ...more });

describe('a series', () => {
  test('has nothing as 0 of what is counted, and as nothing of a share or a mean', () => {
    const one = [of_day(2, 5)];
    assert.deepEqual(filled(reply('orders', 'count', one), span, period, 'value', 'GBP'), [0, 5, 0]);
    assert.deepEqual(filled(reply('conversion', 'ratio', one), span, period, 'value', 'GBP'), [null, 5, null]);
    assert.deepEqual(filled(reply('aov', 'minor', one), span, period, 'value', 'GBP'), [null, 5, null]);
  });
  test('is of one currency: amounts are never added across', () => {
    const points = [of_day(1, 5, { currency: 'GBP' }), of_day(1, 7, { currency: 'EUR' })];
    assert.deepEqual(filled(reply('gmv', 'minor', points), span, period, 'value', 'EUR'), [7, 0, 0]);
  });
});

test('groups are added up over their buckets, the nameless one too', () => {
  const groups = groups_of([of_day(1, 2, { group: 'GB' }), of_day(2, 3, { group: 'GB' }), of_day(2, 4, { group: null })]);
  assert.deepEqual(
    groups.map(group => [group.name, group.sum('value'), group.sum('unknown')]),
    [
      ['GB', 5, 0],
      [null, 4, 0],
    ],
  );
});

describe('a change', () => {
  const cases: readonly (readonly [now: number | null, past: number | null, is_share: boolean, text: string | undefined])[] = [
    [150, 100, false, '+50 %'],
    [50, 100, false, '−50 %'],
    [100, 100, false, 'as before'],
    [2_500, 100, false, '25 times as much'],
    [0.95, 0.9, true, '+5 points'],
    [-50, -100, false, '+50 %'],
    [5, 0, false, undefined],
    [null, 5, false, undefined],
  ];
  for (const [now, past, is_share, text] of cases)
    test(`from ${past} to ${now} is ${text ?? 'not told'}`, () => assert.equal(change_of(now, past, is_share)?.text, text));
});
