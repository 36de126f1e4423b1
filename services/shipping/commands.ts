/** What shipping can be asked: by orders (reactions.ts), people (routes.ts), its timers, and carriers' answers (operations.ts, inbound.ts). */
import type { Address, Condition, Line, LocationAddress } from '../../contracts/index.ts';
import type { Outcome } from '../../platform/service.ts';
import type { LabelFact, TrackingFact } from './carriers/port.ts';
import type { ParcelLine } from './model.ts';

export interface PlanShipments {
  readonly type: 'plan_shipments';
  readonly order_id: string;
  readonly fulfillment_no: number;
  readonly service: string;
  readonly wanted_carrier: string | null;
  readonly promise_at: string | null;
  readonly ship_to: Address | null;
  /** One per location. Ids are derived from the event, so that `touches` can name them and hearing it again names the same. */
  readonly shipments: readonly { readonly shipment_id: string; readonly location_id: string; readonly lines: readonly PlannedLine[] }[];
}
export interface PlannedLine {
  readonly line_no: number;
  readonly sku: string;
  readonly name: string | null;
  readonly weight_grams: number;
  readonly unit_price: number | null;
  readonly quantity: number;
}
export interface CancelFulfillment {
  readonly type: 'cancel_fulfillment';
  readonly order_id: string;
  readonly cancellation_no: number;
  readonly reason: string;
  readonly lines: readonly Line[];
}
export interface HoldFulfillment {
  readonly type: 'hold_fulfillment';
  readonly order_id: string;
  readonly hold_id: string;
}
export interface ReleaseFulfillment {
  readonly type: 'release_fulfillment';
  readonly order_id: string;
  readonly hold_id: string;
}

/** What inventory told of a location. */
export interface HearLocation {
  readonly type: 'hear_location';
  readonly location_id: string;
  /** The number of the event: a location's latest counts. */
  readonly sequence: number;
  readonly name: string;
  readonly address: LocationAddress;
}
/** Labels of what waited for the location's address; by its timer. */
export interface ResumeLabels {
  readonly type: 'resume_labels';
  readonly location_id: string;
}

/** What people ask of a shipment. The route has looked its order up. `if_match`: the version they saw. */
interface OfShipment {
  readonly order_id: string;
  readonly shipment_id: string;
  readonly if_match: number | null;
}
export interface PackShipment extends OfShipment {
  readonly type: 'pack_shipment';
  readonly parcels: readonly PackedParcel[];
}
export interface PackedParcel {
  readonly weight_grams: number;
  readonly dimensions_mm?: readonly [number, number, number] | null;
  readonly lines: readonly ParcelLine[];
}
export interface BuyLabels extends OfShipment {
  readonly type: 'buy_labels';
}
export interface DispatchShipment extends OfShipment {
  readonly type: 'dispatch_shipment';
}
export interface CancelShipment extends OfShipment {
  readonly type: 'cancel_shipment';
  readonly reason: string;
  /** Of the shipment that takes over its units: the order still wants them. */
  readonly replacement_id: string;
}
export interface ReportShortPick extends OfShipment {
  readonly type: 'report_short_pick';
  readonly reason: string;
  readonly lines: readonly ParcelLine[];
}
export interface ReceiveSentBack extends OfShipment {
  readonly type: 'receive_sent_back';
  readonly parcel_id: string;
  readonly lines: readonly (ParcelLine & { readonly condition: Condition })[];
}

/** What became of an operation. */
interface OfOperation {
  readonly order_id: string;
  readonly shipment_id: string;
  readonly op_id: string;
  readonly provider: string;
  readonly outcome: Outcome;
}
export interface RecordRates extends OfOperation {
  readonly type: 'record_rates';
}
export interface RecordAddress extends OfOperation {
  readonly type: 'record_address';
}
/** The time for answers about rates and the address is over. */
export interface AnswersDue {
  readonly type: 'answers_due';
  readonly order_id: string;
  readonly shipment_id: string;
}
export interface RecordLabels extends OfOperation {
  readonly type: 'record_labels';
  readonly parcel_ids: readonly string[];
  readonly attempts: number;
  readonly sent_at: string | null;
}
export interface RecordVoids extends OfOperation {
  readonly type: 'record_voids';
  readonly parcel_ids: readonly string[];
}
/** What a carrier said of parcels, by webhook or poll alike. */
export interface RecordCarrierFacts {
  readonly type: 'record_carrier_facts';
  readonly shipment_id: string;
  readonly facts: readonly TrackingFact[];
  readonly label_facts: readonly LabelFact[];
}
export interface ShipmentDue {
  readonly type: 'shipment_due';
  readonly shipment_id: string;
}
export interface VoidsDue {
  readonly type: 'voids_due';
  readonly shipment_id: string;
}
export interface ResolveException {
  readonly type: 'resolve_exception';
  readonly exception_id: string;
  /** The shipment. */
  readonly subject: string;
  readonly note: string;
}
/** An operator has evidence of what an unknown operation did. Labels that were bought: their tracking numbers. */
export interface SettleOperation {
  readonly type: 'settle_operation';
  readonly op_id: string;
  /** The shipment. */
  readonly subject: string;
  readonly outcome: 'succeeded' | 'failed';
  readonly evidence: string;
}

/** What a seller sold us lately is to be compared with what we know. */
export interface WatchDue {
  readonly type: 'watch_due';
  readonly provider: string;
  readonly due_at: string;
}
export interface RecordListedLabels {
  readonly type: 'record_listed_labels';
  readonly provider: string;
  readonly since: string;
  readonly until: string;
  readonly outcome: Outcome;
}

/** A person is forgotten. */
export interface ErasePersonalData {
  readonly type: 'erase_personal_data';
  readonly order_ids: readonly string[];
}

export type ShippingCommand =
  | PlanShipments
  | CancelFulfillment
  | HoldFulfillment
  | ReleaseFulfillment
  | HearLocation
  | ResumeLabels
  | PackShipment
  | BuyLabels
  | DispatchShipment
  | CancelShipment
  | ReportShortPick
  | ReceiveSentBack
  | RecordRates
  | RecordAddress
  | AnswersDue
  | RecordLabels
  | RecordVoids
  | RecordCarrierFacts
  | ShipmentDue
  | VoidsDue
  | ResolveException
  | SettleOperation
  | WatchDue
  | RecordListedLabels
  | ErasePersonalData;
