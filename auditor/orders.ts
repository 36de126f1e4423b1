/** Orders: each is at its end or somebody waits for it, units add up, and states change as the tables of domain.md 3 say. */
import type { AuditGiven, Finding, Invariant } from './auditor.ts';
import { sql_invariant } from './sql.ts';
import { keys_at_work, unheard_events } from './waiting.ts';

const candidates_max = 1_000;

/**
 * Every open order owns a timer; the other two reasons to wait are asked for only where there is none. Candidates come first: what
 * they wait for may have ended in between, and then their timer is there again.
 */
const somebody_waits: Invariant = {
  name: 'O1',
  says: 'an open order has a timer, an open operation or an event still to be heard',
  async check(given) {
    const forgotten = async () => {
      const candidates = await orders_without_timer(given);
      if (candidates.length === 0) return [];
      const keys = candidates.map(one => one.id);
      const at_work = await keys_at_work(given, keys);
      const unheard = new Set((await unheard_events(given, keys)).map(event => event.key));
      return candidates.filter(({ id }) => !at_work.has(id) && !unheard.has(id));
    };
    const first = await forgotten();
    if (first.length === 0) return [];
    const still = new Set((await forgotten()).map(one => one.id));
    return first
      .filter(one => still.has(one.id))
      .map(({ id, status }): Finding => ({ invariant: 'O1', ids: [id], detail: `${status}, and nobody waits for it` }));
  },
};

async function orders_without_timer(given: AuditGiven): Promise<readonly { id: string; status: string }[]> {
  const { rows } = await given.pool_of('orders').query<{ id: string; status: string }>(
    `select o.id, o.status from orders.orders o
      where o.closed_at is null and not exists (select 1 from orders.timers t where t.kind = 'order' and t.id = o.id) limit ${candidates_max}`,
  );
  return rows;
}

const quotes = sql_invariant(
  { name: 'O5', says: 'a quote is used by one order, and both say so' },
  {
    service: 'orders',
    sql: `select array[coalesce(q.id, o.quote_id), o.id, q.order_id] as ids, format('the quote names %s, used by %s', coalesce(q.order_id, 'no order'), coalesce(o.id, 'none')) as detail
            from (select id, order_id from orders.quote) q full join (select id, quote_id from orders.orders where quote_id is not null) o on o.quote_id = q.id
           where (o.id is not null or q.order_id is not null) and o.id is distinct from q.order_id`,
  },
);

const units_are_placed = sql_invariant(
  { name: 'O7', says: 'an allocated line has all its units cancelled, backordered, allocated or shipped', only_at_rest: true },
  {
    service: 'orders',
    sql: `select array[l.order_id] as ids, format('line %s: of %s units %s cancelled, %s backordered, %s allocated, %s shipped', l.line_no, l.quantity,
                   l.quantity_cancelled, l.quantity_backordered, l.quantity_allocated, l.quantity_shipped) as detail
            from orders.orders o join orders.order_line l on l.order_id = o.id
           where o.reservation_state = 'allocated' and o.closed_at is null and l.stocked
             and l.quantity_cancelled + l.quantity_backordered + l.quantity_allocated + l.quantity_shipped <> l.quantity`,
  },
);

const units_add_up = sql_invariant(
  { name: 'O8', says: 'no line has more units cancelled, promised, shipped, returned, credited than there are' },
  {
    service: 'orders',
    sql: `select array[l.order_id] as ids, format('line %s: %s', l.line_no, l) as detail from orders.order_line l
           where least(quantity_cancelled, quantity_backordered, quantity_allocated, quantity_in_fulfillment, quantity_shipped, quantity_delivered, quantity_lost,
                       quantity_sent_back, quantity_returned, quantity_credited) < 0
              or quantity_cancelled + quantity_backordered + quantity_allocated + quantity_shipped > quantity or quantity_in_fulfillment > quantity_allocated
              or quantity_delivered + quantity_lost + quantity_sent_back > quantity_shipped or quantity_returned > quantity_delivered
              or quantity_credited > quantity_shipped`,
  },
  {
    service: 'orders',
    sql: `select array[o.id] as ids, format('%s, and line %s still has %s backordered, %s allocated', o.status, l.line_no, l.quantity_backordered, l.quantity_allocated) as detail
            from orders.orders o join orders.order_line l on l.order_id = o.id
           where o.status in ('completed', 'cancelled') and l.quantity_backordered + l.quantity_allocated > 0`,
  },
);

const same_units = sql_invariant(
  { name: 'D1', says: 'backordered and allocated units of an order are those inventory keeps for it', only_at_rest: true },
  {
    service: 'orders',
    foreign: {
      kept: {
        service: 'inventory',
        columns: 'order_id text, line_no integer, allocated bigint, backordered bigint',
        sql: `select order_id, line_no, sum(allocated) as allocated, sum(backordered) as backordered
                from inventory.reservation_line where allocated > 0 or backordered > 0 group by order_id, line_no`,
      },
    },
    sql: `with known as (
        select l.order_id, l.line_no, l.quantity_allocated as allocated, l.quantity_backordered as backordered
          from orders.orders o join orders.order_line l on l.order_id = o.id where o.closed_at is null and l.quantity_allocated + l.quantity_backordered > 0)
      select array[order_id] as ids, format('line %s: allocated, backordered are %s, %s at orders, %s, %s at inventory', line_no,
               coalesce(o.allocated, 0), coalesce(o.backordered, 0), coalesce(k.allocated, 0), coalesce(k.backordered, 0)) as detail
        from known o full join {kept} k using (order_id, line_no)
       where (coalesce(o.allocated, 0), coalesce(o.backordered, 0)) <> (coalesce(k.allocated, 0), coalesce(k.backordered, 0))`,
  },
);

export const order_invariants: readonly Invariant[] = [somebody_waits, quotes, units_are_placed, units_add_up, same_units];
