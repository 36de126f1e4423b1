/**
 * A decision in the making: what was said so far already counts for what is decided next, and the end says what follows from the
 * changed rows: which items are reviewed, which queues are pegged anew, when somebody looks at an order again, which exceptions have gone.
 */
import type { SuppliersEvent } from '../../../contracts/index.ts';
import { type Fact, type Given, later, type NewOperation, type NewRecord, type Note, type TimerChange } from '../../../platform/service.ts';
import { evolve_proposal } from '../evolve_proposal.ts';
import { evolve_purchase_order } from '../evolve_purchase_order.ts';
import { evolve_supply_item } from '../evolve_supply_item.ts';
import {
  item_id,
  type OpenLine,
  type Proposal,
  type States,
  type SuppliersDecision,
  type SuppliersSettings,
  type SuppliersView,
  type SupplyItem,
} from '../model.ts';
import type { PurchaseOrder } from '../model_order.ts';
import { review_due } from './need.ts';

export const peg_timer = 'peg';
export const review_timer = 'review';
export const order_timer = 'purchase_order';
export const accept_timer = 'accept';
export const receive_timer = 'receive';
export const day_timer = 'review_day';

/** Kinds whose states a draft keeps. */
interface Kept {
  purchase_order: PurchaseOrder;
  supply_item: SupplyItem;
  proposal: Proposal;
}
type KeptRef = { readonly kind: keyof Kept; readonly id: string };

export interface Draft {
  readonly given: Given;
  readonly settings: SuppliersSettings;
  readonly view: SuppliersView;
  readonly now: { readonly [K in keyof Kept]: Map<string, Kept[K]> };
  readonly facts: Fact<States, SuppliersEvent>[];
  readonly notes: Note<States>[];
  readonly timers: TimerChange[];
  readonly operations: NewOperation[];
  readonly records: NewRecord[];
  readonly settled: { readonly op_id: string; readonly state: 'succeeded' | 'failed' }[];
  /** Ids that differ within one decision, and repeat when the decision is repeated. */
  new_id(prefix: string): string;
}

export const nothing: SuppliersDecision = { facts: [] };

export function open_draft(view: SuppliersView, given: Given, settings: SuppliersSettings): Draft {
  const used = new Map<string, number>();
  return {
    given,
    settings,
    view,
    now: { purchase_order: new Map(), supply_item: new Map(), proposal: new Map() },
    facts: [],
    notes: [],
    timers: [],
    operations: [],
    records: [],
    settled: [],
    new_id(prefix) {
      const ordinal = used.get(prefix) ?? 0;
      used.set(prefix, ordinal + 1);
      return given.id(prefix, ordinal);
    },
  };
}

/** As the decision so far leaves it. */
export function order_in({ now, view }: Draft, po_id: string): PurchaseOrder {
  return now.purchase_order.get(po_id) ?? view('purchase_order', po_id);
}
export function item_in({ now, view }: Draft, id: string): SupplyItem {
  return now.supply_item.get(id) ?? view('supply_item', id);
}
export function proposal_in({ now, view }: Draft, id: string): Proposal {
  return now.proposal.get(id) ?? view('proposal', id);
}

export function say_of_item(draft: Draft, id: string, event: SuppliersEvent, key: string): void {
  say(draft, event, key, { kind: 'supply_item', id }, []);
}
export function say_of_proposal(draft: Draft, proposal_id: string, event: SuppliersEvent, id: string): void {
  say(draft, event, item_in(draft, id).sku, { kind: 'proposal', id: proposal_id }, [{ kind: 'supply_item', id }]);
}

/** Events that tell an order's supply items what comes, and when. */
const told_to_items = new Set<SuppliersEvent['type']>([
  'purchase_order.created',
  'purchase_order.sent',
  'purchase_order.acknowledged',
  'purchase_order.rejected',
  'purchase_order.shipment_notified',
  'purchase_order.eta_changed',
  'goods.received',
  'purchase_order.closed',
  'purchase_order.cancelled',
  'purchase_order.cancellation_requested',
  'purchase_order.cancellation_refused',
]);

export function say_of_order(draft: Draft, po_id: string, event: SuppliersEvent): void {
  say(draft, event, po_id, { kind: 'purchase_order', id: po_id }, told_to_items.has(event.type) ? items_told(draft, po_id, event) : []);
}

