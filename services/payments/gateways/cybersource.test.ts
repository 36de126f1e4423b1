/** The adapter against the stand-in, which verifies signatures with another library, and which npm `soap` has judged (cybersource_wire.test.ts). */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { Operation } from '../../../platform/service.ts';
import { type CybersourceOptions, start_cybersource } from '../../../sandbox/cybersource/cybersource.ts';
import { foreign_certificate, foreign_key, test_certificate, test_key } from '../../../sandbox/cybersource/test_certificate.ts';
import { again_default_ms, type CybersourceSettings, lost_wait_default_ms } from './cybersource.ts';
import { signer_of } from './cybersource_signature.ts';
import type { AuthorizeRequest } from './port.ts';
import {
  assert_declined,
  authorize,
  capture,
  facts_of,
  held,
  movements,
  named,
  operation,
  ref_of,
  refund,
  release,
  type Setup,
  setup_of,
  start_ms,
  step,
  told,
} from './testing/cybersource.ts';

async function open(t: TestContext, options: Partial<CybersourceOptions> & Partial<CybersourceSettings> = {}): Promise<Setup> {
  const clock = { ms: start_ms };
  const sim = await start_cybersource({ merchant_id: 'cartwright', certificate: test_certificate, now_ms: () => clock.ms, ...options });
  t.after(() => sim.stop());
  return setup_of(sim, clock, signer_of(test_key, test_certificate), options);
}

test('a payment is authorized, captured in part, and given back', async t => {
  const { sim, perform } = await open(t);
  const authorized = await perform(authorize());
  assert.equal(authorized.outcome, 'ok');
  const [fact] = facts_of(authorized);
  assert.deepEqual([fact?.fact, fact?.amount, fact?.currency, fact?.payment_id], ['authorized', 10_000, 'EUR', 'pay_1']);
  const ref = ref_of(authorized);
  const captured = await perform(capture(ref, 7_000));
  assert.deepEqual(told(captured), ['captured 7000']);
  const refunded = await perform(refund(ref, ref_of(captured), 2_500));
  assert.deepEqual([refunded.outcome, ...told(refunded)], ['ok', 'refunded 2500']);
  assert.deepEqual(movements(sim), ['authorized 10000', 'captured 7000', 'voided 3000', 'refunded 2500']);
  assert.deepEqual(new Set(sim.ledger().map(entry => entry.reference)), new Set(['ord_1']));
});

test('a charge takes the money in one message, and its refund names that message', async t => {
  const { sim, perform } = await open(t);
  const charged = await perform(authorize({ intent: 'charge' }));
  assert.deepEqual([charged.outcome, ...told(charged)], ['ok', 'captured 10000']);
  assert.equal((await perform(refund(ref_of(charged), ref_of(charged), 10_000))).outcome, 'ok');
  assert.deepEqual(movements(sim), ['authorized 10000', 'captured 10000', 'refunded 10000']);
});

test('an authorization is reversed, once, however often it is asked for', async t => {
  const { sim, perform, query } = await open(t);
  const ref = ref_of(await perform(authorize()));
  const again = release(ref);
  assert.deepEqual(told(await perform(again)), ['voided 10000']);
  assert.deepEqual(told(await query(again)), ['voided 10000']);
  assert.deepEqual(movements(sim), ['authorized 10000', 'voided 10000']);
});

for (const [currency, amount] of [
  ['JPY', 1_200],
  ['KWD', 5_123],
  ['EUR', 1_202],
  ['EUR', 100_000_000_101],
] as const)
  test(`${amount} minor units of ${currency} are as many there`, async t => {
    const { sim, perform } = await open(t);
    const outcome = await perform(authorize({ amount, currency }));
    if (amount === 1_202) assert_declined(outcome, 'card_expired', true);
    else assert.deepEqual([...told(outcome), ...movements(sim)], [`authorized ${amount}`, `authorized ${amount}`]);
  });

test('a transient token and a subscription are means of payment, a card number never gets here', async t => {
  const { gateway, perform } = await open(t);
  for (const method of [`eyJhbGciOiJSUzI1NiJ9.${'e'.repeat(1_400)}.sig-_na`, '1234567890123456789012', 'sim_visa'])
    assert.equal((await perform(authorize({ method }))).outcome, 'ok', method);
  for (const [method, taken] of [
    ['eyJ0eXAiOiJKV1Qi.x.y', true],
    ['9876543210123456', true],
    ['pm_card_visa', true],
    ['two words', false],
    ['a.b', false],
    ['<x>', false],
  ] as const)
    assert.equal(gateway.takes_method?.(method), taken, method);
});

