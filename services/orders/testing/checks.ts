/** What holds of every order at every moment (domain.md 8): what the checks of the migrations state, and what they cannot see. */
import assert from 'node:assert/strict';
import { contract_of, is_event_type, type OrdersEvent } from '../../../contracts/index.ts';
import { validator } from '../../../platform/strict_json.ts';
import { axes_of } from '../decide/axes.ts';
import { money_entries } from '../decide/ledger.ts';
import { amount_due, held, is_dead, is_in_progress } from '../decide/money.ts';
import { surplus } from '../decide/units.ts';
import { wait_of } from '../decide/waits.ts';
import type { Order, OrderLine, Payment } from '../model.ts';
import type { World } from './world.ts';
import type { Inventory } from './world_inventory.ts';

const validators = new Map<string, ReturnType<typeof validator>>();

/** Said as the contract has it, with no field beside. */
export function check_event({ type, data }: { readonly type: string; readonly data: unknown }): void {
  if (!is_event_type(type)) throw new Error(`${type} is no event`);
  const known = validators.get(type) ?? validator(contract_of(type).data);
  validators.set(type, known);
  known.check(JSON.parse(JSON.stringify(data)), type);
}

export function check_order(order: Order, { has_timer }: { has_timer: boolean }): void {
  for (const line of order.lines) check_line(line, order);
  for (const payment of order.payments) check_payment(payment);
  check_sums(order);
  assert.deepEqual(order.axes, axes_of(order), 'the axes are what the rest of the order says');
  // O1
  assert.equal(has_timer, wait_of(order) !== undefined, `an order that is ${order.axes.status} has ${has_timer ? 'a' : 'no'} timer`);
  assert.equal(order.closed_at !== null, wait_of(order) === undefined);
}

function check_line(line: OrderLine, order: Order): void {
  const { line_no } = line;
  for (const [name, value] of Object.entries(line))
    if (typeof value === 'number') assert.ok(value >= 0, `${name} of line ${line_no} is ${value}`);
  // O7, O8
  const placed = line.cancelled + line.backordered + line.allocated + line.shipped;
  assert.ok(placed <= line.quantity, `line ${line_no} has ${placed} of ${line.quantity} units`);
  assert.ok(line.in_fulfillment <= line.allocated, `line ${line_no}: in_fulfillment`);
  assert.ok(line.delivered + line.lost + line.sent_back <= line.shipped, `line ${line_no}: delivered`);
  assert.ok(line.returned <= line.delivered && line.credited <= line.shipped, `line ${line_no}: returned`);
  assert.equal(
    line.allocations.reduce((sum, at) => sum + at.in_fulfillment, 0),
    line.in_fulfillment,
  );
  assert.equal(
    line.allocations.reduce((sum, at) => sum + at.backordered, 0),
    line.backordered,
  );
  assert.ok(line.allocations.reduce((sum, at) => sum + at.quantity, 0) >= line.allocated);
  // P9
  assert.ok(line.shipped_value + line.cancelled_value <= line.line_total);
  if (line.shipped + line.cancelled === line.quantity && order.lines.length > 0) {
    assert.equal(line.shipped_value + line.cancelled_value, line.line_total, `line ${line_no} is settled`);
    assert.equal(line.shipped_tax + line.cancelled_tax, line.line_tax);
  }
}

function check_payment(payment: Payment): void {
  for (const [name, value] of Object.entries(payment)) if (typeof value === 'number') assert.ok(value >= 0, `${name} is ${value}`);
  // P1
  assert.ok(payment.refunded + payment.refund_pending <= payment.captured, 'refunded');
  assert.ok(payment.captured + payment.voided <= payment.authorized, 'captured');
}

function check_sums(order: Order): void {
  const sum = (of: (payment: Payment) => number) => order.payments.reduce((total, payment) => total + of(payment), 0);
  assert.equal(
    order.authorized,
    sum(payment => payment.authorized),
  );
  assert.equal(
    order.captured,
    sum(payment => payment.captured),
  );
  assert.equal(
    order.voided,
    sum(payment => payment.voided),
  );
  assert.equal(
    order.refunded,
    sum(payment => payment.refunded),
  );
  assert.equal(
    order.capture_pending,
    sum(payment => payment.capture_pending),
  );
  assert.equal(
    order.refund_pending,
    sum(payment => payment.refund_pending),
  );
  assert.equal(order.cancelled_value, order.lines.reduce((total, line) => total + line.cancelled_value, 0) + order.shipping_cancelled);
  assert.ok(order.cancelled_value + order.credited_value <= order.grand_total);
}

/** What holds when nothing moves any more: orders and the others agree, money is where it belongs. */
export function check_at_rest({ order, inventory, payments, events }: World): void {
  const at_rest = order();
  assert.ok(
    at_rest.closed_at !== null || at_rest.exceptions.length > 0,
    `an order that is ${at_rest.axes.status} waits for nobody: ${events.map(event => event.type).join(' ')}`,
  );
  for (const payment of at_rest.payments) {
    const { authorized, captured, voided, refunded } = payment;
    const theirs = payments.payments.get(payment.payment_id);
    assert.deepEqual(
      { authorized, captured, voided, refunded },
      {
        authorized: theirs?.authorized,
        captured: theirs?.captured,
        voided: theirs?.voided,
        refunded: theirs?.refunded,
      },
    );
  }
  check_books(at_rest, events);
  if (is_dead(at_rest)) check_nothing_left(at_rest, inventory);
  else check_agreement(at_rest, inventory);
}

/** D1 */
function check_agreement(at_rest: Order, inventory: Inventory): void {
  for (const line of at_rest.lines) {
    for (const one of inventory.kept.filter(known => known.line_no === line.line_no)) {
      const here = line.allocations.find(known => known.location_id === one.location_id);
      assert.deepEqual(
        { allocated: here?.quantity ?? 0, backordered: here?.backordered ?? 0 },
        { allocated: one.allocated, backordered: one.backordered },
        `line ${line.line_no} at ${one.location_id}`,
      );
    }
    assert.equal(surplus(line), 0);
  }
}

function check_nothing_left(order: Order, { kept }: Inventory): void {
  // S12
  for (const one of kept)
    assert.equal(one.held + one.backorder_held + one.allocated + one.backordered, 0, 'stock is kept for an order that ended');
  // P6
  if (order.refunds.some(refund => refund.status === 'failed')) return;
  assert.equal(order.captured, order.refunded, 'money is kept of an order that ended');
  for (const payment of order.payments) assert.ok(!is_in_progress(payment) && held(payment) === 0, 'money is held for an order that ended');
}

/** P8: every posting sums to 0; P2: a completed order is even with its customer. */
function check_books(order: Order, events: readonly OrdersEvent[]): void {
  const entries = money_entries(events);
  const sums = new Map<string, number>();
  let customer = 0;
  for (const { event_id, account, amount } of entries) {
    sums.set(event_id, (sums.get(event_id) ?? 0) + amount);
    if (account === 'customer') customer += amount;
    assert.ok(account !== 'rounding' || Math.abs(amount) < order.lines.length);
  }
  for (const [event_id, sum] of sums) assert.equal(sum, 0, `the posting of event ${event_id}`);
  if (order.axes.status === 'completed' && order.refund_pending === 0 && !order.refunds.some(refund => refund.status === 'failed')) {
    assert.equal(customer, 0, 'the customer of a completed order owes nothing and is owed nothing');
    assert.equal(order.captured - order.refunded, amount_due(order));
  }
}
