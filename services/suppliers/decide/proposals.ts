/** What becomes of a proposal: an order by a person's word or by itself, or nothing for a week (domain.md 3.5, 7.4). */
import { later } from '../../../platform/service.ts';
import type { AcceptProposal, AcceptProposals, DismissProposal } from '../commands.ts';
import {
  day_ms,
  type Offer,
  order_lines_max,
  type Proposal,
  type Supplier,
  type SuppliersHandler,
  type SuppliersSettings,
  type SuppliersView,
  sku_of,
} from '../model.ts';
import { reject, type SuppliersRejection, version_differs } from '../rejections.ts';
import { close_draft } from './close.ts';
import { accept_timer, arm, type Draft, item_in, nothing, open_draft, order_in, proposal_in, say_of_proposal } from './draft.ts';
import { raise_of_order } from './exceptions.ts';
import { approve, is_too_large, limit_exceeded, say_created, type WantedLine } from './purchase_orders.ts';
import { revise } from './review.ts';

export const dismissed_ms = 7 * day_ms;
/** What does not fit into one order becomes another so much later. */
const next_order_ms = 1_000;

export function proposal_handlers(settings: SuppliersSettings) {
  return {
    accept_proposal: accept_proposal(settings),
    dismiss_proposal: dismiss_proposal(settings),
    accept_proposals: accept_proposals(settings),
  };
}

function accept_proposal(settings: SuppliersSettings): SuppliersHandler<AcceptProposal> {
  return {
    touches: ({ proposal_id, item_id, po_id }) => [
      { kind: 'offers', id: sku_of(item_id) },
      { kind: 'purchase_order', id: po_id },
      { kind: 'supply_item', id: item_id },
      { kind: 'proposal', id: proposal_id },
    ],
    then_touches: ({ proposal_id }, view) => [{ kind: 'supplier', id: view('proposal', proposal_id).supplier_id }],
    decide(command, view, given) {
      const { proposal_id, item_id, po_id } = command;
      const refused = open_proposal(view, command);
      if (refused !== undefined) return refused;
      const proposal = view('proposal', proposal_id);
      const supplier = view('supplier', proposal.supplier_id);
      const wanted = wanted_line(proposal, view('offers', sku_of(item_id)));
      if (supplier === undefined || wanted === undefined) {
        return reject('unknown_sku', `${proposal.supplier_id} has no offer for ${proposal.sku} any more.`, { sku: proposal.sku });
      }
      if (is_too_large([wanted])) return reject('total_too_large', 'The total is beyond what a number can carry exactly.');
      const draft = open_draft(view, given, settings);
      accept(draft, po_id, supplier, proposal.location_id, [{ proposal, wanted, item_id }]);
      return close_draft(draft);
    },
  };
}

interface Acceptance {
  readonly proposal: Proposal;
  readonly wanted: WantedLine;
  readonly item_id: string;
}

/** One order of all of them. The position stays: what was proposed is on order. */
function accept(draft: Draft, po_id: string, supplier: Supplier, location_id: string, accepted: readonly Acceptance[]): void {
  const lines = accepted.map(({ wanted }) => wanted);
  say_created(
    draft,
    po_id,
    supplier,
    location_id,
    lines,
    accepted.map(({ proposal }) => proposal.proposal_id),
  );
  for (const { proposal, item_id } of accepted) {
    const data = { ...told(proposal), po_id, actor: draft.given.actor };
    say_of_proposal(draft, proposal.proposal_id, { type: 'replenishment.accepted', data }, item_id);
  }
}

function told({ proposal_id, sku, location_id, supplier_id, quantity, position, reorder_point, target, reasons }: Proposal) {
  return { proposal_id, sku, location_id, supplier_id, quantity, position, reorder_point, target, reasons };
}

function wanted_line({ sku, quantity, supplier_id }: Proposal, offers: readonly Offer[]): WantedLine | undefined {
  const offer = offers.find(one => one.supplier_id === supplier_id);
  return offer && { sku, quantity, offer };
}

function open_proposal(
  view: SuppliersView,
  { proposal_id, if_version }: { readonly proposal_id: string; readonly if_version: number | null },
): SuppliersRejection | undefined {
  const { status } = view('proposal', proposal_id);
  if (status === 'new') return reject('not_found', 'There is no such proposal.');
  const differs = version_differs(if_version, view.version('proposal', proposal_id));
  if (differs !== undefined) return differs;
  return status === 'proposed' ? undefined : reject('invalid_transition', `The proposal is ${status}.`, { status });
}

