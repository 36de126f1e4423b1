/** The frame of every decision about one placed order: what it touches, who may ask, what was heard before; then the deed, then what follows. */
import type { Given } from '../../../platform/service.ts';
import type { Heard } from '../commands.ts';
import type { Order } from '../model.ts';
import { type OrdersRejection, reject } from '../rejections.ts';
import {
  type Draft,
  is_known,
  nothing,
  type OrdersDecision,
  type OrdersHandler,
  type OrdersRef,
  type OrdersView,
  open_draft,
} from './draft.ts';
import { conclude } from './follow.ts';

interface OfOrder {
  readonly type: string;
  readonly order_id: string;
}

/** A person's command. The reply shows the order, so its contact and shipments are read with it. */
export function asked_of_order<C extends OfOrder & { readonly if_match?: number | null }>(
  deed: (draft: Draft, command: C) => OrdersRejection | undefined,
): OrdersHandler<C> {
  return {
    touches: ({ order_id }) => [
      { kind: 'order', id: order_id },
      { kind: 'contact', id: order_id },
      { kind: 'shipments', id: order_id },
    ],
    then_touches: ({ order_id }, view) => discount_of(view('order', order_id)),
    decide(command, view, given) {
      const order = view('order', command.order_id);
      if (order === undefined) return reject('not_found', 'There is no such order.');
      const { if_match } = command;
      if (typeof if_match === 'number' && if_match !== view.version('order', command.order_id)) {
        return reject('version_conflict', 'The order has changed since it was read.', { version: view.version('order', command.order_id) });
      }
      const draft = open_draft(order, given, { asking: { contact: view('contact', command.order_id) } });
      return deed(draft, command) ?? conclude(draft, command.type);
    },
  };
}

interface Noted extends OfOrder {
  readonly fact: { readonly type: string };
  readonly heard: Heard;
}

/** A fact of another service. `may_ask`: whether payments or shipping may be asked for something because of it, which takes the contact. */
export function noted_of_order<C extends Noted>(
  may_ask: (command: C) => boolean,
  deed: (draft: Draft, command: C) => void,
): OrdersHandler<C> {
  return {
    touches: command =>
      may_ask(command)
        ? [
            { kind: 'order', id: command.order_id },
            { kind: 'contact', id: command.order_id },
          ]
        : [{ kind: 'order', id: command.order_id }],
    then_touches: ({ order_id }, view) => discount_of(view('order', order_id)),
    decide(command, view, given) {
      const order = view('order', command.order_id);
      if (order === undefined || is_known(order, command.heard)) return nothing;
      return note(order, command, view, given);
    },
  };

  function note(order: Order, command: C, view: OrdersView, given: Given): OrdersDecision {
    const asking = may_ask(command) ? { contact: view('contact', command.order_id) } : undefined;
    const draft = open_draft(order, given, { asking, heard: command.heard });
    deed(draft, command);
    return conclude(draft, command.fact.type);
  }
}

/** An order that may still come to nothing gives its discount code back with the decision. */
function discount_of(order: Order | undefined): readonly OrdersRef[] {
  if (order === undefined || order.discount_code === null || order.closed_at !== null) return [];
  return [{ kind: 'discount', id: order.discount_code }];
}
