/** Who waits for a SKU and what is on its way to them. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { Card } from '../../components/Page.tsx';
import { PlainTable } from '../../components/PlainTable.tsx';
import { Empty, Loaded } from '../../components/State.tsx';
import { StatusPill } from '../../components/StatusPill.tsx';
import type { Column } from '../../components/Table.tsx';
import { Time } from '../../components/Value.tsx';
import { count } from '../../format.ts';
import type { PageOf } from '../../queries.ts';
import type { PurchaseOrder } from '../../types/purchasing.ts';
import type { Backorder } from '../../types/stock.ts';

const waiting_columns: readonly Column<Backorder>[] = [
  {
    id: 'order',
    header: 'Order',
    cell: one => (
      <Link href={`/orders/${one.order_id}`} className="mono">
        {one.order_id}
      </Link>
    ),
  },
  { id: 'location', header: 'At', cell: one => one.location },
  { id: 'units', header: 'Waits for', align: 'end', cell: one => count(one.quantity) },
  { id: 'since', header: 'Since', cell: one => <Time at={one.requested_at} ago /> },
  { id: 'pegs', header: 'Gets them from', cell: one => <Pegs backorder={one} /> },
];

function Pegs({ backorder: { pegs } }: { readonly backorder: Backorder }): ReactNode {
  if (pegs.length === 0) return <StatusPill value="unpegged" tone="warn" label="Nobody buys it" />;
  return (
    <ul>
      {pegs.map(peg => (
        <li key={`${peg.purchase_order_id} ${peg.line_id}`}>
          {count(peg.quantity)}:{' '}
          {peg.purchase_order_id === null ? (
            <StatusPill value="unpegged" tone="warn" label="Nothing comes yet" />
          ) : (
            <>
              <Link href={`/purchasing/${peg.purchase_order_id}`} className="mono">
                {peg.purchase_order_id}
              </Link>{' '}
              <span className="quiet">
                expected <Time at={peg.expected_at} />
              </span>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

export function BackordersCard({ query }: { readonly query: UseQueryResult<{ data: readonly Backorder[] }, Error> }): ReactNode {
  return (
    <Card title="Who waits, the first first" flush>
      <Loaded query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="card-body quiet">Nobody waits for it.</p>
          ) : (
            <PlainTable
              label="Backorders"
              columns={waiting_columns}
              rows={data}
              id_of={one => `${one.order_id} ${one.line_id} ${one.location}`}
            />
          )
        }
      </Loaded>
    </Card>
  );
}

interface Incoming {
  readonly order: PurchaseOrder;
  readonly ordered: number;
  readonly outstanding: number;
  readonly in_transit: number;
  readonly promised_at: string | null;
}

const over = new Set(['closed', 'cancelled', 'rejected', 'received']);

/** Lines of open purchase orders that still bring units of the SKU. */
export function on_its_way(orders: readonly PurchaseOrder[], sku: string): readonly Incoming[] {
  return orders
    .filter(order => !over.has(order.status))
    .flatMap(order =>
      order.lines
        .filter(line => line.sku === sku && line.quantity_outstanding > 0)
        .map(line => ({
          order,
          ordered: line.quantity,
          outstanding: line.quantity_outstanding,
          in_transit: line.quantity_in_transit,
          promised_at: line.promised_at ?? order.expected_at,
        })),
    );
}

const incoming_columns: readonly Column<Incoming>[] = [
  {
    id: 'order',
    header: 'Purchase order',
    cell: ({ order }) => (
      <Link href={`/purchasing/${order.id}`} className="mono">
        {order.id}
      </Link>
    ),
  },
  { id: 'status', header: 'Status', cell: ({ order }) => <StatusPill value={order.status} /> },
  { id: 'supplier', header: 'Supplier', wide_only: true, cell: ({ order }) => order.supplier },
  { id: 'to', header: 'To', cell: ({ order }) => order.location },
  { id: 'outstanding', header: 'Still to come', align: 'end', cell: one => `${count(one.outstanding)} of ${count(one.ordered)}` },
  { id: 'in_transit', header: 'In transit', align: 'end', wide_only: true, cell: one => count(one.in_transit) },
  { id: 'promised', header: 'Expected', cell: one => <Time at={one.promised_at} /> },
];

export function IncomingCard({
  query,
  sku,
}: {
  readonly query: UseQueryResult<PageOf<PurchaseOrder>, Error>;
  readonly sku: string;
}): ReactNode {
  return (
    <Card title="On its way" flush actions={<Link href={`/purchasing?sku=${sku}`}>All its purchase orders</Link>}>
      <Loaded query={query}>
        {({ data }) => {
          const rows = on_its_way(data, sku);
          if (rows.length === 0)
            return <Empty title="Nothing is on its way">Purchasing proposes when stock falls to its reorder point.</Empty>;
          return <PlainTable label="On its way" columns={incoming_columns} rows={rows} id_of={one => one.order.id} />;
        }}
      </Loaded>
    </Card>
  );
}
