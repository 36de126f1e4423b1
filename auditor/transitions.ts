/** Which state may follow which (domain.md 3), by what events say: of one subject, each is the one before it or a step from there. */
import type { FoldedEvent } from './kinds.ts';
import type { Found, KeyCheck } from './walks.ts';

type Steps = Readonly<Record<string, readonly string[]>>;

/** Steps that one event may tell: where a decision takes two at once, it says only the second. */
const order_steps: Steps = {
  placed: ['awaiting_payment', 'confirmed', 'in_fulfillment', 'rejected', 'cancelling'],
  awaiting_payment: ['confirmed', 'in_fulfillment', 'rejected', 'expired', 'cancelling'],
  confirmed: ['in_fulfillment', 'cancelling'],
  in_fulfillment: ['completed', 'cancelling'],
  cancelling: ['cancelled', 'in_fulfillment'],
};
const shipment_steps: Steps = {
  planned: ['labeling', 'labeled', 'dispatched', 'cancelled'],
  labeling: ['planned', 'labeled', 'dispatched', 'cancelled'],
  labeled: ['planned', 'labeling', 'dispatched', 'cancelled'],
  dispatched: ['delivered', 'closed'],
  // A parcel that was delivered may come back, one that was lost may arrive.
  delivered: ['closed'],
  closed: ['delivered'],
};
/** A payment never goes back: from money taken to money held, from an outcome to none. */
const payment_ranks: readonly (readonly string[])[] = [
  ['processing', 'action_required', 'pending', 'unknown'],
  ['authorized', 'declined', 'failed', 'abandoned', 'voided', 'lapsed'],
  ['partially_captured', 'captured', 'partially_refunded', 'refunded'],
];
const payment_steps: Steps = Object.fromEntries(
  payment_ranks.flatMap((states, rank) => states.map(state => [state, payment_ranks.slice(rank).flat()])),
);

/** The state that an event carries, if it does, as the contract of its type has it. */
const payment_state = ({ data }: FoldedEvent) => data['state'];
const shipment_state = ({ data }: FoldedEvent) => data['shipment_status'];
const order_state = ({ data: { axes } }: FoldedEvent) =>
  typeof axes === 'object' && axes !== null && 'status' in axes ? axes.status : undefined;

export const order_transitions = transitions('orders', order_state, order_steps);
export const payment_transitions = transitions('payments', payment_state, payment_steps);
export const shipment_transitions = transitions('shipments', shipment_state, shipment_steps);

function transitions(what: string, state_of: (event: FoldedEvent) => unknown, steps: Steps): KeyCheck {
  return {
    name: 'O6',
    says: `states of ${what} change as their table says; the end is final`,
    async check(_client, events) {
      const found: Found[] = [];
      const before = new Map<string, string>();
      for (const event of events) {
        const state = state_of(event);
        if (typeof state !== 'string') continue;
        const subject = `${event.key} ${event.subject}`;
        const from = before.get(subject) ?? state;
        before.set(subject, state);
        if (state === from || steps[from]?.includes(state) === true) continue;
        found.push({ ids: [event.subject], detail: `${event.type} at position ${event.position}: from ${from} to ${state}` });
      }
      return found;
    },
  };
}
