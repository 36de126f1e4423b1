/** The states of inventory: what its rows hold and what decisions may read. Rules of counting are here, deciding is in decide/. */
import type { Destination, InventoryEvent, Levels, LocationAddress, MovementKind, StockAccount } from '../../contracts/index.ts';
import type { Fact as PlatformFact } from '../../platform/service.ts';

/** Largest counter that events and rows hold. */
export const units_max = 2_147_483_647;
/** How many locations may be active at once: every reservation looks at each of them. */
export const active_locations_max = 100;

/** What decisions about stock read of a location. */
export interface Location {
  readonly id: string;
  readonly country: string | null;
  readonly priority: number;
  readonly active: boolean;
}

/** A location as people gave it. */
export interface WholeLocation {
  readonly name: string;
  readonly address: LocationAddress;
  readonly priority: number;
  readonly active: boolean;
}

export interface StockItem {
  readonly sku: string;
  readonly location_id: string;
  /** All units in the building. */
  readonly on_hand: number;
  readonly damaged: number;
  readonly quality_control: number;
  /** Kept for orders that are not paid yet. */
  readonly held: number;
  /** Kept for paid orders, until they leave. */
  readonly allocated: number;
  readonly backorder_held: number;
  readonly backordered: number;
  readonly safety: number;
  /** How many units may be on backorder at once; 0: none. */
  readonly backorder_limit: number;
  readonly low_threshold: number;
  readonly reorder_point: number | null;
}

export type ReservationStatus = 'new' | 'held' | 'failed' | 'expired' | 'allocated' | 'released' | 'closed';

/** A line of an order as it was asked for. */
export interface WantedLine {
  readonly line_no: number;
  readonly sku: string;
  readonly quantity: number;
  readonly accept_backorder: boolean;
}

/** Units of one order line at one location. quantity = the sum of the six counters. */
export interface ReservationLine {
  readonly reservation_no: number;
  readonly line_no: number;
  readonly location_id: string;
  readonly sku: string;
  readonly accept_backorder: boolean;
  readonly quantity: number;
  readonly held: number;
  readonly backorder_held: number;
  readonly allocated: number;
  readonly backordered: number;
  readonly consumed: number;
  readonly released: number;
}

export interface Reservation {
  readonly order_id: string;
  readonly reservation_id: string;
  readonly status: ReservationStatus;
  /** Counts the attempts to reserve; lines of earlier ones are all released. */
  readonly reservation_no: number;
  readonly expires_at: string | null;
  readonly destination: Destination | null;
  readonly priority: number;
  /** When stock was first asked for: the place in the queue. */
  readonly requested_at: string;
  /** Shipments and events that were worked off: heard again they change nothing. */
  readonly answered: readonly string[];
  readonly wanted: readonly WantedLine[] | null;
  /** Lines are only appended or replaced in place: the store compares by position. */
  readonly lines: readonly ReservationLine[];
}

/** A reservation as read without a lock: enough to name the rows that a command will lock. */
export interface Footprint {
  readonly version: number;
  readonly status: ReservationStatus;
  /** Of the last attempt. */
  readonly lines: readonly { readonly line_no: number; readonly sku: string; readonly location_id: string }[];
  /** Of a failed attempt, which has no lines. */
  readonly wanted: readonly { readonly sku: string }[];
}

/** Who waits for a stock item, the next first; read without a lock. At most `queue_rows_max`. */
export interface BackorderQueue {
  /** Of the stock item when the queue was read; backordered is the whole queue's, whatever its length. */
  readonly available: number;
  readonly backordered: number;
  readonly waiting: readonly { readonly order_id: string; readonly line_no: number; readonly backordered: number }[];
}
export const queue_rows_max = 500;

/** Unpaid reservations that hold units of a stock item, the youngest first; read without a lock. At most `unpaid_rows_max`. */
export interface UnpaidHolders {
  readonly holders: readonly { readonly order_id: string; readonly held: number; readonly items: readonly string[] }[];
}
export const unpaid_rows_max = 500;

/** Kinds in lock order; those before `location` are read without a lock. */
export interface States {
  locations: readonly Location[];
  footprint: Footprint;
  backorder_queue: BackorderQueue;
  unpaid: UnpaidHolders;
  /** Whether the ledger has a movement of this cause (`booked_id`). */
  booked: boolean;
  location: WholeLocation | undefined;
  reservation: Reservation;
  stock_item: StockItem;
}
export type Fact = PlatformFact<States, InventoryEvent>;

