/** Lies about the logs, and about rows that the logs know better. */
import { change_event, type Lie, last_event, runs } from './lies.ts';

export const log_lies: readonly Lie[] = [
  {
    found_by: 'E1',
    lie: 'a row changed without an event',
    ids: ids => [ids.held],
    sql: ids => `update orders.orders set version = version + 1 where id = '${ids.held}'`,
  },
  {
    found_by: 'E1',
    lie: 'a row that was deleted',
    ids: ids => [ids.held],
    sql: ids => `delete from orders.orders where id = '${ids.held}'`,
  },
  {
    found_by: 'E2',
    lie: 'a hearer who fell behind',
    ids: ids => [ids.completed],
    sql: ids =>
      `update inventory.positions set position = 0 where source = 'orders' and partition = (select min(partition) from orders.events where key = '${ids.completed}')`,
  },
  {
    found_by: 'E4',
    lie: 'a gap',
    ids: () => [],
    sql: () => 'update payments.events set position = position + 1 where position = (select max(position) from payments.events)',
  },
  {
    found_by: 'E4',
    lie: 'an id twice',
    ids: () => ['evt_twin'],
    sql: () => `update shipping.events set id = 'evt_twin' where position in (1, 2)`,
  },
  {
    found_by: 'E5',
    lie: 'a service may change the past',
    ids: () => ['cartwright_orders'],
    sql: () => 'grant update on orders.events to cartwright_orders',
  },
  {
    found_by: 'E6',
    lie: 'a version left out',
    ids: ids => [ids.completed],
    sql: ids => `update orders.events set sequence = sequence + 5 where position = ${last_event('orders', `key = '${ids.completed}'`)}`,
  },
  {
    found_by: 'E6',
    lie: 'versions in another order',
    ids: ids => [ids.completed],
    sql: ids =>
      `update orders.events set sequence = case sequence when 2 then 100 else 2 end where key = '${ids.completed}' and sequence in (2, 3); update orders.events set sequence = 3 where sequence = 100`,
  },
  {
    found_by: 'E9',
    lie: 'beyond the end',
    ids: () => ['inventory.positions'],
    sql: () => `update inventory.positions set position = 999999 where source = 'orders' and partition = 3`,
  },
  {
    found_by: 'E9',
    lie: 'in another cluster',
    ids: () => ['shipping.positions'],
    sql: () => `update shipping.positions set timeline = '0000000F' where partition = 3`,
  },
  {
    found_by: 'E10',
    lie: 'in two partitions',
    ids: ids => [ids.completed],
    sql: ids =>
      `update orders.events set partition = (partition + 1) % 16 where position = ${last_event('orders', `key = '${ids.completed}'`)}`,
  },
  {
    found_by: 'E12',
    lie: 'a key in quarantine',
    ids: ids => [ids.held],
    sql: ids =>
      `insert into payments.blocked values ('orders', '${ids.held}', 1, 8, now(), now(), true, 'cannot'); insert into payments.parked values ('orders', 1, '${ids.held}', '{}')`,
  },
  {
    found_by: 'E12',
    lie: 'parked and forgotten',
    ids: ids => [ids.held],
    sql: ids => `insert into payments.parked values ('orders', 1, '${ids.held}', '{}')`,
  },
  {
    found_by: 'E12',
    lie: 'parked before it was read',
    ids: ids => [ids.held],
    sql: ids =>
      `insert into payments.blocked values ('orders', '${ids.held}', 999999, 1, now(), now(), false, 'once'); insert into payments.parked values ('orders', 999999, '${ids.held}', '{"partition": 3}')`,
  },
  {
    found_by: 'E12',
    lie: 'held back for nothing',
    ids: ids => [ids.held],
    sql: ids => `insert into payments.blocked values ('orders', '${ids.held}', 1, 1, now(), now(), false, 'once')`,
  },
  {
    found_by: 'V1',
    lie: 'a timer that does not fire',
    ids: ids => [ids.held],
    sql: ids => `${runs('orders')} update orders.timers set due_at = '2020-01-01' where id = '${ids.held}'`,
  },
];

