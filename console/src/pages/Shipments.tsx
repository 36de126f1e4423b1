/** Shipments, newest first. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ChoiceFilter, Filters, TextFilter } from '../components/Filters.tsx';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { Time } from '../components/Value.tsx';
import { count, named } from '../format.ts';
import { useFilters, usePaging } from '../location.ts';
import { type PageOf, useGet, usePage } from '../queries.ts';
import { useMay } from '../session.tsx';
import { type Shipment, shipment_statuses } from '../types/shipments.ts';
import type { Location } from '../types/stock.ts';

const names = ['status', 'location', 'order'] as const;
const none = Object.fromEntries(names.map(name => [name, '']));

const columns: readonly Column<Shipment>[] = [
  {
    id: 'id',
    header: 'Shipment',
    cell: shipment => (
      <Link href={`/shipments/${shipment.id}`} className="mono">
        {shipment.id}
      </Link>
    ),
  },
  { id: 'status', header: 'Status', cell: shipment => <ShipmentStatus shipment={shipment} /> },
  { id: 'location', header: 'From', cell: shipment => shipment.location },
  {
    id: 'carrier',
    header: 'Carrier',
    wide_only: true,
    cell: ({ carrier, service }) =>
      carrier === null || carrier === undefined ? (
        <span className="quiet">not chosen</span>
      ) : (
        <>
          {named(carrier)} <span className="quiet">{service}</span>
        </>
      ),
  },
  {
    id: 'units',
    header: 'Units',
    align: 'end',
    wide_only: true,
    cell: ({ lines }) => count(lines.reduce((units, line) => units + line.quantity - line.quantity_shorted - line.quantity_cancelled, 0)),
  },
  { id: 'parcels', header: 'Parcels', align: 'end', wide_only: true, cell: shipment => shipment.parcels.length },
  { id: 'promise', header: 'Promised', keep: true, wide_only: true, cell: shipment => <Time at={shipment.promise_at} /> },
  { id: 'left', header: 'Left', keep: true, cell: shipment => <Time at={shipment.dispatched_at} /> },
];

export function ShipmentStatus({ shipment }: { readonly shipment: Shipment }): ReactNode {
  return (
    <>
      <StatusPill value={shipment.status} /> {shipment.held && <StatusPill value="held" label="On hold" />}{' '}
      {shipment.exceptions.length > 0 && <StatusPill value="exception" label="Needs a person" />}
    </>
  );
}

export function Shipments(): ReactNode {
  const [filters, set] = useFilters(names);
  const paging = usePaging();
  const may = useMay();
  const query = usePage<Shipment>('/v1/shipments', { ...filters, cursor: paging.cursor });
  const locations = useGet<PageOf<Location>>('/v1/locations', {}, { enabled: may('stock:read') });
  const is_set = names.some(name => filters[name] !== '');
  return (
    <Page title="Shipments" lead="Packed, labeled, handed over, followed to the door.">
      <Filters is_set={is_set} clear={() => set(none)}>
        <ChoiceFilter label="Status" value={filters.status} set={status => set({ status })} values={shipment_statuses} />
        <ChoiceFilter
          label="Location"
          value={filters.location}
          set={location => set({ location })}
          values={(locations.data?.data ?? []).map(one => one.code)}
        />
        <TextFilter label="Order id" value={filters.order} set={order => set({ order })} placeholder="ord_…" />
      </Filters>
      <div className="card">
        <Table
          label="Shipments"
          columns={columns}
          query={query}
          paging={paging}
          id_of={shipment => shipment.id}
          href_of={shipment => `/shipments/${shipment.id}`}
          empty={
            is_set ? (
              <Empty title="No shipment is like this">Change a filter, or clear them all.</Empty>
            ) : (
              <Empty title="No shipments yet" icon="shipments">
                They are planned when an order is paid.
              </Empty>
            )
          }
        />
      </div>
    </Page>
  );
}
