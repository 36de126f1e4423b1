/** The rows of domain.md 3.1 that begin with an order that is being cancelled. */
import assert from 'node:assert/strict';
import { at, cancel, table } from '../testing/beginnings.ts';

table('an order being cancelled', [
  {
    row: 'shipping gives everything back: out of the order, the money released',
    given: () => {
      const it = at.allocated();
      cancel(it);
      return it;
    },
    when: it =>
      it.ship.answered(1, [
        [1, 2],
        [2, 5],
      ]),
    to: 'cancelling',
    events: ['order.lines_cancelled', 'payment.release_requested'],
    after: it => {
      assert.deepEqual(
        it.stock.released([
          [1, 2],
          [2, 5],
        ]).types,
        ['order.updated'],
      );
      assert.deepEqual(it.pay.voided().types, ['order.cancelled']);
    },
  },
  {
    row: 'shipping gives everything back of a captured order: the money goes back',
    given: () => {
      const it = at.allocated({ capture_policy: 'on_confirm' });
      it.pay.captured();
      cancel(it);
      return it;
    },
    when: it =>
      it.ship.answered(1, [
        [1, 2],
        [2, 5],
      ]),
    to: 'cancelling',
    events: ['order.lines_cancelled', 'payment.refund_requested'],
    after: it => {
      it.stock.released();
      assert.deepEqual(it.pay.refunded().types, ['order.cancelled']);
    },
  },
  {
    row: 'everything has left: it goes on',
    given: () => {
      const it = at.allocated();
      cancel(it);
      it.ship.dispatched();
      return it;
    },
    when: it =>
      it.ship.answered(
        1,
        [],
        [
          [1, 2],
          [2, 5],
        ],
      ),
    to: 'in_fulfillment',
    events: ['order.cancellation_refused', 'payment.capture_requested'],
  },
  {
    row: 'some have left: the others are out, it goes on',
    given: () => {
      const it = at.allocated();
      cancel(it);
      it.ship.dispatched([[1, 2]]);
      return it;
    },
    when: it => it.ship.answered(1, [[2, 5]], [[1, 2]]),
    to: 'in_fulfillment',
    events: ['order.cancellation_refused', 'order.lines_cancelled', 'payment.capture_requested'],
    after: (_, step) => {
      const { amount, final } = step.said('payment.capture_requested');
      assert.deepEqual([amount, final], [2495, true]);
    },
  },
  {
    row: 'a payment that was in progress is authorized after all: released already, it is voided',
    given: () => {
      const it = at.awaiting();
      cancel(it);
      it.stock.released();
      return it;
    },
    when: it => it.pay.authorized(),
    to: 'cancelling',
    events: ['order.updated'],
    after: it => assert.deepEqual(it.pay.voided().types, ['order.cancelled']),
  },
  {
    row: 'a payment is captured after all: given back',
    given: () => {
      const it = at.awaiting({ tender: { gateway: 'bank', method_kind: 'bank' } });
      cancel(it);
      it.stock.released();
      return it;
    },
    when: it => it.pay.charged(),
    to: 'cancelling',
    events: ['payment.refund_requested'],
    after: it => assert.deepEqual(it.pay.refunded().types, ['order.cancelled']),
  },
]);
