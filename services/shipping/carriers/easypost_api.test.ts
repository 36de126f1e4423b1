import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../../platform/service.ts';
import { listener } from '../../../sandbox/easypost/listener.ts';
import { easypost_api } from './easypost_api.ts';
import { buy_label } from './easypost_labels.ts';

/** EasyPost's words for a purchase that failed, and whether they leave a doubt. */
const refusals: readonly (readonly [number, string, Outcome['outcome'], string?])[] = [
  [422, 'SHIPMENT.POSTAGE.NO_RESPONSE', 'unknown'],
  [422, 'SHIPMENT.POSTAGE.TIMED_OUT', 'unknown'],
  [422, 'SHIPMENT.PURCHASE.IN_PROGRESS', 'unknown'],
  [422, 'SHIPMENT.POSTAGE.EXISTS', 'unknown'],
  [422, 'SHIPMENT.POSTAGE.FAILURE', 'declined', 'refused'],
  [422, 'SHIPMENT.RATES.UNAVAILABLE', 'declined', 'rate_unavailable'],
  [422, 'ADDRESS.VERIFY.FAILURE', 'declined', 'address_invalid'],
  [422, 'PARAMETER.REQUIRED', 'permanent_error', 'invalid_request'],
  [400, 'BAD_REQUEST', 'permanent_error', 'invalid_request'],
  [403, 'FORBIDDEN', 'permanent_error', 'credentials_refused'],
  [404, 'NOT_FOUND', 'permanent_error', 'not_found'],
  [408, 'TIMEOUT', 'unknown'],
  [503, 'UNAVAILABLE', 'unknown'],
];
for (const [status, provider_code, expected, code] of refusals)
  test(`a purchase answered ${status} ${provider_code} is ${expected}`, async t => {
    const rate = { id: 'rate_1', carrier: 'USPS', service: 'Priority', rate: '8.10', currency: 'USD' };
    const shipment = { id: 'shp_p', reference: 'pcl_1', rates: [rate] };
    // Errors hold texts or objects, and more than we know.
    const error = { code: provider_code, message: ['no'], errors: ['text', { field: 'rate' }], extra: 1 };
    const { url } = await listener(t, ({ method }) =>
      method === 'GET' ? { status: 200, body: JSON.stringify(shipment) } : { status, body: JSON.stringify({ error }) },
    );
    const api = easypost_api({ api_key: 'EZTK_test', base_url: url });
    const parcels = [{ parcel_id: 'pcl_1', provider_shipment_ref: 'shp_p', rate_ref: 'rate_1' }];
    const outcome = await buy_label(
      api,
      { shipment_id: 'shp_1', order_id: 'ord_1', parcels },
      AbortSignal.timeout(5_000),
      async () => true,
    );
    assert.equal(outcome.outcome, expected);
    if (code !== undefined) assert.equal('code' in outcome && outcome.code, code);
  });
