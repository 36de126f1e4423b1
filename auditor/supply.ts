/** Supply: one proposal at a time, purchase orders whose units add up, and what an item expects is what was ordered (domain.md 7). */
import type { Invariant } from './auditor.ts';
import { sql_invariant } from './sql.ts';

const outstanding = 'l.quantity - l.received - l.rejected - l.cancelled';

const units_add_up = sql_invariant(
  { name: 'O11', says: 'one open proposal per item; ordered = received + rejected + cancelled + outstanding' },
  {
    service: 'suppliers',
    sql: `select array_agg(id) || (sku || '@' || location_id) as ids, format('%s open proposals', count(*)) as detail
            from suppliers.proposal where status = 'proposed' group by sku, location_id having count(*) > 1
          union all
          select array[l.po_id], format('line %s (%s): ordered %s, received %s, rejected %s, cancelled %s, in transit %s; the order is %s',
                   l.line_no, l.sku, l.quantity, l.received, l.rejected, l.cancelled, l.in_transit, coalesce(o.status, 'unknown'))
            from suppliers.purchase_order_line l left join suppliers.purchase_order o on o.id = l.po_id
           where o.id is null or least(l.received, l.rejected, l.cancelled, l.in_transit, l.over, l.rejected - l.refused) < 0 or ${outstanding} < l.in_transit
              or ${outstanding} > 0 and o.status in ('received', 'rejected', 'closed', 'cancelled')`,
  },
);

const expected_is_ordered = sql_invariant(
  { name: 'D2', says: 'on order, in transit, receiving and proposed are sums over lines, receipts, proposals' },
  {
    service: 'suppliers',
    sql: `with ordered as (
        select l.sku || '@' || o.location_id as id, sum(${outstanding} - l.in_transit) as on_order, sum(l.in_transit) as in_transit
          from suppliers.purchase_order_line l join suppliers.purchase_order o on o.id = l.po_id where ${outstanding} > 0 group by l.sku, o.location_id)
      select array[id] as ids, format('on order, in transit are %s, %s, the purchase orders say %s, %s', i.on_order, i.in_transit, o.on_order, o.in_transit) as detail
        from suppliers.supply_item i full join ordered o using (id)
       where (coalesce(i.on_order, 0), coalesce(i.in_transit, 0)) <> (coalesce(o.on_order, 0), coalesce(o.in_transit, 0))`,
  },
  {
    service: 'suppliers',
    sql: `with known as (
        select i.id, l.po_id, l.line_no, l.outstanding, l.in_transit
          from suppliers.supply_item i cross join lateral json_to_recordset(i.open_lines) as l(po_id text, line_no integer, outstanding bigint, in_transit bigint)),
      ordered as (
        select l.sku || '@' || o.location_id as id, l.po_id, l.line_no, ${outstanding} as outstanding, l.in_transit
          from suppliers.purchase_order_line l join suppliers.purchase_order o on o.id = l.po_id where ${outstanding} > 0)
      select array[id, po_id] as ids, format('line %s: outstanding %s, in transit %s; the item knows %s, %s', line_no, o.outstanding, o.in_transit, k.outstanding, k.in_transit) as detail
        from known k full join ordered o using (id, po_id, line_no) where (k.outstanding, k.in_transit) is distinct from (o.outstanding, o.in_transit)`,
  },
  {
    service: 'suppliers',
    sql: `select array_remove(array[i.id, i.proposal_id, p.id], null) as ids, format('%s units proposed by %s; the open proposal is %s of %s',
                   i.proposed, coalesce(i.proposal_id, 'none'), coalesce(p.id, 'none'), p.quantity) as detail
            from (select id, proposal_id, proposed from suppliers.supply_item where proposal_id is not null or proposed <> 0) i
                 full join (select id, sku || '@' || location_id as item_id, quantity from suppliers.proposal where status = 'proposed') p on p.item_id = i.id
           where (i.proposal_id, i.proposed) is distinct from (p.id, p.quantity)
          union all
          select array[i.id], format('receiving %s, its receipts sum to %s', i.receiving, (select coalesce(sum((r ->> 'quantity')::bigint), 0) from json_array_elements(i.receipts) r))
            from suppliers.supply_item i
           where i.receiving <> (select coalesce(sum((r ->> 'quantity')::bigint), 0) from json_array_elements(i.receipts) r)`,
  },
);

