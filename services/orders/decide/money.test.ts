/** Money, by properties (domain.md 6.5 to 6.7, 6.9): the parts add up to the whole, whatever the order in which units settle. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { OrderLine } from '../model.ts';
import { near, order_id, type Story, story, type Units } from '../testing/story.ts';
import { money_entries } from './ledger.ts';
import { amount_due } from './money.ts';
import { credit_line, credit_of } from './tender.ts';
import { cancel_units, ship_units, unsettled } from './units.ts';

const seeded = { seed: 20260301, numRuns: 300 };
const amount = fc.oneof(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));

function line_of(changed: Partial<OrderLine>): OrderLine {
  const it = story();
  it.place({ lines: [{ sku: 'LAMP', quantity: 1 }] });
  const [line] = it.order().lines;
  assert.ok(line !== undefined);
  return { ...line, ...changed };
}

describe('the units of a line', () => {
  test('are worth the line and its tax when all have settled, shipped or cancelled in any order', () => {
    const settled = fc.array(fc.record({ units: fc.integer({ min: 1, max: 40 }), ships: fc.boolean() }), { maxLength: 10 });
    fc.assert(
      fc.property(
        amount,
        fc.integer({ min: 0, max: 300_000 }),
        fc.integer({ min: 1, max: 200 }),
        settled,
        (total, ppm, quantity, steps) => {
          const line_tax = Math.floor(total * (ppm / 1_000_000));
          let line = line_of({ quantity, line_total: total, line_tax });
          for (const { units, ships } of [...steps, { units: quantity, ships: true }]) {
            const some = Math.min(units, unsettled(line));
            line = ships ? ship_units(line, some) : cancel_units(line, some);
            assert.ok(line.shipped_value + line.cancelled_value <= total);
            assert.ok(line.shipped_tax <= line.shipped_value + 1 && line.shipped_tax >= 0);
          }
          assert.equal(line.shipped_value + line.cancelled_value, total);
          assert.equal(line.shipped_tax + line.cancelled_tax, line_tax);
        },
      ),
      seeded,
    );
  });

  test('are credited for exactly what they were worth when the last comes back', () => {
    fc.assert(
      fc.property(amount, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 }), (total, parts) => {
        const shipped = parts.reduce((sum, part) => sum + part, 0);
        let line = line_of({ quantity: shipped, shipped, shipped_value: total, shipped_tax: Math.floor(total / 6) });
        for (const part of parts) line = credit_line(line, part, credit_of(line, part));
        assert.deepEqual([line.credited, line.credited_value, line.credited_tax], [shipped, total, Math.floor(total / 6)]);
      }),
      seeded,
    );
  });
});

/** An order of 2 lamps and `bulbs` bulbs, sent in `parcels`, some bulbs cancelled, some returned. */
const life = fc.record({
  bulbs: fc.integer({ min: 1, max: 12 }),
  bulb_price: fc.integer({ min: 1, max: 999 }),
  parcels: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }),
  cancelled: fc.integer({ min: 0, max: 6 }),
  returned: fc.integer({ min: 0, max: 3 }),
  carriage: fc.integer({ min: 0, max: 500 }),
  on_confirm: fc.boolean(),
});

describe('the books of an order', () => {
  test('balance with every event, and leave its customer even when it is completed', () => {
    fc.assert(
      fc.property(life, lived => {
        const it = live(lived);
        assert.equal(it.order().axes.status, 'completed');
        const sums = new Map<string, number>();
        const accounts = new Map<string, number>();
        // The log of orders holds its events.
        for (const { event_id, account, amount } of money_entries(it.memory.log as never)) {
          sums.set(event_id, (sums.get(event_id) ?? 0) + amount);
          accounts.set(account, (accounts.get(account) ?? 0) + amount);
        }
        assert.ok([...sums.values()].every(sum => sum === 0));
        assert.equal(accounts.get('customer') ?? 0, 0);
        assert.equal(accounts.get('rounding') ?? 0, 0);
        const { captured, refunded } = it.order();
        assert.equal(captured - refunded, amount_due(it.order()));
        assert.equal(accounts.get('clearing(manual)') ?? 0, captured - refunded);
      }),
      { ...seeded, numRuns: 150 },
    );
  });
});

function live(lived: typeof life extends fc.Arbitrary<infer L> ? L : never): Story {
  const { bulbs, bulb_price, carriage } = lived;
  const it = story();
  const lines = [
    { sku: 'LAMP', quantity: 2, unit_price: 333 },
    { sku: 'BULB', quantity: bulbs, unit_price: bulb_price },
  ];
  it.place({ lines, shipping: { amount: carriage }, capture_policy: lived.on_confirm ? 'on_confirm' : 'on_shipment' });
  it.stock.reserved();
  it.pay.authorized();
  if (it.order().capture_pending > 0) it.pay.captured();
  it.stock.allocated();
  const sent: Units[] = [send(it, [[1, 2, near]], 1)];
  for (const [place, quantity] of lived.parcels.entries()) {
    const left = it.order().lines[1]?.in_fulfillment ?? 0;
    if (Math.min(quantity, left) > 0) sent.push(send(it, [[2, Math.min(quantity, left), near]], place + 2));
  }
  const left = it.order().lines[1]?.in_fulfillment ?? 0;
  const cancelled = Math.min(lived.cancelled, left);
  if (cancelled > 0) {
    it.ask({ type: 'cancel_lines', order_id, reason: 'less', lines: [{ line_no: 2, quantity: cancelled }] });
    it.ship.answered(1, [[2, cancelled]]);
    it.stock.released([[2, cancelled]]);
  }
  if (left > cancelled) sent.push(send(it, [[2, left - cancelled, near]], 9));
  for (const units of sent) it.ship.delivered(units, 'shp_d');
  settle(it);
  give_back(it, Math.min(lived.returned, it.order().lines[1]?.delivered ?? 0));
  settle(it);
  return it;
}

function send(it: Story, units: Units, no: number): Units {
  it.ship.dispatched(units, `shp_${no}`);
  if (it.order().capture_pending > 0) it.pay.captured({ final: it.payment().final_requested });
  return units;
}

/** Everything payments were asked for happens. */
function settle(it: Story): void {
  if (it.payment().release_requested && it.payment().authorized > it.payment().captured + it.payment().voided) it.pay.voided();
  for (const refund of it.order().refunds) if (refund.status === 'requested') it.pay.refunded({ refund_id: refund.refund_id });
}

function give_back(it: Story, quantity: number): void {
  if (quantity === 0) return;
  it.ask({ type: 'request_return', order_id, lines: [{ line_no: 2, quantity, reason: '' }] });
  it.ask({
    type: 'receive_return',
    order_id,
    return_id: it.order().returns[0]?.return_id ?? '',
    lines: [{ line_no: 2, quantity, condition: 'sellable' }],
  });
}
