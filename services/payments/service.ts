/** Payments: authorize, capture, void, refund through gateways. README.md says how. */

import type { Ref, View } from '../../platform/service.ts';
import type { PaymentsCommand } from './commands.ts';
import { together } from './decide/conclude.ts';
import { context_of } from './decide/context.ts';
import { claim_webhook, object_id, owner_of, payer_returned, record_gateway_fact, record_webhook } from './decide/gateway.ts';
import { capture_payment, refund_payment, release_payment, start_payment } from './decide/orders.ts';
import { is_webhook_id, resolve_exception, settle_operation } from './decide/people.ts';
import { pass_deadline, pass_expiry, pass_overdue } from './decide/waiting.ts';
import {
  compare_timer,
  inbox_id,
  made_between,
  made_in,
  missing_there,
  orphan_id,
  pass_compare,
  pass_recent,
  recent_in,
  recent_timer,
  record_comparison,
  record_recent,
  start_watch,
} from './decide/watch.ts';
import { evolve_payment, evolve_watch, evolve_webhook } from './evolve.ts';
import type { GatewayFact } from './gateways/port.ts';
import { no_payment, no_watch, no_webhook, type PaymentsSettings, type PaymentsStates } from './model.ts';
import { outcomes } from './operations.ts';
import { type PaymentsService, reactions } from './reactions.ts';
import { gateway_object_rows, made_payments_rows, payment_rows, records, watch_rows, webhook_rows } from './store.ts';

export { payments_adapters, payments_watches } from './operations.ts';
export type { PaymentsService } from './reactions.ts';

export const migrations_folder = new URL('./migrations', import.meta.url).pathname;

const payment = (id: string): Ref<PaymentsStates> => ({ kind: 'payment', id });
const webhook = (id: string): Ref<PaymentsStates> => ({ kind: 'webhook', id });
const gateway_object = (id: string): Ref<PaymentsStates> => ({ kind: 'gateway_object', id });
const named = (fact: GatewayFact): Ref<PaymentsStates> | undefined =>
  fact.payment_id === undefined ? undefined : payment(fact.payment_id);
const owners = (view: View<PaymentsStates>, facts: readonly GatewayFact[]): Ref<PaymentsStates>[] =>
  once(
    facts.flatMap(fact => {
      const owner = owner_of(view, fact);
      return owner === null ? [] : [payment(owner)];
    }),
  );
const once = (refs: readonly Ref<PaymentsStates>[]): Ref<PaymentsStates>[] => [
  ...new Map(refs.map(ref => [`${ref.kind} ${ref.id}`, ref])).values(),
];

export function payments_service(settings: PaymentsSettings): PaymentsService {
  return {
    name: 'payments',
    // In lock order. Whose a gateway's object is, is read without a lock: it never changes.
    kinds: {
      gateway_object: { reference: true, initial: () => ({ payment_id: null }), rows: gateway_object_rows },
      made_payments: { reference: true, initial: () => ({ payments: [] }), rows: made_payments_rows },
      watch: { initial: () => no_watch, evolve: evolve_watch, rows: watch_rows },
      webhook: { initial: () => no_webhook, evolve: evolve_webhook, rows: webhook_rows },
      payment: { initial: () => no_payment, evolve: evolve_payment, rows: payment_rows },
    },
    commands: { ...orders_commands(settings), ...gateway_commands(settings), ...own_commands(settings), ...watch_commands(settings) },
    reactions,
    timers: {
      payment_deadline: ({ id }) => ({ type: 'pass_deadline', payment_id: id }),
      authorization_expiry: ({ id }) => ({ type: 'pass_expiry', payment_id: id }),
      operation_overdue: ({ id }) => ({
        type: 'pass_overdue',
        payment_id: id.slice(0, id.indexOf('/')),
        op_id: id.slice(id.indexOf('/') + 1),
      }),
      [recent_timer]: ({ id }) => ({ type: 'pass_watch', provider: id, what: 'list_recent' }),
      [compare_timer]: ({ id }) => ({ type: 'pass_watch', provider: id, what: 'compare' }),
      unclaimed_webhook({ id: timer_id }) {
        const [id = '', ...objects] = timer_id.split(' ');
        return { type: 'claim_webhook', id, objects };
      },
    },
    outcomes,
    records,
  };
}

type Commands<T extends PaymentsCommand['type']> = Pick<PaymentsService['commands'], T>;

