import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { first_id_of } from '../../../platform/ids.ts';
import type { Outcome, Row } from '../../../platform/service.ts';
import type { PaymentsCommand } from '../commands.ts';
import type { GatewayFact } from '../gateways/port.ts';
import type { Watch, Webhook } from '../model.ts';
import { at, authorized, type Desk, days, desk, fact, held, hours, minutes, pay, start, webhook } from '../test_payments.ts';

const begin: PaymentsCommand = { type: 'start_watch', provider: 'stripe' };
const watch = (shop: Desk): Watch => shop.memory.state<Watch>('watch', 'stripe');
const inbox = (shop: Desk, event_ref: string): Webhook => shop.memory.state<Webhook>('webhook', `stripe/${event_ref}`);
const listed = (facts: object): Outcome => ({ outcome: 'ok', value: { facts: facts as Row } });
const event = (event_ref: string, ...facts: GatewayFact[]) => ({ event_ref, type: 'test', facts });
/** The last question that was put. */
function question(shop: Desk) {
  const operation = [...shop.memory.operations.values()].findLast(each => each.kind === 'list_recent' || each.kind === 'compare');
  assert.ok(operation);
  return operation;
}
function answer(shop: Desk, facts: object, when: string): Desk {
  const { op_id } = question(shop);
  shop.memory.outcome(op_id, listed(facts), { at: when });
  return shop;
}

describe('the events that a gateway lists', () => {
  test('are read ten minutes after the start, which counts once', () => {
    const shop = desk().run(begin);
    assert.equal(shop.timer('watch_recent', 'stripe'), at(minutes(10)));
    shop.fire('watch_recent', 'stripe', at(minutes(10))).run(begin, at(minutes(11)));
    assert.equal(shop.timer('watch_recent', 'stripe'), undefined, 'the next is set by the answer');
    assert.deepEqual(question(shop).request, { from: at(-minutes(5)) });
  });
  test('fill the gap: what a webhook never told is learned, and its delivery days later changes nothing', () => {
    const shop = desk()
      .run(start())
      .run(begin)
      .fire('watch_recent', 'stripe', at(minutes(10)));
    answer(shop, { events: [event('evt_1', held), event('evt_2', fact('captured', 8400))], cursor: 'evt_2', more: false }, at(minutes(11)));
    assert.deepEqual([shop.payment().authorized, shop.payment().captured], [8400, 0]);
    assert.equal(inbox(shop, 'evt_1').state, 'applied');
    assert.deepEqual(shop.run(webhook([held], 'evt_1'), at(days(3))).told, []);
    assert.deepEqual([watch(shop).cursor, watch(shop).listed_until], ['evt_2', at(minutes(11))]);
    assert.equal(shop.timer('watch_recent', 'stripe'), at(minutes(21)));
  });
  test('are read more seldom while webhooks miss none, and often again when they miss one', () => {
    const shop = authorized()
      .run(webhook([held], 'evt_1'))
      .run(begin);
    let when = minutes(10);
    const pauses: number[] = [];
    const turn = (events: object[]) => {
      shop.fire('watch_recent', 'stripe', at(when));
      answer(shop, { events, cursor: 'evt_1', more: false }, at(when));
      const next = Date.parse(shop.timer('watch_recent', 'stripe') ?? '') - Date.parse(at(0));
      pauses.push((next - when) / minutes(1));
      when = next;
    };
    for (let index = 0; index < 6; index += 1) turn([event('evt_1', held)]);
    turn([event('evt_9', held)]);
    assert.deepEqual(pauses, [20, 40, 80, 160, 240, 240, 10]);
  });
  test('go on at once while there are more, from the cursor', () => {
    const shop = desk()
      .run(begin)
      .fire('watch_recent', 'stripe', at(minutes(10)));
    answer(shop, { events: [], cursor: 'evt_100', more: true }, at(minutes(10)));
    assert.equal(shop.timer('watch_recent', 'stripe'), at(minutes(10) + 1_000));
    shop.fire('watch_recent', 'stripe', at(minutes(10) + 1_000));
    assert.deepEqual(question(shop).request, { cursor: 'evt_100' });
  });
  test('begin at the last time again when the cursor is too old', () => {
    const shop = desk()
      .run(begin)
      .fire('watch_recent', 'stripe', at(minutes(10)));
    answer(shop, { events: [], cursor: 'evt_1', more: false }, at(minutes(10)));
    shop.fire('watch_recent', 'stripe', at(minutes(30)));
    shop.memory.outcome(question(shop).op_id, { outcome: 'declined', code: 'cursor_lost', retryable: false }, { at: at(days(40)) });
    shop.fire('watch_recent', 'stripe', at(days(40)));
    assert.deepEqual(question(shop).request, { from: at(minutes(5)) });
  });
  test('several about one payment are one decision; what is nobody’s waits as a webhook does, and is a person’s after an hour', () => {
    const shop = desk()
      .run(start())
      .run(begin)
      .fire('watch_recent', 'stripe', at(minutes(10)));
    const strange = fact('authorized', 100, { payment_id: 'pay_9', gateway_ref: 'pi_9', object_ref: 'pi_9' });
    answer(
      shop,
      { events: [event('evt_1', held), event('evt_2', strange), event('evt_3', fact('voided', 8400))], cursor: 'evt_3', more: false },
      at(minutes(10)),
    );
    assert.equal(shop.payment().status, 'lapsed');
    assert.equal(inbox(shop, 'evt_2').state, 'waiting');
    for (const after of [minutes(10) + 10_000, minutes(11), minutes(20), minutes(70)])
      shop.fire('unclaimed_webhook', 'stripe/evt_2', at(after));
    assert.equal(inbox(shop, 'evt_2').exception?.owner, 'operator');
  });
});

