/** The quote for what is in the cart: asked for when the cart, the code or the place changes, and fixed for half an hour. */
import type { Api, QuotedPlace } from './api.ts';
import type { Quote, ShippingOption } from './api_types.ts';
import { type CartLine, cart, discount_code } from './cart.ts';
import { useKept } from './kept.ts';
import { type Loaded, useLoaded } from './loaded.ts';

export interface Quoting {
  readonly lines: readonly CartLine[];
  readonly code: string;
  readonly quote: Loaded<Quote>;
}

/** `asked_again`: a number that changes when a new quote is wanted for the same things. */
export function useQuote(api: Api, place: QuotedPlace, asked_again = 0): Quoting {
  const lines = useKept(cart);
  const code = useKept(discount_code);
  const { country, region, postal_code } = place;
  const quote = useLoaded(() => api.quote({ lines, address: place, code }), [lines, code, country, region, postal_code, asked_again]);
  return { lines, code, quote };
}

/** The chosen one, while it is offered; else the first. */
export function option_of(quote: Quote, service: string | undefined): ShippingOption | undefined {
  return quote.shipping_options.find(option => option.service === service) ?? quote.shipping_options[0];
}

export function total_of(quote: Quote, option: ShippingOption | undefined): number {
  return quote.total + (option?.total ?? 0);
}
