/** The answers are in, or the time for them is over: one carrier and service is chosen, and its labels are bought. */
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { later, type Outcome } from '../../../platform/service.ts';
import { AddressVerdictSchema, RateMessageSchema, RateSchema } from '../carriers/port.ts';
import type { AnswersDue, RecordAddress, RecordRates } from '../commands.ts';
import {
  type AddressCheck,
  type Asked,
  answers_ms,
  type Considered,
  type Fulfillment,
  left_out_max,
  type RatesAnswer,
  type Shipment,
  type ShippingSettings,
  unlabeled_parcels,
} from '../model.ts';
import { type Choice, choose_rate } from '../rates.ts';
import { conclude } from './conclude.ts';
import {
  about,
  type Draft,
  decision_of,
  fulfillment_ref,
  note,
  nothing,
  open_draft,
  operate,
  type ShippingHandler,
  say,
  shipment_ref,
  touches_addresses,
} from './draft.ts';
import { raise } from './exceptions.ts';
import { addresses_of, answers_id, answers_timer } from './quote.ts';

const detail_length_max = 500;
const message_length_max = 300;
const rates_in = Compile(Type.Object({ rates: Type.Array(RateSchema) }));
const messages_in = Compile(Type.Object({ messages: Type.Array(RateMessageSchema) }));
const verdict_in = Compile(AddressVerdictSchema);

/** Rates are in. Those that nobody waits for any more (another plan, a hold, a cancellation) are let go: asking cost nothing. */
export function record_rates(settings: ShippingSettings): ShippingHandler<RecordRates> {
  return {
    touches: ({ order_id, shipment_id }) => [fulfillment_ref(order_id), shipment_ref(shipment_id), ...touches_addresses(settings)],
    decide({ order_id, shipment_id, op_id, outcome }, view, given) {
      const shipment = view('shipment', shipment_id);
      const asked = shipment && waited_for(shipment, op_id);
      if (shipment === undefined || asked === undefined || is_open_outcome(outcome)) return nothing;
      const draft = open_draft(settings, given, view);
      const heard = answered(draft, shipment, asked, answer_of(outcome));
      conclude(draft, shipment, go_on_when_answered(draft, heard, view('fulfillment', order_id)));
      return decision_of(draft);
    },
  };
}

/** What could not be asked is no reason to wait: only a carrier that says that nobody can be reached there stops the label. */
export function record_address(settings: ShippingSettings): ShippingHandler<RecordAddress> {
  return {
    touches: ({ order_id, shipment_id }) => [fulfillment_ref(order_id), shipment_ref(shipment_id), ...touches_addresses(settings)],
    decide({ order_id, shipment_id, op_id, provider, outcome }, view, given) {
      const shipment = view('shipment', shipment_id);
      const asked = shipment && waited_for(shipment, op_id);
      if (shipment === undefined || asked === undefined || is_open_outcome(outcome)) return nothing;
      const draft = open_draft(settings, given, view);
      const fulfillment = view('fulfillment', order_id);
      // A person who was forgotten meanwhile has no address here any more, and no suggestion of one.
      const check = check_of(provider, outcome, fulfillment.ship_to !== null);
      const checked = note(draft, shipment, state => ({ ...state, address_check: check }));
      conclude(draft, shipment, go_on_when_answered(draft, answered(draft, checked, asked, { rates: [], messages: [] }), fulfillment));
      return decision_of(draft);
    },
  };
}

