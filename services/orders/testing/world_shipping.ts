/** Shipping, small: sends what it was asked for in parcels of any size, gives back what has not left, loses a parcel now and then. */
import { test_time } from '../../../platform/testing/in_memory.ts';
import { type Choose, type Part, speaker } from './world_parts.ts';

interface Unit {
  readonly line_no: number;
  readonly location_id: string;
  quantity: number;
}
export interface Shipping extends Part {
  readonly planned: readonly Unit[];
}

/** `short_pick`: told to inventory when the picker does not find units; absent: he always does. */
export function shipping_of(order_id: string, choose: Choose, short_pick: ((units: Unit) => void) | undefined): Shipping {
  const { log, say: speak } = speaker('shipping', order_id);
  const planned: Unit[] = [];
  const on_the_way: { readonly shipment_id: string; readonly lines: readonly Unit[] }[] = [];
  let holds = 0;
  let shipments = 0;

  const say = (type: string, data: object, shipment_id: string | null) =>
    speak({ type, data: { order_id, shipment_id, ...data } }, shipment_id ?? order_id);
  const unit_at = (line_no: number, location_id: string): Unit => {
    const known = planned.find(unit => unit.line_no === line_no && unit.location_id === location_id);
    if (known !== undefined) return known;
    const unit = { line_no, location_id, quantity: 0 };
    planned.push(unit);
    return unit;
  };
  const dispatch = (unit: Unit, whole: boolean) => {
    shipments += 1;
    const shipment_id = `shp_${order_id}_${shipments}`;
    const units = whole ? planned.filter(known => known.quantity > 0 && known.location_id === unit.location_id) : [unit];
    const lines = units.map(known => ({ ...known, quantity: whole ? known.quantity : 1 + choose(known.quantity) }));
    for (const [place, known] of units.entries()) known.quantity -= lines[place]?.quantity ?? 0;
    on_the_way.push({ shipment_id, lines });
    const parcels = [{ parcel_id: `pcl_${shipment_id}`, lines }];
    say(
      'shipment.dispatched',
      {
        location_id: unit.location_id,
        shipment_status: 'dispatched',
        carrier: 'manual',
        dispatched_at: test_time,
        origin: 'warehouse',
        parcels,
      },
      shipment_id,
    );
  };
  const arrive = (place: number) => {
    const [sent] = on_the_way.splice(place, 1);
    if (sent === undefined) return;
    const { shipment_id, lines } = sent;
    const what = short_pick !== undefined && choose(10) === 0 ? (['parcel.lost', 'parcel.sent_back'] as const)[choose(2)] : undefined;
    const data = { parcel_id: `pcl_${shipment_id}`, lines, shipment_status: what === undefined ? 'delivered' : 'closed' };
    say(what ?? 'parcel.delivered', { ...data, delivered_at: test_time, assumed: true }, shipment_id);
  };

  return {
    log,
    planned,
    hear(event) {
      if (event.type === 'fulfillment.requested') {
        for (const { line_no, location_id, quantity } of event.data.lines) unit_at(line_no, location_id).quantity += quantity;
      }
      if (event.type === 'order.held') holds += 1;
      if (event.type === 'order.hold_released') holds -= 1;
      if (event.type === 'order.cancellation_requested' && event.data.lines.length > 0) {
        const cancelled: Unit[] = [];
        const refused: Unit[] = [];
        for (const { line_no, location_id, quantity } of event.data.lines) {
          const unit = unit_at(line_no, location_id ?? '');
          const back = Math.min(quantity, unit.quantity);
          unit.quantity -= back;
          if (back > 0) cancelled.push({ line_no, location_id: unit.location_id, quantity: back });
          if (quantity > back) refused.push({ line_no, location_id: unit.location_id, quantity: quantity - back });
        }
        say('fulfillment.cancellation_answered', { cancellation_no: event.data.cancellation_no, cancelled, refused }, null);
      }
    },
    moves() {
      const moves: (() => void)[] = on_the_way.map((_, place) => () => arrive(place));
      if (holds > 0) return moves;
      for (const unit of planned) {
        if (unit.quantity === 0) continue;
        moves.push(() => dispatch(unit, choose(2) === 0));
        if (short_pick === undefined || choose(8) > 0) continue;
        moves.push(() => {
          const quantity = 1 + choose(unit.quantity);
          unit.quantity -= quantity;
          short_pick({ ...unit, quantity });
        });
      }
      return moves;
    },
  };
}
