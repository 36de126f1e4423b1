/** A shop with orders at every stage of their life, as the attacks on flows need them. People fulfill: nothing ships by itself. */
import { basket, type Order, type PlacedOrder } from '../api.ts';
import { until } from '../shop.ts';
import { open_target, type Target } from './target.ts';

const delivery_ms = 3_600_000;

export interface House {
  readonly target: Target;
  /** In stock and waiting for money. */
  unpaid(): Promise<PlacedOrder>;
  /** Paid by hand, allocated, labeled, not captured. */
  confirmed(more?: Readonly<Record<string, unknown>>): Promise<PlacedOrder>;
  /** On its way, captured. */
  dispatched(): Promise<PlacedOrder>;
  /** Completed. Puts the clock forward. */
  delivered(): Promise<PlacedOrder>;
  cancelled(): Promise<PlacedOrder>;
  read(id: string): Promise<Order>;
}

export const two_lamps = [{ sku: 'LAMP', quantity: 2 }];
const no_payment = { payment: undefined };

export async function open_house(env: Readonly<Record<string, string>> = {}): Promise<House> {
  const target = await open_target({
    env: { FULFILLMENT: 'manual', MANUAL_DELIVERY_MS: String(delivery_ms), ...env },
    products: [
      { sku: 'LAMP', amount: 1_000, on_hand: { north: 100_000 } },
      { sku: 'RARE', amount: 1_000, on_hand: { north: 10 } },
      { sku: 'VOUCHER', amount: 2_500, stocked: false },
    ],
  });
  const { shop } = target;
  const placed = (more: Readonly<Record<string, unknown>>) => shop.post<PlacedOrder>('/v1/orders', basket(two_lamps, more));
  const comes_to = async (order: PlacedOrder, what: string, is_there: (order: Order) => boolean): Promise<PlacedOrder> => {
    const seen = await until(what, async () => {
      const now = await shop.order(order.id);
      return is_there(now) && now;
    });
    return { ...order, ...seen };
  };
  const confirmed: House['confirmed'] = async (more = {}) =>
    comes_to(await placed(more), 'the shipment is labeled', order => order.shipments[0]?.status === 'labeled');
  const dispatched = async () => {
    const order = await confirmed();
    await shop.post(`/v1/shipments/${order.shipments[0]?.id}/dispatch`);
    return comes_to(order, 'the money is taken', now => now.captured_total === now.total);
  };
  return {
    target,
    confirmed,
    dispatched,
    read: shop.order,
    unpaid: async () => comes_to(await placed(no_payment), 'the order waits for money', order => order.status === 'awaiting_payment'),
    async delivered() {
      const order = await dispatched();
      shop.clock.move(delivery_ms + 1_000);
      return comes_to(order, 'the order is delivered', now => now.status === 'completed');
    },
    async cancelled() {
      const order = await confirmed();
      await shop.post(`/v1/orders/${order.id}/cancel`, { reason: 'changed my mind' });
      return comes_to(order, 'the order is cancelled', now => now.status === 'cancelled');
    },
  };
}