const same_stock = sql_invariant(
  { name: 'D2', says: 'suppliers knows stock, who waits and goods taken in as inventory does', only_at_rest: true },
  {
    service: 'suppliers',
    foreign: {
      stock: {
        service: 'inventory',
        columns: 'id text collate "C", on_hand bigint, damaged bigint, allocated bigint, backordered bigint',
        sql: 'select id, on_hand, damaged, allocated, backordered from inventory.stock_item',
      },
    },
    // A shipment takes as many from allocated as from the building: suppliers keeps what is free, and counters that were true once.
    sql: `select array[i.id] as ids, format('free %s, backordered %s, receiving %s; inventory has %s, %s and nothing to come in',
                   i.on_hand - i.damaged - i.allocated, i.backordered, i.receiving, s.on_hand - s.damaged - s.allocated, s.backordered) as detail
            from suppliers.supply_item i left join {stock} s on s.id = i.id
           where i.policy and (i.receiving > 0
                               or i.stock_version > 0 and (i.on_hand - i.damaged - i.allocated, i.backordered)
                                                          is distinct from (s.on_hand - s.damaged - s.allocated, s.backordered))`,
  },
  {
    service: 'suppliers',
    foreign: {
      waiting: {
        service: 'inventory',
        columns: 'order_id text, line_no integer, location_id text collate "C", quantity bigint',
        sql: 'select order_id, line_no, location_id, sum(backordered) as quantity from inventory.reservation_line where backordered > 0 group by 1, 2, 3',
      },
    },
    sql: `select array[order_id] as ids, format('line %s waits for %s units at %s, suppliers knows of %s', line_no, coalesce(w.quantity, 0), location_id, coalesce(b.quantity, 0)) as detail
            from (select order_id, line_no, location_id, quantity from suppliers.backorder_line where quantity > 0) b full join {waiting} w using (order_id, line_no, location_id)
           where coalesce(b.quantity, 0) <> coalesce(w.quantity, 0)`,
  },
  {
    service: 'suppliers',
    foreign: {
      moved: {
        service: 'inventory',
        columns: 'cause_id text, quantity bigint',
        sql: `select cause_id, sum(quantity) as quantity from inventory.stock_movement where cause_type = 'receipt' group by cause_id`,
      },
    },
    sql: `with taken as (
        select r.id || '/' || l.line_no as cause_id, r.id, r.po_id, l.accepted + l.damaged as quantity
          from suppliers.receipt r cross join lateral json_to_recordset(r.lines) as l(line_no integer, accepted bigint, damaged bigint) where l.accepted + l.damaged > 0)
      select array_remove(array[cause_id, t.po_id], null) as ids, format('%s units were taken, %s came into the stock', coalesce(t.quantity, 0), coalesce(m.quantity, 0)) as detail
        from taken t full join {moved} m using (cause_id) where coalesce(t.quantity, 0) <> coalesce(m.quantity, 0)`,
  },
);

const pegs = sql_invariant(
  { name: 'S11', says: 'backorders are promised no more than purchase orders have outstanding', only_at_rest: true },
  {
    service: 'suppliers',
    sql: `with pegged as (
        select p.po_id, p.po_line_no as line_no, sum(p.quantity) as quantity, array_agg(b.id) as orders
          from suppliers.peg_book b cross join lateral json_to_recordset(b.pegs) as p(po_id text, po_line_no integer, quantity bigint)
         where p.po_id is not null group by p.po_id, p.po_line_no)
      select array[po_id] || p.orders as ids, format('line %s: %s units are promised, %s outstanding', line_no, p.quantity, coalesce(${outstanding}, 0)) as detail
        from pegged p left join suppliers.purchase_order_line l using (po_id, line_no) where p.quantity > coalesce(${outstanding}, 0)`,
  },
);

export const supply_invariants: readonly Invariant[] = [units_add_up, expected_is_ordered, same_stock, pegs];