/** The time for answers is over: the choice is made without those that did not come. While no rates came at all, they are waited for. */
export function answers_due(settings: ShippingSettings): ShippingHandler<AnswersDue> {
  return {
    touches: ({ order_id, shipment_id }) => [fulfillment_ref(order_id), shipment_ref(shipment_id), ...touches_addresses(settings)],
    decide({ order_id, shipment_id }, view, given) {
      const shipment = view('shipment', shipment_id);
      if (shipment === undefined || shipment.asked.length === 0) return nothing;
      const draft = open_draft(settings, given, view);
      // One that has nothing to offer there has said so, and is no reason to give up those that were not heard.
      const has_rates = shipment.asked.some(({ about, answer }) => about === 'rates' && answer !== null && answer.rates.length > 0);
      const is_given_up = ({ about: what, answer }: Asked) => answer === null && (has_rates || what === 'address');
      const told = note(draft, shipment, state => ({
        ...state,
        asked: state.asked.map(each => (is_given_up(each) ? { ...each, answer: no_answer } : each)),
      }));
      if (!has_rates) draft.timers.push({ kind: answers_timer, id: answers_id(shipment), due_at: later(given.at, answers_ms) });
      conclude(draft, shipment, go_on_when_answered(draft, told, view('fulfillment', order_id)));
      return decision_of(draft);
    },
  };
}
const no_answer: RatesAnswer = { rates: [], messages: [{ carrier: '', message: 'no_answer' }] };

function waited_for(shipment: Shipment, op_id: string): Asked | undefined {
  return shipment.asked.find(each => each.op_id === op_id && each.answer === null);
}

/** Nothing is known yet; the runner asks on. */
function is_open_outcome({ outcome }: Outcome): boolean {
  return outcome === 'unknown' || outcome === 'pending' || outcome === 'action_required' || outcome === 'retryable';
}

function answered(draft: Draft, shipment: Shipment, { op_id }: Asked, answer: RatesAnswer): Shipment {
  return note(draft, shipment, state => ({
    ...state,
    asked: state.asked.map(each => (each.op_id === op_id ? { ...each, answer } : each)),
  }));
}

function answer_of(outcome: Outcome): RatesAnswer {
  if (outcome.outcome !== 'ok') {
    const code = 'code' in outcome ? outcome.code : outcome.outcome;
    return { rates: [], messages: [{ carrier: '', message: `${code}: ${detail_of(outcome)}`.slice(0, message_length_max) }] };
  }
  const messages = messages_in.Check(outcome.value) ? outcome.value.messages : [];
  return {
    rates: rates_in.Check(outcome.value) ? outcome.value.rates : [],
    messages: messages.slice(0, left_out_max).map(({ carrier, message }) => ({ carrier, message: message.slice(0, message_length_max) })),
  };
}

function check_of(provider: string, outcome: Outcome, is_kept: boolean): AddressCheck {
  if (outcome.outcome !== 'ok' || !verdict_in.Check(outcome.value))
    return { verdict: 'not_checked', provider, detail: detail_of(outcome), suggestion: null };
  const { verdict, detail, suggestion } = outcome.value;
  return { verdict, provider, detail: detail?.slice(0, message_length_max) ?? null, suggestion: (is_kept ? suggestion : null) ?? null };
}

/** Rates that nobody waits for any more are let go; else, with the last answer, the choice. */
function go_on_when_answered(draft: Draft, shipment: Shipment, fulfillment: Fulfillment): Shipment {
  if (shipment.held || shipment.status !== 'planned') return note(draft, shipment, state => ({ ...state, asked: [] }));
  if (shipment.asked.some(each => each.answer === null)) return shipment;
  const { choice, considered } = choose(draft, shipment);
  const told = note(draft, shipment, state => ({ ...state, considered }));
  // Said once: a person who asks for the label all the same has decided.
  const is_news = shipment.asked.some(each => each.about === 'address');
  if (is_news && shipment.address_check?.verdict === 'undeliverable')
    return not_bought(draft, told, 'address_undeliverable', shipment.address_check.detail ?? 'The carrier does not know this address.');
  if (choice === undefined) return not_bought(draft, told, 'no_rates', why_none(considered));
  const addresses = addresses_of(draft, told, fulfillment);
  if ('waiting' in addresses) return note(draft, addresses.waiting, state => ({ ...state, asked: [] }));
  return buy(draft, told, choice, addresses);
}

