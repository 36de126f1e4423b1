/** Rows as the fold of shipping's events. */
import type {
  FulfillmentCancellationAnswered,
  ParcelLabelPurchased,
  ShipmentCarrierChosen,
  ShipmentPlanned,
  ShipmentShorted,
  ShippingEvent,
} from '../../contracts/index.ts';
import { unreachable } from '../../platform/service.ts';
import {
  dimensions_default_mm,
  type Fulfillment,
  is_current,
  type KnownLocation,
  type LabelStatus,
  type Parcel,
  type ParcelLine,
  type Shipment,
  type ShipmentLine,
  type Watch,
} from './model.ts';

export function evolve_fulfillment(state: Fulfillment, event: ShippingEvent): Fulfillment {
  if (event.type === 'fulfillment.cancellation_answered') return answered(state, event.data);
  if (event.type !== 'shipment.planned') throw new Error(`${event.type} says nothing of a fulfillment`);
  const { shipment_id, service } = event.data;
  const known = typeof shipment_id !== 'string' || state.shipment_ids.includes(shipment_id);
  return {
    ...state,
    service: state.service ?? service ?? null,
    shipment_ids: known ? state.shipment_ids : [...state.shipment_ids, shipment_id],
  };
}

function answered(state: Fulfillment, { cancellation_no, refused }: FulfillmentCancellationAnswered['data']): Fulfillment {
  return { ...state, answers: [...state.answers, { cancellation_no, refused }] };
}

/** Inventory's events tell of it, none of our own. */
export function evolve_location(_location: KnownLocation | undefined, event: ShippingEvent): never {
  throw new Error(`${event.type} says nothing of a location`);
}

/** What a comparison of lists found. */
export function evolve_watch(watch: Watch, event: ShippingEvent): Watch {
  if (event.type === 'exception.raised') {
    const { exception_id, reason, owner, deadline, detail } = event.data;
    return { exceptions: [...watch.exceptions, { exception_id, reason, owner, deadline, detail }] };
  }
  if (event.type !== 'exception.resolved') throw new Error(`${event.type} says nothing of a list of labels`);
  return { exceptions: watch.exceptions.filter(open => open.exception_id !== event.data.exception_id) };
}

export function evolve_shipment(shipment: Shipment | undefined, event: ShippingEvent): Shipment {
  if (event.type === 'shipment.planned') return planned(shipment, event.data);
  if (shipment === undefined) throw new Error(`${event.type} about a shipment that was never planned`);
  switch (event.type) {
    case 'shipment.carrier_chosen':
      return carrier_chosen(shipment, event.data);
    case 'parcel.label_purchased':
      return label_purchased(shipment, event.data);
    case 'parcel.label_failed':
      return label_failed(shipment, event.data);
    case 'parcel.label_outcome_unknown':
      return with_parcel(shipment, event.data.parcel_id, { label_status: 'unknown', label_op_id: event.data.op_id });
    case 'parcel.label_voided':
      return with_parcel({ ...shipment, status: event.data.shipment_status ?? shipment.status }, event.data.parcel_id, {
        label_status: 'voided',
      });
    case 'shipment.dispatched':
      return { ...shipment, status: 'dispatched', carrier: event.data.carrier, dispatched_at: event.data.dispatched_at, asked: [] };
    case 'shipment.shorted':
      return shorted(shipment, event.data);
    case 'shipment.cancelled':
      return cancelled(shipment);
    case 'parcel.tracked': {
      const { parcel_id, carrier_status, eta_at } = event.data;
      return with_parcel(shipment, parcel_id, eta_at ? { carrier_status, eta_at } : { carrier_status });
    }
    case 'parcel.delivered': {
      const { parcel_id, delivered_at, shipment_status } = event.data;
      return with_parcel({ ...shipment, status: shipment_status }, parcel_id, {
        carrier_status: 'delivered',
        ended: 'delivered',
        delivered_at,
      });
    }
    case 'parcel.lost':
      return with_parcel({ ...shipment, status: event.data.shipment_status ?? shipment.status }, event.data.parcel_id, {
        carrier_status: 'lost',
        ended: 'lost',
      });
    case 'parcel.sent_back':
      return with_parcel({ ...shipment, status: event.data.shipment_status ?? shipment.status }, event.data.parcel_id, {
        carrier_status: 'sent_back',
        ended: 'sent_back',
      });
    case 'exception.raised': {
      const { exception_id, reason, owner, deadline, detail } = event.data;
      return { ...shipment, exceptions: [...shipment.exceptions, { exception_id, reason, owner, deadline, detail }] };
    }
    case 'exception.resolved':
      return { ...shipment, exceptions: shipment.exceptions.filter(open => open.exception_id !== event.data.exception_id) };
    case 'fulfillment.cancellation_answered':
      throw new Error(`${event.type} says nothing of a shipment`);
    default:
      return unreachable(event);
  }
}

