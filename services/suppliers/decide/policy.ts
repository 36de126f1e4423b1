/** When and how much to buy: as a person says, or as demand asks (domain.md 7.3). */
import type { SetReorderPolicy } from '../commands.ts';
import { computed_policy, day_of, demand_milli, next_day, roll } from '../demand.ts';
import { in_stock, item_id, type Offer, type SuppliersHandler, type SuppliersSettings, type SupplyItem } from '../model.ts';
import { reject, version_differs } from '../rejections.ts';
import { close_draft } from './close.ts';
import { arm, type Draft, day_timer, item_in, note_item, open_draft, review_timer, say_of_item } from './draft.ts';
import { choose_offer } from './need.ts';

type Policy = Pick<SupplyItem, 'method' | 'reorder_point' | 'target' | 'review_days' | 'safety_days' | 'supplier_id' | 'auto'>;

export function set_reorder_policy_handler(settings: SuppliersSettings): SuppliersHandler<SetReorderPolicy> {
  return {
    touches: ({ sku, location_id, supplier_id }) => [
      ...(supplier_id === null ? [] : [{ kind: 'supplier' as const, id: supplier_id }]),
      { kind: 'supply_item', id: item_id(sku, location_id) },
    ],
    decide(command, view, given) {
      const { sku, location_id, supplier_id } = command;
      const id = item_id(sku, location_id);
      const differs = version_differs(command.if_version, view.version('supply_item', id));
      if (differs !== undefined) return differs;
      if (supplier_id !== null && view('supplier', supplier_id) === undefined) {
        return reject('unknown_supplier', `There is no supplier ${supplier_id}.`);
      }
      const draft = open_draft(view, given, settings);
      const known = view('supply_item', id);
      const { method, review_days, safety_days, auto } = command;
      const levels = { reorder_point: command.reorder_point ?? known.reorder_point, target: command.target ?? known.target };
      const policy = { method, ...levels, review_days, safety_days, supplier_id, auto };
      if (!known.policy || !same_policy(known, policy)) say_policy(draft, id, sku, location_id, policy);
      arm(draft, day_timer, day_timer, next_day(given.at));
      if (known.exceptions.length > 0 || known.refused_until !== null) look_again(draft, id);
      return close_draft(draft);
    },
  };
}

/** Nobody sold it, or who does refused it; perhaps the policy names another supplier now. */
function look_again(draft: Draft, id: string): void {
  note_item(draft, id, { review_at: draft.given.at });
  arm(draft, review_timer, id, draft.given.at);
}

function same_policy(known: Policy, wanted: Policy): boolean {
  return (
    known.method === wanted.method &&
    known.reorder_point === wanted.reorder_point &&
    known.target === wanted.target &&
    known.review_days === wanted.review_days &&
    known.safety_days === wanted.safety_days &&
    known.supplier_id === wanted.supplier_id &&
    known.auto === wanted.auto
  );
}

function say_policy(draft: Draft, id: string, sku: string, location_id: string, policy: Policy): void {
  const { method, reorder_point, target, review_days, safety_days, supplier_id, auto } = policy;
  const data = { sku, location_id, method, reorder_point, target, review_days, safety_days, supplier_id, auto };
  say_of_item(draft, id, { type: 'reorder_policy.changed', data }, sku);
}

/** The method `demand`, with the lead time of the supplier that would be asked. Without one nothing can be said: the levels stay. */
export function compute_policy(draft: Draft, id: string, offers: readonly Offer[]): void {
  const item = item_in(draft, id);
  const demand = roll(item.demand, day_of(draft.given.at), in_stock(item));
  const daily_milli = demand_milli(demand);
  if (daily_milli !== item.demand_milli || demand !== item.demand) note_item(draft, id, { demand, demand_milli: daily_milli });
  const choice = choose_offer(item, offers);
  if (item.method !== 'demand' || choice === undefined) return;
  const levels = computed_policy(item, choice.offer.lead_time_days, daily_milli);
  if (levels.reorder_point === item.reorder_point && levels.target === item.target) return;
  const { sku, location_id } = item;
  say_policy(draft, id, sku, location_id, { ...item, ...levels });
}
