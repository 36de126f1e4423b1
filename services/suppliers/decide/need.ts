/** When and how much to buy (domain.md 7.1, 7.2, 7.4): pure arithmetic over a supply item and the offers for its SKU. */
import { later } from '../../../platform/service.ts';
import { day_ms, type Offer, position, type SuppliersSettings, type SupplyItem, units_max } from '../model.ts';

/**
 * An open proposal that a person looks at follows the need this late: revised with every order it would never stand still. One that is
 * accepted by itself is revised with its acceptance.
 */
export const revise_after_ms = 3_600_000;

/** The position as if there were no open proposal. */
export function position_without_proposal(item: SupplyItem): number {
  return position(item) - item.proposed;
}

export function is_automatic(item: SupplyItem, settings: SuppliersSettings): boolean {
  return settings.replenishment === 'auto' && item.auto;
}

export function is_dismissed(item: SupplyItem, at: string): boolean {
  return item.dismissed_until !== null && item.dismissed_until > at;
}

/** Units are missing: the position is at the reorder point or below, and the target above it. */
export function is_needed(item: SupplyItem): boolean {
  const without = position_without_proposal(item);
  return without <= item.reorder_point && item.target > without;
}

/** When a review would do something; undefined: it would not. Levels that were never heard wait for the daily review. */
export function review_due(item: SupplyItem, settings: SuppliersSettings, at: string): string | undefined {
  if (!item.policy || item.stock_version === 0) return undefined;
  const needed = is_needed(item);
  if (item.proposal_id === null) {
    if (!needed || is_dismissed(item, at) || has_no_supplier(item)) return undefined;
    return item.refused_until !== null && item.refused_until > at ? item.refused_until : at;
  }
  if (is_automatic(item, settings)) return undefined;
  const same = needed && item.target - position_without_proposal(item) === item.proposed_need;
  return same ? undefined : later(at, revise_after_ms);
}

/** A person was told already that nobody sells it: the daily review looks again. */
function has_no_supplier(item: SupplyItem): boolean {
  return item.exceptions.some(exception => exception.reason === 'no_supplier');
}

/** The end of the stretch of time whose proposals become one order: the same for all of them, so none is put off by the next. */
export function accept_due({ accept_every_ms }: SuppliersSettings, at: string): string {
  const every_ms = accept_every_ms ?? day_ms;
  return new Date((Math.floor(Date.parse(at) / every_ms) + 1) * every_ms).toISOString();
}

export interface Choice {
  readonly offer: Offer;
  readonly reason: 'policy_supplier' | 'preferred_supplier' | 'cheapest_supplier';
}

/** The policy's supplier and no other; else the preferred one, else the cheapest (costs as numbers: currencies are not converted). */
export function choose_offer(item: SupplyItem, offers: readonly Offer[]): Choice | undefined {
  if (item.supplier_id !== null) {
    const offer = offers.find(one => one.supplier_id === item.supplier_id);
    return offer && { offer, reason: 'policy_supplier' };
  }
  const [cheapest] = [...offers].sort((a, b) => a.cost - b.cost || (a.supplier_id < b.supplier_id ? -1 : 1));
  const preferred = [...offers]
    .filter(offer => offer.preferred)
    .sort((a, b) => a.cost - b.cost || (a.supplier_id < b.supplier_id ? -1 : 1));
  if (preferred[0] !== undefined) return { offer: preferred[0], reason: 'preferred_supplier' };
  return cheapest && { offer: cheapest, reason: 'cheapest_supplier' };
}

/** At least the minimum, up to whole packs. */
export function order_quantity(need: number, { minimum_quantity, pack_size }: Pick<Offer, 'minimum_quantity' | 'pack_size'>): number {
  const packs = Math.ceil(Math.max(need, minimum_quantity) / pack_size);
  return Math.min(packs * pack_size, Math.floor(units_max / pack_size) * pack_size);
}

export function reasons_of(item: SupplyItem, need: number, quantity: number, choice: Choice): readonly string[] {
  const { minimum_quantity } = choice.offer;
  return [
    'position_at_reorder_point',
    ...(item.backordered > 0 ? ['backorders_wait'] : []),
    ...(need < minimum_quantity ? ['at_least_minimum_quantity'] : []),
    ...(quantity > Math.max(need, minimum_quantity) ? ['up_to_pack_size'] : []),
    choice.reason,
  ];
}
