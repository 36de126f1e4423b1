/** The stories of domain.md 1, as orders lives through them: what it hears, step by step, and what it says. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { money_entries } from './decide/ledger.ts';
import { cancel, cancel_line, pay } from './testing/beginnings.ts';
import { order_id, type Step, type Story, story } from './testing/story.ts';

type Telling = readonly [step: (it: Story) => Step, ...says: string[]];

function tell(name: string, steps: readonly Telling[], end?: (it: Story) => void): void {
  test(name, () => {
    const it = story();
    for (const [place, [step, ...says]] of steps.entries()) {
      const told = step(it);
      assert.equal(told.rejection, undefined);
      assert.deepEqual(told.types, says, `step ${place + 1}`);
    }
    end?.(it);
  });
}

const to_awaiting: readonly Telling[] = [
  [it => it.place(), 'order.placed'],
  [it => it.stock.reserved(), 'payment.requested'],
];
const to_confirmed: readonly Telling[] = [...to_awaiting, [it => it.pay.authorized(), 'order.confirmed']];
const to_asked: readonly Telling[] = [...to_confirmed, [it => it.stock.allocated(), 'fulfillment.requested']];

describe('stories', () => {
  tell(
    'from Pay to parcel: seven events, even books',
    [
      ...to_asked,
      [it => it.ship.dispatched(), 'payment.capture_requested'],
      [it => it.pay.captured(), 'order.updated'],
      [it => it.ship.delivered(), 'order.completed'],
    ],
    it => {
      assert.equal(it.memory.log.length, 7);
      // The log of orders holds its events.
      const entries = money_entries(it.memory.log as never);
      const sum = (account: string) => entries.filter(entry => entry.account === account).reduce((total, { amount }) => total + amount, 0);
      assert.deepEqual([sum('clearing(manual)'), sum('customer'), sum('sales'), sum('shipping')], [3770, 0, -3275, -495]);
      assert.deepEqual([...it.memory.timers.keys()], []);
    },
  );

  tell('U1: out of stock', [
    [it => it.place(), 'order.placed'],
    [it => it.stock.failed(), 'order.rejected'],
  ]);

  tell(
    'U2: a partial backorder is filled by a purchase order',
    [
      ...to_confirmed,
      [
        it =>
          it.stock.allocated([
            [1, 2],
            [2, 3],
          ]),
        'fulfillment.requested',
      ],
      [it => it.stock.queued([[2, 2]]), 'order.promise_changed'],
      [
        it =>
          it.hear('backorder.pegged', {
            pegs: [{ line_no: 2, sku: 'BULB', location_id: 'loc_near', quantity: 2, expected_at: '2026-03-12T12:00:00.000Z' }],
          }),
        'order.promise_changed',
      ],
      [it => it.ship.dispatched(), 'payment.capture_requested'],
      [it => it.pay.captured({ final: false }), 'order.updated'],
      [it => it.stock.filled([[2, 2]]), 'fulfillment.requested'],
      [it => it.ship.dispatched([[2, 2]], 'shp_2'), 'payment.capture_requested'],
      [it => it.pay.captured(), 'order.updated'],
      [
        it =>
          it.ship.delivered([
            [1, 2],
            [2, 3],
          ]),
        'order.updated',
      ],
      [it => it.ship.delivered([[2, 2]], 'shp_2'), 'order.completed'],
    ],
    it => {
      const captures = it.memory.log
        .filter(event => event.type === 'payment.capture_requested')
        .map(event => event.data as { amount: number; final: boolean; capture_no: number });
      assert.deepEqual(
        captures.map(({ amount, final, capture_no }) => [capture_no, amount, final]),
        [
          [1, 2000 + 765 + 495, false],
          [2, 510, true],
        ],
      );
      assert.deepEqual(
        [it.order().lines[1]?.first_promise_at, it.order().lines[1]?.promise_at],
        ['2026-03-05T10:00:00.000Z', '2026-03-16T12:00:00.000Z'],
      );
    },
  );

  tell('U2: the authorization is gone when the backorder is filled', [
    ...to_confirmed,
    [it => it.stock.allocated([[1, 2]]), 'fulfillment.requested'],
    [it => it.stock.queued([[2, 5]]), 'order.promise_changed'],
    [it => it.ship.dispatched(), 'payment.capture_requested'],
    [it => it.pay.captured({ final: false }), 'order.updated'],
    [it => it.pay.lapsed(), 'payment.retry_opened', 'exception.raised'],
    [it => it.stock.filled([[2, 5]]), 'order.updated'],
    [it => pay(it), 'payment.requested'],
    [it => it.pay.authorized(), 'fulfillment.requested', 'exception.resolved'],
  ]);

  tell(
    'U3: declined, another card',
    [
      ...to_awaiting,
      [it => it.pay.declined(), 'payment.retry_opened'],
      [it => pay(it), 'payment.requested'],
      [it => it.pay.authorized(), 'order.confirmed'],
    ],
    it => assert.notEqual(it.order().payments[0]?.payment_id, it.order().payments[1]?.payment_id),
  );

  tell('U4: 3-D Secure abandoned', [
    ...to_awaiting,
    [it => it.pay.action_required(), 'order.updated'],
    [it => it.pay.abandoned(), 'payment.retry_opened'],
    [it => it.fire(), 'order.expired'],
    [it => it.stock.released()],
  ]);

  tell('U5: authorize times out after success', [
    ...to_awaiting,
    [it => it.pay.unknown(), 'order.updated'],
    [it => it.fire()],
    [it => it.pay.resolved(), 'order.updated'],
    [it => it.pay.authorized(), 'order.confirmed'],
  ]);

  tell('U6: cancelled before dispatch', [
    ...to_asked,
    [cancel, 'order.cancellation_requested'],
    [
      it =>
        it.ship.answered(1, [
          [1, 2],
          [2, 5],
        ]),
      'order.lines_cancelled',
      'payment.release_requested',
    ],
    [
      it =>
        it.stock.released([
          [1, 2],
          [2, 5],
        ]),
      'order.updated',
    ],
    [it => it.pay.voided(), 'order.cancelled'],
  ]);

  tell('U6: cancelled after dispatch', [
    ...to_asked,
    [cancel, 'order.cancellation_requested'],
    [it => it.ship.dispatched([[1, 2]]), 'order.updated'],
    [it => it.ship.answered(1, [[2, 5]], [[1, 2]]), 'order.cancellation_refused', 'order.lines_cancelled', 'payment.capture_requested'],
    [it => it.stock.released([[2, 5]]), 'order.updated'],
    [it => it.pay.captured(), 'order.updated'],
    [it => it.ship.delivered([[1, 2]]), 'order.completed'],
  ]);

  tell('U7: the reservation expires while paying, and is made again', [
    ...to_awaiting,
    [it => it.stock.expired(), 'order.updated'],
    [it => it.stock.reserved(undefined, 2), 'order.updated'],
    [it => it.pay.authorized(), 'order.confirmed'],
  ]);

  tell('U7: the reservation expires while paying, and cannot be made again', [
    ...to_awaiting,
    [it => it.stock.expired(), 'order.updated'],
    [it => it.stock.failed(), 'order.rejected', 'payment.release_requested'],
    [it => it.pay.authorized(), 'order.updated'],
    [it => it.pay.voided(), 'order.updated'],
  ]);

  tell(
    'U8: a bank transfer is pending at its deadline, and comes late',
    [
      [it => it.place({ tender: { gateway: 'bank', method_kind: 'bank' } }), 'order.placed'],
      [it => it.stock.reserved(), 'payment.requested'],
      [it => it.pay.pending(), 'order.updated'],
      [it => it.fire()],
      [it => it.pay.abandoned(), 'order.expired'],
      [it => it.pay.charged({ late: true }), 'payment.refund_requested'],
      [it => it.pay.refunded(), 'order.updated'],
    ],
    it => {
      const asked = it.memory.log.find(event => event.type === 'payment.requested')?.data as { deadline: string; intent: string };
      assert.deepEqual([asked.deadline, asked.intent], ['2026-03-04T10:00:00.000Z', 'charge']);
      assert.equal(it.order().refunds[0]?.reason, 'late_payment');
    },
  );

  tell('U10: capture per shipment, the rest of the order cancelled', [
    ...to_asked,
    [it => it.ship.dispatched([[1, 2]]), 'payment.capture_requested'],
    [it => cancel_line(it, 2, 5), 'order.cancellation_requested'],
    [it => it.ship.answered(1, [[2, 5]]), 'order.lines_cancelled', 'payment.release_requested'],
    [it => it.pay.captured({ final: false }), 'order.updated'],
    [it => it.pay.voided(), 'order.updated'],
    [it => it.stock.released([[2, 5]]), 'order.updated'],
    [it => it.ship.delivered([[1, 2]]), 'order.completed'],
  ]);

  tell(
    'U12: a return, received in two parts',
    [
      ...to_asked,
      [it => it.ship.dispatched(), 'payment.capture_requested'],
      [it => it.pay.captured(), 'order.updated'],
      [it => it.ship.delivered(), 'order.completed'],
      [it => it.ask({ type: 'request_return', order_id, lines: [{ line_no: 2, quantity: 3, reason: 'too_bright' }] }), 'return.requested'],
      [it => receive(it, 1, 'sellable'), 'return.received', 'payment.refund_requested'],
      [it => it.pay.refunded(), 'order.updated'],
      [it => receive(it, 2, 'damaged'), 'return.received', 'payment.refund_requested'],
      [it => it.pay.refunded(), 'order.updated'],
    ],
    it => {
      assert.deepEqual([it.order().returns[0]?.status, it.order().lines[1]?.returned, it.order().lines[1]?.credited], ['received', 3, 3]);
      assert.deepEqual([it.order().refunded, it.order().credited_value], [765, 765]);
      assert.equal(it.order().axes.status, 'completed');
    },
  );
});

function receive(it: Story, quantity: number, condition: 'sellable' | 'damaged'): Step {
  return it.ask({
    type: 'receive_return',
    order_id,
    return_id: it.order().returns[0]?.return_id ?? '',
    lines: [{ line_no: 2, quantity, condition }],
  });
}

describe('what is neither stocked nor shipped', () => {
  const wrap = { sku: 'WRAP', quantity: 2 };
  tell(
    'counts as delivered with the first dispatch',
    [
      [it => it.place({ lines: [{ sku: 'LAMP', quantity: 1 }, { sku: 'BULB', quantity: 1 }, wrap] }), 'order.placed'],
      [it => it.stock.reserved(), 'payment.requested'],
      [it => it.pay.authorized(), 'order.confirmed'],
      [it => it.stock.allocated(), 'fulfillment.requested'],
      [it => it.ship.dispatched([[1, 1]]), 'payment.capture_requested'],
    ],
    it => {
      assert.deepEqual([it.order().lines[2]?.shipped, it.order().lines[2]?.delivered], [2, 2]);
      assert.equal(it.order().capture_pending, 1000 + 600 + 495);
    },
  );
  tell(
    'is fulfilled on confirmation where no line is stocked',
    [
      [it => it.place({ lines: [wrap], place: null, shipping: null }), 'order.placed'],
      [it => it.stock.reserved([]), 'payment.requested'],
      [it => it.pay.authorized(), 'order.confirmed', 'payment.capture_requested'],
      [it => it.stock.allocated([]), 'order.updated'],
      [it => it.pay.captured(), 'order.completed'],
    ],
    it => assert.equal(it.order().captured, 600),
  );
  tell(
    'is fulfilled when every stocked unit was cancelled',
    [
      [it => it.place({ lines: [{ sku: 'LAMP', quantity: 1 }, wrap] }), 'order.placed'],
      [it => it.stock.reserved(), 'payment.requested'],
      [it => it.pay.authorized(), 'order.confirmed'],
      [it => cancel_line(it, 1, 1), 'order.cancellation_requested', 'order.lines_cancelled', 'payment.capture_requested'],
    ],
    it => assert.equal(it.order().axes.status, 'in_fulfillment'),
  );
});

describe('several tenders', () => {
  tell(
    'are captured in their order, and what is not needed is given back',
    [
      [it => it.place({ tender: { gateway: 'stripe', method_kind: 'card', amount: 3000 } }), 'order.placed'],
      [it => it.stock.reserved(), 'payment.requested'],
      [it => it.pay.authorized(), 'order.updated'],
      [it => pay(it), 'payment.requested'],
      [it => it.pay.authorized(), 'order.confirmed'],
      [it => it.stock.allocated(), 'fulfillment.requested'],
      // 3 bulbs less: 3005 due, the first tender and 5 of the second.
      [it => cancel_line(it, 2, 3), 'order.cancellation_requested'],
      [it => it.ship.answered(1, [[2, 3]]), 'order.lines_cancelled'],
      [
        it =>
          it.ship.dispatched([
            [1, 2],
            [2, 2],
          ]),
        'payment.capture_requested',
        'payment.capture_requested',
      ],
    ],
    it => {
      const [first, second] = it.order().payments;
      assert.deepEqual([first?.capture_pending, second?.capture_pending], [3000, 5]);
      assert.deepEqual([first?.final_requested, second?.final_requested], [true, true]);
    },
  );
  tell('beyond the due are released when they come late', [
    ...to_awaiting,
    [it => it.pay.abandoned(), 'payment.retry_opened'],
    [it => pay(it), 'payment.requested'],
    [it => it.pay.authorized(), 'order.confirmed'],
    [it => it.pay.authorized({ late: true, place: 0 }), 'payment.release_requested'],
    [it => it.pay.voided(0), 'order.updated'],
  ]);
});

test('whatever is heard twice is told once', () => {
  const it = story();
  it.place();
  const steps: readonly ((it: Story) => Step)[] = [
    told => told.stock.reserved(),
    told => told.pay.declined(),
    told => pay(told),
    told => told.pay.authorized(),
    told =>
      told.stock.allocated([
        [1, 2],
        [2, 3],
      ]),
    told => told.stock.queued([[2, 2]]),
    told => told.ship.dispatched(),
    told => told.pay.captured({ final: false }),
    told => told.stock.filled([[2, 2]]),
    told => told.ship.dispatched([[2, 2]], 'shp_2'),
    told => told.pay.captured(),
    told =>
      told.ship.delivered([
        [1, 2],
        [2, 3],
      ]),
    told => told.ship.delivered([[2, 2]], 'shp_2'),
  ];
  for (const step of steps) {
    step(it);
    assert.deepEqual(it.again().types, []);
  }
  assert.equal(it.order().axes.status, 'completed');
});
