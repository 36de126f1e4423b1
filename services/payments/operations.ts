/**
 * Between payments and its gateways' adapters: what becomes of outcomes, and a guard that does not believe an answer which contradicts
 * what was asked. Two kinds of operation are made here from what every adapter can: `ask` (query the authorization) and `abandon` (ask; not done: void it).
 */
import type { Adapter, Operation, Outcome, Remember, Row } from '../../platform/service.ts';
import type { RecordComparison, RecordGatewayFact, RecordRecent, StartWatch } from './commands.ts';
import { type Asked, contradiction, spelled_out } from './decide/asked.ts';
import { value_of } from './decide/learn.ts';
import { CursorLost, type Gateway, type GatewayFact } from './gateways/port.ts';

const recorded = ({ op_id, subject }: Operation, outcome: Outcome): RecordGatewayFact => ({
  type: 'record_gateway_fact',
  payment_id: subject,
  op_id,
  outcome,
});
export const outcomes = {
  authorize: recorded,
  capture: recorded,
  void: recorded,
  refund: recorded,
  ask: recorded,
  abandon: recorded,
  list_recent: ({ provider }: Operation, outcome: Outcome): RecordRecent => ({ type: 'record_recent', provider, outcome }),
  compare: ({ provider, request }: Operation, outcome: Outcome): RecordComparison => ({
    type: 'record_comparison',
    provider,
    // Frozen by decide/watch.ts.
    request: request as RecordComparison['request'],
    outcome,
  }),
};

/** One adapter per gateway that is called, by the gateway's name: the runner's providers. */
export function payments_adapters(gateways: Readonly<Record<string, Gateway>>): Record<string, Adapter> {
  const called = Object.values(gateways).filter(gateway => !gateway.immediate);
  return Object.fromEntries(called.map(gateway => [gateway.name, watching(gateway, guarded(gateway.adapter))]));
}

/** What begins to be read of the gateways that list what happened there. */
export function payments_watches(gateways: Readonly<Record<string, Gateway>>): StartWatch[] {
  return Object.values(gateways).flatMap(({ name, list_recent }) =>
    list_recent === undefined ? [] : [{ type: 'start_watch', provider: name }],
  );
}

/** Lists change nothing there: asked again until they are answered, and after a crash. */
function watching(gateway: Gateway, adapter: Adapter): Adapter {
  const either =
    (otherwise: Adapter['perform']): Adapter['perform'] =>
    (operation, signal, remember) => {
      if (operation.kind === 'list_recent') return listed(gateway.list_recent?.(since_of(operation.request), signal));
      if (operation.kind === 'compare') return listed(gateway.list_made?.(operation.request as RecordComparison['request'], signal));
      return otherwise(operation, signal, remember);
    };
  return { ...adapter, perform: either(adapter.perform), query: either(adapter.query) };
}

function since_of({ cursor, from }: Row): { readonly cursor: string } | { readonly from: string } {
  return typeof cursor === 'string' ? { cursor } : { from: String(from) };
}

async function listed(list: Promise<object> | undefined): Promise<Outcome> {
  if (list === undefined) return { outcome: 'permanent_error', code: 'no_list', detail: 'this gateway lists nothing' };
  try {
    // Plain data: facts, references, a cursor.
    return { outcome: 'ok', value: { facts: (await list) as Row } };
  } catch (error) {
    if (error instanceof CursorLost) return { outcome: 'declined', code: 'cursor_lost', retryable: false };
    return { outcome: 'retryable', detail: error instanceof Error ? error.message.slice(0, 300) : 'no answer' };
  }
}

function guarded(adapter: Adapter): Adapter {
  return {
    timeout_ms: adapter.timeout_ms,
    in_flight_max: adapter.in_flight_max,
    ...(adapter.settle_ms === undefined ? {} : { settle_ms: adapter.settle_ms }),
    perform: async (operation, signal, remember) => believed(operation, await perform(adapter, operation, signal, remember)),
    query: async (operation, signal, remember) => believed(operation, await query(adapter, operation, signal, remember)),
  };
}

