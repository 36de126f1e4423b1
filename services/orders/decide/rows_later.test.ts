/** The rows of domain.md 3.1 that begin with an order that is in fulfillment, or has ended; and those of any state. */
import assert from 'node:assert/strict';
import { at, cancel_line, pay, table } from '../testing/beginnings.ts';
import { order_id } from '../testing/story.ts';

const day_ms = 24 * 60 * 60 * 1_000;

table('an order in fulfillment', [
  {
    row: 'captured: noted',
    given: at.shipped,
    when: it => it.pay.captured(),
    to: 'in_fulfillment',
    events: ['order.updated'],
  },
  {
    row: 'delivered and settled: completed',
    given: () => {
      const it = at.shipped();
      it.pay.captured();
      return it;
    },
    when: it => it.ship.delivered(),
    to: 'completed',
    events: ['order.completed'],
  },
  {
    row: 'delivered, then settled: completed',
    given: () => {
      const it = at.shipped();
      it.ship.delivered();
      return it;
    },
    when: it => it.pay.captured(),
    to: 'completed',
    events: ['order.completed'],
  },
  {
    row: 'delivered, what was missing cancelled by shipping: completed',
    given: () => {
      const it = at.allocated();
      it.ship.dispatched([[1, 2]]);
      it.pay.captured({ final: false });
      it.ship.delivered([[1, 2]]);
      cancel_line(it, 2, 5);
      return it;
    },
    when: it => it.ship.answered(1, [[2, 5]]),
    to: 'in_fulfillment',
    events: ['order.lines_cancelled', 'payment.release_requested'],
    after: it => {
      assert.deepEqual(it.pay.voided().types, ['order.updated']);
      assert.deepEqual(it.stock.released([[2, 5]]).types, ['order.completed']);
    },
  },
  {
    row: 'parcel lost: a person looks',
    given: at.shipped,
    when: it => it.ship.lost(),
    to: 'in_fulfillment',
    events: ['order.updated', 'exception.raised'],
    after: it => {
      it.pay.captured();
      const refund = { type: 'refund_order', order_id, payment_id: it.payment().payment_id, reason: 'lost' } as const;
      const lines = [
        { line_no: 1, quantity: 2 },
        { line_no: 2, quantity: 5 },
      ];
      assert.deepEqual(it.ask({ ...refund, amount: 3275, lines }).types, ['payment.refund_requested', 'exception.resolved']);
      assert.equal(it.order().credited_value, 3275);
      assert.deepEqual(it.pay.refunded().types, ['order.completed']);
    },
  },
  {
    row: 'parcel sent back: a person looks',
    given: at.shipped,
    when: it => it.ship.sent_back(),
    to: 'in_fulfillment',
    events: ['order.updated', 'exception.raised'],
  },
  {
    row: 'refunded by a person: a credit',
    given: () => {
      const it = at.shipped();
      it.pay.captured();
      return it;
    },
    when: it => it.ask({ type: 'refund_order', order_id, payment_id: it.payment().payment_id, amount: 100, reason: 'goodwill', lines: [] }),
    to: 'in_fulfillment',
    events: ['payment.refund_requested'],
    after: it => {
      assert.equal(it.order().credited_value, 100);
      it.ship.delivered();
      assert.equal(it.order().axes.status, 'in_fulfillment');
      assert.deepEqual(it.pay.refunded().types, ['order.completed']);
    },
  },
  {
    row: 'captured by a person',
    given: () => at.shipped({ capture_policy: 'manual' }),
    when: it => it.ask({ type: 'capture_order', order_id, payment_id: it.payment().payment_id, amount: 1000, final: false }),
    to: 'in_fulfillment',
    events: ['payment.capture_requested'],
  },
  {
    row: 'a payment given up by a person',
    given: () => at.shipped({ capture_policy: 'manual' }),
    when: it => it.ask({ type: 'void_payment', order_id, payment_id: it.payment().payment_id }),
    to: 'in_fulfillment',
    events: ['payment.release_requested'],
  },
  {
    row: 'a return is asked for',
    given: () => {
      const it = at.shipped();
      it.ship.delivered([[1, 2]]);
      return it;
    },
    when: it => it.ask({ type: 'request_return', order_id, lines: [{ line_no: 1, quantity: 1, reason: 'broken' }] }),
    to: 'in_fulfillment',
    events: ['return.requested'],
  },
  {
    row: 'a return is called off while the rest is on its way',
    given: () => {
      const it = at.shipped();
      it.ship.delivered([[1, 2]]);
      it.ask({ type: 'request_return', order_id, lines: [{ line_no: 1, quantity: 1, reason: 'broken' }] });
      return it;
    },
    when: it => it.ask({ type: 'cancel_return', order_id, return_id: it.order().returns[0]?.return_id ?? '' }),
    to: 'in_fulfillment',
    events: ['return.cancelled'],
  },
  {
    row: 'lines were asked back, and all had left and arrived before the answer refused them: completed',
    given: () => {
      const it = at.allocated();
      it.ship.dispatched([[1, 2]]);
      it.pay.captured({ final: false });
      cancel_line(it, 2, 5);
      it.ship.dispatched([[2, 5]]);
      it.pay.captured();
      it.ship.delivered();
      return it;
    },
    when: it => it.ship.answered(1, [], [[2, 5]]),
    to: 'completed',
    events: ['order.cancellation_refused', 'order.completed'],
  },
  {
    row: 'captured twice over: given back, a person looks',
    given: () => {
      const it = at.shipped();
      it.pay.captured();
      return it;
    },
    when: it => it.pay.authorized({ amount: 5000 }),
    to: 'in_fulfillment',
    events: ['payment.release_requested'],
  },
]);

