import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { plan } from './plan.ts';
import { read_invoices } from './rows.ts';
import { type ShopMonth, shop_month } from './shop_month.ts';

const month: ShopMonth = {
  goods: [
    { sku: 'TEA', name: 'Assam, 250 g', pence: 795 },
    { sku: 'MUG', name: 'Mug "blue"', pence: 1200 },
    { sku: 'CARD', name: 'Card', pence: 300 },
  ],
  last_day: '2026-03-31',
  seed: 7,
};

test('one seed is one month; another seed is another', () => {
  assert.deepEqual(shop_month(month), shop_month(month));
  assert.notDeepEqual(shop_month(month), shop_month({ ...month, seed: 8 }));
});

test('replay reads it: every row has its kind, all of the month, in time order', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cartwright-month-'));
  const file = join(folder, 'month.csv');
  const lines = shop_month(month);
  await writeFile(file, lines.join('\n'));
  const planned = await plan(read_invoices(file));
  await rm(folder, { recursive: true });
  assert.equal(planned.rows, lines.length - 1);
  assert.equal(planned.products.get('TEA'), 'Assam, 250 g');
  assert.equal(planned.products.get('MUG'), 'Mug "blue"');
  assert.equal(planned.prices.get('MUG'), 1200);
  const { tallies } = planned;
  for (const kind of ['sale', 'return', 'stock movement'] as const) assert.ok(tallies[kind].rows > 0, kind);
  assert.equal(tallies.sale.rows + tallies.return.rows + tallies['stock movement'].rows, planned.rows, 'of no other kind');
  const days = new Set(planned.steps.map(({ at }) => at.slice(0, 10)));
  assert.deepEqual([Math.min(...planned.steps.map(({ at }) => Date.parse(at))) >= Date.parse('2026-03-01'), days.size], [true, 31]);
});
