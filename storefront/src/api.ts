/** The calls a shop makes, and nothing else of it. README.md walks through them. */
import type { Address, Config, Order, OrderAsked, OrderStory, PaymentChoice, PlacedOrder, Product, Quote, Tracked } from './api_types.ts';
import { follow_stream } from './stream.ts';
import { type Request, requester } from './transport.ts';

/** Long enough for most orders to be paid or declined by then; the order's page follows the rest. */
const placing_wait_s = 8;
const products_per_page = 200;

export interface Api {
  readonly currency: string;
  products(): Promise<readonly Product[]>;
  product(sku: string): Promise<Product>;
  quote(asked: { lines: readonly { sku: string; quantity: number }[]; address: QuotedPlace; code: string }): Promise<Quote>;
  place(asked: OrderAsked): Promise<PlacedOrder>;
  pay(access: Access, payment: PaymentChoice & { return_url: string }): Promise<Order>;
  cancel(access: Access, reason: string): Promise<Order>;
  timeline(access: Access): Promise<OrderStory>;
  /** Calls `heard` with the order now and on each change, until `signal` says enough. Connects again by itself. */
  follow(access: Access, heard: (order: Order) => void, signal: AbortSignal): Promise<void>;
  track(number: string, token: string): Promise<Tracked>;
}
/** One order, and the token that opens it. */
export interface Access {
  readonly id: string;
  readonly token: string;
}
/** Taxes and carriage depend on this much of an address, which is known before the rest is typed. */
export type QuotedPlace = Pick<Address, 'country' | 'region' | 'postal_code'>;

export function api_of({ publishable_key, currency, api }: Config): Api {
  const request = requester(api);
  const as_shop = <T>(asked: Omit<Request, 'key'>) => request<T>({ ...asked, key: publishable_key });
  const as_buyer = <T>({ token }: Access, asked: Omit<Request, 'key'>) => request<T>({ ...asked, key: token });
  return {
    currency,
    products: async () => {
      const { data } = await as_shop<{ data: readonly Product[] }>({ method: 'GET', path: `/products?limit=${products_per_page}` });
      return data.filter(({ active }) => active);
    },
    product: sku => as_shop({ method: 'GET', path: `/products/${encodeURIComponent(sku)}` }),
    quote: ({ lines, address, code }) =>
      as_shop({
        method: 'POST',
        path: '/quotes',
        body: { currency, lines, shipping_address: address, ...(code === '' ? {} : { discount_codes: [code] }) },
      }),
    place: asked => as_shop({ method: 'POST', path: '/orders', body: asked, wait_s: placing_wait_s }),
    pay: (access, payment) =>
      as_buyer(access, { method: 'POST', path: `/orders/${access.id}/payments`, body: payment, wait_s: placing_wait_s }),
    cancel: (access, reason) => as_buyer(access, { method: 'POST', path: `/orders/${access.id}/cancel`, body: { reason } }),
    timeline: access => as_buyer(access, { method: 'GET', path: `/orders/${access.id}/timeline` }),
    follow: (access, heard, signal) => follow_stream({ url: `${api}/orders/${access.id}/stream`, token: access.token, heard, signal }),
    // Not as the shop: this address asks for no key, its token is one.
    track: (number, token) => request({ method: 'GET', path: `/track?${new URLSearchParams({ number, token })}`, key: undefined }),
  };
}
