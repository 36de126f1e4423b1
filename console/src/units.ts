/** What a number is of, and how it is written: whole in a table, short at an axis; and numbers in a row. */
import { count, count_short, duration, money, money_short } from './format.ts';

export type Unit =
  | { readonly kind: 'money'; readonly currency: string }
  | { readonly kind: 'count' }
  /** 0 to 1. */
  | { readonly kind: 'share' }
  | { readonly kind: 'milliseconds' }
  | { readonly kind: 'days' };

export interface Series {
  readonly name: string;
  /** One for each of `at`; null where nothing is known. */
  readonly values: readonly (number | null)[];
  /** What it was before: drawn to compare with, not to look at. */
  readonly is_past?: boolean;
}

export function in_unit(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined) return '–';
  switch (unit.kind) {
    case 'money':
      return money(value, unit.currency);
    case 'count':
      return count(value);
    case 'share':
      return `${Math.round(value * 1_000) / 10} %`;
    case 'milliseconds':
      return duration(value);
    case 'days':
      return `${count(Math.round(value * 10) / 10)} d`;
  }
}

export function in_unit_short(value: number, unit: Unit): string {
  if (unit.kind === 'money') return money_short(value, unit.currency);
  if (unit.kind === 'count') return count_short(value);
  return unit.kind === 'share' ? `${Math.round(value * 1_000) / 10} %` : in_unit(value, unit);
}
