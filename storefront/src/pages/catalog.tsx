/** Everything that is sold. */
import { useState } from 'preact/hooks';
import type { Api } from '../api.ts';
import type { Product } from '../api_types.ts';
import { aisles_of, everything, in_aisle, price_of, products_of } from '../catalog.ts';
import { money } from '../format.ts';
import { useLoaded } from '../loaded.ts';
import { Picture } from '../parts/picture.tsx';
import { Heading, Notice, Trouble, Waiting } from '../parts/small.tsx';
import { Link } from '../route.tsx';

export function CatalogPage({ api }: { api: Api }) {
  const products = useLoaded(() => products_of(api), [api]);
  return (
    <>
      <section class="hero">
        <Heading title="Shop">Good leaves, plain cups.</Heading>
        <p>Tea, coffee and the few things they need. Packed the day you order, followed to your door.</p>
      </section>
      {products.state === 'loading' && <Waiting what="Opening the shop …" />}
      {products.state === 'failed' && <Trouble problem={products.problem} again={products.again} />}
      {products.state === 'ready' && <Aisles products={products.value} currency={api.currency} />}
    </>
  );
}

function Aisles({ products, currency }: { products: readonly Product[]; currency: string }) {
  const [aisle, set_aisle] = useState(everything);
  if (products.length === 0)
    return (
      <Notice tone="plain" title="The shelves are empty">
        <p>
          Products that are put with <code>PUT /v1/products</code> appear here.
        </p>
      </Notice>
    );
  return (
    <>
      <fieldset class="aisles">
        <legend class="unseen">Aisle</legend>
        {aisles_of(products).map(name => (
          <button key={name} type="button" aria-pressed={name === aisle} onClick={() => set_aisle(name)}>
            {name}
          </button>
        ))}
      </fieldset>
      <ProductGrid products={in_aisle(products, aisle)} currency={currency} />
    </>
  );
}

export function ProductGrid({ products, currency }: { products: readonly Product[]; currency: string }) {
  return (
    <ul class="grid">
      {products.map(product => (
        <li key={product.sku}>
          <Link to={`products/${encodeURIComponent(product.sku)}`} class="tile">
            <Picture sku={product.sku} name={product.name} />
            <span class="tile-name">{product.name}</span>
            <Price product={product} currency={currency} />
          </Link>
        </li>
      ))}
    </ul>
  );
}

export function Price({ product, currency }: { product: Product; currency: string }) {
  const price = price_of(product, currency);
  return <span class="price">{price === undefined ? `no price in ${currency}` : money(price, currency)}</span>;
}
