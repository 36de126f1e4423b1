/** What the tests of payments share: the service in memory with real gateways that nobody calls, and what a gateway would say. */
import assert from 'node:assert/strict';
import type { PaymentsEvent } from '../../contracts/index.ts';
import {
  contract_of,
  payment_capture_requested,
  payment_refund_requested,
  payment_release_requested,
  payment_requested,
} from '../../contracts/index.ts';
import { later, type Outcome, type Row } from '../../platform/service.ts';
import { validator } from '../../platform/strict_json.ts';
import { type InMemory, in_memory, type Ran, test_time } from '../../platform/testing/in_memory.ts';
import type { CapturePayment, PaymentsCommand, RecordWebhook, RefundPayment, StartPayment } from './commands.ts';
import { standing_of } from './decide/standing.ts';
import { manual_gateway } from './gateways/manual.ts';
import type { Gateway, GatewayFact } from './gateways/port.ts';
import { stripe_gateway } from './gateways/stripe.ts';
import { type OwnOperation, type Payment, rest_of } from './model.ts';
import { payments_service } from './service.ts';

export { test_time };
export const pay = 'pay_1';
export const order = 'ord_1';
export const pi = 'pi_1';
export const at = (milliseconds: number): string => later(test_time, milliseconds);
export const minutes = (count: number): number => count * 60_000;
export const hours = (count: number): number => count * 3_600_000;
export const days = (count: number): number => count * 86_400_000;

const no_calls = {
  base_url: 'http://127.0.0.1:9',
  secret_key: 'sk_test_none',
  webhook_secret: 'whsec_none',
  timeout_ms: 1_000,
  now_ms: () => Date.parse(test_time),
};
export const test_gateways: Readonly<Record<string, Gateway>> = {
  manual: manual_gateway,
  stripe: stripe_gateway(no_calls),
  once: { ...stripe_gateway({ ...no_calls, multi_capture: false }), name: 'once' },
  silent: { ...stripe_gateway(no_calls), name: 'silent', capabilities: { multi_capture: false, hold_ms: days(5) } },
};

/** One service, and what happened in it since the last look. */
export interface Desk {
  readonly memory: InMemory;
  /** The types of the events and rejections of the last command. */
  readonly told: readonly string[];
  payment(id?: string): Payment;
  operation<K extends OwnOperation['kind']>(kind: K): OwnOperation & { readonly kind: K };
  last<T extends PaymentsEvent['type']>(type: T): Extract<PaymentsEvent, { type: T }>['data'];
  run(command: PaymentsCommand, when?: string): Desk;
  answer(kind: OwnOperation['kind'], outcome: Outcome, when?: string): Desk;
  webhook(facts: readonly GatewayFact[], event_ref?: string, when?: string): Desk;
  fire(kind: string, id?: string, when?: string): Desk;
  timer(kind: string, id?: string): string | undefined;
  readonly exceptions: readonly string[];
}

export function desk(): Desk {
  const memory = in_memory(payments_service({ gateways: test_gateways }));
  let ran: Ran = { events: [], types: [], operations: [], records: [] };
  const see = (next: Ran): Desk => {
    ran = next;
    for (const event of next.events) check_event(event);
    check_payments(memory);
    return self;
  };
  const payment = (id = pay) => memory.state<Payment>('payment', id);
  const self: Desk = {
    memory,
    payment,
    get told() {
      return ran.rejection === undefined ? ran.types : [ran.rejection.rejection];
    },
    get exceptions() {
      return payment().exceptions.map(exception => exception.reason);
    },
    operation: kind => found_operation(payment(), kind),
    last(type) {
      const event = memory.log.findLast(each => each.type === type);
      assert.ok(event, `no ${type} was told`);
      // The type was just compared.
      return event.data as never;
    },
    run: (command, when = test_time) => see(memory.run(command, { at: when })),
    answer: (kind, outcome, when = test_time) => see(memory.outcome(found_operation(payment(), kind).op_id, outcome, { at: when })),
    webhook: (facts, event_ref = `evt_${memory.log.length}_${facts.map(fact => fact.fact).join('_')}`, when = test_time) =>
      see(memory.run(webhook(facts, event_ref), { at: when })),
    fire: (kind, id = pay, when) => see(memory.fire(kind, id, when)),
    timer: (kind, id = pay) => memory.timers.get(`${kind} ${id}`)?.due_at,
  };
  return self;
}

