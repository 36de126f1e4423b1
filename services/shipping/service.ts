/** Shipping: shipments, parcels, labels, tracking. It decides what leaves when, and answers orders whether units can still be stopped. */
import type { ShippingEvent } from '../../contracts/index.ts';
import type { Service } from '../../platform/service.ts';
import type { ShippingCommand } from './commands.ts';
import { cancel_fulfillment, cancel_shipment, report_short_pick } from './decide/cancel.ts';
import { answers_due, record_address, record_rates } from './decide/choice.ts';
import { shipment_timer, voids_timer } from './decide/conclude.ts';
import { dispatch_shipment } from './decide/dispatch.ts';
import { shipment_due } from './decide/due.ts';
import { erase_personal_data } from './decide/erase.ts';
import { resolve_exception } from './decide/exceptions.ts';
import { hold_fulfillment, release_fulfillment } from './decide/hold.ts';
import { buy_labels, record_labels } from './decide/labels.ts';
import { hear_location, resume_labels } from './decide/locations.ts';
import { pack_shipment, plan_shipments } from './decide/plan.ts';
import { answers_timer, location_timer } from './decide/quote.ts';
import { settle_operation } from './decide/settle.ts';
import { receive_sent_back, record_carrier_facts } from './decide/tracking.ts';
import { record_voids, voids_due } from './decide/voids.ts';
import { no_watch, record_listed_labels, watch_due, watch_timer } from './decide/watch.ts';
import { evolve_fulfillment, evolve_location, evolve_shipment, evolve_watch } from './evolve.ts';
import { no_fulfillment, type ShippingSettings, type ShippingStates } from './model.ts';
import { outcomes } from './operations.ts';
import { type Heard, reactions } from './reactions.ts';
import type { ShippingRejection } from './rejections.ts';
import {
  fulfillment_rows,
  location_rows,
  locations_rows,
  recent_rows,
  shipment_rows,
  shipping_records,
  waiting_rows,
  watch_rows,
} from './store.ts';

export { shipping_adapters } from './operations.ts';
export const migrations_folder = new URL('./migrations', import.meta.url).pathname;

export function shipping_service(
  settings: ShippingSettings,
): Service<ShippingStates, ShippingCommand, ShippingEvent, ShippingRejection, Heard> {
  return {
    name: 'shipping',
    // The order in which rows are read and locked.
    kinds: {
      locations: { reference: true, initial: () => [], rows: locations_rows },
      waiting: { reference: true, initial: () => [], rows: waiting_rows },
      recent_labels: { reference: true, initial: () => [], rows: recent_rows },
      location: { initial: () => undefined, evolve: evolve_location, rows: location_rows },
      watch: { initial: () => no_watch, evolve: evolve_watch, rows: watch_rows },
      fulfillment: { initial: () => no_fulfillment, evolve: evolve_fulfillment, rows: fulfillment_rows },
      shipment: { initial: () => undefined, evolve: evolve_shipment, rows: shipment_rows },
    },
    commands: {
      plan_shipments: plan_shipments(settings),
      cancel_fulfillment: cancel_fulfillment(settings),
      hold_fulfillment: hold_fulfillment(settings),
      release_fulfillment: release_fulfillment(settings),
      hear_location,
      resume_labels: resume_labels(settings),
      pack_shipment: pack_shipment(settings),
      buy_labels: buy_labels(settings),
      dispatch_shipment: dispatch_shipment(settings),
      cancel_shipment: cancel_shipment(settings),
      report_short_pick: report_short_pick(settings),
      receive_sent_back: receive_sent_back(settings),
      record_rates: record_rates(settings),
      record_address: record_address(settings),
      answers_due: answers_due(settings),
      record_labels: record_labels(settings),
      record_voids: record_voids(settings),
      record_carrier_facts: record_carrier_facts(settings),
      shipment_due: shipment_due(settings),
      voids_due: voids_due(settings),
      resolve_exception: resolve_exception(settings),
      settle_operation: settle_operation(settings),
      watch_due: watch_due(settings),
      record_listed_labels: record_listed_labels(),
      erase_personal_data,
    },
    reactions,
    timers: {
      [answers_timer]: ({ id }) => {
        const [order_id = '', shipment_id = ''] = id.split(' ');
        return { type: 'answers_due', order_id, shipment_id };
      },
      [location_timer]: ({ id }) => ({ type: 'resume_labels', location_id: id }),
      [shipment_timer]: ({ id }) => ({ type: 'shipment_due', shipment_id: id }),
      [watch_timer]: ({ id, due_at }) => ({ type: 'watch_due', provider: id, due_at }),
      [voids_timer]: ({ id }) => ({ type: 'voids_due', shipment_id: id }),
    },
    outcomes,
    records: shipping_records,
  };
}
