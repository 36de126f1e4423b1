/** Lists of labels, ours and a seller's, compared in both directions. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { test_time } from '../../platform/testing/in_memory.ts';
import type { ListedLabel } from './carriers/port.ts';
import type { ShippingCommand } from './commands.ts';
import { compare, recent_id, watch_timer } from './decide/watch.ts';
import { type RecentLabel, type Watch, watch_every_ms, watched_ms } from './model.ts';
import { open_shop, type Shop, said, settings_of } from './testing/shop.ts';

const day_ms = 86_400_000;
const at = (days: number) => new Date(Date.parse(test_time) + days * day_ms).toISOString();
const days = { since: at(-7), until: at(-0.1) };
const mine = (more: Partial<RecentLabel> = {}): RecentLabel => ({
  parcel_id: 'pcl_1',
  tracking_number: 'T1',
  label_status: 'purchased',
  cost: 400,
  bought_at: at(-1),
  ...more,
});
const theirs = (more: Partial<ListedLabel> = {}): ListedLabel => ({
  reference: 'pcl_1',
  tracking_number: 'T1',
  cost: 400,
  is_given_back: false,
  ...more,
});

describe('two lists', () => {
  const table: readonly (readonly [string, readonly RecentLabel[], readonly ListedLabel[], readonly [number, number, number]])[] = [
    ['the same', [mine()], [theirs()], [0, 0, 0]],
    ['a label of theirs that we do not know', [], [theirs({ reference: null })], [1, 0, 0]],
    ['a second one for a parcel of ours', [mine()], [theirs(), theirs({ tracking_number: 'T2' })], [1, 0, 0]],
    ['several that are not told apart', [mine()], [theirs({ tracking_number: '' })], [1, 1, 0]],
    ['one of ours that is not there', [mine()], [], [0, 1, 0]],
    ['one of ours that they took back', [mine()], [theirs({ is_given_back: true })], [0, 1, 0]],
    ['one that both gave back', [mine({ label_status: 'voided' })], [theirs({ is_given_back: true })], [0, 0, 0]],
    ['one that we want to give back', [mine({ label_status: 'void_requested' })], [theirs()], [0, 0, 0]],
    ['another price', [mine()], [theirs({ cost: 401 })], [0, 0, 1]],
    ['a price that is not told', [mine()], [theirs({ cost: null })], [0, 0, 0]],
    ['one of this minute, not listed yet', [mine({ bought_at: at(0) })], [], [0, 0, 0]],
    ['one from before the days asked for, at their edge', [mine({ bought_at: at(-8) })], [theirs()], [0, 0, 0]],
  ];
  for (const [name, ours, listed, expected] of table)
    test(name, () =>
      assert.deepEqual(
        Object.values(compare(ours, listed, days)).map(found => found.length),
        expected,
      ),
    );
});

const { carriers } = settings_of();
function open(): Shop {
  const { easypost } = carriers;
  assert.ok(easypost);
  return open_shop({ carriers: { ...carriers, easypost: { ...easypost, lists_labels: true } } });
}
const watch_due = (due_at: string): ShippingCommand => ({ type: 'watch_due', provider: 'easypost', due_at });
/** The timer of the first day fires, and the list comes in. */
function run(shop: Shop, labels: readonly ListedLabel[], ours: readonly RecentLabel[], is_complete = true) {
  const due_at = shop.timers.get(`${watch_timer} easypost`)?.due_at ?? test_time;
  shop.seed('recent_labels', recent_id('easypost', new Date(Date.parse(due_at) - watched_ms).toISOString()), ours, 0);
  shop.run(watch_due(due_at), { at: due_at });
  return shop.outcome(shop.op('list_labels').op_id, { outcome: 'ok', value: { labels: labels.map(label => ({ ...label })), is_complete } });
}

test('what is found waits for a person once, and is resolved when the next list shows that it has gone', () => {
  const shop = open();
  const ran = run(shop, [theirs({ reference: null, tracking_number: 'GHOST' })], []);
  const { reason, owner, detail, subject, deadline } = said(ran, 'exception.raised' as never) as Record<string, string>;
  assert.deepEqual([reason, owner, detail, subject, typeof deadline], ['label_not_ours', 'operator', '1: GHOST', 'easypost', 'string']);
  assert.equal(shop.timers.get(`${watch_timer} easypost`)?.due_at, new Date(Date.parse(test_time) + watch_every_ms).toISOString());
  assert.deepEqual(run(shop, [theirs({ reference: null, tracking_number: 'GHOST' })], []).types, [], 'the same again is no news');
  assert.deepEqual(run(shop, [], [], false).types, [], 'half a list proves nothing');
  assert.deepEqual(run(shop, [], []).types, ['exception.resolved']);
});

test('a person resolves it', () => {
  const shop = open();
  run(shop, [theirs({ reference: null })], []);
  const [open_one] = shop.state<Watch>('watch', 'easypost').exceptions;
  const command: ShippingCommand = {
    type: 'resolve_exception',
    exception_id: open_one?.exception_id ?? '',
    subject: 'easypost',
    note: 'bought by hand',
  };
  assert.deepEqual(shop.run(command).types, ['exception.resolved']);
  assert.equal(shop.run(command).rejection?.rejection, 'invalid_transition');
});

test('a seller that cannot list, or is not asked for rates, is left and looked at the next day', () => {
  const shop = open_shop();
  const ran = shop.run(watch_due(test_time));
  assert.equal(ran.operations.length, 0);
  assert.ok(shop.timers.has(`${watch_timer} easypost`));
});
