/** The shipment leaves: its row decides between a dispatch and whatever would stop it. */
import type { DispatchOrigin } from '../../../contracts/index.ts';
import { unreachable } from '../../../platform/service.ts';
import type { DispatchShipment } from '../commands.ts';
import { current_parcels, lines_at, type Shipment, type ShippingSettings } from '../model.ts';
import type { ShippingRejection } from '../rejections.ts';
import { conclude } from './conclude.ts';
import { about, changed_since, type Draft, decision_of, open_draft, type ShippingHandler, say, shipment_ref } from './draft.ts';

export function dispatch(draft: Draft, shipment: Shipment, origin: DispatchOrigin, dispatched_at: string): Shipment {
  const parcels = current_parcels(shipment).map(({ parcel_id, tracking_number, tracking_url, lines }) => ({
    parcel_id,
    ...(tracking_number === null ? {} : { tracking_number }),
    ...(tracking_url === null ? {} : { tracking_url }),
    lines: lines_at(shipment.location_id, lines),
  }));
  const data = {
    ...about(shipment),
    shipment_status: 'dispatched',
    carrier: shipment.carrier ?? '',
    dispatched_at,
    origin,
    parcels,
  } as const;
  return say(draft, shipment, { type: 'shipment.dispatched', data });
}

export function dispatch_shipment(settings: ShippingSettings): ShippingHandler<DispatchShipment> {
  return {
    touches: ({ shipment_id }) => [shipment_ref(shipment_id)],
    decide(command, view, given) {
      const shipment = view('shipment', command.shipment_id);
      if (shipment === undefined) return { rejection: 'invalid_transition' };
      const refusal = changed_since(command, view) ?? why_not(shipment);
      if (refusal !== undefined) return refusal;
      const draft = open_draft(settings, given, view);
      conclude(draft, shipment, dispatch(draft, shipment, 'warehouse', given.at));
      return decision_of(draft);
    },
  };
}

function why_not({ status, held }: Shipment): ShippingRejection | undefined {
  switch (status) {
    case 'labeled':
      return held ? { rejection: 'order_held', detail: 'The order is on hold.' } : undefined;
    case 'planned':
    case 'labeling':
      return { rejection: 'not_labeled', detail: 'Not every parcel has its label.' };
    case 'dispatched':
    case 'delivered':
    case 'closed':
      return { rejection: 'already_dispatched', detail: 'The shipment has left.' };
    case 'cancelled':
      return { rejection: 'invalid_transition', detail: 'The shipment was cancelled.' };
    default:
      return unreachable(status);
  }
}
