/**
 * A decision in the making: what was said so far already counts for what is decided next. Its end (close.ts) says what follows from
 * the changed rows.
 */
import type { SuppliersEvent } from '../../../contracts/index.ts';
import type { Fact, Given, NewOperation, NewRecord, Note, TimerChange } from '../../../platform/service.ts';
import { evolve_proposal } from '../evolve_proposal.ts';
import { evolve_purchase_order } from '../evolve_purchase_order.ts';
import { evolve_supply_item } from '../evolve_supply_item.ts';
import {
  item_id,
  type Proposal,
  type States,
  type SuppliersDecision,
  type SuppliersSettings,
  type SuppliersView,
  type SupplyItem,
} from '../model.ts';
import { line_of, type PurchaseOrder } from '../model_order.ts';

export const peg_timer = 'peg';
export const review_timer = 'review';
export const order_timer = 'purchase_order';
export const accept_timer = 'accept';
export const receive_timer = 'receive';
export const day_timer = 'review_day';
export const receipt_timer = 'receipt';
export const watch_timer = 'watch';

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
  /** The last number to a partner, and the digests of the interchanges, that the decision has taken. */
  readonly drawn: Map<string, number>;
  readonly taken: Map<string, string>;
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
    drawn: new Map(),
    taken: new Map(),
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

export function say_of_order(draft: Draft, po_id: string, event: SuppliersEvent): void {
  const order = order_in(draft, po_id);
  const also = lines_told(order, event).map(sku => item_id(sku, location_of_event(order, event)));
  const told = also.filter(id => event.type === 'purchase_order.created' || event.type === 'goods.received' || expects(draft, id, po_id));
  say(
    draft,
    event,
    po_id,
    { kind: 'purchase_order', id: po_id },
    told.map(id => ({ kind: 'supply_item', id })),
  );
}

function expects(draft: Draft, id: string, po_id: string): boolean {
  return item_in(draft, id).open_lines.some(line => line.po_id === po_id);
}

function location_of_event(order: PurchaseOrder, event: SuppliersEvent): string {
  return event.type === 'purchase_order.created' ? event.data.location_id : order.location_id;
}

/** SKUs whose supply items an event of an order changes: what comes, and when. */
function lines_told(order: PurchaseOrder, event: SuppliersEvent): readonly string[] {
  switch (event.type) {
    case 'purchase_order.created':
    case 'goods.received':
      return event.data.lines.map(line => line.sku);
    case 'purchase_order.sent':
    case 'purchase_order.cancellation_requested':
    case 'purchase_order.cancellation_refused':
      return order.lines.map(line => line.sku);
    case 'purchase_order.acknowledged':
    case 'purchase_order.rejected':
    case 'purchase_order.shipment_notified':
    case 'purchase_order.eta_changed':
    case 'purchase_order.closed':
    case 'purchase_order.cancelled':
      return event.data.lines.flatMap(({ line_no }) => line_of(order, line_no)?.sku ?? []);
    default:
      return [];
  }
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
