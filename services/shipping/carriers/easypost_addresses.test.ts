/** What EasyPost says of an address, and what becomes of it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Operation, Outcome, Row } from '../../../platform/service.ts';
import { start_easypost } from '../../../sandbox/easypost/easypost.ts';
import { listener } from '../../../sandbox/easypost/listener.ts';
import { easypost_carrier } from './easypost.ts';

const address = { name: 'Ada Byron', line1: '179 N Harbor Dr', city: 'Redondo Beach', region: 'CA', postal_code: '90277', country: 'US' };

function verify(base_url: string, of: Row = address): Promise<Outcome> {
  const at = '2026-03-01T12:00:00.000Z';
  const operation: Operation = {
    op_id: 'op_1',
    kind: 'verify_address',
    provider: 'easypost',
    subject: 'shp_1',
    key: 'ord_1',
    state: 'sent',
    attempts: 1,
    request: { shipment_id: 'shp_1', address: of },
    requested_at: at,
    sent_at: at,
    learned: {},
  };
  return easypost_carrier({ api_key: 'EZTK_test', base_url }).adapter.perform(operation, AbortSignal.timeout(2_000));
}
const verdict = (outcome: Outcome) => {
  assert.ok(outcome.outcome === 'ok', JSON.stringify(outcome));
  return outcome.value;
};

test('an address that is found is ok, however it is written; Not A City is undeliverable', async t => {
  const sim = await start_easypost();
  t.after(() => sim.stop());
  assert.deepEqual(verdict(await verify(`${sim.url}/v2/`)), { verdict: 'ok' });
  const nowhere = verdict(await verify(`${sim.url}/v2/`, { ...address, city: 'Not A City' }));
  assert.equal(nowhere['verdict'], 'undeliverable');
  assert.match(String(nowhere['detail']), /E\.ADDRESS\.NOT_FOUND/);
});

const found = { id: 'adr_1', street1: '179 N HARBOR DR', city: 'REDONDO BEACH', state: 'CA', zip: '90277-2506', country: 'US' };
const success = { delivery: { success: true, errors: [] } };
const failed = (code: string) => ({ delivery: { success: false, errors: [{ code, message: 'm', field: 'address', suggestion: null }] } });
const table: readonly (readonly [string, number, object | string, string])[] = [
  ['capitals and four more digits are no correction', 201, { ...found, verifications: success }, 'ok'],
  ['another city is', 201, { ...found, city: 'TORRANCE', verifications: success }, 'corrected'],
  ['a carrier that could not tell', 201, { ...found, verifications: failed('E.TIMEOUT') }, 'not_checked'],
  ['that says why nobody lives there', 201, { ...found, verifications: failed('E.HOUSE_NUMBER.INVALID') }, 'undeliverable'],
  ['no verification at all', 201, { ...found, verifications: {} }, 'not_checked'],
  ['500', 500, '<html>', 'not_checked'],
  ['429', 429, { error: { code: 'RATE_LIMITED', message: 'slow down' } }, 'not_checked'],
  ['422', 422, { error: { code: 'ADDRESS.COUNTRY.INVALID', message: 'no' } }, 'not_checked'],
  ['no JSON', 201, 'not json', 'not_checked'],
];
for (const [name, status, body, expected] of table)
  test(`the check answers: ${name}: ${expected}`, async (t: TestContext) => {
    const { url } = await listener(t, () => ({ status, body: typeof body === 'string' ? body : JSON.stringify(body) }));
    assert.equal(verdict(await verify(url))['verdict'], expected);
  });

test('a correction names what differs and how it is written there', async t => {
  const { url } = await listener(t, () => ({ status: 201, body: JSON.stringify({ ...found, city: 'TORRANCE', verifications: success }) }));
  const { detail, suggestion } = verdict(await verify(url)) as { detail: string; suggestion: Row };
  assert.equal(detail, 'city');
  assert.deepEqual([suggestion['city'], suggestion['name'], suggestion['postal_code']], ['TORRANCE', 'Ada Byron', '90277-2506']);
});

test('nobody there is no reason to wait', async () => {
  assert.equal(verdict(await verify('http://127.0.0.1:9/'))['verdict'], 'not_checked');
});