/** The first plan, or another one for fewer units or other parcels: labels of the plan before are not needed any more. */
function planned(before: Shipment | undefined, data: ShipmentPlanned['data']): Shipment {
  return {
    shipment_id: before?.shipment_id ?? data.shipment_id ?? '',
    order_id: data.order_id,
    fulfillment_no: data.fulfillment_no,
    revision_no: data.revision_no,
    location_id: before?.location_id ?? data.location_id ?? '',
    status: data.shipment_status,
    held: before?.held ?? false,
    carrier: data.carrier ?? null,
    service: data.service ?? null,
    cost: data.cost ?? null,
    currency: data.currency ?? null,
    reasons: data.reasons ?? [],
    promise_at: data.promise_at ?? null,
    wanted_carrier: data.wanted_carrier ?? null,
    label_error: null,
    choices: 0,
    asked: [],
    // The address is the order's: another plan does not change it.
    address_check: before?.address_check ?? null,
    considered: null,
    dispatched_at: null,
    lines: before === undefined ? data.lines.map(first_line) : lines_left(before.lines, data.lines),
    parcels: [...(before?.parcels ?? []).map(give_up_label), ...(data.parcels ?? []).map(parcel => first_parcel(parcel, data))],
    exceptions: before?.exceptions ?? [],
  };
}

function first_line({ line_no, sku, name, weight_grams, unit_price, quantity }: ShipmentPlanned['data']['lines'][number]): ShipmentLine {
  return {
    line_no,
    sku,
    name: name ?? null,
    weight_grams: weight_grams ?? 0,
    unit_price: unit_price ?? null,
    quantity,
    quantity_shorted: 0,
    quantity_cancelled: 0,
  };
}

/** What is not in the new plan was cancelled. */
function lines_left(lines: readonly ShipmentLine[], left: ShipmentPlanned['data']['lines']): readonly ShipmentLine[] {
  const quantities = new Map(left.map(line => [line.line_no, line.quantity]));
  return lines.map(line => {
    const quantity = quantities.get(line.line_no) ?? 0;
    if (quantity === line.quantity) return line;
    return { ...line, quantity, quantity_cancelled: line.quantity_cancelled + line.quantity - quantity };
  });
}

function first_parcel(
  parcel: NonNullable<ShipmentPlanned['data']['parcels']>[number],
  { revision_no, carrier }: ShipmentPlanned['data'],
): Parcel {
  const { parcel_id, weight_grams, dimensions_mm, lines, tracking_number, tracking_url } = parcel;
  const [length = dimensions_default_mm[0], width = dimensions_default_mm[1], height = dimensions_default_mm[2]] = dimensions_mm ?? [];
  const labeled = typeof tracking_number === 'string';
  return {
    parcel_id,
    revision_no,
    weight_grams,
    dimensions_mm: [length, width, height],
    lines: lines.map(({ line_no, quantity }) => ({ line_no, quantity })),
    label_status: labeled ? 'purchased' : 'none',
    provider: labeled ? (carrier ?? null) : null,
    label_carrier: labeled ? (carrier ?? null) : null,
    label_ref: null,
    label_op_id: null,
    label_cost: null,
    tracking_number: tracking_number ?? null,
    tracking_url: tracking_url ?? null,
    carrier_status: labeled ? 'label_created' : 'unknown',
    eta_at: null,
    delivered_at: null,
    ended: null,
    facts: [],
  };
}

/** One that is being bought is given up when it comes (label_purchased). */
function give_up_label(parcel: Parcel): Parcel {
  return parcel.label_status === 'purchased' ? { ...parcel, label_status: 'void_requested' } : parcel;
}

function carrier_chosen(shipment: Shipment, data: ShipmentCarrierChosen['data']): Shipment {
  const chosen = new Map((data.parcels ?? []).map(parcel => [parcel.parcel_id, parcel]));
  return {
    ...shipment,
    status: data.shipment_status ?? shipment.status,
    carrier: data.carrier,
    service: data.service,
    cost: data.cost,
    currency: data.currency ?? null,
    reasons: data.reasons,
    label_error: null,
    choices: shipment.choices + 1,
    asked: [],
    parcels: shipment.parcels.map(parcel => {
      const asked = chosen.get(parcel.parcel_id);
      if (asked === undefined) return parcel;
      const { label_ref, carrier, cost } = asked;
      return {
        ...parcel,
        label_status: 'requested',
        provider: data.carrier,
        label_op_id: data.op_id ?? null,
        label_ref,
        label_carrier: carrier,
        label_cost: cost,
      };
    }),
  };
}

