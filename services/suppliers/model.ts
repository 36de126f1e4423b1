/** The states of suppliers: what its rows hold and what decisions may read. Of purchase orders: model_order.ts. Deciding is in decide/. */
import type { SuppliersEvent } from '../../contracts/index.ts';
import type { Decision, Given, Handler, View } from '../../platform/service.ts';
import type { Demand, LostDemand } from './demand.ts';
import type { OpenException, PurchaseOrder } from './model_order.ts';
import type {
  ControlNumber,
  KnownOrder,
  NamedOrder,
  OpenOrder,
  Partner,
  PartnerChannel,
  PeppolSettings,
  ReceivedInterchange,
  Watch,
  X12Settings,
} from './model_partners.ts';
import type { SuppliersRejection } from './rejections.ts';

/** Largest counter that events and rows hold. */
export const units_max = 2_147_483_647;
export const day_ms = 86_400_000;

export type ChannelKind = 'rest' | 'manual' | PartnerChannel;
/** Reference data. The id is the code that people gave. */
export interface Supplier {
  readonly id: string;
  readonly name: string;
  readonly channel: ChannelKind;
  readonly currency: string;
  /** `qualifier/id` in envelopes, for channels that have them. */
  readonly partner: string | null;
  /** Millionths of the ordered quantity that may come beyond it. */
  readonly over_receipt_ppm: number;
  /** Millionths that a price may rise without asking a person. */
  readonly price_tolerance_ppm: number;
}
/** What one supplier asks for a SKU, with what is needed of the supplier. */
export interface Offer {
  readonly supplier_id: string;
  readonly currency: string;
  readonly supplier_sku: string;
  /** Of one unit. */
  readonly cost: number;
  readonly minimum_quantity: number;
  readonly pack_size: number;
  readonly lead_time_days: number;
  readonly preferred: boolean;
  readonly inspect: boolean;
}

/** Units of a purchase order that are still to come, as their supply item knows them. */
export interface OpenLine {
  readonly po_id: string;
  readonly line_no: number;
  readonly outstanding: number;
  /** Of outstanding: announced by a ship notice. */
  readonly in_transit: number;
  /** Refused by the supplier so far: what an acknowledgment says is absolute. */
  readonly refused: number;
  /** null: not sent yet. */
  readonly expected_at: string | null;
  /** The supplier was asked to drop it. */
  readonly withdrawn: boolean;
}
/** Accepted units that inventory has not counted yet. */
export interface OpenReceipt {
  readonly receipt_id: string;
  readonly quantity: number;
}

/** A supplier that refused units of an item and has taken no line of it whole since. */
export interface Refusal {
  readonly supplier_id: string;
  /** In a row. */
  readonly times: number;
  /** Nothing is proposed to it before. */
  readonly until: string;
}

/** What is bought of a SKU for a location, when, and what is on its way. */
export interface SupplyItem {
  readonly sku: string;
  readonly location_id: string;
  /** Somebody said when to buy. Without, levels are not kept: nothing is decided from them. */
  readonly policy: boolean;
  readonly method: 'fixed' | 'demand';
  readonly reorder_point: number;
  readonly target: number;
  readonly review_days: number;
  readonly safety_days: number;
  readonly supplier_id: string | null;
  readonly auto: boolean;
  /** Of inventory's counters below; 0: never heard. */
  readonly stock_version: number;
  readonly on_hand: number;
  readonly damaged: number;
  readonly allocated: number;
  readonly backordered: number;
  readonly open_lines: readonly OpenLine[];
  readonly receipts: readonly OpenReceipt[];
  /** Counts them: the next one's id follows from it. */
  readonly proposals_made: number;
  readonly proposal_id: string | null;
  /** Units of the open proposal. */
  readonly proposed: number;
  /** What the open proposal was made for, before rounding. */
  readonly proposed_need: number;
  readonly dismissed_until: string | null;
  /** One per supplier at most. */
  readonly refusals: readonly Refusal[];
  /** Whoever offers it refused it lately: the review looks again then. null: not so. */
  readonly refused_until: string | null;
  /** Units known to wait in the queue. */
  readonly queued: number;
  readonly demand_milli: number;
  readonly demand: Demand;
  readonly lost: LostDemand;
  /** When the timer `review` fires; null: not armed. */
  readonly review_at: string | null;
  /** Day (demand.ts) of the last daily review. */
  readonly reviewed_day: number;
  readonly exceptions: readonly OpenException[];
}

