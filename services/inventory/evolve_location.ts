import type { InventoryEvent } from '../../contracts/index.ts';
import type { WholeLocation } from './model.ts';

/** Its event tells all of it. */
export function evolve_location(_before: WholeLocation | undefined, event: InventoryEvent): WholeLocation {
  if (event.type !== 'location.changed') throw new Error(`${event.type} changes no location`);
  const { name, address, priority, active } = event.data;
  return { name, address, priority, active };
}
