/** The review (domain.md 7.1-7.4): does the position ask for more, and if so, of whom and how much. One open proposal per item, contained in the position. */
import { later } from '../../../platform/service.ts';
import type { ReviewDay, ReviewSupply } from '../commands.ts';
import { next_day } from '../demand.ts';
import { type Offer, review_items_max, type SuppliersHandler, type SuppliersSettings, type SupplyItem, sku_of } from '../model.ts';
import { close_draft } from './close.ts';
import {
  accept_timer,
  arm,
  type Draft,
  day_timer,
  item_in,
  note_item,
  note_proposal,
  open_draft,
  proposal_in,
  review_timer,
  say_of_proposal,
} from './draft.ts';
import { raise_of_item, settle_item_exceptions } from './exceptions.ts';
import {
  accept_due,
  type Choice,
  choose_offer,
  is_automatic,
  is_dismissed,
  is_needed,
  order_quantity,
  position_without_proposal,
  reasons_of,
} from './need.ts';
import { compute_policy } from './policy.ts';

export function review_handlers(settings: SuppliersSettings) {
  return { review_supply: review_supply(settings), review_day: review_day(settings) };
}

function review_supply(settings: SuppliersSettings): SuppliersHandler<ReviewSupply> {
  return {
    touches: ({ item_id, proposal_id }) => [
      { kind: 'offers', id: sku_of(item_id) },
      { kind: 'supply_item', id: item_id },
      { kind: 'proposal', id: proposal_id },
    ],
    then_touches: ({ item_id }, view) => {
      const { proposal_id } = view('supply_item', item_id);
      return proposal_id === null ? [] : [{ kind: 'proposal', id: proposal_id }];
    },
    decide({ item_id, proposal_id }, view, given) {
      const draft = open_draft(view, given, settings);
      note_item(draft, item_id, { review_at: null });
      review(draft, item_id, view('offers', sku_of(item_id)), proposal_id);
      return close_draft(draft);
    },
  };
}

/** What no change of a counter asks for: demand computed anew, levels that were never heard, dismissals that have run out. */
function review_day(settings: SuppliersSettings): SuppliersHandler<ReviewDay> {
  return {
    touches: ({ day }) => [{ kind: 'due_items', id: String(day) }],
    then_touches: ({ day }, view) =>
      view('due_items', String(day)).flatMap(id => [
        { kind: 'offers' as const, id: sku_of(id) },
        { kind: 'supply_item' as const, id },
      ]),
    decide({ day }, view, given) {
      const draft = open_draft(view, given, settings);
      const due = view('due_items', String(day));
      for (const id of due) {
        if (item_in(draft, id).policy) compute_policy(draft, id, view('offers', sku_of(id)));
        note_item(draft, id, { reviewed_day: day, review_at: given.at });
        arm(draft, review_timer, id, given.at);
      }
      arm(draft, day_timer, day_timer, due.length < review_items_max ? next_day(given.at) : later(given.at, 1));
      return close_draft(draft);
    },
  };
}

/** `new_id`: of the proposal it may make. */
export function review(draft: Draft, id: string, offers: readonly Offer[], new_id: string): void {
  const item = item_in(draft, id);
  if (!item.policy) return;
  if (item.proposal_id !== null) return revise(draft, id, item, offers);
  if (!is_needed(item) || is_dismissed(item, draft.given.at)) return settle_item_exceptions(draft, id);
  const choice = choose_offer(item, offers);
  if (choice === undefined) return raise_of_item(draft, id, 'no_supplier', no_supplier_detail(item));
  settle_item_exceptions(draft, id);
  propose(draft, id, new_id, choice);
}

function no_supplier_detail({ sku, location_id, supplier_id }: SupplyItem): string {
  const whom = supplier_id === null ? 'No supplier has an offer' : `${supplier_id} has no offer`;
  return `${whom} for ${sku}, and ${location_id} needs it.`;
}

function propose(draft: Draft, id: string, proposal_id: string, choice: Choice): void {
  if (proposal_in(draft, proposal_id).status !== 'new') return;
  const item = item_in(draft, id);
  say_of_proposal(draft, proposal_id, { type: 'replenishment.proposed', data: proposal_data(item, proposal_id, choice) }, id);
  note_proposal(draft, proposal_id, { created_at: draft.given.at });
  if (!is_automatic(item, draft.settings)) return;
  arm(draft, accept_timer, `${choice.offer.supplier_id}@${item.location_id}`, accept_due(draft.settings, draft.given.at));
}

function proposal_data(item: SupplyItem, proposal_id: string, choice: Choice) {
  const { sku, location_id, reorder_point, target } = item;
  const without = position_without_proposal(item);
  const need = target - without;
  const quantity = order_quantity(need, choice.offer);
  const reasons = reasons_of(item, need, quantity, choice);
  const { supplier_id } = choice.offer;
  return { proposal_id, sku, location_id, supplier_id, quantity, position: without, reorder_point, target, reasons };
}

/** The open proposal follows the need, at the supplier it was made for. */
export function revise(draft: Draft, id: string, item: SupplyItem, offers: readonly Offer[]): void {
  const { proposal_id } = item;
  if (proposal_id === null) return;
  const open = proposal_in(draft, proposal_id);
  const choice = offers.find(offer => offer.supplier_id === open.supplier_id);
  if (!is_needed(item)) {
    const { supplier_id, quantity } = open;
    const { sku, location_id, reorder_point, target } = item;
    const reasons = ['position_above_reorder_point'];
    const data = {
      proposal_id,
      sku,
      location_id,
      supplier_id,
      quantity,
      position: position_without_proposal(item),
      reorder_point,
      target,
      reasons,
    };
    return say_of_proposal(draft, proposal_id, { type: 'replenishment.superseded', data }, id);
  }
  if (choice === undefined) return;
  const data = proposal_data(item, proposal_id, { offer: choice, reason: reason_of(open.reasons) });
  if (data.quantity !== open.quantity) return say_of_proposal(draft, proposal_id, { type: 'replenishment.revised', data }, id);
  // Rounded it is the same: looked at, and not again until the need is another.
  const proposed_need = data.target - data.position;
  if (proposed_need !== item.proposed_need) note_item(draft, id, { proposed_need });
}

function reason_of(reasons: readonly string[]): Choice['reason'] {
  if (reasons.includes('policy_supplier')) return 'policy_supplier';
  return reasons.includes('preferred_supplier') ? 'preferred_supplier' : 'cheapest_supplier';
}
