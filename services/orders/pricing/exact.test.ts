import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { floor_ratio, money_max, round_ratio, spread } from './exact.ts';
import { credit_for, value_of_units } from './units.ts';

const amount = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 0, max: money_max }));
const seeded = { seed: 20260504, numRuns: 400 };

describe('exact arithmetic', () => {
  test('a ratio is floored, and rounded half up, exactly at any size', () => {
    fc.assert(
      fc.property(amount, amount, fc.integer({ min: 1, max: money_max }), (a, b, c) => {
        fc.pre((BigInt(a) * BigInt(b)) / BigInt(c) < BigInt(money_max));
        const product = BigInt(a) * BigInt(b);
        assert.equal(BigInt(floor_ratio(a, b, c)), product / BigInt(c));
        const twice = (2n * product) / BigInt(c);
        assert.equal(BigInt(round_ratio(a, b, c)), twice / 2n + (twice % 2n));
      }),
      seeded,
    );
  });
  test('half a unit is rounded up', () => {
    assert.deepEqual([round_ratio(1, 1, 2), round_ratio(3, 1, 2), round_ratio(5, 1, 4), round_ratio(7, 1, 4)], [1, 2, 1, 2]);
  });
  test('an amount is spread to the last unit, no share further than one from its exact part, none negative', () => {
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1, maxLength: 30 }), amount, (weights, limit) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        fc.pre(total > 0 && total <= money_max);
        const whole = Math.min(limit, total);
        const shares = spread(whole, weights);
        assert.equal(
          shares.reduce((sum, share) => sum + share, 0),
          whole,
        );
        for (const [place, share] of shares.entries()) {
          const floor = (BigInt(whole) * BigInt(weights[place] ?? 0)) / BigInt(total);
          assert.ok(BigInt(share) === floor || BigInt(share) === floor + 1n);
          assert.ok(share <= (weights[place] ?? 0));
        }
      }),
      seeded,
    );
  });
  test('spare units go to the largest fractions, ties to the earlier line', () => {
    assert.deepEqual(spread(100, [1, 1, 1]), [34, 33, 33]);
    assert.deepEqual(spread(5, [1, 2, 4]), [1, 1, 3]);
    assert.deepEqual(spread(1, [0, 5, 5]), [0, 1, 0]);
  });
});

describe('units of a line', () => {
  const line = fc.record({ total: amount, quantity: fc.integer({ min: 1, max: 1_000_000 }) });
  test('whatever the order in which they settle, all units together are worth the line', () => {
    fc.assert(
      fc.property(line, fc.array(fc.integer({ min: 1, max: 400_000 }), { maxLength: 8 }), ({ total, quantity }, steps) => {
        let settled = 0;
        let value = 0;
        for (const step of [...steps, quantity]) {
          const more = Math.min(step, quantity - settled);
          const worth = value_of_units(total, quantity, settled, more);
          assert.ok(worth >= 0);
          settled += more;
          value += worth;
        }
        assert.equal(value, total);
      }),
      seeded,
    );
  });
  test('credits never exceed what was shipped, and the last units take the rest', () => {
    fc.assert(
      fc.property(amount, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 8 }), (shipped, parts) => {
        const quantity_shipped = parts.reduce((sum, part) => sum + part, 0);
        let quantity_credited = 0;
        let credited = 0;
        for (const part of parts) {
          const credit = credit_for({ quantity_shipped, shipped, quantity_credited, credited }, part);
          assert.ok(credit >= 0);
          quantity_credited += part;
          credited += credit;
        }
        assert.equal(credited, shipped);
      }),
      seeded,
    );
  });
});
