/** Holds stop an order: nothing more is asked, labeled, dispatched or captured until the last one is released. And the notes people make on exceptions. */
import type { HoldOrder, ReleaseHold, ResolveException } from '../commands.ts';
import { not_in_status, reject } from '../rejections.ts';
import { asked_of_order } from './about.ts';
import { news, say } from './draft.ts';
import { resolve } from './exceptions.ts';

/** How many holds one order may have at once. */
export const holds_max = 20;

export const hold_order = asked_of_order<HoldOrder>((draft, { reason }) => {
  const { order, given } = draft;
  const { status } = order.axes;
  if (status !== 'confirmed' && status !== 'in_fulfillment') return not_in_status(status, 'held', ['confirmed', 'in_fulfillment']);
  if (order.holds.length >= holds_max) return reject('invalid_transition', `No order is held more than ${holds_max} times at once.`);
  say(draft, { type: 'order.held', data: { ...news(draft), hold_id: draft.new_id('hld'), reason, actor: given.actor } });
  return undefined;
});

/** The last one released: `conclude` does what waited. */
export const release_hold = asked_of_order<ReleaseHold>((draft, { hold_id }) => {
  const hold = draft.order.holds.find(known => known.hold_id === hold_id);
  if (hold === undefined) return reject('not_found', 'The order has no such hold.');
  say(draft, { type: 'order.hold_released', data: { ...news(draft), hold_id, reason: hold.reason, actor: draft.given.actor } });
  return undefined;
});

export const resolve_exception = asked_of_order<ResolveException>((draft, { exception_id, note }) => {
  const open = draft.order.exceptions.find(known => known.exception_id === exception_id);
  if (open === undefined) return reject('not_found', 'The order has no such exception.');
  resolve(draft, open, note);
  return undefined;
});
