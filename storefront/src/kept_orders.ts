/** The orders placed in this browser. Their tokens stand here and in no address: addresses end in histories, logs and other people's screens. */
import type { PlacedOrder } from './api_types.ts';
import { is_list_of, kept } from './kept.ts';

export interface KeptOrder {
  readonly id: string;
  readonly number: number;
  readonly placed_at: string;
  readonly order_token: string;
  readonly track_token: string;
}
const orders_max = 50;
const last_name = 'shop.last_order';

export const kept_orders = kept<readonly KeptOrder[]>(
  'shop.orders',
  [],
  is_list_of<KeptOrder>(
    ({ id, number, placed_at, order_token, track_token }) =>
      [id, placed_at, order_token, track_token].every(text => typeof text === 'string') && typeof number === 'number',
  ),
);

export function keep_order({ id, number, placed_at, order_token, track_token }: PlacedOrder): void {
  const others = kept_orders.read().filter(known => known.id !== id);
  kept_orders.write([{ id, number, placed_at, order_token, track_token }, ...others].slice(0, orders_max));
}

/** Whose bank is being visited in this tab: its page leads back to /shop/orders/latest, which says nothing about anybody. */
export function remember_last(id: string): void {
  try {
    sessionStorage.setItem(last_name, id);
  } catch {
    // Then the newest order is taken for it.
  }
}

export function last_order(): string | undefined {
  try {
    return sessionStorage.getItem(last_name) ?? kept_orders.read()[0]?.id;
  } catch {
    return kept_orders.read()[0]?.id;
  }
}
