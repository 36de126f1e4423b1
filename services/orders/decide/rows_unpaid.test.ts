/** The rows of domain.md 3.1 that begin with an unpaid order: from, trigger and guard, to, events. */
import assert from 'node:assert/strict';
import { at, cancel, pay, table, tender } from '../testing/beginnings.ts';
import { order_id, type Step, type Story, story } from '../testing/story.ts';

table('an unpaid order', [
  { row: 'is placed and its stock asked for', given: story, when: it => it.place(), to: 'placed', events: ['order.placed'] },
  {
    row: 'stock reserved: its payment is requested',
    given: at.placed,
    when: it => it.stock.reserved(),
    to: 'awaiting_payment',
    events: ['payment.requested'],
    after: (it, step) => {
      const asked = step.said('payment.requested');
      assert.equal(asked.amount, 3770);
      assert.equal(asked.intent, 'authorize');
      assert.equal(asked.reserve_until, new Date(Date.parse(asked.deadline) + 300_000).toISOString());
      assert.deepEqual(asked.personal?.method_token, 'tok_1');
      assert.equal(it.order().tender, null);
    },
  },
  {
    row: 'stock reserved, no tender yet: it waits for one',
    given: () => at.placed({ tender: null }),
    when: it => it.stock.reserved(),
    to: 'awaiting_payment',
    events: ['order.updated'],
  },
  {
    row: 'stock reserved, nothing to pay: confirmed',
    given: () => at.placed({ lines: [{ sku: 'FREE', quantity: 1 }], shipping: { amount: 0 } }),
    when: it => it.stock.reserved(),
    to: 'confirmed',
    events: ['order.confirmed'],
    after: it => assert.equal(it.order().payments.length, 0),
  },
  { row: 'no stock: rejected', given: at.placed, when: it => it.stock.failed(), to: 'rejected', events: ['order.rejected'] },
  {
    row: 'no stock any more while it is being paid: rejected, the payment released',
    given: () => {
      const it = at.awaiting();
      it.stock.expired();
      return it;
    },
    when: it => it.stock.failed(),
    to: 'rejected',
    events: ['order.rejected', 'payment.release_requested'],
  },
  {
    row: 'no stock any more and the money taken: rejected, given back',
    given: () => {
      const it = at.awaiting({ tender: { gateway: 'bank', method_kind: 'bank' } });
      it.stock.expired();
      it.pay.charged();
      return it;
    },
    when: it => it.stock.failed(),
    to: 'rejected',
    events: ['order.rejected', 'payment.refund_requested'],
    after: (_, step) => assert.equal(step.said('payment.refund_requested').amount, 3770),
  },
  {
    row: 'paid anew with stock held: requested',
    given: () => {
      const it = at.awaiting();
      it.pay.declined();
      return it;
    },
    when: it => pay(it),
    to: 'awaiting_payment',
    events: ['payment.requested'],
    after: it => assert.equal(it.order().attempts, 2),
  },
  {
    row: 'paid anew with the stock lapsed: reserved again, the tender kept',
    given: () => {
      const it = at.awaiting();
      it.pay.declined();
      it.stock.expired();
      return it;
    },
    when: it => pay(it),
    to: 'awaiting_payment',
    events: ['stock.reservation_requested'],
    after: it => assert.deepEqual([it.order().reservation_state, it.order().tender?.gateway], ['asked', 'manual']),
  },
  {
    row: 'paid before its stock is known: the tender waits',
    given: () => at.placed({ tender: null }),
    when: it => pay(it),
    to: 'placed',
    events: ['order.updated'],
  },
  {
    row: 'stock reserved again, tender kept: requested',
    given: () => {
      const it = at.awaiting();
      it.pay.declined();
      it.stock.expired();
      pay(it);
      return it;
    },
    when: it => it.stock.reserved(undefined, 2),
    to: 'awaiting_payment',
    events: ['payment.requested'],
  },
  {
    row: 'stock reserved again, covered: confirmed',
    given: () => {
      const it = at.awaiting();
      it.stock.expired();
      it.pay.authorized();
      return it;
    },
    when: it => it.stock.reserved(undefined, 2),
    to: 'confirmed',
    events: ['order.confirmed'],
  },
  { row: 'its reservation expires', given: at.awaiting, when: it => it.stock.expired(), to: 'awaiting_payment', events: ['order.updated'] },
  {
    row: 'authorized with stock held: confirmed',
    given: at.awaiting,
    when: it => it.pay.authorized(),
    to: 'confirmed',
    events: ['order.confirmed'],
  },
  {
    row: 'charged with stock held: confirmed',
    given: () => at.awaiting({ tender: { gateway: 'bank', method_kind: 'bank' } }),
    when: it => it.pay.charged(),
    to: 'confirmed',
    events: ['order.confirmed'],
  },
  {
    row: 'authorized, captured on confirmation: asked for at once',
    given: () => at.awaiting({ capture_policy: 'on_confirm' }),
    when: it => it.pay.authorized(),
    to: 'confirmed',
    events: ['order.confirmed', 'payment.capture_requested'],
    after: (_, step) => assert.equal(step.said('payment.capture_requested').amount, 3770),
  },
  {
    row: 'authorized with the stock lapsed: reserved again',
    given: () => {
      const it = at.awaiting();
      it.stock.expired();
      return it;
    },
    when: it => it.pay.authorized(),
    to: 'awaiting_payment',
    events: ['stock.reservation_requested'],
  },
  {
    row: 'authorized below the due: waits for the rest',
    given: () => at.awaiting({ tender: { ...tender, amount: 1000 } }),
    when: it => it.pay.authorized(),
    to: 'awaiting_payment',
    events: ['order.updated'],
    after: it => {
      assert.equal(pay(it).said('payment.requested').amount, 2770);
      assert.deepEqual(it.pay.authorized().types, ['order.confirmed']);
    },
  },
  ...(['declined', 'failed', 'abandoned'] as const).map(kind => ({
    row: `payment ${kind}: another may be tried`,
    given: () => at.awaiting(),
    when: (it: Story) => it.pay[kind](),
    to: 'awaiting_payment',
    events: ['payment.retry_opened'],
    after: (_: Story, step: Step) =>
      assert.deepEqual([step.said('payment.retry_opened').attempts_left, step.said('payment.retry_opened').reason], [4, kind]),
  })),
  {
    row: 'declined with no attempt left: expired',
    given: () => {
      const it = at.awaiting();
      for (let attempt = 1; attempt < 5; attempt++) {
        it.pay.declined();
        pay(it);
      }
      return it;
    },
    when: it => it.pay.declined(),
    to: 'expired',
    events: ['order.expired'],
  },
  {
    row: 'declined after its time: expired',
    given: () => {
      const it = at.awaiting();
      it.wait(31 * 60_000);
      return it;
    },
    when: it => it.pay.declined(),
    to: 'expired',
    events: ['order.expired'],
  },
  {
    row: 'its time is over, nothing in progress: expired, what is held released',
    given: () => {
      const it = at.awaiting({ tender: { ...tender, amount: 1000 } });
      it.pay.authorized();
      return it;
    },
    when: it => it.fire(),
    to: 'expired',
    events: ['order.expired', 'payment.release_requested'],
  },
  {
    row: 'its time is over, a payment in progress: looked at again later',
    given: at.awaiting,
    when: it => it.fire(),
    to: 'awaiting_payment',
    events: [],
    after: it => assert.ok((it.memory.timers.get(`order ${order_id}`)?.due_at ?? '') > it.at),
  },
  {
    row: 'cancelled before its stock is known',
    given: at.placed,
    when: cancel,
    to: 'cancelling',
    events: ['order.cancellation_requested', 'order.lines_cancelled'],
    after: it => {
      assert.deepEqual(it.stock.reserved().types, []);
      assert.deepEqual(it.stock.released().types, ['order.cancelled']);
    },
  },
  {
    row: 'cancelled while it is being paid: the payment released',
    given: at.awaiting,
    when: cancel,
    to: 'cancelling',
    events: ['order.cancellation_requested', 'order.lines_cancelled', 'payment.release_requested'],
    after: (it, step) => {
      assert.equal(step.said('order.lines_cancelled').shipping_total, 495);
      assert.deepEqual(it.stock.released().types, ['order.updated']);
      assert.deepEqual(it.pay.declined().types, ['order.cancelled']);
    },
  },
]);
