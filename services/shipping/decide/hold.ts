/** Holds of the order: while one is open nothing is labeled or dispatched; with the last release what waited goes on. */
import type { HoldFulfillment, ReleaseFulfillment } from '../commands.ts';
import { is_open, type Shipment, type ShippingSettings } from '../model.ts';
import { conclude } from './conclude.ts';
import {
  decision_of,
  fulfillment_ref,
  note,
  note_fulfillment,
  nothing,
  open_draft,
  type ShippingHandler,
  type ShippingView,
  shipment_ref,
  touches_addresses,
} from './draft.ts';
import { go_on } from './plan.ts';

export function hold_fulfillment(settings: ShippingSettings): ShippingHandler<HoldFulfillment> {
  return {
    touches: ({ order_id }) => [fulfillment_ref(order_id)],
    then_touches: ({ order_id }, view) => view('fulfillment', order_id).shipment_ids.map(shipment_ref),
    decide({ order_id, hold_id }, view, given) {
      if (view('fulfillment', order_id).hold_ids.includes(hold_id)) return nothing;
      const draft = open_draft(settings, given, view);
      note_fulfillment(draft, order_id, state => ({ ...state, hold_ids: [...state.hold_ids, hold_id] }));
      for (const shipment of open_shipments(order_id, view)) if (!shipment.held) note(draft, shipment, state => ({ ...state, held: true }));
      return decision_of(draft);
    },
  };
}

export function release_fulfillment(settings: ShippingSettings): ShippingHandler<ReleaseFulfillment> {
  return {
    touches: ({ order_id }) => [fulfillment_ref(order_id), ...touches_addresses(settings)],
    then_touches: ({ order_id }, view) => view('fulfillment', order_id).shipment_ids.map(shipment_ref),
    decide({ order_id, hold_id }, view, given) {
      const fulfillment = view('fulfillment', order_id);
      if (!fulfillment.hold_ids.includes(hold_id)) return nothing;
      const draft = open_draft(settings, given, view);
      const hold_ids = fulfillment.hold_ids.filter(id => id !== hold_id);
      note_fulfillment(draft, order_id, state => ({ ...state, hold_ids }));
      if (hold_ids.length > 0) return decision_of(draft);
      for (const shipment of open_shipments(order_id, view)) {
        const released = note(draft, shipment, state => ({ ...state, held: false }));
        conclude(draft, shipment, go_on(draft, released, { ...fulfillment, hold_ids }));
      }
      return decision_of(draft);
    },
  };
}

function open_shipments(order_id: string, view: ShippingView): Shipment[] {
  return view('fulfillment', order_id)
    .shipment_ids.flatMap(id => view('shipment', id) ?? [])
    .filter(is_open);
}