function dismiss_proposal(settings: SuppliersSettings): SuppliersHandler<DismissProposal> {
  return {
    touches: ({ proposal_id, item_id }) => [
      { kind: 'supply_item', id: item_id },
      { kind: 'proposal', id: proposal_id },
    ],
    decide(command, view, given) {
      const { proposal_id, item_id } = command;
      const refused = open_proposal(view, command);
      if (refused !== undefined) return refused;
      const draft = open_draft(view, given, settings);
      const dismissed_until = later(given.at, dismissed_ms);
      const data = { ...told(view('proposal', proposal_id)), actor: given.actor, dismissed_until };
      say_of_proposal(draft, proposal_id, { type: 'replenishment.dismissed', data }, item_id);
      return close_draft(draft);
    },
  };
}

/** By timer, with `replenishment: auto`: the open proposals of a supplier and location, as the need is now, become one approved order. */
function accept_proposals(settings: SuppliersSettings): SuppliersHandler<AcceptProposals> {
  return {
    touches: ({ supplier_id, location_id, po_id }) => [
      { kind: 'supplier', id: supplier_id },
      { kind: 'open_proposals', id: `${supplier_id}@${location_id}` },
      { kind: 'purchase_order', id: po_id },
    ],
    then_touches: ({ supplier_id, location_id }, view) => [
      ...view('open_proposals', `${supplier_id}@${location_id}`).flatMap(({ proposal_id, item_id }) => [
        { kind: 'offers' as const, id: sku_of(item_id) },
        { kind: 'supply_item' as const, id: item_id },
        { kind: 'proposal' as const, id: proposal_id },
      ]),
      { kind: 'control_number', id: supplier_id },
    ],
    decide({ supplier_id, location_id, po_id }, view, given) {
      const supplier = view('supplier', supplier_id);
      const draft = open_draft(view, given, settings);
      const asked = settings.replenishment === 'auto' && order_in(draft, po_id).status === 'new';
      if (supplier === undefined || !asked) return nothing;
      const open = view('open_proposals', `${supplier_id}@${location_id}`);
      const all = open.flatMap(({ proposal_id, item_id }) => ready(draft, proposal_id, item_id) ?? []);
      const accepted = fitting(all);
      if (accepted.length === 0) return close_draft(draft);
      accept(draft, po_id, supplier, location_id, accepted);
      approve_by_itself(draft, po_id);
      const more = open.length >= order_lines_max || accepted.length < all.length;
      if (more) arm(draft, accept_timer, `${supplier_id}@${location_id}`, later(given.at, next_order_ms));
      return close_draft(draft);
    },
  };
}

/** Those whose total a number can carry; the others are the next order's. */
function fitting(accepted: readonly Acceptance[]): readonly Acceptance[] {
  const fits = (count: number) => !is_too_large(accepted.slice(0, count).map(({ wanted }) => wanted));
  let count = accepted.length;
  while (count > 1 && !fits(count)) count = Math.floor(count / 2);
  return fits(count) ? accepted.slice(0, count) : [];
}

/** Still open, still needed, and nobody else's to decide; revised to the need. */
function ready(draft: Draft, proposal_id: string, item_id: string): Acceptance | undefined {
  const item = item_in(draft, item_id);
  // Read without a lock: a person may have been faster.
  if (item.proposal_id !== proposal_id || !item.auto) return undefined;
  const offers = draft.view('offers', sku_of(item_id));
  revise(draft, item_id, item, offers);
  const proposal = proposal_in(draft, proposal_id);
  const wanted = proposal.status === 'proposed' ? wanted_line(proposal, offers) : undefined;
  return wanted && { proposal, wanted, item_id };
}

function approve_by_itself(draft: Draft, po_id: string): void {
  const limit = limit_exceeded(order_in(draft, po_id), draft.settings);
  if (limit === undefined) approve(draft, po_id);
  else
    raise_of_order(
      draft,
      po_id,
      'approval_limit_exceeded',
      `The total is above ${limit} ${order_in(draft, po_id).currency} minor units, the most that is approved by itself.`,
    );
}
