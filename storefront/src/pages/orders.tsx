/** The orders of this browser. */
import { moment } from '../format.ts';
import { useKept } from '../kept.ts';
import { kept_orders } from '../kept_orders.ts';
import { Heading } from '../parts/small.tsx';
import { Link } from '../route.tsx';

export function OrdersPage() {
  const orders = useKept(kept_orders);
  if (orders.length === 0)
    return (
      <section class="narrow">
        <Heading title="Orders">No orders yet</Heading>
        <p>Orders you place in this browser appear here. For one that you placed elsewhere you need its number and tracking code.</p>
        <p class="row">
          <Link to="" class="button">
            Look around
          </Link>
          <Link to="track" class="button quiet">
            Track a parcel
          </Link>
        </p>
      </section>
    );
  return (
    <section class="narrow">
      <Heading title="Orders">Your orders</Heading>
      <ul class="order-list">
        {orders.map(({ id, number, placed_at }) => (
          <li key={id}>
            <Link to={`orders/${id}`} class="card">
              <strong>Order {number}</strong>
              <span class="soft">{moment(placed_at)}</span>
            </Link>
          </li>
        ))}
      </ul>
      <p class="hint">Kept in this browser only.</p>
    </section>
  );
}
