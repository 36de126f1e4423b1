/** What the reference kinds would read, from maps instead of tables: for tables of decisions and the simulation (`in_memory`'s `refresh`). */
import { type KnownLocation, type Shipment, type ShippingStates, waiting_max } from './model.ts';

interface Tables {
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, { state: unknown; version: number }>>;
}

/** `tables` is asked at every read. */
export function shipping_references(tables: () => Tables): (kind: string, id: string) => unknown {
  return (kind, id) => (kind === 'locations' ? locations(tables()) : kind === 'waiting' ? waiting(tables(), id) : undefined);
}

function locations({ rows }: Tables): ShippingStates['locations'] {
  // The kinds' own states, here and below, as decisions left them.
  return [...(rows.get('location') ?? [])].map(([location_id, { state }]) => ({ location_id, ...(state as KnownLocation) }));
}

function waiting({ rows }: Tables, location_id: string): ShippingStates['waiting'] {
  const shipments = [...(rows.get('shipment')?.values() ?? [])].map(({ state }) => state as Shipment);
  return shipments
    .filter(shipment => shipment.location_id === location_id && shipment.status === 'planned')
    .filter(shipment => shipment.exceptions.some(open => open.reason === 'location_address_missing'))
    .map(({ shipment_id, order_id }) => ({ shipment_id, order_id }))
    .sort((a, b) => (a.shipment_id < b.shipment_id ? -1 : 1))
    .slice(0, waiting_max);
}
