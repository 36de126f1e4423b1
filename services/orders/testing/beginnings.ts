/** Orders at the beginnings of the rows of domain.md 3.1, the commands that rows begin with, and the form of a table of rows. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Step, type Story, story } from './story.ts';

export const at = {
  placed: (changed: Parameters<Story['place']>[0] = {}) => {
    const it = story();
    it.place(changed);
    return it;
  },
  awaiting: (changed: Parameters<Story['place']>[0] = {}) => {
    const it = at.placed(changed);
    it.stock.reserved();
    return it;
  },
  confirmed: (changed: Parameters<Story['place']>[0] = {}) => {
    const it = at.awaiting(changed);
    it.pay.authorized();
    return it;
  },
  allocated: (changed: Parameters<Story['place']>[0] = {}) => {
    const it = at.confirmed(changed);
    it.stock.allocated();
    return it;
  },
  shipped: (changed: Parameters<Story['place']>[0] = {}) => {
    const it = at.allocated(changed);
    it.ship.dispatched();
    return it;
  },
  completed: (changed: Parameters<Story['place']>[0] = {}) => {
    const it = at.shipped(changed);
    it.pay.captured();
    it.ship.delivered();
    return it;
  },
  expired: () => {
    const it = at.awaiting();
    it.pay.declined();
    it.fire();
    return it;
  },
};
export const tender = { gateway: 'manual', method_kind: 'card' } as const;
export const pay = (it: Story, amount: number | null = null) =>
  it.ask({ type: 'pay_order', order_id: it.order_id, tender: { ...tender, amount } });
export const cancel = (it: Story) => it.ask({ type: 'cancel_order', order_id: it.order_id, reason: 'changed_mind' });
export const cancel_line = (it: Story, line_no: number, quantity: number) =>
  it.ask({ type: 'cancel_lines', order_id: it.order_id, reason: 'changed_mind', lines: [{ line_no, quantity }] });
export const hold = (it: Story) => it.ask({ type: 'hold_order', order_id: it.order_id, reason: 'address' });

export interface Row {
  readonly row: string;
  given(): Story;
  when(it: Story): Step;
  readonly to: string;
  readonly events: readonly string[];
  after?(it: Story, step: Step): void;
}

export function table(name: string, rows: readonly Row[]): void {
  describe(name, () => {
    for (const { row, given, when, to, events, after } of rows) {
      test(row, () => {
        const it = given();
        const step = when(it);
        assert.equal(step.rejection, undefined);
        assert.deepEqual(step.types, events);
        assert.equal(it.order().axes.status, to);
        after?.(it, step);
      });
    }
  });
}
