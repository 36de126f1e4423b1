import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { AnyService } from '../platform/batch.ts';
import type { Providers } from './providers.ts';
import { run_saga, type Spoil } from './saga.ts';
import { hash_of } from './world.ts';

const runs = Number(process.env['RUNS'] ?? 250);

test(`${runs} seeded runs converge, whatever is delayed, doubled, reordered, or dies around an effect`, () => {
  const broken: string[] = [];
  for (let seed = 1; seed <= runs; seed++) {
    const result = run_saga(seed);
    if (result.broken.length > 0) broken.push(`seed ${seed}: ${result.broken[0]} (npm run simulate -- --runs 1 --seed ${seed} --story)`);
  }
  assert.deepEqual(broken, []);
});

test('one seed gives one run: the same events with the same ids, here and in another process', () => {
  const seeds = [7, 8, 9];
  const hashes = seeds.map(seed => hash_of(run_saga(seed).log));
  assert.deepEqual(
    seeds.map(seed => hash_of(run_saga(seed).log)),
    hashes,
  );
  assert.equal(new Set(hashes).size, seeds.length);
  const args = [join(import.meta.dirname, 'simulate.ts'), '--runs', String(seeds.length), '--seed', '7', '--hash'];
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.deepEqual(
    [...stdout.matchAll(/seed (\d+) is ([0-9a-f]{16})/g)].map(([, seed, hash]) => [Number(seed), hash]),
    seeds.map((seed, place) => [seed, hashes[place]]),
  );
});

/** A reaction that does nothing: the event is heard and forgotten. */
const deaf =
  (name: string, type: string) =>
  (service: AnyService): AnyService =>
    service.name === name ? { ...service, reactions: { ...service.reactions, [type]: () => undefined } } : service;
/** Repeating a call under its own id has its effect again. */
const without_idempotency =
  (kinds: readonly string[]) =>
  (providers: Providers): Providers => {
    let repeat = 0;
    return {
      ...providers,
      query: (operation, at) =>
        kinds.includes(operation.kind)
          ? providers.perform({ ...operation, op_id: `${operation.op_id}r${++repeat}` }, at)
          : providers.query(operation, at),
    };
  };

const bugs: readonly (readonly [what: string, spoil: Spoil])[] = [
  ['inventory forgets that lines were cancelled', { service: deaf('inventory', 'order.lines_cancelled') }],
  ['orders forgets a decline', { service: deaf('orders', 'payment.declined') }],
  ['orders forgets that stock was released', { service: deaf('orders', 'stock.released') }],
  ['orders forgets a delivery', { service: deaf('orders', 'parcel.delivered') }],
  ['payments forgets a release', { service: deaf('payments', 'payment.release_requested') }],
  ['payments forgets a refund', { service: deaf('payments', 'payment.refund_requested') }],
  ['shipping forgets a cancellation', { service: deaf('shipping', 'order.cancellation_requested') }],
  ['inventory forgets a dispatch', { service: deaf('inventory', 'shipment.dispatched') }],
  ['the gateway authorizes again when it is asked', { providers: without_idempotency(['authorize']) }],
  ['the gateway refunds again when it is asked', { providers: without_idempotency(['refund']) }],
  ['the carrier sells a second label when it is asked', { providers: without_idempotency(['buy_label']) }],
];

describe('a seeded bug is found within 100 seeds', () => {
  for (const [what, spoil] of bugs) {
    test(what, () => {
      for (let seed = 1; seed <= 100; seed++) {
        let found: boolean;
        try {
          found = run_saga(seed, spoil).broken.length > 0;
        } catch {
          found = true;
        }
        if (found) return;
      }
      assert.fail('no run of 100 noticed it: the checks are too weak');
    });
  }
});
