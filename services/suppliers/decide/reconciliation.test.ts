/** Both lists of purchase orders compared: given what the supplier lists, who is told of what. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Row } from '../../../platform/service.ts';
import { at, days_later, po, shop } from '../testing/shop.ts';

type Standing = 'draft' | 'sent' | 'failed' | 'cancelled_unsent';

/** An order of ours, and a look a day later. */
function look(standing: Standing, listed: readonly Row[], whole = true, sent_at = at) {
  const { memory, order, run, open_operation, purchase_order, timer } = shop();
  order(['A'], standing === 'draft' ? 'draft' : standing === 'sent' ? 'sent' : 'approved');
  if (standing === 'failed' || standing === 'cancelled_unsent')
    memory.outcome(open_operation('send_order'), { outcome: 'declined', code: 'account_on_hold', retryable: false });
  if (standing === 'cancelled_unsent') run({ type: 'cancel_purchase_order', po_id: po, reason: 'refused', if_version: null });
  const { status, sending } = purchase_order();
  memory.seed('known_order', po, { status, sending });
  if (standing === 'sent') memory.seed('open_orders', 'rest', [{ po_id: po, sent_at }]);
  run({ type: 'watch_channel', channel: 'rest' }, { at: days_later(1) });
  const op_id = open_operation('reconcile');
  const facts = listed.map(row => ({ cancelled: false, ...row }));
  const ran = memory.outcome(op_id, { outcome: 'ok', value: { facts, whole } }, { at: days_later(1) });
  const raised = ran.events.flatMap(event =>
    event.type === 'exception.raised' ? [event.data as { reason: string; subject: string; owner: string; detail: string }] : [],
  );
  return { raised, next: timer('watch', 'rest'), memory };
}
const two_hours_before = new Date(Date.parse(at) - 2 * 3_600_000).toISOString();

describe('the supplier’s list and ours', () => {
  test('agree: nothing is said, and tomorrow there is another look', () => {
    const { raised, next } = look('sent', [{ reference: po }]);
    assert.deepEqual([raised, next], [[], '2026-03-03T00:00:00.000Z']);
  });
  const rows: readonly (readonly [string, Standing, readonly Row[], string | undefined, RegExp])[] = [
    [
      'has one that nobody here knows',
      'sent',
      [{ reference: po }, { reference: 'po_theirs' }],
      'unknown_purchase_order',
      /lists po_theirs/,
    ],
    [
      'takes it for cancelled',
      'sent',
      [{ reference: po, cancelled: true }],
      'differs_at_supplier',
      /lists it as cancelled; here it is sent/,
    ],
    ['has what was never sent', 'draft', [{ reference: po }], 'differs_at_supplier', /has it; here it is draft/],
    ['has what it refused', 'failed', [{ reference: po }], 'differs_at_supplier', /has it; here it is approved/],
    ['has what was dropped unsent', 'cancelled_unsent', [{ reference: po }], 'differs_at_supplier', /has it; here it is cancelled/],
    ['has not what it refused', 'failed', [], undefined, /./],
    ['has cancelled what was dropped', 'cancelled_unsent', [{ reference: po, cancelled: true }], undefined, /./],
  ];
  for (const [what, standing, listed, reason, detail] of rows)
    test(what, () => {
      const { raised } = look(standing, listed);
      assert.deepEqual(
        raised.map(one => one.reason),
        reason === undefined ? [] : [reason],
      );
      if (reason !== undefined) assert.match(raised[0]?.detail ?? '', detail);
    });
  test('lacks what we sent: a person’s, once its list can no longer lag, and when it is whole', () => {
    const [missing] = look('sent', [], true, two_hours_before).raised;
    assert.deepEqual([missing?.reason, missing?.subject, missing?.owner], ['differs_at_supplier', po, 'purchasing']);
    assert.deepEqual(look('sent', [], false, two_hours_before).raised, []);
    assert.deepEqual(look('sent', [], true, days_later(2)).raised, []);
  });
  test('cannot be had: nothing is said, and tomorrow there is another look', () => {
    const { memory, order, open_operation, timer } = shop();
    order(['A'], 'sent');
    memory.fire('watch', 'rest', days_later(1));
    const failed = memory.outcome(
      open_operation('reconcile'),
      { outcome: 'permanent_error', code: 'list_unavailable', detail: '404' },
      { at: days_later(1) },
    );
    assert.deepEqual([failed.types, timer('watch', 'rest')], [[], '2026-03-03T00:00:00.000Z']);
  });
});
