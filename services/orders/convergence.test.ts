/**
 * Orders among small copies of the other services (testing/world.ts): whatever the interleaving of their logs, whatever is heard again,
 * whoever interferes, the order's invariants hold at every step, it comes to rest, and then all agree on stock and money.
 * One seed again: `CONVERGENCE_SEED=17 node --test services/orders/convergence.test.ts`
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded_random } from '../../platform/random.ts';
import { check_at_rest, check_order } from './testing/checks.ts';
import { order_id } from './testing/story.ts';
import { type World, world } from './testing/world.ts';
import type { Choose } from './testing/world_parts.ts';

const seeds = 1_200;
const policies = ['on_shipment', 'on_shipment', 'on_confirm'] as const;

function world_of(seed: number): World {
  const random = seeded_random(seed);
  const choose: Choose = n => Math.floor(random.next() * n);
  const faults = choose(2) === 0;
  const wrapped = choose(3) === 0 ? [{ sku: 'WRAP', quantity: 1 }] : [];
  const lines = [{ sku: 'LAMP', quantity: 1 + choose(4) }, { sku: 'BULB', quantity: 1 + choose(7) }, ...wrapped];
  const shelves = Object.fromEntries(
    lines.map(({ quantity }, place) => [place + 1, { near: choose(quantity + 2), far: choose(3), waits: choose(8) > 0 }]),
  );
  const tender = choose(4) === 0 ? { gateway: 'bank', method_kind: 'bank' as const } : { gateway: 'manual', method_kind: 'card' as const };
  const capture_policy = policies[choose(policies.length)] ?? 'on_shipment';
  const ship_policy = choose(3) === 0 ? 'complete' : 'split';
  return world({ choose, faults, interference: choose(5), shelves, order: { lines, tender, capture_policy, ship_policy } });
}

test(`${seeds} interleavings converge`, () => {
  const only = process.env['CONVERGENCE_SEED'];
  const chosen = only === undefined ? Array.from({ length: seeds }, (_, place) => place + 1) : [Number(only)];
  const ends = new Map<string, number>();
  for (const seed of chosen) {
    const played = world_of(seed);
    try {
      played.play(({ memory, order }) => check_order(order(), { has_timer: memory.timers.has(`order ${order_id}`) }));
      check_at_rest(played);
    } catch (error) {
      throw new Error(`seed ${seed}: ${played.events.map(event => event.type).join(' ')}`, { cause: error });
    }
    const { status } = played.order().axes;
    ends.set(status, (ends.get(status) ?? 0) + 1);
  }
  if (only !== undefined) return;
  // The seeds reach every end.
  for (const status of ['completed', 'cancelled', 'expired', 'rejected'])
    assert.ok((ends.get(status) ?? 0) > 20, `${status}: ${ends.get(status)}`);
});
