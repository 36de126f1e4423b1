/** The cart, at the prices of this moment. */
import { useState } from 'preact/hooks';
import type { Api } from '../api.ts';
import type { Quote } from '../api_types.ts';
import { type CartLine, discount_code, set_quantity } from '../cart.ts';
import { products_of } from '../catalog.ts';
import { money } from '../format.ts';
import { type Loaded, useLoaded } from '../loaded.ts';
import { Picture } from '../parts/picture.tsx';
import { Heading, Quantity, Trouble, Waiting } from '../parts/small.tsx';
import { Summary } from '../parts/summary.tsx';
import { useQuote } from '../quote.ts';
import { Link } from '../route.tsx';

/** Prices without an address: what depends on it is said at checkout. */
const anywhere = { country: 'GB', region: null, postal_code: '' };

export function CartPage({ api }: { api: Api }) {
  const { lines, code, quote } = useQuote(api, anywhere);
  const names = useNames(api);
  if (lines.length === 0) return <EmptyCart />;
  return (
    <>
      <Heading title="Cart">Your cart</Heading>
      <div class="two-columns">
        <ul class="lines">
          {lines.map(line => (
            <Line key={line.sku} line={line} name={names.get(line.sku) ?? line.sku} quote={quote} />
          ))}
        </ul>
        <aside class="card" aria-label="Summary">
          <Code key={code} code={code} />
          <Totals quote={quote} />
        </aside>
      </div>
    </>
  );
}

export function EmptyCart() {
  return (
    <section class="narrow">
      <Heading title="Cart">Your cart is empty</Heading>
      <p>
        <Link to="" class="button">
          Look around
        </Link>
      </p>
    </section>
  );
}

function useNames(api: Api): ReadonlyMap<string, string> {
  const products = useLoaded(() => products_of(api), [api]);
  return new Map(products.state === 'ready' ? products.value.map(({ sku, name }) => [sku, name]) : []);
}

function Line({ line, name, quote }: { line: CartLine; name: string; quote: Loaded<Quote> }) {
  const { sku, quantity } = line;
  const quoted = quote.state === 'ready' ? quote.value.lines.find(known => known.sku === sku) : undefined;
  return (
    <li class="line">
      <Picture sku={sku} name={name} />
      <div class="line-name">
        <Link to={`products/${encodeURIComponent(sku)}`}>{name}</Link>
        {quote.state === 'ready' && quoted !== undefined && <small>{money(quoted.unit_price, quote.value.currency)} each</small>}
      </div>
      <Quantity value={quantity} least={0} name={name} change={value => set_quantity(sku, value)} />
      <span class="line-total">{quote.state === 'ready' && quoted !== undefined && money(quoted.total, quote.value.currency)}</span>
      <button type="button" class="link-button" aria-label={`Remove ${name}`} onClick={() => set_quantity(sku, 0)}>
        Remove
      </button>
    </li>
  );
}

function Code({ code }: { code: string }) {
  const [typed, type] = useState(code);
  const apply = (event: Event) => {
    event.preventDefault();
    discount_code.write(typed.trim().toUpperCase());
  };
  return (
    <form class="code" onSubmit={apply}>
      <label class="field">
        <span>
          Discount code <small>(try WELCOME10)</small>
        </span>
        <input name="code" autocomplete="off" maxLength={64} value={typed} onInput={event => type(event.currentTarget.value)} />
      </label>
      <button type="submit" class="button quiet">
        {code !== '' && typed.trim() === '' ? 'Remove' : 'Apply'}
      </button>
    </form>
  );
}

function Totals({ quote }: { quote: Loaded<Quote> }) {
  switch (quote.state) {
    case 'loading':
      return <Waiting what="Adding up …" />;
    case 'failed':
      return <Trouble problem={quote.problem} again={quote.again} />;
    case 'ready':
      return (
        <>
          <Summary sums={{ ...quote.value, shipping_total: null, code: quote.value.discount_codes[0] }} />
          <Link to="checkout" class="button wide-button">
            Check out
          </Link>
        </>
      );
  }
}