table('an order at its end', [
  {
    row: 'completed: units come back',
    given: () => {
      const it = at.completed();
      it.ask({ type: 'request_return', order_id, lines: [{ line_no: 2, quantity: 2, reason: 'too_bright' }] });
      return it;
    },
    when: it =>
      it.ask({
        type: 'receive_return',
        order_id,
        return_id: it.order().returns[0]?.return_id ?? '',
        lines: [{ line_no: 2, quantity: 2, condition: 'sellable' }],
      }),
    to: 'completed',
    events: ['return.received', 'payment.refund_requested'],
    after: (it, step) => {
      assert.deepEqual(
        [step.said('return.received').lines[0]?.location_id, step.said('return.received').return_status],
        ['loc_near', 'received'],
      );
      assert.deepEqual([step.said('payment.refund_requested').amount, step.said('payment.refund_requested').reason], [510, 'return']);
      assert.deepEqual(it.pay.refunded().types, ['order.updated']);
      assert.equal(it.order().axes.payment_status, 'partially_refunded');
    },
  },
  {
    row: 'completed: a return is cancelled by a person',
    given: () => {
      const it = at.completed();
      it.ask({ type: 'request_return', order_id, lines: [{ line_no: 2, quantity: 2, reason: 'too_bright' }] });
      return it;
    },
    when: it => it.ask({ type: 'cancel_return', order_id, return_id: it.order().returns[0]?.return_id ?? '' }),
    to: 'completed',
    events: ['return.cancelled'],
    after: it => assert.equal(it.memory.timers.size, 0),
  },
  {
    row: 'completed: a return of which nothing came lapses after 30 days',
    given: () => {
      const it = at.completed();
      it.ask({ type: 'request_return', order_id, lines: [{ line_no: 2, quantity: 2, reason: 'too_bright' }] });
      return it;
    },
    when: it => it.fire('return'),
    to: 'completed',
    events: ['return.cancelled'],
    after: it => assert.equal(Date.parse(it.at) - Date.parse('2026-03-01T10:00:00.000Z'), 30 * day_ms),
  },
  {
    row: 'expired: a late authorization is released',
    given: at.expired,
    when: it => it.pay.authorized({ late: true }),
    to: 'expired',
    events: ['payment.release_requested'],
  },
  {
    row: 'expired: a late charge is given back',
    given: at.expired,
    when: it => it.pay.charged({ late: true }),
    to: 'expired',
    events: ['payment.refund_requested'],
    after: (it, step) => {
      assert.equal(step.said('payment.refund_requested').reason, 'late_payment');
      assert.deepEqual(it.pay.refunded().types, ['order.updated']);
    },
  },
  {
    row: 'completed: money beyond the due is given back, a person looks',
    given: () => {
      const it = at.awaiting();
      it.pay.abandoned();
      pay(it);
      it.pay.authorized();
      it.stock.allocated();
      it.ship.dispatched();
      it.pay.captured();
      it.ship.delivered();
      return it;
    },
    when: it => it.pay.charged({ late: true, place: 0 }),
    to: 'completed',
    events: ['payment.refund_requested', 'exception.raised'],
    after: (it, step) => {
      assert.equal(step.said('payment.refund_requested').reason, 'overpaid');
      assert.deepEqual(it.pay.refunded().types, ['order.updated', 'exception.resolved']);
    },
  },
]);

