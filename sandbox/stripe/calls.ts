/** The calls of Stripe's API that this stand-in knows. */
import { type Answer, invalid, missing, ok } from './answers.ts';
import { emit_intent, type StoredEvent } from './books.ts';
import { type Form, form_of, text_of, texts_of } from './form.ts';
import { cancel, capture, confirm, find_intent, reply } from './intents.ts';
import {
  type CancellationReason,
  charge_on_wire,
  dispute_on_wire,
  type Intent,
  intent_id_of_charge,
  intent_on_wire,
  refund_on_wire,
} from './objects.ts';
import { close_dispute, refund, refund_reasons } from './refunds.ts';
import {
  cancel_fields,
  capture_fields,
  confirm_fields,
  count_of,
  expand_of,
  flag_of,
  metadata_of,
  new_intent,
  payment_method_of,
  refund_fields,
  unknown_field,
} from './requests.ts';
import type { Call } from './stripe.ts';

export const page_max = 100;

const create_intent: Call = {
  method: 'POST',
  path: '/v1/payment_intents',
  run: (books, cause, form) => {
    const made = new_intent(books, form);
    if ('refusal' in made) return made.refusal;
    books.intents.put(made.value.id, made.value);
    emit_intent(books, cause, 'payment_intent.created', made.value);
    if (flag_of(form, 'confirm', false)) return confirm(books, cause, made.value, expand_of(form));
    return reply(books, made.value, expand_of(form));
  },
};

const retrieve_intent: Call = {
  method: 'GET',
  path: '/v1/payment_intents/:id',
  run: (books, _cause, form, id) => {
    const intent = find_intent(books, id);
    return intent === undefined ? missing('payment_intent', id, 'intent') : reply(books, intent, expand_of(form));
  },
};

const confirm_intent: Call = {
  method: 'POST',
  path: '/v1/payment_intents/:id/confirm',
  run: (books, cause, form, id) => {
    const intent = find_intent(books, id);
    if (intent === undefined) return missing('payment_intent', id, 'intent');
    const refused = unknown_field(form, confirm_fields);
    if (refused !== undefined) return refused;
    const method = payment_method_of(form);
    if ('refusal' in method) return method.refusal;
    if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status)) {
      const message = `You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed, or it has a status of ${intent.status}.`;
      return invalid(message, undefined, 'payment_intent_unexpected_state');
    }
    const payment_method = method.value ?? (intent.status === 'requires_payment_method' ? null : intent.payment_method);
    if (payment_method === null)
      return invalid('You must provide a payment_method to confirm this PaymentIntent.', 'payment_method', 'parameter_missing');
    return confirm(
      books,
      cause,
      { ...intent, payment_method, return_url: text_of(form, 'return_url') ?? intent.return_url },
      expand_of(form),
    );
  },
};

const capture_intent: Call = {
  method: 'POST',
  path: '/v1/payment_intents/:id/capture',
  run: (books, cause, form, id) => {
    const intent = find_intent(books, id);
    if (intent === undefined) return missing('payment_intent', id, 'intent');
    const refused = unknown_field(form, capture_fields);
    if (refused !== undefined) return refused;
    const amount = count_of(form, 'amount_to_capture');
    if (Number.isNaN(amount)) return invalid('Invalid integer', 'amount_to_capture', 'parameter_invalid_integer');
    const metadata = metadata_of(form, intent.metadata);
    if ('refusal' in metadata) return metadata.refusal;
    return capture(
      books,
      cause,
      intent,
      { amount, final: flag_of(form, 'final_capture', true), metadata: metadata.value },
      expand_of(form),
    );
  },
};

const cancellation_reasons: readonly CancellationReason[] = ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'];
const cancel_intent: Call = {
  method: 'POST',
  path: '/v1/payment_intents/:id/cancel',
  run: (books, cause, form, id) => {
    const intent = find_intent(books, id);
    if (intent === undefined) return missing('payment_intent', id, 'intent');
    const refused = unknown_field(form, cancel_fields);
    if (refused !== undefined) return refused;
    const given = text_of(form, 'cancellation_reason');
    const reason = cancellation_reasons.find(each => each === given) ?? null;
    if (given !== undefined && reason === null)
      return invalid(`Invalid cancellation_reason: must be one of ${cancellation_reasons.join(', ')}`, 'cancellation_reason');
    return cancel(books, cause, intent, reason, expand_of(form));
  },
};

const list_intents: Call = {
  method: 'GET',
  path: '/v1/payment_intents',
  run: (books, _cause, form) => {
    const wanted = books.intents.newest_first().filter(intent => within(form, intent.created));
    const expand = new Set([...expand_of(form)].map(each => each.replace(/^data\./, '')));
    return page(form, '/v1/payment_intents', wanted, intent => intent_on_wire(intent, books.page_url(), expand));
  },
};

const create_refund: Call = {
  method: 'POST',
  path: '/v1/refunds',
  run: (books, cause, form) => {
    const refused = unknown_field(form, refund_fields);
    if (refused !== undefined) return refused;
    const charge = text_of(form, 'charge');
    const id = text_of(form, 'payment_intent') ?? (charge && intent_id_of_charge(charge));
    if (id === undefined) return invalid('One of the following params should be provided for this request: payment_intent or charge.');
    const intent = find_intent(books, id);
    if (intent === undefined) return missing('payment_intent', id, 'payment_intent');
    const amount = count_of(form, 'amount');
    if (Number.isNaN(amount)) return invalid('Invalid integer', 'amount', 'parameter_invalid_integer');
    const reason = text_of(form, 'reason') ?? null;
    if (reason !== null && !refund_reasons.includes(reason))
      return invalid(`Invalid reason: must be one of ${refund_reasons.join(', ')}`, 'reason');
    const metadata = metadata_of(form, {});
    return 'refusal' in metadata ? metadata.refusal : refund(books, cause, intent, { amount, reason, metadata: metadata.value });
  },
};

