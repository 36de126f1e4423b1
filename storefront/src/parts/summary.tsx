/** What it costs, line by line, from a quote or an order. Every number is the API's: a shop that adds up by itself will one day differ. */
import { money } from '../format.ts';

export interface Sums {
  readonly currency: string;
  readonly subtotal: number;
  readonly discount_total: number;
  readonly tax_total: number;
  /** Null: not known yet. */
  readonly shipping_total: number | null;
  readonly total: number;
  readonly code?: string | undefined;
  readonly refunded_total?: number;
}

export function Summary({ sums }: { sums: Sums }) {
  const { currency, shipping_total } = sums;
  const row = (name: string, amount: string, kind = '') => (
    <div class={kind}>
      <dt>{name}</dt>
      <dd>{amount}</dd>
    </div>
  );
  return (
    <dl class="sums">
      {row('Goods', money(sums.subtotal, currency))}
      {sums.discount_total > 0 &&
        row(sums.code === undefined ? 'Discount' : `Discount ${sums.code}`, money(-sums.discount_total, currency), 'good-text')}
      {row('Delivery', shipping_total === null ? 'at checkout' : shipping_total === 0 ? 'free' : money(shipping_total, currency))}
      {sums.tax_total > 0 && row('Tax', money(sums.tax_total, currency))}
      {row(shipping_total === null ? 'Total so far' : 'Total', money(sums.total, currency), 'total')}
      {(sums.refunded_total ?? 0) > 0 && row('Refunded', money(sums.refunded_total ?? 0, currency), 'good-text')}
    </dl>
  );
}