describe('refusals', () => {
  for (const [cents, code, retryable] of [
    ['02', 'card_expired', true],
    ['04', 'insufficient_funds', true],
    ['05', 'lost_or_stolen', false],
    ['11', 'incorrect_cvc', true],
    ['76', 'authentication_failed', true],
    ['99', 'other', false],
  ] as const)
    test(`cents ${cents}: declined as ${code}, nothing is held`, async t => {
      const { sim, perform } = await open(t);
      const outcome = await perform(authorize({ amount: Number(`100${cents}`) }));
      assert_declined(outcome, code, retryable);
      assert.deepEqual([told(outcome), movements(sim)], [[`declined 100${cents}`], []]);
    });

  for (const [cents, code, amount] of [
    ['30', 'incorrect_cvc', 10_030],
    ['81', 'suspected_fraud', 10_081],
    ['10', 'partial_approval', 5_005],
  ] as const)
    test(`cents ${cents}: declined as ${code}, and what the issuer holds is told and reversed`, async t => {
      const { sim, perform } = await open(t);
      const outcome = await perform(authorize({ amount: Number(`100${cents}`) }));
      assert.equal(outcome.outcome === 'declined' && outcome.code, code);
      assert.deepEqual(told(outcome), [`authorized ${amount}`]);
      assert.equal((await perform(release(ref_of(outcome), amount))).outcome, 'ok');
      assert.equal(held(sim), 0);
    });

  test('an unknown code that accepts is an authorization', async t => {
    const { perform } = await open(t);
    assert.deepEqual(told(await perform(authorize({ amount: 10_020 }))), ['authorized 10020']);
  });
  test('in review: pending, nothing is authorized; giving it up reverses the hold', async t => {
    const { sim, perform, query } = await open(t);
    const outcome = await perform(authorize({ amount: 10_080 }));
    assert.deepEqual([outcome.outcome, ...told(outcome)], ['pending', 'pending 10080']);
    assert.deepEqual(await query(authorize({ amount: 10_080 }), { state: 'sent' }), { outcome: 'pending' });
    const ref = ref_of(outcome);
    const abandon = operation('void', {
      ...named,
      gateway_ref: ref,
      amount: 10_080,
      authorize_op_id: 'op_1',
      earlier: { authorize: step(ref) },
    });
    assert.deepEqual([told(await perform(abandon)), held(sim)], [['voided 0'], 0]);
  });
  test('a missing address is our fault, and names the elements', async t => {
    const { perform } = await open(t);
    const outcome = await perform(authorize({ billing: null }));
    assert.equal(outcome.outcome, 'permanent_error');
    assert.match('detail' in outcome ? String(outcome.detail) : '', /billTo\/firstName/);
  });
  test('another merchant, a signature of somebody else: permanent, nothing happened', async t => {
    const stranger = await open(t, { merchant_id: 'cartwright', signer: signer_of(foreign_key, foreign_certificate) });
    assert.equal((await stranger.perform(authorize())).outcome, 'permanent_error');
    assert.deepEqual(movements(stranger.sim), []);
  });
  test('another schema version is refused as not understood', async t => {
    const old = await open(t, { schema_version: '1.26' });
    assert.equal((await old.perform(authorize())).outcome, 'permanent_error');
  });
  test('an issuer who is away is asked once more, under a new name, then it is a no', async t => {
    const { clock, perform } = await open(t);
    const asked = authorize({ amount: 10_007 });
    assert.deepEqual(await perform(asked), { outcome: 'retryable', detail: '207', after_ms: again_default_ms });
    clock.ms += again_default_ms;
    assert_declined(await perform(asked), 'issuer_unavailable', true);
  });
  test('too late, too much: the follow-up is refused as a conflict', async t => {
    const { perform } = await open(t);
    const ref = ref_of(await perform(authorize()));
    const captured = await perform(capture(ref, 4_000));
    for (const late of [capture(ref, 1_000), release(ref), refund(ref, ref_of(captured), 4_001), refund(ref, '0'.repeat(22), 1)]) {
      const outcome = await perform(late);
      assert.deepEqual([outcome.outcome, 'value' in outcome && outcome.value?.['conflict']], ['declined', true], late.kind);
    }
  });
});

