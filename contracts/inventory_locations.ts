/** What inventory says of locations, under the key of their code (domain.md 2, 4). Rare, and on no order's path. */
import Type from 'typebox';
import { type EventOf, event, Id, Text } from './envelope.ts';
import { ids } from './examples.ts';
import { LocationAddress } from './shapes.ts';

export type LocationChanged = EventOf<typeof location_changed>;
export const location_changed = event({
  type: 'location.changed',
  service: 'inventory',
  key: 'location_id',
  heard_by: ['shipping'],
  description: 'A location is new, or what is known of it changed: all of it, as it is from now on.',
  data: Type.Object({
    location_id: Id(),
    name: Text(200),
    address: LocationAddress, // of a place of the shop, so nobody's personal data
    priority: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    active: Type.Boolean(),
  }),
  example: {
    location_id: ids.near,
    name: 'London warehouse',
    address: { line1: '1 Wharf Road', city: 'London', postal_code: 'N1 7AA', country: 'GB', phone: '02000000000' },
    priority: 1,
    active: true,
  },
});

export const inventory_locations_contracts = { 'location.changed': location_changed };
