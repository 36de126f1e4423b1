/** Locations: people give them whole, others hear of them by an event. */
import type { InventoryEvent } from '../../../contracts/index.ts';
import type { Decision, Handler } from '../../../platform/service.ts';
import type { SetLocation, TellLocation } from '../commands.ts';
import { active_locations_max, all_locations, type States, type WholeLocation } from '../model.ts';
import { type InventoryRejection, reject } from '../rejections.ts';
import { nothing } from './draft.ts';
import { locations_ref } from './touched.ts';

type Decides<C> = Handler<C, States, InventoryEvent, InventoryRejection>;

/** Of a location that was stored before there was its event. */
export const location_timer = 'location';

const location_ref = (id: string) => ({ kind: 'location', id }) as const;

export const set_location: Decides<SetLocation> = {
  touches: ({ location_id }) => [locations_ref, location_ref(location_id)],
  decide({ location_id, if_version, name, address, priority, active }, view) {
    const version = view.version('location', location_id);
    if (if_version !== null && if_version !== version) return reject('version_conflict', `The version is ${version}.`, { version });
    const before = view('location', location_id);
    const wanted = { name, address, priority, active };
    if (before !== undefined && is_same(before, wanted)) return nothing;
    const others = view('locations', all_locations).filter(location => location.active && location.id !== location_id);
    if (active && before?.active !== true && others.length >= active_locations_max)
      return reject('too_many_locations', `At most ${active_locations_max} locations are active at once.`);
    return told(location_id, wanted);
  },
};

function is_same(before: WholeLocation, wanted: WholeLocation): boolean {
  return (
    before.name === wanted.name &&
    before.priority === wanted.priority &&
    before.active === wanted.active &&
    JSON.stringify(before.address) === JSON.stringify(wanted.address)
  );
}

function told(location_id: string, location: WholeLocation): Decision<States, InventoryEvent> {
  const event = { type: 'location.changed', data: { location_id, ...location } } as const;
  return { facts: [{ event, key: location_id, subject: location_ref(location_id) }] };
}

/** A location beyond its first version has changed since, and so was told. */
export const tell_location: Decides<TellLocation> = {
  touches: ({ location_id }) => [location_ref(location_id)],
  decide({ location_id }, view) {
    const location = view('location', location_id);
    return location === undefined || view.version('location', location_id) > 1 ? nothing : told(location_id, location);
  },
};
