import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AuditGiven, audit, type Invariant } from './auditor.ts';
import { audit_rounds, cheap_ms, dear_share } from './watch.ts';

const given: AuditGiven = {
  // None of the checks below asks a database.
  pool_of: () => {
    throw new Error('there is no database');
  },
  ledgers: new Map(),
  now: '2026-05-04T12:00:00.000Z',
  at_rest: true,
  incremental: true,
};
const dear_ms = cheap_ms + 20;

function counted(name: string, milliseconds: number, more: Partial<Invariant> = {}): Invariant & { runs: number } {
  const invariant = {
    name,
    says: name,
    runs: 0,
    async check() {
      invariant.runs += 1;
      if (milliseconds > 0) await sleep(milliseconds);
      return [{ invariant: name, detail: 'found', ids: [] }];
    },
    ...more,
  };
  return invariant;
}

test('cheap checks run in every round, a dear one when its share of the time was saved', async () => {
  const cheap = counted('cheap', 0);
  const dear = counted('dear', dear_ms);
  const every_ms = (dear_ms / dear_share) * 0.6;
  const rounds = audit_rounds([cheap, dear], every_ms);
  await rounds.run(given);
  assert.deepEqual([cheap.runs, dear.runs], [1, 1]);
  await rounds.run(given);
  assert.deepEqual([cheap.runs, dear.runs], [2, 1]);
  for (let round = 0; round < 2; round++) await rounds.run(given);
  assert.deepEqual([cheap.runs, dear.runs], [4, 2]);
});

test('what a check found stands until it runs again', async () => {
  const resting = counted('resting', 0, { only_at_rest: true });
  const rounds = audit_rounds([resting]);
  await rounds.run(given);
  await rounds.run({ ...given, at_rest: false });
  assert.equal(resting.runs, 1);
  assert.deepEqual(
    rounds.findings().map(finding => finding.detail),
    ['found'],
  );
  assert.equal(rounds.checked(), 1);
});

test('a check that cannot run is a finding, one that need not run says why', async () => {
  const broken: Invariant = {
    name: 'X1',
    says: 'asks',
    check: async ({ pool_of }) => [{ invariant: 'X1', detail: String(pool_of('orders')), ids: [] }],
  };
  const lines = await audit(given, [
    broken,
    counted('X2', 0, { thorough: true }),
    counted('X3', 0, { ledger: 'stripe' }),
    { ...counted('X4', 0), only_at_rest: true },
  ]);
  assert.deepEqual(
    lines.map(line => line.reason ?? line.findings.map(finding => finding.detail)),
    [['could not be checked: there is no database'], 'by audit alone', 'no ledger of stripe', ['found']],
  );
});

test('what holds only at rest is no finding when the shop has moved on meanwhile', async () => {
  const check = counted('resting', 0, { only_at_rest: true });
  const [still] = await audit({ ...given, still_at_rest: async () => true }, [check]);
  const [moved] = await audit({ ...given, still_at_rest: async () => false }, [check]);
  assert.equal(still?.findings.length, 1);
  assert.deepEqual([moved?.findings.length, moved?.reason], [0, 'no longer at rest']);
});

test('a stopping watch asks no more', async () => {
  const check = counted('late', 0);
  await audit_rounds([check]).run(given, AbortSignal.abort());
  assert.equal(check.runs, 0);
});
