/** How events change a stock item. Each event says by itself what its units leave and enter. */
import type { InventoryEvent, StockPromise } from '../../contracts/index.ts';
import { unreachable } from '../../platform/service.ts';
import type { StockItem } from './model.ts';

interface ItemLine {
  readonly sku: string;
  readonly location_id?: string | null;
}
type Counter = 'on_hand' | 'held' | 'allocated' | 'backorder_held' | 'backordered';

export function evolve_stock_item(item: StockItem, event: InventoryEvent): StockItem {
  switch (event.type) {
    case 'stock.reserved':
      return lines_at(event.data.lines, item).reduce((next, line) => keep(next, line.quantity_held, line.quantity_backordered), item);
    case 'stock.reservation_expired':
      return lines_at(event.data.lines, item).reduce((next, line) => keep(next, -line.quantity_held, -line.quantity_backordered), item);
    case 'stock.allocated':
      return lines_at(event.data.lines, item).reduce((next, line) => leave(next, line.from ?? 'held', line.quantity, 'allocated'), item);
    case 'stock.released':
      return lines_at(event.data.lines, item).reduce((next, line) => leave(next, line.from, line.quantity), item);
    case 'stock.consumed':
      return lines_at(event.data.lines, item).reduce((next, line) => {
        const left = leave(next, line.from ?? 'allocated', line.quantity);
        return { ...left, on_hand: left.on_hand - line.quantity };
      }, item);
    case 'backorder.queued':
      return lines_at(event.data.lines, item).reduce(
        (next, line) => leave(next, line.from ?? 'backorder_held', line.quantity, 'backordered'),
        item,
      );
    case 'backorder.filled':
      return lines_at(event.data.lines, item).reduce((next, line) => leave(next, 'backordered', line.quantity, 'allocated'), item);
    case 'backorder.cancelled':
      return lines_at(event.data.lines, item).reduce((next, line) => leave(next, 'backordered', line.quantity), item);
    case 'stock.shortfall_detected':
      return event.data.cause === 'short_pick' ? after_short_pick(item, event.data.lines) : item;
    case 'stock.received':
    case 'stock.adjusted': {
      const { version: _version, available: _available, ...counters } = event.data.levels;
      return { ...counters, reorder_point: counters.reorder_point ?? null };
    }
    case 'stock.low':
    case 'stock.depleted':
    case 'stock.replenished':
    case 'stock.drift_detected':
      return item;
    case 'stock.reservation_failed':
    case 'stock.reservation_extended':
    case 'stock.levels_changed':
    case 'location.changed':
    case 'exception.raised':
    case 'exception.resolved':
      throw new Error(`${event.type} changes no stock item`);
    default:
      return unreachable(event);
  }
}

function keep(item: StockItem, held: number, backordered: number): StockItem {
  return { ...item, held: item.held + held, backorder_held: item.backorder_held + backordered };
}

function leave(item: StockItem, from: StockPromise, quantity: number, to?: Counter): StockItem {
  const left = from === 'available' ? item : { ...item, [from]: item[from] - quantity };
  return to === undefined ? left : { ...left, [to]: left[to] + quantity };
}

/** The missing units are not in the building; the others that serve the order are elsewhere. */
function after_short_pick(
  item: StockItem,
  lines: Extract<InventoryEvent, { type: 'stock.shortfall_detected' }>['data']['lines'],
): StockItem {
  let { on_hand, allocated } = item;
  for (const line of lines) {
    if (line.sku !== item.sku) continue;
    if (line.location_id === item.location_id) {
      on_hand -= line.quantity;
      allocated -= line.quantity;
    }
    for (const part of line.resourced) if (part.location_id === item.location_id) allocated += part.quantity;
  }
  return { ...item, on_hand, allocated };
}

/** A long order's lines are sorted by item once for all its items, not searched once per item. */
const sorted_from_lines = 8;
const sorted = new WeakMap<readonly ItemLine[], ReadonlyMap<string, readonly ItemLine[]>>();

function lines_at<L extends ItemLine>(lines: readonly L[], { sku, location_id }: StockItem): readonly L[] {
  if (lines.length <= sorted_from_lines) return lines.filter(line => line.sku === sku && line.location_id === location_id);
  let by_item = sorted.get(lines);
  if (by_item === undefined) {
    by_item = Map.groupBy(lines, line => `${line.sku}@${line.location_id}`);
    sorted.set(lines, by_item);
  }
  // The map was made of this very array, so its lines are of this array's type.
  return (by_item.get(`${sku}@${location_id}`) ?? []) as readonly L[];
}