table('whatever the state', [
  {
    row: 'the shopper must act',
    given: at.awaiting,
    when: it => it.pay.action_required(),
    to: 'awaiting_payment',
    events: ['order.updated'],
    after: it => assert.equal(it.payment().action?.type, 'redirect'),
  },
  { row: 'the money is on its way', given: at.awaiting, when: it => it.pay.pending(), to: 'awaiting_payment', events: ['order.updated'] },
  {
    row: 'nobody knows what became of a payment: no other tender',
    given: at.awaiting,
    when: it => it.pay.unknown(),
    to: 'awaiting_payment',
    events: ['order.updated'],
    after: it => {
      assert.equal(it.order().axes.payment_status, 'unknown');
      assert.equal(pay(it).rejection?.rejection, 'payment_in_progress');
      assert.deepEqual(it.fire().types, []);
      assert.deepEqual(it.pay.resolved().types, ['order.updated']);
    },
  },
  {
    row: 'a refund fails: a person looks, and it is not repeated by itself',
    given: () => {
      const it = at.expired();
      it.pay.charged({ late: true });
      return it;
    },
    when: it => it.pay.refund_failed(),
    to: 'expired',
    events: ['order.updated', 'exception.raised'],
    after: it => {
      const again = it.ask({
        type: 'refund_order',
        order_id,
        payment_id: it.payment().payment_id,
        amount: 3770,
        reason: 'late_payment',
        lines: [],
      });
      assert.deepEqual(again.types, ['payment.refund_requested', 'exception.resolved']);
    },
  },
  {
    row: 'a refund fails while the last capture is under way: it stays with a person until the money is back',
    given: () => {
      const it = at.allocated();
      it.ship.dispatched([[1, 2]]);
      it.pay.captured({ final: false });
      it.ship.dispatched([[2, 5]], 'shp_2');
      const { payment_id } = it.payment();
      it.ask({ type: 'refund_order', order_id, payment_id, amount: 100, reason: 'goodwill', lines: [] });
      return it;
    },
    when: it => it.pay.refund_failed(),
    to: 'in_fulfillment',
    events: ['order.updated', 'exception.raised'],
    after: it => {
      it.ship.delivered([[1, 2]]);
      it.pay.captured();
      assert.deepEqual(
        it.order().exceptions.map(open => open.reason),
        ['refund_failed'],
      );
    },
  },
  {
    row: 'a refund failed and was repeated by a person: what is cancelled later goes back in full',
    given: () => {
      const it = at.awaiting({ tender: { gateway: 'bank', method_kind: 'bank' } });
      it.pay.charged();
      it.stock.allocated([[1, 2]], [[2, 5]]);
      const { payment_id } = it.payment();
      const refund = { type: 'refund_order', order_id, payment_id, amount: 100, reason: 'goodwill', lines: [] } as const;
      it.ask(refund);
      it.pay.refund_failed();
      it.ask(refund);
      it.pay.refunded();
      return it;
    },
    when: it => cancel_line(it, 2, 1),
    to: 'confirmed',
    events: ['order.cancellation_requested', 'order.lines_cancelled', 'payment.refund_requested'],
    after: (_, step) => assert.equal(step.said('payment.refund_requested').amount, 255),
  },
  {
    row: 'a payment is disputed: a person looks',
    given: at.completed,
    when: it => it.pay.disputed(),
    to: 'completed',
    events: ['order.updated', 'exception.raised'],
    after: it => {
      const [open] = it.order().exceptions;
      assert.match(open?.detail ?? '', /^\d+ GBP minor units is disputed/);
      const noted = it.ask({ type: 'resolve_exception', order_id, exception_id: open?.exception_id ?? '', note: 'Evidence sent.' });
      assert.equal(noted.said('exception.resolved').note, 'Evidence sent.');
    },
  },
  {
    row: 'a dispute is won: nobody has to look any more, but at another one',
    given: () => {
      const it = at.completed();
      it.pay.disputed();
      return it;
    },
    when: it => {
      it.pay.disputed({ dispute_ref: 'dp_2', status: 'won' });
      assert.equal(it.order().exceptions.length, 1, 'that was another one');
      return it.pay.disputed({ status: 'won' });
    },
    to: 'completed',
    events: ['exception.resolved', 'order.updated'],
    after: it => {
      it.pay.disputed({ status: 'won' });
      assert.equal(it.order().exceptions.length, 0);
      it.pay.disputed({ status: 'lost' });
      assert.equal(it.order().exceptions.length, 1);
    },
  },
  {
    row: 'the gateway gives money back by itself: a credit',
    given: at.completed,
    when: it => it.pay.refunded({ refund_id: 're_foreign', amount: 200 }),
    to: 'completed',
    events: ['order.updated'],
    after: it => assert.deepEqual([it.order().credited_value, it.order().refunded, it.order().refunds[0]?.reason], [200, 200, 'goodwill']),
  },
  {
    row: 'an order that waits too long becomes an exception, once, and the timer is set again',
    given: at.placed,
    when: it => it.fire(),
    to: 'placed',
    events: ['exception.raised'],
    after: it => {
      assert.deepEqual(it.fire().types, []);
      assert.deepEqual(it.stock.reserved().types, ['payment.requested', 'exception.resolved']);
    },
  },
]);
