/** Demand of the last 28 days (domain.md 7.3): units asked for each day, on which days there was stock, and what was lost. */
import { day_ms, type SupplyItem, units_max } from './model.ts';

export const demand_days = 28;
const days_in_stock_min = 7;
const all_days = 2 ** demand_days - 1;
/** Who asked in vain is told apart up to this many a day; more are not counted. */
export const lost_refs_max = 200;

/** Index and bit 0 are `day`, 1 the day before it. */
export interface Demand {
  /** Days since 1970-01-01 UTC. */
  readonly day: number;
  readonly units: readonly number[];
  readonly stocked: number;
}
/** Of one day: the largest number that each shopper missed, so that trying again is not another demand. */
export interface LostDemand {
  readonly day: number;
  readonly by: Readonly<Record<string, number>>;
}

export function day_of(at: string): number {
  return Math.floor(Date.parse(at) / day_ms);
}
/** Midnight UTC after `at`. */
export function next_day(at: string): string {
  return new Date((day_of(at) + 1) * day_ms).toISOString();
}

/** The window moved to `day`. Days nobody told of were as the last one ended. */
export function roll(demand: Demand, day: number, stocked_now: boolean): Demand {
  const shift = day - demand.day;
  if (shift <= 0) return demand;
  if (demand.day === 0 || shift >= demand_days) {
    return { day, units: [], stocked: demand.day !== 0 && stocked_now ? all_days : Number(stocked_now) };
  }
  const zeros = Array.from({ length: shift }, () => 0);
  const units = demand.units.length === 0 ? [] : [...zeros, ...demand.units].slice(0, demand_days);
  const stocked = stocked_now ? (demand.stocked << shift) | (2 ** shift - 1) : demand.stocked << shift;
  return { day, units, stocked: stocked & all_days };
}

/** Units asked for on a day; older than the window they no longer count. */
export function add_units(demand: Demand, day: number, quantity: number, stocked_now: boolean): Demand {
  const rolled = roll(demand, day, stocked_now);
  const age = rolled.day - day;
  if (age >= demand_days || quantity === 0) return rolled;
  const units = rolled.units.slice();
  while (units.length <= age) units.push(0);
  units[age] = (units[age] ?? 0) + quantity;
  return { ...rolled, units };
}

export function mark_stocked(demand: Demand): Demand {
  return (demand.stocked & 1) === 1 ? demand : { ...demand, stocked: demand.stocked | 1 };
}

/** What is new of a shopper's vain attempt, and the book with it. */
export function add_lost(
  lost: LostDemand,
  day: number,
  ref: string,
  quantity: number,
): { readonly lost: LostDemand; readonly added: number } {
  const today = lost.day === day ? lost : { day, by: {} };
  const known = today.by[ref] ?? 0;
  const full = known === 0 && Object.keys(today.by).length >= lost_refs_max;
  if (quantity <= known || full) return { lost: today, added: 0 };
  return { lost: { day, by: { ...today.by, [ref]: quantity } }, added: quantity - known };
}

/** Thousandths of a unit a day. */
export function demand_milli(demand: Demand): number {
  const units = demand.units.reduce((sum, of_day) => sum + of_day, 0);
  let days = 0;
  for (let bits = demand.stocked; bits > 0; bits >>>= 1) days += bits & 1;
  return Math.round((1_000 * units) / Math.max(days_in_stock_min, days));
}

/** What the method `demand` makes of it. */
export function computed_policy(item: SupplyItem, lead_time_days: number, daily_milli: number): { reorder_point: number; target: number } {
  const units_in = (days: number) => Math.ceil((daily_milli * days) / 1_000);
  const reorder_point = Math.min(units_max, units_in(lead_time_days + item.safety_days));
  return { reorder_point, target: Math.min(units_max, reorder_point + units_in(item.review_days)) };
}
