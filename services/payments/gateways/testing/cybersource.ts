/** What the tests of the CyberSource adapter share. The stand-in comes from the test: only tests may know stand-ins. */
import assert from 'node:assert/strict';
import type { Operation, Outcome, Row } from '../../../../platform/service.ts';
import { payments_adapters } from '../../operations.ts';
import { type CybersourceSettings, cybersource_gateway } from '../cybersource.ts';
import type { Signer } from '../cybersource_signature.ts';
import type { AuthorizeRequest, Gateway, GatewayFact } from '../port.ts';

/** A stand-in, as far as these tests look at it. */
export interface Sim {
  readonly url: string;
  ledger(): readonly { readonly kind: string; readonly amount?: number; readonly reference: string | null }[];
}

export const start_ms = 1_800_000_000_000;
export const minute_ms = 60_000;
export const at = (ms: number) => new Date(ms).toISOString();

export interface Setup {
  readonly sim: Sim;
  readonly gateway: Gateway;
  /** Theirs and ours. */
  readonly clock: { ms: number };
  /** What the runner keeps for the operation. */
  readonly kept: Row;
  perform(operation: Operation): Promise<Outcome>;
  /** As the runner does it: with all that was learned so far. */
  query(operation: Operation, more?: Partial<Operation>): Promise<Outcome>;
  fault(rule: object): Promise<void>;
}

export function setup_of(sim: Sim, clock: { ms: number }, signer: Signer, options: Partial<CybersourceSettings> = {}): Setup {
  const gateway = cybersource_gateway({
    base_url: sim.url,
    merchant_id: 'cartwright',
    signer,
    schema_version: '1.224',
    timeout_ms: 10_000,
    payer_url: op_id => `http://shop.test/inbound/cybersource/payer/${op_id}`,
    ...options,
    now_ms: () => clock.ms,
  });
  // As the runner has it.
  const adapter = payments_adapters({ cybersource: gateway })['cybersource'];
  assert.ok(adapter);
  let kept: Row = {};
  const remember = async (learned: Row) => {
    kept = { ...kept, ...learned };
    return true;
  };
  const learn = (outcome: Outcome): Outcome => {
    const { facts: _, ...learned } = 'value' in outcome ? (outcome.value ?? {}) : {};
    kept = { ...kept, ...learned };
    return outcome;
  };
  const with_kept = (operation: Operation): Operation => ({ ...operation, learned: { ...operation.learned, ...kept } });
  return {
    sim,
    gateway,
    clock,
    get kept() {
      return kept;
    },
    perform: async operation => learn(await adapter.perform(with_kept(operation), AbortSignal.timeout(30_000), remember)),
    query: async (operation, more = {}) =>
      learn(
        await adapter.query(with_kept({ ...operation, state: 'unknown', attempts: 2, ...more }), AbortSignal.timeout(30_000), remember),
      ),
    fault: async rule => {
      assert.equal((await fetch(`${sim.url}/__sim/faults`, { method: 'POST', body: JSON.stringify(rule) })).status, 201);
    },
  };
}

let operations = 0;
export function operation(kind: string, request: Row, more: Partial<Operation> = {}): Operation {
  operations += 1;
  const base = { op_id: `op_${kind}_${operations}`, kind, provider: 'cybersource', subject: 'pay_1', key: 'ord_1', request } as const;
  return { ...base, state: 'requested', attempts: 1, learned: {}, requested_at: at(start_ms), sent_at: at(start_ms), ...more };
}
export const order: AuthorizeRequest = {
  payment_id: 'pay_1',
  order_id: 'ord_1',
  amount: 10_000,
  currency: 'EUR',
  intent: 'authorize',
  method: 'sim_visa',
  receipt_email: 'ada@example.com',
  billing: { name: 'Ada King Lovelace', line1: '12 Square', city: 'London', region: null, postal_code: 'SW1Y 4JH', country: 'GB' },
};
export const authorize = (more: Partial<AuthorizeRequest> = {}, row: Partial<Operation> = {}) =>
  operation('authorize', { ...order, ...more }, row);
export const named = { payment_id: 'pay_1', order_id: 'ord_1', currency: 'EUR' };
export const step = (ref: string) => ({ ref });
export const capture = (ref: string, amount: number) =>
  operation('capture', { ...named, gateway_ref: ref, capture_no: 1, amount, final: true, earlier: { authorize: step(ref) } });
export const release = (ref: string, amount = 10_000) =>
  operation('void', { ...named, gateway_ref: ref, amount, earlier: { authorize: step(ref) } });
export const refund = (ref: string, capture_ref: string | undefined, amount: number) =>
  operation('refund', {
    ...named,
    refund_id: 'rfd_1',
    gateway_ref: ref,
    amount,
    reason: 'goodwill',
    ...(capture_ref !== undefined && { earlier: { capture: step(capture_ref) } }),
  });

/** Boundary: the adapter's values are LearnedValues, rows only by their outer type. */
export const facts_of = (outcome: Outcome): readonly GatewayFact[] =>
  'value' in outcome ? ((outcome.value?.['facts'] ?? []) as unknown as GatewayFact[]) : [];
export const told = (outcome: Outcome) => facts_of(outcome).map(fact => `${fact.fact} ${fact.amount}`);
export const ref_of = (outcome: Outcome): string => {
  const found = 'value' in outcome ? outcome.value?.['step'] : undefined;
  assert.ok(typeof found === 'object' && found !== null && 'ref' in found, JSON.stringify(outcome));
  return String(found.ref);
};
export const movements = (sim: Sim) => sim.ledger().map(entry => `${entry.kind} ${entry.amount}`);
/** What the gateway still keeps of all its authorizations, neither taken nor given back. */
export const signs: Readonly<Record<string, number>> = { authorized: 1, captured: -1, capture_voided: 1, voided: -1 };
export const held = (sim: Sim) => sim.ledger().reduce((sum, { kind, amount = 0 }) => sum + (signs[kind] ?? 0) * amount, 0);
export function assert_declined(outcome: Outcome, code: string, retryable: boolean): void {
  assert.deepEqual(
    {
      outcome: outcome.outcome,
      ...('code' in outcome && { code: outcome.code }),
      ...('retryable' in outcome && { retryable: outcome.retryable }),
    },
    { outcome: 'declined', code, retryable },
  );
}