export type ProposalStatus = 'new' | 'proposed' | 'superseded' | 'accepted' | 'dismissed';
export interface Proposal {
  readonly proposal_id: string;
  readonly sku: string;
  readonly location_id: string;
  readonly supplier_id: string;
  readonly quantity: number;
  readonly position: number;
  readonly reorder_point: number;
  readonly target: number;
  readonly status: ProposalStatus;
  readonly reasons: readonly string[];
  readonly po_id: string | null;
  readonly actor: string | null;
  readonly dismissed_until: string | null;
  readonly created_at: string | null;
}

/** A unit of an order's line that waits, as heard from inventory. */
export interface BackorderLine {
  readonly line_no: number;
  readonly sku: string;
  readonly location_id: string;
  readonly quantity: number;
  readonly priority: number;
  readonly requested_at: string;
}
/** What an order waits for. Bookkeeping of heard facts: no event of ours is about it. */
export interface Backorder {
  readonly order_id: string;
  /** Sequence of the last fact heard of the order's reservation: an older one is known. */
  readonly heard: number;
  /** Appended or replaced in place, never removed: the store compares by position. */
  readonly lines: readonly BackorderLine[];
}

export interface Peg {
  readonly line_no: number;
  readonly sku: string;
  readonly location_id: string;
  readonly quantity: number;
  readonly po_id: string | null;
  readonly po_line_no: number | null;
  readonly expected_at: string | null;
}
export interface PegBook {
  readonly order_id: string;
  readonly pegs: readonly Peg[];
}

/** The next of a supply item's queue, and the orders that are pegged to it. Read without a lock of its own, under its supply item's. */
export interface Queue {
  readonly entries: readonly (BackorderLine & { readonly order_id: string })[];
  readonly pegged: readonly string[];
}
/** How far down a queue orders are told a date. */
export const queue_rows_max = 1_000;

/** What a supplier announced. Never changes. */
export interface Notice {
  readonly notice_id: string;
  readonly po_id: string;
  readonly lines: readonly { readonly line_no: number; readonly quantity: number }[];
}

/** A signed document about a purchase order that is not ours. */
export interface StrayDocument {
  readonly document_ref: string;
  readonly po_id: string;
  readonly kind: string;
  readonly exceptions: readonly OpenException[];
}

export interface OpenProposal {
  readonly proposal_id: string;
  readonly item_id: string;
}
/** How many proposals one purchase order takes, and how many items one daily review. */
export const order_lines_max = 1_000;
export const review_items_max = 500;

/**
 * Kinds in lock order. A purchase order comes before its supply items: a supplier's fact names only the order. References are read
 * without a lock; `queue` stands behind `supply_item`, so that it is read under that one's lock.
 */
export interface States {
  supplier: Supplier | undefined;
  offers: readonly Offer[];
  /** By SKU: the locations that have a policy for it. */
  planned: readonly string[];
  /** By `supplier@location`: those that no policy reserves for a person. */
  open_proposals: readonly OpenProposal[];
  /** By day: the items whose daily review is due and would do something. */
  due_items: readonly string[];
  notice: Notice | undefined;
  partner: Partner | undefined;
  named_order: NamedOrder | undefined;
  open_orders: readonly OpenOrder[];
  known_order: KnownOrder | undefined;
  interchange: ReceivedInterchange;
  watch: Watch;
  purchase_order: PurchaseOrder;
  supply_item: SupplyItem;
  queue: Queue;
  proposal: Proposal;
  backorder: Backorder;
  peg_book: PegBook;
  stray_document: StrayDocument;
  control_number: ControlNumber;
}

