/** Plans: which units leave from where, in which parcels; and what happens to a plan by itself when nobody has to do it. */
import type { ShipmentPlanned } from '../../../contracts/index.ts';
import { manual_tracking_number } from '../carriers/manual.ts';
import type { PackedParcel, PackShipment, PlannedLine, PlanShipments } from '../commands.ts';
import { evolve_shipment } from '../evolve.ts';
import {
  dimensions_default_mm,
  type Fulfillment,
  is_open,
  type Parcel,
  type ParcelLine,
  parcel_weight_max_grams,
  type Shipment,
  type ShippingSettings,
} from '../model.ts';
import { pack } from '../packing.ts';
import { conclude, is_manual } from './conclude.ts';
import { dispatch } from './dispatch.ts';
import {
  changed_since,
  type Draft,
  decision_of,
  fulfillment_ref,
  note,
  note_fulfillment,
  nothing,
  open_draft,
  type ShippingHandler,
  shipment_ref,
  touches_addresses,
} from './draft.ts';
import { quote_rates } from './quote.ts';

export interface Plan {
  readonly shipment_id: string;
  readonly order_id: string;
  readonly fulfillment_no: number;
  readonly revision_no: number;
  readonly location_id: string;
  readonly service: string | null;
  readonly wanted_carrier: string | null;
  readonly promise_at: string | null;
  readonly lines: readonly PlannedLine[];
  /** As a person packed them; absent: as they fit. */
  readonly packed?: readonly PackedParcel[];
}

/** Says the plan and goes on with it as far as nobody is needed. `before`: of another plan for the same shipment. */
export function plan(draft: Draft, asked: Plan, fulfillment: Fulfillment, before?: Shipment): Shipment {
  const event = { type: 'shipment.planned', data: planned(draft, asked) } as const;
  draft.facts.push({
    event,
    key: asked.order_id,
    subject: shipment_ref(asked.shipment_id),
    ...(before === undefined ? { also_changes: [fulfillment_ref(asked.order_id)] } : {}),
  });
  let shipment = evolve_shipment(before, event);
  if (before === undefined && fulfillment.hold_ids.length > 0) shipment = note(draft, shipment, state => ({ ...state, held: true }));
  return go_on(draft, shipment, fulfillment);
}

/** The next step that waits for nobody. */
export function go_on(draft: Draft, shipment: Shipment, fulfillment: Fulfillment): Shipment {
  if (draft.settings.fulfillment === 'manual' || shipment.held) return shipment;
  if (shipment.status === 'labeled') return dispatch(draft, shipment, 'warehouse', draft.given.at);
  if (shipment.status === 'planned' && shipment.label_error === null && shipment.asked.length === 0)
    return quote_rates(draft, shipment, fulfillment);
  return shipment;
}

function planned(draft: Draft, asked: Plan): ShipmentPlanned['data'] {
  const { shipment_id, order_id, location_id, fulfillment_no, revision_no, service, wanted_carrier, promise_at, lines } = asked;
  const { settings } = draft;
  const is_labeled = settings.sellers.length === 0;
  const packed: readonly PackedParcel[] = asked.packed ?? pack(lines, is_labeled ? null : parcel_weight_max_grams);
  const at = (units: readonly ParcelLine[]) => units.map(({ line_no, quantity }) => ({ line_no, location_id, quantity }));
  return {
    order_id,
    shipment_id,
    location_id,
    shipment_status: is_labeled ? 'labeled' : 'planned',
    fulfillment_no,
    revision_no,
    lines: lines.map(line => ({ ...line, location_id })),
    service,
    ...(promise_at === null ? {} : { promise_at }),
    ...(wanted_carrier === null ? {} : { wanted_carrier }),
    ...(is_labeled ? { carrier: 'manual', cost: 0, currency: settings.label_currency, reasons: ['only_carrier'] } : {}),
    parcels: packed.map(parcel => {
      const parcel_id = draft.new_id('pcl');
      return {
        parcel_id,
        weight_grams: parcel.weight_grams,
        dimensions_mm: [...(parcel.dimensions_mm ?? dimensions_default_mm)],
        lines: at(parcel.lines),
        ...(is_labeled ? { tracking_number: manual_tracking_number(parcel_id) } : {}),
      };
    }),
  };
}

