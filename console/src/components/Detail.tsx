/** What an exception says, its amounts as money, for a page that knows of its order only the id: asked for when the text does not name its currency. */
import type { ReactNode } from 'react';
import { has_bare_amounts, with_money } from '../details.ts';
import { useGet } from '../queries.ts';

export function Detail({ text, order }: { readonly text: string; readonly order: string }): ReactNode {
  const path = order.startsWith('po_') ? '/v1/purchase-orders' : '/v1/orders';
  const enabled = has_bare_amounts(text) && /^(?:ord|po)_/.test(order);
  const { data } = useGet<{ readonly currency: string }>(`${path}/${order}`, {}, { enabled });
  return with_money(text, enabled ? data?.currency : undefined);
}
