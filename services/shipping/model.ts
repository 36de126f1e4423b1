/**
 * What shipping knows while it decides: one type per kind of row, in lock order. A row is the fold of its events (evolve.ts) but for
 * the fields marked (note), which no event tells.
 */
import type { Address, CarrierStatus, Line, LocationAddress, ShipmentStatus } from '../../contracts/index.ts';
import { type Carrier, type Address as Place, parcels_max, type Rate } from './carriers/port.ts';

/** The kinds, in lock order; those before `location` are read without a lock. */
export interface ShippingStates {
  /** Id: `all_locations`. */
  readonly locations: readonly (KnownLocation & { readonly location_id: string })[];
  /** Id: the location. At most `waiting_max`, the oldest first. */
  readonly waiting: readonly { readonly shipment_id: string; readonly order_id: string }[];
  /** Id: a seller and an instant. Its labels bought since. */
  readonly recent_labels: readonly RecentLabel[];
  readonly location: KnownLocation | undefined;
  /** Id: the seller. */
  readonly watch: Watch;
  /** Id: the order. */
  readonly fulfillment: Fulfillment;
  readonly shipment: Shipment | undefined;
}

/** The id of the one row that holds all locations. */
export const all_locations = 'all';
/** Shipments of one decision about a location's address; the timer takes the others. */
export const waiting_max = 100;

/** (note) What inventory told of a location last. */
export interface KnownLocation {
  /** The number of that event. */
  readonly sequence: number;
  readonly name: string;
  readonly address: LocationAddress;
}

/** What is compared with a seller's own list. */
export interface RecentLabel {
  readonly parcel_id: string;
  readonly tracking_number: string | null;
  readonly label_status: LabelStatus;
  readonly cost: number | null;
  readonly bought_at: string;
}
/** What the comparison found and nobody has dealt with. */
export interface Watch {
  readonly exceptions: readonly OpenException[];
}

/** What holds for all shipments of an order. */
export interface Fulfillment {
  /** (note) Holds of the order that are not released. */
  readonly hold_ids: readonly string[];
  /** The service the shopper chose. */
  readonly service: string | null;
  /** (note) Personal; null: never told, or erased. */
  readonly ship_to: Address | null;
  readonly shipment_ids: readonly string[];
  /** Cancellations that were answered: a number is answered once. */
  readonly answers: readonly Answer[];
}
export interface Answer {
  readonly cancellation_no: number;
  readonly refused: readonly Line[];
}

export interface Shipment {
  readonly shipment_id: string;
  readonly order_id: string;
  readonly fulfillment_no: number;
  /** Each plan has new parcels; those of earlier plans stay, for their labels. */
  readonly revision_no: number;
  readonly location_id: string;
  readonly status: ShipmentStatus;
  /** (note) The order is on hold: a copy, so that the shipment's row alone decides. */
  readonly held: boolean;
  /** Who sells the labels; null until it is chosen. */
  readonly carrier: string | null;
  readonly service: string | null;
  readonly cost: number | null;
  /** Of the costs. */
  readonly currency: string | null;
  /** Why this carrier and service. */
  readonly reasons: readonly string[];
  readonly promise_at: string | null;
  /** By who placed the order; another is taken when it offers nothing. */
  readonly wanted_carrier: string | null;
  /** Why the last label could not be had: nothing more is tried by itself. */
  readonly label_error: string | null;
  /** How often a carrier was chosen for this plan. */
  readonly choices: number;
  /** (note) Who was asked before a label is bought, and what they said; empty when nobody is asked. */
  readonly asked: readonly Asked[];
  /** (note) What a carrier said of the address; null: nobody was asked yet. */
  readonly address_check: AddressCheck | null;
  /** (note) What the last choice was made from. */
  readonly considered: Considered | null;
  readonly dispatched_at: string | null;
  readonly lines: readonly ShipmentLine[];
  /** Only appended or replaced in place: the store compares by position. */
  readonly parcels: readonly Parcel[];
  readonly exceptions: readonly OpenException[];
}

/** Units asked of this shipment = quantity (to leave, or left) + shorted + cancelled. */
export interface ShipmentLine {
  readonly line_no: number;
  readonly sku: string;
  readonly name: string | null;
  readonly weight_grams: number;
  readonly unit_price: number | null;
  readonly quantity: number;
  readonly quantity_shorted: number;
  readonly quantity_cancelled: number;
}

export const label_statuses = ['none', 'requested', 'purchased', 'failed', 'unknown', 'void_requested', 'voided', 'void_refused'] as const;
export type LabelStatus = (typeof label_statuses)[number];

