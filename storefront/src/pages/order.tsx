/** One order, live: what is to be done now, how far it is, its parcels, and what happens behind the counter. */
import { useEffect, useState } from 'preact/hooks';
import type { Access, Api } from '../api.ts';
import type { Order, OrderLine } from '../api_types.ts';
import { country_name, day, moment, money } from '../format.ts';
import { useKept } from '../kept.ts';
import { type KeptOrder, kept_orders, last_order } from '../kept_orders.ts';
import { problem_in } from '../loaded.ts';
import { Backstage } from '../parts/backstage.tsx';
import { Parcels } from '../parts/parcels.tsx';
import { Picture } from '../parts/picture.tsx';
import { Heading, Trouble, Waiting } from '../parts/small.tsx';
import { Steps } from '../parts/steps.tsx';
import { Summary } from '../parts/summary.tsx';
import { ToDo } from '../parts/to_do.tsx';
import { go_to, Link } from '../route.tsx';
import type { Problem } from '../transport.ts';

/** Back from the bank's page, which adds what it likes to the address: it is taken out again. */
export function LatestOrder() {
  useEffect(() => {
    const id = last_order();
    go_to(id === undefined ? 'orders' : `orders/${id}`, 'replace');
  }, []);
  return <Waiting what="Opening your order …" />;
}

export function OrderPage({ api, id }: { api: Api; id: string }) {
  const known = useKept(kept_orders).find(order => order.id === id);
  if (known === undefined)
    return (
      <section class="narrow">
        <Heading title="Order">This order was not placed here</Heading>
        <p>Only the browser in which an order was placed may open it. Where its parcel is can be seen by its number and tracking code.</p>
        <p>
          <Link to="track" class="button">
            Track a parcel
          </Link>
        </p>
      </section>
    );
  return <KeptOrderPage api={api} known={known} />;
}

function KeptOrderPage({ api, known }: { api: Api; known: KeptOrder }) {
  const { id, order_token: token } = known;
  const [order, set_order] = useState<Order>();
  const [gone, set_gone] = useState(false);
  useEffect(() => {
    const over = new AbortController();
    // The stream's first event is the order as it is: no other request is needed. It ends by itself only when the token opens nothing.
    void api.follow({ id, token }, set_order, over.signal).then(() => set_gone(!over.signal.aborted));
    return () => over.abort();
  }, [api, id, token]);
  if (gone)
    return (
      <section class="narrow">
        <Heading title="Order">This order is not here any more</Heading>
        <p>The shop was started anew, or the order belongs to another one.</p>
        <p>
          <Link to="orders">Your orders</Link>
        </p>
      </section>
    );
  return (
    <>
      <p class="back">
        <Link to="orders">← Your orders</Link>
      </p>
      <Heading title={`Order ${known.number}`}>Order {known.number}</Heading>
      <p class="soft">Placed {moment(known.placed_at)}</p>
      {order === undefined ? (
        <Waiting what="Fetching your order …" />
      ) : (
        <Details api={api} order={order} known={known} changed={set_order} />
      )}
    </>
  );
}

function Details({ api, order, known, changed }: { api: Api; order: Order; known: KeptOrder; changed: (order: Order) => void }) {
  const access = { id: order.id, token: known.order_token };
  const address = order.shipping_address;
  return (
    <div class="two-columns">
      <div class="stack">
        <ToDo api={api} order={order} access={access} changed={changed} />
        <section class="card">
          <h2>How far it is</h2>
          <Steps order={order} />
          <Parcels shipments={order.shipments} />
        </section>
        <section class="card">
          <h2>What you ordered</h2>
          <ul class="lines">
            {order.lines.map(line => (
              <Line key={line.id} line={line} order={order} />
            ))}
          </ul>
        </section>
        <Backstage api={api} access={access} version={order.version} />
      </div>
      <aside class="stack">
        <section class="card" aria-label="Summary">
          <Summary sums={order} />
        </section>
        {address !== null && (
          <section class="card">
            <h2>Goes to</h2>
            <address>
              {[
                address.name,
                address.line1,
                address.line2,
                `${address.postal_code} ${address.city}`,
                address.region,
                country_name(address.country),
              ]
                .filter(text => text !== null && text.trim() !== '')
                .map(text => (
                  <span key={text}>{text}</span>
                ))}
            </address>
          </section>
        )}
        <ForOthers known={known} />
        <Cancel api={api} order={order} access={access} changed={changed} />
      </aside>
    </div>
  );
}

