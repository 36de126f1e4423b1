/** What shipping hears of orders and of locations, and what it does about it. */
import type {
  FulfillmentRequested,
  LocationChanged,
  OrderCancellationRequested,
  OrderHeld,
  OrderHoldReleased,
  PersonalDataErased,
} from '../../contracts/index.ts';
import { derived_id } from '../../platform/ids.ts';
import type { Logged, Service } from '../../platform/service.ts';
import type { PlannedLine, PlanShipments, ShippingCommand } from './commands.ts';

export type Heard =
  | LocationChanged
  | FulfillmentRequested
  | OrderCancellationRequested
  | OrderHeld
  | OrderHoldReleased
  | PersonalDataErased;
type Reactions = Service<never, ShippingCommand, never, never, Heard>['reactions'];

export const reactions: Reactions = {
  'location.changed': ({ sequence, data: { location_id, name, address } }) => ({
    type: 'hear_location',
    location_id,
    sequence: sequence ?? 0,
    name,
    address,
  }),
  'fulfillment.requested': plan_shipments,
  'order.cancellation_requested': ({ data: { order_id, cancellation_no, reason, lines } }) =>
    lines.length === 0 ? undefined : { type: 'cancel_fulfillment', order_id, cancellation_no, reason, lines },
  'order.held': ({ data: { order_id, hold_id } }) => ({ type: 'hold_fulfillment', order_id, hold_id }),
  'order.hold_released': ({ data: { order_id, hold_id } }) => ({ type: 'release_fulfillment', order_id, hold_id }),
  'personal_data.erased': ({ data: { order_ids } }) => ({ type: 'erase_personal_data', order_ids }),
};

function plan_shipments({ id, data }: Logged<FulfillmentRequested>): PlanShipments {
  const by_location = new Map<string, PlannedLine[]>();
  for (const { location_id, line_no, sku, name, weight_grams, unit_price, quantity } of data.lines) {
    const line = { line_no, sku, name, weight_grams, unit_price, quantity };
    const known = by_location.get(location_id);
    if (known === undefined) by_location.set(location_id, [line]);
    else known.push(line);
  }
  return {
    type: 'plan_shipments',
    order_id: data.order_id,
    fulfillment_no: data.fulfillment_no,
    service: data.service,
    wanted_carrier: data.carrier ?? null,
    promise_at: data.promise_at ?? null,
    ship_to: data.personal?.ship_to ?? null,
    // What `given.id` would give, if it were there already.
    shipments: [...by_location].map(([location_id, lines], place) => ({
      shipment_id: derived_id('shp', `shipping/${id}`, place),
      location_id,
      lines,
    })),
  };
}
