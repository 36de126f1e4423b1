/** Units that shall not leave, or were not found. Orders is answered once per number, with every unit it asked for. */
import type { Line } from '../../../contracts/index.ts';
import type { CancelFulfillment, CancelShipment, ReportShortPick } from '../commands.ts';
import { evolve_shipment } from '../evolve.ts';
import { current_parcels, type Fulfillment, is_open, lines_at, type Shipment, type ShippingSettings } from '../model.ts';
import type { ShippingRejection } from '../rejections.ts';
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
import { plan, planned_line, replan } from './plan.ts';

export function cancel_fulfillment(settings: ShippingSettings): ShippingHandler<CancelFulfillment> {
  return {
    touches: ({ order_id }) => [fulfillment_ref(order_id), ...touches_addresses(settings)],
    then_touches: ({ order_id }, view) => view('fulfillment', order_id).shipment_ids.map(shipment_ref),
    decide({ order_id, cancellation_no, reason, lines }, view, given) {
      const fulfillment = view('fulfillment', order_id);
      if (fulfillment.answers.some(answer => answer.cancellation_no === cancellation_no)) return nothing;
      const shipments = fulfillment.shipment_ids.flatMap(id => view('shipment', id) ?? []);
      const draft = open_draft(settings, given, view);
      const { taken, cancelled, refused } = divide(lines, shipments, fulfillment);
      for (const [shipment, units] of taken) conclude(draft, shipment, without(draft, shipment, fulfillment, units, reason));
      draft.facts.push({
        event: { type: 'fulfillment.cancellation_answered', data: { order_id, cancellation_no, cancelled, refused } },
        key: order_id,
        subject: fulfillment_ref(order_id),
      });
      return decision_of(draft);
    },
  };
}

/** By line. */
type Units = ReadonlyMap<number, number>;
interface Division {
  readonly taken: ReadonlyMap<Shipment, Units>;
  readonly cancelled: readonly Line[];
  readonly refused: readonly Line[];
}

/**
 * Units still here are taken out of their shipments, those with the least done about them first. The rest has left, as far as so many
 * have and were not refused before; what is nowhere (a picker did not find it) will not leave either, and counts as cancelled.
 */
function divide(lines: readonly Line[], shipments: readonly Shipment[], fulfillment: Fulfillment): Division {
  const open = shipments.filter(is_open).sort(by_progress);
  const here = new Map(open.map(shipment => [shipment, units_of([shipment])]));
  const gone = new Map(shipments.filter(shipment => shipment.dispatched_at !== null).map(shipment => [shipment, units_of([shipment])]));
  const refused_before = new Map<number, number>();
  for (const { refused } of fulfillment.answers) for (const line of refused) add(refused_before, line.line_no, line.quantity);
  const taken = new Map<Shipment, Map<number, number>>();
  const cancelled: Line[] = [];
  const refused: Line[] = [];
  for (const { line_no, location_id, quantity } of lines) {
    let rest = quantity;
    for (const shipment of open) {
      if (location_id && shipment.location_id !== location_id) continue;
      const units = take(here.get(shipment), line_no, rest);
      if (units === 0) continue;
      rest -= units;
      const known = taken.get(shipment) ?? new Map<number, number>();
      taken.set(shipment, known);
      add(known, line_no, units);
      push(cancelled, line_no, shipment.location_id, units);
    }
    for (const [shipment, units] of gone) {
      if (location_id && shipment.location_id !== location_id) continue;
      take(units, line_no, take(refused_before, line_no, units.get(line_no) ?? 0));
      const left = take(units, line_no, rest);
      rest -= left;
      if (left > 0) push(refused, line_no, shipment.location_id, left);
    }
    if (rest > 0) push(cancelled, line_no, location_id ?? null, rest);
  }
  return { taken, cancelled, refused };
}

const progress = ['planned', 'labeling', 'labeled'];
function by_progress(a: Shipment, b: Shipment): number {
  return (
    progress.indexOf(a.status) - progress.indexOf(b.status) ||
    b.fulfillment_no - a.fulfillment_no ||
    (a.shipment_id < b.shipment_id ? 1 : -1)
  );
}

function units_of(shipments: readonly Shipment[]): Map<number, number> {
  const units = new Map<number, number>();
  for (const { lines } of shipments) for (const { line_no, quantity } of lines) add(units, line_no, quantity);
  return units;
}
function add(units: Map<number, number>, line_no: number, quantity: number): void {
  units.set(line_no, (units.get(line_no) ?? 0) + quantity);
}
/** As many as there are, at most `wanted`. */
function take(units: Map<number, number> | undefined, line_no: number, wanted: number): number {
  const taken = Math.min(wanted, units?.get(line_no) ?? 0);
  if (taken > 0) units?.set(line_no, (units.get(line_no) ?? 0) - taken);
  return taken;
}
function push(lines: Line[], line_no: number, location_id: string | null, quantity: number): void {
  lines.push(location_id === null ? { line_no, quantity } : { line_no, location_id, quantity });
}

