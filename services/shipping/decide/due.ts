/** The shipment's timer (domain.md 3.6): what it means depends on where the shipment stands by then. */
import { unreachable } from '../../../platform/service.ts';
import type { ShipmentDue } from '../commands.ts';
import { current_parcels, lines_at, type Shipment, type ShippingSettings } from '../model.ts';
import { is_manual, set_timer } from './conclude.ts';
import {
  about,
  type Draft,
  decision_of,
  nothing,
  open_draft,
  operate,
  type ShippingDecision,
  type ShippingHandler,
  shipment_ref,
} from './draft.ts';
import { is_open_exception, raise, resolve_what_has_gone } from './exceptions.ts';
import { deliver } from './tracking.ts';

export function shipment_due(settings: ShippingSettings): ShippingHandler<ShipmentDue> {
  return {
    touches: ({ shipment_id }) => [shipment_ref(shipment_id)],
    decide({ shipment_id }, view, given) {
      const shipment = view('shipment', shipment_id);
      return shipment === undefined ? nothing : due(open_draft(settings, given, view), shipment);
    },
  };
}

function due(draft: Draft, shipment: Shipment): ShippingDecision {
  switch (shipment.status) {
    case 'planned':
    case 'labeling':
      return overdue(draft, shipment, 'label_overdue', 'It has no label yet.');
    case 'labeled':
      return overdue(draft, shipment, 'dispatch_overdue', 'It has its labels and is still here.');
    case 'dispatched':
      return is_manual(shipment) ? assume_delivered(draft, shipment) : poll(draft, shipment);
    case 'delivered':
    case 'closed':
    case 'cancelled':
      return nothing;
    default:
      return unreachable(shipment.status);
  }
}

/** A hold is a reason to wait, and so is an address that somebody was asked for already. */
function overdue(draft: Draft, shipment: Shipment, reason: 'label_overdue' | 'dispatch_overdue', detail: string): ShippingDecision {
  if (!shipment.held && !is_open_exception(shipment, 'location_address_missing')) raise(draft, shipment, reason, detail);
  set_timer(draft, shipment);
  return decision_of(draft);
}

/** Nobody tracks these parcels: after the time set they count as delivered. The timer that fired is gone, and no other is needed. */
function assume_delivered(draft: Draft, before: Shipment): ShippingDecision {
  let shipment = before;
  for (const { parcel_id, lines, ended } of current_parcels(before)) {
    if (ended !== null) continue;
    shipment = deliver(draft, shipment, {
      ...about(shipment),
      parcel_id,
      lines: lines_at(shipment.location_id, lines),
      delivered_at: draft.given.at,
      assumed: true,
    });
  }
  resolve_what_has_gone(draft, shipment);
  return decision_of(draft);
}

/** For webhooks that were lost. */
function poll(draft: Draft, shipment: Shipment): ShippingDecision {
  const parcels = current_parcels(shipment).flatMap(({ parcel_id, tracking_number, label_carrier, ended }) =>
    ended !== null || tracking_number === null || label_carrier === null ? [] : [{ parcel_id, tracking_number, carrier: label_carrier }],
  );
  if (shipment.carrier !== null && parcels.length > 0) operate(draft, shipment, 'track', shipment.carrier, { parcels });
  set_timer(draft, shipment);
  return decision_of(draft);
}
