/** Payments, newest first. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ChoiceFilter, Filters } from '../components/Filters.tsx';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { Money } from '../components/Value.tsx';
import { named, words } from '../format.ts';
import { useFilters, usePaging } from '../location.ts';
import { usePage } from '../queries.ts';
import { type Payment, payment_states } from '../types/payments.ts';

const names = ['status', 'gateway'] as const;
const none = Object.fromEntries(names.map(name => [name, '']));
const gateways = ['stripe', 'cybersource', 'manual'];

const columns: readonly Column<Payment>[] = [
  {
    id: 'id',
    header: 'Payment',
    cell: payment => (
      <Link href={`/payments/${payment.id}`} className="mono">
        {payment.id}
      </Link>
    ),
  },
  {
    id: 'status',
    header: 'Status',
    cell: payment => (
      <>
        <StatusPill value={payment.status} />{' '}
        {payment.decline_code !== null && <span className="small quiet">{words(payment.decline_code)}</span>}
      </>
    ),
  },
  { id: 'gateway', header: 'Gateway', wide_only: true, cell: payment => named(payment.gateway) },
  { id: 'method', header: 'Method', wide_only: true, cell: payment => words(payment.method_kind) },
  {
    id: 'order',
    header: 'Order',
    wide_only: true,
    cell: payment => (
      <Link href={`/orders/${payment.order_id}`} className="mono small">
        {payment.order_id}
      </Link>
    ),
  },
  {
    id: 'captured',
    header: 'Captured',
    align: 'end',
    wide_only: true,
    cell: one => <Money amount={one.captured} currency={one.currency} />,
  },
  {
    id: 'refunded',
    header: 'Refunded',
    align: 'end',
    wide_only: true,
    cell: one => <Money amount={one.refunded} currency={one.currency} />,
  },
  { id: 'amount', header: 'Amount', align: 'end', keep: true, cell: one => <Money amount={one.amount} currency={one.currency} /> },
];

export function Payments(): ReactNode {
  const [filters, set] = useFilters(names);
  const paging = usePaging();
  const query = usePage<Payment>('/v1/payments', { ...filters, cursor: paging.cursor });
  const is_set = names.some(name => filters[name] !== '');
  return (
    <Page title="Payments" lead="What we know of each payment, from its gateway's own words.">
      <Filters is_set={is_set} clear={() => set(none)}>
        <ChoiceFilter label="Status" value={filters.status} set={status => set({ status })} values={payment_states} />
        <ChoiceFilter label="Gateway" value={filters.gateway} set={gateway => set({ gateway })} values={gateways} />
      </Filters>
      <div className="card">
        <Table
          label="Payments"
          columns={columns}
          query={query}
          paging={paging}
          id_of={payment => payment.id}
          href_of={payment => `/payments/${payment.id}`}
          empty={
            is_set ? (
              <Empty title="No payment is like this">Change a filter, or clear them all.</Empty>
            ) : (
              <Empty title="No payments yet" icon="payments">
                They appear when an order is paid.
              </Empty>
            )
          }
        />
      </div>
    </Page>
  );
}
