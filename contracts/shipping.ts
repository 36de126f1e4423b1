/** What shipping says, under the order's key; the subject is the shipment, of the answer the fulfillment (domain.md 3.4 and 4, Shipping). */
import Type from 'typebox';
import { Amount, At, Currency, type EventOf, event, Id, optional, Quantity, Text } from './envelope.ts';
import { ids } from './examples.ts';
import { CarrierStatus, Condition, DispatchOrigin, Line, Ordinal, personal, ShipmentStatus, Sku } from './shapes.ts';

const by_order = { service: 'shipping', key: 'order_id' } as const;
/** `shipment_status` is absolute after the event; absent: unchanged. */
const shipment = { order_id: Id(), shipment_id: optional(Id()), location_id: optional(Id()), shipment_status: optional(ShipmentStatus) };
const parcel = { ...shipment, parcel_id: Id() };
const tracking = { tracking_number: optional(Text(100)), tracking_url: optional(Text(4_000)) };
const of_shipment = { order_id: ids.order, shipment_id: ids.shipment, location_id: ids.near };
const of_parcel = { ...of_shipment, parcel_id: ids.parcel };
const lines = [
  { line_no: 1, location_id: ids.near, quantity: 6 },
  { line_no: 2, location_id: ids.near, quantity: 3 },
];
const tracked = { tracking_number: 'MC000000042', tracking_url: 'https://carrier.example/track/MC000000042' };

export type ShipmentPlanned = EventOf<typeof shipment_planned>;
export const shipment_planned = event({
  type: 'shipment.planned',
  ...by_order,
  heard_by: [],
  description: 'One location ships these units, with carrier, service and parcels as far as they are known; a later revision replaces it.',
  data: Type.Object({
    ...shipment,
    shipment_status: ShipmentStatus,
    fulfillment_no: Ordinal(),
    revision_no: Ordinal(),
    lines: Type.Array(
      Type.Object({
        ...Line.properties,
        // As fulfillment.requested told them: the shipment's row is the fold of its events, and its parcels are packed from them.
        sku: Sku(),
        name: optional(Text(500)),
        weight_grams: optional(Quantity()),
        unit_price: optional(Amount()),
      }),
    ),
    carrier: optional(Text(100)),
    service: optional(Text(100)),
    cost: optional(Amount()),
    currency: optional(Currency()), // of the costs
    reasons: optional(Type.Array(Text())),
    promise_at: optional(At()), // what a carrier should keep
    wanted_carrier: optional(Text(100)), // by who placed the order; another is taken when it offers nothing
    parcels: optional(
      Type.Array(
        Type.Object({
          parcel_id: Id(),
          weight_grams: Quantity(),
          dimensions_mm: optional(Type.Array(Quantity(), { minItems: 3, maxItems: 3 })),
          lines: Type.Array(Line),
          ...tracking,
        }),
      ),
    ),
  }),
  example: {
    ...of_shipment,
    shipment_status: 'labeled',
    fulfillment_no: 1,
    revision_no: 1,
    lines: [
      { line_no: 1, location_id: ids.near, quantity: 6, sku: '85123A', weight_grams: 120, unit_price: 255 },
      { line_no: 2, location_id: ids.near, quantity: 3, sku: '22423', weight_grams: 1500, unit_price: 1275 },
    ],
    carrier: 'manual',
    service: 'standard',
    cost: 0,
    currency: 'GBP',
    reasons: ['only_carrier'],
    parcels: [{ parcel_id: ids.parcel, weight_grams: 5220, dimensions_mm: [400, 300, 300], lines, ...tracked }],
  },
});
export type ShipmentCarrierChosen = EventOf<typeof shipment_carrier_chosen>;
export const shipment_carrier_chosen = event({
  type: 'shipment.carrier_chosen',
  ...by_order,
  heard_by: [],
  description: 'Rates came in and one was chosen; said only when it was not known at planning.',
  data: Type.Object({
    ...shipment,
    carrier: Text(100),
    service: Text(100),
    cost: Amount(),
    currency: optional(Currency()),
    reasons: Type.Array(Text()),
    // Which operation buys which label, said before anything is bought: whose it is, and the provider's own id of it.
    op_id: optional(Id()),
    parcels: optional(Type.Array(Type.Object({ parcel_id: Id(), label_ref: Id(), carrier: Text(100), cost: Amount() }))),
  }),
  example: {
    ...of_shipment,
    shipment_status: 'labeling',
    carrier: 'easypost',
    service: 'RoyalMail Tracked48',
    cost: 412,
    currency: 'GBP',
    reasons: ['cheapest_within_promise'],
    op_id: ids.operation,
    parcels: [{ parcel_id: ids.parcel, label_ref: 'shp_ep_42', carrier: 'RoyalMail', cost: 412 }],
  },
});