function found_operation<K extends OwnOperation['kind']>(payment: Payment, kind: K): OwnOperation & { readonly kind: K } {
  const operation = payment.operations.findLast(each => each.kind === kind);
  assert.ok(operation, `no ${kind} was asked`);
  // The kind was just compared.
  return operation as OwnOperation & { readonly kind: K };
}

const checks = new Map<string, ReturnType<typeof validator>>();
function check_event({ type, data }: { type: string; data: unknown }): void {
  const contract = contract_of(type as PaymentsEvent['type']);
  const check = checks.get(type) ?? validator(contract.data);
  checks.set(type, check);
  check.check(JSON.parse(JSON.stringify(data)), type);
}

/** P1, and that the row (the fold of what was told) is where the facts and operations stand. */
export function check_payments(memory: InMemory): void {
  for (const [id, row] of memory.rows.get('payment') ?? []) {
    // The kind is `payment`.
    const payment = row.state as Payment;
    const { refunds: _, ...standing } = standing_of(payment);
    const { authorized, captured, voided, refunded, capture_pending, void_pending, refund_pending, status, decline_code } = payment;
    const told = { authorized, captured, voided, refunded, capture_pending, void_pending, refund_pending, status, decline_code };
    assert.deepEqual(told, standing, `${id}: what was told is not where it stands`);
    assert.ok(capture_pending + void_pending <= rest_of(payment) && authorized <= payment.amount, `${id}: P1 taken`);
    assert.ok(refunded + refund_pending <= captured && refund_pending >= 0, `${id}: P1 given back`);
  }
}

// --- what orders asks

export function start(more: Partial<StartPayment['asked']> = {}): PaymentsCommand {
  const asked = {
    ...payment_requested.example,
    order_id: order,
    payment_id: pay,
    amount: 8400,
    deadline: at(minutes(30)),
    reserve_until: at(minutes(35)),
    ...more,
  };
  return { type: 'start_payment', asked };
}
export function capture(capture_no: number, amount: number, final = false, more: Partial<CapturePayment['asked']> = {}): CapturePayment {
  const asked = { order_id: order, payment_id: pay, capture_no, amount, final, shipment_id: `shp_${capture_no}`, ...more };
  return { type: 'capture_payment', asked: { ...payment_capture_requested.example, ...asked } };
}
export function release(...payment_ids: string[]): PaymentsCommand {
  const data = payment_release_requested.example;
  return { type: 'release_payment', asked: { ...data, order_id: order, payment_ids: payment_ids.length === 0 ? [pay] : payment_ids } };
}
export function refund(refund_id: string, amount: number, more: Partial<RefundPayment['asked']> = {}): RefundPayment {
  const asked = { order_id: order, payment_id: pay, refund_id, amount, tax: 0, ...more };
  return { type: 'refund_payment', asked: { ...payment_refund_requested.example, ...asked } };
}

// --- what the gateway says

export function fact(name: GatewayFact['fact'], amount: number, more: Partial<GatewayFact> = {}): GatewayFact {
  return {
    gateway: 'stripe',
    object_ref: pi,
    fact: name,
    amount,
    currency: 'GBP',
    gateway_ref: pi,
    payment_id: pay,
    order_id: order,
    raw: {},
    ...more,
  };
}
export function refund_fact(
  name: 'refunded' | 'refund_failed' | 'pending',
  object_ref: string,
  amount: number,
  more: Partial<GatewayFact> = {},
): GatewayFact {
  return fact(name, amount, { object_ref, ...more });
}
export const held = fact('authorized', 8400, { authorization_expires_at: at(days(7)), multi_capture: true });
export function value(...facts: GatewayFact[]): Row {
  // As every adapter makes it (gateways/port.ts).
  return { gateway_ref: pi, facts } as unknown as Row;
}
export function ok(...facts: GatewayFact[]): Outcome {
  return { outcome: 'ok', value: value(...facts) };
}
export const unknown: Outcome = { outcome: 'unknown', detail: 'ECONNRESET' };
export function webhook(facts: readonly GatewayFact[], event_ref: string): RecordWebhook {
  return { type: 'record_webhook', id: `stripe/${event_ref}`, provider: 'stripe', event_ref, event_type: 'test', facts };
}

/** A payment of 84.00 at Stripe, authorized until a week from now; the card takes several captures. */
export function authorized(more: Partial<GatewayFact> = {}): Desk {
  return desk()
    .run(start())
    .answer('authorize', ok({ ...held, ...more }));
}
export function captured(): Desk {
  return authorized()
    .run(capture(1, 8400, true))
    .answer('capture', ok(held, fact('captured', 8400)));
}
