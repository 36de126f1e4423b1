/** Where somebody else's order is, by its number and code: no names, no address but the city. */
import { useState } from 'preact/hooks';
import type { Api } from '../api.ts';
import type { Tracked } from '../api_types.ts';
import { day, moment } from '../format.ts';
import { problem_in } from '../loaded.ts';
import { Parcels } from '../parts/parcels.tsx';
import { Heading, Trouble, Waiting } from '../parts/small.tsx';
import { Steps } from '../parts/steps.tsx';
import type { Problem } from '../transport.ts';

type Found =
  | { readonly state: 'asking' }
  | { readonly state: 'no'; readonly problem: Problem }
  | { readonly state: 'yes'; readonly order: Tracked };

export function TrackPage({ api }: { api: Api }) {
  const [number, set_number] = useState('');
  const [code, set_code] = useState('');
  const [found, set_found] = useState<Found>();
  const look = async (event: Event) => {
    event.preventDefault();
    set_found({ state: 'asking' });
    try {
      set_found({ state: 'yes', order: await api.track(number.trim(), code.trim()) });
    } catch (error) {
      set_found({ state: 'no', problem: problem_in(error) });
    }
  };
  return (
    <section class="narrow">
      <Heading title="Track">Where is my parcel?</Heading>
      <form class="card fields" onSubmit={look}>
        <label class="field">
          <span>Order number</span>
          <input
            name="number"
            inputMode="numeric"
            pattern="[0-9]+"
            autocomplete="off"
            required
            value={number}
            onInput={event => set_number(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>Tracking code</span>
          <input
            name="code"
            autocomplete="off"
            spellcheck={false}
            required
            value={code}
            onInput={event => set_code(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button" disabled={found?.state === 'asking'}>
          Look
        </button>
        <p class="hint">Both stand on the page of the order, under “For somebody else”.</p>
      </form>
      {found?.state === 'asking' && <Waiting what="Looking …" />}
      {found?.state === 'no' && <Trouble problem={found.problem} />}
      {found?.state === 'yes' && <TrackedOrder order={found.order} />}
    </section>
  );
}

function TrackedOrder({ order }: { order: Tracked }) {
  return (
    <section class="card" aria-label={`Order ${order.number}`}>
      <h2>Order {order.number}</h2>
      <p class="soft">
        Placed {moment(order.placed_at)}
        {order.shipping_city !== null && `, going to ${order.shipping_city}`}
      </p>
      <Steps order={order} />
      <ul class="brief">
        {order.lines.map((line, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: an order's lines never move.
          <li key={index}>
            <span>
              {line.quantity} × {line.name}
            </span>
            {line.promise_date !== null && line.quantity_delivered < line.quantity && <span class="soft">by {day(line.promise_date)}</span>}
          </li>
        ))}
      </ul>
      <Parcels shipments={order.shipments} />
    </section>
  );
}
