/** Which of the rates that came in is taken. Pure. */
import { later } from '../../platform/service.ts';
import type { Rate } from './carriers/port.ts';

export interface Choice {
  readonly carrier: string;
  readonly service: string;
  readonly cost: number;
  readonly currency: string;
  /** One per parcel. */
  readonly rates: readonly Rate[];
  readonly reasons: readonly string[];
}
type Offer = Omit<Choice, 'reasons'> & { readonly delivery_days: number | null };

const day_ms = 86_400_000;

/**
 * One carrier and service for all parcels: the cheapest that keeps the promise, else the fastest, without a promise the cheapest.
 * Amounts of different currencies are never compared: `currency` is taken when anything is offered in it, else the first by name.
 * undefined: nothing is offered for every parcel.
 */
export function choose_rate(
  rates: readonly Rate[],
  parcel_ids: readonly string[],
  wish: { promise_at: string | null; at: string; currency: string },
): Choice | undefined {
  const all = offers_of(rates, parcel_ids);
  const currency = all.some(offer => offer.currency === wish.currency) ? wish.currency : all.map(offer => offer.currency).sort()[0];
  const offers = all.filter(offer => offer.currency === currency).sort(by_cost);
  const { promise_at } = wish;
  if (promise_at === null) return chosen(offers[0], 'cheapest');
  const in_time = offers.filter(({ delivery_days }) => delivery_days !== null && later(wish.at, delivery_days * day_ms) <= promise_at);
  if (in_time.length > 0) return chosen(in_time[0], 'cheapest_within_promise');
  return chosen(offers.sort(by_days)[0], 'fastest', 'none_within_promise');
}

function offers_of(rates: readonly Rate[], parcel_ids: readonly string[]): Offer[] {
  const services = Map.groupBy(rates, rate => JSON.stringify([rate.carrier, rate.service, rate.currency]));
  return [...services.values()].flatMap(group => {
    const found = parcel_ids.flatMap(parcel_id => group.find(rate => rate.parcel_id === parcel_id) ?? []);
    const [first] = found;
    if (first === undefined || found.length < parcel_ids.length) return [];
    const days = found.map(rate => rate.delivery_days);
    return [
      {
        carrier: first.carrier,
        service: first.service,
        currency: first.currency,
        cost: found.reduce((sum, rate) => sum + rate.amount, 0),
        rates: found,
        // The last parcel counts; one whose days nobody knows makes the whole unknown.
        delivery_days: days.every(each => typeof each === 'number') ? Math.max(...days) : null,
      },
    ];
  });
}

function chosen(offer: Offer | undefined, ...reasons: readonly string[]): Choice | undefined {
  if (offer === undefined) return undefined;
  const { delivery_days: _known, ...choice } = offer;
  return { ...choice, reasons };
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
  const [one, other] = [`${a.carrier} ${a.service}`, `${b.carrier} ${b.service}`];
  return one < other ? -1 : one > other ? 1 : 0;
}
