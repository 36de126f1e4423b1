/** What carriers say of parcels, by webhook or poll alike: each fact once, and the state is a function of the set of facts. */
import type { CarrierStatus } from '../../../contracts/index.ts';
import type { TrackingFact } from '../carriers/port.ts';
import type { ReceiveSentBack, RecordCarrierFacts } from '../commands.ts';
import {
  current_parcels,
  facts_per_parcel_max,
  is_current,
  type KnownFact,
  lines_at,
  type Parcel,
  type ParcelLine,
  type Shipment,
  type ShippingSettings,
} from '../model.ts';
import { is_scan, telling_fact } from '../tracking.ts';
import { conclude } from './conclude.ts';
import { dispatch } from './dispatch.ts';
import {
  about,
  changed_since,
  type Draft,
  decision_of,
  note,
  nothing,
  open_draft,
  type ShippingHandler,
  say,
  shipment_ref,
} from './draft.ts';
import { raise } from './exceptions.ts';
import { hear_of_label } from './voids.ts';

export function record_carrier_facts(settings: ShippingSettings): ShippingHandler<RecordCarrierFacts> {
  return {
    touches: ({ shipment_id }) => [shipment_ref(shipment_id)],
    decide({ shipment_id, facts, label_facts }, view, given) {
      const before = view('shipment', shipment_id);
      if (before === undefined) return nothing;
      const draft = open_draft(settings, given, view);
      let shipment = remember(draft, before, facts);
      for (const fact of label_facts) shipment = hear_of_label(draft, shipment, fact);
      conclude(draft, before, follow(draft, shipment, facts));
      return decision_of(draft);
    },
  };
}

/** Facts that were not known. A carrier's scan on the way back to us is `returning`, whatever it is called. */
function remember(draft: Draft, shipment: Shipment, facts: readonly TrackingFact[]): Shipment {
  const fresh = new Map<string, KnownFact[]>();
  for (const fact of facts) {
    const parcel = parcel_of(shipment, fact);
    if (parcel === undefined) continue;
    const { carrier, tracking_number, carrier_at } = fact;
    const known: KnownFact = { carrier, tracking_number, carrier_at, status: status_of(fact) };
    const told = fresh.get(parcel.parcel_id) ?? [];
    if (parcel.facts.some(each => is_same(each, known)) || told.some(each => is_same(each, known))) continue;
    if (parcel.facts.length + told.length < facts_per_parcel_max) fresh.set(parcel.parcel_id, [...told, known]);
  }
  if (fresh.size === 0) return shipment;
  return note(draft, shipment, state => ({
    ...state,
    parcels: state.parcels.map(parcel => {
      const told = fresh.get(parcel.parcel_id);
      return told === undefined ? parcel : { ...parcel, facts: [...parcel.facts, ...told] };
    }),
  }));
}

function parcel_of(shipment: Shipment, fact: TrackingFact): Parcel | undefined {
  const { parcel_id, tracking_number, provider_shipment_ref } = fact;
  return shipment.parcels.find(
    parcel =>
      parcel.parcel_id === parcel_id ||
      parcel.tracking_number === tracking_number ||
      (parcel.label_ref !== null && parcel.label_ref === provider_shipment_ref),
  );
}

function status_of({ status, is_return }: TrackingFact): CarrierStatus {
  return is_return === true && is_scan({ status }) ? 'returning' : status;
}

function is_same(a: KnownFact, b: KnownFact): boolean {
  return a.carrier_at === b.carrier_at && a.status === b.status && a.tracking_number === b.tracking_number && a.carrier === b.carrier;
}

/** Says what the facts of all parcels mean by now. `heard`: with what events carry beyond a fact itself. */
export function follow(draft: Draft, before: Shipment, heard: readonly TrackingFact[] = []): Shipment {
  let shipment = leave_by_scan(draft, before);
  for (const { parcel_id } of shipment.parcels) {
    const parcel = shipment.parcels.find(each => each.parcel_id === parcel_id);
    const fact = telling_fact(parcel?.facts ?? []);
    if (parcel === undefined || fact === undefined || parcel.carrier_status === fact.status || parcel.ended === 'sent_back') continue;
    const of_it = heard.find(each => is_same({ ...each, status: status_of(each) }, fact));
    shipment = step(draft, shipment, parcel, fact, of_it);
  }
  return shipment;
}

/** A scan is a fact: what the carrier has in its hands has left, hold or not. */
function leave_by_scan(draft: Draft, shipment: Shipment): Shipment {
  if (shipment.status !== 'labeled') return shipment;
  const scans = current_parcels(shipment).flatMap(parcel => parcel.facts.filter(is_scan).map(fact => fact.carrier_at));
  const [first] = scans.sort();
  return first === undefined ? shipment : dispatch(draft, shipment, 'scan', first);
}

