/**
 * The port to carriers: what shipping asks for (operation kinds and their requests), what it is told (values of outcomes,
 * facts), and what a carrier is. Requests are frozen in the operation's row; an adapter validates them as it reads them.
 */
import Type, { type Static } from 'typebox';
import { Amount, Currency, Id, optional, Text } from '../../../contracts/envelope.ts';
import type { Check } from '../../../platform/adapters/check.ts';
import type { Adapter } from '../../../platform/service.ts';

/** Parcels of one operation: they are asked for one after the other, within the operation's deadline. */
export const parcels_max = 20;

const Place = Type.Object({
  name: Text(),
  line1: Text(),
  line2: optional(Text()),
  city: Text(),
  region: optional(Text()),
  postal_code: Text(),
  country: Text(2),
  phone: optional(Text()),
});
const Grams = () => Type.Integer({ minimum: 1, maximum: 100_000_000 });
const Dimensions = () => Type.Tuple([Millimetres(), Millimetres(), Millimetres()]);
const Millimetres = () => Type.Integer({ minimum: 1, maximum: 100_000 });
const parcels = <T extends Type.TProperties>(properties: T) => Type.Array(Type.Object(properties), { minItems: 1, maxItems: parcels_max });

export const QuoteRatesSchema = Type.Object({
  shipment_id: Id(),
  order_id: Id(),
  parcels: parcels({
    parcel_id: Id(),
    weight_grams: Grams(),
    /** Length, width, height. */
    dimensions_mm: Dimensions(),
  }),
  ship_to: Place,
  ship_from: Place,
  service: Text(),
  promise_at: optional(Text()),
  /** In which prices will be compared; who cannot answer in it answers in his own. */
  currency: optional(Currency()),
});
/** Of the person a parcel goes to, before a label is bought. */
export const VerifyAddressSchema = Type.Object({ shipment_id: Id(), address: Place });
/**
 * One operation buys all labels of a shipment: one shipment at the provider per parcel, whose reference is our parcel_id. Who sells by the refs of an
 * earlier quote needs no more; the rest is for who keeps none. (Requests frozen before that was known lack it.)
 */
export const BuyLabelSchema = Type.Object({
  shipment_id: Id(),
  order_id: Id(),
  parcels: parcels({
    parcel_id: Id(),
    provider_shipment_ref: Id(),
    rate_ref: Id(),
    weight_grams: optional(Grams()),
    dimensions_mm: optional(Dimensions()),
    /** As quoted for this parcel. */
    amount: optional(Amount()),
    currency: optional(Currency()),
  }),
  ship_to: optional(Place),
  ship_from: optional(Place),
  /** The carrier's own name of it. */
  service: optional(Text()),
  promise_at: optional(Text()),
});
export const VoidLabelSchema = Type.Object({
  shipment_id: Id(),
  parcels: parcels({ parcel_id: Id(), provider_shipment_ref: Id(), tracking_number: Id() }),
});
export const TrackSchema = Type.Object({
  parcels: parcels({ parcel_id: Id(), tracking_number: Id(), carrier: Id() }),
});

/** What was bought between two instants. `parcels`: for who has no list, and can only be asked by reference. */
export const ListLabelsSchema = Type.Object({
  since: Text(),
  until: Text(),
  parcels: Type.Array(Type.Object({ parcel_id: Id(), tracking_number: optional(Text()), bought_at: Text() })),
});
/** `list_labels` ok: `{ labels: ListedLabel[], is_complete }`; an incomplete list proves nothing. */
export const ListedLabelSchema = Type.Object({
  reference: Type.Union([Type.String(), Type.Null()]),
  /** Empty: there are several of this reference, and they are not told apart. */
  tracking_number: Type.String(),
  /** null: not told. */
  cost: Type.Union([Amount(), Type.Null()]),
  is_given_back: Type.Boolean(),
});
export type ListLabels = Static<typeof ListLabelsSchema>;
export type ListedLabel = Static<typeof ListedLabelSchema>;

export type Address = Static<typeof Place>;
export type QuoteRates = Static<typeof QuoteRatesSchema>;
export type VerifyAddress = Static<typeof VerifyAddressSchema>;
export type BuyLabel = Static<typeof BuyLabelSchema>;
export type VoidLabel = Static<typeof VoidLabelSchema>;
export type Track = Static<typeof TrackSchema>;
export const operation_kinds = ['verify_address', 'quote_rates', 'buy_label', 'void_label', 'track', 'list_labels'] as const;
export type OperationKind = (typeof operation_kinds)[number];

/** `quote_rates` ok: `{ rates: Rate[], messages: RateMessage[] }`. `amount` is the price of this one parcel. */
export const RateSchema = Type.Object({
  parcel_id: Id(),
  provider_shipment_ref: Id(),
  rate_ref: Id(),
  carrier: Text(),
  service: Text(),
  amount: Amount(),
  currency: Currency(),
  delivery_days: optional(Type.Integer({ minimum: 0 })),
});
export type Rate = Static<typeof RateSchema>;
/** Why a carrier offered no rate. */
export const RateMessageSchema = Type.Object({ parcel_id: Type.String(), carrier: Type.String(), message: Type.String() });
export type RateMessage = Static<typeof RateMessageSchema>;

