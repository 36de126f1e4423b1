/** From what is heard to commands: an event is opened for this service alone, and only here, so that what is parked or logged of it stays sealed. */
import type { AnyService } from '../batch.ts';
import type { Event, Logged } from '../service.ts';
import type { Item } from '../write.ts';
import type { Opener } from './vault.ts';

export interface Hearing {
  readonly service: AnyService;
  opener(events: readonly Logged<Event>[]): Promise<Opener>;
}

/** Items whose event asks nothing of the service are left out. */
export async function commands_of({ service, opener }: Hearing, items: readonly Item[]): Promise<Item[]> {
  const open = await opener(items.flatMap(item => item.event ?? []));
  return items.flatMap(item => command_of(service, item, open) ?? []);
}

/** An event becomes a command here, so that a reaction that throws is the event's fault and parks it. Undefined: heard, nothing to do. */
export function command_of(service: AnyService, item: Item, open: Opener): Item | undefined {
  const { event } = item;
  if (event === undefined || item.poison !== undefined) return item;
  try {
    const command = service.reactions[event.type]?.(open(event));
    return command === undefined ? undefined : { ...item, command };
  } catch (error) {
    return { ...item, poison: error instanceof Error ? error.message : String(error) };
  }
}
