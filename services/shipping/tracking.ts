/** What a parcel's facts say together, whatever the order in which they were heard (domain.md 3.4). Pure. */
import type { CarrierStatus } from '../../contracts/index.ts';
import { carrier_statuses } from './carriers/port.ts';
import type { KnownFact } from './model.ts';

const ranks: ReadonlyMap<CarrierStatus, number> = new Map(carrier_statuses.map((status, rank) => [status, rank]));
const first_scan = rank_of('picked_up');

export function rank_of(status: CarrierStatus): number {
  return ranks.get(status) ?? 0;
}

/** The carrier had it in its hands. */
export function is_scan(fact: Pick<KnownFact, 'status'>): boolean {
  return rank_of(fact.status) >= first_scan;
}

/** By the carrier's clock, then by rank. */
export function is_later(a: Pick<KnownFact, 'carrier_at' | 'status'>, b: Pick<KnownFact, 'carrier_at' | 'status'>): boolean {
  return a.carrier_at > b.carrier_at || (a.carrier_at === b.carrier_at && rank_of(a.status) > rank_of(b.status));
}

/**
 * The fact that tells the parcel's status: the one with the greatest (carrier_at, rank). But once delivered, only a later way back
 * counts, and back at our dock nothing does. undefined: nothing was said yet.
 */
export function telling_fact<F extends Pick<KnownFact, 'carrier_at' | 'status'>>(facts: readonly F[]): F | undefined {
  const sent_back = last_of(facts, fact => fact.status === 'sent_back');
  if (sent_back !== undefined) return sent_back;
  const delivered = last_of(facts, fact => fact.status === 'delivered');
  if (delivered === undefined) return last_of(facts, () => true);
  return last_of(facts, fact => fact.status === 'returning' && fact.carrier_at > delivered.carrier_at) ?? delivered;
}

function last_of<F extends Pick<KnownFact, 'carrier_at' | 'status'>>(facts: readonly F[], which: (fact: F) => boolean): F | undefined {
  let last: F | undefined;
  for (const fact of facts) if (which(fact) && (last === undefined || is_later(fact, last))) last = fact;
  return last;
}
