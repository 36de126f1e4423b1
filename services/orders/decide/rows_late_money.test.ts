/** The rows of domain.md 3.1 about money that is refused, or comes when nobody waits for it any more. */
import assert from 'node:assert/strict';
import { at, cancel, pay, type Row, table } from '../testing/beginnings.ts';
import type { Story } from '../testing/story.ts';

const refusals = ['declined', 'failed', 'abandoned'] as const;
const attempts_max = 5;

/** Refused so often that one attempt is left, and that one is under way. */
function last_attempt(): Story {
  const it = at.awaiting();
  for (let attempt = 1; attempt < attempts_max; attempt++) {
    it.pay.declined();
    pay(it);
  }
  return it;
}
/** Its authorization is gone, and new money was asked for. */
function paid_anew(it: Story): Story {
  it.pay.lapsed();
  pay(it);
  return it;
}
function cancelled(): Story {
  const it = at.awaiting();
  cancel(it);
  it.stock.released();
  it.pay.declined();
  return it;
}
function rejected(): Story {
  const it = at.awaiting({ tender: { gateway: 'bank', method_kind: 'bank' } });
  it.stock.expired();
  it.stock.failed();
  return it;
}

table(
  'refused',
  refusals.flatMap((kind): Row[] => [
    {
      row: `${kind} with no attempt left: expired`,
      given: last_attempt,
      when: it => it.pay[kind](),
      to: 'expired',
      events: ['order.expired'],
    },
    {
      row: `${kind} when a confirmed order asked for new money: a person looks`,
      given: () => paid_anew(at.allocated()),
      when: it => it.pay[kind](),
      to: 'confirmed',
      events: ['payment.retry_opened', 'exception.raised'],
    },
    {
      row: `${kind} when it has left already: a person looks`,
      given: () => {
        const it = at.shipped();
        it.pay.capture_failed();
        pay(it);
        return it;
      },
      when: it => it.pay[kind](),
      to: 'in_fulfillment',
      events: ['payment.retry_opened', 'exception.raised'],
    },
    {
      row: `${kind} is the last word a cancelled order waits for`,
      given: () => {
        const it = at.awaiting();
        cancel(it);
        it.stock.released();
        return it;
      },
      when: it => it.pay[kind](),
      to: 'cancelled',
      events: ['order.cancelled'],
    },
  ]),
);

table('money that comes too late', [
  {
    row: 'authorized after the order is cancelled: payments was told to let it go, and does',
    given: cancelled,
    when: it => it.pay.authorized({ late: true }),
    to: 'cancelled',
    events: ['order.updated'],
    after: it => assert.ok(it.memory.log.some(event => event.type === 'payment.release_requested')),
  },
  {
    row: 'taken after the order is cancelled: given back',
    given: cancelled,
    when: it => it.pay.charged({ late: true }),
    to: 'cancelled',
    events: ['payment.refund_requested'],
    after: (_, step) => assert.equal(step.said('payment.refund_requested').reason, 'late_payment'),
  },
  {
    row: 'taken after the order is rejected: given back',
    given: rejected,
    when: it => it.pay.charged({ late: true }),
    to: 'rejected',
    events: ['payment.refund_requested'],
  },
  {
    row: 'a refund that had succeeded fails after all: a person looks',
    given: () => {
      const it = at.expired();
      it.pay.charged({ late: true });
      it.pay.refunded();
      return it;
    },
    when: it => it.pay.refund_failed(),
    to: 'expired',
    events: ['order.updated', 'exception.raised'],
    after: it => assert.deepEqual([it.order().refunded, it.order().refunds.map(refund => refund.status)], [0, ['failed']]),
  },
]);
