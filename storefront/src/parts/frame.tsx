/** What stands around every page. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { cart, units_in } from '../cart.ts';
import { useKept } from '../kept.ts';
import { Link } from '../route.tsx';
import { on_system_theme, other_theme, set_theme, theme } from '../theme.ts';

export function Frame({ children }: { children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <header class="top">
        <div class="wide">
          <Link to="" class="brand">
            <Mark />
            Kettle &amp; Leaf
          </Link>
          <nav aria-label="Shop">
            <Link to="orders">Orders</Link>
            <Link to="track">Track</Link>
            <ThemeButton />
            <CartLink />
          </nav>
        </div>
      </header>
      <main id="content" class="wide">
        {children}
      </main>
      <footer class="bottom">
        <div class="wide">
          <p>
            A demo shop. Nobody is charged, nothing is posted: banks and carriers are stand-ins. Its code, in <code>storefront/</code>, is
            an example of building on the <a href="/docs">Cartwright API</a>.
          </p>
        </div>
      </footer>
    </>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path d="M5 13h16v6a6 6 0 0 1-6 6h-4a6 6 0 0 1-6-6z" />
      <path class="open" d="M21 15h2.500a3 3 0 0 1 0 6H20.500" />
      <path d="M13 11c-3-2.500 1-4.500 0-7c4 2 4 5 0 7z" />
    </svg>
  );
}

function CartLink() {
  const units = units_in(useKept(cart));
  return (
    <Link to="cart" class="cart-link">
      Cart
      <span class="badge">
        {units}
        <span class="unseen"> {units === 1 ? 'item' : 'items'}</span>
      </span>
    </Link>
  );
}

function ThemeButton() {
  const [shown, show] = useState(theme);
  useEffect(() => on_system_theme(() => show(theme())), []);
  const toggle = () => {
    set_theme(other_theme(shown));
    show(other_theme(shown));
  };
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Switch to ${other_theme(shown)}`}
      title={`Switch to ${other_theme(shown)}`}
      onClick={toggle}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">
        {shown === 'dark' ? (
          <path d="M12 7a5 5 0 1 0 0 10a5 5 0 0 0 0-10zM12 1v3M12 20v3M1 12h3M20 12h3M4.200 4.200l2 2M17.800 17.800l2 2M4.200 19.800l2-2M17.800 6.200l2-2" />
        ) : (
          <path d="M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500z" />
        )}
      </svg>
    </button>
  );
}
