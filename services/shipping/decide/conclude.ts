/** What follows from any change of a shipment: its timer, labels nobody needs any more, exceptions whose cause has gone. */
import { later } from '../../../platform/service.ts';
import {
  labeled_ms,
  labeling_ms,
  planned_ms,
  poll_late_ms,
  poll_ms,
  poll_rest_ms,
  type Shipment,
  type ShippingSettings,
  void_check_ms,
} from '../model.ts';
import { about, type Draft, note, operate, say } from './draft.ts';
import { resolve_what_has_gone } from './exceptions.ts';
import { answers_id, answers_timer } from './quote.ts';

export const shipment_timer = 'shipment';
export const voids_timer = 'voids';

/** `before`: as the decision found it; undefined: it was not there. */
export function conclude(draft: Draft, before: Shipment | undefined, after: Shipment): Shipment {
  if (before === after) return after;
  let shipment = after;
  if (shipment.parcels !== before?.parcels) shipment = void_unneeded_labels(draft, before, shipment);
  if (shipment.exceptions.length > 0) shipment = resolve_what_has_gone(draft, shipment);
  if (before !== undefined && before.asked.length > 0 && shipment.asked.length === 0)
    draft.timers.push({ kind: answers_timer, id: answers_id(shipment), due_at: null });
  if (before?.status !== shipment.status || before.revision_no !== shipment.revision_no) set_timer(draft, shipment);
  return shipment;
}

/** One timer a shipment: what it is for, the status says when it is due (shipment_due). */
export function set_timer(draft: Draft, shipment: Shipment): void {
  const wait_ms = wait_of(shipment, draft);
  draft.timers.push({ kind: shipment_timer, id: shipment.shipment_id, due_at: wait_ms === null ? null : later(draft.given.at, wait_ms) });
}

function wait_of(shipment: Shipment, { settings, given }: Draft): number | null {
  switch (shipment.status) {
    case 'planned':
      // Where people label, a plan waits for them as long as a label does.
      return settings.fulfillment === 'manual' ? labeled_ms : planned_ms;
    case 'labeling':
      return labeling_ms;
    case 'labeled':
      return labeled_ms;
    case 'dispatched':
      return is_manual(shipment) ? settings.manual_delivery_ms : poll_wait_ms(shipment, settings, given.at);
    default:
      return null;
  }
}

/** For webhooks that were lost; where there are none, the first question comes soon and the next each at twice the age. What is very late is asked about daily. */
function poll_wait_ms({ carrier, dispatched_at }: Shipment, { carriers }: ShippingSettings, at: string): number {
  const age_ms = Math.max(0, Date.parse(at) - Date.parse(dispatched_at ?? at));
  if (age_ms > poll_late_ms) return poll_rest_ms;
  const first_ms = carriers[carrier ?? '']?.poll_first_ms;
  return first_ms === undefined ? poll_ms : Math.min(poll_ms, Math.max(first_ms, age_ms));
}

export function is_manual(shipment: Shipment): boolean {
  return shipment.carrier === 'manual';
}

/** Labels that became unneeded: of a cancelled shipment, of an earlier plan, of an emptied parcel, or bought too late. */
function void_unneeded_labels(draft: Draft, before: Shipment | undefined, after: Shipment): Shipment {
  const known = before?.parcels ?? [];
  const unneeded = after.parcels.filter(
    (parcel, place) => parcel.label_status === 'void_requested' && known[place]?.label_status !== 'void_requested',
  );
  let shipment = after;
  for (const { parcel_id } of unneeded.filter(parcel => parcel.provider === 'manual'))
    shipment = say(draft, shipment, { type: 'parcel.label_voided', data: { ...about(shipment), parcel_id, op_id: draft.new_id('op') } });
  shipment = ask_to_void(
    draft,
    shipment,
    unneeded.map(parcel => parcel.parcel_id),
  );
  const had = known.some(parcel => parcel.label_status === 'void_requested');
  const has = shipment.parcels.some(parcel => parcel.label_status === 'void_requested');
  if (has !== had)
    draft.timers.push({ kind: voids_timer, id: shipment.shipment_id, due_at: has ? later(draft.given.at, void_check_ms) : null });
  return shipment;
}

/** One operation per seller. */
export function ask_to_void(draft: Draft, shipment: Shipment, parcel_ids: readonly string[]): Shipment {
  const asked = shipment.parcels.filter(parcel => parcel_ids.includes(parcel.parcel_id) && parcel.label_status === 'void_requested');
  let told = shipment;
  for (const [provider, labels] of Map.groupBy(asked, parcel => parcel.provider)) {
    const parcels = labels.flatMap(({ parcel_id, label_ref, tracking_number }) =>
      label_ref === null || tracking_number === null ? [] : [{ parcel_id, provider_shipment_ref: label_ref, tracking_number }],
    );
    if (provider === null || parcels.length === 0) continue;
    const op_id = operate(draft, shipment, 'void_label', provider, { shipment_id: shipment.shipment_id, parcels });
    const ids = new Set(parcels.map(parcel => parcel.parcel_id));
    told = note(draft, told, state => ({
      ...state,
      parcels: state.parcels.map(parcel => (ids.has(parcel.parcel_id) ? { ...parcel, label_op_id: op_id } : parcel)),
    }));
  }
  return told;
}
