/** The adapter when nobody answers: what happened once counts once, and no money stays held that nobody knows of. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type CybersourceOptions, start_cybersource } from '../../../sandbox/cybersource/cybersource.ts';
import { test_certificate, test_key } from '../../../sandbox/cybersource/test_certificate.ts';
import { type CybersourceSettings, cybersource_gateway, lost_wait_default_ms } from './cybersource.ts';
import { signer_of } from './cybersource_signature.ts';
import {
  assert_declined,
  authorize,
  capture,
  held,
  minute_ms,
  movements,
  ref_of,
  refund,
  type Setup,
  setup_of,
  start_ms,
  told,
} from './testing/cybersource.ts';

async function open(t: TestContext, options: Partial<CybersourceOptions> & Partial<CybersourceSettings> = {}): Promise<Setup> {
  const clock = { ms: start_ms };
  const sim = await start_cybersource({ merchant_id: 'cartwright', certificate: test_certificate, now_ms: () => clock.ms, ...options });
  t.after(() => sim.stop());
  return setup_of(sim, clock, signer_of(test_key, test_certificate), options);
}

describe('nobody answers', () => {
  /** Everything after the effect, before an answer that can be read. */
  const losses: readonly (readonly [string, object | undefined, number])[] = [
    ['cut after the effect', { fault: 'reset_after' }, 10_000],
    ['500 after the effect', { fault: 'status', status: 500, executed: true }, 10_000],
    ['a page of HTML after the effect', { fault: 'status', status: 502, executed: true }, 10_000],
    ['half a reply', { fault: 'truncate' }, 10_000],
    ['garbage', { fault: 'garbage' }, 10_000],
    ['a reply too late', { fault: 'reply_late', delay_ms: 6_000 }, 10_000],
    ['silence (cents 59)', undefined, 10_059],
    ['ERROR 151 after the effect', undefined, 10_051],
  ];
  for (const intent of ['authorize', 'charge'] as const)
    for (const [name, fault, amount] of losses)
      test(`${intent}: ${name} is unknown, reversed after a minute, and asked for under a new name`, async t => {
        const waits = name.includes('late') || name.includes('silence');
        const { sim, clock, perform, query, fault: inject } = await open(t, waits ? { timeout_ms: 1_500 } : {});
        const asked = authorize({ amount, intent });
        if (fault !== undefined) await inject({ match: { path: '/commerce/*' }, times: 1, ...fault });
        assert.equal((await perform(asked)).outcome, 'unknown');
        const early = await query(asked);
        assert.deepEqual([early.outcome, 'after_ms' in early && early.after_ms], ['retryable', lost_wait_default_ms]);
        clock.ms += lost_wait_default_ms;
        const found = await query(asked);
        const kinds = intent === 'charge' ? ['authorized', 'captured', 'capture_voided', 'voided'] : ['authorized', 'voided'];
        assert.deepEqual(
          sim
            .ledger()
            .slice(0, kinds.length)
            .map(entry => entry.kind),
          kinds,
        );
        if (fault !== undefined) {
          assert.equal(found.outcome, 'ok');
          assert.equal(sim.ledger().filter(entry => entry.kind === 'authorized').length, 2);
          assert.equal(held(sim), intent === 'charge' ? 0 : amount);
          return;
        }
        // The magic amount does it again, until it was tried often enough; then nothing is held.
        assert.equal(found.outcome, 'unknown');
        for (let round = 2; round < 3; round += 1) {
          clock.ms += lost_wait_default_ms;
          assert.equal((await query(asked)).outcome, 'unknown');
        }
        clock.ms += lost_wait_default_ms;
        assert_declined(await query(asked), 'processing_error', true);
        const count = (kind: string) => sim.ledger().filter(entry => entry.kind === kind).length;
        assert.deepEqual([count('authorized'), count('voided'), held(sim)], [3, 3, 0]);
        assert.equal(count('captured'), count('capture_voided'));
      });

  for (const [name, fault, amount] of [
    ['500 before the effect', { fault: 'status', status: 500 }, 10_000],
    ['cut before the effect', { fault: 'reset_before' }, 10_000],
    ['ERROR 150 before the effect', undefined, 10_050],
  ] as const)
    test(`${name}: nothing is found to reverse, and one authorization stays`, async t => {
      const { sim, clock, perform, query, fault: inject } = await open(t);
      const asked = authorize({ amount });
      if (fault !== undefined) await inject({ match: { path: '/commerce/*' }, times: 1, ...fault });
      assert.equal((await perform(asked)).outcome, 'unknown');
      clock.ms += lost_wait_default_ms;
      const found = await query(asked);
      assert.equal(found.outcome, fault === undefined ? 'unknown' : 'ok');
      assert.deepEqual(movements(sim), fault === undefined ? [] : ['authorized 10000']);
    });

  test('a refused connection is retryable under the same name', async t => {
    const { sim, perform } = await open(t);
    const asked = authorize();
    const gone = cybersource_gateway({
      base_url: 'http://127.0.0.1:9',
      merchant_id: 'cartwright',
      signer: signer_of(test_key, test_certificate),
      schema_version: '1.224',
      timeout_ms: 400,
      payer_url: () => '',
      now_ms: () => start_ms,
    });
    assert.equal((await gone.adapter.perform(asked, AbortSignal.timeout(500), async () => true)).outcome, 'retryable');
    assert.equal((await perform(asked)).outcome, 'ok');
    assert.deepEqual(movements(sim), ['authorized 10000']);
  });

  test('a reversal that nobody answers leaves it unknown, and is asked again', async t => {
    const { sim, clock, perform, query, fault } = await open(t);
    const asked = authorize();
    await fault({ match: { path: '/commerce/*' }, fault: 'reset_after', times: 2 });
    assert.equal((await perform(asked)).outcome, 'unknown');
    clock.ms += lost_wait_default_ms;
    assert.equal((await query(asked)).outcome, 'unknown');
    assert.equal((await query(asked)).outcome, 'ok');
    assert.deepEqual(movements(sim), ['authorized 10000', 'voided 10000', 'authorized 10000']);
  });

  test('a message sent twice under one name is refused there, and unknown here', async t => {
    const { sim, clock, perform } = await open(t);
    const asked = authorize();
    await perform(asked);
    for (const wait of [0, 16 * minute_ms]) {
      clock.ms += wait;
      assert.equal((await perform(asked)).outcome, 'unknown');
    }
    assert.deepEqual(movements(sim), ['authorized 10000']);
  });

  test('a process that another one has replaced sends nothing', async t => {
    const { sim, gateway } = await open(t);
    const outcome = await gateway.adapter.perform(authorize(), AbortSignal.timeout(1_000), async () => false);
    assert.deepEqual([outcome.outcome, movements(sim)], ['unknown', []]);
  });

  test('a capture is repeated once; that it had happened is the answer; its refund is for a person', async t => {
    const { sim, clock, perform, query, fault } = await open(t);
    const ref = ref_of(await perform(authorize()));
    const asked = capture(ref, 10_000);
    await fault({ match: { path: '/commerce/*' }, fault: 'reset_after', times: 1 });
    assert.equal((await perform(asked)).outcome, 'unknown');
    assert.equal((await query(asked, { learned: { sent_ms: clock.ms } })).outcome, 'retryable');
    clock.ms += lost_wait_default_ms;
    const found = await query(asked);
    assert.deepEqual([found.outcome, ...told(found)], ['ok', 'captured 10000']);
    assert.deepEqual(movements(sim), ['authorized 10000', 'captured 10000']);
    const outcome = await perform(refund(ref, undefined, 10_000));
    assert.deepEqual([outcome.outcome, 'code' in outcome && outcome.code], ['permanent_error', 'capture_reference_unknown']);
  });
  test('a capture that had not happened happens by its repeat, and never by a third', async t => {
    const { sim, clock, perform, query, fault } = await open(t);
    const ref = ref_of(await perform(authorize()));
    await fault({ match: { path: '/commerce/*' }, fault: 'reset_before', times: 2 });
    const asked = capture(ref, 10_000);
    assert.equal((await perform(asked)).outcome, 'unknown');
    clock.ms += lost_wait_default_ms;
    assert.equal((await query(asked)).outcome, 'unknown');
    assert.equal((await query(asked)).outcome, 'unknown');
    assert.deepEqual(movements(sim), ['authorized 10000']);
  });
  test('a credit is never sent again', async t => {
    const { sim, clock, perform, query, fault } = await open(t);
    const ref = ref_of(await perform(authorize()));
    const capture_ref = ref_of(await perform(capture(ref, 10_000)));
    await fault({ match: { path: '/commerce/*' }, fault: 'reset_before', times: 1 });
    const asked = refund(ref, capture_ref, 10_000);
    assert.equal((await perform(asked)).outcome, 'unknown');
    clock.ms += 24 * 60 * minute_ms;
    assert.equal((await query(asked)).outcome, 'unknown');
    assert.equal((await query(asked, { state: 'sent' })).outcome, 'unknown');
    assert.deepEqual(movements(sim), ['authorized 10000', 'captured 10000']);
  });
  test('a reply that lies about the amount is passed on as it is', async t => {
    const { perform, fault } = await open(t);
    await fault({ match: { path: '/commerce/*' }, fault: 'lie_amount', times: 1 });
    assert.deepEqual(told(await perform(authorize())), ['authorized 110000']);
  });
});
