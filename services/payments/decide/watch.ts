/**
 * What a gateway lists, read again and again: its events, because a webhook may never come, and what was made there, because a query may never have asked.
 * Both become facts like any other; what belongs to nobody here waits an hour as a webhook does, and is a person's then.
 */
import { first_id_of } from '../../../platform/ids.ts';
import { later, type NewOperation, type View } from '../../../platform/service.ts';
import type { RecordComparison, RecordRecent, StartWatch } from '../commands.ts';
import type { GatewayFact, MadeThere, RecentEvents } from '../gateways/port.ts';
import {
  compare_every_ms,
  compare_margin_ms,
  compare_span_max_ms,
  compare_span_min_ms,
  type PaymentsStates,
  recent_overlap_ms,
  recent_pause_max_ms,
  recent_pause_min_ms,
  type Watch,
} from '../model.ts';
import { nothing, type PaymentsDecision, together } from './conclude.ts';
import type { Context } from './context.ts';
import { apply, type Told } from './gateway.ts';
import { ask_about } from './waiting.ts';

export const recent_timer = 'watch_recent';
export const compare_timer = 'watch_compare';
/** More of the same, but another moment: a question's id comes from its timer. */
export const again_ms = 1_000;

export function start_watch({ given }: Context, view: View<PaymentsStates>, { provider }: StartWatch): PaymentsDecision {
  const watch = view('watch', provider);
  if (watch.listed_until !== '') return nothing;
  return {
    facts: [],
    notes: [noted(provider, { ...watch, listed_until: given.at, compared_until: given.at })],
    timers: [
      { kind: recent_timer, id: provider, due_at: later(given.at, watch.pause_ms) },
      { kind: compare_timer, id: provider, due_at: later(given.at, compare_every_ms) },
    ],
  };
}

/** One question at a time: its outcome sets the next timer. */
export function pass_recent(context: Context, view: View<PaymentsStates>, provider: string): PaymentsDecision {
  const { cursor, listed_until } = view('watch', provider);
  const request = cursor === null ? { from: later(listed_until, -recent_overlap_ms) } : { cursor };
  return asked(context, 'list_recent', provider, request);
}

export function pass_compare(context: Context, view: View<PaymentsStates>, provider: string): PaymentsDecision {
  const { compared_until: from, span_ms } = view('watch', provider);
  const [latest, end] = [later(context.given.at, -compare_margin_ms), later(from, span_ms)];
  const until = end < latest ? end : latest;
  if (until <= from)
    return { facts: [], timers: [{ kind: compare_timer, id: provider, due_at: later(context.given.at, compare_every_ms) }] };
  return asked(context, 'compare', provider, { from, until });
}

function asked(context: Context, kind: 'list_recent' | 'compare', provider: string, request: NewOperation['request']): PaymentsDecision {
  return { facts: [], operations: [{ op_id: context.next_id('op'), kind, provider, subject: provider, key: provider, request }] };
}

// --- events

/** The boundary to our own adapters (operations.ts): what the gateway's port gives stands in the value as `facts`, so that the operation's row does not keep it as learned. */
export function recent_in({ outcome }: RecordRecent): RecentEvents {
  return outcome.outcome === 'ok' ? (outcome.value['facts'] as unknown as RecentEvents) : { events: [], more: false };
}

export const inbox_id = (provider: string, event_ref: string): string => `${provider}/${event_ref}`;

export function record_recent(context: Context, view: View<PaymentsStates>, command: RecordRecent): PaymentsDecision {
  const { provider, outcome } = command;
  const watch = view('watch', provider);
  const { at } = context.given;
  const { events, cursor, more } = recent_in(command);
  const missed: Told[] = events.flatMap(({ event_ref, type, facts }) => {
    const id = inbox_id(provider, event_ref);
    const webhook = view('webhook', id);
    if (webhook.state !== 'new' || facts.length === 0) return [];
    return [{ id, facts, webhook: { ...webhook, provider, event_ref, event_type: type, received_at: at } }];
  });
  const pause_ms = missed.length > 0 ? recent_pause_min_ms : Math.min(recent_pause_max_ms, 2 * watch.pause_ms);
  const lost = outcome.outcome !== 'ok';
  const next: Watch = lost
    ? { ...watch, cursor: null }
    : { ...watch, cursor: cursor ?? watch.cursor, listed_until: more ? watch.listed_until : at, pause_ms };
  return together([
    apply(context, view, missed),
    {
      facts: [],
      notes: [noted(provider, next)],
      timers: [{ kind: recent_timer, id: provider, due_at: later(at, more || lost ? again_ms : pause_ms) }],
    },
  ]);
}

// --- what was made there

export function made_in({ outcome }: RecordComparison): MadeThere {
  return outcome.outcome === 'ok' ? (outcome.value['facts'] as unknown as MadeThere) : { facts: [], complete: false };
}

/** Of one object there that nobody here knows. */
export const orphan_id = (fact: GatewayFact): string => inbox_id(fact.gateway, `listed/${fact.gateway_ref}`);

/** Ids begin with their time: ours of the stretch, but for the last minutes, whose payments may be made there in the next one. */
export function made_between(provider: string, { from, until }: RecordComparison['request']): string {
  const last_ms = Math.max(Date.parse(from), Date.parse(until) - compare_margin_ms);
  return [provider, first_id_of('pay', Date.parse(from) - compare_margin_ms), first_id_of('pay', last_ms)].join(' ');
}

/** Ours with a reference there that the gateway did not list: it is asked for each. */
export function missing_there(view: View<PaymentsStates>, command: RecordComparison): readonly string[] {
  const { facts, complete } = made_in(command);
  if (!complete) return [];
  const listed = new Set(facts.map(fact => fact.gateway_ref));
  return view('made_payments', made_between(command.provider, command.request))
    .payments.filter(({ gateway_ref }) => !listed.has(gateway_ref))
    .map(({ id }) => id);
}

export function record_comparison(context: Context, view: View<PaymentsStates>, command: RecordComparison): PaymentsDecision {
  const { provider, request } = command;
  const watch = view('watch', provider);
  const { facts, complete } = made_in(command);
  const too_many = !complete && watch.span_ms > compare_span_min_ms;
  const { at } = context.given;
  if (too_many) {
    const span_ms = Math.max(compare_span_min_ms, Math.floor(watch.span_ms / 2));
    return {
      facts: [],
      notes: [noted(provider, { ...watch, span_ms })],
      timers: [{ kind: compare_timer, id: provider, due_at: later(at, again_ms) }],
    };
  }
  const orphans: Told[] = [...Map.groupBy(facts, orphan_id)].flatMap(([id, its_facts]) => {
    const webhook = view('webhook', id);
    const event_ref = id.slice(provider.length + 1);
    // Told before: it waits, or a person has it.
    if (webhook.state !== 'new') return [];
    return [{ id, facts: its_facts, webhook: { ...webhook, provider, event_ref, event_type: 'comparison', received_at: at } }];
  });
  const asks = missing_there(view, command).map(id => ask_about(context, id, view('payment', id)));
  const next: Watch = { ...watch, compared_until: request.until, span_ms: compare_span_max_ms };
  const caught_up = later(at, -compare_margin_ms) <= later(request.until, compare_margin_ms);
  return together([
    apply(context, view, orphans, 'orphans only'),
    ...asks,
    {
      facts: [],
      notes: [noted(provider, next)],
      timers: [{ kind: compare_timer, id: provider, due_at: later(at, caught_up ? compare_every_ms : again_ms) }],
    },
  ]);
}

function noted(id: string, watch: Watch) {
  return { kind: 'watch', id, change: () => watch } as const;
}