function label_purchased(shipment: Shipment, data: ParcelLabelPurchased['data']): Shipment {
  const bought = new Map(data.parcels.map(parcel => [parcel.parcel_id, parcel]));
  const status = data.shipment_status ?? shipment.status;
  return {
    ...shipment,
    status,
    carrier: status === 'labeled' ? data.carrier : shipment.carrier,
    currency: data.currency ?? shipment.currency,
    label_error: status === 'labeled' ? null : shipment.label_error,
    parcels: shipment.parcels.map(parcel => {
      const label = bought.get(parcel.parcel_id);
      if (label === undefined) return parcel;
      const label_status: LabelStatus = is_current(shipment, parcel) ? 'purchased' : 'void_requested';
      return {
        ...parcel,
        label_status,
        provider: data.carrier,
        label_carrier: label.carrier ?? parcel.label_carrier ?? data.carrier,
        label_ref: label.label_ref ?? parcel.label_ref,
        label_cost: label.cost,
        tracking_number: label.tracking_number,
        tracking_url: label.tracking_url ?? null,
        carrier_status: parcel.carrier_status === 'unknown' ? 'label_created' : parcel.carrier_status,
      };
    }),
  };
}

/** The operation has ended: what it had not bought by then was not bought. A label of an earlier plan says nothing of the present one. */
function label_failed(
  shipment: Shipment,
  data: {
    readonly parcel_id: string;
    readonly op_id: string;
    readonly code?: string | null;
    readonly shipment_status?: Shipment['status'] | null;
  },
): Shipment {
  const parcels = shipment.parcels.map((parcel): Parcel => {
    if (parcel.parcel_id === data.parcel_id) return { ...parcel, label_status: 'failed', label_op_id: data.op_id };
    const was_next = parcel.label_op_id === data.op_id && (parcel.label_status === 'requested' || parcel.label_status === 'unknown');
    return was_next ? { ...parcel, label_status: 'none' } : parcel;
  });
  const told = { ...shipment, parcels, status: data.shipment_status ?? shipment.status };
  const is_of_this_plan = shipment.parcels.some(parcel => parcel.parcel_id === data.parcel_id && is_current(shipment, parcel));
  return is_of_this_plan ? { ...told, label_error: data.code ?? 'refused', asked: [] } : told;
}

function shorted(shipment: Shipment, { lines, shipment_status }: ShipmentShorted['data']): Shipment {
  const missing = new Map(lines.map(line => [line.line_no, line.quantity]));
  return {
    ...shipment,
    status: shipment_status ?? shipment.status,
    lines: shipment.lines.map(line => {
      const quantity = missing.get(line.line_no) ?? 0;
      return quantity === 0 ? line : { ...line, quantity: line.quantity - quantity, quantity_shorted: line.quantity_shorted + quantity };
    }),
    parcels: without_units(shipment, missing),
  };
}

/** From the last parcel backwards. A parcel left empty needs no label. */
function without_units(shipment: Shipment, missing: Map<number, number>): readonly Parcel[] {
  const parcels = shipment.parcels.slice();
  for (const [place, parcel] of [...parcels.entries()].reverse()) {
    if (!is_current(shipment, parcel)) continue;
    const lines = parcel.lines.flatMap((line): ParcelLine[] => {
      const taken = Math.min(line.quantity, missing.get(line.line_no) ?? 0);
      if (taken === 0) return [line];
      missing.set(line.line_no, (missing.get(line.line_no) ?? 0) - taken);
      return taken === line.quantity ? [] : [{ ...line, quantity: line.quantity - taken }];
    });
    const changed = { ...parcel, lines };
    parcels[place] = lines.length === 0 ? give_up_label(changed) : changed;
  }
  return parcels;
}

function cancelled(shipment: Shipment): Shipment {
  return {
    ...shipment,
    status: 'cancelled',
    asked: [],
    lines: shipment.lines.map(line => ({ ...line, quantity: 0, quantity_cancelled: line.quantity_cancelled + line.quantity })),
    parcels: shipment.parcels.map(give_up_label),
  };
}

function with_parcel(shipment: Shipment, parcel_id: string, change: Partial<Parcel>): Shipment {
  return { ...shipment, parcels: shipment.parcels.map(parcel => (parcel.parcel_id === parcel_id ? { ...parcel, ...change } : parcel)) };
}