/** All of its units: the shipment is cancelled. Some: it is planned anew, with parcels of its own. */
function without(draft: Draft, shipment: Shipment, fulfillment: Fulfillment, units: Units, reason: string): Shipment {
  const left = new Map(shipment.lines.map(line => [line.line_no, line.quantity - (units.get(line.line_no) ?? 0)]));
  if ([...left.values()].some(quantity => quantity > 0)) return replan(draft, shipment, fulfillment, { left });
  return cancelled(draft, shipment, reason);
}

function cancelled(draft: Draft, shipment: Shipment, reason: string): Shipment {
  const lines = lines_at(
    shipment.location_id,
    shipment.lines.filter(line => line.quantity > 0),
  );
  return say(draft, shipment, { type: 'shipment.cancelled', data: { ...about(shipment), shipment_status: 'cancelled', lines, reason } });
}

/** By a person, not for the order: the order still wants the units, so another shipment takes them over. */
export function cancel_shipment(settings: ShippingSettings): ShippingHandler<CancelShipment> {
  return {
    touches: ({ order_id, shipment_id, replacement_id }) => [
      fulfillment_ref(order_id),
      shipment_ref(shipment_id),
      shipment_ref(replacement_id),
      ...touches_addresses(settings),
    ],
    decide(command, view, given) {
      const shipment = view('shipment', command.shipment_id);
      const refusal = changed_since(command, view) ?? why_closed(shipment);
      if (shipment === undefined || refusal !== undefined) return refusal ?? { rejection: 'invalid_transition' };
      const draft = open_draft(settings, given, view);
      const { order_id, fulfillment_no, location_id, promise_at, wanted_carrier, lines } = shipment;
      const fulfillment = view('fulfillment', order_id);
      conclude(draft, shipment, cancelled(draft, shipment, command.reason));
      const units = lines.filter(line => line.quantity > 0).map(planned_line);
      const asked = {
        shipment_id: command.replacement_id,
        order_id,
        fulfillment_no,
        revision_no: 1,
        location_id,
        service: fulfillment.service,
        wanted_carrier,
        promise_at,
        lines: units,
      };
      conclude(draft, undefined, plan(draft, asked, fulfillment));
      return decision_of(draft);
    },
  };
}

export function report_short_pick(settings: ShippingSettings): ShippingHandler<ReportShortPick> {
  return {
    touches: ({ shipment_id }) => [shipment_ref(shipment_id)],
    decide(command, view, given) {
      const shipment = view('shipment', command.shipment_id);
      const refusal = changed_since(command, view) ?? why_closed(shipment);
      if (shipment === undefined || refusal !== undefined) return refusal ?? { rejection: 'invalid_transition' };
      const missing = new Map<number, number>();
      for (const { line_no, quantity } of command.lines) add(missing, line_no, quantity);
      const here = units_of([shipment]);
      if ([...missing].some(([line_no, quantity]) => quantity > (here.get(line_no) ?? 0)))
        return { rejection: 'units_mismatch', detail: 'So many units are not in the shipment.' };
      const draft = open_draft(settings, given, view);
      const lines = lines_at(
        shipment.location_id,
        [...missing].map(([line_no, quantity]) => ({ line_no, quantity })),
      );
      const data = { ...about(shipment), lines, reason: command.reason };
      const shipment_status = status_without(evolve_shipment(shipment, { type: 'shipment.shorted', data }));
      conclude(draft, shipment, say(draft, shipment, { type: 'shipment.shorted', data: { ...data, shipment_status } }));
      return decision_of(draft);
    },
  };
}

/** Nothing left: cancelled. The parcels that are left may all have their labels by now. */
function status_without(left: Shipment): Shipment['status'] {
  if (left.lines.every(line => line.quantity === 0)) return 'cancelled';
  return left.status !== 'planned' && current_parcels(left).every(parcel => parcel.label_status === 'purchased') ? 'labeled' : left.status;
}

function why_closed(shipment: Shipment | undefined): ShippingRejection | undefined {
  if (shipment === undefined || shipment.status === 'cancelled')
    return { rejection: 'invalid_transition', detail: 'The shipment was cancelled.' };
  return is_open(shipment) ? undefined : { rejection: 'already_dispatched', detail: 'The shipment has left.' };
}
