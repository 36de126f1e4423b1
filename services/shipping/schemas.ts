/** What the routes of shipping take and give (api.md 4). */
import Type, { type Static } from 'typebox';
import { At, Currency, optional } from '../../contracts/envelope.ts';
import { CarrierStatus, Condition, ShipmentStatus } from '../../contracts/index.ts';
import { label_statuses, parcel_weight_stated_max_grams, shipment_parcels_max } from './model.ts';

const lines_max = 2_000;
const reason_length_max = 500;
const dimension_max_mm = 100_000;
export const page_rows_max = 200;
export const page_rows_default = 50;

const closed = { additionalProperties: false } as const;
const LineId = () => Type.String({ pattern: '^[1-9][0-9]{0,8}$' });
const units = { line_id: LineId(), quantity: Type.Integer({ minimum: 1, maximum: 1_000_000 }) };
const Lines = <T extends Type.TProperties>(properties: T) =>
  Type.Array(Type.Object(properties, closed), { minItems: 1, maxItems: lines_max });
const Millimetres = () => Type.Integer({ minimum: 1, maximum: dimension_max_mm });
const Reason = () => Type.String({ minLength: 1, maxLength: reason_length_max });

export type PackBody = Static<typeof pack_body>;
export const pack_body = Type.Object(
  {
    parcels: Type.Array(
      Type.Object(
        {
          weight_grams: Type.Integer({ minimum: 1, maximum: parcel_weight_stated_max_grams }),
          dimensions_mm: optional(Type.Tuple([Millimetres(), Millimetres(), Millimetres()])),
          lines: Lines(units),
        },
        closed,
      ),
      { minItems: 1, maxItems: shipment_parcels_max },
    ),
  },
  closed,
);
export type CancelBody = Static<typeof cancel_body>;
export const cancel_body = Type.Object({ reason: optional(Reason()) }, closed);
export type ShortPickBody = Static<typeof short_pick_body>;
export const short_pick_body = Type.Object({ lines: Lines(units), reason: Reason() }, closed);
export type ReceiveBody = Static<typeof receive_body>;
export const receive_body = Type.Object({ lines: Lines({ ...units, condition: Condition }) }, closed);

export const shipments_query = Type.Object(
  {
    order: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    status: Type.Optional(ShipmentStatus),
    location: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: page_rows_max, default: page_rows_default })),
    cursor: Type.Optional(Type.String({ pattern: '^shp_[0-9a-z]{26}$' })),
  },
  closed,
);
export const label_query = Type.Object({ format: Type.Optional(Type.Enum(['pdf', 'zpl'], { type: 'string', default: 'pdf' })) }, closed);

const Text = () => Type.String();
const Integer = () => Type.Integer();
const packed_lines = Type.Array(Type.Object({ line_id: Text(), quantity: Integer() }));
export const parcel_schema = Type.Object({
  id: Text(),
  weight_grams: Integer(),
  dimensions_mm: Type.Array(Integer()),
  lines: packed_lines,
  label_status: Type.Enum([...label_statuses], { type: 'string' }),
  carrier: optional(Text()),
  tracking_number: optional(Text()),
  tracking_url: optional(Text()),
  status: CarrierStatus,
  eta_at: optional(At()),
  delivered_at: optional(At()),
  tracking: Type.Array(Type.Object({ at: At(), status: CarrierStatus })),
});
export const shipment_schema = Type.Object({
  id: Text(),
  version: Integer(),
  order_id: Text(),
  location: Text(),
  status: ShipmentStatus,
  held: Type.Boolean(),
  carrier: optional(Text()),
  service: optional(Text()),
  cost: optional(Integer()),
  currency: optional(Currency()),
  reasons: Type.Array(Text()),
  promise_at: optional(At()),
  candidates: Type.Array(
    Type.Object({
      provider: Text(),
      carrier: Text(),
      service: Text(),
      cost: Integer(),
      currency: Currency(),
      delivery_days: optional(Integer()),
      verdict: Text(),
    }),
  ),
  left_out: Type.Array(Type.Object({ provider: Text(), carrier: Text(), message: Text() })),
  address_check: optional(
    Type.Object({
      verdict: Text(),
      provider: Text(),
      detail: optional(Text()),
      suggestion: optional(Type.Record(Type.String(), Type.String())),
    }),
  ),
  label_error: optional(Text()),
  dispatched_at: optional(At()),
  lines: Type.Array(
    Type.Object({
      line_id: Text(),
      sku: Text(),
      name: optional(Text()),
      quantity: Integer(),
      quantity_shorted: Integer(),
      quantity_cancelled: Integer(),
    }),
  ),
  parcels: Type.Array(parcel_schema),
  exceptions: Type.Array(Type.Object({ id: Text(), reason: Text(), owner: Text(), deadline: At(), detail: Text() })),
});
export const shipments_schema = Type.Object({ data: Type.Array(shipment_schema), next_cursor: Type.Union([Text(), Type.Null()]) });