export interface Parcel {
  readonly parcel_id: string;
  readonly revision_no: number;
  /** As declared to the carrier. */
  readonly weight_grams: number;
  readonly dimensions_mm: readonly [length: number, width: number, height: number];
  readonly lines: readonly ParcelLine[];
  /** `void_refused` is a (note). */
  readonly label_status: LabelStatus;
  /** Who sold the label, or is asked to; null: nobody yet. */
  readonly provider: string | null;
  /** Who carries it: a provider sells labels of several carriers. */
  readonly label_carrier: string | null;
  /** The provider's own id of the label, known before it is bought. */
  readonly label_ref: string | null;
  /** The last operation about the label. */
  readonly label_op_id: string | null;
  readonly label_cost: number | null;
  readonly tracking_number: string | null;
  readonly tracking_url: string | null;
  /** What the carrier's facts say (decide/tracking.ts). */
  readonly carrier_status: CarrierStatus;
  readonly eta_at: string | null;
  readonly delivered_at: string | null;
  /** How it ended for the order; the carrier may still say more. */
  readonly ended: 'delivered' | 'lost' | 'sent_back' | null;
  /** (note) All that the carrier ever said of it, each once. Appended only. */
  readonly facts: readonly KnownFact[];
}
export interface ParcelLine {
  readonly line_no: number;
  readonly quantity: number;
}
export interface KnownFact {
  readonly carrier: string;
  readonly tracking_number: string;
  readonly carrier_at: string;
  readonly status: CarrierStatus;
}
/** One operation that a choice waits for. */
export interface Asked {
  readonly op_id: string;
  readonly provider: string;
  readonly about: 'rates' | 'address';
  /** null: no answer yet. */
  readonly answer: RatesAnswer | null;
}
export interface RatesAnswer {
  readonly rates: readonly Rate[];
  /** Why there are none, or not more. */
  readonly messages: readonly { readonly carrier: string; readonly message: string }[];
}
/** `suggestion` is personal. */
export interface AddressCheck {
  readonly verdict: 'ok' | 'corrected' | 'undeliverable' | 'not_checked';
  readonly provider: string;
  readonly detail: string | null;
  readonly suggestion: Place | null;
}
export interface Considered {
  readonly candidates: readonly Candidate[];
  readonly left_out: readonly { readonly provider: string; readonly carrier: string; readonly message: string }[];
}
/** A service that was offered for parcels of the shipment. */
export interface Candidate {
  readonly provider: string;
  readonly carrier: string;
  readonly service: string;
  readonly cost: number;
  readonly currency: string;
  readonly delivery_days: number | null;
  readonly verdict: 'chosen' | 'dearer' | 'late' | 'slower' | 'other_currency' | 'other_carrier_wanted' | 'not_for_all_parcels';
}
export interface OpenException {
  readonly exception_id: string;
  readonly reason: string;
  readonly owner: string;
  readonly deadline: string;
  readonly detail: string;
}

export interface ShippingSettings {
  /** `auto` labels and dispatches by itself; `manual` waits for people. */
  readonly fulfillment: 'auto' | 'manual';
  /** Who is asked for rates of new labels; empty: labels are those of the carrier `manual`. */
  readonly sellers: readonly string[];
  /** All that can be reached: labels bought of another one before are still tracked and voided there. */
  readonly carriers: Readonly<Record<string, Carrier>>;
  /** Carrier `manual`: a parcel counts as delivered this long after it left. */
  readonly manual_delivery_ms: number;
  /** In which rates are compared, and labels of the carrier `manual` cost nothing. */
  readonly label_currency: string;
  /** Presets to `settle_ms`. */
  readonly settle_ms?: number;
}

const minute_ms = 60_000;
const hour_ms = 60 * minute_ms;
/** Timers of domain.md 3.6. */
export const planned_ms = 10 * minute_ms;
export const labeling_ms = 10 * minute_ms;
export const labeled_ms = 48 * hour_ms;
export const poll_ms = 4 * hour_ms;
/** A parcel that has been away for so long is asked about so seldom. */
export const poll_late_ms = 14 * 24 * hour_ms;
export const poll_rest_ms = 24 * hour_ms;
/**
 * An address that comes resumes what waits for it, as far as it is stored by then: a plan under way beside it read the addresses without a
 * lock, and is found by this timer. Locking a location's row for each plan would make all of them wait in one line.
 */
export const address_check_ms = minute_ms;
/** Carriers answer within weeks; asking again changes nothing there. */
export const void_check_ms = 24 * hour_ms;
/** Lists of labels are compared so often, over so many days, and of at most so many labels. */
export const watch_every_ms = 24 * hour_ms;
export const watched_ms = 7 * 24 * hour_ms;
export const watched_labels_max = 5_000;
/** T_settle of integrations.md 2: what was not found by then, and twice, is for a person. */
export const settle_ms = 15 * minute_ms;
export const settle_attempts_min = 3;
export const exception_ms = 24 * hour_ms;

/** Carriers that do not answer by then are left out of the choice; an address that nobody could check by then is not checked. */
export const answers_ms = 45_000;
export const candidates_max = 60;
export const left_out_max = 20;
/** A price that changed between rating and buying is asked for anew so often. */
export const choices_max = 3;
/** What carriers that sell labels take as one parcel. The carrier `manual` has no such limit: people load what there is. */
export const parcel_weight_max_grams = 30_000;
/** What an operation can state. */
export const parcel_weight_stated_max_grams = 100_000_000;
export const dimensions_default_mm = [400, 300, 300] as const;
export const shipment_parcels_max = parcels_max;
export const facts_per_parcel_max = 500;

export const no_fulfillment: Fulfillment = { hold_ids: [], service: null, ship_to: null, shipment_ids: [], answers: [] };

/** Not dispatched and not cancelled: people and orders may still change it. */
export function is_open(shipment: Shipment): boolean {
  return shipment.status === 'planned' || shipment.status === 'labeling' || shipment.status === 'labeled';
}
export function is_current(shipment: Shipment, parcel: Parcel): boolean {
  return shipment.status !== 'cancelled' && parcel.revision_no === shipment.revision_no && parcel.lines.length > 0;
}
export function current_parcels(shipment: Shipment): readonly Parcel[] {
  return shipment.parcels.filter(parcel => is_current(shipment, parcel));
}
/** Of the present plan, those that need a label and have none under way. */
export function unlabeled_parcels(shipment: Shipment): readonly Parcel[] {
  return current_parcels(shipment).filter(
    ({ label_status }) => label_status === 'none' || label_status === 'failed' || label_status === 'voided',
  );
}
export function lines_at(location_id: string, lines: readonly ParcelLine[]): Line[] {
  return lines.map(({ line_no, quantity }) => ({ line_no, location_id, quantity }));
}
