/** Rates: asked for all parcels without a label, then one carrier and service is chosen and its labels are bought. */

import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { later, type Outcome } from '../../../platform/service.ts';
import { type Rate, RateSchema } from '../carriers/port.ts';
import type { RecordRates } from '../commands.ts';
import { address_check_ms, type Fulfillment, type Shipment, type ShippingSettings, unlabeled_parcels } from '../model.ts';
import { place_of } from '../place.ts';
import { choose_rate } from '../rates.ts';
import { conclude } from './conclude.ts';
import { about, type Draft, decision_of, note, nothing, open_draft, operate, type ShippingHandler, say, shipment_ref } from './draft.ts';
import { raise } from './exceptions.ts';

/** A location where shipments wait for an address, or whose address has just come. */
export const location_timer = 'location';

const detail_length_max = 500;
const rates_in = Compile(Type.Object({ rates: Type.Array(RateSchema) }));

/** What is asked for carries the location's address as it is now: one that changes later is that of later labels. */
export function quote_rates(draft: Draft, shipment: Shipment, fulfillment: Fulfillment): Shipment {
  const ship_to = place_of(fulfillment.ship_to);
  if (ship_to === undefined) return raise(draft, shipment, 'address_missing', 'The order has no shipping address.');
  const { shipment_id, order_id, location_id, promise_at } = shipment;
  const ship_from = draft.ship_from(location_id);
  if (ship_from === undefined) return wait_for_address(draft, shipment);
  const parcels = unlabeled_parcels(shipment).map(({ parcel_id, weight_grams, dimensions_mm }) => ({
    parcel_id,
    weight_grams,
    dimensions_mm,
  }));
  const op_id = operate(draft, shipment, 'quote_rates', draft.settings.carrier, {
    shipment_id,
    order_id,
    parcels,
    ship_to,
    ship_from,
    service: fulfillment.service ?? '',
    ...(promise_at === null ? {} : { promise_at }),
  });
  return note(draft, shipment, state => ({ ...state, quote_op_id: op_id }));
}

/** A label from anywhere else would be a wrong one. */
function wait_for_address(draft: Draft, shipment: Shipment): Shipment {
  const { location_id } = shipment;
  draft.timers.push({ kind: location_timer, id: location_id, due_at: later(draft.given.at, address_check_ms) });
  return raise(draft, shipment, 'location_address_missing', `Location ${location_id} has no address that a parcel could be sent from.`);
}

/** Rates are in. Those that nobody waits for any more (another plan, a hold, a cancellation) are let go: asking cost nothing. */
export function record_rates(settings: ShippingSettings): ShippingHandler<RecordRates> {
  return {
    touches: ({ shipment_id }) => [shipment_ref(shipment_id)],
    decide({ shipment_id, op_id, provider, outcome }, view, given) {
      const shipment = view('shipment', shipment_id);
      if (shipment === undefined || shipment.quote_op_id !== op_id || is_open_outcome(outcome)) return nothing;
      const draft = open_draft(settings, given, view);
      if (shipment.held || shipment.status !== 'planned') {
        note(draft, shipment, state => ({ ...state, quote_op_id: null }));
        return decision_of(draft);
      }
      conclude(draft, shipment, buy(draft, shipment, { op_id, provider, outcome }));
      return decision_of(draft);
    },
  };
}

/** Nothing is known yet; the runner asks on. */
function is_open_outcome({ outcome }: Outcome): boolean {
  return outcome === 'unknown' || outcome === 'pending' || outcome === 'action_required' || outcome === 'retryable';
}

function buy(
  draft: Draft,
  shipment: Shipment,
  { op_id, provider, outcome }: Pick<RecordRates, 'op_id' | 'provider' | 'outcome'>,
): Shipment {
  const waiting = unlabeled_parcels(shipment).map(parcel => parcel.parcel_id);
  const rates: readonly Rate[] = outcome.outcome === 'ok' && rates_in.Check(outcome.value) ? outcome.value.rates : [];
  const choice = choose_rate(rates, waiting, {
    promise_at: shipment.promise_at,
    at: draft.given.at,
    currency: draft.settings.label_currency,
  });
  if (choice === undefined) return no_rates(draft, shipment, op_id, outcome);
  const { cost, currency, reasons } = choice;
  const buying_op_id = operate(draft, shipment, 'buy_label', provider, {
    shipment_id: shipment.shipment_id,
    order_id: shipment.order_id,
    parcels: choice.rates.map(({ parcel_id, provider_shipment_ref, rate_ref }) => ({ parcel_id, provider_shipment_ref, rate_ref })),
  });
  const data = {
    ...about(shipment),
    shipment_status: 'labeling',
    carrier: provider,
    service: `${choice.carrier} ${choice.service}`,
    cost: cost + paid(shipment),
    currency,
    reasons,
    op_id: buying_op_id,
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

function no_rates(draft: Draft, before: Shipment, op_id: string, outcome: Outcome): Shipment {
  const code = outcome.outcome === 'declined' || outcome.outcome === 'permanent_error' ? outcome.code : 'no_rates';
  let shipment = before;
  for (const { parcel_id } of unlabeled_parcels(before))
    shipment = say(draft, shipment, {
      type: 'parcel.label_failed',
      data: { ...about(shipment), shipment_status: 'planned', parcel_id, op_id, code },
    });
  return raise(draft, shipment, 'label_refused', `${code}: ${detail_of(outcome)}`);
}

export function detail_of(outcome: Outcome): string {
  if ('detail' in outcome && outcome.detail !== undefined) return outcome.detail.slice(0, detail_length_max);
  const value = 'value' in outcome ? outcome.value : undefined;
  return JSON.stringify(value?.['messages'] ?? value?.['failed'] ?? value?.['detail'] ?? outcome.outcome).slice(0, detail_length_max);
}
