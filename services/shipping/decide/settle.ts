/** An operator with evidence decides what an unknown operation did: the same path as the provider's answer. */
import type { SettleOperation } from '../commands.ts';
import type { Parcel, Shipment, ShippingSettings } from '../model.ts';
import { conclude } from './conclude.ts';
import { about, type Draft, decision_of, note, open_draft, type ShippingHandler, say, shipment_ref } from './draft.ts';
import { raise } from './exceptions.ts';
import { buys_for, purchased } from './labels.ts';
import { follow } from './tracking.ts';
import { void_refused, voided } from './voids.ts';

export function settle_operation(settings: ShippingSettings): ShippingHandler<SettleOperation> {
  return {
    touches: ({ subject }) => [shipment_ref(subject)],
    decide(command, view, given) {
      const before = view('shipment', command.subject);
      if (before === undefined) return { rejection: 'invalid_transition' };
      const { op_id, outcome } = command;
      const draft = open_draft(settings, given, view);
      const labels = before.parcels.filter(parcel => parcel.label_op_id === op_id);
      const buying = labels.filter(({ label_status }) => label_status === 'requested' || label_status === 'unknown');
      const numbers = command.evidence.split(/[\s,;]+/).filter(word => word !== '');
      if (buying.length > 0 && outcome === 'succeeded' && numbers.length !== buying.length)
        return {
          rejection: 'evidence_incomplete',
          detail: `State the tracking numbers of these parcels, in this order: ${buying.map(parcel => parcel.parcel_id).join(' ')}`,
        };
      let shipment = before;
      if (buying.length > 0)
        shipment = outcome === 'succeeded' ? bought(draft, shipment, buying, numbers) : not_bought(draft, shipment, buying, op_id);
      for (const { parcel_id, label_status } of labels) {
        if (label_status !== 'void_requested') continue;
        shipment = outcome === 'succeeded' ? voided(draft, shipment, parcel_id, op_id) : void_refused(draft, shipment, parcel_id);
      }
      if (shipment.asked.some(each => each.op_id === op_id)) shipment = note(draft, shipment, state => ({ ...state, asked: [] }));
      conclude(draft, before, follow(draft, shipment));
      return { ...decision_of(draft), settled: [{ op_id, state: outcome }] };
    },
  };
}

/** The price is the one that was quoted. The shipment then waits for its dispatch like any other. */
function bought(draft: Draft, shipment: Shipment, parcels: readonly Parcel[], numbers: readonly string[]): Shipment {
  const labels = parcels.map((parcel, place) => ({
    parcel_id: parcel.parcel_id,
    tracking_number: numbers[place] ?? '',
    tracking_url: null,
    cost: parcel.label_cost ?? 0,
    currency: shipment.currency ?? draft.settings.label_currency,
    label_ref: parcel.label_ref ?? parcel.parcel_id,
    carrier: parcel.label_carrier ?? '',
    service: shipment.service ?? '',
    adopted: true,
  }));
  return purchased(draft, shipment, parcels[0]?.provider ?? draft.settings.sellers[0] ?? 'manual', labels);
}

/** Whoever knows that starts the next attempt, too: none is made by itself. */
function not_bought(draft: Draft, before: Shipment, [first]: readonly Parcel[], op_id: string): Shipment {
  if (first === undefined) return before;
  const is_of_this_plan = buys_for(before, [first.parcel_id]);
  const shipment_status = is_of_this_plan && before.status === 'labeling' ? 'planned' : before.status;
  const data = { ...about(before), shipment_status, parcel_id: first.parcel_id, op_id, code: 'not_bought' };
  const shipment = say(draft, before, { type: 'parcel.label_failed', data });
  return is_of_this_plan
    ? raise(draft, shipment, 'label_refused', `An operator settled operation ${op_id}: no label was bought.`)
    : shipment;
}
