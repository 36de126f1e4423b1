import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hidden, without_secrets } from './without_secrets.ts';

describe('what the desk shows of an event or a call', () => {
  test('names no person, no street and nothing that opens something, however deep', () => {
    assert.deepEqual(
      without_secrets({
        kind: 'buy_label',
        request: {
          ship_to: { name: 'Ada Lovelace', line1: '12 St James’s Square' },
          parcels: [{ weight_grams: 800, to: 'Ada', tracking_number: 'EZ1' }],
          method_token: 'pm_card_visa',
          amount: 2025,
          lines: [{ sku: '85123A', name: 'T-light holder' }],
        },
      }),
      {
        kind: 'buy_label',
        request: {
          ship_to: hidden,
          parcels: [{ weight_grams: 800, to: hidden, tracking_number: 'EZ1' }],
          method_token: hidden,
          amount: 2025,
          lines: [{ sku: '85123A', name: hidden }],
        },
      },
    );
  });
  test('keeps nothing where nothing was, and gives up on what is nested without end', () => {
    assert.deepEqual(without_secrets({ email: null, reason: 'declined' }), { email: null, reason: 'declined' });
    let deep: { [field: string]: unknown } = { email: 'ada@example.com' };
    for (let i = 0; i < 40; i++) deep = { deep };
    // Built of plain objects only.
    assert.doesNotMatch(JSON.stringify(without_secrets(deep as never)), /ada@/);
  });
});
