/** What inventory says of stock items, under the key of their SKU (domain.md 4, Inventory, the events with a star). */
import Type from 'typebox';
import { At, type EventOf, event, Id, optional, Quantity, Text } from './envelope.ts';
import { ids } from './examples.ts';
import { Condition, Levels, MovementKind, Sku, StockAccount } from './shapes.ts';

const by_sku = { service: 'inventory', key: 'sku', heard_by: [] } as const;
const stock_item = { sku: Sku(), location_id: Id() };
const cake_stand = { sku: '22423', location_id: ids.near };
const levels = {
  ...cake_stand,
  version: 7,
  on_hand: 53,
  damaged: 0,
  quality_control: 0,
  held: 0,
  allocated: 5,
  backorder_held: 0,
  backordered: 0,
  safety: 0,
  backorder_limit: 50,
  low_threshold: 2,
  reorder_point: 10,
  available: 48,
};

export type StockReceived = EventOf<typeof stock_received>;
export const stock_received = event({
  type: 'stock.received',
  ...by_sku,
  heard_by: ['suppliers'],
  description: 'Goods of a purchase order are in the building: sellable, to be inspected, or damaged.',
  data: Type.Object({
    ...stock_item,
    receipt_id: Id(),
    po_id: optional(Id()), // suppliers' `receiving` ends with it (7.1)
    quantity_sellable: Quantity(),
    quantity_quality_control: Quantity(),
    quantity_damaged: Quantity(),
    levels: Levels,
  }),
  example: {
    ...cake_stand,
    receipt_id: ids.receipt,
    po_id: ids.purchase_order,
    quantity_sellable: 50,
    quantity_quality_control: 0,
    quantity_damaged: 0,
    levels: { ...levels, allocated: 3, backordered: 2, available: 50 },
  },
});
export type StockAdjusted = EventOf<typeof stock_adjusted>;
export const stock_adjusted = event({
  type: 'stock.adjusted',
  ...by_sku,
  description: 'Units moved without a sale or a purchase: counted, found, damaged, inspected, returned, sent back.',
  data: Type.Object({
    ...stock_item,
    adjustment_id: Id(),
    kind: MovementKind,
    quantity: Type.Integer(), // the change of `to_account`, or of what can be sold when no account is named
    from_account: optional(StockAccount),
    to_account: optional(StockAccount),
    reason: Text(),
    actor: Text(200),
    condition: optional(Condition), // of returned and sent back units
    moved_at: optional(At()), // as in the ledger
    levels: Levels,
  }),
  example: {
    sku: '85123A',
    location_id: ids.near,
    adjustment_id: ids.adjustment,
    kind: 'returned',
    quantity: 2,
    from_account: 'customer',
    to_account: 'sellable',
    reason: 'return',
    actor: 'system',
    condition: 'sellable',
    levels: { ...levels, sku: '85123A', version: 12, on_hand: 96, allocated: 0, available: 96 },
  },
});
export type StockLevelsChanged = EventOf<typeof stock_levels_changed>;
export const stock_levels_changed = event({
  type: 'stock.levels_changed',
  ...by_sku,
  heard_by: ['suppliers'],
  description: 'Counters after a transaction, one event for all stock items of a partition; its key is the first SKU. Always the last.',
  data: Type.Object({ levels: Type.Array(Levels, { minItems: 1 }) }),
  example: { levels: [levels] },
});

const threshold = { data: Type.Object({ ...stock_item, levels: Levels }) };
export type StockLow = EventOf<typeof stock_low>;
export const stock_low = event({
  type: 'stock.low',
  ...by_sku,
  description: 'Available fell to low_threshold.',
  ...threshold,
  example: { ...cake_stand, levels: { ...levels, on_hand: 7, available: 2 } },
});
export type StockDepleted = EventOf<typeof stock_depleted>;
export const stock_depleted = event({
  type: 'stock.depleted',
  ...by_sku,
  description: 'Available fell to 0.',
  ...threshold,
  example: { ...cake_stand, levels: { ...levels, on_hand: 5, available: 0 } },
});
export type StockReplenished = EventOf<typeof stock_replenished>;
export const stock_replenished = event({
  type: 'stock.replenished',
  ...by_sku,
  description: 'Available rose above 0.',
  ...threshold,
  example: { ...cake_stand, levels },
});
export type StockDriftDetected = EventOf<typeof stock_drift_detected>;
export const stock_drift_detected = event({
  type: 'stock.drift_detected',
  ...by_sku,
  description: 'The auditor found a counter that its ledger does not explain.',
  data: Type.Object({ ...stock_item, measure: Text(100), ledger: Type.Integer(), balance: Type.Integer() }),
  example: { ...cake_stand, measure: 'on_hand', ledger: 53, balance: 54 },
});

export const inventory_stock_contracts = {
  'stock.received': stock_received,
  'stock.adjusted': stock_adjusted,
  'stock.levels_changed': stock_levels_changed,
  'stock.low': stock_low,
  'stock.depleted': stock_depleted,
  'stock.replenished': stock_replenished,
  'stock.drift_detected': stock_drift_detected,
};
