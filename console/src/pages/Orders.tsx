/** Orders, newest first. Filters, the page and the search are the address. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ChoiceFilter, Filters, TextFilter } from '../components/Filters.tsx';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { Money, Time } from '../components/Value.tsx';
import { count } from '../format.ts';
import { useFilters, usePaging } from '../location.ts';
import { usePage } from '../queries.ts';
import { fulfillment_statuses, type Order, order_statuses, payment_statuses } from '../types/orders.ts';

const names = ['status', 'payment_status', 'fulfillment_status', 'number', 'reference', 'sku', 'placed_from', 'placed_to'] as const;
const none = Object.fromEntries(names.map(name => [name, '']));

const columns: readonly Column<Order>[] = [
  {
    id: 'number',
    header: 'Order',
    keep: true,
    cell: order => (
      <Link href={`/orders/${order.id}`} className="number">
        #{order.number}
      </Link>
    ),
  },
  { id: 'placed', header: 'Placed', keep: true, cell: order => <Time at={order.placed_at} /> },
  { id: 'status', header: 'Status', cell: order => <OrderStatus order={order} /> },
  { id: 'payment', header: 'Payment', cell: order => <StatusPill value={order.payment_status} /> },
  { id: 'fulfillment', header: 'Fulfillment', wide_only: true, cell: order => <StatusPill value={order.fulfillment_status} /> },
  {
    id: 'customer',
    header: 'Customer',
    wrap: true,
    wide_only: true,
    cell: order => order.customer?.name ?? order.customer?.email ?? order.customer?.id ?? <span className="quiet">–</span>,
  },
  {
    id: 'items',
    header: 'Items',
    align: 'end',
    wide_only: true,
    cell: order => count(order.lines.reduce((sum, line) => sum + line.quantity, 0)),
  },
  { id: 'total', header: 'Total', align: 'end', keep: true, cell: order => <Money amount={order.total} currency={order.currency} /> },
];

function OrderStatus({ order }: { readonly order: Order }): ReactNode {
  return (
    <>
      <StatusPill value={order.status} /> {order.holds.length > 0 && <StatusPill value="held" label="On hold" />}
    </>
  );
}

export function Orders(): ReactNode {
  const [filters, set] = useFilters(names);
  const { cursor, ...paging } = usePaging();
  const query = usePage<Order>('/v1/orders', {
    ...filters,
    placed_from: midnight(filters.placed_from, 0),
    placed_to: midnight(filters.placed_to, 1),
    cursor,
  });
  const is_set = names.some(name => filters[name] !== '');
  return (
    <Page title="Orders">
      <Filters is_set={is_set} clear={() => set(none)}>
        <ChoiceFilter label="Status" value={filters.status} set={status => set({ status })} values={order_statuses} />
        <ChoiceFilter
          label="Payment"
          value={filters.payment_status}
          set={payment_status => set({ payment_status })}
          values={payment_statuses}
        />
        <ChoiceFilter
          label="Fulfillment"
          value={filters.fulfillment_status}
          set={fulfillment_status => set({ fulfillment_status })}
          values={fulfillment_statuses}
        />
        <TextFilter label="SKU" value={filters.sku} set={sku => set({ sku })} />
        <TextFilter label="Placed from" type="date" value={filters.placed_from} set={placed_from => set({ placed_from })} />
        <TextFilter label="Placed to" type="date" value={filters.placed_to} set={placed_to => set({ placed_to })} />
        {(filters.number !== '' || filters.reference !== '') && <Found filters={filters} set={set} />}
      </Filters>
      <div className="card">
        <Table
          label="Orders"
          columns={columns}
          query={query}
          paging={{ cursor, ...paging }}
          id_of={order => order.id}
          href_of={order => `/orders/${order.id}`}
          empty={<NoOrders is_set={is_set} />}
        />
      </div>
    </Page>
  );
}

/** What was asked for in the search above: shown as a filter, so that it can be changed. */
function Found({
  filters,
  set,
}: {
  readonly filters: { number: string; reference: string };
  set(changes: { number?: string; reference?: string }): void;
}): ReactNode {
  if (filters.number !== '') return <TextFilter label="Number" value={filters.number} set={number => set({ number })} />;
  return <TextFilter label="Reference" value={filters.reference} set={reference => set({ reference })} />;
}

function NoOrders({ is_set }: { readonly is_set: boolean }): ReactNode {
  if (is_set) return <Empty title="No order is like this">Change a filter, or clear them all.</Empty>;
  return (
    <Empty title="No orders yet" icon="orders">
      Place one in the shop at <a href="/shop/">/shop/</a>, or run npm run order.
    </Empty>
  );
}

/** A day as the person's own day, in the API's form. */
function midnight(day: string, later_days: number): string {
  const [year, month, date] = day.split('-').map(Number);
  if (year === undefined || month === undefined || date === undefined) return '';
  return new Date(year, month - 1, date + later_days).toISOString();
}
