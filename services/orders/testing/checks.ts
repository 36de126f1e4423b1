/** What holds of every order at every moment (domain.md 8): what the checks of the migrations state, and what they cannot see. */
import assert from 'node:assert/strict';
import { axes_of } from '../decide/axes.ts';
import { wait_of } from '../decide/waits.ts';
import type { Order, OrderLine, Payment } from '../model.ts';

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
  // P2, P6
  const kept = order.captured - order.refunded;
  if (order.axes.status === 'cancelled') assert.equal(kept, 0, 'a cancelled order keeps no money');
}
