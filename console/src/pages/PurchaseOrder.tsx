/** One purchase order: its lines and what came of them, what the supplier said, and what a person may do. */
import type { ReactNode } from 'react';
import { Link, useParams } from 'wouter';
import { Card, Page } from '../components/Page.tsx';
import { PlainTable } from '../components/PlainTable.tsx';
import { Loaded } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import type { Column } from '../components/Table.tsx';
import { CopyId, KeyValue, Money, Time } from '../components/Value.tsx';
import { with_money } from '../details.ts';
import { count, money, words } from '../format.ts';
import { useGet } from '../queries.ts';
import { useMay } from '../session.tsx';
import type { PurchaseLine, PurchaseOrderDetail } from '../types/purchasing.ts';
import { OrderDeeds } from './purchasing/Deeds.tsx';
import { ReceiptsCard, ShipNoticesCard, ToDecide } from './purchasing/Told.tsx';

const back = { href: '/purchasing', label: 'Purchasing' };
const every_ms = 5_000;

export function PurchaseOrder(): ReactNode {
  const { id = '' } = useParams();
  const query = useGet<PurchaseOrderDetail>(`/v1/purchase-orders/${id}`, {}, { every_ms });
  if (query.data === undefined) {
    return (
      <Page title="Purchase order" back={back}>
        <div className="card">
          <Loaded query={query}>{() => null}</Loaded>
        </div>
      </Page>
    );
  }
  return <OrderPage order={query.data} />;
}

function OrderPage({ order }: { readonly order: PurchaseOrderDetail }): ReactNode {
  const may = useMay();
  const writes = may('suppliers:write');
  return (
    <Page
      title={`Purchase order ${order.reference === order.id ? '' : order.reference}`.trim()}
      beside={
        <>
          <StatusPill value={order.status} />
          {order.receipt === 'rejected' && <StatusPill value="unreadable" tone="bad" label="Supplier could not read it" />}
        </>
      }
      back={back}
      lead={
        <>
          To <Link href={`/suppliers/${order.supplier}`}>{order.supplier}</Link> for {order.location}
          {order.expected_at !== null && (
            <>
              , expected <Time at={order.expected_at} />
            </>
          )}
        </>
      }
      actions={writes && <OrderDeeds order={order} />}
    >
      <div className="stack">
        {order.acknowledgment_to_decide !== null && <ToDecide order={order} may_decide={writes} />}
        {order.exceptions.map(one => (
          <p key={one.id} className="notice bad">
            <span>
              {words(one.reason)}: {with_money(one.detail, order.currency)} <Link href="/exceptions">Exceptions</Link>
            </span>
          </p>
        ))}
        <div className="columns">
          <div className="stack">
            <Card title="Lines" flush>
              <PlainTable label="Lines" columns={line_columns(order.currency)} rows={order.lines} id_of={line => line.id} />
            </Card>
            <ReceiptsCard order={order} />
            <ShipNoticesCard order={order} />
          </div>
          <About order={order} />
        </div>
      </div>
    </Page>
  );
}

function line_columns(currency: string): readonly Column<PurchaseLine>[] {
  return [
    {
      id: 'sku',
      header: 'SKU',
      cell: line => (
        <>
          <Link href={`/stock/${line.sku}`} className="mono">
            {line.sku}
          </Link>
          <div className="small quiet">{line.supplier_sku}</div>
        </>
      ),
    },
    { id: 'ordered', header: 'Ordered', align: 'end', cell: line => count(line.quantity) },
    { id: 'confirmed', header: 'Confirmed', align: 'end', wide_only: true, cell: line => count(line.quantity_confirmed) },
    { id: 'received', header: 'Received', align: 'end', cell: line => <Received line={line} /> },
    {
      id: 'outstanding',
      header: 'Still to come',
      align: 'end',
      cell: line => <strong>{count(line.quantity_outstanding)}</strong>,
    },
    { id: 'promised', header: 'Promised', wide_only: true, keep: true, cell: line => <Promised line={line} /> },
    { id: 'cost', header: 'Cost each', align: 'end', wide_only: true, cell: line => <Money amount={line.cost} currency={currency} /> },
    { id: 'total', header: 'Cost', align: 'end', cell: line => <Money amount={line.cost * line.quantity} currency={currency} /> },
  ];
}

function Received({ line }: { readonly line: PurchaseLine }): ReactNode {
  const less = [
    line.quantity_rejected > 0 && `${count(line.quantity_rejected)} refused`,
    line.quantity_cancelled > 0 && `${count(line.quantity_cancelled)} cancelled`,
    line.quantity_over > 0 && `${count(line.quantity_over)} too many`,
  ].filter(Boolean);
  return (
    <>
      {count(line.quantity_received)}
      {less.length > 0 && <div className="small quiet">{less.join(', ')}</div>}
    </>
  );
}

function Promised({ line }: { readonly line: PurchaseLine }): ReactNode {
  const moved = line.first_promised_at !== null && line.promised_at !== line.first_promised_at;
  return (
    <>
      <Time at={line.promised_at} />
      {moved && (
        <div className="small quiet">
          first <Time at={line.first_promised_at} />
        </div>
      )}
    </>
  );
}

function About({ order }: { readonly order: PurchaseOrderDetail }): ReactNode {
  return (
    <div className="stack">
      <Card title="About">
        <KeyValue
          items={{
            Id: <CopyId id={order.id} label="purchase order id" />,
            Total: (
              <strong>
                <Money amount={order.total} currency={order.currency} />
              </strong>
            ),
            Channel: order.channel === null ? null : words(order.channel),
            'Read by the supplier': order.receipt === 'none' ? null : words(order.receipt),
            Made: order.created_at === null ? null : <Time at={order.created_at} />,
            Sent: order.sent_at === null ? null : <Time at={order.sent_at} />,
            Closed: order.closed_at === null ? null : <Time at={order.closed_at} />,
          }}
        />
      </Card>
      {order.invoices.length > 0 && (
        <Card title="Bills">
          <ul className="stack">
            {order.invoices.map(invoice => (
              <li key={invoice.reference}>
                <span className="mono">{invoice.reference}</span> {money(invoice.amount, order.currency)}{' '}
                <StatusPill
                  value={invoice.state}
                  tone={invoice.state === 'differs' ? 'bad' : invoice.state === 'approved' ? 'good' : 'idle'}
                  label={invoice.state === 'waits' ? 'Waits for goods' : words(invoice.state)}
                />
              </li>
            ))}
          </ul>
        </Card>
      )}
    </div>
  );
}
