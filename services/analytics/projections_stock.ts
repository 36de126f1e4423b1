/** What inventory's events say of reservations and stock. */
import type { FactBatch } from './fact_batch.ts';
import { orders } from './facts.ts';
import { backorder, lost_demand, movement, stock_item, stock_span } from './facts_supply.ts';
import { type Of, type Projections, raw_only } from './projection.ts';

type StockEvent =
  | 'stock.reserved'
  | 'stock.reservation_failed'
  | 'stock.reservation_extended'
  | 'stock.reservation_expired'
  | 'stock.allocated'
  | 'stock.released'
  | 'stock.consumed'
  | 'stock.shortfall_detected'
  | 'backorder.queued'
  | 'backorder.filled'
  | 'backorder.cancelled'
  | 'stock.levels_changed'
  | 'stock.received'
  | 'stock.adjusted'
  | 'stock.low'
  | 'stock.depleted'
  | 'stock.replenished'
  | 'stock.drift_detected';

export const stock_projections: Projections<StockEvent> = {
  'stock.reserved': (event, facts) => facts.put(orders, { order_id: event.data.order_id, reserved_at: event.time }),
  'stock.reservation_failed': stock_reservation_failed,
  'stock.reservation_extended': raw_only,
  'stock.reservation_expired': raw_only,
  'stock.allocated': raw_only,
  'stock.released': raw_only,
  'stock.consumed': stock_consumed,
  'stock.shortfall_detected': stock_shortfall_detected,
  'backorder.queued': (event, facts) => backorder_changed(event, facts, 'queued'),
  'backorder.filled': (event, facts) => backorder_changed(event, facts, 'filled'),
  'backorder.cancelled': (event, facts) => backorder_changed(event, facts, 'cancelled'),
  // Every level of a stock item stands in stock.levels_changed; the others name its cause.
  'stock.levels_changed': stock_levels_changed,
  'stock.received': stock_received,
  'stock.adjusted': stock_adjusted,
  'stock.low': raw_only,
  'stock.depleted': raw_only,
  'stock.replenished': raw_only,
  'stock.drift_detected': raw_only,
};

function stock_reservation_failed({ data, time }: Of<'stock.reservation_failed'>, facts: FactBatch): void {
  for (const { sku, wanted, available } of data.short_lines) {
    facts.add(lost_demand, { order_id: data.order_id, customer_ref: data.customer_ref, sku, happened_at: time, wanted, available });
  }
}

function stock_levels_changed({ data, time }: Of<'stock.levels_changed'>, facts: FactBatch): void {
  for (const { sku, location_id, version, on_hand, damaged, held, allocated, backordered, available } of data.levels) {
    facts.put(stock_item, {
      sku,
      location_id,
      sequence: version,
      happened_at: time,
      on_hand,
      damaged,
      held,
      allocated,
      backordered,
      available,
    });
    const item = `${sku}@${location_id}`;
    const is_out = available <= 0;
    if (facts.last_out.get(item) === is_out) continue;
    facts.last_out.set(item, is_out);
    facts.add(stock_span, { sku, location_id, version, from_at: time, is_out, available });
  }
}

function stock_consumed({ data, time }: Of<'stock.consumed'>, facts: FactBatch): void {
  for (const { sku, location_id, quantity } of data.lines) {
    const accounts = { from_account: 'sellable', to_account: 'customer' };
    facts.add(movement, {
      sku,
      location_id,
      kind: 'shipped',
      ...accounts,
      quantity,
      reason: null,
      order_id: data.order_id,
      happened_at: time,
    });
  }
}

/** What a picker did not find is booked out without an event of its own. */
function stock_shortfall_detected({ data, time }: Of<'stock.shortfall_detected'>, facts: FactBatch): void {
  if (data.cause !== 'short_pick') return;
  for (const { sku, location_id, quantity } of data.lines) {
    const accounts = { from_account: 'sellable', to_account: 'loss' };
    facts.add(movement, {
      sku,
      location_id,
      kind: 'adjusted',
      ...accounts,
      quantity,
      reason: data.cause,
      order_id: data.order_id,
      happened_at: time,
    });
  }
}

function stock_received({ data, time }: Of<'stock.received'>, facts: FactBatch): void {
  const { sku, location_id, quantity_sellable, quantity_quality_control, quantity_damaged } = data;
  const parts = { sellable: quantity_sellable, quality_control: quantity_quality_control, damaged: quantity_damaged };
  for (const [to_account, quantity] of Object.entries(parts)) {
    if (quantity === 0) continue;
    const accounts = { from_account: 'supplier', to_account };
    facts.add(movement, { sku, location_id, kind: 'received', ...accounts, quantity, reason: null, order_id: null, happened_at: time });
  }
}

function stock_adjusted({ data, time }: Of<'stock.adjusted'>, facts: FactBatch): void {
  const { sku, location_id, kind, from_account, to_account, quantity, reason, moved_at } = data;
  facts.add(movement, {
    sku,
    location_id,
    kind,
    from_account,
    to_account,
    quantity,
    reason,
    order_id: null,
    happened_at: moved_at ?? time,
  });
}

function backorder_changed(
  { data, time }: Of<'backorder.queued' | 'backorder.filled' | 'backorder.cancelled'>,
  facts: FactBatch,
  outcome: 'queued' | 'filled' | 'cancelled',
): void {
  for (const { line_no, sku, location_id, quantity, requested_at } of data.lines) {
    facts.add(backorder, { order_id: data.order_id, line_no, sku, location_id, outcome, quantity, requested_at, happened_at: time });
  }
}
