/** Locations: who labels parcels knows where they leave from. */
import type { Invariant } from './auditor.ts';
import { sql_invariant } from './sql.ts';

const same_address = sql_invariant(
  { name: 'D2', says: 'shipping knows where each location is as inventory does', only_at_rest: true },
  {
    service: 'shipping',
    foreign: {
      location: {
        service: 'inventory',
        columns: 'id text collate "C", version integer, name text, address text',
        sql: 'select id, version, name, address::jsonb::text as address from inventory.location',
      },
    },
    sql: `select array[id] as ids, format('shipping heard %s: %s, %s; inventory has %s: %s, %s', coalesce(s.sequence::text, 'nothing'), s.name, s.address, l.version, l.name, l.address) as detail
            from shipping.location s full join {location} l using (id)
           where (s.sequence, s.name, s.address::jsonb::text) is distinct from (l.version, l.name, l.address)`,
  },
);

export const location_invariants: readonly Invariant[] = [same_address];