describe('3-D Secure', () => {
  const enrolled = (more: Partial<AuthorizeRequest> = {}) => authorize({ amount: 10_075, return_url: 'https://shop.test/thanks', ...more });

  async function to_bank(setup: Setup, asked: Operation): Promise<{ page: string; id: string }> {
    const outcome = await setup.perform(asked);
    assert.deepEqual([outcome.outcome, ...told(outcome)], ['action_required', 'action_required 10075']);
    assert.equal(outcome.outcome === 'action_required' && outcome.url, `http://shop.test/inbound/cybersource/payer/${asked.op_id}`);
    const form = setup.gateway.payer_page?.form(setup.kept);
    assert.ok(form !== undefined && form.fields['JWT'] !== undefined);
    return { page: form.action, id: form.action.split('/').at(-1) ?? '' };
  }
  const back = (setup: Setup, id: string) => setup.gateway.payer_page?.returned(Buffer.from(`TransactionId=${id}&Response=`)) ?? {};

  test('the payer is sent to his bank, and his word takes the authorization on under the same payment', async t => {
    const setup = await open(t);
    const asked = enrolled();
    const { page, id } = await to_bank(setup, asked);
    assert.equal((await setup.query(asked, { state: 'sent' })).outcome, 'action_required');
    const pages = [
      await fetch(page, { method: 'POST', body: new URLSearchParams({ JWT: 'x' }) }),
      await fetch(`${page}?outcome=success`, { method: 'POST' }),
    ];
    const [asks, thanks] = await Promise.all(pages.map(reply => reply.text()));
    assert.match(asks ?? '', /Complete authentication/);
    assert.match(thanks ?? '', /action="http:\/\/shop\.test\/inbound\/cybersource\/payer\/op_/);
    const found = await setup.query(asked, { state: 'sent', learned: back(setup, id) });
    assert.deepEqual([found.outcome, ...told(found)], ['ok', 'authorized 10075']);
    assert.notEqual(ref_of(found), 'value' in found && found.value?.['gateway_ref']);
    assert.equal((await setup.perform(capture(ref_of(found), 10_075))).outcome, 'ok');
    assert.equal(setup.gateway.payer_page?.form({ ...setup.kept, returned: {} }), undefined);
  });

  test('a payer whom his bank does not know is declined', async t => {
    const setup = await open(t);
    const asked = enrolled();
    const { page, id } = await to_bank(setup, asked);
    await fetch(`${page}?outcome=fail`, { method: 'POST' });
    assert_declined(await setup.query(asked, { state: 'sent', learned: back(setup, id) }), 'authentication_failed', true);
    assert.deepEqual(movements(setup.sim), []);
  });

  test('when nobody answers to his word, the money is given back and he begins anew', async t => {
    const setup = await open(t);
    const asked = enrolled();
    const { page, id } = await to_bank(setup, asked);
    await fetch(`${page}?outcome=success`, { method: 'POST' });
    await setup.fault({ match: { path: '/commerce/*' }, fault: 'reset_after', times: 1 });
    const brought = back(setup, id);
    assert.equal((await setup.query(asked, { state: 'sent', learned: brought })).outcome, 'unknown');
    setup.clock.ms += lost_wait_default_ms;
    assert_declined(await setup.query(asked, { learned: brought }), 'processing_error', true);
    assert.deepEqual(movements(setup.sim), ['authorized 10075', 'voided 10075']);
  });

  test('without a way back the bank’s wish cannot be fulfilled: declined', async t => {
    const setup = await open(t);
    assert_declined(await setup.perform(authorize({ amount: 10_075 })), 'authentication_failed', true);
  });

  test('giving up a payer who never came back asks nobody', async t => {
    const setup = await open(t);
    const asked = enrolled();
    await to_bank(setup, asked);
    const request = { ...named, gateway_ref: String(setup.kept['gateway_ref']), amount: 10_075, authorize_op_id: asked.op_id };
    const question: Operation = { ...asked, request, state: 'sent' };
    assert.equal((await setup.gateway.adapter.query(question, AbortSignal.timeout(500))).outcome, 'action_required');
    assert.deepEqual(told(await setup.gateway.adapter.perform({ ...question, kind: 'void' }, AbortSignal.timeout(500))), ['voided 0']);
  });

  test('3-D Secure 1: the bank’s signed word travels along', async t => {
    const { gateway } = await open(t);
    const { form, returned } = gateway.payer_page ?? assert.fail('it has no page');
    const authentication = { transaction_id: 'xid', action: 'https://acs.test/', pa_req: 'eJx' };
    assert.deepEqual(form({ authentication }), { action: 'https://acs.test/', fields: { PaReq: 'eJx', MD: 'xid' } });
    assert.deepEqual(returned(Buffer.from('PaRes=eJy%2Bab%3D&MD=xid')), { returned: { signed_pares: 'eJy+ab=' } });
    assert.deepEqual(returned(Buffer.from('PaRes=<script>')), { returned: {} });
  });
});
