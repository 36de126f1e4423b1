/** An id of something, as a link where the console has a page for it. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';

const places: readonly (readonly [RegExp, (id: string) => string])[] = [
  [/^ord_\w+$/, id => `/orders/${id}`],
  [/^pay_\w+$/, id => `/payments/${id}`],
  [/^shp_\w+$/, id => `/shipments/${id}`],
  [/^po_\w+$/, id => `/purchasing/${id}`],
];

export function Subject({ id }: { readonly id: string }): ReactNode {
  const place = places.find(([pattern]) => pattern.test(id))?.[1](id);
  if (place === undefined)
    return (
      <span className="mono subject" title={id}>
        {id}
      </span>
    );
  return (
    <Link href={place} className="mono subject" title={id}>
      {id}
    </Link>
  );
}
