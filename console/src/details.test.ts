/** What is wrong, with its money as people write it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { has_bare_amounts, json_with_money, with_money } from './details.ts';
import { money } from './format.ts';

const gbp = (amount: number) => money(amount, 'GBP');

const rows: readonly (readonly [text: string, shown: string])[] = [
  ['300 GBP minor units could not be given back: declined.', `${gbp(300)} could not be given back: declined.`],
  ['1999 JPY minor units are still held', `${money(1_999, 'JPY')} are still held`],
  [
    'captured: we have 5 GBP minor units or 1999 GBP minor units, the gateway says 7 GBP minor units.',
    `captured: we have ${gbp(5)} or ${gbp(1_999)}, the gateway says ${gbp(7)}.`,
  ],
  ['INV-1 asks for freight 500 GBP minor units, other -100 GBP minor units', `INV-1 asks for freight ${gbp(500)}, other ${gbp(-100)}`],
  ['300 could not be given back: declined.', `${gbp(300)} could not be given back: declined.`],
  ['2550 is disputed (fraudulent, dp_1).', `${gbp(2_550)} is disputed (fraudulent, dp_1).`],
  ['The new payment came to nothing (x); 12 is uncovered.', `The new payment came to nothing (x); ${gbp(12)} is uncovered.`],
  [
    'captured: we have 5 or 1999, the gateway says 7. Captures wait',
    `captured: we have ${gbp(5)} or ${gbp(1_999)}, the gateway says ${gbp(7)}. Captures wait`,
  ],
  [
    'the answer contradicts what was asked: captured 1999, not 2000',
    `the answer contradicts what was asked: captured ${gbp(1_999)}, not ${gbp(2_000)}`,
  ],
  [
    'I-1: the lines add up to 90, not to 100; line 1 costs 40, not 30',
    `I-1: the lines add up to ${gbp(90)}, not to ${gbp(100)}; line 1 costs ${gbp(40)}, not ${gbp(30)}`,
  ],
];
for (const [text, shown] of rows) test(`"${text}" in pounds`, () => assert.equal(with_money(text, 'GBP'), shown));

test('what is no amount stays: units, references, ids, times', () => {
  for (const text of [
    'gateway_ref: we have 7123456789, the gateway says 7123456780. Captures wait',
    'line 2: 30 billed, 20 taken',
    'Shipment shp_1 left although the order had ended.',
    'capture op_2 has an unknown outcome since 2026-05-12T09:12:00.000Z.',
  ])
    assert.equal(with_money(text, 'GBP'), text);
});
test('a bare amount without a currency stays, and is known as one', () => {
  assert.equal(with_money('300 is uncovered.'), '300 is uncovered.');
  assert.ok(has_bare_amounts('300 is uncovered.'));
  assert.ok(!has_bare_amounts('300 GBP minor units is uncovered.'));
});
test('an event’s data has its amounts as money beside them, in its own currency or its order’s', () => {
  const lines = (data: Record<string, unknown>) => json_with_money(data, 'GBP').split('\n').slice(1, -1);
  assert.deepEqual(lines({ amount: 1_999, quantity: 2 }), [`  "amount": 1999,  = ${gbp(1_999)}`, '  "quantity": 2']);
  assert.deepEqual(lines({ currency: 'JPY', tax_total: 30 }), ['  "currency": "JPY",', `  "tax_total": 30  = ${money(30, 'JPY')}`]);
  assert.deepEqual(lines({ detail: '300 GBP minor units is uncovered.' }), [`  "detail": "${gbp(300)} is uncovered."`]);
});
