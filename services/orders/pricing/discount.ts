/** Whether a discount code may be used, and what it takes off (domain.md 6.2). */
import { ppm, round_ratio } from './exact.ts';

export interface DiscountRule {
  readonly code: string;
  readonly kind: 'percent' | 'amount' | 'free_shipping';
  readonly rate_ppm: number | null;
  readonly amount: number | null;
  /** Of `amount` and `minimum_subtotal`. */
  readonly currency: string | null;
  readonly minimum_subtotal: number;
  readonly valid_from_at: string;
  readonly valid_until: string;
}

/** Case, spaces and typographic forms of a code are one code; null: no code can look like this (reliability.md, row 42). */
export function canonical_code(text: string): string | null {
  const code = text.normalize('NFKC').trim().toUpperCase();
  return /^[A-Z0-9][A-Z0-9._-]{0,63}$/.test(code) ? code : null;
}

/** How often it was used is not looked at: that is decided where its uses are counted. */
export function is_usable(rule: DiscountRule, order: { currency: string; subtotal: number; at: string }): boolean {
  if (order.at < rule.valid_from_at || order.at >= rule.valid_until) return false;
  if (rule.currency !== null && rule.currency !== order.currency) return false;
  return order.subtotal >= rule.minimum_subtotal;
}

/** Off the goods; what it takes off the carriage is `shipping_discount`. */
export function goods_discount(rule: DiscountRule | null, subtotal: number): number {
  if (rule === null) return 0;
  if (rule.kind === 'percent') return Math.min(subtotal, round_ratio(subtotal, rule.rate_ppm ?? 0, ppm));
  return rule.kind === 'amount' ? Math.min(rule.amount ?? 0, subtotal) : 0;
}

export function shipping_discount(rule: DiscountRule | null, charge: number): number {
  return rule?.kind === 'free_shipping' ? charge : 0;
}
