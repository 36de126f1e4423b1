/** Stock: counters are what the ledger and the reservations say, no unit is promised twice, and nobody waits in vain (domain.md 5). */
import type { Invariant } from './auditor.ts';
import { runs_for, sql_invariant } from './sql.ts';

const inside = `('sellable', 'quality_control', 'damaged')`;

/** Units that moved into an account less those that moved out of it; null: into the building. */
function moved(account?: string): string {
  const is = (side: string) => (account === undefined ? `(${side} in ${inside})::int` : `(${side} = '${account}')::int`);
  return `sum(quantity * (${is('to_account')} - ${is('from_account')}))`;
}

const on_hand = sql_invariant(
  { name: 'S1', says: 'on hand, damaged and quality control are what moved in less what moved out' },
  {
    service: 'inventory',
    sql: `with ledger as (
        select sku || '@' || location_id as id, ${moved()} as on_hand, ${moved('damaged')} as damaged, ${moved('quality_control')} as quality_control
          from inventory.stock_movement group by sku, location_id)
      select array[id] as ids, format('on hand, damaged, quality control are %s, %s, %s, the movements say %s, %s, %s',
               i.on_hand, i.damaged, i.quality_control, l.on_hand, l.damaged, l.quality_control) as detail
        from inventory.stock_item i full join ledger l using (id)
       where (coalesce(i.on_hand, 0), coalesce(i.damaged, 0), coalesce(i.quality_control, 0))
          <> (coalesce(l.on_hand, 0), coalesce(l.damaged, 0), coalesce(l.quality_control, 0))`,
  },
);

/** From which account to which units of a kind may go (domain.md 5.7). */
const ways: readonly (readonly [kind: string, from: string, to: string])[] = [
  ['received', 'supplier', 'sellable'],
  ['received', 'supplier', 'quality_control'],
  ['received', 'supplier', 'damaged'],
  ['received', 'sellable', 'supplier'],
  ['adjusted', 'found', 'sellable'],
  ['adjusted', 'sellable', 'loss'],
  ['counted', 'found', 'sellable'],
  ['counted', 'sellable', 'loss'],
  ['damaged', 'sellable', 'damaged'],
  ['damaged', 'damaged', 'loss'],
  ['inspected', 'quality_control', 'sellable'],
  ['inspected', 'quality_control', 'damaged'],
  ['shipped', 'sellable', 'customer'],
  ...['returned', 'sent_back'].flatMap(kind => ['sellable', 'quality_control', 'damaged'].map(to => [kind, 'customer', to] as const)),
];

const double_entry = sql_invariant(
  { name: 'S2', says: 'each movement takes units from one account to another, as its kind may' },
  {
    service: 'inventory',
    sql: `select array[sku || '@' || location_id, cause_id] as ids, format('movement %s: %s of %s units from %s to %s', no, kind, quantity, from_account, to_account) as detail
            from inventory.stock_movement
           where quantity <= 0 or (kind, from_account, to_account) not in (${ways.map(way => `('${way.join("', '")}')`).join(', ')})`,
  },
);

const counters = sql_invariant(
  { name: 'S3', says: 'no counter of stock is below 0' },
  {
    service: 'inventory',
    sql: `select array[id] as ids, format('%s', i) as detail from inventory.stock_item i
           where least(on_hand, damaged, quality_control, held, allocated, backorder_held, backordered, safety, backorder_limit, low_threshold) < 0
          union all
          select array[order_id, sku || '@' || location_id], format('%s', l) from inventory.reservation_line l
           where least(quantity, held, backorder_held, allocated, backordered, consumed, released) < 0`,
  },
);

const promises = sql_invariant(
  { name: 'S4', says: 'promised units are there, backorders stay within their limit' },
  {
    service: 'inventory',
    sql: `select array[id] as ids, format('held %s, allocated %s of %s sellable units; backorders %s of at most %s',
                   held, allocated, on_hand - damaged - quality_control, backorder_held + backordered, backorder_limit) as detail
            from inventory.stock_item
           where held + allocated > on_hand - damaged - quality_control or backorder_held + backordered > backorder_limit`,
  },
);

const promised_to = sql_invariant(
  { name: 'S5', says: 'held, allocated, backorder_held, backordered are sums of reservation lines' },
  {
    service: 'inventory',
    sql: `with lines as (
        select sku || '@' || location_id as id, sum(held) as held, sum(allocated) as allocated, sum(backorder_held) as backorder_held, sum(backordered) as backordered
          from inventory.reservation_line where held > 0 or allocated > 0 or backorder_held > 0 or backordered > 0 group by sku, location_id)
      select array[id] as ids, format('held, allocated, backorder_held, backordered are %s, %s, %s, %s, the lines say %s, %s, %s, %s',
               i.held, i.allocated, i.backorder_held, i.backordered, l.held, l.allocated, l.backorder_held, l.backordered) as detail
        from inventory.stock_item i full join lines l using (id)
       where (coalesce(i.held, 0), coalesce(i.allocated, 0), coalesce(i.backorder_held, 0), coalesce(i.backordered, 0))
          <> (coalesce(l.held, 0), coalesce(l.allocated, 0), coalesce(l.backorder_held, 0), coalesce(l.backordered, 0))`,
  },
);

const keeps = 'l.held + l.backorder_held + l.allocated + l.backordered > 0';

