/** The rows of domain.md 3.1 that begin with a confirmed order. */
import assert from 'node:assert/strict';
import { at, cancel, cancel_line, hold, pay, table } from '../testing/beginnings.ts';
import { far, near, order_id } from '../testing/story.ts';

table('a confirmed order', [
  {
    row: 'stock allocated: shipping is asked',
    given: at.confirmed,
    when: it => it.stock.allocated(),
    to: 'confirmed',
    events: ['fulfillment.requested'],
    after: (_, step) => {
      const asked = step.said('fulfillment.requested');
      assert.deepEqual(
        asked.lines.map(line => [line.line_no, line.quantity, line.sku, line.unit_price]),
        [
          [1, 2, 'LAMP', 1000],
          [2, 5, 'BULB', 255],
        ],
      );
      assert.equal(asked.personal?.ship_to?.country, 'GB');
    },
  },
  {
    row: 'stock allocated in part, shipped whole: waits',
    given: () => at.confirmed({ ship_policy: 'complete' }),
    when: it => it.stock.allocated([[1, 2]]),
    to: 'confirmed',
    events: ['order.updated'],
    after: it => {
      assert.deepEqual(it.stock.queued([[2, 5]]).types, ['order.promise_changed']);
      assert.equal(it.order().axes.fulfillment_status, 'backordered');
      assert.deepEqual(it.stock.filled([[2, 3]]).types, ['order.updated']);
      assert.equal(it.stock.filled([[2, 2]]).said('fulfillment.requested').lines.length, 2);
    },
  },
  {
    row: 'stock allocated in part, backordered units cancelled: complete',
    given: () => {
      const it = at.confirmed({ ship_policy: 'complete' });
      it.stock.allocated([[1, 2]]);
      it.stock.queued([[2, 5]]);
      return it;
    },
    when: it => cancel_line(it, 2, 5),
    to: 'confirmed',
    events: ['order.cancellation_requested', 'order.lines_cancelled', 'fulfillment.requested'],
  },
  {
    row: 'stock allocated on hold: waits',
    given: () => {
      const it = at.confirmed();
      hold(it);
      return it;
    },
    when: it => it.stock.allocated(),
    to: 'confirmed',
    events: ['order.updated'],
    after: it => {
      const [open] = it.order().holds;
      assert.deepEqual(it.ask({ type: 'release_hold', order_id, hold_id: open?.hold_id ?? '' }).types, [
        'order.hold_released',
        'fulfillment.requested',
      ]);
    },
  },
  {
    row: 'stock allocated, the money lapsed: waits for new money',
    given: () => {
      const it = at.confirmed();
      it.pay.lapsed();
      return it;
    },
    when: it => it.stock.allocated(),
    to: 'confirmed',
    events: ['order.updated'],
    after: it => {
      assert.deepEqual(pay(it).types, ['payment.requested']);
      assert.deepEqual(it.pay.authorized().types, ['fulfillment.requested', 'exception.resolved']);
    },
  },
  {
    row: 'backorder filled: shipping is asked for it',
    given: () => {
      const it = at.confirmed();
      it.stock.allocated([[1, 2]]);
      it.stock.queued([[2, 5, far]]);
      return it;
    },
    when: it => it.stock.filled([[2, 3, far]]),
    to: 'confirmed',
    events: ['fulfillment.requested'],
    after: (it, step) => {
      assert.deepEqual(step.said('fulfillment.requested').fulfillment_no, 2);
      assert.deepEqual([it.order().lines[1]?.allocated, it.order().lines[1]?.backordered], [3, 2]);
    },
  },
  {
    row: 'a line waits for stock: its promise is gone',
    given: () => {
      const it = at.confirmed();
      it.stock.allocated([[1, 2]]);
      return it;
    },
    when: it => it.stock.queued([[2, 5]]),
    to: 'confirmed',
    events: ['order.promise_changed'],
  },
  {
    row: 'more units of a line wait: noted',
    given: () => {
      const it = at.confirmed();
      it.stock.allocated([[1, 2]]);
      it.stock.queued([[2, 2]]);
      return it;
    },
    when: it => it.stock.queued([[2, 3]]),
    to: 'confirmed',
    events: ['order.updated'],
  },
  {
    row: 'short pick, found elsewhere: shipping is asked there',
    given: at.allocated,
    when: it => it.stock.short([[2, 2]], { resourced: [{ location_id: far, quantity: 2 }] }),
    to: 'confirmed',
    events: ['fulfillment.requested'],
    after: (_, step) => assert.deepEqual(step.said('fulfillment.requested').lines[0]?.location_id, far),
  },
  {
    row: 'short pick, to be waited for: noted',
    given: at.allocated,
    when: it => it.stock.short([[2, 2]], { quantity_backordered: 2 }),
    to: 'confirmed',
    events: ['order.updated'],
    after: it => {
      it.stock.queued([[2, 2]]);
      assert.deepEqual([it.order().lines[1]?.allocated, it.order().lines[1]?.backordered], [3, 2]);
    },
  },
  {
    row: 'a line cancelled before the backorder of its short pick is told: let go where it waits, not where shipping has others',
    given: () => {
      const it = at.confirmed();
      it.stock.allocated([
        [1, 2],
        [2, 4],
        [2, 1, far],
      ]);
      it.stock.short([[2, 1, far]], { quantity_backordered: 1 });
      return it;
    },
    when: it => cancel_line(it, 2, 1),
    to: 'confirmed',
    events: ['order.cancellation_requested', 'order.lines_cancelled'],
    after: (it, step) => {
      const [{ location_id, quantity, quantity_backordered } = {}] = step.said('order.lines_cancelled').lines;
      assert.deepEqual([location_id, quantity, quantity_backordered], [far, 1, 1]);
      assert.deepEqual(it.stock.queued([[2, 1, far]]).types, []);
      it.stock.filled([[2, 1, far]]);
      it.stock.released([[2, 1, far]]);
      assert.deepEqual(
        it.order().lines[1]?.allocations.map(kept => [kept.location_id, kept.quantity, kept.in_fulfillment, kept.backordered]),
        [
          [near, 4, 4, 0],
          [far, 0, 0, 0],
        ],
      );
    },
  },
  {
    row: 'a line cancelled between allocation and its backorder: the same',
    given: () => {
      const it = at.confirmed();
      it.stock.allocated(
        [
          [1, 2],
          [2, 4],
        ],
        [[2, 1, far]],
      );
      return it;
    },
    when: it => cancel_line(it, 2, 1),
    to: 'confirmed',
    events: ['order.cancellation_requested', 'order.lines_cancelled'],
    after: (_, step) => {
      const [{ location_id, quantity_backordered } = {}] = step.said('order.lines_cancelled').lines;
      assert.deepEqual([location_id, quantity_backordered], [far, 1]);
    },
  },
  {
    row: 'short pick, nowhere to be had: out of the order',
    given: at.allocated,
    when: it => it.stock.short([[2, 2]], { quantity_short: 2 }),
    to: 'confirmed',
    events: ['order.lines_cancelled'],
    after: (it, step) => {
      assert.equal(step.said('order.lines_cancelled').release_stock, false);
      assert.equal(it.order().cancelled_value, 510);
    },
  },
  {
    row: 'short pick of charged units: money back',
    given: () => {
      const it = at.awaiting({ tender: { gateway: 'bank', method_kind: 'bank' } });
      it.pay.charged();
      it.stock.allocated();
      return it;
    },
    when: it => it.stock.short([[2, 2]], { quantity_short: 2 }),
    to: 'confirmed',
    events: ['order.lines_cancelled', 'payment.refund_requested'],
    after: (_, step) => {
      const { reason, amount, lines } = step.said('payment.refund_requested');
      assert.deepEqual([reason, amount, lines], ['shortfall', 510, [{ line_no: 2, quantity: 2, amount: 510, tax: 0 }]]);
    },
  },
  {
    row: 'dispatched: captured',
    given: at.allocated,
    when: it => it.ship.dispatched(),
    to: 'in_fulfillment',
    events: ['payment.capture_requested'],
    after: (_, step) => {
      const { amount, final, shipment_id } = step.said('payment.capture_requested');
      assert.deepEqual([amount, final, shipment_id], [3770, true, 'shp_1']);
    },
  },
  {
    row: 'dispatched on hold: noted, captured when the hold is released',
    given: () => {
      const it = at.allocated();
      hold(it);
      return it;
    },
    when: it => it.ship.dispatched(),
    to: 'in_fulfillment',
    events: ['order.updated'],
    after: it => {
      const [open] = it.order().holds;
      assert.deepEqual(it.ask({ type: 'release_hold', order_id, hold_id: open?.hold_id ?? '' }).types, [
        'order.hold_released',
        'payment.capture_requested',
      ]);
    },
  },
  {
    row: 'dispatched, captured by hand: noted',
    given: () => at.allocated({ capture_policy: 'manual' }),
    when: it => it.ship.dispatched(),
    to: 'in_fulfillment',
    events: ['order.updated'],
    after: it => {
      const { payment_id } = it.payment();
      assert.deepEqual(it.ask({ type: 'capture_order', order_id, payment_id, amount: null, final: true }).types, [
        'payment.capture_requested',
      ]);
    },
  },
  {
    row: 'authorization expired: new money is asked for, a person looks',
    given: at.allocated,
    when: it => it.pay.lapsed(),
    to: 'confirmed',
    events: ['payment.retry_opened', 'exception.raised'],
  },
  {
    row: 'capture failed: new money is asked for, a person looks, it is not tried again by itself',
    given: at.shipped,
    when: it => it.pay.capture_failed(),
    to: 'in_fulfillment',
    events: ['payment.retry_opened', 'exception.raised'],
    after: it => {
      assert.equal(pay(it).said('payment.requested').amount, 3770);
      assert.deepEqual(it.pay.authorized().types, ['payment.capture_requested', 'payment.release_requested', 'exception.resolved']);
    },
  },
  {
    row: 'paid anew after its authorization expired: requested',
    given: () => {
      const it = at.allocated();
      it.pay.lapsed();
      return it;
    },
    when: it => pay(it),
    to: 'confirmed',
    events: ['payment.requested'],
    after: it => assert.deepEqual(it.pay.declined().types, ['payment.retry_opened', 'exception.raised']),
  },
  {
    row: 'a line cancelled that shipping has not: out at once',
    given: at.confirmed,
    when: it => cancel_line(it, 2, 3),
    to: 'confirmed',
    events: ['order.cancellation_requested', 'order.lines_cancelled'],
    after: (it, step) => {
      assert.equal(step.said('order.lines_cancelled').release_stock, true);
      assert.deepEqual(step.said('order.cancellation_requested').lines, []);
      // Inventory had allocated all five before it heard: two of them come back.
      assert.deepEqual(
        it.stock
          .allocated([
            [1, 2],
            [2, 5],
          ])
          .said('fulfillment.requested')
          .lines.map(line => line.line_no),
        [1],
      );
      assert.deepEqual(
        it.stock
          .released([[2, 3]])
          .said('fulfillment.requested')
          .lines.map(line => [line.line_no, line.quantity]),
        [[2, 2]],
      );
    },
  },
  {
    row: 'a line cancelled that is with shipping: asked back',
    given: at.allocated,
    when: it => cancel_line(it, 2, 3),
    to: 'confirmed',
    events: ['order.cancellation_requested'],
    after: (it, step) => {
      assert.deepEqual(step.said('order.cancellation_requested').lines, [{ line_no: 2, location_id: 'loc_near', quantity: 3 }]);
      assert.equal(cancel_line(it, 2, 3).rejection?.rejection, 'not_cancellable');
      assert.deepEqual(it.ship.answered(1, [[2, 3]]).types, ['order.lines_cancelled']);
      assert.deepEqual([it.order().lines[1]?.allocated, it.order().cancelled_value], [2, 765]);
    },
  },
  {
    row: 'cancelled with everything at shipping: asked back',
    given: at.allocated,
    when: cancel,
    to: 'cancelling',
    events: ['order.cancellation_requested'],
  },
  {
    row: 'cancelled before allocation: out at once, the money released',
    given: at.confirmed,
    when: cancel,
    to: 'cancelling',
    events: ['order.cancellation_requested', 'order.lines_cancelled', 'payment.release_requested'],
    after: it => {
      assert.deepEqual(it.pay.voided().types, ['order.updated']);
      assert.deepEqual(it.stock.allocated().types, ['order.updated']);
      assert.deepEqual(
        it.stock.released([
          [1, 2],
          [2, 5],
        ]).types,
        ['order.cancelled'],
      );
    },
  },
  {
    row: 'every line cancelled, one by one: cancelling, too',
    given: () => {
      const it = at.confirmed();
      cancel_line(it, 1, 2);
      return it;
    },
    when: it => cancel_line(it, 2, 5),
    to: 'cancelling',
    events: ['order.cancellation_requested', 'order.lines_cancelled', 'payment.release_requested'],
    after: (_, step) => assert.equal(step.said('order.lines_cancelled').shipping_total, 495),
  },
  { row: 'held', given: at.confirmed, when: hold, to: 'confirmed', events: ['order.held'] },
  {
    row: 'a backorder is dated',
    given: () => {
      const it = at.confirmed();
      it.stock.allocated([[1, 2]]);
      it.stock.queued([[2, 5]]);
      return it;
    },
    when: it =>
      it.hear('backorder.pegged', {
        pegs: [{ line_no: 2, sku: 'BULB', location_id: far, quantity: 5, po_id: 'po_1', expected_at: '2026-03-10T00:00:00.000Z' }],
      }),
    to: 'confirmed',
    events: ['order.promise_changed'],
    after: it => assert.equal(it.order().lines[1]?.promise_at, '2026-03-14T00:00:00.000Z'),
  },
]);