export type ParcelLabelPurchased = EventOf<typeof parcel_label_purchased>;
export const parcel_label_purchased = event({
  type: 'parcel.label_purchased',
  ...by_order,
  heard_by: [],
  description: 'All parcels of the shipment have their labels. Adopted: bought by an attempt whose reply was lost, found by our reference.',
  data: Type.Object({
    ...shipment,
    carrier: Text(100),
    currency: optional(Currency()),
    parcels: Type.Array(
      Type.Object({
        parcel_id: Id(),
        tracking_number: Text(100),
        tracking_url: optional(Text(4_000)),
        cost: Amount(),
        adopted: Type.Boolean(),
        label_ref: optional(Id()),
        carrier: optional(Text(100)), // who carries it, when the seller sells for several
      }),
      { minItems: 1 },
    ),
  }),
  example: {
    ...of_shipment,
    shipment_status: 'labeled',
    carrier: 'easypost',
    currency: 'GBP',
    parcels: [{ parcel_id: ids.parcel, ...tracked, cost: 412, adopted: false, label_ref: 'shp_ep_42', carrier: 'RoyalMail' }],
  },
});
const label = { data: Type.Object({ ...parcel, op_id: Id(), code: optional(Text(100)) }) };
export type ParcelLabelFailed = EventOf<typeof parcel_label_failed>;
export const parcel_label_failed = event({
  type: 'parcel.label_failed',
  ...by_order,
  heard_by: [],
  description: 'The carrier refused to sell the label; the shipment waits for a person.',
  ...label,
  example: { ...of_parcel, shipment_status: 'planned', op_id: ids.operation, code: 'address_undeliverable' },
});
export type ParcelLabelOutcomeUnknown = EventOf<typeof parcel_label_outcome_unknown>;
export const parcel_label_outcome_unknown = event({
  type: 'parcel.label_outcome_unknown',
  ...by_order,
  heard_by: [],
  description: 'The label may or may not have been bought; no second one is bought by itself.',
  ...label,
  example: { ...of_parcel, op_id: ids.operation },
});
export type ParcelLabelVoided = EventOf<typeof parcel_label_voided>;
export const parcel_label_voided = event({
  type: 'parcel.label_voided',
  ...by_order,
  heard_by: [],
  description: 'A label that is not needed was given back.',
  ...label,
  example: { ...of_parcel, op_id: ids.operation },
});

export type ShipmentDispatched = EventOf<typeof shipment_dispatched>;
export const shipment_dispatched = event({
  type: 'shipment.dispatched',
  ...by_order,
  heard_by: ['orders', 'inventory'],
  description: 'The parcels left the warehouse: handed over by a person, or seen by the carrier.',
  data: Type.Object({
    ...shipment,
    carrier: Text(100),
    dispatched_at: At(),
    origin: DispatchOrigin,
    parcels: Type.Array(Type.Object({ parcel_id: Id(), ...tracking, lines: Type.Array(Line) }), { minItems: 1 }),
  }),
  example: {
    ...of_shipment,
    shipment_status: 'dispatched',
    carrier: 'manual',
    dispatched_at: '2026-05-04T15:30:00.000Z',
    origin: 'warehouse',
    parcels: [{ parcel_id: ids.parcel, ...tracked, lines }],
  },
});
const units = { data: Type.Object({ ...shipment, lines: Type.Array(Line), reason: Text() }) };
export type ShipmentShorted = EventOf<typeof shipment_shorted>;
export const shipment_shorted = event({
  type: 'shipment.shorted',
  ...by_order,
  heard_by: ['inventory'],
  description: 'The picker did not find these units.',
  ...units,
  example: { ...of_shipment, lines: [{ line_no: 2, location_id: ids.near, quantity: 2 }], reason: 'not_on_shelf' },
});
export type ShipmentCancelled = EventOf<typeof shipment_cancelled>;
export const shipment_cancelled = event({
  type: 'shipment.cancelled',
  ...by_order,
  heard_by: [],
  description: 'Nothing of this shipment will leave.',
  ...units,
  example: { ...of_shipment, shipment_status: 'cancelled', lines, reason: 'order_cancelled' },
});
export type FulfillmentCancellationAnswered = EventOf<typeof fulfillment_cancellation_answered>;
export const fulfillment_cancellation_answered = event({
  type: 'fulfillment.cancellation_answered',
  ...by_order,
  heard_by: ['orders'],
  description: 'Of the units asked for, these will not leave, and those have left. Every unit of the number is in one of the two.',
  data: Type.Object({ ...shipment, cancellation_no: Ordinal(), cancelled: Type.Array(Line), refused: Type.Array(Line) }),
  example: { order_id: ids.order, cancellation_no: 1, cancelled: lines, refused: [] },
});

