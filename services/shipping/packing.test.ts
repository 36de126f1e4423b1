import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parcel_weight_stated_max_grams, shipment_parcels_max } from './model.ts';
import { pack } from './packing.ts';

const units = (...lines: readonly (readonly [quantity: number, weight_grams: number])[]) =>
  lines.map(([quantity, weight_grams], place) => ({ line_no: place + 1, quantity, weight_grams }));
const parcels = (lines: ReturnType<typeof units>, weight_max_grams: number | null) =>
  pack(lines, weight_max_grams).map(({ weight_grams, lines: packed }) => [
    weight_grams,
    ...packed.map(line => `${line.quantity} of ${line.line_no}`),
  ]);

describe('packing', () => {
  const table = [
    ['what fits together travels together', units([6, 120], [3, 1_500]), 30_000, [[5_220, '6 of 1', '3 of 2']]],
    ['exactly the limit is one parcel', units([10, 100]), 1_000, [[1_000, '10 of 1']]],
    [
      'a gram more is two',
      units([10, 100], [1, 1]),
      1_000,
      [
        [1_000, '10 of 1'],
        [1, '1 of 2'],
      ],
    ],
    [
      'a line goes on in the next parcel',
      units([3, 400], [2, 300]),
      1_000,
      [
        [800, '2 of 1'],
        [1_000, '1 of 1', '2 of 2'],
      ],
    ],
    [
      'a unit heavier than a parcel travels alone',
      units([2, 1_500], [1, 100]),
      1_000,
      [
        [1_500, '1 of 1'],
        [1_500, '1 of 1'],
        [100, '1 of 2'],
      ],
    ],
    ['nothing weighs at least a gram', units([5, 0]), 1_000, [[1, '5 of 1']]],
    ['without a limit it is one parcel', units([1_000, 500]), null, [[500_000, '1000 of 1']]],
    ['what is no parcel post any more stays one', units([1_000, 500]), 1_000, [[500_000, '1000 of 1']]],
    ['nor does fragmentation make too many', units([shipment_parcels_max + 5, 600], [1, 1]), 1_000, [[15_001, '25 of 1', '1 of 2']]],
    [
      'a weight nobody can state is stated as the most',
      units([1_000_000, 2_000_000]),
      null,
      [[parcel_weight_stated_max_grams, '1000000 of 1']],
    ],
  ] as const;
  for (const [name, lines, limit, expected] of table) test(name, () => assert.deepEqual(parcels(lines, limit), expected));

  test('packs every unit once, whatever is packed', () => {
    const any = fc.array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.nat({ max: 40_000 })), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(any, lines => {
        const packed = pack(units(...lines), 30_000);
        const totals = lines.map(() => 0);
        for (const parcel of packed)
          for (const line of parcel.lines) totals[line.line_no - 1] = (totals[line.line_no - 1] ?? 0) + line.quantity;
        assert.deepEqual(
          totals,
          lines.map(([quantity]) => quantity),
        );
        assert.ok(packed.length <= shipment_parcels_max);
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
