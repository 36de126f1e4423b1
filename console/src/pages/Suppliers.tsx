/** Who goods are bought from. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { Card, Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { usePaging } from '../location.ts';
import { usePage } from '../queries.ts';
import type { Supplier } from '../types/purchasing.ts';
import { channel_words, Interchanges } from './supplier/Interchanges.tsx';

const columns: readonly Column<Supplier>[] = [
  { id: 'name', header: 'Supplier', cell: one => <Link href={`/suppliers/${one.code}`}>{one.name}</Link> },
  { id: 'code', header: 'Code', wide_only: true, cell: one => <span className="mono">{one.code}</span> },
  { id: 'channel', header: 'Ordered by', cell: one => channel_words(one.channel.kind) },
  { id: 'partner', header: 'Partner', wide_only: true, cell: one => <span className="mono">{one.channel.partner ?? '–'}</span> },
  { id: 'currency', header: 'Currency', cell: one => one.currency },
];

export function Suppliers(): ReactNode {
  const paging = usePaging();
  const query = usePage<Supplier>('/v1/suppliers', { cursor: paging.cursor });
  return (
    <Page title="Suppliers" lead="Who goods are bought from, and how they are told.">
      <div className="stack">
        <Card title="Suppliers" flush>
          <Table
            label="Suppliers"
            order="By code"
            columns={columns}
            query={query}
            paging={paging}
            id_of={one => one.code}
            href_of={one => `/suppliers/${one.code}`}
            empty={
              <Empty title="No suppliers yet" icon="suppliers">
                PUT /v1/suppliers/{'{code}'} adds one.
              </Empty>
            }
          />
        </Card>
        <Interchanges partner={null} />
      </div>
    </Page>
  );
}
