/** Payments: authorize, capture, void, refund through gateways. README.md says how. */

import type { Ref, View } from '../../platform/service.ts';
import type { PaymentsCommand } from './commands.ts';
import { together } from './decide/conclude.ts';
import { context_of } from './decide/context.ts';
import { claim_webhook, object_id, owner_of, payer_returned, record_gateway_fact, record_webhook } from './decide/gateway.ts';
import { capture_payment, refund_payment, release_payment, start_payment } from './decide/orders.ts';
import { is_webhook_id, resolve_exception, settle_operation } from './decide/people.ts';
import { pass_deadline, pass_expiry, pass_overdue } from './decide/waiting.ts';
import { evolve_payment, evolve_webhook } from './evolve.ts';
import type { GatewayFact } from './gateways/port.ts';
import { no_payment, no_webhook, type PaymentsSettings, type PaymentsStates } from './model.ts';
import { outcomes } from './operations.ts';
import { type PaymentsService, reactions } from './reactions.ts';
import { gateway_object_rows, payment_rows, records, webhook_rows } from './store.ts';

export { payments_adapters } from './operations.ts';
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
      webhook: { initial: () => no_webhook, evolve: evolve_webhook, rows: webhook_rows },
      payment: { initial: () => no_payment, evolve: evolve_payment, rows: payment_rows },
    },
    commands: { ...orders_commands(settings), ...gateway_commands(settings), ...own_commands(settings) },
    reactions,
    timers: {
      payment_deadline: ({ id }) => ({ type: 'pass_deadline', payment_id: id }),
      authorization_expiry: ({ id }) => ({ type: 'pass_expiry', payment_id: id }),
      operation_overdue: ({ id }) => ({
        type: 'pass_overdue',
        payment_id: id.slice(0, id.indexOf('/')),
        op_id: id.slice(id.indexOf('/') + 1),
      }),
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