function perform(adapter: Adapter, operation: Operation, signal: AbortSignal, remember: Remember | undefined): Promise<Outcome> {
  if (operation.kind === 'ask') return ask(adapter, operation, signal);
  return operation.kind === 'abandon' ? abandon(adapter, operation, signal) : adapter.perform(operation, signal, remember);
}
/** Asking again whether it is cancelled, and cancelling again, are the same as the first time. */
function query(adapter: Adapter, operation: Operation, signal: AbortSignal, remember: Remember | undefined): Promise<Outcome> {
  const is_check = operation.kind === 'ask' || operation.kind === 'abandon';
  return is_check ? perform(adapter, operation, signal, remember) : adapter.query(operation, signal, remember);
}

async function ask(adapter: Adapter, operation: Operation, signal: AbortSignal): Promise<Outcome> {
  return told(await query_authorization(adapter, operation, signal));
}

/** Asked first: a shopper who finished at the last moment keeps his payment. */
async function abandon(adapter: Adapter, operation: Operation, signal: AbortSignal): Promise<Outcome> {
  const found = await query_authorization(adapter, operation, signal);
  if (found.outcome !== 'action_required' && found.outcome !== 'pending') return told(found);
  return adapter.perform({ ...operation, kind: 'void' }, signal);
}

/** The authorization as the gateway has it. Its reference is known, so nothing is ever sent again; and its own request is not here to be. */
function query_authorization(adapter: Adapter, operation: Operation, signal: AbortSignal): Promise<Outcome> {
  const { gateway_ref, authorize_op_id } = operation.request;
  return adapter.query(
    { ...operation, kind: 'authorize', op_id: String(authorize_op_id), state: 'sent', learned: { ...operation.learned, gateway_ref } },
    signal,
  );
}

/** Whatever the gateway has of the payment answers the question. */
function told(outcome: Outcome): Outcome {
  const answers = outcome.outcome === 'declined' || outcome.outcome === 'action_required' || outcome.outcome === 'pending';
  return answers ? { outcome: 'ok', value: outcome.value ?? { facts: [] } } : outcome;
}

/**
 * An answer with another amount, currency or reference than asked is no evidence that the operation succeeded: unknown, so it is asked again,
 * and its facts are passed on to be told as drift. Without the reference it named, which may be somebody else's.
 */
function believed(operation: Operation, outcome: Outcome): Outcome {
  const { facts = [] } = value_of(outcome);
  const asked = asked_in(operation.request);
  if (asked === undefined || facts.length === 0 || outcome.outcome === 'unknown') return outcome;
  const held =
    outcome.outcome === 'declined' ? facts.find(fact => fact.fact === 'authorized' && fact.amount <= asked.amount)?.amount : undefined;
  const now = held === undefined ? asked : { ...asked, held };
  const drift = facts
    .filter(fact => is_answered_by(operation, asked, fact))
    .map(fact => contradiction(now, fact))
    .find(found => found !== undefined);
  if (drift === undefined) return outcome;
  const { ours, theirs } = spelled_out(drift, asked.currency);
  const detail = `the answer contradicts what was asked: ${drift.measure} ${theirs}, not ${ours}`;
  return { outcome: 'unknown', detail: detail.slice(0, 300), value: { facts }, answered: true };
}

/** What was taken and let go after this request was frozen is not its concern; the decision, which knows, measures it. */
function is_answered_by({ kind }: Operation, { intent }: Asked, { fact }: GatewayFact): boolean {
  if (kind !== 'authorize' && kind !== 'ask' && kind !== 'abandon') return true;
  return fact !== 'voided' && fact !== 'lapsed' && (fact !== 'captured' || intent === 'charge');
}

function asked_in({ asked }: Row): Asked | undefined {
  // Written by decide/requests.ts into every request.
  return typeof asked === 'object' && asked !== null ? (asked as unknown as Asked) : undefined;
}
