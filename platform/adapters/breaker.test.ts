import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Breaker, calls_min, create_breaker, probe_every_ms, slow_forgotten_ms, slow_from_ms, window_ms } from './breaker.ts';

function with_clock(): {
  breaker: Breaker;
  pass(ms: number): void;
  call(took_ms: number, failed: boolean): void;
  calls(count: number, took_ms: number, failed: boolean): void;
} {
  let now = 1_000_000;
  const breaker = create_breaker(() => now);
  const call = (took_ms: number, failed: boolean) => {
    const begun = breaker.begin();
    now += took_ms;
    begun.end(failed);
  };
  return {
    breaker,
    call,
    pass: ms => {
      now += ms;
    },
    // Twenty at a time, as they come.
    calls: (count, took_ms, failed) => {
      for (let left = count; left > 0; left -= 20) {
        const begun = Array.from({ length: Math.min(left, 20) }, () => breaker.begin());
        now += took_ms;
        for (const one of begun) one.end(failed);
      }
    },
  };
}

describe('a provider that fails', () => {
  test('is left alone when half of twenty calls fail within ten seconds', () => {
    const { breaker, calls } = with_clock();
    calls(calls_min / 2, 10, false);
    calls(calls_min / 2 - 1, 10, true);
    assert.equal(breaker.allows(), 'all');
    calls(1, 10, true);
    assert.equal(breaker.allows(), 'none');
    assert.equal(breaker.state().ill, 'failing');
  });
  test('is not left alone for failures that are seconds apart: what is older than the window does not count', () => {
    const { breaker, call, pass } = with_clock();
    for (let index = 0; index < 100; index += 1) {
      call(10, true);
      pass(window_ms / (calls_min - 2));
    }
    assert.equal(breaker.allows(), 'all');
  });
  test('fails over the edge of any window of the clock', () => {
    const { breaker, calls, pass } = with_clock();
    calls(calls_min / 2, 10, true);
    pass(window_ms - 500);
    calls(calls_min / 2, 10, true);
    assert.equal(breaker.allows(), 'none');
  });
  test('gets one probe every five seconds, and none beside it', () => {
    const { breaker, calls, pass } = with_clock();
    calls(calls_min, 10, true);
    pass(probe_every_ms);
    assert.equal(breaker.allows(), 'one');
    const probe = breaker.begin();
    assert.equal(breaker.allows(), 'none');
    probe.end(true);
    assert.equal(breaker.allows(), 'none');
    pass(probe_every_ms);
    assert.equal(breaker.allows(), 'one');
    breaker.begin().end(false);
    assert.equal(breaker.allows(), 'all');
  });
  test('is not called well by an answer to a call that began before', () => {
    const { breaker, calls } = with_clock();
    const early = breaker.begin();
    calls(calls_min, 10, true);
    early.end(false);
    assert.equal(breaker.allows(), 'none');
  });
});

describe('a provider that is slow', () => {
  test('is left alone when its slowest twentieth takes over four times what it used to', () => {
    const { breaker, calls } = with_clock();
    calls(600, 400, false);
    assert.equal(breaker.state().normal_ms, 400);
    calls(40, 1_590, false);
    assert.equal(breaker.allows(), 'all');
    calls(40, 1_700, false);
    assert.equal(breaker.allows(), 'none');
    assert.equal(breaker.state().ill, 'slow');
  });
  test('is not slow below a second, however fast it used to be', () => {
    const { breaker, calls } = with_clock();
    calls(60_000, 5, false);
    calls(100, slow_from_ms - 1, false);
    assert.equal(breaker.allows(), 'all');
  });
  test('stays alone while its probes are slow, and after five minutes that is how it is', () => {
    const { breaker, call, calls, pass } = with_clock();
    calls(600, 400, false);
    calls(40, 3_000, false);
    assert.equal(breaker.state().ill, 'slow');
    pass(probe_every_ms);
    call(3_000, false);
    assert.equal(breaker.state().ill, 'slow');
    pass(slow_forgotten_ms);
    call(3_000, false);
    assert.equal(breaker.allows(), 'all');
    calls(40, 3_000, false);
    assert.equal(breaker.allows(), 'all');
  });
});
