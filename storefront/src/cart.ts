/** What is in the cart: SKUs and quantities, no prices. What it costs says a quote, each time it is looked at. */
import { is_list_of, kept } from './kept.ts';

export interface CartLine {
  readonly sku: string;
  readonly quantity: number;
}
export const quantity_max = 99;

export const cart = kept<readonly CartLine[]>(
  'shop.cart',
  [],
  is_list_of<CartLine>(({ sku, quantity }) => typeof sku === 'string' && Number.isInteger(quantity)),
);
export const discount_code = kept<string>('shop.discount_code', '', value => typeof value === 'string');

export function add_to_cart(sku: string, quantity: number): void {
  const known = cart.read().find(line => line.sku === sku)?.quantity ?? 0;
  set_quantity(sku, known + quantity);
}

/** None takes the line out. */
export function set_quantity(sku: string, quantity: number): void {
  const line = { sku, quantity: Math.min(quantity, quantity_max) };
  const lines = cart.read();
  const changed = lines.some(known => known.sku === sku) ? lines.map(known => (known.sku === sku ? line : known)) : [...lines, line];
  cart.write(changed.filter(({ quantity: units }) => units > 0));
}

export function empty_cart(): void {
  cart.write([]);
  discount_code.write('');
}

export function units_in(lines: readonly CartLine[]): number {
  return lines.reduce((sum, { quantity }) => sum + quantity, 0);
}
