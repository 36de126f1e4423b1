/** Lies about orders and supply. */
import { change_event, type Lie, unchecked } from './lies.ts';

export const order_lies: readonly Lie[] = [
  {
    found_by: 'O1',
    lie: 'an order nobody waits for',
    ids: ids => [ids.held],
    sql: ids => `delete from orders.timers where id = '${ids.held}'`,
  },
  {
    found_by: 'O1',
    lie: 'a reservation nobody waits for',
    ids: ids => [ids.unpaid],
    sql: ids => `delete from inventory.timers where id = '${ids.unpaid}'`,
  },
  {
    found_by: 'O1',
    lie: 'a shipment nobody waits for',
    ids: () => [],
    sql: ids => `delete from shipping.timers where id in (select id from shipping.shipment where order_id = '${ids.held}')`,
  },
  { found_by: 'O1', lie: 'a purchase order nobody waits for', ids: ids => [ids.purchase_order], sql: () => `delete from suppliers.timers` },
  {
    found_by: 'O1',
    lie: 'a payment nobody waits for',
    ids: () => [],
    sql: ids => `${unchecked('payments.payment')} update payments.payment set status = 'pending' where order_id = '${ids.completed}'`,
  },
  {
    found_by: 'O1',
    lie: 'money held without an end',
    ids: () => [],
    sql: ids =>
      `${unchecked('payments.payment')} update payments.payment set gateway = 'stripe', authorized = 900, captured = 0, voided = 0 where order_id = '${ids.completed}'; delete from payments.timers`,
  },
  { found_by: 'O5', lie: 'a quote nobody used', ids: ids => [ids.discounted], sql: () => `update orders.quote set order_id = null` },
  {
    found_by: 'O6',
    lie: 'placed again after its end',
    ids: ids => [ids.completed],
    sql: ids => change_event('orders', `key = '${ids.completed}'`, '{axes,status}', '"placed"'),
  },
  {
    found_by: 'O6',
    lie: 'captured, then processing',
    ids: () => [],
    sql: ids => change_event('payments', `key = '${ids.completed}'`, '{state}', '"processing"'),
  },
  {
    found_by: 'O6',
    lie: 'delivered, then planned',
    ids: () => [],
    sql: ids => change_event('shipping', `key = '${ids.completed}' and type = 'parcel.delivered'`, '{shipment_status}', '"planned"'),
  },
  {
    found_by: 'O7',
    lie: 'a unit that is nowhere',
    ids: ids => [ids.held],
    sql: ids =>
      `update orders.order_line set quantity_allocated = quantity_allocated - 1, quantity_in_fulfillment = quantity_in_fulfillment - 1 where order_id = '${ids.held}'`,
  },
  {
    found_by: 'O8',
    lie: 'more shipped than ordered',
    ids: ids => [ids.completed],
    sql: ids =>
      `${unchecked('orders.order_line')} update orders.order_line set quantity_shipped = quantity + 1 where order_id = '${ids.completed}' and line_no = 1`,
  },
  {
    found_by: 'O8',
    lie: 'at its end with units promised',
    ids: ids => [ids.held],
    sql: ids => `update orders.orders set status = 'completed', closed_at = now() where id = '${ids.held}'`,
  },
  {
    found_by: 'D1',
    lie: 'inventory gave a unit away',
    ids: ids => [ids.held],
    sql: ids => `update inventory.reservation_line set allocated = allocated - 1, released = released + 1 where order_id = '${ids.held}'`,
  },
];

export const supply_lies: readonly Lie[] = [
  {
    found_by: 'D2',
    lie: 'parcels that leave from where the location was before',
    ids: () => ['far'],
    sql: () => `update shipping.location set address = '{"line1": "Elsewhere"}' where id = 'far'`,
  },
  {
    found_by: 'O11',
    lie: 'two proposals for one item',
    ids: () => ['prp_second', 'LATE@near'],
    sql: () =>
      `drop index suppliers.proposal_open; update suppliers.proposal set status = 'proposed', po_id = null; insert into suppliers.proposal select (json_populate_record(p, '{"id": "prp_second"}')).* from suppliers.proposal p`,
  },
  {
    found_by: 'O11',
    lie: 'closed with goods to come',
    ids: ids => [ids.purchase_order],
    sql: () =>
      `update suppliers.purchase_order set status = 'closed'; update suppliers.purchase_order_line set received = 0, rejected = 0, refused = 0, in_transit = 0`,
  },
  {
    found_by: 'D2',
    lie: 'receiving nothing in particular',
    ids: () => ['LATE@near'],
    sql: () => 'update suppliers.supply_item set receiving = receiving + 1',
  },
  {
    found_by: 'O11',
    lie: 'more received than ordered',
    ids: ids => [ids.purchase_order],
    sql: () => `${unchecked('suppliers.purchase_order_line')} update suppliers.purchase_order_line set received = quantity + 1`,
  },
  {
    found_by: 'D2',
    lie: 'units on order nobody ordered',
    ids: () => ['LATE@near'],
    sql: () => 'update suppliers.supply_item set on_order = on_order + 1',
  },
  {
    found_by: 'D2',
    lie: 'an expected line forgotten',
    ids: ids => ['LATE@near', ids.purchase_order],
    sql: () => `update suppliers.supply_item set open_lines = '[]'`,
  },
  {
    found_by: 'D2',
    lie: 'a proposal that is not there',
    ids: () => ['LATE@near', 'prp_ghost'],
    sql: () => `update suppliers.supply_item set proposal_id = 'prp_ghost', proposed = 3`,
  },
  {
    found_by: 'D2',
    lie: 'other stock than inventory has',
    ids: () => ['LATE@near'],
    sql: () => 'update suppliers.supply_item set on_hand = on_hand + 1',
  },
  {
    found_by: 'D2',
    lie: 'somebody waits unheard',
    ids: ids => [ids.backordered],
    sql: () => 'update suppliers.backorder_line set quantity = quantity + 1',
  },
  {
    found_by: 'D2',
    lie: 'goods that vanished at the dock',
    ids: ids => [ids.purchase_order],
    sql: () => `update inventory.stock_movement set quantity = quantity + 1 where cause_type = 'receipt'`,
  },
];
