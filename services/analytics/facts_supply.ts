/** The tables of facts of stock and purchasing. */
import { entity, entry } from './fact_shapes.ts';

export const lost_demand = entry('lost_demand', {
  order_id: 'varchar',
  customer_ref: 'varchar',
  sku: 'varchar',
  happened_at: 'timestamp',
  wanted: 'integer',
  available: 'integer',
});
/**
 * Where a stock item's availability began to be above 0, or not. Staged rows are all that a batch saw; the warehouse keeps those that differ
 * from the one before (keeping every level would be nine rows an order). Written before stock_item, which holds the one before.
 */
export const stock_span = entry('stock_span', {
  sku: 'varchar',
  location_id: 'varchar',
  version: 'integer',
  from_at: 'timestamp',
  is_out: 'boolean',
  available: 'bigint',
});
export const stock_item = entity('stock_item', {
  sku: ['varchar', 'key'],
  location_id: ['varchar', 'key'],
  sequence: ['integer', 'sequence'],
  happened_at: ['timestamp', 'latest'],
  on_hand: ['bigint', 'latest'],
  damaged: ['bigint', 'latest'],
  held: ['bigint', 'latest'],
  allocated: ['bigint', 'latest'],
  backordered: ['bigint', 'latest'],
  available: ['bigint', 'latest'],
});
/** Units that moved between two accounts of a stock item, as inventory's ledger has them; a quantity below 0 left what can be sold. */
export const movement = entry('movement', {
  sku: 'varchar',
  location_id: 'varchar',
  kind: 'varchar',
  from_account: 'varchar',
  to_account: 'varchar',
  quantity: 'integer',
  reason: 'varchar',
  order_id: 'varchar',
  happened_at: 'timestamp',
});
/** Paid units that began to wait, or no longer do: `queued`, `filled`, `cancelled`. */
export const backorder = entry('backorder', {
  order_id: 'varchar',
  line_no: 'integer',
  sku: 'varchar',
  location_id: 'varchar',
  outcome: 'varchar',
  quantity: 'integer',
  requested_at: 'timestamp',
  happened_at: 'timestamp',
});
export const location = entity('location', {
  location_id: ['varchar', 'key'],
  sequence: ['integer', 'sequence'],
  name: ['varchar', 'latest'],
  priority: ['integer', 'latest'],
  active: ['boolean', 'latest'],
});
export const reorder_policy = entity('reorder_policy', {
  sku: ['varchar', 'key'],
  location_id: ['varchar', 'key'],
  sequence: ['integer', 'sequence'],
  method: ['varchar', 'latest'],
  reorder_point: ['bigint', 'latest'],
  target: ['bigint', 'latest'],
  review_days: ['bigint', 'latest'],
  safety_days: ['bigint', 'latest'],
});
/** A proposal to buy: `proposed`, then `superseded`, `dismissed` or `accepted`. */
export const proposal = entity('proposal', {
  proposal_id: ['varchar', 'key'],
  sku: ['varchar', 'once'],
  location_id: ['varchar', 'once'],
  supplier_id: ['varchar', 'once'],
  proposed_at: ['timestamp', 'first'],
  sequence: ['integer', 'sequence'],
  status: ['varchar', 'latest'],
  quantity: ['bigint', 'latest'],
});
export const purchase_order = entity('purchase_order', {
  po_id: ['varchar', 'key'],
  supplier_id: ['varchar', 'once'],
  location_id: ['varchar', 'once'],
  currency: ['varchar', 'once'],
  created_at: ['timestamp', 'first'],
  approved_at: ['timestamp', 'first'],
  sent_at: ['timestamp', 'first'],
  /** Closed, cancelled or rejected: nothing more is expected. */
  ended_at: ['timestamp', 'first'],
  sequence: ['integer', 'sequence'],
  status: ['varchar', 'latest'],
});
export const po_line = entity('po_line', {
  po_id: ['varchar', 'key'],
  line_no: ['integer', 'key'],
  sku: ['varchar', 'once'],
  quantity: ['bigint', 'once'],
  cost: ['bigint', 'once'],
  sequence: ['integer', 'sequence'],
  /** What the supplier will not deliver, by its last answer. */
  refused: ['bigint', 'latest'],
});
/** Each time a supplier said when a line comes; the least sequence is the first promise. */
export const po_promise = entry('po_promise', {
  po_id: 'varchar',
  line_no: 'integer',
  sequence: 'integer',
  promised_at: 'timestamp',
});
export const po_cancellation = entry('po_cancellation', {
  po_id: 'varchar',
  line_no: 'integer',
  happened_at: 'timestamp',
  quantity: 'integer',
  reason: 'varchar',
});
export const receipt_line = entry('receipt_line', {
  po_id: 'varchar',
  line_no: 'integer',
  receipt_id: 'varchar',
  sequence: 'integer',
  sku: 'varchar',
  location_id: 'varchar',
  received_at: 'timestamp',
  accepted: 'integer',
  rejected: 'integer',
  damaged: 'integer',
  over: 'integer',
  short: 'integer',
});
