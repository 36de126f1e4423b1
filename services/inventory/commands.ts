/** Everything inventory can be asked. The first group comes from the order's events and the reservation's timer, the second from goods and people. */
import type { Condition, Destination, LocationAddress } from '../../contracts/index.ts';
import type { WantedLine } from './model.ts';

export interface ReserveStock {
  readonly type: 'reserve_stock';
  readonly order_id: string;
  readonly customer_ref: string | null;
  readonly destination: Destination | null;
  readonly priority: number;
  /** An unpaid order that this one takes the place of: its stock is free for it. */
  readonly replaces_order_id: string | null;
  readonly lines: readonly WantedLine[];
}
export interface ReserveAgain {
  readonly type: 'reserve_again';
  readonly order_id: string;
  readonly customer_ref: string | null;
  readonly destination: Destination | null;
  readonly priority: number;
  readonly lines: readonly WantedLine[];
}
/** A payment is on its way: keep the stock until then, or get it again. */
export interface ExtendReservation {
  readonly type: 'extend_reservation';
  readonly order_id: string;
  readonly customer_ref: string | null;
  readonly reserve_until: string;
}
export interface ExpireReservation {
  readonly type: 'expire_reservation';
  readonly order_id: string;
}
export interface AllocateStock {
  readonly type: 'allocate_stock';
  readonly order_id: string;
}
export interface CancelledLine {
  readonly line_no: number;
  readonly location_id: string | null;
  readonly quantity: number;
  /** Of quantity, what waited for stock in orders' eyes; null: not said. */
  readonly quantity_backordered: number | null;
}
export interface ReleaseStock {
  readonly type: 'release_stock';
  readonly order_id: string;
  /** The event that asked, for the answer. */
  readonly cause: string;
  readonly cancellation_no: number | null;
  /** That event's id, when it may be one of several. */
  readonly answers: string | null;
  /** null: everything that is kept. */
  readonly lines: readonly CancelledLine[] | null;
}
export interface UnitsAt {
  readonly line_no: number;
  readonly location_id: string;
  readonly quantity: number;
}
export interface ConsumeStock {
  readonly type: 'consume_stock';
  readonly order_id: string;
  readonly shipment_id: string;
  readonly parcels: readonly { readonly parcel_id: string; readonly lines: readonly UnitsAt[] }[];
}
/** The picker did not find these units. */
export interface ReplaceShortUnits {
  readonly type: 'replace_short_units';
  readonly order_id: string;
  readonly shipment_id: string | null;
  /** Id of the event that told it: a shipment may be shorted twice. */
  readonly answers: string;
  readonly reason: string;
  readonly lines: readonly UnitsAt[];
}
/** Units of an order are back at our dock: returned by the shopper or sent back by the carrier. */
export interface Restock {
  readonly type: 'restock';
  readonly order_id: string;
  readonly kind: 'returned' | 'sent_back';
  readonly cause_type: 'return' | 'parcel';
  /** With line_no the ledger's cause. */
  readonly cause_id: string;
  readonly reason: string;
  readonly lines: readonly {
    readonly line_no: number;
    readonly location_id: string | null;
    readonly quantity: number;
    readonly condition: Condition | null;
  }[];
}

/** Commands about one order; the rows they lock are known once its reservation was looked at. */
export type OrderCommand =
  | ReserveAgain
  | ExtendReservation
  | ExpireReservation
  | AllocateStock
  | ReleaseStock
  | ConsumeStock
  | ReplaceShortUnits;

export interface ReceiveStock {
  readonly type: 'receive_stock';
  readonly receipt_id: string;
  readonly po_id: string | null;
  readonly location_id: string;
  readonly lines: readonly {
    readonly line_no: number;
    readonly sku: string;
    readonly accepted: number;
    readonly damaged: number;
    readonly inspect: boolean;
  }[];
}
/** Serves the queue of a stock item; by timer, when units are free and somebody waits. */
export interface FillBackorders {
  readonly type: 'fill_backorders';
  readonly item_id: string;
}
interface AtItem {
  readonly sku: string;
  readonly location_id: string;
}
export type AdjustmentKind = 'received' | 'adjusted' | 'damaged' | 'counted';
export interface AdjustStock extends AtItem {
  readonly type: 'adjust_stock';
  readonly kind: AdjustmentKind;
  /** Of damaged units for `damaged`, of sellable ones for every other kind. Not 0. */
  readonly quantity: number;
  readonly reason: string;
  /** Ends the youngest unpaid reservations when the units are promised. */
  readonly force: boolean;
}
export interface InspectStock extends AtItem {
  readonly type: 'inspect_stock';
  readonly sellable: number;
  readonly damaged: number;
  readonly reason: string;
}
export interface ImportLine extends AtItem {
  readonly on_hand: number;
  readonly safety: number | null;
  readonly backorder_limit: number | null;
}
/** Sets many stock items at once; lines that break a rule change nothing, the others are applied. Each item at most once. */
export interface ImportStock {
  readonly type: 'import_stock';
  readonly lines: readonly ImportLine[];
}
export interface SetStockPolicy extends AtItem {
  readonly type: 'set_stock_policy';
  readonly safety: number | null;
  readonly backorder_limit: number | null;
  readonly low_threshold: number | null;
  /** The version the caller saw; null: any. */
  readonly if_version: number | null;
}
export interface HearReorderPolicy extends AtItem {
  readonly type: 'hear_reorder_policy';
  readonly reorder_point: number;
}
/** A warehouse or a store that ships, whole. */
export interface SetLocation {
  readonly type: 'set_location';
  readonly location_id: string;
  readonly name: string;
  readonly address: LocationAddress;
  readonly priority: number;
  readonly active: boolean;
  /** The version the caller saw; null: any. */
  readonly if_version: number | null;
}
/** Once for each location that was stored before locations were told by an event. */
export interface TellLocation {
  readonly type: 'tell_location';
  readonly location_id: string;
}
/** The auditor found a counter that the ledger or the reservation lines do not explain. */
export interface ReportDrift extends AtItem {
  readonly type: 'report_drift';
  readonly measure: string;
  readonly ledger: number;
  readonly balance: number;
}

export type InventoryCommand =
  | ReserveStock
  | OrderCommand
  | Restock
  | ReceiveStock
  | FillBackorders
  | AdjustStock
  | InspectStock
  | ImportStock
  | SetStockPolicy
  | HearReorderPolicy
  | SetLocation
  | TellLocation
  | ReportDrift;
