import assert from 'node:assert/strict';
import { test } from 'node:test';
import { in_order, type Location } from './model.ts';
import { plan_sources, type Shelves } from './sourcing.ts';

const location = (id: string, priority: number, country: string, active = true): Location => ({ id, priority, country, active });
const locations = [
  location('lyon', 1, 'FR'),
  location('leeds', 1, 'GB'),
  location('bath', 1, 'GB'),
  location('hull', 0, 'DE'),
  location('rome', 0, 'IT', false),
];

/** `free`: units by `sku@location`; `room` for backorders likewise. */
const shelves = (free: Record<string, number>, room: Record<string, number> = {}): Shelves => ({
  free: (sku, id) => free[`${sku}@${id}`] ?? 0,
  backorder_room: (sku, id) => room[`${sku}@${id}`] ?? 0,
});
const line = (line_no: number, sku: string, quantity: number, accept_backorder = false) => ({ line_no, sku, quantity, accept_backorder });
const placed = (plan: ReturnType<typeof plan_sources>) =>
  plan.placed.map(one => `${one.line_no} ${one.sku} ${one.quantity_held}+${one.quantity_backordered} ${one.location_id}`);

test('locations are asked by priority, those of the same country first, then by code; inactive ones are not', () => {
  assert.deepEqual(
    in_order(locations, { country: 'GB' }).map(one => one.id),
    ['hull', 'bath', 'leeds', 'lyon'],
  );
  assert.deepEqual(
    in_order(locations, { country: 'FR' }).map(one => one.id),
    ['hull', 'lyon', 'bath', 'leeds'],
  );
  assert.deepEqual(
    in_order(locations, null).map(one => one.id),
    ['hull', 'bath', 'leeds', 'lyon'],
  );
});

const in_britain = in_order(locations, { country: 'GB' });

test('the first location that covers all alone, even when an earlier one has a part', () => {
  const plan = plan_sources(
    [line(1, 'A', 2), line(2, 'B', 1)],
    in_britain,
    shelves({ 'A@hull': 9, 'A@leeds': 2, 'B@leeds': 1, 'A@lyon': 9, 'B@lyon': 9 }),
  );
  assert.deepEqual(placed(plan), ['1 A 2+0 leeds', '2 B 1+0 leeds']);
});

test('else the location that covers most of the rest, again and again; of equals the first', () => {
  const plan = plan_sources(
    [line(1, 'A', 7), line(2, 'B', 2)],
    in_britain,
    shelves({ 'A@hull': 1, 'A@bath': 3, 'B@bath': 1, 'A@leeds': 3, 'B@leeds': 1, 'A@lyon': 9 }),
  );
  assert.deepEqual(placed(plan), ['1 A 7+0 lyon', '2 B 1+0 bath', '2 B 1+0 leeds']);
  assert.deepEqual(plan.reasons, ['split_over_locations']);
  assert.deepEqual(plan.short, []);
});

test('the same shelves give the same plan, however often', () => {
  const lines = [line(1, 'A', 5, true), line(2, 'B', 4), line(3, 'A', 2)];
  const stock = shelves({ 'A@bath': 3, 'A@leeds': 3, 'B@lyon': 2, 'B@hull': 2 }, { 'A@lyon': 5 });
  const first = plan_sources(lines, in_britain, stock);
  assert.deepEqual(placed(first), ['1 A 1+0 bath', '1 A 3+0 leeds', '1 A 0+1 lyon', '2 B 2+0 hull', '2 B 2+0 lyon', '3 A 2+0 bath']);
  for (let again = 0; again < 3; again++) assert.deepEqual(plan_sources(lines, in_britain, stock), first);
});

test('what cannot be had is placed as far as it goes and named', () => {
  const plan = plan_sources([line(1, 'A', 5, true), line(2, 'A', 1)], in_britain, shelves({ 'A@hull': 2 }, { 'A@hull': 3 }));
  assert.deepEqual(placed(plan), ['1 A 1+0 hull', '2 A 1+0 hull']);
  assert.deepEqual(plan.short, [{ sku: 'A', wanted: 6, available: 2 }]);
});

test('an order of a thousand lines over many SKUs takes milliseconds', () => {
  const lines = Array.from({ length: 1_114 }, (_, index) => line(index + 1, `S${index % 700}`, 2));
  const stock: Record<string, number> = {};
  for (let sku = 0; sku < 700; sku++) stock[`S${sku}@${sku % 2 === 0 ? 'hull' : 'bath'}`] = 9;
  const started = performance.now();
  const plan = plan_sources(lines, in_britain, shelves(stock));
  assert.equal(plan.placed.length, 1_114);
  assert(performance.now() - started < 500);
});
