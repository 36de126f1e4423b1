/** What the order waits for, said first: the shopper's bank, another card, or nothing but patience. */
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Access, Api } from '../api.ts';
import type { Order } from '../api_types.ts';
import { set_quantity } from '../cart.ts';
import { countdown, money } from '../format.ts';
import { remember_last } from '../kept_orders.ts';
import { problem_in } from '../loaded.ts';
import { go_to, return_url } from '../route.tsx';
import type { Problem } from '../transport.ts';
import { first_way, PaymentChoices, type Way } from './payment_choices.tsx';
import { Notice, Trouble } from './small.tsx';

interface Given {
  readonly api: Api;
  readonly order: Order;
  readonly access: Access;
  readonly changed: (order: Order) => void;
}

export function ToDo(given: Given) {
  const { order } = given;
  switch (order.status) {
    case 'placed':
      return (
        <Notice tone="plain" title="We are putting your goods aside">
          <p>This takes a moment.</p>
        </Notice>
      );
    case 'awaiting_payment':
      return <Unpaid {...given} />;
    case 'confirmed':
    case 'in_fulfillment':
      return <OnTheWay order={order} />;
    case 'completed':
      return (
        <Notice tone="good" title="It is with you">
          <p>Thank you, and enjoy it.</p>
        </Notice>
      );
    case 'rejected':
      return (
        <Notice tone="bad" title="We do not have enough of it">
          <p>Nothing was charged. Order again with less, or something else.</p>
        </Notice>
      );
    case 'expired':
      return (
        <Notice tone="warn" title="The time to pay is over">
          <p>Your goods are back on the shelf, and nothing was charged. Order again if you still want them.</p>
          <OrderAgain order={order} />
        </Notice>
      );
    case 'cancelling':
      return (
        <Notice tone="plain" title="We are cancelling it">
          <p>If the parcel has just left, it comes to you after all, and you hear so here.</p>
        </Notice>
      );
    case 'cancelled':
      return (
        <Notice tone="plain" title="Cancelled">
          <p>{order.refunded_total > 0 ? `${money(order.refunded_total, order.currency)} went back to you.` : 'Nothing was charged.'}</p>
        </Notice>
      );
  }
}

/** What was ordered is in the cart again, beside whatever came into it since, at the prices of now. */
function OrderAgain({ order }: { order: Order }) {
  const put_back = () => {
    for (const { sku, quantity } of order.lines) set_quantity(sku, quantity);
    go_to('cart');
  };
  return (
    <p>
      <button type="button" class="button" onClick={put_back}>
        Put it into the cart again
      </button>
    </p>
  );
}

function OnTheWay({ order }: { order: Order }) {
  const waiting = order.lines.filter(line => line.quantity_backordered > 0);
  const waits = waiting.length > 0;
  const sent = order.lines.some(line => line.quantity_shipped > 0);
  if (sent && !waits)
    return (
      <Notice tone="good" title="Your parcel is on its way">
        <p>You need not do anything: this page follows it.</p>
      </Notice>
    );
  return (
    <Notice tone="good" title="Paid: it is yours">
      <p>
        {waits ? `${waiting.length === order.lines.length ? 'It' : 'Some of it'} is on order for you.` : 'We pack it now.'} You are charged
        when it leaves.
      </p>
    </Notice>
  );
}

function Unpaid(given: Given) {
  const { order } = given;
  const action = order.payments.at(-1)?.action;
  if (order.payment_status === 'action_required' && action?.type === 'redirect') return <ToTheBank order={order} url={action.url} />;
  if (order.payment_status === 'declined' || order.payment_status === 'none') return <PayAgain {...given} />;
  return (
    <Notice tone="plain" title="Your payment is under way">
      <p>Its outcome appears here by itself; a bank may take a while.</p>
      <Remaining until={order.expires_at} />
    </Notice>
  );
}

/** A page of the bank's own, in the bank's own address: never in a frame of ours. */
function ToTheBank({ order, url }: { order: Order; url: string }) {
  return (
    <Notice tone="warn" title="Your bank asks who you are">
      <p>Go to its page and answer. It leads you back here.</p>
      <p>
        <a class="button" href={url} onClick={() => remember_last(order.id)}>
          Go to your bank
        </a>
      </p>
      <Remaining until={order.expires_at} />
    </Notice>
  );
}

function PayAgain({ api, order, access, changed }: Given) {
  const [way, set_way] = useState<Way>(first_way);
  const [busy, set_busy] = useState(false);
  const [problem, set_problem] = useState<Problem>();
  const pay = async (event: Event) => {
    event.preventDefault();
    set_busy(true);
    set_problem(undefined);
    try {
      changed(await api.pay(access, { ...way.payment, return_url: return_url() }));
    } catch (error) {
      set_problem(problem_in(error));
    }
    set_busy(false);
  };
  const declined = order.payment_status === 'declined';
  return (
    <form class="stack" onSubmit={pay}>
      <Notice tone="warn" title={declined ? 'The payment was declined' : 'Not paid yet'}>
        <p>{declined ? 'Nothing was charged, and your goods are still kept for you. Pay another way.' : 'Your goods are kept for you.'}</p>
        <Remaining until={order.expires_at} />
      </Notice>
      <section class="card">
        <PaymentChoices chosen={way} choose={set_way} />
        {problem !== undefined && <Trouble problem={problem} />}
        <button type="submit" class="button" disabled={busy}>
          {busy ? 'Paying …' : `Pay ${money(order.total, order.currency)}`}
        </button>
      </section>
    </form>
  );
}

const tick_ms = 1_000;

/** How long the goods are kept. Not read aloud every second: `title` and text say it once. */
function Remaining({ until }: { until: string | null }): ComponentChildren {
  const [now, set_now] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => set_now(Date.now()), tick_ms);
    return () => clearInterval(timer);
  }, []);
  if (until === null) return null;
  const left_ms = Date.parse(until) - now;
  return (
    <p class="remaining">
      {left_ms > 0 ? (
        <>
          Your goods are kept for another{' '}
          <time class="count" aria-live="off">
            {countdown(left_ms)}
          </time>
        </>
      ) : (
        'The time is up; this page tells you what comes of it.'
      )}
    </p>
  );
}
