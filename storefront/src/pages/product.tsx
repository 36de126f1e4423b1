/** One product. What there is of it is not public: an order says so, all its lines or none. */
import { useState } from 'preact/hooks';
import type { Api } from '../api.ts';
import type { Product } from '../api_types.ts';
import { add_to_cart } from '../cart.ts';
import { price_of, products_of } from '../catalog.ts';
import { units, weight } from '../format.ts';
import { useLoaded } from '../loaded.ts';
import { Picture } from '../parts/picture.tsx';
import { Heading, Notice, Quantity, Trouble, Waiting } from '../parts/small.tsx';
import { Link } from '../route.tsx';
import { Price, ProductGrid } from './catalog.tsx';

const others_shown = 4;

export function ProductPage({ api, sku }: { api: Api; sku: string }) {
  const product = useLoaded(() => api.product(sku), [api, sku]);
  const all = useLoaded(() => products_of(api), [api]);
  return (
    <>
      <p class="back">
        <Link to="">← All products</Link>
      </p>
      {product.state === 'loading' && <Waiting what="Fetching it …" />}
      {product.state === 'failed' && (
        <section class="narrow">
          <Heading title="Not found">{product.problem.code === 'not_found' ? 'We do not sell this' : 'That did not work'}</Heading>
          {product.problem.code === 'not_found' ? (
            <p>
              <Link to="">See what we have</Link>
            </p>
          ) : (
            <Trouble problem={product.problem} again={product.again} />
          )}
        </section>
      )}
      {product.state === 'ready' && <Details product={product.value} currency={api.currency} />}
      {all.state === 'ready' && product.state === 'ready' && (
        <section>
          <h2>Goes well with it</h2>
          <ProductGrid products={others_of(product.value, all.value)} currency={api.currency} />
        </section>
      )}
    </>
  );
}

function Details({ product, currency }: { product: Product; currency: string }) {
  const [quantity, set_quantity] = useState(1);
  const [added, set_added] = useState(0);
  const add = () => {
    add_to_cart(product.sku, quantity);
    set_added(added + quantity);
  };
  const for_sale = product.active && price_of(product, currency) !== undefined;
  return (
    <article class="product">
      <Picture sku={product.sku} name={product.name} />
      <div>
        <Heading title={product.name}>{product.name}</Heading>
        <p class="big-price">
          <Price product={product} currency={currency} />
        </p>
        <ul class="facts">
          <li>{weight(product.weight_grams)}, packed</li>
          <li>Kept for you from the moment you order; charged when it leaves</li>
          <li>If we run short, you are told when it comes before we post it</li>
        </ul>
        {for_sale ? (
          <div class="buy">
            <Quantity value={quantity} least={1} name={product.name} change={set_quantity} />
            <button type="button" class="button" onClick={add}>
              Add to cart
            </button>
          </div>
        ) : (
          <Notice tone="plain" title="Not for sale at the moment" />
        )}
        <p class="added" role="status">
          {added > 0 && (
            <>
              {units(added)} added. <Link to="cart">Go to the cart</Link>
            </>
          )}
        </p>
      </div>
    </article>
  );
}

/** The next few of the catalog, round and round. */
function others_of(product: Product, all: readonly Product[]): readonly Product[] {
  const here = all.findIndex(({ sku }) => sku === product.sku);
  const after = [...all.slice(here + 1), ...all.slice(0, Math.max(0, here))];
  return after.slice(0, others_shown);
}