export const fold_lies: readonly Lie[] = [
  {
    found_by: 'E13',
    lie: 'a case nobody raised',
    ids: ids => ['exc_lie', ids.held],
    sql: ids => `insert into orders.exceptions values ('exc_lie', '${ids.held}', 1)`,
  },
  {
    found_by: 'E13',
    lie: 'an order changed by hand',
    ids: ids => [ids.held],
    sql: ids => `update orders.orders set shipping_service = 'express' where id = '${ids.held}'`,
  },
  {
    found_by: 'E13',
    lie: 'a line changed by hand',
    ids: ids => [ids.held],
    sql: ids => `update orders.order_line set name = 'Sun' where order_id = '${ids.held}'`,
  },
  { found_by: 'E13', lie: 'a quote changed by hand', ids: () => [], sql: () => `update orders.quote set currency = 'USD'` },
  {
    found_by: 'E13',
    lie: 'a person forgotten earlier than he was',
    ids: () => [],
    sql: () => `update orders.erasure set erased_at = erased_at - interval '1 day'`,
  },
  {
    found_by: 'E13',
    lie: 'a location changed by hand',
    ids: () => ['far'],
    sql: () => `update inventory.location set address = '{"city": "Elsewhere"}' where id = 'far'`,
  },
  {
    found_by: 'E13',
    lie: 'a reservation changed by hand',
    ids: ids => [ids.held],
    sql: ids => `update inventory.reservation set priority = 1 where id = '${ids.held}'`,
  },
  {
    found_by: 'E13',
    lie: 'a payment changed by hand',
    ids: () => [],
    sql: ids => `update payments.payment set attempt_no = 7 where order_id = '${ids.completed}'`,
  },
  {
    found_by: 'E13',
    lie: 'a fulfillment changed by hand',
    ids: ids => [ids.completed],
    sql: ids => `update shipping.fulfillment set service = 'express' where id = '${ids.completed}'`,
  },
  {
    found_by: 'E13',
    lie: 'what a comparison of labels found, forgotten',
    ids: () => ['easypost'],
    sql: () =>
      `insert into shipping.events (position, partition, key, type, id, subject, sequence, time, cause, data)
       select max(position) + 1, 0, 'easypost', 'exception.raised', 'evt_of_a_lie', 'easypost', 1, now(), 'op_lie',
              '{"exception_id": "exc_1", "subject": "easypost", "reason": "label_not_ours", "owner": "operator", "deadline": "2026-01-01T00:00:00.000Z", "detail": "1: T1"}'
         from shipping.events`,
  },
  {
    found_by: 'E13',
    lie: 'a shipment changed by hand',
    ids: () => [],
    sql: ids =>
      `update shipping.parcel set weight_grams = 1 where shipment_id in (select id from shipping.shipment where order_id = '${ids.completed}')`,
  },
  {
    found_by: 'E13',
    lie: 'a purchase order changed by hand',
    ids: ids => [ids.purchase_order],
    sql: () => 'update suppliers.purchase_order_line set cost = cost + 1',
  },
  { found_by: 'E13', lie: 'a proposal changed by hand', ids: () => [], sql: () => 'update suppliers.proposal set target = target + 1' },
  {
    found_by: 'E13',
    lie: 'a policy changed by hand',
    ids: () => ['LATE@near'],
    sql: () => 'update suppliers.supply_item set target = target + 1',
  },
  {
    found_by: 'E13',
    lie: 'a promise changed by hand',
    ids: ids => [ids.backordered],
    sql: () => `update suppliers.peg_book set pegs = '[]'`,
  },
  {
    found_by: 'E13',
    lie: 'a stock item changed by hand',
    ids: () => ['LAMP@near'],
    sql: () => `update inventory.stock_item set safety = 1 where id = 'LAMP@near'`,
  },
  {
    found_by: 'E13',
    lie: 'levels that never were',
    ids: () => ['LAMP@near'],
    sql: () =>
      change_event('inventory', `type = 'stock.levels_changed' and data -> 'levels' -> 0 ->> 'sku' = 'LAMP'`, '{levels,0,allocated}', '3'),
  },
  {
    found_by: 'E13',
    lie: 'an event that cannot be',
    ids: ids => [ids.held],
    sql: ids => `update orders.events set type = 'order.updated' where key = '${ids.held}' and type = 'order.placed'`,
  },
];