/** The id of the one row that holds all locations. */
export const all_locations = 'all';

export function item_id(sku: string, location_id: string): string {
  return `${sku}@${location_id}`;
}
export function sku_of(id: string): string {
  return id.slice(0, id.lastIndexOf('@'));
}

export type CauseType = 'receipt' | 'parcel' | 'return' | 'adjustment' | 'short_pick';
export function booked_id(cause_type: CauseType, cause_id: string, kind: MovementKind): string {
  return `${cause_type} ${cause_id} ${kind}`;
}

export function empty_stock_item(id: string): StockItem {
  return {
    sku: sku_of(id),
    location_id: id.slice(id.lastIndexOf('@') + 1),
    on_hand: 0,
    damaged: 0,
    quality_control: 0,
    held: 0,
    allocated: 0,
    backorder_held: 0,
    backordered: 0,
    safety: 0,
    backorder_limit: 0,
    low_threshold: 0,
    reorder_point: null,
  };
}

export function new_reservation(order_id: string): Reservation {
  return {
    order_id,
    reservation_id: '',
    status: 'new',
    reservation_no: 0,
    expires_at: null,
    destination: null,
    priority: 5,
    requested_at: '',
    answered: [],
    wanted: null,
    lines: [],
  };
}

/** Units in the building that can be sold, promised or not. */
export function sellable(item: StockItem): number {
  return item.on_hand - item.damaged - item.quality_control;
}
/** domain.md 5.1. Below 0 where safety stock is promised. */
export function available(item: StockItem): number {
  return sellable(item) - item.safety - item.held - item.allocated;
}
/** Available to somebody new: the queue comes first, also in the moment before it is served (5.6). */
export function free(item: StockItem): number {
  return available(item) - item.backordered;
}
/** How many more units may be put on backorder. */
export function backorder_room(item: StockItem): number {
  return item.backorder_limit - item.backorder_held - item.backordered;
}

export function levels_of(item: StockItem, version: number): Levels {
  return { ...item, version, available: available(item) };
}

/** Lines of the last attempt: the only ones that can keep anything. */
export function current_lines(reservation: Reservation): readonly ReservationLine[] {
  const { lines, reservation_no } = reservation;
  return lines[0]?.reservation_no === reservation_no ? lines : lines.filter(line => line.reservation_no === reservation_no);
}

export function keeps_units(reservation: Reservation): boolean {
  return reservation.lines.some(line => line.held + line.backorder_held + line.allocated + line.backordered > 0);
}

/** What a lapsed reservation must keep again: its own lines, or what it could not get. */
export function wanted_again(reservation: Reservation): readonly WantedLine[] {
  if (reservation.wanted !== null) return reservation.wanted;
  const wanted = new Map<number, WantedLine>();
  for (const { line_no, sku, quantity, accept_backorder } of current_lines(reservation)) {
    wanted.set(line_no, { line_no, sku, accept_backorder, quantity: quantity + (wanted.get(line_no)?.quantity ?? 0) });
  }
  return [...wanted.values()];
}

export function footprint_of(reservation: Reservation, version: number): Footprint {
  return {
    version,
    status: reservation.status,
    lines: current_lines(reservation),
    wanted: reservation.wanted ?? [],
  };
}

/** A physical move of units between accounts; accounts outside the building change nothing by themselves. */
export function moved(item: StockItem, from: StockAccount, to: StockAccount, quantity: number): StockItem {
  const change = (account: StockAccount) => (to === account ? quantity : 0) - (from === account ? quantity : 0);
  const damaged = change('damaged');
  const quality_control = change('quality_control');
  return {
    ...item,
    on_hand: item.on_hand + change('sellable') + damaged + quality_control,
    damaged: item.damaged + damaged,
    quality_control: item.quality_control + quality_control,
  };
}

/** Active locations, the first to ask first (5.5). */
export function in_order(locations: readonly Location[], destination: Destination | null): readonly Location[] {
  const country = destination?.country;
  const elsewhere = (location: Location) => (location.country === country ? 0 : 1);
  return locations
    .filter(location => location.active)
    .sort((a, b) => a.priority - b.priority || elsewhere(a) - elsewhere(b) || (a.id < b.id ? -1 : 1));
}
