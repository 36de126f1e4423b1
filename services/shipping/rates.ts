/** Which of the rates that came in is taken, and why not the others. Pure. */
import { later } from '../../platform/service.ts';
import type { Rate } from './carriers/port.ts';
import { type Candidate, candidates_max } from './model.ts';

/** A rate with who sells it. */
export type Offered = Rate & { readonly provider: string };
export interface Choice {
  readonly provider: string;
  readonly carrier: string;
  readonly service: string;
  readonly cost: number;
  readonly currency: string;
  /** One per parcel. */
  readonly rates: readonly Offered[];
  readonly reasons: readonly string[];
}
type Offer = Omit<Choice, 'reasons'> & { readonly delivery_days: number | null; readonly is_for_all: boolean };
interface Wish {
  /** A seller or a carrier; null: whoever is best. */
  readonly wanted: string | null;
  readonly promise_at: string | null;
  readonly at: string;
  readonly currency: string;
}

const day_ms = 86_400_000;

/**
 * One carrier and service for all parcels, whoever sells it: the cheapest that keeps the promise, else the fastest, without a promise the
 * cheapest. Amounts of different currencies are never compared nor converted: `currency` is taken when anything is offered in it, else the first
 * by name. A carrier that is wanted is taken if it offers anything. `choice` undefined: nothing is offered for every parcel.
 */
export function choose_rate(
  rates: readonly Offered[],
  parcel_ids: readonly string[],
  wish: Wish,
): { readonly choice: Choice | undefined; readonly candidates: readonly Candidate[] } {
  const all = offers_of(rates, parcel_ids);
  const whole = all.filter(offer => offer.is_for_all);
  const of_wanted = whole.filter(({ provider, carrier }) => provider === wish.wanted || carrier === wish.wanted);
  const complete = of_wanted.length > 0 ? of_wanted : whole;
  const currency = complete.some(offer => offer.currency === wish.currency)
    ? wish.currency
    : complete.map(offer => offer.currency).sort()[0];
  const comparable = complete.filter(offer => offer.currency === currency).sort(by_cost);
  const in_time = comparable.filter(offer => is_in_time(offer, wish));
  const is_late = wish.promise_at !== null && in_time.length === 0;
  const taken = is_late ? comparable.toSorted(by_days)[0] : in_time[0];
  const verdict_of = (offer: Offer): Candidate['verdict'] => {
    if (offer === taken) return 'chosen';
    if (!offer.is_for_all) return 'not_for_all_parcels';
    if (!complete.includes(offer)) return 'other_carrier_wanted';
    if (offer.currency !== currency) return 'other_currency';
    if (is_late) return 'slower';
    return is_in_time(offer, wish) ? 'dearer' : 'late';
  };
  const candidates = all
    .toSorted(by_cost)
    .map(offer => candidate_of(offer, verdict_of(offer)))
    .sort((a, b) => Number(b.verdict === 'chosen') - Number(a.verdict === 'chosen'))
    .slice(0, candidates_max);
  const best = is_late ? ['fastest', 'none_within_promise'] : [wish.promise_at === null ? 'cheapest' : 'cheapest_within_promise'];
  const reasons = wish.wanted === null ? best : [of_wanted.length > 0 ? 'wanted_carrier' : 'wanted_carrier_offers_nothing', ...best];
  return { choice: taken && chosen(taken, reasons), candidates };
}

/** Without a promise everything is. */
function is_in_time({ delivery_days }: Offer, { promise_at, at }: Wish): boolean {
  return promise_at === null || (delivery_days !== null && later(at, delivery_days * day_ms) <= promise_at);
}

function offers_of(rates: readonly Offered[], parcel_ids: readonly string[]): Offer[] {
  const services = Map.groupBy(rates, rate => JSON.stringify([rate.provider, rate.carrier, rate.service, rate.currency]));
  return [...services.values()].flatMap(group => {
    const found = parcel_ids.flatMap(parcel_id => group.find(rate => rate.parcel_id === parcel_id) ?? []);
    const [first] = found;
    if (first === undefined) return [];
    const days = found.map(rate => rate.delivery_days);
    const { provider, carrier, service, currency } = first;
    return [
      {
        provider,
        carrier,
        service,
        currency,
        cost: found.reduce((sum, rate) => sum + rate.amount, 0),
        rates: found,
        is_for_all: found.length === parcel_ids.length,
        // The last parcel counts; one whose days nobody knows makes the whole unknown.
        delivery_days: days.every(each => typeof each === 'number') ? Math.max(...days) : null,
      },
    ];
  });
}

function chosen({ provider, carrier, service, cost, currency, rates }: Offer, reasons: readonly string[]): Choice {
  return { provider, carrier, service, cost, currency, rates, reasons };
}
function candidate_of({ provider, carrier, service, cost, currency, delivery_days }: Offer, verdict: Candidate['verdict']): Candidate {
  return { provider, carrier, service, cost, currency, delivery_days, verdict };
}

/** Ties are broken by speed, then by name, so that equal rates give equal choices. */
function by_cost(a: Offer, b: Offer): number {
  return a.cost - b.cost || days_of(a) - days_of(b) || by_name(a, b);
}
function by_days(a: Offer, b: Offer): number {
  return days_of(a) - days_of(b) || a.cost - b.cost || by_name(a, b);
}
function days_of({ delivery_days }: Offer): number {
  return delivery_days ?? Number.MAX_SAFE_INTEGER;
}
function by_name(a: Offer, b: Offer): number {
  const [one, other] = [a, b].map(({ carrier, service, provider }) => `${carrier} ${service} ${provider}`);
  return (one ?? '') < (other ?? '') ? -1 : (one ?? '') > (other ?? '') ? 1 : 0;
}