export type ParcelTracked = EventOf<typeof parcel_tracked>;
export const parcel_tracked = event({
  type: 'parcel.tracked',
  ...by_order,
  heard_by: [],
  description: "The carrier's status of the parcel changed.",
  data: Type.Object({ ...parcel, carrier_status: CarrierStatus, carrier_at: At(), eta_at: optional(At()) }),
  example: {
    ...of_parcel,
    carrier_status: 'out_for_delivery',
    carrier_at: '2026-05-06T07:10:00.000Z',
    eta_at: '2026-05-06T12:00:00.000Z',
  },
});
export type ParcelDelivered = EventOf<typeof parcel_delivered>;
export const parcel_delivered = event({
  type: 'parcel.delivered',
  ...by_order,
  heard_by: ['orders'],
  description: 'The parcel arrived; assumed when the service does not track.',
  data: Type.Object({
    ...parcel,
    lines: Type.Array(Line),
    delivered_at: At(),
    assumed: Type.Boolean(),
    shipment_status: ShipmentStatus,
    personal: personal(['orders'], { signed_by: optional(Text(200)) }),
  }),
  example: {
    ...of_parcel,
    lines,
    delivered_at: '2026-05-06T11:02:00.000Z',
    assumed: false,
    shipment_status: 'delivered',
    personal: { signed_by: 'A. Lovelace' },
  },
});
const astray = { data: Type.Object({ ...parcel, lines: Type.Array(Type.Object({ ...Line.properties, condition: optional(Condition) })) }) };
export type ParcelLost = EventOf<typeof parcel_lost>;
export const parcel_lost = event({
  type: 'parcel.lost',
  ...by_order,
  heard_by: ['orders'],
  description: 'The carrier gave the parcel up.',
  ...astray,
  example: { ...of_parcel, shipment_status: 'closed', lines },
});
export type ParcelSentBack = EventOf<typeof parcel_sent_back>;
export const parcel_sent_back = event({
  type: 'parcel.sent_back',
  ...by_order,
  heard_by: ['orders', 'inventory'],
  description: 'The parcel is back at our dock, at location_id, its units in the condition stated.',
  ...astray,
  example: { ...of_parcel, shipment_status: 'closed', lines: lines.map(line => ({ ...line, condition: 'sellable' as const })) },
});

export const shipping_contracts = {
  'shipment.planned': shipment_planned,
  'shipment.carrier_chosen': shipment_carrier_chosen,
  'parcel.label_purchased': parcel_label_purchased,
  'parcel.label_failed': parcel_label_failed,
  'parcel.label_outcome_unknown': parcel_label_outcome_unknown,
  'parcel.label_voided': parcel_label_voided,
  'shipment.dispatched': shipment_dispatched,
  'shipment.shorted': shipment_shorted,
  'shipment.cancelled': shipment_cancelled,
  'fulfillment.cancellation_answered': fulfillment_cancellation_answered,
  'parcel.tracked': parcel_tracked,
  'parcel.delivered': parcel_delivered,
  'parcel.lost': parcel_lost,
  'parcel.sent_back': parcel_sent_back,
};
