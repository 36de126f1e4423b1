/** What happens beside the orders: stock levels that change, exceptions that are raised. */
import { at, begin_ms, hour_ms, locations, minute_ms, shop_days, skus, type World } from './lives.ts';

/** A stock item with nothing promised. */
export const levels_of = (sku: string, location_id: string, version: number, available: number) => ({
  sku,
  location_id,
  version,
  available,
  on_hand: Math.max(0, available),
  damaged: 0,
  quality_control: 0,
  held: 0,
  allocated: 0,
  backorder_held: 0,
  backordered: 0,
  safety: 0,
  backorder_limit: 0,
  low_threshold: 0,
});

const versions = new WeakMap<World, Map<string, number>>();

/** Two items change in one transaction. Their times rise with their versions: each is told in the order of the calls. */
export function tell_levels(world: World, no: number): void {
  const { whole, pick, chance, say } = world;
  const known = versions.get(world) ?? new Map<string, number>();
  versions.set(world, known);
  const items = [...new Set([pick(skus), pick(skus)])];
  const location_id = pick(locations);
  const levels = items.map(sku => {
    const item = `${sku}@${location_id}`;
    const version = (known.get(item) ?? 0) + 1;
    known.set(item, version);
    const available = chance() < 0.3 ? -whole(3) : 1 + whole(60);
    return levels_of(sku, location_id, version, available);
  });
  const at_ms = begin_ms + no * 7 * minute_ms + whole(6 * minute_ms);
  say('inventory', 'stock.levels_changed', at_ms, items[0] ?? '', items[0] ?? '', { levels });
}

export function tell_exception({ say, whole, chance }: World, no: number): void {
  const raised_ms = begin_ms + whole(shop_days * 24 * hour_ms);
  const data = {
    exception_id: `exc_${no}`,
    subject: `ord_${no}`,
    reason: 'authorization_expired',
    owner: 'support',
    deadline: at(raised_ms + hour_ms),
    detail: 'a test',
  };
  say('orders', 'exception.raised', raised_ms, `ord_${no}`, `exc_${no}`, data);
  if (chance() < 0.5) say('orders', 'exception.resolved', raised_ms + hour_ms, `ord_${no}`, `exc_${no}`, { ...data, note: 'done' });
}
