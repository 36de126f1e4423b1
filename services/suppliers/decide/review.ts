/** The review (domain.md 7.1-7.4): does the position ask for more, and if so, of whom and how much. One open proposal per item, contained in the position. */
import { derived_id } from '../../../platform/ids.ts';
import { later } from '../../../platform/service.ts';
import type { ReviewDay, ReviewSupply } from '../commands.ts';
import { next_day } from '../demand.ts';
import {
  type Offer,
  type Proposal,
  review_items_max,
  type SuppliersHandler,
  type SuppliersSettings,
  type SupplyItem,
  sku_of,
} from '../model.ts';
import { close_draft } from './close.ts';
import {
  accept_timer,
  arm,
  type Draft,
  day_timer,
  item_in,
  note_item,
  note_proposal,
  nothing,
  open_draft,
  proposal_in,
  review_timer,
  say_of_proposal,
} from './draft.ts';
import { raise_of_item, settle_item_exception } from './exceptions.ts';
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
import { asked_again_at, refuses, willing } from './refusals.ts';

export function review_handlers(settings: SuppliersSettings) {
  return { review_supply: review_supply(settings), review_day: review_day(settings) };
}

function review_supply(settings: SuppliersSettings): SuppliersHandler<ReviewSupply> {
  return {
    touches: ({ item_id }) => [
      { kind: 'offers', id: sku_of(item_id) },
      { kind: 'supply_item', id: item_id },
    ],
    then_touches: ({ item_id }, view) => {
      const item = view('supply_item', item_id);
      return [{ kind: 'proposal', id: item.proposal_id ?? next_proposal_id(item_id, item) }];
    },
    decide({ item_id }, view, given) {
      const draft = open_draft(view, given, settings);
      if (!item_in(draft, item_id).policy) return nothing;
      note_item(draft, item_id, { review_at: null });
      review(draft, item_id, view('offers', sku_of(item_id)));
      return close_draft(draft);
    },
  };
}

/** Named before it is made: it must be locked, too. */
function next_proposal_id(id: string, { proposals_made }: SupplyItem): string {
  return derived_id('prp', `${id} ${proposals_made + 1}`, 0);
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
        const { policy, stock_version, reviewed_day } = item_in(draft, id);
        if (!policy) continue;
        compute_policy(draft, id, view('offers', sku_of(id)));
        // Inventory answers a new policy with levels. Who has not by the second daily review has none.
        const may_be_answered = stock_version === 0 && reviewed_day === 0;
        note_item(draft, id, { reviewed_day: day, ...(may_be_answered ? {} : { review_at: given.at }) });
        if (!may_be_answered) arm(draft, review_timer, id, given.at);
      }
      arm(draft, day_timer, day_timer, due.length < review_items_max ? next_day(given.at) : later(given.at, 1));
      return close_draft(draft);
    },
  };
}

function review(draft: Draft, id: string, offers: readonly Offer[]): void {
  const item = item_in(draft, id);
  if (item.proposal_id !== null) {
    revise(draft, id, item, offers);
    accept_by_itself(draft, id);
    return;
  }
  const wanted = is_needed(item) && !is_dismissed(item, draft.given.at);
  const choice = wanted ? choose_offer(item, willing(item, offers, draft.given.at)) : undefined;
  const refused_until = wanted && choice === undefined ? asked_again_at(item, offers) : null;
  if (refused_until !== item.refused_until) note_item(draft, id, { refused_until });
  if (wanted && choice === undefined && refused_until === null) {
    raise_of_item(draft, id, 'no_supplier', no_supplier_detail(item));
    return;
  }
  settle_item_exception(draft, id, 'no_supplier');
  if (!is_needed(item)) settle_item_exception(draft, id, 'refused_by_supplier');
  if (choice !== undefined) propose(draft, id, choice);
}

function no_supplier_detail({ sku, location_id, supplier_id }: SupplyItem): string {
  const whom = supplier_id === null ? 'No supplier has an offer' : `${supplier_id} has no offer`;
  return `${whom} for ${sku}, and ${location_id} needs it.`;
}

function propose(draft: Draft, id: string, choice: Choice): void {
  const item = item_in(draft, id);
  const proposal_id = next_proposal_id(id, item);
  say_of_proposal(draft, proposal_id, { type: 'replenishment.proposed', data: proposal_data(item, proposal_id, choice) }, id);
  note_proposal(draft, proposal_id, { created_at: draft.given.at });
  accept_by_itself(draft, id);
}

/** Also of proposals that were made before the setting, or the policy, was automatic. */
function accept_by_itself(draft: Draft, id: string): void {
  const item = item_in(draft, id);
  if (item.proposal_id === null || !is_automatic(item, draft.settings)) return;
  const { supplier_id } = proposal_in(draft, item.proposal_id);
  arm(draft, accept_timer, `${supplier_id}@${item.location_id}`, accept_due(draft.settings, draft.given.at));
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
  if (!is_needed(item)) {
    supersede(draft, id, item, open, 'position_above_reorder_point');
    return;
  }
  // Refused while it was open: by itself it is not accepted, and another supplier may be asked. A person may still accept theirs.
  if (is_automatic(item, draft.settings) && refuses(item, open.supplier_id, draft.given.at)) {
    supersede(draft, id, item, open, 'refused_by_supplier');
    return;
  }
  const offer = offers.find(one => one.supplier_id === open.supplier_id);
  const data = offer && proposal_data(item, proposal_id, { offer, reason: reason_of(open.reasons) });
  const proposed_need = item.target - position_without_proposal(item);
  if (data !== undefined && data.quantity !== open.quantity) {
    say_of_proposal(draft, proposal_id, { type: 'replenishment.revised', data }, id);
  } else if (proposed_need !== item.proposed_need) {
    // Rounded it is the same: looked at, and not again until the need is another.
    note_item(draft, id, { proposed_need });
  }
}

function supersede(draft: Draft, id: string, item: SupplyItem, { proposal_id, supplier_id, quantity }: Proposal, reason: string): void {
  const { sku, location_id, reorder_point, target } = item;
  const why = { position: position_without_proposal(item), reorder_point, target, reasons: [reason] };
  const data = { proposal_id, sku, location_id, supplier_id, quantity, ...why };
  say_of_proposal(draft, proposal_id, { type: 'replenishment.superseded', data }, id);
}

function reason_of(reasons: readonly string[]): Choice['reason'] {
  if (reasons.includes('policy_supplier')) return 'policy_supplier';
  return reasons.includes('preferred_supplier') ? 'preferred_supplier' : 'cheapest_supplier';
}