export type SuppliersView = View<States>;
export type SuppliersDecision = Decision<States, SuppliersEvent>;
export type SuppliersHandler<C> = Handler<C, States, SuppliersEvent, SuppliersRejection>;
export type Decide<C> = (command: C, view: SuppliersView, given: Given) => SuppliersDecision | SuppliersRejection;

export interface SuppliersSettings {
  /** auto: proposals are accepted, their orders approved, by themselves; items whose policy says `auto: false` wait for a person. */
  readonly replenishment: 'auto' | 'manual';
  /** How long proposals of one supplier and location are gathered into one order; default a day (UTC). */
  readonly accept_every_ms?: number;
  /** Posts what was announced when it is expected, and of manual channels all that is outstanding: for the sandbox, where nobody stands at the dock. */
  readonly auto_receive?: boolean;
  /** By currency: purchase orders above it cannot be approved. Absent: no limit. */
  readonly approval_limits?: Readonly<Record<string, number>>;
  /** Absent: the presets. */
  readonly x12?: X12Settings;
  readonly peppol?: PeppolSettings;
}

export function item_id(sku: string, location_id: string): string {
  return `${sku}@${location_id}`;
}
export function sku_of(id: string): string {
  return id.slice(0, id.lastIndexOf('@'));
}
export function location_of(id: string): string {
  return id.slice(id.lastIndexOf('@') + 1);
}

/** One state for every item nobody told us of: 10,000 SKUs without a policy are looked at for every order. */
export const unknown_item: SupplyItem = Object.freeze({
  sku: '',
  location_id: '',
  policy: false,
  method: 'fixed',
  reorder_point: 0,
  target: 0,
  review_days: 0,
  safety_days: 0,
  supplier_id: null,
  auto: true,
  stock_version: 0,
  on_hand: 0,
  damaged: 0,
  allocated: 0,
  backordered: 0,
  open_lines: [],
  receipts: [],
  proposals_made: 0,
  proposal_id: null,
  proposed: 0,
  proposed_need: 0,
  dismissed_until: null,
  refusals: [],
  refused_until: null,
  queued: 0,
  demand_milli: 0,
  demand: { day: 0, units: [], stocked: 0 },
  lost: { day: 0, by: {} },
  review_at: null,
  reviewed_day: 0,
  exceptions: [],
} as const);

export function on_order(item: SupplyItem): number {
  return item.open_lines.reduce((sum, line) => sum + line.outstanding - line.in_transit, 0);
}
export function in_transit(item: SupplyItem): number {
  return item.open_lines.reduce((sum, line) => sum + line.in_transit, 0);
}
export function receiving(item: SupplyItem): number {
  return item.receipts.reduce((sum, receipt) => sum + receipt.quantity, 0);
}
/** domain.md 7.1. */
export function position(item: SupplyItem): number {
  return (
    item.on_hand - item.damaged + on_order(item) + in_transit(item) + receiving(item) + item.proposed - item.allocated - item.backordered
  );
}
/** Units in the building that no order has. */
export function free_units({ on_hand, damaged, allocated }: SupplyItem): number {
  return on_hand - damaged - allocated;
}
export function in_stock(item: SupplyItem): boolean {
  return free_units(item) > 0;
}

export function new_proposal(proposal_id: string): Proposal {
  return {
    proposal_id,
    sku: '',
    location_id: '',
    supplier_id: '',
    quantity: 0,
    position: 0,
    reorder_point: 0,
    target: 0,
    status: 'new',
    reasons: [],
    po_id: null,
    actor: null,
    dismissed_until: null,
    created_at: null,
  };
}
