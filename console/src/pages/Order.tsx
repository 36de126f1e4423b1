/** One order: where it stands, its money and parcels, what happened and why, and what a person may do with it. Followed while it is looked at. */
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link, useParams } from 'wouter';
import { Card, Page } from '../components/Page.tsx';
import { Empty, Loaded } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { Timeline, type TimelineEvent } from '../components/Timeline.tsx';
import { CopyId, KeyValue, Time } from '../components/Value.tsx';
import { count, day, words } from '../format.ts';
import { key_of, type PageOf, useGet } from '../queries.ts';
import { useMay } from '../session.tsx';
import { type StreamState, useStream } from '../stream.ts';
import type { Order as OrderObject, Return } from '../types/orders.ts';
import { OrderActions } from './order/Actions.tsx';
import { Lines } from './order/Lines.tsx';
import { MoneyCard, PaymentsCard, ShipmentsCard } from './order/Money.tsx';

export function Order(): ReactNode {
  const { id = '' } = useParams();
  const query = useGet<OrderObject>(`/v1/orders/${id}`);
  if (query.data === undefined) {
    return (
      <Page title="Order" back={back}>
        <div className="card">
          <Loaded query={query}>{() => null}</Loaded>
        </div>
      </Page>
    );
  }
  return <OrderPage order={query.data} />;
}

const back = { href: '/orders', label: 'Orders' };

function OrderPage({ order }: { readonly order: OrderObject }): ReactNode {
  const stream = useOrderStream(order.id);
  const may = useMay();
  const returns = useGet<PageOf<Return>>('/v1/returns', { order_id: order.id });
  const pills = (
    <>
      <StatusPill value={order.status} />
      <StatusPill value={order.payment_status} label={`Payment: ${words(order.payment_status).toLowerCase()}`} />
      <StatusPill value={order.fulfillment_status} label={words(order.fulfillment_status)} />
      {order.holds.length > 0 && <StatusPill value="held" label="On hold" />}
      {stream === 'away' && <StatusPill value="away" tone="bad" label="Reconnecting" />}
    </>
  );
  return (
    <Page
      title={`Order #${order.number}`}
      beside={pills}
      back={back}
      lead={
        <>
          Placed <Time at={order.placed_at} />
          {order.reference !== null && ` · reference ${order.reference}`}
        </>
      }
      actions={may('orders:write') && <OrderActions order={order} />}
    >
      <div className="stack">
        <Notices order={order} />
        <div className="columns">
          <div className="stack">
            <Lines order={order} />
            <PaymentsCard order={order} />
            <ShipmentsCard order={order} />
            {returns.data !== undefined && returns.data.data.length > 0 && <Returns returns={returns.data.data} />}
            <Story order={order} />
          </div>
          <div className="stack">
            <MoneyCard order={order} />
            <Person order={order} />
            <About order={order} />
            {Object.keys(order.metadata).length > 0 && (
              <Card title="Metadata">
                <KeyValue items={Object.fromEntries(Object.entries(order.metadata).map(([name, value]) => [name, String(value)]))} />
              </Card>
            )}
          </div>
        </div>
      </div>
    </Page>
  );
}

/** Each change comes as the whole order; its story is then asked for anew. A reply still on its way may be of before the change: it is given up. */
function useOrderStream(id: string): StreamState {
  const client = useQueryClient();
  return useStream<OrderObject>(`/v1/orders/${id}/stream`, 'order', async order => {
    const queryKey = key_of(`/v1/orders/${id}`);
    await client.cancelQueries({ queryKey, exact: true });
    client.setQueryData<OrderObject>(queryKey, before => (before !== undefined && before.version > order.version ? before : order));
    void client.invalidateQueries({ queryKey: key_of(`/v1/orders/${id}/timeline`) });
  });
}

function Notices({ order }: { readonly order: OrderObject }): ReactNode {
  return (
    <>
      {order.rejection !== null && (
        <p className="notice bad">
          Rejected: {words(order.rejection.reason).toLowerCase()}
          {order.rejection.short_lines.length > 0 &&
            ` (${order.rejection.short_lines.map(line => line.sku ?? `line ${line.line_no}`).join(', ')})`}
        </p>
      )}
      {order.holds.map(hold => (
        <p key={hold.id} className="notice warn">
          On hold: {hold.reason}
        </p>
      ))}
      {order.status === 'awaiting_payment' && order.expires_at !== null && (
        <p className="notice">
          <span>
            The stock is kept until <Time at={order.expires_at} />, then the order expires unless it is paid.
          </span>
        </p>
      )}
    </>
  );
}

function Person({ order }: { readonly order: OrderObject }): ReactNode {
  const { customer, shipping_address: to } = order;
  const street =
    to === null ? [] : [to.name, to.line1, to.line2, [to.postal_code, to.city].filter(Boolean).join(' '), to.region, to.country];
  return (
    <Card title="Customer">
      <KeyValue
        items={{
          Name: customer?.name,
          'E-mail': customer?.email,
          Phone: customer?.phone ?? to?.phone,
          Id: customer?.id,
          'Ships to':
            to === null ? null : (
              <address className="plain-address">
                {street.filter(Boolean).map(line => (
                  <div key={line}>{line}</div>
                ))}
              </address>
            ),
        }}
      />
      {customer === null && to === null && (
        <p className="quiet">Nobody is named: the order came without a customer, or the person was forgotten.</p>
      )}
    </Card>
  );
}

function About({ order }: { readonly order: OrderObject }): ReactNode {
  return (
    <Card title="About">
      <KeyValue
        items={{
          Id: <CopyId id={order.id} label="order id" />,
          Service: order.shipping.service,
          Carrier: order.shipping.carrier,
          Discount: order.discount_codes.join(', '),
          Confirmed: order.confirmed_at === null ? null : <Time at={order.confirmed_at} />,
          Completed: order.completed_at === null ? null : <Time at={order.completed_at} />,
          Cancelled: order.cancelled_at === null ? null : <Time at={order.cancelled_at} />,
          Replaces:
            order.replaces_order_id === null ? null : <Link href={`/orders/${order.replaces_order_id}`}>{order.replaces_order_id}</Link>,
        }}
      />
    </Card>
  );
}

function Returns({ returns }: { readonly returns: readonly Return[] }): ReactNode {
  return (
    <Card title="Returns">
      <div className="stack">
        {returns.map(one => (
          <div key={one.id}>
            <StatusPill value={one.status} /> <span className="mono small">{one.id}</span>
            <ul className="small">
              {one.lines.map(line => (
                <li key={line.line_id}>
                  {line.quantity} × {line.sku}: {line.reason}
                  {line.received > 0 && ` (${line.received} received${line.condition === null ? '' : `, ${line.condition}`})`}
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </Card>
  );
}

interface StoryOf {
  readonly data: readonly TimelineEvent[];
  /** What was taken out of the logs. */
  readonly archived?: { readonly events: number; readonly since: string };
}

function Story({ order }: { readonly order: OrderObject }): ReactNode {
  const query = useGet<StoryOf>(`/v1/orders/${order.id}/timeline`);
  return (
    <Card title="What happened" flush>
      <Loaded query={query}>
        {({ data, archived }) => (
          <>
            {archived !== undefined && (
              <p className="notice">
                {count(archived.events)} of its events are in the archive since {day(archived.since)}, and no longer in the logs.
              </p>
            )}
            {data.length > 0 ? (
              <Timeline events={data} currency={order.currency} />
            ) : (
              archived === undefined && <Empty title="Nothing yet" />
            )}
          </>
        )}
      </Loaded>
    </Card>
  );
}
