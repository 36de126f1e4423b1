/** Money: nothing is taken twice, nothing is kept that is not owed, and the books balance (domain.md 3.2, 6). Prices: prices.ts. */
import type { Invariant } from './auditor.ts';
import { of_newest_orders, sql_invariant } from './sql.ts';

const in_progress = `('processing', 'action_required', 'pending', 'unknown')`;
const ended = `('rejected', 'expired', 'cancelled')`;
/** Of `orders.orders o`: what refunds could not give back; a person has it (the order's exceptions). */
const failed_refunds = `coalesce((select sum(f.amount) from orders.refund f where f.order_id = o.id and f.status = 'failed' and o.refund_count > 0), 0)`;
/** Ours and kept, of `orders.orders o`: captured less what went back or is on its way. */
const kept = 'o.captured - o.refunded - o.refund_pending';
const due = 'o.grand_total - o.cancelled_value - o.credited_value';
/** What a refund failed to give back is still kept, until somebody refunds it again: both is right. */
const exactly = (amount: string) => `${kept} between ${amount} and ${amount} + ${failed_refunds}`;

const within_authorization = sql_invariant(
  { name: 'P1', says: 'refunded ≤ captured ≤ authorized ≤ asked per payment, with what is under way' },
  {
    service: 'payments',
    sql: `select array[id, order_id] as ids, format('asked %s, authorized %s, captured %s (+%s), voided %s (+%s), refunded %s (+%s)',
                   amount, authorized, captured, capture_pending, voided, void_pending, refunded, refund_pending) as detail
            from payments.payment
           where least(authorized, captured, voided, refunded, capture_pending, void_pending, refund_pending) < 0 or authorized > amount
              or captured + capture_pending + voided + void_pending > authorized or refunded + refund_pending > captured`,
  },
  {
    service: 'orders',
    sql: `select array[payment_id, order_id] as ids, format('the order has authorized %s, captured %s (+%s), voided %s, refunded %s (+%s)',
                   authorized, captured, capture_pending, voided, refunded, refund_pending) as detail
            from orders.order_payment
           where least(authorized, captured, voided, refunded, capture_pending, refund_pending) < 0
              or captured + voided > authorized or refunded + refund_pending > captured`,
  },
);

const kept_is_owed = sql_invariant(
  { name: 'P2', says: 'what is kept of an order is at most its total, at its end exactly what is due' },
  {
    service: 'orders',
    sql: `select array[o.id] as ids, format('%s keeps %s (captured %s, refunded %s); total %s, cancelled %s, credited %s',
                   o.status, ${kept}, o.captured, o.refunded, o.grand_total, o.cancelled_value, o.credited_value) as detail
            from orders.orders o
           where ${kept} > o.grand_total + ${failed_refunds} or o.status = 'completed' and not (${exactly(due)})`,
  },
);

const nothing_kept = sql_invariant(
  { name: 'P6', says: 'an order that came to nothing gives back all that was captured' },
  {
    service: 'orders',
    sql: `select array[o.id] as ids, format('%s at %s and keeps %s', o.status, o.closed_at, ${kept}) as detail
            from orders.orders o where o.status in ${ended} and o.closed_at < {now} - interval '15 minutes' and not (${exactly('0')})`,
  },
);

const nothing_held = sql_invariant(
  { name: 'P6', says: 'orders that came to nothing and payments given up hold no money at a gateway', only_at_rest: true },
  {
    service: 'orders',
    sql: `select array[o.id, p.payment_id] as ids, format('the order is %s, %s of its payment is still authorized and nobody asked to release it', o.status, p.authorized - p.captured - p.voided) as detail
            from orders.orders o join orders.order_payment p on p.order_id = o.id
           where o.status in ${ended} and not p.release_requested and (p.authorized > p.captured + p.voided or p.status in ${in_progress})`,
  },
  {
    service: 'payments',
    sql: `select array[id, order_id] as ids, format('to be released, and %s are still held', authorized - captured - voided) as detail
            from payments.payment p
           where release_requested and status not in ${in_progress} and json_array_length(exceptions) = 0
             and authorized - captured - voided - capture_pending - void_pending > 0`,
  },
);

const money_for_stock = sql_invariant(
  { name: 'P7', says: 'nobody keeps money of an order whose stock is gone', only_at_rest: true },
  {
    service: 'orders',
    sql: `select array[o.id] as ids, format('%s, its stock is %s, and %s is kept', o.status, o.reservation_state, ${kept}) as detail
            from orders.orders o
           where o.confirmed_at is null and o.reservation_state in ('none', 'lapsed', 'failed') and o.status not in ${ended} and ${kept} > 0 and ${kept} >= ${due}`,
  },
);

