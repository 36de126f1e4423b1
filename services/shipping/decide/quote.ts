/** Rates: every seller is asked for all parcels without a label, and one of them what it thinks of the address, in parallel. */
import { later, type Row } from '../../../platform/service.ts';
import type { Address as Place } from '../carriers/port.ts';
import {
  type Asked,
  address_check_ms,
  answers_ms,
  type Fulfillment,
  type Shipment,
  type ShippingSettings,
  unlabeled_parcels,
} from '../model.ts';
import { place_of } from '../place.ts';
import { type Draft, note, operate } from './draft.ts';
import { raise } from './exceptions.ts';

/** A location where shipments wait for an address, or whose address has just come. */
export const location_timer = 'location';
/** A choice that waits for answers. Its id names both rows, for the order's is locked first. */
export const answers_timer = 'answers';
export const answers_id = ({ order_id, shipment_id }: Pick<Shipment, 'order_id' | 'shipment_id'>) => `${order_id} ${shipment_id}`;

export interface Addresses {
  readonly ship_to: Place;
  readonly ship_from: Place;
}

/** Where from and where to, as it is known now. undefined: the shipment says what is missing. */
export function addresses_of(draft: Draft, shipment: Shipment, fulfillment: Fulfillment): Addresses | { readonly waiting: Shipment } {
  const ship_to = place_of(fulfillment.ship_to);
  if (ship_to === undefined) return { waiting: raise(draft, shipment, 'address_missing', 'The order has no shipping address.') };
  const ship_from = draft.ship_from(shipment.location_id);
  return ship_from === undefined ? { waiting: wait_for_address(draft, shipment) } : { ship_to, ship_from };
}

/**
 * What is asked for carries the location's address as it is now: one that changes later is that of later labels. Asking costs nothing, so the
 * address is looked at beside the rates and not before them: the choice waits for both, and what waits longer than `answers_ms` is left out.
 */
export function quote_rates(draft: Draft, shipment: Shipment, fulfillment: Fulfillment): Shipment {
  const addresses = addresses_of(draft, shipment, fulfillment);
  if ('waiting' in addresses) return addresses.waiting;
  const { shipment_id, order_id, promise_at } = shipment;
  const request: Row = {
    shipment_id,
    order_id,
    parcels: unlabeled_parcels(shipment).map(({ parcel_id, weight_grams, dimensions_mm }) => ({ parcel_id, weight_grams, dimensions_mm })),
    ...addresses,
    service: fulfillment.service ?? '',
    currency: draft.settings.label_currency,
    ...(promise_at === null ? {} : { promise_at }),
  };
  const open = (about: Asked['about'], provider: string, op_id: string): Asked => ({ op_id, provider, about, answer: null });
  const asked = draft.settings.sellers.map(seller => open('rates', seller, operate(draft, shipment, 'quote_rates', seller, request)));
  const checker = shipment.address_check === null ? checker_of(draft.settings, addresses.ship_to.country) : undefined;
  if (checker !== undefined)
    asked.push(open('address', checker, operate(draft, shipment, 'verify_address', checker, { shipment_id, address: addresses.ship_to })));
  draft.timers.push({ kind: answers_timer, id: answers_id(shipment), due_at: later(draft.given.at, answers_ms) });
  return note(draft, shipment, state => ({ ...state, asked }));
}

/** Who knows the country best: a carrier that names it, else one that knows any. */
function checker_of({ sellers, carriers }: ShippingSettings, country: string): string | undefined {
  const knows = (seller: string, which: string) => carriers[seller]?.checks_addresses_in?.includes(which) ?? false;
  return sellers.find(seller => knows(seller, country)) ?? sellers.find(seller => knows(seller, '*'));
}

/** A label from anywhere else would be a wrong one. */
function wait_for_address(draft: Draft, shipment: Shipment): Shipment {
  const { location_id } = shipment;
  draft.timers.push({ kind: location_timer, id: location_id, due_at: later(draft.given.at, address_check_ms) });
  return raise(draft, shipment, 'location_address_missing', `Location ${location_id} has no address that a parcel could be sent from.`);
}
