/** The shop's page: its key and currency first, then whatever the address says. */
import { render } from 'preact';
import { type Api, api_of } from './api.ts';
import type { Config } from './api_types.ts';
import { CartPage } from './pages/cart.tsx';
import { CatalogPage } from './pages/catalog.tsx';
import { CheckoutPage } from './pages/checkout.tsx';
import { LatestOrder, OrderPage } from './pages/order.tsx';
import { OrdersPage } from './pages/orders.tsx';
import { ProductPage } from './pages/product.tsx';
import { TrackPage } from './pages/track.tsx';
import { Frame } from './parts/frame.tsx';
import { Heading, Notice } from './parts/small.tsx';
import { Link, useRoute } from './route.tsx';
import { recall_theme } from './theme.ts';
import './style/tokens.css';
import './style/shop.css';
import './style/pages.css';

function Shop({ api }: { api: Api }) {
  const [page, id, ...rest] = useRoute();
  return <Frame>{rest.length > 0 ? <Nowhere /> : page_of(api, page, id)}</Frame>;
}

function page_of(api: Api, page: string | undefined, id: string | undefined) {
  if (page === 'products' && id !== undefined) return <ProductPage key={id} api={api} sku={id} />;
  if (page === 'orders' && id === 'latest') return <LatestOrder />;
  if (page === 'orders' && id !== undefined) return <OrderPage key={id} api={api} id={id} />;
  if (id !== undefined) return <Nowhere />;
  switch (page) {
    case undefined:
      return <CatalogPage api={api} />;
    case 'cart':
      return <CartPage api={api} />;
    case 'checkout':
      return <CheckoutPage api={api} />;
    case 'orders':
      return <OrdersPage />;
    case 'track':
      return <TrackPage api={api} />;
    default:
      return <Nowhere />;
  }
}

function Nowhere() {
  return (
    <section class="narrow">
      <Heading title="Not found">There is no such page</Heading>
      <p>
        <Link to="">Back to the shop</Link>
      </p>
    </section>
  );
}

/** In sandbox mode the server tells the demo shop its key. In earnest a shop has its own in its build: a publishable key is no secret. */
async function read_config(): Promise<Config | undefined> {
  const response = await fetch('/shop/config.json').catch(() => undefined);
  return response?.ok ? ((await response.json()) as Config) : undefined;
}

async function start(place: Element): Promise<void> {
  recall_theme();
  const config = await read_config();
  if (config !== undefined) return render(<Shop api={api_of(config)} />, place);
  render(
    <Frame>
      <section class="narrow">
        <Heading title="No key">The shop has no key yet</Heading>
        <Notice tone="warn" title="What to do">
          <p>
            The demo shop is open in sandbox mode. If this folder was started before there was a shop, set{' '}
            <code>CARTWRIGHT_PUBLISHABLE_KEY</code> to any text that begins with <code>pk_</code> and has 16 letters or more, start again,
            and load this page again.
          </p>
        </Notice>
      </section>
    </Frame>,
    place,
  );
}

const place = document.getElementById('shop');
if (place === null) throw new Error('index.html has no place for the shop');
void start(place);
