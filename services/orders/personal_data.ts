/** What orders holds of one person, and how it is forgotten (reliability.md 6.7). */
import type { Reply, RouteRequest } from '../../platform/route.ts';
import type { Row } from '../../platform/service.ts';
import { answer, type OrdersDesk } from './answers.ts';
import { type ReadingDesk, read_orders } from './reads.ts';
import { render_order } from './views.ts';

/** `subject`: the customer_ref, or the order of a guest. */
export interface FoundPerson {
  readonly subject: string;
  /** The caller's own id. */
  readonly customer: string | null;
  readonly customer_ref: string | null;
  readonly erased: boolean;
}

const orders_per_read = 200;

/** `ref`: the caller's own id of a customer, else the customer_ref that events carry, else the id of an order without a customer. */
export async function find_person(desk: ReadingDesk, ref: string): Promise<FoundPerson | undefined> {
  const [found] = await desk.query<FoundPerson>(
    'person.find',
    `with named as (select customer_ref as subject, id as customer, customer_ref, 1 as place from orders.customer where id = $1
           union all select customer_ref, id, customer_ref, 2 from orders.customer where customer_ref = $1
           union all select id, null, null, 3 from orders.orders where id = $1 and customer_ref is null
           union all select subject, null, null, 4 from orders.erasure where subject = $1)
     select subject, customer, customer_ref, exists (select 1 from orders.erasure e where e.subject = n.subject) as erased
       from named n order by place limit 1`,
    [ref],
  );
  return found;
}

/** 204; 409 `erasure_deferred` while an order needs the person. Again: 204, and nothing happens. */
export function forget_person(desk: OrdersDesk, { subject, customer }: FoundPerson, request: RouteRequest): Promise<Reply> {
  return answer(desk, { type: 'erase_personal_data', subject, customer }, request, () => ({ status: 204, body: null }));
}

export async function order_ids_of(desk: ReadingDesk, subject: string): Promise<string[]> {
  const rows = await desk.query<{ id: string }>('person.orders', 'select id from orders.orders_of($1) order by id', [subject]);
  return rows.map(row => row.id);
}

/** The order objects as the API shows them, with what it does not show: where the bill goes, and the token of a payment that waits. */
export async function orders_held(desk: ReadingDesk, order_ids: readonly string[]): Promise<Row[]> {
  const held: Row[] = [];
  for (let from = 0; from < order_ids.length; from += orders_per_read) {
    for (const stored of await read_orders(desk, order_ids.slice(from, from + orders_per_read))) {
      const { billing_address = null, method_token = null } = stored.contact ?? {};
      held.push({ ...render_order(stored.order, stored), billing_address, method_token });
    }
  }
  return held;
}
