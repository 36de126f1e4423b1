/** A person is forgotten: the address goes, and with it what requests and answers of carriers hold of him. Labels that were printed are paper. */
import type { ErasePersonalData } from '../commands.ts';
import type { Fulfillment } from '../model.ts';
import { fulfillment_ref, type ShippingHandler } from './draft.ts';

export const erase_personal_data: ShippingHandler<ErasePersonalData> = {
  touches: ({ order_ids }) => order_ids.map(fulfillment_ref),
  decide({ order_ids }, view) {
    const addressed = order_ids.filter(order_id => view('fulfillment', order_id).ship_to !== null);
    return {
      facts: [],
      notes: addressed.map(order_id => ({ ...fulfillment_ref(order_id), change: (state: Fulfillment) => ({ ...state, ship_to: null }) })),
      records: order_ids.flatMap(order_id => [
        { table: 'erased_order', row: { order_id } },
        // What shipping said of this order it sealed with the order's key: in a database of its own that is destroyed here.
        { table: 'destroyed_key', row: { subject: order_id } },
      ]),
    };
  },
};