const retrieve_refund: Call = {
  method: 'GET',
  path: '/v1/refunds/:id',
  run: (books, _cause, _form, id) => {
    const found = books.refunds.get(id);
    return found === undefined ? missing('refund', id, 'refund') : ok(refund_on_wire(found));
  },
};

const list_refunds: Call = {
  method: 'GET',
  path: '/v1/refunds',
  run: (books, _cause, form) => {
    const [intent, charge] = [text_of(form, 'payment_intent'), text_of(form, 'charge')];
    const wanted = books.refunds
      .newest_first()
      .filter(
        each =>
          (intent ?? each.payment_intent) === each.payment_intent && (charge ?? each.charge) === each.charge && within(form, each.created),
      );
    return page(form, '/v1/refunds', wanted, refund_on_wire);
  },
};

const retrieve_charge: Call = {
  method: 'GET',
  path: '/v1/charges/:id',
  run: (books, _cause, _form, id) => {
    const intent = find_intent(books, intent_id_of_charge(id));
    if (intent === undefined || intent.charge?.id !== id) return missing('charge', id, 'id');
    return ok(charge_on_wire(intent, intent.charge));
  },
};

const retrieve_dispute: Call = {
  method: 'GET',
  path: '/v1/disputes/:id',
  run: (books, _cause, _form, id) => {
    const found = books.disputes.get(id);
    return found === undefined ? missing('dispute', id, 'dispute') : ok(dispute_on_wire(found));
  },
};
const list_disputes: Call = {
  method: 'GET',
  path: '/v1/disputes',
  run: (books, _cause, form) => {
    const intent = text_of(form, 'payment_intent');
    const wanted = books.disputes
      .newest_first()
      .filter(each => (intent ?? each.payment_intent) === each.payment_intent && within(form, each.created));
    return page(form, '/v1/disputes', wanted, dispute_on_wire);
  },
};
const lose_dispute: Call = {
  method: 'POST',
  path: '/v1/disputes/:id/close',
  run: (books, cause, _form, id) => close_dispute(books, cause, id),
};

const retrieve_event: Call = {
  method: 'GET',
  path: '/v1/events/:id',
  run: (books, _cause, _form, id) => {
    const found = books.events.get(id);
    return found === undefined ? missing('event', id, 'id') : ok(event_on_wire(found));
  },
};
const list_events: Call = {
  method: 'GET',
  path: '/v1/events',
  run: (books, _cause, form) => {
    const types = new Set([...texts_of(form, 'types'), ...(text_of(form, 'type') === undefined ? [] : [text_of(form, 'type')])]);
    const wanted = books.events.newest_first().filter(each => (types.size === 0 || types.has(each.type)) && within(form, each.created));
    return page(form, '/v1/events', wanted, event_on_wire);
  },
};
/** Written by `emit`. */
function event_on_wire(event: StoredEvent): object {
  return JSON.parse(event.body) as object;
}

export const calls: readonly Call[] = [
  create_intent,
  list_intents,
  retrieve_intent,
  confirm_intent,
  capture_intent,
  cancel_intent,
  create_refund,
  list_refunds,
  retrieve_refund,
  retrieve_charge,
  list_disputes,
  retrieve_dispute,
  lose_dispute,
  list_events,
  retrieve_event,
];

/** `created[gte]=…` and the like, in seconds. */
function within(form: Form, created: number): boolean {
  const exact = text_of(form, 'created');
  if (exact !== undefined) return created === Number(exact);
  const range = form_of(form, 'created');
  const bound = (name: string, otherwise: number) => Number(text_of(range, name) ?? otherwise);
  return (
    created >= bound('gte', 0) &&
    created > bound('gt', -1) &&
    created <= bound('lte', Number.MAX_SAFE_INTEGER) &&
    created < bound('lt', Number.MAX_SAFE_INTEGER)
  );
}

/** A page of a list that is newest first: after `starting_after`, or right before `ending_before`. */
function page<T extends Pick<Intent, 'id'>>(form: Form, url: string, wanted: readonly T[], on_wire: (each: T) => object): Answer {
  const limit = Math.min(Math.max(count_of(form, 'limit') || 10, 1), page_max);
  const [after, before] = [text_of(form, 'starting_after'), text_of(form, 'ending_before')];
  const cursor = after ?? before;
  const place = wanted.findIndex(each => each.id === cursor);
  if (cursor !== undefined && place < 0) return missing('object', cursor, after === undefined ? 'ending_before' : 'starting_after');
  const start = cursor === undefined ? 0 : after === undefined ? Math.max(0, place - limit) : place + 1;
  const end = cursor === undefined || after !== undefined ? start + limit : place;
  const has_more = cursor === undefined || after !== undefined ? end < wanted.length : start > 0;
  return ok({ object: 'list', data: wanted.slice(start, end).map(on_wire), has_more, url });
}
