/**
 * Labels: bought by one operation for all parcels that need one, adopted when a lost reply turns out to have bought them. What is
 * unknown stays so until it is found, or a person says what happened: no second label is bought by itself.
 */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { type Label, LabelSchema } from '../carriers/port.ts';
import type { BuyLabels, RecordLabels } from '../commands.ts';
import {
  choices_max,
  current_parcels,
  type Fulfillment,
  type Parcel,
  type Shipment,
  type ShippingSettings,
  settle_attempts_min,
  settle_ms,
} from '../model.ts';
import type { ShippingRejection } from '../rejections.ts';
import { detail_of } from './choice.ts';
import { conclude } from './conclude.ts';
import {
  about,
  changed_since,
  type Draft,
  decision_of,
  fulfillment_ref,
  nothing,
  open_draft,
  type ShippingHandler,
  say,
  shipment_ref,
  touches_addresses,
} from './draft.ts';
import { raise } from './exceptions.ts';
import { go_on, replan } from './plan.ts';
import { quote_rates } from './quote.ts';
import { follow } from './tracking.ts';

/** A person wants the labels now: where people fulfill, or after a refusal. */
export function buy_labels(settings: ShippingSettings): ShippingHandler<BuyLabels> {
  return {
    touches: ({ order_id, shipment_id }) => [fulfillment_ref(order_id), shipment_ref(shipment_id), ...touches_addresses(settings)],
    decide(command, view, given) {
      const shipment = view('shipment', command.shipment_id);
      if (shipment === undefined) return { rejection: 'invalid_transition' };
      const refusal = changed_since(command, view) ?? why_not(shipment);
      if (refusal !== undefined) return refusal;
      if (shipment.asked.length > 0) return nothing;
      const draft = open_draft(settings, given, view);
      conclude(draft, shipment, label(draft, shipment, view('fulfillment', command.order_id)));
      return decision_of(draft);
    },
  };
}

export function label(draft: Draft, shipment: Shipment, fulfillment: Fulfillment): Shipment {
  return draft.settings.sellers.length === 0 ? replan(draft, shipment, fulfillment, {}) : quote_rates(draft, shipment, fulfillment);
}

function why_not(shipment: Shipment): ShippingRejection | undefined {
  if (shipment.dispatched_at !== null) return { rejection: 'already_dispatched', detail: 'The shipment has left.' };
  if (shipment.status !== 'planned') return { rejection: 'invalid_transition', detail: `The shipment is ${shipment.status}.` };
  if (shipment.held) return { rejection: 'order_held', detail: 'The order is on hold.' };
  return undefined;
}

const labels_in = Compile(Type.Object({ labels: Type.Array(LabelSchema) }));
const failures_in = Compile(Type.Object({ failed: Type.Array(Type.Object({ parcel_id: Type.String(), code: Type.String() })) }));

export function record_labels(settings: ShippingSettings): ShippingHandler<RecordLabels> {
  return {
    touches: ({ order_id, shipment_id }) => [fulfillment_ref(order_id), shipment_ref(shipment_id), ...touches_addresses(settings)],
    decide(command, view, given) {
      const before = view('shipment', command.shipment_id);
      if (before === undefined) return nothing;
      const draft = open_draft(settings, given, view);
      const { outcome } = command;
      const value = 'value' in outcome ? outcome.value : undefined;
      let shipment = purchased(draft, before, command.provider, labels_in.Check(value) ? value.labels : []);
      if (outcome.outcome === 'declined' || outcome.outcome === 'permanent_error') shipment = refused(draft, shipment, command);
      if (outcome.outcome === 'unknown') shipment = unknown(draft, shipment, command);
      if (may_be_repeated(shipment, command)) shipment = quote_rates(draft, shipment, view('fulfillment', command.order_id));
      if (shipment.status === 'labeled' && before.status !== 'labeled')
        shipment = go_on(draft, shipment, view('fulfillment', command.order_id));
      conclude(draft, before, follow(draft, shipment));
      return decision_of(draft);
    },
  };
}

