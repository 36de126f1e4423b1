/**
 * A decision in the making. Handlers `say` events about a shipment and go on with the shipment as evolve makes it from them, so the
 * row is the fold of what was said.
 */
import type { ShippingEvent } from '../../../contracts/index.ts';
import type { Decision, Fact, Given, Handler, NewOperation, Note, Ref, Row, TimerChange, View } from '../../../platform/service.ts';
import type { OperationKind, Address as Place } from '../carriers/port.ts';
import { evolve_shipment } from '../evolve.ts';
import { all_locations, type Fulfillment, type Shipment, type ShippingSettings, type ShippingStates } from '../model.ts';
import { ship_from_of } from '../place.ts';
import type { ShippingRejection } from '../rejections.ts';

export type ShippingRef = Ref<ShippingStates>;
export type ShippingView = View<ShippingStates>;
export type ShippingDecision = Decision<ShippingStates, ShippingEvent>;
export type ShippingHandler<C> = Handler<C, ShippingStates, ShippingEvent, ShippingRejection>;

export interface Draft {
  readonly given: Given;
  readonly settings: ShippingSettings;
  /** Where parcels of a location are handed over; undefined: nobody said, or not enough of it. A handler that asks `touches_addresses`. */
  readonly ship_from: (location_id: string) => Place | undefined;
  /** New ids of this decision, each another one. */
  readonly new_id: (prefix: string) => string;
  readonly facts: Fact<ShippingStates, ShippingEvent>[];
  readonly operations: NewOperation[];
  readonly timers: TimerChange[];
  readonly notes: Note<ShippingStates>[];
}

export const nothing: ShippingDecision = { facts: [] };

export function open_draft(settings: ShippingSettings, given: Given, view: ShippingView): Draft {
  const used = new Map<string, number>();
  const new_id = (prefix: string) => {
    const ordinal = used.get(prefix) ?? 0;
    used.set(prefix, ordinal + 1);
    return given.id(prefix, ordinal);
  };
  const ship_from = (location_id: string) => ship_from_of(view('locations', all_locations).find(each => each.location_id === location_id));
  return { given, settings, ship_from, new_id, facts: [], operations: [], timers: [], notes: [] };
}

export function decision_of({ facts, operations, timers, notes }: Draft): ShippingDecision {
  return { facts, operations, timers, notes };
}

export const shipment_ref = (id: string) => ({ kind: 'shipment', id }) as const;
export const fulfillment_ref = (id: string) => ({ kind: 'fulfillment', id }) as const;

/** Of what may ask for rates. The carrier `manual` is told no address, and its orders' path is the shortest. */
export function touches_addresses({ sellers }: ShippingSettings): ShippingRef[] {
  return sellers.length === 0 ? [] : [{ kind: 'locations', id: all_locations }];
}

/** What every event of a shipment carries. */
export function about({ order_id, shipment_id, location_id }: Shipment) {
  return { order_id, shipment_id, location_id };
}

export function say(draft: Draft, shipment: Shipment, event: ShippingEvent): Shipment {
  draft.facts.push({ event, key: shipment.order_id, subject: shipment_ref(shipment.shipment_id) });
  return evolve_shipment(shipment, event);
}

/** Changes what no event tells. */
export function note(draft: Draft, shipment: Shipment, change: (shipment: Shipment) => Shipment): Shipment {
  const applied = (state: Shipment | undefined) => (state === undefined ? state : change(state));
  draft.notes.push({ ...shipment_ref(shipment.shipment_id), change: applied });
  return change(shipment);
}

export function note_fulfillment(draft: Draft, order_id: string, change: (state: Fulfillment) => Fulfillment): void {
  draft.notes.push({ ...fulfillment_ref(order_id), change });
}

export function operate(draft: Draft, shipment: Shipment, kind: OperationKind, provider: string, request: Row): string {
  const op_id = draft.new_id('op');
  draft.operations.push({ op_id, kind, provider, subject: shipment.shipment_id, key: shipment.order_id, request });
  return op_id;
}

/** The version that a person saw, if he said so, must be the one that is. */
export function changed_since(
  command: { readonly shipment_id: string; readonly if_match: number | null },
  view: ShippingView,
): ShippingRejection | undefined {
  if (command.if_match === null || command.if_match === view.version('shipment', command.shipment_id)) return undefined;
  return { rejection: 'version_conflict', detail: 'The shipment has changed since you read it.' };
}