/** The same shipment anew, with what is left of it or packed otherwise. */
export function replan(
  draft: Draft,
  shipment: Shipment,
  fulfillment: Fulfillment,
  how: { readonly left?: ReadonlyMap<number, number>; readonly packed?: readonly PackedParcel[] },
): Shipment {
  const { shipment_id, order_id, fulfillment_no, location_id, promise_at, wanted_carrier } = shipment;
  const lines = shipment.lines.flatMap((line): PlannedLine[] => {
    const quantity = how.left?.get(line.line_no) ?? line.quantity;
    return quantity > 0 ? [{ ...planned_line(line), quantity }] : [];
  });
  const asked = {
    shipment_id,
    order_id,
    fulfillment_no,
    location_id,
    promise_at,
    wanted_carrier,
    revision_no: shipment.revision_no + 1,
    service: fulfillment.service,
    lines,
  };
  return plan(draft, how.packed === undefined ? asked : { ...asked, packed: how.packed }, fulfillment, shipment);
}

export function planned_line({ line_no, sku, name, weight_grams, unit_price, quantity }: PlannedLine): PlannedLine {
  return { line_no, sku, name, weight_grams, unit_price, quantity };
}

export function plan_shipments(settings: ShippingSettings): ShippingHandler<PlanShipments> {
  return {
    touches: ({ order_id, shipments }) => [
      fulfillment_ref(order_id),
      ...shipments.map(shipment => shipment_ref(shipment.shipment_id)),
      ...touches_addresses(settings),
    ],
    decide(command, view, given) {
      const { order_id, fulfillment_no, service, wanted_carrier, promise_at, ship_to } = command;
      const asked = command.shipments.filter(shipment => view('shipment', shipment.shipment_id) === undefined);
      if (asked.length === 0) return nothing;
      const draft = open_draft(settings, given, view);
      const known = view('fulfillment', order_id);
      const fulfillment = { ...known, service: known.service ?? service, ship_to: ship_to ?? known.ship_to };
      for (const { shipment_id, location_id, lines } of asked)
        conclude(
          draft,
          undefined,
          plan(
            draft,
            { shipment_id, order_id, fulfillment_no, revision_no: 1, location_id, service, wanted_carrier, promise_at, lines },
            fulfillment,
          ),
        );
      if (ship_to !== null) note_fulfillment(draft, order_id, state => ({ ...state, ship_to }));
      return decision_of(draft);
    },
  };
}

/** By hand: other parcels than those that were planned. Labels that cost nothing are made anew, those of a carrier are not. */
export function pack_shipment(settings: ShippingSettings): ShippingHandler<PackShipment> {
  return {
    touches: ({ order_id, shipment_id }) => [fulfillment_ref(order_id), shipment_ref(shipment_id), ...touches_addresses(settings)],
    decide(command, view, given) {
      const shipment = view('shipment', command.shipment_id);
      if (shipment === undefined) return { rejection: 'invalid_transition' };
      const stale = changed_since(command, view);
      if (stale !== undefined) return stale;
      if (!is_open(shipment))
        return shipment.status === 'cancelled' ? { rejection: 'invalid_transition' } : { rejection: 'already_dispatched' };
      if (shipment.status !== 'planned' && !(shipment.status === 'labeled' && is_manual(shipment)))
        return { rejection: 'invalid_transition', detail: 'The parcels have labels, or are getting them.' };
      if (!holds_exactly(command.parcels, shipment))
        return { rejection: 'units_mismatch', detail: 'The parcels do not hold exactly the units of the shipment.' };
      const draft = open_draft(settings, given, view);
      conclude(draft, shipment, replan(draft, shipment, view('fulfillment', command.order_id), { packed: command.parcels }));
      return decision_of(draft);
    },
  };
}

function holds_exactly(parcels: readonly Pick<Parcel, 'lines'>[], shipment: Shipment): boolean {
  const units = new Map(shipment.lines.map(line => [line.line_no, line.quantity]));
  for (const { lines } of parcels) for (const { line_no, quantity } of lines) units.set(line_no, (units.get(line_no) ?? 0) - quantity);
  return [...units.values()].every(left => left === 0);
}
