/** Lies about money, prices and operations. */
import { change_event, type Lie, payment_of, runs, unchecked } from './lies.ts';

export const money_lies: readonly Lie[] = [
  {
    found_by: 'P1',
    lie: 'captured beyond the authorization',
    ids: ids => [ids.completed],
    sql: ids =>
      `${unchecked('payments.payment')} update payments.payment set captured = authorized + 1 where order_id = '${ids.completed}'`,
  },
  {
    found_by: 'P1',
    lie: 'the order believes so',
    ids: ids => [ids.completed],
    sql: ids =>
      `${unchecked('orders.order_payment')} update orders.order_payment set captured = authorized + voided + 1 where order_id = '${ids.completed}'`,
  },
  {
    found_by: 'P2',
    lie: 'completed and a penny short',
    ids: ids => [ids.completed],
    sql: ids => `update orders.orders set captured = captured - 1 where id = '${ids.completed}'`,
  },
  {
    found_by: 'P6',
    lie: 'cancelled and money kept',
    ids: ids => [ids.cancelled],
    sql: ids => `update orders.orders set captured = 100, closed_at = '2020-01-01' where id = '${ids.cancelled}'`,
  },
  {
    found_by: 'P6',
    lie: 'cancelled and money held',
    ids: ids => [ids.cancelled],
    sql: ids => `update orders.order_payment set voided = 0, release_requested = false where order_id = '${ids.cancelled}'`,
  },
  {
    found_by: 'P6',
    lie: 'a release forgotten',
    ids: ids => [ids.cancelled],
    sql: ids => `update payments.payment set voided = 0 where order_id = '${ids.cancelled}'`,
  },
  {
    found_by: 'P7',
    lie: 'paid, and the stock is gone',
    ids: ids => [ids.unpaid],
    sql: ids => `update orders.orders set captured = grand_total, reservation_state = 'lapsed' where id = '${ids.unpaid}'`,
  },
  {
    found_by: 'P8',
    lie: 'the sums are not the payments',
    ids: ids => [ids.completed],
    sql: ids => `update orders.order_payment set refunded = refunded - 1 where order_id = '${ids.completed}'`,
  },
  {
    found_by: 'P8',
    lie: 'an event takes money that no payment has',
    ids: ids => [ids.completed],
    sql: ids => change_event('orders', `key = '${ids.completed}' and data::jsonb ? 'money'`, '{money,captured}', '1'),
  },
  {
    found_by: 'P9',
    lie: 'a line that does not add up',
    ids: ids => [ids.discounted],
    sql: ids => `update orders.order_line set line_subtotal = line_subtotal + 1 where order_id = '${ids.discounted}' and line_no = 1`,
  },
  {
    found_by: 'P9',
    lie: 'a total that is not the sum',
    ids: ids => [ids.discounted],
    sql: ids => `update orders.orders set grand_total = grand_total + 1 where id = '${ids.discounted}'`,
  },
  {
    found_by: 'P9',
    lie: 'a penny of discount on another line',
    ids: ids => [ids.discounted],
    sql: ids =>
      `${unchecked('orders.order_line')} update orders.order_line set line_discount = line_discount + 3 - 2 * line_no, line_total = line_total - 3 + 2 * line_no where order_id = '${ids.discounted}' and line_no < 3`,
  },
  {
    found_by: 'P9',
    lie: 'a penny of tax for another town',
    ids: ids => [ids.discounted],
    sql: ids =>
      `update orders.order_line set taxes = (select json_agg(json_build_object('jurisdiction', t ->> 'jurisdiction', 'rate_ppm', (t ->> 'rate_ppm')::int, 'amount', (t ->> 'amount')::int + case when t ->> 'jurisdiction' = 'GB' then 1 else -1 end)) from json_array_elements(taxes) t) where order_id = '${ids.discounted}' and line_no = 1`,
  },
  {
    found_by: 'P9',
    lie: 'a tax without a rate',
    ids: ids => [ids.discounted],
    sql: ids => `update orders.order_line set taxes = '[]' where order_id = '${ids.discounted}' and line_no = 1`,
  },
  {
    found_by: 'P9',
    lie: 'units worth a penny less',
    ids: ids => [ids.completed],
    sql: ids => `update orders.order_line set shipped_value = shipped_value - 1 where order_id = '${ids.completed}' and line_no = 2`,
  },
  {
    found_by: 'P9',
    lie: 'carriage given away',
    ids: ids => [ids.completed],
    sql: ids => `update orders.orders set shipping_cancelled = 1 where id = '${ids.completed}'`,
  },
  {
    found_by: 'P10',
    lie: 'paid in dollars',
    ids: ids => [ids.completed],
    sql: ids => `update payments.payment set currency = 'USD' where order_id = '${ids.completed}'`,
  },
  {
    found_by: 'P11',
    lie: 'a use nobody made',
    ids: () => ['SPRING'],
    sql: () => `update orders.discount set uses = uses + 1 where id = 'SPRING'`,
  },
  {
    found_by: 'P11',
    lie: 'a discount without a code',
    ids: ids => [ids.completed],
    sql: ids => `update orders.orders set discount_total = 1 where id = '${ids.completed}'`,
  },
  {
    found_by: 'P12',
    lie: 'a capture without a fact',
    ids: ids => [ids.completed],
    sql: ids => `delete from payments.gateway_fact where fact = 'captured' and payment_id = ${payment_of(ids.completed)}`,
  },
  {
    found_by: 'P13',
    lie: 'an unknown that nobody asks about',
    ids: ids => ['op_lost', ids.purchase_order],
    sql: ids =>
      `delete from suppliers.timers; update suppliers.purchase_order set exceptions = '[]'; insert into suppliers.operations (op_id, kind, provider, subject, key, request, state, next_at, requested_at) values ('op_lost', 'send_order', 'rest', '${ids.purchase_order}', '${ids.purchase_order}', '{}', 'unknown', '9999-01-01', now())`,
  },
  {
    found_by: 'P13',
    lie: 'an operation that nobody runs',
    ids: ids => ['op_idle', ids.completed],
    sql: ids =>
      `${runs('payments')} insert into payments.operations (op_id, kind, provider, subject, key, request, state, next_at, requested_at) values ('op_idle', 'void', 'stripe', '${ids.completed}', 'k', '{}', 'requested', '2020-01-01', now())`,
  },
  {
    found_by: 'P13',
    lie: 'an unknown payment without an operation',
    ids: ids => [ids.completed],
    sql: ids => `${unchecked('payments.payment')} update payments.payment set status = 'unknown' where order_id = '${ids.completed}'`,
  },
  {
    found_by: 'D3',
    lie: 'two minds about a payment',
    ids: ids => [ids.completed],
    sql: ids => `update orders.order_payment set status = 'voided' where order_id = '${ids.completed}'`,
  },
];
