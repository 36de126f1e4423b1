/** What carriage costs (domain.md 6.4): a rate per service and zone, flat or by bands of weight or subtotal, free from a threshold. */
import { type PricedPlace, zone_fit } from './tax.ts';

export interface ShippingRate {
  readonly service: string;
  readonly carrier: string | null;
  /** null: anywhere. */
  readonly country: string | null;
  readonly region: string | null;
  readonly postal_prefix: string | null;
  readonly currency: string;
  /** Below the first band, and where there are none. */
  readonly amount: number;
  readonly banded_by: 'weight' | 'subtotal' | null;
  /** By rising `from` (grams, or minor units): the last band reached says the charge. */
  readonly bands: readonly { readonly from: number; readonly amount: number }[];
  /** Subtotal less discount from which it costs nothing. */
  readonly free_from: number | null;
  readonly transit_days: number | null;
}
/** The rates that may apply in one country, those for anywhere included. */
export type ShippingTable = readonly ShippingRate[];
export const no_shipping_rates: ShippingTable = [];
export const default_shipping_service = 'standard';

export interface Carriage {
  readonly currency: string;
  readonly place: PricedPlace | null;
  readonly weight_grams: number;
  /** Of the goods, less their discount. */
  readonly subtotal: number;
}
/** `amount`: the charge before a discount and, in exclusive mode, before tax. */
export interface ShippingOffer {
  readonly service: string;
  readonly carrier: string | null;
  readonly amount: number;
  readonly transit_days: number | null;
}

/** One offer a service, from its best fitting zone; the cheapest first. */
export function shipping_offers(table: ShippingTable, carriage: Carriage): readonly ShippingOffer[] {
  const best = new Map<string, { rate: ShippingRate; fit: number }>();
  for (const rate of table) {
    if (rate.currency !== carriage.currency) continue;
    const fit = fit_of(rate, carriage.place);
    if (fit < 0) continue;
    const known = best.get(rate.service);
    if (known === undefined || fit > known.fit) best.set(rate.service, { rate, fit });
  }
  const offers = [...best.values()].map(({ rate }) => ({
    service: rate.service,
    carrier: rate.carrier,
    amount: charge_of(rate, carriage),
    transit_days: rate.transit_days,
  }));
  return offers.sort((a, b) => a.amount - b.amount || (a.service < b.service ? -1 : 1));
}

/** A country fits better than anywhere, a part of it better still. */
function fit_of(rate: ShippingRate, place: PricedPlace | null): number {
  if (place === null) return rate.country === null && rate.region === null && rate.postal_prefix === null ? 0 : -1;
  if (rate.country !== null && rate.country !== place.country) return -1;
  const fit = zone_fit(rate, place);
  return fit < 0 ? -1 : 2 * fit + (rate.country === null ? 0 : 1);
}

function charge_of(rate: ShippingRate, carriage: Carriage): number {
  if (rate.free_from !== null && carriage.subtotal >= rate.free_from) return 0;
  if (rate.banded_by === null) return rate.amount;
  const measure = rate.banded_by === 'weight' ? carriage.weight_grams : carriage.subtotal;
  let { amount } = rate;
  for (const band of rate.bands) if (measure >= band.from) amount = band.amount;
  return amount;
}
