/** What is on the shelves, by SKU and location, and what of it can still be sold. */
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { ChoiceFilter, Filters, TextFilter } from '../components/Filters.tsx';
import { Page } from '../components/Page.tsx';
import { Empty } from '../components/State.tsx';
import { StatusPill } from '../components/StatusPill.tsx';
import { type Column, Table } from '../components/Table.tsx';
import { Units } from '../components/Value.tsx';
import { count } from '../format.ts';
import { useFilters, usePaging } from '../location.ts';
import { type PageOf, useGet, usePage } from '../queries.ts';
import { useMay } from '../session.tsx';
import type { Counters, Location, StockItem } from '../types/stock.ts';
import { AdjustButton } from './stock/Adjust.tsx';

const names = ['sku_prefix', 'location', 'below_reorder_point'] as const;
const none = Object.fromEntries(names.map(name => [name, '']));

const columns: readonly Column<StockItem>[] = [
  {
    id: 'sku',
    header: 'SKU',
    keep: true,
    cell: item => (
      <Link href={`/stock/${item.sku}`} className="mono">
        {item.sku}
      </Link>
    ),
  },
  { id: 'location', header: 'Location', keep: true, cell: item => item.location },
  { id: 'state', header: 'State', cell: item => <ItemState item={item} /> },
  { id: 'available', header: 'Available', align: 'end', cell: item => <strong>{count(item.available)}</strong> },
  { id: 'on_hand', header: 'On hand', align: 'end', cell: item => <Units units={item.on_hand} /> },
  { id: 'promised', header: 'Promised', align: 'end', wide_only: true, cell: item => <Units units={item.held + item.allocated} /> },
  {
    id: 'aside',
    header: 'Damaged or checked',
    align: 'end',
    wide_only: true,
    cell: item => <Units units={item.damaged + item.quality_control} />,
  },
  { id: 'backordered', header: 'Backordered', align: 'end', wide_only: true, cell: item => <Units units={item.backordered} /> },
  {
    id: 'reorder_point',
    header: 'Reorder point',
    align: 'end',
    wide_only: true,
    cell: item => (item.reorder_point === null ? <span className="quiet">–</span> : count(item.reorder_point)),
  },
];

export function ItemState({ item }: { readonly item: Counters }): ReactNode {
  if (item.available <= 0) return <StatusPill value="out" tone="bad" label="Out of stock" />;
  if (item.reorder_point !== null && item.available <= item.reorder_point)
    return <StatusPill value="low" tone="warn" label="Below reorder point" />;
  return <StatusPill value="in_stock" tone="good" label="In stock" />;
}

export function Stock(): ReactNode {
  const [filters, set] = useFilters(names);
  const paging = usePaging();
  const may = useMay();
  const query = usePage<StockItem>('/v1/stock', { ...filters, cursor: paging.cursor });
  const locations = useGet<PageOf<Location>>('/v1/locations');
  const is_set = names.some(name => filters[name] !== '');
  return (
    <Page title="Stock" lead="Available is what may still be sold." actions={may('stock:write') && <AdjustButton />}>
      <Filters is_set={is_set} clear={() => set(none)}>
        <TextFilter label="SKU begins with" value={filters.sku_prefix} set={sku_prefix => set({ sku_prefix })} />
        <ChoiceFilter
          label="Location"
          value={filters.location}
          set={location => set({ location })}
          values={(locations.data?.data ?? []).map(one => one.code)}
        />
        <ChoiceFilter
          label="Which"
          value={filters.below_reorder_point === 'true' ? 'below_reorder_point' : ''}
          set={value => set({ below_reorder_point: value === '' ? '' : 'true' })}
          values={['below_reorder_point']}
        />
      </Filters>
      <div className="card">
        <Table
          label="Stock"
          order="By SKU"
          columns={columns}
          query={query}
          paging={paging}
          id_of={item => `${item.sku}@${item.location}`}
          href_of={item => `/stock/${item.sku}`}
          empty={<NoStock is_set={is_set} />}
        />
      </div>
    </Page>
  );
}

function NoStock({ is_set }: { readonly is_set: boolean }): ReactNode {
  if (is_set) return <Empty title="Nothing is like this">Change a filter, or clear them all.</Empty>;
  return (
    <Empty title="No stock yet" icon="stock">
      Import it (POST /v1/stock/import), or adjust the first SKU here.
    </Empty>
  );
}
