import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Outcome } from '../service.ts';
import { calls_min } from './breaker.ts';
import { claimed_max, in_flight_default_max, pause_max_ms, provider_guard, repeats_saved_max } from './guard.ts';

const first = { state: 'requested', attempts: 1 } as const;
const repeat = { state: 'requested', attempts: 2 } as const;
const question = { state: 'unknown', attempts: 2 } as const;
const declined: Outcome = { outcome: 'declined', code: 'do_not_honor', retryable: false };
const ok: Outcome = { outcome: 'ok', value: {} };
const lost_line: Outcome = { outcome: 'retryable', detail: 'no connection' };
const lost: Outcome = { outcome: 'unknown', detail: 'the deadline passed' };

function guarded(in_flight_max?: number) {
  const clock = { now_ms: 1_000_000 };
  return { clock, guard: provider_guard(in_flight_max === undefined ? {} : { in_flight_max }, () => clock.now_ms) };
}

describe('room at a provider', () => {
  test('is 32 operations under way, and a place again when one ends', () => {
    const { guard } = guarded();
    const flights = Array.from({ length: in_flight_default_max }, () => guard.begin(first));
    assert.equal(guard.room().all, 0);
    flights[0]?.end(ok);
    assert.equal(guard.room().all, 1);
  });
  test('is never more than 64, whatever an adapter asks for', () => assert.equal(guarded(1_000).guard.room().all, claimed_max));
});

describe('the breaker', () => {
  test('does not count declines, answers that the provider does not know, or lies', () => {
    const { guard } = guarded();
    for (let index = 0; index < 3 * calls_min; index += 1) {
      guard.begin(first).end(declined);
      guard.begin(question).end({ outcome: 'unknown', detail: 'not known yet', answered: true });
    }
    assert.equal(guard.state().breaker, 'closed');
  });
  test('counts answers that are lost and answers that say later; then one operation is let through as a probe', () => {
    const { guard, clock } = guarded();
    for (let index = 0; index < calls_min; index += 1) guard.begin(first).end(index % 2 === 0 ? lost : { outcome: 'retryable' });
    assert.equal(guard.state().breaker, 'open');
    assert.equal(guard.room().all, 0);
    clock.now_ms += 5_000;
    assert.deepEqual(guard.room(), { all: 1, repeats: 1 });
  });
});

describe('repeats', () => {
  test('are a tenth of the first attempts once what was saved is spent', () => {
    const { guard } = guarded();
    for (let index = 0; index < repeats_saved_max; index += 1) {
      guard.begin(repeat).end(lost_line);
      // Enough answers that the breaker stays closed.
      for (const answer of [ok, ok]) guard.begin(question).end(answer);
    }
    assert.equal(guard.room().repeats, 0);
    for (let index = 0; index < 50; index += 1) guard.begin(first).end(ok);
    assert.equal(guard.room().repeats, 5);
    assert.equal(guard.room().all, in_flight_default_max);
  });
  test('are one a second when nobody calls for the first time', () => {
    const { guard, clock } = guarded();
    for (let index = 0; index < 2 * repeats_saved_max; index += 1) {
      guard.begin(repeat).end(lost_line);
      // Enough answers that the breaker stays closed.
      for (const answer of [ok, ok]) guard.begin(question).end(answer);
    }
    assert.equal(guard.room().repeats, 0);
    clock.now_ms += 3_000;
    assert.equal(guard.room().repeats, 3);
  });
  test('that are answered cost nothing: a backlog goes on as fast as the provider takes it', () => {
    const { guard } = guarded();
    for (let index = 0; index < 4 * repeats_saved_max; index += 1) {
      const flight = guard.begin(repeat);
      assert.equal(guard.room().repeats, repeats_saved_max - 1);
      flight.end(index % 2 === 0 ? ok : declined);
    }
    assert.equal(guard.room().repeats, repeats_saved_max);
  });
  test('are not questions: those have a schedule', () => {
    const { guard } = guarded();
    for (let index = 0; index < 2 * repeats_saved_max; index += 1) guard.begin(question).end(ok);
    assert.equal(guard.room().repeats, repeats_saved_max);
  });
});

describe('Retry-After', () => {
  test('holds every operation of the provider back', () => {
    const { guard, clock } = guarded();
    guard.begin(first).end({ outcome: 'retryable', after_ms: 60_000 });
    clock.now_ms += 59_999;
    assert.equal(guard.room().all, 0);
    assert.equal(guard.state().paused_until, new Date(1_060_000).toISOString());
    clock.now_ms += 1;
    assert.equal(guard.room().all, in_flight_default_max);
  });
  test('is obeyed for five minutes at most', () => {
    const { guard, clock } = guarded();
    guard.begin(first).end({ outcome: 'retryable', after_ms: 3_600_000 });
    clock.now_ms += pause_max_ms;
    assert.equal(guard.room().all, in_flight_default_max);
  });
});

test('the state counts outcomes', () => {
  const { guard } = guarded();
  for (const outcome of [ok, ok, declined]) guard.begin(first).end(outcome);
  assert.deepEqual(guard.state().outcomes, { ok: 2, declined: 1 });
});