const one_counter = sql_invariant(
  { name: 'S7', says: 'each unit of a reservation line is in one counter, and what has ended keeps none' },
  {
    service: 'inventory',
    sql: `select array[l.order_id, l.sku || '@' || l.location_id] as ids,
                 format('line %s of attempt %s (the reservation is %s at attempt %s): %s', l.line_no, l.reservation_no, r.status, r.reservation_no, l) as detail
            from inventory.reservation_line l left join inventory.reservation r on r.id = l.order_id
           where r.id is null
              or l.quantity <> l.held + l.backorder_held + l.allocated + l.backordered + l.consumed + l.released
              or ${keeps} and (l.reservation_no <> r.reservation_no or r.status in ('failed', 'expired', 'released', 'closed'))
              or l.held + l.backorder_held > 0 and r.status = 'allocated'
              or l.allocated + l.backordered > 0 and r.status = 'held'`,
  },
);

const one_live_line = sql_invariant(
  { name: 'S8', says: 'an order line has at most one live reservation line at a location' },
  {
    service: 'inventory',
    sql: `select array[l.order_id, l.location_id] as ids, format('%s live lines of line %s', count(*), l.line_no) as detail
            from inventory.reservation_line l where ${keeps} group by l.order_id, l.line_no, l.location_id having count(*) > 1`,
  },
);

const moved_once = sql_invariant(
  { name: 'S9', says: 'the same cause moved the same units once' },
  {
    service: 'inventory',
    sql: `select array[sku || '@' || location_id, cause_id] as ids, format('%s movements %s to %s because of %s %s', count(*), kind, to_account, cause_type, cause_id) as detail
            from inventory.stock_movement group by cause_type, cause_id, kind, to_account, sku, location_id having count(*) > 1`,
  },
);

const consumed = sql_invariant(
  {
    name: 'S10',
    says: 'units that left the stock for an order line are units that shipping handed over',
    only_at_rest: true,
    thorough: true,
  },
  {
    service: 'inventory',
    foreign: {
      dispatched: {
        service: 'shipping',
        columns: 'order_id text, line_no integer, quantity bigint',
        sql: `select s.order_id, (l ->> 'line_no')::int as line_no, sum((l ->> 'quantity')::bigint) as quantity
                from shipping.shipment s cross join lateral json_array_elements(s.lines) l where s.dispatched_at is not null group by 1, 2`,
      },
    },
    // Fewer: a dispatch is a fact also of units that nobody knew to be there. A count will find them.
    sql: `with consumed as (select order_id, line_no, sum(consumed) as quantity from inventory.reservation_line where consumed > 0 group by 1, 2)
          select array[order_id] as ids, format('line %s: %s units consumed, %s handed over', line_no, c.quantity, coalesce(d.quantity, 0)) as detail
            from consumed c left join {dispatched} d using (order_id, line_no) where c.quantity > coalesce(d.quantity, 0)`,
  },
);

const queue_is_served = sql_invariant(
  { name: 'S11', says: 'no unit lies free while somebody waits for it, unless he is about to get it' },
  {
    service: 'inventory',
    sql: `select array[id] as ids, format('%s units are backordered, %s are free', backordered, on_hand - damaged - quality_control - safety - held - allocated) as detail
            from inventory.stock_item i
           where backordered > 0 and on_hand - damaged - quality_control - safety - held - allocated > 0
             and not exists (select 1 from inventory.timers t where t.kind = 'backorders' and t.id = i.id)`,
  },
);

const queue_order = sql_invariant(
  { name: 'S11', says: 'backorders are filled in the order of their queue', thorough: true },
  {
    service: 'inventory',
    sql: `with waiting as (
        select l.order_id, l.line_no, l.sku, l.location_id, l.priority, l.requested_at,
               (select max(e.position) from inventory.events e where e.key = l.order_id and e.subject = l.order_id and e.type = 'backorder.queued') as since
          from inventory.reservation_line l where l.backordered > 0),
      served as (
        select e.position, e.key as order_id, l.*
          from inventory.events e cross join lateral
               json_to_recordset(e.data -> 'lines') as l(line_no integer, sku text, location_id text, priority smallint, requested_at timestamptz)
         where e.type = 'backorder.filled' and e.position > (select min(since) from waiting))
      select array[w.order_id, s.order_id] as ids, format('%s waits for %s@%s since position %s; %s, behind it in the queue, was served at %s',
               w.order_id, sku, location_id, w.since, s.order_id, s.position) as detail
        from waiting w join served s using (sku, location_id)
       where s.position > w.since and (s.priority, s.requested_at, s.order_id, s.line_no) > (w.priority, w.requested_at, w.order_id, w.line_no)`,
  },
);

const of_live_orders = sql_invariant(
  { name: 'S12', says: 'no order that is at its end, or unknown, keeps stock', only_at_rest: true },
  {
    service: 'orders',
    foreign: {
      kept: {
        service: 'inventory',
        columns: 'order_id text, units bigint',
        sql: `select l.order_id, sum(l.held + l.backorder_held + l.allocated + l.backordered) as units from inventory.reservation_line l where ${keeps} group by l.order_id`,
      },
    },
    sql: `select array[k.order_id] as ids, format('%s units are kept for it, the order is %s', k.units, coalesce(o.status, 'unknown')) as detail
            from {kept} k left join orders.orders o on o.id = k.order_id
           where o.id is null or o.status in ('expired', 'rejected', 'cancelled', 'completed')`,
  },
);

const expiry = sql_invariant(
  { name: 'S12', says: 'no unpaid reservation lives on 60 s after its end' },
  {
    service: 'inventory',
    sql: `select array[id] as ids, format('held until %s', expires_at) as detail from inventory.reservation
           where status = 'held' and expires_at < {now} - interval '60 seconds' and ${runs_for('inventory', 60)}`,
  },
);

export const stock_invariants: readonly Invariant[] = [
  on_hand,
  double_entry,
  counters,
  promises,
  promised_to,
  one_counter,
  one_live_line,
  moved_once,
  consumed,
  queue_is_served,
  queue_order,
  of_live_orders,
  expiry,
];
