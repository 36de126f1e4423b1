/** EasyPost's objects as this stand-in keeps them, and how they look on the wire. */
import type { Collection, Sim, StandInReply, Webhook } from '../stand_in.ts';

export interface Address {
  readonly id: string;
  readonly object: 'Address';
  readonly created_at: string;
  readonly updated_at: string;
  readonly name: string | null;
  readonly company: string | null;
  readonly street1: string | null;
  readonly street2: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly zip: string | null;
  readonly country: string | null;
  readonly phone: string | null;
  readonly email: string | null;
  readonly mode: 'test';
  readonly carrier_facility: null;
  readonly residential: boolean | null;
  readonly federal_tax_id: null;
  readonly state_tax_id: null;
  readonly verifications: object;
}
export interface Parcel {
  readonly id: string;
  readonly object: 'Parcel';
  readonly created_at: string;
  readonly updated_at: string;
  /** Inches. */
  readonly length: number | null;
  readonly width: number | null;
  readonly height: number | null;
  readonly predefined_package: string | null;
  /** Ounces. */
  readonly weight: number;
  readonly mode: 'test';
}
export interface Rate {
  readonly id: string;
  readonly carrier: string;
  readonly service: string;
  readonly cents: number;
  readonly currency: string;
  readonly delivery_days: number;
}
export interface Shipment {
  readonly id: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly reference: string | null;
  readonly to_address: Address;
  readonly from_address: Address;
  readonly parcel: Parcel;
  readonly options: Readonly<Record<string, unknown>>;
  readonly rates: readonly Rate[];
  /** Why there are no rates. */
  readonly messages: readonly object[];
  readonly rerated: boolean;
  /** What was bought. */
  readonly selected_rate: Rate | null;
  readonly insurance: string | null;
  readonly tracking_code: string | null;
  readonly tracker_id: string | null;
  readonly label: {
    readonly id: string;
    readonly at: string;
    readonly format: 'pdf' | 'zpl';
    readonly converted: readonly ('pdf' | 'zpl')[];
  } | null;
  readonly refund_status: 'submitted' | 'refunded' | 'rejected' | null;
}
export interface Scan {
  readonly status: string;
  readonly status_detail: string;
  readonly message: string;
  readonly datetime: string;
  readonly city: string | null;
}
export interface Tracker {
  readonly id: string;
  readonly tracking_code: string;
  readonly carrier: string;
  readonly status: string;
  readonly status_detail: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly shipment_id: string | null;
  /** Ounces. */
  readonly weight: number | null;
  readonly signed_by: string | null;
  readonly est_delivery_date: string | null;
  readonly scans: readonly Scan[];
}
/** A webhook in EasyPost's word: an address that gets events. */
export interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly created_at: string;
  readonly custom_headers: readonly { readonly name: string; readonly value: string }[];
}
export interface PastEvent {
  readonly id: string;
  readonly description: string;
  readonly created_at: string;
}

export interface EasyPost {
  readonly sim: Sim;
  readonly deliver_after_ms: number;
  readonly refund_after_ms: number;
  readonly slow_ms: number;
  readonly addresses: Collection<Address>;
  readonly parcels: Collection<Parcel>;
  readonly shipments: Collection<Shipment>;
  readonly trackers: Collection<Tracker>;
  /** By tracking code, which several carriers may use. */
  readonly tracker_ids: Collection<readonly string[]>;
  readonly endpoints: Collection<Endpoint>;
  readonly events: Collection<PastEvent>;
  /** All addresses that were registered by the API are deleted again. */
  muted: boolean;
}

/** EasyPost's times have whole seconds. */
export function second(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}

/** Cents as `8.20`. */
export function decimal(cents: number): string {
  return `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}

const float_field = /"(weight|length|width|height|latitude|longitude)":(-?\d+)(?=[,}\]])/g;
/** EasyPost is written in a language that tells 100.0 from 100, and signs what it wrote. */
export function wire(value: object): string {
  return JSON.stringify(value).replace(float_field, '"$1":$2.0');
}

export function reply(status: number, value: object, webhooks: readonly Webhook[] = []): StandInReply {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8' }, body: wire(value), webhooks };
}
export function error_reply(status: number, code: string, message: string, errors: readonly (object | string)[] = []): StandInReply {
  return reply(status, { error: { code, message, errors } });
}
export function not_found(): StandInReply {
  return error_reply(404, 'NOT_FOUND', 'The requested resource could not be found.');
}
export function missing(field: string): StandInReply {
  return error_reply(422, 'PARAMETER.REQUIRED', 'Missing required parameter.', [{ field, message: 'cannot be blank' }]);
}

export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
/** Numbers come as numbers or as decimal texts. */
export function number(value: unknown): number | null {
  const result = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof result === 'number' && Number.isFinite(result) ? result : null;
}
