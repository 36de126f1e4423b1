import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SetLocation } from '../commands.ts';
import { active_locations_max, type WholeLocation } from '../model.ts';
import { said, shop } from '../test_shop.ts';

const hull: WholeLocation = { name: 'Hull', address: { line1: '1 Quay', city: 'Hull', country: 'GB' }, priority: 5, active: true };
const set = (change: Partial<SetLocation> = {}): SetLocation => ({
  type: 'set_location',
  location_id: 'hull',
  ...hull,
  if_version: null,
  ...change,
});
const tell = { type: 'tell_location', location_id: 'hull' } as const;

describe('a location', () => {
  test('is told whole when it is new and when anything of it changes, under its own key', () => {
    const given = shop({});
    const ran = given.ask(set());
    assert.deepEqual(said(ran, 'location.changed'), { location_id: 'hull', ...hull });
    assert.deepEqual(
      ran.events.map(({ key, subject, sequence }) => [key, subject, sequence]),
      [['hull', 'hull', 1]],
    );
    for (const [index, change] of [
      { name: 'Kingston' },
      { priority: 6 },
      { active: false },
      { address: { ...hull.address, line1: '2 Quay' } },
    ].entries()) {
      const changed = given.ask(set(change));
      assert.deepEqual(said(changed, 'location.changed'), { location_id: 'hull', ...hull, ...change });
      assert.equal(changed.events[0]?.sequence, index + 2);
    }
  });

  test('is not told again when it is given again as it is', () => {
    const given = shop({});
    given.ask(set());
    assert.deepEqual(given.ask(set()).types, []);
    assert.deepEqual(given.ask(set({ if_version: 1 })).types, []);
  });

  test('is refused when somebody else changed it meanwhile', () => {
    const given = shop({});
    given.ask(set());
    const { rejection, types } = given.ask(set({ priority: 6, if_version: 0 }));
    assert.deepEqual([rejection?.rejection, rejection?.extra, types], ['version_conflict', { version: 1 }, []]);
  });

  test('beyond the active ones that every reservation looks at is refused, unless it is not active', () => {
    const full = Array.from({ length: active_locations_max }, (_, index) => ({
      id: `l${index}`,
      country: 'GB',
      priority: 1,
      active: true,
    }));
    const given = shop({}, full);
    assert.equal(given.ask(set()).rejection?.rejection, 'too_many_locations');
    assert.deepEqual(given.ask(set({ active: false })).types, ['location.changed']);
  });
});

describe('a location that was stored before there was its event', () => {
  test('is told as it stands, once', () => {
    const given = shop({});
    given.memory.seed('location', 'hull', hull);
    const ran = given.ask(tell);
    assert.deepEqual(said(ran, 'location.changed'), { location_id: 'hull', ...hull });
    assert.equal(ran.events[0]?.sequence, 2);
    assert.deepEqual(given.ask(tell).types, []);
  });

  test('is not told again when people changed it first', () => {
    const given = shop({});
    given.memory.seed('location', 'hull', hull);
    given.ask(set({ priority: 6 }));
    assert.deepEqual(given.ask(tell).types, []);
  });

  test('is told although people gave it again as it was', () => {
    const given = shop({});
    given.memory.seed('location', 'hull', hull);
    assert.deepEqual(given.ask(set()).types, []);
    assert.deepEqual(given.ask(tell).types, ['location.changed']);
  });
});
