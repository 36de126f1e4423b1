/** Lies about stock. */
import { type Lie, runs, unchecked } from './lies.ts';

export const stock_lies: readonly Lie[] = [
  {
    found_by: 'S1',
    lie: 'a unit more on hand',
    ids: () => ['LAMP@near'],
    sql: () => `update inventory.stock_item set on_hand = on_hand + 1 where id = 'LAMP@near'`,
  },
  {
    found_by: 'S1',
    lie: 'damaged units from nowhere',
    ids: () => ['LAMP@near'],
    sql: () => `update inventory.stock_item set damaged = 1 where id = 'LAMP@near'`,
  },
  {
    found_by: 'S1',
    lie: 'a movement of nothing we have',
    ids: () => ['GHOST@near'],
    sql: () => `update inventory.stock_movement set sku = 'GHOST' where sku = 'RARE'`,
  },
  {
    found_by: 'S2',
    lie: 'shipped units that were lost',
    ids: () => ['LAMP@near'],
    sql: () => `update inventory.stock_movement set to_account = 'loss' where kind = 'shipped' and sku = 'LAMP'`,
  },
  {
    found_by: 'S3',
    lie: 'fewer than no units held',
    ids: () => ['LAMP@near'],
    sql: () => `${unchecked('inventory.stock_item')} update inventory.stock_item set held = -1 where id = 'LAMP@near'`,
  },
  {
    found_by: 'S4',
    lie: 'more promised than there is',
    ids: () => ['LAMP@near'],
    sql: () => `${unchecked('inventory.stock_item')} update inventory.stock_item set allocated = 999 where id = 'LAMP@near'`,
  },
  {
    found_by: 'S5',
    lie: 'a unit held for nobody',
    ids: () => ['LAMP@near'],
    sql: () => `update inventory.stock_item set held = held + 1 where id = 'LAMP@near'`,
  },
  {
    found_by: 'S7',
    lie: 'a closed reservation keeps units',
    ids: ids => [ids.held],
    sql: ids => `update inventory.reservation set status = 'closed' where id = '${ids.held}'`,
  },
  {
    found_by: 'S8',
    lie: 'a second live line',
    ids: ids => [ids.held],
    sql: ids =>
      `insert into inventory.reservation_line select (json_populate_record(l, '{"reservation_no": 2}')).* from inventory.reservation_line l where order_id = '${ids.held}'`,
  },
  {
    found_by: 'S9',
    lie: 'shipped twice because of one parcel',
    ids: () => ['LAMP@near'],
    sql: () =>
      `${unchecked('inventory.stock_movement')} insert into inventory.stock_movement overriding user value select * from inventory.stock_movement where sku = 'LAMP' and kind = 'shipped'`,
  },
  {
    found_by: 'S10',
    lie: 'consumed and never handed over',
    ids: ids => [ids.completed],
    sql: ids => `update shipping.shipment set lines = '[]' where order_id = '${ids.completed}'`,
  },
  {
    found_by: 'S11',
    lie: 'free units while somebody waits',
    ids: () => ['LATE@near'],
    sql: () => `${unchecked('inventory.stock_item')} update inventory.stock_item set on_hand = on_hand + 5 where id = 'LATE@near'`,
  },
  {
    found_by: 'S11',
    lie: 'somebody jumped the queue',
    ids: ids => [ids.backordered, 'ord_pushy'],
    sql: () => `insert into inventory.events select max(position) + 1, 0, 'ord_pushy', 'backorder.filled', 'evt_pushy', 'ord_pushy', 1, now(), 'test',
                '{"lines": [{"line_no": 1, "sku": "LATE", "location_id": "near", "quantity": 1, "priority": 9, "requested_at": "2099-01-01T00:00:00.000Z"}]}' from inventory.events`,
  },
  {
    found_by: 'S11',
    lie: 'promised more than is ordered',
    ids: ids => [ids.purchase_order, ids.backordered],
    sql: () => `update suppliers.peg_book set pegs = replace(pegs::text, '"quantity":', '"quantity":9')::json`,
  },
  {
    found_by: 'S12',
    lie: 'a cancelled order keeps stock',
    ids: ids => [ids.held],
    sql: ids => `update orders.orders set status = 'cancelled', closed_at = now() where id = '${ids.held}'`,
  },
  {
    found_by: 'S12',
    lie: 'a reservation nobody ends',
    ids: ids => [ids.unpaid],
    sql: ids => `${runs('inventory')} update inventory.reservation set expires_at = now() - interval '1 day' where id = '${ids.unpaid}'`,
  },
];
