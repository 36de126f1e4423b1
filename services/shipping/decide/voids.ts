/** Labels given back: the answer to the operation, the carrier's later word, and the question once a day until there is one. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { later } from '../../../platform/service.ts';
import type { LabelFact } from '../carriers/port.ts';
import type { RecordVoids, VoidsDue } from '../commands.ts';
import { is_current, type Shipment, type ShippingSettings, void_check_ms } from '../model.ts';
import { detail_of } from './choice.ts';
import { ask_to_void, conclude, voids_timer } from './conclude.ts';
import { about, type Draft, decision_of, note, nothing, open_draft, type ShippingHandler, say, shipment_ref } from './draft.ts';
import { raise } from './exceptions.ts';

const ids = () => Type.Array(Type.String());
const answers_in = Compile(Type.Object({ voided: ids(), refused: ids() }));

export function record_voids(settings: ShippingSettings): ShippingHandler<RecordVoids> {
  return {
    touches: ({ shipment_id }) => [shipment_ref(shipment_id)],
    decide({ shipment_id, op_id, parcel_ids, outcome }, view, given) {
      const before = view('shipment', shipment_id);
      if (before === undefined) return nothing;
      const draft = open_draft(settings, given, view);
      let shipment = before;
      if (outcome.outcome === 'ok' && answers_in.Check(outcome.value)) {
        for (const parcel_id of outcome.value.voided) shipment = voided(draft, shipment, parcel_id, op_id);
        for (const parcel_id of outcome.value.refused) shipment = void_refused(draft, shipment, parcel_id);
      }
      if (outcome.outcome === 'declined' || outcome.outcome === 'permanent_error')
        shipment = raise(draft, shipment, 'label_void_refused', `${parcel_ids.join(', ')}: ${outcome.code}: ${detail_of(outcome)}`);
      conclude(draft, before, shipment);
      return decision_of(draft);
    },
  };
}

export function voided(draft: Draft, shipment: Shipment, parcel_id: string, op_id: string): Shipment {
  const parcel = shipment.parcels.find(each => each.parcel_id === parcel_id);
  if (parcel === undefined || parcel.label_status === 'voided' || parcel.tracking_number === null) return shipment;
  const is_needed = parcel.label_status === 'purchased' && is_current(shipment, parcel);
  const shipment_status = is_needed && shipment.status === 'labeled' ? 'planned' : shipment.status;
  const told = say(draft, shipment, { type: 'parcel.label_voided', data: { ...about(shipment), shipment_status, parcel_id, op_id } });
  return is_needed ? raise(draft, told, 'label_voided_at_carrier', `The label of parcel ${parcel_id} was voided, but not by us.`) : told;
}

export function void_refused(draft: Draft, shipment: Shipment, parcel_id: string): Shipment {
  const parcel = shipment.parcels.find(each => each.parcel_id === parcel_id);
  if (parcel?.label_status !== 'void_requested') return shipment;
  const noted = note(draft, shipment, state => ({
    ...state,
    parcels: state.parcels.map(each => (each.parcel_id === parcel_id ? { ...each, label_status: 'void_refused' } : each)),
  }));
  return raise(draft, noted, 'label_void_refused', `The carrier keeps the money of the label of parcel ${parcel_id}.`);
}

/** What the carrier says of a label on its own account. */
export function hear_of_label(draft: Draft, shipment: Shipment, fact: LabelFact): Shipment {
  const parcel = shipment.parcels.find(
    each => each.tracking_number === fact.tracking_number || each.label_ref === fact.provider_shipment_ref,
  );
  if (parcel === undefined) return shipment;
  if (fact.status === 'void_refused') return void_refused(draft, shipment, parcel.parcel_id);
  return voided(draft, shipment, parcel.parcel_id, parcel.label_op_id ?? draft.given.cause);
}

export function voids_due(settings: ShippingSettings): ShippingHandler<VoidsDue> {
  return {
    touches: ({ shipment_id }) => [shipment_ref(shipment_id)],
    decide({ shipment_id }, view, given) {
      const shipment = view('shipment', shipment_id);
      const open = shipment?.parcels.filter(parcel => parcel.label_status === 'void_requested') ?? [];
      if (shipment === undefined || open.length === 0) return nothing;
      const draft = open_draft(settings, given, view);
      ask_to_void(
        draft,
        shipment,
        open.map(parcel => parcel.parcel_id),
      );
      draft.timers.push({ kind: voids_timer, id: shipment_id, due_at: later(given.at, void_check_ms) });
      return decision_of(draft);
    },
  };
}
