/**
 * Coverage of the design: every event of the contracts with its producer, its hearers and what took it, and every row of domain.md 3 with the edge that
 * was taken: an aggregate's status before a decision, what was decided about, its status after. `npm run simulate -- --coverage` prints the list.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { event_contracts, is_event_type } from '../contracts/index.ts';
import { compose } from '../main/compose.ts';
import { third_parties } from '../main/sandbox.ts';
import { read_settings } from '../main/settings.ts';
import { real_clock } from '../platform/clock.ts';
import type { Step } from '../platform/testing/in_memory.ts';
import { type Covered, cover, design, edges_asked_for } from './design.ts';
import { edges_of, name_of } from './edges.ts';
import { observe } from './observed.ts';
import { untaken } from './untaken.ts';

const root = join(import.meta.dirname, '..');
const seeds = 200;
const seen_events = new Map<string, number>();
const covered = new Map<string, Covered>();
/** Test files by the service whose folder they are in; journeys and attacks under `journeys`. */
const tests = new Map<string, { path: string; text: string }[]>();

function test_files(folder: string): { path: string; text: string }[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts') && (/\.(test|long)\.ts$/.test(path) || path.includes('testing/') || /test_\w+\.ts$/.test(path)))
    .map(path => ({ path: `${folder}/${path}`, text: readFileSync(join(root, folder, path), 'utf8') }));
}

before(() => {
  const { in_runs, in_stories } = observe(seeds, run => {
    for (const [type, count] of run.events) seen_events.set(type, (seen_events.get(type) ?? 0) + count);
  });
  for (const one of cover(in_runs, in_stories, untaken)) covered.set(one.edge, one);
  for (const service of ['orders', 'inventory', 'payments', 'shipping', 'suppliers']) tests.set(service, test_files(`services/${service}`));
  tests.set('journeys', test_files('journeys'));
});

function evidence(type: string, services: readonly string[]): string | undefined {
  const count = seen_events.get(type);
  if (count !== undefined) return `${count} times in ${seeds} seeded runs`;
  const named = new RegExp(`['"\`]${type.replaceAll('.', '\\.')}['"\`]`);
  return services.flatMap(service => tests.get(service) ?? []).find(file => named.test(file.text))?.path;
}

describe('every event', () => {
  const settings = read_settings({});
  const areas = compose({ settings, signing_secret: 'x'.repeat(32), third_parties: third_parties(settings, {}), clock: real_clock });
  for (const [type, contract] of Object.entries(event_contracts)) {
    test(`${type}, published by ${contract.service}`, () => {
      assert.ok(is_event_type(type));
      const hearers = [...areas.values()].filter(area => area.service.reactions[type] !== undefined).map(area => area.service.name);
      const missing = contract.heard_by.filter(name => name !== 'analytics' && !hearers.includes(name));
      assert.deepEqual(missing, [], 'a service that the design says hears it does not react');
      const own = type.startsWith('exception.') ? ['orders', 'payments', 'shipping', 'suppliers'] : [contract.service];
      assert.ok(evidence(type, [...own, 'journeys']) !== undefined, 'no run and no test of its producer takes it');
    });
  }
});

describe('every row of the state machines is really taken', () => {
  for (const row of design) {
    for (const edge of edges_asked_for(row)) {
      test(edge, () => {
        const found = covered.get(edge) ?? assert.fail('it is not in the coverage');
        const is_taken = found.in_runs + found.in_stories > 0;
        if (found.reason === undefined)
          assert.ok(is_taken, 'no seeded run and no story in memory takes it: write one, or the reason into untaken.ts');
        else assert.ok(!is_taken, `untaken.ts gives a reason, and it is taken: ${found.reason}`);
      });
    }
  }
  test('untaken.ts gives reasons for edges of the design only', () => {
    const asked = new Set(design.flatMap(edges_asked_for));
    assert.deepEqual(
      [...untaken.keys()].filter(edge => !asked.has(edge)),
      [],
    );
  });
});

test('a decision that takes another edge than the story says would be seen', () => {
  const step = (status: string, to: string): Step => ({
    service: 'shipping',
    command: { type: 'dispatch_shipment' },
    kind: 'shipment',
    id: 'shp_1',
    before: { status },
    after: { status: to },
    is_new: false,
  });
  assert.deepEqual(edges_of(step('labeled', 'dispatched')).map(name_of), ['shipment: labeled – dispatch_shipment → dispatched']);
  assert.deepEqual(edges_of({ ...step('labeled', 'labeled'), is_new: true }).map(name_of), ['shipment: new – dispatch_shipment → labeled']);
  const same = { status: 'labeled' };
  assert.deepEqual(edges_of({ ...step('', ''), before: same, after: same }), [], 'what changed nothing took no edge');
});
