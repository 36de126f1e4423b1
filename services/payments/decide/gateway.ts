/** What gateways say: replies and polls of operations, and webhooks. One fact by three ways counts once. */

import { later, type Note, type Outcome, type View } from '../../../platform/service.ts';
import type { PayerReturned, RecordGatewayFact, RecordWebhook } from '../commands.ts';
import type { GatewayFact } from '../gateways/port.ts';
import { type OpenException, type OwnOperation, type Payment, type PaymentsStates, unclaimed_tries_ms, type Webhook } from '../model.ts';
import { conclude, nothing, type PaymentsDecision, together } from './conclude.ts';
import type { Context } from './context.ts';
import { new_exception, type Raise } from './exceptions.ts';
import { answered, learn_facts, value_of, with_held, with_step } from './learn.ts';
import { settle_by_facts } from './proceed.ts';
import type { PaymentsFact, ShopperAction } from './tell.ts';

export function record_gateway_fact(context: Context, before: Payment, command: RecordGatewayFact): PaymentsDecision {
  const { payment_id: id, op_id, outcome } = command;
  const operation = before.operations.find(each => each.op_id === op_id);
  if (operation === undefined) return nothing;
  const { facts = [], gateway_ref, step } = value_of(outcome);
  const held = with_step(with_held(id, before, operation, outcome), op_id, step);
  const { payment, drifts, disputes, drifted, records, action } = learn_facts(id, held, facts, context.given.at);
  const proven = settle_by_facts(payment);
  const now = proven.operations.find(each => each.op_id === op_id) ?? operation;
  const known = !drifted && proven.gateway_ref === null && gateway_ref !== undefined ? { ...proven, gateway_ref } : proven;
  const asks: ShopperAction | undefined =
    outcome.outcome === 'action_required' ? { url: outcome.url, expires_at: outcome.expires_at } : action;
  return conclude(context, id, before, answered(known, now, outcome, drifted), {
    drifts,
    disputes,
    records,
    raises: raises_of(before, operation, outcome),
    ...(asks && { action: asks }),
  });
}

function raises_of({ gateway, gateway_ref }: Payment, { kind, op_id }: OwnOperation, outcome: Outcome): Raise[] {
  // Asked for by its own reference: what the gateway once had of ours, and has no more.
  if (kind === 'ask' && value_of(outcome).absent === true)
    return [{ reason: 'absent_at_gateway', detail: `${gateway} has no ${gateway_ref} (any more).` }];
  if (outcome.outcome === 'unknown' && outcome.for_person === true)
    return [{ reason: 'outcome_unknown', detail: `${kind} ${op_id}: ${outcome.detail}` }];
  return [];
}

/** The runner asks about it now, not when its turn comes; who comes back twice, or after the end, changes nothing. */
export function payer_returned(before: Payment, { op_id, learned }: PayerReturned): PaymentsDecision {
  const authorize = before.operations.find(each => each.op_id === op_id);
  if (authorize?.kind !== 'authorize' || authorize.state !== 'open' || authorize.progress !== 'action_required') return nothing;
  return { facts: [], records: [{ table: 'payer_returned', row: { op_id, learned } }] };
}

// --- webhooks

export function object_id(fact: Pick<GatewayFact, 'gateway' | 'gateway_ref'>): string {
  return `${fact.gateway}/${fact.gateway_ref}`;
}

/** Once per (provider, event_ref): a second delivery changes nothing. */
export function record_webhook(context: Context, view: View<PaymentsStates>, command: RecordWebhook): PaymentsDecision {
  const webhook = view('webhook', command.id);
  if (webhook.state !== 'new') return nothing;
  const { provider, event_ref, event_type, facts } = command;
  const received: Webhook = { ...webhook, provider, event_ref, event_type, received_at: context.given.at };
  return apply(context, view, [{ id: command.id, webhook: received, facts }]);
}