function step(draft: Draft, shipment: Shipment, parcel: Parcel, fact: KnownFact, heard: TrackingFact | undefined): Shipment {
  const is_expected = is_current(shipment, parcel) && shipment.dispatched_at !== null;
  if (!is_expected) return is_scan(fact) && parcel.tracking_number !== null ? astray(draft, shipment, parcel, fact, heard) : shipment;
  if (parcel.ended !== null) {
    const told = tracked(draft, shipment, parcel, fact, heard);
    return parcel.ended === 'lost'
      ? raise(draft, told, 'found_after_loss', `Parcel ${parcel.parcel_id} was given up and is ${fact.status}.`)
      : told;
  }
  const { parcel_id, lines } = parcel;
  const common = { ...about(shipment), parcel_id, lines: lines_at(shipment.location_id, lines) };
  if (fact.status === 'delivered') {
    const signed = heard?.signed_by === undefined ? {} : { personal: { signed_by: heard.signed_by } };
    return deliver(draft, shipment, { ...common, delivered_at: fact.carrier_at, assumed: false, ...signed });
  }
  if (fact.status === 'lost')
    return say(draft, shipment, { type: 'parcel.lost', data: { ...common, shipment_status: status_after(shipment, parcel_id, 'lost') } });
  return tracked(draft, shipment, parcel, fact, heard);
}

/** Of a cancelled shipment, or of a plan that was given up: nobody may have handed it over. */
function astray(draft: Draft, shipment: Shipment, parcel: Parcel, fact: KnownFact, heard: TrackingFact | undefined): Shipment {
  // The other labels of the present plan are still being bought: it leaves when they are there.
  if (is_current(shipment, parcel)) return shipment;
  const told = tracked(draft, shipment, parcel, fact, heard);
  return raise(draft, told, 'scan_after_cancellation', `Parcel ${parcel.parcel_id} was cancelled and is ${fact.status}.`);
}

function tracked(
  draft: Draft,
  shipment: Shipment,
  { parcel_id }: Parcel,
  { status, carrier_at }: KnownFact,
  heard: TrackingFact | undefined,
): Shipment {
  const eta = heard?.eta_at === undefined ? {} : { eta_at: heard.eta_at };
  return say(draft, shipment, {
    type: 'parcel.tracked',
    data: { ...about(shipment), parcel_id, carrier_status: status, carrier_at, ...eta },
  });
}

interface Delivery extends ReturnType<typeof about> {
  readonly parcel_id: string;
  readonly lines: ReturnType<typeof lines_at>;
  readonly delivered_at: string;
  readonly assumed: boolean;
  readonly personal?: { readonly signed_by: string };
}
export function deliver(draft: Draft, shipment: Shipment, delivery: Delivery): Shipment {
  return say(draft, shipment, {
    type: 'parcel.delivered',
    data: { ...delivery, shipment_status: status_after(shipment, delivery.parcel_id, 'delivered') },
  });
}

/** With its last parcel a shipment has ended: delivered when all of them were, else closed. */
function status_after(shipment: Shipment, parcel_id: string, ended: NonNullable<Parcel['ended']>): Shipment['status'] {
  if (shipment.status !== 'dispatched') return shipment.status;
  const ends = current_parcels(shipment).map(parcel => (parcel.parcel_id === parcel_id ? ended : parcel.ended));
  if (ends.includes(null)) return 'dispatched';
  return ends.every(end => end === 'delivered') ? 'delivered' : 'closed';
}

/** Back at our dock, unit by unit with its condition. What should be in the parcel and is not was lost, unless it had been delivered. */
export function receive_sent_back(settings: ShippingSettings): ShippingHandler<ReceiveSentBack> {
  return {
    touches: ({ shipment_id }) => [shipment_ref(shipment_id)],
    decide(command, view, given) {
      const before = view('shipment', command.shipment_id);
      const parcel = before?.parcels.find(each => each.parcel_id === command.parcel_id);
      if (before === undefined || parcel === undefined) return { rejection: 'invalid_transition' };
      const stale = changed_since(command, view);
      if (stale !== undefined) return stale;
      if (before.dispatched_at === null || !is_current(before, parcel) || parcel.ended === 'lost' || parcel.ended === 'sent_back')
        return { rejection: 'invalid_transition', detail: 'The parcel is not on its way.' };
      const missing = units_missing(parcel.lines, command.lines);
      if (missing === undefined) return { rejection: 'units_mismatch', detail: 'These units were not in the parcel.' };
      const draft = open_draft(settings, given, view);
      const { location_id } = before;
      const { parcel_id } = parcel;
      let shipment = before;
      if (missing.length > 0 && parcel.ended === null)
        shipment = say(draft, shipment, {
          type: 'parcel.lost',
          data: { ...about(shipment), parcel_id, lines: lines_at(location_id, missing) },
        });
      const lines = command.lines.map(({ line_no, quantity, condition }) => ({ line_no, location_id, quantity, condition }));
      const shipment_status = status_after(before, parcel_id, 'sent_back');
      shipment = say(draft, shipment, { type: 'parcel.sent_back', data: { ...about(shipment), shipment_status, parcel_id, lines } });
      conclude(draft, before, shipment);
      return decision_of(draft);
    },
  };
}

/** undefined: more was received than was in it. */
function units_missing(packed: readonly ParcelLine[], received: readonly ParcelLine[]): ParcelLine[] | undefined {
  const left = new Map(packed.map(line => [line.line_no, line.quantity]));
  for (const { line_no, quantity } of received) left.set(line_no, (left.get(line_no) ?? 0) - quantity);
  const missing = [...left].map(([line_no, quantity]) => ({ line_no, quantity }));
  if (missing.some(line => line.quantity < 0)) return undefined;
  return missing.filter(line => line.quantity > 0);
}
