/** What single units of a line are worth, so that their parts add up to the whole (domain.md 6.5, 6.7). */
import { floor_ratio } from './exact.ts';

/**
 * What `more` units are worth after `settled` (shipped or cancelled) ones of a line of `quantity` units that cost `total`, minor units:
 * cum(settled + more) - cum(settled) with cum(k) = floor(total * k / quantity). All units together are worth exactly `total`. For the line's tax: the same.
 */
export function value_of_units(total: number, quantity: number, settled: number, more: number): number {
  return floor_ratio(total, settled + more, quantity) - floor_ratio(total, settled, quantity);
}

export interface ShippedPart {
  /** Units shipped, and what they were worth (shipped_value, or their tax). */
  readonly quantity_shipped: number;
  readonly shipped: number;
  /** Of these, what was credited before. */
  readonly quantity_credited: number;
  readonly credited: number;
}

/** What giving back `quantity` shipped units is worth: floor(shipped * quantity / quantity_shipped), the last units take the rest. */
export function credit_for(part: ShippedPart, quantity: number): number {
  const rest = Math.max(0, part.shipped - part.credited);
  if (quantity <= 0) return 0;
  if (part.quantity_credited + quantity >= part.quantity_shipped) return rest;
  return Math.min(rest, floor_ratio(part.shipped, quantity, part.quantity_shipped));
}