/** Items of lines that were still to come are told; all of a new order are. */
function items_told(draft: Draft, po_id: string, event: SuppliersEvent): readonly KeptRef[] {
  if (event.type === 'purchase_order.created') {
    const { lines, location_id } = event.data;
    return lines.map(line => ({ kind: 'supply_item', id: item_id(line.sku, location_id) }));
  }
  const order = order_in(draft, po_id);
  const ids = order.lines.map(line => item_id(line.sku, order.location_id));
  return ids
    .filter(id => item_in(draft, id).open_lines.some(line => line.po_id === po_id) || is_received(event, id))
    .map(id => ({ kind: 'supply_item', id }));
}

/** Units may come for a line that nobody expected any more: over-delivered ones. */
function is_received(event: SuppliersEvent, id: string): boolean {
  return event.type === 'goods.received' && event.data.lines.some(line => item_id(line.sku, event.data.location_id) === id);
}

/** An exception's subject may be any row. */
export function say(draft: Draft, event: SuppliersEvent, key: string, subject: KeptRef, also: readonly KeptRef[]): void {
  draft.facts.push({ event, key, subject, ...(also.length > 0 ? { also_changes: also } : {}) });
  for (const { kind, id } of [subject, ...also]) {
    if (kind === 'purchase_order') draft.now.purchase_order.set(id, evolve_purchase_order(order_in(draft, id), event));
    else if (kind === 'supply_item') draft.now.supply_item.set(id, evolve_supply_item(item_in(draft, id), event, id));
    else draft.now.proposal.set(id, evolve_proposal(proposal_in(draft, id), event));
  }
}

export function note_order(draft: Draft, po_id: string, fields: Partial<PurchaseOrder>): void {
  draft.now.purchase_order.set(po_id, { ...order_in(draft, po_id), ...fields });
  draft.notes.push({ kind: 'purchase_order', id: po_id, change: order => ({ ...order, ...fields }) });
}
export function note_item(draft: Draft, id: string, fields: Partial<SupplyItem>): void {
  draft.now.supply_item.set(id, { ...item_in(draft, id), ...fields });
  draft.notes.push({ kind: 'supply_item', id, change: item => ({ ...item, ...fields }) });
}
export function note_proposal(draft: Draft, proposal_id: string, fields: Partial<Proposal>): void {
  draft.now.proposal.set(proposal_id, { ...proposal_in(draft, proposal_id), ...fields });
  draft.notes.push({ kind: 'proposal', id: proposal_id, change: proposal => ({ ...proposal, ...fields }) });
}

export function arm(draft: Draft, kind: string, id: string, due_at: string | null): void {
  draft.timers.push({ kind, id, due_at });
}

/** Peg soon: goods that are in the building serve the queue first, and what they serve needs no date. */
export const peg_after_receipt_ms = 1_000;

/** Ends the decision. */
export function close_draft(draft: Draft): SuppliersDecision {
  for (const id of [...draft.now.supply_item.keys()]) follow_item(draft, id);
  const { facts, notes, timers, operations, records, settled } = draft;
  return { facts, notes, timers, operations, records, settled };
}

function follow_item(draft: Draft, id: string): void {
  const before = draft.view('supply_item', id);
  const after = item_in(draft, id);
  const { at } = draft.given;
  const due_at = review_due(after, draft.settings, at);
  if (due_at !== undefined && (after.review_at === null || due_at < after.review_at)) {
    note_item(draft, id, { review_at: due_at });
    arm(draft, review_timer, id, due_at);
  }
  if (may_peg(before, after)) arm(draft, peg_timer, id, at);
}

/** Somebody may wait, and what could be promised is another. The queue of an item without a policy is not counted: it is looked at. */
function may_peg(before: SupplyItem, after: SupplyItem): boolean {
  if (after.policy && !before.policy) return true;
  if (after.policy && after.queued === 0) return false;
  if (before.open_lines === after.open_lines) return false;
  // Goods came in: inventory's answer decides who still waits.
  if (before.receipts !== after.receipts) return false;
  return promises_of(before.open_lines) !== promises_of(after.open_lines);
}

function promises_of(lines: readonly OpenLine[]): string {
  return lines
    .filter(line => line.expected_at !== null && !line.withdrawn)
    .map(line => `${line.expected_at} ${line.po_id} ${line.line_no} ${line.outstanding}`)
    .join();
}

export function hours_later(at: string, hours: number): string {
  return later(at, hours * 3_600_000);
}
