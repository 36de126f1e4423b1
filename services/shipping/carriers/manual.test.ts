import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation, Row } from '../../../platform/service.ts';
import { manual_carrier, manual_tracking_number } from './manual.ts';

const carrier = manual_carrier({ currency: 'EUR' });
function operation(kind: string, request: Row): Operation {
  const at = '2026-03-01T12:00:00.000Z';
  const row = { op_id: 'op_1', kind, provider: 'manual', subject: 'shp_1', key: 'ord_1', state: 'sent', attempts: 1 } as const;
  return { ...row, request, requested_at: at, sent_at: at, learned: {} };
}
const signal = AbortSignal.timeout(1_000);

test('a parcel’s number is always the same, another parcel’s is another', () => {
  assert.match(manual_tracking_number('pcl_1'), /^MN[0-9A-HJ-NP-Z]{12}$/);
  assert.equal(manual_tracking_number('pcl_1'), manual_tracking_number('pcl_1'));
  const numbers = Array.from({ length: 10_000 }, (_, index) => manual_tracking_number(`pcl_${index}`));
  assert.equal(new Set(numbers).size, 10_000);
});

test('labels are bought and voided at once, for nothing, and asking gives the same answer', async () => {
  const parcels = [{ parcel_id: 'pcl_1', provider_shipment_ref: 'pcl_1', rate_ref: 'manual' }];
  const buy = operation('buy_label', { shipment_id: 'shp_1', order_id: 'ord_1', parcels });
  const outcome = await carrier.adapter.perform(buy, signal);
  assert.ok(outcome.outcome === 'ok');
  const label = {
    carrier: 'manual',
    service: 'manual',
    currency: 'EUR',
    parcel_id: 'pcl_1',
    tracking_number: manual_tracking_number('pcl_1'),
    tracking_url: null,
    cost: 0,
    label_ref: 'pcl_1',
    adopted: false,
  };
  assert.deepEqual(outcome.value, { labels: [label] });
  assert.deepEqual(await carrier.adapter.query(buy, signal), outcome);
  const void_label = operation('void_label', {
    shipment_id: 'shp_1',
    parcels: [{ parcel_id: 'pcl_1', provider_shipment_ref: 'pcl_1', tracking_number: label.tracking_number }],
  });
  const voided = { voided: ['pcl_1'], refused: [], submitted: [] };
  assert.deepEqual(await carrier.adapter.perform(void_label, signal), { outcome: 'ok', value: voided });
  assert.deepEqual(carrier.parse_webhook(new Uint8Array(), {}, ''), { invalid: 'not_supported' });
});