/** Nobody knew the payment when it came; perhaps by now. After an hour a person looks. */
export function claim_webhook(context: Context, view: View<PaymentsStates>, id: string): PaymentsDecision {
  const webhook = view('webhook', id);
  if (webhook.state !== 'waiting') return nothing;
  return apply(context, view, [{ id, webhook, facts: webhook.facts }]);
}

/** Whose a fact is: it says so, or the gateway's object does. */
export function owner_of(view: View<PaymentsStates>, fact: GatewayFact): string | null {
  return fact.payment_id ?? view('gateway_object', object_id(fact)).payment_id;
}

/** A webhook, or what stands for one, and its facts. */
export interface Told {
  readonly id: string;
  readonly webhook: Webhook;
  readonly facts: readonly GatewayFact[];
}

/** Several about one payment are one decision about it. `orphans only`: a row stays only of those that have facts of nobody's. */
export function apply(
  context: Context,
  view: View<PaymentsStates>,
  told: readonly Told[],
  keep: 'all' | 'orphans only' = 'all',
): PaymentsDecision {
  const is_known = (payment_id: string | null): payment_id is string => payment_id !== null && view('payment', payment_id).status !== 'new';
  const is_claimed = (fact: GatewayFact): boolean => is_known(owner_of(view, fact));
  const by_payment = Map.groupBy(
    told.flatMap(({ facts }) => facts.filter(is_claimed)),
    fact => owner_of(view, fact) ?? '',
  );
  const decisions = [...by_payment].map(([payment_id, its_facts]) => {
    const before = view('payment', payment_id);
    const { payment, drifted: _, ...more } = learn_facts(payment_id, before, its_facts, context.given.at);
    return conclude(context, payment_id, before, payment, more);
  });
  const rows = told.flatMap(({ id, webhook, facts }) => {
    const unclaimed = facts.filter(fact => !is_claimed(fact));
    return unclaimed.length === 0 && keep === 'orphans only' ? [] : [kept(context, id, webhook, unclaimed)];
  });
  return together([...decisions, ...rows]);
}

function kept(context: Context, id: string, webhook: Webhook, unclaimed: readonly GatewayFact[]): PaymentsDecision {
  const keep = (change: Partial<Webhook>): Note<PaymentsStates> => ({
    kind: 'webhook',
    id,
    change: told => ({ ...webhook, exception: told.exception, ...change }),
  });
  if (unclaimed.length === 0) return { facts: [], notes: [keep({ state: 'applied', facts: [] })] };
  const age_ms = Date.parse(context.given.at) - Date.parse(webhook.received_at);
  const next_ms = unclaimed_tries_ms.find(each => each > age_ms);
  if (next_ms !== undefined) {
    // The timer names the objects, so that the command it becomes can look up whose they are by then.
    const objects = new Set(unclaimed.filter(fact => fact.payment_id === undefined).map(object_id));
    const timers = [{ kind: 'unclaimed_webhook', id: [id, ...objects].join(' '), due_at: later(webhook.received_at, next_ms) }];
    return { facts: [], notes: [keep({ state: 'waiting', facts: unclaimed })], timers };
  }
  const detail = `${webhook.event_type} of ${webhook.provider} is about no payment of ours: ${unclaimed.map(fact => `${fact.fact} ${fact.amount} ${fact.currency} ${fact.gateway_ref}`).join('; ')}`;
  const exception = new_exception(context, 'unclaimed_fact', detail.slice(0, 2_000));
  return {
    facts: [webhook_exception(id, 'exception.raised', exception)],
    notes: [keep({ state: 'unclaimed', facts: unclaimed, exception })],
  };
}

export function webhook_exception(
  id: string,
  type: 'exception.raised' | 'exception.resolved',
  exception: OpenException & { readonly note?: string },
): PaymentsFact {
  return { event: { type, data: { ...exception, subject: id } }, key: id, subject: { kind: 'webhook', id } };
}