describe('what was made at the gateway', () => {
  /** A day after the start, the first hour is compared. */
  const compared = (shop: Desk, facts: readonly GatewayFact[], complete = true) => {
    shop.run(begin).fire('watch_compare', 'stripe', at(days(1)));
    return answer(shop, { facts, complete }, at(days(1)));
  };
  test('is compared each day, an hour at a time until it has caught up', () => {
    const shop = desk()
      .run(begin)
      .fire('watch_compare', 'stripe', at(days(1)));
    assert.deepEqual(question(shop).request, { from: at(0), until: at(hours(1)) });
    let when = days(1);
    let asked = 0;
    for (let next = ''; asked < 40; asked += 1) {
      answer(shop, { facts: [], complete: true }, at(when));
      next = shop.timer('watch_compare', 'stripe') ?? '';
      if (next !== at(when + 1_000)) break;
      when += 1_000;
      shop.fire('watch_compare', 'stripe', next);
    }
    assert.equal(asked, 23);
    assert.equal(watch(shop).compared_until, at(when - minutes(15)));
    assert.equal(shop.timer('watch_compare', 'stripe'), at(when + days(1)));
  });
  test('is compared in halves of the time when it does not fit into one answer', () => {
    const shop = compared(desk(), [], false);
    assert.deepEqual([watch(shop).span_ms, watch(shop).compared_until], [hours(0.5), at(0)]);
    shop.fire('watch_compare', 'stripe', at(days(1) + 1_000));
    assert.deepEqual(question(shop).request, { from: at(0), until: at(hours(0.5)) });
  });
  test('and never heard of is learned: the money of an order long dead is told as late', () => {
    const shop = desk().run(start()).answer('authorize', { outcome: 'declined', code: 'other', retryable: true });
    compared(shop, [held]);
    const told = shop.memory.log.findLast(each => each.type === 'payment.authorized');
    assert.equal((told?.data as { late?: boolean } | undefined)?.late, true);
  });
  test('with another amount than asked is drift, and a person’s', () => {
    const shop = compared(authorized(), [held, fact('authorized', 9400)]);
    assert.deepEqual(shop.exceptions, ['gateway_drift']);
  });
  test('and belongs to nobody is kept as an orphan, once however often it is listed; what is ours leaves no row', () => {
    const strange = fact('authorized', 100, { payment_id: 'pay_9', gateway_ref: 'pi_9', object_ref: 'pi_9' });
    const shop = compared(authorized(), [held, strange]);
    assert.equal(inbox(shop, 'listed/pi_9').state, 'waiting');
    assert.equal(inbox(shop, 'listed/pi_1').state, 'new');
    for (const after of [10_000, minutes(1), minutes(10), hours(1)])
      shop.fire('unclaimed_webhook', 'stripe/listed/pi_9', at(days(1) + after));
    const { exception } = inbox(shop, 'listed/pi_9');
    assert.ok(exception);
    shop.run(
      { type: 'resolve_exception', subject: 'stripe/listed/pi_9', exception_id: exception.exception_id, note: 'voided there' },
      at(days(1) + hours(2)),
    );
    assert.equal(inbox(shop, 'listed/pi_9').state, 'given_up');
  });
  test('ours that it does not list are asked for, and are a person’s when it does not know them', () => {
    const shop = authorized();
    const last = first_id_of('pay', Date.parse(at(hours(1) - minutes(15))));
    const first = first_id_of('pay', Date.parse(at(-minutes(15))));
    shop.memory.seed('made_payments', `stripe ${first} ${last}`, { payments: [{ id: pay, gateway_ref: 'pi_1' }] }, 0);
    compared(shop, []);
    const ask = shop.operation('ask');
    assert.equal(ask.state, 'open');
    shop.answer(
      'ask',
      { outcome: 'unknown', detail: 'asking: HTTP 404 resource_missing', answered: true, value: { absent: true, facts: [] } },
      at(days(1)),
    );
    assert.deepEqual(shop.exceptions, ['absent_at_gateway']);
  });
});
