/** What comes in and goes out of inventory's routes. One schema validates, documents and types. */
import Type, { type Static } from 'typebox';
import { At, LocationAddress, MovementKind, optional, StockAccount } from '../../contracts/index.ts';
import { units_max } from './model.ts';

const closed = { additionalProperties: false } as const;
export const SkuText = () => Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' });
export const LocationCode = () => Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' });
const Units = () => Type.Integer({ minimum: 0, maximum: units_max });
const Reason = () => Type.String({ minLength: 1, maxLength: 500 });
const Text = () => Type.String({ minLength: 1, maxLength: 200 });
const at_item = { sku: SkuText(), location: LocationCode() };

const location_address = Type.Object(LocationAddress.properties, closed);
const location_fields = { name: Text(), address: location_address, priority: Type.Integer({ minimum: 0, maximum: 1_000_000 }) };
export type LocationBody = Static<typeof location_body>;
export const location_body = Type.Object({ ...location_fields, active: optional(Type.Boolean()) }, closed);
export const location_schema = Type.Object({ code: LocationCode(), ...location_fields, active: Type.Boolean(), version: Type.Integer() });

const counters = {
  on_hand: Units(),
  held: Units(),
  allocated: Units(),
  damaged: Units(),
  quality_control: Units(),
  safety: Units(),
  incoming: Type.Integer({ minimum: 0, description: 'Always 0: what is on its way is told by purchase orders.' }),
  backorder_limit: Units(),
  available: Type.Integer({
    description: 'on_hand - damaged - quality_control - safety - held - allocated; below 0 where safety stock is promised.',
  }),
  backordered: Units(),
  low_threshold: Units(),
  reorder_point: Type.Union([Units(), Type.Null()]),
  version: Type.Integer({ minimum: 0 }),
};
export const stock_schema = Type.Object({
  sku: SkuText(),
  locations: Type.Array(Type.Object({ location: LocationCode(), ...counters })),
  available: Type.Integer({ description: 'Over the active locations.' }),
  backordered: Units(),
});
export const stock_item_schema = Type.Object({ ...at_item, ...counters });

export const stock_query = {
  location: optional(LocationCode()),
  below_reorder_point: optional(Type.Boolean()),
  sku_prefix: optional(SkuText()),
};

const change = Type.Union([Type.Integer({ minimum: 1, maximum: units_max }), Type.Integer({ minimum: -units_max, maximum: -1 })], {
  description: 'The change: of damaged units for `damaged` (below 0: written off), of sellable units for every other kind.',
});
export type AdjustmentBody = Static<typeof adjustment_body>;
export const adjustment_body = Type.Object(
  {
    ...at_item,
    kind: Type.Enum(['received', 'adjusted', 'damaged', 'counted'], { type: 'string' }),
    quantity: change,
    reason: Reason(),
    force: optional(Type.Boolean({ description: 'Ends the youngest unpaid reservations when the units are promised.' })),
  },
  closed,
);
export type InspectionBody = Static<typeof inspection_body>;
export const inspection_body = Type.Object({ ...at_item, sellable: Units(), damaged: Units(), reason: optional(Reason()) }, closed);

const cause = Type.Object({ type: Type.String(), id: Type.String() });
export const movement_schema = Type.Object({
  ...at_item,
  kind: MovementKind,
  quantity: Units(),
  from_account: StockAccount,
  to_account: StockAccount,
  cause,
  reason: Type.Union([Type.String(), Type.Null()]),
  actor: Type.String(),
  moved_at: At(),
});
export const movements_schema = Type.Object({ data: Type.Array(movement_schema) });

export type PolicyBody = Static<typeof policy_body>;
export const policy_body = Type.Object(
  { safety: optional(Units()), backorder_limit: optional(Units()), low_threshold: optional(Units()) },
  closed,
);

export type ImportLineBody = Static<typeof import_line>;
export const import_line = Type.Object(
  { ...at_item, on_hand: Units(), safety: optional(Units()), backorder_limit: optional(Units()) },
  closed,
);
