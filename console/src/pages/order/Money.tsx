/** An order's money and parcels. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { Card } from '../../components/Page.tsx';
import { Scroll } from '../../components/Scroll.tsx';
import { Empty } from '../../components/State.tsx';
import { StatusPill } from '../../components/StatusPill.tsx';
import { KeyValue, Money } from '../../components/Value.tsx';
import { words } from '../../format.ts';
import type { Order, OrderShipment } from '../../types/orders.ts';

export function MoneyCard({ order }: { readonly order: Order }): ReactNode {
  const amount = (value: number) => <Money amount={value} currency={order.currency} />;
  const if_any = (value: number) => (value === 0 ? null : amount(value));
  return (
    <Card title="Money">
      <KeyValue
        items={{
          Subtotal: amount(order.subtotal),
          Discount: order.discount_total === 0 ? null : amount(-order.discount_total),
          Shipping: amount(order.shipping_total),
          Tax: amount(order.tax_total),
          Total: <strong>{amount(order.total)}</strong>,
          Due: order.amount_due === order.total ? null : amount(order.amount_due),
          Captured: amount(order.captured_total),
          Refunded: if_any(order.refunded_total),
        }}
      />
    </Card>
  );
}

export function PaymentsCard({ order }: { readonly order: Order }): ReactNode {
  return (
    <Card title="Payments" flush>
      {order.payments.length === 0 ? (
        <Empty title="No payment yet" icon="payments" />
      ) : (
        <Scroll label="Payments">
          <table className="table">
            <caption className="hidden">Payments of the order</caption>
            <thead>
              <tr>
                <th scope="col">Payment</th>
                <th scope="col">Status</th>
                <th scope="col" className="end wide-only">
                  Authorized
                </th>
                <th scope="col" className="end">
                  Captured
                </th>
                <th scope="col" className="end">
                  Refunded
                </th>
              </tr>
            </thead>
            <tbody>
              {order.payments.map(payment => (
                <tr key={payment.id}>
                  <td>
                    <Link href={`/payments/${payment.id}`}>{words(payment.gateway)}</Link>
                  </td>
                  <td>
                    <StatusPill value={payment.status} />
                  </td>
                  {[payment.authorized, payment.captured, payment.refunded].map((value, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: three columns that never move
                    <td key={index} className={index === 0 ? 'end wide-only' : 'end'}>
                      <Money amount={value} currency={order.currency} />
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {order.refunds.length > 0 && (
        <ul className="card-body small">
          {order.refunds.map(refund => (
            <li key={refund.id}>
              Refund of <Money amount={refund.amount} currency={order.currency} /> ({words(refund.reason).toLowerCase()}){' '}
              <StatusPill value={refund.status} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

export function ShipmentsCard({ order }: { readonly order: Order }): ReactNode {
  return (
    <Card title="Shipments">
      {order.shipments.length === 0 ? (
        <p className="quiet">Nothing is being shipped yet.</p>
      ) : (
        <div className="stack">
          {order.shipments.map(shipment => (
            <Shipment key={shipment.id} shipment={shipment} />
          ))}
        </div>
      )}
    </Card>
  );
}

function Shipment({ shipment }: { readonly shipment: OrderShipment }): ReactNode {
  return (
    <div>
      <div>
        <StatusPill value={shipment.status} />{' '}
        <Link href={`/shipments/${shipment.id}`}>{shipment.carrier === null ? 'Shipment' : words(shipment.carrier)}</Link>
        {shipment.location !== null && <span className="quiet"> from {shipment.location}</span>}
      </div>
      <ul className="small">
        {shipment.parcels.map(parcel => (
          <li key={parcel.id}>
            {is_web(parcel.tracking_url) ? (
              <a href={parcel.tracking_url} target="_blank" rel="noreferrer">
                {parcel.tracking_number}
              </a>
            ) : (
              (parcel.tracking_number ?? 'No tracking number yet')
            )}{' '}
            <span className="quiet">{words(parcel.status)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A carrier's text becomes a link only when it is one. */
function is_web(url: string | null): url is string {
  return url !== null && /^https?:\/\//.test(url);
}
