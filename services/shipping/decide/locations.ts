/** Where parcels leave from: inventory owns locations and tells of them. A label that waits for an address goes on when one comes. */
import { later } from '../../../platform/service.ts';
import type { HearLocation, ResumeLabels } from '../commands.ts';
import { address_check_ms, type Shipment, type ShippingSettings, waiting_max } from '../model.ts';
import { conclude, set_timer } from './conclude.ts';
import {
  type Draft,
  decision_of,
  fulfillment_ref,
  nothing,
  open_draft,
  type ShippingHandler,
  shipment_ref,
  touches_addresses,
} from './draft.ts';
import { is_open_exception, resolve_reason } from './exceptions.ts';
import { label } from './labels.ts';
import { location_timer } from './quote.ts';

const location_ref = (id: string) => ({ kind: 'location', id }) as const;
const waiting_ref = (id: string) => ({ kind: 'waiting', id }) as const;

/** What waits is looked for by the timer, after this is stored: a plan of this very batch is found, too. */
export const hear_location: ShippingHandler<HearLocation> = {
  touches: ({ location_id }) => [location_ref(location_id)],
  decide({ location_id, sequence, name, address }, view, given) {
    const known = view('location', location_id);
    if (known !== undefined && known.sequence >= sequence) return nothing;
    return {
      facts: [],
      notes: [{ ...location_ref(location_id), change: () => ({ sequence, name, address }) }],
      timers: [{ kind: location_timer, id: location_id, due_at: given.at }],
    };
  },
};

export function resume_labels(settings: ShippingSettings): ShippingHandler<ResumeLabels> {
  return {
    touches: ({ location_id }) => [waiting_ref(location_id), ...touches_addresses(settings)],
    then_touches: ({ location_id }, view) =>
      view('waiting', location_id).flatMap(({ order_id, shipment_id }) => [fulfillment_ref(order_id), shipment_ref(shipment_id)]),
    decide({ location_id }, view, given) {
      const waiting = view('waiting', location_id);
      if (waiting.length === 0) return nothing;
      const draft = open_draft(settings, given, view);
      const has_address = settings.sellers.length === 0 || draft.ship_from(location_id) !== undefined;
      if (!has_address) return { facts: [], timers: [check_again(draft, location_id, address_check_ms)] };
      for (const { shipment_id, order_id } of waiting) {
        const shipment = view('shipment', shipment_id);
        if (shipment === undefined || !is_waiting(shipment)) continue;
        const known = resolve_reason(draft, shipment, 'location_address_missing');
        // It is planned from now on, as far as being overdue goes.
        set_timer(draft, known);
        // A hold is a reason to wait; what goes on with its release is decided there.
        conclude(draft, shipment, shipment.held ? known : label(draft, known, view('fulfillment', order_id)));
      }
      if (waiting.length === waiting_max) draft.timers.push(check_again(draft, location_id, 0));
      return decision_of(draft);
    },
  };
}

function is_waiting(shipment: Shipment): boolean {
  return shipment.status === 'planned' && is_open_exception(shipment, 'location_address_missing');
}

function check_again({ given }: Draft, location_id: string, after_ms: number) {
  return { kind: location_timer, id: location_id, due_at: later(given.at, after_ms) };
}
