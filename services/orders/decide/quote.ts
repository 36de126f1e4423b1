/** A quote fixes prices, tax, discount and carriage for half an hour. It is made once and used at most once. */
import { later } from '../../../platform/service.ts';
import { nowhere } from '../catalog.ts';
import type { CreateQuote } from '../commands.ts';
import { price_quote } from '../pricing/price_order.ts';
import { pricing_rejected, reject } from '../rejections.ts';
import { nothing, type OrdersHandler, type OrdersRef } from './draft.ts';
import { day_ms, handling_ms } from './waits.ts';

export const quote_valid_ms = 30 * 60 * 1_000;

export const create_quote: OrdersHandler<CreateQuote> = {
  touches({ quote_id, lines, place, discount_code }) {
    const table = place?.country ?? nowhere;
    const refs: OrdersRef[] = [...new Set(lines.map(line => line.sku))].map(id => ({ kind: 'product', id }));
    refs.push({ kind: 'tax_table', id: table }, { kind: 'shipping_table', id: table }, { kind: 'quote', id: quote_id });
    if (discount_code !== null) refs.push({ kind: 'discount', id: discount_code });
    return refs;
  },
  decide(command, view, given) {
    const { quote_id, currency, tax_mode, lines, place, discount_code } = command;
    if (view('quote', quote_id) !== undefined) return nothing;
    const discount = discount_code === null ? null : view('discount', discount_code);
    if (discount === undefined) return reject('discount_code_invalid', 'This discount code does not apply.');
    const table = place?.country ?? nowhere;
    const priced = price_quote({
      currency,
      tax_mode,
      at: given.at,
      destination: place,
      lines,
      discount,
      product: sku => view('product', sku),
      taxes: view('tax_table', table),
      shipping_rates: view('shipping_table', table),
    });
    if ('rejection' in priced) return pricing_rejected(priced);
    const options = priced.shipping_options.map(({ transit_days, total, ...option }) => ({
      ...option,
      estimated_delivery_at: transit_days === null ? null : later(given.at, handling_ms + transit_days * day_ms),
    }));
    return {
      facts: [
        {
          event: {
            type: 'quote.created',
            data: {
              quote_id,
              principal: command.asker.principal,
              currency,
              tax_mode,
              destination: place === null ? null : { country: place.country, region: place.region ?? null },
              lines: priced.lines,
              discount: priced.discount,
              shipping_options: options,
              totals: priced.totals,
              expires_at: later(given.at, quote_valid_ms),
            },
          },
          key: quote_id,
          subject: { kind: 'quote', id: quote_id },
        },
      ],
    };
  },
};