/**
 * `verify_address` ok. `corrected`: deliverable as `suggestion` says. `not_checked`: it could not be asked, and `detail` says why: an adapter answers
 * so itself instead of being repeated, because nothing waits for this answer for long.
 */
export const AddressVerdictSchema = Type.Object({
  verdict: Type.Enum(['ok', 'corrected', 'undeliverable', 'not_checked'], { type: 'string' }),
  detail: optional(Type.String()),
  suggestion: optional(Place),
});
export type AddressVerdict = Static<typeof AddressVerdictSchema>;

/**
 * `buy_label` ok: `{ labels: Label[] }`, one per parcel. Declined: `{ labels, failed: FailedLabel[] }`, the labels are bought and paid.
 * Unknown: `{ labels, missing: parcel_id[], doubtful: parcel_id, for_operator? }`; `for_operator` says what no further question can settle. `adopted`: found at the provider, not bought by this call.
 */
export const LabelSchema = Type.Object({
  parcel_id: Id(),
  tracking_number: Id(),
  tracking_url: Type.Union([Text(), Type.Null()]),
  cost: Amount(),
  currency: Currency(),
  label_ref: Id(),
  carrier: Text(),
  service: Text(),
  adopted: Type.Boolean(),
});
export type Label = Static<typeof LabelSchema>;
export type FailedLabel = { readonly parcel_id: string; readonly code: string; readonly detail: string };

/** `void_label` ok: each parcel_id stands in one of them. `submitted`: asked for; a LabelFact tells the answer, days later perhaps. */
export type VoidedLabels = {
  readonly voided: readonly string[];
  readonly refused: readonly string[];
  readonly submitted: readonly string[];
};

/** A parcel's states by rank, the least certain first (domain.md 3.4). */
export const carrier_statuses = [
  'unknown',
  'label_created',
  'picked_up',
  'in_transit',
  'delayed',
  'out_for_delivery',
  'awaiting_pickup',
  'delivery_failed',
  'returning',
  'lost',
  'delivered',
  'sent_back',
] as const;
export type CarrierStatus = (typeof carrier_statuses)[number];

/** One thing the carrier says happened to a parcel; unique by (carrier, tracking_number, carrier_at, status). `track` ok: `{ facts: TrackingFact[] }`. */
export type TrackingFact = {
  readonly carrier: string;
  readonly tracking_number: string;
  /** Known when we asked; a webhook knows the provider's shipment at most. */
  readonly parcel_id?: string;
  readonly provider_shipment_ref?: string;
  readonly status: CarrierStatus;
  /** RFC 3339 UTC, by the carrier's clock. */
  readonly carrier_at: string;
  readonly location?: string;
  /** Personal data. */
  readonly signed_by?: string;
  readonly eta_at?: string;
  readonly provider_event_ref?: string;
  readonly is_return?: boolean;
};
/** The late answer to `void_label`. */
export type LabelFact = {
  readonly carrier: string;
  readonly tracking_number: string;
  readonly provider_shipment_ref?: string;
  readonly status: 'voided' | 'void_refused';
  readonly provider_event_ref?: string;
};

/** Header names in lower case. */
export type InboundHeaders = Readonly<Record<string, string | undefined>>;
export interface VerifiedWebhook {
  readonly facts: readonly TrackingFact[];
  readonly label_facts: readonly LabelFact[];
  /** The provider's id of the event: a second delivery has the same. */
  readonly event_ref: string;
  readonly type: string;
}
export interface InvalidWebhook {
  readonly invalid: 'invalid_signature' | 'malformed' | 'not_supported';
}

export interface LabelDocument {
  readonly content_type: string;
  readonly bytes: Uint8Array;
}

/** What a bought label is known by. */
export interface PrintedLabel {
  readonly label_ref: string;
  readonly tracking_number: string;
}

export interface Carrier {
  readonly name: string;
  /** Countries whose addresses it knows, `*` for any; absent: it checks none. */
  readonly checks_addresses_in?: readonly string[];
  /** It sends no webhooks: asked first so long after a parcel left, then at twice its age, up to the interval of the others. */
  readonly poll_first_ms?: number;
  /** One harmless call, for `doctor`. Absent: nobody is called. */
  readonly check?: Check;
  /** It understands `list_labels`. */
  readonly lists_labels?: true;
  readonly adapter: Adapter;
  /** `raw`: the exact bytes received. Verified before it is parsed. */
  parse_webhook(raw: Uint8Array, headers: InboundHeaders, secret: string): VerifiedWebhook | InvalidWebhook;
  /** The label as a printer takes it; undefined when the provider has none or does not answer. */
  label_document?(label: PrintedLabel, format: 'pdf' | 'zpl', signal: AbortSignal): Promise<LabelDocument | undefined>;
}
