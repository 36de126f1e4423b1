/** What a person asks and is refused, with the code of domain.md 3.6 and nothing changed. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { at, cancel, cancel_line, hold, pay } from '../testing/beginnings.ts';
import { order_id, type Step, type Story, story } from '../testing/story.ts';

describe('a command is refused', () => {
  const refusals: readonly [string, () => Story, (it: Story) => Step, string][] = [
    ['paying twice', at.awaiting, it => pay(it), 'payment_in_progress'],
    ['paying what is paid', at.confirmed, it => pay(it), 'already_paid'],
    ['paying more than is due', () => at.awaiting({ tender: null }), it => pay(it, 4000), 'already_paid'],
    ['paying an expired order', at.expired, it => pay(it), 'invalid_transition'],
    ['cancelling what has left', at.shipped, cancel, 'not_cancellable'],
    ['cancelling what is completed', at.completed, cancel, 'not_cancellable'],
    ['cancelling twice', () => at.expired(), cancel, 'invalid_transition'],
    ['cancelling a line of an unpaid order', at.awaiting, it => cancel_line(it, 1, 1), 'invalid_transition'],
    ['cancelling a line that is not there', at.confirmed, it => cancel_line(it, 9, 1), 'line_not_found'],
    ['cancelling more than a line has', at.confirmed, it => cancel_line(it, 1, 3), 'not_cancellable'],
    ['holding an unpaid order', at.awaiting, hold, 'invalid_transition'],
    [
      'capturing before allocation',
      at.confirmed,
      it => it.ask({ type: 'capture_order', order_id, payment_id: it.payment().payment_id, amount: 1, final: false }),
      'invalid_transition',
    ],
    [
      'capturing on hold',
      () => {
        const it = at.allocated({ capture_policy: 'manual' });
        hold(it);
        return it;
      },
      it => it.ask({ type: 'capture_order', order_id, payment_id: it.payment().payment_id, amount: 1, final: false }),
      'order_held',
    ],
    [
      'capturing more than is authorized',
      () => at.allocated({ capture_policy: 'manual' }),
      it => it.ask({ type: 'capture_order', order_id, payment_id: it.payment().payment_id, amount: 3771, final: false }),
      'capture_exceeds_authorized',
    ],
    [
      'refunding before capture',
      at.allocated,
      it => it.ask({ type: 'refund_order', order_id, payment_id: it.payment().payment_id, amount: 1, reason: 'goodwill', lines: [] }),
      'invalid_transition',
    ],
    [
      'refunding more than was captured',
      at.completed,
      it => it.ask({ type: 'refund_order', order_id, payment_id: it.payment().payment_id, amount: 3771, reason: 'goodwill', lines: [] }),
      'refund_exceeds_capture',
    ],
    [
      'voiding a payment that holds nothing',
      at.completed,
      it => it.ask({ type: 'void_payment', order_id, payment_id: it.payment().payment_id }),
      'invalid_transition',
    ],
    [
      'returning what was not delivered',
      at.shipped,
      it => it.ask({ type: 'request_return', order_id, lines: [{ line_no: 1, quantity: 1, reason: '' }] }),
      'return_exceeds_delivered',
    ],
    [
      'returning before anything left',
      at.confirmed,
      it => it.ask({ type: 'request_return', order_id, lines: [{ line_no: 1, quantity: 1, reason: '' }] }),
      'invalid_transition',
    ],
    ['an old version', at.confirmed, it => it.ask({ type: 'cancel_order', order_id, reason: '', if_match: 1 }), 'version_conflict'],
    ['an order that is not there', story, it => it.ask({ type: 'cancel_order', order_id: 'ord_none', reason: '' }), 'not_found'],
  ];
  for (const [name, given, when, code] of refusals) {
    test(name, () => {
      const it = given();
      const before = it.memory.log.length;
      const step = when(it);
      assert.equal(step.rejection?.rejection, code);
      assert.equal(it.memory.log.length, before, 'nothing changed');
    });
  }
  test('paying with no attempt left', () => {
    const it = at.confirmed();
    for (let attempt = 1; attempt <= 5; attempt++) {
      it.pay.lapsed();
      if (attempt < 5) {
        pay(it);
        it.pay.authorized();
      }
    }
    assert.equal(pay(it).rejection?.rejection, 'attempts_exhausted');
  });
});
