/** From the cart to a placed order: an address, a shipping option of the quote, a way to pay, and the total that was shown. */
import { useEffect, useState } from 'preact/hooks';
import type { Api } from '../api.ts';
import type { Order, OrderAsked, Quote } from '../api_types.ts';
import { empty_cart, set_quantity } from '../cart.ts';
import { money } from '../format.ts';
import { keep_order, remember_last } from '../kept_orders.ts';
import { type Loaded, problem_in } from '../loaded.ts';
import { AddressForm, address_of, nobody, type Recipient, somebody } from '../parts/address_form.tsx';
import { first_way, PaymentChoices, type Way } from '../parts/payment_choices.tsx';
import { ShippingChoices } from '../parts/shipping_choices.tsx';
import { Heading, Notice, Trouble, Waiting } from '../parts/small.tsx';
import { Summary } from '../parts/summary.tsx';
import { option_of, total_of, useQuote } from '../quote.ts';
import { go_to, Link, return_url } from '../route.tsx';
import type { Problem } from '../transport.ts';
import { EmptyCart } from './cart.tsx';

/** While somebody types a postcode nobody asks for its prices. */
const typing_pause_ms = 400;

/** What came of pressing the button, when that was not an order. */
type Outcome =
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** Another total than the one shown: to be looked at and asked for again. */
  | { readonly kind: 'changed'; readonly before: number }
  | { readonly kind: 'short'; readonly order: Order };

export function CheckoutPage({ api }: { api: Api }) {
  const [recipient, set_recipient] = useState<Recipient>(nobody);
  const [service, set_service] = useState<string>();
  const [way, set_way] = useState<Way>(first_way);
  const [asked_again, set_asked_again] = useState(0);
  const [placing, set_placing] = useState(false);
  const [outcome, set_outcome] = useState<Outcome>();
  const { lines, quote } = useQuote(api, useSettled(recipient), asked_again);
  if (lines.length === 0 && !placing) return <EmptyCart />;

  const place = async (event: Event) => {
    event.preventDefault();
    if (quote.state !== 'ready' || placing) return;
    set_placing(true);
    set_outcome(undefined);
    const asked = order_of(quote.value, recipient, { service, way });
    try {
      set_outcome(await place_order(api, asked));
    } catch (error) {
      const problem = problem_in(error);
      // The offer ended, or its total is another: a new one is asked for and shown, and nothing is ordered at a price nobody saw.
      if (problem.code === 'quote_invalid' || problem.code === 'price_changed') {
        set_outcome({ kind: 'changed', before: asked.expected_total });
        set_asked_again(asked_again + 1);
      } else set_outcome({ kind: 'refused', problem });
    }
    set_placing(false);
  };
  return (
    <>
      <p class="back">
        <Link to="cart">← Cart</Link>
      </p>
      <Heading title="Checkout">Checkout</Heading>
      <form class="two-columns" onSubmit={place}>
        <div class="stack">
          <section class="card">
            <h2>Where does it go?</h2>
            <p class="hint">
              Only looking?{' '}
              <button type="button" class="link-button" onClick={() => set_recipient(somebody)}>
                Fill in an example
              </button>
            </p>
            <AddressForm recipient={recipient} change={set_recipient} />
          </section>
          <section class="card">
            <ShippingChoices quote={quote} service={service} choose={set_service} />
          </section>
          <section class="card">
            <PaymentChoices chosen={way} choose={set_way} />
          </section>
        </div>
        <aside class="card sticky" aria-label="Summary">
          <OrderSummary quote={quote} service={service} />
          {outcome !== undefined && <Told outcome={outcome} quote={quote} service={service} />}
          <PlaceButton quote={quote} service={service} placing={placing} />
        </aside>
      </form>
    </>
  );
}

/** Undefined when the order is placed and its page is open. */
async function place_order(api: Api, asked: OrderAsked): Promise<Outcome | undefined> {
  const order = await api.place(asked);
  if (order.status === 'rejected') return { kind: 'short', order };
  keep_order(order);
  remember_last(order.id);
  empty_cart();
  go_to(`orders/${order.id}`);
  return undefined;
}