function Line({ line, order }: { line: OrderLine; order: Order }) {
  const { sku, name, quantity, total } = line;
  return (
    <li class="line plain">
      <Picture sku={sku} name={name} />
      <div class="line-name">
        <span>
          {quantity} × {name}
        </span>
        <small>{where_it_is(line, order)}</small>
      </div>
      <span class="line-total">{money(total, order.currency)}</span>
    </li>
  );
}

const closed = ['cancelled', 'rejected', 'expired'];

function where_it_is(line: OrderLine, { status }: Order): string {
  const { quantity, quantity_backordered, quantity_delivered, quantity_shipped, quantity_cancelled, promise_date } = line;
  if (closed.includes(status) || quantity_cancelled === quantity) return 'Not sent';
  if (quantity_delivered === quantity) return 'Delivered';
  const by = promise_date === null ? '' : `, with you by ${day(promise_date)}`;
  if (quantity_backordered > 0) {
    const some = quantity_backordered === quantity ? 'On order for you' : `${quantity_backordered} on order for you`;
    return promise_date === null ? `${some}; we tell you the day when our supplier does` : `${some}${by}`;
  }
  return quantity_shipped > 0 ? `On its way${by}` : by === '' ? '' : `Expected by ${day(promise_date ?? '')}`;
}

function ForOthers({ known }: { known: KeptOrder }) {
  return (
    <details class="card">
      <summary>For somebody else</summary>
      <p>Whoever has these two can see where the parcel is, and nothing about you.</p>
      <dl class="pairs">
        <dt>Order number</dt>
        <dd>{known.number}</dd>
        <dt>Tracking code</dt>
        <dd>
          <code>{known.track_token}</code>
        </dd>
      </dl>
    </details>
  );
}

const cancellable = ['placed', 'awaiting_payment', 'confirmed', 'in_fulfillment'];

/** As long as something is still here. A dispatch may win the race: then the order says so by itself. */
function Cancel({ api, order, access, changed }: { api: Api; order: Order; access: Access; changed: (order: Order) => void }) {
  const [state, set_state] = useState<{ busy: boolean; sure: boolean; problem?: Problem }>({ busy: false, sure: false });
  const something_is_here = order.lines.some(line => line.quantity_shipped + line.quantity_cancelled < line.quantity);
  if (!cancellable.includes(order.status) || !something_is_here) return null;
  const cancel = async () => {
    set_state({ busy: true, sure: true });
    try {
      changed(await api.cancel(access, 'The shopper changed their mind.'));
    } catch (error) {
      set_state({ busy: false, sure: false, problem: problem_in(error) });
    }
  };
  return (
    <section class="card">
      <h2>Changed your mind?</h2>
      {state.problem !== undefined && <Trouble problem={state.problem} />}
      {state.sure ? (
        <p class="row">
          <button type="button" class="button danger" disabled={state.busy} onClick={cancel}>
            {state.busy ? 'Cancelling …' : 'Yes, cancel it'}
          </button>
          <button type="button" class="button quiet" disabled={state.busy} onClick={() => set_state({ busy: false, sure: false })}>
            Keep it
          </button>
        </p>
      ) : (
        <button type="button" class="button quiet" onClick={() => set_state({ busy: false, sure: true })}>
          Cancel the order
        </button>
      )}
    </section>
  );
}