/** The accounts of domain.md 6.9 as they stand, each from two sides: the order's sums, and its payments and lines added up. Event by event: postings.ts. */
const books_balance = sql_invariant(
  { name: 'P8', says: 'an order has the sums of its payments and lines, and its customer ends at 0' },
  {
    service: 'orders',
    sql: incremental => `with looked_at as (select * from orders.orders o where ${of_newest_orders(incremental)}),
      lines as (
        select o.id, bool_or(l.quantity_shipped > 0) as shipped, sum(l.shipped_value) as shipped_value, sum(l.cancelled_value) as cancelled_value,
               sum(l.credited_value) as credited_value
          from looked_at o join orders.order_line l on l.order_id = o.id group by o.id),
      payments as (
        select o.id, array[sum(p.authorized), sum(p.captured), sum(p.voided), sum(p.refunded), sum(p.capture_pending), sum(p.refund_pending)] as sums
          from looked_at o join orders.order_payment p on p.order_id = o.id group by o.id)
      select array[o.id] as ids,
             format('authorized, captured, voided, refunded, pending %s, the payments say %s; cancelled %s and credited %s, the lines say %s (with carriage %s) and %s; shipped %s',
                    array[o.authorized, o.captured, o.voided, o.refunded, o.capture_pending, o.refund_pending], p.sums, o.cancelled_value, o.credited_value,
                    l.cancelled_value, o.shipping_cancelled, l.credited_value, l.shipped_value) as detail
        from looked_at o left join lines l on l.id = o.id left join payments p on p.id = o.id
       where array[o.authorized, o.captured, o.voided, o.refunded, o.capture_pending, o.refund_pending]::numeric[] <> coalesce(p.sums, '{0,0,0,0,0,0}')
          or o.cancelled_value is distinct from l.cancelled_value + o.shipping_cancelled or o.credited_value < l.credited_value
          or o.status = 'completed' and not (${exactly('l.shipped_value + case when l.shipped then o.shipping_total - o.shipping_cancelled else 0 end - o.credited_value')})`,
  },
);

const one_currency = sql_invariant(
  { name: 'P10', says: 'a payment is of a known order, in its currency' },
  {
    service: 'orders',
    foreign: {
      paid: {
        service: 'payments',
        columns: 'id text, order_id text, currency text, amount bigint',
        sql: 'select id, order_id, currency, amount from payments.payment',
      },
    },
    sql: `select array[m.id, m.order_id] as ids, format('%s %s at payments, %s %s at orders', m.amount, m.currency, p.amount, o.currency) as detail
            from {paid} m left join orders.orders o on o.id = m.order_id left join orders.order_payment p on p.order_id = m.order_id and p.payment_id = m.id
           where (o.currency, p.amount) is distinct from (m.currency, m.amount)`,
  },
);

const discounts = sql_invariant(
  { name: 'P11', says: 'a discount has a code; a code counts its live uses, and has no more than it may' },
  {
    service: 'orders',
    sql: `select array[d.id] as ids, format('%s uses counted, %s live ones, at most %s', d.uses, coalesce(r.uses, 0), d.uses_max) as detail
            from orders.discount d
                 left join (select discount_code, count(*) as uses from orders.orders
                             where discount_code is not null and status not in ${ended} group by discount_code) r on r.discount_code = d.id
           where d.uses <> coalesce(r.uses, 0) or d.uses > d.uses_max
          union all
          select array[o.id], format('%s off a subtotal of %s with code %s', o.discount_total, o.subtotal, o.discount_code)
            from orders.orders o where o.discount_total <> 0 and o.discount_code is null`,
  },
);

/** Facts carry cumulative amounts, so the greatest counts; a refund's facts are about that refund. */
const proven = sql_invariant(
  { name: 'P12', says: 'money that a gateway was asked for is proven by its facts, or a person looks at it' },
  {
    service: 'payments',
    sql: `with told as (select * from payments.gateway_fact where coalesce(drift, '') = ''),
      money as (select payment_id, max(amount) filter (where fact = 'captured') as captured
                  from told where fact in ('authorized', 'captured', 'voided', 'lapsed') group by payment_id),
      refunds as (select payment_id, sum(amount) as refunded
                    from (select payment_id, max(amount) as amount from told where fact in ('refunded', 'refund_failed')
                           group by payment_id, coalesce(refund_id, object_ref) having not bool_or(fact = 'refund_failed')) each_refund
                   group by payment_id)
      select array[p.id, p.order_id] as ids, format('authorized %s, captured %s, refunded %s; its facts say captured %s, refunded %s',
               p.authorized, p.captured, p.refunded, m.captured, r.refunded) as detail
        from payments.payment p left join money m on m.payment_id = p.id left join refunds r on r.payment_id = p.id
       where p.gateway <> 'manual' and json_array_length(p.exceptions) = 0
         and not exists (select 1 from json_array_elements(p.operations) own where own ->> 'evidence' is not null)
         and (p.captured <> coalesce(m.captured, 0) or p.refunded <> coalesce(r.refunded, 0) or p.authorized > 0 and m.payment_id is null)`,
  },
);

const same_money = sql_invariant(
  { name: 'D3', says: 'what an order knows of its payments is what payments knows', only_at_rest: true },
  {
    service: 'orders',
    foreign: {
      paid: {
        service: 'payments',
        columns: 'id text, order_id text, status text, authorized bigint, captured bigint, voided bigint, refunded bigint',
        sql: 'select id, order_id, status, authorized, captured, voided, refunded from payments.payment',
      },
    },
    sql: `select array[coalesce(p.payment_id, m.id), coalesce(p.order_id, m.order_id)] as ids,
                 format('status, authorized, captured, voided, refunded are %s, %s, %s, %s, %s at orders, %s, %s, %s, %s, %s at payments',
                        p.status, p.authorized, p.captured, p.voided, p.refunded, m.status, m.authorized, m.captured, m.voided, m.refunded) as detail
            from orders.order_payment p full join {paid} m on m.id = p.payment_id
           where (p.status, p.authorized, p.captured, p.voided, p.refunded) is distinct from (m.status, m.authorized, m.captured, m.voided, m.refunded)`,
  },
);

export const money_invariants: readonly Invariant[] = [
  within_authorization,
  kept_is_owed,
  nothing_kept,
  nothing_held,
  money_for_stock,
  books_balance,
  one_currency,
  discounts,
  proven,
  same_money,
];