function orders_commands(
  settings: PaymentsSettings,
): Commands<'start_payment' | 'capture_payment' | 'release_payment' | 'refund_payment' | 'erase_personal_data'> {
  return {
    // Nothing that decides is personal: no row is looked at.
    erase_personal_data: {
      touches: () => [],
      decide: ({ order_ids }) => ({ facts: [], records: order_ids.map(order_id => ({ table: 'erased_order', row: { order_id } })) }),
    },
    start_payment: {
      touches: ({ asked }) => [payment(asked.payment_id)],
      decide: ({ asked }, view, given) => start_payment(context_of(settings, given), view('payment', asked.payment_id), asked),
    },
    capture_payment: {
      touches: ({ asked }) => [payment(asked.payment_id)],
      decide: ({ asked }, view, given) => capture_payment(context_of(settings, given), view('payment', asked.payment_id), asked),
    },
    release_payment: {
      touches: ({ asked }) => once(asked.payment_ids.map(payment)),
      decide({ asked }, view, given) {
        const context = context_of(settings, given);
        return together([...new Set(asked.payment_ids)].map(id => release_payment(context, id, view('payment', id))));
      },
    },
    refund_payment: {
      touches: ({ asked }) => [payment(asked.payment_id)],
      decide: ({ asked }, view, given) => refund_payment(context_of(settings, given), view('payment', asked.payment_id), asked),
    },
  };
}

function gateway_commands(
  settings: PaymentsSettings,
): Commands<'record_gateway_fact' | 'payer_returned' | 'record_webhook' | 'claim_webhook'> {
  return {
    payer_returned: {
      touches: ({ payment_id }) => [payment(payment_id)],
      decide: (command, view) => payer_returned(view('payment', command.payment_id), command),
    },
    record_gateway_fact: {
      touches: ({ payment_id }) => [payment(payment_id)],
      decide: (command, view, given) => record_gateway_fact(context_of(settings, given), view('payment', command.payment_id), command),
    },
    record_webhook: {
      touches: ({ id, facts }) => once([...facts.map(fact => named(fact) ?? gateway_object(object_id(fact))), webhook(id)]),
      then_touches: ({ facts }, view) => owners(view, facts),
      decide: (command, view, given) => record_webhook(context_of(settings, given), view, command),
    },
    claim_webhook: {
      touches: ({ id, objects }) => [...objects.map(gateway_object), webhook(id)],
      then_touches: ({ id }, view) => owners(view, view('webhook', id).facts),
      decide: ({ id }, view, given) => claim_webhook(context_of(settings, given), view, id),
    },
  };
}

function watch_commands(settings: PaymentsSettings): Commands<'start_watch' | 'pass_watch' | 'record_recent' | 'record_comparison'> {
  const watch = (id: string): Ref<PaymentsStates> => ({ kind: 'watch', id });
  const owned = (facts: readonly GatewayFact[]) => facts.map(fact => named(fact) ?? gateway_object(object_id(fact)));
  return {
    start_watch: {
      touches: ({ provider }) => [watch(provider)],
      decide: (command, view, given) => start_watch(context_of(settings, given), view, command),
    },
    pass_watch: {
      touches: ({ provider }) => [watch(provider)],
      decide: ({ provider, what }, view, given) =>
        (what === 'compare' ? pass_compare : pass_recent)(context_of(settings, given), view, provider),
    },
    record_recent: {
      touches(command) {
        const { events } = recent_in(command);
        const webhooks = events.map(({ event_ref }) => webhook(inbox_id(command.provider, event_ref)));
        return once([watch(command.provider), ...webhooks, ...owned(events.flatMap(({ facts }) => facts))]);
      },
      then_touches: (command, view) =>
        owners(
          view,
          recent_in(command).events.flatMap(({ facts }) => facts),
        ),
      decide: (command, view, given) => record_recent(context_of(settings, given), view, command),
    },
    record_comparison: {
      touches(command) {
        const { facts } = made_in(command);
        const made: Ref<PaymentsStates> = { kind: 'made_payments', id: made_between(command.provider, command.request) };
        return once([watch(command.provider), made, ...facts.map(fact => webhook(orphan_id(fact))), ...owned(facts)]);
      },
      then_touches: (command, view) => once([...owners(view, made_in(command).facts), ...missing_there(view, command).map(payment)]),
      decide: (command, view, given) => record_comparison(context_of(settings, given), view, command),
    },
  };
}

/** Timers and people. */
function own_commands(
  settings: PaymentsSettings,
): Commands<'pass_deadline' | 'pass_expiry' | 'pass_overdue' | 'resolve_exception' | 'settle_operation'> {
  return {
    pass_deadline: {
      touches: ({ payment_id }) => [payment(payment_id)],
      decide: ({ payment_id }, view, given) => pass_deadline(context_of(settings, given), payment_id, view('payment', payment_id)),
    },
    pass_expiry: {
      touches: ({ payment_id }) => [payment(payment_id)],
      decide: ({ payment_id }, view, given) => pass_expiry(context_of(settings, given), payment_id, view('payment', payment_id)),
    },
    pass_overdue: {
      touches: ({ payment_id }) => [payment(payment_id)],
      decide: ({ payment_id, op_id }, view, given) =>
        pass_overdue(context_of(settings, given), payment_id, op_id, view('payment', payment_id)),
    },
    resolve_exception: {
      touches: ({ subject }) => [is_webhook_id(subject) ? webhook(subject) : payment(subject)],
      decide: (command, view, given) => resolve_exception(context_of(settings, given), view, command),
    },
    settle_operation: {
      touches: ({ subject }) => [payment(subject)],
      decide: (command, view, given) => settle_operation(context_of(settings, given), view('payment', command.subject), command),
    },
  };
}
