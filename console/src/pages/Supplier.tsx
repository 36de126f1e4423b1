/** One supplier: how it is reached, what it offers, what was ordered, what it sent. */
import type { ReactNode } from 'react';
import { Link, useParams } from 'wouter';
import { Card, Page } from '../components/Page.tsx';
import { Empty, Loaded } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { KeyValue, Money } from '../components/Value.tsx';
import { count } from '../format.ts';
import { usePaging } from '../location.ts';
import { useGet, usePage } from '../queries.ts';
import type { SupplierItem, Supplier as SupplierObject } from '../types/purchasing.ts';
import { channel_words, Interchanges } from './supplier/Interchanges.tsx';

const back = { href: '/suppliers', label: 'Suppliers' };

export function Supplier(): ReactNode {
  const { code = '' } = useParams();
  const query = useGet<SupplierObject>(`/v1/suppliers/${code}`);
  return (
    <Page
      title={query.data?.name ?? code}
      back={back}
      lead={query.data !== undefined && `Ordered by ${channel_words(query.data.channel.kind)}`}
      actions={
        <Link href={`/purchasing?supplier=${code}`} className="button">
          Its purchase orders
        </Link>
      }
    >
      {query.data === undefined ? (
        <div className="card">
          <Loaded query={query}>{() => null}</Loaded>
        </div>
      ) : (
        <div className="columns">
          <div className="stack">
            <Items code={code} />
            {query.data.channel.partner !== undefined && <Interchanges partner={query.data.channel.partner} />}
          </div>
          <About supplier={query.data} />
        </div>
      )}
    </Page>
  );
}

const percent = (ppm: number): string => `${ppm / 10_000} %`;

function About({ supplier }: { readonly supplier: SupplierObject }): ReactNode {
  return (
    <Card title="About">
      <KeyValue
        items={{
          Code: <span className="mono">{supplier.code}</span>,
          Channel: channel_words(supplier.channel.kind),
          Partner: supplier.channel.partner === undefined ? null : <span className="mono">{supplier.channel.partner}</span>,
          Currency: supplier.currency,
          'Too many taken': `up to ${percent(supplier.over_receipt_ppm)}`,
          'Price rise taken': `up to ${percent(supplier.price_tolerance_ppm)}`,
        }}
      />
    </Card>
  );
}

const columns: readonly Column<SupplierItem>[] = [
  {
    id: 'sku',
    header: 'SKU',
    cell: one => (
      <>
        <Link href={`/stock/${one.sku}`} className="mono">
          {one.sku}
        </Link>
        <div className="small quiet">{one.supplier_sku}</div>
      </>
    ),
  },
  { id: 'cost', header: 'Cost', align: 'end', cell: one => <Money amount={one.cost} currency={one.currency} /> },
  {
    id: 'lot',
    header: 'At least',
    align: 'end',
    cell: one => (
      <>
        {count(one.minimum_quantity)} <span className="quiet small">in {count(one.pack_size)}s</span>
      </>
    ),
  },
  { id: 'days', header: 'Days', align: 'end', cell: one => one.lead_time_days },
  {
    id: 'flags',
    header: '',
    wide_only: true,
    cell: one => (
      <>
        {one.preferred && <StatusPill value="preferred" tone="good" />} {one.inspect && <StatusPill value="inspected" tone="idle" />}
      </>
    ),
  },
];

function Items({ code }: { readonly code: string }): ReactNode {
  const paging = usePaging();
  const query = usePage<SupplierItem>(`/v1/suppliers/${code}/items`, { cursor: paging.cursor });
  return (
    <Card title="What it offers" flush>
      <Table
        label="Offers"
        order="By SKU"
        columns={columns}
        query={query}
        paging={paging}
        id_of={one => one.sku}
        empty={<Empty title="It offers nothing yet">PUT /v1/suppliers/{code}/items/… says what it asks for a SKU.</Empty>}
      />
    </Card>
  );
}