/** Labels that we did not know yet. With the last one of the present plan the shipment is labeled. */
export function purchased(draft: Draft, shipment: Shipment, provider: string, labels: readonly Label[]): Shipment {
  const waiting = new Map(shipment.parcels.filter(is_without_label).map(parcel => [parcel.parcel_id, parcel]));
  const fresh = labels.filter(label => waiting.has(label.parcel_id));
  const [first] = fresh;
  if (first === undefined) return shipment;
  const ids = new Set(fresh.map(label => label.parcel_id));
  const is_last = current_parcels(shipment).every(parcel => parcel.label_status === 'purchased' || ids.has(parcel.parcel_id));
  const is_waiting = shipment.status === 'planned' || shipment.status === 'labeling';
  const parcels = fresh.map(({ parcel_id, tracking_number, tracking_url, cost, adopted, label_ref, carrier }) => ({
    parcel_id,
    tracking_number,
    ...(tracking_url === null ? {} : { tracking_url }),
    cost,
    adopted,
    label_ref,
    carrier,
  }));
  const shipment_status = is_last && is_waiting ? 'labeled' : shipment.status;
  return say(draft, shipment, {
    type: 'parcel.label_purchased',
    data: { ...about(shipment), shipment_status, carrier: provider, currency: first.currency, parcels },
  });
}

function is_without_label({ label_status }: Parcel): boolean {
  return label_status === 'none' || label_status === 'requested' || label_status === 'failed' || label_status === 'unknown';
}

/** What was refused for an earlier plan needs nothing more; for the present one it is for a person, unless it may be repeated. */
function refused(draft: Draft, before: Shipment, command: RecordLabels): Shipment {
  const { op_id, parcel_ids, outcome } = command;
  if (outcome.outcome !== 'declined' && outcome.outcome !== 'permanent_error') return before;
  const value = outcome.outcome === 'declined' ? outcome.value : undefined;
  const failed = failures_in.Check(value) ? value.failed : parcel_ids.slice(0, 1).map(parcel_id => ({ parcel_id, code: outcome.code }));
  const is_of_this_plan = buys_for(before, parcel_ids);
  const shipment_status = is_of_this_plan && before.status === 'labeling' ? 'planned' : before.status;
  let shipment = before;
  for (const { parcel_id, code } of failed)
    shipment = say(draft, shipment, { type: 'parcel.label_failed', data: { ...about(shipment), shipment_status, parcel_id, op_id, code } });
  if (!is_of_this_plan || may_be_repeated(shipment, command)) return shipment;
  return raise(draft, shipment, 'label_refused', `${outcome.code}: ${detail_of(outcome)}`);
}

export function buys_for(shipment: Shipment, parcel_ids: readonly string[]): boolean {
  return current_parcels(shipment).some(parcel => parcel_ids.includes(parcel.parcel_id));
}

/** A price that changed is asked for anew a few times. */
function may_be_repeated(shipment: Shipment, { outcome, parcel_ids }: RecordLabels): boolean {
  if (outcome.outcome !== 'declined' || !outcome.retryable) return false;
  return shipment.status === 'planned' && !shipment.held && shipment.choices < choices_max && buys_for(shipment, parcel_ids);
}

/** Said once per parcel. When it was asked for twice and time enough went by, a person is called. */
function unknown(draft: Draft, before: Shipment, { op_id, parcel_ids, attempts, sent_at, outcome }: RecordLabels): Shipment {
  let shipment = before;
  for (const { parcel_id, label_status } of before.parcels) {
    if (label_status !== 'requested' || !parcel_ids.includes(parcel_id)) continue;
    shipment = say(draft, shipment, { type: 'parcel.label_outcome_unknown', data: { ...about(shipment), parcel_id, op_id } });
  }
  const age_ms = sent_at === null ? 0 : Date.parse(draft.given.at) - Date.parse(sent_at);
  const is_settled = attempts >= settle_attempts_min && age_ms >= (draft.settings.settle_ms ?? settle_ms);
  const is_open = shipment.parcels.some(parcel => parcel.label_status === 'unknown' && parcel_ids.includes(parcel.parcel_id));
  // What no further question can settle is for a person at once.
  const for_operator = 'value' in outcome ? outcome.value?.['for_operator'] : undefined;
  if (!is_open || (!is_settled && typeof for_operator !== 'string')) return shipment;
  const detail = typeof for_operator === 'string' ? for_operator : `asked ${attempts - 1} times, no label found.`;
  return raise(draft, shipment, 'label_outcome_unknown', `Operation ${op_id}: ${detail}`);
}
