/** What shipping said: units left, arrived, went astray, or will not leave. */
import type {
  FulfillmentCancellationAnswered,
  ParcelDelivered,
  ParcelLost,
  ParcelSentBack,
  ShipmentDispatched,
} from '../../../contracts/index.ts';
import { unreachable } from '../../../platform/service.ts';
import type { NoteShipment } from '../commands.ts';
import type { OrderLine } from '../model.ts';
import { write_shipments } from '../projections.ts';
import { noted_of_order } from './about.ts';
import { drop_units } from './cancel.ts';
import { change_lines, type Draft, news, say, set_status } from './draft.ts';
import { raise } from './exceptions.ts';
import { ship_unstocked } from './fulfill.ts';
import { has_shipped, is_dead } from './money.ts';
import { move_allocation, ship_units, unsettled } from './units.ts';

const may_ask = ({ fact }: NoteShipment) => fact.type === 'fulfillment.cancellation_answered';

export const note_shipment = noted_of_order<NoteShipment>(may_ask, (draft, { fact, rows }) => {
  draft.records.push(...write_shipments(rows));
  switch (fact.type) {
    case 'shipment.dispatched':
      return dispatched(draft, fact.data);
    case 'fulfillment.cancellation_answered':
      return answered(draft, fact.data);
    case 'parcel.delivered':
      return delivered(draft, fact.data);
    case 'parcel.lost':
      return lost(draft, fact.data);
    case 'parcel.sent_back':
      return sent_back(draft, fact.data);
    default:
      return unreachable(fact);
  }
});

function dispatched(draft: Draft, { shipment_id, location_id, parcels }: ShipmentDispatched['data']): void {
  if (is_dead(draft.order)) {
    raise(draft, 'dispatched_after_end', `Shipment ${shipment_id ?? ''} left although the order had ended.`);
    return;
  }
  const groups = parcels.flatMap(parcel => parcel.lines);
  change_lines(draft, groups, (line, group) => leave(line, group.quantity, group.location_id ?? location_id ?? ''));
  draft.shipment_id = shipment_id ?? undefined;
  if (draft.order.axes.status === 'confirmed') set_status(draft, 'in_fulfillment');
  ship_unstocked(draft);
}

function leave(line: OrderLine, quantity: number, location_id: string): OrderLine {
  const units = Math.min(quantity, unsettled(line));
  if (units <= 0) return line;
  const moved = move_allocation(ship_units(line, units), location_id, { quantity: -units, in_fulfillment: -units });
  return { ...moved, allocated: Math.max(0, line.allocated - units) };
}

/** Shipping's word on a cancellation: what will not leave is out of the order, what has left stays in it. */
function answered(draft: Draft, { cancellation_no, cancelled, refused }: FulfillmentCancellationAnswered['data']): void {
  const open = draft.order.cancellations.find(known => known.cancellation_no === cancellation_no);
  if (open === undefined) return;
  const { status } = draft.order.axes;
  const goes_on = refused.length > 0 || has_shipped(draft.order);
  if (status === 'cancelling' && goes_on) set_status(draft, 'in_fulfillment');
  const parts = cancelled.map(({ line_no, location_id, quantity }) => ({
    line_no,
    location_id: location_id ?? '',
    quantity: Math.min(quantity, unsettled_at(draft.order.lines[line_no - 1])),
    was: 'allocated' as const,
  }));
  if (refused.length > 0 || parts.length === 0) {
    say(draft, { type: 'order.cancellation_refused', data: { ...news(draft), cancellation_no, lines: refused } });
  }
  if (parts.length > 0) drop_units(draft, parts, { cancellation_no, reason: open.reason, answered: true });
}

function unsettled_at(line: OrderLine | undefined): number {
  return line === undefined ? 0 : unsettled(line);
}

/** A lost parcel that arrives after all is not lost. */
function delivered(draft: Draft, { lines }: ParcelDelivered['data']): void {
  change_lines(draft, lines, (line, { quantity }) => {
    const under_way = Math.min(quantity, on_the_way(line));
    const found = Math.min(quantity - under_way, line.lost);
    return under_way + found === 0 ? line : { ...line, delivered: line.delivered + under_way + found, lost: line.lost - found };
  });
}

function lost(draft: Draft, { parcel_id, lines }: ParcelLost['data']): void {
  change_lines(draft, lines, (line, { quantity }) => {
    const units = Math.min(quantity, on_the_way(line));
    return units === 0 ? line : { ...line, lost: line.lost + units };
  });
  raise(draft, 'parcel_lost', `The carrier lost parcel ${parcel_id}.`);
}

/** Back at our dock, whatever was said of it before. */
function sent_back(draft: Draft, { parcel_id, lines }: ParcelSentBack['data']): void {
  change_lines(draft, lines, (line, { quantity }) => {
    const under_way = Math.min(quantity, on_the_way(line));
    const found = Math.min(quantity - under_way, line.lost);
    const arrived = Math.min(quantity - under_way - found, line.delivered - line.returned);
    const units = under_way + found + arrived;
    if (units === 0) return line;
    return { ...line, sent_back: line.sent_back + units, lost: line.lost - found, delivered: line.delivered - arrived };
  });
  raise(draft, 'parcel_sent_back', `Parcel ${parcel_id} came back.`);
}

function on_the_way(line: OrderLine): number {
  return line.shipped - line.delivered - line.lost - line.sent_back;
}
