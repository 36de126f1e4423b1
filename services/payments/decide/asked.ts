/** Whether a fact is about what we asked: payment, order, operation, currency, amount. Money moves on a match only (integrations.md 3). */
import type { PaymentIntent } from '../../../contracts/index.ts';
import type { GatewayFact } from '../gateways/port.ts';
import { authorize_of, is_about_refund, type Payment } from '../model.ts';

/** What we asked of the gateway so far. A type, not an interface: it travels in the request of each operation. */
export type Asked = {
  readonly payment_id: string;
  readonly order_id: string;
  readonly amount: number;
  readonly currency: string;
  readonly intent: PaymentIntent;
  readonly gateway_ref: string | null;
  readonly authorize_op_id: string | null;
  /** Declined, and this much is held all the same. */
  readonly held: number;
  /** All that may be captured after each of our captures. */
  readonly captured_totals: readonly number[];
  readonly refunds: readonly { readonly refund_id: string; readonly op_id: string; readonly amount: number }[];
};

/** A fact's field that is not as asked; `ours` and `theirs` as text, for people. */
export interface Contradiction {
  readonly measure: string;
  readonly ours: string;
  readonly theirs: string;
}

export function asked_of(payment_id: string, payment: Payment): Asked {
  const authorize = authorize_of(payment);
  const totals = payment.operations.flatMap(operation =>
    operation.kind === 'capture' && operation.expected !== null ? [operation.expected] : [],
  );
  return {
    payment_id,
    order_id: payment.order_id,
    amount: payment.amount,
    currency: payment.currency,
    intent: payment.intent,
    gateway_ref: payment.gateway_ref,
    authorize_op_id: authorize?.op_id ?? null,
    held: authorize?.held ?? 0,
    captured_totals: payment.intent === 'charge' ? [payment.amount] : totals,
    refunds: payment.operations.flatMap(operation =>
      operation.kind === 'refund' ? [{ refund_id: operation.refund_id, op_id: operation.op_id, amount: operation.amount }] : [],
    ),
  };
}

const references: ReadonlySet<string> = new Set(['payment_id', 'order_id', 'gateway_ref', 'operation_id', 'currency']);

/** Both sides for people to read: an amount names its currency. */
export function spelled_out({ measure, ours, theirs }: Contradiction, currency: string): Omit<Contradiction, 'measure'> {
  if (references.has(measure)) return { ours, theirs };
  const spell = (text: string) => text.replaceAll(/\d+/g, amount => `${amount} ${currency} minor units`);
  return { ours: spell(ours), theirs: spell(theirs) };
}

/** `undefined`: as asked. */
export function contradiction(asked: Asked, fact: GatewayFact): Contradiction | undefined {
  return reference_contradiction(asked, fact) ?? amount_contradiction(asked, fact);
}

function differs(measure: string, ours: string | number | readonly number[], theirs: string | number): Contradiction {
  return { measure, ours: typeof ours === 'object' ? ours.join(' or ') : String(ours), theirs: String(theirs).slice(0, 200) };
}

function reference_contradiction(asked: Asked, fact: GatewayFact): Contradiction | undefined {
  const { payment_id = asked.payment_id, order_id = asked.order_id, operation_id } = fact;
  if (payment_id !== asked.payment_id) return differs('payment_id', asked.payment_id, payment_id);
  if (order_id !== asked.order_id) return differs('order_id', asked.order_id, order_id);
  if (asked.gateway_ref !== null && fact.gateway_ref !== '' && fact.gateway_ref !== asked.gateway_ref)
    return differs('gateway_ref', asked.gateway_ref, fact.gateway_ref);
  const ours = is_about_refund(fact) ? asked.refunds.find(refund => refund.refund_id === fact.refund_id)?.op_id : asked.authorize_op_id;
  if (operation_id !== undefined && ours !== undefined && ours !== null && operation_id !== ours)
    return differs('operation_id', ours, operation_id);
  return fact.currency === asked.currency ? undefined : differs('currency', asked.currency, fact.currency);
}

function amount_contradiction(asked: Asked, fact: GatewayFact): Contradiction | undefined {
  const { amount } = fact;
  const base = asked.held > 0 ? asked.held : asked.amount;
  if (is_about_refund(fact)) return refund_contradiction(asked, fact);
  switch (fact.fact) {
    case 'captured':
      return asked.captured_totals.includes(amount) ? undefined : differs('captured', asked.captured_totals, amount);
    case 'voided':
    case 'lapsed': {
      const let_go = [0, base, ...asked.captured_totals.map(total => asked.amount - total)];
      return let_go.includes(amount) ? undefined : differs('voided', let_go, amount);
    }
    case 'disputed':
      return amount <= asked.amount ? undefined : differs('disputed', asked.amount, amount);
    default:
      return amount === (fact.fact === 'authorized' ? base : asked.amount) ? undefined : differs(fact.fact, base, amount);
  }
}

/** Ours give back what we asked for; the gateway's own no more than the payment. */
function refund_contradiction(asked: Asked, fact: GatewayFact): Contradiction | undefined {
  const ours = asked.refunds.find(refund => refund.refund_id === fact.refund_id)?.amount;
  if (ours !== undefined) return fact.amount === ours ? undefined : differs(fact.fact, ours, fact.amount);
  return fact.amount >= 1 && fact.amount <= asked.amount ? undefined : differs(fact.fact, asked.amount, fact.amount);
}
