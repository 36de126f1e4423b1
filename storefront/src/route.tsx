/** Which page: read from the address, which holds SKUs and order ids and never more. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const base = '/shop/';
const moved = new EventTarget();

/** `['products', 'TEA-ASSAM']` of /shop/products/TEA-ASSAM. */
function parts_here(): readonly string[] {
  return location.pathname.slice(base.length).split('/').filter(Boolean).map(decoded);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function useRoute(): readonly string[] {
  const [parts, set_parts] = useState(parts_here);
  useEffect(() => {
    const changed = () => set_parts(parts_here());
    moved.addEventListener('moved', changed);
    addEventListener('popstate', changed);
    // A page that leads on at once did so before anybody listened.
    changed();
    return () => {
      moved.removeEventListener('moved', changed);
      removeEventListener('popstate', changed);
    };
  }, []);
  return parts;
}

/** `path` below /shop/. */
export function go_to(path: string, how: 'push' | 'replace' = 'push'): void {
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', base + path);
  if (how === 'push') scrollTo(0, 0);
  moved.dispatchEvent(new Event('moved'));
}

/** A link like any other: opened in a new tab, it is loaded like any other. */
export function Link({ to, children, class: class_name }: { to: string; children: ComponentChildren; class?: string }) {
  const open = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    go_to(to);
  };
  return (
    <a class={class_name} href={base + to} onClick={open}>
      {children}
    </a>
  );
}

/** Where a payment's page leads back to. */
export function return_url(): string {
  return `${location.origin}${base}orders/latest`;
}