function choose(draft: Draft, shipment: Shipment): { readonly choice: Choice | undefined; readonly considered: Considered } {
  const waiting = unlabeled_parcels(shipment).map(parcel => parcel.parcel_id);
  const rates = shipment.asked.flatMap(({ provider, answer }) => (answer?.rates ?? []).map(rate => ({ ...rate, provider })));
  const wish = {
    wanted: shipment.wanted_carrier,
    promise_at: shipment.promise_at,
    at: draft.given.at,
    currency: draft.settings.label_currency,
  };
  const { choice, candidates } = choose_rate(rates, waiting, wish);
  const left_out = shipment.asked.flatMap(({ provider, about: what, answer }) =>
    what === 'rates' ? (answer?.messages ?? []).map(message => ({ provider, ...message })) : [],
  );
  return { choice, considered: { candidates, left_out: left_out.slice(0, left_out_max) } };
}

function why_none({ candidates, left_out }: Considered): string {
  const told = left_out.map(({ provider, carrier, message }) => `${carrier === '' ? provider : carrier}: ${message}`);
  const partly = candidates.map(({ carrier, service }) => `${carrier} ${service}: not for all parcels`);
  return [...told, ...partly].join('; ').slice(0, detail_length_max) || 'No carrier offers anything.';
}

/** All that a carrier without quotes of its own needs goes along; the others buy by their refs. */
function buy(draft: Draft, shipment: Shipment, choice: Choice, addresses: object): Shipment {
  const { provider, cost, currency, reasons } = choice;
  const { shipment_id, order_id, promise_at } = shipment;
  const op_id = operate(draft, shipment, 'buy_label', provider, {
    shipment_id,
    order_id,
    ...addresses,
    service: choice.service,
    ...(promise_at === null ? {} : { promise_at }),
    parcels: choice.rates.map(({ parcel_id, provider_shipment_ref, rate_ref, amount }) => {
      const { weight_grams = 1, dimensions_mm = null } = shipment.parcels.find(parcel => parcel.parcel_id === parcel_id) ?? {};
      return { parcel_id, provider_shipment_ref, rate_ref, weight_grams, dimensions_mm, amount, currency };
    }),
  });
  const data = {
    ...about(shipment),
    shipment_status: 'labeling',
    carrier: provider,
    service: `${choice.carrier} ${choice.service}`,
    cost: cost + paid(shipment),
    currency,
    reasons: [...reasons],
    op_id,
    parcels: choice.rates.map(rate => ({
      parcel_id: rate.parcel_id,
      label_ref: rate.provider_shipment_ref,
      carrier: rate.carrier,
      cost: rate.amount,
    })),
  } as const;
  return say(draft, shipment, { type: 'shipment.carrier_chosen', data });
}

/** Labels of this plan that an earlier operation bought before it failed. */
function paid(shipment: Shipment): number {
  const bought = shipment.parcels.filter(parcel => parcel.revision_no === shipment.revision_no && parcel.label_status === 'purchased');
  return bought.reduce((sum, parcel) => sum + (parcel.label_cost ?? 0), 0);
}

/** `op_id`: whoever was asked first. */
function not_bought(draft: Draft, before: Shipment, code: 'no_rates' | 'address_undeliverable', detail: string): Shipment {
  const op_id = before.asked[0]?.op_id ?? draft.given.cause;
  let shipment = before;
  for (const { parcel_id } of unlabeled_parcels(before))
    shipment = say(draft, shipment, {
      type: 'parcel.label_failed',
      data: { ...about(shipment), shipment_status: 'planned', parcel_id, op_id, code },
    });
  return code === 'address_undeliverable'
    ? raise(draft, shipment, code, detail)
    : raise(draft, shipment, 'label_refused', `${code}: ${detail}`);
}

export function detail_of(outcome: Outcome): string {
  if ('detail' in outcome && outcome.detail !== undefined) return outcome.detail.slice(0, detail_length_max);
  const value = 'value' in outcome ? outcome.value : undefined;
  return JSON.stringify(value?.['messages'] ?? value?.['failed'] ?? value?.['detail'] ?? outcome.outcome).slice(0, detail_length_max);
}