function order_of(quote: Quote, recipient: Recipient, { service, way }: { service: string | undefined; way: Way }): OrderAsked {
  const option = option_of(quote, service);
  const address = address_of(recipient);
  return {
    quote_id: quote.id,
    currency: quote.currency,
    customer: { email: recipient.email.trim(), name: address.name },
    shipping_address: address,
    ...(option === undefined ? {} : { shipping: { service: option.service } }),
    expected_total: total_of(quote, option),
    payment: { ...way.payment, return_url: return_url() },
  };
}

/** The place, once typing has paused. */
function useSettled({ country, region, postal_code }: Recipient) {
  const region_code = region === null || region.length < 2 ? null : region.toUpperCase();
  const [settled, settle] = useState({ country, region: region_code, postal_code });
  useEffect(() => {
    const timer = setTimeout(() => settle({ country, region: region_code, postal_code }), typing_pause_ms);
    return () => clearTimeout(timer);
  }, [country, region_code, postal_code]);
  return settled;
}

function OrderSummary({ quote, service }: { quote: Loaded<Quote>; service: string | undefined }) {
  if (quote.state === 'loading') return <Waiting what="Adding up …" />;
  if (quote.state === 'failed') return <Trouble problem={quote.problem} again={quote.again} />;
  const { value } = quote;
  const option = option_of(value, service);
  return (
    <>
      <ul class="brief">
        {value.lines.map(line => (
          <li key={line.sku}>
            <span>
              {line.quantity} × {line.name}
            </span>
            <span>{money(line.total, value.currency)}</span>
          </li>
        ))}
      </ul>
      <Summary sums={{ ...value, shipping_total: option?.total ?? 0, total: total_of(value, option), code: value.discount_codes[0] }} />
    </>
  );
}

function PlaceButton({ quote, service, placing }: { quote: Loaded<Quote>; service: string | undefined; placing: boolean }) {
  const total = quote.state === 'ready' ? money(total_of(quote.value, option_of(quote.value, service)), quote.value.currency) : '';
  return (
    <>
      <button type="submit" class="button wide-button" disabled={quote.state !== 'ready' || placing}>
        {placing ? 'Ordering …' : `Order and pay ${total}`}
      </button>
      <p class="hint">Your goods are kept for you while you pay. You are charged when the parcel leaves.</p>
    </>
  );
}

function Told({ outcome, quote, service }: { outcome: Outcome; quote: Loaded<Quote>; service: string | undefined }) {
  switch (outcome.kind) {
    case 'refused':
      return <Trouble problem={outcome.problem} />;
    case 'changed':
      return quote.state === 'ready' ? <Changed before={outcome.before} quote={quote.value} service={service} /> : null;
    case 'short':
      return <Short order={outcome.order} />;
  }
}

function Changed({ before, quote, service }: { before: number; quote: Quote; service: string | undefined }) {
  const total = total_of(quote, option_of(quote, service));
  if (total === before)
    return (
      <Notice tone="warn" title="The offer had run out">
        <p>We made you a new one. The total is the same: order again.</p>
      </Notice>
    );
  return (
    <Notice tone="warn" title="The price has changed">
      <p>
        The total was {money(before, quote.currency)} and is now <strong>{money(total, quote.currency)}</strong>. Nothing is ordered yet: if
        it suits you, order again.
      </p>
    </Notice>
  );
}

/** All lines or none are kept for an order: what is missing is named, and one press takes what there is. */
function Short({ order }: { order: Order }) {
  const short = order.rejection?.short_lines ?? [];
  const name_of = (sku: string) => order.lines.find(line => line.sku === sku)?.name ?? sku;
  const take_what_there_is = () => {
    for (const { sku, available } of short) set_quantity(sku, available);
  };
  return (
    <Notice tone="bad" title="We do not have enough">
      <ul>
        {short.map(({ sku, wanted, available }) => (
          <li key={sku}>
            {name_of(sku)}: {available > 0 ? `${available} left, you wanted ${wanted}` : 'sold out'}
          </li>
        ))}
      </ul>
      <p>Nothing was ordered or charged.</p>
      <button type="button" class="button quiet" onClick={take_what_there_is}>
        Take what there is
      </button>
    </Notice>
  );
}
