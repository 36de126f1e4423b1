/** Which taxes apply, and how much of a price they are (domain.md 6.3, 6.4). */
import type { Tax, TaxMode } from '../../../contracts/index.ts';
import { ppm, round_ratio, spread } from './exact.ts';

export interface TaxRate {
  readonly country: string;
  readonly region: string | null;
  /** In canonical form, as `canonical_place` has it. */
  readonly postal_prefix: string | null;
  readonly tax_class: string;
  readonly jurisdiction: string;
  readonly rate_ppm: number;
  readonly valid_from_at: string;
  readonly valid_until: string | null;
}
/** The rates of one country by tax class, ordered by jurisdiction. */
export type TaxTable = Readonly<Record<string, readonly TaxRate[]>>;
export const no_taxes: TaxTable = {};
export const shipping_tax_class = 'shipping';

/** Where an order goes, as far as prices depend on it. */
export interface PricedPlace {
  readonly country: string;
  readonly region?: string | null;
  readonly postal_code?: string | null;
}

export function tax_table(rates: readonly TaxRate[]): TaxTable {
  const table: Record<string, TaxRate[]> = Object.create(null);
  for (const rate of rates) {
    const of_class = table[rate.tax_class];
    if (of_class === undefined) table[rate.tax_class] = [rate];
    else of_class.push(rate);
  }
  for (const of_class of Object.values(table))
    of_class.sort((a, b) => (a.jurisdiction < b.jurisdiction ? -1 : a.jurisdiction > b.jurisdiction ? 1 : 0));
  return table;
}

/** Postal codes without spaces, in upper case. */
export function canonical_place(place: PricedPlace): PricedPlace {
  return { country: place.country, region: place.region ?? null, postal_code: canonical_postal_code(place.postal_code ?? null) };
}
export function canonical_postal_code(code: string | null): string | null {
  return code === null ? null : code.replaceAll(' ', '').toUpperCase();
}

/** How well a zone fits a (canonical) place: -1 not at all, else the longer the better. */
export function zone_fit(zone: { region: string | null; postal_prefix: string | null }, place: PricedPlace): number {
  let fit = 0;
  if (zone.region !== null) {
    if (zone.region !== place.region) return -1;
    fit += 1;
  }
  if (zone.postal_prefix !== null) {
    if (place.postal_code?.startsWith(zone.postal_prefix) !== true) return -1;
    fit += 2 * zone.postal_prefix.length;
  }
  return fit;
}

/** The rates of a tax class at a place and time: the longest match of each jurisdiction. */
export function rates_at(table: TaxTable, tax_class: string, place: PricedPlace | null, at: string): readonly TaxRate[] {
  const of_class = table[tax_class];
  if (of_class === undefined || place === null) return [];
  const best: TaxRate[] = [];
  let best_fit = -1;
  for (const rate of of_class) {
    if (rate.country !== place.country || rate.valid_from_at > at || (rate.valid_until !== null && rate.valid_until <= at)) continue;
    const fit = zone_fit(rate, place);
    if (fit < 0) continue;
    const last = best.at(-1);
    if (last?.jurisdiction !== rate.jurisdiction) {
      best.push(rate);
      best_fit = fit;
    } else if (fit > best_fit || (fit === best_fit && rate.valid_from_at > last.valid_from_at)) {
      best[best.length - 1] = rate;
      best_fit = fit;
    }
  }
  return best;
}

export interface Taxed {
  readonly tax: number;
  /** With taxes: what the customer pays. */
  readonly total: number;
  readonly taxes: readonly Tax[];
}

const untaxed: readonly Tax[] = [];

/** `net` is the price less its discount: without taxes when they are exclusive, with them when they are inclusive. */
export function with_taxes(net: number, rates: readonly TaxRate[], mode: TaxMode): Taxed {
  if (rates.length === 0) return { tax: 0, total: net, taxes: untaxed };
  return mode === 'exclusive' ? add_taxes(net, rates) : find_taxes(net, rates);
}

function add_taxes(net: number, rates: readonly TaxRate[]): Taxed {
  let tax = 0;
  const taxes = rates.map(({ jurisdiction, rate_ppm }) => {
    const amount = round_ratio(net, rate_ppm, ppm);
    tax += amount;
    return { jurisdiction, rate_ppm, amount };
  });
  return { tax, total: net + tax, taxes };
}

function find_taxes(net: number, rates: readonly TaxRate[]): Taxed {
  let rate_sum = 0;
  for (const rate of rates) rate_sum += rate.rate_ppm;
  const tax = net - round_ratio(net, ppm, ppm + rate_sum);
  const [only] = rates;
  if (only !== undefined && rates.length === 1)
    return { tax, total: net, taxes: [{ jurisdiction: only.jurisdiction, rate_ppm: only.rate_ppm, amount: tax }] };
  const amounts = spread(
    tax,
    rates.map(rate => rate.rate_ppm),
  );
  return {
    tax,
    total: net,
    taxes: rates.map(({ jurisdiction, rate_ppm }, place) => ({ jurisdiction, rate_ppm, amount: amounts[place] ?? 0 })),
  };
}
