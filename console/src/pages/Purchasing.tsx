/** What should be bought and why, and what was ordered. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ChoiceFilter, Filters, TextFilter } from '../components/Filters.tsx';
import { Card, Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { Money, Time } from '../components/Value.tsx';
import { count } from '../format.ts';
import { useFilters, usePaging } from '../location.ts';
import { type PageOf, useGet, usePage } from '../queries.ts';
import { useMay } from '../session.tsx';
import { type PurchaseOrder, purchase_order_statuses, type Supplier } from '../types/purchasing.ts';
import { DraftButton } from './purchasing/Draft.tsx';
import { Proposals } from './purchasing/Proposals.tsx';

const names = ['status', 'supplier', 'location', 'sku'] as const;
const none = Object.fromEntries(names.map(name => [name, '']));

const columns: readonly Column<PurchaseOrder>[] = [
  {
    id: 'reference',
    header: 'Purchase order',
    cell: order => (
      <Link href={`/purchasing/${order.id}`} className="mono">
        {order.reference}
      </Link>
    ),
  },
  {
    id: 'status',
    header: 'Status',
    cell: order => (
      <>
        <StatusPill value={order.status} />{' '}
        {order.acknowledgment_to_decide !== null && <StatusPill value="decide" tone="warn" label="Decide" />}{' '}
        {order.exceptions.length > 0 && <StatusPill value="exception" label="Needs a person" />}
      </>
    ),
  },
  { id: 'supplier', header: 'Supplier', cell: order => <Link href={`/suppliers/${order.supplier}`}>{order.supplier}</Link> },
  { id: 'location', header: 'For', wide_only: true, cell: order => order.location },
  { id: 'units', header: 'Still to come', align: 'end', wide_only: true, cell: order => <Outstanding order={order} /> },
  { id: 'expected', header: 'Expected', wide_only: true, keep: true, cell: order => <Time at={order.expected_at} /> },
  { id: 'created', header: 'Made', wide_only: true, keep: true, cell: order => <Time at={order.created_at} /> },
  { id: 'total', header: 'Total', align: 'end', keep: true, cell: order => <Money amount={order.total} currency={order.currency} /> },
];

function Outstanding({ order }: { readonly order: PurchaseOrder }): ReactNode {
  const sum = (of: (line: PurchaseOrder['lines'][number]) => number) => order.lines.reduce((units, line) => units + of(line), 0);
  return (
    <>
      {count(sum(line => line.quantity_outstanding))} <span className="quiet">of {count(sum(line => line.quantity))}</span>
    </>
  );
}

export function Purchasing(): ReactNode {
  const [filters, set] = useFilters(names);
  const paging = usePaging();
  const may = useMay();
  const query = usePage<PurchaseOrder>('/v1/purchase-orders', { ...filters, cursor: paging.cursor });
  const suppliers = useGet<PageOf<Supplier>>('/v1/suppliers');
  const is_set = names.some(name => filters[name] !== '');
  return (
    <Page title="Purchasing" lead="What should be bought, and what is on its way." actions={may('suppliers:write') && <DraftButton />}>
      <div className="stack">
        <Proposals />
        <div>
          <Filters is_set={is_set} clear={() => set(none)}>
            <ChoiceFilter label="Status" value={filters.status} set={status => set({ status })} values={purchase_order_statuses} />
            <ChoiceFilter
              label="Supplier"
              value={filters.supplier}
              set={supplier => set({ supplier })}
              values={(suppliers.data?.data ?? []).map(one => one.code)}
            />
            <TextFilter label="SKU" value={filters.sku} set={sku => set({ sku })} />
            <TextFilter label="Location" value={filters.location} set={location => set({ location })} />
          </Filters>
          <Card title="Purchase orders" flush>
            <Table
              label="Purchase orders"
              columns={columns}
              query={query}
              paging={paging}
              id_of={order => order.id}
              href_of={order => `/purchasing/${order.id}`}
              empty={
                is_set ? (
                  <Empty title="No purchase order is like this">Change a filter, or clear them all.</Empty>
                ) : (
                  <Empty title="Nothing was bought yet" icon="purchasing">
                    Accept a proposal above, or draft an order.
                  </Empty>
                )
              }
            />
          </Card>
        </div>
      </div>
    </Page>
  );
}
